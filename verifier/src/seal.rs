//! How a part is sealed, and how a disclosed part is opened and held to its commitment.
//!
//! The server seals with another library; this is the reference that it is tested against, and all an auditor needs to
//! open what was disclosed to them. K is a person's data key, O = SHA-256(origin), B the body commitment, j the ordinal.

use crate::hash::{Hash, equal_in_constant_time, hmac_sha256, sha256};
use crate::merkle;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use std::fmt;

const VERSION: u8 = 1;
pub const TAG_BYTES: usize = 16;
/// version ‖ seed ‖ kc
pub const PREFIX_BYTES: usize = 1 + 32 + 32;
/// Smallest and largest padded plaintext; between them powers of two, so that a length tells a size class only.
pub const PADDED_MIN: usize = 256;
pub const PADDED_MAX: usize = 1 << 20;

/// u32 length ‖ part ‖ zeros, in all the next power of two.
pub fn pad(part: &[u8]) -> Result<Vec<u8>, SealError> {
    let needed = part.len() + 4;
    if needed > PADDED_MAX {
        return Err(SealError::TooLong { found: part.len() });
    }
    let mut padded = Vec::with_capacity(needed.next_power_of_two().max(PADDED_MIN));
    padded.extend_from_slice(&(part.len() as u32).to_be_bytes());
    padded.extend_from_slice(part);
    padded.resize(needed.next_power_of_two().max(PADDED_MIN), 0);
    Ok(padded)
}

/// The part inside a padded plaintext; only the one padding that [`pad`] makes is accepted.
pub fn unpad(padded: &[u8]) -> Result<&[u8], SealError> {
    let (length, rest) = padded.split_first_chunk::<4>().ok_or(SealError::Padding)?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > rest.len() || (length + 4).next_power_of_two().max(PADDED_MIN) != padded.len() {
        return Err(SealError::Padding);
    }
    let (part, zeros) = rest.split_at(length);
    if zeros.iter().any(|byte| *byte != 0) {
        return Err(SealError::Padding);
    }
    Ok(part)
}

/// The seed binds randomness, place and plaintext, so that a repeated random cannot repeat a key for other content.
pub fn seed(k: &Hash, random: &[u8; 32], b: &Hash, ordinal: u32, padded: &[u8]) -> Hash {
    hmac_sha256(k, &[b"whosaw/seed/v1\0", random, b, &ordinal.to_be_bytes(), &sha256(&[padded])])
}

/// P: disclosing it opens this part alone.
pub fn part_key(k: &Hash, origin_hash: &Hash, seed: &Hash) -> Hash {
    hmac_sha256(k, &[b"whosaw/part/v1\0", origin_hash, seed])
}

pub fn encryption_key(p: &Hash) -> Hash {
    hmac_sha256(p, &[b"enc"])
}

/// kc: makes one ciphertext have one opening.
pub fn key_commitment(p: &Hash) -> Hash {
    hmac_sha256(p, &[b"commit"])
}

/// What the ciphertext is bound to.
pub fn associated_data(origin_hash: &Hash, b: &Hash, ordinal: u32, seed: &Hash, kc: &Hash) -> Vec<u8> {
    [&b"whosaw/part/v1\0"[..], origin_hash, b, &ordinal.to_be_bytes(), seed, kc].concat()
}

/// xᵢ: one sharer's contribution to the key of a part that several persons share; j is the shared part's ordinal.
pub fn share(k: &Hash, origin_hash: &Hash, b: &Hash, ordinal: u32) -> Hash {
    hmac_sha256(k, &[b"whosaw/share/v1\0", origin_hash, b, &ordinal.to_be_bytes()])
}

/// K of a shared part: opening needs all the sharers' keys, in ascending ordinal of their own parts.
pub fn shared_key(shares: &[Hash]) -> Hash {
    let mut pieces: Vec<&[u8]> = vec![b"whosaw/shared/v1\0"];
    pieces.extend(shares.iter().map(|share| &share[..]));
    sha256(&pieces)
}

/// S = 0x01 ‖ seed ‖ kc ‖ ct ‖ tag.
pub fn seal(
    k: &Hash,
    random: &[u8; 32],
    origin_hash: &Hash,
    b: &Hash,
    ordinal: u32,
    part: &[u8],
) -> Result<Vec<u8>, SealError> {
    let padded = pad(part)?;
    let seed = seed(k, random, b, ordinal, &padded);
    let p = part_key(k, origin_hash, &seed);
    let kc = key_commitment(&p);
    let aad = associated_data(origin_hash, b, ordinal, &seed, &kc);
    let sealed = cipher(&p)
        .encrypt(&Nonce::default(), Payload { msg: &padded, aad: &aad })
        .map_err(|_| SealError::TooLong { found: part.len() })?;
    Ok([&[VERSION][..], &seed, &kc, &sealed].concat())
}

/// A sealed part, taken apart but not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedView<'a> {
    pub seed: &'a Hash,
    pub kc: &'a Hash,
    /// ct ‖ tag
    pub ciphertext: &'a [u8],
}

impl<'a> SealedView<'a> {
    pub fn parse(sealed: &'a [u8]) -> Result<Self, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Layout)?;
        let (seed, rest) = rest.split_first_chunk::<32>().ok_or(SealError::Layout)?;
        let (kc, ciphertext) = rest.split_first_chunk::<32>().ok_or(SealError::Layout)?;
        let padded = ciphertext.len().checked_sub(TAG_BYTES).ok_or(SealError::Layout)?;
        if *version != VERSION || !padded.is_power_of_two() || !(PADDED_MIN..=PADDED_MAX).contains(&padded) {
            return Err(SealError::Layout);
        }
        Ok(SealedView { seed, kc, ciphertext })
    }
}

/// Opens one part with its disclosed P, and only with it.
pub fn open(p: &Hash, origin_hash: &Hash, b: &Hash, ordinal: u32, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let view = SealedView::parse(sealed)?;
    if !equal_in_constant_time(&key_commitment(p), view.kc) {
        return Err(SealError::WrongKey);
    }
    let aad = associated_data(origin_hash, b, ordinal, view.seed, view.kc);
    let padded = cipher(p)
        .decrypt(&Nonce::default(), Payload { msg: view.ciphertext, aad: &aad })
        .map_err(|_| SealError::Forged)?;
    Ok(unpad(&padded)?.to_vec())
}

fn cipher(p: &Hash) -> Aes256Gcm {
    // A zero nonce is safe: the key comes from P, P from a fresh seed, and is used for this one encryption.
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(encryption_key(p)))
}

/// The leaf of the parts tree.
pub fn part_leaf(sealed: &[u8]) -> Hash {
    merkle::leaf_hash(sealed)
}

/// Key of index row n of a data key, without the ledger's number before it.
pub fn index_row_key(k: &Hash, n: u64) -> [u8; 16] {
    first_half(&hmac_sha256(k, &[b"idx", &n.to_be_bytes()]))
}

/// What the place in index row n is masked with; r is 8 random bytes kept beside it.
pub fn index_row_mask(k: &Hash, n: u64, r: &[u8; 8]) -> [u8; 16] {
    first_half(&hmac_sha256(k, &[b"val", &n.to_be_bytes(), r]))
}

/// The stored form of a request's digest: without K it cannot be compared with a guess.
pub fn request_digest(k: &Hash, origin_hash: &Hash, b: &Hash, request: &Hash) -> Hash {
    hmac_sha256(k, &[b"whosaw/request/v1\0", origin_hash, b, request])
}

/// An identifier: u16-length-prefixed namespace and fields. Text must already be NFC.
pub fn encode_identifier(namespace: &str, fields: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in std::iter::once(namespace).chain(fields.iter().map(String::as_str)) {
        let length = u16::try_from(piece.len()).expect("admit bounds identifier fields far below 65,536 bytes");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(piece.as_bytes());
    }
    bytes
}

fn first_half(hash: &Hash) -> [u8; 16] {
    hash[..16].try_into().expect("16 of 32 bytes")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealError {
    TooLong {
        found: usize,
    },
    Layout,
    Padding,
    /// The key does not match the part's key commitment.
    WrongKey,
    /// The key matches but the ciphertext, or the place it stands in, does not.
    Forged,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { found } => write!(f, "a part of {found} bytes exceeds {} bytes", PADDED_MAX - 4),
            Self::Layout => write!(f, "the bytes are not a sealed part"),
            Self::Padding => write!(f, "the padding of the part is not canonical"),
            Self::WrongKey => write!(f, "the key does not open this part"),
            Self::Forged => write!(f, "the sealed part was altered or belongs elsewhere"),
        }
    }
}

impl std::error::Error for SealError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_opens_in_its_place_and_nowhere_else() {
        let (k, o, b) = ([1; 32], [2; 32], [3; 32]);
        for length in [0, 1, 251, 252, 253, 5_000, PADDED_MAX - 4] {
            let part = vec![7u8; length];
            let sealed = seal(&k, &[4; 32], &o, &b, 5, &part).expect("seals");
            let p = part_key(&k, &o, SealedView::parse(&sealed).expect("parses").seed);
            assert_eq!(open(&p, &o, &b, 5, &sealed).as_deref(), Ok(&part[..]));
            assert_eq!(open(&p, &o, &b, 6, &sealed), Err(SealError::Forged));
            assert_eq!(open(&p, &o, &[9; 32], 5, &sealed), Err(SealError::Forged));
            assert_eq!(open(&[0; 32], &o, &b, 5, &sealed), Err(SealError::WrongKey));
            let mut broken = sealed.clone();
            *broken.last_mut().expect("not empty") ^= 1;
            assert_eq!(open(&p, &o, &b, 5, &broken), Err(SealError::Forged));
        }
        assert!(matches!(seal(&k, &[4; 32], &o, &b, 5, &vec![0; PADDED_MAX - 3]), Err(SealError::TooLong { .. })));
    }
}
