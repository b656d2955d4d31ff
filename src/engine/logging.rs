//! What sources said of their logging, as far as it can be relied on: one rule for every report.

use super::exposure::{Reading, Roles};
use super::proving::Proving;
use super::{EngineError, OpenLedger};
use crate::exposure::telling::{Rules, Stands, Telling};
use crate::exposure::{BLOCK, Filter, Term, TermKind, states_logging};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::access::coverage::Logging;
use crate::report::evidence::{Amendment, Coverage, Downtime, Head, Heard, Placed, Run, Skipped};
use crate::report::exposure::registered::History;
use crate::report::logging::claimed;
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::body::ActionBody;

/// Entries that are read at once.
const PAGE: usize = 4_096;

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
    /// from then on; of one that numbers what it sends, where its runs of numbers begin and end.
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
            let runs = self.runs_of(source, head.size)?;
            let silent = logging.unheard(source, 0).iter().map(|silence| silence.from).min();
            if runs.is_empty() && silent.is_none() {
                continue;
            }
            let mut signs = Vec::new();
            if let Some(from) = silent {
                let came = self.under(Term::new(TermKind::Source, source), Some(from), head.size)?;
                self.read_of(&came, &mut |index, recorded_at_us, action| {
                    let (earliest_us, latest_us) = claimed(recorded_at_us, action);
                    let is_sign = recorded_at_us >= from && !states_logging(action);
                    signs.extend(is_sign.then_some((earliest_us, latest_us, index)));
                })?;
            }
            let pruned = pruned.get(source).copied().unwrap_or_default();
            heard.push(Heard { source: source.to_owned(), signs, skipped: Skipped::between(runs, pruned) });
        }
        Ok(heard)
    }

    /// The runs of numbers that a source gave its entries.
    fn runs_of(&self, source: &str, size: u64) -> Result<Vec<Run>, EngineError> {
        let numbered = self.under(Term::new(TermKind::Numbered, source), None, size)?;
        let begins = self.under(Term::new(TermKind::Run, source), None, size)?.into_iter();
        let mut begins: BTreeSet<usize> = begins.filter_map(|index| numbered.binary_search(&index).ok()).collect();
        // Of a block whose first ones were pruned another one comes first.
        begins.extend(numbered.chunk_by(|one, next| one / BLOCK == next / BLOCK).scan(0, |at, block| {
            let first = *at;
            *at += block.len();
            Some(first)
        }));
        let ends = begins.iter().skip(1).copied().chain([numbered.len()]).map(|next| next.saturating_sub(1));
        let spans: Vec<(usize, usize)> = begins.iter().copied().zip(ends).collect();
        let outer: BTreeSet<usize> = spans.iter().flat_map(|(first, last)| [*first, *last]).collect();
        let outer = self.placed(&numbered, outer)?;
        let (mut runs, mut unclear) = (Vec::new(), BTreeSet::new());
        for (from, until) in spans {
            let whole = outer.get(&from).zip(outer.get(&until)).filter(|(first, last)| {
                last.sequence.checked_sub(first.sequence).is_some_and(|steps| steps == (until - from) as u64)
            });
            match whole {
                Some((first, last)) => runs.push(Run { first: *first, last: *last }),
                // Some of them were pruned.
                None => unclear.extend(from..=until),
            }
        }
        runs.extend(self.placed(&numbered, unclear)?.into_values().map(|one| Run { first: one, last: one }));
        Ok(runs)
    }

    /// The entries at these places of `numbered`, by place.
    fn placed(
        &self,
        numbered: &[u64],
        places: impl IntoIterator<Item = usize>,
    ) -> Result<BTreeMap<usize, Placed>, EngineError> {
        let places: BTreeMap<u64, usize> =
            places.into_iter().filter_map(|place| Some((*numbered.get(place)?, place))).collect();
        let indexes: Vec<u64> = places.keys().copied().collect();
        let mut placed = BTreeMap::new();
        self.read_of(&indexes, &mut |index, recorded_at_us, action| {
            let (earliest_us, latest_us) = claimed(recorded_at_us, action);
            let sequence = action.source.as_ref().map_or(0, |source| source.sequence);
            if let Some(place) = places.get(&index).filter(|_| sequence > 0) {
                placed.insert(*place, Placed { sequence, index, earliest_us, latest_us });
            }
        })?;
        Ok(placed)
    }

    /// Indexes of the entries that stand under a term, without blocks in which all were recorded before a time.
    fn under(&self, term: Term, from_us: Option<u64>, size: u64) -> Result<Vec<u64>, EngineError> {
        self.indexes_matching(&Filter { terms: vec![term], from_us, until_us: None }, size)
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
