//! Receipts: C2SP tlog-proofs whose `extra` line carries the entry itself.
//!
//! A receipt proves by itself that an entry stands in a signed ledger; with salt and body it also proves what the entry
//! says in public. What an export would be refused for, a receipt is refused for too, as far as one entry can show it:
//! whether time went back and whose key an agent's signature is by need the entries before it, and stay with
//! [`crate::export`].

use crate::body::Body;
use crate::checkpoint::{self, CheckpointError, VerifiedCheckpoint, decimal};
use crate::entry::{self, EntryError, HEADER_BYTES, Header};
use crate::export::meaning;
use crate::hash::Hash;
use crate::merkle::{self, MerkleError};
use crate::note::VerifierKey;
use crate::wire::WireError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^64 leaves is 64 high.
const MAX_PROOF: usize = 64;

/// An entry, its inclusion proof and a checkpoint. Parsing verifies nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub header: [u8; HEADER_BYTES],
    pub index: u64,
    /// From the leaf's sibling up.
    pub proof: Vec<Hash>,
    /// The signed note, verbatim.
    pub checkpoint: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptError {
    Malformed(&'static str),
    Entry(EntryError),
    Checkpoint(CheckpointError),
    /// The entry says another index than the receipt.
    Index {
        entry: u64,
        receipt: u64,
    },
    /// Entry 0 does not carry its origin's genesis link.
    Genesis,
    /// An entry 0 that is not genesis, or a genesis elsewhere.
    Kind(&'static str),
    Inclusion(MerkleError),
    /// The checkpoint ends with this entry, which is not the last of its commit.
    WithinCommit,
    /// The body is not what the entry commits to.
    Body,
    /// The body is what the entry commits to, but breaks the format.
    Wire(WireError),
    /// The body contradicts the entry it stands under.
    Meaning(String),
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReceiptError::Malformed(what) => write!(f, "not a receipt: {what}"),
            ReceiptError::Entry(error) => write!(f, "the entry: {error}"),
            ReceiptError::Checkpoint(error) => write!(f, "the checkpoint: {error}"),
            ReceiptError::Index { entry, receipt } => {
                write!(f, "the receipt is for entry {receipt}, but the entry says it is {entry}")
            }
            ReceiptError::Genesis => f.write_str("entry 0 does not carry the genesis link of its origin"),
            ReceiptError::Kind(what) => f.write_str(what),
            ReceiptError::WithinCommit => {
                f.write_str("the checkpoint stands after this entry, though it is not the last of its commit")
            }
            ReceiptError::Inclusion(error) => write!(f, "the inclusion proof: {error}"),
            ReceiptError::Body => f.write_str("salt and body are not what the entry commits to"),
            ReceiptError::Wire(error) => write!(f, "the body: {error}"),
            ReceiptError::Meaning(what) => write!(f, "the body: {what}"),
        }
    }
}

impl std::error::Error for ReceiptError {}

/// What a receipt was found to prove. Only [`verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReceipt {
    pub header: Header,
    pub leaf: Hash,
    pub checkpoint: VerifiedCheckpoint,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Salt and body were not given.
    NotGiven,
    Meant(Box<Body>),
    /// Committed to, but from a vocabulary this verifier does not know.
    Unknown(WireError),
}

impl VerifiedReceipt {
    /// Where the entry is from a later vocabulary: what is unknown of it. Structure holds all the same.
    pub fn unknown_meaning(&self) -> Option<String> {
        match &self.content {
            Content::NotGiven => meaning::unknown_kind(&self.header),
            Content::Meant(_) => None,
            Content::Unknown(error) => Some(error.to_string()),
        }
    }
}

impl Receipt {
    pub fn encode(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nextra {}\nindex {}\n", BASE64.encode(self.header), self.index);
        for hash in &self.proof {
            text.push_str(&BASE64.encode(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        use ReceiptError::Malformed;
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed("it is not UTF-8"))?;
        let (proof, checkpoint) = text.split_once("\n\n").ok_or(Malformed("no empty line before the checkpoint"))?;
        let mut lines = proof.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(Malformed("the first line is not that of a tlog-proof"));
        }
        let header = lines.next().and_then(|line| line.strip_prefix("extra "));
        let header = header.ok_or(Malformed("no extra line with the entry"))?;
        let header = BASE64.decode(header).ok().and_then(|bytes| bytes.try_into().ok());
        let header = header.ok_or(Malformed("the extra line is not an entry of 120 bytes"))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or(Malformed("no index line"))?;
        let mut hashes = Vec::new();
        for line in lines {
            let hash = BASE64.decode(line).ok().and_then(|hash| hash.try_into().ok());
            hashes.push(hash.ok_or(Malformed("a proof line is not a hash"))?);
            if hashes.len() > MAX_PROOF {
                return Err(Malformed("the proof is too long"));
            }
        }
        Ok(Receipt { header, index, proof: hashes, checkpoint: checkpoint.to_owned() })
    }
}

/// Checks signature, inclusion, the place of the checkpoint and, where salt and body are given, the body commitment and
/// that the body fits its entry.
pub fn verify(
    receipt: &Receipt,
    keys: &[VerifierKey],
    content: Option<(&[u8; 32], &[u8])>,
) -> Result<VerifiedReceipt, ReceiptError> {
    let header = Header::decode(&receipt.header).map_err(ReceiptError::Entry)?;
    if header.index != receipt.index {
        return Err(ReceiptError::Index { entry: header.index, receipt: receipt.index });
    }
    let opened = checkpoint::open(receipt.checkpoint.as_bytes(), keys).map_err(ReceiptError::Checkpoint)?;
    let head = opened.checkpoint();
    if header.index == 0 && header.previous_leaf != entry::genesis_link(&head.origin) {
        return Err(ReceiptError::Genesis);
    }
    if let Some(what) = meaning::kind_problem(&header) {
        return Err(ReceiptError::Kind(what));
    }
    let leaf = merkle::leaf_hash(&receipt.header);
    merkle::verify_inclusion(&leaf, header.index, head.size, &receipt.proof, &head.root)
        .map_err(ReceiptError::Inclusion)?;
    // Inclusion has shown that the index lies below the size.
    if header.index + 1 == head.size && !header.is_last_of_commit() {
        return Err(ReceiptError::WithinCommit);
    }
    let content = match content {
        None => Content::NotGiven,
        Some((salt, body)) => {
            if entry::body_commitment(&entry::origin_hash(&head.origin), salt, body) != header.body_commitment {
                return Err(ReceiptError::Body);
            }
            match Body::decode(header.kind, body) {
                Ok(body) => {
                    meaning::check(&header, &head.origin, &body).map_err(ReceiptError::Meaning)?;
                    if let Some(what) = clock_problem(&header, &body) {
                        return Err(ReceiptError::Meaning(what));
                    }
                    Content::Meant(Box::new(body))
                }
                Err(error @ WireError::Unknown { .. }) => Content::Unknown(error),
                Err(error) => return Err(ReceiptError::Wire(error)),
            }
        }
    };
    Ok(VerifiedReceipt { header, leaf, checkpoint: opened, content })
}

/// The time that a clock entry turns to is its own; the one that it turns from is that of the entry before, which is not
/// at hand.
fn clock_problem(header: &Header, body: &Body) -> Option<String> {
    let now = header.recorded_at_us;
    match body {
        Body::Clock(clock) if clock.new_us != now => {
            Some(format!("it states that the clock was set to {}, but was recorded at {now}", clock.new_us))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{ClockBody, GenesisBody};
    use crate::checkpoint::Checkpoint;
    use crate::entry::{body_commitment, genesis_link, origin_hash};
    use crate::merkle::EMPTY_ROOT;
    use crate::note::KeyKind;
    use crate::wire::Message;
    use ed25519_dalek::{Signer, SigningKey};

    const ORIGIN: &str = "example.com/ledger";
    const SALT: [u8; 32] = [6; 32];

    /// A ledger of six entries, its key, and the receipt and body of entry `index`.
    fn receipt(index: usize) -> (Receipt, VerifierKey, Vec<u8>) {
        let genesis = GenesisBody { origin: ORIGIN.into(), ..Default::default() }.encode();
        // The last of them states another time than its own.
        let clock = |index: u64| ClockBody { old_us: 1, new_us: 10 + index + u64::from(index == 5) }.encode();
        let body_of = |index: u64| if index == 0 { genesis.clone() } else { clock(index) };
        let mut previous_leaf = genesis_link(ORIGIN);
        let mut headers = Vec::new();
        for index in 0..6 {
            let header = Header {
                kind: if index == 0 { 2 } else { 5 },
                index,
                recorded_at_us: 10 + index,
                previous_leaf,
                flags: 4,
                parts: 0,
                body_commitment: body_commitment(&origin_hash(ORIGIN), &SALT, &body_of(index)),
                parts_root: EMPTY_ROOT,
            };
            previous_leaf = header.leaf_hash();
            headers.push(header);
        }
        let leaves: Vec<Hash> = headers.iter().map(Header::leaf_hash).collect();
        let secret = SigningKey::from_bytes(&[3; 32]);
        let key = VerifierKey::new(ORIGIN, KeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
        let head = Checkpoint { origin: ORIGIN.into(), size: 6, root: merkle::root(&leaves) };
        let receipt = Receipt {
            header: headers[index].encode(),
            index: index as u64,
            proof: merkle::inclusion_proof(&leaves, index),
            checkpoint: head.sign(&key, |message| secret.sign(message).to_bytes()),
        };
        let body = body_of(index as u64);
        (receipt, key, body)
    }

    #[test]
    fn a_receipt_proves_entry_and_body() {
        for index in 0..5 {
            let (receipt, key, body) = receipt(index);
            let parsed = Receipt::parse(receipt.encode().as_bytes()).unwrap();
            assert_eq!(parsed, receipt);
            let keys = [key];
            assert_eq!(verify(&parsed, &keys, None).unwrap().content, Content::NotGiven);
            let verified = verify(&parsed, &keys, Some((&SALT, &body))).unwrap();
            assert_eq!(verified.content, Content::Meant(Box::new(Body::decode(verified.header.kind, &body).unwrap())));
            assert_eq!(verified.header.index, index as u64);
            assert_eq!(verify(&parsed, &keys, Some((&[0; 32], &body))), Err(ReceiptError::Body));
        }
    }

    #[test]
    fn a_clock_entry_that_states_another_time_than_its_own_is_refused() {
        let (receipt, key, body) = receipt(5);
        let keys = [key];
        assert_eq!(verify(&receipt, &keys, None).unwrap().header.index, 5, "nothing is wrong with the entry alone");
        let refused = verify(&receipt, &keys, Some((&SALT, &body)));
        assert!(matches!(refused, Err(ReceiptError::Meaning(_))), "{refused:?}");
    }

    #[test]
    fn every_flipped_byte_of_a_receipt_is_found() {
        for index in [0, 4] {
            let (receipt, key, _) = receipt(index);
            let keys = [key];
            let text = receipt.encode().into_bytes();
            for at in 0..text.len() {
                let mut altered = text.clone();
                altered[at] ^= 1;
                let verdict = Receipt::parse(&altered).and_then(|receipt| verify(&receipt, &keys, None));
                assert!(verdict.is_err(), "byte {at} of the receipt for {index}");
            }
        }
    }
}
