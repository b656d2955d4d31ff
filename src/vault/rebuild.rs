//! Reader and index rows made anew after a restore. Reader rows of before an erasure were sealed under a key of the
//! vault's own that is gone; of entries that came from an export there are none. Whose key opens a part is told by that
//! key's index rows, or by the part's key commitment.

use super::keys::read_key_row;
use super::seal::{person_locator, reader_place, shared_locator};
use super::{DataKey, KeyName, PartPlace, Vault, VaultError, crypto, row_key};
use crate::store::{Table, WriteSet, pages};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use whosaw_verifier::hash::Hash;

/// What an entry's body says of its parts: for a part that several persons share, the ordinals whose keys open it.
pub type SharedBy = BTreeMap<u32, Vec<u32>>;

/// An entry that came from an export.
pub struct RecoveredEntry {
    pub index: u64,
    pub body_commitment: Hash,
    pub shared_by: SharedBy,
    /// S of each part, nothing where it was removed.
    pub parts: Vec<Option<Vec<u8>>>,
}

/// Parts of recovered entries that some key here opens, and that none does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Claimed {
    pub found: u64,
    pub closed: u64,
}

const PAGE: usize = 4_096;

type Write<'w> = dyn FnMut(WriteSet) -> Result<(), VaultError> + 'w;

impl Vault {
    /// Every data key that seals parts, row by row.
    fn each_key(&self, mut see: impl FnMut(DataKey) -> Result<(), VaultError>) -> Result<(), VaultError> {
        let snapshot = self.store.snapshot()?;
        let (from, until) = (row_key(self.ledger, &[]), row_key(self.ledger, &[&[0xff; 32]]));
        for page in pages(snapshot.as_ref(), Table::DataKeys, from, until, PAGE) {
            for (row, _) in page? {
                let (person, name) = read_key_row(&row)?;
                if name == KeyName::RECORD || name == KeyName::MATTER {
                    continue;
                }
                if let Some(key) = self.load_key(snapshot.as_ref(), person, name)? {
                    see(key)?;
                }
            }
        }
        Ok(())
    }

    /// Makes all reader rows anew from index rows, and drops index rows that no key finds any more: those of the erased,
    /// which an older database still had. `shared` tells what the body of an entry says.
    pub fn rebuild_readers(
        &self,
        shared: &mut dyn FnMut(u64) -> Result<SharedBy, VaultError>,
        write: &mut Write<'_>,
    ) -> Result<u64, VaultError> {
        self.each_page(Table::Readers, &[], write, &mut |row, _, writes| {
            writes.delete(Table::Readers, row);
            Ok(true)
        })?;
        let snapshot = self.store.snapshot()?;
        let (ring, mut live, mut rows, mut writes) = (self.ring(), HashSet::new(), 0, WriteSet::default());
        self.each_key(|key| {
            let mut places = Vec::new();
            key.index_rows(snapshot.as_ref(), |row, place| {
                live.insert(row);
                places.push(place);
                Ok(())
            })?;
            for place in places {
                let locator = match shared(place.index)?.get(&place.ordinal) {
                    // One of them is gone, and only matters open it.
                    Some(_) if self.is_kept(place)? => continue,
                    Some(by) => shared_locator(by),
                    None => person_locator(&key.person, key.name),
                };
                self.put_reader(&ring, reader_place(place.index, place.ordinal), locator, &mut writes)?;
                rows += 1;
                if rows % PAGE as u64 == 0 {
                    write(std::mem::take(&mut writes))?;
                }
            }
            Ok(())
        })?;
        write(writes)?;
        drop(snapshot);
        self.each_page(Table::SubjectIndex, &[], write, &mut |row, _, writes| {
            let goes = !live.contains(row);
            if goes {
                writes.delete(Table::SubjectIndex, row);
            }
            Ok(goes)
        })?;
        Ok(rows)
    }

    /// Tries every key against the parts of recovered entries, half a microsecond each, and writes the rows by which
    /// what opens is found. What was sealed under keys that came after the newest mirror is closed for ever.
    pub fn claim_recovered(
        &self,
        entries: &mut dyn Iterator<Item = Result<RecoveredEntry, VaultError>>,
        write: &mut Write<'_>,
    ) -> Result<Claimed, VaultError> {
        let mut keys: Vec<Arc<DataKey>> = Vec::new();
        self.each_key(|key| {
            keys.push(Arc::new(key));
            Ok(())
        })?;
        // The newest keys first: what was recorded last was sealed under them.
        keys.sort_by_key(|key| std::cmp::Reverse(key.name.month));
        let (ring, mut claimed) = (self.ring(), Claimed::default());
        for entry in entries {
            let entry = entry?;
            let mut writes = WriteSet::default();
            let mut own: BTreeMap<u32, Arc<DataKey>> = BTreeMap::new();
            let mut claim = |ordinal: u32, by: &[Arc<DataKey>], locator: Vec<u8>| {
                let place = PartPlace { index: entry.index, ordinal };
                for key in by {
                    if !key.is_counted() {
                        key.count_from(key.count_rows(self.store.snapshot()?.as_ref())?);
                    }
                    key.put_index_row(place.index, ordinal, &crypto::random_ahead()?, &mut writes);
                }
                self.put_reader(&ring, reader_place(place.index, ordinal), locator, &mut writes)
            };
            for (ordinal, sealed) in (0u32..).zip(&entry.parts) {
                let Some(sealed) = sealed else { continue };
                let found = match entry.shared_by.get(&ordinal) {
                    None => {
                        let key = keys.iter().find(|key| key.commits(&self.origin_hash, sealed)).cloned();
                        own.extend(key.clone().map(|key| (ordinal, key)));
                        key.map(|key| (person_locator(&key.person, key.name), vec![key]))
                    }
                    Some(by) => {
                        let sharers: Option<Vec<_>> = by.iter().map(|sharer| own.get(sharer).cloned()).collect();
                        sharers
                            .filter(|keys| self.belongs_to_all(keys, &entry.body_commitment, ordinal, sealed))
                            .map(|keys| (shared_locator(by), keys))
                    }
                };
                match found {
                    Some((locator, by)) => {
                        claim(ordinal, &by, locator)?;
                        claimed.found += 1;
                    }
                    // Which matters open it stands in the key table, whose rows are here already.
                    None if self.is_kept(PartPlace { index: entry.index, ordinal })? => claimed.found += 1,
                    None => claimed.closed += 1,
                }
            }
            if !writes.is_empty() {
                write(writes)?;
            }
        }
        Ok(claimed)
    }

    /// Destroys the roots that nothing is under any more, below the one in use.
    pub fn destroy_older_roots(&self) -> Result<(), VaultError> {
        let ring = self.ring();
        for epoch in self.custodian.epochs()?.into_iter().filter(|epoch| *epoch < ring.epoch()) {
            if ring.old_epoch() != Some(epoch) {
                self.custodian.destroy_root(epoch)?;
            }
        }
        Ok(())
    }
}
