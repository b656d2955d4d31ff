//! The store on RocksDB; the only room that names the engine.
//!
//! One column family a table. A commit is one write batch, synced before it is answered, and carries the ledger's epoch,
//! sequence and commit id with it, so that the condition is as durable as the rows.
//!
//! Damage: a flipped byte in a table file is told by whatever read meets it. In the log it is refused at the next open,
//! but in the last records it cannot be told from a torn tail, and synced commits are missing from then on: only the
//! ledger's guard can see that, so what was opened is always compared with it.
//!
//! | Meta key | value |
//! |---|---|
//! | ledger u32 ‖ `epoch` | u64 |
//! | ledger u32 ‖ `sequence` | u64 |
//! | ledger u32 ‖ `commit` ‖ sequence mod 64 | commit id, 16 bytes |

pub mod backup;

use super::{
    BackupInfo, Commit, CommitError, Lease, LedgerNumber, Operation, Row, Snapshot, Store, StoreError, Table, WriteSet,
};
use rocksdb::{
    BlockBasedOptions, BottommostLevelCompaction, BoundColumnFamily, Cache, ColumnFamilyDescriptor, CompactOptions,
    DBCompressionType, DBRecoveryMode, Direction, ErrorKind, FlushOptions, IteratorMode, LiveFile, MultiThreaded,
    Options, ReadOptions, SnapshotWithThreadMode, WriteBatch, WriteOptions,
};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

type Database = rocksdb::DBWithThreadMode<MultiThreaded>;

/// Commit ids kept for `resolve`: a writer asks for the last one only, at once.
const COMMITS_KEPT: u64 = 64;
/// All memtables together; the ballast must exceed it, because reopening after a full disk flushes them.
const WRITE_BUFFERS: usize = 96 << 20;
const BLOCK_CACHE: usize = 96 << 20;
const BALLAST: u64 = 128 << 20;
const BALLAST_FILE: &str = "ballast";

pub struct RocksStore {
    db: Database,
    path: PathBuf,
    /// Whether a commit outlives a crash of the machine.
    is_durable: bool,
    leases: Mutex<HashMap<LedgerNumber, Arc<Mutex<Option<Held>>>>>,
    /// Goes after the database: closing it writes there.
    _directory: Option<TempDir>,
}

/// The newest lease of a ledger that this process gave out; none before `acquire`, and none after a write whose outcome
/// is not known.
#[derive(Clone, Copy)]
struct Held {
    epoch: u64,
    sequence: u64,
}

impl RocksStore {
    /// Opens or creates the database. A torn tail of the write-ahead log is cut off; a hole inside it is refused.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, true, true)
    }

    /// Opens a copy that is looked at and thrown away: without room set aside for a full disk.
    pub fn open_copy(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, false, true)
    }

    /// Opens one that is gone with the directory that it lies in, when it is closed: no commit waits for the disk.
    pub fn open_for_a_while(path: &Path, directory: TempDir) -> Result<Self, StoreError> {
        Ok(RocksStore { _directory: Some(directory), ..Self::open_with(path, false, false)? })
    }

    fn open_with(path: &Path, with_ballast: bool, is_durable: bool) -> Result<Self, StoreError> {
        std::fs::create_dir_all(path)
            .map_err(|e| StoreError::Unavailable(format!("cannot make {}: {e}", path.display())))?;
        let ballast = path.join(BALLAST_FILE);
        let cache = Cache::new_lru_cache(BLOCK_CACHE);
        let with_cache = |cache: &Cache| {
            Table::ALL.map(|table| {
                let mut options = table_options(table);
                options.set_block_based_table_factory(&block_options(table, cache));
                ColumnFamilyDescriptor::new(family(table), options)
            })
        };
        let db = match Database::open_cf_descriptors(&database_options(), path, with_cache(&cache)) {
            Ok(db) => db,
            // The ballast is there for exactly this: recovery flushes the memtables and needs the room to do so.
            Err(error) if is_full(&error) && std::fs::remove_file(&ballast).is_ok() => {
                Database::open_cf_descriptors(&database_options(), path, with_cache(&cache)).map_err(opening)?
            }
            Err(error) => return Err(opening(error)),
        };
        check_tables(&db, path)?;
        if with_ballast {
            lay_ballast(&ballast);
        }
        Ok(RocksStore { db, path: path.to_owned(), is_durable, leases: Mutex::default(), _directory: None })
    }

    /// Reads every row of every table, so that each block's checksum is checked; answers how many there are.
    pub fn scan_all(&self) -> Result<u64, StoreError> {
        let mut rows = 0;
        for table in Table::ALL {
            let mut options = ReadOptions::default();
            options.fill_cache(false);
            options.set_verify_checksums(true);
            for row in self.db.iterator_cf_opt(&self.family(table), options, IteratorMode::Start) {
                row.map_err(reading)?;
                rows += 1;
            }
        }
        Ok(rows)
    }

    fn committing(&self) -> WriteOptions {
        let mut options = WriteOptions::default();
        options.set_sync(self.is_durable);
        options
    }

    fn family(&self, table: Table) -> Arc<BoundColumnFamily<'_>> {
        self.db.cf_handle(family(table)).expect("open creates every column family")
    }

    fn meta_u64(&self, key: &[u8]) -> Result<u64, StoreError> {
        match self.db.get_cf(&self.family(Table::Meta), key).map_err(reading)? {
            None => Ok(0),
            Some(value) => <[u8; 8]>::try_from(value.as_slice())
                .map(u64::from_be_bytes)
                .map_err(|_| StoreError::Corrupt("a meta row is torn".into())),
        }
    }

    fn batch(&self, writes: &WriteSet) -> WriteBatch {
        let mut batch = WriteBatch::default();
        let families = Table::ALL.map(|table| self.family(table));
        for operation in writes.operations() {
            match operation {
                Operation::Put { table, key, value } => batch.put_cf(&families[table as usize], key, value),
                Operation::Delete { table, key } => batch.delete_cf(&families[table as usize], key),
            }
        }
        batch
    }

    /// Each ledger has a lock of its own, so that one ledger's flush does not hold up another's.
    fn lease(&self, ledger: LedgerNumber) -> Arc<Mutex<Option<Held>>> {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(leases.entry(ledger).or_default())
    }
}

impl Store for RocksStore {
    fn acquire(&self, ledger: LedgerNumber) -> Result<Lease, StoreError> {
        let lease = self.lease(ledger);
        // Waits for a commit on its way: after this returns, none of an older writer lands any more.
        let mut held = lease.lock().unwrap_or_else(PoisonError::into_inner);
        *held = None;
        let epoch = self.meta_u64(&meta_key(ledger, b"epoch"))? + 1;
        let sequence = self.meta_u64(&meta_key(ledger, b"sequence"))?;
        let mut batch = WriteBatch::default();
        batch.put_cf(&self.family(Table::Meta), meta_key(ledger, b"epoch"), epoch.to_be_bytes());
        // Synced, so everything the log held before is durable from here on too, not only in the page cache.
        self.db.write_opt(batch, &self.committing()).map_err(|e| StoreError::Unavailable(e.to_string()))?;
        *held = Some(Held { epoch, sequence });
        Ok(Lease { ledger, epoch, sequence })
    }

    fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let mut batch = self.batch(&commit.writes);
        let lease = self.lease(commit.ledger);
        // Held over the write, so that what was compared is still so when it lands. Other ledgers' commits still group in
        // the engine.
        let mut held = lease.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Held { epoch, sequence }) = held.filter(|held| held.epoch == commit.epoch) else {
            return Err(CommitError::Fenced);
        };
        if sequence != commit.sequence {
            return Err(CommitError::HeadMoved { expected: sequence, offered: commit.sequence });
        }
        let meta = self.family(Table::Meta);
        batch.put_cf(&meta, meta_key(commit.ledger, b"sequence"), (sequence + 1).to_be_bytes());
        batch.put_cf(&meta, commit_key(commit.ledger, sequence), commit.id);
        // Until the write has answered nobody knows where the ledger ends: nothing may follow what failed.
        *held = None;
        match self.db.write_opt(batch, &self.committing()) {
            Ok(()) => {
                *held = Some(Held { epoch, sequence: sequence + 1 });
                Ok(())
            }
            Err(error) if is_full(&error) => Err(CommitError::Unknown("the disk is full".into())),
            Err(error) => Err(CommitError::Unknown(error.to_string())),
        }
    }

    fn resolve(&self, ledger: LedgerNumber, id: &[u8; 16]) -> Result<bool, StoreError> {
        for slot in 0..COMMITS_KEPT {
            let found = self.db.get_cf(&self.family(Table::Meta), commit_key(ledger, slot)).map_err(reading)?;
            if found.as_deref() == Some(id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn apply_derived(&self, writes: WriteSet) -> Result<(), StoreError> {
        let batch = self.batch(&writes);
        self.db.write_opt(batch, &WriteOptions::default()).map_err(|e| StoreError::Unavailable(e.to_string()))
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        Ok(Box::new(RocksSnapshot { snapshot: self.db.snapshot(), store: self }))
    }

    fn clear_derived(&self, ledger: LedgerNumber) -> Result<(), StoreError> {
        let from = ledger.0.to_be_bytes().to_vec();
        // After the last ledger there is no next one; no row has a key as long as this.
        let until = ledger.0.checked_add(1).map_or(vec![0xff; 4_096], |next| next.to_be_bytes().to_vec());
        self.db
            .delete_range_cf(&self.family(Table::Projections), from, until)
            .map_err(|e| StoreError::Unavailable(e.to_string()))
    }

    fn verify(&self) -> Result<(), StoreError> {
        self.scan_all().map(drop)
    }

    fn rewrite(&self, ledger: LedgerNumber, tables: &[Table]) -> Result<(), StoreError> {
        // The log goes once every table of it is on the disk.
        let families = Table::ALL.map(|table| self.family(table));
        let mut flush = FlushOptions::default();
        flush.set_wait(true);
        self.db.flush_cfs_opt(&families.each_ref(), &flush).map_err(reading)?;
        let (from, until) = (ledger.0.to_be_bytes(), ledger.0.saturating_add(1).to_be_bytes());
        let mut options = CompactOptions::default();
        // Also what is at the bottom already: a file that was not touched keeps its rows' order of writing. But each row
        // once: what this very call has brought down is not written a second time.
        options.set_bottommost_level_compaction(BottommostLevelCompaction::ForceOptimized);
        for table in tables {
            self.db.compact_range_cf_opt(&families[*table as usize], Some(from), Some(until), &options);
        }
        Ok(())
    }

    fn size_on_disk(&self) -> u64 {
        let files = std::fs::read_dir(&self.path).into_iter().flatten().flatten();
        files
            .filter(|file| file.file_name() != BALLAST_FILE)
            .filter_map(|file| file.metadata().ok())
            .map(|metadata| metadata.len())
            .sum()
    }

    fn backup(&self, to: &Path, keep: u32) -> Result<BackupInfo, StoreError> {
        backup::write(&self.db, to, keep)
    }
}

/// Read at once by whoever looks at every row.
const READ_AHEAD: usize = 2 * 1024 * 1024;

struct RocksSnapshot<'a> {
    snapshot: SnapshotWithThreadMode<'a, Database>,
    store: &'a RocksStore,
}

impl Snapshot for RocksSnapshot<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.snapshot.get_cf(&self.store.family(table), key).map_err(reading)
    }

    fn scan(&self, table: Table, from: &[u8], until: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(until);
        let mode = IteratorMode::From(from, Direction::Forward);
        collect(self.snapshot.iterator_cf_opt(&self.store.family(table), options, mode), limit)
    }

    fn visit(
        &self,
        table: Table,
        from: &[u8],
        until: &[u8],
        see: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<(), StoreError> {
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(until);
        options.fill_cache(false);
        options.set_readahead_size(READ_AHEAD);
        let mut rows = self.snapshot.raw_iterator_cf_opt(&self.store.family(table), options);
        rows.seek(from);
        while let Some((key, value)) = rows.item() {
            see(key, value);
            rows.next();
        }
        // An iterator that meets a broken block just stops.
        rows.status().map_err(reading)
    }

    fn last_at_or_before(&self, table: Table, floor: &[u8], at: &[u8]) -> Result<Option<Row>, StoreError> {
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(floor);
        let mode = IteratorMode::From(at, Direction::Reverse);
        Ok(collect(self.snapshot.iterator_cf_opt(&self.store.family(table), options, mode), 1)?.pop())
    }

    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let family = self.store.family(table);
        self.snapshot
            .multi_get_cf(keys.iter().map(|key| (&family, key)))
            .into_iter()
            .map(|row| row.map_err(reading))
            .collect()
    }
}

/// An iterator that meets a broken block just stops; the crate hands the status out as the last item, and this makes
/// sure that it is looked at.
fn collect(
    iterator: impl Iterator<Item = Result<(Box<[u8]>, Box<[u8]>), rocksdb::Error>>,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    iterator
        .take(limit)
        .map(|row| row.map(|(key, value)| (key.into_vec(), value.into_vec())).map_err(reading))
        .collect()
}

fn database_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // The default mode opens silently with half of the synced rows when a byte of the log was flipped.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_max_open_files(256);
    options.set_max_background_jobs(2);
    options.set_db_write_buffer_size(WRITE_BUFFERS);
    options.set_max_total_wal_size(256 << 20);
    options.set_bytes_per_sync(1 << 20);
    // Log files are not recycled: a recycled one keeps dead rows and weakens the recovery mode above.
    options.set_recycle_log_file_num(0);
    options.set_keep_log_file_num(4);
    options.set_max_log_file_size(8 << 20);
    options
}

fn table_options(table: Table) -> Options {
    let mut options = Options::default();
    options.set_write_buffer_size(32 << 20);
    options.set_compression_type(match table {
        // Hashes, ids and ciphertext do not compress.
        Table::Bodies | Table::Meta | Table::Projections => DBCompressionType::Lz4,
        _ => DBCompressionType::None,
    });
    if table == Table::Requests {
        // Every new id is looked for before it is written, and almost never there.
        options.set_memtable_prefix_bloom_ratio(0.05);
        options.set_memtable_whole_key_filtering(true);
    }
    options.set_level_compaction_dynamic_level_bytes(true);
    options
}

fn block_options(table: Table, cache: &Cache) -> BlockBasedOptions {
    let mut options = BlockBasedOptions::default();
    options.set_block_cache(cache);
    options.set_cache_index_and_filter_blocks(true);
    options.set_pin_l0_filter_and_index_blocks_in_cache(true);
    options.set_format_version(5);
    options.set_block_size(match table {
        Table::Headers | Table::Bodies | Table::Parts | Table::Tiles => 32 << 10,
        _ => 8 << 10,
    });
    if matches!(table, Table::Requests | Table::Lookups | Table::DataKeys | Table::SubjectIndex | Table::Readers) {
        options.set_bloom_filter(10.0, false);
    }
    options
}

/// The engine opens most tables only when they are read: one that is gone or cut would be met by whoever asks first, and
/// a compaction would fail on it for ever. One look at each file, at the start.
fn check_tables(db: &Database, path: &Path) -> Result<(), StoreError> {
    for table in db.live_files().map_err(reading)? {
        let Some(wrong) = wrong_table(&table, path) else { continue };
        // A compaction may have replaced it since it was listed; then it is listed no more.
        if db.live_files().map_err(reading)?.iter().any(|now| now.name == table.name) {
            return Err(StoreError::Corrupt(wrong));
        }
    }
    Ok(())
}

fn wrong_table(table: &LiveFile, path: &Path) -> Option<String> {
    let file = path.join(table.name.trim_start_matches('/'));
    let name = file.display();
    match std::fs::metadata(&file) {
        Ok(found) if found.len() == table.size as u64 => None,
        Ok(found) => Some(format!("the table {name} has {} bytes, but is listed with {}", found.len(), table.size)),
        Err(error) => Some(format!("the table {name} is in the database's list but cannot be read: {error}")),
    }
}

/// Reserves room that is given back when the disk is full. Without it whosaw still runs; it only cannot reopen then.
fn lay_ballast(path: &Path) {
    let laid = std::fs::metadata(path).is_ok_and(|metadata| metadata.len() >= BALLAST);
    if laid {
        return;
    }
    let reserve = || -> std::io::Result<()> {
        let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, BALLAST)?;
        Ok(())
    };
    if let Err(error) = reserve() {
        tracing::warn!(%error, "no ballast could be laid; reopening on a full disk may need room made by hand");
        let _ = std::fs::remove_file(path);
    }
}

fn family(table: Table) -> &'static str {
    match table {
        Table::Meta => "meta",
        Table::Headers => "headers",
        Table::Bodies => "bodies",
        Table::Parts => "parts",
        Table::Tiles => "tiles",
        Table::Requests => "requests",
        Table::SubjectIndex => "subject_index",
        Table::Readers => "readers",
        Table::ShardKeys => "shard_keys",
        Table::DataKeys => "data_keys",
        Table::Lookups => "lookups",
        Table::Projections => "projections",
    }
}

fn meta_key(ledger: LedgerNumber, name: &[u8]) -> Vec<u8> {
    [&ledger.0.to_be_bytes()[..], name].concat()
}

fn commit_key(ledger: LedgerNumber, sequence: u64) -> Vec<u8> {
    [&ledger.0.to_be_bytes()[..], b"commit", &[(sequence % COMMITS_KEPT) as u8]].concat()
}

fn is_full(error: &rocksdb::Error) -> bool {
    error.kind() == ErrorKind::IOError && error.to_string().contains("No space left")
}

/// The engine tells only in words that another process has the database.
fn is_locked(error: &rocksdb::Error) -> bool {
    let text = error.to_string();
    error.kind() == ErrorKind::IOError && (text.contains("lock file") || text.contains("lock hold by current process"))
}

fn opening(error: rocksdb::Error) -> StoreError {
    if is_locked(&error) {
        StoreError::Unavailable("another process has the database open".into())
    } else if is_full(&error) {
        StoreError::Unavailable("the disk is full: make room for at least 256 MiB and start again".into())
    } else {
        reading(error)
    }
}

fn reading(error: rocksdb::Error) -> StoreError {
    match error.kind() {
        ErrorKind::Corruption => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
