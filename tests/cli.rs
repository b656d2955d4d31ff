//! The command line, as its readers use it: real conversations in, a report and a verified export out; what it says when
//! something is wrong, and with which code it ends.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::*;
use std::fs;
use std::path::{Path, PathBuf};

/// The one file in `directory` with this ending.
fn only(directory: &Path, ending: &str) -> PathBuf {
    let files = fs::read_dir(directory).expect("a directory").flatten().map(|file| file.path());
    let mut found: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == ending)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn verify_export(export: &Path, vkey: &str, code: i32) -> Option<Said> {
    let mut verify = whosaw_verify()?;
    Some(run(verify.arg("export").arg(export).args(["--vkey", vkey]), code))
}

fn test_data(file: &str) -> Option<String> {
    let Ok(data) = std::env::var("WHOSAW_TEST_DATA") else {
        println!("skipped: WHOSAW_TEST_DATA is not set, {file} was not imported");
        return None;
    };
    Some(format!("{data}/tau-bench/{file}"))
}

#[test]
fn real_conversations_become_a_ledger_a_report_and_a_verified_export() {
    let Some(file) = test_data("airline_tool_calls.jsonl") else { return };
    let mut server = TestServer::new();
    let (files, export) = (server.place.join("report"), server.place.join("export"));
    let import = ["import", "tool-calls", "--catalogue", "reports/catalogues/airline.toml", file.as_str()];
    let said = run(&mut server.client_command(&import), 0).out;
    for words in [
        "1,164 entries, 73 failed",
        "of 1,091 that succeeded: 674 name persons, 0 name some of perhaps more, 140 are not determined, 277 are about nobody",
        "666 calls showed persons to the agent: 34 strong identities, 130 weak ones",
        // One customer's own record was never shown, so that nothing ties them to the passenger of their name.
        "34 to 131 persons",
        "the file has no times",
    ] {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    // The ids are the ledger's own, and the same in its next life.
    server.restart();
    let again = run(&mut server.client_command(&import), 0).out;
    assert!(again.contains("1,164 of them had been recorded before"), "{again}");

    let said = run(
        server.client_command(&["report", "access", "--subject", "customer=mia_li_3668"]).arg("--out").arg(&files),
        0,
    )
    .out;
    assert!(said.contains("Your data were processed 11 times"), "{said}");
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(only(&files, "json")).expect("a file")).expect("JSON");
    assert_eq!(json["totals"]["processed"], serde_json::json!({"low": 11, "high": 11}));
    assert_eq!(json["totals"]["times"]["unknown"], 11, "the file has no times");
    assert_eq!(json["totals"]["times"]["occurred"], serde_json::Value::Null);
    let tools = json["tools"].as_array().expect("a list").iter();
    let mut shown: Vec<_> = tools
        .map(|tool| (tool["tool"]["registered"].as_str().expect("a name"), tool["counts"]["processed"].as_u64()))
        .filter(|(_, count)| *count != Some(0))
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, [("book_reservation", Some(6)), ("cancel_reservation", Some(1)), ("get_user_details", Some(4))]);
    let html = fs::read_to_string(only(&files, "html")).expect("a file");
    assert!(html.contains("11 times") && !html.contains("1970"), "no time is made up");
    assert!(fs::read(only(&files, "pdf")).expect("a file").starts_with(b"%PDF-1."));

    run(server.client_command(&["export", "--content"]).arg(&export), 0);
    let vkey = run(&mut server.client_command(&["keys", "show"]), 0).out;
    if let Some(said) = verify_export(&export, vkey.trim(), 0) {
        assert!(said.out.contains("HOLDS: all 1,170 entries"), "{}", said.out);
    }
}

#[test]
fn retail_actions_are_imported_too() {
    let Some(file) = test_data("retail_gold_actions.jsonl") else { return };
    let server = TestServer::new();
    let import = ["import", "tool-calls", "--catalogue", "reports/catalogues/retail.toml", file.as_str()];
    let said = run(&mut server.client_command(&import), 0).out;
    assert!(said.contains("1,350 entries, 44 failed") && said.contains("278 persons"), "{said}");
}

/// A stream of what one customer's record was used for, as README writes it.
const RECORD: &str = r#"{"verb":"data.read","outcome":"succeeded","determination":"listed",
"actors":[{"kind":"agent","name":"support-copilot"}],
"subjects":[{"identities":[{"namespace":"customer","fields":["C-1001"],"strength":"strong"}]}]}"#;

#[test]
fn a_broken_byte_anywhere_in_an_export_is_told_with_the_last_good_checkpoint() {
    let server = TestServer::new();
    let record = server.place.join("record.json");
    for _ in 0..3 {
        fs::write(&record, RECORD.replace('\n', "")).expect("written");
        run(server.client_command(&["append"]).arg(&record), 0);
    }
    let (export, copy) = (server.place.join("export"), server.place.join("copy"));
    let disclose = ["export", "--content", "--disclose", "customer=C-1001"];
    run(server.client_command(&disclose).arg(&export), 0);
    let vkey = run(&mut server.client_command(&["keys", "show"]), 0).out;
    let Some(whole) = verify_export(&export, vkey.trim(), 0) else { return };
    assert!(whole.out.contains("HOLDS"), "{}", whole.out);
    let (mut files, mut directories) = (Vec::new(), vec![export.clone()]);
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("a directory").flatten() {
            if entry.path().is_dir() { directories.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    let mut tried = 0;
    fs::create_dir(&copy).expect("a directory");
    for file in files {
        let inside = file.strip_prefix(&export).expect("it is below");
        // The keys that an export brings along are not those that were asked for.
        if inside == Path::new("vkeys") {
            continue;
        }
        let bytes = fs::read(&file).expect("a file");
        for at in (0..bytes.len()).step_by((bytes.len() / 40).max(1)) {
            replace_directory(&export, &copy);
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            fs::write(copy.join(inside), broken).expect("written");
            let mut verify = whosaw_verify().expect("it was there");
            let said =
                Said::of(verify.arg("export").arg(&copy).args(["--vkey", vkey.trim()]).output().expect("it runs"));
            let told = matches!(said.code, Some(1 | 4)) && !said.out.contains("HOLDS:");
            assert!(told, "byte {at} of {}: {:?} {}{}", inside.display(), said.code, said.out, said.err);
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}

#[test]
fn what_is_wrong_is_said_on_one_line_with_a_code_and_nothing_is_recorded() {
    let server = TestServer::new();
    let size = || {
        let said = run(&mut server.client_command(&["list", "--json"]), 0).out;
        said.lines().count()
    };
    let before = size();
    let record = server.place.join("record.json");
    for (from, to, words) in [
        ("data.read", "data.peruse", "action.verb"),
        ("\"listed\"", "\"nobody\"", "action.determination"),
        ("customer\",", "whosaw:x\",", "namespace"),
        ("\"strong\"", "\"mighty\"", "strength"),
        ("\"outcome\"", "\"outcom\"", "outcom"),
        ("C-1001", "C\\u0000", "control character"),
        ("\"outcome\"", "\"verb\":\"data.list\",\"outcome\"", "line 1: the key \"verb\" stands twice"),
        ("\"outcome\"", "\"arguments\":{\"id\":123456789012345678901},\"outcome\"", "line 1: arguments.id: a number"),
    ] {
        fs::write(&record, RECORD.replace('\n', "").replace(from, to)).expect("written");
        let said = Said::of(server.client_command(&["append"]).arg(&record).output().expect("it runs"));
        assert!(said.code != Some(0) && said.err.contains(words), "{to}: {:?} {}", said.code, said.err);
        assert!(!said.err.contains("C-1001"), "a person in an error: {}", said.err);
    }
    for words in [
        &["append", "/nowhere/record.json"][..],
        &["report", "access", "--subject", "no-namespace"],
        &["report", "access", "--subject", "customer=C-1001", "--at-size", "999"],
        &["report", "again", "0"],
        &["import", "tool-calls", "--catalogue", "Cargo.toml", "README.md"],
        &["list", "--verb", "data.peruse"],
        &["list", "--ledger", "ledger.example/another"],
    ] {
        let said = Said::of(server.client_command(words).output().expect("it runs"));
        assert!(matches!(said.code, Some(1 | 2)), "{words:?}: {:?} {}", said.code, said.out);
        assert!(said.err.starts_with("whosaw: ") || said.err.starts_with("error: "), "{words:?}: {}", said.err);
        assert!(!said.err.contains("panicked"), "{words:?}: {}", said.err);
    }
    assert_eq!(size(), before, "nothing was recorded");
    let nobody = Said::of(whosaw().args(["list", "--server", "http://127.0.0.1:1"]).output().expect("it runs"));
    assert!(nobody.code == Some(1) && nobody.err.contains("127.0.0.1:1"), "{:?} {}", nobody.code, nobody.err);
}

#[test]
fn a_registry_is_shown_before_it_is_put_in_force_and_found_again_by_size() {
    let server = TestServer::new();
    let example = "reports/registry/example.toml";
    let entries = || run(&mut server.client_command(&["list", "--json"]), 0).out.lines().count();
    let before = entries();
    let said = run(&mut server.client_command(&["registry", "show"]), 0).out;
    assert!(said.contains("no registry is in force"), "{said}");

    // Nobody sits at a terminal here, so somebody has to say that they agree.
    let said = Said::of(server.client_command(&["registry", "apply", example]).output().expect("it runs"));
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.out.contains("+ dpo.name: Dr. Ada Beispiel\n") && said.err.contains("--yes"), "{}", said.err);
    assert_eq!(entries(), before, "nothing was recorded");
    let said = run(&mut server.client_command(&["registry", "apply", example, "--yes"]), 0).out;
    for line in [
        "+ controller.address: Beispielstraße 1 / 10115 Berlin",
        "+ parties.northwind-models.retention_days: 30",
        "+ public.party.northwind-models.country: US",
        "+ suppressions.\"order 77 Gs 12/26\".subjects: (fields C-9009, namespace customer)",
        &format!("registry registry-1 is in force since entry {before}"),
    ] {
        assert!(said.lines().any(|said| said == line), "{line:?} is not in: {said}");
    }
    let said = run(&mut server.client_command(&["registry", "apply", example]), 0).out;
    assert_eq!(said, "registry registry-1 was in force already\n");

    // The same in YAML says the same, and what it says wrongly is told by line.
    let text = fs::read_to_string(example).expect("it is in the repository");
    let same: toml::Table = toml::from_str(&text).expect("TOML");
    let yaml = server.place.join("registry.yaml");
    let same = serde_json::to_string_pretty(&same).expect("JSON, which is YAML").replace("registry-1", "registry-y");
    fs::write(&yaml, same).expect("written");
    let said = Said::of(server.client_command(&["registry", "apply"]).arg(&yaml).output().expect("it runs"));
    assert_eq!(said.out, "~ version: registry-1 -> registry-y\n", "{}", said.err);
    fs::write(&yaml, "version: v1\nparties:\n- name: fjord\n  country: [NO\n").expect("written");
    let said = Said::of(server.client_command(&["registry", "apply"]).arg(&yaml).output().expect("it runs"));
    assert!(said.code == Some(2) && said.err.contains("is no YAML of a registry: line "), "{}", said.err);
    // In the words of whoever wrote the file, and with no line of another one.
    fs::write(&yaml, "version: v1\nversion: v2\n").expect("written");
    let said = Said::of(server.client_command(&["registry", "apply"]).arg(&yaml).output().expect("it runs"));
    assert!(said.err.contains("duplicate mapping key") && !said.err.contains("Options"), "{}", said.err);
    fs::write(&yaml, "version: v1\nparties: [{name: fjord, role: processor, retention_days: soon}]\n")
        .expect("written");
    let said = Said::of(server.client_command(&["registry", "apply"]).arg(&yaml).output().expect("it runs"));
    assert!(
        said.err.contains("registry.parties[0].retention_days is not ") && !said.err.contains("line"),
        "{}",
        said.err
    );
    // A country, and no boolean.
    fs::write(&yaml, "version: v1\nparties:\n- name: fjord\n  role: processor\n  country: NO\n").expect("written");
    let said = Said::of(server.client_command(&["registry", "apply"]).arg(&yaml).output().expect("it runs"));
    assert!(said.out.contains("+ public.party.fjord.country: NO\n"), "{} {}", said.out, said.err);
    // That the one in force was read, to show what would change, is recorded; nothing else is.
    let all = run(&mut server.client_command(&["list", "--json"]), 0).out;
    assert_eq!(all.matches("ENTRY_KIND_REGISTRY").count(), 1, "{all}");

    let file = server.place.join("registry.toml");
    fs::write(&file, text.replace("registry-1", "registry-2").replace("gdpr:6.1.b", "gdpr:6.1.a")).expect("written");
    let said = run(server.client_command(&["registry", "apply", "--yes"]).arg(&file), 0).out;
    assert!(said.contains("~ activities.customer-service.legal_bases: gdpr:6.1.b -> gdpr:6.1.a\n"), "{said}");
    assert!(!said.contains("dpo") && !said.contains("public."), "only what changes is shown: {said}");
    let then = (before + 1).to_string();
    assert_eq!(run(&mut server.client_command(&["registry", "show", "--at", &then]), 0).out, text);
    let said = run(&mut server.client_command(&["registry", "show"]), 0).out;
    assert!(said.contains("version = \"registry-2\""), "{said}");

    // Each report says what was in force at its size.
    let early = before.to_string();
    for (report, size, version) in [
        (&["access", "--subject", "customer=C-1001"], early.as_str(), None),
        (&["access", "--subject", "customer=C-1001"], &then, Some("registry-1")),
        (&["exposure", "--resource", "crm"], &early, None),
        (&["exposure", "--resource", "crm"], "0", Some("registry-2")),
    ] {
        let out = server.place.join(format!("report-{}-{size}", report[0]));
        let mut words = [&["report"][..], report, &["--format", "json"]].concat();
        // Left out is now; 0 is no size.
        if size != "0" {
            words.extend(["--at-size", size]);
        }
        run(server.client_command(&words).arg("--out").arg(&out), 0);
        let json: serde_json::Value =
            serde_json::from_slice(&fs::read(only(&out, "json")).expect("a file")).expect("JSON");
        let header = &json["header"];
        assert_eq!(header["controller"]["registry"]["version"].as_str(), version, "{report:?} {size}");
        assert_eq!(header["controller"]["dpo"]["name"].as_str(), version.map(|_| "Dr. Ada Beispiel"));
        let completeness = if report[0] == "access" { &json["completeness"] } else { &header["completeness"] };
        let fields = completeness["fields"].as_array().expect("a list");
        let responsible = fields.iter().find(|field| field["field"] == "H.controller").expect("it is asked");
        let expected = if version.is_some() { "provided" } else { "not_provided" };
        assert_eq!(responsible["provision"], expected, "{report:?} {size}");
    }

    // What is wrong is told by its field, on one line each, and nothing is recorded.
    let before = entries();
    fs::write(&file, text.replace("registry-1", "registry-3").replace("2026-11-24\"", "24 November\""))
        .expect("written");
    let said = Said::of(server.client_command(&["registry", "apply", "--yes"]).arg(&file).output().expect("it runs"));
    assert_eq!(said.code, Some(1));
    assert!(said.err.starts_with("whosaw: ") && said.err.contains("registry.profile.snapshot"), "{}", said.err);
    // Where a registry is in force a dry run shows it, and so is recorded as a reading; a file that is refused shows none.
    assert_eq!(entries(), before);
}

#[test]
fn every_command_explains_itself() {
    let said = run(whosaw().arg("--help"), 0).out;
    let commands = said.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 10, "{said}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let said = run(whosaw().args([name, "--help"]), 0).out;
        assert!(said.contains("Usage: whosaw"), "{name}: {said}");
    }
}

/// What is wrong is said of what whoever types wrote: the path, the flag, the time.
#[test]
fn what_is_wrong_names_what_was_typed() {
    let server = TestServer::new();
    let failed = |words: &[&str], told: &str| {
        let said = Said::of(server.client_command(words).output().expect("it runs"));
        assert!(said.code != Some(0) && said.err.contains(told), "{words:?}: {} {}", said.out, said.err);
    };
    let access = ["report", "access", "--subject", "customer=C-1"];
    failed(&[&access[..], &["--out", "/proc/x"]].concat(), "/proc/x cannot be written: ");
    failed(&[&access[..], &["--cut-off", "9999-12-31T23:59:59Z"]].concat(), "lies before 9999-12-30T22:00:00Z");
    failed(&["registry", "show", "--at", "0"], "0 is not in 1..");
    let open = run(&mut server.client_command(&["breach", "open", "--resource", "crm"]), 0).out;
    let case = open.split_whitespace().skip_while(|word| *word != "case").nth(1).expect("an id");
    let retract = ["breach", "retract", case, "--entry", "1", "--by", "staff=dana", "--statement", "x"];
    failed(&retract, "--entry is no step of this case");
    failed(&["breach", "aware", case, "--by", "staff=dana"], "--at <TIME>");
    let told = ["breach", "tell", case, "--to", "customer=C-1", "--channel", "individual", "--delivery", "delivered"];
    failed(&told, "--at <TIME>");
    for (command, needs) in [
        ("detect", &["--at <TIME>"][..]),
        ("aware", &["--at <TIME>", "--by <PERSON>"][..]),
        ("submit", &["--by <PERSON>"][..]),
        ("not-notified", &["--by <PERSON>", "--statement <TEXT>"][..]),
        ("close", &["--by <PERSON>", "--statement <TEXT>"][..]),
    ] {
        let help = run(whosaw().args(["breach", command, "--help"]), 0).out;
        let usage = help.lines().find(|line| line.starts_with("Usage:")).expect("a usage").to_owned();
        assert!(needs.iter().all(|needed| usage.contains(needed)), "{usage}");
    }
}
