//! What kind and body say, against the header they stand under: only what would make a reader believe something false.
//! An export and a receipt are held to the same.

use crate::agent;
use crate::body::*;
use crate::entry::Header;
use crate::export::present::excerpt;
use crate::vocabulary::EntryKind;

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
        Body::Action(body) => action(header.parts, body),
        Body::ReportProduced(body) => groups(header.parts, &body.parts),
        Body::LedgerAccess(body) => groups(header.parts, &body.parts),
        Body::Registry(body) => groups(header.parts, &body.parts),
        Body::Person(body) => groups(header.parts, &body.parts),
        Body::Erasure(body) => groups(header.parts, &body.parts),
        Body::Retention(body) => groups(header.parts, &body.parts),
        Body::Restore(body) => groups(header.parts, &body.parts),
        Body::Genesis(body) if body.origin != origin => {
            Err(format!("it opens the ledger {}, not this one", excerpt(&body.origin)))
        }
        Body::Genesis(_) | Body::WriterEpoch(_) | Body::Clock(_) | Body::Coverage(_) => groups(header.parts, &[]),
    }
}

fn action(parts: u32, body: &ActionBody) -> Result<(), String> {
    groups(parts, &body.parts)?;
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
