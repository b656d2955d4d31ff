//! Which closings may have ended an opening, without looking at each of them: a session may be opened and closed thousands
//! of times under one reference.

use super::fact::{Edge, Side, Thing};
use super::times::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// When something came, and by which entry: at one instant in the order of the ledger.
type Place = (Instant, u64);

/// What ended an opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// It may have ended then.
    pub perhaps: Option<Instant>,
    /// The same by one that may never have been, or that somebody contests.
    pub doubtful: Option<Instant>,
    /// By then it surely had, by which entry.
    pub surely: Option<(Instant, u64)>,
    /// A closing with its reference that was recorded since claims to lie before it: then, at the earliest.
    pub before: Option<Instant>,
}

/// All closings, and the openings that share their references.
///
/// A closing without a reference that names somebody by one identifier ends for sure what was opened under that one, or under
/// none of those that are told; what was opened under another one of theirs it ends perhaps.
pub struct Closings {
    by_reference: BTreeMap<u64, Own>,
    by_thing: BTreeMap<(Thing, Option<u32>), Whole>,
    /// Things that were opened for one person under several identifiers.
    several: BTreeMap<Thing, BTreeSet<u32>>,
}

/// Closings with one reference.
#[derive(Default)]
struct Own {
    closings: Ordered,
    /// The two first openings with this reference that stand in different entries.
    first: Option<Place>,
    second: Option<Place>,
    things: BTreeSet<Option<Thing>>,
    used: bool,
}

/// Closings of one thing without a reference: they end whatever is open.
#[derive(Default)]
struct Whole {
    closings: Ordered,
    /// Those that surely happened, by their earliest instants; with each the best of it and all after it, by latest instant.
    sure: Vec<(Place, Place)>,
    /// Of `closings` those from here on ended something.
    used_from: Option<usize>,
}

/// Closings by their latest instants.
#[derive(Default)]
struct Ordered {
    all: Vec<Closing>,
    /// The least of the earliest instants of those before each place, and of those from it on.
    least_before: Vec<Instant>,
    least_from: Vec<Instant>,
    /// The same of those that may never have been.
    doubtful_before: Vec<Instant>,
    doubtful_from: Vec<Instant>,
    /// How many of them there are before each place.
    doubtful: Vec<usize>,
    /// The first that surely happened, from each place on.
    sure_from: Vec<Option<usize>>,
    /// When the last of those before each place was recorded, and of those that surely happened, by which entry.
    last_before: Vec<Instant>,
    last_sure_before: Vec<Option<Place>>,
}

struct Closing {
    latest: Place,
    earliest: Instant,
    recorded_at: Instant,
    sure: bool,
    /// Position among the edges.
    edge: usize,
}

impl Closings {
    pub fn of(edges: &[Edge]) -> Self {
        let several = opened_as(edges);
        let mut closings = Closings { by_reference: BTreeMap::new(), by_thing: BTreeMap::new(), several };
        for (position, edge) in edges.iter().enumerate().filter(|(_, edge)| edge.side == Side::Closes) {
            let closing = |sure: bool| Closing {
                latest: (edge.when.latest, edge.index),
                earliest: edge.when.earliest,
                recorded_at: edge.recorded_at,
                sure: sure && !edge.doubtful,
                edge: position,
            };
            match (edge.reference, edge.thing) {
                (Some(reference), _) => {
                    closings.by_reference.entry(reference).or_default().closings.all.push(closing(true));
                }
                (None, Some(thing)) => {
                    let opened = closings.several.get(&thing);
                    let known = edge.told_as.filter(|told| opened.is_some_and(|opened| opened.contains(told)));
                    let others = opened.into_iter().flatten().copied().map(Some);
                    for opened in others.chain([None]) {
                        let whole = closings.by_thing.entry((thing, opened)).or_default();
                        whole.closings.all.push(closing(known.is_none() || known == opened));
                    }
                }
                (None, None) => {}
            }
        }
        for edge in edges.iter().filter(|edge| edge.side == Side::Opens) {
            let own = edge.reference.and_then(|reference| closings.by_reference.get_mut(&reference));
            if let Some(own) = own {
                own.opens((edge.when.earliest, edge.index));
                own.things.insert(edge.thing);
            }
        }
        closings.by_reference.values_mut().for_each(|own| own.closings.order());
        closings.by_thing.values_mut().for_each(Whole::order);
        closings
    }

    /// What ended this opening of a thing, which may go on for as long as `lag` after it was closed.
    pub fn of_opening(&mut self, edge: &Edge, thing: Thing, lag: u64) -> Ended {
        let own = edge.reference.and_then(|reference| self.by_reference.get_mut(&reference));
        let own = own.map(|own| own.ended(edge, thing)).unwrap_or_default();
        let opened = edge.told_as.filter(|_| self.several.contains_key(&thing));
        let whole = self.by_thing.get_mut(&(thing, opened)).map(|whole| whole.ended(edge)).unwrap_or_default();
        let earliest = |one: Option<Instant>, other: Option<Instant>| one.into_iter().chain(other).min();
        // What carries the reference came after what it ends, whatever the clocks say, unless it was on record before that.
        let own_surely = own.surely.map(|(at, entry)| (at.max(edge.when.latest), at, entry));
        let whole_surely = whole.surely.map(|(at, entry)| (at, at, entry));
        let surely = own_surely.into_iter().chain(whole_surely).min();
        Ended {
            perhaps: earliest(own.perhaps, whole.perhaps).map(|at| at.max(edge.when.earliest)),
            doubtful: earliest(own.doubtful, whole.doubtful)
                .filter(|at| *at != Instant::MAX)
                .map(|at| at.max(edge.when.earliest)),
            surely: surely.map(|(at, _, entry)| (at.saturating_add(lag), entry)),
            before: own.before,
        }
    }

    /// Which edges are closings that ended something, by position.
    pub fn used(&self, edges: usize) -> Vec<bool> {
        let mut used = vec![false; edges];
        let own = self.by_reference.values().filter(|own| own.used).flat_map(Own::ending);
        let ended = |whole: &Whole| whole.used_from.unwrap_or(whole.closings.all.len());
        let whole = self.by_thing.values().flat_map(|whole| &whole.closings.all[ended(whole)..]);
        for closing in own.chain(whole) {
            used[closing.edge] = true;
        }
        used
    }
}

/// Under which identifiers things of one person were opened, where these are several.
fn opened_as(edges: &[Edge]) -> BTreeMap<Thing, BTreeSet<u32>> {
    let mut opened: BTreeMap<Thing, BTreeSet<u32>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.side == Side::Opens) {
        if let Some((thing, told)) = edge.thing.zip(edge.told_as) {
            opened.entry(thing).or_default().insert(told);
        }
    }
    opened.retain(|_, told| told.len() > 1);
    opened
}

impl Own {
    fn opens(&mut self, place: Place) {
        match (self.first, self.second) {
            (None, _) => self.first = Some(place),
            (Some(first), _) if first.1 == place.1 => self.first = Some(first.min(place)),
            (Some(first), _) if place < first => (self.first, self.second) = (Some(place), Some(first)),
            (_, Some(second)) if second <= place => {}
            _ => self.second = Some(place),
        }
    }

    /// All but those that were on record before anything began.
    fn ending(&self) -> impl Iterator<Item = &Closing> {
        let began = self.first.map_or(0, |(at, _)| at);
        let after = move |closing: &&Closing| closing.latest.0 >= began || closing.recorded_at >= began;
        self.closings.all.iter().filter(after)
    }

    fn ended(&mut self, edge: &Edge, thing: Thing) -> Ended {
        self.used = true;
        let opened = (edge.when.earliest, edge.index);
        // A reference that is used again: whatever lies between another opening and this one ended the other.
        let other = [self.first, self.second].into_iter().flatten().find(|(_, entry)| *entry != edge.index);
        let all = &self.closings;
        let earlier = all.latest_before(edge.when.earliest);
        // Those before the one place and those from the other on; of them the ones that claim to lie before it.
        let (until, from, before) = match other {
            Some(other) if other < opened => {
                let until = all.place_after(other);
                (until, all.place_of(opened), until.min(earlier))
            }
            _ => (earlier, earlier, earlier),
        };
        // Those that were on record by then ended something else.
        let contradict = before > 0 && all.last_before.get(before).is_some_and(|last| *last >= edge.when.earliest);
        let least = |before_each: &[Instant], from_each: &[Instant], at_once: bool| {
            let both = [
                before_each.get(before).copied().filter(|_| contradict),
                at_once.then_some(edge.when.earliest),
                from_each.get(from).copied(),
            ];
            both.into_iter().flatten().min()
        };
        let doubtful_at_once = all.doubtful.get(before) < all.doubtful.get(until);
        // Where openings of several things carry the reference, it does not say which one ended.
        let of_one_thing = self.things.len() == 1 && self.things.contains(&Some(thing));
        let sure = || {
            // All of them had happened when the last one was recorded.
            let told = all.last_sure_before.get(before).copied().flatten();
            let told = told.filter(|(recorded_at, _)| *recorded_at >= edge.when.earliest);
            let at_once = all.sure_from.get(before).copied().flatten().filter(|at| *at < until);
            let later = || all.sure_from.get(from).copied().flatten();
            let claimed = at_once.or_else(later).map(|at| all.all[at].latest);
            told.into_iter().chain(claimed).min()
        };
        Ended {
            perhaps: least(&all.least_before, &all.least_from, before < until),
            doubtful: least(&all.doubtful_before, &all.doubtful_from, doubtful_at_once),
            surely: of_one_thing.then(sure).flatten(),
            before: all.least_before.get(before).copied().filter(|_| contradict),
        }
    }
}

impl Whole {
    fn order(&mut self) {
        self.closings.order();
        let sure = self.closings.all.iter().filter(|closing| closing.sure);
        self.sure = sure.map(|closing| ((closing.earliest, closing.latest.1), closing.latest)).collect();
        self.sure.sort_unstable();
        let mut best = None;
        for (_, latest) in self.sure.iter_mut().rev() {
            *latest = best.map_or(*latest, |best: Place| best.min(*latest));
            best = Some(*latest);
        }
    }

    fn ended(&mut self, edge: &Edge) -> Ended {
        let from = self.closings.place_after((edge.when.earliest, edge.index));
        self.used_from = Some(self.used_from.map_or(from, |used| used.min(from)));
        let surely = self.sure.partition_point(|(earliest, _)| *earliest <= (edge.when.latest, edge.index));
        Ended {
            perhaps: self.closings.least_from.get(from).copied(),
            doubtful: self.closings.doubtful_from.get(from).copied(),
            surely: self.sure.get(surely).map(|(_, latest)| *latest),
            before: None,
        }
    }
}

impl Ordered {
    fn order(&mut self) {
        self.all.sort_by_key(|closing| (closing.latest, closing.edge));
        let doubtful = |closing: &Closing| if closing.sure { Instant::MAX } else { closing.earliest };
        let least = |of: &dyn Fn(&Closing) -> Instant| -> (Vec<Instant>, Vec<Instant>) {
            let next = |least: &mut Instant, closing: &Closing| {
                *least = (*least).min(of(closing));
                Some(*least)
            };
            let before = std::iter::once(Instant::MAX).chain(self.all.iter().scan(Instant::MAX, next)).collect();
            let mut from: Vec<Instant> = self.all.iter().rev().scan(Instant::MAX, next).collect();
            from.reverse();
            (before, from)
        };
        let all = least(&|closing| closing.earliest);
        let perhaps = least(&doubtful);
        (self.least_before, self.least_from) = all;
        (self.doubtful_before, self.doubtful_from) = perhaps;
        let (mut doubtful, mut last, mut last_sure) = (0, 0, None);
        for closing in &self.all {
            self.doubtful.push(doubtful);
            self.last_before.push(last);
            self.last_sure_before.push(last_sure);
            doubtful += usize::from(!closing.sure);
            last = last.max(closing.recorded_at);
            last_sure = last_sure.max(closing.sure.then_some((closing.recorded_at, closing.latest.1)));
        }
        self.doubtful.push(doubtful);
        self.last_before.push(last);
        self.last_sure_before.push(last_sure);
        self.sure_from = vec![None; self.all.len()];
        let mut sure = None;
        for (at, closing) in self.all.iter().enumerate().rev() {
            sure = if closing.sure { Some(at) } else { sure };
            self.sure_from[at] = sure;
        }
    }

    /// The first that is not before a place.
    fn place_of(&self, place: Place) -> usize {
        self.all.partition_point(|closing| closing.latest < place)
    }

    fn place_after(&self, place: Place) -> usize {
        self.all.partition_point(|closing| closing.latest <= place)
    }

    fn latest_before(&self, at: Instant) -> usize {
        self.all.partition_point(|closing| closing.latest.0 < at)
    }
}
