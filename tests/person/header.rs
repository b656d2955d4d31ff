//! What the header of every report says, whatever it is about: clocks, who asked and why, in which language, what it
//! supersedes, and by what it is signed.

use super::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use v1::ReportType::{Access, Activity, Breach, Exposure, Persons};
use whosaw_verifier::note::VerifierKey;
use whosaw_verifier::report::{Made, ReportError, verify};

const TYPES: [v1::ReportType; 5] = [Access, Exposure, Breach, Persons, Activity];

/// What is said of a report, whatever it is about.
#[derive(Clone, Default)]
struct Ask {
    reference: String,
    purpose: String,
    language: String,
    supersedes: u64,
    all_formats: bool,
}

struct Pulled {
    files: BTreeMap<v1::ReportFormat, Vec<u8>>,
    produced: v1::ReportProduced,
}

impl Pulled {
    fn json(&self) -> &[u8] {
        &self.files[&v1::ReportFormat::Json]
    }

    fn value(&self) -> Value {
        serde_json::from_slice(self.json()).expect("JSON")
    }

    fn html(&self) -> String {
        String::from_utf8(self.files[&v1::ReportFormat::Html].clone()).expect("text")
    }

    /// The access report has it beside its header: it stands for all of Art. 15.
    fn completeness(&self) -> Value {
        let report = self.value();
        let of_header = report["header"]["completeness"].clone();
        if of_header.is_null() { report["completeness"].clone() } else { of_header }
    }

    fn key(&self) -> VerifierKey {
        let report = self.value();
        VerifierKey::parse(report["header"]["as_known_at"]["verifier_key"].as_str().expect("a key")).expect("a key")
    }
}

macro_rules! receive {
    ($client:ident, $method:ident, $request:expr, $module:ident) => {{
        let mut reports = v1::report_service_client::ReportServiceClient::new($client.channel.clone());
        let mut stream = reports.$method($client.request($request)).await?.into_inner();
        let (mut files, mut produced) = (BTreeMap::<v1::ReportFormat, Vec<u8>>::new(), None);
        while let Some(message) = stream.message().await? {
            match message.piece {
                Some(v1::$module::Piece::File(file)) => files.entry(file.format()).or_default().extend(file.data),
                Some(v1::$module::Piece::Produced(done)) => produced = Some(done),
                Some(v1::$module::Piece::Progress(_)) | None => {}
            }
        }
        Ok(Pulled { files, produced: produced.expect("it ended") })
    }};
}

async fn pull(client: &Client, case: &str, which: v1::ReportType, ask: &Ask) -> Result<Pulled, Status> {
    let Ask { reference, purpose, language, supersedes, all_formats } = ask.clone();
    let (ledger, case_id) = (client.ledger.clone(), case.to_owned());
    let formats =
        if all_formats { Vec::new() } else { vec![v1::ReportFormat::Json as i32, v1::ReportFormat::Html as i32] };
    match which {
        Exposure => {
            let resources = vec!["crm".into()];
            let request = v1::ProduceExposureReportRequest {
                ledger,
                resources,
                formats,
                reference,
                purpose,
                language,
                supersedes,
                ..Default::default()
            };
            receive!(client, produce_exposure_report, request, produce_exposure_report_response)
        }
        Breach => {
            let request = v1::ProduceBreachReportRequest {
                ledger,
                case_id,
                formats,
                reference,
                purpose,
                language,
                supersedes,
                ..Default::default()
            };
            receive!(client, produce_breach_report, request, produce_breach_report_response)
        }
        Persons => {
            let request = v1::ProducePersonsReportRequest {
                ledger,
                case_id,
                formats,
                reference,
                purpose,
                language,
                supersedes,
                ..Default::default()
            };
            receive!(client, produce_persons_report, request, produce_persons_report_response)
        }
        Activity => {
            let agent = AGENT.into();
            let request = v1::ProduceActivityReportRequest {
                ledger,
                agent,
                formats,
                reference,
                purpose,
                language,
                supersedes,
                ..Default::default()
            };
            receive!(client, produce_activity_report, request, produce_activity_report_response)
        }
        Access | v1::ReportType::Unspecified => {
            let subject = Some(strong("customer", "C-1"));
            let request = v1::ProduceAccessReportRequest {
                ledger,
                subject,
                // The person's own keeps back who pulled it.
                edition: v1::AccessReportEdition::Lawyer as i32,
                formats,
                reference,
                purpose,
                language,
                supersedes,
                ..Default::default()
            };
            receive!(client, produce_access_report, request, produce_access_report_response)
        }
    }
}

async fn made_again(client: &Client, index: u64) -> Result<Pulled, Status> {
    let request = v1::ReproduceReportRequest {
        ledger: client.ledger.clone(),
        index,
        formats: vec![v1::ReportFormat::Json as i32, v1::ReportFormat::Pdf as i32],
    };
    receive!(client, reproduce_report, request, reproduce_report_response)
}

/// A read of a customer's data in the CRM, told by a source whose clock is said to be 2.5 s fast.
fn read(customer: &str) -> v1::Action {
    let source = v1::Source { name: "proxy".into(), skew_us: 2_500_000, ..Default::default() };
    v1::Action { dataset: "crm".into(), source: Some(source), ..common::records::about(customer) }
}

/// Two customers' data were read, and a case is about that. Answers the case.
async fn story(client: &Client) -> String {
    client.register(v1::RegistryKind::Dataset, &["crm"]).await;
    client.register(v1::RegistryKind::Agent, &[AGENT]).await;
    client.register(v1::RegistryKind::Source, &["proxy"]).await;
    for customer in ["C-1", "C-2"] {
        client.append(read(customer)).await.expect("recorded");
    }
    let opened = v1::RecordCaseStepRequest {
        step: v1::CaseStep::Opened as i32,
        resources: vec!["crm".into()],
        ..Default::default()
    };
    let mut cases = v1::case_service_client::CaseServiceClient::new(client.channel.clone());
    let case = cases.record_case_step(client.request(opened)).await.expect("recorded").into_inner().case;
    case.expect("it is told").case_id
}

#[tokio::test]
async fn every_report_says_how_far_its_clocks_are_off() {
    let (_server, client) = server().await;
    let case = story(&client).await;
    let ask = Ask { all_formats: true, ..Ask::default() };
    for which in TYPES {
        let pulled = pull(&client, &case, which, &ask).await.expect("a report");
        let clock = pulled.value()["clock"].clone();
        assert_eq!(clock["skew_max_us"], 2_500_000, "{which:?}: {clock}");
        assert!(pulled.html().contains("largest skew known: 2.5 s"), "{which:?}");
        let sheets = sheets::files(&pulled.files[&v1::ReportFormat::Csv]);
        let (_, clocks) = sheets.iter().find(|(name, _)| name == "clocks.csv").expect("a sheet of clocks");
        assert!(clocks.contains("2.5"), "{which:?}: {clocks}");
        // One of before all this stood in a header is read, and says what it does not know.
        let mut before = pulled.value();
        let header = before["header"].as_object_mut().expect("a header");
        header.remove("purpose");
        if which != Access {
            header.remove("supersedes");
            before.as_object_mut().expect("a report").remove("clock");
        }
        let before = serde_json::to_vec(&before).expect("JSON");
        let page = whosaw::report::render_json(&before, &[whosaw::report::Format::Html]).expect("a page").remove(0);
        let page = String::from_utf8(page.bytes).expect("text");
        assert!(
            page.contains("NOT PROVIDED") && (which == Access || !page.contains("largest skew known")),
            "{which:?}"
        );
    }
}

#[tokio::test]
async fn who_asked_and_why_is_counted_in_every_report() {
    let (server, client) = server().await;
    let case = story(&client).await;
    let nobody = server.client_as("").await;
    let ask = Ask { reference: "file 7".into(), purpose: "audit of the year".into(), ..Ask::default() };
    for which in TYPES {
        let given = pull(&client, &case, which, &ask).await.expect("a report");
        let missing = pull(&nobody, &case, which, &Ask::default()).await.expect("a report");
        let header = given.value()["header"].clone();
        assert_eq!((&header["requester"], &header["purpose"]), (&json!("tester"), &json!("audit of the year")));
        assert!(given.html().contains("audit of the year"), "{which:?}");
        assert_eq!(missing.value()["header"]["purpose"], Value::Null, "{which:?}");
        let (given, missing) = (given.completeness(), missing.completeness());
        for field in ["H.requester", "H.reference", "H.purpose"] {
            let state = |of: &Value| {
                let fields = of["fields"].as_array().expect("fields").iter();
                fields.clone().find(|fact| fact["field"] == field).expect("it is asked")["provision"].clone()
            };
            assert_eq!(
                (state(&given), state(&missing)),
                (json!("provided"), json!("not_provided")),
                "{which:?} {field}"
            );
        }
        let count = |of: &Value| of["not_provided"].as_u64().expect("a number");
        assert_eq!(count(&missing), count(&given) + 3, "{which:?}");
    }
}

const GERMAN: &str = "version = \"v1\"\n[profile]\nid = \"eu-de\"\nsnapshot = \"2026-11-24\"\nlanguage = \"de\"\n";

#[tokio::test]
async fn a_report_is_in_the_registered_language_unless_another_is_asked_for() {
    let (_server, client) = server().await;
    let case = story(&client).await;
    let french = GERMAN.replace("\"de\"", "\"fr\"");
    let refused = client.preview_registry(&french).await.expect_err("no report is French");
    assert_eq!(common::wrong_fields(&refused), ["registry.profile.language"]);
    client.put_registry_in_force(GERMAN).await;
    let mut made = Vec::new();
    for which in TYPES {
        let of = |pulled: &Pulled| pulled.value()["header"]["template"]["language"].clone();
        let german = pull(&client, &case, which, &Ask::default()).await.expect("a report");
        assert_eq!(of(&german), "de", "{which:?}");
        let asked = Ask { language: "en".into(), ..Ask::default() };
        assert_eq!(of(&pull(&client, &case, which, &asked).await.expect("a report")), "en", "{which:?}");
        made.push(german);
    }
    // What was in force then decides, also when it is made again.
    client.put_registry_in_force(&GERMAN.replace("v1", "v2").replace("\"de\"", "\"en\"")).await;
    for before in made {
        let again = made_again(&client, before.produced.index).await.expect("a report");
        assert_eq!(again.json(), before.json());
    }
}

fn paths(report: &Value) -> Vec<String> {
    let changes = report["changes"].as_array().expect("it was compared").iter();
    changes.map(|change| change["path"].as_str().expect("a path").to_owned()).collect()
}

/// What one more read changes.
fn otherwise(which: v1::ReportType) -> String {
    let path = match which {
        Exposure => "totals.successes",
        Breach => "clock.unknown",
        Persons => "persons[C-1].accesses.high",
        Activity => "totals.actions.high",
        Access | v1::ReportType::Unspecified => "totals.entries",
    };
    path.to_owned()
}

#[tokio::test]
async fn every_report_says_what_is_otherwise_than_in_an_earlier_one() {
    let (_server, client) = server().await;
    let case = story(&client).await;
    let mut first = Vec::new();
    for which in TYPES {
        let pulled = pull(&client, &case, which, &Ask::default()).await.expect("a report");
        // Nothing happened but that it was pulled, which only the person's own report tells of.
        let ask = Ask { supersedes: pulled.produced.index, ..Ask::default() };
        let same = pull(&client, &case, which, &ask).await.expect("a report").value();
        assert_eq!(same["header"]["supersedes"]["report_id"], pulled.value()["header"]["report_id"]);
        // What stands open goes on, and nothing else.
        assert!(!paths(&same).contains(&otherwise(which)), "{which:?}: {:?}", paths(&same));
        first.push(pulled);
    }
    client.append(read("C-1")).await.expect("recorded");
    for (which, before) in TYPES.into_iter().zip(&first) {
        let ask = Ask { supersedes: before.produced.index, ..Ask::default() };
        let after = pull(&client, &case, which, &ask).await.expect("a report");
        let told = paths(&after.value());
        assert!(told.contains(&otherwise(which)), "{which:?}: {told:?}");
        assert!(after.html().contains("What is otherwise than in the report before"), "{which:?}");
        let again = made_again(&client, after.produced.index).await.expect("a report");
        assert_eq!(again.produced.reproduction(), v1::Reproduction::Identical, "{which:?}");
        // Of another type, and of what it cannot know.
        let other = first[(TYPES.iter().position(|it| *it == which).expect("one of them") + 1) % 5].produced.index;
        for wrong in [other, 100_000] {
            let refused = pull(&client, &case, which, &Ask { supersedes: wrong, ..Ask::default() }).await;
            assert_eq!(common::wrong_fields(&refused.err().expect("it is none")), ["supersedes"], "{which:?}");
        }
    }
}

/// What remains is compared, what is gone is counted, and nothing of it comes back.
#[tokio::test]
async fn after_an_erasure_what_remains_is_compared_and_what_is_gone_is_counted() {
    let (_server, client) = server().await;
    let case = story(&client).await;
    // One entry of both, so that also the person's own report and the agent's rest on what goes.
    let both = v1::Action { subjects: vec![subject("C-1"), subject("C-2")], ..read("C-1") };
    client.append(v1::Action { instruction: "look for C-2".into(), ..both }).await.expect("recorded");
    let mut first = Vec::new();
    for which in TYPES {
        first.push(pull(&client, &case, which, &Ask::default()).await.expect("a report"));
    }
    erase(&client, strong("customer", "C-2")).await.expect("recorded");
    run(&client).await;
    client.append(read("C-1")).await.expect("recorded");
    for (which, before) in TYPES.into_iter().zip(&first) {
        let again = made_again(&client, before.produced.index).await.expect("a report");
        let ask = Ask { supersedes: before.produced.index, ..Ask::default() };
        let after = pull(&client, &case, which, &ask).await.expect("a report");
        let report = after.value();
        let gone = &report["header"]["supersedes"]["erased"];
        match again.produced.reproduction() {
            v1::Reproduction::WithMarks => {
                let marks = again.value()["erratum"]["marks"].as_array().expect("marks").len();
                assert_eq!(gone.as_u64(), Some(marks as u64), "{which:?}");
                assert!(after.html().contains("can no longer be compared"), "{which:?}");
            }
            v1::Reproduction::Identical => assert!(gone.is_null(), "{which:?}"),
            other => panic!("{which:?}: {other:?}"),
        }
        assert!(!report.to_string().contains("C-2"), "{which:?}: {report}");
        assert!(!paths(&report).is_empty(), "{which:?}");
        let same = made_again(&client, after.produced.index).await.expect("a report");
        assert_eq!(same.produced.reproduction(), v1::Reproduction::Identical, "{which:?}");
    }
    let marked = pull(&client, &case, Exposure, &Ask { supersedes: first[1].produced.index, ..Ask::default() }).await;
    let erased = marked.expect("a report").value()["header"]["supersedes"]["erased"].as_u64();
    assert!(erased > Some(0), "the exposure rests on what was erased: {erased:?}");
}

#[tokio::test]
async fn the_ledger_signs_the_json_of_every_report_and_signs_the_same_again() {
    let (mut server, client) = server().await;
    let case = story(&client).await;
    let mut first = Vec::new();
    for which in TYPES {
        let pulled = pull(&client, &case, which, &Ask { all_formats: true, ..Ask::default() }).await.expect("a report");
        let (json, note, keys) = (pulled.json(), pulled.produced.note.as_bytes(), [pulled.key()]);
        let said = verify(json, note, &keys).expect("the ledger signed it");
        assert_eq!(said.report_id, pulled.produced.report_id);
        assert_eq!(said.report_type.code(), pulled.value()["header"]["report_type"].as_str().expect("a type"));
        assert_eq!((said.entry, said.size), (pulled.produced.index, pulled.produced.tree_size));
        assert_eq!((said.origin.as_str(), said.made), (common::ORIGIN, Made::First));
        let other = String::from_utf8(json.to_vec()).expect("text").replacen("C-1", "C-9", 1).replacen("crm", "erp", 1);
        assert_eq!(verify(other.as_bytes(), note, &keys), Err(ReportError::OtherReport), "{which:?}");
        // Pages say which JSON they were made from, and a PDF carries it with its signature.
        let digest = whosaw_verifier::hash::hex(&said.sha256);
        assert!(pulled.html().contains(&digest), "{which:?}");
        let sheets = sheets::files(&pulled.files[&v1::ReportFormat::Csv]);
        assert!(sheets.iter().any(|(_, rows)| rows.contains(&digest)), "{which:?}");
        let pdf = &pulled.files[&v1::ReportFormat::Pdf];
        assert!(pdf.windows(11).any(|window| window == b"report.note"), "{which:?}");
        first.push(pulled);
    }
    server.restart();
    let client = server.client_as("tester").await;
    for before in &first {
        let again = made_again(&client, before.produced.index).await.expect("a report");
        assert_eq!(again.produced.note, before.produced.note);
        let pdf = v1::ReportFormat::Pdf;
        assert_eq!(again.files[&pdf], before.files[&pdf], "with what is attached");
    }
    erase(&client, strong("customer", "C-2")).await.expect("recorded");
    run(&client).await;
    let exposure = &first[1];
    let again = made_again(&client, exposure.produced.index).await.expect("a report");
    let keys = [exposure.key()];
    let said = verify(again.json(), again.produced.note.as_bytes(), &keys).expect("the ledger signed it");
    assert_eq!(said.made, Made::Again, "it is another text than was recorded, and says so");
    assert!(verify(again.json(), exposure.produced.note.as_bytes(), &keys).is_err());
}

/// What an auditor types.
#[tokio::test]
async fn a_report_is_checked_by_the_files_that_the_command_line_writes() {
    let (server, client) = server().await;
    story(&client).await;
    let out = tempfile::tempdir().expect("a directory");
    let mut command = server.client_command(&["report", "exposure", "--resource", "crm", "--format", "json"]);
    common::run(command.arg("--out").arg(out.path()), 0);
    let file = |ending: &str| {
        let files = std::fs::read_dir(out.path()).expect("a directory").flatten().map(|file| file.path());
        files.into_iter().find(|path| path.extension().is_some_and(|it| it == ending)).expect("it was written")
    };
    let (json, note) = (file("json"), file("note"));
    assert_eq!(json.file_stem(), note.file_stem());
    let report: Value = serde_json::from_slice(&std::fs::read(&json).expect("readable")).expect("JSON");
    let key = report["header"]["as_known_at"]["verifier_key"].as_str().expect("a key");
    let Some(mut verify) = common::whosaw_verify() else { return };
    let said = common::run(verify.arg("report").args([&json, &note]).args(["--vkey", key]), 0);
    assert!(said.out.contains("HOLDS: the ledger's key signed exactly this JSON"), "{}", said.out);
    std::fs::write(&json, b"{}").expect("written");
    let mut verify = common::whosaw_verify().expect("it is there");
    let said = common::run(verify.arg("report").args([&json, &note]).args(["--vkey", key]), 1);
    assert!(said.out.contains("DOES NOT HOLD"), "{}", said.out);
}
