//! What each source stated, as every report that has one table of it shows it.

use super::*;
use crate::report::access::document::{Gap, Span};
use crate::report::exposure::document::CoverageFact;
use crate::report::wording::Wording;

/// Most things in a list inside a cell.
const LISTED: usize = 6;

pub fn intro(w: &Wording, coverage: &CoverageFact) -> Vec<String> {
    let because = sections::because(w, &coverage.limits);
    std::iter::once(w.intro.coverage.clone()).chain(because).collect()
}

pub fn table(w: &Wording, extent: Extent, coverage: &CoverageFact) -> Block {
    let t = &w.table;
    let spans = |spans: &[Span]| {
        let spans: Vec<String> = spans.iter().map(|span| w.span(span.from, span.until)).collect();
        w.list(&spans, LISTED)
    };
    let gaps = |gaps: &[Gap]| {
        let gaps: Vec<String> = gaps.iter().map(|gap| w.span(gap.span.from, gap.span.until)).collect();
        cell([(w.list(&gaps, LISTED), Style::Warning)])
    };
    let source = |source: &crate::report::access::document::SourceCoverage| {
        row([
            cell([(source.source.clone(), Style::Strong)]),
            plain(spans(&source.complete)),
            gaps(&source.gaps),
            plain(spans(&source.unstated)),
        ])
    };
    let mut rows: Vec<Row> = coverage.sources.iter().map(source).collect();
    if !coverage.downtimes.is_empty() {
        let none = || plain(w.time.none.clone());
        let own = cell([(w.verdict.ledger.clone(), Style::Strong)]);
        rows.push(row([own, none(), gaps(&coverage.downtimes), none()]));
    }
    let columns = vec![column(&t.source, 22), column(&t.complete, 26), column(&t.gaps, 26), column(&t.unstated, 26)];
    let caption = &w.exposure.section.coverage;
    sections::table((w, extent), TableStyle::Plain, caption, columns, rows.into_iter(), ROWS_MAX)
}
