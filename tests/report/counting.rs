//! Counts are right: random observations, counted by the report and counted again by hand, in the plainest way.

use crate::sample::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use whosaw::model::*;
use whosaw::report::access::document::*;
use whosaw::report::evidence::{Observation, ObservedBody};
use whosaw::report::facts;

/// What a random observation is made of.
#[derive(Debug, Clone)]
struct Draw {
    index: u64,
    outcome: Outcome,
    argument: bool,
    result: bool,
    /// 0: nobody, 1: the person, 2: another human, 3: an agent.
    rendered: u8,
    subject: bool,
    incomplete: bool,
    /// Which agent, or 3: a human.
    actor: u8,
    /// Which act it says it is; none: an act of its own.
    act: Option<u8>,
    weak: bool,
}

fn draw() -> impl Strategy<Value = Draw> {
    let outcomes = prop::sample::select(vec![
        Outcome::Succeeded,
        Outcome::Succeeded,
        Outcome::Partial,
        Outcome::Denied,
        Outcome::Failed,
        Outcome::Unknown,
    ]);
    let what = (outcomes, any::<bool>(), any::<bool>(), 0..4u8, prop::bool::weighted(0.8), prop::bool::weighted(0.2));
    (0..60u64, what, 0..4u8, prop::option::weighted(0.3, 0..4u8), prop::bool::weighted(0.2)).prop_map(
        |(index, (outcome, argument, result, rendered, subject, incomplete), actor, act, weak)| Draw {
            index,
            outcome,
            argument,
            result,
            rendered,
            subject,
            incomplete,
            actor,
            act,
            weak,
        },
    )
}

fn observation(draw: &Draw) -> Observation {
    let mut uses = Vec::new();
    if draw.argument {
        uses.push(moved(Direction::Argument, &[Category::Contact]));
    }
    if draw.result {
        uses.push(moved(Direction::Result, &[Category::Payment]));
    }
    let sample = read(draw.index).outcome(draw.outcome).moving(uses);
    let sample = match draw.rendered {
        1 => sample.rendered_to((1 << 16) + 2),
        2 => sample.rendered_to((1 << 16) + 3),
        3 => sample.rendered_to((1 << 16) + 4),
        _ => sample,
    };
    let roles = if draw.subject { vec![Role::DataSubject] } else { vec![Role::Principal] };
    let act = draw.act.map_or(1_000 + draw.index, u64::from);
    sample
        .roles(&roles)
        .body(|body| {
            let first = if draw.actor == 3 { human(OTHER) } else { agent(["a", "b", "c"][usize::from(draw.actor)]) };
            body.actors = vec![first, human(1), human(OTHER + 1), agent("reader")];
            if draw.incomplete {
                body.determination = Determination::ListedIncomplete;
            }
        })
        .content(|content| content.action_id = action_id(act))
        .done()
}

/// By hand: 0 nothing, 1 possible, 2 certain.
fn delivered(draw: &Draw) -> u8 {
    match draw.outcome {
        Outcome::Succeeded | Outcome::Partial => 2,
        Outcome::Unknown => 1,
        _ => 0,
    }
}

fn came_back(draw: &Draw) -> u8 {
    let says_nothing = !draw.argument && !draw.result && draw.rendered == 0;
    let unclear = draw.incomplete || draw.outcome == Outcome::Unknown;
    match (draw.subject, draw.result || says_nothing, unclear) {
        (false, ..) => 0,
        (true, true, _) => delivered(draw),
        (true, false, true) => delivered(draw).min(1),
        (true, false, false) => 0,
    }
}

fn shown(draw: &Draw, to: fn(u8) -> bool) -> u8 {
    if draw.subject && to(draw.rendered) { delivered(draw).max(1) } else { 0 }
}

fn received(draw: &Draw) -> u8 {
    came_back(draw).max(shown(draw, |to| to > 0))
}

fn human_saw(draw: &Draw) -> u8 {
    let directly = if draw.actor == 3 { came_back(draw) } else { 0 };
    directly.max(shown(draw, |to| to == 2))
}

fn put_in(draw: &Draw) -> u8 {
    match (draw.subject, draw.argument, draw.result || draw.rendered != 0) {
        (true, true, _) => 2,
        (true, false, false) => 1,
        _ => 0,
    }
}

/// Groups of draws that are one act, found by comparing everybody with everybody until nothing changes.
fn acts(draws: &[Draw]) -> Vec<Vec<Draw>> {
    let mut groups: Vec<Vec<Draw>> = draws.iter().map(|draw| vec![draw.clone()]).collect();
    let same = |a: &Draw, b: &Draw| a.index == b.index || (a.act.is_some() && a.act == b.act);
    loop {
        let found = (0..groups.len()).find_map(|i| {
            let j = (i + 1..groups.len()).find(|j| groups[i].iter().any(|a| groups[*j].iter().any(|b| same(a, b))))?;
            Some((i, j))
        });
        let Some((i, j)) = found else { return groups };
        let joined = groups.remove(j);
        groups[i].extend(joined);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn counts_agree_with_a_count_by_hand(drawn in prop::collection::vec(draw(), 0..24)) {
        // One entry says one thing of one part: the first draw of an index stands.
        let mut seen = BTreeSet::new();
        let mut draws: Vec<Draw> = drawn.into_iter().filter(|draw| seen.insert(draw.index)).collect();
        draws.sort_by_key(|draw| draw.index);
        let mut evidence = nothing();
        evidence.observations = draws.iter().filter(|draw| !draw.weak).map(observation).collect();
        evidence.possible = draws.iter().filter(|draw| draw.weak).map(observation).collect();
        let report = facts(&question(), &evidence, &envelope());

        let (mut processed, mut humans, mut certain_acts, mut weak_acts) = (Range::default(), Range::default(), 0, 0);
        let (mut into_tools, mut attempts, mut by_agents) = (Range::default(), 0, Range::default());
        let mut agents: [BTreeSet<u8>; 2] = Default::default();
        for act in acts(&draws) {
            let certain: Vec<&Draw> = act.iter().filter(|draw| !draw.weak).collect();
            let most = |of: fn(&Draw) -> u8| {
                let sure = certain.iter().map(|draw| of(draw)).max().unwrap_or(0);
                (sure, act.iter().map(of).max().unwrap_or(0))
            };
            let count = |range: &mut Range, (sure, at_most): (u8, u8)| {
                range.low += u64::from(sure == 2);
                range.high += u64::from(at_most > 0);
            };
            count(&mut processed, most(received));
            count(&mut humans, most(human_saw));
            count(&mut into_tools, most(put_in));
            certain_acts += u64::from(!certain.is_empty());
            weak_acts += u64::from(certain.is_empty());
            let tried = |draw: &&Draw| draw.subject && matches!(draw.outcome, Outcome::Denied | Outcome::Failed);
            let nothing_more = certain.iter().all(|draw| received(draw) == 0 && (tried(draw) || !draw.subject));
            attempts += u64::from(nothing_more && certain.iter().any(tried));
            let (sure, at_most) = most(received);
            let agent = |draw: &Draw| draw.actor < 3;
            by_agents.low += u64::from(sure == 2 && certain.iter().any(|draw| agent(draw)));
            by_agents.high += u64::from(at_most > 0 && act.iter().any(agent));
            if most(received).1 > 0 {
                let named = |draws: &mut dyn Iterator<Item = &Draw>| draws.filter(|draw| draw.actor < 3).map(|draw| draw.actor).collect::<Vec<_>>();
                agents[1].extend(named(&mut act.iter()));
                if most(received).0 == 2 {
                    agents[0].extend(named(&mut certain.iter().copied()));
                }
            }
        }
        let totals = &report.totals;
        prop_assert_eq!(totals.acts, certain_acts);
        prop_assert_eq!(report.possible.acts, weak_acts);
        prop_assert_eq!(totals.processed, processed);
        prop_assert_eq!(totals.shown_to_humans, humans);
        prop_assert_eq!(totals.into_tools, into_tools);
        prop_assert_eq!(totals.attempts.low, attempts);
        prop_assert_eq!(totals.processed_by.agents.acts, by_agents);
        prop_assert_eq!(totals.processed_by.not_humans, by_agents);
        prop_assert_eq!(totals.processed_by.agents.parties.low, agents[0].len() as u64);
        prop_assert!(totals.processed_by.agents.parties.high >= agents[1].len() as u64, "never fewer than there may be");

        // Every act stands in exactly one line, every entry in exactly one act and once in the annex.
        prop_assert_eq!(report.lines.iter().map(|line| line.acts).sum::<u64>(), certain_acts);
        prop_assert_eq!(report.lines.iter().map(|line| line.entries).sum::<u64>(), totals.entries);
        let listed: BTreeSet<u64> = report.entries.iter().map(|entry| entry.index.0).collect();
        let expected: BTreeSet<u64> = draws.iter().filter(|draw| !draw.weak).map(|draw| draw.index).collect();
        prop_assert_eq!(&listed, &expected);
        prop_assert_eq!(report.entries.len(), listed.len());
        prop_assert_eq!(report.entries.iter().map(|entry| entry.act).collect::<BTreeSet<_>>().len() as u64, certain_acts);
        for line in &report.lines {
            let of_line = |entry: &&Entry| entry.index >= line.first && entry.index <= line.last;
            prop_assert!(report.entries.iter().filter(of_line).count() as u64 >= line.entries);
        }
        let by_class: u64 = report.principals.iter().map(|fact| fact.counts.all()).sum();
        prop_assert_eq!(by_class, certain_acts);
        let mut other = evidence.clone();
        other.observations.reverse();
        prop_assert_eq!(facts(&question(), &other, &envelope()), report, "the order of evidence decides nothing");
    }
}

/// The hand count above must itself be able to fail: a report that drops an entry is caught.
#[test]
fn a_dropped_entry_changes_the_counts() {
    let evidence = everything();
    let report = facts(&question(), &evidence, &envelope());
    for at in 0..evidence.observations.len() {
        let mut fewer = evidence.clone();
        let dropped = fewer.observations.remove(at);
        let other = facts(&question(), &fewer, &envelope());
        match dropped.body {
            ObservedBody::Action(_) => assert_eq!(other.totals.entries + 1, report.totals.entries),
            ObservedBody::Report(_) => assert_eq!(other.earlier_reports.len() + 1, report.earlier_reports.len()),
        }
    }
}
