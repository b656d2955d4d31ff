//! One ledger: takes sealed actions, gives them their place for ever, and proves it.
//!
//! ```text
//! pool ─> sequencer (pure batch) ─> store.commit ─> guard ─> sign ─> publish ─> receipt, self-checked
//! bounded   thread 1                 thread 2 …………………………………………………        caller
//! ```
//!
//! Knows no protobuf library, no reports and no persons: what concerns a person arrives sealed, and the vault's own rows
//! ride along through `model::Placement`.

mod committer;
mod guard;
mod history;
mod latch;
mod open;
mod pool;
mod pruned;
mod recover;
mod rows;
mod sequencer;
mod signer;
#[cfg(test)]
mod tests;
mod tiles;
mod tree;

pub use committer::{Committed, Place};
pub use history::{History, history};
pub use open::LedgerOptions;
pub use recover::{ErasedPlaces, append_exported, erase_again, remembered, stored_entries, stored_parts};
pub use rows::{StoredEntry, StoredPart, put_covered, put_pruned};
pub use signer::Signer;
pub use tiles::TileCache;

use crate::model::{EntryKind, Judgement, Placement, Sealed};
use crate::store::{LedgerNumber, Store, StoreError, Table, WriteSet};
use pool::{Pool, Submission, SubmissionKind};
use rows::StoredTiles;
use signer::DurableHead;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use tiles::CachedTiles;
use tokio::sync::{oneshot, watch};
use tree::Tree;
use whosaw_verifier::entry::{HEADER_BYTES, Header, body_commitment};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::{EMPTY_ROOT, verify_consistency, verify_inclusion};
use whosaw_verifier::receipt::Receipt;
use whosaw_verifier::report::ReportNote;

/// A cheap handle; all clones speak of the same ledger.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    origin: Arc<str>,
    origin_hash: Hash,
    verifier_key: String,
    number: LedgerNumber,
    signer: Arc<Signer>,
    store: Arc<dyn Store>,
    pool: Arc<Pool>,
    tree: Arc<RwLock<Tree>>,
    latch: latch::Latch,
    published: watch::Receiver<Arc<Published>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// The answer to an append, when it comes.
pub type AppendReply = oneshot::Receiver<Result<Committed, AppendError>>;

/// A head that is durable and signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub size: u64,
    pub root: Hash,
    pub recorded_at_us: u64,
    /// Signed note.
    pub checkpoint: Arc<str>,
}

/// What an append is answered with.
#[derive(Debug, Clone)]
pub struct Appended {
    pub index: u64,
    pub leaf: Hash,
    pub recorded_at_us: u64,
    /// tlog-proof text.
    pub receipt: String,
    pub replayed: bool,
    pub unchecked: bool,
}

impl Ledger {
    /// Appends one action; answers when it is durable and under a signed checkpoint.
    pub async fn append(&self, sealed: Sealed) -> Result<Appended, AppendError> {
        let committed = self.append_all(vec![sealed]).await?;
        let place = committed.places.first().ok_or_else(|| AppendError::Internal("no place was given".into()))?;
        self.receipt_for(place, &committed.published)
    }

    /// Appends all or nothing, in one commit.
    pub async fn append_all(&self, sealed: Vec<Sealed>) -> Result<Committed, AppendError> {
        let reply = self.submit(sealed)?;
        reply.await.map_err(|_| AppendError::Unavailable("the ledger stopped before it answered".into()))?
    }

    /// Queues without waiting, for pipelined callers; replies come in the order of submission.
    pub fn submit(&self, sealed: Vec<Sealed>) -> Result<AppendReply, AppendError> {
        self.queue(sealed, SubmissionKind::Append).map_err(|(error, _)| error)
    }

    /// The same for callers that wait for room: what could not be queued comes back.
    pub fn try_submit(&self, sealed: Vec<Sealed>) -> Result<AppendReply, (AppendError, Vec<Sealed>)> {
        self.queue(sealed, SubmissionKind::Append)
    }

    /// Records that the clock's word is taken from here on, also when it goes back; entries stop being clamped.
    pub async fn accept_clock(&self) -> Result<u64, AppendError> {
        let reply = self.queue(Vec::new(), SubmissionKind::AcceptClock).map_err(|(error, _)| error)?;
        let committed = reply.await.map_err(|_| AppendError::Unavailable("the ledger stopped".into()))??;
        Ok(committed.places.first().map_or(0, |place| place.index))
    }

    /// Makes rows durable that belong to no entry, behind everything that was queued before; with none, only waits for
    /// that.
    pub fn submit_rows(&self, rows: WriteSet) -> Result<AppendReply, AppendError> {
        self.queue(Vec::new(), SubmissionKind::Rows(rows)).map_err(|(error, _)| error)
    }

    fn queue(&self, actions: Vec<Sealed>, kind: SubmissionKind) -> Result<AppendReply, (AppendError, Vec<Sealed>)> {
        if let Some(reason) = self.0.latch.reason() {
            return Err((AppendError::Unavailable(reason.to_owned()), actions));
        }
        let (reply, receiver) = oneshot::channel();
        self.0.pool.submit(Submission { actions, reply, kind })?;
        Ok(receiver)
    }

    /// The receipt of a place under a head that includes it.
    pub fn receipt_for(&self, place: &Place, published: &Published) -> Result<Appended, AppendError> {
        let header = match place.header {
            Some(header) => header,
            None => {
                let entry = self.entry(place.index).map_err(internal)?;
                entry.ok_or_else(|| AppendError::Internal("a replayed entry is missing".into()))?.header.encode()
            }
        };
        let (receipt, header) = self.make_receipt(header, published).map_err(internal)?;
        Ok(Appended {
            index: place.index,
            leaf: header.leaf_hash(),
            recorded_at_us: header.recorded_at_us,
            receipt: receipt.encode(),
            replayed: place.replayed,
            unchecked: place.unchecked,
        })
    }

    /// The receipt of any entry under the newest published head.
    pub fn receipt(&self, index: u64) -> Result<Option<Receipt>, LedgerError> {
        let published = self.published();
        if index >= published.size {
            return Ok(None);
        }
        let Some(entry) = self.entry(index)? else { return Ok(None) };
        self.make_receipt(entry.header.encode(), &published).map(|(receipt, _)| Some(receipt))
    }

    /// Builds a proof and verifies it before it leaves: a wrong one is our fault and nobody else should find it.
    fn make_receipt(
        &self,
        header: [u8; HEADER_BYTES],
        published: &Published,
    ) -> Result<(Receipt, Header), LedgerError> {
        let decoded = Header::decode(&header).map_err(|error| LedgerError::Corrupt(error.to_string()))?;
        let proof = self.inclusion_proof(decoded.index, published.size)?;
        verify_inclusion(&decoded.leaf_hash(), decoded.index, published.size, &proof, &published.root)
            .map_err(|error| LedgerError::SelfCheck(format!("entry {}: {error}", decoded.index)))?;
        Ok((Receipt { header, index: decoded.index, proof, checkpoint: published.checkpoint.to_string() }, decoded))
    }

    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    pub fn origin_hash(&self) -> &Hash {
        &self.0.origin_hash
    }

    /// Verifier key of this ledger's checkpoints.
    pub fn verifier_key(&self) -> &str {
        &self.0.verifier_key
    }

    /// Takes off the disk what was removed of bodies and parts.
    pub fn rewrite_contents(&self) -> Result<(), LedgerError> {
        Ok(self.0.store.rewrite(self.0.number, &[Table::Bodies, Table::Parts])?)
    }

    pub fn number(&self) -> LedgerNumber {
        self.0.number
    }

    pub fn published(&self) -> Arc<Published> {
        Arc::clone(&self.0.published.borrow())
    }

    pub fn subscribe(&self) -> watch::Receiver<Arc<Published>> {
        self.0.published.clone()
    }

    /// Entries and bytes that wait to be sequenced.
    pub fn waiting(&self) -> (usize, usize) {
        self.0.pool.waiting()
    }

    /// Why this ledger no longer writes, if it does not.
    pub fn latched(&self) -> Option<String> {
        self.0.latch.reason().map(str::to_owned)
    }

    pub fn entry(&self, index: u64) -> Result<Option<StoredEntry>, LedgerError> {
        Ok(self.entries(index, index.saturating_add(1))?.pop())
    }

    /// Where a request was recorded, its entry's body commitment, and its keyed digest. Not yet there for what is on its
    /// way.
    pub fn recorded(&self, action_id: [u8; 16], caller: &Hash) -> Result<Option<(u64, Hash, Hash)>, LedgerError> {
        let snapshot = self.0.store.snapshot()?;
        let Some((index, digest)) = rows::read_request(snapshot.as_ref(), self.0.number, caller, action_id)? else {
            return Ok(None);
        };
        let entry = rows::read_entries(snapshot.as_ref(), self.0.number, index, index + 1)?.pop();
        let entry = entry.ok_or_else(|| LedgerError::Corrupt("a recorded request has no entry".into()))?;
        Ok(Some((index, entry.header.body_commitment, digest)))
    }

    /// Published entries that were recorded under this id, by whatever caller, ascending.
    pub fn recorded_as(&self, action_id: [u8; 16]) -> Result<Vec<u64>, LedgerError> {
        let size = self.published().size;
        let mut found = rows::read_requests_of(self.0.store.snapshot()?.as_ref(), self.0.number, action_id)?;
        found.retain(|index| *index < size);
        found.sort_unstable();
        Ok(found)
    }

    /// Published entries `from..until`, in order.
    pub fn entries(&self, from: u64, until: u64) -> Result<Vec<StoredEntry>, LedgerError> {
        let until = until.min(self.published().size);
        if from >= until {
            return Ok(Vec::new());
        }
        let snapshot = self.0.store.snapshot()?;
        rows::read_entries(snapshot.as_ref(), self.0.number, from, until)
    }

    /// Indexes of the published registry entries, ascending.
    pub fn registry_indexes(&self) -> Result<Vec<u64>, LedgerError> {
        rows::read_registry(self.0.store.snapshot()?.as_ref(), self.0.number, self.published().size)
    }

    pub fn parts(&self, index: u64, count: u32) -> Result<Vec<StoredPart>, LedgerError> {
        rows::read_parts(self.0.store.snapshot()?.as_ref(), self.0.number, index, count)
    }

    /// Parts `from..until` of an entry, for readers that must not hold all of them.
    pub fn part_range(&self, index: u64, from: u32, until: u32) -> Result<Vec<StoredPart>, LedgerError> {
        rows::read_part_range(self.0.store.snapshot()?.as_ref(), self.0.number, index, from..until)
    }

    pub fn part(&self, index: u64, ordinal: u32) -> Result<Option<StoredPart>, LedgerError> {
        rows::read_part(self.0.store.snapshot()?.as_ref(), self.0.number, index, ordinal)
    }

    /// The places whose content is gone by the erasure entry at `index`, ascending.
    pub fn covered(&self, index: u64) -> Result<Vec<(u64, u32)>, LedgerError> {
        rows::read_covered(self.0.store.snapshot()?.as_ref(), self.0.number, index)
    }

    /// Rows that take the content of these parts away; what entries commit to stays.
    pub fn without_content(&self, places: &[(u64, u32)]) -> Result<WriteSet, LedgerError> {
        rows::without_content(self.0.store.snapshot()?.as_ref(), self.0.number, places)
    }

    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, LedgerError> {
        self.inclusion_proof_among(&TileCache::default(), index, size)
    }

    /// One of many proofs, which share what they read of stored tiles.
    pub fn inclusion_proof_among(&self, cache: &TileCache, index: u64, size: u64) -> Result<Vec<Hash>, LedgerError> {
        if index >= size || size > self.published().size {
            return Err(LedgerError::OutOfRange { size: self.published().size });
        }
        self.with_tree(|tree, stored| tree.inclusion_proof(&CachedTiles { stored, cache }, index, size))
    }

    /// Also verified before it leaves.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, LedgerError> {
        if old > new || new > self.published().size {
            return Err(LedgerError::OutOfRange { size: self.published().size });
        }
        let proof = self.with_tree(|tree, tiles| tree.consistency_proof(tiles, old, new))?;
        let (old_root, new_root) = (self.root(old)?, self.root(new)?);
        verify_consistency(old, new, &proof, &old_root, &new_root)
            .map_err(|error| LedgerError::SelfCheck(format!("{old} to {new}: {error}")))?;
        Ok(proof)
    }

    /// The root at an earlier size. It is made from stored tiles, which somebody may have altered, so it is held against
    /// the published root, which is in memory and was checked against the guard.
    pub fn root(&self, size: u64) -> Result<Hash, LedgerError> {
        let published = self.published();
        if size == 0 {
            return Ok(EMPTY_ROOT);
        }
        if size == published.size {
            return Ok(published.root);
        }
        if size > published.size {
            return Err(LedgerError::OutOfRange { size: published.size });
        }
        let (root, proof) = self.with_tree(|tree, tiles| {
            Ok((tree.root(tiles, size)?, tree.consistency_proof(tiles, size, published.size)?))
        })?;
        verify_consistency(size, published.size, &proof, &root, &published.root)
            .map_err(|error| LedgerError::SelfCheck(format!("{size} to {}: {error}", published.size)))?;
        Ok(root)
    }

    /// The signed head of an earlier commit, or the newest. Signing again what was signed before adds no second history:
    /// root and last entry are proved to be of the published tree, and only the end of a commit can be a head.
    pub fn checkpoint(&self, size: u64) -> Result<Arc<Published>, LedgerError> {
        let published = self.published();
        if size == published.size {
            return Ok(published);
        }
        if size > published.size {
            return Err(LedgerError::OutOfRange { size: published.size });
        }
        let last = size.checked_sub(1).map(|index| self.entry(index)).transpose()?.flatten();
        let Some(last) = last.filter(|entry| entry.header.is_last_of_commit()) else {
            return Err(LedgerError::NotAHead { size });
        };
        let root = self.root(size)?;
        // The flag decides what may be signed, so the header that carries it is proved too.
        let proof = self.inclusion_proof(size - 1, size)?;
        verify_inclusion(&last.header.leaf_hash(), size - 1, size, &proof, &root)
            .map_err(|error| LedgerError::SelfCheck(format!("entry {}: {error}", size - 1)))?;
        let checkpoint = self.0.signer.sign(&DurableHead::published_before(size, root)).into();
        Ok(Arc::new(Published { size, root, recorded_at_us: last.header.recorded_at_us, checkpoint }))
    }

    /// The signed note of a report that an entry records, once that entry is durable and published. The same report has the
    /// same note for ever.
    pub fn sign_report(&self, note: &ReportNote) -> Result<String, LedgerError> {
        let published = self.published();
        if note.entry >= published.size {
            return Err(LedgerError::OutOfRange { size: published.size });
        }
        let signed = self.0.signer.sign_report(note);
        let key = std::slice::from_ref(self.0.signer.verifier_key());
        match whosaw_verifier::report::open(signed.as_bytes(), key) {
            Ok(said) if said == *note => Ok(signed),
            _ => Err(LedgerError::SelfCheck(format!("the signature of the report that entry {} records", note.entry))),
        }
    }

    /// A hash tile: `width` 256 for a full one.
    pub fn tile(&self, level: u8, number: u64, width: u64) -> Result<Vec<Hash>, LedgerError> {
        let count = self.published().size.checked_shr(8 * u32::from(level)).unwrap_or(0);
        let end = number.checked_mul(tree::TILE_WIDTH).and_then(|first| first.checked_add(width));
        if !(1..=tree::TILE_WIDTH).contains(&width) || end.is_none_or(|end| end > count) {
            return Err(LedgerError::OutOfRange { size: self.published().size });
        }
        self.with_tree(|tree, tiles| tree.tile(tiles, level, number, width))
    }

    fn with_tree<T>(
        &self,
        read: impl FnOnce(&Tree, &StoredTiles<'_>) -> Result<T, StoreError>,
    ) -> Result<T, LedgerError> {
        let snapshot = self.0.store.snapshot()?;
        let tiles = StoredTiles { snapshot: snapshot.as_ref(), ledger: self.0.number };
        let tree = self.0.tree.read().unwrap_or_else(PoisonError::into_inner);
        Ok(read(&tree, &tiles)?)
    }

    /// Lets nothing more in, flushes what waits, and stops. Blocks.
    pub fn shutdown(&self) {
        self.0.pool.close();
        let threads = std::mem::take(&mut *self.0.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                self.0.latch.trip("a ledger thread panicked");
            }
        }
    }
}

/// Why an action was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Try again a little later.
    #[error("the ledger has more waiting than it can hold")]
    Busy,
    #[error("the server is shutting down")]
    ShuttingDown,
    /// Whether it was recorded is not known; the same id tells on a retry.
    #[error("the ledger cannot write: {0}")]
    Unavailable(String),
    #[error("action {position} has an id that was used for other content")]
    AlreadyExists { position: usize },
    #[error("actions {first} and {again} of the batch have the same id and different content")]
    RepeatedInBatch { first: usize, again: usize },
    #[error("internal error: {0}")]
    Internal(String),
}

/// Why a ledger cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("storage is corrupt: {0}")]
    Corrupt(String),
    #[error("signing key: {0}")]
    Key(String),
    #[error("the key in {path} signs as {found}, but the ledger's genesis names {expected}")]
    WrongKey { path: PathBuf, found: String, expected: String },
    #[error("guard: {0}")]
    Guard(String),
    #[error(
        "the guard {path} is missing beside a ledger that has data; without it nobody can tell whether the database was \
         rolled back. Put it back from where it was; a backup of it must never be used"
    )]
    GuardMissing { path: PathBuf },
    #[error("the guard {path} belongs to another ledger")]
    GuardForeign { path: PathBuf },
    #[error(
        "the guard {path} remembers {remembered} entries, but the database has {found}: the guard was put back from an \
         earlier time, and cannot tell any more whether the database was rolled back. The ledger stays closed"
    )]
    GuardOld { path: PathBuf, remembered: u64, found: u64 },
    #[error("the guard {path} was written on another machine; a copied machine must not sign a second history")]
    GuardOtherMachine { path: PathBuf },
    #[error(
        "the database ends at {found} entries but {signed} were signed: it was rolled back or belongs to another time. \
         The ledger stays closed; recover the missing entries from an export or a replica"
    )]
    RolledBack { signed: u64, found: u64 },
    #[error(
        "the database differs from the history that was signed, at or before entry {size}; the ledger stays closed"
    )]
    Diverged { size: u64 },
    #[error("the ledger was not initialised; run `whosaw init`")]
    NotInitialised,
    #[error("the ledger is initialised already")]
    AlreadyInitialised,
    #[error("a size or index is outside the ledger, which has {size} entries")]
    OutOfRange { size: u64 },
    #[error("no commit ended at {size} entries, so there is no head of that size")]
    NotAHead { size: u64 },
    #[error("a proof failed its own check and was not given out: {0}")]
    SelfCheck(String),
    #[error("the ledger cannot start: {0}")]
    Start(String),
}

fn internal(error: LedgerError) -> AppendError {
    AppendError::Internal(error.to_string())
}

/// An event of the ledger itself: a body, no persons, no idempotency.
fn own_event(kind: EntryKind, body: Vec<u8>, origin_hash: &Hash) -> Result<Sealed, LedgerError> {
    let mut salt = [0u8; 32];
    getrandom::fill(&mut salt).map_err(|error| LedgerError::Start(format!("no randomness: {error}")))?;
    Ok(Sealed {
        kind,
        action_id: None,
        caller: [0; 32],
        salt,
        body_commitment: body_commitment(origin_hash, &salt, &body),
        body,
        parts: Vec::new(),
        parts_root: EMPTY_ROOT,
        request_digest: [0; 32],
        request: [0; 32],
        generation: 0,
        placement: Arc::new(NoPersons),
    })
}

struct NoPersons;

impl Placement for NoPersons {
    fn place(&self, _: u64, _: &mut WriteSet) {}
    fn durable(&self) {}
    fn judge(&self, _: u64, _: &[u8; 32], _: &[u8; 32]) -> Judgement {
        Judgement::Different
    }
}
