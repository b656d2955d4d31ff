//! Reports of before, made again from their recorded question and envelope: to the byte, or, where something they rest on
//! was erased since, with marks and an erratum that names the erasures.

use super::access::Produced;
use super::exposure::digest_of;
use super::{EngineError, Kind, OpenLedger};
use crate::exposure::{Term, TermKind};
use crate::model::*;
use crate::report::access::document::EntryIndex;
use crate::report::code::Code;
use crate::report::erratum::{ErasureFact, ErratumFact, Gone, MarkFact};
use crate::report::exposure::evidence::{ExposureQuestion, Remarks};
use crate::report::instant::Instant;
use crate::report::language::Language;
use crate::report::question::{
    Made as RecordedMade, RecordedActivity, RecordedBreach, RecordedExposure, RecordedQuestion,
};
use crate::report::{Report, canonical, template};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::body::{Body, ErasureBody};
use whosaw_verifier::erasure::BODY;
use whosaw_verifier::hash::{hex, sha256};
use whosaw_verifier::report::{Made, ReportNote};

/// How a report stands to the one that was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It is that one.
    First,
    /// To the byte.
    Identical,
    /// Something was erased since.
    WithMarks,
    /// The digest of the first was not recorded then.
    NotKnown,
}

/// What is recorded of a report, so that it is known again.
pub(super) fn made(produced: &Produced, language: Language) -> Result<RecordedMade, EngineError> {
    Ok(RecordedMade {
        digest: digest_of(produced)?,
        template: Some(template::digest(produced.report.edition(), language)),
    })
}

impl OpenLedger {
    /// The same report again, from the question and envelope that the entry at `index` recorded, signed as it was. Blocks.
    pub fn reproduce_report(&self, index: u64, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Produced, EngineError> {
        self.signed(self.made_again(index, progress)?)
    }

    /// The report as it leaves the house. Nothing leaves unsigned.
    pub(super) fn signed(&self, produced: Produced) -> Result<Produced, EngineError> {
        let json = canonical::of(&produced.report).map_err(|error| EngineError::internal(error.to_string()))?;
        let note = self.ledger.sign_report(&ReportNote {
            origin: self.origin().to_owned(),
            report_id: uuid::Uuid::from_bytes(produced.report_id).to_string(),
            report_type: produced.report.report_type(),
            sha256: sha256(&[&json]),
            bytes: json.len() as u64,
            size: produced.size,
            entry: produced.index,
            made: match produced.again {
                Again::First | Again::Identical => Made::First,
                Again::WithMarks | Again::NotKnown => Made::Again,
            },
        })?;
        Ok(Produced { json, note, ..produced })
    }

    /// The same, for whoever compares it.
    pub(super) fn made_again(&self, index: u64, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Produced, EngineError> {
        let (body, question) = self.recorded_question(index)?;
        if self.head(body.size)?.root != *body.root {
            return Err(EngineError::new(Kind::Corrupt, "the ledger's root at this size is not the one recorded then"));
        }
        let unreadable = || EngineError::precondition("the question of this report is of a form that is not known");
        let (mut produced, made, language) = match body.report_type {
            ReportType::Exposure => {
                let recorded = RecordedExposure::read(&question).ok_or_else(unreadable)?;
                let produced = self.exposure_produced(&recorded.question, &recorded.envelope, index, progress)?;
                (produced, Some(recorded.made), recorded.envelope.language)
            }
            ReportType::Breach | ReportType::Persons => {
                let recorded = RecordedBreach::read(&question).ok_or_else(unreadable)?;
                let (question, envelope) = (&recorded.question, &recorded.envelope);
                let produced = self.breach_produced(body.report_type, question, envelope, index, progress)?;
                (produced, Some(recorded.made), recorded.envelope.language)
            }
            ReportType::Activity => {
                let recorded = RecordedActivity::read(&question).ok_or_else(unreadable)?;
                let produced = self.activity_produced(&recorded.question, &recorded.envelope, index, progress)?;
                (produced, Some(recorded.made), recorded.envelope.language)
            }
            ReportType::Access | ReportType::Unspecified => {
                let recorded = RecordedQuestion::read(&question).ok_or_else(unreadable)?;
                // What an order forbade to tell then stays untold in this report, also when the order is over.
                let orders = self.orders(recorded.registry, recorded.envelope.generated_at_us)?;
                let mut gathered = self.access_evidence(&recorded.question, &[&orders], progress)?;
                let search = &mut gathered.evidence.search;
                search.parts_tried = recorded.parts_tried.unwrap_or(search.parts_tried);
                let produced = Produced::of(&recorded, &gathered, index);
                let produced = self.compared(produced, &recorded, &orders, progress)?;
                (produced, recorded.made, recorded.envelope.language)
            }
        };
        produced.report.set_generation(body.generation);
        if let Some(made) = &made
            && digest_of(&produced)? == made.digest
        {
            return Ok(Produced { again: Again::Identical, ..produced });
        }
        // What was signed is another text: nobody may take this one for it.
        let edition = produced.report.edition();
        if made.and_then(|made| made.template).is_some_and(|then| then != template::digest(edition, language)) {
            let text =
                "the wording of reports was changed since this report was made: it cannot be reproduced to the byte";
            return Err(EngineError::precondition(text));
        }
        match self.erratum(&produced.report, made.as_ref(), index, body.size)? {
            Some(erratum) => {
                produced.report.set_erratum(erratum);
                Ok(Produced { again: Again::WithMarks, ..produced })
            }
            None if made.is_none() => Ok(Produced { again: Again::NotKnown, ..produced }),
            None => {
                let text = "the wording of reports or the legal profile was changed, or persons were linked or unlinked \
                            since this report was made: it cannot be reproduced to the byte";
                Err(EngineError::precondition(text))
            }
        }
    }

    /// What was erased since the report was recorded at `index`, of entries below its size; nothing where nothing was.
    pub(super) fn erratum(
        &self,
        report: &Report,
        made: Option<&RecordedMade>,
        index: u64,
        size: u64,
    ) -> Result<Option<ErratumFact>, EngineError> {
        let all = self.erasure_entries()?;
        // What was sealed anew for those who stay is not gone for them.
        let anew = |(_, body): &(u64, ErasureBody)| body.state == ErasureState::Resealed;
        let sealed_anew: BTreeSet<(u64, u32)> = match report {
            Report::Access(_) | Report::Exposure(_) => {
                let cites = all.iter().filter(|it| anew(it)).flat_map(|(_, body)| &body.cites);
                cites.map(|place| (place.index, place.ordinal)).collect()
            }
            _ => BTreeSet::new(),
        };
        let rests_on = self.rests_on(report, size)?;
        let (mut erasures, mut marks) = (Vec::new(), BTreeMap::new());
        for (by, _) in all.into_iter().filter(|(by, _)| *by > index) {
            let places: Vec<(u64, u32)> =
                self.ledger.covered(by)?.into_iter().filter(|(index, _)| *index < size).collect();
            if places.is_empty() {
                continue;
            }
            let covers = places.len() as u64;
            let own = |place: &(u64, u32)| rests_on.contains(&place.0) && !sealed_anew.contains(place);
            let own: Vec<(u64, u32)> = places.into_iter().filter(own).collect();
            let recorded_at = self.ledger.entry(by)?.map_or(0, |entry| entry.header.recorded_at_us);
            erasures.push(ErasureFact {
                entry: EntryIndex(by),
                recorded_at: Instant::new(recorded_at),
                covers,
                marked: own.len() as u64,
            });
            for place in own {
                // Whatever went first is what took it.
                if let std::collections::btree_map::Entry::Vacant(free) = marks.entry(place) {
                    free.insert(self.mark(place, by)?);
                }
            }
        }
        let first = made.map(|made| hex(&made.digest));
        let marks = marks.into_values().collect();
        Ok((!erasures.is_empty()).then_some(ErratumFact { first, erasures, marks }))
    }

    fn mark(&self, (index, ordinal): (u64, u32), by: u64) -> Result<MarkFact, EngineError> {
        let entry = self.ledger.entry(index)?;
        let body = entry.and_then(|entry| Some((entry.header.kind, entry.content?.1)));
        let body = body.and_then(|(kind, body)| Body::decode(kind, &body).ok());
        let holds = |first: u32, count: u32| ordinal.checked_sub(first).is_some_and(|offset| offset < count);
        let groups = body.as_ref().map(Body::parts).unwrap_or_default();
        let group = groups.iter().find(|group| holds(group.first, group.count));
        let (roles, gone) = match group {
            _ if ordinal == BODY => (Vec::new(), Gone::Content),
            // Nothing tells any more what it was.
            None => (Vec::new(), Gone::Both),
            Some(group) => {
                let is_content = |role: &Role| *role == Role::Content;
                let gone = match (group.holds_content, group.roles.iter().all(is_content)) {
                    (_, true) => Gone::Content,
                    (true, false) => Gone::Both,
                    (false, false) => Gone::Identity,
                };
                (group.roles.iter().filter(|role| !is_content(role)).copied().map(Code).collect(), gone)
            }
        };
        Ok(MarkFact { entry: EntryIndex(index), roles, gone, by: EntryIndex(by) })
    }

    /// Entries that a report tells of, or was counted from.
    fn rests_on(&self, report: &Report, size: u64) -> Result<BTreeSet<u64>, EngineError> {
        let of_resources = |resources: &[String]| -> Result<BTreeSet<u64>, EngineError> {
            let resources = resources.to_vec();
            let question =
                ExposureQuestion { resources, size, cut_off_us: 0, supersedes: None, remarks: Remarks::default() };
            Ok(self.exposing(&question, size)?.into_keys().collect())
        };
        let (resources, case) = match report {
            Report::Access(report) => {
                let entries = report.entries.iter().map(|entry| entry.index);
                let reports = report.earlier_reports.iter().map(|report| report.entry);
                let involved = report.involved.iter().map(|fact| fact.entry);
                return Ok(entries.chain(reports).chain(involved).map(|entry| entry.0).collect());
            }
            Report::Exposure(report) => {
                // What led to what, and what was amended, may be of other resources.
                let causes = report.causes.iter().flat_map(|cause| cause.led_to.into_iter().chain([cause.entry]));
                let amended = report.amendments.iter().flat_map(|amending| [amending.entry, amending.target]);
                let accesses = report.accesses.iter().flat_map(|access| access.entries.iter().copied());
                let told = causes.chain(amended).chain(accesses).map(|entry| entry.0);
                return Ok(of_resources(&report.header.question.resources)?.into_iter().chain(told).collect());
            }
            Report::Activity(report) => return self.acts_of(&report.agent.name, size),
            Report::Breach(report) => (&report.header.question.resources, &report.header.question.case),
            Report::Persons(report) => (&report.header.question.resources, &report.header.question.case),
        };
        let mut entries = of_resources(resources)?;
        let case = case.parse::<uuid::Uuid>().map(uuid::Uuid::into_bytes).unwrap_or_default();
        for entry in self.entries_under(Term::new(TermKind::EntryKind, EntryKind::Case.code()), size)? {
            let body = entry.body();
            if let Some(Ok(Body::Case(body))) = body
                && body.case == case
            {
                entries.insert(entry.header.index);
            }
        }
        Ok(entries)
    }
}
