//! The Merkle tree of RFC 6962 section 2.1 over SHA-256: roots, proofs, and a frontier for streaming.
//!
//! Knows hashes of leaves only; what a leaf is stands in [`crate::entry`] and [`crate::seal`].

use crate::hash::{Hash, sha256};
use std::fmt;

/// The root of a tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Why a proof does not prove what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MerkleError {
    /// The index is not in a tree of that size, or the old tree is the larger one.
    OutOfRange,
    /// A proof for these sizes has another number of hashes.
    Length,
    /// The proof leads to another root.
    Root,
}

impl fmt::Display for MerkleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MerkleError::OutOfRange => "the index or size lies outside the tree",
            MerkleError::Length => "the proof has the wrong number of hashes",
            MerkleError::Root => "the proof leads to another root",
        })
    }
}

impl std::error::Error for MerkleError {}

/// H(0x00 ‖ data).
pub fn leaf_hash(data: &[u8]) -> Hash {
    sha256(&[&[0], data])
}

/// H(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut block = [1u8; 65];
    block[1..33].copy_from_slice(left);
    block[33..].copy_from_slice(right);
    sha256(&[&block])
}

/// That the leaf stands at `index` of the tree of `size` leaves with this root. Proofs run from the leaf's sibling up.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), MerkleError> {
    if index >= size {
        return Err(MerkleError::OutOfRange);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(MerkleError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // On the right edge, levels at which the node has no sibling contribute nothing.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last == 0, hash == *root) {
        (false, _) => Err(MerkleError::Length),
        (true, false) => Err(MerkleError::Root),
        (true, true) => Ok(()),
    }
}

/// That the tree of `new` leaves begins with the tree of `old` leaves.
pub fn verify_consistency(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), MerkleError> {
    if old > new {
        return Err(MerkleError::OutOfRange);
    }
    if old == 0 || old == new {
        let same = if old == new { old_root == new_root } else { true };
        let empty = if old == 0 { *old_root == EMPTY_ROOT } else { true };
        return match (proof.is_empty(), same && empty) {
            (false, _) => Err(MerkleError::Length),
            (true, false) => Err(MerkleError::Root),
            (true, true) => Ok(()),
        };
    }
    // A complete old tree is itself the first node, and the proof leaves it out.
    let (first, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(MerkleError::Length)?;
        (*first, rest)
    };
    let shift = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut old_hash, mut new_hash) = (first, first);
    for hash in rest {
        if last == 0 {
            return Err(MerkleError::Length);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(hash, &old_hash);
            new_hash = node_hash(hash, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last == 0, old_hash == *old_root && new_hash == *new_root) {
        (false, _) => Err(MerkleError::Length),
        (true, false) => Err(MerkleError::Root),
        (true, true) => Ok(()),
    }
}

/// The right edge of a growing tree: the roots of its complete subtrees, largest first. At most 64 hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    pub fn new() -> Self {
        Frontier::default()
    }

    /// The frontier of a tree of `size` leaves from its complete subtrees, largest first; one for each bit of `size`.
    pub fn from_subtrees(size: u64, subtrees: Vec<Hash>) -> Option<Self> {
        (subtrees.len() == size.count_ones() as usize).then_some(Frontier { size, subtrees })
    }

    pub fn push(&mut self, leaf: Hash) {
        self.push_complete(0, leaf);
    }

    /// Appends a complete subtree of 2^level leaves by its root. The size must be a multiple of 2^level.
    pub fn push_complete(&mut self, level: u32, root: Hash) {
        assert!(
            level < 64 && self.size & ((1 << level) - 1) == 0,
            "a complete subtree begins at a multiple of its size"
        );
        let mut hash = root;
        let mut carry = self.size >> level;
        while carry & 1 == 1 {
            let left = self.subtrees.pop().expect("one subtree for each bit of the size");
            hash = node_hash(&left, &hash);
            carry >>= 1;
        }
        self.subtrees.push(hash);
        self.size += 1 << level;
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn subtrees(&self) -> &[Hash] {
        &self.subtrees
    }

    pub fn root(&self) -> Hash {
        self.subtrees.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
    }
}

/// The root over these leaf hashes, by the recursion of the RFC. For tests and short lists.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// PATH(m, D[n]) by the recursion of the RFC. `index` must be below the number of leaves.
pub fn inclusion_proof(leaves: &[Hash], index: usize) -> Vec<Hash> {
    assert!(index < leaves.len(), "only a leaf of the tree has an inclusion proof");
    if leaves.len() == 1 {
        return Vec::new();
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut proof, sibling) = if index < at {
        (inclusion_proof(left, index), root(right))
    } else {
        (inclusion_proof(right, index - at), root(left))
    };
    proof.push(sibling);
    proof
}

/// PROOF(m, D[n]) by the recursion of the RFC: that these leaves begin with their first `old`.
pub fn consistency_proof(leaves: &[Hash], old: usize) -> Vec<Hash> {
    fn subproof(leaves: &[Hash], old: usize, whole: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if whole { Vec::new() } else { vec![root(leaves)] };
        }
        let at = split(leaves.len());
        let (left, right) = leaves.split_at(at);
        let (mut proof, sibling) = if old <= at {
            (subproof(left, old, whole), root(right))
        } else {
            (subproof(right, old - at, false), root(left))
        };
        proof.push(sibling);
        proof
    }
    assert!(old <= leaves.len(), "the old tree is no larger than the new one");
    if old == 0 { Vec::new() } else { subproof(leaves, old, true) }
}

/// The largest power of two below `n`, for n of at least 2.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hex;

    /// The eight leaves of Certificate Transparency's reference tests, and the roots over the first n of them.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves: Vec<Hash> = LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect();
        let mut frontier = Frontier::new();
        for (n, expected) in ROOTS.iter().enumerate() {
            assert_eq!(hex(&root(&leaves[..n])), *expected);
            assert_eq!(hex(&frontier.root()), *expected);
            if let Some(leaf) = leaves.get(n) {
                frontier.push(*leaf);
            }
        }
    }

    fn some_leaves(n: usize) -> Vec<Hash> {
        (0..n as u64).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    /// Every proof of every tree up to 40 leaves holds, and holds for nothing else.
    #[test]
    fn inclusion_proofs_prove_one_thing() {
        for size in 1..=40usize {
            let leaves = some_leaves(size);
            let root = root(&leaves);
            for index in 0..size {
                let mut proof = inclusion_proof(&leaves, index);
                let check = |index: usize, size: usize, proof: &[Hash], root: &Hash| {
                    verify_inclusion(&leaves[index.min(leaves.len() - 1)], index as u64, size as u64, proof, root)
                };
                assert_eq!(check(index, size, &proof, &root), Ok(()));
                assert_eq!(check(index, size, &proof, &EMPTY_ROOT), Err(MerkleError::Root));
                assert_eq!(check(size, size, &proof, &root), Err(MerkleError::OutOfRange));
                for other in (0..size).filter(|other| *other != index) {
                    assert!(
                        verify_inclusion(&leaves[index], other as u64, size as u64, &proof, &root).is_err(),
                        "leaf {index} passed as {other} of {size}"
                    );
                }
                proof.push(root);
                assert_eq!(check(index, size, &proof, &root), Err(MerkleError::Length));
                proof.pop();
                if let Some(last) = proof.last_mut() {
                    last[7] ^= 1;
                    assert_eq!(check(index, size, &proof, &root), Err(MerkleError::Root));
                    proof.pop();
                    assert_eq!(check(index, size, &proof, &root), Err(MerkleError::Length));
                }
            }
        }
    }

    #[test]
    fn consistency_proofs_prove_one_thing() {
        for new in 0..=40usize {
            let leaves = some_leaves(new);
            let new_root = root(&leaves);
            for old in 0..=new {
                let old_root = root(&leaves[..old]);
                let mut proof = consistency_proof(&leaves, old);
                let check = |proof: &[Hash], old_root: &Hash, new_root: &Hash| {
                    verify_consistency(old as u64, new as u64, proof, old_root, new_root)
                };
                assert_eq!(check(&proof, &old_root, &new_root), Ok(()), "{old} {new}");
                assert_eq!(check(&proof, &[9; 32], &new_root), Err(MerkleError::Root), "{old} {new}");
                if old > 0 {
                    assert_eq!(check(&proof, &old_root, &[9; 32]), Err(MerkleError::Root), "{old} {new}");
                }
                if old < new {
                    assert_eq!(
                        verify_consistency(new as u64, old as u64, &proof, &new_root, &old_root),
                        Err(MerkleError::OutOfRange)
                    );
                }
                for i in 0..proof.len() {
                    proof[i][0] ^= 1;
                    assert!(check(&proof, &old_root, &new_root).is_err());
                    proof[i][0] ^= 1;
                }
                proof.push([0; 32]);
                assert_eq!(check(&proof, &old_root, &new_root), Err(MerkleError::Length), "{old} {new}");
            }
        }
    }

    #[test]
    fn complete_subtrees_may_be_pushed_whole() {
        let leaves = some_leaves(1000);
        let mut frontier = Frontier::new();
        for chunk in leaves.chunks(256) {
            if chunk.len() == 256 {
                frontier.push_complete(8, root(chunk));
            } else {
                chunk.iter().for_each(|leaf| frontier.push(*leaf));
            }
        }
        assert_eq!((frontier.size(), frontier.root()), (1000, root(&leaves)));
        let again = Frontier::from_subtrees(1000, frontier.subtrees().to_vec());
        assert_eq!(again, Some(frontier));
    }
}
