//! `whosaw verify-backup`: a backup put into a place of its own, read to its last byte, and held against what was signed.

use crate::engine::{self, BACKUP_DATABASE, checkpoint_name};
use crate::ledger::{LedgerError, history};
use crate::store::rocks::{RocksStore, backup};
use crate::store::{LedgerNumber, Store as _, StoreError};
use crate::vault::{Mirror, MirrorError};
use std::path::Path;
use whosaw_verifier::checkpoint;
use whosaw_verifier::entry::origin_hash;
use whosaw_verifier::note::VerifierKey;

/// What a backup was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBackup {
    pub number: u32,
    /// Unix seconds.
    pub made_at: u64,
    pub bytes: u64,
    pub ledgers: Vec<VerifiedLedger>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLedger {
    pub origin: String,
    pub verifier_key: String,
    /// That key was given by whoever asks; otherwise it is only what the backup itself says.
    pub key_was_given: bool,
    pub size: u64,
    /// Entries under the checkpoint; those behind it are chained to them, but only the guard knows them.
    pub signed_size: u64,
    pub generation: u64,
    pub last_recorded_us: u64,
    pub erased: u64,
}

/// Why a backup is not to be relied on.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something is damaged, missing, or not as it was signed.
    #[error("{0}")]
    Lie(String),
    #[error("{0}")]
    Unreadable(String),
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(_) => BackupError::Lie(error.to_string()),
            StoreError::Unavailable(text) => BackupError::Unreadable(text),
        }
    }
}

/// Checks all of it: the engine's checksums, every entry and what it commits to, the chain, the root under the signed
/// checkpoint, the mirror. Needs as much room in `scratch` as the backup has; of it nothing is left.
pub fn verify_backup(
    from: &Path,
    keys: &[VerifierKey],
    scratch: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<VerifiedBackup, BackupError> {
    let failed = |error: std::io::Error| BackupError::Unreadable(format!("{}: {error}", scratch.display()));
    // Closed to others, as every temporary directory of this library is.
    let copy = tempfile::Builder::new().prefix(".whosaw-verify-").tempdir_in(scratch).map_err(failed)?;
    let info = backup::restore(&from.join(BACKUP_DATABASE), copy.path())?;
    let store = RocksStore::open_copy(copy.path())?;
    store.verify()?;
    let mut ledgers = Vec::new();
    for (number, origin) in engine::origins(&store)? {
        let lie = |what: String| BackupError::Lie(format!("ledger {origin}: {what}"));
        let note = read(&from.join(checkpoint_name(number)))?;
        let claimed = whosaw_verifier::note::Note::parse(&note)
            .ok()
            .and_then(|note| checkpoint::Checkpoint::parse(note.text()).ok())
            .ok_or_else(|| lie("its checkpoint is none".into()))?;
        let found = history(&store, number, &origin, claimed.size, progress).map_err(|error| match error {
            LedgerError::Store(error) => error.into(),
            error => lie(error.to_string()),
        })?;
        let own = VerifierKey::parse(&found.verifier_key).map_err(|error| lie(error.to_string()))?;
        let key_was_given = !keys.is_empty();
        let trusted = if key_was_given { keys } else { std::slice::from_ref(&own) };
        let head = checkpoint::open(&note, trusted).map_err(|error| lie(format!("its checkpoint: {error}")))?;
        let head = head.checkpoint();
        if head.origin != origin {
            return Err(lie("its checkpoint is another ledger's".into()));
        }
        if found.earlier != Some(head.root) {
            let (size, held) = (head.size, found.size);
            return Err(lie(if held < size {
                format!("it has {held} entries, but {size} were signed when it was made")
            } else {
                format!("its first {size} entries are not those that were signed")
            }));
        }
        let mirror =
            mirror_in(from, number, &origin)?.ok_or_else(|| lie("its mirror of the key table is missing".into()))?;
        ledgers.push(VerifiedLedger {
            verifier_key: found.verifier_key,
            key_was_given,
            size: found.size,
            signed_size: head.size,
            generation: mirror.head.generation,
            last_recorded_us: found.last_recorded_us,
            erased: found.erased,
            origin,
        });
    }
    if ledgers.is_empty() {
        return Err(BackupError::Lie("there is no ledger in it".into()));
    }
    Ok(VerifiedBackup { number: info.number, made_at: info.made_at, bytes: info.bytes, ledgers })
}

/// The mirror of this ledger in a directory, if there is one and it is whole.
pub(super) fn mirror_in(directory: &Path, number: LedgerNumber, origin: &str) -> Result<Option<Mirror>, BackupError> {
    let mirror = Mirror::open(directory, number).map_err(|error| match error {
        MirrorError::Torn { .. } => BackupError::Lie(error.to_string()),
        error => BackupError::Unreadable(error.to_string()),
    })?;
    let Some(mirror) = mirror else { return Ok(None) };
    if (mirror.head.number, mirror.head.origin_hash) != (number, origin_hash(origin)) {
        return Err(BackupError::Lie(format!("{} is the mirror of another ledger", mirror.path().display())));
    }
    Ok(Some(mirror))
}

fn read(path: &Path) -> Result<Vec<u8>, BackupError> {
    std::fs::read(path).map_err(|error| BackupError::Unreadable(format!("{} cannot be read: {error}", path.display())))
}
