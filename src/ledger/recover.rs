//! Entries that a restored database lacks, taken from an export as they were signed. Nothing is signed here and nothing
//! made up: rows are written as the ledger itself wrote them, and the root says whether they are all.

use super::guard::{Guard, GuardRecord};
use super::open::read_tree;
use super::rows::{self, StoredTiles};
use super::sequencer::Head;
use super::{LedgerError, LedgerOptions};
use crate::model::EntryKind;
use crate::store::{LedgerNumber, Store, Table, WriteSet};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use whosaw_verifier::body::{Body, PrunedBodies};
use whosaw_verifier::entry::{Header, origin_hash};
use whosaw_verifier::erasure::{BODY, PLACE_BYTES};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::leaf_hash;
use whosaw_verifier::tiles::{self, ContentReader, TILE_WIDTH};

/// An erasure entry's index, and the places it covers.
pub type ErasedPlaces = (u64, Vec<(u64, u32)>);

/// Makes rows durable, one write after the other.
pub type Write<'w> = dyn FnMut(WriteSet) -> Result<(), LedgerError> + 'w;

/// Size and root of the newest head that was ever made durable on this machine.
pub fn remembered(options: &LedgerOptions) -> Result<(u64, Hash), LedgerError> {
    let guard = Guard::open(&options.guard_path, origin_hash(&options.origin), options.machine)?;
    let GuardRecord { size, root } = guard.record();
    Ok((size, root))
}

/// Appends what an export of `exported` entries has beyond the stored head; answers the head after it. The export was
/// verified before, and its first entries are those that are stored.
pub fn append_exported(
    store: &dyn Store,
    number: LedgerNumber,
    export: &Path,
    exported: u64,
    write: &mut Write<'_>,
) -> Result<(u64, Hash), LedgerError> {
    let (mut head, root, mut tree) = {
        let snapshot = store.snapshot()?;
        let (head, root) = rows::read_head(snapshot.as_ref(), number)?.ok_or(LedgerError::NotInitialised)?;
        let tree = read_tree(snapshot.as_ref(), number, &head, &root)?;
        (head, root, tree)
    };
    let mut end = (head.size, root);
    for bundle in head.size / TILE_WIDTH..exported.div_ceil(TILE_WIDTH) {
        let width = tiles::width(0, bundle, exported);
        let path = tiles::entries_path(bundle, width);
        let torn = |what: &str| LedgerError::Corrupt(format!("the export's {path}: {what}"));
        let bytes = fs::read(export.join(&path)).map_err(|error| torn(&error.to_string()))?;
        let content = File::open(export.join(tiles::content_path(bundle, width)));
        let content = content.map_err(|error| torn(&format!("its content cannot be read: {error}")))?;
        let mut content = ContentReader::new(BufReader::with_capacity(1 << 16, content));
        let (mut headers, mut bodies, mut writes) = (Vec::new(), Vec::new(), WriteSet::default());
        let first = head.size;
        for entry in tiles::entries(&bytes).ok_or_else(|| torn("it is cut short"))? {
            let header = Header::decode(entry).map_err(|error| torn(&error.to_string()))?;
            let stored = header.index < first;
            let body = content.body().map_err(|error| torn(&error.to_string()))?;
            let pruned = body.and_then(|(_, body)| pruned_by(header.kind, body));
            if !stored {
                headers.extend_from_slice(entry);
                tiles::put_body(body, &mut bodies);
            }
            for ordinal in 0..header.parts {
                let (leaf, sealed) = content.part().map_err(|error| torn(&error.to_string()))?;
                if !stored {
                    let row = rows::key(number, &[&header.index.to_be_bytes(), &ordinal.to_be_bytes()]);
                    writes.put_pieces(Table::Parts, &[&row], &[&leaf, sealed.unwrap_or_default()]);
                }
            }
            if stored {
                continue;
            }
            if header.index != head.size || header.previous_leaf != head.last_leaf {
                return Err(torn("its entries do not follow the stored ones"));
            }
            if header.kind == EntryKind::Registry as u8 {
                rows::put_registry(number, header.index, &mut writes);
            }
            if header.kind == EntryKind::Erasure as u8 {
                let places = exported_places(export, header.index)?;
                rows::put_covered(number, header.index, places.into_iter(), &mut writes);
                if let Some(pruned) = pruned {
                    rows::put_pruned(number, header.index, pruned.first, pruned.last, &mut writes);
                }
            }
            let leaf = leaf_hash(entry);
            for tile in tree.push(leaf) {
                let row = rows::key(number, &[&[tile.level], &tile.number.to_be_bytes()]);
                writes.put(Table::Tiles, row, tile.hashes);
            }
            head = Head { size: head.size + 1, last_leaf: leaf, recorded_at_us: header.recorded_at_us };
        }
        if head.size == first {
            continue;
        }
        writes.put(Table::Headers, rows::key(number, &[&first.to_be_bytes()]), headers);
        writes.put(Table::Bodies, rows::key(number, &[&first.to_be_bytes()]), bodies);
        let root = {
            let snapshot = store.snapshot()?;
            tree.root(&StoredTiles { snapshot: snapshot.as_ref(), ledger: number }, head.size)?
        };
        writes.put(Table::Meta, rows::key(number, &[b"head"]), rows::encode_head(&head, &root));
        write(writes)?;
        end = (head.size, root);
    }
    Ok(end)
}

fn pruned_by(kind: u8, body: &[u8]) -> Option<PrunedBodies> {
    if kind != EntryKind::Erasure as u8 {
        return None;
    }
    match Body::decode(kind, body) {
        Ok(Body::Erasure(body)) => body.pruned,
        _ => None,
    }
}

fn exported_places(export: &Path, index: u64) -> Result<Vec<[u8; PLACE_BYTES]>, LedgerError> {
    match fs::read(export.join(format!("erasures/{index}"))) {
        Ok(bytes) => Ok(bytes.as_chunks::<PLACE_BYTES>().0.to_vec()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(LedgerError::Corrupt(format!("the export's erasures/{index}: {error}"))),
    }
}

/// Notes again what erasures cover, and takes away whatever of it a restored database still has. Answers how many
/// contents went.
pub fn erase_again(
    store: &dyn Store,
    number: LedgerNumber,
    noted: &[ErasedPlaces],
    write: &mut Write<'_>,
) -> Result<u64, LedgerError> {
    const PAGE: usize = 4_096;
    let size = rows::read_head(store.snapshot()?.as_ref(), number)?.map_or(0, |(head, _)| head.size);
    let mut places: BTreeSet<(u64, u32)> = rows::read_every_covered(store.snapshot()?.as_ref(), number)?;
    for (index, covered) in noted.iter().filter(|(index, _)| *index < size) {
        let mut writes = WriteSet::default();
        let ascending: BTreeSet<(u64, u32)> = covered.iter().copied().collect();
        let bytes = ascending.iter().map(|(index, ordinal)| whosaw_verifier::erasure::place(*index, *ordinal));
        rows::put_covered(number, *index, bytes, &mut writes);
        write(writes)?;
    }
    places.extend(noted.iter().flat_map(|(_, covered)| covered));
    let (bodies, parts): (Vec<_>, Vec<_>) =
        places.into_iter().filter(|(index, _)| *index < size).partition(|(_, ordinal)| *ordinal == BODY);
    let bodies: Vec<u64> = bodies.into_iter().map(|(index, _)| index).collect();
    let mut gone = 0;
    for page in parts.chunks(PAGE) {
        let writes = rows::without_content(store.snapshot()?.as_ref(), number, page)?;
        gone += writes.operations().count() as u64;
        if !writes.is_empty() {
            write(writes)?;
        }
    }
    for page in bodies.chunks(PAGE) {
        let (writes, taken) = rows::without_bodies(store.snapshot()?.as_ref(), number, page)?;
        gone += taken;
        if !writes.is_empty() {
            write(writes)?;
        }
    }
    Ok(gone)
}

/// Reads the stored parts of an entry, of a ledger that is not open.
pub fn stored_parts(
    store: &dyn Store,
    number: LedgerNumber,
    index: u64,
    count: u32,
) -> Result<Vec<rows::StoredPart>, LedgerError> {
    rows::read_parts(store.snapshot()?.as_ref(), number, index, count)
}

/// Reads stored entries, of a ledger that is not open.
pub fn stored_entries(
    store: &dyn Store,
    number: LedgerNumber,
    from: u64,
    until: u64,
) -> Result<Vec<rows::StoredEntry>, LedgerError> {
    rows::read_entries(store.snapshot()?.as_ref(), number, from, until)
}
