//! A store that fails on purpose: refuses, loses, applies and then reports failure, or stalls.
//!
//! These are the four ways in which a real disk disappoints; crossing each with a restart is how the ledger shows that
//! an answer is never given for what is not durable.

use super::{Commit, CommitError, Lease, LedgerNumber, Snapshot, Store, StoreError, WriteSet};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// What happens to one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// `Rejected`; nothing applied.
    Refuse,
    /// `Unknown`; nothing applied.
    Lose,
    /// `Unknown`, though it was applied.
    ApplyThenFail,
    /// Waits until [`FaultyStore::release`], then goes through.
    Stall,
}

/// Wraps any store; faults are taken from a queue, one for each commit, and an empty queue means none.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Mutex<VecDeque<Fault>>,
    released: Mutex<bool>,
    release: Condvar,
}

impl FaultyStore {
    pub fn new(inner: Arc<dyn Store>) -> Self {
        FaultyStore { inner, faults: Mutex::default(), released: Mutex::new(false), release: Condvar::new() }
    }

    /// Queues what the next commits will meet.
    pub fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).extend(faults);
    }

    /// Lets stalled commits go on.
    pub fn release(&self) {
        *self.released.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.release.notify_all();
    }
}

impl Store for FaultyStore {
    fn acquire(&self, ledger: LedgerNumber) -> Result<Lease, StoreError> {
        self.inner.acquire(ledger)
    }

    fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let fault = self.faults.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(Fault::None);
        match fault {
            Fault::None => self.inner.commit(commit),
            Fault::Refuse => Err(CommitError::Rejected("the disk refused".into())),
            Fault::Lose => Err(CommitError::Unknown("the disk did not answer".into())),
            Fault::ApplyThenFail => {
                self.inner.commit(commit)?;
                Err(CommitError::Unknown("the disk failed after the write".into()))
            }
            Fault::Stall => {
                let mut released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
                while !*released {
                    released = self.release.wait(released).unwrap_or_else(PoisonError::into_inner);
                }
                drop(released);
                self.inner.commit(commit)
            }
        }
    }

    fn resolve(&self, ledger: LedgerNumber, id: &[u8; 16]) -> Result<bool, StoreError> {
        self.inner.resolve(ledger, id)
    }

    fn apply_derived(&self, writes: WriteSet) -> Result<(), StoreError> {
        self.inner.apply_derived(writes)
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        self.inner.snapshot()
    }

    fn clear_derived(&self, ledger: LedgerNumber) -> Result<(), StoreError> {
        self.inner.clear_derived(ledger)
    }
}
