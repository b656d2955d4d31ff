//! Groups and accounts that were an audience, who was in them, and from when to when (REPORTS 1.2, 8).
//!
//! What is listed of a group is whoever is told to have been in it since something was first open to it, or was given to
//! it: who had surely left before has nothing to do with it. How many there are in all is said only where that is known.

use super::document::*;
use super::facts::{Found, People, named_group};
use super::feeds::Feeds;
use super::groups::{Groups, Times, in_order};
use crate::exposure::calculus::exposure::Rung;
use crate::exposure::calculus::fact::Party;
use crate::exposure::calculus::times::Instant;
use crate::model::PartyKind;
use crate::report::access::document::Name;
use crate::report::code::Code;
use std::collections::{BTreeMap, BTreeSet};

/// What was open or given to one audience.
#[derive(Default)]
struct Reach<'a> {
    resources: BTreeSet<&'a str>,
    /// Since the first of it, less what a permission that was taken away may go on working.
    since: Instant,
}

pub(super) fn audiences(
    found: &[Found<'_>],
    people: &People<'_>,
    groups: &Groups,
    feeds: &Feeds<'_>,
) -> Vec<AudienceFact> {
    let unnamed: BTreeSet<Party> =
        found.iter().flat_map(|found| found.exposure.unnamed_users.keys()).copied().collect();
    let mut all = Vec::new();
    for (party, reach) in reached(found, groups) {
        let mut members: BTreeMap<Party, Vec<Times>> = BTreeMap::new();
        let in_time = |times: &Times| times.is_asked_for() && times.end.latest >= reach.since;
        for (member, times) in groups.members(party).filter(|(_, times)| in_time(times)) {
            members.entry(member).or_default().push(times);
        }
        let count = match party {
            Party::Anyone => Countable::Public,
            party if unnamed.contains(&party) => Countable::UnnamedUsers,
            Party::Named(PartyKind::Organisation, _) if members.is_empty() => Countable::Organisation,
            // A service that nobody is told to use is a machine.
            Party::Named(PartyKind::Service, _) if members.is_empty() => continue,
            _ if members.is_empty() => Countable::NobodyOnFile,
            // Whoever does not open may be several, of several groups.
            _ if members.keys().any(|member| matches!(member, Party::Unknown(..))) => Countable::OnFile,
            party if named_group(people.told, party).is_some_and(|name| feeds.cover(name)) => Countable::Fed,
            _ => Countable::OnFile,
        };
        let fact =
            |(member, times): (Party, Vec<Times>)| MemberFact { who: people.who(member), stays: in_order(times) };
        all.push(AudienceFact {
            who: who(people, party),
            resources: reach.resources.into_iter().map(str::to_owned).collect(),
            count,
            members: members.into_iter().map(fact).collect(),
        });
    }
    all
}

/// Everything that has members, or may, and to which something was open or came, over others too.
fn reached<'a>(found: &[Found<'a>], groups: &Groups) -> BTreeMap<Party, Reach<'a>> {
    let mut all: BTreeMap<Party, Reach<'a>> = BTreeMap::new();
    for found in found {
        let mut add = |party: Party, at: Instant| {
            if party == Party::Anyone || party.has_members() {
                let since = at.saturating_sub(found.permission_cache_us);
                let reach = all.entry(party).or_insert(Reach { since, ..Reach::default() });
                reach.since = reach.since.min(since);
                reach.resources.insert(found.name);
            }
        };
        for path in &found.exposure.paths {
            add(path.audience, path.start.earliest);
        }
        for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != Rung::Tried) {
            let access = &found.accesses[judged.access];
            let got = access.shown_to.iter().chain(&access.given_to).chain(&access.perhaps_given_to);
            got.chain(&access.chain).for_each(|party| add(*party, access.when.earliest));
        }
    }
    // What is in one of them is let in with it, as early as that.
    let mut next: Vec<Party> = all.keys().copied().collect();
    while let Some(whole) = next.pop() {
        let Some(Reach { resources, since }) = all.get(&whole) else { continue };
        let (resources, since) = (resources.clone(), *since);
        let inside: BTreeSet<Party> = groups.members(whole).map(|(member, _)| member).collect();
        for member in inside.into_iter().filter(|member| member.has_members() || *member == Party::Anyone) {
            let reach = all.entry(member).or_insert(Reach { since: Instant::MAX, ..Reach::default() });
            let many = reach.resources.len();
            reach.resources.extend(&resources);
            if since < reach.since || reach.resources.len() > many {
                reach.since = reach.since.min(since);
                next.push(member);
            }
        }
    }
    all
}

/// What it is stays known where its name does not open any more.
fn who(people: &People<'_>, party: Party) -> Who {
    match party {
        Party::Named(kind, u32::MAX) => Who::Named { kind: Code(kind), name: Name::Closed },
        party => people.who(party),
    }
}
