//! Every call is an entry with who asked, also one that comes to nothing, and one that only looks; all but the look by token.

use super::*;
use tonic::Code;
use whosaw_verifier::body::Body;
use whosaw_verifier::vocabulary::{Decision, Ground, PersonAct};

/// The entries that were written since this size, opened.
async fn since(client: &Client, size: u64) -> Vec<v1::Entry> {
    let mut entries = Vec::new();
    for index in size..client.size().await {
        entries.push(client.entry(index).await);
    }
    entries
}

/// The one entry that a call wrote: what was asked, what became of it, and on which ground.
async fn one_call(client: &Client, size: u64) -> (PersonAct, Decision, Ground, u64) {
    let written = since(client, size).await;
    let acts: Vec<_> = written
        .iter()
        .filter_map(|entry| match Body::decode(entry.kind as u8, &entry.body) {
            Ok(Body::Person(body)) => Some((body.act, body.decision, body.ground, entry.index)),
            _ => None,
        })
        .collect();
    assert_eq!(acts.len(), 1, "{written:?}");
    acts[0]
}

/// Who asked, as it stands sealed: the registry does not know this caller.
async fn who_asked(client: &Client, index: u64) -> String {
    let opened = client.opened(index).await;
    let parts = opened.parts.iter().filter_map(|part| part.part.as_ref()?.content.as_ref());
    let names: Vec<String> = parts.flat_map(|content| &content.names).map(|name| name.value.clone()).collect();
    names.join(" ")
}

#[tokio::test]
async fn looks_at_holds_and_plans_and_runs_by_hand_are_entries_with_who_asked() {
    let (_server, client) = server().await;
    client.append(common::records::about("C-1")).await.expect("recorded");
    let mut service = privacy(&client);
    let size = client.size().await;
    service.list_holds(client.request(v1::ListHoldsRequest::default())).await.expect("a list");
    let (act, decision, _, index) = one_call(&client, size).await;
    assert_eq!((act, decision), (PersonAct::ListHolds, Decision::Done));
    assert_eq!(who_asked(&client, index).await, "tester");
    let size = client.size().await;
    service.plan_retention(client.request(v1::PlanRetentionRequest::default())).await.expect("a plan");
    let (act, decision, _, index) = one_call(&client, size).await;
    assert_eq!((act, decision), (PersonAct::PlanRetention, Decision::Done));
    assert_eq!(who_asked(&client, index).await, "tester");
    for (with_retention, expected) in [(false, Ground::Unspecified), (true, Ground::RetentionEnded)] {
        let size = client.size().await;
        let request = v1::RunErasuresRequest { with_retention, ..Default::default() };
        service.run_erasures(client.request(request)).await.expect("a run");
        let (act, decision, ground, index) = one_call(&client, size).await;
        assert_eq!((act, decision, ground), (PersonAct::RunErasures, Decision::Received, expected));
        assert_eq!(who_asked(&client, index).await, "tester");
    }
}

#[tokio::test]
async fn a_call_that_comes_to_nothing_is_an_entry_for_whom_it_was_about_and_for_nobody_where_they_are_not_known() {
    let (_server, client) = server().await;
    for customer in ["C-1", "C-2"] {
        client.append(common::records::about(customer)).await.expect("recorded");
    }
    let (known, unknown) = (strong("customer", "C-1"), strong("customer", "C-unknown"));
    let mut service = privacy(&client);
    // Somebody whom the ledger does not know: the entry names nobody, not even sealed.
    let size = client.size().await;
    let mut telling = about(unknown.clone(), v1::Ground::Unspecified).expect("a case");
    telling.statement = "asked for by C-unknown themselves".into();
    let request = v1::LookUpPersonRequest { about: Some(telling), ..Default::default() };
    let refused = service.look_up_person(client.request(request)).await.expect_err("not known");
    assert_eq!(refused.code(), Code::NotFound);
    let (act, decision, _, index) = one_call(&client, size).await;
    assert_eq!((act, decision), (PersonAct::LookUp, Decision::Refused));
    assert_eq!(who_asked(&client, index).await, "tester");
    let said = format!("{:?}", client.opened(index).await);
    assert!(!said.contains("C-unknown"), "{said}");
    assert_eq!(look_up(&client, unknown.clone()).await.expect_err("looking makes nobody known").code(), Code::NotFound);
    // Somebody whom it knows: it is about them, and comes with what is listed of them.
    let about_known = || about(known.clone(), v1::Ground::Unspecified);
    let size = client.size().await;
    let lift = v1::LiftRestrictionRequest { about: about_known(), ..Default::default() };
    let refused = service.lift_restriction(client.request(lift)).await.expect_err("it is not restricted");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let (act, decision, _, index) = one_call(&client, size).await;
    assert_eq!((act, decision), (PersonAct::LiftRestriction, Decision::Refused));
    assert!(list(&client, known.clone()).await.iter().any(|entry| entry.index == index));
    let other = Some(strong("customer", "C-2"));
    let size = client.size().await;
    let unlink = v1::UnlinkIdentitiesRequest { about: about_known(), other, ..Default::default() };
    service.unlink_identities(client.request(unlink)).await.expect_err("they are not linked");
    assert_eq!(one_call(&client, size).await.0, PersonAct::Unlink);
    let size = client.size().await;
    let withdraw = v1::WithdrawErasureRequest { about: about_known(), ..Default::default() };
    service.withdraw_erasure(client.request(withdraw)).await.expect_err("nothing was asked");
    assert_eq!(one_call(&client, size).await.0, PersonAct::WithdrawErasure);
    let size = client.size().await;
    let release = v1::ReleaseHoldRequest { matter: vec![7; 16], ..Default::default() };
    service.release_hold(client.request(release)).await.expect_err("no such matter");
    assert_eq!(one_call(&client, size).await.0, PersonAct::ReleaseHold);
    let size = client.size().await;
    let scope = Some(v1::HoldScopes { persons: vec![unknown], ..Default::default() });
    let hold = v1::PlaceHoldRequest { scope, exemption: v1::Exemption::LegalClaims as i32, ..Default::default() };
    service.place_hold(client.request(hold)).await.expect_err("nobody to hold");
    assert_eq!(one_call(&client, size).await.0, PersonAct::PlaceHold);
    // A refused restriction of before changes nothing of how the person stands.
    let found = look_up(&client, known.clone()).await.expect("known");
    assert_eq!((found.restricted_since, found.erasure_requested, found.matters.len()), (None, None, 0));
    erase(&client, known.clone()).await.expect("asked");
    let size = client.size().await;
    assert_eq!(erase(&client, known).await.expect_err("asked before").code(), Code::FailedPrecondition);
    assert_eq!(one_call(&client, size).await.1, Decision::Refused);
}

#[tokio::test]
async fn a_step_and_a_naming_that_are_refused_are_entries_too() {
    let (_server, client) = server().await;
    client.append(telling("C-1", "one", &[])).await.expect("recorded");
    let mut service = privacy(&client);
    let telling_words = |customer: &str| {
        let about = about(strong("customer", customer), v1::Ground::Unspecified).expect("a case");
        Some(v1::PersonCase { statement: format!("words about staff one and {customer}"), ..about })
    };
    let verify = |customer: &str, request: u64| v1::RecordRequestStepRequest {
        about: telling_words(customer),
        step: v1::PersonAct::RequestVerify as i32,
        request,
        ..Default::default()
    };
    // Nobody asked; somebody whom the ledger does not know; an entry that is none of this person's requests.
    for (customer, request, code, parts) in [
        ("C-1", 0, Code::FailedPrecondition, true),
        ("C-unknown", 0, Code::NotFound, false),
        ("C-1", 1, Code::InvalidArgument, true),
    ] {
        let size = client.size().await;
        let request = client.request(verify(customer, request));
        assert_eq!(service.record_request_step(request).await.expect_err("cannot be").code(), code);
        let (act, decision, _, index) = one_call(&client, size).await;
        assert_eq!((act, decision), (PersonAct::VerifyRequest, Decision::Refused));
        assert_eq!(who_asked(&client, index).await, "tester");
        assert_eq!(format!("{:?}", client.opened(index).await).contains("words about"), parts);
    }
    // Somebody who acts in none of these entries, and the person themself.
    for (staff, code) in [("staff two", Code::NotFound), ("C-1", Code::InvalidArgument)] {
        let size = client.size().await;
        let namespace = if staff == "C-1" { "customer" } else { "staff" };
        let request = v1::NameStaffRequest {
            about: telling_words("C-1"),
            staff: Some(strong(namespace, staff)),
            by: Some(strong("employee", "4711")),
            interest: "weighed".into(),
            ..Default::default()
        };
        assert_eq!(service.name_staff(client.request(request)).await.expect_err("cannot be").code(), code);
        let (act, decision, _, index) = one_call(&client, size).await;
        assert_eq!((act, decision), (PersonAct::NameStaff, Decision::Refused));
        assert_eq!(who_asked(&client, index).await, "tester");
        let said = format!("{:?}", client.opened(index).await);
        assert!(!said.contains("words about"), "they speak of whoever was to be named: {said}");
    }
    // Nothing of it stands in the person's report.
    let report = requested::report(&client, "C-1").await;
    assert_eq!((&report["requests"]["log"], &report["staff"]), (&serde_json::json!([]), &serde_json::json!([])));
}

#[tokio::test]
async fn whoever_has_a_token_leaves_no_trace_and_is_told_when() {
    let (_server, client) = server().await;
    client.append(common::records::about("C-1")).await.expect("recorded");
    let token = erase(&client, strong("customer", "C-1")).await.expect("asked").token;
    let size = client.size().await;
    assert!(status(&client, &token).await.expect("it waits").requested.is_some());
    assert_eq!(status(&client, &[9; 32]).await.expect_err("nobody's").code(), Code::NotFound);
    assert_eq!(client.size().await, size, "an entry with who asked would name who was erased");
    run(&client).await;
    let size = client.size().await;
    let found = status(&client, &token).await.expect("it is done");
    let entry = client.entry(found.inaccessible_by).await;
    assert_eq!(found.inaccessible_at, entry.recorded_at);
    assert_eq!(found.custodian(), v1::CustodianClass::KeyDirectory);
    assert_eq!((found.irrecoverable_by, found.irrecoverable_at), (0, None));
    assert_eq!(client.size().await, size);
}
