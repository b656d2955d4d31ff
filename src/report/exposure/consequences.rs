//! What came of it: copies and in what form, recipients, and what was lost.

use super::count::is_absurd;
use super::document::*;
use super::evidence::Forgotten;
use super::facts::{Found, People, approval, authorisation, bound, count_fact, span};
use super::forgotten::touches;
use super::groups::Groups;
use super::policies;
use crate::exposure::calculus::audience::Audience;
use crate::exposure::calculus::exposure as calculus;
use crate::exposure::calculus::fact::{Authorised, Given, Party, Person, Thing, Told, When};
use crate::exposure::calculus::interval::{Frame, Interval};
use crate::exposure::calculus::restriction::Others;
use crate::exposure::calculus::same::Same;
use crate::exposure::calculus::times::{TimeSet, Times};
use crate::exposure::telling::{self, Telling};
use crate::model::{Category, Verb};
use crate::report::access::document::EntryIndex;
use crate::report::canonical::INTEGER_MAX;
use crate::report::code::Code;
use crate::report::instant::Instant;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Copies, each in the form in which its holder has it.
pub(super) fn holdings(found: &[Found<'_>], people: &People<'_>, groups: &Groups, same: &Same) -> Vec<HoldingFact> {
    let keys = Keys::of(groups, same);
    let fact = |found: &Found<'_>, held: &Interval| {
        let Thing::Holding { holder, .. } = held.thing else { return None };
        Some(HoldingFact {
            holder: people.who(holder),
            resource: found.name.to_owned(),
            certain: !held.doubtful,
            start: bound(held.start),
            end: bound(held.end),
            form: keys.form(people.told, held, holder),
            more: Vec::new(),
        })
    };
    let mut all = Vec::new();
    for found in found {
        let sittings = Sittings::of(found, people.told);
        let mut at: HashMap<Sitting, usize> = HashMap::new();
        for held in &found.exposure.holdings {
            let Some(fact) = fact(found, held) else { continue };
            let Some(sitting) = sittings.of_copy(held, fact.form) else {
                all.push(fact);
                continue;
            };
            match at.get(&sitting).map(|at: &usize| &mut all[*at]) {
                Some(known) if HoldingFact::meets(known, &fact) => known.goes_on(fact),
                _ => {
                    at.insert(sitting, all.len());
                    all.push(fact);
                }
            }
        }
    }
    all
}

/// What makes several calls of a model one copy: with one vendor, out of one session, in one form and by one authority, as
/// surely.
type Sitting = (Party, (Party, Option<u64>), bool, Form, Option<Authorised>);

struct Sittings<'a> {
    told: &'a Telling,
    /// Of entries by which vendors were given something, whether that was allowed.
    authorised: HashMap<u64, Authorised>,
}

impl<'a> Sittings<'a> {
    fn of(found: &Found<'_>, told: &'a Telling) -> Self {
        let mut authorised: HashMap<u64, Authorised> = HashMap::new();
        for judged in found.exposure.accesses.iter().filter(|_| !told.of_session.is_empty()) {
            for entry in &found.accesses[judged.access].entries {
                let known = authorised.entry(*entry).or_insert(judged.authorised);
                *known = known.min_authority(judged.authorised);
            }
        }
        Sittings { told, authorised }
    }

    fn of_copy(&self, held: &Interval, form: Form) -> Option<Sitting> {
        let (Thing::Holding { holder, .. }, entry) = (held.thing, held.start.entry?) else { return None };
        let session = self.told.of_session.get(&(entry, holder))?;
        Some((holder, *session, held.doubtful, form, self.authorised.get(&entry).copied()))
    }
}

impl HoldingFact {
    /// Whether the other begins while this one is there.
    fn meets(&self, other: &HoldingFact) -> bool {
        matches!(self.end.known, Known::Open | Known::Unknown) || other.start.earliest <= self.end.latest
    }

    /// It is there until the later of both ends.
    fn goes_on(&mut self, other: HoldingFact) {
        let lasts = |end: &Bound| (matches!(end.known, Known::Open | Known::Unknown), end.latest);
        self.more.extend(other.start.entry);
        if lasts(&other.end) > lasts(&self.end) {
            self.end = other.end;
        }
    }
}

/// Who could use which key, and when: whoever holds it, and whoever is then in a group or uses an account that does.
struct Keys<'a> {
    /// Of each key its holders, members among them.
    of: BTreeMap<u32, BTreeMap<Party, Times>>,
    audience: &'a Audience,
    always: Times,
    same: &'a Same,
}

impl<'a> Keys<'a> {
    fn of(groups: &'a Groups, same: &'a Same) -> Self {
        let frame = groups.frame;
        let always = Times::exactly(TimeSet::span(frame.from, frame.cut_off));
        let mut of: BTreeMap<u32, BTreeMap<Party, Times>> = BTreeMap::new();
        for (key, held) in &groups.keys {
            let holders = of.entry(*key).or_default();
            for (holder, times) in held {
                for (party, member) in groups.audience.reach(*holder, &always) {
                    let known = holders.entry(party).or_default();
                    *known = known.union(&times.as_sets().intersect(&member));
                }
            }
        }
        Keys { of, audience: &groups.audience, always, same }
    }

    /// Data and key together, once, make a holder able to read it until the copy is gone; a key of which nothing is told may
    /// be anybody's only if anybody is told to have one.
    fn form(&self, told: &Telling, held: &Interval, holder: Party) -> Form {
        let protected = held.start.entry.and_then(|entry| told.protected.get(&entry));
        let Some(protected) = protected else { return Form::Readable };
        let copy = held.times().possible;
        // Whoever is in it has the copy too, and whoever was when it came may have taken it along when they left.
        let then = |member: &Times| member.possible.meets(held.start.earliest, held.start.latest);
        let with_them = |member: Times| if then(&member) { self.always.clone() } else { member };
        let holders = self.audience.reach(holder, &self.always).into_iter();
        let holders: Vec<(Party, Times)> = holders.map(|(party, member)| (party, with_them(member))).collect();
        let may_use = |key: &u32| {
            let users = self.of.get(key).into_iter().flatten();
            let mut together = users.flat_map(|(user, times)| {
                let had = holders.iter().filter(|(party, _)| self.may_be(*party, *user));
                had.map(|(_, member)| times.intersect(member).possible.intersect(&copy))
            });
            together.any(|times| !times.is_empty())
        };
        match protected.key {
            // Which key undoes it is not told: whoever holds any may.
            None if self.of.keys().any(&may_use) => Form::Readable,
            Some(key) if may_use(&key) => Form::Readable,
            _ if protected.pseudonymised => Form::Pseudonymised,
            _ => Form::Encrypted,
        }
    }

    fn may_be(&self, holder: Party, user: Party) -> bool {
        match (holder, user) {
            (_, Party::Anyone) => true,
            (Party::Person(one), Party::Person(other)) => self.same.may_be(one, other),
            // One human of whom nothing is known.
            (Party::Unknown(..), user) => user.is_human(),
            (holder, Party::Unknown(..)) => holder.is_human(),
            (holder, user) => holder == user,
        }
    }
}

/// How many people's data it was, of acts that do not list everybody.
#[derive(Default)]
struct Numbers {
    incomplete: bool,
    /// One act does not say how many.
    untold: bool,
    at_least: u64,
    /// More than these acts name.
    more: u64,
}

impl Numbers {
    fn add(&mut self, named: usize, listed: bool, counted: Option<Told>, surely: bool) {
        if listed {
            return;
        }
        self.incomplete = true;
        match counted.filter(|told| !is_absurd(*told)) {
            Some(told) => {
                self.at_least = self.at_least.max(if told.exact && surely { told.count } else { 0 });
                self.more = self.more.saturating_add(told.count.saturating_sub(named as u64));
            }
            None => self.untold = true,
        }
    }

    fn not_listed(&self, named: usize) -> Option<NotListed> {
        let named = named as u64;
        let at_most =
            Some(named.saturating_add(self.more)).filter(|most| !self.untold && (1..=INTEGER_MAX).contains(most));
        self.incomplete.then(|| NotListed { at_least: self.at_least.max(named), at_most })
    }
}

struct Gifts {
    /// By their first entries.
    acts: BTreeSet<u64>,
    first: u64,
    last: u64,
    subjects: BTreeSet<Person>,
    numbers: Numbers,
    categories: BTreeSet<Category>,
    perhaps: BTreeSet<Category>,
}

/// What each recipient was given, over all acts.
pub(super) fn disclosures(found: &[Found<'_>], people: &People<'_>) -> Vec<DisclosureFact> {
    let mut all: BTreeMap<(&str, &Given), Gifts> = BTreeMap::new();
    for found in found {
        for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != calculus::Rung::Tried) {
            let access = &found.accesses[judged.access];
            for given in &access.recipients {
                let gifts = all.entry((found.name, given)).or_insert_with(|| Gifts {
                    acts: BTreeSet::new(),
                    first: u64::MAX,
                    last: 0,
                    subjects: BTreeSet::new(),
                    numbers: Numbers::default(),
                    categories: BTreeSet::new(),
                    perhaps: BTreeSet::new(),
                });
                // What a model was called with is what other acts had.
                let counted = access.delivered.0.filter(|_| access.verb != Verb::ModelInfer);
                let surely = judged.certain && given.certain;
                gifts.numbers.add(access.subjects.len(), access.listed || access.about_nobody, counted, surely);
                gifts.acts.extend(access.entries.first());
                gifts.first = gifts.first.min(access.when.earliest);
                gifts.last = gifts.last.max(access.when.latest);
                gifts.subjects.extend(&access.subjects);
                gifts.categories.extend(&access.categories);
                gifts.perhaps.extend(&access.perhaps_categories);
            }
        }
    }
    let fact = |((resource, given), gifts): ((&str, &Given), Gifts)| DisclosureFact {
        to: people.who(given.to),
        kind: Code(given.kind),
        country: Some(given.country.clone()).filter(|country| !country.is_empty()),
        certain: given.certain,
        resource: resource.to_owned(),
        acts: gifts.acts.len() as u64,
        first: Instant::new(gifts.first),
        last: Instant::new(gifts.last),
        subjects: gifts.subjects.len() as u64,
        not_listed: gifts.numbers.not_listed(gifts.subjects.len()),
        perhaps_categories: gifts.perhaps.difference(&gifts.categories).copied().map(Code).collect(),
        categories: gifts.categories.into_iter().map(Code).collect(),
    };
    all.into_iter().map(fact).collect()
}

/// Deletions and alterations, in the order of the ledger.
pub(super) fn losses(found: &[Found<'_>], people: &People<'_>, frame: Frame, forgotten: &[Forgotten]) -> Vec<LossFact> {
    let told = people.told;
    let in_time = |when: When| when.earliest <= frame.cut_off;
    let fact = |found: &Found<'_>, (loss, authorised): (&telling::Loss, Authorised)| {
        let act = told.acts.get(&loss.index);
        let reports = || std::iter::once(&loss.index).chain(&loss.also).filter_map(|entry| told.acts.get(entry));
        let others = if loss.listed { Others::Nobody } else { Others::Inside };
        let restricted = found.exposure.restrictions.then(&loss.subjects, others, loss.when);
        let entries: Vec<u64> = loss.entries().collect();
        let restored = loss.restored.filter(|(_, when)| in_time(*when));
        let recovery = match (restored, loss.recoverable_until) {
            (Some(_), _) => Recovery::Restored,
            (None, Some(until)) if until > frame.cut_off => Recovery::Temporary,
            (None, Some(_)) => Recovery::Permanent,
            (None, None) => Recovery::Unknown,
        };
        LossFact {
            entry: EntryIndex(loss.index),
            also: loss.also.iter().map(|entry| EntryIndex(*entry)).collect(),
            resource: found.name.to_owned(),
            lost: match loss.lost {
                telling::Lost::Unavailable => Lost::Unavailable,
                telling::Lost::Altered => Lost::Altered,
            },
            when: span(loss.when),
            who: act.and_then(|act| act.chain.first()).map_or(Who::Anyone, |party| people.who(*party)),
            authorisation: authorisation(authorised),
            approval: reports().filter_map(|act| act.approved).max().map(approval),
            policies: policies::of_act(told, entries.iter().copied()),
            instruction: act.map(|act| act.instruction.clone()).filter(|text| !text.is_empty()),
            subjects: loss.subjects.len() as u64,
            listed: loss.listed,
            not_listed: {
                let mut numbers = Numbers::default();
                numbers.add(loss.subjects.len(), loss.listed, loss.counted.0, true);
                numbers.not_listed(loss.subjects.len())
            },
            records: loss.counted.1.map(count_fact),
            after_restriction: if loss.despite_restriction { 0 } else { restricted.len() as u64 },
            after_restriction_of_erased: !loss.despite_restriction
                && touches(told, forgotten, &entries, loss.listed, loss.when),
            recovery,
            recoverable_until: loss.recoverable_until.map(Instant::new),
            restored_by: restored.map(|(entry, _)| EntryIndex(entry)),
        }
    };
    let mut all = Vec::new();
    for found in found {
        let of_it = told
            .losses
            .iter()
            .filter(|loss| loss.resource == found.resource)
            .zip(found.exposure.losses.iter().copied());
        let of_it = of_it.filter(|(loss, _)| in_time(loss.when));
        all.extend(of_it.map(|loss| fact(found, loss)));
    }
    all
}
