//! Finds an action fit to be recorded, or says which fields are wrong and why.
//!
//! Pure: the registry, the limits and the time are given. What it makes is a body that names nobody and plain parts that
//! say who; sealing is the vault's concern, order the ledger's. Values are never repeated in a violation, because they
//! may be personal data.

mod body;
mod check;
pub mod events;
mod fact;
mod keep;
mod parts;
mod people;
mod request;
#[cfg(test)]
mod tests;

use crate::model::*;
use check::Checker;
use whosaw_verifier::hash::Hash;
use whosaw_verifier::tiles;
use whosaw_verifier::wire::Message as _;

pub use request::tool_call_hash;

/// What is too much. Lengths in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Names, codes, versions.
    pub name: usize,
    /// Identifiers, record ids, references, reasons.
    pub text: usize,
    /// Arguments, result and error, each.
    pub content: usize,
    pub subjects: usize,
    /// The whole public body; a verifier takes no longer one.
    pub body: usize,
    /// Actors, recipients, links, facts, each.
    pub list: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { name: 256, text: 1_024, content: 16 << 20, subjects: 1_000_000, body: tiles::MAX_BODY / 2, list: 256 }
    }
}

/// What is wrong with identifiers and texts that say whom something is asked for, and why; nothing if they are fit.
pub fn person_case(identities: &[(&str, &Identity)], texts: &[(&str, &str)], limits: &Limits) -> Vec<Violation> {
    let mut checker = Checker::new(limits);
    for (field, identity) in identities {
        checker.identity(*field, identity);
    }
    for (field, text) in texts {
        checker.text(*field, text);
    }
    checker.finish()
}

/// Checks everything about an action and takes it apart into what is public and what is sealed, without what is not to be
/// kept of it.
pub fn admit(
    mut action: Action,
    caller: Caller,
    registry: &Registry,
    origin_hash: &Hash,
    limits: &Limits,
    keeping: &Keeping,
) -> Result<Admitted, Vec<Violation>> {
    let mut checker = Checker::new(limits);
    let action_id = checker.action(&action);
    let mut codes = check::Codes::read(&action, &mut checker);
    if let Some(signature) = &action.agent_signature {
        check::agent_signature(signature, &action, action_id, registry, origin_hash, &mut checker);
    }
    let violations = checker.finish();
    if !violations.is_empty() {
        return Err(violations);
    }
    let request = request::action_hash(&action, &caller);
    let record_datasets = body::record_datasets(&action, registry);
    let left = keep::hold(&mut action, keeping);
    let people = people::People::of(&action);
    let (mut body, sealed_names) = body::build(&action, &caller, registry, &codes, &people);
    keep::drop_signed_parts(&mut action, &left);
    (body.not_kept, body.cut) = (left.not_kept, left.cut);
    body.record_datasets = record_datasets;
    let mut parts = parts::build(action, &mut codes, &people, sealed_names)?;
    body.parts = body::groups(&mut parts);
    let body = body.encode();
    if body.len() > limits.body {
        // Such a body must not become an entry: no verifier could read the ledger any more.
        let (bytes, most) = (body.len(), limits.body);
        let description = format!("would have {bytes} bytes of public description; at most {most} are taken");
        return Err(vec![Violation { field: "action".into(), description }]);
    }
    let parts = parts.into_iter().map(|described| described.plain).collect();
    Ok(Admitted { kind: EntryKind::Action, action_id, caller, body, parts, request })
}
