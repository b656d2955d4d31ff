//! Approvals and reviews, one at a time.

use super::*;
use proptest::prelude::*;

const E1: Party = Party::Person(Person(1));
const CAROL: Party = Party::Person(Person(2));
const R: Resource = Resource(1);
const MINUTE: u64 = 60_000_000;

fn act(index: u64, minute: u64, verb: Verb) -> Act {
    Act {
        index,
        when: When::at(minute * MINUTE),
        verb,
        chain: vec![E1],
        reached: Box::default(),
        resource: Some(R),
        subjects: BTreeSet::from([Person(9)]),
        closed: false,
        undetermined: false,
        outcome: Outcome::Succeeded,
        came_to_nothing: false,
        policy: String::new(),
        caller: None,
        authorised: Authorised::NotAssessed,
        emergency: false,
        instruction: String::new(),
        approval: "a".into(),
        caused_by: Vec::new(),
        parents: Vec::new(),
        goes_further: false,
        touched: None,
        inside: None,
        approved_for: None,
        approved: None,
        review: None,
    }
}

fn approval(from: u64, until: u64) -> Approval {
    Approval {
        index: 1,
        by: vec![CAROL],
        reference: "a".into(),
        to: Some(E1),
        verbs: BTreeSet::from([Verb::DataRead]),
        categories: BTreeSet::new(),
        resource: Some(R),
        subjects: BTreeSet::from([Person(9)]),
        closed: false,
        policy: "p".into(),
        from: When::at(from * MINUTE),
        until: Some(until * MINUTE),
        refused: false,
        repeats: false,
    }
}

/// Entries 30 and 31 tell of one act, 40 was taken back; under the policy `q` only Carol approves, for five minutes.
fn by(involved: &Involved) -> Approving<'_> {
    Approving {
        involved,
        one_act: &|index| if index == 31 { 30 } else { index },
        never: &|index| index == 40,
        may_approve: &|policy, party, _| policy != "q" || party == Some(CAROL),
        valid_us: &|policy, _| (policy == "q").then_some(5 * MINUTE),
    }
}

fn judged(approvals: &[Approval], all: impl IntoIterator<Item = Act>) -> Vec<(Option<Approved>, Authorised)> {
    let mut acts: BTreeMap<u64, Act> = all.into_iter().map(|act| (act.index, act)).collect();
    approve(&mut acts, approvals, &by(&Involved::default()));
    acts.values().map(|act| (act.approved, act.authorised)).collect()
}

#[test]
fn an_approval_is_for_one_action_once_and_in_time() {
    let valid = approval(50, 60);
    let no = |approved| (Some(approved), Authorised::No);
    let yes = (Some(Approved::Matched), Authorised::Yes);
    let read = |index, minute| act(index, minute, Verb::DataRead);
    let on = |act: Act| judged(std::slice::from_ref(&valid), [act])[0];
    assert_eq!(on(read(10, 55)), yes);
    assert_eq!(on(act(10, 55, Verb::DataExport)), no(Approved::OtherAction));
    assert_eq!(on(Act { subjects: BTreeSet::new(), ..read(10, 55) }), no(Approved::OtherAction));
    assert_eq!(on(Act { chain: vec![CAROL], ..read(10, 55) }), no(Approved::OtherAction));
    let names_nobody = Approval { subjects: BTreeSet::new(), ..valid.clone() };
    let nobodys = Act { subjects: BTreeSet::new(), ..read(10, 55) };
    let on_nobody = |act| judged(std::slice::from_ref(&names_nobody), [act])[0];
    assert_eq!(on_nobody(nobodys.clone()), yes);
    for somebodys in [read(10, 55), Act { closed: true, ..nobodys.clone() }, Act { undetermined: true, ..nobodys }] {
        assert_eq!(on_nobody(somebodys), no(Approved::OtherAction), "what names nobody is for nobody's data");
    }
    let of_contact = Approval { categories: BTreeSet::from([Category::Contact]), ..valid.clone() };
    let on_contact = |touched: Option<&[Category]>| {
        let touched = touched.map(|all| Box::new(all.iter().copied().collect()));
        judged(std::slice::from_ref(&of_contact), [Act { touched, ..read(10, 55) }])[0]
    };
    assert_eq!(on_contact(Some(&[Category::Contact])), yes);
    for more in [None, Some(&[Category::Health][..]), Some(&[Category::Contact, Category::Health])] {
        assert_eq!(on_contact(more), no(Approved::OtherAction), "all that it touched has to be of what was approved");
    }
    let inside = |categories: &[Category]| {
        let inside = Some(Box::new(BTreeSet::from_iter(categories.iter().copied())));
        judged(
            &[Approval { categories: BTreeSet::from([Category::Contact]), ..valid.clone() }],
            [Act { inside, ..read(10, 55) }],
        )[0]
    };
    let unknown = (Some(Approved::CategoriesUnknown), Authorised::NotAssessed);
    assert_eq!(inside(&[Category::Contact]), unknown, "nothing else is told to have been inside");
    assert_eq!(inside(&[Category::Contact, Category::Health]), no(Approved::OtherAction));
    for vague in [
        Approval { verbs: BTreeSet::new(), ..valid.clone() },
        Approval { to: None, ..valid.clone() },
        Approval { resource: None, ..valid.clone() },
    ] {
        assert_eq!(judged(&[vague], [read(10, 55)])[0], no(Approved::OtherAction), "it names no exact action");
    }
    let others_too = Act { undetermined: true, ..read(10, 55) };
    assert_eq!(on(others_too), no(Approved::OtherAction), "others may be among them");
    assert_eq!(on(read(10, 60)), no(Approved::Expired));
    assert_eq!(on(read(10, 49)), no(Approved::GivenLater));
    let both = judged(std::slice::from_ref(&valid), [read(10, 55), read(11, 56)]);
    assert_eq!(both, [yes, no(Approved::AlreadyUsed)], "the first uses it");
    let often = Approval { repeats: true, ..valid.clone() };
    assert_eq!(judged(&[often], [read(10, 56), read(11, 55)]), [yes, yes]);
    let refused = Approval { refused: true, ..valid.clone() };
    assert_eq!(judged(&[refused], [read(10, 55)])[0], no(Approved::Refused));
    let own = Approval { by: vec![E1], ..valid.clone() };
    assert_eq!(judged(&[own], [read(10, 55)])[0], no(Approved::ByThemselves));
    let denied = Act { authorised: Authorised::No, ..read(10, 55) };
    assert_eq!(on(denied), no(Approved::Matched), "what a policy denied stays denied");
    assert_eq!(judged(&[], [read(10, 55)])[0], (Some(Approved::NotOnFile), Authorised::NotAssessed));
}

#[test]
fn of_several_that_claim_one_approval_only_that_has_it_which_surely_came_first() {
    let valid = approval(50, 60);
    let read = |index, minute| act(index, minute, Verb::DataRead);
    let (yes, used) = ((Some(Approved::Matched), Authorised::Yes), (Some(Approved::AlreadyUsed), Authorised::No));
    let either = (Some(Approved::OneOfSeveral), Authorised::NotAssessed);
    let on = |acts: Vec<Act>| judged(std::slice::from_ref(&valid), acts);
    assert_eq!(on(vec![read(10, 55), read(11, 55)]), [yes, used], "at one instant in the order of the ledger");
    assert_eq!(on(vec![read(10, 56), read(11, 55)]), [either, either], "told later, and claims to have been before");
    let about = |index, from, until| {
        let when = When { earliest: from * MINUTE, latest: until * MINUTE, clock_doubt: false };
        Act { when, ..act(index, 0, Verb::DataRead) }
    };
    assert_eq!(on(vec![about(10, 52, 55), about(11, 54, 57)]), [either, either]);
    assert_eq!(on(vec![about(10, 52, 54), about(11, 54, 57), read(12, 58)]), [yes, used, used]);
    assert_eq!(on(vec![about(10, 52, 55), about(11, 54, 57), read(12, 58)]), [either, either, used]);
    // Two reports of one act do not stand in each other's way, and another after them is later than both.
    assert_eq!(on(vec![read(29, 54), about(30, 55, 57), about(31, 54, 58)]), [yes, used, used]);
    assert_eq!(on(vec![about(30, 55, 57), about(31, 54, 58), read(32, 59)]), [yes, yes, used]);
    // Where both happened for sure and it is told as denied or permitted besides, that is as it was told.
    let denied = Act { authorised: Authorised::No, ..read(11, 55) };
    assert_eq!(on(vec![read(10, 56), denied])[1], (Some(Approved::OneOfSeveral), Authorised::No));
    let permitted = Act { authorised: Authorised::Yes, ..read(11, 55) };
    assert_eq!(on(vec![read(10, 56), permitted])[1], either, "a permission does not settle whose it was");
}

proptest! {
    /// Whose turn it was is looked up; here it is asked of each pair.
    #[test]
    fn whose_turn_it_was_is_what_every_pair_says(told in prop::collection::vec((0u64..20, 0u64..4, 0u64..6, any::<bool>()), 1..9)) {
        let claim = |(index, (start, width, of, sure)): (usize, (u64, u64, u64, bool))| Claim {
            index: index as u64,
            act: of,
            when: When { earliest: start, latest: start + width, clock_doubt: false },
            sure,
        };
        let all: Vec<Claim> = told.into_iter().enumerate().map(claim).collect();
        let first = First::of(&all);
        let before = |one: &Claim, other: &Claim| one.when.latest <= other.when.earliest && one.index < other.index;
        for one in &all {
            let others: Vec<&Claim> = all.iter().filter(|other| other.act != one.act).collect();
            let expected = if others.iter().any(|other| other.sure && before(other, one)) {
                Turn::Later
            } else if others.iter().any(|other| before(other, one)) {
                Turn::PerhapsLater
            } else if others.iter().all(|other| before(one, other)) {
                Turn::First
            } else {
                Turn::Unknown
            };
            let asked = Act { when: one.when, ..act(one.index, 0, Verb::DataRead) };
            prop_assert_eq!(first.turn(one.act, &asked), expected);
        }
    }
}

#[test]
fn a_hundred_thousand_that_claim_one_approval_are_judged_in_one_go() {
    let acts = (0..100_000).map(|number| act(10 + number, 55, Verb::DataRead));
    let found = judged(&[approval(50, 60)], acts.filter(|act| act.index != 40));
    assert_eq!(found.iter().filter(|(approved, _)| *approved == Some(Approved::Matched)).count(), 1);
}

#[test]
fn the_time_of_an_act_counts_and_not_when_it_was_asked_for_or_told() {
    let valid = [approval(50, 60)];
    let no = |approved| (Some(approved), Authorised::No);
    let yes = (Some(Approved::Matched), Authorised::Yes);
    let read = |minute, index| act(index, minute, Verb::DataRead);
    assert_eq!(judged(&valid, [read(59, 1_000)])[0], yes, "told long after");
    assert_eq!(judged(&valid, [read(60, 10)])[0], no(Approved::Expired), "asked for in time");
    // An approval that is told after the act counts for nothing, whatever time it claims.
    let late = Approval { index: 11, ..approval(50, 60) };
    assert_eq!(judged(&[late], [read(55, 10)])[0], no(Approved::GivenLater));
}

#[test]
fn one_act_uses_an_approval_once_and_what_never_was_does_not() {
    let valid = approval(50, 60);
    let read = |index, minute| act(index, minute, Verb::DataRead);
    let yes = (Some(Approved::Matched), Authorised::Yes);
    assert_eq!(judged(std::slice::from_ref(&valid), [read(30, 55), read(31, 56)]), [yes, yes]);
    let denied = Act { outcome: Outcome::Denied, came_to_nothing: true, ..read(11, 54) };
    assert_eq!(judged(std::slice::from_ref(&valid), [denied, read(12, 56)])[1], yes);
    let untold = (None, Authorised::NotAssessed);
    assert_eq!(judged(std::slice::from_ref(&valid), [read(12, 56), read(40, 55)]), [yes, untold]);
    let failed = Act { outcome: Outcome::Failed, came_to_nothing: true, ..read(11, 54) };
    assert_eq!(judged(std::slice::from_ref(&valid), [failed.clone(), read(12, 56)])[1], yes);
    let told = Act { came_to_nothing: false, ..failed };
    let perhaps = (Some(Approved::PerhapsUsed), Authorised::NotAssessed);
    assert_eq!(judged(std::slice::from_ref(&valid), [told, read(12, 56)])[1], perhaps, "its error may have told it");
}

#[test]
fn a_policy_says_who_approves_and_for_how_long() {
    let read = |minute| [act(10, minute, Verb::DataRead)];
    let under = |approval: Approval| Approval { policy: "q".into(), ..approval };
    let mallory = Approval { by: vec![Party::Person(Person(3))], ..approval(50, 60) };
    let no = |approved| (Some(approved), Authorised::No);
    assert_eq!(judged(&[under(mallory.clone())], read(51))[0], no(Approved::NotApprover));
    let of_policy = |acts: [Act; 1]| acts.map(|act| Act { policy: "q".into(), ..act });
    assert_eq!(judged(&[mallory], of_policy(read(51)))[0], no(Approved::NotApprover), "by the act's policy");
    let open = under(Approval { until: None, ..approval(50, 60) });
    assert_eq!(judged(std::slice::from_ref(&open), read(54))[0], (Some(Approved::Matched), Authorised::Yes));
    assert_eq!(judged(&[open], read(55))[0], no(Approved::Expired));
    assert_eq!(judged(&[under(approval(50, 60))], read(55))[0], no(Approved::Expired), "bounded by the policy");
}

#[test]
fn what_does_not_open_any_more_is_neither_matched_nor_held_against_anybody() {
    let read = act(10, 55, Verb::DataRead);
    let nobody = BTreeSet::new;
    let erased = Approval { subjects: nobody(), closed: true, ..approval(50, 60) };
    let closed = (Some(Approved::Closed), Authorised::NotAssessed);
    let gone = Act { subjects: nobody(), closed: true, ..read.clone() };
    assert_eq!(judged(std::slice::from_ref(&erased), [gone.clone()])[0], closed);
    assert_eq!(judged(std::slice::from_ref(&erased), [read.clone()])[0], closed);
    assert_eq!(judged(&[approval(50, 60)], [gone.clone()])[0], closed);
    let approver = Approval { by: vec![Party::Unknown(1, 0)], ..approval(50, 60) };
    assert_eq!(judged(&[approver], [read.clone()])[0], closed);
    // What is known anyway stays: it was over, or for another verb.
    let late = Act { when: When::at(60 * MINUTE), ..gone.clone() };
    assert_eq!(judged(std::slice::from_ref(&erased), [late])[0], (Some(Approved::Expired), Authorised::No));
    let other = Act { verb: Verb::DataExport, ..gone };
    assert_eq!(judged(&[erased], [other])[0], (Some(Approved::OtherAction), Authorised::No));
}

#[test]
fn an_act_that_may_lie_outside_is_not_approved() {
    let when = When { earliest: 55 * MINUTE, latest: 60 * MINUTE, clock_doubt: false };
    let found = judged(&[approval(50, 60)], [Act { when, ..act(10, 55, Verb::DataRead) }]);
    assert_eq!(found[0], (Some(Approved::Expired), Authorised::No));
}

#[test]
fn an_emergency_is_pending_then_unreviewed_unless_somebody_else_looked() {
    let emergency = || Act { emergency: true, authorised: Authorised::Exceptional, ..act(10, 0, Verb::DataRead) };
    let reviewed = |reviews: &[Reviewing], cut_off: u64| {
        let mut acts = BTreeMap::from([(10, emergency())]);
        let by = By { may_review: &|_, _| true, involved: &Involved::default(), period_us: &|_| Some(60 * MINUTE) };
        let reviews: Vec<_> = reviews.iter().map(|review| (review, vec![vec![10]])).collect();
        review(&mut acts, &reviews, &by, cut_off * MINUTE);
        (acts[&10].review, acts[&10].authorised)
    };
    let by = |who, justified| Reviewing {
        index: 11,
        when: When::at(30 * MINUTE),
        by: Some(who),
        of: vec![vec![1]],
        justified,
    };
    let exceptional = |review| (Some(review), Authorised::Exceptional);
    assert_eq!(reviewed(&[], 59), exceptional(Review::Pending(60 * MINUTE)));
    assert_eq!(reviewed(&[], 60), exceptional(Review::Unreviewed));
    assert_eq!(reviewed(&[by(CAROL, true)], 90), exceptional(Review::Justified));
    assert_eq!(reviewed(&[by(E1, true)], 90), exceptional(Review::Unreviewed), "nobody reviews themselves");
    let against = (Some(Review::Against), Authorised::No);
    assert_eq!(reviewed(&[by(CAROL, false), by(CAROL, true)], 90), against);
}
