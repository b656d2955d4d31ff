//! Who got data by an act without being named as a recipient: an organisation that acts itself, or for which somebody does, is
//! outside like one to which the same is sent; and what was sent went to somebody, also where nobody says to whom.

use super::copies::promised;
use super::*;
use crate::model::verbs::passes_on;

/// Somebody who got data by an act, or possibly did.
pub(super) struct Taker {
    pub given: Given,
    pub perhaps: bool,
    pub end: Option<StatedEnd>,
}

impl Telling {
    pub(super) fn takers(&mut self, action: &OpenedAction<'_>, when: When, registered: &dyn Registered) -> Vec<Taker> {
        let body = action.body;
        let moves = !is_administrative(body.verb) && !gives_nothing(body.verb);
        let happened = !matches!(body.outcome, Outcome::Denied | Outcome::Failed);
        if !moves || !happened || determination(body) == Determination::Nobody {
            return Vec::new();
        }
        let (certain, mut takers) = (matches!(body.outcome, Outcome::Succeeded | Outcome::Partial), Vec::new());
        let at = At { earliest: when.earliest, index: action.index };
        let outside = body.actors.iter().enumerate().filter(|(_, actor)| actor.kind == PartyKind::Organisation);
        for (position, actor) in outside.filter(|_| comes_back(body)) {
            let Some(to) = self.actor(action, position) else { continue };
            // Of what an agent got, whoever it acted for perhaps has nothing.
            let perhaps = position > 0;
            let kind = registered.role(&actor.name, at).unwrap_or(RecipientKind::Undetermined);
            let country = registered.country(&actor.name, at).unwrap_or_default().to_owned();
            let end = registered.retention_us(&actor.name, at).map(|kept| promised(when.latest, kept));
            takers.push(Taker { given: Given { to, kind, country, certain: certain && !perhaps }, perhaps, end });
        }
        if goes_to_nobody_named(body) {
            let to = self.named_party(PartyKind::Unspecified, Named::ReceiverOf(action.index));
            let given = Given { to, kind: RecipientKind::Undetermined, country: String::new(), certain };
            takers.push(Taker { given, perhaps: false, end: None });
        }
        takers
    }
}

/// Somebody got it, and nobody says who.
pub(super) fn goes_to_nobody_named(body: &ActionBody) -> bool {
    passes_on(body.verb) && body.recipients.is_empty() && !says_to_whom(body)
}

/// A way that was opened, or a copy that is told of, says who got it.
fn says_to_whom(body: &ActionBody) -> bool {
    body.facts.iter().any(|fact| matches!(fact.kind, FactKind::Grant | FactKind::Holding))
}
