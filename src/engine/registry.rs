//! The controller's registry: put in force as an entry, and read as of any size.

use super::names::{File, Names, sealed_file};
use super::{EngineError, Kind, OpenLedger, Receipt};
use crate::admit::events::NewName;
use crate::ledger::Ledger;
use crate::model::*;
use crate::registry::{Change, Document, diff, digest};
use crate::report::evidence::KnownRegistry;
use crate::vault::Vault;
use std::sync::Arc;
use whosaw_verifier::hash::Hash;

/// A file that was put in force, and by which entry.
#[derive(Debug)]
pub struct DocumentInForce {
    pub index: u64,
    pub document: Document,
    pub text: String,
    /// SHA-256 of the file.
    pub digest: Hash,
}

/// What putting a file in force did, or would do.
#[derive(Debug)]
pub struct RegistryApplied {
    pub version: String,
    /// SHA-256 of the file.
    pub digest: Hash,
    /// None where exactly this file is in force.
    pub changes: Vec<Change>,
    /// Of the changes. What is put in force is what somebody was shown, or nothing.
    pub diff_digest: Hash,
    /// Absent where nothing was to be done.
    pub receipt: Option<Receipt>,
}

/// How far the day as of which the law was read may lie ahead of the ledger's clock: five years.
const SNAPSHOT_AHEAD_US: u64 = 5 * 366 * 86_400_000_000;

/// Which entries put a file in force, ascending.
#[derive(Debug, Clone, Default)]
pub struct Versions(Vec<(u64, String)>);

impl Versions {
    pub fn push(&mut self, index: u64, version: String) {
        self.0.push((index, version));
    }

    pub fn newest(&self) -> Option<u64> {
        self.0.last().map(|(index, _)| *index)
    }

    /// The entry by which something was in force at a size.
    fn at(&self, size: u64) -> Option<u64> {
        self.0.iter().rfind(|(index, _)| *index < size).map(|(index, _)| *index)
    }

    /// The first entry under this version; all others of it have the same file.
    fn of(&self, version: &str) -> Option<u64> {
        self.0.iter().find(|(_, known)| known == version).map(|(index, _)| *index)
    }
}

impl DocumentInForce {
    pub fn load(ledger: &Ledger, vault: &Vault, index: u64) -> Result<Self, EngineError> {
        let gone = || EngineError::new(Kind::Corrupt, format!("entry {index}, which holds the registry, is not there"));
        let entry = ledger.entry(index)?.ok_or_else(gone)?;
        Self::read(index, sealed_file(ledger, vault, &entry, "controller's registry")?)
    }

    pub fn read(index: u64, text: String) -> Result<Self, EngineError> {
        let unreadable = |wrong: Violation| {
            let Violation { field, description } = wrong;
            EngineError::precondition(format!("the controller's registry of entry {index}: {field} {description}"))
        };
        let document = Document::parse_in_force(&text).map_err(unreadable)?;
        Ok(DocumentInForce { index, document, digest: Document::digest_of(&text), text })
    }
}

impl OpenLedger {
    /// What was in force at a size: the newest file whose entry is below it.
    pub fn registry_document_at(&self, size: u64) -> Result<Option<Arc<DocumentInForce>>, EngineError> {
        let names = self.names();
        let Some(index) = names.versions.at(size) else { return Ok(None) };
        match &names.document {
            Some(document) if document.index == index => Ok(Some(Arc::clone(document))),
            _ => Ok(Some(Arc::new(DocumentInForce::load(&self.ledger, &self.vault, index)?))),
        }
    }

    /// The same as a report takes it.
    pub(super) fn known_registry(&self, size: u64) -> Result<Option<KnownRegistry>, EngineError> {
        let document = self.registry_document_at(size)?;
        Ok(document.map(|it| KnownRegistry { entry: it.index, document: it.document.clone() }))
    }

    /// The same for a reader outside, 0 meaning now; that it was read is recorded, because it names people.
    pub async fn read_registry(
        self: &Arc<Self>,
        size: u64,
        caller: &Caller,
    ) -> Result<Option<Arc<DocumentInForce>>, EngineError> {
        let newest = self.ledger.published().size;
        if size > newest {
            return Err(EngineError::new(Kind::OutOfRange, format!("the ledger has {newest} entries")));
        }
        let document = self.registry_document_at(if size == 0 { newest } else { size })?;
        if let Some(in_force) = &document {
            self.record_access(in_force.index, 1, None, caller).await?;
        }
        Ok(document)
    }

    /// What a file would change. That what is in force was read to tell is recorded: it names people, and a diff shows
    /// whatever the file leaves out. Where nothing is in force nothing is written.
    pub async fn preview_registry(
        self: &Arc<Self>,
        text: &str,
        caller: &Caller,
    ) -> Result<RegistryApplied, EngineError> {
        let document = self.fit(text)?;
        let known = self.names();
        if known.is_in_force(text) {
            return Ok(RegistryApplied::of(document.version, text, Vec::new(), None));
        }
        self.version_is_free(&document.version, text)?;
        if let Some(in_force) = &known.document {
            self.record_access(in_force.index, 1, None, caller).await?;
        }
        let (changes, _) = diff(known.document.as_ref().map(|it| &it.document), &document, &known.registry);
        Ok(RegistryApplied::of(document.version, text, changes, None))
    }

    /// Puts a file in force and makes every public name in it known, in one entry, if it changes just what somebody agreed
    /// to. `Aborted` where that has become something else meanwhile.
    pub async fn apply_registry(
        &self,
        text: &str,
        agreed: &Hash,
        caller: &Caller,
    ) -> Result<RegistryApplied, EngineError> {
        let document = self.fit(text)?;
        let _one_at_a_time = self.registering.write().await;
        let known = self.names();
        let version = document.version.clone();
        if known.is_in_force(text) {
            return Ok(RegistryApplied::of(version, text, Vec::new(), None));
        }
        self.version_is_free(&version, text)?;
        let (changes, names) = diff(known.document.as_ref().map(|it| &it.document), &document, &known.registry);
        if digest(&changes) != *agreed {
            let text = "what this registry would change is not what was agreed to: look at the difference again";
            return Err(EngineError::new(Kind::Aborted, text));
        }
        // The version alone is public. A digest of the file would let anybody hold a guess of whom it names against it.
        let this = NewName { kind: RegistryKind::Controller, name: version.clone(), ..NewName::default() };
        let names = std::iter::once(this).chain(names.into_iter().map(new_name)).collect();
        let receipt = self.record_names(names, File::Registry(text), caller).await?;
        Ok(RegistryApplied::of(version, text, changes, Some(receipt)))
    }

    /// A file that can be put in force: nobody has read the law as of a day that is years ahead. The ledger's own clock may be
    /// behind, and then that is no reason to keep a registry out.
    fn fit(&self, text: &str) -> Result<Document, EngineError> {
        let document = Document::parse(text).map_err(EngineError::violations)?;
        let snapshot = document.profile.as_ref().map(|profile| &profile.snapshot);
        let latest = document.day_of(self.clock.now().0.saturating_add(SNAPSHOT_AHEAD_US));
        if snapshot.zip(latest.as_ref()).is_some_and(|(snapshot, latest)| snapshot > latest) {
            return Err(EngineError::invalid("registry.profile.snapshot", "lies years in the future"));
        }
        Ok(document)
    }

    /// A version means one file for ever, so that whoever cites it is understood.
    fn version_is_free(&self, version: &str, text: &str) -> Result<(), EngineError> {
        let Some(index) = self.names().versions.of(version) else { return Ok(()) };
        if DocumentInForce::load(&self.ledger, &self.vault, index)?.text == text {
            return Ok(());
        }
        let text = "is the version of another registry that was in force; a changed file needs a version of its own";
        Err(EngineError::invalid("registry.version", text))
    }
}

impl Names {
    /// Whether it is this very file.
    fn is_in_force(&self, text: &str) -> bool {
        self.document.as_ref().is_some_and(|in_force| in_force.text == text)
    }
}

impl RegistryApplied {
    fn of(version: String, text: &str, changes: Vec<Change>, receipt: Option<Receipt>) -> Self {
        let diff_digest = digest(&changes);
        RegistryApplied { version, digest: Document::digest_of(text), changes, diff_digest, receipt }
    }
}

fn new_name((kind, name, registered): (RegistryKind, String, Registered)) -> NewName {
    let attributes = registered.attributes.into_iter();
    let attributes = attributes.flat_map(|(key, values)| values.into_iter().map(move |value| (key.clone(), value)));
    let public_key = registered.public_key.map(|key| key.to_vec()).unwrap_or_default();
    NewName { kind, name, attributes: attributes.collect(), public_key, retired: registered.retired }
}
