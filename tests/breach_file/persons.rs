//! The persons concerned: what was seen of each, and what they were told.

use crate::*;

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

/// Art. 34(2): what a message has to say stands beside the list and in the row of each person, as people answered it; what the
/// ledger only proposes is no answer, and what nobody said is NOT PROVIDED and counted.
#[test]
fn what_a_message_has_to_say_is_merged_from_what_people_answered() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let part = |list: &Value, part: &str| {
        let all = list["message"].as_array().expect("parts");
        all.iter().find(|it| it["part"] == part).unwrap_or_else(|| panic!("{part}")).clone()
    };
    let provided = |list: &Value, field: &str| {
        let all = list["header"]["completeness"]["fields"].as_array().expect("fields");
        all.iter().find(|it| it["field"] == field).unwrap_or_else(|| panic!("{field}"))["provision"].clone()
    };
    let list = json_of(&report(&server, &["persons", &case]).0);
    let missing = list["header"]["completeness"]["not_provided"].as_u64().expect("a number");
    for name in ["nature", "consequences", "contact"] {
        assert!(part(&list, name).to_string().contains("NOT PROVIDED"), "{name}: {list}");
    }
    assert_eq!(
        (provided(&list, "P.consequences"), provided(&list, "P.dpo")),
        (json!("not_provided"), json!("not_provided"))
    );
    registry(&server, "version = \"m1\"\n[dpo]\nname = \"Dr. Ada Beispiel\"\ncontact = \"dpo@shop.example\"\n");
    let answers = ["55=a", "60=n", "62=A link let the whole team read the file.", "79=a", "85=d", "94=b"];
    let sets = answers.iter().flat_map(|set| ["--set", *set]);
    let words: Vec<&str> =
        ["answer", &case].into_iter().chain(sets).chain(["--set", "95=No link without approval."]).collect();
    breach(&server, &[&words[..], &DANA].concat());
    let (files, entry) = report(&server, &["persons", &case]);
    let list = json_of(&files);
    assert!(part(&list, "nature").to_string().contains("A link let the whole team read the file."), "{list}");
    assert!(!part(&list, "nature").to_string().contains("NOT PROVIDED"), "{list}");
    assert!(part(&list, "measures").to_string().contains("No link without approval."), "{list}");
    assert!(part(&list, "contact").to_string().contains("dpo@shop.example"), "{list}");
    for field in ["P.nature", "P.dpo", "P.consequences", "P.measures"] {
        assert_eq!(provided(&list, field), "provided", "{field}: {list}");
    }
    assert!(list["header"]["completeness"]["not_provided"].as_u64() < Some(missing));
    let page = files.iter().find(|(name, _)| name.ends_with(".html")).expect("a page");
    let page = String::from_utf8_lossy(&page.1);
    assert!(page.contains("A link let the whole team read the file.") && page.contains("dpo@shop.example"));
    let (again, _) = report(&server, &["again", &entry.to_string()]);
    assert!(again == files, "made again");
}

/// Somebody who is listed with a communication in public is nobody whom it surely reached.
#[test]
fn whoever_was_meant_by_a_communication_in_public_is_perhaps_told() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let public = ["--channel", "public", "--delivery", "delivered", "--at", "2026-03-14T09:00:00Z"];
    breach(&server, &[&["tell", &case, "--to", "customer=C-1001"][..], &public].concat());
    let list = json_of(&report(&server, &["persons", &case]).0);
    assert_eq!((&list["totals"]["told"], &list["totals"]["perhaps_told"]), (&json!(0), &json!(1)), "{list}");
    assert!(!breach(&server, &["list"]).out.contains("told once"));
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
