//! By which way whoever acted got in, and what that shows of the way and of who else could.

use super::audience::{Audience, Members};
use super::content::Content;
use super::delivered::Copies;
use super::exposure::{Exposure, Judged, Manner, is_certain, is_emergency, is_group, members_then, worse};
use super::fact::{Access, Authorised, Party};
use super::giving::is_unnamed;
use super::interval::Oddity;
use super::times::{Instant, TimeSet, Times};
use super::ways::{self, ByWay, Had, Way, Ways};
use std::collections::{BTreeMap, BTreeSet};

/// What an access is judged by.
pub(super) struct Judge {
    pub from: Instant,
    pub cut_off: Instant,
    pub copies: Copies,
    pub manner: Manner,
    pub ways: Ways,
    /// Of successes over ways that had been closed: since when these had been.
    pub closed_since: BTreeMap<usize, Instant>,
    /// Successes of people who joined later, and got what was there before.
    pub history_shown: BTreeSet<usize>,
    pub content: Content,
    pub audience: Audience,
    pub always: Times,
}

impl Judge {
    /// Whether this one does not open, and may be another for whom a way is on file and who does not open either: whether
    /// that was open then, and by whose leave, is not known.
    pub fn may_have_had_another(&self, actor: Party) -> bool {
        is_unnamed(&actor) && self.ways.of.keys().any(|party| is_unnamed(party) && *party != actor)
    }
}

impl Exposure {
    /// Whether whoever acted had a way, and whether somebody who was allowed to had opened it. A success also shows what was
    /// open.
    pub(super) fn judge_way(&mut self, position: usize, access: &Access, actor: Party, judge: &Judge) -> ByWay {
        let all = judge.ways.had(&access.chain, access, &judge.content, judge.manner);
        let is_open = |had: &Had<'_>| had.was_open(&self.paths[had.path], access);
        let open: Vec<Had<'_>> = all.iter().filter(|had| is_open(had)).cloned().collect();
        let may_allow = |ways: &[Had<'_>]| ways::may_allow(ways, &self.paths, access);
        if !open.is_empty() && !may_allow(&open) {
            let closed = all.iter().filter(|had| !is_open(had) && may_allow(std::slice::from_ref(*had)));
            let closed: Vec<Had<'_>> = closed.cloned().collect();
            if !closed.is_empty() {
                return ByWay::of(self.over_no_way(access, actor, &closed, judge));
            }
            let without = open.iter().any(|had| had.authority(&self.paths[had.path], access) == Authorised::No);
            let by_way = if without { Authorised::No } else { Authorised::NotAssessed };
            return ByWay::of(worse(by_way, self.over_no_way(access, actor, &[], judge)));
        }
        let is_proof = is_certain(access) && !is_emergency(access);
        match open.as_slice() {
            [] => return ByWay::of(self.over_no_way(access, actor, &all, judge)),
            // No other way explains it: this one was open until then, for whoever took it.
            [had] if is_proof => {
                let path = &self.paths[had.path];
                // Its end may be that of what let them in, before its own.
                let since = path.end.earliest.max(path.start.latest);
                let since = had.surely_until(access).map_or(since, |until| until.min(since));
                let longer = TimeSet::span(since, access.when.earliest);
                let longer = longer.intersect(&had.times.possible).intersect(&path.scope.shows(&judge.content));
                let without = had.surely_without(path, &longer);
                if path.scope.shows_all(&judge.content) {
                    self.wholly = self.wholly.union(&longer.intersect(&self.open.possible));
                }
                let viewer = self.viewers.entry(had.party).or_default();
                for (times, longer) in [
                    (&mut viewer.could, &longer),
                    (&mut viewer.excess, &without),
                    (&mut self.open, &longer),
                    (&mut self.unauthorised, &without),
                ] {
                    times.certain = times.certain.union(&longer.intersect(&times.possible));
                }
            }
            _ => {}
        }
        // What went over what is open to anybody somebody of the public did; where it perhaps went another way, perhaps.
        let of_anybody = open.iter().filter(|had| had.party == Party::Anyone).count();
        if of_anybody > 0 {
            let judged = self.accesses.len();
            let viewer = self.viewers.entry(Party::Anyone).or_default();
            viewer.perhaps = true;
            viewer.by_members.extend((of_anybody == open.len()).then_some(judged));
        }
        let over: BTreeSet<usize> = open.iter().map(|had| had.path).collect();
        if let (1, Some(path), true) = (over.len(), over.first(), is_proof) {
            let used = &mut self.paths[*path].used;
            *used = (*used).max(Some(access.when.earliest));
        }
        let by_way = ways::by_any(&open, &self.paths, access);
        let from = |since: Instant| TimeSet::span(since, judge.cut_off);
        if let Some(since) = judge.closed_since.get(&position) {
            self.widen(access, &[actor], (from(*since), by_way.is_perhaps_without()), judge);
        } else if judge.history_shown.contains(&position) {
            // Perhaps not over this way, but over one that nobody told of.
            self.widen(access, &[actor], (from(judge.from), by_way.is_perhaps_without()), judge);
        }
        let left = ways::after_all(&open, access);
        if !left.is_empty() {
            // Perhaps it was after they had left what the way let in.
            self.oddities.insert((Oddity::PathWasClosed, access.entries.first().copied()));
            self.widen(access, &[actor], (left, true), judge);
        }
        by_way
    }

    /// Whether it was got for somebody, or shown to somebody, whose own ways had all ended by then.
    pub(super) fn is_for_somebody_shut_out(&self, access: &Access, judge: &Judge) -> bool {
        let shut_out = |party: &Party| {
            let had = judge.ways.had(&[*party], access, &judge.content, judge.manner);
            let ended = |had: &Had<'_>| had.times.possible.meets(0, access.when.earliest) && had.party == *party;
            had.iter().any(ended) && !had.iter().any(|had| had.was_open(&self.paths[had.path], access))
        };
        let actor = access.chain.first();
        let others = access.chain.iter().skip(1).chain(&access.shown_to);
        others.filter(|party| Some(*party) != actor).any(shut_out)
    }

    /// Whoever acted was told something by the error; that shows no way, and none that was longer open.
    pub(super) fn judge_error(&mut self, access: &Access, actor: Party, fact: &mut Judged, judge: &Judge) {
        let had = judge.ways.had(&access.chain, access, &judge.content, judge.manner);
        fact.authorised = worse(access.authorised, ways::without_success(&had, &self.paths, access).0);
        let members = if actor.has_members() { members_then(actor, access, judge) } else { Members::new() };
        self.perhaps_had(members.keys());
        for member in members.into_keys().filter(|member| member.is_human()) {
            fact.perhaps.insert(member, fact.unnamed);
            self.viewers.entry(member).or_default().perhaps = true;
        }
    }

    /// It proves that there was a way at that instant; when that opened and closed is not known.
    pub(super) fn over_no_way(
        &mut self,
        access: &Access,
        actor: Party,
        closed: &[Had<'_>],
        judge: &Judge,
    ) -> Authorised {
        let begun = |way: &Way| way.times.possible.meets(0, access.when.latest);
        let had_way = |party: &Party| judge.ways.of.get(party).into_iter().flatten().any(begun);
        let has_way = access.chain.iter().chain([&Party::Anyone]).any(had_way);
        let oddity = match (closed.is_empty(), has_way) {
            (true, true) => Oddity::OutsideTheGrant,
            (true, false) => Oddity::NoPathOnFile,
            (false, _) => Oddity::PathWasClosed,
        };
        self.oddities.insert((oddity, access.entries.first().copied()));
        if closed.iter().any(|had| had.party == Party::Anyone) {
            self.viewers.entry(Party::Anyone).or_default().perhaps = true;
        }
        let ended = closed.iter().flat_map(|had| had.times.possible.spans()).map(|(_, end)| *end);
        let since = ended.filter(|end| *end <= access.when.latest).max().unwrap_or(judge.from);
        let was_closed = !closed.is_empty();
        // It was possible for whoever acted, and, where their way had ended, for the one on whose behalf.
        let theirs = closed.iter().map(|had| had.party).filter(|party| *party != Party::Anyone);
        let mut theirs: BTreeSet<Party> = theirs.chain([actor]).collect();
        // A group that they are in, and that the way had let in before, perhaps had not left either.
        let over = |way: &Way| closed.iter().any(|had| had.path == way.path);
        let ended = |way: &Way| {
            let before = way.times.possible.within(judge.from, access.when.earliest);
            over(way) && !before.is_empty() && !way.times.possible.meets(access.when.earliest, access.when.latest)
        };
        let groups = judge.ways.of.iter().filter(|(party, ways)| is_group(party) && ways.iter().any(ended));
        let groups = groups.filter(|(group, _)| members_then(**group, access, judge).contains_key(&actor));
        theirs.extend(groups.map(|(group, _)| *group));
        let without = was_closed || judge.may_have_had_another(actor);
        let unknown = TimeSet::span(since, judge.cut_off);
        self.widen(access, &Vec::from_iter(theirs), (unknown, without), judge);
        if was_closed { Authorised::No } else { Authorised::NotAssessed }
    }

    /// It was possible for these at that time, and through an account for each of its users, because one of them it was.
    pub(super) fn widen(
        &mut self,
        access: &Access,
        theirs: &[Party],
        (unknown, without): (TimeSet, bool),
        judge: &Judge,
    ) {
        let mut those: Vec<(Party, Option<Party>, TimeSet)> = Vec::new();
        for party in theirs {
            those.push((*party, None, unknown.clone()));
            if party.is_service() || is_group(party) {
                let members = members_then(*party, access, judge).into_iter();
                those.extend(members.map(|(it, times)| (it, Some(*party), times.possible.intersect(&unknown))));
            }
        }
        for (party, over, possible) in those {
            let viewer = self.viewers.entry(party).or_default();
            viewer.could.possible = viewer.could.possible.union(&possible);
            viewer.over.extend(over);
            if without {
                viewer.excess.possible = viewer.excess.possible.union(&possible);
            }
        }
        self.open.possible = self.open.possible.union(&unknown);
        if without {
            self.unauthorised.possible = self.unauthorised.possible.union(&unknown);
        }
    }

    /// One of these it was, so that each possibly could then, suspended or not, and from when that is told of them to have ended.
    pub(super) fn got_in(&mut self, whole: Party, members: &Members, access: &Access, judge: &Judge) {
        let could = self.viewers.get(&whole).map(|viewer| viewer.could.clone()).unwrap_or_default();
        let excess = self.viewers.get(&whole).map(|viewer| viewer.excess.clone()).unwrap_or_default();
        for (party, times) in members.iter().filter(|(party, _)| party.is_human() || party.is_agent()) {
            let viewer = self.viewers.entry(*party).or_default();
            if viewer.could.possible.meets(access.when.earliest, access.when.latest) {
                continue;
            }
            let before = viewer.could.possible.within(0, access.when.earliest);
            let since = before.spans().last().map_or(judge.from, |(_, end)| *end);
            let then = TimeSet::span(since, judge.cut_off).intersect(&times.possible);
            viewer.could.possible = viewer.could.possible.union(&then.intersect(&could.possible));
            viewer.excess.possible = viewer.excess.possible.union(&then.intersect(&excess.possible));
            viewer.over.insert(whole);
        }
    }
}
