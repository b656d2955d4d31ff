//! The report for the person: the same acts, told to them, and nobody else's part in it.

use crate::rendering::words_of_html;
use crate::sample::*;
use serde_json::Value;
use std::path::Path;
use whosaw::model::{RegistryKind, Strength};
use whosaw::report::edition::Edition;
use whosaw::report::evidence::{AccessQuestion, Envelope, Evidence, Naming, Statements, TakenBack};
use whosaw::report::language::Language;
use whosaw::report::{Format, facts, render};

fn made(evidence: &Evidence, edition: Edition, language: Language) -> (Value, String) {
    let size = question().size.max(evidence.head.size);
    let question = AccessQuestion { edition, size, ..question() };
    let report = facts(&question, evidence, &Envelope { language, ..envelope() });
    let files = render(&report, &[Format::Json, Format::Html]).expect("it renders");
    let json = serde_json::from_slice(&files[0].bytes).expect("JSON");
    (json, String::from_utf8(files[1].bytes.clone()).expect("UTF-8"))
}

/// In every format; each of the files of an archive has its own name, and tells the tables of the pages once.
#[test]
fn every_format_can_be_made_of_it() {
    for evidence in [everything(), rows(60), nothing()] {
        for language in Language::ALL {
            let question = AccessQuestion { edition: Edition::Person, ..question() };
            let report = facts(&question, &evidence, &Envelope { language: *language, ..envelope() });
            let files = render(&report, Format::ALL).expect("it renders");
            let csv = files.iter().find(|file| file.format == Format::Csv).expect("an archive");
            let names: Vec<String> = crate::sheets_read::files(&csv.bytes).into_iter().map(|(name, _)| name).collect();
            let once: std::collections::BTreeSet<&String> = names.iter().collect();
            assert_eq!(once.len(), names.len(), "{names:?}");
            // A table of the pages that a sheet tells in more columns is not told again.
            for told in ["agents-2", "recipients-4", "purposes-2", "data", "accesses", "annex-a"] {
                assert!(!names.contains(&format!("{told}.csv")), "{told}: {names:?}");
            }
        }
    }
}

/// Why somebody is told by category only, how decisions are made and what was withheld no record says: a person can, and then
/// these are provided; where nobody does they are missing, and counted.
#[test]
fn what_only_a_person_can_say_is_printed_as_theirs() {
    use whosaw::report::access::document::Provision;
    let statements = Statements {
        why_unnamed: "We cannot tell who it was.".into(),
        logic: "A rule of three lines.\nIt sets the price.".into(),
        withheld: "Letters of other guests.".into(),
    };
    for edition in Edition::ALL.iter().copied() {
        let evidence = everything();
        let of = |statements: &Statements, language| {
            let question = AccessQuestion { edition, statements: statements.clone(), ..question() };
            facts(&question, &evidence, &Envelope { language, ..envelope() })
        };
        let provided = |report: &whosaw::report::AccessReport, field: &str| {
            report.completeness.fields.iter().find(|it| it.field == field).expect("asked").provision
        };
        let nobody = of(&Statements::default(), Language::En);
        assert_eq!((provided(&nobody, "9"), provided(&nobody, "13")), (Provision::Partly, Provision::NotProvided));
        let said = of(&statements, Language::En);
        assert_eq!((provided(&said, "9"), provided(&said, "13")), (Provision::Provided, Provision::Provided));
        assert!(provided(&said, "4a") != Provision::NotProvided);
        for (language, by) in
            [(Language::En, "a person said this"), (Language::De, "Angabe einer Person bei der Anforderung")]
        {
            let page = render(&of(&statements, language), &[Format::Html]).expect("it renders").remove(0).bytes;
            let page = String::from_utf8(page).expect("UTF-8");
            for text in ["We cannot tell who it was.", "It sets the price.", "Letters of other guests.", by] {
                assert!(page.contains(text), "{text}");
            }
            let page = render(&of(&Statements::default(), language), &[Format::Html]).expect("it renders").remove(0);
            assert!(!String::from_utf8(page.bytes).expect("UTF-8").contains(by));
        }
    }
}

/// `WHOSAW_BLESS=1` rewrites the golden files; look at what changed before you keep it.
#[test]
fn the_golden_report_for_the_person_is_as_it_was() {
    for (language, name) in [(Language::En, "access.person.html"), (Language::De, "access.person.de.html")] {
        let (_, page) = made(&everything(), Edition::Person, language);
        let path = Path::new("reports/golden").join(name);
        if std::env::var_os("WHOSAW_BLESS").is_some() {
            std::fs::write(&path, &page).expect("the golden file can be written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(golden == page, "{name} differs; WHOSAW_BLESS=1 rewrites it");
    }
}

/// Everything but the words and the people behind the report.
#[test]
fn both_editions_tell_the_same_facts() {
    for evidence in [everything(), rows(60), nothing()] {
        let [mut lawyer, mut own] = [Edition::Lawyer, Edition::Person].map(|it| made(&evidence, it, Language::En).0);
        assert_eq!(own["header"]["template"]["id"], "whosaw/access/person");
        assert_eq!(
            (&own["header"]["redaction_profile"], &lawyer["header"]["redaction_profile"]),
            (&"person".into(), &"lawyer".into())
        );
        assert_ne!(own["header"]["template"]["digest"], lawyer["header"]["template"]["digest"]);
        assert_ne!(own["answer"]["text"], lawyer["answer"]["text"]);
        for report in [&mut lawyer, &mut own] {
            report["answer"]["text"].take();
            report["header"]["template"].take();
            report["header"]["redaction_profile"].take();
            for fact in report["staff"].as_array_mut().expect("a list") {
                fact["decided_by"].take();
                fact["interest"].take();
            }
            for entry in report["entries"].as_array_mut().expect("a list") {
                entry["call_id"].take();
            }
            for conversation in report["conversations"].as_array_mut().expect("a list") {
                conversation["id"].take();
            }
            report["header"]["requester"].take();
            let lists = ["entries", "earlier_reports", "ledger_reads"];
            let lists = lists.map(|list| report[list].as_array().cloned().unwrap_or_default());
            let callers = lists.iter().flatten().filter(|it| it["caller"]["unregistered"].is_string()).count();
            report["of_unregistered_callers"] = Value::from(callers);
        }
        let free = std::mem::take(&mut lawyer["of_unregistered_callers"]);
        assert_eq!(std::mem::take(&mut own["of_unregistered_callers"]), 0, "no name that was free text");
        let is_full = !evidence.observations.is_empty() && evidence.observations.len() != 60;
        assert_eq!(free != 0, is_full, "the sample has one");
        for (path, list) in ["entries", "earlier_reports", "ledger_reads"].map(|list| (list, list)) {
            for report in [&mut lawyer, &mut own] {
                let Some(list) = report[list].as_array_mut() else { continue };
                list.iter_mut()
                    .filter(|it| !it["caller"]["registered"].is_string())
                    .for_each(|it| drop(it["caller"].take()));
            }
            assert_eq!(own[path], lawyer[path], "{path}");
        }
        assert_eq!(own, lawyer);
    }
}

#[test]
fn who_weighed_the_naming_of_staff_is_not_told_to_the_person() {
    let mut evidence = with(vec![read(1).body(|body| body.actors = vec![human(OTHER)]).done()]);
    evidence.namings = vec![Naming {
        index: 9,
        rows: vec![(1, OTHER - 1)],
        staff: vec![identity("employee", &["dana.rao"], Strength::Strong)],
        erased_by: None,
        by: vec![identity("employee", &["m.ludwig"], Strength::Strong)],
        reasons: "To sue.".into(),
        interest: "Acted outside instructions.".into(),
        taken_back: None,
    }];
    let [lawyer, own] = [Edition::Lawyer, Edition::Person].map(|it| made(&evidence, it, Language::En));
    for (said, to_the_person) in
        [("dana.rao", true), ("To sue.", true), ("m.ludwig", false), ("Acted outside instructions.", false)]
    {
        assert!(lawyer.0.to_string().contains(said) && lawyer.1.contains(said), "{said}");
        assert_eq!((own.0.to_string().contains(said), own.1.contains(said)), (to_the_person, to_the_person), "{said}");
    }
    evidence.namings[0].taken_back = Some(TakenBack { index: 12, by: evidence.namings[0].by.clone() });
    let (json, page) = made(&evidence, Edition::Person, Language::En);
    assert!(page.contains("taken back in entry 12") && !page.contains("dana.rao") && !page.contains("To sue."));
    assert!(!json.to_string().contains("m.ludwig") && !page.contains("m.ludwig"));
}

/// It speaks to them, and of nothing that only an auditor needs.
#[test]
fn pages_speak_to_the_person() {
    let foreign = [
        (Language::En, ["this person", "the person themself", "The person", "of the person", "leaf ", "reported by "]),
        (
            Language::De,
            ["dieser Person", "die betroffene Person", "Die Person", "der Person ", "Blatt ", "gemeldet von "],
        ),
    ];
    for evidence in [everything(), rows(60), nothing()] {
        for (language, words) in foreign {
            let (json, page) = made(&evidence, Edition::Person, language);
            let said = words_of_html(&page);
            for word in words {
                let at = said.find(word);
                let near = at.map(|at| said[at.saturating_sub(80)..].chars().take(200).collect::<String>());
                assert_eq!(near, None, "{language:?}: {word}");
            }
            for entry in json["entries"].as_array().expect("a list") {
                let leaf = &entry["leaf"].as_str().expect("a hash")[..16];
                assert!(!page.contains(leaf), "a leaf");
                assert!(page.contains("id=\"annex-a\""));
            }
        }
    }
}

/// Nobody has to find it in a table.
#[test]
fn what_nobody_allowed_stands_on_the_first_page() {
    for (language, said) in [
        (Language::En, ["1 act on your data was not authorised.", "1 act on your data was an emergency access."]),
        (
            Language::De,
            ["1 Vorgang mit Ihren Daten war unbefugt.", "1 Vorgang mit Ihren Daten war ein Notfallzugriff."],
        ),
    ] {
        let page = words_of_html(&made(&everything(), Edition::Person, language).1);
        let facts = page.find(if language == Language::En { "About this report" } else { "Zu diesem Bericht" });
        for said in said {
            assert!(page.find(said) < facts && page.contains(said), "{said}");
        }
    }
}

/// Whoever pulled it is staff, and named nowhere in it unless the registry knows the name; nor are ids that others have too.
#[test]
fn who_pulled_it_is_not_told_to_the_person() {
    let mut evidence = everything();
    let made = |evidence: &Evidence, edition| {
        let envelope = Envelope { generated_by: "erin-from-the-desk".into(), ..envelope() };
        let report = facts(&AccessQuestion { edition, ..question() }, evidence, &envelope);
        let files = render(&report, &[Format::Json, Format::Html]).expect("it renders");
        files.into_iter().map(|file| String::from_utf8(file.bytes).expect("UTF-8")).collect::<Vec<_>>()
    };
    for file in made(&evidence, Edition::Lawyer) {
        assert!(file.contains("erin-from-the-desk") && file.contains("replay-17"));
    }
    let own = made(&evidence, Edition::Person);
    for file in &own {
        assert!(!file.contains("erin-from-the-desk") && !file.contains("replay-17") && !file.contains("call_305"));
    }
    let page = words_of_html(&own[1]);
    assert!(page.contains("Produced for (stays sealed)"), "given, and kept back");
    register(&mut evidence, RegistryKind::Source, "erin-from-the-desk", &[]);
    assert!(made(&evidence, Edition::Person)[1].contains("erin-from-the-desk"), "what the registry knows is public");
}

/// Every field that Art. 15 gives has its place on the pages, and says that it is missing where it is.
#[test]
fn what_is_missing_is_told_where_it_is_asked_for() {
    let (_, page) = made(&nothing(), Edition::Person, Language::En);
    for section in ["why", "data", "recipients", "storage", "source", "decisions", "rights", "requests"] {
        let after = page.split_once(&format!("id=\"{section}\"")).unwrap_or_else(|| panic!("{section}")).1;
        let own = after.split_once("<h2").map_or(after, |(own, _)| own);
        assert!(own.contains("NOT PROVIDED"), "{section}: {own}");
    }
}
