//! What one entry says of the person: who acted, what moved which way, and how surely.
//!
//! The direction rule decides every doubt here: what may have been seen is never told as not seen.

use super::document::*;
use crate::model::*;
use crate::report::code::Code;
use crate::report::evidence::{Observation, ObservedBody};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::body::{self, ActionBody, PartGroup};
use whosaw_verifier::part::{ContentPart, PersonPart};

/// In `rendered_to`, positions among actors stand above this (verifier's `body.rs`).
const RENDERED_TO_ACTOR: u32 = 1 << 16;

/// All that was opened of one entry for the person, who may stand in it with several parts.
pub struct Material<'a> {
    pub index: EntryIndex,
    pub ordinals: BTreeSet<u32>,
    pub first: &'a Observation,
    pub body: &'a ActionBody,
    pub persons: Vec<&'a PersonPart>,
    pub content: Option<&'a ContentPart>,
    /// Public descriptions of the person's parts.
    groups: Vec<&'a PartGroup>,
    /// A part of the person that the body does not describe: the widest is taken for it.
    pub undescribed: bool,
}

/// Puts observations of actions together by entry, ascending.
pub fn materials<'a>(observations: impl IntoIterator<Item = &'a Observation>) -> Vec<Material<'a>> {
    let mut found: BTreeMap<u64, Material<'a>> = BTreeMap::new();
    for observation in observations {
        let ObservedBody::Action(body) = &observation.body else { continue };
        let material = found.entry(observation.index).or_insert_with(|| Material {
            index: EntryIndex(observation.index),
            ordinals: BTreeSet::new(),
            first: observation,
            body,
            persons: Vec::new(),
            content: None,
            groups: Vec::new(),
            undescribed: false,
        });
        if !material.ordinals.insert(observation.ordinal) {
            continue;
        }
        material.persons.extend(&observation.person);
        material.content = material.content.or(observation.content.as_ref());
        match material.body.parts.iter().find(|group| holds(group, observation.ordinal)) {
            Some(group) => material.groups.push(group),
            None => material.undescribed = true,
        }
    }
    found.into_values().collect()
}

fn holds(group: &PartGroup, ordinal: u32) -> bool {
    ordinal.checked_sub(group.first).is_some_and(|offset| offset < group.count)
}

impl Material<'_> {
    pub fn roles(&self) -> BTreeSet<Role> {
        let public = self.groups.iter().flat_map(|group| &group.roles);
        let sealed = self.persons.iter().flat_map(|person| &person.roles);
        public.chain(sealed).copied().filter(|role| *role != Role::Unspecified).collect()
    }

    /// Whether the action is about the person's data. A part that only holds content shared with others says nothing of
    /// whose data it is, unless the person stands in the entry with a part of their own.
    pub fn is_subject(&self) -> bool {
        let shares_only = self.groups.iter().all(|group| !group.shared_by.is_empty());
        let roles = self.roles();
        let silent = self.undescribed && roles.is_empty();
        silent || roles.contains(&Role::DataSubject) || (shares_only && !self.groups.is_empty())
    }

    fn uses(&self) -> impl Iterator<Item = &body::CategoryUse> {
        self.groups.iter().flat_map(|group| &group.categories)
    }

    pub fn categories(&self, direction: Direction) -> BTreeSet<Category> {
        let stated = self.uses().filter(|used| goes(used, direction)).flat_map(|used| &used.categories);
        stated.copied().filter(|category| *category != Category::Unspecified).collect()
    }

    pub fn is_this_person(&self, part: u32) -> bool {
        part.checked_sub(1).is_some_and(|ordinal| self.ordinals.contains(&ordinal))
    }

    /// Why it is not settled what came back.
    fn clouded(&self) -> bool {
        let doubts = [Doubt::ResultNotParsed, Doubt::FieldMissing, Doubt::ContentTruncated, Doubt::OutcomeUnknown];
        self.body.determination != Determination::Listed || doubts.iter().any(|doubt| self.body.doubts.contains(doubt))
    }

    pub fn exposure(&self) -> Exposure {
        let body = self.body;
        let mut exposure = Exposure::NONE;
        exposure.error_text =
            body.outcome == Outcome::Failed && self.content.is_some_and(|content| !content.error.is_empty());
        if !self.is_subject() {
            return exposure;
        }
        // Without a part that says "data subject", that it is about the person stays possible.
        let surely = if self.roles().contains(&Role::DataSubject) { Level::Certain } else { Level::Possible };
        let delivered = delivered(body.outcome).min(surely);
        let moves = |direction| self.uses().any(|used| goes(used, direction));
        let unstated = self.uses().next().is_none() && !is_administrative(body.verb);
        let clouded = self.clouded() && !is_administrative(body.verb);
        exposure.unstated = unstated;
        exposure.incomplete = clouded && delivered != Level::None;
        exposure.arguments = if moves(Direction::Argument) {
            Level::Certain
        } else if unstated {
            Level::Possible
        } else {
            Level::None
        };
        exposure.result = if moves(Direction::Result) || unstated {
            delivered
        } else if clouded || delivered == Level::Possible {
            delivered.min(Level::Possible)
        } else {
            Level::None
        };
        self.rendered(delivered.max(Level::Possible), &mut exposure);
        match body.actors.first() {
            Some(actor) if actor.kind == PartyKind::Human && self.is_this_person(actor.part) => {
                exposure.this_person = exposure.this_person.max(exposure.result);
            }
            Some(actor) if actor.kind == PartyKind::Human => {
                exposure.humans = exposure.humans.max(exposure.result);
                exposure.humans_directly = exposure.result;
            }
            _ => {}
        }
        exposure
    }

    /// Before whose eyes. A record that says so beside a failure contradicts itself, and is taken as possible.
    fn rendered(&self, level: Level, exposure: &mut Exposure) {
        for used in self.uses().filter(|used| used.direction == Direction::Rendered) {
            if used.rendered_to.is_empty() {
                exposure.humans = exposure.humans.max(Level::Possible);
            }
            for position in &used.rendered_to {
                match self.eyes(*position) {
                    Some((PartyKind::Human, part)) if self.is_this_person(part) => {
                        exposure.this_person = exposure.this_person.max(level);
                    }
                    Some((PartyKind::Human, _)) => exposure.humans = exposure.humans.max(level),
                    Some((PartyKind::Agent | PartyKind::Service, _)) => {
                        exposure.machines = exposure.machines.max(level);
                    }
                    // A group, an organisation or the public: that somebody of them looked is possible, not recorded.
                    Some(_) | None => exposure.humans = exposure.humans.max(Level::Possible),
                }
            }
        }
    }

    fn eyes(&self, position: u32) -> Option<(PartyKind, u32)> {
        match eyes(position)? {
            Eyes::Actor(at) => self.body.actors.get(at as usize).map(|actor| (actor.kind, actor.part)),
            Eyes::Recipient(at) => self.body.recipients.get(at as usize).map(|found| (found.party, found.part)),
        }
    }

    /// Before whom data of the person were shown.
    pub fn shown_to(&self) -> impl Iterator<Item = Eyes> {
        let rendered = self.uses().filter(|used| used.direction == Direction::Rendered);
        rendered.flat_map(|used| &used.rendered_to).filter_map(|position| eyes(*position))
    }

    /// The action has content that does not open for this person.
    pub fn content_closed(&self) -> bool {
        self.content.is_none() && self.body.parts.iter().any(|group| group.holds_content)
    }

    pub fn class(&self) -> Class {
        let exposure = self.exposure();
        match exposure.received() {
            Level::Certain => Class::Processed,
            Level::Possible => Class::Possible,
            Level::None if !self.is_subject() => Class::OtherPart,
            Level::None if matches!(self.body.outcome, Outcome::Denied | Outcome::Failed) => Class::Attempt,
            Level::None if exposure.arguments != Level::None => Class::ArgumentsOnly,
            Level::None => Class::OtherPart,
        }
    }

    /// A name that stands in the open, or sealed in the content, or nowhere.
    pub fn name(&self, public: &str, field: NamedField, position: usize) -> Option<Name> {
        if !public.is_empty() {
            return Some(Name::Registered(public.to_owned()));
        }
        if !self.body.sealed_names.contains(&field) {
            return None;
        }
        let Some(content) = self.content else { return Some(Name::Closed) };
        let sealed = content.names.iter().find(|name| name.field == field && name.position as usize == position);
        sealed.map(|name| Name::Unregistered(name.value.clone()))
    }

    pub fn tool(&self) -> Option<Name> {
        self.name(&self.body.tool, NamedField::Tool, 0)
    }

    pub fn authorisation(&self) -> Option<Authorisation> {
        let body = self.body;
        if matches!(body.outcome, Outcome::Denied | Outcome::Failed) {
            return None;
        }
        let decision = body.policy.as_ref().map(|policy| policy.decision);
        Some(match (body.break_glass, decision, body.approval) {
            (true, ..) => Authorisation::Exceptional,
            (_, Some(PolicyDecision::Deny), _) => Authorisation::Unauthorised,
            (
                _,
                _,
                ApprovalResult::Missing
                | ApprovalResult::Expired
                | ApprovalResult::Mismatched
                | ApprovalResult::Denied
                | ApprovalResult::AlreadyUsed,
            ) => Authorisation::Unauthorised,
            (
                _,
                Some(PolicyDecision::Permit),
                ApprovalResult::NotRequired | ApprovalResult::Matched | ApprovalResult::Unspecified,
            ) => Authorisation::Authorised,
            // A claimed approval, a policy that did not decide, or none: nobody assessed it.
            _ => Authorisation::NotAssessed,
        })
    }
}

/// Whether categories moved that way. Where it is not said which, into the tool and out of it.
fn goes(used: &body::CategoryUse, direction: Direction) -> bool {
    used.direction == direction || (used.direction == Direction::Unspecified && direction != Direction::Rendered)
}

/// What a position in `rendered_to` points at.
fn eyes(position: u32) -> Option<Eyes> {
    let actor = position.checked_sub(RENDERED_TO_ACTOR + 1).map(Eyes::Actor);
    actor.or_else(|| position.checked_sub(1).map(Eyes::Recipient))
}

/// Whether a result reached whoever acted.
fn delivered(outcome: Outcome) -> Level {
    match outcome {
        Outcome::Succeeded | Outcome::Partial => Level::Certain,
        Outcome::Unknown | Outcome::Unspecified => Level::Possible,
        Outcome::Denied | Outcome::Failed => Level::None,
    }
}

/// Verbs about authority, cases and the log: unless they state categories, they move no data of a subject.
fn is_administrative(verb: Verb) -> bool {
    let code = verb.code();
    let families = [
        "access.",
        "group.",
        "approval.",
        "oversight.",
        "instruction.",
        "policy.",
        "breakglass.",
        "incident.",
        "notify.",
        "request.",
        "hold.",
        "log.",
        "report.",
        "coverage.",
        "event.",
    ];
    families.iter().any(|family| code.starts_with(family))
}

/// Other people of the report, numbered as they appear.
#[derive(Default)]
pub struct People {
    numbers: BTreeMap<(EntryIndex, u32), PersonNumber>,
}

impl People {
    fn number(&mut self, index: EntryIndex, part: u32) -> PersonNumber {
        let next = PersonNumber(self.numbers.len() as u64 + 1);
        *self.numbers.entry((index, part)).or_insert(next)
    }

    /// Who a party of an entry is, as this report may say it.
    pub fn party(&mut self, material: &Material<'_>, kind: PartyKind, part: u32, name: Option<Name>) -> Party {
        match (kind, name) {
            (PartyKind::Human, _) if material.is_this_person(part) => Party::ThisPerson,
            (PartyKind::Human, _) if part == 0 => Party::SomeHuman,
            (PartyKind::Human, _) => Party::OtherPerson { number: Some(self.number(material.index, part)) },
            (PartyKind::Public, _) => Party::Public,
            (kind, Some(name)) => Party::Named { kind: Code(kind), name },
            (kind, None) => Party::Unnamed { kind: Code(kind) },
        }
    }
}

impl Party {
    /// For a line that stands for many acts: one other person like another.
    pub fn merged(&self) -> Party {
        match self {
            Party::OtherPerson { .. } => Party::OtherPerson { number: None },
            other => other.clone(),
        }
    }
}
