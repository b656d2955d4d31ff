//! Who has a part in an action: each person once, whatever roles they have in it.
//!
//! A strong identity in common makes two nodes one person, unless that would give the person two strong identities of
//! one namespace: customers who share a mailbox are two. Weak identities join only nodes that show nothing else, so that
//! a passenger who shares name and birthday with the customer is not taken for the customer here.

use crate::model::*;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// Where in an action a person is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    Subject(usize),
    Actor(usize),
    Recipient(usize),
    Fact(usize),
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Subject(i) => write!(f, "action.subjects[{i}]"),
            Node::Actor(i) => write!(f, "action.actors[{i}]"),
            Node::Recipient(i) => write!(f, "action.recipients[{i}]"),
            Node::Fact(i) => write!(f, "action.facts[{i}]"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonInAction {
    /// In order of appearance; at least one.
    pub nodes: Vec<Node>,
    /// Ascending.
    pub roles: Vec<Role>,
}

/// Everybody in an action, each once, in order of appearance: subjects first. The other lists say for each element of
/// the action who it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    pub persons: Vec<PersonInAction>,
    pub subjects: Vec<u32>,
    pub actors: Vec<Option<u32>>,
    pub recipients: Vec<Option<u32>>,
    pub facts: Vec<Option<u32>>,
}

impl People {
    pub fn of(action: &Action) -> Self {
        let nodes = nodes(action);
        let sets = Sets::of(&nodes);
        let mut ordinals: Vec<Option<u32>> = vec![None; nodes.len()];
        let mut people = People {
            persons: Vec::new(),
            subjects: Vec::with_capacity(action.subjects.len()),
            actors: vec![None; action.actors.len()],
            recipients: vec![None; action.recipients.len()],
            facts: vec![None; action.facts.len()],
        };
        for (i, (node, role, _)) in nodes.iter().enumerate() {
            let ordinal = *ordinals[sets.root(i)].get_or_insert_with(|| {
                people.persons.push(PersonInAction { nodes: Vec::with_capacity(1), roles: Vec::with_capacity(1) });
                people.persons.len() as u32 - 1
            });
            let person = &mut people.persons[ordinal as usize];
            person.nodes.push(*node);
            if let Err(at) = person.roles.binary_search(role) {
                person.roles.insert(at, *role);
            }
            match *node {
                Node::Subject(_) => people.subjects.push(ordinal),
                Node::Actor(i) => people.actors[i] = Some(ordinal),
                Node::Recipient(i) => people.recipients[i] = Some(ordinal),
                Node::Fact(i) => people.facts[i] = Some(ordinal),
            }
        }
        people
    }
}

type Named<'a> = (Node, Role, &'a [Identity]);

fn nodes(action: &Action) -> Vec<Named<'_>> {
    let subjects = action.subjects.iter().enumerate();
    let mut nodes: Vec<Named<'_>> =
        subjects.map(|(i, subject)| (Node::Subject(i), Role::DataSubject, subject.identities.as_slice())).collect();
    for (i, actor) in action.actors.iter().enumerate().filter(|(_, actor)| actor.kind == PartyKind::Human) {
        let role = match i {
            0 if action.verb == "approval.grant" || action.verb == "approval.deny" => Role::Approver,
            0 => Role::Actor,
            _ => Role::Principal,
        };
        nodes.push((Node::Actor(i), role, &actor.identities));
    }
    for (i, recipient) in action.recipients.iter().enumerate().filter(|(_, it)| it.party == PartyKind::Human) {
        nodes.push((Node::Recipient(i), Role::Recipient, &recipient.identities));
    }
    for (i, fact) in action.facts.iter().enumerate().filter(|(_, fact)| fact.party == PartyKind::Human) {
        let role = match fact.kind {
            FactKind::Membership => Role::Member,
            FactKind::Account | FactKind::AccountState => Role::AccountHolder,
            _ => Role::Grantee,
        };
        nodes.push((Node::Fact(i), role, &fact.identities));
    }
    nodes
}

/// Sets of nodes that are one person, found without comparing everybody with everybody.
struct Sets<'a> {
    nodes: &'a [Named<'a>],
    parents: Vec<usize>,
    sizes: Vec<u32>,
    /// For the root of several nodes: their strong identities by namespace.
    strong: HashMap<usize, Strong<'a>>,
}

/// Whether weak, namespace and fields.
type Normal<'a> = (bool, Cow<'a, str>, Vec<Cow<'a, str>>);
type Strong<'a> = HashMap<Cow<'a, str>, &'a Identity>;

impl<'a> Sets<'a> {
    fn of(nodes: &'a [Named<'a>]) -> Self {
        let (parents, sizes) = ((0..nodes.len()).collect(), vec![1; nodes.len()]);
        let mut sets = Sets { nodes, parents, sizes, strong: HashMap::new() };
        if nodes.len() < 2 {
            return sets;
        }
        let mut first: HashMap<Normal<'a>, usize> = HashMap::new();
        for (i, (_, _, identities)) in nodes.iter().enumerate() {
            let weak = identities.iter().all(is_weak);
            if !weak && strong(identities).is_none() {
                continue;
            }
            for identity in identities.iter().filter(|identity| weak || !is_weak(identity)) {
                let fields = identity.fields.iter().map(|field| nfc(field)).collect();
                let with = *first.entry((weak, nfc(&identity.namespace), fields)).or_insert(i);
                sets.join(with, i, weak);
            }
        }
        sets
    }

    fn root(&self, mut node: usize) -> usize {
        while self.parents[node] != node {
            node = self.parents[node];
        }
        node
    }

    fn join(&mut self, a: usize, b: usize, weak: bool) {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        let (large, small) = if self.sizes[a] < self.sizes[b] { (b, a) } else { (a, b) };
        if !weak {
            let (mut mine, theirs) = (self.take_strong(large), self.take_strong(small));
            let agree = theirs.iter().all(|(namespace, it)| mine.get(namespace).is_none_or(|its| same(it, its)));
            if !agree {
                self.strong.extend([(large, mine), (small, theirs)]);
                return;
            }
            mine.extend(theirs);
            self.strong.insert(large, mine);
        }
        self.parents[small] = large;
        self.sizes[large] += self.sizes[small];
    }

    fn take_strong(&mut self, root: usize) -> Strong<'a> {
        let alone = || strong(self.nodes[root].2).unwrap_or_default();
        self.strong.remove(&root).unwrap_or_else(alone)
    }
}

/// The strong identities of a node; nothing where it contradicts itself.
fn strong(identities: &[Identity]) -> Option<Strong<'_>> {
    let mut strong = Strong::new();
    for identity in identities.iter().filter(|identity| !is_weak(identity)) {
        if strong.insert(nfc(&identity.namespace), identity).is_some_and(|before| !same(before, identity)) {
            return None;
        }
    }
    Some(strong)
}

fn same(a: &Identity, b: &Identity) -> bool {
    a.fields.len() == b.fields.len() && a.fields.iter().zip(&b.fields).all(|(a, b)| nfc(a) == nfc(b))
}

fn is_weak(identity: &Identity) -> bool {
    identity.strength == Strength::Weak
}
