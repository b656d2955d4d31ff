//! What leads nowhere: corrections that speak of no act that is on file, and acts that are told to be their own cause. They are
//! recorded as they were told; the calculus goes by none of it, and the report says so.

use super::facts::Found;
use crate::exposure::calculus::fact::{Party, Person, Resource};
use crate::exposure::telling::Telling;
use crate::exposure::telling::amending::Amending;
use crate::report::joined::Joined;
use std::collections::{BTreeMap, BTreeSet};

/// Corrections and retractions that speak of no act that is on file, over however many others, by their entries; those that
/// may concern these resources. Where they name nothing at all they may concern any.
pub(super) fn of_nothing(found: &[Found<'_>], told: &Telling) -> BTreeSet<u64> {
    let (mut all, groups) = (BTreeSet::new(), groups(told));
    if groups.is_empty() {
        return all;
    }
    let persons = found.iter().flat_map(|found| {
        let viewers = found.exposure.viewers.keys().filter_map(|party| match party {
            Party::Person(person) => Some(person),
            _ => None,
        });
        found.exposure.subjects.keys().chain(viewers).chain(found.accesses.iter().flat_map(|it| &it.subjects))
    });
    let persons: BTreeSet<Person> = persons.copied().collect();
    let resources: BTreeSet<Resource> = found.iter().map(|found| found.resource).collect();
    for group in groups {
        let concerns = |amending: &&Amending| {
            let resource = told.acts.get(&amending.index).and_then(|act| act.resource);
            resource.is_some_and(|resource| resources.contains(&resource))
                || named(amending, told).any(|person| persons.contains(&person))
        };
        if group.iter().any(concerns) || group.iter().all(|it| is_silent(it, told)) {
            all.extend(group.iter().map(|amending| amending.index));
        }
    }
    all
}

/// Amendments that hang together and on no act.
fn groups(told: &Telling) -> Vec<Vec<&Amending>> {
    let places: BTreeMap<u64, usize> = told.amendings.iter().enumerate().map(|(at, one)| (one.index, at)).collect();
    let mut joined = Joined::of(told.amendings.len());
    // What describes an act anew is that act.
    let mut on_file: BTreeSet<usize> =
        (0..told.amendings.len()).filter(|at| !told.amendings[*at].only_amends).collect();
    for amended in &told.amended {
        match places.get(&amended.target) {
            Some(other) => joined.join(amended.by, *other),
            None => drop(on_file.insert(amended.by)),
        }
    }
    let on_file: BTreeSet<usize> = on_file.into_iter().map(|at| joined.root(at)).collect();
    let mut groups: BTreeMap<usize, Vec<&Amending>> = BTreeMap::new();
    for (at, amending) in told.amendings.iter().enumerate() {
        let root = joined.root(at);
        if !on_file.contains(&root) {
            groups.entry(root).or_default().push(amending);
        }
    }
    groups.into_values().collect()
}

/// Whom it says that it was about.
fn named<'a>(amending: &'a Amending, told: &'a Telling) -> impl Iterator<Item = Person> + 'a {
    let restated = amending.restated.iter().flat_map(|said| &said.subjects);
    told.acts.get(&amending.index).into_iter().flat_map(|act| &act.subjects).chain(restated).copied()
}

/// It names no resource and nobody, or whom it names does not open any more.
fn is_silent(amending: &Amending, told: &Telling) -> bool {
    let act = told.acts.get(&amending.index);
    act.is_none_or(|act| act.resource.is_none()) && named(amending, told).next().is_none()
}

/// Acts that are their own cause, by themselves or over others, and those that say that they tell again what they tell; of
/// these resources, and of what led to what happened with them.
pub(super) fn of_themselves(found: &[Found<'_>], told: &Telling) -> BTreeSet<u64> {
    let is_asked = |index: &&u64| {
        let resource = told.acts.get(index).and_then(|act| act.resource);
        resource.is_some_and(|resource| found.iter().any(|found| found.resource == resource))
    };
    let paths = found.iter().flat_map(|found| &found.exposure.paths);
    let edges = paths.flat_map(|path| [path.start.entry, path.end.entry]).flatten();
    let roots: BTreeSet<u64> = told.acts.keys().filter(is_asked).copied().chain(edges).collect();
    let (circles, reached) = circles(&roots, &|index| {
        let Some(act) = told.acts.get(&index) else { return Vec::new() };
        let ids = act.causes();
        ids.flat_map(|id| told.acts_of(id, index)).map(|act| act.index).collect()
    });
    circles.into_iter().chain(told.same_as_itself.intersection(&reached).copied()).collect()
}

/// A place that is being walked from.
struct Walk {
    at: u64,
    next: Vec<u64>,
    /// The least number that is reached from it.
    low: usize,
}

/// Places from which a way leads back to themselves, and all that were reached (Tarjan). Without recursion: a chain may be as
/// long as a ledger.
fn circles(roots: &BTreeSet<u64>, next: &dyn Fn(u64) -> Vec<u64>) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let (mut numbers, mut on_way): (BTreeMap<u64, usize>, Vec<u64>) = (BTreeMap::new(), Vec::new());
    let (mut waits, mut circles): (BTreeSet<u64>, BTreeSet<u64>) = (BTreeSet::new(), BTreeSet::new());
    for root in roots {
        let mut walks: Vec<Walk> = Vec::new();
        let mut entered = (!numbers.contains_key(root)).then_some(*root);
        loop {
            if let Some(at) = entered.take() {
                let number = numbers.len();
                numbers.insert(at, number);
                on_way.push(at);
                waits.insert(at);
                let next = next(at);
                if next.contains(&at) {
                    circles.insert(at);
                }
                walks.push(Walk { at, next, low: number });
            }
            let Some(walk) = walks.last_mut() else { break };
            match walk.next.pop() {
                Some(to) => match numbers.get(&to) {
                    None => entered = Some(to),
                    Some(number) if waits.contains(&to) => walk.low = walk.low.min(*number),
                    Some(_) => {}
                },
                None => {
                    let (at, low) = (walk.at, walk.low);
                    walks.pop();
                    if let Some(before) = walks.last_mut() {
                        before.low = before.low.min(low);
                    }
                    if numbers.get(&at) == Some(&low) {
                        let from = on_way.iter().rposition(|other| *other == at).unwrap_or_default();
                        let together: Vec<u64> = on_way.drain(from..).collect();
                        for one in &together {
                            waits.remove(one);
                        }
                        if together.len() > 1 {
                            circles.extend(together);
                        }
                    }
                }
            }
        }
    }
    (circles, numbers.into_keys().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ways: &[(u64, &[u64])], from: &[u64]) -> Vec<u64> {
        let ways: BTreeMap<u64, Vec<u64>> = ways.iter().map(|(at, to)| (*at, to.to_vec())).collect();
        let next = |at: u64| ways.get(&at).cloned().unwrap_or_default();
        circles(&from.iter().copied().collect(), &next).0.into_iter().collect()
    }

    #[test]
    fn only_what_stands_on_a_circle_is_found() {
        assert_eq!(found(&[(1, &[2]), (2, &[3]), (3, &[])], &[1]), [0u64; 0]);
        assert_eq!(found(&[(1, &[1, 2])], &[1]), [1]);
        // Two circles with a way between, and ways to and from them.
        let two: &[(u64, &[u64])] = &[(1, &[2]), (2, &[3]), (3, &[2, 4]), (4, &[5]), (5, &[6]), (6, &[5, 7]), (7, &[])];
        assert_eq!(found(two, &[1]), [2, 3, 5, 6]);
        assert_eq!(found(two, &[4, 7]), [5, 6]);
        // Two ways to one place are no circle.
        assert_eq!(found(&[(1, &[2, 3]), (2, &[4]), (3, &[4]), (4, &[])], &[1]), [0u64; 0]);
    }

    #[test]
    fn a_circle_of_a_hundred_thousand_ends() {
        let next = |at: u64| vec![(at + 1) % 100_000];
        assert_eq!(circles(&BTreeSet::from([7]), &next).0.len(), 100_000);
    }
}
