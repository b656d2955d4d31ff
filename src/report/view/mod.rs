//! What the pages show, in words and in order; made from the report's JSON facts and the wording, and from nothing else.
//!
//! HTML and PDF are two ways to lay out one [`View`], so that no number can differ between them. How it looks is the
//! templates' business.

mod activity;
mod annex;
mod breach;
mod changes;
mod clock;
mod consequences;
mod controller;
mod cover;
mod declared;
mod erratum;
mod exposure;
mod heading;
mod lags;
mod lanes;
mod logging;
mod members;
mod own;
mod parties;
mod protection;
mod request;
mod sections;
mod staff;
mod things;
mod timeline;
mod trust;
pub(in crate::report) mod words;

pub use timeline::{Axis, Lane, LaneSpan, Mark, Order, OrderRow, Tick, Timeline};

use crate::report::Report;
use crate::report::access::AccessReport;
use crate::report::access::document::Range;
use crate::report::edition::Edition;
use crate::report::wording::{Wording, fill};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use words::Words;

/// Rows of the annex that are printed; all of them stand in the JSON.
pub const ANNEX_MAX: usize = 2_000;
/// Merged lines that are printed.
pub const LINES_MAX: usize = 500;
/// Rows of any other table that are printed.
pub const ROWS_MAX: usize = 150;

/// How much of a table a view holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// As pages print it: cut, and told so.
    Pages,
    /// Every row, but of the tables that are styled for a page, whose sheets have columns of their own.
    Whole,
}

impl Extent {
    /// Rows that are kept where pages print `most`.
    fn rows(self, style: TableStyle, most: usize) -> usize {
        match (self, style) {
            (Extent::Whole, TableStyle::Plain) => usize::MAX,
            (Extent::Pages, _) | (Extent::Whole, TableStyle::Lines | TableStyle::Annex) => most,
        }
    }
}

macro_rules! shown {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[$fmeta:meta])* $field:ident : $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name { $($(#[$fmeta])* pub $field: $type,)* }
    )*};
}

shown! {
    pub struct View {
        language: String,
        title: String,
        subtitle: String,
        report_id: String,
        running: String,
        /// Whom it is about, in one line.
        person: String,
        footer: String,
        /// With `{page}` and `{pages}` still to be filled in.
        page: String,
        attachment: String,
        answer_heading: String,
        answer: String,
        verdict_heading: String,
        verdicts: Vec<Verdict>,
        figures: Vec<Figure>,
        notices: Vec<String>,
        facts_heading: String,
        facts: Vec<Pair>,
        sections: Vec<Section>,
        legal: String,
        /// Characters that this output cannot show.
        substituted: Option<String>,
        /// What the note beside the JSON is, where it is attached.
        #[serde(default)]
        note: Option<String>,
    }

    pub struct Verdict { label: String, text: String, because: Option<String>, tone: Tone }

    pub struct Figure { value: String, label: String, note: String, tone: Tone }

    pub struct Pair { label: String, value: Vec<Piece> }

    pub struct Section { id: String, number: String, title: String, intro: Vec<String>, blocks: Vec<Block> }

    pub struct Table {
        style: TableStyle,
        /// What the table holds, for those who cannot see it.
        caption: String,
        columns: Vec<Column>,
        rows: Vec<Row>,
        /// What was left out.
        cut: Option<String>,
    }

    pub struct Column { label: String, /** Share of the width. */ width: u32, is_number: bool }

    pub struct Row { tone: Tone, cells: Vec<Cell> }

    /// Pieces stand below each other.
    pub struct Cell { pieces: Vec<Piece> }

    pub struct Piece { text: String, style: Style }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    Heading {
        text: String,
    },
    Text {
        text: String,
    },
    Note {
        text: String,
    },
    Table(Table),
    /// Short labels, long values.
    Facts {
        pairs: Vec<Pair>,
    },
    /// Long labels, short values.
    Pairs {
        pairs: Vec<Pair>,
    },
    Timeline(Timeline),
    /// Verbatim, such as a command or a signed note.
    Code {
        text: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableStyle {
    Plain,
    Lines,
    Annex,
}

/// What a thing is, for colour and shape; never told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Plain,
    Processed,
    Possible,
    ArgumentsOnly,
    Attempt,
    OtherPart,
    Shown,
    Warning,
    Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    Plain,
    Strong,
    Note,
    Code,
    Missing,
    Warning,
}

impl Tone {
    /// As templates write it.
    pub fn code(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Processed => "processed",
            Tone::Possible => "possible",
            Tone::ArgumentsOnly => "arguments_only",
            Tone::Attempt => "attempt",
            Tone::OtherPart => "other_part",
            Tone::Shown => "shown",
            Tone::Warning => "warning",
            Tone::Missing => "missing",
        }
    }
}

impl Style {
    pub fn code(self) -> &'static str {
        match self {
            Style::Plain => "plain",
            Style::Strong => "strong",
            Style::Note => "note",
            Style::Code => "code",
            Style::Missing => "missing",
            Style::Warning => "warning",
        }
    }
}

impl TableStyle {
    pub fn code(self) -> &'static str {
        match self {
            TableStyle::Plain => "plain",
            TableStyle::Lines => "lines",
            TableStyle::Annex => "annex",
        }
    }
}

impl Piece {
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Piece { text: text.into(), style }
    }
}

/// A cell of pieces below each other; empty ones are left out.
/// A figure's label, in the singular where there is surely one.
fn one_or_more<'a>(all: &Range, one: &'a str, more: &'a str) -> &'a str {
    if (all.low, all.high) == (1, 1) { one } else { more }
}

pub fn cell(pieces: impl IntoIterator<Item = (String, Style)>) -> Cell {
    let pieces = pieces.into_iter().filter(|(text, _)| !text.is_empty());
    Cell { pieces: pieces.map(|(text, style)| Piece { text, style }).collect() }
}

pub fn row(cells: impl IntoIterator<Item = Cell>) -> Row {
    Row { tone: Tone::Plain, cells: cells.into_iter().collect() }
}

pub fn plain(text: impl Into<String>) -> Cell {
    cell([(text.into(), Style::Plain)])
}

pub fn column(label: &str, width: u32) -> Column {
    Column { label: label.to_owned(), width, is_number: false }
}

pub fn number_column(label: &str, width: u32) -> Column {
    Column { label: label.to_owned(), width, is_number: true }
}

impl View {
    pub fn of(w: &Wording, report: &AccessReport, extent: Extent) -> Self {
        let words = Words { w, report, extent };
        let title = &w.title;
        let (notices, facts, sections) = match report.edition() {
            Edition::Lawyer => (cover::notices(&words), cover::facts(&words), sections::all(&words)),
            Edition::Person => (own::notices(&words), own::facts(&words), own::all(&words)),
        };
        View {
            person: cover::person(&words),
            answer: report.answer.text.clone(),
            verdicts: cover::verdicts(&words),
            figures: cover::figures(&words),
            notices,
            facts,
            sections,
            ..heading::heading!(&report.header).frame(w, [&title.report, &title.subtitle, &title.running])
        }
    }

    /// The same, saying in the section on checking it which JSON it was made from, and how to tell that the ledger signed that.
    pub fn with_signature(mut self, w: &Wording, report: &Report, digest: &str) -> Self {
        let (f, name, key) = (&w.fact, report.file_name(), &report.head().verifier_key);
        let pairs = vec![
            cover::pair(&f.json_digest, digest.to_owned(), Style::Code),
            cover::pair(&f.signature, f.signature_value.clone(), Style::Plain),
        ];
        let text = format!("whosaw-verify report \\\n{name}.json \\\n{name}.note --vkey \\\n'{key}'");
        let section = self.sections.iter_mut().find(|section| section.id == "verification");
        section.into_iter().for_each(|section| {
            section.blocks.extend([Block::Facts { pairs: pairs.clone() }, Block::Code { text: text.clone() }]);
        });
        self
    }

    /// The same view with every character that cannot be shown replaced by its number in Unicode, and a sentence that says
    /// how many.
    pub fn made_visible(&self, w: &Wording, can_show: impl Fn(char) -> bool) -> Result<View, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        let mut substituted = 0u64;
        make_visible(&mut value, &can_show, &mut substituted);
        let mut view: View = serde_json::from_value(value)?;
        if substituted > 0 {
            view.substituted = Some(fill(&w.intro.substituted, &[("n", &w.number(substituted))]));
        }
        Ok(view)
    }
}

fn make_visible(value: &mut Value, can_show: &impl Fn(char) -> bool, substituted: &mut u64) {
    match value {
        Value::String(text) => {
            if let Some(visible) = visible(text, can_show, substituted) {
                *text = visible;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| make_visible(item, can_show, substituted)),
        Value::Object(members) => members.values_mut().for_each(|item| make_visible(item, can_show, substituted)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text with what cannot be shown, or would make it look like another, as numbers; nothing where it may stay as it is.
pub fn visible(text: &str, can_show: &impl Fn(char) -> bool, substituted: &mut u64) -> Option<String> {
    let shows = |c: char| c == '\n' || (can_show(c) && !is_treacherous(c));
    if text.chars().all(shows) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if shows(c) {
            out.push(c);
        } else {
            *substituted += 1;
            out.push_str(&format!("[U+{:04X}]", u32::from(c)));
        }
    }
    Some(out)
}

/// Characters with which a text can look like another: controls, marks that reorder or hide, and private use.
fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffc}' | '\u{e000}'..='\u{f8ff}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_reorders_is_printed_as_its_number() {
        let check = |text: &str, expected: &str, count: u64| {
            let mut value = Value::from(text);
            let mut substituted = 0;
            make_visible(&mut value, &|c| c != '張', &mut substituted);
            assert_eq!((value.as_str().expect("still text"), substituted), (expected, count), "{text:?}");
        };
        check("plain – ‘quoted’\nnext", "plain – ‘quoted’\nnext", 0);
        check("abc\u{202e}def", "abc[U+202E]def", 1);
        check("\u{0}\u{7f}", "[U+0000][U+007F]", 2);
        check("張 Ö", "[U+5F35] Ö", 1);
        check("\u{10ffff}", "[U+10FFFF]", 1);
    }
}
