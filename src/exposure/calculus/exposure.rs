//! Who could see what a resource held, who did, and for how long: `could_see = ⋃ grant ∩ membership ∩ content ∩ active`.
//!
//! Three rungs are told apart throughout (REPORTS 2.1): could see, was given, did see. What is doubtful widens the upper
//! figure and never the lower one.

use super::audience::{Audience, Members};
use super::fact::{Access, Authorised, Edge, Party, Person, Resource, Thing};
use super::interval::{Bound, Frame, Interval, Known, Oddity, intervals};
use super::times::{Instant, TimeSet, Times};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::vocabulary::{Category, Outcome, PartyKind, Verb};

/// What the registry says of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// How long a permission that was taken away may go on working, microseconds.
    pub permission_cache_us: u64,
    /// Whoever joins later does not see what was there before.
    pub hides_history: bool,
}

/// Everything that is known of one resource, as of one size of the ledger.
pub struct Told<'a> {
    pub resource: Resource,
    pub edges: &'a [Edge],
    /// Of this resource.
    pub accesses: &'a [Access],
    pub manner: Manner,
    pub frame: Frame,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// When what the resource held was open to anybody at all.
    pub windows: Vec<Window>,
    pub open: Times,
    /// The part of it that was open over ways that nobody was allowed to open.
    pub unauthorised: Times,
    pub paths: Vec<Path>,
    pub viewers: BTreeMap<Party, Viewer>,
    /// Whose data was inside, as far as it was told.
    pub subjects: BTreeMap<Person, Inside>,
    /// `subjects` is everybody.
    pub determined: bool,
    /// Open to whoever has the link, or to the public: not countable.
    pub to_anyone: Times,
    /// Somebody could see it who cannot be counted: whoever has the link, or a group of whom nobody is on file.
    pub uncountable: bool,
    pub accesses: Vec<Judged>,
    /// Copies that somebody got of it.
    pub holdings: Vec<Interval>,
    /// What is odd, with the entry that it was told by.
    pub oddities: BTreeSet<(Oddity, Option<u64>)>,
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    pub audience: Party,
    pub start: Bound,
    pub end: Bound,
    pub authorised: Authorised,
}

/// A time without interruption in which it was possibly open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub start: Bound,
    pub end: Bound,
    /// How much of it it was surely open, microseconds.
    pub certain_us: u64,
}

/// Somebody who could see, or did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Viewer {
    pub could: Times,
    /// Over ways that nobody was allowed to open, and over no other.
    pub excess: Times,
    /// Positions in `paths`.
    pub paths: BTreeSet<usize>,
    /// Accounts or groups over which it is this party; empty where a grant names it.
    pub over: BTreeSet<Party>,
    /// Positions in `accesses`.
    pub did: BTreeSet<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inside {
    /// When this person's data was inside while anybody could see it.
    pub open: Times,
    pub categories: BTreeSet<Category>,
}

/// An access, and what it was by the ways that were open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Position in what was told.
    pub access: usize,
    pub rung: Rung,
    pub authorised: Authorised,
    /// Whether data surely came back.
    pub certain: bool,
}

/// The ladder of REPORTS 2.1, as far as one act shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rung {
    /// It was tried, and nothing came back.
    Tried,
    /// Data left for somebody who is not known to have looked.
    Given,
    /// An agent or a service had it before it.
    Processed,
    /// A human was shown it.
    Seen,
}

impl Exposure {
    pub fn of(told: &Told<'_>) -> Exposure {
        let always = Times::exactly(TimeSet::span(told.frame.from, told.frame.cut_off));
        let lag = |thing: &Thing| match thing {
            Thing::Grant { .. } | Thing::Membership { .. } => told.manner.permission_cache_us,
            _ => 0,
        };
        let (mut intervals, unmatched) = intervals(told.edges, told.frame, &lag);
        let audience = Audience::of(&intervals);
        let mut oddities: BTreeSet<_> = unmatched.into_iter().map(|i| (Oddity::ClosesNothing, Some(i))).collect();
        let content = Content::of(&intervals, told, &always);
        let grants: Vec<usize> = positions(&intervals, told.resource);
        let reaches: Vec<Members> = grants
            .iter()
            .map(|grant| match intervals[*grant].thing {
                Thing::Grant { audience: party, .. } => audience.reach(party, &always),
                _ => Members::new(),
            })
            .collect();
        for access in told.accesses.iter().filter(|access| is_success(access)) {
            expire(&mut intervals, &grants, &reaches, access, told.frame);
        }
        oddities.extend(intervals.iter().flat_map(|interval| {
            let entry = interval.start.entry.or(interval.end.entry);
            interval.oddities.iter().map(move |oddity| (*oddity, entry))
        }));
        if !audience.circular().is_empty() {
            oddities.insert((Oddity::GroupInsideItself, None));
        }
        let mut exposure = Exposure {
            windows: Vec::new(),
            open: Times::never(),
            unauthorised: Times::never(),
            paths: Vec::new(),
            viewers: BTreeMap::new(),
            subjects: BTreeMap::new(),
            determined: content.told && !content.nameless,
            to_anyone: Times::never(),
            uncountable: false,
            accesses: Vec::new(),
            holdings: held(&intervals, told.resource),
            oddities,
        };
        let mut allowed: BTreeMap<Party, Times> = BTreeMap::new();
        for (grant, reach) in grants.iter().zip(&reaches) {
            exposure.take_path(&intervals[*grant], reach, &content, told.manner, &mut allowed);
        }
        for (position, access) in told.accesses.iter().enumerate() {
            exposure.take_access(position, access, told, &reaches, &content);
        }
        exposure.open_to_all(&mut allowed);
        exposure.uncountable = exposure.viewers.iter().any(|(party, viewer)| {
            let many = match party {
                Party::Anyone => true,
                Party::Named(PartyKind::Group | PartyKind::Organisation, _) => !audience.has_members(*party),
                _ => false,
            };
            many && !viewer.could.is_never()
        });
        for (party, viewer) in &mut exposure.viewers {
            let allowed = allowed.get(party).cloned().unwrap_or_default();
            viewer.excess = viewer.excess.without(&allowed);
        }
        let open = exposure.open.clone();
        for (subject, (times, categories)) in content.of {
            let inside = Inside { open: open.intersect(&times), categories };
            exposure.subjects.insert(subject, inside);
        }
        exposure.windows = exposure.windows_of(&intervals);
        exposure
    }

    fn take_path(
        &mut self,
        interval: &Interval,
        reach: &Members,
        content: &Content,
        manner: Manner,
        allowed: &mut BTreeMap<Party, Times>,
    ) {
        let Thing::Grant { audience, .. } = interval.thing else { return };
        let granted = interval.times();
        let position = self.paths.len();
        let authorised = interval.authorised;
        self.paths.push(Path { audience, start: interval.start, end: interval.end, authorised });
        let mut reached = Times::never();
        for (party, member) in reach {
            let could = if manner.hides_history && *party != audience {
                content.seen_by_joiner(&granted, member)
            } else {
                granted.intersect(member).intersect(&content.any)
            };
            if could.is_never() {
                continue;
            }
            if *party == audience || !party.has_members() {
                reached = reached.union(&could);
            }
            let viewer = self.viewers.entry(*party).or_default();
            viewer.could = viewer.could.union(&could);
            viewer.paths.insert(position);
            if *party != audience {
                viewer.over.insert(audience);
            }
            if authorised == Authorised::No {
                viewer.excess = viewer.excess.union(&could);
            } else {
                let times = allowed.entry(*party).or_default();
                *times = times.union(&could);
            }
            if *party == Party::Anyone {
                self.to_anyone = self.to_anyone.union(&could);
            }
        }
        self.open = self.open.union(&reached);
        if authorised == Authorised::No {
            self.unauthorised = self.unauthorised.union(&reached);
        }
    }

    fn take_access(
        &mut self,
        position: usize,
        access: &Access,
        told: &Told<'_>,
        reaches: &[Members],
        content: &Content,
    ) {
        let success = is_success(access);
        let rung = rung(access);
        let judged = self.accesses.len();
        let Some(actor) = access.chain.first().copied() else { return };
        let mut authorised = access.authorised;
        if success {
            // Whoever acted did so over a way of their own, or of one on whose behalf they acted.
            let (from, until) = (access.when.earliest, access.when.latest);
            let ways: Vec<Party> = access.chain.iter().copied().chain([Party::Anyone]).collect();
            let open = |times: &TimeSet| times.meets(from, until);
            let way =
                ways.iter().find(|party| self.viewers.get(party).is_some_and(|v| open(&v.could.possible))).copied();
            let entry = access.entries.first().copied();
            match way {
                Some(way) => {
                    authorised = worse(authorised, self.judge_way(way, access));
                    self.raise(way, from, until, reaches, content);
                }
                None => {
                    let viewer = self.viewers.entry(actor).or_default();
                    // It proves that there was a way at that instant; when it opened and closed is not known.
                    let closed = ways
                        .iter()
                        .any(|party| *party != Party::Anyone && !viewer_paths(&self.paths, party).is_empty());
                    let ended = viewer.could.possible.spans().last().map(|(_, end)| *end).filter(|end| *end <= from);
                    let since = ended.unwrap_or(told.frame.from);
                    let oddity = if ended.is_some() || closed { Oddity::PathWasClosed } else { Oddity::NoPathOnFile };
                    self.oddities.insert((oddity, entry));
                    let unknown = TimeSet::span(since, told.frame.cut_off);
                    viewer.could.possible = viewer.could.possible.union(&unknown);
                    self.open.possible = self.open.possible.union(&unknown);
                    if oddity == Oddity::PathWasClosed {
                        authorised = worse(authorised, Authorised::No);
                    } else if authorised == Authorised::Yes {
                        authorised = Authorised::NotAssessed;
                    }
                }
            }
            for party in &access.shown_to {
                self.viewers.entry(*party).or_default().did.insert(judged);
            }
        }
        self.viewers.entry(actor).or_default().did.insert(judged);
        let certain = matches!(access.outcome, Outcome::Succeeded | Outcome::Partial);
        self.accesses.push(Judged { access: position, rung, authorised, certain });
    }

    /// Whether the ways that were open to this party at that time had been opened by somebody who was allowed to.
    fn judge_way(&self, party: Party, access: &Access) -> Authorised {
        let (from, until) = (access.when.earliest, access.when.latest);
        let Some(viewer) = self.viewers.get(&party) else { return Authorised::NotAssessed };
        let at = |position: &&usize| {
            let path = &self.paths[**position];
            path.start.earliest <= until && from < path.end.latest
        };
        let open: Vec<Authorised> = viewer.paths.iter().filter(at).map(|path| self.paths[*path].authorised).collect();
        let surely = viewer.could.certain.covers(from, until);
        match open.iter().min() {
            Some(Authorised::No) => Authorised::No,
            Some(Authorised::Yes) if surely => Authorised::Yes,
            // What straddles a boundary is never called authorised.
            _ => Authorised::NotAssessed,
        }
    }

    /// What is open to anybody is open to everybody who is named here.
    fn open_to_all(&mut self, allowed: &mut BTreeMap<Party, Times>) {
        let Some(anyone) = self.viewers.get(&Party::Anyone).cloned() else { return };
        let allowed_to_anyone = allowed.get(&Party::Anyone).cloned().unwrap_or_default();
        for (party, viewer) in &mut self.viewers {
            let counts = !matches!(party, Party::Anyone | Party::Named(PartyKind::Group | PartyKind::Organisation, _));
            if counts && !anyone.could.is_never() {
                viewer.could = viewer.could.union(&anyone.could);
                viewer.excess = viewer.excess.union(&anyone.excess);
                viewer.paths.extend(&anyone.paths);
                viewer.over.insert(Party::Anyone);
                let times = allowed.entry(*party).or_default();
                *times = times.union(&allowed_to_anyone);
            }
        }
    }

    /// A success over a way that no other one explains shows that this way was open until then, for whoever took it.
    fn raise(&mut self, party: Party, from: Instant, until: Instant, reaches: &[Members], content: &Content) {
        let Some(viewer) = self.viewers.get_mut(&party) else { return };
        let meets = |position: &&usize| {
            let path = &self.paths[**position];
            path.start.earliest <= until && from < path.end.latest
        };
        let mut open = viewer.paths.iter().filter(meets);
        let (Some(position), None) = (open.next(), open.next()) else { return };
        let path = &self.paths[*position];
        let Some(member) = reaches[*position].get(&party) else { return };
        let longer = TimeSet::span(path.end.earliest.max(path.start.latest), from);
        let longer = longer.intersect(&member.certain).intersect(&content.any.certain);
        viewer.could.certain = viewer.could.certain.union(&longer.intersect(&viewer.could.possible));
        self.open.certain = self.open.certain.union(&longer.intersect(&self.open.possible));
    }

    fn windows_of(&self, intervals: &[Interval]) -> Vec<Window> {
        // What bounds it is a grant, if one does, and else whatever else begins or ends there.
        let bounds = |end: bool, at: Instant| {
            let of_interval = |interval: &Interval| if end { interval.end } else { interval.start };
            let at_it = |bound: &Bound| at == if end { bound.latest } else { bound.earliest };
            let of = |wanted: fn(&Thing) -> bool| {
                let found = intervals.iter().filter(|interval| wanted(&interval.thing)).map(of_interval).filter(at_it);
                // The least sure of those that say so.
                found.max_by_key(|bound| (bound.known, bound.entry))
            };
            of(|thing| matches!(thing, Thing::Grant { .. })).or_else(|| of(|_| true))
        };
        let window = |(from, until): &(Instant, Instant)| {
            let inside = self.open.certain.intersect(&TimeSet::span(*from, *until));
            let (first, last) = (inside.spans().first(), inside.spans().last());
            let surely_from = first.map_or(*until, |(start, _)| *start);
            let surely_until = last.map_or(*from, |(_, end)| *end);
            let quality = |bound: Option<Bound>, earliest: Instant, latest: Instant| {
                let known = match bound.map(|bound| bound.known) {
                    Some(Known::Exact | Known::Bounded) | None if earliest == latest => Known::Exact,
                    Some(Known::Exact) | None => Known::Bounded,
                    Some(known) => known,
                };
                Bound { earliest, latest, known, entry: bound.and_then(|bound| bound.entry) }
            };
            Window {
                start: quality(bounds(false, *from), *from, surely_from),
                end: quality(bounds(true, *until), surely_until, *until),
                certain_us: inside.measure(),
            }
        };
        self.open.possible.spans().iter().map(window).collect()
    }
}

/// What the resource held, and when.
struct Content {
    any: Times,
    of: BTreeMap<Person, (Times, BTreeSet<Category>)>,
    /// When something came in, with the time it stayed.
    items: BTreeMap<Bounds, Times>,
    /// Somebody said what was inside.
    told: bool,
    /// Somebody said that something was inside, and not whose.
    nameless: bool,
}

/// Earliest and latest instant at which something came in.
type Bounds = (Instant, Instant);

impl Content {
    fn of(intervals: &[Interval], told: &Told<'_>, always: &Times) -> Content {
        let mut content =
            Content { any: Times::never(), of: BTreeMap::new(), items: BTreeMap::new(), told: false, nameless: false };
        for interval in intervals {
            let Thing::Content { resource, subject } = interval.thing else { continue };
            if resource != told.resource {
                continue;
            }
            content.told = true;
            let times = interval.times();
            content.any = content.any.union(&times);
            let item = content.items.entry((interval.start.earliest, interval.start.latest)).or_default();
            *item = item.union(&times);
            match subject {
                Some(subject) => {
                    let (known, categories) = content.of.entry(subject).or_default();
                    *known = known.union(&times);
                    categories.extend(&interval.categories);
                }
                None => content.nameless = true,
            }
        }
        if !content.told {
            // Nobody said what was inside: anything may have been, at any time.
            content.any = always.clone();
        }
        content
    }

    /// For somebody who sees only what came in while they were there.
    fn seen_by_joiner(&self, granted: &Times, member: &Times) -> Times {
        let mut seen = Times::never();
        for ((earliest, latest), times) in &self.items {
            let since = |set: &TimeSet, met: bool| {
                let spans = set.spans().iter().filter(|(start, end)| {
                    if met { start <= latest && earliest < end } else { start <= earliest && latest < end }
                });
                TimeSet::of(spans.copied().collect())
            };
            let there = Times { certain: since(&member.certain, false), possible: since(&member.possible, true) };
            seen = seen.union(&times.intersect(&there));
        }
        if self.items.is_empty() {
            seen = self.any.intersect(member).only_possible();
        }
        seen.intersect(granted)
    }
}

fn positions(intervals: &[Interval], resource: Resource) -> Vec<usize> {
    let of_it = |thing: &Thing| matches!(thing, Thing::Grant { resource: granted, .. } if *granted == resource);
    intervals.iter().enumerate().filter(|(_, interval)| of_it(&interval.thing)).map(|(i, _)| i).collect()
}

fn held(intervals: &[Interval], resource: Resource) -> Vec<Interval> {
    let of_it = |thing: &Thing| matches!(thing, Thing::Holding { resource: held, .. } if *held == resource);
    intervals.iter().filter(|interval| of_it(&interval.thing)).cloned().collect()
}

fn viewer_paths<'a>(paths: &'a [Path], party: &Party) -> Vec<&'a Path> {
    paths.iter().filter(|path| path.audience == *party).collect()
}

/// A success after an end that was only planned, and that no other way explains: the end is unknown, and not before it.
fn expire(intervals: &mut [Interval], grants: &[usize], reaches: &[Members], access: &Access, frame: Frame) {
    let (from, until) = (access.when.earliest, access.when.latest);
    let reaches_it =
        |reach: &Members| access.chain.iter().chain([&Party::Anyone]).any(|party| reach.contains_key(party));
    let own: Vec<usize> =
        grants.iter().zip(reaches).filter(|(_, reach)| reaches_it(reach)).map(|(grant, _)| *grant).collect();
    if own.iter().any(|grant| intervals[*grant].times().possible.meets(from, until)) {
        return;
    }
    for grant in own {
        let interval = &mut intervals[grant];
        if interval.end.known == Known::Assumed && interval.end.latest <= from {
            interval.end = Bound {
                earliest: from,
                latest: frame.cut_off,
                known: Known::Unknown,
                entry: access.entries.first().copied(),
            };
            interval.oddities.insert(Oddity::ExpiryNotEnforced);
        }
    }
}

/// Data came back, or may have.
fn is_success(access: &Access) -> bool {
    !matches!(access.outcome, Outcome::Denied | Outcome::Failed) && !access.retracted
}

fn rung(access: &Access) -> Rung {
    if matches!(access.outcome, Outcome::Denied | Outcome::Failed) {
        return Rung::Tried;
    }
    let Some(actor) = access.chain.first() else { return Rung::Given };
    match access.verb {
        Verb::DataDownload | Verb::DataExport | Verb::DataCopy if actor.is_human() => Rung::Given,
        _ if actor.is_human() => Rung::Seen,
        _ if access.shown_to.iter().any(|party| party.is_human()) => Rung::Seen,
        _ => Rung::Processed,
    }
}

fn worse(act: Authorised, way: Authorised) -> Authorised {
    match (act, way) {
        (Authorised::No, _) | (_, Authorised::No) => Authorised::No,
        (Authorised::Exceptional, _) => Authorised::Exceptional,
        (Authorised::Yes, Authorised::Yes) => Authorised::Yes,
        _ => Authorised::NotAssessed,
    }
}
