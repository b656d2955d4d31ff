//! The workbook and the CSV files: every row, the same numbers as the JSON, and nothing that a spreadsheet would run.

use crate::sample::*;
use crate::sheets_read::{columns, files, rows as rows_of, text, workbook};
use calamine::Data;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};
use whosaw::model::*;
use whosaw::report::evidence::Evidence;
use whosaw::report::language::Language;
use whosaw::report::view::{Block, Extent, TableStyle, View};
use whosaw::report::{Format, facts, render};

struct Made {
    json: Value,
    xlsx: Vec<u8>,
    csv: Vec<u8>,
}

fn made(evidence: &Evidence, language: Language) -> Made {
    let mut question = question();
    question.size = question.size.max(evidence.head.size);
    let mut envelope = envelope();
    envelope.language = language;
    let report = facts(&question, evidence, &envelope);
    let mut files = render(&report, &[Format::Json, Format::Xlsx, Format::Csv]).expect("it renders").into_iter();
    let mut next = || files.next().expect("as many as were asked for").bytes;
    Made { json: serde_json::from_slice(&next()).expect("JSON"), xlsx: next(), csv: next() }
}

fn sheets(made: &Made) -> BTreeMap<String, Vec<Vec<Data>>> {
    workbook(&made.xlsx).into_iter().collect()
}

fn number(cell: &Data) -> u64 {
    match cell {
        Data::Float(number) => *number as u64,
        other => panic!("no number: {other:?}"),
    }
}

/// Sheets tell times in the report's zone: the same instant as the JSON writes it; nothing for nothing.
fn utc(text: impl AsRef<str>) -> String {
    let at = text.as_ref().parse::<whosaw::report::instant::Instant>();
    at.map(|at| at.to_string()).unwrap_or_default()
}

#[test]
fn the_sheets_say_what_the_json_says() {
    for evidence in [everything(), nothing()] {
        let made = made(&evidence, Language::En);
        let sheets = sheets(&made);
        let report = sheets["Report"].iter().flatten().map(text).collect::<Vec<_>>();
        for at in ["/answer/text", "/header/report_id", "/header/requester", "/header/reference"] {
            let said = made.json.pointer(at).and_then(Value::as_str).expect("a text");
            assert!(report.iter().any(|cell| cell.contains(said)) || at == "/header/report_id", "{at}");
        }
        let figures = columns(&sheets["Figures"]);
        let figure = |label: &str| {
            let at = figures["Item"].iter().position(|item| text(item) == label).expect("a figure");
            let (low, high) = (&figures["Value: certain"][at], &figures["Value: possible"][at]);
            serde_json::json!({"low": number(low), "high": number(high)})
        };
        for (label, at) in [
            ("times processed", "processed"),
            ("times shown to a human", "shown_to_humans"),
            ("times given to a tool only", "arguments_only"),
            ("attempts denied or failed", "attempts"),
            ("Into a tool", "into_tools"),
        ] {
            assert_eq!(figure(label), made.json["totals"][at], "{label}");
        }
        // Each list of the JSON is a sheet with as many rows.
        for (list, sheet) in [
            ("entries", "Entries"),
            ("lines", "Accesses"),
            ("agents", "Agents and services"),
            ("principals", "On whose behalf"),
            ("recipients", "Recipients"),
            ("tools", "Tools"),
            ("fields", "Fields"),
            ("records", "Records"),
            ("purposes", "Purposes"),
            ("legal_bases", "Legal bases"),
            ("policies", "Policies"),
            ("authorisations", "Authorisation"),
            ("other_parts", "Other parts"),
            ("earlier_reports", "Earlier reports"),
            ("ledger_reads", "Readings of the ledger"),
            ("conversations", "Conversations"),
        ] {
            let Some(expected) = made.json[list].as_array() else {
                assert!(!sheets.contains_key(sheet), "{sheet}: nobody looked");
                continue;
            };
            assert_eq!(sheets[sheet].len() - 1, expected.len(), "{sheet}");
        }
        let entries = columns(&sheets["Entries"]);
        for (at, entry) in made.json["entries"].as_array().expect("entries").iter().enumerate() {
            assert_eq!(number(&entries["Entry"][at]), entry["index"].as_u64().expect("an index"));
            assert_eq!(number(&entries["Act"][at]), entry["act"].as_u64().expect("a number"));
            assert_eq!(utc(text(&entries["Recorded"][at])), entry["recorded_at"].as_str().expect("a time"));
            assert_eq!(text(&entries["Leaf in the tree"][at]), entry["leaf"].as_str().expect("a leaf"));
            let from = entry["time"]["bounded"]["from"].as_str().unwrap_or_default();
            assert_eq!(utc(text(&entries["When: from"][at])), from);
        }
        let lines = columns(&sheets["Accesses"]);
        for (at, line) in made.json["lines"].as_array().expect("lines").iter().enumerate() {
            assert_eq!(number(&lines["Acts"][at]), line["acts"].as_u64().expect("a number"));
        }
        let fields: usize = made.json["entries"]
            .as_array()
            .expect("entries")
            .iter()
            .map(|entry| entry["fields"].as_array().expect("fields").len())
            .sum();
        assert_eq!(sheets["Fields by entry"].len() - 1, fields);
    }
}

/// Two columns of one name are one to whoever reads by name.
#[test]
fn no_sheet_has_two_columns_of_one_name() {
    for language in Language::ALL {
        for (name, csv) in files(&made(&everything(), *language).csv) {
            let heading = rows_of(&csv).into_iter().next().unwrap_or_default();
            let different: BTreeSet<&String> = heading.iter().collect();
            assert_eq!(different.len(), heading.len(), "{name}: {heading:?}");
        }
    }
}

/// Whatever tables pages show have their sheet, and none has two.
#[test]
fn every_table_of_the_pages_is_a_sheet_once() {
    let made = made(&everything(), Language::En);
    let names: Vec<String> = workbook(&made.xlsx).into_iter().map(|(name, _)| name).collect();
    let different: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
    // The only table of the pages that has no sheet of its own making is the list of classes.
    assert_eq!(names.iter().filter(|name| name.contains("How to read")).count(), 1, "{names:?}");
    assert_eq!(names.len(), 31, "{names:?}");
}

#[test]
fn rows_that_pages_leave_out_stand_in_the_sheets() {
    let made = made(&rows(2_500), Language::En);
    let sheets = sheets(&made);
    assert_eq!(sheets["Entries"].len(), 2_501);
    assert_eq!(sheets["Records"].len(), made.json["records"].as_array().expect("records").len() + 1);
    assert!(sheets["Records"].len() > 1_000, "pages print 150");
}

/// From which sheets are made that have no columns of their own.
#[test]
fn a_view_for_sheets_cuts_no_plain_table() {
    let mut question = question();
    let evidence = rows(2_500);
    question.size = evidence.head.size;
    let report = facts(&question, &evidence, &envelope());
    let longest = |extent| {
        let view = View::of(Language::En.wording(), &report, extent);
        let blocks = view.sections.into_iter().flat_map(|section| section.blocks);
        let tables = blocks.filter_map(|block| match block {
            Block::Table(table) if table.style == TableStyle::Plain => Some((table.rows.len(), table.cut.is_some())),
            _ => None,
        });
        tables.max().expect("a table")
    };
    assert_eq!(longest(Extent::Pages), (150, true));
    assert_eq!(longest(Extent::Whole), (report.records.len(), false));
}

#[test]
fn csv_and_workbook_say_the_same_cell_by_cell() {
    for language in Language::ALL {
        let made = made(&everything(), *language);
        let (sheets, files) = (workbook(&made.xlsx), files(&made.csv));
        assert_eq!(sheets.len(), files.len());
        for ((name, table), (file, csv)) in sheets.iter().zip(&files) {
            assert!(file.ends_with(".csv") && file.is_ascii(), "{file}");
            let lines = csv.matches("\r\n").count();
            let rows = rows_of(csv);
            assert!(lines >= rows.len() && csv.ends_with("\r\n") && !csv.starts_with('\u{feff}'), "{file}");
            let said: Vec<Vec<String>> = table.iter().map(|row| row.iter().map(text).collect()).collect();
            // A workbook does not keep empty cells at the end of its rows.
            for (said, row) in said.iter().zip(&rows) {
                let written = row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
                let kept = said.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
                assert_eq!(said[..kept], row[..written], "{name}");
            }
            assert_eq!(said.len(), rows.len(), "{name}");
        }
    }
}

#[test]
fn nothing_that_was_recorded_becomes_a_formula() {
    let hostile =
        ["=HYPERLINK(\"http://x\",\"y\")", "+1", "-2+3", "@SUM(1)", "'=1", "http://x.example", "_x0041_<b>&\""];
    let observations = (0..).zip(hostile).map(|(n, text)| {
        read(n + 1)
            .body(|body| {
                body.actors[0].name = text.into();
                body.tool = text.into();
            })
            .content(|content| content.call_id = text.into())
            .done()
    });
    let made = made(&with(observations.collect()), Language::En);
    let calls = columns(&sheets(&made)["Entries"])["Call"].iter().map(text).collect::<Vec<_>>();
    assert_eq!(calls, hostile, "texts are texts, as they were recorded");
    let mut zip = zip::ZipArchive::new(Cursor::new(made.xlsx.clone())).expect("a ZIP");
    for at in 0..zip.len() {
        let mut part = zip.by_index(at).expect("a part");
        let (name, mut xml) = (part.name().expect("a name").into_owned(), String::new());
        part.read_to_string(&mut xml).expect("UTF-8");
        assert!(!xml.contains("<f>") && !xml.contains("<hyperlink"), "{name}");
    }
    for (name, csv) in files(&made.csv) {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
        for cell in reader.records().flat_map(|row| row.expect("a row").iter().map(str::to_owned).collect::<Vec<_>>()) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{name}: {cell}");
        }
    }
}

#[test]
fn the_workbook_was_made_when_the_report_was() {
    let made = made(&nothing(), Language::En);
    let mut zip = zip::ZipArchive::new(Cursor::new(made.xlsx)).expect("a ZIP");
    let mut xml = String::new();
    zip.by_name("docProps/core.xml").expect("its properties").read_to_string(&mut xml).expect("UTF-8");
    assert!(xml.contains("2026-03-10T18:25:00Z"), "{xml}");
    assert!(xml.contains("Access report 019cd750-3a00-7001-8000-000000000001"), "{xml}");
}

#[test]
fn marks_that_hide_or_reorder_stand_as_their_numbers() {
    let mut evidence = nothing();
    evidence.identities = vec![identity("person", &["a\u{202e}b\u{0}"], Strength::Weak)];
    let made = made(&evidence, Language::En);
    let cells: Vec<String> = sheets(&made)["Report"].iter().flatten().map(text).collect();
    assert!(cells.iter().any(|cell| cell.contains("a[U+202E]b[U+0000]")), "{cells:?}");
    assert!(cells.iter().any(|cell| cell.contains("are printed as [U+…]")), "and the first sheet says so");
}
