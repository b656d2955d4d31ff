//! Acts by which whoever acted gave something on: whether they could have it, and what it shows of them.

use super::audience::Members;
use super::delivered;
use super::exposure::{Exposure, Judged, Rung, members_then, worse};
use super::fact::{Access, Authorised, Party};
use super::interval::Oddity;
use super::judging::Judge;
use super::ways::{self, ByWay, Had};
use crate::model::Verb;
use crate::model::verbs::passes_on;

impl Exposure {
    /// Whether whoever sent it on could have it: over a way that is open, or out of a copy. Where every way of theirs was
    /// closed before, nobody allowed it, however they still had it; where nothing on file says how they had it, or who they
    /// are, nobody knows whether they were allowed to.
    pub(super) fn judge_giving(&mut self, access: &Access, judge: &Judge) -> ByWay {
        let Some(actor) = access.chain.first().copied().filter(|_| sends(access) || takes_a_copy(access)) else {
            return ByWay::of(access.authorised);
        };
        let all = judge.ways.had(&access.chain, access, &judge.content, judge.manner);
        let open: Vec<Had<'_>> =
            all.iter().filter(|had| had.was_open(&self.paths[had.path], access)).cloned().collect();
        if !open.is_empty() {
            let by_way = ways::by_any(&open, &self.paths, access);
            return ByWay { authorised: worse(access.authorised, by_way.authorised), ..by_way };
        }
        let ended = |had: &&Had<'_>| had.times.possible.spans().iter().any(|(_, end)| *end <= access.when.latest);
        let closed: Vec<Had<'_>> = all.iter().filter(ended).cloned().collect();
        let has_copy = delivered::has_copy(&self.holdings, &access.chain, access, access.resource);
        ByWay::of(match (closed.is_empty(), has_copy) {
            (true, true) if !is_unnamed(&actor) => access.authorised,
            (false, true) => {
                self.oddities.insert((Oddity::PathWasClosed, access.entries.first().copied()));
                Authorised::No
            }
            _ => worse(access.authorised, self.over_no_way(access, actor, &closed, judge)),
        })
    }

    /// Whoever passed it on used it, and perhaps looked at it: nobody says that they did not.
    pub(super) fn used_by_sender(&mut self, access: &Access, fact: &mut Judged, judge: &Judge) {
        let Some(actor) = access.chain.first().copied().filter(|_| sends(access)) else { return };
        self.viewers.entry(actor).or_default().perhaps = true;
        let members = if actor.has_members() { members_then(actor, access, judge) } else { Members::new() };
        self.perhaps_had(members.keys().chain([&actor]));
        for party in members.into_keys().chain([actor]).filter(|party| party.is_human()) {
            fact.perhaps.insert(party, Rung::Seen);
            self.viewers.entry(party).or_default().perhaps = true;
        }
    }
}

/// It passes on what whoever acted had.
pub fn sends(access: &Access) -> bool {
    passes_on(access.verb)
}

/// Whoever acted has a copy of what they gave to others.
pub fn takes_a_copy(access: &Access) -> bool {
    access.only_gives && matches!(access.verb, Verb::DataDownload | Verb::DataExport | Verb::DataCopy)
}

/// Whoever acted, or is in what acted, and is not told apart from others.
pub(super) fn is_unnamed(party: &Party) -> bool {
    matches!(party, Party::Unknown(..))
}
