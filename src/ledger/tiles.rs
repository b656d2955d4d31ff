//! Nodes of stored tiles, kept while many proofs are made: those of neighbours go through the same tiles, and a report proves
//! thousands. Never longer: what lies on the disk is looked at anew by each question, so that an altered tile is noticed.

use super::tree::{TILE_LEVELS, TILE_WIDTH, TileSource, short_tile};
use crate::store::StoreError;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::node_hash;

/// Tiles that are kept, 16 KiB each with their nodes: those of the entries under way and of all above them.
const KEPT: usize = 256;

type Place = (u8, u64);

#[derive(Debug, Default)]
pub struct TileCache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// The hashes of each tile, then of each level above within it.
    nodes: HashMap<Place, Arc<[Hash]>>,
    /// Oldest first.
    order: VecDeque<Place>,
}

/// Stored tiles behind the cache.
pub struct CachedTiles<'a> {
    pub stored: &'a dyn TileSource,
    pub cache: &'a TileCache,
}

impl CachedTiles<'_> {
    fn nodes(&self, place: Place) -> Result<Arc<[Hash]>, StoreError> {
        let kept = || self.cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(nodes) = kept().nodes.get(&place) {
            return Ok(Arc::clone(nodes));
        }
        let mut nodes = self.stored.tile(place.0, place.1)?;
        let mut level = nodes.clone();
        while level.len() > 2 {
            level = level.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            nodes.extend_from_slice(&level);
        }
        let nodes: Arc<[Hash]> = nodes.into();
        let mut kept = kept();
        if kept.nodes.insert(place, Arc::clone(&nodes)).is_none() {
            kept.order.push_back(place);
        }
        if kept.order.len() > KEPT
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.nodes.remove(&oldest);
        }
        Ok(nodes)
    }
}

impl TileSource for CachedTiles<'_> {
    fn tile(&self, level: u8, number: u64) -> Result<Vec<Hash>, StoreError> {
        self.stored.tile(level, number)
    }

    fn node(&self, height: usize, position: u64) -> Result<Hash, StoreError> {
        let (level, within) = (height / TILE_LEVELS, height % TILE_LEVELS);
        let width = TILE_WIDTH >> within;
        let nodes = self.nodes((level as u8, position / width))?;
        // 256 hashes, then 128, and so on.
        let before = 2 * (TILE_WIDTH - width);
        nodes.get((before + position % width) as usize).copied().ok_or_else(short_tile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use whosaw_verifier::merkle::leaf_hash;

    /// Every tile there is, and how often one was asked for.
    struct Counted(Cell<usize>);

    impl TileSource for Counted {
        fn tile(&self, level: u8, number: u64) -> Result<Vec<Hash>, StoreError> {
            self.0.set(self.0.get() + 1);
            let of = |at: u64| leaf_hash(&[&[level][..], &number.to_be_bytes(), &at.to_be_bytes()].concat());
            Ok((0..TILE_WIDTH).map(of).collect())
        }
    }

    #[test]
    fn nodes_are_those_of_the_tile_and_each_tile_is_read_once_while_it_is_kept() {
        let (plain, stored, cache) = (Counted(Cell::new(0)), Counted(Cell::new(0)), TileCache::default());
        let cached = CachedTiles { stored: &stored, cache: &cache };
        for height in 0..2 * TILE_LEVELS {
            let width = TILE_WIDTH >> (height % TILE_LEVELS);
            for position in [0, 1, width - 1, width, 3 * width + width / 2] {
                assert_eq!(
                    cached.node(height, position).ok(),
                    plain.node(height, position).ok(),
                    "{height} {position}"
                );
            }
        }
        // Three tiles of each level.
        assert_eq!(stored.0.get(), 6);
        (0..2 * KEPT as u64).for_each(|number| drop(cached.nodes((0, number))));
        assert_eq!(cache.0.lock().expect("nobody panicked").nodes.len(), KEPT);
    }
}
