//! Reports that are made again after something was erased: to the byte where they do not rest on it, else with marks.

use super::*;
use serde_json::Value;

pub async fn exposure(client: &Client) -> (Value, u64) {
    let request = v1::ProduceExposureReportRequest {
        ledger: client.ledger.clone(),
        resources: vec!["crm".into()],
        formats: vec![v1::ReportFormat::Json as i32],
        ..Default::default()
    };
    let mut reports = v1::report_service_client::ReportServiceClient::new(client.channel.clone());
    let mut stream = reports.produce_exposure_report(client.request(request)).await.expect("a report").into_inner();
    let (mut json, mut index) = (Vec::new(), 0);
    while let Some(message) = stream.message().await.expect("a message") {
        match message.piece {
            Some(v1::produce_exposure_report_response::Piece::File(file)) => json.extend(file.data),
            Some(v1::produce_exposure_report_response::Piece::Produced(done)) => index = done.index,
            _ => {}
        }
    }
    (serde_json::from_slice(&json).expect("JSON"), index)
}

#[tokio::test]
async fn a_report_is_the_same_to_the_byte_after_the_erasure_of_somebody_it_does_not_rest_on() {
    let (_server, client) = server().await;
    client.register(v1::RegistryKind::Dataset, &["crm"]).await;
    let of_crm = |customer: &str| v1::Action { dataset: "crm".into(), ..common::records::about(customer) };
    client.append(of_crm("C-1")).await.expect("recorded");
    client.append(common::records::about("C-3")).await.expect("recorded");
    let (told, index) = exposure(&client).await;
    let access = client.size().await;
    let told_to_them = requested::report(&client, "C-1").await;
    erase(&client, strong("customer", "C-3")).await.expect("recorded");
    run(&client).await;
    for (index, told) in [(index, told), (access, told_to_them)] {
        let (again, produced) = suppressed::again(&client, index).await;
        assert_eq!(produced.reproduction(), v1::Reproduction::Identical, "{again}");
        assert_eq!(again, told);
    }
}

#[tokio::test]
async fn what_was_erased_since_is_marked_and_an_erratum_names_the_erasure() {
    let (mut server, client) = server().await;
    client.register(v1::RegistryKind::Dataset, &["crm"]).await;
    let of_crm = |customer: &str| v1::Action { dataset: "crm".into(), ..common::records::about(customer) };
    client.append(of_crm("C-1")).await.expect("recorded");
    let gone = client.append(of_crm("C-2")).await.expect("recorded").index;
    let (told, index) = exposure(&client).await;
    assert!(told.to_string().contains("C-2"));
    erase(&client, strong("customer", "C-2")).await.expect("recorded");
    let batch = run(&client).await.index;
    server.restart();
    let client = server.client_as("tester").await;
    let (again, produced) = suppressed::again(&client, index).await;
    assert_eq!(produced.reproduction(), v1::Reproduction::WithMarks);
    assert_eq!(again["header"]["report_id"], told["header"]["report_id"], "of the recorded envelope");
    assert_eq!(again["header"]["as_known_at"], told["header"]["as_known_at"], "of the recorded head");
    assert!(!again.to_string().contains("C-2"), "{again}");
    let erratum = &again["erratum"];
    assert_eq!(erratum["erasures"][0]["entry"].as_u64(), Some(batch), "{erratum}");
    let marks = erratum["marks"].as_array().expect("a list");
    let mark = marks.iter().find(|mark| mark["entry"].as_u64() == Some(gone)).expect("what is gone is marked");
    assert_eq!((mark["by"].as_u64(), &mark["roles"][0]), (Some(batch), &"data_subject".into()), "{mark}");
    // The first one's digest, by which whoever has it knows it.
    assert_eq!(erratum["first"].as_str().map(str::len), Some(64));
    let html = {
        let rendered =
            whosaw::report::render_json(&serde_json::to_vec(&again).expect("JSON"), &[whosaw::report::Format::Html]);
        String::from_utf8(rendered.expect("a page").remove(0).bytes).expect("text")
    };
    assert!(html.contains("Made again after an erasure") && html.contains("erased, entry"), "{html}");
}

/// What they shared is told still, and what cannot be is told to be gone.
#[tokio::test]
async fn a_person_s_own_report_names_the_erasure_of_somebody_they_shared_an_entry_with() {
    let (_server, client) = server().await;
    client.append(telling("C-1", "one", &["C-2"])).await.expect("recorded");
    let index = client.size().await;
    let told = requested::report(&client, "C-1").await;
    erase(&client, strong("customer", "C-2")).await.expect("recorded");
    let batch = run(&client).await.index;
    let (again, produced) = suppressed::again(&client, index).await;
    match produced.reproduction() {
        v1::Reproduction::Identical => assert_eq!(again, told),
        v1::Reproduction::WithMarks => {
            assert_eq!(again["erratum"]["erasures"][0]["entry"].as_u64(), Some(batch), "{again}");
            assert_eq!(again["totals"]["entries"], told["totals"]["entries"], "no access is understated");
        }
        other => panic!("{other:?}"),
    }
    // Her own edition tells that something was erased, and not that somebody else stood there, as what, and went.
    if let Some(erratum) = again.get("erratum") {
        assert!(erratum.to_string().contains("data_subject"), "counsel is told: {erratum}");
    }
    let (own, index) = requested::own_report(&client, "C-1").await;
    assert!(own["erratum"].is_null(), "{own}");
    client.append(telling("C-1", "one", &["C-4"])).await.expect("recorded");
    let (own, later) = requested::own_report(&client, "C-1").await;
    erase(&client, strong("customer", "C-4")).await.expect("recorded");
    erase(&client, strong("staff", "staff one")).await.expect("recorded");
    let batch = run(&client).await.index;
    let (again, produced) = suppressed::again(&client, later).await;
    assert_eq!(produced.reproduction(), v1::Reproduction::WithMarks, "{again}");
    let erratum = &again["erratum"];
    assert_eq!((erratum["erasures"][0]["entry"].as_u64(), &erratum["marks"]), (Some(batch), &serde_json::json!([])));
    assert_eq!(again["totals"]["entries"], own["totals"]["entries"], "no access is understated");
    assert!(index < later);
    // Who is gone is a stranger: what they were told is not told to anybody any more.
    let theirs = client.size().await;
    requested::report(&client, "C-1").await;
    erase(&client, strong("customer", "C-1")).await.expect("recorded");
    let batch = run(&client).await.index;
    let request = v1::ReproduceReportRequest { ledger: client.ledger.clone(), index: theirs, formats: Vec::new() };
    let mut reports = v1::report_service_client::ReportServiceClient::new(client.channel.clone());
    let mut stream = reports.reproduce_report(client.request(request)).await.expect("a stream").into_inner();
    let refused = stream.message().await.expect_err("its question is gone");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    assert!(refused.message().contains(&format!("went with entry {batch}")), "{refused:?}");
}
