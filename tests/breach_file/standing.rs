//! What stands once a statement was taken back, a notification was only stated, or came too late; and what cannot be told.

use crate::*;

fn text(report: &Value) -> String {
    report["answer"]["text"].as_str().expect("a sentence").to_owned()
}

fn page(files: &[(String, Vec<u8>)]) -> String {
    String::from_utf8_lossy(&files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page").1).into_owned()
}

fn retract(server: &TestServer, case: &str, entry: &Value) {
    let entry = entry.to_string();
    let words = ["retract", case, "--entry", &entry, "--statement", "a mistake", DANA[0], DANA[1]];
    breach(server, &words);
}

fn refused(server: &TestServer, words: &[&str], told: &str) {
    let said = run(server.client_command(&["breach"]).args(words).args(DANA), 1);
    assert!(said.err.contains(told), "{}", said.err);
}

/// Whoever takes awareness back must not make it look as if nobody had known, or as if nobody had been notified.
#[test]
fn an_awareness_that_was_taken_back_stands_in_the_first_sentence_with_its_deadline() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-10T18:10:00Z");
    let stated = file(&server, &case).0["case"]["aware"]["entry"].clone();
    retract(&server, &case, &stated);
    let (files, _) = report(&server, &["breach", &case, "--format", "json", "--format", "html"]);
    let told = json_of(&files);
    assert_eq!(told["case"]["deadline"], Value::Null);
    for words in ["it was taken back (entry", "the deadline was 2026-03-13 18:10:00 UTC, 72 hours, and it was missed"] {
        assert!(text(&told).contains(words), "{words}: {}", text(&told));
    }
    assert!(!page(&files).contains("Nobody has stated yet"), "in the box and beside the deadline");
}

#[test]
fn a_notification_stays_told_once_awareness_was_taken_back_and_none_of_later_is_taken() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-10T18:10:00Z");
    breach(&server, &[&["submit", &case, "--at", "2026-03-12T09:00:00Z"][..], &DANA].concat());
    let stated = file(&server, &case).0["case"]["aware"]["entry"].clone();
    retract(&server, &case, &stated);
    let (told, _) = file(&server, &case);
    let words =
        "and the authority was notified before it. The authority was notified at 2026-03-12 09:00:00 UTC (entry";
    assert!(text(&told).contains(words), "{}", text(&told));
    // Whoever notified was aware.
    refused(&server, &["aware", &case, "--at", "2026-03-12T09:00:01Z"], "--at lies after the authority was notified");
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let (told, _) = file(&server, &case);
    assert_eq!(told["case"]["deadline"]["strict"], "2026-03-14T08:00:00.000000Z");
    let words = "By the statement of awareness that was taken back";
    assert!(text(&told).contains(words) && text(&told).contains("2026-03-13 18:10:00 UTC"), "{}", text(&told));
    // A later statement beside one that counts moves nothing, and is flagged once it counts.
    aware(&server, &case, "2026-03-13T08:00:00Z");
    let stated = file(&server, &case).0["case"]["aware"]["entry"].clone();
    retract(&server, &case, &stated);
    let (files, _) = report(&server, &["breach", &case, "--format", "json", "--format", "html"]);
    let awareness = json_of(&files)["case"]["awareness"].clone();
    assert_eq!(awareness[2]["after_notification"], true, "{awareness}");
    assert!(page(&files).contains("after the authority was notified"));
}

/// What was sent is not on file: that nothing differs from what is says nothing.
#[test]
fn a_notification_that_is_only_stated_never_says_that_no_answer_changed() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    act(&server, "data.view", "10:15", LATE_READ);
    // The ledger held nothing yet when it was sent.
    breach(&server, &[&["submit", &case, "--at", "2026-03-12T09:00:00Z"][..], &DANA].concat());
    let (files, _) = report(&server, &["breach", &case]);
    let phase = json_of(&files)["phases"][0].clone();
    assert_eq!((&phase["not_on_file"], &phase["changes"], &phase["facts"]), (&json!(true), &json!([]), &json!([])));
    let told = page(&files);
    assert!(told.contains("What was sent is not on file") && !told.contains("No answer that was given has changed"));
    let zip = &files.iter().find(|(name, _)| name.ends_with(".csv.zip")).expect("CSV").1;
    let sheet = sheets::files(zip).into_iter().find(|(name, _)| name == "notifications.csv").expect("a sheet").1;
    assert!(sheets::rows(&sheet)[1].iter().any(|cell| cell.starts_with("What was sent is not on file")));
}

#[test]
fn a_notification_that_is_only_stated_is_held_against_what_the_ledger_knew_when_it_was_sent() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let (before, _) = file(&server, &case);
    let sent = before["case"]["aware"]["recorded_at"].as_str().expect("an instant").to_owned();
    act(&server, "data.view", "10:15", LATE_READ);
    breach(&server, &[&["submit", &case, "--at", &sent][..], &DANA].concat());
    let (files, _) = report(&server, &["breach", &case, "--format", "json", "--format", "html"]);
    let phase = json_of(&files)["phases"][0].clone();
    assert_eq!((&phase["not_on_file"], &phase["follow_up_needed"]), (&json!(true), &json!(true)), "{phase}");
    let facts = phase["facts"].as_array().expect("facts");
    assert!(facts.iter().any(|fact| fact["what"] == "access" && fact["then"] == Value::Null), "{facts:?}");
    assert!(page(&files).contains("facts are on file that this ledger did not hold when it was sent"));
}

/// GDPR Art. 33(1): later only with reasons, and they are owed once it was notified, too.
#[test]
fn why_a_notification_was_late_is_asked_after_it_until_somebody_says_it() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let (_, entry) = file(&server, &case);
    breach(&server, &[&["submit", &case, "--report", &entry.to_string()][..], &DANA].concat());
    let late = |reasons: &str, state: &str| {
        let (files, _) = report(&server, &["breach", &case, "--format", "json", "--format", "html"]);
        let told = json_of(&files);
        assert_eq!((values(&told, 3), &field(&told, 49)["state"]), (vec!["b".to_owned()], &json!(state)));
        let words = format!("Notified late; reasons: {reasons}");
        let column = told["register"].as_array().expect("columns").iter().find(|column| column["column"] == "reason");
        let lines = column.expect("the column")["lines"].as_array().expect("lines");
        assert_eq!(lines.iter().filter(|line| line["text"] == words.as_str()).count(), 1, "{lines:?}");
        assert!(page(&files).contains(&words) && breach(&server, &["list"]).out.contains(&words));
        told["todo"].as_array().expect("a list").iter().any(|todo| todo["field"] == 49)
    };
    assert!(late("NOT PROVIDED", "not_provided"));
    breach(&server, &[&["answer", &case, "--set", "49=holiday"][..], &DANA].concat());
    assert!(!late("holiday", "person"));
}

/// What was sent before there was a breach cannot have been about it.
#[test]
fn nobody_is_told_of_a_breach_before_it_began() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let tell = ["tell", &case, "--to", "customer=C-1001", "--channel", "individual", "--delivery", "delivered", "--at"];
    breach(&server, &[&tell[..], &["2020-01-01T00:00:00Z"]].concat());
    let (files, _) = report(&server, &["persons", &case]);
    let list = json_of(&files);
    let persons = list["persons"].as_array().expect("persons");
    let anna = persons.iter().find(|person| person["identities"].to_string().contains("C-1001")).expect("C-1001");
    assert_eq!((&anna["notice"], &list["totals"]["told"]), (&json!("not_told"), &json!(0)));
    assert_eq!(anna["told"][0]["before_breach"], true);
    assert!(page(&files).contains("it does not count as told"));
    let (form, _) = file(&server, &case);
    assert!([98, 102].iter().all(|number| values(&form, *number).is_empty()));
    // Once somebody is aware, what lies before it is refused.
    aware(&server, &case, "2026-03-11T08:00:00Z");
    refused(&server, &[&tell[..], &["2026-03-11T07:59:59Z"]].concat(), "--at lies before the controller became aware");
}

#[test]
fn copies_that_may_be_none_are_no_certain_ones_in_the_list_of_persons() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let (files, _) = report(&server, &["persons", &case]);
    let list = json_of(&files);
    let totals = &list["totals"];
    assert_eq!((&totals["holdings_open"], &totals["holdings_possible"]), (&json!(4), &json!(1)));
    let possible = list["holdings"].as_array().expect("copies").iter().filter(|held| held["possible"] == true);
    assert_eq!(possible.count(), 1);
    assert!(page(&files).contains("3 to 4") && page(&files).contains("possible, not certain"));
}

#[test]
fn what_is_wrong_is_said_in_the_words_of_the_command() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let figure = ["severity", &case, "--statement", "s", "--dpc", "2", "--ei", "0.7"];
    refused(&server, &figure, "--ei is not 0.25, 0.5, 0.75 or 1");
    let said = run(&mut server.client_command(&["breach", "show", "seven"]), 1);
    assert!(said.err.contains("CASE is no UUID"), "{}", said.err);
    let (form, _) = file(&server, &case);
    assert!(!text(&form).contains(" 1 wait ") && !text(&form).contains(" 1 are "), "{}", text(&form));
}
