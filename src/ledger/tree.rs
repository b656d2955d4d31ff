//! The Merkle tree of one ledger: what must be in memory to grow it and to prove what is recent.
//!
//! Nodes are addressed by (level, position): level 0 are the leaves. Below level 16 only the block of 65,536 leaves under
//! way and the one before are kept; older nodes are computed from stored full tiles. From level 16 up everything is kept
//! (one hash for 65,536 entries, and half as many again above). Start-up and steady state both grow it by `push`.

use crate::store::StoreError;
use std::collections::VecDeque;
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::{EMPTY_ROOT, node_hash};

/// Leaves in a block; the height of what is pruned.
pub const BLOCK: u64 = 1 << BLOCK_LEVEL;
const BLOCK_LEVEL: usize = 16;
pub(super) const TILE_LEVELS: usize = 8;
pub const TILE_WIDTH: u64 = 256;

/// Where full tiles come from when their nodes are no longer in memory.
pub trait TileSource {
    /// The 256 hashes of full tile `number` at tile level `level`.
    fn tile(&self, level: u8, number: u64) -> Result<Vec<Hash>, StoreError>;

    /// The root of the perfect subtree at (height, position), which lies in a full tile.
    fn node(&self, height: usize, position: u64) -> Result<Hash, StoreError> {
        let (level, within) = (height / TILE_LEVELS, height % TILE_LEVELS);
        let first = position << within;
        let mut hashes = self.tile(level as u8, first / TILE_WIDTH)?;
        let start = (first % TILE_WIDTH) as usize;
        hashes = hashes.get(start..start + (1 << within)).ok_or_else(short_tile)?.to_vec();
        while hashes.len() > 1 {
            hashes = hashes.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        hashes.pop().ok_or_else(short_tile)
    }
}

#[derive(Debug, Default)]
pub struct Tree {
    size: u64,
    levels: Vec<Level>,
}

#[derive(Debug, Default)]
struct Level {
    /// Position of the first node kept.
    base: u64,
    nodes: VecDeque<Hash>,
}

/// A tile that became full and is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullTile {
    pub level: u8,
    pub number: u64,
    pub hashes: Vec<u8>,
}

impl Tree {
    /// A tree whose first `blocks × 65,536` leaves are known only by the roots of their blocks.
    pub fn from_block_roots(roots: impl IntoIterator<Item = Hash>) -> Self {
        let mut tree = Tree { size: 0, levels: (0..BLOCK_LEVEL).map(|_| Level::default()).collect() };
        for root in roots {
            tree.add(BLOCK_LEVEL, root);
            tree.size += BLOCK;
        }
        for (height, level) in tree.levels.iter_mut().enumerate().take(BLOCK_LEVEL) {
            level.base = tree.size >> height;
        }
        tree
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; answers the tiles that it filled.
    pub fn push(&mut self, leaf: Hash) -> Vec<FullTile> {
        self.add(0, leaf);
        self.size += 1;
        if !self.size.is_multiple_of(TILE_WIDTH) {
            return Vec::new();
        }
        let mut filled = Vec::new();
        let mut level = 0u8;
        let mut count = self.size;
        while count.is_multiple_of(TILE_WIDTH) {
            let number = count / TILE_WIDTH - 1;
            let hashes = (number * TILE_WIDTH..count)
                .flat_map(|position| {
                    self.kept(usize::from(level) * TILE_LEVELS, position).expect("a tile just filled is in memory")
                })
                .collect();
            filled.push(FullTile { level, number, hashes });
            level += 1;
            count /= TILE_WIDTH;
        }
        if self.size.is_multiple_of(BLOCK) {
            self.prune();
        }
        filled
    }

    fn add(&mut self, mut height: usize, mut node: Hash) {
        loop {
            while self.levels.len() <= height {
                self.levels.push(Level::default());
            }
            let level = &mut self.levels[height];
            level.nodes.push_back(node);
            let position = level.base + level.nodes.len() as u64 - 1;
            if position & 1 == 0 {
                return;
            }
            let left = level.nodes[level.nodes.len() - 2];
            node = node_hash(&left, &node);
            height += 1;
        }
    }

    fn prune(&mut self) {
        for (height, level) in self.levels.iter_mut().enumerate().take(BLOCK_LEVEL) {
            let keep_from = (self.size - BLOCK) >> height;
            while level.base < keep_from && level.nodes.pop_front().is_some() {
                level.base += 1;
            }
        }
    }

    fn kept(&self, height: usize, position: u64) -> Option<Hash> {
        let level = self.levels.get(height)?;
        level.nodes.get(usize::try_from(position.checked_sub(level.base)?).ok()?).copied()
    }

    /// The root of the perfect subtree at (height, position), which must lie wholly inside the tree.
    pub fn node(&self, tiles: &dyn TileSource, height: usize, position: u64) -> Result<Hash, StoreError> {
        match self.kept(height, position) {
            Some(hash) => Ok(hash),
            None => tiles.node(height, position),
        }
    }

    /// Root of the leaves `start..end`, where `start` is a multiple of the largest power of two that fits.
    fn range_root(&self, tiles: &dyn TileSource, start: u64, end: u64) -> Result<Hash, StoreError> {
        let mut perfect = Vec::new();
        let mut at = start;
        while at < end {
            let height = (63 - (end - at).leading_zeros()) as usize;
            perfect.push(self.node(tiles, height, at >> height)?);
            at += 1 << height;
        }
        let mut from_right = perfect.into_iter().rev();
        let Some(last) = from_right.next() else { return Ok(EMPTY_ROOT) };
        Ok(from_right.fold(last, |right, left| node_hash(&left, &right)))
    }

    /// Root of the tree as it was at `size`, which must not exceed its size now.
    pub fn root(&self, tiles: &dyn TileSource, size: u64) -> Result<Hash, StoreError> {
        self.range_root(tiles, 0, size)
    }

    /// RFC 6962 2.1.1, leaf's sibling first; `index < size ≤ self.size()`.
    pub fn inclusion_proof(&self, tiles: &dyn TileSource, index: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
        let mut proof = Vec::new();
        let (mut position, mut last, mut height) = (index, size - 1, 0);
        while last > 0 {
            if let Some(hash) = self.sibling(tiles, position, last, height, size)? {
                proof.push(hash);
            }
            (position, last, height) = (position >> 1, last >> 1, height + 1);
        }
        Ok(proof)
    }

    /// RFC 6962 2.1.2; `old ≤ new ≤ self.size()`.
    pub fn consistency_proof(&self, tiles: &dyn TileSource, old: u64, new: u64) -> Result<Vec<Hash>, StoreError> {
        let mut proof = Vec::new();
        if old == 0 || old == new {
            return Ok(proof);
        }
        let (mut position, mut last, mut height) = (old - 1, new - 1, 0);
        while position & 1 == 1 {
            (position, last, height) = (position >> 1, last >> 1, height + 1);
        }
        if position > 0 {
            proof.push(self.node(tiles, height, position)?);
        }
        while last > 0 {
            if let Some(hash) = self.sibling(tiles, position, last, height, new)? {
                proof.push(hash);
            }
            (position, last, height) = (position >> 1, last >> 1, height + 1);
        }
        Ok(proof)
    }

    fn sibling(
        &self,
        tiles: &dyn TileSource,
        position: u64,
        last: u64,
        height: usize,
        size: u64,
    ) -> Result<Option<Hash>, StoreError> {
        if position & 1 == 1 {
            return self.node(tiles, height, position - 1).map(Some);
        }
        if position == last {
            return Ok(None);
        }
        let start = (position + 1) << height;
        let end = (start + (1 << height)).min(size);
        self.range_root(tiles, start, end).map(Some)
    }

    /// The hashes of a tile as it was at `size`: full ones and the partial one at the right edge.
    pub fn tile(&self, tiles: &dyn TileSource, level: u8, number: u64, width: u64) -> Result<Vec<Hash>, StoreError> {
        let height = usize::from(level) * TILE_LEVELS;
        (number * TILE_WIDTH..number * TILE_WIDTH + width).map(|position| self.node(tiles, height, position)).collect()
    }
}

pub(super) fn short_tile() -> StoreError {
    StoreError::Corrupt("a stored tile is shorter than 256 hashes".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use whosaw_verifier::merkle;

    #[derive(Default)]
    struct Kept(HashMap<(u8, u64), Vec<u8>>);

    impl TileSource for Kept {
        fn tile(&self, level: u8, number: u64) -> Result<Vec<Hash>, StoreError> {
            let bytes = self.0.get(&(level, number)).ok_or_else(|| StoreError::Corrupt("no tile".into()))?;
            Ok(bytes.chunks_exact(32).map(|hash| hash.try_into().expect("32 bytes")).collect())
        }
    }

    fn leaf(index: u64) -> Hash {
        merkle::leaf_hash(&index.to_be_bytes())
    }

    #[test]
    fn roots_and_proofs_are_those_of_the_naive_tree() {
        let (mut tree, mut kept) = (Tree::default(), Kept::default());
        let leaves: Vec<Hash> = (0..600).map(leaf).collect();
        for (index, leaf) in leaves.iter().enumerate() {
            for tile in tree.push(*leaf) {
                kept.0.insert((tile.level, tile.number), tile.hashes);
            }
            assert_eq!(tree.root(&kept, index as u64 + 1).ok(), Some(merkle::root(&leaves[..=index])));
        }
        for size in [1u64, 2, 3, 255, 256, 257, 511, 512, 513, 600] {
            let tree_then = &leaves[..size as usize];
            for index in (0..size).step_by(7) {
                let proof = tree.inclusion_proof(&kept, index, size).expect("proves");
                assert_eq!(proof, merkle::inclusion_proof(tree_then, index as usize), "{index} in {size}");
            }
            for old in (0..=size).step_by(5) {
                let proof = tree.consistency_proof(&kept, old, size).expect("proves");
                assert_eq!(proof, merkle::consistency_proof(tree_then, old as usize), "{old} to {size}");
            }
        }
    }

    #[test]
    fn old_nodes_come_from_tiles_and_a_restart_gives_the_same_tree() {
        let (mut tree, mut kept, mut frontier) = (Tree::default(), Kept::default(), merkle::Frontier::new());
        let total = 3 * BLOCK + 700;
        for index in 0..total {
            frontier.push(leaf(index));
            for tile in tree.push(leaf(index)) {
                kept.0.insert((tile.level, tile.number), tile.hashes);
            }
        }
        let root = frontier.root();
        assert_eq!(tree.root(&kept, total).ok(), Some(root));
        for index in [0, 255, 256, 65_535, 65_536, 2 * BLOCK - 1, 2 * BLOCK + 3, total - 1] {
            let proof = tree.inclusion_proof(&kept, index, total).expect("proves");
            assert_eq!(merkle::verify_inclusion(&leaf(index), index, total, &proof, &root), Ok(()), "{index}");
        }
        let roots: Vec<Hash> = (0..3).map(|block| tree.kept(BLOCK_LEVEL, block).expect("kept for ever")).collect();
        let mut restarted = Tree::from_block_roots(roots);
        for index in 3 * BLOCK..total {
            restarted.push(leaf(index));
        }
        assert_eq!(restarted.root(&kept, total).ok(), Some(root));
        let old_root = restarted.root(&kept, BLOCK + 77).expect("from tiles");
        let proof = restarted.consistency_proof(&kept, BLOCK + 77, total).expect("proves");
        assert_eq!(merkle::verify_consistency(BLOCK + 77, total, &proof, &old_root, &root), Ok(()));
    }
}
