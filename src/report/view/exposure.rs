//! The exposure report in words and in order.

use super::cover::{pair, verification};
use super::heading::heading;
use super::*;
use crate::report::access::answer::identity_text;
use crate::report::access::document::{self, Authorisation, Range};
use crate::report::exposure::answer::{beyond_text, claim_text, duration_range, people, verdict_text, who_text};
use crate::report::exposure::document::*;
use crate::report::wording::{Wording, word};

/// Most things in a list inside a cell.
pub(super) const LISTED: usize = 6;
pub(super) struct Said<'a> {
    pub w: &'a Wording,
    pub report: &'a ExposureReport,
    pub extent: Extent,
}

impl View {
    pub fn of_exposure(w: &Wording, report: &ExposureReport, extent: Extent) -> Self {
        let said = Said { w, report, extent };
        let title = &w.exposure.title;
        View {
            person: w.list(&report.header.question.resources, LISTED),
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
    fn verdicts(&self) -> Vec<super::Verdict> {
        let (w, x, totals) = (self.w, &self.w.exposure, &self.report.totals);
        let verdict = |label: &str, text: String, tone: Tone| super::Verdict {
            label: label.to_owned(),
            text,
            because: None,
            tone,
        };
        let open = totals.open_us.high > 0;
        let could = if open { duration_range(w, &totals.open_us) } else { beyond_text(w, self.report) };
        let seen = match self.report.answer.seen {
            document::Verdict::Accessed if totals.saw_uncountable => {
                fill(&x.answer.people_and_others, &[("people", &people(w, &totals.people_saw))])
            }
            document::Verdict::Accessed => people(w, &totals.people_saw),
            verdict => self.verdict(verdict),
        };
        let saw = totals.people_saw.high > 0 || totals.saw_uncountable;
        let refuted = matches!(self.report.answer.claim, Claim::Refuted);
        vec![
            verdict(&x.verdict.could, could, if open { Tone::Possible } else { Tone::Plain }),
            verdict(&x.verdict.seen, seen, if saw { Tone::Shown } else { Tone::Plain }),
            verdict(
                &x.verdict.mishandled,
                claim_text(w, self.report),
                if refuted { Tone::Warning } else { Tone::Plain },
            ),
            verdict(&x.verdict.beyond, beyond_text(w, self.report), Tone::Plain),
        ]
    }

    fn figures(&self) -> Vec<Figure> {
        let (w, x, totals) = (self.w, &self.w.exposure, &self.report.totals);
        let figure = |value: String, label: &str, note: String, tone: Tone| Figure {
            value,
            label: label.to_owned(),
            note,
            tone,
        };
        let range = |range: &Range| w.range(range.low, range.high);
        // Of nobody who can be counted it is not 0 people who could.
        let nobody_counted = totals.uncountable && totals.people_could.high == 0;
        let others = if nobody_counted { &x.figure.not_countable_note } else { &x.figure.uncountable };
        let uncountable = totals.uncountable.then(|| others.clone());
        let could = if nobody_counted { x.figure.not_countable.clone() } else { range(&totals.people_could) };
        let subjects = if totals.subjects_determined {
            range(&totals.subjects)
        } else if totals.subjects_counted {
            fill(&x.figure.about, &[("n", &w.number(totals.subjects.high))])
        } else if totals.subjects.low == 0 {
            x.figure.not_known.clone()
        } else {
            fill(&x.figure.at_least, &[("n", &w.number(totals.subjects.low))])
        };
        let without = totals.unauthorised_us.high > 0;
        let of_that = without.then(|| {
            let duration = duration_range(w, &totals.unauthorised_us);
            fill(&x.figure.without_authority, &[("duration", &duration)])
        });
        let open_note: Vec<String> = std::iter::once(x.figure.open_note.clone()).chain(of_that).collect();
        let open_note = open_note.join(&w.answer.clauses);
        let of_these = without
            .then(|| fill(&x.figure.people_without_authority, &[("n", &range(&totals.people_without_authority))]));
        let could_note: Vec<String> = of_these.into_iter().chain(uncountable).collect();
        let could_note = could_note.join(&w.answer.clauses);
        let f = &x.figure;
        let (saw, saw_note) = match (totals.saw_uncountable, totals.people_saw.high) {
            (false, _) => (range(&totals.people_saw), f.saw_note.clone()),
            (true, 0) => (f.not_countable.clone(), f.saw_uncountable.clone()),
            (true, _) => (range(&totals.people_saw), [f.saw_note.as_str(), &f.saw_uncountable].join(&w.answer.clauses)),
        };
        let could_label = one_or_more(&totals.people_could, &f.could_one, &f.could);
        let saw_label = one_or_more(&totals.people_saw, &f.saw_one, &f.saw);
        let machines_label = one_or_more(&totals.machines, &f.machines_one, &f.machines);
        let holds_label = one_or_more(&totals.copies_open(), &f.holds_one, &f.holds);
        let promised = totals.copies_promised();
        let promised = (promised.high > 0).then(|| fill(&f.holds_promised, &[("n", &range(&promised))]));
        let holds_note: Vec<String> = std::iter::once(f.holds_note.clone()).chain(promised).collect();
        let holds_note = holds_note.join(&w.answer.clauses);
        let subjects_label = one_or_more(&totals.subjects, &f.subjects_one, &f.subjects);
        vec![
            figure(duration_range(w, &totals.open_us), &x.figure.open, open_note, Tone::Possible),
            figure(could, could_label, could_note, Tone::Possible),
            figure(saw, saw_label, saw_note, Tone::Shown),
            figure(range(&totals.machines), machines_label, x.figure.machines_note.clone(), Tone::Processed),
            figure(range(&totals.copies_open()), holds_label, holds_note, Tone::ArgumentsOnly),
            figure(subjects, subjects_label, x.figure.subjects_note.clone(), Tone::OtherPart),
        ]
    }

    fn notices(&self) -> Vec<String> {
        let x = &self.w.exposure;
        let unknown = self.report.resources.iter().filter(|resource| !resource.known);
        let unknown = unknown.map(|resource| fill(&x.notice.unknown_resource, &[("resource", &resource.name)]));
        let undetermined = self.report.resources.iter().filter(|resource| resource.known && !resource.determined);
        let undetermined = undetermined.map(|resource| fill(&x.notice.undetermined, &[("resource", &resource.name)]));
        let records = self.report.totals.records.as_ref();
        let text = match self.report.totals.records_incomplete {
            true => &x.notice.records_of_some,
            false => &x.notice.records,
        };
        let records = records.map(|all| fill(text, &[("n", &self.w.range(all.low, all.high))]));
        let undetermined = undetermined.chain(records);
        let closed = self.report.header.parts_closed;
        let closed = (closed > 0).then(|| fill(&x.notice.closed, &[("n", &self.w.number(closed))]));
        let pruned = self.report.header.pruned;
        let closed =
            closed.into_iter().chain((pruned > 0).then(|| fill(&x.notice.pruned, &[("n", &self.w.number(pruned))])));
        let odd = !self.report.oddities.is_empty();
        let odd = odd.then(|| x.notice.odd.clone());
        unknown.chain(undetermined).chain(self.special()).chain(closed).chain(odd).chain(self.as_told()).collect()
    }

    fn facts(&self) -> Vec<Pair> {
        let (w, header) = (self.w, &self.report.header);
        let f = &w.fact;
        let period = w.exact_span(header.question.period.from, header.question.period.until);
        let resources = w.list(&header.question.resources, usize::MAX);
        let mut pairs = vec![
            pair(&w.exposure.fact.resources, resources, Style::Plain),
            pair(&f.period, period, Style::Plain),
            pair(&w.exposure.fact.cut_off, w.exact(header.question.cut_off), Style::Plain),
        ];
        pairs.extend(self.lag_facts());
        let heading = heading!(header);
        pairs.extend(heading.known_and_asked(w, self.report.clock.as_ref()));
        pairs.push(changes::line(w, header.supersedes.as_ref(), w.time.none.clone()));
        pairs.extend(heading.made_for(w));
        pairs.push(controller::counted(w, &header.completeness));
        pairs
    }

    fn sections(&self) -> Vec<Section> {
        let s = &self.w.exposure.section;
        let sections = [
            ("how-to-read", &s.how_to_read, vec![self.w.exposure.intro.how_to_read.clone()], Vec::new()),
            ("windows", &s.windows, vec![self.w.exposure.intro.windows.clone()], self.windows()),
            ("lags", &s.lags, vec![self.w.exposure.intro.lags.clone()], vec![self.lags()]),
            ("time-line", &s.timeline, Vec::new(), self.lanes()),
            ("groups", &s.groups, vec![self.w.exposure.intro.groups.clone()], self.groups()),
            ("people", &s.people, vec![self.w.exposure.intro.people.clone()], vec![self.viewers()]),
            ("fields", &s.fields, vec![self.w.exposure.intro.fields.clone()], vec![self.fields()]),
            ("accesses", &s.accesses, vec![self.w.exposure.intro.accesses.clone()], vec![self.accesses()]),
            ("holdings", &s.holdings, vec![self.w.exposure.intro.holdings.clone()], vec![self.holdings()]),
            ("keys", &s.keys, vec![self.w.exposure.intro.keys.clone()], self.protections()),
            ("disclosures", &s.disclosures, vec![self.w.exposure.intro.disclosures.clone()], vec![self.disclosures()]),
            ("losses", &s.losses, vec![self.w.exposure.intro.losses.clone()], vec![self.losses()]),
            ("subjects", &s.subjects, vec![self.w.exposure.intro.subjects.clone()], vec![self.subjects()]),
            ("countries", &s.countries, vec![self.w.exposure.intro.countries.clone()], self.countries()),
            ("causes", &s.causes, vec![self.w.exposure.intro.causes.clone()], vec![self.causes()]),
            ("approvals", &s.approvals, vec![self.w.exposure.intro.approvals.clone()], vec![self.approvals()]),
            ("policies", &s.policies, vec![self.w.exposure.intro.policies.clone()], vec![self.policies()]),
            ("amendments", &s.amendments, vec![self.w.exposure.intro.amendments.clone()], vec![self.amendments()]),
            (
                "changes",
                &s.changes,
                changes::intro(self.w, self.report.header.supersedes.as_ref()),
                vec![changes::table(self.w, self.extent, &self.report.changes)],
            ),
            ("odd", &s.odd, vec![self.w.exposure.intro.odd.clone()], vec![self.oddities()]),
            (
                "coverage",
                &s.coverage,
                logging::intro(self.w, &self.report.coverage),
                vec![logging::table(self.w, self.extent, &self.report.coverage)],
            ),
            (
                "clocks",
                &self.w.section.clock,
                vec![self.w.intro.clocks.clone()],
                vec![clock::block(self.w, self.report.clock.as_ref())],
            ),
            ("human", &s.human, vec![self.w.exposure.intro.human.clone()], vec![self.human()]),
            ("verification", &s.verification, vec![self.w.exposure.intro.verification.clone()], self.verification()),
        ];
        // Those that say who reached what, or could: an empty one says what logging supports of that.
        let of_access = [
            "windows",
            "groups",
            "people",
            "fields",
            "accesses",
            "holdings",
            "keys",
            "disclosures",
            "losses",
            "subjects",
            "countries",
        ];
        let beyond = beyond_text(self.w, self.report);
        let said = |id: &str, blocks: Vec<Block>| match of_access.contains(&id) {
            true => blocks.into_iter().map(|block| sections::or_beyond(self.w, block, &beyond)).collect(),
            false => blocks,
        };
        (1..)
            .zip(sections)
            .map(|(number, (id, title, intro, blocks))| Section {
                id: id.to_owned(),
                number: i32::to_string(&number),
                title: title.clone(),
                intro,
                blocks: said(id, blocks),
            })
            .collect()
    }

    fn windows(&self) -> Vec<Block> {
        let (w, t) = (self.w, &self.w.exposure.table);
        let windows = self.report.resources.iter().flat_map(|r| r.windows.iter().map(move |window| (r, window)));
        let rows: Vec<Row> = windows
            .map(|(resource, window)| {
                let measured = Range { low: window.certain_us, high: window.possible_us };
                row([
                    cell([(resource.name.clone(), Style::Strong)]),
                    self.bound(&window.start),
                    self.bound(&window.end),
                    plain(duration_range(w, &measured)),
                ])
            })
            .collect();
        let columns = vec![column(&t.resource, 26), column(&t.from, 27), column(&t.until, 27), column(&t.duration, 20)];
        let paths = self.report.resources.iter().flat_map(|r| r.paths.iter().map(move |path| (r, path)));
        let path_rows: Vec<Row> = paths
            .map(|(resource, path)| {
                let rights: Vec<String> =
                    path.rights.iter().map(|right| word(&w.verb, right.text()).to_owned()).collect();
                let categories = path.categories.iter().map(|category| word(&w.category, category.text()).to_owned());
                let only: Vec<String> = rights.into_iter().chain(categories).collect();
                let only = match only.is_empty() {
                    true => String::new(),
                    false => fill(&t.only_for, &[("list", &w.list(&only, LISTED))]),
                };
                row([
                    cell([
                        (resource.name.clone(), Style::Strong),
                        (self.who(&path.audience), Style::Plain),
                        (only, Style::Note),
                    ]),
                    self.bound(&path.start),
                    self.bound(&path.end),
                    self.authorisation(path.authorisation),
                ])
            })
            .collect();
        let path_columns =
            vec![column(&t.path, 26), column(&t.from, 27), column(&t.until, 27), column(&t.authorisation, 20)];
        vec![
            self.table(&self.w.exposure.section.windows, columns, rows),
            Block::Heading { text: self.w.exposure.section.paths.clone() },
            self.table(&self.w.exposure.section.paths, path_columns, path_rows),
        ]
    }

    fn viewers(&self) -> Block {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let rows: Vec<Row> = self
            .report
            .viewers
            .iter()
            .map(|viewer| {
                let over: Vec<String> = viewer.over.iter().map(|who| self.who(who)).collect();
                let over = if over.is_empty() {
                    String::new()
                } else {
                    fill(&x.table.over, &[("list", &w.list(&over, LISTED))])
                };
                let by_copy = if viewer.by_copy { t.by_copy.clone() } else { String::new() };
                let excess = if viewer.excess_us.high == 0 {
                    String::new()
                } else {
                    fill(&x.table.excess, &[("duration", &duration_range(w, &viewer.excess_us))])
                };
                let never = viewer.could_us.high == 0;
                let could = if never { w.time.none.clone() } else { duration_range(w, &viewer.could_us) };
                let when: Vec<String> = viewer.times.iter().map(|span| w.span(span.from, span.until)).collect();
                let did = match (viewer.first.zip(viewer.last), viewer.highest) {
                    (Some((first, last)), Some(rung)) => vec![
                        (word(&x.rung, rung.code()).to_owned(), Style::Strong),
                        (w.plural_range(&w.count.times, viewer.surely, viewer.did), Style::Plain),
                        (if viewer.surely == 0 { t.possible.clone() } else { String::new() }, Style::Note),
                        (w.span(first, last), Style::Note),
                    ],
                    _ if viewer.by_members > 0 => {
                        let times = w.plural(&w.count.times, viewer.by_members);
                        vec![(fill(&t.by_members, &[("times", &times)]), Style::Plain)]
                    }
                    _ => vec![(self.verdict(viewer.verdict), Style::Plain)],
                };
                Row {
                    tone: viewer.highest.map_or(Tone::OtherPart, tone),
                    cells: vec![
                        cell([(self.who(&viewer.who), Style::Strong), (over, Style::Note), (by_copy, Style::Note)]),
                        cell([(could, Style::Plain), (w.list(&when, LISTED), Style::Note)]),
                        cell([(excess, Style::Warning)]),
                        cell(did),
                    ],
                }
            })
            .collect();
        let columns = vec![column(&t.who, 32), column(&t.could, 26), column(&t.excess_only, 17), column(&t.did, 25)];
        self.table(&x.section.people, columns, rows)
    }

    /// By which order, and until when; nothing where none covers it.
    pub(super) fn kept_from_them(&self, entries: &[document::EntryIndex]) -> String {
        let t = &self.w.exposure.table;
        let covers = |fact: &&SuppressedFact| entries.contains(&fact.entry);
        let text = |fact: &SuppressedFact| match &fact.until {
            Some(until) => fill(&t.kept_from_until, &[("order", &fact.reference), ("until", &self.w.day(until))]),
            None => fill(&t.kept_from, &[("order", &fact.reference)]),
        };
        self.report.suppressed.iter().find(covers).map(text).unwrap_or_default()
    }

    fn accesses(&self) -> Block {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let rows: Vec<Row> = self
            .report
            .accesses
            .iter()
            .map(|access| {
                let behalf: Vec<String> = access.on_behalf_of.iter().map(|who| self.who(who)).collect();
                let behalf = if behalf.is_empty() {
                    String::new()
                } else {
                    fill(&w.table.behalf, &[("list", &behalf.join(&w.number.chain))])
                };
                let list = |list: &[Who], text: &str| match list {
                    [] => String::new(),
                    list => {
                        let names: Vec<String> = list.iter().map(|who| self.who(who)).collect();
                        fill(text, &[("list", &w.list(&names, LISTED))])
                    }
                };
                let given = list(&access.given_to, &x.table.given_to);
                let perhaps_given = list(&access.perhaps_given_to, &x.table.perhaps_given_to);
                let one_of = list(&access.one_of, &x.table.one_of);
                let unidentified = if access.unidentified { x.table.unidentified.clone() } else { String::new() };
                let shown: Vec<String> = access.shown_to.iter().map(|who| self.who(who)).collect();
                let shown = if shown.is_empty() {
                    String::new()
                } else {
                    fill(&w.data.shown_to, &[("list", &w.list(&shown, LISTED))])
                };
                let entries: Vec<String> = access.entries.iter().map(|entry| w.number(entry.0)).collect();
                let counted = access.subjects_counted.as_ref().filter(|counted| counted.count > access.subjects);
                let subjects = if access.listed {
                    w.number(access.subjects)
                } else if let Some(counted) = counted {
                    let text = match (counted.exact, counted.is_cut()) {
                        (true, _) => &x.table.counted,
                        (false, true) => &x.figure.at_least,
                        (false, false) => &x.figure.about,
                    };
                    fill(text, &[("n", &w.number(counted.count))])
                } else if access.subjects == 0 {
                    x.figure.not_known.clone()
                } else {
                    fill(&x.figure.at_least, &[("n", &w.number(access.subjects))])
                };
                let records = access.records.as_ref().map(|told| self.records_of(told));
                let records = records.unwrap_or_default();
                let categories: Vec<String> =
                    access.categories.iter().map(|c| word(&w.category, c.text()).to_owned()).collect();
                let perhaps: Vec<String> =
                    access.perhaps_categories.iter().map(|c| word(&w.category, c.text()).to_owned()).collect();
                let perhaps = if perhaps.is_empty() {
                    String::new()
                } else {
                    fill(&x.table.perhaps_categories, &[("list", &w.list(&perhaps, LISTED))])
                };
                let possible =
                    if access.certain || access.rung == Rung::Tried { String::new() } else { x.table.possible.clone() };
                Row {
                    tone: tone(access.rung),
                    cells: vec![
                        cell([
                            (w.span(access.when.from, access.when.until), Style::Plain),
                            (w.comma(&entries), Style::Note),
                            (self.kept_from_them(&access.entries), Style::Warning),
                        ]),
                        cell([
                            (self.who(&access.who), Style::Strong),
                            (behalf, Style::Note),
                            (shown, Style::Warning),
                            (given, Style::Warning),
                            (perhaps_given, Style::Note),
                            (one_of, Style::Note),
                            (unidentified, Style::Note),
                        ]),
                        cell([
                            (word(&w.verb, access.verb.text()).to_owned(), Style::Plain),
                            (word(&x.rung, access.rung.code()).to_owned(), Style::Note),
                            (possible, Style::Note),
                        ]),
                        cell([
                            (subjects, Style::Plain),
                            (records, Style::Note),
                            (w.list(&categories, LISTED), Style::Note),
                            (perhaps, Style::Note),
                        ]),
                        self.authority(access),
                    ],
                }
            })
            .collect();
        let columns = vec![
            column(&t.when, 22),
            column(&t.who, 28),
            column(&t.what, 18),
            column(&t.subjects, 17),
            column(&t.authorisation, 15),
        ];
        self.table(&x.section.accesses, columns, rows)
    }

    fn holdings(&self) -> Block {
        let (x, t) = (&self.w.exposure, &self.w.exposure.table);
        let rows: Vec<Row> = self
            .report
            .holdings
            .iter()
            .map(|held| {
                let form = word(&x.form, held.form.code()).to_owned();
                let possible = if held.certain { String::new() } else { t.possible.clone() };
                row([
                    cell([
                        (self.who(&held.holder), Style::Strong),
                        (held.resource.clone(), Style::Note),
                        (form, Style::Note),
                        (possible, Style::Note),
                    ]),
                    self.bound(&held.start),
                    self.bound(&held.end),
                ])
            })
            .collect();
        let columns = vec![column(&t.holder, 40), column(&t.from, 30), column(&t.until, 30)];
        self.table(&x.section.holdings, columns, rows)
    }

    fn subjects(&self) -> Block {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let rows: Vec<Row> = self
            .report
            .subjects
            .iter()
            .map(|subject| {
                let categories: Vec<String> =
                    subject.categories.iter().map(|c| word(&w.category, c.text()).to_owned()).collect();
                row([
                    cell([(self.identities(&subject.identities), Style::Strong)]),
                    plain(duration_range(w, &subject.open_us)),
                    plain(w.list(&categories, LISTED)),
                    cell([
                        (self.verdict(subject.verdict), Style::Plain),
                        (
                            w.plural_range(&w.exposure.count.accesses, subject.accesses.low, subject.accesses.high),
                            Style::Note,
                        ),
                    ]),
                ])
            })
            .collect();
        let columns = vec![column(&t.person, 30), column(&t.open, 20), column(&t.categories, 25), column(&t.did, 25)];
        self.table(&x.section.subjects, columns, rows)
    }

    fn oddities(&self) -> Block {
        let (w, x) = (self.w, &self.w.exposure);
        let rows: Vec<Row> = self
            .report
            .oddities
            .iter()
            .map(|odd| {
                let entry = odd.entry.map_or_else(|| w.time.none.clone(), |entry| w.number(entry.0));
                row([plain(entry), plain(word(&x.oddity, odd.what.code()).to_owned())])
            })
            .collect();
        let columns = vec![number_column(&w.table.entry, 12), column(&w.table.details, 88)];
        self.table(&x.section.odd, columns, rows)
    }

    fn verification(&self) -> Vec<Block> {
        let header = &self.report.header;
        verification(self.w, &header.report_id, &header.template, &header.as_known_at, header.entries_proved)
    }

    pub(super) fn table(&self, caption: &str, columns: Vec<Column>, rows: Vec<Row>) -> Block {
        sections::table((self.w, self.extent), TableStyle::Plain, caption, columns, rows.into_iter(), ROWS_MAX)
    }

    /// An end: when, how well it is known, and by which entry.
    pub(super) fn bound(&self, bound: &Bound) -> Cell {
        let (w, x) = (self.w, &self.w.exposure);
        let when = if bound.known == Known::Open {
            fill(&x.table.ongoing, &[("at", &w.instant(bound.latest))])
        } else {
            w.exact_span(bound.earliest, bound.latest)
        };
        let entry = bound.entry.map(|entry| fill(&x.table.by_entry, &[("n", &w.number(entry.0))])).unwrap_or_default();
        let style = if matches!(bound.known, Known::Exact | Known::Bounded) { Style::Note } else { Style::Warning };
        cell([(when, Style::Plain), (word(&x.known, bound.known.code()).to_owned(), style), (entry, Style::Note)])
    }

    pub(super) fn authorisation(&self, value: Authorisation) -> Cell {
        let style = if value == Authorisation::Authorised { Style::Plain } else { Style::Warning };
        cell([(word(&self.w.authorisation, value.code()).to_owned(), style)])
    }

    fn verdict(&self, verdict: document::Verdict) -> String {
        verdict_text(self.w, self.report, verdict)
    }

    pub(super) fn who(&self, who: &Who) -> String {
        let w = self.w;
        match who {
            Who::Person { identities } if !identities.is_empty() => self.identities(identities),
            who => who_text(w, who),
        }
    }

    fn identities(&self, identities: &[document::PersonIdentity]) -> String {
        let texts: Vec<String> = identities.iter().map(|identity| identity_text(self.w, identity)).collect();
        self.w.list(&texts, LISTED)
    }
}

pub(super) fn tone(rung: Rung) -> Tone {
    match rung {
        Rung::Seen => Tone::Shown,
        Rung::Processed => Tone::Processed,
        Rung::Given => Tone::ArgumentsOnly,
        Rung::Tried => Tone::Attempt,
    }
}
