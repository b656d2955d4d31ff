//! The breach file and the list of persons concerned, in words and in order.

use super::cover::{pair, verification};
use super::heading::heading;
use super::*;
use crate::law::edpb;
use crate::report::access::answer::{identity_text, verdict_text};
use crate::report::access::document::{EntryIndex, PersonIdentity, Span};
use crate::report::breach::document::*;
use crate::report::breach::{
    LATE, carried_text, count_text, late_text, reported, signed_text, standing, thresholds_text,
};
use crate::report::clock::ClockFacts;
use crate::report::exposure::answer::{duration_range, who_text};
use crate::report::exposure::document::CoverageFact;
use crate::report::instant::Instant;
use crate::report::wording::{Wording, word};
use std::collections::BTreeSet;

mod persons;

/// Something has to be notified still.
fn owed(phase: &Phase) -> bool {
    phase.follow_up_needed || phase.incomplete || phase.not_on_file
}

/// Most things in a list inside a cell.
const LISTED: usize = 6;

/// Numbers of entries, and that they are that; nothing where there are none.
fn under_entries(w: &Wording, entries: &[String]) -> String {
    match entries {
        [] => String::new(),
        entries => w.listed(&w.breach.table.entries, entries.len(), &w.list(entries, LISTED)),
    }
}

/// What both reports say in the same way.
struct Said<'a> {
    w: &'a Wording,
    extent: Extent,
}

impl View {
    pub fn of_breach(w: &Wording, report: &BreachReport, extent: Extent) -> Self {
        let said = Said { w, extent };
        let b = &said.w.breach;
        View {
            answer: report.answer.text.clone(),
            verdicts: said.breach_verdicts(report),
            figures: said.breach_figures(report),
            notices: said.breach_notices(report),
            sections: said.breach_sections(report),
            ..said.frame(
                (&report.header, &report.coverage.period, report.clock.as_ref()),
                &b.title.breach,
                &b.title.breach_subtitle,
                &b.title.breach_running,
            )
        }
    }

    pub fn of_persons(w: &Wording, report: &PersonsReport, extent: Extent) -> Self {
        let said = Said { w, extent };
        let b = &said.w.breach;
        View {
            answer: report.answer.text.clone(),
            verdicts: Vec::new(),
            figures: said.persons_figures(report),
            notices: said.persons_notices(report),
            sections: said.persons_sections(report),
            ..said.frame(
                (&report.header, &report.coverage.period, report.clock.as_ref()),
                &b.title.persons,
                &b.title.persons_subtitle,
                &b.title.persons_running,
            )
        }
    }
}

impl Said<'_> {
    /// Everything that does not depend on what is answered.
    fn frame(
        &self,
        (header, period, clock): (&Header, &Span, Option<&ClockFacts>),
        title: &str,
        subtitle: &str,
        running: &str,
    ) -> View {
        let w = self.w;
        View {
            person: w.list(&header.question.resources, LISTED),
            facts: self.facts(header, period, clock),
            ..heading!(header).frame(w, [title, subtitle, running])
        }
    }

    fn facts(&self, header: &Header, period: &Span, clock: Option<&ClockFacts>) -> Vec<Pair> {
        let w = self.w;
        let mut pairs = vec![
            pair(&w.breach.fact.case, header.question.case.clone(), Style::Code),
            pair(&w.exposure.fact.resources, w.list(&header.question.resources, usize::MAX), Style::Plain),
            pair(&w.fact.period, w.exact_span(period.from, period.until), Style::Plain),
            pair(&w.exposure.fact.cut_off, self.zoned(header.question.cut_off), Style::Plain),
        ];
        let heading = heading!(header);
        pairs.extend(heading.known_and_asked(w, clock));
        pairs.push(changes::line(w, header.supersedes.as_ref(), w.time.none.clone()));
        pairs.extend(heading.made_for(w));
        pairs.push(controller::counted(w, &header.completeness));
        pairs
    }

    fn zoned(&self, at: Instant) -> String {
        self.w.exact(at)
    }

    fn as_read(&self, values: &[String]) -> Vec<String> {
        values.iter().map(|value| self.w.told(value)).collect()
    }

    fn numbered(&self, sections: Vec<(&str, &str, &str, Vec<Block>)>) -> Vec<Section> {
        let section = |(number, (id, title, intro, blocks)): (i32, (&str, &str, &str, Vec<Block>))| Section {
            id: id.to_owned(),
            number: number.to_string(),
            title: title.to_owned(),
            intro: Some(intro.to_owned()).filter(|intro| !intro.is_empty()).into_iter().collect(),
            blocks,
        };
        (1..).zip(sections).map(section).collect()
    }

    fn breach_verdicts(&self, report: &BreachReport) -> Vec<Verdict> {
        let (w, b) = (self.w, &self.w.breach);
        let verdict = |label: &str, text: String, because: Option<String>, tone: Tone| Verdict {
            label: label.to_owned(),
            text,
            because,
            tone,
        };
        let deadline = match &report.case.deadline {
            None => {
                let none = standing::no_deadline(w, &report.case, report.header.question.cut_off);
                verdict(&b.verdict.deadline, none, None, Tone::Warning)
            }
            Some(deadline) => {
                let zone = if deadline.is_default { &b.case.default_profile } else { &b.case.profile };
                let values = [
                    ("hours", w.number(deadline.hours)),
                    ("zone", deadline.zone.clone()),
                    ("reading", self.zoned(deadline.reading)),
                    ("days", w.plural(&b.case.days, deadline.working_days)),
                ];
                let because = fill(zone, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
                let late = deadline.missed || deadline.passed;
                let tone = if late { Tone::Warning } else { Tone::Plain };
                verdict(&b.verdict.deadline, self.zoned(deadline.strict), Some(because), tone)
            }
        };
        let standing = word(&b.standing, report.case.standing.code()).to_owned();
        // What was sent last, and before it what nothing answers that is on file.
        let last = report.phases.iter().filter(|phase| phase.until.is_none());
        let (text, tone) = match report.phases.is_empty() {
            true => (b.phase.none.clone(), Tone::Plain),
            false => {
                let tone = if last.clone().any(owed) { Tone::Warning } else { Tone::Plain };
                (last.rev().map(|phase| self.needed(phase)).collect::<Vec<_>>().join(" "), tone)
            }
        };
        vec![
            deadline,
            verdict(&b.verdict.standing, standing, None, Tone::Plain),
            verdict(&b.verdict.follow_up, text, None, tone),
            verdict(&b.verdict.logging, self.logging(&report.coverage), None, Tone::Plain),
        ]
    }

    fn logging(&self, coverage: &CoverageFact) -> String {
        verdict_text(self.w, coverage.sentence, &coverage.sources, &coverage.downtimes)
    }

    /// What can be said of access beyond the record, why not more, and what each source stated.
    fn coverage<'b>(&'b self, coverage: &CoverageFact) -> (&'b str, &'b str, &'b str, Vec<Block>) {
        let w = self.w;
        let because = sections::because(w, &coverage.limits).map(|text| Block::Note { text });
        let said = std::iter::once(Block::Text { text: self.logging(coverage) }).chain(because);
        let blocks = said.chain([logging::table(w, self.extent, coverage)]).collect();
        ("logging", &w.exposure.section.coverage, &w.intro.coverage, blocks)
    }

    fn clocks<'b>(&'b self, clock: Option<&ClockFacts>) -> (&'b str, &'b str, &'b str, Vec<Block>) {
        ("clocks", &self.w.section.clock, &self.w.intro.clocks, vec![clock::block(self.w, clock)])
    }

    /// Where the report supersedes another.
    fn changes<'b>(
        &'b self,
        changes: Option<&[crate::report::changes::ChangeFact]>,
        header: &Header,
    ) -> Option<(&'b str, &'b str, &'b str, Vec<Block>)> {
        let (x, supersedes) = (&self.w.exposure, header.supersedes.as_ref());
        let table = changes::table(self.w, self.extent, changes?);
        let told = changes::intro(self.w, supersedes).into_iter().skip(1).map(|text| Block::Text { text });
        Some(("changes", &x.section.changes, &x.intro.changes, told.chain([table]).collect()))
    }

    fn breach_figures(&self, report: &BreachReport) -> Vec<Figure> {
        let (w, f) = (self.w, &self.w.breach.figure);
        let totals = &report.totals;
        let figure = |value: u64, label: &str, note: &str, tone: Tone| Figure {
            value: w.number(value),
            label: label.to_owned(),
            note: note.to_owned(),
            tone,
        };
        let missing = if totals.not_provided > 0 { Tone::Warning } else { Tone::Plain };
        vec![
            figure(totals.required, &f.required, &f.required_note, Tone::Plain),
            figure(totals.provided, &f.provided, &f.provided_note, Tone::Processed),
            figure(totals.to_confirm, &f.to_confirm, &f.to_confirm_note, Tone::Possible),
            figure(totals.not_provided, &f.not_provided, &f.not_provided_note, missing),
        ]
    }

    /// Whether the authority has to hear more, and why.
    fn needed(&self, phase: &Phase) -> String {
        let p = &self.w.breach.phase;
        let answers = phase.changes.iter().any(|change| !change.then.is_empty());
        // What was erased since is gone from both sides: nobody may say that it reads as it did.
        let whole = phase.uncompared.is_empty();
        let is_last = phase.until.is_none();
        let sentences = [
            (phase.not_on_file, &p.not_on_file),
            (phase.until.is_some(), &p.followed),
            (phase.follow_up_needed && phase.not_on_file, &p.needed_since),
            (phase.follow_up_needed && !phase.not_on_file && answers, &p.needed),
            (
                phase.follow_up_needed && !phase.not_on_file && !answers,
                if whole { &p.needed_by_facts } else { &p.left_needed_by_facts },
            ),
            (
                is_last && !phase.follow_up_needed && !phase.not_on_file,
                if whole { &p.not_needed } else { &p.left_not_needed },
            ),
            (phase.until.is_none() && phase.incomplete, &p.incomplete),
            (phase.before_case, &p.before_case),
        ];
        let uncompared = phase.uncompared.iter().map(|gone| {
            let fields: Vec<String> = gone.fields.iter().map(u64::to_string).collect();
            let values = [("n", self.w.number(gone.erasure.0)), ("fields", self.w.comma(&fields))];
            let text = match (gone.perhaps, fields.is_empty()) {
                (true, _) => &p.uncompared_perhaps,
                (false, true) => &p.uncompared_facts,
                (false, false) => &p.uncompared,
            };
            fill(text, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        });
        let said = sentences.iter().filter(|(is, _)| *is).map(|(_, text)| (*text).clone());
        said.chain(uncompared).collect::<Vec<_>>().join(" ")
    }

    fn breach_notices(&self, report: &BreachReport) -> Vec<String> {
        let n = &self.w.breach.notice;
        let erased = report.case.erased.iter().filter(|erased| !erased.acts.is_empty() || !erased.steps.is_empty());
        let erased = erased.map(|erased| {
            let fields: Vec<String> = erased.fields.iter().map(u64::to_string).collect();
            let fields = if fields.is_empty() { self.w.time.none.clone() } else { self.w.comma(&fields) };
            let values = [
                ("n", self.w.number(erased.entry.0)),
                ("at", self.zoned(erased.at)),
                ("acts", self.w.plural(&n.erased_acts, erased.acts.len() as u64)),
                ("steps", self.w.plural(&n.erased_steps, erased.steps.len() as u64)),
                ("fields", fields),
            ];
            fill(&n.erased, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        });
        let perhaps: Vec<&ErasedFact> = report.case.erased.iter().filter(|erased| !erased.perhaps.is_empty()).collect();
        let by: Vec<String> = perhaps.iter().map(|erased| self.w.number(erased.entry.0)).collect();
        let taken: BTreeSet<EntryIndex> = perhaps.iter().flat_map(|erased| erased.perhaps.iter().copied()).collect();
        let taken = self.w.plural(&n.erased_acts, taken.len() as u64);
        let values = [("list", self.w.comma(&by)), ("acts", taken)];
        let perhaps = (!by.is_empty())
            .then(|| fill(&n.erased_perhaps, &values.each_ref().map(|(name, value)| (*name, value.as_str()))));
        let carried = report.case.carried.as_ref().map(|carried| carried_text(self.w, carried));
        let late = report.fields.iter().find(|field| field.number == u64::from(LATE));
        let late = late.filter(|late| late.state != FieldState::Hidden && !report.case.submitted.is_empty());
        let late = late.map(|late| late_text(self.w, &late.values));
        let moved = report.case.awareness_moved_later.then(|| n.moved_later.clone());
        let gone = report.case.retracted_deadline.iter().map(|gone| {
            let values = [
                ("from", self.w.number(gone.from.0)),
                ("n", self.w.number(gone.by.0)),
                ("at", self.zoned(gone.strict)),
                ("hours", self.w.number(gone.hours)),
            ];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            let whether = [(gone.passed_before, &n.retracted_passed), (gone.missed, &n.retracted_missed)];
            let whether = whether.into_iter().filter(|(is, _)| *is).map(|(_, text)| text.clone());
            std::iter::once(fill(&n.retracted, &values)).chain(whether).collect::<Vec<_>>().join(" ")
        });
        let flagged = report.case.awareness.iter().filter(|aware| aware.taken_back_by.is_none()).filter_map(|aware| {
            let flags = reported::flags(self.w, aware);
            let values = [
                ("at", self.zoned(aware.stated.at)),
                ("n", self.w.number(aware.stated.entry.0)),
                ("list", self.w.comma(&flags)),
            ];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            (!flags.is_empty()).then(|| fill(&self.w.breach.reported.flagged, &values))
        });
        let earlier = reported::awareness(self.w, &report.case.reported);
        let moved = late.into_iter().chain(earlier).chain(flagged).chain(moved);
        let closed = report.header.parts_closed;
        let closed = (closed > 0).then(|| fill(&self.w.exposure.notice.closed, &[("n", &self.w.number(closed))]));
        moved
            .into_iter()
            .chain(gone)
            .chain(erased)
            .chain(carried)
            .chain(perhaps)
            .chain(closed)
            .chain([n.table.clone()])
            .collect()
    }

    fn breach_sections(&self, report: &BreachReport) -> Vec<Section> {
        let (s, i) = (&self.w.breach.section, &self.w.breach.intro);
        let changes = self.changes(report.changes.as_deref(), &report.header);
        let mut sections = vec![
            ("life", s.life.as_str(), "", self.life_and_counts(&report.case)),
            ("to-do", &s.todo, &i.todo, vec![self.todo(report)]),
            ("form", &s.form, &i.form, self.form(report)),
            ("severity", &s.severity, &i.severity, vec![self.severity(report)]),
            ("phases", &s.phases, &i.phases, self.phases(report)),
            ("register", &s.register, &i.register, self.register(report)),
        ];
        sections.extend(changes);
        sections.extend([
            self.coverage(&report.coverage),
            self.clocks(report.clock.as_ref()),
            ("verification", &self.w.exposure.section.verification, &i.verification, self.verification(&report.header)),
        ]);
        self.numbered(sections)
    }

    fn life_and_counts(&self, case: &CaseFact) -> Vec<Block> {
        let counted = case.counted.iter().map(|fact| Block::Note { text: count_text(self.w, fact) });
        std::iter::once(self.life(case)).chain(counted).collect()
    }

    fn life(&self, case: &CaseFact) -> Block {
        let (w, c) = (self.w, &self.w.breach.case);
        let mut rows: Vec<(Instant, Row)> = Vec::new();
        let mut add = |label: &str, moment: &Moment| {
            let by = match (moment.by.as_slice(), moment.by_erased) {
                ([], true) => c.by_erased.clone(),
                ([], false) => String::new(),
                (by, _) => self.identities(by),
            };
            let entry = w.number(moment.entry.0);
            rows.push((
                moment.recorded_at,
                row([
                    cell([(label.to_owned(), Style::Strong)]),
                    cell([
                        (self.zoned(moment.at), Style::Plain),
                        (fill(&c.recorded, &[("at", &w.exact(moment.recorded_at)), ("n", &entry)]), Style::Note),
                    ]),
                    cell([(by, Style::Plain), (self.signed(moment.signed), Style::Note)]),
                    plain(moment.statement.clone().unwrap_or_default()),
                ]),
            ));
        };
        add(&c.opened, &case.opened);
        let before = fill(&c.detected_before, &[("what", &c.detected)]);
        for (label, moment) in [
            (if case.detected_before { &before } else { &c.detected }, &case.detected),
            (&c.processor_aware, &case.processor_aware),
            (&c.not_notified, &case.not_notified),
            (&c.closed, &case.closed),
        ] {
            moment.iter().for_each(|moment| add(label, moment));
        }
        case.submitted.iter().for_each(|moment| add(&c.submitted, moment));
        for aware in &case.awareness {
            let label = match (aware.counts, case.awareness.len()) {
                _ if aware.taken_back_by.is_some() => self.taken_back(&c.aware, aware.taken_back_by),
                (_, 1) => c.aware.clone(),
                (true, _) => fill(&c.aware_counts, &[("what", &c.aware)]),
                (false, _) => {
                    let strict = aware.strict.map_or_else(|| w.time.none.clone(), |strict| self.zoned(strict));
                    fill(&c.aware_other, &[("what", &c.aware), ("at", &strict)])
                }
            };
            add(&label, &aware.stated);
        }
        for retraction in &case.retractions {
            let what = word(&w.breach.step, retraction.what.text());
            let values = [("what", what), ("n", &w.number(retraction.of.0))];
            let label = fill(&c.retracts, &values);
            add(&label, &retraction.made);
            // Statements of awareness stand there anyway.
            if retraction.what.0 != crate::model::CaseStep::Aware && !retraction.taken_back {
                let number = retraction.reference.iter().map(|number| format!("{what} ({number})")).next();
                let label = self.taken_back(number.as_deref().unwrap_or(what), Some(retraction.made.entry));
                add(&label, &retraction.stated);
            }
        }
        for act in &case.reported {
            rows.push((act.recorded_at, self.reported(act)));
        }
        rows.sort_by_key(|(recorded_at, _)| *recorded_at);
        let mut rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
        if let Some(Span { from, until }) = &case.occurred {
            let span = w.exact_span(*from, *until);
            let first =
                row([cell([(c.occurred.clone(), Style::Strong)]), plain(span), plain(""), plain(&*c.by_ledger)]);
            rows.insert(0, first);
        }
        if let Some(delay) = case.detection_to_awareness_us {
            let range = crate::report::access::document::Range { low: delay, high: delay };
            let delay = duration_range(w, &range);
            rows.push(row([cell([(c.delay.clone(), Style::Strong)]), plain(delay), plain(""), plain("")]));
        }
        let t = &w.breach.table;
        let columns = vec![column(&t.step, 28), column(&t.when, 28), column(&t.by, 18), column(&t.statement, 26)];
        self.table(&w.breach.section.life, columns, rows)
    }

    /// An act on file beside the case's steps.
    fn reported(&self, act: &ReportedFact) -> Row {
        let (w, r) = (self.w, &self.w.breach.reported);
        let mut what = fill(&r.life, &[("what", word(&w.verb, act.verb.text()))]);
        if let Some(strict) = act.strict.filter(|_| act.earlier) {
            what = fill(&r.would, &[("what", &what), ("at", &self.zoned(strict))]);
        }
        for (is, text) in [(act.before_breach, &r.of_something_else), (act.contested, &r.contested)] {
            if is {
                what = fill(text, &[("what", &what)]);
            }
        }
        let by: Vec<String> = act.by.iter().map(|who| who_text(w, who)).collect();
        let recorded = [("at", w.exact(act.recorded_at)), ("n", w.number(act.entry.0))];
        let recorded = fill(&w.breach.case.recorded, &recorded.each_ref().map(|(name, text)| (*name, text.as_str())));
        row([
            cell([(what, if act.earlier { Style::Warning } else { Style::Strong })]),
            cell([(w.exact_span(act.when.from, act.when.until), Style::Plain), (recorded, Style::Note)]),
            plain(w.comma(&by)),
            plain(&*w.breach.case.by_ledger),
        ])
    }

    /// Whether whoever is named signed it, in words.
    fn signed(&self, signed: Option<bool>) -> String {
        signed_text(self.w, signed).to_owned()
    }

    /// A step with the entry that took it back.
    fn taken_back(&self, what: &str, by: Option<EntryIndex>) -> String {
        let n = by.map(|by| self.w.number(by.0)).unwrap_or_default();
        fill(&self.w.breach.case.taken_back, &[("what", what), ("n", &n)])
    }

    fn todo(&self, report: &BreachReport) -> Block {
        let (w, b) = (self.w, &self.w.breach);
        let title = |field: u64| report.fields.iter().find(|it| it.number == field).map_or("", |it| it.title.as_str());
        let line = |todo: &TodoFact| {
            row([
                plain(todo.field.to_string()),
                plain(title(todo.field)),
                cell([(word(&b.todo, todo.what.code()).to_owned(), Style::Warning)]),
            ])
        };
        let rows = report.todo.iter().map(line).collect();
        let columns = vec![number_column(&b.table.field, 8), column(&b.table.title, 46), column(&b.table.todo, 46)];
        self.whole_table(&w.breach.section.todo, columns, rows)
    }

    fn form(&self, report: &BreachReport) -> Vec<Block> {
        let (w, b) = (self.w, &self.w.breach);
        let mut blocks = Vec::new();
        let mut at = 0;
        while let Some(first) = report.fields.get(at) {
            let of_block = report.fields[at..].iter().take_while(|field| field.block == first.block).count();
            let shown = report.fields[at..at + of_block].iter().filter(|field| field.state != FieldState::Hidden);
            let rows: Vec<Row> = shown.map(|field| self.field(field, report.case.carried.as_ref())).collect();
            at += of_block;
            if rows.is_empty() {
                continue;
            }
            let heading = word(&b.block, &first.block).to_owned();
            let columns = vec![
                number_column(&b.table.field, 7),
                column(&b.table.title, 29),
                column(&b.table.value, 40),
                column(&b.table.origin, 24),
            ];
            let table = self.whole_table(&heading, columns, rows);
            blocks.push(Block::Heading { text: heading });
            blocks.push(table);
        }
        let hidden = report.fields.iter().filter(|field| field.state == FieldState::Hidden).count() as u64;
        blocks.push(Block::Note { text: fill(&b.intro.hidden, &[("n", &w.number(hidden))]) });
        blocks
    }

    fn field(&self, field: &FieldFact, carried: Option<&CarriedFact>) -> Row {
        let (w, b) = (self.w, &self.w.breach);
        let known = u8::try_from(field.number).ok().and_then(edpb::field);
        let is_option = known.is_some_and(|known| !known.options.is_empty());
        let coded = |values: &[String], texts: &[String]| -> Vec<String> {
            let text = |(value, text): (&String, &String)| match is_option {
                true => format!("{value}  {text}"),
                false if value == text => w.told(value),
                false => text.clone(),
            };
            values.iter().zip(texts).map(text).collect()
        };
        let mut pieces: Vec<(String, Style)> =
            coded(&field.values, &field.texts).into_iter().map(|text| (text, Style::Plain)).collect();
        let proposed = coded(&field.ledger_values, &field.ledger_texts);
        if field.values.is_empty() {
            let text = match (field.required, proposed.is_empty()) {
                (true, true) => &w.missing.value,
                (_, false) => &b.table.unanswered,
                (false, true) => &w.time.none,
            };
            pieces.push((text.clone(), if field.required { Style::Missing } else { Style::Note }));
        }
        let says = if field.state == FieldState::Differs { &b.table.ledger_says } else { &b.table.proposes };
        if !proposed.is_empty() {
            pieces.push((fill(says, &[("value", &proposed.join("; "))]), Style::Warning));
        }
        if !field.refused_values.is_empty() {
            pieces.push((
                fill(&b.table.refused, &[("value", &w.comma(&self.as_read(&field.refused_values)))]),
                Style::Warning,
            ));
        }
        let contradictions = field.contradicts.iter().map(|it| word(&b.contradiction, it.code()).to_owned());
        pieces.extend(contradictions.map(|text| (text, Style::Warning)));
        // Whoever counted them, and how many are gone since.
        let carried = carried.filter(|_| field.number == 68);
        pieces.extend(carried.map(|carried| (carried_text(w, carried), Style::Note)));
        let entries: Vec<String> = field.entries.iter().map(|EntryIndex(index)| w.number(*index)).collect();
        let by = |text: &str, list: String| if list.is_empty() { list } else { fill(text, &[("n", &list)]) };
        let answered = field.answered_in.map(|EntryIndex(index)| w.number(index)).unwrap_or_default();
        let state = match field.state {
            FieldState::Proposed | FieldState::Differs | FieldState::Refused => Style::Warning,
            FieldState::NotProvided if field.required => Style::Missing,
            _ => Style::Plain,
        };
        row([
            plain(field.number.to_string()),
            cell([(field.title.clone(), Style::Plain), (field.english.clone().unwrap_or_default(), Style::Note)]),
            cell(pieces),
            cell([
                (word(&b.state, field.state.code()).to_owned(), state),
                (under_entries(w, &entries), Style::Note),
                (by(&b.table.answered_in, answered), Style::Note),
            ]),
        ])
    }

    fn severity(&self, report: &BreachReport) -> Block {
        let (w, b) = (self.w, &self.w.breach);
        let share = |hundredths: u64| w.hundredths(hundredths);
        let line = |severity: &SeverityFact| {
            let figure = severity.figure.as_ref().map_or_else(String::new, |figure| {
                let values = [
                    ("se", share(figure.score)),
                    ("level", word(&b.figure_level, &figure.level).to_owned()),
                    ("dpc", w.number(figure.context)),
                    ("ei", share(figure.identification)),
                    ("c", share(figure.confidentiality)),
                    ("i", share(figure.integrity)),
                    ("a", share(figure.availability)),
                    ("m", share(if figure.malicious { 50 } else { 0 })),
                ];
                fill(&b.table.figure, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
            });
            let from = severity.figure.as_ref().and_then(|figure| figure.thresholds.as_ref());
            let from = from.map(|from| thresholds_text(w, from)).unwrap_or_default();
            let by = if severity.set.by_erased { b.case.by_erased.clone() } else { self.identities(&severity.set.by) };
            let gone = severity.taken_back_by.map(|by| self.taken_back("", Some(by)));
            let level = [severity.level.clone(), gone].into_iter().flatten().collect::<String>();
            row([
                cell([(level, Style::Strong), (figure, Style::Plain), (from, Style::Note)]),
                plain(severity.set.statement.clone().unwrap_or_default()),
                cell([(by, Style::Plain), (self.zoned(severity.set.at), Style::Note)]),
            ])
        };
        let mut rows: Vec<Row> = report.severity.iter().map(line).collect();
        let audience = word(&b.audience, report.figure_audience.code());
        let audience = fill(audience, &[("verdict", &self.logging(&report.coverage))]);
        let proposed = share(report.figure_confidentiality);
        let proposed = fill(&b.table.proposed_cb, &[("cb", &proposed), ("why", &audience)]);
        rows.push(row([plain(proposed), plain(""), plain(&*b.case.by_ledger)]));
        let columns = vec![column(&b.table.level, 38), column(&b.table.statement, 34), column(&b.table.by, 28)];
        self.table(&b.section.severity, columns, rows)
    }

    fn phases(&self, report: &BreachReport) -> Vec<Block> {
        let (w, b) = (self.w, &self.w.breach);
        if report.phases.is_empty() {
            return vec![Block::Note { text: b.phase.none.clone() }];
        }
        let mut blocks = Vec::new();
        for phase in &report.phases {
            let (at, recorded) = (self.zoned(phase.submitted.at), self.zoned(phase.submitted.recorded_at));
            let at = match at == recorded {
                true => at,
                false => fill(&b.case.stated, &[("at", &at), ("recorded", &recorded)]),
            };
            let values = [("at", at), ("size", w.number(phase.size)), ("n", w.number(phase.submitted.entry.0))];
            let text = if phase.not_on_file { &b.phase.heading_stated } else { &b.phase.heading };
            let heading = fill(text, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            blocks.push(Block::Heading { text: heading.clone() });
            blocks.push(Block::Text { text: self.needed(phase) });
            if let Some(digest) = &phase.report {
                let pairs = vec![pair(&b.table.report, digest.clone(), Style::Code)];
                blocks.push(Block::Facts { pairs });
            }
            let later = phase
                .until
                .map_or_else(|| b.table.now.clone(), |EntryIndex(n)| fill(&b.table.next, &[("n", &w.number(n))]));
            let list = |values: &[String]| {
                let style = if values.is_empty() { Style::Missing } else { Style::Plain };
                let text = if values.is_empty() { w.missing.value.clone() } else { self.as_read(values).join("\n") };
                cell([(text, style)])
            };
            let line = |change: &ChangeFact| {
                row([plain(change.field.to_string()), plain(&*change.title), list(&change.then), list(&change.now)])
            };
            let columns = vec![
                number_column(&b.table.field, 8),
                column(&b.table.title, 26),
                column(&b.table.then, 33),
                column(&later, 33),
            ];
            if !phase.changes.is_empty() {
                blocks.push(self.whole_table(&heading, columns, phase.changes.iter().map(line).collect()));
            }
            if !phase.facts.is_empty() {
                blocks.push(self.fact_changes(&heading, &later, &phase.facts));
            }
        }
        blocks
    }

    fn fact_changes(&self, heading: &str, later: &str, facts: &[FactChange]) -> Block {
        let (w, b) = (self.w, &self.w.breach);
        let told = |text: &Option<String>, none: &str| match text {
            Some(text) => plain(&**text),
            None => cell([(none.to_owned(), Style::Note)]),
        };
        let line = |change: &FactChange| {
            let entries: Vec<String> = change.entries.iter().map(|EntryIndex(index)| w.number(*index)).collect();
            let entries = under_entries(w, &entries);
            row([
                cell([(word(&b.basis, change.what.code()).to_owned(), Style::Strong), (entries, Style::Note)]),
                told(&change.then, &b.table.not_known),
                told(&change.now, &b.table.no_more),
            ])
        };
        let columns = vec![column(&b.table.basis, 22), column(&b.table.then, 39), column(later, 39)];
        let caption = fill(&b.phase.facts, &[("heading", heading)]);
        self.table(&caption, columns, facts.iter().map(line).collect())
    }

    fn register(&self, report: &BreachReport) -> Vec<Block> {
        let (w, b) = (self.w, &self.w.breach);
        let is_missing = |fact: &&RegisterFact| fact.lines.iter().any(|line| line.state == FieldState::NotProvided);
        let missing = report.register.iter().filter(is_missing).count() as u64;
        let values = [("n", w.number(missing)), ("of", w.number(report.register.len() as u64))];
        let text = if missing == 1 { &b.table.register_missing.one } else { &b.table.register_missing.other };
        let missing =
            (missing > 0).then(|| fill(text, &values.each_ref().map(|(name, value)| (*name, value.as_str()))));
        let line = |(number, fact): (usize, &RegisterFact)| {
            let said = fact.lines.iter().map(|line| match line.state {
                FieldState::Proposed => (fill(&b.table.proposes, &[("value", &line.text)]), Style::Warning),
                FieldState::NotProvided => (line.text.clone(), Style::Missing),
                _ => (line.text.clone(), Style::Plain),
            });
            let none = [(w.time.none.clone(), Style::Note)].into_iter().filter(|_| fact.lines.is_empty());
            let mut states: Vec<(String, Style)> = Vec::new();
            for line in &fact.lines {
                let text = (word(&b.state, line.state.code()).to_owned(), Style::Plain);
                if !states.contains(&text) {
                    states.push(text);
                }
            }
            let entries: std::collections::BTreeSet<u64> =
                fact.lines.iter().flat_map(|line| &line.entries).map(|entry| entry.0).collect();
            let entries: Vec<String> = entries.into_iter().map(|entry| w.number(entry)).collect();
            let entries = under_entries(w, &entries);
            row([
                plain((number + 1).to_string()),
                cell([(word(&b.register, fact.column.code()).to_owned(), Style::Strong)]),
                cell(said.chain(none)),
                cell(states.into_iter().chain([(entries, Style::Note)])),
            ])
        };
        let t = &b.table;
        let columns =
            vec![number_column(&t.number, 6), column(&t.column, 20), column(&t.entry, 50), column(&t.origin, 24)];
        let table =
            self.whole_table(&b.section.register, columns, report.register.iter().enumerate().map(line).collect());
        missing.map(|text| Block::Note { text }).into_iter().chain([table]).collect()
    }

    fn verification(&self, header: &Header) -> Vec<Block> {
        verification(self.w, &header.report_id, &header.template, &header.as_known_at, header.entries_proved)
    }

    fn table(&self, caption: &str, columns: Vec<Column>, rows: Vec<Row>) -> Block {
        sections::table((self.w, self.extent), TableStyle::Plain, caption, columns, rows.into_iter(), ROWS_MAX)
    }

    /// A table whose length is bounded by what it is about, such as the form's fields.
    fn whole_table(&self, caption: &str, columns: Vec<Column>, rows: Vec<Row>) -> Block {
        sections::table((self.w, Extent::Whole), TableStyle::Plain, caption, columns, rows.into_iter(), ROWS_MAX)
    }

    fn identities(&self, identities: &[PersonIdentity]) -> String {
        let texts: Vec<String> = identities.iter().map(|identity| identity_text(self.w, identity)).collect();
        self.w.list(&texts, LISTED)
    }
}
