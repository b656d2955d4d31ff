//! An action as the outside world described it, before anything was checked.

use super::*;

/// What a caller tells us of one action. Vocabulary of the closed lists arrives as text and is checked by `admit`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Action {
    /// A UUID, 16 bytes; version 7 by preference. The idempotency key together with ledger and caller.
    pub action_id: Vec<u8>,
    pub verb: String,
    pub outcome: Outcome,
    pub occurred: Option<Occurred>,
    /// Nearest first: the first acted, each next one is on whose behalf the one before acted. At least one.
    pub actors: Vec<Actor>,
    pub conversation: String,
    pub session: String,
    /// The tool protocol's own id of the call.
    pub call_id: String,
    pub source: Option<Source>,
    pub tool: String,
    pub dataset: String,
    pub purpose: String,
    pub legal_bases: Vec<String>,
    pub policy: Option<Policy>,
    pub approval: Option<Approval>,
    pub break_glass_reason: String,
    pub instruction: String,
    pub links: Links,
    pub recipients: Vec<Recipient>,
    /// Records that belong to no subject listed below.
    pub records: Vec<Record>,
    pub records_asked: Option<Quantity>,
    pub records_delivered: Option<Quantity>,
    pub subjects: Vec<Subject>,
    pub subjects_asked: Option<Quantity>,
    pub subjects_delivered: Option<Quantity>,
    pub determination: Determination,
    pub doubts: Vec<Doubt>,
    pub protection: Option<Protection>,
    /// JSON or text, as sent; sealed.
    pub arguments: Vec<u8>,
    pub result: Vec<u8>,
    pub error: String,
    pub catalogue: Option<CatalogueRef>,
    pub facts: Vec<Fact>,
    pub agent_signature: Option<AgentSignature>,
    pub provenance: Provenance,
}

/// Unix microseconds; signed so that absurd claims can be named rather than wrapped.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Occurred {
    pub earliest_us: i64,
    pub latest_us: i64,
    pub source: TimeSource,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Actor {
    pub kind: PartyKind,
    /// For agents, services, groups, organisations: a registered name. For a human: leave empty and give `identities`.
    pub name: String,
    pub version: String,
    pub model: String,
    pub vendor: String,
    pub region: String,
    /// Who a human is. Sealed.
    pub identities: Vec<Identity>,
}

/// An identifier: a namespace and one or more fields, such as `customer` / [`mia_li_3668`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Identity {
    pub namespace: String,
    pub fields: Vec<String>,
    pub strength: Strength,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Source {
    pub name: String,
    pub sequence: u64,
    pub previous_hash: Vec<u8>,
    pub clock_us: i64,
    pub skew_us: i64,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    pub id: String,
    pub version: String,
    pub decision: PolicyDecision,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Approval {
    pub result: ApprovalResult,
    pub reference: String,
}

/// Other actions, by their action id (16 bytes each). Sealed: they would join a person's entries.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Links {
    pub parents: Vec<Vec<u8>>,
    pub caused_by: Vec<Vec<u8>>,
    pub same_act_as: Vec<Vec<u8>>,
    pub corrects: Vec<Vec<u8>>,
    pub retracts: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recipient {
    pub kind: String,
    pub party: PartyKind,
    pub name: String,
    pub country: String,
    /// Who a human recipient is. Sealed.
    pub identities: Vec<Identity>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Record {
    pub dataset: String,
    pub id: String,
    pub scope: RecordScope,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quantity {
    pub precision: Precision,
    pub count: u64,
}

/// A person whose data an action was about.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subject {
    pub kind: String,
    pub identities: Vec<Identity>,
    pub categories: Vec<CategoryUse>,
    pub fields: Vec<FieldUse>,
    pub records: Vec<Record>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct CategoryUse {
    pub direction: Direction,
    pub categories: Vec<String>,
    /// Before whose eyes, for `rendered`.
    pub rendered_to: Vec<Eyes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// Position in `recipients`.
    Recipient(u32),
    /// Position in `actors`.
    Actor(u32),
}

impl Eyes {
    /// In a body's `rendered_to`, positions among actors stand above this (verifier's `body.rs`).
    const ABOVE_RECIPIENTS: u32 = 1 << 16;

    /// As a body's `rendered_to` has it.
    pub fn number(self) -> u32 {
        match self {
            Eyes::Recipient(position) => position + 1,
            Eyes::Actor(position) => Self::ABOVE_RECIPIENTS + position + 1,
        }
    }

    /// What a number in `rendered_to` points at.
    pub fn of_number(number: u32) -> Option<Self> {
        let actor = number.checked_sub(Self::ABOVE_RECIPIENTS + 1).map(Eyes::Actor);
        actor.or_else(|| number.checked_sub(1).map(Eyes::Recipient))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FieldUse {
    /// JSON pointer inside arguments or result.
    pub pointer: String,
    pub category: String,
    pub direction: Direction,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Protection {
    pub encrypted: bool,
    pub pseudonymised: bool,
    pub key_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogueRef {
    pub version: String,
    pub digest: Vec<u8>,
}

/// The agent's own signature (DESIGN section 3); nonces are the random bytes rⱼ, one a part.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AgentSignature {
    pub key_id: Vec<u8>,
    pub claim: Vec<u8>,
    pub signature: Vec<u8>,
    /// What was signed for each part, in order: random 32 bytes and the part as the agent sent it.
    pub parts: Vec<AgentSignedPart>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct AgentSignedPart {
    pub nonce: Vec<u8>,
    pub as_sent: Vec<u8>,
}

/// One edge of an interval fact: an opening, a closing or a point.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fact {
    pub kind: FactKind,
    pub edge: Edge,
    pub resource: String,
    pub party: PartyKind,
    pub name: String,
    /// Who a human party is. Sealed.
    pub identities: Vec<Identity>,
    pub rights: Vec<String>,
    pub categories: Vec<String>,
    pub end: EndKind,
    pub end_earliest_us: i64,
    pub end_latest_us: i64,
    pub coverage: CoverageState,
    pub source: String,
    /// Positions in `subjects` of those inside.
    pub subjects: Vec<u32>,
    pub recoverable_until_us: i64,
    /// A reference of the caller's own, such as a grant id. Sealed.
    pub reference: String,
}

/// One raw tool call, for `intake` to make sense of by the tool catalogue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToolCall {
    pub action_id: Vec<u8>,
    pub tool: String,
    /// JSON.
    pub arguments: Vec<u8>,
    /// JSON or text.
    pub result: Vec<u8>,
    pub error: String,
    pub outcome: Outcome,
    pub agent: Actor,
    /// On whose behalf; not by that a data subject.
    pub principal: Option<Actor>,
    pub conversation: String,
    pub session: String,
    pub call_id: String,
    pub occurred: Option<Occurred>,
    pub source: Option<Source>,
    pub purpose: String,
    pub policy: Option<Policy>,
    pub approval: Option<Approval>,
    pub links: Links,
    pub provenance: Provenance,
    /// Place in the conversation; with it, what an id that was not sent is made of.
    pub sequence: String,
}

/// Which field of a request is wrong, and why. Values are never repeated: they may be personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path in the request, such as `action.actors[0].name`.
    pub field: String,
    pub description: String,
}
