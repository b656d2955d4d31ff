//! Backups by the engine's own means: each holds a list of files with their checksums, and files that several of them need
//! lie there once.

use super::{Database, is_full, reading};
use crate::store::{BackupInfo, StoreError};
use rocksdb::Env;
use rocksdb::backup::{BackupEngine, BackupEngineInfo, BackupEngineOptions, RestoreOptions};
use std::path::Path;

pub(super) fn write(db: &Database, to: &Path, keep: u32) -> Result<BackupInfo, StoreError> {
    let mut engine = engine(to)?;
    // Flushed first: a table file is shared by all backups that need it, a copy of the log is not.
    engine.create_new_backup_flush(db, true).map_err(failed)?;
    if keep > 0 {
        engine.purge_old_backups(keep as usize).map_err(failed)?;
    }
    newest(&engine, to)
}

/// Puts the newest backup into a directory that is empty or not there. The checksum of each file is compared.
pub fn restore(from: &Path, to: &Path) -> Result<BackupInfo, StoreError> {
    let mut engine = existing(from)?;
    let found = newest(&engine, from)?;
    engine.restore_from_backup(to, to, &RestoreOptions::default(), found.number).map_err(damaged)?;
    Ok(found)
}

fn engine(at: &Path) -> Result<BackupEngine, StoreError> {
    let options = BackupEngineOptions::new(at).map_err(failed)?;
    let environment = Env::new().map_err(failed)?;
    BackupEngine::open(&options, &environment).map_err(failed)
}

/// Opening would make a directory that is not there.
fn existing(at: &Path) -> Result<BackupEngine, StoreError> {
    if at.is_dir() { engine(at) } else { Err(none(at)) }
}

/// The engine leaves out of its list whatever misses a file: an older backup must not be taken for the newest.
fn newest(engine: &BackupEngine, at: &Path) -> Result<BackupInfo, StoreError> {
    let listed = std::fs::read_dir(at.join("meta")).into_iter().flatten().flatten();
    let newest =
        listed.filter_map(|file| file.file_name().to_str()?.parse::<u32>().ok()).max().ok_or_else(|| none(at))?;
    let whole = engine.get_backup_info().into_iter().find(|info| info.backup_id == newest);
    let BackupEngineInfo { timestamp, backup_id, size, .. } = whole.ok_or_else(|| {
        StoreError::Corrupt(format!("backup {newest} in {} misses files, or they are cut", at.display()))
    })?;
    Ok(BackupInfo { number: backup_id, made_at: timestamp.unsigned_abs(), bytes: size })
}

fn none(at: &Path) -> StoreError {
    StoreError::Unavailable(format!("{} holds no backup", at.display()))
}

fn failed(error: rocksdb::Error) -> StoreError {
    if is_full(&error) { StoreError::Unavailable("the disk of the backup is full".into()) } else { reading(error) }
}

/// A file that is missing or cut is as bad as one with a wrong checksum.
fn damaged(error: rocksdb::Error) -> StoreError {
    if is_full(&error) { failed(error) } else { StoreError::Corrupt(error.to_string()) }
}
