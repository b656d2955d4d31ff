//! Orders that keep accesses from a person (GDPR Art. 23). What an order covers, and all that it caused, is taken out of that
//! person's report before anything is counted, so that no number, gap or field betrays it.

use super::proving::Proving;
use super::read::join_content;
use super::registry::DocumentInForce;
use super::{EngineError, OpenLedger};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::registry::Suppression;
use crate::report::evidence::{LedgerRead, Observation};
use crate::report::exposure::evidence::Suppressed;
use crate::vault::{self, PartPlace, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use whosaw_verifier::body::{self, ActionBody, Body};
use whosaw_verifier::part::ContentPart;

/// The orders of one registry that were in force at an instant.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    registry: Option<Arc<DocumentInForce>>,
    at_us: u64,
}

impl Orders {
    pub(super) fn is_any(&self) -> bool {
        self.in_force().next().is_some()
    }

    fn in_force(&self) -> impl Iterator<Item = &Suppression> {
        self.registry.iter().flat_map(|registry| registry.document.orders_at(self.at_us))
    }
}

/// Those that are about one person, and those that are about somebody who may be that person.
pub(super) struct OrdersOver<'a> {
    certain: Vec<&'a Suppression>,
    weak: Vec<&'a Suppression>,
    registry: Option<&'a DocumentInForce>,
}

impl OrdersOver<'_> {
    pub fn is_any(&self) -> bool {
        !self.certain.is_empty()
    }
}

/// Entries of which the person must not be told.
#[derive(Default)]
pub(super) struct Hidden {
    pub certain: BTreeSet<u64>,
    /// Of those that are only weakly linked.
    pub weak: BTreeSet<u64>,
}

/// An entry that was judged, with all that opens of it for whomever.
struct Judged {
    recorded_at_us: u64,
    told: Told,
    content: Option<ContentPart>,
    /// The content is there, and does not open.
    closed: bool,
}

enum Told {
    Action(Box<ActionBody>),
    /// Somebody looked into the ledger: pulled a report, or opened entries.
    Looked(Option<body::Caller>),
}

impl OpenLedger {
    /// Orders of the registry that this entry put in force; none where there is no registry.
    pub(super) fn orders(&self, registry: Option<u64>, at_us: u64) -> Result<Orders, EngineError> {
        let registry = match registry {
            None => None,
            Some(index) => self.registry_document_at(index + 1)?,
        };
        Ok(Orders { registry, at_us })
    }

    pub(super) fn orders_over<'a>(
        &self,
        orders: &'a Orders,
        asked: &Identity,
        certain: &[PersonId],
        weak: &[PersonId],
    ) -> Result<OrdersOver<'a>, EngineError> {
        let asked = vault::normal(asked);
        let registry = orders.registry.as_deref();
        let mut over = OrdersOver { certain: Vec::new(), weak: Vec::new(), registry };
        for order in orders.in_force() {
            let (mut is_theirs, mut may_be_theirs) = (false, false);
            for subject in &order.subjects {
                let identity = vault::normal(&subject.identity());
                is_theirs |= identity.namespace == asked.namespace && identity.fields == asked.fields;
                if let Some(person) = self.vault.find(&identity)? {
                    is_theirs |= certain.contains(&person);
                    may_be_theirs |= weak.contains(&person);
                }
            }
            match (is_theirs, may_be_theirs) {
                (true, _) => over.certain.push(order),
                (false, true) => over.weak.push(order),
                (false, false) => {}
            }
        }
        Ok(over)
    }

    /// Which of these entries are covered, with all that they caused.
    pub(super) fn hidden(
        &self,
        orders: &OrdersOver<'_>,
        certain: &[Observation],
        weak: &[Observation],
        head: &Proving,
    ) -> Result<Hidden, EngineError> {
        let Some(registry) = orders.registry else { return Ok(Hidden::default()) };
        if orders.certain.is_empty() && orders.weak.is_empty() {
            return Ok(Hidden::default());
        }
        let indexes = |of: &[Observation]| of.iter().map(|observation| observation.index).collect::<BTreeSet<u64>>();
        let (of_certain, of_weak) = (indexes(certain), indexes(weak));
        let all = self.judged(of_certain.union(&of_weak).copied(), head)?;
        let by_certain = self.covered_by(&orders.certain, registry, &all, head)?;
        let maybe: BTreeMap<u64, Judged> = match orders.weak.is_empty() {
            true => BTreeMap::new(),
            false => self.judged(of_weak.iter().copied(), head)?,
        };
        let by_weak = self.covered_by(&orders.weak, registry, &maybe, head)?;
        let weak = by_certain.union(&by_weak).copied().collect();
        Ok(Hidden { certain: by_certain, weak })
    }

    /// Of readings of the ledger those of which the person may be told.
    pub(super) fn readings_told(
        &self,
        orders: &OrdersOver<'_>,
        mut readings: Vec<LedgerRead>,
        head: &Proving,
    ) -> Result<Vec<LedgerRead>, EngineError> {
        let Some(registry) = orders.registry.filter(|_| orders.is_any()) else { return Ok(readings) };
        let judged = self.judged(readings.iter().map(|reading| reading.index), head)?;
        let is_covered = |judged: &Judged| orders.certain.iter().any(|order| covers(order, registry, judged));
        readings.retain(|reading| !judged.get(&reading.index).is_some_and(is_covered));
        Ok(readings)
    }

    /// Which of these entries the orders in force at the head keep from whom they are about: by which reference, until when.
    pub(super) fn kept_from_somebody(
        &self,
        entries: &BTreeMap<u64, StoredEntry>,
        head: &Proving,
    ) -> Result<Vec<Suppressed>, EngineError> {
        let registry = self.registry_document_at(head.size)?;
        let orders = Orders { registry, at_us: head.recorded_at_us };
        let mut found = BTreeMap::new();
        for order in orders.in_force() {
            let mut subjects = BTreeSet::new();
            for subject in &order.subjects {
                if let Some(person) = self.vault.find(&vault::normal(&subject.identity()))? {
                    subjects.extend(self.vault.linked(person)?);
                }
            }
            let mut theirs = BTreeSet::new();
            for entry in entries.values() {
                let index = entry.header.index;
                for ordinal in 0..entry.header.parts {
                    let readers = self.vault.readers_of(PartPlace { index, ordinal })?;
                    if !readers.is_disjoint(&subjects) {
                        theirs.insert(index);
                        break;
                    }
                }
            }
            let judged = self.judged(theirs.into_iter(), head)?;
            let Some(registry) = orders.registry.as_deref() else { continue };
            for index in self.covered_by(&[order], registry, &judged, head)? {
                let (reference, until) = (order.reference.clone(), order.until.clone());
                found.entry(index).or_insert(Suppressed { index, reference, until });
            }
        }
        Ok(found.into_values().collect())
    }

    fn judged(&self, indexes: impl Iterator<Item = u64>, head: &Proving) -> Result<BTreeMap<u64, Judged>, EngineError> {
        let mut all = BTreeMap::new();
        for index in indexes {
            let Some(entry) = self.ledger.entry(index)? else { continue };
            all.extend(self.to_judge(&entry, head)?.map(|judged| (index, judged)));
        }
        Ok(all)
    }

    fn to_judge(&self, entry: &StoredEntry, head: &Proving) -> Result<Option<Judged>, EngineError> {
        let told = match entry.content.as_ref().map(|(_, body)| Body::decode(entry.header.kind, body)) {
            Some(Ok(Body::Action(body))) => Told::Action(body),
            Some(Ok(Body::ReportProduced(body))) => Told::Looked(body.caller),
            Some(Ok(Body::LedgerAccess(body))) => Told::Looked(body.caller),
            // A body that was pruned may have said anything.
            None if entry.header.kind == EntryKind::Action as u8 => Told::Action(Box::default()),
            _ => return Ok(None),
        };
        let ordinals: Vec<u32> = (0..entry.header.parts).collect();
        let opened = self.open_proved(entry, &ordinals, head)?;
        let content = join_content(opened.iter().map(|(_, part)| part));
        let closed = content.is_none() && (opened.len() as u64) < u64::from(entry.header.parts);
        Ok(Some(Judged { recorded_at_us: entry.header.recorded_at_us, told, content, closed }))
    }

    /// Those that an order covers, what is the same act, what amends it, and all that it caused, through whatever entries.
    fn covered_by(
        &self,
        orders: &[&Suppression],
        registry: &DocumentInForce,
        all: &BTreeMap<u64, Judged>,
        head: &Proving,
    ) -> Result<BTreeSet<u64>, EngineError> {
        let is_covered = |judged: &Judged| orders.iter().any(|order| covers(order, registry, judged));
        let mut covered: BTreeSet<u64> =
            all.iter().filter(|(_, judged)| is_covered(judged)).map(|(index, _)| *index).collect();
        if covered.is_empty() {
            return Ok(covered);
        }
        let mut ids: BTreeSet<Vec<u8>> = BTreeSet::new();
        for judged in covered.iter().filter_map(|index| all.get(index)) {
            ids.extend(judged.content.iter().flat_map(same_act));
        }
        // What was found to come of a covered act, or not to, wherever it stands.
        let mut known: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
        loop {
            let before = covered.len();
            for (index, judged) in all {
                let Some(content) = judged.content.as_ref().filter(|_| !covered.contains(index)) else { continue };
                let amends = content.corrects.iter().chain(&content.retracts).any(|id| ids.contains(id));
                let same = same_act(content).any(|id| ids.contains(&id));
                if amends || same || self.comes_of(content, &ids, &mut known, head)? {
                    covered.insert(*index);
                    ids.extend(same_act(content));
                }
            }
            if covered.len() == before {
                return Ok(covered);
            }
            known.retain(|_, comes_of_it| *comes_of_it);
        }
    }

    /// Whether one of these acts is among its causes, however far back.
    fn comes_of(
        &self,
        content: &ContentPart,
        ids: &BTreeSet<Vec<u8>>,
        known: &mut BTreeMap<Vec<u8>, bool>,
        head: &Proving,
    ) -> Result<bool, EngineError> {
        let mut wanted: Vec<Vec<u8>> = causes(content).collect();
        let mut seen: BTreeSet<Vec<u8>> = BTreeSet::new();
        let mut found = false;
        while let Some(id) = wanted.pop() {
            if ids.contains(&id) || known.get(&id) == Some(&true) {
                found = true;
                break;
            }
            if known.contains_key(&id) || !seen.insert(id.clone()) {
                continue;
            }
            let Ok(id) = <[u8; 16]>::try_from(id) else { continue };
            for index in self.ledger.recorded_as(id)?.into_iter().filter(|index| *index < head.size) {
                let Some(entry) = self.ledger.entry(index)? else { continue };
                let judged = self.to_judge(&entry, head)?;
                wanted.extend(judged.and_then(|judged| judged.content).iter().flat_map(causes));
            }
        }
        if !found {
            known.extend(seen.into_iter().map(|id| (id, false)));
        }
        Ok(found)
    }
}

/// Its own id, and those of reports of the same act.
fn same_act(content: &ContentPart) -> impl Iterator<Item = Vec<u8>> + '_ {
    let own = std::iter::once(&content.action_id).filter(|id| !id.is_empty());
    own.chain(&content.same_act_as).cloned()
}

fn causes(content: &ContentPart) -> impl Iterator<Item = Vec<u8>> + '_ {
    content.parents.iter().chain(&content.caused_by).cloned()
}

/// Whether an order is about it. What stands sealed and does not open may be what the order names.
fn covers(order: &Suppression, registry: &DocumentInForce, judged: &Judged) -> bool {
    let says = |names: &[String], public: &str, field: NamedField, position: usize, is_sealed: bool| {
        let is_named = |name: &str| names.iter().any(|known| known == name);
        if !public.is_empty() {
            return is_named(public);
        }
        let Some(content) = &judged.content else { return is_sealed && judged.closed && !names.is_empty() };
        let mut sealed = content.names.iter().filter(|it| it.field == field && it.position as usize == position);
        // One that was taken out with somebody whom it named may be what the order names.
        sealed.any(|it| is_named(&it.value) || (it.value.is_empty() && !names.is_empty()))
    };
    let caller = |caller: &Option<body::Caller>, is_sealed: bool| {
        caller.as_ref().is_some_and(|it| says(&order.callers, &it.name, NamedField::CallerName, 0, is_sealed))
    };
    let no_one = order.callers.is_empty() && order.actors.is_empty() && order.recipients.is_empty();
    let fits = |names: &[String], is_named: bool| names.is_empty() || is_named;
    match &judged.told {
        // It touches no dataset and has no purpose: only who looked can be named by an order.
        Told::Looked(by) => {
            let about_acts = !order.datasets.is_empty() || !order.purposes.is_empty() || !order.cases.is_empty();
            let (at, until) = (judged.recorded_at_us, judged.recorded_at_us);
            (no_one || caller(by, true)) && !about_acts && within(order, registry, at, until)
        }
        Told::Action(body) => {
            let sealed = |field: NamedField| body.sealed_names.contains(&field);
            let actor = body.actors.iter().enumerate().any(|(at, actor)| {
                says(&order.actors, &actor.name, NamedField::ActorName, at, sealed(NamedField::ActorName))
            });
            let recipient = body.recipients.iter().enumerate().any(|(at, recipient)| {
                let is_sealed = sealed(NamedField::RecipientName);
                says(&order.recipients, &recipient.name, NamedField::RecipientName, at, is_sealed)
            });
            let dataset = says(&order.datasets, &body.dataset, NamedField::Dataset, 0, sealed(NamedField::Dataset));
            let purpose = says(&order.purposes, &body.purpose, NamedField::Purpose, 0, sealed(NamedField::Purpose));
            let case = match &judged.content {
                None => judged.closed,
                Some(content) => {
                    let named = [&content.conversation, &content.instruction];
                    order.cases.iter().any(|case| named.contains(&case))
                }
            };
            let recorded = judged.recorded_at_us;
            let (from, until) = match &body.occurred {
                Some(at) if at.latest_us > 0 => (at.earliest_us.min(recorded), at.latest_us.min(recorded)),
                _ => (recorded, recorded),
            };
            (no_one || actor || recipient || caller(&body.caller, sealed(NamedField::CallerName)))
                && fits(&order.datasets, dataset)
                && fits(&order.purposes, purpose)
                && fits(&order.cases, case)
                && within(order, registry, from, until)
        }
    }
}

/// Some of the time lies in the order's period, by the calendar of the profile's zone.
fn within(order: &Suppression, registry: &DocumentInForce, from_us: u64, until_us: u64) -> bool {
    let (first, last) = (registry.document.day_of(from_us), registry.document.day_of(until_us));
    let begun = |from: &String| last.as_ref().is_none_or(|last| last >= from);
    let open = |until: &String| first.as_ref().is_none_or(|first| first < until);
    order.acts_from.as_ref().is_none_or(begun) && order.acts_until.as_ref().is_none_or(open)
}
