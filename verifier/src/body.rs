//! The public body of an entry: what everyone who may read the ledger can know about it.
//!
//! A body names no natural person and holds no free text: strings come from the ledger's registry, everything else from
//! the closed lists of [`crate::vocabulary`]. Persons are spoken of as "part 0, part 1"; who they are stands in the
//! sealed parts. The same tables stand in `proto/whosaw/v1/body.proto` for readers who prefer protobuf tooling.

use crate::message;
use crate::vocabulary::*;
use crate::wire::{Message, WireError};

/// A body, read by the entry's kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Action(Box<ActionBody>),
    Genesis(GenesisBody),
    WriterEpoch(WriterEpochBody),
    Clock(ClockBody),
    Registry(RegistryBody),
    ReportProduced(ReportBody),
    LedgerAccess(LedgerAccessBody),
    Coverage(CoverageBody),
    /// Kinds 7, 13, 14 and 16.
    Person(PersonActBody),
    Erasure(ErasureBody),
    Retention(RetentionBody),
    Restore(RestoreBody),
    Case(CaseBody),
}

impl Body {
    /// Reads the body of an entry of `kind`. A kind without a table here is [`WireError::Unknown`]: its structure can
    /// still be verified, its meaning cannot.
    pub fn decode(kind: u8, bytes: &[u8]) -> Result<Self, WireError> {
        use crate::wire::Varint;
        Ok(match EntryKind::from_varint(0, u64::from(kind))? {
            EntryKind::Action => Body::Action(Box::new(ActionBody::decode(bytes)?)),
            EntryKind::Genesis => Body::Genesis(GenesisBody::decode(bytes)?),
            EntryKind::WriterEpoch => Body::WriterEpoch(WriterEpochBody::decode(bytes)?),
            EntryKind::Clock => Body::Clock(ClockBody::decode(bytes)?),
            EntryKind::Registry => Body::Registry(RegistryBody::decode(bytes)?),
            EntryKind::ReportProduced => Body::ReportProduced(ReportBody::decode(bytes)?),
            EntryKind::LedgerAccess => Body::LedgerAccess(LedgerAccessBody::decode(bytes)?),
            EntryKind::Coverage => Body::Coverage(CoverageBody::decode(bytes)?),
            EntryKind::Hold | EntryKind::SubjectLink | EntryKind::Restriction | EntryKind::Request => {
                Body::Person(PersonActBody::decode(bytes)?)
            }
            EntryKind::Erasure => Body::Erasure(ErasureBody::decode(bytes)?),
            EntryKind::Retention => Body::Retention(RetentionBody::decode(bytes)?),
            EntryKind::Restore => Body::Restore(RestoreBody::decode(bytes)?),
            EntryKind::Case => Body::Case(CaseBody::decode(bytes)?),
            other => return Err(WireError::Unknown { field: 0, what: "entry kind", value: other as u64 }),
        })
    }

    /// What is public of the entry's parts; none for kinds whose entries have none.
    pub fn parts(&self) -> &[PartGroup] {
        match self {
            Body::Action(body) => &body.parts,
            Body::Registry(body) => &body.parts,
            Body::ReportProduced(body) => &body.parts,
            Body::LedgerAccess(body) => &body.parts,
            Body::Person(body) => &body.parts,
            Body::Erasure(body) => &body.parts,
            Body::Retention(body) => &body.parts,
            Body::Restore(body) => &body.parts,
            Body::Case(body) => &body.parts,
            Body::Genesis(_) | Body::WriterEpoch(_) | Body::Clock(_) | Body::Coverage(_) => &[],
        }
    }
}

impl ActionBody {
    /// Every dataset or resource that stands in the open: the action's own, those of its facts, and those of records. May
    /// say one twice, and the empty name where none is registered.
    pub fn datasets(&self) -> impl Iterator<Item = &str> {
        let of_facts = self.facts.iter().map(|fact| &fact.resource);
        std::iter::once(&self.dataset).chain(of_facts).chain(&self.record_datasets).map(String::as_str)
    }
}

impl PrunedUndetermined {
    /// The indexes that `steps` stand for; fewer where the numbers would leave their range.
    pub fn indexes(&self) -> impl Iterator<Item = u64> + '_ {
        let mut steps = self.steps.iter();
        std::iter::successors(steps.next().copied(), move |at| at.checked_add(*steps.next()?))
    }
}

message! {
    /// Kind 1. What an agent, service or person did, as it was told to us.
    pub struct ActionBody {
        1 verb: Verb,
        2 outcome: Outcome,
        /// When it happened, as claimed. Absent: the caller did not know.
        3 occurred: Option<Occurred>,
        4 caller: Option<Caller>,
        /// Nearest first: the first acted, each next one is on whose behalf the one before acted.
        5 actors: Vec<Actor>,
        6 source: Option<Source>,
        /// Registered tool name.
        7 tool: String,
        /// Registered dataset name.
        8 dataset: String,
        /// Registered purpose term.
        9 purpose: String,
        10 legal_bases: Vec<LegalBasis>,
        11 policy: Option<Policy>,
        12 approval: ApprovalResult,
        /// Emergency access; its reason is sealed.
        13 break_glass: bool,
        14 recipients: Vec<Recipient>,
        15 records_asked: Option<Quantity>,
        16 records_delivered: Option<Quantity>,
        17 subjects_asked: Option<Quantity>,
        18 subjects_delivered: Option<Quantity>,
        /// Runs of parts with the same public description, ascending, covering every part once.
        19 parts: Vec<PartGroup>,
        20 protection: Option<Protection>,
        21 catalogue: Option<CatalogueRef>,
        22 determination: Determination,
        23 doubts: Vec<Doubt>,
        24 agent_signature: Option<AgentSignature>,
        /// Which named fields had a value outside the registry, and so stand in the sealed content instead. Ascending.
        25 sealed_names: Vec<NamedField>,
        26 facts: Vec<Fact>,
        27 provenance: Provenance,
        /// Only that there are such links; their targets would join a person's entries and are sealed.
        28 links: Option<LinkCounts>,
        /// What came and is not kept, because the tool catalogue in force said so. Ascending.
        29 not_kept: Vec<ContentKind>,
        /// What is kept up to the length that the catalogue allows, and went on. Ascending.
        30 cut: Vec<ContentKind>,
        /// Registered datasets, other than `dataset`, in which records stand that it names. Ascending, each once.
        31 record_datasets: Vec<String>,
    }

    /// Half-open is for intervals of exposure; this is the claim `earliest ≤ t ≤ latest`, Unix microseconds.
    pub struct Occurred { 1 earliest_us: u64, 2 latest_us: u64, 3 source: TimeSource }

    /// The authenticated caller (registered name), beside whom it claims to speak for.
    pub struct Caller { 1 name: String, 2 assurance: Assurance }

    pub struct Actor {
        1 kind: PartyKind,
        /// Registered name; absent for natural persons and for unregistered names.
        2 name: String,
        3 version: String,
        4 model: String,
        5 vendor: String,
        6 region: String,
        /// For a natural person: one more than the ordinal of the part that says who.
        7 part: u32,
    }

    pub struct Source {
        1 name: String,
        2 sequence: u64,
        /// The source's own clock when it sent this, Unix microseconds.
        3 clock_us: u64,
        /// Stated skew of the source's clock against true time, microseconds, positive when fast.
        4 skew_us: i64,
        /// The source chains its records; the previous hash itself is sealed.
        5 chained: bool,
    }

    pub struct Policy { 1 id: String, 2 version: String, 3 decision: PolicyDecision }

    pub struct Recipient {
        1 kind: RecipientKind,
        2 party: PartyKind,
        3 name: String,
        /// ISO 3166-1 alpha-2, upper case.
        4 country: String,
        5 part: u32,
    }

    pub struct Quantity { 1 precision: Precision, 2 count: u64 }

    /// Parts `first .. first + count` are alike in everything public.
    pub struct PartGroup {
        1 first: u32,
        2 count: u32,
        /// Ascending; a person who is both principal and data subject stands in one part.
        3 roles: Vec<Role>,
        /// Registered kind of data subject, such as customer or passenger.
        4 kind: String,
        5 strength: Strength,
        6 categories: Vec<CategoryUse>,
        /// The part also holds the action's content (arguments, result, links).
        7 holds_content: bool,
        /// For a part that several persons share: the ordinals whose keys open it, as runs.
        8 shared_by: Vec<Run>,
    }

    pub struct CategoryUse { 1 direction: Direction, 2 categories: Vec<Category>,
        /// For `rendered`: one more than the index in `recipients` or, above 2^16, in `actors`, before whose eyes.
        3 rendered_to: Vec<u32> }

    pub struct Run { 1 first: u32, 2 count: u32 }

    pub struct Protection { 1 encrypted: bool, 2 pseudonymised: bool, 3 key_id: String }

    pub struct CatalogueRef { 1 version: String,
        /// SHA-256 of the catalogue file.
        2 digest: Vec<u8> }

    /// An agent's own signature over its claim and commitments to its parts (Ed25519).
    pub struct AgentSignature { 1 key_id: Vec<u8>, 2 claim: Vec<u8>, 3 signature: Vec<u8>, 4 commitments: Vec<Vec<u8>> }

    /// One edge of an interval fact. Who and which sealed resource stands in the parts.
    pub struct Fact {
        1 kind: FactKind,
        2 edge: Edge,
        /// Registered dataset or resource; absent when sealed.
        3 resource: String,
        /// To whom: party kind, registered name or part.
        4 party: PartyKind,
        5 name: String,
        /// One more than the ordinal of the part that says who.
        6 part: u32,
        7 rights: Vec<Verb>,
        8 categories: Vec<Category>,
        9 end: EndKind,
        10 end_earliest_us: u64,
        11 end_latest_us: u64,
        12 coverage: CoverageState,
        /// The source of a coverage fact.
        13 source: String,
        /// Parts whose persons are inside (content, holding, loss), as runs.
        14 subjects: Vec<Run>,
        /// For a loss: recoverable until, Unix microseconds; 0 when it is not.
        15 recoverable_until_us: u64,
    }

    pub struct LinkCounts { 1 parents: u32, 2 caused_by: u32, 3 same_act_as: u32, 4 corrects: u32, 5 retracts: u32 }

    /// Kind 2, always entry 0.
    pub struct GenesisBody {
        1 origin: String,
        /// Verifier key (vkey) that signs checkpoints from here on.
        2 verifier_key: String,
        /// Version of the software that opened the ledger.
        3 software: String,
        /// For a successor of a ledger that was rolled back: the guard's head and the restored checkpoint.
        4 predecessor: Option<Predecessor>,
    }

    pub struct Predecessor { 1 origin: String, 2 guard_size: u64, 3 guard_root: Vec<u8>, 4 restored_size: u64, 5 restored_root: Vec<u8> }

    /// Kind 4: a writer took the ledger over.
    pub struct WriterEpochBody { 1 epoch: u64, 2 software: String,
        /// The last recorded_at before this start, Unix microseconds: the ledger's own downtime begins no later.
        3 last_recorded_us: u64 }

    /// Kind 5: recorded_at jumps on purpose; 0x0001 flags end here.
    pub struct ClockBody { 1 old_us: u64, 2 new_us: u64 }

    /// Kind 6: names become known to the ledger, or are retired. A tool catalogue that goes with them stands in a part.
    pub struct RegistryBody { 1 records: Vec<RegistryRecord>, 2 caller: Option<Caller>, 3 parts: Vec<PartGroup> }

    pub struct RegistryRecord {
        1 kind: RegistryKind,
        2 name: String,
        3 attributes: Vec<Attribute>,
        /// An agent's Ed25519 public key, 32 bytes.
        4 public_key: Vec<u8>,
        5 retired: bool,
    }

    pub struct Attribute { 1 key: String, 2 value: String }

    /// Kind 9: a report left the house. The question is sealed in part 0.
    pub struct ReportBody {
        1 report_type: ReportType,
        /// UUID.
        2 report_id: Vec<u8>,
        /// The question's ledger size N.
        3 size: u64,
        4 root: Vec<u8>,
        5 caller: Option<Caller>,
        /// Cut-off instant, Unix microseconds.
        6 cut_off_us: u64,
        7 parts: Vec<PartGroup>,
        /// Of the vault that opened the parts; raised by every erasure.
        8 generation: u64,
    }

    /// Kind 10: somebody read opened parts, or exported content.
    pub struct LedgerAccessBody { 1 caller: Option<Caller>, 2 verb: Verb, 3 first_index: u64, 4 count: u64, 5 parts: Vec<PartGroup> }

    /// Kind 11: what a source was logging, or what we refused it.
    pub struct CoverageBody {
        1 source: String,
        2 state: CoverageState,
        3 from_us: u64,
        4 until_us: u64,
        /// Appends refused in this span.
        5 refused: u64,
        /// The commonest reason, as a gRPC status code number.
        6 reason: u32,
    }

    /// Kinds 7 (hold), 13 (link), 14 (restriction) and 16 (request): what was asked for a person or done about them. Whom
    /// it is about, the reference, the authority and a hold's scope are sealed.
    pub struct PersonActBody {
        1 act: PersonAct,
        2 decision: Decision,
        3 ground: Ground,
        4 exemption: Exemption,
        /// Of a link.
        5 strength: Strength,
        6 caller: Option<Caller>,
        7 parts: Vec<PartGroup>,
    }

    /// Kind 8: a batch of erasures and retention purges, its preparation, or what became of its keys.
    pub struct ErasureBody {
        1 state: ErasureState,
        /// How many places `covers_root` stands for.
        2 covers: u64,
        /// RFC 6962 root over the places whose content is gone, ascending; each leaf is index u64 ‖ ordinal u32, the body
        /// being ordinal 2^32 - 1. The places themselves stand beside the entry, as `erasures/<index>` in an export.
        3 covers_root: Vec<u8>,
        /// The vault's generation from here on.
        4 generation: u64,
        /// SHA-256("whosaw/erasure-token/v1\0" ‖ token) of each request in the batch, ascending.
        5 tokens: Vec<Vec<u8>>,
        6 custodian: CustodianClass,
        /// For `irrecoverable`: index of the entry that made it inaccessible.
        7 batch: u64,
        /// When the last backup that could hold old keys ends, Unix microseconds; 0 where no backup is known.
        8 backups_until_us: u64,
        /// For `resealed`: the places whose content the parts of this entry hold anew, in the order of those parts.
        9 cites: Vec<Place>,
        10 lost: Vec<Lost>,
        11 caller: Option<Caller>,
        12 parts: Vec<PartGroup>,
        /// For a batch that prunes bodies: what is carried forward of them.
        13 pruned: Option<PrunedBodies>,
    }

    pub struct Place { 1 index: u64, 2 ordinal: u32 }

    /// What stays known of entries whose bodies a batch pruned, so that whoever counts counts the same as before.
    pub struct PrunedBodies {
        /// How many of the covered places are bodies; the sum of `acts`.
        1 bodies: u64,
        /// The first and the last of these entries; between them there may be others that stay.
        2 first: u64,
        3 last: u64,
        /// Ascending by kind, verb and outcome, each once.
        4 acts: Vec<PrunedActs>,
        5 undetermined: Vec<PrunedUndetermined>,
        6 sources: Vec<PrunedSource>,
    }

    pub struct PrunedActs { 1 kind: EntryKind, 2 verb: Verb, 3 outcome: Outcome, 4 count: u64 }

    /// Actions of one sort whose data subjects were not, or not all, determined.
    pub struct PrunedUndetermined {
        1 determination: Determination,
        /// Registered tool; empty where its name stood sealed.
        2 tool: String,
        /// The first reason.
        3 doubt: Doubt,
        4 outcome: Outcome,
        /// Their indexes, ascending: the first by itself, each other as the distance from the one before.
        5 steps: Vec<u64>,
    }

    /// A source that counts its reports, and the greatest number among those that were pruned.
    pub struct PrunedSource { 1 name: String, 2 sequence: u64 }

    /// Shared content that is gone for those who remain, too.
    pub struct Lost { 1 reason: LostReason, 2 count: u64 }

    /// Kind 15: retention periods, or bodies that were pruned by them.
    pub struct RetentionBody {
        /// All rules in force from here on; empty where nothing changes.
        1 rules: Vec<RetentionRule>,
        /// Entries below this index were pruned: only their headers stand.
        2 pruned_before: u64,
        3 caller: Option<Caller>,
        4 parts: Vec<PartGroup>,
    }

    pub struct RetentionRule { 1 class: RetentionClass, 2 months: u32, 3 basis: LegalBasis }

    /// Kind 17: one step in the life of a breach. Its texts, the answers of the form, the human who acted and those who were
    /// told are sealed.
    pub struct CaseBody {
        /// UUID of the case. Absent where somebody read the register of all cases.
        1 case: Vec<u8>,
        2 step: CaseStep,
        /// When it happened, as whoever records it states, Unix microseconds; awareness may be stated later than it came.
        3 stated_us: u64,
        /// The ledger size that the step was decided from: entries below it were known.
        4 size: u64,
        /// What `CasePart` says of a report, as entries of before it was sealed say it in the open; empty in all others.
        5 report: Vec<u8>,
        /// One more than the ordinal of the part that says which human acted; 0: nobody is named.
        6 by: u32,
        7 caller: Option<Caller>,
        8 parts: Vec<PartGroup>,
        /// The entry of the step that this one takes back, with `retracted`. In the open, like the step itself, so that no
        /// loss of a key makes a statement stand again.
        9 retracts: u64,
        /// Whoever is named signed it with their own registered key; checked before it was recorded. In the open, so that it
        /// is known also of somebody who was erased since.
        10 signed: bool,
    }

    /// Kind 12: the ledger goes on from a backup.
    pub struct RestoreBody {
        /// Head of the backup.
        1 backup_size: u64,
        2 backup_root: Vec<u8>,
        /// Head after entries signed since were recovered by their proofs.
        3 recovered_size: u64,
        4 recovered_root: Vec<u8>,
        5 software: String,
        6 caller: Option<Caller>,
        7 parts: Vec<PartGroup>,
    }
}
