//! What lies elsewhere of somebody who was erased (CASES 24): copies that acts made of which the erasure took parts, and that
//! no act has ended since. The ledger's keys do not reach them.

use super::access::Pull;
use super::{EngineError, OpenLedger};
use crate::report::exposure;
use crate::report::exposure::evidence::{ExposureQuestion, Remarks};
use crate::report::instant::Instant;
use std::collections::BTreeSet;

/// Whoever has the token may ask as often as they like: beyond so many entries, or resources, nothing is counted.
const ENTRIES_MAX: usize = 4_096;
const RESOURCES_MAX: usize = 64;

impl OpenLedger {
    /// Copies that are not known to be gone, by acts of which this batch took parts. Nothing where it is too much, and nothing
    /// while an order of secrecy is in force, of whomever: whose copies an order hides went with their keys. Blocks.
    pub(super) fn copies_left(&self, batch: u64) -> Result<Option<u64>, EngineError> {
        let size = self.ledger.published().size;
        let now_us = self.clock.now().0;
        let registry = self.registry_document_at(size)?;
        if registry.is_some_and(|known| known.document.orders_at(now_us).next().is_some()) {
            return Ok(None);
        }
        let taken: BTreeSet<u64> = self.ledger.covered(batch)?.into_iter().map(|(index, _)| index).collect();
        if taken.len() > ENTRIES_MAX {
            return Ok(None);
        }
        let mut resources: BTreeSet<String> = BTreeSet::new();
        for index in &taken {
            let action = self.ledger.entry(*index)?.and_then(|entry| entry.action());
            resources.extend(action.map(|action| action.dataset).filter(|name| !name.is_empty()));
        }
        if resources.len() > RESOURCES_MAX {
            return Ok(None);
        }
        if resources.is_empty() {
            return Ok(Some(0));
        }
        let question = ExposureQuestion {
            resources: resources.into_iter().collect(),
            size,
            cut_off_us: now_us,
            supersedes: None,
            remarks: Remarks::default(),
        };
        let evidence = self.exposure_evidence(&question, &|_, _| {})?;
        let envelope = self.new_envelope(String::new(), Pull::in_english())?;
        let report = exposure::facts(&question, &evidence, &envelope);
        let cut_off = Instant::new(now_us);
        let left = report.holdings.iter().filter(|held| held.is_open(cut_off));
        Ok(Some(left.filter(|held| held.entries().any(|entry| taken.contains(&entry.0))).count() as u64))
    }
}
