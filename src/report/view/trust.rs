//! What a reader may hold the report to: who else looked, what logging supports, by which clocks, what is missing, and how it
//! is checked.

use super::sections::{Content, because, simple};
use super::words::Words;
use super::*;
use crate::report::access::document::*;
use crate::report::wording::word;

pub fn reports(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let caller = |name: Option<&Name>, assurance| {
        cell([(words.name_or_not_stated(name), Style::Plain), (words.code(&w.assurance, assurance), Style::Note)])
    };
    let earlier = report.earlier_reports.iter().map(|fact| {
        let values = [("size", words.number(fact.size)), ("cut_off", words.instant(fact.cut_off))];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let as_known = fill(&w.fact.earlier_value, &values);
        row([
            plain(words.number(fact.entry.0)),
            cell([(words.code(&w.report_type, fact.report_type), Style::Plain), (fact.report_id.clone(), Style::Code)]),
            caller(fact.caller.as_ref(), fact.assurance),
            plain(words.instant(fact.recorded_at)),
            plain(as_known),
        ])
    });
    let columns = vec![
        number_column(&t.entry, 9),
        column(&t.report, 31),
        column(&t.caller, 20),
        column(&t.recorded, 16),
        column(&t.as_known_at, 24),
    ];
    let has_reads = report.ledger_reads.as_ref().is_some_and(|reads| !reads.is_empty());
    let mut blocks = match (earlier.len(), has_reads) {
        (0, true) => Vec::new(),
        _ => vec![simple(words, &w.section.reports, columns, earlier)],
    };
    match &report.ledger_reads {
        Some(reads) if !reads.is_empty() => {
            let rows = reads.iter().map(|fact| {
                let last = fact.first.0.saturating_add(fact.count.saturating_sub(1));
                row([
                    plain(words.number(fact.entry.0)),
                    plain(match fact.verb.0 {
                        crate::model::Verb::ReportProduce => w.mark.report_again.clone(),
                        _ => words.code(&w.verb, fact.verb),
                    }),
                    caller(fact.caller.as_ref(), fact.assurance),
                    plain(words.instant(fact.recorded_at)),
                    plain(words.entries(fact.first, EntryIndex(last))),
                ])
            });
            let columns = vec![
                number_column(&t.entry, 9),
                column(&t.reading, 31),
                column(&t.caller, 20),
                column(&t.recorded, 16),
                column(&t.range, 24),
            ];
            blocks.push(simple(words, &t.reading, columns, rows));
        }
        Some(_) => {}
        None => blocks.push(Block::Note { text: w.intro.reads_unknown.clone() }),
    }
    (vec![w.intro.reports.clone()], blocks)
}

pub fn coverage(words: &Words<'_>) -> Content {
    let (w, t, coverage) = (words.w, &words.w.table, &words.report.coverage);
    let spans = |spans: &[Span]| {
        let spans: Vec<String> = spans.iter().map(|span| words.span(span)).collect();
        w.list(&spans, super::words::LISTED)
    };
    let row_of = |source: &SourceCoverage| {
        let gaps: Vec<String> = source.gaps.iter().map(|gap| words.gap(gap)).collect();
        let silent = source.statements == 0;
        let states = if silent {
            vec![(w.coverage.nothing.clone(), Style::Warning)]
        } else {
            let counted = |plural, count| if count == 0 { String::new() } else { w.plural(plural, count) };
            vec![
                (w.plural(&w.coverage.statements, source.statements), Style::Plain),
                (counted(&w.coverage.heartbeats, source.heartbeats), Style::Note),
                (counted(&w.coverage.refused, source.refused), Style::Warning),
            ]
        };
        let unregistered = if source.registered { String::new() } else { w.coverage.unregistered.clone() };
        row([
            cell([(source.source.clone(), Style::Strong), (unregistered, Style::Warning)]),
            cell(states),
            plain(spans(&source.complete)),
            cell([(w.list(&gaps, super::words::LISTED), Style::Warning)]),
            plain(spans(&source.unstated)),
        ])
    };
    let columns = vec![
        column(&t.source, 16),
        column(&t.states, 15),
        column(&t.complete, 22),
        column(&t.gaps, 25),
        column(&t.unstated, 22),
    ];
    let rows = coverage.sources.iter().map(row_of);
    let mut blocks = Vec::new();
    if coverage.sources.is_empty() {
        blocks.push(Block::Note { text: w.coverage.no_sources.clone() });
    } else {
        blocks.push(simple(words, &w.section.coverage, columns, rows));
    }
    if coverage.unregistered_sources > 0 {
        let n = words.number(coverage.unregistered_sources);
        blocks.push(Block::Note { text: fill(&w.coverage.unregistered_sources, &[("n", &n)]) });
    }
    if !coverage.downtimes.is_empty() {
        let spans: Vec<String> = coverage.downtimes.iter().map(|gap| words.span(&gap.span)).collect();
        let text = format!("{} {}.", w.coverage.downtimes, w.list(&spans, super::words::LISTED));
        blocks.push(Block::Note { text });
    }
    let (sentence, _) = words.verdict(coverage.sentence);
    let mut intro = vec![w.intro.coverage.clone()];
    intro.push(format!("{}: {sentence}.", w.verdict.beyond));
    intro.extend(because(w, &coverage.limits));
    (intro, blocks)
}

pub fn clock(words: &Words<'_>) -> Content {
    (vec![words.w.intro.clock.clone()], vec![super::clock::block(words.w, Some(&words.report.clock))])
}

pub fn completeness(words: &Words<'_>) -> Content {
    let (w, t, completeness) = (words.w, &words.w.table, &words.report.completeness);
    let row_of = |fact: &ProvisionFact| {
        let (state, style) = match fact.provision {
            Provision::Provided => (&w.provision.provided, Style::Plain),
            Provision::Partly => (&w.provision.partly, Style::Plain),
            Provision::NotProvided => (&w.provision.not_provided, Style::Missing),
            Provision::NotApplicable => (&w.provision.not_applicable, Style::Note),
        };
        let number = fact.field.split('.').next().unwrap_or_default();
        let number = if number == "H" { String::new() } else { number.to_owned() };
        let mut row = row([plain(number), plain(word(&w.field, &fact.field)), cell([(state.clone(), style)])]);
        if fact.provision == Provision::NotProvided {
            row.tone = Tone::Missing;
        }
        row
    };
    let columns = vec![column(&t.number, 8), column(&t.asked, 70), column(&t.state, 22)];
    let rows = completeness.fields.iter().map(row_of);
    let summary = fill(
        &w.provision.summary,
        &[
            ("provided", &words.number(completeness.provided)),
            ("partly", &words.number(completeness.partly)),
            ("not_provided", &words.number(completeness.not_provided)),
            ("not_applicable", &words.number(completeness.not_applicable)),
        ],
    );
    (
        vec![w.intro.completeness.clone(), summary],
        vec![simple(words, &w.section.completeness, columns, rows), Block::Note { text: w.intro.restriction.clone() }],
    )
}

/// How far sealed parts were tried, so that a dropped row of an index hides nothing.
pub fn tried(words: &Words<'_>) -> String {
    let (w, checked) = (words.w, &words.report.header.verification);
    match (checked.searched, checked.has_keys) {
        (false, _) => w.plural(&w.notice[Notice::NotSearched.code()], 1),
        (true, false) => w.verification.no_keys.clone(),
        (true, true) => w.plural(&w.verification.tried, checked.parts_tried),
    }
}

/// What to type, and what must come of it.
pub fn how_to_check(words: &Words<'_>) -> Vec<Block> {
    let (w, header) = (words.w, &words.report.header);
    let size = words.number(header.question.size);
    vec![
        Block::Text { text: w.intro.verify_command.clone() },
        Block::Code { text: header.as_known_at.verify_command.clone() },
        Block::Text { text: fill(&w.intro.verify_hint, &[("size", &size)]) },
    ]
}

pub fn verification(words: &Words<'_>) -> Content {
    let (w, header) = (words.w, &words.report.header);
    let (checked, head): (&Verification, &HeadFact) = (&header.verification, &header.as_known_at);
    let text = format!(
        "{} {}",
        w.plural(&w.verification.counted, checked.entries_counted),
        w.plural(&w.verification.proved, checked.entries_proved)
    );
    let mut blocks = how_to_check(words);
    blocks.extend([Block::Code { text: head.root.clone() }, Block::Facts { pairs: cover::technical(words) }]);
    (vec![w.intro.verification.clone(), text, tried(words), w.intro.not_proved_here.clone()], blocks)
}

pub fn checkpoint(words: &Words<'_>) -> Content {
    let head = &words.report.header.as_known_at;
    (Vec::new(), vec![Block::Code { text: head.checkpoint.trim_end().to_owned() }])
}
