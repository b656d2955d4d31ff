//! Who could see what a resource held, who did, and for how long: `could_see = ⋃ grant ∩ membership ∩ content ∩ active`.
//!
//! Three rungs are told apart throughout (REPORTS 2.1): could see, was given, did see. What is doubtful widens the upper
//! figure and never the lower one.

use super::audience::{Audience, Members};
use super::content::Content;
use super::delivered::{self, Copies, Delivery};
use super::fact::{Access, Authorised, Edge, Party, Person, Resource, Thing};
use super::interval::{Bound, Frame, Interval, Known, Oddity, intervals};
use super::restriction::{Others, Restrictions};
use super::same::Same;
use super::times::{Instant, TimeSet, Times};
use crate::model::verbs::{HumanUse, human_use};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use whosaw_verifier::vocabulary::{Category, Outcome, PartyKind, Verb};

/// What the registry says of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// How long a permission that was taken away may go on working, microseconds.
    pub permission_cache_us: u64,
    /// Whoever joins later does not see what was there before.
    pub hides_history: bool,
    /// It did so for a part of the time only: then nothing is certain of whoever joined later, and all is possible.
    pub hides_at_times: bool,
}

/// Everything that is known of one resource, as of one size of the ledger.
pub struct Told<'a> {
    pub resource: Resource,
    pub edges: &'a [Edge],
    /// Of this resource.
    pub accesses: &'a [Access],
    pub manner: Manner,
    pub frame: Frame,
    /// Persons of whom it is only suspected that they are one.
    pub same: &'a Same,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// When what the resource held was open to anybody at all.
    pub windows: Vec<Window>,
    pub open: Times,
    /// The part of it that was open over ways that nobody was allowed to open.
    pub unauthorised: Times,
    pub paths: Vec<Path>,
    pub viewers: BTreeMap<Party, Viewer>,
    /// Whose data was inside, as far as it was told.
    pub subjects: BTreeMap<Person, Inside>,
    /// `subjects` is everybody.
    pub determined: bool,
    /// Open to whoever has the link, or to the public: not countable.
    pub to_anyone: Times,
    /// Somebody could see it who cannot be counted: whoever has the link, or a group of whom nobody is on file.
    pub uncountable: bool,
    pub accesses: Vec<Judged>,
    /// Groups of whom somebody is on file, and to whom it was given.
    pub given_groups: BTreeSet<Party>,
    /// Copies that somebody got of it.
    pub holdings: Vec<Interval>,
    /// Those of them who are accounts that people use.
    pub accounts: BTreeSet<Party>,
    /// Whose data might only be stored, and when.
    pub restrictions: Restrictions,
    /// What is odd, with the entry that it was told by.
    pub oddities: BTreeSet<(Oddity, Option<u64>)>,
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    pub audience: Party,
    pub start: Bound,
    pub end: Bound,
    pub authorised: Authorised,
    /// The last instant at which somebody surely got in over it, which no other way explains.
    pub used: Option<Instant>,
    /// Somebody got in after it had ended, and had no other way: perhaps it had not.
    pub outlived: bool,
}

impl Path {
    /// When it truly ended: not before somebody got in over it, and nobody knows when where somebody got in afterwards.
    pub fn really_ended(&self, cut_off: Instant) -> Bound {
        let end = self.end;
        let earliest = self.used.map_or(end.earliest, |used| used.max(end.earliest).min(end.latest));
        let latest = if self.outlived { cut_off.max(end.latest) } else { end.latest };
        let known = match end.known {
            Known::Open => Known::Open,
            _ if self.outlived => Known::Unknown,
            Known::Bounded if earliest == latest => Known::Exact,
            known => known,
        };
        Bound { earliest, latest, known, ..end }
    }
}

/// A time without interruption in which it was possibly open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub start: Bound,
    pub end: Bound,
    /// How much of it it was surely open, microseconds.
    pub certain_us: u64,
}

/// Somebody who could see, or did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Viewer {
    pub could: Times,
    /// Over ways that nobody was allowed to open, and over no other.
    pub excess: Times,
    /// Accounts or groups over which it is this party; empty where a grant names it.
    pub over: BTreeSet<Party>,
    /// Positions in `accesses`, with what each shows of this party.
    pub did: BTreeMap<usize, Rung>,
    /// Somebody unnamed did something who may have been this one.
    pub perhaps: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inside {
    /// When this person's data was inside while anybody could see it.
    pub open: Times,
    pub categories: BTreeSet<Category>,
}

/// An access, and what it was by the ways that were open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Position in what was told.
    pub access: usize,
    /// The highest that it shows of anybody.
    pub rung: Rung,
    pub authorised: Authorised,
    /// Whether data surely came back.
    pub certain: bool,
    /// People one of whom it was: the members of an account that acted.
    pub one_of: BTreeSet<Party>,
    /// What it shows of whoever acted, if that was a human.
    pub unnamed: Rung,
    /// Whoever acted cannot be told from others.
    pub unidentified: bool,
    /// People who were possibly reached over a group or an account that it was shown or given to.
    pub perhaps: BTreeMap<Party, Rung>,
    /// People whose data it was, and possibly may only have been stored then.
    pub after_restriction: BTreeSet<Person>,
}

/// The ladder of REPORTS 2.1, as far as one act shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rung {
    /// It was tried, and nothing came back.
    Tried,
    /// Data left for somebody who is not known to have looked.
    Given,
    /// An agent or a service had it before it.
    Processed,
    /// A human was shown it.
    Seen,
}

impl Exposure {
    pub fn of(told: &Told<'_>) -> Exposure {
        let always = Times::exactly(TimeSet::span(told.frame.from, told.frame.cut_off));
        let lag = |thing: &Thing| match thing {
            Thing::Grant { .. } | Thing::Membership { .. } | Thing::Suspension { .. } => {
                told.manner.permission_cache_us
            }
            _ => 0,
        };
        let (mut intervals, unmatched) = intervals(told.edges, told.frame, &lag);
        let audience = Audience::of(&intervals);
        let mut oddities: BTreeSet<_> = unmatched.into_iter().map(|i| (Oddity::ClosesNothing, Some(i))).collect();
        // What happened after the time that is asked for is not asked for.
        let in_time = |(_, access): &(usize, &Access)| access.when.earliest <= told.frame.cut_off;
        let accesses: Vec<(usize, &Access)> = told.accesses.iter().enumerate().filter(in_time).collect();
        let successes = || accesses.iter().map(|(_, access)| *access).filter(|access| is_success(access));
        let mut content = Content::of(&intervals, told.resource, &always);
        for access in successes() {
            if content.witness(access, &always) {
                oddities.insert((Oddity::ContentNotOnFile, access.entries.first().copied()));
            }
        }
        let grants: Vec<usize> = positions(&intervals, told.resource);
        let reach = |grant: &usize| match intervals[*grant].thing {
            Thing::Grant { audience: party, .. } => audience.reach(party, &always),
            _ => Members::new(),
        };
        let reaches: Vec<Members> = grants.iter().map(reach).collect();
        for access in successes().filter(|access| !access.only_gives) {
            expire(&mut intervals, &grants, &reaches, access, told.frame);
        }
        oddities.extend(intervals.iter().flat_map(|interval| {
            let entry = interval.start.entry.or(interval.end.entry);
            interval.oddities.iter().map(move |oddity| (*oddity, entry))
        }));
        if !audience.circular().is_empty() {
            oddities.insert((Oddity::GroupInsideItself, None));
        }
        let mut exposure = Exposure {
            windows: Vec::new(),
            open: Times::never(),
            unauthorised: Times::never(),
            paths: Vec::new(),
            viewers: BTreeMap::new(),
            subjects: BTreeMap::new(),
            determined: content.told && !content.nameless,
            to_anyone: Times::never(),
            uncountable: false,
            accesses: Vec::new(),
            given_groups: BTreeSet::new(),
            holdings: held(&intervals, told.resource),
            accounts: BTreeSet::new(),
            restrictions: Restrictions::of(&intervals, &content, told.same),
            oddities,
        };
        let mut ways = Ways::default();
        for (grant, reach) in grants.iter().zip(&reaches) {
            exposure.take_path(&intervals[*grant], reach, &content, told.manner, &mut ways);
        }
        delivered::distinct(&mut exposure.holdings, told.accesses);
        let account = |held: &Interval| match held.thing {
            Thing::Holding { holder: holder @ Party::Named(PartyKind::Service, _), .. } => Some(holder),
            _ => None,
        };
        let accounts = exposure.holdings.iter().filter_map(account).filter(|holder| audience.has_members(*holder));
        exposure.accounts = accounts.collect();
        let judge = Judge {
            from: told.frame.from,
            cut_off: told.frame.cut_off,
            copies: Copies::of(&exposure.holdings),
            manner: told.manner,
            ways,
            content,
            audience,
            always,
        };
        let mut deliveries = Vec::new();
        for (position, access) in accesses {
            deliveries.extend(exposure.take_access(position, access, &judge));
        }
        let Judge { mut ways, content, audience, .. } = judge;
        // What lies with receivers is theirs, whatever is inside here by then.
        let open_there = exposure.open.clone();
        exposure.take_deliveries(&deliveries, &mut ways);
        exposure.open_to_all(&mut ways);
        exposure.without_authority(&ways);
        exposure.uncountable = exposure.viewers.iter().any(|(party, viewer)| match party {
            Party::Anyone => !viewer.could.is_never() || !viewer.did.is_empty(),
            Party::Named(PartyKind::Group | PartyKind::Organisation, _) => {
                let given = matches!(party, Party::Named(PartyKind::Group, _)) && !viewer.did.is_empty();
                !audience.has_members(*party) && (given || !viewer.could.is_never())
            }
            _ => false,
        });
        let is_group = |party: &Party| matches!(party, Party::Named(PartyKind::Group, _));
        let given = exposure.viewers.iter().filter(|(party, viewer)| is_group(party) && !viewer.did.is_empty());
        exposure.given_groups = given.map(|(party, _)| *party).filter(|party| audience.has_members(*party)).collect();
        for (subject, (times, categories)) in &content.of {
            let inside = Inside { open: open_there.intersect(times), categories: categories.clone() };
            exposure.subjects.insert(*subject, inside);
        }
        exposure.take_delivered_data(&deliveries, told.accesses, &content);
        exposure.windows = exposure.windows_of(&intervals, &deliveries, told);
        exposure
    }

    fn take_path(&mut self, interval: &Interval, reach: &Members, content: &Content, manner: Manner, ways: &mut Ways) {
        let Thing::Grant { audience, .. } = interval.thing else { return };
        let granted = interval.times();
        let position = self.paths.len();
        let authorised = interval.authorised;
        let (start, end) = (interval.start, interval.end);
        self.paths.push(Path { audience, start, end, authorised, used: None, outlived: false });
        let mut reached = Vec::new();
        for (party, member) in reach {
            let way = granted.intersect(member);
            let all = || way.intersect(&content.any);
            let could = match (*party == audience, manner.hides_history, manner.hides_at_times) {
                (false, true, _) => content.seen_by_joiner(&granted, member),
                (false, false, true) => {
                    Times { certain: content.seen_by_joiner(&granted, member).certain, possible: all().possible }
                }
                _ => all(),
            };
            if !way.is_never() {
                ways.of.entry(*party).or_default().push((position, way));
            }
            if could.is_never() {
                continue;
            }
            if *party == audience || !party.has_members() {
                reached.push(could.clone());
            }
            if *party == Party::Anyone {
                self.to_anyone = self.to_anyone.union(&could);
            }
            let over = Some(audience).filter(|audience| party != audience);
            self.let_in(*party, over, &could, authorised, ways);
        }
        let reached = Times::all(&reached);
        self.open = self.open.union(&reached);
        if authorised == Authorised::No {
            self.unauthorised = self.unauthorised.union(&reached);
        }
    }

    /// Somebody could see it, perhaps over a group or an account.
    pub(super) fn let_in(
        &mut self,
        party: Party,
        over: Option<Party>,
        could: &Times,
        authorised: Authorised,
        ways: &mut Ways,
    ) {
        let viewer = self.viewers.entry(party).or_default();
        viewer.could = viewer.could.union(could);
        viewer.over.extend(over);
        let by_authority = match authorised {
            Authorised::No => {
                viewer.excess = viewer.excess.union(could);
                return;
            }
            Authorised::Yes => &mut ways.authorised,
            Authorised::Exceptional | Authorised::NotAssessed => &mut ways.not_assessed,
        };
        let times = by_authority.entry(party).or_default();
        *times = times.union(could);
    }

    /// What is open to anybody is open to everybody who is named here.
    fn open_to_all(&mut self, ways: &mut Ways) {
        let Some(anyone) = self.viewers.get(&Party::Anyone).cloned() else { return };
        for (party, viewer) in &mut self.viewers {
            let counts = !matches!(party, Party::Anyone | Party::Named(PartyKind::Group | PartyKind::Organisation, _));
            if counts && !anyone.could.is_never() {
                viewer.could = viewer.could.union(&anyone.could);
                viewer.excess = viewer.excess.union(&anyone.excess);
                viewer.over.insert(Party::Anyone);
                for times in [&mut ways.authorised, &mut ways.not_assessed] {
                    let of_anyone = times.get(&Party::Anyone).cloned().unwrap_or_default();
                    let own = times.entry(*party).or_default();
                    *own = own.union(&of_anyone);
                }
            }
        }
    }

    /// Of what went over unauthorised ways, what no other way explains.
    fn without_authority(&mut self, ways: &Ways) {
        for (party, viewer) in &mut self.viewers {
            let of = |times: &BTreeMap<Party, Times>| times.get(party).cloned().unwrap_or_default();
            let (allowed, perhaps) = (of(&ways.authorised), of(&ways.not_assessed));
            viewer.excess = Times {
                certain: viewer.excess.certain.without(&allowed.possible.union(&perhaps.possible)),
                possible: viewer.excess.possible.without(&allowed.certain),
            };
        }
    }

    /// Answers what it gave to people.
    fn take_access(&mut self, position: usize, access: &Access, judge: &Judge) -> Vec<Delivery> {
        let Some(actor) = access.chain.first().copied() else { return Vec::new() };
        let judged = self.accesses.len();
        let mut fact = Judged {
            access: position,
            rung: Rung::Tried,
            authorised: access.authorised,
            certain: is_certain(access),
            one_of: BTreeSet::new(),
            unnamed: if human_use(access.verb) == HumanUse::Takes { Rung::Given } else { Rung::Seen },
            unidentified: false,
            perhaps: BTreeMap::new(),
            after_restriction: self.restricted_then(access),
        };
        if !is_success(access) {
            self.viewers.entry(actor).or_default().did.insert(judged, Rung::Tried);
        }
        for party in &access.perhaps_given_to {
            fact.rung = fact.rung.max(Rung::Given);
            self.viewers.entry(*party).or_default().did.insert(judged, Rung::Given);
        }
        if !is_success(access) {
            self.accesses.push(fact);
            return Vec::new();
        }
        if access.only_gives {
            fact.authorised = self.judge_giving(access, judge);
        } else {
            fact.authorised = worse(access.authorised, self.judge_way(access, actor, judge));
            fact.unidentified =
                matches!(actor, Party::Anyone | Party::Named(PartyKind::Group | PartyKind::Organisation, _));
            if actor.has_members() {
                let members = members_then(actor, access, judge);
                fact.one_of = members.keys().copied().filter(|party| party.is_human()).collect();
                // An account that had users, and none of them then, was used by somebody else, or by one who had not left.
                fact.unidentified |= members.is_empty() && judge.audience.has_members(actor);
            }
            for party in &fact.one_of {
                self.viewers.entry(*party).or_default().perhaps = true;
            }
            if fact.unidentified {
                self.viewers.values_mut().for_each(|viewer| viewer.perhaps = true);
            }
        }
        if access.given_to.iter().any(|party| party.is_unknown()) {
            // Whoever is named may be the one who got it.
            self.viewers.values_mut().for_each(|viewer| viewer.perhaps = true);
        }
        for party in access.shown_to.iter().chain(&access.given_to).filter(|party| party.has_members()) {
            let rung = if access.shown_to.contains(party) { Rung::Seen } else { Rung::Given };
            let people = members_then(*party, access, judge).into_keys().filter(|member| member.is_human());
            for member in people {
                let known = fact.perhaps.entry(member).or_insert(rung);
                *known = rung.max(*known);
                self.viewers.entry(member).or_default().perhaps = true;
            }
        }
        let others = access.shown_to.iter().chain(&access.given_to);
        for party in others.chain(Some(&actor).filter(|_| !access.only_gives)) {
            let rung = rung_of(*party, access);
            fact.rung = fact.rung.max(rung);
            self.viewers.entry(*party).or_default().did.insert(judged, rung);
        }
        let authorised = fact.authorised;
        self.accesses.push(fact);
        judge.copies.deliveries((position, access), authorised, &judge.audience, judge.manner, &judge.always)
    }

    /// Whose data an act touched while it may only have been stored.
    fn restricted_then(&self, access: &Access) -> BTreeSet<Person> {
        let nothing_moved = !is_success(access) && access.perhaps_given_to.is_empty();
        if access.despite_restriction || nothing_moved {
            return BTreeSet::new();
        }
        let others = match (access.listed, access.only_gives) {
            (true, _) => Others::Nobody,
            (false, false) => Others::Inside,
            // What did not come from here may be anybody's.
            (false, true) => Others::Anybody,
        };
        self.restrictions.then(&access.subjects, others, access.when)
    }

    /// Whether whoever sent it on could have it: over a way that is open, or out of a copy. Where every way of theirs was
    /// closed before, nobody allowed it, however they still had it.
    fn judge_giving(&mut self, access: &Access, judge: &Judge) -> Authorised {
        let sends = matches!(access.verb, Verb::DataSend | Verb::DataPublish | Verb::DataShare | Verb::DataTransfer);
        let of = |party: Party| {
            let ways = judge.ways.of.get(&party).into_iter().flatten();
            ways.map(move |(path, times)| (party, *path, times))
        };
        let parties = access.chain.iter().copied().chain([Party::Anyone]);
        let all: Vec<(Party, usize, &Times)> = parties.filter(|_| sends).flat_map(of).collect();
        let open: Vec<_> =
            all.iter().filter(|(_, path, times)| was_open(&self.paths[*path], &times.possible, access)).collect();
        let ended = |times: &Times| times.possible.spans().iter().any(|(_, end)| *end <= access.when.latest);
        if open.is_empty() {
            let closed: Vec<_> = all.iter().copied().filter(|(_, _, times)| ended(times)).collect();
            let Some(actor) = access.chain.first().filter(|_| !closed.is_empty()) else { return access.authorised };
            if delivered::has_copy(&self.holdings, &access.chain, access, access.resource) {
                self.oddities.insert((Oddity::PathWasClosed, access.entries.first().copied()));
                return Authorised::No;
            }
            return worse(access.authorised, self.over_no_way(access, *actor, &closed, judge));
        }
        let authorised = |(_, path, times): &&(Party, usize, &Times)| {
            let path = &self.paths[*path];
            path.authorised == Authorised::Yes && covers(path, &times.certain, access)
        };
        let by_way = if open.iter().any(authorised) {
            Authorised::Yes
        } else if open.iter().any(|(_, path, _)| self.paths[*path].authorised == Authorised::No) {
            Authorised::No
        } else {
            Authorised::NotAssessed
        };
        worse(access.authorised, by_way)
    }

    /// Whether whoever acted had a way, and whether somebody who was allowed to had opened it. A success also shows what was
    /// open.
    fn judge_way(&mut self, access: &Access, actor: Party, judge: &Judge) -> Authorised {
        // Whoever acted did so over a way of their own, of one on whose behalf they acted, or of anybody.
        let parties = access.chain.iter().copied().chain([Party::Anyone]);
        let of = |party: Party| {
            let ways = judge.ways.of.get(&party).into_iter().flatten();
            ways.map(move |(path, times)| (party, *path, times))
        };
        let all: Vec<(Party, usize, &Times)> = parties.flat_map(of).collect();
        let was_open =
            |(_, path, times): &&(Party, usize, &Times)| was_open(&self.paths[*path], &times.possible, access);
        let open: Vec<(Party, usize, &Times)> = all.iter().filter(was_open).copied().collect();
        match open.as_slice() {
            [] => return self.over_no_way(access, actor, &all, judge),
            // No other way explains it: this one was open until then, for whoever took it.
            [(party, path, times)] if is_certain(access) => {
                let path = &self.paths[*path];
                let longer = TimeSet::span(path.end.earliest.max(path.start.latest), access.when.earliest);
                let longer = longer.intersect(&times.possible).intersect(&judge.content.any.certain);
                let viewer = self.viewers.entry(*party).or_default();
                viewer.could.certain = viewer.could.certain.union(&longer.intersect(&viewer.could.possible));
                self.open.certain = self.open.certain.union(&longer.intersect(&self.open.possible));
            }
            _ => {}
        }
        let over: BTreeSet<usize> = open.iter().map(|(_, path, _)| *path).collect();
        if let (1, Some(path), true) = (over.len(), over.first(), is_certain(access)) {
            let used = &mut self.paths[*path].used;
            *used = (*used).max(Some(access.when.earliest));
        }
        let authorised = |(_, path, times): &(Party, usize, &Times)| {
            let path = &self.paths[*path];
            path.authorised == Authorised::Yes && covers(path, &times.certain, access)
        };
        // What straddles a boundary is never called authorised.
        if open.iter().any(authorised) {
            Authorised::Yes
        } else if open.iter().any(|(_, path, _)| self.paths[*path].authorised == Authorised::No) {
            Authorised::No
        } else {
            Authorised::NotAssessed
        }
    }

    /// It proves that there was a way at that instant; when that opened and closed is not known.
    fn over_no_way(
        &mut self,
        access: &Access,
        actor: Party,
        closed: &[(Party, usize, &Times)],
        judge: &Judge,
    ) -> Authorised {
        let oddity = if closed.is_empty() { Oddity::NoPathOnFile } else { Oddity::PathWasClosed };
        self.oddities.insert((oddity, access.entries.first().copied()));
        let ended = closed.iter().flat_map(|(_, _, times)| times.possible.spans()).map(|(_, end)| *end);
        let since = ended.filter(|end| *end <= access.when.latest).max().unwrap_or(judge.from);
        self.outlive(access, closed);
        let unknown = TimeSet::span(since, judge.cut_off);
        let was_closed = !closed.is_empty();
        // It was possible for whoever acted, and, where their way had ended, for the one on whose behalf; through an account
        // for each of its users, because one of them it was.
        let theirs = closed.iter().map(|(party, _, _)| *party).filter(|party| *party != Party::Anyone);
        let mut those: Vec<(Party, Option<Party>, TimeSet)> = Vec::new();
        for party in theirs.chain([actor]).collect::<BTreeSet<_>>() {
            those.push((party, None, unknown.clone()));
            if matches!(party, Party::Named(PartyKind::Service, _)) {
                let members = members_then(party, access, judge).into_iter();
                those.extend(members.map(|(it, times)| (it, Some(party), times.possible.intersect(&unknown))));
            }
        }
        for (party, over, possible) in those {
            let viewer = self.viewers.entry(party).or_default();
            viewer.could.possible = viewer.could.possible.union(&possible);
            viewer.over.extend(over);
            if was_closed {
                viewer.excess.possible = viewer.excess.possible.union(&possible);
            }
        }
        self.open.possible = self.open.possible.union(&unknown);
        if !was_closed {
            return Authorised::NotAssessed;
        }
        self.unauthorised.possible = self.unauthorised.possible.union(&unknown);
        Authorised::No
    }

    /// Each of these ways that had ended perhaps had not.
    fn outlive(&mut self, access: &Access, closed: &[(Party, usize, &Times)]) {
        for (_, path, _) in closed {
            let path = &mut self.paths[*path];
            path.outlived |= path.end.known != Known::Open && path.end.latest <= access.when.latest;
        }
    }

    fn windows_of(&self, intervals: &[Interval], deliveries: &[Delivery], told: &Told<'_>) -> Vec<Window> {
        let resource = told.resource;
        let lying = delivered::bounds(deliveries, &self.holdings, told.frame.cut_off);
        // What bounds it is a grant, if one does, and else whatever else begins or ends there.
        let concerns = |thing: &Thing| match thing {
            Thing::Grant { resource: granted, .. } => *granted == resource,
            Thing::Content { resource: holding, .. } => *holding == resource,
            Thing::Membership { .. } | Thing::Suspension { .. } => true,
            Thing::Holding { .. } | Thing::Key { .. } | Thing::Restriction { .. } => false,
        };
        // Of a grant, and of anything else, the least sure of those that begin or end at an instant.
        let (mut starts, mut ends) = (HashMap::new(), HashMap::new());
        for interval in intervals.iter().filter(|interval| concerns(&interval.thing)) {
            let is_grant = matches!(interval.thing, Thing::Grant { .. });
            let both = [
                (&mut starts, interval.start, interval.start.earliest),
                (&mut ends, interval.end, interval.end.latest),
            ];
            for (bounds, bound, at) in both {
                let slots: &mut [Option<Bound>; 2] = bounds.entry(at).or_default();
                let slot = &mut slots[usize::from(is_grant)];
                if slot.is_none_or(|known| (known.known, known.entry) <= (bound.known, bound.entry)) {
                    *slot = Some(bound);
                }
            }
        }
        let bounds = |end: bool, at: Instant| {
            let [other, grant] = (if end { &ends } else { &starts }).get(&at).copied().unwrap_or_default();
            let copies = lying.iter().map(|(start, stop)| if end { *stop } else { *start });
            let copies = copies.filter(|bound| at == if end { bound.latest } else { bound.earliest });
            // The least sure of those that say so.
            let copy = copies.max_by_key(|bound| (bound.known, bound.entry));
            grant.or(copy).or(other)
        };
        let window = |(from, until): &(Instant, Instant)| {
            let inside = self.open.certain.within(*from, *until);
            let (first, last) = (inside.spans().first(), inside.spans().last());
            let surely_from = first.map_or(*until, |(start, _)| *start);
            let surely_until = last.map_or(*from, |(_, end)| *end);
            let quality = |bound: Option<Bound>, earliest: Instant, latest: Instant| {
                let known = match bound.map(|bound| bound.known) {
                    // It had not ended only if it surely was open until then.
                    Some(Known::Open) if earliest < latest => Known::Unknown,
                    Some(Known::Exact | Known::Bounded) if earliest == latest => Known::Exact,
                    Some(Known::Exact) => Known::Bounded,
                    None => Known::Unknown,
                    Some(known) => known,
                };
                Bound { earliest, latest, known, entry: bound.and_then(|bound| bound.entry) }
            };
            let (start, end) = (bounds(false, *from), bounds(true, *until));
            match (start, end) {
                // Where nothing is certain, what bounds it is known no better than it was told.
                (Some(start), Some(end)) if inside.is_empty() => Window { start, end, certain_us: 0 },
                _ => Window {
                    start: quality(start, *from, surely_from),
                    end: quality(end, surely_until, *until),
                    certain_us: inside.measure(),
                },
            }
        };
        self.open.possible.spans().iter().map(window).collect()
    }
}

/// What an access is judged by.
struct Judge {
    from: Instant,
    cut_off: Instant,
    copies: Copies,
    manner: Manner,
    ways: Ways,
    content: Content,
    audience: Audience,
    always: Times,
}

/// Of each party the grants that reach it, and when: grant ∩ membership, whatever was inside.
#[derive(Default)]
pub(super) struct Ways {
    of: BTreeMap<Party, Vec<(usize, Times)>>,
    /// When each could see over ways that somebody was allowed to open.
    authorised: BTreeMap<Party, Times>,
    not_assessed: BTreeMap<Party, Times>,
}

/// The act at the very instant of a closing that the ledger has after it, or at the cut-off, was before it.
fn at_the_end(path: &Path, access: &Access) -> bool {
    let told_later = path.end.entry.zip(access.entries.first()).is_some_and(|(end, entry)| end > *entry);
    access.when.earliest == path.end.latest && (told_later || path.end.known == Known::Open)
}

fn was_open(path: &Path, times: &TimeSet, access: &Access) -> bool {
    let from = access.when.earliest;
    times.meets(from, access.when.latest) || at_the_end(path, access) && times.contains(from.saturating_sub(1))
}

fn covers(path: &Path, times: &TimeSet, access: &Access) -> bool {
    let (from, until) = (access.when.earliest, access.when.latest);
    let last = at_the_end(path, access) && from == until && times.contains(from.saturating_sub(1));
    times.covers(from, until) || last
}

fn positions(intervals: &[Interval], resource: Resource) -> Vec<usize> {
    let of_it = |thing: &Thing| matches!(thing, Thing::Grant { resource: granted, .. } if *granted == resource);
    intervals.iter().enumerate().filter(|(_, interval)| of_it(&interval.thing)).map(|(i, _)| i).collect()
}

fn held(intervals: &[Interval], resource: Resource) -> Vec<Interval> {
    let of_it = |thing: &Thing| matches!(thing, Thing::Holding { resource: held, .. } if *held == resource);
    intervals.iter().filter(|interval| of_it(&interval.thing)).cloned().collect()
}

/// A success after an end that was only planned, and that no other way explains: the end is unknown; and not before it,
/// if only one grant can be meant.
fn expire(intervals: &mut [Interval], grants: &[usize], reaches: &[Members], access: &Access, frame: Frame) {
    let (from, until) = (access.when.earliest, access.when.latest);
    let was_in = |reach: &Members| {
        let parties = access.chain.iter().chain([&Party::Anyone]);
        parties.filter_map(|party| reach.get(party)).any(|times| times.possible.meets(from, until))
    };
    let reaching = grants.iter().zip(reaches).filter(|(_, reach)| was_in(reach)).map(|(grant, _)| *grant);
    let own: Vec<usize> = reaching.collect();
    if own.iter().any(|grant| intervals[*grant].times().possible.meets(from, until)) {
        return;
    }
    let planned = |grant: &&usize| {
        let interval = &intervals[**grant];
        interval.end.known == Known::Assumed && interval.end.latest <= from
    };
    let candidates: Vec<usize> = own.iter().filter(planned).copied().collect();
    for grant in &candidates {
        let interval = &mut intervals[*grant];
        let shown = candidates.len() == 1 && is_certain(access);
        let earliest = if shown { from } else { interval.end.earliest };
        let entry = access.entries.first().copied();
        interval.end = Bound { earliest, latest: frame.cut_off.max(from), known: Known::Unknown, entry };
        interval.oddities.insert(Oddity::ExpiryNotEnforced);
    }
}

/// Data came back or was given, or may have been.
/// Who was in what acted, when it did, over however many groups and accounts.
fn members_then(acting: Party, access: &Access, judge: &Judge) -> Members {
    let mut members = judge.audience.reach_of_acting(acting, &judge.always);
    members.remove(&acting);
    members.retain(|_, times| times.possible.meets(access.when.earliest, access.when.latest));
    members
}

fn is_success(access: &Access) -> bool {
    (access.goes_anyway || !matches!(access.outcome, Outcome::Denied | Outcome::Failed)) && !access.about_nobody
}

fn is_certain(access: &Access) -> bool {
    matches!(access.outcome, Outcome::Succeeded | Outcome::Partial) || access.goes_anyway && !access.given_to.is_empty()
}

/// What a successful act shows of one party to it.
fn rung_of(party: Party, access: &Access) -> Rung {
    let acted = !access.only_gives && access.chain.first() == Some(&party);
    let shown = access.shown_to.contains(&party);
    match (party.is_human(), shown, acted) {
        (true, true, _) => Rung::Seen,
        (true, false, true) if human_use(access.verb) != HumanUse::Takes => Rung::Seen,
        (true, ..) => Rung::Given,
        // What an organisation takes went to it, and whether anybody there looks is another act.
        (false, false, true) if is_organisation(party) && human_use(access.verb) == HumanUse::Takes => Rung::Given,
        // Whoever is not told apart may be a human, too: that somebody saw it is counted as possible.
        (false, true, _) | (false, false, true) => Rung::Processed,
        (false, false, false) => Rung::Given,
    }
}

fn is_organisation(party: Party) -> bool {
    matches!(party, Party::Named(PartyKind::Organisation, _))
}

fn worse(act: Authorised, way: Authorised) -> Authorised {
    match (act, way) {
        (Authorised::No, _) | (_, Authorised::No) => Authorised::No,
        (Authorised::Exceptional, _) => Authorised::Exceptional,
        (Authorised::Yes, Authorised::Yes) => Authorised::Yes,
        _ => Authorised::NotAssessed,
    }
}
