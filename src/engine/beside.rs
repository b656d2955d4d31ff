//! What a ledger keeps outside its database: the journal beside the guard, and mirrors of the key table.
//!
//! The journal is written before whoever changed something is answered. Mirrors are written by each batch of erasures
//! before the old root goes, so that at no moment the only rows that still open lie in the database alone.

use super::backup::unwritable;
use super::{EngineError, OpenLedger};
use crate::vault::files;
use crate::vault::journal::{erased_prefix, standing_name};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the journal and the mirrors of a ledger lie.
#[derive(Default)]
pub(super) struct Beside {
    /// The guard's directory.
    pub journal: PathBuf,
    pub mirrors: Vec<PathBuf>,
    /// Held while the journal is written, so that an older state never goes over a newer one.
    pub writing: Mutex<()>,
    /// Why a batch of erasures cannot be ended.
    pub trouble: Mutex<Option<String>>,
}

impl OpenLedger {
    /// Mirrors of the key table are written to these directories from here on, and once now. What cannot be written is
    /// told in the log, and keeps batches of erasures from ending. Blocks.
    pub fn with_mirrors(mut self, mirrors: Vec<PathBuf>) -> Self {
        self.beside.mirrors = mirrors;
        if let Err(error) = self.write_mirrors() {
            self.stuck(&error);
        }
        self
    }

    /// Holds, restrictions and waiting erasures as they stand now. Blocks.
    pub(super) fn write_journal(&self) -> Result<(), EngineError> {
        let _one = self.beside.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.beside.journal.join(standing_name(self.ledger.number()));
        let bytes = self.vault.journal()?;
        files::replace(&path, |out| out.write_all(&bytes)).map_err(|error| unwritable(&path, &error))
    }

    /// The same, off the runtime's threads; to be called before the answer to a change.
    pub(super) async fn journal_changes(self: &Arc<Self>) -> Result<(), EngineError> {
        self.blocking(|open| open.write_journal()).await.map_err(|error| {
            let text = "it was recorded and is in force, but could not be noted beside the guard";
            EngineError { message: format!("{text}: {}", error.message), ..error }
        })
    }

    /// Notes what the erasure entry at `index` covers. Once: it never changes. Blocks.
    pub(super) fn note_erased(&self, index: u64) -> Result<(), EngineError> {
        let path = self.beside.journal.join(format!("{}{index}", erased_prefix(self.ledger.number())));
        if path.exists() {
            return Ok(());
        }
        let bytes = self.vault.erased_journal(index, &self.ledger.covered(index)?);
        files::replace(&path, |out| out.write_all(&bytes)).map_err(|error| unwritable(&path, &error))
    }

    /// Writes all mirrors; tries each, and tells of the first that failed. Blocks.
    pub(super) fn write_mirrors(&self) -> Result<(), EngineError> {
        let mut ended = Ok(());
        for directory in &self.beside.mirrors {
            let written = check_mirror(directory).and_then(|()| {
                let size = self.ledger.published().size;
                Ok(self.vault.write_mirror(directory, size).map(drop)?)
            });
            ended = ended.and(written);
        }
        ended
    }

    /// A batch of erasures that is durable and cannot be ended yet; nothing is lost, but the old root stays.
    pub(super) fn stuck(&self, error: &EngineError) {
        let text = format!("the old root key stays until this can be done: {error}");
        tracing::error!(ledger = self.origin(), error = text, "a batch of erasures cannot be ended");
        *self.beside.trouble() = Some(text);
    }

    pub(super) fn not_stuck(&self) {
        *self.beside.trouble() = None;
    }

    /// Why erasures cannot be ended, as of the last attempt.
    pub fn erasure_trouble(&self) -> Option<String> {
        self.beside.trouble().clone()
    }

    /// Whether a batch of erasures waits to be ended.
    pub fn has_unfinished_erasures(&self) -> bool {
        self.vault.unfinished().is_ok_and(|unfinished| unfinished.is_some())
    }
}

impl Beside {
    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wrapped keys are worth as much as the root is, once somebody has that.
fn check_mirror(directory: &Path) -> Result<(), EngineError> {
    let metadata = std::fs::metadata(directory).map_err(|error| unwritable(directory, &error))?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let path = directory.display();
    Err(EngineError::precondition(format!("the mirror directory {path} has mode {mode:03o}; make it 700")))
}
