//! The storage port: what the ledger asks of a database, small enough that a replicated engine can stand in
//! RocksDB's place.
//!
//! Knows keys and values, not what an action means. No wall clock decides safety. Every adapter passes the contract
//! suite in `contract.rs`.

#[cfg(test)]
mod contract;
pub mod faulty;
pub mod memory;
mod new_file;
pub mod rocks;

pub use new_file::NewFile;

use std::fmt;
use std::path::Path;

/// Which ledger, within one store. Given at `create`; 0 is the store's own rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LedgerNumber(pub u32);

/// A table of ordered rows. By convention every key begins with the ledger's number, u32 big-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Store and ledger state: epochs, commit ids, origins.
    Meta,
    /// Runs of entry headers: ledger ‖ first index → n × 120 bytes.
    Headers,
    /// Runs of salted bodies, same keys as `Headers`.
    Bodies,
    /// One sealed part a row: ledger ‖ index ‖ ordinal → leaf hash ‖ S.
    Parts,
    /// Full hash tiles: ledger ‖ level ‖ number → 8,192 bytes.
    Tiles,
    /// Idempotency: ledger ‖ action id ‖ caller → index ‖ keyed request digest.
    Requests,
    /// Blinded subject index rows.
    SubjectIndex,
    /// Which data key opens a part, sealed; a projection that is never backed up.
    Readers,
    /// Wrapped shard keys; mirrored by itself, latest generation only.
    ShardKeys,
    /// Wrapped data keys.
    DataKeys,
    /// Identifier lookup rows and links, sealed under shard keys.
    Lookups,
    /// Projections: by actor, dataset, time. May be dropped and rebuilt.
    Projections,
}

impl Table {
    pub const ALL: [Table; 12] = [
        Table::Meta,
        Table::Headers,
        Table::Bodies,
        Table::Parts,
        Table::Tiles,
        Table::Requests,
        Table::SubjectIndex,
        Table::Readers,
        Table::ShardKeys,
        Table::DataKeys,
        Table::Lookups,
        Table::Projections,
    ];
}

/// Rows to put and delete, all or none. All bytes stand in one buffer: a commit has thousands of small rows, and an
/// allocation for each key and value would cost more than the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteSet {
    bytes: Vec<u8>,
    rows: Vec<RowWrite>,
}

/// Key and value follow each other in the buffer; they begin where the ones before end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RowWrite {
    table: Table,
    key: u32,
    /// Absent: a delete.
    value: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'a> {
    Put { table: Table, key: &'a [u8], value: &'a [u8] },
    Delete { table: Table, key: &'a [u8] },
}

impl Operation<'_> {
    fn place(&self) -> (Table, &[u8]) {
        match self {
            Operation::Put { table, key, .. } | Operation::Delete { table, key } => (*table, key),
        }
    }
}

impl WriteSet {
    pub fn put(&mut self, table: Table, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.put_pieces(table, &[key.as_ref()], &[value.as_ref()]);
    }

    /// A row whose key and value are the pieces joined.
    pub fn put_pieces(&mut self, table: Table, key: &[&[u8]], value: &[&[u8]]) {
        let (key, value) = (self.push(key), self.push(value));
        self.rows.push(RowWrite { table, key, value: Some(value) });
    }

    pub fn delete(&mut self, table: Table, key: impl AsRef<[u8]>) {
        let key = self.push(&[key.as_ref()]);
        self.rows.push(RowWrite { table, key, value: None });
    }

    /// Appends another set's rows behind these.
    pub fn append(&mut self, other: &WriteSet) {
        self.bytes.extend_from_slice(&other.bytes);
        self.rows.extend_from_slice(&other.rows);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The same rows by table and key, so that their order tells nothing of why they are written; of one key the later
    /// row still comes later.
    pub fn sorted(&self) -> WriteSet {
        let mut operations: Vec<Operation<'_>> = self.operations().collect();
        operations.sort_by(|a, b| a.place().cmp(&b.place()));
        let mut sorted = WriteSet::default();
        for operation in operations {
            match operation {
                Operation::Put { table, key, value } => sorted.put(table, key, value),
                Operation::Delete { table, key } => sorted.delete(table, key),
            }
        }
        sorted
    }

    /// Keys and values together.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// In the order in which they were added: a later row wins over an earlier one of the same key.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let mut rest = self.bytes.as_slice();
        self.rows.iter().map(move |row| {
            let (key, after) = rest.split_at(row.key as usize);
            let Some(value) = row.value else {
                rest = after;
                return Operation::Delete { table: row.table, key };
            };
            let (value, after) = after.split_at(value as usize);
            rest = after;
            Operation::Put { table: row.table, key, value }
        })
    }

    fn push(&mut self, pieces: &[&[u8]]) -> u32 {
        let before = self.bytes.len();
        for piece in pieces {
            self.bytes.extend_from_slice(piece);
        }
        u32::try_from(self.bytes.len() - before).expect("a row is far below 4 GiB")
    }
}

/// The right to write to one ledger until somebody acquires it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub ledger: LedgerNumber,
    /// Raised durably by every acquire.
    pub epoch: u64,
    /// Commits applied so far: the next commit carries this sequence.
    pub sequence: u64,
}

/// One atomic write, conditional on (epoch, sequence).
#[derive(Debug, Clone)]
pub struct Commit {
    pub ledger: LedgerNumber,
    pub epoch: u64,
    pub sequence: u64,
    /// Random; what `resolve` asks for after an uncertain end.
    pub id: [u8; 16],
    pub writes: WriteSet,
}

#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A newer writer has the ledger. Nothing applied.
    #[error("the ledger was acquired by a newer writer")]
    Fenced,
    /// `sequence` is not the next one. Nothing applied.
    #[error("the head moved: commit {expected} was expected, {offered} was offered")]
    HeadMoved { expected: u64, offered: u64 },
    /// Refused before anything was written.
    #[error("the store refused the write: {0}")]
    Rejected(String),
    /// It may or may not be there, durable or not: take a new epoch, then `resolve`.
    #[error("the outcome of the write is unknown: {0}")]
    Unknown(String),
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("storage is unavailable: {0}")]
    Unavailable(String),
    #[error("storage is corrupt: {0}")]
    Corrupt(String),
}

/// A row as a scan yields it.
pub type Row = (Vec<u8>, Vec<u8>);

/// Reads of one state of the store: the state after exactly n commits.
pub trait Snapshot: Send + Sync {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Rows with `from ≤ key < until`, ascending, at most `limit`. Page on from the last key ‖ 0.
    fn scan(&self, table: Table, from: &[u8], until: &[u8], limit: usize) -> Result<Vec<Row>, StoreError>;
    /// Shows every row with `from ≤ key < until`, ascending, to one who keeps none: nothing is copied, and what is read once
    /// does not push other rows out of memory.
    fn visit(
        &self,
        table: Table,
        from: &[u8],
        until: &[u8],
        see: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<(), StoreError> {
        let mut next = from.to_vec();
        loop {
            let rows = self.scan(table, &next, until, 1_024)?;
            rows.iter().for_each(|(key, value)| see(key, value));
            let Some((last, _)) = rows.last() else { return Ok(()) };
            next = [last, &[0][..]].concat();
        }
    }
    /// The row with the greatest key `≤ at` and `≥ floor`.
    fn last_at_or_before(&self, table: Table, floor: &[u8], at: &[u8]) -> Result<Option<Row>, StoreError>;
    /// Many gets at once, in order.
    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        keys.iter().map(|key| self.get(table, key)).collect()
    }
}

/// Rows with `from ≤ key < until`, ascending, some at a time, of one state of the store.
pub fn pages<'s>(
    snapshot: &'s dyn Snapshot,
    table: Table,
    from: Vec<u8>,
    until: Vec<u8>,
    limit: usize,
) -> impl Iterator<Item = Result<Vec<Row>, StoreError>> + 's {
    let mut next = Some(from);
    std::iter::from_fn(move || {
        let page = snapshot.scan(table, next.as_ref()?, &until, limit);
        let last = page.as_ref().ok().and_then(|rows| rows.last());
        next = last.map(|(last, _)| [last, &[0][..]].concat());
        // An error is told, and ends it; so does the first page without rows.
        page.map(|rows| (!rows.is_empty()).then_some(rows)).transpose()
    })
}

/// The port. Calls block; callers on an async runtime use a thread of their own.
pub trait Store: Send + Sync + 'static {
    /// Durably raises the ledger's epoch before it returns; every older writer is dead from then on.
    fn acquire(&self, ledger: LedgerNumber) -> Result<Lease, StoreError>;
    /// Applies `commit` atomically and answers `Ok` only when it is durable. Of two writes to one row in it the later one
    /// stands. One call at a time for each ledger; a later commit fails when one before it did.
    fn commit(&self, commit: Commit) -> Result<(), CommitError>;
    /// Whether the commit with this id was applied. Call after `acquire`.
    fn resolve(&self, ledger: LedgerNumber, id: &[u8; 16]) -> Result<bool, StoreError>;
    /// Derived rows (projections): unordered with commits, durable some time later, may be lost and rebuilt.
    fn apply_derived(&self, writes: WriteSet) -> Result<(), StoreError>;
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError>;
    /// Deletes every row of a projection table for this ledger.
    fn clear_derived(&self, ledger: LedgerNumber) -> Result<(), StoreError>;
    /// Reads everything, so that what is corrupt is found before somebody needs it.
    fn verify(&self) -> Result<(), StoreError> {
        Ok(())
    }
    /// Writes a ledger's rows of these tables anew, and drops the log of before: no file tells any more which rows once stood
    /// there, nor which were written together. Commits go on meanwhile.
    fn rewrite(&self, _ledger: LedgerNumber, _tables: &[Table]) -> Result<(), StoreError> {
        Ok(())
    }
    /// Bytes on disk, roughly; for metrics.
    fn size_on_disk(&self) -> u64 {
        0
    }
    /// Writes the state after some number of commits to a directory, beside what earlier calls wrote there and without
    /// writing again what they did; commits go on meanwhile. Of more than `keep` the oldest go; 0 keeps all.
    fn backup(&self, _to: &Path, _keep: u32) -> Result<BackupInfo, StoreError> {
        Err(StoreError::Unavailable("this store cannot be backed up".into()))
    }
}

/// One state of a store in a backup directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupInfo {
    /// Counted from 1 in each directory.
    pub number: u32,
    /// Unix seconds.
    pub made_at: u64,
    /// Of the files that it needs.
    pub bytes: u64,
}

impl fmt::Display for LedgerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
