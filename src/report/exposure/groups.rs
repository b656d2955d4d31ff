//! Who was in which group or account, and who held which key: intervals of these alone, made once for whatever tells of them.
//!
//! They are taken as they were told. How much longer a resource lets in whoever has left says the calculus of that resource.

use super::document::Stay;
use super::facts::bound;
use crate::exposure::calculus::audience::Audience;
use crate::exposure::calculus::fact::{Edge, Party, Thing};
use crate::exposure::calculus::interval::{self, Bound, Frame, Interval, Known};
use crate::exposure::calculus::times::{TimeSet, Times as Sets};
use crate::exposure::telling::Telling;
use crate::model::PartyKind;
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Groups {
    pub frame: Frame,
    pub audience: Audience,
    /// Of each key whoever is told to hold it, and of each group and account who is in it, in the order of the ledger.
    pub keys: BTreeMap<u32, Vec<(Party, Times)>>,
    members: BTreeMap<Party, Vec<(Party, Times)>>,
}

/// From when to when something was, and whether it surely was at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    pub start: Bound,
    pub end: Bound,
    pub doubtful: bool,
}

impl Groups {
    pub fn of(told: &Telling, frame: Frame) -> Self {
        let concerns = |thing: Thing| matches!(thing, Thing::Key { .. } | Thing::Membership { .. });
        let edges: Vec<Edge> = told.edges.iter().filter(|edge| edge.thing.is_none_or(concerns)).cloned().collect();
        let (intervals, _) = interval::intervals(&edges, frame, &|_| 0);
        let mut groups =
            Groups { frame, audience: Audience::of(&intervals), keys: BTreeMap::new(), members: BTreeMap::new() };
        for interval in &intervals {
            match interval.thing {
                Thing::Key { holder, key } => {
                    groups.keys.entry(key).or_default().push((holder, Times::of(interval)));
                }
                Thing::Membership { member, whole } => {
                    groups.members.entry(whole).or_default().push((member, Times::of(interval)));
                }
                _ => {}
            }
        }
        groups
    }

    /// Who is told to be in it, and when; whoever may be, because the name of what they are in does not open, perhaps.
    pub fn members(&self, whole: Party) -> impl Iterator<Item = (Party, Times)> {
        let somewhere = match whole {
            Party::Named(PartyKind::Group, _) if whole != Party::SOME_GROUP => Some(Party::SOME_GROUP),
            Party::Named(PartyKind::Service, _) if whole != Party::SOME_ACCOUNT => Some(Party::SOME_ACCOUNT),
            _ => None,
        };
        let of = |whole: Party| self.members.get(&whole).into_iter().flatten().copied();
        let perhaps = somewhere.into_iter().flat_map(of).filter(move |(member, _)| *member != whole);
        of(whole).chain(perhaps.map(|(member, times)| (member, Times { doubtful: true, ..times })))
    }

    /// Whoever can use what somebody has, over however many groups and accounts, each time that they can.
    pub fn users(&self, holder: Party, times: Times) -> Vec<(Party, Times)> {
        let (mut all, mut next) = (Vec::new(), vec![(holder, times)]);
        let mut seen: BTreeMap<Party, Vec<Times>> = BTreeMap::new();
        while let Some((party, times)) = next.pop() {
            let known = seen.entry(party).or_default();
            if known.contains(&times) {
                continue;
            }
            known.push(times);
            all.push((party, times));
            if party.has_members() {
                next.extend(self.members(party).filter_map(|(member, within)| Some((member, times.meet(within)?))));
            }
        }
        all
    }
}

impl Times {
    fn of(interval: &Interval) -> Self {
        Times { start: interval.start, end: interval.end, doubtful: interval.doubtful }
    }

    /// Whether it began by the cut-off, and lasted at all.
    pub fn is_asked_for(&self) -> bool {
        self.start.known != Known::Open && self.start.earliest <= self.end.latest
    }

    /// While both are: from the later beginning to the earlier end; nothing where they surely are not together.
    fn meet(self, other: Times) -> Option<Times> {
        let later = |one: Bound, two: Bound| one.earliest >= two.latest;
        let start = match (self.start, other.start) {
            (one, two) if later(one, two) => one,
            (one, two) if later(two, one) => two,
            (one, two) => {
                let earliest = one.earliest.max(two.earliest);
                let entry = if one.latest >= two.latest { one.entry } else { two.entry };
                Bound { earliest, latest: one.latest.max(two.latest), known: one.known.max(two.known), entry }
            }
        };
        let end = match (self.end, other.end) {
            (one, two) if later(two, one) => one,
            (one, two) if later(one, two) => two,
            (one, two) => {
                let latest = one.latest.min(two.latest);
                let entry = if one.latest <= two.latest { one.entry } else { two.entry };
                Bound { earliest: one.earliest.min(two.earliest), latest, known: one.known.max(two.known), entry }
            }
        };
        (start.earliest < end.latest).then_some(Times { start, end, doubtful: self.doubtful || other.doubtful })
    }

    /// Instants in it: certain, and possible.
    pub fn as_sets(&self) -> Sets {
        let certain = match self.doubtful {
            true => TimeSet::empty(),
            false => TimeSet::span(self.start.latest, self.end.earliest),
        };
        Sets { certain, possible: TimeSet::span(self.start.earliest, self.end.latest) }
    }

    /// As a report tells it: certain is what surely was, for however short a time.
    pub fn stay(&self) -> Stay {
        let certain = !self.doubtful && self.start.latest <= self.end.earliest;
        let end = Some(self.end).filter(|end| end.known != Known::Open);
        Stay { certain, start: bound(self.start), end: end.map(bound) }
    }
}

/// In the order of time, each once.
pub(super) fn in_order(times: Vec<Times>) -> Vec<Stay> {
    let key = |times: &Times| {
        let Times { start, end, doubtful } = *times;
        (
            start.earliest,
            start.latest,
            end.earliest,
            end.latest,
            start.known,
            end.known,
            start.entry,
            end.entry,
            doubtful,
        )
    };
    let mut seen = BTreeSet::new();
    let mut times: Vec<Times> = times.into_iter().filter(|times| seen.insert(key(times))).collect();
    times.sort_by_key(key);
    times.iter().map(Times::stay).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bounds() -> impl Strategy<Value = Bound> {
        let known = prop_oneof![Just(Known::Exact), Just(Known::Bounded), Just(Known::Assumed), Just(Known::Unknown)];
        (0u64..20, 0u64..6, known).prop_map(|(earliest, width, known)| {
            let width = if known == Known::Exact { 0 } else { width };
            Bound { earliest, latest: earliest + width, known, entry: None }
        })
    }

    fn times() -> impl Strategy<Value = Times> {
        (bounds(), bounds(), any::<bool>()).prop_map(|(start, end, doubtful)| Times { start, end, doubtful })
    }

    fn may_be(times: Times, start: u64, end: u64) -> bool {
        let within = |bound: Bound, at: u64| bound.earliest <= at && at <= bound.latest;
        within(times.start, start) && within(times.end, end)
    }

    proptest! {
        /// Whichever ends were the true ones, the time together is among those that are told, and where nothing is told
        /// there is none.
        #[test]
        fn what_is_told_of_two_together_holds_whatever_the_true_ends_are(
            one in times(), two in times(), shares in any::<[u64; 4]>(),
        ) {
            let true_end = |bound: Bound, share: u64| bound.earliest + share % (bound.latest - bound.earliest + 1);
            let start = true_end(one.start, shares[0]).max(true_end(two.start, shares[1]));
            let end = true_end(one.end, shares[2]).min(true_end(two.end, shares[3]));
            match one.meet(two) {
                Some(both) => prop_assert!(may_be(both, start, end)),
                None => prop_assert!(start >= end),
            }
        }

        /// An end that is told to the instant is one that was.
        #[test]
        fn an_exact_end_is_exact(one in times(), two in times()) {
            if let Some(both) = one.meet(two) {
                for bound in [both.start, both.end] {
                    prop_assert!(bound.known != Known::Exact || bound.earliest == bound.latest);
                    prop_assert!(bound.earliest <= bound.latest);
                }
            }
        }
    }
}
