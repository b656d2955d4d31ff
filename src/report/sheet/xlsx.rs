//! The workbook: Office Open XML, one sheet for each table. Texts are written as texts, so that none becomes a formula or
//! a link, whatever it begins with; numbers are numbers. Created when the report was, so that the same report gives the
//! same bytes.

use super::{Book, Sheet, Value, frame};
use crate::report::instant::Zone;
use crate::report::wording::{Wording, fill};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};
use std::borrow::Cow;

/// Why there is no workbook. What the writer says may quote what it wrote, so it is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the workbook could not be written")]
pub struct Unwritable;

impl From<XlsxError> for Unwritable {
    fn from(_: XlsxError) -> Self {
        Unwritable
    }
}

/// What Excel takes.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Rows of a sheet, the heading among them.
    rows: usize,
    /// UTF-16 units of a cell.
    cell: usize,
}

const EXCEL: Limits = Limits { rows: 1_048_576, cell: 32_767 };

/// Whole numbers up to this are exact in a cell, which holds a double.
const EXACT: u64 = 1 << 53;

pub fn workbook(book: &Book, w: &Wording) -> Result<Vec<u8>, Unwritable> {
    within(EXCEL, book, w)
}

fn within(limits: Limits, book: &Book, w: &Wording) -> Result<Vec<u8>, Unwritable> {
    let (year, month, day, hour, minute, second) = book.produced.civil(&Zone::default());
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let day = ExcelDateTime::from_ymd(u16::try_from(year).map_err(|_| Unwritable)?, part(month), part(day))?;
    let produced = day.and_hms(u16::from(part(hour)), part(minute), f64::from(part(second)))?;
    let mut workbook = Workbook::new();
    workbook.set_properties(
        &DocProperties::new().set_title(&book.title).set_author("whosaw").set_creation_datetime(&produced),
    );
    let cuts: Vec<Option<Cut>> = book.sheets.iter().map(|sheet| Cut::of(sheet, w, limits)).collect();
    let writer = Writer {
        w,
        limits,
        heading: Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top),
        wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
    };
    for (at, (sheet, cut)) in book.sheets.iter().zip(&cuts).enumerate() {
        let kept = cut.as_ref().map_or(sheet.rows.len(), |cut| cut.kept);
        // Said where it was cut, and on the first sheet.
        let said: Vec<Vec<Value>> = match (at, cut) {
            (0, _) => cuts.iter().flatten().map(|cut| frame::notice(w, cut.sentence.clone())).collect(),
            (_, Some(cut)) => vec![vec![Value::Text(cut.sentence.clone())]],
            (_, None) => Vec::new(),
        };
        writer.write(workbook.add_worksheet(), sheet, kept, &said)?;
    }
    Ok(workbook.save_to_buffer()?)
}

/// What a sheet has more than Excel takes.
struct Cut {
    kept: usize,
    sentence: String,
}

impl Cut {
    fn of(sheet: &Sheet, w: &Wording, limits: Limits) -> Option<Self> {
        if sheet.rows.len() < limits.rows {
            return None;
        }
        // One row for the heading, one for the sentence.
        let kept = limits.rows.saturating_sub(2);
        let left_out = w.number((sheet.rows.len() - kept) as u64);
        let sentence = fill(&w.sheet.rows_cut, &[("n", &left_out), ("sheet", &sheet.name)]);
        Some(Cut { kept, sentence })
    }
}

struct Writer<'a> {
    w: &'a Wording,
    limits: Limits,
    heading: Format,
    wrapped: Format,
}

impl Writer<'_> {
    /// The first `kept` rows, then what is to be said.
    fn write(&self, to: &mut Worksheet, sheet: &Sheet, kept: usize, said: &[Vec<Value>]) -> Result<(), Unwritable> {
        to.set_name(&sheet.name)?;
        for (column, label) in (0u16..).zip(&sheet.columns) {
            to.write_string_with_format(0, column, label, &self.heading)?;
            to.set_column_width(column, width(sheet, column))?;
        }
        let mut last_row = 0;
        for (row, cells) in (1u32..).zip(sheet.rows.iter().take(kept).chain(said)) {
            last_row = row;
            for (column, value) in (0u16..).zip(cells) {
                match value {
                    Value::Empty => &mut *to,
                    Value::Text(text) => {
                        let text = shortened(text, self.w, self.limits.cell).map_or(Cow::from(text), Cow::from);
                        match sheet.prose {
                            true => to.write_string_with_format(row, column, text, &self.wrapped)?,
                            false => to.write_string(row, column, text)?,
                        }
                    }
                    Value::Number(number) if *number <= EXACT => to.write_number(row, column, *number as f64)?,
                    Value::Number(number) => to.write_string(row, column, number.to_string())?,
                    Value::Seconds(us) => to.write_number(row, column, *us as f64 / 1_000_000.0)?,
                };
            }
        }
        to.set_freeze_panes(1, 0)?;
        to.set_landscape();
        to.set_print_fit_to_pages(1, 0);
        to.set_repeat_rows(0, 0)?;
        if !sheet.prose
            && let Ok(last_column) = u16::try_from(sheet.columns.len().saturating_sub(1))
        {
            to.autofilter(0, 0, last_row, last_column)?;
        }
        Ok(())
    }
}

/// Rows that are looked at for how wide a column should be.
const SAMPLE: usize = 200;

/// In letters: as wide as what stands in it, and neither a sliver nor a screen.
fn width(sheet: &Sheet, column: u16) -> f64 {
    let letters = |value: &Value| match value {
        Value::Text(text) => text.chars().count(),
        Value::Number(_) | Value::Seconds(_) => 12,
        Value::Empty => 0,
    };
    let at = usize::from(column);
    let cells = sheet.rows.iter().take(SAMPLE).filter_map(|row| row.get(at)).map(letters).max().unwrap_or_default();
    let label = sheet.columns.get(at).map_or(0, |label| label.chars().count() / 2 + 4);
    let most = if sheet.prose { 90 } else { 44 };
    cells.max(label).clamp(8, most) as f64 + 2.0
}

/// The beginning, and how much is missing; nothing where the text fits.
fn shortened(text: &str, w: &Wording, most: usize) -> Option<String> {
    let units = |text: &str| text.encode_utf16().count();
    if text.len() <= most || units(text) <= most {
        return None;
    }
    // The sentence is never longer than with every letter missing.
    let total = text.chars().count() as u64;
    let sentence = |missing: u64| fill(&w.sheet.cell_cut, &[("n", &w.number(missing))]);
    let room = most.saturating_sub(units(&sentence(total)));
    let mut used = 0;
    let kept: String = text.chars().take_while(|c| (used += c.len_utf16(), used <= room).1).collect();
    let missing = total - kept.chars().count() as u64;
    Some(kept + &sentence(missing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::instant::Instant;
    use crate::report::language::Language;
    use calamine::{Data, Reader as _, Xlsx};
    use std::io::Cursor;

    fn sheet(id: &str, rows: Vec<Vec<Value>>) -> Sheet {
        Sheet { rows, prose: false, columns: vec!["Column".to_owned()], ..frame::empty(id) }
    }

    #[test]
    fn what_excel_does_not_take_is_cut_and_said_to_be() {
        for language in Language::ALL {
            let w = language.wording();
            let numbers = |count: u64| (0..count).map(|n| vec![Value::Number(n)]).collect::<Vec<_>>();
            let mut book = Book {
                title: String::new(),
                produced: Instant::default(),
                sheets: vec![sheet("report", Vec::new()), sheet("fits", numbers(9)), sheet("long", numbers(10))],
            };
            book.sheets[1].rows[0] = vec![Value::Text("ä".repeat(400))];
            let bytes = within(Limits { rows: 10, cell: 200 }, &book, w).expect("it is written");
            let mut read: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).expect("a workbook");
            let mut rows = |name: &str| -> Vec<Vec<Data>> {
                read.worksheet_range(name).expect("a sheet").rows().map(<[Data]>::to_vec).collect()
            };
            let (cover, fits, long) = (rows("report"), rows("fits"), rows("long"));
            assert_eq!((fits.len(), long.len()), (10, 10), "a heading and nine rows are what a sheet takes");
            assert_eq!(fits[9], [Data::Float(8.0)]);
            assert_eq!(long[8], [Data::Float(7.0)], "rows that fit are kept");
            let said = long[9][0].to_string();
            assert!(said.starts_with("2 ") && said.contains("long"), "{said}");
            assert!(cover.iter().flatten().any(|cell| cell.to_string() == said), "on the first sheet too");
            let cut = fits[1][0].to_string();
            assert!(cut.encode_utf16().count() <= 200 && cut.starts_with('ä'), "{cut}");
            let kept = cut.chars().take_while(|c| *c == 'ä').count();
            assert!(cut.contains(&w.number(400 - kept as u64)), "{cut}");
        }
    }
}
