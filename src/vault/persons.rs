//! Finding persons by their identifiers, making new ones, and linking what one record shows to be one person.
//!
//! Rules: identities that stand in one node of a record are one person, unless that would give a person two different
//! strong identities in one namespace. So a name with a birth date, which two customers may share, never merges them.

use super::crypto;
use super::keys::{DataKey, PendingRow};
use super::{KeyName, Vault, VaultError, row_key};
use crate::model::{Identity, Strength};
use crate::store::{Snapshot, Table};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError};
use unicode_normalization::UnicodeNormalization as _;
use whosaw_verifier::message;
use whosaw_verifier::part;
use whosaw_verifier::wire::Message as _;

/// A person: a random id and the shard whose key wraps their data keys. Says nothing about who they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId {
    pub(super) id: [u8; 16],
    pub(super) shard: u16,
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonId(..)")
    }
}

message! {
    /// What the vault knows of a person, sealed under their record key.
    pub struct PersonRecord { 1 identities: Vec<part::Identity>, 2 links: Vec<PersonLink> }

    /// Another person id that is the same person.
    pub struct PersonLink { 1 person: Vec<u8>, 2 shard: u32, 3 strength: Strength }
}

/// Persons in memory. Bounded: what is durable is dropped when there is too much.
#[derive(Default)]
pub struct Persons {
    by_identifier: HashMap<Vec<u8>, PersonId>,
    keys: HashMap<(PersonId, KeyName), Arc<DataKey>>,
    records: HashMap<PersonId, Known>,
}

struct Known {
    record: PersonRecord,
    rows: Vec<Arc<PendingRow>>,
    record_row: Option<Arc<PendingRow>>,
}

/// Identifiers kept in memory before durable persons are dropped; some hundred bytes each.
const REMEMBERED: usize = 262_144;

/// A person's key with every row that has to be durable before a part sealed under it may be.
#[derive(Clone)]
pub struct Resolved {
    pub key: Arc<DataKey>,
    pub rows: Vec<Arc<PendingRow>>,
}

impl Vault {
    /// The person whom these identities mean, made if there is none, with their key for `name`.
    pub(super) fn resolve(&self, identities: &[Identity], name: KeyName) -> Result<Resolved, VaultError> {
        let encodings: Vec<Vec<u8>> = identities.iter().map(encode).collect();
        let mut persons = self.persons.lock().unwrap_or_else(PoisonError::into_inner);
        persons.drop_some();
        let found =
            encodings.iter().map(|encoding| self.find_cached(&mut persons, encoding)).collect::<Result<Vec<_>, _>>()?;
        let person = match self.choose(&mut persons, identities, &found)? {
            Some(person) => person,
            None => self.make_person(&mut persons)?,
        };
        let all_known = found.iter().all(|f| *f == Some(person));
        if !all_known {
            self.learn(&mut persons, person, identities, &encodings, &found)?;
        }
        let key = self.key_cached(&mut persons, person, name)?;
        let mut rows = Vec::new();
        rows.extend(key.row.iter().filter(|row| !row.is_durable()).cloned());
        if let Some(known) = persons.records.get_mut(&person) {
            known.rows.retain(|row| !row.is_durable());
            rows.extend(known.rows.iter().cloned());
        }
        Ok(Resolved { key, rows })
    }

    /// The person of one identity, if the vault knows it.
    pub fn find(&self, identity: &Identity) -> Result<Option<PersonId>, VaultError> {
        let mut persons = self.persons.lock().unwrap_or_else(PoisonError::into_inner);
        self.find_cached(&mut persons, &encode(identity))
    }

    /// The person ids that are this person, over strong links; itself first.
    pub fn linked(&self, person: PersonId) -> Result<Vec<PersonId>, VaultError> {
        let mut persons = self.persons.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut seen, mut order, mut next) = (BTreeSet::from([person]), vec![person], 0);
        while let Some(at) = order.get(next).copied() {
            next += 1;
            for link in self.record_cached(&mut persons, at)?.links.clone() {
                let other = person_of(&link)?;
                if link.strength == Strength::Strong && seen.insert(other) {
                    order.push(other);
                }
            }
        }
        Ok(order)
    }

    /// The identities that the vault knows of a person.
    pub fn identities(&self, person: PersonId) -> Result<Vec<Identity>, VaultError> {
        let mut persons = self.persons.lock().unwrap_or_else(PoisonError::into_inner);
        let record = self.record_cached(&mut persons, person)?;
        Ok(record.identities.iter().map(from_part).collect())
    }

    fn find_cached(&self, persons: &mut Persons, encoding: &[u8]) -> Result<Option<PersonId>, VaultError> {
        if let Some(person) = persons.by_identifier.get(encoding) {
            return Ok(Some(*person));
        }
        let (key, row_key, aad) = self.lookup_row(encoding)?;
        let snapshot = self.store.snapshot()?;
        let Some(row) = snapshot.get(Table::Lookups, &row_key)? else { return Ok(None) };
        let plain = crypto::unwrap(&self.shard_keys[key], &aad, &row).ok_or(VaultError::Foreign { what: "lookup" })?;
        let torn = VaultError::Torn { what: "lookup" };
        let (id, rest) = plain.split_first_chunk::<16>().ok_or(torn)?;
        let shard = rest.first_chunk::<2>().ok_or(VaultError::Torn { what: "lookup" })?;
        let person = PersonId { id: *id, shard: u16::from_be_bytes(*shard) };
        persons.by_identifier.insert(encoding.to_vec(), person);
        Ok(Some(person))
    }

    /// Shard, row key and associated data of an identifier's lookup row.
    fn lookup_row(&self, encoding: &[u8]) -> Result<(usize, Vec<u8>, Vec<u8>), VaultError> {
        let placed = self.custodian.lookup_mac(encoding)?;
        let shard = usize::from(u16::from_be_bytes([placed[0], placed[1]]) >> 2);
        let mac = super::mac_of(&self.shard_keys[shard]).mac(&[encoding]);
        let row_key = row_key(self.ledger, &[&[1], &mac[..16]]);
        let aad = [&b"whosaw/lookup/v1\0"[..], &self.origin_hash, &row_key].concat();
        Ok((shard, row_key, aad))
    }

    /// Which of the persons found these identities mean. A strong identity decides before a weak one does.
    fn choose(
        &self,
        persons: &mut Persons,
        identities: &[Identity],
        found: &[Option<PersonId>],
    ) -> Result<Option<PersonId>, VaultError> {
        let with = |strong: bool| {
            identities
                .iter()
                .zip(found)
                .filter(move |(identity, _)| (identity.strength != Strength::Weak) == strong)
                .find_map(|(_, person)| *person)
        };
        if let Some(person) = with(true) {
            return Ok(Some(person));
        }
        let Some(weak) = with(false) else { return Ok(None) };
        Ok(self.compatible(persons, weak, identities)?.then_some(weak))
    }

    /// No strong identity here contradicts one the person has.
    fn compatible(&self, persons: &mut Persons, person: PersonId, identities: &[Identity]) -> Result<bool, VaultError> {
        let record = self.record_cached(persons, person)?;
        Ok(!identities.iter().filter(|i| i.strength != Strength::Weak).any(|mine| {
            record.identities.iter().any(|theirs| {
                theirs.strength != Strength::Weak
                    && theirs.namespace == mine.namespace
                    && theirs.fields != normalised(mine)
            })
        }))
    }

    fn make_person(&self, persons: &mut Persons) -> Result<PersonId, VaultError> {
        let shard = u16::from_be_bytes(crypto::random::<2>()?) % super::SHARDS;
        let person = PersonId { id: crypto::random()?, shard };
        let key = Arc::new(self.make_key(person, KeyName::RECORD)?);
        let rows = key.row.iter().cloned().collect();
        persons.keys.insert((person, KeyName::RECORD), key);
        persons.records.insert(person, Known { record: PersonRecord::default(), rows, record_row: None });
        Ok(person)
    }

    /// Adds what is new about a person: identities nobody had, and links to the persons that had the others.
    fn learn(
        &self,
        persons: &mut Persons,
        person: PersonId,
        identities: &[Identity],
        encodings: &[Vec<u8>],
        found: &[Option<PersonId>],
    ) -> Result<(), VaultError> {
        let mut record = self.record_cached(persons, person)?.clone();
        let mut rows = Vec::new();
        for ((identity, encoding), found) in identities.iter().zip(encodings).zip(found) {
            match found {
                Some(other) if *other == person => {}
                None => {
                    let (shard, row_key, aad) = self.lookup_row(encoding)?;
                    let plain = [&person.id[..], &person.shard.to_be_bytes(), &[identity.strength as u8]].concat();
                    let value = crypto::wrap(&self.shard_keys[shard], &aad, &plain)?;
                    rows.push(PendingRow::new(Table::Lookups, row_key, value));
                    persons.by_identifier.insert(encoding.clone(), person);
                    record.identities.push(to_part(identity));
                }
                Some(other) => {
                    let theirs = self.record_cached(persons, *other)?.clone();
                    let mine: Vec<Identity> = record
                        .identities
                        .iter()
                        .chain(&identities.iter().map(to_part).collect::<Vec<_>>())
                        .map(from_part)
                        .collect();
                    if !self.compatible(persons, *other, &mine)? {
                        continue;
                    }
                    if !record.links.iter().any(|link| link.person == other.id) {
                        record.links.push(link_to(other));
                    }
                    if !theirs.links.iter().any(|link| link.person == person.id) {
                        let mut theirs = theirs;
                        theirs.links.push(link_to(&person));
                        rows.extend(self.put_record(persons, *other, theirs)?);
                    }
                }
            }
        }
        self.put_record(persons, person, record)?;
        if let Some(known) = persons.records.get_mut(&person) {
            known.rows.extend(rows);
        }
        Ok(())
    }

    /// Stores a person's record: a pending row, also kept with the person.
    fn put_record(
        &self,
        persons: &mut Persons,
        person: PersonId,
        record: PersonRecord,
    ) -> Result<Option<Arc<PendingRow>>, VaultError> {
        let key = self.key_cached(persons, person, KeyName::RECORD)?;
        let row_key = row_key(self.ledger, &[&[2], &person.id]);
        let aad = [&b"whosaw/person/v1\0"[..], &self.origin_hash, &row_key].concat();
        let value = crypto::wrap(&key.secret, &aad, &record.encode())?;
        let Some(known) = persons.records.get_mut(&person) else { return Ok(None) };
        known.record = record;
        // One row object for as long as it is pending, so that the newest value is what any commit writes.
        let row = match &known.record_row {
            Some(row) => {
                row.replace(value);
                Arc::clone(row)
            }
            None => Arc::clone(known.record_row.insert(PendingRow::new(Table::Lookups, row_key, value))),
        };
        if !known.rows.iter().any(|pending| Arc::ptr_eq(pending, &row)) {
            known.rows.push(Arc::clone(&row));
        }
        Ok(Some(row))
    }

    fn record_cached<'a>(&self, persons: &'a mut Persons, person: PersonId) -> Result<&'a PersonRecord, VaultError> {
        if !persons.records.contains_key(&person) {
            let key = self.key_cached(persons, person, KeyName::RECORD)?;
            let row_key = row_key(self.ledger, &[&[2], &person.id]);
            let aad = [&b"whosaw/person/v1\0"[..], &self.origin_hash, &row_key].concat();
            let record = match self.store.snapshot()?.get(Table::Lookups, &row_key)? {
                None => PersonRecord::default(),
                Some(row) => {
                    let plain =
                        crypto::unwrap(&key.secret, &aad, &row).ok_or(VaultError::Foreign { what: "person" })?;
                    PersonRecord::decode(&plain).map_err(|_| VaultError::Torn { what: "person" })?
                }
            };
            persons.records.insert(person, Known { record, rows: Vec::new(), record_row: None });
        }
        Ok(&persons.records[&person].record)
    }

    fn key_cached(&self, persons: &mut Persons, person: PersonId, name: KeyName) -> Result<Arc<DataKey>, VaultError> {
        if let Some(key) = persons.keys.get(&(person, name)) {
            return Ok(Arc::clone(key));
        }
        let key = match self.load_key(self.store.snapshot()?.as_ref(), person, name)? {
            Some(key) => key,
            None => self.make_key(person, name)?,
        };
        let key = Arc::new(key);
        persons.keys.insert((person, name), Arc::clone(&key));
        Ok(key)
    }

    /// A key for opening: from memory or the store, never made.
    pub(super) fn existing_key(
        &self,
        snapshot: &dyn Snapshot,
        person: PersonId,
        name: KeyName,
    ) -> Result<Option<Arc<DataKey>>, VaultError> {
        {
            let persons = self.persons.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(key) = persons.keys.get(&(person, name)) {
                return Ok(Some(Arc::clone(key)));
            }
        }
        // Not kept: it counts its own index rows, and two counters for one key would write over each other's rows.
        Ok(self.load_key(snapshot, person, name)?.map(Arc::new))
    }
}

impl Persons {
    /// Forgets durable persons when there are too many. A key that is still in use somewhere stays: it counts rows.
    fn drop_some(&mut self) {
        if self.by_identifier.len() < REMEMBERED {
            return;
        }
        self.keys.retain(|_, key| Arc::strong_count(key) > 1 || key.row.as_ref().is_some_and(|row| !row.is_durable()));
        self.records.retain(|_, known| known.rows.iter().any(|row| !row.is_durable()));
        let (keys, records) = (&self.keys, &self.records);
        let in_use: BTreeSet<PersonId> =
            keys.keys().map(|(person, _)| *person).chain(records.keys().copied()).collect();
        self.by_identifier.retain(|_, person| in_use.contains(person));
    }
}

/// u16-length-prefixed namespace and fields, NFC.
fn encode(identity: &Identity) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut put = |piece: &str| {
        let piece: String = piece.nfc().collect();
        // Admit bounds every field far below this; a longer one is cut by its own length, never confused with another.
        let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&piece.as_bytes()[..usize::from(length)]);
    };
    put(&identity.namespace);
    for field in &identity.fields {
        put(field);
    }
    bytes
}

fn normalised(identity: &Identity) -> Vec<String> {
    identity.fields.iter().map(|field| field.nfc().collect()).collect()
}

fn to_part(identity: &Identity) -> part::Identity {
    part::Identity { namespace: identity.namespace.clone(), fields: normalised(identity), strength: identity.strength }
}

fn from_part(identity: &part::Identity) -> Identity {
    Identity { namespace: identity.namespace.clone(), fields: identity.fields.clone(), strength: identity.strength }
}

fn link_to(person: &PersonId) -> PersonLink {
    PersonLink { person: person.id.to_vec(), shard: u32::from(person.shard), strength: Strength::Strong }
}

fn person_of(link: &PersonLink) -> Result<PersonId, VaultError> {
    let torn = VaultError::Torn { what: "person link" };
    let id: [u8; 16] = link.person.as_slice().try_into().map_err(|_| torn)?;
    let shard = u16::try_from(link.shard).map_err(|_| VaultError::Torn { what: "person link" })?;
    Ok(PersonId { id, shard })
}

/// Also used for the ledger and for conversations, which hold keys as persons do.
pub(super) fn holder(namespace: &str, field: &str) -> Identity {
    Identity { namespace: namespace.to_owned(), fields: vec![field.to_owned()], strength: Strength::Strong }
}
