//! What the root was when the ledger had fewer entries: what a report or a checkpoint of then is held against.

use super::Unreadable;
use super::files::Directory;
use crate::hash::Hash;
use crate::merkle::Frontier;
use crate::tiles::{TILE_WIDTH, tile_path};
use std::path::Path;

/// The root over the first `size` entries of an export of `exported` entries, from its tiles of leaf hashes. Only after
/// the export was found to hold does it say something of the signed ledger. None: the export is shorter.
pub fn root_at(directory: &Path, exported: u64, size: u64) -> Result<Option<Hash>, Unreadable> {
    if size > exported {
        return Ok(None);
    }
    let files = Directory::new(directory);
    let mut tree = Frontier::new();
    for number in 0..size.div_ceil(TILE_WIDTH) {
        let first = number * TILE_WIDTH;
        let path = tile_path(0, number, (exported - first).min(TILE_WIDTH));
        let tile = files.required(&path, 32 * TILE_WIDTH as usize)?;
        let (hashes, _) = tile.as_chunks::<32>();
        let wanted = (size - first).min(TILE_WIDTH);
        if (hashes.len() as u64) < wanted {
            return Err(Unreadable { path, what: "it is shorter than its name says".into() });
        }
        hashes.iter().take(wanted as usize).for_each(|leaf| tree.push(*leaf));
    }
    Ok(Some(tree.root()))
}
