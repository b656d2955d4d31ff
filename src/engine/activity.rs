//! What one agent did: finds its entries, proves each, counts it, and records that the report was made.

use super::access::{Produced, Pull, body_of};
use super::again::{Again, made};
use super::proving::Proving;
use super::read::join_content;
use super::resealed::Resealed;
use super::superseded::{Earlier, Which};
use super::{EngineError, OpenLedger};
use crate::exposure::{Filter, Term, TermKind};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::Report;
use crate::report::activity;
use crate::report::activity::evidence::{ActivityEvidence, ActivityQuestion};
use crate::report::activity::tally::{Done, Tally};
use crate::report::evidence::Envelope;
use crate::report::exposure::registered::History;
use crate::report::question::RecordedActivity;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Entries that are read together.
const PAGE: usize = 1_024;

/// What is asked for; what is left out is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityAsked {
    pub agent: String,
    /// 0: the size now.
    pub size: u64,
    /// Entries recorded from here on, and before; absent: no bound.
    pub from_us: Option<u64>,
    pub until_us: Option<u64>,
    pub pull: Pull,
    /// The entry of an earlier report on the agent and the same times, which this one supersedes.
    pub supersedes: Option<u64>,
}

impl OpenLedger {
    /// Counts what an agent did, and records that the report left the house, before it does.
    pub async fn produce_activity_report(
        self: &Arc<Self>,
        asked: ActivityAsked,
        caller: &Caller,
        progress: impl Fn(u64, u64) + Send + Sync + 'static,
    ) -> Result<Produced, EngineError> {
        let (open, generated_by) = (Arc::clone(self), caller.name.clone());
        let gathered = tokio::task::spawn_blocking(move || {
            let ActivityAsked { agent, size, from_us, until_us, pull, supersedes } = asked;
            let (size, cut_off_us) = open.as_of(size, None)?;
            if from_us.zip(until_us).is_some_and(|(from, until)| until <= from) {
                return Err(EngineError::invalid("until", "lies not after `from`"));
            }
            let question = ActivityQuestion { agent, size, from_us, until_us, supersedes };
            let envelope = open.new_envelope(generated_by, pull)?;
            let head = open.head(size)?;
            let produced = open.activity_produced(&question, &envelope, 0, &progress)?;
            let made = made(&produced, envelope.language)?;
            Ok::<_, EngineError>((RecordedActivity { question, cut_off_us, envelope, made }, head, produced))
        });
        let (recorded, head, produced) = gathered.await.map_err(|_| EngineError::internal("the search stopped"))??;
        let body = body_of(ReportType::Activity, &recorded.envelope, recorded.cut_off_us);
        let index = self.record_report(body, recorded.write()?, None, &head, caller).await?;
        self.signed(Produced { index, ..produced })
    }

    /// Blocks; `progress` hears how many entries of how many were read.
    pub(super) fn activity_produced(
        &self,
        question: &ActivityQuestion,
        envelope: &Envelope,
        index: u64,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Produced, EngineError> {
        let head = self.projected_head(question.size)?;
        let history = self.history(head.size, &self.versions(head.size)?)?;
        let (registry, coverage) =
            (self.registry_at(head.size)?, self.relied_coverage(&head, &self.amendments(&head)?)?);
        let downtimes = self.downtimes(head.size)?;
        let evidence = ActivityEvidence {
            heard: self.heard(&coverage, &registry, &history, &head.head, &downtimes)?,
            tally: self.tally_of(question, &history, &head, progress)?,
            history,
            registry,
            controller: self.known_registry(head.size)?,
            coverage,
            downtimes,
            pruned: self.removed_below(head.size)?.iter().map(|removed| removed.entries).sum(),
            head: head.head,
        };
        let mut report = Report::Activity(Box::new(activity::facts(question, &evidence, envelope)));
        drop(evidence);
        if let Some(earlier) = question.supersedes {
            let asked = |bytes: &[u8]| {
                let asked = RecordedActivity::read(bytes)?.question;
                let of = |asked: &ActivityQuestion| (asked.agent.clone(), asked.from_us, asked.until_us);
                Some(Earlier { is_same: of(&asked) == of(question), supersedes: asked.supersedes })
            };
            let which = Which { index: earlier, size: question.size, report_type: ReportType::Activity, asked: &asked };
            self.supersede(&mut report, &which, progress)?;
        }
        Ok(Produced {
            report,
            report_id: envelope.report_id,
            index,
            size: question.size,
            rows_missing: 0,
            again: Again::First,
            json: Vec::new(),
            note: String::new(),
        })
    }

    /// Entries of the agent, and those of actors whose names stand sealed: whoever is not registered, or was not then.
    pub(super) fn acts_of(&self, agent: &str, size: u64) -> Result<BTreeSet<u64>, EngineError> {
        let mut indexes = BTreeSet::new();
        for term in [Term::new(TermKind::Actor, agent), Term::sealed_actor()] {
            let filter = Filter { terms: vec![term], ..Filter::default() };
            indexes.extend(self.indexes_matching(&filter, size)?);
        }
        Ok(indexes)
    }

    /// Reads a page at a time, so that an agent's million acts need no more room than a thousand.
    fn tally_of(
        &self,
        question: &ActivityQuestion,
        history: &History,
        head: &Proving,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Tally, EngineError> {
        let mut tally = Tally::default();
        let indexes: Vec<u64> = self.acts_of(&question.agent, head.size)?.into_iter().collect();
        let mut resealed = Resealed::of(self);
        let (mut done, total) = (0, indexes.len() as u64);
        for page in indexes.chunks(PAGE) {
            for entry in self.entries_at(page)? {
                self.take_act(&mut tally, (question, history), &entry, (head, &mut resealed))?;
            }
            done += page.len() as u64;
            progress(done, total);
        }
        Ok(tally)
    }

    fn take_act(
        &self,
        tally: &mut Tally,
        (question, history): (&ActivityQuestion, &History),
        entry: &StoredEntry,
        (head, resealed): (&Proving, &mut Resealed<'_>),
    ) -> Result<(), EngineError> {
        let header = &entry.header;
        // What was pruned is counted for the whole ledger.
        let Some(body) = entry.action() else { return Ok(()) };
        let (index, recorded_at_us, flags) = (header.index, header.recorded_at_us, header.flags);
        let done = Done { index, recorded_at_us, flags, body: &body, content: None, anew: false, closed: 0 };
        if !question.covers(recorded_at_us) && question.was_in(&done) != Some(true) {
            return Ok(());
        }
        let ordinals: Vec<u32> = (0..header.parts).collect();
        let parts = self.open_proved(entry, &ordinals, head)?;
        let mut content = join_content(parts.iter().map(|(_, part)| part));
        let mut anew = false;
        if content.is_none() && body.parts.iter().any(|group| group.holds_content) {
            content = resealed.content(header.index)?;
            anew = content.is_some();
        }
        let closed = u64::from(header.parts) - parts.len() as u64;
        tally.take(question, history, &Done { content: content.as_ref(), anew, closed, ..done });
        Ok(())
    }
}
