//! What the person asked for, by when it had to be answered, and what became of it.

use super::sections::{Content, simple};
use super::words::Words;
use super::*;
use crate::report::access::document::*;
use crate::report::wording::word;

pub fn requests(words: &Words<'_>) -> Content {
    let (w, r, requests) = (words.w, &words.w.request, &words.report.requests);
    let values = [("zone", requests.zone.as_str()), ("n", &words.number(requests.holidays))];
    let counted = fill(if requests.default_profile { &r.counted_by_default } else { &r.counted }, &values);
    let intro = vec![w.intro.requests.clone(), counted];
    if requests.log.is_empty() {
        let missing = cell([(w.missing.value.clone(), Style::Missing), (r.none.clone(), Style::Note)]);
        let columns = vec![column(&w.section.requests, 100)];
        return (intro, vec![simple(words, &w.section.requests, columns, std::iter::once(row([missing])))]);
    }
    let columns = vec![column(&r.received, 24), column(&r.verified, 22), column(&r.due, 24), column(&r.outcome, 30)];
    (intro, vec![simple(words, &w.section.requests, columns, requests.log.iter().map(|fact| row_of(words, fact)))])
}

fn row_of(words: &Words<'_>, fact: &RequestFact) -> Row {
    let (w, r) = (words.w, &words.w.request);
    let entry = |entry: EntryIndex| (fill(&r.by_entry, &[("n", &words.number(entry.0))]), Style::Note);
    let said = |text: &Option<String>| (text.clone().unwrap_or_default(), Style::Plain);
    let day = |day: &Option<String>| day.as_ref().map_or_else(|| w.missing.value.clone(), |day| w.day(day));
    let received = cell([
        (w.instant(fact.received), Style::Strong),
        (fact.reference.clone().unwrap_or_default(), Style::Plain),
        entry(fact.entry),
    ]);
    let verified = match &fact.verified {
        None => cell([(w.missing.value.clone(), Style::Missing)]),
        Some(step) => cell([(w.instant(step.at), Style::Plain), said(&step.statement), entry(step.entry)]),
    };
    let mut due = vec![(day(&fact.due), Style::Strong)];
    if let Some(extension) = &fact.extension {
        let text = if extension.in_time { &r.extended } else { &r.extended_late };
        let style = if extension.in_time { Style::Plain } else { Style::Warning };
        due.push((fill(text, &[("due", &day(&extension.due)), ("at", &w.instant(extension.at))]), style));
        due.push(match &extension.reasons {
            Some(reasons) => (reasons.clone(), Style::Plain),
            None => (w.missing.value.clone(), Style::Missing),
        });
        due.push(entry(extension.entry));
    }
    let style = match fact.state {
        RequestState::Open | RequestState::InTime => Style::Plain,
        RequestState::Overdue | RequestState::Late => Style::Warning,
    };
    let mut outcome = vec![(word(&r.state, fact.state.code()).to_owned(), style)];
    if let Some(step) = &fact.answered {
        outcome.push((fill(&r.answered, &[("at", &w.instant(step.at))]), Style::Plain));
        outcome.extend([said(&step.statement), entry(step.entry)]);
    }
    if let Some(refusal) = &fact.refused {
        outcome.push((fill(&r.refused, &[("at", &w.instant(refusal.at))]), Style::Plain));
        outcome.extend(refusal.ground.map(|ground| (words.code(&r.ground, ground), Style::Plain)));
        outcome.push(match &refusal.reasons {
            Some(reasons) => (reasons.clone(), Style::Plain),
            None => (w.missing.value.clone(), Style::Missing),
        });
        outcome.extend([entry(refusal.entry), (r.remedies.clone(), Style::Plain)]);
    }
    row([received, verified, cell(due), cell(outcome)])
}
