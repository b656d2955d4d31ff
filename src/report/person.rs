//! Which entries belonged to a person as of a size. Identifiers may have been linked since, and a report that is made again
//! must not know that: as of then only those belong together that stood in one part.
//!
//! Pure. What the vault links today is only where to look.

use super::evidence::{Observation, ObservedBody};
use super::question::RecordedQuestion;
use crate::model::{Identity, Strength};
use std::collections::{BTreeSet, HashMap};

/// What belonged to a person then.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownThen {
    pub observations: Vec<Observation>,
    /// Identifiers that these showed.
    pub identities: Vec<Identity>,
    /// Observations that share an identifier with the person, and may be of somebody else.
    pub possible: Vec<Observation>,
}

impl KnownThen {
    /// Entries spoken of, each once.
    pub fn entries(&self) -> u64 {
        let indexes = self.observations.iter().chain(&self.possible).map(|observation| observation.index);
        indexes.collect::<BTreeSet<u64>>().len() as u64
    }
}

/// An entry that said that two identifiers mean one person, or do not after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedLink {
    pub index: u64,
    pub one: Identity,
    pub other: Identity,
    pub strength: Strength,
    pub undone: bool,
}

/// Pairs that were one person by what entries stated, the newest statement of each pair counting.
pub fn stated_then(stated: &[StatedLink]) -> Vec<(&Identity, &Identity)> {
    let mut newest: Vec<&StatedLink> = stated.iter().collect();
    newest.sort_by_key(|link| std::cmp::Reverse(link.index));
    let mut seen = BTreeSet::new();
    newest.retain(|link| {
        let (one, other) = (key_of(&link.one), key_of(&link.other));
        seen.insert((one.min(other), one.max(other)))
    });
    let in_force = newest.into_iter().filter(|link| !link.undone && link.strength == Strength::Strong);
    in_force.map(|link| (&link.one, &link.other)).collect()
}

/// Sorts what was found of all that is linked to the asked identity today, `certain` over strong links and `weak` over
/// weak ones, each ascending. The asked identity is in Unicode's normal form C, as all that was recorded.
pub fn known_then(
    asked: &Identity,
    certain: Vec<Observation>,
    weak: Vec<Observation>,
    stated: &[StatedLink],
) -> KnownThen {
    let stated = stated_then(stated);
    let shown: Vec<Vec<Identity>> = certain.iter().map(identities_of).collect();
    let mut by_identity: HashMap<IdentityKey<'_>, Vec<usize>> = HashMap::new();
    let asked = key_of(asked);
    for (position, identities) in shown.iter().enumerate() {
        // A weak identity joins nothing but what was asked for by it.
        for identity in identities {
            if identity.strength != Strength::Weak || key_of(identity) == asked {
                by_identity.entry(key_of(identity)).or_default().push(position);
            }
        }
    }
    let (mut belongs, mut identities, mut next) = (vec![false; certain.len()], BTreeSet::new(), vec![asked]);
    let mut joined = BTreeSet::new();
    while let Some(identity) = next.pop() {
        if joined.insert(identity) {
            let pairs = stated.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
            next.extend(pairs.filter(|(one, _)| key_of(one) == identity).map(|(_, other)| key_of(other)));
        }
        for position in by_identity.remove(&identity).into_iter().flatten() {
            if !std::mem::replace(&mut belongs[position], true) {
                identities.extend(shown[position].iter().cloned());
                next.extend(shown[position].iter().filter(|id| id.strength != Strength::Weak).map(key_of));
            }
        }
    }
    // What was linked with it is theirs as well, of somebody of whom anything is told.
    if belongs.contains(&true) {
        let stated = stated.iter().flat_map(|(one, other)| [*one, *other]);
        identities.extend(stated.filter(|identity| joined.contains(&key_of(identity))).cloned());
    }
    // The same identifier may have been called strong once and weak another time: it may be the same person all the same.
    // What was linked strongly only later was, then, at most possible.
    let (mut observations, mut others) = (Vec::new(), Vec::new());
    for (observation, belongs) in certain.iter().zip(belongs) {
        if belongs { observations.push(observation.clone()) } else { others.push(observation) }
    }
    others.extend(&weak);
    others.retain(|observation| matches!(observation.body, ObservedBody::Action(_)));
    let own: BTreeSet<IdentityKey<'_>> = identities.iter().map(key_of).chain([asked]).collect();
    let mut possible: Vec<Observation> = may_be(&own, &others).into_iter().cloned().collect();
    possible.sort_by_key(|observation| (observation.index, observation.ordinal));
    KnownThen { observations, identities: identities.into_iter().collect(), possible }
}

/// Of the others those that share an identifier with the person, and all that is surely of the same people as these.
fn may_be<'a>(own: &BTreeSet<IdentityKey<'_>>, others: &[&'a Observation]) -> Vec<&'a Observation> {
    let shown: Vec<Vec<Identity>> = others.iter().map(|observation| identities_of(observation)).collect();
    let mut by_identity: HashMap<IdentityKey<'_>, Vec<usize>> = HashMap::new();
    for (position, identities) in shown.iter().enumerate() {
        for identity in identities.iter().filter(|identity| identity.strength != Strength::Weak) {
            by_identity.entry(key_of(identity)).or_default().push(position);
        }
    }
    let mut belongs = vec![false; others.len()];
    let shares = |position: &usize| shown[*position].iter().any(|identity| own.contains(&key_of(identity)));
    let mut next: Vec<usize> = (0..others.len()).filter(shares).collect();
    while let Some(position) = next.pop() {
        if !std::mem::replace(&mut belongs[position], true) {
            for identity in shown[position].iter().filter(|identity| identity.strength != Strength::Weak) {
                next.extend(by_identity.remove(&key_of(identity)).into_iter().flatten());
            }
        }
    }
    others.iter().zip(belongs).filter(|(_, belongs)| *belongs).map(|(observation, _)| *observation).collect()
}

type IdentityKey<'a> = (&'a str, &'a [String]);

/// Who is meant, however surely.
fn key_of(identity: &Identity) -> IdentityKey<'_> {
    (&identity.namespace, &identity.fields)
}

/// The strength under which an identity is known; strong where it is not known at all. A question must not make a weak
/// identity strong.
pub fn strength_of(asked: &Identity, known: &[Identity]) -> Strength {
    known.iter().find(|known| key_of(known) == key_of(asked)).map_or(Strength::Strong, |known| known.strength)
}

/// The identifiers that an observation shows of the person: those in their part, or the one a report was asked for by.
fn identities_of(observation: &Observation) -> Vec<Identity> {
    if let Some(person) = &observation.person {
        let identities = person.identities.iter();
        return identities
            .map(|identity| Identity {
                namespace: identity.namespace.clone(),
                fields: identity.fields.clone(),
                strength: identity.strength,
            })
            .collect();
    }
    let question = observation.content.as_ref().map(|content| content.question.as_slice()).unwrap_or_default();
    RecordedQuestion::read(question).map(|recorded| recorded.question.subject).into_iter().collect()
}
