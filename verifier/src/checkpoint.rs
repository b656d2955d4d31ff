//! Checkpoints: signed heads of a ledger (C2SP tlog-checkpoint).

use crate::hash::Hash;
use crate::note::{Note, NoteError, VerifierKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// A checkpoint whose signature by a key named like its origin was verified. Only [`open`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCheckpoint(Checkpoint);

impl VerifiedCheckpoint {
    pub fn get(&self) -> &Checkpoint {
        &self.0
    }
}

impl Checkpoint {
    /// The text that is signed: origin, size, root, each on a line.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads the text; extension lines are allowed by the specification and passed over.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Layout)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Layout);
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(CheckpointError::Layout);
        }
        let canonical = size == "0" || (!size.starts_with('0') && size.bytes().all(|byte| byte.is_ascii_digit()));
        let size = size.parse().ok().filter(|_| canonical).ok_or(CheckpointError::Layout)?;
        let root = STANDARD.decode(root).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(CheckpointError::Layout)?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root })
    }
}

/// Verifies a signed checkpoint against the keys that are known for its origin.
pub fn open(note: &str, known: &[VerifierKey]) -> Result<VerifiedCheckpoint, CheckpointError> {
    let note = Note::parse(note).map_err(CheckpointError::Note)?;
    let checkpoint = Checkpoint::parse(note.text)?;
    let verified = note.verify(known).map_err(CheckpointError::Note)?;
    if !verified.iter().any(|key| key.name == checkpoint.origin) {
        return Err(CheckpointError::Note(NoteError::NoKnownSignature));
    }
    Ok(VerifiedCheckpoint(checkpoint))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointError {
    Layout,
    Note(NoteError),
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout => write!(f, "not a checkpoint (origin, size, root)"),
            Self::Note(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for CheckpointError {}
