//! That nobody looked, that there was no access, that nothing was mishandled: said in one of the four permitted sentences, with
//! what is known of logging beside it, or not at all (REPORTS 2.2). Held against all wording and against every report of every
//! scenario, in each language.
//!
//! A clause is a negative where it has a word that denies and a word of access. Whoever writes a new one either says it with
//! the sentence (`{verdict}`), or puts its key here, in the open, below the reason why it concludes nothing.

use super::common::{run, whosaw};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

struct Tongue {
    code: &'static str,
    text: &'static str,
    /// What the report for the person says in the place of that.
    own: &'static str,
    denying: &'static [&'static str],
    of_access: &'static [&'static str],
}

const TONGUES: [Tongue; 2] = [
    Tongue {
        code: "en",
        text: include_str!("../../reports/wording/en.toml"),
        own: include_str!("../../reports/wording/person/en.toml"),
        denying: &["no", "nobody", "none", "nothing", "never", "not", "without", "neither", "nowhere"],
        of_access: &[
            "access",
            "accessed",
            "accesses",
            "saw",
            "seen",
            "see",
            "look",
            "looked",
            "looks",
            "read",
            "reads",
            "shown",
            "mishandled",
            "disclosed",
            "disclosure",
            "given",
            "got",
            "get",
            "opened",
            "processed",
            "exposed",
            "reached",
            "had",
            "copied",
            "recorded",
        ],
    },
    Tongue {
        code: "de",
        text: include_str!("../../reports/wording/de.toml"),
        own: include_str!("../../reports/wording/person/de.toml"),
        denying: &[
            "kein",
            "keine",
            "keinen",
            "keinem",
            "keiner",
            "keines",
            "niemand",
            "niemandem",
            "niemanden",
            "nichts",
            "nie",
            "nicht",
            "ohne",
            "weder",
            "nirgends",
        ],
        of_access: &[
            "zugriff",
            "zugriffe",
            "zugriffs",
            "zugegriffen",
            "sah",
            "gesehen",
            "einsicht",
            "eingesehen",
            "einsehen",
            "gelesen",
            "angezeigt",
            "missbräuchlich",
            "behandelt",
            "offengelegt",
            "offenlegung",
            "erhalten",
            "bekam",
            "geöffnet",
            "verarbeitet",
            "erlangen",
            "erlangt",
            "kenntnis",
            "aufgezeichnet",
            "abgerufen",
        ],
    },
];

/// Negatives that conclude nothing about access.
const HARMLESS: &[&str] = &[
    // They say that it is not known, or cannot be said.
    "answer.possible",
    "answer.humans_possible",
    "answer.taken",
    "breach.phase.not_on_file",
    "breach.figure.not_excluded",
    "breach.figure.not_excluded_note",
    "breach.list.ruled_out",
    "breach.form.56.options.b",
    "breach.intro.persons",
    "breach.seen.cannot_be_excluded",
    "data.audience",
    "data.humans_given",
    "exposure.answer.copies_elsewhere",
    "exposure.answer.given",
    "exposure.answer.given_and_others",
    "exposure.answer.holds",
    "exposure.answer.saw_and_others",
    "exposure.answer.saw_uncounted",
    "exposure.answer.shown_to_uncounted",
    "exposure.answer.to_unknown_model",
    "exposure.claim.lost",
    "exposure.claim.not_assessed",
    "exposure.claim.refuted",
    "exposure.notice.unknown_resource",
    "intro.reads_unknown",
    "limit.not_logged",
    "mark.break_glass",
    "notice.reads_not_searched.one",
    "notice.reads_not_searched.other",
    // Of one act or thing that is recorded, what is known of it.
    "breach.count.accesses.one",
    "breach.count.accesses.other",
    "breach.count.accesses_column",
    "breach.event.all_given",
    "breach.event.all_got",
    "breach.event.given",
    "breach.event.gone",
    "breach.event.opened",
    "class_meaning.arguments_only",
    "exposure.approved.categories_unknown",
    "exposure.approved.given_later",
    "exposure.approved.not_on_file",
    "exposure.figure.uncountable",
    "exposure.form.encrypted",
    "exposure.form.pseudonymised",
    "exposure.notice.pruned",
    "exposure.oddity.closes_nothing",
    "exposure.oddity.history_not_hidden",
    "exposure.oddity.no_path_on_file",
    "exposure.rung.tried",
    "exposure.table.no_policy",
    "figure.arguments_only_note",
    "sheet.column.attempts",
    "sheet.column.given_to_humans",
    "sheet.column.not_assessed_accesses",
    "sheet.column.unauthorised_accesses",
    // How to read what is told.
    "exposure.figure.machines_note",
    "exposure.intro.accesses",
    "exposure.intro.how_to_read",
    "exposure.intro.losses",
    "exposure.intro.people",
    "exposure.intro.policies",
    "exposure.intro.windows",
    "figure.possible_note",
    "intro.as_amended",
    "intro.not_proved_here",
    "intro.rungs",
    "intro.timeline",
    // Of other things than access to data.
    "breach.answer.need_not_stated",
    "breach.notice.retracted",
    "breach.phase.left_needed_by_facts",
    "breach.phase.needed_by_facts",
    "breach.phase.not_needed",
    "breach.state.hidden",
    "clock.not_synchronised",
    "doubt.arguments_not_parsed",
    "doubt.result_not_parsed",
    "erratum.first_unknown",
    "fact.supersedes_none",
    "intro.nothing_here",
    "intro.restriction",
    "verification.tried.one",
    "verification.tried.other",
    // An answer that the authority's form offers; the ledger proposes it only where logging was complete.
    "breach.form.56.options.c",
];

/// Where a verdict is filled in.
const PLACES: [&str; 2] = ["{verdict}", "{beyond}"];

/// Sections that say who reached what, or could.
const OF_ACCESS: [&str; 13] = [
    "accesses",
    "agents",
    "principals",
    "recipients",
    "people",
    "holdings",
    "disclosures",
    "subjects",
    "windows",
    "groups",
    "fields",
    "keys",
    "countries",
];

/// By key, as an edition says them.
fn strings(tongue: &Tongue, edition: &str) -> BTreeMap<String, String> {
    fn walk(table: &toml::Table, path: &str, all: &mut BTreeMap<String, String>) {
        for (key, value) in table {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match value {
                toml::Value::Table(table) => walk(table, &path, all),
                toml::Value::String(text) => drop(all.insert(path, text.clone())),
                _ => {}
            }
        }
    }
    let mut all = BTreeMap::new();
    let own = if edition == "person" { tongue.own } else { "" };
    for text in [tongue.text, own] {
        walk(&text.parse().expect("the wording is TOML"), "", &mut all);
    }
    all
}

fn clauses(text: &str) -> impl Iterator<Item = &str> {
    text.split(". ")
        .flat_map(|text| text.split("; "))
        .flat_map(|text| text.split(": "))
        .flat_map(|text| text.split(" – "))
}

fn has_any(clause: &str, words: &[&str]) -> bool {
    let lower = clause.to_lowercase();
    let said: BTreeSet<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    words.iter().any(|word| said.contains(word))
}

impl Tongue {
    fn denies(&self, clause: &str) -> bool {
        // A path in the JSON is no clause.
        if !clause.trim_matches([' ', '–']).contains(' ') {
            return false;
        }
        has_any(clause, self.denying) && has_any(clause, self.of_access)
    }

    /// What it denies may be filled in.
    fn has_denying(&self, clause: &str) -> bool {
        has_any(clause, self.denying)
    }

    /// The sentences, up to where they name gaps.
    fn permitted(&self, strings: &BTreeMap<String, String>) -> [String; 3] {
        let of = |key: &str| strings[&format!("verdict.{key}")].split('{').next().unwrap_or_default().to_owned();
        [of("none_complete"), of("none_incomplete"), of("not_determinable")]
    }
}

/// Whether a clause of a report is this clause of the wording, with something filled in.
fn is_filled(template: &str, clause: &str) -> bool {
    let mut pieces = template.split('{').enumerate().map(|(at, piece)| match at {
        0 => piece,
        _ => piece.split_once('}').map_or("", |(_, rest)| rest),
    });
    let trim = |text: &str| text.trim_matches(|c: char| c.is_whitespace() || "–.".contains(c)).to_owned();
    let Some(mut rest) = trim(clause).strip_prefix(&trim(pieces.next().unwrap_or_default())).map(str::to_owned) else {
        return false;
    };
    let mut is_open = false;
    for piece in pieces.map(trim) {
        let Some(at) = rest.find(&piece) else { return false };
        rest = rest.split_off(at + piece.len());
        is_open = piece.is_empty();
    }
    is_open || rest.trim().is_empty()
}

#[test]
fn no_wording_concludes_that_nobody_looked_but_in_the_permitted_sentences() {
    let (mut wrong, mut needed) = (Vec::new(), BTreeSet::new());
    for (tongue, edition) in TONGUES.iter().flat_map(|tongue| ["lawyer", "person"].map(|edition| (tongue, edition))) {
        let strings = strings(tongue, edition);
        let permitted = tongue.permitted(&strings);
        for (key, text) in &strings {
            if !clauses(text).any(|clause| tongue.denies(clause)) {
                continue;
            }
            let is_said = permitted.iter().any(|said| text.contains(said)) || PLACES.iter().any(|it| text.contains(it));
            let is_known = HARMLESS.contains(&key.as_str());
            needed.extend(is_known.then_some(key.clone()));
            if !is_said && !is_known {
                wrong.push(format!("{} for a {edition}: {key} = {text}", tongue.code));
            }
        }
    }
    assert!(wrong.is_empty(), "say it with {{verdict}}:\n{}", wrong.join("\n"));
    let idle: Vec<&&str> = HARMLESS.iter().filter(|key| !needed.contains(**key)).collect();
    assert!(idle.is_empty(), "no longer needed: {idle:?}");
}

/// Pieces of a page that are read as one: what stands in one paragraph, cell or heading.
fn paragraphs(page: &str) -> Vec<(String, String)> {
    const INLINE: [&str; 8] = ["span", "strong", "em", "b", "i", "code", "small", "a"];
    let body = page.split_once("<main").expect("a page has a main part").1;
    let (mut all, mut text, mut section) = (Vec::new(), String::new(), String::new());
    for piece in body.split('<').skip(1) {
        let (tag, words) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        match INLINE.contains(&name) {
            true => text.push_str(" – "),
            false => all.push((section.clone(), std::mem::take(&mut text))),
        }
        if let Some((_, id)) = tag.split_once("id=\"").filter(|_| name == "h2") {
            section = id.split('"').next().unwrap_or_default().to_owned();
        }
        text.push_str(words);
    }
    all.push((section, text));
    let read = |text: &str| {
        let text = [("&#38;", "&"), ("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'")]
            .iter()
            .fold(text.to_owned(), |text, (entity, is)| text.replace(entity, is));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    all.into_iter().map(|(section, text)| (section, read(&text))).filter(|(_, text)| !text.is_empty()).collect()
}

/// English ones, those on a person for a lawyer, are held to it where every scenario is played.
#[test]
fn no_german_report_concludes_that_nobody_looked_but_in_the_permitted_sentences() {
    let kept = tempfile::tempdir().expect("a directory for a while");
    let mut command = whosaw();
    let as_asked = ["scenario", "run", "--language", "de", "--edition", "person", "--keep"];
    command.args(as_asked).arg(kept.path()).args(super::files());
    run(&mut command, 0);
    said_as_permitted(kept.path(), "de", "person");
}

/// Holds all reports that were kept there against the rule.
pub fn said_as_permitted(directory: &Path, language: &str, edition: &str) {
    let tongue = TONGUES.iter().find(|tongue| tongue.code == language).expect("a language of reports");
    // A report on resources has one edition; its texts are those of the other where that says nothing else.
    let (strings, all) = (strings(tongue, edition), strings(tongue, "lawyer"));
    let permitted = tongue.permitted(&strings);
    let harmless: Vec<String> = HARMLESS
        .iter()
        .flat_map(|key| [strings.get(*key), all.get(*key)])
        .flatten()
        .flat_map(|text| clauses(text).filter(|clause| tongue.has_denying(clause)).map(str::to_owned))
        .collect();
    let (mut pages, mut wrong) = (0, BTreeSet::new());
    for entry in std::fs::read_dir(directory).expect("reports were kept").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|ending| ending != "html") {
            continue;
        }
        pages += 1;
        let page = std::fs::read_to_string(&path).expect("a page");
        let json = std::fs::read(path.with_extension("json")).expect("its JSON");
        let report: Value = serde_json::from_slice(&json).expect("JSON");
        let sentence = report["coverage"]["sentence"].as_str().unwrap_or_default();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (section, text) in paragraphs(&page) {
            if OF_ACCESS.contains(&section.as_str()) && text == strings["intro.nothing_here"] {
                wrong.insert(format!("{name}: {section}: {text}"));
            }
            if text.contains(&permitted[0]) && sentence != "none_complete" {
                wrong.insert(format!("{name}: {text}: where logging is {sentence}"));
            }
            let is_said = permitted.iter().any(|said| text.contains(said));
            let is_harmless = |clause: &str| harmless.iter().any(|template| is_filled(template, clause));
            let denied = clauses(&text).filter(|clause| tongue.denies(clause) && !is_said && !is_harmless(clause));
            wrong.extend(denied.map(|clause| format!("{name}: {section}: {clause}")));
        }
        // What is known of logging is told in every report that can say any of it.
        assert!(page.contains("id=\"coverage\""), "{name}");
    }
    assert!(pages >= 150, "{pages} reports in {}", tongue.code);
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}: {} of them\n{}", tongue.code, wrong.len(), wrong.join("\n"));
}

/// The check itself finds what it is for.
#[test]
fn a_bare_negative_is_found() {
    let [english, german] = &TONGUES;
    for said in ["Nobody looked at it", "No user data was mishandled", "no access took place", "None recorded"] {
        assert!(english.denies(said), "{said}");
    }
    for said in ["Niemand hat es eingesehen", "Es gab keinen Zugriff", "Nichts aufgezeichnet"] {
        assert!(german.denies(said), "{said}");
    }
    assert!(!english.denies("e1 read it at 09:30"));
    assert!(is_filled("{copies} of it are not recorded as gone", "2 copies of it are not recorded as gone"));
    assert!(is_filled("whether they looked is not recorded", "whether they looked is not recorded."));
    assert!(!is_filled("{n} of it are not recorded as gone", "nobody looked"));
}
