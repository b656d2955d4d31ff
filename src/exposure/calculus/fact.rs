//! What the calculus is told: edges of intervals and acts, each with when it was and where that is written.

use super::times::Instant;
use std::collections::BTreeSet;
use whosaw_verifier::vocabulary::{Category, EndKind, Outcome, PartyKind, RecipientKind, Verb};

/// A person, by a number that whoever asks gives them: equal numbers are one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Person(pub u32);

/// A resource, by a number of the same sort. Only the question knows its name, which may be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Resource(pub u32);

/// Who may have access: a person, something that has a name, or everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    Person(Person),
    /// An agent, service, group or organisation, by a number. A service may be an account that people use.
    Named(PartyKind, u32),
    /// Whoever has a link, or the public: not countable.
    Anyone,
    /// One human of whom nothing is known, by entry and position: perhaps one of the others.
    Unknown(u64, u32),
}

impl Party {
    /// A group, or an account, whose name does not open any more: it may be any of them.
    pub const SOME_GROUP: Party = Party::Named(PartyKind::Group, u32::MAX);
    pub const SOME_ACCOUNT: Party = Party::Named(PartyKind::Service, u32::MAX);

    /// Whether others can be in it: members of a group or an organisation, people who use an account.
    pub fn has_members(self) -> bool {
        matches!(self, Party::Named(PartyKind::Group | PartyKind::Organisation | PartyKind::Service, _))
    }

    /// An agent or a service, which may be an account that people use.
    pub fn is_service(self) -> bool {
        matches!(self, Party::Named(PartyKind::Service, _))
    }

    /// Somebody got something, and nobody says what they are: perhaps a human.
    pub fn is_unknown(self) -> bool {
        matches!(self, Party::Named(PartyKind::Unspecified, _))
    }

    /// It runs a model, and what it had before it went to whoever runs that.
    pub fn is_agent(self) -> bool {
        matches!(self, Party::Named(PartyKind::Agent, _))
    }

    /// A human, for sure.
    pub fn is_human(self) -> bool {
        matches!(self, Party::Person(_) | Party::Unknown(..))
    }
}

/// When something was, as far as the ledger knows at the size asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct When {
    pub earliest: Instant,
    pub latest: Instant,
    /// The claim could not be true as it stood.
    pub clock_doubt: bool,
}

impl When {
    pub fn at(instant: Instant) -> Self {
        When { earliest: instant, latest: instant, clock_doubt: false }
    }

    /// At any time that either tells.
    pub fn or(self, other: When) -> Self {
        When {
            earliest: self.earliest.min(other.earliest),
            latest: self.latest.max(other.latest),
            clock_doubt: self.clock_doubt || other.clock_doubt,
        }
    }
}

/// What is known of an act's time before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// As the caller said, by a clock; absent where it did not know, or only told a story again.
    pub occurred: Option<(Instant, Instant)>,
    /// Known skew of the source's clock, microseconds.
    pub skew_us: u64,
    pub recorded_at: Instant,
    /// Earliest of what it surely came after, 0 where nothing is known.
    pub not_before: Instant,
    /// How long the source may take to deliver, microseconds.
    pub delay_us: u64,
}

impl Claim {
    /// The claim ± the source's skew, cut to at most recorded_at and at least the parent's earliest; where nothing remains,
    /// from the delivery delay before it was recorded. Where nothing is claimed: at any time before it was recorded.
    pub fn when(&self) -> When {
        let not_before = self.not_before.min(self.recorded_at);
        let Some((earliest, latest)) = self.occurred else {
            return When { earliest: not_before, latest: self.recorded_at, clock_doubt: false };
        };
        let earliest = earliest.saturating_sub(self.skew_us).max(not_before);
        let latest = latest.saturating_add(self.skew_us).min(self.recorded_at);
        if earliest <= latest {
            return When { earliest, latest, clock_doubt: false };
        }
        let earliest = self.recorded_at.saturating_sub(self.delay_us).max(not_before);
        When { earliest, latest: self.recorded_at, clock_doubt: true }
    }
}

/// What begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Thing {
    /// Somebody may reach a resource.
    Grant { resource: Resource, audience: Party },
    /// Somebody is in a group, or uses an account.
    Membership { member: Party, whole: Party },
    /// An account does not work. One of which nothing is told does.
    Suspension { account: Party },
    /// A person's data is in a resource; somebody's, where it is not known whose.
    Content { resource: Resource, subject: Option<Person> },
    /// Somebody has a copy.
    Holding { holder: Party, resource: Resource },
    /// Somebody can use a key, by its number.
    Key { holder: Party, key: u32 },
    /// A person's data may be stored and nothing else (GDPR Art. 18).
    Restriction { subject: Person },
}

impl Thing {
    /// Whom it is about.
    pub fn person(self) -> Option<Person> {
        let of = |party: Party| if let Party::Person(person) = party { Some(person) } else { None };
        match self {
            Thing::Grant { audience: party, .. }
            | Thing::Membership { member: party, .. }
            | Thing::Suspension { account: party }
            | Thing::Holding { holder: party, .. }
            | Thing::Key { holder: party, .. } => of(party),
            Thing::Content { subject, .. } => subject,
            Thing::Restriction { subject } => Some(subject),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Opens,
    Closes,
    /// It was so at one point; when it began and ended is not known.
    Point,
}

/// One edge of an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Entry that tells of it.
    pub index: u64,
    /// Absent for a closing that names only its reference.
    pub thing: Option<Thing>,
    pub side: Side,
    pub when: When,
    pub recorded_at: Instant,
    /// The caller's own reference, by a number; equal numbers of one kind are one interval.
    pub reference: Option<u64>,
    /// By which of their identifiers somebody is told in it; none where not by one alone.
    pub told_as: Option<u32>,
    /// An end that the opening itself states: planned, promised, or past already.
    pub end: Option<StatedEnd>,
    /// Of a grant: for which verbs; none: for any.
    pub rights: BTreeSet<Verb>,
    pub categories: BTreeSet<Category>,
    /// Whether the act that opened it was allowed.
    pub authorised: Authorised,
    /// It may not have happened: its outcome is not known.
    pub doubtful: bool,
}

impl Edge {
    /// Of something of which no more is told than when it surely began or ended.
    pub fn of(index: u64, thing: Thing, side: Side, when: When) -> Self {
        Edge {
            index,
            thing: Some(thing),
            side,
            when,
            recorded_at: when.latest,
            reference: None,
            told_as: None,
            end: None,
            rights: BTreeSet::new(),
            categories: BTreeSet::new(),
            authorised: Authorised::NotAssessed,
            doubtful: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedEnd {
    pub earliest: Instant,
    pub latest: Instant,
    pub kind: EndKind,
    /// A registered system ends it by itself at the latest: evidence below, a limit above.
    pub enforced: bool,
}

/// Of an act, by the policy in force when it happened (REPORTS 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Authorised {
    Yes,
    No,
    /// Emergency access.
    Exceptional,
    #[default]
    NotAssessed,
}

/// What the approval was worth that an act went by (REPORTS 2.3, Authority): valid on [from, until), for one exact action,
/// once unless its policy says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Approved {
    Matched,
    /// Whom it was for, or who gave it, does not open any more: whether it matched cannot be told.
    Closed,
    /// It was for another action.
    OtherAction,
    Expired,
    /// It was given afterwards: ratified later, which authorises nothing.
    GivenLater,
    AlreadyUsed,
    /// Several acts claim it, and which of them came first is not known.
    OneOfSeveral,
    /// Another act came before it that perhaps used it.
    PerhapsUsed,
    /// It was for some categories; the act does not say which it touched, and no others are told to have been inside.
    CategoriesUnknown,
    /// By one of those who acted.
    ByThemselves,
    /// By somebody whom its policy does not let approve.
    NotApprover,
    /// It was refused.
    Refused,
    /// Nothing on file has that reference.
    NotOnFile,
}

/// What became of an emergency access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Review {
    /// Somebody else found it justified.
    Justified,
    /// It may still be reviewed, until then.
    Pending(Instant),
    /// Its time is over, or none is registered.
    Unreviewed,
    /// Somebody found that it was not justified: of several reports of one act, what stands.
    Against,
}

/// Somebody who received data by an act.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Given {
    pub to: Party,
    pub kind: RecipientKind,
    /// ISO 3166-1 alpha-2; empty where nothing says it.
    pub country: String,
    /// Whether it surely received them.
    pub certain: bool,
}

impl Authorised {
    /// Of two reports of one act, what allows less.
    pub fn min_authority(self, other: Authorised) -> Authorised {
        let rank = |authorised: Authorised| match authorised {
            Authorised::No => 0,
            Authorised::NotAssessed => 1,
            Authorised::Exceptional => 2,
            Authorised::Yes => 3,
        };
        if rank(other) < rank(self) { other } else { self }
    }
}

/// How many, where it is told and not who or which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub count: u64,
    pub exact: bool,
}

impl Told {
    /// Of two reports of one act, the one that tells more; what they tell otherwise is not exact.
    pub fn or(one: Option<Told>, other: Option<Told>) -> Option<Told> {
        let exact = one.zip(other).is_none_or(|(one, other)| one == other);
        let more = one.into_iter().chain(other).max_by_key(|told| told.count);
        more.map(|told| Told { exact: told.exact && exact, ..told })
    }
}

/// Somebody reached for data, with whatever outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Entries that tell of this one act, ascending.
    pub entries: Vec<u64>,
    pub when: When,
    pub verb: Verb,
    pub outcome: Outcome,
    /// Who did it, nearest first, each on whose behalf the one before acted.
    pub chain: Vec<Party>,
    pub resource: Resource,
    /// Whose data came back.
    pub subjects: BTreeSet<Person>,
    /// `subjects` is everybody. Otherwise everybody whose data the resource held may be among them.
    pub listed: bool,
    /// How many people's data and how many records it delivered, as it was told.
    pub delivered: (Option<Told>, Option<Told>),
    pub categories: BTreeSet<Category>,
    /// Others that it possibly showed, where nobody said which it did.
    pub perhaps_categories: BTreeSet<Category>,
    /// These are all that the resource had.
    pub perhaps_all: bool,
    /// Fields of these people's data that it names, by the numbers of their pointers.
    pub fields: BTreeSet<u32>,
    /// These are all: whoever's data it was, it names some. Otherwise any may have been among them.
    pub fields_told: bool,
    /// To whom it was shown, besides whoever acted.
    pub shown_to: BTreeSet<Party>,
    /// To whom it was given: recipients.
    pub given_to: BTreeSet<Party>,
    /// Others to whom it was possibly given, also where the act came to nothing.
    pub perhaps_given_to: BTreeSet<Party>,
    /// Nothing came back to whoever acted: what moved was theirs before, and went to the recipients.
    pub only_gives: bool,
    /// It moved whatever became of the act: what is put into a tool.
    pub goes_anyway: bool,
    /// It failed, and its error may tell whoever acted of those whom it was about.
    pub tells_in_error: bool,
    /// By what the record itself says it was about nobody's data.
    pub about_nobody: bool,
    pub authorised: Authorised,
    /// Of an act that went by an approval.
    pub approved: Option<Approved>,
    /// Of an emergency access.
    pub review: Option<Review>,
    /// Art. 18(2) was named as its ground: restriction does not forbid it.
    pub despite_restriction: bool,
    /// Recipients as the entries name them.
    pub recipients: BTreeSet<Given>,
}
