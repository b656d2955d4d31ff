//! What a way was opened for, and who used what nobody on file used.

use super::*;
use crate::exposure::calculus::interval::{Known, Oddity};
use whosaw_verifier::vocabulary::Category;

const DAN: Party = Party::Person(Person(4));
const BEA: Party = Party::Person(Person(5));

/// Contact and health data of one person are inside.
fn inside() -> Story {
    let mut story = Story::new();
    let content = Thing::Content { resource: R, subject: Some(Person(101)) };
    story.opens(content, 0).categories = [Category::Contact, Category::Health].into();
    story
}

fn odd(exposure: &Exposure) -> bool {
    exposure.oddities.iter().any(|(oddity, _)| *oddity == Oddity::OutsideTheGrant)
}

#[test]
fn what_goes_beyond_a_grant_is_not_authorised_and_makes_nothing_certain() {
    let mut story = inside();
    for (who, right) in [(DAN, Verb::DataList), (BEA, Verb::DataUpdate)] {
        let edge = story.opens(grant(who), at(9, 0));
        (edge.authorised, edge.rights) = (Authorised::Yes, [right].into());
        edge.categories = [Category::Contact].into();
    }
    let exposure = story.exposure();
    assert_eq!((could(&exposure, DAN), could(&exposure, BEA)), ((0, 360), (0, 360)));
    for (who, verb) in [(DAN, Verb::DataRead), (BEA, Verb::DataDownload)] {
        let read = story.reads(who, at(10, 0));
        (read.verb, read.authorised, read.categories) = (verb, Authorised::Yes, [Category::Health].into());
    }
    let exposure = story.exposure();
    assert!(exposure.accesses.iter().all(|access| access.authorised == Authorised::NotAssessed));
    assert!(odd(&exposure));
    assert_eq!(could(&exposure, DAN), (0, 900), "how dan got in, and since when, is not on file");
}

/// Whose data is of the way's categories alone surely stood open, whatever else was inside or is found to have been.
#[test]
fn what_is_of_other_categories_takes_nothing_from_what_a_way_surely_shows() {
    let mut story = Story::new().engineers();
    for (number, category) in [(101, Category::Contact), (102, Category::Health)] {
        story.opens(Thing::Content { resource: R, subject: Some(Person(number)) }, 0).categories = [category].into();
    }
    let edge = story.opens(grant(ENG), at(9, 0));
    (edge.authorised, edge.categories) = (Authorised::No, [Category::Contact].into());
    story.closes(grant(ENG), at(11, 0));
    let check = |exposure: &Exposure, possibly: u64| {
        assert_eq!((could(exposure, person(2)), excess(exposure, person(2))), ((120, 120), (120, 120)));
        assert_eq!(minutes(exposure.unauthorised.certain.measure()), 120);
        let surely = |number| minutes(exposure.subjects[&Person(number)].open.certain.measure());
        assert_eq!((surely(101), surely(102)), (120, 0));
        assert_eq!(minutes(exposure.subjects[&Person(102)].open.possible.measure()), possibly);
    };
    check(&story.exposure(), 120);
    let late = story.reads(person(3), at(10, 0));
    (late.listed, late.subjects) = (true, [Person(104)].into());
    late.categories = [Category::Contact, Category::Health].into();
    let exposure = story.exposure();
    check(&exposure, 900);
    assert!(odd(&exposure));
    assert_eq!(could(&exposure, person(3)), (120, 900), "how they got that, and since when, is not on file");
}

#[test]
fn a_loss_is_held_against_what_its_way_was_opened_for() {
    let lost = |rights: &[Verb], when: Instant| {
        let mut story = inside();
        let edge = story.opens(grant(DAN), at(9, 0));
        (edge.authorised, edge.rights) = (Authorised::Yes, rights.iter().copied().collect());
        story.closes(grant(DAN), at(11, 0)).authorised = Authorised::Yes;
        let deleted = story.reads(DAN, when);
        (deleted.verb, deleted.authorised, deleted.perhaps_all) = (Verb::DataDelete, Authorised::Yes, true);
        story.losses = std::mem::take(&mut story.accesses);
        let exposure = story.exposure();
        assert_eq!(could(&exposure, DAN).1, 120, "it shows nothing of who saw what");
        (exposure.losses[0], odd(&exposure))
    };
    assert_eq!(lost(&[], at(10, 0)), (Authorised::Yes, false));
    assert_eq!(lost(&[Verb::DataSearch, Verb::DataDelete], at(10, 0)), (Authorised::Yes, false));
    assert_eq!(lost(&[Verb::DataSearch], at(10, 0)), (Authorised::NotAssessed, true));
    assert_eq!(lost(&[], at(12, 0)), (Authorised::No, false), "its way had been closed");
}

#[test]
fn a_grant_is_enough_for_what_it_names_and_several_together_are() {
    let read = |categories: &[&[Category]], right: Verb, shown: &[Category]| {
        let mut story = inside();
        for categories in categories {
            let edge = story.opens(grant(DAN), at(9, 0));
            (edge.authorised, edge.rights) = (Authorised::Yes, [right].into());
            edge.categories = categories.iter().copied().collect();
        }
        let read = story.reads(DAN, at(10, 0));
        (read.authorised, read.categories) = (Authorised::Yes, shown.iter().copied().collect());
        let exposure = story.exposure();
        (exposure.accesses[0].authorised, odd(&exposure), could(&exposure, DAN).0)
    };
    let (contact, health) = (Category::Contact, Category::Health);
    assert_eq!(read(&[&[contact, health]], Verb::DataRead, &[health]), (Authorised::Yes, false, 360));
    assert_eq!(read(&[&[]], Verb::DataDownload, &[health]), (Authorised::Yes, false, 360));
    assert_eq!(read(&[&[contact]], Verb::DataRead, &[contact]), (Authorised::Yes, false, 0));
    assert_eq!(read(&[&[contact], &[health]], Verb::DataRead, &[contact, health]), (Authorised::Yes, false, 0));
    assert_eq!(read(&[&[contact]], Verb::DataRead, &[contact, health]), (Authorised::NotAssessed, true, 0));
    // What it showed is not told: it may have been no more than that.
    assert_eq!(read(&[&[contact]], Verb::DataRead, &[]), (Authorised::NotAssessed, false, 0));
    assert_eq!(read(&[&[]], Verb::DataUpdate, &[contact]), (Authorised::NotAssessed, true, 0));
}

#[test]
fn a_right_that_was_closed_is_not_explained_by_another_that_is_open() {
    let mut story = inside();
    for right in [Verb::DataRead, Verb::DataList] {
        let edge = story.opens(grant(DAN), at(9, 0));
        (edge.authorised, edge.rights) = (Authorised::Yes, [right].into());
        edge.reference = Some(u64::from(right == Verb::DataRead));
    }
    story.closes(grant(DAN), at(10, 0)).reference = Some(1);
    let read = story.reads(DAN, at(11, 0));
    (read.authorised, read.categories) = (Authorised::Yes, [Category::Health].into());
    let exposure = story.exposure();
    assert_eq!(exposure.accesses[0].authorised, Authorised::No);
    assert!(exposure.oddities.iter().any(|(oddity, _)| *oddity == Oddity::PathWasClosed));
}

/// One way to contact data by authority, one to health data without any.
#[test]
fn what_is_open_for_other_data_neither_allows_nor_explains_what_was_got() {
    let told = |contact: Authorised, closed: Option<Instant>| {
        let mut story = inside();
        for (category, authorised) in [(Category::Contact, contact), (Category::Health, Authorised::No)] {
            let edge = story.opens(grant(DAN), at(9, 0));
            (edge.authorised, edge.categories) = (authorised, [category].into());
            edge.reference = Some(u64::from(category == Category::Health));
        }
        if let Some(closed) = closed {
            story.closes(grant(DAN), closed).reference = Some(1);
        }
        let read = story.reads(DAN, at(10, 0));
        (read.authorised, read.categories) = (Authorised::Yes, [Category::Health].into());
        story.exposure()
    };
    let open = told(Authorised::Yes, None);
    assert_eq!(open.accesses[0].authorised, Authorised::No);
    assert_eq!(open.accesses[0].got_without, [DAN].into(), "they had no other way to health data");
    let closed = told(Authorised::Yes, Some(at(9, 30)));
    let end = closed.paths[1].end;
    assert_eq!((end.earliest, end.latest, end.known), (at(9, 30), at(15, 0), Known::Unknown));
    assert_eq!(closed.paths[0].end.known, Known::Open);
    assert!(closed.oddities.iter().any(|(oddity, _)| *oddity == Oddity::PathWasClosed));
    assert_eq!(closed.accesses[0].authorised, Authorised::No);
    assert_eq!(excess(&closed, DAN).1, 360);
}

/// Its users had left, or nobody says who they are: somebody unnamed may have used it.
#[test]
fn an_account_that_works_is_used_by_somebody_unnamed_where_nobody_on_file_uses_it() {
    let account = Party::Named(PartyKind::Service, 7);
    let could = |user: Option<Instant>, suspended: bool| {
        let mut story = Story::new().content();
        if let Some(left) = user {
            let user = Thing::Membership { member: person(1), whole: account };
            story.opens(user, 0);
            story.closes(user, left);
        }
        if suspended {
            story.opens(Thing::Suspension { account }, at(1, 0));
            story.closes(Thing::Suspension { account }, at(2, 0));
        }
        let edge = story.opens(grant(account), at(9, 0));
        edge.authorised = Authorised::No;
        story.closes(grant(account), at(10, 0));
        let exposure = story.exposure();
        (exposure.unnamed_users.get(&account).copied(), exposure.uncountable)
    };
    assert_eq!(could(Some(at(8, 0)), false), (Some(true), true));
    assert_eq!(could(Some(at(9, 30)), false), (Some(true), true));
    assert_eq!(could(Some(at(11, 0)), false), (None, false));
    assert_eq!(could(None, true), (Some(true), true));
    assert_eq!(could(None, false), (None, false), "a service of which nobody says that people use it is a machine");
}

#[test]
fn what_members_reached_is_told_of_their_group() {
    let mut story = Story::new().engineers().content();
    story.opens(grant(ENG), at(9, 0));
    story.reads(person(1), at(9, 30));
    story.closes(Thing::Membership { member: person(2), whole: ENG }, at(9, 40));
    story.reads(person(2), at(10, 0));
    let exposure = story.exposure();
    assert_eq!(exposure.viewers[&ENG].by_members, [0].into());
    assert!(!exposure.viewers[&ENG].perhaps && exposure.viewers[&person(1)].by_members.is_empty());
}

/// A group behind the account that read: one of its members it may have been.
#[test]
fn a_group_behind_an_account_that_read_is_not_told_to_have_got_nothing() {
    let account = Party::Named(PartyKind::Service, 7);
    let mut story = Story::new().engineers().content();
    story.opens(Thing::Membership { member: ENG, whole: account }, 0);
    story.opens(grant(account), at(9, 0));
    story.reads(account, at(9, 30));
    let exposure = story.exposure();
    assert!(exposure.viewers[&ENG].perhaps);
    // Nobody is on file in the group: whoever it was may be anybody.
    let mut story = Story::new().content();
    story.opens(Thing::Membership { member: ENG, whole: account }, 0);
    story.opens(grant(account), at(9, 0));
    story.reads(account, at(9, 30));
    assert!(story.exposure().accesses[0].unidentified);
}
