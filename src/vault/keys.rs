//! Data keys: one for each (person, class, month), and the blinded index rows that only it can find.

use super::crypto::{self, MacKey, Secret};
use super::{KeyName, PersonId, Vault, VaultError, row_key};
use crate::store::{Snapshot, Table, WriteSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::seal::{self, SealedPartView};

/// Rows that may be missing in a row before the end is believed: numbers are only skipped by a commit that failed, and
/// then the process ends, so that one is already more than happens.
const GAP: u64 = 8;

/// A data key at work.
pub struct DataKey {
    pub(super) secret: Secret,
    pub(super) mac: MacKey,
    pub(super) person: PersonId,
    pub(super) name: KeyName,
    /// Number of the next index row.
    next: AtomicU64,
    /// The key's own row until it is known to be durable.
    pub(super) row: Option<Arc<PendingRow>>,
}

impl DataKey {
    /// Does this key open that part? By its key commitment, without decrypting.
    pub fn commits(&self, origin_hash: &Hash, sealed: &[u8]) -> bool {
        let Ok(view) = SealedPartView::parse(sealed) else { return false };
        let p = MacKey::new(&self.mac.mac(&[b"whosaw/part/v1\0", origin_hash, view.seed]));
        p.mac(&[b"commit"]) == *view.kc
    }

    pub(super) fn part_key(&self, origin_hash: &Hash, seed: &Hash) -> Hash {
        self.mac.mac(&[b"whosaw/part/v1\0", origin_hash, seed])
    }

    /// Writes the next index row; called in the order of the ledger.
    pub(super) fn put_index_row(&self, vault: &Vault, index: u64, ordinal: u32, r: [u8; 8], writes: &mut WriteSet) {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let key = self.mac.mac(&[b"idx", &n.to_be_bytes()]);
        let mask = self.mac.mac(&[b"val", &n.to_be_bytes(), &r]);
        let mut value = [0u8; 24];
        value[..8].copy_from_slice(&r);
        value[8..16].copy_from_slice(&index.to_be_bytes());
        value[16..20].copy_from_slice(&ordinal.to_be_bytes());
        for (byte, mask) in value[8..].iter_mut().zip(&mask[..16]) {
            *byte ^= mask;
        }
        writes.put(Table::SubjectIndex, row_key(vault.ledger, &[&key[..16]]), value);
    }

    /// The places in index rows from the first on.
    pub(super) fn places(&self, vault: &Vault, snapshot: &dyn Snapshot) -> Result<Vec<super::PartPlace>, VaultError> {
        let mut places = Vec::new();
        let (mut n, mut missing) = (0u64, 0);
        loop {
            let page: Vec<u64> = (n..n + 256).collect();
            let keys: Vec<_> = page.iter().map(|n| index_row_key(vault, &self.secret, *n)).collect();
            for (n, row) in page.iter().zip(snapshot.get_many(Table::SubjectIndex, &keys)?) {
                let Some(row) = row else {
                    missing += 1;
                    if missing == GAP {
                        return Ok(places);
                    }
                    continue;
                };
                missing = 0;
                let row = row.as_slice().try_into().map_err(|_| VaultError::Torn { what: "index row" })?;
                let (index, ordinal) =
                    seal::read_index_value(&self.secret, *n, row).ok_or(VaultError::Foreign { what: "index row" })?;
                places.push(super::PartPlace { index, ordinal });
            }
            n += 256;
        }
    }
}

fn index_row_key(vault: &Vault, secret: &Secret, n: u64) -> Vec<u8> {
    row_key(vault.ledger, &[&seal::index_key(secret, n)])
}

/// A row that must ride along with every entry that relies on it until one of them is durable. It always writes its
/// newest value, so that an older commit cannot bring an older value back.
pub struct PendingRow {
    table: Table,
    key: Vec<u8>,
    state: Mutex<PendingState>,
}

struct PendingState {
    value: Vec<u8>,
    version: u64,
    durable: u64,
}

impl PendingRow {
    pub(super) fn new(table: Table, key: Vec<u8>, value: Vec<u8>) -> Arc<Self> {
        Arc::new(PendingRow { table, key, state: Mutex::new(PendingState { value, version: 1, durable: 0 }) })
    }

    pub(super) fn replace(&self, value: Vec<u8>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.value = value;
        state.version += 1;
    }

    pub(super) fn is_durable(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.durable >= state.version
    }

    /// Adds the row unless it is durable; answers the version that was written.
    pub(super) fn put(&self, writes: &mut WriteSet) -> u64 {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.durable < state.version {
            writes.put(self.table, self.key.clone(), state.value.clone());
        }
        state.version
    }

    pub(super) fn mark_durable(&self, version: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.durable = state.durable.max(version);
    }
}

impl Vault {
    /// Makes a new data key; its row is pending.
    pub(super) fn make_key(&self, person: PersonId, name: KeyName) -> Result<DataKey, VaultError> {
        let secret = crypto::random_secret()?;
        let wrapped =
            crypto::wrap(self.shard_key(person.shard), &self.key_aad(&person, name, self.generation), &secret[..])?;
        let value = [&self.generation.to_be_bytes()[..], &wrapped].concat();
        let row = PendingRow::new(Table::DataKeys, self.data_key_row(&person, name), value);
        Ok(DataKey { mac: super::mac_of(&secret), secret, person, name, next: AtomicU64::new(0), row: Some(row) })
    }

    /// Loads a data key that is in the store; nothing where there is none.
    pub(super) fn load_key(
        &self,
        snapshot: &dyn Snapshot,
        person: PersonId,
        name: KeyName,
    ) -> Result<Option<DataKey>, VaultError> {
        let Some(row) = snapshot.get(Table::DataKeys, &self.data_key_row(&person, name))? else { return Ok(None) };
        let (generation, wrapped) = row.split_first_chunk::<8>().ok_or(VaultError::Torn { what: "data key" })?;
        let aad = self.key_aad(&person, name, u64::from_be_bytes(*generation));
        let secret = crypto::unwrap_key(self.shard_key(person.shard), &aad, wrapped)
            .ok_or(VaultError::Foreign { what: "data key" })?;
        let next = self.next_row(snapshot, &secret)?;
        Ok(Some(DataKey { mac: super::mac_of(&secret), secret, person, name, next: AtomicU64::new(next), row: None }))
    }

    /// The first free row number: doubling, then halving, a row counting as there if any of the next few is.
    fn next_row(&self, snapshot: &dyn Snapshot, secret: &Secret) -> Result<u64, VaultError> {
        let there = |n: u64| -> Result<bool, VaultError> {
            let keys: Vec<_> = (n..n + GAP).map(|n| index_row_key(self, secret, n)).collect();
            Ok(snapshot.get_many(Table::SubjectIndex, &keys)?.iter().any(Option::is_some))
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
        // `low` is the last row, or the last but a few when the window before the end holds it.
        Ok(high)
    }

    /// Every data key of a person but the record key.
    pub fn keys_of(&self, person: PersonId) -> Result<Vec<Arc<DataKey>>, VaultError> {
        let snapshot = self.store.snapshot()?;
        let from = row_key(self.ledger, &[&person.id, &[1]]);
        let until = row_key(self.ledger, &[&person.id, &[0xff]]);
        let mut keys = Vec::new();
        for (row, _) in snapshot.scan(Table::DataKeys, &from, &until, 65_536)? {
            let name = row.get(20..).and_then(|rest| <[u8; 3]>::try_from(rest).ok());
            let [class, high, low] = name.ok_or(VaultError::Torn { what: "data key" })?;
            let name = KeyName { class, month: u16::from_be_bytes([high, low]) };
            keys.extend(self.load_key(snapshot.as_ref(), person, name)?.map(Arc::new));
        }
        Ok(keys)
    }

    fn data_key_row(&self, person: &PersonId, name: KeyName) -> Vec<u8> {
        row_key(self.ledger, &[&person.id, &[name.class], &name.month.to_be_bytes()])
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
