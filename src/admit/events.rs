//! Entries that the ledger writes about itself: names made known, gaps in coverage, reports that left the house.

use crate::model::*;
use whosaw_verifier::body::{
    self, CaseBody, CoverageBody, ErasureBody, LedgerAccessBody, PartGroup, PersonActBody, RegistryBody, ReportBody,
    RetentionBody,
};
use whosaw_verifier::part::{self, CasePart, ContentPart, Part, PersonActPart, PersonPart, SealedName, StepSignature};
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

/// Names become public for ever, so they keep to a narrow alphabet in which no e-mail address can be written. The file that
/// goes with them, a tool catalogue or the controller's registry, is sealed for the ledger.
pub fn registry(
    names: Vec<NewName>,
    file: Option<&str>,
    caller: Caller,
    registry: &Registry,
) -> Result<Admitted, Vec<Violation>> {
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
        if !name.public_key.is_empty()
            && let Some(wrong) = key_problem(&name.public_key)
        {
            refuse(i, "public_key", wrong);
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
    let content = ContentPart {
        arguments: file.map(|text| text.as_bytes().to_vec()).unwrap_or_default(),
        ..ContentPart::default()
    };
    let (caller_body, parts) = sealed_event(content, Holder::Ledger, &caller, registry);
    let groups = own_groups(&parts, Role::Content);
    let body = RegistryBody { records: records.collect(), caller: Some(caller_body), parts: groups };
    Ok(event(EntryKind::Registry, body.encode(), caller, parts))
}

/// What a source was logging, or what it was refused.
pub fn coverage(coverage: CoverageBody, caller: Caller) -> Admitted {
    event(EntryKind::Coverage, coverage.encode(), caller, Vec::new())
}

/// A report left the house; whom it was about is sealed, for that person.
pub fn report_produced(
    mut report: ReportBody,
    question: Vec<u8>,
    subject: Option<Identity>,
    caller: Caller,
    registry: &Registry,
) -> Admitted {
    let content = ContentPart { question, ..ContentPart::default() };
    let (holder, role) = match subject {
        Some(subject) => {
            (Holder::Person { identities: vec![subject], class: RetentionClass::Subject }, Role::DataSubject)
        }
        None => (Holder::Ledger, Role::Content),
    };
    let (caller_body, parts) = sealed_event(content, holder, &caller, registry);
    report.caller = Some(caller_body);
    report.parts = own_groups(&parts, role);
    event(EntryKind::ReportProduced, report.encode(), caller, parts)
}

/// Somebody opened sealed parts, or took the content of many entries away.
pub fn ledger_access(
    verb: Verb,
    first_index: u64,
    count: u64,
    matter: Option<[u8; 16]>,
    caller: Caller,
    registry: &Registry,
) -> Admitted {
    let act = matter.map(|matter| PersonActPart { matter: matter.to_vec(), ..PersonActPart::default() });
    let content = ContentPart { act, ..ContentPart::default() };
    let (caller_body, parts) = sealed_event(content, Holder::Ledger, &caller, registry);
    let groups = own_groups(&parts, Role::Content);
    let access = LedgerAccessBody { caller: Some(caller_body), verb, first_index, count, parts: groups };
    event(EntryKind::LedgerAccess, access.encode(), caller, parts)
}

/// What was asked for persons, or done about them: one part for each, which says nothing of anybody else. What is about
/// nobody is sealed for the ledger.
pub fn person_act(
    kind: EntryKind,
    mut body: PersonActBody,
    acts: Vec<(Identity, PersonActPart)>,
    about_nobody: Option<PersonActPart>,
    caller: &Caller,
    registry: &Registry,
) -> Admitted {
    let mut parts = Vec::new();
    let role = if acts.is_empty() { Role::Content } else { Role::DataSubject };
    let holder = |identity| Holder::Person { identities: vec![identity], class: RetentionClass::Subject };
    let acts = acts.into_iter().map(|(identity, act)| (holder(identity), act));
    for (holder, act) in acts.chain(about_nobody.map(|act| (Holder::Ledger, act))) {
        let content = ContentPart { act: Some(act), ..ContentPart::default() };
        let (caller_body, own) = sealed_event(content, holder, caller, registry);
        body.caller = Some(caller_body);
        parts.extend(own);
    }
    body.parts = own_groups(&parts, role);
    event(kind, body.encode(), caller.clone(), parts)
}

/// That two identifiers mean one person, or do not after all. What names both is sealed for both together, so that it
/// goes with either of them.
pub fn link_act(
    mut body: PersonActBody,
    act: PersonActPart,
    both: [Identity; 2],
    caller: &Caller,
    registry: &Registry,
) -> Admitted {
    let (caller_body, _) = sealed_event(ContentPart::default(), Holder::Ledger, caller, registry);
    body.caller = Some(caller_body);
    let holder = |identity| Holder::Person { identities: vec![identity], class: RetentionClass::Subject };
    let mut parts: Vec<PlainPart> =
        both.into_iter().map(|identity| PlainPart { holder: holder(identity), part: Part::default() }).collect();
    let mut content = ContentPart { act: Some(act), ..ContentPart::default() };
    if !registry.knows_caller(&caller.name) && !caller.name.is_empty() {
        content.names.push(SealedName { field: NamedField::CallerName, position: 0, value: caller.name.clone() });
    }
    let part = Part { content: Some(content), ..Part::default() };
    parts.push(PlainPart { holder: Holder::Shared { by: vec![0, 1] }, part });
    body.parts = vec![
        PartGroup { first: 0, count: 2, roles: vec![Role::DataSubject], ..PartGroup::default() },
        PartGroup {
            first: 2,
            count: 1,
            roles: vec![Role::Content],
            holds_content: true,
            shared_by: vec![body::Run { first: 0, count: 2 }],
            ..PartGroup::default()
        },
    ];
    event(EntryKind::SubjectLink, body.encode(), caller.clone(), parts)
}

/// That somebody who acted on a person's data is named to that person (C-579/21). Whom it is told to has the rows; who is
/// named, and who decided, stand with the keys of those whose names they are. The reasons speak of whom it is told to and
/// of who is named, so they are sealed for both together, and go with either.
pub fn name_staff(
    mut body: PersonActBody,
    [subject, staff, by]: [Identity; 3],
    rows: PersonActPart,
    why: PersonActPart,
    caller: &Caller,
    registry: &Registry,
) -> Admitted {
    let holder = |identity: &Identity, class| Holder::Person { identities: vec![identity.clone()], class };
    let named = |identity: &Identity, role: Role| {
        let Identity { namespace, fields, strength } = identity.clone();
        let identities = vec![part::Identity { namespace, fields, strength }];
        Some(PersonPart { roles: vec![role], identities, ..PersonPart::default() })
    };
    let act = |act: PersonActPart| Some(ContentPart { act: Some(act), ..ContentPart::default() });
    let parts = [
        (holder(&subject, RetentionClass::Subject), Part { content: act(rows), ..Part::default() }),
        (holder(&staff, RetentionClass::Staff), Part { person: named(&staff, Role::Actor), ..Part::default() }),
        (holder(&by, RetentionClass::Staff), Part { person: named(&by, Role::Approver), ..Part::default() }),
        (Holder::Shared { by: vec![0, 1] }, Part { content: act(why), ..Part::default() }),
    ];
    let mut parts: Vec<PlainPart> = parts.into_iter().map(|(holder, part)| PlainPart { holder, part }).collect();
    let both = vec![body::Run { first: 0, count: 2 }];
    let groups = [
        (Role::DataSubject, true, Vec::new()),
        (Role::Actor, false, Vec::new()),
        (Role::Approver, false, Vec::new()),
        (Role::Content, true, both),
    ];
    body.parts = (0..)
        .zip(groups)
        .map(|(first, (role, holds_content, shared_by))| PartGroup {
            first,
            count: 1,
            roles: vec![role],
            holds_content,
            shared_by,
            ..PartGroup::default()
        })
        .collect();
    let (caller_body, own) = sealed_event(ContentPart::default(), Holder::Ledger, caller, registry);
    if !own.is_empty() {
        let (first, count) = (parts.len() as u32, own.len() as u32);
        let roles = vec![Role::Content];
        body.parts.push(PartGroup { first, count, roles, holds_content: true, ..PartGroup::default() });
    }
    parts.extend(own);
    body.caller = Some(caller_body);
    event(EntryKind::Request, body.encode(), caller.clone(), parts)
}

/// Who has a part in a step of a breach.
#[derive(Debug, Clone, Default)]
pub struct CaseActors {
    /// The human who acts.
    pub by: Option<Identity>,
    /// Theirs, where they signed; checked already.
    pub signature: Option<StepSignature>,
    /// Data subjects who were told, or could not be.
    pub told: Vec<Identity>,
}

/// A step in the life of a breach. Whoever acted has a part of their own, so that their name can go and what they decided
/// stays; so has everybody who was told, with how. Texts and answers are sealed for the ledger.
pub fn case_step(
    mut body: CaseBody,
    actors: CaseActors,
    case: CasePart,
    caller: &Caller,
    registry: &Registry,
) -> Admitted {
    let person = |identity: &Identity, role: Role| {
        let Identity { namespace, fields, strength } = identity.clone();
        let identities = vec![part::Identity { namespace, fields, strength }];
        Some(PersonPart { roles: vec![role], identities, ..PersonPart::default() })
    };
    let holder = |identity: Identity, class| Holder::Person { identities: vec![identity], class };
    let group = |first: usize, count: usize, role: Role, holds_content: bool| PartGroup {
        first: first as u32,
        count: count as u32,
        roles: vec![role],
        holds_content,
        ..PartGroup::default()
    };
    let mut parts = Vec::new();
    if let Some(by) = actors.by {
        // The key is as much theirs as their name, so that it goes with it; that somebody signed stays told.
        body.signed = actors.signature.is_some();
        let signature = actors.signature.map(|signature| ContentPart {
            case: Some(CasePart { signature: Some(signature), ..CasePart::default() }),
            ..ContentPart::default()
        });
        let part = Part { person: person(&by, Role::Actor), content: signature, ..Part::default() };
        parts.push(PlainPart { holder: holder(by, RetentionClass::Staff), part });
        body.by = 1;
        body.parts.push(group(0, 1, Role::Actor, body.signed));
    }
    if !actors.told.is_empty() {
        body.parts.push(group(parts.len(), actors.told.len(), Role::DataSubject, true));
    }
    for told in actors.told {
        let how = CasePart {
            channel: case.channel,
            delivery: case.delivery,
            message: case.message.clone(),
            ..CasePart::default()
        };
        let content = Some(ContentPart { case: Some(how), ..ContentPart::default() });
        let part = Part { person: person(&told, Role::DataSubject), content, ..Part::default() };
        parts.push(PlainPart { holder: holder(told, RetentionClass::Subject), part });
    }
    // An empty part says nothing, and needs no place.
    let case = Some(case).filter(|case| *case != CasePart::default());
    let content = ContentPart { case, ..ContentPart::default() };
    let (caller_body, own) = sealed_event(content, Holder::Ledger, caller, registry);
    if !own.is_empty() {
        body.parts.push(group(parts.len(), own.len(), Role::Content, true));
    }
    parts.extend(own);
    body.caller = Some(caller_body);
    event(EntryKind::Case, body.encode(), caller.clone(), parts)
}

/// How long what is kept from now on.
pub fn retention(mut body: RetentionBody, caller: Caller, registry: &Registry) -> Admitted {
    let (caller_body, parts) = sealed_event(ContentPart::default(), Holder::Ledger, &caller, registry);
    body.caller = Some(caller_body);
    body.parts = own_groups(&parts, Role::Content);
    event(EntryKind::Retention, body.encode(), caller, parts)
}

/// A batch of erasures, or what became of its keys.
pub fn erasure(mut body: ErasureBody, caller: Caller, registry: &Registry) -> Admitted {
    let (caller_body, parts) = sealed_event(ContentPart::default(), Holder::Ledger, &caller, registry);
    body.caller = Some(caller_body);
    body.parts = own_groups(&parts, Role::Content);
    event(EntryKind::Erasure, body.encode(), caller, parts)
}

/// Somebody who stays, by the identities that the entry showed of them.
pub type Survivor = (Vec<Identity>, RetentionClass);

/// Content that several persons shared, sealed anew for those who stay: for each of `contents` a part for every survivor,
/// and the content in a part that they share, or in the only one's own.
pub fn resealed(
    cites: Vec<body::Place>,
    contents: Vec<(Vec<Survivor>, ContentPart)>,
    lost: Vec<body::Lost>,
    generation: u64,
) -> Admitted {
    let (mut parts, mut groups) = (Vec::new(), Vec::new());
    for (survivors, content) in contents {
        let first = parts.len() as u32;
        let count = survivors.len() as u32;
        let alone = count == 1;
        for (identities, class) in survivors {
            let content = alone.then(|| content.clone());
            let part = Part { content, ..Part::default() };
            parts.push(PlainPart { holder: Holder::Person { identities, class }, part });
        }
        let role = vec![Role::DataSubject];
        groups.push(PartGroup { first, count, roles: role, holds_content: alone, ..PartGroup::default() });
        if !alone {
            let by = (first..first + count).collect();
            parts.push(PlainPart {
                holder: Holder::Shared { by },
                part: Part { content: Some(content), ..Part::default() },
            });
            groups.push(PartGroup {
                first: first + count,
                count: 1,
                roles: vec![Role::Content],
                holds_content: true,
                shared_by: vec![body::Run { first, count }],
                ..PartGroup::default()
            });
        }
    }
    let caller = Caller { name: String::new(), assurance: Assurance::default() };
    let body =
        ErasureBody { state: ErasureState::Resealed, generation, cites, lost, parts: groups, ..ErasureBody::default() };
    event(EntryKind::Erasure, body.encode(), caller, parts)
}

/// The caller as the body may say it, and what has to be sealed: its name, where the registry does not know it.
fn sealed_event(
    mut content: ContentPart,
    holder: Holder,
    caller: &Caller,
    registry: &Registry,
) -> (body::Caller, Vec<PlainPart>) {
    let known = registry.knows_caller(&caller.name);
    if !known && !caller.name.is_empty() {
        content.names.push(SealedName { field: NamedField::CallerName, position: 0, value: caller.name.clone() });
    }
    let name = if known { caller.name.clone() } else { String::new() };
    let parts = super::parts::pieces(content, None)
        .into_iter()
        .filter(|part| {
            part.piece > 0
                || !part.piece_bytes.is_empty()
                || part.content.as_ref().is_some_and(|content| !content.is_empty())
        })
        .map(|part| PlainPart { holder: holder.clone(), part })
        .collect();
    (body::Caller { name, assurance: caller.assurance }, parts)
}

/// One group: the parts of an event are alike in public.
fn own_groups(parts: &[PlainPart], role: Role) -> Vec<PartGroup> {
    let count = parts.len() as u32;
    let group = PartGroup { first: 0, count, roles: vec![role], holds_content: true, ..PartGroup::default() };
    if count == 0 { Vec::new() } else { vec![group] }
}

fn event(kind: EntryKind, body: Vec<u8>, caller: Caller, parts: Vec<PlainPart>) -> Admitted {
    Admitted { kind, action_id: None, caller, body, parts, request: [0; 32] }
}
