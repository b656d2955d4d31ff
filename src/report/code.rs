//! The verifier's closed lists as a report writes them: by code, never by number.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use whosaw_verifier::vocabulary::*;

/// What stands where a closed list was left unspecified.
pub const NOT_STATED: &str = "not_stated";

/// A term of a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Code<T>(pub T);

/// A closed list.
pub trait Coded: Copy + Default {
    fn code(self) -> &'static str;
    fn from_code(code: &str) -> Option<Self>;
}

macro_rules! coded {
    ($($name:ident),*) => {$(
        impl Coded for $name {
            fn code(self) -> &'static str {
                $name::code(self)
            }
            fn from_code(code: &str) -> Option<Self> {
                $name::from_code(code)
            }
        }
    )*};
}

coded!(
    ApprovalResult,
    Assurance,
    CaseStep,
    Category,
    Channel,
    ContentKind,
    CoverageState,
    Delivery,
    Determination,
    Direction,
    Doubt,
    Ground,
    LegalBasis,
    Outcome,
    PartyKind,
    PolicyDecision,
    Provenance,
    RecipientKind,
    RecordScope,
    ReportType,
    RetentionClass,
    Role,
    Strength,
    TimeSource,
    Verb
);

impl<T: Coded> Code<T> {
    pub fn text(self) -> &'static str {
        match self.0.code() {
            "" => NOT_STATED,
            code => code,
        }
    }
}

impl<T: Coded> Serialize for Code<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de, T: Coded> Deserialize<'de> for Code<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == NOT_STATED {
            return Ok(Code(T::default()));
        }
        T::from_code(&text).map(Code).ok_or_else(|| serde::de::Error::custom("not a code of this closed list"))
    }
}
