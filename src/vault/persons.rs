//! Who persons are: ids, what is known of them, and the part of that which is held in memory.
//!
//! A strong identity means one person. A weak one (a name with a birth date, which two customers may share) means a
//! person of its own, W, so that erasing or reporting a customer never takes along what may be somebody else's. Whoever
//! shows both is linked with W weakly: such links turn counts into ranges, and disclose and erase nothing.

use super::crypto;
use super::identifier::{self, Identifier, from_part};
use super::keys::DataKey;
use super::pending::PendingRow;
use super::ring::{Ring, WrappingKey};
use super::{KeyName, RECORD_ROW, STRONG_ROW, Vault, VaultError, WEAK_ROW, row_key};
use crate::model::{Identity, Strength};
use crate::store::{LedgerNumber, Snapshot, Table};
use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, MutexGuard, PoisonError};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::message;
use whosaw_verifier::part;
use whosaw_verifier::wire::Message as _;

/// A person: a random id and the shard whose key wraps their data keys. Says nothing about who they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId {
    // In the order in which rows of data keys stand.
    pub(super) shard: u16,
    pub(super) id: [u8; 16],
}

impl PersonId {
    pub fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// The home shard.
    pub fn shard(&self) -> u16 {
        self.shard
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonId(..)")
    }
}

message! {
    /// What the vault knows of a person, sealed under their record key: strong identities and who else they are, or the
    /// one weak identity.
    pub struct PersonRecord { 1 identities: Vec<part::Identity>, 2 links: Vec<PersonLink> }

    /// Another person id that is the same person.
    pub struct PersonLink { 1 person: Vec<u8>, 2 shard: u32, 3 strength: Strength }

    /// One row for each weak link, on both sides.
    pub struct WeakLink { 1 person: Vec<u8>, 2 shard: u32,
        /// Whether the other is a weak identity's person.
        3 strength: Strength,
        /// The weak identity that the person showed; absent on the other side, which must not tell whom it may mean.
        4 identity: Option<part::Identity> }
}

impl PersonLink {
    pub(super) fn to(other: &PersonId) -> Self {
        PersonLink { person: other.id.to_vec(), shard: u32::from(other.shard), strength: Strength::Strong }
    }

    pub(super) fn person(&self) -> Result<PersonId, VaultError> {
        person_id(&self.person, self.shard)
    }
}

impl WeakLink {
    pub(super) fn to(other: &PersonId, strength: Strength, identity: Option<part::Identity>) -> Self {
        WeakLink { person: other.id.to_vec(), shard: u32::from(other.shard), strength, identity }
    }

    pub(super) fn person(&self) -> Result<PersonId, VaultError> {
        person_id(&self.person, self.shard)
    }

    /// Whoever it led to was erased.
    pub(super) fn is_cut(&self) -> bool {
        self.person.is_empty()
    }
}

pub(super) fn person_id(id: &[u8], shard: u32) -> Result<PersonId, VaultError> {
    let torn = || VaultError::Torn { what: "person link" };
    let id: [u8; 16] = id.try_into().map_err(|_| torn())?;
    Ok(PersonId { id, shard: u16::try_from(shard).map_err(|_| torn())? })
}

/// Persons in memory. Bounded: whoever is not in use is dropped when there is too much.
#[derive(Default)]
pub struct Persons {
    pub(super) by_identifier: HashMap<Identifier, PersonId, RandomState>,
    /// Nodes of several identities that contradict nothing and hold nothing new.
    pub(super) by_node: HashMap<Vec<u8>, PersonId, RandomState>,
    pub(super) known: HashMap<PersonId, Known, RandomState>,
    /// Pairs that are linked weakly, the lesser first, with the rows that say so as long as they are not durable.
    pub(super) pairs: HashMap<(PersonId, PersonId), Vec<Arc<PendingRow>>>,
    /// Counts the times when something was dropped: what was read from the store before may have changed since.
    pub(super) drops: u64,
    drop_at: usize,
}

/// What memory holds of a person.
#[derive(Default)]
pub struct Known {
    /// Made by this process. As long as the record key is not durable, nothing of theirs is in the store.
    pub(super) is_new: bool,
    pub(super) keys: Vec<(KeyName, Arc<DataKey>)>,
    pub(super) record: Option<PersonRecord>,
    pub(super) record_row: Option<Arc<PendingRow>>,
    /// Rows that have to be durable before a part of this person may be; those of everybody whom they rely on too.
    pub(super) rows: Vec<Arc<PendingRow>>,
    /// This person's own link rows that are not durable yet, with what they say.
    pub(super) links: Vec<(Arc<PendingRow>, WeakLink)>,
}

/// Identifiers, nodes and pairs kept in memory before anything is dropped; some hundred bytes each.
const REMEMBERED: usize = 262_144;

impl Known {
    pub(super) fn key(&self, name: KeyName) -> Option<&Arc<DataKey>> {
        self.keys.iter().find(|(known, _)| *known == name).map(|(_, key)| key)
    }

    /// Keeps a key unless there is one already: of two objects for one key only one may count rows.
    pub(super) fn keep_key(&mut self, name: KeyName, key: DataKey) {
        if self.key(name).is_none() {
            self.keys.push((name, Arc::new(key)));
        }
    }

    /// Keeps a link row in mind until it is durable.
    pub(super) fn keep_link(&mut self, row: Arc<PendingRow>, link: WeakLink) {
        if self.links.len() == self.links.capacity() {
            self.links.retain(|(row, _)| !row.is_durable());
        }
        self.links.push((row, link));
    }

    /// Somebody outside holds a data key, or rows are on their way into the store.
    fn is_in_use(&self) -> bool {
        let in_use = |(name, key): &(KeyName, Arc<DataKey>)| *name != KeyName::RECORD && Arc::strong_count(key) > 1;
        let rows = self.rows.iter().chain(self.links.iter().map(|(row, _)| row));
        let rows = rows.chain(self.keys.iter().filter_map(|(_, key)| key.row.as_ref()));
        self.keys.iter().any(in_use) || rows.into_iter().any(|row| row.is_in_flight())
    }
}

impl Persons {
    /// Forgets when there is too much. What has to stay raises the mark, so that an action with very many persons does not
    /// search in vain for each of them.
    pub(super) fn drop_some(&mut self) {
        if self.size() >= self.drop_at.max(REMEMBERED) {
            self.forget();
            self.drop_at = 2 * self.size();
        }
    }

    /// After keys were destroyed: nothing that memory holds is true of whoever was erased, nor wrapped by keys in force.
    pub(super) fn forget_all(&mut self) {
        *self = Persons { drops: self.drops + 1, ..Persons::default() };
    }

    fn size(&self) -> usize {
        self.by_identifier.len() + self.by_node.len() + self.pairs.len()
    }

    /// Keeps who is in use, because their keys count rows, and whom those rely on; forgets everybody else. What is durable
    /// is read again when it is needed. What only a refused append taught is as if it had never been said, so that
    /// appends which are refused for ever do not fill the memory.
    pub(super) fn forget(&mut self) {
        let mut next: Vec<PersonId> =
            self.known.iter().filter(|(_, known)| known.is_in_use()).map(|(id, _)| *id).collect();
        let mut stay: HashSet<PersonId> = HashSet::new();
        let mut rows: HashSet<*const PendingRow> = HashSet::new();
        while let Some(id) = next.pop() {
            if !stay.insert(id) {
                continue;
            }
            for row in self.known.get(&id).into_iter().flat_map(|known| &known.rows).filter(|row| !row.is_durable()) {
                rows.insert(Arc::as_ptr(row));
                next.push(row.owner);
            }
        }
        self.known.retain(|id, known| {
            known.keys.retain(|(_, key)| Arc::strong_count(key) > 1 || !key.is_durable());
            stay.contains(id)
        });
        self.by_identifier.retain(|_, person| stay.contains(person));
        self.by_node.retain(|_, person| stay.contains(person));
        self.pairs.retain(|_, pair| pair.iter().any(|row| rows.contains(&Arc::as_ptr(row))));
        self.drops += 1;
    }
}

/// Where an identifier's lookup rows stand, one for each strength: under its shard's key, or still under the old one.
pub(super) struct LookupPlace {
    ring: Arc<Ring>,
    shard: u16,
    new: [u8; 16],
    old: Option<[u8; 16]>,
}

impl LookupPlace {
    pub fn new(ring: &Arc<Ring>, shard: u16, identifier: &[u8]) -> Self {
        let encoding = identifier::encoding(identifier);
        let mac = |key: &WrappingKey| *super::mac_of(&key.secret).mac(&[encoding]).first_chunk().expect("has 32 bytes");
        let slot = ring.shard(shard);
        LookupPlace { ring: Arc::clone(ring), shard, new: mac(&slot.new), old: slot.old.as_ref().map(mac) }
    }

    /// Row keys, the new one first, each with the key that seals the row.
    pub fn rows(&self, ledger: LedgerNumber, identifier: &[u8]) -> Vec<(Vec<u8>, &WrappingKey)> {
        let tag = if identifier.first() == Some(&identifier::WEAK) { WEAK_ROW } else { STRONG_ROW };
        let macs = std::iter::once(&self.new).chain(&self.old);
        let row = |mac: &[u8; 16]| row_key(ledger, &[&[tag], &self.shard.to_be_bytes(), mac]);
        macs.map(row).zip(self.ring.shard(self.shard).keys()).collect()
    }

    pub fn shard(&self) -> u16 {
        self.shard
    }
}

/// The first 14 bits of what the custodian's L makes of an identifier.
pub(super) fn shard_of(placed: &Hash) -> u16 {
    u16::from_be_bytes([placed[0], placed[1]]) >> 2
}

impl Vault {
    pub(super) fn persons(&self) -> MutexGuard<'_, Persons> {
        self.persons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The person of one identity, if the vault knows it. An identifier that was only ever shown in the other strength is
    /// found too: whoever asks must not be told that there is nothing.
    pub fn find(&self, identity: &Identity) -> Result<Option<PersonId>, VaultError> {
        let Some(own) = identifier::identifier(identity) else { return Ok(None) };
        let twin = identifier::twin(&own);
        self.first_of(&[own, twin])
    }

    /// The same of the identifier in this very strength.
    pub(super) fn find_as_shown(&self, identity: &Identity) -> Result<Option<PersonId>, VaultError> {
        identifier::identifier(identity).map_or(Ok(None), |own| self.first_of(&[own]))
    }

    /// Whom the first of these leads to that leads to anybody; all are one identifier.
    fn first_of(&self, identifiers: &[Identifier]) -> Result<Option<PersonId>, VaultError> {
        // They have one place.
        let mut shard = None;
        for identifier in identifiers {
            let remembered = self.persons().by_identifier.get(identifier).copied();
            let found = match remembered {
                Some(person) => Some(person),
                None => {
                    let shard = match shard {
                        Some(shard) => shard,
                        None => *shard.insert(self.lookup_shard(identifier)?),
                    };
                    self.steadily(|ring| {
                        let place = LookupPlace::new(ring, shard, identifier);
                        self.read_lookup(self.store.snapshot()?.as_ref(), &place, identifier)
                    })?
                }
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The person ids that are this person, over strong links; itself first.
    pub fn linked(&self, person: PersonId) -> Result<Vec<PersonId>, VaultError> {
        let (mut seen, mut order, mut next) = (BTreeSet::from([person]), vec![person], 0);
        while let Some(at) = order.get(next).copied() {
            next += 1;
            for link in self.record(at)?.links {
                let other = link.person()?;
                if link.strength == Strength::Strong && seen.insert(other) {
                    order.push(other);
                }
            }
        }
        Ok(order)
    }

    /// Who may be this person, one weak step away, and no further: the persons of the weak identities they showed. For a
    /// weak identity's person: everybody who showed it. Also those of whom it was once said, against a strong identity,
    /// that they are the same. Widens counts; discloses and erases nothing.
    pub fn weakly_linked(&self, person: PersonId) -> Result<Vec<PersonId>, VaultError> {
        let own: BTreeSet<PersonId> = self.linked(person)?.into_iter().collect();
        let is_strong = self.record(person)?.identities.iter().any(|i| i.strength != Strength::Weak);
        let (mut found, mut order) = (own.clone(), Vec::new());
        for id in &own {
            for link in self.weak_links(*id)? {
                let other = link.person()?;
                if found.insert(other) {
                    order.push(other);
                }
                // Of weak identities shown together and alone, the first holds the parts.
                if is_strong && link.strength == Strength::Weak {
                    for beside in self.weak_links(other)? {
                        if beside.strength == Strength::Weak && found.insert(beside.person()?) {
                            order.push(beside.person()?);
                        }
                    }
                }
            }
        }
        Ok(order)
    }

    /// Every identity that this person id showed, weak ones too.
    pub fn identities(&self, person: PersonId) -> Result<Vec<Identity>, VaultError> {
        let mut identities: Vec<Identity> = self.record(person)?.identities.iter().map(from_part).collect();
        for link in self.weak_links(person)? {
            let shown = link.identity.iter().map(from_part).find(|identity| !identities.contains(identity));
            identities.extend(shown);
        }
        Ok(identities)
    }

    pub(super) fn record(&self, person: PersonId) -> Result<PersonRecord, VaultError> {
        if let Some(record) = self.persons().known.get(&person).and_then(|known| known.record.clone()) {
            return Ok(record);
        }
        let snapshot = self.store.snapshot()?;
        let Some(key) = self.existing_key(snapshot.as_ref(), person, KeyName::RECORD)? else {
            return Ok(PersonRecord::default());
        };
        Ok(self.read_record(snapshot.as_ref(), person, &key)?.unwrap_or_default())
    }

    /// From memory what is not durable yet, from the store the rest.
    pub(super) fn weak_links(&self, person: PersonId) -> Result<Vec<WeakLink>, VaultError> {
        let mut links: Vec<WeakLink> = {
            let persons = self.persons();
            let pending = persons.known.get(&person).map(|known| known.links.iter().map(|(_, link)| link.clone()));
            pending.into_iter().flatten().collect()
        };
        let snapshot = self.store.snapshot()?;
        if let Some(key) = self.existing_key(snapshot.as_ref(), person, KeyName::RECORD)? {
            key.links(snapshot.as_ref(), |_, row| {
                links.extend(Some(self.read_link(&key, row)?).filter(|link| !link.is_cut()));
                Ok(())
            })?;
        }
        Ok(links)
    }

    /// A key for opening: from memory or the store, never made.
    pub(super) fn existing_key(
        &self,
        snapshot: &dyn Snapshot,
        person: PersonId,
        name: KeyName,
    ) -> Result<Option<Arc<DataKey>>, VaultError> {
        let remembered = self.persons().known.get(&person).and_then(|known| known.key(name).cloned());
        match remembered {
            Some(key) => Ok(Some(key)),
            None => Ok(self.load_key(snapshot, person, name)?.map(Arc::new)),
        }
    }

    /// Which shard an identifier is looked up in. Asks the custodian, which may be slow: not with the lock held.
    pub(super) fn lookup_shard(&self, identifier: &[u8]) -> Result<u16, VaultError> {
        let (encoding, (own, shard)) = (identifier::encoding(identifier), &self.own);
        if identifier::encoding(own) == encoding {
            return Ok(*shard);
        }
        Ok(shard_of(&self.custodian.lookup_mac(encoding)?))
    }

    /// The same restriction holds.
    pub(super) fn lookup_place(&self, identifier: &[u8]) -> Result<LookupPlace, VaultError> {
        Ok(LookupPlace::new(&self.ring(), self.lookup_shard(identifier)?, identifier))
    }

    pub(super) fn read_lookup(
        &self,
        snapshot: &dyn Snapshot,
        place: &LookupPlace,
        identifier: &[u8],
    ) -> Result<Option<PersonId>, VaultError> {
        for (row_key, key) in place.rows(self.ledger, identifier) {
            if let Some(row) = snapshot.get(Table::Lookups, &row_key)? {
                return self.open_lookup(key, &row_key, &row).map(Some);
            }
        }
        Ok(None)
    }

    pub(super) fn open_lookup(&self, key: &WrappingKey, row_key: &[u8], row: &[u8]) -> Result<PersonId, VaultError> {
        let plain = crypto::unwrap(&key.secret, &self.lookup_aad(row_key), row)
            .ok_or(VaultError::Foreign { what: "lookup" })?;
        let torn = || VaultError::Torn { what: "lookup" };
        let (id, shard) = plain.split_first_chunk::<16>().ok_or_else(torn)?;
        Ok(PersonId { id: *id, shard: u16::from_be_bytes(shard.try_into().map_err(|_| torn())?) })
    }

    /// A new lookup row: it dies with the shard key.
    pub(super) fn make_lookup(
        &self,
        place: &LookupPlace,
        identifier: &[u8],
        person: &PersonId,
    ) -> Result<Arc<PendingRow>, VaultError> {
        let (row_key, value) = self.seal_lookup(place, identifier, person)?;
        Ok(PendingRow::new(*person, Table::Lookups, row_key, value))
    }

    /// Key and value of a lookup row under the newest key of its shard.
    pub(super) fn seal_lookup(
        &self,
        place: &LookupPlace,
        identifier: &[u8],
        person: &PersonId,
    ) -> Result<(Vec<u8>, Vec<u8>), VaultError> {
        let (row_key, key) = place.rows(self.ledger, identifier).swap_remove(0);
        let plain = [&person.id[..], &person.shard.to_be_bytes()].concat();
        let value = crypto::wrap(&key.secret, &self.lookup_aad(&row_key), &plain)?;
        Ok((row_key, value))
    }

    pub(super) fn read_record(
        &self,
        snapshot: &dyn Snapshot,
        person: PersonId,
        key: &DataKey,
    ) -> Result<Option<PersonRecord>, VaultError> {
        let row_key = self.record_row(&person);
        let Some(row) = snapshot.get(Table::Lookups, &row_key)? else { return Ok(None) };
        self.open_record(person, key, &row).map(Some)
    }

    pub(super) fn open_record(&self, person: PersonId, key: &DataKey, row: &[u8]) -> Result<PersonRecord, VaultError> {
        let plain = crypto::unwrap(&key.secret, &self.record_aad(&self.record_row(&person)), row)
            .ok_or(VaultError::Foreign { what: "person" })?;
        PersonRecord::decode(&plain).map_err(|_| VaultError::Torn { what: "person" })
    }

    pub(super) fn seal_record(
        &self,
        person: &PersonId,
        key: &DataKey,
        record: &PersonRecord,
    ) -> Result<(Vec<u8>, Vec<u8>), VaultError> {
        let row_key = self.record_row(person);
        let value = crypto::wrap(&key.secret, &self.record_aad(&row_key), &record.encode())?;
        Ok((row_key, value))
    }

    pub(super) fn read_link(&self, owner: &DataKey, row: &[u8]) -> Result<WeakLink, VaultError> {
        let plain = crypto::unwrap(&owner.secret, &self.link_aad(&owner.person), row);
        let plain = plain.ok_or(VaultError::Foreign { what: "weak link" })?;
        WeakLink::decode(&plain).map_err(|_| VaultError::Torn { what: "weak link" })
    }

    /// A link row that leads nowhere any more. It stays in its place, because rows are found by number.
    pub(super) fn seal_cut_link(&self, owner: &DataKey) -> Result<Vec<u8>, VaultError> {
        crypto::wrap(&owner.secret, &self.link_aad(&owner.person), &WeakLink::default().encode())
    }

    pub(super) fn make_link(&self, owner: &Arc<DataKey>, link: &WeakLink) -> Result<Arc<PendingRow>, VaultError> {
        let value = crypto::wrap(&owner.secret, &self.link_aad(&owner.person), &link.encode())?;
        Ok(PendingRow::link(Arc::clone(owner), value))
    }

    pub(super) fn record_row(&self, person: &PersonId) -> Vec<u8> {
        row_key(self.ledger, &[&[RECORD_ROW], &person.id])
    }

    fn lookup_aad(&self, row_key: &[u8]) -> Vec<u8> {
        [&b"whosaw/lookup/v1\0"[..], &self.origin_hash, row_key].concat()
    }

    fn record_aad(&self, row_key: &[u8]) -> Vec<u8> {
        [&b"whosaw/person/v1\0"[..], &self.origin_hash, row_key].concat()
    }

    /// Bound to its owner, not to its number, which is not known before the entry has its place.
    fn link_aad(&self, owner: &PersonId) -> Vec<u8> {
        [&b"whosaw/weak-link/v1\0"[..], &self.origin_hash, &owner.id].concat()
    }
}

/// Also used for the ledger and for conversations, which hold keys as persons do.
pub(super) fn holder(namespace: &str, field: &str) -> Identity {
    Identity { namespace: namespace.to_owned(), fields: vec![field.to_owned()], strength: Strength::Strong }
}
