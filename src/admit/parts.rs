//! Who has a part in an action, and the sealed part of each.
//!
//! One part a person, whatever roles they have in it; then the action's content: inside the only person's part, shared by
//! all of several, sealed for the conversation when there is nobody, and for the ledger when there is no conversation.

use super::check::Codes;
use crate::model::{self, *};
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization as _;
use whosaw_verifier::body::{CategoryUse, PartGroup, Run};
use whosaw_verifier::part::{self, AgentPart, ContentPart, Part, PersonPart, SealedFact, SealedName};
use whosaw_verifier::seal::MAX_PART;
use whosaw_verifier::wire::Message as _;

/// Set in `rendered_to` for positions among actors.
pub const RENDERED_TO_ACTOR: u32 = 1 << 16;

/// Everybody in an action, each once, in order of appearance: subjects first.
pub struct People {
    pub persons: Vec<PersonInAction>,
    pub actors: Vec<Option<u32>>,
    pub recipients: Vec<Option<u32>>,
    pub facts: Vec<Option<u32>>,
    pub subjects: Vec<u32>,
}

pub struct PersonInAction {
    pub identities: Vec<Identity>,
    pub roles: Vec<Role>,
    /// Positions in the action's subjects.
    pub subjects: Vec<usize>,
}

impl People {
    pub fn of(action: &Action) -> Self {
        let mut people = Collector::default();
        let subjects = action
            .subjects
            .iter()
            .enumerate()
            .map(|(position, subject)| {
                let ordinal = people.add(&subject.identities, Role::DataSubject);
                people.persons[ordinal as usize].subjects.push(position);
                ordinal
            })
            .collect();
        let approves = |code: &str| code == "approval.grant" || code == "approval.deny";
        let actors = action
            .actors
            .iter()
            .enumerate()
            .map(|(position, actor)| {
                let role = match position {
                    0 if approves(&action.verb) => Role::Approver,
                    0 => Role::Actor,
                    _ => Role::Principal,
                };
                (actor.kind == PartyKind::Human).then(|| people.add(&actor.identities, role))
            })
            .collect();
        let recipients = action
            .recipients
            .iter()
            .map(|r| (r.party == PartyKind::Human).then(|| people.add(&r.identities, Role::Recipient)))
            .collect();
        let facts = action
            .facts
            .iter()
            .map(|fact| {
                let role = match fact.kind {
                    FactKind::Membership => Role::Member,
                    FactKind::Account | FactKind::AccountState => Role::AccountHolder,
                    _ => Role::Grantee,
                };
                (fact.party == PartyKind::Human).then(|| people.add(&fact.identities, role))
            })
            .collect();
        People { persons: people.persons, actors, recipients, facts, subjects }
    }

    /// What an agent can sign: a part for each person and the content, which stands in the part of an only person.
    pub fn signed_parts_max(&self) -> usize {
        if self.persons.len() == 1 { 1 } else { self.persons.len() + 1 }
    }

    /// Where an action speaks of the person at this ordinal.
    pub fn field_of(&self, ordinal: u32) -> String {
        let subject = self.persons.get(ordinal as usize).and_then(|person| person.subjects.first().copied());
        let among = |all: &[Option<u32>]| all.iter().position(|one| *one == Some(ordinal));
        let named = |list: &str, position: usize| format!("action.{list}[{position}]");
        subject
            .map(|position| named("subjects", position))
            .or_else(|| among(&self.actors).map(|position| named("actors", position)))
            .or_else(|| among(&self.recipients).map(|position| named("recipients", position)))
            .or_else(|| among(&self.facts).map(|position| named("facts", position)))
            .unwrap_or_else(|| "action".into())
    }
}

/// Puts people with an identity in common together, without comparing everybody with everybody.
#[derive(Default)]
struct Collector {
    persons: Vec<PersonInAction>,
    by_identity: HashMap<(String, Vec<String>), u32>,
}

impl Collector {
    fn add(&mut self, identities: &[Identity], role: Role) -> u32 {
        let identities: Vec<Identity> = identities.iter().map(normalised).collect();
        let key = |identity: &Identity| (identity.namespace.clone(), identity.fields.clone());
        // Only a strong identity in common makes one person; weak ones alone join only others like them, so that a
        // passenger who shares name and birthday with the customer is not taken for the customer here.
        let is_weak = |identities: &[Identity]| identities.iter().all(|identity| identity.strength == Strength::Weak);
        let weak = is_weak(&identities);
        let known = identities
            .iter()
            .filter(|identity| weak || identity.strength != Strength::Weak)
            .find_map(|identity| self.by_identity.get(&key(identity)).copied())
            .filter(|ordinal| is_weak(&self.persons[*ordinal as usize].identities) == weak);
        let ordinal = known.unwrap_or_else(|| {
            self.persons.push(PersonInAction { identities: Vec::new(), roles: Vec::new(), subjects: Vec::new() });
            self.persons.len() as u32 - 1
        });
        for identity in &identities {
            self.by_identity.entry(key(identity)).or_insert(ordinal);
        }
        let person = &mut self.persons[ordinal as usize];
        for identity in identities {
            if !person.identities.contains(&identity) {
                person.identities.push(identity);
            }
        }
        if !person.roles.contains(&role) {
            person.roles.push(role);
            person.roles.sort_unstable();
        }
        ordinal
    }
}

fn normalised(identity: &Identity) -> Identity {
    Identity {
        namespace: identity.namespace.nfc().collect(),
        fields: identity.fields.iter().map(|field| field.nfc().collect()).collect(),
        strength: identity.strength,
    }
}

/// A part with what the body says of it in public.
pub struct Described {
    pub plain: PlainPart,
    pub public: PartGroup,
}

/// Builds all parts; the registered kind of each subject is already decided by `codes` and the body.
pub fn build(action: &Action, codes: &Codes, people: &People, names: super::body::SealedNames) -> Vec<Described> {
    let content = content(action, names.values);
    let mut described: Vec<Described> =
        people.persons.iter().map(|person| describe_person(action, codes, person, &names.public_kinds)).collect();
    // What the agent signed for part j stands in our part j; `fit::signed_parts` has seen that there are enough.
    let mut signed = action.agent_signature.iter().flat_map(|signature| &signature.parts);
    let mut next_signed =
        || signed.next().map(|part| AgentPart { nonce: part.nonce.clone(), as_sent: part.as_sent.clone() });
    for part in &mut described {
        part.plain.part.agent_part = next_signed();
    }
    let nothing_to_seal = content.is_empty();
    if nothing_to_seal {
        return described;
    }
    let persons = described.len();
    let beside = match described.as_slice() {
        [only] => only.plain.part.clone(),
        _ => Part { agent_part: next_signed(), ..Part::default() },
    };
    for mut piece in pieces(content, Some(&beside)) {
        if persons == 1 && piece.piece == 0 {
            let part = &mut described[0].plain.part;
            (part.content, part.piece_bytes) = (piece.content, piece.piece_bytes);
            described[0].public.holds_content = true;
            continue;
        }
        if piece.piece == 0 {
            piece.agent_part.clone_from(&beside.agent_part);
        }
        let (holder, shared_by) = match persons {
            0 if action.conversation.is_empty() => (Holder::Ledger, Vec::new()),
            0 => {
                (Holder::Person { identities: vec![conversation(action)], class: RetentionClass::Content }, Vec::new())
            }
            _ => {
                let by: Vec<u32> = (0..persons as u32).collect();
                (Holder::Shared { by }, vec![Run { first: 0, count: persons as u32 }])
            }
        };
        described.push(Described {
            plain: PlainPart { holder, part: piece },
            public: PartGroup {
                roles: vec![Role::Content],
                holds_content: true,
                shared_by,
                count: 1,
                ..PartGroup::default()
            },
        });
    }
    described
}

fn conversation(action: &Action) -> Identity {
    let fields = vec![action.conversation.nfc().collect()];
    Identity { namespace: CONVERSATION.to_owned(), fields, strength: Strength::Strong }
}

fn describe_person(action: &Action, codes: &Codes, person: &PersonInAction, public_kinds: &[String]) -> Described {
    let mut categories: Vec<CategoryUse> = Vec::new();
    let (mut records, mut fields) = (Vec::new(), Vec::new());
    let (mut kind, mut public_kind) = (String::new(), String::new());
    for position in &person.subjects {
        let subject = &action.subjects[*position];
        if kind.is_empty() {
            (kind, public_kind) = (subject.kind.clone(), public_kinds.get(*position).cloned().unwrap_or_default());
        }
        for (used, read) in subject.categories.iter().zip(&codes.subjects[*position]) {
            merge_use(&mut categories, used, read);
        }
        records.extend(subject.records.iter().map(to_record));
        fields.extend(subject.fields.iter().zip(&codes.fields[*position]).map(|(field, category)| part::FieldUse {
            pointer: field.pointer.clone(),
            category: *category,
            direction: field.direction,
        }));
    }
    let weak = person.identities.iter().all(|identity| identity.strength == Strength::Weak);
    let class = if person.subjects.is_empty() { RetentionClass::Staff } else { RetentionClass::Subject };
    let identities = person
        .identities
        .iter()
        .map(|i| part::Identity { namespace: i.namespace.clone(), fields: i.fields.clone(), strength: i.strength })
        .collect();
    let sealed = PersonPart { roles: person.roles.clone(), kind, identities, records, fields };
    Described {
        plain: PlainPart {
            holder: Holder::Person { identities: person.identities.clone(), class },
            part: Part { person: Some(sealed), ..Part::default() },
        },
        public: PartGroup {
            count: 1,
            roles: person.roles.clone(),
            kind: public_kind,
            strength: if weak { Strength::Weak } else { Strength::Strong },
            categories,
            ..PartGroup::default()
        },
    }
}

fn merge_use(categories: &mut Vec<CategoryUse>, used: &model::CategoryUse, read: &[Category]) {
    let rendered_to: Vec<u32> = used
        .rendered_to
        .iter()
        .map(|eyes| match eyes {
            Eyes::Recipient(position) => position + 1,
            Eyes::Actor(position) => RENDERED_TO_ACTOR + position + 1,
        })
        .collect();
    let same =
        categories.iter_mut().find(|known| known.direction == used.direction && known.rendered_to == rendered_to);
    match same {
        Some(known) => {
            known.categories.extend(read);
            known.categories.sort_unstable();
            known.categories.dedup();
        }
        None => {
            categories.push(CategoryUse { direction: used.direction, categories: read.to_vec(), rendered_to });
            categories.sort_by(|a, b| (a.direction, &a.rendered_to).cmp(&(b.direction, &b.rendered_to)));
        }
    }
}

fn content(action: &Action, names: Vec<SealedName>) -> ContentPart {
    let facts = action
        .facts
        .iter()
        .enumerate()
        .filter(|(_, fact)| !fact.reference.is_empty())
        .map(|(position, fact)| SealedFact {
            position: position as u32,
            reference: fact.reference.clone(),
            ..SealedFact::default()
        })
        .collect();
    let links = &action.links;
    let content = ContentPart {
        action_id: Vec::new(),
        conversation: action.conversation.nfc().collect(),
        session: action.session.clone(),
        parents: links.parents.clone(),
        caused_by: links.caused_by.clone(),
        same_act_as: links.same_act_as.clone(),
        corrects: links.corrects.clone(),
        retracts: links.retracts.clone(),
        instruction: action.instruction.clone(),
        source_previous_hash: action.source.as_ref().map(|s| s.previous_hash.clone()).unwrap_or_default(),
        approval_reference: action.approval.as_ref().map(|a| a.reference.clone()).unwrap_or_default(),
        break_glass_reason: action.break_glass_reason.clone(),
        arguments: action.arguments.clone(),
        result: action.result.clone(),
        names,
        records: action.records.iter().map(to_record).collect(),
        call_id: action.call_id.clone(),
        error: action.error.clone(),
        facts,
        question: Vec::new(),
    };
    if content.is_empty() && action.subjects.is_empty() && action.agent_signature.is_none() {
        // Nothing about anybody: the entry needs no part, and its id stands in the idempotency row.
        return content;
    }
    // The id is how others refer to this action, so it is sealed with what it refers to.
    ContentPart { action_id: action.action_id.clone(), ..content }
}

fn to_record(record: &Record) -> part::Record {
    part::Record { dataset: record.dataset.clone(), id: record.id.clone(), scope: record.scope }
}

/// Room left for the fields around a piece.
const PIECE: usize = MAX_PART - 4_096;

/// Content as one part, or cut into several when it is longer than a part may be.
pub fn pieces(content: ContentPart, beside: Option<&Part>) -> Vec<Part> {
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
