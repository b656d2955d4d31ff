//! The calculus against a model written for clarity: every world that fits what was told is played through, one instant
//! after the other.
//!
//! A world gives each edge one instant out of its claim. What holds in all worlds may at most be called certain, and what
//! holds in one of them must at least be called possible. Where every instant is known there is one world, and the
//! calculus has to say exactly what it says.

use super::*;
use crate::exposure::calculus::interval::Oddity;
use crate::exposure::calculus::times::{TimeSet, Times};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet as Set};

/// Nobody whom a line lets in.
const SENDER: Party = Party::Person(Person(9));

/// Whoever does not open.
const UNNAMED: u8 = 4;

/// Reference of no line.
const TAKEN: u64 = 9;

/// Instants are few, so that all worlds can be played.
const END: Instant = 8;

#[derive(Debug, Clone)]
struct Line {
    what: What,
    side: Side,
    earliest: Instant,
    width: Instant,
    reference: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// Somebody was given a copy, which lies with them until it closes.
    Sent(u8),
    Grant(u8),
    /// For changing what is inside: whoever may, may see it, and not surely.
    GrantToChange(u8),
    Member(u8, u8),
    /// Somebody who does not open is in a group whose name does not open either.
    Somewhere,
    Content,
    Suspended(u8),
}

/// Parties 0 and 1 are groups, 2 and 3 persons, and whoever does not open.
fn party(number: u8) -> Party {
    if number == UNNAMED {
        return Party::Unknown(0, 0);
    }
    if number < 2 { Party::Named(PartyKind::Group, u32::from(number)) } else { person(u32::from(number)) }
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let what = prop_oneof![
        2 => (0u8..4).prop_map(What::Sent),
        3 => (0u8..4).prop_map(What::Grant),
        1 => (0u8..4).prop_map(What::GrantToChange),
        4 => (0u8..4, 0u8..2).prop_map(|(member, whole)| What::Member(member, whole)),
        1 => Just(What::Somewhere),
        2 => Just(What::Content),
        1 => (0u8..4).prop_map(What::Suspended),
    ];
    let side = prop_oneof![3 => Just(Side::Opens), 2 => Just(Side::Closes)];
    let reference = prop_oneof![3 => Just(None), 1 => (0u64..2).prop_map(Some)];
    let line = (what, side, 0..END - 2, prop_oneof![3 => Just(0u64), 1 => 1u64..3], reference)
        .prop_map(|(what, side, earliest, width, reference)| Line { what, side, earliest, width, reference });
    // A reference names one interval of one thing, as a grant's id does.
    prop::collection::vec(line, 1..7).prop_map(|mut lines| {
        let mut things: BTreeMap<u64, What> = BTreeMap::new();
        let mut opened: Set<u64> = Set::new();
        for line in &mut lines {
            let Some(reference) = line.reference else { continue };
            line.what = *things.entry(reference).or_insert(line.what);
            if line.side == Side::Opens && !opened.insert(reference) {
                line.reference = None;
            }
        }
        lines
    })
}

fn story(lines: &[Line]) -> Story {
    let mut story = Story::new();
    story.frame = Frame { from: 0, cut_off: END };
    for line in lines {
        let thing = match line.what {
            What::Sent(holder) => Thing::Holding { holder: party(holder), resource: R },
            What::Grant(audience) | What::GrantToChange(audience) => grant(party(audience)),
            What::Member(member, whole) => Thing::Membership { member: party(member), whole: party(whole) },
            What::Somewhere => Thing::Membership { member: party(UNNAMED), whole: Party::SOME_GROUP },
            What::Content => Thing::Content { resource: R, subject: Some(Person(101)) },
            What::Suspended(account) => Thing::Suspension { account: party(account) },
        };
        let edge = story.edge(thing, line.side, line.earliest);
        edge.when.latest = line.earliest + line.width;
        edge.recorded_at = END;
        edge.reference = line.reference;
        if let (What::GrantToChange(_), Side::Opens) = (line.what, line.side) {
            edge.rights = [Verb::DataUpdate].into();
        }
        let (when, index) = (edge.when, edge.index);
        if let (What::Sent(holder), Side::Opens) = (line.what, line.side) {
            story.sends(SENDER, party(holder), when.earliest);
            let access = story.accesses.last_mut().expect("was put there");
            (access.when, access.entries) = (when, vec![index]);
        }
    }
    story
}

/// All ways to give each line one instant.
fn worlds(lines: &[Line]) -> Vec<Vec<Instant>> {
    lines.iter().fold(vec![Vec::new()], |worlds, line| {
        let longer = |world: &Vec<Instant>| {
            (line.earliest..=line.earliest + line.width)
                .map(|at| world.iter().copied().chain([at]).collect())
                .collect::<Vec<_>>()
        };
        worlds.iter().flat_map(longer).collect()
    })
}

/// Who could see it with whom it was sent to: surely, and possibly. What a group was sent is certain of nobody in it, and
/// possible for whoever was in it when it was sent, or is while it lies there.
fn could_see_there(lines: &[Line], world: &[Instant], at: Instant, who: u8) -> (bool, bool) {
    let (mut surely, mut perhaps) = (false, false);
    for (i, line) in lines.iter().enumerate() {
        let What::Sent(holder) = line.what else { continue };
        if line.side != Side::Opens || world[i] > at || is_ended(lines, world, at, i) {
            continue;
        }
        let in_it = |at: Instant| {
            let acting: Set<What> =
                open(lines, world, at).into_iter().filter(|what| !matches!(what, What::Suspended(_))).collect();
            is_in(&acting, who, holder, &mut Set::new())
        };
        surely |= holder == who && holder >= 2;
        perhaps |= in_it(at) || in_it(world[i]);
    }
    (surely, perhaps)
}

/// What is open at an instant of a world.
fn open(lines: &[Line], world: &[Instant], at: Instant) -> Set<What> {
    let mut found = Set::new();
    for (i, line) in lines.iter().enumerate() {
        if line.side != Side::Opens || world[i] > at {
            continue;
        }
        if !is_ended(lines, world, at, i) {
            found.insert(line.what);
            // It may be either.
            if line.what == What::Somewhere {
                found.extend([0, 1].map(|group| What::Member(UNNAMED, group)));
            }
        }
    }
    found
}

/// What ends a grant ends it for whatever it was.
fn closed(what: What) -> What {
    match what {
        What::GrantToChange(audience) => What::Grant(audience),
        other => other,
    }
}

fn is_ended(lines: &[Line], world: &[Instant], at: Instant, i: usize) -> bool {
    let line = &lines[i];
    lines.iter().enumerate().any(|(j, closing)| {
        if closing.side != Side::Closes || closed(closing.what) != closed(line.what) {
            return false;
        }
        match (closing.reference, line.reference) {
            // It ends what carries its reference, and came after it whatever the clock says.
            (Some(a), Some(b)) => a == b && world[j].max(world[i]) <= at,
            (Some(_), None) => false,
            (None, _) => (world[j], j) > (world[i], i) && world[j] <= at,
        }
    })
}

/// Whether somebody is meant by a party at an instant.
fn is_in(open: &Set<What>, who: u8, whole: u8, seen: &mut Set<u8>) -> bool {
    if open.contains(&What::Suspended(whole)) || open.contains(&What::Suspended(who)) {
        return false;
    }
    if who == whole {
        return true;
    }
    if !seen.insert(whole) {
        return false;
    }
    open.iter().any(|what| matches!(what, What::Member(member, of) if *of == whole && is_in(open, who, *member, seen)))
}

/// Surely, and possibly.
fn could_see(open: &Set<What>, who: u8) -> (bool, bool) {
    let over = |to: u8| open.contains(&What::Content) && is_in(open, who, to, &mut Set::new());
    let by_grant = open.iter().any(|what| matches!(what, What::Grant(to) if over(*to)));
    (
        by_grant && who != UNNAMED,
        by_grant || open.iter().any(|what| matches!(what, What::GrantToChange(to) if over(*to))),
    )
}

fn check(lines: &[Line]) {
    let exposure = story(lines).exposure();
    let worlds = worlds(lines);
    let states: Vec<Vec<Set<What>>> =
        worlds.iter().map(|world| (0..END).map(|at| open(lines, world, at)).collect()).collect();
    let content_told = lines.iter().any(|line| line.what == What::Content);
    for who in 0..=UNNAMED {
        let viewer = exposure.viewers.get(&party(who)).cloned().unwrap_or_default();
        for at in 0..END {
            let sees = |state: &Set<What>| {
                let mut state = state.clone();
                if !content_told {
                    state.insert(What::Content);
                }
                could_see(&state, who)
            };
            let there = |world: &[Instant]| could_see_there(lines, world, at, who);
            let known = || worlds.iter().zip(&states).map(|(world, states)| (sees(&states[at as usize]), there(world)));
            let (all, any) =
                (known().all(|(sees, there)| sees.0 || there.0), known().any(|(sees, there)| sees.1 || there.1));
            let (certain, possible) = (viewer.could.certain.contains(at), viewer.could.possible.contains(at));
            assert!(all || !certain, "{who} at {at} is called certain and is not");
            assert!(possible || !any, "{who} at {at} is possible and not told");
            // What is odd is widened.
            let told = [Oddity::GroupInsideItself, Oddity::NoPathOnFile];
            if worlds.len() == 1 && exposure.oddities.iter().all(|(odd, _)| told.contains(odd)) {
                assert_eq!((certain, possible), (all, any), "{who} at {at}");
            }
        }
        assert!(viewer.could.certain.is_within(&viewer.could.possible));
    }
}

/// Somebody read it, at an instant.
type Read = (u8, Instant);

/// How long a grant lasts by what is told and read: until when for sure, and until when perhaps. One end for everybody.
fn lasts(lines: &[Line], world: &[Instant], reads: &[Read], i: usize) -> (Instant, Instant) {
    let told = (world[i]..END).find(|at| is_ended(lines, world, *at, i)).unwrap_or(END);
    let (mut surely, mut perhaps) = (told, told);
    for (who, at) in reads {
        let to = |line: &Line| if let What::Grant(to) = line.what { Some(to) } else { None };
        let in_it = |j: usize, at: Instant| {
            to(&lines[j]).is_some_and(|to| is_in(&open(lines, world, at), *who, to, &mut Set::new()))
        };
        let stood = |j: usize, at: Instant| world[j] <= at && !is_ended(lines, world, at, j);
        let had = |j: usize| (0..*at).any(|before| stood(j, before) && in_it(j, before));
        let grants: Vec<usize> = (0..lines.len())
            .filter(|j| lines[*j].side == Side::Opens && to(&lines[*j]).is_some())
            .filter(|j| (0..END).any(|at| stood(*j, at)))
            .collect();
        if grants.iter().any(|j| stood(*j, *at) && in_it(*j, *at)) {
            continue;
        }
        let over = |j: &&usize| world[**j] <= *at && !stood(**j, *at);
        let theirs: Vec<usize> = grants.iter().filter(over).copied().filter(|j| in_it(*j, *at)).collect();
        let left: Vec<usize> = grants.iter().filter(over).copied().filter(|j| had(*j)).collect();
        let another = grants.iter().any(|j| stood(*j, *at) && had(*j));
        if theirs == [i] && !another {
            surely = surely.max(*at);
        }
        if theirs.contains(&i) || theirs.is_empty() && left.contains(&i) {
            perhaps = END;
        }
    }
    (surely, perhaps)
}

fn check_reads(lines: &[Line], reads: &[Read], authorised: Authorised) {
    let world: Vec<Instant> = lines.iter().map(|line| line.earliest).collect();
    let mut story = story(lines);
    story.edges.iter_mut().for_each(|edge| edge.authorised = authorised);
    for (who, at) in reads {
        story.reads(party(*who), *at);
    }
    let exposure = story.exposure();
    let told_oddly = [Oddity::EndsBeforeItBegins, Oddity::ClosesNothing];
    if exposure.oddities.iter().any(|(odd, _)| told_oddly.contains(odd)) {
        return;
    }
    let lasting: BTreeMap<usize, (Instant, Instant)> = (0..lines.len())
        .filter(|i| lines[*i].side == Side::Opens && matches!(lines[*i].what, What::Grant(_)))
        .map(|i| (i, lasts(lines, &world, reads, i)))
        .collect();
    let content_told = lines.iter().any(|line| line.what == What::Content);
    // What came back was inside, in all of the time around in which nothing is told of it.
    let is_told = |at: Instant| open(lines, &world, at).contains(&What::Content);
    let around = |at: Instant, read: Instant| {
        (at.min(read).min(read.saturating_sub(1))..=at.max(read)).all(|at| at >= END || !is_told(at))
    };
    let witnessed = |at: Instant| content_told && reads.iter().any(|(_, read)| around(at, *read));
    for who in 0..4u8 {
        let viewer = exposure.viewers.get(&party(who)).cloned().unwrap_or_default();
        // Whoever read it without any way had one that is on no record, and perhaps everybody in a group that they were in.
        let is_with = |who: u8, whole: u8, at: Instant| is_in(&open(lines, &world, at), who, whole, &mut Set::new());
        let reader = reads.iter().any(|(reader, at)| {
            let group = |group| is_with(*reader, group, *at) && is_with(who, group, *at);
            *reader == who || (0..2).any(group)
        });
        for at in 0..END {
            let state = open(lines, &world, at);
            let inside = !content_told || state.contains(&What::Content);
            let perhaps_inside = inside || witnessed(at);
            let by = |inside: bool, until: fn(&(Instant, Instant)) -> Instant| {
                let lets_in = |(i, lasts): (&usize, &(Instant, Instant))| {
                    let What::Grant(to) = lines[*i].what else { return false };
                    world[*i] <= at && at < until(lasts) && is_in(&state, who, to, &mut Set::new())
                };
                inside && lasting.iter().any(lets_in)
            };
            let (surely, perhaps) = (by(inside, |(surely, _)| *surely), by(perhaps_inside, |(_, perhaps)| *perhaps));
            let could = (viewer.could.certain.contains(at), viewer.could.possible.contains(at));
            assert_eq!(could.0, surely, "{who} at {at}");
            assert!(could.1 == perhaps || reader && could.1, "{who} at {at}");
            // What nobody allowed: all of it, or what goes on after an end that was told.
            let excess = (viewer.excess.certain.contains(at), viewer.excess.possible.contains(at));
            let allowed = authorised == Authorised::Yes && could_see_in(&state, who, content_told && !witnessed(at));
            assert_eq!(excess.0, surely && !allowed, "{who} at {at} without authority");
            assert!(excess.1 == (perhaps && !allowed) || reader, "{who} at {at} perhaps without authority");
        }
    }
}

fn could_see_in(state: &Set<What>, who: u8, content_told: bool) -> bool {
    let mut state = state.clone();
    if !content_told {
        state.insert(What::Content);
    }
    could_see(&state, who).0
}

/// Whoever joins later does not see what was there before: of each thing inside and each way that is open, whoever has been in
/// what it was opened to since the later of both sees it.
fn check_hidden(lines: &[Line]) {
    let world: Vec<Instant> = lines.iter().map(|line| line.earliest).collect();
    let mut story = story(lines);
    story.manner.hides_history = true;
    let exposure = story.exposure();
    let told_oddly = [Oddity::EndsBeforeItBegins, Oddity::ClosesNothing];
    let content_told = lines.iter().any(|line| line.what == What::Content);
    if !content_told || exposure.oddities.iter().any(|(odd, _)| told_oddly.contains(odd)) {
        return;
    }
    let states: Vec<Set<What>> = (0..END).map(|at| open(lines, &world, at)).collect();
    // Whoever is suspended has not left.
    let joined = |who: u8, to: u8, at: Instant| {
        let acting = states[at as usize].iter().copied().filter(|what| !matches!(what, What::Suspended(_))).collect();
        who == to || is_in(&acting, who, to, &mut Set::new())
    };
    let since = |at: Instant, holds: &dyn Fn(Instant) -> bool| {
        (0..=at).rev().take_while(|before| holds(*before)).last().unwrap_or(at + 1)
    };
    for (who, at) in (0..4u8).flat_map(|who| (0..END).map(move |at| (who, at))) {
        let stands = |what: fn(What) -> Option<u8>| {
            let is_open = |i: &usize| lines[*i].side == Side::Opens && world[*i] <= at;
            let found = (0..lines.len()).filter(is_open).filter(|i| !is_ended(lines, &world, at, *i));
            found.filter_map(|i| Some((world[i], what(lines[i].what)?))).collect::<Vec<(Instant, u8)>>()
        };
        let content = stands(|what| (what == What::Content).then_some(0));
        let (mut surely, mut perhaps) = (false, false);
        for (opened, to) in stands(|what| if let What::Grant(to) = what { Some(to) } else { None }) {
            if !is_in(&states[at as usize], who, to, &mut Set::new()) {
                continue;
            }
            let standing = since(at, &|at| states[at as usize].contains(&What::Grant(to))).min(opened);
            let there = since(at, &|at| joined(who, to, at));
            surely |= content.iter().any(|(came_in, _)| there <= standing.max(*came_in) || who == to);
            perhaps |= content.iter().any(|(came_in, _)| there <= opened.max(*came_in) || who == to);
        }
        let could = exposure.viewers.get(&party(who)).map(|viewer| viewer.could.clone()).unwrap_or_default();
        assert_eq!(could.certain.contains(at), surely, "{who} at {at}");
        assert!(could.possible.contains(at) || !perhaps, "{who} at {at} is possible and not told");
    }
}

/// The same story, with a download by somebody and with or without the copy that comes of it.
fn check_taken(lines: &[Line], who: u8, from: Instant, until: Instant) {
    let told = |copy: bool| {
        let mut story = story(lines);
        let entry = story.edges.len() as u64;
        if copy {
            let held = Thing::Holding { holder: party(who), resource: R };
            story.opens(held, from).reference = Some(TAKEN);
            story.closes(held, until).reference = Some(TAKEN);
        }
        let access = story.reads(party(who), from);
        (access.verb, access.entries) = (Verb::DataDownload, vec![entry]);
        story.exposure()
    };
    let (with, without) = (told(true), told(false));
    for number in 0..=UNNAMED {
        let could = |exposure: &Exposure| {
            exposure.viewers.get(&party(number)).map(|viewer| viewer.could.clone()).unwrap_or_default()
        };
        let there = if number == who { TimeSet::span(from, until) } else { TimeSet::empty() };
        assert_eq!(could(&with), could(&without).union(&Times::exactly(there)), "{number}");
    }
    assert_eq!((with.open, with.windows), (without.open, without.windows));
}

/// Some of the closings perhaps never were: whoever got in where they would not have if these had been perhaps was let in by
/// nobody. Every way was opened by authority.
fn check_leaving(lines: &[Line], perhaps: u8, reads: &[Read]) {
    let is_doubtful = |i: usize| {
        let ends = lines[i].side == Side::Closes && matches!(lines[i].what, What::Member(..));
        ends && perhaps & (1 << i) != 0
    };
    let certain: Vec<Line> = (0..lines.len()).filter(|i| !is_doubtful(*i)).map(|i| lines[i].clone()).collect();
    let world = |lines: &[Line]| lines.iter().map(|line| line.earliest).collect::<Vec<Instant>>();
    let in_by = |lines: &[Line], who: u8, at: Instant| could_see_in(&open(lines, &world(lines), at), who, false);
    let mut story = story(lines);
    for (i, edge) in story.edges.iter_mut().enumerate() {
        (edge.authorised, edge.doubtful) = (Authorised::Yes, is_doubtful(i));
    }
    for (who, at) in reads {
        story.reads(party(*who), *at).authorised = Authorised::Yes;
    }
    let exposure = story.exposure();
    if !exposure.oddities.is_empty() {
        return;
    }
    for who in 2..4u8 {
        let excess = exposure.viewers.get(&party(who)).map(|viewer| viewer.excess.clone()).unwrap_or_default();
        assert!(excess.certain.is_empty(), "{who}: nothing shows that any of it had ended");
        for at in 0..END {
            let only_if_not_left = in_by(&certain, who, at) && !in_by(lines, who, at);
            let shown = excess.possible.contains(at);
            assert!(only_if_not_left || !shown, "{who} at {at} had a way in any case");
            assert!(!shown || !reads.is_empty(), "{who} at {at}: that nobody got in shows nothing");
            let got_in = reads.contains(&(who, at));
            assert!(shown || !(got_in && only_if_not_left), "{who} got in at {at}, and had perhaps left");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_lies_between_all_worlds_and_any(lines in lines()) {
        check(&lines);
    }

    /// What reads show of ways that had ended holds for everybody who has the way.
    #[test]
    fn what_got_in_after_an_end_is_widened_for_everybody(
        lines in lines(),
        reads in prop::collection::vec((2u8..4, 0..END), 0..3),
        allowed in any::<bool>(),
    ) {
        let mut lines = lines;
        lines.retain(|line| !matches!(line.what, What::Sent(_) | What::GrantToChange(_) | What::Somewhere));
        lines.iter_mut().for_each(|line| line.width = 0);
        check_reads(&lines, &reads, if allowed { Authorised::Yes } else { Authorised::No });
    }

    /// What perhaps ended, and did not keep somebody out, perhaps nobody allowed any more.
    #[test]
    fn whoever_perhaps_left_and_got_in_perhaps_was_let_in_by_nobody(
        lines in lines(),
        perhaps in any::<u8>(),
        reads in prop::collection::vec((2u8..4, 0..END), 0..3),
    ) {
        let mut lines = lines;
        lines.retain(|line| matches!(line.what, What::Grant(_) | What::Member(..)));
        lines.iter_mut().for_each(|line| line.width = 0);
        check_leaving(&lines, perhaps, &reads);
    }

    /// A copy that a person took adds the time in which it lies with them, for nobody else.
    #[test]
    fn what_was_taken_lies_with_whoever_took_it_alone(lines in lines(), who in 2u8..4, times in (0..END, 0..END)) {
        let mut lines = lines;
        lines.retain(|line| !matches!(line.what, What::Sent(_)));
        check_taken(&lines, who, times.0.min(times.1), times.0.max(times.1));
    }

    #[test]
    fn who_joined_before_the_way_opened_sees_what_is_there_from_then_on(lines in lines()) {
        let mut lines = lines;
        lines.retain(|line| !matches!(line.what, What::Sent(_) | What::GrantToChange(_)));
        lines.iter_mut().for_each(|line| line.width = 0);
        check_hidden(&lines);
    }

    /// In whatever order it arrives: late entries change nothing of what is known at the end.
    #[test]
    fn the_order_of_telling_does_not_matter(lines in lines(), seed in any::<u64>()) {
        let mut lines = lines;
        lines.sort_by_key(|line| line.earliest);
        for (line, at) in lines.iter_mut().zip(0..) {
            (line.earliest, line.width) = (at, 0);
        }
        let mut shuffled = lines.clone();
        let length = shuffled.len();
        for i in (1..length).rev() {
            shuffled.swap(i, (seed >> (i % 60)) as usize % (i + 1));
        }
        let (one, other) = (story(&lines).exposure(), story(&shuffled).exposure());
        for (party, viewer) in &one.viewers {
            prop_assert_eq!(Some(&viewer.could), other.viewers.get(party).map(|viewer| &viewer.could));
        }
        prop_assert_eq!(one.open, other.open);
    }
}
