//! Entries that the ledger writes about itself: names made known, gaps in coverage, reports that left the house.

use crate::model::*;
use whosaw_verifier::body::{self, CoverageBody, LedgerAccessBody, PartGroup, RegistryBody, ReportBody};
use whosaw_verifier::part::{ContentPart, Part};
use whosaw_verifier::wire::Message as _;

/// One name to be made known or retired.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewName {
    pub kind: RegistryKind,
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// An agent's Ed25519 public key; empty if it does not sign.
    pub public_key: Vec<u8>,
    pub retired: bool,
}

/// Names become public for ever, so they keep to a narrow alphabet in which no e-mail address can be written.
pub fn registry(names: Vec<NewName>, caller: Caller) -> Result<Admitted, Vec<Violation>> {
    let mut violations = Vec::new();
    let mut refuse = |i: usize, field: &str, description: &str| {
        violations.push(Violation { field: format!("names[{i}].{field}"), description: description.to_owned() });
    };
    for (i, name) in names.iter().enumerate() {
        if name.kind == RegistryKind::Unspecified {
            refuse(i, "kind", "is missing");
        }
        if !is_registry_name(&name.name) {
            refuse(
                i,
                "name",
                "must be 1 to 128 of a–z, A–Z, 0–9, '.', '_', ':', '/', '-', and begin with a letter or digit",
            );
        }
        if !matches!(name.public_key.len(), 0 | 32) {
            refuse(i, "public_key", "is not 32 bytes long");
        }
        for (key, value) in &name.attributes {
            if !is_registry_name(key) || !is_registry_name(value) {
                refuse(i, "attributes", "must keep to the alphabet of names");
            }
        }
    }
    if names.is_empty() {
        violations.push(Violation { field: "names".into(), description: "is missing".into() });
    }
    if !violations.is_empty() {
        return Err(violations);
    }
    let records = names.into_iter().map(|name| body::RegistryRecord {
        kind: name.kind,
        name: name.name,
        attributes: name.attributes.into_iter().map(|(key, value)| body::Attribute { key, value }).collect(),
        public_key: name.public_key,
        retired: name.retired,
    });
    Ok(event(EntryKind::Registry, RegistryBody { records: records.collect() }.encode(), caller, Vec::new()))
}

fn is_registry_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.as_bytes()[0].is_ascii_alphanumeric()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:/-".contains(&b))
}

/// What a source was logging, or what it was refused.
pub fn coverage(coverage: CoverageBody, caller: Caller) -> Admitted {
    event(EntryKind::Coverage, coverage.encode(), caller, Vec::new())
}

/// A report left the house; whom it was about is sealed, for that person.
pub fn report_produced(mut report: ReportBody, question: Vec<u8>, subject: Identity, caller: Caller) -> Admitted {
    report.caller = Some(body::Caller { name: caller.name.clone(), assurance: caller.assurance });
    report.parts = vec![own_part(Role::DataSubject)];
    let parts = vec![sealed_for(subject, question)];
    event(EntryKind::ReportProduced, report.encode(), caller, parts)
}

/// Somebody opened sealed parts.
pub fn ledger_access(verb: Verb, first_index: u64, count: u64, caller: Caller) -> Admitted {
    let who = body::Caller { name: caller.name.clone(), assurance: caller.assurance };
    let access = LedgerAccessBody { caller: Some(who), verb, first_index, count, parts: Vec::new() };
    event(EntryKind::LedgerAccess, access.encode(), caller, Vec::new())
}

fn own_part(role: Role) -> PartGroup {
    PartGroup { first: 0, count: 1, roles: vec![role], holds_content: true, ..PartGroup::default() }
}

fn sealed_for(subject: Identity, question: Vec<u8>) -> PlainPart {
    let content = ContentPart { question, ..ContentPart::default() };
    PlainPart {
        holder: Holder::Person { identities: vec![subject], class: RetentionClass::Subject },
        part: Part { content: Some(content), ..Part::default() },
    }
}

fn event(kind: EntryKind, body: Vec<u8>, caller: Caller, parts: Vec<PlainPart>) -> Admitted {
    Admitted { kind, action_id: None, caller, body, parts, request: [0; 32] }
}
