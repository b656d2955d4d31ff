//! Copies that follow from what was done, where nobody states them: a download, an agent's context until it closes, and what
//! other parties were given.

use super::*;

impl Telling {
    pub(super) fn copies(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        resource: Resource,
        registered: &dyn Registered,
    ) {
        let body = action.body;
        let memory = self.reference(FactKind::Holding, "\0memory");
        let session = self.session(action);
        let context = self.context(session, resource);
        let actor = self.actor(action, 0);
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
                    let at = At { earliest: when.earliest, index: action.index };
                    let end = registered.retention_us(&recipient.name, at).map(|kept| promised(when.latest, kept));
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
}

/// Kept by contract for so long: promised, not evidenced.
pub(super) fn promised(last: Instant, kept: u64) -> StatedEnd {
    let end = last.saturating_add(kept);
    StatedEnd { earliest: end, latest: end, kind: EndKind::Assumed, enforced: false }
}
