//! Copies that follow from what was done, where nobody states them: a download, an agent's context until it closes, what
//! other parties were given, and what an agent's model vendor got with it.

use super::*;

/// What agents had before them, until everything was told.
#[derive(Clone, Default)]
pub(super) struct Contexts {
    loads: Vec<Load>,
    closes: Vec<(Sitting, When)>,
    /// Calls of a model in a session in which something was loaded.
    infers: Vec<(Sitting, u64, When)>,
    /// The latest sign of life of a session, by agent.
    alive: HashMap<(Party, u64), Instant>,
}

/// One agent with one resource in one session.
type Sitting = (Party, Option<u64>, Resource);

#[derive(Clone)]
struct Load {
    index: u64,
    sitting: Sitting,
    when: When,
    /// Name of the agent.
    agent: Named,
}

impl Telling {
    pub(super) fn copies(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        resource: Resource,
        registered: &dyn Registered,
    ) {
        let body = action.body;
        let session = action.content.map(|content| content.conversation.as_str()).filter(|text| !text.is_empty());
        let session = session.map(|session| self.reference(FactKind::Holding, &format!("conversation\0{session}")));
        // What is forgotten or closed is a memory or a context, and no download.
        let memory = self.reference(FactKind::Holding, "\0memory");
        let context = session.unwrap_or_else(|| self.reference(FactKind::Holding, "\0context"));
        let actor = self.actor(action, 0);
        if let Some(actor) = actor {
            self.sitting(action, when, (actor, session, resource));
        }
        if body.facts.iter().any(|fact| fact.kind == FactKind::Holding) {
            return;
        }
        let (side, reference) = match body.verb {
            Verb::DataDownload | Verb::DataExport | Verb::DataCopy | Verb::DataDerive => (Some(Side::Opens), None),
            Verb::MemoryWrite => (Some(Side::Opens), Some(memory)),
            Verb::ContextLoad => (Some(Side::Opens), Some(context)),
            Verb::ContextClose => (Some(Side::Closes), Some(context)),
            Verb::MemoryErase => (Some(Side::Closes), Some(memory)),
            _ => (None, None),
        };
        let mut holders: Vec<(Party, Side, Option<u64>, Option<StatedEnd>)> = Vec::new();
        holders.extend(actor.zip(side).map(|(actor, side)| (actor, side, reference, None)));
        if !is_administrative(body.verb) && !gives_nothing(body.verb) {
            for (position, recipient) in body.recipients.iter().enumerate() {
                // Who reads on a screen holds no copy; whoever runs a system does.
                let keeps = matches!(recipient.party, PartyKind::Organisation | PartyKind::Service);
                if keeps && recipient.kind != RecipientKind::DataSubject {
                    let end = registered.retention_us(&recipient.name).map(|kept| promised(when.latest, kept));
                    let party = self.recipient(action, position);
                    holders.extend(party.map(|party| (party, Side::Opens, None, end)));
                }
            }
        }
        for (holder, side, reference, end) in holders {
            let thing = Some(Thing::Holding { holder, resource });
            let edge = edge_of(action, when, side, reference);
            // Of whom it names, something may be left of others.
            let in_part = side == Side::Closes && subjects_of(action).next().is_some();
            self.edges.push(Edge { thing, end, doubtful: edge.doubtful || in_part, ..edge });
        }
    }

    /// Keeps in mind what an agent has before it.
    fn sitting(&mut self, action: &OpenedAction<'_>, when: When, sitting: Sitting) {
        let (actor, session, _) = sitting;
        if let Some(session) = session {
            let alive = self.contexts.alive.entry((actor, session)).or_default();
            *alive = (*alive).max(when.latest);
        }
        match action.body.verb {
            Verb::ContextLoad => {
                let name = self.named(action, NamedField::ActorName, 0, &action.body.actors[0].name);
                let agent = name.unwrap_or(Named::Closed(action.index, 0));
                self.contexts.loads.push(Load { index: action.index, sitting, when, agent });
            }
            Verb::ContextClose => self.contexts.closes.push((sitting, when)),
            Verb::ModelInfer => self.contexts.infers.push((sitting, action.index, when)),
            _ => {}
        }
    }

    /// What follows from contexts once everything was told: a session that nothing ends is over when its limit is, and an
    /// agent's model vendor was given what the agent had before it at each call of the model, or, where no call is recorded,
    /// until the context closed.
    pub(super) fn settle_contexts(&mut self, registered: &dyn Registered) {
        let contexts = std::mem::take(&mut self.contexts);
        let (mut closes, mut infers): (BySitting<When>, BySitting<(u64, When)>) = (HashMap::new(), HashMap::new());
        for (sitting, when) in contexts.closes {
            closes.entry(sitting).or_default().push(when);
        }
        for (sitting, index, when) in contexts.infers {
            infers.entry(sitting).or_default().push((index, when));
        }
        let mut places = Places::of(self);
        for load in contexts.loads {
            let (agent, session, resource) = load.sitting;
            let name = load.agent.text().unwrap_or_default();
            let after = |when: &When| when.latest >= load.when.earliest;
            let closes = closes.get(&load.sitting).into_iter().flatten().filter(|when| after(when));
            let closed = closes.copied().min_by_key(|when| when.latest);
            let limit = registered.session_max_us(name).map(|max| load.when.latest.saturating_add(max));
            let alive = session.and_then(|session| contexts.alive.get(&(agent, session)).copied());
            let alive = alive.unwrap_or_default().max(load.when.latest);
            let enforced = limit.filter(|limit| closed.is_none() && alive < *limit).map(|latest| StatedEnd {
                earliest: alive,
                latest,
                kind: EndKind::Bounded,
                enforced: true,
            });
            let context = Thing::Holding { holder: agent, resource };
            if let Some(edge) = places.edges.get(&(load.index, context)).and_then(|at| self.edges.get_mut(*at)) {
                edge.end = edge.end.or(enforced);
            }
            let Some(vendor) = registered.vendor(name) else { continue };
            let (retention, country) =
                (registered.retention_us(vendor), registered.country(vendor).unwrap_or_default());
            let to = self.named_party(PartyKind::Organisation, Named::Registered(vendor.to_owned()));
            let vendor = Given { to, kind: RecipientKind::Processor, country: country.to_owned() };
            let during = |when: &When| after(when) && closed.is_none_or(|closed| when.earliest <= closed.latest);
            let infers = infers.get(&load.sitting).into_iter().flatten().filter(|(_, when)| during(when));
            let infers: Vec<(u64, When)> = infers.copied().collect();
            if infers.is_empty() {
                let last = closed.map(|closed| closed.latest).or(enforced.map(|end| end.latest));
                let end = last.zip(retention).map(|(last, kept)| promised(last, kept));
                self.given_to_vendor((load.index, load.when), &vendor, resource, end, &mut places);
            }
            for (index, when) in infers {
                let end = retention.map(|kept| promised(when.latest, kept));
                self.given_to_vendor((index, when), &vendor, resource, end, &mut places);
            }
        }
    }

    fn given_to_vendor(
        &mut self,
        (index, when): (u64, When),
        given: &Given,
        resource: Resource,
        end: Option<StatedEnd>,
        places: &mut Places,
    ) {
        let thing = Thing::Holding { holder: given.to, resource };
        if places.edges.contains_key(&(index, thing)) {
            // It stands in the entry as a recipient, or was told by an earlier load of the session.
            return;
        }
        if let Some(access) = places.accesses.get(&index).and_then(|at| self.accesses.get_mut(*at)) {
            access.given_to.insert(given.to);
            access.recipients.insert(given.clone());
        }
        places.edges.insert((index, thing), self.edges.len());
        self.edges.push(Edge {
            index,
            thing: Some(thing),
            side: Side::Opens,
            when,
            recorded_at: when.latest,
            reference: None,
            end,
            categories: BTreeSet::new(),
            authorised: Authorised::NotAssessed,
            doubtful: false,
        });
    }
}

type BySitting<T> = HashMap<Sitting, Vec<T>>;

/// Where edges of copies and accesses stand, by entry.
struct Places {
    edges: HashMap<(u64, Thing), usize>,
    accesses: HashMap<u64, usize>,
}

impl Places {
    fn of(told: &Telling) -> Self {
        let copies = told.edges.iter().enumerate().filter_map(|(at, edge)| match edge.thing {
            Some(thing @ Thing::Holding { .. }) => Some(((edge.index, thing), at)),
            _ => None,
        });
        Places { edges: copies.collect(), accesses: told.by_entry() }
    }
}

/// Kept by contract for so long: promised, not evidenced.
fn promised(last: Instant, kept: u64) -> StatedEnd {
    let end = last.saturating_add(kept);
    StatedEnd { earliest: end, latest: end, kind: EndKind::Assumed, enforced: false }
}
