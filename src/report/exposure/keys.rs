//! How the data was protected, as it was told, and who could use which key, from when to when (REPORTS 1.2, 15).

use super::document::*;
use super::facts::{Found, People};
use super::groups::{Groups, Times, in_order};
use crate::exposure::calculus::exposure::Rung;
use crate::exposure::calculus::fact::{Party, Resource, Side, Thing};
use crate::exposure::telling::{Protected, Telling};
use crate::report::access::document::EntryIndex;
use std::collections::{BTreeMap, BTreeSet};

/// What the acts on a resource say of how data was protected, what was put in before what moved.
pub(super) fn protections(found: &[Found<'_>], told: &Telling) -> Vec<ProtectionFact> {
    let mut all: BTreeMap<(usize, Part, Said), Vec<u64>> = BTreeMap::new();
    let content = content(told);
    for (place, found) in found.iter().enumerate() {
        for entry in content.get(&found.resource).into_iter().flatten() {
            all.entry((place, Part::Content, said(told, [*entry]))).or_default().push(*entry);
        }
        for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != Rung::Tried) {
            let entries = &found.accesses[judged.access].entries;
            let said = said(told, entries.iter().copied());
            all.entry((place, Part::Moved, said)).or_default().extend(entries.first());
        }
    }
    let fact = |((place, what, said), acts): ((usize, Part, Said), Vec<u64>)| {
        // One act may be told of several times, as to several parties.
        let acts: BTreeSet<u64> = acts.into_iter().collect();
        let listed = matches!(said, Said::Protected(_));
        ProtectionFact {
            resource: found[place].name.to_owned(),
            what,
            state: said.state(),
            key: said.key().and_then(|key| told.key_name(key)).map(str::to_owned),
            acts: acts.len() as u64,
            entries: acts.into_iter().filter(|_| listed).map(EntryIndex).collect(),
        }
    };
    all.into_iter().map(fact).collect()
}

/// The entries by which something came in, by resource.
fn content(told: &Telling) -> BTreeMap<Resource, BTreeSet<u64>> {
    let mut all: BTreeMap<Resource, BTreeSet<u64>> = BTreeMap::new();
    for edge in told.edges.iter().filter(|edge| edge.side != Side::Closes) {
        if let Some(Thing::Content { resource, .. }) = edge.thing {
            all.entry(resource).or_default().insert(edge.index);
        }
    }
    all
}

/// Whoever is told to have had a key that undoes what protects any of it; of all keys that are on file where nothing tells
/// which one does.
pub(super) fn keys(found: &[Found<'_>], people: &People<'_>, groups: &Groups) -> Vec<KeyFact> {
    let told = people.told;
    let content = content(told);
    let (mut of, mut any): (BTreeMap<u32, BTreeSet<&str>>, BTreeSet<&str>) = Default::default();
    for found in found {
        let moved = found.accesses.iter().flat_map(|access| &access.entries);
        let copied = found.exposure.holdings.iter().filter_map(|held| held.start.entry.as_ref());
        let entries = moved.chain(copied).chain(content.get(&found.resource).into_iter().flatten());
        for protected in entries.filter_map(|entry| told.protected.get(entry)) {
            match protected.key {
                Some(key) => of.entry(key).or_default().insert(found.name),
                None => any.insert(found.name),
            };
        }
    }
    if !any.is_empty() {
        groups.keys.keys().for_each(|key| of.entry(*key).or_default().extend(&any));
    }
    let fact = |(key, resources): (u32, BTreeSet<&str>)| KeyFact {
        name: told.key_name(key).unwrap_or_default().to_owned(),
        resources: resources.into_iter().map(str::to_owned).collect(),
        users: users(key, people, groups),
    };
    of.into_iter().map(fact).collect()
}

fn users(key: u32, people: &People<'_>, groups: &Groups) -> Vec<KeyUserFact> {
    let mut all: BTreeMap<(Party, Option<Party>), Vec<Times>> = BTreeMap::new();
    for (holder, times) in groups.keys.get(&key).into_iter().flatten() {
        for (user, times) in groups.users(*holder, *times) {
            if times.is_asked_for() {
                let over = Some(*holder).filter(|holder| *holder != user);
                all.entry((user, over)).or_default().push(times);
            }
        }
    }
    let fact = |((user, over), times): ((Party, Option<Party>), Vec<Times>)| KeyUserFact {
        who: people.who(user),
        over: over.map(|party| people.who(party)),
        stays: in_order(times),
    };
    all.into_iter().map(fact).collect()
}

/// What is said of one act; of several entries that tell of it otherwise nothing is settled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Protected(Protected),
    Not,
    Nothing,
}

fn said(told: &Telling, entries: impl IntoIterator<Item = u64>) -> Said {
    let of = |entry: u64| match told.protected.get(&entry) {
        Some(protected) => Some(Said::Protected(*protected)),
        None => told.unprotected.contains(&entry).then_some(Said::Not),
    };
    let all: BTreeSet<Said> = entries.into_iter().filter_map(of).collect();
    let mut all = all.into_iter();
    all.next().filter(|_| all.next().is_none()).unwrap_or(Said::Nothing)
}

impl Said {
    fn state(self) -> Protection {
        match self {
            Said::Protected(Protected { encrypted: true, pseudonymised: true, .. }) => Protection::Both,
            Said::Protected(Protected { encrypted: true, .. }) => Protection::Encrypted,
            Said::Protected(_) => Protection::Pseudonymised,
            Said::Not => Protection::Neither,
            Said::Nothing => Protection::NotTold,
        }
    }

    fn key(self) -> Option<u32> {
        if let Said::Protected(protected) = self { protected.key } else { None }
    }
}
