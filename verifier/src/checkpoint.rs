//! C2SP checkpoints: the head of a ledger (origin, size, root) as a signed note.
//!
//! A [`VerifiedCheckpoint`] comes from [`open`] alone, so whoever holds one holds a head that was signed.

use crate::cosignature::{self, Cosignature};
use crate::hash::Hash;
use crate::note::{self, Note, NoteError, VerifierKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt;

/// The head of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger's name, and the name of the key that signs its checkpoints.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    pub root: Hash,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointError {
    Note(NoteError),
    /// A signed note, but its text is not a checkpoint of ours.
    Malformed(&'static str),
    /// Signed, but not under the origin's own name.
    OtherSigner {
        origin: String,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointError::Note(error) => error.fmt(f),
            CheckpointError::Malformed(what) => write!(f, "not a checkpoint: {what}"),
            CheckpointError::OtherSigner { origin } => write!(f, "no signature under the origin's own name {origin}"),
        }
    }
}

impl std::error::Error for CheckpointError {}

impl From<NoteError> for CheckpointError {
    fn from(error: NoteError) -> Self {
        CheckpointError::Note(error)
    }
}

impl Checkpoint {
    /// The note's text: origin, size, root, a line each.
    pub fn encode(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root))
    }

    /// Reads the text of a checkpoint. Extension lines are refused: a ledger writes none, and nobody audits them.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        use CheckpointError::Malformed;
        let mut lines = text.strip_suffix('\n').ok_or(Malformed("the last line is not ended"))?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(Malformed("it has not exactly three lines"));
        };
        if !note::is_key_name(origin) {
            return Err(Malformed("the origin is empty or has a space or a plus sign"));
        }
        let size = decimal(size).ok_or(Malformed("the size is not a plain decimal number"))?;
        let root = BASE64.decode(root).ok().and_then(|root| root.try_into().ok());
        Ok(Checkpoint { origin: origin.to_owned(), size, root: root.ok_or(Malformed("the root is not 32 bytes"))? })
    }

    /// The whole signed note; `sign` uses the private half of `key`, whose name must be the origin.
    pub fn sign(&self, key: &VerifierKey, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> String {
        note::sign(&self.encode(), key, sign)
    }
}

/// A checkpoint that a key of its origin has signed. Only [`open`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    checkpoint: Checkpoint,
    signers: Vec<VerifierKey>,
    cosignatures: Vec<Cosignature>,
}

impl VerifiedCheckpoint {
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The given keys of the origin that signed.
    pub fn signers(&self) -> &[VerifierKey] {
        &self.signers
    }

    /// Valid cosignatures by given witness keys.
    pub fn cosignatures(&self) -> &[Cosignature] {
        &self.cosignatures
    }
}

/// Verifies a checkpoint note against log keys (at least one must have signed) and witness keys (any number).
pub fn open(note: &[u8], keys: &[VerifierKey]) -> Result<VerifiedCheckpoint, CheckpointError> {
    let note = Note::parse(note)?;
    let signers = note.verify(keys)?;
    let checkpoint = Checkpoint::parse(note.text())?;
    let signers: Vec<VerifierKey> =
        signers.into_iter().filter(|key| key.name() == checkpoint.origin).cloned().collect();
    if signers.is_empty() {
        return Err(CheckpointError::OtherSigner { origin: checkpoint.origin });
    }
    let cosignatures = cosignature::verify(&note, keys)?;
    Ok(VerifiedCheckpoint { checkpoint, signers, cosignatures })
}

/// A number without sign, spaces or leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::KeyKind;
    use ed25519_dalek::{Signer, SigningKey};

    fn key(name: &str) -> (SigningKey, VerifierKey) {
        let secret = SigningKey::from_bytes(&[8; 32]);
        let key = VerifierKey::new(name, KeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
        (secret, key)
    }

    fn head() -> Checkpoint {
        Checkpoint { origin: "example.com/ledger".into(), size: 70_000, root: [5; 32] }
    }

    #[test]
    fn a_signed_head_opens_with_its_key() {
        let (secret, key) = key("example.com/ledger");
        let note = head().sign(&key, |message| secret.sign(message).to_bytes());
        let opened = open(note.as_bytes(), std::slice::from_ref(&key)).unwrap();
        assert_eq!((opened.checkpoint(), opened.signers()), (&head(), &[key][..]));
        assert_eq!(open(note.as_bytes(), &[]), Err(CheckpointError::Note(NoteError::NoKnownSignature)));
    }

    #[test]
    fn a_head_signed_under_another_name_does_not_open() {
        let (secret, key) = key("example.com/other");
        let note = head().sign(&key, |message| secret.sign(message).to_bytes());
        let error = CheckpointError::OtherSigner { origin: "example.com/ledger".into() };
        assert_eq!(open(note.as_bytes(), &[key]), Err(error));
    }

    #[test]
    fn one_head_has_one_text() {
        let text = head().encode();
        assert_eq!(Checkpoint::parse(&text), Ok(head()));
        let refused = |text: &str| assert!(Checkpoint::parse(text).is_err(), "{text:?}");
        refused(&text.replace("70000", "070000"));
        refused(&text.replace("70000", "+70000"));
        refused(&text.replace("70000", ""));
        refused(&text.replace("70000", "18446744073709551616"));
        refused(&text.replace("BQU=", "BQV="));
        refused(&text.replace("example.com", "example com"));
        refused(&format!("{text}extension\n"));
        refused(text.trim_end());
    }
}
