//! One key tried against very many parts: what commitment it would have made, computed on the bare blocks of SHA-256.
//!
//! `P = HMAC(K, label ‖ O ‖ seed)` and `kc = HMAC(P, "commit")` are seven blocks, and nothing of them can be kept from one part
//! to the next but what the key and the origin begin with. Over millions of parts the general HMAC costs as much again for
//! what it copies and pads.

use super::crypto::Secret;
use sha2::block_api::compress256;
use whosaw_verifier::hash::Hash;
use zeroize::{Zeroize as _, Zeroizing};

type State = [u32; 8];
const BLOCK: usize = 64;
const LABEL: &[u8; 15] = b"whosaw/part/v1\0";
/// Where the seed begins in the message, and how much of it the first block takes.
const SEED: usize = LABEL.len() + 32;
const SEED_FIRST: usize = BLOCK - SEED;

/// FIPS 180-4, 5.3.3.
const INITIAL: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The last block of a message of `before` blocks and these bytes.
const fn ending<const N: usize>(text: &[u8; N], before: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut at = 0;
    while at < N {
        block[at] = text[at];
        at += 1;
    }
    block[N] = 0x80;
    let bits = ((before * BLOCK as u64 + N as u64) * 8).to_be_bytes();
    at = 0;
    while at < bits.len() {
        block[BLOCK - bits.len() + at] = bits[at];
        at += 1;
    }
    block
}

/// "commit", behind the block of the key.
const COMMIT: [u8; BLOCK] = ending(b"commit", 1);
/// A digest, behind the block of the key.
const DIGEST: [u8; BLOCK] = ending(&[0; 32], 1);
/// The rest of the seed, behind the block of the key and the first of the message.
const SEED_REST: [u8; BLOCK] = ending(&[0; 32 - SEED_FIRST], 2);

/// A key with all of it that is the same for every part.
pub struct Trial {
    inner: Zeroizing<State>,
    outer: Zeroizing<State>,
    first: [u8; BLOCK],
}

impl Trial {
    pub fn new(key: &Secret, origin_hash: &Hash) -> Self {
        let (inner, outer) = keyed(key);
        let mut first = [0; BLOCK];
        first[..LABEL.len()].copy_from_slice(LABEL);
        first[LABEL.len()..SEED].copy_from_slice(origin_hash);
        Trial { inner: Zeroizing::new(inner), outer: Zeroizing::new(outer), first }
    }

    /// The commitment of a part with this seed, were it sealed with this key.
    pub fn commitment(&self, seed: &Hash) -> Hash {
        let (mut first, mut rest) = (self.first, SEED_REST);
        first[SEED..].copy_from_slice(&seed[..SEED_FIRST]);
        rest[..32 - SEED_FIRST].copy_from_slice(&seed[SEED_FIRST..]);
        let mut inner = *self.inner;
        compress256(&mut inner, &[first, rest]);
        let mut p = finished(*self.outer, &inner);
        let (mut inner_of_p, mut outer_of_p) = keyed(&p);
        compress256(&mut inner_of_p, &[COMMIT]);
        let commitment = finished(outer_of_p, &inner_of_p);
        // Of the one part in thousands that is theirs this is what opens it.
        p.zeroize();
        inner.zeroize();
        inner_of_p.zeroize();
        outer_of_p.zeroize();
        commitment
    }
}

/// HMAC's two states once they have read the key.
fn keyed(key: &[u8; 32]) -> (State, State) {
    let [mut inner, mut outer] = [[0x36; BLOCK], [0x5c; BLOCK]];
    for (place, byte) in key.iter().enumerate() {
        inner[place] ^= byte;
        outer[place] ^= byte;
    }
    let (mut of_inner, mut of_outer) = (INITIAL, INITIAL);
    compress256(&mut of_inner, &[inner]);
    compress256(&mut of_outer, &[outer]);
    inner.zeroize();
    outer.zeroize();
    (of_inner, of_outer)
}

/// The outer hash over the inner one.
fn finished(mut outer: State, inner: &State) -> Hash {
    let mut block = DIGEST;
    block[..32].copy_from_slice(&bytes(inner));
    compress256(&mut outer, &[block]);
    block.zeroize();
    bytes(&outer)
}

fn bytes(state: &State) -> Hash {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use whosaw_verifier::hash::hmac_sha256;

    proptest! {
        #[test]
        fn it_is_the_commitment_that_the_design_says(key: [u8; 32], origin: [u8; 32], seed: [u8; 32]) {
            let p = hmac_sha256(&key, &[b"whosaw/part/v1\0", &origin, &seed]);
            prop_assert_eq!(Trial::new(&Secret::new(key), &origin).commitment(&seed), hmac_sha256(&p, &[b"commit"]));
        }
    }
}
