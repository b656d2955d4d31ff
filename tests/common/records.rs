//! Records to send: from the least there is to one with every field set.

use whosaw::rpc::v1::*;

/// The agent that acts in these records. Registered or not is up to the test.
pub const AGENT: &str = "support-agent";

/// What can be sent to be recorded.
pub trait Recordable {
    fn record(self) -> Record;
}

impl Recordable for Record {
    fn record(self) -> Record {
        self
    }
}

impl Recordable for Action {
    fn record(self) -> Record {
        Record { kind: Some(record::Kind::Action(Box::new(self))) }
    }
}

impl Recordable for ToolCall {
    fn record(self) -> Record {
        Record { kind: Some(record::Kind::ToolCall(Box::new(self))) }
    }
}

pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// An id that says which one it is.
pub fn id(number: u64) -> String {
    let mut bytes = [7; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

pub fn agent(name: &str) -> Actor {
    Actor { kind: PartyKind::Agent as i32, name: name.to_owned(), ..Default::default() }
}

pub fn human(identity: Identity) -> Actor {
    Actor { kind: PartyKind::Human as i32, identities: vec![identity], ..Default::default() }
}

pub fn strong(namespace: &str, value: &str) -> Identity {
    Identity { namespace: namespace.into(), fields: vec![value.into()], strength: Strength::Strong as i32 }
}

pub fn weak(fields: &[&str]) -> Identity {
    Identity {
        namespace: "person".into(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        strength: Strength::Weak as i32,
    }
}

pub fn time(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

/// The least that is an action: nobody's data, by an agent.
pub fn plain() -> Action {
    Action {
        action_id: new_id(),
        verb: "data.read".into(),
        outcome: Outcome::Succeeded as i32,
        actors: vec![agent(AGENT)],
        determination: Determination::Nobody as i32,
        ..Default::default()
    }
}

/// A read of one customer's data.
pub fn about(customer: &str) -> Action {
    Action {
        subjects: vec![subject(customer)],
        determination: Determination::Listed as i32,
        conversation: format!("conversation of {customer}"),
        ..plain()
    }
}

pub fn subject(customer: &str) -> Subject {
    Subject {
        kind: "customer".into(),
        identities: vec![strong("customer", customer)],
        categories: vec![CategoryUse {
            direction: Direction::Result as i32,
            categories: vec!["contact".into()],
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// A raw call of a tool.
pub fn call(tool: &str, arguments: &str, result: &str) -> ToolCall {
    ToolCall {
        action_id: new_id(),
        tool: tool.into(),
        arguments: arguments.as_bytes().to_vec(),
        result: result.as_bytes().to_vec(),
        outcome: Outcome::Succeeded as i32,
        agent: Some(agent(AGENT)),
        conversation: "c-1".into(),
        ..Default::default()
    }
}

/// Indexes that ranges stand for, in order.
pub fn indexes(ranges: &[IndexRange]) -> Vec<u64> {
    ranges.iter().flat_map(|range| range.first_index..range.first_index + range.count).collect()
}
