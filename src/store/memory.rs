//! A store in memory: the contract at its plainest, and the test bench of everything above.
//!
//! A snapshot shares the tables with the live state; the first write after it copies the tables it touches.

use super::{Commit, CommitError, Lease, LedgerNumber, Operation, Row, Snapshot, Store, StoreError, Table, WriteSet};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

type Rows = Arc<BTreeMap<Vec<u8>, Vec<u8>>>;

#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tables: HashMap<Table, Rows>,
    leases: HashMap<LedgerNumber, (u64, u64)>,
    applied: HashSet<(LedgerNumber, [u8; 16])>,
}

impl State {
    fn apply(&mut self, writes: WriteSet) {
        for operation in writes.operations {
            match operation {
                Operation::Put { table, key, value } => {
                    Arc::make_mut(self.tables.entry(table).or_default()).insert(key, value);
                }
                Operation::Delete { table, key } => {
                    Arc::make_mut(self.tables.entry(table).or_default()).remove(&key);
                }
            }
        }
    }
}

impl MemoryStore {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn acquire(&self, ledger: LedgerNumber) -> Result<Lease, StoreError> {
        let mut state = self.state();
        let (epoch, sequence) = state.leases.entry(ledger).or_default();
        *epoch += 1;
        Ok(Lease { ledger, epoch: *epoch, sequence: *sequence })
    }

    fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let mut state = self.state();
        let lease = state.leases.get(&commit.ledger).copied();
        let Some((epoch, sequence)) = lease.filter(|(epoch, _)| *epoch == commit.epoch) else {
            return Err(CommitError::Fenced);
        };
        if sequence != commit.sequence {
            return Err(CommitError::HeadMoved { expected: sequence, offered: commit.sequence });
        }
        state.apply(commit.writes);
        state.applied.insert((commit.ledger, commit.id));
        state.leases.insert(commit.ledger, (epoch, sequence + 1));
        Ok(())
    }

    fn resolve(&self, ledger: LedgerNumber, id: &[u8; 16]) -> Result<bool, StoreError> {
        Ok(self.state().applied.contains(&(ledger, *id)))
    }

    fn apply_derived(&self, writes: WriteSet) -> Result<(), StoreError> {
        self.state().apply(writes);
        Ok(())
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        Ok(Box::new(MemorySnapshot { tables: self.state().tables.clone() }))
    }

    fn clear_derived(&self, ledger: LedgerNumber) -> Result<(), StoreError> {
        if let Some(rows) = self.state().tables.get_mut(&Table::Projections) {
            Arc::make_mut(rows).retain(|key, _| !key.starts_with(&ledger.0.to_be_bytes()));
        }
        Ok(())
    }
}

struct MemorySnapshot {
    tables: HashMap<Table, Rows>,
}

impl Snapshot for MemorySnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables.get(&table).and_then(|rows| rows.get(key)).cloned())
    }

    fn scan(&self, table: Table, from: &[u8], until: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let Some(rows) = self.tables.get(&table).filter(|_| from < until) else { return Ok(Vec::new()) };
        let range = (Bound::Included(from), Bound::Excluded(until));
        Ok(rows.range::<[u8], _>(range).take(limit).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn last_at_or_before(&self, table: Table, floor: &[u8], at: &[u8]) -> Result<Option<Row>, StoreError> {
        let Some(rows) = self.tables.get(&table).filter(|_| floor <= at) else { return Ok(None) };
        let range = (Bound::Included(floor), Bound::Included(at));
        Ok(rows.range::<[u8], _>(range).next_back().map(|(key, value)| (key.clone(), value.clone())))
    }
}
