//! The sections behind the first page, in the order in which a lawyer asks.

use super::words::Words;
use super::*;
use crate::report::access::document::{self, *};
use crate::report::wording::word;

/// Those that say who reached what: an empty one says what logging supports of that.
const OF_ACCESS: [&str; 5] = ["accesses", "agents", "principals", "recipients", "data"];

pub fn all(words: &Words<'_>) -> Vec<Section> {
    let s = &words.w.section;
    let mut sections = vec![
        ("how-to-read", &s.how_to_read, how_to_read(words)),
        ("accesses", &s.lines, lines(words)),
        ("time-line", &s.timeline, timeline(words)),
        ("agents", &s.agents, agents(words)),
        ("principals", &s.principals, principals(words)),
        ("recipients", &s.recipients, recipients(words)),
        ("data", &s.data, data(words)),
        ("why", &s.why, why(words)),
        ("other-parts", &s.other_parts, other_parts(words)),
        ("undetermined", &s.undetermined, undetermined(words)),
        ("earlier-reports", &s.reports, reports(words)),
        ("coverage", &s.coverage, coverage(words)),
        ("clocks", &s.clock, clock(words)),
        ("declared", &s.declared, declared::declared(words)),
        ("staff", &s.staff, staff::staff(words)),
        ("requests", &s.requests, request::requests(words)),
        ("article-15", &s.completeness, completeness(words)),
        ("verification", &s.verification, verification(words)),
    ];
    if let Some(all) = &words.report.changes {
        let title = &words.w.exposure.section.changes;
        let place = sections.iter().position(|(id, ..)| *id == "coverage").unwrap_or(sections.len());
        let intro = changes::intro(words.w, words.report.header.supersedes.as_ref());
        sections.insert(place, ("changes", title, (intro, vec![changes::table(words.w, words.extent, all)])));
    }
    let annexes = [("annex-a", &s.annex, annex::entries(words)), ("annex-b", &s.checkpoint, checkpoint(words))];
    numbered(sections.into_iter().map(|section| of_access(words, section)), annexes)
}

/// A section before it has its number: its id, its title, and what it holds.
pub type Unnumbered<'a> = (&'static str, &'a String, Content);

/// The same, saying what logging supports where it would say who reached what and is empty.
pub fn of_access<'a>(words: &Words<'_>, (id, title, (intro, blocks)): Unnumbered<'a>) -> Unnumbered<'a> {
    if !OF_ACCESS.contains(&id) {
        return (id, title, (intro, blocks));
    }
    let beyond = words.verdict(words.report.answer.beyond).0;
    (id, title, (intro, blocks.into_iter().map(|block| or_beyond(words.w, block, &beyond)).collect()))
}

/// Numbered in order; annexes carry their letter in their title.
pub fn numbered<'a>(
    sections: impl Iterator<Item = Unnumbered<'a>>,
    annexes: impl IntoIterator<Item = Unnumbered<'a>>,
) -> Vec<Section> {
    let numbered = (1..).zip(sections).map(|(number, section)| (number.to_string(), section));
    let lettered = annexes.into_iter().map(|section| (String::new(), section));
    numbered
        .chain(lettered)
        .map(|(number, (id, title, (intro, blocks)))| Section {
            id: id.to_owned(),
            number,
            title: title.clone(),
            intro,
            blocks,
        })
        .collect()
}

/// What introduces a section, and its blocks.
pub type Content = (Vec<String>, Vec<Block>);

/// A table, on pages cut at so many rows; a sentence where there are none.
pub fn table(
    (w, extent): (&Wording, Extent),
    style: TableStyle,
    caption: &str,
    columns: Vec<Column>,
    rows: impl ExactSizeIterator<Item = Row>,
    most: usize,
) -> Block {
    if rows.len() == 0 {
        return Block::Note { text: w.intro.nothing_here.clone() };
    }
    let most = extent.rows(style, most);
    let left_out = rows.len().saturating_sub(most);
    let text = match style {
        TableStyle::Annex => &w.intro.annex_cut,
        TableStyle::Plain | TableStyle::Lines => &w.intro.list_cut,
    };
    let cut = (left_out > 0).then(|| fill(text, &[("n", &w.number(left_out as u64))]));
    Block::Table(Table { style, caption: caption.to_owned(), columns, rows: rows.take(most).collect(), cut })
}

/// In the place of a table that would say who reached what and is empty: what may be said of that.
pub fn or_beyond(w: &Wording, block: Block, verdict: &str) -> Block {
    match block {
        Block::Note { text } if text == w.intro.nothing_here => {
            Block::Note { text: fill(&w.intro.nothing_reached, &[("verdict", verdict)]) }
        }
        block => block,
    }
}

pub fn simple(
    words: &Words<'_>,
    caption: &str,
    columns: Vec<Column>,
    rows: impl ExactSizeIterator<Item = Row>,
) -> Block {
    table((words.w, words.extent), TableStyle::Plain, caption, columns, rows, ROWS_MAX)
}

/// Why it cannot be said more strongly; nothing where nothing stands in the way.
pub fn because(w: &Wording, limits: &[Limit]) -> Option<String> {
    let limits: Vec<&str> = limits.iter().map(|limit| word(&w.limit, limit.code())).collect();
    (!limits.is_empty()).then(|| fill(&w.verdict.because, &[("limits", &limits.join("; "))]))
}

fn heading(text: &str) -> Block {
    Block::Heading { text: text.to_owned() }
}

/// Columns of acts by class, and the cells below them.
const CLASSES: [Class; 4] = [Class::Processed, Class::Possible, Class::ArgumentsOnly, Class::Attempt];

fn class_columns(words: &Words<'_>) -> Vec<Column> {
    CLASSES.iter().map(|class| number_column(&words.class(*class), 9)).collect()
}

fn class_cells(words: &Words<'_>, counts: &Counts) -> Vec<Cell> {
    CLASSES.iter().map(|class| plain(words.count(counts.of(*class)))).collect()
}

pub fn how_to_read(words: &Words<'_>) -> Content {
    let w = words.w;
    let meanings = Class::ALL.iter().map(|class| Row {
        tone: Tone::from(*class),
        cells: vec![cell([(words.class(*class), Style::Strong)]), plain(word(&w.class_meaning, class.code()))],
    });
    let columns = vec![column(&w.table.class, 22), column(&w.table.details, 78)];
    (
        vec![w.intro.how_to_read.clone(), w.intro.rungs.clone()],
        vec![simple(words, &w.section.how_to_read, columns, meanings)],
    )
}

pub fn lines(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let row = |line: &Line| {
        let verb = words.code(&w.verb, line.verb);
        let succeeded = line.outcome.0 == crate::model::Outcome::Succeeded;
        let outcome = if succeeded { String::new() } else { words.code(&w.outcome, line.outcome) };
        let mut why = vec![(words.name_or_not_stated(line.purpose.as_ref()), Style::Plain)];
        why.extend(line.authorisation.map(|value| words.authorisation(value)));
        let mut data = words.moved(&line.into_tool, &line.returned, &line.shown, &line.exposure);
        if line.exposure.humans != Level::None {
            data.insert(0, (w.verdict.humans.clone(), Style::Warning));
        }
        if line.exposure.this_person != Level::None {
            data.insert(0, (fill(&w.data.shown_to, &[("list", &w.party.this_person)]), Style::Plain));
        }
        let entries = if line.entries == line.acts { String::new() } else { w.plural(&w.count.entries, line.entries) };
        let tool = line.tool.as_ref().map(|tool| words.name(tool)).unwrap_or_default();
        Row {
            tone: if line.exposure.humans == Level::None { line.class.into() } else { Tone::Shown },
            cells: vec![
                cell([
                    (verb, Style::Strong),
                    (tool, Style::Plain),
                    (line.dataset.as_ref().map(|dataset| words.name(dataset)).unwrap_or_default(), Style::Note),
                    (words.class(line.class), Style::Note),
                    (outcome, Style::Warning),
                ]),
                cell([(words.party(&line.actor), Style::Plain), (words.behalf(&line.on_behalf_of), Style::Note)]),
                cell(data),
                cell([(words.number(line.acts), Style::Strong), (entries, Style::Note)]),
                cell(words.times(&line.times)),
                cell(why),
            ],
        }
    };
    let lines: Vec<&Line> = words.report.lines.iter().filter(|line| line.class != Class::OtherPart).collect();
    let rows = lines.into_iter().map(row);
    let columns = vec![
        column(&t.what, 19),
        column(&t.who, 18),
        column(&t.data, 23),
        number_column(&t.count, 7),
        column(&t.when, 19),
        column(&t.why, 14),
    ];
    (
        vec![w.intro.lines.clone()],
        vec![table((w, words.extent), TableStyle::Lines, &w.section.lines, columns, rows, LINES_MAX)],
    )
}

pub fn timeline(words: &Words<'_>) -> Content {
    let drawn = super::timeline::of(words);
    let block = match drawn {
        Some(timeline) => Block::Timeline(timeline),
        None => Block::Note { text: words.w.timeline.none.clone() },
    };
    (vec![words.w.intro.timeline.clone()], vec![block])
}

fn agents(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let row_of = |fact: &AgentFact| {
        let labelled = |text: &str, key: &str, names: &[Name]| {
            if names.is_empty() { String::new() } else { fill(text, &[(key, &words.names(names))]) }
        };
        let behalf: Vec<String> = fact.on_behalf_of.iter().map(|principal| principal_label(words, principal)).collect();
        let vendor = if fact.vendors.is_empty() {
            fill(&w.mark.vendor, &[("vendor", &w.missing.value)])
        } else {
            labelled(&w.mark.vendor, "vendor", &fact.vendors)
        };
        let is_agent = matches!(&fact.agent, Party::Named { kind, .. } | Party::Unnamed { kind } if kind.0 == crate::model::PartyKind::Agent);
        let vendor_style = if fact.vendors.is_empty() { Style::Missing } else { Style::Note };
        let mut cells = vec![
            cell([
                (words.party(&fact.agent), Style::Strong),
                (labelled(&w.mark.version, "version", &fact.versions), Style::Note),
                (labelled(&w.mark.model, "model", &fact.models), Style::Note),
                (if is_agent { vendor } else { String::new() }, vendor_style),
                (labelled(&w.mark.region, "region", &fact.regions), Style::Note),
            ]),
            plain(w.list(&behalf, super::words::LISTED)),
        ];
        cells.extend(class_cells(words, &fact.acted));
        cells.push(plain(words.count(fact.delegated.all())));
        cells.push(cell(fact.times.as_ref().map(|times| words.times(times)).unwrap_or_default()));
        row(cells)
    };
    let mut columns = vec![column(&t.agent, 20), column(&t.on_behalf_of, 18)];
    columns.extend(class_columns(words));
    columns.push(number_column(&t.delegated, 8));
    columns.push(column(&t.when, 17));
    let rows = words.report.agents.iter().map(row_of);
    (vec![w.intro.agents.clone()], vec![simple(words, &w.section.agents, columns, rows)])
}

pub fn principal_label(words: &Words<'_>, principal: &PrincipalFact) -> String {
    match &principal.party {
        None => words.w.missing.nobody.clone(),
        Some(party) if principal.in_person => fill(&words.w.missing.in_person, &[("who", &words.party(party))]),
        Some(party) => words.party(party),
    }
}

fn principals(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let row_of = |fact: &PrincipalFact| {
        let mut cells = vec![plain(principal_label(words, fact)), plain(words.count_range(&fact.persons))];
        cells.extend(class_cells(words, &fact.counts));
        cells.push(plain(words.count(fact.counts.other_part)));
        row(cells)
    };
    let mut columns = vec![column(&t.principal, 30), number_column(&t.persons, 16)];
    columns.extend(class_columns(words));
    columns.push(number_column(&words.class(Class::OtherPart), 9));
    let rows = words.report.principals.iter().map(row_of);
    (vec![w.intro.principals.clone()], vec![simple(words, &w.section.principals, columns, rows)])
}

fn recipients(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let row_of = |fact: &RecipientFact| {
        let in_law = if fact.recipient_in_law { String::new() } else { w.mark.not_a_recipient.clone() };
        let pseudonymised = match fact.pseudonymised {
            0 => String::new(),
            n => fill(&w.mark.all_pseudonymised, &[("n", &words.number(n))]),
        };
        let of = fact.of.as_ref().map(|of| fill(&w.mark.of_agent, &[("name", &words.name(of))])).unwrap_or_default();
        row([
            cell([(words.party(&fact.party), Style::Strong), (in_law, Style::Note)]),
            plain(words.code(&w.recipient_kind, fact.kind)),
            match &fact.country {
                Some(country) => plain(country),
                None => cell([(w.missing.value.clone(), Style::Missing)]),
            },
            cell([(word(&w.basis, fact.basis.code()).to_owned(), Style::Plain), (of, Style::Note)]),
            cell([
                (words.categories(&fact.categories), Style::Plain),
                (if fact.categories_unstated > 0 { w.data.unstated.clone() } else { String::new() }, Style::Note),
            ]),
            cell([(words.range(&fact.acts), Style::Strong), (pseudonymised, Style::Note)]),
            cell(words.times(&fact.times)),
        ])
    };
    let columns = vec![
        column(&t.recipient, 18),
        column(&t.kind, 14),
        column(&t.country, 11),
        column(&t.basis, 16),
        column(&t.categories, 18),
        number_column(&t.acts, 7),
        column(&t.when, 16),
    ];
    let rows = words.report.recipients.iter().map(row_of);
    let (tools_intro, tools) = tools(words);
    let mut blocks = vec![simple(words, &w.section.recipients, columns, rows), heading(&w.section.tools)];
    blocks.extend(tools_intro.into_iter().map(|text| Block::Text { text }));
    blocks.extend(tools);
    (vec![w.intro.recipients.clone()], blocks)
}

fn tools(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let row_of = |fact: &ToolFact| {
        let operator = match (&fact.operator, &fact.country) {
            (Some(operator), country) => {
                cell([(words.name(operator), Style::Plain), (country.clone().unwrap_or_default(), Style::Note)])
            }
            (None, country) => {
                cell([(w.missing.value.clone(), Style::Missing), (country.clone().unwrap_or_default(), Style::Note)])
            }
        };
        let mut cells = vec![
            plain(words.name(&fact.tool)),
            operator,
            plain(words.count(fact.given)),
            plain(words.categories(&fact.categories)),
        ];
        cells.extend(class_cells(words, &fact.counts));
        row(cells)
    };
    let mut columns =
        vec![column(&t.tool, 20), column(&t.operator, 13), number_column(&t.given, 9), column(&t.into_tool, 20)];
    columns.extend(class_columns(words));
    let rows = words.report.tools.iter().map(row_of);
    (vec![w.intro.tools.clone()], vec![simple(words, &w.section.tools, columns, rows)])
}

/// How many acts moved each category.
pub fn categories(words: &Words<'_>) -> Block {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let category = |fact: &CategoryFact| {
        let special = fact.special.as_ref().map(|article| fill(&w.mark.special, &[("article", article)]));
        row([
            cell([
                (words.code(&w.category, fact.category), Style::Plain),
                (special.unwrap_or_default(), Style::Warning),
            ]),
            plain(words.count(fact.into_tool)),
            plain(words.count_range(&fact.received)),
            plain(words.count_range(&fact.shown_to_humans)),
        ])
    };
    let mut categories: Vec<Row> = report.categories.iter().map(category).collect();
    if report.categories_unstated > 0 {
        categories.push(row([
            cell([(w.data.unstated.clone(), Style::Warning)]),
            plain(words.count(0)),
            plain(words.number(report.categories_unstated)),
            plain(words.count(0)),
        ]));
    }
    let category_columns = vec![
        column(&t.category, 46),
        number_column(&t.into_tool, 18),
        number_column(&t.returned, 18),
        number_column(&t.shown, 18),
    ];
    simple(words, &t.categories, category_columns, categories.into_iter())
}

fn data(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let field = |fact: &FieldFact| {
        row([
            cell([(fact.pointer.clone(), Style::Code)]),
            plain(words.direction(fact.direction)),
            plain(words.code(&w.category, fact.category)),
            plain(words.number(fact.acts)),
        ])
    };
    let field_columns =
        vec![column(&t.field, 44), column(&t.direction, 16), column(&t.category, 28), number_column(&t.acts, 12)];
    let record = |fact: &RecordFact| {
        let conversation = fact.conversation.map(|c| fill(&w.mark.in_conversation, &[("n", &words.number(c.0))]));
        row([
            cell([(fact.id.clone(), Style::Code), (conversation.unwrap_or_default(), Style::Note)]),
            plain(&fact.dataset),
            plain(words.number(fact.acts)),
            plain(words.entries(fact.first, fact.last)),
        ])
    };
    let record_columns =
        vec![column(&t.record, 40), column(&t.dataset, 28), number_column(&t.acts, 12), number_column(&t.entries, 20)];
    let fields = report.fields.iter().map(field);
    let records = report.records.iter().map(record);
    let mut blocks = vec![
        categories(words),
        heading(&w.section.fields),
        simple(words, &w.section.fields, field_columns, fields),
        heading(&w.section.records),
        simple(words, &w.section.records, record_columns, records),
    ];
    if report.records_unowned > 0 {
        let text = w.plural(&w.mark.records_unowned, report.records_unowned);
        blocks.push(Block::Note { text: sentence(&text) });
    }
    (vec![w.intro.data.clone()], blocks)
}

/// Words that stand alone begin with a capital and end with a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

fn why(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let counted = |label: Cell, counts: &Counts| {
        let mut cells = vec![label];
        cells.extend(class_cells(words, counts));
        row(cells)
    };
    let columns = |label: &str| {
        let mut columns = vec![column(label, 64)];
        columns.extend(class_columns(words));
        columns
    };
    let missing = || cell([(w.missing.not_stated.clone(), Style::Missing)]);
    let purposes = report.purposes.iter().map(|fact| {
        counted(fact.purpose.as_ref().map_or_else(missing, |purpose| plain(words.name(purpose))), &fact.counts)
    });
    let bases = report.legal_bases.iter().map(|fact| {
        counted(fact.basis.map_or_else(missing, |basis| plain(words.code(&w.legal_basis, basis))), &fact.counts)
    });
    let policies = report
        .policies
        .iter()
        .map(|fact| counted(plain(policy(words, &fact.id, fact.version.as_ref(), fact.decision)), &fact.counts));
    let authorisations = report
        .authorisations
        .iter()
        .map(|fact| row([cell([words.authorisation(fact.value)]), plain(words.number(fact.acts))]));
    let authorisation_columns = vec![column(&t.authorisation, 64), number_column(&t.acts, 36)];
    let blocks = vec![
        simple(words, &t.purpose, columns(&t.purpose), purposes),
        simple(words, &t.legal_basis, columns(&t.legal_basis), bases),
        heading(&w.section.policies),
        simple(words, &w.section.policies, columns(&t.policy), policies),
        simple(words, &t.authorisation, authorisation_columns, authorisations),
    ];
    (vec![w.intro.why.clone()], blocks)
}

pub fn policy(
    words: &Words<'_>,
    id: &Name,
    version: Option<&Name>,
    decision: crate::report::code::Code<crate::model::PolicyDecision>,
) -> String {
    let w = words.w;
    let decision = words.code(&w.policy_decision, decision);
    let id = words.name(id);
    match version {
        Some(version) => {
            let version = words.name(version);
            fill(&w.mark.policy_version, &[("id", &id), ("version", &version), ("decision", &decision)])
        }
        None => fill(&w.mark.policy, &[("id", &id), ("decision", &decision)]),
    }
}

pub fn other_parts(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let undetermined = || {
        let determination = word(&w.determination, crate::model::Determination::Undetermined.code());
        fill(&w.mark.determination, &[("determination", determination)])
    };
    let row_of = |fact: &OtherPartFact| {
        let roles: Vec<String> = fact.roles.iter().map(|role| words.code(&w.role, *role)).collect();
        let undetermined = if fact.undetermined { undetermined() } else { String::new() };
        row([
            plain(w.list(&roles, super::words::LISTED)),
            cell([(words.code(&w.verb, fact.verb), Style::Plain), (undetermined, Style::Note)]),
            plain(words.number(fact.acts)),
            plain(words.entries(fact.first, fact.last)),
        ])
    };
    let columns =
        vec![column(&t.role, 30), column(&t.verb, 40), number_column(&t.acts, 12), number_column(&t.entries, 18)];
    let rows = report.other_parts.iter().map(row_of);
    let mut blocks = vec![simple(words, &w.section.other_parts, columns, rows)];
    if !report.involved.is_empty() {
        let row_of = |fact: &InvolvedFact| {
            let step = fact.step.map(|step| words.code(&w.breach.step, step)).unwrap_or_default();
            row([
                plain(words.number(fact.entry.0)),
                cell([(word(&w.involved, fact.what.code()).to_owned(), Style::Plain), (step, Style::Note)]),
                plain(words.instant(fact.at)),
                plain(words.instant(fact.recorded_at)),
            ])
        };
        let columns =
            vec![number_column(&t.entry, 10), column(&t.verb, 50), column(&t.when, 20), column(&t.recorded, 20)];
        blocks.push(simple(words, &w.section.involved, columns, report.involved.iter().map(row_of)));
    }
    if report.totals.other_parts_undetermined > 0 {
        let n = words.number(report.totals.other_parts_undetermined);
        blocks.push(Block::Note { text: fill(&w.intro.other_parts_undetermined, &[("n", &n)]) });
    }
    (vec![w.intro.other_parts.clone()], blocks)
}

fn undetermined(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let row_of = |fact: &UndeterminedFact| {
        row([
            plain(fact.tool.clone().unwrap_or_else(|| w.missing.closed.clone())),
            plain(words.code(&w.determination, fact.determination)),
            plain(words.code(&w.doubt, fact.reason)),
            plain(words.code(&w.outcome, fact.outcome)),
            cell([(words.number(fact.count), Style::Strong)]),
            plain(words.entries(fact.first, fact.last)),
        ])
    };
    let columns = vec![
        column(&t.tool, 22),
        column(&t.determination, 17),
        column(&t.reason, 25),
        column(&t.outcome, 12),
        number_column(&t.acts, 8),
        number_column(&t.entries, 16),
    ];
    let rows = report.undetermined.kinds.iter().map(row_of);
    let possible = Block::Note { text: possible(words) };
    (vec![w.intro.undetermined.clone()], vec![simple(words, &w.section.undetermined, columns, rows), possible])
}

/// How much matches the person only weakly.
pub fn possible(words: &Words<'_>) -> String {
    let (w, possible) = (words.w, &words.report.possible);
    let entries = w.plural(&w.count.entries, possible.entries);
    fill(&w.intro.possible, &[("entries", &entries), ("acts", &w.plural(&w.count.acts, possible.acts))])
}

pub fn reports(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let caller = |name: Option<&Name>, assurance| {
        cell([(words.name_or_not_stated(name), Style::Plain), (words.code(&w.assurance, assurance), Style::Note)])
    };
    let earlier = report.earlier_reports.iter().map(|fact| {
        let values = [("size", words.number(fact.size)), ("cut_off", words.instant(fact.cut_off))];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let as_known = fill(&w.fact.earlier_value, &values);
        row([
            plain(words.number(fact.entry.0)),
            cell([(words.code(&w.report_type, fact.report_type), Style::Plain), (fact.report_id.clone(), Style::Code)]),
            caller(fact.caller.as_ref(), fact.assurance),
            plain(words.instant(fact.recorded_at)),
            plain(as_known),
        ])
    });
    let columns = vec![
        number_column(&t.entry, 9),
        column(&t.report, 31),
        column(&t.caller, 20),
        column(&t.recorded, 16),
        column(&t.as_known_at, 24),
    ];
    let mut blocks = vec![simple(words, &w.section.reports, columns, earlier)];
    match &report.ledger_reads {
        Some(reads) if !reads.is_empty() => {
            let rows = reads.iter().map(|fact| {
                let last = fact.first.0.saturating_add(fact.count.saturating_sub(1));
                row([
                    plain(words.number(fact.entry.0)),
                    plain(match fact.verb.0 {
                        crate::model::Verb::ReportProduce => w.mark.report_again.clone(),
                        _ => words.code(&w.verb, fact.verb),
                    }),
                    caller(fact.caller.as_ref(), fact.assurance),
                    plain(words.instant(fact.recorded_at)),
                    plain(words.entries(fact.first, EntryIndex(last))),
                ])
            });
            let columns = vec![
                number_column(&t.entry, 9),
                column(&t.reading, 31),
                column(&t.caller, 20),
                column(&t.recorded, 16),
                column(&t.range, 24),
            ];
            blocks.push(simple(words, &t.reading, columns, rows));
        }
        Some(_) => {}
        None => blocks.push(Block::Note { text: w.intro.reads_unknown.clone() }),
    }
    (vec![w.intro.reports.clone()], blocks)
}

pub fn coverage(words: &Words<'_>) -> Content {
    let (w, t, coverage) = (words.w, &words.w.table, &words.report.coverage);
    let spans = |spans: &[Span]| {
        let spans: Vec<String> = spans.iter().map(|span| words.span(span)).collect();
        w.list(&spans, super::words::LISTED)
    };
    let row_of = |source: &SourceCoverage| {
        let gaps: Vec<String> = source.gaps.iter().map(|gap| words.gap(gap)).collect();
        let silent = source.statements == 0;
        let states = if silent {
            vec![(w.coverage.nothing.clone(), Style::Warning)]
        } else {
            let counted = |plural, count| if count == 0 { String::new() } else { w.plural(plural, count) };
            vec![
                (w.plural(&w.coverage.statements, source.statements), Style::Plain),
                (counted(&w.coverage.heartbeats, source.heartbeats), Style::Note),
                (counted(&w.coverage.refused, source.refused), Style::Warning),
            ]
        };
        let unregistered = if source.registered { String::new() } else { w.coverage.unregistered.clone() };
        row([
            cell([(source.source.clone(), Style::Strong), (unregistered, Style::Warning)]),
            cell(states),
            plain(spans(&source.complete)),
            cell([(w.list(&gaps, super::words::LISTED), Style::Warning)]),
            plain(spans(&source.unstated)),
        ])
    };
    let columns = vec![
        column(&t.source, 16),
        column(&t.states, 15),
        column(&t.complete, 22),
        column(&t.gaps, 25),
        column(&t.unstated, 22),
    ];
    let rows = coverage.sources.iter().map(row_of);
    let mut blocks = Vec::new();
    if coverage.sources.is_empty() {
        blocks.push(Block::Note { text: w.coverage.no_sources.clone() });
    } else {
        blocks.push(simple(words, &w.section.coverage, columns, rows));
    }
    if coverage.unregistered_sources > 0 {
        let n = words.number(coverage.unregistered_sources);
        blocks.push(Block::Note { text: fill(&w.coverage.unregistered_sources, &[("n", &n)]) });
    }
    if !coverage.downtimes.is_empty() {
        let spans: Vec<String> = coverage.downtimes.iter().map(|gap| words.span(&gap.span)).collect();
        let text = format!("{} {}.", w.coverage.downtimes, w.list(&spans, super::words::LISTED));
        blocks.push(Block::Note { text });
    }
    let (sentence, _) = words.verdict(coverage.sentence);
    let mut intro = vec![w.intro.coverage.clone()];
    intro.push(format!("{}: {sentence}.", w.verdict.beyond));
    intro.extend(because(w, &coverage.limits));
    (intro, blocks)
}

fn clock(words: &Words<'_>) -> Content {
    (vec![words.w.intro.clock.clone()], vec![super::clock::block(words.w, Some(&words.report.clock))])
}

pub fn completeness(words: &Words<'_>) -> Content {
    let (w, t, completeness) = (words.w, &words.w.table, &words.report.completeness);
    let row_of = |fact: &ProvisionFact| {
        let (state, style) = match fact.provision {
            Provision::Provided => (&w.provision.provided, Style::Plain),
            Provision::Partly => (&w.provision.partly, Style::Plain),
            Provision::NotProvided => (&w.provision.not_provided, Style::Missing),
            Provision::NotApplicable => (&w.provision.not_applicable, Style::Note),
        };
        let number = fact.field.split('.').next().unwrap_or_default();
        let number = if number == "H" { String::new() } else { number.to_owned() };
        let mut row = row([plain(number), plain(word(&w.field, &fact.field)), cell([(state.clone(), style)])]);
        if fact.provision == Provision::NotProvided {
            row.tone = Tone::Missing;
        }
        row
    };
    let columns = vec![column(&t.number, 8), column(&t.asked, 70), column(&t.state, 22)];
    let rows = completeness.fields.iter().map(row_of);
    let summary = fill(
        &w.provision.summary,
        &[
            ("provided", &words.number(completeness.provided)),
            ("partly", &words.number(completeness.partly)),
            ("not_provided", &words.number(completeness.not_provided)),
            ("not_applicable", &words.number(completeness.not_applicable)),
        ],
    );
    (
        vec![w.intro.completeness.clone(), summary],
        vec![simple(words, &w.section.completeness, columns, rows), Block::Note { text: w.intro.restriction.clone() }],
    )
}

fn verification(words: &Words<'_>) -> Content {
    let (w, header) = (words.w, &words.report.header);
    let (checked, head): (&document::Verification, &HeadFact) = (&header.verification, &header.as_known_at);
    let text = format!(
        "{} {}",
        w.plural(&w.verification.counted, checked.entries_counted),
        w.plural(&w.verification.proved, checked.entries_proved)
    );
    let tried = match (checked.searched, checked.has_keys) {
        (false, _) => w.plural(&w.notice[Notice::NotSearched.code()], 1),
        (true, false) => w.verification.no_keys.clone(),
        (true, true) => w.plural(&w.verification.tried, checked.parts_tried),
    };
    let size = words.number(header.question.size);
    (
        vec![w.intro.verification.clone(), text, tried, w.intro.not_proved_here.clone()],
        vec![
            Block::Text { text: w.intro.verify_command.clone() },
            Block::Code { text: head.verify_command.clone() },
            Block::Text { text: fill(&w.intro.verify_hint, &[("size", &size)]) },
            Block::Code { text: head.root.clone() },
            Block::Facts { pairs: cover::technical(words) },
        ],
    )
}

fn checkpoint(words: &Words<'_>) -> Content {
    let head = &words.report.header.as_known_at;
    (Vec::new(), vec![Block::Code { text: head.checkpoint.trim_end().to_owned() }])
}
