//! Who joined later, where the registry hides from them what was there before. Late is only who joined after the way had
//! opened: whoever was in the group when it opened, or opened again, sees what is inside from then on.
//!
//! | in the group | what they see over it |
//! |---|---|
//! | when the way opened or the data came in, whichever was later | that data, as long as they stay |
//! | then, and back after having left | that data, possibly |
//! | not before | what comes in later |
//!
//! An account joins like a person, and whoever uses it, since whenever, sees what it sees.

use super::audience::Audience;
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
    over: Vec<Entrance>,
}

/// Over groups, or over an account.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// When they were in the group, or their account was; absent where the account is what the way was opened to.
    pub joined: Option<Times>,
    /// When they came in so.
    pub within: Times,
}

/// How each comes into a party that is not that party: people and groups, and people who use an account that is in it. Where it
/// acts or is given something it works, whatever is told of suspensions.
pub fn entrances(audience: &Audience, to: Party, always: &Times, acting: bool) -> BTreeMap<Party, Vec<Entrance>> {
    let mut found: BTreeMap<Party, Vec<Entrance>> = BTreeMap::new();
    // Whoever is suspended has not left.
    let joiners = audience.joiners(to, always, true);
    let at_work = if acting { joiners.clone() } else { audience.joiners(to, always, false) };
    for (party, within) in at_work {
        let joined = joiners.get(&party).filter(|_| party != to).cloned();
        if party.is_service() {
            let users = if acting { audience.reach_of_acting(party, &within) } else { audience.reach(party, &within) };
            for (user, within) in users.into_iter().filter(|(user, _)| *user != party) {
                found.entry(user).or_default().push(Entrance { joined: joined.clone(), within });
            }
        }
        if party != to {
            found.entry(party).or_default().push(Entrance { joined, within });
        }
    }
    found
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
pub fn joined(grants: &[&Interval], audiences: &Audience, always: &Times) -> Vec<BTreeMap<Party, Joined>> {
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
    let of_grant = |grant: &&Interval| {
        let Some(audience) = audience(grant) else { return BTreeMap::new() };
        let opened = Opening::of(grant, &open[&audience]);
        let granted = grant.times();
        let joined = |over: Vec<Entrance>| Joined { granted: granted.clone(), opened, over };
        let others = entrances(audiences, audience, always, false).into_iter();
        others.map(|(party, over)| (party, joined(over))).collect()
    };
    grants.iter().map(of_grant).collect()
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
        for entrance in &self.over {
            for ((earliest, latest), times) in items {
                let there = self.opened.there(entrance, *earliest, *latest);
                seen = seen.union(&times.intersect(&there));
            }
        }
        seen.intersect(&self.granted)
    }

    /// The same of what was inside at these times, and nobody told when it came in.
    pub fn seen_if_ever(&self, times: &Times) -> Times {
        let mut seen = Times::never();
        for entrance in &self.over {
            let there = Times { possible: entrance.within.possible.clone(), ..self.opened.there(entrance, 0, 0) };
            seen = seen.union(&times.intersect(&there));
        }
        seen.intersect(&self.granted)
    }
}

impl Opening {
    /// When somebody was there, of those who were when something that came in then could be seen.
    fn there(self, entrance: &Entrance, earliest: Instant, latest: Instant) -> Times {
        let Some(joined) = &entrance.joined else { return entrance.within.clone() };
        // Whichever was later, the way or the data: they were there all that time, or at some time in it.
        let all = |(start, end): &&(Instant, Instant)| {
            *start <= earliest.max(self.standing) && latest.max(self.latest) < *end
        };
        let any =
            |(start, end): &&(Instant, Instant)| *start <= latest.max(self.latest) && earliest.max(self.first) < *end;
        let certain = joined.certain.spans().iter().filter(all).copied().collect();
        // Whoever left and came back may find what they had before.
        let first = joined.possible.spans().iter().find(any).map_or(Instant::MAX, |(start, _)| *start);
        let certain = TimeSet::of(certain).intersect(&entrance.within.certain);
        Times { certain, possible: entrance.within.possible.within(first, Instant::MAX) }
    }
}
