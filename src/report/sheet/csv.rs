//! The same tables as CSV: a ZIP of one file for each sheet, RFC 4180 in UTF-8, with a heading, lines that end in CR LF,
//! and every text in quotes. Nothing is cut.
//!
//! A spreadsheet takes a cell that begins with one of [`FORMULA`] for a formula, wherever it came from, and runs it. Such a
//! text gets an apostrophe before it, and so does one that already has apostrophes there, so that taking one off gives back
//! what was recorded. Numbers are written bare and never begin so.

use super::{Book, Sheet, Value};
use std::borrow::Cow;
use std::io::{Cursor, Write as _};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

/// Why there are no files. Says nothing of what would be in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the CSV files could not be written")]
pub struct Unwritable;

/// What a formula begins with, in one spreadsheet or another; the last four are the wide forms that Excel takes too.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

pub fn archive(book: &Book) -> Result<Vec<u8>, Unwritable> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // A time of its own would make the same report differ.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o600);
    for sheet in &book.sheets {
        zip.start_file(format!("{}.csv", sheet.id), options).map_err(|_| Unwritable)?;
        zip.write_all(file(sheet).as_bytes()).map_err(|_| Unwritable)?;
    }
    Ok(zip.finish().map_err(|_| Unwritable)?.into_inner())
}

pub fn file(sheet: &Sheet) -> String {
    let mut text = String::new();
    let heading = sheet.columns.iter().map(|label| quoted(label));
    line(&mut text, heading);
    for row in &sheet.rows {
        line(&mut text, row.iter().map(written));
    }
    text
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&cell);
    }
    text.push_str("\r\n");
}

fn written(value: &Value) -> String {
    match value {
        // In quotes, so that a line of one empty cell is a line.
        Value::Empty => quoted(""),
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        Value::Seconds(us) => match us % 1_000_000 {
            0 => (us / 1_000_000).to_string(),
            fraction => {
                let fraction = format!("{fraction:06}");
                format!("{}.{}", us / 1_000_000, fraction.trim_end_matches('0'))
            }
        },
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", guarded(text).replace('"', "\"\""))
}

fn guarded(text: &str) -> Cow<'_, str> {
    if text.trim_start_matches('\'').starts_with(FORMULA) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sheet::frame;

    #[test]
    fn a_text_that_looks_like_a_formula_is_none_and_reads_back() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+49 30 1", "'+49 30 1"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("'quoted'", "'quoted'"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), expected, "{text:?}");
        }
    }

    /// Written by hand from RFC 4180.
    #[test]
    fn a_file_is_as_rfc_4180_has_it() {
        let text = |text: &str| Value::Text(text.to_owned());
        let sheet = Sheet {
            columns: vec!["Who".into(), "Times".into(), "Open, in seconds".into()],
            rows: vec![
                vec![text("Zoë \"Z\", aged 7"), Value::Number(12), Value::Seconds(1_500_000)],
                vec![text("two\nlines"), Value::Empty, Value::Seconds(2_000_000)],
                vec![text("=cmd"), Value::Number(0), Value::Seconds(1)],
                vec![text("007"), Value::Number(0), Value::Seconds(0)],
            ],
            ..frame::empty("one")
        };
        let expected = "\"Who\",\"Times\",\"Open, in seconds\"\r\n\"Zoë \"\"Z\"\", aged 7\",12,1.5\r\n\
                        \"two\nlines\",\"\",2\r\n\"'=cmd\",0,0.000001\r\n\"007\",0,0\r\n";
        assert_eq!(file(&sheet), expected);
    }
}
