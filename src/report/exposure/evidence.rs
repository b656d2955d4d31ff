//! What an exposure report is made from.

use super::registered::History;
use crate::exposure::calculus::same::Same;
use crate::exposure::telling::Telling;
use crate::model::{Identity, Registry};
use crate::report::clock::ClockFacts;
use crate::report::evidence::{Coverage, Downtime, Head, Heard, KnownRegistry};
use std::collections::BTreeSet;

/// What is asked. Everything that was recorded below `size` counts, as it was known then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposureQuestion {
    /// Names of datasets or resources, registered or not; at least one.
    pub resources: Vec<String>,
    pub size: u64,
    /// What is open is measured to this, Unix microseconds.
    pub cut_off_us: u64,
    /// The entry by which an earlier report was recorded, which this one supersedes.
    pub supersedes: Option<u64>,
    pub remarks: Remarks,
}

/// What only a human can say of an exposure, in the words of whoever asks; may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// What is still to be found out.
    pub open_questions: String,
    /// What it is in law.
    pub characterisation: String,
}

/// Everything that answers it.
pub struct ExposureEvidence {
    pub head: Head,
    pub told: Telling,
    /// The same with nothing taken out that corrections or retractions count for; absent where that is the same.
    pub as_told: Option<Telling>,
    /// Of persons who were erased since: when their data might only be stored, and what may have used it.
    pub forgotten: Vec<Forgotten>,
    /// Persons of whom it is only suspected that they are one.
    pub same: Same,
    /// Of each person the identities that these entries showed, by number.
    pub persons: Vec<Vec<Identity>>,
    /// What sources said of their logging that can be relied on, and all entries that said anything.
    pub coverage: Vec<Coverage>,
    pub coverage_told: BTreeSet<u64>,
    /// Of sources that are to be heard, when else they were.
    pub heard: Vec<Heard>,
    /// Times in which the ledger itself was not running.
    pub downtimes: Vec<Downtime>,
    pub registry: Registry,
    /// What was said of names, and when.
    pub history: History,
    /// The controller's registry that was in force at the size.
    pub controller: Option<KnownRegistry>,
    /// All that were in force until then, each with when it was recorded, ascending.
    pub controllers: Vec<(u64, KnownRegistry)>,
    /// Entries looked at, each proved to stand in the signed tree with this very content.
    pub entries_proved: u64,
    /// Parts among them that are gone or do not open.
    pub parts_closed: u64,
    /// Entries whose bodies were pruned: what they did is not known any more. None of them opened anything.
    pub pruned: u64,
    /// By whose clocks these entries tell their times.
    pub clock: ClockFacts,
    /// Actions of which it is not known whose data they touched.
    pub undetermined: u64,
    /// At most so many people were erased below the size; nothing where keys went by their time too, whose people nobody counts.
    pub erased_at_most: Option<u64>,
    /// Entries of which an order keeps whom they are about from being told.
    pub suppressed: Vec<Suppressed>,
    /// What cases say of when a breach of these resources was detected.
    pub detections: Vec<Detection>,
}

/// The last statement of a case that stands of when its breach was detected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    pub case: [u8; 16],
    /// The step.
    pub entry: u64,
    /// As stated, or when it was recorded.
    pub at_us: u64,
    pub recorded_at_us: u64,
    /// What the case is about.
    pub resources: Vec<String>,
}

/// Whoever was erased with one batch: data of some of them might only be stored from then until that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    pub from: u64,
    pub until: u64,
    /// Entries of acts that were about some of them.
    pub acts: BTreeSet<u64>,
}

/// An entry that an order of the controller's registry covers (GDPR Art. 23).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    pub index: u64,
    pub reference: String,
    /// First day on which it is over, YYYY-MM-DD.
    pub until: Option<String>,
}
