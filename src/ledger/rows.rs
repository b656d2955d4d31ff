//! How a ledger stands in the store's tables, and how it is read back.
//!
//! Entries stand in runs of at most 256 that never cross a multiple of 256: one row a run instead of one an entry is what
//! makes batches cheap. All keys begin with the ledger's number, u32; all integers are big-endian.
//!
//! | table | key | value |
//! |---|---|---|
//! | Headers | first index u64 | n × 120 bytes |
//! | Bodies | first index u64 | n × (u32 length of salt and body ‖ salt 32 ‖ body) ; length 0: removed |
//! | Parts | index u64 ‖ ordinal u32 | leaf hash 32 ‖ S (S absent: removed) |
//! | Tiles | level u8 ‖ number u64 | 8,192 bytes; full tiles only |
//! | Requests | action id 16 ‖ caller u32 | index u64 ‖ keyed request digest 32 |
//! | Meta | `caller` ‖ name | u32: the caller's number in this ledger |
//! | Meta | `head` | size u64 ‖ root 32 ‖ last leaf 32 ‖ recorded_at u64 |
//! | Meta | `covered` ‖ index u64 ‖ page u32 | the places an erasure entry covers, n × (index u64 ‖ ordinal u32), ascending |
//! | Meta | `registry` ‖ index u64 | nothing: where registry entries stand, so that a start need not look for them |

use super::LedgerError;
use super::sequencer::{Batch, Head};
use super::tree::{FullTile, TILE_WIDTH, TileSource};
use crate::model::{EntryKind, Sealed};
use crate::store::{LedgerNumber, Snapshot, StoreError, Table, WriteSet, pages};
use std::collections::BTreeSet;
use std::ops::Range;
use whosaw_verifier::body::{ActionBody, Body};
use whosaw_verifier::entry::{HEADER_BYTES, Header, body_commitment};
use whosaw_verifier::erasure::{PLACE_BYTES, read_place};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::wire::WireError;

const REGISTRY: &[u8] = b"registry";
const COVERED: &[u8] = b"covered";
/// Places in one row.
const COVERED_PAGE: usize = 4_096;
const PRUNED: &[u8] = b"pruned";
const CALLER: &[u8] = b"caller";

/// A part as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    pub leaf: Hash,
    /// S; absent where it was removed.
    pub sealed: Option<Vec<u8>>,
}

/// An entry as it stands in the store, without its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    pub header: Header,
    pub leaf: Hash,
    /// Salt and body; absent where they were removed.
    pub content: Option<SaltedBody>,
}

impl StoredEntry {
    /// What it says; absent where that was removed, and an error where it is of a form that is not known.
    pub fn body(&self) -> Option<Result<Body, WireError>> {
        self.content.as_ref().map(|(_, body)| Body::decode(self.header.kind, body))
    }

    /// The action that it says; absent where it says none, or what it says was removed or is of a form that is not known.
    pub fn action(&self) -> Option<Box<ActionBody>> {
        match self.body() {
            Some(Ok(Body::Action(action))) => Some(action),
            _ => None,
        }
    }

    /// Whether the body is the one that the header commits to; one that was removed says nothing else.
    pub fn body_holds(&self, origin_hash: &Hash) -> bool {
        let body = self.content.as_ref();
        body.is_none_or(|(salt, body)| body_commitment(origin_hash, salt, body) == self.header.body_commitment)
    }
}

pub type SaltedBody = ([u8; 32], Vec<u8>);

/// A batch that pruned bodies: the erasure entry, and the first and last entry whose body it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrunedSpan {
    pub by: u64,
    pub first: u64,
    pub last: u64,
}

pub fn key(ledger: LedgerNumber, pieces: &[&[u8]]) -> Vec<u8> {
    let mut key = ledger.0.to_be_bytes().to_vec();
    for piece in pieces {
        key.extend_from_slice(piece);
    }
    key
}

/// What makes a request the same: the whole id and the caller. A caller's number stands for all 32 bytes of the keyed hash
/// of the name and is given once, by the sequencer; a short hash would let one caller be answered another's receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId {
    pub action_id: [u8; 16],
    pub caller: u32,
}

impl RequestId {
    pub fn key(&self, ledger: LedgerNumber) -> Vec<u8> {
        key(ledger, &[&self.action_id, &self.caller.to_be_bytes()])
    }
}

/// The numbers of callers seen so far.
pub fn read_callers(snapshot: &dyn Snapshot, ledger: LedgerNumber) -> Result<Vec<(Hash, u32)>, LedgerError> {
    let mut callers = Vec::new();
    for page in pages(snapshot, Table::Meta, key(ledger, &[CALLER]), key(ledger, &[CALLER, &[0xff; 33]]), 1_024) {
        for (row, value) in page? {
            let caller = row[4 + CALLER.len()..].try_into().map_err(|_| torn("caller"))?;
            let number = value.as_slice().try_into().map_err(|_| torn("caller"))?;
            callers.push((caller, u32::from_be_bytes(number)));
        }
    }
    Ok(callers)
}

/// Where the request of this caller with this id was recorded, and its keyed digest.
pub fn read_request(
    snapshot: &dyn Snapshot,
    ledger: LedgerNumber,
    caller: &Hash,
    action_id: [u8; 16],
) -> Result<Option<(u64, [u8; 32])>, LedgerError> {
    let Some(number) = snapshot.get(Table::Meta, &key(ledger, &[CALLER, caller]))? else { return Ok(None) };
    let caller = u32::from_be_bytes(number.as_slice().try_into().map_err(|_| torn("caller"))?);
    let row = snapshot.get(Table::Requests, &RequestId { action_id, caller }.key(ledger))?;
    row.map(|row| decode_request(&row).ok_or_else(|| torn("request"))).transpose()
}

/// Where requests of this id were recorded, of all callers.
pub fn read_requests_of(
    snapshot: &dyn Snapshot,
    ledger: LedgerNumber,
    action_id: [u8; 16],
) -> Result<Vec<u64>, LedgerError> {
    let from = key(ledger, &[&action_id]);
    let until = key(ledger, &[&action_id, &u32::MAX.to_be_bytes(), &[0]]);
    let rows = snapshot.scan(Table::Requests, &from, &until, CALLERS_OF_ONE_ID)?;
    rows.iter().map(|(_, value)| decode_request(value).map(|(index, _)| index).ok_or_else(|| torn("request"))).collect()
}

/// Callers who used the same id, as far as anybody is told of them: an id is its caller's own.
const CALLERS_OF_ONE_ID: usize = 64;

pub fn decode_request(value: &[u8]) -> Option<(u64, [u8; 32])> {
    Some((u64::from_be_bytes(value.get(..8)?.try_into().ok()?), value.get(8..)?.try_into().ok()?))
}

/// What the sequencer knows of requests: who is what number, and which request each action of the batch is.
#[derive(Debug, Default)]
pub struct Requests<'a> {
    /// Callers that got their number in this batch.
    pub new_callers: &'a [(Hash, u32)],
    /// For each action; nothing where it has no id.
    pub ids: &'a [Option<RequestId>],
}

/// Everything one commit writes.
pub fn write_set(
    ledger: LedgerNumber,
    batch: &Batch,
    sealed: &[Sealed],
    requests: &Requests<'_>,
    tiles: Vec<FullTile>,
    root: &Hash,
) -> WriteSet {
    let mut writes = WriteSet::default();
    let number = ledger.0.to_be_bytes();
    for (caller, its_number) in requests.new_callers {
        writes.put_pieces(Table::Meta, &[&number, CALLER, caller], &[&its_number.to_be_bytes()]);
    }
    let mut start = 0;
    while start < sealed.len() {
        let first = batch.first + start as u64;
        let run = ((TILE_WIDTH - first % TILE_WIDTH) as usize).min(sealed.len() - start);
        let mut headers = Vec::with_capacity(run * HEADER_BYTES);
        let mut bodies = Vec::new();
        for (header, action) in batch.headers[start..start + run].iter().zip(&sealed[start..start + run]) {
            headers.extend_from_slice(header);
            bodies.extend_from_slice(&((32 + action.body.len()) as u32).to_be_bytes());
            bodies.extend_from_slice(&action.salt);
            bodies.extend_from_slice(&action.body);
        }
        writes.put(Table::Headers, key(ledger, &[&first.to_be_bytes()]), headers);
        writes.put(Table::Bodies, key(ledger, &[&first.to_be_bytes()]), bodies);
        start += run;
    }
    for (offset, action) in sealed.iter().enumerate() {
        let index = batch.first + offset as u64;
        for (ordinal, part) in action.parts.iter().enumerate() {
            let place: [&[u8]; 3] = [&number, &index.to_be_bytes(), &(ordinal as u32).to_be_bytes()];
            writes.put_pieces(Table::Parts, &place, &[&part.leaf, &part.bytes]);
        }
        if let Some(id) = requests.ids.get(offset).copied().flatten() {
            let request: [&[u8]; 3] = [&number, &id.action_id, &id.caller.to_be_bytes()];
            writes.put_pieces(Table::Requests, &request, &[&index.to_be_bytes(), &action.request_digest]);
        }
        if action.kind == EntryKind::Registry {
            put_registry(ledger, index, &mut writes);
        }
        action.placement.place(index, &mut writes);
    }
    for tile in tiles {
        writes.put(Table::Tiles, key(ledger, &[&[tile.level], &tile.number.to_be_bytes()]), tile.hashes);
    }
    writes.put(Table::Meta, key(ledger, &[b"head"]), encode_head(&batch.head_after, root));
    writes
}

/// Says that the entry at `index` is a registry entry.
pub fn put_registry(ledger: LedgerNumber, index: u64, writes: &mut WriteSet) {
    writes.put(Table::Meta, key(ledger, &[REGISTRY, &index.to_be_bytes()]), b"");
}

/// Indexes of the registry entries below `size`, ascending.
pub fn read_registry(snapshot: &dyn Snapshot, ledger: LedgerNumber, size: u64) -> Result<Vec<u64>, LedgerError> {
    let (from, until) = (key(ledger, &[REGISTRY]), key(ledger, &[REGISTRY, &size.to_be_bytes()]));
    let mut indexes = Vec::new();
    for page in pages(snapshot, Table::Meta, from, until, 1_024) {
        for (row, _) in page? {
            let index = row.last_chunk::<8>().filter(|_| row.len() == 4 + REGISTRY.len() + 8);
            indexes.push(u64::from_be_bytes(*index.ok_or_else(|| torn("registry"))?));
        }
    }
    Ok(indexes)
}

/// What the erasure entry at `index` covers, in the form an export has it: index u64 ‖ ordinal u32, ascending.
pub fn put_covered(ledger: LedgerNumber, index: u64, places: impl Iterator<Item = [u8; 12]>, writes: &mut WriteSet) {
    let places: Vec<[u8; 12]> = places.collect();
    for (page, places) in (0u32..).zip(places.chunks(COVERED_PAGE)) {
        let row = key(ledger, &[COVERED, &index.to_be_bytes(), &page.to_be_bytes()]);
        writes.put(Table::Meta, row, places.as_flattened());
    }
}

/// The covered places of one entry, ascending; none where it covers nothing.
pub fn read_covered(snapshot: &dyn Snapshot, ledger: LedgerNumber, index: u64) -> Result<Vec<(u64, u32)>, LedgerError> {
    let mut places = Vec::new();
    for page in 0u32.. {
        let row = key(ledger, &[COVERED, &index.to_be_bytes(), &page.to_be_bytes()]);
        let Some(row) = snapshot.get(Table::Meta, &row)? else { break };
        places.extend(covered_page(&row)?);
    }
    Ok(places)
}

/// The covered places of all erasure entries.
pub fn read_every_covered(snapshot: &dyn Snapshot, ledger: LedgerNumber) -> Result<BTreeSet<(u64, u32)>, LedgerError> {
    let mut places = BTreeSet::new();
    for page in pages(snapshot, Table::Meta, key(ledger, &[COVERED]), key(ledger, &[COVERED, &[0xff; 13]]), 64) {
        for (_, row) in page? {
            places.extend(covered_page(&row)?);
        }
    }
    Ok(places)
}

/// Says that the erasure entry at `index` prunes bodies, of entries from the first to the last of these.
pub fn put_pruned(ledger: LedgerNumber, index: u64, first: u64, last: u64, writes: &mut WriteSet) {
    let row = key(ledger, &[PRUNED, &index.to_be_bytes()]);
    writes.put(Table::Meta, row, [first.to_be_bytes(), last.to_be_bytes()].concat());
}

/// Every batch that pruned bodies, ascending.
pub fn read_pruned(snapshot: &dyn Snapshot, ledger: LedgerNumber) -> Result<Vec<PrunedSpan>, LedgerError> {
    let (from, until) = (key(ledger, &[PRUNED]), key(ledger, &[PRUNED, &[0xff; 9]]));
    let mut spans = Vec::new();
    for page in pages(snapshot, Table::Meta, from, until, 1_024) {
        for (row, span) in page? {
            let number = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_be_bytes(*bytes));
            let by = number(row.last_chunk()).filter(|_| row.len() == 4 + PRUNED.len() + 8);
            let (first, last) = (number(span.first_chunk()), number(span.last_chunk()).filter(|_| span.len() == 16));
            let (Some(by), Some(first), Some(last)) = (by, first, last) else { return Err(torn("pruned")) };
            spans.push(PrunedSpan { by, first, last });
        }
    }
    Ok(spans)
}

fn covered_page(row: &[u8]) -> Result<impl Iterator<Item = (u64, u32)>, LedgerError> {
    let (places, rest) = row.as_chunks::<PLACE_BYTES>();
    if rest.is_empty() { Ok(places.iter().map(read_place)) } else { Err(torn("covered places")) }
}

/// These parts without their content: only what the entry commits to stays.
pub fn without_content(
    snapshot: &dyn Snapshot,
    ledger: LedgerNumber,
    places: &[(u64, u32)],
) -> Result<WriteSet, LedgerError> {
    let keys: Vec<_> =
        places.iter().map(|(index, ordinal)| key(ledger, &[&index.to_be_bytes(), &ordinal.to_be_bytes()])).collect();
    let mut writes = WriteSet::default();
    for ((key, row), (index, _)) in keys.iter().zip(snapshot.get_many(Table::Parts, &keys)?).zip(places) {
        let row = row.ok_or_else(|| torn(&format!("parts of entry {index}")))?;
        let leaf = row.get(..32).ok_or_else(|| torn("part"))?;
        if row.len() > 32 {
            writes.put(Table::Parts, key, leaf);
        }
    }
    Ok(writes)
}

/// The runs of bodies without those of these entries, which ascend: salt and body go, the place in the run stays. And how
/// many of them were still there.
pub fn without_bodies(
    snapshot: &dyn Snapshot,
    ledger: LedgerNumber,
    indexes: &[u64],
) -> Result<(WriteSet, u64), LedgerError> {
    let (mut writes, mut rest, mut gone) = (WriteSet::default(), indexes, 0);
    while let Some(first) = rest.first() {
        let floor = key(ledger, &[&(first - first % TILE_WIDTH).to_be_bytes()]);
        let run = snapshot.last_at_or_before(Table::Bodies, &floor, &key(ledger, &[&first.to_be_bytes()]))?;
        let (row, contents) = run.ok_or_else(|| torn("bodies"))?;
        let start = row.get(4..12).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        let (mut at, before) = (start.ok_or_else(|| torn("bodies"))?, rest.len());
        let (mut contents, mut kept, gone_before) = (contents.as_slice(), Vec::new(), gone);
        while !contents.is_empty() {
            let whole = contents;
            let is_there = take_content(&mut contents)?.is_some();
            if rest.first() == Some(&at) {
                rest = &rest[1..];
                gone += u64::from(is_there);
                kept.extend_from_slice(&0u32.to_be_bytes());
            } else {
                kept.extend_from_slice(&whole[..whole.len() - contents.len()]);
            }
            at += 1;
        }
        if rest.len() == before {
            return Err(torn("bodies"));
        }
        if gone > gone_before {
            writes.put(Table::Bodies, row, kept);
        }
    }
    Ok((writes, gone))
}

pub fn encode_head(head: &Head, root: &Hash) -> Vec<u8> {
    [&head.size.to_be_bytes()[..], root, &head.last_leaf, &head.recorded_at_us.to_be_bytes()].concat()
}

/// The stored head and the root it was written with; nothing for a ledger without entries.
pub fn read_head(snapshot: &dyn Snapshot, ledger: LedgerNumber) -> Result<Option<(Head, Hash)>, LedgerError> {
    let Some(row) = snapshot.get(Table::Meta, &key(ledger, &[b"head"]))? else { return Ok(None) };
    let row: &[u8; 80] = row.as_slice().try_into().map_err(|_| torn("head"))?;
    let (size, rest) = row.split_first_chunk::<8>().ok_or_else(|| torn("head"))?;
    let (root, rest) = rest.split_first_chunk::<32>().ok_or_else(|| torn("head"))?;
    let (last_leaf, recorded_at) = rest.split_first_chunk::<32>().ok_or_else(|| torn("head"))?;
    let recorded_at_us = u64::from_be_bytes(recorded_at.try_into().map_err(|_| torn("head"))?);
    Ok(Some((Head { size: u64::from_be_bytes(*size), last_leaf: *last_leaf, recorded_at_us }, *root)))
}

/// Entries `from..until`, in order; fewer than asked only where the ledger ends.
pub fn read_entries(
    snapshot: &dyn Snapshot,
    ledger: LedgerNumber,
    from: u64,
    until: u64,
) -> Result<Vec<StoredEntry>, LedgerError> {
    let mut entries = Vec::with_capacity(until.saturating_sub(from).min(1 << 16) as usize);
    // The run that holds `from` begins at or before it, inside the same 256.
    let floor = key(ledger, &[&(from - from % TILE_WIDTH).to_be_bytes()]);
    let at = key(ledger, &[&from.to_be_bytes()]);
    let Some((mut start, _)) = snapshot.last_at_or_before(Table::Headers, &floor, &at)? else { return Ok(entries) };
    let end = key(ledger, &[&until.to_be_bytes()]);
    loop {
        let headers = snapshot.scan(Table::Headers, &start, &end, 64)?;
        let bodies = snapshot.scan(Table::Bodies, &start, &end, 64)?;
        let Some((last, _)) = headers.last() else { return Ok(entries) };
        start = last.clone();
        start.push(0);
        if headers.len() != bodies.len() {
            return Err(torn("bodies"));
        }
        for ((header_key, run), (body_key, contents)) in headers.iter().zip(&bodies) {
            let first = header_key.get(4..12).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
            let first = first.filter(|_| header_key == body_key).ok_or_else(|| torn("entries"))?;
            let mut contents = contents.as_slice();
            for (offset, bytes) in run.chunks(HEADER_BYTES).enumerate() {
                let index = first + offset as u64;
                let content = take_content(&mut contents)?;
                if index < from || index >= until {
                    continue;
                }
                let header = Header::decode(bytes).map_err(|error| torn(&error.to_string()))?;
                if header.index != index {
                    return Err(torn("entry index"));
                }
                entries.push(StoredEntry { leaf: header.leaf_hash(), header, content });
            }
        }
    }
}

fn take_content(contents: &mut &[u8]) -> Result<Option<SaltedBody>, LedgerError> {
    let (length, rest) = contents.split_first_chunk::<4>().ok_or_else(|| torn("body"))?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > rest.len() {
        return Err(torn("body"));
    }
    let (content, rest) = rest.split_at(length);
    *contents = rest;
    if content.is_empty() {
        return Ok(None);
    }
    let (salt, body) = content.split_first_chunk::<32>().ok_or_else(|| torn("body"))?;
    Ok(Some((*salt, body.to_vec())))
}

/// The parts of one entry, in ordinal order.
pub fn read_parts(
    snapshot: &dyn Snapshot,
    ledger: LedgerNumber,
    index: u64,
    count: u32,
) -> Result<Vec<StoredPart>, LedgerError> {
    read_part_range(snapshot, ledger, index, 0..count)
}

/// Parts of one entry with ordinals in `range`; all of them must be there.
pub fn read_part_range(
    snapshot: &dyn Snapshot,
    ledger: LedgerNumber,
    index: u64,
    range: Range<u32>,
) -> Result<Vec<StoredPart>, LedgerError> {
    let mut parts = Vec::with_capacity(range.len().min(1 << 16));
    let mut from = key(ledger, &[&index.to_be_bytes(), &range.start.to_be_bytes()]);
    let until = key(ledger, &[&index.to_be_bytes(), &range.end.to_be_bytes()]);
    while parts.len() < range.len() {
        let rows = snapshot.scan(Table::Parts, &from, &until, 4_096)?;
        let Some((last, _)) = rows.last() else {
            return Err(torn(&format!("parts of entry {index}")));
        };
        from = last.clone();
        from.push(0);
        for (_, value) in rows {
            parts.push(decode_part(&value)?);
        }
    }
    Ok(parts)
}

pub fn read_part(
    snapshot: &dyn Snapshot,
    ledger: LedgerNumber,
    index: u64,
    ordinal: u32,
) -> Result<Option<StoredPart>, LedgerError> {
    let place = key(ledger, &[&index.to_be_bytes(), &ordinal.to_be_bytes()]);
    snapshot.get(Table::Parts, &place)?.map(|value| decode_part(&value)).transpose()
}

fn decode_part(value: &[u8]) -> Result<StoredPart, LedgerError> {
    let (leaf, sealed) = value.split_first_chunk::<32>().ok_or_else(|| torn("part"))?;
    Ok(StoredPart { leaf: *leaf, sealed: (!sealed.is_empty()).then(|| sealed.to_vec()) })
}

/// Full tiles out of the store.
pub struct StoredTiles<'a> {
    pub snapshot: &'a dyn Snapshot,
    pub ledger: LedgerNumber,
}

impl TileSource for StoredTiles<'_> {
    fn tile(&self, level: u8, number: u64) -> Result<Vec<Hash>, StoreError> {
        let row = self.snapshot.get(Table::Tiles, &key(self.ledger, &[&[level], &number.to_be_bytes()]))?;
        let row = row.filter(|row| row.len() == 32 * TILE_WIDTH as usize);
        let row = row.ok_or_else(|| StoreError::Corrupt(format!("hash tile {level}/{number} is missing or short")))?;
        Ok(row.as_chunks::<32>().0.to_vec())
    }
}

fn torn(what: &str) -> LedgerError {
    LedgerError::Corrupt(format!("stored rows do not fit together: {what}"))
}
