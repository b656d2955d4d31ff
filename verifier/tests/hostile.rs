//! Exports and receipts that somebody made in order to deceive or to hurt whoever checks them.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::*;
use ed25519_dalek::SigningKey;
use whosaw_verifier::body::*;
use whosaw_verifier::entry::*;
use whosaw_verifier::export::{Report, Verdict, verify};
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
