//! Who is responsible, as every report prints it.

use super::cover::pair;
use super::*;
use crate::report::access::document::Completeness;
use crate::report::controller::{ContactFact, ControllerFacts};
use crate::report::wording::Wording;

pub fn pairs(w: &Wording, facts: &ControllerFacts) -> Vec<Pair> {
    let (f, missing) = (&w.fact, &w.missing.controller);
    let mut pairs = vec![contact(w, &f.controller, facts.controller.as_ref())];
    pairs.extend(facts.joint_controllers.iter().map(|joint| contact(w, &f.joint_controller, Some(joint))));
    pairs.push(contact(w, &f.dpo, facts.dpo.as_ref()));
    pairs.push(contact(w, &f.authority, facts.authority.as_ref()));
    pairs.push(match &facts.legal_profile {
        Some(profile) => {
            let snapshot = w.day(&profile.snapshot);
            let value = fill(&f.legal_profile_value, &[("id", &profile.id), ("snapshot", &snapshot)]);
            let place = [&profile.country, &profile.zone].into_iter().flatten();
            let pieces = std::iter::once(value).chain(place.cloned());
            Pair {
                label: f.legal_profile.clone(),
                value: pieces.map(|text| Piece { text, style: Style::Plain }).collect(),
            }
        }
        None => pair(&f.legal_profile, missing.clone(), Style::Missing),
    });
    pairs.push(match &facts.registry {
        Some(registry) => {
            let entry = w.number(registry.entry.0);
            let value = fill(&f.registry_value, &[("version", &registry.version), ("entry", &entry)]);
            pair(&f.registry, value, Style::Plain)
        }
        None => pair(&f.registry, missing.clone(), Style::Missing),
    });
    pairs
}

/// How much of what only the controller can say is there.
pub fn counted(w: &Wording, completeness: &Completeness) -> Pair {
    let values = [
        ("provided", w.number(completeness.provided)),
        ("partly", w.number(completeness.partly)),
        ("not_provided", w.number(completeness.not_provided)),
        ("not_applicable", w.number(completeness.not_applicable)),
    ];
    let summary = fill(&w.provision.summary, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
    pair(&w.exposure.fact.completeness, summary, Style::Plain)
}

/// What is known line by line; a contact without a way to reach it lacks what the law asks for.
fn contact(w: &Wording, label: &str, fact: Option<&ContactFact>) -> Pair {
    let Some(fact) = fact else { return pair(label, w.missing.controller.clone(), Style::Missing) };
    let lines = |text: &Option<String>| -> Vec<Piece> {
        let lines = text.iter().flat_map(|text| text.lines());
        lines.map(|line| Piece { text: line.to_owned(), style: Style::Plain }).collect()
    };
    let mut value = [lines(&fact.name), lines(&fact.address)].concat();
    match lines(&fact.contact) {
        lines if lines.is_empty() => value.push(Piece { text: w.missing.contact.clone(), style: Style::Missing }),
        lines => value.extend(lines),
    }
    value.extend(lines(&fact.country));
    let representative = fact.representative.as_ref();
    let representative = representative.map(|name| fill(&w.fact.representative_value, &[("name", name)]));
    value.extend(lines(&representative));
    Pair { label: label.to_owned(), value }
}
