//! The names a ledger knows. Bodies take their strings from here and from nowhere else.

use super::*;
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap};

/// The registry as of some entry: the fold of all registry entries before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registry {
    /// By kind, then by name: a look-up must not copy the name, because every action asks for several.
    records: BTreeMap<RegistryKind, HashMap<String, Registered, RandomState>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registered {
    pub attributes: BTreeMap<String, Vec<String>>,
    /// An agent's Ed25519 public key.
    pub public_key: Option<[u8; 32]>,
    pub retired: bool,
}

impl Registry {
    pub fn get(&self, kind: RegistryKind, name: &str) -> Option<&Registered> {
        self.records.get(&kind)?.get(name).filter(|registered| !registered.retired)
    }

    pub fn contains(&self, kind: RegistryKind, name: &str) -> bool {
        self.get(kind, name).is_some()
    }

    /// What was last said of a name, in use or retired.
    pub fn registered(&self, kind: RegistryKind, name: &str) -> Option<&Registered> {
        self.records.get(&kind)?.get(name)
    }

    /// Whether it was ever made known, in use or retired.
    pub fn was_registered(&self, kind: RegistryKind, name: &str) -> bool {
        self.registered(kind, name).is_some()
    }

    /// Whether a caller's name may stand in the open: agents, sources and parties call.
    pub fn knows_caller(&self, name: &str) -> bool {
        [RegistryKind::Agent, RegistryKind::Source, RegistryKind::Party].iter().any(|kind| self.contains(*kind, name))
    }

    /// Whether `value` is a registered term of `field`: terms are named `field/value`, such as `model/gpt-4o`.
    pub fn term(&self, field: &str, value: &str) -> bool {
        self.contains(RegistryKind::Term, &format!("{field}/{value}"))
    }

    pub fn put(&mut self, kind: RegistryKind, name: String, registered: Registered) {
        self.records.entry(kind).or_default().insert(name, registered);
    }

    /// By kind and name.
    pub fn iter(&self) -> impl Iterator<Item = (RegistryKind, &str, &Registered)> {
        self.records.iter().flat_map(|(kind, names)| {
            let mut names: Vec<_> = names.iter().map(|(name, registered)| (*kind, name.as_str(), registered)).collect();
            names.sort_unstable_by_key(|(_, name, _)| *name);
            names
        })
    }

    /// Folds one registry entry in.
    pub fn apply(&mut self, body: &whosaw_verifier::body::RegistryBody) {
        for record in &body.records {
            let mut attributes: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for attribute in &record.attributes {
                attributes.entry(attribute.key.clone()).or_default().push(attribute.value.clone());
            }
            let public_key = <[u8; 32]>::try_from(record.public_key.as_slice()).ok();
            self.put(record.kind, record.name.clone(), Registered { attributes, public_key, retired: record.retired });
        }
    }
}

/// What is wrong with an Ed25519 public key. Under a point of small order anybody's signature verifies, so that it would speak
/// for nobody.
pub fn key_problem(key: &[u8]) -> Option<&'static str> {
    let Ok(key) = <[u8; 32]>::try_from(key) else { return Some("is not 32 bytes long") };
    match ed25519_dalek::VerifyingKey::from_bytes(&key) {
        Err(_) => Some("is not an Ed25519 public key"),
        Ok(key) if key.is_weak() => Some("is a weak key: it has no secret half that only one signer could hold"),
        Ok(_) => None,
    }
}

/// Names become public for ever, so they keep to a narrow alphabet in which no e-mail address can be written: 1 to 128 of
/// a–z, A–Z, 0–9, '.', '_', ':', '/', '-', the first a letter or digit.
pub fn is_registry_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.as_bytes()[0].is_ascii_alphanumeric()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:/-".contains(&b))
}
