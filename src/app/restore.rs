//! `whosaw restore`: a backup put back beside keys and guard. Everything is done in a place of its own, and the database
//! gets its name only when all of it fits; only then is anything signed.

use super::{AppError, Keepers, SystemClock, ledger_options, make_private, open_engine};
use crate::config::Settings;
pub use crate::engine::Restored;
use crate::engine::{self, BACKUP_DATABASE, Behind, Outcome, Sources, checkpoint_name, close_ledger, restore_ledger};
use crate::ledger::{Ledger, LedgerOptions, Signer, history};
use crate::store::rocks::{RocksStore, backup};
use crate::store::{Commit, LedgerNumber, Store};
use crate::vault::Vault;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use whosaw_verifier::body::{Predecessor, RestoreBody};
use whosaw_verifier::checkpoint;

/// What is put back, and what may help.
#[derive(Debug, Clone, Default)]
pub struct Restore {
    pub from: PathBuf,
    pub exports: Vec<PathBuf>,
    /// Name of a new ledger, where the old one cannot go on.
    pub successor: Option<String>,
}

/// What became of one ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    GoesOn {
        origin: String,
        restored: Box<Restored>,
    },
    /// Closed for ever; the new one carries both heads in its genesis.
    Succeeded {
        origin: String,
        successor: String,
        signed: u64,
        held: u64,
    },
}

/// The name under which a database is prepared.
const PREPARED: &str = "db.restoring";

pub fn restore(
    settings: &Settings,
    asked: &Restore,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<Fate>, AppError> {
    super::forbid_core_dumps();
    let database = settings.database();
    if database.exists() {
        let path = database.display();
        return Err(AppError::Start(format!(
            "{path} is there: a backup is put back where no database is. Set it aside first; nothing of it is needed"
        )));
    }
    make_private(&settings.data)?;
    let prepared = settings.data.join(PREPARED);
    let clear = || match fs::remove_dir_all(&prepared) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(AppError::Directory { path: prepared.display().to_string(), reason: error.to_string() })
        }
        _ => Ok(()),
    };
    clear()?;
    let done = prepare(settings, asked, &prepared, progress);
    let (fates, bodies) = match done {
        Ok(done) => done,
        Err(error) => {
            clear()?;
            return Err(error);
        }
    };
    let placed = fs::rename(&prepared, &database).and_then(|()| fs::File::open(&settings.data)?.sync_all());
    placed.map_err(|error| AppError::Start(format!("cannot make {}: {error}", database.display())))?;
    // The first thing that each ledger says is that it goes on from a backup.
    let engine = open_engine(settings, &bodies)?;
    for open in engine.ledgers().filter(|open| bodies.contains_key(&open.ledger().number())) {
        open.destroy_older_roots().map_err(|error| ledger(open.origin(), &error))?;
    }
    engine.shutdown();
    Ok(fates)
}

type Prepared = (Vec<Fate>, BTreeMap<LedgerNumber, RestoreBody>);

fn prepare(
    settings: &Settings,
    asked: &Restore,
    at: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Prepared, AppError> {
    let start = |error: &dyn std::fmt::Display| AppError::Start(error.to_string());
    backup::restore(&asked.from.join(BACKUP_DATABASE), at).map_err(|error| start(&error))?;
    let store: Arc<dyn Store> = Arc::new(RocksStore::open(at).map_err(|error| start(&error))?);
    store.verify().map_err(|error| start(&error))?;
    let keepers = Keepers::of(settings).map_err(|error| start(&error))?;
    let mirrors = std::iter::once(&asked.from).chain(&settings.mirrors).cloned().collect();
    let sources = Sources { mirrors, exports: asked.exports.clone(), without_guard: asked.successor.is_some() };
    let (mut fates, mut bodies, mut behind) = (Vec::new(), BTreeMap::new(), Vec::new());
    for (number, origin) in engine::origins(store.as_ref()).map_err(|error| start(&error))? {
        let options = ledger_options(settings, number, &origin);
        let custodian = keepers.open(settings, number).map_err(|error| ledger(&origin, &error))?;
        let outcome = restore_ledger(&store, &options, &custodian, &sources, progress);
        match outcome.map_err(|error| ledger(&origin, &error))? {
            Outcome::Restored(restored) => {
                if let Some(error) = Ledger::check(store.as_ref(), &options).first() {
                    return Err(ledger(&origin, error));
                }
                bodies.insert(number, restored.body.clone());
                fates.push(Fate::GoesOn { origin, restored });
            }
            Outcome::Behind(found) => behind.push((options, found)),
        }
    }
    match (behind.as_slice(), &asked.successor) {
        ([], None) => {}
        ([], Some(_)) => {
            return Err(AppError::Start("--successor: no ledger needs one; all of them can go on".into()));
        }
        ([(options, found)], Some(successor)) => {
            succeed(settings, asked, &store, options, *found, successor, &keepers)?;
            let (signed, held) = (found.signed.0, found.held.0);
            let (origin, successor) = (options.origin.clone(), successor.clone());
            fates.push(Fate::Succeeded { origin, successor, signed, held });
        }
        ([(options, found), ..], _) => return Err(ledger(&options.origin, &missing(found))),
    }
    if fates.is_empty() {
        return Err(AppError::Start("there is no ledger in this backup".into()));
    }
    Ok((fates, bodies))
}

fn ledger(origin: &str, error: &dyn std::fmt::Display) -> AppError {
    AppError::Ledger { origin: origin.to_owned(), reason: error.to_string() }
}

fn missing(found: &Behind) -> String {
    let (signed, held) = (found.signed.0, found.held.0);
    let reaches = match found.exported {
        None => String::new(),
        Some(size) => format!(", and the longest export given reaches {size}"),
    };
    let missing = signed - found.exported.unwrap_or(held).max(held);
    format!(
        "{signed} entries were signed; the backup has {held}{reaches}: {missing} are missing. To go on without them would \
         be a second history, so the ledger stays closed. Give an export with content of all {signed} entries (--entries), \
         or open a ledger of another name (--successor)"
    )
}

/// Closes the old ledger and makes a new one, whose genesis carries both heads.
fn succeed(
    settings: &Settings,
    asked: &Restore,
    store: &Arc<dyn Store>,
    old: &LedgerOptions,
    found: Behind,
    successor: &str,
    keepers: &Keepers,
) -> Result<(), AppError> {
    let wrong = |error: &dyn std::fmt::Display| ledger(&old.origin, error);
    // Nothing else vouches for the backup here: its own checkpoint has to.
    let key = Signer::open(&old.key_path, &old.origin).map_err(|error| wrong(&error))?;
    let path = asked.from.join(checkpoint_name(old.number));
    let note = fs::read(&path).map_err(|error| wrong(&format_args!("{} cannot be read: {error}", path.display())))?;
    let head = checkpoint::open(&note, std::slice::from_ref(key.verifier_key()));
    let head = head.map_err(|error| wrong(&format_args!("its checkpoint in the backup: {error}")))?;
    let (size, root) = (head.checkpoint().size, head.checkpoint().root);
    let entries =
        history(store.as_ref(), old.number, &old.origin, size, &mut |_, _| {}).map_err(|error| wrong(&error))?;
    if entries.earlier != Some(root) {
        return Err(wrong(&format_args!("its first {size} entries are not those that were signed")));
    }
    let known = engine::every_origin(store.as_ref()).map_err(|error| wrong(&error))?;
    if known.iter().any(|(_, known)| known == successor) {
        return Err(AppError::Start(format!("--successor: there is a ledger {successor} already")));
    }
    let number = LedgerNumber(known.last().map_or(1, |(last, _)| last.0 + 1));
    let failed = |error: &dyn std::fmt::Display| ledger(successor, error);
    let custodian = keepers.create(settings, number).map_err(|error| failed(&error))?;
    let mut extra = Vault::create(number, successor, custodian.as_ref()).map_err(|error| failed(&error))?;
    engine::name_ledger(number, successor, &mut extra);
    let guard_root = if found.signed.0 == 0 { Vec::new() } else { found.signed.1.to_vec() };
    let predecessor = Predecessor {
        origin: old.origin.clone(),
        guard_size: found.signed.0,
        guard_root,
        restored_size: found.held.0,
        restored_root: found.held.1.to_vec(),
    };
    let options = LedgerOptions { predecessor: Some(predecessor), ..ledger_options(settings, number, successor) };
    let mut closing = crate::store::WriteSet::default();
    close_ledger(old.number, successor, &mut closing);
    let lease = store.acquire(old.number).map_err(|error| wrong(&error))?;
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| wrong(&error))?;
    let commit = Commit { ledger: old.number, epoch: lease.epoch, sequence: lease.sequence, id, writes: closing };
    store.commit(commit).map_err(|error| wrong(&error))?;
    Ledger::create(store.as_ref(), &options, &SystemClock::new(), extra).map_err(|error| failed(&error))
}
