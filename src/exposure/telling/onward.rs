//! What agents sent on, showed, put into tools or wrote down of what they had before them, under another dataset's name or none
//! (REPORTS 2.3: using a holding is a new access to all its data subjects).
//!
//! Nobody says where what was sent or shown came from, so that it is possible and never certain. An agent that was perhaps
//! given something may itself send it on, and so may whoever acts in one conversation with it, or because of what another did.

use super::contexts::{Contexts, Erased, Had, Kept, Places, Put};
use super::conversations::{Conversations, Member};
use super::*;
use crate::model::verbs::passes_from_an_agent;
use std::collections::HashSet;

/// Data left an agent for somebody's hands or eyes, went into a tool, or was written down by it.
#[derive(Clone)]
pub(super) struct Sent {
    pub index: u64,
    agent: Party,
    /// Where it keeps it itself.
    keeps: Option<Kept>,
    /// The dataset that it names.
    own: Option<Resource>,
    pub session: Option<u64>,
    pub when: When,
    /// As it is told of its own dataset.
    access: Access,
    /// By the names of those who got it: how long they keep it by contract, microseconds.
    kept_us: Vec<(Party, Option<u64>)>,
}

impl Telling {
    /// What an agent sent, showed or put into a tool, where it got to somebody else, and what it wrote down.
    pub(super) fn sent(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        names: Option<Resource>,
        registered: &dyn Registered,
    ) -> Option<Sent> {
        let body = action.body;
        if body.actors.first().is_none_or(|actor| actor.kind != PartyKind::Agent) {
            return None;
        }
        let (agent, session) = (self.actor(action, 0)?, self.session(action));
        let own = names.unwrap_or_default();
        let at = At { earliest: when.earliest, index: action.index };
        let refused = matches!(body.outcome, Outcome::Denied | Outcome::Failed);
        let (mut access, mut kept_us) = (None, Vec::new());
        if passes_from_an_agent(body.verb) && !refused {
            // Told as of any resource, and taken out again: of which it was is what nobody says.
            let before = self.accesses.len();
            self.access(action, when, own, registered);
            access = self.accesses.drain(before..).next_back();
            let kept = |(position, recipient): (usize, &body::Recipient)| {
                Some((self.recipient(action, position)?, registered.retention_us(&recipient.name, at)))
            };
            kept_us.extend(body.recipients.iter().enumerate().filter_map(kept));
        }
        if let Some(call) = self.put_into_tool(action, when, own, registered) {
            let mut told = access.or_else(|| self.handed_over(&call))?;
            for operator in &call.operators {
                told.give(&operator.given);
                kept_us.push((operator.given.to, operator.keeps_us));
            }
            access = Some(told);
        }
        let keeps = Kept::of_its_own(body.verb).filter(|_| !refused);
        if keeps.is_some() {
            access = access.or_else(|| self.written_down(action, when, own));
        }
        let access = access.filter(|access| !access.about_nobody)?;
        let reached = given(&access).chain(&access.shown_to).any(|party| *party != agent);
        let is_one = reached || keeps.is_some();
        is_one.then_some(Sent { index: action.index, agent, keeps, own: names, session, when, access, kept_us })
    }

    /// What an agent wrote down, as told of its own dataset: it came from nowhere else than what it had before it.
    fn written_down(&self, action: &OpenedAction<'_>, when: When, resource: Resource) -> Option<Access> {
        let (act, (subjects, listed)) = (self.acts.get(&action.index)?, listed_by(action));
        Some(Access {
            entries: vec![action.index],
            when,
            verb: act.verb,
            outcome: act.outcome,
            chain: act.chain.clone(),
            resource,
            subjects,
            listed,
            categories: said_of_subjects(action.body).collect(),
            only_gives: true,
            about_nobody: determination(action.body) == Determination::Nobody,
            authorised: act.authorised,
            despite_restriction: action.body.legal_bases.contains(&LegalBasis::DespiteRestriction),
            ..Access::default()
        })
    }

    /// What agents had before them goes on from one to the next, until nothing more does.
    pub(super) fn go_on(&mut self, all: &mut All, contexts: &Contexts, erased: &Erased, places: &mut Places) {
        let mut onward = self.onward(all, contexts);
        let mut open: BTreeSet<(Resource, Party)> = all.keys().map(|(agent, resource)| (*resource, *agent)).collect();
        for (index, resource) in onward.by_act.keys() {
            open.extend(onward.because_of(*index).map(|agent| (*resource, agent)));
        }
        for (agent, resource) in all.keys() {
            open.extend(onward.companions(*agent).map(|other| (*resource, other)));
        }
        while let Some((resource, agent)) = open.pop_first() {
            for sent in onward.sent.get(&agent).cloned().unwrap_or_default() {
                let Some(access) = self.sent_on(sent, resource, all, &mut onward, places) else { continue };
                if let Some(kept) = sent.keeps {
                    let known = onward.by_act.entry((sent.index, resource)).or_default();
                    if known.iter().all(|(known, _)| *known != agent) {
                        let had = all.entry((agent, resource)).or_default();
                        known.push((agent, had.len()));
                        onward.by_session.entry((agent, resource, None)).or_default().push(had.len());
                        had.push(self.kept_by(sent, kept, resource, access, erased));
                    }
                    open.insert((resource, agent));
                    open.extend(onward.companions(agent).map(|other| (resource, other)));
                }
                for to in sent.to_agents() {
                    let known = onward.by_act.entry((sent.index, resource)).or_default();
                    if known.iter().all(|(known, _)| *known != to) {
                        let had = all.entry((to, resource)).or_default();
                        known.push((to, had.len()));
                        onward.by_session.entry((to, resource, None)).or_default().push(had.len());
                        had.push(Had::given(self.given_by(sent, to, resource), access));
                    }
                    open.insert((resource, to));
                    open.extend(onward.companions(to).map(|other| (resource, other)));
                }
                open.extend(onward.because_of(sent.index).map(|agent| (resource, agent)));
            }
        }
    }

    fn onward<'a>(&self, all: &All, contexts: &'a Contexts) -> Onward<'a> {
        let mut onward = Onward {
            sent: HashMap::new(),
            causes: HashMap::new(),
            because: HashMap::new(),
            by_act: HashMap::new(),
            by_session: HashMap::new(),
            conversations: &contexts.conversations,
            shared: contexts.conversations.shared(),
            told: HashMap::new(),
            into_tools: self.calls.iter().map(operators::Call::place).collect(),
        };
        for sent in &contexts.sent {
            onward.sent.entry(sent.agent).or_default().push(sent);
            let causes = self.causes_over_others(sent.index);
            for cause in causes.iter().flatten() {
                onward.because.entry(*cause).or_default().insert(sent.agent);
            }
            onward.causes.insert(sent.index, causes);
        }
        for ((agent, resource), all) in all {
            for (at, had) in all.iter().enumerate() {
                onward.by_act.entry((had.put.index, *resource)).or_default().push((*agent, at));
                let session = had.put.session.filter(|_| had.put.kept.is_none());
                onward.by_session.entry((*agent, *resource, session)).or_default().push(at);
            }
        }
        onward
    }

    /// The acts that led to one, over whatever others; absent where it is too much to look at.
    fn causes_over_others(&self, index: u64) -> Option<BTreeSet<u64>> {
        let (mut seen, mut next) = (BTreeSet::new(), vec![index]);
        while let Some(act) = next.pop().and_then(|index| self.acts.get(&index)) {
            let before = self.acts_before(act).map(|cause| cause.index);
            next.extend(before.filter(|before| seen.insert(*before)));
            if seen.len() > CIRCLE_MAX {
                return None;
            }
        }
        Some(seen)
    }

    /// What an agent had before it since somebody perhaps sent it that.
    fn given_by(&mut self, sent: &Sent, agent: Party, resource: Resource) -> Put {
        let name = match agent {
            Party::Named(_, number) => self.parties.name(number).map(|(_, name)| name.clone()),
            _ => None,
        };
        Put {
            index: sent.index,
            agent,
            session: None,
            resource,
            when: sent.when,
            name: name.unwrap_or(Named::ReceiverOf(sent.index)),
            vendor: None,
            loads: false,
            given: true,
            kept: None,
            source: sent.index,
            reference: self.context(agent, None, resource),
        }
    }

    /// What an agent had before it since it wrote that down under another name: as long as it keeps what it wrote.
    fn kept_by(&mut self, sent: &Sent, kept: Kept, resource: Resource, access: usize, erased: &Erased) -> Had {
        let text = format!("\0kept\0{}\0{}", sent.index, resource.0);
        let reference = self.reference(FactKind::Holding, &text);
        let put = Put { given: false, kept: Some(kept), reference, ..self.given_by(sent, sent.agent, resource) };
        let thing = Thing::Holding { holder: sent.agent, resource };
        let opens = Edge::of(sent.index, thing, Side::Opens, sent.when);
        self.edges.push(Edge { reference: Some(reference), doubtful: true, ..opens });
        let ended = sent.own.and_then(|own| erased.after(&(sent.agent, Some(kept), Some(own)), &put));
        if let Some(ended) = ended {
            let closes = Edge::of(ended.index, thing, Side::Closes, ended.when);
            self.edges.push(Edge { reference: Some(reference), ..closes });
        }
        Had::kept(put, access, ended.map(|ended| ended.when))
    }

    /// It was possibly of what the agent had before it of this resource. Answers where that is told, if that is more than was
    /// told before.
    fn sent_on(
        &mut self,
        sent: &Sent,
        resource: Resource,
        all: &All,
        onward: &mut Onward<'_>,
        places: &mut Places,
    ) -> Option<usize> {
        let place = (sent.index, resource);
        let names_it = sent.keeps.is_some() && sent.own == Some(resource);
        if names_it || places.accesses.contains_key(&place) || onward.into_tools.contains(&place) {
            return None;
        }
        let lists = sent.access.listed;
        // Whoever it named may have gone since, and with them which session it was of.
        let named = lists || self.closed.contains_key(&sent.index);
        let (mut subjects, mut categories, mut listed, mut any) = (BTreeSet::new(), BTreeSet::new(), true, false);
        for had in onward.may_be_of(sent, named, resource, all) {
            let Some(whose) = self.whose(had) else { continue };
            any |= !whose.listed || !whose.subjects.is_empty();
            listed &= whose.listed;
            categories.extend(whose.categories.into_iter().flatten().copied());
            match (lists, whose.listed) {
                (true, true) => subjects.extend(whose.subjects.intersection(&sent.access.subjects)),
                (true, false) => subjects.extend(&sent.access.subjects),
                (false, _) => subjects.extend(whose.subjects),
            }
        }
        if !any || lists && subjects.is_empty() {
            return None;
        }
        let listed = lists || listed;
        if !sent.access.categories.is_empty() {
            categories.clone_from(&sent.access.categories);
        }
        if let Some((at, known)) = onward.told.get(&place).and_then(|at| Some((*at, self.accesses.get_mut(*at)?))) {
            let same = subjects.is_subset(&known.subjects) && categories.is_subset(&known.categories);
            let more = !same || known.listed && !listed;
            known.subjects.extend(subjects);
            known.categories.extend(categories);
            known.listed &= listed;
            return more.then_some(at);
        }
        let others = given(&sent.access).filter(|party| **party != sent.agent);
        let itself = Some(&sent.agent).filter(|_| sent.keeps.is_some());
        let receivers: BTreeSet<Party> = others.chain(itself).copied().collect();
        for (holder, kept) in &sent.kept_us {
            if receivers.contains(holder) {
                let end = kept.map(|kept| copies::promised(sent.when.latest, kept));
                self.copy_with((sent.index, sent.when), (*holder, false), resource, end, places);
            }
        }
        // That a tool was not to answer says nothing of whether it was to be asked.
        let refused = matches!(sent.access.outcome, Outcome::Denied | Outcome::Failed);
        let act = self.acts.get(&sent.index).filter(|_| !refused);
        let uncertain = |given: &Given| Given { certain: false, ..given.clone() };
        let access = Access {
            outcome: Outcome::Unknown,
            resource,
            subjects,
            listed,
            delivered: (None, None),
            categories,
            fields_told: false,
            given_to: BTreeSet::new(),
            perhaps_given_to: receivers,
            only_gives: true,
            goes_anyway: false,
            approved: act.and_then(|act| act.approved),
            review: act.and_then(|act| act.review),
            recipients: sent.access.recipients.iter().map(uncertain).collect(),
            ..sent.access.clone()
        };
        onward.told.insert(place, self.accesses.len());
        self.accesses.push(access);
        Some(self.accesses.len() - 1)
    }
}

/// For so long after its end a membership is taken to have gone on where it is only asked what else may matter, microseconds.
const LONG_US: u64 = 100 * 366 * 86_400 * 1_000_000;

/// By agent and resource, what it had before it.
pub(super) type All = BTreeMap<(Party, Resource), Vec<Had>>;

/// What is needed to follow what agents sent on.
struct Onward<'a> {
    sent: HashMap<Party, Vec<&'a Sent>>,
    /// The acts that led to what was sent; absent where they are too many to look at.
    causes: HashMap<u64, Option<BTreeSet<u64>>>,
    /// Who sent something because of an act, perhaps over others.
    because: HashMap<u64, BTreeSet<Party>>,
    /// Before whom something came by an act, and which of all that they had it is.
    by_act: HashMap<(u64, Resource), Vec<(Party, usize)>>,
    /// Which it is of all that an agent had, by its session; of what may belong to any, by none.
    by_session: HashMap<(Party, Resource, Option<u64>), Vec<usize>>,
    conversations: &'a Conversations,
    /// The conversations that an agent shares with others.
    shared: HashMap<Party, Vec<u64>>,
    /// Where what was sent on is told.
    told: HashMap<(u64, Resource), usize>,
    /// What acts put into tools is told of the resource that they name.
    into_tools: HashSet<(u64, Resource)>,
}

impl Onward<'_> {
    fn because_of(&self, act: u64) -> impl Iterator<Item = Party> {
        self.because.get(&act).into_iter().flatten().copied()
    }

    fn companions(&self, agent: Party) -> impl Iterator<Item = Party> {
        let shared = self.shared.get(&agent).into_iter().flatten();
        shared.flat_map(move |session| self.conversations.beside(*session, agent)).map(|(other, _)| other)
    }

    /// All of a resource that this may have been of: what the agent had before it, what led to it before whomever that came,
    /// and what another in its conversation was given or keeps.
    fn may_be_of<'h>(&self, sent: &Sent, named: bool, resource: Resource, all: &'h All) -> Vec<&'h Had> {
        let of = |agent: Party| all.get(&(agent, resource)).map(Vec::as_slice).unwrap_or_default();
        let causes = self.causes.get(&sent.index);
        let too_many = causes.is_some_and(Option::is_none);
        let of_it = |had: &&Had| {
            // Of what names nobody only what is of one session, or in every one, is taken as of what was in that.
            let one = had.put.session.is_some() && had.put.session == sent.session;
            let led_to_it = too_many && had.put.when.earliest <= sent.when.latest;
            led_to_it || had.may_be_sent(sent) && (named || one || had.put.kept.is_some())
        };
        let own = of(sent.agent);
        let mut found: Vec<&Had> = Vec::new();
        match sent.session.filter(|_| !too_many) {
            Some(session) => {
                for session in [Some(session), None] {
                    let places = self.by_session.get(&(sent.agent, resource, session)).into_iter().flatten();
                    found.extend(places.filter_map(|at| own.get(*at)).filter(of_it));
                }
            }
            None => found.extend(own.iter().filter(of_it)),
        }
        for cause in causes.into_iter().flatten().flatten() {
            let places = self.by_act.get(&(*cause, resource)).into_iter().flatten();
            found.extend(places.filter_map(|(agent, at)| of(*agent).get(*at)));
        }
        for (agent, member) in sent.session.into_iter().flat_map(|it| self.conversations.beside(it, sent.agent)) {
            let lasts = |had: &&Had| (had.put.given || had.put.kept.is_some()) && had.may_be_sent(sent);
            let met = |had: &&Had| {
                member.from(had.put.when.earliest).is_some_and(|(_, when)| when.earliest <= sent.when.latest)
            };
            found.extend(of(agent).iter().filter(|_| named).filter(lasts).filter(met));
        }
        found
    }
}

impl Sent {
    /// Other agents that it got to.
    fn to_agents(&self) -> BTreeSet<Party> {
        let all = given(&self.access).chain(&self.access.shown_to).copied();
        all.filter(|party| *party != self.agent && matches!(party, Party::Named(PartyKind::Agent, _))).collect()
    }
}

/// What agents had before them of some resources, as far as it is told: by that more is found.
#[derive(Debug, Default)]
pub struct Reached {
    /// Since when, by the name of the agent where it is registered.
    pub agents: BTreeMap<Option<String>, Instant>,
    /// In which they acted since.
    pub conversations: BTreeSet<String>,
    /// Whose data it was, as far as it is known.
    pub persons: BTreeSet<Person>,
}

impl Telling {
    /// Whether an act of this id was told.
    pub fn knows(&self, id: &[u8]) -> bool {
        self.by_id.contains_key(id)
    }

    /// Agents that had data of these resources before them or may have got them from others, whatever was sent.
    pub fn agents_reached(&self, resources: &BTreeSet<Resource>) -> Reached {
        let contexts = &self.contexts;
        let mut since: BTreeMap<Party, Instant> = BTreeMap::new();
        let lower = |since: &mut BTreeMap<Party, Instant>, agent: Party, at: Instant| {
            let known = since.entry(agent).or_insert(Instant::MAX);
            let lower = at < *known;
            *known = (*known).min(at);
            lower
        };
        let mut reached = Reached::default();
        let puts = contexts.puts.iter().chain(&contexts.ended).filter(|put| resources.contains(&put.resource));
        let mut had: Vec<(u64, Party, Instant)> = puts.map(|put| (put.index, put.agent, put.when.earliest)).collect();
        // What else is told may move ends that are known by now, so that whoever had left by then counts too.
        let unnamed = self.unnamed_agents(LONG_US, &|resource| resources.contains(&resource)).into_iter();
        had.extend(unnamed.map(|unnamed| (unnamed.index, unnamed.agent, unnamed.when.earliest)));
        for (index, agent, at) in &had {
            lower(&mut since, *agent, *at);
            reached.persons.extend(self.acts.get(index).into_iter().flat_map(|act| &act.subjects));
        }
        if since.is_empty() {
            return reached;
        }
        if had.iter().any(|(index, ..)| self.acts.get(index).is_none_or(|act| act.undetermined)) {
            let inside = self.edges.iter().filter_map(|edge| match edge.thing {
                Some(Thing::Content { resource, subject }) if resources.contains(&resource) => subject,
                _ => None,
            });
            reached.persons.extend(inside);
        }
        let mut more = true;
        while std::mem::take(&mut more) {
            for sent in &contexts.sent {
                let had = since.get(&sent.agent).is_some_and(|since| *since <= sent.when.latest);
                let act = self.acts.get(&sent.index).into_iter();
                let mut before = act.flat_map(|act| self.acts_before(act)).flat_map(|act| act.chain.first());
                if !had && before.any(|agent| since.contains_key(agent)) {
                    more |= lower(&mut since, sent.agent, sent.when.earliest);
                }
                for to in sent.to_agents().into_iter().filter(|_| had) {
                    more |= lower(&mut since, to, sent.when.earliest);
                }
            }
            for (_, members) in contexts.conversations.all() {
                let had = members.iter().filter_map(|(agent, member)| {
                    let at = *since.get(agent)?;
                    member.from(at).map(|_| at)
                });
                let Some(first) = had.min() else { continue };
                for (agent, _) in members.iter().filter(|(_, member)| member.from(first).is_some()) {
                    more |= lower(&mut since, *agent, first);
                }
            }
        }
        for (text, members) in contexts.conversations.all() {
            let acts = |(agent, member): (&Party, &Member)| {
                since.get(agent).is_some_and(|since| member.from(*since).is_some())
            };
            if members.iter().any(acts) {
                reached.conversations.insert(text.to_owned());
            }
        }
        for (agent, at) in since {
            let Party::Named(_, number) = agent else { continue };
            let name = match self.parties.name(number) {
                Some((_, Named::Registered(name))) => Some(name.clone()),
                Some((_, Named::Sealed(_))) => None,
                _ => continue,
            };
            let known = reached.agents.entry(name).or_insert(Instant::MAX);
            *known = (*known).min(at);
        }
        reached
    }
}

/// Whose hands it got to, or may have.
fn given(access: &Access) -> impl Iterator<Item = &Party> {
    access.given_to.iter().chain(&access.perhaps_given_to)
}
