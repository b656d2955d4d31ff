//! The access report as typed facts. Its JSON is the report; HTML and PDF are made from that JSON and from nothing else.
//!
//! Three things are never mixed: what is certain and what is possible ([`Range`]), what was given to a tool and what came
//! back ([`Class`], [`Exposure`]), and what an agent processed and what a human was shown.

use crate::model::{
    ApprovalResult, Assurance, CaseStep, Category, ContentKind, Determination, Direction, Doubt, Ground, LegalBasis,
    Outcome, PartyKind, PolicyDecision, Provenance, RecipientKind, RecordScope, ReportType, RetentionClass, Role,
    Strength, TimeSource, Verb,
};
use crate::report::changes::ChangeFact;
use crate::report::clock::ClockFacts;
use crate::report::code::Code;
use crate::report::edition::Edition;
use crate::report::erratum::ErratumFact;
use crate::report::exposure::document::Approval;
use crate::report::header::header;
use crate::report::instant::{Instant, Zone};
use crate::report::shape::{choices, facts};
use crate::report::template;
use serde::{Deserialize, Serialize};

/// Place of an entry in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntryIndex(pub u64);

/// An act, numbered from 1 in the order of its first entry. Several entries are one act by an equal action id, by a
/// recorded `same_act_as`, or by being the same entry; never by likeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActNumber(pub u64);

/// Another person, numbered from 1 by first appearance: one number is one person. Two numbers may be one person, of whom the
/// ledger does not know it for sure, or whom a decision names in some entries alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonNumber(pub u64);

/// A conversation, numbered from 1 by first appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConversationNumber(pub u64);

choices! {
    /// What an act did with data of the person; the strongest that is certain. Every act has exactly one.
    pub enum Class {
        /// Data of the person came back, or were shown.
        Processed "processed",
        /// They may have: the outcome is unknown, or it is not determined what came back.
        Possible "possible",
        /// They only went into a tool.
        ArgumentsOnly "arguments_only",
        /// Denied or failed; arguments may have gone into the tool all the same.
        Attempt "attempt",
        /// The person has another part in it, or it moves no data.
        OtherPart "other_part",
    }

    /// How sure it is that data of the person reached somebody.
    pub enum Level { None "none", Possible "possible", Certain "certain" }

    /// One of four, a property of the act under the policy then in force.
    pub enum Authorisation {
        Authorised "authorised", Unauthorised "unauthorised", Exceptional "exceptional", NotAssessed "not_assessed",
    }

    /// The only sentences that may be said of access (REPORTS 2.1).
    pub enum Verdict {
        Accessed "accessed", NoneComplete "none_complete", NoneIncomplete "none_incomplete",
        NotDeterminable "not_determinable",
    }

    /// Why a negative cannot be said more strongly.
    pub enum Limit {
        NoSources "no_sources", SourceWithoutStatement "source_without_statement", SpanWithoutStatement "span_without_statement",
        StatedUnknown "stated_unknown", UnregisteredSource "unregistered_source", Undetermined "undetermined",
        NotSearched "not_searched", NotProved "not_proved", DeliveryDelay "delivery_delay", Silent "silent", Removed "removed",
        KeptForMatter "kept_for_matter", NotLogged "not_logged", UnknownResource "unknown_resource",
    }

    pub enum GapKind {
        Sampled "sampled", Down "down", Refused "refused", Unknown "unknown", Silent "silent", Skipped "skipped", Ledger "ledger",
    }

    /// By what somebody counts as a recipient.
    pub enum RecipientBasis {
        /// The record names it.
        Recorded "recorded",
        /// It runs the tool, says the registry.
        ToolOperator "tool_operator",
        /// It runs the agent's model.
        ModelVendor "model_vendor",
        /// It acted itself, or somebody acted for it.
        Acted "acted",
        /// It got them by an act that it had no authority for.
        WithoutAuthority "without_authority",
    }

    /// What the person has to do with a step or a decision that the ledger keeps.
    pub enum Involvement {
        /// Acted in the case of a personal data breach.
        CaseStep "case_step",
        /// Stands in it otherwise.
        CasePerson "case_person",
        /// Was told of a breach of their data, or could not be told.
        Told "told", NotTold "not_told",
        /// Somebody decided to name them to a data subject.
        NamedToSomebody "named_to_somebody",
        /// They decided on naming somebody.
        DecidedNaming "decided_naming",
        /// They took such a decision back, or one that named them was taken back.
        TookBackNaming "took_back_naming", NamingTakenBack "naming_taken_back",
        /// Somebody looked up what is held on them.
        LookedUp "looked_up",
    }

    /// What is known of a field that Art. 15 asks for.
    pub enum Provision {
        Provided "provided",
        /// The ledger's half is here, the controller's is not.
        Partly "partly",
        NotProvided "not_provided",
        /// Nothing in this report calls for it.
        NotApplicable "not_applicable",
    }

    /// How a request stands at the report's cut-off.
    pub enum RequestState { Open "open", Overdue "overdue", InTime "in_time", Late "late" }

    /// Something a reader must know before trusting a number.
    pub enum Notice {
        NotSearched "not_searched", NotProved "not_proved", ContentClosed "content_closed",
        PartUndescribed "part_undescribed", Corrected "corrected", Retracted "retracted", Late "late",
        ReadsNotSearched "reads_not_searched", BeyondSize "beyond_size", Removed "removed",
        KeptForMatter "kept_for_matter",
        /// Not all that bears on their authority was read.
        JudgedInPart "judged_in_part",
    }
}

/// From what is certain to what is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub low: u64,
    pub high: u64,
}

/// A name as the record has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Name {
    /// Known to the ledger's registry.
    Registered(String),
    /// Free input, which stood sealed.
    Unregistered(String),
    /// It stands sealed and does not open, or stays sealed in the person's own edition.
    Closed,
}

impl RecipientFact {
    /// Recipients in law, and whoever else the record names as one; never the person.
    pub fn is_told(&self) -> bool {
        self.recipient_in_law
            || (self.party != Party::ThisPerson && self.bases().any(|basis| basis == RecipientBasis::Recorded))
    }

    /// All by which it counts as one.
    pub fn bases(&self) -> impl Iterator<Item = RecipientBasis> {
        std::iter::once(self.basis).chain(self.further.iter().map(|way| way.basis))
    }
}

impl TransferFact {
    /// What allowed it is on file, and was when data went there.
    pub fn is_known_of_then(&self) -> bool {
        self.safeguard.is_some() && self.since.is_none()
    }
}

impl Name {
    /// As it stood sealed. An empty one was taken out with somebody whom it named.
    pub fn sealed(value: &str) -> Self {
        if value.is_empty() { Name::Closed } else { Name::Unregistered(value.to_owned()) }
    }
}

/// Somebody in an action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Party {
    /// The person this report is about.
    ThisPerson,
    /// Another human. Never named here. In a merged line the number is left out.
    OtherPerson {
        number: Option<PersonNumber>,
    },
    /// A human whom the record does not tell apart from others.
    SomeHuman,
    Named {
        kind: Code<PartyKind>,
        name: Name,
    },
    Unnamed {
        kind: Code<PartyKind>,
    },
    Public,
}

/// When an act happened, as what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ActTime {
    /// Claimed, by whose clock. `bounded` is the claim widened by the source's skew and cut to what can be true.
    /// `doubtful` says that nothing of the claim could be true, so that only the recording bounds it.
    Claimed { clock: Code<TimeSource>, claimed: Span, bounded: Span, skew_us: u64, doubtful: bool },
    /// A replay's clock is no history: only the order inside the conversation is known.
    Replay { place: Option<PlaceInConversation> },
    /// Only when it was recorded is known, and so the order inside the conversation.
    Unknown { place: Option<PlaceInConversation> },
}

/// What the controller declares of its processing, and its texts in the report's language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredFacts {
    pub activities: Vec<DeclaredActivity>,
    pub rights: Option<String>,
    pub complaint: Option<String>,
    pub contact: Option<String>,
    /// How long the controller means to keep what this ledger holds; rules are put in force by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retention: Vec<DeclaredRetention>,
    /// Who else may be given data by what the registry says of joint controllers and of whoever works for recipients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_contract: Vec<ContractFact>,
}

header! {
    pub struct Header {
        question: QuestionFact,
        verification: Verification,
    }
}

facts! {
    /// Fields 4a, 9 and 13 of the list of fields.
    pub struct SaidFact { why_unnamed: Option<String>, logic: Option<String>, withheld: Option<String> }

    /// `works_for`: the recipient whose sub-processor it is; absent for whoever is jointly responsible.
    pub struct ContractFact {
        name: String,
        kind: Code<RecipientKind>,
        country: Option<String>,
        works_for: Option<String>,
    }

    pub struct DeclaredRetention { class: Code<RetentionClass>, months: u64 }

    /// Among the person's entries of that conversation that have no time.
    pub struct PlaceInConversation { conversation: ConversationNumber, order: u64, of: u64 }

    pub struct Span { from: Instant, until: Instant }

    pub struct AccessReport {
        /// Format of this JSON.
        format: String,
        header: Header,
        answer: Answer,
        /// What only a human can say, as whoever asked for the report said it; absent where nobody said anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<SaidFact>,
        person: Vec<PersonIdentity>,
        totals: Totals,
        /// Acts that are alike, merged: first, count, last.
        lines: Vec<Line>,
        agents: Vec<AgentFact>,
        principals: Vec<PrincipalFact>,
        recipients: Vec<RecipientFact>,
        tools: Vec<ToolFact>,
        categories: Vec<CategoryFact>,
        /// Acts that moved data whose categories are not stated: all categories are possible.
        categories_unstated: u64,
        /// Where there are such acts: what they moved, of whatever category.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unstated: Option<UnstatedFact>,
        fields: Vec<FieldFact>,
        records: Vec<RecordFact>,
        /// Records in these actions that belong to no determined person.
        records_unowned: u64,
        purposes: Vec<PurposeFact>,
        legal_bases: Vec<LegalBasisFact>,
        policies: Vec<PolicyFact>,
        authorisations: Vec<AuthorisationFact>,
        other_parts: Vec<OtherPartFact>,
        /// Steps of breaches and decisions to name staff in which the person stands.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        involved: Vec<InvolvedFact>,
        possible: PossiblePerson,
        undetermined: UndeterminedFacts,
        /// On the person, on what anything of the person stood in, and on breaches of that.
        earlier_reports: Vec<EarlierReport>,
        /// None: nobody looked for them.
        ledger_reads: Option<Vec<LedgerReadFact>>,
        coverage: CoverageFacts,
        clock: ClockFacts,
        completeness: Completeness,
        /// What the controller declares; nothing of it comes from the ledger.
        declared: DeclaredFacts,
        /// What the person asked for, and what became of it (Art. 12(3) and (4)).
        requests: RequestLog,
        /// Other humans whom a recorded decision names (C-579/21).
        staff: Vec<StaffFact>,
        /// Roles of other humans, by their numbers, where the controller's registry gives any that does not identify them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        staff_roles: Vec<StaffRole>,
        notices: Vec<NoticeFact>,
        /// What only legal matters keep of the person. What these parts say is not in this report.
        kept: Vec<KeptFact>,
        conversations: Vec<ConversationFact>,
        /// What this report says otherwise than the one that it was asked to supersede, by path; none where it was not asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<Vec<ChangeFact>>,
        /// Made again after an erasure: what is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        erratum: Option<ErratumFact>,
        /// Every entry, by index.
        entries: Vec<Entry>,
    }

    pub struct SupersededFact {
        report_id: String,
        entry: EntryIndex,
        /// Places that it rested on and that were erased since it was made: what they said is not compared. Absent where there
        /// are none, and where nothing was compared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        erased: Option<u64>,
    }

    pub struct TemplateFact {
        id: String,
        version: u64,
        language: String,
        /// In which pages and sheets tell times; those of this JSON are UTC.
        #[serde(default = "utc")]
        zone: String,
        /// Version of the time zone data by which they do; none in reports of before they told times so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tzdata: Option<String>,
        /// SHA-256 over template and wording: what a lawyer signs.
        digest: String,
    }

    pub struct QuestionFact {
        subject: PersonIdentity,
        /// Entries below this index count.
        size: u64,
        cut_off: Instant,
        /// From the ledger's first entry, or an earlier act that it tells of, to the cut-off.
        period: Span,
    }

    pub struct HeadFact {
        origin: String,
        size: u64,
        root: String,
        recorded_at: Instant,
        checkpoint: String,
        verifier_key: String,
        vault_generation: u64,
        custodian: String,
        /// Shell commands: the first exports the ledger, the second checks the export offline.
        verify_command: String,
    }

    pub struct Verification {
        /// Entries that this report counts.
        entries_counted: u64,
        /// Entries proved to stand in the signed tree, with their content, before they were counted.
        entries_proved: u64,
        /// Whether anybody tried the sealed parts against the person's keys.
        searched: bool,
        /// Whether there are any keys of the person, as known at this size.
        has_keys: bool,
        /// Sealed parts tried.
        parts_tried: u64,
    }

    pub struct Answer { text: String, verdict: Verdict, beyond: Verdict, humans: Verdict }

    pub struct PersonIdentity { namespace: String, fields: Vec<String>, strength: Code<Strength> }

    pub struct Totals {
        /// Entries in which the person has a part.
        entries: u64,
        acts: u64,
        processed: Range,
        /// The same without entries that were corrected or taken back; none where there are no such entries.
        processed_as_amended: Option<Range>,
        processed_by: ProcessedBy,
        /// Acts in which data of the person were shown to, or read directly by, another human.
        shown_to_humans: Range,
        /// Of these: read directly by a human, without an agent.
        read_by_humans: Range,
        shown_to_this_person: Range,
        /// Acts in which another human got data of the person without being shown them: a download, a copy.
        given_to_humans: Range,
        /// Acts in which data of the person reached a recipient that is told of, other than the person: whom the record names, who
        /// runs a tool or an agent's model, or who got them without authority.
        disclosed: Range,
        /// Failed acts whose error text was given back, and may tell of the person.
        error_texts: u64,
        /// Acts in which data of the person went into a tool, whatever came back.
        into_tools: Range,
        arguments_only: Range,
        attempts: Range,
        attempts_denied: u64,
        attempts_failed: u64,
        /// Attempts in which data of the person went into the tool all the same.
        attempts_into_tools: u64,
        /// Failed attempts whose error text the agent was given.
        attempts_with_error: u64,
        other_parts: u64,
        /// Of these: whose data they touched is not determined.
        other_parts_undetermined: u64,
        decisions: u64,
        /// When data of the person were processed, certainly or possibly.
        times: Option<Times>,
    }

    /// Acts by who made them. One that several made, because several entries tell of it, counts with each.
    pub struct ProcessedBy {
        /// By anybody but a human.
        not_humans: Range,
        /// By humans in person.
        in_person: Range,
        agents: Tally, services: Tally, humans: Tally, this_person: Tally, others: Tally }

    /// So many acts, by so many different parties.
    pub struct Tally { acts: Range, parties: Range }

    /// Acts by class.
    pub struct Counts { processed: u64, possible: u64, arguments_only: u64, attempt: u64, other_part: u64 }

    pub struct Times {
        /// Where a clock was claimed: not before the first, not after the last.
        occurred: Option<Span>,
        /// By the ledger's clock.
        recorded: Span,
        /// Acts whose time a gateway claims, else an agent.
        gateway: u64,
        agent_clock: u64,
        replayed: u64,
        unknown: u64,
    }

    pub struct Line {
        class: Class,
        exposure: Exposure,
        actor: Party,
        /// On whose behalf, nearest first.
        on_behalf_of: Vec<Party>,
        verb: Code<Verb>,
        tool: Option<Name>,
        dataset: Option<Name>,
        outcome: Code<Outcome>,
        into_tool: Vec<Code<Category>>,
        returned: Vec<Code<Category>>,
        shown: Vec<Code<Category>>,
        purpose: Option<Name>,
        authorisation: Option<Authorisation>,
        acts: u64,
        entries: u64,
        first: EntryIndex,
        last: EntryIndex,
        times: Times,
    }

    /// What an act exposed of the person, and how surely.
    pub struct Exposure {
        /// Into a tool.
        arguments: Level,
        /// To whoever acted.
        result: Level,
        /// Before the eyes of another human.
        humans: Level,
        /// Of these: by reading directly.
        humans_directly: Level,
        this_person: Level,
        /// Before an agent or a service.
        machines: Level,
        /// To another human who acted, without being shown: a download, a copy.
        humans_given: Level,
        /// Humans may have looked, and nothing records it: a group, the public, an account that is shared, somebody whom
        /// they were sent to.
        audience: Level,
        /// To recipients whom the record names.
        recipients: Level,
        /// Categories are not stated: all are possible.
        unstated: bool,
        /// More may have come back than is listed.
        incomplete: bool,
        /// A failure whose error text was given back.
        error_text: bool,
    }

    pub struct AgentFact {
        agent: Party,
        versions: Vec<Name>,
        models: Vec<Name>,
        vendors: Vec<Name>,
        regions: Vec<Name>,
        /// Acts in which it acted.
        acted: Counts,
        /// Acts that another did on its behalf, and of which it may have been given everything.
        delegated: Counts,
        on_behalf_of: Vec<PrincipalFact>,
        times: Option<Times>,
    }

    pub struct PrincipalFact {
        /// None: an agent acted and nobody is named.
        party: Option<Party>,
        /// A human who acted in person, on nobody else's behalf.
        in_person: bool,
        counts: Counts,
        /// For other persons: how many they may be.
        persons: Range,
    }

    pub struct RecipientFact {
        basis: RecipientBasis,
        kind: Code<RecipientKind>,
        /// False for staff on instruction, the person and inquiring authorities (GDPR Art. 4(9); C-579/21).
        recipient_in_law: bool,
        party: Party,
        country: Option<String>,
        /// Of which agent or tool, for a vendor or operator.
        of: Option<Name>,
        /// By what else it counts as one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        further: Vec<RecipientWay>,
        /// Where country or role come from what the registry said first only after it got data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<SinceFact>,
        acts: Range,
        categories: Vec<Code<Category>>,
        /// Acts whose categories are not stated: all are possible.
        categories_unstated: u64,
        pseudonymised: u64,
        /// Where it is outside the EEA: by what the controller says that this is allowed (GDPR Art. 15(2), Chapter V).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transfer: Option<TransferFact>,
        times: Times,
    }

    pub struct RecipientWay { basis: RecipientBasis, of: Option<Name> }

    /// Since when the registry says something.
    pub struct SinceFact { entry: EntryIndex, at: Instant }

    pub struct TransferFact {
        safeguard: Option<Code<LegalBasis>>,
        /// Where the registry says so only since after data went there: what allowed it then, nobody says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<SinceFact>,
    }

    pub struct ToolFact { tool: Name, operator: Option<Name>, country: Option<String>, given: u64, counts: Counts,
        categories: Vec<Code<Category>> }

    pub struct CategoryFact {
        category: Code<Category>,
        /// GDPR Art. 9 or 10.
        special: Option<String>,
        into_tool: u64,
        /// Came back, or was shown to anybody.
        received: Range,
        /// Before the eyes of another human.
        shown_to_humans: Range,
    }

    pub struct UnstatedFact { into_tool: Range, received: Range, shown_to_humans: Range }

    pub struct FieldFact { pointer: String, category: Code<Category>, direction: Code<Direction>, acts: u64 }

    pub struct RecordFact { dataset: String, id: String, scope: Code<RecordScope>,
        /// Where the id is unique only inside it.
        conversation: Option<ConversationNumber>, acts: u64, first: EntryIndex, last: EntryIndex }

    pub struct PurposeFact { purpose: Option<Name>, counts: Counts }

    pub struct LegalBasisFact { basis: Option<Code<LegalBasis>>, counts: Counts }

    pub struct PolicyFact { id: Name, version: Option<Name>, decision: Code<PolicyDecision>, counts: Counts }

    pub struct AuthorisationFact { value: Authorisation, acts: u64 }

    pub struct OtherPartFact { roles: Vec<Code<Role>>, verb: Code<Verb>, undetermined: bool, acts: u64, first: EntryIndex, last: EntryIndex }

    pub struct InvolvedFact {
        entry: EntryIndex,
        leaf: String,
        recorded_at: Instant,
        what: Involvement,
        /// Of the case of a breach.
        step: Option<Code<CaseStep>>,
        /// When it was taken, as whoever recorded it states.
        at: Instant,
    }

    /// Weakly linked entries: they widen ranges and disclose nothing else.
    pub struct PossiblePerson { entries: u64, acts: u64, counts: Counts }

    pub struct UndeterminedFacts {
        actions: u64,
        /// Of these: not denied and not failed.
        delivered: u64,
        /// Of these: the person has another part in them.
        with_this_person: u64,
        kinds: Vec<UndeterminedFact>,
    }

    pub struct UndeterminedFact {
        determination: Code<Determination>,
        /// None: the tool's name stands sealed.
        tool: Option<String>,
        reason: Code<Doubt>,
        outcome: Code<Outcome>,
        count: u64,
        first: EntryIndex,
        last: EntryIndex,
    }

    pub struct EarlierReport {
        entry: EntryIndex,
        leaf: String,
        recorded_at: Instant,
        report_id: String,
        report_type: Code<ReportType>,
        caller: Option<Name>,
        assurance: Code<Assurance>,
        size: u64,
        cut_off: Instant,
    }

    pub struct LedgerReadFact {
        entry: EntryIndex,
        recorded_at: Instant,
        caller: Option<Name>,
        assurance: Code<Assurance>,
        verb: Code<Verb>,
        first: EntryIndex,
        count: u64,
    }

    pub struct CoverageFacts {
        period: Span,
        /// What may be said of access that is not recorded.
        sentence: Verdict,
        limits: Vec<Limit>,
        sources: Vec<SourceCoverage>,
        /// Sources that actions of this report name without being registered.
        unregistered_sources: u64,
        downtimes: Vec<Gap>,
    }

    pub struct SourceCoverage {
        source: String,
        registered: bool,
        statements: u64,
        heartbeats: u64,
        refused: u64,
        /// Registered: how long its records may take to arrive.
        delivery_delay_us: u64,
        complete: Vec<Span>,
        gaps: Vec<Gap>,
        /// Parts of the period for which nothing was stated.
        unstated: Vec<Span>,
    }

    pub struct Gap { kind: GapKind, span: Span, refused: u64, entry: EntryIndex }

    pub struct Completeness { provided: u64, partly: u64, not_provided: u64, not_applicable: u64, fields: Vec<ProvisionFact> }

    /// A field of an access report, by its number in the list that the wording explains.
    pub struct ProvisionFact { field: String, provision: Provision }

    pub struct DeclaredActivity {
        purpose: String,
        title: Option<String>,
        /// Whether acts on this person named the purpose.
        observed: bool,
        legal_bases: Vec<Code<LegalBasis>>,
        categories: Vec<Code<Category>>,
        recipients: Vec<String>,
        /// How long data are kept, or by which criteria.
        months: Option<u64>,
        /// Those months after the last act on the person of this purpose, YYYY-MM-DD in the profile's zone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        criteria: Option<String>,
        transfers: Vec<DeclaredTransfer>,
        source: Option<String>,
    }

    pub struct DeclaredTransfer { recipient: String, country: String, safeguard: Option<Code<LegalBasis>> }

    pub struct StaffFact {
        /// By which this report calls them.
        number: PersonNumber,
        /// Where they act.
        entry: EntryIndex,
        /// The entry of the decision.
        decision: EntryIndex,
        /// Empty where they were erased since.
        names: Vec<PersonIdentity>,
        erased_by: Option<EntryIndex>,
        /// Who decided it; empty where they were erased since, and in the person's own edition.
        decided_by: Vec<PersonIdentity>,
        /// Why the name is essential to the person.
        reasons: Option<String>,
        /// The interest of whoever is named, and how it was weighed; not in the person's own edition.
        interest: Option<String>,
        /// The decision was taken back: nobody is named by it, and its reasons are told no more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_back: Option<NamingTakenBack>,
    }

    /// A role of another human of this report, which several have.
    pub struct StaffRole { number: PersonNumber, entry: EntryIndex, roles: Vec<String> }

    /// By which entry a decision was taken back, and by whom; nobody where they were erased since, and in the person's own edition.
    pub struct NamingTakenBack { entry: EntryIndex, by: Vec<PersonIdentity> }

    /// Requests of the person, by when their receipt was recorded.
    pub struct RequestLog {
        /// In which days are counted.
        zone: String,
        /// Public holidays on which no period ends.
        holidays: u64,
        /// Nobody set a legal profile: these are the template's values.
        default_profile: bool,
        log: Vec<RequestFact>,
    }

    pub struct RequestFact {
        entry: EntryIndex,
        reference: Option<String>,
        received: Instant,
        verified: Option<RequestStepFact>,
        /// Last day of the period, YYYY-MM-DD; none where no calendar has it.
        due: Option<String>,
        extension: Option<ExtensionFact>,
        answered: Option<RequestStepFact>,
        refused: Option<RefusalFact>,
        state: RequestState,
    }

    pub struct RequestStepFact { entry: EntryIndex, at: Instant, statement: Option<String> }

    /// Moves the end only where the person was told within the first period.
    pub struct ExtensionFact { entry: EntryIndex, at: Instant, reasons: Option<String>, due: Option<String>, in_time: bool }

    pub struct RefusalFact { entry: EntryIndex, at: Instant, ground: Option<Code<Ground>>, reasons: Option<String> }

    pub struct NoticeFact { notice: Notice, count: u64 }

    pub struct KeptFact {
        /// The erasure entry by which they were closed for everybody else.
        since: EntryIndex,
        parts: u64,
    }

    pub struct ConversationFact { number: ConversationNumber, id: String, entries: u64 }

    /// One entry of the annex.
    pub struct Entry {
        index: EntryIndex,
        act: ActNumber,
        leaf: String,
        recorded_at: Instant,
        class: Class,
        exposure: Exposure,
        roles: Vec<Code<Role>>,
        subject_kind: Option<String>,
        verb: Code<Verb>,
        outcome: Code<Outcome>,
        time: ActTime,
        actors: Vec<ActorFact>,
        recipients: Vec<EntryRecipient>,
        shown_to: Vec<Party>,
        tool: Option<Name>,
        dataset: Option<Name>,
        into_tool: Vec<Code<Category>>,
        returned: Vec<Code<Category>>,
        shown: Vec<Code<Category>>,
        fields: Vec<EntryField>,
        records: Vec<EntryRecord>,
        records_unowned: u64,
        /// What came and is not kept by the ledger's policy: it is not "none".
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_kept: Vec<Code<ContentKind>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cut: Vec<Code<ContentKind>>,
        purpose: Option<Name>,
        legal_bases: Vec<Code<LegalBasis>>,
        policy: Option<EntryPolicy>,
        /// As whoever recorded it said.
        approval: Option<Code<ApprovalResult>>,
        /// What the approval was worth by all that is on file of it; absent where it went by none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved: Option<Approval>,
        break_glass: bool,
        authorisation: Option<Authorisation>,
        encrypted: bool,
        pseudonymised: bool,
        source: Option<Name>,
        caller: Option<Name>,
        assurance: Code<Assurance>,
        provenance: Code<Provenance>,
        agent_signed: bool,
        conversation: Option<ConversationNumber>,
        call_id: Option<String>,
        determination: Code<Determination>,
        doubts: Vec<Code<Doubt>>,
        clamped: bool,
        not_synchronised: bool,
        content_closed: bool,
        /// Entries of this report that it corrects.
        corrects: Vec<EntryIndex>,
        corrected_by: Vec<EntryIndex>,
        retracted_by: Vec<EntryIndex>,
    }

    pub struct ActorFact { party: Party, version: Option<Name>, model: Option<Name>, vendor: Option<Name>, region: Option<Name> }

    pub struct EntryRecipient { kind: Code<RecipientKind>, party: Party, country: Option<String> }

    pub struct EntryField { pointer: String, category: Code<Category>, direction: Code<Direction> }

    pub struct EntryRecord { dataset: String, id: String, scope: Code<RecordScope> }

    pub struct EntryPolicy { id: Name, version: Option<Name>, decision: Code<PolicyDecision> }
}

fn utc() -> String {
    Zone::default().name().to_owned()
}

impl AccessReport {
    pub fn edition(&self) -> Edition {
        template::edition_of(&self.header.template.id)
    }
}

impl TemplateFact {
    pub fn zone(&self) -> Zone {
        Zone::named(Some(&self.zone))
    }
}

impl Name {
    /// The name itself, where it is known.
    pub fn text(&self) -> Option<&str> {
        match self {
            Name::Registered(name) | Name::Unregistered(name) => Some(name),
            Name::Closed => None,
        }
    }
}
