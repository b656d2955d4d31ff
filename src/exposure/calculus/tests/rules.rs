//! The cases of the acceptance list that are about intervals and audiences, and the rules behind them.

use super::*;
use crate::exposure::calculus::exposure::Rung;
use crate::exposure::calculus::interval::{Known, Oddity};

/// Start and end of the only window, each with how well it is known.
fn window(exposure: &Exposure) -> ((Instant, Instant, Known), (Instant, Instant, Known)) {
    let [window] = exposure.windows.as_slice() else { panic!("not one window: {:?}", exposure.windows) };
    let bound = |bound: crate::exposure::calculus::interval::Bound| (bound.earliest, bound.latest, bound.known);
    (bound(window.start), bound(window.end))
}

#[test]
fn a_grant_to_a_group_that_one_of_three_used() {
    let mut story = Story::new().engineers().content();
    story.opens(grant(ENG), at(9, 0)).authorised = Authorised::No;
    story.reads(person(1), at(9, 30));
    story.closes(grant(ENG), at(11, 0));
    let exposure = story.exposure();
    assert_eq!(window(&exposure), ((at(9, 0), at(9, 0), Known::Exact), (at(11, 0), at(11, 0), Known::Exact)));
    for number in 1..=3 {
        assert_eq!(could(&exposure, person(number)), (120, 120));
        assert_eq!(minutes(exposure.viewers[&person(number)].excess.possible.measure()), 120);
    }
    let did = |number| exposure.viewers[&person(number)].did.len();
    assert_eq!([did(1), did(2), did(3)], [1, 0, 0]);
    assert_eq!((exposure.accesses[0].rung, exposure.accesses[0].authorised), (Rung::Seen, Authorised::No));
    assert_eq!(exposure.subjects.len(), 3);
    assert!(exposure.subjects.values().all(|inside| minutes(inside.open.certain.measure()) == 120));
    assert_eq!(exposure.viewers.keys().filter(|party| party.is_human()).count(), 3);
    assert!(exposure.oddities.is_empty());
}

#[test]
fn two_ways_at_once_are_one_time() {
    let mut story = Story::new().engineers().content();
    let (link, group) = (grant(Party::Anyone), grant(ENG));
    story.opens(link, at(9, 0));
    story.opens(group, at(10, 0));
    story.closes(link, at(10, 30));
    story.closes(group, at(11, 0));
    let exposure = story.exposure();
    assert_eq!(minutes(exposure.open.certain.measure()), 120);
    assert_eq!(exposure.paths.len(), 2);
    assert_eq!(minutes(exposure.to_anyone.possible.measure()), 90);
    assert_eq!(could(&exposure, person(1)), (120, 120), "the link was open to them too");
}

#[test]
fn what_is_not_closed_lasts_to_the_cut_off() {
    let mut story = Story::new().engineers().content();
    story.opens(grant(ENG), at(9, 0));
    let exposure = story.exposure();
    assert_eq!(window(&exposure).1, (at(15, 0), at(15, 0), Known::Open));
    assert_eq!(could(&exposure, person(2)), (360, 360));
}

#[test]
fn a_planned_end_that_nothing_enforced_is_no_end() {
    let mut story = Story::new().engineers().content();
    story.opens(grant(ENG), at(9, 0)).end = planned(at(10, 0), at(10, 0));
    let exposure = story.exposure();
    assert_eq!(window(&exposure).1, (at(10, 0), at(10, 0), Known::Assumed));
    story.reads(person(1), at(10, 5));
    let exposure = story.exposure();
    assert_eq!(window(&exposure).1, (at(10, 5), at(15, 0), Known::Unknown));
    assert!(exposure.oddities.iter().any(|(oddity, _)| *oddity == Oddity::ExpiryNotEnforced));
}

#[test]
fn a_success_within_the_cache_raises_the_lower_end_for_whoever_had_it() {
    let mut story = Story::new().engineers().content();
    story.manner.permission_cache_us = 300_000_000;
    story.opens(grant(ENG), at(9, 0)).authorised = Authorised::No;
    story.closes(grant(ENG), at(11, 0));
    story.reads(person(1), at(11, 3));
    let exposure = story.exposure();
    assert_eq!(window(&exposure).1, (at(11, 3), at(11, 5), Known::Bounded));
    assert_eq!(could(&exposure, person(1)), (123, 125));
    assert_eq!(could(&exposure, person(2)), (120, 125));
    assert_eq!(exposure.accesses[0].authorised, Authorised::No);
}

#[test]
fn a_success_over_a_closed_way_is_unauthorised_and_leaves_the_end_unknown() {
    let mut story = Story::new().engineers().content();
    story.opens(grant(ENG), at(9, 0)).authorised = Authorised::Yes;
    story.closes(grant(ENG), at(11, 0));
    story.reads(person(1), at(12, 0)).authorised = Authorised::Yes;
    let exposure = story.exposure();
    assert_eq!(exposure.accesses[0].authorised, Authorised::No);
    // One way has one end: whoever else had it perhaps has it still.
    for number in [1, 2, 3] {
        assert_eq!(could(&exposure, person(number)), (180, 360));
        assert_eq!(excess(&exposure, person(number)), (60, 240), "nobody allowed it after eleven");
    }
    assert_eq!(window(&exposure).1, (at(12, 0), at(15, 0), Known::Unknown));
    assert_eq!(exposure.paths[0].end.earliest, at(12, 0));
    assert!(exposure.oddities.iter().any(|(oddity, _)| *oddity == Oddity::PathWasClosed));
}

/// Whether revoked or only planned to end, a way has one end: whoever joined since perhaps has it.
#[test]
fn a_success_over_a_way_that_had_ended_is_no_matter_of_whoever_acted_alone() {
    for plan in [true, false] {
        let mut story = Story::new().engineers().content();
        let opened = story.opens(grant(ENG), at(9, 0));
        if plan {
            (opened.end, opened.recorded_at) = (planned(at(10, 0), at(10, 0)), at(13, 0));
        } else {
            story.closes(grant(ENG), at(10, 0));
        }
        story.opens(Thing::Membership { member: person(4), whole: ENG }, at(10, 30));
        story.reads(person(1), at(11, 30)).authorised = Authorised::Yes;
        story.reads(person(1), at(11, 0));
        let exposure = story.exposure();
        assert_eq!([2, 4].map(|number| could(&exposure, person(number))), [(150, 360), (60, 270)], "planned: {plan}");
        assert_eq!(excess(&exposure, person(4)), (60, 270), "nobody allowed it then");
        assert!(exposure.accesses.iter().all(|access| access.authorised == Authorised::No && access.without));
    }
}

#[test]
fn which_of_several_closed_ways_went_on_is_not_known() {
    let mut story = Story::new().engineers().content();
    for audience in [ENG, person(1)] {
        story.opens(grant(audience), at(9, 0));
        story.closes(grant(audience), at(10, 0));
    }
    story.reads(person(1), at(11, 0));
    let exposure = story.exposure();
    assert_eq!([1, 2].map(|number| could(&exposure, person(number))), [(60, 360), (60, 360)]);
}

#[test]
fn a_planned_end_that_a_success_disproves_leaves_the_later_revocation() {
    let mut story = Story::new().engineers().content();
    story.opens(grant(ENG), at(9, 0)).end = planned(at(10, 0), at(10, 0));
    story.edges.last_mut().expect("it was opened").authorised = Authorised::Yes;
    story.closes(grant(ENG), at(12, 0));
    story.reads(person(1), at(11, 0)).authorised = Authorised::Yes;
    let exposure = story.exposure();
    assert_eq!(window(&exposure).1, (at(11, 0), at(12, 0), Known::Bounded));
    assert_eq!([1, 2].map(|number| could(&exposure, person(number))), [(120, 180), (120, 180)]);
    assert_eq!(excess(&exposure, person(2)), (60, 120), "it was allowed until ten");
    assert_eq!(exposure.accesses[0].authorised, Authorised::No);
    assert!(exposure.oddities.iter().any(|(oddity, _)| *oddity == Oddity::ExpiryNotEnforced));
}

#[test]
fn what_was_allowed_is_not_while_its_revocation_takes_effect() {
    let mut story = Story::new().engineers().content();
    story.manner.permission_cache_us = 300_000_000;
    story.opens(grant(ENG), at(9, 0)).authorised = Authorised::Yes;
    story.closes(grant(ENG), at(11, 0));
    for minute in [59, 63] {
        story.reads(person(1), at(10, minute)).authorised = Authorised::Yes;
    }
    let exposure = story.exposure();
    assert_eq!(exposure.accesses[0].authorised, Authorised::Yes);
    assert_eq!(exposure.accesses[1].authorised, Authorised::No);
    assert_eq!(exposure.accesses[1].got_without, [person(1)].into());
    assert_eq!([1, 2].map(|number| excess(&exposure, person(number))), [(3, 5), (0, 5)]);
    assert_eq!(exposure.paths[0].end.earliest, at(11, 3), "as the window has it");
}

/// What a success adds to an unauthorised way is without authority, too.
#[test]
fn certain_time_over_an_unauthorised_way_is_certainly_unauthorised() {
    let mut story = Story::new().content();
    story.opens(grant(Party::Anyone), at(9, 0)).authorised = Authorised::No;
    let closed = story.closes(grant(Party::Anyone), at(10, 0));
    closed.when.latest = at(12, 0);
    story.reads(person(1), at(11, 0));
    let exposure = story.exposure();
    assert_eq!(could(&exposure, person(1)), (120, 180));
    assert_eq!(excess(&exposure, person(1)), (120, 180));
    assert_eq!(minutes(exposure.unauthorised.certain.measure()), 120);
}

/// The clock is off by as much as that it was before the close, or after it.
#[test]
fn what_straddles_an_exact_close_leaves_the_end_possibly_as_late() {
    let told = |reopened: Option<Instant>| {
        let mut story = Story::new().engineers().content();
        story.opens(grant(ENG), at(9, 0)).authorised = Authorised::Yes;
        story.closes(grant(ENG), at(10, 0));
        if let Some(reopened) = reopened {
            story.opens(grant(person(1)), reopened).authorised = Authorised::Yes;
        }
        let read = story.reads(person(1), at(9, 55));
        (read.when.latest, read.authorised) = (at(10, 15), Authorised::Yes);
        story.exposure()
    };
    let exposure = told(None);
    let end = exposure.paths[0].end;
    assert_eq!((end.earliest, end.latest, end.known), (at(10, 0), at(10, 15), Known::Bounded));
    assert_eq!((could(&exposure, person(1)), could(&exposure, person(2))), ((60, 75), (60, 75)));
    assert_eq!(excess(&exposure, person(2)), (0, 15), "nobody allowed it after the close");
    assert_eq!(exposure.windows[0].end, end);
    assert_eq!(exposure.accesses[0].authorised, Authorised::NotAssessed);
    assert!(exposure.oddities.iter().any(|(oddity, _)| *oddity == Oddity::PathWasClosed));
    // From then on another way explains it.
    assert_eq!(told(Some(at(10, 5))).paths[0].end.latest, at(10, 5));
    assert!(told(Some(at(10, 0))).oddities.is_empty());
}

/// By the registry they do not see what was there before they joined, and they got it.
#[test]
fn who_joined_later_and_got_what_was_hidden_is_never_authorised_by_that_way() {
    for (way, expected) in [(Authorised::Yes, Authorised::NotAssessed), (Authorised::No, Authorised::No)] {
        let mut story = Story::new();
        story.manner.hides_history = true;
        let content = |number| Thing::Content { resource: R, subject: Some(Person(number)) };
        story.opens(content(101), at(9, 0));
        story.opens(grant(ENG), at(9, 0)).authorised = way;
        for number in [4, 5] {
            story.opens(Thing::Membership { member: person(number), whole: ENG }, at(10, 0));
        }
        story.opens(content(102), at(10, 30));
        story.closes(grant(ENG), at(12, 0));
        let reads = |story: &mut Story, number| {
            let access = story.reads(person(4), at(11, 0));
            (access.authorised, access.listed, access.subjects) = (Authorised::Yes, true, [Person(number)].into());
        };
        reads(&mut story, 102);
        let exposure = story.exposure();
        assert_eq!(exposure.accesses[0].authorised, way, "it came in while they were there");
        assert_eq!(could(&exposure, person(5)), (90, 90));
        reads(&mut story, 101);
        let exposure = story.exposure();
        assert_eq!(exposure.accesses[1].authorised, expected);
        assert!(exposure.viewers[&person(4)].could.possible.contains(at(11, 0)));
        assert_eq!(could(&exposure, person(5)), (90, 120), "perhaps they saw it as well");
        assert!(exposure.oddities.iter().any(|(oddity, _)| *oddity == Oddity::HistoryNotHidden));
    }
}

/// A group that has left is perhaps still in for all its members, if it is for one.
#[test]
fn what_one_of_a_group_still_got_after_it_had_left_was_possible_for_all_of_it() {
    let team = Party::Named(PartyKind::Group, 2);
    let mut story = Story::new().content();
    for number in [1, 2] {
        story.opens(Thing::Membership { member: person(number), whole: team }, 0);
    }
    let part = Thing::Membership { member: team, whole: ENG };
    story.opens(part, 0);
    story.opens(grant(ENG), at(9, 0)).authorised = Authorised::Yes;
    story.closes(part, at(10, 0));
    story.reads(person(1), at(10, 30));
    let exposure = story.exposure();
    assert_eq!([1, 2].map(|number| could(&exposure, person(number))), [(60, 360), (60, 360)]);
    assert_eq!(exposure.accesses[0].authorised, Authorised::No);
}

/// The account was suspended, or its way closed, and it got in all the same: one of its users did, and no figure may say
/// that none of them could or saw.
#[test]
fn what_a_closed_account_still_got_was_possible_for_each_of_its_users() {
    for suspended in [true, false] {
        let account = Party::Named(PartyKind::Service, 7);
        let mut story = Story::new().content();
        for number in [1, 2] {
            story.opens(Thing::Membership { member: person(number), whole: account }, 0);
        }
        story.opens(grant(account), at(9, 0)).authorised = Authorised::No;
        match suspended {
            true => story.opens(Thing::Suspension { account }, at(10, 0)),
            false => story.closes(grant(account), at(10, 0)),
        };
        story.reads(account, at(10, 30));
        let exposure = story.exposure();
        assert_eq!(exposure.accesses[0].authorised, Authorised::No);
        assert_eq!(exposure.accesses[0].one_of, [person(1), person(2)].into());
        for number in [1, 2] {
            let surely = if suspended { 60 } else { 90 };
            assert_eq!(could(&exposure, person(number)), (surely, 360), "suspended: {suspended}");
            assert!(exposure.viewers[&person(number)].perhaps);
        }
    }
}

/// Nobody who is on file used it then: somebody did.
#[test]
fn an_account_that_acts_when_all_its_users_have_left_was_used_by_somebody() {
    let account = Party::Named(PartyKind::Service, 7);
    let mut story = Story::new().content();
    let user = Thing::Membership { member: person(1), whole: account };
    story.opens(user, 0);
    story.closes(user, at(10, 0));
    story.opens(grant(account), at(9, 0));
    story.reads(account, at(10, 30));
    let exposure = story.exposure();
    assert!(exposure.accesses[0].unidentified && exposure.accesses[0].one_of.is_empty());
    assert!(exposure.viewers[&person(1)].perhaps, "it may have been the one who left");
}

#[test]
fn what_was_done_for_somebody_whose_way_had_closed_leaves_their_end_unknown() {
    let agent = Party::Named(PartyKind::Agent, 8);
    let mut story = Story::new().content();
    story.opens(grant(person(1)), at(9, 0));
    story.closes(grant(person(1)), at(10, 0));
    story.reads(agent, at(10, 30)).chain = vec![agent, person(1)];
    let exposure = story.exposure();
    assert_eq!(could(&exposure, person(1)), (90, 360));
    assert_eq!(could(&exposure, agent).1, 300);
}

#[test]
fn each_persons_data_is_exposed_while_it_is_inside() {
    let mut story = Story::new().engineers();
    let content = |number| Thing::Content { resource: R, subject: Some(Person(number)) };
    story.opens(content(101), at(10, 0));
    story.opens(content(102), 0);
    story.closes(content(101), at(10, 45));
    story.opens(grant(person(1)), at(9, 0));
    story.closes(grant(person(1)), at(11, 0));
    let exposure = story.exposure();
    let open = |number| minutes(exposure.subjects[&Person(number)].open.certain.measure());
    assert_eq!([open(101), open(102)], [45, 120]);
}

#[test]
fn who_joins_later_sees_what_came_later_where_history_is_hidden() {
    for (hides_history, expected) in [(false, 60), (true, 0)] {
        let mut story = Story::new();
        story.manner.hides_history = hides_history;
        story.opens(Thing::Content { resource: R, subject: Some(Person(101)) }, at(9, 0));
        story.opens(grant(ENG), at(9, 0));
        story.opens(Thing::Membership { member: person(4), whole: ENG }, at(10, 0));
        story.closes(grant(ENG), at(11, 0));
        assert_eq!(could(&story.exposure(), person(4)), (expected, expected));
    }
}

#[test]
fn a_suspended_account_closes_its_own_ways_only() {
    let mut story = Story::new().content();
    let account = Party::Named(PartyKind::Service, 7);
    story.opens(Thing::Membership { member: person(1), whole: account }, 0);
    story.opens(Thing::Membership { member: person(1), whole: ENG }, 0);
    story.opens(grant(account), at(9, 0));
    story.opens(grant(ENG), at(9, 0));
    story.opens(Thing::Suspension { account }, at(10, 0));
    story.closes(grant(account), at(11, 0));
    story.closes(grant(ENG), at(10, 30));
    let exposure = story.exposure();
    assert_eq!(could(&exposure, account), (60, 60));
    assert_eq!(could(&exposure, person(1)), (90, 90));
}

#[test]
fn a_closing_without_an_opening_began_at_an_unknown_time() {
    let mut story = Story::new().engineers().content();
    story.closes(grant(ENG), at(11, 0));
    let exposure = story.exposure();
    assert_eq!(window(&exposure).0, (at(0, 0), at(11, 0), Known::Unknown));
    assert_eq!(could(&exposure, person(1)), (0, 660));
}

#[test]
fn absurd_histories_are_flagged_and_widened() {
    let mut story = Story::new().content();
    let other = Party::Named(PartyKind::Group, 2);
    story.opens(Thing::Membership { member: other, whole: ENG }, 0);
    story.opens(Thing::Membership { member: ENG, whole: other }, 0);
    story.opens(Thing::Membership { member: person(1), whole: other }, 0);
    story.opens(grant(ENG), at(10, 0)).reference = Some(1);
    let closes = story.closes(grant(ENG), at(9, 0));
    (closes.reference, closes.recorded_at) = (Some(1), at(11, 0));
    let exposure = story.exposure();
    assert_eq!(could(&exposure, person(1)), (0, 120), "it had happened when it was recorded");
    let odd: BTreeSet<Oddity> = exposure.oddities.iter().map(|(oddity, _)| *oddity).collect();
    assert_eq!(odd, BTreeSet::from([Oddity::EndsBeforeItBegins, Oddity::GroupInsideItself]));
}

#[test]
fn a_claim_is_cut_to_what_can_be_true() {
    let claim = Claim {
        occurred: Some((at(11, 4), at(11, 4))),
        skew_us: 0,
        recorded_at: at(10, 57),
        not_before: 0,
        delay_us: 0,
    };
    let when = claim.when();
    assert_eq!((when.earliest, when.latest, when.clock_doubt), (at(10, 57), at(10, 57), true));
    let skewed = Claim { skew_us: at(0, 10), ..claim }.when();
    assert_eq!((skewed.earliest, skewed.latest, skewed.clock_doubt), (at(10, 54), at(10, 57), false));
    let unknown = Claim { occurred: None, not_before: at(8, 0), ..claim }.when();
    assert_eq!((unknown.earliest, unknown.latest), (at(8, 0), at(10, 57)));
}

#[test]
fn what_straddles_a_boundary_is_never_called_authorised() {
    for (earliest, expected) in [(at(10, 0), Authorised::Yes), (at(8, 50), Authorised::NotAssessed)] {
        let mut story = Story::new().engineers().content();
        story.opens(grant(ENG), at(9, 0)).authorised = Authorised::Yes;
        let access = story.reads(person(1), at(10, 0));
        access.when.earliest = earliest;
        access.authorised = Authorised::Yes;
        assert_eq!(story.exposure().accesses[0].authorised, expected);
    }
}

#[test]
fn what_was_denied_exposes_nothing() {
    let mut story = Story::new().engineers().content();
    story.reads(person(1), at(9, 30)).outcome = Outcome::Denied;
    let exposure = story.exposure();
    assert_eq!(exposure.accesses[0].rung, Rung::Tried);
    assert!(exposure.open.is_never());
}

/// A hundred thousand memberships of one person: in one group again and again, and in as many groups.
#[test]
fn a_hundred_thousand_memberships_of_one_person_are_one_person() {
    const TIMES: u64 = 50_000;
    let mut story = Story::new().content();
    story.opens(grant(ENG), at(9, 0));
    let member = |whole| Thing::Membership { member: person(1), whole };
    for number in 0..TIMES {
        story.opens(member(ENG), at(9, 0) + 2_000 * number);
        story.closes(member(ENG), at(9, 0) + 2_000 * number + 1_000);
    }
    for number in 0..TIMES as u32 {
        story.opens(member(Party::Named(PartyKind::Group, number + 2)), at(9, 0));
    }
    let exposure = story.exposure();
    let could = &exposure.viewers[&person(1)].could;
    assert_eq!((could.certain.measure(), could.possible.measure()), (TIMES * 1_000, TIMES * 1_000));
}

/// What was mailed lies with each receiver until it is removed there, whatever becomes of the way and of the source.
#[test]
fn what_was_sent_can_be_seen_where_it_lies() {
    let mut story = Story::new().engineers().content();
    story.opens(Thing::Holding { holder: person(8), resource: R }, at(8, 0));
    story.mails(person(8), person(9), at(9, 0)).authorised = Authorised::No;
    story.closes(Thing::Content { resource: R, subject: Some(Person(101)) }, at(10, 0));
    let exposure = story.exposure();
    assert_eq!(could(&exposure, person(9)), (360, 360));
    assert_eq!(minutes(exposure.viewers[&person(9)].excess.certain.measure()), 360);
    assert_eq!(minutes(exposure.unauthorised.certain.measure()), 360);
    assert_eq!(minutes(exposure.subjects[&Person(101)].open.certain.measure()), 360);
    assert!(exposure.subjects[&Person(102)].open.is_never(), "it was not in what was sent");
    assert_eq!(window(&exposure).1, (at(15, 0), at(15, 0), Known::Open));
    story.closes(Thing::Holding { holder: person(9), resource: R }, at(11, 0));
    let exposure = story.exposure();
    assert_eq!(could(&exposure, person(9)), (120, 120));
    assert_eq!(window(&exposure).1, (at(11, 0), at(11, 0), Known::Exact));
}

/// Of a group that was sent something each member is a possible receiver, and nobody a certain one: who was in it then also
/// after they left, who joined later from then on.
#[test]
fn what_a_group_was_sent_is_possible_for_each_member() {
    let mut story = Story::new().engineers().content();
    let member = |number| Thing::Membership { member: person(number), whole: ENG };
    story.closes(member(1), at(10, 0));
    story.opens(member(4), at(12, 0));
    story.opens(member(5), at(7, 0));
    story.closes(member(5), at(8, 0));
    story.mails(person(8), ENG, at(9, 0));
    let exposure = story.exposure();
    assert_eq!([1, 2, 4, 5].map(|number| could(&exposure, person(number))), [(0, 360), (0, 360), (0, 180), (0, 0)]);
    assert_eq!(could(&exposure, ENG), (0, 360));
    assert_eq!(minutes(exposure.open.certain.measure()), 360, "somewhere it lies for sure");
    let perhaps: Vec<&Party> = exposure.accesses[0].perhaps.keys().collect();
    assert_eq!(perhaps, [&person(1), &person(2), &person(3), &person(8)], "whoever sent it, too");
    assert!(exposure.viewers[&person(2)].perhaps);
    story.manner.hides_history = true;
    assert_eq!(could(&story.exposure(), person(4)), (0, 0), "the registry says that they do not see what came before");
}

#[test]
fn who_uses_an_account_later_sees_what_it_was_sent_also_where_history_is_hidden() {
    let account = Party::Named(PartyKind::Service, 7);
    for to in [account, ENG] {
        let mut story = Story::new();
        story.manner.hides_history = true;
        story.opens(Thing::Membership { member: person(1), whole: account }, 0);
        story.opens(Thing::Membership { member: account, whole: ENG }, 0);
        story.mails(person(9), to, at(9, 0));
        story.opens(Thing::Membership { member: person(2), whole: account }, at(12, 0));
        story.opens(Thing::Membership { member: person(3), whole: ENG }, at(12, 0));
        let exposure = story.exposure();
        assert_eq!([1, 2, 3].map(|number| could(&exposure, person(number))), [(0, 360), (0, 180), (0, 0)]);
    }
}

#[test]
fn whoever_sends_on_after_their_way_was_closed_does_it_without_authority() {
    for (has_copy, expected) in [(true, 60), (false, 360)] {
        let mut story = Story::new().content();
        story.opens(grant(person(1)), at(9, 0)).authorised = Authorised::Yes;
        story.closes(grant(person(1)), at(10, 0));
        if has_copy {
            story.opens(Thing::Holding { holder: person(1), resource: R }, at(9, 30));
        }
        story.mails(person(1), person(9), at(10, 30)).authorised = Authorised::Yes;
        let exposure = story.exposure();
        assert_eq!(exposure.accesses[0].authorised, Authorised::No);
        assert_eq!(could(&exposure, person(1)).1, expected, "what they sent shows a way only if they had no copy");
        assert!(exposure.oddities.iter().any(|(oddity, _)| *oddity == Oddity::PathWasClosed));
    }
    // No way of theirs was ever on file: only a copy says how they had it.
    for (has_copy, expected) in [(true, Authorised::Yes), (false, Authorised::NotAssessed)] {
        let mut story = Story::new().content();
        if has_copy {
            story.opens(Thing::Holding { holder: person(1), resource: R }, at(9, 30));
        }
        story.mails(person(1), person(9), at(10, 30)).authorised = Authorised::Yes;
        let exposure = story.exposure();
        assert_eq!(exposure.accesses[0].authorised, expected);
        assert_eq!(exposure.oddities.iter().any(|(oddity, _)| *oddity == Oddity::NoPathOnFile), !has_copy);
        assert_eq!(could(&exposure, person(1)).1, if has_copy { 0 } else { 900 });
    }
}

/// What an account took, one of its users was given: that anybody looked at it is another act.
#[test]
fn what_an_account_downloads_nobody_is_known_to_have_seen() {
    let account = Party::Named(PartyKind::Service, 7);
    for (verb, expected) in [(Verb::DataDownload, Rung::Given), (Verb::DataRead, Rung::Seen)] {
        let mut story = Story::new().content();
        for number in [1, 2] {
            story.opens(Thing::Membership { member: person(number), whole: account }, 0);
        }
        story.opens(grant(account), at(9, 0));
        story.reads(account, at(9, 30)).verb = verb;
        let judged = &story.exposure().accesses[0];
        assert_eq!((judged.unnamed, judged.one_of.len()), (expected, 2));
    }
    let mut story = Story::new().content();
    story.opens(Thing::Membership { member: person(1), whole: account }, 0);
    story.mails(person(8), account, at(9, 0));
    story.reads(person(8), at(9, 30)).shown_to.insert(account);
    let exposure = story.exposure();
    let perhaps = |at: usize| exposure.accesses[at].perhaps.get(&person(1)).copied();
    assert_eq!((perhaps(0), perhaps(1)), (Some(Rung::Given), Some(Rung::Seen)));
    assert_eq!(could(&exposure, person(1)).1, 360);
}

/// Two entries about somebody who was erased are about two who are not told apart: that one let them in and the other took it
/// away again is not known any more, and neither is that it stayed.
#[test]
fn what_was_closed_for_somebody_may_be_what_was_opened_for_somebody() {
    let mut story = Story::new().content();
    let somebody = |entry: u64| Party::Unknown(entry, 0);
    story.closes(grant(somebody(90)), at(6, 0));
    story.opens(grant(somebody(91)), at(9, 0));
    story.closes(grant(somebody(92)), at(10, 0));
    assert_eq!(could(&story.exposure(), somebody(91)), (60, 360));
    // Of whoever is told apart it says nothing.
    story.opens(grant(person(1)), at(9, 0));
    assert_eq!(could(&story.exposure(), person(1)), (360, 360));
}

/// Of whom it was that used some account nothing is known any more, nor of which account: a machine may be it, and surely is not.
#[test]
fn somebody_unnamed_used_any_account_or_none() {
    let (account, somebody) = (Party::Named(PartyKind::Service, 7), Party::Unknown(90, 0));
    let mut story = Story::new().content();
    story.opens(Thing::Membership { member: somebody, whole: Party::SOME_ACCOUNT }, at(8, 0));
    story.opens(grant(account), at(9, 0)).authorised = Authorised::No;
    story.reads(account, at(9, 30));
    let exposure = story.exposure();
    assert_eq!((could(&exposure, somebody), excess(&exposure, somebody)), ((0, 360), (0, 360)));
    assert_eq!(exposure.accesses[0].one_of, BTreeSet::new());
    assert_eq!(exposure.accesses[0].perhaps, [(somebody, Rung::Seen)].into());
    assert!(exposure.uncountable);
    // Where it is told to be an account, it was one of those whom it is told of, or that one.
    story.opens(Thing::Membership { member: person(1), whole: account }, 0);
    let exposure = story.exposure();
    assert_eq!(exposure.accesses[0].one_of, [person(1), somebody].into());
    assert!(!exposure.accesses[0].unidentified);
}

/// Taken without authority it is so while it lies there; taken with authority it excuses no way that nobody allowed.
#[test]
fn what_somebody_took_lies_with_them_and_leaves_the_time_of_the_way() {
    for (authorised, expected) in [(Authorised::No, 360), (Authorised::Yes, 0)] {
        let mut story = Story::new().engineers().content();
        story.opens(grant(ENG), at(9, 0)).authorised = authorised;
        story.closes(grant(ENG), at(10, 0));
        let entry = story.opens(Thing::Holding { holder: person(1), resource: R }, at(9, 30)).index;
        let access = story.reads(person(1), at(9, 30));
        (access.verb, access.entries, access.authorised) = (Verb::DataDownload, vec![entry], authorised);
        let exposure = story.exposure();
        assert_eq!([1, 2].map(|number| could(&exposure, person(number))), [(360, 360), (60, 60)]);
        assert_eq!(excess(&exposure, person(1)), (expected, expected));
        assert_eq!(minutes(exposure.open.possible.measure()), 60);
        // A way that was opened since.
        story.opens(grant(ENG), at(11, 0)).authorised = Authorised::No;
        let exposure = story.exposure();
        assert_eq!(excess(&exposure, person(1)), (expected.max(240), expected.max(240)));
    }
}

/// Two ways stood open, and which of them it was nobody knows.
#[test]
fn over_a_way_that_nobody_allowed_or_one_that_nobody_assessed() {
    let mut story = Story::new().engineers().content();
    story.opens(grant(ENG), at(9, 0));
    story.opens(grant(person(1)), at(9, 10)).authorised = Authorised::No;
    story.reads(person(1), at(9, 30));
    let exposure = story.exposure();
    let judged = &exposure.accesses[0];
    assert_eq!((judged.authorised, judged.perhaps_unauthorised), (Authorised::NotAssessed, true));
    assert_eq!((judged.got_without.len(), judged.perhaps_without.len()), (0, 1));
    // What the other one was not opened for it cannot have been.
    story.edges.iter_mut().find(|edge| edge.thing == Some(grant(ENG))).expect("it was opened").rights =
        [Verb::DataUpdate].into();
    let exposure = story.exposure();
    let judged = &exposure.accesses[0];
    assert_eq!((judged.authorised, judged.perhaps_unauthorised), (Authorised::No, false));
}

/// Whoever had perhaps left and got in, and all who came in by the same.
#[test]
fn a_member_who_perhaps_left_and_got_in() {
    let mut story = Story::new().engineers().content();
    story.opens(grant(ENG), at(8, 0)).authorised = Authorised::Yes;
    for number in [2, 3] {
        story.closes(Thing::Membership { member: person(number), whole: ENG }, at(9, 0)).doubtful = true;
    }
    story.reads(person(2), at(9, 30)).authorised = Authorised::Yes;
    story.closes(grant(ENG), at(10, 0));
    let exposure = story.exposure();
    assert_eq!([1, 2, 3].map(|number| excess(&exposure, person(number))), [(0, 0), (0, 60), (0, 0)]);
    assert_eq!(minutes(exposure.unauthorised.possible.measure()), 60);
    assert_eq!(exposure.accesses[0].authorised, Authorised::NotAssessed);
}
