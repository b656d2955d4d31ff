//! The report on paper: PDF/A-3a and PDF/UA-1, tagged, with the canonical JSON attached and, where there is one, the note by
//! which the ledger signed that.
//!
//! The typesetter sees four virtual files and four fonts, never a disk, a network or a clock. File names are fixed,
//! because every new one would stay in memory for ever; what it cached is thrown away after each report.

use super::language::Language;
use super::view::{Block, Piece, View};
use std::collections::HashSet;
use std::sync::LazyLock;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    #[error("the view cannot be written as JSON")]
    View,
    #[error("the time of production is no civil time")]
    Time,
    #[error("the PDF standards cannot be met together")]
    Standards,
    /// Messages of the typesetter may quote what it set, so only their number is told.
    #[error("the typesetter refused with {0} messages")]
    Typesetter(usize),
}

/// What is attached as it is.
pub struct Attached<'a> {
    pub json: &'a [u8],
    pub note: Option<&'a str>,
}

/// `produced` is the time of production in UTC: year, month, day, hour, minute, second.
pub fn document(
    view: &View,
    language: Language,
    attached: &Attached<'_>,
    produced: (i16, i8, i8, i8, i8, i8),
) -> Result<Vec<u8>, PdfError> {
    let w = language.wording();
    let mut view = view.made_visible(w, can_show).map_err(|_| PdfError::View)?;
    view.note = attached.note.map(|_| w.title.note.clone());
    let report_id = view.report_id.clone();
    make_breakable(&mut view);
    if language.divides_words() {
        make_divisible(&mut view, language);
    }
    let world = Desk {
        view: Bytes::new(serde_json::to_vec(&view).map_err(|_| PdfError::View)?),
        report: Bytes::new(attached.json.to_vec()),
        note: Bytes::new(attached.note.unwrap_or_default().as_bytes().to_vec()),
    };
    let result = typeset(&world, report_id, produced);
    typst::comemo::evict(0);
    result
}

fn typeset(world: &Desk, ident: String, produced: (i16, i8, i8, i8, i8, i8)) -> Result<Vec<u8>, PdfError> {
    let (year, month, day, hour, minute, second) = produced;
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let at = Datetime::from_ymd_hms(i32::from(year), part(month), part(day), part(hour), part(minute), part(second));
    let options = PdfOptions {
        ident: Smart::Custom(ident),
        creator: Smart::Custom(Some("whosaw".to_owned())),
        timestamp: Some(Timestamp::new_utc(at.ok_or(PdfError::Time)?)),
        standards: PdfStandards::new(&[PdfStandard::A_3a, PdfStandard::Ua_1]).map_err(|_| PdfError::Standards)?,
        ..PdfOptions::default()
    };
    let document = typst::compile(world).output.map_err(refusal)?;
    typst_pdf::pdf(&document, &options).map_err(refusal)
}

fn refusal(messages: impl IntoIterator<Item = typst::diag::SourceDiagnostic>) -> PdfError {
    let mut count = 0;
    for message in messages {
        count += 1;
        if cfg!(test) {
            eprintln!("typesetter: {message:?}");
        }
    }
    PdfError::Typesetter(count)
}

/// What the typesetter may read.
struct Desk {
    view: Bytes,
    report: Bytes,
    note: Bytes,
}

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));
static FONTS: LazyLock<Vec<Font>> = LazyLock::new(|| {
    let styles = [notosans::REGULAR_TTF, notosans::BOLD_TTF, notosans::ITALIC_TTF, notosans::BOLD_ITALIC_TTF];
    styles.into_iter().filter_map(|style| Font::new(Bytes::new(style), 0)).collect()
});
static BOOK: LazyLock<LazyHash<FontBook>> = LazyLock::new(|| LazyHash::new(FontBook::from_fonts(FONTS.iter())));
static TEMPLATE: LazyLock<Source> = LazyLock::new(|| Source::new(*MAIN, super::template::TYPST.to_owned()));
static MAIN: LazyLock<FileId> = LazyLock::new(|| file("main.typ"));
static VIEW: LazyLock<FileId> = LazyLock::new(|| file("view.json"));
static REPORT: LazyLock<FileId> = LazyLock::new(|| file("report.json"));
static NOTE: LazyLock<FileId> = LazyLock::new(|| file("report.note"));

fn file(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("a plain file name is a path");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &BOOK
    }

    fn main(&self) -> FileId {
        *MAIN
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == *MAIN { Ok(TEMPLATE.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == *VIEW {
            Ok(self.view.clone())
        } else if id == *REPORT {
            Ok(self.report.clone())
        } else if id == *NOTE {
            Ok(self.note.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.get(index).cloned()
    }

    /// There is no clock here.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// Whether all styles of the font have the character. One that is missing would fail the whole document.
fn can_show(c: char) -> bool {
    FONTS.iter().all(|font| font.info().coverage.contains(u32::from(c)))
}

/// Marks where a long identifier may be broken; the template makes an invisible break of it. No text holds it otherwise:
/// private use is made visible before.
const BREAK: char = '\u{e000}';

/// Letters in a row that need no break of their own. Words of the wording are shorter; names in narrow columns are not.
const RUN: usize = 16;

fn make_breakable(view: &mut View) {
    let each = |pieces: &mut Vec<Piece>| pieces.iter_mut().for_each(|piece| piece.text = breakable(&piece.text));
    view.facts.iter_mut().for_each(|pair| each(&mut pair.value));
    view.answer = breakable(&view.answer);
    view.person = breakable(&view.person);
    view.notices.iter_mut().for_each(|notice| *notice = breakable(notice));
    view.verdicts.iter_mut().for_each(|verdict| verdict.text = breakable(&verdict.text));
    for section in &mut view.sections {
        section.intro.iter_mut().for_each(|text| *text = breakable(text));
        for block in &mut section.blocks {
            match block {
                Block::Text { text } | Block::Note { text } | Block::Code { text } => *text = breakable(text),
                Block::Facts { pairs } | Block::Pairs { pairs } => {
                    pairs.iter_mut().for_each(|pair| each(&mut pair.value))
                }
                Block::Table(table) => {
                    table.rows.iter_mut().flat_map(|row| &mut row.cells).for_each(|cell| each(&mut cell.pieces));
                }
                Block::Heading { .. } | Block::Timeline(_) => {}
            }
        }
    }
}

/// Around a word that the typesetter may divide, by the rules of the language.
const DIVISIBLE: [char; 2] = ['\u{e001}', '\u{e002}'];

/// Letters of a word from which on it may be divided.
const LONG: usize = 9;

/// Lets narrow columns divide the words of the wording. Names and identifiers are never divided so: nobody could tell the
/// hyphen from one of theirs.
fn make_divisible(view: &mut View, language: Language) {
    let of_wording = language.text().split(|c: char| !c.is_alphabetic());
    let words: HashSet<&str> =
        of_wording.filter(|word| word.chars().count() >= LONG && word.chars().any(char::is_lowercase)).collect();
    let tables = view.sections.iter_mut().flat_map(|section| &mut section.blocks).filter_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    for table in tables {
        table.columns.iter_mut().for_each(|column| column.label = divisible(&column.label, &words));
        for piece in table.rows.iter_mut().flat_map(|row| &mut row.cells).flat_map(|cell| &mut cell.pieces) {
            piece.text = divisible(&piece.text, &words);
        }
    }
}

fn divisible(text: &str, words: &HashSet<&str>) -> String {
    let [begins, ends] = DIVISIBLE;
    let each = |word: &str| {
        let whole = word.replace(BREAK, "");
        let core = whole.trim_matches(|c: char| !c.is_alphabetic());
        match whole.split_once(core).filter(|_| words.contains(core)) {
            Some((before, after)) => format!("{before}{begins}{core}{ends}{after}"),
            None => word.to_owned(),
        }
    };
    text.split(' ').map(each).collect::<Vec<_>>().join(" ")
}

/// A break after punctuation inside a long word, and in every long run of letters and digits.
fn breakable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            out.push(' ');
        }
        if word.chars().count() <= RUN {
            out.push_str(word);
            continue;
        }
        let mut run = 0;
        let mut letters = word.chars().peekable();
        while let Some(c) = letters.next() {
            out.push(c);
            run = if c.is_alphanumeric() { run + 1 } else { 0 };
            let after_mark = matches!(c, '_' | '/' | '.' | ':' | '-' | '@' | '+' | '=' | ',' | '|');
            let at_length = run > 0 && run % RUN == 0;
            if letters.peek().is_some() && (after_mark || at_length) {
                out.push(BREAK);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_are_there_and_know_europe() {
        assert_eq!(FONTS.len(), 4);
        assert!("Łódź Ελλάδα Київ – ‘’“”… ★".chars().filter(|c| !can_show(*c)).eq(['★']));
        assert!(!can_show('張'));
    }

    #[test]
    fn words_of_the_wording_may_be_divided_and_names_not() {
        let words = HashSet::from(["Auftragsverarbeiter", "verarbeitet"]);
        let check = |text: &str, expected: &str| {
            assert_eq!(divisible(text, &words).replace(DIVISIBLE[0], "<").replace(DIVISIBLE[1], ">"), expected);
        };
        check("weiterer Auftragsverarbeiter, (verarbeitet)", "weiterer <Auftragsverarbeiter>, (<verarbeitet>)");
        check(&breakable("Auftragsverarbeiter"), "<Auftragsverarbeiter>");
        check("crm/customer-export of Kowalskaweiterhin", "crm/customer-export of Kowalskaweiterhin");
        check("", "");
    }

    #[test]
    fn long_identifiers_may_break_and_words_stay() {
        let check = |text: &str, expected: &str| assert_eq!(breakable(text).replace(BREAK, "|"), expected);
        check("find_user_by_name_zip of people", "find_|user_|by_|name_|zip of people");
        check("short_name", "short_name");
        check("pseudonymisation stays", "pseudonymisation stays");
        check("0123456789abcdef0123456789abcdef", "0123456789abcdef|0123456789abcdef");
        check("at 12:04:00.150000", "at 12:04:00.150000");
    }
}
