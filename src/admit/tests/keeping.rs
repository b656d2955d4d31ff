//! What is dropped or cut at the door, by what is to be kept.

use super::*;
use whosaw_verifier::agent;
use whosaw_verifier::body::ActionBody;
use whosaw_verifier::part::Part;

fn kept(action: Action, keeping: &Keeping) -> (Admitted, ActionBody, Vec<Part>) {
    let admitted = admit(action, caller(), &registry(), &ORIGIN_HASH, &Limits::default(), keeping).expect("fine");
    let body = ActionBody::decode(&admitted.body).expect("a body");
    let parts = admitted.parts.iter().map(|plain| plain.part.clone()).collect();
    (admitted, body, parts)
}

fn keeping(kept: Kept) -> Keeping {
    Keeping { arguments: kept, result: kept, error: kept, records_left_out: false }
}

#[test]
fn what_is_not_kept_is_in_no_part_and_the_request_stays_the_same() {
    let whole = kept(full(), &Keeping::default());
    assert_eq!((whole.1.not_kept.as_slice(), whole.1.cut.as_slice()), (&[][..], &[][..]));
    use ContentKind::*;
    for (how, not_kept) in [
        (Kept::Nothing, vec![Arguments, Result, Error, SignedParts, Records, Fields]),
        (Kept::References, vec![Arguments, Result, Error, SignedParts]),
    ] {
        let (admitted, body, parts) = kept(full(), &keeping(how));
        assert_eq!(admitted.request, whole.0.request);
        assert_eq!((&body.not_kept, body.cut.as_slice()), (&not_kept, &[][..]));
        assert_eq!(body.doubts, whole.1.doubts, "nothing is cut");
        let said = format!("{parts:?}");
        let bytes = |text: &[u8]| format!("{text:?}").trim_matches(['[', ']']).to_owned();
        for dropped in [bytes(&full().arguments), bytes(&full().result), "a warning about".into(), bytes(b"as sent")] {
            assert!(!said.contains(&dropped), "{dropped} is still there");
        }
        let there = |name: &str| said.contains(name);
        assert!(there("mia_li_3668") && there("1990-04-05") && there("erika") && there("carla"));
        let references = [there("order-31"), there("row-41"), there("/result/email")];
        assert_eq!(references, [how == Kept::References; 3]);
        // Whoever has the agent's key and learns the id still sees that it signed this claim and these commitments.
        let (id, key) = (uuid(1).try_into().expect("16 bytes"), *signing_key().verifying_key().as_bytes());
        let signature = body.agent_signature.expect("stays");
        assert_eq!(agent::verify(&ORIGIN_HASH, &id, &signature, &key), Ok(()));
        assert_eq!(signature.commitments, whole.1.agent_signature.as_ref().expect("signed").commitments);
    }
}

#[test]
fn what_is_too_long_is_cut_between_characters_and_doubted() {
    let action =
        || Action { arguments: "aä".into(), result: vec![0xff, 0xc3, 0xa4, 0xc3], error: "ä€".into(), ..full() };
    let content = |at_most: usize| {
        let (_, body, parts) = kept(action(), &keeping(Kept::Content { at_most }));
        let content = parts.iter().find_map(|part| part.content.clone()).expect("is there");
        (content, body, parts)
    };
    use ContentKind::*;
    for (at_most, arguments, result, error, cut) in [
        (1, &b"a"[..], &[0xff][..], "", vec![Arguments, Result, Error, SignedParts]),
        // Bytes that are no text at all are cut where they are told to be.
        (2, b"a", &[0xff, 0xc3], "ä", vec![Arguments, Result, Error, SignedParts]),
        (3, "aä".as_bytes(), &[0xff, 0xc3, 0xa4], "ä", vec![Result, Error, SignedParts]),
        (5, "aä".as_bytes(), &[0xff, 0xc3, 0xa4, 0xc3], "ä€", vec![SignedParts]),
        (14, "aä".as_bytes(), &[0xff, 0xc3, 0xa4, 0xc3], "ä€", vec![]),
    ] {
        let (content, body, parts) = content(at_most);
        assert_eq!((content.arguments.as_slice(), content.result.as_slice()), (arguments, result), "{at_most}");
        assert_eq!(content.error, error, "{at_most}");
        assert_eq!((&body.cut, body.not_kept.as_slice()), (&cut, &[][..]), "{at_most}");
        assert_eq!(body.doubts.contains(&Doubt::ContentTruncated), !cut.is_empty(), "{at_most}");
        assert_eq!(parts.iter().any(|part| part.agent_part.is_some()), !cut.contains(&SignedParts), "{at_most}");
    }
}

#[test]
fn what_is_kept_of_arguments_and_of_the_result_is_told_apart() {
    let mut action = full();
    let of_arguments = FieldUse {
        pointer: "/arguments/id".into(),
        direction: Direction::Argument,
        ..action.subjects[0].fields[0].clone()
    };
    action.subjects[0].fields.push(of_arguments);
    let only_result = Keeping { arguments: Kept::Nothing, ..Keeping::default() };
    let (_, body, parts) = kept(action.clone(), &only_result);
    let person = parts[0].person.as_ref().expect("the subject");
    assert_eq!(person.fields.iter().map(|field| field.pointer.as_str()).collect::<Vec<_>>(), ["/result/email"]);
    assert_eq!(person.records.len(), 1, "it may have come from the result");
    use ContentKind::*;
    assert_eq!(body.not_kept, [Arguments, SignedParts, Fields]);
    let only_arguments = Keeping { result: Kept::Nothing, records_left_out: true, ..Keeping::default() };
    let (_, body, parts) = kept(action, &only_arguments);
    let person = parts[0].person.as_ref().expect("the subject");
    assert_eq!(person.fields.iter().map(|field| field.pointer.as_str()).collect::<Vec<_>>(), ["/arguments/id"]);
    assert_eq!(body.not_kept, [Result, SignedParts, Records, Fields]);
}
