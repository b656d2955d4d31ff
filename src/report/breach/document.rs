//! The breach file and the list of persons concerned, as typed facts. Their JSON is the report.

use crate::model::{CaseStep, Category, Channel, Delivery, Outcome, Verb};
use crate::report::access::document::{Completeness, EntryIndex, PersonIdentity, Provision, Range, Span};
use crate::report::changes;
use crate::report::clock::ClockFacts;
use crate::report::code::Code;
use crate::report::erratum::ErratumFact;
use crate::report::exposure::document::{Bound, Claim, CoverageFact, Form, Who};
use crate::report::header::header;
use crate::report::instant::Instant;
use crate::report::shape::{choices, facts};
use serde::{Deserialize, Serialize};

choices! {
    /// Where a case stands.
    pub enum CaseStanding {
        Open "open", Submitted "submitted", NotNotified "not_notified", Closed "closed",
    }

    /// What stands in a field of the form, and who says so.
    pub enum FieldState {
        /// The ledger says it.
        Ledger "ledger",
        /// The controller's registry says it.
        Registry "registry",
        /// The ledger proposes it; a person has to confirm.
        Proposed "proposed",
        /// A person said what the ledger says.
        Confirmed "confirmed",
        /// A person said it, and the ledger says nothing of it.
        Person "person",
        /// A person said something else than the ledger.
        Differs "differs",
        /// A person said what the rules of the form do not allow; it was not taken.
        Refused "refused",
        NotProvided "not_provided",
        /// The form does not show it.
        Hidden "hidden",
    }

    /// How an answer contradicts what else is known or was answered.
    pub enum Contradiction {
        EndBeforeBeginning "end_before_beginning",
        ToldBeforeBreach "told_before_breach",
        /// Than the ledger surely knows of.
        FewerThanKnown "fewer_than_known",
    }

    /// Who can know a field.
    pub enum FieldOrigin { Ledger "ledger", Proposal "proposal", Registry "registry", Person "person" }

    /// What is to be done before the form is complete.
    pub enum Todo {
        /// Fill it in.
        Answer "answer",
        /// From the controller's registry.
        Register "register",
        /// Say whether the ledger's proposal holds.
        Confirm "confirm",
        /// Say which of the two it is.
        Reconcile "reconcile",
        /// The answer that was given is not allowed.
        Replace "replace",
        /// An act on file tells of an earlier awareness: state it in the case, or say of what else it is.
        Awareness "awareness",
    }

    /// What is known of one person's data.
    pub enum Seen {
        /// Somebody or something surely had it.
        Accessed "accessed",
        /// No access is recorded, and logging was complete.
        NotRecorded "not_recorded",
        CannotBeExcluded "cannot_be_excluded",
    }

    /// What Art. 34(2) asks of a message: the nature of the breach, where more can be learned, what is likely to come of it,
    /// and what was and is done.
    pub enum MessagePart {
        Nature "nature", Contact "contact", Consequences "consequences", Measures "measures",
    }

    /// Whether a person was told.
    pub enum Notice {
        Told "told",
        /// A message went where several are, or perhaps to somebody else.
        PerhapsTold "perhaps_told",
        CouldNotBeTold "could_not_be_told", NotTold "not_told",
    }

    /// What an answer rests on.
    pub enum Basis {
        /// Somebody got data, or may have.
        Access "access",
        /// Whose data it is.
        Person "person",
        /// Something stood open.
        Way "way",
        /// Who could see it without authority.
        Audience "audience",
        Loss "loss",
        /// A copy.
        Holding "holding",
        /// What logging supports.
        Logging "logging",
    }

    /// Why ENISA's figure for loss of confidentiality is proposed as it is.
    pub enum AudienceKind { Nobody "nobody", Known "known", Uncountable "uncountable" }

    /// The register's columns (GDPR Art. 33(5)).
    pub enum RegisterColumn {
        Reference "reference", Facts "facts", Cause "cause", Nature "nature", Kind "kind", Categories "categories",
        Concerned "concerned", Effects "effects", Risk "risk", Notified "notified", Informed "informed", Reason "reason",
        Remedy "remedy", Created "created",
    }
}

header! {
    pub struct Header {
        question: Question,
        /// Entries looked at, each proved to stand in the signed tree.
        entries_proved: u64,
        /// Parts among them that are gone or do not open.
        parts_closed: u64,
        /// Of what only the controller can say, beside the form.
        completeness: Completeness,
    }
}

facts! {
    pub struct Question {
        /// UUID of the case.
        case: String,
        /// What it is about, as known at this size.
        resources: Vec<String>,
        /// Entries below this index count.
        size: u64,
        cut_off: Instant,
    }

    /// An instant that a step states, and who stated it.
    pub struct Moment {
        at: Instant,
        recorded_at: Instant,
        entry: EntryIndex,
        by: Vec<PersonIdentity>,
        /// Somebody was named, and has been erased since.
        by_erased: bool,
        /// Whoever is named signed it; absent where nobody is, and in reports of before it was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed: Option<bool>,
        statement: Option<String>,
    }

    pub struct CaseFact {
        id: String,
        standing: CaseStanding,
        reference: Option<String>,
        opened: Moment,
        /// When the breach was, as far as the ledger tells: from its beginning to its end or the cut-off.
        occurred: Option<Span>,
        detected: Option<Moment>,
        processor_aware: Option<Moment>,
        aware: Option<Moment>,
        /// Detected before the breach began, as far as is recorded: one of the two cannot be so.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        detected_before: bool,
        /// From detection to awareness, microseconds; the reason is awareness's own statement.
        detection_to_awareness_us: Option<u64>,
        /// Every statement of awareness, in order, each with the deadline that it would give; also those taken back.
        awareness: Vec<AwarenessFact>,
        /// The last statement of awareness gives a later instant than an earlier one.
        awareness_moved_later: bool,
        deadline: Option<DeadlineFact>,
        submitted: Vec<Moment>,
        not_notified: Option<Moment>,
        closed: Option<Moment>,
        /// Every step, in order.
        steps: Vec<StepFact>,
        /// What erasures took of what the case rests on.
        erased: Vec<ErasedFact>,
        /// What was counted at each step that carries it, in order: it outlives whoever was counted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        counted: Vec<CountFact>,
        /// How many people there are, by what a step counted before erasures took some of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        carried: Option<CarriedFact>,
        /// Steps that were taken back, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        retractions: Vec<RetractionFact>,
        /// The deadline that would run had no statement of awareness been taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retracted_deadline: Option<RetractedDeadlineFact>,
        /// What acts on the resources tell beside the case's steps: detection, awareness, notices. The deadline does not run
        /// from them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reported: Vec<ReportedFact>,
    }

    /// One act on the case's resources.
    pub struct ReportedFact {
        entry: EntryIndex,
        verb: Code<Verb>,
        outcome: Code<Outcome>,
        when: Span,
        recorded_at: Instant,
        by: Vec<Who>,
        /// Somebody amends it who may not.
        contested: bool,
        /// It lies before the breach began, as far as is recorded, and is of something else then.
        before_breach: bool,
        /// Of awareness: the deadline that it would give.
        strict: Option<Instant>,
        /// That is earlier than the one that runs, or none runs.
        earlier: bool,
        /// By it the authority was not notified in time, or is not.
        missed: bool,
    }

    /// What was counted of the breach for one step.
    pub struct CountFact {
        entry: EntryIndex,
        step: Code<CaseStep>,
        at: Instant,
        /// Entries below it were counted.
        size: u64,
        people: Range,
        people_determined: bool,
        /// Absent: not known.
        records: Option<u64>,
        /// Ways that stood open without authority, and how long any did.
        ways: u64,
        open_us: Range,
        could: Range,
        uncountable: bool,
        saw: Range,
        accesses: Range,
        losses: u64,
    }

    /// What a step counted, with whoever is told of since.
    pub struct CarriedFact {
        counted_in: EntryIndex,
        people: Range,
        /// Of these, erased since, and by which entries.
        erased: Range,
        by: Vec<EntryIndex>,
    }

    /// One step that was taken back: what it stated, and by whom and why it was.
    pub struct RetractionFact {
        made: Moment,
        of: EntryIndex,
        what: Code<CaseStep>,
        stated: Moment,
        reference: Option<String>,
        /// The retraction was taken back itself: what it took back stands again.
        taken_back: bool,
    }

    pub struct RetractedDeadlineFact {
        strict: Instant,
        hours: u64,
        /// The step by which awareness was stated that it would run from, and the one that took it back.
        from: EntryIndex,
        by: EntryIndex,
        /// It had passed when the statement was taken back.
        passed_before: bool,
        /// The first notification that stands, or the cut-off while there is none, lies after it.
        missed: bool,
    }

    pub struct AwarenessFact {
        stated: Moment,
        strict: Option<Instant>,
        /// The deadline runs from this one: the earliest that stands.
        counts: bool,
        /// It lies before the breach began, before it was detected, or before the ledger was opened, as far as is recorded. It
        /// counts as it was told.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        before_breach: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        before_detection: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        before_ledger: bool,
        /// The deadline runs from it, and the authority had been notified before: whoever notified was aware.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        after_notification: bool,
        /// The step that took it back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_back_by: Option<EntryIndex>,
    }

    pub struct StepFact {
        entry: EntryIndex,
        recorded_at: Instant,
        step: Code<CaseStep>,
        stated_at: Option<Instant>,
        by: Vec<PersonIdentity>,
        by_erased: bool,
        /// As of the instants of the case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed: Option<bool>,
        reference: Option<String>,
        statement: Option<String>,
        /// Fields that it answered.
        answered: Vec<u64>,
        /// People it names as told or not to be told, and of these those who were erased since.
        told: u64,
        told_erased: u64,
        /// The ledger size that it was decided from.
        size: u64,
        /// SHA-256 of the report it refers to.
        report: Option<String>,
        /// The step that it takes back, and the one that took it back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        takes_back: Option<EntryIndex>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_back_by: Option<EntryIndex>,
    }

    /// What one erasure took.
    pub struct ErasedFact {
        /// The entry that records it.
        entry: EntryIndex,
        at: Instant,
        /// Entries of which parts are gone, and of these parts those about data subjects.
        acts: Vec<EntryIndex>,
        /// Entries that may have been about what the case is about: the name of what they were about went with them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        perhaps: Vec<EntryIndex>,
        subjects: u64,
        /// Steps of the case of which parts are gone.
        steps: Vec<EntryIndex>,
        /// Fields whose answers rested on any of it.
        fields: Vec<u64>,
    }

    pub struct DeadlineFact {
        /// The deadline.
        strict: Instant,
        /// By Regulation 1182/71, for information.
        reading: Instant,
        working_days: u64,
        hours: u64,
        zone: String,
        /// Nobody set a profile: these are the template's own values.
        is_default: bool,
        /// The step by which awareness was stated that it runs from.
        from: EntryIndex,
        /// The first notification, the decision that none is due, or the cut-off while there is neither, lies after it.
        missed: bool,
        /// Neither is known to be before it, and the deadline had passed when this was made.
        passed: bool,
    }

    pub struct SeverityFact {
        /// The house's own level.
        level: Option<String>,
        figure: Option<FigureFact>,
        set: Moment,
        /// The step that took it back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_back_by: Option<EntryIndex>,
    }

    /// ENISA's figure, an aid. All in hundredths but the context.
    pub struct FigureFact {
        context: u64,
        identification: u64,
        confidentiality: u64,
        integrity: u64,
        availability: u64,
        malicious: bool,
        score: u64,
        level: String,
        /// From which scores on a level is reached; absent in reports of before they could be set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thresholds: Option<ThresholdsFact>,
    }

    pub struct ThresholdsFact {
        medium: u64,
        high: u64,
        very_high: u64,
        /// The controller's legal profile sets them; otherwise they are ENISA's.
        registered: bool,
    }

    pub struct FormTotals {
        /// Fields that are shown and must be filled in.
        required: u64,
        /// Of these, filled in.
        provided: u64,
        /// Of these, only proposed by the ledger.
        to_confirm: u64,
        /// Of these, empty.
        not_provided: u64,
    }

    pub struct FieldFact {
        number: u64,
        block: String,
        title: String,
        /// The same in English, where this is not: as the authority's form has it.
        english: Option<String>,
        origin: FieldOrigin,
        /// Shown, and to be filled in.
        required: bool,
        state: FieldState,
        /// The answer: option codes, or the value itself. What is only proposed is none.
        values: Vec<String>,
        /// What the options mean; the value itself where it is none.
        texts: Vec<String>,
        /// What the ledger proposes, or says where a person said something else.
        ledger_values: Vec<String>,
        ledger_texts: Vec<String>,
        /// What a person said, where it was not taken.
        refused_values: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        contradicts: Vec<Contradiction>,
        /// By which entries.
        entries: Vec<EntryIndex>,
        /// The step in which a person answered.
        answered_in: Option<EntryIndex>,
    }

    pub struct TodoFact { field: u64, what: Todo }

    /// What became known since a notification was computed, until the next one or now.
    pub struct Phase {
        submitted: Moment,
        /// The ledger size it was computed from.
        size: u64,
        /// The case was opened after it.
        before_case: bool,
        /// SHA-256 of the report that was submitted.
        report: Option<String>,
        /// It was stated afterwards, and what was sent is not on file: whether an answer changed since nobody can tell.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        not_on_file: bool,
        /// It was notified as incomplete: the rest is owed.
        incomplete: bool,
        /// The notification that it is compared with; absent: what is known now.
        until: Option<EntryIndex>,
        changes: Vec<ChangeFact>,
        /// Facts that answers rest on, also where no answer says otherwise because of them.
        facts: Vec<FactChange>,
        /// What cannot be compared any more, because erasures since took what it rested on. Numbers that the notification's own
        /// step counted are kept, and stand among the changes where they read otherwise.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        uncompared: Vec<UncomparedFact>,
        /// Nothing follows it that is on file, and an answer that was given then, or a fact that answers rest on, is another
        /// one now. That somebody was erased is none.
        follow_up_needed: bool,
    }

    /// One erasure since a notification, and the fields whose answers of then cannot be known any more.
    pub struct UncomparedFact {
        erasure: EntryIndex,
        fields: Vec<u64>,
        /// What went may have been about something else: its name went with it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        perhaps: bool,
    }

    /// A fact as it was told of then, and now; absent where it was not known, or is none any more.
    pub struct FactChange { what: Basis, then: Option<String>, now: Option<String>, entries: Vec<EntryIndex> }

    /// One column of the register for this breach.
    pub struct RegisterFact { column: RegisterColumn, lines: Vec<RegisterLine> }

    /// What stands there, and who says so.
    pub struct RegisterLine { text: String, state: FieldState, entries: Vec<EntryIndex> }

    pub struct ChangeFact { field: u64, title: String, then: Vec<String>, now: Vec<String> }

    pub struct Answer { text: String }

    pub struct BreachReport {
        /// Format of this JSON.
        format: String,
        /// Made again after an erasure: what is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        erratum: Option<ErratumFact>,
        header: Header,
        answer: Answer,
        case: CaseFact,
        severity: Vec<SeverityFact>,
        /// Proposed for ENISA's loss of confidentiality, from who could see it: hundredths.
        figure_confidentiality: u64,
        /// Why.
        figure_audience: AudienceKind,
        totals: FormTotals,
        fields: Vec<FieldFact>,
        todo: Vec<TodoFact>,
        phases: Vec<Phase>,
        /// This breach in the register of Art. 33(5).
        register: Vec<RegisterFact>,
        /// Whether "no data was mishandled" can be said.
        claim: Claim,
        /// How far logging supports it.
        coverage: CoverageFact,
        /// By whose clocks times were told; absent in reports of before it was counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock: Option<ClockFacts>,
        /// What this report says otherwise than the one that it supersedes, by path; none where it supersedes none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Vec<changes::ChangeFact>>,
    }

    pub struct PersonsReport {
        /// Format of this JSON.
        format: String,
        /// Made again after an erasure: what is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        erratum: Option<ErratumFact>,
        header: Header,
        answer: Answer,
        totals: PersonsTotals,
        persons: Vec<PersonFact>,
        /// What a message to them has to say (GDPR Art. 34(2)); empty in lists of before it was told.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        message: Vec<MessageFact>,
        /// Copies of what the case is about.
        holdings: Vec<HeldFact>,
        /// People who were told and of whom nothing is recorded in what the case is about.
        others_told: Vec<OtherTold>,
        /// Public communications: nobody is counted as told by one alone.
        public: Vec<ToldFact>,
        /// People who were told and have been erased since.
        told_erased: u64,
        /// What the controller registered to say to people, by language.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        texts: Vec<RegisteredText>,
        coverage: CoverageFact,
        /// By whose clocks times were told; absent in reports of before it was counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock: Option<ClockFacts>,
        /// What this report says otherwise than the one that it supersedes, by path; none where it supersedes none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Vec<changes::ChangeFact>>,
    }

    /// How to reach the controller (GDPR Art. 34(2), 33(3)(b)), on their rights, and on their right to complain.
    pub struct RegisteredText {
        language: String,
        contact: Option<String>,
        rights: Option<String>,
        complaint: Option<String>,
    }

    pub struct MessageFact { part: MessagePart, provision: Provision, lines: Vec<RegisterLine> }

    pub struct PersonsTotals {
        /// Surely concerned, and possibly.
        persons: Range,
        /// Whether these are all: otherwise somebody may be concerned whom no record names.
        determined: bool,
        /// So many of them, possibly, acts counted and did not list.
        #[serde(default, skip_serializing_if = "is_zero")]
        not_listed: u64,
        /// At least so many: what a step had counted is no less because somebody was erased since.
        #[serde(default, skip_serializing_if = "is_zero")]
        not_listed_low: u64,
        accessed: u64,
        not_recorded: u64,
        cannot_be_excluded: u64,
        told: u64,
        /// A message went where several are, or perhaps to somebody else.
        perhaps_told: u64,
        could_not_be_told: u64,
        not_told: u64,
        /// Copies that are not gone and may hold anybody's data of these.
        holdings_open: u64,
        /// Of these, such as may be none.
        #[serde(default, skip_serializing_if = "is_zero")]
        holdings_possible: u64,
    }

    pub struct PersonFact {
        identities: Vec<PersonIdentity>,
        categories: Vec<Code<Category>>,
        /// When their data possibly stood open.
        windows: Vec<Span>,
        open_us: Range,
        accesses: Range,
        seen: Seen,
        notice: Notice,
        told: Vec<ToldFact>,
        /// Why they were not told, as the last attempt or the form's answers say.
        reason: Option<String>,
        /// By which of the identifiers they can be reached.
        contact: Option<PersonIdentity>,
        /// As the registry says of the resources: where these people live, what they read, whether they are vulnerable.
        countries: Vec<String>,
        language: Option<String>,
        vulnerable: Option<bool>,
        /// Copies that surely hold their data, by number.
        holdings: Vec<u64>,
        /// Copies that are not gone and hold their data: surely, and possibly, which are also those that list not everybody.
        holdings_open: Range,
    }

    /// One copy.
    pub struct HeldFact {
        number: u64,
        holder: Who,
        resource: String,
        start: Bound,
        end: Bound,
        form: Form,
        /// It may be none.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        possible: bool,
        /// It is not gone.
        open: bool,
        /// Of how many of these persons it surely holds data.
        persons: u64,
        /// These are all; otherwise anybody's may be in it.
        listed: bool,
    }

    pub struct OtherTold { identities: Vec<PersonIdentity>, told: Vec<ToldFact> }

    /// One attempt to tell a person.
    pub struct ToldFact {
        at: Instant,
        channel: Code<Channel>,
        delivery: Code<Delivery>,
        /// SHA-256 of the message.
        message: Option<String>,
        /// Why it could not be done.
        statement: Option<String>,
        entry: EntryIndex,
        /// It went to this person and nobody else.
        certain: bool,
        /// It lies before the breach began, as far as is recorded: nobody counts as told by it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        before_breach: bool,
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl PersonsTotals {
    /// Copies that are not gone: those that there surely are, to all.
    pub fn copies_open(&self) -> Range {
        Range { low: self.holdings_open.saturating_sub(self.holdings_possible), high: self.holdings_open }
    }
}
