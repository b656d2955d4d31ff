//! Exports that hold, and every way we could think of in which one does not.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::*;
use proptest::prelude::*;
use std::process::Command;
use whosaw_verifier::body::*;
use whosaw_verifier::entry::*;
use whosaw_verifier::export::{Report, Verdict, root_at, verify};
use whosaw_verifier::hash::hex;
use whosaw_verifier::merkle;
use whosaw_verifier::vocabulary::*;
use whosaw_verifier::wire::Message;

fn judged(export: &Export) -> Report {
    verify(&export.path, &[]).unwrap()
}

/// That an export holds a lie at `index`, described with `what`, and its last good commit has `good` entries.
#[track_caller]
fn check_lie(export: &Export, index: Option<u64>, what: &str, good: Option<u64>) {
    let report = judged(export);
    let problem = report.first_problem.clone().expect("a problem is found");
    assert_eq!(problem.index, index, "{problem}");
    assert!(problem.what.contains(what), "{problem}");
    assert_eq!(report.last_good.as_ref().map(|good| good.size), good, "{problem}");
    assert_eq!(report.verdict(), Verdict::Lie);
}

#[test]
fn an_honest_ledger_holds() {
    let ledger = TestLedger::with_everything();
    let report = judged(&ledger.write());
    assert_eq!(report.first_problem, None);
    assert_eq!(report.verdict(), Verdict::Holds);
    assert_eq!((report.size, report.entries_checked, report.commits), (6, 6, 5));
    assert_eq!((report.bodies.intact, report.bodies.removed), (6, 0));
    assert_eq!((report.parts.intact, report.parts.removed, report.parts_opened), (3, 0, 1));
    assert_eq!((report.agent_signatures_checked, report.agent_signatures_sealed), (1, 0));
    assert!(report.keys_from_export);
    assert_eq!(report.recorded_us.unwrap().0, START_US);

    let report = verify(&ledger.write_without_content().path, std::slice::from_ref(&ledger.key));
    // Openings are written with content only.
    let report = report.unwrap();
    assert_eq!((report.verdict(), report.has_content, report.keys_from_export), (Verdict::Holds, false, false));
}

#[test]
fn sizes_around_bundle_and_tile_borders_hold() {
    let mut ledger = TestLedger::new();
    for size in 1..=520 {
        if [1, 2, 255, 256, 257, 511, 512, 513, 520].contains(&size) {
            let report = judged(&ledger.write());
            assert_eq!((report.first_problem, report.entries_checked), (None, size), "size {size}");
            for at in [0, 1, 255, 256, 257, 512, size].into_iter().filter(|at| *at <= size) {
                let root = merkle::root(&ledger.leaves()[..at as usize]);
                assert_eq!(root_at(&ledger.write().path, size, at), Ok(Some(root)), "{at} of {size}");
            }
            assert_eq!(root_at(&ledger.write().path, size, size + 1), Ok(None));
        }
        ledger.plain_action(0);
    }
}

/// Enough for a full tile of the second level, without content.
#[test]
fn a_ledger_with_three_levels_of_tiles_holds() {
    let mut ledger = TestLedger::new();
    let body = ClockBody { old_us: 1, new_us: 1 }.encode();
    while ledger.entries.len() < 65_536 + 300 {
        ledger.append(EntryKind::Coverage, &body, &[], LAST_OF_COMMIT);
    }
    let export = ledger.write_without_content();
    assert!(export.files().contains(&"tile/2/000.p/1".to_owned()));
    assert_eq!(judged(&export).first_problem, None);
    for path in ["tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"] {
        let mut tile = export.get(path);
        tile[5] ^= 1;
        export.put(path, &tile);
        check_lie(&export, None, path, Some(65_836));
        tile[5] ^= 1;
        export.put(path, &tile);
    }
    export.remove("tile/2/000.p/1");
    check_lie(&export, None, "tile/2/000.p/1 is missing", Some(65_836));
}

/// Each byte of each file matters: flipped in one bit, the export no longer holds.
#[test]
fn every_flipped_byte_is_found() {
    let ledger = TestLedger::with_everything();
    let export = ledger.write();
    for path in export.files() {
        let honest = export.get(&path);
        for at in 0..honest.len() {
            let mut altered = honest.clone();
            altered[at] ^= 1 << (at % 8);
            export.put(&path, &altered);
            let holds = verify(&export.path, &[]).is_ok_and(|report| report.verdict() == Verdict::Holds);
            assert!(!holds, "byte {at} of {path}");
        }
        export.put(&path, &honest);
    }
    assert_eq!(judged(&export).verdict(), Verdict::Holds);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// An entry altered anywhere in three bundles is named exactly, and what stood before it is proven good.
    #[test]
    fn an_altered_entry_is_named(at in 1usize..600, byte in 10usize..120, bit in 0u8..8) {
        prop_assume!(byte != 50 && byte != 51);
        let mut ledger = TestLedger::new();
        (1..600).for_each(|_| ledger.plain_action(0));
        let export = ledger.write_without_content();
        let path = whosaw_verifier::tiles::entries_path(at as u64 / 256, if at < 512 { 256 } else { 88 });
        let mut bundle = export.get(&path);
        bundle[at % 256 * 122 + 2 + byte] ^= 1 << bit;
        export.put(&path, &bundle);
        let report = judged(&export);
        let problem = report.first_problem.unwrap();
        prop_assert_eq!(problem.index, Some(at as u64), "{}", problem.what);
        let good = report.last_good.unwrap();
        prop_assert_eq!((good.size, good.proven), (at as u64, true));
        prop_assert_eq!(good.root, merkle::root(&ledger.leaves()[..at]));
    }
}

#[test]
fn a_truncated_or_missing_file_is_named() {
    let ledger = TestLedger::with_everything();
    for path in ledger.write().files() {
        let export = ledger.write();
        let bytes = export.get(&path);
        export.put(&path, &bytes[..bytes.len() - 1]);
        // The line end of the last key may be missing.
        let holds = verify(&export.path, &[]).is_ok_and(|report| report.verdict() == Verdict::Holds);
        assert_eq!(holds, path == "vkeys", "{path} cut short");
        export.put(&path, &[&bytes[..], &[0]].concat());
        assert_ne!(verify(&export.path, &[]).map(|report| report.verdict()), Ok(Verdict::Holds), "{path} made longer");
        export.remove(&path);
        let verdict = verify(&export.path, &[]).map(|report| report.verdict());
        // Without its openings an export merely says less.
        assert_eq!(verdict == Ok(Verdict::Holds), path.starts_with("openings/"), "{path} missing");
    }
}

#[test]
fn a_rewritten_history_is_not_the_signed_one() {
    let mut ledger = TestLedger::with_everything();
    let signed = ledger.checkpoint();
    ledger.entries[2].header.recorded_at_us += 1;
    ledger.relink(3);
    let export = ledger.write_without_content();
    export.put("checkpoint", signed.as_bytes());
    check_lie(&export, None, "the entries lead to root", None);
}

#[test]
fn lies_that_were_signed_are_found_too() {
    let build = |change: &dyn Fn(&mut TestLedger)| {
        let mut ledger = TestLedger::with_everything();
        change(&mut ledger);
        ledger.write()
    };
    let export = build(&|ledger| {
        ledger.entries[2].header.index = 7;
        ledger.relink(3);
    });
    check_lie(&export, Some(2), "it says that it is entry 7", Some(1));
    let export = build(&|ledger| {
        ledger.entries[3].header.previous_leaf = [0; 32];
        ledger.relink(4);
    });
    check_lie(&export, Some(3), "it does not follow entry 2", Some(3));
    let export = build(&|ledger| {
        ledger.entries[0].header.previous_leaf = genesis_link("example.com/other");
        ledger.relink(1);
    });
    check_lie(&export, Some(0), "genesis link", None);
    let export = build(&|ledger| {
        ledger.entries[5].header.recorded_at_us = 0;
        ledger.relink(6);
    });
    check_lie(&export, Some(5), "lies before that of the entry before it", Some(5));
    let export = build(&|ledger| {
        ledger.entries[5].header.flags = 0;
    });
    check_lie(&export, Some(5), "not the last of its commit", Some(5));
    let export = build(&|ledger| {
        ledger.entries[4].header.recorded_at_us += 1;
        ledger.relink(5);
    });
    check_lie(&export, Some(4), "it states a clock change", Some(4));
    let export = build(&|ledger| {
        ledger.entries[3].header.parts_root = [1; 32];
        ledger.relink(4);
    });
    check_lie(&export, Some(3), "its parts are not those it commits to", Some(3));
    let export = build(&|ledger| ledger.openings.push((5, 0)));
    assert_eq!(judged(&export).parts_opened, 2);
}

#[test]
fn bodies_that_mislead_are_found() {
    let check = |kind: EntryKind, body: Vec<u8>, parts: usize, what: &str| {
        let mut ledger = TestLedger::new();
        ledger.append(kind, &body, &vec![vec![]; parts], LAST_OF_COMMIT);
        check_lie(&ledger.write(), Some(1), what, Some(1));
    };
    let group = |first, count| PartGroup { first, count, ..Default::default() };
    let action = |parts: Vec<PartGroup>| ActionBody { parts, ..Default::default() };
    check(EntryKind::Action, action(vec![]).encode(), 1, "describes 0 parts, but has 1");
    check(EntryKind::Action, action(vec![group(0, 2)]).encode(), 1, "describes 2 parts, but has 1");
    check(EntryKind::Action, action(vec![group(1, 1)]).encode(), 1, "do not go on at part 0");
    check(EntryKind::Action, action(vec![group(0, 1), group(0, 1)]).encode(), 2, "do not go on at part 1");
    let overflow = action(vec![group(0, u32::MAX), group(u32::MAX, 2)]);
    check(EntryKind::Action, overflow.encode(), 1, "exceed all bounds");
    let shared = PartGroup { shared_by: vec![Run { first: 0, count: 2 }], ..group(0, 1) };
    check(EntryKind::Action, action(vec![shared]).encode(), 1, "2 parts from 0 on");
    let actor = Actor { part: 2, ..Default::default() };
    let body = ActionBody { actors: vec![actor], ..action(vec![group(0, 1)]) };
    check(EntryKind::Action, body.encode(), 1, "names part 1, which it has not");
    check(EntryKind::Clock, ClockBody::default().encode(), 0, "it states a clock change");
    check(EntryKind::Coverage, CoverageBody::default().encode(), 1, "describes 0 parts, but has 1");
    check(
        EntryKind::Genesis,
        GenesisBody { origin: ORIGIN.into(), ..Default::default() }.encode(),
        0,
        "a second genesis",
    );
    check(EntryKind::Coverage, vec![0x18, 0x00], 0, "a default value is written out");
    let signature = AgentSignature { key_id: vec![1; 8], signature: vec![1; 64], ..Default::default() };
    let body = ActionBody { agent_signature: Some(signature), ..Default::default() };
    check(EntryKind::Action, body.encode(), 0, "names a key that is not registered");
}

#[test]
fn a_genesis_that_names_another_key_is_found() {
    let mut ledger = TestLedger::new();
    ledger.entries.clear();
    let body = GenesisBody { origin: ORIGIN.into(), verifier_key: "other".into(), ..Default::default() };
    ledger.append(EntryKind::Genesis, &body.encode(), &[], LAST_OF_COMMIT);
    check_lie(&ledger.write(), Some(0), "it names other as the key of this ledger", None);
}

#[test]
fn removed_content_is_unauthorised() {
    let mut ledger = TestLedger::with_everything();
    ledger.openings.clear();
    ledger.entries[3].parts[1].1 = None;
    let report = judged(&ledger.write());
    assert_eq!((report.parts.intact, report.parts.removed, report.bodies.intact), (2, 1, 6));
    assert_eq!(report.first_problem.unwrap().to_string(), "entry 3: its part 1 is missing, unauthorised");
    ledger.entries[2].content = None;
    let report = judged(&ledger.write());
    assert_eq!((report.bodies.removed, report.problems), (1, 2));
    assert_eq!(report.first_problem.unwrap().to_string(), "entry 2: its body is missing, unauthorised");
    // The chain does not depend on content: all entries were still checked.
    assert_eq!(report.entries_checked, 6);
}

#[test]
fn a_disclosed_key_opens_its_part_or_is_found_out() {
    let ledger = TestLedger::with_everything();
    let export = ledger.write();
    let key = export.get("openings/3.0");
    export.put("openings/3.1", &key);
    check_lie(&export, Some(3), "its disclosed part 1: the disclosed key does not belong", Some(3));
    export.remove("openings/3.1");
    export.put("openings/3.2", &key);
    check_lie(&export, Some(3), "a key is disclosed for its part 2, which it has not", Some(3));
    export.remove("openings/3.2");
    export.put("openings/6.0", &key);
    check_lie(&export, Some(6), "openings/6.0 opens nothing", Some(6));
    export.remove("openings/6.0");
    export.put("openings/3.00", &key);
    assert!(verify(&export.path, &[]).is_err());
}

/// A signature whose action id is not disclosed is counted, not judged.
#[test]
fn a_sealed_action_id_leaves_a_signature_unjudged() {
    let mut ledger = TestLedger::with_everything();
    ledger.openings.clear();
    let report = judged(&ledger.write());
    assert_eq!((report.agent_signatures_checked, report.agent_signatures_sealed), (0, 1));
    assert_eq!(report.verdict(), Verdict::Holds);
}

#[test]
fn what_a_later_version_wrote_is_unknown_and_not_a_lie() {
    let check = |ledger: &TestLedger, what: &str| {
        let report = judged(&ledger.write());
        assert_eq!(report.verdict(), Verdict::MeaningUnknown, "{:?}", report.first_problem);
        assert_eq!(report.unknown_meaning, [(1, what.to_owned())]);
    };
    let mut ledger = TestLedger::new();
    ledger.append(EntryKind::Clock, &[0xfa, 0x01, 0x00], &[], LAST_OF_COMMIT);
    check(&ledger, "field 31: unknown field of ClockBody 31");
    let mut ledger = TestLedger::new();
    ledger.append(EntryKind::Action, &[0x08, 0x7f], &[], LAST_OF_COMMIT);
    check(&ledger, "field 1: unknown verb 127");
    let mut ledger = TestLedger::new();
    ledger.append(EntryKind::KeyRotation, b"of a later version", &[], LAST_OF_COMMIT);
    check(&ledger, "field 0: unknown entry kind 3");
    let mut ledger = TestLedger::new();
    ledger.append(EntryKind::Erasure, &[0x08, 0x7f], &[], LAST_OF_COMMIT);
    check(&ledger, "field 1: unknown erasure state 127");
    let mut ledger = TestLedger::new();
    ledger.append(EntryKind::Action, b"", &[], LAST_OF_COMMIT);
    ledger.entries[1].header.kind = 99;
    check(&ledger, "field 0: unknown entry kind 99");
    let report = judged(&ledger.write_without_content());
    assert_eq!(report.unknown_meaning, [(1, "entry kind 99".to_owned())]);
}

#[test]
fn an_empty_ledger_is_the_empty_root() {
    let mut ledger = TestLedger::new();
    ledger.entries.clear();
    let export = ledger.write_without_content();
    assert_eq!(judged(&export).verdict(), Verdict::Holds);
}

/// The command: exit codes, and the sentence an auditor reads.
#[test]
fn the_command_answers_with_words_and_codes() {
    let ledger = TestLedger::with_everything();
    let export = ledger.write();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_whosaw-verify")).args(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text)
    };
    let check = |arguments: &[&str], code: i32, sentence: &str| {
        let (got, text) = run(arguments);
        assert_eq!(got, code, "{arguments:?}: {text}");
        assert!(text.contains(sentence), "{arguments:?}: {text}");
    };
    let path = export.path.to_str().unwrap();
    let key = ledger.key.to_string();
    check(&["export", path], 0, "trust on first use");
    check(&["export", path], 0, "HOLDS: all 6 entries, and what they say, are what was signed.");
    check(&["export", path, "--vkey", &key, "--json"], 0, "{\"verdict\":\"holds\",\"origin\":\"example.com/ledger\"");
    assert!(!run(&["export", path, "--vkey", &key]).1.contains("trust on first use"));
    let root = hex(&merkle::root(&ledger.leaves()[..4]));
    check(&["export", path, "--vkey", &key, "--at", "4"], 0, &format!("Of the first 4 entries the root is {root}"));
    check(&["export", path, "--at", "4", "--json"], 0, &format!(",\"at\":{{\"size\":4,\"root\":\"{root}\"}}}}\n"));
    check(&["export", path, "--at", "7"], 2, "beyond the entries of this export");
    check(&["export", path, "--at", "all"], 2, "needs a number of entries");
    let stranger = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    check(&["export", path, "--vkey", stranger], 1, "DOES NOT HOLD: checkpoint: no signature by a given key");
    check(&["export", "/nonexistent"], 4, "CANNOT BE READ");
    check(&["export"], 2, "--help");
    check(&["export", path, "--colour"], 2, "there is no option --colour");
    check(&["--help"], 0, "EXIT CODE");
    export.put("openings/5.0", &[0; 32]);
    check(&["export", path], 1, "DOES NOT HOLD: entry 5: its disclosed part 0");
    check(&["export", path], 1, "Last good checkpoint: 5 entries");
    export.put("policy", format!("log {key}\nwitness w {}\nquorum w\n", witness()).as_bytes());
    export.remove("openings/5.0");
    let policy = export.path.join("policy");
    check(&["export", path, "--policy", policy.to_str().unwrap()], 1, "lacks the policy's quorum of witnesses");

    export.put("receipt", ledger.receipt(2).encode().as_bytes());
    let (salt, body) = ledger.entries[2].content.as_ref().unwrap();
    export.put("body", &[&salt[..], body].concat());
    let (file, body) = (export.path.join("receipt"), export.path.join("body"));
    let (file, body) = (file.to_str().unwrap(), body.to_str().unwrap());
    check(&["receipt", file, "--vkey", &key], 0, "HOLDS: the entry stands in the signed ledger.");
    check(&["receipt", file, "--vkey", &key, "--body", body, "--json"], 0, "\"kind\":\"writer_epoch\"");
    check(&["receipt", file, "--vkey", &key, "--body", file], 1, "salt and body are not what the entry commits to");
    check(&["receipt", file], 2, "give the ledger's with --vkey");
    check(&["receipt", body, "--vkey", &key], 4, "CANNOT BE READ");
}

fn witness() -> String {
    use whosaw_verifier::note::{KeyKind, VerifierKey};
    let secret = ed25519_dalek::SigningKey::from_bytes(&[77; 32]);
    VerifierKey::new("w.example", KeyKind::Cosignature, secret.verifying_key().as_bytes()).unwrap().to_string()
}
