//! The exposure report as typed facts. Its JSON is the report; HTML and PDF are made from that JSON and from nothing else.
//!
//! The rungs are never mixed (could see, was given, did see, holds), and every duration stands with what is certain and
//! what is possible, in microseconds. Minutes of several persons are never added.

use crate::model::{Category, Outcome, PartyKind, PolicyDecision, RecipientKind, Verb};
use crate::report::access::document::{
    Authorisation, Completeness, EntryIndex, Gap, Limit, Name, PersonIdentity, Range, SourceCoverage, Span, Verdict,
};
use crate::report::canonical::{INTEGER_MAX, cut};
use crate::report::changes::ChangeFact;
use crate::report::clock::ClockFacts;
use crate::report::code::Code;
use crate::report::erratum::ErratumFact;
use crate::report::header::header;
use crate::report::instant::Instant;
use crate::report::shape::{choices, facts};
use serde::{Deserialize, Serialize};

choices! {
    /// How well the end of an interval is known (REPORTS 2.3).
    pub enum Known {
        Exact "exact", Bounded "bounded", Assumed "assumed", Unknown "unknown",
        /// It had not ended at the cut-off.
        Open "open",
    }

    /// What one act shows of the ladder.
    pub enum Rung { Tried "tried", Given "given", Processed "processed", Seen "seen" }

    /// Something in what was told that does not fit; it was widened and not dropped.
    pub enum Oddity {
        EndsBeforeItBegins "ends_before_it_begins", ClosesNothing "closes_nothing",
        ExpiryNotEnforced "expiry_not_enforced", GroupInsideItself "group_inside_itself",
        NoPathOnFile "no_path_on_file", PathWasClosed "path_was_closed", OutsideTheGrant "outside_the_grant", ContentNotOnFile "content_not_on_file",
        ClockDoubt "clock_doubt",
        /// It was got for somebody, or shown to somebody, whose own ways had all ended.
        ForSomebodyShutOut "for_somebody_shut_out",
        /// Somebody who joined later got what the registry says is hidden from them.
        HistoryNotHidden "history_not_hidden",
        /// A correction or retraction that speaks of no act on file, over however many others.
        AmendsNothing "amends_nothing",
        /// An act that is told to be its own cause, or told again by itself.
        RefersToItself "refers_to_itself",
        /// An act that says it delivered data of more people than it lists, or than are on file there.
        CountsContradict "counts_contradict",
        /// An act that says it delivered more than can be: more than every reader of JSON holds exactly.
        CountsAbsurd "counts_absurd",
    }

    /// Whether "no data was mishandled" can be said.
    pub enum Claim {
        /// Somebody got data who was not authorised to.
        Refuted "refuted",
        /// Data was deleted or altered without authority.
        Lost "lost",
        /// Nobody assessed whether those who got data were authorised to, or it may have been somebody who was not.
        NotAssessed "not_assessed",
        /// No such access is recorded, but it stood open over ways that nobody was allowed to open.
        MadeAvailable "made_available",
        /// No such access is recorded and logging was complete, but not everything that was done was found to be allowed.
        Unsettled "unsettled",
        /// No such access is recorded, and it cannot be excluded.
        CannotBeExcluded "cannot_be_excluded",
        /// No such access is recorded, and logging was complete.
        Supported "supported",
        /// Nothing of these names is known, so that nothing is said of them.
        NothingKnown "nothing_known",
    }
}

choices! {
    /// Whether a correction or retraction counts, or why it does not.
    pub enum Standing {
        Counts "counts", NoRole "no_role", TookPart "took_part", Withdrawn "withdrawn", Rival "rival", Circular "circular",
        Ambiguous "ambiguous", ToldBefore "told_before",
    }

    /// What the approval was worth that an act went by.
    pub enum Approval {
        Matched "matched", Closed "closed", OtherAction "other_action", Expired "expired", GivenLater "given_later",
        AlreadyUsed "already_used", OneOfSeveral "one_of_several", PerhapsUsed "perhaps_used",
        CategoriesUnknown "categories_unknown", ByThemselves "by_themselves", NotApprover "not_approver", Refused "refused",
        NotOnFile "not_on_file",
    }

    /// What became of an emergency access.
    pub enum Reviewed { Justified "justified", Against "against", Pending "pending", Unreviewed "unreviewed" }

    /// How one act hangs together with the one that it led to.
    pub enum Relation {
        /// It opened a way itself.
        Opened "opened",
        /// Without it the next would not have been.
        Caused "caused",
        /// The next happened within it.
        Within "within",
        /// It closed a way.
        Closed "closed",
    }

    pub enum Lost { Unavailable "unavailable", Altered "altered" }

    /// Whether what was lost can be had back.
    pub enum Recovery { Temporary "temporary", Permanent "permanent", Restored "restored", Unknown "unknown" }

    /// Whether those who are in something are all on file, so that they can be counted.
    pub enum Countable {
        /// A source told of everybody who joined and left, for the whole period.
        Fed "fed",
        /// Some are on file; whether there were others no source tells.
        OnFile "on_file",
        NobodyOnFile "nobody_on_file",
        /// An account that somebody used who is not on file, or may have.
        UnnamedUsers "unnamed_users",
        Organisation "organisation",
        /// Whoever has the link, or the public.
        Public "public",
    }

    /// What of a resource was protected: what was put in, or what moved.
    pub enum Part { Content "content", Moved "moved" }

    /// How, as it was told.
    pub enum Protection {
        Encrypted "encrypted", Pseudonymised "pseudonymised", Both "both",
        /// It was told that it was not.
        Neither "neither",
        /// Nothing was said, or several things of one act.
        NotTold "not_told",
    }

    /// In what form a holder has a copy.
    pub enum Form { Readable "readable", Pseudonymised "pseudonymised", Encrypted "encrypted" }
}

/// Somebody, by name: the report is the lawyer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Who {
    Person {
        identities: Vec<PersonIdentity>,
    },
    /// A human whose part does not open, or of whom nothing was told.
    UnknownHuman {
        entry: u64,
    },
    Named {
        kind: Code<PartyKind>,
        name: Name,
    },
    /// Whoever has the link, or the public.
    Anyone,
    /// Whoever got what an entry sent, to nobody who is named.
    UnknownRecipient {
        entry: u64,
    },
    /// Whoever runs a tool, of whom the registry says nothing.
    UnknownOperator {
        tool: Name,
    },
}

header! {
    pub struct Header {
        question: Question,
        /// Entries looked at, each proved to stand in the signed tree.
        entries_proved: u64,
        /// Parts among them that are gone or do not open.
        parts_closed: u64,
        /// Entries whose public part was pruned: what they did is not known any more.
        pruned: u64,
        /// Which fields of this header only the controller can fill, and whether they are.
        completeness: Completeness,
    }
}

facts! {
    pub struct ExposureReport {
        /// Format of this JSON.
        format: String,
        header: Header,
        answer: Answer,
        totals: Totals,
        /// The figures before anything was corrected or taken back; absent where nothing was.
        as_told: Option<Totals>,
        resources: Vec<ResourceFact>,
        /// Of each way that nobody was allowed to open: how long until it was detected, and until it was really closed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lags: Vec<LagFact>,
        /// What has members, or may, and to which something was open or came.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        audiences: Vec<AudienceFact>,
        viewers: Vec<ViewerFact>,
        accesses: Vec<AccessFact>,
        holdings: Vec<HoldingFact>,
        /// How the data was protected, as it was told, and who could use the keys that undo it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        protections: Vec<ProtectionFact>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        keys: Vec<KeyFact>,
        disclosures: Vec<DisclosureFact>,
        losses: Vec<LossFact>,
        subjects: Vec<SubjectFact>,
        /// Where these people live, as the registry says of the resources; those of whom nothing is told last.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        countries: Vec<CountryFact>,
        /// Categories of data that are special (GDPR Art. 9) or of offences (Art. 10), whatever tells of them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        special: Vec<SpecialFact>,
        /// What opened and closed the ways, and what led to that, nearest first.
        causes: Vec<CauseFact>,
        /// Approvals for these resources, or by which an act went that is told here.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvals: Vec<ApprovalFact>,
        /// What policies decided, and what came of it; those of which none is recorded last.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        policies: Vec<PolicyComparison>,
        amendments: Vec<AmendmentFact>,
        oddities: Vec<OddityFact>,
        coverage: CoverageFact,
        /// By whose clocks times were told; absent in reports of before it was counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock: Option<ClockFacts>,
        /// What this report says otherwise than the one that it supersedes, by path.
        changes: Vec<ChangeFact>,
        /// Entries that an order keeps from whom they are about (GDPR Art. 23): this report is not for them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        suppressed: Vec<SuppressedFact>,
        /// What a human has to say of it, in the words of whoever asked for the report (REPORTS 1.2, 19 and 20).
        #[serde(default)]
        open_questions: Option<String>,
        #[serde(default)]
        characterisation: Option<String>,
        /// Made again after an erasure: what is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        erratum: Option<ErratumFact>,
    }

    pub struct SpecialFact {
        category: Code<Category>,
        /// Of the GDPR.
        article: String,
    }

    /// That something might be done, or might not.
    pub struct ApprovalFact {
        entry: EntryIndex,
        reference: String,
        refused: bool,
        by: Vec<Who>,
        /// Whom it allowed something; absent where it does not say.
        to: Option<Who>,
        from: Span,
        /// Its last instant, as far as it says; a policy may have ended it before.
        until: Option<Instant>,
        policy: Option<String>,
        /// Acts told here that went by it, by their first entries.
        used_by: Vec<EntryIndex>,
    }

    pub struct SuppressedFact {
        entry: EntryIndex,
        /// Of the order.
        reference: String,
        /// First day on which it is over; none: until it is taken back.
        until: Option<String>,
    }

    pub struct Question {
        resources: Vec<String>,
        /// Entries below this index count.
        size: u64,
        cut_off: Instant,
        /// From the first thing that was told of, to the cut-off.
        period: Span,
    }

    pub struct Answer {
        text: String,
        claim: Claim,
        could: Verdict,
        seen: Verdict,
        /// Of access that is not recorded: what logs it may have been complete, and not log what is done with copies elsewhere.
        beyond: Verdict,
    }

    pub struct Totals {
        /// How long any of it stood open: the union, measured.
        open_us: Range,
        /// Of that, over ways that nobody was allowed to open.
        unauthorised_us: Range,
        /// People who could see it: certain, and possible.
        people_could: Range,
        /// Of these, those who could over ways that nobody was allowed to open.
        #[serde(default)]
        people_without_authority: Range,
        /// People who did.
        people_saw: Range,
        /// People who were given it and are not known to have looked.
        people_given: Range,
        /// Agents and services that processed it.
        machines: Range,
        /// Somebody who cannot be counted could see it, or may have: a group whose members are not on file, whoever had a link,
        /// or whoever had a way that nobody told of.
        uncountable: bool,
        /// Others who cannot be counted may have seen it, or been given it: it was shown or given to the public, or to a group or
        /// an organisation with others in it than those on file.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        saw_uncountable: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        given_uncountable: bool,
        /// People whose data was inside; without an upper end where that is not known.
        subjects: Range,
        subjects_determined: bool,
        /// Whom no entry lists was counted: the upper figure holds these numbers, and is approximate.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        subjects_counted: bool,
        /// Records that came back or were given, as far as acts tell how many: they may repeat each other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        records: Option<Range>,
        /// Some act that delivered, or may have, does not say how many: there is no upper end.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        records_incomplete: bool,
        attempts: u64,
        holdings_open: u64,
        /// Of these, and of the two figures below: copies that there surely were.
        #[serde(default, skip_serializing_if = "is_zero")]
        holdings_open_surely: u64,
        #[serde(default, skip_serializing_if = "is_zero")]
        holdings_promised_surely: u64,
        #[serde(default, skip_serializing_if = "is_zero")]
        holdings_elsewhere_surely: u64,
        /// Copies whose end is only promised or planned: nothing shows that it came.
        #[serde(default, skip_serializing_if = "is_zero")]
        holdings_promised: u64,
        /// Copies that lie, or lay, where no source tells what is done with them.
        #[serde(default, skip_serializing_if = "is_zero")]
        holdings_elsewhere: u64,
        /// Agents that had it before them, of whose models no call is recorded and nobody knows who runs them.
        #[serde(default, skip_serializing_if = "is_zero")]
        models_unknown: u64,
        unauthorised_accesses: Range,
        /// Acts of which it is not settled whether they were authorised, each once: nobody assessed them, they were for an
        /// emergency and nobody found them justified, they may have been unauthorised, or the data might only be stored.
        #[serde(default, skip_serializing_if = "is_zero")]
        open_questions: u64,
        not_assessed_accesses: u64,
        /// Emergency access; of it, what somebody else found justified.
        exceptional_accesses: u64,
        exceptional_justified: u64,
        /// Accesses to data, deletions and alterations of it, that possibly might only be stored then (GDPR Art. 18(2)).
        after_restriction: u64,
        /// Others that possibly were such, by what persons who were erased since had asked for.
        #[serde(default, skip_serializing_if = "is_zero")]
        after_restriction_of_erased: u64,
        /// Deletions and alterations, and those of them without authority.
        losses: u64,
        unauthorised_losses: u64,
        /// Accesses, of whatever sort, in which data came back or was given, or may have been.
        successes: u64,
        /// Whether a way, a deletion or an alteration was allowed is not settled, or something was taken out of the count.
        unsettled: bool,
    }

    pub struct Bound { earliest: Instant, latest: Instant, known: Known, entry: Option<EntryIndex> }

    pub struct Window { start: Bound, end: Bound, certain_us: u64, possible_us: u64 }

    pub struct PathFact {
        audience: Who,
        start: Bound,
        end: Bound,
        authorisation: Authorisation,
        /// For which verbs, and to which categories, where its opening says so: it is open for no others.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rights: Vec<Code<Verb>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        categories: Vec<Code<Category>>,
    }

    pub struct ResourceFact {
        name: String,
        /// Whether anything in the ledger speaks of it, or it is registered.
        known: bool,
        windows: Vec<Window>,
        paths: Vec<PathFact>,
        subjects: u64,
        /// Whether `subjects` is everybody.
        determined: bool,
        /// How long it was open to whoever has the link, or to the public.
        to_anyone_us: Range,
    }

    /// How long something took, and how well that is known: of what has not ended, so far.
    pub struct Lag { us: Range, known: Known }

    pub struct LagFact {
        resource: String,
        audience: Who,
        opened: Bound,
        /// Detections of a breach of the resource that may be of this way, the earliest first. Where there are several, no record
        /// says which of them found it.
        detected: Vec<DetectedFact>,
        /// A detection is on file, and lies before the way opened.
        detected_before: bool,
        /// From the opening to the first of these detections, at most to the last.
        opened_to_detected: Option<Lag>,
        /// The first of the acts, after the opening, that led to the one that closed it; that one itself where none did.
        decided: Option<ActFact>,
        /// The act that closed it; absent where it ended by itself, or has not.
        revoked: Option<ActFact>,
        /// When it truly ended, with what went on working after it was closed.
        closed: Bound,
        decided_to_closed: Option<Lag>,
        revoked_to_closed: Option<Lag>,
        /// Absent where it was never detected, or had ended before.
        detected_to_closed: Option<Lag>,
        ended_before_detection: bool,
    }

    pub struct DetectedFact {
        entry: EntryIndex,
        /// The case whose step says so; absent where an act of detection does.
        case: Option<String>,
        at: Span,
        /// Of a step, which may state an earlier time.
        recorded_at: Option<Instant>,
    }

    pub struct ActFact { entry: EntryIndex, verb: Code<Verb>, when: Span }

    pub struct ViewerFact {
        who: Who,
        could_us: Range,
        /// Only over ways that nobody was allowed to open.
        excess_us: Range,
        /// When, possibly.
        times: Vec<Span>,
        /// Groups and accounts over which.
        over: Vec<Who>,
        /// Somebody who has, or had, a copy of their own: they could see it as long as that lasts, whatever way was closed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_copy: bool,
        /// Accesses in which data came back, or may have.
        did: u64,
        /// Of these, certain ones.
        surely: u64,
        tried: u64,
        first: Option<Instant>,
        last: Option<Instant>,
        highest: Option<Rung>,
        /// Of a group or an account: accesses by whoever was in it then, or may have been.
        #[serde(default, skip_serializing_if = "is_zero")]
        by_members: u64,
        /// Which fields, of each resource of which data came back, or may have.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<FieldsFact>,
        /// One of the four sentences that may be said (REPORTS 2.2).
        verdict: Verdict,
    }

    /// Something that has members, or may, and to which something was open or came.
    pub struct AudienceFact {
        who: Who,
        resources: Vec<String>,
        count: Countable,
        /// Whoever is told to have been in it, groups and accounts among them, since something was first open to it.
        members: Vec<MemberFact>,
    }

    pub struct MemberFact { who: Who, stays: Vec<Stay> }

    /// A time from a beginning to an end.
    pub struct Stay {
        /// Whether it surely was at all.
        certain: bool,
        start: Bound,
        /// Absent: it had not ended at the cut-off. That the cut-off is a later one is no change of it.
        end: Option<Bound>,
    }

    /// Fields of one resource, by their JSON pointers.
    pub struct FieldsFact {
        resource: String,
        fields: Vec<String>,
        /// Others that were only possibly got.
        perhaps_fields: Vec<String>,
        /// Accesses in which data came back, or may have; and those of them that do not name all fields of everybody.
        acts: u64,
        untold: u64,
    }

    pub struct ProtectionFact {
        resource: String,
        what: Part,
        state: Protection,
        /// Which key undoes it; absent where it is not told.
        key: Option<String>,
        acts: u64,
        /// Of those that were protected, by their first entries.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        entries: Vec<EntryIndex>,
    }

    pub struct KeyFact {
        name: String,
        /// Of which it undoes the protection, or may.
        resources: Vec<String>,
        users: Vec<KeyUserFact>,
    }

    pub struct KeyUserFact {
        who: Who,
        /// Who was told to have the key, where that is a group or an account that this one is in.
        over: Option<Who>,
        stays: Vec<Stay>,
    }

    pub struct CountryFact {
        /// ISO 3166-1 alpha-2; absent for those of whom none is told.
        name: Option<String>,
        persons: Range,
    }

    pub struct AccessFact {
        entries: Vec<EntryIndex>,
        resource: String,
        when: Span,
        who: Who,
        on_behalf_of: Vec<Who>,
        shown_to: Vec<Who>,
        /// Recipients.
        given_to: Vec<Who>,
        /// Others to whom it possibly was given.
        perhaps_given_to: Vec<Who>,
        /// It was one of these: people and agents that use the account that acted.
        one_of: Vec<Who>,
        /// Whoever acted cannot be told from others, and may be human or machine.
        unidentified: bool,
        verb: Code<Verb>,
        outcome: Code<Outcome>,
        rung: Rung,
        certain: bool,
        authorisation: Authorisation,
        /// That is not settled: perhaps it went over a way that nobody was allowed to open, or that somebody had taken away.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        perhaps_unauthorised: bool,
        approval: Option<Approval>,
        /// What policies decided of it, as it was recorded: one, unless its entries tell of several.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        policies: Vec<PolicyFact>,
        review: Option<ReviewFact>,
        /// People among them whose data might only be stored then.
        after_restriction: u64,
        /// Somebody possibly was, who was erased since.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        after_restriction_of_erased: bool,
        /// Persons whose data it names.
        subjects: u64,
        /// Whether these are all.
        listed: bool,
        /// Of how many people, and how many records, data came back or was given, where that was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subjects_counted: Option<CountFact>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        records: Option<CountFact>,
        categories: Vec<Code<Category>>,
        /// Others that it possibly showed, where no entry says which it did.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        perhaps_categories: Vec<Code<Category>>,
    }

    /// A policy in its version, and what it decided.
    pub struct PolicyFact { id: Name, version: Option<Name>, decision: Code<PolicyDecision> }

    /// What one policy in one version decided of acts that are told here, deletions and alterations among them, and what these
    /// were: each act once. Without an id: acts of which no policy is recorded.
    pub struct PolicyComparison {
        id: Option<Name>,
        version: Option<Name>,
        acts: u64,
        permitted: u64,
        denied: u64,
        /// It did not apply, did not decide, or what it decided is not recorded.
        undecided: u64,
        /// Of those it permitted, by their first entries: what went without authority all the same, over a way that was closed or
        /// that nobody was allowed to open, or because an approval was wanting.
        permitted_unauthorised: Vec<EntryIndex>,
        /// What nobody assessed all the same.
        permitted_not_assessed: Vec<EntryIndex>,
        /// Of those it denied, what happened all the same, or may have.
        denied_done: Vec<EntryIndex>,
    }

    /// A number without ids, as it was told; of one that cannot be written exactly the highest that can, as a lower end.
    pub struct CountFact { count: u64, exact: bool }

    pub struct ReviewFact {
        state: Reviewed,
        /// Of a pending one: its last instant.
        until: Option<Instant>,
    }

    pub struct HoldingFact {
        holder: Who,
        resource: String,
        /// Whether there surely was one.
        certain: bool,
        start: Bound,
        end: Bound,
        form: Form,
        /// Entries by which more of the same session went into it since.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more: Vec<EntryIndex>,
    }

    /// What one recipient was given of one resource, over all acts.
    pub struct DisclosureFact {
        to: Who,
        kind: Code<RecipientKind>,
        /// ISO 3166-1 alpha-2; absent where neither the record nor the registry says it.
        country: Option<String>,
        /// Whether it surely was given these.
        certain: bool,
        resource: String,
        /// Acts, and the first and last of them.
        acts: u64,
        first: Instant,
        last: Instant,
        /// Persons whom these acts name.
        subjects: u64,
        /// Of how many people it was, where these are not all, or may not be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_listed: Option<NotListed>,
        categories: Vec<Code<Category>>,
        /// Others that these acts possibly gave.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        perhaps_categories: Vec<Code<Category>>,
    }

    /// Of how many people data was, beside those who are named: surely, and at most as far as acts told numbers; without an
    /// upper end where one of them does not say how many.
    pub struct NotListed { at_least: u64, at_most: Option<u64> }

    pub struct LossFact {
        entry: EntryIndex,
        /// Other entries that tell of it.
        also: Vec<EntryIndex>,
        resource: String,
        lost: Lost,
        when: Span,
        who: Who,
        authorisation: Authorisation,
        approval: Option<Approval>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        policies: Vec<PolicyFact>,
        /// The documented instruction that whoever did it went by.
        instruction: Option<String>,
        subjects: u64,
        listed: bool,
        /// Of how many people data was lost, where these are not all, or may not be; and how many records, where that was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_listed: Option<NotListed>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        records: Option<CountFact>,
        /// People among them whose data might only be stored then.
        after_restriction: u64,
        /// Somebody possibly was, who was erased since.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        after_restriction_of_erased: bool,
        recovery: Recovery,
        recoverable_until: Option<Instant>,
        restored_by: Option<EntryIndex>,
    }

    pub struct CauseFact {
        /// Of which resource.
        resource: String,
        entry: EntryIndex,
        /// What it led to; absent for what opened a way itself.
        led_to: Option<EntryIndex>,
        relation: Relation,
        when: Span,
        who: Who,
        on_behalf_of: Vec<Who>,
        verb: Code<Verb>,
        authorisation: Authorisation,
        approval: Option<Approval>,
        instruction: Option<String>,
    }

    pub struct AmendmentFact {
        entry: EntryIndex,
        /// What it corrects or takes back, and what that was.
        target: EntryIndex,
        retracts: bool,
        standing: Standing,
        by: Option<Who>,
        reason: Option<String>,
        who: Who,
        verb: Code<Verb>,
        when: Span,
    }

    pub struct SubjectFact {
        identities: Vec<PersonIdentity>,
        /// How long this person's data stood open.
        open_us: Range,
        /// When, possibly.
        times: Vec<Span>,
        categories: Vec<Code<Category>>,
        /// Deletions and alterations that name this person, or may have touched their data.
        losses: u64,
        /// Accesses that name this person, and those that may have touched their data.
        accesses: Range,
        verdict: Verdict,
    }

    pub struct OddityFact { what: Oddity, entry: Option<EntryIndex> }

    pub struct CoverageFact {
        sentence: Verdict,
        /// Why it cannot be said more strongly.
        limits: Vec<Limit>,
        period: Span,
        sources: Vec<SourceCoverage>,
        downtimes: Vec<Gap>,
        /// Actions of which it is not known whose data they touched.
        undetermined: u64,
    }
}

impl AccessFact {
    /// To whom it was given, or possibly was.
    pub fn recipients(&self) -> impl Iterator<Item = &Who> {
        self.given_to.iter().chain(&self.perhaps_given_to)
    }
}

impl Stay {
    pub fn end(&self, cut_off: Instant) -> Bound {
        let open = || Bound { earliest: cut_off, latest: cut_off, known: Known::Open, entry: None };
        self.end.clone().unwrap_or_else(open)
    }

    /// The entries that tell of it.
    pub fn entries(&self) -> impl Iterator<Item = EntryIndex> {
        self.start.entry.into_iter().chain(self.end.as_ref().and_then(|end| end.entry))
    }
}

impl Totals {
    /// Whether the upper figure of those whose data was inside is an end at all, if only an approximate one.
    pub fn is_bounded(&self) -> bool {
        self.subjects_determined || self.subjects_counted
    }
}

impl CountFact {
    /// Whether more was told than can be written.
    pub fn is_cut(&self) -> bool {
        self.count == INTEGER_MAX && !self.exact
    }
}

impl HoldingFact {
    /// Whether this act gave the copy to whoever has it.
    pub fn is_received_by(&self, access: &AccessFact) -> bool {
        let tells = self.entries().any(|entry| access.entries.contains(&entry));
        tells && access.recipients().any(|who| *who == self.holder)
    }

    /// By which it came to be.
    pub fn entries(&self) -> impl Iterator<Item = EntryIndex> {
        self.start.entry.iter().chain(&self.more).copied()
    }

    /// Whether it is gone by an instant as far as somebody promised or planned, and nothing shows that.
    pub fn is_promised(&self, cut_off: Instant) -> bool {
        self.end.known == Known::Assumed && !self.is_open(cut_off)
    }

    /// Whether it is not known to be gone by an instant.
    pub fn is_open(&self, cut_off: Instant) -> bool {
        matches!(self.end.known, Known::Open | Known::Unknown) || self.end.latest > cut_off
    }
}

impl Totals {
    /// Copies that are not known to be gone: those that there surely were, to all.
    pub fn copies_open(&self) -> Range {
        Range { low: self.holdings_open_surely, high: self.holdings_open }
    }

    pub fn copies_promised(&self) -> Range {
        Range { low: self.holdings_promised_surely, high: self.holdings_promised }
    }

    pub fn copies_elsewhere(&self) -> Range {
        Range { low: self.holdings_elsewhere_surely, high: self.holdings_elsewhere }
    }
}

impl SubjectFact {
    /// Whether this person's data possibly stood open, was reached, or was lost: whom a breach concerns.
    pub fn is_concerned(&self) -> bool {
        self.open_us.high > 0 || self.accesses.high > 0 || self.losses > 0
    }
}

impl ExposureReport {
    /// Each time that somebody was in a group or account, a row for each.
    pub fn memberships(&self) -> Vec<(&AudienceFact, &MemberFact, &Stay)> {
        let members = self.audiences.iter().flat_map(|whole| whole.members.iter().map(move |member| (whole, member)));
        members.flat_map(|(whole, member)| member.stays.iter().map(move |stay| (whole, member, stay))).collect()
    }

    /// What fields each got of each resource, a row for each.
    pub fn fields_got(&self) -> Vec<(&ViewerFact, &FieldsFact)> {
        self.viewers.iter().flat_map(|viewer| viewer.fields.iter().map(move |fields| (viewer, fields))).collect()
    }

    /// Everybody through whom it happened, whom it reached, or who said something of it; data subjects as such are not.
    pub fn everybody(&self) -> impl Iterator<Item = &[PersonIdentity]> {
        let viewers = self.viewers.iter().map(|viewer| &viewer.who);
        let accesses = self.accesses.iter().flat_map(|it| {
            let others = [&it.on_behalf_of, &it.shown_to, &it.one_of].into_iter().flatten();
            std::iter::once(&it.who).chain(others)
        });
        let holders = self.holdings.iter().map(|held| &held.holder);
        let losses = self.losses.iter().map(|loss| &loss.who);
        let causes = self.causes.iter().flat_map(|it| std::iter::once(&it.who).chain(&it.on_behalf_of));
        let amendments = self.amendments.iter().flat_map(|it| it.by.iter().chain([&it.who]));
        let all = viewers.chain(accesses).chain(holders).chain(losses).chain(causes).chain(amendments);
        all.filter_map(|who| match who {
            Who::Person { identities } => Some(identities.as_slice()),
            Who::UnknownHuman { .. } | Who::Named { .. } | Who::Anyone => None,
            Who::UnknownRecipient { .. } | Who::UnknownOperator { .. } => None,
        })
    }

    /// How many people are concerned, and whether that is everybody. Never 0 where something was lost and nobody says of
    /// whom.
    pub fn concerned(&self) -> (Range, bool) {
        let only_lost =
            |subject: &&SubjectFact| subject.losses > 0 && subject.open_us.high == 0 && subject.accesses.high == 0;
        let lost = self.subjects.iter().filter(only_lost).count() as u64;
        let Range { low, high } = self.totals.subjects;
        let all = Range { low: cut(low.saturating_add(lost)), high: cut(high.saturating_add(lost)) };
        let nobody = all.high == 0 && !self.losses.is_empty();
        (all, self.totals.subjects_determined && self.losses.iter().all(|loss| loss.listed) && !nobody)
    }

    /// Entries of what was got by a way that nothing tells of, that was told as closed, or that was opened for something else:
    /// by which way it truly was, and how long that lasted, nobody knows.
    pub fn unexplained(&self) -> impl Iterator<Item = EntryIndex> {
        let ways = [Oddity::NoPathOnFile, Oddity::PathWasClosed, Oddity::OutsideTheGrant];
        self.oddities.iter().filter(move |odd| ways.contains(&odd.what)).filter_map(|odd| odd.entry)
    }

    /// Whether a number is told for whoever is not listed, so that the upper figure of those concerned is a number at all.
    pub fn is_counted(&self) -> bool {
        let is_told = |not_listed: &NotListed| not_listed.at_most.is_some();
        let of_losses = self.losses.iter().all(|loss| loss.not_listed.as_ref().is_none_or(is_told));
        let of_accesses = self.totals.subjects_counted || self.totals.subjects_determined;
        of_accesses && of_losses && self.concerned().0.high > 0
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}
