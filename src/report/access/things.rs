//! What was moved, why, and by what right: merged lines, categories, fields, records, purposes, bases, policies.

use super::document::*;
use super::facts::is_undetermined;
use super::found::{Act, Found};
use super::parties::counts;
use crate::model::{Category, Direction, LegalBasis, Outcome, PolicyDecision, RecordScope, Role, Verb};
use crate::report::code::Code;
use crate::report::instant::Instant;
use std::collections::{BTreeMap, BTreeSet};

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct LineKey<'a> {
    class: Class,
    actor: Party,
    on_behalf_of: Vec<Party>,
    verb: Code<Verb>,
    tool: Option<&'a Name>,
    dataset: Option<&'a Name>,
    outcome: Code<Outcome>,
    into_tool: BTreeSet<Code<Category>>,
    returned: BTreeSet<Code<Category>>,
    shown: BTreeSet<Code<Category>>,
    purpose: Option<&'a Name>,
    authorisation: Option<Authorisation>,
    exposure: [u8; 12],
}

/// Acts that are alike in everything a line says, merged. Every act is in exactly one line.
pub fn lines(found: &Found) -> Vec<Line> {
    let mut lines: BTreeMap<LineKey<'_>, Vec<&Act>> = BTreeMap::new();
    for act in &found.acts {
        lines.entry(line_key(found, act)).or_default().push(act);
    }
    let line = |(key, acts): (LineKey<'_>, Vec<&Act>)| {
        let entries = || acts.iter().flat_map(|act| found.of_act(act));
        Some(Line {
            class: key.class,
            exposure: acts.first()?.exposure.clone(),
            actor: key.actor,
            on_behalf_of: key.on_behalf_of,
            verb: key.verb,
            tool: key.tool.cloned(),
            dataset: key.dataset.cloned(),
            outcome: key.outcome,
            into_tool: key.into_tool.into_iter().collect(),
            returned: key.returned.into_iter().collect(),
            shown: key.shown.into_iter().collect(),
            purpose: key.purpose.cloned(),
            authorisation: key.authorisation,
            acts: acts.len() as u64,
            entries: entries().count() as u64,
            first: entries().map(|entry| entry.index).min()?,
            last: entries().map(|entry| entry.index).max()?,
            times: found.times(acts.iter().copied())?,
        })
    };
    let mut lines: Vec<Line> = lines.into_iter().filter_map(line).collect();
    lines.sort_by(|a, b| (a.class, b.acts, a.first).cmp(&(b.class, a.acts, b.first)));
    lines
}

/// What the entry that speaks for an act says, with the categories of all its entries.
fn line_key<'a>(found: &'a Found, act: &'a Act) -> LineKey<'a> {
    let speaker = found.speaker(act);
    let union = |of: fn(&Entry) -> &Vec<Code<Category>>| found.of_act(act).flat_map(of).copied().collect();
    let mut chain = speaker.actors.iter().map(|actor| actor.party.merged());
    LineKey {
        class: act.class,
        actor: chain.next().unwrap_or(Party::Unnamed { kind: Code::default() }),
        on_behalf_of: chain.collect(),
        verb: speaker.verb,
        tool: speaker.tool.as_ref(),
        dataset: speaker.dataset.as_ref(),
        outcome: speaker.outcome,
        into_tool: union(|entry| &entry.into_tool),
        returned: union(|entry| &entry.returned),
        shown: union(|entry| &entry.shown),
        purpose: speaker.purpose.as_ref(),
        authorisation: authorisation(found, act),
        exposure: act.exposure.key(),
    }
}

/// Of an act that several entries tell: the least favourable, because "authorised" must hold for all of it.
fn authorisation(found: &Found, act: &Act) -> Option<Authorisation> {
    let rank = |value: &Authorisation| match value {
        Authorisation::Unauthorised => 0,
        Authorisation::Exceptional => 1,
        Authorisation::NotAssessed => 2,
        Authorisation::Authorised => 3,
    };
    found.of_act(act).filter_map(|entry| entry.authorisation).min_by_key(rank)
}

pub fn authorisations(found: &Found) -> Vec<AuthorisationFact> {
    let moved = found.acts.iter().filter(|act| act.class != Class::OtherPart);
    let mut values: BTreeMap<Authorisation, u64> = BTreeMap::new();
    for value in moved.filter_map(|act| authorisation(found, act)) {
        *values.entry(value).or_default() += 1;
    }
    values.into_iter().map(|(value, acts)| AuthorisationFact { value, acts }).collect()
}

/// GDPR Art. 9 and 10.
pub fn special(category: Category) -> Option<String> {
    let article = match category {
        Category::Biometric
        | Category::Political
        | Category::RacialEthnic
        | Category::ReligiousPhilosophical
        | Category::SexLifeOrientation
        | Category::TradeUnion
        | Category::Genetic
        | Category::Health
        | Category::EmploymentHealth => "9",
        Category::Criminal => "10",
        _ => return None,
    };
    Some(article.to_owned())
}

pub fn categories(found: &Found) -> Vec<CategoryFact> {
    let mut known: BTreeMap<Code<Category>, CategoryFact> = BTreeMap::new();
    for act in &found.acts {
        let of = |of: fn(&Entry) -> &Vec<Code<Category>>| -> BTreeSet<Code<Category>> {
            found.of_act(act).flat_map(of).copied().collect()
        };
        let (into_tool, returned, shown) = (of(|e| &e.into_tool), of(|e| &e.returned), of(|e| &e.shown));
        let exposure = &act.exposure;
        let level = |moved: bool, level: Level| if moved { level } else { Level::None };
        for category in into_tool.iter().chain(&returned).chain(&shown).copied().collect::<BTreeSet<_>>() {
            let fact = known.entry(category).or_insert_with(|| CategoryFact {
                category,
                special: special(category.0),
                into_tool: 0,
                received: Range::default(),
                shown_to_humans: Range::default(),
            });
            let (came_back, was_shown) = (returned.contains(&category), shown.contains(&category));
            let eyes = exposure.humans.max(exposure.this_person).max(exposure.machines);
            fact.into_tool += u64::from(into_tool.contains(&category));
            fact.received.add(level(came_back, exposure.result).max(level(was_shown, eyes)));
            // What a human reads directly comes back before their eyes.
            let read = level(came_back, exposure.humans_directly);
            fact.shown_to_humans.add(read.max(level(was_shown, exposure.humans)).max(exposure.audience));
        }
    }
    known.into_values().collect()
}

/// What acts moved whose categories are not stated: any may have been among it.
pub fn unstated(found: &Found) -> Option<UnstatedFact> {
    let acts = || found.acts.iter().filter(|act| act.exposure.unstated && act.class != Class::OtherPart);
    let range = |level: fn(&Exposure) -> Level| {
        let mut range = Range::default();
        acts().for_each(|act| range.add(level(&act.exposure)));
        range
    };
    acts().next()?;
    Some(UnstatedFact {
        into_tool: range(|exposure| exposure.arguments),
        received: range(Exposure::received),
        shown_to_humans: range(|exposure| exposure.seen_by_humans().max(exposure.humans_directly)),
    })
}

/// When the last act that moved data of the person was at the latest, by its purpose: of what claims no time, its recording.
pub fn last_of_purposes(found: &Found) -> BTreeMap<String, Instant> {
    let mut last: BTreeMap<String, Instant> = BTreeMap::new();
    for entry in found.acts.iter().filter(|act| act.class != Class::OtherPart).flat_map(|act| found.of_act(act)) {
        let Some(purpose) = entry.purpose.as_ref().and_then(Name::text) else { continue };
        let at = match &entry.time {
            ActTime::Claimed { bounded, doubtful: false, .. } => bounded.until.min(entry.recorded_at),
            _ => entry.recorded_at,
        };
        let known = last.entry(purpose.to_owned()).or_insert(at);
        *known = (*known).max(at);
    }
    last
}

pub fn fields(found: &Found) -> Vec<FieldFact> {
    let mut known: BTreeMap<(Code<Direction>, &str, Code<Category>), u64> = BTreeMap::new();
    for act in &found.acts {
        let fields: BTreeSet<_> = found
            .of_act(act)
            .flat_map(|entry| &entry.fields)
            .map(|field| (field.direction, field.pointer.as_str(), field.category))
            .collect();
        for key in fields {
            *known.entry(key).or_default() += 1;
        }
    }
    known
        .into_iter()
        .map(|((direction, pointer, category), acts)| FieldFact {
            pointer: pointer.to_owned(),
            category,
            direction,
            acts,
        })
        .collect()
}

pub fn records(found: &Found) -> Vec<RecordFact> {
    // Dataset, id, and where the id is unique.
    type RecordKey<'a> = (&'a str, &'a str, Code<RecordScope>, Option<ConversationNumber>);
    let mut known: BTreeMap<RecordKey<'_>, RecordFact> = BTreeMap::new();
    for act in &found.acts {
        let mut seen = BTreeSet::new();
        for entry in found.of_act(act) {
            for record in &entry.records {
                // An id that is unique only inside a conversation is another record in another one.
                let within = entry.conversation.filter(|_| record.scope.0 == RecordScope::Conversation);
                let key = (record.dataset.as_str(), record.id.as_str(), record.scope, within);
                let fact = known.entry(key).or_insert_with(|| RecordFact {
                    dataset: record.dataset.clone(),
                    id: record.id.clone(),
                    scope: record.scope,
                    conversation: within,
                    acts: 0,
                    first: entry.index,
                    last: entry.index,
                });
                fact.first = fact.first.min(entry.index);
                fact.last = fact.last.max(entry.index);
                fact.acts += u64::from(seen.insert(key));
            }
        }
    }
    known.into_values().collect()
}

/// Counts acts under each value that any of their entries gives.
fn by_value<'a, V: Ord>(found: &'a Found, values: impl Fn(&'a Entry) -> Vec<V>) -> BTreeMap<V, Counts> {
    let mut known: BTreeMap<V, Counts> = BTreeMap::new();
    for act in found.acts.iter().filter(|act| act.class != Class::OtherPart) {
        let given: BTreeSet<V> = found.of_act(act).flat_map(&values).collect();
        for value in given {
            known.entry(value).or_insert(Counts::ZERO).add(act.class);
        }
    }
    known
}

pub fn purposes(found: &Found) -> Vec<PurposeFact> {
    let purposes = by_value(found, |entry| vec![entry.purpose.clone()]);
    purposes.into_iter().map(|(purpose, counts)| PurposeFact { purpose, counts }).collect()
}

pub fn legal_bases(found: &Found) -> Vec<LegalBasisFact> {
    let bases = by_value(found, |entry| -> Vec<Option<Code<LegalBasis>>> {
        match entry.legal_bases.as_slice() {
            [] => vec![None],
            bases => bases.iter().copied().map(Some).collect(),
        }
    });
    bases.into_iter().map(|(basis, counts)| LegalBasisFact { basis, counts }).collect()
}

pub fn policies(found: &Found) -> Vec<PolicyFact> {
    let policies = by_value(found, |entry| -> Vec<(Name, Option<Name>, Code<PolicyDecision>)> {
        let policy = entry.policy.iter();
        policy.map(|policy| (policy.id.clone(), policy.version.clone(), policy.decision)).collect()
    });
    let fact = |((id, version, decision), counts)| PolicyFact { id, version, decision, counts };
    policies.into_iter().map(fact).collect()
}

/// Acts in which the person is somebody else than the one whose data moved.
pub fn other_parts(found: &Found) -> Vec<OtherPartFact> {
    type Key = (Vec<Code<Role>>, Code<Verb>, bool);
    let mut known: BTreeMap<Key, Vec<&Act>> = BTreeMap::new();
    for act in found.acts.iter().filter(|act| act.class == Class::OtherPart) {
        let roles: BTreeSet<Code<Role>> = found.of_act(act).flat_map(|entry| &entry.roles).copied().collect();
        let key = (roles.into_iter().collect(), found.speaker(act).verb, is_undetermined(found, act));
        known.entry(key).or_default().push(act);
    }
    let fact = |((roles, verb, undetermined), acts): (Key, Vec<&Act>)| {
        let indexes = || acts.iter().flat_map(|act| found.of_act(act)).map(|entry| entry.index);
        let acts_count = counts(acts.iter().copied()).all();
        Some(OtherPartFact {
            roles,
            verb,
            undetermined,
            acts: acts_count,
            first: indexes().min()?,
            last: indexes().max()?,
        })
    };
    known.into_iter().filter_map(fact).collect()
}
