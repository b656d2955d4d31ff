//! The exposure report from outside: what it says of the incident, that it can be made again to the byte, and what an erasure
//! leaves of it.

#[path = "common/sheets.rs"]
mod sheets;

#[path = "common/mod.rs"]
#[allow(dead_code, reason = "shared by tests that use different parts of it")]
mod common;

use common::{Said, TestServer, run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const RESOURCE: &str = "crm/customer-export";

/// A server on which the incident was recorded.
fn incident() -> TestServer {
    let server = TestServer::new();
    run(server.client_command(&["append"]).arg("reports/incident/incident.toml"), 0);
    server
}

/// The files of a report by their endings, and the entry that records it.
fn report(server: &TestServer, words: &[&str]) -> (Vec<(String, Vec<u8>)>, u64) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let said = run(server.client_command(words).args(["--json", "--out"]).arg(directory.path()), 0);
    let told: Value = serde_json::from_str(&said.out).expect("one line of JSON");
    let index = told["index"].to_string().trim_matches('"').parse().expect("an entry");
    let files = told["files"].as_array().expect("files");
    let read = |path: &Value| {
        let path = Path::new(path.as_str().expect("a path"));
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read(path).expect("a file"))
    };
    (files.iter().map(read).collect(), index)
}

fn exposure(server: &TestServer) -> (Vec<(String, Vec<u8>)>, u64) {
    report(server, &["report", "exposure", "--resource", RESOURCE])
}

fn json(files: &[(String, Vec<u8>)]) -> Value {
    let (_, bytes) = files.iter().find(|(name, _)| name.ends_with(".json")).expect("a JSON file");
    serde_json::from_slice(bytes).expect("JSON")
}

#[test]
fn the_incident_is_told_as_it_was() {
    let server = incident();
    let (files, _) = exposure(&server);
    // With the note.
    assert_eq!(files.len(), 6);
    assert!(files.iter().all(|(name, _)| name.starts_with("exposure-")));
    let report = json(&files);
    // The vendor of the model is the recipient that the same act names, with its country. What the agent put into a notebook is
    // perhaps of what it had before it, and nobody registered who runs that.
    let passed_on = report["disclosures"].as_array().expect("a list");
    let countries: Vec<(&Value, &Value)> =
        passed_on.iter().map(|given| (&given["certain"], &given["country"])).collect();
    assert_eq!(countries, [(&true.into(), &"US".into()), (&false.into(), &Value::Null)]);
    let totals = &report["totals"];
    assert_eq!(totals["open_us"], serde_json::json!({"low": 7_200_000_000u64, "high": 7_200_000_000u64}));
    assert_eq!(totals["unauthorised_us"], totals["open_us"]);
    for (figure, expected) in
        [("people_could", 5), ("people_saw", 1), ("people_given", 1), ("machines", 1), ("subjects", 3)]
    {
        assert_eq!(totals[figure], serde_json::json!({"low": expected, "high": expected}), "{figure}");
    }
    assert_eq!((&totals["attempts"], &totals["holdings_open"]), (&Value::from(1), &Value::from(4)));
    // Of one of them nobody knows that there is one, and every page says so.
    assert_eq!(totals["holdings_open_surely"], 3);
    let page = files.iter().find(|(name, _)| name.ends_with(".html")).map(|(_, bytes)| bytes.clone());
    let page = String::from_utf8(page.expect("a page")).expect("text");
    assert!(page.contains("3 to 4 copies") && page.contains("0 to 1 times") && !page.contains("recorded as gone: 4"));
    assert_eq!(page.matches("also by a copy of their own").count(), 1, "grace's download, and not the group alone");
    assert_eq!(report["answer"]["claim"], "refuted");
    let text = report["answer"]["text"].as_str().expect("a sentence");
    let could = "2 h 00 min in all; 5 people could see it; of that 2 h 00 min over ways that nobody was allowed to open, \
                 for 5 people; 1 person did see it";
    assert!(text.contains(could), "{text}");
    assert_eq!(text.matches("goes back to").count(), 1, "what led to its end opened nothing: {text}");
}

#[test]
fn a_report_is_made_again_to_the_byte_also_after_a_restart_and_a_rebuild() {
    let mut server = incident();
    let (files, index) = exposure(&server);
    let again = |server: &TestServer| report(server, &["report", "again", &index.to_string()]).0;
    assert!(again(&server) == files, "made again");
    run(&mut server.client_command(&["rebuild"]), 0);
    assert!(again(&server) == files, "after a rebuild");
    server.restart();
    assert!(again(&server) == files, "after a restart");
    // What is recorded later changes nothing of what was known then.
    let later = "09:00";
    let action = format!(
        r#"{{"verb":"data.read","outcome":"succeeded","dataset":"{RESOURCE}","determination":"listed","at":"2026-03-10T{later}:00Z","actors":[{{"kind":"human","identities":[{{"namespace":"staff","fields":["late"],"strength":"strong"}}]}}],"subjects":[{{"identities":[{{"namespace":"customer","fields":["C-1001"],"strength":"strong"}}],"categories":[{{"direction":"result","categories":["contact"]}}]}}]}}"#
    );
    let file = server.place.join("later.jsonl");
    std::fs::write(&file, action).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&file), 0);
    assert!(again(&server) == files, "after a late entry");
    let now = json(&exposure(&server).0);
    assert_eq!(now["totals"]["people_saw"]["high"], 2);
    assert!(now["oddities"].as_array().expect("a list").iter().any(|odd| odd["what"] == "no_path_on_file"));
}

/// Of each act the person's report says what the exposure report says: over a way that nobody was allowed to open, with an
/// approval that had expired, and after the way was closed.
#[test]
fn an_act_is_unauthorised_in_the_persons_report_where_the_exposure_report_says_so() {
    let server = TestServer::new();
    run(&mut server.client_command(&["names", "add", "dataset", "crm/y"]), 0);
    run(&mut server.client_command(&["names", "add", "agent", "copilot"]), 0);
    let erin = r#"{"kind":"human","identities":[{"namespace":"staff","fields":["erin"],"strength":"strong"}]}"#;
    let bot = r#"{"kind":"agent","name":"copilot"}"#;
    let policy = |decision: &str| format!(r#""policy":{{"id":"p","decision":"{decision}"}}"#);
    let fact = |edge: &str, party: &str, rest: &str| {
        let party = &party[1..party.len() - 1].replace("kind", "party");
        format!(r#""facts":[{{"kind":"grant","edge":"{edge}","resource":"crm/y",{party}{rest}}}]"#)
    };
    let act = |at: &str, verb: &str, actor: &str, rest: &str| {
        format!(
            r#"{{"verb":"{verb}","at":"2026-03-12T{at}:00Z","clock":"gateway","outcome":"succeeded","dataset":"crm/y","actors":[{actor}],{rest}}}"#
        )
    };
    let nobody = |rest: String| format!(r#""determination":"nobody",{rest}"#);
    let subject = r#""determination":"listed","subjects":[{"identities":[{"namespace":"customer","fields":["C-1"],"strength":"strong"}],"categories":[{"direction":"result","categories":["contact"]}]}]"#;
    let read = |at: &str, actor: &str, rest: &str| {
        act(at, "data.read", actor, &format!("{subject},{}{rest}", policy("permit")))
    };
    let carol = erin.replace("erin", "carol");
    let lines = [
        act("09:00", "access.grant", &carol, &nobody(format!("{},{}", policy("deny"), fact("open", erin, "")))),
        read("09:30", erin, ""),
        act("09:00", "access.grant", &carol, &nobody(format!("{},{}", policy("permit"), fact("open", bot, "")))),
        act(
            "08:30",
            "approval.grant",
            &carol,
            &format!(
                "{subject},{}",
                fact(
                    "open",
                    bot,
                    r#","reference":"ap-9","rights":["data.read"],"end":"exact","end_latest":"2026-03-12T09:00:00Z""#
                )
            ),
        ),
        read("09:40", bot, ""),
        read("09:45", bot, r#","approval":{"result":"matched","reference":"ap-9"}"#),
        act("11:00", "access.revoke", &carol, &nobody(format!("{},{}", policy("permit"), fact("close", bot, "")))),
        read("11:30", bot, ""),
    ];
    let file = server.place.join("acts.jsonl");
    std::fs::write(&file, lines.join("\n")).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&file), 0);
    let exposed = json(&report(&server, &["report", "exposure", "--resource", "crm/y"]).0);
    let (files, index) = report(&server, &["report", "access", "--subject", "customer=C-1"]);
    let told = json(&files);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let by_exposure: BTreeMap<u64, Value> = list(&exposed["accesses"])
        .iter()
        .flat_map(|access| list(&access["entries"]).into_iter().map(|entry| (entry, access["authorisation"].clone())))
        .map(|(entry, value)| (entry.as_u64().expect("an index"), value))
        .collect();
    let entries: Vec<Value> = list(&told["entries"]).into_iter().filter(|entry| entry["verb"] == "data.read").collect();
    let by_person: BTreeMap<u64, Value> = entries
        .iter()
        .map(|entry| (entry["index"].as_u64().expect("an index"), entry["authorisation"].clone()))
        .collect();
    assert_eq!(by_person, by_exposure);
    let values: Vec<&str> = by_person.values().filter_map(Value::as_str).collect();
    assert_eq!(values, ["unauthorised", "authorised", "unauthorised", "unauthorised"]);
    let approved: Vec<&Value> = entries.iter().map(|entry| &entry["approved"]).collect();
    assert_eq!(approved, [&Value::Null, &Value::Null, &Value::from("expired"), &Value::Null]);
    let recipient = list(&told["recipients"]).into_iter().find(|fact| fact["basis"] == "without_authority");
    assert_eq!(
        recipient.expect("who acted without authority")["party"],
        serde_json::json!({"other_person": {"number": 1}})
    );
    assert_eq!(report(&server, &["report", "again", &index.to_string()]).0, files, "and so again");
    // Where so much else opens that not all of it is read for one person, what bears on their acts is.
    run(&mut server.client_command(&["names", "add", "dataset", "crm/z"]), 0);
    let content = r#""facts":[{"kind":"content","edge":"open","resource":"crm/z"}]"#;
    let other = act("08:00", "data.create", bot, &nobody(content.to_owned())).replace("crm/y", "crm/z");
    std::fs::write(&file, vec![other; 2_100].join("\n")).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&file), 0);
    let later = json(&report(&server, &["report", "access", "--subject", "customer=C-1"]).0);
    let of = |report: &Value| -> Vec<(Value, Value)> {
        list(&report["entries"]).iter().map(|e| (e["authorisation"].clone(), e["approved"].clone())).collect()
    };
    assert_eq!(of(&later), of(&told));
    assert_eq!(later["recipients"].as_array().map(Vec::len), told["recipients"].as_array().map(Vec::len));
}

/// Who was let in for some acts and some categories was not let in for others: what goes beyond is not authorised, flagged, and
/// what each way was opened for stands on the page and in the tables.
#[test]
fn what_a_way_was_opened_for_is_told_and_what_goes_beyond_it_is_not_authorised() {
    let server = TestServer::new();
    run(&mut server.client_command(&["names", "add", "dataset", "crm/y"]), 0);
    let who = |name: &str| format!(r#""identities":[{{"namespace":"staff","fields":["{name}"],"strength":"strong"}}]"#);
    let act = |at: &str, verb: &str, name: &str, rest: &str| {
        let actor = who(name);
        format!(
            r#"{{"verb":"{verb}","at":"2026-03-12T{at}:00Z","clock":"gateway","outcome":"succeeded","dataset":"crm/y","policy":{{"id":"p","decision":"permit"}},"actors":[{{"kind":"human",{actor}}}],{rest}}}"#
        )
    };
    let grant = |edge: &str, name: &str, right: &str| {
        let party = who(name);
        let fact = format!(
            r#""determination":"nobody","facts":[{{"kind":"grant","edge":"{edge}","resource":"crm/y","party":"human",{party},"rights":["{right}"],"categories":["contact"]}}]"#
        );
        match edge {
            "open" => act("09:00", "access.grant", "ned", &fact),
            _ => act("10:00", "access.revoke", "ned", &fact),
        }
    };
    let grants = |name: &str, right: &str| grant("open", name, right);
    let gets = |at: &str, verb: &str, name: &str, category: &str| {
        let subject = format!(
            r#""determination":"listed","subjects":[{{"identities":[{{"namespace":"customer","fields":["C-1"],"strength":"strong"}}],"categories":[{{"direction":"result","categories":["{category}"]}}]}}]"#
        );
        act(at, verb, name, &subject)
    };
    let party = who("fay");
    let key = format!(
        r#""determination":"nobody","facts":[{{"kind":"key_access","edge":"open","resource":"k1","party":"human",{party}}}]"#
    );
    let lines = [
        grants("dan", "data.list"),
        grants("bea", "data.update"),
        grants("cem", "data.read"),
        gets("09:30", "data.read", "dan", "health"),
        gets("09:40", "data.download", "bea", "health"),
        gets("09:50", "data.view", "cem", "contact"),
        grants("fay", "data.read"),
        act("09:55", "key.access", "fay", &key),
        grant("close", "cem", "data.list"),
        grant("close", "fay", "data.read"),
    ];
    let file = server.place.join("acts.jsonl");
    std::fs::write(&file, lines.join("\n")).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&file), 0);
    let (files, _) = report(&server, &["report", "exposure", "--resource", "crm/y"]);
    let told = json(&files);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let verdicts: Vec<Value> = list(&told["accesses"]).iter().map(|one| one["authorisation"].clone()).collect();
    assert_eq!(
        verdicts,
        ["not_assessed", "not_assessed", "authorised"],
        "whoever got a key reached for no data with that"
    );
    assert_eq!(told["totals"]["attempts"], 0);
    let paths = list(&told["resources"][0]["paths"]);
    let rights: Vec<&Value> = paths.iter().map(|path| &path["rights"][0]).collect();
    assert_eq!(rights, ["data.list", "data.update", "data.read", "data.read"]);
    let ends: Vec<&Value> = paths.iter().map(|path| &path["end"]["known"]).collect();
    assert_eq!(ends, ["open", "open", "unknown", "exact"], "what takes away another right ends nothing for sure");
    assert!(paths.iter().all(|path| path["categories"] == serde_json::json!(["contact"])));
    let odd = list(&told["oddities"]).iter().filter(|odd| odd["what"] == "outside_the_grant").count();
    assert_eq!(odd, 2);
    let page = files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page");
    assert!(String::from_utf8_lossy(&page.1).contains("only for "));
}

/// What somebody reached elsewhere, such as in a search index, was data of the datasets in which the records stand: whoever asks
/// about these is told of it, by those alone whose records stand there.
#[test]
fn an_act_is_told_of_each_dataset_in_which_its_records_stand() {
    let server = TestServer::new();
    run(&mut server.client_command(&["names", "add", "dataset", "index", "crm"]), 0);
    let subject = |person: &str, dataset: &str| {
        format!(
            r#"{{"identities":[{{"namespace":"customer","fields":["{person}"],"strength":"strong"}}],"categories":[{{"direction":"result","categories":["contact"]}}],"records":[{{"dataset":"{dataset}","id":"7","scope":"system"}}]}}"#
        )
    };
    let subjects = [subject("C-1", "crm"), subject("C-2", "index"), subject("C-3", "not registered")].join(",");
    let line = format!(
        r#"{{"verb":"data.view","at":"2026-03-12T09:00:00Z","clock":"gateway","outcome":"succeeded","dataset":"index","policy":{{"id":"p","decision":"deny"}},"actors":[{{"kind":"human","identities":[{{"namespace":"staff","fields":["dan"],"strength":"strong"}}]}}],"determination":"listed","subjects":[{subjects}]}}"#
    );
    let file = server.place.join("acts.jsonl");
    std::fs::write(&file, line).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&file), 0);
    for (dataset, whose) in [("crm", &["C-1"][..]), ("not registered", &["C-3"]), ("index", &["C-1", "C-2", "C-3"])] {
        let (files, _) = report(&server, &["report", "exposure", "--resource", dataset]);
        let told = json(&files);
        let (accesses, subjects) = (&told["accesses"], told["subjects"].as_array().cloned().unwrap_or_default());
        assert_eq!(accesses[0]["authorisation"], "unauthorised", "{dataset}: {accesses}");
        assert_eq!(accesses.as_array().map(Vec::len), Some(1), "{dataset}");
        assert_eq!(subjects.len(), whose.len(), "{dataset}");
        let text = Value::from(subjects).to_string();
        assert!(whose.iter().all(|person| text.contains(person)), "{dataset}: {text}");
    }
    let found = |dataset: &str| {
        run(&mut server.client_command(&["list", "--json", "--dataset", dataset]), 0).out.lines().count()
    };
    assert_eq!((found("crm"), found("index")), (1, 1));
}

/// What failed shows nothing by its result; its error may repeat whom it was about to whoever acted (REPORTS 2.3).
#[test]
fn what_an_error_said_is_possible_and_shows_no_way() {
    for (error, rung, people) in [("no access to C-1", "seen", 1), ("", "tried", 0)] {
        let server = TestServer::new();
        run(&mut server.client_command(&["names", "add", "dataset", "crm"]), 0);
        let line = format!(
            r#"{{"verb":"data.view","at":"2026-03-12T09:00:00Z","clock":"gateway","outcome":"failed","error":"{error}","dataset":"crm","policy":{{"id":"p","decision":"permit"}},"actors":[{{"kind":"human","identities":[{{"namespace":"staff","fields":["dan"],"strength":"strong"}}]}}],"determination":"listed","subjects":[{{"identities":[{{"namespace":"customer","fields":["C-1"],"strength":"strong"}}],"categories":[{{"direction":"argument","categories":["contact"]}}]}}]}}"#
        );
        let file = server.place.join("acts.jsonl");
        std::fs::write(&file, line).expect("a file can be written");
        run(server.client_command(&["append"]).arg(&file), 0);
        let (files, _) = report(&server, &["report", "exposure", "--resource", "crm"]);
        let told = json(&files);
        let access = &told["accesses"][0];
        assert_eq!((access["rung"].as_str(), access["outcome"].as_str()), (Some(rung), Some("failed")), "{access}");
        assert_eq!(told["totals"]["people_saw"], serde_json::json!({"high": people, "low": 0}));
        let concerned: Vec<&Value> =
            told["subjects"].as_array().into_iter().flatten().map(|one| &one["accesses"]["high"]).collect();
        assert_eq!(concerned, vec![1; people as usize], "{error}");
        assert_eq!(told["oddities"], serde_json::json!([]), "it shows no way");
    }
}

/// A person's report tells of every part that they have: in steps of breaches, in decisions to name staff, in reports on what
/// their data stood in; and of nobody else who stands there.
#[test]
fn a_persons_report_tells_of_breaches_decisions_and_reports_in_which_they_stand() {
    let server = incident();
    let of = |subject: &str| report(&server, &["report", "access", "--subject", subject]);
    let involved = |report: &Value| -> Vec<(String, String)> {
        let told = report["involved"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        told.iter().map(|fact| (text(&fact["what"]), text(&fact["step"]))).collect()
    };
    assert_eq!((involved(&json(&of("customer=C-1001").0)), involved(&json(&of("staff=dana").0))), (vec![], vec![]));
    let (_, exposed) = exposure(&server);
    let breach = |words: &[&str]| run(server.client_command(&["breach"]).args(words), 0).out;
    let said = breach(&["open", "--resource", RESOURCE, "--reference", "I-7"]);
    let case = said.split_whitespace().skip_while(|word| *word != "case").nth(1).expect("an id").to_owned();
    breach(&["aware", &case, "--at", "2026-03-10T18:00:00Z", "--by", "staff=dana"]);
    let message = ["--channel", "individual", "--delivery", "delivered", "--at", "2026-03-11T08:00:00Z"];
    breach(
        &[&["tell", &case, "--to", "customer=C-1001", "--to", "customer=C-1002", "--by", "staff=dana"], &message[..]]
            .concat(),
    );
    breach(&[
        "tell",
        &case,
        "--to",
        "customer=C-1003",
        "--by",
        "staff=dana",
        "--channel",
        "individual",
        "--delivery",
        "failed",
        "--at",
        "2026-03-11T09:00:00Z",
        "--statement",
        "the address was wrong",
    ]);
    let words = ["--by", "employee=4711", "--statement", "to sue", "--interest", "acted alone"];
    let naming = ["person", "name-staff", "customer=C-1001", "--staff", "staff=erin"];
    let said = run(server.client_command(&naming).args(words), 0).out;
    let decided: u64 = said.split(|c: char| !c.is_ascii_digit()).find_map(|word| word.parse().ok()).expect("an entry");
    let (files, index) = of("customer=C-1001");
    let told = json(&files);
    assert_eq!(involved(&told), [("told".to_owned(), "informed".to_owned())]);
    let reports = told["earlier_reports"].as_array().expect("a list");
    let on_resource = reports.iter().find(|fact| fact["report_type"] == "exposure").expect("it lists her by name");
    assert_eq!(on_resource["entry"], exposed);
    let verification = &told["header"]["verification"];
    assert_eq!(verification["entries_counted"], verification["entries_proved"]);
    let others = ["C-1002", "C-1003", "dana", "4711"];
    let (_, html) = files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page");
    let html = String::from_utf8_lossy(html);
    assert!(html.contains("you were told of a breach of your data"));
    let json_text = files.iter().find(|(name, _)| name.ends_with(".json")).expect("a JSON file");
    let json_text = String::from_utf8_lossy(&json_text.1);
    assert!(others[..3].iter().all(|other| !html.contains(other) && !json_text.contains(other)));
    assert_eq!(report(&server, &["report", "again", &index.to_string()]).0, files);
    assert_eq!(involved(&json(&of("customer=C-1003").0)), [("not_told".to_owned(), "informed".to_owned())]);
    let step = |step: &str| ("case_step".to_owned(), step.to_owned());
    assert_eq!(involved(&json(&of("staff=dana").0)), [step("aware"), step("informed"), step("informed")]);
    assert_eq!(involved(&json(&of("employee=4711").0)), [("decided_naming".to_owned(), String::new())]);
    // Whoever looks is told of as well: at what is held, and at a report in which they stand.
    run(&mut server.client_command(&["person", "show", "customer=C-1002"]), 0);
    report(&server, &["report", "again", &exposed.to_string()]);
    let told = json(&of("customer=C-1002").0);
    let looks: Vec<_> = involved(&told).into_iter().filter(|(what, _)| what == "looked_up").collect();
    assert_eq!(looks, [("looked_up".to_owned(), String::new())]);
    let reads = told["ledger_reads"].as_array().expect("a list");
    assert!(reads.iter().any(|read| read["verb"] == "report.produce" && read["first"] == exposed), "{reads:?}");
    // What is linked with somebody is theirs, though no act tells of it.
    let linked = ["person", "link", "customer=C-1003", "email=new@x.example", "--statement", "the same account"];
    run(&mut server.client_command(&linked), 0);
    let told = json(&of("email=new@x.example").0);
    let known: Vec<_> = told["person"].as_array().expect("a list").iter().map(|id| id["fields"][0].clone()).collect();
    assert!(known.contains(&Value::from("new@x.example")) && known.contains(&Value::from("C-1003")), "{known:?}");
    let decided = decided.to_string();
    let taken = ["person", "take-back-naming", "customer=C-1001", "--decision", &decided, "--by", "employee=4711"];
    run(server.client_command(&taken).args(["--statement", "an error"]), 0);
    let last = |subject: &str| involved(&json(&of(subject).0)).pop().map(|(what, _)| what);
    assert_eq!(last("employee=4711").as_deref(), Some("took_back_naming"));
    assert_eq!(last("staff=erin").as_deref(), Some("naming_taken_back"));
    let erin = json(&of("staff=erin").0);
    assert!(involved(&erin).contains(&("named_to_somebody".to_owned(), String::new())));
    assert!(!erin.to_string().contains("to sue") && !erin.to_string().contains("4711"));
}

#[test]
fn the_sheets_of_the_incident_say_what_the_json_says() {
    let server = incident();
    let (files, _) = exposure(&server);
    let report = json(&files);
    let file = |ending: &str| &files.iter().find(|(name, _)| name.ends_with(ending)).expect("a file").1;
    let book: BTreeMap<String, sheets::Table> = sheets::workbook(file(".xlsx")).into_iter().collect();
    let rows = |list: &Value, sheet: &str| {
        assert_eq!(book[sheet].len() - 1, list.as_array().expect("a list").len(), "{sheet}")
    };
    rows(&report["viewers"], "People");
    rows(&report["accesses"], "Accesses");
    rows(&report["holdings"], "Copies held");
    rows(&report["subjects"], "Persons inside");
    rows(&report["oddities"], "What does not fit");
    rows(&report["resources"], "Resources");
    rows(&report["coverage"]["sources"], "Coverage");
    rows(&report["resources"][0]["windows"], "Windows");
    rows(&report["resources"][0]["paths"], "Ways");
    let people = sheets::columns(&book["People"]);
    for (at, viewer) in report["viewers"].as_array().expect("a list").iter().enumerate() {
        let seconds = |column: &str| match &people[column][at] {
            calamine::Data::Float(seconds) => (seconds * 1_000_000.0).round() as u64,
            other => panic!("{other:?}"),
        };
        assert_eq!(seconds("Could see: certain, in seconds"), viewer["could_us"]["low"]);
        assert_eq!(seconds("Could see: possible, in seconds"), viewer["could_us"]["high"]);
        assert_eq!(seconds("Of that without authority: possible, in seconds"), viewer["excess_us"]["high"]);
    }
    let windows = sheets::columns(&book["Windows"]);
    assert_eq!(windows["Open: certain, in seconds"], [calamine::Data::Float(7_200.0)]);
    assert_eq!(sheets::text(&windows["Open: in words"][0]), "2 h 00 min");
    let start = &report["resources"][0]["windows"][0]["start"]["earliest"];
    assert_eq!(sheets::text(&windows["From: not before"][0]), start.as_str().expect("a time"));
    let names: Vec<String> = sheets::files(file(".csv.zip")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), book.len());
    assert!(
        ["people.csv", "accesses.csv", "windows.csv"].iter().all(|name| names.contains(&(*name).to_owned())),
        "{names:?}"
    );
    let accesses =
        sheets::files(file(".csv.zip")).into_iter().find(|(name, _)| name == "accesses.csv").expect("a file").1;
    assert_eq!(sheets::rows(&accesses).len(), book["Accesses"].len());
}

/// Where pages say that somebody cannot be counted, or "at least", a number in the sheet would be one too small.
#[test]
fn the_sheets_say_no_number_where_the_pages_say_that_there_is_none() {
    let server = TestServer::new();
    for name in ["open/public", "open/counted"] {
        run(&mut server.client_command(&["names", "add", "dataset", name]), 0);
    }
    let erin = r#"{"kind":"human","identities":[{"namespace":"staff","fields":["erin"],"strength":"strong"}]}"#;
    let act = |at: &str, verb: &str, resource: &str, rest: &str| {
        format!(
            r#"{{"verb":"{verb}","at":"2026-05-01T{at}:00Z","clock":"gateway","outcome":"succeeded","dataset":"{resource}","actors":[{erin}],{rest}}}"#
        )
    };
    let grant = |resource: &str, party: &str| {
        let fact = format!(r#"{{"kind":"grant","edge":"open","resource":"{resource}","end":"unknown",{party}}}"#);
        act("09:00", "access.grant", resource, &format!(r#""determination":"nobody","facts":[{fact}]"#))
    };
    let counts = |rest: &str| format!(r#""determination":"undetermined"{rest}"#);
    let told = [
        grant("open/public", r#""party":"public""#),
        grant("open/counted", &erin[1..erin.len() - 1].replace("kind", "party")),
        act(
            "09:30",
            "data.read",
            "open/counted",
            &counts(
                r#","subjects_delivered":{"precision":"exact","count":500},"records_delivered":{"precision":"exact","count":700}"#,
            ),
        ),
        act("09:40", "data.read", "open/counted", &counts("")),
    ];
    let file = server.place.join("open.jsonl");
    std::fs::write(&file, told.join("\n")).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&file), 0);
    let figures = |resource: &str, label: &str| {
        let (files, _) = report(&server, &["report", "exposure", "--resource", resource]);
        let zip = &files.iter().find(|(name, _)| name.ends_with(".csv.zip")).expect("CSV").1;
        let figures = sheets::files(zip).into_iter().find(|(name, _)| name == "figures.csv").expect("figures").1;
        let row = sheets::rows(&figures).into_iter().find(|row| row[0] == label).expect("a figure");
        (row[1..].to_vec(), files)
    };
    let (could, files) = figures("open/public", "people who could see it");
    assert_eq!(could[..2], ["", ""], "it is not 0 people: {could:?}");
    assert!(could[2].starts_with("not countable"), "{could:?}");
    let html = &files.iter().find(|(name, _)| name.ends_with(".html")).expect("HTML").1;
    assert!(String::from_utf8_lossy(html).contains("not countable"), "the page's tile");
    let (inside, files) = figures("open/counted", "people whose data was inside");
    assert_eq!(inside, ["500", "", "at least 500"]);
    let totals = &json(&files)["totals"];
    assert_eq!((&totals["records"]["high"], &totals["records_incomplete"]), (&Value::from(700), &Value::from(true)));
    assert_eq!(figures("open/counted", "Records delivered").0, ["700", "", "at least 700"]);
    assert_eq!(figures("open/public", "Records delivered").0, ["0", "0", ""], "no act delivered any");
}

#[test]
fn the_incident_is_told_in_german_and_again_to_the_byte() {
    let server = incident();
    let (files, index) = report(&server, &["report", "exposure", "--resource", RESOURCE, "--language", "de"]);
    let told = json(&files);
    let text = told["answer"]["text"].as_str().expect("a sentence");
    assert!(text.contains("insgesamt 2 h 00 min; einsehbar war der Inhalt für 5 Personen"), "{text}");
    assert!(report(&server, &["report", "again", &index.to_string()]).0 == files, "made again");
    let (_, html) = files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page");
    assert!(String::from_utf8_lossy(html).contains(r#"<html lang="de">"#));
    let english = json(&exposure(&server).0);
    assert_eq!((&told["totals"], &told["accesses"]), (&english["totals"], &english["accesses"]));
}

#[test]
fn a_report_that_later_links_would_change_is_refused_rather_than_told_otherwise() {
    let server = incident();
    let (_, index) = exposure(&server);
    run(&mut server.client_command(&["person", "link", "staff=erin", "staff=farid", "--statement", "one person"]), 0);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut again = server.client_command(&["report", "again", &index.to_string()]);
    let said = run(again.arg("--out").arg(directory.path()), 1);
    assert!(said.err.contains("linked or unlinked since"), "{}", said.err);
    assert_eq!(json(&exposure(&server).0)["totals"]["people_could"]["high"], 4);
}

/// An engineer's read that the proxy told of only after the first report.
const LATE: &str = r#"
scenario = "late"

[[record]]
action_id = "\u0023late"
at = 2026-03-10T10:15:00Z
clock = "gateway"
verb = "data.view"
outcome = "succeeded"
actors = [{ kind = "human", identities = [{ namespace = "staff", fields = ["henri"], strength = "strong" }] }]
dataset = "crm/customer-export"
determination = "listed"

[[record.subjects]]
kind = "customer"
identities = [{ namespace = "customer", fields = ["C-1001"], strength = "strong" }]
categories = [{ direction = "result", categories = ["contact"] }]
"#;

#[test]
fn a_later_report_says_what_is_otherwise_and_both_are_made_again_to_the_byte() {
    let server = incident();
    let (first, index) = exposure(&server);
    assert!(json(&first)["header"]["supersedes"].is_null());
    assert_eq!(json(&first)["changes"], serde_json::json!([]));
    let directory = tempfile::tempdir().expect("a temporary directory");
    let late = directory.path().join("late.toml");
    std::fs::write(&late, LATE).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&late), 0);
    let entry = index.to_string();
    let words = ["report", "exposure", "--resource", RESOURCE, "--supersedes", &entry];
    let (second, later) = report(&server, &words);
    let told = json(&second);
    assert_eq!(told["header"]["supersedes"]["entry"], index);
    let changes = told["changes"].as_array().expect("changes");
    let changed = |path: &str| changes.iter().find(|change| change["path"] == path).cloned().unwrap_or_default();
    assert_eq!(
        changed("totals.people_saw.low"),
        serde_json::json!({"path": "totals.people_saw.low", "before": "1", "after": "2"})
    );
    assert_eq!(changed("viewers[henri].did")["after"], "1");
    assert!(
        changes.iter().all(|change| !change["path"].as_str().is_some_and(|path| path.contains("[erin"))),
        "{changes:?}"
    );
    for (made, at) in [(first, index), (second, later)] {
        assert_eq!(report(&server, &["report", "again", &at.to_string()]).0, made);
    }
    let refused = |of: &str, told: &str| {
        let said =
            run(&mut server.client_command(&["report", "exposure", "--resource", RESOURCE, "--supersedes", of]), 1);
        assert!(said.err.contains(told), "{}", said.err);
    };
    refused("1", "supersedes is not the entry of a report of this type");
    refused("100000", "supersedes is an entry that this report does not know");
}

/// A read by nobody knows whom: whether a human saw it is not determinable, however complete the logging was.
#[test]
fn who_opened_and_closed_and_what_a_human_says_stand_in_the_report() {
    let server = incident();
    let words = ["report", "exposure", "--resource", RESOURCE];
    let (plain, _) = report(&server, &words);
    let bare = json(&plain);
    assert_eq!(bare["open_questions"], Value::Null);
    let missing = bare["header"]["completeness"]["not_provided"].to_string();
    let page = |files: &[(String, Vec<u8>)]| {
        let (_, bytes) = files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page");
        String::from_utf8(bytes.clone()).expect("text")
    };
    let said = ["--open-questions", "Who else\nhad the link?", "--characterisation", "Loss of confidentiality"];
    let (files, index) = report(&server, &[&words[..], &said].concat());
    let told = json(&files);
    assert_eq!(told["open_questions"], "Who else\nhad the link?");
    assert_eq!(told["characterisation"], "Loss of confidentiality");
    let number = |text: &str| text.trim_matches('"').parse::<u64>().expect("a number");
    assert_eq!(number(&told["header"]["completeness"]["not_provided"].to_string()) + 2, number(&missing));
    for text in ["Who else", "Loss of confidentiality", "without authority"] {
        assert!(page(&files).contains(text), "{text}");
    }
    let relations: Vec<&str> =
        told["causes"].as_array().expect("causes").iter().filter_map(|it| it["relation"].as_str()).collect();
    assert!(relations.contains(&"opened") && relations.contains(&"closed"), "{relations:?}");
    assert_eq!(told["totals"]["people_without_authority"], told["totals"]["people_could"]);
    let (again, _) = report(&server, &["report", "again", &index.to_string()]);
    for (name, bytes) in &files {
        let other = again.iter().find(|(other, _)| other.rsplit('.').next() == name.rsplit('.').next());
        assert_eq!(other.map(|(_, bytes)| bytes), Some(bytes), "{name}");
    }
    let wrong = run(server.client_command(&words).args(["--characterisation", "a\u{7}b"]), 1);
    assert!(wrong.err.contains("characterisation"), "{}", wrong.err);
}

#[test]
fn the_page_says_no_more_of_who_saw_it_than_the_answer_does() {
    let server = TestServer::new();
    run(&mut server.client_command(&["names", "add", "dataset", RESOURCE]), 0);
    run(&mut server.client_command(&["names", "add", "source", "proxy"]), 0);
    let base = r#""outcome":"succeeded","clock":"gateway","policy":{"id":"p","decision":"permit"},"determination":"#;
    let service = r#""actors":[{"kind":"agent","name":"proxy"}]"#;
    let lines = [
        format!(
            r#"{{"verb":"coverage.start","at":"2026-03-10T00:00:00Z",{base}"nobody",{service},"facts":[{{"kind":"coverage","edge":"open","coverage":"complete","source":"proxy"}}]}}"#
        ),
        format!(
            r#"{{"verb":"access.grant","at":"2026-03-10T09:00:00Z",{base}"nobody",{service},"facts":[{{"kind":"grant","edge":"open","resource":"{RESOURCE}","party":"public"}}]}}"#
        ),
        format!(
            r#"{{"verb":"data.read","at":"2026-03-10T09:20:00Z",{base}"listed","dataset":"{RESOURCE}","actors":[{{"kind":"public"}}],"subjects":[{{"identities":[{{"namespace":"customer","fields":["C-1"],"strength":"strong"}}],"categories":[{{"direction":"result","categories":["contact"]}}]}}]}}"#
        ),
    ];
    let file = server.place.join("anonymous.jsonl");
    std::fs::write(&file, lines.join("\n")).expect("a file can be written");
    run(server.client_command(&["append"]).arg(&file), 0);
    let (files, _) = exposure(&server);
    let report = json(&files);
    assert_eq!(
        (&report["coverage"]["sentence"], &report["answer"]["seen"]),
        (&"none_complete".into(), &"not_determinable".into())
    );
    let (_, html) = files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page");
    let html = String::from_utf8_lossy(html);
    let (_, told) = html.split_once("<dt>Did a human see it</dt>").expect("the page tells");
    assert!(told.split_once("</dd>").expect("in one cell").0.contains("not determinable"), "{}", &told[..200]);
}

#[test]
fn whoever_is_erased_is_still_counted_as_somebody() {
    let server = incident();
    let before = json(&exposure(&server).0);
    run(&mut server.client_command(&["person", "erase", "customer=C-1002", "--ground", "gdpr:17.1.b"]), 0);
    run(&mut server.client_command(&["person", "run-erasures"]), 0);
    let after = json(&exposure(&server).0);
    assert_eq!(after["totals"]["open_us"], before["totals"]["open_us"]);
    assert_eq!(after["totals"]["people_could"], before["totals"]["people_could"]);
    assert_eq!(after["totals"]["subjects"]["low"], 2);
    assert_eq!(after["totals"]["subjects_determined"], false, "somebody else was inside");
    assert!(after["header"]["parts_closed"].as_u64() > Some(0));
    assert!(!after.to_string().contains("C-1002"));
}

/// What was shared with nobody who is named was done, and no attempt that got nothing.
#[test]
fn a_share_that_was_made_is_no_attempt() {
    let server = TestServer::new();
    let act = |verb: &str, outcome: &str| {
        let about =
            r#"{"kind":"customer","identities":[{"namespace":"customer","fields":["C-1"],"strength":"strong"}]}"#;
        let by = r#"{"kind":"human","identities":[{"namespace":"staff","fields":["ned"],"strength":"strong"}]}"#;
        format!(
            r#"{{"verb":"{verb}","outcome":"{outcome}","dataset":"{RESOURCE}","actors":[{by}],"determination":"listed","subjects":[{about}]}}"#
        )
    };
    let path = server.place.join("acts.jsonl");
    std::fs::write(&path, [act("data.share", "succeeded"), act("data.read", "denied")].join("\n")).expect("a file");
    run(server.client_command(&["append"]).arg(&path), 0);
    let report = json(&exposure(&server).0);
    assert_eq!(report["totals"]["attempts"], 1, "{}", report["accesses"]);
}

#[test]
fn bad_questions_are_told_by_field_and_nothing_is_recorded() {
    let server = incident();
    let refused = |words: &[&str], told: &str| {
        let said: Said = run(&mut server.client_command(words), 1);
        assert!(said.err.contains(told), "{}", said.err);
    };
    let (_, before) = exposure(&server);
    refused(&["report", "exposure", "--resource", ""], "resources[0]");
    refused(&["report", "exposure", "--resource", RESOURCE, "--cut-off", "2100-01-01T00:00:00Z"], "cut_off");
    refused(&["report", "exposure", "--resource", RESOURCE, "--at-size", "100000"], "tree_size");
    refused(&["report", "again", "100000"], "index");
    // That would be a report on everything, by whoever meant nothing.
    run(&mut server.client_command(&["report", "exposure", "--resource", RESOURCE, "--at-size", "0"]), 2);
    let (files, index) = report(&server, &["report", "exposure", "--resource", "nothing/known"]);
    assert_eq!(index, before + 1, "refused questions leave no entry");
    let report = json(&files);
    assert_eq!(report["resources"][0]["known"], false);
    // A mistyped name is no negative: nothing is said but that nothing of it is known.
    assert_eq!(report["answer"]["claim"], "nothing_known");
    let text = report["answer"]["text"].as_str().expect("a sentence");
    assert!(text.contains("nothing/known is known here") && !text.contains("No unauthorised access"), "{text}");
}
