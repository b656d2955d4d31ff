//! The breach file and the persons concerned, made of the incident: what the ledger answers by itself, what only a person can,
//! and what late facts change of what was submitted.

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod common;

#[path = "../common/sheets.rs"]
#[allow(dead_code, reason = "workbooks are looked into elsewhere")]
mod sheets;

mod answers;
mod erasure;
mod persons;
mod phases;
mod reach;
mod register;
mod signed;
mod standing;

use common::*;
use serde_json::{Value, json};
use std::path::Path;

const RESOURCE: &str = "crm/customer-export";
const DANA: [&str; 2] = ["--by", "staff=dana"];

fn incident() -> TestServer {
    let server = TestServer::new();
    run(server.client_command(&["append"]).arg("reports/incident/incident.toml"), 0);
    server
}

fn breach(server: &TestServer, words: &[&str]) -> Said {
    run(server.client_command(&["breach"]).args(words), 0)
}

fn opened(server: &TestServer, resource: &str) -> String {
    let said = breach(server, &["open", "--resource", resource, "--reference", "I-7"]).out;
    said.split_whitespace().skip_while(|word| *word != "case").nth(1).expect("an id").to_owned()
}

/// The files of a report by their endings, and the entry that records it.
fn report(server: &TestServer, words: &[&str]) -> (Vec<(String, Vec<u8>)>, u64) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let said = run(server.client_command(&["report"]).args(words).args(["--json", "--out"]).arg(directory.path()), 0);
    let told: Value = serde_json::from_str(&said.out).expect("one line of JSON");
    let index = told["index"].to_string().trim_matches('"').parse().expect("an entry");
    let read = |path: &Value| {
        let path = Path::new(path.as_str().expect("a path"));
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read(path).expect("a file"))
    };
    (told["files"].as_array().expect("files").iter().map(read).collect(), index)
}

fn json_of(files: &[(String, Vec<u8>)]) -> Value {
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with(".json")).expect("a JSON file");
    serde_json::from_slice(bytes).expect("JSON")
}

fn file(server: &TestServer, case: &str) -> (Value, u64) {
    let (files, index) = report(server, &["breach", case, "--format", "json"]);
    (json_of(&files), index)
}

fn field(report: &Value, number: u64) -> &Value {
    let fields = report["fields"].as_array().expect("fields");
    fields.iter().find(|field| field["number"] == number).expect("the field is there")
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|value| value.as_str().expect("text").to_owned()).collect()
}

/// What stands as the answer; where nobody answered, what the ledger proposes.
fn values(report: &Value, number: u64) -> Vec<String> {
    let field = field(report, number);
    let answered = texts(&field["values"]);
    if answered.is_empty() { texts(&field["ledger_values"]) } else { answered }
}

/// One action, recorded, at a time of the day or nobody knows when; `with` are further members of its JSON.
fn act(server: &TestServer, verb: &str, at: &str, with: &str) {
    act_on(server, RESOURCE, verb, at, with);
}

fn act_on(server: &TestServer, resource: &str, verb: &str, at: &str, with: &str) {
    let when = if at.is_empty() { String::new() } else { format!(r#","at":"2026-03-10T{at}:00Z","clock":"gateway""#) };
    let text = format!(r#"{{"verb":"{verb}","outcome":"succeeded"{when},"dataset":"{resource}"{with}}}"#);
    let path = server.place.join("act.jsonl");
    std::fs::write(&path, text).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&path), 0);
}

const DENIED: &str = r#","policy":{"id":"p","decision":"deny"},"actors":[{"kind":"agent","name":"helper"}]"#;

fn grant(edge: &str, to: &str) -> String {
    let fact = format!(r#"{{"kind":"grant","edge":"{edge}","resource":"{RESOURCE}",{to}}}"#);
    format!(r#","determination":"nobody"{DENIED},"facts":[{fact}]"#)
}

/// Puts a registry in force.
fn registry(server: &TestServer, text: &str) {
    let path = server.place.join("registry.toml");
    std::fs::write(&path, text).expect("a file can be written");
    run(server.client_command(&["registry", "apply"]).arg(&path).arg("--yes"), 0);
}

fn aware(server: &TestServer, case: &str, at: &str) {
    breach(server, &["aware", case, "--at", at, DANA[0], DANA[1]]);
}

/// One more engineer opens the file, which was told of late; the same three people are in it.
const LATE_READ: &str = r#","determination":"listed","actors":[{"kind":"human","identities":[{"namespace":"staff","fields":["farid"],"strength":"strong"}]}],"subjects":[{"kind":"customer","identities":[{"namespace":"customer","fields":["C-1002"],"strength":"strong"}],"categories":[{"direction":"rendered","categories":["contact"],"rendered_to":[{"actor":0}]}]}]"#;

const REGISTRY: &str = r#"
version = "forms"
[controller]
name = "Meridian"
contact = "privacy@meridian.example"
country = "DE"
[dpo]
name = "Dr. Ada Beispiel"
contact = "dpo@meridian.example"
[authority]
name = "Die Aufsicht"
[notification]
identifier_kind = "company"
identifier = "HRB 1"
sector = "private"
size = "large"
reporter = { name = "Dana", contact = "dana@meridian.example", function = "legal_representative" }
measures = ["encryption", "training"]
cross_border = true
establishments = ["DE", "LU", "US"]
[[parties]]
name = "model-vendor.example"
role = "processor"
country = "US"
address = "1 Model Way"
contact = "dpo@model-vendor.example"
[[resources]]
name = "crm/customer-export"
location = "Dublin"
subject_countries = ["DE"]
subject_language = "de"
subjects_vulnerable = false
"#;

#[test]
fn a_report_is_rendered_from_its_own_json_alone_and_says_what_is_missing() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let (files, _) = report(&server, &["breach", &case]);
    // With the note.
    assert_eq!(files.len(), 6);
    assert!(files.iter().all(|(name, _)| name.starts_with("breach-")));
    let of = |ending: &str| &files.iter().find(|(name, _)| name.ends_with(ending)).expect("a file").1;
    let html = String::from_utf8_lossy(of(".html")).into_owned();
    for words in [
        "Nobody has stated yet",
        "proposed by the ledger: n  incorrect access permissions",
        "no answer yet",
        "NOT PROVIDED",
    ] {
        assert!(html.contains(words), "{words:?} is not on the page");
    }
    let (_, page) = html.split_once("</style>").expect("a page");
    assert!(!page.contains('{'), "every placeholder is filled in: {:?}", page.find('{').map(|at| &page[at..at + 60]));
    assert!(of(".pdf").starts_with(b"%PDF-"));
    let again = whosaw::report::render_json(of(".json"), &[whosaw::report::Format::Html]).expect("it renders");
    assert!(again[0].bytes == *of(".html"), "the page says what the JSON says");
}

#[test]
fn bad_questions_are_told_by_field_and_leave_no_entry() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let refused = |words: &[&str], told: &str| {
        let said = run(&mut server.client_command(words), 1);
        assert!(said.err.contains(told), "{}", said.err);
    };
    let (_, before) = file(&server, &case);
    refused(&["report", "breach", "seven"], "case_id is no UUID");
    refused(&["report", "breach", "07070707-0707-0707-0707-070707070707"], "knew no case of this id");
    refused(&["report", "persons", &case, "--at-size", "3"], "knew no case of this id at this size");
    refused(&["report", "breach", &case, "--cut-off", "2100-01-01T00:00:00Z"], "cut_off");
    // A report on another case, and one that does not describe a breach, are no submission of this one.
    let other = opened(&server, RESOURCE);
    let at = [DANA[0], DANA[1], "--report"];
    breach(&server, &["aware", &other, "--at", "2026-03-11T08:00:00Z", DANA[0], DANA[1]]);
    let submit = |entry: &str| [&["breach", "submit", &other][..], &at, &[entry]].concat().join("\u{1f}");
    let words = submit(&before.to_string());
    refused(&words.split('\u{1f}').collect::<Vec<_>>(), "report is a report of another type, or on another case");
    let (_, after) = file(&server, &case);
    assert_eq!(after, before + 3, "the other case, its awareness, and this report");
}
