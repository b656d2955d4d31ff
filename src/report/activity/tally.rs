//! Acts are counted one by one as they are read, so that a million of them need no room.

use super::document::Basis;
use super::evidence::ActivityQuestion;
use crate::exposure::calculus::fact::Authorised;
use crate::exposure::telling::{self, At, authorised};
use crate::model::{
    ApprovalResult, Determination, NamedField, Outcome, PartyKind, RecipientKind, Role, Verb, determination,
};
use crate::report::access::document::Name;
use crate::report::clock::{ClockFacts, is_claimed, skew};
use crate::report::exposure::registered::History;
use crate::report::shape::given;
use std::collections::BTreeMap;
use whosaw_verifier::body::ActionBody;
use whosaw_verifier::part::ContentPart;

/// One act of the agent, as far as it opens.
pub struct Done<'a> {
    pub index: u64,
    pub recorded_at_us: u64,
    /// Of the entry's header.
    pub flags: u16,
    pub body: &'a ActionBody,
    /// What stands sealed in it; absent where it has none, or does not open.
    pub content: Option<&'a ContentPart>,
    /// It was sealed anew for those who stay: what may have named whoever was erased is gone from it, so that what it does
    /// not say is closed, and not untold.
    pub anew: bool,
    /// Parts that are gone or do not open.
    pub closed: u64,
}

/// So many acts, and the first and last of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Series {
    pub number: u64,
    /// Of these: about determined persons, or persons that are not determined.
    pub about_persons: u64,
    pub first: Place,
    pub last: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    pub index: u64,
    pub recorded_at_us: u64,
}

/// Acts that are alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub verb: Verb,
    pub outcome: Outcome,
    pub authorised: Authority,
    pub tool: Option<Name>,
    pub dataset: Option<Name>,
    pub purpose: Option<Name>,
}

/// As the calculus has it, in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authority {
    No,
    Exceptional,
    NotAssessed,
    Yes,
}

/// Whether a documented instruction stands behind an act (GDPR Art. 28(3)(a), 29).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instruction {
    None,
    Given(String),
    /// What stood sealed in the act is gone, and may have named one.
    Closed,
}

/// Who got data, or ran what it was put into.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Other {
    pub kind: RecipientKind,
    pub party: PartyKind,
    pub name: Option<Name>,
    /// As recorded, else as the registry said at the time of the act; empty where neither does.
    pub country: String,
}

/// Who ran the models and tools: as recorded, else as the registry said at the time of the act. Of several that it said in that
/// time each is possible.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Runs {
    pub basis: Basis,
    /// Absent where nothing says who runs a tool.
    pub name: Option<Name>,
    /// That tool.
    pub of: Option<Name>,
    /// Empty where nothing says it.
    pub country: String,
}

/// Which model acted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Model {
    pub model: Option<Name>,
    pub version: Option<Name>,
    pub vendor: Option<Name>,
    pub region: Option<Name>,
}

/// On whose behalf, nearest only. People are counted and not named: the report is about the agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal {
    pub kind: PartyKind,
    pub name: Option<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    pub all: Series,
    /// Of these: say of themselves that they tell again what another entry tells.
    pub told_again: u64,
    /// Correct or take back others.
    pub amending: u64,
    pub undetermined: u64,
    /// What others did on its behalf; not in the other figures.
    pub by_others: Series,
    /// Acts of somebody whose name stands sealed and does not open any more, so perhaps of this agent; not in the other
    /// figures.
    pub perhaps: u64,
    /// Acts that are said to have been in the period and were recorded outside it; not in the other figures.
    pub recorded_outside: u64,
    /// Acts in the other figures that are said to have been outside the period.
    pub occurred_outside: u64,
    pub lines: BTreeMap<Line, Series>,
    pub instructions: BTreeMap<Instruction, Series>,
    pub others: BTreeMap<Other, Series>,
    pub runs: BTreeMap<Runs, Series>,
    pub models: BTreeMap<Model, Series>,
    pub principals: BTreeMap<Option<Principal>, Series>,
    /// Entries looked at and proved.
    pub entries_proved: u64,
    /// Parts that are gone or do not open.
    pub parts_closed: u64,
    /// By whose clocks the entries tell their times in whose chain of actors the agent stands, or perhaps stands.
    pub clock: ClockFacts,
}

impl Tally {
    /// Takes one act in whose chain of actors `agent` stands, or somebody whose name stands sealed.
    pub fn take(&mut self, question: &ActivityQuestion, history: &History, done: &Done<'_>) {
        let Done { body, content, .. } = done;
        let named = |field, position: usize, public: &str| {
            let sealed = public.is_empty() && body.sealed_names.contains(&field);
            let told = name(body, *content, field, position, public);
            told.or_else(|| (done.anew && sealed).then_some(Name::Closed))
        };
        let (is_it, occurred) = (stands_in(&question.agent, done), question.was_in(done));
        if !question.covers(done.recorded_at_us) {
            let is_its = is_it.iter().any(Option::is_some);
            self.recorded_outside += u64::from(is_its && occurred == Some(true));
            return;
        }
        self.entries_proved += 1;
        self.parts_closed += done.closed;
        let is_data_subject = |group: &whosaw_verifier::body::PartGroup| group.roles.contains(&Role::DataSubject);
        let undetermined = !matches!(determination(body), Determination::Listed | Determination::Nobody);
        let about_persons = undetermined || body.parts.iter().any(is_data_subject);
        let place = Place { index: done.index, recorded_at_us: done.recorded_at_us };
        let count = |series: &mut Series| series.count(place, about_persons);
        if is_it.iter().any(Option::is_some) {
            self.clock.recorded(done.flags);
            self.clock.told(done.recorded_at_us, body);
        }
        if is_it.first() != Some(&Some(true)) {
            match is_it.iter().flatten().max() {
                Some(true) => count(&mut self.by_others),
                Some(false) => self.perhaps += 1,
                None => {}
            }
            return;
        }
        let Some(actor) = body.actors.first() else { return };
        count(&mut self.all);
        self.occurred_outside += u64::from(occurred == Some(false));
        let links = body.links.as_ref();
        // What tells again nothing but itself was not told before.
        let of_itself = content.is_some_and(|content| content.same_act_as.iter().all(|id| *id == content.action_id));
        self.told_again += u64::from(links.is_some_and(|links| links.same_act_as > 0) && !of_itself);
        self.amending += u64::from(links.is_some_and(|links| links.corrects + links.retracts > 0));
        self.undetermined += u64::from(undetermined);
        let line = Line {
            verb: body.verb,
            outcome: body.outcome,
            authorised: Authority::of(body),
            tool: named(NamedField::Tool, 0, &body.tool),
            dataset: named(NamedField::Dataset, 0, &body.dataset),
            purpose: named(NamedField::Purpose, 0, &body.purpose),
        };
        count(self.lines.entry(line).or_default());
        let instruction = match content {
            Some(content) if !content.instruction.is_empty() => Instruction::Given(content.instruction.clone()),
            Some(_) if done.anew => Instruction::Closed,
            None if body.parts.iter().any(|group| group.holds_content) => Instruction::Closed,
            _ => Instruction::None,
        };
        count(self.instructions.entry(instruction).or_default());
        let at = time_of(done);
        let country = |name: &Name| match name {
            Name::Registered(name) => telling::Registered::country(history, name, at).unwrap_or_default().to_owned(),
            Name::Unregistered(_) | Name::Closed => String::new(),
        };
        for (position, recipient) in body.recipients.iter().enumerate() {
            let name = named(NamedField::RecipientName, position, &recipient.name).filter(|_| recipient.part == 0);
            let recorded = given(&recipient.country);
            let country = recorded.unwrap_or_else(|| name.as_ref().map(country).unwrap_or_default());
            let other = Other { kind: recipient.kind, party: recipient.party, name, country };
            count(self.others.entry(other).or_default());
        }
        let model = Model {
            model: named(NamedField::ActorModel, 0, &actor.model),
            version: named(NamedField::ActorVersion, 0, &actor.version),
            vendor: named(NamedField::ActorVendor, 0, &actor.vendor),
            region: named(NamedField::ActorRegion, 0, &actor.region),
        };
        let registered = |name: &str| Name::Registered(name.to_owned());
        let said = || telling::Registered::vendors(history, &question.agent, at).into_iter().map(registered).collect();
        let vendors: Vec<Name> = model.vendor.clone().map_or_else(said, |vendor| vec![vendor]);
        let mut runs: Vec<Runs> = Vec::new();
        for name in vendors {
            runs.push(Runs { basis: Basis::ModelVendor, country: country(&name), name: Some(name), of: None });
        }
        if let Some(tool) = named(NamedField::Tool, 0, &body.tool) {
            let operators = match &tool {
                Name::Registered(tool) => history.operators(tool, at),
                Name::Unregistered(_) | Name::Closed => Vec::new(),
            };
            let place = |operator: Option<&str>| match &tool {
                Name::Registered(tool) => history.tool_country(tool, operator, at).unwrap_or_default().to_owned(),
                Name::Unregistered(_) | Name::Closed => String::new(),
            };
            let basis = Basis::ToolOperator;
            let ran = |operator: &&str| Runs {
                basis,
                name: Some(registered(operator)),
                of: None,
                country: place(Some(operator)),
            };
            runs.extend(operators.iter().map(ran));
            // Somebody runs it all the same, and was given what went in.
            let is_known = !operators.is_empty();
            runs.extend((!is_known).then(|| Runs { basis, name: None, country: place(None), of: Some(tool.clone()) }));
        }
        runs.into_iter().for_each(|ran| count(self.runs.entry(ran).or_default()));
        count(self.models.entry(model).or_default());
        let principal = body.actors.get(1).map(|actor| Principal {
            kind: actor.kind,
            name: named(NamedField::ActorName, 1, &actor.name).filter(|_| actor.kind != PartyKind::Human),
        });
        count(self.principals.entry(principal).or_default());
    }
}

/// When an act may have been, for what the registry said then: at any time before it was recorded, where nothing is claimed.
fn time_of(done: &Done<'_>) -> At {
    let claimed = done.body.occurred.as_ref().filter(|occurred| is_claimed(occurred));
    let earliest = claimed.map(|occurred| occurred.earliest_us.saturating_sub(skew(done.body)));
    At { earliest: earliest.unwrap_or_default().min(done.recorded_at_us), index: done.index }
}

/// For each of the chain of actors whether it is this one: surely, or perhaps, since its name does not open any more.
fn stands_in(agent: &str, done: &Done<'_>) -> Vec<Option<bool>> {
    let is_it = |(position, actor): (usize, &whosaw_verifier::body::Actor)| {
        match name(done.body, done.content, NamedField::ActorName, position, &actor.name) {
            Some(Name::Registered(name) | Name::Unregistered(name)) => (name == agent).then_some(true),
            // Sealed for this actor or for another of the chain: which, does not open either.
            Some(Name::Closed) if actor.kind != PartyKind::Human => Some(false),
            Some(Name::Closed) | None => None,
        }
    };
    done.body.actors.iter().enumerate().map(is_it).collect()
}

impl Series {
    fn count(&mut self, place: Place, about_persons: bool) {
        self.join(Series { number: 1, about_persons: u64::from(about_persons), first: place, last: place });
    }
}

impl Series {
    /// Both as one.
    pub fn join(&mut self, other: Series) {
        if self.number == 0 || (other.number > 0 && other.first.index < self.first.index) {
            self.first = other.first;
        }
        if other.number > 0 && other.last.index >= self.last.index {
            self.last = other.last;
        }
        self.number += other.number;
        self.about_persons += other.about_persons;
    }
}

impl Authority {
    fn of(body: &ActionBody) -> Self {
        match authorised(body) {
            // What was approved stands sealed in another entry, and is not held against the act here.
            Authorised::Yes if body.approval == ApprovalResult::Matched => Authority::NotAssessed,
            Authorised::Yes => Authority::Yes,
            Authorised::No => Authority::No,
            Authorised::Exceptional => Authority::Exceptional,
            Authorised::NotAssessed => Authority::NotAssessed,
        }
    }
}

/// In the open, or sealed in the content, or sealed in content that does not open; nothing where none was told.
fn name(
    body: &ActionBody,
    content: Option<&ContentPart>,
    field: NamedField,
    position: usize,
    public: &str,
) -> Option<Name> {
    if !public.is_empty() {
        return Some(Name::Registered(public.to_owned()));
    }
    if !body.sealed_names.contains(&field) {
        return None;
    }
    let Some(content) = content else { return Some(Name::Closed) };
    let mut of_it = content.names.iter().filter(|name| name.field == field && name.position as usize == position);
    of_it.next().map(|name| Name::sealed(&name.value))
}
