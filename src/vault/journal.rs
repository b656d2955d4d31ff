//! What is kept beside the guard, so that a backup put back does not undo what was decided since: holds, restrictions,
//! erasures that wait, and which contents erasures have taken.
//!
//! | file | bytes |
//! |---|---|
//! | `standing-<number>` | `whosawJ1` ‖ number u32 ‖ SHA-256(origin) ‖ u32 n ‖ the row of the vault's own key ‖ u32 rows ‖ each u32 k ‖ u32 v ‖ key ‖ value ‖ SHA-256 of all before |
//! | `erased-<number>-<index>` | `whosawE1` ‖ number u32 ‖ SHA-256(origin) ‖ index u64 ‖ u32 places ‖ each index u64 ‖ ordinal u32 ‖ SHA-256 of all before |
//!
//! Rows stand in it as they stand in the store, sealed under the vault's own key, which the custodian's root wraps: the
//! file opens without any other mirror, and closes with the root.

use super::ring::{OWN, OwnKeys, VERSION_BYTES, WrappingKey, seal_own, shard_aad};
use super::standing::{DUE_ROW, HOLD_ROW, RESTRICTION_ROW};
use super::{Custodian, CustodianError, Vault, VaultError, crypto, row_key};
use crate::store::{LedgerNumber, Row, Snapshot, Table, WriteSet};
use whosaw_verifier::erasure::{PLACE_BYTES, place, read_place};
use whosaw_verifier::hash::{Hash, sha256};

const STANDING: &[u8; 8] = b"whosawJ1";
const ERASED: &[u8; 8] = b"whosawE1";

pub fn standing_name(number: LedgerNumber) -> String {
    format!("standing-{number}")
}

/// What the names of a ledger's `erased` files begin with; the entry's index follows.
pub fn erased_prefix(number: LedgerNumber) -> String {
    format!("erased-{number}-")
}

impl Vault {
    /// The bytes of `standing-<number>`, of one state of the store.
    pub fn journal(&self) -> Result<Vec<u8>, VaultError> {
        let snapshot = self.store.snapshot()?;
        let own = snapshot.get(Table::ShardKeys, &row_key(self.ledger, &[&OWN.to_be_bytes()]))?;
        let own = own.ok_or(VaultError::Torn { what: "shard keys" })?;
        let mut rows: Vec<Row> = Vec::new();
        for tag in [DUE_ROW, HOLD_ROW, RESTRICTION_ROW] {
            rows.extend(self.own_rows(snapshot.as_ref(), tag)?);
        }
        let mut out = front(STANDING, self.ledger, &self.origin_hash);
        put(&mut out, &[&own]);
        out.extend_from_slice(&(rows.len() as u32).to_be_bytes());
        rows.iter().for_each(|(key, value)| put(&mut out, &[key, value]));
        Ok(closed(out))
    }

    /// The bytes of `erased-<number>-<index>`.
    pub fn erased_journal(&self, index: u64, places: &[(u64, u32)]) -> Vec<u8> {
        let mut out = front(ERASED, self.ledger, &self.origin_hash);
        out.extend_from_slice(&index.to_be_bytes());
        out.extend_from_slice(&(places.len() as u32).to_be_bytes());
        places.iter().for_each(|(index, ordinal)| out.extend_from_slice(&place(*index, *ordinal)));
        closed(out)
    }

    /// Rows that put a journal's standing in the place of what the store has.
    pub fn with_standing(&self, journal: &StandingJournal) -> Result<WriteSet, VaultError> {
        let mut writes = WriteSet::default();
        for tag in [DUE_ROW, HOLD_ROW, RESTRICTION_ROW] {
            self.own_rows(self.store.snapshot()?.as_ref(), tag)?
                .iter()
                .for_each(|(key, _)| writes.delete(Table::Lookups, key));
        }
        let ring = self.ring();
        for (key, plain) in &journal.rows {
            writes.put(Table::Lookups, key, seal_own(&ring, &self.own_aad(key), plain)?);
        }
        Ok(writes)
    }

    /// How many holds, restrictions and waiting erasures are in force.
    pub fn standing_count(&self) -> usize {
        let standing = self.standing();
        standing.due.len() + standing.holds.len() + standing.released.len() + standing.restricted.len()
    }

    /// Of the key table as it is stored; nothing where there is none.
    pub fn stored_generation(snapshot: &dyn Snapshot, ledger: LedgerNumber) -> Result<Option<u64>, VaultError> {
        let own = snapshot.get(Table::ShardKeys, &row_key(ledger, &[&OWN.to_be_bytes()]))?;
        Ok(own.as_deref().and_then(super::ring::version).map(|(generation, _)| generation))
    }
}

/// `standing-<number>`, opened.
pub struct StandingJournal {
    /// Row keys and what was sealed there.
    rows: Vec<(Vec<u8>, zeroize::Zeroizing<Vec<u8>>)>,
}

impl StandingJournal {
    /// Opens it with the custodian's roots; of a batch that was interrupted both are there.
    pub fn open(
        bytes: &[u8],
        number: LedgerNumber,
        origin_hash: &Hash,
        custodian: &dyn Custodian,
    ) -> Result<Self, VaultError> {
        let torn = || VaultError::Torn { what: "journal beside the guard" };
        let mut rest = opened(bytes, STANDING, number, origin_hash).ok_or_else(torn)?;
        let own = take(&mut rest, 1).ok_or_else(torn)?[0];
        let mut keys = Vec::new();
        let mut missing = None;
        for version in own.chunks(VERSION_BYTES) {
            let (generation, epoch) = super::ring::version(version).ok_or_else(torn)?;
            let root = match custodian.root(epoch) {
                Err(CustodianError::NoRoot { epoch }) => {
                    missing = Some(epoch);
                    continue;
                }
                root => root?,
            };
            let secret = root.unwrap(&shard_aad(origin_hash, OWN, generation), version.get(16..).ok_or_else(torn)?)?;
            keys.push(OwnKeys::new(WrappingKey { generation, epoch, secret }, origin_hash));
        }
        let (count, mut rest) = rest.split_first_chunk::<4>().ok_or_else(torn)?;
        let mut rows = Vec::new();
        for _ in 0..u32::from_be_bytes(*count) {
            let row = take(&mut rest, 2).ok_or_else(torn)?;
            let (key, value) = (row[0], row[1]);
            let (generation, sealed) = value.split_first_chunk::<4>().ok_or_else(torn)?;
            let own = keys.iter().find(|own| own.key.generation as u32 == u32::from_be_bytes(*generation));
            let plain = match (own, missing) {
                (Some(own), _) => crypto::unwrap(&own.rows, &super::standing::own_aad(origin_hash, key), sealed),
                (None, Some(epoch)) => return Err(CustodianError::NoRoot { epoch }.into()),
                (None, None) => None,
            };
            rows.push((key.to_vec(), plain.ok_or(VaultError::Foreign { what: "journal beside the guard" })?));
        }
        if rest.is_empty() { Ok(StandingJournal { rows }) } else { Err(torn()) }
    }

    /// How many holds, restrictions and waiting erasures stand in it.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Index and places of an `erased` file; nothing where it is not whole or another ledger's.
pub fn read_erased(bytes: &[u8], number: LedgerNumber, origin_hash: &Hash) -> Option<(u64, Vec<(u64, u32)>)> {
    let rest = opened(bytes, ERASED, number, origin_hash)?;
    let (index, rest) = rest.split_first_chunk::<8>()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let (places, left) = rest.as_chunks::<PLACE_BYTES>();
    let whole = left.is_empty() && places.len() == u32::from_be_bytes(*count) as usize;
    whole.then(|| (u64::from_be_bytes(*index), places.iter().map(read_place).collect()))
}

fn front(magic: &[u8; 8], number: LedgerNumber, origin_hash: &Hash) -> Vec<u8> {
    [&magic[..], &number.0.to_be_bytes(), origin_hash].concat()
}

fn closed(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = sha256(&[&bytes]);
    bytes.extend_from_slice(&checksum);
    bytes
}

/// What stands between front and checksum, if both are as they should be.
fn opened<'a>(bytes: &'a [u8], magic: &[u8; 8], number: LedgerNumber, origin_hash: &Hash) -> Option<&'a [u8]> {
    let (bytes, checksum) = bytes.split_last_chunk::<32>()?;
    let rest = bytes.strip_prefix(front(magic, number, origin_hash).as_slice())?;
    (sha256(&[bytes]) == *checksum).then_some(rest)
}

/// Lengths first, then the pieces.
fn put(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    pieces.iter().for_each(|piece| out.extend_from_slice(&(piece.len() as u32).to_be_bytes()));
    pieces.iter().for_each(|piece| out.extend_from_slice(piece));
}

fn take<'a>(rest: &mut &'a [u8], pieces: usize) -> Option<Vec<&'a [u8]>> {
    let (lengths, mut after) = rest.split_at_checked(4 * pieces)?;
    let mut taken = Vec::with_capacity(pieces);
    for length in lengths.as_chunks::<4>().0 {
        let (piece, left) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        taken.push(piece);
        after = left;
    }
    *rest = after;
    Some(taken)
}
