//! Acts on a case's resources that say what a step of the case says too: that the breach was detected, that somebody was aware
//! of it, that somebody was notified.
//!
//! They are told beside the case's own steps. A deadline runs from what a named human states of this case: an act may be of
//! another breach of the same resource, and whoever reports it may be an agent. So it never moves the deadline, and where it
//! would give an earlier one, file and list of what is to be done say so.

use super::document::{AwarenessFact, ReportedFact};
use super::evidence::{AsOf, Reported};
use crate::law::calendar;
use crate::model::{Outcome, Verb};
use crate::report::access::document::{EntryIndex, Span};
use crate::report::code::Code;
use crate::report::exposure::answer::who_text;
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill};

/// What these acts come to, in the order of the ledger. `occurred`: when the breach was, as far as the ledger tells.
pub fn facts(as_of: &AsOf, occurred: Option<(u64, u64)>) -> Vec<ReportedFact> {
    let aware = as_of.case.awareness().map(|aware| aware.at_us());
    let fact = |act: &Reported| {
        let is_aware = act.verb == Verb::IncidentAware;
        // The first instant at which it may have been: no deadline is told as later than it may be.
        let deadline = calendar::breach_deadline(act.earliest_us, &as_of.period).ok().filter(|_| is_aware);
        let before_breach = occurred.is_some_and(|(from, _)| act.latest_us < from);
        let earlier = is_aware && !before_breach && aware.is_none_or(|aware| act.earliest_us < aware);
        ReportedFact {
            entry: EntryIndex(act.index),
            verb: Code(act.verb),
            outcome: Code(act.outcome),
            when: Span { from: Instant::new(act.earliest_us), until: Instant::new(act.latest_us) },
            recorded_at: Instant::new(act.recorded_at_us),
            by: act.by.clone(),
            contested: act.contested,
            before_breach,
            strict: deadline.as_ref().map(|hours| Instant::new(hours.strict_us)),
            earlier,
            missed: earlier
                && deadline.as_ref().is_some_and(|hours| as_of.case.is_after(hours.strict_us, as_of.cut_off_us)),
        }
    };
    let happened = |act: &&Reported| !matches!(act.outcome, Outcome::Denied | Outcome::Failed);
    as_of.reported.iter().filter(happened).map(fact).collect()
}

/// The earliest awareness that acts tell and that would give an earlier deadline than the one that runs, in a sentence.
pub fn awareness(w: &Wording, reported: &[ReportedFact]) -> Option<String> {
    let first = reported.iter().filter(|act| act.earlier).min_by_key(|act| (act.when.from, act.entry))?;
    let b = &w.breach.reported;
    let by: Vec<String> = first.by.iter().map(|who| who_text(w, who)).collect();
    let by = if by.is_empty() { w.time.none.clone() } else { w.comma(&by) };
    let at = first.strict.map_or_else(|| w.time.none.clone(), |strict| w.instant(strict));
    let when = w.span(first.when.from, first.when.until);
    let values = [("when", when.as_str()), ("by", &by), ("n", &w.number(first.entry.0)), ("at", &at)];
    let missed = first.missed.then(|| b.missed.clone());
    Some(std::iter::once(fill(&b.awareness, &values)).chain(missed).collect::<Vec<_>>().join(" "))
}

/// What does not fit a statement of awareness, in words; it counts as it was told.
pub fn flags(w: &Wording, aware: &AwarenessFact) -> Vec<String> {
    let b = &w.breach.reported;
    let flags = [
        (aware.before_breach, &b.before_breach),
        (aware.before_detection, &b.before_detection),
        (aware.before_ledger, &b.before_ledger),
        (aware.after_notification, &b.after_notification),
    ];
    flags.into_iter().filter(|(is, _)| *is).map(|(_, text)| text.clone()).collect()
}
