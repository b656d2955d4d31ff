//! Who is in a group, or uses an account, and when: transitive at each instant.

use super::fact::{Party, Thing};
use super::interval::Interval;
use super::times::Times;
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::vocabulary::PartyKind;

/// Everybody who is in something, over however many groups, with the times.
pub type Members = BTreeMap<Party, Times>;

#[derive(Default)]
pub struct Audience {
    /// Of each whole its members, and when the membership held.
    direct: BTreeMap<Party, BTreeMap<Party, Times>>,
    /// Who is in some group, or uses some account, whose name does not open any more: possibly in any of that kind.
    somewhere: BTreeMap<PartyKind, BTreeMap<Party, Times>>,
    suspended: BTreeMap<Party, Times>,
    /// Groups that are inside themselves.
    circular: BTreeSet<Party>,
}

impl Audience {
    /// From memberships and suspensions.
    pub fn of(intervals: &[Interval]) -> Self {
        let mut audience = Audience::default();
        // Somebody may have come and gone a hundred thousand times.
        let mut all: BTreeMap<(Option<Party>, Party), Vec<Times>> = BTreeMap::new();
        for interval in intervals {
            let of = match interval.thing {
                Thing::Membership { member, whole } => (Some(whole), member),
                Thing::Suspension { account } => (None, account),
                _ => continue,
            };
            all.entry(of).or_default().push(interval.times());
        }
        for ((whole, party), times) in all {
            let times = Times::all(&times);
            match whole {
                Some(whole) => drop(audience.direct.entry(whole).or_default().insert(party, times)),
                None => drop(audience.suspended.insert(party, times)),
            }
        }
        for (some, kind) in [(Party::SOME_GROUP, PartyKind::Group), (Party::SOME_ACCOUNT, PartyKind::Service)] {
            if let Some(members) = audience.direct.remove(&some) {
                let perhaps = members.into_iter().map(|(member, times)| (member, times.only_possible())).collect();
                audience.somewhere.insert(kind, perhaps);
            }
        }
        audience.circular = audience.find_circles();
        audience
    }

    /// Whether anybody who is in it is on file.
    pub fn has_members(&self, whole: Party) -> bool {
        self.direct.contains_key(&whole)
    }

    /// Whether anybody is on file who is in it, or may be.
    pub fn may_have_members(&self, whole: Party) -> bool {
        self.has_members(whole) || self.perhaps_in(whole).next().is_some()
    }

    fn perhaps_in(&self, whole: Party) -> impl Iterator<Item = (&Party, &Times)> {
        let of_kind = if let Party::Named(kind, _) = whole { self.somewhere.get(&kind) } else { None };
        of_kind.into_iter().flatten().filter(move |(member, _)| **member != whole)
    }

    /// Whether it is one only if it is the account that somebody used whose name does not open any more.
    pub fn is_only_perhaps_account(&self, party: Party) -> bool {
        party.is_service() && !self.is_account(party) && self.may_have_members(party)
    }

    /// Whether it is an account: people are told to use it, or it is told to work or not to.
    pub fn is_account(&self, party: Party) -> bool {
        let told = self.direct.contains_key(&party) || self.suspended.contains_key(&party);
        told && party.is_service()
    }

    pub fn circular(&self) -> &BTreeSet<Party> {
        &self.circular
    }

    /// What of the times an account worked.
    fn active(&self, account: Party, times: &Times) -> Times {
        self.suspended.get(&account).map_or_else(|| times.clone(), |suspended| times.without(suspended))
    }

    /// Who is meant by a party at which times, itself among them.
    pub fn reach(&self, party: Party, always: &Times) -> Members {
        self.members(party, always, true, |account, times| self.active(account, times), |_| true)
    }

    /// The same of what acted: then it worked, whatever is on file of its suspension.
    pub fn reach_of_acting(&self, party: Party, always: &Times) -> Members {
        self.members(party, always, true, |_, times| times.clone(), |_| true)
    }

    /// The same, without those who may be in anything.
    pub fn told_of_acting(&self, party: Party, always: &Times) -> Members {
        self.members(party, always, false, |_, times| times.clone(), |_| true)
    }

    /// Who came into a party by joining: groups and people over groups alone, itself and accounts among them.
    pub fn joiners(&self, party: Party, always: &Times, acting: bool) -> Members {
        let active = |party, times: &Times| if acting { times.clone() } else { self.active(party, times) };
        self.members(party, always, true, active, |whole| !whole.is_service())
    }

    fn members(
        &self,
        party: Party,
        always: &Times,
        somewhere: bool,
        active: impl Fn(Party, &Times) -> Times,
        enters: impl Fn(Party) -> bool,
    ) -> Members {
        let mut found = Members::from([(party, active(party, always))]);
        let mut next = vec![party];
        // Each round adds times or ends: what comes in over a circle was there already.
        while let Some(whole) = next.pop() {
            let within = found.get(&whole).cloned().unwrap_or_default();
            let perhaps = Some(whole).filter(|_| somewhere).into_iter().flat_map(|whole| self.perhaps_in(whole));
            let direct = self.direct.get(&whole).into_iter().flatten();
            for (member, times) in direct.chain(perhaps).filter(|_| enters(whole)) {
                let both = times.intersect(&within);
                // A person's own account that is suspended closes no account that they share.
                let shared = whole.is_service() && !member.has_members();
                let more = if shared { both } else { active(*member, &both) };
                let known = found.entry(*member).or_default();
                let all = known.union(&more);
                if all != *known {
                    *known = all;
                    next.push(*member);
                }
            }
        }
        found.retain(|_, times| !times.is_never());
        found
    }

    fn find_circles(&self) -> BTreeSet<Party> {
        let inside = |start: Party| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
            while let Some(whole) = next.pop() {
                for member in self.direct.get(&whole).into_iter().flat_map(BTreeMap::keys) {
                    if *member == start {
                        return true;
                    }
                    if self.direct.contains_key(member) && seen.insert(*member) {
                        next.push(*member);
                    }
                }
            }
            false
        };
        self.direct.keys().copied().filter(|whole| inside(*whole)).collect()
    }
}
