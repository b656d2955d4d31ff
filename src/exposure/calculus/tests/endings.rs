//! Which closing ends which opening, against the rule written down plainly: every opening looks at every closing.

use super::*;
use crate::exposure::calculus::ending::{Closings, Ended};
use proptest::prelude::*;

/// By when it surely had ended, by which closing: when that was, and its entry.
type Sure = (Instant, Instant, u64);

/// As the rule says it, one closing after the other.
fn plainly(edges: &[Edge], edge: &Edge, lag: Instant, used: &mut BTreeSet<usize>) -> Ended {
    let opened = edge.when;
    let alike: Vec<&Edge> = match edge.reference {
        Some(_) => edges.iter().filter(|e| e.side == Side::Opens && e.reference == edge.reference).collect(),
        None => Vec::new(),
    };
    // When it ended at the earliest; by when it surely had, by which entry.
    let mut endings: Vec<(Instant, Option<Sure>)> = Vec::new();
    let (mut ended, mut doubtful) = (Ended::default(), Vec::new());
    // Closings with the reference that claim to lie before it.
    let mut earlier: Vec<&Edge> = Vec::new();
    let alike_thing = alike.iter().all(|other| other.thing == edge.thing);
    for (position, closing) in edges.iter().enumerate().filter(|(_, e)| e.side == Side::Closes) {
        let when = closing.when;
        if closing.reference.is_some() && closing.reference == edge.reference {
            let began = alike.iter().map(|other| other.when.earliest).min();
            if began.is_some_and(|began| when.latest >= began || closing.recorded_at >= began) {
                used.insert(position);
            }
            let before = (when.latest, closing.index) < (opened.earliest, edge.index);
            let another = |other: &&Edge| {
                other.index != edge.index && (other.when.earliest, other.index) < (when.latest, closing.index)
            };
            if before && alike.iter().any(another) {
                continue;
            }
            if when.latest < opened.earliest {
                earlier.push(closing);
                continue;
            }
            let sure = !closing.doubtful && alike_thing;
            let by = (when.latest.max(opened.latest) + lag, when.latest, closing.index);
            endings.push((when.earliest.max(opened.earliest), sure.then_some(by)));
            doubtful.extend(closing.doubtful.then_some(when.earliest.max(opened.earliest)));
        }
        if closing.reference.is_none() && closing.thing == edge.thing {
            let told_later = closing.index > edge.index;
            if (when.latest, told_later) <= (opened.earliest, false) {
                continue;
            }
            used.insert(position);
            let openings = edges.iter().filter(|other| other.side == Side::Opens && other.thing == edge.thing);
            let told: BTreeSet<u32> = openings.filter_map(|other| other.told_as).collect();
            let of_another =
                closing.told_as.filter(|of| told.len() > 1 && told.contains(of) && edge.told_as != Some(*of));
            let perhaps = closing.doubtful || of_another.is_some();
            let sure = (when.earliest, told_later) > (opened.latest, false) && !perhaps;
            let by = (when.latest + lag, when.latest, closing.index);
            endings.push((when.earliest.max(opened.earliest), sure.then_some(by)));
            doubtful.extend(perhaps.then_some(when.earliest.max(opened.earliest)));
        }
    }
    // One that was not on record by then contradicts it: it had happened when the last of them was recorded.
    if earlier.iter().any(|closing| closing.recorded_at >= opened.earliest) {
        let told = |closing: &&&Edge| (closing.recorded_at, closing.index);
        let last = earlier.iter().filter(|closing| !closing.doubtful).max_by_key(told);
        let last = last.filter(|closing| closing.recorded_at >= opened.earliest && alike_thing);
        let by = |closing: &&Edge| (closing.recorded_at.max(opened.latest) + lag, closing.recorded_at, closing.index);
        endings.push((opened.earliest, last.map(by)));
        ended.before = earlier.iter().map(|closing| closing.when.earliest).min();
        doubtful.extend(earlier.iter().any(|closing| closing.doubtful).then_some(opened.earliest));
    }
    ended.doubtful = doubtful.into_iter().min();
    ended.perhaps = endings.iter().map(|(earliest, _)| *earliest).min();
    ended.surely = endings.iter().filter_map(|(_, sure)| *sure).min().map(|(at, _, entry)| (at, entry));
    ended
}

fn edges() -> impl Strategy<Value = Vec<Edge>> {
    let side = prop_oneof![Just(Side::Opens), Just(Side::Closes), Just(Side::Closes)];
    let told_as = prop::option::of(0u32..3);
    let edge = (side, 0u8..3, 0u64..6, 0u64..3, prop::option::of(0u64..2), any::<bool>(), any::<bool>(), told_as);
    prop::collection::vec(edge, 1..14).prop_map(|lines| {
        let mut edges = Vec::new();
        for (side, thing, earliest, width, reference, doubtful, same_entry, told_as) in lines {
            let thing = match thing {
                0 => None,
                number => Some(Thing::Holding { holder: person(u32::from(number)), resource: R }),
            };
            let index = (edges.len() as u64).saturating_sub(u64::from(same_entry));
            edges.push(Edge {
                index,
                thing,
                side,
                when: When { earliest, latest: earliest + width, clock_doubt: false },
                recorded_at: (earliest + width + index * 3) % 12,
                reference,
                told_as,
                end: None,
                rights: BTreeSet::new(),
                categories: BTreeSet::new(),
                authorised: Authorised::NotAssessed,
                doubtful,
            });
        }
        edges
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4_096, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_quickly_is_what_is_found_plainly(edges in edges(), lag in 0u64..2) {
        let (mut closings, mut used) = (Closings::of(&edges), BTreeSet::new());
        for edge in edges.iter().filter(|edge| edge.side == Side::Opens) {
            let Some(thing) = edge.thing else { continue };
            let expected = plainly(&edges, edge, lag, &mut used);
            prop_assert_eq!(closings.of_opening(edge, thing, lag), expected, "{:?} among {:?}", edge, &edges);
        }
        let found: Vec<usize> =
            closings.used(edges.len()).into_iter().enumerate().filter(|(_, used)| *used).map(|(at, _)| at).collect();
        prop_assert_eq!(found, used.into_iter().collect::<Vec<_>>());
    }
}

/// Thousands of sittings under one reference are answered, each with its own end.
#[test]
fn a_session_that_was_opened_and_closed_often_ends_each_time() {
    let mut story = Story::new();
    story.frame = Frame { from: 0, cut_off: 1_000_000 };
    let thing = Thing::Holding { holder: person(1), resource: R };
    for number in 0..5_000 {
        story.opens(thing, number * 20).reference = Some(1);
        story.closes(thing, number * 20 + 10).reference = Some(1);
    }
    let exposure = story.exposure();
    assert_eq!(exposure.holdings.len(), 5_000);
    assert!(exposure.holdings.iter().all(|held| held.end.latest - held.start.earliest == 10));
}
