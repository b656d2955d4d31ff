//! How a ledger begins, and how it starts again: reads what is there, holds it against the guard, and only then signs.

use super::committer::{BatchLimits, Shared, run_committer, run_sequencer};
use super::guard::{Guard, GuardRecord};
use super::latch::Latch;
use super::pool::{Pool, PoolLimits};
use super::rows::{self, Requests, StoredTiles};
use super::sequencer::{Head, Reading, sequence};
use super::signer::Signer;
use super::tree::{BLOCK, TileSource, Tree};
use super::{Inner, Ledger, LedgerError, Published, own_event};
use crate::model::{Clock, EntryKind};
use crate::store::{Commit, LedgerNumber, Snapshot, Store, WriteSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};
use tokio::sync::watch;
use whosaw_verifier::body::{Body, GenesisBody, Predecessor, RestoreBody, WriterEpochBody};
use whosaw_verifier::entry::{genesis_link, origin_hash};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::{EMPTY_ROOT, node_hash};
use whosaw_verifier::wire::Message as _;

/// Where a ledger lives and how much may wait in it.
#[derive(Debug, Clone)]
pub struct LedgerOptions {
    pub number: LedgerNumber,
    /// A schema-less URL without spaces or '+'; also the name of its key.
    pub origin: String,
    pub key_path: PathBuf,
    /// Outside the database directory and outside every backup.
    pub guard_path: PathBuf,
    /// SHA-256 of what identifies this machine.
    pub machine: Hash,
    pub software: String,
    pub waiting_entries_max: usize,
    pub waiting_bytes_max: usize,
    pub batch_entries_max: usize,
    pub batch_bytes_max: usize,
    /// The ledger goes on from a backup: said before anything else is.
    pub restored: Option<RestoreBody>,
    /// For a new ledger that follows one that was rolled back.
    pub predecessor: Option<Predecessor>,
    /// Whether a head outlives a crash of the machine; not so only where the whole ledger is thrown away.
    pub is_durable: bool,
}

impl LedgerOptions {
    pub fn new(number: LedgerNumber, origin: &str, key_path: PathBuf, guard_path: PathBuf, machine: Hash) -> Self {
        LedgerOptions {
            number,
            origin: origin.to_owned(),
            key_path,
            guard_path,
            machine,
            software: concat!("whosaw ", env!("CARGO_PKG_VERSION")).to_owned(),
            waiting_entries_max: 65_536,
            waiting_bytes_max: 64 << 20,
            batch_entries_max: 8_192,
            batch_bytes_max: 16 << 20,
            restored: None,
            predecessor: None,
            is_durable: true,
        }
    }
}

impl Ledger {
    /// Makes a new ledger: key, guard, and entry 0 together with `extra` rows in one commit. Going on with an
    /// initialisation that a crash interrupted is fine; doing it twice is not.
    pub fn create(
        store: &dyn Store,
        options: &LedgerOptions,
        clock: &dyn Clock,
        extra: WriteSet,
    ) -> Result<(), LedgerError> {
        if rows::read_head(store.snapshot()?.as_ref(), options.number)?.is_some() {
            return Err(LedgerError::AlreadyInitialised);
        }
        let origin_hash = origin_hash(&options.origin);
        let signer = if options.key_path.exists() {
            Signer::open(&options.key_path, &options.origin)?
        } else {
            Signer::create(&options.key_path, &options.origin)?
        };
        let nothing = GuardRecord { size: 0, root: EMPTY_ROOT };
        let mut guard = if options.guard_path.exists() {
            Guard::open(&options.guard_path, origin_hash, options.machine)?
        } else {
            Guard::create(&options.guard_path, origin_hash, options.machine, nothing)?
        };
        guard = guard.durable(options.is_durable);
        if guard.record() != nothing {
            return Err(LedgerError::RolledBack { signed: guard.record().size, found: 0 });
        }
        let body = GenesisBody {
            origin: options.origin.clone(),
            verifier_key: signer.verifier_key().to_string(),
            software: options.software.clone(),
            predecessor: options.predecessor.clone(),
        };
        let genesis = own_event(EntryKind::Genesis, body.encode(), &origin_hash)?;
        let head = Head { size: 0, last_leaf: genesis_link(&options.origin), recorded_at_us: 0 };
        let reading = Reading { now_us: clock.now().0, held_back: false, synchronised: clock.synchronised() };
        let batch = sequence(&head, std::slice::from_ref(&genesis), reading);
        let root = batch.leaves[0];
        let mut writes = rows::write_set(options.number, &batch, &[genesis], &Requests::default(), Vec::new(), &root);
        writes.append(&extra);
        let lease = store.acquire(options.number)?;
        let mut id = [0u8; 16];
        getrandom::fill(&mut id).map_err(|error| LedgerError::Start(format!("no randomness: {error}")))?;
        let commit = Commit { ledger: options.number, epoch: lease.epoch, sequence: lease.sequence, id, writes };
        store.commit(commit).map_err(|error| LedgerError::Start(error.to_string()))?;
        guard.write(GuardRecord { size: 1, root })
    }

    /// Everything for which the ledger could not be opened for writing; writes nothing.
    pub fn check(store: &dyn Store, options: &LedgerOptions) -> Vec<LedgerError> {
        look(store, options).1
    }

    /// Opens a ledger for writing. Acquiring makes everything that was written before durable, so nothing that is only
    /// in the page cache is ever signed; the first entry of every start says that a new writer took over.
    pub fn open(store: Arc<dyn Store>, options: LedgerOptions, clock: Arc<dyn Clock>) -> Result<Ledger, LedgerError> {
        let origin_hash = origin_hash(&options.origin);
        let lease = store.acquire(options.number)?;
        let Examined { head, tree, root, guard, signer } = examine(store.as_ref(), &options)?;
        let mut guard = guard.durable(options.is_durable);
        // What a crash left between database and guard is caught up with before anything is added to it, so that the
        // database is never ahead by more than one commit, and a guard that is further behind is an old one. Also written
        // where it says so already: what was read may stand in the page cache only.
        guard.write(GuardRecord { size: head.size, root })?;
        let callers = rows::read_callers(store.snapshot()?.as_ref(), options.number)?;
        let pool =
            Arc::new(Pool::new(PoolLimits { entries: options.waiting_entries_max, bytes: options.waiting_bytes_max }));
        let tree = Arc::new(RwLock::new(tree));
        let latch = Latch::default();
        let first = Published { size: 0, root: EMPTY_ROOT, recorded_at_us: 0, checkpoint: "".into() };
        let (publish, published) = watch::channel(Arc::new(first));
        let verifier_key = signer.verifier_key().to_string();
        let signer = Arc::new(signer);
        let shared = Arc::new(Shared::new(
            Arc::clone(&store),
            lease,
            clock,
            Arc::clone(&pool),
            Arc::clone(&tree),
            latch.clone(),
            origin_hash,
        ));
        let (to_committer, jobs) = std::sync::mpsc::sync_channel(1);
        let limits = BatchLimits { entries: options.batch_entries_max, bytes: options.batch_bytes_max };
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .name(format!("{name}-{}", options.number))
                .spawn(run)
                .map_err(|error| LedgerError::Start(error.to_string()))
        };
        let sequencer = {
            let shared = Arc::clone(&shared);
            spawn(
                "sequencer",
                Box::new(move || {
                    let _alarm = Alarm(&shared);
                    run_sequencer(&shared, head, callers, limits, to_committer);
                }),
            )?
        };
        let committer = {
            let (shared, its_signer) = (Arc::clone(&shared), Arc::clone(&signer));
            spawn(
                "committer",
                Box::new(move || {
                    let _alarm = Alarm(&shared);
                    run_committer(&shared, guard, &its_signer, &publish, jobs);
                }),
            )?
        };
        let ledger = Ledger(Arc::new(Inner {
            origin: options.origin.as_str().into(),
            origin_hash,
            verifier_key,
            signer,
            number: options.number,
            store,
            pool,
            tree,
            latch,
            published,
            threads: Mutex::new(vec![sequencer, committer]),
        }));
        let body =
            WriterEpochBody { epoch: lease.epoch, software: options.software, last_recorded_us: head.recorded_at_us };
        let took_over = own_event(EntryKind::WriterEpoch, body.encode(), &origin_hash)?;
        let mut first = Vec::new();
        if let Some(restored) = &options.restored {
            first.push(own_event(EntryKind::Restore, restored.encode(), &origin_hash)?);
        }
        first.push(took_over);
        let reply = ledger.submit(first).map_err(|error| LedgerError::Start(error.to_string()))?;
        reply
            .blocking_recv()
            .map_err(|_| LedgerError::Start("the committer stopped".into()))?
            .map_err(|error| LedgerError::Start(error.to_string()))?;
        Ok(ledger)
    }
}

/// A thread of the ledger that panics takes the ledger out of service instead of leaving callers waiting.
struct Alarm<'a>(&'a Shared);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            const REASON: &str = "a thread of the ledger panicked";
            self.0.latch.trip(REASON);
            self.0.pool.refuse_all(REASON);
        }
    }
}

/// A ledger as it was found, before anything is written.
struct Examined {
    head: Head,
    tree: Tree,
    root: Hash,
    guard: Guard,
    signer: Signer,
}

/// Reads what is there and holds it against genesis, key and guard.
fn examine(store: &dyn Store, options: &LedgerOptions) -> Result<Examined, LedgerError> {
    let (found, mut wrong) = look(store, options);
    match found.filter(|_| wrong.is_empty()) {
        Some(examined) => Ok(examined),
        None if wrong.is_empty() => Err(LedgerError::Corrupt("the ledger cannot be read".into())),
        None => Err(wrong.remove(0)),
    }
}

/// Everything that is wrong, and what was found if all of it could be read.
fn look(store: &dyn Store, options: &LedgerOptions) -> (Option<Examined>, Vec<LedgerError>) {
    let mut wrong = Vec::new();
    let mut tell = |error: LedgerError| wrong.push(error);
    let origin_hash = origin_hash(&options.origin);
    let guard = Guard::open(&options.guard_path, origin_hash, options.machine);
    let read = store.snapshot().map_err(LedgerError::from).and_then(|snapshot| {
        let head = rows::read_head(snapshot.as_ref(), options.number)?;
        Ok((snapshot, head))
    });
    let (snapshot, head, root) = match read {
        Ok((snapshot, Some((head, root)))) => (snapshot, head, root),
        Ok((_, None)) => {
            // A guard that has seen entries means that the database is gone, not that there never was one.
            tell(match guard {
                Ok(guard) if guard.record().size > 0 => {
                    LedgerError::RolledBack { signed: guard.record().size, found: 0 }
                }
                _ => LedgerError::NotInitialised,
            });
            return (None, wrong);
        }
        Err(error) => {
            tell(error);
            return (None, wrong);
        }
    };
    let signer = Signer::open(&options.key_path, &options.origin).map_err(&mut tell).ok();
    if let Some(signer) = &signer
        && let Err(error) = check_genesis(snapshot.as_ref(), options, signer)
    {
        tell(error);
    }
    let tree = read_tree(snapshot.as_ref(), options.number, &head, &root).map_err(&mut tell).ok();
    let guard = guard.map_err(&mut tell).ok();
    if let (Some(tree), Some(guard)) = (&tree, &guard)
        && let Err(error) = check_guard(snapshot.as_ref(), options, &head, tree, guard.record())
    {
        tell(error);
    }
    let found = match (tree, guard, signer) {
        (Some(tree), Some(guard), Some(signer)) => Some(Examined { head, tree, root, guard, signer }),
        _ => None,
    };
    (found, wrong)
}

/// Entry 0 must name this origin and this key: signing with another would be a second voice of the same name.
fn check_genesis(snapshot: &dyn Snapshot, options: &LedgerOptions, signer: &Signer) -> Result<(), LedgerError> {
    let genesis = rows::read_entries(snapshot, options.number, 0, 1)?;
    let body = genesis.first().and_then(|entry| Some((entry.header.kind, &entry.content.as_ref()?.1)));
    let Some(Ok(Body::Genesis(genesis))) = body.map(|(kind, bytes)| Body::decode(kind, bytes)) else {
        return Err(LedgerError::Corrupt("entry 0 is not a genesis entry".into()));
    };
    let found = signer.verifier_key().to_string();
    if genesis.verifier_key != found {
        let path = options.key_path.clone();
        return Err(LedgerError::WrongKey { path, found, expected: genesis.verifier_key });
    }
    Ok(())
}

/// Rebuilds the tree: block roots from upper tiles, the block under way from tiles and headers.
pub(super) fn read_tree(
    snapshot: &dyn Snapshot,
    ledger: LedgerNumber,
    head: &Head,
    root: &Hash,
) -> Result<Tree, LedgerError> {
    let tiles = StoredTiles { snapshot, ledger };
    let blocks = head.size / BLOCK;
    let mut roots = Vec::with_capacity(blocks as usize);
    let mut upper: Option<(u64, Vec<Hash>)> = None;
    for block in 0..blocks {
        // Block roots are the hashes of tile level 2: stored once 256 of them are full, else made from level 1.
        let number = block / 256;
        if (number + 1) * 256 <= blocks {
            if upper.as_ref().is_none_or(|(at, _)| *at != number) {
                upper = Some((number, tiles.tile(2, number)?));
            }
            roots.extend(upper.as_ref().map(|(_, hashes)| hashes[(block % 256) as usize]));
        } else {
            roots.push(fold(tiles.tile(1, block)?));
        }
    }
    let mut tree = Tree::from_block_roots(roots);
    let mut at = blocks * BLOCK;
    while at + 256 <= head.size {
        for leaf in tiles.tile(0, at / 256)? {
            tree.push(leaf);
        }
        at += 256;
    }
    let rest = rows::read_entries(snapshot, ledger, at, head.size)?;
    for entry in &rest {
        tree.push(entry.leaf);
    }
    let last = rows::read_entries(snapshot, ledger, head.size - 1, head.size)?;
    let last_leaf = last.first().map(|entry| entry.leaf);
    if tree.size() != head.size || tree.root(&tiles, head.size)? != *root || last_leaf != Some(head.last_leaf) {
        return Err(LedgerError::Corrupt("the stored entries do not lead to the stored head".into()));
    }
    Ok(tree)
}

fn fold(mut hashes: Vec<Hash>) -> Hash {
    while hashes.len() > 1 {
        hashes = hashes.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    hashes[0]
}

/// The database must hold everything that was signed, unchanged. Being ahead by the one commit that a crash left is fine;
/// by more, the guard is an old one, and cannot tell whether what followed it was rolled back.
fn check_guard(
    snapshot: &dyn Snapshot,
    options: &LedgerOptions,
    head: &Head,
    tree: &Tree,
    guard: GuardRecord,
) -> Result<(), LedgerError> {
    if head.size < guard.size {
        return Err(LedgerError::RolledBack { signed: guard.size, found: head.size });
    }
    let root = tree.root(&StoredTiles { snapshot, ledger: options.number }, guard.size)?;
    if root != guard.root {
        return Err(LedgerError::Diverged { size: guard.size });
    }
    let (mut at, mut commits) = (guard.size, 0);
    while at < head.size && commits <= 1 {
        let until = head.size.min(at + COMMITS_LOOKED_AT);
        let entries = rows::read_entries(snapshot, options.number, at, until)?;
        commits += entries.iter().filter(|entry| entry.header.is_last_of_commit()).count();
        at = until;
    }
    if commits > 1 {
        let path = options.guard_path.clone();
        return Err(LedgerError::GuardOld { path, remembered: guard.size, found: head.size });
    }
    Ok(())
}

/// Entries read at a time when commits behind the guard are counted.
const COMMITS_LOOKED_AT: u64 = 1_024;
