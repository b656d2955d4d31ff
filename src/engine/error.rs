//! What can go wrong, grouped by who must act.

use crate::ledger::{AppendError, LedgerError};
use crate::model::Violation;
use crate::report::RenderError;
use crate::report::canonical::CanonicalError;
use crate::store::StoreError;
use crate::vault::{CustodianError, MirrorError, OpenError, VaultError};

/// Who must act, and whether trying again helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The caller: mend the request.
    Invalid,
    NotFound,
    OutOfRange,
    /// The id was used for something else.
    AlreadyExists,
    /// Something must be put right first; the same request does not help.
    FailedPrecondition,
    /// Try again a little later.
    Busy,
    /// Something else came in between: start again.
    Aborted,
    /// Storage is in trouble or the server stops, and the outcome of a write is unknown; or the custodian of keys is out of
    /// reach, and nothing was written.
    Unavailable,
    /// Storage does not hold what was written.
    Corrupt,
    Internal,
}

/// Names no person, and repeats no value of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    pub kind: Kind,
    pub message: String,
    /// For `Invalid`: every field that is wrong.
    pub violations: Vec<Violation>,
}

impl EngineError {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        EngineError { kind, message: message.into(), violations: Vec::new() }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    pub fn precondition(message: impl Into<String>) -> Self {
        Self::new(Kind::FailedPrecondition, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::violations(vec![Violation { field: field.into(), description: description.into() }])
    }

    pub fn violations(violations: Vec<Violation>) -> Self {
        let message = match violations.as_slice() {
            [only] => format!("{} {}", only.field, only.description),
            many => format!("{} fields are wrong", many.len()),
        };
        EngineError { kind: Kind::Invalid, message, violations }
    }

    /// The same, about element `position` of a batch.
    pub fn at(mut self, position: usize) -> Self {
        for violation in &mut self.violations {
            violation.field = format!("records[{position}].{}", violation.field);
        }
        if let [only] = self.violations.as_slice() {
            self.message = format!("{} {}", only.field, only.description);
        }
        self
    }
}

impl From<AppendError> for EngineError {
    fn from(error: AppendError) -> Self {
        let kind = match &error {
            AppendError::Busy => Kind::Busy,
            AppendError::ShuttingDown | AppendError::Unavailable(_) => Kind::Unavailable,
            AppendError::AlreadyExists { .. } => Kind::AlreadyExists,
            AppendError::RepeatedInBatch { again, .. } => {
                let field = format!("records[{again}].action_id");
                return Self::invalid(field, "stands twice in the batch, for different content");
            }
            AppendError::Internal(_) => Kind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<LedgerError> for EngineError {
    fn from(error: LedgerError) -> Self {
        let kind = match &error {
            LedgerError::OutOfRange { .. } => Kind::OutOfRange,
            LedgerError::NotAHead { .. } => Kind::Invalid,
            LedgerError::Store(StoreError::Unavailable(_)) => Kind::Unavailable,
            LedgerError::Store(StoreError::Corrupt(_)) | LedgerError::Corrupt(_) => Kind::Corrupt,
            LedgerError::SelfCheck(_) => Kind::Internal,
            _ => Kind::FailedPrecondition,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        LedgerError::from(error).into()
    }
}

impl From<VaultError> for EngineError {
    fn from(error: VaultError) -> Self {
        let kind = match &error {
            VaultError::Store(StoreError::Unavailable(_)) => Kind::Unavailable,
            VaultError::Store(StoreError::Corrupt(_)) | VaultError::Torn { .. } => Kind::Corrupt,
            // Sealing fails closed: without keys nothing that concerns a person is recorded or opened. A custodian that
            // is out of reach may be back soon; every other trouble with it wants somebody to do something.
            VaultError::Custodian(CustodianError::Unavailable { .. }) => Kind::Unavailable,
            VaultError::Custodian(_) | VaultError::Foreign { .. } => Kind::FailedPrecondition,
            VaultError::NoRandomness | VaultError::Sealing => Kind::Unavailable,
            VaultError::PartTooLong { .. } => Kind::Invalid,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<MirrorError> for EngineError {
    fn from(error: MirrorError) -> Self {
        match error {
            MirrorError::Vault(error) => error.into(),
            MirrorError::Io { .. } => Self::precondition(error.to_string()),
            MirrorError::Torn { .. } => Self::new(Kind::Corrupt, error.to_string()),
        }
    }
}

impl From<OpenError> for EngineError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Vault(error) => error.into(),
            OpenError::NoKey | OpenError::Unreadable => Self::precondition(error.to_string()),
            OpenError::Forged => Self::new(Kind::Corrupt, error.to_string()),
        }
    }
}

impl From<RenderError> for EngineError {
    fn from(error: RenderError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<CanonicalError> for EngineError {
    fn from(error: CanonicalError) -> Self {
        Self::internal(error.to_string())
    }
}
