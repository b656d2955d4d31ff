//! What sources state of their logging, from the entry to the sentence.

use crate::sample::*;
use whosaw::model::*;
use whosaw::report::access::document::*;
use whosaw::report::evidence::Coverage;
use whosaw::report::facts;
use whosaw::report::logging::statements;
use whosaw_verifier::body::{ActionBody, Body, Fact, Occurred, Source};

const RECORDED: u64 = DAY + 12 * HOUR;

fn states(verb: Verb, edge: Edge, coverage: CoverageState) -> ActionBody {
    ActionBody {
        verb,
        outcome: Outcome::Succeeded,
        occurred: Some(Occurred { earliest_us: DAY, latest_us: DAY, source: TimeSource::Gateway }),
        facts: vec![Fact { kind: FactKind::Coverage, edge, coverage, source: "proxy".into(), ..Fact::default() }],
        ..ActionBody::default()
    }
}

fn complete() -> ActionBody {
    states(Verb::CoverageStart, Edge::Open, CoverageState::Complete)
}

fn at(us: u64, mut body: ActionBody) -> ActionBody {
    body.occurred = Some(Occurred { earliest_us: us, latest_us: us, source: TimeSource::Gateway });
    body
}

/// The statements of consecutive entries, and what a report says by them of [opening, cut-off].
fn covered_by(bodies: Vec<ActionBody>) -> CoverageFacts {
    let mut evidence = nothing();
    register(&mut evidence, RegistryKind::Source, "proxy", &[]);
    (evidence.head.opened_at_us, evidence.head.recorded_at_us) = (DAY, DAY + 18 * HOUR);
    evidence.coverage = (1..)
        .zip(bodies)
        .flat_map(|(index, body)| statements(index, RECORDED, &Body::Action(Box::new(body))))
        .collect();
    facts(&question(), &evidence, &envelope()).coverage
}

fn spans(spans: &[Span]) -> Vec<(u64, u64)> {
    spans.iter().map(|span| ((span.from.us() - DAY) / MINUTE, (span.until.us() - DAY) / MINUTE)).collect()
}

fn gaps(coverage: &CoverageFacts) -> Vec<(u64, u64)> {
    spans(&coverage.sources[0].gaps.iter().map(|gap| gap.span.clone()).collect::<Vec<_>>())
}

#[test]
fn a_source_that_stopped_is_not_complete_any_more() {
    let stop = at(DAY + HOUR, states(Verb::CoverageStop, Edge::Close, CoverageState::Complete));
    let silent = ActionBody {
        facts: Vec::new(),
        source: Some(Source { name: "proxy".into(), ..Source::default() }),
        ..stop.clone()
    };
    for stop in [stop, silent] {
        let coverage = covered_by(vec![complete(), stop]);
        assert_eq!(spans(&coverage.sources[0].complete), [(0, 60)]);
        assert_eq!(spans(&coverage.sources[0].unstated), [(60, 18 * 60)]);
        assert_eq!(coverage.sentence, Verdict::NotDeterminable);
    }
    assert_eq!(covered_by(vec![complete()]).sentence, Verdict::NoneComplete);
}

#[test]
fn what_was_denied_or_failed_states_nothing() {
    for outcome in [Outcome::Denied, Outcome::Failed, Outcome::Unknown] {
        let coverage = covered_by(vec![ActionBody { outcome, ..complete() }]);
        assert_eq!(coverage.sentence, Verdict::NotDeterminable, "{outcome:?}");
        assert_eq!(coverage.sources[0].statements, 0);
    }
}

#[test]
fn without_a_claimed_time_it_holds_from_its_recording_on() {
    let from = |change: fn(&mut ActionBody)| {
        let mut body = complete();
        change(&mut body);
        spans(&covered_by(vec![body]).sources[0].complete)
    };
    assert_eq!(from(|body| body.occurred = None), [(12 * 60, 18 * 60)]);
    let replay = from(|body| body.occurred.as_mut().expect("it has one").source = TimeSource::Replay);
    assert_eq!(replay, [(12 * 60, 18 * 60)]);
    let interval = from(|body| body.occurred.as_mut().expect("it has one").latest_us = DAY + HOUR);
    assert_eq!(interval, [(60, 18 * 60)], "an interval opens at its end");
    let planned = from(|body| {
        (body.facts[0].end, body.facts[0].end_earliest_us, body.facts[0].end_latest_us) =
            (EndKind::Bounded, DAY + HOUR, DAY + 2 * HOUR);
    });
    assert_eq!(planned, [(0, 60)], "and ends at its beginning");
}

/// CASES 33: down from 09:40, complete again from 10:10: half an hour, not until now. The verb of the second is no verb of
/// coverage at all.
#[test]
fn a_gap_ends_when_the_source_is_complete_again() {
    let down = at(DAY + 9 * HOUR + 40 * MINUTE, states(Verb::IncidentDetect, Edge::Open, CoverageState::Down));
    let again = at(DAY + 10 * HOUR + 10 * MINUTE, complete());
    let coverage = covered_by(vec![complete(), down.clone(), again]);
    assert_eq!(gaps(&coverage), [(580, 610)]);
    assert_eq!(coverage.sentence, Verdict::NoneIncomplete);
    assert_eq!(gaps(&covered_by(vec![complete(), down.clone()])), [(580, 18 * 60)], "else it lasts");
    let ends = at(DAY + 11 * HOUR, states(Verb::IncidentClose, Edge::Close, CoverageState::Down));
    assert_eq!(gaps(&covered_by(vec![complete(), down.clone(), ends])), [(580, 660)]);
    // What it said before, or of earlier times, ends nothing.
    assert_eq!(gaps(&covered_by(vec![at(DAY + 11 * HOUR, complete()), down.clone()])), [(580, 18 * 60)]);
    assert_eq!(gaps(&covered_by(vec![complete(), down, complete()])), [(580, 18 * 60)]);
}

#[test]
fn a_stop_that_is_claimed_to_lie_before_its_start_leaves_nothing_complete() {
    let stop = at(DAY, states(Verb::CoverageStop, Edge::Close, CoverageState::Complete));
    let coverage = covered_by(vec![at(DAY + HOUR, complete()), stop]);
    assert_eq!(spans(&coverage.sources[0].complete), []);
}

#[test]
fn an_unregistered_source_is_not_the_one_that_tells_of_it() {
    let mut body = complete();
    body.facts[0].source = String::new();
    body.source = Some(Source { name: "proxy".into(), ..Source::default() });
    let told = |body: &ActionBody| -> Vec<Coverage> { statements(1, RECORDED, &Body::Action(Box::new(body.clone()))) };
    assert_eq!(told(&body)[0].source, "proxy");
    body.sealed_names = vec![NamedField::SourceName];
    assert_eq!(told(&body)[0].source, "");
}
