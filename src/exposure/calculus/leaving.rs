//! Who perhaps left a group, or whose account was perhaps suspended, and got in after that: whether somebody still let them in
//! then is not settled (REPORTS 2.3, Ends of intervals). As of a way that was perhaps closed, from then on it possibly was
//! without authority, for everybody who came in by that membership.

use super::audience::{Audience, Members};
use super::fact::{Access, Party, Thing};
use super::interval::{Bound, Interval};
use super::times::{Instant, TimeSet, Times};
use std::collections::BTreeMap;

/// Memberships that perhaps had ended, and what they let in if they had.
#[derive(Default)]
pub struct Leaving {
    doubted: Vec<Doubted>,
    /// By way: whom it lets in if all of these had ended when they perhaps did.
    reaches: Vec<Members>,
}

struct Doubted {
    /// What they are in, or the account.
    whole: Party,
    since: Instant,
    until: Instant,
    /// Whoever comes in by it.
    over: Members,
}

impl Leaving {
    /// `of` says whom each way lets in by memberships.
    pub fn of(
        intervals: &[Interval],
        audience: &Audience,
        always: &Times,
        of: &dyn Fn(&Audience) -> Vec<Members>,
    ) -> Leaving {
        let mut doubted = Vec::new();
        let ended = |interval: &Interval| {
            let (since, over) = match interval.thing {
                Thing::Membership { member, whole } => (interval.contested?, (member, whole)),
                Thing::Suspension { account } if interval.doubtful => (interval.start.earliest, (account, account)),
                _ => return None,
            };
            Some((since, over))
        };
        let mut gone = Vec::new();
        for interval in intervals {
            let Some((since, (member, whole))) = ended(interval) else {
                gone.push(interval.clone());
                continue;
            };
            let over = audience.reach_of_acting(member, always);
            doubted.push(Doubted { whole, since, until: interval.end.latest, over });
            gone.push(match interval.thing {
                Thing::Suspension { .. } => Interval { doubtful: false, ..interval.clone() },
                _ => {
                    let (earliest, latest) = (interval.end.earliest.min(since), interval.end.latest.min(since));
                    Interval { end: Bound { earliest, latest, ..interval.end }, ..interval.clone() }
                }
            });
        }
        if doubted.is_empty() {
            return Leaving::default();
        }
        let reaches = of(&Audience::of(&gone));
        Leaving { doubted, reaches }
    }

    /// Whether whoever acted came in by this way only if none of it had ended.
    pub fn is_doubted(&self, way: usize, access: &Access) -> bool {
        let Some(reach) = self.reaches.get(way) else { return false };
        let parties = access.chain.iter().chain([&Party::Anyone]).filter_map(|party| reach.get(party));
        !parties.map(|times| &times.possible).any(|times| times.meets(access.when.earliest, access.when.latest))
    }

    /// By what of it they came in, over this way: who else did, and when it possibly was without authority.
    pub fn by<'a>(
        &'a self,
        reach: &'a Members,
        access: &'a Access,
    ) -> impl Iterator<Item = (Party, TimeSet)> + use<'a> {
        let is_theirs = |doubted: &&Doubted| {
            let theirs = access.chain.iter().any(|party| doubted.over.contains_key(party));
            theirs && doubted.since <= access.when.latest && reach.contains_key(&doubted.whole)
        };
        self.doubted.iter().filter(is_theirs).flat_map(|doubted| {
            let then = TimeSet::span(doubted.since, doubted.until);
            doubted.over.iter().map(move |(party, times)| (*party, times.possible.intersect(&then)))
        })
    }
}

/// Of each party when it possibly was let in without authority.
pub type Left = BTreeMap<Party, TimeSet>;
