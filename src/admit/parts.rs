//! The sealed part of everybody in an action, and of its content.
//!
//! One part a person; then what an agent signed for more parts than there are persons; then the action's content: inside
//! the only person's part, shared by all of several, sealed for the conversation when there is nobody, and for the ledger
//! when there is no conversation.

use super::body::SealedNames;
use super::check::{AGENT_PART_MAX, Codes};
use super::people::{Node, People, PersonInAction};
use crate::model::{self, *};
use std::borrow::Cow;
use std::collections::HashSet;
use whosaw_verifier::body::{CategoryUse, PartGroup, Run};
use whosaw_verifier::part::{self, AgentPart, ContentPart, Part, PersonPart, SealedFact, SealedName};
use whosaw_verifier::seal::MAX_PART;
use whosaw_verifier::wire::Message as _;

/// Room left for the fields around a piece.
const PIECE: usize = MAX_PART - 4_096;
/// What a part can say of one person, beside what an agent sent for it.
const PERSON_MAX: usize = PIECE - AGENT_PART_MAX - 1_024;

/// Parts of shared content times persons who share them: each is a share of a key and a row of somebody's index.
const SHARES_MAX: usize = 2_000_000;

/// A part with what the body says of it in public.
pub struct Described {
    pub plain: PlainPart,
    pub public: PartGroup,
}

/// Builds all parts out of an action whose body is already made.
pub fn build(
    mut action: Action,
    codes: &mut Codes,
    people: &People,
    names: SealedNames,
) -> Result<Vec<Described>, Vec<Violation>> {
    let persons = people.persons.len();
    let mut described = Vec::with_capacity(persons + 1);
    for (person, public_kind) in people.persons.iter().zip(names.public_kinds) {
        described.push(describe_person(&mut action, codes, person, public_kind)?);
    }
    let (holder, shared_by) = content_holder(persons, &action.conversation);
    let beside_persons = |part: Part, holds_content: bool| Described {
        plain: PlainPart { holder: holder.clone(), part },
        public: PartGroup {
            roles: vec![Role::Content],
            holds_content,
            shared_by: shared_by.clone(),
            count: 1,
            ..PartGroup::default()
        },
    };
    let signature = action.agent_signature.take();
    let is_signed = signature.is_some();
    for (j, AgentSignedPart { nonce, as_sent }) in signature.into_iter().flat_map(|it| it.parts).enumerate() {
        // The j-th commitment is opened by part j, also where there are fewer persons than the agent signed parts for.
        let agent_part = Some(AgentPart { nonce, as_sent });
        match described.get_mut(j) {
            Some(part) => part.plain.part.agent_part = agent_part,
            None => described.push(beside_persons(Part { agent_part, ..Part::default() }, false)),
        }
    }
    let mut content = content(&mut action, names.values);
    if content.is_empty() && described.is_empty() && !is_signed {
        // Nothing about anybody: the entry needs no part, and its id stands in the idempotency row.
        return Ok(described);
    }
    // The id is how others refer to this action, so it is sealed with what it refers to.
    content.action_id = action.action_id;
    let beside = described.first().filter(|_| persons == 1).map(|it| &it.plain.part);
    let pieces = pieces(content, beside);
    if persons > 1 && pieces.len() * persons > SHARES_MAX {
        let (pieces, most) = (pieces.len(), SHARES_MAX);
        let description =
            format!("has content of {pieces} parts shared by {persons} persons; at most {most} shares are taken");
        return Err(vec![Violation { field: "action".into(), description }]);
    }
    for piece in pieces {
        if persons == 1 && piece.piece == 0 {
            let only = &mut described[0];
            (only.plain.part.content, only.plain.part.piece_bytes) = (piece.content, piece.piece_bytes);
            only.public.holds_content = true;
        } else {
            described.push(beside_persons(piece, true));
        }
    }
    Ok(described)
}

/// Who holds what concerns no single person.
fn content_holder(persons: usize, conversation: &str) -> (Holder, Vec<Run>) {
    match persons {
        0 if conversation.is_empty() => (Holder::Ledger, Vec::new()),
        0 => {
            let fields = vec![nfc(conversation).into_owned()];
            let identity = Identity { namespace: CONVERSATION.to_owned(), fields, strength: Strength::Strong };
            (Holder::Person { identities: vec![identity], class: RetentionClass::Content }, Vec::new())
        }
        _ => {
            let count = persons as u32;
            (Holder::Shared { by: (0..count).collect() }, vec![Run { first: 0, count }])
        }
    }
}

fn describe_person(
    action: &mut Action,
    codes: &mut Codes,
    person: &PersonInAction,
    public_kind: String,
) -> Result<Described, Vec<Violation>> {
    let mut identities: Vec<Identity> = Vec::new();
    let mut categories: Vec<CategoryUse> = Vec::new();
    let mut sealed = PersonPart { roles: person.roles.clone(), ..PersonPart::default() };
    for node in &person.nodes {
        let shown = match *node {
            Node::Subject(i) => {
                let subject = std::mem::take(&mut action.subjects[i]);
                if sealed.kind.is_empty() {
                    sealed.kind = subject.kind;
                }
                for (used, read) in subject.categories.into_iter().zip(std::mem::take(&mut codes.subjects[i])) {
                    merge_use(&mut categories, used, read);
                }
                sealed.records.extend(subject.records.into_iter().map(to_record));
                sealed.fields.extend(subject.fields.into_iter().zip(&codes.fields[i]).map(|(field, category)| {
                    part::FieldUse { pointer: field.pointer, category: *category, direction: field.direction }
                }));
                subject.identities
            }
            Node::Actor(i) => std::mem::take(&mut action.actors[i].identities),
            Node::Recipient(i) => std::mem::take(&mut action.recipients[i].identities),
            Node::Fact(i) => std::mem::take(&mut action.facts[i].identities),
        };
        if identities.is_empty() {
            identities = shown;
        } else {
            identities.extend(shown);
        }
    }
    identities.iter_mut().for_each(normalise);
    dedup(&mut identities);
    // The same field of many rows is one field.
    let mut seen = HashSet::new();
    sealed.fields.retain(|field| seen.insert((field.pointer.clone(), field.category, field.direction)));
    sealed.identities = identities
        .iter()
        .map(|i| part::Identity { namespace: i.namespace.clone(), fields: i.fields.clone(), strength: i.strength })
        .collect();
    if is_long(&sealed) && sealed.encode().len() > PERSON_MAX {
        let description = format!("says more of one person than a part holds, which is {PERSON_MAX} bytes");
        return Err(vec![Violation { field: person.nodes[0].to_string(), description }]);
    }
    let weak = identities.iter().all(|identity| identity.strength == Strength::Weak);
    let is_subject = person.nodes.iter().any(|node| matches!(node, Node::Subject(_)));
    let class = if is_subject { RetentionClass::Subject } else { RetentionClass::Staff };
    Ok(Described {
        public: PartGroup {
            count: 1,
            roles: person.roles.clone(),
            kind: public_kind,
            strength: if weak { Strength::Weak } else { Strength::Strong },
            categories,
            ..PartGroup::default()
        },
        plain: PlainPart {
            holder: Holder::Person { identities, class },
            part: Part { person: Some(sealed), ..Part::default() },
        },
    })
}

fn normalise(identity: &mut Identity) {
    for text in std::iter::once(&mut identity.namespace).chain(&mut identity.fields) {
        if let Cow::Owned(normal) = nfc(text) {
            *text = normal;
        }
    }
}

fn dedup(identities: &mut Vec<Identity>) {
    if identities.len() > 16 {
        // Somebody may be named a hundred thousand times in one action.
        let mut seen = HashSet::with_capacity(identities.len());
        return identities.retain(|identity| seen.insert(identity.clone()));
    }
    let mut kept = 0;
    for i in 0..identities.len() {
        if !identities[..kept].contains(&identities[i]) {
            identities.swap(kept, i);
            kept += 1;
        }
    }
    identities.truncate(kept);
}

/// Whether a part is worth measuring: an estimate that is never less than half of its true length.
fn is_long(person: &PersonPart) -> bool {
    let identities = person
        .identities
        .iter()
        .map(|i| 16 + i.namespace.len() + i.fields.iter().map(|field| 8 + field.len()).sum::<usize>());
    let records = person.records.iter().map(|record| 16 + record.dataset.len() + record.id.len());
    let fields = person.fields.iter().map(|field| 16 + field.pointer.len());
    identities.chain(records).chain(fields).sum::<usize>() > PERSON_MAX / 2
}

fn merge_use(categories: &mut Vec<CategoryUse>, used: model::CategoryUse, read: Vec<Category>) {
    let rendered_to: Vec<u32> = used.rendered_to.iter().map(|eyes| eyes.number()).collect();
    let same =
        categories.iter_mut().find(|known| known.direction == used.direction && known.rendered_to == rendered_to);
    match same {
        // No category stated means every category of the resource: that is wider than any list, and stays.
        Some(known) if known.categories.is_empty() || read.is_empty() => known.categories.clear(),
        Some(known) => {
            known.categories.extend(read);
            known.categories.sort_unstable();
            known.categories.dedup();
        }
        None => {
            categories.push(CategoryUse { direction: used.direction, categories: read, rendered_to });
            categories.sort_by(|a, b| (a.direction, &a.rendered_to).cmp(&(b.direction, &b.rendered_to)));
        }
    }
}

/// Takes out of an action what concerns everybody in it; leaves its id.
fn content(action: &mut Action, names: Vec<SealedName>) -> ContentPart {
    let take = std::mem::take::<String>;
    let facts = action
        .facts
        .iter_mut()
        .enumerate()
        .filter(|(_, fact)| !fact.reference.is_empty())
        .map(|(position, fact)| SealedFact {
            position: position as u32,
            reference: take(&mut fact.reference),
            ..SealedFact::default()
        })
        .collect();
    let mut conversation = take(&mut action.conversation);
    if let Cow::Owned(normal) = nfc(&conversation) {
        conversation = normal;
    }
    let Links { parents, caused_by, same_act_as, corrects, retracts } = std::mem::take(&mut action.links);
    ContentPart {
        action_id: Vec::new(),
        conversation,
        session: take(&mut action.session),
        parents,
        caused_by,
        same_act_as,
        corrects,
        retracts,
        instruction: take(&mut action.instruction),
        source_previous_hash: action.source.take().map(|source| source.previous_hash).unwrap_or_default(),
        approval_reference: action.approval.take().map(|approval| approval.reference).unwrap_or_default(),
        break_glass_reason: take(&mut action.break_glass_reason),
        arguments: std::mem::take(&mut action.arguments),
        result: std::mem::take(&mut action.result),
        names,
        records: std::mem::take(&mut action.records).into_iter().map(to_record).collect(),
        call_id: take(&mut action.call_id),
        error: take(&mut action.error),
        facts,
        question: Vec::new(),
        act: None,
        case: None,
    }
}

fn to_record(record: Record) -> part::Record {
    part::Record { dataset: record.dataset, id: record.id, scope: record.scope }
}

/// Content as one part, or cut into several when it is longer than a part may be.
pub fn pieces(content: ContentPart, beside: Option<&Part>) -> Vec<Part> {
    if is_short(&content) && beside.is_none_or(|part| part.person.as_ref().is_none_or(|it| !is_long(it))) {
        return vec![Part { content: Some(content), ..Part::default() }];
    }
    let encoded = content.encode();
    let taken = beside.map_or(0, |part| part.encode().len());
    if encoded.len() + taken <= PIECE {
        return vec![Part { content: Some(content), ..Part::default() }];
    }
    let first = PIECE.saturating_sub(taken).max(1);
    let (head, rest) = encoded.split_at(first.min(encoded.len()));
    let cut = std::iter::once(head).chain(rest.chunks(PIECE)).enumerate();
    cut.map(|(number, bytes)| Part { piece: number as u32, piece_bytes: bytes.to_vec(), ..Part::default() }).collect()
}

/// Certainly far from what a part holds, so that it need not be measured.
fn is_short(content: &ContentPart) -> bool {
    let lists = content.names.len() + content.records.len() + content.facts.len();
    let ids = content.parents.len() + content.caused_by.len() + content.same_act_as.len();
    let ids = ids + content.corrects.len() + content.retracts.len();
    let bytes = content.arguments.len() + content.result.len() + content.error.len() + content.question.len();
    // Names, ids and references have at most some kilobytes each.
    lists < 32 && ids < 1_024 && bytes < PIECE / 4
}
