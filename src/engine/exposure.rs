//! The exposure report: finds every entry by which something opened, closed or was reached, proves each, and records that
//! the report was made.

use super::access::Produced;
use super::read::join_content;
use super::{EngineError, OpenLedger};
use crate::exposure::calculus::fact::Person;
use crate::exposure::telling::{OpenedAction, Telling};
use crate::exposure::{Term, TermKind};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::access::registered::Names;
use crate::report::evidence::{Envelope, Head};
use crate::report::exposure::evidence::{ExposureEvidence, ExposureQuestion};
use crate::report::exposure::facts;
use crate::report::question::RecordedExposure;
use crate::report::{Report, canonical};
use crate::vault::{self, PersonId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use whosaw_verifier::body::{ActionBody, Body, ReportBody};
use whosaw_verifier::hash::{Hash, sha256};
use whosaw_verifier::part::Part;

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
    pub reference: String,
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
            let (question, reference) = open.exposure_question(asked)?;
            let envelope = Envelope {
                report_id: uuid::Uuid::new_v4().into_bytes(),
                generated_at_us: open.clock.now().0,
                generated_by,
                reference,
            };
            let head = open.head(question.size)?;
            let produced = open.exposure_produced(&question, &envelope, 0, &progress)?;
            let digest = digest_of(&produced)?;
            Ok::<_, EngineError>((RecordedExposure { question, envelope, digest }, head, produced))
        });
        let (recorded, head, produced) = gathered.await.map_err(|_| EngineError::internal("the search stopped"))??;
        let body = ReportBody {
            report_type: ReportType::Exposure,
            report_id: recorded.envelope.report_id.to_vec(),
            cut_off_us: recorded.question.cut_off_us,
            ..ReportBody::default()
        };
        let index = self.record_report(body, recorded.write()?, None, &head, caller).await?;
        Ok(Produced { index, ..produced })
    }

    /// The report of a recorded question again, to the byte. Blocks. Who is the same person is known by the links of now:
    /// where these tell another story than those of then, it is refused rather than told otherwise.
    pub(super) fn exposure_again(
        &self,
        recorded: &RecordedExposure,
        index: u64,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Produced, EngineError> {
        let produced = self.exposure_produced(&recorded.question, &recorded.envelope, index, progress)?;
        if digest_of(&produced)? != recorded.digest {
            let text =
                "persons were linked or unlinked since this report was made: it cannot be reproduced to the byte";
            return Err(EngineError::precondition(text));
        }
        Ok(produced)
    }

    /// Blocks; `progress` hears how many entries of how many were opened.
    fn exposure_produced(
        &self,
        question: &ExposureQuestion,
        envelope: &Envelope,
        index: u64,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Produced, EngineError> {
        let evidence = self.exposure_evidence(question, progress)?;
        Ok(Produced {
            report: Report::Exposure(Box::new(facts(question, &evidence, envelope))),
            report_id: envelope.report_id,
            index,
            size: question.size,
            rows_missing: 0,
        })
    }

    fn exposure_question(&self, asked: ExposureAsked) -> Result<(ExposureQuestion, String), EngineError> {
        let ExposureAsked { mut resources, size, cut_off_us, reference } = asked;
        if resources.is_empty() || resources.len() > RESOURCES_MAX {
            return Err(EngineError::invalid("resources", format!("holds none, or more than {RESOURCES_MAX}")));
        }
        let mut seen = BTreeSet::new();
        resources.retain(|resource| seen.insert(resource.clone()));
        let (size, cut_off_us) = self.as_of(size, cut_off_us)?;
        Ok((ExposureQuestion { resources, size, cut_off_us }, reference))
    }

    pub(super) fn exposure_evidence(
        &self,
        question: &ExposureQuestion,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<ExposureEvidence, EngineError> {
        let head = self.projected_head(question.size)?;
        let registry = self.registry_at(head.size)?;
        let names = Names::of(&registry);
        let entries = self.exposing(question, head.size)?;
        let mut people = People { open: self, numbers: HashMap::new(), known: HashMap::new(), persons: Vec::new() };
        let (mut told, mut parts_closed) = (Telling::default(), 0);
        let total = entries.len() as u64;
        for (done, entry) in (0..).zip(entries.values()) {
            let body = entry.content.as_ref().map(|(_, body)| Body::decode(entry.header.kind, body));
            match body {
                Some(Ok(Body::Action(body))) => {
                    let opened = self.opened_action(entry, &body, &head, &names, &mut people)?;
                    parts_closed += opened.closed;
                    told.take(&OpenedAction {
                        index: entry.header.index,
                        recorded_at_us: entry.header.recorded_at_us,
                        body: &body,
                        persons: opened.persons,
                        content: opened.content.as_ref(),
                        delay_us: opened.delay_us,
                    });
                }
                // What is removed or not understood opens something unknown.
                _ => parts_closed += 1,
            }
            progress(done, total);
        }
        told.settle();
        let undetermined = self.undetermined(head.size)?.iter().map(|sort| sort.count).sum();
        Ok(ExposureEvidence {
            told,
            persons: people.persons.into_iter().map(|identities| identities.into_iter().collect()).collect(),
            coverage: self.coverage(head.size)?,
            downtimes: self.downtimes(head.size)?,
            registry,
            entries_proved: total,
            parts_closed,
            pruned: self.removed_below(head.size)?.iter().map(|removed| removed.entries).sum(),
            undetermined,
            head,
        })
    }

    /// Entries by which something opens or closes anywhere, those that name one of the resources, and those whose resource
    /// stands sealed.
    pub(super) fn exposing(
        &self,
        question: &ExposureQuestion,
        size: u64,
    ) -> Result<BTreeMap<u64, StoredEntry>, EngineError> {
        let of_resources = question.resources.iter().map(|name| Term::new(TermKind::Dataset, name.as_str()));
        let mut entries = BTreeMap::new();
        for term in of_resources.chain([Term::opening(), Term::sealed_resource()]) {
            let found = self.entries_under(term, size)?;
            entries.extend(found.into_iter().map(|entry| (entry.header.index, entry)));
        }
        Ok(entries)
    }

    fn opened_action(
        &self,
        entry: &StoredEntry,
        body: &ActionBody,
        head: &Head,
        names: &Names<'_>,
        people: &mut People<'_>,
    ) -> Result<Opened, EngineError> {
        let ordinals: Vec<u32> = (0..entry.header.parts).collect();
        let parts = self.open_proved(entry, &ordinals, head)?;
        let closed = u64::from(entry.header.parts) - parts.len() as u64;
        let mut persons = BTreeMap::new();
        for (ordinal, part) in &parts {
            if let Some(number) = people.number(part)? {
                persons.insert(*ordinal, number);
            }
        }
        let content = join_content(parts.iter().map(|(_, part)| part));
        let delay_us = body.source.as_ref().map_or(0, |source| names.delivery_delay_us(&source.name));
        Ok(Opened { persons, content, closed, delay_us })
    }
}

pub(super) fn digest_of(produced: &Produced) -> Result<Hash, EngineError> {
    let json = canonical::of(&produced.report).map_err(|error| EngineError::internal(error.to_string()))?;
    Ok(sha256(&[&json]))
}

/// What opened of one action.
struct Opened {
    persons: BTreeMap<u32, Person>,
    content: Option<whosaw_verifier::part::ContentPart>,
    /// Parts that are gone or do not open.
    closed: u64,
    delay_us: u64,
}

/// Numbers persons: whoever is linked strongly is one.
struct People<'a> {
    open: &'a OpenLedger,
    numbers: HashMap<PersonId, Person>,
    known: HashMap<Identity, Person>,
    persons: Vec<BTreeSet<Identity>>,
}

impl People<'_> {
    /// The person of a part; none where it holds content only.
    fn number(&mut self, part: &Part) -> Result<Option<Person>, EngineError> {
        let Some(person) = &part.person else { return Ok(None) };
        let identities: Vec<Identity> = person.identities.iter().map(vault::identity_of).collect();
        let Some(first) = identities.iter().find(|it| it.strength != Strength::Weak).or(identities.first()) else {
            return Ok(None);
        };
        let number = match self.known.get(first) {
            Some(number) => *number,
            None => self.look_up(first)?,
        };
        for identity in identities {
            if let Some(identities) = self.persons.get_mut(number.0 as usize) {
                identities.insert(identity);
            }
        }
        Ok(Some(number))
    }

    fn look_up(&mut self, identity: &Identity) -> Result<Person, EngineError> {
        let next = Person(self.persons.len() as u32);
        let person = self.open.vault.find(identity)?;
        let whole = person.map(|person| self.open.vault.linked(person)).transpose()?.unwrap_or_default();
        let number = match whole.iter().min() {
            Some(first) => *self.numbers.entry(*first).or_insert(next),
            None => next,
        };
        if number == next {
            self.persons.push(BTreeSet::new());
        }
        self.known.insert(identity.clone(), number);
        Ok(number)
    }
}
