//! What a statement of awareness that was taken back leaves to be said: that it was made, what the deadline was by it, and
//! whether the authority was notified. Whoever takes a statement back must not make a breach look as if nobody had known of it.

use super::document::CaseFact;
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill};

/// That no deadline runs, and why: nobody stated awareness yet, or whoever did took it back. One that was notified was.
pub fn no_deadline(w: &Wording, case: &CaseFact, until: Instant) -> String {
    let b = &w.breach.answer;
    let Some(gone) = case.awareness.iter().rev().find_map(|aware| aware.taken_back_by) else {
        return b.not_aware.clone();
    };
    let first = case.submitted.iter().min_by_key(|moment| moment.at);
    let notified = first.map(|first| {
        let values = [("at", w.instant(first.at)), ("n", w.number(first.entry.0))];
        fill(&b.notified, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
    });
    let none = fill(&b.aware_no_more, &[("n", &w.number(gone.0))]);
    std::iter::once(none).chain(moved(w, case, until)).chain(notified).collect::<Vec<_>>().join(" ")
}

/// What the deadline was by a statement that was taken back, and what became of it; nothing where it is the one that runs.
pub fn moved(w: &Wording, case: &CaseFact, until: Instant) -> Option<String> {
    let b = &w.breach.answer;
    let gone = case.retracted_deadline.as_ref()?;
    if case.deadline.as_ref().is_some_and(|deadline| deadline.strict == gone.strict) {
        return None;
    }
    let values = [
        ("from", w.number(gone.from.0)),
        ("n", w.number(gone.by.0)),
        ("at", w.instant(gone.strict)),
        ("hours", w.number(gone.hours)),
        ("until", w.instant(until)),
    ];
    let text = match (gone.missed, case.submitted.is_empty(), case.not_notified.is_some()) {
        (true, ..) => &b.was_missed,
        (false, false, _) => &b.was_met,
        (false, true, true) => &b.was_decided,
        (false, true, false) => &b.was_not_over,
    };
    Some(fill(text, &values.each_ref().map(|(name, value)| (*name, value.as_str()))))
}
