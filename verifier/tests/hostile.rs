//! Exports and receipts that somebody made in order to deceive or to hurt whoever checks them.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::*;
use ed25519_dalek::{Signer, SigningKey};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};
use whosaw_verifier::body::*;
use whosaw_verifier::checkpoint::Checkpoint;
use whosaw_verifier::entry::*;
use whosaw_verifier::export::{Report, Verdict, verify};
use whosaw_verifier::merkle;
use whosaw_verifier::note::{KeyKind, VerifierKey};
use whosaw_verifier::receipt::{self, Content, ReceiptError};
use whosaw_verifier::vocabulary::*;
use whosaw_verifier::wire::Message;

fn judged(export: &Export) -> Report {
    verify(&export.path, &[]).unwrap()
}

#[track_caller]
fn check_lie(export: &Export, index: u64, what: &str) {
    let report = judged(export);
    let problem = report.first_problem.clone().expect("a problem is found");
    assert_eq!(problem.index, Some(index), "{problem}");
    assert!(problem.what.contains(what), "{problem}");
    assert_eq!(report.verdict(), Verdict::Lie);
}

/// Every agent has a key; with it it can sign what it did itself, and nothing in another's name.
#[test]
fn no_agent_signs_for_another() {
    let (helper, other) = (SigningKey::from_bytes(&[2; 32]), SigningKey::from_bytes(&[3; 32]));
    let build = |openings: bool, name: &str, secret: &SigningKey| {
        let mut ledger = TestLedger::new();
        ledger.register_agent("helper", &helper, LAST_OF_COMMIT);
        ledger.register_agent("other", &other, LAST_OF_COMMIT);
        ledger.signed_action(name, secret);
        if !openings {
            ledger.openings.clear();
        }
        ledger.write()
    };
    for openings in [true, false] {
        for (name, secret) in [("helper", &helper), ("other", &other)] {
            assert_eq!(judged(&build(openings, name, secret)).verdict(), Verdict::Holds);
        }
        let what = "names a key that is not registered for the actor";
        check_lie(&build(openings, "helper", &other), 3, what);
        check_lie(&build(openings, "other", &helper), 3, what);
        // Who has a sealed name is not registered.
        check_lie(&build(openings, "", &helper), 3, what);
    }
}

/// A key counts from its registration on, and until another one takes its place.
#[test]
fn an_agents_key_counts_while_it_is_registered() {
    let (old, new) = (SigningKey::from_bytes(&[2; 32]), SigningKey::from_bytes(&[3; 32]));
    let mut ledger = TestLedger::new();
    ledger.signed_action("helper", &old);
    ledger.register_agent("helper", &old, LAST_OF_COMMIT);
    check_lie(&ledger.write(), 1, "not registered");

    let mut ledger = TestLedger::new();
    ledger.register_agent("helper", &old, LAST_OF_COMMIT);
    ledger.signed_action("helper", &old);
    ledger.register_agent("helper", &new, LAST_OF_COMMIT);
    ledger.signed_action("helper", &new);
    assert_eq!(judged(&ledger.write()).verdict(), Verdict::Holds);
    ledger.signed_action("helper", &old);
    check_lie(&ledger.write(), 5, "not registered");
}

/// Whoever holds the ledger's key can sign anything; a receipt is refused for what its export would be refused for.
#[test]
fn a_receipt_is_held_to_the_same_as_an_export() {
    let check = |change: &dyn Fn(&mut TestLedger), index: usize, expected: ReceiptError| {
        let mut ledger = TestLedger::with_everything();
        change(&mut ledger);
        check_lie(&ledger.write(), index as u64, "");
        let entry = &ledger.entries[index];
        let content = entry.content.as_ref().map(|(salt, body)| (salt, body.as_slice()));
        let judged = receipt::verify(&ledger.receipt(index), std::slice::from_ref(&ledger.key), content);
        assert_eq!(judged, Err(expected));
    };
    check(&|ledger| ledger.entries[5].header.flags = 0, 5, ReceiptError::WithinCommit);
    let no_genesis = |ledger: &mut TestLedger| {
        ledger.entries[0].header.kind = EntryKind::Coverage as u8;
        ledger.relink(1);
    };
    check(&no_genesis, 0, ReceiptError::Kind("entry 0 is not the genesis of a ledger"));
    let second = |ledger: &mut TestLedger| {
        let body = GenesisBody { origin: ORIGIN.into(), ..Default::default() };
        ledger.append(EntryKind::Genesis, &body.encode(), &[], LAST_OF_COMMIT);
    };
    check(&second, 6, ReceiptError::Kind("a second genesis"));
    let stranger = |ledger: &mut TestLedger| {
        ledger.entries.clear();
        let body = GenesisBody { origin: "example.com/other".into(), ..Default::default() };
        ledger.append(EntryKind::Genesis, &body.encode(), &[], LAST_OF_COMMIT);
        ledger.openings.clear();
    };
    let what = "it opens the ledger example.com/other, not this one";
    check(&stranger, 0, ReceiptError::Meaning(what.into()));
    let undescribed = |ledger: &mut TestLedger| {
        ledger.append(EntryKind::Action, &ActionBody::default().encode(), &[vec![]], LAST_OF_COMMIT);
    };
    check(&undescribed, 6, ReceiptError::Meaning("it describes 0 parts, but has 1".into()));
}

#[test]
fn a_receipt_for_an_unknown_kind_does_not_say_that_it_means_something() {
    let mut ledger = TestLedger::new();
    ledger.append(EntryKind::Action, b"", &[], LAST_OF_COMMIT);
    let verified = |ledger: &TestLedger| receipt::verify(&ledger.receipt(1), std::slice::from_ref(&ledger.key), None);
    assert_eq!(verified(&ledger).unwrap().unknown_meaning(), None);
    ledger.entries[1].header.kind = 99;
    let verified = verified(&ledger).unwrap();
    assert_eq!((&verified.content, verified.unknown_meaning()), (&Content::NotGiven, Some("entry kind 99".into())));
}

#[test]
fn garbage_is_a_lie_and_no_later_vocabulary() {
    let build = |body: &[u8]| {
        let mut ledger = TestLedger::new();
        ledger.append(EntryKind::Coverage, body, &[], LAST_OF_COMMIT);
        ledger.write()
    };
    // Field 7 of a CoverageBody, which has six.
    assert_eq!(judged(&build(&[0x38, 0x01])).verdict(), Verdict::MeaningUnknown);
    check_lie(&build(&[0x3b, 0x01]), 1, "wire type is neither varint nor length-delimited");
    check_lie(&build(b"8\x01garbage"), 1, "its body: field");
    check_lie(&build(&[0x38, 0x01, 0x08, 0x01]), 1, "not in ascending order");
}

/// The command on an export: exit code and everything it printed. It must end soon and need little memory.
#[track_caller]
fn run(export: &Export, options: &[&str]) -> (i32, String) {
    // A pipe would block whoever says much.
    let said = fs::File::create(export.path.join("said")).unwrap();
    let mut child = Command::new("sh")
        .args([
            "-c",
            "ulimit -v 1000000; ulimit -t 20; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_whosaw-verify"),
            "export",
        ])
        .arg(&export.path)
        .args(options)
        .stdout(said.try_clone().unwrap())
        .stderr(said)
        .spawn()
        .unwrap();
    // By the processor's time, because the machine may have other things to do; by the clock only if it sleeps.
    let deadline = Instant::now() + Duration::from_secs(600);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            let said = String::from_utf8(export.get("said")).unwrap();
            return (status.code().expect("it ends by itself"), said);
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

const PLACES: [&str; 7] =
    ["checkpoint", "vkeys", "tile/0/000.p/7", "tile/entries/000.p/7", "content/000.p/7", "openings/3.0", "erasures/6"];

/// Everything, and an erasure of a part.
fn with_an_erasure() -> TestLedger {
    let mut ledger = TestLedger::with_everything();
    ledger.erase(&[(3, 1)]);
    ledger
}

#[test]
fn only_regular_files_within_the_export_are_read() {
    let outside = with_an_erasure().write();
    for place in PLACES {
        let check = |put: &dyn Fn(&std::path::Path)| {
            let export = with_an_erasure().write();
            export.remove(place);
            put(&export.path.join(place));
            let (code, text) = run(&export, &[]);
            assert_eq!((code, text), (4, format!("CANNOT BE READ: {place}: it is not a regular file\n")));
        };
        check(&|path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()));
        check(&|path| std::os::unix::fs::symlink("/dev/zero", path).unwrap());
        check(&|path| std::os::unix::fs::symlink(outside.path.join(place), path).unwrap());
        check(&|path| std::os::unix::fs::symlink("/nonexistent", path).unwrap());
        check(&|path| fs::create_dir(path).unwrap());
    }
    for directory in ["tile", "tile/0", "tile/entries", "content", "openings", "erasures"] {
        let export = with_an_erasure().write();
        fs::remove_dir_all(export.path.join(directory)).unwrap();
        std::os::unix::fs::symlink(outside.path.join(directory), export.path.join(directory)).unwrap();
        let (code, text) = run(&export, &[]);
        assert_eq!(code, 4, "{directory}: {text}");
        assert!(text.contains("is not a directory"), "{directory}: {text}");
    }
}

/// Files of a tebibyte, which take no room where they lie.
#[test]
fn no_more_is_read_than_can_be_expected() {
    for (place, code, what) in [
        ("checkpoint", 1, "checkpoint: not a signed note: it is longer than 1 MiB"),
        ("vkeys", 4, "vkeys: it is longer than 1 MiB"),
        ("tile/0/000.p/7", 1, "tile/0/000.p/7 holds more than its hashes"),
        ("tile/entries/000.p/7", 1, "tile/entries/000.p/7 does not hold exactly 7 entries"),
        ("content/000.p/7", 1, "content/000.p/7: bytes follow the last entry's content"),
        ("openings/3.0", 1, "openings/3.0 is not a key of 32 bytes"),
        // This one at the place that lost its explanation, too: the first problem is there.
        ("erasures/6", 1, "its part 1 is missing, unauthorised (and 1 more problem)"),
    ] {
        let export = with_an_erasure().write();
        fs::File::options().write(true).open(export.path.join(place)).unwrap().set_len(1 << 40).unwrap();
        let (got, text) = run(&export, &[]);
        assert_eq!(got, code, "{place}: {text}");
        assert!(text.contains(what), "{place}: {text}");
    }
}

/// What wipes the screen and writes a verdict of its own.
const FORGERY: &str = "\u{1b}[2J\u{1b}[HHOLDS: all\u{202e}\u{9b}1m\r\n";

#[track_caller]
fn check_harmless(export: &Export, code: i32, what: &str) {
    for options in [&[][..], &["--json"]] {
        let (got, text) = run(export, options);
        assert_eq!(got, code, "{text:?}");
        assert!(!text.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{text:?}");
        assert_eq!(text.lines().any(|line| line.starts_with("HOLDS")), code == 0 && options.is_empty(), "{text:?}");
        assert!(text.contains(what), "{text:?}");
        assert!(text.len() < 5_000, "{} bytes", text.len());
    }
}

#[test]
fn no_name_in_an_export_writes_on_the_screen() {
    // An origin can hold no control character, but what turns the direction of writing.
    let export = TestLedger::new().write();
    let origin = "example.com/\u{202e}SDLOH";
    let secret = SigningKey::from_bytes(&[1; 32]);
    let key = VerifierKey::new(origin, KeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
    let head = Checkpoint { origin: origin.into(), size: 0, root: merkle::EMPTY_ROOT };
    let note = head.sign(&key, |message| secret.sign(message).to_bytes());
    export.put("checkpoint", note.as_bytes());
    check_harmless(&export, 1, "no signature by a given key");
    export.put("vkeys", key.to_string().as_bytes());
    check_harmless(&export, 0, "SDLOH");

    let mut ledger = TestLedger::new();
    ledger.signed_action(&format!("{FORGERY}{}", "x".repeat(1 << 16)), &SigningKey::from_bytes(&[2; 32]));
    check_harmless(&ledger.write(), 1, "not registered");
    let genesis = |body: GenesisBody| {
        let mut ledger = TestLedger::new();
        ledger.entries.clear();
        ledger.append(EntryKind::Genesis, &body.encode(), &[], LAST_OF_COMMIT);
        ledger.write()
    };
    let long = format!("{FORGERY}{}", " ".repeat(1 << 16));
    check_harmless(&genesis(GenesisBody { origin: long.clone(), ..Default::default() }), 1, "not this one");
    let body = GenesisBody { origin: ORIGIN.into(), verifier_key: long, ..Default::default() };
    check_harmless(&genesis(body), 1, "as the key of this ledger");
    let export = TestLedger::new().write();
    export.put(&format!("openings/{}", FORGERY.replace('/', "")), b"");
    check_harmless(&export, 4, "its name is not an index and an ordinal");
    // A name of a million letters in a signature that does not match.
    let key = VerifierKey::new(&"x".repeat(700_000), KeyKind::Ed25519, key.public_key()).unwrap();
    export.put("vkeys", key.to_string().as_bytes());
    let forged = head.sign(&key, |message| secret.sign(&message[1..]).to_bytes());
    export.put("checkpoint", forged.as_bytes());
    fs::remove_dir_all(export.path.join("openings")).unwrap();
    check_harmless(&export, 1, "the signature of xxx");
}

const PARTS: u32 = 300_000;

/// A ledger whose entry 1 has very many parts, all of them gone.
fn with_parts_gone() -> TestLedger {
    let mut ledger = TestLedger::new();
    let group = PartGroup { first: 0, count: PARTS, ..Default::default() };
    let body = ActionBody { parts: vec![group], ..Default::default() };
    ledger.append(EntryKind::Action, &body.encode(), &[], LAST_OF_COMMIT);
    let entry = ledger.entries.last_mut().unwrap();
    entry.parts = vec![([0; 32], None); PARTS as usize];
    entry.header.parts = PARTS;
    entry.header.parts_root = merkle::root(&vec![[0; 32]; PARTS as usize]);
    ledger
}

/// One sentence for all of an entry's missing parts: a header may claim four thousand million of them.
#[test]
fn missing_parts_are_counted_and_not_listed() {
    let report = judged(&with_parts_gone().write());
    assert_eq!((report.parts.removed, report.problems), (u64::from(PARTS), 1));
    let what = "entry 1: its part 0 is missing, unauthorised, and 299999 more of its parts are amiss";
    assert_eq!(report.first_problem.unwrap().to_string(), what);
}

/// A list takes what memory its places need, and only if they are places; what an entry claims of it takes none.
#[test]
fn a_list_takes_no_more_than_there_is() {
    const MANY: u64 = 3_000_000;
    let sparse = |body: &ErasureBody| {
        let mut ledger = TestLedger::new();
        ledger.say_erased(body, &[]);
        let export = ledger.write();
        fs::File::options().write(true).open(export.path.join("erasures/1")).unwrap().set_len(12 << 40).unwrap();
        export
    };
    // Zeros, as many as it claims, which take no room on the disk.
    let body = ErasureBody { covers: 1 << 40, covers_root: vec![1; 32], ..erased(&[]) };
    let (code, text) = run(&sparse(&body), &[]);
    assert!(code == 1 && text.contains("erasures/1 is not in ascending order, each place once"), "{code}: {text}");
    let body = ErasureBody { covers: 1, covers_root: vec![1; 32], ..erased(&[]) };
    let (code, text) = run(&sparse(&body), &[]);
    assert!(code == 1 && text.contains("erasures/1 holds more than the 1 places that it covers"), "{code}: {text}");

    // Millions of places that there are not: one problem.
    let places: Vec<(u64, u32)> = (0..MANY).map(|ordinal| (0, ordinal as u32)).collect();
    let mut ledger = TestLedger::new();
    ledger.say_erased(&erased(&places), &places);
    let (code, text) = run(&ledger.write(), &[]);
    let what = "DOES NOT HOLD: entry 0: entry 1 says that it erased its part 0, which it has not\n";
    assert!(code == 1 && text.contains(what), "{code}: {text}");
    // Not the list that was signed: it is forgotten again.
    ledger.lists[0].1[11] = 1;
    ledger.lists[0].1.drain(12..24);
    let (code, text) = run(&ledger.write(), &[]);
    let what = "DOES NOT HOLD: entry 1: erasures/1 holds 2,999,999 of the 3,000,000 places that it covers\n";
    assert!(code == 1 && text.contains(what), "{code}: {text}");
}

/// One list under many names takes the memory of one.
#[test]
fn a_list_that_is_claimed_again_is_kept_once() {
    const MANY: u32 = 500_000;
    let places: Vec<(u64, u32)> = (0..MANY).map(|ordinal| (0, ordinal)).collect();
    let mut ledger = TestLedger::new();
    let body = erased(&places).encode();
    (0..60).for_each(|_| ledger.append(EntryKind::Erasure, &body, &[], LAST_OF_COMMIT));
    ledger.lists.push((1, list(&places)));
    let export = ledger.write();
    for index in 2..=60 {
        fs::hard_link(export.path.join("erasures/1"), export.path.join(format!("erasures/{index}"))).unwrap();
    }
    let (code, text) = run(&export, &[]);
    let what = "DOES NOT HOLD: entry 0: entry 1 says that it erased its part 0, which it has not\n";
    assert!(code == 1 && text.contains(what), "{code}: {text}");
}

/// A header may claim four thousand million parts that are gone, and a retention entry may say that they may be.
#[test]
fn redacted_parts_are_counted_and_not_listed() {
    let mut ledger = with_parts_gone();
    let body = RetentionBody { pruned_before: 2, ..Default::default() };
    ledger.append(EntryKind::Retention, &body.encode(), &[], LAST_OF_COMMIT);
    let report = judged(&ledger.write());
    assert_eq!((report.parts.redacted, report.verdict()), (u64::from(PARTS), Verdict::Holds));
    assert_eq!((report.redacted_by.len(), report.remark_count), (1, 2));
}

/// Files named on the command line may be pipes, but not endless ones.
#[test]
fn an_endless_receipt_is_not_read_to_its_end() {
    let ledger = TestLedger::new();
    let export = ledger.write();
    export.put("receipt", ledger.receipt(0).encode().as_bytes());
    let (key, path) = (ledger.key.to_string(), export.path.join("receipt"));
    let check = |arguments: &[&str], code: i32| {
        let command = "ulimit -v 1000000; exec \"$0\" \"$@\"";
        let bin = env!("CARGO_BIN_EXE_whosaw-verify");
        let output = Command::new("sh").args(["-c", command, bin]).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    };
    let path = path.to_str().unwrap();
    check(&["receipt", path, "--vkey", &key], 0);
    check(&["receipt", "/dev/zero", "--vkey", &key], 4);
    check(&["receipt", path, "--vkey", &key, "--body", "/dev/zero"], 4);
    check(&["receipt", path, "--vkey", &key, "--policy", "/dev/zero"], 4);
}
