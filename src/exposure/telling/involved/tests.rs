//! Who took part, against a model written for clarity: whoever is asked about is followed down one act, membership by
//! membership.

use super::*;
use proptest::prelude::*;

const END: Instant = 6;

/// Parties 0 and 1 are groups, 2 and 3 accounts, the others persons.
fn party(number: u8) -> Party {
    match number {
        0 | 1 => Party::Named(PartyKind::Group, u32::from(number)),
        2 | 3 => Party::Named(PartyKind::Service, u32::from(number)),
        _ => Party::Person(Person(u32::from(number))),
    }
}

#[derive(Debug, Clone, Copy)]
struct InIt {
    member: u8,
    whole: u8,
    from: Instant,
    until: Instant,
}

fn told(all: &[InIt]) -> Telling {
    let mut told = Telling::default();
    for (at, one) in all.iter().enumerate() {
        for (side, when) in [(Side::Opens, one.from), (Side::Closes, one.until)] {
            let thing = Thing::Membership { member: party(one.member), whole: party(one.whole) };
            let edge = Edge::of(at as u64, thing, side, When::at(when));
            told.edges.push(Edge { reference: Some(at as u64), authorised: Authorised::Yes, ..edge });
        }
    }
    told
}

/// Whether this person may have acted where this party did.
fn may_be(who: u8, whole: u8, all: &[InIt], weak: &[(u8, u8)], at: Instant, seen: &mut BTreeSet<u8>) -> bool {
    if who == whole || weak.contains(&(who, whole)) || weak.contains(&(whole, who)) {
        return true;
    }
    if !seen.insert(whole) {
        return false;
    }
    let ever: Vec<&InIt> = all.iter().filter(|one| one.whole == whole).collect();
    let then: Vec<&&InIt> = ever.iter().filter(|one| one.from <= at && at < one.until).collect();
    // All had left, and it acted: nobody knows who did.
    !ever.is_empty() && then.is_empty() || then.iter().any(|one| may_be(who, one.member, all, weak, at, seen))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_may_have_acted_is_found_over_groups_accounts_and_other_numbers(
        all in prop::collection::vec((0u8..8, 0u8..4, 0..END, 1..END), 0..8),
        weak in prop_oneof![Just(None), (4u8..8, 4u8..8).prop_map(Some)],
        acted in 0u8..8,
        at in 0..END,
    ) {
        let in_it = |(member, whole, from, lasts)| InIt { member, whole, from, until: from + lasts };
        let all: Vec<InIt> = all.into_iter().map(in_it).collect();
        let weak: Vec<(u8, u8)> = weak.into_iter().collect();
        let person = |number: u8| Person(u32::from(number));
        let pairs: Vec<(Person, Person)> = weak.iter().map(|(a, b)| (person(*a), person(*b))).collect();
        let involved = Involved::of(&told(&all), &Same::of(&pairs), 0);
        let acting = involved.everybody([party(acted)], When::at(at));
        for who in 4u8..8 {
            let asked = involved.everybody([party(who)], When::at(at));
            let expected = may_be(who, acted, &all, &weak, at, &mut BTreeSet::new());
            prop_assert_eq!(asked.meet(&acting) != Meet::No, expected, "{} of {}", who, acted);
            prop_assert_eq!(acting.meet(&asked), asked.meet(&acting));
        }
    }
}

#[test]
fn an_end_that_somebody_amends_is_none() {
    let mut told = told(&[InIt { member: 4, whole: 0, from: 0, until: 3 }]);
    let everybody = |told: &Telling| Involved::of(told, &Same::default(), 0).everybody([party(0)], When::at(5));
    let dana = Everybody { parties: [party(4)].into(), persons: [Person(4)].into(), ..Everybody::default() };
    assert_eq!(everybody(&told).meet(&dana), Meet::Yes, "nobody else is on file");
    told.edges
        .push(Edge { thing: Some(Thing::Membership { member: party(5), whole: party(0) }), ..told.edges[0].clone() });
    told.edges[2].reference = None;
    assert_eq!(everybody(&told).meet(&dana), Meet::No, "left before");
    told.by_id.insert(vec![1], vec![told.edges[1].index]);
    told.amendings.push(Amending {
        index: 9,
        by: vec![party(4)],
        only_amends: true,
        corrects: Vec::new(),
        retracts: vec![vec![1]],
        reason: String::new(),
        restated: None,
    });
    assert_eq!(everybody(&told).meet(&dana), Meet::Yes, "perhaps had not left");
}

/// A list of members of whom one does not open has somebody unnamed in it, and where the group's name went with a member
/// they may be in any.
#[test]
fn whoever_does_not_open_was_in_it_all_the_same() {
    let mut told = Telling::default();
    let fact = |name: &str, party| body::Fact {
        kind: FactKind::Membership,
        edge: FactEdge::Open,
        party,
        name: name.into(),
        ..Default::default()
    };
    let list = body::Fact { subjects: vec![Run { first: 0, count: 2 }], ..fact("g", PartyKind::Group) };
    let history = crate::report::exposure::registered::History::default();
    let mut take = |index, fact, sealed_names| {
        let (verb, outcome, facts) = (Verb::GroupJoin, Outcome::Succeeded, vec![fact]);
        let body = &ActionBody { verb, outcome, facts, sealed_names, ..Default::default() };
        let persons = BTreeMap::from([(0, Person(3))]);
        let (records, fields) = (BTreeMap::new(), BTreeMap::new());
        told.take(
            &OpenedAction {
                index,
                recorded_at_us: 1_000,
                body,
                persons,
                told_as: BTreeMap::new(),
                records,
                fields,
                content: None,
                delay_us: 0,
            },
            &history,
        );
    };
    take(7, list, Vec::new());
    take(8, fact("", PartyKind::Human), vec![NamedField::FactResource]);
    let told_of = |whole: Party| {
        let in_it = |edge: &Edge| match edge.thing {
            Some(Thing::Membership { member, whole: of }) if of == whole => Some(member),
            _ => None,
        };
        told.edges.iter().filter_map(in_it).collect::<Vec<_>>()
    };
    let group = told.parties.find(&(PartyKind::Group, Named::Registered("g".into()))).expect("it is named");
    let listed = told_of(Party::Named(PartyKind::Group, group));
    assert!(matches!(listed[..], [Party::Person(Person(3)), Party::Unknown(7, _)]), "{listed:?}");
    assert!(matches!(told_of(Party::SOME_GROUP)[..], [Party::Unknown(8, _)]));
}
