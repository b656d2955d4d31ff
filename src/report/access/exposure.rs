//! What one entry exposed of the person, to whom, and how surely.
//!
//! The direction rule decides every doubt here: what may have been seen is never told as not seen.

use super::document::*;
use super::entry::{Material, goes};
use crate::model::verbs::{self, HumanUse};
use crate::model::*;
use whosaw_verifier::body::{Quantity, Recipient};

impl Material<'_> {
    pub fn exposure(&self) -> Exposure {
        let body = self.body;
        let mut exposure = Exposure::NONE;
        if !self.is_subject() {
            return exposure;
        }
        exposure.error_text =
            body.outcome == Outcome::Failed && self.content.is_some_and(|content| !content.error.is_empty());
        // Without a part that says "data subject", that it is about the person stays possible.
        let surely = if self.roles().contains(&Role::DataSubject) { Level::Certain } else { Level::Possible };
        let surely = surely.min(self.at_most);
        let delivered = self.limited(delivered(body.outcome).min(surely));
        let moves = |direction| self.uses().any(|used| goes(used, direction));
        let unstated = self.uses().next().is_none() && !verbs::is_administrative(body.verb);
        let clouded = self.clouded() && !verbs::is_administrative(body.verb);
        let silent = verbs::gives_nothing(body.verb);
        exposure.unstated = unstated;
        exposure.incomplete = clouded && delivered != Level::None && !(silent && unstated);
        exposure.arguments = if moves(Direction::Argument) {
            surely
        } else if unstated && (!silent || self.tool().is_some()) {
            Level::Possible
        } else {
            Level::None
        };
        exposure.result = if self.nothing_found() {
            // Counts and categories that contradict each other: what they say that came back may have.
            let contradicted = moves(Direction::Result) && !verbs::is_query(body.verb);
            if contradicted { delivered.min(Level::Possible) } else { Level::None }
        } else if moves(Direction::Result) {
            delivered
        } else if unstated && silent {
            Level::None
        } else if unstated && verbs::tells(body.verb) {
            delivered.min(Level::Possible)
        } else if unstated {
            delivered
        } else if clouded || self::delivered(body.outcome) == Level::Possible {
            delivered.min(Level::Possible)
        } else {
            Level::None
        };
        self.rendered(delivered.max(Level::Possible), &mut exposure);
        self.acted(&mut exposure);
        self.disclosed(delivered, &mut exposure);
        exposure.beyond(&self.told_before)
    }

    /// Why it is not settled what came back.
    fn clouded(&self) -> bool {
        let doubts = [Doubt::ResultNotParsed, Doubt::FieldMissing, Doubt::ContentTruncated, Doubt::OutcomeUnknown];
        // What the ledger itself cut of a call was read whole before. A caller who describes may have cut before that.
        let read_whole = !self.body.cut.is_empty() && self.body.provenance != Provenance::Described;
        let counts = |doubt: &&Doubt| !(read_whole && **doubt == Doubt::ContentTruncated);
        let settled = determination(self.body) == Determination::Listed;
        !settled || doubts.iter().filter(counts).any(|doubt| self.body.doubts.contains(doubt))
    }

    /// The act counted what it delivered, and that was nothing.
    fn nothing_found(&self) -> bool {
        let nothing = |quantity: &Option<Quantity>| exactly(quantity) == Some(0);
        nothing(&self.body.subjects_delivered) && nothing(&self.body.records_delivered)
    }

    /// Where fewer persons' data were delivered than are listed, it may be the others'.
    fn limited(&self, delivered: Level) -> Level {
        let given = |group: &&whosaw_verifier::body::PartGroup| {
            let back = |used| goes(used, Direction::Result) || used.direction == Direction::Rendered;
            group.roles.contains(&Role::DataSubject)
                && (group.categories.is_empty() || group.categories.iter().any(back))
        };
        let (mut listed, mut own) = (0u64, 0u64);
        for group in self.body.parts.iter().filter(given) {
            listed += u64::from(group.count);
            own += self.ordinals.iter().filter(|ordinal| super::entry::holds(group, **ordinal)).count() as u64;
        }
        let may_be_others = match exactly(&self.body.subjects_delivered) {
            Some(count) => count.saturating_add(own) <= listed,
            None => self.body.outcome == Outcome::Partial && own < listed,
        };
        if may_be_others && own > 0 { delivered.min(Level::Possible) } else { delivered }
    }

    /// Before whose eyes. A record that says so beside a failure contradicts itself, and is taken as possible.
    fn rendered(&self, level: Level, exposure: &mut Exposure) {
        let level = level.min(self.at_most);
        for used in self.uses().filter(|used| used.direction == Direction::Rendered) {
            if used.rendered_to.is_empty() {
                exposure.humans = exposure.humans.max(Level::Possible);
            }
            for position in &used.rendered_to {
                match self.eyes(*position) {
                    Some((PartyKind::Human, part)) if self.is_this_person(part) => {
                        exposure.this_person = exposure.this_person.max(level);
                    }
                    Some((PartyKind::Human, _)) => exposure.humans = exposure.humans.max(level),
                    Some((PartyKind::Agent | PartyKind::Service, _)) => {
                        exposure.machines = exposure.machines.max(level);
                    }
                    // A group, an organisation or the public: that somebody of them looked is possible, not recorded.
                    Some(_) | None => exposure.humans = exposure.humans.max(Level::Possible),
                }
            }
        }
    }

    fn eyes(&self, position: u32) -> Option<(PartyKind, u32)> {
        match Eyes::of_number(position)? {
            Eyes::Actor(at) => self.body.actors.get(at as usize).map(|actor| (actor.kind, actor.part)),
            Eyes::Recipient(at) => self.body.recipients.get(at as usize).map(|found| (found.party, found.part)),
        }
    }

    /// What came back to whoever acted, if that is a human or may be one.
    fn acted(&self, exposure: &mut Exposure) {
        let Some(actor) = self.body.actors.first() else { return };
        let (verb, result) = (self.body.verb, exposure.result);
        match actor.kind {
            PartyKind::Human if self.is_this_person(actor.part) => {
                exposure.this_person = exposure.this_person.max(result);
            }
            PartyKind::Human => {
                exposure.humans_directly = match verbs::human_use(verb) {
                    HumanUse::Reads => result,
                    HumanUse::Unclear => result.min(Level::Possible),
                    HumanUse::Takes => Level::None,
                };
                exposure.humans = exposure.humans.max(exposure.humans_directly);
                exposure.humans_given = if exposure.humans_directly == result { Level::None } else { result };
                exposure.may_see(exposure.error_text);
            }
            PartyKind::Agent => {}
            // A service that views shows somebody something: an account that people share.
            PartyKind::Service | PartyKind::Organisation => {
                exposure.may_see(verb == Verb::DataView && result != Level::None);
            }
            PartyKind::Group | PartyKind::Public | PartyKind::Unspecified => {
                exposure.may_see(result != Level::None || exposure.error_text);
            }
        }
    }

    /// What reached the recipients that the record names: nothing by an act that was denied or failed, whose arguments went
    /// to whoever runs the tool and no further.
    fn disclosed(&self, delivered: Level, exposure: &mut Exposure) {
        if self.body.recipients.is_empty() || (self.uses().next().is_none() && !exposure.unstated) {
            return;
        }
        let arrived = self::delivered(self.body.outcome);
        let told = if self.nothing_found() { Level::None } else { delivered };
        exposure.recipients = told.max(exposure.arguments.min(arrived));
        let sees = |recipient: &Recipient| {
            let is_human = recipient.party == PartyKind::Human && !self.is_this_person(recipient.part);
            let is_open = matches!(recipient.party, PartyKind::Group | PartyKind::Public | PartyKind::Unspecified);
            is_human || is_open || recipient.kind == RecipientKind::UnauthorisedPerson
        };
        exposure.may_see(exposure.recipients != Level::None && self.body.recipients.iter().any(sees));
    }
}

impl Exposure {
    /// What is certain here and was certain before it was corrected happened at least once, and perhaps twice.
    fn beyond(mut self, before: &Exposure) -> Exposure {
        for (level, before) in [
            (&mut self.arguments, before.arguments),
            (&mut self.result, before.received()),
            (&mut self.machines, before.received()),
            (&mut self.humans, before.humans),
            (&mut self.humans_directly, before.humans_directly),
            (&mut self.humans_given, before.humans_given),
            (&mut self.this_person, before.this_person),
            (&mut self.recipients, before.recipients),
        ] {
            if before == Level::Certain {
                *level = (*level).min(Level::Possible);
            }
        }
        self
    }

    /// Humans among whom it is possible, and not recorded, that somebody looked.
    fn may_see(&mut self, they: bool) {
        if they {
            self.audience = Level::Possible;
        }
    }
}

fn exactly(quantity: &Option<Quantity>) -> Option<u64> {
    quantity.as_ref().filter(|quantity| quantity.precision == Precision::Exact).map(|quantity| quantity.count)
}

/// Whether a result reached whoever acted.
fn delivered(outcome: Outcome) -> Level {
    match outcome {
        Outcome::Succeeded | Outcome::Partial => Level::Certain,
        Outcome::Unknown | Outcome::Unspecified => Level::Possible,
        Outcome::Denied | Outcome::Failed => Level::None,
    }
}
