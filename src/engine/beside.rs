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
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the journal and the mirrors of a ledger lie.
#[derive(Default)]
pub(super) struct Beside {
    /// The guard's directory.
    pub journal: PathBuf,
    pub mirrors: Vec<PathBuf>,
    /// Held while the journal is written, so that an older state never goes over a newer one.
    pub writing: Mutex<()>,
    pub rounds: Rounds,
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

    /// The same, off the runtime's threads and once for all who wait; to be called when a change is durable, and before it
    /// is answered.
    pub(super) async fn journal_changes(self: &Arc<Self>) -> Result<(), EngineError> {
        let written = self.beside.rounds.share(|| self.blocking(|open| open.write_journal())).await;
        written.map_err(|error| {
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

    /// How often the journal was written for changes since the start, and for how many.
    pub fn journal_rounds(&self) -> (u64, u64) {
        self.beside.rounds.counted()
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

/// Group commit: the journal is written whole, so whoever comes while it is written waits for the next round, and all who
/// wait share that one. Whoever is served was there before the round began to read.
#[derive(Default)]
pub(super) struct Rounds {
    /// How many have come.
    came: AtomicU64,
    /// Held by whoever writes for all.
    turn: tokio::sync::Mutex<Served>,
    written: AtomicU64,
}

/// What became of those who came, by the order in which they did.
#[derive(Default)]
struct Served {
    /// Everybody up to this one is on the disk.
    noted: u64,
    /// Everybody else up to this one was told why not.
    failed: Option<(u64, EngineError)>,
}

impl Rounds {
    /// Answers when a round that began after this call has ended, with what became of it. A round whose caller has gone
    /// counts for nobody: the next in line begins another.
    async fn share<F: Future<Output = Result<(), EngineError>>>(
        &self,
        write: impl FnOnce() -> F,
    ) -> Result<(), EngineError> {
        let mine = self.came.fetch_add(1, Ordering::SeqCst) + 1;
        let mut served = self.turn.lock().await;
        if mine <= served.noted {
            return Ok(());
        }
        match &served.failed {
            Some((upto, error)) if mine <= *upto => return Err(error.clone()),
            _ => {}
        }
        let upto = self.came.load(Ordering::SeqCst);
        let written = write().await;
        self.written.fetch_add(1, Ordering::Relaxed);
        match &written {
            Ok(()) => (served.noted, served.failed) = (upto, None),
            Err(error) => served.failed = Some((upto, error.clone())),
        }
        written
    }

    fn counted(&self) -> (u64, u64) {
        (self.written.load(Ordering::Relaxed), self.came.load(Ordering::Relaxed))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    use tokio::sync::Semaphore;

    /// Changes that are durable, and a disk that is written whole.
    #[derive(Default)]
    struct Disk {
        rounds: Rounds,
        durable: Mutex<BTreeSet<u32>>,
        written: Mutex<BTreeSet<u32>>,
        broken: Mutex<BTreeSet<u64>>,
        begun: AtomicU64,
    }

    impl Disk {
        /// One change: durable, then noted. A write takes a permit after it has read.
        async fn change(&self, n: u32, permits: &Semaphore) -> Result<(), EngineError> {
            self.durable.lock().expect("unharmed").insert(n);
            let write = || async {
                let round = self.begun.fetch_add(1, Ordering::SeqCst);
                let read = self.durable.lock().expect("unharmed").clone();
                permits.acquire().await.expect("open").forget();
                if self.broken.lock().expect("unharmed").contains(&round) {
                    return Err(EngineError::internal(format!("round {round}")));
                }
                *self.written.lock().expect("unharmed") = read;
                Ok(())
            };
            self.rounds.share(write).await?;
            assert!(self.written.lock().expect("unharmed").contains(&n), "answered before it was written");
            Ok(())
        }

        /// One who writes, and many who come meanwhile.
        async fn crowd(self: &Arc<Self>, broken: &[u64]) -> Vec<Result<(), EngineError>> {
            self.broken.lock().expect("unharmed").extend(broken);
            let permits = Arc::new(Semaphore::new(0));
            let mut all = tokio::task::JoinSet::new();
            for n in 0..100 {
                let (disk, permits) = (Arc::clone(self), Arc::clone(&permits));
                all.spawn(async move { disk.change(n, &permits).await });
            }
            while self.rounds.counted().1 < 100 {
                tokio::task::yield_now().await;
            }
            permits.add_permits(2);
            all.join_all().await
        }
    }

    #[tokio::test]
    async fn who_comes_while_it_is_written_shares_the_next_round_and_no_earlier_one() {
        let disk = Arc::new(Disk::default());
        assert_eq!(disk.crowd(&[]).await, vec![Ok(()); 100]);
        assert_eq!(disk.rounds.counted(), (2, 100));
    }

    #[tokio::test]
    async fn a_round_that_fails_fails_for_all_who_waited_for_it_and_for_nobody_else() {
        for (broken, failures) in [(0, 1), (1, 99)] {
            let disk = Arc::new(Disk::default());
            let told = disk.crowd(&[broken]).await;
            let failed = Err(EngineError::internal(format!("round {broken}")));
            assert_eq!(told.iter().filter(|told| **told == failed).count(), failures);
            assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 100 - failures);
            // The next is none of them.
            assert_eq!(disk.change(100, &Semaphore::new(1)).await, Ok(()));
        }
    }

    #[tokio::test]
    async fn whoever_gives_up_while_writing_for_all_leaves_them_to_the_next() {
        let disk = Arc::new(Disk::default());
        let permits = Arc::new(Semaphore::new(0));
        let spawn = |n| {
            let (disk, permits) = (Arc::clone(&disk), Arc::clone(&permits));
            tokio::spawn(async move { disk.change(n, &permits).await })
        };
        let first = spawn(1);
        while disk.rounds.counted().1 < 1 {
            tokio::task::yield_now().await;
        }
        let second = spawn(2);
        while disk.rounds.counted().1 < 2 {
            tokio::task::yield_now().await;
        }
        first.abort();
        assert!(first.await.is_err());
        permits.add_permits(1);
        assert_eq!(second.await.expect("ends"), Ok(()));
    }
}
