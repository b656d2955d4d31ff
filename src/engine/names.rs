//! The names a ledger knows, and the tool catalogue and the controller's registry in force: the fold of its registry
//! entries.

use super::registry::{DocumentInForce, Versions};
use super::{EngineError, OpenLedger, Receipt, nobody};
use crate::admit;
use crate::admit::events::{self, NewName};
use crate::intake::{Catalogue, CatalogueError};
use crate::ledger::{Ledger, StoredEntry};
use crate::model::*;
use crate::registry;
use crate::vault::{PartPlace, Vault};
use std::sync::{Arc, PoisonError};
use whosaw_verifier::body::{Body, RegistryBody};
use whosaw_verifier::hash::{Hash, hex};
use whosaw_verifier::part::ContentPart;

/// As of the newest registry entry that is durable.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub registry: Registry,
    pub catalogue: Option<Arc<InForce>>,
    /// The controller's registry in force.
    pub document: Option<Arc<DocumentInForce>>,
    /// All that ever were.
    pub versions: Versions,
}

/// The tool catalogue in force, and the file it was read from.
#[derive(Debug)]
pub struct InForce {
    pub catalogue: Catalogue,
    pub text: String,
}

/// What putting a catalogue in force did.
#[derive(Debug)]
pub struct CatalogueApplied {
    pub version: String,
    pub digest: Hash,
    pub new_names: usize,
    /// Absent where exactly this catalogue was in force already.
    pub receipt: Option<Receipt>,
}

/// Attribute of a catalogue's record: SHA-256 of the file.
const DIGEST: &str = "sha-256";

impl Names {
    /// Reads all registry entries; the newest one that came with a catalogue says which is in force.
    pub fn load(ledger: &Ledger, vault: &Vault) -> Result<Names, EngineError> {
        let mut names = Names::default();
        let mut with_catalogue = None;
        for index in ledger.registry_indexes()? {
            let Some(entry) = ledger.entry(index)? else { continue };
            let Some(body) = registry_body(&entry) else { continue };
            names.registry.apply(&body);
            let came_with = |kind| body.records.iter().find(|record| record.kind == kind && !record.retired);
            if let Some(record) = came_with(RegistryKind::Controller) {
                names.versions.push(index, record.name.clone());
            }
            if came_with(RegistryKind::Catalogue).is_some() {
                with_catalogue = Some(entry);
            }
        }
        if let Some(entry) = with_catalogue {
            let text = sealed_file(ledger, vault, &entry, "tool catalogue")?;
            let catalogue =
                Catalogue::parse_in_force(&text).map_err(|error| EngineError::precondition(error.to_string()))?;
            names.catalogue = Some(Arc::new(InForce { catalogue, text }));
        }
        if let Some(index) = names.versions.newest() {
            names.document = Some(Arc::new(DocumentInForce::load(ledger, vault, index)?));
        }
        Ok(names)
    }
}

impl OpenLedger {
    pub fn names(&self) -> Arc<Names> {
        Arc::clone(&self.names.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The names as they were known at a size, for a report as of then.
    pub fn registry_at(&self, size: u64) -> Result<Registry, EngineError> {
        let mut registry = Registry::default();
        for index in self.ledger.registry_indexes()?.into_iter().take_while(|index| *index < size) {
            if let Some(body) = self.ledger.entry(index)?.as_ref().and_then(registry_body) {
                registry.apply(&body);
            }
        }
        Ok(registry)
    }

    /// Makes names known. Of one that is known already all stays that is not given anew.
    pub async fn register(&self, names: Vec<NewName>, caller: &Caller) -> Result<Receipt, EngineError> {
        if let Some(position) = names.iter().position(|name| name.kind == RegistryKind::Catalogue) {
            let field = format!("names[{position}].kind");
            return Err(EngineError::invalid(field, "is not registered by hand: apply the catalogue"));
        }
        if let Some(position) = names.iter().position(|name| name.kind == RegistryKind::Controller) {
            let field = format!("names[{position}].kind");
            return Err(EngineError::invalid(field, "is not registered by hand: apply the registry"));
        }
        let _one_at_a_time = self.registering.write().await;
        let known = self.names();
        let undone = known.document.as_deref().map(|in_force| undone(&names, in_force)).unwrap_or_default();
        if !undone.is_empty() {
            return Err(EngineError::violations(undone));
        }
        self.record_names(with_what_is_known(names, &known.registry), File::None, caller).await
    }

    /// Puts a tool catalogue in force and makes every name in it known.
    pub async fn apply_catalogue(&self, text: &str, caller: &Caller) -> Result<CatalogueApplied, EngineError> {
        let catalogue = Catalogue::parse(text).map_err(|error| match error {
            CatalogueError::Syntax(what) => EngineError::invalid("catalogue", format!("is not readable: {what}")),
            CatalogueError::Mistakes(mistakes) => EngineError::violations(
                mistakes
                    .into_iter()
                    .map(|mistake| Violation { field: "catalogue".into(), description: mistake })
                    .collect(),
            ),
        })?;
        let wrong = self.refused_of_every_action(&catalogue);
        if !wrong.is_empty() {
            return Err(EngineError::violations(wrong));
        }
        let _one_at_a_time = self.registering.write().await;
        let known = self.names();
        let (version, digest) = (catalogue.version.clone(), catalogue.digest);
        if known.catalogue.as_ref().is_some_and(|in_force| in_force.catalogue.digest == digest) {
            return Ok(CatalogueApplied { version, digest, new_names: 0, receipt: None });
        }
        let known_by = known.registry.get(RegistryKind::Catalogue, &version);
        let the_same = |known: &Registered| known.attributes.get(DIGEST).is_some_and(|is| *is == [hex(&digest)]);
        if known_by.is_some_and(|known| !the_same(known)) {
            let text =
                "is the version of another catalogue that was in force; a changed file needs a version of its own";
            return Err(EngineError::invalid("catalogue.version", text));
        }
        let new: Vec<NewName> = catalogue
            .names()
            .into_iter()
            .filter_map(|(kind, name)| Some((RegistryKind::from_code(kind)?, name)))
            .filter(|(kind, name)| !known.registry.contains(*kind, name))
            .map(|(kind, name)| {
                let attributes = match kind {
                    RegistryKind::Catalogue => vec![(DIGEST.to_owned(), hex(&digest))],
                    _ => Vec::new(),
                };
                NewName { kind, name, attributes, ..NewName::default() }
            })
            .collect();
        let new_names = new.len();
        let new = with_what_is_known(new, &known.registry);
        let receipt = self.record_names(new, File::Catalogue(text), caller).await?;
        Ok(CatalogueApplied { version, digest, new_names, receipt: Some(receipt) })
    }

    /// What admission would refuse of every action that comes of a catalogue. Admission itself is asked, so that whatever
    /// it minds is found before calls are refused for it.
    fn refused_of_every_action(&self, catalogue: &Catalogue) -> Vec<Violation> {
        let (registry, origin) = (Registry::default(), self.ledger.origin_hash());
        let mut wrong = Vec::new();
        for (of, action) in catalogue.samples() {
            let refused = admit::admit(action, nobody(), &registry, origin, &self.limits, &Keeping::default()).err();
            wrong.extend(refused.into_iter().flatten().map(|violation| {
                let field = violation.field.strip_prefix("action.").unwrap_or(&violation.field);
                let field = match of.as_str() {
                    "import" => field.replacen("actors[0]", "agent", 1).replacen("actors[1]", "principal", 1),
                    _ => field.to_owned(),
                };
                let description = format!("{of}: {field} {}", violation.description);
                Violation { field: "catalogue".into(), description }
            }));
        }
        wrong
    }

    /// Appends a registry entry and, once it is durable, goes by it.
    pub(super) async fn record_names(
        &self,
        names: Vec<NewName>,
        file: File<'_>,
        caller: &Caller,
    ) -> Result<Receipt, EngineError> {
        let known = self.names();
        let unknown = never_registered(&names, &known.registry);
        let admitted = events::registry(names, file.text(), caller.clone(), &known.registry);
        let admitted = admitted.map_err(EngineError::violations)?;
        if !unknown.is_empty() {
            let text = format!("never registered, so that it cannot be retired: {}", unknown.join(", "));
            return Err(EngineError::not_found(text));
        }
        let receipt = self.record(admitted).await?;
        let mut after = Names::clone(&known);
        if let Ok(Body::Registry(body)) = Body::decode(EntryKind::Registry as u8, &receipt.body) {
            after.registry.apply(&body);
        }
        match file {
            File::None => {}
            File::Catalogue(text) => {
                let catalogue =
                    Catalogue::parse_in_force(text).map_err(|error| EngineError::precondition(error.to_string()))?;
                after.catalogue = Some(Arc::new(InForce { catalogue, text: text.to_owned() }));
            }
            File::Registry(text) => {
                let document = DocumentInForce::read(receipt.index, text.to_owned())?;
                after.versions.push(receipt.index, document.document.version.clone());
                after.document = Some(Arc::new(document));
            }
        }
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
        Ok(receipt)
    }
}

/// What comes with names.
#[derive(Clone, Copy)]
pub(super) enum File<'a> {
    None,
    Catalogue(&'a str),
    Registry(&'a str),
}

impl<'a> File<'a> {
    fn text(self) -> Option<&'a str> {
        match self {
            File::None => None,
            File::Catalogue(text) | File::Registry(text) => Some(text),
        }
    }
}

/// Each name with all that is known of it and not given anew, because an entry replaces what was known. An attribute that is
/// given takes the place of all values it had, and goes where it is given empty. An agent's key goes when it is retired.
fn with_what_is_known(names: Vec<NewName>, registry: &Registry) -> Vec<NewName> {
    let mut whole: Vec<NewName> = Vec::with_capacity(names.len());
    for name in names {
        let known = registry.registered(name.kind, &name.name);
        let of_registry = known.into_iter().flat_map(|known| &known.attributes);
        let of_registry = of_registry.flat_map(|(key, values)| values.iter().map(|value| (key.clone(), value.clone())));
        let key = known.and_then(|known| known.public_key).map(|key| key.to_vec()).unwrap_or_default();
        let here = whole.iter().rfind(|before| (before.kind, &before.name) == (name.kind, &name.name));
        let (stated, key) = match here {
            Some(before) => (before.attributes.clone(), before.public_key.clone()),
            None => (of_registry.collect(), key),
        };
        let given = |key: &str| name.attributes.iter().any(|(given, _)| given == key);
        let mut attributes: Vec<_> = stated.into_iter().filter(|(key, _)| !given(key)).collect();
        attributes.extend(name.attributes.iter().filter(|(_, value)| !value.is_empty()).cloned());
        let keeps_key = name.public_key.is_empty() && !name.retired;
        let public_key = if keeps_key { key } else { name.public_key };
        whole.push(NewName { attributes, public_key, ..name });
    }
    whole
}

/// What of these names would say otherwise than the controller's registry in force: it is shown to people as what holds, and
/// would not be so any more.
fn undone(names: &[NewName], in_force: &DocumentInForce) -> Vec<Violation> {
    let (spoken, version) = (registry::spoken(&in_force.document), &in_force.document.version);
    let mut wrong = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let Some(stated) = spoken.get(&(name.kind, name.name.clone())) else { continue };
        if name.retired {
            let description = format!("is spoken of in the registry in force, {version}: apply one without it first");
            wrong.push(Violation { field: format!("names[{i}].retired"), description });
        }
        for (key, value) in &name.attributes {
            if stated.get(key.as_str()).is_some_and(|stated| stated != value) {
                let description =
                    format!("({key}) is stated otherwise by the registry in force, {version}: apply a changed one");
                wrong.push(Violation { field: format!("names[{i}].attributes"), description });
            }
        }
    }
    wrong
}

/// Names to be retired that the ledger never knew, most likely mistyped: the name that was meant would stay in use.
fn never_registered(names: &[NewName], registry: &Registry) -> Vec<String> {
    let new_here = |at: usize, name: &NewName| {
        names[..at].iter().any(|before| (before.kind, &before.name) == (name.kind, &name.name) && !before.retired)
    };
    names
        .iter()
        .enumerate()
        .filter(|(at, name)| name.retired && !registry.was_registered(name.kind, &name.name) && !new_here(*at, name))
        .map(|(_, name)| format!("{} {}", name.kind.code(), name.name))
        .collect()
}

fn registry_body(entry: &StoredEntry) -> Option<RegistryBody> {
    let (_, body) = entry.content.as_ref()?;
    match Body::decode(entry.header.kind, body) {
        Ok(Body::Registry(body)) => Some(body),
        _ => None,
    }
}

/// The file that came with an entry's names. It is sealed under the ledger's own key, which no retention destroys.
pub(super) fn sealed_file(
    ledger: &Ledger,
    vault: &Vault,
    entry: &StoredEntry,
    what: &str,
) -> Result<String, EngineError> {
    let index = entry.header.index;
    let parts = ledger.parts(index, entry.header.parts)?;
    let mut opened = Vec::with_capacity(parts.len());
    for (ordinal, part) in parts.iter().enumerate() {
        let gone = || EngineError::precondition(format!("the {what} of entry {index} was removed from the ledger"));
        let place = PartPlace { index, ordinal: ordinal as u32 };
        let sealed = part.sealed.as_ref().ok_or_else(gone)?;
        opened.push(vault.open_part(place, &entry.header.body_commitment, sealed)?);
    }
    let content: Option<ContentPart> = super::read::join_content(opened.iter());
    let text = content.map(|content| content.arguments).unwrap_or_default();
    let not_text = |_| EngineError::precondition(format!("the {what} of entry {index} is not text"));
    String::from_utf8(text).map_err(not_text)
}
