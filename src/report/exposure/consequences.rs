//! What came of it: copies and in what form, recipients, and what was lost.

use super::document::*;
use super::facts::{Found, People, approval, authorisation, bound, span};
use crate::exposure::calculus::exposure as calculus;
use crate::exposure::calculus::fact::{Authorised, Given, Party, Person, Thing, When};
use crate::exposure::calculus::interval::{self, Frame, Interval};
use crate::exposure::telling::{self, Telling};
use crate::model::Category;
use crate::report::access::document::EntryIndex;
use crate::report::code::Code;
use crate::report::instant::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// Copies, each in the form in which its holder has it.
pub(super) fn holdings(found: &[Found<'_>], people: &People<'_>, frame: Frame) -> Vec<HoldingFact> {
    let keys = keys(people.told, frame);
    let fact = |found: &Found<'_>, held: &Interval| {
        let Thing::Holding { holder, .. } = held.thing else { return None };
        Some(HoldingFact {
            holder: people.who(holder),
            resource: found.name.to_owned(),
            start: bound(held.start),
            end: bound(held.end),
            form: form(people.told, held, holder, &keys),
        })
    };
    let all = found.iter().flat_map(|found| found.exposure.holdings.iter().map(move |held| (found, held)));
    all.filter_map(|(found, held)| fact(found, held)).collect()
}

/// Who could use which key, and when.
fn keys(told: &Telling, frame: Frame) -> BTreeMap<(Party, u32), Vec<Interval>> {
    let of_keys = told.edges.iter().filter(|edge| edge.thing.is_none_or(|thing| matches!(thing, Thing::Key { .. })));
    let edges: Vec<_> = of_keys.cloned().collect();
    let (intervals, _) = interval::intervals(&edges, frame, &|_| 0);
    let mut keys: BTreeMap<(Party, u32), Vec<Interval>> = BTreeMap::new();
    for interval in intervals {
        if let Thing::Key { holder, key } = interval.thing {
            keys.entry((holder, key)).or_default().push(interval);
        }
    }
    keys
}

/// Data and key together, once, make a holder able to read it until the copy is gone; a key of which nothing is told may be
/// anybody's only if anybody is told to have one.
fn form(told: &Telling, held: &Interval, holder: Party, keys: &BTreeMap<(Party, u32), Vec<Interval>>) -> Form {
    let protected = held.start.entry.and_then(|entry| told.protected.get(&entry));
    let Some(protected) = protected else { return Form::Readable };
    let copy = held.times().possible;
    let may_use = |key: u32| {
        let of_holder = [holder, Party::Anyone].into_iter().filter_map(|party| keys.get(&(party, key)));
        of_holder.flatten().any(|interval| !interval.times().possible.intersect(&copy).is_empty())
    };
    match protected.key {
        // Which key undoes it is not told: whoever holds any may.
        None if keys.keys().any(|(party, _)| *party == holder) => Form::Readable,
        Some(key) if may_use(key) => Form::Readable,
        _ if protected.pseudonymised => Form::Pseudonymised,
        _ => Form::Encrypted,
    }
}

struct Gifts {
    acts: u64,
    first: u64,
    last: u64,
    subjects: BTreeSet<Person>,
    categories: BTreeSet<Category>,
}

/// What each recipient was given, over all acts.
pub(super) fn disclosures(found: &[Found<'_>], people: &People<'_>) -> Vec<DisclosureFact> {
    let mut all: BTreeMap<(&str, &Given), Gifts> = BTreeMap::new();
    for found in found {
        for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != calculus::Rung::Tried) {
            let access = &found.accesses[judged.access];
            for given in &access.recipients {
                let gifts = all.entry((found.name, given)).or_insert_with(|| Gifts {
                    acts: 0,
                    first: u64::MAX,
                    last: 0,
                    subjects: BTreeSet::new(),
                    categories: BTreeSet::new(),
                });
                gifts.acts += 1;
                gifts.first = gifts.first.min(access.when.earliest);
                gifts.last = gifts.last.max(access.when.latest);
                gifts.subjects.extend(&access.subjects);
                gifts.categories.extend(&access.categories);
            }
        }
    }
    let fact = |((resource, given), gifts): ((&str, &Given), Gifts)| DisclosureFact {
        to: people.who(given.to),
        kind: Code(given.kind),
        country: Some(given.country.clone()).filter(|country| !country.is_empty()),
        resource: resource.to_owned(),
        acts: gifts.acts,
        first: Instant::new(gifts.first),
        last: Instant::new(gifts.last),
        subjects: gifts.subjects.len() as u64,
        categories: gifts.categories.into_iter().map(Code).collect(),
    };
    all.into_iter().map(fact).collect()
}

/// Deletions and alterations, in the order of the ledger.
pub(super) fn losses(found: &[Found<'_>], people: &People<'_>, frame: Frame) -> Vec<LossFact> {
    let told = people.told;
    let in_time = |when: When| when.earliest <= frame.cut_off;
    let fact = |found: &Found<'_>, loss: &telling::Loss| {
        let act = told.acts.get(&loss.index);
        let restored = loss.restored.filter(|(_, when)| in_time(*when));
        let recovery = match (restored, loss.recoverable_until) {
            (Some(_), _) => Recovery::Restored,
            (None, Some(until)) if until > frame.cut_off => Recovery::Temporary,
            (None, Some(_)) => Recovery::Permanent,
            (None, None) => Recovery::Unknown,
        };
        LossFact {
            entry: EntryIndex(loss.index),
            resource: found.name.to_owned(),
            lost: match loss.lost {
                telling::Lost::Unavailable => Lost::Unavailable,
                telling::Lost::Altered => Lost::Altered,
            },
            when: span(loss.when),
            who: act.and_then(|act| act.chain.first()).map_or(Who::Anyone, |party| people.who(*party)),
            authorisation: authorisation(act.map_or(Authorised::NotAssessed, |act| act.authorised)),
            approval: act.and_then(|act| act.approved).map(approval),
            instruction: act.map(|act| act.instruction.clone()).filter(|text| !text.is_empty()),
            subjects: loss.subjects.len() as u64,
            listed: loss.listed,
            recovery,
            recoverable_until: loss.recoverable_until.map(Instant::new),
            restored_by: restored.map(|(entry, _)| EntryIndex(entry)),
        }
    };
    let mut all = Vec::new();
    for found in found {
        let of_it = told.losses.iter().filter(|loss| loss.resource == found.resource && in_time(loss.when));
        all.extend(of_it.map(|loss| fact(found, loss)));
    }
    all
}
