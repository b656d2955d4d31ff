//! What a file would change, as lines for people: in the file itself, and in the names that become public.

use super::document::Document;
use super::public::{Spoken, changed, left, spoken};
use crate::model::{Registered, Registry, RegistryKind};
use serde_json::Value;
use std::collections::BTreeMap;
use whosaw_verifier::hash::{Hash, sha256};

/// One value that is added, removed or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Such as `parties.acme.country`, or for a name that becomes public `public.party.acme.country`.
    pub path: String,
    /// Nothing where it is added.
    pub before: Option<String>,
    /// Nothing where it is removed.
    pub after: Option<String>,
}

/// All changes, by path; and the names to be made known with them.
pub fn diff(
    before: Option<&Document>,
    after: &Document,
    known: &Registry,
) -> (Vec<Change>, Vec<(RegistryKind, String, Registered)>) {
    let mut changes = between(&before.map(leaves).unwrap_or_default(), &leaves(after));
    let (spoken_before, spoken_after) = (before.map(spoken).unwrap_or_default(), spoken(after));
    let names = changed(&spoken_before, &spoken_after, known);
    changes.extend(public(&names, &spoken_before, &spoken_after, known));
    (changes, names)
}

/// Of all that the changes say: whoever agrees to them agrees to these.
pub fn digest(changes: &[Change]) -> Hash {
    let mut bytes = Vec::new();
    for Change { path, before, after } in changes {
        for text in [Some(path), before.as_ref(), after.as_ref()] {
            bytes.push(u8::from(text.is_some()));
            let text = text.map(String::as_bytes).unwrap_or_default();
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text);
        }
    }
    sha256(&[b"whosaw/registry-diff/v1\0", &bytes])
}

fn between(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Change> {
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let change = |path: &String| {
        let (before, after) = (before.get(path).cloned(), after.get(path).cloned());
        (before != after).then(|| Change { path: path.clone(), before, after })
    };
    paths.into_iter().filter_map(change).collect()
}

fn public(
    names: &[(RegistryKind, String, Registered)],
    before: &Spoken,
    after: &Spoken,
    known: &Registry,
) -> Vec<Change> {
    let path = |kind: RegistryKind, name: &str| format!("public.{}.{}", kind.code(), key(name));
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    let told = |leaves: &mut BTreeMap<String, String>, path: &str, registered: &Registered| {
        leaves.insert(path.to_owned(), if registered.retired { "retired" } else { "known" }.to_owned());
        for (attribute, values) in &registered.attributes {
            leaves.insert(format!("{path}.{}", key(attribute)), values.join(", "));
        }
    };
    for (kind, name, now) in names {
        let path = path(*kind, name);
        if let Some(was) = known.registered(*kind, name) {
            told(&mut old, &path, was);
        }
        told(&mut new, &path, now);
    }
    for (kind, name) in left(before, after) {
        if known.contains(kind, &name) {
            old.insert(path(kind, &name), "known".to_owned());
            new.insert(path(kind, &name), "known, and no longer in the file".to_owned());
        }
    }
    between(&old, &new)
}

/// Every value of a file by its path. Tables in a list go by their names, so that a line that moved is no change.
fn leaves(document: &Document) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    // Nothing in it but texts, numbers, lists and tables with texts as keys: it can always be written.
    if let Ok(value) = serde_json::to_value(document) {
        walk("", &value, &mut leaves);
    }
    leaves
}

fn walk(path: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
    let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (field, value) in fields {
                walk(&below(&key(field)), value, leaves);
            }
        }
        Value::Array(values) if values.is_empty() => {}
        Value::Array(values) if values.iter().any(|value| name_of(value).is_some()) => {
            for value in values {
                walk(&below(&key(name_of(value).unwrap_or_default())), value, leaves);
            }
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(plain).collect();
            leaves.insert(path.to_owned(), values.join(", "));
        }
        // A lawyer copies the last day out of the order, and has to see that it is one.
        Value::String(day) if is_of_order(path) && (path.ends_with(".until") || path.ends_with(".acts_until")) => {
            leaves.insert(path.to_owned(), format!("{day}, to the end of that day"));
        }
        // What says nothing where it is not set.
        Value::Bool(false) if path.ends_with(".silent") => {}
        value => {
            leaves.insert(path.to_owned(), plain(value));
        }
    }
}

fn is_of_order(path: &str) -> bool {
    path.starts_with("suppressions.")
}

/// By what a table in a list is known.
fn name_of(value: &Value) -> Option<&str> {
    ["name", "purpose", "id", "reference"].iter().find_map(|key| value.get(key)?.as_str())
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // Somebody, or a transfer.
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(field, value)| format!("{field} {}", plain(value))).collect();
            format!("({})", fields.join(", "))
        }
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join("+"),
        value => value.to_string(),
    }
}

/// A step of a path, quoted where TOML would quote it.
fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { name.to_owned() } else { format!("{name:?}") }
}
