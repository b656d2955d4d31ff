//! What each act on a person was by authority: judged as an exposure report judges it, so that the two never say different
//! things of one act.
//!
//! Where what such a report reads is little, all of it is read. Else it is chosen by the projection's terms: the ways to
//! the resources that the person's acts touched, and who of those who acted was in which group. What is left out then can
//! make an act no less authorised than it is told here: whatever hangs on it is not assessed.

use super::exposure::{Reading, Roles};
use super::proving::Proving;
use super::{EngineError, OpenLedger};
use crate::exposure::calculus::fact::Authorised;
use crate::exposure::{Filter, Term, TermKind, authorised};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::evidence::{JudgedAct, KnownRegistry, Observation, ObservedBody};
use crate::report::exposure::judged;
use crate::report::exposure::registered::History;
use crate::vault::{PartPlace, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::body::{ActionBody, PartGroup};

/// So many entries besides the person's own are read whole before they are chosen from.
const ALL_MAX: usize = 2_048;
/// So many chosen ones are read before nothing is judged by them.
const CHOSEN_MAX: usize = 4_096;

/// What the acts are judged by.
pub(super) struct Judging<'a> {
    pub head: &'a Proving,
    pub versions: &'a [(u64, KnownRegistry)],
    pub history: &'a History,
    pub cut_off_us: u64,
    /// Entries of which the person must not be told: nothing may follow from them here.
    pub hidden: &'a BTreeSet<u64>,
}

/// Which entries acts are judged by.
enum Scope {
    /// All that an exposure report of these resources reads.
    All(BTreeSet<u64>),
    /// What can bear on these acts; `again` says that others may tell of them as well, unread.
    Chosen { entries: BTreeSet<u64>, again: bool },
    /// It is too much.
    None,
}

impl OpenLedger {
    /// The judgement of each of these acts, by its entry. Blocks.
    pub(super) fn judged_acts(
        &self,
        observations: &[Observation],
        by: &Judging<'_>,
    ) -> Result<BTreeMap<u64, JudgedAct>, EngineError> {
        let acts: Vec<(&Observation, &ActionBody)> = observations.iter().filter_map(act_of).collect();
        let own: BTreeSet<u64> = acts.iter().map(|(observation, _)| observation.index).collect();
        if own.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (entries, chosen, again) = match self.scope(&acts, &own, by)? {
            Scope::All(entries) => (entries, false, false),
            Scope::Chosen { entries, again } => (entries, true, again),
            Scope::None => return Ok(acts.iter().map(|(act, body)| (act.index, as_recorded(body))).collect()),
        };
        let mut judged = self.judged_by(entries, &own, by)?;
        for (act, _) in acts.iter().filter(|_| chosen) {
            // Who else went by this approval was not read, nor perhaps who else tells of the act.
            let cites = act.content.as_ref().is_some_and(|content| !content.approval_reference.is_empty());
            if let Some(judgement) = judged.get_mut(&act.index).filter(|_| cites || again)
                && judgement.authorised == Authorised::Yes
            {
                (judgement.authorised, judgement.in_part) = (Authorised::NotAssessed, true);
            }
        }
        Ok(judged)
    }

    /// Who the humans are whom these acts name, by entry and ordinal: one number for one human, over certain links. Somebody
    /// told of by a weak identity may be one of two, and is nobody's equal.
    pub(super) fn others_in(&self, observations: &[Observation]) -> Result<BTreeMap<(u64, u32), u64>, EngineError> {
        let (mut others, mut numbers) = (BTreeMap::new(), BTreeMap::<PersonId, u64>::new());
        for (act, body) in observations.iter().filter_map(act_of) {
            let actors = body.actors.iter().map(|actor| actor.part);
            for part in actors.chain(body.recipients.iter().map(|recipient| recipient.part)) {
                let Some(ordinal) = part.checked_sub(1) else { continue };
                let place = PartPlace { index: act.index, ordinal };
                let holds = |group: &&PartGroup| ordinal.checked_sub(group.first).is_some_and(|at| at < group.count);
                let is_strong = body.parts.iter().find(holds).is_some_and(|group| group.strength == Strength::Strong);
                if !is_strong || others.contains_key(&(act.index, ordinal)) {
                    continue;
                }
                let readers = self.whose(place)?;
                let [human] = readers.iter().collect::<Vec<_>>()[..] else { continue };
                let next = numbers.len() as u64;
                let number = match numbers.get(human) {
                    Some(number) => *number,
                    None => {
                        // All identifiers of one human at once, so that each is looked up once.
                        for id in self.vault.linked(*human)? {
                            numbers.insert(id, next);
                        }
                        next
                    }
                };
                others.insert((act.index, ordinal), number);
            }
        }
        Ok(others)
    }

    fn judged_by(
        &self,
        indexes: BTreeSet<u64>,
        own: &BTreeSet<u64>,
        by: &Judging<'_>,
    ) -> Result<BTreeMap<u64, JudgedAct>, EngineError> {
        let indexes: Vec<u64> = indexes.into_iter().filter(|index| !by.hidden.contains(index)).collect();
        let entries = self.entries_at(&indexes)?.into_iter().map(|entry| (entry.header.index, entry));
        let mut entries: BTreeMap<u64, StoredEntry> = entries.collect();
        let mut reading = Reading::of(self, by.head, by.history);
        let mut told = self.told_of(&mut entries, &mut reading)?;
        let roles = Roles::of(by.versions, &told, &mut reading.people)?;
        let same = reading.people.same()?;
        let as_told = roles.settle(&mut told, by.history, &same, by.cut_off_us);
        Ok(judged::acts(
            &told,
            as_told.as_ref(),
            &judged::By { history: by.history, same: &same, cut_off: by.cut_off_us },
            own,
        ))
    }

    fn scope(
        &self,
        acts: &[(&Observation, &ActionBody)],
        own: &BTreeSet<u64>,
        by: &Judging<'_>,
    ) -> Result<Scope, EngineError> {
        let corrected = self.corrected_by(acts, by.head.size)?;
        let resources = acts.iter().filter_map(|(act, body)| resource_of(act, body));
        let resources: BTreeSet<&str> = resources.chain(corrected.iter().map(String::as_str)).collect();
        let of = |name: &&str| Term::new(TermKind::Dataset, *name);
        let reviews = || Term::new(TermKind::Verb, Verb::BreakglassReview.code());
        let everywhere = [Term::opening(), Term::sealed_resource(), Term::amending(), reviews()];
        let mut all = Choice { open: self, size: by.head.size, own, entries: own.clone(), max: ALL_MAX };
        if all.add_each(resources.iter().map(of).chain(everywhere).map(|term| vec![term]))? {
            return Ok(Scope::All(all.entries));
        }
        let mut some = Choice { entries: own.clone(), max: CHOSEN_MAX, ..all };
        let ways = resources.iter().map(|name| vec![of(name), Term::way()]);
        let mut terms: Vec<Vec<Term>> = ways.collect();
        terms.extend([vec![Term::nameless_way()], vec![Term::amending()]]);
        if acts.iter().any(|(_, body)| body.break_glass) {
            terms.push(vec![reviews()]);
        }
        let humans = self.humans_of(acts)?;
        if !some.add_each(terms)? || !some.add(self.memberships_of(&humans, by.head.size)?) {
            return Ok(Scope::None);
        }
        for id in acts.iter().filter_map(|(act, _)| act.content.as_ref()).flat_map(|content| &content.same_act_as) {
            let Ok(id) = <[u8; 16]>::try_from(id.as_slice()) else { continue };
            let told = self.ledger.recorded_as(id)?.into_iter().filter(|index| *index < by.head.size);
            if !some.add(told.collect::<Vec<_>>()) {
                return Ok(Scope::None);
            }
        }
        let before = some.entries.clone();
        let again = !some.add_each(resources.iter().map(|name| vec![of(name), Term::told_again()]))?;
        let entries = if again { before } else { some.entries };
        Ok(Scope::Chosen { entries, again })
    }

    /// Entries in which one of these humans gets into something, or out of it.
    fn memberships_of(&self, humans: &BTreeSet<PersonId>, size: u64) -> Result<Vec<u64>, EngineError> {
        let mut theirs = BTreeSet::new();
        for human in humans {
            theirs.extend(self.vault.occurrences(*human)?.into_iter().map(|place| place.index));
        }
        let filter = Filter { terms: vec![Term::way()], ..Filter::default() };
        let Some(first) = theirs.first() else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for page in self.pages_matching(&filter, *first, size, 65_536) {
            found.extend(page?.into_iter().filter(|index| theirs.contains(index)));
        }
        Ok(found)
    }

    /// What the acts reached for that these correct: whose data it was in the end is told by the correction alone.
    fn corrected_by(&self, acts: &[(&Observation, &ActionBody)], size: u64) -> Result<BTreeSet<String>, EngineError> {
        let corrects = acts.iter().filter_map(|(act, _)| act.content.as_ref()).flat_map(|content| &content.corrects);
        let ids: BTreeSet<[u8; 16]> = corrects.filter_map(|id| id.as_slice().try_into().ok()).collect();
        let mut resources = BTreeSet::new();
        for id in ids {
            for index in self.ledger.recorded_as(id)?.into_iter().filter(|index| *index < size) {
                let action = self.ledger.entry(index)?.and_then(|entry| entry.action());
                resources.extend(action.map(|action| action.dataset).filter(|name| !name.is_empty()));
            }
        }
        Ok(resources)
    }

    /// Who acted in them, and on whose behalf.
    fn humans_of(&self, acts: &[(&Observation, &ActionBody)]) -> Result<BTreeSet<PersonId>, EngineError> {
        let mut humans = BTreeSet::new();
        for (act, body) in acts {
            for ordinal in body.actors.iter().filter_map(|actor| actor.part.checked_sub(1)) {
                for id in self.whose(PartPlace { index: act.index, ordinal })? {
                    if humans.insert(id) {
                        humans.extend(self.vault.linked(id)?);
                    }
                }
            }
        }
        Ok(humans)
    }
}

/// Entries that are put together under a bound, beside the person's own.
struct Choice<'a> {
    open: &'a OpenLedger,
    size: u64,
    own: &'a BTreeSet<u64>,
    entries: BTreeSet<u64>,
    max: usize,
}

impl Choice<'_> {
    /// Those under all terms of one of these; false as soon as they are too many.
    fn add_each(&mut self, all: impl IntoIterator<Item = Vec<Term>>) -> Result<bool, EngineError> {
        for terms in all {
            let filter = Filter { terms, ..Filter::default() };
            for page in self.open.pages_matching(&filter, 0, self.size, self.max) {
                if !self.add(page?) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn add(&mut self, indexes: Vec<u64>) -> bool {
        self.entries.extend(indexes);
        self.entries.len() <= self.own.len() + self.max
    }
}

fn act_of(observation: &Observation) -> Option<(&Observation, &ActionBody)> {
    match &observation.body {
        ObservedBody::Action(body) => Some((observation, body)),
        ObservedBody::Report(_) => None,
    }
}

/// What an act reached for, by whatever name it is told.
pub(super) fn resource_of<'a>(act: &'a Observation, body: &'a ActionBody) -> Option<&'a str> {
    let sealed = || {
        let names = act.content.as_ref().into_iter().flat_map(|content| &content.names);
        names.clone().find(|name| name.field == NamedField::Dataset).map(|name| name.value.as_str())
    };
    Some(body.dataset.as_str()).filter(|name| !name.is_empty()).or_else(sealed).filter(|name| !name.is_empty())
}

/// By what the act itself says; that somebody was allowed to is nothing that it can say alone.
fn as_recorded(body: &ActionBody) -> JudgedAct {
    let authorised = match authorised(body) {
        Authorised::Yes => Authorised::NotAssessed,
        other => other,
    };
    JudgedAct { authorised, approved: None, in_part: true }
}
