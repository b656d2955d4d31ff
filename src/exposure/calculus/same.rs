//! Persons of whom it is only suspected that they are one.

use super::fact::Person;
use std::collections::{BTreeMap, BTreeSet};

/// Who is perhaps one with whom, over however many suspicions: it makes of a count a range, and joins nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Same {
    /// Of each the first of all that it is perhaps one with, where that is another.
    of: BTreeMap<Person, Person>,
    /// Those who are the first.
    firsts: BTreeSet<Person>,
}

impl Same {
    pub fn of(pairs: &[(Person, Person)]) -> Self {
        let mut same = Same::default();
        for (one, other) in pairs {
            let (one, other) = (same.root(*one), same.root(*other));
            if one != other {
                same.of.insert(one.max(other), one.min(other));
            }
        }
        // Whoever is asked for is one step away, however long the chain of suspicions.
        let persons: Vec<Person> = same.of.keys().copied().collect();
        same.of = persons.into_iter().map(|person| (person, same.root(person))).collect();
        same.firsts = same.of.values().copied().collect();
        same
    }

    fn root(&self, person: Person) -> Person {
        let mut at = person;
        while let Some(before) = self.of.get(&at) {
            at = *before;
        }
        at
    }

    /// The first of all that a person is perhaps one with.
    pub fn first(&self, person: Person) -> Person {
        self.of.get(&person).copied().unwrap_or(person)
    }

    /// Whether anybody else is perhaps this one.
    pub fn is_perhaps_another(&self, person: Person) -> bool {
        self.of.contains_key(&person) || self.firsts.contains(&person)
    }

    pub fn may_be(&self, one: Person, other: Person) -> bool {
        self.first(one) == self.first(other)
    }

    /// At least so many persons.
    pub fn distinct(&self, persons: impl IntoIterator<Item = Person>) -> u64 {
        persons.into_iter().map(|person| self.first(person)).collect::<BTreeSet<_>>().len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspicions_go_on_over_others_in_whatever_order_they_came() {
        let person = Person;
        let same = Same::of(&[(person(4), person(3)), (person(1), person(2)), (person(2), person(4))]);
        assert!(same.may_be(person(1), person(3)));
        assert!(!same.may_be(person(1), person(5)));
        assert_eq!(same.distinct([1, 2, 3, 4, 5].map(Person)), 2);
        assert_eq!([1, 4, 5].map(|number| same.is_perhaps_another(person(number))), [true, true, false]);
    }
}
