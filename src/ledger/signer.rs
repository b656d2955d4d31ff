//! Signs reports, and heads, but only durable ones: [`DurableHead`] is made by the committer after the store and the guard said so.

use super::LedgerError;
use crate::store::NewFile;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use whosaw_verifier::checkpoint::Checkpoint;
use whosaw_verifier::hash::Hash;
use whosaw_verifier::note::{KeyKind, VerifierKey};
use whosaw_verifier::report::ReportNote;
use zeroize::Zeroizing;

const FIRST_LINE: &str = "whosaw-ed25519-v1";

/// A head that store and guard hold durably. Only the ledger's own modules can make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DurableHead {
    size: u64,
    root: Hash,
}

impl DurableHead {
    pub(super) fn after_commit(size: u64, root: Hash) -> Self {
        DurableHead { size, root }
    }

    /// A head below the published one: it was durable before that was.
    pub(super) fn published_before(size: u64, root: Hash) -> Self {
        DurableHead { size, root }
    }
}

pub struct Signer {
    key: SigningKey,
    verifier_key: VerifierKey,
}

impl Signer {
    /// Makes a new key file, mode 0600; refuses where there is one.
    pub fn create(path: &Path, origin: &str) -> Result<Self, LedgerError> {
        let failed = |error: std::io::Error| LedgerError::Key(format!("cannot make {}: {error}", path.display()));
        let mut seed = Zeroizing::new([0u8; 32]);
        getrandom::fill(&mut seed[..]).map_err(|error| LedgerError::Key(format!("no randomness: {error}")))?;
        let mut new = NewFile::open(path).map_err(failed)?;
        let text = Zeroizing::new(format!("{FIRST_LINE}\n{}\n", STANDARD.encode(&seed[..])));
        new.file.write_all(text.as_bytes()).and_then(|()| new.put_in_place()).map_err(failed)?;
        Self::from_seed(&seed, origin)
    }

    /// Opens a key file; refuses one that others may read.
    pub fn open(path: &Path, origin: &str) -> Result<Self, LedgerError> {
        let failed = |error: std::io::Error| LedgerError::Key(format!("cannot read {}: {error}", path.display()));
        let mut file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(LedgerError::Key(format!("{} has mode {mode:03o}; make it 600", path.display())));
        }
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text).map_err(failed)?;
        let seed = text
            .strip_prefix(FIRST_LINE)
            .and_then(|rest| STANDARD.decode(rest.trim()).ok())
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .map(Zeroizing::new)
            .ok_or_else(|| LedgerError::Key(format!("{} is not a signing key", path.display())))?;
        Self::from_seed(&seed, origin)
    }

    fn from_seed(seed: &[u8; 32], origin: &str) -> Result<Self, LedgerError> {
        let key = SigningKey::from_bytes(seed);
        let verifier_key = VerifierKey::new(origin, KeyKind::Ed25519, &key.verifying_key().to_bytes())
            .map_err(|error| LedgerError::Key(format!("the origin cannot name a key: {error}")))?;
        Ok(Signer { key, verifier_key })
    }

    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier_key
    }

    /// The signed checkpoint of a durable head.
    pub fn sign(&self, head: &DurableHead) -> String {
        let checkpoint = Checkpoint { origin: self.verifier_key.name().to_owned(), size: head.size, root: head.root };
        checkpoint.sign(&self.verifier_key, |message| self.key.sign(message).to_bytes())
    }

    /// The signed note of a report whose production is durable.
    pub(super) fn sign_report(&self, note: &ReportNote) -> String {
        note.sign(&self.verifier_key, |message| self.key.sign(message).to_bytes())
    }
}
