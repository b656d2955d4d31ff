//! The strict profile: one meaning, one encoding; everything else is refused.

use proptest::prelude::*;
use whosaw_verifier::body::*;
use whosaw_verifier::part::*;
use whosaw_verifier::vocabulary::*;
use whosaw_verifier::wire::{Message, WireError};

#[track_caller]
fn refused<M: Message + std::fmt::Debug>(bytes: &[u8], why: &str) {
    let error = M::decode(bytes).expect_err("the profile refuses it");
    assert!(error.to_string().contains(why), "{error}");
    assert!(matches!(error, WireError::Malformed { .. }), "{error:?}");
}

#[test]
fn what_an_honest_writer_never_writes_is_refused() {
    // ClockBody: 1 old_us, 2 new_us.
    assert_eq!(ClockBody::decode(&[0x08, 0x05, 0x10, 0x06]), Ok(ClockBody { old_us: 5, new_us: 6 }));
    refused::<ClockBody>(&[0x10, 0x06, 0x08, 0x05], "not in ascending order");
    refused::<ClockBody>(&[0x08, 0x05, 0x08, 0x05], "not in ascending order");
    refused::<ClockBody>(&[0x08, 0x00], "a default value is written out");
    refused::<ClockBody>(&[0x08, 0x85, 0x00], "not minimal");
    refused::<ClockBody>(&[0x88, 0x00, 0x05], "not minimal");
    refused::<ClockBody>(&[0x08], "cut short");
    refused::<ClockBody>(&[0x08, 0x80], "cut short");
    refused::<ClockBody>(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], "exceeds 64 bits");
    refused::<ClockBody>(&[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], "cut short");
    refused::<ClockBody>(&[0x09, 0, 0, 0, 0, 0, 0, 0, 0], "wire type is not varint");
    refused::<ClockBody>(&[0x00, 0x01], "field number out of range");
    // Caller: 1 name, 2 assurance.
    refused::<Caller>(&[0x0a, 0x00], "a default value is written out");
    refused::<Caller>(&[0x0a, 0x02, b'a'], "length exceeds the message");
    refused::<Caller>(&[0x0a, 0x01, 0xff], "text is not UTF-8");
    refused::<Caller>(&[0x08, 0x01], "wire type is not length-delimited");
    // PartGroup: 3 roles (packed), 7 holds_content; Part: 4 piece.
    refused::<PartGroup>(&[0x1a, 0x00], "an empty list is written out");
    refused::<PartGroup>(&[0x18, 0x01], "wire type is not length-delimited");
    refused::<PartGroup>(&[0x38, 0x02], "bool is neither 0 nor 1");
    refused::<Part>(&[0x20, 0x80, 0x80, 0x80, 0x80, 0x10], "number exceeds 32 bits");
}

#[test]
fn what_a_later_version_might_write_is_unknown() {
    assert_eq!(
        ClockBody::decode(&[0x18, 0x01]),
        Err(WireError::Unknown { field: 3, what: "field of ClockBody", value: 3 })
    );
    assert_eq!(ActionBody::decode(&[0x08, 0x7f]), Err(WireError::Unknown { field: 1, what: "verb", value: 127 }));
    assert!(matches!(Body::decode(3, &[]), Err(WireError::Unknown { value: 3, .. })));
    assert!(matches!(Body::decode(99, &[]), Err(WireError::Unknown { value: 99, .. })));
}

/// Nothing malformed passes as a later vocabulary by standing in, or behind, what is unknown.
#[test]
fn what_no_version_writes_is_refused_behind_what_is_unknown_too() {
    let unknown = |bytes: &[u8], field: u32| {
        let judged = ClockBody::decode(bytes);
        assert!(matches!(judged, Err(WireError::Unknown { field: f, .. }) if f == field), "{judged:?}");
    };
    // Fields 3 and 4 of a ClockBody: the first unknown one is told; bytes and messages may repeat.
    unknown(&[0x08, 0x05, 0x18, 0x01, 0x20, 0x01], 3);
    unknown(&[0x1a, 0x00, 0x1a, 0x01, 0xff, 0x20, 0x01], 3);
    refused::<ClockBody>(&[0x1b, 0x01], "neither varint nor length-delimited");
    refused::<ClockBody>(&[0x19, 0, 0, 0, 0, 0, 0, 0, 0], "neither varint nor length-delimited");
    refused::<ClockBody>(&[0x1d, 0, 0, 0, 0], "neither varint nor length-delimited");
    refused::<ClockBody>(&[0x18], "cut short");
    refused::<ClockBody>(&[0x18, 0x00], "a default value is written out");
    refused::<ClockBody>(&[0x18, 0x81, 0x00], "not minimal");
    refused::<ClockBody>(&[0x1a, 0x05, 0x01], "length exceeds the message");
    refused::<ClockBody>(&[0x18, 0x01, 0x18, 0x01], "not in ascending order");
    refused::<ClockBody>(&[0x18, 0x01, 0x08, 0x05], "not in ascending order");
    refused::<ClockBody>(&[0x18, 0x01, 0xff], "cut short");
    refused::<ClockBody>(&[0x18, 0x01, 0x00], "field number out of range");

    // Behind an unknown value of a known field; in a packed list; in a message within; between repeated messages.
    refused::<ActionBody>(&[0x08, 0x7f, 0x10, 0x00], "a default value is written out");
    refused::<PartGroup>(&[0x1a, 0x03, 0x7f, 0x81, 0x00], "not minimal");
    refused::<PartGroup>(&[0x1a, 0x01, 0x7f, 0x38, 0x02], "bool is neither 0 nor 1");
    refused::<ActionBody>(&[0x22, 0x04, 0x10, 0x7f, 0x1b, 0x00], "neither varint nor length-delimited");
    refused::<ActionBody>(&[0x22, 0x02, 0x10, 0x7f, 0x10, 0x01], "not in ascending order");
    refused::<ActionBody>(&[0x2a, 0x02, 0x08, 0x7f, 0x2a, 0x02, 0x08, 0x00], "a default value is written out");
    assert_eq!(
        ActionBody::decode(&[0x2a, 0x02, 0x08, 0x7f, 0x2a, 0x02, 0x08, 0x01]),
        Err(WireError::Unknown { field: 1, what: "party kind", value: 127 })
    );
}

/// Codes and numbers name each other, and no code is given twice.
#[test]
fn vocabularies_are_one_to_one() {
    for (i, verb) in Verb::ALL.iter().enumerate() {
        assert_eq!(Verb::from_code(verb.code()), Some(*verb));
        assert!(Verb::ALL[..i].iter().all(|other| other.code() != verb.code()), "{}", verb.code());
    }
    for basis in LegalBasis::ALL {
        assert_eq!(LegalBasis::from_code(basis.code()), Some(*basis));
    }
    assert_eq!(Verb::from_code(""), None);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z./]{1,12}", "\\PC{0,4}"]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 1..300u64, any::<u64>()]
}

prop_compose! {
    fn run()(first in 0..9u32, count in any::<u32>()) -> Run { Run { first, count } }
}

prop_compose! {
    fn group()(
        first in 0..5u32, count in any::<u32>(), kind in text(), holds_content in any::<bool>(),
        roles in prop::collection::vec(prop::sample::select(Role::ALL), 0..3),
        shared_by in prop::collection::vec(run(), 0..3),
    ) -> PartGroup {
        PartGroup { first, count, roles, kind, holds_content, shared_by, ..Default::default() }
    }
}

prop_compose! {
    fn action()(
        verb in prop::sample::select(Verb::ALL), tool in text(), break_glass in any::<bool>(),
        legal_bases in prop::collection::vec(prop::sample::select(LegalBasis::ALL), 0..3),
        source in prop::option::of((text(), number(), any::<i64>(), any::<bool>())),
        parts in prop::collection::vec(group(), 0..3),
        agent in prop::option::of((prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3), 0..3))),
        recoverable_until_us in number(),
    ) -> ActionBody {
        ActionBody {
            verb, tool, break_glass, legal_bases, parts,
            source: source.map(|(name, sequence, skew_us, chained)| Source { name, sequence, skew_us, chained, clock_us: 0 }),
            agent_signature: agent.map(|(claim, commitments)| AgentSignature { claim, commitments, ..Default::default() }),
            facts: vec![Fact { recoverable_until_us, ..Default::default() }],
            ..Default::default()
        }
    }
}

prop_compose! {
    fn person_act()(
        act in prop::sample::select(PersonAct::ALL), decision in prop::sample::select(Decision::ALL),
        ground in prop::sample::select(Ground::ALL), exemption in prop::sample::select(Exemption::ALL),
        caller in prop::option::of(text()), parts in prop::collection::vec(group(), 0..3),
    ) -> PersonActBody {
        let caller = caller.map(|name| Caller { name, assurance: Assurance::Unspecified });
        PersonActBody { act, decision, ground, exemption, caller, parts, ..Default::default() }
    }
}

prop_compose! {
    fn case_step()(
        step in prop::sample::select(CaseStep::ALL), numbers in [number(), number()], by in any::<u32>(),
        case in prop::collection::vec(any::<u8>(), 0..17), report in prop::collection::vec(any::<u8>(), 0..33),
        caller in prop::option::of(text()), parts in prop::collection::vec(group(), 0..3),
    ) -> CaseBody {
        let caller = caller.map(|name| Caller { name, assurance: Assurance::Unspecified });
        let [stated_us, size] = numbers;
        CaseBody { case, step, stated_us, size, report, by, caller, parts, retracts: stated_us / 2, signed: stated_us % 2 == 1 }
    }
}

prop_compose! {
    fn erasure()(
        state in prop::sample::select(ErasureState::ALL), custodian in prop::sample::select(CustodianClass::ALL),
        numbers in [number(), number(), number(), number()],
        covers_root in prop::collection::vec(any::<u8>(), 0..33),
        tokens in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3), 0..3),
        cites in prop::collection::vec((number(), any::<u32>()), 0..4),
        lost in prop::collection::vec((prop::sample::select(LostReason::ALL), number()), 0..3),
        parts in prop::collection::vec(group(), 0..3),
        pruned in prop::option::of((number(), prop::collection::vec(number(), 0..4))),
    ) -> ErasureBody {
        let [covers, generation, batch, backups_until_us] = numbers;
        ErasureBody {
            state, covers, covers_root, generation, tokens, custodian, batch, backups_until_us, parts,
            cites: cites.into_iter().map(|(index, ordinal)| Place { index, ordinal }).collect(),
            lost: lost.into_iter().map(|(reason, count)| Lost { reason, count }).collect(),
            caller: None,
            pruned: pruned.map(|(bodies, steps)| PrunedBodies {
                bodies,
                undetermined: vec![PrunedUndetermined { steps, ..PrunedUndetermined::default() }],
                ..PrunedBodies::default()
            }),
        }
    }
}

prop_compose! {
    fn retention()(
        rules in prop::collection::vec((prop::sample::select(RetentionClass::ALL), any::<u32>()), 0..3),
        pruned_before in number(), parts in prop::collection::vec(group(), 0..3),
    ) -> RetentionBody {
        let rules = rules.into_iter().map(|(class, months)| RetentionRule { class, months, ..Default::default() });
        RetentionBody { rules: rules.collect(), pruned_before, caller: None, parts }
    }
}

prop_compose! {
    fn restore()(
        numbers in [number(), number()], roots in [prop::collection::vec(any::<u8>(), 0..33), prop::collection::vec(any::<u8>(), 32)],
        software in text(),
    ) -> RestoreBody {
        let ([backup_size, recovered_size], [backup_root, recovered_root]) = (numbers, roots);
        RestoreBody { backup_size, backup_root, recovered_size, recovered_root, software, ..Default::default() }
    }
}

/// That a body is read as it was written and, altered in a byte, is refused or means what its bytes say.
fn check_strict<M: Message + PartialEq + std::fmt::Debug + Clone>(
    body: &M,
    at: prop::sample::Index,
    byte: u8,
) -> Result<(), TestCaseError> {
    let mut bytes = body.encode();
    prop_assert_eq!(M::decode(&bytes), Ok(body.clone()));
    if !bytes.is_empty() {
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(meaning) = M::decode(&bytes) {
            prop_assert_eq!(meaning.encode(), bytes);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_decodes(body in action()) {
        prop_assert_eq!(ActionBody::decode(&body.encode()), Ok(body));
    }

    /// Whatever bytes decode at all are the bytes that their meaning encodes to.
    #[test]
    fn one_meaning_has_one_encoding(body in action(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = body.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(meaning) = ActionBody::decode(&bytes) {
            prop_assert_eq!(meaning.encode(), bytes);
        }
    }

    #[test]
    fn bodies_about_persons_have_one_encoding(
        act in person_act(), case in case_step(), erasure in erasure(), retention in retention(), restore in restore(),
        at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        check_strict(&act, at, byte)?;
        check_strict(&case, at, byte)?;
        prop_assert_eq!(Body::decode(EntryKind::Case as u8, &case.encode()), Ok(Body::Case(case)));
        check_strict(&erasure, at, byte)?;
        check_strict(&retention, at, byte)?;
        check_strict(&restore, at, byte)?;
        prop_assert_eq!(Body::decode(EntryKind::Erasure as u8, &erasure.encode()), Ok(Body::Erasure(erasure)));
        prop_assert_eq!(Body::decode(EntryKind::Retention as u8, &retention.encode()), Ok(Body::Retention(retention)));
        prop_assert_eq!(Body::decode(EntryKind::Restore as u8, &restore.encode()), Ok(Body::Restore(restore)));
        for kind in [EntryKind::Hold, EntryKind::SubjectLink, EntryKind::Restriction, EntryKind::Request] {
            prop_assert_eq!(Body::decode(kind as u8, &act.encode()), Ok(Body::Person(act.clone())));
        }
    }

    /// The last field that there can be, added by a later version, turns what decodes into what is unknown, and nothing else.
    #[test]
    fn an_unknown_field_hides_nothing(body in action(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = body.encode();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let judged = ActionBody::decode(&bytes);
        let longer = ActionBody::decode(&[&bytes[..], &[0xf8, 0xff, 0xff, 0xff, 0x0f, 0x07]].concat());
        match judged {
            // Bytes that were cut short may go on in what was added.
            Err(WireError::Malformed { .. }) => {}
            _ => prop_assert!(matches!(longer, Err(WireError::Unknown { .. })), "{:?}", longer),
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(meaning) = Part::decode(&bytes) {
            prop_assert_eq!(meaning.encode(), bytes.clone());
        }
        for kind in 0..20 {
            let _ = Body::decode(kind, &bytes);
        }
    }
}
