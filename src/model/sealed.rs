//! A sealed action on its way into the ledger, and what was written of it.

use super::*;
use crate::store::WriteSet;
use std::sync::Arc;

/// One sealed part as it is stored: S of DESIGN section 4, and its RFC 6962 leaf hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPart {
    pub leaf: [u8; 32],
    pub bytes: Vec<u8>,
}

/// An action whose persons are sealed; what the ledger sequences. Only the vault makes one (an entry without parts too).
#[derive(Clone)]
pub struct Sealed {
    pub kind: EntryKind,
    pub action_id: Option<[u8; 16]>,
    /// Who sent it, as a keyed hash: names of callers may be names of people.
    pub caller: [u8; 32],
    pub salt: [u8; 32],
    pub body: Vec<u8>,
    /// B: SHA-256("whosaw/body/v1\0" ‖ SHA-256(origin) ‖ salt ‖ body).
    pub body_commitment: [u8; 32],
    pub parts: Vec<SealedPart>,
    /// RFC 6962 root over the parts S₀, S₁…; the empty root if none.
    pub parts_root: [u8; 32],
    /// Keyed digest of the request: HMAC(K of the first part's holder, "whosaw/request/v1\0" ‖ O ‖ B ‖ request).
    pub request_digest: [u8; 32],
    /// The unkeyed request hash, for comparing with requests still in flight. Never stored.
    pub request: [u8; 32],
    /// The vault generation that sealed it.
    pub generation: u64,
    pub placement: Arc<dyn Placement>,
}

/// What the vault still has to do once an entry's index is known.
pub trait Placement: Send + Sync {
    /// Adds the subject-index rows, reader rows and any vault rows that are not known to be durable yet.
    fn place(&self, index: u64, writes: &mut WriteSet);
    /// Called once the commit that carried `place`'s rows is durable.
    fn durable(&self);
    /// Whether the request being appended is the one recorded at `index` with body commitment and keyed digest given.
    fn judge(&self, index: u64, body_commitment: &[u8; 32], digest: &[u8; 32]) -> Judgement;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    Same,
    Different,
    /// The key that could tell is gone (erased): answer the old receipt, marked unchecked.
    Unchecked,
    /// Storage failed: nothing may be answered.
    Unreadable,
}
