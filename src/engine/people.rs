//! Who is who in one report: persons get numbers, and whoever is linked strongly is one.

use super::{EngineError, OpenLedger};
use crate::exposure::calculus::fact::Person;
use crate::exposure::calculus::same::Same;
use crate::model::*;
use crate::vault::{self, PersonId};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, VecDeque};
use whosaw_verifier::part::Part;

pub(super) struct People<'a> {
    open: &'a OpenLedger,
    numbers: HashMap<PersonId, Person>,
    known: HashMap<Identity, (Person, u32)>,
    /// A number for each that identifiers lead to before they are linked.
    told: HashMap<PersonId, u32>,
    identities: Vec<BTreeSet<Identity>>,
}

impl<'a> People<'a> {
    pub fn of(open: &'a OpenLedger) -> Self {
        People { open, numbers: HashMap::new(), known: HashMap::new(), told: HashMap::new(), identities: Vec::new() }
    }

    /// What each showed of themselves, by number.
    pub fn identities(self) -> Vec<Vec<Identity>> {
        self.identities.into_iter().map(|identities| identities.into_iter().collect()).collect()
    }

    /// Who is perhaps one with whom: weakly linked, also over others of whom nothing is told here.
    pub fn same(&self) -> Result<Same, EngineError> {
        // The lowest number first, so that the answer hangs on nothing else.
        let mut next: VecDeque<(PersonId, Person)> = self.numbers.iter().map(|(id, number)| (*id, *number)).collect();
        next.make_contiguous().sort_by_key(|(_, number)| *number);
        let mut reached: HashMap<PersonId, Person> = next.iter().copied().collect();
        let mut pairs = BTreeSet::new();
        while let Some((id, number)) = next.pop_front() {
            for other in self.open.vault.weakly_linked(id)? {
                let other = self.open.vault.linked(other)?.into_iter().min().unwrap_or(other);
                match reached.entry(other) {
                    Entry::Occupied(known) if *known.get() != number => {
                        pairs.insert((number.min(*known.get()), number.max(*known.get())));
                    }
                    Entry::Occupied(_) => {}
                    Entry::Vacant(stranger) => {
                        stranger.insert(number);
                        next.push_back((other, number));
                    }
                }
            }
        }
        Ok(Same::of(&pairs.into_iter().collect::<Vec<_>>()))
    }

    /// The person of a part, and a number for how they are told there; none where it holds content only.
    pub fn number(&mut self, part: &Part) -> Result<Option<(Person, u32)>, EngineError> {
        let Some(person) = &part.person else { return Ok(None) };
        let identities: Vec<Identity> = person.identities.iter().map(vault::identity_of).collect();
        let Some(first) = identities.iter().find(|it| it.strength != Strength::Weak).or(identities.first()) else {
            return Ok(None);
        };
        let (number, told) = self.told(first)?;
        for identity in identities {
            if let Some(identities) = self.identities.get_mut(number.0 as usize) {
                identities.insert(identity);
            }
        }
        Ok(Some((number, told)))
    }

    /// Whoever this identifier means, also if nobody was seen under it.
    pub fn known(&mut self, identity: &Identity) -> Result<Person, EngineError> {
        Ok(self.told(identity)?.0)
    }

    fn told(&mut self, identity: &Identity) -> Result<(Person, u32), EngineError> {
        if let Some(known) = self.known.get(identity) {
            return Ok(*known);
        }
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let known = match self.open.vault.find(identity)? {
            Some(id) => (self.of_id(id)?, *self.told.entry(id).or_insert(next)),
            None => (self.another(), next),
        };
        self.known.insert(identity.clone(), known);
        Ok(known)
    }

    pub fn of_id(&mut self, id: PersonId) -> Result<Person, EngineError> {
        let first = self.open.vault.linked(id)?.into_iter().min().unwrap_or(id);
        if let Some(number) = self.numbers.get(&first) {
            return Ok(*number);
        }
        let number = self.another();
        self.numbers.insert(first, number);
        Ok(number)
    }

    /// All that these are known by.
    pub fn ids_of(&self, persons: &BTreeSet<Person>) -> Result<BTreeSet<PersonId>, EngineError> {
        let mut ids = BTreeSet::new();
        for (id, _) in self.numbers.iter().filter(|(_, number)| persons.contains(number)) {
            ids.insert(*id);
            ids.extend(self.open.vault.linked(*id)?);
        }
        Ok(ids)
    }

    fn another(&mut self) -> Person {
        self.identities.push(BTreeSet::new());
        Person(self.identities.len() as u32 - 1)
    }
}
