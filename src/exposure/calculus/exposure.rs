//! Who could see what a resource held, who did, and for how long: `could_see = ⋃ grant ∩ membership ∩ content ∩ active`.
//!
//! Three rungs are told apart throughout (REPORTS 2.1): could see, was given, did see. What is doubtful widens the upper
//! figure and never the lower one.

use super::audience::{Audience, Members};
use super::content::Content;
use super::delivered::{self, Copies, Delivery};
use super::fact::{Access, Authorised, Edge, Party, Person, Resource, Thing};
use super::giving::{is_unnamed, sends, takes_a_copy};
use super::interval::{Bound, Frame, Interval, Known, Oddity, intervals};
use super::joined;
use super::judging::Judge;
use super::leaving::Leaving;
use super::restriction::{Others, Restrictions};
use super::same::Same;
use super::scope::{self, Scope};
use super::shown::{Shown, Success};
use super::times::{Instant, TimeSet, Times};
use super::ways::{self, Granted, Way, Ways};
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
    /// Deletions and alterations of it, as accesses: held against the ways, and showing nothing of who saw what.
    pub losses: &'a [Access],
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
    /// The part of it that surely was open to all that was inside.
    pub(super) wholly: TimeSet,
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
    /// Somebody could see it who cannot be counted: whoever has the link, a group of whom nobody is on file, or whoever else
    /// has a way that nobody told of.
    pub uncountable: bool,
    pub accesses: Vec<Judged>,
    /// By what ways each loss was, in the order in which they were told.
    pub losses: Vec<Authorised>,
    /// Agents that possibly had it before them: behind an account or in a group, for whom it was got, or who have a copy.
    pub agents: BTreeSet<Party>,
    /// Groups of whom somebody is on file, and to whom it was given.
    pub given_groups: BTreeSet<Party>,
    /// Copies that somebody got of it.
    pub holdings: Vec<Interval>,
    /// Those of them who are accounts that people use.
    pub accounts: BTreeSet<Party>,
    /// Accounts that could see it while nobody who is on file surely used them, so that somebody unnamed may have; and
    /// whether that was over a way that nobody was allowed to open.
    pub unnamed_users: BTreeMap<Party, bool>,
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
    /// What it was opened for.
    pub scope: Scope,
    pub authorised: Authorised,
    /// When it was to end: by whoever closed it, or as it was planned. What goes on after that nobody allowed.
    pub allowed_until: Bound,
    /// The last instant at which somebody surely got in over it, which no other way explains.
    pub(super) used: Option<Instant>,
}

impl Path {
    /// Not before somebody got in over it.
    fn really_ended(&self) -> Bound {
        let end = self.end;
        let earliest = self.used.map_or(end.earliest, |used| used.max(end.earliest).min(end.latest));
        let known = if end.known == Known::Bounded && earliest == end.latest { Known::Exact } else { end.known };
        Bound { earliest, known, ..end }
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
    /// Of a group or an account: positions in `accesses` of what was reached by somebody who was possibly in it then; of the
    /// public, of what went over a way that was open to anybody, and over no other.
    pub by_members: BTreeSet<usize>,
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
    /// That is not settled, and perhaps it went over a way that nobody allowed, or allowed any more.
    pub perhaps_unauthorised: bool,
    /// Whether no way that whoever acted had was allowed, and nobody allowed the act.
    pub without: bool,
    /// People who are told apart and got it so.
    pub got_without: BTreeSet<Party>,
    /// People who got it so if whoever acted, and does not open, had a way that was closed or that nobody allowed, or if it went
    /// over the one of several ways that nobody allowed.
    pub perhaps_without: BTreeSet<Party>,
    /// Whether data surely came back.
    pub certain: bool,
    /// People and agents one of whom it was: the members of an account that acted.
    pub one_of: BTreeSet<Party>,
    /// What it shows of whoever acted, if that was a human.
    pub unnamed: Rung,
    /// Whoever acted cannot be told from others.
    pub unidentified: bool,
    /// People whom it possibly reached: over a group or an account that it was shown or given to, or that perhaps acted, and
    /// whoever passed it on.
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
    pub fn of<'a>(told: &Told<'a>) -> Exposure {
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
        let hides = told.manner.hides_history || told.manner.hides_at_times;
        let mut content = Content::of(&intervals, told.resource, hides, &always);
        for access in successes() {
            if content.witness(access, &always) {
                oddities.insert((Oddity::ContentNotOnFile, access.entries.first().copied()));
            }
        }
        let grants: Vec<usize> = positions(&intervals, told.resource);
        let let_in = reaches(&intervals, &grants, &audience, &always);
        let permitted = Permitted::of(&intervals, &grants, told, &always);
        let mut holdings = held(&intervals, told.resource);
        let shows = |(position, access): &(usize, &'a Access)| {
            let (position, access) = (*position, *access);
            // What somebody sent shows that they had a way only where they had no copy.
            let sent = access.only_gives
                && (!sends(access) || delivered::has_copy(&holdings, &access.chain, access, told.resource));
            let sure = is_certain(access) && !access.only_gives && !is_emergency(access);
            (is_success(access) && !sent).then_some(Success { position, access, sure })
        };
        let shows: Vec<Success<'_>> = accesses.iter().filter_map(shows).collect();
        let of_grants = |audience: &Audience| reaches(&intervals, &grants, audience, &always);
        let leaving = Leaving::of(&intervals, &audience, &always, &of_grants);
        let shown = Shown::of(&mut intervals, (&grants, &let_in), &leaving, &shows, told.frame);
        let late = permitted.late(&intervals, &grants);
        let mut manner = told.manner;
        let mut history_shown = BTreeSet::new();
        let granted: Vec<&Interval> = grants.iter().map(|grant| &intervals[*grant]).collect();
        let joined = if hides { joined::joined(&granted, &audience, &always) } else { Vec::new() };
        if manner.hides_history {
            let granted: Vec<_> = granted.iter().zip(&let_in).zip(&joined).map(|((a, b), c)| (*a, b, c)).collect();
            for (position, oddity) in ways::saw_history(&shows, &granted, &content) {
                oddities.insert(oddity);
                history_shown.insert(position);
            }
            // It is not hidden always, so that nothing is certain of whoever joined later, and all is possible.
            (manner.hides_history, manner.hides_at_times) =
                (history_shown.is_empty(), manner.hides_at_times || !history_shown.is_empty());
        }
        oddities.extend(shown.oddities);
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
            wholly: TimeSet::empty(),
            unauthorised: Times::never(),
            paths: Vec::new(),
            viewers: BTreeMap::new(),
            subjects: BTreeMap::new(),
            determined: content.told && !content.nameless,
            to_anyone: Times::never(),
            uncountable: false,
            accesses: Vec::new(),
            losses: Vec::new(),
            agents: BTreeSet::new(),
            given_groups: BTreeSet::new(),
            holdings: Vec::new(),
            accounts: BTreeSet::new(),
            unnamed_users: BTreeMap::new(),
            restrictions: Restrictions::of(&intervals, &content, told.same),
            oddities,
        };
        let mut ways = Ways::default();
        for (i, grant) in grants.iter().enumerate() {
            // If it was closed then, nobody allowed any more what a success shows.
            let own = shown.perhaps_closed.get(&i).map(|since| TimeSet::span(*since, intervals[*grant].end.latest));
            let late = own.map_or_else(|| late.clone(), |own| own.union(&late));
            let granted = Granted {
                interval: &intervals[*grant],
                reach: &let_in[i],
                allowed: &permitted.grants[i],
                allowed_reach: permitted.reaches.as_ref().map_or(&let_in[i], |reaches| &reaches[i]),
                joined: joined.get(i),
                late,
                left: &shown.perhaps_left,
            };
            exposure.take_path(&granted, &content, manner, &mut ways);
        }
        delivered::distinct(&mut holdings, told.accesses);
        exposure.holdings = holdings;
        let account = |held: &Interval| match held.thing {
            Thing::Holding { holder: holder @ Party::Named(PartyKind::Service, _), .. } => Some(holder),
            _ => None,
        };
        let accounts = exposure.holdings.iter().filter_map(account).filter(|holder| audience.may_have_members(*holder));
        exposure.accounts = accounts.collect();
        exposure.holders_had_it(told.frame.cut_off);
        let judge = Judge {
            from: told.frame.from,
            cut_off: told.frame.cut_off,
            copies: Copies::of(&exposure.holdings),
            manner,
            ways,
            closed_since: shown.closed_since,
            history_shown,
            content,
            audience,
            always,
        };
        let mut deliveries = Vec::new();
        for (position, access) in accesses {
            deliveries.extend(exposure.take_access(position, access, &judge));
        }
        // Somebody got in by a way that nobody told of: who else has that cannot be counted. An emergency is its own way.
        let without_way = |access: &Access| {
            let flag = (Oddity::NoPathOnFile, access.entries.first().copied());
            access.authorised != Authorised::Exceptional && exposure.oddities.contains(&flag)
        };
        let untold_way = exposure.accesses.iter().any(|judged| without_way(&told.accesses[judged.access]));
        for loss in told.losses {
            let had = judge.ways.had(&loss.chain, loss, &judge.content, judge.manner);
            let (by_way, oddity) = ways::without_success(&had, &exposure.paths, loss);
            exposure.losses.push(worse(loss.authorised, by_way));
            if loss.when.earliest <= told.frame.cut_off {
                exposure.oddities.extend(oddity.map(|oddity| (oddity, loss.entries.first().copied())));
            }
        }
        let Judge { mut ways, content, audience, always, .. } = judge;
        exposure.paths.iter_mut().for_each(|path| path.end = path.really_ended());
        // What lies with receivers is theirs, whatever is inside here by then.
        let open_there = exposure.open.clone();
        exposure.take_deliveries(&deliveries, &mut ways);
        exposure.open_to_all(&mut ways);
        exposure.shown_to_all(told.accesses);
        exposure.without_authority(&ways);
        exposure.unnamed_users = exposure.unnamed_users(&audience, &always);
        exposure.by_members(told.accesses, &audience, &always, told.same);
        exposure.uncountable = untold_way || !exposure.unnamed_users.is_empty();
        exposure.uncountable |= exposure.viewers.iter().any(|(party, viewer)| match party {
            // In a group or an account, and nobody says who.
            Party::Unknown(..) => !viewer.could.is_never() && !viewer.over.is_empty(),
            Party::Anyone => !viewer.could.is_never() || !viewer.did.is_empty(),
            Party::Named(PartyKind::Group | PartyKind::Organisation, _) => {
                let given = matches!(party, Party::Named(PartyKind::Group, _)) && !viewer.did.is_empty();
                !audience.has_members(*party) && (given || !viewer.could.is_never())
            }
            _ => false,
        });
        let given = exposure.viewers.iter().filter(|(party, viewer)| is_group(party) && !viewer.did.is_empty());
        exposure.given_groups = given.map(|(party, _)| *party).filter(|party| audience.has_members(*party)).collect();
        for (subject, (times, categories)) in &content.of {
            let partly = ways.partly.iter().map(|(scope, open)| content.surely_of(*subject, scope).intersect(open));
            let wholly = times.certain.intersect(&exposure.wholly);
            let certain = TimeSet::all(&partly.chain([wholly]).collect::<Vec<_>>());
            let open = Times { certain, possible: open_there.intersect(times).possible };
            let inside = Inside { open, categories: categories.clone() };
            exposure.subjects.insert(*subject, inside);
        }
        exposure.take_delivered_data(&deliveries, told.accesses, &content);
        exposure.windows = exposure.windows_of(&intervals, &deliveries, told);
        exposure
    }

    fn take_path(&mut self, grant: &Granted<'_>, content: &Content, manner: Manner, ways: &mut Ways) {
        let Thing::Grant { audience, .. } = grant.interval.thing else { return };
        let granted = grant.interval.times();
        let position = self.paths.len();
        let authorised = grant.interval.authorised;
        let (start, end, allowed_until) = (grant.interval.start, grant.interval.end, grant.allowed.end);
        let scope = Scope::of(grant.interval);
        // Whoever has it for something else may see what is inside, and not surely.
        let (shows_all, shown) = (scope.shows_all(content), scope.shows(content).into_owned());
        let of_categories = Some(&scope.categories).filter(|categories| !shows_all && !categories.is_empty()).cloned();
        self.paths.push(Path { audience, start, end, scope, authorised, allowed_until, used: None });
        let (mut reached, mut reached_without) = (Vec::new(), Vec::new());
        for (party, member) in grant.reach {
            let way = granted.intersect(member);
            let all = || way.intersect(&content.any);
            let joined = grant.joined.and_then(|joined| joined.get(party));
            let could = match (joined, manner.hides_history) {
                (Some(joined), true) => content.seen_by_joiner(joined),
                (Some(joined), false) => {
                    Times { certain: content.seen_by_joiner(joined).certain, possible: all().possible }
                }
                (None, _) => all(),
            };
            let could = match (shows_all, joined) {
                (true, _) => could,
                (false, None) => Times { certain: could.certain.intersect(&shown), possible: could.possible },
                // What they see of what was there before is perhaps not what the way shows.
                (false, Some(_)) => could.only_possible(),
            };
            let allowed = grant.allowed(*party);
            let (within, beyond) = match (authorised, &allowed) {
                (Authorised::No, _) => (Times::never(), could.clone()),
                (_, None) => (could.clone(), Times::never()),
                (_, Some(allowed)) => (could.intersect(allowed), grant.beyond(*party, &could, allowed)),
            };
            if !way.is_never() {
                let joined = joined.cloned();
                let beyond = allowed.as_ref().map(|allowed| grant.beyond(*party, &way, allowed).possible);
                let beyond = beyond.unwrap_or_default();
                ways.of.entry(*party).or_default().push(Way { path: position, times: way, allowed, beyond, joined });
            }
            if could.is_never() {
                continue;
            }
            if *party == audience || !party.has_members() {
                reached.push(could.clone());
            }
            if *party == audience || !party.has_members() || grant.left.contains_key(party) {
                reached_without.push(beyond.clone());
            }
            if *party == Party::Anyone {
                self.to_anyone = self.to_anyone.union(&could);
            }
            let over = Some(audience).filter(|audience| party != audience);
            self.could_see(*party, over, &could);
            self.by_authority(*party, &within, authorised, ways);
            self.by_authority(*party, &beyond, Authorised::No, ways);
        }
        let open = Times::all(&reached);
        if shows_all {
            self.wholly = self.wholly.union(&open.certain);
        } else if let Some(categories) = of_categories {
            let partly = ways.partly.entry(categories).or_default();
            *partly = partly.union(&open.certain);
        }
        self.open = self.open.union(&open);
        self.unauthorised = self.unauthorised.union(&Times::all(&reached_without));
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
        self.could_see(party, over, could);
        self.by_authority(party, could, authorised, ways);
    }

    pub(super) fn could_see(&mut self, party: Party, over: Option<Party>, could: &Times) {
        let viewer = self.viewers.entry(party).or_default();
        viewer.could = viewer.could.union(could);
        viewer.over.extend(over);
    }

    fn by_authority(&mut self, party: Party, could: &Times, authorised: Authorised, ways: &mut Ways) {
        if could.is_never() {
            return;
        }
        let times = match authorised {
            Authorised::No => &mut self.viewers.entry(party).or_default().excess,
            Authorised::Yes => ways.authorised.entry(party).or_default(),
            Authorised::Exceptional | Authorised::NotAssessed => ways.not_assessed.entry(party).or_default(),
        };
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

    /// What was shown to anybody may have been seen by everybody who is named here.
    fn shown_to_all(&mut self, accesses: &[Access]) {
        let shown =
            |judged: &Judged| judged.rung != Rung::Tried && accesses[judged.access].shown_to.contains(&Party::Anyone);
        if self.accesses.iter().any(shown) {
            self.viewers.values_mut().for_each(|viewer| viewer.perhaps = true);
        }
    }

    /// Of what went over unauthorised ways, what no other way explains.
    fn without_authority(&mut self, ways: &Ways) {
        // Whoever does not open may be anybody who had a way of their own.
        let allowed = [&ways.authorised, &ways.not_assessed].into_iter().flatten();
        let of_anybody = TimeSet::all(allowed.filter(|(it, _)| it.is_human()).map(|(_, times)| &times.possible));
        for (party, viewer) in &mut self.viewers {
            let of = |times: &BTreeMap<Party, Times>| times.get(party).cloned().unwrap_or_default();
            let (allowed, perhaps) = (of(&ways.authorised), of(&ways.not_assessed));
            let mut theirs = allowed.possible.union(&perhaps.possible);
            if is_unnamed(party) {
                theirs = theirs.union(&of_anybody);
            }
            viewer.excess = Times {
                certain: viewer.excess.certain.without(&theirs),
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
            perhaps_unauthorised: false,
            without: false,
            got_without: BTreeSet::new(),
            perhaps_without: BTreeSet::new(),
            certain: is_certain(access),
            one_of: BTreeSet::new(),
            unnamed: if human_use(access.verb) == HumanUse::Takes { Rung::Given } else { Rung::Seen },
            unidentified: false,
            perhaps: BTreeMap::new(),
            after_restriction: self.restricted_then(access),
        };
        let told = access.tells_in_error && !access.about_nobody;
        if !is_success(access) {
            let rung = if told { rung_of(actor, access) } else { Rung::Tried };
            fact.rung = rung;
            self.viewers.entry(actor).or_default().did.insert(judged, rung);
        }
        for party in &access.perhaps_given_to {
            fact.rung = fact.rung.max(Rung::Given);
            self.viewers.entry(*party).or_default().did.insert(judged, Rung::Given);
        }
        if !is_success(access) {
            if told {
                self.judge_error(access, actor, &mut fact, judge);
            }
            self.accesses.push(fact);
            return Vec::new();
        }
        let shut_out = self.is_for_somebody_shut_out(access, judge);
        if access.only_gives {
            let by_way = self.judge_giving(access, judge);
            (fact.authorised, fact.perhaps_unauthorised) = (by_way.authorised, by_way.perhaps_without);
            self.used_by_sender(access, &mut fact, judge);
        } else {
            let way = self.judge_way(position, access, actor, judge);
            fact.authorised = worse(access.authorised, way.authorised);
            fact.perhaps_unauthorised = way.perhaps_without;
            fact.without = fact.authorised == Authorised::No && way.authorised != Authorised::Yes;
            fact.unidentified =
                matches!(actor, Party::Anyone | Party::Named(PartyKind::Group | PartyKind::Organisation, _));
            if actor.has_members() {
                let members = members_then(actor, access, judge);
                self.got_in(actor, &members, access, judge);
                let people = members.keys().copied().filter(|party| party.is_human());
                self.perhaps_had(members.keys());
                if judge.audience.is_only_perhaps_account(actor) {
                    // A machine, unless it is the account that one of them used.
                    fact.perhaps.extend(people.map(|party| (party, fact.unnamed)));
                } else {
                    fact.one_of = people.chain(members.keys().copied().filter(|party| party.is_agent())).collect();
                }
                // An account that had users, and none of them then, was used by somebody else, or by one who had not left.
                // A group in it of which nobody is on file may be anybody.
                let open_ended = |party: &Party| {
                    let whole = matches!(party, Party::Named(PartyKind::Group | PartyKind::Organisation, _));
                    whole && !judge.audience.has_members(*party)
                };
                let nobody = judge.audience.is_account(actor) && !had_user_then(actor, access, judge);
                fact.unidentified |= nobody || members.keys().any(open_ended);
            }
            for party in fact.one_of.iter().chain(fact.perhaps.keys()) {
                self.viewers.entry(*party).or_default().perhaps = true;
            }
            if fact.unidentified {
                self.viewers.values_mut().for_each(|viewer| viewer.perhaps = true);
            }
        }
        self.perhaps_told(access, judge);
        if shut_out {
            self.oddities.insert((Oddity::ForSomebodyShutOut, access.entries.first().copied()));
            // That whoever acted was allowed to does not say that it was for them.
            fact.authorised = worse(fact.authorised, Authorised::NotAssessed);
        }
        if access.given_to.iter().any(|party| party.is_unknown()) {
            // Whoever is named may be the one who got it.
            self.viewers.values_mut().for_each(|viewer| viewer.perhaps = true);
        }
        let got = access.shown_to.iter().chain(&access.given_to).chain(&access.perhaps_given_to);
        for party in got.filter(|party| party.has_members()) {
            let rung = if access.shown_to.contains(party) { Rung::Seen } else { Rung::Given };
            let members = members_then(*party, access, judge);
            self.perhaps_had(members.keys());
            for member in members.into_keys().filter(|member| member.is_human()) {
                let known = fact.perhaps.entry(member).or_insert(rung);
                *known = rung.max(*known);
                self.viewers.entry(member).or_default().perhaps = true;
            }
        }
        let settled = matches!(fact.authorised, Authorised::Yes | Authorised::No);
        fact.perhaps_unauthorised &= !settled;
        let perhaps_without = !settled && (fact.perhaps_unauthorised || judge.may_have_had_another(actor));
        let others = access.shown_to.iter().chain(&access.given_to);
        for party in others.chain(Some(&actor).filter(|_| !access.only_gives || takes_a_copy(access))) {
            let rung = rung_of(*party, access);
            fact.rung = fact.rung.max(rung);
            self.viewers.entry(*party).or_default().did.insert(judged, rung);
            let acted = !access.only_gives && *party == actor;
            let without = fact.without && acted || fact.authorised == Authorised::No && !acted;
            if (without || perhaps_without) && party.is_human() && self.had_no_other(*party, access, judge) {
                let of = if without { &mut fact.got_without } else { &mut fact.perhaps_without };
                of.insert(*party);
            }
        }
        let authorised = (fact.authorised, perhaps_without);
        self.accesses.push(fact);
        judge.copies.deliveries((position, access), authorised, &judge.audience, judge.manner, &judge.always)
    }

    /// Whether no way of their own by authority to the same data was open to somebody then.
    fn had_no_other(&self, party: Party, access: &Access, judge: &Judge) -> bool {
        let had = judge.ways.had(&[party], access, &judge.content, judge.manner);
        let allowed = had.iter().filter(|had| had.authority(&self.paths[had.path], access) == Authorised::Yes);
        !scope::may_lead(allowed.map(|had| &self.paths[had.path].scope), access)
    }

    /// Whose data an act touched while it may only have been stored.
    fn restricted_then(&self, access: &Access) -> BTreeSet<Person> {
        let nothing_moved = !is_success(access) && !access.tells_in_error && access.perhaps_given_to.is_empty();
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

/// What somebody allowed, without what a permission that was taken away goes on working, nor what a plan was not kept.
struct Permitted {
    grants: Vec<Interval>,
    /// Whom they let in, where that is not whom they reach.
    reaches: Option<Vec<Members>>,
    /// When whatever lets somebody into a group, or an account work, possibly went on working.
    late: TimeSet,
    /// How long any permission that was taken away goes on working.
    lag: u64,
}

impl Permitted {
    fn of(found: &[Interval], grants: &[usize], told: &Told<'_>, always: &Times) -> Permitted {
        let of = |intervals: &[Interval]| grants.iter().map(|grant| intervals[*grant].as_permitted()).collect();
        if told.manner.permission_cache_us == 0 {
            return Permitted { grants: of(found), reaches: None, late: TimeSet::empty(), lag: 0 };
        }
        let (at_once, _) = intervals(told.edges, told.frame, &|_| 0);
        let lets_in = |(told, _): &(&Interval, &Interval)| {
            matches!(told.thing, Thing::Membership { .. } | Thing::Suspension { .. })
        };
        let lag = told.manner.permission_cache_us;
        let late = ways::late(at_once.iter().zip(found).filter(lets_in));
        let late = late.union(&ways::perhaps_late(found.iter().filter(|interval| lets_in(&(interval, interval))), lag));
        let reaches = reaches(&at_once, grants, &Audience::of(&at_once), always);
        Permitted { grants: of(&at_once), reaches: Some(reaches), late, lag }
    }

    /// When any permission that was taken away possibly went on working.
    fn late(&self, found: &[Interval], grants: &[usize]) -> TimeSet {
        let found = || grants.iter().map(|grant| &found[*grant]);
        let perhaps = ways::perhaps_late(found(), self.lag);
        self.late.union(&ways::late(self.grants.iter().zip(found()))).union(&perhaps)
    }
}

/// Whom each grant lets in.
fn reaches(intervals: &[Interval], grants: &[usize], audience: &Audience, always: &Times) -> Vec<Members> {
    let reach = |grant: &usize| match intervals[*grant].thing {
        Thing::Grant { audience: party, .. } => audience.reach(party, always),
        _ => Members::new(),
    };
    grants.iter().map(reach).collect()
}

fn positions(intervals: &[Interval], resource: Resource) -> Vec<usize> {
    let of_it = |thing: &Thing| matches!(thing, Thing::Grant { resource: granted, .. } if *granted == resource);
    intervals.iter().enumerate().filter(|(_, interval)| of_it(&interval.thing)).map(|(i, _)| i).collect()
}

fn held(intervals: &[Interval], resource: Resource) -> Vec<Interval> {
    let of_it = |thing: &Thing| matches!(thing, Thing::Holding { resource: held, .. } if *held == resource);
    intervals.iter().filter(|interval| of_it(&interval.thing)).cloned().collect()
}

/// Who was in what acted, when it did, over however many groups and accounts.
pub(super) fn members_then(acting: Party, access: &Access, judge: &Judge) -> Members {
    let mut members = judge.audience.reach_of_acting(acting, &judge.always);
    members.remove(&acting);
    members.retain(|_, times| times.possible.meets(access.when.earliest, access.when.latest));
    members
}

/// Whether somebody is told to have been in it when it acted.
fn had_user_then(acting: Party, access: &Access, judge: &Judge) -> bool {
    let told = judge.audience.told_of_acting(acting, &judge.always);
    let then = |times: &Times| times.possible.meets(access.when.earliest, access.when.latest);
    told.iter().any(|(member, times)| *member != acting && then(times))
}

/// Data came back or was given, or may have been.
fn is_success(access: &Access) -> bool {
    (access.goes_anyway || !matches!(access.outcome, Outcome::Denied | Outcome::Failed)) && !access.about_nobody
}

pub(super) fn is_certain(access: &Access) -> bool {
    // What is restored goes to where it was: whoever does it perhaps sees it.
    let to_nobody = access.given_to.is_empty() && access.shown_to.is_empty();
    if access.verb == Verb::DataRestore && to_nobody {
        return false;
    }
    matches!(access.outcome, Outcome::Succeeded | Outcome::Partial) || access.goes_anyway && !access.given_to.is_empty()
}

/// It explains itself: a way that had ended need not have gone on for it.
pub(super) fn is_emergency(access: &Access) -> bool {
    access.authorised == Authorised::Exceptional || access.review.is_some()
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

pub(super) fn is_group(party: &Party) -> bool {
    matches!(party, Party::Named(PartyKind::Group, _))
}

fn is_organisation(party: Party) -> bool {
    matches!(party, Party::Named(PartyKind::Organisation, _))
}

pub(super) fn worse(act: Authorised, way: Authorised) -> Authorised {
    match (act, way) {
        (Authorised::No, _) | (_, Authorised::No) => Authorised::No,
        (Authorised::Exceptional, _) => Authorised::Exceptional,
        (Authorised::Yes, Authorised::Yes) => Authorised::Yes,
        _ => Authorised::NotAssessed,
    }
}
