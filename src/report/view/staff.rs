//! Whom of those who acted this report names, by whose decision, and why.

use super::sections::{Content, simple};
use super::words::Words;
use super::*;
use crate::report::access::answer::identity_text;
use crate::report::access::document::*;

/// What a decision says, or that it was taken back.
pub fn said(words: &Words<'_>, fact: &StaffFact, text: &Option<String>) -> (String, Style) {
    match (text, &fact.taken_back) {
        (Some(text), _) => (text.clone(), Style::Plain),
        (None, Some(back)) => (fill(&words.w.staff.taken_back, &[("n", &words.number(back.entry.0))]), Style::Note),
        (None, None) => (words.w.missing.value.clone(), Style::Missing),
    }
}

pub fn staff(words: &Words<'_>) -> Content {
    let (w, s) = (words.w, &words.w.staff);
    let identities = |all: &[PersonIdentity]| match all {
        [] => (s.gone.clone(), Style::Note),
        all => (w.list(&all.iter().map(|it| identity_text(w, it)).collect::<Vec<_>>(), 6), Style::Plain),
    };
    let row_of = |fact: &StaffFact| {
        let entry = |text: &str, entry: EntryIndex| (fill(text, &[("n", &words.number(entry.0))]), Style::Note);
        let party = words.party(&Party::OtherPerson { number: Some(fact.number) });
        row([
            cell([(party, Style::Strong), entry(&s.acts_in, fact.entry)]),
            cell([identities(&fact.decided_by), entry(&s.decision, fact.decision)].into_iter().chain(
                fact.taken_back.iter().flat_map(|back| [identities(&back.by), entry(&s.taken_back, back.entry)]),
            )),
            cell([said(words, fact, &fact.reasons)]),
            cell([said(words, fact, &fact.interest)]),
        ])
    };
    let columns = vec![column(&s.who, 28), column(&s.decided_by, 20), column(&s.reasons, 26), column(&s.interest, 26)];
    (vec![w.intro.staff.clone()], vec![simple(words, &w.section.staff, columns, words.report.staff.iter().map(row_of))])
}
