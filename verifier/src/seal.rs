//! Sealed parts: how content about one person stands in the ledger, and how one part is opened without the others.
//!
//! Every construction of the design's section on persons, byte for byte. Key management is the vault's; what an opened
//! part says is [`crate::part`]'s. [`seal`] is the slow reference that the vault is tested against.
//!
//! ```text
//! pt     u32 length ‖ part ‖ zeros, in all the next power of two, 256 bytes to 1 MiB
//! seed   HMAC(K, "whosaw/seed/v1\0" ‖ 32 random bytes ‖ B ‖ j ‖ SHA-256(pt))
//! P      HMAC(K, "whosaw/part/v1\0" ‖ O ‖ seed)       disclosing P opens this part alone
//! enc    HMAC(P, "enc")       kc  HMAC(P, "commit")   key commitment: one ciphertext, one opening
//! ct‖tag AES-256-GCM(enc, nonce 0, AAD "whosaw/part/v1\0" ‖ O ‖ B ‖ j ‖ seed ‖ kc, pt)
//! S      0x01 ‖ seed ‖ kc ‖ ct ‖ tag
//! ```
//!
//! O is the origin's SHA-256, B the body commitment, j the part's ordinal (u32, big-endian).

use crate::hash::{Hash, hmac_matches, hmac_sha256, sha256};
use crate::merkle;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use std::fmt;

pub const MIN_PADDED: usize = 256;
pub const MAX_PADDED: usize = 1 << 20;
/// What one part can hold; longer content is cut into several ordinals.
pub const MAX_PART: usize = MAX_PADDED - 4;
/// Bytes of S around the ciphertext.
pub const OVERHEAD: usize = 1 + 32 + 32 + 16;

const SEALED_VERSION: u8 = 1;
const PART_LABEL: &[u8] = b"whosaw/part/v1\0";

/// Why a part does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenError {
    /// The bytes are not a sealed part.
    Malformed(&'static str),
    /// P is another part's key: the commitment says so before anything is decrypted.
    OtherKey,
    /// The right key, but the ciphertext or what it is bound to (origin, body, ordinal, seed) was changed.
    Altered,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Malformed(what) => write!(f, "not a sealed part: {what}"),
            OpenError::OtherKey => f.write_str("the disclosed key does not belong to this part"),
            OpenError::Altered => f.write_str("the sealed part was altered, or belongs to another place"),
        }
    }
}

impl std::error::Error for OpenError {}

/// S, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedPartView<'a> {
    pub seed: &'a Hash,
    /// Key commitment.
    pub kc: &'a Hash,
    /// Ciphertext and its 16-byte tag.
    pub ciphertext_and_tag: &'a [u8],
}

impl<'a> SealedPartView<'a> {
    pub fn parse(sealed: &'a [u8]) -> Result<Self, OpenError> {
        let (version, rest) = sealed.split_first().ok_or(OpenError::Malformed("it is empty"))?;
        if *version != SEALED_VERSION {
            return Err(OpenError::Malformed("its version is not known"));
        }
        let (seed, rest) = rest.split_first_chunk().ok_or(OpenError::Malformed("it is cut short"))?;
        let (kc, rest) = rest.split_first_chunk().ok_or(OpenError::Malformed("it is cut short"))?;
        match rest.len().checked_sub(16) {
            Some(n) if n.is_power_of_two() && (MIN_PADDED..=MAX_PADDED).contains(&n) => {
                Ok(SealedPartView { seed, kc, ciphertext_and_tag: rest })
            }
            _ => Err(OpenError::Malformed("its length is not a padded one")),
        }
    }
}

/// The leaf of a sealed part in the tree whose root stands in the header.
pub fn part_leaf(sealed: &[u8]) -> Hash {
    merkle::leaf_hash(sealed)
}

/// Opens S with its own key P. The key commitment is compared first, in constant time.
pub fn open_with_p(
    p: &Hash,
    origin_hash: &Hash,
    body: &Hash,
    ordinal: u32,
    sealed: &[u8],
) -> Result<Vec<u8>, OpenError> {
    let view = SealedPartView::parse(sealed)?;
    if !hmac_matches(p, &[b"commit"], view.kc) {
        return Err(OpenError::OtherKey);
    }
    let aad = associated_data(origin_hash, body, ordinal, view.seed, view.kc);
    let padded = cipher(p)
        .decrypt(&Nonce::default(), Payload { msg: view.ciphertext_and_tag, aad: &aad })
        .map_err(|_| OpenError::Altered)?;
    unpad(&padded).map(<[u8]>::to_vec).ok_or(OpenError::Malformed("its padding is not the design's"))
}

/// Whether the key P made this commitment; what a search over a person's keys asks of each part.
pub fn commits_to(p: &Hash, kc: &Hash) -> bool {
    hmac_matches(p, &[b"commit"], kc)
}

/// The reference: seals `part` under K with 32 random bytes. `None` if the part is too long.
pub fn seal(k: &Hash, random: &Hash, origin_hash: &Hash, body: &Hash, ordinal: u32, part: &[u8]) -> Option<Vec<u8>> {
    let padded = pad(part)?;
    let seed = seed(k, random, body, ordinal, &sha256(&[&padded]));
    let p = derive_p(k, origin_hash, &seed);
    let kc = commitment(&p);
    let aad = associated_data(origin_hash, body, ordinal, &seed, &kc);
    let ciphertext =
        cipher(&p).encrypt(&Nonce::default(), Payload { msg: &padded, aad: &aad }).expect("AES-GCM takes up to 64 GiB");
    Some([&[SEALED_VERSION], &seed[..], &kc, &ciphertext].concat())
}

/// u32 length ‖ part ‖ zeros. `None` if the part is too long for one ordinal.
pub fn pad(part: &[u8]) -> Option<Vec<u8>> {
    if part.len() > MAX_PART {
        return None;
    }
    let length = u32::try_from(part.len()).expect("a part is at most 1 MiB");
    let mut padded = Vec::with_capacity(padded_bytes(part.len()));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(part);
    padded.resize(padded_bytes(part.len()), 0);
    Some(padded)
}

/// The part inside, if the padding is exactly what [`pad`] makes.
pub fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let (length, rest) = padded.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok().filter(|n| *n <= rest.len())?;
    let (part, zeros) = rest.split_at(length);
    (padded.len() == padded_bytes(length) && padded.len() <= MAX_PADDED && zeros.iter().all(|byte| *byte == 0))
        .then_some(part)
}

fn padded_bytes(part: usize) -> usize {
    (part + 4).next_power_of_two().max(MIN_PADDED)
}

/// HMAC(K, "whosaw/seed/v1\0" ‖ random ‖ B ‖ j ‖ SHA-256(pt)).
pub fn seed(k: &Hash, random: &Hash, body: &Hash, ordinal: u32, padded_hash: &Hash) -> Hash {
    hmac_sha256(k, &[b"whosaw/seed/v1\0", random, body, &ordinal.to_be_bytes(), padded_hash])
}

/// P: the key of one part.
pub fn derive_p(k: &Hash, origin_hash: &Hash, seed: &Hash) -> Hash {
    hmac_sha256(k, &[PART_LABEL, origin_hash, seed])
}

/// The AES-256 key of one part. Used once, hence the nonce of zeros.
pub fn encryption_key(p: &Hash) -> Hash {
    hmac_sha256(p, &[b"enc"])
}

/// kc: the commitment to one part's key.
pub fn commitment(p: &Hash) -> Hash {
    hmac_sha256(p, &[b"commit"])
}

/// "whosaw/part/v1\0" ‖ O ‖ B ‖ j ‖ seed ‖ kc.
pub fn associated_data(origin_hash: &Hash, body: &Hash, ordinal: u32, seed: &Hash, kc: &Hash) -> Vec<u8> {
    [PART_LABEL, origin_hash, body, &ordinal.to_be_bytes(), seed, kc].concat()
}

/// x of one sharer: HMAC(Kᵢ, "whosaw/share/v1\0" ‖ O ‖ B ‖ j), j the shared part's ordinal.
pub fn share(k: &Hash, origin_hash: &Hash, body: &Hash, ordinal: u32) -> Hash {
    hmac_sha256(k, &[b"whosaw/share/v1\0", origin_hash, body, &ordinal.to_be_bytes()])
}

/// The K of content that several persons share: all x, sharers in ascending ordinal of their own parts.
pub fn shared_key(shares: &[Hash]) -> Hash {
    sha256(&[b"whosaw/shared/v1\0", shares.as_flattened()])
}

/// The blinded key of a person's n-th index row under one data key.
pub fn index_key(k: &Hash, n: u64) -> [u8; 16] {
    first_16(hmac_sha256(k, &[b"idx", &n.to_be_bytes()]))
}

/// What the place in the n-th index row is masked with; `r` is stored before it.
pub fn index_mask(k: &Hash, n: u64, r: &[u8; 8]) -> [u8; 16] {
    first_16(hmac_sha256(k, &[b"val", &n.to_be_bytes(), r]))
}

/// The whole value of an index row: r ‖ ((index ‖ ordinal ‖ 0) XOR mask).
pub fn index_value(k: &Hash, n: u64, r: &[u8; 8], index: u64, ordinal: u32) -> [u8; 24] {
    let mut value = [0; 24];
    value[8..16].copy_from_slice(&index.to_be_bytes());
    value[16..20].copy_from_slice(&ordinal.to_be_bytes());
    value[8..].iter_mut().zip(index_mask(k, n, r)).for_each(|(byte, mask)| *byte ^= mask);
    value[..8].copy_from_slice(r);
    value
}

/// The (index, ordinal) an index row points to; nothing if the row is not this key's n-th.
pub fn read_index_value(k: &Hash, n: u64, value: &[u8; 24]) -> Option<(u64, u32)> {
    let (r, masked) = value.split_first_chunk::<8>()?;
    let mut plain = index_mask(k, n, r);
    plain.iter_mut().zip(masked).for_each(|(byte, mask)| *byte ^= mask);
    let place = u128::from_be_bytes(plain);
    (place as u32 == 0).then_some(((place >> 64) as u64, (place >> 32) as u32))
}

/// The stored digest of a request, keyed so that it cannot serve to guess what was erased.
pub fn request_digest(k: &Hash, origin_hash: &Hash, body: &Hash, request: &Hash) -> Hash {
    hmac_sha256(k, &[b"whosaw/request/v1\0", origin_hash, body, request])
}

fn cipher(p: &Hash) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(encryption_key(p)))
}

fn first_16(hash: Hash) -> [u8; 16] {
    *hash.first_chunk().expect("a hash has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    const K: Hash = [1; 32];
    const RANDOM: Hash = [2; 32];
    const O: Hash = [3; 32];
    const B: Hash = [4; 32];

    fn key_of(sealed: &[u8]) -> Hash {
        derive_p(&K, &O, SealedPartView::parse(sealed).unwrap().seed)
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        for length in [0, 1, 251, 252, 253, 508, 509, 5000] {
            let part: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let sealed = seal(&K, &RANDOM, &O, &B, 5, &part).unwrap();
            let p = key_of(&sealed);
            assert_eq!(open_with_p(&p, &O, &B, 5, &sealed), Ok(part));
            assert_eq!(open_with_p(&p, &O, &B, 6, &sealed), Err(OpenError::Altered));
            assert_eq!(open_with_p(&p, &O, &O, 5, &sealed), Err(OpenError::Altered));
            assert_eq!(open_with_p(&p, &B, &B, 5, &sealed), Err(OpenError::Altered));
            assert_eq!(open_with_p(&K, &O, &B, 5, &sealed), Err(OpenError::OtherKey));
        }
    }

    #[test]
    fn every_flipped_bit_of_a_sealed_part_is_found() {
        let sealed = seal(&K, &RANDOM, &O, &B, 0, b"mia_li_3668").unwrap();
        let p = key_of(&sealed);
        for bit in 0..8 * sealed.len() {
            let mut altered = sealed.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(open_with_p(&p, &O, &B, 0, &altered).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn padding_hides_lengths_and_has_one_form() {
        assert_eq!(pad(&[7; 252]).unwrap().len(), 256);
        assert_eq!(pad(&[7; 253]).unwrap().len(), 512);
        assert_eq!(pad(&[7; MAX_PART]).unwrap().len(), MAX_PADDED);
        assert_eq!(pad(&[7; MAX_PART + 1]), None);
        let padded = pad(b"abc").unwrap();
        assert_eq!(unpad(&padded), Some(&b"abc"[..]));
        let mut dirty = padded.clone();
        dirty[255] = 1;
        assert_eq!(unpad(&dirty), None);
        let mut longer = padded.clone();
        longer.resize(512, 0);
        assert_eq!(unpad(&longer), None);
        assert_eq!(unpad(&padded[..3]), None);
        assert_eq!(unpad(&[255; 256]), None);
    }

    #[test]
    fn an_index_row_says_its_place_to_its_key_alone() {
        let value = index_value(&K, 9, &[6; 8], 1 << 40, 99_999);
        assert_eq!(read_index_value(&K, 9, &value), Some((1 << 40, 99_999)));
        assert_eq!(read_index_value(&K, 8, &value), None);
        assert_eq!(read_index_value(&O, 9, &value), None);
    }
}
