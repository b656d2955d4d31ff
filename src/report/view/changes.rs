//! Which report this one supersedes, and what it says otherwise, as every report shows it.

use super::cover::pair;
use super::*;
use crate::report::access::document::SupersededFact;
use crate::report::changes::ChangeFact;
use crate::report::wording::Wording;

/// In the header.
pub fn line(w: &Wording, supersedes: Option<&SupersededFact>, none: String) -> Pair {
    let text = match supersedes {
        Some(earlier) => {
            let entry = w.number(earlier.entry.0);
            fill(&w.fact.supersedes_value, &[("id", &earlier.report_id), ("entry", &entry)])
        }
        None => none,
    };
    pair(&w.fact.supersedes, text, Style::Plain)
}

/// What introduces the list: how it is meant, and how much can no longer be compared.
pub fn intro(w: &Wording, supersedes: Option<&SupersededFact>) -> Vec<String> {
    let x = &w.exposure.intro;
    let erased = supersedes.and_then(|earlier| earlier.erased).map(|erased| w.plural(&x.changes_erased, erased));
    std::iter::once(x.changes.clone()).chain(erased).collect()
}

/// Every figure and fact that is another, by its path.
pub fn table(w: &Wording, extent: Extent, changes: &[ChangeFact]) -> Block {
    let t = &w.exposure.table;
    let columns = vec![column(&t.what, 50), column(&t.before, 25), column(&t.after, 25)];
    let told =
        |value: &Option<String>| plain(value.as_ref().map_or_else(|| w.time.none.clone(), |value| w.told(value)));
    let line = |change: &ChangeFact| {
        row([cell([(change.path.clone(), Style::Code)]), told(&change.before), told(&change.after)])
    };
    let caption = &w.exposure.section.changes;
    sections::table((w, extent), TableStyle::Plain, caption, columns, changes.iter().map(line), ROWS_MAX)
}
