//! Whether what was admitted field by field also fits together: into the parts it is sealed in, and into a body that a
//! verifier will take.

use super::Limits;
use super::parts::{Described, People};
use crate::model::{Action, Violation};
use whosaw_verifier::seal::MAX_PART;
use whosaw_verifier::wire::Message as _;

/// Violations that are told at once.
const TOLD: usize = 32;

/// What an agent signed for part j stands in part j. One for which there is no part would be lost.
pub fn signed_parts(action: &Action, people: &People) -> Result<(), Vec<Violation>> {
    let signed = action.agent_signature.as_ref().map_or(0, |signature| signature.parts.len());
    let most = people.signed_parts_max();
    if signed <= most {
        return Ok(());
    }
    let text = format!("has {signed} elements; this action has {most} parts: one a person, and its content");
    refuse("action.agent_signature.parts".into(), text)
}

/// A person's part that is too long to be sealed is told under what made it so long: what the action says of them.
pub fn parts(parts: &[Described], people: &People) -> Result<(), Vec<Violation>> {
    let too_long = |(ordinal, part): (usize, &Described)| {
        if !may_be_long(part) {
            return None;
        }
        let bytes = part.plain.part.encode().len();
        (bytes > MAX_PART).then(|| Violation {
            field: people.field_of(ordinal as u32),
            description: format!("has {bytes} bytes to be sealed together; at most {MAX_PART} are taken"),
        })
    };
    let violations: Vec<Violation> = parts.iter().enumerate().filter_map(too_long).take(TOLD).collect();
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

/// Almost no part is anywhere near too long: what is admitted of these numbers stays below half of it, and need not be
/// encoded to see that.
fn may_be_long(part: &Described) -> bool {
    let person = part.plain.part.person.as_ref();
    person.is_some_and(|person| person.identities.len() > 16 || person.records.len() + person.fields.len() > 64)
}

/// A body that no verifier would take must not become an entry: the whole ledger could not be read any more.
pub fn body(body: &[u8], limits: &Limits) -> Result<(), Vec<Violation>> {
    if body.len() <= limits.body {
        return Ok(());
    }
    let text = format!("would have {} bytes of public description; at most {} are taken", body.len(), limits.body);
    refuse("action".into(), text)
}

fn refuse(field: String, description: String) -> Result<(), Vec<Violation>> {
    Err(vec![Violation { field, description }])
}
