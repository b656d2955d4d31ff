//! Takes out of an action what its ledger does not keep, and says what that was.
//!
//! Not before everything was checked, and not before the request was hashed: the same request has the same answer,
//! whatever is kept by then.

use crate::model::*;

/// Called before a body is made of the action; what an agent signed goes with [`drop_signed_parts`] once it is made.
pub fn hold(action: &mut Action, keeping: &Keeping) -> LeftOut {
    let mut left = LeftOut::default();
    if records(action, keeping) || keeping.records_left_out {
        left.not_kept.push(ContentKind::Records);
    }
    if fields(action, keeping) {
        left.not_kept.push(ContentKind::Fields);
    }
    let mut error = std::mem::take(&mut action.error).into_bytes();
    for (kind, kept, bytes) in [
        (ContentKind::Arguments, keeping.arguments, &mut action.arguments),
        (ContentKind::Result, keeping.result, &mut action.result),
        (ContentKind::Error, keeping.error, &mut error),
    ] {
        match kept {
            _ if bytes.is_empty() => {}
            Kept::Nothing | Kept::References => {
                *bytes = Vec::new();
                left.not_kept.push(kind);
            }
            Kept::Content { at_most } if bytes.len() > at_most => {
                cut(bytes, at_most);
                left.cut.push(kind);
            }
            Kept::Content { .. } => {}
        }
    }
    action.error = String::from_utf8(error).expect("text is cut between its characters");
    let parts = action.agent_signature.iter().flat_map(|signature| &signature.parts);
    match (keeping.signed_parts(), parts.map(|part| part.as_sent.len()).max()) {
        (_, None) => {}
        (Kept::Nothing | Kept::References, Some(_)) => left.not_kept.push(ContentKind::SignedParts),
        (Kept::Content { at_most }, Some(longest)) if longest > at_most => left.cut.push(ContentKind::SignedParts),
        (Kept::Content { .. }, Some(_)) => {}
    }
    if !left.cut.is_empty() {
        action.doubts.push(Doubt::ContentTruncated);
    }
    left.not_kept.sort_unstable();
    left.cut.sort_unstable();
    left
}

/// Parts as an agent signed them go whole or not at all: a part that was cut opens no commitment. With them go their
/// nonces, by which what was dropped could be guessed. The commitments stand in the body, so that the signature still
/// verifies, and whoever kept the parts can still show that the agent signed them.
pub fn drop_signed_parts(action: &mut Action, left: &LeftOut) {
    let gone = |kinds: &[ContentKind]| kinds.contains(&ContentKind::SignedParts);
    if let Some(signature) = action.agent_signature.as_mut().filter(|_| gone(&left.not_kept) || gone(&left.cut)) {
        signature.parts = Vec::new();
    }
}

/// A described record does not say whether it was asked for or delivered, so it goes where neither way keeps any.
fn records(action: &mut Action, keeping: &Keeping) -> bool {
    if (keeping.arguments, keeping.result) != (Kept::Nothing, Kept::Nothing) {
        return false;
    }
    let of_persons = action.subjects.iter_mut().map(|subject| &mut subject.records);
    let mut any = false;
    for records in of_persons.chain([&mut action.records]) {
        any |= !std::mem::take(records).is_empty();
    }
    any
}

/// What came before somebody's eyes came out of the tool.
fn fields(action: &mut Action, keeping: &Keeping) -> bool {
    let is_kept = |field: &FieldUse| match field.direction {
        Direction::Argument => keeping.arguments != Kept::Nothing,
        _ => keeping.result != Kept::Nothing,
    };
    let mut any = false;
    for subject in &mut action.subjects {
        let before = subject.fields.len();
        subject.fields.retain(is_kept);
        any |= subject.fields.len() < before;
    }
    any
}

/// The first bytes; of a character that does not fit, none.
fn cut(bytes: &mut Vec<u8>, at_most: usize) {
    bytes.truncate(at_most);
    if let Err(error) = std::str::from_utf8(bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    bytes.shrink_to_fit();
}
