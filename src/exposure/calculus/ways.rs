//! The ways of each party to what a resource holds, and whether whoever took one was allowed to then.

use super::audience::Members;
use super::content::Content;
use super::exposure::{Manner, Path};
use super::fact::{Access, Authorised, Party, Thing};
use super::interval::{Bound, Interval, Oddity};
use super::joined::Joined;
use super::leaving::Left;
use super::scope;
use super::shown::{Success, at_the_end};
use super::times::{Instant, TimeSet, Times};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::vocabulary::Category;

/// Of each party the grants that reach it, and when: grant ∩ membership, whatever was inside.
#[derive(Default)]
pub struct Ways {
    pub of: BTreeMap<Party, Vec<Way>>,
    /// When each could see over ways that somebody was allowed to open.
    pub authorised: BTreeMap<Party, Times>,
    pub not_assessed: BTreeMap<Party, Times>,
    /// When ways to some of the categories were surely open, by these.
    pub partly: BTreeMap<BTreeSet<Category>, TimeSet>,
}

pub struct Way {
    /// Position among the paths.
    pub path: usize,
    pub times: Times,
    /// As long as somebody let them in, where that is not as long as they got in: a permission that was taken away goes on
    /// working, and is none any more.
    pub allowed: Option<Times>,
    /// When nobody possibly allowed it any more.
    pub beyond: TimeSet,
    /// How they came in, where whoever joins later sees only what comes later.
    pub joined: Option<Joined>,
}

/// A way as it was to one act.
#[derive(Clone)]
pub struct Had<'a> {
    pub party: Party,
    pub path: usize,
    pub times: Cow<'a, Times>,
    allowed: Option<&'a Times>,
    beyond: &'a TimeSet,
}

impl Ways {
    /// Those to what this act got that these had at any time, and anybody's.
    pub fn had<'a>(&'a self, parties: &[Party], access: &Access, content: &Content, manner: Manner) -> Vec<Had<'a>> {
        let parties = parties.iter().copied().chain([Party::Anyone]);
        let had = |party: Party| {
            let ways = self.of.get(&party).into_iter().flatten();
            ways.map(move |way| Had {
                party,
                path: way.path,
                times: way.times_for(access, content, manner),
                allowed: way.allowed.as_ref(),
                beyond: &way.beyond,
            })
        };
        parties.flat_map(had).filter(|had| !had.times.is_never()).collect()
    }
}

impl Way {
    /// When it led to what this act got.
    fn times_for(&self, access: &Access, content: &Content, manner: Manner) -> Cow<'_, Times> {
        let Some(joined) = &self.joined else { return Cow::Borrowed(&self.times) };
        let seen = content.seen_by(access, joined).intersect(&self.times);
        let possible = if manner.hides_history { seen.possible } else { self.times.possible.clone() };
        Cow::Owned(Times { certain: seen.certain, possible })
    }
}

impl Had<'_> {
    pub fn was_open(&self, path: &Path, access: &Access) -> bool {
        was_open(&path.end, &self.times.possible, access)
    }

    /// Until when it surely led there before an act, in the time without interruption in which it possibly did.
    pub fn surely_until(&self, access: &Access) -> Option<Instant> {
        let at = access.when.earliest;
        let (start, _) = self.times.possible.spans().iter().find(|(start, end)| *start <= at && at < *end)?;
        let surely = self.times.certain.within(*start, at);
        surely.spans().last().map(|(_, end)| *end)
    }

    /// Whether it was one by authority: surely, only where it was surely open, and nobody had taken it away.
    pub fn authority(&self, path: &Path, access: &Access) -> Authorised {
        let allowed = self.allowed.unwrap_or(&self.times);
        if path.authorised == Authorised::No || !was_open(&path.allowed_until, &allowed.possible, access) {
            return Authorised::No;
        }
        let covered = covers(&path.end, &self.times.certain, access);
        if path.authorised == Authorised::Yes && covered && covers(&path.allowed_until, &allowed.certain, access) {
            Authorised::Yes
        } else {
            Authorised::NotAssessed
        }
    }

    /// What of these times surely was without any authority.
    pub fn surely_without(&self, path: &Path, times: &TimeSet) -> TimeSet {
        match (path.authorised, self.allowed) {
            (Authorised::No, _) => times.clone(),
            (_, Some(allowed)) => times.without(&allowed.possible),
            (_, None) => TimeSet::empty(),
        }
    }
}

/// By whatever way it was, of those that were open: by authority, if it surely was within what those were opened for, together,
/// that were open by authority. Where it may have gone over one that perhaps was allowed, that it was without authority is
/// possible and no more.
pub fn by_any(open: &[Had<'_>], paths: &[Path], access: &Access) -> ByWay {
    let authorities: Vec<Authorised> = open.iter().map(|had| had.authority(&paths[had.path], access)).collect();
    let scopes = |which: &dyn Fn(Authorised) -> bool| {
        let ways = open.iter().zip(&authorities).filter(|(_, authority)| which(**authority));
        ways.map(|(had, _)| &paths[had.path].scope).collect::<Vec<_>>()
    };
    let without = authorities.contains(&Authorised::No);
    if scope::allow(scopes(&|authority| authority == Authorised::Yes), access) {
        ByWay::of(Authorised::Yes)
    } else if without && !scope::may_allow(scopes(&|authority| authority != Authorised::No), access) {
        ByWay::of(Authorised::No)
    } else {
        let beyond = open.iter().any(|had| had.beyond.meets(access.when.earliest, access.when.latest));
        ByWay { authorised: Authorised::NotAssessed, perhaps_without: without || beyond }
    }
}

/// By what authority an act was, as far as the ways show that were open to whoever acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByWay {
    pub authorised: Authorised,
    /// It is not settled, and perhaps it went over a way that nobody allowed, or allowed any more.
    pub perhaps_without: bool,
}

impl ByWay {
    pub fn of(authorised: Authorised) -> Self {
        ByWay { authorised, perhaps_without: false }
    }

    pub fn is_perhaps_without(self) -> bool {
        self.authorised == Authorised::No || self.perhaps_without
    }
}

/// Whether it may have been within what these were opened for.
pub fn may_allow(ways: &[Had<'_>], paths: &[Path], access: &Access) -> bool {
    scope::may_allow(ways.iter().map(|had| &paths[had.path].scope), access)
}

/// By what way whoever deleted or altered something, or was told of it by an error, could, as an access is held against them,
/// and what is odd of it; it shows nothing of the ways.
pub fn without_success(all: &[Had<'_>], paths: &[Path], loss: &Access) -> (Authorised, Option<Oddity>) {
    let (open, closed): (Vec<Had<'_>>, Vec<Had<'_>>) =
        all.iter().cloned().partition(|had| had.was_open(&paths[had.path], loss));
    if may_allow(&open, paths, loss) {
        return (by_any(&open, paths, loss).authorised, None);
    }
    let allowed = |had: &Had<'_>| open.is_empty() || may_allow(std::slice::from_ref(had), paths, loss);
    if closed.iter().any(allowed) {
        return (Authorised::No, Some(Oddity::PathWasClosed));
    }
    match by_any(&open, paths, loss).authorised {
        _ if open.is_empty() => (Authorised::NotAssessed, Some(Oddity::NoPathOnFile)),
        Authorised::No => (Authorised::No, Some(Oddity::OutsideTheGrant)),
        _ => (Authorised::NotAssessed, Some(Oddity::OutsideTheGrant)),
    }
}

/// The part of the time of an act that was after these had ended, one after the other, and was before them if it was any earlier.
pub fn after_all(open: &[Had<'_>], access: &Access) -> TimeSet {
    let then = TimeSet::span(access.when.earliest, access.when.latest);
    let unexplained = then.without(&TimeSet::all(open.iter().map(|had| &had.times.possible)));
    let first = open.iter().filter_map(|had| had.times.possible.spans().first()).map(|(start, _)| *start).min();
    let ended = unexplained.spans().iter().filter(|(start, _)| first.is_some_and(|first| first < *start));
    TimeSet::of(ended.copied().collect())
}

fn was_open(end: &Bound, times: &TimeSet, access: &Access) -> bool {
    let from = access.when.earliest;
    times.meets(from, access.when.latest) || at_the_end(end, access) && times.contains(from.saturating_sub(1))
}

fn covers(end: &Bound, times: &TimeSet, access: &Access) -> bool {
    let (from, until) = (access.when.earliest, access.when.latest);
    let last = at_the_end(end, access) && from == until && times.contains(from.saturating_sub(1));
    times.covers(from, until) || last
}

/// One grant: as it worked, and as somebody allowed it, without what a permission that was taken away goes on working.
pub struct Granted<'a> {
    pub interval: &'a Interval,
    pub reach: &'a Members,
    pub allowed: &'a Interval,
    pub allowed_reach: &'a Members,
    /// How others came in, where whoever joins later sees only what comes later.
    pub joined: Option<&'a BTreeMap<Party, Joined>>,
    /// When anything that was taken away possibly went on working.
    pub late: TimeSet,
    /// Who came in although they had perhaps left what it lets in, and when that possibly was.
    pub left: &'a Left,
}

impl Granted<'_> {
    /// When this party was let in by it; absent where that is as long as it got in.
    pub fn allowed(&self, party: Party) -> Option<Times> {
        if self.late.is_empty() && !self.left.contains_key(&party) {
            return None;
        }
        let member = self.allowed_reach.get(&party).cloned().unwrap_or_default();
        Some(self.allowed.times().intersect(&member))
    }

    /// What of the times nobody allowed any more.
    pub fn beyond(&self, party: Party, could: &Times, allowed: &Times) -> Times {
        let late = self.left.get(&party).map_or_else(|| self.late.clone(), |left| left.union(&self.late));
        let certain = could.certain.without(&allowed.possible);
        let possible = could.possible.without(&allowed.certain).intersect(&late);
        Times { possible: possible.union(&certain), certain }
    }
}

/// When what was taken away possibly went on working: between how each of these ended as it was told, and as it was.
pub fn late<'a>(ended: impl IntoIterator<Item = (&'a Interval, &'a Interval)>) -> TimeSet {
    let spans = ended.into_iter().flat_map(|(told, found)| {
        let begun = (told.start != found.start).then_some((told.start.earliest, found.start.latest));
        let ended = (told.end != found.end).then_some((told.end.earliest, found.end.latest));
        begun.filter(|_| matches!(told.thing, Thing::Suspension { .. })).into_iter().chain(ended)
    });
    TimeSet::of(spans.collect())
}

/// The same of what was perhaps taken away: if it was, it went on for as long as that takes.
pub fn perhaps_late<'a>(found: impl Iterator<Item = &'a Interval>, lag: u64) -> TimeSet {
    let since = |interval: &Interval| match interval.thing {
        Thing::Suspension { .. } => Some(interval.start.earliest).filter(|_| interval.doubtful),
        _ => interval.contested,
    };
    TimeSet::of(found.filter_map(since).map(|since| (since, since.saturating_add(lag))).collect())
}

/// Successes of people who joined later, and got what the registry says that they do not see: no other way explains them.
pub fn saw_history(
    successes: &[Success<'_>],
    grants: &[(&Interval, &Members, &BTreeMap<Party, Joined>)],
    content: &Content,
) -> BTreeMap<usize, (Oddity, Option<u64>)> {
    let is_hidden = |success: &&Success<'_>| {
        let access = success.access;
        let mut hidden = false;
        for (grant, reach, joined) in grants {
            let (granted, end) = (grant.times(), &grant.end);
            for party in access.chain.iter().copied().chain([Party::Anyone]) {
                let Some(member) = reach.get(&party) else { continue };
                let way = granted.intersect(member);
                if !was_open(end, &way.possible, access) {
                    continue;
                }
                let hides = |joined: &Joined| {
                    let seen = content.seen_by(access, joined).intersect(&way);
                    !was_open(end, &seen.possible, access)
                };
                if !joined.get(&party).is_some_and(hides) {
                    return false;
                }
                hidden = true;
            }
        }
        hidden
    };
    let oddity = |success: &Success<'_>| (Oddity::HistoryNotHidden, success.access.entries.first().copied());
    successes.iter().filter(is_hidden).map(|success| (success.position, oddity(success))).collect()
}
