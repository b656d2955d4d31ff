//! Wire messages into words of the domain. The only place that reads our generated request types field by field.
//!
//! What protobuf cannot say by itself (an enum number we do not know, a time out of range, a missing oneof) is a
//! violation here; what the values mean is `admit`'s concern. Values are moved, never copied: this is the hot path.

use super::v1;
use crate::engine::{Raw, Sent};
use crate::model::*;
use whosaw_verifier::wire::Varint;

/// Collects what is wrong while a message is read.
#[derive(Default)]
pub struct Reader {
    violations: Vec<Violation>,
}

/// A record as a raw action or tool call, with what could not be read of it; field paths begin with `record.action` or
/// `record.tool_call`, which callers read as `action` and `tool_call`.
pub fn record(record: Option<v1::Record>) -> Result<Sent, Vec<Violation>> {
    let mut reader = Reader::default();
    let raw = match record.and_then(|record| record.kind) {
        Some(v1::record::Kind::Action(action)) => Raw::Action(Box::new(reader.action(*action))),
        Some(v1::record::Kind::ToolCall(call)) => Raw::ToolCall(Box::new(reader.tool_call(*call))),
        None => {
            reader.refuse("record", "is missing: give an action or a tool call");
            return Err(reader.violations);
        }
    };
    Ok(Sent { raw, unread: reader.violations })
}

/// What a request says of its source, for counting refusals.
pub fn source_name(record: Option<&v1::Record>) -> Option<&str> {
    let source = match record?.kind.as_ref()? {
        v1::record::Kind::Action(action) => action.source.as_ref(),
        v1::record::Kind::ToolCall(call) => call.source.as_ref(),
    };
    source.map(|source| source.name.as_str())
}

/// Violations that are told at once.
const VIOLATIONS_MAX: usize = 32;

/// It is not stored, so that admission does not see it.
const SEQUENCE_MAX: usize = 1_024;

impl Reader {
    pub fn finish<T>(self, value: T) -> Result<T, Vec<Violation>> {
        if self.violations.is_empty() { Ok(value) } else { Err(self.violations) }
    }

    fn refuse(&mut self, field: impl Into<String>, description: &str) {
        // They travel in the trailer; more would only be more of the same.
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { field: field.into(), description: description.to_owned() });
        }
    }

    pub fn action(&mut self, action: v1::Action) -> Action {
        Action {
            action_id: uuid(action.action_id),
            verb: action.verb,
            outcome: self.number(action.outcome, || "action.outcome".into()),
            occurred: action.occurred.map(|occurred| self.occurred(occurred, "action")),
            actors: self.each(action.actors, |reader, i, actor| reader.actor(actor, || format!("action.actors[{i}]"))),
            conversation: action.conversation,
            session: action.session,
            call_id: action.call_id,
            source: action.source.map(|source| self.source(source, "action")),
            tool: action.tool,
            dataset: action.dataset,
            purpose: action.purpose,
            legal_bases: action.legal_bases,
            policy: action.policy.map(|policy| self.policy(policy, "action")),
            approval: action.approval.map(|approval| self.approval(approval, "action")),
            break_glass_reason: action.break_glass_reason,
            instruction: action.instruction,
            links: links(action.links.unwrap_or_default()),
            recipients: self.each(action.recipients, |reader, i, recipient| Recipient {
                kind: recipient.kind,
                party: reader.number(recipient.party, || format!("action.recipients[{i}].party")),
                name: recipient.name,
                country: recipient.country,
                identities: reader.identities(recipient.identities, || format!("action.recipients[{i}].identities")),
            }),
            records: self.records(action.records, || "action.records".into()),
            records_asked: self.quantity(action.records_asked, "records_asked"),
            records_delivered: self.quantity(action.records_delivered, "records_delivered"),
            subjects: self.each(action.subjects, |reader, i, subject| reader.subject(subject, i)),
            subjects_asked: self.quantity(action.subjects_asked, "subjects_asked"),
            subjects_delivered: self.quantity(action.subjects_delivered, "subjects_delivered"),
            determination: self.number(action.determination, || "action.determination".into()),
            doubts: self.each(action.doubts, |reader, i, doubt| reader.number(doubt, || format!("action.doubts[{i}]"))),
            protection: action.protection.map(|protection| Protection {
                encrypted: protection.encrypted,
                pseudonymised: protection.pseudonymised,
                key_id: protection.key_id,
            }),
            arguments: action.arguments,
            result: action.result,
            error: action.error,
            catalogue: action
                .catalogue
                .map(|catalogue| CatalogueRef { version: catalogue.version, digest: catalogue.digest }),
            facts: self.each(action.facts, |reader, i, fact| reader.fact(fact, i)),
            agent_signature: action.agent_signature.map(agent_signature),
            provenance: Provenance::Described,
        }
    }

    pub fn tool_call(&mut self, call: v1::ToolCall) -> ToolCall {
        if call.tool.is_empty() {
            self.refuse("tool_call.tool", "is missing");
        }
        if call.action_id.is_empty() && (call.conversation.is_empty() || call.sequence.is_empty()) {
            self.refuse(
                "tool_call.action_id",
                "is missing: give it, or conversation and sequence, of which it is made",
            );
        }
        if call.sequence.len() > SEQUENCE_MAX {
            self.refuse("tool_call.sequence", &format!("has more than {SEQUENCE_MAX} bytes"));
        }
        if call.agent.is_none() {
            self.refuse("tool_call.agent", "is missing: say which agent called");
        }
        ToolCall {
            action_id: uuid(call.action_id),
            tool: call.tool,
            arguments: call.arguments,
            result: call.result,
            error: call.error,
            outcome: self.number(call.outcome, || "tool_call.outcome".into()),
            agent: self.actor(call.agent.unwrap_or_default(), || "tool_call.agent".into()),
            principal: call.principal.map(|principal| self.actor(principal, || "tool_call.principal".into())),
            conversation: call.conversation,
            session: call.session,
            call_id: call.call_id,
            occurred: call.occurred.map(|occurred| self.occurred(occurred, "tool_call")),
            source: call.source.map(|source| self.source(source, "tool_call")),
            purpose: call.purpose,
            policy: call.policy.map(|policy| self.policy(policy, "tool_call")),
            approval: call.approval.map(|approval| self.approval(approval, "tool_call")),
            links: links(call.links.unwrap_or_default()),
            provenance: if call.imported { Provenance::Import } else { Provenance::ToolCall },
            sequence: call.sequence,
        }
    }

    pub fn subject(&mut self, subject: v1::Subject, i: usize) -> Subject {
        Subject {
            kind: subject.kind,
            identities: self.identities(subject.identities, || format!("action.subjects[{i}].identities")),
            categories: self.each(subject.categories, |reader, j, used| CategoryUse {
                direction: reader.number(used.direction, || format!("action.subjects[{i}].categories[{j}].direction")),
                categories: used.categories,
                rendered_to: reader.each(used.rendered_to, |reader, k, eyes| {
                    reader.eyes(eyes, || format!("action.subjects[{i}].categories[{j}].rendered_to[{k}]"))
                }),
            }),
            fields: self.each(subject.fields, |reader, j, used| FieldUse {
                pointer: used.pointer,
                category: used.category,
                direction: reader.number(used.direction, || format!("action.subjects[{i}].fields[{j}].direction")),
            }),
            records: self.records(subject.records, || format!("action.subjects[{i}].records")),
        }
    }

    pub fn records(&mut self, records: Vec<v1::DataRecord>, field: impl Fn() -> String) -> Vec<Record> {
        self.each(records, |reader, i, record| Record {
            dataset: record.dataset,
            id: record.id,
            scope: reader.number(record.scope, || format!("{}[{i}].scope", field())),
        })
    }

    fn eyes(&mut self, eyes: v1::Eyes, field: impl Fn() -> String) -> Eyes {
        match eyes.party {
            Some(v1::eyes::Party::Recipient(position)) => Eyes::Recipient(position),
            Some(v1::eyes::Party::Actor(position)) => Eyes::Actor(position),
            None => {
                self.refuse(field(), "is missing");
                Eyes::Actor(0)
            }
        }
    }

    fn fact(&mut self, fact: v1::Fact, i: usize) -> Fact {
        let field = |name: &'static str| move || format!("action.facts[{i}].{name}");
        Fact {
            kind: self.number(fact.kind, field("kind")),
            edge: self.number(fact.edge, field("edge")),
            resource: fact.resource,
            party: self.number(fact.party, field("party")),
            name: fact.name,
            identities: self.identities(fact.identities, field("identities")),
            rights: fact.rights,
            categories: fact.categories,
            end: self.number(fact.end, field("end")),
            end_earliest_us: self.micros(fact.end_earliest, field("end_earliest")),
            end_latest_us: self.micros(fact.end_latest, field("end_latest")),
            coverage: self.number(fact.coverage, field("coverage")),
            source: fact.source,
            subjects: fact.subjects,
            recoverable_until_us: self.micros(fact.recoverable_until, field("recoverable_until")),
            reference: fact.reference,
        }
    }

    fn actor(&mut self, actor: v1::Actor, field: impl Fn() -> String) -> Actor {
        Actor {
            kind: self.number(actor.kind, || format!("{}.kind", field())),
            name: actor.name,
            version: actor.version,
            model: actor.model,
            vendor: actor.vendor,
            region: actor.region,
            identities: self.identities(actor.identities, || format!("{}.identities", field())),
        }
    }

    fn identities(&mut self, identities: Vec<v1::Identity>, field: impl Fn() -> String) -> Vec<Identity> {
        self.each(identities, |reader, i, identity| reader.identity(identity, || format!("{}[{i}]", field())))
    }

    pub fn identity(&mut self, identity: v1::Identity, field: impl Fn() -> String) -> Identity {
        Identity {
            namespace: identity.namespace,
            fields: identity.fields,
            strength: self.number(identity.strength, || format!("{}.strength", field())),
        }
    }

    fn occurred(&mut self, occurred: v1::Occurred, of: &str) -> Occurred {
        if occurred.earliest.is_some() != occurred.latest.is_some() {
            let missing = if occurred.earliest.is_none() { "earliest" } else { "latest" };
            self.refuse(format!("{of}.occurred.{missing}"), "is missing: for an instant give the same time twice");
        }
        Occurred {
            earliest_us: since_1970(self.micros(occurred.earliest, || format!("{of}.occurred.earliest"))),
            // Rounded up, so that the claim never gets narrower by being stored.
            latest_us: since_1970(self.micros_up(occurred.latest, || format!("{of}.occurred.latest"))),
            source: self.number(occurred.source, || format!("{of}.occurred.source")),
        }
    }

    fn source(&mut self, source: v1::Source, of: &str) -> Source {
        Source {
            name: source.name,
            sequence: source.sequence,
            previous_hash: source.previous_hash,
            clock_us: self.micros(source.clock, || format!("{of}.source.clock")),
            skew_us: source.skew_us,
        }
    }

    fn policy(&mut self, policy: v1::Policy, of: &str) -> Policy {
        let decision = self.number(policy.decision, || format!("{of}.policy.decision"));
        Policy { id: policy.id, version: policy.version, decision }
    }

    fn approval(&mut self, approval: v1::Approval, of: &str) -> Approval {
        let result = self.number(approval.result, || format!("{of}.approval.result"));
        Approval { result, reference: approval.reference }
    }

    fn quantity(&mut self, quantity: Option<v1::Quantity>, name: &str) -> Option<Quantity> {
        quantity.map(|quantity| Quantity {
            precision: self.number(quantity.precision, || format!("action.{name}.precision")),
            count: quantity.count,
        })
    }

    fn each<T, U>(&mut self, values: Vec<T>, read: impl Fn(&mut Self, usize, T) -> U) -> Vec<U> {
        values.into_iter().enumerate().map(|(i, value)| read(self, i, value)).collect()
    }

    /// An enum by its number; a number that is not in the closed list is refused, never read as "not stated".
    pub fn number<T: Varint>(&mut self, number: i32, field: impl Fn() -> String) -> T {
        match u64::try_from(number).ok().and_then(|number| T::from_varint(0, number).ok()) {
            Some(value) => value,
            None => {
                self.refuse(field(), "is a number outside the closed list");
                T::default()
            }
        }
    }

    /// Unix microseconds, rounded down; 0 for none.
    pub fn micros(&mut self, time: Option<prost_types::Timestamp>, field: impl Fn() -> String) -> i64 {
        self.rounded(time, 0, field)
    }

    fn micros_up(&mut self, time: Option<prost_types::Timestamp>, field: impl Fn() -> String) -> i64 {
        self.rounded(time, 999, field)
    }

    fn rounded(&mut self, time: Option<prost_types::Timestamp>, add_ns: i64, field: impl Fn() -> String) -> i64 {
        let Some(time) = time else { return 0 };
        let fraction = i64::from(time.nanos);
        let us = time.seconds.checked_mul(1_000_000).and_then(|us| us.checked_add((fraction + add_ns) / 1_000));
        match us.filter(|_| (0..1_000_000_000).contains(&fraction)) {
            // 0 stands for "none" further in; so the epoch is the microsecond after it.
            Some(0) => 1,
            Some(us) => us,
            None => {
                self.refuse(field(), "is not a time");
                0
            }
        }
    }
}

/// The 16 bytes of a UUID's text form. What is none becomes a single byte, which admission refuses under the field's name.
fn uuid(text: String) -> Vec<u8> {
    if text.is_empty() {
        return Vec::new();
    }
    uuid::Uuid::try_parse(&text).map_or_else(|_| vec![0], |id| id.into_bytes().to_vec())
}

fn uuids(texts: Vec<String>) -> Vec<Vec<u8>> {
    texts.into_iter().map(uuid).collect()
}

fn links(links: v1::Links) -> Links {
    Links {
        parents: uuids(links.parents),
        caused_by: uuids(links.caused_by),
        same_act_as: uuids(links.same_act_as),
        corrects: uuids(links.corrects),
        retracts: uuids(links.retracts),
    }
}

fn agent_signature(signature: v1::AgentSignature) -> AgentSignature {
    AgentSignature {
        key_id: signature.key_id,
        claim: signature.claim,
        signature: signature.signature,
        parts: signature
            .parts
            .into_iter()
            .map(|part| AgentSignedPart { nonce: part.nonce, as_sent: part.as_sent })
            .collect(),
    }
}

/// What a clock says that stands before 1970 is recorded as the first instant that can be: so is nobody's act lost by it.
fn since_1970(us: i64) -> i64 {
    if us < 0 { 1 } else { us }
}
