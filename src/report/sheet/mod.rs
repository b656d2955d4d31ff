//! The report as tables with every row: what the workbook and the CSV files hold.
//!
//! Where a page puts several facts into one cell, for a reader's eyes, a sheet has a column for each, so that it can be
//! sorted, filtered and counted. The tables that matter are made from the facts; the first sheet, the notes and every
//! other table follow from the view, so that nothing a page says is left out of the sheets.

mod access;
mod breach;
mod columns;
mod exposure;
mod frame;

pub mod csv;
pub mod register;
pub mod xlsx;

use super::Report;
use super::instant::Instant;
use super::view::{View, visible};
use super::wording::{Wording, fill};

/// All tables of one report.
pub struct Book {
    pub title: String,
    pub produced: Instant,
    pub sheets: Vec<Sheet>,
}

pub struct Sheet {
    /// Name of its CSV file without the ending: ASCII, the same in every language.
    pub id: String,
    /// What a tab shows: at most 31 characters, as Excel demands, and none of `[]:*?/\`.
    pub name: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    /// Whether it is read rather than sorted.
    pub prose: bool,
    /// Section and caption of the table of the view that it tells in more columns; no caption: all of the section's.
    stands_for: Option<(&'static str, String)>,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Empty,
    Text(String),
    Number(u64),
    /// Microseconds, written as seconds.
    Seconds(u64),
}

impl Value {
    /// Texts that are empty are no texts.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Value::Empty } else { Value::Text(text) }
    }
}

/// Between several things in one cell.
const SEPARATOR: &str = "; ";

impl Book {
    /// `view` is the whole one.
    pub fn of(report: &Report, view: &View, w: &Wording) -> Self {
        let mut sheets = vec![frame::cover(view, w)];
        sheets.extend(match report {
            Report::Access(report) => access::sheets(report, w),
            Report::Exposure(report) => exposure::sheets(report, w),
            Report::Breach(report) => breach::of_breach(report, w),
            Report::Persons(report) => breach::of_persons(report, w),
            // Its tables follow from the view.
            Report::Activity(report) => report.clock.iter().map(|clock| frame::clocks(w, clock)).collect(),
        });
        let others = frame::other_tables(view, &sheets);
        sheets.extend(others);
        sheets.push(frame::notes(view, w));
        let mut book = Book { title: view.running.clone(), produced: report.generated_at(), sheets };
        book.make_visible(w);
        book
    }

    /// What hides or reorders text stands as its number, as on the pages.
    fn make_visible(&mut self, w: &Wording) {
        let mut substituted = 0;
        for value in self.sheets.iter_mut().flat_map(|sheet| &mut sheet.rows).flatten() {
            if let Value::Text(text) = value
                && let Some(visible) = visible(text, &|_| true, &mut substituted)
            {
                *text = visible;
            }
        }
        if substituted > 0
            && let Some(cover) = self.sheets.first_mut()
        {
            cover.rows.push(frame::notice(w, fill(&w.intro.substituted, &[("n", &w.number(substituted))])));
        }
    }
}
