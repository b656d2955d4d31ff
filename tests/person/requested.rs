//! Requests for access: received, verified, extended, answered, and when they are due.

use super::*;
use prost_types::Timestamp;
use v1::PersonAct as Act;

fn at(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().expect("RFC 3339");
    Some(Timestamp { seconds: at.as_second(), nanos: 0 })
}

async fn step(
    client: &Client,
    customer: &str,
    act: Act,
    when: &str,
    statement: &str,
) -> Result<v1::RecordRequestStepResponse, Status> {
    let ground = if act == Act::RequestRefuse { v1::Ground::UnfoundedOrExcessive } else { v1::Ground::Unspecified };
    let about = about(strong("customer", customer), ground)
        .map(|about| v1::PersonCase { statement: statement.into(), ..about });
    let request = v1::RecordRequestStepRequest {
        ledger: client.ledger.clone(),
        about,
        step: act as i32,
        at: at(when),
        request: 0,
    };
    Ok(privacy(client).record_request_step(client.request(request)).await?.into_inner())
}

pub async fn report(client: &Client, customer: &str) -> serde_json::Value {
    report_at(client, customer, 0).await
}

pub async fn report_at(client: &Client, customer: &str, tree_size: u64) -> serde_json::Value {
    let request = v1::ProduceAccessReportRequest {
        ledger: client.ledger.clone(),
        subject: Some(strong("customer", customer)),
        tree_size,
        formats: vec![v1::ReportFormat::Json as i32],
        edition: v1::AccessReportEdition::Lawyer as i32,
        ..Default::default()
    };
    let mut reports = v1::report_service_client::ReportServiceClient::new(client.channel.clone());
    let mut stream = reports.produce_access_report(client.request(request)).await.expect("a report").into_inner();
    let mut json = Vec::new();
    while let Some(message) = stream.message().await.expect("a message") {
        if let Some(v1::produce_access_report_response::Piece::File(file)) = message.piece {
            json.extend(file.data);
        }
    }
    serde_json::from_slice(&json).expect("JSON")
}

/// The edition for the person, and the entry that records it.
pub async fn own_report(client: &Client, customer: &str) -> (serde_json::Value, u64) {
    let index = client.size().await;
    let request = v1::ProduceAccessReportRequest {
        ledger: client.ledger.clone(),
        subject: Some(strong("customer", customer)),
        formats: vec![v1::ReportFormat::Json as i32],
        edition: v1::AccessReportEdition::Person as i32,
        ..Default::default()
    };
    let mut reports = v1::report_service_client::ReportServiceClient::new(client.channel.clone());
    let mut stream = reports.produce_access_report(client.request(request)).await.expect("a report").into_inner();
    let mut json = Vec::new();
    while let Some(message) = stream.message().await.expect("a message") {
        if let Some(v1::produce_access_report_response::Piece::File(file)) = message.piece {
            json.extend(file.data);
        }
    }
    (serde_json::from_slice(&json).expect("JSON"), index)
}

/// Case 35, through the server: to the day and not thirty days on.
#[tokio::test]
async fn a_request_is_due_by_the_calendar_and_stands_in_the_report() {
    let (mut server, client) = server().await;
    client.append(common::records::about("C-1")).await.expect("recorded");
    let received = step(&client, "C-1", Act::RequestReceive, "2026-02-10T09:00:00Z", "").await.expect("recorded");
    assert_eq!((received.due.as_str(), received.extended, received.late), ("2026-03-10", false, true));
    assert_eq!(received.request, received.receipt.as_ref().expect("a receipt").index);
    let verified = step(&client, "C-1", Act::RequestVerify, "2026-02-11T09:00:00Z", "by passport").await;
    assert_eq!(verified.expect("recorded").request, received.request);
    let extended = step(&client, "C-1", Act::RequestExtend, "2026-03-09T09:00:00Z", "three systems").await;
    assert_eq!(extended.map(|done| (done.due, done.extended)).expect("recorded"), ("2026-05-11".into(), true));
    server.restart();
    let client = server.client_as("tester").await;
    let told = report(&client, "C-1").await;
    let log = told["requests"]["log"].as_array().expect("a list").clone();
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!((&log[0]["due"], &log[0]["state"]), (&"2026-03-10".into(), &"overdue".into()), "{log:?}");
    assert_eq!(log[0]["verified"]["statement"], "by passport");
    assert_eq!((&log[0]["extension"]["due"], &log[0]["extension"]["in_time"]), (&"2026-05-11".into(), &true.into()));
    let answered = step(&client, "C-1", Act::RequestAnswer, "2026-05-11T09:00:00Z", "").await.expect("recorded");
    assert!(!answered.late && answered.extended);
    let told = report(&client, "C-1").await;
    assert_eq!(told["requests"]["log"][0]["state"], "in_time");
    // Another person's report knows nothing of it.
    client.append(common::records::about("C-2")).await.expect("recorded");
    assert_eq!(report(&client, "C-2").await["requests"]["log"], serde_json::json!([]));
}

#[tokio::test]
async fn a_stranger_may_ask_and_steps_that_cannot_be_are_refused() {
    let (_server, client) = server().await;
    let nobody = step(&client, "C-9", Act::RequestVerify, "2026-02-10T09:00:00Z", "how").await.expect_err("not asked");
    assert_eq!(nobody.code(), tonic::Code::NotFound);
    let received = step(&client, "C-9", Act::RequestReceive, "2026-01-31T09:00:00Z", "").await.expect("recorded");
    assert_eq!(received.due, "2026-03-02", "28 February is a Saturday");
    let before = step(&client, "C-9", Act::RequestAnswer, "2026-01-30T09:00:00Z", "").await.expect_err("too early");
    assert_eq!(common::wrong_fields(&before), ["at"]);
    let future = step(&client, "C-9", Act::RequestAnswer, "2126-01-30T09:00:00Z", "").await.expect_err("not yet");
    assert_eq!(common::wrong_fields(&future), ["at"]);
    let silent = step(&client, "C-9", Act::RequestRefuse, "2026-02-02T09:00:00Z", " ").await.expect_err("no reasons");
    assert_eq!(common::wrong_fields(&silent), ["about.statement"]);
    let other = step(&client, "C-9", Act::Erase, "2026-02-02T09:00:00Z", "").await.expect_err("no step");
    assert_eq!(common::wrong_fields(&other), ["step"]);
    let refused = step(&client, "C-9", Act::RequestRefuse, "2026-03-03T09:00:00Z", "the tenth this month").await;
    assert!(refused.expect("recorded").late, "reasons are owed within the first month");
    let again = step(&client, "C-9", Act::RequestAnswer, "2026-03-04T09:00:00Z", "").await.expect_err("is over");
    assert_eq!(again.code(), tonic::Code::FailedPrecondition);
}
