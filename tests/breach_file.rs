//! The breach file and the persons concerned, made of the incident: what the ledger answers by itself, what only a person can,
//! and what late facts change of what was submitted.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

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

fn values(report: &Value, number: u64) -> Vec<String> {
    let values = field(report, number)["values"].as_array().expect("values");
    values.iter().map(|value| value.as_str().expect("text").to_owned()).collect()
}

/// REPORTS 1.4 on the incident: an interval, confidentiality, wrong permissions, internal and not malicious.
#[test]
fn the_ledger_answers_the_incidents_form_as_far_as_it_can() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let (report, _) = file(&server, &case);
    for (number, expected, state) in [
        (7, &["I-7"][..], "ledger"),
        (38, &["a"], "ledger"),
        (40, &["model-vendor.example"], "ledger"),
        (44, &["b"], "ledger"),
        (46, &["2026-03-10T09:20:00.000000Z"], "ledger"),
        (47, &["2026-03-10T11:20:00.000000Z"], "ledger"),
        (55, &["a"], "proposed"),
        (56, &["a"], "proposed"),
        (60, &["n"], "proposed"),
        (61, &["a"], "proposed"),
        (63, &[RESOURCE], "ledger"),
        (65, &["a"], "ledger"),
        (67, &["a"], "ledger"),
        (68, &["3"], "ledger"),
        (70, &["b", "n", "q"], "ledger"),
    ] {
        assert_eq!(values(&report, number), expected, "field {number}");
        assert_eq!(field(&report, number)["state"], state, "field {number}");
    }
    assert!(!field(&report, 46)["entries"].as_array().expect("entries").is_empty(), "shown by entries");
    for (number, state) in [(48, "not_provided"), (62, "not_provided"), (12, "not_provided"), (57, "not_provided")] {
        assert_eq!(field(&report, number)["state"], state, "field {number}");
    }
    // What only other answers would show is hidden, and does not count as missing.
    for number in [5, 49, 52, 58, 81, 83, 98, 116] {
        assert_eq!(field(&report, number)["state"], "hidden", "field {number}");
        assert_eq!(field(&report, number)["required"], false, "field {number}");
    }
    let totals = &report["totals"];
    let sum: u64 = ["provided", "to_confirm", "not_provided"].iter().filter_map(|key| totals[key].as_u64()).sum();
    assert_eq!(Some(sum), totals["required"].as_u64());
    let fields = report["fields"].as_array().expect("fields");
    assert_eq!(fields.len(), 100);
    let missing = fields.iter().filter(|field| field["required"] == true && field["values"] == json!([])).count();
    assert_eq!(totals["not_provided"], missing);
    let todo = report["todo"].as_array().expect("a list");
    let todo: Vec<(u64, &str)> =
        todo.iter().filter_map(|todo| Some((todo["field"].as_u64()?, todo["what"].as_str()?))).collect();
    for expected in [(12, "register"), (48, "answer"), (55, "confirm"), (62, "answer")] {
        assert!(todo.contains(&expected), "{expected:?} is not in {todo:?}");
    }
    assert_eq!(report["case"]["deadline"], Value::Null);
}

#[test]
fn a_persons_answers_stand_beside_the_ledgers_and_what_the_record_rules_out_is_not_taken() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    breach(&server, &["aware", &case, "--at", "2026-03-11T08:00:00Z", DANA[0], DANA[1]]);
    let set = ["--set", "55=a", "--set", "56=c", "--set", "60=m", "--set", "62=as told", "--set", "68=4"];
    breach(&server, &[&["answer", &case][..], &set, &DANA].concat());
    let (report, _) = file(&server, &case);
    let state = |number: u64| field(&report, number)["state"].as_str().expect("a state").to_owned();
    assert_eq!(state(55), "confirmed");
    // Case 33's other half: somebody got data without authority, so "not disclosed" cannot be said.
    assert_eq!((state(56).as_str(), values(&report, 56)), ("refused", vec!["a".to_owned()]));
    assert_eq!(field(&report, 56)["refused_values"], json!(["c"]));
    assert_eq!((state(60).as_str(), values(&report, 60)), ("differs", vec!["m".to_owned()]));
    assert_eq!(field(&report, 60)["ledger_values"], json!(["n"]));
    assert_eq!((state(62).as_str(), state(68).as_str()), ("person", "differs"));
    assert!(field(&report, 62)["answered_in"].as_u64() > Some(0));
    assert_eq!(values(&report, 48), ["2026-03-11T08:00:00.000000Z"]);
    let deadline = &report["case"]["deadline"];
    assert_eq!(deadline["strict"], "2026-03-14T08:00:00.000000Z");
    assert_eq!(deadline["is_default"], true);
    assert_eq!(report["case"]["aware"]["by"][0]["fields"][0], "dana");
}

/// Case 33: without complete logging "not disclosed" cannot be said, whatever a person answers.
#[test]
fn not_disclosed_needs_logging_that_was_complete() {
    let server = TestServer::new();
    run(&mut server.client_command(&["names", "add", "dataset", RESOURCE]), 0);
    let grant = format!(
        r#"{{"verb":"access.grant","outcome":"succeeded","at":"2026-03-10T09:00:00Z","clock":"gateway","determination":"nobody","policy":{{"id":"p","decision":"deny"}},"actors":[{{"kind":"agent","name":"helper"}}],"facts":[{{"kind":"grant","edge":"open","resource":"{RESOURCE}","party":"group","name":"eng"}}]}}"#
    );
    let path = server.place.join("grant.jsonl");
    std::fs::write(&path, grant).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&path), 0);
    let case = opened(&server, RESOURCE);
    let answers = ["--set", "4=b", "--set", "56=c"];
    breach(&server, &[&["answer", &case][..], &answers, &DANA].concat());
    let (report, _) = file(&server, &case);
    assert_eq!((values(&report, 44), values(&report, 47)), (vec!["c".to_owned()], vec![]), "case 4: ongoing, no end");
    assert_eq!(field(&report, 47)["state"], "hidden");
    assert_eq!(field(&report, 56)["state"], "refused");
    assert_eq!(values(&report, 56), Vec::<String>::new());
    assert!(report["todo"].as_array().expect("a list").contains(&json!({"field": 56, "what": "replace"})));
    // Case 31: nobody said what was inside, so the number is to be determined while the form is incomplete, and never 0.
    assert_eq!((values(&report, 67), field(&report, 68)["state"].as_str()), (vec!["d".to_owned()], Some("hidden")));
    breach(&server, &[&["answer", &case, "--set", "4=a"][..], &DANA].concat());
    assert_eq!(values(&file(&server, &case).0, 67), ["c"], "complete: it cannot be determined");
}

/// Case 38: nobody saw anything, and it is a breach all the same.
#[test]
fn a_deletion_without_authority_is_a_breach_of_availability() {
    let server = TestServer::new();
    run(&mut server.client_command(&["names", "add", "dataset", "mail/inbox"]), 0);
    let loss = |until: &str| {
        format!(
            r#"{{"verb":"data.delete","outcome":"succeeded","at":"2026-03-10T09:00:00Z","clock":"gateway","dataset":"mail/inbox","determination":"nobody","policy":{{"id":"p","decision":"deny"}},"actors":[{{"kind":"agent","name":"helper"}}],"facts":[{{"kind":"loss","edge":"open","resource":"mail/inbox"{until}}}]}}"#
        )
    };
    let path = server.place.join("loss.jsonl");
    std::fs::write(&path, loss(r#","recoverable_until":"2100-01-01T00:00:00Z""#)).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&path), 0);
    let case = opened(&server, "mail/inbox");
    let (report, _) = file(&server, &case);
    let form = |report: &Value| [44, 55, 59, 60, 61].map(|number| values(report, number).concat());
    assert_eq!(form(&report), ["a", "c", "a", "p", "a"]);
    assert_eq!(field(&report, 56)["state"], "hidden", "no confidentiality was breached");
    assert_eq!(field(&report, 83)["required"], true, "consequences hang on availability");
    std::fs::write(&path, loss("")).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&path), 0);
    assert_eq!(form(&file(&server, &case).0), ["a", "c", "b", "p", "a"], "what cannot be recovered is gone for good");
}

/// One action, recorded, at a time of the day or nobody knows when; `with` are further members of its JSON.
fn act(server: &TestServer, verb: &str, at: &str, with: &str) {
    let when = if at.is_empty() { String::new() } else { format!(r#","at":"2026-03-10T{at}:00Z","clock":"gateway""#) };
    let text = format!(r#"{{"verb":"{verb}","outcome":"succeeded"{when},"dataset":"{RESOURCE}"{with}}}"#);
    let path = server.place.join("act.jsonl");
    std::fs::write(&path, text).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&path), 0);
}

const DENIED: &str = r#","policy":{"id":"p","decision":"deny"},"actors":[{"kind":"agent","name":"helper"}]"#;

fn grant(edge: &str, to: &str) -> String {
    let fact = format!(r#"{{"kind":"grant","edge":"{edge}","resource":"{RESOURCE}",{to}}}"#);
    format!(r#","determination":"nobody"{DENIED},"facts":[{fact}]"#)
}

#[test]
fn a_link_that_anybody_had_is_an_unintended_publication() {
    let server = TestServer::new();
    act(&server, "access.grant", "09:00", &grant("open", r#""party":"public""#));
    act(&server, "access.revoke", "11:00", &grant("close", r#""party":"public""#));
    let case = opened(&server, RESOURCE);
    let (report, _) = file(&server, &case);
    assert_eq!([44, 55, 60, 61].map(|number| values(&report, number).concat()), ["b", "a", "v", "a"]);
    assert_eq!(report["figure_confidentiality"], 50, "nobody knows who had the link");
    let contained = values(&report, 92).concat();
    assert!(contained.contains("2026-03-10 11:00:00 UTC") && contained.contains(RESOURCE), "{contained}");
}

/// The other half of case 33: it stood open, nobody is recorded as having come, and logging was complete.
#[test]
fn not_disclosed_is_proposed_where_logging_was_complete_and_a_person_confirms_it() {
    let server = TestServer::new();
    for words in [["dataset", RESOURCE], ["source", "proxy"]] {
        run(server.client_command(&["names", "add"]).args(words), 0);
    }
    let logs = r#","determination":"nobody","actors":[{"kind":"agent","name":"proxy"}],"facts":[{"kind":"coverage","edge":"open","coverage":"complete","source":"proxy"}]"#;
    act(&server, "coverage.start", "00:00", logs);
    act(&server, "access.grant", "09:00", &grant("open", r#""party":"group","name":"eng""#));
    let case = opened(&server, RESOURCE);
    let (report, _) = file(&server, &case);
    assert_eq!((values(&report, 56), field(&report, 56)["state"].as_str()), (vec!["c".to_owned()], Some("proposed")));
    breach(&server, &[&["answer", &case, "--set", "56=c"][..], &DANA].concat());
    assert_eq!(field(&file(&server, &case).0, 56)["state"], "confirmed");
    act(&server, "coverage.stop", "09:40", &logs.replace("complete", "down"));
    assert_eq!(field(&file(&server, &case).0, 56)["state"], "refused", "a gap came to light");
}

/// Whoever closed it did not say when: it may have been before it was opened again, so nobody knows when it ended.
#[test]
fn an_unknown_end_is_neither_an_end_nor_ongoing() {
    let server = TestServer::new();
    let eng = r#""party":"group","name":"eng""#;
    act(&server, "access.grant", "09:00", &grant("open", eng));
    act(&server, "access.revoke", "", &grant("close", eng));
    let case = opened(&server, RESOURCE);
    let (report, _) = file(&server, &case);
    assert_eq!((values(&report, 44), field(&report, 47)["state"].as_str()), (vec!["d".to_owned()], Some("hidden")));
    breach(&server, &[&["answer", &case, "--set", "4=b"][..], &DANA].concat());
    assert_eq!(values(&file(&server, &case).0, 44), ["e"], "to be determined, while the form is incomplete");
}

#[test]
fn what_was_sent_to_a_stranger_happened_on_a_day_and_its_records_are_counted_once() {
    let server = TestServer::new();
    let sent = |records: &str| {
        format!(
            r#","determination":"listed"{DENIED},"recipients":[{{"kind":"unauthorised_person","party":"human","identities":[{{"namespace":"email","fields":["x@example.org"],"strength":"strong"}}]}}],"subjects":[{{"kind":"patient","identities":[{{"namespace":"customer","fields":["anna"],"strength":"strong"}}],"categories":[{{"direction":"argument","categories":["health"]}}]}}]{records}"#
        )
    };
    act(&server, "data.send", "09:00", &sent(r#","records_delivered":{"precision":"exact","count":2}"#));
    let case = opened(&server, RESOURCE);
    let form = |numbers: &[u64]| {
        let (report, _) = file(&server, &case);
        numbers.iter().map(|number| values(&report, *number).concat()).collect::<Vec<_>>()
    };
    assert_eq!(form(&[44, 45, 55, 56, 60, 70, 72, 73]), ["a", "no", "a", "a", "r", "k", "a", "2"]);
    // Two acts may have moved the same records: at most so many.
    act(&server, "data.send", "10:00", &sent(r#","records_delivered":{"precision":"exact","count":3}"#));
    assert_eq!(
        form(&[44, 46, 47, 72, 73]),
        ["a", "2026-03-10T09:00:00.000000Z", "2026-03-10T10:00:00.000000Z", "b", "5"]
    );
    act(&server, "data.send", "10:30", &sent(""));
    assert_eq!(form(&[72, 73]), ["c", ""], "one of them does not say how many");
}

/// Case 26: what was submitted is held against what became known since.
#[test]
fn late_facts_that_change_a_submitted_answer_ask_for_a_follow_up() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    breach(&server, &["aware", &case, "--at", "2026-03-11T08:00:00Z", DANA[0], DANA[1]]);
    let (files, entry) = report(&server, &["breach", &case]);
    let submit =
        ["submit", &case, "--at", "2026-03-12T09:00:00Z", "--report", &entry.to_string(), "--reference", "LDA-1"];
    breach(&server, &[&submit[..], &DANA].concat());
    let (now, _) = file(&server, &case);
    let phase = &now["phases"][0];
    assert_eq!(phase["follow_up_needed"], false, "{phase}");
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with(".json")).expect("a JSON file");
    let digest = whosaw_verifier::hash::hex(&whosaw_verifier::hash::sha256(&[bytes]));
    assert_eq!(phase["report"], digest, "what was submitted is what was made");
    let text = now["answer"]["text"].as_str().expect("a sentence");
    assert!(text.starts_with("The authority was notified before 2026-03-14 08:00:00 UTC"), "{text}");
    assert_eq!((values(&now, 3), values(&now, 6)), (vec!["b".to_owned()], vec!["LDA-1".to_owned()]));
    // A fourth person turns out to have been inside.
    let late = format!(
        r#"{{"verb":"data.view","outcome":"succeeded","at":"2026-03-10T10:00:00Z","clock":"gateway","dataset":"{RESOURCE}","determination":"listed","actors":[{{"kind":"human","identities":[{{"namespace":"staff","fields":["grace"],"strength":"strong"}}]}}],"subjects":[{{"kind":"customer","identities":[{{"namespace":"customer","fields":["C-1004"],"strength":"strong"}}],"categories":[{{"direction":"rendered","categories":["health"],"rendered_to":[{{"actor":0}}]}}]}}]}}"#
    );
    let path = server.place.join("late.jsonl");
    std::fs::write(&path, late).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&path), 0);
    let (now, _) = file(&server, &case);
    let phase = &now["phases"][0];
    assert_eq!(phase["follow_up_needed"], true);
    let changes = phase["changes"].as_array().expect("changes");
    let of = |number: u64| changes.iter().find(|change| change["field"] == number).unwrap_or(&Value::Null);
    assert_eq!(of(70)["then"], json!(["b", "n", "q"]));
    assert_eq!(of(70)["now"], json!(["b", "k", "n", "q"]));
    assert_eq!(of(3), &Value::Null, "that it is a follow-up now is no change of the breach");
    // The file that was submitted is still made to the byte.
    let (again, _) = report(&server, &["again", &entry.to_string()]);
    assert!(again == files, "made again");
}

#[test]
fn a_report_is_rendered_from_its_own_json_alone_and_says_what_is_missing() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let (files, _) = report(&server, &["breach", &case]);
    assert_eq!(files.len(), 5);
    assert!(files.iter().all(|(name, _)| name.starts_with("breach-")));
    let of = |ending: &str| &files.iter().find(|(name, _)| name.ends_with(ending)).expect("a file").1;
    let html = String::from_utf8_lossy(of(".html")).into_owned();
    for words in ["Nobody has stated yet", "n  incorrect access permissions", "proposed by the ledger", "NOT PROVIDED"]
    {
        assert!(html.contains(words), "{words:?} is not on the page");
    }
    let (_, page) = html.split_once("</style>").expect("a page");
    assert!(!page.contains('{'), "every placeholder is filled in: {:?}", page.find('{').map(|at| &page[at..at + 60]));
    assert!(of(".pdf").starts_with(b"%PDF-"));
    let again = whosaw::report::render_json(of(".json"), &[whosaw::report::Format::Html]).expect("it renders");
    assert!(again[0].bytes == *of(".html"), "the page says what the JSON says");
}

#[test]
fn everybody_concerned_is_listed_with_what_was_seen_and_what_they_were_told() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let how = ["--channel", "individual", "--at", "2026-03-13T09:00:00Z"];
    let tell = |words: &[&str]| breach(&server, &[&["tell", &case][..], words].concat());
    tell(&[&["--to", "customer=C-1001", "--delivery", "delivered"][..], &how].concat());
    tell(&[&["--to", "customer=C-1002", "--delivery", "failed", "--statement", "address unknown"][..], &how].concat());
    tell(&[&["--to", "customer=C-9999", "--delivery", "delivered"][..], &how].concat());
    let public = ["--channel", "public", "--delivery", "delivered", "--at", "2026-03-14T09:00:00Z"];
    tell(&public);
    let (files, entry) = report(&server, &["persons", &case]);
    let list = json_of(&files);
    let of = |customer: &str| {
        let persons = list["persons"].as_array().expect("persons");
        let is = |person: &&Value| {
            let identities = person["identities"].as_array().expect("identities");
            identities.iter().any(|identity| identity["fields"][0] == customer)
        };
        persons.iter().find(is).unwrap_or_else(|| panic!("{customer} is listed"))
    };
    assert_eq!(list["persons"].as_array().map(Vec::len), Some(3));
    assert_eq!((&of("C-1001")["seen"], &of("C-1001")["notice"]), (&json!("accessed"), &json!("told")));
    assert_eq!(of("C-1002")["notice"], "could_not_be_told");
    assert_eq!(of("C-1002")["told"][0]["statement"], "address unknown");
    assert_eq!(of("C-1003")["notice"], "not_told");
    let window = &of("C-1003")["windows"][0];
    assert_eq!(
        (&window["from"], &window["until"]),
        (&json!("2026-03-10T09:20:00.000000Z"), &json!("2026-03-10T11:20:00.000000Z"))
    );
    assert_eq!(list["others_told"][0]["identities"][0]["fields"][0], "C-9999");
    let totals = &list["totals"];
    assert_eq!(list["public"][0]["channel"], "public", "by which nobody is counted as told");
    assert_eq!((&totals["told"], &totals["could_not_be_told"], &totals["not_told"]), (&json!(1), &json!(1), &json!(1)));
    // Told by another identifier of the same person.
    run(
        &mut server.client_command(&[
            "person",
            "link",
            "email=three@mail.example",
            "customer=C-1003",
            "--statement",
            "by phone",
        ]),
        0,
    );
    tell(&[&["--to", "email=three@mail.example", "--delivery", "delivered"][..], &how].concat());
    let (now, _) = report(&server, &["persons", &case]);
    assert_eq!(json_of(&now)["totals"]["told"], 2);
    // So the form knows how and when they were told.
    breach(&server, &[&["answer", &case, "--set", "97=a"][..], &DANA].concat());
    let (form, _) = file(&server, &case);
    assert_eq!(values(&form, 104), ["a", "b"]);
    assert_eq!(list["answer"]["text"], "Concerned: 3 people. Told: 1. Not told: 2.");
    assert_eq!((values(&form, 98), values(&form, 102)), (vec!["2026-03-13".to_owned()], vec![]));
    assert_eq!(field(&form, 102)["state"], "not_provided", "whom the public one reached a person has to say");
    breach(&server, &[&["answer", &case, "--set", "102=b"][..], &DANA].concat());
    let (form, _) = file(&server, &case);
    assert_eq!((&field(&form, 103)["required"], &field(&form, 103)["state"]), (&json!(true), &json!("not_provided")));
    let (again, _) = report(&server, &["again", &entry.to_string()]);
    assert!(again == files, "made again");
    let html = String::from_utf8_lossy(&files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page").1)
        .into_owned();
    let (_, page) = html.split_once("</style>").expect("a page");
    assert!(page.contains("address unknown") && page.contains("C-1003") && !page.contains('{'));
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
    let at = ["--at", "2026-03-12T09:00:00Z", DANA[0], DANA[1], "--report"];
    let submit = |entry: &str| [&["breach", "submit", &other][..], &at, &[entry]].concat().join("\u{1f}");
    let words = submit(&before.to_string());
    refused(&words.split('\u{1f}').collect::<Vec<_>>(), "report is a report of another type, or on another case");
    let (_, after) = file(&server, &case);
    assert_eq!(after, before + 2, "the other case, and this report");
}
