//! The activity report as typed facts. Its JSON is the report.
//!
//! Everything is counted by entry and taken as it was told. What is public of an entry stays when people are forgotten, so
//! the totals stay; what only stood sealed (an instruction, a name that is not registered) is told as closed from then on.

use crate::model::{Outcome, PartyKind, RecipientKind, Verb};
use crate::report::access::document::{Authorisation, Completeness, EntryIndex, Name, Range, Span};
use crate::report::changes;
use crate::report::clock::ClockFacts;
use crate::report::code::Code;
use crate::report::erratum::ErratumFact;
use crate::report::exposure::document::CoverageFact;
use crate::report::header::header;
use crate::report::instant::Instant;
use crate::report::shape::{choices, facts};
use serde::{Deserialize, Serialize};

choices! {
    /// Whether a documented instruction stands behind an act.
    pub enum Instructed { Given "given", None "none", /** What may have named one is gone. */ Closed "closed" }

    /// What the controller's registry says of a tool or a party that was used.
    pub enum Declared { Yes "yes", No "no", /** It says nothing of such things at all. */ NotAsked "not_asked" }

    /// By what somebody got data, or may have.
    pub enum Basis { Recorded "recorded", ModelVendor "model_vendor", ToolOperator "tool_operator" }
}

header! {
    pub struct Header {
        question: Question,
        /// Entries looked at, each proved to stand in the signed tree.
        entries_proved: u64,
        /// Parts among them that are gone or do not open.
        parts_closed: u64,
        /// Entries of the whole ledger whose public part was pruned.
        pruned: u64,
        completeness: Completeness,
    }
}

facts! {
    pub struct ActivityReport {
        /// Format of this JSON.
        format: String,
        header: Header,
        answer: Answer,
        agent: AgentFact,
        totals: Totals,
        /// Acts that are alike, merged: first, number, last.
        lines: Vec<LineFact>,
        instructions: Vec<InstructionFact>,
        principals: Vec<PrincipalFact>,
        /// Recipients, and who runs the models and tools.
        others: Vec<OtherFact>,
        tools: Vec<ToolFact>,
        models: Vec<ModelFact>,
        coverage: CoverageFact,
        /// By whose clocks times were told; absent in reports of before it was counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock: Option<ClockFacts>,
        /// What this report says otherwise than the one that it supersedes, by path; none where it supersedes none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Vec<changes::ChangeFact>>,
        /// Made again after an erasure: what is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        erratum: Option<ErratumFact>,
    }

    pub struct Question {
        agent: String,
        /// Entries below this index count.
        size: u64,
        /// Of these, those that were recorded from here on, and before.
        from: Option<Instant>,
        until: Option<Instant>,
    }

    pub struct Answer { text: String }

    /// What the registries say of the agent as of the report's size.
    pub struct AgentFact {
        name: String,
        /// Whether the ledger knows the name.
        known: bool,
        /// Whether the controller's registry describes it.
        described: bool,
        owner: Option<String>,
        model: Option<String>,
        /// Who runs its model: the last that was registered in the period.
        vendor: Option<String>,
        /// All that were registered in the period, one after another.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        vendors: Vec<VendorFact>,
        tools: Vec<String>,
        charter: Option<String>,
        memory_days: Option<u64>,
        session_max_s: Option<u64>,
    }

    pub struct VendorFact {
        name: String,
        /// Absent: from before the period, or since nothing else was registered before.
        from: Option<Instant>,
        /// Absent: still at its end.
        until: Option<Instant>,
    }

    pub struct Totals {
        /// Entries by which it acted; low without those that tell again what another tells, high with those of which nobody can
        /// tell any more whose they were.
        actions: Range,
        succeeded: u64,
        denied: u64,
        failed: u64,
        /// Nobody said how these ended.
        outcome_unknown: u64,
        about_persons: u64,
        /// Of these: whose data it was is not, or not wholly, determined.
        undetermined: u64,
        instructed: u64,
        not_instructed: u64,
        instruction_closed: u64,
        authorised: u64,
        unauthorised: u64,
        exceptional: u64,
        not_assessed: u64,
        /// With tools that the controller's registry does not give it; absent where the registry gives it none or does not
        /// describe it.
        outside_tools: Option<u64>,
        /// Correct or take back other entries.
        amending: u64,
        /// What others did on its behalf.
        by_others: u64,
        /// Acts of somebody whose name stood sealed and does not open any more.
        perhaps: u64,
        /// Said to have occurred in the period asked for, and recorded outside it: not in the other figures.
        #[serde(default)]
        recorded_outside: u64,
        /// In the other figures, and said to have occurred outside the period.
        #[serde(default)]
        occurred_outside: u64,
        first: Option<Instant>,
        last: Option<Instant>,
    }

    pub struct Series {
        number: u64,
        about_persons: u64,
        first: Instant,
        last: Instant,
        first_entry: EntryIndex,
        last_entry: EntryIndex,
    }

    pub struct LineFact {
        verb: Code<Verb>,
        outcome: Code<Outcome>,
        authorisation: Authorisation,
        tool: Option<Name>,
        dataset: Option<Name>,
        purpose: Option<Name>,
        series: Series,
    }

    pub struct InstructionFact { instructed: Instructed, text: Option<String>, series: Series }

    /// Whom it acted for. People are counted and not named.
    pub struct PrincipalFact { kind: Option<Code<PartyKind>>, name: Option<Name>, series: Series }

    pub struct OtherFact {
        basis: Basis,
        kind: Code<RecipientKind>,
        party: Code<PartyKind>,
        name: Option<Name>,
        /// ISO 3166-1 alpha-2, as recorded, else as registered at the time of the acts.
        country: Option<String>,
        declared: Declared,
        /// The tool, where nobody knows who runs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Name>,
        series: Series,
    }

    pub struct ToolFact { name: Name, declared: Declared, number: u64 }

    pub struct ModelFact {
        model: Option<Name>,
        version: Option<Name>,
        vendor: Option<Name>,
        region: Option<Name>,
        series: Series,
    }
}

impl ActivityReport {
    pub fn period(&self) -> &Span {
        &self.coverage.period
    }
}
