//! Other humans whom a recorded decision names in this report. Without one, nobody is.

use super::document::*;
use super::found::Found;
use crate::report::evidence::Naming;
use crate::report::shape::given;
use std::collections::BTreeMap;

/// By their numbers; of several decisions on one the newest that stands counts. One that was taken back is told, and names
/// nobody: its reasons speak of whom it named, so they are told no more either.
pub fn facts(namings: &[Naming], size: u64, found: &Found) -> Vec<StaffFact> {
    let mut named: BTreeMap<PersonNumber, StaffFact> = BTreeMap::new();
    for naming in namings.iter().filter(|naming| naming.index < size) {
        for (entry, ordinal) in &naming.rows {
            let entry = EntryIndex(*entry);
            let Some(number) = ordinal.checked_add(1).and_then(|part| found.numbers.get(&(entry, part))) else {
                continue;
            };
            let gone = naming.taken_back.as_ref().filter(|back| back.index < size);
            let told = |text: &str| given(text).filter(|_| gone.is_none());
            let fact = StaffFact {
                number: *number,
                entry,
                decision: EntryIndex(naming.index),
                names: naming.staff.iter().filter(|_| gone.is_none()).map(PersonIdentity::from).collect(),
                erased_by: naming.erased_by.map(EntryIndex),
                decided_by: naming.by.iter().map(PersonIdentity::from).collect(),
                reasons: told(&naming.reasons),
                interest: told(&naming.interest),
                taken_back: gone.map(|back| NamingTakenBack {
                    entry: EntryIndex(back.index),
                    by: back.by.iter().map(PersonIdentity::from).collect(),
                }),
            };
            let stands = |fact: &StaffFact| fact.taken_back.is_none();
            let known = named.get(number);
            // Where they act first, of all that one decision covers.
            let is_told = known.is_some_and(|known| known.decision == fact.decision);
            if !is_told && (stands(&fact) || !known.is_some_and(stands)) {
                named.insert(*number, fact);
            }
        }
    }
    named.into_values().collect()
}

/// By their numbers.
pub fn roles(known: &BTreeMap<(u64, u32), Vec<String>>, found: &Found) -> Vec<StaffRole> {
    let role = |(&(entry, part), number): (&(EntryIndex, u32), &PersonNumber)| {
        let mut roles = known.get(&(entry.0, part.checked_sub(1)?))?.clone();
        roles.sort();
        roles.dedup();
        Some(StaffRole { number: *number, entry, roles })
    };
    let mut all: Vec<StaffRole> = found.numbers.iter().filter_map(role).collect();
    all.sort_by_key(|role| role.number);
    all
}
