//! What a success shows of ways that had ended: where no way that was open explains it, one of them had not (REPORTS 2.3,
//! Ends of intervals). A way has one end, so that this holds for everybody who has it, and not only for whoever acted.
//!
//! | a success | the end of the way |
//! |---|---|
//! | after an end that was only planned | not before the success; unknown, or when the way was closed after all |
//! | after it was closed | unknown, and not before the success |
//! | that several such ways may explain, or that may not have been | unknown, and not before what was told |
//! | of which it is not known whether it was before or after | possibly as late as the success may have been |
//! | while a closing takes effect | stays: only whoever acted surely had it (`exposure`) |
//! | after a closing that may never have been, and before one that was | stays; whether somebody still allowed it is not known |
//! | of somebody who perhaps had left what the way lets in | stays; whether somebody still let them in is not known (`leaving`) |

use super::audience::Members;
use super::fact::{Access, Party};
use super::interval::{Bound, Frame, Interval, Known, Oddity};
use super::leaving::{Leaving, Left};
use super::scope::{self, Scope};
use super::times::{Instant, TimeSet, Times};
use std::collections::{BTreeMap, BTreeSet};

/// A success, and whether it surely was one that only a way explains.
pub struct Success<'a> {
    /// Position in what was told.
    pub position: usize,
    pub access: &'a Access,
    pub sure: bool,
}

/// What was found besides the ends, which it puts in their places.
#[derive(Default)]
pub struct Shown {
    pub oddities: BTreeSet<(Oddity, Option<u64>)>,
    /// Of successes over ways that had been closed: since when these had been.
    pub closed_since: BTreeMap<usize, Instant>,
    /// Of ways, by position among the grants, that were perhaps closed and went on all the same: since when.
    pub perhaps_closed: BTreeMap<usize, Instant>,
    /// Who came in although they had perhaps left what the ways let in: since when, and until when.
    pub perhaps_left: Left,
}

/// What all of them show of one way.
#[derive(Default, Clone)]
struct Evidence {
    /// It went on after its planned end, by which entry.
    past_plan: Option<Option<u64>>,
    /// It may have gone on until then.
    straddled: Option<Instant>,
    outlived: bool,
    not_before: Instant,
    /// The last success that shows anything.
    last: Instant,
}

/// What a way was to whoever acted, then.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// It had ended.
    Ended,
    /// It had ended, and they had left what it let in.
    EndedAndLeft,
    /// It had not, but they had left what it let in, or did not work.
    Left,
}

impl Shown {
    /// `reaches` says of each grant whom it lets in.
    pub fn of(
        intervals: &mut [Interval],
        (grants, reaches): (&[usize], &[Members]),
        leaving: &Leaving,
        successes: &[Success<'_>],
        frame: Frame,
    ) -> Shown {
        let (mut shown, mut evidence) = (Shown::default(), vec![Evidence::default(); grants.len()]);
        for success in successes {
            shown.take(success, intervals, (grants, reaches), leaving, &mut evidence);
        }
        for (grant, evidence) in grants.iter().zip(evidence) {
            let interval = &mut intervals[*grant];
            if evidence.past_plan.is_some() {
                interval.oddities.insert(Oddity::ExpiryNotEnforced);
            }
            interval.end = evidence.end_of(interval, frame);
        }
        shown
    }

    fn take(
        &mut self,
        success: &Success<'_>,
        intervals: &[Interval],
        (grants, reaches): (&[usize], &[Members]),
        leaving: &Leaving,
        evidence: &mut [Evidence],
    ) {
        let access = success.access;
        let (at, entry) = (access.when.earliest, access.entries.first().copied());
        let interval = |way: usize| &intervals[grants[way]];
        let states: Vec<(usize, State)> =
            (0..grants.len()).filter_map(|way| Some((way, state(interval(way), &reaches[way], access)?))).collect();
        let which = |wanted: State| -> Vec<usize> {
            states.iter().filter(|(_, state)| *state == wanted).map(|(way, _)| *way).collect()
        };
        let past_plan = |way: &usize| interval(*way).planned.is_some_and(|planned| planned.at <= at);
        let scope = |way: &usize| Scope::of(interval(*way));
        let may_allow = |ways: &[usize]| scope::may_allow(ways.iter().map(scope).collect::<Vec<_>>().iter(), access);
        let open = which(State::Open);
        let contested = |way: &usize| interval(*way).contested.filter(|since| *since <= access.when.latest);
        // Also where it went on after it surely had ended, or somebody with it.
        let by = if open.is_empty() { which(State::Ended) } else { open.clone() };
        if by.iter().all(|way| contested(way).is_some() || leaving.is_doubted(*way, access)) {
            self.perhaps_closed.extend(by.iter().filter_map(|way| Some((*way, contested(way)?))));
            for (party, times) in by.iter().flat_map(|way| leaving.by(&reaches[*way], access)) {
                let known = self.perhaps_left.entry(party).or_default();
                *known = known.union(&times);
            }
        }
        let outside = !open.is_empty() && !may_allow(&open);
        if !open.is_empty() && !outside {
            // What was to have ended by then explains it as little as what had: one of these went on.
            if open.iter().all(past_plan) {
                let mut open = open;
                open.extend(which(State::Ended).into_iter().filter(|way| interval(*way).end.known == Known::Assumed));
                let surely = success.sure && open.len() == 1 && which(State::Left).is_empty();
                for way in open {
                    let closing = interval(way).planned.map_or(at, |planned| planned.otherwise.earliest);
                    evidence[way].add(at, surely.then_some(at.min(closing)));
                    evidence[way].past_plan.get_or_insert(entry);
                }
            } else {
                self.straddle(access, intervals, (grants, reaches), &open, evidence);
            }
            return;
        }
        let mut ended = which(State::Ended);
        // What was open was for something else: it was one of those that had ended and were for this, or none that is told.
        ended.retain(|way| !outside || may_allow(&[*way]));
        if outside && ended.is_empty() {
            return;
        }
        let mut planned = ended.clone();
        planned.retain(|way| interval(*way).end.known == Known::Assumed);
        // A plan is no evidence, so that what was only planned to end explains it before what was closed does.
        let theirs = if planned.is_empty() { ended } else { planned };
        let left = if theirs.is_empty() { which(State::EndedAndLeft) } else { Vec::new() };
        let alone = theirs.len() == 1 && which(State::Left).is_empty() && !outside;
        for way in theirs.iter().chain(&left) {
            let known = interval(*way).end.known;
            evidence[*way].add(at, (alone && success.sure).then_some(at));
            if past_plan(way) {
                evidence[*way].past_plan.get_or_insert(entry);
            }
            if known != Known::Assumed {
                evidence[*way].outlived = true;
                self.oddities.insert((Oddity::PathWasClosed, entry));
                let since = self.closed_since.entry(success.position).or_default();
                *since = (*since).max(interval(*way).end.latest);
            }
        }
    }
}

impl Shown {
    /// A success that was before the ends of all ways that explain it, or after them.
    fn straddle(
        &mut self,
        access: &Access,
        intervals: &[Interval],
        (grants, reaches): (&[usize], &[Members]),
        open: &[usize],
        evidence: &mut [Evidence],
    ) {
        let (from, until) = (access.when.earliest, access.when.latest);
        let times = |way: &usize| {
            let (start, end) = (intervals[grants[*way]].start.earliest, intervals[grants[*way]].end.latest);
            let parties = access.chain.iter().chain([&Party::Anyone]).filter_map(|party| reaches[*way].get(party));
            TimeSet::all(parties.map(|it| &it.possible)).within(start, end)
        };
        let explained = TimeSet::all(&open.iter().map(times).collect::<Vec<_>>());
        let unexplained = TimeSet::span(from, until).without(&explained);
        for way in open {
            let end = intervals[grants[*way]].end;
            let mut after =
                unexplained.spans().iter().filter(|(start, stop)| *start <= end.latest && end.latest < *stop);
            let Some((_, stop)) = after.next().filter(|_| end.latest > from && end.known != Known::Open) else {
                continue;
            };
            evidence[*way].straddled = evidence[*way].straddled.max(Some(*stop));
            let planned = end.known == Known::Assumed;
            let oddity = if planned { Oddity::ExpiryNotEnforced } else { Oddity::PathWasClosed };
            self.oddities.insert((oddity, access.entries.first().copied()));
        }
    }
}

impl Evidence {
    fn add(&mut self, at: Instant, not_before: Option<Instant>) {
        self.last = self.last.max(at);
        self.not_before = self.not_before.max(not_before.unwrap_or_default());
    }

    fn end_of(&self, interval: &Interval, frame: Frame) -> Bound {
        let told = interval.end;
        let told = match self.straddled.map(|until| until.min(frame.cut_off)).filter(|until| *until > told.latest) {
            Some(latest) if told.known == Known::Exact => Bound { latest, known: Known::Bounded, ..told },
            Some(latest) => Bound { latest, ..told },
            None => told,
        };
        let earliest = told.earliest.max(self.not_before);
        let unknown = |entry| Bound { earliest, latest: frame.cut_off.max(self.last), known: Known::Unknown, entry };
        match (self.outlived, self.past_plan, interval.planned) {
            (true, ..) => unknown(told.entry),
            (false, Some(entry), Some(planned)) => match planned.otherwise {
                end if matches!(end.known, Known::Open | Known::Unknown) => unknown(entry),
                end => Bound::between(earliest.min(end.latest), end.latest, end.entry),
            },
            _ => told,
        }
    }
}

fn state(interval: &Interval, reach: &Members, access: &Access) -> Option<State> {
    let (from, until) = (access.when.earliest, access.when.latest);
    let (start, end) = (interval.start.earliest, interval.end.latest);
    if start >= end || start > until {
        return None;
    }
    let parties = || access.chain.iter().chain([&Party::Anyone]).filter_map(|party| reach.get(party));
    let met = |from: Instant, until: Instant| from <= until && parties().any(|it| it.possible.meets(from, until));
    let before = from.saturating_sub(1);
    if met(from.max(start), until.min(end - 1)) || at_the_end(&interval.end, access) && met(before.max(start), before) {
        return Some(State::Open);
    }
    let had = |it: &Times| !it.possible.within(start, end.min(from)).is_empty();
    match (interval.end.known != Known::Open && end <= from, met(from, until)) {
        (true, true) => Some(State::Ended),
        (true, false) => parties().any(had).then_some(State::EndedAndLeft),
        (false, _) => parties().any(had).then_some(State::Left),
    }
}

/// The act at the very instant of a closing that the ledger has after it, or at the cut-off, was before it.
pub fn at_the_end(end: &Bound, access: &Access) -> bool {
    let told_later = end.entry.zip(access.entries.first()).is_some_and(|(end, entry)| end > *entry);
    access.when.earliest == end.latest && (told_later || end.known == Known::Open)
}
