//! What the ledger answers by itself, what a person may answer, and what nobody may.

use crate::*;

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
        (63, &["crm/customer-export: place NOT PROVIDED"], "not_provided"),
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
    // Also where what stands there says itself that something of it is not provided.
    let is_missing = |field: &&Value| field["required"] == true && field["state"] == "not_provided";
    assert_eq!(totals["not_provided"], fields.iter().filter(is_missing).count());
    let columns = report["register"].as_array().expect("columns");
    let facts = columns.iter().find(|column| column["column"] == "facts").expect("the column");
    let places =
        facts["lines"].as_array().expect("lines").iter().find(|line| text(line).contains("place NOT PROVIDED"));
    assert_eq!(places.map(|line| line["state"].clone()), Some(json!("not_provided")), "{facts}");
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

/// The first and the last that somebody got data without authority are events of the timeline, whether they gave it to others
/// or not; many are told by these two and their number.
#[test]
fn the_timeline_tells_who_got_data_without_authority_also_where_nobody_else_was_given_it() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let timeline = || {
        let (report, _) = file(&server, &case);
        let entries = field(&report, 53)["entries"].as_array().expect("entries").clone();
        (values(&report, 53).concat().lines().map(str::to_owned).collect::<Vec<_>>(), entries)
    };
    let (lines, entries) = timeline();
    for (verb, entry) in [("view", 9), ("download", 12)] {
        let told = format!("UTC: {verb}, {RESOURCE}: without authority (entry {entry})");
        assert_eq!(lines.iter().filter(|line| line.ends_with(&told)).count(), 1, "{verb}: {lines:?}");
        assert!(entries.contains(&json!(entry)), "{entries:?}");
    }
    assert!(lines.is_sorted(), "in order: {lines:?}");
    for minute in 0..12 {
        act(&server, "data.view", &format!("10:{:02}", 45 + minute), LATE_READ);
    }
    let (lines, entries) = timeline();
    let got: Vec<&String> = lines.iter().filter(|line| line.contains(": without authority (entry")).collect();
    assert_eq!(got.len(), 2, "the first and the last: {lines:?}");
    let all = format!(
        "2026-03-10 09:34:20 UTC to 2026-03-10 10:56:00 UTC: {RESOURCE}: reached without authority 14 times in all"
    );
    assert!(lines.contains(&all), "{lines:?}");
    assert!(entries.len() > 14, "each is cited: {entries:?}");
}

/// What cannot be true together, or not yet, is refused by its field.
#[test]
fn an_end_before_the_beginning_and_what_has_been_in_the_future_are_refused() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let refused = |set: &[&str], told: &str| {
        let set = set.iter().flat_map(|set| ["--set", set]);
        let words: Vec<&str> = ["breach", "answer", &case].into_iter().chain(set).chain(DANA).collect();
        let said = run(&mut server.client_command(&words), 1);
        assert!(said.err.contains(told), "{}", said.err);
    };
    refused(
        &["46=2025-11-03T00:00:00Z", "47=2025-11-01T00:00:00Z"],
        "(field 47) is an end that lies before the beginning",
    );
    // Also in two steps.
    breach(&server, &[&["answer", &case, "--set", "46=2025-11-03T00:00:00Z"][..], &DANA].concat());
    refused(&["47=2025-11-01T00:00:00Z"], "(field 47) is an end that lies before the beginning");
    refused(&["97=a", "98=2100-01-01"], "(field 98) lies in the future");
    breach(&server, &[&["answer", &case, "--set", "97=b", "--set", "99=2100-01-01"][..], &DANA].concat());
}

/// Each of these a person may say by itself; beside what the ledger says of the other it cannot be.
#[test]
fn an_answer_that_contradicts_what_the_ledger_says_elsewhere_is_flagged() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let answer = |set: &[&str]| {
        let set = set.iter().flat_map(|answer| ["--set", answer]);
        breach(&server, &["answer", &case].into_iter().chain(set).chain(DANA).collect::<Vec<_>>());
    };
    let (report, _) = file(&server, &case);
    assert!(report["fields"].as_array().expect("fields").iter().all(|field| field["contradicts"] == Value::Null));
    answer(&["46=2026-11-03T00:00:00Z", "97=a", "98=2026-01-01", "67=a", "68=0"]);
    let (report, _) = file(&server, &case);
    for (number, expected, state) in [
        (46, json!(["end_before_beginning"]), "differs"),
        (47, json!(["end_before_beginning"]), "ledger"),
        (98, json!(["told_before_breach"]), "differs"),
        (68, json!(["fewer_than_known"]), "differs"),
    ] {
        let field = field(&report, number);
        assert_eq!((&field["contradicts"], &field["state"]), (&expected, &json!(state)), "field {number}");
    }
    let todo = report["todo"].as_array().expect("a list");
    for number in [46, 68, 98] {
        assert!(todo.iter().any(|todo| todo["field"] == number && todo["what"] == "reconcile"), "{number}: {todo:?}");
    }
}

/// Somebody surely got data without authority: whoever leaves confidentiality out would hide all that hangs on it.
#[test]
fn a_nature_without_the_confidentiality_that_the_record_shows_is_not_taken() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let answer = |set: &[&str]| {
        let set = set.iter().flat_map(|set| ["--set", set]);
        let words: Vec<&str> = ["answer", &case].into_iter().chain(set).chain(DANA).collect();
        breach(&server, &words);
    };
    answer(&["55=c", "56=c"]);
    let (report, _) = file(&server, &case);
    let nature = field(&report, 55);
    assert_eq!((&nature["state"], &nature["refused_values"]), (&json!("refused"), &json!(["c"])));
    assert_eq!((&nature["values"], &nature["ledger_values"]), (&json!([]), &json!(["a"])));
    for number in [56, 57, 79] {
        assert_ne!(field(&report, number)["state"], "hidden", "field {number}");
        assert_eq!(field(&report, number)["required"], true, "field {number}");
    }
    assert_eq!((&field(&report, 56)["state"], values(&report, 56)), (&json!("refused"), vec!["a".to_owned()]));
    assert!(report["todo"].as_array().expect("a list").contains(&json!({"field": 55, "what": "replace"})));
    let register = report["register"].as_array().expect("columns");
    let column = register.iter().find(|column| column["column"] == "nature").expect("the column").to_string();
    assert!(
        column.contains("a  confidentiality") && column.contains("a  exfiltrated") && !column.contains("c  "),
        "{column}"
    );
    let shown = breach(&server, &["show", &case]).out;
    assert!(shown.contains("c  (not taken: the record rules it out)"), "{shown}");
    // More than the record shows is a person's to say.
    answer(&["55=a", "55=c"]);
    assert_eq!(field(&file(&server, &case).0, 55)["state"], "differs");
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
    let let_in = grant("open", r#""party":"agent","name":"helper""#).replace("deny", "permit");
    act(&server, "access.grant", "07:00", &let_in);
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

fn text(line: &Value) -> &str {
    line["text"].as_str().unwrap_or_default()
}
