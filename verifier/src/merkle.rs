//! The RFC 6962 Merkle tree over SHA-256: roots, inclusion and consistency.
//!
//! Pure arithmetic. Where nodes are kept is the caller's concern.

use crate::hash::{Hash, sha256};
use std::fmt;

/// Root of the tree with no leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// H(0x00 ‖ entry). The prefix keeps a leaf from passing as a node (second preimages).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256(&[&[0x00], entry])
}

/// H(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [0u8; 65];
    bytes[0] = 0x01;
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    sha256(&[&bytes])
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MerkleError {
    IndexOutsideTree { index: u64, size: u64 },
    SizesDescend { old: u64, new: u64 },
    ProofLength { expected: usize, found: usize },
    RootMismatch,
    OldRootMismatch,
}

impl fmt::Display for MerkleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexOutsideTree { index, size } => write!(f, "entry {index} is not in a tree of {size}"),
            Self::SizesDescend { old, new } => write!(f, "a tree of {new} cannot extend one of {old}"),
            Self::ProofLength { expected, found } => write!(f, "the proof has {found} hashes where {expected} belong"),
            Self::RootMismatch => write!(f, "the proof does not lead to the root"),
            Self::OldRootMismatch => write!(f, "the proof does not lead to the old root"),
        }
    }
}

impl std::error::Error for MerkleError {}

/// Grows by one leaf at a time, keeping only the roots of the perfect subtrees on the right edge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the perfect subtrees, largest (leftmost) first; one for each set bit of `size`.
    roots: Vec<Hash>,
}

impl Frontier {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.roots.pop().expect("one root for each set bit of the size");
            node = node_hash(&left, &node);
        }
        self.roots.push(node);
        self.size += 1;
    }

    pub fn root(&self) -> Hash {
        let mut from_right = self.roots.iter().rev();
        let Some(last) = from_right.next() else { return EMPTY_ROOT };
        from_right.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// Root over all the leaves at once.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// Checks that `leaf` stands at `index` in the tree of `size` with `root` (RFC 9162 2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), MerkleError> {
    if index >= size {
        return Err(MerkleError::IndexOutsideTree { index, size });
    }
    let (mut position, mut last) = (index, size - 1);
    let mut node = *leaf;
    let mut hashes = proof.iter();
    let expected = inclusion_proof_length(index, size);
    if proof.len() != expected {
        return Err(MerkleError::ProofLength { expected, found: proof.len() });
    }
    while last > 0 {
        if position & 1 == 1 {
            let sibling = hashes.next().ok_or(MerkleError::RootMismatch)?;
            node = node_hash(sibling, &node);
        } else if position < last {
            let sibling = hashes.next().ok_or(MerkleError::RootMismatch)?;
            node = node_hash(&node, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    if node == *root { Ok(()) } else { Err(MerkleError::RootMismatch) }
}

fn inclusion_proof_length(index: u64, size: u64) -> usize {
    let (mut position, mut last, mut count) = (index, size - 1, 0);
    while last > 0 {
        if position & 1 == 1 || position < last {
            count += 1;
        }
        position >>= 1;
        last >>= 1;
    }
    count
}

/// Checks that the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162 2.1.4.2).
pub fn verify_consistency(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), MerkleError> {
    if old > new {
        return Err(MerkleError::SizesDescend { old, new });
    }
    if old == new || old == 0 {
        if !proof.is_empty() {
            return Err(MerkleError::ProofLength { expected: 0, found: proof.len() });
        }
        let expected_old = if old == 0 { &EMPTY_ROOT } else { new_root };
        return if old_root == expected_old { Ok(()) } else { Err(MerkleError::OldRootMismatch) };
    }
    let mut hashes = proof.iter();
    let missing = MerkleError::ProofLength { expected: proof.len() + 1, found: proof.len() };
    let (mut position, mut last) = (old - 1, new - 1);
    while position & 1 == 1 {
        position >>= 1;
        last >>= 1;
    }
    // The old tree is one perfect subtree: its root is known and not part of the proof.
    let seed = if position == 0 { *old_root } else { *hashes.next().ok_or(missing)? };
    let (mut old_node, mut new_node) = (seed, seed);
    while last > 0 {
        if position & 1 == 1 {
            let sibling = hashes.next().ok_or(missing)?;
            old_node = node_hash(sibling, &old_node);
            new_node = node_hash(sibling, &new_node);
        } else if position < last {
            let sibling = hashes.next().ok_or(missing)?;
            new_node = node_hash(&new_node, sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    if hashes.next().is_some() {
        return Err(MerkleError::ProofLength { expected: proof.len() - 1, found: proof.len() });
    }
    if old_node != *old_root {
        return Err(MerkleError::OldRootMismatch);
    }
    if new_node == *new_root { Ok(()) } else { Err(MerkleError::RootMismatch) }
}

/// Inclusion proof over leaves held in memory, leaf's sibling first (RFC 6962 2.1.1). For tests and small part lists.
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let split = split_point(leaves.len());
    let (left, right) = leaves.split_at(split);
    let mut proof;
    if index < split {
        proof = inclusion_proof(left, index);
        proof.push(root(right));
    } else {
        proof = inclusion_proof(right, index - split);
        proof.push(root(left));
    }
    proof
}

/// Consistency proof over leaves held in memory (RFC 6962 2.1.2). For tests.
pub fn consistency_proof(leaves: &[Hash], old: usize) -> Vec<Hash> {
    fn subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if whole { Vec::new() } else { vec![root(leaves)] };
        }
        let split = split_point(leaves.len());
        let (left, right) = leaves.split_at(split);
        if old <= split {
            let mut proof = subproof(old, left, whole);
            proof.push(root(right));
            proof
        } else {
            let mut proof = subproof(old - split, right, false);
            proof.push(root(left));
            proof
        }
    }
    if old == 0 || old == leaves.len() { Vec::new() } else { subproof(old, leaves, true) }
}

/// The largest power of two below `n`, for n ≥ 2.
fn split_point(n: usize) -> usize {
    1 << (usize::BITS - 1 - (n - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_of_every_shape_up_to_70_hold_and_wrong_ones_do_not() {
        let leaves: Vec<Hash> = (0..70u8).map(|i| leaf_hash(&[i])).collect();
        for size in 1..=leaves.len() {
            let tree = &leaves[..size];
            let whole = root(tree);
            for index in 0..size {
                let mut proof = inclusion_proof(tree, index);
                let check =
                    |proof: &[Hash], index| verify_inclusion(&tree[index], index as u64, size as u64, proof, &whole);
                assert_eq!(check(&proof, index), Ok(()));
                if let Some(hash) = proof.first_mut() {
                    hash[0] ^= 1;
                    assert_eq!(check(&proof, index), Err(MerkleError::RootMismatch));
                    proof.pop();
                    assert!(matches!(check(&proof, index), Err(MerkleError::ProofLength { .. })));
                }
            }
            for old in 0..=size {
                let mut proof = consistency_proof(tree, old);
                let old_root = root(&tree[..old]);
                let check = |proof: &[Hash]| verify_consistency(old as u64, size as u64, proof, &old_root, &whole);
                assert_eq!(check(&proof), Ok(()), "{old} in {size}");
                if !proof.is_empty() {
                    proof.push([0; 32]);
                    assert!(check(&proof).is_err());
                    proof.pop();
                    proof[0][31] ^= 1;
                    assert!(check(&proof).is_err());
                }
            }
        }
    }
}
