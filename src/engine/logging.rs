//! What sources said of their logging, as far as it can be relied on: one rule for every report.

use super::exposure::{Reading, Roles};
use super::proving::Proving;
use super::{EngineError, OpenLedger};
use crate::exposure::Term;
use crate::exposure::telling::{Rules, Stands, Telling};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::evidence::{Amendment, Coverage};
use std::collections::{BTreeMap, BTreeSet};

impl OpenLedger {
    /// The statements that count, by what others correct and take back (`amendments`: all there are below the size).
    pub(super) fn relied_coverage(
        &self,
        head: &Proving,
        amendments: &[Amendment],
    ) -> Result<Vec<Coverage>, EngineError> {
        let said = self.coverage(head.size)?;
        let stating: BTreeSet<u64> = said.iter().map(|said| said.index).collect();
        let mut concerned = amendments.iter().any(|amendment| stating.contains(&amendment.index));
        for id in amendments.iter().flat_map(Amendment::targets) {
            let Ok(id) = <[u8; 16]>::try_from(id.as_slice()) else { continue };
            concerned = concerned || self.ledger.recorded_as(id)?.iter().any(|index| stating.contains(index));
        }
        if !concerned {
            return Ok(said);
        }
        let told = self.amended(head)?;
        Ok(said.into_iter().filter(|said| can_be_relied_on(&told, said)).collect())
    }

    /// All that amends, what it amends, and what says who may be whom, judged as an exposure report judges it.
    fn amended(&self, head: &Proving) -> Result<Telling, EngineError> {
        let versions = self.versions(head.size)?;
        let history = self.history(head.size, &versions)?;
        let mut reading = Reading::of(self, head, &history);
        let mut entries: BTreeMap<u64, StoredEntry> = BTreeMap::new();
        for term in [Term::opening(), Term::amending()] {
            let found = self.entries_under(term, head.size)?;
            entries.extend(found.into_iter().map(|entry| (entry.header.index, entry)));
        }
        let mut told = self.told_of(&mut entries, &mut reading)?;
        let roles = Roles::of(&versions, &told, &mut reading.people)?;
        let same = reading.people.same()?;
        told.settle(&Rules {
            may_amend: &|party, at| roles.may_amend(party, at),
            // Of approvals and reviews nothing is asked here.
            may_review: &|_, _| false,
            review_us: &|_| None,
            may_approve: &|_, _, _| false,
            valid_us: &|_, _| None,
            cut_off: head.recorded_at_us,
            registered: &history,
            same: &same,
            lag_us: history.longest_cache_us(),
        });
        Ok(told)
    }
}

/// Whether what is said of a source's logging counts. What is taken back does not; what is contested does not where it says
/// that logging was complete, or that a gap was over.
pub(super) fn can_be_relied_on(told: &Telling, said: &Coverage) -> bool {
    let complete = said.state == CoverageState::Complete;
    match told.stands(said.index) {
        Stands::Yes => true,
        Stands::No => false,
        Stands::Contested => complete == said.closes,
    }
}
