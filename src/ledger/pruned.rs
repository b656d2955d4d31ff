//! What became of bodies that were pruned: by which entry each went, and what that entry carries forward of it.
//!
//! Rows are looked at, and not what is published: a batch is one commit, so whoever finds a body gone finds here why.

use super::rows::{self, PrunedSpan};
use super::{Ledger, LedgerError};
use crate::store::{Snapshot, WriteSet};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use whosaw_verifier::body::{Body, PrunedBodies};
use whosaw_verifier::erasure::BODY;

impl Ledger {
    /// Rows that take the bodies of these entries away, which ascend; what the entries commit to stays.
    pub fn without_bodies(&self, indexes: &[u64]) -> Result<WriteSet, LedgerError> {
        Ok(rows::without_bodies(self.0.store.snapshot()?.as_ref(), self.0.number, indexes)?.0)
    }

    /// The batches that pruned bodies behind entry `after`, or all, ascending, with what they carry forward.
    pub fn pruned(&self, after: Option<u64>) -> Result<Vec<(u64, PrunedBodies)>, LedgerError> {
        let snapshot = self.0.store.snapshot()?;
        let mut spans = rows::read_pruned(snapshot.as_ref(), self.0.number)?;
        spans.retain(|span| Some(span.by) > after);
        spans.iter().map(|span| Ok((span.by, self.carried(snapshot.as_ref(), span)?))).collect()
    }

    /// The same of those batches alone that took bodies of these entries.
    pub fn pruned_within(&self, entries: RangeInclusive<u64>) -> Result<Vec<PrunedBodies>, LedgerError> {
        let snapshot = self.0.store.snapshot()?;
        let spans = rows::read_pruned(snapshot.as_ref(), self.0.number)?;
        let meets = |span: &&PrunedSpan| span.first <= *entries.end() && span.last >= *entries.start();
        spans.iter().filter(meets).map(|span| self.carried(snapshot.as_ref(), span)).collect()
    }

    /// The last entry by which bodies were pruned.
    pub fn last_pruned(&self) -> Result<Option<u64>, LedgerError> {
        let spans = rows::read_pruned(self.0.store.snapshot()?.as_ref(), self.0.number)?;
        Ok(spans.last().map(|span| span.by))
    }

    fn carried(&self, snapshot: &dyn Snapshot, span: &PrunedSpan) -> Result<PrunedBodies, LedgerError> {
        let entry = rows::read_entries(snapshot, self.0.number, span.by, span.by + 1)?.pop();
        let body = entry.and_then(|entry| Some(Body::decode(entry.header.kind, &entry.content?.1)));
        match body {
            Some(Ok(Body::Erasure(body))) => body.pruned,
            _ => None,
        }
        .ok_or_else(|| LedgerError::Corrupt(format!("entry {} does not say what it pruned", span.by)))
    }

    /// The erasure entries by which the bodies of these entries went; nothing for a body that no entry says is gone.
    pub fn removed_by(&self, indexes: &[u64]) -> Result<BTreeMap<u64, u64>, LedgerError> {
        let mut found = BTreeMap::new();
        let (Some(first), Some(last)) = (indexes.iter().min(), indexes.iter().max()) else { return Ok(found) };
        let snapshot = self.0.store.snapshot()?;
        for span in rows::read_pruned(snapshot.as_ref(), self.0.number)? {
            if span.first > *last || span.last < *first {
                continue;
            }
            let places = rows::read_covered(snapshot.as_ref(), self.0.number, span.by)?;
            for index in indexes {
                if places.binary_search(&(*index, BODY)).is_ok() {
                    found.entry(*index).or_insert(span.by);
                }
            }
        }
        Ok(found)
    }
}
