//! Where those live whose data was inside, by what the controller's registry says of each resource (REPORTS 1.2, 4).

use super::count::exposed;
use super::document::*;
use super::facts::Found;
use crate::exposure::calculus::exposure::Rung;
use crate::exposure::calculus::fact::Person;
use crate::exposure::calculus::same::Same;
use crate::registry::Document;
use crate::report::access::completeness::of_each;
use crate::report::access::document::{Provision, Range};
use crate::report::canonical::cut;
use std::collections::{BTreeMap, BTreeSet};

/// What is told of where one person may live.
#[derive(Default)]
struct Home<'a> {
    countries: BTreeSet<&'a str>,
    /// Of a resource that may have held their data nothing is told.
    untold: bool,
}

/// How many people, certain to possible, in each country, and of how many none is told. Whoever may live in one of several
/// counts as possible in each, so that nobody is lost: the upper figures may come to more than there are people.
pub(super) fn countries(
    found: &[Found<'_>],
    total: Range,
    document: Option<&Document>,
    same: &Same,
) -> Vec<CountryFact> {
    let told: Vec<&[String]> = found.iter().map(|found| of_resource(document, found.name)).collect();
    let mut homes: BTreeMap<Person, Home<'_>> = BTreeMap::new();
    for (found, told) in found.iter().zip(&told) {
        for person in inside(found) {
            let home = homes.entry(person).or_default();
            home.countries.extend(told.iter().map(String::as_str));
            home.untold |= told.is_empty();
        }
    }
    let (surely, possibly) = exposed(found);
    let none = Home { untold: true, ..Home::default() };
    let home = |person: &Person| homes.get(person).unwrap_or(&none);
    // Whoever is counted and not listed may live in any of them.
    let others = total.high.saturating_sub(possibly.len() as u64);
    let count = |is: &dyn Fn(&Home<'_>) -> bool, only: &dyn Fn(&Home<'_>) -> bool, others: u64| {
        let high = possibly.iter().filter(|person| is(home(person))).count() as u64 + others;
        let low = same.distinct(surely.iter().copied().filter(|person| only(home(person))));
        Range { low, high: cut(high) }
    };
    let names: BTreeSet<&str> = told.iter().flat_map(|told| told.iter().map(String::as_str)).collect();
    let mut all: Vec<CountryFact> = Vec::new();
    for name in names {
        let only = |home: &Home<'_>| !home.untold && home.countries.len() == 1 && home.countries.contains(name);
        let persons = count(&|home| home.countries.contains(name), &only, others);
        all.push(CountryFact { name: Some(name.to_owned()), persons });
    }
    let somewhere = told.iter().all(|told| !told.is_empty()) && !told.is_empty();
    let untold = |home: &Home<'_>| home.untold;
    let nowhere = |home: &Home<'_>| home.countries.is_empty();
    let persons = count(&untold, &nowhere, if somewhere { 0 } else { others });
    if persons.high > 0 || (all.is_empty() && !found.is_empty()) {
        all.push(CountryFact { name: None, persons });
    }
    all
}

/// Whether the registry says it of each of these resources.
pub(super) fn provided(found: &[Found<'_>], document: Option<&Document>) -> Provision {
    of_each(found.iter().map(|found| !of_resource(document, found.name).is_empty()))
}

fn of_resource<'a>(document: Option<&'a Document>, name: &str) -> &'a [String] {
    let resource = document.and_then(|document| document.resource(name));
    resource.map_or(&[], |resource| &resource.subject_countries)
}

/// Everybody whose data it held or gave, or may have.
fn inside(found: &Found<'_>) -> BTreeSet<Person> {
    let judged = found.exposure.accesses.iter().filter(|judged| judged.rung != Rung::Tried);
    let named = judged.flat_map(|judged| &found.accesses[judged.access].subjects);
    found.exposure.subjects.keys().chain(named).copied().collect()
}
