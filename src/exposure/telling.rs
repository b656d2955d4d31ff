//! From opened entries to what the calculus is told: edges of intervals, and acts by which somebody reached for data.
//!
//! Pure. Whoever reads the ledger opens the parts and says who is the same person; here names and persons become numbers,
//! and each record is taken as it was told. What it leaves open is left open, never closed.

pub mod amending;
pub mod authority;
mod contexts;
mod conversations;
mod copies;
mod fields;
mod involved;
mod lineage;
mod loss;
mod names;
mod onward;
mod operators;
mod policies;
mod protection;
mod records;
mod reported;
mod said;
mod settle;
mod takers;
mod unnamed;

pub use loss::{Loss, Lost};
pub use names::{Named, Numbered};
pub use onward::Reached;
pub use policies::{Decided, authorised};
pub use protection::Protected;
pub use reported::Reported;
pub use settle::{Rules, Stands};

use super::calculus::fact::*;
use super::calculus::times::Instant;
use crate::model::verbs::{gives_nothing, is_administrative};
use crate::model::{
    ApprovalResult, Category, ContentKind, Determination, Direction, Edge as FactEdge, EndKind, Eyes, FactKind,
    LegalBasis, NamedField, Outcome, PartyKind, PolicyDecision, Precision, RecipientKind, Role, TimeSource, Verb,
    counts_more_than, determination, is_of_no_clock,
};
use amending::{Amending, Restated};
use authority::{Act, Approval, Reviewing};
use said::{
    came_to_nothing, comes_back, counted, listed_by, listing, may_tell_in_error, part_comes_back, reason_of,
    said_of_subjects, stated, subjects_of, touched,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use whosaw_verifier::body::{self, ActionBody, PartGroup, Run};
use whosaw_verifier::part::{ContentPart, FieldUse};

/// Acts that are looked at for one that is its own cause over others.
const CIRCLE_MAX: usize = 1_000;

/// Characters of a reason that are kept.
const REASON_MAX: usize = 500;

/// An action whose parts were opened, as far as they open.
pub struct OpenedAction<'a> {
    pub index: u64,
    pub recorded_at_us: Instant,
    pub body: &'a ActionBody,
    /// Who stands in which part, by ordinal.
    pub persons: BTreeMap<u32, Person>,
    /// By which identifier each of them is told, by a number; none where by several.
    pub told_as: BTreeMap<Person, Option<u32>>,
    pub content: Option<&'a ContentPart>,
    /// Datasets in which records of whoever stands in a part stand, by ordinal.
    pub records: BTreeMap<u32, BTreeSet<String>>,
    /// Fields of their data that it names, by ordinal.
    pub fields: BTreeMap<u32, Vec<FieldUse>>,
    /// How long the action's source may take to deliver, microseconds.
    pub delay_us: u64,
}

/// The time of an act, for what the registry said then: from the earliest instant at which it may have happened until it was
/// recorded.
#[derive(Debug, Clone, Copy)]
pub struct At {
    pub earliest: Instant,
    /// The act's entry.
    pub index: u64,
}

/// What the registry said at the time of an act. Where it said several things in that time, whatever understates least.
pub trait Registered {
    /// An agent's model vendors, to whom what it has in its context goes.
    fn vendors(&self, agent: &str, at: At) -> Vec<&str>;
    /// How long an agent's session lasts at most, microseconds.
    fn session_max_us(&self, agent: &str, at: At) -> Option<u64>;
    /// How long a party keeps what it was given, by contract, microseconds.
    fn retention_us(&self, party: &str, at: At) -> Option<u64>;
    /// For how long what is deleted there can be had back, microseconds.
    fn recoverable_us(&self, resource: &str, at: At) -> Option<u64>;
    /// Whether a policy's approvals may be used more than once.
    fn approvals_repeat(&self, policy: &str, at: At) -> bool;
    /// The categories that lists and searches of a resource show; absent where it may have shown any.
    fn listing(&self, resource: &str, at: At) -> Option<BTreeSet<Category>>;
    /// Who runs a tool, to whom what goes into it goes.
    fn operators(&self, tool: &str, at: At) -> Vec<&str>;
    /// Where a tool runs, as far as that is said of itself.
    fn tool_country(&self, tool: &str, at: At) -> Option<&str>;
    /// Where a party is, ISO 3166-1 alpha-2.
    fn country(&self, party: &str, at: At) -> Option<&str>;
    /// As what a party gets data; absent where nothing says it, or several things.
    fn role(&self, party: &str, at: At) -> Option<RecipientKind>;
}

/// What all entries told.
#[derive(Clone, Default)]
pub struct Telling {
    pub parties: Numbered<(PartyKind, Named)>,
    pub resources: Numbered<Named>,
    pub edges: Vec<Edge>,
    pub accesses: Vec<Access>,
    /// What was deleted or altered.
    pub losses: Vec<Loss>,
    /// Every act, by its entry.
    pub acts: BTreeMap<u64, Act>,
    /// What policies decided of acts, by entry, as it was recorded.
    pub decided: BTreeMap<u64, Decided>,
    /// Of acts with data subjects whose parts do not open, by entry.
    pub closed: BTreeMap<u64, Closed>,
    /// Entries by which somebody's data might only be stored from then on, who does not open any more.
    pub restricting_closed: BTreeMap<u64, Instant>,
    /// Entries that correct or take back others, and what that came to once everything was told.
    pub amendings: Vec<Amending>,
    pub amended: Vec<amending::Amended>,
    /// Ids that acts name as their causes.
    causes_named: BTreeSet<Vec<u8>>,
    /// Entries that say of themselves that they tell of the same act as themselves.
    pub same_as_itself: BTreeSet<u64>,
    pub reported: Reported,
    /// How the data of an entry was protected, if it was.
    pub protected: BTreeMap<u64, Protected>,
    /// Entries that say that the data was not.
    pub unprotected: BTreeSet<u64>,
    /// Fields that acts name, as JSON pointers.
    pub pointers: Numbered<String>,
    /// What entries that are amended told of openings and closings, before anything was taken out.
    pub amended_edges: BTreeMap<u64, Vec<Edge>>,
    /// Of approvals and reviews that are amended: the references of those, the acts of these.
    pub amended_approvals: BTreeMap<u64, Vec<String>>,
    pub amended_reviews: BTreeMap<u64, Vec<u64>>,
    approvals: Vec<Approval>,
    reviews: Vec<Reviewing>,
    restorations: Vec<loss::Restoration>,
    contexts: contexts::Contexts,
    /// Agents of whose models nobody knows who runs them, and of which no call is recorded: since when they had data of which
    /// resource before them.
    pub models_unknown: BTreeMap<(Resource, Party), Instant>,
    /// Of what model vendors were given, by entry and vendor: out of whose session.
    pub of_session: HashMap<(u64, Party), (Party, Option<u64>)>,
    /// What went into tools, until everything was told.
    calls: Vec<operators::Call>,
    keys: Numbered<String>,
    references: HashMap<(FactKind, String), u64>,
    /// The entries of each act's id, ascending: an id is its caller's, and others may use the same.
    by_id: HashMap<Vec<u8>, Vec<u64>>,
    by_caller: HashMap<(Option<Named>, Vec<u8>), u64>,
    same: Vec<(u64, Vec<u8>)>,
    /// Entries that were taken back, or described anew by another, so that they tell of no act any more.
    never: BTreeSet<u64>,
    /// Entries that somebody amends who may not: what is narrow of them is not relied on.
    contested: BTreeSet<u64>,
    /// Entries that amend others and do not count for it.
    in_vain: BTreeSet<u64>,
    /// Of entries that tell of one act, the first.
    one_act: BTreeMap<u64, u64>,
}

/// Data subjects of one act whose parts do not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub ordinals: Vec<u32>,
    /// The act lists everybody, them too.
    pub all_listed: bool,
}

impl Telling {
    /// Every approval and refusal that is on file, in the order of the ledger.
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }

    /// Folds one action in. Entries come in the order of the ledger.
    pub fn take(&mut self, action: &OpenedAction<'_>, registered: &dyn Registered) {
        let when = self.when(action);
        let resource = self.resource(action, NamedField::Dataset, 0, &action.body.dataset);
        self.act(action, when, resource);
        self.decided(action);
        if let Some(act) = self.acts.get_mut(&action.index).filter(|act| !act.approval.is_empty()) {
            act.touched = touched(action, listing(action, when, registered)).map(Box::new);
        }
        let happened = !matches!(action.body.outcome, Outcome::Denied | Outcome::Failed);
        if happened {
            self.amending(action);
            self.authority(action, when, resource, registered);
            self.protection(action);
            for (position, fact) in action.body.facts.iter().enumerate() {
                self.fact(action, position, fact, when, resource);
            }
            self.losses(action, when, resource, registered);
            self.restoration(action, when, resource);
        }
        self.reported.take(action.body, resource);
        if let Some(resource) = resource {
            self.moved(action, when, resource, registered);
        }
        self.sitting(action, when, resource);
        self.records(action, when, resource, registered);
        if let Some(sent) = self.sent(action, when, resource, registered) {
            self.contexts.sent.push(sent);
        }
    }

    /// What it got of a resource, put into a tool, and left as copies.
    fn moved(&mut self, action: &OpenedAction<'_>, when: When, resource: Resource, registered: &dyn Registered) {
        self.access(action, when, resource, registered);
        self.tool_called(action, when, resource, registered);
        if !matches!(action.body.outcome, Outcome::Denied | Outcome::Failed) {
            self.copies(action, when, resource, registered);
        }
    }

    /// Somebody's data may only be stored from then on, or may be used again.
    pub fn restriction(&mut self, index: u64, subject: Person, at: Instant, begins: bool) {
        let side = if begins { Side::Opens } else { Side::Closes };
        self.edges.push(Edge::of(index, Thing::Restriction { subject }, side, When::at(at)));
    }

    /// An act that is only the cause of others: of it nothing counts but that it was.
    pub fn cause(&mut self, action: &OpenedAction<'_>) {
        let when = self.when(action);
        let resource = self.resource(action, NamedField::Dataset, 0, &action.body.dataset);
        self.act(action, when, resource);
    }

    /// Ids of acts that these entries came after, those of which nothing is told yet last.
    pub fn causes_of(&self, of: impl IntoIterator<Item = u64>) -> Vec<Vec<u8>> {
        let acts = of.into_iter().filter_map(|index| self.acts.get(&index));
        let all: BTreeSet<&Vec<u8>> = acts.flat_map(Act::causes).collect();
        let (known, unknown): (Vec<&Vec<u8>>, Vec<&Vec<u8>>) =
            all.into_iter().partition(|id| self.by_id.contains_key(*id));
        known.into_iter().chain(unknown).cloned().collect()
    }

    /// Ids by which entries speak of acts that they correct, take back, review, or tell of again.
    pub fn spoken_of(&self) -> BTreeSet<Vec<u8>> {
        let amended = self.amendings.iter().flat_map(|amending| amending.corrects.iter().chain(&amending.retracts));
        let reviewed = self.reviews.iter().flat_map(|review| &review.of);
        amended.chain(reviewed).chain(self.same.iter().map(|(_, id)| id)).cloned().collect()
    }

    /// An entry was recorded under this id; one about nobody, with nothing sealed in it, does not say so itself.
    pub fn recorded_as(&mut self, id: &[u8], index: u64) {
        if let Some(caller) = self.acts.get(&index).map(|act| act.caller.clone()) {
            self.has_id(id, &caller, index);
        }
    }

    fn has_id(&mut self, id: &[u8], caller: &Option<Named>, index: u64) {
        let places = self.by_id.entry(id.to_vec()).or_default();
        let position = places.partition_point(|place| *place < index);
        if places.get(position) != Some(&index) {
            places.insert(position, index);
        }
        self.by_caller.entry((caller.clone(), id.to_vec())).or_insert(index);
    }

    /// The acts that an entry may mean by an id: that of its own caller, else those of all others.
    pub fn acts_of(&self, id: &[u8], by: u64) -> impl Iterator<Item = &Act> {
        let caller = self.acts.get(&by).and_then(|act| act.caller.clone());
        self.places_of(id, &caller).into_iter().filter_map(|index| self.acts.get(&index))
    }

    /// The acts that led to one, as far as they are told.
    fn acts_before<'a>(&'a self, act: &'a Act) -> impl Iterator<Item = &'a Act> {
        act.causes().flat_map(|cause| self.acts_of(cause, act.index))
    }

    fn places_of(&self, id: &[u8], caller: &Option<Named>) -> Vec<u64> {
        match self.by_caller.get(&(caller.clone(), id.to_vec())) {
            Some(own) => vec![*own],
            None => self.by_id.get(id).cloned().unwrap_or_default(),
        }
    }

    fn caller(&self, action: &OpenedAction<'_>) -> Option<Named> {
        let caller = action.body.caller.as_ref().map_or("", |caller| &caller.name);
        self.named(action, NamedField::CallerName, 0, caller).map(|name| name.key())
    }

    fn act(&mut self, action: &OpenedAction<'_>, when: When, resource: Option<Resource>) {
        let body = action.body;
        let chain = (0..body.actors.len()).filter_map(|position| self.actor(action, position)).collect();
        let reached = self.reached(action);
        let closed: Vec<u32> = subjects_of(action).filter(|ordinal| !action.persons.contains_key(ordinal)).collect();
        let mut act = Act {
            index: action.index,
            when,
            verb: body.verb,
            chain,
            reached,
            resource,
            subjects: subjects_of(action).filter_map(|ordinal| action.persons.get(&ordinal).copied()).collect(),
            closed: !closed.is_empty(),
            undetermined: !matches!(determination(body), Determination::Nobody | Determination::Listed),
            outcome: body.outcome,
            came_to_nothing: came_to_nothing(action),
            policy: body.policy.as_ref().map(|policy| policy.id.clone()).unwrap_or_default(),
            caller: self.caller(action),
            authorised: authorised(body),
            emergency: body.break_glass,
            instruction: String::new(),
            approval: String::new(),
            caused_by: Vec::new(),
            parents: Vec::new(),
            goes_further: !body.recipients.is_empty() || body.facts.iter().any(|fact| fact.kind == FactKind::Grant),
            touched: None,
            inside: None,
            approved_for: None,
            approved: None,
            review: None,
        };
        if let Some(content) = action.content {
            if !content.action_id.is_empty() {
                self.has_id(&content.action_id, &act.caller, action.index);
            }
            self.same.extend(content.same_act_as.iter().map(|id| (action.index, id.clone())));
            if content.same_act_as.contains(&content.action_id) {
                self.same_as_itself.insert(action.index);
            }
            act.instruction.clone_from(&content.instruction);
            act.approval.clone_from(&content.approval_reference);
            act.caused_by.clone_from(&content.caused_by);
            act.parents.clone_from(&content.parents);
            self.causes_named.extend(content.caused_by.iter().chain(&content.parents).cloned());
        }
        if act.closed {
            let all_listed = determination(body) == Determination::Listed;
            self.closed.insert(action.index, Closed { ordinals: closed, all_listed });
        }
        self.acts.insert(action.index, act);
    }

    fn amending(&mut self, action: &OpenedAction<'_>) {
        let Some(content) = action.content else { return };
        if content.corrects.is_empty() && content.retracts.is_empty() {
            return;
        }
        let body = action.body;
        let only_amends = matches!(body.verb, Verb::EventCorrect | Verb::EventRetract);
        // Who describes an act anew is not who did it: there the caller speaks.
        let by: Vec<Party> = if !matches!(body.outcome, Outcome::Succeeded | Outcome::Partial) {
            Vec::new()
        } else if only_amends {
            (0..body.actors.len()).filter_map(|position| self.actor(action, position)).collect()
        } else {
            let caller = body.caller.as_ref().map(|caller| caller.name.clone()).filter(|name| !name.is_empty());
            caller.map(|name| self.named_party(PartyKind::Service, Named::Registered(name))).into_iter().collect()
        };
        let uses = || body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
        let categories = uses().flat_map(|group| &group.categories).flat_map(|used| used.categories.iter().copied());
        let (subjects, listed) = listed_by(action);
        let restated = (body.verb == Verb::EventCorrect).then(|| Restated {
            listed,
            subjects,
            about_nobody: determination(body) == Determination::Nobody,
            categories: categories.filter(|category| *category != Category::Unspecified).collect(),
            has_facts: !body.facts.is_empty(),
        });
        let reason = if only_amends { reason_of(&content.arguments) } else { String::new() };
        self.amendings.push(Amending {
            index: action.index,
            by,
            only_amends,
            corrects: content.corrects.clone(),
            retracts: content.retracts.clone(),
            reason: reason.chars().take(REASON_MAX).collect(),
            restated,
        });
    }

    /// Approvals and reviews.
    fn authority(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        resource: Option<Resource>,
        registered: &dyn Registered,
    ) {
        let body = action.body;
        match body.verb {
            // What perhaps was approved was not.
            Verb::ApprovalGrant if body.outcome == Outcome::Unknown => {}
            Verb::ApprovalExpire => {
                for reference in (0..body.facts.len()).filter_map(|position| sealed_reference(action, position)) {
                    for approval in self.approvals.iter_mut().filter(|approval| approval.reference == reference) {
                        let until = approval.until.unwrap_or(Instant::MAX);
                        approval.until = Some(until.min(when.earliest));
                    }
                }
            }
            Verb::ApprovalGrant | Verb::ApprovalDeny => {
                for (position, fact) in body.facts.iter().enumerate().filter(|(_, f)| f.kind == FactKind::Grant) {
                    let until = fact.end_latest_us.max(fact.end_earliest_us);
                    // Where the grant does not say whose data it is about: of all whom the approval names.
                    let named: Vec<Option<Person>> = match fact.subjects.is_empty() {
                        true => subjects_of(action).map(|ordinal| action.persons.get(&ordinal).copied()).collect(),
                        false => self.inside(action, &fact.subjects),
                    };
                    let approval = Approval {
                        index: action.index,
                        by: self.acts.get(&action.index).map(|act| act.chain.clone()).unwrap_or_default(),
                        reference: sealed_reference(action, position).unwrap_or_default(),
                        to: self.fact_party(action, position, fact),
                        verbs: fact.rights.iter().copied().filter(|right| *right != Verb::Unspecified).collect(),
                        categories: match fact.categories.is_empty() {
                            true => said_of_subjects(body).collect(),
                            false => stated(&fact.categories).collect(),
                        },
                        resource: self
                            .resource(action, NamedField::FactResource, position, &fact.resource)
                            .or(resource),
                        closed: named.contains(&None),
                        subjects: named.into_iter().flatten().collect(),
                        policy: body.policy.as_ref().map(|policy| policy.id.clone()).unwrap_or_default(),
                        from: when,
                        // Whatever is stated: an approval is not stretched beyond it.
                        until: (until > 0).then_some(until),
                        refused: body.verb == Verb::ApprovalDeny,
                        repeats: body.policy.as_ref().is_some_and(|policy| {
                            let at = At { earliest: when.earliest, index: action.index };
                            registered.approvals_repeat(&policy.id, at)
                        }),
                    };
                    self.approvals.push(approval);
                }
            }
            Verb::BreakglassReview => {
                let links = action.content.map(|content| content.parents.iter().chain(&content.caused_by));
                let of = links.into_iter().flatten().cloned().collect();
                let by = self.actor(action, 0);
                // What is not a clear yes is none.
                let justified = body.outcome == Outcome::Succeeded
                    && body.policy.as_ref().is_none_or(|policy| policy.decision != PolicyDecision::Deny);
                self.reviews.push(Reviewing { index: action.index, when, by, of, justified });
            }
            _ => {}
        }
    }

    fn when(&self, action: &OpenedAction<'_>) -> When {
        let clocks = [TimeSource::AgentClock, TimeSource::Gateway];
        let occurred = action.body.occurred.as_ref().filter(|occurred| clocks.contains(&occurred.source));
        let no_clock = occurred.is_some_and(|occurred| is_of_no_clock(occurred.latest_us));
        let occurred = occurred.filter(|_| !no_clock);
        let before = action.content.into_iter().flat_map(|content| content.parents.iter().chain(&content.caused_by));
        let caller = self.caller(action);
        let earliest = |id: &Vec<u8>| {
            let places = self.places_of(id, &caller);
            let acts = places.iter().filter_map(|index| self.acts.get(index));
            acts.filter(|act| !self.comes_of(act, action)).map(|act| act.when.earliest).min()
        };
        let not_before = before.filter_map(earliest).max();
        let when = Claim {
            occurred: occurred.map(|occurred| (occurred.earliest_us, occurred.latest_us)),
            skew_us: action.body.source.as_ref().map_or(0, |source| source.skew_us.unsigned_abs()),
            recorded_at: action.recorded_at_us,
            not_before: not_before.unwrap_or_default(),
            delay_us: action.delay_us,
        }
        .when();
        When { clock_doubt: when.clock_doubt || no_clock, ..when }
    }

    /// Whether an act is told to come of one that is to come, over however many others: of two that are each other's cause
    /// neither was surely first. Where it is too much to look at, it may.
    fn comes_of(&self, act: &Act, of: &OpenedAction<'_>) -> bool {
        let id = of.content.map(|content| &content.action_id).filter(|id| self.causes_named.contains(*id));
        let Some(id) = id else { return false };
        let (mut seen, mut next) = (BTreeSet::from([act.index]), vec![act]);
        while let Some(act) = next.pop() {
            if act.causes().any(|cause| cause == id) || seen.len() > CIRCLE_MAX {
                return true;
            }
            next.extend(self.acts_before(act).filter(|before| seen.insert(before.index)));
        }
        false
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
        // An approval opens no way: see `authority`.
        if fact.kind == FactKind::Grant && action.body.verb.code().starts_with("approval.") {
            return;
        }
        let reference = sealed_reference(action, position);
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
            enforced: false,
        });
        let mut edge = Edge {
            end: end.filter(|_| side == Side::Opens),
            rights: fact.rights.iter().copied().filter(|right| *right != Verb::Unspecified).collect(),
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
                let mut subjects: Vec<Option<Person>> = self.inside(action, &fact.subjects);
                let more = side != Side::Closes && counts_more_than(action.body, subjects_of(action).count() as u64);
                subjects.extend(more.then_some(None));
                let content = |subject| resource.map(|resource| Thing::Content { resource, subject });
                subjects.into_iter().filter_map(content).collect()
            }
            FactKind::Account => {
                let account = self.account(action, position, fact, reference.as_deref());
                let account = account.filter(|account| !self.is_closed(*account)).unwrap_or(Party::SOME_ACCOUNT);
                let member = |(member, whole)| Thing::Membership { member, whole };
                party.map(|party| (party, account)).map(member).into_iter().collect()
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
            FactKind::KeyAccess => {
                let name = self.named(action, NamedField::FactResource, position, &fact.resource);
                let name = name.and_then(|name| name.text().map(str::to_owned)).or(reference);
                let protection = self.protected.get(&action.index).and_then(|protected| protected.key);
                let key = name.map(|name| self.keys.number(name.clone(), name)).or(protection);
                edge.reference = None;
                party.zip(key).map(|(holder, key)| Thing::Key { holder, key }).into_iter().collect()
            }
            FactKind::Restriction => {
                let subjects = self.inside(action, &fact.subjects).into_iter().flatten();
                let of_party =
                    party.and_then(|party| if let Party::Person(person) = party { Some(person) } else { None });
                subjects.chain(of_party).map(|subject| Thing::Restriction { subject }).collect()
            }
            _ => return,
        };
        if things.is_empty() {
            // A closing may name no more than what it closes.
            self.edges.push(edge);
            return;
        }
        for thing in things {
            let told_as = thing.person().and_then(|person| action.told_as.get(&person).copied().flatten());
            self.edges.push(Edge { thing: Some(thing), told_as, ..edge.clone() });
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
            let closed = matches!(name, Named::Closed(..));
            let whole = if closed { Party::SOME_GROUP } else { self.named_party(PartyKind::Group, name) };
            return vec![Thing::Membership { member: party, whole }];
        }
        let of = |ordinal: u32| action.persons.get(&ordinal).map(|person| Party::Person(*person));
        let members: BTreeSet<Party> = ordinals(&fact.subjects)
            .map(|ordinal| of(ordinal).unwrap_or(Party::Unknown(action.index, OF_ORDINAL | ordinal)))
            .collect();
        members.into_iter().map(|member| Thing::Membership { member, whole: party }).collect()
    }

    fn is_closed(&self, party: Party) -> bool {
        let Party::Named(_, number) = party else { return false };
        matches!(self.parties.name(number), Some((_, Named::Closed(..))))
    }

    /// The persons of these parts; `None` once where there are none, or some do not open.
    fn inside(&self, action: &OpenedAction<'_>, runs: &[Run]) -> Vec<Option<Person>> {
        let mut found: Vec<Option<Person>> = ordinals(runs)
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

    fn access(&mut self, action: &OpenedAction<'_>, when: When, resource: Resource, registered: &dyn Registered) {
        let body = action.body;
        // Whoever got a key, and nobody's data with it, tried for none.
        let only_a_key = body.verb == Verb::KeyAccess && determination(body) == Determination::Nobody;
        if is_administrative(body.verb) || gives_nothing(body.verb) || body.actors.is_empty() || only_a_key {
            return;
        }
        let chain: Vec<Party> = (0..body.actors.len()).filter_map(|position| self.actor(action, position)).collect();
        let of_subjects = || body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
        // What only went into the tool came from whoever acted, and went to whoever is named as having got it; that it was
        // tried is told all the same.
        let happened = !matches!(body.outcome, Outcome::Denied | Outcome::Failed);
        let mut given_to: BTreeSet<Party> = (0..body.recipients.len())
            .filter(|_| happened)
            .filter(|position| body.recipients[*position].kind != RecipientKind::DataSubject)
            .filter_map(|position| self.recipient(action, position))
            .collect();
        let given = |(position, recipient): (usize, &body::Recipient)| {
            let to = self.recipient(action, position)?;
            let at = At { earliest: when.earliest, index: action.index };
            let registered = registered.country(&recipient.name, at).unwrap_or_default();
            let country = if recipient.country.is_empty() { registered } else { &recipient.country };
            let certain = matches!(body.outcome, Outcome::Succeeded | Outcome::Partial);
            Some(Given { to, kind: recipient.kind, country: country.to_owned(), certain })
        };
        let mut recipients: BTreeSet<Given> =
            body.recipients.iter().enumerate().filter(|_| happened).filter_map(given).collect();
        let stranger = body.recipients.iter().any(|recipient| recipient.kind == RecipientKind::UnauthorisedPerson);
        let only_gives = happened && !comes_back(body);
        let mut perhaps_given_to = BTreeSet::new();
        for taker in self.takers(action, when, registered) {
            let of = if taker.perhaps { &mut perhaps_given_to } else { &mut given_to };
            of.insert(taker.given.to);
            recipients.insert(taker.given);
        }
        if only_gives && given_to.is_empty() {
            return;
        }
        let tells_in_error = may_tell_in_error(action);
        let counts = |group: &&PartGroup| only_gives || tells_in_error || part_comes_back(group);
        let (mut subjects, mut categories, mut shown_to) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let (mut all_open, mut parts, mut counted_parts) = (true, 0u64, Vec::new());
        // Where no part says whose data it was, none says which.
        let mut unstated = !of_subjects().any(|it| counts(&it));
        for group in of_subjects().filter(counts) {
            let mut states = false;
            parts += u64::from(group.count);
            counted_parts.push(group.first..group.first.saturating_add(group.count));
            for ordinal in group.first..group.first.saturating_add(group.count) {
                match action.persons.get(&ordinal) {
                    Some(person) => drop(subjects.insert(*person)),
                    None => all_open = false,
                }
            }
            let moved =
                |used: &&body::CategoryUse| only_gives || tells_in_error || used.direction != Direction::Argument;
            for used in group.categories.iter().filter(moved) {
                let stated = used.categories.iter().copied().filter(|c| *c != Category::Unspecified);
                categories.extend(stated.inspect(|_| states = true));
                for number in &used.rendered_to {
                    shown_to.extend(self.eyes(action, *number));
                }
            }
            unstated |= !states;
        }
        unstated &= happened && determination(body) != Determination::Nobody;
        let listing = listing(action, when, registered);
        let perhaps_all = unstated && listing.is_none();
        let perhaps_categories = listing.filter(|_| unstated).unwrap_or_default();
        let moved = |direction| only_gives || tells_in_error || direction != Direction::Argument;
        let (fields, each_names) = self.fields(action, counted_parts.into_iter().flatten(), moved);
        let listed = determination(body) == Determination::Listed && all_open && !counts_more_than(body, parts);
        let access = Access {
            entries: vec![action.index],
            when,
            verb: body.verb,
            outcome: body.outcome,
            chain,
            resource,
            subjects,
            listed,
            fields,
            fields_told: listed && each_names,
            delivered: (counted(&body.subjects_delivered), counted(&body.records_delivered)),
            categories,
            perhaps_categories,
            perhaps_all,
            shown_to,
            given_to,
            perhaps_given_to,
            only_gives,
            goes_anyway: false,
            tells_in_error,
            about_nobody: determination(body) == Determination::Nobody,
            authorised: if stranger { Authorised::No } else { authorised(body) },
            approved: None,
            review: None,
            despite_restriction: body.legal_bases.contains(&LegalBasis::DespiteRestriction),
            recipients,
        };
        self.accesses.push(access);
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
        sealed.map(|name| match name.value.as_str() {
            // Taken out with somebody whom it named.
            "" => Named::Closed(a.index, place_of(field, position)),
            value => Named::Sealed(value.to_owned()),
        })
    }

    fn reference(&mut self, kind: FactKind, reference: &str) -> u64 {
        let next = self.references.len() as u64;
        *self.references.entry((kind, reference.to_owned())).or_insert(next)
    }
}

/// The caller's own reference of a fact.
fn sealed_reference(action: &OpenedAction<'_>, position: usize) -> Option<String> {
    let sealed = action.content?.facts.iter().find(|fact| fact.position as usize == position)?;
    Some(sealed.reference.clone()).filter(|reference| !reference.is_empty())
}

fn ordinals(runs: &[Run]) -> impl Iterator<Item = u32> {
    runs.iter().flat_map(|run| run.first..run.first.saturating_add(run.count))
}

/// Where somebody stands in an entry who has no name there: by the ordinal of their part, apart from the places of names.
const OF_ORDINAL: u32 = 1 << 31;

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
        told_as: None,
        end: None,
        rights: BTreeSet::new(),
        categories: BTreeSet::new(),
        authorised: authorised(action.body),
        doubtful: !matches!(action.body.outcome, Outcome::Succeeded | Outcome::Partial),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_reason_is_what_is_said_to_be_one() {
        assert_eq!(super::reason_of(br#"{"reason":"a test account","of":"C-1001"}"#), "a test account");
        for other in
            [&b""[..], b"C-1001", br#""C-1001""#, br#"{"of":"C-1001"}"#, br#"{"reason":{"of":"C-1001"}}"#, b"\xff"]
        {
            assert_eq!(super::reason_of(other), "", "{other:?}");
        }
    }
}
