//! What sources said of their logging, as far as it can be relied on: one rule for every report.

use super::exposure::{Reading, Roles};
use super::proving::Proving;
use super::{EngineError, OpenLedger};
use crate::exposure::telling::{Rules, Stands, Telling};
use crate::exposure::{Filter, Term, TermKind, states_logging};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::access::coverage::Logging;
use crate::report::evidence::{Amendment, Coverage, Downtime, Head, Heard, Placed, Skipped};
use crate::report::exposure::registered::History;
use crate::report::logging::claimed;
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::body::ActionBody;

/// Entries that are read at once, and of how many one shows whether a source numbers what it sends.
const PAGE: usize = 4_096;
const SAMPLED: usize = 64;

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

    /// What else came from sources than what they state. Where that leaves one that is to be heard silent for too long, it is read
    /// from then on; all of it where the source numbers what it sends.
    pub(super) fn heard(
        &self,
        stated: &[Coverage],
        registry: &Registry,
        history: &History,
        head: &Head,
        downtimes: &[Downtime],
    ) -> Result<Vec<Heard>, EngineError> {
        let logging = Logging { head, registry, history, stated, heard: &[], downtimes };
        let pruned = self.greatest_pruned(head.size)?;
        let mut heard = Vec::new();
        for source in stated.iter().map(|said| said.source.as_str()).collect::<BTreeSet<_>>() {
            let came = self.came_from(source, head.size)?;
            let sampled: Vec<u64> = came.iter().step_by(SAMPLED).chain(came.last()).copied().collect();
            let mut counts = false;
            self.read_of(&sampled, &mut |_, _, action| counts |= sequence(action) > 0)?;
            let silent = logging.unheard(source, 0).iter().map(|silence| silence.from).min();
            if !counts && silent.is_none() {
                continue;
            }
            let (mut signs, mut placed) = (Vec::new(), Vec::new());
            self.read_of(&came, &mut |index, recorded_at_us, action| {
                let (earliest_us, latest_us) = claimed(recorded_at_us, action);
                if silent.is_some_and(|from| recorded_at_us >= from) && !states_logging(action) {
                    signs.push((earliest_us, latest_us, index));
                }
                let sequence = sequence(action);
                placed.extend((sequence > 0).then_some(Placed { sequence, index, earliest_us, latest_us }));
            })?;
            let pruned = pruned.get(source).copied().unwrap_or_default();
            heard.push(Heard { source: source.to_owned(), signs, skipped: Skipped::between(placed, pruned) });
        }
        Ok(heard)
    }

    /// Entries that a source sent.
    fn came_from(&self, source: &str, size: u64) -> Result<Vec<u64>, EngineError> {
        let filter = Filter { terms: vec![Term::new(TermKind::Source, source)], ..Filter::default() };
        let mut all = Vec::new();
        for page in self.pages_matching(&filter, 0, size, PAGE) {
            all.extend(page?);
        }
        Ok(all)
    }

    /// Reads actions without keeping them: there may be very many.
    fn read_of(&self, indexes: &[u64], read: &mut dyn FnMut(u64, u64, &ActionBody)) -> Result<(), EngineError> {
        for page in indexes.chunks(PAGE) {
            for entry in self.entries_at(page)? {
                if let Some(action) = entry.action() {
                    read(entry.header.index, entry.header.recorded_at_us, &action);
                }
            }
        }
        Ok(())
    }

    /// The greatest number that pruned entries of each source had, as far as they are below the size.
    fn greatest_pruned(&self, size: u64) -> Result<BTreeMap<String, u64>, EngineError> {
        let mut greatest = BTreeMap::new();
        for (_, pruned) in self.ledger.pruned(None)?.into_iter().filter(|(by, _)| *by < size) {
            for source in pruned.sources {
                let known = greatest.entry(source.name).or_default();
                *known = source.sequence.max(*known);
            }
        }
        Ok(greatest)
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
        // That it was there.
        Stands::Contested if said.state == CoverageState::Heartbeat => false,
        Stands::Contested => complete == said.closes,
    }
}

fn sequence(action: &ActionBody) -> u64 {
    action.source.as_ref().map_or(0, |source| source.sequence)
}
