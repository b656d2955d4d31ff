//! What a resource held, and when, as far as it was told and shown.

use super::fact::{Access, Person, Resource, Thing};
use super::interval::Interval;
use super::joined::Joined;
use super::times::{Instant, TimeSet, Times};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::vocabulary::Category;

/// What the resource held, and when.
pub struct Content {
    pub any: Times,
    pub of: BTreeMap<Person, (Times, BTreeSet<Category>)>,
    /// When something came in, with the time it stayed.
    items: BTreeMap<Bounds, Times>,
    /// The same of each person, where whoever joins later sees only what comes later.
    items_of: BTreeMap<Person, BTreeMap<Bounds, Times>>,
    /// All that is told to have been inside, of whomever; absent where that is not told of something.
    pub categories: Option<BTreeSet<Category>>,
    /// By the categories that were told of it: what surely was inside, and had no others.
    surely: BTreeMap<BTreeSet<Category>, Surely>,
    /// Somebody said what was inside.
    pub told: bool,
    /// Somebody said that something was inside, and not whose.
    pub nameless: bool,
}

#[derive(Default)]
struct Surely {
    any: TimeSet,
    of: BTreeMap<Person, TimeSet>,
}

/// Earliest and latest instant at which something came in.
pub type Bounds = (Instant, Instant);

impl Content {
    pub fn of(intervals: &[Interval], of: Resource, hides_history: bool, always: &Times) -> Content {
        let mut content = Content {
            any: Times::never(),
            of: BTreeMap::new(),
            items: BTreeMap::new(),
            items_of: BTreeMap::new(),
            categories: Some(BTreeSet::new()),
            surely: BTreeMap::new(),
            told: false,
            nameless: false,
        };
        let (mut all, mut surely) = (Vec::new(), BTreeMap::<BTreeSet<Category>, Vec<TimeSet>>::new());
        for interval in intervals {
            let Thing::Content { resource, subject } = interval.thing else { continue };
            if resource != of {
                continue;
            }
            content.told = true;
            let times = interval.times();
            all.push(times.clone());
            if !interval.categories.is_empty() {
                surely.entry(interval.categories.clone()).or_default().push(times.certain.clone());
                let told = content.surely.entry(interval.categories.clone()).or_default();
                if let Some(subject) = subject {
                    let known = told.of.entry(subject).or_default();
                    *known = known.union(&times.certain);
                }
            }
            content.categories = content.categories.filter(|_| !interval.categories.is_empty());
            content.categories.iter_mut().for_each(|known| known.extend(&interval.categories));
            let bounds = (interval.start.earliest, interval.start.latest);
            let own = subject.filter(|_| hides_history).map(|subject| content.items_of.entry(subject).or_default());
            for items in own.into_iter().chain([&mut content.items]) {
                let item = items.entry(bounds).or_default();
                *item = item.union(&times);
            }
            match subject {
                Some(subject) => {
                    let (known, categories) = content.of.entry(subject).or_default();
                    *known = known.union(&times);
                    categories.extend(&interval.categories);
                }
                None => content.nameless = true,
            }
        }
        for (categories, times) in surely {
            content.surely.entry(categories).or_default().any = TimeSet::all(&times);
        }
        // Nobody said what was inside: anything may have been, at any time.
        content.categories = content.categories.filter(|_| content.told);
        content.any = if content.told { Times::all(&all) } else { always.clone() };
        content
    }

    /// When anything surely was inside that had no other categories than these.
    pub fn surely_within(&self, categories: &BTreeSet<Category>) -> TimeSet {
        TimeSet::all(self.within(categories).map(|told| &told.any))
    }

    /// The same of one person's data.
    pub fn surely_of(&self, person: Person, categories: &BTreeSet<Category>) -> TimeSet {
        TimeSet::all(self.within(categories).filter_map(|told| told.of.get(&person)))
    }

    fn within(&self, categories: &BTreeSet<Category>) -> impl Iterator<Item = &Surely> {
        self.surely.iter().filter(|(told, _)| told.is_subset(categories)).map(|(_, told)| told)
    }

    /// What came back was inside. Answers whether that was not on file.
    pub fn witness(&mut self, access: &Access, always: &Times) -> bool {
        let mut found = self.witness_somebody(access, always);
        for subject in access.subjects.iter().filter(|_| !access.only_gives) {
            let (times, _) = self.of.entry(*subject).or_default();
            // At the instant of an end, or at the cut-off, it may still have been.
            if times.possible.meets(access.when.earliest.saturating_sub(1), access.when.latest) {
                continue;
            }
            // It came in and went at times that nobody told: any in which nothing is told of it.
            let around = around(access, &times.possible, always);
            times.possible = times.possible.union(&around);
            self.any.possible = self.any.possible.union(&around);
            // Where nobody said what was inside, nothing contradicts it.
            found |= self.told;
            self.nameless = true;
            self.categories = None;
        }
        found
    }

    /// What came back of people whom it does not name was inside, whoever they are.
    fn witness_somebody(&mut self, access: &Access, always: &Times) -> bool {
        let (people, records) = access.delivered;
        let nothing = people.into_iter().chain(records).any(|told| told.exact && told.count == 0);
        let names_nobody = access.subjects.is_empty() && !access.only_gives && !nothing;
        if !names_nobody || self.any.possible.meets(access.when.earliest.saturating_sub(1), access.when.latest) {
            return false;
        }
        let around = around(access, &self.any.possible, always);
        self.any.possible = self.any.possible.union(&around);
        self.nameless = true;
        self.categories = None;
        true
    }

    /// For somebody who sees only what came in while they were there.
    pub fn seen_by_joiner(&self, joined: &Joined) -> Times {
        match self.items.is_empty() {
            true => joined.seen_if_ever(&self.any),
            false => joined.seen(&self.items),
        }
    }

    /// The same of what an act got: all whose data it was have to have come in while they were there.
    pub fn seen_by(&self, access: &Access, joined: &Joined) -> Times {
        let seen = |subject| match self.items_of.get(subject) {
            Some(items) => joined.seen(items),
            // When it came in nobody told.
            None => joined.seen_if_ever(&joined.granted),
        };
        let all = access.subjects.iter().map(seen);
        all.reduce(|all, seen| all.intersect(&seen)).unwrap_or_else(|| self.seen_by_joiner(joined))
    }
}

/// The times around an act of which nothing is told.
fn around(access: &Access, told: &TimeSet, always: &Times) -> TimeSet {
    let untold = always.possible.without(told);
    let at = access.when.earliest;
    let around = untold.spans().iter().filter(|(start, end)| *start <= access.when.latest && at <= *end);
    TimeSet::of(around.copied().collect())
}
