//! Evidence becomes the breach file: the case, the form, what changed since it was handed in.

use super::case::{By, Case, Standing, Step};
use super::derive::Found;
use super::document::*;
use super::evidence::{AsOf, BreachEvidence, BreachQuestion};
use super::form::{self, Decided};
use super::{FORMAT, PERSONS_FORMAT};
use crate::law::edpb::{Block, Kind};
use crate::law::{Profile, enisa};
use crate::model::{CaseStep, Channel, Delivery, Identity, ReportType};
use crate::report::access::document::{EntryIndex, HeadFact, PersonIdentity, Range, Span, Verdict};
use crate::report::code::Code;
use crate::report::evidence::Envelope;
use crate::report::exposure::document::SubjectFact;
use crate::report::instant::Instant;
use crate::report::template;
use crate::report::wording::{Wording, fill};
use std::collections::BTreeSet;

/// The breach file. The same arguments always give the same facts.
pub fn facts(question: &BreachQuestion, evidence: &BreachEvidence, envelope: &Envelope) -> BreachReport {
    let w = &envelope.language.wording_in(&evidence.now.exposure.header.controller.zone());
    let (now, profile) = (&evidence.now, &evidence.profile);
    let form = form::decide(now, profile, w);
    let case = case_fact(now, profile);
    let totals = form::totals(&form);
    let todo = form.iter().filter_map(|decided| {
        let field = u64::from(decided.field.number);
        decided.todo().map(|what| TodoFact { field, what })
    });
    let phases = evidence.then.iter().filter_map(|(entry, then)| phase(*entry, then, &form, now, profile, w));
    let exposure = &now.exposure;
    let confidentiality = match (exposure.totals.unauthorised_us.high, exposure.totals.uncountable) {
        (0, _) => 0,
        (_, true) => 50,
        (_, false) => 25,
    };
    BreachReport {
        format: FORMAT.to_owned(),
        erratum: None,
        header: header(question, evidence, envelope, ReportType::Breach, template::BREACH),
        answer: Answer { text: answer(w, &case, &totals) },
        severity: now.case.each(CaseStep::Severity).map(severity_fact).collect(),
        case,
        figure_confidentiality: confidentiality,
        totals,
        todo: todo.collect(),
        phases: phases.collect(),
        fields: form.iter().map(|decided| field_fact(decided, &now.case)).collect(),
        claim: exposure.answer.claim,
        coverage: exposure.coverage.clone(),
    }
}

/// The list of persons concerned: everybody in the upper bound.
pub fn persons(question: &BreachQuestion, evidence: &BreachEvidence, envelope: &Envelope) -> PersonsReport {
    let w = &envelope.language.wording_in(&evidence.now.exposure.header.controller.zone());
    let (case, exposure) = (&evidence.now.case, &evidence.now.exposure);
    let concerned = exposure.subjects.iter().filter(|subject| subject.is_concerned());
    let persons: Vec<PersonFact> = concerned.map(|subject| person_fact(subject, case)).collect();
    let others: Vec<OtherTold> = others_told(case, &persons);
    let seen = |seen: Seen| persons.iter().filter(|person| person.seen == seen).count() as u64;
    let notice = |notice: Notice| persons.iter().filter(|person| person.notice == notice).count() as u64;
    let (everybody, determined) = exposure.concerned();
    let totals = PersonsTotals {
        persons: everybody,
        determined,
        accessed: seen(Seen::Accessed),
        not_recorded: seen(Seen::NotRecorded),
        cannot_be_excluded: seen(Seen::CannotBeExcluded),
        told: notice(Notice::Told),
        could_not_be_told: notice(Notice::CouldNotBeTold),
        not_told: notice(Notice::NotTold),
        holdings_open: exposure.totals.holdings_open,
    };
    PersonsReport {
        format: PERSONS_FORMAT.to_owned(),
        erratum: None,
        header: header(question, evidence, envelope, ReportType::Persons, template::PERSONS),
        answer: Answer { text: persons_answer(w, &totals) },
        totals,
        persons,
        others_told: others,
        public: case.each(CaseStep::Informed).filter(|step| step.channel() == Channel::Public).map(told_fact).collect(),
        told_erased: case.each(CaseStep::Informed).map(|step| step.told_closed).sum(),
        coverage: exposure.coverage.clone(),
    }
}

fn answer(w: &Wording, case: &CaseFact, totals: &FormTotals) -> String {
    let b = &w.breach.answer;
    let numbers = [
        ("required", w.number(totals.required)),
        ("provided", w.number(totals.provided)),
        ("confirm", w.number(totals.to_confirm)),
        ("missing", w.number(totals.not_provided)),
    ];
    let form = fill(&b.form, &numbers.each_ref().map(|(name, value)| (*name, value.as_str())));
    let deadline = match &case.deadline {
        // Whatever was decided: once it was notified, it was.
        _ if case.not_notified.is_some() && case.submitted.is_empty() => b.need_not.clone(),
        None => b.not_aware.clone(),
        Some(deadline) => {
            let text = match (deadline.missed, case.submitted.is_empty()) {
                (true, _) => &b.missed,
                (false, true) => &b.deadline,
                (false, false) => &b.in_time,
            };
            let (at, hours) = (w.instant(deadline.strict), w.number(deadline.hours));
            fill(text, &[("at", &at), ("hours", &hours)])
        }
    };
    [deadline, form].join(" ")
}

fn persons_answer(w: &Wording, totals: &PersonsTotals) -> String {
    let b = &w.breach.answer;
    let text = if totals.determined { &b.persons } else { &b.persons_at_least };
    let told = w.number(totals.told);
    let left = w.number(totals.not_told + totals.could_not_be_told);
    let people = w.plural_range(&w.exposure.count.people, totals.persons.low, totals.persons.high);
    let known = w.plural_range(&w.exposure.count.people, totals.persons.high, totals.persons.high);
    let people = if totals.determined { people } else { known };
    fill(text, &[("people", &people), ("told", &told), ("left", &left)])
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn identities(identities: &[Identity]) -> Vec<PersonIdentity> {
    identities.iter().map(PersonIdentity::from).collect()
}

fn moment(step: &Step) -> Moment {
    Moment {
        at: Instant::new(step.at_us()),
        recorded_at: Instant::new(step.recorded_at_us),
        entry: EntryIndex(step.index),
        by: match &step.by {
            By::Person(by) => identities(by),
            By::Nobody | By::Erased => Vec::new(),
        },
        by_erased: step.by == By::Erased,
        statement: given(step.statement()),
    }
}

fn case_fact(as_of: &AsOf, profile: &Profile) -> CaseFact {
    let case = &as_of.case;
    let last = |step: CaseStep| case.last(step).map(moment);
    let (detected, aware) = (case.last(CaseStep::Detected), case.last(CaseStep::Aware));
    let delay = detected.zip(aware).map(|(detected, aware)| aware.at_us().saturating_sub(detected.at_us()));
    let deadline = case.deadline(profile).and_then(Result::ok).map(|hours| DeadlineFact {
        strict: Instant::new(hours.strict_us),
        reading: Instant::new(hours.reading_us),
        working_days: u64::from(hours.working_days),
        hours: u64::from(profile.breach_notification_h),
        zone: profile.zone_name.clone(),
        is_default: profile.is_default,
        missed: case.is_late(as_of.cut_off_us, profile),
    });
    let standing = case.standing();
    let occurred = Found::of(as_of).occurred();
    CaseFact {
        id: uuid::Uuid::from_bytes(case.id).to_string(),
        standing: match standing {
            Standing::Open => CaseStanding::Open,
            Standing::Submitted => CaseStanding::Submitted,
            Standing::NotNotified => CaseStanding::NotNotified,
            Standing::Closed => CaseStanding::Closed,
        },
        reference: given(case.reference()),
        // A case has a first step, or it is none.
        opened: case.steps.first().map_or_else(never, moment),
        occurred: occurred.map(|(from, until)| Span { from: Instant::new(from), until: Instant::new(until) }),
        detected: detected.map(moment),
        processor_aware: last(CaseStep::ProcessorAware),
        aware: aware.map(moment),
        detection_to_awareness_us: delay,
        awareness_moved_later: case.awareness_moved_later(),
        deadline,
        submitted: case.each(CaseStep::Submitted).map(moment).collect(),
        not_notified: last(CaseStep::NotNotified).filter(|_| standing != Standing::Submitted),
        closed: last(CaseStep::Closed).filter(|_| standing == Standing::Closed),
    }
}

fn never() -> Moment {
    let at = Instant::default();
    Moment { at, recorded_at: at, entry: EntryIndex(0), by: Vec::new(), by_erased: false, statement: None }
}

fn severity_fact(step: &Step) -> SeverityFact {
    let part = step.part.as_ref();
    let figure = part.and_then(|part| part.figure.as_ref()).map(|chosen| {
        let figure = enisa::Figure {
            context: chosen.context,
            identification: chosen.identification,
            confidentiality: chosen.confidentiality,
            integrity: chosen.integrity,
            availability: chosen.availability,
            malicious: chosen.malicious,
        };
        FigureFact {
            context: u64::from(chosen.context),
            identification: u64::from(chosen.identification),
            confidentiality: u64::from(chosen.confidentiality),
            integrity: u64::from(chosen.integrity),
            availability: u64::from(chosen.availability),
            malicious: chosen.malicious,
            score: u64::from(figure.score()),
            level: figure.level().code().to_owned(),
        }
    });
    SeverityFact { level: part.and_then(|part| given(&part.level)), figure, set: moment(step) }
}

fn field_fact(decided: &Decided, case: &Case) -> FieldFact {
    let field = decided.field;
    let text = |value: &String| match field.kind {
        Kind::One | Kind::Many => field.option(value).unwrap_or(value).to_owned(),
        _ => value.clone(),
    };
    let differs = matches!(decided.state, FieldState::Differs);
    let by_ledger = matches!(
        decided.state,
        FieldState::Ledger
            | FieldState::Registry
            | FieldState::Proposed
            | FieldState::Confirmed
            | FieldState::Differs
            | FieldState::Refused
    );
    let entries: &[u64] = if by_ledger { &decided.ledger.entries } else { &[] };
    FieldFact {
        number: u64::from(field.number),
        block: Block::of(field.number).code().to_owned(),
        title: field.title.to_owned(),
        origin: decided.origin(),
        required: decided.required,
        state: decided.state,
        texts: decided.values.iter().map(text).collect(),
        values: decided.values.clone(),
        ledger_values: if differs { decided.ledger.values.clone() } else { Vec::new() },
        refused_values: decided.refused.clone(),
        entries: entries.iter().map(|index| EntryIndex(*index)).collect(),
        answered_in: form::answered_in(decided, case).map(EntryIndex),
    }
}

fn phase(entry: u64, then: &AsOf, form: &[Decided], now: &AsOf, profile: &Profile, w: &Wording) -> Option<Phase> {
    let submitted = now.case.steps.iter().find(|step| step.index == entry)?;
    let changes = form::changes(&form::decide(then, profile, w), form);
    // What was empty then was not answered: that it is known now completes the form, and corrects nothing.
    let follow_up_needed = changes.iter().any(|(_, then, _)| !then.is_empty());
    let change = |(field, then, now): (&'static crate::law::edpb::Field, Vec<String>, Vec<String>)| ChangeFact {
        field: u64::from(field.number),
        title: field.title.to_owned(),
        then,
        now,
    };
    Some(Phase {
        submitted: moment(submitted),
        size: submitted.size,
        report: submitted.report.map(hex::encode),
        changes: changes.into_iter().map(change).collect(),
        follow_up_needed,
    })
}

/// Who was told by this step: the persons themselves; of those who could only be told in public nobody is named.
fn told_fact(step: &Step) -> ToldFact {
    let part = step.part.as_ref();
    ToldFact {
        at: Instant::new(step.at_us()),
        channel: Code(step.channel()),
        delivery: Code(step.delivery()),
        message: part.map(|part| hex::encode(&part.message)).filter(|digest| !digest.is_empty()),
        statement: given(step.statement()),
        entry: EntryIndex(step.index),
    }
}

fn person_fact(subject: &SubjectFact, case: &Case) -> PersonFact {
    let told: Vec<&Step> = case.each(CaseStep::Informed).filter(|step| names(step, &subject.identities)).collect();
    let delivered = told.iter().any(|step| step.delivery() == Delivery::Delivered);
    PersonFact {
        identities: subject.identities.clone(),
        categories: subject.categories.clone(),
        windows: subject.times.clone(),
        open_us: subject.open_us,
        accesses: subject.accesses,
        seen: match (&subject.accesses, subject.verdict) {
            (Range { low: 1.., .. }, _) => Seen::Accessed,
            (Range { high: 0, .. }, Verdict::NoneComplete) => Seen::NotRecorded,
            _ => Seen::CannotBeExcluded,
        },
        notice: match (delivered, told.is_empty()) {
            (true, _) => Notice::Told,
            (false, false) => Notice::CouldNotBeTold,
            (false, true) => Notice::NotTold,
        },
        told: told.into_iter().map(told_fact).collect(),
    }
}

/// Whether a step told the person of these identifiers; one is the same however sure it was when it was given.
pub(super) fn names(step: &Step, identities: &[PersonIdentity]) -> bool {
    let told = step.told.iter().flatten();
    let mut known = told.flat_map(|told| identities.iter().map(move |known| (told, known)));
    known.any(|(told, known)| told.namespace == known.namespace && told.fields == known.fields)
}

fn others_told(case: &Case, persons: &[PersonFact]) -> Vec<OtherTold> {
    let mut others: Vec<OtherTold> = Vec::new();
    for step in case.each(CaseStep::Informed) {
        for told in &step.told {
            let alone = Step { told: vec![told.clone()], ..step.clone() };
            if persons.iter().any(|person| names(&alone, &person.identities)) {
                continue;
            }
            match others.iter_mut().find(|other| names(&alone, &other.identities)) {
                Some(other) => other.told.push(told_fact(step)),
                // By the identifier that was used, and no other that is known of them.
                None => {
                    let identities = identities(told.first().map(std::slice::from_ref).unwrap_or_default());
                    others.push(OtherTold { identities, told: vec![told_fact(step)] });
                }
            }
        }
    }
    others
}

fn header(
    question: &BreachQuestion,
    evidence: &BreachEvidence,
    envelope: &Envelope,
    report_type: ReportType,
    template: &str,
) -> Header {
    let all = || std::iter::once(&evidence.now).chain(evidence.then.iter().map(|(_, then)| then));
    let closed: BTreeSet<u64> = all().map(|as_of| as_of.exposure.header.parts_closed).collect();
    Header {
        report_id: uuid::Uuid::from_bytes(envelope.report_id).to_string(),
        report_type: Code(report_type),
        template: template::fact(template, envelope.language, &evidence.now.exposure.header.controller.zone()),
        legal_snapshot: template::LEGAL_SNAPSHOT.trim().to_owned(),
        controller: evidence.now.exposure.header.controller.clone(),
        requester: given(&envelope.generated_by),
        reference: given(&envelope.reference),
        generated_at: Instant::new(envelope.generated_at_us),
        question: Question {
            case: uuid::Uuid::from_bytes(question.case).to_string(),
            resources: evidence.now.case.resources(),
            size: question.size,
            cut_off: Instant::new(question.cut_off_us),
        },
        as_known_at: HeadFact::of(&evidence.head),
        entries_proved: evidence.now.exposure.header.entries_proved,
        parts_closed: closed.into_iter().max().unwrap_or_default(),
        redaction_profile: "counsel".to_owned(),
    }
}
