//! A person's own report that says what is otherwise than in an earlier one, and betrays nothing by it.

use super::suppressed::{ORDER, again, story, without_chance};
use super::*;
use serde_json::{Value, json};

/// A report, and the entry that records it.
async fn after(client: &Client, customer: &str, supersedes: u64) -> Result<(Value, u64), Status> {
    let request = v1::ProduceAccessReportRequest {
        ledger: client.ledger.clone(),
        subject: Some(strong("customer", customer)),
        formats: vec![v1::ReportFormat::Json as i32],
        supersedes,
        ..Default::default()
    };
    let mut reports = v1::report_service_client::ReportServiceClient::new(client.channel.clone());
    let mut stream = reports.produce_access_report(client.request(request)).await?.into_inner();
    let (mut json, mut index) = (Vec::new(), 0);
    while let Some(message) = stream.message().await? {
        match message.piece {
            Some(v1::produce_access_report_response::Piece::File(file)) => json.extend(file.data),
            Some(v1::produce_access_report_response::Piece::Produced(done)) => index = done.index,
            _ => {}
        }
    }
    Ok((serde_json::from_slice(&json).expect("JSON"), index))
}

fn change(report: &Value, path: &str) -> Value {
    let changes = report["changes"].as_array().expect("it was compared");
    changes.iter().find(|change| change["path"] == path).cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_later_report_says_what_is_otherwise_and_is_made_again_to_the_byte() {
    let (_server, client) = server().await;
    client.append(common::records::about("C-1")).await.expect("recorded");
    let (first, index) = after(&client, "C-1", 0).await.expect("a report");
    assert!(first["changes"].is_null());
    let late = client.append(common::records::about("C-1")).await.expect("recorded").index;
    let (second, second_at) = after(&client, "C-1", index).await.expect("a report");
    assert_eq!(second["header"]["supersedes"]["entry"], index);
    let was = json!({"path": "totals.entries", "before": "1", "after": "2"});
    assert_eq!(change(&second, "totals.entries"), was);
    assert_eq!(change(&second, &format!("entries[{late}].index"))["before"], Value::Null);
    assert_eq!(change(&second, "entries[1].index"), Value::Null, "it was there before");
    // The first, although the second is the newest.
    let (third, third_at) = after(&client, "C-1", index).await.expect("a report");
    assert_eq!(third["header"]["supersedes"]["entry"], index);
    let (fourth, fourth_at) = after(&client, "C-1", second_at).await.expect("a report");
    assert_eq!(change(&fourth, "totals.entries"), Value::Null);
    for (report, at) in [(first, index), (second, second_at), (third, third_at), (fourth, fourth_at)] {
        let (made, produced) = again(&client, at).await;
        assert_eq!(produced.reproduction(), v1::Reproduction::Identical);
        assert_eq!(made, report);
    }
}

#[tokio::test]
async fn what_is_no_report_on_this_person_is_refused_and_what_was_erased_is_counted() {
    let (_server, client) = server().await;
    let shared = client.append(telling("C-1", "one", &["C-2"])).await.expect("recorded").index;
    let (_, of_other) = after(&client, "C-2", 0).await.expect("a report");
    let (_, index) = after(&client, "C-1", 0).await.expect("a report");
    for entry in [shared, of_other, 100_000] {
        let refused = after(&client, "C-1", entry).await.expect_err("no report on this person");
        assert_eq!(common::wrong_fields(&refused), ["supersedes"]);
    }
    erase(&client, strong("customer", "C-2")).await.expect("recorded");
    run(&client).await;
    let (report, _) = after(&client, "C-1", index).await.expect("what remains is compared");
    let (marked, produced) = again(&client, index).await;
    assert_eq!(produced.reproduction(), v1::Reproduction::WithMarks);
    let marks = marked["erratum"]["marks"].as_array().expect("marks").len();
    // The person is told how much is gone, and no marks of where somebody else stood.
    let erased = report["header"]["supersedes"]["erased"].as_u64();
    assert!(erased.is_some_and(|erased| erased > marks as u64), "{erased:?} of {marks}: {report}");
    assert_eq!(change(&report, "totals.entries"), Value::Null, "no access came or went");
}

/// Case 37: whether it was told before the order or not, the difference is that of somebody whom nobody looked at.
#[tokio::test]
async fn the_difference_to_a_report_betrays_nothing_that_an_order_keeps() {
    for told_before in [false, true] {
        let mut told = Vec::new();
        for whom in ["C-1", "C-2"] {
            let (server, client) = server().await;
            let mut earlier = after(&client, "C-1", 0).await.expect("a report").1;
            story(&server, &client, whom).await;
            if told_before {
                earlier = after(&client, "C-1", 0).await.expect("a report").1;
            }
            client.put_registry_in_force(ORDER).await;
            let (mut report, _) = after(&client, "C-1", earlier).await.expect("a report");
            without_chance(&mut report);
            told.push(report);
        }
        assert_eq!(told[0], told[1]);
        let entries = change(&told[0], "totals.entries");
        assert_eq!(entries.is_null(), told_before, "what both tell is no difference: {entries}");
    }
}

/// A report of whoever is covered is covered: asking about it says what asking about nothing does.
#[tokio::test]
async fn a_report_that_an_order_covers_cannot_be_named() {
    let (server, client) = server().await;
    client.append(common::records::about("C-1")).await.expect("recorded");
    let desk = server.client_as("fraud-desk").await;
    let (_, index) = after(&desk, "C-1", 0).await.expect("a report");
    client.put_registry_in_force(ORDER).await;
    let covered = after(&client, "C-1", index).await.expect_err("it is covered");
    let nothing = after(&client, "C-1", 1).await.expect_err("it is no report");
    assert_eq!((covered.code(), covered.message()), (nothing.code(), nothing.message()));
    // Over: what was not told then is new.
    let (_, under) = after(&client, "C-1", 0).await.expect("a report");
    let over = ORDER.replace("\"v1\"", "\"v2\"").replace("silent", "until = \"2021-01-01\"\nsilent");
    client.put_registry_in_force(&over).await;
    let (open, _) = after(&client, "C-1", under).await.expect("a report");
    let new = format!("earlier_reports[{index}].report_id");
    assert!(change(&open, &new)["before"].is_null() && change(&open, &new)["after"].is_string(), "{}", open["changes"]);
}
