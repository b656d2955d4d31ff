//! The few primitives the vault uses: AES-256-GCM with a random nonce or for a key used once, AES-256-GCM-SIV for rows
//! that have a number of their own, HMAC-SHA-256, randomness.

use super::VaultError;
use aws_lc_rs::aead::{AES_256_GCM, AES_256_GCM_SIV, Aad, Algorithm, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use whosaw_verifier::hash::Hash;
use zeroize::{Zeroize as _, Zeroizing};

/// A 32-byte secret that is wiped when dropped. Has no text form, so that no log and no error can ever show one.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    pub fn new(bytes: [u8; 32]) -> Self {
        Secret(Zeroizing::new(bytes))
    }

    pub fn random() -> Result<Self, VaultError> {
        let mut secret = Secret::new([0; 32]);
        rand::fill(&mut secret[..]).map_err(|_| VaultError::NoRandomness)?;
        Ok(secret)
    }
}

impl Deref for Secret {
    type Target = [u8; 32];
    fn deref(&self) -> &[u8; 32] {
        &self.0
    }
}

impl DerefMut for Secret {
    fn deref_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }
}

/// Straight from the generator: for keys, person ids and nonces.
pub fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0u8; N];
    rand::fill(&mut bytes).map_err(|_| VaultError::NoRandomness)?;
    Ok(bytes)
}

/// A call of the generator costs as much as two HMACs, whatever its length: each thread draws some of it ahead.
const AHEAD: usize = 1_024;

struct Ahead {
    bytes: Zeroizing<[u8; AHEAD]>,
    left: usize,
}

thread_local! {
    static DRAWN: RefCell<Ahead> = RefCell::new(Ahead { bytes: Zeroizing::new([0; AHEAD]), left: 0 });
}

/// The generator's output, drawn ahead and wiped as it is handed out. For salts, seeds and masks only: none of them is a
/// key, and none gives anything away if a copied machine draws the same ones for other content.
pub fn random_ahead<const N: usize>() -> Result<[u8; N], VaultError> {
    const { assert!(N <= AHEAD) };
    DRAWN.with_borrow_mut(|drawn| {
        if drawn.left < N {
            rand::fill(&mut drawn.bytes[..]).map_err(|_| VaultError::NoRandomness)?;
            drawn.left = AHEAD;
        }
        drawn.left -= N;
        let (left, mut out) = (drawn.left, [0u8; N]);
        let taken = &mut drawn.bytes[left..left + N];
        out.copy_from_slice(taken);
        taken.zeroize();
        Ok(out)
    })
}

/// nonce 12 ‖ ciphertext ‖ tag. A random nonce is safe here: a wrapping key seals far fewer than 2^32 values in its life.
pub fn wrap(key: &[u8; 32], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let nonce = random::<NONCE_LEN>()?;
    let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + 16);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let tag = cipher(&AES_256_GCM, key)
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut out[NONCE_LEN..])
        .map_err(|_| VaultError::Sealing)?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

/// Opens what [`wrap`] made; nothing when key, place or bytes do not fit.
pub fn unwrap(key: &[u8; 32], aad: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_LEN>()?;
    let mut bytes = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = cipher(&AES_256_GCM, key).open_in_place(nonce, Aad::from(aad), &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

pub fn unwrap_key(key: &[u8; 32], aad: &[u8], wrapped: &[u8]) -> Option<Secret> {
    let bytes = unwrap(key, aad, wrapped)?;
    let mut secret = Secret::new([0; 32]);
    if bytes.len() != secret.len() {
        return None;
    }
    secret.copy_from_slice(&bytes);
    Some(secret)
}

/// AES-256-GCM with the zero nonce, for a key that is used once; seals `bytes` from `from` on and adds the tag.
pub fn seal_once(key: &[u8; 32], aad: &[u8], bytes: &mut Vec<u8>, from: usize) -> Result<(), VaultError> {
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    let tag = cipher(&AES_256_GCM, key)
        .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut bytes[from..])
        .map_err(|_| VaultError::Sealing)?;
    bytes.extend_from_slice(tag.as_ref());
    Ok(())
}

/// Seals rows that have a place of their own, which is the nonce: without randomness, and as many as there will ever be.
/// A place may be sealed twice with other content (an entry that a crash took, another one that got its index): with
/// GCM-SIV that tells nobody anything.
pub struct PlaceCipher(LessSafeKey);

impl PlaceCipher {
    pub fn new(key: &[u8; 32]) -> Self {
        PlaceCipher(cipher(&AES_256_GCM_SIV, key))
    }

    pub fn seal(&self, place: [u8; NONCE_LEN], bytes: &mut Vec<u8>) -> Result<(), VaultError> {
        let nonce = Nonce::assume_unique_for_key(place);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::empty(), bytes).map_err(|_| VaultError::Sealing)?;
        bytes.extend_from_slice(tag.as_ref());
        Ok(())
    }

    pub fn open<'a>(&self, place: [u8; NONCE_LEN], sealed: &'a mut [u8]) -> Option<&'a [u8]> {
        let nonce = Nonce::assume_unique_for_key(place);
        self.0.open_in_place(nonce, Aad::empty(), sealed).ok().map(|plain| &*plain)
    }
}

fn cipher(algorithm: &'static Algorithm, key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(algorithm, key).expect("the key has 32 bytes"))
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
