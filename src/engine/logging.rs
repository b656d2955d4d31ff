//! What sources said of their logging, as far as it can be relied on: one rule for every report.

use super::exposure::{Reading, Roles};
use super::proving::Proving;
use super::{EngineError, OpenLedger};
use crate::exposure::telling::{Rules, Stands, Telling};
use crate::exposure::{Filter, Term, TermKind};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::access::coverage::Logging;
use crate::report::evidence::{Amendment, Coverage, Head, Heard};
use crate::report::exposure::registered::History;
use crate::report::logging::sign;
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::body::Body;

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

    /// Of sources that are to be heard, when else they were than they state: looked for only where what they state leaves them
    /// silent for too long, and from then on.
    pub(super) fn heard(
        &self,
        stated: &[Coverage],
        registry: &Registry,
        history: &History,
        head: &Head,
    ) -> Result<Vec<Heard>, EngineError> {
        let downtimes = self.downtimes(head.size)?;
        let logging = Logging { head, registry, history, stated, heard: &[], downtimes: &downtimes };
        let mut heard = Vec::new();
        for source in stated.iter().map(|said| said.source.as_str()).collect::<BTreeSet<_>>() {
            let silences = logging.unheard(source, 0);
            let Some(first) = silences.iter().map(|silence| silence.from).min() else { continue };
            let terms = vec![Term::new(TermKind::Source, source)];
            // Nothing was recorded before it was.
            let filter = Filter { terms, from_us: Some(first), ..Filter::default() };
            let (mut signs, mut from) = (Vec::new(), Some(0));
            while let Some(at) = from {
                let page = self.follow.follower().query(&filter, at, head.size, 4_096)?;
                for entry in self.entries_at(&page.indexes)? {
                    let header = &entry.header;
                    let body = entry.content.as_ref().map(|(_, body)| Body::decode(header.kind, body));
                    let Some(Ok(Body::Action(action))) = body else { continue };
                    let sign = sign(header.recorded_at_us, &action);
                    signs.extend(sign.map(|(earliest, latest)| (earliest, latest, header.index)));
                }
                from = page.next;
            }
            heard.push(Heard { source: source.to_owned(), signs });
        }
        Ok(heard)
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
