//! Whose data might only be stored, and which acts touched it then.

use super::content::Content;
use super::fact::{Person, Thing, When};
use super::interval::Interval;
use super::same::Same;
use super::times::Times;
use std::collections::{BTreeMap, BTreeSet};

/// Whose data might only be stored (GDPR Art. 18), and when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restrictions {
    of: BTreeMap<Person, Times>,
    /// Whoever is on file as having been inside at any time.
    inside: BTreeSet<Person>,
    /// Others may have been.
    untold: bool,
    same: Same,
}

/// Whom an act may have touched besides those whom it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    Nobody,
    Inside,
    Anybody,
}

impl Restrictions {
    pub fn of(intervals: &[Interval], content: &Content, same: &Same) -> Self {
        let mut restrictions = Restrictions { untold: !content.told || content.nameless, ..Self::default() };
        for interval in intervals {
            if let Thing::Restriction { subject } = interval.thing {
                let times = restrictions.of.entry(subject).or_default();
                *times = times.union(&interval.times());
            }
        }
        if !restrictions.of.is_empty() {
            restrictions.inside = content.of.keys().map(|person| same.first(*person)).collect();
            restrictions.same = same.clone();
        }
        restrictions
    }

    /// Who is possibly touched by an act on these, and was possibly restricted then: also under a number of whom it is only
    /// suspected that it is theirs.
    pub fn then(&self, subjects: &BTreeSet<Person>, others: Others, when: When) -> BTreeSet<Person> {
        if self.of.is_empty() {
            return BTreeSet::new();
        }
        let named: BTreeSet<Person> = subjects.iter().map(|person| self.same.first(*person)).collect();
        let touched = |person: &Person| {
            let first = self.same.first(*person);
            named.contains(&first)
                || match others {
                    Others::Nobody => false,
                    Others::Inside => self.untold || self.inside.contains(&first),
                    Others::Anybody => true,
                }
        };
        let then = |times: &Times| times.possible.meets(when.earliest, when.latest);
        self.of.iter().filter(|(person, times)| touched(person) && then(times)).map(|(person, _)| *person).collect()
    }
}
