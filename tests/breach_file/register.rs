//! The register of breaches, and what the controller registered for it.

use crate::*;

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
    for column in ["effects", "risk", "informed", "reason"] {
        assert_eq!(of(column), missing, "{column}");
    }
    // Also where only something of a column is lacking.
    assert!(of("facts").contains("place NOT PROVIDED") && of("facts").contains("not_provided"), "{}", of("facts"));
    let notified = of("notified");
    assert!(notified.starts_with(missing.trim_end_matches(']')) && notified.contains("was missed"), "{notified}");
    let bytes = |ending: &str| &files.iter().find(|(name, _)| name.ends_with(ending)).expect(ending).1;
    assert!(String::from_utf8_lossy(bytes(".html")).contains("6 of 14 columns are NOT PROVIDED"));
    let csv =
        sheets::files(bytes(".csv.zip")).into_iter().find(|(name, _)| name == "register.csv").expect("it is there").1;
    assert_eq!(csv.matches("\"NOT PROVIDED\"").count(), 5, "{csv}");
    let list = breach(&server, &["list"]).out;
    assert!(list.contains("register  6 of 14 columns NOT PROVIDED"), "{list}");
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
    assert!(list.contains("register  5 of 14 columns NOT PROVIDED") && list.contains("told once"), "{list}");
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
    // Whoever answers it hears of it at once.
    let said = breach(&server, &[&["answer", &case, "--set", "56=c", "--set", "62=x"][..], &DANA].concat()).out;
    assert!(said.contains("WARNING: what was answered to field 56 is ruled out by the record"), "{said}");
    let said = breach(&server, &[&["answer", &case, "--set", "62=y"][..], &DANA].concat()).out;
    assert!(!said.contains("WARNING"), "{said}");
    let shown = breach(&server, &["show", &case]).out;
    assert!(shown.contains("EDPB 56   c  (not taken: the record rules it out)"), "{shown}");
}

/// A breach may be recorded before its facts, so a name that nobody knows opens a case; whoever mistyped it hears of it.
#[test]
fn a_resource_that_nothing_names_is_told_to_whoever_names_it() {
    let server = incident();
    let warning = format!("nothing of the name {RESOURCE}");
    let said = breach(&server, &["open", "--resource", RESOURCE]).out;
    assert!(!said.contains("WARNING"), "{said}");
    let said = breach(&server, &["open", "--resource", "crm/custmer-export", "--resource", RESOURCE]).out;
    assert!(said.contains("WARNING: nothing of the name crm/custmer-export is known here"), "{said}");
    assert!(!said.contains(&warning), "{said}");
    let case = said.split_whitespace().skip_while(|word| *word != "case").nth(1).expect("it is open all the same");
    let said = breach(&server, &["detect", case, "--at", "2026-03-10T11:25:00Z"]).out;
    assert!(!said.contains("WARNING"), "only where it is named: {said}");
    for step in [&["detect", "--at", "2026-03-10T11:25:00Z"][..], &["answer", "--set", "62=x", DANA[0], DANA[1]]] {
        let words = [&[step[0], case, "--resource", "nosuch"][..], &step[1..]].concat();
        let said = breach(&server, &words).out;
        assert!(said.contains("nothing of the name nosuch is known here"), "{said}");
    }
    let said = breach(&server, &["detect", case, "--at", "2026-03-10T11:25:00Z", "--resource", "other", "--json"]).out;
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["unknownResources"], json!(["other"]));
}

/// A decision after the deadline keeps none: it is told as late, with when it was taken, on the page, in the register and in
/// the sheets.
#[test]
fn a_decision_not_to_notify_is_dated_and_told_as_late_where_it_was() {
    let server = incident();
    let decide = |at: &str, language: &str| {
        let case = opened(&server, RESOURCE);
        aware(&server, &case, "2026-03-10T12:00:00Z");
        let why = ["--statement", "a risk is unlikely", "--at", at];
        breach(&server, &[&["not-notified", &case][..], &why, &DANA].concat());
        report(&server, &["breach", &case, "--language", language]).0
    };
    let told = |files: &[(String, Vec<u8>)]| {
        let form = json_of(files);
        let register = form["register"].as_array().expect("columns");
        let column = register.iter().find(|column| column["column"] == "notified").expect("the column");
        let lines = column["lines"].as_array().expect("lines").iter();
        let lines: Vec<String> = lines.map(|line| line["text"].as_str().expect("text").to_owned()).collect();
        let of = |ending: &str| &files.iter().find(|(name, _)| name.ends_with(ending)).expect("a file").1;
        let page = String::from_utf8_lossy(of(".html")).into_owned();
        let sheets = sheets::files(of(".csv.zip"));
        let sheet = &sheets.iter().find(|(name, _)| name == "register.csv").expect("a sheet").1;
        assert!(page.contains(&lines[0]), "{lines:?}");
        assert!(sheets::rows(sheet).iter().flatten().any(|cell| cell.contains(&lines[0])), "{lines:?}");
        assert!(form["answer"]["text"].as_str().expect("text").starts_with(&lines[0]), "{lines:?}");
        assert_eq!(lines.len(), 1, "{lines:?}");
        (lines[0].clone(), form["case"]["deadline"]["missed"] == true, field(&form, 49)["state"] == "not_provided")
    };
    let late = "The deadline of 72 hours, 2026-03-13 12:00:00 UTC, was missed. Only after it, on 2026-04-01 08:00:00 UTC, was \
                it decided that the authority need not be notified.";
    assert_eq!(told(&decide("2026-04-01T08:00:00Z", "en")), (late.to_owned(), true, true));
    let (german, missed, _) = told(&decide("2026-04-01T08:00:00Z", "de"));
    assert!(german.contains("versäumt. Erst danach, am ") && missed, "{german}");
    // Stated in time and recorded afterwards: told as that, and no reason for lateness is asked.
    let (stated, missed, asked) = told(&decide("2026-03-12T08:00:00Z", "en"));
    assert!(
        stated.starts_with("It was recorded on 20") && stated.contains("decided on 2026-03-12 08:00:00 UTC"),
        "{stated}"
    );
    assert!(!missed && !asked);
    // Nothing was done at all: that is missing, and that the deadline was missed stands beside it.
    let case = opened(&server, RESOURCE);
    aware(&server, &case, "2026-03-10T12:00:00Z");
    let (form, _) = file(&server, &case);
    let register = form["register"].as_array().expect("columns");
    let column = register.iter().find(|column| column["column"] == "notified").expect("the column").to_string();
    assert!(column.contains("not_provided") && column.contains("was missed"), "{column}");
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

/// The register as a whole is a file to hand over, a row for each breach, also one that is not notified.
#[test]
fn the_register_is_written_to_files_with_a_row_for_each_breach() {
    let server = incident();
    let notified = opened(&server, RESOURCE);
    aware(&server, &notified, "2026-03-11T08:00:00Z");
    breach(&server, &[&["answer", &notified, "--set", "95=No link without approval."][..], &DANA].concat());
    let other = opened(&server, RESOURCE);
    breach(&server, &[&["not-notified", &other, "--statement", "Nobody opened the file."][..], &DANA].concat());
    let out = server.place.join("register");
    let to = out.display().to_string();
    breach(&server, &["list", "--out", &to]);
    let read = |name: &str| std::fs::read(out.join(name)).unwrap_or_else(|_| panic!("{name}"));
    let rows = sheets::rows(&String::from_utf8(read("register.csv")).expect("text"));
    assert_eq!(
        (rows.len(), rows[0].len()),
        (3, 16),
        "titles, two breaches; case, standing and fourteen columns: {rows:?}"
    );
    let of = |case: &str, column: &str| {
        let at = rows[0].iter().position(|label| label == column).unwrap_or_else(|| panic!("{column}: {:?}", rows[0]));
        rows.iter().find(|row| row[0] == case).unwrap_or_else(|| panic!("{case}"))[at].clone()
    };
    assert!(of(&notified, "Remedial action").contains("No link without approval."), "{rows:?}");
    assert!(of(&other, "Reasons where not").contains("Nobody opened the file."), "{rows:?}");
    assert!(of(&other, "Notified, and when").contains("need not be notified"), "{rows:?}");
    assert_eq!(of(&other, "Effects"), "NOT PROVIDED");
    assert!(of(&notified, "Nature").contains("[proposed by the ledger, to be confirmed]"), "{rows:?}");
    assert!(read("register.xlsx").starts_with(b"PK"));
    let json: Value = serde_json::from_slice(&read("register.json")).expect("JSON");
    assert_eq!(json["cases"].as_array().map(Vec::len), Some(2));
    let german = server.place.join("german").display().to_string();
    breach(&server, &["list", "--out", &german, "--format", "csv", "--language", "de"]);
    let csv = std::fs::read_to_string(server.place.join("german/register.csv")).expect("a file");
    assert!(csv.contains("Abhilfemaßnahmen") && csv.contains("NICHT ANGEGEBEN"), "{csv}");
    assert!(!server.place.join("german/register.xlsx").exists());
}
