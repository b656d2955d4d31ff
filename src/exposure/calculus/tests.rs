//! Cases with one right answer, and random histories against a naive model.

mod endings;
mod naive;
mod rules;
mod scope;

use super::exposure::{Exposure, Manner, Told};
use super::fact::*;
use super::interval::Frame;
use super::same::Same;
use super::times::Instant;
use std::collections::BTreeSet;
use whosaw_verifier::vocabulary::{EndKind, Outcome, PartyKind, Verb};

const R: Resource = Resource(1);
const ENG: Party = Party::Named(PartyKind::Group, 1);

fn person(number: u32) -> Party {
    Party::Person(Person(number))
}

/// Hours and minutes of the day as an instant.
fn at(hour: u64, minute: u64) -> Instant {
    (hour * 60 + minute) * 60_000_000
}

fn minutes(us: u64) -> u64 {
    us / 60_000_000
}

/// What one test tells.
struct Story {
    edges: Vec<Edge>,
    accesses: Vec<Access>,
    losses: Vec<Access>,
    manner: Manner,
    frame: Frame,
}

impl Story {
    fn new() -> Self {
        let frame = Frame { from: at(0, 0), cut_off: at(15, 0) };
        Story { edges: Vec::new(), accesses: Vec::new(), losses: Vec::new(), manner: Manner::default(), frame }
    }

    fn edge(&mut self, thing: Thing, side: Side, when: Instant) -> &mut Edge {
        let index = self.edges.len() as u64;
        self.edges.push(Edge::of(index, thing, side, When::at(when)));
        self.edges.last_mut().expect("was put there")
    }

    fn opens(&mut self, thing: Thing, when: Instant) -> &mut Edge {
        self.edge(thing, Side::Opens, when)
    }

    fn closes(&mut self, thing: Thing, when: Instant) -> &mut Edge {
        self.edge(thing, Side::Closes, when)
    }

    /// e1, e2 and e3 are in the group from the beginning.
    fn engineers(mut self) -> Self {
        for number in 1..=3 {
            self.opens(Thing::Membership { member: person(number), whole: ENG }, 0);
        }
        self
    }

    /// s101, s102 and s103 are in the resource from the beginning.
    fn content(mut self) -> Self {
        for number in 101..=103 {
            self.opens(Thing::Content { resource: R, subject: Some(Person(number)) }, 0);
        }
        self
    }

    fn reads(&mut self, who: Party, when: Instant) -> &mut Access {
        self.accesses.push(Access {
            entries: vec![1_000 + self.accesses.len() as u64],
            when: When::at(when),
            verb: Verb::DataRead,
            outcome: Outcome::Succeeded,
            chain: vec![who],
            resource: R,
            ..Access::default()
        });
        self.accesses.last_mut().expect("was put there")
    }

    /// What `who` sends lies with whoever gets it.
    fn sends(&mut self, who: Party, to: Party, when: Instant) -> &mut Access {
        let access = self.reads(who, when);
        (access.verb, access.only_gives) = (Verb::DataSend, true);
        access.given_to.insert(to);
        access
    }

    /// The same with the copy that comes of it.
    fn mails(&mut self, who: Party, to: Party, when: Instant) -> &mut Access {
        let entry = self.opens(Thing::Holding { holder: to, resource: R }, when).index;
        let access = self.sends(who, to, when);
        (access.entries, access.listed) = (vec![entry], true);
        access.subjects.insert(Person(101));
        access
    }

    fn exposure(&self) -> Exposure {
        Exposure::of(&Told {
            resource: R,
            edges: &self.edges,
            accesses: &self.accesses,
            losses: &self.losses,
            manner: self.manner,
            frame: self.frame,
            same: &Same::default(),
        })
    }
}

fn grant(audience: Party) -> Thing {
    Thing::Grant { resource: R, audience }
}

/// Minutes somebody could surely and possibly see.
fn could(exposure: &Exposure, party: Party) -> (u64, u64) {
    let viewer = exposure.viewers.get(&party).cloned().unwrap_or_default();
    (minutes(viewer.could.certain.measure()), minutes(viewer.could.possible.measure()))
}

/// The part of it that nobody allowed.
fn excess(exposure: &Exposure, party: Party) -> (u64, u64) {
    let viewer = exposure.viewers.get(&party).cloned().unwrap_or_default();
    (minutes(viewer.excess.certain.measure()), minutes(viewer.excess.possible.measure()))
}

fn planned(earliest: Instant, latest: Instant) -> Option<StatedEnd> {
    Some(StatedEnd { earliest, latest, kind: EndKind::Exact, enforced: false })
}
