//! What agents sent on, showed or put into tools of what they had before them, under another dataset's name or none (REPORTS
//! 2.3: using a holding is a new access to all its data subjects).
//!
//! Nobody says where what was sent or shown came from, so that it is possible and never certain.

use super::contexts::{Had, Places};
use super::*;
use crate::model::verbs::passes_from_an_agent;

/// Data left an agent for somebody's hands or eyes, or went into a tool.
#[derive(Clone)]
pub(super) struct Sent {
    pub index: u64,
    pub agent: Party,
    pub session: Option<u64>,
    pub when: When,
    /// As it is told of its own dataset.
    access: Access,
    /// By the names of those who got it: how long they keep it by contract, microseconds.
    kept_us: Vec<(Party, Option<u64>)>,
}

impl Telling {
    /// What an agent sent, showed or put into a tool, where it got to somebody else.
    pub(super) fn sent(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        own: Option<Resource>,
        registered: &dyn Registered,
    ) -> Option<Sent> {
        let body = action.body;
        if body.actors.first().is_none_or(|actor| actor.kind != PartyKind::Agent) {
            return None;
        }
        let (agent, session) = (self.actor(action, 0)?, self.session(action));
        let own = own.unwrap_or_default();
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
        if let Some(call) = self.into_tool(action, when, own, registered) {
            let mut told = access.or_else(|| self.handed_over(&call))?;
            for operator in &call.operators {
                told.give(&operator.given);
                kept_us.push((operator.given.to, operator.keeps_us));
            }
            access = Some(told);
        }
        let access = access.filter(|access| !access.about_nobody)?;
        let reached = given(&access).chain(&access.shown_to).any(|party| *party != agent);
        reached.then_some(Sent { index: action.index, agent, session, when, access, kept_us })
    }

    /// It was possibly of what the agent had before it of this resource.
    pub(super) fn sent_on(&mut self, sent: &Sent, resource: Resource, all: &[Had<'_>], places: &mut Places) {
        if places.accesses.contains_key(&(sent.index, resource)) {
            return;
        }
        let lists = sent.access.listed;
        // Whoever it named may have gone since, and with them which session it was of.
        let named = lists || self.closed.contains_key(&sent.index);
        let causes = self.acts.get(&sent.index).into_iter().flat_map(|act| act.caused_by.iter().chain(&act.parents));
        let causes: BTreeSet<u64> =
            causes.flat_map(|id| self.acts_of(id, sent.index)).map(|cause| cause.index).collect();
        let had = all.iter().filter(|had| {
            let sessions = (had.session(), sent.session);
            // Of what names nobody only what is of one session is taken as of what was in that.
            let of_it = named || matches!(sessions, (Some(one), Some(other)) if one == other);
            had.came_by(&causes) || had.may_be_sent(sent) && of_it
        });
        let (mut subjects, mut categories, mut listed, mut any) = (BTreeSet::new(), BTreeSet::new(), true, false);
        for had in had {
            let Some(put) = had.access.and_then(|at| self.accesses.get(at)) else { continue };
            any = true;
            listed &= put.listed;
            categories.extend(&put.categories);
            match (lists, put.listed) {
                (true, true) => subjects.extend(put.subjects.intersection(&sent.access.subjects)),
                (true, false) => subjects.extend(&sent.access.subjects),
                (false, _) => subjects.extend(&put.subjects),
            }
        }
        if !any || lists && subjects.is_empty() {
            return;
        }
        let receivers: BTreeSet<Party> = given(&sent.access).filter(|party| **party != sent.agent).copied().collect();
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
            listed: lists || listed,
            delivered: (None, None),
            categories: if sent.access.categories.is_empty() { categories } else { sent.access.categories.clone() },
            given_to: BTreeSet::new(),
            perhaps_given_to: receivers,
            only_gives: true,
            goes_anyway: false,
            approved: act.and_then(|act| act.approved),
            review: act.and_then(|act| act.review),
            recipients: sent.access.recipients.iter().map(uncertain).collect(),
            ..sent.access.clone()
        };
        self.accesses.push(access);
    }
}

/// Whose hands it got to, or may have.
fn given(access: &Access) -> impl Iterator<Item = &Party> {
    access.given_to.iter().chain(&access.perhaps_given_to)
}
