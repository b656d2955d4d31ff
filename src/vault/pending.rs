//! Rows on their way into the store.

use super::PersonId;
use super::keys::DataKey;
use crate::store::{Table, WriteSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// One value of a row that must ride along with every entry that relies on it until one of them is durable. A newer value
/// is a row of its own, so that nobody carries what they do not rely on; an older one never goes over a newer one.
pub struct PendingRow {
    /// Of whom it says something.
    pub(super) owner: PersonId,
    table: Table,
    place: RowPlace,
    value: Vec<u8>,
    version: u64,
    slot: Arc<Slot>,
}

/// Where the row goes.
enum RowPlace {
    Key(Vec<u8>),
    /// The next free link row of a record key. Numbered when it is first written, which happens in the order of the
    /// ledger: an append that is refused after sealing leaves no gap.
    NextOf(Arc<DataKey>, Mutex<Option<u64>>),
}

/// What all versions of one row share: the newest that was written, and the newest that is durable.
#[derive(Default)]
struct Slot {
    written: AtomicU64,
    durable: AtomicU64,
}

impl PendingRow {
    pub fn new(owner: PersonId, table: Table, key: Vec<u8>, value: Vec<u8>) -> Arc<Self> {
        let (place, slot) = (RowPlace::Key(key), Arc::default());
        Arc::new(PendingRow { owner, table, place, value, version: 1, slot })
    }

    pub fn link(key: Arc<DataKey>, value: Vec<u8>) -> Arc<Self> {
        let owner = key.person;
        let (place, slot) = (RowPlace::NextOf(key, Mutex::default()), Arc::default());
        Arc::new(PendingRow { owner, table: Table::Lookups, place, value, version: 1, slot })
    }

    /// The same row with a newer value.
    pub fn newer(&self, key: Vec<u8>, value: Vec<u8>) -> Arc<Self> {
        let (place, slot) = (RowPlace::Key(key), Arc::clone(&self.slot));
        Arc::new(PendingRow { owner: self.owner, table: self.table, place, value, version: self.version + 1, slot })
    }

    /// This value or a newer one is in the store for good.
    pub fn is_durable(&self) -> bool {
        self.slot.durable.load(Ordering::Acquire) >= self.version
    }

    /// Written, but the store has not answered yet.
    pub fn is_in_flight(&self) -> bool {
        self.slot.written.load(Ordering::Acquire) >= self.version && !self.is_durable()
    }

    /// Adds the row unless it is durable or a newer value was written. Called in the order of the ledger.
    pub fn put(&self, writes: &mut WriteSet) {
        if self.is_durable() || self.slot.written.fetch_max(self.version, Ordering::AcqRel) > self.version {
            return;
        }
        let key = match &self.place {
            RowPlace::Key(key) => key.clone(),
            RowPlace::NextOf(key, number) => {
                let mut number = number.lock().unwrap_or_else(PoisonError::into_inner);
                key.link_row(*number.get_or_insert_with(|| key.take_number()))
            }
        };
        writes.put(self.table, key, self.value.clone());
    }

    pub fn mark_durable(&self) {
        self.slot.durable.fetch_max(self.version, Ordering::AcqRel);
    }
}

/// Each row once, so that what thousands of parts rely on is written once.
pub fn each_once(rows: &mut Vec<Arc<PendingRow>>) {
    if rows.len() > 1 {
        rows.sort_unstable_by_key(Arc::as_ptr);
        rows.dedup_by(|a, b| Arc::ptr_eq(a, b));
    }
}
