//! How long each way without authority stood open until it was detected, and what it took to close it, as pages show it.

use super::cover::pair;
use super::exposure::Said;
use super::*;
use crate::report::access::document::Span;
use crate::report::exposure::answer::duration_range;
use crate::report::exposure::document::*;
use crate::report::wording::{Wording, word};

/// Detections of one way that are listed in its row.
const DETECTIONS: usize = 3;

/// How long, as well as it is known.
pub fn lasted(w: &Wording, lag: &Lag) -> String {
    let l = &w.exposure.lag;
    let (text, range) = match lag.known {
        Known::Exact | Known::Bounded => return duration_range(w, &lag.us),
        Known::Assumed => (&l.as_planned, lag.us),
        Known::Open => (&l.so_far, lag.us),
        Known::Unknown if lag.us.low == 0 => return w.exposure.figure.not_known.clone(),
        // At most to the instant that is asked for, which says nothing.
        Known::Unknown => (&l.at_least, crate::report::access::document::Range::exactly(lag.us.low)),
    };
    fill(text, &[("duration", &duration_range(w, &range))])
}

impl Said<'_> {
    /// On the first page: of the way that opened first, and of what took longest to close.
    pub(super) fn lag_facts(&self) -> Vec<Pair> {
        let (w, lags) = (self.w, &self.report.lags);
        let (f, missing) = (&w.exposure.fact, &w.missing.value);
        let Some(first) = lags.iter().min_by_key(|lag| (lag.opened.earliest, lag.opened.latest)) else {
            return Vec::new();
        };
        let detection = match &first.opened_to_detected {
            Some(lag) => pair(&f.detection_lag, lasted(w, lag), Style::Plain),
            None => pair(&f.detection_lag, missing.clone(), Style::Missing),
        };
        let closing = lags.iter().filter_map(|lag| lag.revoked_to_closed.as_ref());
        let longest = closing.max_by_key(|lag| (lag.us.high, lag.us.low));
        let closing = match longest {
            Some(lag) => pair(&f.revocation_lag, lasted(w, lag), Style::Plain),
            None => pair(&f.revocation_lag, w.exposure.lag.not_revoked.clone(), Style::Missing),
        };
        vec![detection, closing]
    }

    pub(super) fn lags(&self) -> Block {
        let x = &self.w.exposure;
        let t = &x.table;
        let row_of = |lag: &LagFact| {
            row([
                cell([(lag.resource.clone(), Style::Strong), (self.who(&lag.audience), Style::Plain)]),
                self.bound(&lag.opened),
                self.detected(lag),
                self.revoked(lag),
                self.closed(lag),
            ])
        };
        let rows = self.report.lags.iter().map(row_of).collect();
        let columns = vec![
            column(&t.path, 18),
            column(&t.opened, 19),
            column(&t.detected, 23),
            column(&t.revoked, 20),
            column(&t.really_closed, 20),
        ];
        self.table(&x.section.lags, columns, rows)
    }

    fn detected(&self, lag: &LagFact) -> Cell {
        let (w, l) = (self.w, &self.w.exposure.lag);
        let Some(took) = &lag.opened_to_detected else {
            let before = if lag.detected_before { l.before.clone() } else { String::new() };
            return cell([(w.missing.value.clone(), Style::Warning), (before, Style::Note)]);
        };
        let text = |fact: &DetectedFact| {
            let (at, n) = (self.span(&fact.at), w.number(fact.entry.0));
            let Some(case) = &fact.case else { return fill(&l.by_act, &[("at", &at), ("n", &n)]) };
            let text = fill(&l.by_case, &[("at", &at), ("case", case), ("n", &n)]);
            let recorded = fact.recorded_at.filter(|recorded| fact.at.from != *recorded);
            let recorded = recorded.map(|at| fill(&l.recorded, &[("at", &w.instant(at))]));
            std::iter::once(text).chain(recorded).collect::<Vec<_>>().join(", ")
        };
        let mut pieces = vec![(fill(&l.after_opening, &[("duration", &lasted(w, took))]), Style::Strong)];
        pieces.extend(lag.detected.iter().take(DETECTIONS).map(|fact| (text(fact), Style::Plain)));
        if lag.detected.len() > 1 {
            pieces.push((l.several.clone(), Style::Note));
        }
        cell(pieces)
    }

    fn revoked(&self, lag: &LagFact) -> Cell {
        let (w, l) = (self.w, &self.w.exposure.lag);
        let Some(revoked) = &lag.revoked else { return cell([(l.not_revoked.clone(), Style::Note)]) };
        let text = |act: &ActFact, text: &str| {
            let verb = word(&w.verb, act.verb.text());
            fill(text, &[("at", &self.span(&act.when)), ("n", &w.number(act.entry.0)), ("verb", verb)])
        };
        let decided = lag.decided.as_ref().filter(|decided| decided.entry != revoked.entry);
        let decided = decided.map(|decided| text(decided, &l.decided)).unwrap_or_default();
        cell([(text(revoked, &l.revoked), Style::Plain), (decided, Style::Note)])
    }

    fn closed(&self, lag: &LagFact) -> Cell {
        let (w, l) = (self.w, &self.w.exposure.lag);
        let took = |text: &str, lag: &Option<Lag>| {
            lag.as_ref().map(|lag| fill(text, &[("duration", &lasted(w, lag))])).unwrap_or_default()
        };
        let apart = lag.decided.as_ref().map(|act| act.entry) != lag.revoked.as_ref().map(|act| act.entry);
        let decided = if apart { took(&l.after_deciding, &lag.decided_to_closed) } else { String::new() };
        let before = if lag.ended_before_detection { l.ended_before.clone() } else { String::new() };
        let mut all = self.bound(&lag.closed);
        all.pieces.extend(
            cell([
                (took(&l.after_revoking, &lag.revoked_to_closed), Style::Strong),
                (decided, Style::Plain),
                (took(&l.after_detection, &lag.detected_to_closed), Style::Strong),
                (before, Style::Note),
            ])
            .pieces,
        );
        all
    }

    fn span(&self, span: &Span) -> String {
        self.w.span(span.from, span.until)
    }
}
