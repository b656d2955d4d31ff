//! Uses of data that might only be stored, of persons who were erased since. Whose they were nobody knows any more; which
//! entries went together every erasure entry says. So what may have been such a use is told, and nobody can tell of whom.

use super::{EngineError, OpenLedger};
use crate::exposure::telling::Telling;
use crate::report::exposure::evidence::Forgotten;
use std::collections::{BTreeMap, BTreeSet};

impl OpenLedger {
    /// How many people's data batches took, by the tokens of their requests: a person may have asked twice. Nothing where a
    /// batch took keys that nobody asked to be erased.
    pub(super) fn erased_at_most(&self, size: u64) -> Result<Option<u64>, EngineError> {
        let batches = self.erasure_entries()?.into_iter().filter(|(batch, _)| *batch < size);
        let batches = batches.map(|(_, body)| body).filter(|body| body.covers > 0 && body.pruned.is_none());
        let asked = batches.map(|body| Some(body.tokens.len() as u64).filter(|tokens| *tokens > 0));
        Ok(asked.sum())
    }

    /// Of each batch that took a restriction with whom it was for: since when, until when, and the acts whose parts went too.
    pub(super) fn forgotten(&self, told: &Telling) -> Result<Vec<Forgotten>, EngineError> {
        if told.restricting_closed.is_empty() {
            return Ok(Vec::new());
        }
        let places = told.closed.iter().flat_map(|(index, closed)| closed.ordinals.iter().map(|at| (*index, *at)));
        // What a matter keeps no batch covers, and it may be of any.
        let mut kept: BTreeSet<(u64, u32)> = places.collect();
        let mut since_kept = told.restricting_closed.clone();
        let mut batches: BTreeMap<u64, Forgotten> = BTreeMap::new();
        for (batch, body) in self.erasure_entries()? {
            if body.covers == 0 {
                continue;
            }
            let (mut from, mut acts) = (None, BTreeSet::new());
            for (index, ordinal) in self.ledger.covered(batch)? {
                if let Some(at) = told.restricting_closed.get(&index) {
                    from = from.into_iter().chain([*at]).min();
                    since_kept.remove(&index);
                }
                if kept.remove(&(index, ordinal)) {
                    acts.insert(index);
                }
            }
            let until = self.ledger.entry(batch)?.map_or(u64::MAX, |entry| entry.header.recorded_at_us);
            if let Some(from) = from {
                batches.insert(batch, Forgotten { from, until, acts });
            }
        }
        let mut all: Vec<Forgotten> = batches.into_values().collect();
        for one in &mut all {
            one.acts.extend(kept.iter().map(|(index, _)| *index));
        }
        if let Some(from) = since_kept.into_values().min() {
            let acts = told.closed.keys().copied().collect();
            all.push(Forgotten { from, until: u64::MAX, acts });
        }
        Ok(all)
    }
}
