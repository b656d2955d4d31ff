//! From opened entries to what the calculus is told: edges of intervals, and acts by which somebody reached for data.
//!
//! Pure. Whoever reads the ledger opens the parts and says who is the same person; here names and persons become numbers,
//! and each record is taken as it was told. What it leaves open is left open, never closed.

use super::calculus::fact::*;
use super::calculus::times::Instant;
use crate::model::verbs::{gives_nothing, is_administrative};
use crate::model::{
    ApprovalResult, Category, Determination, Direction, Edge as FactEdge, Eyes, FactKind, NamedField, Outcome,
    PartyKind, PolicyDecision, RecipientKind, Role, TimeSource, Verb,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use whosaw_verifier::body::{self, ActionBody, PartGroup, Run};
use whosaw_verifier::part::ContentPart;

/// An action whose parts were opened, as far as they open.
pub struct OpenedAction<'a> {
    pub index: u64,
    pub recorded_at_us: Instant,
    pub body: &'a ActionBody,
    /// Who stands in which part, by ordinal.
    pub persons: BTreeMap<u32, Person>,
    pub content: Option<&'a ContentPart>,
    /// How long the action's source may take to deliver, microseconds.
    pub delay_us: u64,
}

/// A name, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Named {
    Registered(String),
    /// Outside the registry; it stood sealed.
    Sealed(String),
    /// Sealed, and does not open: by entry and position, so that two are not taken for one.
    Closed(u64, u32),
}

impl Named {
    /// Whether it is this name; registered or not, a name is a name.
    fn key(&self) -> Named {
        match self {
            Named::Sealed(name) => Named::Registered(name.clone()),
            other => other.clone(),
        }
    }
}

/// Things that entries speak of, by the numbers they have here.
pub struct Numbered<T> {
    names: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { names: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Numbered<T> {
    fn number(&mut self, key: T, name: T) -> u32 {
        let next = self.names.len() as u32;
        let number = *self.numbers.entry(key.clone()).or_insert(next);
        match self.names.get_mut(number as usize) {
            // A name is told as registered once anything tells it so.
            Some(known) if name == key => *known = name,
            Some(_) => {}
            None => self.names.push(name),
        }
        number
    }

    pub fn name(&self, number: u32) -> Option<&T> {
        self.names.get(number as usize)
    }

    pub fn find(&self, key: &T) -> Option<u32> {
        self.numbers.get(key).copied()
    }
}

/// What all entries told.
#[derive(Default)]
pub struct Telling {
    pub parties: Numbered<(PartyKind, Named)>,
    pub resources: Numbered<Named>,
    pub edges: Vec<Edge>,
    pub accesses: Vec<Access>,
    /// Entries that correct or take back others.
    pub amendments: Vec<Amending>,
    references: HashMap<(FactKind, String), u64>,
    /// Acts by their ids: when they were at the earliest, and their entry.
    acts: HashMap<Vec<u8>, (Instant, u64)>,
    same: Vec<(u64, Vec<u8>)>,
    by_entry: HashMap<u64, usize>,
}

/// An entry that corrects or takes back others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amending {
    pub index: u64,
    pub retracts: bool,
}

impl Telling {
    /// Folds one action in. Entries come in the order of the ledger.
    pub fn take(&mut self, action: &OpenedAction<'_>) {
        let when = self.when(action);
        if let Some(content) = action.content {
            if !content.action_id.is_empty() {
                self.acts.entry(content.action_id.clone()).or_insert((when.earliest, action.index));
            }
            self.same.extend(content.same_act_as.iter().map(|id| (action.index, id.clone())));
            for (targets, retracts) in [(&content.corrects, false), (&content.retracts, true)] {
                self.amendments.extend((!targets.is_empty()).then_some(Amending { index: action.index, retracts }));
            }
        }
        let resource = self.resource(action, NamedField::Dataset, 0, &action.body.dataset);
        let happened = !matches!(action.body.outcome, Outcome::Denied | Outcome::Failed);
        if happened {
            for (position, fact) in action.body.facts.iter().enumerate() {
                self.fact(action, position, fact, when, resource);
            }
        }
        if let Some(resource) = resource {
            self.access(action, when, resource);
            if happened {
                self.copies(action, when, resource);
            }
        }
    }

    /// Acts that are one by a recorded link are one; call when everything was told.
    pub fn settle(&mut self) {
        for (index, id) in std::mem::take(&mut self.same) {
            let Some((_, other)) = self.acts.get(&id).copied().filter(|(_, other)| *other != index) else { continue };
            let (Some(one), Some(two)) = (self.by_entry.get(&index).copied(), self.by_entry.get(&other).copied())
            else {
                continue;
            };
            if one == two || self.accesses[one].resource != self.accesses[two].resource {
                continue;
            }
            let (keep, drop) = (one.min(two), one.max(two));
            let gone = self.accesses[drop].clone();
            let kept = &mut self.accesses[keep];
            // The union: whatever either tells may have been.
            kept.when.earliest = kept.when.earliest.min(gone.when.earliest);
            kept.when.latest = kept.when.latest.max(gone.when.latest);
            kept.when.clock_doubt |= gone.when.clock_doubt;
            kept.subjects.extend(gone.subjects);
            kept.categories.extend(gone.categories);
            kept.shown_to.extend(gone.shown_to);
            kept.given_to.extend(gone.given_to);
            kept.listed &= gone.listed;
            kept.only_gives &= gone.only_gives;
            kept.about_nobody &= gone.about_nobody;
            kept.outcome = widest(kept.outcome, gone.outcome);
            kept.authorised = kept.authorised.min_authority(gone.authorised);
            kept.entries.extend(&gone.entries);
            kept.entries.sort_unstable();
            self.accesses[drop].entries.clear();
            for entry in &gone.entries {
                self.by_entry.insert(*entry, keep);
            }
        }
        self.accesses.retain(|access| !access.entries.is_empty());
        self.by_entry.clear();
    }

    fn when(&self, action: &OpenedAction<'_>) -> When {
        let clocks = [TimeSource::AgentClock, TimeSource::Gateway];
        let occurred = action.body.occurred.as_ref().filter(|occurred| clocks.contains(&occurred.source));
        let before = action.content.into_iter().flat_map(|content| content.parents.iter().chain(&content.caused_by));
        let not_before = before.filter_map(|id| self.acts.get(id)).map(|(earliest, _)| *earliest).max();
        Claim {
            occurred: occurred.map(|occurred| (occurred.earliest_us, occurred.latest_us)),
            skew_us: action.body.source.as_ref().map_or(0, |source| source.skew_us.unsigned_abs()),
            recorded_at: action.recorded_at_us,
            not_before: not_before.unwrap_or_default(),
            delay_us: action.delay_us,
        }
        .when()
    }

    fn fact(
        &mut self,
        action: &OpenedAction<'_>,
        position: usize,
        fact: &body::Fact,
        when: When,
        dataset: Option<Resource>,
    ) {
        let resource = self.resource(action, NamedField::FactResource, position, &fact.resource).or(dataset);
        let party = self.fact_party(action, position, fact);
        let sealed = action.content.and_then(|content| content.facts.iter().find(|f| f.position as usize == position));
        let reference = sealed.map(|sealed| sealed.reference.clone()).filter(|reference| !reference.is_empty());
        let side = match fact.edge {
            FactEdge::Close => Side::Closes,
            FactEdge::Point => Side::Point,
            FactEdge::Open | FactEdge::Unspecified => Side::Opens,
        };
        let number = reference.as_ref().map(|reference| self.reference(fact.kind, reference));
        let end = (fact.end_latest_us > 0 || fact.end_earliest_us > 0).then(|| StatedEnd {
            earliest: fact.end_earliest_us.min(fact.end_latest_us.max(fact.end_earliest_us)),
            latest: fact.end_latest_us.max(fact.end_earliest_us),
            kind: fact.end,
        });
        let mut edge = Edge {
            end: end.filter(|_| side == Side::Opens),
            categories: fact.categories.iter().copied().filter(|c| *c != Category::Unspecified).collect(),
            ..edge_of(action, when, side, number)
        };
        let things: Vec<Thing> = match fact.kind {
            FactKind::Grant => {
                let grant = |(resource, audience)| Thing::Grant { resource, audience };
                resource.zip(party).map(grant).into_iter().collect()
            }
            FactKind::Membership => self.memberships(action, position, fact, party),
            FactKind::Content => {
                let subjects: Vec<Option<Person>> = self.inside(action, &fact.subjects);
                let content = |subject| resource.map(|resource| Thing::Content { resource, subject });
                subjects.into_iter().filter_map(content).collect()
            }
            FactKind::Account => {
                let account = self.account(action, position, fact, reference.as_deref());
                let member = |(member, whole)| Thing::Membership { member, whole };
                party.zip(account).map(member).into_iter().collect()
            }
            FactKind::AccountState => {
                // An account that is closed is suspended from then on.
                edge.side = match side {
                    Side::Closes => Side::Opens,
                    Side::Opens => Side::Closes,
                    Side::Point => Side::Point,
                };
                (edge.reference, edge.end) = (None, None);
                let account = self.account(action, position, fact, reference.as_deref()).or(party);
                account.map(|account| Thing::Suspension { account }).into_iter().collect()
            }
            FactKind::Holding => {
                let holding = |(holder, resource)| Thing::Holding { holder, resource };
                party.zip(resource).map(holding).into_iter().collect()
            }
            _ => return,
        };
        if things.is_empty() {
            // A closing may name no more than what it closes.
            self.edges.push(edge);
            return;
        }
        for thing in things {
            self.edges.push(Edge { thing: Some(thing), ..edge.clone() });
        }
    }

    /// Somebody is in what the resource names, or the subjects are in the party.
    fn memberships(
        &mut self,
        action: &OpenedAction<'_>,
        position: usize,
        fact: &body::Fact,
        party: Option<Party>,
    ) -> Vec<Thing> {
        let name = self.named(action, NamedField::FactResource, position, &fact.resource);
        let Some(party) = party else { return Vec::new() };
        if let Some(name) = name {
            let whole = self.named_party(PartyKind::Group, name);
            return vec![Thing::Membership { member: party, whole }];
        }
        let members = self.inside(action, &fact.subjects).into_iter().flatten();
        members.map(|member| Thing::Membership { member: Party::Person(member), whole: party }).collect()
    }

    /// The persons of these parts; `None` once where there are none, or some do not open.
    fn inside(&self, action: &OpenedAction<'_>, runs: &[Run]) -> Vec<Option<Person>> {
        let ordinals = runs.iter().flat_map(|run| run.first..run.first.saturating_add(run.count));
        let mut found: Vec<Option<Person>> = ordinals
            .map(|ordinal| action.persons.get(&ordinal).copied())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        if found.is_empty() {
            found.push(None);
        }
        found
    }

    fn account(
        &mut self,
        action: &OpenedAction<'_>,
        position: usize,
        fact: &body::Fact,
        reference: Option<&str>,
    ) -> Option<Party> {
        let name = self.named(action, NamedField::FactResource, position, &fact.resource);
        let name = name.or_else(|| reference.map(|reference| Named::Sealed(reference.to_owned())));
        name.map(|name| self.named_party(PartyKind::Service, name))
    }

    fn access(&mut self, action: &OpenedAction<'_>, when: When, resource: Resource) {
        let body = action.body;
        if is_administrative(body.verb) || gives_nothing(body.verb) || body.actors.is_empty() {
            return;
        }
        let chain: Vec<Party> = (0..body.actors.len()).filter_map(|position| self.actor(action, position)).collect();
        let of_subjects = || body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
        let comes_back = |group: &PartGroup| {
            group.categories.is_empty() || group.categories.iter().any(|used| used.direction != Direction::Argument)
        };
        // What only went into the tool came from whoever acted, and went to whoever is named as having got it; that it was
        // tried is told all the same.
        let happened = !matches!(body.outcome, Outcome::Denied | Outcome::Failed);
        let given_to: BTreeSet<Party> = (0..body.recipients.len())
            .filter(|_| happened)
            .filter(|position| body.recipients[*position].kind != RecipientKind::DataSubject)
            .filter_map(|position| self.recipient(action, position))
            .collect();
        let stranger = body.recipients.iter().any(|recipient| recipient.kind == RecipientKind::UnauthorisedPerson);
        let only_gives = happened && of_subjects().next().is_some() && !of_subjects().any(comes_back);
        if only_gives && given_to.is_empty() {
            return;
        }
        let counts = |group: &&PartGroup| only_gives || comes_back(group);
        let (mut subjects, mut categories, mut shown_to) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut all_open = true;
        for group in of_subjects().filter(counts) {
            for ordinal in group.first..group.first.saturating_add(group.count) {
                match action.persons.get(&ordinal) {
                    Some(person) => drop(subjects.insert(*person)),
                    None => all_open = false,
                }
            }
            for used in group.categories.iter().filter(|used| only_gives || used.direction != Direction::Argument) {
                categories.extend(used.categories.iter().copied().filter(|c| *c != Category::Unspecified));
                for number in &used.rendered_to {
                    shown_to.extend(self.eyes(action, *number));
                }
            }
        }
        let access = Access {
            entries: vec![action.index],
            when,
            verb: body.verb,
            outcome: body.outcome,
            chain,
            resource,
            subjects,
            listed: body.determination == Determination::Listed && all_open,
            categories,
            shown_to,
            given_to,
            only_gives,
            about_nobody: body.determination == Determination::Nobody,
            authorised: if stranger { Authorised::No } else { authorised(body) },
        };
        self.by_entry.insert(action.index, self.accesses.len());
        self.accesses.push(access);
    }

    /// Copies that follow from what was done, where nobody states them: a download, an agent's context until it closes, and
    /// what other parties were given.
    fn copies(&mut self, action: &OpenedAction<'_>, when: When, resource: Resource) {
        let body = action.body;
        if body.facts.iter().any(|fact| fact.kind == FactKind::Holding) {
            return;
        }
        let session = action.content.map(|content| content.conversation.as_str()).filter(|text| !text.is_empty());
        let session = session.map(|session| self.reference(FactKind::Holding, &format!("conversation\0{session}")));
        let actor = self.actor(action, 0);
        let (side, reference) = match body.verb {
            Verb::DataDownload | Verb::DataExport | Verb::DataCopy | Verb::DataDerive | Verb::MemoryWrite => {
                (Some(Side::Opens), None)
            }
            Verb::ContextLoad => (Some(Side::Opens), session),
            Verb::ContextClose => (Some(Side::Closes), session),
            Verb::MemoryErase => (Some(Side::Closes), None),
            _ => (None, None),
        };
        let mut holders: Vec<(Party, Side, Option<u64>)> = Vec::new();
        holders.extend(actor.zip(side).map(|(actor, side)| (actor, side, reference)));
        if !is_administrative(body.verb) && !gives_nothing(body.verb) {
            for (position, recipient) in body.recipients.iter().enumerate() {
                // Who reads on a screen holds no copy; whoever runs a system does.
                let keeps = matches!(recipient.party, PartyKind::Organisation | PartyKind::Service);
                if keeps && recipient.kind != RecipientKind::DataSubject {
                    let party = self.recipient(action, position);
                    holders.extend(party.map(|party| (party, Side::Opens, None)));
                }
            }
        }
        for (holder, side, reference) in holders {
            let thing = Some(Thing::Holding { holder, resource });
            self.edges.push(Edge { thing, ..edge_of(action, when, side, reference) });
        }
    }

    fn actor(&mut self, action: &OpenedAction<'_>, position: usize) -> Option<Party> {
        let actor = action.body.actors.get(position)?;
        Some(self.party(action, actor.kind, &actor.name, actor.part, NamedField::ActorName, position))
    }

    fn recipient(&mut self, action: &OpenedAction<'_>, position: usize) -> Option<Party> {
        let recipient = action.body.recipients.get(position)?;
        let (kind, part) = (recipient.party, recipient.part);
        Some(self.party(action, kind, &recipient.name, part, NamedField::RecipientName, position))
    }

    fn fact_party(&mut self, action: &OpenedAction<'_>, position: usize, fact: &body::Fact) -> Option<Party> {
        let named = fact.party != PartyKind::Unspecified;
        named.then(|| self.party(action, fact.party, &fact.name, fact.part, NamedField::FactName, position))
    }

    fn eyes(&mut self, action: &OpenedAction<'_>, number: u32) -> Option<Party> {
        match Eyes::of_number(number)? {
            Eyes::Actor(position) => self.actor(action, position as usize),
            Eyes::Recipient(position) => self.recipient(action, position as usize),
        }
    }

    fn party(
        &mut self,
        action: &OpenedAction<'_>,
        kind: PartyKind,
        name: &str,
        part: u32,
        field: NamedField,
        position: usize,
    ) -> Party {
        let place = place_of(field, position);
        match kind {
            PartyKind::Public => Party::Anyone,
            PartyKind::Human => {
                let ordinal = part.checked_sub(1);
                ordinal
                    .and_then(|ordinal| action.persons.get(&ordinal))
                    .map_or(Party::Unknown(action.index, place), |person| Party::Person(*person))
            }
            kind => {
                let name = self.named(action, field, position, name);
                let name = name.unwrap_or(Named::Closed(action.index, place));
                self.named_party(kind, name)
            }
        }
    }

    fn named_party(&mut self, kind: PartyKind, name: Named) -> Party {
        Party::Named(kind, self.parties.number((kind, name.key()), (kind, name)))
    }

    fn resource(&mut self, a: &OpenedAction<'_>, field: NamedField, position: usize, name: &str) -> Option<Resource> {
        let name = self.named(a, field, position, name)?;
        Some(Resource(self.resources.number(name.key(), name)))
    }

    /// A name in the open, or sealed in the content, or nowhere.
    fn named(&self, a: &OpenedAction<'_>, field: NamedField, position: usize, public: &str) -> Option<Named> {
        if !public.is_empty() {
            return Some(Named::Registered(public.to_owned()));
        }
        if !a.body.sealed_names.contains(&field) {
            return None;
        }
        let Some(content) = a.content else {
            return Some(Named::Closed(a.index, place_of(field, position)));
        };
        let sealed = content.names.iter().find(|name| name.field == field && name.position as usize == position);
        sealed.map(|name| Named::Sealed(name.value.clone()))
    }

    fn reference(&mut self, kind: FactKind, reference: &str) -> u64 {
        let next = self.references.len() as u64;
        *self.references.entry((kind, reference.to_owned())).or_insert(next)
    }
}

/// Where a name stands in its entry, as one number.
fn place_of(field: NamedField, position: usize) -> u32 {
    (field as u32) << 16 | position as u32
}

/// An edge as the action tells it, of nothing yet.
fn edge_of(action: &OpenedAction<'_>, when: When, side: Side, reference: Option<u64>) -> Edge {
    Edge {
        index: action.index,
        thing: None,
        side,
        when,
        recorded_at: action.recorded_at_us,
        reference,
        end: None,
        categories: BTreeSet::new(),
        authorised: authorised(action.body),
        doubtful: !matches!(action.body.outcome, Outcome::Succeeded | Outcome::Partial),
    }
}

/// Of two reports of one act, the outcome that exposes more.
fn widest(one: Outcome, other: Outcome) -> Outcome {
    let rank = |outcome: Outcome| match outcome {
        Outcome::Succeeded => 4,
        Outcome::Partial => 3,
        Outcome::Unknown | Outcome::Unspecified => 2,
        Outcome::Failed => 1,
        Outcome::Denied => 0,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// Of an act, by what it says of policy and approval.
pub fn authorised(body: &ActionBody) -> Authorised {
    let decision = body.policy.as_ref().map(|policy| policy.decision);
    match (body.break_glass, decision, body.approval) {
        (true, ..) => Authorised::Exceptional,
        (_, Some(PolicyDecision::Deny), _) => Authorised::No,
        (
            _,
            _,
            ApprovalResult::Missing
            | ApprovalResult::Expired
            | ApprovalResult::Mismatched
            | ApprovalResult::Denied
            | ApprovalResult::AlreadyUsed,
        ) => Authorised::No,
        (
            _,
            Some(PolicyDecision::Permit),
            ApprovalResult::NotRequired | ApprovalResult::Matched | ApprovalResult::Unspecified,
        ) => Authorised::Yes,
        // A claimed approval, a policy that did not decide, or none: nobody assessed it.
        _ => Authorised::NotAssessed,
    }
}
