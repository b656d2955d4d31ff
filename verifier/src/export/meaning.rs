//! What kind and body say, against the header they stand under: only what would make a reader believe something false.
//! An export and a receipt are held to the same.

use crate::agent;
use crate::body::*;
use crate::entry::Header;
use crate::export::present::excerpt;
use crate::hash::Hash;
use crate::merkle::EMPTY_ROOT;
use crate::vocabulary::{CaseStep, EntryKind, ErasureState};

/// Genesis is entry 0, and entry 0 is genesis.
pub fn kind_problem(header: &Header) -> Option<&'static str> {
    match (header.index, header.kind == EntryKind::Genesis as u8) {
        (0, false) => Some("entry 0 is not the genesis of a ledger"),
        (1.., true) => Some("a second genesis"),
        _ => None,
    }
}

/// A kind from a later vocabulary: all that can be said where the body is not at hand.
pub fn unknown_kind(header: &Header) -> Option<String> {
    let known = EntryKind::ALL.iter().any(|kind| *kind as u8 == header.kind);
    (!known).then(|| format!("entry kind {}", header.kind))
}

/// Whether body and header agree; otherwise what is wrong.
pub fn check(header: &Header, origin: &str, body: &Body) -> Result<(), String> {
    match body {
        Body::Retention(body) if body.pruned_before > header.index => {
            return Err(format!("it prunes the entries before {}, which come after it", body.pruned_before));
        }
        Body::Genesis(body) if body.origin != origin => {
            return Err(format!("it opens the ledger {}, not this one", excerpt(&body.origin)));
        }
        _ => groups(header.parts, body.parts())?,
    }
    match body {
        Body::Action(body) => action(header.parts, body),
        Body::Erasure(body) => erasure(header.index, body),
        Body::Restore(body) => restore(header.index, body),
        Body::Case(body) => case(header, body),
        _ => Ok(()),
    }
}

fn action(parts: u32, body: &ActionBody) -> Result<(), String> {
    // Such a field holds one more than an ordinal, so at most the number of parts; 0 is none.
    let named = body.actors.iter().map(|actor| actor.part);
    let named = named.chain(body.recipients.iter().map(|recipient| recipient.part));
    let named = named.chain(body.facts.iter().map(|fact| fact.part));
    if let Some(part) = named.max().filter(|part| *part > parts) {
        return Err(format!("it names part {}, which it has not", part - 1));
    }
    for run in body.facts.iter().flat_map(|fact| &fact.subjects) {
        within(run, parts)?;
    }
    match &body.agent_signature {
        Some(signature) => agent::commitments(signature).map(|_| ()).map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

fn erasure(index: u64, body: &ErasureBody) -> Result<(), String> {
    match (body.covers, body.covers_root.len()) {
        (0, 0) => {}
        (0, 32) if body.covers_root == EMPTY_ROOT => {}
        (0, _) => return Err("it has a root over places, but covers none".into()),
        (_, 32) if body.state == ErasureState::Inaccessible => {}
        (_, 32) => return Err(format!("it covers {} places, though it makes none inaccessible", body.covers)),
        _ => return Err("its root over places has not 32 bytes".into()),
    }
    if body.tokens.iter().any(|token| token.len() != size_of::<Hash>()) {
        return Err("one of its tokens has not 32 bytes".into());
    }
    if !body.tokens.is_sorted_by(|a, b| a < b) {
        return Err("its tokens do not ascend, each once".into());
    }
    if !body.cites.is_sorted_by(|a, b| (a.index, a.ordinal) < (b.index, b.ordinal)) {
        return Err("the places it cites do not ascend, each once".into());
    }
    if let Some(last) = body.cites.last().filter(|place| place.index >= index) {
        return Err(format!("it cites entry {}, which does not come before it", last.index));
    }
    if body.state == ErasureState::Irrecoverable && body.batch >= index {
        return Err(format!("it is about entry {}, which does not come before it", body.batch));
    }
    match &body.pruned {
        Some(pruned) => carried_forward(index, body.covers, pruned),
        None => Ok(()),
    }
}

/// What is carried forward must be of what is covered, and add up.
fn carried_forward(index: u64, covers: u64, pruned: &PrunedBodies) -> Result<(), String> {
    let PrunedBodies { bodies, first, last, acts, .. } = pruned;
    if *bodies == 0 || *bodies > covers {
        return Err(format!("it carries forward {bodies} bodies, but covers {covers} places"));
    }
    if first > last || *last >= index {
        return Err(format!("it carries forward entries {first} to {last}, which do not come before it in this order"));
    }
    if !acts.is_sorted_by(|a, b| {
        (a.kind as u64, a.verb as u64, a.outcome as u64) < (b.kind as u64, b.verb as u64, b.outcome as u64)
    }) {
        return Err("what it counts of pruned entries does not ascend, each once".into());
    }
    if acts.iter().try_fold(0u64, |sum, acts| sum.checked_add(acts.count)) != Some(*bodies) {
        return Err("what it counts of pruned entries does not add up to their number".into());
    }
    let within = |sort: &PrunedUndetermined| {
        let mut indexes = sort.indexes();
        let ascend = sort.steps.iter().skip(1).all(|step| *step > 0);
        ascend && sort.indexes().count() == sort.steps.len() && indexes.all(|index| (*first..=*last).contains(&index))
    };
    if !pruned.undetermined.iter().all(within) {
        return Err("it carries forward actions that are not among the entries it pruned".into());
    }
    Ok(())
}

/// What was recovered is at least the backup, and all of it stands before.
fn restore(index: u64, body: &RestoreBody) -> Result<(), String> {
    for (name, root) in [("backup", &body.backup_root), ("recovered", &body.recovered_root)] {
        if root.len() != size_of::<Hash>() {
            return Err(format!("its {name} root has not 32 bytes"));
        }
    }
    if body.backup_size > body.recovered_size || body.recovered_size > index {
        let (backup, recovered) = (body.backup_size, body.recovered_size);
        return Err(format!(
            "it goes on from {backup} and {recovered} entries, which do not stand before it in this order"
        ));
    }
    Ok(())
}

/// A step that says it knew what came after it, or names a case that cannot be told from others, would mislead.
fn case(header: &Header, body: &CaseBody) -> Result<(), String> {
    let of_all = body.step == CaseStep::Read && body.case.is_empty();
    if body.case.len() != 16 && !of_all {
        return Err("its case has not 16 bytes".into());
    }
    if ![0, size_of::<Hash>()].contains(&body.report.len()) {
        return Err("the digest of its report has not 32 bytes".into());
    }
    if body.size > header.index {
        return Err(format!("it was decided from {} entries, which do not stand before it", body.size));
    }
    if body.by > header.parts {
        return Err(format!("it names part {}, which it has not", body.by - 1));
    }
    Ok(())
}

/// Groups are runs that cover every part once, in order.
fn groups(parts: u32, groups: &[PartGroup]) -> Result<(), String> {
    let mut next = 0u32;
    for group in groups {
        if group.first != next || group.count == 0 {
            return Err(format!("its groups of parts do not go on at part {next}"));
        }
        next = next.checked_add(group.count).ok_or("its groups of parts exceed all bounds")?;
    }
    if next != parts {
        return Err(format!("it describes {next} parts, but has {parts}"));
    }
    groups.iter().flat_map(|group| &group.shared_by).try_for_each(|run| within(run, parts))
}

fn within(run: &Run, parts: u32) -> Result<(), String> {
    match run.first.checked_add(run.count) {
        Some(end) if end <= parts && run.count > 0 => Ok(()),
        _ => Err(format!("it names {} parts from {} on, which it has not", run.count, run.first)),
    }
}
