//! What the controller's registry says of the form's fields, with the entry that put it in force.

use super::derive::{Derived, one, put};
use super::evidence::AsOf;
use crate::law::edpb::{MEASURES, is_in_eea};
use crate::registry::{Document, Notification, Reporter, Resource};
use crate::report::controller::ContactFact;
use std::collections::{BTreeMap, BTreeSet};

/// Whether the controller is established in the EEA, where the registry says in which country.
pub fn in_eea(as_of: &AsOf) -> Option<bool> {
    let country = document(as_of)?.controller.as_ref()?.country.as_deref()?;
    Some(is_in_eea(country))
}

fn document(as_of: &AsOf) -> Option<&Document> {
    as_of.registry.as_ref().map(|known| &known.document)
}

/// Resources of the case, as they are registered.
pub fn resources(as_of: &AsOf) -> Vec<Option<&Resource>> {
    let names = as_of.exposure.resources.iter();
    names.map(|resource| document(as_of)?.resource(&resource.name)).collect()
}

/// Contact, and everything else that is asked of the controller. That the registry names no data protection officer does not
/// say that there is none.
pub(super) fn fields(as_of: &AsOf, all: &mut BTreeMap<u8, Derived>) {
    let known = &as_of.exposure.header.controller;
    let Some(registry) = &as_of.registry else { return };
    let entry = || vec![registry.entry];
    let reached = |fact: &ContactFact| {
        let parts = [&fact.address, &fact.contact, &fact.country].into_iter().flatten();
        parts.cloned().collect::<Vec<_>>().join(", ")
    };
    if let Some(controller) = &known.controller {
        put(all, 12, controller.name.clone(), entry());
        put(all, 13, [reached(controller)], entry());
        put(all, 18, controller.representative.clone(), entry());
    }
    if let Some(officer) = &known.dpo {
        put(all, 29, one("a"), entry());
        put(all, 30, officer.name.clone(), entry());
        put(all, 31, [reached(officer)], entry());
    }
    put(all, 114, known.authority.as_ref().and_then(|authority| authority.name.clone()), entry());
    if let Some(said) = &registry.document.notification {
        notification(said, &known.dpo, in_eea(as_of), &entry, all);
    }
    countries(as_of, &entry, all);
}

fn notification(
    said: &Notification,
    officer: &Option<ContactFact>,
    in_eea: Option<bool>,
    entry: &dyn Fn() -> Vec<u64>,
    all: &mut BTreeMap<u8, Derived>,
) {
    let code = |text: &Option<String>, codes: &[(&str, &str)]| {
        let known = codes.iter().find(|(name, _)| text.as_deref() == Some(*name));
        known.map(|(_, code)| (*code).to_owned())
    };
    put(all, 10, code(&said.identifier_kind, &[("company", "a"), ("organisation", "b"), ("vat", "c")]), entry());
    put(all, 11, said.identifier.clone(), entry());
    put(all, 14, code(&said.sector, &[("private", "a"), ("public", "b")]), entry());
    put(all, 15, code(&said.size, &[("micro", "a"), ("medium", "b"), ("large", "c"), ("other", "d")]), entry());
    put(all, 16, said.size_text.clone(), entry());
    put(all, 17, said.economic_activity.clone(), entry());
    let function = |person: &Reporter| match person.function.as_deref() {
        Some("dpo") => Some("a"),
        Some("legal_representative") => Some("b"),
        Some(_) => Some("c"),
        None => None,
    };
    let in_words = |person: &Reporter| person.function.clone().filter(|_| function(person) == Some("c"));
    if let Some(reporter) = &said.reporter {
        put(all, 21, [reporter.name.clone()], entry());
        put(all, 22, reporter.contact.clone(), entry());
        put(all, 23, function(reporter).map(str::to_owned), entry());
        put(all, 24, in_words(reporter), entry());
    }
    put(all, 25, said.national_number.clone(), entry());
    put(all, 26, said.declaration.clone(), entry());
    match (&said.contact, officer) {
        (Some(contact), _) => {
            put(all, 33, one("c"), entry());
            put(all, 34, [contact.name.clone()], entry());
            put(all, 35, contact.function.clone(), entry());
            put(all, 36, contact.contact.clone(), entry());
        }
        (None, Some(_)) => put(all, 33, one("a"), entry()),
        (None, None) => {}
    }
    let measures = said.measures.iter().filter_map(|name| MEASURES.iter().find(|(known, _)| known == name));
    put(all, 75, measures.map(|(_, code)| (*code).to_owned()), entry());
    let crosses = said.cross_border.map(|crosses| if crosses { "a" } else { "b" }.to_owned());
    // Which of the two is asked hangs on where the controller is.
    match in_eea {
        Some(true) => put(all, 113, crosses, entry()),
        Some(false) => put(all, 120, crosses, entry()),
        None => {}
    }
    put(all, 115, said.establishments.iter().filter(|country| is_in_eea(country)).cloned(), entry());
}

/// Where a person lives, as far as the registry says it of the resources that held their data: several countries where it
/// names several, and those of all resources of the case where no record says in which of them the person was.
pub fn countries_of(as_of: &AsOf, at: usize) -> BTreeSet<String> {
    let names = as_of.exposure.resources.iter().map(|resource| &resource.name);
    let theirs = as_of.inside.get(&at);
    let resources = names.filter(|name| theirs.is_none_or(|theirs| theirs.contains(*name)));
    let known = resources.filter_map(|name| document(as_of)?.resource(name));
    known.flat_map(|resource| resource.subject_countries.iter().cloned()).collect()
}

/// 116, 117, 121, 122: where those live whose data the resources hold. Whoever has several countries on file counts in each,
/// so that nobody is lost; the numbers may then be more than there are people.
fn countries(as_of: &AsOf, entry: &dyn Fn() -> Vec<u64>, all: &mut BTreeMap<u8, Derived>) {
    let resources = resources(as_of);
    let known: Option<Vec<&Resource>> = resources.into_iter().collect();
    let Some(known) = known.filter(|known| known.iter().all(|it| !it.subject_countries.is_empty())) else { return };
    let countries: BTreeSet<&String> = known.iter().flat_map(|resource| &resource.subject_countries).collect();
    let in_eea = || countries.iter().filter(|country| is_in_eea(country)).map(|country| (*country).clone());
    for field in [116, 121] {
        put(all, field, in_eea(), entry());
    }
    let (concerned, determined) = as_of.exposure.concerned();
    if !determined {
        return;
    }
    let listed = as_of.exposure.subjects.iter().enumerate().filter(|(_, subject)| subject.is_concerned());
    let listed: Vec<BTreeSet<String>> = listed.map(|(at, _)| countries_of(as_of, at)).collect();
    // Whoever is counted and not listed may live in any of them.
    let others = concerned.high.saturating_sub(listed.len() as u64);
    let number = |country: &String| {
        let theirs = listed.iter().filter(|theirs| theirs.contains(country)).count() as u64;
        // Only perhaps somebody else's: never more than there are.
        format!("{country}={}", (theirs + others).min(concerned.high))
    };
    for field in [117, 122] {
        put(all, field, in_eea().map(|country| number(&country)), entry());
    }
}

/// 41: how the other parties are reached, in their order. Where one of them is not registered, or only in which country it is,
/// a person has to say.
pub(super) fn reached<'a>(as_of: &AsOf, parties: impl Iterator<Item = &'a str>, all: &mut BTreeMap<u8, Derived>) {
    let Some(registry) = &as_of.registry else { return };
    let of_party = |name: &str| {
        let party = registry.document.party(name)?;
        let parts = [&party.address, &party.contact, &party.country].into_iter().flatten();
        let is_reached = party.address.is_some() || party.contact.is_some();
        is_reached.then(|| parts.cloned().collect::<Vec<_>>().join(", "))
    };
    let texts: Option<Vec<String>> = parties.map(of_party).collect();
    put(all, 41, texts.unwrap_or_default(), vec![registry.entry]);
}
