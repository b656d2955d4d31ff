//! A restored database brought to where its ledger was: keys that the custodian still opens, entries signed since the
//! backup, and what was decided since. Nothing is signed here; what cannot be brought there is refused.

use super::{EngineError, OpenLedger};
use crate::ledger::{
    ErasedPlaces, LedgerError, LedgerOptions, Signer, append_exported, erase_again, history, remembered, stored_entries,
};
use crate::model::{EntryKind, UnixMicros};
use crate::store::{Commit, Lease, LedgerNumber, Store, StoreError, Table, WriteSet};
use crate::vault::journal::{erased_prefix, read_erased, standing_name};
use crate::vault::{Change, Claimed, Custodian, Mirror, RecoveredEntry, SharedBy, StandingJournal, Vault, VaultError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use whosaw_verifier::body::{Body, ErasureBody, RestoreBody, RetentionRule};
use whosaw_verifier::entry::origin_hash;
use whosaw_verifier::export::{self, Verdict};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::EMPTY_ROOT;
use whosaw_verifier::vocabulary::ErasureState;

/// Where what a backup lacks may be found.
pub struct Sources {
    /// Directories that may hold a mirror of the key table; the backup's own among them.
    pub mirrors: Vec<PathBuf>,
    /// Exports with content, of any ledgers.
    pub exports: Vec<PathBuf>,
    /// A ledger without its guard counts as one that cannot go on, instead of ending everything.
    pub without_guard: bool,
}

/// What was done to bring a ledger where it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// To be written as the first thing that the ledger says.
    pub body: RestoreBody,
    pub generation: u64,
    /// Holds, restrictions and waiting erasures in force, as the journal has them.
    pub standing: usize,
    /// Contents that the backup still had although they were erased since.
    pub erased_again: u64,
    /// Parts of recovered entries, by whether a key for them is here.
    pub parts: Claimed,
}

/// What came of it.
pub enum Outcome {
    Restored(Box<Restored>),
    /// Entries that were signed are not to be had: the head of the guard, and that of the backup.
    Behind(Behind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    pub signed: (u64, Hash),
    pub held: (u64, Hash),
    /// The largest export of this ledger that was given, if any.
    pub exported: Option<u64>,
}

/// Writes rows one commit after the other, before the ledger is open.
struct Rows {
    store: Arc<dyn Store>,
    lease: Lease,
}

impl Rows {
    fn write(&mut self, writes: WriteSet) -> Result<(), StoreError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| StoreError::Unavailable("no randomness can be had".into()))?;
        let Lease { ledger, epoch, sequence } = self.lease;
        let commit = Commit { ledger, epoch, sequence, id, writes };
        self.store.commit(commit).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        self.lease.sequence += 1;
        Ok(())
    }
}

/// Brings one ledger of a restored store to where it was. Of what it does nothing is visible to anybody until the store is
/// put in its place.
pub fn restore_ledger(
    store: &Arc<dyn Store>,
    options: &LedgerOptions,
    custodian: &Arc<dyn Custodian>,
    sources: &Sources,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Outcome, EngineError> {
    let (number, origin) = (options.number, options.origin.as_str());
    let found = history(store.as_ref(), number, origin, 0, progress)?;
    let key = Signer::open(&options.key_path, origin)?;
    if found.verifier_key != key.verifier_key().to_string() {
        return Err(EngineError::precondition(format!(
            "the key in {} is not the one that the backup's ledger was signed with",
            options.key_path.display()
        )));
    }
    let held = (found.size, found.root);
    let signed = match remembered(options) {
        Err(LedgerError::GuardMissing { .. }) if sources.without_guard => {
            return Ok(Outcome::Behind(Behind { signed: (0, EMPTY_ROOT), held, exported: None }));
        }
        signed => signed?,
    };
    if signed.0 == held.0 && signed.1 != held.1 {
        return Err(LedgerError::Diverged { size: signed.0 }.into());
    }
    let export = match recoverable(sources, key.verifier_key(), held, signed)? {
        Reach::Enough(export) => export,
        Reach::Short(exported) => return Ok(Outcome::Behind(Behind { signed, held, exported })),
    };
    let mut rows = Rows { store: Arc::clone(store), lease: store.acquire(number)? };
    let replaced = apply_mirror(store, &mut rows, options, custodian, sources)?;
    let head = match &export {
        None => held,
        Some(export) => {
            let head =
                append_exported(store.as_ref(), number, export, signed.0, &mut |writes| Ok(rows.write(writes)?))?;
            if head != signed {
                return Err(LedgerError::Diverged { size: signed.0 }.into());
            }
            head
        }
    };
    let vault = Vault::open(Arc::clone(store), number, origin, Arc::clone(custodian))?;
    let said = said(store.as_ref(), number, head.0)?;
    check_generation(&said, vault.generation())?;
    let standing = replay_standing(&vault, &mut rows, options, custodian.as_ref(), held.0 < signed.0)?;
    if let Some((rules, since)) = said.rules {
        // Where they began after the backup, nothing says that they were ever looked at, and no calendar would be believed.
        let looked = vault.standing().looked.max(since);
        rows.write(vault.rows_of(&[Change::Rules(rules), Change::Looked(looked)])?)?;
    }
    let noted = noted_erasures(options)?;
    let erased_again = erase_again(store.as_ref(), number, &noted, &mut |writes| Ok(rows.write(writes)?))?;
    if replaced {
        let mut shared = |index| shared_by(store.as_ref(), number, index);
        vault.rebuild_readers(&mut shared, &mut |writes| Ok(rows.write(writes)?))?;
    }
    let mut parts = Claimed::default();
    if export.is_some() {
        let mut recovered = (held.0..head.0).map(|index| recovered_entry(store.as_ref(), number, index));
        parts = vault.claim_recovered(&mut recovered, &mut |writes| Ok(rows.write(writes)?))?;
    }
    // Lists are made from entries alone, and are made anew.
    store.clear_derived(number)?;
    let body = RestoreBody {
        backup_size: held.0,
        backup_root: held.1.to_vec(),
        recovered_size: head.0,
        recovered_root: head.1.to_vec(),
        software: options.software.clone(),
        ..RestoreBody::default()
    };
    let generation = vault.generation();
    Ok(Outcome::Restored(Box::new(Restored { body, generation, standing, erased_again, parts })))
}

impl OpenLedger {
    /// Roots that a batch of erasures left, which ended before its ledger was restored, are destroyed; not as long as a
    /// mirror lacks the one in use. Blocks.
    pub fn destroy_older_roots(&self) -> Result<(), EngineError> {
        if self.erasure_trouble().is_none() {
            self.vault.destroy_older_roots()?;
        }
        Ok(())
    }
}

enum Reach {
    /// The backup itself reaches the guard, or this export does.
    Enough(Option<PathBuf>),
    /// The longest export of this ledger.
    Short(Option<u64>),
}

/// Looks for an export that leads from the backup's head to the guard's, by its own proofs under the ledger's key.
fn recoverable(
    sources: &Sources,
    key: &whosaw_verifier::note::VerifierKey,
    held: (u64, Hash),
    signed: (u64, Hash),
) -> Result<Reach, EngineError> {
    if held.0 >= signed.0 {
        return Ok(Reach::Enough(None));
    }
    let mut longest = None;
    for export in &sources.exports {
        let refused = |what: String| EngineError::precondition(format!("the export {}: {what}", export.display()));
        let report = export::verify(export, std::slice::from_ref(key)).map_err(|error| refused(error.to_string()))?;
        if report.origin != key.name() {
            continue;
        }
        if report.verdict() == Verdict::Lie {
            return Err(refused(report.first_problem.map(|problem| problem.to_string()).unwrap_or_default()));
        }
        if !report.has_content {
            return Err(refused("it has no content; `whosaw export --content` writes one that has".into()));
        }
        let at = export::root_at(export, report.size, held.0).map_err(|error| refused(error.to_string()))?;
        if at.is_some_and(|root| root != held.1) {
            return Err(LedgerError::Diverged { size: held.0 }.into());
        }
        if (report.size, report.root) == signed {
            return Ok(Reach::Enough(Some(export.clone())));
        }
        if report.size >= signed.0 {
            return Err(refused(format!(
                "it has {} entries, but the guard remembers {}: the guard is of an earlier time, or of another history",
                report.size, signed.0
            )));
        }
        longest = longest.max(Some(report.size));
    }
    Ok(Reach::Short(longest))
}

/// Puts the newest key table that the custodian can open in the place of the backup's. Whether it is of another
/// generation.
fn apply_mirror(
    store: &Arc<dyn Store>,
    rows: &mut Rows,
    options: &LedgerOptions,
    custodian: &Arc<dyn Custodian>,
    sources: &Sources,
) -> Result<bool, EngineError> {
    let own = (options.number, origin_hash(&options.origin));
    let mut newest: Option<Mirror> = None;
    for directory in &sources.mirrors {
        let Some(mirror) = Mirror::open(directory, options.number)? else { continue };
        let head = mirror.head;
        let newer =
            newest.as_ref().is_none_or(|known| (known.head.generation, known.head.size) < (head.generation, head.size));
        if (head.number, head.origin_hash) == own && newer {
            newest = Some(mirror);
        }
    }
    let newest = newest.ok_or_else(|| EngineError::precondition("there is no mirror of the key table"))?;
    let epochs = custodian.epochs().map_err(VaultError::from)?;
    if let Err(error) = custodian.root(newest.head.epoch) {
        let (generation, epoch, path) = (newest.head.generation, newest.head.epoch, newest.path().display());
        let there = epochs.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        return Err(EngineError::precondition(format!(
            "the newest mirror of the key table, {path}, is of generation {generation} under root {epoch}, and the \
             custodian has only root {there} ({error}): keys were destroyed since, and only a mirror of since opens the \
             persons who stayed. Give a directory of the setting mirrors, or a backup of after that batch of erasures"
        )));
    }
    let before = generation_of(store, options.number)?;
    for table in [Table::ShardKeys, Table::DataKeys, Table::Lookups] {
        let (mut from, mut until) = (options.number.0.to_be_bytes().to_vec(), options.number.0.to_be_bytes().to_vec());
        until.extend([0xff; 64]);
        loop {
            let page = store.snapshot()?.scan(table, &from, &until, 4_096)?;
            let Some((last, _)) = page.last() else { break };
            from = last.clone();
            from.push(0);
            let mut writes = WriteSet::default();
            page.iter().for_each(|(key, _)| writes.delete(table, key));
            rows.write(writes)?;
        }
    }
    newest.rows(|writes| Ok::<_, EngineError>(rows.write(writes)?))?;
    Ok(before != Some(newest.head.generation))
}

fn generation_of(store: &Arc<dyn Store>, number: LedgerNumber) -> Result<Option<u64>, EngineError> {
    Ok(Vault::stored_generation(store.snapshot()?.as_ref(), number)?)
}

/// What the ledger's entries say, against which a mirror may be older.
#[derive(Default)]
struct Said {
    /// The newest generation by which persons were erased, and the entry that says so.
    erased: Option<(u64, u64)>,
    /// The retention rules in force, and the month in which there were none before, months since January 1970.
    rules: Option<(Vec<RetentionRule>, u16)>,
}

fn said(store: &dyn Store, number: LedgerNumber, size: u64) -> Result<Said, EngineError> {
    let (mut at, mut said) = (0, Said::default());
    while at < size {
        let until = (at + 4_096).min(size);
        for entry in stored_entries(store, number, at, until)? {
            let tells = [EntryKind::Erasure as u8, EntryKind::Retention as u8].contains(&entry.header.kind);
            let body = entry.content.as_ref().filter(|_| tells).map(|(_, body)| Body::decode(entry.header.kind, body));
            match body {
                Some(Ok(Body::Erasure(ErasureBody { state: ErasureState::Inaccessible, generation, .. }))) => {
                    said.erased = said.erased.max(Some((generation, entry.header.index)));
                }
                Some(Ok(Body::Retention(body))) => {
                    let began = said.rules.filter(|(rules, _)| !rules.is_empty()).map(|(_, began)| began);
                    let began = began.unwrap_or(UnixMicros(entry.header.recorded_at_us).month());
                    said.rules = Some((body.rules, began));
                }
                _ => {}
            }
        }
        at = until;
    }
    Ok(said)
}

/// An erasure that the mirror has not seen would come undone with it.
fn check_generation(said: &Said, generation: u64) -> Result<(), EngineError> {
    match said.erased.filter(|(erased, _)| *erased > generation) {
        None => Ok(()),
        Some((erased, index)) => Err(EngineError::precondition(format!(
            "entry {index} erased persons with generation {erased} of the keys, but the newest mirror is of generation \
             {generation} and still has them: it must not be used. Give a mirror of since (the setting mirrors)"
        ))),
    }
}

/// What stood in force when the journal was last written, instead of what stood when the backup was.
fn replay_standing(
    vault: &Vault,
    rows: &mut Rows,
    options: &LedgerOptions,
    custodian: &dyn Custodian,
    needed: bool,
) -> Result<usize, EngineError> {
    let path = options.guard_path.with_file_name(standing_name(options.number));
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !needed => return Ok(vault.standing_count()),
        Err(error) => {
            let path = path.display();
            return Err(EngineError::precondition(format!(
                "the journal {path} cannot be read ({error}): without it holds that were placed since the backup would be \
                 lost"
            )));
        }
    };
    let journal = StandingJournal::open(&bytes, options.number, &origin_hash(&options.origin), custodian)?;
    rows.write(vault.with_standing(&journal)?)?;
    Ok(journal.len())
}

/// Erasure entries and their places, as noted beside the guard.
fn noted_erasures(options: &LedgerOptions) -> Result<Vec<ErasedPlaces>, EngineError> {
    let directory = options.guard_path.parent().unwrap_or(Path::new("."));
    let failed =
        |path: &Path, what: String| EngineError::precondition(format!("the journal {}: {what}", path.display()));
    let prefix = erased_prefix(options.number);
    let mut noted = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|error| failed(directory, error.to_string()))? {
        let path = entry.map_err(|error| failed(directory, error.to_string()))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_one = name.strip_prefix(&prefix).is_some_and(|index| index.parse::<u64>().is_ok());
        if is_one {
            let bytes = std::fs::read(&path).map_err(|error| failed(&path, error.to_string()))?;
            let read = read_erased(&bytes, options.number, &origin_hash(&options.origin));
            noted.push(read.ok_or_else(|| failed(&path, "is not whole, or another ledger's".into()))?);
        }
    }
    Ok(noted)
}

fn recovered_entry(store: &dyn Store, number: LedgerNumber, index: u64) -> Result<RecoveredEntry, VaultError> {
    let failed = |error: LedgerError| match error {
        LedgerError::Store(error) => VaultError::Store(error),
        _ => VaultError::Torn { what: "recovered entry" },
    };
    let entry = stored_entries(store, number, index, index + 1).map_err(failed)?.pop();
    let entry = entry.ok_or(VaultError::Torn { what: "recovered entry" })?;
    let parts = crate::ledger::stored_parts(store, number, index, entry.header.parts).map_err(failed)?;
    Ok(RecoveredEntry {
        index,
        body_commitment: entry.header.body_commitment,
        shared_by: shared_by(store, number, index)?,
        parts: parts.into_iter().map(|part| part.sealed).collect(),
    })
}

/// Which parts of an entry several persons share, as its body says.
fn shared_by(store: &dyn Store, number: LedgerNumber, index: u64) -> Result<SharedBy, VaultError> {
    let torn = || VaultError::Torn { what: "body of an entry with parts" };
    let entry = stored_entries(store, number, index, index + 1).map_err(|_| torn())?.pop().ok_or_else(torn)?;
    let Some((_, body)) = &entry.content else { return Ok(SharedBy::new()) };
    // What a later version wrote keeps its parts closed rather than open to the wrong keys.
    let body = Body::decode(entry.header.kind, body).map_err(|_| torn())?;
    let mut shared = SharedBy::new();
    for group in body.parts().iter().filter(|group| !group.shared_by.is_empty()) {
        let by: Vec<u32> = group.shared_by.iter().flat_map(|run| run.first..run.first + run.count).collect();
        shared.extend((group.first..group.first + group.count).map(|ordinal| (ordinal, by.clone())));
    }
    Ok(shared)
}
