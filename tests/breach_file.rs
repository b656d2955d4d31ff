//! The breach file and the persons concerned, made of the incident: what the ledger answers by itself, what only a person can,
//! and what late facts change of what was submitted.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

#[path = "common/sheets.rs"]
#[allow(dead_code, reason = "workbooks are looked into elsewhere")]
mod sheets;

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
        (57, &["c"], "proposed"),
        (63, &["crm/customer-export: place NOT PROVIDED"], "ledger"),
        (72, &["c"], "ledger"),
        (65, &["a"], "ledger"),
        (67, &["a"], "ledger"),
        (68, &["3"], "ledger"),
        (70, &["b", "n", "q"], "ledger"),
    ] {
        assert_eq!(values(&report, number), expected, "field {number}");
        assert_eq!(field(&report, number)["state"], state, "field {number}");
    }
    assert!(!field(&report, 46)["entries"].as_array().expect("entries").is_empty(), "shown by entries");
    for number in [67, 68, 70] {
        assert_ne!(field(&report, number)["entries"], json!([]), "shown by entries: field {number}");
    }
    for number in [12, 21, 41, 48, 62, 75] {
        assert_eq!(field(&report, number)["state"], "not_provided", "field {number}");
    }
    // What is only proposed is no answer.
    for number in [55, 56, 57, 60, 61] {
        assert_eq!(field(&report, number)["values"], json!([]), "field {number}");
        assert_ne!(field(&report, number)["ledger_values"], json!([]), "field {number}");
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
    let empty = |field: &&Value| field["values"] == json!([]) && field["ledger_values"] == json!([]);
    let missing = fields.iter().filter(|field| field["required"] == true).filter(empty).count();
    assert_eq!(totals["not_provided"], missing);
    let todo = report["todo"].as_array().expect("a list");
    let todo: Vec<(u64, &str)> =
        todo.iter().filter_map(|todo| Some((todo["field"].as_u64()?, todo["what"].as_str()?))).collect();
    for expected in [
        (12, "register"),
        (21, "register"),
        (48, "answer"),
        (55, "confirm"),
        (62, "answer"),
        (63, "register"),
        (75, "register"),
    ] {
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
    assert_eq!(
        form(&file(&server, &case).0),
        ["a", "c", "c", "p", "a"],
        "nobody said whether the second can be had back"
    );
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
fn what_was_sent_to_a_stranger_is_with_them_until_it_is_removed_and_its_records_are_counted_once() {
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
    assert_eq!(form(&[44, 45, 47, 55, 56, 60, 70, 72, 73]), ["c", "no", "", "a", "a", "r", "k", "a", "2"]);
    let events = form(&[53]).concat();
    assert!(events.contains("2026-03-10 09:00:00 UTC") && events.contains(RESOURCE), "{events}");
    // Two acts may have moved the same records: at most so many.
    act(&server, "data.send", "10:00", &sent(r#","records_delivered":{"precision":"exact","count":3}"#));
    assert_eq!(form(&[44, 46, 47, 72, 73]), ["c", "2026-03-10T09:00:00.000000Z", "", "b", "5"]);
    act(&server, "data.send", "10:30", &sent(""));
    assert_eq!(form(&[72, 73]), ["c", ""], "one of them does not say how many");
    let stranger =
        r#""party":"human","identities":[{"namespace":"email","fields":["x@example.org"],"strength":"strong"}]"#;
    let gone = format!(r#"{{"kind":"holding","edge":"close","resource":"{RESOURCE}",{stranger}}}"#);
    act(&server, "data.erase", "11:00", &format!(r#","determination":"nobody"{DENIED},"facts":[{gone}]"#));
    assert_eq!(form(&[44, 45, 47]), ["b", "no", "2026-03-10T11:00:00.000000Z"]);
    assert!(form(&[92]).concat().contains("2026-03-10 11:00:00 UTC"), "that it was removed there contains it");
}

/// Nobody knows when it was removed there: that it is ongoing is not known either.
#[test]
fn a_group_has_what_it_was_sent_without_authority() {
    let server = TestServer::new();
    let sent = format!(
        r#","determination":"listed"{DENIED},"recipients":[{{"kind":"unauthorised_person","party":"group","name":"eng"}}],"subjects":[{{"identities":[{{"namespace":"customer","fields":["anna"],"strength":"strong"}}],"categories":[{{"direction":"argument","categories":["contact"]}}]}}]"#
    );
    act(&server, "data.send", "09:00", &sent);
    let case = opened(&server, RESOURCE);
    let form = || {
        let (report, _) = file(&server, &case);
        ([44, 47].map(|number| values(&report, number).concat()), report["figure_confidentiality"].clone())
    };
    assert_eq!(form(), (["c", ""].map(str::to_owned), json!(50)), "nobody of the group is on file");
    let gone = format!(r#"{{"kind":"holding","edge":"close","resource":"{RESOURCE}","party":"group","name":"eng"}}"#);
    act(&server, "data.erase", "", &format!(r#","determination":"nobody"{DENIED},"facts":[{gone}]"#));
    assert_eq!(form().0, ["d", ""]);
}

/// Others may be in a group that was sent something, of whom nothing tells, unless the feed of its members covered the time.
#[test]
fn the_members_of_a_group_are_all_known_where_its_feed_covered_the_time() {
    for (feed, uncountable) in [("feed = \"directory\"\n", false), ("", true)] {
        let server = TestServer::new();
        registry(&server, &format!("version = \"r1\"\n[[groups]]\nname = \"eng\"\n{feed}"));
        let by_feed = r#","determination":"nobody","actors":[{"kind":"agent","name":"directory"}]"#;
        let logs = r#","facts":[{"kind":"coverage","edge":"open","coverage":"complete","source":"directory"}]"#;
        act(&server, "coverage.start", "00:00", &format!("{by_feed}{logs}"));
        let member = r#""party":"human","identities":[{"namespace":"staff","fields":["e1"],"strength":"strong"}]"#;
        let joins = format!(r#","facts":[{{"kind":"membership","edge":"open","resource":"eng",{member}}}]"#);
        act(&server, "group.join", "06:00", &format!("{by_feed}{joins}"));
        let sent = r#","recipients":[{"kind":"unauthorised_person","party":"group","name":"eng"}]"#;
        act(&server, "data.send", "09:00", &format!(r#","determination":"undetermined"{DENIED}{sent}"#));
        let (files, _) = report(&server, &["exposure", "--resource", RESOURCE, "--format", "json"]);
        let totals = &json_of(&files)["totals"];
        assert_eq!((&totals["people_given"]["high"], &totals["uncountable"]), (&json!(1), &json!(uncountable)));
    }
}

/// Case 31 and the rule for counts without ids: that number, approximate, and never 0.
#[test]
fn what_was_counted_and_not_listed_is_that_number() {
    let server = TestServer::new();
    let reader = r#""party":"human","identities":[{"namespace":"staff","fields":["e1"],"strength":"strong"}]"#;
    act(&server, "access.grant", "08:00", &grant("open", reader));
    let read = |counts: &str| format!(r#","determination":"undetermined"{DENIED}{counts}"#);
    act(&server, "data.read", "09:30", &read(r#","records_delivered":{"precision":"exact","count":10000}"#));
    let case = opened(&server, RESOURCE);
    let form = || {
        let (report, _) = file(&server, &case);
        [67, 68, 72, 73].map(|number| values(&report, number).concat())
    };
    assert_eq!(form(), ["c", "", "b", "10000"], "how many records, and not whose");
    let server = TestServer::new();
    act(&server, "access.grant", "08:00", &grant("open", reader));
    let counts = r#","records_delivered":{"precision":"exact","count":700},"subjects_delivered":{"precision":"exact","count":500}"#;
    act(&server, "data.read", "09:30", &read(counts));
    let case = opened(&server, RESOURCE);
    let (report_of_it, _) = file(&server, &case);
    assert_eq!(
        [67, 68, 72, 73].map(|number| values(&report_of_it, number).concat()),
        ["b", "500", "b", "700"].map(str::to_owned)
    );
    let (files, _) = report(&server, &["persons", &case, "--format", "json"]);
    let persons = json_of(&files);
    assert_eq!((&persons["totals"]["not_listed"], &persons["totals"]["persons"]["high"]), (&json!(500), &json!(500)));
    let answer = persons["answer"]["text"].as_str().expect("a text");
    assert!(answer.contains("Known: 0 people") && answer.contains("500 people cannot be listed"), "{answer}");
    act(&server, "data.read", "10:00", &read(""));
    let (report_of_it, _) = file(&server, &case);
    assert_eq!(values(&report_of_it, 67), ["c"], "one of the two does not say how many");
}

/// A call of the model that failed may have been sent all the same: whoever runs it was possibly given what the agent had.
#[test]
fn what_was_possibly_given_is_put_to_a_person_and_not_left_out() {
    let server = TestServer::new();
    let vendor = ["names", "add", "agent", "helper", "--attribute", "vendor=V"];
    run(&mut server.client_command(&vendor), 0);
    let of_anna = r#","determination":"listed","conversation":"c1","subjects":[{"identities":[{"namespace":"customer","fields":["anna"],"strength":"strong"}],"categories":[{"direction":"result","categories":["health"]}]}]"#;
    act(&server, "context.load", "09:00", &format!("{DENIED}{of_anna}"));
    let case = opened(&server, RESOURCE);
    let before = file(&server, &case).0;
    assert_eq!(values(&before, 60), ["r"], "no call is recorded: until the session closes it was possibly given");
    let failed = format!(
        r#"{{"verb":"model.infer","outcome":"failed","at":"2026-03-10T09:10:00Z","clock":"gateway","dataset":"{RESOURCE}","conversation":"c1","determination":"nobody"{DENIED}}}"#
    );
    let path = server.place.join("failed.jsonl");
    std::fs::write(&path, failed).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&path), 0);
    let report = file(&server, &case).0;
    assert_eq!((values(&report, 38), values(&report, 40)), (vec!["a".to_owned()], vec!["V".to_owned()]));
    assert_eq!((values(&report, 60), field(&report, 60)["state"].as_str()), (vec!["r".to_owned()], Some("proposed")));
}

/// Case 26: what was submitted is held against what became known since.
#[test]
fn late_facts_that_change_a_submitted_answer_ask_for_a_follow_up() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    breach(&server, &["aware", &case, "--at", "2026-03-11T08:00:00Z", DANA[0], DANA[1]]);
    let (files, entry) = report(&server, &["breach", &case]);
    let submit = ["submit", &case, "--report", &entry.to_string(), "--reference", "LDA-1"];
    // It was not sent before it was made, and what is sent is a breach file of this case.
    let refused = |words: &[&str], field: &str| {
        let said = run(server.client_command(&["breach"]).args(words).args(DANA), 1);
        assert!(said.err.contains(field), "{}", said.err);
    };
    refused(&[&submit[..], &["--at", "2026-03-12T09:00:00Z"]].concat(), "stated_at lies before the report");
    for other in [["exposure", "--resource", RESOURCE].as_slice(), &["persons", &case]] {
        let (_, other) = report(&server, &[other, &["--format", "json"]].concat());
        refused(&["submit", &case, "--report", &other.to_string()], "report is a report of another type");
    }
    breach(&server, &[&submit[..], &DANA].concat());
    let (now, _) = file(&server, &case);
    let phase = &now["phases"][0];
    assert_eq!((&phase["follow_up_needed"], &phase["facts"]), (&json!(false), &json!([])), "{phase}");
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with(".json")).expect("a JSON file");
    let digest = whosaw_verifier::hash::hex(&whosaw_verifier::hash::sha256(&[bytes]));
    assert_eq!(phase["report"], digest, "what was submitted is what was made");
    let text = now["answer"]["text"].as_str().expect("a sentence");
    assert!(text.starts_with("The deadline of 72 hours, 2026-03-14 08:00:00 UTC, was missed"), "{text}");
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
    let letters = |list: &Value| texts(list).iter().map(|text| text[..1].to_owned()).collect::<String>();
    assert_eq!((letters(&of(70)["then"]).as_str(), letters(&of(70)["now"]).as_str()), ("bnq", "bknq"));
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
    let now = json_of(&now);
    assert_eq!(now["totals"]["told"], 2);
    // And that is how they can be written to; as of before, by what the house knew then.
    let contact = |list: &Value, customer: &str| {
        let persons = list["persons"].as_array().expect("persons");
        let of = persons.iter().find(|person| person["identities"].to_string().contains(customer));
        of.unwrap_or_else(|| panic!("{customer}"))["contact"]["fields"][0].clone()
    };
    assert_eq!((contact(&list, "C-1003"), contact(&now, "C-1003")), (json!("C-1003"), json!("three@mail.example")));
    assert_eq!(contact(&now, "C-1001"), contact(&list, "C-1001"), "nobody else is reached by it");
    // So the form knows how and when they were told.
    breach(&server, &[&["answer", &case, "--set", "97=a"][..], &DANA].concat());
    let (form, _) = file(&server, &case);
    assert_eq!(values(&form, 104), ["a", "b"]);
    assert_eq!(list["answer"]["text"], "Concerned: 3 people. Told: 1. Not told: 2.");
    assert_eq!((values(&form, 98), values(&form, 102)), (vec!["2026-03-13".to_owned()], vec![]));
    assert_eq!(field(&form, 102)["state"], "not_provided", "whom the public one reached a person has to say");
    breach(&server, &[&["answer", &case, "--set", "102=b"][..], &DANA].concat());
    let (form, _) = file(&server, &case);
    let why = field(&form, 103);
    assert_eq!((&why["required"], &why["state"], &why["values"]), (&json!(true), &json!("proposed"), &json!([])));
    assert_eq!(why["ledger_values"], json!(["address unknown"]), "as whoever tried said it");
    let (again, _) = report(&server, &["again", &entry.to_string()]);
    assert!(again == files, "made again");
    let html = String::from_utf8_lossy(&files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page").1)
        .into_owned();
    let (_, page) = html.split_once("</style>").expect("a page");
    assert!(page.contains("address unknown") && page.contains("C-1003") && !page.contains('{'));
}

/// Two people share an address: a letter there reached one of them, and nobody knows whom.
#[test]
fn a_letter_to_an_address_that_several_share_tells_nobody_for_sure() {
    let server = TestServer::new();
    let person = |name: &str| {
        format!(
            r#"{{"kind":"customer","identities":[{{"namespace":"customer","fields":["{name}"],"strength":"strong"}},{{"namespace":"address","fields":["Main Street 1"],"strength":"weak"}}],"categories":[{{"direction":"argument","categories":["contact"]}}]}}"#
        )
    };
    let subjects = format!(
        r#","determination":"listed"{DENIED},"recipients":[{{"kind":"unauthorised_person","party":"human","identities":[{{"namespace":"email","fields":["x@example.org"],"strength":"strong"}}]}}],"subjects":[{},{}]"#,
        person("anna"),
        person("ben")
    );
    act(&server, "data.send", "09:00", &subjects);
    let case = opened(&server, RESOURCE);
    let tell = ["--channel", "individual", "--delivery", "delivered", "--at", "2026-03-13T09:00:00Z"];
    breach(&server, &[&["tell", &case, "--to", "address=Main Street 1"][..], &tell].concat());
    let list = json_of(&report(&server, &["persons", &case]).0);
    let notices = |list: &Value| {
        let persons = list["persons"].as_array().expect("persons");
        let mut notices: Vec<(String, String)> = persons
            .iter()
            .map(|person| (person["identities"].to_string(), person["notice"].as_str().expect("a notice").to_owned()))
            .collect();
        notices.sort();
        notices.into_iter().map(|(_, notice)| notice).collect::<Vec<_>>()
    };
    assert_eq!(notices(&list), ["perhaps_told", "perhaps_told"], "{list}");
    assert_eq!((&list["totals"]["told"], &list["totals"]["perhaps_told"]), (&json!(0), &json!(2)));
    assert_eq!(list["others_told"], json!([]));
    breach(&server, &[&["answer", &case, "--set", "97=a"][..], &DANA].concat());
    assert_eq!(values(&file(&server, &case).0, 102), ["b"], "not all were told");
    breach(&server, &[&["tell", &case, "--to", "customer=anna"][..], &tell].concat());
    let list = json_of(&report(&server, &["persons", &case]).0);
    let mut now = notices(&list);
    now.sort();
    assert_eq!(now, ["perhaps_told", "told"], "by her own name it was surely her, and not him");
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

/// Case 26 to its end: no answer reads otherwise, and the authority has to hear of it all the same.
#[test]
fn a_late_access_needs_a_follow_up_though_no_answer_changes() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let (_, entry) = report(&server, &["breach", &case, "--format", "json"]);
    let submit = |entry: &str| {
        breach(&server, &[&["submit", &case, "--report", entry][..], &DANA].concat());
    };
    submit(&entry.to_string());
    act(&server, "data.view", "10:15", LATE_READ);
    let (now, late) = file(&server, &case);
    let phase = &now["phases"][0];
    let changes = phase["changes"].as_array().expect("changes");
    assert!(changes.iter().all(|change| change["then"] == json!([])), "no answer reads otherwise: {changes:?}");
    let facts = phase["facts"].as_array().expect("facts");
    let access = facts.iter().find(|fact| fact["what"] == "access").unwrap_or_else(|| panic!("{facts:?}"));
    assert_eq!((&access["then"], &phase["follow_up_needed"]), (&Value::Null, &json!(true)));
    assert!(access["now"].as_str().is_some_and(|text| text.contains("farid")), "{access}");
    assert!(!access["entries"].as_array().expect("entries").is_empty());
    // Told of it, the authority knows: the first notification is compared with the second, and nothing is owed any more.
    submit(&late.to_string());
    let (now, _) = file(&server, &case);
    let (first, second) = (&now["phases"][0], &now["phases"][1]);
    assert_eq!((&first["follow_up_needed"], &second["follow_up_needed"]), (&json!(false), &json!(false)), "{second}");
    assert_eq!(first["until"], second["submitted"]["entry"]);
    assert!(!first["facts"].as_array().expect("facts").is_empty());
}

/// The authority was told before anybody opened the case here: what was known then is held against now.
#[test]
fn a_notification_from_before_the_case_is_a_phase_too() {
    let server = incident();
    let said = run(&mut server.client_command(&["list", "--json"]), 0).out;
    let size = said.lines().count().to_string();
    act(&server, "data.view", "10:15", LATE_READ);
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let submit = ["submit", &case, "--at", "2026-03-12T09:00:00Z", "--at-size", &size, DANA[0], DANA[1]];
    breach(&server, &submit);
    let (now, _) = file(&server, &case);
    let phases = now["phases"].as_array().expect("phases");
    assert_eq!(phases.len(), 1, "it is not dropped");
    assert_eq!((&phases[0]["before_case"], &phases[0]["follow_up_needed"]), (&json!(true), &json!(true)));
    let facts = phases[0]["facts"].as_array().expect("facts");
    assert!(facts.iter().any(|fact| fact["what"] == "access" && fact["then"] == Value::Null), "{facts:?}");
}

/// Case 34, through the report: five instants, the deadline, and the reading beside it.
#[test]
fn the_instants_stand_apart_and_the_deadline_runs_from_the_earliest_awareness() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    breach(&server, &["detect", &case, "--at", "2026-03-06T16:30:00Z"]);
    breach(&server, &["processor-aware", &case, "--at", "2026-03-06T17:00:00Z"]);
    aware(&server, &case, "2026-03-06T18:10:00Z");
    aware(&server, &case, "2026-03-07T09:00:00Z");
    let (report, _) = file(&server, &case);
    let life = &report["case"];
    assert_eq!(life["detected"]["at"], "2026-03-06T16:30:00.000000Z");
    assert_eq!(life["processor_aware"]["at"], "2026-03-06T17:00:00.000000Z");
    assert_eq!(life["aware"]["at"], "2026-03-06T18:10:00.000000Z");
    assert_eq!(life["deadline"]["strict"], "2026-03-09T18:10:00.000000Z");
    assert_eq!(life["deadline"]["reading"], "2026-03-09T19:00:00.000000Z");
    assert_eq!((&life["awareness_moved_later"], &life["deadline"]["missed"]), (&json!(true), &json!(true)));
    let stated = life["awareness"].as_array().expect("statements");
    assert_eq!((&stated[0]["counts"], &stated[1]["counts"]), (&json!(true), &json!(false)));
    assert_eq!(stated[1]["strict"], "2026-03-10T09:00:00.000000Z");
    assert_eq!(life["detection_to_awareness_us"], 6_000_000_000u64);
    // The way was opened on the tenth.
    assert_eq!(life["detected_before"], json!(true));
    assert_eq!(
        (values(&report, 48), values(&report, 52)),
        (vec!["2026-03-06T18:10:00.000000Z".into()], vec!["2026-03-06".to_owned()])
    );
    assert_eq!(field(&report, 48)["entries"].as_array().map(Vec::len), Some(2), "both statements are told");
    assert_eq!(field(&report, 49)["state"], "not_provided", "not notified, and the deadline has passed: why?");
}

/// What was stated by mistake stands beside what took it back, in the file, its sheets and the register; and the file says
/// what the deadline would have been.
#[test]
fn what_was_taken_back_is_told_beside_who_took_it_back_and_the_deadline_it_gave() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2025-03-10T12:00:00Z");
    breach(&server, &[&["severity", &case, "--level", "sev-1", "--statement", "many"][..], &DANA].concat());
    let steps = breach(&server, &["show", &case, "--json"]).out;
    let steps: Value = serde_json::from_str(&steps).expect("JSON");
    let entry = |at: usize| steps["case"]["steps"][at]["index"].to_string().trim_matches('"').to_owned();
    for at in [1, 2] {
        let why = ["--statement", "a slip of the pen"];
        breach(&server, &[&["retract", &case, "--entry", &entry(at)][..], &why, &DANA].concat());
    }
    let show = breach(&server, &["show", &case]).out;
    assert!(show.contains("taken back by entry") && show.contains("would have been the deadline"), "{show}");
    assert!(!show.contains("severity  sev-1"), "{show}");
    let (files, _) = report(&server, &["breach", &case, "--format", "json", "--format", "html", "--format", "csv"]);
    let report = json_of(&files);
    let life = &report["case"];
    assert_eq!(
        (&life["aware"], &life["deadline"], &report["severity"][0]["level"]),
        (&Value::Null, &Value::Null, &json!("sev-1"))
    );
    let gone = &life["retracted_deadline"];
    assert_eq!((&gone["strict"], &gone["missed"]), (&json!("2025-03-13T12:00:00.000000Z"), &json!(true)));
    let retractions = life["retractions"].as_array().expect("retractions");
    assert_eq!(retractions.len(), 2);
    assert_eq!(retractions[0]["stated"]["at"], "2025-03-10T12:00:00.000000Z");
    assert_eq!(retractions[0]["made"]["statement"], "a slip of the pen");
    assert_eq!(retractions[0]["made"]["by"][0]["fields"], json!(["dana"]));
    assert_eq!(life["awareness"][0]["taken_back_by"], retractions[0]["made"]["entry"]);
    assert_eq!(report["severity"][0]["taken_back_by"], retractions[1]["made"]["entry"]);
    let html = files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page");
    let html = String::from_utf8_lossy(&html.1).into_owned();
    for words in ["a slip of the pen", "Taken back: controller aware", "By it the authority was not notified in time"] {
        assert!(html.contains(words), "{words:?} is not on the page");
    }
    let register = report["register"].as_array().expect("columns");
    let notified = register.iter().find(|column| column["column"] == "notified").expect("the column");
    assert!(notified.to_string().contains("That deadline had passed when it was taken back"), "{notified}");
    // In time or not is asked of what stands; what was taken back asks for no reason.
    assert_eq!(field(&report, 49)["state"], "hidden");
    assert_eq!(values(&report, 48), [""; 0]);
}

/// The hours are those that were in force when the controller became aware, whatever is set afterwards.
#[test]
fn lateness_is_judged_by_the_profile_that_was_in_force() {
    let server = incident();
    let profile = |version: &str, hours: u32| {
        format!(
            "version = \"{version}\"\n[profile]\nid = \"x\"\nsnapshot = \"2026-01-01\"\nbreach_notification_h = {hours}\n"
        )
    };
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let deadline = || file(&server, &case).0["case"]["deadline"].clone();
    assert_eq!((&deadline()["hours"], &deadline()["is_default"]), (&json!(72), &json!(true)));
    // Nobody had set any before: what is set first counts, and what is set later does not move it on.
    registry(&server, &profile("one", 48));
    registry(&server, &profile("two", 96));
    assert_eq!(deadline()["strict"], "2026-03-13T08:00:00.000000Z", "{}", deadline());
    let shown = breach(&server, &["show", &case]).out;
    assert!(shown.contains("2026-03-13 08:00:00 UTC  (48 h, MISSED)"), "{shown}");
}

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
fn the_registry_says_what_no_record_can_with_the_entry_that_put_it_in_force() {
    let server = incident();
    registry(&server, REGISTRY);
    let case = opened(&server, RESOURCE);
    let (form, _) = file(&server, &case);
    for (number, expected) in [
        (10, &["a"][..]),
        (11, &["HRB 1"]),
        (14, &["a"]),
        (15, &["c"]),
        (21, &["Dana"]),
        (22, &["dana@meridian.example"]),
        (23, &["b"]),
        (33, &["a"]),
        (41, &["1 Model Way, dpo@model-vendor.example, US"]),
        (63, &["crm/customer-export: Dublin"]),
        (75, &["c", "e"]),
        (113, &["a"]),
        (115, &["DE", "LU"]),
        (116, &["DE"]),
        (117, &["DE=3"]),
    ] {
        let of = field(&form, number);
        assert_eq!(texts(&of["values"]), expected, "field {number}");
        assert_eq!(
            (&of["state"], of["entries"].as_array().map(Vec::len)),
            (&json!("registry"), Some(1)),
            "field {number}"
        );
    }
    assert_eq!(field(&form, 120)["state"], "hidden", "the controller is in the EEA");
    // So the list of persons is ready to write letters from.
    let (files, _) = report(&server, &["persons", &case]);
    let list = json_of(&files);
    let person = &list["persons"][0];
    assert_eq!(
        (&person["language"], &person["countries"], &person["vulnerable"]),
        (&json!("de"), &json!(["DE"]), &json!(false))
    );
    let zip = &files.iter().find(|(name, _)| name.ends_with(".csv.zip")).expect("CSV").1;
    let sheets: std::collections::BTreeMap<String, Vec<Vec<String>>> =
        sheets::files(zip).into_iter().map(|(name, text)| (name, sheets::rows(&text))).collect();
    let persons = &sheets["persons.csv"];
    let column = |name: &str| {
        persons[0].iter().position(|label| label == name).unwrap_or_else(|| panic!("{name}: {:?}", persons[0]))
    };
    assert_eq!(persons.len(), 4, "a row for each, under one of titles");
    assert_eq!(persons[1][column("Language")], "de");
    assert_eq!(persons[1][column("Told")], "not told");
    assert_eq!(
        (persons[1][column("Kind of contact")].as_str(), persons[1][column("Contact")].as_str()),
        ("email", "anna.kowalska@mail.example"),
        "by which another record of hers can be written to"
    );
    assert_eq!(persons[1][column("Why not told")], "NOT PROVIDED");
    assert!(sheets.contains_key("persons-copies.csv") && sheets.contains_key("persons-told.csv"));
    let (files, _) = report(&server, &["breach", &case]);
    let zip = &files.iter().find(|(name, _)| name.ends_with(".csv.zip")).expect("CSV").1;
    let form = sheets::files(zip).into_iter().find(|(name, _)| name == "form.csv").expect("the form").1;
    let form = sheets::rows(&form);
    assert_eq!(form.len(), 101);
    let column =
        |name: &str| form[0].iter().position(|label| label == name).unwrap_or_else(|| panic!("{name}: {:?}", form[0]));
    let sixty = form.iter().find(|row| row[0] == "60").expect("field 60");
    assert_eq!(
        (sixty[column("Answer")].as_str(), sixty[column("Proposed, or said by the ledger")].as_str()),
        ("", "incorrect access permissions")
    );
    assert_eq!(sixty[column("What is to be done")], "Confirm what the ledger proposes, or say otherwise.");
}

/// What an erasure took is said, and the number that is left is not taken for all.
#[test]
fn an_erasure_in_an_open_case_is_said_with_the_answers_it_took() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    assert_eq!(values(&file(&server, &case).0, 68), ["3"]);
    run(&mut server.client_command(&["person", "erase", "customer=C-1002", "--ground", "gdpr:17.1.b"]), 0);
    let said = run(&mut server.client_command(&["person", "run-erasures"]), 0).out;
    assert!(said.contains("requests  1"), "{said}");
    let (files, _) = report(&server, &["breach", &case]);
    let form = json_of(&files);
    let erased = form["case"]["erased"].as_array().expect("a list");
    assert_eq!(erased.len(), 1, "{}", form["case"]);
    let fields = erased[0]["fields"].as_array().expect("fields");
    assert!(fields.contains(&json!(68)) && fields.contains(&json!(67)), "{fields:?}");
    assert_ne!(values(&form, 67), ["a"], "what is left is not exactly all");
    let entry = erased[0]["entry"].to_string();
    let html = String::from_utf8_lossy(&files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page").1)
        .into_owned();
    assert!(html.contains(&format!("The erasure of entry {entry}")), "{entry}");
}

/// Whoever read without authority could not have the trace of it erased while the case is open; whose data it was can go.
#[test]
fn staff_that_a_case_is_about_waits_for_its_end_and_data_subjects_do_not() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let erase = |person: &str| {
        let words = ["person", "erase", person, "--ground", "gdpr:17.1.a"];
        run(&mut server.client_command(&words), 0).out.contains("an open case is in the way")
    };
    assert!(erase("staff=erin") && !erase("customer=C-1003"));
    let batch = || run(&mut server.client_command(&["person", "run-erasures"]), 0).out;
    assert!(batch().contains("requests  1"), "only the customer's");
    breach(&server, &[&["close", &case, "--statement", "done"][..], &DANA].concat());
    assert!(batch().contains("requests  1"), "now hers");
}

/// Whoever took it had no way there, and is of another house: it came from outside, on purpose.
#[test]
fn cause_records_audience_and_form_follow_from_who_acted_and_what_they_got() {
    let outside = r#","determination":"listed","policy":{"id":"p","decision":"deny"},"actors":[{"kind":"organisation","name":"rival"}],"subjects":[{"kind":"customer","identities":[{"namespace":"customer","fields":["anna"],"strength":"strong"}],"categories":[{"direction":"result","categories":["contact"]}]}],"records_delivered":{"precision":"exact","count":4}"#;
    let server = TestServer::new();
    act(&server, "data.download", "09:00", outside);
    let case = opened(&server, RESOURCE);
    let (form, _) = file(&server, &case);
    assert_eq!([57, 61, 72, 73].map(|number| values(&form, number).concat()), ["c", "d", "a", "4"]);
    let audience = |form: &Value| (form["figure_confidentiality"].clone(), form["figure_audience"].clone());
    assert_eq!(audience(&form), (json!(50), json!("uncountable")), "nobody knows how many there");
    // Behind a way that stood open was more than what one reader took.
    act(&server, "access.grant", "10:00", &grant("open", r#""party":"group","name":"eng""#));
    let (form, _) = file(&server, &case);
    assert_eq!([72, 73].map(|number| values(&form, number).concat()), ["c", ""]);
    // A stranger of whom nothing is known may be of the house or not.
    let server = TestServer::new();
    act(
        &server,
        "data.download",
        "09:00",
        &outside.replace(
            r#"{"kind":"organisation","name":"rival"}"#,
            r#"{"kind":"human","identities":[{"namespace":"x","fields":["y"],"strength":"strong"}]}"#,
        ),
    );
    let case = opened(&server, RESOURCE);
    let (form, _) = file(&server, &case);
    assert_eq!(values(&form, 61), Vec::<String>::new());
    assert_eq!(audience(&form), (json!(25), json!("known")), "one person, without a way that was open");
}

#[test]
fn what_went_out_encrypted_is_unintelligible_until_the_key_does() {
    let server = TestServer::new();
    let sent = format!(
        r#","determination":"listed"{DENIED},"protection":{{"encrypted":true,"key_id":"k1"}},"recipients":[{{"kind":"unauthorised_person","party":"organisation","name":"rival"}}],"subjects":[{{"kind":"customer","identities":[{{"namespace":"customer","fields":["anna"],"strength":"strong"}}],"categories":[{{"direction":"argument","categories":["contact"]}}]}}]"#
    );
    act(&server, "data.send", "09:00", &sent);
    let case = opened(&server, RESOURCE);
    assert_eq!(values(&file(&server, &case).0, 57), ["a"], "nobody outside has the key");
    let key = r#","determination":"nobody","actors":[{"kind":"agent","name":"helper"}],"facts":[{"kind":"key_access","edge":"open","resource":"k1","party":"organisation","name":"rival"}]"#;
    act(&server, "key.access", "10:00", key);
    assert_eq!(values(&file(&server, &case).0, 57), ["b"], "now the stranger could undo it");
}

/// What was had back is a temporary loss, and what was allowed is no breach.
#[test]
fn losses_are_those_that_the_exposure_report_settles() {
    let server = TestServer::new();
    let subject = r#""subjects":[{"kind":"customer","identities":[{"namespace":"customer","fields":["anna"],"strength":"strong"}],"categories":[{"direction":"argument","categories":["contact"]}]}]"#;
    let by = r#","actors":[{"kind":"agent","name":"helper"}],"determination":"listed","#;
    act(
        &server,
        "data.delete",
        "08:00",
        &format!(r#","policy":{{"id":"p","decision":"permit"}},"approval":{{"result":"not_required"}}{by}{subject}"#),
    );
    let case = opened(&server, RESOURCE);
    assert_eq!(values(&file(&server, &case).0, 55), Vec::<String>::new(), "it was allowed");
    act(&server, "data.delete", "09:00", &format!(r#","policy":{{"id":"p","decision":"deny"}}{by}{subject}"#));
    assert_eq!([55, 59].map(|number| values(&file(&server, &case).0, number).concat()), ["c", "c"]);
    act(&server, "data.restore", "10:00", &format!("{by}{subject}").replacen(",\"actors\"", ",\"actors\"", 1));
    let (form, _) = file(&server, &case);
    assert_eq!([55, 59].map(|number| values(&form, number).concat()), ["c", "a"], "it was had back");
}

/// A notification of which nothing but a later statement speaks is told as that, with when it was recorded beside it.
#[test]
fn a_notification_that_is_stated_afterwards_is_told_with_when_it_was_recorded() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    breach(&server, &[&["submit", &case, "--at", "2026-03-12T09:00:00Z"][..], &DANA].concat());
    let (report, _) = file(&server, &case);
    assert_eq!(report["case"]["deadline"]["missed"], json!(false));
    let answer = report["answer"]["text"].as_str().expect("text");
    assert!(
        answer.starts_with("It was recorded on 20")
            && answer.contains("was notified at 2026-03-12 09:00:00 UTC, before 2026"),
        "{answer}"
    );
    let register = report["register"].as_array().expect("columns");
    let notified = register.iter().find(|column| column["column"] == "notified").expect("the column");
    assert!(notified.to_string().contains("as stated; recorded"), "{notified}");
    let list = breach(&server, &["list"]).out;
    assert!(list.contains("as stated, recorded 20"), "{list}");
}

/// What nobody provided stands as that in every column that is called for, in the file, its sheets and the list, and is
/// counted; and that people were told, which the case's steps say, is put to a person.
#[test]
fn what_the_register_lacks_is_told_and_counted() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let read = |words: &[&str]| {
        let (files, _) = report(&server, &[&["breach", &case][..], words].concat());
        let register = json_of(&files)["register"].as_array().expect("columns").clone();
        let of = move |column: &str| {
            let of = register.iter().find(|fact| fact["column"] == column).unwrap_or_else(|| panic!("{column}"));
            of["lines"].to_string()
        };
        (files, of)
    };
    let (files, of) = read(&["--format", "json", "--format", "html", "--format", "csv"]);
    let missing = r#"[{"entries":[],"state":"not_provided","text":"NOT PROVIDED"}]"#;
    for column in ["effects", "risk", "notified", "informed", "reason"] {
        assert_eq!(of(column), missing, "{column}");
    }
    let bytes = |ending: &str| &files.iter().find(|(name, _)| name.ends_with(ending)).expect(ending).1;
    assert!(String::from_utf8_lossy(bytes(".html")).contains("5 of 14 columns are NOT PROVIDED"));
    let csv =
        sheets::files(bytes(".csv.zip")).into_iter().find(|(name, _)| name == "register.csv").expect("it is there").1;
    assert_eq!(csv.matches("\"NOT PROVIDED\"").count(), 5, "{csv}");
    let list = breach(&server, &["list"]).out;
    assert!(list.contains("register  5 of 14 columns NOT PROVIDED"), "{list}");
    assert!(list.contains("11  Data subjects told\n      NOT PROVIDED  [nobody yet]"), "{list}");

    let tell = ["tell", &case, "--to", "customer=C-1001", "--channel", "individual", "--delivery", "delivered"];
    breach(&server, &[&tell[..], &["--at", "2026-03-12T10:00:00Z"], &DANA].concat());
    let (_, of) = read(&["--format", "json"]);
    let informed = of("informed");
    assert!(
        informed.contains("proposed") && informed.contains("2026-03-12") && informed.contains("individually"),
        "{informed}"
    );
    let list = breach(&server, &["list"]).out;
    assert!(list.contains("register  4 of 14 columns NOT PROVIDED") && list.contains("told once"), "{list}");
}

/// Also what was not notified is documented, with who says what, and what was refused is not printed as if it stood.
#[test]
fn the_register_has_its_fourteen_columns_also_for_what_was_not_notified() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    breach(
        &server,
        &[
            &["answer", &case, "--set", "4=b", "--set", "56=c", "--set", "61=a", "--set", "89=b", "--set", "87=a"][..],
            &DANA,
        ]
        .concat(),
    );
    breach(
        &server,
        &[
            &["severity", &case, "--level", "sev-3", "--dpc", "2", "--ei", "0.5", "--statement", "few people"][..],
            &DANA,
        ]
        .concat(),
    );
    breach(&server, &[&["not-notified", &case, "--statement", "a risk is unlikely"][..], &DANA].concat());
    let (form, _) = file(&server, &case);
    let register = form["register"].as_array().expect("columns");
    assert_eq!(register.len(), 14);
    let of = |column: &str| {
        let of = register.iter().find(|fact| fact["column"] == column).unwrap_or_else(|| panic!("{column}"));
        let lines = of["lines"].as_array().expect("lines");
        let line = |line: &Value| {
            (line["text"].as_str().expect("text").to_owned(), line["state"].as_str().expect("a state").to_owned())
        };
        lines.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(of("reference"), [("I-7".to_owned(), "ledger".to_owned())]);
    assert_eq!(of("cause"), [("Cause of the breach: a  internal, not malicious".to_owned(), "confirmed".to_owned())]);
    assert!(of("kind")[0].0.contains("incorrect access permissions") && of("kind")[0].1 == "proposed");
    assert!(
        of("nature").iter().all(|(text, state)| state == "proposed" && !text.contains("neither")),
        "{:?}",
        of("nature")
    );
    assert!(of("reason").contains(&("a risk is unlikely".to_owned(), "person".to_owned())));
    assert!(
        of("risk").iter().any(|(text, _)| text == "Level of the house: sev-3")
            && of("risk").iter().any(|(text, _)| text.contains("1.00, low")),
        "{:?}",
        of("risk")
    );
    for column in ["facts", "categories", "concerned", "effects", "notified", "remedy", "created"] {
        assert!(!of(column).is_empty(), "{column}");
    }
    let list = breach(&server, &["list"]).out;
    assert!(
        list.contains("14  Created") && list.contains("[proposed") && !list.contains("neither exfiltrated"),
        "{list}"
    );
    let shown = breach(&server, &["show", &case]).out;
    assert!(shown.contains("EDPB 56   c  (not taken: the record rules it out)"), "{shown}");
}

#[test]
fn the_form_is_told_in_german_with_the_english_title_beside() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let (files, _) = report(&server, &["breach", &case, "--language", "de"]);
    let form = json_of(&files);
    assert_eq!(field(&form, 60)["title"], "Art des Vorfalls");
    assert_eq!(field(&form, 60)["english"], "Nature of the incident");
    assert_eq!(field(&form, 60)["ledger_texts"], json!(["falsche Zugriffsberechtigungen"]));
    let html = String::from_utf8_lossy(&files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page").1)
        .into_owned();
    assert!(html.contains("n  falsche Zugriffsberechtigungen") && html.contains("nicht die amtliche deutsche Fassung"));
}

/// Which copies hold whose data: of what was downloaded, and of what only a machine still has.
#[test]
fn copies_are_told_for_each_person() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let list = json_of(&report(&server, &["persons", &case]).0);
    let copies = list["holdings"].as_array().expect("copies");
    assert!(!copies.is_empty());
    for person in list["persons"].as_array().expect("persons") {
        let surely = person["holdings"].as_array().expect("numbers").len();
        assert!(person["holdings_open"]["high"].as_u64() >= Some(surely as u64).min(Some(1)), "{person}");
    }
    let sum: u64 = copies.iter().filter_map(|copy| copy["persons"].as_u64()).sum();
    let named: usize = list["persons"]
        .as_array()
        .expect("persons")
        .iter()
        .map(|it| it["holdings"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(sum, named as u64);
}

/// Both files say of each source what it stated; times of the register and of sheets are the profile's.
#[test]
fn logging_period_and_what_is_missing_stand_in_both_files_and_times_in_the_zone() {
    let server = incident();
    registry(
        &server,
        "version = \"r1\"\n[profile]\nid = \"eu-de\"\nsnapshot = \"2026-11-24\"\nzone = \"Europe/Berlin\"\n",
    );
    let case = opened(&server, RESOURCE);
    let (breach_file, _) = report(&server, &["breach", &case]);
    let (persons, _) = report(&server, &["persons", &case]);
    for files in [&breach_file, &persons] {
        let html = files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page");
        let html = String::from_utf8_lossy(&html.1).into_owned();
        for text in ["Period of coverage", "storage-proxy", "Nothing stated", "NOT PROVIDED"] {
            assert!(html.contains(text), "{text}");
        }
        let completeness = &json_of(files)["header"]["completeness"];
        assert!(completeness["not_provided"].as_u64() >= Some(2), "{completeness}");
    }
    let fields = json_of(&persons)["header"]["completeness"]["fields"].clone();
    let of = |field: &str| {
        let found = fields.as_array().expect("fields").iter().find(|fact| fact["field"] == field);
        found.expect("it is there")["provision"].clone()
    };
    assert_eq!(
        (of("P.country"), of("P.reason"), of("H.profile")),
        (json!("not_provided"), json!("not_provided"), json!("provided"))
    );
    let csv = persons.iter().find(|(name, _)| name.ends_with(".csv.zip")).expect("sheets");
    let csv = sheets::files(&csv.1);
    let (_, concerned) = csv.iter().find(|(name, _)| name == "persons.csv").expect("the people");
    assert!(concerned.contains("2026-03-10T10:20:00.000000+01:00/2026-03-10T12:20:00.000000+01:00"), "{concerned}");
    aware(&server, &case, "2026-03-11T08:00:00Z");
    for words in [&["list"][..], &["show", &case]] {
        let told = breach(&server, words).out;
        assert!(told.contains("aware     2026-03-11 09:00:00 +01:00") && !told.contains("UTC"), "{told}");
        assert!(told.contains("deadline  2026-03-14 09:00:00 +01:00") && !told.contains("00Z"), "{told}");
    }
    let list = breach(&server, &["list"]).out;
    assert!(list.contains("2026-03-10 10:20:00 – 12:20:00 +01:00"), "{list}");
    // What is typed into the authority's form is RFC 3339, as its fields ask, on the same clock; the JSON stays in UTC.
    let (files, _) = report(&server, &["breach", &case]);
    assert_eq!(values(&json_of(&files), 46), ["2026-03-10T09:20:00.000000Z"]);
    let csv = files.iter().find(|(name, _)| name.ends_with(".csv.zip")).expect("sheets");
    let csv = sheets::files(&csv.1);
    let (_, form) = csv.iter().find(|(name, _)| name == "form.csv").expect("the form");
    assert!(form.contains("2026-03-10T10:20:00.000000+01:00") && !form.contains("00Z"), "{form}");
}

/// Whoever is erased once a case is closed is in no later count: what was counted when it was closed stays, in numbers alone.
#[test]
fn what_was_counted_at_the_close_outlives_whoever_was_counted() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let before = report_json(&server, &["exposure", "--resource", RESOURCE]);
    breach(&server, &[&["close", &case, "--statement", "done"][..], &DANA].concat());
    for person in ["customer=C-1002", "staff=erin"] {
        run(&mut server.client_command(&["person", "erase", person, "--ground", "gdpr:17.1.b"]), 0);
    }
    assert!(run(&mut server.client_command(&["person", "run-erasures"]), 0).out.contains("requests  2"));
    let (form, _) = file(&server, &case);
    assert_ne!(values(&form, 68), ["3"], "what is left is not all");
    let counts = form["case"]["counted"].as_array().expect("counts");
    let steps: Vec<&str> = counts.iter().filter_map(|count| count["step"].as_str()).collect();
    assert_eq!(steps, ["opened", "aware", "closed"]);
    let counted = counts.last().expect("the last");
    assert_eq!(counted["people"], json!({"low": 3, "high": 3}));
    let totals = &before["totals"];
    for (ours, theirs) in [
        ("could", "people_could"),
        ("saw", "people_saw"),
        ("open_us", "unauthorised_us"),
        ("accesses", "unauthorised_accesses"),
        ("uncountable", "uncountable"),
        ("losses", "unauthorised_losses"),
        ("people_determined", "subjects_determined"),
    ] {
        assert_eq!(counted[ours], totals[theirs], "{ours}");
    }
    let list = breach(&server, &["list"]).out;
    assert!(list.contains("Counted at the step “closed”") && list.contains("3 people’s data"), "{list}");
    assert!(!list.contains("C-1002") && !list.contains("erin"), "{list}");
}

/// Data subjects of a case that is open do not wait for its end: what was counted when it was opened, and when somebody became
/// aware, says how many there were, and neither says who.
#[test]
fn what_was_counted_when_it_was_opened_outlives_whoever_goes_while_it_is_open() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    run(&mut server.client_command(&["person", "erase", "customer=C-1002", "--ground", "gdpr:17.1.b"]), 0);
    assert!(run(&mut server.client_command(&["person", "run-erasures"]), 0).out.contains("requests  1"));
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let (form, _) = file(&server, &case);
    let counts = form["case"]["counted"].as_array().expect("counts");
    let of = |count: &Value| (count["step"].clone(), count["people"].clone(), count["people_determined"].clone());
    assert_eq!(of(&counts[0]), (json!("opened"), json!({"low": 3, "high": 3}), json!(true)));
    assert_eq!(counts[1]["step"], "aware");
    assert_ne!(counts[1]["people"], counts[0]["people"], "what is left is not all");
    assert!(counts[0]["records"].is_u64() || counts[0]["records"].is_null());
    // A step that names more is counted with that.
    let more = ["detect", &case, "--at", "2026-03-10T16:30:00Z", "--resource", "other/list"];
    breach(&server, &more);
    let (form, _) = file(&server, &case);
    assert_eq!(form["case"]["counted"].as_array().map(Vec::len), Some(3));
    let list = breach(&server, &["list"]).out;
    assert!(!list.contains("C-1002"), "{list}");
}

/// Whoever has several countries on file counts in each of them, and whoever has one only there.
#[test]
fn nobody_is_lost_between_the_countries_they_may_live_in() {
    let server = incident();
    let other = r#"[[resources]]
name = "other/list"
location = "Wien"
subject_countries = ["AT"]
"#;
    let several = r#"subject_countries = ["DE", "FR", "US"]"#;
    registry(&server, &(REGISTRY.replace(r#"subject_countries = ["DE"]"#, several) + other));
    let took = r#","determination":"listed","policy":{"id":"p","decision":"deny"},"actors":[{"kind":"organisation","name":"rival"}],"subjects":[{"kind":"customer","identities":[{"namespace":"customer","fields":["zita"],"strength":"strong"}],"categories":[{"direction":"result","categories":["contact"]}]}]"#;
    let zita = r#"{"kind":"customer","identities":[{"namespace":"customer","fields":["zita"],"strength":"strong"}],"categories":[{"direction":"argument","categories":["contact"]}]}"#;
    let inside = r#"{"kind":"content","edge":"open","resource":"other/list","categories":["contact"],"subjects":[0]}"#;
    let made = format!(
        r#","determination":"listed","actors":[{{"kind":"agent","name":"storage-proxy"}}],"facts":[{inside}],"subjects":[{zita}]"#
    );
    act_on(&server, "other/list", "data.create", "08:00", &made);
    act_on(&server, "other/list", "data.download", "09:00", took);
    let said = breach(&server, &["open", "--resource", RESOURCE, "--resource", "other/list"]).out;
    let case = said.split_whitespace().skip_while(|word| *word != "case").nth(1).expect("an id").to_owned();
    let (form, _) = file(&server, &case);
    assert_eq!(values(&form, 68), ["4"]);
    assert_eq!(values(&form, 116), ["AT", "DE", "FR"]);
    assert_eq!(values(&form, 117), ["AT=1", "DE=3", "FR=3"], "three people may each live in either");
    let list = json_of(&report(&server, &["persons", &case, "--format", "json"]).0);
    let countries: Vec<&Value> =
        list["persons"].as_array().expect("persons").iter().map(|person| &person["countries"]).collect();
    assert_eq!(countries.iter().filter(|all| ***all == json!(["AT"])).count(), 1);
    assert_eq!(countries.iter().filter(|all| ***all == json!(["DE", "FR", "US"])).count(), 3);
}

/// What was found for one question is kept, and made anew once an entry comes that could change it.
#[test]
fn whom_a_case_needs_and_what_the_register_says_is_never_older_than_the_ledger() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let erase = |person: &str| {
        let words = ["person", "erase", person, "--ground", "gdpr:17.1.a"];
        run(&mut server.client_command(&words), 0).out.contains("an open case is in the way")
    };
    let records = |list: &str| list.lines().find(|line| line.contains("Number of data subjects")).map(str::to_owned);
    assert!(erase("staff=erin"), "she is needed");
    let before = breach(&server, &["list"]).out;
    assert_eq!(records(&before), records(&breach(&server, &["list"]).out));
    act(&server, "data.view", "10:15", &LATE_READ.replace("farid", "nina").replace("C-1002", "C-1009"));
    assert!(erase("staff=nina"), "so is whoever is told of since");
    let after = breach(&server, &["list"]).out;
    assert_ne!(after, before, "one person more");
    breach(&server, &[&["close", &case, "--statement", "done"][..], &DANA].concat());
    act(&server, "data.view", "10:17", &LATE_READ.replace("farid", "paul"));
    assert!(!erase("staff=paul"), "the case is over");
    assert!(breach(&server, &["list"]).out.contains("closed"));
}

/// What the controller registered to say to people stands ready for their letters, each in the language that they read; how
/// long the ledger keeps what it holds stands in a person's own report.
#[test]
fn registered_wording_and_periods_stand_where_people_are_written_to() {
    let server = incident();
    let texts = r#"
[profile]
id = "eu-de"
snapshot = "2026-11-24"
retention = { subject = 24, body = 36 }
[wording.de]
contact = "Schreiben Sie an uns."
complaint = "Beschweren Sie sich."
[wording.en]
contact = "Write to us."
"#;
    registry(&server, &(REGISTRY.to_owned() + texts));
    let case = opened(&server, RESOURCE);
    let (files, _) = report(&server, &["persons", &case]);
    let list = json_of(&files);
    let known = list["texts"].as_array().expect("texts");
    let known: Vec<_> = known.iter().map(|text| (&text["language"], &text["contact"], &text["complaint"])).collect();
    assert_eq!(known[0], (&json!("de"), &json!("Schreiben Sie an uns."), &json!("Beschweren Sie sich.")));
    assert_eq!(known[1], (&json!("en"), &json!("Write to us."), &Value::Null));
    let of = |ending: &str| &files.iter().find(|(name, _)| name.ends_with(ending)).expect("a file").1;
    let csv = sheets::files(of(".csv.zip"));
    let rows = sheets::rows(&csv.iter().find(|(name, _)| name == "persons.csv").expect("the people").1);
    let at = |label: &str| rows[0].iter().position(|it| it == label).expect("a column");
    assert_eq!(rows[1][at("How to reach the controller")], "Schreiben Sie an uns.", "the people read German");
    assert_eq!(rows[1][at("Your rights")], "NOT PROVIDED");
    let page = String::from_utf8_lossy(of(".html")).into_owned();
    assert!(page.contains("Write to us.") && !page.contains("Schreiben Sie"), "the page is in English");
    let (files, _) = report(&server, &["access", "--subject", "customer=C-1001"]);
    let own = json_of(&files);
    assert_eq!(
        own["declared"]["retention"],
        json!([{ "class": "body", "months": 36 }, { "class": "subject", "months": 24 }])
    );
    let page = &files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page").1;
    let page = String::from_utf8_lossy(page).into_owned();
    assert!(page.contains("what identifies those whose data it is: 24 months"), "{page}");
}

/// The register and a case are told in the language that the controller registered, or in the one that is asked for.
#[test]
fn the_register_is_told_in_the_registered_language() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let language = "[profile]\nid = \"eu-de\"\nsnapshot = \"2026-11-24\"\nlanguage = \"de\"\n";
    let before = breach(&server, &["list"]).out;
    assert!(before.contains("about     ") && before.contains("NOT PROVIDED"), "{before}");
    registry(&server, &(REGISTRY.to_owned() + language));
    aware(&server, &case, "2026-03-11T08:00:00Z");
    for words in [&["list"][..], &["show", &case]] {
        let german = breach(&server, words).out;
        for told in ["Fall ", "betrifft", "Frist", "VERSÄUMT", "NICHT ANGEGEBEN"] {
            assert!(german.contains(told), "{told}: {german}");
        }
        for other in ["about", "deadline", "NOT PROVIDED", "register  ", "MISSED"] {
            assert!(!german.contains(other), "{other}: {german}");
        }
        let english = breach(&server, &[words, &["--language", "en"]].concat()).out;
        assert!(english.contains("deadline") && !english.contains("VERSÄUMT"), "{english}");
        // Both were kept, each for itself.
        let again = breach(&server, words).out;
        assert!(again.starts_with(german.trim_end()), "{again}");
    }
    let german = breach(&server, &["list"]).out;
    assert!(german.contains("falsche Zugriffsberechtigungen"), "{german}");
}

/// What acts on the resources tell of detection, awareness and notices stands beside the case's steps. It moves no deadline,
/// and an earlier one is told with by whom and in which entry.
#[test]
fn what_acts_tell_of_awareness_and_notices_stands_beside_the_cases_steps() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let dana =
        r#""actors":[{"kind":"human","identities":[{"namespace":"staff","fields":["dana"],"strength":"strong"}]}]"#;
    let customer = r#"[{"namespace":"customer","fields":["C-1001"],"strength":"strong"}]"#;
    act(&server, "incident.aware", "11:30", &format!(r#","determination":"nobody",{dana}"#));
    // Of another breach: nothing had opened yet.
    act(&server, "incident.aware", "06:00", &format!(r#","determination":"nobody",{dana}"#));
    let to = format!(
        r#""recipients":[{{"kind":"data_subject","party":"human","identities":{customer}}}],"subjects":[{{"identities":{customer},"categories":[{{"direction":"argument","categories":["contact"]}}]}}]"#
    );
    act(&server, "notify.subject", "13:00", &format!(r#","determination":"listed",{dana},{to}"#));
    let sentence = "The ledger also holds: awareness recorded for 2026-03-10 11:30";
    let earlier = |report: &Value| {
        let todo = report["todo"].as_array().expect("a list").iter().any(|todo| todo["what"] == "awareness");
        (report["answer"]["text"].as_str().expect("a text").contains("The ledger also holds"), todo)
    };
    let (unstated, _) = file(&server, &case);
    assert_eq!((&unstated["case"]["deadline"], earlier(&unstated)), (&Value::Null, (true, true)));
    aware(&server, &case, "2026-03-20T09:00:00Z");
    let (files, _) = report(&server, &["breach", &case]);
    let told = json_of(&files);
    assert_eq!(told["case"]["deadline"]["strict"], "2026-03-23T09:00:00.000000Z", "no act moves it");
    assert_eq!(earlier(&told), (true, true));
    let text = told["answer"]["text"].as_str().expect("a text");
    assert!(text.contains(sentence) && text.contains("staff: dana"), "{text}");
    let acts = told["case"]["reported"].as_array().expect("acts");
    let at = |from: &str| {
        let from = format!("2026-03-10T{from}:00.000000Z");
        let is = |act: &&Value| act["verb"] == "incident.aware" && act["when"]["from"] == from.as_str();
        acts.iter().find(is).unwrap_or_else(|| panic!("{from}: {acts:?}"))
    };
    let (first, other) = (at("11:30"), at("06:00"));
    assert_eq!((&first["strict"], &first["earlier"]), (&json!("2026-03-13T11:30:00.000000Z"), &json!(true)));
    assert_eq!((&other["before_breach"], &other["earlier"]), (&json!(true), &json!(false)));
    assert!(acts.iter().any(|act| act["verb"] == "incident.detect"), "the incident's own detection");
    assert!(values(&told, 53)[0].contains("11:30"), "{:?}", values(&told, 53));
    let page = files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page");
    assert!(String::from_utf8_lossy(&page.1).contains(sentence));
    let zip = &files.iter().find(|(name, _)| name.ends_with(".csv.zip")).expect("CSV").1;
    let sheet = sheets::files(zip).into_iter().find(|(name, _)| name == "reported.csv").expect("a sheet").1;
    assert_eq!(sheets::rows(&sheet).len(), acts.len() + 1);
    // Stated in the case it is a statement like any other.
    aware(&server, &case, "2026-03-10T11:30:00Z");
    let (stated, _) = file(&server, &case);
    assert_eq!(stated["case"]["deadline"]["strict"], "2026-03-13T11:30:00.000000Z");
    assert_eq!(earlier(&stated), (false, false));
    let (list, _) = report(&server, &["persons", &case]);
    let list = json_of(&list);
    let persons = list["persons"].as_array().expect("persons");
    let anna = persons.iter().find(|person| person["identities"].to_string().contains("C-1001")).expect("C-1001");
    assert_eq!((&anna["notice"], &list["totals"]["told"]), (&json!("told"), &json!(1)));
    assert_eq!(anna["told"][0]["delivery"], "delivered");
}

#[test]
fn awareness_that_fits_nothing_counts_as_it_was_told_and_is_flagged() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    breach(&server, &["detect", &case, "--at", "2026-03-10T12:00:00Z"]);
    aware(&server, &case, "2020-11-30T09:00:00Z");
    let (files, _) = report(&server, &["breach", &case]);
    let told = json_of(&files);
    assert_eq!(told["case"]["deadline"]["strict"], "2020-12-03T09:00:00.000000Z", "as it was told");
    for flag in ["before_breach", "before_detection", "before_ledger"] {
        assert_eq!(told["case"]["awareness"][0][flag], true, "{flag}");
    }
    let page = files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page");
    assert!(String::from_utf8_lossy(&page.1).contains("It counts as it was told."));
}
