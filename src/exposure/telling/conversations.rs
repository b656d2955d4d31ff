//! Which agents acted in one conversation: what one of them had before it, another there possibly has (REPORTS 2.3, direction
//! rule: nobody logs what they say to each other).

use super::contexts::Put;
use super::*;
use std::collections::HashSet;

/// Who acted in which conversation, until everything was told.
#[derive(Clone, Default)]
pub(super) struct Conversations {
    of: HashMap<u64, BTreeMap<Party, Member>>,
    texts: HashMap<u64, String>,
}

/// An agent that acted in a conversation.
#[derive(Clone)]
pub(super) struct Member {
    name: Named,
    acts: Vec<(u64, When)>,
}

impl Member {
    /// Its first act there that may have been at this instant or after it.
    pub(super) fn from(&self, at: Instant) -> Option<(u64, When)> {
        let later = self.acts.iter().filter(|(_, when)| when.latest >= at);
        later.min_by_key(|(index, when)| (when.earliest, *index)).copied()
    }
}

impl Conversations {
    pub(super) fn retain(&mut self, stands: impl Fn(u64) -> bool) {
        for member in self.of.values_mut().flat_map(BTreeMap::values_mut) {
            member.acts.retain(|(index, _)| stands(*index));
        }
    }

    /// Everybody else who acted in it.
    pub(super) fn beside(&self, session: u64, agent: Party) -> impl Iterator<Item = (Party, &Member)> {
        let members = self.of.get(&session).into_iter().flatten();
        members.filter(move |(other, _)| **other != agent).map(|(other, member)| (*other, member))
    }

    /// Those in which each agent acted beside others.
    pub(super) fn shared(&self) -> HashMap<Party, Vec<u64>> {
        let mut all: HashMap<Party, Vec<u64>> = HashMap::new();
        for (session, members) in self.of.iter().filter(|(_, members)| members.len() > 1) {
            members.keys().for_each(|agent| all.entry(*agent).or_default().push(*session));
        }
        all
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &BTreeMap<Party, Member>)> {
        let text = |session: &u64| self.texts.get(session).map_or("", String::as_str);
        self.of.iter().map(move |(session, members)| (text(session), members))
    }
}

impl Telling {
    /// An agent acted in a conversation, whatever came of it.
    pub(super) fn takes_part(
        &mut self,
        action: &OpenedAction<'_>,
        session: Option<u64>,
        agent: Party,
        name: &Named,
        when: When,
    ) {
        let (Some(session), Some(content)) = (session, action.content) else { return };
        let conversations = &mut self.contexts.conversations;
        conversations.texts.entry(session).or_insert_with(|| content.conversation.clone());
        let members = conversations.of.entry(session).or_default();
        let member = members.entry(agent).or_insert_with(|| Member { name: name.clone(), acts: Vec::new() });
        if member.acts.last().is_none_or(|(index, _)| *index != action.index) {
            member.acts.push((action.index, when));
        }
    }

    /// What one agent had before it in a conversation possibly came before each other that acted there then, or after it.
    pub(super) fn share(&mut self, puts: &[Put], conversations: &Conversations) -> Vec<Put> {
        let (mut shared, mut copies) = (Vec::new(), HashSet::new());
        for put in puts.iter().filter(|put| !put.given) {
            let Some(session) = put.session else { continue };
            for (agent, member) in conversations.beside(session, put.agent) {
                let Some((index, when)) = member.from(put.when.earliest) else { continue };
                // It got there between the two acts.
                let when = When { earliest: put.when.earliest, ..when };
                let (name, vendor, loads, kept) = (member.name.clone(), None, false, None);
                let reference = self.context(agent, Some(session), put.resource);
                shared.push(Put { index, agent, when, name, vendor, loads, kept, reference, ..put.clone() });
                let loaded = self.acts.get(&put.index).is_some_and(|act| act.verb == Verb::ContextLoad);
                if loaded && copies.insert((index, agent, put.resource)) {
                    let thing = Thing::Holding { holder: agent, resource: put.resource };
                    let edge = Edge::of(index, thing, Side::Opens, when);
                    self.edges.push(Edge { reference: Some(reference), doubtful: true, ..edge });
                }
            }
        }
        shared
    }
}
