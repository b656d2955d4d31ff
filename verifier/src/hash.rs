//! SHA-256 and HMAC-SHA-256, over pieces, so that no caller concatenates by hand.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// SHA-256 over the pieces in order.
pub fn sha256(pieces: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hasher.finalize().into()
}

/// HMAC-SHA-256 (RFC 2104) over the pieces in order.
pub fn hmac_sha256(key: &[u8], pieces: &[&[u8]]) -> Hash {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}

/// Equality that takes the same time wherever the first difference stands.
pub fn equal_in_constant_time(a: &Hash, b: &Hash) -> bool {
    a.iter().zip(b).fold(0u8, |difference, (x, y)| difference | (x ^ y)) == 0
}
