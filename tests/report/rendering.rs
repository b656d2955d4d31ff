//! What leaves the house: the same bytes every time, the same numbers in all formats, and documents that hold.

use crate::sample::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use whosaw::model::*;
use whosaw::report::evidence::{Envelope, Evidence};
use whosaw::report::language::Language;
use whosaw::report::{Format, RenderError, facts, render, render_json};
use whosaw_verifier::hash::{hex, sha256};

const ALL: &[Format] = Format::ALL;

fn files(evidence: &Evidence) -> Vec<Vec<u8>> {
    files_in(evidence, Language::En)
}

fn files_in(evidence: &Evidence, language: Language) -> Vec<Vec<u8>> {
    let mut question = question();
    question.size = question.size.max(evidence.head.size);
    let report = facts(&question, evidence, &Envelope { language, ..envelope() });
    let rendered = render(&report, ALL).expect("it renders");
    assert!(rendered.iter().map(|file| &file.format).eq(ALL));
    rendered.into_iter().map(|file| file.bytes).collect()
}

fn digests(evidence: &Evidence) -> String {
    files(evidence).iter().map(|bytes| hex(&sha256(&[bytes]))).collect::<Vec<_>>().join(" ")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Set for a child of this test: it prints digests and nothing else is asked of it.
const CHILD: &str = "WHOSAW_RENDERING_CHILD";

#[test]
fn two_renderings_and_two_processes_give_the_same_bytes() {
    let here = digests(&everything());
    if std::env::var_os(CHILD).is_some() {
        println!("digests: {here}");
        return;
    }
    assert_eq!(digests(&everything()), here, "in one process");
    let child = Command::new(std::env::current_exe().expect("a test has a path"))
        .args(["--exact", "rendering::two_renderings_and_two_processes_give_the_same_bytes", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .expect("a test can be run again");
    let said = text(&child.stdout);
    let there = said.lines().find_map(|line| line.split_once("digests: ")).expect("the child printed them").1;
    assert_eq!(there.trim(), here, "in two processes");
}

/// `WHOSAW_BLESS=1` rewrites the golden files; look at what changed before you keep it.
#[test]
fn the_golden_report_is_as_it_was() {
    let (made, german) = (files(&everything()), files_in(&everything(), Language::De));
    for (bytes, name) in [(&made[0], "access.json"), (&made[1], "access.html"), (&german[1], "access.de.html")] {
        let path = Path::new("reports/golden").join(name);
        if std::env::var_os("WHOSAW_BLESS").is_some() {
            std::fs::write(&path, bytes).expect("the golden file can be written");
        }
        let golden = std::fs::read(&path).unwrap_or_default();
        let at = golden.iter().zip(bytes).take_while(|(a, b)| a == b).count();
        assert!(golden == *bytes, "{name} differs from byte {at} on; WHOSAW_BLESS=1 rewrites it");
    }
}

#[test]
fn pages_can_be_made_again_from_the_json_alone() {
    let made = files(&everything());
    let again = render_json(&made[0], ALL).expect("it renders");
    for (file, bytes) in again.into_iter().zip(made) {
        assert_eq!(file.bytes, bytes, "{:?}", file.format);
    }
    assert_eq!(render_json(b"{}", ALL), Err(RenderError::Unreadable));
}

#[test]
fn a_report_in_a_language_that_is_not_written_is_not_read() {
    let json = text(&files(&everything())[0]);
    let other = json.replacen(r#""language":"en""#, r#""language":"fr""#, 1);
    assert_ne!(json, other);
    assert_eq!(render_json(other.as_bytes(), ALL), Err(RenderError::Unreadable));
}

/// Facts are facts in every language: of the JSON only the sentence and the template differ.
#[test]
fn a_german_report_tells_the_same_facts() {
    for evidence in [everything(), rows(60), nothing()] {
        let (english, german) = (files(&evidence), files_in(&evidence, Language::De));
        let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("JSON");
        let (mut expected, mut found) = (json(&english[0]), json(&german[0]));
        assert_eq!(found["header"]["template"]["language"], "de");
        assert_ne!(found["header"]["template"]["digest"], expected["header"]["template"]["digest"]);
        let said = found["answer"]["text"].as_str().expect("a sentence").to_owned();
        for report in [&mut expected, &mut found] {
            report["answer"]["text"].take();
            report["header"]["template"].take();
            // The controller's own words, in each language.
            for text in ["rights", "complaint", "contact"] {
                report["declared"][text].take();
            }
            let activities = report["declared"]["activities"].as_array_mut().expect("a list");
            for activity in activities {
                for text in ["title", "criteria", "source"] {
                    activity[text].take();
                }
            }
        }
        assert_eq!(found, expected);
        let page = text(&german[1]);
        assert!(page.contains(r#"<html lang="de">"#) && words_of_html(&page).contains(&said));
        let Some(words) = words_of_pdf(&german[2]) else { continue };
        assert!(words.contains(&said) && words.contains("NICHT ANGEGEBEN"));
        assert!(
            german[2].windows(8).any(|bytes| bytes == b"Lang(de)" || bytes == b"ang (de)"),
            "a reader speaks German"
        );
        // A word that is divided ends its line with a soft hyphen; one that is not copies as it is.
        let marked = words.split('\u{ad}').skip(1).find(|rest| rest.starts_with(char::is_alphabetic));
        assert_eq!(marked.map(|rest| rest.chars().take(20).collect::<String>()), None);
        // The same whole numbers stand on both pages, grouped in each language's way. What is grouped otherwise is a date.
        let whole = |page: &str, group: char| {
            let is_whole = |word: &&str| {
                let mut groups = word.split(group);
                let first = groups.next().unwrap_or_default();
                (1..=3).contains(&first.len())
                    && groups.all(|group| group.len() == 3)
                    && word.chars().all(|c| c.is_ascii_digit() || c == group)
            };
            let words = page.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
            words.filter(is_whole).map(|word| word.replace(group, "")).collect::<BTreeSet<_>>()
        };
        let (in_english, in_german) =
            (whole(&words_of_html(&text(&english[1])), ','), whole(&words_of_html(&page), '.'));
        assert_eq!(in_german, in_english);
    }
}

/// What an activity says of itself stands in the report's language, where the registry has it in that.
#[test]
fn registered_texts_are_told_in_the_language_of_the_report() {
    let told = [
        (Language::En, ["Answering customers", "two years after the last booking", "and from travel agencies"]),
        (
            Language::De,
            ["Beantwortung von Kundenanfragen", "zwei Jahre nach der letzten Buchung", "und von Reisebüros"],
        ),
    ];
    for (language, texts) in told {
        let page = words_of_html(&text(&files_in(&everything(), language)[1]));
        for (other, foreign) in told {
            for said in if other == language { texts } else { foreign } {
                assert_eq!(page.contains(said), other == language, "{language:?}: {said}");
            }
        }
    }
}

/// The words of a page: markup off, entities read, white space made one.
pub fn words_of_html(page: &str) -> String {
    let body = page.split_once("<main").expect("a page has a main part").1;
    let mut out = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => (inside, _) = (true, out.push(' ')),
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let read = out
        .replace("&#38;", "&")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'");
    read.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs a tool of poppler or qpdf on a PDF; nothing where it is not installed.
fn tool(name: &str, arguments: &[&str], pdf: &[u8]) -> Option<(bool, String)> {
    let directory = tempfile::tempdir().expect("a directory for a while");
    let path: PathBuf = directory.path().join("report.pdf");
    std::fs::write(&path, pdf).expect("a file for a while");
    let arguments: Vec<&str> =
        arguments.iter().map(|a| if *a == "FILE" { path.to_str().expect("a plain path") } else { a }).collect();
    match Command::new(name).args(arguments).output() {
        Ok(output) => Some((output.status.success(), text(&output.stdout))),
        Err(_) => {
            println!("skipped: {name} is not installed, the PDF was not looked into");
            None
        }
    }
}

fn words_of_pdf(pdf: &[u8]) -> Option<String> {
    let (_, words) = tool("pdftotext", &["-raw", "FILE", "-"], pdf)?;
    Some(words.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Whole numbers as a reader sees them, with their grouping taken off. Parts of longer words, such as hashes, are none.
fn numbers(words: &str) -> BTreeSet<u64> {
    let is_edge = |c: char| matches!(c, '(' | ')' | '[' | ']' | ';' | ':' | '#' | '“' | '”' | '.' | ',' | '–');
    words
        .split(|c: char| c.is_whitespace() || c == '·')
        .map(|word| word.trim_matches(is_edge))
        .filter(|word| word.chars().all(|c| c.is_ascii_digit() || c == ',') && !word.is_empty())
        .filter_map(|word| word.replace(',', "").parse().ok())
        .collect()
}

#[test]
fn the_same_numbers_stand_in_all_three() {
    for evidence in [everything(), rows(60), nothing()] {
        let made = files(&evidence);
        let report: serde_json::Value = serde_json::from_slice(&made[0]).expect("JSON");
        let html = words_of_html(&text(&made[1]));
        let pdf = words_of_pdf(&made[2]);
        let grouped = |at: &str| {
            let number = report.pointer(at).and_then(|v| v.as_u64()).unwrap_or_else(|| panic!("no number at {at}"));
            let digits = number.to_string();
            let mut out = String::new();
            for (i, digit) in digits.chars().enumerate() {
                if i > 0 && (digits.len() - i).is_multiple_of(3) {
                    out.push(',');
                }
                out.push(digit);
            }
            out
        };
        let range = |at: &str| {
            let (low, high) = (grouped(&format!("{at}/low")), grouped(&format!("{at}/high")));
            if low == high { low } else { format!("{low} to {high}") }
        };
        let mut expected = vec![
            report.pointer("/answer/text").and_then(|v| v.as_str()).expect("an answer").to_owned(),
            format!("{} times processed", range("/totals/processed")),
            format!("{} times shown to a human", range("/totals/shown_to_humans")),
            format!("{} times given to a tool only", range("/totals/arguments_only")),
            format!("{} attempts denied or failed", range("/totals/attempts")),
            format!("{} actions not determined", grouped("/undetermined/actions")),
            format!("{} acts possibly of this person", grouped("/possible/acts")),
            format!(
                "{} answered, {} in part, {} NOT PROVIDED",
                grouped("/completeness/provided"),
                grouped("/completeness/partly"),
                grouped("/completeness/not_provided")
            ),
            format!("Entries with a claimed time {}", grouped("/clock/claimed")),
            format!("Entries of a replay, without a time {}", grouped("/clock/replayed")),
        ];
        for line in report["lines"].as_array().expect("lines") {
            if let Some(tool) = line.pointer("/tool/registered").and_then(|v| v.as_str()) {
                assert!(html.contains(tool));
            }
        }
        for agent in report["agents"].as_array().expect("agents") {
            let name = agent.pointer("/agent/named/name/registered").and_then(|v| v.as_str()).expect("a name");
            expected.push(name.to_owned());
        }
        for sentence in &expected {
            assert!(html.contains(sentence), "HTML does not say: {sentence}");
            if let Some(pdf) = &pdf {
                assert!(pdf.contains(sentence), "PDF does not say: {sentence}");
            }
        }
        for page in [Some(&html), pdf.as_ref()].into_iter().flatten() {
            let unfilled =
                page.split('{').skip(1).find(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase()).count() > 0);
            assert_eq!(unfilled.and_then(|rest| rest.split('}').next()), None, "a value is not filled in");
        }
        let Some(pdf) = pdf else { continue };
        let (in_html, in_pdf) = (numbers(&html), numbers(&pdf));
        let missing: Vec<_> = in_html.difference(&in_pdf).collect();
        assert!(missing.is_empty(), "numbers of the HTML that the PDF has not: {missing:?}");
        let pages = in_pdf.len() as u64 + 400;
        let more: Vec<_> = in_pdf.difference(&in_html).filter(|number| **number > pages).collect();
        assert!(more.is_empty(), "numbers of the PDF that the HTML has not: {more:?}");
    }
}

#[test]
fn nothing_that_was_recorded_becomes_markup() {
    let hostile = "</td><script>alert(1)</script>&\"'<b>#let x = 1; $y$ @ref \\ [link](x) {page} \u{202e}evil\u{202c}";
    let mut evidence = with(vec![
        read(1)
            .body(|body| {
                body.actors[0].name = hostile.into();
                body.tool = hostile.into();
                body.dataset = hostile.into();
                body.purpose = hostile.into();
            })
            .person(|person| {
                person.fields = vec![field(hostile, Category::Contact, Direction::Result)];
                person.records = vec![whosaw_verifier::part::Record {
                    dataset: hostile.into(),
                    id: hostile.into(),
                    scope: RecordScope::System,
                }];
            })
            .content(|content| (content.conversation, content.call_id) = (hostile.into(), hostile.into()))
            .done(),
    ]);
    evidence.identities = vec![identity("customer", &[hostile], Strength::Strong)];
    evidence.head.origin = hostile.into();
    let made = files(&evidence);
    let page = text(&made[1]);
    assert!(!page.contains("<script") && !page.contains("<b>#let") && !page.contains('\u{202e}'));
    assert!(
        words_of_html(&page)
            .contains("</td><script>alert(1)</script>&\"'<b>#let x = 1; $y$ @ref \\ [link](x) {page} [U+202E]evil")
    );
    let Some(words) = words_of_pdf(&made[2]) else { return };
    assert!(words.replace(' ', "").contains("#letx=1;$y$@ref\\[link](x){page}[U+202E]evil"), "set as text");
}

#[test]
fn characters_without_a_glyph_are_told_by_number() {
    let mut evidence = nothing();
    evidence.identities = vec![identity("person", &["張偉", "\u{1f600}\u{0}\u{feff}\u{e000}"], Strength::Weak)];
    let made = files(&evidence);
    assert!(text(&made[0]).contains("張偉"), "the JSON has them as they are");
    assert!(words_of_html(&text(&made[1])).contains("張偉, 😀[U+0000][U+FEFF][U+E000]"));
    let Some(words) = words_of_pdf(&made[2]) else { return };
    assert!(words.replace(' ', "").contains("[U+5F35][U+5049],[U+1F600][U+0000][U+FEFF][U+E000]"));
    assert!(words.contains("characters are not in this document’s font"), "and the report says so");
}

/// Every character of the basic plane and some beyond, 1,920 at a time: whatever is recorded, there is a PDF.
#[test]
fn no_character_fails_the_document() {
    let planes = (0u32..0x1_0000).chain(0x1_f600..0x1_f640).chain(0xe_0001..0xe_0010);
    let all: Vec<char> = planes.filter_map(char::from_u32).collect();
    for chunk in all.chunks(1_920) {
        let fields: Vec<String> = chunk.chunks(64).map(|chars| chars.iter().collect()).collect();
        let mut evidence = nothing();
        let one = |field: &String| identity("everything", &[field], Strength::Strong);
        evidence.identities = fields.iter().map(one).collect();
        files(&evidence);
    }
}

#[test]
fn the_pdf_is_an_archive_and_accessible() {
    let made = files(&everything());
    let pdf = &made[2];
    let contains = |needle: &str| pdf.windows(needle.len()).any(|window| window == needle.as_bytes());
    for (mark, what) in [
        ("<pdfaid:part>3</pdfaid:part>", "PDF/A-3"),
        ("<pdfaid:conformance>A</pdfaid:conformance>", "level A"),
        ("<pdfuaid:part>1</pdfuaid:part>", "PDF/UA-1"),
    ] {
        assert!(contains(mark), "{what}");
    }
    if let Some((_, info)) = tool("pdfinfo", &["FILE"], pdf) {
        assert!(info.contains("Tagged:          yes"), "{info}");
        assert!(info.contains("019cd750-3a00-7001-8000-000000000001"), "{info}");
        assert!(info.contains("Mar 10 18:25:00 2026"), "the time of production, not of rendering: {info}");
    }
    if let Some((_, fonts)) = tool("pdffonts", &["FILE"], pdf) {
        let rows: Vec<&str> = fonts.lines().skip(2).collect();
        assert!(
            !rows.is_empty() && rows.iter().all(|row| row.contains(" yes yes yes ")),
            "embedded, subset, readable: {fonts}"
        );
    }
    if let Some((holds, said)) = tool("qpdf", &["--check", "FILE"], pdf) {
        assert!(holds, "{said}");
    }
    if let Some((_, attached)) = tool("qpdf", &["--show-attachment=report.json", "FILE"], pdf) {
        assert!(attached.as_bytes() == made[0], "the JSON is attached, byte for byte");
    }
    if let Some((_, outline)) = tool("qpdf", &["--json", "--json-key=outlines", "FILE"], pdf) {
        for title in ["2 Accesses", "12 Coverage", "Annex A: every entry", "Annex B: the signed checkpoint"] {
            assert!(outline.contains(title), "bookmark {title}: {outline}");
        }
    }
}

/// A key that is broken over two lines does not copy as a key.
#[test]
fn keys_and_signatures_copy_whole_out_of_the_pdf() {
    for origin in ["ledger.example/a", "ledger.example.org/the-agents-of-a-very-large-house/production/europe-central"]
    {
        let mut evidence = everything();
        let key = format!("{origin}+5d3c8a01+AQpTVwdPW1TrTkRZGEvQtZ0yPwH3yT0aYhSk5Yp3fHqX");
        (evidence.head.origin, evidence.head.verifier_key) = (origin.into(), key.clone());
        let Some(words) = words_of_pdf(&files(&evidence)[2]) else { return };
        assert!(words.contains(&format!("--vkey \\ '{key}'")), "{origin}");
    }
}

/// A cell longer than a page goes on on the next one; nothing is cut off unseen.
#[test]
fn what_is_longer_than_a_page_goes_on() {
    let long = |n: usize| format!("{}-{n}", "abcdefghijklmnop".repeat(16));
    let mut evidence = with(vec![
        read(1)
            .person(|person| {
                let field = |n| field(&format!("/result/{}", long(n)), Category::Contact, Direction::Result);
                person.fields = (0..24).map(field).collect();
            })
            .body(|body| body.actors[0].name = long(77))
            .done(),
    ]);
    evidence.coverage = (0..40)
        .map(|n| covered(&long(n), CoverageState::Down, DAY + n as u64 * HOUR, DAY + n as u64 * HOUR + 1))
        .collect();
    let made = files(&evidence);
    let Some(words) = words_of_pdf(&made[2]) else { return };
    let words = words.replace(' ', "");
    for n in [0, 11, 23, 77] {
        assert!(words.contains(&format!("mnop-{n}")), "the end of name {n} is printed");
    }
}

#[test]
fn five_thousand_rows_are_told_and_cut_visibly() {
    let made = files(&rows(5_000));
    let report: serde_json::Value = serde_json::from_slice(&made[0]).expect("JSON");
    assert_eq!(report["entries"].as_array().map(Vec::len), Some(5_000), "the JSON has all of them");
    assert!(report["lines"].as_array().map_or(0, Vec::len) < 60, "alike lines are merged");
    let sentence = "3,000 more entries are not printed here. They stand in the JSON that belongs to this report.";
    assert!(words_of_html(&text(&made[1])).contains(sentence));
    if let Some(words) = words_of_pdf(&made[2]) {
        assert!(words.contains(sentence));
    }
}
