//! Mirrors of the key table: every row by which the roots that the custodian has now lead to persons' keys. A backup from
//! before an erasure has those rows under a root that is gone; only with a mirror of since can it be opened.
//!
//! A mirror is one file, `mirror-<ledger number>`, replaced as a whole, so that only the latest generation is kept:
//!
//! | bytes | |
//! |---|---|
//! | 8 | `whosawM1` |
//! | 4 ‖ 32 | ledger number u32 ‖ SHA-256(origin) |
//! | 8 ‖ 8 ‖ 8 | generation u64 ‖ epoch of the root u64 ‖ entries that the ledger had u64 |
//! | … | rows: table u8 (1 ShardKeys, 2 DataKeys, 3 Lookups) ‖ u32 key length ‖ u32 value length ‖ key ‖ value |
//! | 1 ‖ 8 ‖ 32 | 0 ‖ number of rows u64 ‖ SHA-256 of everything before |

use super::ring::{OWN, VERSION_BYTES, version};
use super::{Vault, VaultError, files, row_key};
use crate::store::{LedgerNumber, Row, StoreError, Table, WriteSet, pages};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use whosaw_verifier::hash::Hash;

const MAGIC: &[u8; 8] = b"whosawM1";
const TABLES: [(u8, Table); 3] = [(1, Table::ShardKeys), (2, Table::DataKeys), (3, Table::Lookups)];
/// Rows read from the store, or handed out, at a time.
const PAGE: usize = 4_096;
/// Longer than any key or value of these tables.
const LONGEST: u32 = 16 << 20;

/// What a mirror says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MirrorHead {
    pub number: LedgerNumber,
    pub origin_hash: Hash,
    pub generation: u64,
    pub epoch: u64,
    /// Entries that the ledger had when it was written.
    pub size: u64,
}

/// Why a mirror cannot be written or used.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the mirror of the key table {path} cannot be {done}: {reason}")]
    Io { path: PathBuf, done: &'static str, reason: String },
    #[error("{path} is not a whole mirror of a key table: {what}")]
    Torn { path: PathBuf, what: &'static str },
}

impl From<StoreError> for MirrorError {
    fn from(error: StoreError) -> Self {
        MirrorError::Vault(error.into())
    }
}

/// The name of a ledger's mirror in its directory.
pub fn mirror_name(number: LedgerNumber) -> String {
    format!("mirror-{number}")
}

impl Vault {
    /// Writes the key table as it is now into a directory, in the place of what was there. `size` entries stand in the
    /// ledger. Durable when it returns.
    pub fn write_mirror(&self, directory: &Path, size: u64) -> Result<MirrorHead, MirrorError> {
        let path = directory.join(mirror_name(self.ledger));
        let mut failed = None;
        let written = files::replace(&path, |out| {
            self.put_mirror(size, out).map_err(|error| match error {
                MirrorError::Io { reason, .. } => io::Error::other(reason),
                other => {
                    let text = other.to_string();
                    failed = Some(other);
                    io::Error::other(text)
                }
            })
        });
        written.map_err(|error| failed.unwrap_or(MirrorError::Io { path, done: "written", reason: error.to_string() }))
    }

    fn put_mirror(&self, size: u64, out: &mut dyn Write) -> Result<MirrorHead, MirrorError> {
        let failed =
            |error: io::Error| MirrorError::Io { path: PathBuf::new(), done: "written", reason: error.to_string() };
        // One state of the store for all tables: a key without its lookup, or the other way round, would be of no use.
        let snapshot = self.store.snapshot()?;
        let own = snapshot.get(Table::ShardKeys, &row_key(self.ledger, &[&OWN.to_be_bytes()]))?;
        let own = own.ok_or(VaultError::Torn { what: "shard keys" })?;
        let (generation, epoch) = version(&own).ok_or(VaultError::Torn { what: "shard keys" })?;
        let head = MirrorHead { number: self.ledger, origin_hash: self.origin_hash, generation, epoch, size };
        // A batch that was interrupted is gone on with only where rows still stand under its old root; of any other it
        // is enough that the old root goes.
        let is_moving = own.len() > VERSION_BYTES;
        let mut out = Hashing { inner: out, hash: Sha256::new() };
        out.write_all(&head.encode()).map_err(failed)?;
        let mut rows = 0u64;
        for (tag, table) in TABLES {
            let (from, until) = (row_key(self.ledger, &[]), row_key(self.ledger, &[&[0xff; 64]]));
            for page in pages(snapshot.as_ref(), table, from, until, PAGE) {
                for (key, value) in page? {
                    let of_batch = table == Table::Lookups
                        && matches!(
                            key.get(4),
                            Some(&super::erase::PREPARING_ROW) | Some(&super::erase::UNFINISHED_ROW)
                        );
                    if of_batch && !is_moving {
                        continue;
                    }
                    rows += 1;
                    out.write_all(&[tag]).map_err(failed)?;
                    out.write_all(&(key.len() as u32).to_be_bytes()).map_err(failed)?;
                    out.write_all(&(value.len() as u32).to_be_bytes()).map_err(failed)?;
                    out.write_all(&key).map_err(failed)?;
                    out.write_all(&value).map_err(failed)?;
                }
            }
        }
        out.write_all(&[0]).map_err(failed)?;
        out.write_all(&rows.to_be_bytes()).map_err(failed)?;
        let checksum = out.hash.clone().finalize();
        out.inner.write_all(&checksum).map_err(failed)?;
        Ok(head)
    }
}

/// A mirror that was found whole.
#[derive(Debug)]
pub struct Mirror {
    path: PathBuf,
    pub head: MirrorHead,
}

impl Mirror {
    /// Reads all of it once; nothing where there is no such file.
    pub fn open(directory: &Path, number: LedgerNumber) -> Result<Option<Mirror>, MirrorError> {
        let path = directory.join(mirror_name(number));
        let Some(mut source) = Source::open(&path)? else { return Ok(None) };
        let head = source.head()?;
        while source.row()?.is_some() {}
        source.end()?;
        Ok(Some(Mirror { path, head }))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands out its rows, some thousands at a time.
    pub fn rows<E: From<MirrorError>>(&self, mut put: impl FnMut(WriteSet) -> Result<(), E>) -> Result<(), E> {
        let torn = |what| MirrorError::Torn { path: self.path.clone(), what };
        let mut source = Source::open(&self.path)?.ok_or_else(|| torn("it went away"))?;
        if source.head()? != self.head {
            return Err(torn("it was changed").into());
        }
        let (mut writes, mut rows) = (WriteSet::default(), 0);
        while let Some((table, (key, value))) = source.row()? {
            writes.put(table, key, value);
            rows += 1;
            if rows % PAGE == 0 {
                put(std::mem::take(&mut writes))?;
            }
        }
        source.end()?;
        put(writes)
    }
}

impl MirrorHead {
    fn encode(&self) -> Vec<u8> {
        let numbers = [self.generation, self.epoch, self.size].map(u64::to_be_bytes);
        [&MAGIC[..], &self.number.0.to_be_bytes(), &self.origin_hash, numbers.as_flattened()].concat()
    }
}

struct Hashing<'a> {
    inner: &'a mut dyn Write,
    hash: Sha256,
}

impl Hashing<'_> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.inner.write_all(bytes)
    }
}

struct Source {
    path: PathBuf,
    file: BufReader<File>,
    hash: Sha256,
    rows: u64,
}

impl Source {
    fn open(path: &Path) -> Result<Option<Self>, MirrorError> {
        match File::open(path) {
            Ok(file) => Ok(Some(Source {
                path: path.to_owned(),
                file: BufReader::with_capacity(1 << 16, file),
                hash: Sha256::new(),
                rows: 0,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(MirrorError::Io { path: path.to_owned(), done: "read", reason: error.to_string() }),
        }
    }

    fn torn(&self, what: &'static str) -> MirrorError {
        MirrorError::Torn { path: self.path.clone(), what }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), MirrorError> {
        self.file.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.torn("it is cut short"),
            _ => MirrorError::Io { path: self.path.clone(), done: "read", reason: error.to_string() },
        })?;
        self.hash.update(&*bytes);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], MirrorError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn head(&mut self) -> Result<MirrorHead, MirrorError> {
        if self.array::<8>()? != *MAGIC {
            return Err(self.torn("it does not begin as one"));
        }
        Ok(MirrorHead {
            number: LedgerNumber(u32::from_be_bytes(self.array()?)),
            origin_hash: self.array()?,
            generation: u64::from_be_bytes(self.array()?),
            epoch: u64::from_be_bytes(self.array()?),
            size: u64::from_be_bytes(self.array()?),
        })
    }

    fn row(&mut self) -> Result<Option<(Table, Row)>, MirrorError> {
        let [tag] = self.array::<1>()?;
        if tag == 0 {
            return Ok(None);
        }
        let table = TABLES.iter().find(|(known, _)| *known == tag).map(|(_, table)| *table);
        let table = table.ok_or_else(|| self.torn("it has rows of another table"))?;
        let (key, value) = (u32::from_be_bytes(self.array()?), u32::from_be_bytes(self.array()?));
        if key > LONGEST || value > LONGEST {
            return Err(self.torn("a row is longer than rows can be"));
        }
        let (mut key, mut value) = (vec![0; key as usize], vec![0; value as usize]);
        self.fill(&mut key)?;
        self.fill(&mut value)?;
        self.rows += 1;
        Ok(Some((table, (key, value))))
    }

    /// Behind the last row.
    fn end(mut self) -> Result<(), MirrorError> {
        if u64::from_be_bytes(self.array()?) != self.rows {
            return Err(self.torn("rows are missing"));
        }
        let expected: [u8; 32] = self.hash.clone().finalize().into();
        if self.array::<32>()? != expected {
            return Err(self.torn("its checksum is another"));
        }
        match self.file.read(&mut [0]) {
            Ok(0) => Ok(()),
            _ => Err(self.torn("bytes follow its end")),
        }
    }
}
