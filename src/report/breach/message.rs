//! What a message to the persons concerned has to say (GDPR Art. 34(2)): what the breach file answers, and what the registry
//! says of whom to ask. It is the same for everybody, and written by people: nothing is made up here.

use super::document::{FieldState, MessageFact, MessagePart, RegisterLine};
use super::evidence::BreachEvidence;
use super::{form, register};
use crate::report::access::completeness::of_each;
use crate::report::access::document::{EntryIndex, Provision};
use crate::report::controller::{ContactFact, ControllerFacts};
use crate::report::wording::Wording;

/// When and what it was; what is likely to come of it; what was done and will be.
const NATURE: [u8; 5] = [46, 47, 55, 60, 62];
const CONSEQUENCES: [u8; 8] = [79, 80, 81, 82, 83, 84, 85, 86];
const MEASURES: [u8; 3] = [92, 94, 95];

pub fn facts(evidence: &BreachEvidence, w: &Wording) -> Vec<MessageFact> {
    let now = &evidence.now;
    let form = form::decide(now, &evidence.profile, false, w);
    let of = |part| match part {
        MessagePart::Nature => register::answered(now, &form, &NATURE, w),
        MessagePart::Consequences => register::answered(now, &form, &CONSEQUENCES, w),
        MessagePart::Measures => register::answered(now, &form, &MEASURES, w),
        MessagePart::Contact => contact(&now.exposure.header.controller, w),
    };
    let told = |part: &MessagePart| {
        let (lines, provision) = of(*part);
        MessageFact { part: *part, provision, lines }
    };
    MessagePart::ALL.iter().map(told).collect()
}

/// The data-protection officer, else the controller as the other contact point (Art. 33(3)(b)).
fn contact(known: &ControllerFacts, w: &Wording) -> (Vec<RegisterLine>, Provision) {
    let reached = |fact: &&ContactFact| fact.contact.is_some() || fact.address.is_some();
    let all = || [&known.dpo, &known.controller].into_iter().flatten();
    let Some(fact) = all().find(reached).or_else(|| all().next()) else {
        return (vec![register::missing(w.missing.value.clone())], Provision::NotProvided);
    };
    let texts = [&fact.name, &fact.address, &fact.contact].into_iter().flatten().cloned();
    let entries: Vec<EntryIndex> = known.registry.iter().map(|registry| registry.entry).collect();
    let mut lines =
        vec![RegisterLine { text: w.comma(&texts.collect::<Vec<_>>()), state: FieldState::Registry, entries }];
    if !reached(&fact) {
        lines.push(register::missing(w.missing.contact.clone()));
    }
    (lines, of_each([fact.name.is_some(), reached(&fact)]))
}
