//! The first page: what may be said, the figures, what to know before trusting them, and what was asked.

use super::heading::heading;
use super::words::Words;
use super::*;
use crate::model::ReportType;
use crate::report::access::document::{self, HeadFact, KeptFact, Limit, Notice, Range, TemplateFact};
use crate::report::wording::word;

/// Identities told in the line below the title.
const IDENTITIES_MAX: usize = 4;

/// Identities told among the facts.
const IDENTITIES_SHOWN: usize = 30;

pub fn person(words: &Words<'_>) -> String {
    let known = &words.report.person;
    let asked = std::slice::from_ref(&words.report.header.question.subject);
    let identities = if known.is_empty() { asked } else { known.as_slice() };
    let identities: Vec<String> = identities.iter().map(|identity| words.identity(identity)).collect();
    words.w.list(&identities, IDENTITIES_MAX)
}

pub fn verdicts(words: &Words<'_>) -> Vec<Verdict> {
    let w = &words.w.verdict;
    let answer = &words.report.answer;
    let limits: Vec<String> = words
        .report
        .coverage
        .limits
        .iter()
        .map(|limit: &Limit| word(&words.w.limit, limit.code()).to_owned())
        .collect();
    let because = fill(&w.because, &[("limits", &limits.join("; "))]);
    [(&w.data, answer.verdict), (&w.humans, answer.humans), (&w.beyond, answer.beyond)]
        .into_iter()
        .enumerate()
        .map(|(at, (label, verdict))| {
            let (text, tone) = words.verdict(verdict);
            // The reasons are the same for all, and told once, where a negative is told in general.
            let tells = at == 2 && verdict == document::Verdict::NotDeterminable && !limits.is_empty();
            Verdict { label: label.clone(), text, because: tells.then(|| because.clone()), tone }
        })
        .collect()
}

pub fn figures(words: &Words<'_>) -> Vec<Figure> {
    let (w, totals) = (&words.w.figure, &words.report.totals);
    let undetermined = &words.report.undetermined;
    let figure = |range: Range, labels: [&String; 2], note: String, tone: Tone| {
        let [one, more] = labels;
        Figure { value: words.range(&range), label: one_or_more(&range, one, more).to_owned(), note, tone }
    };
    let into = words.number(totals.attempts_into_tools);
    let with = words.number(undetermined.with_this_person);
    vec![
        figure(
            totals.processed,
            [&w.processed_one, &w.processed],
            fill(&w.processed_note, &[("in_person", &words.range(&totals.processed_by.in_person))]),
            Tone::Processed,
        ),
        figure(totals.shown_to_humans, [&w.humans_one, &w.humans], w.humans_note.clone(), Tone::Shown),
        figure(
            totals.arguments_only,
            [&w.arguments_only_one, &w.arguments_only],
            w.arguments_only_note.clone(),
            Tone::ArgumentsOnly,
        ),
        figure(
            totals.attempts,
            [&w.attempts_one, &w.attempts],
            fill(&w.attempts_note, &[("into", &into)]),
            Tone::Attempt,
        ),
        figure(
            Range::exactly(undetermined.actions),
            [&w.undetermined_one, &w.undetermined],
            fill(&w.undetermined_note, &[("with", &with)]),
            Tone::Possible,
        ),
        figure(
            Range::exactly(words.report.possible.acts),
            [&w.possible_one, &w.possible],
            w.possible_note.clone(),
            Tone::OtherPart,
        ),
    ]
}

pub fn notices(words: &Words<'_>) -> Vec<String> {
    let notices = words.report.notices.iter();
    let as_amended = words.report.totals.processed_as_amended.as_ref();
    let as_amended = as_amended.map(|range| {
        let times = words.w.plural_range(&words.w.count.times, range.low, range.high);
        fill(&words.w.intro.as_amended, &[("times", &times)])
    });
    let told = notices.flat_map(|fact| match (words.w.notice.get(fact.notice.code()), fact.notice) {
        (None, _) => Vec::new(),
        (Some(sentence), Notice::KeptForMatter) => {
            let since = |kept: &KeptFact| {
                fill(&words.w.plural(sentence, kept.parts), &[("entry", &words.number(kept.since.0))])
            };
            words.report.kept.iter().map(since).collect()
        }
        (Some(sentence), _) => vec![words.w.plural(sentence, fact.count)],
    });
    told.chain(as_amended).collect()
}

/// What was asked, by whom, and as known when.
pub fn facts(words: &Words<'_>) -> Vec<Pair> {
    let (w, header) = (words.w, &words.report.header);
    let (f, head) = (&w.fact, &header.as_known_at);
    let zoned = |at| words.exact(at);
    let known = &words.report.person;
    let mut identities: Vec<Piece> =
        known.iter().take(IDENTITIES_SHOWN).map(|known| Piece::new(words.identity(known), Style::Plain)).collect();
    if known.len() > IDENTITIES_SHOWN {
        let n = words.number((known.len() - IDENTITIES_SHOWN) as u64);
        identities.push(Piece::new(fill(&w.intro.list_cut, &[("n", &n)]), Style::Note));
    }
    let asked = words.identity(&header.question.subject);
    let person = if identities.is_empty() { vec![Piece::new(asked.clone(), Style::Plain)] } else { identities };
    let query = fill(
        &f.query_value,
        &[
            ("person", &asked),
            ("origin", &head.origin),
            ("size", &words.number(header.question.size)),
            ("cut_off", &zoned(header.question.cut_off)),
        ],
    );
    let times = words.report.totals.times.as_ref().map(|times| words.times(times)).unwrap_or_default();
    let times = if times.is_empty() { vec![(w.time.none.clone(), Style::Plain)] } else { times };
    let times = times.into_iter().map(|(text, style)| Piece { text, style }).collect();
    let period = words.exact_span(&header.question.period);
    // Only a report that was asked to says what it says otherwise than another, and stands in its place.
    let earlier = words.report.earlier_reports.iter().rfind(|report| report.report_type.0 == ReportType::Access);
    let none = match earlier {
        Some(earlier) => {
            let entry = words.number(earlier.entry.0);
            fill(
                &f.supersedes_earlier,
                &[("id", &earlier.report_id), ("entry", &entry), ("n", &earlier.entry.0.to_string())],
            )
        }
        None => fill(&f.supersedes_none, &[("size", &words.number(header.question.size))]),
    };
    let mut pairs = vec![
        Pair { label: f.person.clone(), value: person },
        pair(&f.query, query, Style::Plain),
        pair(&f.period, period, Style::Plain),
        Pair { label: f.times.clone(), value: times },
    ];
    let heading = heading!(header);
    pairs.extend(heading.known_and_asked(w, Some(&words.report.clock)));
    pairs.extend(heading.made_for(w));
    pairs.push(changes::line(w, header.supersedes.as_ref(), none));
    pairs
}

/// By what the report can be held to the ledger and to its template.
pub fn technical(words: &Words<'_>) -> Vec<Pair> {
    let (f, header) = (&words.w.fact, &words.report.header);
    let head = &header.as_known_at;
    let custodian = fill(
        &f.custodian_value,
        &[
            ("custodian", word(&f.custodian_class, &head.custodian)),
            ("generation", &words.number(head.vault_generation)),
        ],
    );
    let template = template_text(words.w, &header.template);
    vec![
        pair(&f.report_id, header.report_id.clone(), Style::Code),
        pair(&f.root, head.root.clone(), Style::Code),
        pair(&f.verifier_key, head.verifier_key.clone(), Style::Code),
        pair(&f.custodian, custodian, Style::Plain),
        pair(&f.template, template, Style::Plain),
    ]
}

pub fn pair(label: &str, text: String, style: Style) -> Pair {
    Pair { label: label.to_owned(), value: vec![Piece { text, style }] }
}

pub fn given(label: &str, given: &Option<String>, placeholder: &str) -> Pair {
    match given {
        Some(text) => pair(label, text.clone(), Style::Plain),
        None => pair(label, placeholder.to_owned(), Style::Missing),
    }
}

/// Which template and wording, as a lawyer signed it.
fn template_text(w: &Wording, template: &TemplateFact) -> String {
    fill(
        &w.fact.template_value,
        &[
            ("id", &template.id),
            ("version", &w.number(template.version)),
            ("language", &template.language),
            ("digest", &template.digest),
            ("zone", &template.zone),
            ("tzdata", template.tzdata.as_deref().unwrap_or(&w.time.none)),
        ],
    )
}

/// How a report that names its entries one by one is checked: how many were proved, under which head, and what to type.
pub fn verification(
    w: &Wording,
    report_id: &str,
    template: &TemplateFact,
    head: &HeadFact,
    entries_proved: u64,
) -> Vec<Block> {
    let f = &w.fact;
    vec![
        Block::Text { text: w.plural(&w.exposure.count.proved, entries_proved) },
        Block::Facts {
            pairs: vec![
                pair(&f.report_id, report_id.to_owned(), Style::Code),
                pair(&f.root, head.root.clone(), Style::Code),
                pair(&f.verifier_key, head.verifier_key.clone(), Style::Code),
                pair(&f.template, template_text(w, template), Style::Plain),
            ],
        },
        Block::Code { text: head.verify_command.clone() },
        Block::Code { text: head.checkpoint.clone() },
    ]
}
