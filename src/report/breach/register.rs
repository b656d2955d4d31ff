//! A breach in the register of GDPR Art. 33(5), also one that is not notified: fourteen columns, each with who says it.

use super::case::{By, Case, Standing, Step};
use super::derive::Found;
use super::document::{FieldState, RegisterColumn, RegisterFact, RegisterLine};
use super::evidence::AsOf;
use super::facts::{carried_fact, coded, signed_text, thresholds_fact, thresholds_text};
use super::form::{self, Decided};
use super::{counted, undue};
use crate::law::Profile;
use crate::model::CaseStep;
use crate::report::access::completeness::of_each;
use crate::report::access::document::{EntryIndex, Provision};
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill, word};

/// The columns, and which of a person's answers the record rules out.
pub fn register(as_of: &AsOf, profile: &Profile, w: &Wording) -> (Vec<RegisterFact>, Vec<u8>) {
    let form = form::decide(as_of, profile, false, w);
    let refused = form.iter().filter(|decided| decided.state == FieldState::Refused);
    (of_form(as_of, &form, (profile, false), w), refused.map(|decided| decided.field.number).collect())
}

/// `late_meanwhile`: the deadline passed after the cut-off and before this was made.
pub(super) fn of_form(
    as_of: &AsOf,
    form: &[Decided],
    (profile, late_meanwhile): (&Profile, bool),
    w: &Wording,
) -> Vec<RegisterFact> {
    let is_late = late_meanwhile || as_of.case.is_late(as_of.cut_off_us, &as_of.period);
    let row = Row { as_of, form, profile, is_late, w };
    RegisterColumn::ALL.iter().map(|column| RegisterFact { column: *column, lines: row.column(*column) }).collect()
}

struct Row<'a> {
    as_of: &'a AsOf,
    form: &'a [Decided],
    profile: &'a Profile,
    is_late: bool,
    w: &'a Wording,
}

impl Row<'_> {
    fn column(&self, column: RegisterColumn) -> Vec<RegisterLine> {
        let case = &self.as_of.case;
        let mut lines = Vec::new();
        match column {
            RegisterColumn::Reference => {
                let own = Some(case.reference()).filter(|reference| !reference.is_empty());
                let text = own.map_or_else(|| uuid::Uuid::from_bytes(case.id).to_string(), str::to_owned);
                lines.extend(case.steps.first().map(|step| of_step(text, step)));
            }
            RegisterColumn::Facts => {
                lines.extend(self.period());
                lines.extend(self.fields(&[44, 46, 47, 62, 63]));
            }
            RegisterColumn::Cause => lines = self.fields(&[61]),
            RegisterColumn::Nature => lines = self.fields(&[55, 56, 58, 59]),
            RegisterColumn::Kind => lines = self.fields(&[60]),
            RegisterColumn::Categories => lines = self.fields(&[70, 71]),
            RegisterColumn::Concerned => {
                lines = self.fields(&[65, 67, 68, 72, 73]);
                lines.extend(self.as_of.carried.as_ref().map(|carried| RegisterLine {
                    text: counted::carried_text(self.w, &carried_fact(carried)),
                    state: FieldState::Ledger,
                    entries: carried.by.iter().chain([&carried.step]).map(|entry| EntryIndex(*entry)).collect(),
                }));
                lines.extend(counted::last(case).map(|fact| RegisterLine {
                    text: counted::text(self.w, &fact),
                    state: FieldState::Ledger,
                    entries: vec![fact.entry],
                }));
            }
            RegisterColumn::Effects => lines = self.fields(&[79, 80, 81, 82, 83, 84, 85, 86, 87]),
            RegisterColumn::Risk => {
                lines = self.fields(&[89, 90]);
                lines.extend(self.severity());
            }
            RegisterColumn::Notified => {
                for step in case.each(CaseStep::Submitted) {
                    lines.push(self.by_step(self.at(step), step));
                }
                let need_not = undue::text(self.w, case, &self.as_of.period);
                // Whether it was signed stands with its reasons.
                lines.extend(need_not.zip(case.not_due()).map(|(text, step)| of_step(text, step)));
                lines.extend(self.taken_back());
            }
            RegisterColumn::Informed => lines = self.fields(&[97, 98, 99, 102, 104]),
            RegisterColumn::Reason => {
                let decided = case.last(CaseStep::NotNotified).filter(|_| self.was_not_notified(case));
                lines.extend(decided.map(|step| self.by_step(step.statement().to_owned(), step)));
                let late = self.late();
                lines.extend(self.fields(if late.is_some() { &[100, 101, 103] } else { &[49, 100, 101, 103] }));
                lines.extend(late);
            }
            RegisterColumn::Remedy => lines = self.fields(&[92, 94, 95]),
            RegisterColumn::Created => {
                let created = |step: &Step| of_step(self.instant(step.recorded_at_us), step);
                lines.extend(case.steps.first().map(created));
            }
        }
        lines.retain(|line| !line.text.is_empty());
        if lines.is_empty() && self.is_called_for(column) {
            lines.push(missing(self.w.missing.value.clone()));
        }
        // Beside what was done, or that nothing was: a missed deadline fills no column.
        lines.extend(self.missed().filter(|_| column == RegisterColumn::Notified));
        lines
    }

    /// That the deadline was missed; a decision after it says so itself.
    fn missed(&self) -> Option<RegisterLine> {
        let (case, profile) = (&self.as_of.case, &self.as_of.period);
        let aware = case.awareness().filter(|_| self.is_late && case.not_due().is_none())?;
        let strict_us = case.deadline(profile)?.ok()?.strict_us;
        let text = undue::missed(self.w, strict_us, u64::from(profile.breach_notification_h));
        Some(RegisterLine { text, state: FieldState::Ledger, entries: vec![EntryIndex(aware.index)] })
    }

    /// That the first notification was late, and why: NOT PROVIDED until somebody says it.
    fn late(&self) -> Option<RegisterLine> {
        let shown = |it: &&Decided| it.field.number == form::LATE && it.state != FieldState::Hidden;
        let decided = self.form.iter().find(shown)?;
        self.as_of.case.each(CaseStep::Submitted).next()?;
        let text = late_text(self.w, &decided.values);
        Some(match decided.values.is_empty() {
            true => missing(text),
            false => RegisterLine { text, ..line(self.as_of, decided, self.w) },
        })
    }

    /// A reason is owed only for what was not done, or not in time, or not for everybody.
    fn is_called_for(&self, column: RegisterColumn) -> bool {
        let field = |number: u8| self.form.iter().find(|decided| decided.field.number == number);
        let is_shown = |number: u8| field(number).is_some_and(|decided| decided.state != FieldState::Hidden);
        let informed = || field(97).is_some_and(|decided| decided.values.iter().any(|code| code == "a"));
        let notified = || self.as_of.case.each(CaseStep::Submitted).next().is_some();
        column != RegisterColumn::Reason || !notified() || !informed() || is_shown(49) || is_shown(103)
    }

    /// What was said of awareness and notification and taken back, and what the deadline was: the register tells that it was
    /// missed, whoever took back what it ran from.
    fn taken_back(&self) -> Vec<RegisterLine> {
        let (case, w) = (&self.as_of.case, self.w);
        let mut lines = Vec::new();
        let told = [CaseStep::Aware, CaseStep::Submitted, CaseStep::NotNotified];
        for by in case.taken_back().into_values() {
            let Some(step) = case.steps.iter().find(|step| step.index == by.retracts) else { continue };
            if told.contains(&step.step) {
                let what = format!("{} {}", word(&w.breach.step, step.step.code()), self.at(step));
                let said = fill(&w.breach.case.retracts, &[("what", &what), ("n", &w.number(step.index))]);
                let text = format!("{said}: {}", by.statement());
                lines.push(RegisterLine {
                    entries: vec![EntryIndex(step.index), EntryIndex(by.index)],
                    ..self.by_step(text, by)
                });
            }
        }
        let gone = case.deadline_taken_back(&self.as_of.period_with_everything, self.as_of.cut_off_us);
        lines.extend(gone.filter(|gone| gone.passed_before || gone.missed).map(|gone| {
            let n = &w.breach.notice;
            let (from, by) = (w.number(gone.stated.index), w.number(gone.by.index));
            let hours = w.number(u64::from(self.as_of.period_with_everything.breach_notification_h));
            let at = self.instant(gone.strict_us);
            let mut text = fill(&n.retracted, &[("from", &from), ("n", &by), ("at", &at), ("hours", &hours)]);
            for (is, sentence) in [(gone.passed_before, &n.retracted_passed), (gone.missed, &n.retracted_missed)] {
                if is {
                    text.push(' ');
                    text.push_str(sentence);
                }
            }
            let entries = vec![EntryIndex(gone.stated.index), EntryIndex(gone.by.index)];
            RegisterLine { text, state: FieldState::Ledger, entries }
        }));
        lines
    }

    fn was_not_notified(&self, case: &Case) -> bool {
        case.standing() != Standing::Submitted && case.each(CaseStep::Submitted).next().is_none()
    }

    fn instant(&self, us: u64) -> String {
        self.w.instant(Instant::new(us))
    }

    /// As stated, with when it was recorded beside it: what is said afterwards is known from then on.
    fn at(&self, step: &Step) -> String {
        let (at, recorded) = (self.instant(step.at_us()), self.instant(step.recorded_at_us));
        let at = match at == recorded {
            true => at,
            false => fill(&self.w.breach.case.stated, &[("at", &at), ("recorded", &recorded)]),
        };
        match step.reference() {
            "" => at,
            number => format!("{at} ({number})"),
        }
    }

    fn period(&self) -> Option<RegisterLine> {
        let (from, until) = Found::of(self.as_of).occurred()?;
        let text = self.w.span(Instant::new(from), Instant::new(until));
        Some(RegisterLine { text, state: FieldState::Ledger, entries: Vec::new() })
    }

    /// What stands in these fields; what is only proposed is told as that, and what was refused is not told.
    fn fields(&self, numbers: &[u8]) -> Vec<RegisterLine> {
        let wanted = self.form.iter().filter(|decided| numbers.contains(&decided.field.number));
        let shown = wanted.filter(|decided| decided.state != FieldState::Hidden && !decided.values.is_empty());
        shown.map(|decided| line(self.as_of, decided, self.w)).collect()
    }

    /// What a step says, signed or as a caller tells.
    fn by_step(&self, text: String, step: &Step) -> RegisterLine {
        let text = match signed_text(self.w, step.signed()) {
            "" => text,
            signed => format!("{text} ({signed})"),
        };
        of_step(text, step)
    }

    fn severity(&self) -> Vec<RegisterLine> {
        let (case, w) = (&self.as_of.case, self.w);
        let mut lines = Vec::new();
        lines
            .extend(case.level().map(|(level, step)| self.by_step(format!("{}: {level}", w.sheet.column.level), step)));
        lines.extend(case.figure().map(|(figure, step)| {
            let score = w.hundredths(u64::from(figure.score()));
            let level = word(&w.breach.figure_level, figure.level(&self.profile.thresholds).code());
            let method = fill(&w.breach.table.method, &[("se", &score), ("level", level)]);
            self.by_step(format!("{method}; {}", thresholds_text(w, &thresholds_fact(self.profile))), step)
        }));
        lines
    }
}

/// What stands in a field of the form.
fn line(as_of: &AsOf, decided: &Decided, w: &Wording) -> RegisterLine {
    let state = if decided.is_proposal() { FieldState::Proposed } else { decided.state };
    let answered = form::answered_in(decided, &as_of.case).filter(|_| state != FieldState::Proposed);
    let entries = match answered {
        Some(entry) => vec![EntryIndex(entry)],
        None => decided.ledger.entries.iter().map(|entry| EntryIndex(*entry)).collect(),
    };
    let text = titled(decided, &coded(decided.field, &decided.values, w).join("; "), w);
    RegisterLine { text, state, entries }
}

/// That the authority was notified late, and why.
pub fn late_text(w: &Wording, reasons: &[String]) -> String {
    let reasons = if reasons.is_empty() { w.missing.value.clone() } else { reasons.join("; ") };
    fill(&w.breach.answer.late, &[("reasons", &reasons)])
}

fn titled(decided: &Decided, text: &str, w: &Wording) -> String {
    let title = super::facts::title(decided.field, w);
    let mark = if title.ends_with('?') { "" } else { ":" };
    format!("{title}{mark} {text}")
}

/// What stands as an answer in these fields, and NOT PROVIDED for each that the form asks for and that nobody answered yet:
/// what the ledger only proposes is no answer.
pub(super) fn answered(as_of: &AsOf, form: &[Decided], numbers: &[u8], w: &Wording) -> (Vec<RegisterLine>, Provision) {
    let wanted: Vec<&Decided> = form.iter().filter(|decided| numbers.contains(&decided.field.number)).collect();
    let is_answered = |decided: &Decided| !decided.answer().is_empty();
    let lines = wanted.iter().filter_map(|decided| match is_answered(decided) {
        true => Some(line(as_of, decided, w)),
        false if decided.required => Some(missing(titled(decided, &w.missing.value, w))),
        false => None,
    });
    let lines: Vec<RegisterLine> = lines.collect();
    if lines.is_empty() {
        return (vec![missing(w.missing.value.clone())], Provision::NotProvided);
    }
    (lines, of_each(wanted.iter().filter(|it| it.required || is_answered(it)).map(|it| is_answered(it))))
}

pub(super) fn missing(text: String) -> RegisterLine {
    RegisterLine { text, state: FieldState::NotProvided, entries: Vec::new() }
}

/// What a step says: where somebody is named, a person said it.
fn of_step(text: String, step: &Step) -> RegisterLine {
    let state = if step.by == By::Nobody { FieldState::Ledger } else { FieldState::Person };
    RegisterLine { text, state, entries: vec![EntryIndex(step.index)] }
}
