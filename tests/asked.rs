//! Reports as they are asked for over gRPC: who is found, what is refused, and that the same question gives the same bytes
//! whatever came later.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::records::*;
use common::*;
use tonic::{Code, Status};
use whosaw::rpc::v1::report_service_client::ReportServiceClient;
use whosaw::rpc::v1::*;

/// What came: the report, and the entry that records it.
struct Asked {
    json: serde_json::Value,
    bytes: Vec<u8>,
    index: u64,
}

fn about_whom(subject: Identity) -> ProduceAccessReportRequest {
    let formats = vec![ReportFormat::Json as i32];
    ProduceAccessReportRequest { subject: Some(subject), formats, ..Default::default() }
}

fn reports(client: &Client) -> ReportServiceClient<tonic::transport::Channel> {
    ReportServiceClient::new(client.channel.clone()).max_decoding_message_size(64 << 20)
}

async fn asked(client: &Client, request: ProduceAccessReportRequest) -> Result<Asked, Status> {
    use produce_access_report_response::Piece;
    let mut pieces = reports(client).produce_access_report(client.request(request)).await?.into_inner();
    let (mut bytes, mut index) = (Vec::new(), 0);
    while let Some(message) = pieces.message().await? {
        match message.piece {
            Some(Piece::File(file)) => bytes.extend(file.data),
            Some(Piece::Produced(produced)) => index = produced.index,
            _ => {}
        }
    }
    Ok(Asked { json: serde_json::from_slice(&bytes).expect("JSON"), bytes, index })
}

async fn again(client: &Client, index: u64) -> Vec<u8> {
    use reproduce_report_response::Piece;
    let request = ReproduceReportRequest { ledger: String::new(), index, formats: vec![ReportFormat::Json as i32] };
    let mut pieces = reports(client).reproduce_report(client.request(request)).await.expect("it is there").into_inner();
    let mut bytes = Vec::new();
    while let Some(message) = pieces.message().await.expect("it goes on") {
        if let Some(Piece::File(file)) = message.piece {
            bytes.extend(file.data);
        }
    }
    bytes
}

fn processed(asked: &Asked) -> (u64, u64) {
    let range = &asked.json["totals"]["processed"];
    (range["low"].as_u64().expect("a number"), range["high"].as_u64().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_that_were_recorded_find_the_person_again() {
    let server = TestServer::new();
    let client = server.client().await;
    client.append(about("Rene\u{301}")).await.expect("recorded");
    for form in ["Rene\u{301}", "Ren\u{e9}"] {
        let report = asked(&client, about_whom(strong("customer", form))).await.expect("a report");
        assert_eq!(processed(&report), (1, 1), "{form:?}");
        assert_eq!(report.json["header"]["question"]["subject"]["fields"][0], "Ren\u{e9}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_the_same_after_its_person_is_linked_to_another() {
    let server = TestServer::new();
    let client = server.client().await;
    client.append(about("anna")).await.expect("recorded");
    let by_mail = || {
        let mut read = about("anna");
        read.subjects[0].identities = vec![strong("email", "anna@example.org")];
        read
    };
    client.append(by_mail()).await.expect("recorded");
    let first = asked(&client, about_whom(strong("customer", "anna"))).await.expect("a report");
    assert_eq!(processed(&first), (1, 1));
    let stranger = asked(&client, about_whom(strong("customer", "not-yet"))).await.expect("a report");
    assert_eq!(stranger.json["header"]["verification"]["has_keys"], false);
    let mut linking = by_mail();
    linking.subjects[0].identities.push(strong("customer", "anna"));
    client.append(linking).await.expect("recorded");
    client.append(about("not-yet")).await.expect("recorded");
    let now = asked(&client, about_whom(strong("customer", "anna"))).await.expect("a report");
    assert_eq!(processed(&now), (3, 3), "both, and the one that links them");
    assert!(again(&client, first.index).await == first.bytes, "nothing that came later is in it");
    assert!(again(&client, stranger.index).await == stranger.bytes, "nor of one who was not known then");
    let last = asked(&client, about_whom(strong("customer", "anna"))).await.expect("a report");
    let reads = last.json["ledger_reads"].as_array().expect("looked for");
    assert!(reads.iter().any(|read| read["verb"] == "report.produce"), "read again, and told so: {reads:?}");
    assert!(last.json["header"]["supersedes"].is_null(), "it says nothing of what is otherwise");
    let earlier = last.json["earlier_reports"].as_array().expect("told");
    assert!(earlier.iter().any(|report| report["entry"] == now.index), "{earlier:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_outside_the_ledger_is_refused_by_its_name() {
    let server = TestServer::new();
    let client = server.client().await;
    client.append(about("anna")).await.expect("recorded");
    let size = client.size().await;
    for seconds in [4_000_000_000, 1_000_000_000] {
        let request = ProduceAccessReportRequest { cut_off: time(seconds), ..about_whom(strong("customer", "anna")) };
        let refused = asked(&client, request).await.err().expect("refused");
        assert_eq!((refused.code(), wrong_fields(&refused)), (Code::InvalidArgument, vec!["cut_off".to_owned()]));
    }
    assert_eq!(client.size().await, size, "and nothing is recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_german_report_is_german_when_it_is_made_again() {
    let server = TestServer::new();
    let client = server.client().await;
    client.append(about("anna")).await.expect("recorded");
    let german = ProduceAccessReportRequest { language: "de".into(), ..about_whom(strong("customer", "anna")) };
    let report = asked(&client, german).await.expect("a report");
    assert_eq!(report.json["header"]["template"]["language"], "de");
    let said = report.json["answer"]["text"].as_str().expect("a sentence");
    assert!(said.starts_with("Ihre Daten wurden 1 Mal durch 1 Agenten verarbeitet"), "{said}");
    assert!(again(&client, report.index).await == report.bytes, "made again");
    let english = asked(&client, about_whom(strong("customer", "anna"))).await.expect("a report");
    assert_eq!(english.json["header"]["template"]["language"], "en", "left out is English");
}

/// Left out is the person's own.
#[tokio::test(flavor = "multi_thread")]
async fn each_edition_is_made_again_as_it_was_and_supersedes_the_other_by_what_happened_since() {
    let server = TestServer::new();
    let client = server.client().await;
    client.append(about("anna")).await.expect("recorded");
    let [left_out, person, lawyer] = [0, 1, 2].map(|edition| ProduceAccessReportRequest {
        edition,
        tree_size: 0,
        ..about_whom(strong("customer", "anna"))
    });
    let own = asked(&client, left_out).await.expect("a report");
    assert_eq!(own.json["header"]["template"]["id"], "whosaw/access/person");
    assert!(own.json["answer"]["text"].as_str().expect("a sentence").starts_with("Your data were processed 1 time"));
    let for_lawyer =
        asked(&client, ProduceAccessReportRequest { supersedes: own.index, ..lawyer }).await.expect("a report");
    assert_eq!(for_lawyer.json["header"]["template"]["id"], "whosaw/access/lawyer");
    let paths = |report: &Asked| -> Vec<String> {
        let changes = report.json["changes"].as_array().expect("changes");
        changes.iter().map(|change| change["path"].as_str().expect("a path").to_owned()).collect()
    };
    // The report before it is among the readings; words are no difference.
    let apart = paths(&for_lawyer);
    assert!(apart.iter().all(|path| !path.starts_with("answer") && !path.starts_with("entries")), "{apart:?}");
    client.append(about("anna")).await.expect("recorded");
    let request = ProduceAccessReportRequest { supersedes: for_lawyer.index, ..person };
    let later = asked(&client, request).await.expect("a report");
    assert!(paths(&later).iter().any(|path| path.starts_with("totals.processed")), "{:?}", paths(&later));
    for report in [own, for_lawyer, later] {
        assert!(again(&client, report.index).await == report.bytes, "made again");
    }
    let size = client.size().await;
    let unknown = ProduceAccessReportRequest { edition: 3, ..about_whom(strong("customer", "anna")) };
    let refused = asked(&client, unknown).await.err().expect("refused");
    assert_eq!((refused.code(), wrong_fields(&refused)), (Code::InvalidArgument, vec!["edition".to_owned()]));
    assert_eq!(client.size().await, size, "and nothing is recorded");
}

/// In another language words are no difference, the controller's own among them.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_in_another_language_says_nothing_otherwise() {
    let server = TestServer::new();
    let client = server.client().await;
    let mut registry = registry_service_client::RegistryServiceClient::new(client.channel.clone());
    let file = include_str!("../reports/registry/example.toml").to_owned();
    let request = ApplyRegistryRequest { registry: file.clone(), dry_run: true, ..Default::default() };
    let shown = registry.apply_registry(client.request(request)).await.expect("a diff").into_inner();
    let diff_digest = shown.diff_digest;
    let request = ApplyRegistryRequest { registry: file, diff_digest, ..Default::default() };
    registry.apply_registry(client.request(request)).await.expect("in force");
    client.append(about("anna")).await.expect("recorded");
    let english = asked(&client, about_whom(strong("customer", "anna"))).await.expect("a report");
    let supersedes = english.index;
    let german =
        ProduceAccessReportRequest { language: "de".into(), supersedes, ..about_whom(strong("customer", "anna")) };
    let german = asked(&client, german).await.expect("a report");
    assert_eq!(german.json["declared"]["activities"][0]["title"], "Beantwortung von Kundenanfragen");
    let changes = german.json["changes"].as_array().expect("changes");
    let paths: Vec<&str> = changes.iter().filter_map(|change| change["path"].as_str()).collect();
    assert!(paths.iter().all(|path| !path.starts_with("declared")), "{paths:?}");
    assert!(again(&client, german.index).await == german.bytes, "made again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_in_which_no_report_is_written_is_refused_by_its_name() {
    let server = TestServer::new();
    let client = server.client().await;
    client.append(about("anna")).await.expect("recorded");
    let size = client.size().await;
    for language in ["fr", "DE", "de-AT", " "] {
        let request =
            ProduceAccessReportRequest { language: language.into(), ..about_whom(strong("customer", "anna")) };
        let refused = asked(&client, request).await.err().expect("refused");
        assert_eq!((refused.code(), wrong_fields(&refused)), (Code::InvalidArgument, vec!["language".to_owned()]));
        let resources = vec!["crm".to_owned()];
        let request = ProduceExposureReportRequest { language: language.into(), resources, ..Default::default() };
        let refused = reports(&client).produce_exposure_report(client.request(request)).await.expect_err("refused");
        assert_eq!((refused.code(), wrong_fields(&refused)), (Code::InvalidArgument, vec!["language".to_owned()]));
    }
    assert_eq!(client.size().await, size, "and nothing is recorded");
}

/// The retraction names nobody and stands sealed for its own conversation.
#[tokio::test(flavor = "multi_thread")]
async fn a_retraction_by_somebody_else_is_found() {
    let server = TestServer::new();
    let client = server.client().await;
    let read = about("anna");
    let id = read.action_id.clone();
    client.append(read).await.expect("recorded");
    client.append(about("anna")).await.expect("recorded");
    let retraction = Action {
        verb: "event.retract".into(),
        conversation: "audit".into(),
        links: Some(Links { retracts: vec![id], ..Default::default() }),
        ..plain()
    };
    let index = client.append(retraction).await.expect("recorded").index;
    let report = asked(&client, about_whom(strong("customer", "anna"))).await.expect("a report");
    assert_eq!(report.json["entries"][0]["retracted_by"], serde_json::json!([index]));
    assert_eq!(processed(&report), (2, 2));
    assert_eq!(report.json["totals"]["processed_as_amended"], serde_json::json!({"low": 1, "high": 1}));
}
