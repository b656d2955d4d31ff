//! Staff who are named to a person by a recorded decision, and by nothing else (case 36).

use super::*;

const WHO: [&str; 2] = ["staff", "staff one"];

async fn name(client: &Client, customer: &str, by: &str) -> Result<v1::NameStaffResponse, Status> {
    let about = about(strong("customer", customer), v1::Ground::Unspecified)
        .map(|about| v1::PersonCase { statement: "He wants to sue whoever looked.".into(), ..about });
    let request = v1::NameStaffRequest {
        ledger: client.ledger.clone(),
        about,
        staff: Some(strong(WHO[0], WHO[1])),
        by: Some(strong("employee", by)),
        interest: "She acted outside her instructions.".into(),
        entries: Vec::new(),
    };
    Ok(privacy(client).name_staff(client.request(request)).await?.into_inner())
}

#[tokio::test]
async fn a_human_who_acted_is_named_by_a_decision_alone_until_they_are_erased() {
    let (mut server, client) = server().await;
    let index = client.append(telling("C-1", "one", &["C-2"])).await.expect("recorded").index;
    client.append(common::records::about("C-3")).await.expect("recorded");
    let before = requested::report(&client, "C-1").await;
    assert!(before["staff"].as_array().is_some_and(Vec::is_empty) && !before.to_string().contains(WHO[1]), "{before}");
    let nowhere = name(&client, "C-3", "4711").await.expect_err("acts in none of their entries");
    assert_eq!(nowhere.code(), tonic::Code::FailedPrecondition);
    let stranger = name(&client, "C-9", "4711").await.expect_err("nobody knows them");
    assert!(stranger.message().ends_with("the identifier of the person who is to be told"), "{}", stranger.message());
    let decided = name(&client, "C-1", "4711").await.expect("recorded");
    assert_eq!(decided.entries, [index]);
    let decision = decided.receipt.expect("a receipt").index;
    server.restart();
    let client = server.client_as("tester").await;
    let told = requested::report(&client, "C-1").await;
    let [staff] = told["staff"].as_array().expect("a list").as_slice() else { panic!("{told}") };
    assert_eq!(staff["names"][0]["fields"][0], WHO[1], "{told}");
    assert_eq!((staff["entry"].as_u64(), staff["decision"].as_u64()), (Some(index), Some(decision)));
    assert_eq!(staff["decided_by"][0]["fields"][0], "4711");
    assert_eq!(staff["reasons"], "He wants to sue whoever looked.");
    assert_eq!(staff["interest"], "She acted outside her instructions.");
    // The other customer of the same entry is told no name.
    let other = requested::report(&client, "C-2").await;
    assert!(other["totals"]["entries"] == 1 && !other.to_string().contains(WHO[1]), "{other}");
    erase(&client, strong(WHO[0], WHO[1])).await.expect("recorded");
    let batch = run(&client).await.index;
    let told = requested::report(&client, "C-1").await;
    let [staff] = told["staff"].as_array().expect("a list").as_slice() else { panic!("{told}") };
    assert_eq!((&staff["names"], staff["erased_by"].as_u64()), (&serde_json::json!([]), Some(batch)), "{told}");
    assert!(!told.to_string().contains(WHO[1]) && staff["reasons"].is_null(), "what spoke of her went with her");
}

#[tokio::test]
async fn only_who_may_disclose_decides_where_the_registry_says_who_that_is() {
    let (_server, client) = server().await;
    client.append(telling("C-1", "one", &[])).await.expect("recorded");
    let roles = "version = \"v1\"\n[[roles]]\nname = \"privacy team\"\nmay = [\"disclose\"]\n\
                 persons = [{ namespace = \"employee\", fields = [\"4711\"] }]\n";
    client.put_registry_in_force(roles).await;
    let refused = name(&client, "C-1", "4712").await.expect_err("has no such role");
    assert_eq!(common::wrong_fields(&refused), ["by"]);
    name(&client, "C-1", "4711").await.expect("has the role");
}

/// The reasons say of the person why the name is essential to them.
#[tokio::test]
async fn the_reasons_go_with_whom_they_were_about() {
    let (_server, client) = server().await;
    client.append(telling("C-1", "one", &[])).await.expect("recorded");
    let index = name(&client, "C-1", "4711").await.expect("recorded").receipt.expect("a receipt").index;
    let said = async || format!("{:?}", client.opened(index).await);
    assert!(said().await.contains("He wants to sue") && said().await.contains(WHO[1]));
    erase(&client, strong("customer", "C-1")).await.expect("recorded");
    run(&client).await;
    let left = said().await;
    assert!(!left.contains("He wants to sue") && !left.contains("outside her instructions"), "{left}");
    assert!(left.contains(WHO[1]) && left.contains("4711"), "who was named and who decided are still known: {left}");
}

/// A decision that is taken back names nobody any more, and what was reported before stands.
#[tokio::test]
async fn a_decision_is_taken_back_as_of_then() {
    let (server, client) = server().await;
    let index = client.append(telling("C-1", "one", &["C-2"])).await.expect("recorded").index;
    let first = name(&client, "C-1", "4711").await.expect("recorded").receipt.expect("a receipt").index;
    let (named, report) = access_report(&client, &server, "C-1").await;
    assert!(named["staff"][0]["names"][0]["fields"][0] == WHO[1], "{named}");
    let take_back = async |customer: &str, decision: u64, why: &str| {
        let about = about(strong("customer", customer), v1::Ground::Unspecified);
        let about = about.map(|about| v1::PersonCase { statement: why.into(), ..about });
        let by = Some(strong("employee", "4712"));
        let request = v1::TakeBackNamingRequest { about, by, decision, ..Default::default() };
        privacy(&client).take_back_naming(client.request(request)).await.map(tonic::Response::into_inner)
    };
    let refused = take_back("C-1", first, " ").await.expect_err("without a reason");
    assert_eq!(common::wrong_fields(&refused), ["about.statement"]);
    for (customer, decision) in [("C-2", first), ("C-1", index), ("C-1", 10_000)] {
        let refused = take_back(customer, decision, "why").await.expect_err("no decision about them");
        assert_eq!(common::wrong_fields(&refused), ["decision"], "{customer} {decision}");
    }
    let taken = take_back("C-1", first, "staff one was mistaken for another").await.expect("recorded");
    let taken = taken.receipt.expect("a receipt").index;
    let (after, _) = access_report(&client, &server, "C-1").await;
    let [staff] = after["staff"].as_array().expect("a list").as_slice() else { panic!("{after}") };
    assert_eq!((staff["names"].clone(), staff["reasons"].clone()), (serde_json::json!([]), serde_json::Value::Null));
    assert_eq!(staff["taken_back"]["entry"].as_u64(), Some(taken));
    assert_eq!(staff["taken_back"]["by"][0]["fields"][0], "4712");
    assert!(!after.to_string().contains(WHO[1]), "{after}");
    // The one of before shows what it showed.
    let again = common::report_json(&server, &["again", &report.to_string()]);
    assert_eq!(again, named);
    let twice = take_back("C-1", first, "why").await.expect_err("it is taken back");
    assert_eq!(twice.code(), tonic::Code::FailedPrecondition);
    // Another decision names them again.
    name(&client, "C-1", "4711").await.expect("recorded");
    let (again, _) = access_report(&client, &server, "C-1").await;
    assert_eq!(
        (&again["staff"][0]["names"][0]["fields"][0], &again["staff"][0]["taken_back"]),
        (&WHO[1].into(), &serde_json::Value::Null)
    );
}

/// Whoever is not named is told with the role that the registry gives them, unless a role shows who it is.
#[tokio::test]
async fn the_role_of_somebody_is_told_where_several_have_it() {
    let (server, client) = server().await;
    let registry = |version: &str, name: &str, others: usize| {
        let persons: Vec<String> = std::iter::once("staff one".to_owned())
            .chain((0..others).map(|n| format!("staff other {n}")))
            .map(|staff| format!("{{ namespace = \"staff\", fields = [\"{staff}\"] }}"))
            .collect();
        let persons = persons.join(", ");
        format!("version = \"{version}\"\n[[roles]]\nname = \"{name}\"\nmay = [\"review\"]\npersons = [{persons}]\n")
    };
    client.append(telling("C-1", "one", &[])).await.expect("recorded");
    client.put_registry_in_force(&registry("few", "head of service", 1)).await;
    client.append(telling("C-1", "one", &[])).await.expect("recorded");
    client.put_registry_in_force(&registry("several", "customer service", 2)).await;
    let last = client.append(telling("C-1", "one", &[])).await.expect("recorded").index;
    let (told, _) = access_report(&client, &server, "C-1").await;
    let [role] = told["staff_roles"].as_array().expect("roles").as_slice() else { panic!("{told}") };
    assert_eq!((role["entry"].as_u64(), &role["roles"]), (Some(last), &serde_json::json!(["customer service"])));
    assert!(!told.to_string().contains("head of service") && !told.to_string().contains(WHO[1]), "{told}");
}
