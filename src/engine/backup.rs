//! Backing up all ledgers of a store while they go on.
//!
//! | in the directory | |
//! |---|---|
//! | `db/` | the store's own backups, one behind the other |
//! | `checkpoint-<number>` | the signed head of each ledger as the newest of them began |
//! | `mirror-<number>` | its key table as the newest of them ended: `vault::mirror` |
//!
//! Signing keys, the custodian's keys and guards are in no backup: with one alone nothing of a person can be opened, and
//! nothing can be signed.

use super::{Engine, EngineError, Kind};
use crate::model::Caller;
use crate::store::{BackupInfo, LedgerNumber, Store};
use crate::vault::files;
use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where the store's own backups lie in a backup directory.
pub const DATABASE: &str = "db";

/// The name of a ledger's checkpoint in a backup directory.
pub fn checkpoint_name(number: LedgerNumber) -> String {
    format!("checkpoint-{number}")
}

/// What a backup is made of, and where none may go.
pub struct BackupSource {
    pub store: Arc<dyn Store>,
    /// Directories of the server's own, each by the name of its setting.
    pub never_in: Vec<(&'static str, PathBuf)>,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub number: u32,
    pub bytes: u64,
    /// By which the directory grew.
    pub new_bytes: u64,
    pub ledgers: Vec<BackedUp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    pub origin: String,
    pub size: u64,
    pub generation: u64,
}

/// Between two words on the progress.
const PROGRESS: Duration = Duration::from_millis(250);

impl Engine {
    /// Backs up into `to`. `told` hears how many bytes the directory has, and how many the database. Batches of erasures
    /// wait until it is done, so that what is written is of one generation of keys.
    pub async fn backup(
        &self,
        to: &Path,
        keep: u32,
        caller: &Caller,
        mut told: impl FnMut(u64, u64) + Send,
    ) -> Result<Backup, EngineError> {
        let source = self.backups.as_ref();
        let source = source.ok_or_else(|| EngineError::precondition("this server makes no backups"))?;
        let one_at_a_time = self.backing_up.try_lock();
        let _one_at_a_time = one_at_a_time
            .map_err(|_| EngineError::new(Kind::Busy, "a backup is under way; try again when it is done"))?;
        let to = prepare(to, &source.never_in)?;
        let before = bytes_in(&to);
        for open in self.ledgers() {
            open.record_access(0, open.ledger().published().size, None, caller).await?;
        }
        let mut no_batch = Vec::new();
        for open in self.ledgers() {
            no_batch.push(open.erasing.lock().await);
        }
        // Of before the copy is made, so that it covers no entry that is not in it.
        let heads: Vec<_> = self.ledgers().map(|open| open.ledger().published()).collect();
        let (store, database) = (Arc::clone(&source.store), to.join(DATABASE));
        let total = store.size_on_disk();
        let mut writing = tokio::task::spawn_blocking(move || store.backup(&database, keep));
        let info: BackupInfo = loop {
            tokio::select! {
                written = &mut writing => {
                    break written.map_err(|_| EngineError::internal("the backup stopped"))??;
                }
                () = tokio::time::sleep(PROGRESS) => told(bytes_in(&to), total),
            }
        };
        let mut ledgers = Vec::new();
        for (open, head) in self.ledgers().zip(heads) {
            let (open, to, note) = (Arc::clone(open), to.clone(), Arc::clone(&head.checkpoint));
            let size = head.size;
            let beside = tokio::task::spawn_blocking(move || {
                let path = to.join(checkpoint_name(open.ledger.number()));
                let written = files::replace(&path, |out| out.write_all(note.as_bytes()));
                written.map_err(|error| unwritable(&path, &error))?;
                let mirror = open.vault.write_mirror(&to, open.ledger.published().size)?;
                Ok::<_, EngineError>(BackedUp { origin: open.origin().to_owned(), size, generation: mirror.generation })
            });
            ledgers.push(beside.await.map_err(|_| EngineError::internal("the backup stopped"))??);
        }
        told(bytes_in(&to), total);
        let new_bytes = bytes_in(&to).saturating_sub(before);
        Ok(Backup { number: info.number, bytes: info.bytes, new_bytes, ledgers })
    }
}

/// Makes the directory, or finds it closed to others; its real path.
fn prepare(to: &Path, never_in: &[(&'static str, PathBuf)]) -> Result<PathBuf, EngineError> {
    let wrong = |what: String| EngineError::invalid("directory", what);
    if !to.is_absolute() || to.components().any(|part| part == Component::ParentDir) {
        return Err(wrong("is not an absolute path on the server's machine".into()));
    }
    let real = real(to);
    for (setting, own) in never_in {
        let own = self::real(own);
        if real.starts_with(&own) || own.starts_with(&real) {
            let own = own.display();
            return Err(wrong(format!("and the setting {setting} ({own}) must not lie in each other")));
        }
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(to);
    made.map_err(|error| EngineError::precondition(format!("cannot make {}: {error}", to.display())))?;
    let mode = fs::metadata(to).map_err(|error| unwritable(to, &error))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        let text = format!("{} has mode {mode:03o}, so others could read the backup; make it 700", to.display());
        return Err(EngineError::precondition(text));
    }
    Ok(real)
}

/// Without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for there in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (fs::canonicalize(there), path.strip_prefix(there)) {
            return real.join(rest);
        }
    }
    path
}

fn bytes_in(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> EngineError {
    EngineError::new(Kind::FailedPrecondition, format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_backup_goes_only_where_it_is_apart_and_closed_to_others() {
        let place = tempfile::tempdir().expect("a directory");
        let (data, elsewhere) = (place.path().join("data"), place.path().join("elsewhere"));
        fs::create_dir_all(data.join("db")).expect("makes");
        symlink(&data, place.path().join("link")).expect("links");
        let never = [("data", data.clone())];
        let refused = |to: &Path| prepare(to, &never).expect_err("is refused").message;
        for to in [&data, &data.join("backup/new"), &place.path().join("link/backup"), place.path()] {
            assert!(refused(to).contains("the setting data"), "{}: {}", to.display(), refused(to));
        }
        for to in [Path::new("relative"), &place.path().join("x/../data")] {
            assert!(refused(to).contains("absolute path"), "{}", refused(to));
        }
        assert_eq!(prepare(&elsewhere, &never).expect("is made"), fs::canonicalize(&elsewhere).expect("is there"));
        assert_eq!(fs::metadata(&elsewhere).expect("is there").mode() & 0o777, 0o700);
        fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o750)).expect("chmod");
        assert!(refused(&elsewhere).contains("has mode 750"), "{}", refused(&elsewhere));
    }
}
