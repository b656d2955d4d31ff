//! Evidence becomes the breach file: the case, the form, what changed since it was handed in.

use super::case::{By, Case, Standing, Step};
use super::derive::{Audience, Found};
use super::document::*;
use super::evidence::{AsOf, BreachEvidence, BreachQuestion, Carried, Erased};
use super::form::{self, AWARE, Decided};
use super::{FORMAT, counted, phases, register, reported, standing, undue};
use crate::law::edpb::{Block, Field, Kind};
use crate::law::{Profile, calendar, enisa};
use crate::model::{CaseStep, Identity, ReportType};
use crate::report::access::completeness;
use crate::report::access::document::{EntryIndex, PersonIdentity, Span};
use crate::report::clock::ClockFacts;
use crate::report::code::Code;
use crate::report::evidence::Envelope;
use crate::report::header::Common;
use crate::report::instant::Instant;
use crate::report::shape::given;
use crate::report::template;
use crate::report::wording::{Wording, fill};
use std::collections::BTreeSet;

/// The breach file. The same arguments always give the same facts.
pub fn facts(question: &BreachQuestion, evidence: &BreachEvidence, envelope: &Envelope) -> BreachReport {
    let w = &envelope.language.wording_in(&evidence.now.exposure.header.controller.zone());
    let (now, profile) = (&evidence.now, &evidence.profile);
    let passed = now.case.each(CaseStep::Submitted).next().is_none()
        && now.case.is_late(now.cut_off_us.max(envelope.generated_at_us), &now.period);
    let form = form::decide(now, profile, passed, w);
    let case = case_fact(now, &form, passed, evidence.head.opened_at_us);
    let totals = form::totals(&form);
    let todo = form.iter().filter_map(|decided| {
        let field = u64::from(decided.field.number);
        decided.todo().map(|what| TodoFact { field, what })
    });
    let earlier = case.reported.iter().any(|act| act.earlier);
    let earlier = earlier.then_some(TodoFact { field: u64::from(AWARE), what: Todo::Awareness });
    let todo = earlier.into_iter().chain(todo).collect();
    let (confidentiality, audience) = match Found::of(now).audience() {
        Audience::Nobody => (0, AudienceKind::Nobody),
        Audience::Known => (25, AudienceKind::Known),
        Audience::Uncountable => (50, AudienceKind::Uncountable),
    };
    BreachReport {
        format: FORMAT.to_owned(),
        erratum: None,
        header: header(question, evidence, envelope, ReportType::Breach, template::BREACH),
        answer: Answer { text: answer(w, now, &case, &totals) },
        severity: now.case.told(CaseStep::Severity).map(|step| severity_fact(step, &now.case, profile)).collect(),
        register: register::of_form(now, &form, (profile, passed), w),
        case,
        figure_confidentiality: confidentiality,
        figure_audience: audience,
        totals,
        todo,
        phases: phases::facts(evidence, &form, w),
        fields: form.iter().map(|decided| field_fact(decided, &now.case, w)).collect(),
        claim: now.exposure.answer.claim,
        coverage: now.exposure.coverage.clone(),
        clock: clock(now),
        changes: None,
    }
}

fn answer(w: &Wording, now: &AsOf, case: &CaseFact, totals: &FormTotals) -> String {
    let b = &w.breach.answer;
    let numbers = [
        ("required", w.number(totals.required)),
        ("provided", w.plural(&b.form_provided, totals.provided)),
        ("confirm", w.plural(&b.form_confirm, totals.to_confirm)),
        ("missing", w.plural(&b.form_missing, totals.not_provided)),
    ];
    let form = fill(&b.form, &numbers.each_ref().map(|(name, value)| (*name, value.as_str())));
    // Whatever was decided: once it was notified, it was.
    let need_not = undue::text(w, &now.case, &now.period);
    let deadline = match (need_not, &case.deadline) {
        (Some(need_not), _) => need_not,
        (None, None) => standing::no_deadline(w, case, Instant::new(now.cut_off_us)),
        (None, Some(deadline)) => {
            let (at, hours) = (w.instant(deadline.strict), w.number(deadline.hours));
            let first = case.submitted.iter().min_by_key(|moment| moment.at);
            match (deadline.missed || deadline.passed, first) {
                (true, _) => undue::missed(w, deadline.strict.us(), deadline.hours),
                (false, None) => fill(&b.deadline, &[("at", &at), ("hours", &hours)]),
                // What was recorded once it was late shows only that somebody says so.
                (false, Some(first)) if first.recorded_at > deadline.strict => {
                    let (stated, recorded) = (w.instant(first.at), w.instant(first.recorded_at));
                    let values = [("at", &at), ("hours", &hours), ("stated", &stated), ("recorded", &recorded)];
                    fill(&b.in_time_stated, &values.map(|(name, value)| (name, value.as_str())))
                }
                (false, Some(_)) => fill(&b.in_time, &[("at", &at), ("hours", &hours)]),
            }
        }
    };
    // Where none runs that is said already, unless it was decided that none is due.
    let says_so = case.deadline.is_none() && undue::text(w, &now.case, &now.period).is_none();
    let moved = standing::moved(w, case, Instant::new(now.cut_off_us)).filter(|_| !says_so);
    let reported = reported::awareness(w, &case.reported);
    std::iter::once(deadline).chain(moved).chain(reported).chain([form]).collect::<Vec<_>>().join(" ")
}

pub(super) fn identities(identities: &[Identity]) -> Vec<PersonIdentity> {
    identities.iter().map(PersonIdentity::from).collect()
}

pub(super) fn moment(step: &Step) -> Moment {
    Moment {
        at: Instant::new(step.at_us()),
        recorded_at: Instant::new(step.recorded_at_us),
        entry: EntryIndex(step.index),
        by: match &step.by {
            By::Person(by) => identities(by),
            By::Nobody | By::Erased => Vec::new(),
        },
        by_erased: step.by == By::Erased,
        signed: step.signed(),
        statement: given(step.statement()),
    }
}

fn case_fact(as_of: &AsOf, form: &[Decided], passed: bool, opened_at_us: u64) -> CaseFact {
    let (case, profile) = (&as_of.case, &as_of.period);
    let last = |step: CaseStep| case.last(step).map(moment);
    let (detected, aware) = (case.last(CaseStep::Detected), case.awareness());
    // Detected after somebody was aware already is a contradiction and no delay.
    let delay = detected.zip(aware).and_then(|(detected, aware)| aware.at_us().checked_sub(detected.at_us()));
    let hours = case.deadline(profile).and_then(Result::ok);
    let deadline = hours.zip(aware).map(|(hours, aware)| DeadlineFact {
        strict: Instant::new(hours.strict_us),
        reading: Instant::new(hours.reading_us),
        working_days: u64::from(hours.working_days),
        hours: u64::from(profile.breach_notification_h),
        zone: profile.zone_name.clone(),
        is_default: profile.is_default,
        from: EntryIndex(aware.index),
        missed: case.is_late(as_of.cut_off_us, profile),
        passed,
    });
    let gone = case.taken_back();
    let taken_back_by = |step: &Step| gone.get(&step.index).map(|by| EntryIndex(by.index));
    let occurred = Found::of(as_of).occurred();
    let first_sent = case.each(CaseStep::Submitted).map(Step::at_us).min();
    let stated = |step: &Step| {
        let hours = calendar::breach_deadline(step.at_us(), profile).ok();
        AwarenessFact {
            stated: moment(step),
            strict: hours.map(|hours| Instant::new(hours.strict_us)),
            counts: aware.is_some_and(|aware| aware.index == step.index),
            before_breach: occurred.is_some_and(|(from, _)| step.at_us() < from),
            before_detection: detected.is_some_and(|detected| step.at_us() < detected.at_us()),
            before_ledger: step.at_us() < opened_at_us,
            after_notification: aware.is_some_and(|aware| aware.index == step.index)
                && first_sent.is_some_and(|sent| sent < step.at_us()),
            taken_back_by: taken_back_by(step),
        }
    };
    let standing = case.standing();
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
        detected_before: detected.zip(occurred).is_some_and(|(step, (from, _))| step.at_us() < from),
        processor_aware: last(CaseStep::ProcessorAware),
        aware: aware.map(moment),
        detection_to_awareness_us: delay,
        awareness: case.told(CaseStep::Aware).map(stated).collect(),
        awareness_moved_later: case.awareness_moved_later(),
        deadline,
        submitted: case.each(CaseStep::Submitted).map(moment).collect(),
        not_notified: last(CaseStep::NotNotified).filter(|_| standing != Standing::Submitted),
        closed: last(CaseStep::Closed).filter(|_| standing == Standing::Closed),
        steps: (case.steps.iter().filter(|step| step.step != CaseStep::Read))
            .map(|step| StepFact { taken_back_by: taken_back_by(step), ..step_fact(step) })
            .collect(),
        erased: as_of.erased.iter().map(|erased| erased_fact(erased, as_of, form)).collect(),
        counted: counted::facts(case),
        carried: as_of.carried.as_ref().map(carried_fact),
        retractions: retractions(case),
        retracted_deadline: retracted_deadline(as_of),
        reported: reported::facts(as_of, occurred),
    }
}

fn retractions(case: &Case) -> Vec<RetractionFact> {
    let gone = case.taken_back();
    let fact = |by: &Step| {
        let step = case.steps.iter().find(|step| step.index == by.retracts)?;
        Some(RetractionFact {
            made: moment(by),
            of: EntryIndex(step.index),
            what: Code(step.step),
            stated: moment(step),
            reference: given(step.reference()),
            taken_back: gone.contains_key(&by.index),
        })
    };
    case.told(CaseStep::Retracted).filter_map(fact).collect()
}

fn retracted_deadline(as_of: &AsOf) -> Option<RetractedDeadlineFact> {
    let profile = &as_of.period_with_everything;
    let gone = as_of.case.deadline_taken_back(profile, as_of.cut_off_us)?;
    Some(RetractedDeadlineFact {
        strict: Instant::new(gone.strict_us),
        hours: u64::from(profile.breach_notification_h),
        from: EntryIndex(gone.stated.index),
        by: EntryIndex(gone.by.index),
        passed_before: gone.passed_before,
        missed: gone.missed,
    })
}

fn step_fact(step: &Step) -> StepFact {
    let answers = step.part.iter().flat_map(|part| &part.answers);
    let Moment { by, by_erased, signed, statement, .. } = moment(step);
    StepFact {
        entry: EntryIndex(step.index),
        recorded_at: Instant::new(step.recorded_at_us),
        step: Code(step.step),
        stated_at: Some(step.stated_us).filter(|us| *us != 0).map(Instant::new),
        by,
        by_erased,
        signed,
        reference: given(step.reference()),
        statement,
        answered: answers.map(|answer| u64::from(answer.field)).collect(),
        told: step.told.len() as u64 + step.told_closed,
        told_erased: step.told_closed,
        size: step.size,
        report: step.report.map(hex::encode),
        takes_back: Some(step.retracts).filter(|entry| *entry != 0).map(EntryIndex),
        taken_back_by: None,
    }
}

/// Fields that count persons or say what data it was: they rest on everybody's parts.
const OF_PERSONS: [u8; 6] = [65, 67, 68, 70, 72, 73];

/// Fields of the form that rested on what an erasure took.
pub(super) fn resting(erased: &Erased, case: &Case, form: &[Decided]) -> Vec<u64> {
    let rests = |decided: &&Decided| {
        let number = decided.field.number;
        let by_acts = decided.ledger.entries.iter().any(|entry| erased.acts.contains(entry));
        let answered = case.answered_by(number).is_some_and(|step| erased.steps.contains(&step.index));
        by_acts || answered || (!erased.subjects.is_empty() && OF_PERSONS.contains(&number))
    };
    form.iter().filter(rests).map(|decided| u64::from(decided.field.number)).collect()
}

pub(super) fn carried_fact(carried: &Carried) -> CarriedFact {
    CarriedFact {
        counted_in: EntryIndex(carried.step),
        people: carried.people,
        erased: carried.erased,
        by: carried.by.iter().map(|entry| EntryIndex(*entry)).collect(),
    }
}

fn erased_fact(erased: &Erased, as_of: &AsOf, form: &[Decided]) -> ErasedFact {
    let entries = |all: &BTreeSet<u64>| all.iter().map(|index| EntryIndex(*index)).collect();
    ErasedFact {
        entry: EntryIndex(erased.entry),
        at: Instant::new(erased.at_us),
        acts: entries(&erased.acts),
        perhaps: entries(&erased.perhaps),
        subjects: erased.subjects.values().sum(),
        steps: entries(&erased.steps),
        fields: resting(erased, &as_of.case, form),
    }
}

/// Whether whoever is named signed it, in words; nothing where nobody is named.
pub fn signed_text(w: &Wording, signed: Option<bool>) -> &str {
    let c = &w.breach.case;
    signed.map_or("", |signed| if signed { &c.signed } else { &c.not_signed })
}

fn never() -> Moment {
    let at = Instant::default();
    let (by, by_erased, signed, statement) = (Vec::new(), false, None, None);
    Moment { at, recorded_at: at, entry: EntryIndex(0), by, by_erased, signed, statement }
}

fn severity_fact(step: &Step, case: &Case, profile: &Profile) -> SeverityFact {
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
            level: figure.level(&profile.thresholds).code().to_owned(),
            thresholds: Some(thresholds_fact(profile)),
        }
    });
    let taken_back_by = case.taken_back().get(&step.index).map(|by| EntryIndex(by.index));
    SeverityFact { level: part.and_then(|part| given(&part.level)), figure, set: moment(step), taken_back_by }
}

pub(super) fn thresholds_fact(profile: &Profile) -> ThresholdsFact {
    let from = &profile.thresholds;
    let [medium, high, very_high] = [from.medium, from.high, from.very_high].map(u64::from);
    ThresholdsFact { medium, high, very_high, registered: profile.thresholds_set }
}

/// From which figures on a level is reached, and who says so.
pub fn thresholds_text(w: &Wording, from: &ThresholdsFact) -> String {
    let t = &w.breach.table;
    let source = if from.registered { &t.thresholds_set } else { &t.thresholds_default };
    let values = [from.medium, from.high, from.very_high].map(|share| w.hundredths(share));
    let [medium, high, very_high] = values.each_ref().map(String::as_str);
    fill(&t.thresholds, &[("medium", medium), ("high", high), ("very_high", very_high), ("source", source)])
}

/// What a field is called, in the report's language.
pub(super) fn title(field: &Field, w: &Wording) -> String {
    w.breach.form.get(&field.number.to_string()).map_or_else(|| field.title.to_owned(), |words| words.title.clone())
}

/// What its values mean; the value itself where it is no option.
pub(super) fn texts(field: &Field, values: &[String], w: &Wording) -> Vec<String> {
    let words = w.breach.form.get(&field.number.to_string());
    let text = |value: &String| {
        let ours = words.and_then(|words| words.options.get(value)).map(String::as_str);
        match field.kind {
            Kind::One | Kind::Many => ours.or(field.option(value)).unwrap_or(value).to_owned(),
            Kind::YesNo => match value.as_str() {
                "yes" => w.sheet.yes.clone(),
                "no" => w.sheet.no.clone(),
                other => other.to_owned(),
            },
            Kind::Instant => instant_text(value, w).unwrap_or_else(|| value.clone()),
            Kind::Date => w.day(value),
            _ => value.clone(),
        }
    };
    values.iter().map(text).collect()
}

/// As the report writes instants; nothing where it is none.
fn instant_text(value: &str, w: &Wording) -> Option<String> {
    let at: jiff::Timestamp = value.parse().ok()?;
    let us = u64::try_from(at.as_microsecond()).ok()?;
    Some(w.instant(Instant::new(us)))
}

fn field_fact(decided: &Decided, case: &Case, w: &Wording) -> FieldFact {
    let field = decided.field;
    let title = title(field, w);
    let by_ledger = matches!(
        decided.state,
        FieldState::Ledger
            | FieldState::Registry
            | FieldState::Proposed
            | FieldState::Confirmed
            | FieldState::Differs
            | FieldState::Refused
            | FieldState::NotProvided
    );
    // Whoever states awareness does so in the case's own steps.
    let by_ledger = by_ledger || field.number == AWARE;
    let beside = decided.is_proposal() || decided.state == FieldState::Differs;
    let ledger: &[String] = if beside { &decided.ledger.values } else { &[] };
    let entries: &[u64] = if by_ledger { &decided.ledger.entries } else { &[] };
    FieldFact {
        number: u64::from(field.number),
        block: Block::of(field.number).code().to_owned(),
        english: Some(field.title.to_owned()).filter(|english| *english != title),
        title,
        origin: decided.origin(),
        required: decided.required,
        state: decided.state,
        texts: texts(field, decided.answer(), w),
        values: decided.answer().to_vec(),
        ledger_values: ledger.to_vec(),
        ledger_texts: texts(field, ledger, w),
        refused_values: decided.refused.clone(),
        contradicts: decided.contradicts.clone(),
        entries: entries.iter().map(|index| EntryIndex(*index)).collect(),
        answered_in: form::answered_in(decided, case).map(EntryIndex),
    }
}

/// Options with their letters, for whoever types them into the form.
pub(super) fn coded(field: &Field, values: &[String], w: &Wording) -> Vec<String> {
    let is_option = matches!(field.kind, Kind::One | Kind::Many);
    let text = |(value, text): (&String, String)| if is_option { format!("{value}  {text}") } else { text };
    values.iter().zip(texts(field, values, w)).map(text).collect()
}

/// Of what the case is about, and of its own steps, whose claims people state.
pub(super) fn clock(now: &AsOf) -> Option<ClockFacts> {
    let mut clock = now.exposure.clock.clone()?;
    now.case.steps.iter().for_each(|step| clock.recorded(step.flags));
    Some(clock)
}

pub(super) fn header(
    question: &BreachQuestion,
    evidence: &BreachEvidence,
    envelope: &Envelope,
    report_type: ReportType,
    template: &str,
) -> Header {
    let all = || std::iter::once(&evidence.now).chain(evidence.then.iter().filter_map(|then| then.as_of.as_ref()));
    let closed: BTreeSet<u64> = all().map(|as_of| as_of.exposure.header.parts_closed).collect();
    let exposure = &evidence.now.exposure.header;
    let own = Own {
        question: Question {
            case: uuid::Uuid::from_bytes(question.case).to_string(),
            resources: evidence.now.case.resources(),
            size: question.size,
            cut_off: Instant::new(question.cut_off_us),
        },
        entries_proved: exposure.entries_proved,
        parts_closed: closed.into_iter().max().unwrap_or_default(),
        completeness: completeness::of_header(&exposure.controller, envelope),
    };
    let what = (report_type, template, "counsel");
    Header::of(Common::of(what, exposure.controller.clone(), &evidence.head, envelope), own)
}
