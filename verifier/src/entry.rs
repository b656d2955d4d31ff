//! The entry: a header of exactly 120 bytes that commits to its content and to the entry before it.

use crate::hash::{Hash, sha256};
use crate::merkle;
use std::fmt;

pub const HEADER_BYTES: usize = 120;
const LAYOUT_VERSION: u8 = 1;

/// `recorded_at` was held back or pushed on because the clock stepped.
pub const TIME_CLAMPED: u16 = 0x0001;
/// The machine did not say that its clock was synchronised.
pub const CLOCK_NOT_SYNCHRONISED: u16 = 0x0002;
/// Last entry of an atomic commit; a checkpoint may stand only here.
pub const LAST_OF_COMMIT: u16 = 0x0004;
const KNOWN_FLAGS: u16 = TIME_CLAMPED | CLOCK_NOT_SYNCHRONISED | LAST_OF_COMMIT;

/// Integers are big-endian.
///
/// | offset | bytes | field                                                        |
/// |      0 |     1 | layout version, 1                                            |
/// |      1 |     1 | kind                                                         |
/// |      2 |     8 | index                                                        |
/// |     10 |     8 | recorded_at, Unix microseconds                               |
/// |     18 |    32 | leaf hash of the previous entry: the hash chain              |
/// |     50 |     2 | flags                                                        |
/// |     52 |     4 | number of sealed parts                                       |
/// |     56 |    32 | body commitment B                                            |
/// |     88 |    32 | RFC 6962 root over the sealed parts (the empty root if none) |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub kind: u8,
    pub index: u64,
    pub recorded_at_us: u64,
    pub previous_leaf: Hash,
    pub flags: u16,
    pub parts: u32,
    pub body_commitment: Hash,
    pub parts_root: Hash,
}

impl Header {
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0u8; HEADER_BYTES];
        bytes[0] = LAYOUT_VERSION;
        bytes[1] = self.kind;
        bytes[2..10].copy_from_slice(&self.index.to_be_bytes());
        bytes[10..18].copy_from_slice(&self.recorded_at_us.to_be_bytes());
        bytes[18..50].copy_from_slice(&self.previous_leaf);
        bytes[50..52].copy_from_slice(&self.flags.to_be_bytes());
        bytes[52..56].copy_from_slice(&self.parts.to_be_bytes());
        bytes[56..88].copy_from_slice(&self.body_commitment);
        bytes[88..].copy_from_slice(&self.parts_root);
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let bytes: &[u8; HEADER_BYTES] = bytes.try_into().map_err(|_| EntryError::Length { found: bytes.len() })?;
        if bytes[0] != LAYOUT_VERSION {
            return Err(EntryError::Version { found: bytes[0] });
        }
        let flags = u16::from_be_bytes([bytes[50], bytes[51]]);
        let header = Header {
            kind: bytes[1],
            index: u64::from_be_bytes(array(&bytes[2..10])),
            recorded_at_us: u64::from_be_bytes(array(&bytes[10..18])),
            previous_leaf: array(&bytes[18..50]),
            flags,
            parts: u32::from_be_bytes(array(&bytes[52..56])),
            body_commitment: array(&bytes[56..88]),
            parts_root: array(&bytes[88..]),
        };
        if header.kind == 0 || header.kind >= 128 {
            return Err(EntryError::Kind { found: header.kind });
        }
        if flags & !KNOWN_FLAGS != 0 {
            return Err(EntryError::Flags { found: flags });
        }
        if header.parts == 0 && header.parts_root != merkle::EMPTY_ROOT {
            return Err(EntryError::PartsRoot);
        }
        Ok(header)
    }

    pub fn leaf_hash(&self) -> Hash {
        merkle::leaf_hash(&self.encode())
    }
}

/// What no honest writer puts into 120 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryError {
    Length { found: usize },
    Version { found: u8 },
    Kind { found: u8 },
    Flags { found: u16 },
    PartsRoot,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found } => write!(f, "an entry has {HEADER_BYTES} bytes, not {found}"),
            Self::Version { found } => write!(f, "layout version {found} is not 1"),
            Self::Kind { found } => write!(f, "kind {found} is invalid or reserved"),
            Self::Flags { found } => write!(f, "flags {found:#06x} are not all known"),
            Self::PartsRoot => write!(f, "no parts, but the parts root is not the empty root"),
        }
    }
}

impl std::error::Error for EntryError {}

/// SHA-256(origin), which ties commitments and seals to one ledger.
pub fn origin_hash(origin: &str) -> Hash {
    sha256(&[origin.as_bytes()])
}

/// What stands in place of a previous leaf in entry 0.
pub fn genesis_link(origin: &str) -> Hash {
    sha256(&[b"whosaw/genesis/v1\0", origin.as_bytes()])
}

/// B. The salt makes a body unguessable from its commitment, also after the body was removed.
pub fn body_commitment(origin_hash: &Hash, salt: &[u8; 32], body: &[u8]) -> Hash {
    sha256(&[b"whosaw/body/v1\0", origin_hash, salt, body])
}

/// The message that an agent signs over its own action (Ed25519).
pub fn agent_message(origin_hash: &Hash, action_id: &[u8; 16], claim: &[u8], commitments: &[Hash]) -> Vec<u8> {
    let mut message = b"whosaw/agent/v1\0".to_vec();
    message.extend_from_slice(origin_hash);
    message.extend_from_slice(action_id);
    message.extend_from_slice(&sha256(&[claim]));
    message.extend_from_slice(&(commitments.len() as u32).to_be_bytes());
    for commitment in commitments {
        message.extend_from_slice(commitment);
    }
    message
}

/// cⱼ: an agent's commitment to part j as it sent it; the random bytes keep it from being a way to guess the part.
pub fn agent_part_commitment(nonce: &[u8; 32], ordinal: u32, as_sent: &[u8]) -> Hash {
    crate::hash::hmac_sha256(nonce, &[b"whosaw/agent-part/v1\0", &ordinal.to_be_bytes(), as_sent])
}

fn array<const N: usize>(slice: &[u8]) -> [u8; N] {
    slice.try_into().expect("the offsets of the layout are constants")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_and_strangers_are_refused() {
        let header = Header {
            kind: 1,
            index: 7,
            recorded_at_us: 1_772_323_200_000_000,
            previous_leaf: [1; 32],
            flags: TIME_CLAMPED | LAST_OF_COMMIT,
            parts: 3,
            body_commitment: [2; 32],
            parts_root: [3; 32],
        };
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes), Ok(header));
        let with = |at: usize, value: u8| {
            let mut changed = bytes;
            changed[at] = value;
            Header::decode(&changed)
        };
        assert_eq!(with(0, 2), Err(EntryError::Version { found: 2 }));
        assert_eq!(with(1, 0), Err(EntryError::Kind { found: 0 }));
        assert_eq!(with(1, 128), Err(EntryError::Kind { found: 128 }));
        assert_eq!(with(51, 0x08), Err(EntryError::Flags { found: 0x0008 }));
        assert_eq!(with(55, 0), Err(EntryError::PartsRoot));
        assert_eq!(Header::decode(&bytes[1..]), Err(EntryError::Length { found: 119 }));
    }
}
