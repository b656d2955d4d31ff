//! An entry: the 120-byte header by which something has its place in the ledger, and commits to its content.
//!
//! What the content means stands in [`crate::body`] and [`crate::part`]; how entries follow each other is checked in
//! [`crate::export`].

use crate::hash::{Hash, sha256};
use crate::merkle::{self, EMPTY_ROOT};
use std::fmt;

pub const HEADER_BYTES: usize = 120;

/// The clock had stepped back; the time is that of the entry before.
pub const TIME_CLAMPED: u16 = 0x0001;
/// The machine's clock was not synchronised.
pub const CLOCK_NOT_SYNCHRONISED: u16 = 0x0002;
/// Last of an atomic commit: a checkpoint may stand only after such an entry.
pub const LAST_OF_COMMIT: u16 = 0x0004;

const VERSION: u8 = 1;
const KNOWN_FLAGS: u16 = TIME_CLAMPED | CLOCK_NOT_SYNCHRONISED | LAST_OF_COMMIT;

/// Integers are big-endian.
///
/// | offset | bytes | field                                                                        |
/// |-------:|------:|------------------------------------------------------------------------------|
/// |      0 |     1 | layout version, 1 (offsets 0 to 49 keep their meaning in every version)       |
/// |      1 |     1 | kind                                                                         |
/// |      2 |     8 | index                                                                        |
/// |     10 |     8 | recorded at, Unix microseconds                                               |
/// |     18 |    32 | leaf hash of the previous entry; for entry 0 the [`genesis_link`]            |
/// |     50 |     2 | flags                                                                        |
/// |     52 |     4 | number of sealed parts                                                       |
/// |     56 |    32 | [`body_commitment`]                                                          |
/// |     88 |    32 | RFC 6962 root over the sealed parts; the empty root if there are none         |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Why bytes are not an entry of this layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryError {
    Length(usize),
    Version(u8),
    /// 0 is invalid, 128 to 255 are reserved.
    Kind(u8),
    Flags(u16),
    /// The empty root stands with parts, or another root without.
    PartsRoot {
        parts: u32,
    },
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryError::Length(length) => write!(f, "an entry has 120 bytes, not {length}"),
            EntryError::Version(version) => write!(f, "layout version {version} is not known"),
            EntryError::Kind(kind) => write!(f, "kind {kind} is invalid or reserved"),
            EntryError::Flags(flags) => write!(f, "flags {flags:#06x} include unknown ones"),
            EntryError::PartsRoot { parts } => write!(f, "the root over the parts does not fit a number of {parts}"),
        }
    }
}

impl std::error::Error for EntryError {}

impl Header {
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0] = VERSION;
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
        let bytes: &[u8; HEADER_BYTES] = bytes.try_into().map_err(|_| EntryError::Length(bytes.len()))?;
        if bytes[0] != VERSION {
            return Err(EntryError::Version(bytes[0]));
        }
        let header = Header {
            kind: bytes[1],
            index: u64::from_be_bytes(array(bytes, 2)),
            recorded_at_us: u64::from_be_bytes(array(bytes, 10)),
            previous_leaf: array(bytes, 18),
            flags: u16::from_be_bytes(array(bytes, 50)),
            parts: u32::from_be_bytes(array(bytes, 52)),
            body_commitment: array(bytes, 56),
            parts_root: array(bytes, 88),
        };
        if header.kind == 0 || header.kind >= 128 {
            return Err(EntryError::Kind(header.kind));
        }
        if header.flags & !KNOWN_FLAGS != 0 {
            return Err(EntryError::Flags(header.flags));
        }
        if (header.parts == 0) != (header.parts_root == EMPTY_ROOT) {
            return Err(EntryError::PartsRoot { parts: header.parts });
        }
        Ok(header)
    }

    /// The RFC 6962 leaf of this entry.
    pub fn leaf_hash(&self) -> Hash {
        merkle::leaf_hash(&self.encode())
    }

    pub fn is_last_of_commit(&self) -> bool {
        self.flags & LAST_OF_COMMIT != 0
    }
}

/// What entry 0 carries in place of a previous leaf.
pub fn genesis_link(origin: &str) -> Hash {
    sha256(&[b"whosaw/genesis/v1\0", origin.as_bytes()])
}

/// O of the design: by this the ledger's name enters fixed-length constructions.
pub fn origin_hash(origin: &str) -> Hash {
    sha256(&[origin.as_bytes()])
}

/// B of the design. The salt keeps a removed body from being guessed.
pub fn body_commitment(origin_hash: &Hash, salt: &[u8; 32], body: &[u8]) -> Hash {
    sha256(&[b"whosaw/body/v1\0", origin_hash, salt, body])
}

/// `N` bytes at an offset that the layout guarantees.
fn array<const N: usize>(bytes: &[u8; HEADER_BYTES], offset: usize) -> [u8; N] {
    bytes[offset..offset + N].try_into().expect("the layout lies within the header")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            kind: 1,
            index: 7,
            recorded_at_us: 1_700_000_000_000_000,
            previous_leaf: [1; 32],
            flags: LAST_OF_COMMIT,
            parts: 2,
            body_commitment: [2; 32],
            parts_root: [3; 32],
        }
    }

    #[test]
    fn what_is_encoded_decodes() {
        assert_eq!(Header::decode(&header().encode()), Ok(header()));
        assert_eq!(header().leaf_hash(), merkle::leaf_hash(&header().encode()));
    }

    #[test]
    fn what_is_not_of_this_layout_is_refused() {
        let check = |offset: usize, value: u8, expected: EntryError| {
            let mut bytes = header().encode();
            bytes[offset] = value;
            assert_eq!(Header::decode(&bytes), Err(expected));
        };
        check(0, 0, EntryError::Version(0));
        check(0, 2, EntryError::Version(2));
        check(1, 0, EntryError::Kind(0));
        check(1, 128, EntryError::Kind(128));
        check(51, 0x08, EntryError::Flags(8));
        check(50, 0x80, EntryError::Flags(0x8004));
        check(55, 0, EntryError::PartsRoot { parts: 0 });
        assert_eq!(Header::decode(&header().encode()[..119]), Err(EntryError::Length(119)));
        let bytes = Header { parts_root: EMPTY_ROOT, ..header() }.encode();
        assert_eq!(Header::decode(&bytes), Err(EntryError::PartsRoot { parts: 2 }));
    }
}
