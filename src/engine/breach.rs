//! The breach file and the persons concerned: the exposure report of a case's resources, as known now and to each
//! notification, beside what the case's steps say.

use super::access::{Produced, body_of};
use super::again::{Again, made};
use super::read::join_content;
use super::{EngineError, OpenLedger};
use crate::exposure::telling::authorised;
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::Report;
use crate::report::access::registered::Names;
use crate::report::breach::case::{Case, CaseId};
use crate::report::breach::evidence::{Act, AsOf, BreachEvidence, BreachQuestion, Loss, OtherParty};
use crate::report::breach::{self};
use crate::report::evidence::{Envelope, Head};
use crate::report::exposure;
use crate::report::exposure::evidence::ExposureQuestion;
use crate::report::language::Language;
use crate::report::question::RecordedBreach;
use std::sync::Arc;
use whosaw_verifier::body::{ActionBody, Body};
use whosaw_verifier::part::ContentPart;

/// What is asked for; what is left out is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachAsked {
    pub case: CaseId,
    /// 0: the size now.
    pub size: u64,
    /// Absent: when the last entry below the size was recorded.
    pub cut_off_us: Option<u64>,
    pub reference: String,
    pub language: Language,
}

impl OpenLedger {
    /// Makes the breach file (`ReportType::Breach`) or the list of persons concerned (`ReportType::Persons`), and records
    /// that it left the house, before it does.
    pub async fn produce_breach_report(
        self: &Arc<Self>,
        report_type: ReportType,
        asked: BreachAsked,
        caller: &Caller,
        progress: impl Fn(u64, u64) + Send + Sync + 'static,
    ) -> Result<Produced, EngineError> {
        let (open, generated_by) = (Arc::clone(self), caller.name.clone());
        let gathered = tokio::task::spawn_blocking(move || {
            let (size, cut_off_us) = open.as_of(asked.size, asked.cut_off_us)?;
            let question = BreachQuestion { case: asked.case, size, cut_off_us };
            let envelope = open.new_envelope(generated_by, asked.reference, asked.language);
            let head = open.head(size)?;
            let produced = open.breach_produced(report_type, &question, &envelope, 0, &progress)?;
            let made = made(&produced, envelope.language)?;
            Ok::<_, EngineError>((RecordedBreach { question, envelope, made }, head, produced))
        });
        let (recorded, head, produced) = gathered.await.map_err(|_| EngineError::internal("the search stopped"))??;
        let body = body_of(report_type, &recorded.envelope, recorded.question.cut_off_us);
        let index = self.record_report(body, recorded.write()?, None, &head, caller).await?;
        Ok(Produced { index, ..produced })
    }

    pub(super) fn breach_produced(
        &self,
        report_type: ReportType,
        question: &BreachQuestion,
        envelope: &Envelope,
        index: u64,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Produced, EngineError> {
        let evidence = self.breach_evidence(report_type, question, envelope, progress)?;
        let report = match report_type {
            ReportType::Persons => Report::Persons(Box::new(breach::persons(question, &evidence, envelope))),
            _ => Report::Breach(Box::new(breach::facts(question, &evidence, envelope))),
        };
        Ok(Produced {
            report,
            report_id: envelope.report_id,
            index,
            size: question.size,
            rows_missing: 0,
            again: Again::First,
        })
    }

    fn breach_evidence(
        &self,
        report_type: ReportType,
        question: &BreachQuestion,
        envelope: &Envelope,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<BreachEvidence, EngineError> {
        let head = self.projected_head(question.size)?;
        let unknown = || EngineError::not_found("this ledger knew no case of this id at this size");
        let case = self.case_below(&question.case, question.size)?.ok_or_else(unknown)?;
        let mut then = Vec::new();
        // Who is concerned is asked of now alone.
        let submitted = case.each(CaseStep::Submitted).filter(|_| report_type == ReportType::Breach);
        for step in submitted {
            // A case that was opened after the size it was submitted from cannot be told as of then.
            let Some(known) = case.at(step.size) else { continue };
            let cut_off_us = self.head(step.size)?.recorded_at_us;
            then.push((step.index, self.case_as_of(known, step.size, cut_off_us, envelope, progress)?));
        }
        let now = self.case_as_of(case, question.size, question.cut_off_us, envelope, progress)?;
        Ok(BreachEvidence { head, now, then, profile: self.profile_at(question.size)? })
    }

    fn case_as_of(
        &self,
        case: Case,
        size: u64,
        cut_off_us: u64,
        envelope: &Envelope,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<AsOf, EngineError> {
        let resources = case.resources();
        let question = ExposureQuestion { resources: resources.clone(), size, cut_off_us, supersedes: None };
        let evidence = self.exposure_evidence(&question, progress)?;
        let names = Names::of(&evidence.registry);
        let place =
            |name: &String| (name.clone(), names.attribute(RegistryKind::Dataset, name, "location").map(str::to_owned));
        let places = resources.iter().map(place).collect();
        let mut acts = Vec::new();
        for entry in self.exposing(&question, size)?.values() {
            acts.extend(self.act_in(entry, &resources, &evidence.head)?);
        }
        let exposure = exposure::facts(&question, &evidence, envelope);
        Ok(AsOf { case, exposure, acts, places, cut_off_us })
    }

    /// What the exposure report does not keep of an entry.
    fn act_in(&self, entry: &StoredEntry, resources: &[String], head: &Head) -> Result<Option<Act>, EngineError> {
        let body = entry.content.as_ref().map(|(_, body)| Body::decode(entry.header.kind, body));
        let Some(Ok(Body::Action(body))) = body else { return Ok(None) };
        let sealed =
            [NamedField::Dataset, NamedField::FactResource, NamedField::RecipientName, NamedField::SubjectKind];
        let content = if sealed.iter().any(|field| body.sealed_names.contains(field)) {
            let ordinals: Vec<u32> = (0..entry.header.parts).collect();
            let opened = self.open_proved(entry, &ordinals, head)?;
            join_content(opened.iter().map(|(_, part)| part))
        } else {
            None
        };
        Ok(Some(act_of(entry, &body, content.as_ref(), resources)))
    }
}

/// A name in the open, or sealed in the content.
fn name<'a>(public: &'a str, content: Option<&'a ContentPart>, field: NamedField, position: usize) -> &'a str {
    if !public.is_empty() {
        return public;
    }
    let names = content.into_iter().flat_map(|content| &content.names);
    let mut of_it = names.filter(|name| name.field == field && name.position as usize == position);
    of_it.next().map_or("", |name| &name.value)
}

fn act_of(entry: &StoredEntry, body: &ActionBody, content: Option<&ContentPart>, resources: &[String]) -> Act {
    let dataset = name(&body.dataset, content, NamedField::Dataset, 0);
    let is_known = |name: &str| resources.iter().any(|resource| resource == name);
    let facts = || body.facts.iter().enumerate();
    let of_fact = |(position, fact): (usize, &whosaw_verifier::body::Fact)| {
        let resource = name(&fact.resource, content, NamedField::FactResource, position);
        is_known(if resource.is_empty() { dataset } else { resource })
    };
    let losses = facts().filter(|(_, fact)| fact.kind == FactKind::Loss).filter(|fact| of_fact(*fact));
    let subjects = body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
    let party = |(position, recipient): (usize, &whosaw_verifier::body::Recipient)| OtherParty {
        kind: recipient.kind,
        name: name(&recipient.name, content, NamedField::RecipientName, position).to_owned(),
    };
    let occurred = body.occurred.as_ref().map(|occurred| occurred.earliest_us).filter(|us| *us != 0);
    let recorded_at_us = entry.header.recorded_at_us;
    Act {
        index: entry.header.index,
        at_us: occurred.map_or(recorded_at_us, |us| us.min(recorded_at_us)),
        verb: body.verb,
        outcome: body.outcome,
        authorised: authorised(body),
        is_of_resources: is_known(dataset) || facts().any(of_fact),
        actor: body.actors.first().map(|actor| actor.kind),
        kinds: subjects.map(|group| group.kind.clone()).filter(|kind| !kind.is_empty()).collect(),
        recipients: body.recipients.iter().enumerate().map(party).collect(),
        delivered: body.records_delivered.as_ref().map(|q| Quantity { precision: q.precision, count: q.count }),
        losses: losses.map(|(_, fact)| Loss { recoverable_until_us: fact.recoverable_until_us }).collect(),
    }
}
