//! An action that was found fit to be recorded. Only `admit` makes one.

use super::*;
use whosaw_verifier::part::Part;

/// Who authenticated to us, and how surely.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    pub name: String,
    pub assurance: Assurance,
}

/// For whom a part is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A person (or, with namespace [`CONVERSATION`], a conversation): every identity this action showed of them.
    Person { identities: Vec<Identity>, class: RetentionClass },
    /// The persons of these ordinals together: opening needs all their keys.
    Shared { by: Vec<u32> },
    /// The ledger itself: content with neither person nor conversation.
    Ledger,
}

/// Namespace under which a conversation is sealed for, as if for a person.
pub const CONVERSATION: &str = "whosaw:conversation";
/// Namespace under which the ledger itself holds a data key.
pub const LEDGER: &str = "whosaw:ledger";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainPart {
    pub holder: Holder,
    pub part: Part,
}

/// Ready to be sealed: a body that names nobody and parts that say who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    pub kind: EntryKind,
    /// Absent for the ledger's own events.
    pub action_id: Option<[u8; 16]>,
    pub caller: Caller,
    /// Encoded `ActionBody` (or the body of `kind`).
    pub body: Vec<u8>,
    pub parts: Vec<PlainPart>,
    /// SHA-256 over the request's meaning, canonically encoded: equal for equal requests, salt-free, so it never leaves
    /// the process in the open; the vault keys it before it is stored.
    pub request: [u8; 32],
}
