//! Data keys: one for each (person, class, month), and the blinded rows that only it can find. A data key numbers index
//! rows, which say where its parts stand; a record key numbers link rows, which say whom a weak identity may mean.

use super::crypto::{self, MacKey, Secret};
use super::pending::PendingRow;
use super::ring::{Ring, WrappingKey};
use super::{KeyName, PersonId, Vault, VaultError, row_key};
use crate::store::{LedgerNumber, Snapshot, Table, WriteSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::seal;

/// Rows that may be missing in a row before the end is believed: numbers are only skipped by a commit that failed, and
/// then the process ends, so that one is already more than happens.
const GAP: u64 = 8;

/// The key's rows were not counted: it opens, but writes no row.
const UNCOUNTED: u64 = u64::MAX;

/// A data key at work.
pub struct DataKey {
    pub(super) secret: Secret,
    pub(super) mac: MacKey,
    pub(super) person: PersonId,
    pub(super) name: KeyName,
    ledger: LedgerNumber,
    /// Number of the next row. Two objects for one key would write over each other's rows, so only the one that the
    /// vault keeps in memory is counted.
    next: AtomicU64,
    /// The key's own row until it is known to be durable.
    pub(super) row: Option<Arc<PendingRow>>,
}

impl DataKey {
    pub(super) fn part_key(&self, origin_hash: &Hash, seed: &Hash) -> Hash {
        self.mac.mac(&[b"whosaw/part/v1\0", origin_hash, seed])
    }

    /// x of this sharer of a shared part.
    pub(super) fn share(&self, origin_hash: &Hash, body_commitment: &Hash, ordinal: u32) -> Hash {
        self.mac.mac(&[b"whosaw/share/v1\0", origin_hash, body_commitment, &ordinal.to_be_bytes()])
    }

    pub(super) fn is_durable(&self) -> bool {
        self.row.as_ref().is_none_or(|row| row.is_durable())
    }

    pub(super) fn is_counted(&self) -> bool {
        self.next.load(Ordering::Relaxed) != UNCOUNTED
    }

    /// Takes up counting where the store's rows end; a count that is there already stands.
    pub(super) fn count_from(&self, rows: u64) {
        let _ = self.next.compare_exchange(UNCOUNTED, rows, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The number of the next row; called in the order of the ledger, for rows that are written at once.
    pub(super) fn take_number(&self) -> u64 {
        assert!(self.is_counted(), "only a key whose rows were counted writes rows");
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn link_row(&self, n: u64) -> Vec<u8> {
        row_key(self.ledger, &[&[super::LINK_ROW], &self.mac.mac(&[b"link", &n.to_be_bytes()])[..16]])
    }

    /// Writes the next index row; called in the order of the ledger.
    pub(super) fn put_index_row(&self, index: u64, ordinal: u32, r: &[u8; 8], writes: &mut WriteSet) {
        let n = self.take_number();
        let key = self.mac.mac(&[b"idx", &n.to_be_bytes()]);
        let mask = self.mac.mac(&[b"val", &n.to_be_bytes(), r]);
        let mut value = [0u8; 24];
        value[..8].copy_from_slice(r);
        value[8..16].copy_from_slice(&index.to_be_bytes());
        value[16..20].copy_from_slice(&ordinal.to_be_bytes());
        for (byte, mask) in value[8..].iter_mut().zip(&mask[..16]) {
            *byte ^= mask;
        }
        writes.put(Table::SubjectIndex, row_key(self.ledger, &[&key[..16]]), value);
    }

    fn index_row(&self, n: u64) -> Vec<u8> {
        row_key(self.ledger, &[&self.mac.mac(&[b"idx", &n.to_be_bytes()])[..16]])
    }

    /// The places in index rows from the first on.
    pub(super) fn places(&self, snapshot: &dyn Snapshot) -> Result<Vec<super::PartPlace>, VaultError> {
        let mut places = Vec::new();
        self.index_rows(snapshot, |_, place| {
            places.push(place);
            Ok(())
        })?;
        Ok(places)
    }

    /// Keys of the index rows from the first on, each with the place it tells.
    pub(super) fn index_rows(
        &self,
        snapshot: &dyn Snapshot,
        mut read: impl FnMut(Vec<u8>, super::PartPlace) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        numbered_rows(snapshot, Table::SubjectIndex, &|n| self.index_row(n), |n, row| {
            let row = row.try_into().map_err(|_| VaultError::Torn { what: "index row" })?;
            let (index, ordinal) =
                seal::read_index_value(&self.secret, n, row).ok_or(VaultError::Foreign { what: "index row" })?;
            read(self.index_row(n), super::PartPlace { index, ordinal })
        })
    }

    /// The values of link rows from the first on.
    pub(super) fn links(
        &self,
        snapshot: &dyn Snapshot,
        read: impl FnMut(u64, &[u8]) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        numbered_rows(snapshot, Table::Lookups, &|n| self.link_row(n), read)
    }

    /// How many rows of this key the store holds; looks for them in a few reads, also where some are missing.
    pub(super) fn count_rows(&self, snapshot: &dyn Snapshot) -> Result<u64, VaultError> {
        if self.name == KeyName::RECORD {
            next_row(snapshot, Table::Lookups, &|n| self.link_row(n))
        } else {
            next_row(snapshot, Table::SubjectIndex, &|n| self.index_row(n))
        }
    }
}

/// Reads numbered rows page by page until more of them are missing than a failed commit explains.
fn numbered_rows(
    snapshot: &dyn Snapshot,
    table: Table,
    key: &dyn Fn(u64) -> Vec<u8>,
    mut read: impl FnMut(u64, &[u8]) -> Result<(), VaultError>,
) -> Result<(), VaultError> {
    // Most persons have few rows: small pages first.
    let (mut n, mut missing, mut page) = (0u64, 0, GAP);
    loop {
        let keys: Vec<_> = (n..n + page).map(key).collect();
        for (n, row) in (n..).zip(snapshot.get_many(table, &keys)?) {
            match row {
                Some(row) => {
                    missing = 0;
                    read(n, &row)?;
                }
                None => missing += 1,
            }
            if missing == GAP {
                return Ok(());
            }
        }
        n += page;
        page = (2 * page).min(1_024);
    }
}

/// The first free row number: doubling, then halving, a row counting as there if any of the next few is.
fn next_row(snapshot: &dyn Snapshot, table: Table, key: &dyn Fn(u64) -> Vec<u8>) -> Result<u64, VaultError> {
    let there = |n: u64| -> Result<bool, VaultError> {
        let keys: Vec<_> = (n..n + GAP).map(key).collect();
        Ok(snapshot.get_many(table, &keys)?.iter().any(Option::is_some))
    };
    if !there(0)? {
        return Ok(0);
    }
    let mut high = 1;
    while there(high)? {
        high *= 2;
    }
    let mut low = high / 2;
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if there(middle)? { low = middle } else { high = middle }
    }
    // Nothing stands at `high` or in the few places after it: at worst this leaves a gap, never a row written twice.
    Ok(high)
}

impl Vault {
    /// Makes a new data key; its row is pending.
    pub(super) fn make_key(&self, person: PersonId, name: KeyName) -> Result<DataKey, VaultError> {
        let secret = Secret::random()?;
        let value = self.wrap_key(self.ring().key(person.shard), &person, name, &secret)?;
        let row = PendingRow::new(person, Table::DataKeys, self.data_key_row(&person, name), value);
        Ok(self.data_key(secret, person, name, 0, Some(row)))
    }

    /// Loads a data key that is in the store, uncounted; nothing where there is none.
    pub(super) fn load_key(
        &self,
        snapshot: &dyn Snapshot,
        person: PersonId,
        name: KeyName,
    ) -> Result<Option<DataKey>, VaultError> {
        match snapshot.get(Table::DataKeys, &self.data_key_row(&person, name))? {
            Some(row) => self.key_of_row(person, name, &row),
            None => Ok(None),
        }
    }

    /// The same of its row; nothing where it went since that was read.
    pub(super) fn key_of_row(
        &self,
        person: PersonId,
        name: KeyName,
        row: &[u8],
    ) -> Result<Option<DataKey>, VaultError> {
        let mut secret = self.unwrap_key_row(&self.ring(), &person, name, row)?;
        if secret.is_none() {
            // The shard got another key since the row was read.
            let row_key = self.data_key_row(&person, name);
            let now = |ring: &Arc<Ring>| match self.store.snapshot()?.get(Table::DataKeys, &row_key)? {
                Some(row) => self.unwrap_key_row(ring, &person, name, &row).map(|secret| (true, secret)),
                None => Ok((false, None)),
            };
            let (is_there, found) = self.steadily(now)?;
            if !is_there {
                return Ok(None);
            }
            secret = found;
        }
        let secret = secret.ok_or(VaultError::Foreign { what: "data key" })?;
        Ok(Some(self.data_key(secret, person, name, UNCOUNTED, None)))
    }

    /// The value of a data key's row: generation of the wrapping key ‖ nonce, key and tag.
    pub(super) fn wrap_key(
        &self,
        by: &WrappingKey,
        person: &PersonId,
        name: KeyName,
        secret: &Secret,
    ) -> Result<Vec<u8>, VaultError> {
        let wrapped = crypto::wrap(&by.secret, &self.key_aad(person, name, by.generation), &secret[..])?;
        Ok([&by.generation.to_be_bytes()[..], &wrapped].concat())
    }

    /// Nothing where the ring has no key of the row's generation.
    pub(super) fn unwrap_key_row(
        &self,
        ring: &Ring,
        person: &PersonId,
        name: KeyName,
        row: &[u8],
    ) -> Result<Option<Secret>, VaultError> {
        let (generation, wrapped) = row.split_first_chunk::<8>().ok_or(VaultError::Torn { what: "data key" })?;
        let generation = u64::from_be_bytes(*generation);
        let Some(by) = ring.shard(person.shard).of_generation(generation) else { return Ok(None) };
        let secret = crypto::unwrap_key(&by.secret, &self.key_aad(person, name, generation), wrapped);
        secret.map(Some).ok_or(VaultError::Foreign { what: "data key" })
    }

    pub(super) fn data_key(
        &self,
        secret: Secret,
        person: PersonId,
        name: KeyName,
        next: u64,
        row: Option<Arc<PendingRow>>,
    ) -> DataKey {
        let (mac, ledger) = (super::mac_of(&secret), self.ledger);
        DataKey { mac, secret, person, name, ledger, next: AtomicU64::new(next), row }
    }

    /// Every data key of a person but the record key.
    pub fn keys_of(&self, person: PersonId) -> Result<Vec<Arc<DataKey>>, VaultError> {
        let snapshot = self.store.snapshot()?;
        let shard = person.shard.to_be_bytes();
        let from = row_key(self.ledger, &[&shard, &person.id, &[1]]);
        let until = row_key(self.ledger, &[&shard, &person.id, &[0xff]]);
        let mut keys = Vec::new();
        for (row, _) in snapshot.scan(Table::DataKeys, &from, &until, 65_536)? {
            let (_, name) = read_key_row(&row)?;
            keys.extend(self.load_key(snapshot.as_ref(), person, name)?.map(Arc::new));
        }
        Ok(keys)
    }

    pub(super) fn data_key_row(&self, person: &PersonId, name: KeyName) -> Vec<u8> {
        let shard = person.shard.to_be_bytes();
        row_key(self.ledger, &[&shard, &person.id, &[name.class], &name.month.to_be_bytes()])
    }

    fn key_aad(&self, person: &PersonId, name: KeyName, generation: u64) -> Vec<u8> {
        [
            &b"whosaw/data-key/v1\0"[..],
            &self.origin_hash,
            &person.id,
            &[name.class],
            &name.month.to_be_bytes(),
            &generation.to_be_bytes(),
        ]
        .concat()
    }
}

/// Whose key stands in a row of data keys, and which one.
pub(super) fn read_key_row(row_key: &[u8]) -> Result<(PersonId, KeyName), VaultError> {
    let row: Option<&[u8; 21]> = row_key.get(4..).and_then(|row| row.try_into().ok());
    let [s0, s1, id @ .., class, m0, m1] = row.ok_or(VaultError::Torn { what: "data key" })?;
    let person = PersonId { id: *id, shard: u16::from_be_bytes([*s0, *s1]) };
    Ok((person, KeyName { class: *class, month: u16::from_be_bytes([*m0, *m1]) }))
}
