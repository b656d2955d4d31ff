//! What holds in force keep from erasure and retention.

use super::{EngineError, OpenLedger};
use crate::model::*;
use crate::vault::{Hold, PersonId};
use std::collections::BTreeSet;
use whosaw_verifier::body::Body;

/// Holds in force, and whom and what they reach.
pub(super) struct Held {
    holds: Vec<(Hold, Vec<PersonId>)>,
    /// Whom they name.
    pub everybody: BTreeSet<PersonId>,
    /// Entries in which one of these shares content: it opens with all sharers' keys together, so none of them can go.
    shared: BTreeSet<u64>,
}

impl Held {
    pub fn is_empty(&self) -> bool {
        self.holds.is_empty()
    }
}

impl OpenLedger {
    /// All holds in force, with what has to be looked up of them once.
    pub(super) fn held(&self) -> Result<Held, EngineError> {
        let (mut holds, mut everybody) = (Vec::new(), BTreeSet::new());
        for (_, hold) in self.holds() {
            let persons = hold.persons()?;
            everybody.extend(persons.iter().copied());
            holds.push((hold, persons));
        }
        let mut indexes = BTreeSet::new();
        for person in &everybody {
            indexes.extend(self.indexes_of(std::slice::from_ref(person))?);
        }
        let indexes: Vec<u64> = indexes.into_iter().collect();
        let mut shared = BTreeSet::new();
        for chunk in indexes.chunks(256) {
            for entry in self.entries_at(chunk)? {
                let body = entry.content.as_ref().map(|(_, body)| Body::decode(entry.header.kind, body));
                if let Some(Ok(body)) = body
                    && body.parts().iter().any(|group| !group.shared_by.is_empty())
                {
                    shared.insert(entry.header.index);
                }
            }
        }
        Ok(Held { holds, everybody, shared })
    }

    /// Why these ids of one person must not be erased, where a hold covers any of them or an entry about them.
    pub(super) fn holds_over(&self, held: &Held, whole: &[PersonId]) -> Result<Option<Exemption>, EngineError> {
        if held.is_empty() {
            return Ok(None);
        }
        self.holds_within(held, whole, &self.indexes_of(whole)?)
    }

    /// The same of those entries alone in which a person stands under one key.
    pub(super) fn holds_within(
        &self,
        held: &Held,
        whole: &[PersonId],
        indexes: &BTreeSet<u64>,
    ) -> Result<Option<Exemption>, EngineError> {
        if !indexes.is_disjoint(&held.shared) {
            return Ok(held.holds.iter().find(|(_, persons)| !persons.is_empty()).map(|(hold, _)| hold.exemption));
        }
        for (hold, persons) in &held.holds {
            if !persons.is_empty() && !persons.iter().any(|held| whole.contains(held)) {
                continue;
            }
            if hold.is_of_persons_alone() {
                return Ok(Some(hold.exemption));
            }
            for index in indexes {
                if self.is_held(hold, *index)? {
                    return Ok(Some(hold.exemption));
                }
            }
        }
        Ok(None)
    }

    /// Entries with parts of these ids.
    fn indexes_of(&self, whole: &[PersonId]) -> Result<BTreeSet<u64>, EngineError> {
        let mut indexes = BTreeSet::new();
        for id in whole {
            indexes.extend(self.vault.occurrences(*id)?.into_iter().map(|place| place.index));
        }
        Ok(indexes)
    }

    /// Whether an entry is within a hold's datasets, agents and time.
    fn is_held(&self, hold: &Hold, index: u64) -> Result<bool, EngineError> {
        let Some(entry) = self.ledger.entry(index)? else { return Ok(false) };
        let at = entry.header.recorded_at_us;
        if at < hold.from_us || (hold.until_us != 0 && at >= hold.until_us) {
            return Ok(false);
        }
        let body = entry.content.as_ref().map(|(_, body)| Body::decode(entry.header.kind, body));
        Ok(match body {
            Some(Ok(Body::Action(action))) => {
                let fits = |list: &[String], name: &String| list.is_empty() || list.contains(name);
                let resources = std::iter::once(&action.dataset).chain(action.facts.iter().map(|fact| &fact.resource));
                (hold.datasets.is_empty() || resources.into_iter().any(|name| fits(&hold.datasets, name)))
                    && (hold.agents.is_empty() || action.actors.iter().any(|actor| fits(&hold.agents, &actor.name)))
            }
            // What cannot be read is held rather than lost.
            Some(Err(_)) | None => true,
            Some(Ok(_)) => hold.datasets.is_empty() && hold.agents.is_empty(),
        })
    }
}
