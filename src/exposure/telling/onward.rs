//! What agents sent on or showed of what they had before them, under another dataset's name or none (REPORTS 2.3: using a
//! holding is a new access to all its data subjects).
//!
//! Nobody says where what was sent or shown came from, so that it is possible and never certain.

use super::contexts::{Had, Places};
use super::*;
use crate::model::verbs::passes_on_or_shows;

/// Data left an agent for somebody's hands or eyes.
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
    /// What an agent sent or showed, where it got to somebody else.
    pub(super) fn sent(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        own: Option<Resource>,
        registered: &dyn Registered,
    ) -> Option<Sent> {
        let body = action.body;
        let by_agent = body.actors.first().is_some_and(|actor| actor.kind == PartyKind::Agent);
        if !by_agent || !passes_on_or_shows(body.verb) || matches!(body.outcome, Outcome::Denied | Outcome::Failed) {
            return None;
        }
        let (agent, session) = (self.actor(action, 0)?, self.session(action));
        // Told as of any resource, and taken out again: of which it was is what nobody says.
        let before = self.accesses.len();
        self.access(action, when, own.unwrap_or_default(), registered);
        let access = self.accesses.drain(before..).next_back().filter(|access| !access.about_nobody)?;
        let at = At { earliest: when.earliest, index: action.index };
        let kept = |(position, recipient): (usize, &body::Recipient)| {
            Some((self.recipient(action, position)?, registered.retention_us(&recipient.name, at)))
        };
        let kept_us = body.recipients.iter().enumerate().filter_map(kept).collect();
        let reached = given(&access).chain(&access.shown_to).any(|party| *party != agent);
        reached.then(|| Sent { index: action.index, agent, session, when, access: access.clone(), kept_us })
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
        let act = self.acts.get(&sent.index);
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
