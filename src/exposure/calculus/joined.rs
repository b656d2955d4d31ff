//! Who joined later, where the registry hides from them what was there before. Late is only who joined after the way had
//! opened: whoever was in the group when it opened, or opened again, sees what is inside from then on.
//!
//! | in the group | what they see over it |
//! |---|---|
//! | when the way opened or the data came in, whichever was later | that data, as long as they stay |
//! | then, and back after having left | that data, possibly |
//! | not before | what comes in later |

use super::audience::Members;
use super::content::Bounds;
use super::fact::{Party, Thing};
use super::interval::Interval;
use super::times::{Instant, TimeSet, Times};
use std::collections::BTreeMap;

/// Somebody whom a grant to others lets in.
#[derive(Debug, Clone)]
pub struct Joined {
    pub granted: Times,
    opened: Opening,
    member: Times,
}

/// When the grant opened the way.
#[derive(Debug, Clone, Copy)]
struct Opening {
    /// At the latest.
    latest: Instant,
    /// When it opened at the earliest without having closed since, by whatever grant to the same.
    standing: Instant,
    /// When any grant to the same first opened it.
    first: Instant,
}

/// Of each grant those who may have joined late.
pub fn joined(grants: &[&Interval], reaches: &[Members]) -> Vec<BTreeMap<Party, Joined>> {
    let audience = |grant: &Interval| match grant.thing {
        Thing::Grant { audience, .. } => Some(audience),
        _ => None,
    };
    let mut spans: BTreeMap<Party, Vec<(Instant, Instant)>> = BTreeMap::new();
    for grant in grants {
        if let Some(audience) = audience(grant) {
            spans.entry(audience).or_default().extend(grant.times().possible.spans());
        }
    }
    let open: BTreeMap<Party, TimeSet> = spans.into_iter().map(|(party, spans)| (party, TimeSet::of(spans))).collect();
    let of_grant = |(grant, reach): (&&Interval, &Members)| {
        let Some(audience) = audience(grant) else { return BTreeMap::new() };
        let opened = Opening::of(grant, &open[&audience]);
        let granted = grant.times();
        let others = reach.iter().filter(|(party, _)| **party != audience);
        let joined = |member: &Times| Joined { granted: granted.clone(), opened, member: member.clone() };
        others.map(|(party, member)| (*party, joined(member))).collect()
    };
    grants.iter().zip(reaches).map(of_grant).collect()
}

impl Opening {
    fn of(grant: &Interval, open: &TimeSet) -> Opening {
        let (earliest, latest) = (grant.start.earliest, grant.start.latest);
        let before = open.within(0, earliest.saturating_add(1));
        let (first, last) = (before.spans().first(), before.spans().last());
        let standing = last.filter(|(_, end)| *end > earliest).map_or(earliest, |(start, _)| *start);
        Opening { latest, standing, first: first.map_or(earliest, |(start, _)| *start) }
    }
}

impl Joined {
    /// What they see of what came in.
    pub fn seen(&self, items: &BTreeMap<Bounds, Times>) -> Times {
        let mut seen = Times::never();
        for ((earliest, latest), times) in items {
            let there = self.there(*earliest, *latest);
            seen = seen.union(&times.intersect(&there));
        }
        seen.intersect(&self.granted)
    }

    /// The same of what was inside at these times, and nobody told when it came in.
    pub fn seen_if_ever(&self, times: &Times) -> Times {
        let there = Times { possible: self.member.possible.clone(), ..self.there(0, 0) };
        times.intersect(&there).intersect(&self.granted)
    }

    /// When they were there, of those who were when something that came in then could be seen.
    fn there(&self, earliest: Instant, latest: Instant) -> Times {
        let (opened, member) = (self.opened, &self.member);
        // Whichever was later, the way or the data: they were there all that time, or at some time in it.
        let all = |(start, end): &&(Instant, Instant)| {
            *start <= earliest.max(opened.standing) && latest.max(opened.latest) < *end
        };
        let any = |(start, end): &&(Instant, Instant)| {
            *start <= latest.max(opened.latest) && earliest.max(opened.first) < *end
        };
        let certain = member.certain.spans().iter().filter(all).copied().collect();
        // Whoever left and came back may find what they had before.
        let first = member.possible.spans().iter().find(any).map_or(Instant::MAX, |(start, _)| *start);
        Times { certain: TimeSet::of(certain), possible: member.possible.within(first, Instant::MAX) }
    }
}
