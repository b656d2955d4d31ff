//! Who is whom: the vault against a naive model that keeps everything in sets, with restarts in between.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

type Name = (String, String, bool);

/// The rules, as plainly as they can be said.
#[derive(Default)]
struct Model {
    of: BTreeMap<Name, usize>,
    /// For each person the strong identities, or the one weak one.
    own: Vec<BTreeSet<Name>>,
    /// For each person the weak identities it showed.
    beside: Vec<BTreeSet<Name>>,
    strong: BTreeSet<(usize, usize)>,
    weak: BTreeSet<(usize, usize)>,
    places: BTreeMap<usize, BTreeSet<PartPlace>>,
}

impl Model {
    fn make(&mut self, name: &Name) -> usize {
        self.own.push(BTreeSet::from([name.clone()]));
        self.beside.push(BTreeSet::new());
        self.of.insert(name.clone(), self.own.len() - 1);
        self.own.len() - 1
    }

    fn all_of(&self, person: usize) -> BTreeSet<usize> {
        let mut all = BTreeSet::from([person]);
        loop {
            let more = self.strong.iter().filter(|(a, b)| all.contains(a) != all.contains(b));
            let more: Vec<usize> = more.flat_map(|(a, b)| [*a, *b]).collect();
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }

    fn names_of(&self, person: usize) -> Vec<&Name> {
        self.all_of(person).into_iter().flat_map(|p| &self.own[p]).filter(|name| !name.2).collect()
    }

    fn agree(a: &[&Name], b: &[&Name]) -> bool {
        a.iter().all(|a| b.iter().all(|b| a.0 != b.0 || a.1 == b.1))
    }

    fn link(&mut self, a: usize, b: usize, shown: Option<&Name>) {
        if a != b && self.weak.insert((a.min(b), a.max(b))) {
            self.beside[a].extend(shown.cloned());
        }
    }

    fn resolve(&mut self, node: &[Name]) -> usize {
        let new: Vec<&Name> = node.iter().filter(|name| !self.of.contains_key(*name)).collect();
        let strong: Vec<&Name> = node.iter().filter(|name| !name.2).collect();
        let person = if strong.is_empty() {
            self.of.get(&node[0]).copied().unwrap_or_else(|| self.make(&node[0]))
        } else {
            let sound = Self::agree(&strong, &strong);
            let fits = |p: &usize| sound && Self::agree(&self.names_of(*p), &strong);
            let fitting = strong.iter().filter_map(|name| self.of.get(*name).copied()).find(fits);
            let unknown = strong.iter().find(|name| sound && !self.of.contains_key(**name));
            let person = match (fitting, unknown) {
                (Some(person), _) => person,
                (None, Some(name)) => self.make(name),
                (None, None) => self.of.get(strong[0]).copied().unwrap_or_else(|| self.make(strong[0])),
            };
            for name in strong {
                let mine = self.names_of(person);
                match self.of.get(name).copied() {
                    Some(other) if self.all_of(person).contains(&other) => {}
                    Some(other) if Self::agree(&mine, &self.names_of(other)) => {
                        self.strong.insert((person.min(other), person.max(other)));
                    }
                    Some(other) => self.link(person, other, None),
                    None if Self::agree(&mine, &[name]) => {
                        self.own[person].insert(name.clone());
                        self.of.insert(name.clone(), person);
                    }
                    None => {
                        let other = self.make(name);
                        self.link(person, other, None);
                    }
                }
            }
            person
        };
        for name in node.iter().filter(|name| name.2) {
            let other = self.of.get(name).copied().unwrap_or_else(|| self.make(name));
            self.link(person, other, Some(name));
        }
        for name in new {
            if let Some(twin) = self.of.get(&(name.0.clone(), name.1.clone(), !name.2)).copied() {
                self.link(self.of[name], twin, None);
            }
        }
        person
    }

    fn is_weak(&self, person: usize) -> bool {
        self.own[person].iter().all(|name| name.2)
    }

    fn beside(&self, person: usize) -> BTreeSet<usize> {
        self.weak
            .iter()
            .filter_map(|(a, b)| match person {
                p if p == *a => Some(*b),
                p if p == *b => Some(*a),
                _ => None,
            })
            .collect()
    }

    fn weakly_linked(&self, person: usize) -> BTreeSet<usize> {
        let all = self.all_of(person);
        let mut found: BTreeSet<usize> = all.iter().flat_map(|p| self.beside(*p)).collect();
        if !self.is_weak(person) {
            let weak: Vec<usize> = found.iter().copied().filter(|p| self.is_weak(*p)).collect();
            found.extend(weak.iter().flat_map(|p| self.beside(*p)).filter(|p| self.is_weak(*p)));
        }
        found.difference(&all).copied().collect()
    }
}

fn name((namespace, field, weak): (&str, u8, bool)) -> Name {
    (namespace.into(), field.to_string(), weak)
}

fn identity(name: &Name) -> Identity {
    if name.2 { weak(&name.0, &name.1) } else { strong(&name.0, &name.1) }
}

/// All names that a test can show; `either` is called strong by some and weak by others.
fn alphabet() -> Vec<Name> {
    let strong = ["customer", "email", "phone", "either"].into_iter().flat_map(|n| (0..3).map(move |f| (n, f, false)));
    let weak = ["birthday", "nickname", "either"].into_iter().flat_map(|n| (0..3).map(move |f| (n, f, true)));
    strong.chain(weak).map(name).collect()
}

#[derive(Debug, Clone)]
enum Step {
    Record(Vec<Name>),
    /// Sealed, and then refused: never placed.
    Refuse(Vec<Name>),
    /// Several in one commit, all sealed before the first is placed.
    Batch(Vec<Vec<Name>>),
    /// The same, and memory forgets between sealing and placing.
    BatchAcrossForget(Vec<Vec<Name>>),
    Restart,
    /// Memory forgets who is not in use.
    Forget,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let node = || prop::collection::vec(prop::sample::select(alphabet()), 1..5);
    let step = prop_oneof![
        6 => node().prop_map(Step::Record),
        2 => node().prop_map(Step::Refuse),
        2 => prop::collection::vec(node(), 1..5).prop_map(Step::Batch),
        1 => prop::collection::vec(node(), 1..5).prop_map(Step::BatchAcrossForget),
        1 => Just(Step::Restart),
        1 => Just(Step::Forget),
    ];
    prop::collection::vec(step, 1..24)
}

struct Check {
    house: House,
    model: Model,
    refused: Vec<Vec<Name>>,
}

impl Check {
    fn seal(&self, node: &[Name]) -> Sealed {
        let identities: Vec<Identity> = node.iter().map(identity).collect();
        self.house.seal(vec![part_of(&identities)]).expect("seals")
    }

    fn record(&mut self, nodes: &[Vec<Name>], forgetting: bool) {
        let sealed: Vec<Sealed> = nodes.iter().map(|node| self.seal(node)).collect();
        if forgetting {
            self.house.vault.persons().forget();
        }
        let first = self.house.commit(&sealed);
        for (index, node) in (first..).zip(nodes) {
            let person = self.model.resolve(node);
            self.model.places.entry(person).or_default().insert(PartPlace { index, ordinal: 0 });
        }
    }

    /// What was learnt from refused nodes is in memory only; it rides along with whatever comes next of the same persons.
    fn settle(&mut self) {
        for node in std::mem::take(&mut self.refused) {
            for name in node {
                self.record(&[vec![name]], false);
            }
        }
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Record(node) => self.record(std::slice::from_ref(node), false),
            Step::Batch(nodes) => self.record(nodes, false),
            Step::BatchAcrossForget(nodes) => {
                self.settle();
                self.record(nodes, true);
            }
            Step::Refuse(node) => {
                drop(self.seal(node));
                self.model.resolve(node);
                self.refused.push(node.clone());
            }
            Step::Restart => {
                self.settle();
                self.house.reopen();
            }
            Step::Forget => {
                self.settle();
                self.house.vault.persons().forget();
            }
        }
    }

    fn compare(&self) {
        let (vault, model) = (&self.house.vault, &self.model);
        let mut named: BTreeMap<PersonId, BTreeSet<Name>> = BTreeMap::new();
        for name in model.of.keys() {
            let person = vault.find(&identity(name)).expect("reads").expect("was shown");
            named.entry(person).or_default().insert(name.clone());
        }
        let said = |person: usize| -> BTreeSet<Name> {
            model.of.iter().filter(|(_, p)| **p == person).map(|(name, _)| name.clone()).collect()
        };
        let names = |persons: Vec<PersonId>| -> BTreeSet<BTreeSet<Name>> {
            persons.iter().map(|person| named.get(person).cloned().unwrap_or_default()).collect()
        };
        for name in alphabet() {
            let found = vault.find(&identity(&name)).expect("reads");
            let twin = (name.0.clone(), name.1.clone(), !name.2);
            let Some(person) = model.of.get(&name).or_else(|| model.of.get(&twin)).copied() else {
                assert_eq!(found, None, "{name:?}");
                continue;
            };
            let found = found.unwrap_or_else(|| panic!("{name:?} was shown"));
            assert_eq!(named[&found], said(person), "{name:?}");
            let linked = vault.linked(found).expect("reads");
            assert_eq!(linked[0], found);
            assert_eq!(names(linked), model.all_of(person).into_iter().map(said).collect(), "linked to {name:?}");
            let weakly = vault.weakly_linked(found).expect("reads");
            assert_eq!(names(weakly), model.weakly_linked(person).into_iter().map(said).collect(), "beside {name:?}");
            let identities: BTreeSet<Name> = vault
                .identities(found)
                .expect("reads")
                .iter()
                .map(|i| (i.namespace.clone(), i.fields[0].clone(), i.strength == Strength::Weak))
                .collect();
            assert_eq!(identities, &model.own[person] | &model.beside[person], "identities of {name:?}");
            let places: BTreeSet<PartPlace> = vault.occurrences(found).expect("reads").into_iter().collect();
            assert_eq!(places, model.places.get(&person).cloned().unwrap_or_default(), "parts of {name:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn persons_are_those_of_the_naive_model(steps in steps()) {
        let mut check = Check { house: House::new(), model: Model::default(), refused: Vec::new() };
        for step in &steps {
            check.run(step);
            check.compare();
        }
        check.run(&Step::Restart);
        check.compare();
    }

    /// Refused appends and a crash on top: what was recorded is found, and nothing leads into the void.
    #[test]
    fn what_was_only_in_memory_leaves_no_trace_in_what_is_durable(steps in steps()) {
        let mut check = Check { house: House::new(), model: Model::default(), refused: Vec::new() };
        let mut recorded: Vec<(PartPlace, Vec<Name>)> = Vec::new();
        for step in &steps {
            match step {
                Step::Restart => check.house.reopen(),
                Step::Forget => check.house.vault.persons().forget(),
                Step::Record(node) => recorded.push((PartPlace { index: check.house.next, ordinal: 0 }, node.clone())),
                Step::Batch(nodes) | Step::BatchAcrossForget(nodes) => {
                    let places = (check.house.next..).map(|index| PartPlace { index, ordinal: 0 });
                    recorded.extend(places.zip(nodes.iter().cloned()));
                }
                _ => {}
            }
            match step {
                Step::Restart | Step::Forget => {}
                Step::BatchAcrossForget(nodes) => check.record(nodes, true),
                _ => check.run(step),
            }
        }
        check.house.reopen();
        let vault = &check.house.vault;
        for (place, node) in recorded {
            let mut found_at = 0;
            for name in &node {
                let person = vault.find(&identity(name)).expect("reads").expect("its row is durable with the entry");
                assert!(vault.identities(person).expect("reads").iter().any(|i| i.fields[0] == name.1));
                let linked = vault.linked(person).expect("reads");
                let weakly = vault.weakly_linked(person).expect("reads");
                for other in linked.iter().chain(&weakly) {
                    assert!(!vault.identities(*other).expect("reads").is_empty(), "a link into the void");
                }
                for other in &linked {
                    assert!(vault.linked(*other).expect("reads").contains(&person), "strong links go both ways");
                }
                let near = linked.iter().chain(&weakly).any(|p| vault.occurrences(*p).expect("reads").contains(&place));
                prop_assert!(near, "{:?} is not found from {:?}", place, name);
                found_at += usize::from(vault.occurrences(person).expect("reads").contains(&place));
            }
            prop_assert!(found_at > 0);
        }
    }
}

#[test]
fn what_a_refused_record_taught_of_one_strength_does_not_ride_halfway_with_the_other() {
    let mut house = House::new();
    let (email, customer, maybe) = (strong("email", "0"), strong("either", "1"), weak("either", "1"));
    let known = house.seal(vec![part_of(std::slice::from_ref(&customer))]).expect("seals");
    house.commit(&[known]);
    for refused in [vec![email.clone()], vec![email, maybe.clone(), customer.clone()]] {
        drop(house.seal(vec![part_of(&refused)]).expect("seals"));
    }
    let recorded = house.seal(vec![part_of(&[maybe])]).expect("seals");
    house.commit(&[recorded]);
    house.reopen();
    let person = house.vault.find(&customer).expect("reads").expect("is known");
    for other in house.vault.linked(person).expect("reads") {
        assert!(!house.vault.identities(other).expect("reads").is_empty(), "a link into the void");
    }
}

#[test]
fn two_customers_who_share_a_weak_identity_do_not_share_parts() {
    let mut house = House::new();
    let (one, two, birthday) = (strong("customer", "1"), strong("customer", "2"), weak("born", "1990-01-01"));
    let parts = [
        vec![one.clone(), birthday.clone()],
        vec![two.clone(), birthday.clone()],
        vec![birthday.clone()],
        vec![one.clone()],
    ];
    let sealed: Vec<Sealed> = parts.iter().map(|part| house.seal(vec![part_of(part)]).expect("seals")).collect();
    house.commit(&sealed);
    for _ in 0..2 {
        let vault = &house.vault;
        let person = |identity| vault.find(identity).expect("reads").expect("is known");
        let indexes = |id| vault.occurrences(id).expect("reads").iter().map(|place| place.index).collect::<Vec<_>>();
        assert_eq!(indexes(person(&one)), [0, 3]);
        assert_eq!(indexes(person(&two)), [1]);
        assert_eq!(indexes(person(&birthday)), [2]);
        assert_eq!(vault.linked(person(&one)).expect("reads"), [person(&one)]);
        assert_eq!(vault.weakly_linked(person(&one)).expect("reads"), [person(&birthday)], "not the other customer");
        let mut both = vault.weakly_linked(person(&birthday)).expect("reads");
        both.sort();
        let mut expected = vec![person(&one), person(&two)];
        expected.sort();
        assert_eq!(both, expected);
        assert_eq!(vault.identities(person(&one)).expect("reads"), [one.clone(), birthday.clone()]);
        assert_eq!(vault.identities(person(&birthday)).expect("reads"), std::slice::from_ref(&birthday));
        house.reopen();
    }
}

#[test]
fn a_shared_mailbox_does_not_make_two_customers_one() {
    let mut house = House::new();
    let (one, two, mailbox) = (strong("customer", "1"), strong("customer", "2"), strong("email", "family@example.org"));
    for part in [[one.clone(), mailbox.clone()], [mailbox.clone(), two.clone()]] {
        let sealed = house.seal(vec![part_of(&part)]).expect("seals");
        house.commit(&[sealed]);
        house.reopen();
    }
    let person = |identity| house.vault.find(identity).expect("reads").expect("is known");
    assert_eq!(person(&mailbox), person(&one));
    assert_ne!(person(&one), person(&two));
    assert_eq!(house.vault.linked(person(&one)).expect("reads"), [person(&one)]);
    assert_eq!(house.vault.weakly_linked(person(&two)).expect("reads"), [person(&one)], "but each may be the other");
}

#[test]
fn very_many_may_share_a_weak_identity() {
    let mut house = House::new();
    let hub = weak("first name", "Anna");
    let many = 3_000;
    let parts = (0..many).map(|i| part_of(&[strong("customer", &i.to_string()), hub.clone()])).collect();
    let sealed = house.seal(parts).expect("seals");
    house.commit(&[sealed]);
    house.reopen();
    let more = house.seal(vec![part_of(&[strong("customer", "last"), hub.clone()])]).expect("seals");
    house.commit(&[more]);
    house.reopen();
    let person = house.vault.find(&hub).expect("reads").expect("is known");
    assert_eq!(house.vault.weakly_linked(person).expect("reads").len(), many + 1);
}

#[test]
fn what_is_refused_for_ever_does_not_stay_in_memory() {
    let mut house = House::new();
    let shown = |i: usize| [strong("customer", &i.to_string()), weak("born", &(i % 7).to_string())];
    for i in 0..500 {
        drop(house.seal(vec![part_of(&shown(i))]).expect("seals"));
    }
    let kept = house.seal(vec![part_of(&shown(3))]).expect("seals");
    house.vault.persons().forget();
    // The one that is still under way stays, with the person of its weak identity.
    assert_eq!(house.vault.persons().known.len(), 2);
    let first = house.commit(&[kept]);
    house.reopen();
    let person = house.vault.find(&shown(3)[0]).expect("reads").expect("is known");
    assert_eq!(house.vault.occurrences(person).expect("reads"), [PartPlace { index: first, ordinal: 0 }]);
    assert_eq!(house.vault.find(&shown(4)[0]).expect("reads"), None);
}
