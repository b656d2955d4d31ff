//! When somebody became aware, what was due, and what late facts change of what was submitted.

use crate::*;

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
    refused(&[&submit[..], &["--at", "2026-03-12T09:00:00Z"]].concat(), "--at lies before the report");
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
    // Nobody says whether she was allowed to: what is not settled stands in no answer.
    act(&server, "data.view", "10:15", &LATE_READ.replace("farid", "nina"));
    let (now, late) = file(&server, &case);
    let phase = &now["phases"][0];
    let changes = phase["changes"].as_array().expect("changes");
    assert!(changes.iter().all(|change| change["then"] == json!([])), "no answer reads otherwise: {changes:?}");
    let facts = phase["facts"].as_array().expect("facts");
    let access = facts.iter().find(|fact| fact["what"] == "access").unwrap_or_else(|| panic!("{facts:?}"));
    assert_eq!((&access["then"], &phase["follow_up_needed"]), (&Value::Null, &json!(true)));
    assert!(access["now"].as_str().is_some_and(|text| text.contains("nina")), "{access}");
    assert!(!access["entries"].as_array().expect("entries").is_empty());
    // Told of it, the authority knows: the first notification is compared with the second, and nothing is owed any more.
    submit(&late.to_string());
    let (now, _) = file(&server, &case);
    let (first, second) = (&now["phases"][0], &now["phases"][1]);
    assert_eq!((&first["follow_up_needed"], &second["follow_up_needed"]), (&json!(false), &json!(false)), "{second}");
    assert_eq!(first["until"], second["submitted"]["entry"]);
    assert!(!first["facts"].as_array().expect("facts").is_empty());
}

/// What the ledger only proposes is no answer, and is not told as if it were one now.
#[test]
fn what_is_only_proposed_since_a_notification_is_told_as_proposed() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let (_, entry) = report(&server, &["breach", &case, "--format", "json"]);
    breach(&server, &[&["submit", &case, "--report", &entry.to_string()][..], &DANA].concat());
    let tell = ["tell", &case, "--to", "customer=C-1001", "--channel", "individual", "--delivery", "delivered"];
    breach(&server, &[&tell[..], &["--at", "2026-03-12T10:00:00Z"], &DANA].concat());
    let (now, _) = file(&server, &case);
    let changes = now["phases"][0]["changes"].as_array().expect("changes");
    let told = changes.iter().find(|change| change["field"] == 97).unwrap_or_else(|| panic!("{changes:?}"));
    assert_eq!(told["then"], json!([]));
    assert_eq!(texts(&told["now"])[0].split(':').next(), Some("proposed by the ledger"), "{told}");
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
    assert_eq!(values(&report, 48), ["2026-03-06T18:10:00.000000Z"]);
    assert_eq!(field(&report, 48)["entries"].as_array().map(Vec::len), Some(2), "both statements are told");
    // A person said it, and nobody but the caller says that it was they.
    assert_eq!(
        (&field(&report, 48)["state"], &field(&report, 48)["answered_in"]),
        (&json!("person"), &life["aware"]["entry"])
    );
    assert_eq!(life["aware"]["signed"], json!(false));
    let told = "not signed: as the caller said";
    assert!(breach(&server, &["show", &case]).out.contains(told));
    let (files, _) = crate::report(&server, &["breach", &case, "--format", "html"]);
    assert!(String::from_utf8_lossy(&files[0].1).contains(told));
    assert_eq!(field(&report, 49)["state"], "not_provided", "not notified, and the deadline has passed: why?");
}

/// That a processor was aware says neither that it found the breach nor that it told the controller, and never when it did.
#[test]
fn a_processor_that_was_aware_is_put_to_a_person_as_who_found_it_only_where_it_surely_was_first() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    breach(&server, &["processor-aware", &case, "--at", "2026-03-10T11:00:00Z"]);
    aware(&server, &case, "2026-03-10T12:00:00Z");
    // The ledger holds the house's own detection of 11:25.
    let (report, _) = file(&server, &case);
    assert_eq!((&field(&report, 50)["state"], values(&report, 50)), (&json!("proposed"), vec!["b".to_owned()]));
    assert_eq!(field(&report, 50)["values"], json!([]), "what is proposed is no answer");
    let todo = report["todo"].as_array().expect("a list");
    assert!(
        todo.contains(&json!({"field": 50, "what": "confirm"}))
            && todo.contains(&json!({"field": 52, "what": "answer"}))
    );
    assert_eq!(
        (&field(&report, 52)["state"], values(&report, 52)),
        (&json!("not_provided"), vec![]),
        "nobody told when"
    );
    // The house had detected it before: who found it, a person says.
    breach(&server, &["detect", &case, "--at", "2026-03-10T10:30:00Z"]);
    let (report, _) = file(&server, &case);
    assert_eq!((&field(&report, 50)["state"], values(&report, 50)), (&json!("not_provided"), vec![]));
    assert_eq!(field(&report, 52)["state"], "hidden");
    // Aware months after everybody else.
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-10T12:00:00Z");
    breach(&server, &["processor-aware", &case, "--at", "2026-11-20T11:30:00Z"]);
    let (report, _) = file(&server, &case);
    assert_eq!(field(&report, 50)["state"], "not_provided");
    assert!(values(&report, 53)[0].contains("the processor became aware"), "that it was is told");
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
