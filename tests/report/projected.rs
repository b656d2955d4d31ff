//! What reports ask of the projections: which actions leave open whose data they touched, who stated their logging, and who
//! amended what.

use proptest::prelude::*;
use std::sync::Arc;
use whosaw::exposure::{Filter, FoldInput, Follower, Sort, Term, TermKind};
use whosaw::model::*;
use whosaw::report::evidence::{Placed, Run, Skipped};
use whosaw::store::LedgerNumber;
use whosaw::store::memory::MemoryStore;
use whosaw_verifier::body::{self, ActionBody, Fact, LinkCounts, PartGroup, Quantity};
use whosaw_verifier::wire::Message as _;

fn following(bodies: &[ActionBody]) -> Follower {
    let follower = Follower::open(Arc::new(MemoryStore::default()), LedgerNumber(1)).expect("a new one");
    let bodies: Vec<Vec<u8>> = bodies.iter().map(ActionBody::encode).collect();
    follower.advance(bodies.iter().map(|body| whole(body))).expect("it follows");
    follower
}

fn whole(body: &[u8]) -> FoldInput<'_> {
    FoldInput { kind: EntryKind::Action as u8, recorded_at_us: 1, body: Some(body), carried: None }
}

fn under(follower: &Follower, term: Term) -> Vec<u64> {
    let filter = Filter { terms: vec![term], ..Filter::default() };
    follower.query(&filter, 0, u64::MAX, 100).expect("it answers").indexes
}

fn delivered(determination: Determination, count: u64, listed: u32) -> ActionBody {
    ActionBody {
        verb: Verb::DataRead,
        outcome: Outcome::Succeeded,
        determination,
        provenance: Provenance::Described,
        subjects_delivered: Some(Quantity { precision: Precision::Exact, count }),
        parts: vec![PartGroup { count: listed, roles: vec![Role::DataSubject], ..PartGroup::default() }],
        ..ActionBody::default()
    }
}

#[test]
fn counts_that_contradict_a_determination_leave_it_open_for_everybody_else() {
    let follower = following(&[
        delivered(Determination::Nobody, 0, 0),
        delivered(Determination::Nobody, 2, 0),
        delivered(Determination::Listed, 2, 2),
        delivered(Determination::Listed, 3, 2),
    ]);
    let mut found = follower.undetermined(4).expect("it answers");
    found.sort_by_key(|count| count.first);
    let found: Vec<_> = found.into_iter().map(|count| (count.determination, count.count, count.first)).collect();
    assert_eq!(found, [(Determination::Undetermined, 1, 1), (Determination::ListedIncomplete, 1, 3)]);
}

#[test]
fn statements_of_logging_and_amendments_are_found_under_any_verb() {
    let states = ActionBody {
        verb: Verb::IncidentDetect,
        facts: vec![Fact { kind: FactKind::Coverage, coverage: CoverageState::Down, ..Fact::default() }],
        ..ActionBody::default()
    };
    let stops = ActionBody { verb: Verb::CoverageStop, ..ActionBody::default() };
    let links = |corrects, retracts| ActionBody {
        verb: Verb::DataRead,
        links: Some(LinkCounts { corrects, retracts, ..LinkCounts::default() }),
        ..ActionBody::default()
    };
    let follower = following(&[states, links(1, 0), stops, links(0, 1), links(0, 0)]);
    assert_eq!(under(&follower, Term::logging()), [0, 2]);
    assert_eq!(under(&follower, Term::amending()), [1, 3]);
}

/// What one person's report judges acts by in a large ledger is found without reading all that opens anything.
#[test]
fn ways_are_found_and_those_that_no_name_or_human_finds_apart() {
    let with = |fact: Fact| ActionBody { verb: Verb::AccessGrant, facts: vec![fact], ..ActionBody::default() };
    let of = |kind, resource: &str, party| Fact { kind, resource: resource.into(), party, ..Fact::default() };
    let human = PartyKind::Human;
    let again = ActionBody {
        verb: Verb::DataRead,
        links: Some(LinkCounts { same_act_as: 1, ..LinkCounts::default() }),
        ..ActionBody::default()
    };
    let sealed =
        ActionBody { sealed_names: vec![NamedField::FactResource], ..with(of(FactKind::Membership, "", human)) };
    let follower = following(&[
        with(of(FactKind::Content, "crm", PartyKind::Unspecified)),
        with(of(FactKind::Grant, "crm", human)),
        with(of(FactKind::Membership, "g", human)),
        with(of(FactKind::Membership, "g", PartyKind::Agent)),
        with(of(FactKind::Grant, "", PartyKind::Unspecified)),
        ActionBody { dataset: "crm".into(), ..with(of(FactKind::Grant, "", human)) },
        sealed,
        with(of(FactKind::AccountState, "svc", PartyKind::Unspecified)),
        again,
    ]);
    assert_eq!(under(&follower, Term::way()), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(under(&follower, Term::nameless_way()), [3, 4, 6, 7]);
    assert_eq!(under(&follower, Term::told_again()), [8]);
}

/// Of a body that is gone, what was not determined is still counted, at every size and also when all is made anew.
#[test]
fn what_is_carried_forward_of_a_pruned_body_is_counted_as_before() {
    let open = delivered(Determination::Undetermined, 2, 0);
    let bodies = [open.clone(), delivered(Determination::Listed, 2, 2), open.clone()];
    let follower = following(&bodies);
    let count = |follower: &Follower, size| follower.undetermined(size).expect("it answers");
    let before: Vec<_> = (0..=3).map(|size| count(&follower, size)).collect();
    let reads = Term::new(TermKind::Verb, Verb::DataRead.code());
    assert_eq!(under(&follower, reads.clone()), [0, 1, 2]);

    let (first, kind) = (bodies[0].encode(), EntryKind::Action as u8);
    follower.forget([(0, kind, &first[..])]).expect("it forgets");
    assert_eq!(under(&follower, reads.clone()), [1, 2]);
    let anew = Follower::open(Arc::new(MemoryStore::default()), LedgerNumber(1)).expect("a new one");
    let rest: Vec<Vec<u8>> = bodies[1..].iter().map(ActionBody::encode).collect();
    let carried = Sort::of(&open).map(|sort| sort.term());
    let pruned = FoldInput { kind, recorded_at_us: 1, body: None, carried };
    let others = rest.iter().map(|body| whole(body));
    anew.advance(std::iter::once(pruned).chain(others)).expect("it follows");
    for follower in [&follower, &anew] {
        assert_eq!((0..=3).map(|size| count(follower, size)).collect::<Vec<_>>(), before);
        assert_eq!(under(follower, reads.clone()), [1, 2]);
        assert_eq!(under(follower, Term::new(TermKind::EntryKind, EntryKind::Action.code())), [0, 1, 2]);
    }
}

proptest! {
    /// What a source left out is told by where its runs of numbers begin and end as by all numbers, in whatever order they came.
    #[test]
    fn runs_of_numbers_leave_out_what_the_numbers_do(
        came in prop::collection::vec(prop_oneof![3 => Just(None), 1 => (1u64..30).prop_map(Some)], 1..40),
        pruned in 0u64..12,
    ) {
        let mut number = 0;
        let numbers: Vec<u64> = came.iter().map(|jump| { number = jump.unwrap_or(number + 1); number }).collect();
        let source = |sequence| Some(body::Source { name: "proxy".into(), sequence, ..body::Source::default() });
        let bodies: Vec<ActionBody> =
            numbers.iter().map(|number| ActionBody { source: source(*number), ..ActionBody::default() }).collect();
        let follower = following(&bodies);
        let all = under(&follower, Term::new(TermKind::Numbered, "proxy"));
        prop_assert_eq!(all.len(), numbers.len());
        let begins = under(&follower, Term::new(TermKind::Run, "proxy"));
        let placed = |index: u64| {
            let time = 1_000 + index * 7 % 5;
            Placed { sequence: numbers[index as usize], index, earliest_us: time, latest_us: time + 3 }
        };
        let ends = begins.iter().skip(1).copied().chain([numbers.len() as u64]);
        let runs = begins.iter().zip(ends).map(|(from, until)| Run { first: placed(*from), last: placed(until - 1) });
        let each = all.iter().map(|index| Run { first: placed(*index), last: placed(*index) });
        let naive = {
            let mut placed: Vec<Placed> = all.iter().map(|index| placed(*index)).collect();
            placed.sort_unstable();
            let jumps = placed.windows(2).filter(|pair| pair[1].sequence > pair[0].sequence.max(pruned) + 1);
            jumps.map(|pair| pair[1].index).collect::<Vec<_>>()
        };
        let skipped = Skipped::between(runs.collect(), pruned);
        prop_assert_eq!(skipped.iter().map(|one| one.index).collect::<Vec<_>>(), naive);
        prop_assert_eq!(skipped, Skipped::between(each.collect(), pruned));
    }
}
