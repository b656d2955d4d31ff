//! The activity report in words and in order.

use super::cover::{given, pair, verification};
use super::heading::heading;
use super::*;
use crate::report::access::document::Name;
use crate::report::activity::beyond;
use crate::report::activity::document::*;
use crate::report::code::Code;
use crate::report::instant::Instant;
use crate::report::wording::{Plural, Wording, word};

struct Said<'a> {
    w: &'a Wording,
    report: &'a ActivityReport,
    extent: Extent,
}

impl View {
    pub fn of_activity(w: &Wording, report: &ActivityReport, extent: Extent) -> Self {
        let said = Said { w, report, extent };
        let title = &w.activity.title;
        View {
            person: report.agent.name.clone(),
            answer: report.answer.text.clone(),
            verdicts: said.verdicts(),
            figures: said.figures(),
            notices: said.notices(),
            facts: said.facts(),
            sections: said.sections(),
            ..heading!(&report.header).frame(w, [&title.report, &title.subtitle, &title.running])
        }
    }
}

impl Said<'_> {
    fn verdicts(&self) -> Vec<Verdict> {
        let (w, a, totals) = (self.w, &self.w.activity, &self.report.totals);
        let verdict =
            |label: &str, text: String, tone: Tone| Verdict { label: label.to_owned(), text, because: None, tone };
        let nothing = totals.actions.high == 0;
        let of = |label: &str, text: &Plural, none: &str, number: u64| match number {
            // Of nothing nothing can be said.
            0 if nothing => verdict(label, w.time.none.clone(), Tone::Plain),
            0 => verdict(label, none.to_owned(), Tone::Plain),
            number => verdict(label, w.plural(text, number), Tone::Warning),
        };
        let mut verdicts = vec![of(
            &a.verdict.instructed,
            &a.verdict.not_instructed,
            if totals.instruction_closed > 0 { &a.verdict.instructed_as_far } else { &a.verdict.all_instructed },
            totals.not_instructed,
        )];
        let mut authorised = of(
            &a.verdict.authorised,
            &a.verdict.unauthorised,
            if totals.not_assessed > 0 { &a.verdict.not_all_assessed } else { &a.verdict.all_authorised },
            totals.unauthorised,
        );
        if totals.unauthorised > 0 && totals.not_assessed > 0 {
            let more = w.plural(&a.verdict.not_assessed, totals.not_assessed);
            authorised.text = [authorised.text, more].join(&w.answer.clauses);
        }
        verdicts.push(authorised);
        verdicts.push(match totals.outside_tools {
            None => verdict(&a.verdict.tools, a.verdict.tools_unknown.clone(), Tone::Missing),
            Some(outside) => of(&a.verdict.tools, &a.verdict.tools_outside, &a.verdict.tools_inside, outside),
        });
        verdicts.push(verdict(&a.verdict.beyond, beyond(self.w, self.report).to_owned(), Tone::Plain));
        verdicts
    }

    fn figures(&self) -> Vec<Figure> {
        let (w, f, totals) = (self.w, &self.w.activity.figure, &self.report.totals);
        let figure = |value: String, label: &str, note: &str, tone: Tone| Figure {
            value,
            label: label.to_owned(),
            note: note.to_owned(),
            tone,
        };
        let actions = one_or_more(&totals.actions, &f.actions_one, &f.actions);
        let unauthorised_note = fill(&f.unauthorised_note, &[("n", &w.number(totals.not_assessed))]);
        let warn = |number: u64| if number > 0 { Tone::Warning } else { Tone::Plain };
        vec![
            figure(w.range(totals.actions.low, totals.actions.high), actions, &f.actions_note, Tone::Plain),
            figure(w.number(totals.about_persons), &f.persons, &f.persons_note, Tone::Plain),
            figure(w.number(totals.not_instructed), &f.without, &f.without_note, warn(totals.not_instructed)),
            figure(w.number(totals.unauthorised), &f.unauthorised, &unauthorised_note, warn(totals.unauthorised)),
            figure(w.number(totals.denied + totals.failed), &f.attempts, &f.attempts_note, Tone::Attempt),
            figure(w.number(totals.by_others), &f.by_others, &f.by_others_note, Tone::Plain),
        ]
    }

    fn notices(&self) -> Vec<String> {
        let (w, n, report) = (self.w, &self.w.activity.notice, self.report);
        let counted = |text: &str, number: u64| (number > 0).then(|| fill(text, &[("n", &w.number(number))]));
        let unknown = (!report.agent.known).then(|| fill(&n.unknown, &[("agent", &report.agent.name)]));
        let all = [
            unknown,
            counted(&n.closed, report.header.parts_closed),
            counted(&n.pruned, report.header.pruned),
            counted(&n.perhaps, report.totals.perhaps),
            counted(&n.amending, report.totals.amending),
        ];
        all.into_iter().flatten().collect()
    }

    fn facts(&self) -> Vec<Pair> {
        let (w, header, agent) = (self.w, &self.report.header, &self.report.agent);
        let a = &w.activity.fact;
        let bound = |at: Option<Instant>, none: &str| at.map_or_else(|| none.to_owned(), |at| w.exact(at));
        let period = fill(
            &a.period_value,
            &[
                ("from", &bound(header.question.from, &a.from_the_first)),
                ("until", &bound(header.question.until, &a.to_the_last)),
            ],
        );
        let registered = |label: &str, value: Option<String>| given(label, &value, &w.missing.controller);
        let days = agent.memory_days.map(|days| w.plural(&w.activity.count.days, days));
        let session = agent.session_max_s.map(|seconds| w.plural(&w.activity.count.seconds, seconds));
        let tools = (!agent.tools.is_empty()).then(|| w.list(&agent.tools, usize::MAX));
        // One after another where there were several in the period.
        let during = |vendor: &VendorFact| {
            let (from, until) = (bound(vendor.from, "…"), bound(vendor.until, "…"));
            fill(&a.vendor_during, &[("vendor", &vendor.name), ("from", &from), ("until", &until)])
        };
        let vendor = match agent.vendors.as_slice() {
            [] | [VendorFact { from: None, until: None, .. }] => agent.vendor.clone(),
            several => Some(several.iter().map(during).collect::<Vec<_>>().join(&w.answer.clauses)),
        };
        let mut pairs = vec![
            pair(&a.agent, agent.name.clone(), Style::Plain),
            registered(&a.owner, agent.owner.clone()),
            registered(&a.model, agent.model.clone()),
            registered(&a.vendor, vendor),
            registered(&a.tools, tools),
            registered(&a.charter, agent.charter.clone()),
            registered(&a.memory, days),
            registered(&a.session, session),
            pair(&a.period, period, Style::Plain),
        ];
        let heading = heading!(header);
        pairs.extend(heading.known_and_asked(w, self.report.clock.as_ref()));
        pairs.push(changes::line(w, header.supersedes.as_ref(), w.time.none.clone()));
        pairs.extend(heading.made_for(w));
        pairs.push(controller::counted(w, &header.completeness));
        pairs
    }

    fn sections(&self) -> Vec<Section> {
        let (w, report) = (self.w, self.report);
        let (s, i) = (&w.activity.section, &w.activity.intro);
        let header = &report.header;
        let verified = verification(w, &header.report_id, &header.template, &header.as_known_at, header.entries_proved);
        let one = |text: &String| vec![text.clone()];
        let mut all = vec![
            ("lines", &s.lines, one(&i.lines), vec![self.lines()]),
            ("instructions", &s.instructions, one(&i.instructions), vec![self.instructions()]),
            ("principals", &s.principals, one(&i.principals), vec![self.principals()]),
            ("others", &s.others, one(&i.others), vec![self.others()]),
            ("tools", &s.tools, one(&i.tools), vec![self.tools()]),
            ("models", &s.models, one(&i.models), vec![self.models()]),
            (
                "coverage",
                &w.exposure.section.coverage,
                logging::intro(w, &report.coverage),
                vec![logging::table(w, self.extent, &report.coverage)],
            ),
            ("clocks", &w.section.clock, one(&w.intro.clocks), vec![clock::block(w, report.clock.as_ref())]),
            ("verification", &w.exposure.section.verification, one(&w.exposure.intro.verification), verified),
        ];
        if let Some(found) = &report.changes {
            let intro = changes::intro(w, header.supersedes.as_ref());
            let place = all.iter().position(|(id, ..)| *id == "coverage").unwrap_or(all.len());
            let table = changes::table(w, self.extent, found);
            all.insert(place, ("changes", &w.exposure.section.changes, intro, vec![table]));
        }
        let numbered = (1_u32..).zip(all);
        let section = numbered.map(|(number, (id, title, intro, blocks))| Section {
            id: id.to_owned(),
            number: number.to_string(),
            title: title.clone(),
            intro,
            blocks,
        });
        section.collect()
    }

    fn table(&self, caption: &str, columns: Vec<Column>, rows: impl ExactSizeIterator<Item = Row>) -> Block {
        sections::table((self.w, self.extent), TableStyle::Plain, caption, columns, rows, ROWS_MAX)
    }

    fn name(&self, name: &Name) -> String {
        match name {
            Name::Registered(name) => name.clone(),
            Name::Unregistered(name) => fill(&self.w.missing.unregistered, &[("name", name)]),
            Name::Closed => self.w.missing.closed.clone(),
        }
    }

    fn named(&self, name: Option<&Name>) -> Cell {
        match name {
            Some(name) => plain(self.name(name)),
            None => cell([(self.w.missing.not_stated.clone(), Style::Note)]),
        }
    }

    /// How many, when, and between which entries.
    fn series(&self, series: &Series) -> [Cell; 2] {
        let (w, a) = (self.w, &self.w.activity.table);
        let about = fill(&a.about_persons, &[("n", &w.number(series.about_persons))]);
        let entries =
            fill(&a.entries, &[("first", &w.number(series.first_entry.0)), ("last", &w.number(series.last_entry.0))]);
        [
            cell([(w.number(series.number), Style::Strong), (about, Style::Note)]),
            cell([(w.span(series.first, series.last), Style::Plain), (entries, Style::Note)]),
        ]
    }

    fn counted(&self, mut cells: Vec<Cell>, series: &Series) -> Row {
        cells.extend(self.series(series));
        row(cells)
    }

    /// Columns of the things, then those of their series.
    fn columns(&self, columns: &[(&str, u32)]) -> Vec<Column> {
        let a = &self.w.activity.table;
        let ours = [(a.number.as_str(), 16), (a.recorded.as_str(), 30)];
        columns.iter().chain(&ours).map(|(label, width)| column(label, *width)).collect()
    }

    fn lines(&self) -> Block {
        let (w, t) = (self.w, &self.w.table);
        let line = |line: &LineFact| {
            let what = vec![
                (word(&w.verb, line.verb.text()).to_owned(), Style::Strong),
                (word(&w.outcome, line.outcome.text()).to_owned(), Style::Note),
            ];
            let authorisation = word(&w.authorisation, line.authorisation.code()).to_owned();
            let purpose = line.purpose.as_ref().map(|purpose| self.name(purpose)).unwrap_or_default();
            let is_settled = line.authorisation == crate::report::access::document::Authorisation::Authorised;
            let dataset = line.dataset.as_ref().map(|dataset| self.name(dataset)).unwrap_or_default();
            let tool = line.tool.as_ref().map(|tool| self.name(tool)).unwrap_or_default();
            let cells = vec![
                cell(what),
                cell([(tool, Style::Plain), (dataset, Style::Note)]),
                cell([(authorisation, if is_settled { Style::Plain } else { Style::Warning }), (purpose, Style::Note)]),
            ];
            self.counted(cells, &line.series)
        };
        let a = &w.activity.table;
        let columns = self.columns(&[(&t.what, 16), (&a.with, 22), (&a.authority, 16)]);
        self.table(&w.activity.section.lines, columns, self.report.lines.iter().map(line))
    }

    fn instructions(&self) -> Block {
        let a = &self.w.activity;
        let line = |fact: &InstructionFact| {
            let cell = match (&fact.text, fact.instructed) {
                (Some(text), _) => plain(text.clone()),
                (None, other) => cell([(word(&a.instructed, other.code()).to_owned(), Style::Warning)]),
            };
            self.counted(vec![cell], &fact.series)
        };
        let columns = self.columns(&[(&a.table.instruction, 54)]);
        self.table(&a.section.instructions, columns, self.report.instructions.iter().map(line))
    }

    fn principals(&self) -> Block {
        let (w, a) = (self.w, &self.w.activity);
        let line = |fact: &PrincipalFact| {
            let whom = match (&fact.kind, &fact.name) {
                (None, _) => cell([(w.missing.nobody.clone(), Style::Note)]),
                (Some(kind), Some(name)) => {
                    let kind = word(&w.party.kind, kind.text()).to_owned();
                    cell([(self.name(name), Style::Plain), (kind, Style::Note)])
                }
                (Some(kind), None) => plain(word(&w.party.kind, kind.text())),
            };
            self.counted(vec![whom], &fact.series)
        };
        let columns = self.columns(&[(&w.table.on_behalf_of, 54)]);
        self.table(&a.section.principals, columns, self.report.principals.iter().map(line))
    }

    fn declared(&self, declared: Declared) -> Cell {
        let style = if declared == Declared::No { Style::Warning } else { Style::Plain };
        cell([(word(&self.w.activity.declared, declared.code()).to_owned(), style)])
    }

    fn others(&self) -> Block {
        let (w, a) = (self.w, &self.w.activity);
        let line = |fact: &OtherFact| {
            let kind = |code: Code<crate::model::RecipientKind>| word(&w.recipient_kind, code.text()).to_owned();
            let by = match fact.basis {
                Basis::Recorded => kind(fact.kind),
                other => word(&w.basis, other.code()).to_owned(),
            };
            let name = match (&fact.name, &fact.of) {
                (Some(name), _) => self.name(name),
                (None, Some(tool)) => fill(&w.exposure.table.unknown_operator, &[("tool", &self.name(tool))]),
                (None, None) => word(&w.party.kind, fact.party.text()).to_owned(),
            };
            let country = fact.country.clone().unwrap_or_else(|| w.missing.not_stated.clone());
            let cells =
                vec![cell([(name, Style::Strong), (by, Style::Note)]), plain(country), self.declared(fact.declared)];
            self.counted(cells, &fact.series)
        };
        let columns = self.columns(&[(&w.table.recipient, 26), (&w.table.country, 12), (&a.table.declared, 16)]);
        self.table(&a.section.others, columns, self.report.others.iter().map(line))
    }

    fn tools(&self) -> Block {
        let (w, a) = (self.w, &self.w.activity);
        let line = |fact: &ToolFact| {
            row([plain(self.name(&fact.name)), self.declared(fact.declared), plain(w.number(fact.number))])
        };
        let columns =
            vec![column(&w.table.tool, 54), column(&a.table.declared, 30), number_column(&a.table.number, 16)];
        self.table(&a.section.tools, columns, self.report.tools.iter().map(line))
    }

    fn models(&self) -> Block {
        let (w, a) = (self.w, &self.w.activity);
        let line = |fact: &ModelFact| {
            let version = fact.version.as_ref().map(|version| self.name(version)).unwrap_or_default();
            let region = fact.region.as_ref().map(|region| self.name(region)).unwrap_or_default();
            let model = fact.model.as_ref().map_or_else(|| w.missing.not_stated.clone(), |model| self.name(model));
            let cells = vec![
                cell([(model, Style::Plain), (version, Style::Note)]),
                self.named(fact.vendor.as_ref()),
                cell([(region, Style::Plain)]),
            ];
            self.counted(cells, &fact.series)
        };
        let columns = self.columns(&[(&a.table.model, 24), (&a.table.vendor, 18), (&a.table.region, 12)]);
        self.table(&a.section.models, columns, self.report.models.iter().map(line))
    }
}
