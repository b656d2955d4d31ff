//! How long each way that nobody was allowed to open stood open until somebody detected it, and how long it took from there,
//! and from the act that closed it, until it was really closed (REPORTS 1.2, 6).

use super::acts::led_to;
use super::document::*;
use super::evidence::Detection;
use super::facts::{Found, People, bound, span};
use crate::exposure::calculus::exposure::Path;
use crate::exposure::calculus::fact::{Authorised, Side, When};
use crate::exposure::calculus::interval::{self, Frame};
use crate::exposure::telling::authority::Act;
use crate::exposure::telling::{Stands, Telling};
use crate::model::verbs::is_administrative;
use crate::model::{Outcome, Verb};
use crate::report::access::completeness::of_each;
use crate::report::access::document::{EntryIndex, Provision, Range};
use crate::report::canonical::cut;
use crate::report::code::Code;
use crate::report::instant::Instant;
use std::collections::HashMap;

pub(super) fn lags(found: &[Found<'_>], people: &People<'_>, detections: &[Detection], frame: Frame) -> Vec<LagFact> {
    let (mut all, closings) = (Vec::new(), closings(people.told));
    for found in found {
        let detected = detected(found, people.told, detections, frame);
        let by = By { resource: found.name, detected: &detected, closings: &closings, people };
        let without = found.exposure.paths.iter().filter(|path| path.authorised == Authorised::No);
        all.extend(without.map(|path| lag(path, &by)));
    }
    all
}

/// By what the ways to one resource are told.
struct By<'a> {
    resource: &'a str,
    detected: &'a [Detected],
    closings: &'a HashMap<u64, When>,
    people: &'a People<'a>,
}

/// Whether it is said when each of these ways was detected; nobody is asked where there is none.
pub(super) fn provided(lags: &[LagFact]) -> Provision {
    of_each(lags.iter().map(|lag| !lag.detected.is_empty()))
}

/// One statement of when a breach of a resource was detected.
struct Detected {
    when: When,
    fact: DetectedFact,
}

/// By cases about the resource, and by acts of detection that name it and are not contested; the earliest first.
fn detected(found: &Found<'_>, told: &Telling, detections: &[Detection], frame: Frame) -> Vec<Detected> {
    let of_cases = detections.iter().filter(|detection| detection.resources.iter().any(|name| name == found.name));
    let by_case = |detection: &Detection| {
        let when = When::at(detection.at_us);
        let fact = DetectedFact {
            entry: EntryIndex(detection.entry),
            case: Some(uuid::Uuid::from_bytes(detection.case).to_string()),
            at: span(when),
            recorded_at: Some(Instant::new(detection.recorded_at_us)),
        };
        Detected { when, fact }
    };
    let detects = |act: &&Act| {
        let happened = matches!(act.outcome, Outcome::Succeeded | Outcome::Partial);
        act.verb == Verb::IncidentDetect
            && happened
            && act.resource == Some(found.resource)
            && told.stands(act.index) == Stands::Yes
    };
    let by_act = |act: &Act| Detected {
        when: act.when,
        fact: DetectedFact { entry: EntryIndex(act.index), case: None, at: span(act.when), recorded_at: None },
    };
    let acts = told.acts.values().filter(detects).map(by_act);
    let mut all: Vec<Detected> = of_cases.map(by_case).chain(acts).collect();
    // What was said after the time that is asked for is not asked for.
    all.retain(|detected| detected.when.earliest <= frame.cut_off);
    all.sort_by_key(|detected| (detected.when.earliest, detected.when.latest, detected.fact.entry));
    all
}

fn lag(path: &Path, by: &By<'_>) -> LagFact {
    let (told, opened, closed) = (by.people.told, path.start, path.end);
    // What was found before it opened was something else.
    let (before, own): (Vec<&Detected>, Vec<&Detected>) =
        by.detected.iter().partition(|detected| detected.when.latest < opened.earliest);
    let found = own.iter().map(|detected| detected.when).reduce(When::or);
    let to_detection = |found: When| {
        let end = interval::Bound { earliest: found.earliest, latest: found.latest, ..exact() };
        from((opened.earliest, opened.latest), end)
    };
    // An end that the opening states, or that an access shows not to have been one, is nobody's act.
    let act = path.end.entry.and_then(|entry| told.acts.get(&entry));
    let revoked = act.and_then(|act| Some((act, *by.closings.get(&act.index)?)));
    let decided = revoked.map(|(act, when)| decided(told, act, when, &opened).unwrap_or((act, when)));
    let fact =
        |(act, when): (&Act, When)| ActFact { entry: EntryIndex(act.index), verb: Code(act.verb), when: span(when) };
    let to_the_end = |when: When| from((when.earliest, when.latest), closed);
    // Of an act that is said to lie before what it closed nothing is sure.
    let since_act = |when: When| match to_the_end(when) {
        lag if when.latest < opened.latest => Lag { us: Range { low: 0, ..lag.us }, known: Known::Unknown },
        lag => lag,
    };
    let ended_before =
        found.is_some_and(|found| closed.known != interval::Known::Open && closed.latest <= found.earliest);
    LagFact {
        resource: by.resource.to_owned(),
        audience: by.people.who(path.audience),
        opened: bound(opened),
        detected_before: own.is_empty() && !before.is_empty(),
        detected: own.into_iter().map(|detected| detected.fact.clone()).collect(),
        opened_to_detected: found.map(to_detection),
        decided: decided.map(fact),
        revoked: revoked.map(fact),
        closed: bound(closed),
        decided_to_closed: decided.map(|(_, when)| since_act(when)),
        revoked_to_closed: revoked.map(|(_, when)| since_act(when)),
        detected_to_closed: found.filter(|_| !ended_before).map(to_the_end),
        ended_before_detection: ended_before,
    }
}

fn exact() -> interval::Bound {
    interval::Bound { earliest: 0, latest: 0, known: interval::Known::Exact, entry: None }
}

/// Of whatever lies between: at least, and at most. Nothing takes less than no time.
fn from((earliest, latest): (u64, u64), end: interval::Bound) -> Lag {
    let (low, high) = (end.earliest.saturating_sub(latest), end.latest.saturating_sub(earliest));
    let known = match end.known {
        interval::Known::Exact | interval::Known::Bounded if low == high => Known::Exact,
        interval::Known::Exact | interval::Known::Bounded => Known::Bounded,
        interval::Known::Assumed => Known::Assumed,
        interval::Known::Unknown => Known::Unknown,
        interval::Known::Open => Known::Open,
    };
    Lag { us: Range { low: cut(low), high: cut(high) }, known }
}

/// When each entry that closed something was, by whatever reports tell of it.
fn closings(told: &Telling) -> HashMap<u64, When> {
    let mut all: HashMap<u64, When> = HashMap::new();
    for edge in told.edges.iter().filter(|edge| edge.side == Side::Closes) {
        all.entry(edge.index).and_modify(|when| *when = when.or(edge.when)).or_insert(edge.when);
    }
    all
}

/// The first of what led to the closing: detected, ordered, stopped, asked or approved after the way had opened. What only used
/// the data decided nothing, nor did what let somebody in.
fn decided<'a>(told: &'a Telling, closing: &'a Act, closed: When, opened: &interval::Bound) -> Option<(&'a Act, When)> {
    let decides = |act: &&Act| {
        is_administrative(act.verb)
            && !matches!(act.verb, Verb::AccessGrant | Verb::GroupJoin)
            && !matches!(act.outcome, Outcome::Denied | Outcome::Failed)
            && opened.earliest <= act.when.earliest
            && act.when.earliest <= closed.latest
            && Some(act.index) != opened.entry
            && told.stands(act.index) != Stands::No
    };
    let before = led_to(told, closing).into_iter().map(|(before, _, _)| before).filter(decides);
    before.map(|act| (act, act.when)).min_by_key(|(act, when)| (when.earliest, act.index))
}
