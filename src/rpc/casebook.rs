//! A case of a breach in lines, as a client prints it: in the language and by the clock that its answer names, so that it reads
//! as the case's file does.

use super::v1;
use crate::model::CaseStep;
use crate::report::breach::signed_text;
use crate::report::instant::{Instant, Zone};
use crate::report::language::Language;
pub use crate::report::sheet::register::Format;
use crate::report::sheet::register::{self, Line, Registered};
use crate::report::wording::{Wording, fill, word};
use prost_types::Timestamp;

/// How a line of the register is marked that nobody provided.
const NOT_PROVIDED: &str = "not_provided";

pub struct Casebook<'a> {
    case: &'a v1::BreachCase,
    w: Wording,
}

impl<'a> Casebook<'a> {
    /// One of a server that knows no languages yet is in English.
    pub fn of(case: &'a v1::BreachCase) -> Self {
        let language = Language::from_code(&case.language).unwrap_or_default();
        Casebook { case, w: language.wording_in(&Zone::named(Some(&case.zone))) }
    }

    /// What is said where there is no case at all.
    pub fn none(language: &str) -> String {
        Language::from_code(language).unwrap_or_default().wording().breach.list.none.clone()
    }

    /// The register as a file; nothing where it cannot be written.
    pub fn register_file(found: &v1::ListCasesResponse, format: Format, made_us: u64) -> Option<Vec<u8>> {
        let language = Language::from_code(&found.language).unwrap_or_default();
        let zone = found.cases.first().map_or("", |case| case.zone.as_str());
        let w = language.wording_in(&Zone::named(Some(zone)));
        let registered = |case: &v1::BreachCase| {
            let of_column = |column: &v1::BreachRegisterColumn| {
                let line = |line: &v1::BreachRegisterLine| Line {
                    column: column.column.clone(),
                    text: line.text.clone(),
                    said_by: line.said_by.clone(),
                    entries: line.entries.clone(),
                };
                column.lines.iter().map(line).collect::<Vec<_>>()
            };
            let lines = case.register.iter().flat_map(of_column).collect();
            Registered { case: case.case_id.clone(), standing: Casebook::of(case).standing().to_owned(), lines }
        };
        let all: Vec<Registered> = found.cases.iter().map(registered).collect();
        register::write(&all, format, Instant::new(made_us), &w)
    }

    /// That a step named what nobody knows; nothing where it did not.
    pub fn unknown(&self, resources: &[String]) -> Option<String> {
        let names = self.w.comma(resources);
        (!resources.is_empty()).then(|| fill(&self.w.breach.list.unknown, &[("names", &names)]))
    }

    /// That a step answered what the record rules out; nothing where it did not.
    pub fn ruled_out(&self) -> Option<String> {
        let fields: Vec<String> = self.case.refused.iter().map(|field| self.w.number(u64::from(*field))).collect();
        let fields = self.w.comma(&fields);
        (!self.case.refused.is_empty()).then(|| fill(&self.w.breach.list.ruled_out, &[("fields", &fields)]))
    }

    /// With how far the clock is ahead of UTC; a dash where there is no time.
    fn time(&self, at: Option<&Timestamp>) -> String {
        let us = |at: &Timestamp| {
            let seconds = u64::try_from(at.seconds).ok()?.checked_mul(1_000_000)?;
            seconds.checked_add(u64::try_from(at.nanos).ok()? / 1_000)
        };
        at.and_then(us).map_or_else(|| "-".to_owned(), |us| self.w.exact(Instant::new(us)))
    }

    fn standing(&self) -> &str {
        let w = &self.w;
        match self.case.state() {
            v1::CaseState::Open => word(&w.breach.standing, "open"),
            v1::CaseState::Submitted => word(&w.breach.standing, "submitted"),
            v1::CaseState::NotNotified => word(&w.breach.standing, "not_notified"),
            v1::CaseState::Closed => word(&w.breach.standing, "closed"),
            v1::CaseState::Unspecified => "",
        }
    }

    /// Where it stands, and what was stated of it.
    pub fn head(&self) -> String {
        let (case, w, l) = (self.case, &self.w, &self.w.breach.list);
        let time = |time: &Option<Timestamp>| self.time(time.as_ref());
        let with = |text: &str, values: &[(&str, &str)]| fill(text, values);
        let state = self.standing();
        let labels = [&l.case, &l.reference, &l.about, &l.opened, &l.detected, &l.processor, &l.aware, &l.deadline];
        let labels = labels.into_iter().chain([&l.submitted, &l.because, &l.severity, &l.people, &l.register]);
        let width = labels.map(|label| label.chars().count()).max().unwrap_or_default();
        let mut lines = Vec::new();
        let mut line = |label: &str, text: String| {
            if !text.is_empty() {
                lines.push(format!("{label:<width$} {text}"));
            }
        };
        line(&l.case, format!("{}  {state}", case.case_id));
        line(&l.reference, case.reference.clone());
        line(&l.about, case.resources.join(", "));
        line(&l.opened, time(&case.opened_at));
        line(&l.detected, time(&case.detected_at));
        if case.processor_aware_at.is_some() {
            line(&l.processor, with(&l.processor_aware, &[("at", &time(&case.processor_aware_at))]));
        }
        for aware in &case.awareness {
            let which = match (aware.counts, case.awareness.len()) {
                _ if aware.retracted_by > 0 => with(&l.taken_back, &[("n", &w.number(aware.retracted_by))]),
                (_, 1) => String::new(),
                (true, _) => l.counts.clone(),
                (false, _) => with(&l.other, &[("at", &time(&aware.strict))]),
            };
            line(&l.aware, format!("{}  {which}", time(&aware.aware_at)).trim_end().to_owned());
        }
        if let Some(deadline) = &case.deadline {
            let text = if deadline.default_of_the_template { &l.strict_default } else { &l.strict };
            let missed = if deadline.missed { l.missed.as_str() } else { "" };
            let hours = deadline.hours.to_string();
            let strict = with(text, &[("at", &time(&deadline.strict)), ("hours", &hours), ("missed", missed)]);
            line(&l.deadline, strict);
            line("", with(&l.reading, &[("at", &time(&deadline.reading)), ("zone", &deadline.zone)]));
        }
        if let Some(gone) = &case.retracted_deadline {
            let text = if gone.passed_before { &l.gone_after } else { &l.gone_before };
            let missed = if gone.missed { l.missed_by_it.as_str() } else { "" };
            let (at, by) = (time(&gone.strict), w.number(gone.retracted_by));
            line("", with(text, &[("at", &at), ("n", &by), ("missed", missed)]));
        }
        for submission in &case.submissions {
            let (at, size) = (time(&submission.submitted_at), w.number(submission.tree_size));
            let recorded = time(&submission.recorded_at);
            let is_stated = submission.submitted_at != submission.recorded_at;
            let at = if is_stated { with(&l.stated, &[("at", &at), ("recorded", &recorded)]) } else { at };
            // What is stated afterwards, and from no size, was not computed from what was on file when it was recorded.
            let is_from = !is_stated || !submission.report.is_empty() || submission.tree_size < submission.index;
            let text = if is_from { with(&l.from_size, &[("at", &at), ("size", &size)]) } else { at };
            let number = match submission.reference.as_str() {
                "" => String::new(),
                number => with(&l.number, &[("number", number)]),
            };
            line(&l.submitted, format!("{text}{number}"));
        }
        line(&l.because, case.not_notified_because.clone());
        line(&l.severity, case.level.clone());
        let se = case.figure_hundredths;
        line("ENISA", if se == 0 { String::new() } else { w.hundredths(u64::from(se)) });
        if case.told + case.not_told > 0 {
            let times = |number: u32| w.plural(&l.times, u64::from(number));
            let values = [("told", times(case.told)), ("not_told", times(case.not_told))];
            line(&l.people, with(&l.people_told, &values.each_ref().map(|(name, text)| (*name, text.as_str()))));
        }
        for answer in &case.answers {
            let refused = if case.refused.contains(&answer.field) { l.not_taken.as_str() } else { "" };
            let values = format!("{}  {refused}", answer.values.join("; "));
            line(&format!("EDPB {}", answer.field), values.trim_end().to_owned());
        }
        if let Some(missing) = self.missing() {
            line(&l.register, missing);
        }
        lines.join("\n")
    }

    /// How much of the register nobody provided.
    fn missing(&self) -> Option<String> {
        let columns = &self.case.register;
        let is_missing =
            |column: &&v1::BreachRegisterColumn| column.lines.iter().any(|line| line.said_by == NOT_PROVIDED);
        let missing = columns.iter().filter(is_missing).count() as u64;
        let (n, of) = (self.w.number(missing), self.w.number(columns.len() as u64));
        (missing > 0).then(|| fill(&self.w.breach.list.missing, &[("n", &n), ("of", &of)]))
    }

    /// With the columns of the register, each with who says it.
    pub fn register(&self) -> String {
        let w = &self.w;
        let line = |line: &v1::BreachRegisterLine| {
            let entries: Vec<String> = line.entries.iter().map(|entry| w.number(*entry)).collect();
            let said = word(&w.breach.state, &line.said_by);
            let said = match entries.as_slice() {
                [] => said.to_owned(),
                entries => format!("{said}, {}", w.listed(&w.breach.table.entries, entries.len(), &entries.join(", "))),
            };
            format!("      {}  [{said}]", line.text.replace('\n', "\n      "))
        };
        let column = |(number, column): (usize, &v1::BreachRegisterColumn)| {
            let lines: Vec<String> = column.lines.iter().map(line).collect();
            let lines = if lines.is_empty() { vec![format!("      {}", w.time.none)] } else { lines };
            format!("  {:>2}  {}\n{}", number + 1, word(&w.breach.register, &column.column), lines.join("\n"))
        };
        let columns: Vec<String> = self.case.register.iter().enumerate().map(column).collect();
        format!("{}\n\n{}", self.head(), columns.join("\n"))
    }

    /// With every step.
    pub fn steps(&self) -> String {
        let (w, l) = (&self.w, &self.w.breach.list);
        let code =
            |number: i32| CaseStep::ALL.iter().find(|step| **step as i32 == number).map_or("", |step| step.code());
        let name = |identity: &v1::Identity| format!("{}={}", identity.namespace, identity.fields.join(","));
        let step = |step: &v1::BreachStep| {
            let mut text = vec![word(&w.breach.step, code(step.step)).to_owned()];
            if step.retracts > 0 {
                text.push(fill(&w.exposure.table.by_entry, &[("n", &w.number(step.retracts))]));
            }
            text.extend(step.stated_at.as_ref().map(|at| fill(&l.as_stated, &[("at", &self.time(Some(at)))])));
            match (step.by.first(), step.by_erased) {
                (Some(identity), _) => text.push(fill(&w.exposure.table.by, &[("who", &name(identity))])),
                (None, true) => text.push(fill(&w.exposure.table.by, &[("who", &w.breach.case.by_erased)])),
                (None, false) => {}
            }
            if !step.by.is_empty() || step.by_erased {
                text.push(format!("({})", signed_text(w, Some(step.signed))));
            }
            let told = step.told.len() as u64 + u64::from(step.told_erased);
            text.extend((told > 0).then(|| w.plural(&w.exposure.count.people, told)));
            text.extend(
                (step.retracted_by > 0)
                    .then(|| format!("({})", fill(&l.taken_back, &[("n", &w.number(step.retracted_by))]))),
            );
            text.extend(step.part.iter().map(|part| part.statement.clone()).filter(|text| !text.is_empty()));
            format!("{:>8}  {}  {}", step.index, self.time(step.recorded_at.as_ref()), text.join("  "))
        };
        let steps: Vec<String> = self.case.steps.iter().map(step).collect();
        format!("{}\n\n{}", self.head(), steps.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_reports_tell_them() {
        let at = Timestamp { seconds: 1_773_135_000, nanos: 1_000 };
        let tell = |language: &str, zone: &str, at: Option<&Timestamp>| {
            let case = v1::BreachCase { zone: zone.into(), language: language.into(), ..Default::default() };
            Casebook::of(&case).time(at)
        };
        assert_eq!(tell("", "Europe/Berlin", Some(&at)), "2026-03-10 10:30:00.000001 +01:00");
        assert_eq!(tell("en", "", Some(&Timestamp { nanos: 0, ..at })), "2026-03-10 09:30:00 UTC");
        let before = Timestamp { seconds: -1, nanos: 0 };
        assert_eq!([tell("", "UTC", None), tell("", "UTC", Some(&before))], ["-", "-"]);
    }

    #[test]
    fn a_case_is_told_in_its_language_and_no_word_of_another() {
        let column = |column: &str, said_by: &str| v1::BreachRegisterColumn {
            column: column.into(),
            lines: vec![v1::BreachRegisterLine { text: "…".into(), said_by: said_by.into(), entries: vec![1_234] }],
        };
        let case = |language: &str| v1::BreachCase {
            case_id: "c".into(),
            state: v1::CaseState::Submitted as i32,
            language: language.into(),
            told: 1,
            not_told: 2,
            register: vec![column("nature", "proposed"), column("remedy", NOT_PROVIDED)],
            ..Default::default()
        };
        let german = Casebook::of(&case("de")).register();
        for words in ["Fall ", "wurde gemeldet", "einmal", "2-mal", "1 von 2 Spalten NICHT ANGEGEBEN", "1.234"] {
            assert!(german.contains(words), "{words}: {german}");
        }
        for words in ["case", "nature", "remedy", "proposed", "once", "columns"] {
            assert!(!german.contains(words), "{words}: {german}");
        }
        let english = Casebook::of(&case("")).register();
        assert!(english.contains("told once, could not be told 2 times"), "{english}");
        assert!(english.contains("1 of 2 columns NOT PROVIDED") && english.contains("1,234"), "{english}");
    }
}
