//! One act about a person at a time, so that two of them cannot both find that nothing was asked yet. Acts about others go
//! on meanwhile: ten thousand people who ask for erasure must not wait for one disk write each, one after the other.

use crate::vault::PersonId;
use std::array;
use std::collections::BTreeSet;
use tokio::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Persons whose ids fall on one lock wait for each other; that costs nothing but time.
const LOCKS: usize = 256;

pub(super) struct Acting {
    /// Written by acts that change who is the same person, or that may reach anybody.
    anybody: RwLock<()>,
    somebody: [Mutex<()>; LOCKS],
}

/// Held while something is decided about some persons, and until that is durable.
pub(super) struct Alone<'a> {
    locks: BTreeSet<usize>,
    _anybody: RwLockReadGuard<'a, ()>,
    _somebody: Vec<MutexGuard<'a, ()>>,
}

impl Default for Acting {
    fn default() -> Self {
        Acting { anybody: RwLock::default(), somebody: array::from_fn(|_| Mutex::default()) }
    }
}

impl Acting {
    /// Waits for every other act.
    pub async fn about_anybody(&self) -> RwLockWriteGuard<'_, ()> {
        self.anybody.write().await
    }

    /// Waits for acts about any of these.
    pub async fn about(&self, persons: &[PersonId]) -> Alone<'_> {
        let _anybody = self.anybody.read().await;
        // In one order for everybody, so that no two wait for each other.
        let locks = locks_of(persons);
        let mut _somebody = Vec::with_capacity(locks.len());
        for lock in &locks {
            _somebody.push(self.somebody[*lock].lock().await);
        }
        Alone { locks, _anybody, _somebody }
    }
}

impl Alone<'_> {
    /// Whether all of these were waited for.
    pub fn with(&self, persons: &[PersonId]) -> bool {
        locks_of(persons).is_subset(&self.locks)
    }
}

/// Ids are random, so any byte spreads them.
fn locks_of(persons: &[PersonId]) -> BTreeSet<usize> {
    persons.iter().map(|person| usize::from(person.id()[0]) % LOCKS).collect()
}
