//! The register of all breaches (GDPR Art. 33(5)) as a table to file, to sort and to hand over: a row for each, and every line
//! of each column with who says it.

use super::columns::Columns;
use super::{Book, Sheet, csv, xlsx};
use crate::report::breach::document::{FieldState, RegisterColumn};
use crate::report::instant::Instant;
use crate::report::wording::{Wording, word};

/// A breach, in the words of its language.
pub struct Registered {
    pub case: String,
    pub standing: String,
    pub lines: Vec<Line>,
}

/// One line of one column: by the codes of column and state.
pub struct Line {
    pub column: String,
    pub text: String,
    pub said_by: String,
    pub entries: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Xlsx,
}

/// The rows alone as CSV; a workbook has the single lines on a sheet of their own.
pub fn write(all: &[Registered], format: Format, produced: Instant, w: &Wording) -> Option<Vec<u8>> {
    let mut book = Book { title: w.sheet.name.register.clone(), produced, sheets: vec![rows(all, w), lines(all, w)] };
    book.make_visible(w);
    match format {
        Format::Csv => book.sheets.first().map(|sheet| csv::file(sheet).into_bytes()),
        Format::Xlsx => xlsx::workbook(&book, w).ok(),
    }
}

fn rows(all: &[Registered], w: &Wording) -> Sheet {
    let b = &w.breach;
    let columns = Columns::new(w)
        .text(&b.fact.case, |row: &Registered| row.case.clone())
        .text(&b.verdict.standing, |row| row.standing.clone());
    let columns = RegisterColumn::ALL.iter().fold(columns, |columns, column| {
        columns.text(word(&b.register, column.code()), move |row| {
            let of_it = row.lines.iter().filter(|line| line.column == column.code());
            of_it.map(|line| told(line, w)).collect::<Vec<_>>().join("\n")
        })
    });
    columns.sheet("register", &w.sheet.name.register, None, all)
}

/// What nobody has confirmed yet is no statement of the controller's.
fn told(line: &Line, w: &Wording) -> String {
    let stands = [FieldState::Proposed, FieldState::Differs, FieldState::Refused];
    match stands.iter().any(|state| state.code() == line.said_by) {
        true => format!("{} [{}]", line.text, word(&w.breach.state, &line.said_by)),
        false => line.text.clone(),
    }
}

fn lines(all: &[Registered], w: &Wording) -> Sheet {
    let b = &w.breach;
    let rows: Vec<(&Registered, &Line)> =
        all.iter().flat_map(|case| case.lines.iter().map(move |line| (case, line))).collect();
    Columns::new(w)
        .text(&b.fact.case, |row: &(&Registered, &Line)| row.0.case.clone())
        .text(&b.table.column, |row| word(&b.register, &row.1.column).to_owned())
        .text(&b.table.entry, |row| row.1.text.clone())
        .text(&b.table.origin, |row| word(&b.state, &row.1.said_by).to_owned())
        .numbers(&w.table.entries, |row| row.1.entries.clone())
        .sheet("register-lines", &w.sheet.name.lines, None, &rows)
}
