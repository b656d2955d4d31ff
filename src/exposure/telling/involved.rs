//! Everybody who took part in an act, or may be one who did: by this one notion nobody takes back or corrects a record of
//! themselves, approves what they do, or finds their own emergency justified (REPORTS 2.3).
//!
//! Of whoever acted, on whose behalf, who got the data and who was let in: everybody who was in it then, over however many
//! groups and accounts, whatever else goes by the same name, and whoever is perhaps the same person as one of them. Whoever
//! came later to what got the data or was let in possibly got it too, and narrows nothing of it; an approval was before that.

use super::takers::goes_to_nobody_named;
use super::*;
use crate::exposure::calculus::interval::{Frame, intervals};
use crate::exposure::calculus::same::Same;
use crate::exposure::calculus::times::TimeSet;

/// After this nothing is asked for.
const EVER: Instant = Instant::MAX - 1;

/// By what it is told who took part.
#[derive(Default)]
pub struct Involved {
    /// All that go by one name, whatever they are said to be.
    namesakes: HashMap<Party, Vec<Party>>,
    /// Of each group and account who is told to have been in it, and when they may have been.
    members: HashMap<Party, Vec<(Party, TimeSet)>>,
    /// Of each entry by which a group or an account took a copy, these.
    takers: HashMap<u64, Vec<Party>>,
    /// Those whose name does not open.
    closed: BTreeSet<Party>,
    same: Same,
}

/// Everybody whom some parties may be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Everybody {
    parties: BTreeSet<Party>,
    /// Persons, each by the first of all that they are perhaps one with.
    persons: BTreeSet<Person>,
    /// Somebody among them is not told apart from others: any human.
    anybody: bool,
    /// Who one of them is does not open any more, or nobody says it.
    closed: bool,
}

/// Whether two sets of parties have somebody in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meet {
    No,
    /// Only if somebody of whom nothing is known is one of the others.
    IfUnknown,
    Yes,
}

impl Everybody {
    pub fn meet(&self, others: &Everybody) -> Meet {
        let nobody = self.parties.is_empty() || others.parties.is_empty();
        let common = !self.parties.is_disjoint(&others.parties) || !self.persons.is_disjoint(&others.persons);
        match (common, self.anybody || others.anybody, self.closed || others.closed) {
            _ if nobody => Meet::No,
            (true, ..) | (_, true, _) => Meet::Yes,
            (_, _, true) => Meet::IfUnknown,
            _ => Meet::No,
        }
    }

    pub fn extend(&mut self, more: &Everybody) {
        self.parties.extend(&more.parties);
        self.persons.extend(&more.persons);
        self.anybody |= more.anybody;
        self.closed |= more.closed;
    }
}

impl Involved {
    /// Call before anything is taken out: what an amendment says of who was in a group decides nothing of who may amend. An
    /// end that somebody amends is none here. `lag_us` is how much later than its end a membership may have gone on.
    pub(super) fn of(told: &Telling, same: &Same, lag_us: u64) -> Self {
        let amended: BTreeSet<u64> = {
            let ids = told.amendings.iter().flat_map(|one| one.corrects.iter().chain(&one.retracts));
            ids.filter_map(|id| told.by_id.get(id)).flatten().copied().collect()
        };
        let in_something = |edge: &&Edge| match (edge.thing, edge.side) {
            (Some(Thing::Membership { .. }) | None, Side::Closes) => !amended.contains(&edge.index),
            (Some(Thing::Membership { .. }), _) => true,
            _ => false,
        };
        let edges: Vec<Edge> = told.edges.iter().filter(in_something).cloned().collect();
        let (found, _) = intervals(&edges, Frame { from: 0, cut_off: EVER }, &|_| lag_us);
        let mut spans: BTreeMap<(Party, Party), Vec<(Instant, Instant)>> = BTreeMap::new();
        for interval in &found {
            if let Thing::Membership { member, whole } = interval.thing {
                spans.entry((whole, member)).or_default().extend(interval.times().possible.spans());
            }
        }
        let mut members: HashMap<Party, Vec<(Party, TimeSet)>> = HashMap::new();
        for ((whole, member), spans) in spans {
            members.entry(whole).or_default().push((member, TimeSet::of(spans)));
        }
        let mut by_name: BTreeMap<Named, Vec<Party>> = BTreeMap::new();
        for (number, (kind, name)) in told.parties.all() {
            by_name.entry(name.key()).or_default().push(Party::Named(*kind, number));
        }
        let closed = by_name.iter().filter(|(name, _)| matches!(name, Named::Closed(..)));
        let closed = closed.flat_map(|(_, parties)| parties).copied().collect();
        let several = by_name.into_values().filter(|parties| parties.len() > 1);
        let namesakes = several.flat_map(|all| all.clone().into_iter().map(move |one| (one, all.clone()))).collect();
        let mut takers: HashMap<u64, Vec<Party>> = HashMap::new();
        for edge in told.edges.iter().filter(|edge| edge.side != Side::Closes) {
            if let Some(Thing::Holding { holder, .. }) = edge.thing.filter(|_| !members.is_empty()) {
                takers.entry(edge.index).or_default().extend(Some(holder).filter(|it| members.contains_key(it)));
            }
        }
        Involved { namesakes, members, takers, closed, same: same.clone() }
    }

    /// Everybody whom one of these may be, or who may have been in one of these at that time.
    pub fn everybody(&self, parties: impl IntoIterator<Item = Party>, when: When) -> Everybody {
        let mut all = Everybody::default();
        let mut next: Vec<Party> = parties.into_iter().collect();
        while let Some(party) = next.pop() {
            if !all.parties.insert(party) {
                continue;
            }
            match party {
                Party::Person(person) => drop(all.persons.insert(self.same.first(person))),
                Party::Anyone => all.anybody = true,
                Party::Unknown(..) => all.closed = true,
                Party::Named(..) => {
                    next.extend(self.namesakes.get(&party).into_iter().flatten());
                    let told = self.members.get(&party).map_or(&[][..], Vec::as_slice);
                    let then = told.iter().filter(|(_, times)| times.meets(when.earliest, when.latest));
                    let before = next.len();
                    next.extend(then.map(|(member, _)| *member));
                    // Nobody who is on file was in it then: somebody unnamed was, or one who had not left.
                    if !told.is_empty() && next.len() == before {
                        all.closed = true;
                        next.extend(told.iter().map(|(member, _)| *member));
                    }
                    all.closed |= party.is_unknown() || party.has_members() && self.closed.contains(&party);
                }
            }
        }
        all
    }

    /// Everybody who took part in an act, or may be one who did.
    pub fn in_act(&self, act: &Act) -> Everybody {
        self.everybody(act.chain.iter().chain(&act.reached).copied(), act.when)
    }

    /// And whoever came later to what got the data, took a copy of it or was let in: they possibly got it too.
    pub fn in_act_or_later(&self, act: &Act) -> Everybody {
        let mut all = self.in_act(act);
        let later = act.reached.iter().chain(self.takers.get(&act.index).into_iter().flatten());
        all.extend(&self.everybody(later.copied(), When { latest: EVER, ..act.when }));
        all
    }
}

impl Telling {
    /// Who got data by an act, or was let in by it: a person, a group, an account. What goes to the public goes to nobody in
    /// particular.
    pub(super) fn reached(&mut self, action: &OpenedAction<'_>) -> Box<[Party]> {
        let body = action.body;
        let mut reached = BTreeSet::new();
        for (position, fact) in body.facts.iter().enumerate() {
            reached.extend(self.fact_party(action, position, fact));
            if fact.kind == FactKind::Membership {
                reached.extend(self.inside(action, &fact.subjects).into_iter().flatten().map(Party::Person));
            }
        }
        reached.extend((0..body.recipients.len()).filter_map(|position| self.recipient(action, position)));
        if goes_to_nobody_named(body) {
            reached.insert(self.named_party(PartyKind::Unspecified, Named::ReceiverOf(action.index)));
        }
        reached.remove(&Party::Anyone);
        reached.into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
