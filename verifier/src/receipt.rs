//! Receipts: an entry, its inclusion proof and a checkpoint (C2SP tlog-proof), enough to prove that it was recorded.

use crate::checkpoint::{self, CheckpointError, VerifiedCheckpoint};
use crate::entry::{EntryError, HEADER_BYTES, Header, body_commitment, origin_hash};
use crate::hash::Hash;
use crate::merkle::{MerkleError, verify_inclusion};
use crate::note::VerifierKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^64 leaves needs no more.
const PROOF_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry, 120 bytes; carried in the `extra` line.
    pub header: [u8; HEADER_BYTES],
    pub index: u64,
    /// Leaf's sibling first.
    pub proof: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

impl Receipt {
    pub fn encode(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nextra {}\nindex {}\n", STANDARD.encode(self.header), self.index);
        for hash in &self.proof {
            text.push_str(&STANDARD.encode(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ReceiptError::Layout)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(ReceiptError::Layout);
        }
        let header = lines
            .next()
            .and_then(|line| STANDARD.decode(line.strip_prefix("extra ")?).ok()?.try_into().ok())
            .ok_or(ReceiptError::Layout)?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(ReceiptError::Layout)?;
        if index.starts_with('+') || (index.len() > 1 && index.starts_with('0')) {
            return Err(ReceiptError::Layout);
        }
        let index = index.parse().map_err(|_| ReceiptError::Layout)?;
        let proof = lines
            .map(|line| STANDARD.decode(line).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(ReceiptError::Layout))
            .collect::<Result<Vec<Hash>, _>>()?;
        if proof.len() > PROOF_MAX {
            return Err(ReceiptError::Layout);
        }
        Ok(Receipt { header, index, proof, checkpoint: checkpoint.to_owned() })
    }

    /// Checks signature, entry and inclusion, and the body where it is given (salt and bytes).
    pub fn verify(
        &self,
        known: &[VerifierKey],
        content: Option<(&[u8; 32], &[u8])>,
    ) -> Result<(Header, VerifiedCheckpoint), ReceiptError> {
        let verified = checkpoint::open(&self.checkpoint, known).map_err(ReceiptError::Checkpoint)?;
        let header = Header::decode(&self.header).map_err(ReceiptError::Entry)?;
        if header.index != self.index {
            return Err(ReceiptError::Index { stated: self.index, found: header.index });
        }
        let checkpoint = verified.get();
        verify_inclusion(&header.leaf_hash(), self.index, checkpoint.size, &self.proof, &checkpoint.root)
            .map_err(ReceiptError::Inclusion)?;
        if let Some((salt, body)) = content
            && body_commitment(&origin_hash(&checkpoint.origin), salt, body) != header.body_commitment
        {
            return Err(ReceiptError::Body);
        }
        Ok((header, verified))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptError {
    Layout,
    Checkpoint(CheckpointError),
    Entry(EntryError),
    Index { stated: u64, found: u64 },
    Inclusion(MerkleError),
    Body,
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout => write!(f, "not a receipt (tlog-proof)"),
            Self::Checkpoint(error) => write!(f, "checkpoint: {error}"),
            Self::Entry(error) => write!(f, "entry: {error}"),
            Self::Index { stated, found } => write!(f, "the receipt is for entry {stated}, its entry says {found}"),
            Self::Inclusion(error) => write!(f, "inclusion: {error}"),
            Self::Body => write!(f, "the body is not the one the entry commits to"),
        }
    }
}

impl std::error::Error for ReceiptError {}
