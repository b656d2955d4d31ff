//! Signed notes and verifier keys (C2SP signed-note), Ed25519 only.

use crate::hash::sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use std::fmt;

/// Signature type: Ed25519 over the note's text.
pub const ED25519: u8 = 0x01;
/// Signature type: Ed25519 cosignature with a time.
pub const ED25519_COSIGNATURE: u8 = 0x04;
/// A note with more lines is refused; the specification asks for at least 16.
const SIGNATURES_MAX: usize = 64;

/// A named public key, as `name+hash+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    pub name: String,
    pub kind: u8,
    pub key: [u8; 32],
}

impl VerifierKey {
    pub fn new(name: &str, kind: u8, key: [u8; 32]) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::KeyName);
        }
        Ok(VerifierKey { name: name.to_owned(), kind, key })
    }

    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut pieces = text.trim_end().splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (pieces.next(), pieces.next(), pieces.next()) else {
            return Err(NoteError::VerifierKey);
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| NoteError::VerifierKey)?;
        let (kind, key) = bytes.split_first().ok_or(NoteError::VerifierKey)?;
        if *kind != ED25519 && *kind != ED25519_COSIGNATURE {
            return Err(NoteError::KeyType { found: *kind });
        }
        let key = VerifierKey::new(name, *kind, key.try_into().map_err(|_| NoteError::VerifierKey)?)?;
        if id.len() != 8 || id != format!("{:08x}", u32::from_be_bytes(key.id())) {
            return Err(NoteError::VerifierKey);
        }
        Ok(key)
    }

    /// First four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key).
    pub fn id(&self) -> [u8; 4] {
        let digest = sha256(&[self.name.as_bytes(), b"\n", &[self.kind], &self.key]);
        digest[..4].try_into().expect("4 of 32 bytes")
    }

    /// Strict verification: no second valid form of a signature, no small-order keys.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(&self.key), Signature::from_slice(signature)) else {
            return false;
        };
        key.verify_strict(message, &signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = STANDARD.encode([&[self.kind][..], &self.key].concat());
        write!(f, "{}+{:08x}+{encoded}", self.name, u32::from_be_bytes(self.id()))
    }
}

/// A note taken apart; nothing about it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// Ends in a line feed; this is what is signed.
    pub text: &'a str,
    pub signatures: Vec<NoteSignature<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature<'a> {
    pub name: &'a str,
    pub id: [u8; 4],
    pub bytes: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Text and signatures are separated by the last empty line.
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::Layout);
        }
        let split = note.rfind("\n\n").ok_or(NoteError::Layout)?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Layout)?;
        let signatures = lines.split('\n').map(NoteSignature::parse).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        Ok(Note { text, signatures })
    }

    /// The known keys that signed. Unknown signatures are passed over; a known one that fails spoils the note.
    pub fn verify<'k>(&self, known: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut verified = Vec::new();
        for signature in &self.signatures {
            let of_note =
                |key: &&VerifierKey| key.kind == ED25519 && key.name == signature.name && key.id() == signature.id;
            let Some(key) = known.iter().find(of_note) else { continue };
            if !key.verify(self.text.as_bytes(), &signature.bytes) {
                return Err(NoteError::BadSignature);
            }
            verified.push(key);
        }
        if verified.is_empty() { Err(NoteError::NoKnownSignature) } else { Ok(verified) }
    }
}

impl<'a> NoteSignature<'a> {
    fn parse(line: &'a str) -> Result<Self, NoteError> {
        let rest = line.strip_prefix("\u{2014} ").ok_or(NoteError::Layout)?;
        let (name, encoded) = rest.split_once(' ').ok_or(NoteError::Layout)?;
        if !is_key_name(name) {
            return Err(NoteError::KeyName);
        }
        let decoded = STANDARD.decode(encoded).map_err(|_| NoteError::Layout)?;
        let (id, bytes) = decoded.split_first_chunk::<4>().ok_or(NoteError::Layout)?;
        Ok(NoteSignature { name, id: *id, bytes: bytes.to_vec() })
    }
}

/// Writes a note: `text` must end in a line feed; `sign` makes the Ed25519 signature over it.
pub fn sign(text: &str, key: &VerifierKey, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> String {
    let line = [&key.id()[..], &sign(text.as_bytes())].concat();
    format!("{text}\n\u{2014} {} {}\n", key.name, STANDARD.encode(line))
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('+') && !name.chars().any(char::is_whitespace)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteError {
    Layout,
    KeyName,
    KeyType { found: u8 },
    VerifierKey,
    TooManySignatures,
    NoKnownSignature,
    BadSignature,
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout => write!(f, "not a signed note"),
            Self::KeyName => write!(f, "a key name is empty or has a space or '+'"),
            Self::KeyType { found } => write!(f, "key type {found:#04x} is not supported"),
            Self::VerifierKey => write!(f, "not a verifier key (name+hash+key)"),
            Self::TooManySignatures => write!(f, "more than {SIGNATURES_MAX} signatures"),
            Self::NoKnownSignature => write!(f, "no signature by a known key"),
            Self::BadSignature => write!(f, "a signature by a known key does not verify"),
        }
    }
}

impl std::error::Error for NoteError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_s_key_is_read_and_written() {
        let text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        let key = VerifierKey::parse(text).expect("the specification's key");
        assert_eq!((key.name.as_str(), key.kind), ("example.com/foo", ED25519));
        assert_eq!(key.to_string(), text);
        assert_eq!(VerifierKey::parse(&text.replace("530d", "530e")), Err(NoteError::VerifierKey));
    }
}
