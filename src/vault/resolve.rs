//! From the identities that one node of a record shows to the person whose key its part is sealed under.
//!
//! | the node shows | its person | links |
//! |---|---|---|
//! | strong identities | whoever has one of them and contradicts none; else somebody new, if one of them is; else whoever has the first | the persons of its strong identities are one, unless that gives a person two strong identities of one namespace: then weakly |
//! | weak ones beside | the same | its person and the person of each weak identity, weakly |
//! | weak ones only | the person of the first | and the person of each other one, weakly |
//!
//! The store is read without the lock: [`Vault::attempt`] works on memory alone and says what it misses; that is read,
//! and it is tried again. Nothing is missed between the two, because memory counts the times when it forgets.

use super::identifier::{self, Identifier};
use super::keys::DataKey;
use super::pending::{PendingRow, each_once};
use super::persons::{Known, LookupPlace, PersonLink, PersonRecord, Persons, WeakLink};
use super::{KeyName, PAIR_ROW, PersonId, SHARDS, Vault, VaultError, crypto, row_key};
use crate::model::{Identity, Strength};
use crate::store::Table;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use whosaw_verifier::part;

/// A person's key with every row that has to be durable before a part sealed under it may be.
#[derive(Clone)]
pub struct Resolved {
    pub key: Arc<DataKey>,
    pub rows: Vec<Arc<PendingRow>>,
}

/// Reads without the lock before it is held; a node rarely needs more than three.
const PATIENCE: u32 = 32;

/// The identities of one node as they are looked up.
struct Node {
    identifiers: Vec<Identifier>,
    /// All of them in one; empty for a single one.
    key: Vec<u8>,
    joining: Joining,
}

/// One identity of a node, with what is needed to find and to keep it.
struct Shown {
    identity: part::Identity,
    weak: bool,
    own: Identifier,
    twin: Identifier,
    place: LookupPlace,
}

/// What memory misses.
enum Need {
    Lookups,
    Record(PersonId),
    Key(PersonId, KeyName),
    LinkCount(PersonId),
    Pair(PersonId, PersonId),
}

/// What the store said, to be kept unless memory has learnt it meanwhile.
enum Read {
    Lookups(Vec<(Identifier, Option<PersonId>)>),
    Record(PersonId, Option<DataKey>, PersonRecord),
    Key(PersonId, KeyName, Option<DataKey>),
    LinkCount(PersonId, u64),
    Pair(PersonId, PersonId, bool),
}

/// What the store was found not to hold. Believed only as long as memory forgets nothing.
#[derive(Default)]
struct Absent {
    drops: u64,
    identifiers: HashSet<Identifier>,
    keys: HashSet<(PersonId, KeyName)>,
    pairs: HashSet<(PersonId, PersonId)>,
}

/// Why an attempt did not end.
enum Stop {
    Need(Need),
    Failed(VaultError),
}

impl From<VaultError> for Stop {
    fn from(error: VaultError) -> Self {
        Stop::Failed(error)
    }
}

/// How the persons of a node's identities come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joining {
    /// By the table above.
    ByRule,
    /// They are one person, whatever they are: somebody said so.
    Strongly,
    /// They may be one person.
    Weakly,
}

impl Vault {
    /// The person whom these identities mean, made if there is none, with their key for `name`.
    pub(super) fn resolve(&self, identities: &[Identity], name: KeyName) -> Result<Resolved, VaultError> {
        self.resolve_as(identities, name, Joining::ByRule)
    }

    pub(super) fn resolve_as(
        &self,
        identities: &[Identity],
        name: KeyName,
        joining: Joining,
    ) -> Result<Resolved, VaultError> {
        let node = Node { joining, ..Node::of(identities)? };
        if joining == Joining::ByRule {
            let mut persons = self.persons();
            persons.drop_some();
            if let Some(resolved) = persons.remembered(&node).and_then(|person| persons.resolved(person, name)) {
                return Ok(resolved);
            }
        }
        let shown = self.shown(identities)?;
        let (mut absent, mut decided) = (Absent::default(), None);
        for _ in 0..PATIENCE {
            let need = {
                let mut persons = self.persons();
                if absent.drops != persons.drops {
                    // Whoever was decided on may be among those who were forgotten.
                    (absent, decided) = (Absent { drops: persons.drops, ..Absent::default() }, None);
                }
                match self.attempt(&mut persons, &node, &shown, name, &absent, &mut decided) {
                    Err(Stop::Need(need)) => need,
                    Err(Stop::Failed(error)) => return Err(error),
                    Ok(resolved) => return Ok(resolved),
                }
            };
            let read = self.read(need, &shown)?;
            let mut persons = self.persons();
            if absent.drops == persons.drops {
                persons.keep(read, &mut absent);
            }
        }
        // Memory forgets faster than the store answers: the last resort is that everybody waits.
        let mut persons = self.persons();
        (absent, decided) = (Absent { drops: persons.drops, ..Absent::default() }, None);
        loop {
            match self.attempt(&mut persons, &node, &shown, name, &absent, &mut decided) {
                Err(Stop::Need(need)) => persons.keep(self.read(need, &shown)?, &mut absent),
                Err(Stop::Failed(error)) => return Err(error),
                Ok(resolved) => return Ok(resolved),
            }
        }
    }

    /// Whether memory knows already whom these identities mean together.
    pub(super) fn remembers(&self, identities: &[Identity]) -> Result<bool, VaultError> {
        let node = Node::of(identities)?;
        Ok(self.persons().remembered(&node).is_some())
    }

    fn shown(&self, identities: &[Identity]) -> Result<Vec<Shown>, VaultError> {
        let mut shown: Vec<Shown> = Vec::with_capacity(identities.len());
        for identity in identities {
            let own = identifier::identifier(identity).ok_or_else(|| too_long(identities))?;
            if shown.iter().any(|before| before.own == own) {
                continue;
            }
            let (place, twin) = (self.lookup_place(&own)?, identifier::twin(&own));
            let (identity, weak) = (identifier::to_part(identity), identifier::is_weak(identity));
            shown.push(Shown { identity, weak, own, twin, place });
        }
        Ok(shown)
    }

    /// Resolves from memory alone. What was `decided` in an earlier attempt stands.
    fn attempt(
        &self,
        persons: &mut Persons,
        node: &Node,
        shown: &[Shown],
        name: KeyName,
        absent: &Absent,
        decided: &mut Option<PersonId>,
    ) -> Result<Resolved, Stop> {
        let known = decided.or_else(|| persons.remembered(node).filter(|_| node.joining == Joining::ByRule));
        let person = match known {
            Some(person) => person,
            None => {
                let plan = Planner::new(persons, shown, absent, node.joining)?.plan()?;
                let person = plan.person;
                self.learn(persons, shown, plan, absent)?;
                person
            }
        };
        *decided = Some(person);
        if shown.len() > 1 && persons.is_settled(person, shown, absent)? {
            persons.by_node.insert(node.key.clone(), person);
        }
        if persons.known.get(&person).is_none_or(|known| known.key(name).is_none()) {
            if !absent.keys.contains(&(person, name)) && !persons.is_new(person) {
                return Err(Stop::Need(Need::Key(person, name)));
            }
            let key = self.make_key(person, name)?;
            persons.known.entry(person).or_default().keep_key(name, key);
        }
        persons.resolved(person, name).ok_or(Stop::Failed(VaultError::Sealing))
    }

    /// Keeps what a node teaches. All that can fail comes first; then memory changes wholly. No row is in the store
    /// before an entry that relies on it is.
    fn learn(&self, persons: &mut Persons, shown: &[Shown], plan: Plan, absent: &Absent) -> Result<(), Stop> {
        let Plan { person, shown_by, new, learnt, same, members, weak, relied_on } = plan;
        let is_known = new.is_empty() && learnt.is_empty() && same.is_empty() && weak.is_empty();
        if is_known && relied_on.is_empty() && shown_by.iter().all(|id| *id == person || persons.is_durable(*id)) {
            return Ok(());
        }
        let mut keys: HashMap<PersonId, Arc<DataKey>> = HashMap::new();
        let mut records: BTreeMap<PersonId, PersonRecord> = BTreeMap::new();
        for (id, identities) in &new {
            keys.insert(*id, Arc::new(self.make_key(*id, KeyName::RECORD)?));
            let identities = identities.iter().map(|i| shown[*i].identity.clone()).collect();
            records.insert(*id, PersonRecord { identities, links: Vec::new() });
        }
        let changed = (!learnt.is_empty() || !same.is_empty()).then_some(person);
        for id in changed.iter().chain(&same) {
            if !records.contains_key(id) {
                let (key, record) = persons.record(*id, absent)?;
                records.insert(*id, record.clone());
                keys.insert(*id, key);
            }
        }
        for id in weak.iter().flat_map(|link| [link.from, link.to]) {
            let key = match keys.get(&id) {
                Some(key) => Arc::clone(key),
                None => persons.record(id, absent)?.0,
            };
            if !key.is_counted() {
                return Err(Stop::Need(Need::LinkCount(id)));
            }
            keys.insert(id, key);
        }
        if let Some(record) = records.get_mut(&person) {
            record.identities.extend(learnt.iter().map(|i| shown[*i].identity.clone()));
            record.links.extend(same.iter().map(PersonLink::to));
        }
        for other in &same {
            records.entry(*other).or_default().links.push(PersonLink::to(&person));
        }
        let mut sealed = Vec::with_capacity(records.len());
        for (id, record) in records {
            let (row_key, value) = self.seal_record(&id, &keys[&id], &record)?;
            sealed.push((id, record, row_key, value));
        }
        let mut lookups = Vec::new();
        let of_new = new.iter().flat_map(|(id, identities)| identities.iter().map(|i| (*id, *i)));
        for (id, i) in of_new.chain(learnt.iter().map(|i| (person, *i))) {
            lookups.push((id, i, self.make_lookup(&shown[i].place, &shown[i].own, &id)?));
        }
        let mut links = Vec::with_capacity(weak.len());
        for link in &weak {
            let strength = |id: PersonId| match new.iter().find(|(new, _)| *new == id) {
                Some((_, identities)) => shown[identities[0]].identity.strength,
                None => persons.strength(id),
            };
            let identity = link.shown.map(|i| shown[i].identity.clone());
            let there = WeakLink::to(&link.to, strength(link.to), identity);
            let back = WeakLink::to(&link.from, strength(link.from), None);
            let rows = [self.make_link(&keys[&link.from], &there)?, self.make_link(&keys[&link.to], &back)?];
            let (a, b) = pair(link.from, link.to);
            let once = PendingRow::new(a, Table::Lookups, self.pair_row(&keys[&a], &b), Vec::new());
            links.push((link, [there, back], rows, once));
        }

        for (id, _) in &new {
            let key = &keys[id];
            let (keys, rows) = (vec![(KeyName::RECORD, Arc::clone(key))], key.row.iter().cloned().collect());
            persons.known.insert(*id, Known { is_new: true, keys, rows, ..Known::default() });
        }
        for (id, record, row_key, value) in sealed {
            persons.keep_record(id, record, row_key, value);
        }
        for (id, i, row) in lookups {
            persons.by_identifier.insert(shown[i].own.clone(), id);
            persons.known.entry(id).or_default().rows.push(row);
        }
        for (link, said, rows, once) in links {
            let mut of_pair = vec![once];
            for ((id, link), row) in [link.from, link.to].into_iter().zip(said).zip(rows) {
                of_pair.push(Arc::clone(&row));
                persons.known.entry(id).or_default().keep_link(row, link);
            }
            persons.pairs.insert(pair(link.from, link.to), of_pair);
        }
        // Whoever is the same person refers to the others, so each carries the rows of all. A weak identity's person
        // refers to nobody before a link is durable, and may be linked to very many: it carries its own rows only.
        let pairs: BTreeSet<_> = weak.iter().map(|link| pair(link.from, link.to)).chain(relied_on).collect();
        let ends = pairs.iter().flat_map(|(a, b)| [*a, *b]);
        let everybody: BTreeSet<PersonId> = members.iter().chain(&shown_by).copied().chain(ends).collect();
        let mut riding: Vec<_> = everybody.into_iter().flat_map(|id| persons.own_rows(id)).collect();
        riding.extend(pairs.iter().filter_map(|both| persons.pairs.get(both)).flatten().cloned());
        riding.retain(|row| !row.is_durable());
        each_once(&mut riding);
        for id in members {
            persons.known.entry(id).or_default().rows.clone_from(&riding);
        }
        // That an identifier is known in both strengths is true of its two persons whoever shows them. After the members
        // have all rows: the other may be one of them, and its record refers to the rest.
        for link in weak.iter().filter(|link| link.from != person) {
            let mut relied_on = persons.own_rows(link.to);
            relied_on.extend(persons.pairs.get(&pair(link.from, link.to)).into_iter().flatten().cloned());
            persons.known.entry(link.from).or_default().rows.extend(relied_on);
        }
        Ok(())
    }

    /// Says that two persons are linked weakly, so that it need not be looked for among all their links.
    pub(super) fn pair_row(&self, key: &DataKey, other: &PersonId) -> Vec<u8> {
        row_key(self.ledger, &[&[PAIR_ROW], &key.mac.mac(&[b"pair", &other.id])[..16]])
    }

    /// Reads what memory misses; takes no lock.
    fn read(&self, need: Need, shown: &[Shown]) -> Result<Read, VaultError> {
        let snapshot = self.store.snapshot()?;
        let snapshot = snapshot.as_ref();
        let record_key = |person| -> Result<DataKey, VaultError> {
            self.load_key(snapshot, person, KeyName::RECORD)?.ok_or(VaultError::Torn { what: "person" })
        };
        Ok(match need {
            Need::Lookups => {
                let identifiers = shown.iter().flat_map(|it| [(&it.own, &it.place), (&it.twin, &it.place)]);
                let (mut asked, mut keys) = (Vec::new(), Vec::new());
                for (identifier, place) in identifiers {
                    for (row_key, key) in place.rows(self.ledger, identifier) {
                        asked.push((identifier, key));
                        keys.push(row_key);
                    }
                }
                let rows = snapshot.get_many(Table::Lookups, &keys)?;
                let mut found: Vec<(Identifier, Option<PersonId>)> = Vec::with_capacity(2 * shown.len());
                for (((identifier, key), row_key), row) in asked.into_iter().zip(&keys).zip(rows) {
                    let person = row.map(|row| self.open_lookup(key, row_key, &row)).transpose()?;
                    match found.last_mut() {
                        // A shard that has an old key beside the new one: under one of them, or none.
                        Some((last, before)) if last == identifier => *before = before.or(person),
                        _ => found.push((identifier.clone(), person)),
                    }
                }
                Read::Lookups(found)
            }
            Need::Record(person) => {
                let key = self.load_key(snapshot, person, KeyName::RECORD)?;
                let record = key.as_ref().map(|key| self.read_record(snapshot, person, key)).transpose()?.flatten();
                Read::Record(person, key, record.unwrap_or_default())
            }
            Need::Key(person, name) => {
                let key = self.load_key(snapshot, person, name)?;
                if let Some(key) = &key {
                    key.count_from(key.count_rows(snapshot)?);
                }
                Read::Key(person, name, key)
            }
            Need::LinkCount(person) => Read::LinkCount(person, record_key(person)?.count_rows(snapshot)?),
            Need::Pair(a, b) => {
                let row = self.pair_row(&record_key(a)?, &b);
                Read::Pair(a, b, snapshot.get(Table::Lookups, &row)?.is_some())
            }
        })
    }
}

impl Node {
    fn of(identities: &[Identity]) -> Result<Self, VaultError> {
        let identifiers = identities.iter().map(identifier::identifier).collect::<Option<Vec<_>>>();
        let identifiers = identifiers.ok_or_else(|| too_long(identities))?;
        let key = match identifiers.as_slice() {
            [] => return Err(VaultError::Sealing),
            [_] => Vec::new(),
            _ => identifier::node_key(&identifiers),
        };
        Ok(Node { identifiers, key, joining: Joining::ByRule })
    }
}

/// Admit takes far less than what no row can hold.
fn too_long(identities: &[Identity]) -> VaultError {
    VaultError::PartTooLong { bytes: identities.iter().flat_map(|identity| &identity.fields).map(String::len).sum() }
}

/// What a node teaches.
struct Plan {
    person: PersonId,
    /// The persons of all its identities.
    shown_by: Vec<PersonId>,
    /// New persons, each with the identities it begins with.
    new: Vec<(PersonId, Vec<usize>)>,
    /// Strong identities that the person had not shown before.
    learnt: Vec<usize>,
    /// Who else the person is, as this node shows first.
    same: Vec<PersonId>,
    /// Everybody who is the person, where that matters: itself at least.
    members: Vec<PersonId>,
    weak: Vec<PlannedLink>,
    /// Pairs linked before, by rows that are not durable yet.
    relied_on: Vec<(PersonId, PersonId)>,
}

struct PlannedLink {
    from: PersonId,
    to: PersonId,
    /// The weak identity that `from` showed.
    shown: Option<usize>,
}

/// Makes a plan from what is known; changes nothing.
struct Planner<'a> {
    persons: &'a Persons,
    shown: &'a [Shown],
    absent: &'a Absent,
    joining: Joining,
    found: Vec<Option<PersonId>>,
    whole: Whole,
    new: Vec<(PersonId, Vec<usize>)>,
    learnt: Vec<usize>,
    same: Vec<PersonId>,
    weak: Vec<PlannedLink>,
    relied_on: Vec<(PersonId, PersonId)>,
}

impl<'a> Planner<'a> {
    fn new(persons: &'a Persons, shown: &'a [Shown], absent: &'a Absent, joining: Joining) -> Result<Self, Stop> {
        let found = shown.iter().map(|it| persons.look_up(&it.own, absent)).collect::<Result<_, _>>()?;
        let (whole, new, learnt, same, weak, relied_on) = Default::default();
        Ok(Planner { persons, shown, absent, joining, found, whole, new, learnt, same, weak, relied_on })
    }

    fn plan(mut self) -> Result<Plan, Stop> {
        let unknown: Vec<usize> = (0..self.shown.len()).filter(|i| self.found[*i].is_none()).collect();
        let all = 0..self.shown.len();
        let strong: Vec<usize> = match self.joining {
            Joining::ByRule => all.clone().filter(|i| !self.shown[*i].weak).collect(),
            Joining::Strongly => all.clone().collect(),
            Joining::Weakly => Vec::new(),
        };
        let person = match strong.first() {
            Some(first) => self.strong(*first, &strong)?,
            None => self.person_of(0)?,
        };
        for i in all.filter(|i| !strong.contains(i)) {
            let other = self.person_of(i)?;
            self.link_weakly(person, other, Some(i).filter(|i| self.shown[*i].weak))?;
        }
        // An identifier that is new in this strength may have been shown in the other one.
        for i in unknown {
            let twin = &self.shown[i].twin;
            let other = match self.shown.iter().position(|it| it.own == *twin) {
                Some(here) => self.found[here],
                None => self.persons.look_up(twin, self.absent)?,
            };
            if let (Some(mine), Some(other)) = (self.found[i], other) {
                self.link_weakly(mine, other, None)?;
            }
        }
        let Planner { mut whole, found, new, learnt, same, weak, relied_on, .. } = self;
        if !whole.members.contains(&person) {
            whole.members.push(person);
        }
        let (members, shown_by) = (whole.members, found.into_iter().flatten().collect());
        Ok(Plan { person, shown_by, new, learnt, same, members, weak, relied_on })
    }

    /// The person of the strong identities.
    fn strong(&mut self, first: usize, strong: &[usize]) -> Result<PersonId, Stop> {
        if let Some(person) = self.found[first].filter(|person| strong.iter().all(|i| self.found[*i] == Some(*person)))
        {
            return Ok(person);
        }
        let mut wholes: BTreeMap<PersonId, Whole> = BTreeMap::new();
        for person in strong.iter().filter_map(|i| self.found[*i]) {
            wholes.insert(person, self.persons.whole(person, self.absent)?);
        }
        let mut node = Whole::default();
        let said = self.joining == Joining::Strongly;
        let agrees_with_itself = said || strong.iter().all(|i| node.takes(&self.shown[*i].identity));
        let agrees =
            |person: &PersonId| said || agrees_with_itself && wholes.get(person).is_some_and(|it| it.admits(&node));
        let person = match strong.iter().filter_map(|i| self.found[*i]).find(agrees) {
            Some(person) => person,
            // Somebody new contradicts nobody: the part of one customer never comes under the key of another one only
            // because they share a mailbox.
            None => match strong.iter().find(|i| agrees_with_itself && self.found[**i].is_none()) {
                Some(unknown) => self.person_of(*unknown)?,
                None => self.person_of(first)?,
            },
        };
        self.whole = wholes.remove(&person).unwrap_or_default();
        if self.whole.members.is_empty() {
            self.whole.members.push(person);
            for (_, begins_with) in self.new.iter().filter(|(new, _)| *new == person) {
                self.whole.takes(&self.shown[begins_with[0]].identity);
            }
        }
        for i in strong.iter().copied() {
            match self.found[i] {
                Some(other) if self.whole.members.contains(&other) => {}
                Some(other) => {
                    let theirs = wholes.remove(&other).unwrap_or_default();
                    if said || self.whole.admits(&theirs) {
                        self.same.push(other);
                        self.whole.join(theirs);
                    } else {
                        self.link_weakly(person, other, None)?;
                        wholes.insert(other, theirs);
                    }
                }
                None if self.whole.takes(&self.shown[i].identity) || said => {
                    self.found[i] = Some(person);
                    match self.new.iter_mut().find(|(new, _)| *new == person) {
                        Some((_, identities)) => identities.push(i),
                        None => self.learnt.push(i),
                    }
                }
                None => {
                    let other = self.person_of(i)?;
                    self.link_weakly(person, other, None)?;
                }
            }
        }
        Ok(person)
    }

    /// The person of one identity, new if there is none.
    fn person_of(&mut self, i: usize) -> Result<PersonId, Stop> {
        if let Some(person) = self.found[i] {
            return Ok(person);
        }
        let shard = u16::from_be_bytes(crypto::random()?) % SHARDS;
        let person = PersonId { id: crypto::random()?, shard };
        self.new.push((person, vec![i]));
        self.found[i] = Some(person);
        Ok(person)
    }

    fn link_weakly(&mut self, from: PersonId, to: PersonId, shown: Option<usize>) -> Result<(), Stop> {
        let both = pair(from, to);
        let planned = self.weak.iter().any(|link| pair(link.from, link.to) == both);
        if from == to || planned {
            return Ok(());
        }
        if let Some(rows) = self.persons.pairs.get(&both) {
            if rows.iter().any(|row| !row.is_durable()) {
                self.relied_on.push(both);
            }
            return Ok(());
        }
        let is_new = |id: PersonId| self.new.iter().any(|(new, _)| *new == id) || self.persons.is_new(id);
        if !is_new(from) && !is_new(to) && !self.absent.pairs.contains(&both) {
            return Err(Stop::Need(Need::Pair(both.0, both.1)));
        }
        self.weak.push(PlannedLink { from, to, shown });
        Ok(())
    }
}

/// A person with everybody who is the same, and the strong identities of all of them, one a namespace.
#[derive(Default)]
struct Whole {
    members: Vec<PersonId>,
    strong: BTreeMap<String, Vec<String>>,
}

impl Whole {
    /// Adds a strong identity unless another one of its namespace is there.
    fn takes(&mut self, identity: &part::Identity) -> bool {
        let known = self.strong.entry(identity.namespace.clone()).or_insert_with(|| identity.fields.clone());
        *known == identity.fields
    }

    /// Whether no strong identity of the other contradicts one of this.
    fn admits(&self, other: &Whole) -> bool {
        other.strong.iter().all(|(namespace, fields)| self.strong.get(namespace).is_none_or(|known| known == fields))
    }

    fn join(&mut self, other: Whole) {
        self.members.extend(other.members);
        self.strong.extend(other.strong);
    }
}

impl Persons {
    fn remembered(&self, node: &Node) -> Option<PersonId> {
        match node.identifiers.as_slice() {
            [only] => self.by_identifier.get(only).copied(),
            _ => self.by_node.get(&node.key).copied(),
        }
    }

    fn resolved(&mut self, person: PersonId, name: KeyName) -> Option<Resolved> {
        let known = self.known.get_mut(&person)?;
        let key = Arc::clone(known.key(name)?);
        known.rows.retain(|row| !row.is_durable());
        known.links.retain(|(row, _)| !row.is_durable());
        let rows = known.rows.iter().chain(key.row.iter().filter(|row| !row.is_durable())).cloned().collect();
        Some(Resolved { key, rows })
    }

    fn is_durable(&self, person: PersonId) -> bool {
        self.known.get(&person).is_none_or(|known| known.rows.iter().all(|row| row.is_durable()))
    }

    /// Rows in memory that this person carries.
    fn own_rows(&self, person: PersonId) -> Vec<Arc<PendingRow>> {
        self.known.get(&person).map(|known| known.rows.clone()).unwrap_or_default()
    }

    fn look_up(&self, identifier: &Identifier, absent: &Absent) -> Result<Option<PersonId>, Stop> {
        match self.by_identifier.get(identifier) {
            Some(person) => Ok(Some(*person)),
            None if absent.identifiers.contains(identifier) => Ok(None),
            None => Err(Stop::Need(Need::Lookups)),
        }
    }

    /// A person who was made here and is not in the store yet: nothing else of theirs can be there.
    fn is_new(&self, person: PersonId) -> bool {
        let record_key = self.known.get(&person).filter(|known| known.is_new).and_then(|it| it.key(KeyName::RECORD));
        record_key.is_some_and(|key| !key.is_durable())
    }

    /// What is known of a person whose record is about to change, and the key that seals it.
    fn record(&self, person: PersonId, absent: &Absent) -> Result<(Arc<DataKey>, &PersonRecord), Stop> {
        let known = self.known.get(&person);
        match known.and_then(|known| Some((known.key(KeyName::RECORD)?, known.record.as_ref()?))) {
            Some((key, record)) => Ok((Arc::clone(key), record)),
            None if absent.keys.contains(&(person, KeyName::RECORD)) => {
                Err(Stop::Failed(VaultError::Torn { what: "person" }))
            }
            None => Err(Stop::Need(Need::Record(person))),
        }
    }

    /// Of a person whose record is in memory.
    fn strength(&self, person: PersonId) -> Strength {
        let record = self.known.get(&person).and_then(|known| known.record.as_ref());
        let weak = record.is_some_and(|record| record.identities.iter().all(|i| i.strength == Strength::Weak));
        if weak { Strength::Weak } else { Strength::Strong }
    }

    /// Everybody who is this person. Links to somebody whose record is gone lead nowhere.
    fn whole(&self, person: PersonId, absent: &Absent) -> Result<Whole, Stop> {
        let mut whole = Whole { members: vec![person], ..Whole::default() };
        let mut next = 0;
        while let Some(at) = whole.members.get(next).copied() {
            next += 1;
            let Some(record) = self.known.get(&at).and_then(|known| known.record.as_ref()) else {
                if absent.keys.contains(&(at, KeyName::RECORD)) {
                    continue;
                }
                return Err(Stop::Need(Need::Record(at)));
            };
            for identity in record.identities.iter().filter(|identity| identity.strength != Strength::Weak) {
                whole.takes(identity);
            }
            for link in record.links.iter().filter(|link| link.strength == Strength::Strong) {
                let other = link.person()?;
                if !whole.members.contains(&other) {
                    whole.members.push(other);
                }
            }
        }
        Ok(whole)
    }

    /// Whether a node will mean the same person for ever: it contradicts nothing.
    fn is_settled(&self, person: PersonId, shown: &[Shown], absent: &Absent) -> Result<bool, Stop> {
        let persons = || shown.iter().filter(|it| !it.weak).map(|it| self.by_identifier.get(&it.own));
        if persons().all(|found| found == Some(&person)) {
            return Ok(true);
        }
        let members = self.whole(person, absent)?.members;
        Ok(persons().all(|found| found.is_some_and(|found| members.contains(found))))
    }

    fn keep_record(&mut self, person: PersonId, record: PersonRecord, row_key: Vec<u8>, value: Vec<u8>) {
        let known = self.known.entry(person).or_default();
        known.record = Some(record);
        let row = match &known.record_row {
            Some(row) => row.newer(row_key, value),
            None => PendingRow::new(person, Table::Lookups, row_key, value),
        };
        known.rows.push(Arc::clone(&row));
        known.record_row = Some(row);
    }

    fn keep(&mut self, read: Read, absent: &mut Absent) {
        match read {
            Read::Lookups(found) => {
                for (identifier, person) in found {
                    match person {
                        Some(person) => drop(self.by_identifier.entry(identifier).or_insert(person)),
                        None => drop(absent.identifiers.insert(identifier)),
                    }
                }
            }
            Read::Record(person, None, _) => drop(absent.keys.insert((person, KeyName::RECORD))),
            Read::Record(person, Some(key), record) => {
                let known = self.known.entry(person).or_default();
                known.record.get_or_insert(record);
                known.keep_key(KeyName::RECORD, key);
            }
            Read::Key(person, name, None) => drop(absent.keys.insert((person, name))),
            Read::Key(person, name, Some(key)) => self.known.entry(person).or_default().keep_key(name, key),
            Read::LinkCount(person, rows) => {
                if let Some(key) = self.known.get(&person).and_then(|known| known.key(KeyName::RECORD)) {
                    key.count_from(rows);
                }
            }
            Read::Pair(a, b, true) => drop(self.pairs.entry((a, b)).or_default()),
            Read::Pair(a, b, false) => drop(absent.pairs.insert((a, b))),
        }
    }
}

fn pair(a: PersonId, b: PersonId) -> (PersonId, PersonId) {
    (a.min(b), a.max(b))
}
