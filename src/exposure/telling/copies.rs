//! Copies that follow from what was done, where nobody states them: a download, an agent's context until it closes, and what
//! other parties were given.

use super::*;
use crate::model::verbs::{HumanUse, human_use};

impl Telling {
    pub(super) fn copies(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        resource: Resource,
        registered: &dyn Registered,
    ) {
        let body = action.body;
        let session = self.session(action);
        let actor = self.actor(action, 0);
        let memory = actor.map(|actor| self.memory(actor, resource));
        let context = actor.map(|actor| self.context(actor, session, resource));
        let says_itself = body.facts.iter().any(|fact| fact.kind == FactKind::Holding);
        let (side, reference) = match body.verb {
            _ if says_itself => (None, None),
            Verb::DataDownload | Verb::DataExport | Verb::DataCopy | Verb::DataDerive => (Some(Side::Opens), None),
            Verb::MemoryWrite => (Some(Side::Opens), memory),
            Verb::ContextLoad => (Some(Side::Opens), context),
            Verb::ContextClose => (Some(Side::Closes), context),
            Verb::MemoryErase => (Some(Side::Closes), memory),
            _ => (None, None),
        };
        let mut holders: Vec<(Party, Side, Option<u64>, Option<StatedEnd>)> = Vec::new();
        holders.extend(actor.zip(side).map(|(actor, side)| (actor, side, reference, None)));
        if !is_administrative(body.verb) && !gives_nothing(body.verb) {
            // What an agent is given to work on is in its context, as far as that of this conversation goes.
            let delegates = matches!(body.verb, Verb::AgentDelegate | Verb::AgentReturn);
            let (stated, on_screen) = (self.stated_holders(action), self.before_eyes(action));
            for (position, recipient) in body.recipients.iter().enumerate() {
                let Some(party) = self.recipient(action, position) else { continue };
                // Who reads on a screen holds no copy; whoever runs a system does, and whoever is sent something.
                let keeps = match recipient.party {
                    PartyKind::Organisation | PartyKind::Service => true,
                    PartyKind::Agent => sends(body.verb) || delegates,
                    _ => sends(body.verb) || !on_screen.contains(&party),
                };
                if keeps && recipient.kind != RecipientKind::DataSubject && !stated.contains(&party) {
                    let at = At { earliest: when.earliest, index: action.index };
                    let end = registered.retention_us(&recipient.name, at).map(|kept| promised(when.latest, kept));
                    let of_session = delegates && recipient.party == PartyKind::Agent;
                    let reference = of_session.then(|| self.context(party, session, resource));
                    holders.push((party, Side::Opens, reference, end));
                }
            }
        }
        for taker in self.takers(action, when, registered) {
            let to = taker.given.to;
            if !holders.iter().any(|(holder, ..)| *holder == to) && !self.stated_holders(action).contains(&to) {
                let (edge, thing) =
                    (edge_of(action, when, Side::Opens, None), Some(Thing::Holding { holder: to, resource }));
                self.edges.push(Edge { thing, end: taker.end, doubtful: edge.doubtful || taker.perhaps, ..edge });
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

    /// The reference of what an agent remembers of a resource: what it forgets is no memory of another, nor of anything else.
    pub(super) fn memory(&mut self, agent: Party, resource: Resource) -> u64 {
        self.reference(FactKind::Holding, &format!("\0memory\0{}\0{agent:?}", resource.0))
    }

    /// Of whose copies the act says itself.
    fn stated_holders(&mut self, action: &OpenedAction<'_>) -> BTreeSet<Party> {
        let facts = action.body.facts.iter().enumerate().filter(|(_, fact)| fact.kind == FactKind::Holding);
        facts.filter_map(|(position, fact)| self.fact_party(action, position, fact)).collect()
    }

    /// To whom data was shown.
    fn before_eyes(&mut self, action: &OpenedAction<'_>) -> BTreeSet<Party> {
        let uses = action.body.parts.iter().flat_map(|group| &group.categories);
        uses.flat_map(|used| &used.rendered_to).filter_map(|number| self.eyes(action, *number)).collect()
    }
}

/// What was sent arrived somewhere, also if it is known to have been looked at.
fn sends(verb: Verb) -> bool {
    verb.code().starts_with("data.") && human_use(verb) != HumanUse::Reads
}

/// Kept by contract for so long: promised, not evidenced.
pub(super) fn promised(last: Instant, kept: u64) -> StatedEnd {
    let end = last.saturating_add(kept);
    StatedEnd { earliest: end, latest: end, kind: EndKind::Assumed, enforced: false }
}
