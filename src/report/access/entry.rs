//! What one entry says of the person: in which part they stand in it, who acted, and which data it speaks of.

use super::document::*;
use crate::exposure::{Authorised, authorised};
use crate::model::*;
use crate::report::code::Code;
use crate::report::evidence::{JudgedAct, Observation, ObservedBody, ToldBy};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::body::{self, ActionBody, PartGroup};
use whosaw_verifier::part::{ContentPart, PersonPart};

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
    /// How sure it can be at most that this is the person who is asked for.
    pub at_most: Level,
    /// What the entries expose that this one corrects: the same act is not told twice as certain.
    pub told_before: Exposure,
}

/// Puts observations of actions together by entry, ascending. `at_most`: how sure it is that they are of the person.
pub fn materials<'a>(observations: impl IntoIterator<Item = &'a Observation>, at_most: Level) -> Vec<Material<'a>> {
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
            at_most,
            told_before: Exposure::NONE,
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

pub fn holds(group: &PartGroup, ordinal: u32) -> bool {
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

    pub fn uses(&self) -> impl Iterator<Item = &body::CategoryUse> {
        self.groups.iter().flat_map(|group| &group.categories)
    }

    pub fn categories(&self, direction: Direction) -> BTreeSet<Category> {
        let stated = self.uses().filter(|used| goes(used, direction)).flat_map(|used| &used.categories);
        stated.copied().filter(|category| *category != Category::Unspecified).collect()
    }

    /// Who told of the entry: its ids are theirs.
    pub fn told_by(&self) -> ToldBy {
        ToldBy::of(self.index.0, self.body, self.content)
    }

    pub fn is_this_person(&self, part: u32) -> bool {
        part.checked_sub(1).is_some_and(|ordinal| self.ordinals.contains(&ordinal))
    }

    /// Before whom data of the person were shown.
    pub fn shown_to(&self) -> impl Iterator<Item = Eyes> {
        let rendered = self.uses().filter(|used| used.direction == Direction::Rendered);
        rendered.flat_map(|used| &used.rendered_to).filter_map(|number| Eyes::of_number(*number))
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
        sealed.map(|name| Name::sealed(&name.value))
    }

    pub fn tool(&self) -> Option<Name> {
        self.name(&self.body.tool, NamedField::Tool, 0)
    }

    /// As it was judged; of what nobody judged nothing says that it was authorised, whatever it says itself.
    pub fn authorisation(&self, judged: Option<&JudgedAct>) -> Option<Authorisation> {
        let body = self.body;
        if matches!(body.outcome, Outcome::Denied | Outcome::Failed) {
            return None;
        }
        let unjudged = || authorised(body).min_authority(Authorised::NotAssessed);
        Some(match judged.map_or_else(unjudged, |judged| judged.authorised) {
            Authorised::Yes => Authorisation::Authorised,
            Authorised::No => Authorisation::Unauthorised,
            Authorised::Exceptional => Authorisation::Exceptional,
            Authorised::NotAssessed => Authorisation::NotAssessed,
        })
    }
}

/// Whether categories moved that way. Where it is not said which, into the tool and out of it.
pub fn goes(used: &body::CategoryUse, direction: Direction) -> bool {
    used.direction == direction || (used.direction == Direction::Unspecified && direction != Direction::Rendered)
}

/// Other people of the report, numbered as they appear: one who surely is the same in several entries has one number.
#[derive(Default)]
pub struct People<'a> {
    /// Who is who, by entry and ordinal.
    known: Option<&'a BTreeMap<(u64, u32), u64>>,
    /// Places in which a recorded decision names somebody. Whoever acts in others too has another number there: a decision for
    /// some entries names nobody in all.
    named: BTreeSet<(u64, u32)>,
    people: BTreeMap<Other, PersonNumber>,
    numbers: BTreeMap<(EntryIndex, u32), PersonNumber>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    Known { human: u64, named: bool },
    Place(EntryIndex, u32),
}

impl<'a> People<'a> {
    pub fn of(known: &'a BTreeMap<(u64, u32), u64>, named: BTreeSet<(u64, u32)>) -> Self {
        People { known: Some(known), named, ..People::default() }
    }

    fn number(&mut self, index: EntryIndex, part: u32) -> PersonNumber {
        let place = (index.0, part.saturating_sub(1));
        let human = self.known.and_then(|known| known.get(&place)).copied();
        let named = self.named.contains(&place);
        let other = human.map_or(Other::Place(index, part), |human| Other::Known { human, named });
        let next = PersonNumber(self.people.len() as u64 + 1);
        let number = *self.people.entry(other).or_insert(next);
        self.numbers.insert((index, part), number);
        number
    }

    pub fn into_numbers(self) -> BTreeMap<(EntryIndex, u32), PersonNumber> {
        self.numbers
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
