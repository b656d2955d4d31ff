//! What a breach file is made from.

use super::case::{Case, Step};
use crate::law::Profile;
use crate::model::{Identity, Outcome, Quantity, RecipientKind, Verb};
use crate::report::access::document::{Range, Verdict};
use crate::report::evidence::{Head, KnownRegistry};
use crate::report::exposure::ExposureReport;
use crate::report::exposure::document::{Bound, Known, Recovery, Who};
use std::collections::{BTreeMap, BTreeSet};

/// Which case, as known at which size, measured until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachQuestion {
    pub case: [u8; 16],
    pub size: u64,
    /// What is open is measured to this, and lateness judged by it, Unix microseconds.
    pub cut_off_us: u64,
    /// The entry by which an earlier report on the same was recorded, which this one supersedes.
    pub supersedes: Option<u64>,
}

/// What the ledger told at one size.
pub struct AsOf {
    /// The case as its steps below the size tell it.
    pub case: Case,
    pub exposure: ExposureReport,
    /// What the exposure report does not keep of acts on the case's resources, and of acts that opened ways to them.
    pub acts: Vec<Act>,
    /// Acts on the case's resources that say what steps of a case say too, in the order of the ledger.
    pub reported: Vec<Reported>,
    /// Whose data an act moved, by its entry: positions among the exposure report's subjects, and whether these are all.
    pub moved: BTreeMap<u64, Moved>,
    /// In which of the case's resources a person's data is told to have been, by the same positions.
    pub inside: BTreeMap<usize, BTreeSet<String>>,
    /// Where the registry says that a resource is, in the order of the case's resources.
    pub places: Vec<Place>,
    /// The controller's registry that was in force.
    pub registry: Option<KnownRegistry>,
    /// The legal profile that was in force when the controller became aware: its hours count.
    pub period: Profile,
    /// The same for the deadline that would run had no statement of awareness been taken back.
    pub period_with_everything: Profile,
    /// What erasures took of it.
    pub erased: Vec<Erased>,
    /// How many people there are by what a step counted before some of them were erased.
    pub carried: Option<Carried>,
    /// Unix microseconds.
    pub cut_off_us: u64,
}

impl AsOf {
    /// How many people are concerned, and whether that is everybody.
    pub fn concerned(&self) -> (Range, bool) {
        self.carried.as_ref().map_or_else(|| self.exposure.concerned(), |carried| (carried.people, true))
    }

    /// Whether the register would say the same of it later, while nothing is recorded: no way stands open, no recovery runs
    /// out, and no silence can make logging incomplete that was not.
    pub fn is_over(&self) -> bool {
        let over =
            |bound: &Bound| !matches!(bound.known, Known::Open | Known::Unknown) && bound.latest.us() < self.cut_off_us;
        let exposure = &self.exposure;
        let mut paths = exposure.resources.iter().flat_map(|resource| &resource.paths);
        paths.all(|path| over(&path.end))
            && exposure.unexplained().next().is_none()
            && exposure.losses.iter().all(|loss| loss.recovery != Recovery::Temporary)
            && exposure.coverage.sentence != Verdict::NoneComplete
    }
}

/// Everything that a breach file is made from.
pub struct BreachEvidence {
    pub head: Head,
    pub now: AsOf,
    /// As of each notification, in order.
    pub then: Vec<Then>,
    pub profile: Profile,
    /// Strong identifiers that entries below the size show of whoever is surely the same person as somebody concerned, by that
    /// one's position among the exposure report's subjects; for the list of persons alone.
    pub also_known_as: BTreeMap<usize, Vec<Identity>>,
}

/// What was known to one notification.
pub struct Then {
    /// The entry that records it.
    pub entry: u64,
    /// It cites what was sent, or nothing was recorded between what was sent and its own record. Otherwise it was stated
    /// afterwards, and nobody can say what the authority was told.
    pub on_file: bool,
    /// Nothing where the ledger knew nothing of it yet when it was sent.
    pub as_of: Option<AsOf>,
}

/// How many people there are, by what a step counted and what was recorded since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The entry of the step.
    pub step: u64,
    pub people: Range,
    /// Of these, erased since.
    pub erased: Range,
    /// By these entries.
    pub by: Vec<u64>,
}

/// One act, as far as the form asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    pub index: u64,
    /// At the earliest, Unix microseconds.
    pub at_us: u64,
    pub verb: Verb,
    /// It names one of the case's resources.
    pub is_of_resources: bool,
    /// It named something of which the name is gone, with somebody who was erased.
    pub unnamed: bool,
    pub by: Whose,
    /// It says whose data it was about.
    pub names_subjects: bool,
    /// Of whom it delivered data: kinds as registered.
    pub kinds: Vec<String>,
    pub recipients: Vec<OtherParty>,
    pub delivered: Option<Quantity>,
    /// What it moved was pseudonymised or encrypted.
    pub protected: bool,
}

/// One act by which the ledger tells, beside the case, that a breach was detected, that somebody was aware of it, or that
/// somebody was notified. None that a correction or retraction took out.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    pub index: u64,
    pub recorded_at_us: u64,
    /// When it may have been, Unix microseconds.
    pub earliest_us: u64,
    pub latest_us: u64,
    pub verb: Verb,
    pub outcome: Outcome,
    /// Who did it, nearest first.
    pub by: Vec<Who>,
    /// Somebody amends it who may not.
    pub contested: bool,
    /// Whose data it is about, and to whom it went: positions among the exposure report's subjects.
    pub subjects: BTreeSet<usize>,
    pub recipients: BTreeSet<usize>,
    /// It says to whom it went, whoever that is.
    pub says_to_whom: bool,
}

/// Whether whoever acted is of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// An agent or a service, which acts under a name of its own; a member of a group, whoever uses an account, or has a role.
    Own,
    /// The public, another organisation, or whoever the record calls an unauthorised person.
    Outside,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherParty {
    pub kind: RecipientKind,
    pub name: String,
}

/// Whose data one act moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub subjects: BTreeSet<usize>,
    /// `subjects` is everybody.
    pub listed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub resource: String,
    pub location: Option<String>,
    /// By which entry it is registered.
    pub entry: Option<u64>,
}

/// What one erasure took of what a case rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The entry that records it.
    pub entry: u64,
    pub at_us: u64,
    /// Entries of which parts are gone, on the case's resources or by which ways to them opened and closed.
    pub acts: BTreeSet<u64>,
    /// Entries of which parts are gone and which may have been such: what they were about went with them.
    pub perhaps: BTreeSet<u64>,
    /// Steps of the case of which parts are gone.
    pub steps: BTreeSet<u64>,
    /// How many parts about data subjects went, by these entries.
    pub subjects: BTreeMap<u64, u64>,
}

impl Erased {
    /// Of that what was known to whoever took this step.
    pub fn of_before(&self, step: &Step) -> Erased {
        let mut known = self.clone();
        known.acts.retain(|entry| *entry < step.size);
        known.perhaps.retain(|entry| *entry < step.size);
        known.subjects.retain(|entry, _| *entry < step.size);
        known.steps.retain(|entry| *entry < step.index);
        known
    }
}
