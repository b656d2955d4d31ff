//! The sections behind the first page, in the order in which a lawyer asks.

use super::parties::{agents, principals, recipients};
use super::things::{data, other_parts, undetermined, why};
use super::trust::{checkpoint, clock, completeness, coverage, reports, verification};
use super::words::Words;
use super::*;
use crate::report::access::document::*;
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

pub fn heading(text: &str) -> Block {
    Block::Heading { text: text.to_owned() }
}

/// Columns of acts by class, and the cells below them.
const CLASSES: [Class; 4] = [Class::Processed, Class::Possible, Class::ArgumentsOnly, Class::Attempt];

pub fn class_columns(words: &Words<'_>) -> Vec<Column> {
    CLASSES.iter().map(|class| number_column(&words.class(*class), 9)).collect()
}

pub fn class_cells(words: &Words<'_>, counts: &Counts) -> Vec<Cell> {
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
