//! A case as its steps tell it: what was detected, who became aware when, what was answered, submitted, told.
//!
//! Nothing is ever overwritten: a later step of a sort stands in the place of an earlier one, and both are listed. So is a
//! step that was taken back, beside whoever took it back and why; only what is counted follows from the steps that stand.

use crate::law::calendar::{self, BeyondCalendar, Hours};
use crate::law::edpb::{Answers, Circumstances};
use crate::law::{Profile, enisa};
use crate::model::{CaseStep, Channel, Delivery, Identity};
use std::collections::BTreeMap;
use whosaw_verifier::hash::Hash;
use whosaw_verifier::part::{CasePart, SeverityFigure, StepSignature};

/// UUID.
pub type CaseId = [u8; 16];

/// One recorded step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub index: u64,
    pub recorded_at_us: u64,
    /// Of the entry's header.
    pub flags: u16,
    pub step: CaseStep,
    /// When it happened, as stated; 0: not stated, then when it was recorded.
    pub stated_us: u64,
    /// Entries below this were known to whoever decided.
    pub size: u64,
    pub report: Option<Hash>,
    pub by: By,
    /// Whoever is named signed it, also where they were erased since.
    pub is_signed: bool,
    /// Theirs, where it opens.
    pub signature: Option<StepSignature>,
    /// Data subjects who were told, or could not be, as far as they open: first the identifier that was used, then others of
    /// the same person.
    pub told: Vec<Vec<Identity>>,
    /// Of these, those who were erased since.
    pub told_closed: u64,
    /// What was sealed; nothing where nothing was, or it does not open.
    pub part: Option<CasePart>,
    /// The entry of the step that this one takes back; 0: none.
    pub retracts: u64,
}

/// Which human acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Nobody was named.
    Nobody,
    Person(Vec<Identity>),
    /// Somebody who was erased since.
    Erased,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Open,
    Submitted,
    NotNotified,
    Closed,
}

/// A deadline that does not run any more, because the awareness it ran from was taken back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TakenBack<'a> {
    pub stated: &'a Step,
    pub by: &'a Step,
    pub strict_us: u64,
    /// It had passed when the statement was taken back.
    pub passed_before: bool,
    /// The first notification, or the instant asked for while there is none, lies after it.
    pub missed: bool,
}

/// A case with its steps in the order of the ledger; the first opened it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub id: CaseId,
    pub steps: Vec<Step>,
}

impl Step {
    /// One that is not recorded yet, and says no more than what the case is about.
    pub fn naming(step: CaseStep, resources: Vec<String>, index: u64) -> Self {
        Step {
            index,
            recorded_at_us: 0,
            flags: 0,
            step: if step == CaseStep::Opened { step } else { CaseStep::Unspecified },
            stated_us: 0,
            size: index,
            report: None,
            by: By::Nobody,
            is_signed: false,
            signature: None,
            told: Vec::new(),
            told_closed: 0,
            part: Some(CasePart { resources, ..CasePart::default() }),
            retracts: 0,
        }
    }

    /// As stated, or when it was recorded.
    pub fn at_us(&self) -> u64 {
        if self.stated_us == 0 { self.recorded_at_us } else { self.stated_us }
    }

    /// Whether whoever is named signed it; nothing where nobody is named.
    pub fn signed(&self) -> Option<bool> {
        (self.by != By::Nobody).then_some(self.is_signed)
    }

    pub fn reference(&self) -> &str {
        self.part.as_ref().map_or("", |part| &part.reference)
    }

    pub fn statement(&self) -> &str {
        self.part.as_ref().map_or("", |part| &part.statement)
    }

    /// What it names.
    pub fn resources(&self) -> Vec<String> {
        self.part.as_ref().map_or_else(Vec::new, |part| part.resources.clone())
    }

    pub fn channel(&self) -> Channel {
        self.part.as_ref().map_or(Channel::Unspecified, |part| part.channel)
    }

    pub fn delivery(&self) -> Delivery {
        self.part.as_ref().map_or(Delivery::Unspecified, |part| part.delivery)
    }
}

impl Case {
    /// The same as entries below this size tell it; nothing where it was not opened yet.
    pub fn at(&self, size: u64) -> Option<Case> {
        let steps: Vec<Step> = self.steps.iter().filter(|step| step.index < size).cloned().collect();
        (!steps.is_empty()).then_some(Case { id: self.id, steps })
    }

    /// Entries of steps that were taken back, each with the step that did. A retraction that was taken back itself does not
    /// count, so what it took back stands again.
    pub fn taken_back(&self) -> BTreeMap<u64, &Step> {
        let mut gone = BTreeMap::new();
        // From the last back: what takes a step back comes after it.
        for step in self.steps.iter().rev() {
            if step.step == CaseStep::Retracted && step.retracts < step.index && !gone.contains_key(&step.index) {
                gone.insert(step.retracts, step);
            }
        }
        gone
    }

    /// As if nothing had ever been taken back.
    pub fn with_everything(&self) -> Case {
        let steps = self.steps.iter().filter(|step| step.step != CaseStep::Retracted);
        Case { id: self.id, steps: steps.cloned().collect() }
    }

    /// What may be taken back by another step of its own. Answers are taken back by clearing them and a closing by opening
    /// again; that there is a case, and that somebody looked, nobody can take back.
    pub fn can_be_taken_back(&self, entry: u64) -> bool {
        use CaseStep::*;
        let mistakes = [Detected, ProcessorAware, Aware, Severity, Submitted, Informed, NotNotified, Retracted];
        self.steps.iter().any(|step| step.index == entry && mistakes.contains(&step.step))
            && !self.taken_back().contains_key(&entry)
    }

    /// Those that stand.
    fn of(&self, step: CaseStep) -> impl DoubleEndedIterator<Item = &Step> {
        let gone = self.taken_back();
        self.steps.iter().filter(move |it| it.step == step && !gone.contains_key(&it.index))
    }

    /// The last step of this sort: it stands in the place of those before.
    pub fn last(&self, step: CaseStep) -> Option<&Step> {
        self.of(step).next_back()
    }

    /// All steps of this sort that stand, in order.
    pub fn each(&self, step: CaseStep) -> impl Iterator<Item = &Step> {
        self.of(step)
    }

    /// The same with those that were taken back.
    pub fn told(&self, step: CaseStep) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |it| it.step == step)
    }

    /// The house's own number, as it was given last.
    pub fn reference(&self) -> &str {
        self.of(CaseStep::Opened).map(Step::reference).rfind(|reference| !reference.is_empty()).unwrap_or_default()
    }

    /// Datasets and resources it is about, each once, in the order in which they were named. What a step named that was taken
    /// back stays: nobody makes a breach smaller by taking back when it was detected.
    pub fn resources(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for name in self.steps.iter().filter_map(|step| step.part.as_ref()).flat_map(|part| &part.resources) {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    }

    /// What people answered, the last answer to each field.
    pub fn answers(&self) -> Answers {
        let mut all = Answers::new();
        for answer in self.steps.iter().filter_map(|step| step.part.as_ref()).flat_map(|part| &part.answers) {
            let Ok(field) = u8::try_from(answer.field) else { continue };
            if answer.values.is_empty() {
                all.remove(&field);
            } else {
                all.insert(field, answer.values.clone());
            }
        }
        all
    }

    /// The step that answered a field last.
    pub fn answered_by(&self, field: u8) -> Option<&Step> {
        let answers = |step: &&Step| {
            let part = step.part.as_ref();
            part.is_some_and(|part| part.answers.iter().any(|answer| answer.field == u32::from(field)))
        };
        self.steps.iter().rev().find(answers)
    }

    /// The house's own level, and the step that set it last.
    pub fn level(&self) -> Option<(&str, &Step)> {
        let level = |step| Some((Step::level(step)?, step));
        self.of(CaseStep::Severity).rev().find_map(level)
    }

    /// ENISA's figure, and the step that set it last.
    pub fn figure(&self) -> Option<(enisa::Figure, &Step)> {
        let figure = |step: &SeverityFigure| enisa::Figure {
            context: step.context,
            identification: step.identification,
            confidentiality: step.confidentiality,
            integrity: step.integrity,
            availability: step.availability,
            malicious: step.malicious,
        };
        self.of(CaseStep::Severity).rev().find_map(|step| Some((figure(step.part.as_ref()?.figure.as_ref()?), step)))
    }

    pub fn standing(&self) -> Standing {
        let gone = self.taken_back();
        let turns = |step: &&Step| matches!(step.step, CaseStep::Opened | CaseStep::Closed);
        let last = self.steps.iter().rev().filter(|step| !gone.contains_key(&step.index)).find(turns);
        if last.is_some_and(|step| step.step == CaseStep::Closed) {
            return Standing::Closed;
        }
        // Once it was notified it was, whatever was decided before or after.
        if self.last(CaseStep::Submitted).is_some() {
            return Standing::Submitted;
        }
        if self.last(CaseStep::NotNotified).is_some() { Standing::NotNotified } else { Standing::Open }
    }

    /// The statement of awareness that counts: the one that gave the earliest instant. A later one cannot move the deadline
    /// on; both are told.
    pub fn awareness(&self) -> Option<&Step> {
        self.of(CaseStep::Aware).min_by_key(|aware| aware.at_us())
    }

    /// GDPR Art. 33(1), from the earliest awareness that was stated; nothing while nobody is aware.
    pub fn deadline(&self, profile: &Profile) -> Option<Result<Hours, BeyondCalendar>> {
        self.awareness().map(|aware| calendar::breach_deadline(aware.at_us(), profile))
    }

    /// The statement of awareness from which the deadline would run had nothing been taken back, where that is another one
    /// than now, and the step that took it back.
    pub fn awareness_taken_back(&self) -> Option<(&Step, &Step)> {
        let earliest = self.told(CaseStep::Aware).min_by_key(|aware| aware.at_us())?;
        Some((earliest, self.taken_back().get(&earliest.index).copied()?))
    }

    /// The last statement of awareness gives a later instant than an earlier one.
    pub fn awareness_moved_later(&self) -> bool {
        let (earliest, last) = (self.awareness(), self.last(CaseStep::Aware));
        last.zip(earliest).is_some_and(|(last, earliest)| earliest.at_us() < last.at_us())
    }

    /// The first decision that the authority need not be notified, while it stands and nothing was notified all the same.
    pub fn not_due(&self) -> Option<&Step> {
        let decided = self.of(CaseStep::NotNotified).min_by_key(|decided| decided.at_us());
        decided.filter(|_| self.of(CaseStep::Submitted).next().is_none())
    }

    /// The first notification until this instant, the decision that none is due, or this instant while there is neither, lies
    /// after the deadline.
    pub fn is_late(&self, now_us: u64, profile: &Profile) -> bool {
        matches!(self.deadline(profile), Some(Ok(deadline)) if self.is_after(deadline.strict_us, now_us))
    }

    /// The same of any deadline.
    pub fn is_after(&self, deadline_us: u64, now_us: u64) -> bool {
        let sent = self.of(CaseStep::Submitted).map(Step::at_us).filter(|at| *at <= now_us);
        let decided = self.not_due().map(Step::at_us).filter(|at| *at <= now_us);
        sent.min().or(decided).unwrap_or(now_us) > deadline_us
    }

    /// The deadline that would run had nothing been taken back, by the profile of then. Lateness does not go away unseen
    /// because what it was counted from was taken back.
    pub fn deadline_taken_back(&self, profile: &Profile, now_us: u64) -> Option<TakenBack<'_>> {
        let (stated, by) = self.awareness_taken_back()?;
        let strict_us = calendar::breach_deadline(stated.at_us(), profile).ok()?.strict_us;
        let passed_before = by.recorded_at_us > strict_us;
        Some(TakenBack { stated, by, strict_us, passed_before, missed: self.is_after(strict_us, now_us) })
    }

    /// What decides visibility beside the answers. Where the controller is follows from which question was answered, else
    /// from where the registry says that it is.
    pub fn circumstances(&self, now_us: u64, profile: &Profile, registered: Option<bool>) -> Circumstances {
        let answers = self.answers();
        let in_eea = match (answers.contains_key(&113), answers.contains_key(&120)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (true, true) => None,
            (false, false) => registered,
        };
        Circumstances { is_late: self.is_late(now_us, profile), in_eea }
    }
}

impl Step {
    fn level(&self) -> Option<&str> {
        self.part.as_ref().map(|part| part.level.as_str()).filter(|level| !level.is_empty())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use whosaw_verifier::part::CaseAnswer;

    pub(crate) fn step(index: u64, step: CaseStep, stated_us: u64) -> Step {
        Step {
            index,
            recorded_at_us: index * 1_000_000,
            flags: 0,
            step,
            stated_us,
            size: index,
            report: None,
            by: By::Nobody,
            is_signed: false,
            signature: None,
            told: Vec::new(),
            told_closed: 0,
            part: Some(CasePart::default()),
            retracts: 0,
        }
    }

    pub(crate) fn answering(index: u64, answers: &[(u32, &[&str])]) -> Step {
        let answer = |(field, values): &(u32, &[&str])| CaseAnswer {
            field: *field,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let part = CasePart { answers: answers.iter().map(answer).collect(), ..CasePart::default() };
        Step { part: Some(part), ..step(index, CaseStep::Answered, 0) }
    }

    fn case(steps: Vec<Step>) -> Case {
        Case { id: [7; 16], steps }
    }

    const HOUR: u64 = 3_600_000_000;

    #[test]
    fn the_last_answer_stands_and_can_be_taken_back() {
        let opened = step(1, CaseStep::Opened, 0);
        let case = case(vec![
            opened,
            answering(2, &[(55, &["a"]), (62, &["as told"])]),
            answering(3, &[(55, &["a", "c"])]),
            answering(4, &[(62, &[])]),
        ]);
        assert_eq!(case.answers(), Answers::from([(55, vec!["a".into(), "c".into()])]));
        assert_eq!(case.answered_by(55).map(|step| step.index), Some(3));
        let before = case.at(3).expect("it was open");
        assert_eq!(before.answers().len(), 2);
        assert_eq!(case.at(1), None, "entry 1 is not below 1");
    }

    /// Case 34: from awareness, not from detection.
    #[test]
    fn the_deadline_runs_from_the_earliest_awareness_that_was_stated() {
        let profile = Profile::default();
        let mut case = case(vec![step(1, CaseStep::Opened, 0), step(2, CaseStep::Detected, 5 * HOUR)]);
        assert_eq!(case.deadline(&profile), None);
        assert!(!case.is_late(u64::MAX, &profile), "nobody is aware yet");
        case.steps.push(step(3, CaseStep::Aware, 10 * HOUR));
        let strict = |case: &Case| case.deadline(&profile).expect("aware").expect("a deadline").strict_us;
        assert_eq!(strict(&case), 82 * HOUR);
        assert!(!case.is_late(82 * HOUR, &profile) && case.is_late(82 * HOUR + 1, &profile));
        assert!(!case.awareness_moved_later());
        case.steps.push(step(4, CaseStep::Aware, 12 * HOUR));
        assert_eq!(strict(&case), 82 * HOUR, "a later statement does not move it on");
        assert!(case.awareness_moved_later());
        case.steps.push(step(5, CaseStep::Aware, 9 * HOUR));
        assert_eq!((strict(&case), case.awareness_moved_later()), (81 * HOUR, false), "an earlier one moves it up");
        case.steps.push(step(6, CaseStep::Submitted, 80 * HOUR));
        assert!(!case.is_late(1_000 * HOUR, &profile), "it was in time, whatever time it is now");
        case.steps.push(step(7, CaseStep::Submitted, 90 * HOUR));
        assert!(!case.is_late(1_000 * HOUR, &profile), "a follow-up is no first notification");
    }

    #[test]
    fn a_decision_that_nothing_is_due_keeps_the_deadline_only_before_it_passed() {
        let profile = Profile::default();
        let mut case = case(vec![step(1, CaseStep::Opened, 0), step(2, CaseStep::Aware, 10 * HOUR)]);
        case.steps.push(step(3, CaseStep::NotNotified, 90 * HOUR));
        assert!(case.is_late(91 * HOUR, &profile), "it was decided too late");
        case.steps.push(step(4, CaseStep::NotNotified, 80 * HOUR));
        assert!(!case.is_late(1_000 * HOUR, &profile), "nothing was due any more");
        assert_eq!(case.not_due().map(|step| step.index), Some(4));
        case.steps.push(step(5, CaseStep::Submitted, 100 * HOUR));
        assert!(case.is_late(1_000 * HOUR, &profile), "it was notified after all, too late");
        assert_eq!(case.not_due(), None);
    }

    /// What was taken back counts no more and is not gone; and a retraction can be taken back itself.
    #[test]
    fn a_statement_that_was_taken_back_moves_the_deadline_and_says_what_it_was() {
        let profile = Profile::default();
        let retracts = |index: u64, retracts: u64| Step { retracts, ..step(index, CaseStep::Retracted, 0) };
        let mut case = case(vec![step(1, CaseStep::Opened, 0), step(2, CaseStep::Aware, 10 * HOUR)]);
        case.steps.push(step(3, CaseStep::Aware, 20 * HOUR));
        let strict = |case: &Case| case.deadline(&profile).map(|hours| hours.expect("a deadline").strict_us / HOUR);
        assert_eq!((strict(&case), case.awareness_taken_back()), (Some(82), None));
        case.steps.push(Step { recorded_at_us: 83 * HOUR, ..retracts(4, 2) });
        assert_eq!(strict(&case), Some(92));
        assert_eq!(case.told(CaseStep::Aware).count(), 2, "it stays told");
        let gone = case.deadline_taken_back(&profile, 84 * HOUR).expect("it ran");
        assert_eq!((gone.strict_us / HOUR, gone.passed_before, gone.missed), (82, true, true));
        assert_eq!((gone.stated.index, gone.by.index), (2, 4));
        assert!(!case.is_late(84 * HOUR, &profile), "by the statement that stands");
        assert!(!case.can_be_taken_back(2) && case.can_be_taken_back(3) && !case.can_be_taken_back(1));
        case.steps.push(step(5, CaseStep::Submitted, 81 * HOUR));
        let gone = case.deadline_taken_back(&profile, 84 * HOUR).expect("it ran");
        assert!(gone.passed_before && !gone.missed, "it was notified before either");
        // A later statement that is taken back moves nothing.
        let mut later = case.clone();
        later.steps.push(retracts(6, 3));
        assert_eq!((strict(&later), later.awareness()), (None, None));
        assert_eq!(later.awareness_taken_back().map(|(stated, by)| (stated.index, by.index)), Some((2, 4)));
        case.steps.push(retracts(7, 4));
        assert_eq!((strict(&case), case.awareness_taken_back()), (Some(82), None), "the retraction was the mistake");
        assert!(case.can_be_taken_back(2) && !case.can_be_taken_back(4) && case.can_be_taken_back(7));
        case.steps.push(retracts(8, 5));
        assert_eq!(case.standing(), Standing::Open, "nothing was submitted after all");
        assert_eq!(case.with_everything().standing(), Standing::Submitted);
    }

    /// As of an instant nothing counts that was sent after it.
    #[test]
    fn what_was_not_sent_until_then_was_late_then() {
        let profile = Profile::default();
        let steps = vec![step(1, CaseStep::Aware, 10 * HOUR), step(2, CaseStep::Submitted, 200 * HOUR)];
        let case = case(steps);
        assert!(!case.is_late(82 * HOUR, &profile), "the deadline itself is in time");
        assert!(case.is_late(83 * HOUR, &profile) && case.is_late(300 * HOUR, &profile));
    }

    #[test]
    fn a_case_stands_as_its_steps_decided_it() {
        let mut case = case(vec![step(1, CaseStep::Opened, 0)]);
        let mut after = |next: CaseStep| {
            let index = case.steps.len() as u64 + 1;
            case.steps.push(step(index, next, 0));
            case.standing()
        };
        assert_eq!(after(CaseStep::Aware), Standing::Open);
        assert_eq!(after(CaseStep::NotNotified), Standing::NotNotified);
        assert_eq!(after(CaseStep::Submitted), Standing::Submitted);
        assert_eq!(after(CaseStep::Closed), Standing::Closed);
        assert_eq!(after(CaseStep::Opened), Standing::Submitted, "opened again");
        assert_eq!(after(CaseStep::NotNotified), Standing::Submitted, "it was notified all the same");
    }

    #[test]
    fn where_the_controller_is_follows_from_the_question_that_was_answered() {
        let of = |answers: &[(u32, &[&str])]| {
            let case = case(vec![step(1, CaseStep::Opened, 0), answering(2, answers)]);
            case.circumstances(0, &Profile::default(), None).in_eea
        };
        let nobody_asked = case(vec![step(1, CaseStep::Opened, 0)]);
        let registered = nobody_asked.circumstances(0, &Profile::default(), Some(false)).in_eea;
        assert_eq!(registered, Some(false), "the registry says it");
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(113, &["b"])]), Some(true));
        assert_eq!(of(&[(120, &["a"])]), Some(false));
        assert_eq!(of(&[(113, &["a"]), (120, &["a"])]), None);
    }
}
