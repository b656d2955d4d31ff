//! What goes while a case is open, what waits for its end, and what outlives both.

use crate::*;

fn erase(server: &TestServer, person: &str) {
    run(&mut server.client_command(&["person", "erase", person, "--ground", "gdpr:17.1.b"]), 0);
    assert!(run(&mut server.client_command(&["person", "run-erasures"]), 0).out.contains("requests  1"));
}

/// Somebody of whom nothing in the case tells, whose data was read elsewhere.
const STRANGER: &str = r#","determination":"listed","actors":[{"kind":"agent","name":"helper"}],"subjects":[{"kind":"customer","identities":[{"namespace":"customer","fields":["U-1"],"strength":"strong"}],"categories":[{"direction":"argument","categories":["contact"]}]}]"#;

/// Nothing that the file rests on was touched: neither the act elsewhere nor the request to erase.
#[test]
fn the_erasure_of_somebody_else_is_no_business_of_a_case() {
    let server = incident();
    registry(&server, &format!("{REGISTRY}[[resources]]\nname = \"newsletter\"\n"));
    let case = opened(&server, RESOURCE);
    act_on(&server, "newsletter", "data.read", "10:15", STRANGER);
    erase(&server, "customer=U-1");
    let (files, _) = report(&server, &["breach", &case, "--format", "json", "--format", "html"]);
    assert_eq!(json_of(&files)["case"]["erased"], json!([]));
    let page =
        String::from_utf8_lossy(&files.iter().find(|(name, _)| name.ends_with(".html")).expect("it").1).into_owned();
    assert!(!page.contains("The erasure of entry"));
}

/// The name of what it was about went with them: it may have been this.
#[test]
fn what_an_erasure_took_may_have_been_about_the_case_where_the_name_went_with_it() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    act_on(&server, "newsletter", "data.read", "10:15", STRANGER);
    erase(&server, "customer=U-1");
    let (files, _) = report(&server, &["breach", &case, "--format", "json", "--format", "html"]);
    let erased = json_of(&files)["case"]["erased"].clone();
    assert_eq!(erased.as_array().map(Vec::len), Some(1), "{erased}");
    assert_eq!((&erased[0]["acts"], &erased[0]["fields"]), (&json!([]), &json!([])));
    assert_eq!(erased[0]["perhaps"].as_array().map(Vec::len), Some(1), "the act, and no request");
    let page =
        String::from_utf8_lossy(&files.iter().find(|(name, _)| name.ends_with(".html")).expect("it").1).into_owned();
    assert!(
        page.contains("took parts of 1 entry that may have been about") && !page.contains("that this file rests on")
    );
}

/// What an erasure took is said, and whoever was counted before is carried forward in the number.
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
    assert_eq!([67, 68].map(|number| values(&form, number).concat()), ["a", "3"], "as it was counted");
    let carried = &form["case"]["carried"];
    assert_eq!(
        (&carried["people"], &carried["erased"]),
        (&json!({"low": 3, "high": 3}), &json!({"low": 1, "high": 1}))
    );
    assert_eq!(carried["by"], json!([erased[0]["entry"]]));
    let opened = form["case"]["opened"]["entry"].as_u64();
    assert!(erased[0]["acts"].as_array().expect("acts").iter().all(|act| act.as_u64() < opened), "and no request");
    let (list, _) = report(&server, &["persons", &case, "--format", "json"]);
    let list = json_of(&list);
    assert_eq!(list["totals"]["persons"], json!({"low": 3, "high": 3}));
    assert_eq!((&list["totals"]["determined"], &list["totals"]["not_listed"]), (&json!(true), &json!(1)));
    let told = list["answer"]["text"].as_str().expect("a sentence");
    assert!(told.contains("of these 1 erased since") && !told.contains("about"), "{told}");
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
    assert_eq!(values(&form, 68), ["3"], "as it was counted");
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

/// What was known then is made anew from what an erasure left: the numbers that the notification itself counted are held against
/// now, and of the rest nobody can say that it reads as it did.
#[test]
fn an_erasure_after_a_notification_does_not_make_it_read_as_if_nothing_had_changed() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let (notified, entry) = file(&server, &case);
    assert_eq!([67, 68].map(|number| values(&notified, number).concat()), ["a", "3"]);
    breach(&server, &[&["submit", &case, "--report", &entry.to_string()][..], &DANA].concat());
    let (before, _) = file(&server, &case);
    assert_eq!((&before["phases"][0]["changes"], &before["phases"][0]["uncompared"]), (&json!([]), &Value::Null));
    run(&mut server.client_command(&["person", "erase", "customer=C-1002", "--ground", "gdpr:17.1.b"]), 0);
    assert!(run(&mut server.client_command(&["person", "run-erasures"]), 0).out.contains("requests  1"));
    let (files, _) = report(&server, &["breach", &case]);
    let form = json_of(&files);
    let phase = &form["phases"][0];
    assert_eq!((&phase["changes"], &phase["facts"]), (&json!([]), &json!([])), "an erasure alone changes nothing");
    assert_eq!(phase["follow_up_needed"], false);
    assert_eq!([67, 68].map(|number| values(&form, number).concat()), ["a", "3"], "as it was notified");
    let gone = &phase["uncompared"][0];
    assert_eq!(gone["erasure"], form["case"]["erased"][0]["entry"]);
    let fields = gone["fields"].as_array().expect("fields");
    for (number, is) in [(65, true), (70, true), (72, true), (67, false), (68, false)] {
        assert_eq!(fields.contains(&json!(number)), is, "{number}: {fields:?}");
    }
    let of = |ending: &str| &files.iter().find(|(name, _)| name.ends_with(ending)).expect("a file").1;
    let page = String::from_utf8_lossy(of(".html")).into_owned();
    let told = format!("The erasure of entry {} took what the answers rested on", gone["erasure"]);
    assert!(
        page.contains(&told)
            && !page.contains("no answer reads otherwise")
            && !page.contains("No answer that was given")
    );
    let sheet = sheets::files(of(".csv.zip")).into_iter().find(|(name, _)| name == "notifications.csv").expect("it").1;
    let rows = sheets::rows(&sheet);
    let at = rows[0].iter().position(|head| head == "Fields that cannot be compared any more").expect("the column");
    assert!(rows[1][at].contains("65"), "{rows:?}");
    // A late fact changes an answer beside it: the numbers are those of then and of now, and no field is both changed and
    // not to be compared.
    act(&server, "data.view", "10:15", &LATE_READ.replace("C-1002", "C-1009").replace(r#""contact""#, r#""health""#));
    let (form, _) = file(&server, &case);
    let phase = &form["phases"][0];
    assert_eq!(phase["follow_up_needed"], true);
    let changes = phase["changes"].as_array().expect("changes");
    let of = |number: u64| changes.iter().find(|change| change["field"] == number).unwrap_or(&Value::Null);
    assert_eq!((&of(68)["then"], &of(68)["now"]), (&json!(["3"]), &json!(["4"])), "{changes:?}");
    let gone = phase["uncompared"][0]["fields"].as_array().expect("fields");
    assert!(changes.iter().all(|change| !gone.contains(&change["field"])), "{changes:?} {gone:?}");
    assert!(texts(&of(70)["then"])[0].starts_with("of what is left: "), "{changes:?}");
}

/// What a person answered is no number that was counted, before an erasure or after it, also where the question is not asked any
/// more once somebody is gone.
#[test]
fn an_erasure_after_a_notification_leaves_what_a_person_answered() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let set = ["--set", "70=b", "--set", "70=u", "--set", "68=4", "--set", "71=keys"];
    breach(&server, &[&["answer", &case][..], &set, &DANA].concat());
    let (notified, entry) = file(&server, &case);
    assert_eq!([68, 71].map(|number| values(&notified, number).concat()), ["4", "keys"]);
    breach(&server, &[&["submit", &case, "--report", &entry.to_string()][..], &DANA].concat());
    run(&mut server.client_command(&["person", "erase", "customer=C-1002", "--ground", "gdpr:17.1.b"]), 0);
    assert!(run(&mut server.client_command(&["person", "run-erasures"]), 0).out.contains("requests  1"));
    let (form, _) = file(&server, &case);
    assert_eq!([67, 68, 71].map(|number| values(&form, number).concat()), ["a", "4", "keys"], "and is said still");
    let phase = &form["phases"][0];
    assert_eq!(phase["changes"], json!([]));
    let fields = phase["uncompared"][0]["fields"].as_array().expect("fields");
    assert!(fields.contains(&json!(65)) && !fields.contains(&json!(70)), "{fields:?}");
}

/// Whoever was erased between the report and its submission is in no count of it.
#[test]
fn what_was_counted_after_an_erasure_says_nothing_of_what_was_submitted() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-11T08:00:00Z");
    let (_, entry) = file(&server, &case);
    run(&mut server.client_command(&["person", "erase", "customer=C-1002", "--ground", "gdpr:17.1.b"]), 0);
    assert!(run(&mut server.client_command(&["person", "run-erasures"]), 0).out.contains("requests  1"));
    breach(&server, &[&["submit", &case, "--report", &entry.to_string()][..], &DANA].concat());
    let (files, _) = report(&server, &["breach", &case, "--format", "json", "--format", "html", "--language", "de"]);
    let phase = &json_of(&files)["phases"][0];
    let fields = phase["uncompared"][0]["fields"].as_array().expect("fields");
    assert!([65, 67, 68, 70].iter().all(|number| fields.contains(&json!(number))), "{fields:?}");
    let page = &files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page").1;
    let page = String::from_utf8_lossy(page).into_owned();
    assert!(page.contains("lässt sich nicht mehr feststellen") && !page.contains("Keine gegebene Antwort"), "{page}");
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
