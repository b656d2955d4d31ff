//! Whom it reached, and how many: of what was sent, counted and possibly given.

use crate::*;

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
    assert_eq!(form(&[44, 45, 47, 55, 56, 60, 70, 72, 73]), ["c", "yes", "", "a", "a", "r", "k", "a", "2"]);
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
    // It is gone there; how long whoever sent it could have it, over a way that nothing tells of, nobody knows.
    assert_eq!(form(&[44, 47]), ["d", ""]);
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

/// An agent's read shows a way that nobody told of: that 0 people could see it is not counted, in no step of a case.
#[test]
fn where_nobody_said_who_may_see_it_nobody_is_counted() {
    let server = TestServer::new();
    let read = r#","determination":"undetermined","actors":[{"kind":"agent","name":"helper"}]"#;
    act(&server, "data.read", "09:00", read);
    let case = opened(&server, RESOURCE);
    let (report, _) = file(&server, &case);
    let counted = report["case"]["counted"].as_array().expect("what was counted").last().cloned().expect("a count");
    assert_eq!((&counted["could"]["high"], &counted["uncountable"]), (&json!(0), &json!(true)));
}

/// What policies decided stands with the act and in the comparison, by id and version.
#[test]
fn a_policy_is_compared_by_its_version() {
    let server = TestServer::new();
    let reader = r#""party":"agent","name":"helper""#;
    act(&server, "access.grant", "08:00", &grant("open", reader));
    for (at, version) in [("09:00", "6"), ("10:00", "7"), ("11:00", "7")] {
        let policy = format!(r#","policy":{{"id":"data-access","version":"{version}","decision":"permit"}}"#);
        let who = r#","determination":"undetermined","actors":[{"kind":"agent","name":"helper"}]"#;
        act(&server, "data.read", at, &format!("{who}{policy}"));
    }
    let (files, _) = report(&server, &["exposure", "--resource", RESOURCE, "--format", "json"]);
    let report = json_of(&files);
    let compared = report["policies"].as_array().expect("policies are compared");
    let lines: Vec<_> = compared.iter().map(|it| (&it["version"]["unregistered"], &it["permitted"])).collect();
    assert_eq!(lines, [(&json!("6"), &json!(1)), (&json!("7"), &json!(2))]);
    assert_eq!(compared[1]["permitted_unauthorised"].as_array().map(Vec::len), Some(2), "over a way nobody allowed");
    assert_eq!(report["accesses"][0]["policies"][0]["id"]["unregistered"], "data-access");
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
        // With a way on file for whoever sent it: nobody else had one that nobody told of.
        act(&server, "access.grant", "07:00", &grant("open", r#""party":"agent","name":"helper""#));
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

/// Who is jointly responsible, and who works for whoever got data, is asked of every breach, and no record says it.
#[test]
fn joint_controllers_and_sub_processors_of_the_registry_stand_among_the_other_parties() {
    let server = incident();
    let more = r#"
[[joint_controllers]]
name = "Loyalty S.A."
contact = "data@loyalty.example"
[[parties]]
name = "hosting.example"
role = "sub_processor"
contact = "privacy@hosting.example"
"#;
    let known =
        REGISTRY.replace("role = \"processor\"", "role = \"processor\"\nsub_processors = [\"hosting.example\"]");
    registry(&server, &(known + more));
    let case = opened(&server, RESOURCE);
    let (report, _) = file(&server, &case);
    assert_eq!(values(&report, 40), ["model-vendor.example", "Loyalty S.A.", "hosting.example"]);
    assert_eq!((values(&report, 38), field(&report, 38)["state"].as_str()), (vec!["a".to_owned()], Some("ledger")));
    let kinds = values(&report, 39);
    assert_eq!(kinds.len(), 3);
    assert!(!kinds[0].contains("by the registry") && kinds[1..].iter().all(|kind| kind.contains("by the registry")));
    assert_eq!(values(&report, 41)[1..], ["data@loyalty.example", "privacy@hosting.example"]);
    // Also where no record names any party.
    let server = TestServer::new();
    registry(&server, &(REGISTRY.to_owned() + more));
    let case = opened(&server, RESOURCE);
    let (report, _) = file(&server, &case);
    assert_eq!(
        (values(&report, 40), field(&report, 40)["state"].as_str()),
        (vec!["Loyalty S.A.".to_owned()], Some("registry"))
    );
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
