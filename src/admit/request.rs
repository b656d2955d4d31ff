//! What makes two requests the same request: a hash over everything that was said.
//!
//! Every field stands as tag ‖ value in the order of its tags, and what was not said is left out, so that a field that is
//! added one day leaves the hashes of older requests as they are. Texts and bytes have their length before them, nested
//! fields a zero after them, numbers are varints, and an element of a list is written even when it is empty: what was
//! hashed can be read back in one way only. Taking every structure apart field by field, so that the compiler names the
//! field that is forgotten.

use crate::model::*;
use sha2::{Digest as _, Sha256};
use whosaw_verifier::hash::Hash;

const ACTION: u8 = 2;
const TOOL_CALL: u8 = 3;

/// Equal for actions that say the same and come from the same caller. Never leaves the process in the open.
pub fn action_hash(action: &Action, caller: &Caller) -> Hash {
    let mut hasher = Hasher::new(caller);
    hasher.nested(ACTION, action, walk_action);
    hasher.finish()
}

/// The same for a tool call, over what was sent rather than over what a catalogue made of it.
pub fn tool_call_hash(call: &ToolCall, caller: &Caller) -> Hash {
    let mut hasher = Hasher::new(caller);
    hasher.nested(TOOL_CALL, call, walk_tool_call);
    hasher.finish()
}

fn walk_action(action: &Action, to: &mut Hasher) {
    let Action {
        action_id,
        verb,
        outcome,
        occurred,
        actors,
        conversation,
        session,
        call_id,
        source,
        tool,
        dataset,
        purpose,
        legal_bases,
        policy,
        approval,
        break_glass_reason,
        instruction,
        links,
        recipients,
        records,
        records_asked,
        records_delivered,
        subjects,
        subjects_asked,
        subjects_delivered,
        determination,
        doubts,
        protection,
        arguments,
        result,
        error,
        catalogue,
        facts,
        agent_signature,
        provenance,
    } = action;
    to.bytes(1, action_id);
    to.text(2, verb);
    to.number(3, *outcome as u64);
    to.nested_each(4, occurred, walk_occurred);
    to.nested_each(5, actors, walk_actor);
    to.text(6, conversation);
    to.text(7, session);
    to.text(8, call_id);
    to.nested_each(9, source, walk_source);
    to.text(10, tool);
    to.text(11, dataset);
    to.text(12, purpose);
    to.texts(13, legal_bases);
    to.nested_each(14, policy, walk_policy);
    to.nested_each(15, approval, walk_approval);
    to.text(16, break_glass_reason);
    to.text(17, instruction);
    walk_links(18, links, to);
    to.nested_each(19, recipients, walk_recipient);
    to.nested_each(20, records, walk_record);
    to.nested_each(21, records_asked, walk_quantity);
    to.nested_each(22, records_delivered, walk_quantity);
    to.nested_each(23, subjects, walk_subject);
    to.nested_each(24, subjects_asked, walk_quantity);
    to.nested_each(25, subjects_delivered, walk_quantity);
    to.number(26, *determination as u64);
    to.numbers(27, doubts.iter().map(|doubt| *doubt as u64));
    to.nested_each(28, protection, walk_protection);
    to.bytes(29, arguments);
    to.bytes(30, result);
    to.text(31, error);
    to.nested_each(32, catalogue, walk_catalogue);
    to.nested_each(33, facts, walk_fact);
    to.nested_each(34, agent_signature, walk_agent_signature);
    to.number(35, *provenance as u64);
}

fn walk_tool_call(call: &ToolCall, to: &mut Hasher) {
    let ToolCall {
        action_id,
        tool,
        arguments,
        result,
        error,
        outcome,
        agent,
        principal,
        conversation,
        session,
        call_id,
        occurred,
        source,
        purpose,
        policy,
        approval,
        links,
        provenance,
        sequence,
    } = call;
    to.bytes(1, action_id);
    to.text(2, tool);
    to.bytes(3, arguments);
    to.bytes(4, result);
    to.text(5, error);
    to.number(6, *outcome as u64);
    to.nested(7, agent, walk_actor);
    to.nested_each(8, principal, walk_actor);
    to.text(9, conversation);
    to.text(10, session);
    to.text(11, call_id);
    to.nested_each(12, occurred, walk_occurred);
    to.nested_each(13, source, walk_source);
    to.text(14, purpose);
    to.nested_each(15, policy, walk_policy);
    to.nested_each(16, approval, walk_approval);
    walk_links(17, links, to);
    to.number(18, *provenance as u64);
    to.text(19, sequence);
}

fn walk_occurred(occurred: &Occurred, to: &mut Hasher) {
    let Occurred { earliest_us, latest_us, source } = occurred;
    to.number(1, *earliest_us as u64);
    to.number(2, *latest_us as u64);
    to.number(3, *source as u64);
}

fn walk_actor(actor: &Actor, to: &mut Hasher) {
    let Actor { kind, name, version, model, vendor, region, identities } = actor;
    to.number(1, *kind as u64);
    to.text(2, name);
    to.text(3, version);
    to.text(4, model);
    to.text(5, vendor);
    to.text(6, region);
    to.nested_each(7, identities, walk_identity);
}

fn walk_identity(identity: &Identity, to: &mut Hasher) {
    let Identity { namespace, fields, strength } = identity;
    to.text(1, namespace);
    to.texts(2, fields);
    to.number(3, *strength as u64);
}

fn walk_source(source: &Source, to: &mut Hasher) {
    let Source { name, sequence, previous_hash, clock_us, skew_us } = source;
    to.text(1, name);
    to.number(2, *sequence);
    to.bytes(3, previous_hash);
    to.number(4, *clock_us as u64);
    to.number(5, *skew_us as u64);
}

fn walk_policy(policy: &Policy, to: &mut Hasher) {
    let Policy { id, version, decision } = policy;
    to.text(1, id);
    to.text(2, version);
    to.number(3, *decision as u64);
}

fn walk_approval(approval: &Approval, to: &mut Hasher) {
    let Approval { result, reference } = approval;
    to.number(1, *result as u64);
    to.text(2, reference);
}

fn walk_links(tag: u8, links: &Links, to: &mut Hasher) {
    if *links == Links::default() {
        return;
    }
    to.nested(tag, links, |links, to| {
        let Links { parents, caused_by, same_act_as, corrects, retracts } = links;
        for (tag, ids) in [(1, parents), (2, caused_by), (3, same_act_as), (4, corrects), (5, retracts)] {
            ids.iter().for_each(|id| to.element(tag, id));
        }
    });
}

fn walk_recipient(recipient: &Recipient, to: &mut Hasher) {
    let Recipient { kind, party, name, country, identities } = recipient;
    to.text(1, kind);
    to.number(2, *party as u64);
    to.text(3, name);
    to.text(4, country);
    to.nested_each(5, identities, walk_identity);
}

fn walk_record(record: &Record, to: &mut Hasher) {
    let Record { dataset, id, scope } = record;
    to.text(1, dataset);
    to.text(2, id);
    to.number(3, *scope as u64);
}

fn walk_quantity(quantity: &Quantity, to: &mut Hasher) {
    let Quantity { precision, count } = quantity;
    to.number(1, *precision as u64);
    to.number(2, *count);
}

fn walk_subject(subject: &Subject, to: &mut Hasher) {
    let Subject { kind, identities, categories, fields, records } = subject;
    to.text(1, kind);
    to.nested_each(2, identities, walk_identity);
    to.nested_each(3, categories, walk_category_use);
    to.nested_each(4, fields, walk_field_use);
    to.nested_each(5, records, walk_record);
}

fn walk_category_use(used: &CategoryUse, to: &mut Hasher) {
    let CategoryUse { direction, categories, rendered_to } = used;
    to.number(1, *direction as u64);
    to.texts(2, categories);
    to.numbers(
        3,
        rendered_to.iter().map(|eyes| match eyes {
            Eyes::Recipient(position) => u64::from(*position) << 1,
            Eyes::Actor(position) => u64::from(*position) << 1 | 1,
        }),
    );
}

fn walk_field_use(used: &FieldUse, to: &mut Hasher) {
    let FieldUse { pointer, category, direction } = used;
    to.text(1, pointer);
    to.text(2, category);
    to.number(3, *direction as u64);
}

fn walk_protection(protection: &Protection, to: &mut Hasher) {
    let Protection { encrypted, pseudonymised, key_id } = protection;
    to.number(1, u64::from(*encrypted));
    to.number(2, u64::from(*pseudonymised));
    to.text(3, key_id);
}

fn walk_catalogue(catalogue: &CatalogueRef, to: &mut Hasher) {
    let CatalogueRef { version, digest } = catalogue;
    to.text(1, version);
    to.bytes(2, digest);
}

fn walk_fact(fact: &Fact, to: &mut Hasher) {
    let Fact {
        kind,
        edge,
        resource,
        party,
        name,
        identities,
        rights,
        categories,
        end,
        end_earliest_us,
        end_latest_us,
        coverage,
        source,
        subjects,
        recoverable_until_us,
        reference,
    } = fact;
    to.number(1, *kind as u64);
    to.number(2, *edge as u64);
    to.text(3, resource);
    to.number(4, *party as u64);
    to.text(5, name);
    to.nested_each(6, identities, walk_identity);
    to.texts(7, rights);
    to.texts(8, categories);
    to.number(9, *end as u64);
    to.number(10, *end_earliest_us as u64);
    to.number(11, *end_latest_us as u64);
    to.number(12, *coverage as u64);
    to.text(13, source);
    to.numbers(14, subjects.iter().map(|position| u64::from(*position)));
    to.number(15, *recoverable_until_us as u64);
    to.text(16, reference);
}

fn walk_agent_signature(signature: &AgentSignature, to: &mut Hasher) {
    let AgentSignature { key_id, claim, signature, parts } = signature;
    to.bytes(1, key_id);
    to.bytes(2, claim);
    to.bytes(3, signature);
    to.nested_each(4, parts, |part, to| {
        let AgentSignedPart { nonce, as_sent } = part;
        to.bytes(1, nonce);
        to.bytes(2, as_sent);
    });
}

/// Gathers what is short, so that a field costs a copy and not a call of the hash.
struct Hasher {
    sha: Sha256,
    short: [u8; 512],
    filled: usize,
}

impl Hasher {
    fn new(caller: &Caller) -> Self {
        // How surely the caller was known may change between a request and its repetition.
        let Caller { name, assurance: _ } = caller;
        let mut hasher = Hasher { sha: Sha256::new(), short: [0; 512], filled: 0 };
        hasher.put(b"whosaw/request/v1\0");
        hasher.element(1, name.as_bytes());
        hasher
    }

    fn finish(mut self) -> Hash {
        self.sha.update(&self.short[..self.filled]);
        self.sha.finalize().into()
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.filled + bytes.len() > self.short.len() {
            self.sha.update(&self.short[..self.filled]);
            self.filled = 0;
            if bytes.len() > self.short.len() {
                return self.sha.update(bytes);
            }
        }
        self.short[self.filled..self.filled + bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    fn varint(&mut self, mut value: u64) {
        let (mut bytes, mut length) = ([0u8; 10], 0);
        while value >= 0x80 {
            bytes[length] = value as u8 | 0x80;
            value >>= 7;
            length += 1;
        }
        bytes[length] = value as u8;
        self.put(&bytes[..=length]);
    }

    fn number(&mut self, tag: u8, value: u64) {
        if value != 0 {
            self.put(&[tag]);
            self.varint(value);
        }
    }

    fn numbers(&mut self, tag: u8, values: impl Iterator<Item = u64>) {
        for value in values {
            self.put(&[tag]);
            self.varint(value);
        }
    }

    fn text(&mut self, tag: u8, text: &str) {
        self.bytes(tag, text.as_bytes());
    }

    fn texts(&mut self, tag: u8, texts: &[String]) {
        texts.iter().for_each(|text| self.element(tag, text.as_bytes()));
    }

    fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.element(tag, bytes);
        }
    }

    /// Also when it is empty: the number of elements is part of what was said.
    fn element(&mut self, tag: u8, bytes: &[u8]) {
        self.put(&[tag]);
        self.varint(bytes.len() as u64);
        self.put(bytes);
    }

    fn nested<T>(&mut self, tag: u8, value: &T, walk: impl Fn(&T, &mut Hasher)) {
        self.put(&[tag]);
        walk(value, self);
        self.put(&[0]);
    }

    fn nested_each<'a, T: 'a>(
        &mut self,
        tag: u8,
        values: impl IntoIterator<Item = &'a T>,
        walk: impl Fn(&T, &mut Hasher),
    ) {
        values.into_iter().for_each(|value| self.nested(tag, value, &walk));
    }
}
