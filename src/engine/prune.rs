//! Pruning: bodies whose time is over go, with their salts; what an entry commits to stays, and every proof holds.
//!
//! A body goes last. As long as a sealed part of its entry is there, it says what the part is, who shares it and what a
//! reader may think of it; so a body waits until its parts are gone, by erasure or by their own periods. Content that is
//! the ledger's own (about nobody, in no conversation) has no period of its own and goes with its body.
//!
//! | entry | its body |
//! |---|---|
//! | action | goes, but for those below |
//! | action with a fact that opens something | stays, although something may have ended it: that closing may be taken back by a correction yet, and who could see before it is told by the opening alone |
//! | action that states what a source logged | stays: what is complete is judged by it |
//! | action that corrects or takes back others | stays: it decides what those mean |
//! | report that was produced | goes |
//! | every other kind | stays: the ledger starts by it, or judges others by it |
//!
//! Every batch is one commit: an erasure entry that covers the bodies and carries forward what others count of them, and
//! the rows without them. A crash leaves all of it or nothing.

use super::append::Pending;
use super::held::{Held, Tokens};
use super::{EngineError, Erased, OpenLedger, nobody};
use crate::admit::events;
use crate::exposure::{Sort, states_logging};
use crate::ledger::{StoredEntry, put_covered, put_pruned};
use crate::model::*;
use crate::store::{LedgerNumber, WriteSet};
use crate::vault::PartPlace;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use whosaw_verifier::body::{
    ActionBody, Body, ErasureBody, PrunedActs, PrunedBodies, PrunedSource, PrunedUndetermined, RetentionRule,
};
use whosaw_verifier::erasure::{self, BODY};

/// Bodies that one commit takes.
const BODIES: usize = 16_384;
/// Entries that one commit looks at: it writes what stays of the rows it takes bodies out of.
const SPAN: u64 = 65_536;
/// Entries read at a time.
const PAGE: u64 = 4_096;
/// Parts looked at at a time.
const PARTS: u32 = 64;

/// What one run of everything that is due did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    pub erased: Option<Erased>,
    pub pruned: Option<Pruned>,
}

/// Bodies that went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// The entry that records the last batch of them.
    pub index: u64,
    pub bodies: u64,
}

/// What the rule for bodies would take now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedBodies {
    pub rule: RetentionRuleOf,
    pub kept_from_month: u16,
    /// Bodies that go.
    pub bodies: u64,
    /// The first and the last entry among them.
    pub span: Option<(u64, u64)>,
    /// Bodies that a hold keeps.
    pub held: u64,
    /// Bodies that stay because they open something: an exposure may still be open.
    pub open: u64,
    /// Bodies that wait until the sealed parts of their entries are gone.
    pub waiting: u64,
}

/// Class, months and ground.
pub type RetentionRuleOf = (RetentionClass, u32, LegalBasis);

/// Sums of what batches carry forward, up to the last one that was looked at.
#[derive(Default)]
pub(super) struct Counted(Mutex<(Option<u64>, Vec<PrunedActs>)>);

/// What becomes of one body.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// It is not over, it went before, or others need it.
    Stays,
    Held,
    Open,
    Waits,
    /// It goes, and with it these parts.
    Goes(Vec<u32>),
}

/// By what bodies are judged.
struct Scales {
    /// The first month that is kept.
    kept_from: u16,
    held: Held,
    /// Parts that are there and will be gone when it comes to bodies.
    going: BTreeSet<PartPlace>,
}

/// Some bodies that go in one commit.
#[derive(Default)]
struct Batch {
    entries: Vec<StoredEntry>,
    /// The ledger's own content beside them.
    parts: Vec<(u64, u32)>,
    /// The first entry that was not looked at; nothing where all were.
    next: Option<u64>,
}

impl OpenLedger {
    /// Does everything that is due: erasures and data keys, then the bodies that were left of them. `asked`: retention by
    /// somebody, and not by the calendar alone.
    pub async fn run_due(self: &Arc<Self>, asked: bool) -> Result<Ran, EngineError> {
        let by_rules = asked || self.calendar_is_believed();
        let erased = self.run_erasures(asked).await?;
        let pruned = if by_rules { self.prune().await? } else { None };
        Ok(Ran { erased, pruned })
    }

    async fn prune(self: &Arc<Self>) -> Result<Option<Pruned>, EngineError> {
        let (mut from, mut done) = (Some(0), None::<Pruned>);
        while let Some(at) = from {
            // For each batch: while it is held no hold can be placed, and between two of them one can.
            let _one_at_a_time = self.erasing.lock().await;
            let Some(rule) = self.body_rule() else { break };
            let judged = rule.clone();
            let batch = self.blocking(move |open| open.next_batch(&judged, at)).await?;
            from = batch.next;
            if batch.entries.is_empty() {
                continue;
            }
            let bodies = batch.entries.len() as u64;
            match self.prune_batch(batch, &rule).await? {
                Some(index) => done = Some(Pruned { index, bodies: done.map_or(0, |done| done.bodies) + bodies }),
                // The rules are others now.
                None => from = Some(at),
            }
        }
        if done.is_some() {
            // Content that was sealed for the ledger itself has a key that stays: it has to be off the disk.
            self.blocking(|open| Ok(open.ledger.rewrite_contents()?)).await?;
        }
        Ok(done)
    }

    /// How many entries of which sort were pruned.
    pub(super) fn pruned_acts(&self) -> Result<Vec<PrunedActs>, EngineError> {
        let mut counted = self.counted.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, sums) = &mut *counted;
        for (by, pruned) in self.ledger.pruned(*last)? {
            for acts in pruned.acts {
                let same =
                    |sum: &&mut PrunedActs| (sum.kind, sum.verb, sum.outcome) == (acts.kind, acts.verb, acts.outcome);
                match sums.iter_mut().find(same) {
                    Some(sum) => sum.count += acts.count,
                    None => sums.push(acts),
                }
            }
            *last = Some(by);
        }
        Ok(sums.clone())
    }

    fn body_rule(&self) -> Option<RetentionRule> {
        self.retention_rules().into_iter().find(|rule| rule.class == RetentionClass::Body)
    }

    /// What the rule for bodies would take, when the data keys have gone that are due now. Blocks.
    pub(super) fn plan_bodies(&self) -> Result<Option<PlannedBodies>, EngineError> {
        let Some(rule) = self.body_rule() else { return Ok(None) };
        let doomed = self.doomed()?;
        let going = self.keep_held(self.vault.survey(&doomed)?, &Tokens::new(), &doomed.matters)?.places;
        let scales = Scales { going, ..self.scales(&rule)? };
        let mut plan = PlannedBodies {
            rule: (rule.class, rule.months, rule.basis),
            kept_from_month: scales.kept_from,
            bodies: 0,
            span: None,
            held: 0,
            open: 0,
            waiting: 0,
        };
        let mut from = Some(0);
        while let Some(at) = from {
            from = self.page_of_bodies(&scales, at, &mut |entry, fate| {
                match fate {
                    Fate::Stays => {}
                    Fate::Held => plan.held += 1,
                    Fate::Open => plan.open += 1,
                    Fate::Waits => plan.waiting += 1,
                    Fate::Goes(_) => {
                        plan.bodies += 1;
                        let index = entry.header.index;
                        plan.span = Some((plan.span.map_or(index, |(first, _)| first), index));
                    }
                }
                true
            })?;
        }
        Ok(Some(plan))
    }

    fn scales(&self, rule: &RetentionRule) -> Result<Scales, EngineError> {
        let kept_from = self.first_kept(rule);
        Ok(Scales { kept_from, held: self.held()?, going: BTreeSet::new() })
    }

    fn next_batch(&self, rule: &RetentionRule, from: u64) -> Result<Batch, EngineError> {
        let scales = self.scales(rule)?;
        let (mut batch, mut at) = (Batch::default(), from);
        loop {
            let next = self.page_of_bodies(&scales, at, &mut |entry, fate| {
                if let Fate::Goes(parts) = fate {
                    batch.parts.extend(parts.into_iter().map(|ordinal| (entry.header.index, ordinal)));
                    batch.entries.push(entry);
                }
                let first = batch.entries.first().map(|entry| entry.header.index);
                batch.entries.len() < BODIES
                    && batch.parts.len() < BODIES
                    && first.is_none_or(|first| at < first + SPAN)
            })?;
            match next {
                Some(next) if batch.entries.is_empty() => at = next,
                next => return Ok(Batch { next, ..batch }),
            }
        }
    }

    /// Judges some entries in order, until `take` wants no more. Answers where to go on: nowhere once a whole page is not
    /// over, as times of recording ascend; what lies behind a leap of the clock waits for it.
    fn page_of_bodies(
        &self,
        scales: &Scales,
        from: u64,
        take: &mut dyn FnMut(StoredEntry, Fate) -> bool,
    ) -> Result<Option<u64>, EngineError> {
        let (mut any_over, mut next) = (false, from);
        for entry in self.ledger.entries(from, from.saturating_add(PAGE))? {
            next = entry.header.index + 1;
            if UnixMicros(entry.header.recorded_at_us).month() >= scales.kept_from {
                continue;
            }
            any_over = true;
            let fate = self.fate_of(scales, &entry)?;
            if !take(entry, fate) {
                return Ok(Some(next));
            }
        }
        Ok(any_over.then_some(next))
    }

    fn fate_of(&self, scales: &Scales, entry: &StoredEntry) -> Result<Fate, EngineError> {
        let header = &entry.header;
        let Some((_, body)) = &entry.content else { return Ok(Fate::Stays) };
        let goes_with_body = match Body::decode(header.kind, body) {
            Ok(Body::Action(action)) if is_needed(&action) => return Ok(Fate::Stays),
            Ok(Body::Action(action)) if opens(&action) => return Ok(Fate::Open),
            Ok(Body::Action(_)) => true,
            Ok(Body::ReportProduced(_)) => false,
            // What cannot be read may be what others are judged by.
            Ok(_) | Err(_) => return Ok(Fate::Stays),
        };
        if !scales.held.is_empty() && self.keeps_body(&scales.held, entry)? {
            return Ok(Fate::Held);
        }
        let mut with_body = Vec::new();
        let mut at = 0;
        while at < header.parts {
            let until = at.saturating_add(PARTS).min(header.parts);
            for (ordinal, part) in (at..).zip(self.ledger.part_range(header.index, at, until)?) {
                let place = PartPlace { index: header.index, ordinal };
                if part.sealed.is_none() || scales.going.contains(&place) {
                    continue;
                }
                if !goes_with_body || !self.vault.is_ledgers_own(place)? {
                    return Ok(Fate::Waits);
                }
                with_body.push(ordinal);
            }
            at = until;
        }
        Ok(Fate::Goes(with_body))
    }

    /// One commit. Answers its entry; nothing where the rules changed since it was judged.
    async fn prune_batch(self: &Arc<Self>, batch: Batch, rule: &RetentionRule) -> Result<Option<u64>, EngineError> {
        let indexes: Vec<u64> = batch.entries.iter().map(|entry| entry.header.index).collect();
        let mut places: Vec<(u64, u32)> =
            indexes.iter().map(|index| (*index, BODY)).chain(batch.parts.clone()).collect();
        places.sort_unstable();
        let (rows, batch) = self
            .blocking(move |open| {
                let mut rows = open.ledger.without_bodies(&indexes)?;
                rows.append(&open.ledger.without_content(&batch.parts)?);
                Ok((rows, batch))
            })
            .await?;
        // Behind the gate, and with everything queued made durable, the rules are those that are in force.
        let gate = self.sealing.write().await;
        self.write_rows(WriteSet::default()).await?;
        if self.body_rule().as_ref() != Some(rule) {
            return Ok(None);
        }
        let body = ErasureBody {
            state: ErasureState::Inaccessible,
            covers: places.len() as u64,
            covers_root: erasure::covers_root(places.iter().copied()).to_vec(),
            generation: self.vault.generation(),
            pruned: Some(carried_forward(&batch.entries)),
            ..ErasureBody::default()
        };
        let registry = &self.names().registry;
        let mut sealed = self.vault.seal(events::erasure(body, nobody(), registry), self.clock.now())?;
        let content = (sealed.salt, sealed.body.clone());
        let span = batch.entries.first().zip(batch.entries.last());
        let span = span.map_or((0, 0), |(first, last)| (first.header.index, last.header.index));
        let (inner, number) = (Arc::clone(&sealed.placement), self.ledger.number());
        sealed.placement = Arc::new(Pruning { inner, number, places, span, rows });
        let reply = self.ledger.submit(vec![sealed])?;
        drop(gate);
        let (place, ..) = Pending::of(reply, content).place().await?;
        self.blocking(move |open| {
            let gone = batch.entries.iter().filter_map(|entry| {
                let (_, body) = entry.content.as_ref()?;
                Some((entry.header.index, entry.header.kind, body.as_slice()))
            });
            Ok(open.follow.follower().forget(gone)?)
        })
        .await?;
        Ok(Some(place.index))
    }
}

/// Whether others are judged by this action.
fn is_needed(action: &ActionBody) -> bool {
    let amends = action.links.as_ref().is_some_and(|links| links.corrects > 0 || links.retracts > 0);
    amends || states_logging(action)
}

/// Whether an interval may begin here. What does not say which edge it is counts as one.
fn opens(action: &ActionBody) -> bool {
    action.facts.iter().any(|fact| !matches!(fact.edge, Edge::Close | Edge::Point))
}

/// What stays known of these entries.
fn carried_forward(entries: &[StoredEntry]) -> PrunedBodies {
    let mut acts: BTreeMap<(u64, u64, u64), PrunedActs> = BTreeMap::new();
    let mut undetermined: BTreeMap<Sort, Vec<u64>> = BTreeMap::new();
    let mut sources: BTreeMap<String, u64> = BTreeMap::new();
    for entry in entries {
        let header = &entry.header;
        let body = entry.body();
        let (kind, action) = match body {
            Some(Ok(Body::Action(action))) => (EntryKind::Action, Some(action)),
            _ => (EntryKind::ReportProduced, None),
        };
        let (verb, outcome) = action.as_ref().map(|action| (action.verb, action.outcome)).unwrap_or_default();
        let counted = acts.entry((kind as u64, verb as u64, outcome as u64));
        counted.or_insert(PrunedActs { kind, verb, outcome, count: 0 }).count += 1;
        let Some(action) = action else { continue };
        if let Some(sort) = Sort::of(&action) {
            undetermined.entry(sort).or_default().push(header.index);
        }
        if let Some(source) = action.source.filter(|source| !source.name.is_empty() && source.sequence > 0) {
            let greatest = sources.entry(source.name).or_default();
            *greatest = source.sequence.max(*greatest);
        }
    }
    PrunedBodies {
        bodies: entries.len() as u64,
        first: entries.first().map_or(0, |entry| entry.header.index),
        last: entries.last().map_or(0, |entry| entry.header.index),
        acts: acts.into_values().collect(),
        undetermined: undetermined.into_iter().map(|(sort, indexes)| carried_sort(sort, &indexes)).collect(),
        sources: sources.into_iter().map(|(name, sequence)| PrunedSource { name, sequence }).collect(),
    }
}

fn carried_sort(sort: Sort, indexes: &[u64]) -> PrunedUndetermined {
    let Sort { determination, tool, doubt, outcome } = sort;
    let first = indexes.first().copied().into_iter();
    let steps = first.chain(indexes.windows(2).map(|pair| pair[1] - pair[0])).collect();
    PrunedUndetermined { determination, tool, doubt, outcome, steps }
}

/// A batch on its way into the ledger.
struct Pruning {
    inner: Arc<dyn Placement>,
    number: LedgerNumber,
    /// Ascending.
    places: Vec<(u64, u32)>,
    /// The first and the last entry.
    span: (u64, u64),
    rows: WriteSet,
}

impl Placement for Pruning {
    fn place(&self, index: u64, writes: &mut WriteSet) {
        self.inner.place(index, writes);
        let places = self.places.iter().map(|(index, ordinal)| erasure::place(*index, *ordinal));
        put_covered(self.number, index, places, writes);
        put_pruned(self.number, index, self.span.0, self.span.1, writes);
        writes.append(&self.rows);
    }

    fn durable(&self) {
        self.inner.durable();
    }

    fn judge(&self, _: u64, _: &[u8; 32], _: &[u8; 32]) -> Judgement {
        Judgement::Different
    }
}
