//! The form field by field, the case step by step, and the persons concerned: one row for each, so that letters can be
//! merged from them.

use super::Sheet;
use super::columns::{Columns, Figure, counted, figures_noted};
use super::frame::{clocks, coverage};
use crate::law::edpb::{self, Kind};
use crate::model::Category;
use crate::report::access::answer::identity_text;
use crate::report::access::document::{PersonIdentity, Range, Span};
use crate::report::breach::document::*;
use crate::report::breach::{reported, signed_text, thresholds_text};
use crate::report::code::Code;
use crate::report::exposure::answer::who_text;
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill, word};
use std::collections::BTreeSet;

pub fn of_breach(report: &BreachReport, w: &Wording) -> Vec<Sheet> {
    let told = Told { w };
    let mut sheets =
        vec![told.form(report), told.steps(report), told.awareness(report), told.severity(report), told.erased(report)];
    if !report.case.reported.is_empty() {
        sheets.push(told.reported(report));
    }
    sheets.push(told.counted(report));
    sheets.extend([
        told.phases(report),
        told.answers_changed(report),
        told.facts_changed(report),
        told.register(report),
    ]);
    let known = &report.coverage;
    sheets.extend(coverage(w, &w.exposure.section.coverage, &known.sources, &known.downtimes));
    sheets.extend(report.clock.iter().map(|clock| clocks(w, clock)));
    sheets
}

pub fn of_persons(report: &PersonsReport, w: &Wording) -> Vec<Sheet> {
    let told = Told { w };
    let mut sheets = vec![
        told.totals(report),
        told.persons(report),
        told.message(report),
        told.windows(report),
        told.attempts(report),
        told.copies(report),
    ];
    let known = &report.coverage;
    sheets.extend(coverage(w, &w.exposure.section.coverage, &known.sources, &known.downtimes));
    sheets.extend(report.clock.iter().map(|clock| clocks(w, clock)));
    sheets
}

#[derive(Clone, Copy)]
struct Told<'a> {
    w: &'a Wording,
}

/// As it stands in the JSON, where a machine reads it.
const LINES: &str = "\n";

impl<'a> Told<'a> {
    fn identities(self, list: &[PersonIdentity]) -> Vec<String> {
        list.iter().map(|identity| identity_text(self.w, identity)).collect()
    }

    fn categories(self, codes: &[Code<Category>]) -> Vec<String> {
        codes.iter().map(|code| word(&self.w.category, code.text()).to_owned()).collect()
    }

    fn form(self, report: &BreachReport) -> Sheet {
        let (w, b, c) = (self.w, &self.w.breach, &self.w.sheet.column);
        let todo = |number: u64| {
            let todo = report.todo.iter().find(|todo| todo.field == number);
            todo.map(|todo| word(&b.todo, todo.what.code()).to_owned()).unwrap_or_default()
        };
        // The authority's form asks for RFC 3339 (`date-time`), which an offset is part of.
        let codes = |field: &FieldFact, values: &[String]| {
            let kind = u8::try_from(field.number).ok().and_then(edpb::field).map(|field| field.kind);
            let code = |value: &String| match value.parse::<Instant>() {
                Ok(at) if kind == Some(Kind::Instant) => at.in_zone(&w.zone),
                _ => value.clone(),
            };
            values.iter().map(code).collect::<Vec<_>>().join(LINES)
        };
        Columns::new(w)
            .number(&b.table.field, |field: &FieldFact| field.number)
            .text(&w.sheet.column.section, |field| word(&b.block, &field.block).to_owned())
            .text(&b.table.title, |field| field.title.clone())
            .text(&c.english, |field| field.english.clone().unwrap_or_else(|| field.title.clone()))
            .yes_or_no(&c.visible, |field| field.state != FieldState::Hidden)
            .yes_or_no(&c.required_here, |field| field.required)
            .text(&c.codes, move |field| codes(field, &field.values))
            .text(&b.table.value, |field| field.texts.join(LINES))
            .text(&c.proposal_codes, move |field| codes(field, &field.ledger_values))
            .text(&c.proposal, |field| field.ledger_texts.join(LINES))
            .text(&c.not_taken, move |field| codes(field, &field.refused_values))
            .text(&b.table.contradicts, move |field| {
                let words = field.contradicts.iter().map(|it| word(&b.contradiction, it.code()));
                words.collect::<Vec<_>>().join(LINES)
            })
            .text(&b.table.origin, |field| word(&b.state, field.state.code()).to_owned())
            .text(&c.can_know, |field| word(&b.origin, field.origin.code()).to_owned())
            .numbers(&w.table.entries, |field| field.entries.iter().map(|entry| entry.0).collect())
            .number_if_any(&c.answered_in, |field| field.answered_in.map(|entry| entry.0))
            .text(&b.table.todo, move |field| todo(field.number))
            .sheet("form", &w.sheet.name.form, Some(("form", "")), &report.fields)
    }

    fn steps(self, report: &BreachReport) -> Sheet {
        let (w, b, c) = (self.w, &self.w.breach, &self.w.sheet.column);
        Columns::new(w)
            .number(&w.table.entry, |step: &StepFact| step.entry.0)
            .text(&b.table.step, |step| word(&b.step, step.step.text()).to_owned())
            .number_if_any(&c.takes_back, |step| step.takes_back.map(|entry| entry.0))
            .number_if_any(&c.taken_back_by, |step| step.taken_back_by.map(|entry| entry.0))
            .instant(&c.stated, |step| step.stated_at)
            .instant(&c.recorded, |step| Some(step.recorded_at))
            .texts(&b.table.by, move |step| match step.by_erased {
                true => vec![b.case.by_erased.clone()],
                false => self.identities(&step.by),
            })
            .text(&c.signed, move |step| signed_text(w, step.signed).to_owned())
            .text(&b.table.statement, |step| step.statement.clone().unwrap_or_default())
            .text(&w.fact.reference, |step| step.reference.clone().unwrap_or_default())
            .numbers(&c.answered, |step| step.answered.clone())
            .number(&c.people_named, |step| step.told)
            .number(&c.people_erased, |step| step.told_erased)
            .number(&c.size, |step| step.size)
            .text(&b.table.report, |step| step.report.clone().unwrap_or_default())
            .sheet("steps", &w.sheet.name.steps, Some(("life", &b.section.life)), &report.case.steps)
    }

    fn awareness(self, report: &BreachReport) -> Sheet {
        let (w, b, c) = (self.w, &self.w.breach, &self.w.sheet.column);
        Columns::new(w)
            .number(&w.table.entry, |aware: &AwarenessFact| aware.stated.entry.0)
            .instant(&c.stated, |aware| Some(aware.stated.at))
            .instant(&c.recorded, |aware| Some(aware.stated.recorded_at))
            .texts(&b.table.by, move |aware| self.identities(&aware.stated.by))
            .text(&c.signed, move |aware| signed_text(w, aware.stated.signed).to_owned())
            .text(&b.table.statement, |aware| aware.stated.statement.clone().unwrap_or_default())
            .instant(&c.deadline, |aware| aware.strict)
            .yes_or_no(&c.counts, |aware| aware.counts)
            .texts(&c.note, move |aware| reported::flags(w, aware))
            .number_if_any(&c.taken_back_by, |aware| aware.taken_back_by.map(|entry| entry.0))
            .sheet("awareness", &w.sheet.name.awareness, None, &report.case.awareness)
    }

    fn severity(self, report: &BreachReport) -> Sheet {
        let (w, b, c) = (self.w, &self.w.breach, &self.w.sheet.column);
        let share = move |hundredths: u64| w.hundredths(hundredths);
        let of = move |severity: &SeverityFact, part: fn(&FigureFact) -> u64| {
            severity.figure.as_ref().map(|figure| share(part(figure))).unwrap_or_default()
        };
        Columns::new(w)
            .number(&w.table.entry, |severity: &SeverityFact| severity.set.entry.0)
            .text(&c.level, |severity| severity.level.clone().unwrap_or_default())
            .text(&c.figure, move |severity| of(severity, |figure| figure.score))
            .text(&c.figure_level, |severity| {
                let figure = severity.figure.as_ref();
                figure.map(|figure| word(&b.figure_level, &figure.level).to_owned()).unwrap_or_default()
            })
            .text(&c.figure_thresholds, move |severity| {
                let from = severity.figure.as_ref().and_then(|figure| figure.thresholds.as_ref());
                from.map(|from| thresholds_text(w, from)).unwrap_or_default()
            })
            .text(&c.figure_context, |severity| {
                severity.figure.as_ref().map(|figure| figure.context.to_string()).unwrap_or_default()
            })
            .text(&c.figure_identification, move |severity| of(severity, |figure| figure.identification))
            .text(&c.figure_confidentiality, move |severity| of(severity, |figure| figure.confidentiality))
            .text(&c.figure_integrity, move |severity| of(severity, |figure| figure.integrity))
            .text(&c.figure_availability, move |severity| of(severity, |figure| figure.availability))
            .text(&c.figure_malicious, move |severity| of(severity, |figure| if figure.malicious { 50 } else { 0 }))
            .text(&b.table.statement, |severity| severity.set.statement.clone().unwrap_or_default())
            .texts(&b.table.by, move |severity| match severity.set.by_erased {
                true => vec![b.case.by_erased.clone()],
                false => self.identities(&severity.set.by),
            })
            .instant(&b.table.when, |severity| Some(severity.set.at))
            .number_if_any(&c.taken_back_by, |severity| severity.taken_back_by.map(|entry| entry.0))
            .sheet("severity-set", &w.sheet.name.severity, None, &report.severity)
    }

    fn erased(self, report: &BreachReport) -> Sheet {
        let (w, c) = (self.w, &self.w.sheet.column);
        Columns::new(w)
            .number(&w.table.entry, |erased: &ErasedFact| erased.entry.0)
            .instant(&w.breach.table.when, |erased| Some(erased.at))
            .numbers(&c.entries_erased, |erased| erased.acts.iter().map(|entry| entry.0).collect())
            .numbers(&c.entries_perhaps_erased, |erased| erased.perhaps.iter().map(|entry| entry.0).collect())
            .number(&c.subjects, |erased| erased.subjects)
            .numbers(&c.steps_erased, |erased| erased.steps.iter().map(|entry| entry.0).collect())
            .numbers(&c.answered, |erased| erased.fields.clone())
            .sheet("erased", &w.sheet.name.erased, None, &report.case.erased)
    }

    /// What acts tell beside the steps.
    fn reported(self, report: &BreachReport) -> Sheet {
        let (w, b, c) = (self.w, &self.w.breach, &self.w.sheet.column);
        Columns::new(w)
            .number(&w.table.entry, |act: &ReportedFact| act.entry.0)
            .text(&w.table.verb, |act| word(&w.verb, act.verb.text()).to_owned())
            .text(&w.table.outcome, |act| word(&w.outcome, act.outcome.text()).to_owned())
            .span(&c.happened, |act| Some(act.when.clone()))
            .instant(&c.recorded, |act| Some(act.recorded_at))
            .texts(&b.table.by, move |act| act.by.iter().map(|who| who_text(w, who)).collect())
            .instant(&c.deadline, |act| act.strict)
            .texts(&c.note, move |act| {
                let before = act.before_breach.then(|| b.reported.before_breach.clone());
                before.into_iter().chain(act.missed.then(|| b.reported.missed.clone())).collect()
            })
            .sheet("reported", &w.sheet.name.reported, None, &report.case.reported)
    }

    fn counted(self, report: &BreachReport) -> Sheet {
        let (w, c, n) = (self.w, &self.w.sheet.column, &self.w.breach.count);
        Columns::new(w)
            .number(&w.table.entry, |fact: &CountFact| fact.entry.0)
            .text(&w.breach.table.step, |fact| word(&w.breach.step, fact.step.text()).to_owned())
            .instant(&w.breach.table.when, |fact| Some(fact.at))
            .number(&c.size, |fact| fact.size)
            .range(&n.people_column, |fact| fact.people)
            .yes_or_no(&n.all_column, |fact| fact.people_determined)
            .number_if_any(&n.records_column, |fact| fact.records)
            .number(&n.ways_column, |fact| fact.ways)
            .duration(&n.open_column, |fact| fact.open_us)
            .range(&n.could_column, |fact| fact.could)
            .yes_or_no(&n.uncountable_column, |fact| fact.uncountable)
            .range(&n.saw_column, |fact| fact.saw)
            .range(&n.accesses_column, |fact| fact.accesses)
            .number(&n.losses_column, |fact| fact.losses)
            .sheet("counted", &w.sheet.name.counted, None, &report.case.counted)
    }

    fn phases(self, report: &BreachReport) -> Sheet {
        let (w, b, c) = (self.w, &self.w.breach, &self.w.sheet.column);
        Columns::new(w)
            .number(&w.table.entry, |phase: &Phase| phase.submitted.entry.0)
            .instant(&b.table.when, |phase| Some(phase.submitted.at))
            .number(&c.size, |phase| phase.size)
            .text(&b.table.report, |phase| phase.report.clone().unwrap_or_default())
            .number_if_any(&c.compared_with, |phase| phase.until.map(|entry| entry.0))
            .numbers(&c.uncompared, |phase| {
                let fields: BTreeSet<u64> =
                    phase.uncompared.iter().flat_map(|gone| gone.fields.iter().copied()).collect();
                fields.into_iter().collect()
            })
            .numbers(&c.uncompared_by, |phase| phase.uncompared.iter().map(|gone| gone.erasure.0).collect())
            .number(&c.answers_changed, |phase| phase.changes.len() as u64)
            .number(&c.facts_changed, |phase| phase.facts.len() as u64)
            .yes_or_no(&c.incomplete, |phase| phase.incomplete)
            .text(&c.note, |phase| if phase.not_on_file { b.phase.not_on_file.clone() } else { String::new() })
            .yes_or_no(&b.verdict.follow_up, |phase| phase.follow_up_needed)
            .sheet("notifications", &w.sheet.name.phases, Some(("phases", "")), &report.phases)
    }

    fn answers_changed(self, report: &BreachReport) -> Sheet {
        let (w, b) = (self.w, &self.w.breach);
        let rows: Vec<(&Phase, &ChangeFact)> =
            report.phases.iter().flat_map(|phase| phase.changes.iter().map(move |change| (phase, change))).collect();
        Columns::new(w)
            .number(&w.sheet.column.notification, |row: &(&Phase, &ChangeFact)| row.0.submitted.entry.0)
            .number(&b.table.field, |row| row.1.field)
            .text(&b.table.title, |row| row.1.title.clone())
            .text(&b.table.then, |row| row.1.then.join(LINES))
            .text(&b.table.now, |row| row.1.now.join(LINES))
            .sheet("answers-changed", &w.sheet.name.answers_changed, None, &rows)
    }

    fn facts_changed(self, report: &BreachReport) -> Sheet {
        let (w, b) = (self.w, &self.w.breach);
        let rows: Vec<(&Phase, &FactChange)> =
            report.phases.iter().flat_map(|phase| phase.facts.iter().map(move |change| (phase, change))).collect();
        Columns::new(w)
            .number(&w.sheet.column.notification, |row: &(&Phase, &FactChange)| row.0.submitted.entry.0)
            .text(&b.table.basis, |row| word(&b.basis, row.1.what.code()).to_owned())
            .text(&b.table.then, |row| row.1.then.clone().unwrap_or_default())
            .text(&b.table.now, |row| row.1.now.clone().unwrap_or_default())
            .numbers(&w.table.entries, |row| row.1.entries.iter().map(|entry| entry.0).collect())
            .sheet("facts-changed", &w.sheet.name.facts_changed, None, &rows)
    }

    fn register(self, report: &BreachReport) -> Sheet {
        let (w, b) = (self.w, &self.w.breach);
        let rows: Vec<(&RegisterFact, &RegisterLine)> =
            report.register.iter().flat_map(|fact| fact.lines.iter().map(move |line| (fact, line))).collect();
        Columns::new(w)
            .text(&b.table.column, |row: &(&RegisterFact, &RegisterLine)| {
                word(&b.register, row.0.column.code()).to_owned()
            })
            .text(&b.table.entry, |row| row.1.text.clone())
            .text(&b.table.origin, |row| word(&b.state, row.1.state.code()).to_owned())
            .numbers(&w.table.entries, |row| row.1.entries.iter().map(|entry| entry.0).collect())
            .sheet("register", &w.sheet.name.register, Some(("register", &b.section.register)), &rows)
    }

    fn totals(self, report: &PersonsReport) -> Sheet {
        let (w, f, totals) = (self.w, &self.w.breach.figure, &report.totals);
        let t = &self.w.breach.told;
        let how_many = &self.w.exposure.figure;
        let persons = Figure::of(&f.persons, counted(totals.persons));
        let persons = match (totals.determined, totals.not_listed) {
            (true, _) => persons,
            (false, 1..) => persons.noted(fill(&how_many.about, &[("n", &w.number(totals.persons.high))])),
            (false, 0) => {
                let low = totals.persons.low;
                let note = [fill(&how_many.at_least, &[("n", &w.number(low))]), w.breach.notice.undetermined.clone()];
                Figure::from(&f.persons, low, note.join(". "))
            }
        };
        let exactly = |item, count: u64| Figure::of(item, counted(Range::exactly(count)));
        let rows = [
            persons,
            exactly(&f.accessed, totals.accessed),
            exactly(&f.not_excluded, totals.cannot_be_excluded),
            exactly(&f.told, totals.told),
            exactly(t.get("perhaps_told").unwrap_or(&f.not_told), totals.perhaps_told),
            exactly(t.get("could_not_be_told").unwrap_or(&f.not_told), totals.could_not_be_told),
            exactly(t.get("not_told").unwrap_or(&f.not_told), totals.not_told),
            Figure::of(&self.w.exposure.figure.holds, counted(totals.copies_open())),
        ];
        figures_noted(self.w, &rows)
    }

    /// One row for each person, to merge letters from.
    fn persons(self, report: &PersonsReport) -> Sheet {
        let (w, b, c) = (self.w, &self.w.breach, &self.w.sheet.column);
        let missing = &w.missing.value;
        let stated = move |text: Option<String>| text.unwrap_or_else(|| missing.clone());
        let last = |person: &PersonFact| person.told.last().cloned();
        let part = |part: MessagePart| word(&b.message, part.code());
        let said = move |part: MessagePart| match report.message.iter().find(|it| it.part == part) {
            Some(fact) => fact.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(LINES),
            None => String::new(),
        };
        let text = move |person: &PersonFact| {
            let language = person.language.as_deref().unwrap_or(&w.title.language);
            report.texts.iter().find(|text| text.language == language)
        };
        Columns::new(w)
            .texts(&c.handle, move |person: &PersonFact| self.identities(&person.identities))
            .text(&c.contact_kind, |person| {
                person.contact.as_ref().map(|contact| contact.namespace.clone()).unwrap_or_default()
            })
            .text(&c.contact_reference, move |person| {
                stated(person.contact.as_ref().map(|contact| w.comma(&contact.fields)))
            })
            .text(&c.language, move |person| stated(person.language.clone()))
            .text(&w.table.country, move |person| {
                stated(Some(person.countries.join(", ")).filter(|countries| !countries.is_empty()))
            })
            .text(&c.vulnerable, move |person| {
                stated(person.vulnerable.map(|is| if is { w.sheet.yes.clone() } else { w.sheet.no.clone() }))
            })
            .texts(&w.exposure.table.categories, move |person| self.categories(&person.categories))
            .spans(&c.times, |person| &person.windows)
            .duration(&c.open, |person| person.open_us)
            .text(&w.exposure.table.did, |person| word(&b.seen, person.seen.code()).to_owned())
            .range(&c.successes, |person| person.accesses)
            .range(&c.holdings_open, |person| person.holdings_open)
            .numbers(&c.copies, |person| person.holdings.clone())
            .text(&b.table.told, |person| word(&b.told, person.notice.code()).to_owned())
            .text(&c.message, move |person| last(person).and_then(|told| told.message).unwrap_or_default())
            .instant(&c.sent_at, move |person| last(person).map(|told| told.at))
            .text(&c.channel, move |person| {
                last(person).map(|told| word(&b.channel, told.channel.text()).to_owned()).unwrap_or_default()
            })
            .text(&c.delivered, move |person| {
                last(person).map(|told| word(&b.delivery, told.delivery.text()).to_owned()).unwrap_or_default()
            })
            .text(&c.reason_not_told, move |person| match person.notice {
                Notice::Told => String::new(),
                _ => stated(person.reason.clone()),
            })
            // The same for everybody, as people wrote it.
            .text(part(MessagePart::Nature), move |_| said(MessagePart::Nature))
            .text(part(MessagePart::Consequences), move |_| said(MessagePart::Consequences))
            .text(part(MessagePart::Measures), move |_| said(MessagePart::Measures))
            .text(part(MessagePart::Contact), move |_| said(MessagePart::Contact))
            // In the language they read; where nobody says which, in the report's.
            .text(&w.declared.contact, move |person| stated(text(person).and_then(|text| text.contact.clone())))
            .text(&w.declared.rights, move |person| stated(text(person).and_then(|text| text.rights.clone())))
            .text(&w.declared.complaint, move |person| stated(text(person).and_then(|text| text.complaint.clone())))
            .sheet("persons", &w.sheet.name.concerned, Some(("persons", &b.section.persons)), &report.persons)
    }

    /// What a message to them has to say, each answer by itself.
    fn message(self, report: &PersonsReport) -> Sheet {
        let (w, b) = (self.w, &self.w.breach);
        let rows: Vec<(&MessageFact, &RegisterLine)> =
            report.message.iter().flat_map(|part| part.lines.iter().map(move |line| (part, line))).collect();
        Columns::new(w)
            .text(&b.table.title, |row: &(&MessageFact, &RegisterLine)| word(&b.message, row.0.part.code()).to_owned())
            .text(&b.table.value, |row| row.1.text.clone())
            .text(&b.table.origin, |row| word(&b.state, row.1.state.code()).to_owned())
            .numbers(&w.table.entries, |row| row.1.entries.iter().map(|entry| entry.0).collect())
            .sheet("persons-message", &w.sheet.name.message, Some(("message", &b.section.message)), &rows)
    }

    fn windows(self, report: &PersonsReport) -> Sheet {
        let (w, c) = (self.w, &self.w.sheet.column);
        let rows: Vec<(&PersonFact, &Span)> =
            report.persons.iter().flat_map(|person| person.windows.iter().map(move |span| (person, span))).collect();
        Columns::new(w)
            .texts(&c.handle, move |row: &(&PersonFact, &Span)| self.identities(&row.0.identities))
            .span(&c.open, |row| Some(row.1.clone()))
            .sheet("persons-windows", &w.sheet.name.windows, None, &rows)
    }

    /// Every attempt to tell somebody, also those of whom nothing is recorded here.
    fn attempts(self, report: &PersonsReport) -> Sheet {
        let (w, b, c) = (self.w, &self.w.breach, &self.w.sheet.column);
        let persons = report.persons.iter().flat_map(|it| it.told.iter().map(|told| (it.identities.as_slice(), told)));
        let others =
            report.others_told.iter().flat_map(|it| it.told.iter().map(|told| (it.identities.as_slice(), told)));
        let public = report.public.iter().map(|told| (&[][..], told));
        let rows: Vec<(&[PersonIdentity], &ToldFact)> = persons.chain(others).chain(public).collect();
        Columns::new(w)
            .texts(&c.handle, move |row: &(&[PersonIdentity], &ToldFact)| self.identities(row.0))
            .number(&w.table.entry, |row| row.1.entry.0)
            .instant(&c.sent_at, |row| Some(row.1.at))
            .text(&c.channel, |row| word(&b.channel, row.1.channel.text()).to_owned())
            .text(&c.delivered, |row| word(&b.delivery, row.1.delivery.text()).to_owned())
            .yes_or_no(&c.is_certain, |row| row.1.certain)
            .text(&c.message, |row| row.1.message.clone().unwrap_or_default())
            .text(&b.table.statement, |row| row.1.statement.clone().unwrap_or_default())
            .sheet("persons-told", &w.sheet.name.attempts, None, &rows)
    }

    fn copies(self, report: &PersonsReport) -> Sheet {
        let (w, t, c) = (self.w, &self.w.exposure.table, &self.w.sheet.column);
        Columns::new(w)
            .number(&w.breach.table.number, |held: &HeldFact| held.number)
            .text(&t.holder, move |held| who_text(w, &held.holder))
            .text(&t.resource, |held| held.resource.clone())
            .bound(&t.from, |held| held.start.clone())
            .bound(&t.until, |held| held.end.clone())
            .text(&c.form, |held| word(&w.exposure.form, held.form.code()).to_owned())
            .yes_or_no(&c.is_certain, |held| !held.possible)
            .yes_or_no(&c.not_gone, |held| held.open)
            .number(&c.subjects, |held| held.persons)
            .yes_or_no(&c.all_listed, |held| held.listed)
            .sheet(
                "persons-copies",
                &w.sheet.name.holdings,
                Some(("holdings", &w.breach.section.holdings)),
                &report.holdings,
            )
    }
}
