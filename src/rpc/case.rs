//! CaseService: the life of a breach.

use super::caller::caller;
use super::{convert, present, status, v1};
use crate::admit;
use crate::engine::{CaseAsked, Engine, EngineError, OpenLedger, RecordedStep, RegisteredCase};
use crate::model::*;
use crate::report::breach::Case;
use crate::report::breach::case::{By, CaseId, Standing, Step};
use crate::report::breach::document::{RegisterFact, RegisterLine};
use crate::report::language::Language;
use prost::Message as _;
use std::sync::Arc;
use tonic::{Request, Response, Status};
use whosaw_verifier::part::{CaseAnswer, CasePart, SeverityFigure};
use whosaw_verifier::wire::Message as _;

pub struct CaseRpc(pub Arc<Engine>);

/// A case's own number; bytes.
const SHORT: usize = 256;
/// Why; bytes.
const LONG: usize = 4_096;

#[tonic::async_trait]
impl v1::case_service_server::CaseService for CaseRpc {
    async fn record_case_step(
        &self,
        request: Request<v1::RecordCaseStepRequest>,
    ) -> Result<Response<v1::RecordCaseStepResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let asked = asked(request)?;
        let RecordedStep { receipt, case, unknown, refused } = open.record_case_step(asked, &caller).await?;
        let periods = open.periods_now(&case)?;
        let language = open.told_in(None)?;
        let refused = refused.into_iter().map(u32::from).collect();
        let case = v1::BreachCase { zone: zone(open)?, refused, ..told(&case, &periods, open.now_us()) };
        let case = Some(without_steps(in_language(case, language)));
        let receipt = Some(present::receipt(receipt));
        Ok(Response::new(v1::RecordCaseStepResponse { receipt, case, unknown_resources: unknown }))
    }

    async fn get_case(&self, request: Request<v1::GetCaseRequest>) -> Result<Response<v1::GetCaseResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let id = case_id(&request.case_id)?.ok_or_else(|| EngineError::invalid("case_id", "is missing"))?;
        let language = open.told_in(super::report::language(&request.language)?)?;
        let case = open.case(id, language, &caller).await?;
        let case = v1::BreachCase { zone: zone(open)?, ..registered(&case, open.now_us()) };
        Ok(Response::new(v1::GetCaseResponse { case: Some(in_language(case, language)) }))
    }

    async fn list_cases(
        &self,
        request: Request<v1::ListCasesRequest>,
    ) -> Result<Response<v1::ListCasesResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let language = open.told_in(super::report::language(&request.language)?)?;
        let cases = open.cases(language, &caller).await?;
        let zone = zone(open)?;
        let told = |case| v1::BreachCase { zone: zone.clone(), ..registered(case, open.now_us()) };
        let cases = cases.iter().map(|case| without_steps(in_language(told(case), language))).collect();
        Ok(Response::new(v1::ListCasesResponse { cases, language: language.code().to_owned() }))
    }
}

/// Nothing where the text is empty.
pub fn case_id(text: &str) -> Result<Option<CaseId>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = uuid::Uuid::parse_str(text).map_err(|_| EngineError::invalid("case_id", "is no UUID"))?;
    Ok(Some(id.into_bytes()))
}

fn asked(request: v1::RecordCaseStepRequest) -> Result<CaseAsked, Status> {
    let case = case_id(&request.case_id)?;
    let mut reader = convert::Reader::default();
    let step: CaseStep = reader.number(request.step, || "step".into());
    let channel: Channel = reader.number(request.channel, || "channel".into());
    let delivery: Delivery = reader.number(request.delivery, || "delivery".into());
    let stated_us = reader.micros(request.stated_at, || "stated_at".into());
    let by = request.by.map(|by| reader.identity(strong_unless_said(by), || "by".into()));
    let mut told = Vec::with_capacity(request.told.len());
    for (i, identity) in request.told.into_iter().enumerate() {
        told.push(reader.identity(strong_unless_said(identity), || format!("told[{i}]")));
    }
    let mut violations = reader.finish(()).err().unwrap_or_default();
    let mut refuse = |field: &str, what: String| violations.push(Violation { field: field.into(), description: what });
    if stated_us < 0 {
        refuse("stated_at", "lies before 1970".into());
    }
    for (field, text, most) in [("reference", &request.reference, SHORT), ("statement", &request.statement, LONG)] {
        let control = |c: char| c.is_control() && (field != "statement" || c != '\n');
        if text.len() > most || text.chars().any(control) {
            refuse(field, format!("has more than {most} bytes, or a control character"));
        }
    }
    let mut named: Vec<(String, &Identity)> = by.iter().map(|by| ("by".to_owned(), by)).collect();
    named.extend(told.iter().enumerate().map(|(i, identity)| (format!("told[{i}]"), identity)));
    let named: Vec<(&str, &Identity)> = named.iter().map(|(field, identity)| (field.as_str(), *identity)).collect();
    violations.extend(admit::person_case(&named, &[], &admit::Limits::default()));
    if !violations.is_empty() {
        return Err(status::invalid(violations));
    }
    let answer = |answer: v1::CaseAnswer| CaseAnswer { field: answer.field, values: answer.values };
    let figure = |figure: v1::SeverityFigure| SeverityFigure {
        context: figure.context,
        identification: figure.identification,
        confidentiality: figure.confidentiality,
        integrity: figure.integrity,
        availability: figure.availability,
        malicious: figure.malicious,
    };
    let part = CasePart {
        reference: request.reference,
        statement: request.statement,
        resources: request.resources,
        answers: request.answers.into_iter().map(answer).collect(),
        level: request.level,
        figure: request.figure.map(figure),
        channel,
        delivery,
        message: request.message,
        // Of the report that was named by its entry.
        report: Vec::new(),
        // Of the ledger.
        counted: None,
        // Of whoever acts, once it was checked.
        signature: None,
    };
    Ok(CaseAsked {
        case,
        step,
        stated_us: Some(stated_us.unsigned_abs()).filter(|us| *us != 0),
        by,
        signature: request.signature,
        told,
        report: Some(request.report).filter(|index| *index != 0),
        retracts: Some(request.retracts).filter(|index| *index != 0),
        size: request.tree_size,
        part,
    })
}

/// Whoever names a person need not know how sure an identifier is.
fn strong_unless_said(mut identity: v1::Identity) -> v1::Identity {
    if identity.strength == 0 {
        identity.strength = v1::Strength::Strong as i32;
    }
    identity
}

/// With its columns of the register, and the answers that do not stand.
fn registered(case: &RegisteredCase, now_us: u64) -> v1::BreachCase {
    let line = |line: &RegisterLine| v1::BreachRegisterLine {
        text: line.text.clone(),
        said_by: line.state.code().to_owned(),
        entries: line.entries.iter().map(|entry| entry.0).collect(),
    };
    let column = |fact: &RegisterFact| v1::BreachRegisterColumn {
        column: fact.column.code().to_owned(),
        lines: fact.lines.iter().map(line).collect(),
    };
    v1::BreachCase {
        register: case.register.iter().map(column).collect(),
        refused: case.refused.iter().map(|field| u32::from(*field)).collect(),
        ..told(&case.case, &[case.period.clone(), case.period_with_everything.clone()], now_us)
    }
}

/// The case in words of the wire.
fn told(case: &Case, [profile, with_everything]: &[crate::law::Profile; 2], now_us: u64) -> v1::BreachCase {
    let taken_back = case.taken_back();
    let by = |step: &Step| taken_back.get(&step.index).map_or(0, |by| by.index);
    let at = |step: CaseStep| case.last(step).map(|step| present::timestamp(step.at_us()));
    let aware = case.awareness();
    let hours = case.deadline(profile).and_then(Result::ok);
    let deadline = hours.zip(aware).map(|(hours, aware)| v1::BreachDeadline {
        index: aware.index,
        strict: Some(present::timestamp(hours.strict_us)),
        reading: Some(present::timestamp(hours.reading_us)),
        hours: profile.breach_notification_h,
        zone: profile.zone_name.clone(),
        working_days: hours.working_days,
        default_of_the_template: profile.is_default,
        missed: case.is_late(now_us, profile),
    });
    let awareness = |step: &Step| v1::BreachAwareness {
        index: step.index,
        aware_at: Some(present::timestamp(step.at_us())),
        strict: crate::law::calendar::breach_deadline(step.at_us(), profile)
            .ok()
            .map(|hours| present::timestamp(hours.strict_us)),
        counts: aware.is_some_and(|aware| aware.index == step.index),
        retracted_by: by(step),
    };
    let retracted = case.deadline_taken_back(with_everything, now_us);
    let retracted = retracted.map(|gone| v1::BreachRetractedDeadline {
        index: gone.stated.index,
        retracted_by: gone.by.index,
        strict: Some(present::timestamp(gone.strict_us)),
        hours: with_everything.breach_notification_h,
        passed_before: gone.passed_before,
        missed: gone.missed,
    });
    let submission = |step: &Step| v1::BreachSubmission {
        index: step.index,
        submitted_at: Some(present::timestamp(step.at_us())),
        tree_size: step.size,
        report: step.report.map(|digest| digest.to_vec()).unwrap_or_default(),
        reference: step.reference().to_owned(),
        recorded_at: Some(present::timestamp(step.recorded_at_us)),
    };
    let answer = |(field, values)| v1::CaseAnswer { field: u32::from(field), values };
    let people = |delivered: bool| {
        let steps = case.each(CaseStep::Informed);
        // A communication in public counts nobody.
        let steps = steps.filter(|step| step.channel() != Channel::Public);
        let steps = steps.filter(|step| (step.delivery() == Delivery::Delivered) == delivered);
        steps.map(|step| step.told.len() as u64 + step.told_closed).sum::<u64>().min(u64::from(u32::MAX)) as u32
    };
    let standing = case.standing();
    let because = case.last(CaseStep::NotNotified).filter(|_| standing != Standing::Submitted).map(Step::statement);
    v1::BreachCase {
        case_id: uuid::Uuid::from_bytes(case.id).to_string(),
        state: match standing {
            Standing::Open => v1::CaseState::Open,
            Standing::Submitted => v1::CaseState::Submitted,
            Standing::NotNotified => v1::CaseState::NotNotified,
            Standing::Closed => v1::CaseState::Closed,
        } as i32,
        reference: case.reference().to_owned(),
        resources: case.resources(),
        opened_at: case.steps.first().map(|step| present::timestamp(step.at_us())),
        detected_at: at(CaseStep::Detected),
        processor_aware_at: at(CaseStep::ProcessorAware),
        aware_at: aware.map(|step| present::timestamp(step.at_us())),
        awareness_moved_later: case.awareness_moved_later(),
        deadline,
        submissions: case.each(CaseStep::Submitted).map(submission).collect(),
        not_notified_because: because.unwrap_or_default().to_owned(),
        level: case.level().map(|(level, _)| level.to_owned()).unwrap_or_default(),
        figure_hundredths: case.figure().map_or(0, |(figure, _)| figure.score()),
        answers: case.answers().into_iter().map(answer).collect(),
        told: people(true),
        not_told: people(false),
        steps: case.steps.iter().map(|it| v1::BreachStep { retracted_by: by(it), ..step(it) }).collect(),
        awareness: case.told(CaseStep::Aware).map(awareness).collect(),
        retracted_deadline: retracted,
        register: Vec::new(),
        refused: Vec::new(),
        zone: String::new(),
        language: String::new(),
    }
}

fn zone(open: &OpenLedger) -> Result<String, EngineError> {
    open.zone().map(|zone| zone.name().to_owned())
}

fn in_language(case: v1::BreachCase, language: Language) -> v1::BreachCase {
    v1::BreachCase { language: language.code().to_owned(), ..case }
}

fn without_steps(case: v1::BreachCase) -> v1::BreachCase {
    v1::BreachCase { steps: Vec::new(), ..case }
}

fn step(step: &Step) -> v1::BreachStep {
    let by = match &step.by {
        By::Person(identities) => identities.iter().map(present::identity).collect(),
        By::Nobody | By::Erased => Vec::new(),
    };
    // The strict profile is protobuf: what the verifier wrote, prost reads.
    let part = step.part.as_ref().and_then(|part| v1::CasePart::decode(part.encode().as_slice()).ok());
    v1::BreachStep {
        index: step.index,
        recorded_at: Some(present::timestamp(step.recorded_at_us)),
        step: step.step as i32,
        stated_at: (step.stated_us != 0).then(|| present::timestamp(step.stated_us)),
        by,
        by_erased: step.by == By::Erased,
        told: step.told.iter().filter_map(|identities| identities.first()).map(present::identity).collect(),
        told_erased: u32::try_from(step.told_closed).unwrap_or(u32::MAX),
        part,
        tree_size: step.size,
        report: step.report.map(|digest| digest.to_vec()).unwrap_or_default(),
        retracts: step.retracts,
        retracted_by: 0,
        signed: step.signed() == Some(true),
    }
}
