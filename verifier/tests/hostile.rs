//! Exports and receipts that somebody made in order to deceive or to hurt whoever checks them.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::*;
use ed25519_dalek::SigningKey;
use whosaw_verifier::entry::*;
use whosaw_verifier::export::{Report, Verdict, verify};

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
