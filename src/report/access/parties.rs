//! Who had to do with the person's data: agents and services, those on whose behalf they acted, recipients, and tools.

use super::document::*;
use super::facts::{kind, level};
use super::found::{Act, Found};
use crate::exposure::telling::{At, Registered};
use crate::law::edpb::is_in_eea;
use crate::model::{Category, LegalBasis, PartyKind, RecipientKind};
use crate::registry::Document;
use crate::report::code::Code;
use crate::report::exposure::registered::History;
use crate::report::instant::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// Agents and services, those that acted most first.
pub fn agents(found: &Found, history: &History) -> Vec<AgentFact> {
    #[derive(Default)]
    struct Known<'a> {
        acted: Vec<&'a Act>,
        delegated: Vec<&'a Act>,
        versions: BTreeSet<Name>,
        models: BTreeSet<Name>,
        vendors: BTreeSet<Name>,
        regions: BTreeSet<Name>,
        registered: BTreeSet<Name>,
    }
    let mut agents: BTreeMap<&Party, Known<'_>> = BTreeMap::new();
    for act in &found.acts {
        let mut seen = BTreeMap::new();
        for entry in found.of_act(act) {
            for (position, actor) in entry.actors.iter().enumerate() {
                if !matches!(kind(&actor.party), Some(PartyKind::Agent | PartyKind::Service)) {
                    continue;
                }
                let known = agents.entry(&actor.party).or_default();
                for (values, value) in [
                    (&mut known.versions, &actor.version),
                    (&mut known.models, &actor.model),
                    (&mut known.vendors, &actor.vendor),
                    (&mut known.regions, &actor.region),
                ] {
                    values.extend(value.clone());
                }
                if let Party::Named { name, .. } = &actor.party {
                    known.registered.extend(registered_vendors(history, name, time_of(entry)));
                }
                let nearest = seen.entry(&actor.party).or_insert(position);
                *nearest = (*nearest).min(position);
            }
        }
        for (party, position) in seen {
            let known = agents.entry(party).or_default();
            if position == 0 { known.acted.push(act) } else { known.delegated.push(act) }
        }
    }
    for known in agents.values_mut().filter(|known| known.vendors.is_empty()) {
        known.vendors = std::mem::take(&mut known.registered);
    }
    let facts = agents.into_iter().map(|(party, known)| AgentFact {
        agent: party.clone(),
        versions: known.versions.into_iter().collect(),
        models: known.models.into_iter().collect(),
        vendors: known.vendors.into_iter().collect(),
        regions: known.regions.into_iter().collect(),
        acted: counts(known.acted.iter().copied()),
        delegated: counts(known.delegated.iter().copied()),
        on_behalf_of: principals(known.acted.iter().copied(), found),
        times: found.times(known.acted.iter().chain(&known.delegated).copied()),
    });
    let mut facts: Vec<AgentFact> = facts.collect();
    facts.sort_by_key(|fact| std::cmp::Reverse((fact.acted.processed, fact.acted.all(), fact.delegated.all())));
    facts
}

pub fn counts<'a>(acts: impl Iterator<Item = &'a Act>) -> Counts {
    let mut counts = Counts::ZERO;
    acts.for_each(|act| counts.add(act.class));
    counts
}

/// Who was answerable for the acts: the end of each chain of "on whose behalf", or the human who acted in person.
pub fn principals<'a>(acts: impl Iterator<Item = &'a Act>, found: &Found) -> Vec<PrincipalFact> {
    /// Their acts, and who they are before they are merged.
    type Behind<'a> = (Counts, BTreeSet<&'a Party>);
    let mut by_party: BTreeMap<(Option<Party>, bool), Behind<'_>> = BTreeMap::new();
    for act in acts {
        let chain = &found.speaker(act).actors;
        let in_person = chain.len() == 1 && chain.iter().all(|actor| is_human(&actor.party));
        let responsible = chain.last().filter(|_| chain.len() > 1 || in_person).map(|actor| &actor.party);
        let merged = responsible.map(Party::merged);
        let (counts, people) = by_party.entry((merged, in_person)).or_insert((Counts::ZERO, BTreeSet::new()));
        counts.add(act.class);
        people.extend(responsible);
    }
    let mut facts: Vec<PrincipalFact> = by_party
        .into_iter()
        .map(|((party, in_person), (counts, people))| {
            let persons = match party {
                // Two numbers may be one person, one number is.
                Some(Party::OtherPerson { .. }) => Range { low: 1, high: people.len() as u64 },
                Some(Party::SomeHuman) => Range { low: 1, high: counts.all() },
                Some(Party::ThisPerson) => Range::exactly(1),
                _ => Range::default(),
            };
            PrincipalFact { party, in_person, counts, persons }
        })
        .collect();
    facts.sort_by_key(|fact| std::cmp::Reverse((fact.counts.processed, fact.counts.all())));
    facts
}

pub fn is_human(party: &Party) -> bool {
    matches!(party, Party::ThisPerson | Party::OtherPerson { .. } | Party::SomeHuman)
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct RecipientKey {
    basis: RecipientBasis,
    kind: Code<RecipientKind>,
    party: Party,
    country: Option<String>,
    of: Option<Name>,
}

/// What one act gave one recipient: how surely, which categories, all of it pseudonymised, some of it unstated.
type Given = (Level, BTreeSet<Code<Category>>, bool, bool);

/// What one recipient was given, by the act's first entry.
#[derive(Default)]
struct Received<'a> {
    acts: BTreeMap<u64, (&'a Act, Given)>,
    ways: BTreeSet<(RecipientBasis, Option<Name>)>,
    /// What it rests on that the registry said only later.
    since: Option<(u64, u64)>,
}

impl<'a> Received<'a> {
    fn add(&mut self, first: u64, act: &'a Act, given: Given) {
        let known = self.acts.entry(first).or_insert((act, (Level::None, BTreeSet::new(), true, false)));
        let slot = &mut known.1;
        slot.0 = slot.0.max(given.0);
        slot.1.extend(given.1);
        slot.2 &= given.2;
        slot.3 |= given.3;
    }
}

/// Who was given data of the person: whom the records name, who acted and is nobody of the house, who runs the tools as far as
/// the registry knows, and the vendors of the agents' models, whom everything in an agent's context reaches. And by how many acts it reached any who are told as recipients.
pub fn recipients(found: &Found, history: &History, declared: Option<&Document>) -> (Vec<RecipientFact>, Range) {
    let mut recipients: BTreeMap<RecipientKey, Received<'_>> = BTreeMap::new();
    for act in &found.acts {
        let mut given: BTreeMap<RecipientKey, Given> = BTreeMap::new();
        for entry in found.of_act(act) {
            for (key, level, categories) in recipients_of(entry, history) {
                let slot = given.entry(key).or_insert((Level::None, BTreeSet::new(), true, false));
                slot.0 = slot.0.max(level);
                slot.1.extend(categories);
                slot.2 &= entry.pseudonymised;
                slot.3 |= entry.exposure.unstated;
            }
        }
        for (key, (level, categories, pseudonymised, unstated)) in given {
            if level == Level::None {
                continue;
            }
            let first = found.of_act(act).map(|entry| entry.index.0).min().unwrap_or_default();
            recipients.entry(key).or_default().add(first, act, (level, categories, pseudonymised, unstated));
        }
    }
    let fact = |(key, received): (RecipientKey, Received<'_>)| {
        let mut acts = Range::default();
        received.acts.values().for_each(|(_, given)| acts.add(given.0));
        let count = |wanted: fn(&Given) -> bool| received.acts.values().filter(|(_, it)| wanted(it)).count() as u64;
        let (first, country) = (received.acts.keys().next().copied(), key.country.as_deref());
        let mut ways = received.ways.into_iter().map(|(basis, of)| RecipientWay { basis, of });
        let way = ways.next()?;
        Some(RecipientFact {
            basis: way.basis,
            kind: key.kind,
            recipient_in_law: is_recipient_in_law(key.kind.0) && key.party != Party::ThisPerson,
            transfer: country.and_then(|country| transfer(&key.party, country, (declared, history, first))),
            party: key.party,
            country: key.country,
            of: way.of,
            further: ways.collect(),
            since: received.since.map(since),
            acts,
            categories: received
                .acts
                .values()
                .flat_map(|(_, given)| &given.1)
                .copied()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            categories_unstated: count(|given| given.3),
            pseudonymised: count(|given| given.2),
            times: found.times(received.acts.values().map(|(act, _)| *act))?,
        })
    };
    let mut reached: BTreeMap<u64, Level> = BTreeMap::new();
    let mut facts = Vec::new();
    for (key, received) in merged(recipients, history) {
        let acts: Vec<(u64, Level)> = received.acts.iter().map(|(first, (_, given))| (*first, given.0)).collect();
        let Some(fact) = fact((key, received)) else { continue };
        for (first, given) in acts.into_iter().filter(|_| fact.is_told()) {
            let known = reached.entry(first).or_insert(Level::None);
            *known = (*known).max(given);
        }
        facts.push(fact);
    }
    let mut disclosed = Range::default();
    for act in &found.acts {
        let first = found.of_act(act).map(|entry| entry.index.0).min();
        let certain = first.and_then(|first| reached.get(&first)).copied().unwrap_or(Level::None);
        let only_them = found.of_act(act).flat_map(|entry| &entry.recipients).all(|it| it.party == Party::ThisPerson);
        let at_most = if only_them { Level::None } else { act.exposure_at_most.recipients };
        disclosed.add(level(certain, at_most));
    }
    // Of what is only weakly linked nobody is named.
    found.weak.iter().for_each(|act| disclosed.add(level(Level::None, act.exposure_at_most.recipients)));
    (facts, disclosed)
}

fn since((entry, at_us): (u64, u64)) -> SinceFact {
    SinceFact { entry: EntryIndex(entry), at: Instant::new(at_us) }
}

/// One row for each organisation and as what it got data, however many ways led there. Where its country or role was said of
/// none of its acts, what was said first afterwards stands, and since when.
fn merged<'a>(rows: BTreeMap<RecipientKey, Received<'a>>, history: &History) -> BTreeMap<RecipientKey, Received<'a>> {
    let mut known: BTreeMap<Party, (BTreeSet<Code<RecipientKind>>, BTreeSet<String>)> = BTreeMap::new();
    for key in rows.keys().filter(|key| is_one_organisation(key)) {
        let (kinds, countries) = known.entry(key.party.clone()).or_default();
        kinds.extend(Some(key.kind).filter(|kind| kind.0 != RecipientKind::Undetermined));
        countries.extend(key.country.clone());
    }
    let mut all: BTreeMap<RecipientKey, Received<'a>> = BTreeMap::new();
    for (mut key, received) in rows {
        let way = (key.basis, key.of.clone());
        let mut later = None;
        if let Some((kinds, countries)) = known.get(&key.party).filter(|_| is_one_organisation(&key)) {
            let name = registered_name(&key.party).and_then(Name::text).unwrap_or_default();
            if key.kind.0 == RecipientKind::Undetermined && kinds.len() <= 1 {
                let first = history.first_role(name).filter(|_| kinds.is_empty());
                later = first.map(|(_, entry, at)| (entry, at));
                key.kind = kinds.first().copied().or_else(|| Some(Code(first?.0))).unwrap_or(key.kind);
            }
            if key.country.is_none() && countries.len() <= 1 {
                let first = history.first_country(name).filter(|_| countries.is_empty());
                later = later.max(first.map(|(_, entry, at)| (entry, at)));
                key.country = countries.first().cloned().or_else(|| Some(first?.0.to_owned()));
            }
            (key.basis, key.of) = (RecipientBasis::Recorded, None);
        }
        let slot = all.entry(key).or_default();
        slot.ways.insert(way);
        slot.since = slot.since.max(later);
        received.acts.into_iter().for_each(|(first, (act, given))| slot.add(first, act, given));
    }
    all
}

/// It is known by its name, and was to get data: who acted without authority is told apart.
fn is_one_organisation(key: &RecipientKey) -> bool {
    let is_named =
        matches!(&key.party, Party::Named { kind, name: Name::Registered(_) } if kind.0 == PartyKind::Organisation);
    is_named && key.basis != RecipientBasis::WithoutAuthority
}

/// Each recipient of one entry, how surely, and which categories it was given; of what only the registry knows by what it
/// said then.
fn recipients_of(entry: &Entry, history: &History) -> Vec<(RecipientKey, Level, Vec<Code<Category>>)> {
    let (exposure, at) = (&entry.exposure, time_of(entry));
    let received = exposure.received();
    let mut moved = entry.into_tool.clone();
    moved.extend(entry.returned.iter().chain(&entry.shown));
    let country = |party: &Name| party.text().and_then(|party| history.country(party, at)).map(str::to_owned);
    let mut found = Vec::new();
    for recipient in &entry.recipients {
        let registered = || match &recipient.party {
            Party::Named { name, .. } => country(name),
            _ => None,
        };
        let key = RecipientKey {
            basis: RecipientBasis::Recorded,
            kind: recipient.kind,
            party: recipient.party.merged(),
            country: recipient.country.clone().or_else(registered),
            of: None,
        };
        let shown = entry.shown_to.contains(&recipient.party);
        let level = exposure.recipients.max(if shown { Level::Possible } else { Level::None });
        found.push((key, level, moved.clone()));
    }
    found.extend(without_authority(entry).map(|(party, level)| {
        let (basis, kind) = (RecipientBasis::WithoutAuthority, Code(RecipientKind::UnauthorisedPerson));
        let country = registered_name(&party).and_then(&country);
        (RecipientKey { basis, kind, party, country, of: None }, level, moved.clone())
    }));
    found.extend(acted_for_itself(entry).map(|(party, level)| {
        let name = registered_name(&party);
        let role = name.and_then(Name::text).and_then(|party| history.role(party, at));
        let (kind, country) = (Code(role.unwrap_or(RecipientKind::Undetermined)), name.and_then(&country));
        (RecipientKey { basis: RecipientBasis::Acted, kind, party, country, of: None }, level, moved.clone())
    }));
    let inferred = |basis, name: Name, country, of| {
        let kind = name.text().and_then(|party| history.role(party, at)).unwrap_or(RecipientKind::Undetermined);
        let party = Party::Named { kind: Code(PartyKind::Organisation), name };
        RecipientKey { basis, kind: Code(kind), party, country, of }
    };
    // Whoever was one of several that the registry names for that time may have been given it.
    let one_of = |many: usize, level: Level| if many > 1 { level.min(Level::Possible) } else { level };
    if let Some(Name::Registered(tool)) = &entry.tool {
        let operators = history.operators(tool, at);
        for operator in &operators {
            let country = history.tool_country(tool, Some(operator), at).map(str::to_owned);
            let name = Name::Registered((*operator).to_owned());
            let key = inferred(RecipientBasis::ToolOperator, name, country, entry.tool.clone());
            // Arguments are given to whoever runs the tool, whatever the outcome.
            found.push((key, one_of(operators.len(), exposure.arguments), entry.into_tool.clone()));
        }
    }
    for (position, actor) in entry.actors.iter().enumerate() {
        let Party::Named { kind: Code(PartyKind::Agent), name: agent } = &actor.party else { continue };
        let recorded = actor.vendor.clone().map(|vendor| vec![vendor]);
        let vendors = recorded.unwrap_or_else(|| registered_vendors(history, agent, at));
        let level = one_of(vendors.len(), exposure.arguments.max(received));
        // An agent that had another act for it may have been given everything, or nothing.
        let level = if position == 0 { level } else { level.min(Level::Possible) };
        for vendor in vendors {
            let country = country(&vendor);
            let key = inferred(RecipientBasis::ModelVendor, vendor, country, Some(agent.clone()));
            found.push((key, level, moved.clone()));
        }
    }
    found
}

/// By what the controller says that data may go there; nothing for a country within the EEA.
fn transfer(
    party: &Party,
    country: &str,
    (declared, history, first): (Option<&Document>, &History, Option<u64>),
) -> Option<TransferFact> {
    if is_in_eea(country) {
        return None;
    }
    let name = registered_name(party).and_then(Name::text);
    let transfers = declared.into_iter().flat_map(|it| &it.activities).flat_map(|activity| &activity.transfers);
    let mut of_it = transfers.filter(|it| Some(it.recipient.as_str()) == name && it.country == country);
    let own = || declared?.party(name?)?.safeguard.as_deref();
    let code = of_it.next().map(|it| it.safeguard.as_str()).or_else(own);
    let said = name.zip(code).and_then(|(name, code)| history.safeguard_since(name, country, code));
    let later = said.filter(|(entry, _)| first.is_some_and(|first| first < *entry));
    Some(TransferFact { safeguard: code.and_then(LegalBasis::from_code).map(Code), since: later.map(since) })
}

fn registered_name(party: &Party) -> Option<&Name> {
    match party {
        Party::Named { name, .. } => Some(name),
        _ => None,
    }
}

/// Organisations that acted themselves, or for which somebody acted, and whoever else of the public did: what they got left the
/// house. Groups, agents and services are of the house; whoever acted without authority is told as such.
fn acted_for_itself(entry: &Entry) -> impl Iterator<Item = (Party, Level)> {
    let is_outside = |party: &Party| match party {
        Party::Public => true,
        Party::Named { kind, .. } | Party::Unnamed { kind } => kind.0 == PartyKind::Organisation,
        Party::ThisPerson | Party::OtherPerson { .. } | Party::SomeHuman => false,
    };
    let is_one = entry.authorisation != Some(Authorisation::Unauthorised);
    let mut given = who_got(entry);
    given.retain(|party, _| is_one && is_outside(party));
    given.into_iter()
}

/// Others than agents and services that got data by an act without authority: humans acted for nobody but themselves, and are
/// recipients (C-579/21 leaves staff out only where they act on instruction). Whoever an agent acted for may have got what it
/// did.
fn without_authority(entry: &Entry) -> impl Iterator<Item = (Party, Level)> {
    let is_one = entry.authorisation == Some(Authorisation::Unauthorised);
    let is_other = |party: &Party| match party {
        Party::Named { kind, .. } | Party::Unnamed { kind } => !matches!(kind.0, PartyKind::Agent | PartyKind::Service),
        Party::ThisPerson => false,
        Party::OtherPerson { .. } | Party::SomeHuman | Party::Public => true,
    };
    let mut given = who_got(entry);
    given.retain(|party, _| is_one && is_other(party));
    given.into_iter()
}

/// Whoever acted, had somebody act or was shown what came, and is not named as a recipient besides.
fn who_got(entry: &Entry) -> BTreeMap<Party, Level> {
    let got = entry.exposure.received().max(entry.exposure.humans_given);
    let acted = entry.actors.iter().map(|actor| &actor.party).enumerate();
    let acted = acted.map(move |(position, party)| (party, if position == 0 { got } else { got.min(Level::Possible) }));
    let shown = entry.shown_to.iter().map(move |party| (party, got));
    let named = |party: &Party| entry.recipients.iter().any(|recipient| recipient.party == *party);
    let mut all: BTreeMap<Party, Level> = BTreeMap::new();
    for (party, level) in acted.chain(shown).filter(|(party, _)| !named(party)) {
        let known = all.entry(party.clone()).or_insert(Level::None);
        *known = (*known).max(level);
    }
    all
}

/// When an entry's act may have been, for what the registry said then.
fn time_of(entry: &Entry) -> At {
    let earliest = match &entry.time {
        ActTime::Claimed { bounded, .. } => bounded.from.us(),
        ActTime::Replay { .. } | ActTime::Unknown { .. } => 0,
    };
    At { earliest, index: entry.index.0 }
}

fn registered_vendors(history: &History, agent: &Name, at: At) -> Vec<Name> {
    let Name::Registered(agent) = agent else { return Vec::new() };
    history.vendors(agent, at).into_iter().map(|vendor| Name::Registered(vendor.to_owned())).collect()
}

/// GDPR Art. 4(9); C-579/21: staff on instruction are not recipients, nor is an authority in a particular inquiry.
fn is_recipient_in_law(kind: RecipientKind) -> bool {
    !matches!(
        kind,
        RecipientKind::StaffOnInstruction
            | RecipientKind::PublicAuthorityInquiry
            | RecipientKind::DataSubject
            | RecipientKind::Representative
    )
}

/// Tools that acts of this report called, who ran them then, and what went into them.
pub fn tools(found: &Found, history: &History) -> Vec<ToolFact> {
    #[derive(Default)]
    struct Known<'a> {
        acts: Vec<&'a Act>,
        given: u64,
        categories: BTreeSet<Code<Category>>,
    }
    /// A tool, by whom it was run, and where.
    type Ran = (Name, Option<String>, Option<String>);
    let mut tools: BTreeMap<Ran, Known<'_>> = BTreeMap::new();
    for act in &found.acts {
        let mut called: BTreeMap<Ran, (bool, BTreeSet<Code<Category>>)> = BTreeMap::new();
        for entry in found.of_act(act) {
            let Some(tool) = &entry.tool else { continue };
            for (operator, country) in operators(history, tool, time_of(entry)) {
                let slot = called.entry((tool.clone(), operator, country)).or_default();
                slot.0 |= entry.exposure.arguments != Level::None;
                slot.1.extend(&entry.into_tool);
            }
        }
        for (ran, (given, categories)) in called {
            let known = tools.entry(ran).or_default();
            known.acts.push(act);
            known.given += u64::from(given);
            known.categories.extend(categories);
        }
    }
    let fact = |((tool, operator, country), known): (Ran, Known<'_>)| ToolFact {
        tool,
        operator: operator.map(Name::Registered),
        country,
        given: known.given,
        counts: counts(known.acts.into_iter()),
        categories: known.categories.into_iter().collect(),
    };
    let mut facts: Vec<ToolFact> = tools.into_iter().map(fact).collect();
    facts.sort_by_key(|fact| std::cmp::Reverse((fact.counts.processed, fact.counts.all())));
    facts
}

/// Each who ran a tool then, and where; one pair of which nothing is known where nothing is.
fn operators(history: &History, tool: &Name, at: At) -> Vec<(Option<String>, Option<String>)> {
    let Name::Registered(tool) = tool else { return vec![(None, None)] };
    let ran = |operator: Option<&str>| {
        (operator.map(str::to_owned), history.tool_country(tool, operator, at).map(str::to_owned))
    };
    match history.operators(tool, at).as_slice() {
        [] => vec![ran(None)],
        operators => operators.iter().map(|operator| ran(Some(operator))).collect(),
    }
}
