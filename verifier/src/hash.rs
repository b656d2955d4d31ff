//! SHA-256 and HMAC-SHA-256 over the pieces of a message, as the design writes them: `H(a ‖ b ‖ c)`.
//!
//! Pieces are joined without separators; that no two meanings share one concatenation is the business of whoever
//! lays the pieces out (fixed lengths, or a label that ends in a zero byte).

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A SHA-256 digest, or something as long and as opaque.
pub type Hash = [u8; 32];

/// SHA-256 of the pieces, one after the other.
pub fn sha256(pieces: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hasher.finalize().into()
}

/// HMAC-SHA-256 of the pieces, one after the other.
pub fn hmac_sha256(key: &[u8], pieces: &[&[u8]]) -> Hash {
    mac(key, pieces).finalize().into_bytes().into()
}

/// Whether `tag` is the HMAC of the pieces; takes the same time whichever byte differs.
pub fn hmac_matches(key: &[u8], pieces: &[&[u8]], tag: &Hash) -> bool {
    mac(key, pieces).verify_slice(tag).is_ok()
}

fn mac(key: &[u8], pieces: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for piece in pieces {
        mac.update(piece);
    }
    mac
}

/// Lower-case hexadecimal, for people to read.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).expect("four bits are a hexadecimal digit"));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined() {
        assert_eq!(
            hex(&sha256(&[b"a", b"", b"bc"])),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
