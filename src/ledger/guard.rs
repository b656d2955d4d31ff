//! The guard: a small file outside the database that remembers the newest head ever made durable, so that a database
//! that was rolled back is noticed before anything is signed.
//!
//! Two slots of 512 bytes, written in turn and synced: a crash in the middle of one leaves the other.
//!
//! | offset in a slot | bytes | field |
//! |---|---|---|
//! | 0 | 8 | `whosawG1` |
//! | 8 | 8 | sequence, u64 big-endian; the greater of the two slots counts |
//! | 16 | 8 | size |
//! | 24 | 32 | root |
//! | 56 | 32 | SHA-256(origin) |
//! | 88 | 32 | machine identity |
//! | 120 | 32 | SHA-256 of bytes 0–119 |

use super::LedgerError;
use crate::store::NewFile;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use whosaw_verifier::hash::{Hash, sha256};

const MAGIC: &[u8; 8] = b"whosawG1";
const SLOT_BYTES: usize = 512;
const RECORD_BYTES: usize = 152;

/// The head that the guard remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardRecord {
    pub size: u64,
    pub root: Hash,
}

#[derive(Debug)]
pub struct Guard {
    file: File,
    path: PathBuf,
    sequence: u64,
    origin_hash: Hash,
    machine: Hash,
    record: GuardRecord,
    is_durable: bool,
}

impl Guard {
    /// Makes the guard of a new ledger; refuses where there is one.
    pub fn create(path: &Path, origin_hash: Hash, machine: Hash, record: GuardRecord) -> Result<Self, LedgerError> {
        let failed = |error: std::io::Error| LedgerError::Guard(format!("cannot make {}: {error}", path.display()));
        let new = NewFile::open(path).map_err(failed)?;
        new.file.set_len(2 * SLOT_BYTES as u64).map_err(failed)?;
        let file = new.file.try_clone().map_err(failed)?;
        let mut guard =
            Guard { file, path: path.to_owned(), sequence: 0, origin_hash, machine, record, is_durable: true };
        guard.write(record)?;
        new.put_in_place().map_err(failed)?;
        Ok(guard)
    }

    /// Opens the guard and holds it against the ledger and machine it must belong to.
    pub fn open(path: &Path, origin_hash: Hash, machine: Hash) -> Result<Self, LedgerError> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                LedgerError::GuardMissing { path: path.to_owned() }
            } else {
                LedgerError::Guard(format!("cannot open {}: {error}", path.display()))
            }
        })?;
        let slots = [0, 1].map(|slot| read_slot(&file, slot));
        let newest = slots.into_iter().flatten().max_by_key(|slot| slot.sequence);
        let Some(slot) = newest else {
            return Err(LedgerError::Guard(format!("neither slot of {} is whole", path.display())));
        };
        if slot.origin_hash != origin_hash {
            return Err(LedgerError::GuardForeign { path: path.to_owned() });
        }
        if slot.machine != machine {
            return Err(LedgerError::GuardOtherMachine { path: path.to_owned() });
        }
        let (sequence, record) = (slot.sequence, slot.record);
        Ok(Guard { file, path: path.to_owned(), sequence, origin_hash, machine, record, is_durable: true })
    }

    /// Whether each head is synced before it counts.
    pub fn durable(self, is_durable: bool) -> Self {
        Guard { is_durable, ..self }
    }

    pub fn record(&self) -> GuardRecord {
        self.record
    }

    /// Remembers a head durably. A crash before the sync leaves the older slot, which the database is then ahead of:
    /// that is the ordinary case of a crash between commit and guard, and start-up goes on from it.
    pub fn write(&mut self, record: GuardRecord) -> Result<(), LedgerError> {
        let sequence = self.sequence + 1;
        let mut slot = [0u8; SLOT_BYTES];
        slot[..8].copy_from_slice(MAGIC);
        slot[8..16].copy_from_slice(&sequence.to_be_bytes());
        slot[16..24].copy_from_slice(&record.size.to_be_bytes());
        slot[24..56].copy_from_slice(&record.root);
        slot[56..88].copy_from_slice(&self.origin_hash);
        slot[88..120].copy_from_slice(&self.machine);
        let checksum = sha256(&[&slot[..120]]);
        slot[120..RECORD_BYTES].copy_from_slice(&checksum);
        self.file
            .write_all_at(&slot, (sequence % 2) * SLOT_BYTES as u64)
            .and_then(|()| if self.is_durable { self.file.sync_data() } else { Ok(()) })
            .map_err(|error| LedgerError::Guard(format!("cannot write {}: {error}", self.path.display())))?;
        (self.sequence, self.record) = (sequence, record);
        Ok(())
    }
}

struct Slot {
    sequence: u64,
    origin_hash: Hash,
    machine: Hash,
    record: GuardRecord,
}

fn read_slot(file: &File, slot: u64) -> Option<Slot> {
    let mut bytes = [0u8; RECORD_BYTES];
    file.read_exact_at(&mut bytes, slot * SLOT_BYTES as u64).ok()?;
    if &bytes[..8] != MAGIC || sha256(&[&bytes[..120]])[..] != bytes[120..] {
        return None;
    }
    Some(Slot {
        sequence: u64::from_be_bytes(bytes[8..16].try_into().ok()?),
        record: GuardRecord {
            size: u64::from_be_bytes(bytes[16..24].try_into().ok()?),
            root: bytes[24..56].try_into().ok()?,
        },
        origin_hash: bytes[56..88].try_into().ok()?,
        machine: bytes[88..120].try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_slot_leaves_the_other_and_strangers_are_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("guard");
        let record = |size| GuardRecord { size, root: [size as u8; 32] };
        let mut guard = Guard::create(&path, [1; 32], [2; 32], record(1)).expect("creates");
        guard.write(record(2)).expect("writes");
        guard.write(record(3)).expect("writes");
        assert!(Guard::create(&path, [1; 32], [2; 32], record(1)).is_err());
        assert_eq!(Guard::open(&path, [1; 32], [2; 32]).expect("opens").record(), record(3));
        guard.file.write_all_at(b"torn", SLOT_BYTES as u64 + 40).expect("tears the newest slot");
        assert_eq!(Guard::open(&path, [1; 32], [2; 32]).expect("opens").record(), record(2));
        assert!(matches!(Guard::open(&path, [9; 32], [2; 32]), Err(LedgerError::GuardForeign { .. })));
        assert!(matches!(Guard::open(&path, [1; 32], [9; 32]), Err(LedgerError::GuardOtherMachine { .. })));
        guard.file.write_all_at(b"torn", 40).expect("tears the other slot");
        assert!(matches!(Guard::open(&path, [1; 32], [2; 32]), Err(LedgerError::Guard(_))));
        std::fs::remove_file(&path).expect("removes");
        assert!(matches!(Guard::open(&path, [1; 32], [2; 32]), Err(LedgerError::GuardMissing { .. })));
    }
}
