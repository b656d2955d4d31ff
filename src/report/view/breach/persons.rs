//! The list of persons concerned, in words and in order.

use super::*;
use crate::report::exposure::document::Known;
use std::collections::BTreeSet;

impl Said<'_> {
    pub(super) fn persons_figures(&self, report: &PersonsReport) -> Vec<Figure> {
        let (w, f) = (self.w, &self.w.breach.figure);
        let totals = &report.totals;
        let figure = |value: String, label: &str, note: &str, tone: Tone| Figure {
            value,
            label: label.to_owned(),
            note: note.to_owned(),
            tone,
        };
        let persons = match totals.determined {
            true => w.range(totals.persons.low, totals.persons.high),
            false if totals.not_listed > 0 => fill(&w.exposure.figure.about, &[("n", &w.number(totals.persons.high))]),
            false => fill(&w.exposure.figure.at_least, &[("n", &w.number(totals.persons.low))]),
        };
        let left = totals.not_told + totals.could_not_be_told + totals.perhaps_told;
        let copies = totals.copies_open();
        vec![
            figure(persons, &f.persons, &f.persons_note, Tone::OtherPart),
            figure(w.number(totals.accessed), &f.accessed, &f.accessed_note, Tone::Processed),
            figure(w.number(totals.cannot_be_excluded), &f.not_excluded, &f.not_excluded_note, Tone::Possible),
            figure(w.number(totals.told), &f.told, &f.told_note, Tone::Shown),
            figure(w.number(left), &f.not_told, &f.not_told_note, if left > 0 { Tone::Warning } else { Tone::Plain }),
            figure(w.range(copies.low, copies.high), &w.exposure.figure.holds, &f.holds_note, Tone::ArgumentsOnly),
        ]
    }

    pub(super) fn persons_notices(&self, report: &PersonsReport) -> Vec<String> {
        let n = &self.w.breach.notice;
        let undetermined = (!report.totals.determined).then(|| n.undetermined.clone());
        let erased = report.told_erased;
        let erased = (erased > 0).then(|| fill(&n.told_erased, &[("n", &self.w.number(erased))]));
        let public = report.public.iter().map(|told| fill(&n.public, &[("told", &self.told_line(told))]));
        undetermined.into_iter().chain(erased).chain(public).collect()
    }

    pub(super) fn persons_sections(&self, report: &PersonsReport) -> Vec<Section> {
        let (s, i) = (&self.w.breach.section, &self.w.breach.intro);
        let others = report.others_told.iter().map(|other| {
            row([cell([(self.identities(&other.identities), Style::Strong)]), cell(self.attempts(&other.told))])
        });
        let t = &self.w.breach.table;
        let columns = vec![column(&self.w.exposure.table.person, 40), column(&t.told, 60)];
        let others = self.whole_table(&s.others_told, columns, others.collect());
        let beyond = self.logging(&report.coverage);
        let reached = |block| sections::or_beyond(self.w, block, &beyond);
        let mut persons = vec![reached(self.persons(report))];
        persons.extend(self.texts(report));
        let message = vec![self.message(report)];
        let mut sections = vec![
            ("persons", s.persons.as_str(), i.persons.as_str(), persons),
            ("message", &s.message, &i.message, message),
            ("holdings", &s.holdings, &i.holdings, vec![reached(self.holdings(report))]),
            ("others-told", &s.others_told, &i.others_told, vec![others]),
        ];
        sections.extend(self.changes(report.changes.as_deref(), &report.header));
        sections.extend([
            self.coverage(&report.coverage),
            self.clocks(report.clock.as_ref()),
            ("verification", &self.w.exposure.section.verification, &i.verification, self.verification(&report.header)),
        ]);
        self.numbered(sections)
    }

    /// What the controller registered to say to people in the report's language.
    fn texts(&self, report: &PersonsReport) -> Vec<Block> {
        let (w, d) = (self.w, &self.w.declared);
        let mut blocks = Vec::new();
        for text in report.texts.iter().filter(|text| text.language == w.title.language) {
            let said = [(&d.contact, &text.contact), (&d.rights, &text.rights), (&d.complaint, &text.complaint)];
            for (heading, text) in said {
                blocks.extend(
                    text.iter().flat_map(|text| {
                        [Block::Heading { text: heading.clone() }, Block::Text { text: text.clone() }]
                    }),
                );
            }
        }
        blocks
    }

    /// What a message to them has to say, and who says it.
    fn message(&self, report: &PersonsReport) -> Block {
        let b = &self.w.breach;
        let line = |part: &MessageFact| {
            let style = |line: &RegisterLine| match line.state {
                FieldState::NotProvided => Style::Missing,
                _ => Style::Plain,
            };
            let texts: Vec<_> = part.lines.iter().map(|line| (line.text.clone(), style(line))).collect();
            let states = part.lines.iter().map(|line| word(&b.state, line.state.code()).to_owned());
            row([
                cell([(word(&b.message, part.part.code()).to_owned(), Style::Strong)]),
                cell(texts),
                cell(states.collect::<BTreeSet<_>>().into_iter().map(|state| (state, Style::Note))),
            ])
        };
        let columns = vec![column(&b.table.title, 22), column(&b.table.value, 54), column(&b.table.origin, 24)];
        self.whole_table(&b.section.message, columns, report.message.iter().map(line).collect())
    }

    fn persons(&self, report: &PersonsReport) -> Block {
        let (w, b) = (self.w, &self.w.breach);
        let line = |person: &PersonFact| {
            let categories: Vec<String> =
                person.categories.iter().map(|c| word(&w.category, c.text()).to_owned()).collect();
            let open = person.holdings_open;
            let copies = fill(&b.table.copies, &[("n", &w.range(open.low, open.high))]);
            let windows: Vec<String> = person.windows.iter().map(|span| w.span(span.from, span.until)).collect();
            let accesses = w.plural_range(&w.exposure.count.accesses, person.accesses.low, person.accesses.high);
            let style = if person.seen == Seen::NotRecorded { Style::Plain } else { Style::Warning };
            row([
                cell([(self.identities(&person.identities), Style::Strong)]),
                plain(w.list(&categories, LISTED)),
                cell([(duration_range(w, &person.open_us), Style::Plain), (w.list(&windows, LISTED), Style::Note)]),
                cell([
                    (word(&b.seen, person.seen.code()).to_owned(), style),
                    (accesses, Style::Note),
                    (copies, Style::Note),
                ]),
                self.told(person),
            ])
        };
        let t = &w.exposure.table;
        let columns = vec![
            column(&t.person, 22),
            column(&t.categories, 17),
            column(&t.open, 22),
            column(&t.did, 17),
            column(&b.table.told, 22),
        ];
        let mut rows: Vec<Row> = report.persons.iter().take(ANNEX_MAX).map(line).collect();
        if rows.is_empty() {
            return Block::Note { text: w.intro.nothing_here.clone() };
        }
        let left_out = report.persons.len() - rows.len();
        rows.shrink_to_fit();
        let cut = (left_out > 0).then(|| fill(&w.intro.list_cut, &[("n", &w.number(left_out as u64))]));
        Block::Table(Table { style: TableStyle::Annex, caption: b.section.persons.clone(), columns, rows, cut })
    }

    fn told_line(&self, told: &ToldFact) -> String {
        let (w, b) = (self.w, &self.w.breach);
        let values = [
            ("at", w.instant(told.at)),
            ("channel", word(&b.channel, told.channel.text()).to_owned()),
            ("delivery", word(&b.delivery, told.delivery.text()).to_owned()),
            ("n", w.number(told.entry.0)),
        ];
        fill(&b.table.told_line, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
    }

    /// What became of a person's message; whoever was not told, and why, stands out.
    fn told(&self, person: &PersonFact) -> Cell {
        let b = &self.w.breach;
        let is_told = person.notice == Notice::Told;
        let state = word(&b.told, person.notice.code()).to_owned();
        let mut pieces = vec![(state, if is_told { Style::Plain } else { Style::Missing })];
        pieces.extend(self.attempts(&person.told));
        let shown = person.told.iter().any(|told| told.statement.is_some() && told.statement == person.reason);
        if !is_told && !shown {
            let reason = person.reason.as_ref().unwrap_or(&self.w.missing.value);
            let style = if person.reason.is_some() { Style::Note } else { Style::Missing };
            pieces.push((fill(&b.table.reason, &[("why", reason)]), style));
        }
        cell(pieces)
    }

    fn attempts(&self, told: &[ToldFact]) -> Vec<(String, Style)> {
        let mut pieces = Vec::new();
        for one in told {
            let text = self.told_line(one);
            let delivered = one.delivery.0 == crate::model::Delivery::Delivered;
            pieces.push((
                text,
                if delivered && one.certain && !one.before_breach { Style::Plain } else { Style::Warning },
            ));
            let before = one.before_breach.then(|| self.w.breach.table.told_before.clone());
            pieces.push((before.unwrap_or_default(), Style::Warning));
            pieces.push((one.statement.clone().unwrap_or_default(), Style::Note));
            pieces.push((one.message.clone().unwrap_or_default(), Style::Code));
        }
        pieces
    }

    /// Copies, and of how many of these persons each surely holds data.
    fn holdings(&self, report: &PersonsReport) -> Block {
        let (w, t) = (self.w, &self.w.exposure.table);
        let line = |held: &HeldFact| {
            let style = if held.open { Style::Warning } else { Style::Plain };
            let until = match held.end.known {
                Known::Open => word(&w.exposure.known, Known::Open.code()).to_owned(),
                known => format!("{}, {}", w.instant(held.end.latest), word(&w.exposure.known, known.code())),
            };
            let whose = w.plural_range(&w.exposure.count.people, held.persons, held.persons);
            let others = if held.listed { String::new() } else { self.w.breach.table.anybody.clone() };
            row([
                plain(held.number.to_string()),
                cell([
                    (who_text(w, &held.holder), Style::Strong),
                    (word(&w.exposure.form, held.form.code()).to_owned(), Style::Note),
                    (if held.possible { w.breach.basis_text.possible.clone() } else { String::new() }, Style::Note),
                ]),
                plain(&*held.resource),
                plain(w.instant(held.start.earliest)),
                cell([(until, style)]),
                cell([(whose, Style::Plain), (others, Style::Note)]),
            ])
        };
        let columns = vec![
            number_column(&self.w.breach.table.number, 5),
            column(&t.holder, 26),
            column(&t.resource, 20),
            column(&t.from, 15),
            column(&t.until, 18),
            column(&self.w.breach.table.whose, 16),
        ];
        self.table(&self.w.breach.section.holdings, columns, report.holdings.iter().map(line).collect())
    }
}
