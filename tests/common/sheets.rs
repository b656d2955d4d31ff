//! A report's workbook and CSV files, read by libraries that did not write them.

use calamine::{Data, Reader as _, Xlsx};
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

/// Rows of cells, the heading first.
pub type Table = Vec<Vec<Data>>;

/// Sheets in their order, by name.
pub fn workbook(bytes: &[u8]) -> Vec<(String, Table)> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes.to_vec())).expect("a workbook");
    let names = book.sheet_names();
    let mut sheets = Vec::new();
    for name in names {
        let range = book.worksheet_range(&name).expect("a sheet");
        let formulas = book.worksheet_formula(&name).expect("a sheet");
        assert!(formulas.used_cells().next().is_none(), "{name} holds a formula");
        sheets.push((name, range.rows().map(<[Data]>::to_vec).collect()));
    }
    sheets
}

/// Files in their order, by name, as they stand.
pub fn files(archive: &[u8]) -> Vec<(String, String)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive.to_vec())).expect("a ZIP");
    let count = zip.len();
    let read = |at| {
        let mut file = zip.by_index(at).expect("a file");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("UTF-8");
        (file.name().expect("a name").into_owned(), text)
    };
    (0..count).map(read).collect()
}

/// Rows of a CSV file, the heading first, as a program reads it that takes the guard off.
pub fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let unguarded = |cell: &str| match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest.to_owned(),
        _ => cell.to_owned(),
    };
    reader.records().map(|row| row.expect("a row of as many cells").iter().map(unguarded).collect()).collect()
}

const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A table by its columns' names.
pub fn columns(table: &Table) -> BTreeMap<String, Vec<Data>> {
    let (heading, rows) = table.split_first().expect("a heading");
    let column = |at: usize| rows.iter().map(|row| row[at].clone()).collect();
    heading.iter().enumerate().map(|(at, label)| (label.to_string(), column(at))).collect()
}

/// What a cell says, as CSV writes it.
pub fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Float(number) => number.to_string(),
        Data::String(text) => text.clone(),
        other => panic!("neither text nor number: {other:?}"),
    }
}
