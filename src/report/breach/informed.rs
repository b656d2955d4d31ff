//! Who was told (GDPR Art. 34): by which steps of a case, or acts on its resources, and how surely it was them.
//!
//! Whoever is named by an identifier that is theirs alone was told. A letter to what several share, such as an address, or to
//! what is only perhaps theirs, reached one of them, and nobody knows whom. A communication in public reached perhaps whoever it
//! was meant for.

use super::case::Step;
use super::derive::Found;
use super::evidence::{AsOf, Reported};
use crate::model::{CaseStep, Channel, Delivery, Identity, Outcome, Strength, Verb};
use crate::report::access::document::PersonIdentity;
use std::collections::HashMap;

/// How surely a message reached a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nobody tried.
    NotTold,
    /// It was tried, and failed.
    Failed,
    /// It went where several are, or perhaps to somebody else.
    Perhaps,
    Told,
}

/// Which steps named whom, by the person's position among the exposure report's subjects.
pub struct Informed<'a> {
    by_subject: HashMap<usize, Vec<(&'a Step, bool)>>,
    acts: HashMap<usize, Vec<(&'a Reported, bool)>>,
    /// When the breach began, as far as is recorded.
    pub began: Option<u64>,
    /// Whoever was told of whom nothing is recorded in what the case is about: by the identifier that was used.
    pub others: Vec<(&'a [Identity], Vec<&'a Step>)>,
}

/// What lies before the breach began cannot have been about it.
pub fn is_before(at_us: u64, began: Option<u64>) -> bool {
    began.is_some_and(|began| at_us < began)
}

type Key<'a> = (&'a str, &'a [String]);

fn key(identity: &Identity) -> Key<'_> {
    (&identity.namespace, &identity.fields)
}

fn known(identity: &PersonIdentity) -> Key<'_> {
    (&identity.namespace, &identity.fields)
}

impl<'a> Informed<'a> {
    pub fn of(as_of: &'a AsOf) -> Self {
        let (case, exposure) = (&as_of.case, &as_of.exposure);
        let mut holders: HashMap<Key<'_>, Vec<(usize, bool)>> = HashMap::new();
        for (at, subject) in exposure.subjects.iter().enumerate() {
            for identity in &subject.identities {
                let strong = identity.strength.0 != Strength::Weak;
                holders.entry(known(identity)).or_default().push((at, strong));
            }
        }
        let began = Found::of(as_of).occurred().map(|(from, _)| from);
        let mut all = Informed { by_subject: HashMap::new(), acts: HashMap::new(), began, others: Vec::new() };
        for step in case.each(CaseStep::Informed) {
            for told in &step.told {
                // As it was named; what else is known of the same person makes sure who that is.
                let named = told.first().filter(|first| first.strength != Strength::Weak);
                let mut reached: HashMap<usize, bool> = HashMap::new();
                for (position, identity) in told.iter().enumerate() {
                    // What else is known of whoever was named, and only perhaps theirs, names nobody.
                    if position > 0 && identity.strength == Strength::Weak {
                        continue;
                    }
                    let those = holders.get(&key(identity)).map(Vec::as_slice).unwrap_or_default();
                    for (at, strong) in those {
                        let sure = *strong && those.len() == 1 && named.is_some();
                        let sure = sure && step.channel() != Channel::Public;
                        *reached.entry(*at).or_default() |= sure;
                    }
                }
                // Where it is surely one of them, it is none of those who share something weaker with them.
                let surely = reached.values().any(|sure| *sure);
                if reached.is_empty() {
                    all.other(told, step);
                }
                for (at, sure) in reached.into_iter().filter(|(_, sure)| *sure || !surely) {
                    all.by_subject.entry(at).or_default().push((step, sure));
                }
            }
        }
        for act in as_of.reported.iter().filter(|act| act.verb == Verb::NotifySubject) {
            for at in act.subjects.union(&act.recipients) {
                let identities = exposure.subjects.get(*at).map(|subject| subject.identities.as_slice());
                let strong = identities.unwrap_or_default().iter().any(|it| it.strength.0 != Strength::Weak);
                // What went to somebody else is perhaps not known to whom it is about.
                let to_them = !act.says_to_whom || act.recipients.contains(at);
                all.acts.entry(*at).or_default().push((act, strong && to_them && !act.contested));
            }
        }
        all
    }

    /// Acts on the resources that notified this person, in order, and whether it was surely them.
    pub fn acts(&self, subject: usize) -> &[(&'a Reported, bool)] {
        self.acts.get(&subject).map(Vec::as_slice).unwrap_or_default()
    }

    fn other(&mut self, told: &'a [Identity], step: &'a Step) {
        let same = |known: &&mut (&'a [Identity], Vec<&'a Step>)| {
            known.0.iter().any(|one| told.iter().any(|other| key(one) == key(other)))
        };
        match self.others.iter_mut().find(same) {
            Some((_, steps)) => steps.push(step),
            None => self.others.push((told, vec![step])),
        }
    }

    /// Steps that named this person, in order, and whether it was surely them.
    pub fn steps(&self, subject: usize) -> &[(&'a Step, bool)] {
        self.by_subject.get(&subject).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn reach(&self, subject: usize) -> Reach {
        let of = |(step, sure): &(&Step, bool)| match (step.delivery() == Delivery::Delivered, sure) {
            (true, true) => Reach::Told,
            (true, false) => Reach::Perhaps,
            (false, _) => Reach::Failed,
        };
        let by_act = |(act, sure): &(&Reported, bool)| match (act.outcome, sure) {
            (Outcome::Succeeded, true) => Reach::Told,
            (Outcome::Denied | Outcome::Failed, _) => Reach::Failed,
            _ => Reach::Perhaps,
        };
        let steps = self.steps(subject).iter().filter(|(step, _)| !is_before(step.at_us(), self.began)).map(of);
        let acts = self.acts(subject).iter().filter(|(act, _)| !is_before(act.latest_us, self.began));
        steps.chain(acts.map(by_act)).max().unwrap_or(Reach::NotTold)
    }
}
