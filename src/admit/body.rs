//! The public half: a body whose strings all come from the registry. What does not is sealed and marked.

use super::check::Codes;
use super::parts::Described;
use super::people::{Node, People};
use crate::model::{self, *};
use std::collections::BTreeSet;
use whosaw_verifier::body::{self, ActionBody, PartGroup, Run};
use whosaw_verifier::part::SealedName;

/// Names that must stand sealed, and which subject kinds may stand in the open.
#[derive(Default)]
pub struct SealedNames {
    pub values: Vec<SealedName>,
    /// For each person, their kind as data subject if it is registered.
    pub public_kinds: Vec<String>,
}

/// Decides for each name whether the registry knows it.
struct Names<'a> {
    registry: &'a Registry,
    sealed: SealedNames,
}

impl Names<'_> {
    fn public(&mut self, known: bool, field: NamedField, position: usize, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        if known {
            return value.to_owned();
        }
        self.seal(field, position, value);
        String::new()
    }

    fn seal(&mut self, field: NamedField, position: usize, value: &str) {
        self.sealed.values.push(SealedName { field, position: position as u32, value: value.to_owned() });
    }

    /// A person's kind stands in their own part. Where they are listed more than once with different kinds, the others
    /// are sealed under the positions of those subjects. Answers whether a kind is sealed.
    fn kinds(&mut self, action: &Action, people: &People) -> bool {
        let mut any_sealed = false;
        for person in &people.persons {
            let mut own = "";
            for node in &person.nodes {
                let Node::Subject(i) = *node else { continue };
                let kind = action.subjects[i].kind.as_str();
                if own.is_empty() {
                    own = kind;
                } else if !kind.is_empty() && kind != own {
                    self.seal(NamedField::SubjectKind, i, kind);
                }
            }
            let known = !own.is_empty() && self.registry.term("kind", own);
            any_sealed |= !own.is_empty() && !known;
            self.sealed.public_kinds.push(if known { own.to_owned() } else { String::new() });
        }
        any_sealed
    }

    fn registered(&mut self, kind: RegistryKind, field: NamedField, position: usize, value: &str) -> String {
        let known = !value.is_empty() && self.registry.contains(kind, value);
        self.public(known, field, position, value)
    }

    fn term(&mut self, term: &str, field: NamedField, position: usize, value: &str) -> String {
        let known = !value.is_empty() && self.registry.term(term, value);
        self.public(known, field, position, value)
    }

    /// Agents, services, groups and organisations stand in the registry as agents or parties.
    fn party(&mut self, field: NamedField, position: usize, value: &str) -> String {
        let contains = |kind| self.registry.contains(kind, value);
        let known = !value.is_empty() && (contains(RegistryKind::Agent) || contains(RegistryKind::Party));
        self.public(known, field, position, value)
    }
}

pub fn build(
    action: &Action,
    caller: &Caller,
    registry: &Registry,
    codes: &Codes,
    people: &People,
) -> (ActionBody, SealedNames) {
    let mut names = Names { registry, sealed: SealedNames::default() };
    let part = |ordinal: &Option<u32>| ordinal.map_or(0, |ordinal| ordinal + 1);
    let actors = action
        .actors
        .iter()
        .zip(&people.actors)
        .enumerate()
        .map(|(i, (actor, ordinal))| body::Actor {
            kind: actor.kind,
            name: names.party(NamedField::ActorName, i, &actor.name),
            version: names.term("version", NamedField::ActorVersion, i, &actor.version),
            model: names.term("model", NamedField::ActorModel, i, &actor.model),
            vendor: names.term("vendor", NamedField::ActorVendor, i, &actor.vendor),
            region: names.term("region", NamedField::ActorRegion, i, &actor.region),
            part: part(ordinal),
        })
        .collect();
    let source = action.source.as_ref().map(|source| body::Source {
        name: names.registered(RegistryKind::Source, NamedField::SourceName, 0, &source.name),
        sequence: source.sequence,
        clock_us: micros(source.clock_us),
        skew_us: source.skew_us,
        chained: !source.previous_hash.is_empty(),
    });
    let policy = action.policy.as_ref().map(|policy| body::Policy {
        id: names.term("policy", NamedField::PolicyId, 0, &policy.id),
        version: names.term("policy-version", NamedField::PolicyVersion, 0, &policy.version),
        decision: policy.decision,
    });
    let recipients = action
        .recipients
        .iter()
        .zip(&codes.recipients)
        .zip(&people.recipients)
        .enumerate()
        .map(|(i, ((recipient, kind), ordinal))| body::Recipient {
            kind: *kind,
            party: recipient.party,
            name: names.party(NamedField::RecipientName, i, &recipient.name),
            country: recipient.country.clone(),
            part: part(ordinal),
        })
        .collect();
    let protection = action.protection.as_ref().map(|protection| body::Protection {
        encrypted: protection.encrypted,
        pseudonymised: protection.pseudonymised,
        key_id: names.term("key", NamedField::KeyId, 0, &protection.key_id),
    });
    let catalogue = action.catalogue.as_ref().map(|catalogue| body::CatalogueRef {
        version: names.registered(RegistryKind::Catalogue, NamedField::CatalogueVersion, 0, &catalogue.version),
        digest: catalogue.digest.clone(),
    });
    let facts = facts(action, codes, people, &mut names);
    let kind_sealed = names.kinds(action, people);
    let tool = names.registered(RegistryKind::Tool, NamedField::Tool, 0, &action.tool);
    let dataset = names.registered(RegistryKind::Dataset, NamedField::Dataset, 0, &action.dataset);
    let purpose = names.term("purpose", NamedField::Purpose, 0, &action.purpose);
    let caller_name = names.public(registry.knows_caller(&caller.name), NamedField::CallerName, 0, &caller.name);
    let sealed = names.sealed;
    let mut sealed_names: Vec<NamedField> = sealed.values.iter().map(|name| name.field).collect();
    sealed_names.extend(kind_sealed.then_some(NamedField::SubjectKind));
    let unknown = |name: &str| name != action.dataset && !registry.contains(RegistryKind::Dataset, name);
    sealed_names.extend(datasets_of_records(action).any(unknown).then_some(NamedField::RecordDataset));
    sealed_names.sort_unstable();
    sealed_names.dedup();
    let mut doubts = action.doubts.clone();
    doubts.sort_unstable();
    doubts.dedup();
    let body = ActionBody {
        verb: codes.verb,
        outcome: action.outcome,
        occurred: action.occurred.as_ref().map(|occurred| body::Occurred {
            earliest_us: micros(occurred.earliest_us),
            latest_us: micros(occurred.latest_us),
            source: occurred.source,
        }),
        caller: Some(body::Caller { name: caller_name, assurance: caller.assurance }),
        actors,
        source,
        tool,
        dataset,
        purpose,
        legal_bases: codes.legal_bases.clone(),
        policy,
        approval: action.approval.as_ref().map(|approval| approval.result).unwrap_or_default(),
        break_glass: !action.break_glass_reason.is_empty(),
        recipients,
        records_asked: quantity(&action.records_asked),
        records_delivered: quantity(&action.records_delivered),
        subjects_asked: quantity(&action.subjects_asked),
        subjects_delivered: quantity(&action.subjects_delivered),
        protection,
        catalogue,
        determination: action.determination,
        doubts,
        agent_signature: action.agent_signature.as_ref().map(signature),
        sealed_names,
        facts,
        provenance: action.provenance,
        links: links(&action.links),
        ..ActionBody::default()
    };
    (body, sealed)
}

/// Registered datasets in which records stand that the action names, but for its own: what is asked about them has to find
/// it. Read before records are left out: that it went there is not what they would have said of somebody.
pub fn record_datasets(action: &Action, registry: &Registry) -> Vec<String> {
    let other = |name: &&str| *name != action.dataset && registry.contains(RegistryKind::Dataset, name);
    let names: BTreeSet<&str> = datasets_of_records(action).filter(other).collect();
    names.into_iter().map(str::to_owned).collect()
}

fn datasets_of_records(action: &Action) -> impl Iterator<Item = &str> {
    let of_persons = action.subjects.iter().flat_map(|subject| &subject.records);
    let names = of_persons.chain(&action.records).map(|record| record.dataset.as_str());
    names.filter(|name| !name.is_empty())
}

/// Takes what may be said of the parts: runs of neighbours that are alike in public stand as one group.
pub fn groups(parts: &mut [Described]) -> Vec<PartGroup> {
    let mut groups: Vec<PartGroup> = Vec::new();
    for (ordinal, part) in parts.iter_mut().enumerate() {
        let public = PartGroup { first: ordinal as u32, ..std::mem::take(&mut part.public) };
        match groups.last_mut() {
            Some(last) if alike(last, &public) => last.count += 1,
            _ => groups.push(public),
        }
    }
    groups
}

fn alike(a: &PartGroup, b: &PartGroup) -> bool {
    let PartGroup { first: _, count: _, roles, kind, strength, categories, holds_content, shared_by } = a;
    *roles == b.roles
        && *kind == b.kind
        && *strength == b.strength
        && *categories == b.categories
        && *holds_content == b.holds_content
        && *shared_by == b.shared_by
}

fn facts(action: &Action, codes: &Codes, people: &People, names: &mut Names<'_>) -> Vec<body::Fact> {
    let facts = action.facts.iter().zip(&people.facts).zip(codes.fact_rights.iter().zip(&codes.fact_categories));
    facts
        .enumerate()
        .map(|(i, ((fact, ordinal), (rights, categories)))| body::Fact {
            kind: fact.kind,
            edge: fact.edge,
            resource: names.registered(RegistryKind::Dataset, NamedField::FactResource, i, &fact.resource),
            party: fact.party,
            name: names.party(NamedField::FactName, i, &fact.name),
            part: ordinal.map_or(0, |ordinal| ordinal + 1),
            rights: rights.clone(),
            categories: categories.clone(),
            end: fact.end,
            end_earliest_us: micros(fact.end_earliest_us),
            end_latest_us: micros(fact.end_latest_us),
            coverage: fact.coverage,
            source: names.registered(RegistryKind::Source, NamedField::SourceName, i + 1, &fact.source),
            subjects: runs(fact.subjects.iter().map(|position| people.subjects[*position as usize]).collect()),
            recoverable_until_us: micros(fact.recoverable_until_us),
        })
        .collect()
}

fn runs(mut ordinals: Vec<u32>) -> Vec<Run> {
    ordinals.sort_unstable();
    ordinals.dedup();
    let mut runs: Vec<Run> = Vec::new();
    for ordinal in ordinals {
        match runs.last_mut() {
            Some(run) if run.first + run.count == ordinal => run.count += 1,
            _ => runs.push(Run { first: ordinal, count: 1 }),
        }
    }
    runs
}

fn quantity(quantity: &Option<model::Quantity>) -> Option<body::Quantity> {
    quantity.as_ref().map(|q| body::Quantity { precision: q.precision, count: q.count })
}

fn links(links: &Links) -> Option<body::LinkCounts> {
    let counts = body::LinkCounts {
        parents: links.parents.len() as u32,
        caused_by: links.caused_by.len() as u32,
        same_act_as: links.same_act_as.len() as u32,
        corrects: links.corrects.len() as u32,
        retracts: links.retracts.len() as u32,
    };
    (counts != body::LinkCounts::default()).then_some(counts)
}

fn signature(signature: &model::AgentSignature) -> body::AgentSignature {
    let commitments = signature.parts.iter().enumerate().map(|(j, part)| {
        let nonce = <[u8; 32]>::try_from(part.nonce.as_slice()).expect("checked before a body is built");
        whosaw_verifier::agent::part_commitment(&nonce, j as u32, &part.as_sent).to_vec()
    });
    body::AgentSignature {
        key_id: signature.key_id.clone(),
        claim: signature.claim.clone(),
        signature: signature.signature.clone(),
        commitments: commitments.collect(),
    }
}

/// Checked to be after 1970, or zero for absent.
fn micros(us: i64) -> u64 {
    u64::try_from(us).unwrap_or(0)
}
