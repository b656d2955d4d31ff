//! What of a file becomes public: the names that entries have to speak of, with the attributes that reports read.

use super::document::Document;
use crate::model::{Registered, Registry, RegistryKind};
use std::collections::{BTreeMap, BTreeSet};

/// One name of a file, and what the file says of it in the open.
pub type Spoken = BTreeMap<(RegistryKind, String), BTreeMap<&'static str, String>>;

/// Every public name of a file, with the attributes it states.
pub fn spoken(document: &Document) -> Spoken {
    let mut spoken = Spoken::new();
    let mut name = |kind: RegistryKind, name: String, attributes: &[(&'static str, Option<String>)]| {
        let known = spoken.entry((kind, name)).or_default();
        known.extend(attributes.iter().filter_map(|(key, value)| Some((*key, value.clone()?))));
    };
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    for party in &document.parties {
        let attributes = [("country", party.country.clone()), ("retention-days", number(party.retention_days))];
        name(RegistryKind::Party, party.name.clone(), &attributes);
    }
    for activity in &document.activities {
        name(RegistryKind::Term, format!("purpose/{}", activity.purpose), &[]);
    }
    for resource in &document.resources {
        let attributes = [
            ("permission-cache-s", number(resource.permission_cache_s)),
            ("history", resource.history.clone()),
            ("recoverable-days", number(resource.recoverable_days)),
        ];
        name(RegistryKind::Dataset, resource.name.clone(), &attributes);
        if let Some(source) = &resource.read_logging_source {
            let said = [
                ("delivery-delay-s", number(resource.delivery_delay_s)),
                ("heartbeat-s", number(resource.heartbeat_s)),
            ];
            name(RegistryKind::Source, source.clone(), &said);
        }
    }
    for group in &document.groups {
        name(RegistryKind::Party, group.name.clone(), &[]);
        if let Some(feed) = &group.feed {
            name(RegistryKind::Source, feed.clone(), &[("heartbeat-s", number(group.heartbeat_s))]);
        }
    }
    for agent in &document.agents {
        let attributes = [
            ("vendor", agent.vendor.clone()),
            ("memory-days", number(agent.memory_days)),
            ("session-max-s", number(agent.session_max_s)),
        ];
        name(RegistryKind::Agent, agent.name.clone(), &attributes);
        for (term, value) in [("model", &agent.model), ("vendor", &agent.vendor)] {
            if let Some(value) = value {
                name(RegistryKind::Term, format!("{term}/{value}"), &[]);
            }
        }
        for tool in &agent.tools {
            name(RegistryKind::Tool, tool.clone(), &[]);
        }
    }
    for policy in &document.policies {
        let single_use = policy.single_use.map(|single| if single { "yes" } else { "no" }.to_owned());
        name(RegistryKind::Term, format!("policy/{}", policy.id), &[("single-use", single_use)]);
    }
    spoken
}

/// The names that a file changes, as they are to be known after it.
///
/// An entry replaces all that was known of a name, and much of it may have come from elsewhere: an agent's key, a
/// tool's operator, a delay that somebody registered by hand. So of each name everything stays that this file does not
/// state, but for what the file before stated and this one no longer does. A name that is spoken of no more stays known,
/// with what was last said of it: entries were made under it. Whoever means to end it retires it.
pub fn changed(before: &Spoken, after: &Spoken, known: &Registry) -> Vec<(RegistryKind, String, Registered)> {
    let nothing = BTreeMap::new();
    let of_name = |((kind, name), stated): (&(RegistryKind, String), &BTreeMap<&'static str, String>)| {
        let was = known.registered(*kind, name);
        let mut now = was.cloned().unwrap_or_default();
        now.retired = false;
        let stated_before = before.get(&(*kind, name.clone())).unwrap_or(&nothing);
        for key in stated_before.keys() {
            now.attributes.remove(*key);
        }
        for (key, value) in stated {
            now.attributes.insert((*key).to_owned(), vec![value.clone()]);
        }
        (was != Some(&now)).then(|| (*kind, name.clone(), now))
    };
    after.iter().filter_map(of_name).collect()
}

/// Names that only the file before spoke of.
pub fn left(before: &Spoken, after: &Spoken) -> BTreeSet<(RegistryKind, String)> {
    before.keys().filter(|name| !after.contains_key(*name)).cloned().collect()
}
