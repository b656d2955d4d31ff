//! What an entry states of a source's logging.
//!
//! Every doubt shortens what is complete and lengthens what is not: a source that says too little is not believed to have
//! logged everything.

use super::clock::is_claimed;
use super::evidence::Coverage;
use crate::model::{CoverageState, Edge, EndKind, FactKind, NamedField, Outcome, Verb};
use whosaw_verifier::body::{ActionBody, Body, Fact};

/// The statements of one entry, whatever its verb.
pub fn statements(index: u64, recorded_at_us: u64, body: &Body) -> Vec<Coverage> {
    match body {
        Body::Coverage(body) => vec![Coverage {
            index,
            source: body.source.clone(),
            state: body.state,
            closes: false,
            from_us: body.from_us,
            until_us: body.until_us,
            refused: body.refused,
            said: (body.from_us, body.until_us),
        }],
        Body::Action(action) => of_action(index, recorded_at_us, action),
        _ => Vec::new(),
    }
}

fn of_action(index: u64, recorded_at_us: u64, action: &ActionBody) -> Vec<Coverage> {
    // What was denied or failed did not happen.
    if matches!(action.outcome, Outcome::Denied | Outcome::Failed) {
        return Vec::new();
    }
    let own = action.source.as_ref().map_or("", |source| &source.name);
    let mut facts = action.facts.iter().filter(|fact| fact.kind == FactKind::Coverage).peekable();
    let claim = Claim::of(action, recorded_at_us);
    if facts.peek().is_none() && action.verb == Verb::CoverageStop && !own.is_empty() {
        // It stops, and says no more.
        return vec![claim.statement(index, own, CoverageState::Complete, true, 0)];
    }
    if facts.peek().is_none() && action.verb == Verb::CoverageHeartbeat && action.outcome == Outcome::Succeeded {
        let beat = (!own.is_empty()).then(|| claim.statement(index, own, CoverageState::Heartbeat, false, 0));
        return beat.into_iter().collect();
    }
    // Whether it happened is not known: that something is complete is not believed, that it is not, is.
    let doubtful = action.outcome != Outcome::Succeeded;
    let of_fact = |fact: &Fact| {
        // A source that is not registered stands sealed, and is not the one that tells of it.
        let is_sealed = action.sealed_names.contains(&NamedField::SourceName);
        let source = if fact.source.is_empty() && !is_sealed { own } else { &fact.source };
        let stops = fact.edge == Edge::Close || (fact.edge == Edge::Unspecified && action.verb == Verb::CoverageStop);
        let state = match fact.coverage {
            CoverageState::Unspecified if stops => CoverageState::Complete,
            state => state,
        };
        let is_down = matches!(state, CoverageState::Down | CoverageState::Unknown | CoverageState::Sampled);
        let mut found = Vec::new();
        // A stop that calls its state by what follows: logging ends, and is down from then on.
        if stops && is_down && action.verb == Verb::CoverageStop {
            found.push(claim.statement(index, source, CoverageState::Complete, true, 0));
            found.push(claim.statement(index, source, state, false, end(fact, state)));
        } else if stops {
            found.push(claim.statement(index, source, state, true, 0));
        } else if fact.edge == Edge::Point {
            let mut point = claim.statement(index, source, state, false, 0);
            point.until_us = point.from_us.max(1);
            found.push(point);
        } else {
            found.push(claim.statement(index, source, state, false, end(fact, state)));
        }
        // Only what says more than is known is left out.
        let says_more = |statement: &Coverage| match statement.state {
            CoverageState::Complete => !statement.closes,
            CoverageState::Heartbeat => true,
            CoverageState::Down | CoverageState::Unknown | CoverageState::Sampled => statement.closes,
            _ => false,
        };
        found.retain(|statement| !(doubtful && says_more(statement)));
        found
    };
    facts.flat_map(of_fact).collect()
}

/// When an action was, as far as it was claimed, Unix microseconds; otherwise when it was recorded.
pub fn claimed(recorded_at_us: u64, action: &ActionBody) -> (u64, u64) {
    let claim = Claim::of(action, recorded_at_us);
    (claim.earliest_us, claim.latest_us)
}

/// When an edge was, as far as it was claimed; otherwise when it was recorded.
struct Claim {
    earliest_us: u64,
    latest_us: u64,
}

impl Claim {
    fn of(action: &ActionBody, recorded_at_us: u64) -> Self {
        match action.occurred.as_ref().filter(|occurred| is_claimed(occurred)) {
            Some(occurred) => {
                let skew = action.source.as_ref().map_or(0, |source| source.skew_us.unsigned_abs());
                let latest_us = occurred.latest_us.saturating_add(skew).min(recorded_at_us);
                Claim { earliest_us: occurred.earliest_us.saturating_sub(skew).min(latest_us), latest_us }
            }
            None => Claim { earliest_us: recorded_at_us, latest_us: recorded_at_us },
        }
    }

    /// What is complete begins late and ends early, what is not begins early and ends late.
    fn statement(&self, index: u64, source: &str, state: CoverageState, closes: bool, until_us: u64) -> Coverage {
        let is_late = (state == CoverageState::Complete) != closes;
        let from_us = if is_late { self.latest_us } else { self.earliest_us };
        let said = (self.earliest_us, self.latest_us);
        Coverage { index, source: source.to_owned(), state, closes, from_us, until_us, refused: 0, said }
    }
}

/// Where an opening says itself when it will end; 0 where it does not.
fn end(fact: &Fact, state: CoverageState) -> u64 {
    if fact.end == EndKind::Unknown {
        return 0;
    }
    match state {
        CoverageState::Complete if fact.end_earliest_us > 0 => fact.end_earliest_us,
        _ => fact.end_latest_us,
    }
}
