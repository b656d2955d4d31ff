//! Who had to do with the person's data: agents and services, those on whose behalf they acted, recipients, and tools.

use super::document::*;
use super::facts::kind;
use super::found::{Act, Found};
use super::registered::Names;
use crate::model::{Category, PartyKind, RecipientKind};
use crate::report::code::Code;
use std::collections::{BTreeMap, BTreeSet};

/// Agents and services, those that acted most first.
pub fn agents(found: &Found, names: &Names<'_>) -> Vec<AgentFact> {
    #[derive(Default)]
    struct Known<'a> {
        acted: Vec<&'a Act>,
        delegated: Vec<&'a Act>,
        versions: BTreeSet<Name>,
        models: BTreeSet<Name>,
        vendors: BTreeSet<Name>,
        regions: BTreeSet<Name>,
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
                let nearest = seen.entry(&actor.party).or_insert(position);
                *nearest = (*nearest).min(position);
            }
        }
        for (party, position) in seen {
            let known = agents.entry(party).or_default();
            if position == 0 { known.acted.push(act) } else { known.delegated.push(act) }
        }
    }
    for (party, known) in &mut agents {
        if let (true, Party::Named { name, .. }) = (known.vendors.is_empty(), party) {
            known.vendors.extend(registered_vendor(names, name));
        }
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
    let mut by_party: BTreeMap<(Option<Party>, bool), Counts> = BTreeMap::new();
    for act in acts {
        let chain = &found.speaker(act).actors;
        let in_person = chain.len() == 1 && chain.iter().all(|actor| is_human(&actor.party));
        let responsible = chain.last().filter(|_| chain.len() > 1 || in_person).map(|actor| actor.party.merged());
        by_party.entry((responsible, in_person)).or_insert(Counts::ZERO).add(act.class);
    }
    let mut facts: Vec<PrincipalFact> = by_party
        .into_iter()
        .map(|((party, in_person), counts)| {
            let persons = match party {
                Some(Party::OtherPerson { .. } | Party::SomeHuman) => Range { low: 1, high: counts.all() },
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

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct RecipientKey {
    basis: RecipientBasis,
    kind: Code<RecipientKind>,
    party: Party,
    country: Option<String>,
    of: Option<Name>,
}

/// What one act gave one recipient: how surely, which categories, all of it pseudonymised, some of it unstated.
type Given = (Level, BTreeSet<Code<Category>>, bool, bool);

#[derive(Default)]
struct Received<'a> {
    acts: Vec<(&'a Act, Level)>,
    categories: BTreeSet<Code<Category>>,
    unstated: u64,
    pseudonymised: u64,
}

/// Who was given data of the person: whom the records name, who runs the tools as far as the registry knows, and the vendors
/// of the agents' models, whom everything in an agent's context reaches.
pub fn recipients(found: &Found, names: &Names<'_>) -> Vec<RecipientFact> {
    let mut recipients: BTreeMap<RecipientKey, Received<'_>> = BTreeMap::new();
    for act in &found.acts {
        let mut given: BTreeMap<RecipientKey, Given> = BTreeMap::new();
        for entry in found.of_act(act) {
            for (key, level, categories) in recipients_of(entry, names) {
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
            let known = recipients.entry(key).or_default();
            known.acts.push((act, level));
            known.categories.extend(categories);
            known.pseudonymised += u64::from(pseudonymised);
            known.unstated += u64::from(unstated);
        }
    }
    let fact = |(key, received): (RecipientKey, Received<'_>)| {
        let mut acts = Range::default();
        received.acts.iter().for_each(|(_, level)| acts.add(*level));
        Some(RecipientFact {
            basis: key.basis,
            kind: key.kind,
            recipient_in_law: is_recipient_in_law(key.kind.0) && key.party != Party::ThisPerson,
            party: key.party,
            country: key.country,
            of: key.of,
            acts,
            categories: received.categories.into_iter().collect(),
            categories_unstated: received.unstated,
            pseudonymised: received.pseudonymised,
            times: found.times(received.acts.iter().map(|(act, _)| *act))?,
        })
    };
    recipients.into_iter().filter_map(fact).collect()
}

/// Each recipient of one entry, how surely, and which categories it was given.
fn recipients_of(entry: &Entry, names: &Names<'_>) -> Vec<(RecipientKey, Level, Vec<Code<Category>>)> {
    let exposure = &entry.exposure;
    let received = exposure.received();
    let mut moved = entry.into_tool.clone();
    moved.extend(entry.returned.iter().chain(&entry.shown));
    let mut found = Vec::new();
    for recipient in &entry.recipients {
        let registered = || match &recipient.party {
            Party::Named { name: Name::Registered(name), .. } => names.country(name),
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
    let inferred = |basis, party, country, of| RecipientKey {
        basis,
        kind: Code(RecipientKind::Undetermined),
        party: Party::Named { kind: Code(PartyKind::Organisation), name: party },
        country,
        of,
    };
    if let Some(Name::Registered(tool)) = &entry.tool
        && let Some(operator) = names.operator(tool)
    {
        let operator = Name::Registered(operator.to_owned());
        let key = inferred(RecipientBasis::ToolOperator, operator, names.tool_country(tool), entry.tool.clone());
        // Arguments are given to whoever runs the tool, whatever the outcome.
        found.push((key, exposure.arguments, entry.into_tool.clone()));
    }
    for (position, actor) in entry.actors.iter().enumerate() {
        let Party::Named { kind: Code(PartyKind::Agent), name: agent } = &actor.party else { continue };
        let Some(vendor) = actor.vendor.clone().or_else(|| registered_vendor(names, agent)) else { continue };
        let country = vendor.text().and_then(|vendor| names.country(vendor));
        let key = inferred(RecipientBasis::ModelVendor, vendor, country, Some(agent.clone()));
        let level = exposure.arguments.max(received);
        // An agent that had another act for it may have been given everything, or nothing.
        found.push((key, if position == 0 { level } else { level.min(Level::Possible) }, moved.clone()));
    }
    found
}

fn registered_vendor(names: &Names<'_>, agent: &Name) -> Option<Name> {
    let Name::Registered(agent) = agent else { return None };
    names.vendor(agent).map(|vendor| Name::Registered(vendor.to_owned()))
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

/// Tools that acts of this report called, and what went into them.
pub fn tools(found: &Found, names: &Names<'_>) -> Vec<ToolFact> {
    #[derive(Default)]
    struct Known<'a> {
        acts: Vec<&'a Act>,
        given: u64,
        categories: BTreeSet<Code<Category>>,
    }
    let mut tools: BTreeMap<Name, Known<'_>> = BTreeMap::new();
    for act in &found.acts {
        let mut called: BTreeMap<&Name, (bool, BTreeSet<Code<Category>>)> = BTreeMap::new();
        for entry in found.of_act(act) {
            if let Some(tool) = &entry.tool {
                let slot = called.entry(tool).or_default();
                slot.0 |= entry.exposure.arguments != Level::None;
                slot.1.extend(&entry.into_tool);
            }
        }
        for (tool, (given, categories)) in called {
            let known = tools.entry(tool.clone()).or_default();
            known.acts.push(act);
            known.given += u64::from(given);
            known.categories.extend(categories);
        }
    }
    let registered = |tool: &Name| match tool {
        Name::Registered(tool) => (names.operator(tool).map(str::to_owned), names.tool_country(tool)),
        Name::Unregistered(_) | Name::Closed => (None, None),
    };
    let mut facts: Vec<ToolFact> = tools
        .into_iter()
        .map(|(tool, known)| {
            let (operator, country) = registered(&tool);
            ToolFact {
                operator: operator.map(Name::Registered),
                country,
                given: known.given,
                counts: counts(known.acts.into_iter()),
                categories: known.categories.into_iter().collect(),
                tool,
            }
        })
        .collect();
    facts.sort_by_key(|fact| std::cmp::Reverse((fact.counts.processed, fact.counts.all())));
    facts
}
