//! What is gone from a report that was made again, before all else that it says.

use super::sections::table;
use super::*;
use crate::report::erratum::{ErasureFact, ErratumFact, MarkFact};
use crate::report::wording::word;

/// Rows of a table on a page.
const ROWS_MAX: usize = 150;

impl View {
    /// With the erratum as its first section, and said on the first page.
    pub fn with_erratum(mut self, w: &Wording, extent: Extent, erratum: Option<&ErratumFact>) -> View {
        let Some(erratum) = erratum else { return self };
        let e = &w.erratum;
        let entries: Vec<String> = erratum.erasures.iter().map(|it| w.number(it.entry.0)).collect();
        let why = fill(&e.notice, &[("n", &w.list(&entries, 12))]);
        let first = match &erratum.first {
            Some(digest) => fill(&e.first, &[("digest", digest)]),
            None => e.first_unknown.clone(),
        };
        self.notices.insert(0, why.clone());
        let caption = &e.erasures;
        let erasure = |fact: &ErasureFact| {
            row([
                plain(w.number(fact.entry.0)),
                plain(w.instant(fact.recorded_at)),
                plain(w.number(fact.covers)),
                plain(w.number(fact.marked)),
            ])
        };
        let columns = vec![
            number_column(&e.entry, 14),
            column(&e.erased_at, 34),
            number_column(&e.covers, 26),
            number_column(&e.marked, 26),
        ];
        let rows = erratum.erasures.iter().map(erasure);
        let erasures = table((w, extent), TableStyle::Plain, caption, columns, rows, ROWS_MAX);
        let mark = |fact: &MarkFact| {
            let roles: Vec<String> = fact.roles.iter().map(|role| word(&w.role, role.text()).to_owned()).collect();
            let gone = fill(word(&e.gone, fact.gone.code()), &[("n", &w.number(fact.by.0))]);
            row([plain(w.number(fact.entry.0)), plain(w.list(&roles, 6)), cell([(gone, Style::Warning)])])
        };
        let columns = vec![number_column(&e.entry, 14), column(&e.role, 36), column(&e.what, 50)];
        let rows = erratum.marks.iter().map(mark);
        let marks = table((w, extent), TableStyle::Plain, &e.marks, columns, rows, ROWS_MAX);
        let blocks = vec![
            Block::Heading { text: e.erasures.clone() },
            erasures,
            Block::Heading { text: e.marks.clone() },
            marks,
        ];
        let (id, number, title) = ("erratum".to_owned(), String::new(), e.title.clone());
        self.sections.insert(0, Section { id, number, title, intro: vec![why, first, e.others.clone()], blocks });
        self
    }
}
