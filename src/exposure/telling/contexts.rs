//! What agents had before them, and what their model vendors got of it (REPORTS 2.3, What was in it).
//!
//! What an agent loaded into its context went to the vendor with each call of its model, in whatever call that stands; where
//! none is recorded, until the context closed. What it only read was before it too, and so possibly went the same way. A call
//! that came to nothing was sent all the same. What is in its memory, or in a file that it took, is before it in every session
//! until that is erased.

use super::conversations::Conversations;
use super::copies::promised;
use super::onward::{All, Sent};
use super::*;
use crate::model::verbs::is_kept_by_an_agent;
use std::collections::HashSet;

/// What agents did with their contexts, until everything was told.
#[derive(Clone, Default)]
pub(super) struct Contexts {
    pub(super) puts: Vec<Put>,
    /// What agents closed or forgot: it was before them until then, also where nothing tells how it came there.
    pub(super) ended: Vec<Put>,
    closes: Vec<Close>,
    calls: Vec<Call>,
    pub(super) sent: Vec<Sent>,
    pub(super) conversations: Conversations,
    /// The latest sign of life of a session, by agent.
    alive: HashMap<(Party, Sitting), Instant>,
}

/// Data came before an agent.
#[derive(Clone)]
pub(super) struct Put {
    pub(super) index: u64,
    pub(super) agent: Party,
    pub(super) session: Option<u64>,
    pub(super) resource: Resource,
    pub(super) when: When,
    pub(super) name: Named,
    /// Who ran its model, as the act says.
    pub(super) vendor: Option<Named>,
    /// It was surely put into its context.
    pub(super) loads: bool,
    /// By somebody else, who sent or showed it: in which session it came before the agent is not told.
    pub(super) given: bool,
    /// Where it stays when the session is over.
    pub(super) kept: Option<Kept>,
    /// The entry that tells whose data it was.
    pub(super) source: u64,
    /// The reference of its copy.
    pub(super) reference: u64,
}

/// What an agent keeps beyond a session.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kept {
    Memory,
    File,
}

impl Kept {
    fn by(verb: Verb) -> Option<Self> {
        match verb {
            Verb::MemoryWrite => Some(Kept::Memory),
            Verb::DataDownload | Verb::DataExport | Verb::DataCopy | Verb::DataDerive => Some(Kept::File),
            _ => None,
        }
    }

    /// Of what it had before it, and not of what it took elsewhere.
    pub(super) fn of_its_own(verb: Verb) -> Option<Self> {
        Kept::by(verb).filter(|_| is_kept_by_an_agent(verb))
    }
}

/// A context or a whole session was closed.
#[derive(Clone)]
struct Close {
    index: u64,
    agent: Party,
    session: Option<u64>,
    /// Absent: all that the session had.
    resource: Option<Resource>,
    when: When,
    recorded_at: Instant,
    sure: bool,
}

/// A session, or what an agent that names none did with a resource.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Sitting {
    Session(u64),
    Unnamed(Resource),
}

impl Sitting {
    fn of(session: Option<u64>, resource: Resource) -> Self {
        session.map_or(Sitting::Unnamed(resource), Sitting::Session)
    }
}

/// A call of a model.
#[derive(Clone)]
struct Call {
    index: u64,
    agent: Party,
    session: Option<u64>,
    resource: Option<Resource>,
    when: When,
    name: Named,
    /// Who ran the model, as the act says.
    vendor: Option<Named>,
    outcome: Outcome,
    despite_restriction: bool,
}

impl Telling {
    /// Keeps in mind what an agent had before it, and what it did with that. After the action's access, if it has one.
    pub(super) fn sitting(&mut self, action: &OpenedAction<'_>, when: When, resource: Option<Resource>) {
        let body = action.body;
        let (Some(agent), Some(actor)) = (self.actor(action, 0), body.actors.first()) else { return };
        let session = self.session(action);
        let name = self.named(action, NamedField::ActorName, 0, &actor.name);
        let name = name.unwrap_or(Named::Closed(action.index, 0));
        let vendor = self.named(action, NamedField::ActorVendor, 0, &actor.vendor);
        let index = action.index;
        if actor.kind == PartyKind::Agent {
            self.takes_part(action, session, agent, &name, when);
        }
        if body.verb == Verb::ModelInfer {
            let outcome = body.outcome;
            let despite_restriction = body.legal_bases.contains(&LegalBasis::DespiteRestriction);
            self.contexts.calls.push(Call {
                index,
                agent,
                session,
                resource,
                when,
                name,
                vendor,
                outcome,
                despite_restriction,
            });
            return;
        }
        if matches!(body.outcome, Outcome::Denied | Outcome::Failed) {
            return;
        }
        if let Some(resource) = resource {
            let alive = self.contexts.alive.entry((agent, Sitting::of(session, resource))).or_default();
            *alive = (*alive).max(when.latest);
        }
        let runs_a_model = actor.kind == PartyKind::Agent || vendor.is_some();
        if let Some(resource) = resource.filter(|_| runs_a_model && ends(body.verb)) {
            let before = When { earliest: 0, latest: when.earliest.saturating_sub(1), ..when };
            let kept = Some(Kept::Memory).filter(|_| body.verb == Verb::MemoryErase);
            let (reference, name, vendor) = (self.context(agent, session, resource), name.clone(), vendor.clone());
            let (when, loads, given, source) = (before, false, false, index);
            let put =
                Put { index, agent, session, resource, when, name, vendor, loads, given, kept, source, reference };
            self.contexts.ended.push(put);
        }
        if body.verb == Verb::ContextClose {
            let sure = body.outcome != Outcome::Unknown && subjects_of(action).next().is_none();
            let recorded_at = action.recorded_at_us;
            self.contexts.closes.push(Close { index, agent, session, resource, when, recorded_at, sure });
            return;
        }
        let Some(resource) = resource else { return };
        self.given_to_agents(action, when, resource);
        let came_back = |access: &Access| access.entries == [index] && !access.only_gives && !access.about_nobody;
        let loads = body.verb == Verb::ContextLoad;
        let reads = runs_a_model && self.accesses.last().is_some_and(came_back);
        let kept = Kept::by(body.verb).filter(|_| runs_a_model && determination(body) != Determination::Nobody);
        if loads || reads || kept.is_some() {
            let reference = self.context(agent, session, resource);
            let loads = loads && body.outcome != Outcome::Unknown;
            self.contexts.puts.push(Put {
                index,
                agent,
                session,
                resource,
                when,
                name,
                vendor,
                loads,
                given: false,
                kept,
                source: index,
                reference,
            });
        }
    }

    /// What an agent was sent or shown was before it, in whatever session of its own.
    fn given_to_agents(&mut self, action: &OpenedAction<'_>, when: When, resource: Resource) {
        let body = action.body;
        let nothing = is_administrative(body.verb) || gives_nothing(body.verb);
        if nothing || determination(body) == Determination::Nobody {
            return;
        }
        let is_agent = |recipient: &body::Recipient| {
            recipient.party == PartyKind::Agent && recipient.kind != RecipientKind::DataSubject
        };
        for (position, recipient) in body.recipients.iter().enumerate().filter(|(_, one)| is_agent(one)) {
            let Some(agent) = self.recipient(action, position) else { continue };
            let name = self.named(action, NamedField::RecipientName, position, &recipient.name);
            let name = name.unwrap_or(Named::Closed(action.index, place_of(NamedField::RecipientName, position)));
            let (index, session, reference) = (action.index, None, self.context(agent, None, resource));
            let (vendor, loads, given, kept, source) = (None, false, true, None, index);
            let put =
                Put { index, agent, session, resource, when, name, vendor, loads, given, kept, source, reference };
            self.contexts.puts.push(put);
        }
    }

    /// The conversation that an action belongs to, by a number.
    pub(super) fn session(&mut self, action: &OpenedAction<'_>) -> Option<u64> {
        let session = action.content.map(|content| content.conversation.as_str()).filter(|text| !text.is_empty());
        session.map(|session| self.reference(FactKind::Holding, &format!("conversation\0{session}")))
    }

    /// The reference of what is in an agent's context of a session of one resource: others may act in it too. What is forgotten
    /// or closed is a memory or a context, and no download.
    pub(super) fn context(&mut self, agent: Party, session: Option<u64>, resource: Resource) -> u64 {
        let session = session.map(|number| number.to_string()).unwrap_or_default();
        self.reference(FactKind::Holding, &format!("\0context\0{session}\0{}\0{agent:?}", resource.0))
    }

    /// What follows from contexts once everything was told: a session that nothing ends is over when its limit is, one that
    /// was closed whole is closed for all it had, and an agent's model vendor was given what the agent had before it.
    pub(super) fn settle_contexts(&mut self, registered: &dyn Registered, lag_us: u64) {
        let mut contexts = std::mem::take(&mut self.contexts);
        contexts.puts.retain(|put| !self.never.contains(&put.index));
        contexts.ended.retain(|put| !self.never.contains(&put.index));
        contexts.closes.retain(|close| !self.never.contains(&close.index));
        contexts.calls.retain(|call| !self.never.contains(&call.index));
        contexts.sent.retain(|sent| !self.never.contains(&sent.index));
        for close in &mut contexts.closes {
            close.sure &= !self.contested.contains(&close.index);
        }
        contexts.conversations.retain(|index| !self.never.contains(&index));
        let mut puts = std::mem::take(&mut contexts.puts);
        puts.extend(untold(&puts, std::mem::take(&mut contexts.ended)));
        puts.extend(self.share(&puts, &contexts.conversations));
        puts.extend(self.before_unnamed(lag_us));
        puts.sort_by_key(|put| (put.when.earliest, put.index));
        contexts.calls.sort_by_key(|call| (call.when.earliest, call.index));
        self.close_whole(&puts, &contexts);
        let (ends, erased) = (Ends::of_sessions(&contexts.closes), self.erased());
        let (mut places, mut calls) = (Places::of(self), HashMap::<Party, Vec<&Call>>::new());
        for call in &contexts.calls {
            calls.entry(call.agent).or_default().push(call);
        }
        let mut of = All::new();
        for put in puts {
            // A session that was closed need not be the one in which it was given.
            let over = ends.of_put(&put).filter(|_| !put.given);
            let end = self.end_of_session(&put, over, &contexts, registered, &mut places).filter(|_| !put.given);
            let access = places.accesses.get(&(put.source, put.resource)).copied();
            let closed = match put.kept {
                Some(kept) => {
                    let ended = erased.after(&(put.agent, Some(kept), Some(put.resource)), &put);
                    ended.map(|ended| ended.when)
                }
                None => over,
            };
            of.entry((put.agent, put.resource)).or_default().push(Had { put, closed, end, access });
        }
        self.go_on(&mut of, &contexts, &erased, &mut places);
        for call in contexts.calls.iter().filter(|call| call.resource.is_some()) {
            // What it names itself went with it, whatever else was in the context.
            let resource = call.resource.unwrap_or_default();
            of.entry((call.agent, resource)).or_default();
        }
        for ((agent, resource), mut all) in of {
            all.sort_by_key(|had| (had.put.when.earliest, had.put.index));
            let calls = calls.get(&agent).map(Vec::as_slice).unwrap_or_default();
            for had in all.iter().filter(|had| !calls.iter().any(|call| had.is_called(call))) {
                // Where no call is recorded at all, what it kept went with those of later sessions, too.
                let later = had.put.kept.is_none() || calls.iter().any(|call| had.may_go_with(call));
                let until = if later { had.end } else { had.closed.map(|closed| closed.latest) };
                self.given_unrecorded(had, until, registered, &mut places);
            }
            let mut from = 0;
            for call in calls {
                while all.get(from).is_some_and(|had| had.is_over_before(call)) {
                    from += 1;
                }
                let before = |had: &&Had| had.put.when.earliest <= call.when.latest;
                let had: Vec<&Had> =
                    all[from..].iter().take_while(before).filter(|had| had.may_go_with(call)).collect();
                if !had.is_empty() || call.resource == Some(resource) {
                    self.given_with(call, resource, &had, registered, &mut places);
                }
            }
        }
    }

    /// When what agents keep was surely erased. What carries no reference ends every copy of theirs.
    fn erased(&mut self) -> Erased {
        let (mut ends, mut closings) = (Vec::new(), Vec::new());
        for edge in self.edges.iter().filter(|edge| edge.side == Side::Closes && !edge.doubtful) {
            let Some(Thing::Holding { holder, resource }) = edge.thing else { continue };
            closings.push((holder, resource, edge.reference, edge.index, edge.when));
        }
        for (holder, resource, reference, index, when) in closings {
            let of = |kept: Kept| ((holder, Some(kept), Some(resource)), index, when);
            let of_memory = reference.is_none_or(|reference| reference == self.memory(holder, resource));
            ends.extend(of_memory.then(|| of(Kept::Memory)));
            ends.extend(reference.is_none().then(|| of(Kept::File)));
        }
        Ends::of(ends.into_iter())
    }

    /// A close that names no resource closes all that the session had: copies that were told of. What was only read, or is
    /// kept elsewhere, was none of its own.
    fn close_whole(&mut self, puts: &[Put], contexts: &Contexts) {
        let opened: HashSet<(Thing, u64)> = self
            .edges
            .iter()
            .filter(|edge| edge.side == Side::Opens)
            .filter_map(|edge| edge.thing.zip(edge.reference))
            .collect();
        let is_open = |put: &Put| {
            let thing = Thing::Holding { holder: put.agent, resource: put.resource };
            opened.contains(&(thing, put.reference))
        };
        // Each with when it came in first.
        type Copies = BTreeMap<Resource, (u64, Instant)>;
        let mut had: HashMap<(Party, Option<u64>), Copies> = HashMap::new();
        for put in puts.iter().filter(|put| !put.given && is_open(put)) {
            let first = had.entry((put.agent, put.session)).or_default().entry(put.resource);
            let (_, at) = first.or_insert((put.reference, put.when.earliest));
            *at = put.when.earliest.min(*at);
        }
        for close in contexts.closes.iter().filter(|close| close.resource.is_none()) {
            let had = had.get(&(close.agent, close.session)).into_iter().flatten();
            for (resource, (reference, at)) in had {
                // Nothing of it was there yet.
                if close.when.latest < *at {
                    continue;
                }
                let thing = Thing::Holding { holder: close.agent, resource: *resource };
                self.edges.push(Edge {
                    recorded_at: close.recorded_at,
                    reference: Some(*reference),
                    doubtful: !close.sure,
                    ..Edge::of(close.index, thing, Side::Closes, close.when)
                });
            }
        }
    }

    /// By when what was put there was gone at the latest; a copy in a session that nothing ends goes with the session.
    fn end_of_session(
        &mut self,
        put: &Put,
        closed: Option<When>,
        contexts: &Contexts,
        registered: &dyn Registered,
        places: &mut Places,
    ) -> Option<Instant> {
        let limit = registered.session_max_us(put.name.text().unwrap_or_default(), put.at());
        let limit = limit.map(|max| put.when.latest.saturating_add(max));
        let alive = contexts.alive.get(&(put.agent, Sitting::of(put.session, put.resource))).copied();
        let alive = alive.unwrap_or_default().max(put.when.latest);
        let enforced = limit.filter(|limit| closed.is_none() && alive < *limit).map(|latest| StatedEnd {
            earliest: alive,
            latest,
            kind: EndKind::Bounded,
            enforced: true,
        });
        let context = Thing::Holding { holder: put.agent, resource: put.resource };
        let edge = places.edges.get(&(put.index, context)).and_then(|at| self.edges.get_mut(*at));
        if let Some(edge) = edge.filter(|edge| put.loads || !put.given && edge.reference == Some(put.reference)) {
            edge.end = edge.end.or(enforced);
        }
        closed.map(|closed| closed.latest).or(enforced.map(|end| end.latest))
    }

    /// No call of the model is recorded: the vendor had it until the context closed. Whoever runs a model of which nobody says
    /// that possibly got it, and is told as that; no copy is counted of somebody of whom not even a call is known.
    fn given_unrecorded(
        &mut self,
        had: &Had,
        until: Option<Instant>,
        registered: &dyn Registered,
        places: &mut Places,
    ) {
        let put = &had.put;
        let vendors = self.vendors(&put.name, put.vendor.iter(), put.at(), put.loads, registered);
        let of_it = had.access.or_else(|| self.came_by_nothing(had));
        if vendors.is_empty() {
            let since = self.models_unknown.entry((put.resource, put.agent)).or_insert(Instant::MAX);
            *since = (*since).min(put.when.earliest);
            let given = self.given_to_operator(&put.name, false);
            if let Some(access) = of_it.and_then(|at| self.accesses.get_mut(at)) {
                access.give(&given);
            }
        }
        for vendor in vendors {
            let kept = registered.retention_us(&vendor.name, put.at());
            let end = until.zip(kept).map(|(last, kept)| promised(last, kept));
            self.of_session.insert((put.index, vendor.given.to), (put.agent, put.session));
            let copy = (vendor.given.to, vendor.given.certain);
            self.copy_with((put.index, put.when), copy, put.resource, end, places);
            let access = of_it.and_then(|at| self.accesses.get_mut(at));
            // What another agent had before it may have gone to the same vendor by that.
            let knows = |access: &&mut Access| access.recipients.iter().any(|known| known.to == vendor.given.to);
            if let Some(access) = access.filter(|access| put.source == put.index || !knows(access)) {
                access.give(&vendor.given);
            }
        }
    }

    /// What an agent wrote down, or closed or forgot, and by no act that is told got: possibly it went on, and of how it came there
    /// nobody assessed anything. Answers where that is told.
    fn came_by_nothing(&mut self, had: &Had) -> Option<usize> {
        let (whose, act) = (self.whose(had)?, self.acts.get(&had.put.source)?);
        let access = Access {
            entries: vec![act.index],
            when: had.put.when,
            verb: act.verb,
            outcome: Outcome::Unknown,
            chain: act.chain.clone(),
            resource: had.put.resource,
            subjects: whose.subjects.clone(),
            listed: whose.listed,
            only_gives: true,
            authorised: if ends(act.verb) { Authorised::NotAssessed } else { act.authorised },
            ..Access::default()
        };
        self.accesses.push(access);
        Some(self.accesses.len() - 1)
    }

    /// What went to the vendor with one call of the model.
    fn given_with(
        &mut self,
        call: &Call,
        resource: Resource,
        had: &[&Had],
        registered: &dyn Registered,
        places: &mut Places,
    ) {
        let happened = matches!(call.outcome, Outcome::Succeeded | Outcome::Partial);
        let (surely, perhaps): (Vec<&Had>, Vec<&Had>) = had.iter().partition(|had| had.surely_goes_with(call));
        let names_it = call.resource == Some(resource);
        let certain = happened && (names_it || !surely.is_empty());
        let at = At { earliest: call.when.earliest, index: call.index };
        let mut vendors = self.vendors(&call.name, call.vendor.iter(), at, certain, registered);
        if call.vendor.is_none() {
            // What was put before it says whose model it was, where the call does not.
            let said: BTreeSet<&Named> = had.iter().filter_map(|had| had.put.vendor.as_ref()).collect();
            let is_known = !vendors.is_empty();
            let said =
                self.vendors(&Named::Closed(call.index, 0), said.into_iter(), at, certain && !is_known, registered);
            let new = said.into_iter().filter(|vendor| vendors.iter().all(|known| known.given.to != vendor.given.to));
            vendors.extend(new.collect::<Vec<_>>());
        }
        if vendors.is_empty() {
            // Somebody runs the model all the same.
            vendors.push(Vendor { name: String::new(), given: self.given_to_operator(&call.name, certain) });
        }
        for vendor in vendors {
            let kept = registered.retention_us(&vendor.name, at);
            let end = kept.map(|kept| promised(call.when.latest, kept));
            self.of_session.insert((call.index, vendor.given.to), (call.agent, call.session));
            let copy = (vendor.given.to, vendor.given.certain);
            self.copy_with((call.index, call.when), copy, resource, end, places);
            let own = places.accesses.get(&(call.index, resource)).copied();
            if let Some(access) = own.and_then(|at| self.accesses.get_mut(at)) {
                access.give(&vendor.given);
            }
            let known = own.and_then(|at| self.accesses.get(at)).cloned();
            let mut told: Option<Access> = known;
            for (had, certain) in [(&surely, certain && vendor.given.certain), (&perhaps, false)] {
                let Some(more) = self.gathered(call, resource, had, told.as_ref()) else { continue };
                let mut access = Access { outcome: if certain { call.outcome } else { Outcome::Unknown }, ..more };
                access.give(&Given { certain, ..vendor.given.clone() });
                told = Some(access.clone());
                self.accesses.push(access);
            }
        }
    }

    /// Whoever runs an agent's model, where nobody says who that is.
    fn given_to_operator(&mut self, agent: &Named, certain: bool) -> Given {
        let to = self.named_party(PartyKind::Organisation, Named::OperatorOf(Box::new(agent.clone())));
        Given { to, kind: RecipientKind::Undetermined, country: String::new(), certain }
    }

    /// What of one resource a call took with it, beside what was told of it.
    fn gathered(&self, call: &Call, resource: Resource, had: &[&Had], told: Option<&Access>) -> Option<Access> {
        let act = self.acts.get(&call.index)?;
        let mut access = Access {
            entries: vec![call.index],
            when: call.when,
            verb: Verb::ModelInfer,
            chain: act.chain.clone(),
            resource,
            only_gives: true,
            authorised: act.authorised,
            approved: act.approved,
            review: act.review,
            despite_restriction: call.despite_restriction,
            ..Access::default()
        };
        let whose: Vec<Option<Whose<'_>>> = had.iter().map(|had| self.whose(had)).collect();
        access.listed = whose.iter().all(Option::is_some);
        for whose in whose.into_iter().flatten() {
            access.subjects.extend(whose.subjects);
            access.categories.extend(whose.categories.into_iter().flatten());
            access.listed &= whose.listed;
        }
        let is_new =
            told.is_none_or(|told| !access.subjects.is_subset(&told.subjects) || told.listed && !access.listed);
        (is_new && !had.is_empty()).then_some(access)
    }

    /// Whose data came before the agent; absent where nothing tells.
    pub(super) fn whose(&self, had: &Had) -> Option<Whose<'_>> {
        if let Some(access) = had.access.and_then(|at| self.accesses.get(at)) {
            let (subjects, categories) = (&access.subjects, Some(&access.categories));
            return (!access.about_nobody).then_some(Whose { subjects, categories, listed: access.listed });
        }
        // What an agent writes down did not come back to it. What it forgets or closes need not be all that was there.
        let act = self.acts.get(&had.put.source)?;
        let ends = ends(act.verb);
        let listed = !ends && !act.closed && !act.undetermined;
        (ends || had.put.kept.is_some()).then_some(Whose { subjects: &act.subjects, categories: None, listed })
    }

    /// Who ran an agent's model: whom the act names, and where the registry names another at that time, possibly that one.
    fn vendors<'a>(
        &mut self,
        agent: &Named,
        stated: impl Iterator<Item = &'a Named>,
        at: At,
        certain: bool,
        registered: &dyn Registered,
    ) -> Vec<Vendor> {
        let stated: Vec<Named> = stated.cloned().collect();
        let known = registered.vendors(agent.text().unwrap_or_default(), at).into_iter();
        let known = known.filter(|name| stated.iter().all(|said| said.text() != Some(name)));
        let known: Vec<(Named, bool)> =
            known.map(|name| (Named::Registered(name.to_owned()), certain && stated.is_empty())).collect();
        let vendor = |(named, certain): (Named, bool)| {
            let name = named.text().unwrap_or_default().to_owned();
            let to = self.named_party(PartyKind::Organisation, named);
            let country = registered.country(&name, at).unwrap_or_default().to_owned();
            Vendor { name, given: Given { to, kind: RecipientKind::Processor, country, certain } }
        };
        stated.into_iter().map(|named| (named, certain)).chain(known).map(vendor).collect()
    }

    /// Somebody has a copy from then on, for sure or perhaps.
    pub(super) fn copy_with(
        &mut self,
        (index, when): (u64, When),
        (holder, certain): (Party, bool),
        resource: Resource,
        end: Option<StatedEnd>,
        places: &mut Places,
    ) {
        let thing = Thing::Holding { holder, resource };
        if places.edges.contains_key(&(index, thing)) {
            // It stands in the entry as a recipient, or was told by an earlier load of the session.
            return;
        }
        places.edges.insert((index, thing), self.edges.len());
        self.edges.push(Edge { end, doubtful: !certain, ..Edge::of(index, thing, Side::Opens, when) });
    }
}

/// What an agent has before it it closes or forgets.
fn ends(verb: Verb) -> bool {
    matches!(verb, Verb::ContextClose | Verb::MemoryErase)
}

/// Of what was closed or forgotten that of which nothing tells how it came there.
fn untold(puts: &[Put], ended: Vec<Put>) -> Vec<Put> {
    let (mut contexts, mut memories) = (HashMap::new(), HashMap::new());
    for put in puts {
        let earliest = |known: &mut Instant| *known = (*known).min(put.when.earliest);
        earliest(contexts.entry(put.reference).or_insert(Instant::MAX));
        if put.kept == Some(Kept::Memory) {
            earliest(memories.entry((put.agent, put.resource)).or_insert(Instant::MAX));
        }
    }
    let since = |put: &Put| match put.kept {
        Some(_) => memories.get(&(put.agent, put.resource)),
        None => contexts.get(&put.reference),
    };
    let is_told = |put: &Put| since(put).is_some_and(|since| *since <= put.when.latest.saturating_add(1));
    ended.into_iter().filter(|put| !is_told(put)).collect()
}

impl Access {
    pub(super) fn give(&mut self, given: &Given) {
        if given.certain && matches!(self.outcome, Outcome::Succeeded | Outcome::Partial) {
            self.given_to.insert(given.to);
            self.perhaps_given_to.remove(&given.to);
        } else if !self.given_to.contains(&given.to) {
            self.perhaps_given_to.insert(given.to);
        }
        // The act that names it as a recipient says where it is: as whom the model runs it is no second one.
        let says_more = |known: &Given| {
            (known.to, known.kind) == (given.to, given.kind)
                && given.country.is_empty()
                && !known.country.is_empty()
                && known.certain >= given.certain
        };
        if !self.recipients.iter().any(says_more) {
            self.recipients.insert(given.clone());
        }
    }
}

struct Vendor {
    name: String,
    given: Given,
}

/// Whose data something was.
pub(super) struct Whose<'a> {
    pub(super) subjects: &'a BTreeSet<Person>,
    pub(super) categories: Option<&'a BTreeSet<Category>>,
    /// `subjects` is everybody.
    pub(super) listed: bool,
}

/// What an agent had before it, and until when.
pub(super) struct Had {
    pub(super) put: Put,
    closed: Option<When>,
    /// The session was over then at the latest.
    end: Option<Instant>,
    /// Position of the access that tells whose data it was.
    pub(super) access: Option<usize>,
}

impl Had {
    /// Another gave it to the agent: in which session of its own it came before it is not told, nor when it goes.
    pub(super) fn given(put: Put, access: usize) -> Self {
        Had { put, closed: None, end: None, access: Some(access) }
    }

    /// The agent wrote it down, and forgot it then.
    pub(super) fn kept(put: Put, access: usize, closed: Option<When>) -> Self {
        Had { put, closed, end: None, access: Some(access) }
    }

    /// It was there when that left, in no other session than that names.
    pub(super) fn may_be_sent(&self, sent: &Sent) -> bool {
        let closed = self.closed.map(|closed| closed.latest);
        let over = closed.or(self.end.filter(|_| self.put.kept.is_none())).is_some_and(|end| end < sent.when.earliest);
        !self.is_of_another(sent.session) && !over && sent.when.latest >= self.put.when.earliest
    }

    /// One that names no session may belong to any, and what is kept is before the agent in each.
    fn is_of_another(&self, session: Option<u64>) -> bool {
        self.put.kept.is_none() && matches!((self.put.session, session), (Some(one), Some(other)) if one != other)
    }

    /// Calls of the model are recorded from then on, in this very session.
    fn is_called(&self, call: &Call) -> bool {
        self.put.session == call.session && self.may_go_with(call)
    }

    fn is_over_before(&self, call: &Call) -> bool {
        self.closed.is_some_and(|closed| closed.latest < call.when.earliest)
    }

    fn may_go_with(&self, call: &Call) -> bool {
        !self.is_of_another(call.session) && call.when.latest >= self.put.when.earliest && !self.is_over_before(call)
    }

    fn surely_goes_with(&self, call: &Call) -> bool {
        self.put.loads
            && self.put.session == call.session
            && self.put.when.latest <= call.when.earliest
            && self.closed.is_none_or(|closed| closed.earliest >= call.when.latest)
    }
}

impl Put {
    fn at(&self) -> At {
        At { earliest: self.when.earliest, index: self.index }
    }
}

/// When something of agents surely ended, by agent, what of theirs it was and, if it was not closed whole, resource; with each
/// closing the first end of it and all after it.
pub(super) struct Ends<T>(HashMap<Closed<T>, Vec<(Place, End)>>);

/// When agents surely erased what they keep.
pub(super) type Erased = Ends<Option<Kept>>;

/// When something surely ended, and by which entry.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) index: u64,
    pub(super) when: When,
}

/// When something surely came, and by which entry.
type Place = (Instant, u64);

/// Whose session or store, which one, and what of it.
pub(super) type Closed<T> = (Party, T, Option<Resource>);

impl<T: Eq + std::hash::Hash> Ends<T> {
    fn of(closes: impl Iterator<Item = (Closed<T>, u64, When)>) -> Self {
        let mut ends = Ends(HashMap::new());
        for (closed, index, when) in closes {
            ends.0.entry(closed).or_default().push(((when.earliest, index), End { index, when }));
        }
        for of_it in ends.0.values_mut() {
            of_it.sort_unstable_by_key(|(place, _)| *place);
            let mut first: Option<End> = None;
            for (_, end) in of_it.iter_mut().rev() {
                *end = first.filter(|first| first.when.latest < end.when.latest).unwrap_or(*end);
                first = Some(*end);
            }
        }
        ends
    }

    /// The first that surely came after it.
    pub(super) fn after(&self, closed: &Closed<T>, put: &Put) -> Option<End> {
        let of_it = self.0.get(closed)?;
        let next = of_it.partition_point(|(place, _)| *place <= (put.when.latest, put.index));
        of_it.get(next).map(|(_, end)| *end)
    }
}

impl Ends<Option<u64>> {
    fn of_sessions(closes: &[Close]) -> Self {
        let sure = closes.iter().filter(|close| close.sure);
        Ends::of(sure.map(|close| ((close.agent, close.session, close.resource), close.index, close.when)))
    }

    fn of_put(&self, put: &Put) -> Option<When> {
        let of = |resource: Option<Resource>| self.after(&(put.agent, put.session, resource), put);
        let ended = [of(None), of(Some(put.resource))].into_iter().flatten().map(|end| end.when);
        ended.min_by_key(|when| when.latest)
    }
}

/// Where edges of copies and accesses stand, by entry.
pub(super) struct Places {
    pub(super) edges: HashMap<(u64, Thing), usize>,
    pub(super) accesses: HashMap<(u64, Resource), usize>,
}

impl Places {
    fn of(told: &Telling) -> Self {
        let copies = told.edges.iter().enumerate().filter_map(|(at, edge)| match edge.thing {
            Some(thing @ Thing::Holding { .. }) if edge.side == Side::Opens => Some(((edge.index, thing), at)),
            _ => None,
        });
        let resource = |at: usize| told.accesses[at].resource;
        let accesses = told.by_entry().into_iter().map(|(entry, at)| ((entry, resource(at)), at));
        Places { edges: copies.collect(), accesses: accesses.collect() }
    }
}
