//! What nobody is named for: who used an account of which nobody on file had the use, what was reached by somebody who was in
//! a group or an account, and who was perhaps told of what was got for them, agents like people.

use super::audience::{Audience, Members};
use super::exposure::{Exposure, Rung, members_then};
use super::fact::{Access, Party, Person, Thing};
use super::interval::Interval;
use super::judging::Judge;
use super::same::Same;
use super::times::{Instant, TimeSet, Times};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::vocabulary::PartyKind;

impl Exposure {
    /// Accounts that could see it while nobody who is told of surely used them; with whether that was without authority.
    pub(super) fn unnamed_users(&self, audience: &Audience, always: &Times) -> BTreeMap<Party, bool> {
        let mut found = BTreeMap::new();
        for (party, viewer) in self.viewers.iter().filter(|(party, _)| audience.is_account(**party)) {
            let members = audience.reach_of_acting(*party, always);
            let users = members.iter().filter(|(member, _)| *member != party && !audience.has_members(**member));
            let used = TimeSet::all(users.map(|(_, times)| &times.certain));
            if !viewer.could.possible.is_within(&used) {
                found.insert(*party, !viewer.excess.possible.is_within(&used));
            }
        }
        found
    }

    /// Whom it was got for perhaps was told of it, whatever is recorded of that: people, and those in a group or an account.
    pub(super) fn perhaps_told(&mut self, access: &Access, judge: &Judge) {
        let others = access.chain.iter().skip(1).filter(|party| !access.shown_to.contains(party));
        for party in others.filter(|party| !matches!(party, Party::Named(PartyKind::Organisation, _))) {
            let members = if party.has_members() { members_then(*party, access, judge) } else { Members::new() };
            self.perhaps_had(members.keys().chain([party]));
            for person in members.into_keys().chain([*party]).filter(|party| party.is_human()) {
                self.viewers.entry(person).or_default().perhaps = true;
            }
        }
    }

    /// The agents among these possibly had it before them, as people possibly saw it.
    pub(super) fn perhaps_had<'a>(&mut self, parties: impl IntoIterator<Item = &'a Party>) {
        for agent in parties.into_iter().filter(|party| party.is_agent()) {
            self.viewers.entry(*agent).or_default().perhaps = true;
            self.agents.insert(*agent);
        }
    }

    /// An agent that has or had a copy possibly had that before it, also where no act tells how it came there.
    pub(super) fn holders_had_it(&mut self, cut_off: Instant) {
        let holder = |held: &Interval| match held.thing {
            Thing::Holding { holder, .. } if held.start.earliest <= cut_off => Some(holder),
            _ => None,
        };
        let holders: BTreeSet<Party> = self.holdings.iter().filter_map(holder).collect();
        self.perhaps_had(&holders);
    }

    /// What was reached by somebody who was possibly in a group or an account then, is told of that one too; what was reached
    /// by somebody who is perhaps the same person as one in it was possibly reached so.
    pub(super) fn by_members(&mut self, accesses: &[Access], audience: &Audience, always: &Times, same: &Same) {
        let wholes: Vec<Party> =
            self.viewers.keys().copied().filter(|party| audience.may_have_members(*party)).collect();
        // Somebody unnamed who was in it may be whoever acted and is not told apart either.
        let somebody = |party: &Party| matches!(party, Party::Unknown(..));
        let reached = self.viewers.iter().filter(|(party, _)| somebody(party)).flat_map(|(_, viewer)| &viewer.did);
        let reached: BTreeSet<usize> =
            reached.filter(|(_, rung)| **rung != Rung::Tried).map(|(position, _)| *position).collect();
        let alike = self.alike(same);
        for whole in wholes {
            let (mut by, mut perhaps) = (BTreeSet::new(), false);
            for (member, times) in audience.reach_of_acting(whole, always) {
                let then = |position: &usize| {
                    let when = accesses[self.accesses[*position].access].when;
                    times.possible.meets(when.earliest, when.latest)
                };
                perhaps |= somebody(&member) && reached.iter().any(then);
                if let Party::Person(person) = member {
                    let others = alike.get(&same.first(person)).into_iter().flatten();
                    let mut others = others.filter(|(other, ..)| *other != member);
                    perhaps |= others.any(|(_, did, perhaps)| *perhaps || did.iter().any(then));
                }
                let Some(viewer) = self.viewers.get(&member).filter(|_| member != whole) else { continue };
                let did = viewer.did.iter().filter(|(_, rung)| **rung != Rung::Tried).map(|(position, _)| *position);
                by.extend(did.filter(then));
                perhaps |= viewer.perhaps;
            }
            let Some(viewer) = self.viewers.get_mut(&whole) else { continue };
            viewer.perhaps |= perhaps;
            viewer.by_members = by;
        }
    }

    /// Of persons who are perhaps one, by the first of them: what each reached, and whether more is possible.
    fn alike(&self, same: &Same) -> BTreeMap<Person, Vec<(Party, Vec<usize>, bool)>> {
        let mut found: BTreeMap<Person, Vec<(Party, Vec<usize>, bool)>> = BTreeMap::new();
        for (party, viewer) in &self.viewers {
            let Party::Person(person) = party else { continue };
            if same.is_perhaps_another(*person) {
                let did = viewer.did.iter().filter(|(_, rung)| **rung != Rung::Tried);
                let did = did.map(|(position, _)| *position).collect();
                found.entry(same.first(*person)).or_default().push((*party, did, viewer.perhaps));
            }
        }
        found
    }
}
