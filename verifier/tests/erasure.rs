//! Content that is gone: redacted where the ledger says so, missing where it does not, and every way we could think of in
//! which somebody passes the one off as the other.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::*;
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use whosaw_verifier::body::*;
use whosaw_verifier::entry::LAST_OF_COMMIT;
use whosaw_verifier::erasure::{self, BODY, token_hash};
use whosaw_verifier::export::{Counts, Report, Verdict, root_at, verify, verify_erasure};
use whosaw_verifier::hash::hex;
use whosaw_verifier::merkle;
use whosaw_verifier::receipt::{self, Receipt};
use whosaw_verifier::vocabulary::*;
use whosaw_verifier::wire::Message;

fn judged(export: &Export) -> Report {
    verify(&export.path, &[]).unwrap()
}

#[track_caller]
fn check_holds(ledger: &TestLedger) -> Report {
    let report = judged(&ledger.write());
    assert_eq!(report.first_problem, None);
    assert_eq!(report.verdict(), Verdict::Holds);
    report
}

/// That an export does not hold, where, and with which words of the first problem; and how many problems there are.
#[track_caller]
fn check_lie(export: &Export, index: u64, what: &str, problems: u64) {
    let report = judged(export);
    let problem = report.first_problem.clone().expect("a problem is found");
    assert_eq!((problem.index, problem.what.as_str(), report.problems), (Some(index), what, problems));
    assert_eq!(report.verdict(), Verdict::Lie);
}

/// Genesis, then five actions of two parts each.
fn actions() -> TestLedger {
    let mut ledger = TestLedger::new();
    (0..5).for_each(|_| ledger.plain_action(2));
    ledger
}

const PLACES: [(u64, u32); 4] = [(1, 0), (2, 0), (2, 1), (2, BODY)];

#[test]
fn what_an_entry_says_is_gone_is_redacted() {
    let mut ledger = actions();
    assert_eq!(ledger.erase(&PLACES), 6);
    ledger.plain_action(1);
    ledger.erase(&[(3, 1), (7, 0)]);
    let report = check_holds(&ledger);
    assert_eq!(report.bodies, Counts { intact: 8, removed: 1, redacted: 1, missing: 0 });
    assert_eq!(report.parts, Counts { intact: 6, removed: 5, redacted: 5, missing: 0 });
    assert_eq!((report.redacted_by.clone(), report.redacting_entries), (vec![(6, 1, 3), (8, 0, 2)], 2));
    assert_eq!((report.remark_count, report.remarks.len()), (0, 0));
    let text = report.to_text();
    for line in [
        "  bodies       8 intact, 1 removed (1 redacted with authority, 0 missing without)\n",
        "  sealed parts 6 intact, 5 removed (5 redacted with authority, 0 missing without), 0 opened",
        "  redacted     1 bodies and 3 sealed parts, authorised by entry 6\n",
        "HOLDS: all 9 entries are those that were signed, and so is what they say, but for what entries of this ledger say was",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let json = "\"bodies_intact\":8,\"bodies_removed\":1,\"bodies_redacted\":1,\"bodies_missing\":0,\"parts_intact\":6,\
                \"parts_removed\":5,\"parts_redacted\":5,\"parts_missing\":0,\"parts_opened\":0,\"redacting_entries\":2,\
                \"redacted_by\":[{\"index\":6,\"bodies\":1,\"parts\":3},{\"index\":8,\"bodies\":0,\"parts\":2}],\
                \"remark_count\":0,\"remarks\":[],";
    assert!(report.to_json().contains(json), "{}", report.to_json());
}

#[test]
fn what_no_entry_says_is_gone_is_missing() {
    let mut ledger = actions();
    ledger.erase(&PLACES);
    ledger.remove(&[(1, 1), (3, BODY)]);
    check_lie(&ledger.write(), 1, "its part 1 is missing, unauthorised", 2);
    let report = judged(&ledger.write());
    assert_eq!(report.bodies, Counts { intact: 5, removed: 2, redacted: 1, missing: 1 });
    assert_eq!(report.parts, Counts { intact: 6, removed: 4, redacted: 3, missing: 1 });
    // A body that is covered says nothing of the parts, and the other way round.
    let mut ledger = actions();
    ledger.remove(&[(2, 0)]);
    ledger.erase(&[(2, BODY)]);
    check_lie(&ledger.write(), 2, "its part 0 is missing, unauthorised", 1);
    let mut ledger = actions();
    ledger.remove(&[(2, BODY)]);
    ledger.erase(&[(2, 0), (2, 1)]);
    check_lie(&ledger.write(), 2, "its body is missing, unauthorised", 1);
}

/// Each bit of list and entry matters.
#[test]
fn every_flipped_byte_of_a_list_is_found() {
    let mut ledger = actions();
    ledger.erase(&PLACES);
    let export = ledger.write();
    for path in ["erasures/6", "content/000.p/7", "tile/entries/000.p/7"] {
        let honest = export.get(path);
        for at in 0..honest.len() {
            let mut altered = honest.clone();
            altered[at] ^= 1 << (at % 8);
            export.put(path, &altered);
            assert_eq!(judged(&export).verdict(), Verdict::Lie, "byte {at} of {path}");
        }
        export.put(path, &honest);
    }
    assert_eq!(judged(&export).verdict(), Verdict::Holds);
}

/// A list that is not the one whose root was signed explains nothing.
#[test]
fn a_list_that_lies_is_found_and_explains_nothing() {
    let check = |list: Option<&[u8]>, what: &str| {
        let mut ledger = actions();
        ledger.erase(&PLACES);
        let export = ledger.write();
        match list {
            Some(list) => export.put("erasures/6", list),
            None => export.remove("erasures/6"),
        }
        let report = judged(&export);
        assert_eq!((report.parts.redacted, report.parts.missing), (0, 3), "{what}");
        // Entry 1 misses a part, entry 2 its body and both parts, and entry 6 lies.
        assert_eq!((report.bodies.missing, report.problems), (1, 4), "{what}");
        let mut ledger = actions();
        ledger.say_erased(&erased(&PLACES), &PLACES);
        let export = ledger.write();
        match list {
            Some(list) => export.put("erasures/6", list),
            None => export.remove("erasures/6"),
        }
        check_lie(&export, 6, what, 1);
    };
    let whole = list(&PLACES);
    check(None, "erasures/6, the list of the 4 places that it covers, is missing");
    check(Some(&[]), "erasures/6 holds 0 of the 4 places that it covers");
    check(Some(&whole[..36]), "erasures/6 holds 3 of the 4 places that it covers");
    check(Some(&whole[..47]), "erasures/6 ends within a place");
    check(Some(&list(&[&PLACES[..], &[(3, 0)]].concat())), "erasures/6 holds more than the 4 places that it covers");
    check(Some(&list(&[(1, 0), (2, 0), (2, 1), (3, 0)])), "erasures/6 is not the list that it states the root of");
    check(Some(&list(&[(2, 0), (1, 0), (2, 1), (2, BODY)])), "erasures/6 is not in ascending order, each place once");
    check(Some(&list(&[(1, 0), (1, 0), (2, 0), (2, 1)])), "erasures/6 is not in ascending order, each place once");
    check(Some(&list(&[(1, 0), (6, 0)])), "erasures/6 holds a place in entry 6, which does not come before it");
}

/// What is carried forward of pruned bodies is of these bodies, adds up, and names no others.
#[test]
fn what_is_carried_forward_adds_up() {
    let places = [(1, BODY), (3, 0), (3, BODY), (4, BODY)];
    let acts = |verb, count| PrunedActs { kind: EntryKind::Action, verb, outcome: Outcome::Succeeded, count };
    let honest = PrunedBodies {
        bodies: 3,
        first: 1,
        last: 4,
        acts: vec![acts(Verb::DataRead, 1), acts(Verb::DataView, 2)],
        undetermined: vec![PrunedUndetermined { steps: vec![1, 2], ..PrunedUndetermined::default() }],
        sources: Vec::new(),
    };
    let check = |change: &dyn Fn(&mut PrunedBodies), what: Option<&str>| {
        let mut pruned = honest.clone();
        change(&mut pruned);
        let mut ledger = actions();
        ledger.say_erased(&ErasureBody { pruned: Some(pruned), ..erased(&places) }, &places);
        match what {
            Some(what) => check_lie(&ledger.write(), 6, what, 1),
            None => drop(check_holds(&ledger)),
        }
    };
    check(&|_| {}, None);
    let list = "erasures/6 does not hold the bodies that it carries forward";
    check(&|pruned| pruned.first = 0, Some(list));
    check(&|pruned| pruned.last = 5, Some(list));
    check(&|pruned| (pruned.bodies, pruned.acts[1].count) = (2, 1), Some(list));
    let body = |what: &str| format!("its body: {what}");
    check(&|pruned| pruned.bodies = 5, Some(&body("it carries forward 5 bodies, but covers 4 places")));
    check(
        &|pruned| pruned.last = 6,
        Some(&body("it carries forward entries 1 to 6, which do not come before it in this order")),
    );
    check(
        &|pruned| pruned.acts[0].count = 2,
        Some(&body("what it counts of pruned entries does not add up to their number")),
    );
    check(&|pruned| pruned.acts.reverse(), Some(&body("what it counts of pruned entries does not ascend, each once")));
    let others = body("it carries forward actions that are not among the entries it pruned");
    for steps in [vec![0, 1], vec![1, 4], vec![1, 0], vec![1, u64::MAX]] {
        check(&|pruned| pruned.undetermined[0].steps = steps.clone(), Some(&others));
    }
}

/// Whoever holds the ledger's key can sign a root over anything.
#[test]
fn a_list_that_was_signed_may_lie_all_the_same() {
    let check = |places: &[(u64, u32)], what: &str| {
        let mut ledger = actions();
        ledger.say_erased(&erased(places), places);
        ledger.plain_action(1);
        check_lie(&ledger.write(), 6, what, 1);
    };
    let order = "erasures/6 is not in ascending order, each place once";
    check(&[(2, 0), (1, 0)], order);
    check(&[(1, 0), (1, 0)], order);
    check(&[(1, 1), (1, 0)], order);
    let what = |index: u64| format!("erasures/6 holds a place in entry {index}, which does not come before it");
    check(&[(1, 0), (6, BODY)], &what(6));
    check(&[(1, 0), (7, 0)], &what(7));
    check(&[(u64::MAX, 0)], &what(u64::MAX));

    // A place that there is not.
    let mut ledger = actions();
    ledger.say_erased(&erased(&[(1, 0), (1, 2), (1, 3), (1, BODY)]), &[(1, 0), (1, 2), (1, 3), (1, BODY)]);
    check_lie(&ledger.write(), 1, "entry 6 says that it erased its part 2, which it has not", 1);

    // What was taken later than the erasure that should explain it.
    let mut ledger = actions();
    ledger.plain_action(1);
    ledger.say_erased(&erased(&[(1, 0)]), &[(1, 0)]);
    ledger.plain_action(1);
    ledger.remove(&[(8, 0)]);
    check_lie(&ledger.write(), 8, "its part 0 is missing, unauthorised", 1);
}

#[test]
fn a_list_stands_beside_an_erasure_or_nowhere() {
    let mut ledger = actions();
    ledger.erase(&PLACES);
    let export = ledger.write();
    export.put("erasures/3", &list(&[(1, 0)]));
    check_lie(&export, 3, "erasures/3 lists what it erased, but it is no erasure", 1);
    export.remove("erasures/3");
    export.put("erasures/7", &list(&[(1, 0)]));
    check_lie(&export, 7, "erasures/7 explains nothing that is in this export", 1);
    export.remove("erasures/7");
    for name in ["06", "six", "-6", "6.0", "18446744073709551616"] {
        let path = format!("erasures/{name}");
        export.put(&path, b"");
        let unreadable = verify(&export.path, &[]).unwrap_err();
        assert_eq!(unreadable.to_string(), format!("{path}: its name is not an index"));
        export.remove(&path);
    }
    assert_eq!(judged(&export).verdict(), Verdict::Holds);
    let export = ledger.write_without_content();
    assert_eq!(judged(&export).verdict(), Verdict::Holds);
    export.put("erasures/6", &list(&PLACES));
    check_lie(&export, 6, "erasures/6 explains nothing that is in this export", 1);

    // An erasure that covers nothing needs no list, and has an empty one.
    for body in [ErasureBody { covers_root: vec![], ..erased(&[]) }, erased(&[])] {
        let mut ledger = actions();
        ledger.say_erased(&body, &[]);
        let export = ledger.write();
        assert_eq!(judged(&export).verdict(), Verdict::Holds);
        export.put("erasures/6", &list(&[(1, 0)]));
        check_lie(&export, 6, "erasures/6 holds more than the 0 places that it covers", 1);
        export.remove("erasures/6");
        assert_eq!(judged(&export).verdict(), Verdict::Holds);
    }
}

#[test]
fn what_is_still_there_is_remarked_on() {
    let mut ledger = actions();
    ledger.say_erased(&erased(&PLACES), &PLACES);
    ledger.remove(&[(2, 1)]);
    let report = check_holds(&ledger);
    assert_eq!((report.parts.redacted, report.bodies.redacted, report.remark_count), (1, 0, 2));
    let remarks = [
        (1, "erased by entry 6, yet its sealed part 0 is still here".to_owned()),
        (2, "erased by entry 6, yet its body is still here, and 1 more of what it holds".to_owned()),
    ];
    assert_eq!(report.remarks, remarks);
    assert!(
        report.to_text().contains("  remark       entry 1: erased by entry 6, yet its sealed part 0 is still here\n")
    );
    let json = "\"remarks\":[{\"index\":1,\"what\":\"erased by entry 6, yet its sealed part 0 is still here\"},";
    assert!(report.to_json().contains(json));
}

/// A key that was disclosed for what is gone opens nothing.
#[test]
fn no_key_is_disclosed_for_what_was_erased() {
    let mut ledger = actions();
    ledger.openings.push((2, 0));
    let key = ledger.write().get("openings/2.0");
    ledger.openings.clear();
    ledger.erase(&PLACES);
    let export = ledger.write();
    export.put("openings/2.0", &key);
    check_lie(&export, 2, "its part 0 is redacted, authorised by entry 6, though its key was disclosed", 1);
}

#[test]
fn an_erasure_whose_own_body_is_gone_explains_nothing() {
    let mut ledger = actions();
    ledger.erase(&PLACES);
    ledger.remove(&[(6, BODY)]);
    let export = ledger.write();
    check_lie(&export, 1, "its part 0 is missing, unauthorised", 4);
    let mut ledger = actions();
    ledger.say_erased(&erased(&PLACES), &PLACES);
    ledger.remove(&[(6, BODY)]);
    check_lie(&ledger.write(), 6, "its body is missing, unauthorised: what this erasure covered cannot be told", 1);
    ledger.say_erased(&erased(&[(6, BODY)]), &[(6, BODY)]);
    let report = check_holds(&ledger);
    let remark = "its body is redacted, authorised by entry 7: what this erasure covered cannot be told";
    assert_eq!((report.remarks, report.bodies.redacted), (vec![(6, remark.to_owned())], 1));
    // Not even a batch that names it is called a lie.
    let body = ErasureBody { state: ErasureState::Irrecoverable, batch: 6, generation: 1, ..Default::default() };
    ledger.say_erased(&body, &[]);
    check_holds(&ledger);
}

fn retention(pruned_before: u64) -> RetentionBody {
    RetentionBody { pruned_before, ..Default::default() }
}

#[test]
fn what_was_pruned_is_redacted() {
    let mut ledger = actions();
    let rules = vec![RetentionRule { class: RetentionClass::Body, months: 12, basis: LegalBasis::LegalObligation }];
    ledger.append(EntryKind::Retention, &RetentionBody { rules, ..retention(0) }.encode(), &[], LAST_OF_COMMIT);
    check_holds(&ledger);
    ledger.erase(&[(1, 1)]);
    ledger.append(EntryKind::Retention, &retention(3).encode(), &[], LAST_OF_COMMIT);
    ledger.append(EntryKind::Retention, &retention(2).encode(), &[], LAST_OF_COMMIT);
    ledger.append(EntryKind::Retention, &retention(4).encode(), &[], LAST_OF_COMMIT);
    ledger.remove(&[(0, BODY), (1, 0), (1, BODY), (2, 0), (2, 1), (2, BODY), (3, 0), (3, 1), (3, BODY)]);
    let report = check_holds(&ledger);
    assert_eq!((report.bodies.redacted, report.parts.redacted), (4, 6));
    // By the erasure that names it, else by the first that pruned so far.
    assert_eq!(report.redacted_by, [(7, 0, 1), (8, 3, 3), (10, 1, 2)]);
    assert_eq!(report.remark_count, 0);
    ledger.remove(&[(4, 1)]);
    check_lie(&ledger.write(), 4, "its part 1 is missing, unauthorised", 1);

    let mut ledger = actions();
    ledger.append(EntryKind::Retention, &retention(2).encode(), &[], LAST_OF_COMMIT);
    let report = check_holds(&ledger);
    let remark = "pruned by entry 6, yet its body is still here, and 2 more of what it holds";
    assert_eq!(report.remarks[1], (1, remark.to_owned()));
    let export = ledger.write();
    export.remove("content/000.p/7");
    check_lie(&export, 0, "content/000.p/7 is missing, unauthorised", 1);

    let mut ledger = actions();
    ledger.remove(&[(6 - 1, 0)]);
    ledger.append(EntryKind::Retention, &retention(7).encode(), &[], LAST_OF_COMMIT);
    check_lie(&ledger.write(), 5, "its part 0 is missing, unauthorised", 2);
    let mut ledger = actions();
    ledger.append(EntryKind::Retention, &retention(7).encode(), &[], LAST_OF_COMMIT);
    check_lie(&ledger.write(), 6, "its body: it prunes the entries before 7, which come after it", 1);
}

/// Names that were registered in what is gone are not known to be none.
#[test]
fn an_agents_signature_outlives_the_entry_that_registered_its_key() {
    let (helper, other) = (SigningKey::from_bytes(&[2; 32]), SigningKey::from_bytes(&[3; 32]));
    let mut ledger = TestLedger::new();
    ledger.register_agent("helper", &helper, LAST_OF_COMMIT);
    ledger.signed_action("helper", &helper);
    ledger.append(EntryKind::Retention, &retention(2).encode(), &[], LAST_OF_COMMIT);
    assert_eq!(check_holds(&ledger).agent_signatures_checked, 1);
    ledger.remove(&[(1, BODY)]);
    let report = check_holds(&ledger);
    assert_eq!((report.agent_signatures_checked, report.agent_signatures_without_key), (0, 1));
    assert!(report.to_text().contains("1 agents' signatures not checked: names were registered in what is gone"));
    // What was registered since is known.
    ledger.register_agent("other", &other, LAST_OF_COMMIT);
    ledger.signed_action("other", &other);
    assert_eq!(check_holds(&ledger).agent_signatures_checked, 1);
}

/// What a later version says may explain anything before it, and nothing after it.
#[test]
fn a_later_vocabulary_may_explain_what_is_gone() {
    for (kind, field) in [(EntryKind::Erasure, 31), (EntryKind::Retention, 31)] {
        let mut ledger = actions();
        // Field 31, after all that are known today.
        ledger.append(kind, &[0xf8, 0x01, field], &[], LAST_OF_COMMIT);
        ledger.remove(&PLACES);
        let report = judged(&ledger.write());
        assert_eq!((report.verdict(), report.unknown_meanings), (Verdict::MeaningUnknown, 4));
        assert_eq!(report.parts, Counts { intact: 7, removed: 3, redacted: 0, missing: 0 });
        let what = "its part 0 is missing; entry 6, from a later vocabulary, may say why";
        assert_eq!(report.unknown_meaning[0], (1, what.to_owned()));
        let what = "its body is missing; entry 6, from a later vocabulary, may say why";
        assert_eq!(report.unknown_meaning[1], (2, what.to_owned()));
        let what =
            "its part 0 is missing; entry 6, from a later vocabulary, may say why, and 1 more of its parts are amiss";
        assert_eq!(report.unknown_meaning[2], (2, what.to_owned()));
        ledger.plain_action(1);
        ledger.remove(&[(7, 0)]);
        check_lie(&ledger.write(), 7, "its part 0 is missing, unauthorised", 1);
    }
    // A key that was disclosed for what is gone opens nothing, whoever may say why it is gone.
    let mut ledger = actions();
    ledger.openings.push((2, 0));
    let key = ledger.write().get("openings/2.0");
    ledger.openings.clear();
    ledger.append(EntryKind::Erasure, &[0xf8, 0x01, 31], &[], LAST_OF_COMMIT);
    ledger.remove(&PLACES);
    let export = ledger.write();
    export.put("openings/2.0", &key);
    check_lie(&export, 2, "its part 0 is missing, unauthorised, though its key was disclosed", 1);
    // A kind that erases nothing explains nothing.
    let mut ledger = actions();
    ledger.append(EntryKind::Coverage, &[0xf8, 0x01, 31], &[], LAST_OF_COMMIT);
    ledger.remove(&PLACES);
    assert_eq!(judged(&ledger.write()).verdict(), Verdict::Lie);
}

#[test]
fn bodies_about_persons_that_mislead_are_found() {
    let check = |kind: EntryKind, body: Vec<u8>, parts: usize, what: &str| {
        let mut ledger = actions();
        ledger.append(kind, &body, &vec![vec![]; parts], LAST_OF_COMMIT);
        check_lie(&ledger.write(), 6, &format!("its body: {what}"), 1);
        // A receipt is held to the same.
        let entry = &ledger.entries[6];
        let content = entry.content.as_ref().map(|(salt, body)| (salt, body.as_slice()));
        let refused = receipt::verify(&ledger.receipt(6), std::slice::from_ref(&ledger.key), content).unwrap_err();
        assert_eq!(refused.to_string(), format!("the body: {what}"));
    };
    let undescribed = "it describes 0 parts, but has 1";
    for kind in [EntryKind::Hold, EntryKind::SubjectLink, EntryKind::Restriction, EntryKind::Request] {
        check(kind, PersonActBody::default().encode(), 1, undescribed);
    }
    let restore = |backup_size, recovered_size, root: usize| {
        let roots = (vec![1; root], vec![1; 32]);
        RestoreBody { backup_size, backup_root: roots.0, recovered_size, recovered_root: roots.1, ..Default::default() }
    };
    check(EntryKind::Restore, restore(1, 2, 32).encode(), 1, undescribed);
    check(EntryKind::Restore, restore(1, 2, 31).encode(), 0, "its backup root has not 32 bytes");
    let order = |backup: u64, recovered: u64| {
        format!("it goes on from {backup} and {recovered} entries, which do not stand before it in this order")
    };
    check(EntryKind::Restore, restore(3, 2, 32).encode(), 0, &order(3, 2));
    check(EntryKind::Restore, restore(3, 7, 32).encode(), 0, &order(3, 7));
    check(EntryKind::Retention, retention(0).encode(), 1, undescribed);

    let case = |change: &dyn Fn(&mut CaseBody)| {
        let mut body = CaseBody { case: vec![7; 16], step: CaseStep::Aware, size: 6, ..Default::default() };
        change(&mut body);
        body.encode()
    };
    check(EntryKind::Case, case(&|_| ()), 1, undescribed);
    check(EntryKind::Case, case(&|body| body.case = vec![7; 15]), 0, "its case has not 16 bytes");
    check(EntryKind::Case, case(&|body| body.case = Vec::new()), 0, "its case has not 16 bytes");
    check(EntryKind::Case, case(&|body| body.report = vec![1; 31]), 0, "the digest of its report has not 32 bytes");
    let later = "it was decided from 7 entries, which do not stand before it";
    check(EntryKind::Case, case(&|body| body.size = 7), 0, later);
    check(EntryKind::Case, case(&|body| body.by = 1), 0, "it names part 0, which it has not");

    let erasure = |change: &dyn Fn(&mut ErasureBody)| {
        let mut body = ErasureBody { state: ErasureState::Resealed, ..Default::default() };
        change(&mut body);
        body.encode()
    };
    check(EntryKind::Erasure, erasure(&|_| ()), 1, undescribed);
    let check = |change: &dyn Fn(&mut ErasureBody), what: &str| check(EntryKind::Erasure, erasure(change), 0, what);
    check(&|body| body.covers_root = vec![1; 32], "it has a root over places, but covers none");
    let covering = |body: &mut ErasureBody, root: usize| (body.covers, body.covers_root) = (1, vec![1; root]);
    check(&|body| covering(body, 0), "its root over places has not 32 bytes");
    check(&|body| covering(body, 33), "its root over places has not 32 bytes");
    for state in [ErasureState::Unspecified, ErasureState::Resealed] {
        let change = |body: &mut ErasureBody| {
            covering(body, 32);
            body.state = state;
        };
        check(&change, "it covers 1 places, though it makes none inaccessible");
    }
    check(&|body| body.tokens = vec![vec![1; 31]], "one of its tokens has not 32 bytes");
    check(&|body| body.tokens = vec![vec![2; 32], vec![1; 32]], "its tokens do not ascend, each once");
    check(&|body| body.tokens = vec![vec![2; 32], vec![2; 32]], "its tokens do not ascend, each once");
    let cites = |places: &[(u64, u32)]| -> Vec<Place> {
        places.iter().map(|(index, ordinal)| Place { index: *index, ordinal: *ordinal }).collect()
    };
    check(&|body| body.cites = cites(&[(2, 1), (2, 0)]), "the places it cites do not ascend, each once");
    check(&|body| body.cites = cites(&[(2, 1), (2, 1)]), "the places it cites do not ascend, each once");
    check(&|body| body.cites = cites(&[(2, 1), (6, 0)]), "it cites entry 6, which does not come before it");
    let irrecoverable = |body: &mut ErasureBody, batch| {
        (body.state, body.batch) = (ErasureState::Irrecoverable, batch);
    };
    check(&|body| irrecoverable(body, 6), "it is about entry 6, which does not come before it");
}

/// What only the entries before can show.
#[test]
fn erasures_follow_from_each_other() {
    let resealed = ErasureBody { state: ErasureState::Resealed, generation: 1, ..Default::default() };
    let irrecoverable = |batch: u64, generation: u64| ErasureBody {
        state: ErasureState::Irrecoverable,
        batch,
        generation,
        ..Default::default()
    };
    let mut ledger = actions();
    ledger.say_erased(&resealed, &[]);
    ledger.erase(&PLACES);
    ledger.say_erased(&irrecoverable(7, 1), &[]);
    check_holds(&ledger);
    ledger.say_erased(&irrecoverable(6, 1), &[]);
    let what = |batch: u64| format!("it is about entry {batch}, which is no erasure that made anything inaccessible");
    check_lie(&ledger.write(), 9, &what(6), 1);
    ledger.say_erased(&irrecoverable(3, 1), &[]);
    ledger.say_erased(&irrecoverable(8, 1), &[]);
    let report = judged(&ledger.write());
    assert_eq!(report.problems, 3);

    // Also across bundles.
    let mut ledger = actions();
    ledger.erase(&PLACES);
    (0..600).for_each(|_| ledger.plain_action(0));
    ledger.say_erased(&irrecoverable(6, 2), &[]);
    check_holds(&ledger);
    ledger.say_erased(&resealed, &[]);
    check_lie(&ledger.write(), 608, "its generation 1 is below 2, which an erasure before it reached", 1);
    ledger.say_erased(&resealed, &[]);
    check_lie(&ledger.write(), 608, "its generation 1 is below 2, which an erasure before it reached", 2);
}

/// Two erasures of the same places: the first did it.
#[test]
fn a_place_is_erased_once() {
    let mut ledger = actions();
    ledger.erase(&PLACES);
    ledger.erase(&PLACES);
    ledger.erase(&[(2, 1), (4, 0)]);
    assert_eq!(check_holds(&ledger).redacted_by, [(6, 1, 3), (8, 0, 1)]);
    // Equal lists are kept once, but each must be there.
    let export = ledger.write();
    export.put("erasures/7", &list(&PLACES[..3]));
    check_lie(&export, 7, "erasures/7 holds 3 of the 4 places that it covers", 1);
}

#[test]
fn thousands_of_erasures_are_named_up_to_a_hundred() {
    let mut ledger = TestLedger::new();
    (0..3_000).for_each(|_| ledger.plain_action(1));
    // From the last place to the first, so that no order helps.
    for index in (1..=3_000).rev() {
        ledger.erase(&[(index, 0)]);
    }
    let report = check_holds(&ledger);
    assert_eq!((report.parts.redacted, report.redacting_entries, report.redacted_by.len()), (3_000, 3_000, 100));
    assert_eq!(report.redacted_by[0], (3_001, 0, 1));
    let text = report.to_text();
    assert!(text.contains("and more, authorised by 2,990 other entries"), "{text}");
    assert!(text.lines().count() < 40, "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is taken away and whatever is said of it: the counts are those of the sets.
    #[test]
    fn verdicts_are_those_of_the_sets(
        taken in prop::collection::btree_set((1u64..520, prop::sample::select(vec![0, 1, BODY])), 0..40),
        said in prop::collection::vec(
            prop::collection::btree_set((1u64..520, prop::sample::select(vec![0, 1, BODY])), 0..30), 0..6),
        of_taken in prop::collection::vec(any::<bool>(), 40),
        pruned in prop_oneof![Just(0u64), 1u64..520],
    ) {
        let mut ledger = TestLedger::new();
        (1..520).for_each(|_| ledger.plain_action(2));
        let taken: Vec<_> = taken.into_iter().collect();
        ledger.remove(&taken);
        let mut by: BTreeMap<(u64, u32), u64> = BTreeMap::new();
        for (number, mut places) in said.into_iter().enumerate() {
            // Some of what was taken is explained, by the one or the other.
            places.extend(taken.iter().enumerate().filter(|(i, _)| of_taken[*i] && i % 6 == number).map(|(_, place)| *place));
            let places: Vec<_> = places.into_iter().collect();
            let index = ledger.say_erased(&erased(&places), &places);
            places.iter().for_each(|place| { by.entry(*place).or_insert(index); });
        }
        ledger.append(EntryKind::Retention, &retention(pruned).encode(), &[], LAST_OF_COMMIT);
        let retained_by = ledger.entries.len() as u64 - 1;
        let authority = |place: &(u64, u32)| by.get(place).copied().or((place.0 < pruned).then_some(retained_by));

        let report = judged(&ledger.write());
        let count = |body: bool, wanted: &dyn Fn(Option<u64>) -> bool| {
            taken.iter().filter(|place| (place.1 == BODY) == body && wanted(authority(place))).count() as u64
        };
        prop_assert_eq!((report.bodies.redacted, report.bodies.missing), (count(true, &|by| by.is_some()), count(true, &|by| by.is_none())));
        prop_assert_eq!((report.parts.redacted, report.parts.missing), (count(false, &|by| by.is_some()), count(false, &|by| by.is_none())));
        let unauthorised = taken.iter().find(|place| authority(place).is_none());
        prop_assert_eq!(report.first_problem.and_then(|problem| problem.index), unauthorised.map(|place| place.0));
        let mut sums: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for place in &taken {
            if let Some(by) = authority(place) {
                let sum = sums.entry(by).or_default();
                if place.1 == BODY { sum.0 += 1 } else { sum.1 += 1 }
            }
        }
        prop_assert_eq!(report.redacted_by, sums.iter().map(|(by, (bodies, parts))| (*by, *bodies, *parts)).collect::<Vec<_>>());
        // Entries of which something is still here that should be gone.
        let gone: BTreeSet<_> = taken.iter().collect();
        let all = (0..520u64).flat_map(|index| [(index, 0), (index, 1), (index, BODY)]).filter(|place| place.0 > 0 || place.1 == BODY);
        let still: BTreeSet<u64> = all.filter(|place| authority(place).is_some() && !gone.contains(place)).map(|place| place.0).collect();
        prop_assert_eq!(report.remark_count, still.len() as u64);
    }
}

/// Erasing touches no hash: what was signed before still is, and a receipt can be had for what is gone.
#[test]
fn proofs_and_checkpoints_from_before_an_erasure_still_hold() {
    let mut ledger = actions();
    let (before, size) = (ledger.receipt(2), ledger.entries.len() as u64);
    let old_root = merkle::root(&ledger.leaves());
    let (salt, body) = ledger.entries[2].content.clone().unwrap();
    ledger.erase(&PLACES);
    (0..300).for_each(|_| ledger.plain_action(1));
    ledger.erase(&[(5, 0), (200, 0)]);

    let keys = [ledger.key.clone()];
    let verified = |receipt: &Receipt| receipt::verify(receipt, &keys, Some((&salt, &body))).unwrap();
    let old = verified(&before);
    let after = ledger.receipt(2);
    let new = verified(&after);
    assert_eq!((old.leaf, old.content, old.header), (new.leaf, new.content, new.header));
    assert_ne!(old.checkpoint.checkpoint().size, new.checkpoint.checkpoint().size);
    // The entry of then under the checkpoint of now, by a proof of now: as a server would hand it out.
    assert_eq!(before.header, after.header);
    // The export of now holds, and leads to the root of then.
    check_holds(&ledger);
    let export = ledger.write();
    assert_eq!(root_at(&export.path, ledger.entries.len() as u64, size), Ok(Some(old_root)));
    let out = Command::new(env!("CARGO_BIN_EXE_whosaw-verify"));
    let (code, text) = run(out, &["export", export.path.to_str().unwrap(), "--at", &size.to_string()]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("Of the first 6 entries the root is {}", hex(&old_root))), "{text}");
    assert!(text.contains("  redacted     1 bodies and 3 sealed parts, authorised by entry 6\n"), "{text}");
}

fn run(mut command: Command, arguments: &[&str]) -> (i32, String) {
    let output = command.args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

/// Two requests in one batch at 6, an irrecoverable entry about it at 8, and another batch with its own at 9 and 10.
fn with_tokens() -> TestLedger {
    let mut tokens = [token_hash(&[1; 32]).to_vec(), token_hash(&[2; 32]).to_vec()];
    tokens.sort();
    let mut ledger = actions();
    ledger.remove(&PLACES);
    let body = ErasureBody { tokens: tokens.to_vec(), backups_until_us: START_US, ..erased(&PLACES) };
    ledger.say_erased(&body, &PLACES);
    ledger.plain_action(1);
    let irrecoverable = |batch: u64| ErasureBody {
        state: ErasureState::Irrecoverable,
        batch,
        generation: 1,
        custodian: CustodianClass::Pkcs11,
        ..Default::default()
    };
    ledger.say_erased(&irrecoverable(6), &[]);
    ledger.remove(&[(4, 0)]);
    ledger.say_erased(&ErasureBody { tokens: vec![token_hash(&[3; 32]).to_vec()], ..erased(&[(4, 0)]) }, &[(4, 0)]);
    ledger.say_erased(&irrecoverable(9), &[]);
    ledger
}

/// Nobody tells the ledger how long backups are kept: that none could hold old keys is not for it to say.
#[test]
fn how_long_backups_last_is_not_claimed_where_nobody_stated_it() {
    let ledger = with_tokens();
    let export = ledger.write();
    let (path, token) = (export.path.to_str().unwrap(), hex(&[3; 32]));
    let arguments = ["erasure", "--export", path, "--token", &token];
    let (_, text) = run(Command::new(env!("CARGO_BIN_EXE_whosaw-verify")), &arguments);
    assert!(
        text.contains("    backups    not stated; a copy of the old root key would open copies of what was erased\n")
    );
    assert!(text.contains("    backups    not stated\n") && !text.contains("none is known"), "{text}");
}

#[test]
fn a_token_finds_its_erasure_and_what_became_of_it() {
    let ledger = with_tokens();
    let export = ledger.write();
    let found = |token: u8| {
        let report = verify_erasure(&export.path, std::slice::from_ref(&ledger.key), &[token; 32]).unwrap();
        assert_eq!(report.verdict(), Verdict::Holds);
        report.claims.iter().map(|claim| (claim.index, claim.carries)).collect::<Vec<_>>()
    };
    assert_eq!(found(1), [(6, true), (8, false)]);
    assert_eq!(found(2), [(6, true), (8, false)]);
    assert_eq!(found(3), [(9, true), (10, false)]);
    assert_eq!(found(4), []);
    let report = verify_erasure(&export.path, &[], &[1; 32]).unwrap();
    assert_eq!(report.claims[0].leaf, ledger.leaves()[6]);
}

#[test]
fn the_command_answers_whoever_holds_a_token() {
    let ledger = with_tokens();
    let export = ledger.write();
    let (path, key) = (export.path.to_str().unwrap(), ledger.key.to_string());
    let ask = |token: &str, more: &[&str]| {
        let arguments = [&["erasure", "--export", path, "--token", token, "--vkey", &key], more].concat();
        run(Command::new(env!("CARGO_BIN_EXE_whosaw-verify")), &arguments)
    };
    let token = |byte: u8| hex(&[byte; 32]);
    let (code, text) = ask(&token(1), &[]);
    let leaf = hex(&ledger.leaves()[6]);
    assert_eq!(code, 0, "{text}");
    for line in [
        "  entry 6\n    recorded   2026-11-23T08:59:07Z\n",
        &format!("    leaf       {leaf}\n    state      inaccessible\n"),
        "    covers     4 bodies and sealed parts\n    requests   2 in this batch, yours among them\n",
        "    custodian  key_directory\n    generation 1\n    backups    the last that could hold old keys ends 2026-11-23T08",
        "  entry 8, about entry 6\n",
        "    state      irrecoverable\n    custodian  pkcs11\n",
        "Under the checkpoint of 11 entries, root ",
        &format!(", signed by {key}.\nHOLDS: all 11 entries"),
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("entry 9"), "{text}");
    let unkeyed = ["erasure", "--export", path, "--token", &token(1)];
    let (code, text) = run(Command::new(env!("CARGO_BIN_EXE_whosaw-verify")), &unkeyed);
    assert!(
        code == 0 && text.contains("\nThe keys came from the export itself (trust on first use).\nHOLDS"),
        "{text}"
    );
    let (code, text) = ask(&token(3).to_uppercase(), &["--json"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with("{\"verdict\":\"holds\",") && text.ends_with("}\n"), "{text}");
    assert!(text.contains("\"erasures\":[{\"index\":9,\"leaf\":\""), "{text}");
    assert!(
        text.contains("\"state\":\"inaccessible\",\"covers\":1,\"requests\":1,\"custodian\":\"key_directory\""),
        "{text}"
    );
    assert!(text.contains("\"irrecoverable\":[{\"index\":10,"), "{text}");

    let (code, text) = ask(&token(4), &[]);
    assert_eq!(code, 1, "{text}");
    assert!(text.starts_with("NOT FOUND: no erasure among the first 11 entries carries this token."), "{text}");
    assert!(text.contains("one of the 1 bodies that are gone"), "{text}");
    let (code, text) = ask(&token(4), &["--json"]);
    assert!(code == 1 && text.contains("\"erasures\":[],\"irrecoverable\":[]}"), "{text}");
    for wrong in [&token(1)[1..], &format!("{}0", token(1)), &token(1).replace('1', "g"), "", "é"] {
        let (code, text) = ask(wrong, &[]);
        assert!(code == 2 && text.contains("--token needs 64 hexadecimal digits"), "{code}: {text}");
    }
    let usage = |arguments: &[&str], what: &str| {
        let (code, text) = run(Command::new(env!("CARGO_BIN_EXE_whosaw-verify")), arguments);
        assert!(code == 2 && text.contains(what), "{code}: {text}");
    };
    usage(&["erasure", "--export", path], "the token is needed");
    usage(&["erasure", "--token", &token(1)], "a command and one path are needed");
    usage(&["erasure", path, "--token", &token(1), "--at", "3"], "--at to an export");
    usage(&["export", path, "--token", &token(1)], "--token belongs to an erasure");
    usage(&["receipt", path, "--vkey", &key, "--token", &token(1)], "--token belongs to an erasure");
    usage(&["export", "--export", path], "--export belongs to an erasure");

    // What does not hold proves nothing; neither does an export that says nothing.
    export.put("erasures/6", &[]);
    for more in [&[][..], &["--json"]] {
        let (code, text) = ask(&token(1), more);
        assert_eq!(code, 1, "{text}");
        assert!(!text.contains(&leaf), "{text}");
    }
    let bare = ledger.write_without_content();
    let arguments = ["erasure", "--export", bare.path.to_str().unwrap(), "--token", &token(1)];
    let (code, text) = run(Command::new(env!("CARGO_BIN_EXE_whosaw-verify")), &arguments);
    assert!(code == 4 && text.contains("without it no entry says which tokens it carries"), "{code}: {text}");
}

/// In an entry of a later version the token may stand all the same.
#[test]
fn a_token_may_stand_in_what_is_not_known() {
    let mut ledger = with_tokens();
    ledger.append(EntryKind::Erasure, &[0xf8, 0x01, 0x01], &[], LAST_OF_COMMIT);
    let export = ledger.write();
    let arguments = ["erasure", "--export", export.path.to_str().unwrap(), "--token", &hex(&[4; 32])];
    let (code, text) = run(Command::new(env!("CARGO_BIN_EXE_whosaw-verify")), &arguments);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("one of the 1 entries from a later vocabulary"), "{text}");
}

/// The constant stands where no part can.
#[test]
fn the_body_comes_behind_every_part() {
    assert!(erasure::place(7, u32::MAX - 1) < erasure::place(7, BODY));
    assert!(erasure::place(7, BODY) < erasure::place(8, 0));
}
