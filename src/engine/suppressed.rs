//! Orders that keep accesses from a person (GDPR Art. 23). What an order covers, and all that it caused, is taken out of that
//! person's report before anything is counted, so that no number, gap or field betrays it.

use super::proving::Proving;
use super::read::join_content;
use super::registry::DocumentInForce;
use super::{EngineError, OpenLedger};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::registry::Suppression;
use crate::report::evidence::{LedgerRead, Observation, ToldBy};
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
    index: u64,
    recorded_at_us: u64,
    /// Whose ids it names others by.
    told_by: ToldBy,
    told: Told,
    content: Option<ContentPart>,
    /// The content is there, and does not open.
    closed: bool,
}

/// What an id speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Spoken {
    Of(u64),
    /// Nothing is on file under this id: whoever else names it speaks of the same.
    Unknown(Vec<u8>),
}

/// What was looked up while entries were held against orders.
struct Looked<'a> {
    head: &'a Proving,
    callers: BTreeMap<u64, ToldBy>,
    causes: BTreeMap<u64, Vec<Spoken>>,
    /// What was found to come of a covered act, or not to, wherever it stands.
    comes_of: BTreeMap<Spoken, bool>,
}

enum Told {
    Action(Box<ActionBody>),
    /// Somebody looked into the ledger: pulled a report, opened entries, looked a person up; or did something about them in
    /// it, such as to link them, or a step of a case.
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
        let untold = self.looks_untold(orders, readings.iter().map(|reading| reading.index), head)?;
        readings.retain(|reading| !untold.contains(&reading.index));
        Ok(readings)
    }

    /// Of entries by which somebody looked into the ledger those of which the person must not be told.
    pub(super) fn looks_untold(
        &self,
        orders: &OrdersOver<'_>,
        looks: impl Iterator<Item = u64>,
        head: &Proving,
    ) -> Result<BTreeSet<u64>, EngineError> {
        let Some(registry) = orders.registry.filter(|_| orders.is_any()) else { return Ok(BTreeSet::new()) };
        let is_covered = |judged: &Judged| orders.certain.iter().any(|order| covers(order, registry, judged));
        let judged = self.judged(looks, head)?;
        Ok(judged.values().filter(|judged| is_covered(judged)).map(|judged| judged.index).collect())
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
                    let readers = self.whose(PartPlace { index, ordinal })?;
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
        let index = entry.header.index;
        let told = match entry.body() {
            Some(Ok(Body::Action(body))) => Told::Action(body),
            Some(Ok(Body::ReportProduced(body))) => Told::Looked(body.caller),
            Some(Ok(Body::LedgerAccess(body))) => Told::Looked(body.caller),
            Some(Ok(Body::Person(body))) => Told::Looked(body.caller),
            Some(Ok(Body::Case(body))) => Told::Looked(body.caller),
            // A body that was pruned may have said anything.
            None if entry.header.kind == EntryKind::Action as u8 => Told::Action(Box::default()),
            _ => return Ok(None),
        };
        let ordinals: Vec<u32> = (0..entry.header.parts).collect();
        let opened = self.open_proved(entry, &ordinals, head)?;
        let content = join_content(opened.iter().map(|(_, part)| part));
        let closed = content.is_none() && (opened.len() as u64) < u64::from(entry.header.parts);
        let told_by = match (&told, &entry.content) {
            (_, None) => ToldBy::Closed(index),
            (Told::Action(body), _) => ToldBy::of(index, body, content.as_ref()),
            (Told::Looked(_), _) => ToldBy::Nobody,
        };
        Ok(Some(Judged { index, recorded_at_us: entry.header.recorded_at_us, told_by, told, content, closed }))
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
        let callers = all.values().map(|judged| (judged.index, judged.told_by.clone())).collect();
        let mut looked = Looked { head, callers, causes: BTreeMap::new(), comes_of: BTreeMap::new() };
        let mut acts: BTreeSet<Spoken> = BTreeSet::new();
        for judged in covered.iter().filter_map(|index| all.get(index)) {
            acts.extend(self.same_act(judged, &mut looked)?);
        }
        loop {
            let before = covered.len();
            for (index, judged) in all {
                let Some(content) = judged.content.as_ref().filter(|_| !covered.contains(index)) else { continue };
                let amended = content.corrects.iter().chain(&content.retracts);
                let amended = self.meant_by(amended, &judged.told_by, &mut looked)?;
                let same = self.same_act(judged, &mut looked)?;
                let is_of_it = amended.iter().chain(&same).any(|spoken| acts.contains(spoken));
                if is_of_it || self.comes_of(judged, &acts, &mut looked)? {
                    covered.insert(*index);
                    acts.extend(same);
                }
            }
            if covered.len() == before {
                return Ok(covered);
            }
            looked.comes_of.retain(|_, comes_of_it| *comes_of_it);
        }
    }

    /// Whether one of these acts is among its causes, however far back.
    fn comes_of(&self, judged: &Judged, acts: &BTreeSet<Spoken>, looked: &mut Looked<'_>) -> Result<bool, EngineError> {
        let mut wanted = self.causes_told(judged, looked)?;
        let mut seen: BTreeSet<Spoken> = BTreeSet::new();
        let mut found = false;
        while let Some(spoken) = wanted.pop() {
            if acts.contains(&spoken) || looked.comes_of.get(&spoken) == Some(&true) {
                found = true;
                break;
            }
            if looked.comes_of.contains_key(&spoken) || !seen.insert(spoken.clone()) {
                continue;
            }
            let Spoken::Of(index) = spoken else { continue };
            if let Some(known) = looked.causes.get(&index) {
                wanted.extend(known.iter().cloned());
            } else if let Some(entry) = self.ledger.entry(index)?
                && let Some(judged) = self.to_judge(&entry, looked.head)?
            {
                wanted.extend(self.causes_told(&judged, looked)?);
            }
        }
        if !found {
            looked.comes_of.extend(seen.into_iter().map(|spoken| (spoken, false)));
        }
        Ok(found)
    }

    /// Itself, and what it says is the same act.
    fn same_act(&self, judged: &Judged, looked: &mut Looked<'_>) -> Result<Vec<Spoken>, EngineError> {
        let same = judged.content.iter().flat_map(|content| &content.same_act_as);
        let mut acts = self.meant_by(same, &judged.told_by, looked)?;
        acts.push(Spoken::Of(judged.index));
        Ok(acts)
    }

    fn causes_told(&self, judged: &Judged, looked: &mut Looked<'_>) -> Result<Vec<Spoken>, EngineError> {
        if let Some(known) = looked.causes.get(&judged.index) {
            return Ok(known.clone());
        }
        let causes = judged.content.iter().flat_map(|content| content.parents.iter().chain(&content.caused_by));
        let causes = self.meant_by(causes, &judged.told_by, looked)?;
        looked.causes.insert(judged.index, causes.clone());
        Ok(causes)
    }

    /// What a caller means by these ids: an act of their own, else those of all others that have the id.
    fn meant_by<'a>(
        &self,
        ids: impl Iterator<Item = &'a Vec<u8>>,
        by: &ToldBy,
        looked: &mut Looked<'_>,
    ) -> Result<Vec<Spoken>, EngineError> {
        let mut spoken = Vec::new();
        for id in ids {
            let places = match <[u8; 16]>::try_from(id.as_slice()) {
                Ok(id) => self.ledger.recorded_as(id)?,
                Err(_) => Vec::new(),
            };
            let (mut own, mut others) = (Vec::new(), Vec::new());
            for index in places.into_iter().filter(|index| *index < looked.head.size) {
                let caller = match looked.callers.get(&index) {
                    Some(caller) => caller.clone(),
                    None => self.told_by_of(index, looked)?,
                };
                if caller == *by { own.push(index) } else { others.push(index) }
            }
            match if own.is_empty() { others } else { own } {
                none if none.is_empty() => spoken.push(Spoken::Unknown(id.clone())),
                places => spoken.extend(places.into_iter().map(Spoken::Of)),
            }
        }
        Ok(spoken)
    }

    fn told_by_of(&self, index: u64, looked: &mut Looked<'_>) -> Result<ToldBy, EngineError> {
        let entry = self.ledger.entry(index)?;
        let judged = match &entry {
            Some(entry) => self.to_judge(entry, looked.head)?,
            None => None,
        };
        let caller = judged.map_or(ToldBy::Closed(index), |judged| judged.told_by);
        looked.callers.insert(index, caller.clone());
        Ok(caller)
    }
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
            let dataset = says(&order.datasets, &body.dataset, NamedField::Dataset, 0, sealed(NamedField::Dataset))
                || body.record_datasets.iter().any(|name| order.datasets.contains(name));
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
                Some(at) if !is_of_no_clock(at.latest_us) => (at.earliest_us.min(recorded), at.latest_us.min(recorded)),
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
    let open = |until: &String| first.as_ref().is_none_or(|first| first <= until);
    order.acts_from.as_ref().is_none_or(begun) && order.acts_until.as_ref().is_none_or(open)
}
