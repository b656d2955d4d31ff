//! What stands inside a sealed part, once opened: who a person is to an action, and the action's private content.
//!
//! One part per person who has a part in the action. Content shared by several persons is a part of its own; with one
//! person it stands in that person's part, and with none it is sealed for the conversation or, failing that, the ledger.

use crate::message;
use crate::vocabulary::*;

message! {
    pub struct Part { 1 person: Option<PersonPart>, 2 content: Option<ContentPart>,
        /// What the agent signed for this part, and the random bytes of its commitment.
        3 agent_part: Option<AgentPart>,
        /// Content longer than a part holds goes on in the next part: 0 for the only or first, then 1, 2…
        4 piece: u32,
        /// The piece itself, when content was cut: concatenated pieces are an encoded ContentPart.
        5 piece_bytes: Vec<u8> }

    pub struct PersonPart {
        1 roles: Vec<Role>,
        /// Kind as claimed, such as customer; also when it is not registered.
        2 kind: String,
        3 identities: Vec<Identity>,
        4 records: Vec<Record>,
        /// Which fields of the person's record were given or shown, as JSON pointers.
        5 fields: Vec<FieldUse>,
    }

    pub struct Identity { 1 namespace: String, 2 fields: Vec<String>, 3 strength: Strength }

    pub struct Record { 1 dataset: String, 2 id: String, 3 scope: RecordScope }

    pub struct FieldUse { 1 pointer: String, 2 category: Category, 3 direction: Direction }

    pub struct ContentPart {
        /// UUID.
        1 action_id: Vec<u8>,
        2 conversation: String,
        3 session: String,
        4 parents: Vec<Vec<u8>>,
        5 caused_by: Vec<Vec<u8>>,
        6 same_act_as: Vec<Vec<u8>>,
        7 corrects: Vec<Vec<u8>>,
        8 retracts: Vec<Vec<u8>>,
        9 instruction: String,
        10 source_previous_hash: Vec<u8>,
        11 approval_reference: String,
        12 break_glass_reason: String,
        /// As sent; JSON or text.
        13 arguments: Vec<u8>,
        14 result: Vec<u8>,
        /// Values of the body's `sealed_names`.
        15 names: Vec<SealedName>,
        /// Records asked for or delivered that belong to no determined person.
        16 records: Vec<Record>,
        /// The call's own id, as the tool protocol gave it.
        17 call_id: String,
        18 error: String,
        /// Sealed halves of `facts`: position in the body's list, resource and reference.
        19 facts: Vec<SealedFact>,
        /// The question of a report, RFC 8785 JSON.
        20 question: Vec<u8>,
        /// Of an entry that says what was asked for a person or done about them.
        21 act: Option<PersonActPart>,
        /// Of a step in the life of a breach.
        22 case: Option<CasePart>,
    }

    pub struct CasePart {
        /// The house's own number; of a submission the authority's.
        1 reference: String,
        /// Why, or what happened, in words.
        2 statement: String,
        /// Datasets and resources that the breach is about, registered or not.
        3 resources: Vec<String>,
        4 answers: Vec<CaseAnswer>,
        /// The house's own level of severity.
        5 level: String,
        6 figure: Option<SeverityFigure>,
        7 channel: Channel,
        8 delivery: Delivery,
        /// SHA-256 of the message that data subjects were given.
        9 message: Vec<u8>,
        /// SHA-256 of the report that the step refers to, such as what was submitted. In the open anybody could hold a
        /// guess of whom the report names against it.
        10 report: Vec<u8>,
        /// What was counted of the breach when this was decided.
        11 counted: Option<CaseCount>,
        /// In the part of whoever acted: that they signed it themselves.
        12 signature: Option<StepSignature>,
    }

    /// A human's own Ed25519 signature of a step (see `step`), and the entry of the report that they named in it; 0: none.
    pub struct StepSignature { 1 public_key: Vec<u8>, 2 signature: Vec<u8>, 3 report: u64 }

    /// What was counted of a breach: numbers alone, so that they outlive whoever was counted.
    pub struct CaseCount {
        /// Whose data it was.
        1 people_low: u64, 2 people_high: u64,
        /// These are all; otherwise somebody may be concerned whom no record names.
        3 people_determined: bool,
        4 records_known: bool, 5 records: u64,
        /// Ways that stood open without authority, and how long any did, microseconds.
        6 ways: u64, 7 open_low_us: u64, 8 open_high_us: u64,
        /// People who could see it.
        9 could_low: u64, 10 could_high: u64,
        /// Somebody who cannot be counted could.
        11 uncountable: bool,
        /// People who did.
        12 saw_low: u64, 13 saw_high: u64,
        /// Accesses without authority.
        14 accesses_low: u64, 15 accesses_high: u64,
        /// Deletions and alterations without authority.
        16 losses: u64,
    }

    /// What a person answered to one field of the breach-notification template. No values: the answer is taken back.
    pub struct CaseAnswer { 1 field: u32, 2 values: Vec<String> }

    /// What a person chose for ENISA's figure; shares in hundredths.
    pub struct SeverityFigure {
        1 context: u32, 2 identification: u32, 3 confidentiality: u32, 4 integrity: u32, 5 availability: u32, 6 malicious: bool,
    }

    pub struct PersonActPart {
        /// The case's own number or name, as the caller gave it.
        1 reference: String,
        /// Who ordered it, such as a court or a supervisory authority.
        2 authority: String,
        /// Why, in words; for a link, how it is known.
        3 statement: String,
        /// The identifier that was asked for.
        4 asked: Option<Identity>,
        /// Of a link: the other one.
        5 other: Option<Identity>,
        6 hold: Option<HoldScope>,
        /// The hold's own random id, 16 bytes; what a release names.
        7 matter: Vec<u8>,
        /// Of a step of a request: when it was taken, Unix microseconds; 0: when it was recorded.
        8 at_us: u64,
        /// Of a later step of a request: the entry that says that it was received.
        9 request: u64,
        /// Of a decision to name somebody in a person's report: where they act.
        10 rows: Vec<NamedRow>,
        /// The interest of whoever is named, and how it was weighed.
        11 interest: String,
        /// Of such a decision that is taken back: its entry.
        12 naming: u64,
    }

    /// A human in an entry: the part of theirs.
    pub struct NamedRow { 1 entry: u64, 2 ordinal: u32 }

    /// What a hold keeps. Where several lists are given an entry must fit each; an empty list fits everything.
    pub struct HoldScope { 1 persons: Vec<Identity>, 2 datasets: Vec<String>, 3 agents: Vec<String>,
        /// recorded_at, Unix microseconds, half-open; 0: no bound.
        4 from_us: u64, 5 until_us: u64 }

    pub struct SealedName { 1 field: NamedField,
        /// Position in the repeated field it belongs to, if any.
        2 position: u32,
        3 value: String }

    pub struct SealedFact { 1 position: u32, 2 resource: String, 3 reference: String, 4 name: String }

    pub struct AgentPart { 1 nonce: Vec<u8>, 2 as_sent: Vec<u8> }
}

impl ContentPart {
    /// Whether nothing stands in it. By lengths: `==` with an empty one would compare twenty empty lists byte by byte,
    /// which on some processors costs more than sealing.
    pub fn is_empty(&self) -> bool {
        let ContentPart {
            action_id,
            conversation,
            session,
            parents,
            caused_by,
            same_act_as,
            corrects,
            retracts,
            instruction,
            source_previous_hash,
            approval_reference,
            break_glass_reason,
            arguments,
            result,
            names,
            records,
            call_id,
            error,
            facts,
            question,
            act,
            case,
        } = self;
        let texts =
            [conversation, session, instruction, approval_reference, break_glass_reason, call_id, error].into_iter();
        let bytes = [action_id, source_previous_hash, arguments, result, question].into_iter();
        let ids = [parents, caused_by, same_act_as, corrects, retracts].into_iter();
        texts.map(String::len).chain(bytes.map(Vec::len)).chain(ids.map(Vec::len)).all(|length| length == 0)
            && names.is_empty()
            && records.is_empty()
            && facts.is_empty()
            && act.is_none()
            && case.is_none()
    }
}
