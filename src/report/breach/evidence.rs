//! What a breach file is made from.

use super::case::Case;
use crate::exposure::calculus::fact::Authorised;
use crate::law::Profile;
use crate::model::{Outcome, PartyKind, Quantity, RecipientKind, Verb};
use crate::report::evidence::Head;
use crate::report::exposure::ExposureReport;

/// Which case, as known at which size, measured until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachQuestion {
    pub case: [u8; 16],
    pub size: u64,
    /// What is open is measured to this, and lateness judged by it, Unix microseconds.
    pub cut_off_us: u64,
}

/// What the ledger told at one size.
pub struct AsOf {
    /// The case as its steps below the size tell it.
    pub case: Case,
    pub exposure: ExposureReport,
    /// What the exposure report does not keep of acts on the case's resources, and of acts that opened ways to them.
    pub acts: Vec<Act>,
    /// Where the registry says that a resource is, in the order of the case's resources.
    pub places: Vec<(String, Option<String>)>,
    /// Unix microseconds.
    pub cut_off_us: u64,
}

/// Everything that a breach file is made from.
pub struct BreachEvidence {
    pub head: Head,
    pub now: AsOf,
    /// As of each notification, in order: its entry, and what was known to it.
    pub then: Vec<(u64, AsOf)>,
    pub profile: Profile,
}

/// One act, as far as the form asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    pub index: u64,
    /// At the earliest, Unix microseconds.
    pub at_us: u64,
    pub verb: Verb,
    pub outcome: Outcome,
    pub authorised: Authorised,
    /// It names one of the case's resources.
    pub is_of_resources: bool,
    /// Kind of whoever acted, where it is known who that was.
    pub actor: Option<PartyKind>,
    /// Of whom it delivered data: kinds as registered.
    pub kinds: Vec<String>,
    pub recipients: Vec<OtherParty>,
    pub delivered: Option<Quantity>,
    pub losses: Vec<Loss>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherParty {
    pub kind: RecipientKind,
    pub name: String,
}

/// Data that was lost or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// 0: it cannot be recovered.
    pub recoverable_until_us: u64,
}
