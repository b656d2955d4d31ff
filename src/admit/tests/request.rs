//! Two requests are the same only when every field is.

use super::super::request::{action_hash, tool_call_hash};
use super::*;
use std::collections::BTreeMap;

type Change<T> = (&'static str, fn(&mut T));

/// Every field of an action and of everything in it, changed alone.
const CHANGES: &[Change<Action>] = &[
    ("action_id", |a| a.action_id[15] = 99),
    ("verb", |a| a.verb = "data.view".into()),
    ("outcome", |a| a.outcome = Outcome::Denied),
    ("no occurred", |a| a.occurred = None),
    ("empty occurred", |a| a.occurred = Some(Occurred::default())),
    ("occurred.earliest", |a| a.occurred.as_mut().unwrap().earliest_us -= 1),
    ("occurred.latest", |a| a.occurred.as_mut().unwrap().latest_us += 1),
    ("occurred.source", |a| a.occurred.as_mut().unwrap().source = TimeSource::AgentClock),
    ("no actors", |a| a.actors.clear()),
    ("an empty actor more", |a| a.actors.push(Actor::default())),
    ("actors reversed", |a| a.actors.reverse()),
    ("actor.kind", |a| a.actors[0].kind = PartyKind::Service),
    ("actor.name", |a| a.actors[0].name.push('x')),
    ("actor.version", |a| a.actors[0].version.push('x')),
    ("actor.model", |a| a.actors[0].model.push('x')),
    ("actor.vendor", |a| a.actors[0].vendor.push('x')),
    ("actor.region", |a| a.actors[0].region.push('x')),
    ("actor.identities", |a| a.actors[1].identities[0].fields[0].push('x')),
    ("conversation", |a| a.conversation.push('x')),
    ("session", |a| a.session.push('x')),
    ("call_id", |a| a.call_id.push('x')),
    ("session and call_id swapped", |a| std::mem::swap(&mut a.session, &mut a.call_id)),
    ("no source", |a| a.source = None),
    ("source.name", |a| a.source.as_mut().unwrap().name.push('x')),
    ("source.sequence", |a| a.source.as_mut().unwrap().sequence += 1),
    ("source.previous_hash", |a| a.source.as_mut().unwrap().previous_hash[31] += 1),
    ("source.clock", |a| a.source.as_mut().unwrap().clock_us += 1),
    ("source.skew", |a| a.source.as_mut().unwrap().skew_us += 1),
    ("tool", |a| a.tool.push('x')),
    ("dataset", |a| a.dataset.push('x')),
    ("purpose", |a| a.purpose.push('x')),
    ("legal_bases", |a| a.legal_bases[1].push('x')),
    ("an empty legal basis more", |a| a.legal_bases.push(String::new())),
    ("legal bases joined", |a| a.legal_bases = vec![a.legal_bases.concat()]),
    ("no policy", |a| a.policy = None),
    ("policy.id", |a| a.policy.as_mut().unwrap().id.push('x')),
    ("policy.version", |a| a.policy.as_mut().unwrap().version.push('x')),
    ("policy.decision", |a| a.policy.as_mut().unwrap().decision = PolicyDecision::Deny),
    ("no approval", |a| a.approval = None),
    ("approval.result", |a| a.approval.as_mut().unwrap().result = ApprovalResult::Missing),
    ("approval.reference", |a| a.approval.as_mut().unwrap().reference.push('x')),
    ("break_glass_reason", |a| a.break_glass_reason.push('x')),
    ("instruction", |a| a.instruction.push('x')),
    ("no links", |a| a.links = Links::default()),
    ("links.parents", |a| a.links.parents[0][15] += 1),
    ("links.caused_by", |a| a.links.caused_by[0][15] += 1),
    ("links.same_act_as", |a| a.links.same_act_as[0][15] += 1),
    ("links.corrects", |a| a.links.corrects[0][15] += 1),
    ("links.retracts", |a| a.links.retracts[0][15] += 1),
    ("a parent that is a cause", |a| {
        let id = a.links.parents.remove(0);
        a.links.caused_by.insert(0, id);
    }),
    ("recipient.kind", |a| a.recipients[0].kind = "controller".into()),
    ("recipient.party", |a| a.recipients[0].party = PartyKind::Group),
    ("recipient.name", |a| a.recipients[0].name.push('x')),
    ("recipient.country", |a| a.recipients[0].country = "DE".into()),
    ("recipient.identities", |a| a.recipients[1].identities[0].namespace.push('x')),
    ("a recipient fewer", |a| a.recipients.truncate(1)),
    ("record.dataset", |a| a.records[0].dataset.push('x')),
    ("record.id", |a| a.records[0].id.push('x')),
    ("record.scope", |a| a.records[0].scope = RecordScope::System),
    ("records_asked", |a| a.records_asked.as_mut().unwrap().count += 1),
    ("records_asked.precision", |a| a.records_asked.as_mut().unwrap().precision = Precision::Approximate),
    ("no records_asked", |a| a.records_asked = None),
    ("records_delivered", |a| a.records_delivered.as_mut().unwrap().count += 1),
    ("records_delivered.precision", |a| a.records_delivered.as_mut().unwrap().precision = Precision::Approximate),
    ("no subjects", |a| a.subjects.clear()),
    ("the subject twice", |a| a.subjects.push(a.subjects[0].clone())),
    ("subject.kind", |a| a.subjects[0].kind.push('x')),
    ("identity.namespace", |a| a.subjects[0].identities[0].namespace.push('x')),
    ("identity.field", |a| a.subjects[0].identities[0].fields[0].push('x')),
    ("identity.strength", |a| a.subjects[0].identities[0].strength = Strength::Weak),
    ("identity fields joined", |a| {
        let identity = &mut a.subjects[0].identities[1];
        identity.fields = vec![identity.fields.concat()];
    }),
    ("an identity fewer", |a| a.subjects[0].identities.truncate(1)),
    ("categories.direction", |a| a.subjects[0].categories[0].direction = Direction::Argument),
    ("categories", |a| a.subjects[0].categories[0].categories[0] = "payment".into()),
    ("rendered_to", |a| a.subjects[0].categories[1].rendered_to[0] = Eyes::Recipient(0)),
    ("rendered_to an actor", |a| a.subjects[0].categories[1].rendered_to[0] = Eyes::Actor(1)),
    ("rendered_to fewer", |a| a.subjects[0].categories[1].rendered_to.truncate(1)),
    ("field.pointer", |a| a.subjects[0].fields[0].pointer.push('x')),
    ("field.category", |a| a.subjects[0].fields[0].category = "basic".into()),
    ("field.direction", |a| a.subjects[0].fields[0].direction = Direction::Argument),
    ("subject.records", |a| a.subjects[0].records[0].id.push('x')),
    ("a record of nobody", |a| {
        let record = a.subjects[0].records.remove(0);
        a.records.push(record);
    }),
    ("subjects_asked", |a| a.subjects_asked.as_mut().unwrap().count += 1),
    ("subjects_asked.precision", |a| a.subjects_asked.as_mut().unwrap().precision = Precision::Approximate),
    ("subjects_delivered", |a| a.subjects_delivered.as_mut().unwrap().count += 1),
    ("subjects_delivered.precision", |a| a.subjects_delivered.as_mut().unwrap().precision = Precision::Approximate),
    ("determination", |a| a.determination = Determination::ListedIncomplete),
    ("doubts", |a| a.doubts[0] = Doubt::OwnerUnknown),
    ("a doubt fewer", |a| a.doubts.truncate(1)),
    ("an unspecified doubt", |a| a.doubts.push(Doubt::Unspecified)),
    ("no protection", |a| a.protection = None),
    ("protection.encrypted", |a| a.protection.as_mut().unwrap().encrypted = false),
    ("protection.pseudonymised", |a| a.protection.as_mut().unwrap().pseudonymised = false),
    ("protection.key_id", |a| a.protection.as_mut().unwrap().key_id.push('x')),
    ("arguments", |a| a.arguments.push(b' ')),
    ("result", |a| a.result.push(b' ')),
    ("arguments and result swapped", |a| std::mem::swap(&mut a.arguments, &mut a.result)),
    ("arguments of many bytes", |a| a.arguments = vec![7; 5_000]),
    ("error", |a| a.error.push('x')),
    ("no catalogue", |a| a.catalogue = None),
    ("catalogue.version", |a| a.catalogue.as_mut().unwrap().version.push('x')),
    ("catalogue.digest", |a| a.catalogue.as_mut().unwrap().digest[0] += 1),
    ("fact.kind", |a| a.facts[0].kind = FactKind::Holding),
    ("fact.edge", |a| a.facts[0].edge = Edge::Close),
    ("fact.resource", |a| a.facts[0].resource.push('x')),
    ("fact.party", |a| a.facts[0].party = PartyKind::Agent),
    ("fact.name", |a| a.facts[0].name.push('x')),
    ("fact.identities", |a| a.facts[0].identities[0].fields[0].push('x')),
    ("fact.rights", |a| a.facts[0].rights[0] = "data.view".into()),
    ("fact.categories", |a| a.facts[0].categories[0] = "basic".into()),
    ("a right that is a category", |a| {
        let right = a.facts[0].rights.pop().unwrap();
        a.facts[0].categories.insert(0, right);
    }),
    ("fact.end", |a| a.facts[0].end = EndKind::Exact),
    ("fact.end_earliest", |a| a.facts[0].end_earliest_us += 1),
    ("fact.end_latest", |a| a.facts[0].end_latest_us += 2),
    ("fact.coverage", |a| a.facts[0].coverage = CoverageState::Down),
    ("fact.source", |a| a.facts[0].source.push('x')),
    ("fact.subjects", |a| a.facts[0].subjects[0] = 1),
    ("a fact's subject more", |a| a.facts[0].subjects.push(0)),
    ("fact.recoverable_until", |a| a.facts[0].recoverable_until_us += 1),
    ("fact.reference", |a| a.facts[0].reference.push('x')),
    ("no facts", |a| a.facts.clear()),
    ("no signature", |a| a.agent_signature = None),
    ("signature.key_id", |a| a.agent_signature.as_mut().unwrap().key_id[0] ^= 1),
    ("signature.claim", |a| a.agent_signature.as_mut().unwrap().claim.push(0)),
    ("signature.signature", |a| a.agent_signature.as_mut().unwrap().signature[0] ^= 1),
    ("signature.nonce", |a| a.agent_signature.as_mut().unwrap().parts[0].nonce[0] ^= 1),
    ("signature.as_sent", |a| a.agent_signature.as_mut().unwrap().parts[0].as_sent.push(0)),
    ("signature.parts", |a| a.agent_signature.as_mut().unwrap().parts.clear()),
    ("provenance", |a| a.provenance = Provenance::Import),
];

const CALL_CHANGES: &[Change<ToolCall>] = &[
    ("action_id", |c| c.action_id[15] = 99),
    ("tool", |c| c.tool.push('x')),
    ("arguments", |c| c.arguments.push(0)),
    ("result", |c| c.result.push(0)),
    ("error", |c| c.error.push('x')),
    ("outcome", |c| c.outcome = Outcome::Failed),
    ("agent", |c| c.agent.model.push('x')),
    ("principal", |c| c.principal.as_mut().unwrap().identities[0].fields[0].push('x')),
    ("no principal", |c| c.principal = None),
    ("conversation", |c| c.conversation.push('x')),
    ("session", |c| c.session.push('x')),
    ("call_id", |c| c.call_id.push('x')),
    ("occurred", |c| c.occurred.as_mut().unwrap().latest_us += 1),
    ("source", |c| c.source.as_mut().unwrap().sequence += 1),
    ("purpose", |c| c.purpose.push('x')),
    ("policy", |c| c.policy.as_mut().unwrap().version.push('x')),
    ("approval", |c| c.approval.as_mut().unwrap().reference.push('x')),
    ("links", |c| c.links.retracts.clear()),
    ("provenance", |c| c.provenance = Provenance::Import),
    ("sequence", |c| c.sequence.push('x')),
];

fn full_call() -> ToolCall {
    let action = full();
    ToolCall {
        action_id: action.action_id,
        tool: action.tool,
        arguments: action.arguments,
        result: action.result,
        error: action.error,
        outcome: action.outcome,
        agent: action.actors[0].clone(),
        principal: Some(action.actors[1].clone()),
        conversation: action.conversation,
        session: action.session,
        call_id: action.call_id,
        occurred: action.occurred,
        source: action.source,
        purpose: action.purpose,
        policy: action.policy,
        approval: action.approval,
        links: action.links,
        provenance: Provenance::ToolCall,
        sequence: String::new(),
    }
}

/// All changes give hashes of their own, none of them the unchanged one.
fn check<T: Clone>(whole: T, changes: &[Change<T>], hash: impl Fn(&T) -> Hash) {
    let mut seen = BTreeMap::from([(hash(&whole), "nothing")]);
    assert_eq!(hash(&whole), hash(&whole.clone()));
    for (what, change) in changes {
        let mut changed = whole.clone();
        change(&mut changed);
        if let Some(other) = seen.insert(hash(&changed), what) {
            panic!("changing {what} is the same as changing {other}");
        }
    }
}

#[test]
fn every_field_of_an_action_is_in_its_hash() {
    check(full(), CHANGES, |action| action_hash(action, &caller()));
}

#[test]
fn every_field_of_a_tool_call_is_in_its_hash() {
    check(full_call(), CALL_CHANGES, |call| tool_call_hash(call, &caller()));
}

#[test]
fn callers_and_kinds_of_request_do_not_share_hashes() {
    let other = Caller { name: "proxy2".into(), ..caller() };
    assert_ne!(action_hash(&full(), &caller()), action_hash(&full(), &other));
    assert_ne!(action_hash(&Action::default(), &caller()), tool_call_hash(&ToolCall::default(), &caller()));
    let surer = Caller { assurance: Assurance::MutualTls, ..caller() };
    assert_eq!(action_hash(&full(), &caller()), action_hash(&full(), &surer), "a retry over another connection");
}

/// Stored digests are compared after an update, so the hash of a request is for ever.
#[test]
fn the_hash_is_pinned() {
    let hex = |hash: Hash| whosaw_verifier::hash::hex(&hash);
    assert_eq!(
        hex(action_hash(&Action::default(), &caller())),
        "691ffb69d0fdc666a57b52bf8f1edb6b71bd278e213641d27741352bdd888259"
    );
    assert_eq!(
        hex(action_hash(&full(), &caller())),
        "3ed81742d6cac399ea74bd672adfad4819b7b3c75c153ef4304e16bf00d2dd7e"
    );
    assert_eq!(
        hex(tool_call_hash(&full_call(), &caller())),
        "3937ed752bc2ce9dcf2f8d9a7379575670d0a271d51392fee03df1aaf93331e6"
    );
}
