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
        let mut made = Made { hash: **key, ..Made::default() };
        made.read_key();
        let mut first = [0; BLOCK];
        first[..LABEL.len()].copy_from_slice(LABEL);
        first[LABEL.len()..SEED].copy_from_slice(origin_hash);
        let trial = Trial { inner: Zeroizing::new(made.inner), outer: Zeroizing::new(made.outer), first };
        made.wipe();
        trial
    }

    /// Whether a part with this seed and key commitment was sealed with this key.
    ///
    /// Only where it was is what was computed wiped: that opens the part. Made of another's seed it opens nothing, and to wipe
    /// it for each of millions of parts takes a tenth of the time.
    pub fn opens(&self, seed: &Hash, commitment: &Hash) -> bool {
        let mut made = Made { inner: *self.inner, outer: *self.outer, ..Made::default() };
        let (mut first, mut rest) = (self.first, SEED_REST);
        first[SEED..].copy_from_slice(&seed[..SEED_FIRST]);
        rest[..32 - SEED_FIRST].copy_from_slice(&seed[SEED_FIRST..]);
        compress256(&mut made.inner, &[first, rest]);
        made.finish();
        made.read_key();
        compress256(&mut made.inner, &[COMMIT]);
        made.finish();
        let opens = made.hash == *commitment;
        if opens {
            made.wipe();
        }
        opens
    }
}

/// What an HMAC is computed in.
struct Made {
    inner: State,
    outer: State,
    blocks: [[u8; BLOCK]; 2],
    /// What is read as the key, and what comes out.
    hash: Hash,
}

impl Default for Made {
    fn default() -> Self {
        Made { inner: INITIAL, outer: INITIAL, blocks: [DIGEST; 2], hash: [0; 32] }
    }
}

impl Made {
    /// The two states once they have read the key.
    fn read_key(&mut self) {
        self.blocks = [[0x36; BLOCK], [0x5c; BLOCK]];
        for block in &mut self.blocks {
            block.iter_mut().zip(&self.hash).for_each(|(padded, byte)| *padded ^= byte);
        }
        (self.inner, self.outer) = (INITIAL, INITIAL);
        compress256(&mut self.inner, &self.blocks[..1]);
        compress256(&mut self.outer, &self.blocks[1..]);
    }

    /// The outer hash over the inner one.
    fn finish(&mut self) {
        self.blocks[0] = DIGEST;
        write(&self.inner, &mut self.blocks[0]);
        compress256(&mut self.outer, &self.blocks[..1]);
        write(&self.outer, &mut self.hash);
    }

    fn wipe(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
        self.blocks.zeroize();
        self.hash.zeroize();
    }
}

fn write(state: &State, to: &mut [u8]) {
    for (bytes, word) in to.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
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
            let (trial, mut commitment) = (Trial::new(&Secret::new(key), &origin), hmac_sha256(&p, &[b"commit"]));
            prop_assert!(trial.opens(&seed, &commitment));
            commitment[31] ^= 1;
            prop_assert!(!trial.opens(&seed, &commitment));
        }
    }
}
