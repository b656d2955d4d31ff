//! Turns sealed actions into the next batch of the ledger.
//!
//! Pure: the caller supplies the head, the actions and the time. Durability is the committer's concern.

use crate::model::{EntryKind, Sealed};
use whosaw_verifier::entry::{CLOCK_NOT_SYNCHRONISED, HEADER_BYTES, Header, LAST_OF_COMMIT, TIME_CLAMPED};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::leaf_hash;

/// Where the ledger ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub size: u64,
    /// Leaf of the last entry, or the genesis link.
    pub last_leaf: Hash,
    pub recorded_at_us: u64,
}

/// What the clock says, already held against the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub now_us: u64,
    /// The wall clock ran away from the monotonic one and was held back.
    pub held_back: bool,
    pub synchronised: bool,
}

/// Headers with their leaves, and the head after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub first: u64,
    pub headers: Vec<[u8; HEADER_BYTES]>,
    pub leaves: Vec<Hash>,
    pub head_after: Head,
}

/// Gives each action its place: index, time, link to the one before. The last one closes the commit.
pub fn sequence(head: &Head, waiting: &[Sealed], reading: Reading) -> Batch {
    let mut after = *head;
    let mut headers = Vec::with_capacity(waiting.len());
    let mut leaves = Vec::with_capacity(waiting.len());
    for (offset, action) in waiting.iter().enumerate() {
        let mut flags = 0;
        if !reading.synchronised {
            flags |= CLOCK_NOT_SYNCHRONISED;
        }
        if reading.held_back {
            flags |= TIME_CLAMPED;
        }
        // Only a clock entry may take the time back: it says so in its body.
        let recorded_at_us = if reading.now_us < after.recorded_at_us && action.kind != EntryKind::Clock {
            flags |= TIME_CLAMPED;
            after.recorded_at_us
        } else {
            reading.now_us
        };
        if offset + 1 == waiting.len() {
            flags |= LAST_OF_COMMIT;
        }
        let header = Header {
            kind: action.kind as u8,
            index: after.size,
            recorded_at_us,
            previous_leaf: after.last_leaf,
            flags,
            parts: action.parts.len() as u32,
            body_commitment: action.body_commitment,
            parts_root: action.parts_root,
        };
        let bytes = header.encode();
        let leaf = leaf_hash(&bytes);
        headers.push(bytes);
        leaves.push(leaf);
        after = Head { size: after.size + 1, last_leaf: leaf, recorded_at_us };
    }
    Batch { first: head.size, headers, leaves, head_after: after }
}
