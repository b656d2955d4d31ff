//! What the view gives as it is: the first sheet, tables that have no sheet of their own, and everything that is read
//! rather than counted.

use super::{SEPARATOR, Sheet, Value};
use crate::report::access::document::{Gap, GapKind, SourceCoverage, Span};
use crate::report::clock::ClockFacts;
use crate::report::sheet::columns::Columns;
use crate::report::view::{Block, Cell, Pair, Piece, Table, View};
use crate::report::wording::Wording;
use std::collections::BTreeSet;

/// The answer, what may be said, the figures, what to know before trusting them, and what was asked.
pub fn cover(view: &View, w: &Wording) -> Sheet {
    let s = &w.sheet;
    let row = |group: &str, item: &str, value: String, note: String| {
        vec![Value::text(group), Value::text(item), Value::text(value), Value::text(note)]
    };
    let none = String::new;
    let mut rows = vec![
        row(&view.title, &view.subtitle, view.person.clone(), none()),
        row(&view.answer_heading, "", view.answer.clone(), none()),
    ];
    for verdict in &view.verdicts {
        let because = verdict.because.clone().unwrap_or_default();
        rows.push(row(&view.verdict_heading, &verdict.label, verdict.text.clone(), because));
    }
    for figure in &view.figures {
        rows.push(row(&s.group.figures, &figure.label, figure.value.clone(), figure.note.clone()));
    }
    rows.extend(view.notices.iter().map(|notice| row(&s.group.notices, "", notice.clone(), none())));
    rows.extend(view.facts.iter().map(|pair| row(&view.facts_heading, &pair.label, joined(&pair.value), none())));
    rows.push(row("", "", view.legal.clone(), none()));
    rows.push(row("", "", view.footer.clone(), none()));
    let c = &s.column;
    prose("report", &s.name.report, [&c.group, &c.item, &c.value, &c.note], rows)
}

/// A row of the first sheet: what a reader must know before counting.
pub fn notice(w: &Wording, text: String) -> Vec<Value> {
    vec![Value::text(w.sheet.group.notices.as_str()), Value::Empty, Value::Text(text), Value::Empty]
}

/// Everything that introduces, explains and proves, section by section.
pub fn notes(view: &View, w: &Wording) -> Sheet {
    let mut rows = Vec::new();
    for section in &view.sections {
        let mut heading = String::new();
        let mut say = |item: &str, text: &str| {
            rows.push([section.title.as_str(), item, text].map(Value::text).into());
        };
        section.intro.iter().for_each(|text| say("", text));
        for block in &section.blocks {
            match block {
                Block::Heading { text } => heading.clone_from(text),
                Block::Text { text } | Block::Note { text } | Block::Code { text } => say(&heading, text),
                Block::Facts { pairs } | Block::Pairs { pairs } => {
                    pairs.iter().for_each(|pair: &Pair| say(&pair.label, &joined(&pair.value)));
                }
                Block::Table(_) | Block::Timeline(_) => {}
            }
        }
    }
    let c = &w.sheet.column;
    prose("notes", &w.sheet.name.notes, [&c.section, &c.item, &c.value], rows)
}

/// Tables of the view that no sheet tells already.
pub fn other_tables(view: &View, sheets: &[Sheet]) -> Vec<Sheet> {
    let told: BTreeSet<(&str, &str)> = sheets
        .iter()
        .filter_map(|s| s.stands_for.as_ref())
        .map(|(section, caption)| (*section, caption.as_str()))
        .collect();
    let mut names: BTreeSet<String> = sheets.iter().map(|sheet| sheet.name.to_lowercase()).collect();
    let mut ids: BTreeSet<String> = sheets.iter().map(|sheet| sheet.id.clone()).collect();
    let mut others = Vec::new();
    for section in &view.sections {
        let tables = section.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
        for (at, table) in tables.enumerate() {
            let is_told = |caption: &str| told.contains(&(section.id.as_str(), caption));
            // A sheet may stand for all tables of a section.
            if !is_told(&table.caption) && !is_told("") {
                // Two files of an archive have two names.
                let numbered = |n: usize| if n == 0 { section.id.clone() } else { format!("{}-{}", section.id, n + 1) };
                let id = (at..).map(numbered).find(|id| ids.insert(id.clone())).unwrap_or_default();
                others.push(as_it_stands(id, tab_name(&table.caption, &mut names), table));
            }
        }
    }
    others
}

/// Cell by cell as pages print it; what pieces of a cell say stands one after another.
fn as_it_stands(id: String, name: String, table: &Table) -> Sheet {
    let row = |cells: &[Cell]| cells.iter().map(|cell| Value::text(joined(&cell.pieces))).collect();
    let mut rows: Vec<Vec<Value>> = table.rows.iter().map(|found| row(&found.cells)).collect();
    // Said where something is left out all the same.
    rows.extend(table.cut.iter().map(|cut| {
        let mut cells = vec![Value::text(cut.as_str())];
        cells.resize(table.columns.len().max(1), Value::Empty);
        cells
    }));
    Sheet {
        id,
        name,
        columns: table.columns.iter().map(|column| column.label.clone()).collect(),
        rows,
        prose: false,
        stands_for: None,
    }
}

/// What Excel takes as the name of a tab.
const TAB: usize = 31;

/// A caption as the name of a tab that is not taken yet.
fn tab_name(caption: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String = caption.chars().filter(|c| !c.is_control() && !"[]:*?/\\'".contains(*c)).collect();
    let plain = if plain.trim().is_empty() { "–" } else { plain.trim() };
    let numbered = (1..).map(|n| {
        let mark = if n == 1 { String::new() } else { format!(" ({n})") };
        // Excel counts UTF-16.
        let mut units = mark.len();
        let kept: String = plain.chars().take_while(|c| (units += c.len_utf16(), units <= TAB).1).collect();
        format!("{}{mark}", kept.trim_end())
    });
    let free = numbered.into_iter().find(|name| !name.is_empty() && taken.insert(name.to_lowercase()));
    free.unwrap_or_default()
}

fn joined(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join(SEPARATOR)
}

fn prose<const N: usize>(id: &str, name: &str, columns: [&String; N], rows: Vec<Vec<Value>>) -> Sheet {
    Sheet {
        id: id.to_owned(),
        name: name.to_owned(),
        columns: columns.map(String::clone).into(),
        rows,
        prose: true,
        stands_for: None,
    }
}

/// What sources state of their logging: how often, and from when until when.
pub fn coverage(w: &Wording, caption: &str, sources: &[SourceCoverage], downtimes: &[Gap]) -> [Sheet; 2] {
    let (t, c, name) = (&w.table, &w.sheet.column, &w.sheet.name);
    let of_sources = Columns::new(w)
        .text(&t.source, |s: &SourceCoverage| s.source.clone())
        .yes_or_no(&c.registered, |s| s.registered)
        .number(&c.statements, |s| s.statements)
        .number(&c.heartbeats, |s| s.heartbeats)
        .number(&c.refused, |s| s.refused)
        .seconds(&c.delivery_delay, |s| s.delivery_delay_us)
        .number(&c.gaps, |s| s.gaps.len() as u64)
        .sheet("coverage", &name.coverage, Some(("coverage", caption)), sources);
    let mut times: Vec<Stated<'_>> = Vec::new();
    for source in sources {
        let stated = |state, span| Stated { source: &source.source, state, span, refused: None, entry: None };
        times.extend(source.complete.iter().map(|span| stated(&t.complete, span)));
        times.extend(source.gaps.iter().map(|gap| Stated::gap(w, &source.source, gap)));
        times.extend(source.unstated.iter().map(|span| stated(&t.unstated, span)));
    }
    times.extend(downtimes.iter().map(|gap| Stated::gap(w, &w.verdict.ledger, gap)));
    let of_times = Columns::new(w)
        .text(&t.source, |s: &Stated<'_>| s.source.to_owned())
        .text(&t.states, |s| s.state.to_owned())
        .span(&c.period, |s| Some(s.span.clone()))
        .number_if_any(&c.refused, |s| s.refused)
        .number_if_any(&t.entry, |s| s.entry)
        .sheet("coverage-times", &name.coverage_times, None, &times);
    [of_sources, of_times]
}

/// By whose clocks times were told.
pub fn clocks(w: &Wording, clock: &ClockFacts) -> Sheet {
    let k = &w.clock;
    let skew = match clock.skew_max_us {
        0 => Value::text(w.missing.not_stated.as_str()),
        us => Value::Seconds(us),
    };
    let rows = [
        (&k.claimed, Value::Number(clock.claimed)),
        (&k.replayed, Value::Number(clock.replayed)),
        (&k.unknown, Value::Number(clock.unknown)),
        (&k.clamped, Value::Number(clock.clamped)),
        (&k.not_synchronised, Value::Number(clock.not_synchronised)),
        (&k.late, Value::Number(clock.late)),
        (&k.late_max, if clock.late == 0 { Value::Empty } else { Value::Seconds(clock.late_max_us) }),
        (&k.skew_max, skew),
    ];
    let c = &w.sheet.column;
    Columns::new(w)
        .text(&c.item, |row: &(&String, Value)| row.0.clone())
        .value(&c.count_or_seconds, |row| row.1.clone())
        .sheet("clocks", &w.sheet.name.clocks, None, &rows)
}

/// What a source states of a time.
struct Stated<'a> {
    source: &'a str,
    state: &'a str,
    span: &'a Span,
    refused: Option<u64>,
    entry: Option<u64>,
}

impl<'a> Stated<'a> {
    fn gap(w: &'a Wording, source: &'a str, gap: &'a Gap) -> Self {
        let state = match gap.kind {
            GapKind::Sampled => &w.gap.sampled,
            GapKind::Down => &w.gap.down,
            GapKind::Refused => &w.gap.refused,
            GapKind::Unknown => &w.gap.unknown,
            GapKind::Silent => &w.gap.silent,
            GapKind::Skipped => &w.gap.skipped,
            GapKind::Ledger => &w.gap.ledger,
        };
        Stated { source, state, span: &gap.span, refused: Some(gap.refused), entry: Some(gap.entry.0) }
    }
}

#[cfg(test)]
pub fn empty(id: &str) -> Sheet {
    prose(id, id, [], Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_cut_says_so_in_its_sheet() {
        use crate::report::view::{TableStyle, column, plain, row};
        let table = Table {
            style: TableStyle::Annex,
            caption: "Annex".to_owned(),
            columns: vec![column("One", 1), column("Two", 1)],
            rows: vec![row([plain("a"), plain("b")])],
            cut: Some("7 more".to_owned()),
        };
        let sheet = as_it_stands("annex".to_owned(), "Annex".to_owned(), &table);
        assert_eq!(sheet.rows, [["a", "b"].map(Value::text), [Value::text("7 more"), Value::Empty]]);
    }

    #[test]
    fn a_caption_becomes_a_name_that_excel_takes() {
        let mut taken = BTreeSet::new();
        let mut check = |caption: &str, expected: &str| assert_eq!(tab_name(caption, &mut taken), expected);
        check("Accesses", "Accesses");
        check("accesses", "accesses (2)");
        check("What [is]: 'this'? a/b\\c*", "What is this abc");
        check("A caption that is longer than what Excel takes", "A caption that is longer than w");
        check("A caption that is longer than what Excel takes", "A caption that is longer th (2)");
        check(
            "\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}",
            &"\u{1f600}".repeat(15),
        );
        check("::", "–");
    }
}
