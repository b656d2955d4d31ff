//! The few primitives the vault uses: AES-256-GCM with a random nonce, HMAC-SHA-256, randomness.

use super::VaultError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use whosaw_verifier::hash::Hash;
use zeroize::Zeroizing;

/// A 32-byte secret that is wiped when dropped.
pub type Secret = Zeroizing<[u8; 32]>;

pub fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0u8; N];
    rand::fill(&mut bytes).map_err(|_| VaultError::NoRandomness)?;
    Ok(bytes)
}

pub fn random_secret() -> Result<Secret, VaultError> {
    random::<32>().map(Zeroizing::new)
}

/// nonce 12 ‖ ciphertext ‖ tag. A random nonce is safe here: a wrapping key seals far fewer than 2^32 values in its life.
pub fn wrap(key: &[u8; 32], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let nonce = random::<NONCE_LEN>()?;
    let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + 16);
    out.extend_from_slice(&nonce);
    let mut sealed = plain.to_vec();
    cipher(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed)
        .map_err(|_| VaultError::Sealing)?;
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// Opens what [`wrap`] made; nothing when key, place or bytes do not fit.
pub fn unwrap(key: &[u8; 32], aad: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_LEN>()?;
    let mut bytes = Zeroizing::new(sealed.to_vec());
    let length =
        cipher(key).open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

pub fn unwrap_key(key: &[u8; 32], aad: &[u8], wrapped: &[u8]) -> Option<Secret> {
    let bytes = unwrap(key, aad, wrapped)?;
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
}

/// AES-256-GCM with the zero nonce, for a key that is used once.
pub fn seal_once(key: &[u8; 32], aad: &[u8], bytes: &mut Vec<u8>) -> Result<(), VaultError> {
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    cipher(key).seal_in_place_append_tag(nonce, Aad::from(aad), bytes).map_err(|_| VaultError::Sealing)
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("the key has 32 bytes"))
}

/// An HMAC-SHA-256 key with its two inner states computed. From RustCrypto: with the processor's SHA instructions twice as
/// fast as aws-lc's for messages of one or two blocks, and every message here is one.
#[derive(Clone)]
pub struct MacKey(Hmac<Sha256>);

/// Longer messages than any here are hashed piece by piece.
const SHORT: usize = 160;

impl MacKey {
    pub fn new(key: &[u8; 32]) -> Self {
        MacKey(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    pub fn mac(&self, pieces: &[&[u8]]) -> Hash {
        let mut mac = self.0.clone();
        let mut message = [0u8; SHORT];
        let length = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        if length <= SHORT {
            let mut at = 0;
            for piece in pieces {
                message[at..at + piece.len()].copy_from_slice(piece);
                at += piece.len();
            }
            mac.update(&message[..length]);
        } else {
            pieces.iter().for_each(|piece| mac.update(piece));
        }
        mac.finalize().into_bytes().into()
    }
}
