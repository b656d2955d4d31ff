//! What a report is made from: a question, the entries that answer it, and what is known of gaps. Gathered by `engine`.

use crate::exposure::calculus::fact::{Approved, Authorised};
use crate::law::Profile;
use crate::model::{Ground, Identity, NamedField, PersonAct, Registry};
use crate::registry::Document;
use crate::report::access::document::Involvement;
use crate::report::edition::Edition;
use crate::report::exposure::registered::History;
use crate::report::language::Language;
use std::collections::BTreeMap;
use whosaw_verifier::body::{ActionBody, LedgerAccessBody, ReportBody};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::part::{ContentPart, PersonPart};
use whosaw_verifier::vocabulary::{CaseStep, CoverageState, Determination, Doubt, Outcome};

/// Whose data, as known at which size, measured until when. Together with the vault's generation and the [`Envelope`] it
/// decides every byte of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessQuestion {
    pub subject: Identity,
    /// N: entries with an index below it count.
    pub size: u64,
    /// Open intervals are measured to this instant, Unix microseconds.
    pub cut_off_us: u64,
    /// The entry by which an earlier report on the person was recorded, which this one supersedes.
    pub supersedes: Option<u64>,
    pub edition: Edition,
    pub statements: Statements,
}

/// What only a human can say in answer to a request (REPORTS 1.1), in the words of whoever asks for the report; each may be
/// empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statements {
    /// Field 4a: why recipients are told by category only.
    pub why_unnamed: String,
    /// Field 9: how automated decisions are made, and what they mean for the person.
    pub logic: String,
    /// Field 13: what was withheld, and why.
    pub withheld: String,
}

impl Statements {
    pub fn each(&self) -> [(&'static str, &String); 3] {
        [("why_unnamed", &self.why_unnamed), ("decision_logic", &self.logic), ("withheld", &self.withheld)]
    }
}

/// The production envelope (REPORTS 2.3): recorded when a report is produced, reused when it is reproduced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub report_id: [u8; 16],
    /// Unix microseconds.
    pub generated_at_us: u64,
    /// The authenticated caller that asked; may be empty.
    pub generated_by: String,
    /// The request or file that it answers, as the requester says; may be empty.
    pub reference: String,
    /// Why it was pulled, as the requester says; may be empty.
    pub purpose: String,
    /// In which the report is written.
    pub language: Language,
}

/// Everything that answers an access question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub head: Head,
    /// Every identifier that the vault knows of the person, over strong links.
    pub identities: Vec<Identity>,
    /// Entries with a part of the person, ascending; certain.
    pub observations: Vec<Observation>,
    /// Entries with a part that is only weakly linked to the person (a name and birth date in common), ascending. They
    /// widen counts and disclose nothing.
    pub possible: Vec<Observation>,
    /// Actions whose data subjects are not, or not all, determined, in the whole ledger below N.
    pub undetermined: Vec<Undetermined>,
    /// Entries that correct or take back one of the observations, or another such entry, whoever stands in them.
    pub amendments: Vec<Amendment>,
    pub coverage: Vec<Coverage>,
    /// Of sources that are to be heard, when else they were.
    pub heard: Vec<Heard>,
    /// Times in which the ledger itself was not running.
    pub downtimes: Vec<Downtime>,
    /// Entries whose content is gone by their period: nobody can tell any more whom they were about.
    pub removed: Vec<Removed>,
    /// Parts of the person that nobody opens any more but for a legal matter.
    pub kept: Vec<KeptApart>,
    /// Entries by which somebody opened or exported a range that holds one of the entries above; `None` where nobody
    /// looked for them.
    pub ledger_reads: Option<Vec<LedgerRead>>,
    pub search: Search,
    /// What the ledger's registry knew at N.
    pub registry: Registry,
    /// The controller's registry that was in force at N.
    pub controller: Option<KnownRegistry>,
    /// The legal profile that was in force at N, or the template's.
    pub profile: Profile,
    /// What the person asked for, and what was done about it, in the order of the ledger.
    pub requests: Vec<RequestStep>,
    /// Decisions to name other humans in this person's report, in the order of the ledger.
    pub namings: Vec<Naming>,
    /// Roles of other humans in these entries, by entry and ordinal of their part: as the controller's registry of then has
    /// them, where a role is of so many that it shows none of them.
    pub staff_roles: BTreeMap<(u64, u32), Vec<String>>,
    /// What each act was by authority, by its entry, as an exposure report judges it. Of what is not here nobody knows that it
    /// was authorised.
    pub judged: BTreeMap<u64, JudgedAct>,
    /// What the registry said of names at the time of each act.
    pub history: History,
    /// Where the person stands in what the ledger itself keeps, ascending.
    pub involved: Vec<Involved>,
    /// Reports on what anything of the person stood in.
    pub resource_reports: Vec<ResourceReport>,
    /// Who the other humans are, by entry and ordinal of their part: equal numbers are one human for sure.
    pub others: BTreeMap<(u64, u32), u64>,
}

/// A step or a decision in which the person has a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Involved {
    pub index: u64,
    pub leaf: Hash,
    pub recorded_at_us: u64,
    pub what: Involvement,
    /// Of a case.
    pub step: Option<CaseStep>,
    /// When it was taken, as whoever recorded it states, Unix microseconds.
    pub at_us: u64,
    /// As whom.
    pub identities: Vec<Identity>,
}

/// A report on resources, or on a breach of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceReport {
    pub index: u64,
    pub leaf: Hash,
    pub recorded_at_us: u64,
    pub body: ReportBody,
    pub content: ContentPart,
    /// Of those that it asks for the ones in which something of the person stood.
    pub resources: Vec<String>,
}

/// What an act was by authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgedAct {
    pub authorised: Authorised,
    /// What the approval was worth that it went by.
    pub approved: Option<Approved>,
    /// Not all that bears on it was read, because it was too much.
    pub in_part: bool,
}

/// A recorded decision that a human who acted is named to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    pub index: u64,
    /// Entry and ordinal of their part.
    pub rows: Vec<(u64, u32)>,
    /// Nobody where they were erased since.
    pub staff: Vec<Identity>,
    pub erased_by: Option<u64>,
    /// Who decided it; nobody where they were erased since.
    pub by: Vec<Identity>,
    pub reasons: String,
    pub interest: String,
    /// It counts no more.
    pub taken_back: Option<TakenBack>,
}

/// That a decision to name somebody was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBack {
    pub index: u64,
    /// By whom; nobody where they were erased since.
    pub by: Vec<Identity>,
}

/// A step in the life of a request: `request.receive`, `.verify`, `.extend`, `.answer` or `.refuse`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestStep {
    pub index: u64,
    pub recorded_at_us: u64,
    pub act: PersonAct,
    pub ground: Ground,
    /// When it was taken, Unix microseconds.
    pub at_us: u64,
    /// The entry by which the request was received: of a receipt its own.
    pub request: u64,
    /// Under which identifier.
    pub subject: Identity,
    pub reference: String,
    pub statement: String,
}

/// The controller's registry, and the entry that put it in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRegistry {
    pub entry: u64,
    pub document: Document,
}

/// Parts that an erasure or a period closed, and that matters keep (GDPR Art. 17(3)): how many, and nothing of what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptApart {
    /// The erasure entry by which they were closed.
    pub by: u64,
    pub parts: u64,
}

/// The head that the report is true at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub origin: String,
    /// Verifier key (vkey) of the ledger.
    pub verifier_key: String,
    pub size: u64,
    pub root: Hash,
    /// The signed note over exactly this size.
    pub checkpoint: String,
    /// When entry 0 was recorded, Unix microseconds: coverage is asked for from here on.
    pub opened_at_us: u64,
    /// When entry N−1 was recorded, Unix microseconds.
    pub recorded_at_us: u64,
    /// Raised by every erasure.
    pub vault_generation: u64,
    /// Who keeps the keys, such as `key directory`.
    pub custodian: String,
}

/// One entry in which the person has a part, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    pub index: u64,
    /// The person's part.
    pub ordinal: u32,
    pub leaf: Hash,
    /// By the ledger's clock, Unix microseconds.
    pub recorded_at_us: u64,
    /// Header flags: clamped, not synchronised.
    pub flags: u16,
    pub body: ObservedBody,
    /// What the person's part says; absent for entries whose part for the person holds content only.
    pub person: Option<PersonPart>,
    /// The action's content, where it opens: sealed names, conversation, call id.
    pub content: Option<ContentPart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObservedBody {
    Action(Box<ActionBody>),
    /// A report about the person was produced before: that is an access too.
    Report(ReportBody),
}

/// Somebody opened sealed parts of a range of entries, or exported their content: an access to whoever stands in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRead {
    pub index: u64,
    /// By the ledger's clock, Unix microseconds.
    pub recorded_at_us: u64,
    pub body: LedgerAccessBody,
}

/// An action that corrects or takes back others, by their action ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Amendment {
    pub index: u64,
    /// Its own.
    pub action_id: Vec<u8>,
    /// Who gave it that, and by whose ids it names others.
    pub told_by: ToldBy,
    pub corrects: Vec<Vec<u8>>,
    pub retracts: Vec<Vec<u8>>,
}

impl Amendment {
    pub fn of(index: u64, body: &ActionBody, content: &ContentPart) -> Option<Self> {
        let is_one = !content.corrects.is_empty() || !content.retracts.is_empty();
        is_one.then(|| Amendment {
            index,
            action_id: content.action_id.clone(),
            told_by: ToldBy::of(index, body, Some(content)),
            corrects: content.corrects.clone(),
            retracts: content.retracts.clone(),
        })
    }

    pub fn targets(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.corrects.iter().chain(&self.retracts)
    }
}

/// Who told of an act: an id is its caller's, and another may use the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum ToldBy {
    #[default]
    Nobody,
    Caller(String),
    /// The caller's name stands sealed in this entry and does not open, so that two are not taken for one.
    Closed(u64),
}

impl ToldBy {
    pub fn of(index: u64, body: &ActionBody, content: Option<&ContentPart>) -> Self {
        let named = |name: &str| if name.is_empty() { ToldBy::Nobody } else { ToldBy::Caller(name.to_owned()) };
        let public = body.caller.as_ref().map_or("", |caller| &caller.name);
        if !public.is_empty() || !body.sealed_names.contains(&NamedField::CallerName) {
            return named(public);
        }
        let Some(content) = content else { return ToldBy::Closed(index) };
        let sealed = content.names.iter().find(|name| name.field == NamedField::CallerName && name.position == 0);
        match sealed.map(|name| name.value.as_str()) {
            // Taken out with somebody whom it named.
            Some("") => ToldBy::Closed(index),
            name => named(name.unwrap_or_default()),
        }
    }
}

/// Actions of one sort whose data subjects are not determined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undetermined {
    pub determination: Determination,
    /// Registered tool; empty where the tool's name stands sealed.
    pub tool: String,
    /// The first reason.
    pub doubt: Doubt,
    pub outcome: Outcome,
    pub count: u64,
    /// First and last entry.
    pub first: u64,
    pub last: u64,
}

/// What a source was logging, or what was refused to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    pub index: u64,
    /// Registered source.
    pub source: String,
    pub state: CoverageState,
    /// The state ends at `from_us`, rather than beginning there.
    pub closes: bool,
    /// Unix microseconds; 0 where not stated.
    pub from_us: u64,
    pub until_us: u64,
    /// Appends refused in this span.
    pub refused: u64,
    /// When it was said, as far as it was claimed.
    pub said: (u64, u64),
}

/// When a source gave signs of life beside what it states of its logging: each at some time of a span, Unix microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Registered source.
    pub source: String,
    /// Each with the entry that came from it.
    pub signs: Vec<(u64, u64, u64)>,
    /// Places in its own sequence that no entry has.
    pub skipped: Vec<Skipped>,
}

/// Numbers that a source left out: records of it that never came, between two that did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skipped {
    /// The entry after them.
    pub index: u64,
    /// When the record before and the one after were, at the widest, Unix microseconds.
    pub from_us: u64,
    pub until_us: u64,
}

/// A record that a source gave a place in its own sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placed {
    pub sequence: u64,
    pub index: u64,
    pub earliest_us: u64,
    pub latest_us: u64,
}

/// Records that a source numbered one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    pub first: Placed,
    pub last: Placed,
}

impl Skipped {
    /// What is left out between these, and above what may have been pruned.
    pub fn between(mut runs: Vec<Run>, pruned: u64) -> Vec<Self> {
        runs.sort_unstable();
        let (mut skipped, mut reached) = (Vec::new(), None::<Placed>);
        for Run { first, last } in runs {
            let before = reached.filter(|one| first.sequence.saturating_sub(one.sequence.max(pruned)) > 1);
            skipped.extend(before.map(|one| Skipped {
                index: first.index,
                from_us: one.earliest_us.min(first.earliest_us),
                until_us: first.latest_us.max(one.latest_us),
            }));
            reached = reached.max(Some(last));
        }
        skipped
    }
}

/// The ledger stopped and started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Downtime {
    /// The entry of the new writer.
    pub index: u64,
    /// Last recorded_at before, and the first after, Unix microseconds.
    pub from_us: u64,
    pub until_us: u64,
}

/// Entries whose bodies one entry says were pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// The entry that authorises it.
    pub by: u64,
    pub entries: u64,
    pub first: u64,
    pub last: u64,
}

/// How the entries were searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// Every sealed part below N was tried against the person's keys, so that a dropped index row cannot hide an access.
    pub searched: bool,
    /// Below N there is something of the person, and so there are keys that parts can be tried against.
    pub has_keys: bool,
    /// Sealed parts below N.
    pub parts_tried: u64,
    /// Entries that belong to the person or may, whose inclusion in the signed tree and whose content were checked.
    pub entries_proved: u64,
}
