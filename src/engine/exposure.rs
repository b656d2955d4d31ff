//! The exposure report: finds every entry by which something opened, closed or was reached, proves each, and records that
//! the report was made.

use super::access::{Produced, Pull, body_of};
use super::again::{Again, made};
use super::logging::can_be_relied_on;
use super::people::People;
use super::proving::Proving;
use super::read::join_content;
use super::resealed::Resealed;
use super::superseded::{Earlier, Which};
use super::{EngineError, OpenLedger};
use crate::exposure::calculus::fact::{Party, Person, Resource};
use crate::exposure::calculus::same::Same;
use crate::exposure::calculus::times::Instant;
use crate::exposure::telling::{At, Named, OpenedAction, Reached, Rules, Telling};
use crate::exposure::{Filter, Term, TermKind};
use crate::ledger::StoredEntry;
use crate::model::verbs::{is_kept_by_an_agent, passes_from_an_agent};
use crate::model::*;
use crate::registry;
use crate::report::clock::ClockFacts;
use crate::report::evidence::{Coverage, Envelope, KnownRegistry};
use crate::report::exposure::evidence::{ExposureEvidence, ExposureQuestion, Remarks};
use crate::report::exposure::facts;
use crate::report::exposure::registered::History;
use crate::report::question::RecordedExposure;
use crate::report::{Report, canonical};
use crate::vault::{self, PartPlace};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use whosaw_verifier::body::{ActionBody, Body};
use whosaw_verifier::hash::{Hash, sha256};
use whosaw_verifier::part::{ContentPart, FieldUse, Part};

/// Causes that are followed back in one report.
const CAUSES_MAX: usize = 10_000;
/// Entries of an agent that are looked at together.
const AT_ONCE: usize = 4_096;
/// People whose entries are looked through for what agents did beside.
const PERSONS_MAX: usize = 1_000;
/// Bytes of what a human says of it.
const REMARK_MAX: usize = 16 * 1024;
/// Resources that one report may ask for.
const RESOURCES_MAX: usize = 256;

/// What is asked for; what is left out is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposureAsked {
    pub resources: Vec<String>,
    /// 0: the size now.
    pub size: u64,
    /// Absent: when the last entry below the size was recorded.
    pub cut_off_us: Option<u64>,
    pub pull: Pull,
    /// The entry of an earlier report, which this one supersedes.
    pub supersedes: Option<u64>,
    pub remarks: Remarks,
}

/// What whoever asks says in their own words, by its field in the request.
pub(super) fn said(texts: &[(&str, &String)]) -> Result<(), EngineError> {
    for (field, text) in texts {
        if text.len() > REMARK_MAX || text.chars().any(|letter| letter.is_control() && letter != '\n') {
            let wrong = format!("is longer than {REMARK_MAX} bytes, or has a control character");
            return Err(EngineError::invalid(*field, wrong));
        }
    }
    Ok(())
}

impl OpenLedger {
    /// Answers an exposure question: gathers, states the facts, and records that a report left the house, before it does.
    pub async fn produce_exposure_report(
        self: &Arc<Self>,
        asked: ExposureAsked,
        caller: &Caller,
        progress: impl Fn(u64, u64) + Send + Sync + 'static,
    ) -> Result<Produced, EngineError> {
        let (open, generated_by) = (Arc::clone(self), caller.name.clone());
        let gathered = tokio::task::spawn_blocking(move || {
            let envelope = open.new_envelope(generated_by, asked.pull.clone())?;
            let question = open.exposure_question(asked)?;
            let head = open.head(question.size)?;
            let produced = open.exposure_produced(&question, &envelope, 0, &progress)?;
            let made = made(&produced, envelope.language)?;
            Ok::<_, EngineError>((RecordedExposure { question, envelope, made }, head, produced))
        });
        let (recorded, head, produced) = gathered.await.map_err(|_| EngineError::internal("the search stopped"))??;
        let body = body_of(ReportType::Exposure, &recorded.envelope, recorded.question.cut_off_us);
        let index = self.record_report(body, recorded.write()?, None, &head, caller).await?;
        self.signed(Produced { index, ..produced })
    }

    /// Blocks; `progress` hears how many entries of how many were opened.
    pub(super) fn exposure_produced(
        &self,
        question: &ExposureQuestion,
        envelope: &Envelope,
        index: u64,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Produced, EngineError> {
        let mut evidence = self.exposure_evidence(question, progress)?;
        evidence.detections = self.detections(&question.resources, &Proving::under(evidence.head.clone()))?;
        evidence.entries_proved += evidence.detections.len() as u64;
        let mut report = Report::Exposure(Box::new(facts(question, &evidence, envelope)));
        drop(evidence);
        if let Some(earlier) = question.supersedes {
            let asked = |bytes: &[u8]| {
                let asked = RecordedExposure::read(bytes)?.question;
                Some(Earlier { is_same: asked.resources == question.resources, supersedes: asked.supersedes })
            };
            let which = Which { index: earlier, size: question.size, report_type: ReportType::Exposure, asked: &asked };
            self.supersede(&mut report, &which, progress)?;
        }
        Ok(Produced {
            report,
            report_id: envelope.report_id,
            index,
            size: question.size,
            rows_missing: 0,
            again: Again::First,
            json: Vec::new(),
            note: String::new(),
        })
    }

    fn exposure_question(&self, asked: ExposureAsked) -> Result<ExposureQuestion, EngineError> {
        let ExposureAsked { mut resources, size, cut_off_us, supersedes, remarks, .. } = asked;
        if resources.is_empty() || resources.len() > RESOURCES_MAX {
            return Err(EngineError::invalid("resources", format!("holds none, or more than {RESOURCES_MAX}")));
        }
        let mut seen = BTreeSet::new();
        resources.retain(|resource| seen.insert(resource.clone()));
        let (size, cut_off_us) = self.as_of(size, cut_off_us)?;
        said(&[("open_questions", &remarks.open_questions), ("characterisation", &remarks.characterisation)])?;
        Ok(ExposureQuestion { resources, size, cut_off_us, supersedes, remarks })
    }

    pub(super) fn exposure_evidence(
        &self,
        question: &ExposureQuestion,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<ExposureEvidence, EngineError> {
        let head = self.projected_head(question.size)?;
        let versions = self.versions(head.size)?;
        let (registry, history) = (self.registry_at(head.size)?, self.history(head.size, &versions)?);
        let mut entries = self.exposing(question, head.size)?;
        let mut reading = Reading::of(self, &head, &history);
        let (mut told, mut parts_closed) = (Telling::default(), 0);
        let mut total = entries.len() as u64;
        let mut done = 0;
        parts_closed += self.told_by_all(entries.values(), &mut reading, &mut |body, opened| {
            match body {
                Body::Action(_) => told.take(&opened, &history),
                _ => restricted(&mut told, body, &opened),
            }
            progress(done, total);
            done += 1;
        })?;
        // What was told of is not read again, and there may be very much of it.
        entries.values_mut().for_each(|entry| entry.content = None);
        let number = |name: &String| told.resources.find(&Named::Registered(name.clone())).map(Resource);
        let asked: BTreeSet<Resource> = question.resources.iter().filter_map(number).collect();
        let mut looked = Looked::default();
        loop {
            let sittings = self.sittings(&asked, &told, &entries, &reading, &mut looked)?;
            if sittings.is_empty() {
                break;
            }
            parts_closed +=
                self.told_by_all(sittings.values(), &mut reading, &mut |_, opened| told.take(&opened, &history))?;
            total += sittings.len() as u64;
            entries.extend(sittings);
        }
        let mut causes = self.spoken_of(&mut told, &mut entries, &mut reading)?;
        causes += self.causes(&mut told, &mut entries, &mut reading)?;
        let (mut people, clock) = (reading.people, reading.clock);
        let roles = Roles::of(&versions, &told, &mut people)?;
        let same = people.same()?;
        let as_told = roles.settle(&mut told, &history, &same, question.cut_off_us);
        let forgotten = self.forgotten(&told)?;
        let said = self.coverage(head.size)?;
        let coverage_told = said.iter().map(|said| said.index).collect();
        let coverage: Vec<Coverage> = said.into_iter().filter(|said| can_be_relied_on(&told, said)).collect();
        let downtimes = self.downtimes(head.size)?;
        let heard = self.heard(&coverage, &registry, &history, &head.head, &downtimes)?;
        let undetermined = self.undetermined(head.size)?.iter().map(|sort| sort.count).sum();
        Ok(ExposureEvidence {
            told,
            as_told,
            forgotten,
            same,
            persons: people.identities(),
            coverage,
            coverage_told,
            heard,
            downtimes,
            registry,
            entries_proved: total + causes,
            suppressed: self.kept_from_somebody(&entries, &head)?,
            controller: self.known_registry(head.size)?,
            controllers: versions,
            history,
            parts_closed,
            pruned: self.removed_below(head.size)?.iter().map(|removed| removed.entries).sum(),
            undetermined,
            erased_at_most: self.erased_at_most(head.size)?,
            clock,
            // For whoever asks for the report itself: a case that asks for it knows its own.
            detections: Vec::new(),
            head: head.head,
        })
    }

    /// What these entries tell of acts, and what others say of that, which join them.
    pub(super) fn told_of(
        &self,
        entries: &mut BTreeMap<u64, StoredEntry>,
        reading: &mut Reading<'_>,
    ) -> Result<Telling, EngineError> {
        let (mut told, history) = (Telling::default(), reading.history);
        self.told_by_all(entries.values(), reading, &mut |body, opened| {
            if matches!(body, Body::Action(_)) {
                told.take(&opened, history);
            }
        })?;
        self.spoken_of(&mut told, entries, reading)?;
        Ok(told)
    }

    /// Opens entries and hands out what each tells; answers how many of their parts are gone or do not open.
    pub(super) fn told_by_all<'e>(
        &self,
        entries: impl Iterator<Item = &'e StoredEntry>,
        reading: &mut Reading<'_>,
        told: &mut dyn FnMut(&Body, OpenedAction<'_>),
    ) -> Result<u64, EngineError> {
        let (entries, head) = (entries.collect::<Vec<_>>(), reading.head);
        let mut closed = 0;
        self.open_ahead(&entries, head, &mut |entry, opened| {
            let clock = &mut reading.clock;
            clock.recorded(entry.header.flags);
            match &opened {
                Some((Body::Action(action), _)) => clock.told(entry.header.recorded_at_us, action),
                None if entry.header.kind == EntryKind::Action as u8 => {
                    clock.told(entry.header.recorded_at_us, &ActionBody::default());
                }
                _ => {}
            }
            // What is removed or not understood opens something unknown.
            closed += match opened {
                Some((body, parts)) => self.told_by(entry, &body, &parts, reading, told)?,
                None => 1,
            };
            Ok(())
        })?;
        Ok(closed)
    }

    fn told_by(
        &self,
        entry: &StoredEntry,
        body: &Body,
        parts: &[(u32, Part)],
        reading: &mut Reading<'_>,
        told: &mut dyn FnMut(&Body, OpenedAction<'_>),
    ) -> Result<u64, EngineError> {
        let mut opened = Opened::of(entry, parts, &mut reading.people)?;
        if let Body::Person(_) = body {
            // Whom an act about a person concerns is whose key opens its part.
            for ordinal in 0..entry.header.parts {
                for id in self.whose(PartPlace { index: entry.header.index, ordinal })? {
                    opened.persons.insert(ordinal, reading.people.of_id(id)?);
                }
            }
        }
        let none = ActionBody::default();
        let action = if let Body::Action(action) = body { action.as_ref() } else { &none };
        if opened.content.is_none() && action.parts.iter().any(|group| group.holds_content) {
            opened.content = reading.resealed.content(entry.header.index)?;
        }
        let source = action.source.as_ref();
        let (index, recorded_at_us) = (entry.header.index, entry.header.recorded_at_us);
        let at = At { earliest: recorded_at_us, index };
        let action = OpenedAction {
            index,
            recorded_at_us,
            body: action,
            persons: opened.persons,
            told_as: opened.told_as,
            records: opened.records,
            fields: opened.fields,
            content: opened.content.as_ref(),
            delay_us: source.map_or(0, |source| reading.history.delivery_delay_us(&source.name, at)),
        };
        told(body, action);
        Ok(opened.closed)
    }

    /// What the registry said of names, and when.
    pub(super) fn history(&self, size: u64, versions: &[(u64, KnownRegistry)]) -> Result<History, EngineError> {
        let mut history = History::default();
        for (at, known) in versions {
            history.file(known.entry, *at, &known.document);
        }
        for index in self.ledger.registry_indexes()?.into_iter().take_while(|index| *index < size) {
            let Some(entry) = self.ledger.entry(index)? else { continue };
            let body = entry.body();
            if let Some(Ok(Body::Registry(body))) = body {
                history.record(index, entry.header.recorded_at_us, &body);
            }
        }
        Ok(history)
    }

    /// All of the controller's registries that were in force, ascending, each with when it was recorded.
    pub(super) fn versions(&self, size: u64) -> Result<Vec<(u64, KnownRegistry)>, EngineError> {
        let (mut all, mut at) = (Vec::new(), size);
        while let Some(known) = self.known_registry(at)? {
            at = known.entry;
            let recorded = self.ledger.entry(at)?.map_or(0, |entry| entry.header.recorded_at_us);
            all.push((recorded, known));
        }
        all.reverse();
        Ok(all)
    }

    /// Acts of agents that had data of these resources before them by which that may have gone elsewhere, or went: they may
    /// name no resource, or another. Of those agents that are known by now; told, they may tell of more.
    fn sittings(
        &self,
        asked: &BTreeSet<Resource>,
        told: &Telling,
        known: &BTreeMap<u64, StoredEntry>,
        reading: &Reading<'_>,
        looked: &mut Looked,
    ) -> Result<BTreeMap<u64, StoredEntry>, EngineError> {
        let (reached, size) = (told.agents_reached(asked), reading.head.size);
        let mut found = BTreeMap::new();
        for (agent, since) in &reached.agents {
            let until_us = looked.agents.insert(agent.clone(), *since);
            if until_us.is_some_and(|until| until <= *since) {
                looked.agents.extend(until_us.map(|until| (agent.clone(), until)));
                continue;
            }
            let by = agent.as_ref().map_or_else(Term::sealed_actor, |name| Term::new(TermKind::Actor, name.as_str()));
            for terms in terms_of_acts(&by) {
                // What was recorded before the agent had anything came before it, too.
                let filter = Filter { terms, from_us: Some(*since), until_us };
                for page in self.pages_matching(&filter, 0, size, AT_ONCE) {
                    let new: Vec<u64> = page?.into_iter().filter(|index| !known.contains_key(index)).collect();
                    let entries =
                        self.entries_at(&new)?.into_iter().filter(|entry| takes_along(entry.action().as_deref()));
                    found.extend(entries.map(|entry| (entry.header.index, entry)));
                }
            }
        }
        for index in self.beside(&reached, told, reading, looked)? {
            if let Entry::Vacant(unknown) = found.entry(index)
                && !known.contains_key(&index)
                && let Some(entry) = self.ledger.entry(index)?
            {
                unknown.insert(entry);
            }
        }
        Ok(found)
    }

    /// Acts of whatever agents in conversations in which one of these acted, or because of what is told. Both stand sealed,
    /// for the conversation where the act is about nobody, and else for those whom it is about.
    fn beside(
        &self,
        reached: &Reached,
        told: &Telling,
        reading: &Reading<'_>,
        looked: &mut Looked,
    ) -> Result<Vec<u64>, EngineError> {
        if reached.agents.is_empty() {
            return Ok(Vec::new());
        }
        let size = reading.head.size;
        let mut places: BTreeSet<u64> = BTreeSet::new();
        for text in reached.conversations.iter().filter(|text| !looked.conversations.contains(*text)) {
            let holder = self.conversation_holder(text)?;
            for place in holder.map(|holder| self.vault.occurrences(holder)).transpose()?.into_iter().flatten() {
                places.insert(place.index);
            }
        }
        looked.conversations.extend(reached.conversations.iter().cloned());
        let new: BTreeSet<Person> = reached.persons.difference(&looked.persons).copied().collect();
        if reached.persons.len() <= PERSONS_MAX {
            for id in reading.people.ids_of(&new)? {
                places.extend(self.vault.occurrences(id)?.into_iter().map(|place| place.index));
            }
        } else if looked.persons.len() <= PERSONS_MAX {
            // Of so many people it is less to read whatever agents sent anybody.
            let is_one =
                |verb: Verb| passes_from_an_agent(verb) || is_kept_by_an_agent(verb) || verb == Verb::ModelInfer;
            let verbs = Verb::ALL.iter().filter(|verb| is_one(**verb));
            for verb in verbs {
                let terms = vec![Term::new(TermKind::Verb, verb.code())];
                let filter = Filter { terms, from_us: reached.agents.values().min().copied(), ..Filter::default() };
                places.extend(self.indexes_matching(&filter, size)?);
            }
        }
        looked.persons.extend(new);
        let unseen: Vec<u64> =
            places.into_iter().filter(|index| *index < size && !looked.aside.contains_key(index)).collect();
        for indexes in unseen.chunks(AT_ONCE) {
            let by_agent = |entry: &StoredEntry| {
                let action = entry.action();
                takes_along(action.as_deref()) && is_by_agent(action.as_deref())
            };
            let entries: Vec<StoredEntry> = self.entries_at(indexes)?.into_iter().filter(by_agent).collect();
            self.open_ahead(&entries.iter().collect::<Vec<_>>(), reading.head, &mut |entry, opened| {
                let content = opened.and_then(|(_, parts)| join_content(parts.iter().map(|(_, part)| part)));
                if let Some(content) = content {
                    let causes = content.caused_by.into_iter().chain(content.parents).collect();
                    looked.aside.insert(entry.header.index, (content.conversation, causes));
                }
                Ok(())
            })?;
        }
        let meant = |(_, (conversation, causes)): &(&u64, &(String, Vec<Vec<u8>>))| {
            reached.conversations.contains(conversation) || causes.iter().any(|cause| told.knows(cause))
        };
        Ok(looked.aside.iter().filter(meant).map(|(index, _)| *index).collect())
    }

    /// What others correct, take back or review, wherever that stands and whoever gave it its id. Answers how many entries
    /// were read.
    pub(super) fn spoken_of(
        &self,
        told: &mut Telling,
        entries: &mut BTreeMap<u64, StoredEntry>,
        reading: &mut Reading<'_>,
    ) -> Result<u64, EngineError> {
        let mut read = 0;
        for id in told.spoken_of() {
            read += self.recorded_as(&id, told, entries, reading)?.len() as u64;
        }
        Ok(read)
    }

    /// Tells of the entries of an act's id that are not known yet, as causes only.
    fn recorded_as(
        &self,
        id: &[u8],
        told: &mut Telling,
        entries: &mut BTreeMap<u64, StoredEntry>,
        reading: &mut Reading<'_>,
    ) -> Result<Vec<u64>, EngineError> {
        let Ok(id) = <[u8; 16]>::try_from(id) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let places = self.ledger.recorded_as(id)?.into_iter().filter(|index| *index < reading.head.size);
        for index in places.collect::<Vec<_>>() {
            if let Entry::Vacant(unknown) = entries.entry(index) {
                let Some(entry) = self.ledger.entry(index)? else { continue };
                self.told_by_all([&entry].into_iter(), reading, &mut |_, opened| told.cause(&opened))?;
                unknown.insert(entry);
                found.push(index);
            }
            told.recorded_as(&id, index);
        }
        Ok(found)
    }

    /// Follows what was told back to what caused it, wherever that stands. Answers how many entries were read for it.
    fn causes(
        &self,
        told: &mut Telling,
        entries: &mut BTreeMap<u64, StoredEntry>,
        reading: &mut Reading<'_>,
    ) -> Result<u64, EngineError> {
        // Taken from the end: what nothing is told of yet comes first.
        let mut wanted: Vec<Vec<u8>> = told.causes_of(told.acts.keys().copied());
        let (mut looked, mut read) = (BTreeSet::new(), 0);
        while let Some(id) = wanted.pop().filter(|_| looked.len() < CAUSES_MAX) {
            if !looked.insert(id.clone()) {
                continue;
            }
            for index in self.recorded_as(&id, told, entries, reading)? {
                wanted.extend(told.causes_of([index]));
                read += 1;
            }
        }
        Ok(read)
    }

    /// Entries by which something opens or closes anywhere, those that name one of the resources, those whose resource
    /// stands sealed, and those that say something of others: corrections, reviews, restrictions.
    pub(super) fn exposing(
        &self,
        question: &ExposureQuestion,
        size: u64,
    ) -> Result<BTreeMap<u64, StoredEntry>, EngineError> {
        let of_resources = question.resources.iter().map(|name| Term::new(TermKind::Dataset, name.as_str()));
        let mut entries = BTreeMap::new();
        let reviews = Term::new(TermKind::Verb, Verb::BreakglassReview.code());
        let restrictions = Term::new(TermKind::EntryKind, EntryKind::Restriction.code());
        let everywhere = [Term::opening(), Term::sealed_resource(), Term::amending(), restrictions, reviews];
        for term in of_resources.chain(everywhere) {
            let found = self.entries_under(term, size)?;
            entries.extend(found.into_iter().map(|entry| (entry.header.index, entry)));
        }
        // What else was asked for a person opens and closes nothing.
        let asked = self.entries_under(Term::new(TermKind::EntryKind, EntryKind::Request.code()), size)?;
        let asked = asked.into_iter().filter(asks_for_erasure);
        entries.extend(asked.map(|entry| (entry.header.index, entry)));
        Ok(entries)
    }
}

/// Every act of an agent but what it only read or listed, of which there may be very many: of that, what went through a tool,
/// also through one that is not registered.
fn terms_of_acts(by: &Term) -> Vec<Vec<Term>> {
    let of_verb = |verb: &Verb| {
        let only_reads = matches!(verb, Verb::DataRead | Verb::DataList);
        let through = only_reads.then(Term::into_tool);
        [Term::new(TermKind::Verb, verb.code()), by.clone()].into_iter().chain(through).collect()
    };
    Verb::ALL.iter().map(of_verb).collect()
}

/// Acts by which what an agent had before it may go elsewhere, or goes, or is kept or forgotten under another name. What is
/// gone may have been one.
fn takes_along(action: Option<&ActionBody>) -> bool {
    let Some(body) = action else { return true };
    let into_tool = !body.tool.is_empty() || body.sealed_names.contains(&NamedField::Tool);
    let ends = matches!(body.verb, Verb::ContextClose | Verb::MemoryErase);
    into_tool
        || ends
        || passes_from_an_agent(body.verb)
        || is_kept_by_an_agent(body.verb)
        || body.verb == Verb::ModelInfer
}

fn is_by_agent(action: Option<&ActionBody>) -> bool {
    action.and_then(|action| action.actors.first()).is_some_and(|actor| actor.kind == PartyKind::Agent)
}

/// What was looked at for agents, so that it is looked at once.
#[derive(Default)]
struct Looked {
    /// From when on, by name.
    agents: BTreeMap<Option<String>, Instant>,
    conversations: BTreeSet<String>,
    persons: BTreeSet<Person>,
    /// Acts of agents that may belong to one of these: in which conversation, and because of what.
    aside: BTreeMap<u64, (String, Vec<Vec<u8>>)>,
}

/// What was asked for a person: of it, that their data may only be stored, or may be used again. Whoever asks for erasure is
/// restricted from then on; that they withdraw it leaves the restriction as it is until that is lifted.
fn restricted(told: &mut Telling, body: &Body, opened: &OpenedAction<'_>) {
    let Body::Person(act) = body else { return };
    let begins = match (act.act, act.decision) {
        (PersonAct::Restrict, Decision::Done) | (PersonAct::Erase, Decision::Received | Decision::Blocked) => true,
        (PersonAct::LiftRestriction, Decision::Done) => false,
        _ => return,
    };
    let persons: BTreeSet<Person> = opened.persons.values().copied().collect();
    if begins && persons.is_empty() {
        told.restricting_closed.insert(opened.index, opened.recorded_at_us);
    }
    for person in persons {
        told.restriction(opened.index, person, opened.recorded_at_us, begins);
    }
}

fn asks_for_erasure(entry: &StoredEntry) -> bool {
    let body = entry.body();
    matches!(body, Some(Ok(Body::Person(act))) if act.act == PersonAct::Erase)
}

pub(super) fn digest_of(produced: &Produced) -> Result<Hash, EngineError> {
    let json = canonical::of(&produced.report).map_err(|error| EngineError::internal(error.to_string()))?;
    Ok(sha256(&[&json]))
}

/// How entries are read for one report: as of which size, who is who in it, and where content is that was sealed anew.
pub(super) struct Reading<'a> {
    pub head: &'a Proving,
    pub history: &'a History,
    pub people: People<'a>,
    pub resealed: Resealed<'a>,
    /// By whose clocks the entries tell their times that were read.
    pub clock: ClockFacts,
}

impl<'a> Reading<'a> {
    pub fn of(open: &'a OpenLedger, head: &'a Proving, history: &'a History) -> Self {
        Reading { head, history, people: People::of(open), resealed: Resealed::of(open), clock: ClockFacts::default() }
    }
}

/// What opened of one action.
struct Opened {
    persons: BTreeMap<u32, Person>,
    /// By which identifier each is told; none where by several.
    told_as: BTreeMap<Person, Option<u32>>,
    /// In which datasets their records stand.
    records: BTreeMap<u32, BTreeSet<String>>,
    /// Which fields of theirs it names.
    fields: BTreeMap<u32, Vec<FieldUse>>,
    content: Option<ContentPart>,
    /// Parts that are gone or do not open.
    closed: u64,
}

impl Opened {
    fn of(entry: &StoredEntry, parts: &[(u32, Part)], people: &mut People<'_>) -> Result<Self, EngineError> {
        let closed = u64::from(entry.header.parts) - parts.len() as u64;
        let (mut persons, mut told_as) = (BTreeMap::new(), BTreeMap::new());
        let (mut records, mut fields) = (BTreeMap::new(), BTreeMap::new());
        for (ordinal, part) in parts {
            if let Some(person) = part.person.as_ref().filter(|person| !person.fields.is_empty()) {
                fields.insert(*ordinal, person.fields.clone());
            }
            if let Some((number, told)) = people.number(part)? {
                persons.insert(*ordinal, number);
                let only = |known: &mut Option<u32>| *known = known.filter(|known| *known == told);
                told_as.entry(number).and_modify(only).or_insert(Some(told));
            }
            let of_person = part.person.iter().flat_map(|person| &person.records);
            let datasets: BTreeSet<String> =
                of_person.map(|record| record.dataset.clone()).filter(|name| !name.is_empty()).collect();
            if !datasets.is_empty() {
                records.insert(*ordinal, datasets);
            }
        }
        let content = join_content(parts.iter().map(|(_, part)| part));
        Ok(Opened { persons, told_as, records, fields, content, closed })
    }
}

/// Who may do what, by each registry that was in force; nobody before the first.
pub(super) struct Roles(Vec<(u64, Role)>);

struct Role {
    amend: BTreeSet<Party>,
    /// Absent: whoever took no part.
    review: Option<BTreeSet<Party>>,
    review_us: Option<u64>,
    policies: HashMap<String, PolicyRule>,
}

struct PolicyRule {
    /// Absent: nobody is registered.
    approvers: Option<BTreeSet<Party>>,
    valid_us: Option<u64>,
}

impl Roles {
    pub fn of(versions: &[(u64, KnownRegistry)], told: &Telling, people: &mut People<'_>) -> Result<Self, EngineError> {
        let mut all = Vec::with_capacity(versions.len());
        for (_, KnownRegistry { entry, document }) in versions {
            let mut parties = |role: &registry::Role| -> Result<BTreeSet<Party>, EngineError> {
                let mut parties = BTreeSet::new();
                for person in &role.persons {
                    parties.insert(Party::Person(people.known(&vault::normal(&person.identity()))?));
                }
                let kinds = [PartyKind::Agent, PartyKind::Service, PartyKind::Group, PartyKind::Organisation];
                for (name, kind) in role.parties.iter().flat_map(|name| kinds.map(|kind| (name, kind))) {
                    let number = told.parties.find(&(kind, Named::Registered(name.clone())));
                    parties.extend(number.map(|number| Party::Named(kind, number)));
                }
                Ok(parties)
            };
            let mut who_may = |act: &str| -> Result<Option<BTreeSet<Party>>, EngineError> {
                let mut all = None;
                for role in document.who_may(act) {
                    all.get_or_insert_with(BTreeSet::new).extend(parties(role)?);
                }
                Ok(all)
            };
            let (amend, review) = (who_may("correct")?.unwrap_or_default(), who_may("review")?);
            let review_h = document.profile.as_ref().and_then(|profile| profile.break_glass_review_h);
            let mut policies = HashMap::new();
            for policy in &document.policies {
                let named = |role: &&registry::Role| Some(&role.name) == policy.approvers.as_ref();
                let approvers = document.who_may("approve").find(named).map(&mut parties).transpose()?;
                let valid_us = policy.valid_for_s.map(|seconds| u64::from(seconds) * 1_000_000);
                policies.insert(policy.id.clone(), PolicyRule { approvers, valid_us });
            }
            let review_us = review_h.map(|hours| u64::from(hours) * 3_600_000_000);
            all.push((*entry, Role { amend, review, review_us, policies }));
        }
        Ok(Roles(all))
    }

    /// Settles what was told by them. Both figures are told: what counts is taken out of this one; answered is what was told,
    /// where that is something else.
    pub fn settle(&self, told: &mut Telling, history: &History, same: &Same, cut_off: Instant) -> Option<Telling> {
        let rules = Rules {
            may_amend: &|party, at| self.may_amend(party, at),
            may_review: &|party, at| {
                self.at(at).and_then(|role| role.review.as_ref()).is_none_or(|roles| roles.contains(&party))
            },
            review_us: &|at| self.at(at)?.review_us,
            may_approve: &|policy, party, at| {
                let approvers = self.at(at).and_then(|role| role.policies.get(policy)?.approvers.as_ref());
                approvers.is_none_or(|approvers| party.is_some_and(|party| approvers.contains(&party)))
            },
            valid_us: &|policy, at| self.at(at)?.policies.get(policy)?.valid_us,
            cut_off,
            registered: history,
            same,
            lag_us: history.longest_cache_us(),
        };
        // A copy of everything: only where there is something to be told of both ways.
        let mut as_told = (!told.amendings.is_empty()).then(|| told.clone());
        told.settle(&rules);
        as_told = as_told.filter(|_| told.narrowed());
        if let Some(as_told) = &mut as_told {
            as_told.settle(&Rules { may_amend: &|_, _| false, ..rules });
        }
        as_told
    }

    pub fn may_amend(&self, party: Party, at: u64) -> bool {
        self.at(at).is_some_and(|role| role.amend.contains(&party))
    }

    /// What was in force when an entry was recorded.
    fn at(&self, index: u64) -> Option<&Role> {
        self.0.iter().rfind(|(entry, _)| *entry < index).map(|(_, role)| role)
    }
}
