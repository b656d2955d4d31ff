//! Words of the domain onto the wire as a client sends them.

use super::v1;
use crate::model::*;

pub fn tool_call(call: ToolCall) -> v1::ToolCall {
    v1::ToolCall {
        action_id: id(&call.action_id),
        tool: call.tool,
        arguments: call.arguments,
        result: call.result,
        error: call.error,
        outcome: call.outcome as i32,
        agent: Some(actor(call.agent)),
        principal: call.principal.map(actor),
        conversation: call.conversation,
        session: call.session,
        call_id: call.call_id,
        occurred: call.occurred.map(|occurred| v1::Occurred {
            earliest: timestamp(occurred.earliest_us),
            latest: timestamp(occurred.latest_us),
            source: occurred.source as i32,
        }),
        source: call.source.map(|source| v1::Source {
            name: source.name,
            sequence: source.sequence,
            previous_hash: source.previous_hash,
            clock: timestamp(source.clock_us),
            skew_us: source.skew_us,
        }),
        purpose: call.purpose,
        policy: call.policy.map(|policy| v1::Policy {
            id: policy.id,
            version: policy.version,
            decision: policy.decision as i32,
        }),
        approval: call
            .approval
            .map(|approval| v1::Approval { result: approval.result as i32, reference: approval.reference }),
        links: Some(v1::Links {
            parents: ids(&call.links.parents),
            caused_by: ids(&call.links.caused_by),
            same_act_as: ids(&call.links.same_act_as),
            corrects: ids(&call.links.corrects),
            retracts: ids(&call.links.retracts),
        }),
        imported: call.provenance == Provenance::Import,
        sequence: call.sequence,
    }
}

fn actor(actor: Actor) -> v1::Actor {
    v1::Actor {
        kind: actor.kind as i32,
        name: actor.name,
        version: actor.version,
        model: actor.model,
        vendor: actor.vendor,
        region: actor.region,
        identities: actor.identities.into_iter().map(identity).collect(),
    }
}

pub fn identity(identity: Identity) -> v1::Identity {
    v1::Identity { namespace: identity.namespace, fields: identity.fields, strength: identity.strength as i32 }
}

/// Text form of an id; what is none stays recognisable as none, and what is absent absent.
fn id(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    uuid::Uuid::from_slice(bytes).map_or_else(|_| "-".into(), |id| id.to_string())
}

fn ids(all: &[Vec<u8>]) -> Vec<String> {
    all.iter().map(|bytes| id(bytes)).collect()
}

/// Absent for 0.
fn timestamp(us: i64) -> Option<prost_types::Timestamp> {
    (us != 0).then(|| prost_types::Timestamp {
        seconds: us.div_euclid(1_000_000),
        nanos: (us.rem_euclid(1_000_000) * 1_000) as i32,
    })
}
