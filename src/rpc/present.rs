//! Words of the domain onto the wire.

use super::v1;
use crate::admit::events::NewName;
use crate::engine::{OpenedEntry, PartState, PlannedBodies, Receipt, RetentionRuleOf};
use crate::ledger::{Place, Published, StoredEntry};
use crate::model::{Identity, Registered, RegistryKind};
use prost::Message as _;
use v1::entry::Content;
use whosaw_verifier::body::PrunedBodies;
use whosaw_verifier::entry::{CLOCK_NOT_SYNCHRONISED, TIME_CLAMPED};
use whosaw_verifier::wire::Message as _;

pub fn receipt(receipt: Receipt) -> v1::Receipt {
    v1::Receipt {
        index: receipt.index,
        leaf_hash: receipt.leaf.to_vec(),
        recorded_at: Some(timestamp(receipt.recorded_at_us)),
        tlog_proof: receipt.tlog_proof,
        salt: receipt.salt.map(|salt| salt.to_vec()).unwrap_or_default(),
        body: receipt.body,
        replayed: receipt.replayed,
        unchecked: receipt.unchecked,
    }
}

pub fn checkpoint(origin: &str, published: &Published) -> v1::Checkpoint {
    v1::Checkpoint {
        note: published.checkpoint.to_string(),
        origin: origin.to_owned(),
        tree_size: published.size,
        root_hash: published.root.to_vec(),
    }
}

/// Neighbours that are alike stand in one range.
pub fn ranges(places: &[Place]) -> Vec<v1::IndexRange> {
    let mut ranges: Vec<v1::IndexRange> = Vec::new();
    for place in places {
        match ranges.last_mut() {
            Some(last)
                if last.first_index + last.count == place.index
                    && (last.replayed, last.unchecked) == (place.replayed, place.unchecked) =>
            {
                last.count += 1;
            }
            _ => ranges.push(v1::IndexRange {
                first_index: place.index,
                count: 1,
                replayed: place.replayed,
                unchecked: place.unchecked,
            }),
        }
    }
    ranges
}

pub fn identity(identity: &Identity) -> v1::Identity {
    v1::Identity {
        namespace: identity.namespace.clone(),
        fields: identity.fields.clone(),
        strength: identity.strength as i32,
    }
}

pub fn timestamp(us: u64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: (us / 1_000_000) as i64, nanos: (us % 1_000_000) as i32 * 1_000 }
}

pub fn entry(entry: &StoredEntry) -> v1::Entry {
    let header = &entry.header;
    let (salt, body) = match &entry.content {
        Some((salt, body)) => (salt.to_vec(), body.clone()),
        None => (Vec::new(), Vec::new()),
    };
    v1::Entry {
        index: header.index,
        kind: i32::from(header.kind),
        recorded_at: Some(timestamp(header.recorded_at_us)),
        time_clamped: header.flags & TIME_CLAMPED != 0,
        clock_not_synchronised: header.flags & CLOCK_NOT_SYNCHRONISED != 0,
        leaf_hash: entry.leaf.to_vec(),
        header: header.encode().to_vec(),
        content: entry.content.as_ref().and_then(|(_, body)| content(header.kind, body)),
        salt,
        body,
        part_count: header.parts,
        parts: Vec::new(),
        removed_by: 0,
    }
}

pub fn opened(opened: &OpenedEntry) -> v1::Entry {
    let parts = opened.parts.iter().map(|part| {
        let (read, closed_because) = match &part.state {
            // The strict profile is protobuf: what the verifier wrote, prost reads.
            PartState::Open(open) => match v1::Part::decode(open.encode().as_slice()) {
                Ok(read) => (Some(read), ""),
                Err(_) => (None, "it says something that this server cannot show"),
            },
            PartState::Removed => (None, "it was removed"),
            PartState::NoKey => (None, "its key is gone"),
            PartState::Held => (None, "its key is gone; a matter keeps it"),
            PartState::Restricted => (None, "the processing of this person's data is restricted"),
        };
        v1::OpenedPart {
            ordinal: part.ordinal,
            leaf_hash: part.leaf.to_vec(),
            part: read,
            closed_because: closed_because.to_owned(),
        }
    });
    v1::Entry { parts: parts.collect(), ..entry(&opened.entry) }
}

/// A body, read; nothing for a kind that is not known here.
fn content(kind: u8, body: &[u8]) -> Option<Content> {
    Some(match kind {
        1 => Content::Action(v1::ActionBody::decode(body).ok()?),
        2 => Content::Genesis(v1::GenesisBody::decode(body).ok()?),
        4 => Content::WriterEpoch(v1::WriterEpochBody::decode(body).ok()?),
        5 => Content::Clock(v1::ClockBody::decode(body).ok()?),
        6 => Content::Registry(v1::RegistryBody::decode(body).ok()?),
        9 => Content::ReportProduced(v1::ReportBody::decode(body).ok()?),
        10 => Content::LedgerAccess(v1::LedgerAccessBody::decode(body).ok()?),
        11 => Content::Coverage(v1::CoverageBody::decode(body).ok()?),
        7 | 13 | 14 | 16 => Content::PersonAct(v1::PersonActBody::decode(body).ok()?),
        8 => Content::Erasure(v1::ErasureBody::decode(body).ok()?),
        12 => Content::Restore(v1::RestoreBody::decode(body).ok()?),
        17 => Content::Case(v1::CaseBody::decode(body).ok()?),
        15 => Content::Retention(v1::RetentionBody::decode(body).ok()?),
        _ => return None,
    })
}

pub fn name(kind: RegistryKind, name: &str, registered: &Registered) -> v1::Name {
    let attributes = registered.attributes.iter().flat_map(|(key, values)| {
        values.iter().map(|value| v1::NameAttribute { key: key.clone(), value: value.clone() })
    });
    v1::Name {
        kind: kind as i32,
        name: name.to_owned(),
        attributes: attributes.collect(),
        public_key: registered.public_key.map(|key| key.to_vec()).unwrap_or_default(),
        retired: registered.retired,
    }
}

pub fn rule((class, months, basis): RetentionRuleOf) -> v1::RetentionRule {
    v1::RetentionRule { class: class as i32, months, basis: basis as i32 }
}

/// Months since January 1970 as YYYY-MM.
pub fn month(month: u16) -> String {
    format!("{}-{:02}", 1970 + month / 12, month % 12 + 1)
}

pub fn planned_bodies(plan: &PlannedBodies) -> v1::PlannedRetention {
    let (first_index, last_index) = plan.span.unwrap_or_default();
    v1::PlannedRetention {
        rule: Some(rule(plan.rule)),
        kept_from: month(plan.kept_from_month),
        held: plan.held,
        open: plan.open,
        bodies: plan.bodies,
        first_index,
        last_index,
        waiting: plan.waiting,
        ..Default::default()
    }
}

pub fn pruned(by: u64, pruned: PrunedBodies) -> v1::PrunedEntries {
    let acts = pruned.acts.iter().map(|acts| v1::BodyPrunedActs {
        kind: acts.kind as i32,
        verb: acts.verb as i32,
        outcome: acts.outcome as i32,
        count: acts.count,
    });
    let sources =
        pruned.sources.into_iter().map(|source| v1::BodyPrunedSource { name: source.name, sequence: source.sequence });
    v1::PrunedEntries {
        by,
        bodies: pruned.bodies,
        first_index: pruned.first,
        last_index: pruned.last,
        acts: acts.collect(),
        sources: sources.collect(),
    }
}

pub fn new_name(name: v1::Name, kind: RegistryKind) -> NewName {
    NewName {
        kind,
        name: name.name,
        attributes: name.attributes.into_iter().map(|attribute| (attribute.key, attribute.value)).collect(),
        public_key: name.public_key,
        retired: name.retired,
    }
}
