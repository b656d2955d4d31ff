//! The life of a breach: each step is an entry that says in the open that it was taken, when, and from what was known; its
//! texts, answers and the human who acted stand sealed. Reading cases is a step of its own.

use super::proving::Proving;
use super::read::join_content;
use super::{EngineError, Kind, OpenLedger, PartState, Receipt};
use crate::admit::events::{self, CaseActors};
use crate::exposure::{Term, TermKind};
use crate::law::{Profile, ProfileError, edpb};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::breach::case::{By, CaseId, Standing, Step};
use crate::report::breach::document::RegisterFact;
use crate::report::breach::evidence::AsOf;
use crate::report::breach::{self, Case};
use crate::report::exposure::evidence::Detection;
use crate::report::instant::Zone;
use crate::report::language::Language;
use crate::report::question::{RecordedBreach, RecordedExposure};
use crate::vault;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use whosaw_verifier::body::{Body, CaseBody};
use whosaw_verifier::entry::Header;
use whosaw_verifier::hash::Hash;
use whosaw_verifier::part::{CaseCount, CasePart, Part, StepSignature};
use whosaw_verifier::step::SignedStep;

/// Resources, people told and bytes of answers that one step may name.
const RESOURCES_MAX: usize = 256;
const TOLD_MAX: usize = 4_096;
const ANSWERS_MAX: usize = 256 << 10;

/// A step to be recorded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CaseAsked {
    /// Absent: a new case is opened.
    pub case: Option<CaseId>,
    pub step: CaseStep,
    /// Absent: not stated.
    pub stated_us: Option<u64>,
    /// The human who acts.
    pub by: Option<Identity>,
    /// Theirs; empty: not signed.
    pub signature: Vec<u8>,
    /// Data subjects who were told, or could not be.
    pub told: Vec<Identity>,
    /// The entry that records the production of the report that the step is about.
    pub report: Option<u64>,
    /// The entry of the step that this one takes back.
    pub retracts: Option<u64>,
    /// What was known to whoever decided; 0: everything now.
    pub size: u64,
    pub part: CasePart,
}

/// A step that was recorded.
#[derive(Debug, Clone)]
pub struct RecordedStep {
    pub receipt: Receipt,
    /// As it stands after it.
    pub case: Case,
    /// Resources that the step names and of which nothing is known.
    pub unknown: Vec<String>,
    /// Fields that the step answered otherwise than the record allows: these answers do not stand.
    pub refused: Vec<u8>,
}

/// A case as the register of GDPR Art. 33(5) has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredCase {
    pub case: Case,
    /// The legal profile by whose hours it is late or in time.
    pub period: Profile,
    /// The same had no statement of awareness been taken back.
    pub period_with_everything: Profile,
    pub register: Vec<RegisterFact>,
    /// Fields whose answer the record rules out.
    pub refused: Vec<u8>,
    /// In which the register is told.
    pub language: Language,
    /// The deadline had passed unmet when this was made.
    pub(super) was_late: bool,
}

impl OpenLedger {
    /// The legal profile in force.
    pub fn profile(&self) -> Result<Profile, EngineError> {
        self.profile_at(self.ledger.published().size)
    }

    /// The legal profile whose hours count for a case: the one in force when the controller became aware. Where none was yet,
    /// the first that was put in force afterwards: a later one must not move a deadline on.
    pub fn period_of(&self, case: &Case, size: u64) -> Result<Profile, EngineError> {
        let Some(aware_us) = case.awareness().map(Step::at_us) else { return self.profile_at(size) };
        let (mut below, mut earliest) = (size, size);
        while let Some(known) = self.registry_document_at(below)? {
            if known.document.profile.is_some() {
                earliest = known.index + 1;
                let entry = self.ledger.entry(known.index)?;
                if entry.is_some_and(|entry| entry.header.recorded_at_us <= aware_us) {
                    break;
                }
            }
            below = known.index;
        }
        self.profile_at(earliest)
    }

    /// The same as of now, and as it would be had no statement of awareness been taken back.
    pub fn periods_now(&self, case: &Case) -> Result<[Profile; 2], EngineError> {
        let size = self.ledger.published().size;
        Ok([self.period_of(case, size)?, self.period_of(&case.with_everything(), size)?])
    }

    /// The legal profile as of a size: the template's where the controller's registry sets none, or leaves something out.
    pub(super) fn profile_at(&self, size: u64) -> Result<Profile, EngineError> {
        let in_force = self.registry_document_at(size)?;
        let Some(set) = in_force.as_ref().and_then(|known| known.document.profile.as_ref()) else {
            return Ok(Profile::default());
        };
        let default = Profile::default();
        let hours = set.breach_notification_h.unwrap_or(default.breach_notification_h);
        let zone = set.zone.as_deref().unwrap_or(&default.zone_name);
        let scale = if set.severity.is_empty() { default.severity_scale.clone() } else { set.severity.clone() };
        let holidays = set.holidays.iter().filter_map(|day| day.parse().ok()).collect();
        let unusable =
            |error: ProfileError| EngineError::precondition(format!("the registry's legal profile: {error}"));
        let mut profile = Profile::new(hours, zone, holidays, scale).map_err(unusable)?;
        if let Some(from) = set.thresholds.as_ref() {
            let (medium, high, very_high) = (from.medium, from.high, from.very_high);
            profile.thresholds = crate::law::enisa::Thresholds { medium, high, very_high };
            profile.thresholds_set = true;
        }
        profile.request_months = set.access_request_months.unwrap_or(profile.request_months);
        profile.request_extension_months =
            set.access_request_extension_months.unwrap_or(profile.request_extension_months);
        Ok(profile)
    }

    /// In which zone times are told: the legal profile's, as in every report.
    pub fn zone(&self) -> Result<Zone, EngineError> {
        let known = self.registry_document_at(self.ledger.published().size)?;
        let profile = known.as_ref().and_then(|known| known.document.profile.as_ref());
        Ok(Zone::named(profile.and_then(|profile| profile.zone.as_deref())))
    }

    /// The ledger's clock.
    pub fn now_us(&self) -> u64 {
        self.clock.now().0
    }

    /// Records a step.
    pub async fn record_case_step(
        self: &Arc<Self>,
        asked: CaseAsked,
        caller: &Caller,
    ) -> Result<RecordedStep, EngineError> {
        // A batch of erasures looks once whom open cases need.
        let is_turn = matches!(asked.step, CaseStep::Opened | CaseStep::Closed);
        let _no_batch = if is_turn { Some(self.erasing.lock().await) } else { None };
        // One step at a time, so that two of them are not both judged by the case as it was before either.
        let _one_at_a_time = self.acting.about_anybody().await;
        let now = self.clock.now().0;
        let (asked, case, size, report, unknown, signature) = self
            .blocking(move |open| {
                open.wait_for_projections(open.ledger.published().size)?;
                let case = asked.case.map(|id| open.known_case(&id)).transpose()?;
                let violations = violations(&asked, case.as_ref(), &open.profile()?, now);
                if !violations.is_empty() {
                    return Err(EngineError::violations(violations));
                }
                let reported = asked.report.map(|index| open.reported(index, &asked)).transpose()?;
                refuse_out_of_turn(&asked, case.as_ref())?;
                let signature = open.signature_of(&asked, case.as_ref())?;
                let (size, report) = match reported {
                    Some((size, digest)) => (size, digest.to_vec()),
                    None => (open.as_of(asked.size, None)?.0, Vec::new()),
                };
                let mut asked = asked;
                let (counted, unknown) = match asked.step {
                    CaseStep::Submitted | CaseStep::NotNotified | CaseStep::Closed => {
                        (Some(open.counted(case.as_ref(), &asked, size)?.0), Vec::new())
                    }
                    // Whoever is concerned may ask to be forgotten before the case is decided. That it is one, and that
                    // somebody is aware of it, is recorded all the same where nothing can be counted.
                    CaseStep::Opened | CaseStep::Detected | CaseStep::ProcessorAware | CaseStep::Aware => {
                        let (counted, unknown) = open.counted(case.as_ref(), &asked, size).ok().unzip();
                        (counted, unknown.unwrap_or_default())
                    }
                    CaseStep::Answered if !asked.part.resources.is_empty() => {
                        (None, open.counted(case.as_ref(), &asked, size)?.1)
                    }
                    _ => (None, Vec::new()),
                };
                asked.part.counted = counted;
                Ok((asked, case, size, report, unknown, signature))
            })
            .await?;
        let id = case.map_or_else(|| uuid::Uuid::new_v4().into_bytes(), |case| case.id);
        let CaseAsked { step, stated_us, by, told, part, retracts, .. } = asked;
        // Only these can be ruled out by the record.
        let of_nature = part.answers.iter().map(|answer| answer.field).filter(|field| matches!(field, 55 | 56));
        let of_nature: Vec<u32> = of_nature.collect();
        let body = CaseBody {
            case: id.to_vec(),
            step,
            stated_us: stated_us.unwrap_or_default(),
            size,
            retracts: retracts.unwrap_or_default(),
            ..CaseBody::default()
        };
        let part = CasePart { report, ..part };
        let normal = |identity: Identity| vault::normal(&identity);
        let actors = CaseActors { by: by.map(normal), signature, told: told.into_iter().map(normal).collect() };
        let admitted = events::case_step(body, actors, part, caller, &self.names().registry);
        // What this case alone kept waiting is judged anew by the next batch.
        let waiting = if step == CaseStep::Closed { self.unblocked() } else { Vec::new() };
        let receipt = match waiting.is_empty() {
            true => self.record(admitted).await?,
            false => self.record_with(admitted, waiting, self.sealing.read().await).await?,
        };
        let (case, refused) = self
            .blocking(move |open| {
                let case = open.known_case(&id)?;
                // It is recorded either way: that nothing can be counted now must not look as if it were not.
                let refused = match of_nature.is_empty() {
                    true => Vec::new(),
                    false => open.registered(case.clone(), Language::default()).map_or(Vec::new(), |it| it.refused),
                };
                Ok((case, refused.into_iter().filter(|field| of_nature.contains(&u32::from(*field))).collect()))
            })
            .await?;
        Ok(RecordedStep { receipt, case, unknown, refused })
    }

    /// One case, after it was recorded that somebody read it. What stands in the register is told in a language.
    pub async fn case(
        self: &Arc<Self>,
        id: CaseId,
        language: Language,
        caller: &Caller,
    ) -> Result<RegisteredCase, EngineError> {
        self.blocking(move |open| open.known_case(&id)).await?;
        self.record_reading(id.to_vec(), caller).await?;
        self.blocking(move |open| open.registered(open.known_case(&id)?, language)).await
    }

    /// All cases, in the order in which they were opened (the register of GDPR Art. 33(5)), after it was recorded that
    /// somebody read them.
    pub async fn cases(
        self: &Arc<Self>,
        language: Language,
        caller: &Caller,
    ) -> Result<Vec<RegisteredCase>, EngineError> {
        self.record_reading(Vec::new(), caller).await?;
        let registered = move |open: &Arc<Self>| {
            let cases = open.cases_below(open.ledger.published().size)?;
            cases.into_iter().map(|case| open.registered(case, language)).collect()
        };
        self.blocking(registered).await
    }

    /// What the ledger tells of the case at a size, with what the step itself names, in numbers, for its own record: people
    /// who are erased later are counted in no later report. And which of the resources that the step names nothing is known
    /// of: a breach may be recorded before its facts, and whoever mistyped a name is to hear of it. Blocks.
    fn counted(
        &self,
        case: Option<&Case>,
        asked: &CaseAsked,
        size: u64,
    ) -> Result<(CaseCount, Vec<String>), EngineError> {
        let known = case.map(|case| case.at(size).unwrap_or_else(|| case.clone()));
        let mut case = known.unwrap_or(Case { id: CaseId::default(), steps: Vec::new() });
        case.steps.push(Step::naming(asked.step, asked.part.resources.clone(), size));
        let as_of = self.case_now(case, size)?;
        let unknown = as_of.exposure.resources.iter().filter(|resource| !resource.known).map(|resource| &resource.name);
        let unknown = unknown.filter(|name| asked.part.resources.contains(name)).cloned().collect();
        Ok((breach::count(&as_of, &self.profile_at(size)?, Language::default().wording()), unknown))
    }

    /// With what the ledger, the registry and people say of each column. Blocks.
    fn registered(&self, case: Case, language: Language) -> Result<RegisteredCase, EngineError> {
        let (size, generation) = (self.ledger.published().size, self.vault.generation());
        if let Some(before) = self.registered_before(&case, language, size)? {
            return Ok(before);
        }
        let as_of = self.case_now(case, size)?;
        let is_over = as_of.is_over();
        let w = language.wording_in(&as_of.exposure.header.controller.zone());
        let (register, refused) = breach::register(&as_of, &self.profile()?, &w);
        let AsOf { case, period, period_with_everything, cut_off_us, .. } = as_of;
        let was_late = case.is_late(cut_off_us, &period);
        let made = RegisteredCase { case, period, period_with_everything, register, refused, language, was_late };
        // What lasts is measured anew each time.
        if is_over {
            self.remember_registered(&made, size, generation);
        }
        Ok(made)
    }

    async fn record_reading(&self, case: Vec<u8>, caller: &Caller) -> Result<(), EngineError> {
        let body = CaseBody { case, step: CaseStep::Read, ..CaseBody::default() };
        let (actors, part) = (CaseActors::default(), CasePart::default());
        self.record(events::case_step(body, actors, part, caller, &self.names().registry)).await.map(drop)
    }

    fn known_case(&self, id: &CaseId) -> Result<Case, EngineError> {
        self.case_below(id, self.ledger.published().size)?
            .ok_or_else(|| EngineError::not_found("this ledger knows no case of this id"))
    }

    /// The signature of whoever acts, held against the key that the registry has for them now: by the size that a step was
    /// decided from, which the caller chooses, a key that was given up could sign on. Nothing where nobody signed. Blocks.
    fn signature_of(&self, asked: &CaseAsked, case: Option<&Case>) -> Result<Option<StepSignature>, EngineError> {
        let (Some(by), Some(case)) = (asked.by.as_ref().filter(|_| !asked.signature.is_empty()), case) else {
            return Ok(None);
        };
        let in_force = self.registry_document_at(self.ledger.published().size)?;
        let key = in_force.and_then(|known| known.document.signing_key(&vault::normal(by)));
        let unknown =
            "signature cannot be checked: the controller's registry has no key by which whoever is named may sign";
        let key = key.ok_or_else(|| EngineError::precondition(unknown))?;
        let said = SignedStep {
            case: &case.id,
            step: asked.step,
            by: &vault::part_identity(by),
            stated_us: asked.stated_us.unwrap_or_default(),
            report: asked.report.unwrap_or_default(),
            statement: &asked.part.statement,
            reference: &asked.part.reference,
            resources: &asked.part.resources,
        };
        if !said.is_signed(self.ledger.origin_hash(), &asked.signature, &key) {
            let text = "is not of this step by the key that the controller's registry has for whoever is named";
            return Err(EngineError::invalid("signature", text));
        }
        // What was taken back would stand again in the name of somebody who did not say it again.
        let again = |step: &&Step| step.signature.as_ref().is_some_and(|known| known.signature == asked.signature);
        if let Some(Step { index, .. }) = case.steps.iter().find(again) {
            let text = format!("stands already, in the step of entry {index}: to say it again, sign other words");
            return Err(EngineError::invalid("signature", text));
        }
        Ok(Some(StepSignature { public_key: key.to_vec(), signature: asked.signature.clone(), report: said.report }))
    }

    /// The case as entries below the size tell it. Blocks.
    pub(super) fn case_below(&self, id: &CaseId, size: u64) -> Result<Option<Case>, EngineError> {
        Ok(self.cases_where(size, |case| case == id)?.into_iter().next())
    }

    pub(super) fn cases_below(&self, size: u64) -> Result<Vec<Case>, EngineError> {
        self.cases_where(size, |_| true)
    }

    /// When breaches of these resources were detected, as their cases state it below a size: of each case the last statement
    /// that stands. Blocks.
    pub(super) fn detections(&self, resources: &[String], head: &Proving) -> Result<Vec<Detection>, EngineError> {
        let mut all = Vec::new();
        for case in self.cases_below(head.size)? {
            let about = case.resources();
            let is_asked = about.iter().any(|name| resources.contains(name));
            let Some(step) = case.last(CaseStep::Detected).filter(|_| is_asked) else { continue };
            let Some(entry) = self.ledger.entry(step.index)? else { continue };
            self.open_proved(&entry, &[], head)?;
            let (at_us, recorded_at_us) = (step.at_us(), step.recorded_at_us);
            all.push(Detection { case: case.id, entry: step.index, at_us, recorded_at_us, resources: about });
        }
        Ok(all)
    }

    fn cases_where(&self, size: u64, wanted: impl Fn(&CaseId) -> bool) -> Result<Vec<Case>, EngineError> {
        self.wait_for_projections(size)?;
        let mut order = Vec::new();
        let mut cases: BTreeMap<CaseId, Vec<Step>> = BTreeMap::new();
        for entry in self.entries_under(Term::new(TermKind::EntryKind, EntryKind::Case.code()), size)? {
            let body = entry.body();
            let Some(Ok(Body::Case(body))) = body else { continue };
            let Ok(id) = CaseId::try_from(body.case.as_slice()) else { continue };
            if wanted(&id) {
                let steps = cases.entry(id).or_insert_with(|| {
                    order.push(id);
                    Vec::new()
                });
                steps.push(self.case_step(entry, &body)?);
            }
        }
        let case = |id| cases.remove(&id).map(|steps| Case { id, steps });
        Ok(order.into_iter().filter_map(case).collect())
    }

    fn case_step(&self, entry: StoredEntry, body: &CaseBody) -> Result<Step, EngineError> {
        let Header { index, recorded_at_us, flags, .. } = entry.header;
        let opened = self.open_all(entry)?;
        let open = |ordinal: u32| match opened.parts.get(ordinal as usize).map(|part| &part.state) {
            Some(PartState::Open(part)) => Some(&**part),
            _ => None,
        };
        let identities = |part: &Part| {
            let person = part.person.as_ref();
            person.map(|person| person.identities.iter().map(vault::identity_of).collect::<Vec<_>>())
        };
        let by = match body.by.checked_sub(1) {
            None => By::Nobody,
            Some(ordinal) => open(ordinal).and_then(identities).map_or(By::Erased, By::Person),
        };
        let signature = body.by.checked_sub(1).and_then(open).and_then(|part| part.content.as_ref()?.case.as_ref());
        let signature = signature.and_then(|case| case.signature.clone());
        let of_role = |role: Role| {
            let groups = body.parts.iter().filter(move |group| group.roles.contains(&role));
            groups.flat_map(|group| group.first..group.first.saturating_add(group.count))
        };
        let told: Vec<_> = of_role(Role::DataSubject).map(|ordinal| open(ordinal).and_then(identities)).collect();
        let told_closed = told.iter().filter(|told| told.is_none()).count() as u64;
        let told = told.into_iter().flatten().map(|told| self.whole(told)).collect::<Result<_, _>>()?;
        let content = join_content(of_role(Role::Content).filter_map(open));
        let part = content.and_then(|content| content.case);
        let sealed = part.as_ref().map(|part| part.report.as_slice()).unwrap_or_default();
        let report = if body.report.is_empty() { sealed } else { &body.report };
        Ok(Step {
            index,
            recorded_at_us,
            flags,
            step: body.step,
            stated_us: body.stated_us,
            size: body.size,
            report: Hash::try_from(report).ok(),
            by,
            is_signed: body.signed,
            signature,
            told,
            told_closed,
            part,
            retracts: body.retracts,
        })
    }

    /// These identifiers, then all others of whoever is surely the same person: somebody may be told by another one than
    /// their data stands under.
    fn whole(&self, mut identities: Vec<Identity>) -> Result<Vec<Identity>, EngineError> {
        let person = identities.first().map(|first| self.vault.find(first)).transpose()?.flatten();
        for person in person.map(|person| self.vault.linked(person)).transpose()?.unwrap_or_default() {
            for identity in self.vault.identities(person)? {
                if !identities.contains(&identity) {
                    identities.push(identity);
                }
            }
        }
        Ok(identities)
    }

    /// Size and digest of the report whose production this entry records. What is submitted is a breach file of the case, and
    /// was not sent before it was made.
    fn reported(&self, index: u64, asked: &CaseAsked) -> Result<(u64, Hash), EngineError> {
        let (case, is_submitted) = (asked.case.as_ref(), asked.step == CaseStep::Submitted);
        let (body, question) = self.recorded_question(index).map_err(|error| match error.kind {
            Kind::Invalid | Kind::OutOfRange => EngineError::invalid("report", "is no entry that records a report"),
            _ => error,
        })?;
        let digest = match body.report_type {
            ReportType::Exposure | ReportType::Persons if is_submitted => None,
            ReportType::Exposure => RecordedExposure::read(&question).map(|recorded| recorded.made.digest),
            ReportType::Breach | ReportType::Persons => RecordedBreach::read(&question)
                .filter(|recorded| case.is_none_or(|case| *case == recorded.question.case))
                .map(|recorded| recorded.made.digest),
            ReportType::Access | ReportType::Activity | ReportType::Unspecified => None,
        };
        let other = || EngineError::invalid("report", "is a report of another type, or on another case");
        let digest = digest.ok_or_else(other)?;
        let made_us = self.ledger.entry(index)?.map_or(0, |entry| entry.header.recorded_at_us);
        if is_submitted && asked.stated_us.is_some_and(|sent| sent < made_us) {
            return Err(EngineError::invalid("stated_at", "lies before the report that was submitted was made"));
        }
        Ok((body.size, digest))
    }
}

/// A step may be well-formed and yet come at the wrong time.
fn refuse_out_of_turn(asked: &CaseAsked, case: Option<&Case>) -> Result<(), EngineError> {
    let is_closed = case.is_some_and(|case| case.standing() == Standing::Closed);
    match (case, asked.step) {
        (Some(_), CaseStep::Opened) if !is_closed => Err(EngineError::precondition("this case is open already")),
        (Some(_), step) if is_closed && step != CaseStep::Opened => {
            Err(EngineError::precondition("this case is closed; open it again first"))
        }
        // Field 48 is mandatory, and without it nobody can say whether a notification was late.
        (Some(case), CaseStep::Submitted) if case.awareness().is_none() => {
            let text = "nobody has stated that the controller is aware: record that first, as whoever became aware";
            Err(EngineError::precondition(text))
        }
        // That the authority need not know is no decision once it does.
        (Some(case), CaseStep::NotNotified) => match case.last(CaseStep::Submitted) {
            Some(Step { index, .. }) => Err(EngineError::precondition(format!(
                "the authority was notified of this case, as entry {index} says: take that back first if it was a mistake"
            ))),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// What a step needs, and what does not belong to it.
fn violations(asked: &CaseAsked, case: Option<&Case>, profile: &Profile, now: u64) -> Vec<Violation> {
    use CaseStep::*;
    let (step, part) = (asked.step, &asked.part);
    let mut wrong = Vec::new();
    let mut refuse = |field: &str, what: &str| {
        wrong.push(Violation { field: field.into(), description: what.into() });
    };
    let is = |steps: &[CaseStep]| steps.contains(&step);
    if is(&[Unspecified, Read]) {
        refuse("step", "is none that can be recorded");
        return wrong;
    }
    if asked.case.is_none() && step != Opened {
        refuse("case_id", "is missing");
    }
    let said = |text: &str| !text.trim().is_empty();
    let again = step == Opened && asked.case.is_some();
    let could_not_be_told = matches!(part.delivery, Delivery::Failed | Delivery::NotPossible);
    for (field, there, needed, allowed) in [
        ("by", asked.by.is_some(), is(&[Aware, Answered, Severity, Submitted, NotNotified, Closed, Retracted]), true),
        (
            "stated_at",
            asked.stated_us.is_some(),
            is(&[Detected, ProcessorAware, Aware])
                || (step == Submitted && asked.report.is_none())
                || (step == Informed && !could_not_be_told),
            // It counts from when it was recorded: nobody takes a deadline back before it passed by saying so afterwards.
            step != Retracted,
        ),
        (
            "statement",
            said(&part.statement),
            again || is(&[Severity, NotNotified, Closed, Retracted]) || (step == Informed && could_not_be_told),
            true,
        ),
        (
            "resources",
            !part.resources.is_empty(),
            step == Opened && asked.case.is_none(),
            is(&[Opened, Detected, ProcessorAware, Aware, Answered]),
        ),
        ("answers", !part.answers.is_empty(), step == Answered, step == Answered),
        ("channel", part.channel != Channel::Unspecified, step == Informed, step == Informed),
        ("delivery", part.delivery != Delivery::Unspecified, step == Informed, step == Informed),
        ("told", !asked.told.is_empty(), step == Informed && part.channel != Channel::Public, step == Informed),
        ("message", !part.message.is_empty(), false, step == Informed),
        ("level", said(&part.level), step == Severity && part.figure.is_none(), step == Severity),
        ("figure", part.figure.is_some(), false, step == Severity),
        ("retracts", asked.retracts.is_some(), step == Retracted, step == Retracted),
        // All that these say is signed with them.
        ("signature", !asked.signature.is_empty(), false, is(&[Aware, Submitted])),
        ("report", asked.report.is_some(), false, is(&[Submitted, NotNotified, Informed])),
        ("tree_size", asked.size != 0, false, asked.report.is_none()),
    ] {
        if needed && !there {
            refuse(field, &format!("is missing: the step `{}` needs it", step.code()));
        } else if there && !allowed {
            refuse(field, &format!("does not belong to the step `{}`", step.code()));
        }
    }
    if asked.stated_us.is_some_and(|stated| stated > now) {
        refuse("stated_at", "lies in the future");
    }
    if step == Retracted && asked.retracts.is_some_and(|entry| !case.is_some_and(|case| case.can_be_taken_back(entry)))
    {
        refuse("retracts", "is no step of this case that can be taken back, or was taken back already");
    }
    let aware_us = case.and_then(Case::awareness).map(Step::at_us);
    if step == Submitted && asked.stated_us.zip(aware_us).is_some_and(|(sent, aware)| sent < aware) {
        refuse("stated_at", "lies before the controller became aware");
    }
    if step == Informed && asked.stated_us.zip(aware_us).is_some_and(|(told, aware)| told < aware) {
        refuse("stated_at", "lies before the controller became aware");
    }
    // The opposite order: whoever notified was aware. Beside a statement that counts a later one moves nothing.
    let mut sent = case.into_iter().flat_map(|case| case.each(Submitted).map(Step::at_us));
    let counts = |stated: u64| aware_us.is_none_or(|aware| stated < aware);
    if step == Aware && asked.stated_us.is_some_and(|stated| counts(stated) && sent.any(|sent| sent < stated)) {
        refuse("stated_at", "lies after the authority was notified, and whoever notified was aware");
    }
    if part.resources.len() > RESOURCES_MAX || part.resources.iter().any(|name| !said(name) || unfit(name)) {
        refuse("resources", "holds more than 256 names, or one that is empty, too long, or has a control character");
    }
    let distinct: BTreeSet<&Identity> = asked.told.iter().collect();
    if asked.told.len() > TOLD_MAX || distinct.len() != asked.told.len() {
        refuse("told", "has more than 4,096 persons, or one of them twice");
    }
    if ![0, 32].contains(&part.message.len()) {
        refuse("message", "is no SHA-256 digest, 32 bytes");
    }
    if said(&part.level) && !profile.severity_scale.contains(&part.level) {
        refuse("level", &format!("is none of the scale: {}", profile.severity_scale.join(", ")));
    }
    if let Some(figure) = &part.figure {
        let figure = crate::law::enisa::Figure {
            context: figure.context,
            identification: figure.identification,
            confidentiality: figure.confidentiality,
            integrity: figure.integrity,
            availability: figure.availability,
            malicious: figure.malicious,
        };
        if let Some((field, what)) = figure.violation() {
            refuse(&format!("figure.{field}"), what);
        }
    }
    wrong.extend(wrong_answers(part, case, profile, now));
    wrong
}

/// Each answer against its field, then all together with those that were given before.
fn wrong_answers(part: &CasePart, case: Option<&Case>, profile: &Profile, now: u64) -> Vec<Violation> {
    let mut wrong = Vec::new();
    let mut answers = case.map(Case::answers).unwrap_or_default();
    let bytes: usize = part.answers.iter().flat_map(|answer| &answer.values).map(String::len).sum();
    if bytes > ANSWERS_MAX {
        wrong.push(Violation { field: "answers".into(), description: "have more than 256 KiB".into() });
        return wrong;
    }
    let mut seen = Vec::new();
    for (i, answer) in part.answers.iter().enumerate() {
        let mut refuse = |member: &str, what: &str| {
            wrong.push(Violation { field: format!("answers[{i}]{member}"), description: what.into() });
        };
        let known = u8::try_from(answer.field).ok().and_then(edpb::field);
        let Some(field) = known else {
            refuse(".field", "is the number of no field of the template");
            continue;
        };
        if seen.contains(&field.number) {
            refuse(".field", "is answered twice in one step");
        }
        seen.push(field.number);
        if let Some(what) = edpb::problem(field, &answer.values) {
            refuse(".values", &format!("(field {}) {what}", field.number));
        } else if edpb::lies_ahead(field, &answer.values, now, profile) {
            refuse(".values", &format!("(field {}) lies in the future", field.number));
        } else if answer.values.is_empty() {
            answers.remove(&field.number);
        } else {
            answers.insert(field.number, answer.values.clone());
        }
    }
    if wrong.is_empty() && !part.answers.is_empty() {
        let together = edpb::violations(&answers).into_iter();
        wrong.extend(together.map(|violation| Violation {
            field: format!("answers (field {})", violation.field),
            description: violation.what.into(),
        }));
    }
    wrong
}

/// Bytes of a resource's name.
const NAME: usize = 1_024;

fn unfit(name: &str) -> bool {
    name.len() > NAME || name.chars().any(char::is_control)
}
