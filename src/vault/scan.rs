//! Trying keys against sealed parts, so that an index row that was dropped cannot hide an access.
//!
//! A part tells by its key commitment whether a key opens it; nothing is decrypted. Reads the parts where the ledger put
//! them (`Parts`: index u64 ‖ ordinal u32 → leaf hash 32 ‖ S) and knows nothing else of it.

use super::crypto::MacKey;
use super::trial::Trial;
use super::{DataKey, PartPlace, Vault, VaultError, row_key};
use crate::store::{Snapshot, Table};
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::seal::{self as construction, SealedPartView};

/// What a scan found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Parts whose commitment was compared; removed parts have none.
    pub tried: u64,
    /// Ascending by place.
    pub found: Vec<Found>,
}

/// A part that one of the keys opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub place: PartPlace,
    /// Position in the keys given.
    pub key: usize,
}

/// Entries that a thread takes at a time: many, because the store reads ahead beyond the last of them.
const ENTRIES: u64 = 16_384;
const THREADS_MAX: usize = 8;

impl Vault {
    /// Tries all keys against all parts of the entries below `size`, on all cores. `progress` hears how many of the
    /// entries are done, from any thread, in no order. Shared parts have no key of their own; the body says which
    /// ordinals share them, and [`Self::belongs_to_all`] tells for certain.
    pub fn scan_parts(
        &self,
        keys: &[Arc<DataKey>],
        size: u64,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Scan, VaultError> {
        progress(0, size);
        let snapshot = self.store.snapshot()?;
        let snapshot = snapshot.as_ref();
        let keys: Vec<Trial> = keys.iter().map(|key| Trial::new(&key.secret, &self.origin_hash)).collect();
        let keys = keys.as_slice();
        let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
        let whole = Mutex::new(Ok(Scan::default()));
        let worker = || {
            let mut mine = Scan::default();
            loop {
                let from = next.fetch_add(ENTRIES, Ordering::Relaxed).min(size);
                let until = from.saturating_add(ENTRIES).min(size);
                if from == until {
                    break Ok(mine);
                }
                if let Err(error) = self.scan_entries(snapshot, keys, from, until, &mut mine) {
                    // Nobody takes any more.
                    next.store(size, Ordering::Relaxed);
                    break Err(error);
                }
                progress(done.fetch_add(until - from, Ordering::Relaxed) + until - from, size);
            }
        };
        let run = || {
            let mine = worker();
            let mut whole = whole.lock().unwrap_or_else(PoisonError::into_inner);
            match (whole.as_mut(), mine) {
                (Ok(whole), Ok(mine)) => {
                    whole.tried += mine.tried;
                    whole.found.extend(mine.found);
                }
                (Ok(_), Err(error)) => *whole = Err(error),
                (Err(_), _) => {}
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX);
        let threads = threads.min(usize::try_from(size.div_ceil(ENTRIES)).unwrap_or(usize::MAX));
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(run);
            }
            run();
        });
        let mut scan = whole.into_inner().unwrap_or_else(PoisonError::into_inner)?;
        scan.found.sort_unstable();
        Ok(scan)
    }

    fn scan_entries(
        &self,
        snapshot: &dyn Snapshot,
        keys: &[Trial],
        from: u64,
        until: u64,
        scan: &mut Scan,
    ) -> Result<(), VaultError> {
        let start = row_key(self.ledger, &[&from.to_be_bytes()]);
        let end = row_key(self.ledger, &[&until.to_be_bytes()]);
        let mut torn = false;
        snapshot.visit(Table::Parts, &start, &end, &mut |row, value| {
            let Some(sealed) = value.get(32..).filter(|sealed| !sealed.is_empty()) else { return };
            scan.tried += 1;
            let Ok(view) = SealedPartView::parse(sealed) else { return };
            if let Some(key) = keys.iter().position(|key| key.opens(view.seed, view.kc)) {
                match place_of(row) {
                    Some(place) => scan.found.push(Found { place, key }),
                    None => torn = true,
                }
            }
        })?;
        if torn { Err(VaultError::Torn { what: "part" }) } else { Ok(()) }
    }

    /// Whether one of these keys opens the part, told by its key commitment.
    pub fn belongs(&self, keys: &[Arc<DataKey>], sealed: &[u8]) -> bool {
        keys.iter().any(|key| key.commits(&self.origin_hash, sealed))
    }

    /// Whether a shared part is opened by these keys together: all sharers', in ascending ordinal of their own parts.
    pub fn belongs_to_all(&self, keys: &[Arc<DataKey>], body_commitment: &Hash, ordinal: u32, sealed: &[u8]) -> bool {
        let shares: Vec<Hash> = keys.iter().map(|key| key.share(&self.origin_hash, body_commitment, ordinal)).collect();
        commits(&MacKey::new(&construction::shared_key(&shares)), &self.origin_hash, sealed)
    }
}

impl DataKey {
    /// Does this key open that part? By its key commitment, without decrypting.
    pub fn commits(&self, origin_hash: &Hash, sealed: &[u8]) -> bool {
        commits(&self.mac, origin_hash, sealed)
    }
}

fn commits(key: &MacKey, origin_hash: &Hash, sealed: &[u8]) -> bool {
    let Ok(view) = SealedPartView::parse(sealed) else { return false };
    let p = MacKey::new(&key.mac(&[b"whosaw/part/v1\0", origin_hash, view.seed]));
    p.mac(&[b"commit"]) == *view.kc
}

fn place_of(row: &[u8]) -> Option<PartPlace> {
    let place: &[u8; 12] = row.get(4..)?.try_into().ok()?;
    let (index, ordinal) = place.split_first_chunk::<8>()?;
    Some(PartPlace { index: u64::from_be_bytes(*index), ordinal: u32::from_be_bytes(ordinal.try_into().ok()?) })
}
