//! The wire vocabulary against its own rules: everything is explained and named as protobuf's lint rules ask, the closed
//! lists are those of the verifier, and what the verifier writes reads the same with any protobuf library.
//!
//! The descriptors are the ones that the server reflects, comments included.

#[path = "common/unset.rs"]
mod unset;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, EnumDescriptor};
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::body::*;
use whosaw_verifier::part::{
    self, AgentPart, CaseAnswer, CasePart, ContentPart, HoldScope, NamedRow, Part, PersonActPart, PersonPart,
    SealedFact, SealedName,
};
use whosaw_verifier::vocabulary::*;
use whosaw_verifier::wire::{Message, Varint};

fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(whosaw::rpc::DESCRIPTORS).expect("descriptors");
    let ours: Vec<_> = set.file.into_iter().filter(|file| file.package() == "whosaw.v1").collect();
    assert!(ours.len() >= 10, "all files are there");
    ours
}

fn pool() -> DescriptorPool {
    DescriptorPool::decode(whosaw::rpc::DESCRIPTORS).expect("descriptors")
}

/// Everything that a file defines: what it is, its name, and its place among the descriptors.
struct Defined {
    kind: &'static str,
    name: String,
    path: Vec<i32>,
}

fn defined(file: &FileDescriptorProto) -> Vec<Defined> {
    let mut all = Vec::new();
    for (number, message) in (0..).zip(&file.message_type) {
        defined_in(message, vec![4, number], &mut all);
    }
    for (number, listed) in (0..).zip(&file.enum_type) {
        defined_enum(listed, vec![5, number], &mut all);
    }
    for (number, service) in (0..).zip(&file.service) {
        all.push(Defined { kind: "service", name: service.name().into(), path: vec![6, number] });
        for (method_number, method) in (0..).zip(&service.method) {
            let name = format!("{}.{}", service.name(), method.name());
            all.push(Defined { kind: "rpc", name, path: vec![6, number, 2, method_number] });
        }
    }
    all
}

fn defined_in(message: &DescriptorProto, path: Vec<i32>, all: &mut Vec<Defined>) {
    let inside = |of: i32, number: i32| [path.as_slice(), &[of, number]].concat();
    let mut add = |kind, name: &str, path| all.push(Defined { kind, name: format!("{}.{name}", message.name()), path });
    for (number, field) in (0..).zip(&message.field) {
        add("field", field.name(), inside(2, number));
    }
    for (number, oneof) in (0..).zip(&message.oneof_decl) {
        add("oneof", oneof.name(), inside(8, number));
    }
    for (number, nested) in (0..).zip(&message.nested_type) {
        defined_in(nested, inside(3, number), all);
    }
    for (number, listed) in (0..).zip(&message.enum_type) {
        defined_enum(listed, inside(4, number), all);
    }
    all.push(Defined { kind: "message", name: message.name().into(), path });
}

fn defined_enum(listed: &EnumDescriptorProto, path: Vec<i32>, all: &mut Vec<Defined>) {
    for (number, value) in (0..).zip(&listed.value) {
        let name = format!("{}.{}", listed.name(), value.name());
        all.push(Defined { kind: "value", name, path: [path.as_slice(), &[2, number]].concat() });
    }
    all.push(Defined { kind: "enum", name: listed.name().into(), path });
}

/// What stands before a thing in its file.
fn comments(file: &FileDescriptorProto) -> BTreeMap<Vec<i32>, String> {
    let locations = &file.source_code_info.as_ref().expect("comments are kept").location;
    locations.iter().map(|l| (l.path.clone(), l.leading_comments().trim().to_owned())).collect()
}

#[test]
fn everything_has_a_comment_that_says_something() {
    let mut wrong = Vec::new();
    let mut said_before: BTreeMap<String, String> = BTreeMap::new();
    let mut count = 0;
    for file in files() {
        let comments = comments(&file);
        if comments.get(&vec![2]).is_none_or(String::is_empty) {
            wrong.push(format!("{}: the file says nothing of itself", file.name()));
        }
        for Defined { kind, name, path } in defined(&file) {
            count += 1;
            let comment = comments.get(&path).map(String::as_str).unwrap_or_default();
            if comment.is_empty() {
                wrong.push(format!("{}: {kind} {name} has no comment", file.name()));
                continue;
            }
            let bare = |text: &str| -> String {
                text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
            };
            let own = name.rsplit('.').next().unwrap_or_default();
            let only_its_name = match kind {
                // Behind a value stands its code, which is what it means.
                "value" => false,
                _ => bare(comment) == bare(own) || bare(comment) == bare(&format!("the {own}")),
            };
            if only_its_name {
                wrong.push(format!("{}: {kind} {name} only repeats its name", file.name()));
            }
            // One sentence for several messages says nothing of any of them.
            if kind == "message"
                && let Some(other) = said_before.insert(comment.to_owned(), name.clone())
            {
                wrong.push(format!("{}: {name} is described in the very words of {other}", file.name()));
            }
            if let "field" | "message" | "rpc" | "service" | "oneof" = kind
                && !comment.ends_with(['.', ':', '…'])
            {
                wrong.push(format!("{}: {kind} {name}: not a sentence: {comment}", file.name()));
            }
        }
    }
    assert!(count > 500, "{count} things were looked at");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_and_files_obey_the_standard_lint_rules() {
    let mut wrong = Vec::new();
    let mut requests: BTreeMap<String, String> = BTreeMap::new();
    for file in files() {
        let mut check = |holds: bool, rule: &str, name: &str| {
            if !holds {
                wrong.push(format!("{}: {rule}: {name}", file.name()));
            }
        };
        let (directory, stem) = file.name().rsplit_once('/').unwrap_or_default();
        check(file.syntax() == "proto3", "SYNTAX_SPECIFIED", file.syntax());
        check(directory == file.package().replace('.', "/"), "PACKAGE_DIRECTORY_MATCH", directory);
        check(
            is_version(file.package().rsplit('.').next().unwrap_or_default()),
            "PACKAGE_VERSION_SUFFIX",
            file.package(),
        );
        check(file.package().split('.').all(is_lower_snake), "PACKAGE_LOWER_SNAKE_CASE", file.package());
        check(stem.strip_suffix(".proto").is_some_and(is_lower_snake), "FILE_LOWER_SNAKE_CASE", stem);
        check(file.public_dependency.is_empty(), "IMPORT_NO_PUBLIC", "");
        check(file.weak_dependency.is_empty(), "IMPORT_NO_WEAK", "");
        for import in unused_imports(&file) {
            check(false, "IMPORT_USED", &import);
        }
        for message in &file.message_type {
            check_message(message, &mut check);
        }
        for listed in &file.enum_type {
            check_enum(listed, &mut check);
        }
        for service in &file.service {
            check(is_pascal(service.name()), "SERVICE_PASCAL_CASE", service.name());
            check(service.name().ends_with("Service"), "SERVICE_SUFFIX", service.name());
            for method in &service.method {
                check(is_pascal(method.name()), "RPC_PASCAL_CASE", method.name());
                for (what, rule, name) in [
                    ("Request", "RPC_REQUEST_STANDARD_NAME", method.input_type()),
                    ("Response", "RPC_RESPONSE_STANDARD_NAME", method.output_type()),
                ] {
                    check(name == format!(".whosaw.v1.{}{what}", method.name()), rule, name);
                    let rpc = format!("{}.{}", service.name(), method.name());
                    check(requests.insert(name.to_owned(), rpc).is_none(), "RPC_REQUEST_RESPONSE_UNIQUE", name);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

type Check<'a> = dyn FnMut(bool, &str, &str) + 'a;

fn check_message(message: &DescriptorProto, check: &mut Check<'_>) {
    check(is_pascal(message.name()), "MESSAGE_PASCAL_CASE", message.name());
    let mut numbers = BTreeSet::new();
    for field in &message.field {
        check(is_lower_snake(field.name()), "FIELD_LOWER_SNAKE_CASE", field.name());
        check(numbers.insert(field.number()), "a field number stands once", field.name());
    }
    for oneof in &message.oneof_decl {
        check(is_lower_snake(oneof.name()), "ONEOF_LOWER_SNAKE_CASE", oneof.name());
    }
    for nested in &message.nested_type {
        check_message(nested, check);
    }
    for listed in &message.enum_type {
        check_enum(listed, check);
    }
}

fn check_enum(listed: &EnumDescriptorProto, check: &mut Check<'_>) {
    check(is_pascal(listed.name()), "ENUM_PASCAL_CASE", listed.name());
    let prefix = upper_snake(listed.name());
    check(!listed.options.as_ref().is_some_and(|options| options.allow_alias()), "ENUM_NO_ALLOW_ALIAS", listed.name());
    let first = listed.value.first().expect("an enum has values");
    check(first.number() == 0, "ENUM_FIRST_VALUE_ZERO", first.name());
    check(first.name() == format!("{prefix}_UNSPECIFIED"), "ENUM_ZERO_VALUE_SUFFIX", first.name());
    for value in &listed.value {
        check(value.name().starts_with(&format!("{prefix}_")), "ENUM_VALUE_PREFIX", value.name());
        check(is_lower_snake(&value.name().to_lowercase()), "ENUM_VALUE_UPPER_SNAKE_CASE", value.name());
        check(value.name() == value.name().to_uppercase(), "ENUM_VALUE_UPPER_SNAKE_CASE", value.name());
    }
}

fn is_pascal(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_lower_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !name.contains("__")
        && !name.ends_with('_')
}

fn is_version(name: &str) -> bool {
    name.strip_prefix('v').is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number > 0))
}

fn upper_snake(pascal: &str) -> String {
    let mut name = String::new();
    for (position, c) in pascal.chars().enumerate() {
        if c.is_ascii_uppercase() && position > 0 {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

/// Imports of which no type is used.
fn unused_imports(file: &FileDescriptorProto) -> Vec<String> {
    let mut used = BTreeSet::new();
    for message in &file.message_type {
        used_types(message, &mut used);
    }
    used.extend(
        file.service
            .iter()
            .flat_map(|s| &s.method)
            .flat_map(|m| [m.input_type().to_owned(), m.output_type().to_owned()]),
    );
    let pool = pool();
    let defines = |import: &&String| {
        let imported = pool.get_file_by_name(import).expect("an import is there");
        let messages = imported.messages().map(|message| format!(".{}", message.full_name()));
        let enums = imported.enums().map(|listed| format!(".{}", listed.full_name()));
        !messages.chain(enums).any(|name| used.contains(&name))
    };
    file.dependency.iter().filter(defines).cloned().collect()
}

fn used_types(message: &DescriptorProto, used: &mut BTreeSet<String>) {
    used.extend(message.field.iter().map(|field| field.type_name().to_owned()));
    for nested in &message.nested_type {
        used_types(nested, used);
    }
}

/// The names in vocabulary.proto are the codes of the verifier's lists, number for number, and so are the comments.
#[test]
fn the_closed_lists_are_the_verifiers() {
    let pool = pool();
    let mut held = BTreeSet::new();
    macro_rules! hold {
        ($($name:ident),* $(,)?) => {$(
            let codes: Vec<(i32, &str)> = $name::ALL.iter().map(|value| (*value as i32, value.code())).collect();
            for value in $name::ALL {
                let number = *value as u64;
                assert_eq!((value.to_varint(), $name::from_varint(0, number).ok()), (number, Some(*value)));
                assert_eq!($name::from_code(value.code()), Some(*value));
            }
            let listed = pool.get_enum_by_name(concat!("whosaw.v1.", stringify!($name))).expect("it is in proto/ too");
            hold_list(&listed, &codes);
            held.insert(stringify!($name).to_owned());
        )*};
    }
    hold!(
        EntryKind,
        Verb,
        Outcome,
        TimeSource,
        Assurance,
        PartyKind,
        RecipientKind,
        Category,
        Direction,
        LegalBasis,
        PolicyDecision,
        ApprovalResult,
        Precision,
        Determination,
        Doubt,
        ContentKind,
        Role,
        Strength,
        RecordScope,
        FactKind,
        Edge,
        EndKind,
        CoverageState,
        Provenance,
        RegistryKind,
        ReportType,
        NamedField,
        Ground,
        Exemption,
        PersonAct,
        Decision,
        CaseStep,
        Channel,
        Delivery,
        ErasureState,
        CustodianClass,
        RetentionClass,
        LostReason,
    );
    let file = pool.get_file_by_name("whosaw/v1/vocabulary.proto").expect("the vocabulary");
    let there: BTreeSet<String> = file.enums().map(|listed| listed.name().to_owned()).collect();
    assert_eq!(there, held, "every list of vocabulary.proto is held against the verifier");
}

fn hold_list(listed: &EnumDescriptor, codes: &[(i32, &str)]) {
    let numbers: Vec<i32> = listed.values().map(|value| value.number()).collect();
    let expected: Vec<i32> = [0].into_iter().chain(codes.iter().map(|(number, _)| *number)).collect();
    assert_eq!(numbers, expected, "{}", listed.name());
    let set = files();
    let (file, position) = set
        .iter()
        .find_map(|file| Some((file, file.enum_type.iter().position(|e| e.name() == listed.name())?)))
        .expect("it stands in a file");
    let comments = comments(file);
    let prefix = upper_snake(listed.name());
    for (place, (value, (_, code))) in listed.values().skip(1).zip(codes).enumerate() {
        let comment = &comments[&vec![5, position as i32, 2, place as i32 + 1]];
        assert!(comment.contains(&format!("`{code}`")), "{}: the comment names another code: {comment}", value.name());
        // Names of values are made of codes, but for articles of law, which are numbers and have names instead.
        if !code.starts_with("gdpr:") {
            let name = format!("{prefix}_{}", code.to_uppercase().replace(['.', '-', ':'], "_"));
            assert_eq!(value.name(), name);
        }
    }
}

/// What our strict writer writes, any protobuf library reads and writes again, byte for byte.
fn check_strict<M: Message + PartialEq + std::fmt::Debug>(
    name: &str,
    message: M,
    prost_again: impl Fn(&[u8]) -> Vec<u8>,
) {
    let bytes = message.encode();
    assert_eq!(M::decode(&bytes), Ok(message), "{name}: our own reader");
    assert_eq!(prost_again(&bytes), bytes, "{name}: generated code");
    let descriptor = pool().get_message_by_name(&format!("whosaw.v1.{name}")).expect("a message");
    let dynamic = DynamicMessage::decode(descriptor, bytes.as_slice()).expect("it decodes");
    assert!(no_unknown_fields(&dynamic), "{name}: proto/ does not know a field");
    assert_eq!(dynamic.encode_to_vec(), bytes, "{name}: a library that only knows descriptors");
}

fn no_unknown_fields(message: &DynamicMessage) -> bool {
    message.unknown_fields().next().is_none()
        && message.fields().all(|(_, value)| match value {
            prost_reflect::Value::List(values) => values.iter().filter_map(|v| v.as_message()).all(no_unknown_fields),
            value => value.as_message().is_none_or(no_unknown_fields),
        })
}

macro_rules! strict {
    ($name:ident, $message:expr) => {
        check_strict(stringify!($name), $message, |bytes| {
            let read = <whosaw::rpc::v1::$name as prost::Message>::decode(bytes).expect("generated code reads it");
            prost::Message::encode_to_vec(&read)
        })
    };
}

fn caller() -> Option<Caller> {
    Some(Caller { name: "gateway".into(), assurance: Assurance::MutualTls })
}

fn groups() -> Vec<PartGroup> {
    vec![
        PartGroup {
            first: 0,
            count: 300,
            roles: vec![Role::DataSubject, Role::Actor],
            kind: "customer".into(),
            strength: Strength::Weak,
            categories: vec![CategoryUse {
                direction: Direction::Rendered,
                categories: vec![Category::Basic, Category::Other],
                rendered_to: vec![1, 65_538],
            }],
            holds_content: false,
            shared_by: vec![],
        },
        PartGroup {
            first: 300,
            count: 1,
            roles: vec![Role::Content],
            holds_content: true,
            shared_by: vec![Run { first: 0, count: 200 }, Run { first: 200, count: 100 }],
            ..Default::default()
        },
    ]
}

fn action() -> ActionBody {
    let quantity = |count| Some(Quantity { precision: Precision::Approximate, count });
    ActionBody {
        verb: Verb::EventRetract,
        outcome: Outcome::Unknown,
        occurred: Some(Occurred { earliest_us: 1, latest_us: u64::MAX, source: TimeSource::Unknown }),
        caller: caller(),
        actors: vec![
            Actor {
                kind: PartyKind::Agent,
                name: "a".into(),
                version: "v".into(),
                model: "m".into(),
                vendor: "w".into(),
                region: "r".into(),
                part: 0,
            },
            Actor { kind: PartyKind::Human, part: 3, ..Default::default() },
            // A message that is there and says nothing is not the same as one that is absent.
            Actor::default(),
        ],
        source: Some(Source { name: "s".into(), sequence: 1 << 40, clock_us: 7, skew_us: i64::MIN, chained: true }),
        tool: "t".into(),
        dataset: "d".into(),
        purpose: "p".into(),
        legal_bases: LegalBasis::ALL.to_vec(),
        policy: Some(Policy { id: "i".into(), version: "2".into(), decision: PolicyDecision::Indeterminate }),
        approval: ApprovalResult::Claimed,
        break_glass: true,
        recipients: vec![Recipient {
            kind: RecipientKind::Undetermined,
            party: PartyKind::Public,
            name: "n".into(),
            country: "FR".into(),
            part: 9,
        }],
        records_asked: quantity(1),
        records_delivered: quantity(0),
        subjects_asked: Some(Quantity::default()),
        subjects_delivered: quantity(u64::MAX),
        parts: groups(),
        protection: Some(Protection { encrypted: true, pseudonymised: true, key_id: "k".into() }),
        catalogue: Some(CatalogueRef { version: "c".into(), digest: vec![1; 32] }),
        determination: Determination::ListedIncomplete,
        doubts: Doubt::ALL.to_vec(),
        agent_signature: Some(AgentSignature {
            key_id: vec![0; 8],
            claim: b"claim".to_vec(),
            signature: vec![2; 64],
            commitments: vec![vec![3; 32], vec![]],
        }),
        sealed_names: NamedField::ALL.to_vec(),
        facts: vec![Fact {
            kind: FactKind::Loss,
            edge: Edge::Point,
            resource: "r".into(),
            party: PartyKind::Group,
            name: "g".into(),
            part: 2,
            rights: vec![Verb::DataRead, Verb::DataErase],
            categories: vec![Category::Health],
            end: EndKind::Unknown,
            end_earliest_us: 5,
            end_latest_us: 6,
            coverage: CoverageState::Refused,
            source: "s".into(),
            subjects: vec![Run { first: 0, count: 1 }, Run { first: 5, count: 7 }],
            recoverable_until_us: 8,
        }],
        provenance: Provenance::Import,
        links: Some(LinkCounts { parents: 1, caused_by: 2, same_act_as: 3, corrects: 4, retracts: 256 }),
        not_kept: ContentKind::ALL.to_vec(),
        cut: vec![ContentKind::Result],
        record_datasets: vec!["e".into(), "f".into()],
    }
}

fn person_act() -> PersonActBody {
    PersonActBody {
        act: PersonAct::WithdrawErasure,
        decision: Decision::Refused,
        ground: Ground::RetentionEnded,
        exemption: Exemption::LegalClaims,
        strength: Strength::Strong,
        caller: caller(),
        parts: groups(),
    }
}

fn case() -> CaseBody {
    CaseBody {
        case: vec![1; 16],
        step: CaseStep::NotNotified,
        stated_us: 2,
        size: 3,
        report: vec![4; 32],
        by: 5,
        caller: caller(),
        parts: groups(),
        retracts: 6,
        signed: true,
    }
}

fn case_part() -> CasePart {
    CasePart {
        reference: "r".into(),
        statement: "s".into(),
        resources: vec!["d".into(), String::new()],
        answers: vec![CaseAnswer { field: 55, values: vec!["a".into(), "c".into()] }, CaseAnswer::default()],
        level: "sev-1".into(),
        figure: Some(part::SeverityFigure {
            context: 4,
            identification: 100,
            confidentiality: 50,
            integrity: 25,
            availability: 25,
            malicious: true,
        }),
        channel: Channel::Other,
        delivery: Delivery::Failed,
        message: vec![6; 32],
        report: vec![7; 32],
        counted: Some(part::CaseCount {
            people_low: 1,
            people_high: 2,
            people_determined: true,
            records_known: true,
            records: 3,
            ways: 4,
            open_low_us: 5,
            open_high_us: 6,
            could_low: 7,
            could_high: 8,
            uncountable: true,
            saw_low: 9,
            saw_high: 10,
            accesses_low: 11,
            accesses_high: 12,
            losses: 13,
        }),
        signature: Some(part::StepSignature { public_key: vec![8; 32], signature: vec![9; 64], report: 10 }),
    }
}

fn erasure() -> ErasureBody {
    ErasureBody {
        state: ErasureState::Irrecoverable,
        covers: 1 << 40,
        covers_root: vec![1; 32],
        generation: 2,
        tokens: vec![vec![3; 32], vec![4; 32]],
        custodian: CustodianClass::Pkcs11,
        batch: 5,
        backups_until_us: 6,
        cites: vec![Place { index: 7, ordinal: u32::MAX }, Place::default()],
        lost: vec![Lost { reason: LostReason::AlreadyClosed, count: 8 }],
        caller: caller(),
        parts: groups(),
        pruned: Some(PrunedBodies {
            bodies: 9,
            first: 10,
            last: 300,
            acts: vec![PrunedActs {
                kind: EntryKind::Action,
                verb: Verb::DataRead,
                outcome: Outcome::Succeeded,
                count: 9,
            }],
            undetermined: vec![PrunedUndetermined {
                determination: Determination::Undetermined,
                tool: "t".into(),
                doubt: Doubt::FreeText,
                outcome: Outcome::Unknown,
                steps: vec![10, 1, 289],
            }],
            sources: vec![PrunedSource { name: "s".into(), sequence: 1 << 33 }],
        }),
    }
}

fn retention() -> RetentionBody {
    RetentionBody {
        rules: vec![RetentionRule { class: RetentionClass::Body, months: 120, basis: LegalBasis::LegalObligation }],
        pruned_before: 9,
        caller: caller(),
        parts: groups(),
    }
}

fn restore() -> RestoreBody {
    RestoreBody {
        backup_size: 1,
        backup_root: vec![2; 32],
        recovered_size: 3,
        recovered_root: vec![4; 32],
        software: "s".into(),
        caller: caller(),
        parts: groups(),
    }
}

fn identity() -> part::Identity {
    part::Identity {
        namespace: "n".into(),
        fields: vec!["Ana".into(), String::new(), "Žofie".into()],
        strength: Strength::Weak,
    }
}

fn act_part() -> PersonActPart {
    PersonActPart {
        reference: "r".into(),
        authority: "a".into(),
        statement: "s".into(),
        asked: Some(identity()),
        other: Some(identity()),
        hold: Some(HoldScope {
            persons: vec![identity(), identity()],
            datasets: vec!["d".into(), String::new()],
            agents: vec!["a".into()],
            from_us: 1,
            until_us: 2,
        }),
        matter: vec![5; 16],
        at_us: 3,
        request: 4,
        rows: vec![NamedRow { entry: 5, ordinal: 6 }, NamedRow { entry: 7, ordinal: 0 }],
        interest: "i".into(),
        naming: 15,
    }
}

#[test]
fn bodies_and_parts_are_ordinary_protobuf() {
    strict!(ActionBody, action());
    strict!(ActionBody, ActionBody::default());
    strict!(
        GenesisBody,
        GenesisBody {
            origin: "o".into(),
            verifier_key: "k".into(),
            software: "s".into(),
            predecessor: Some(Predecessor {
                origin: "p".into(),
                guard_size: 1,
                guard_root: vec![1; 32],
                restored_size: 2,
                restored_root: vec![2; 32],
            }),
        }
    );
    strict!(WriterEpochBody, WriterEpochBody { epoch: 3, software: "s".into(), last_recorded_us: 4 });
    strict!(ClockBody, ClockBody { old_us: 5, new_us: 6 });
    strict!(
        RegistryBody,
        RegistryBody {
            records: vec![RegistryRecord {
                kind: RegistryKind::Catalogue,
                name: "n".into(),
                attributes: vec![Attribute { key: "k".into(), value: "v".into() }, Attribute::default()],
                public_key: vec![4; 32],
                retired: true,
            }],
            caller: caller(),
            parts: groups(),
        }
    );
    strict!(
        ReportBody,
        ReportBody {
            report_type: ReportType::Exposure,
            report_id: vec![5; 16],
            size: 7,
            root: vec![6; 32],
            caller: caller(),
            cut_off_us: 8,
            parts: groups(),
            generation: 9,
        }
    );
    strict!(
        LedgerAccessBody,
        LedgerAccessBody { caller: caller(), verb: Verb::LogRead, first_index: 1, count: 2, parts: groups() }
    );
    strict!(
        CoverageBody,
        CoverageBody { source: "s".into(), state: CoverageState::Down, from_us: 1, until_us: 2, refused: 3, reason: 4 }
    );
    strict!(PersonActBody, person_act());
    strict!(CaseBody, case());
    strict!(ErasureBody, erasure());
    strict!(RetentionBody, retention());
    strict!(RestoreBody, restore());
    let record = || part::Record { dataset: "d".into(), id: "i".into(), scope: RecordScope::Conversation };
    strict!(
        Part,
        Part {
            person: Some(PersonPart {
                roles: Role::ALL.to_vec(),
                kind: "k".into(),
                identities: vec![identity()],
                records: vec![record(), record()],
                fields: vec![part::FieldUse {
                    pointer: "/a/*".into(),
                    category: Category::Contact,
                    direction: Direction::Argument,
                }],
            }),
            content: Some(ContentPart {
                action_id: vec![1; 16],
                conversation: "c".into(),
                session: "s".into(),
                parents: vec![vec![2; 16]],
                caused_by: vec![vec![3; 16], vec![4; 16]],
                same_act_as: vec![vec![5; 16]],
                corrects: vec![vec![6; 16]],
                retracts: vec![vec![7; 16]],
                instruction: "i".into(),
                source_previous_hash: vec![8; 64],
                approval_reference: "r".into(),
                break_glass_reason: "b".into(),
                arguments: vec![0, 255, 0],
                result: vec![9; 300],
                names: vec![SealedName { field: NamedField::CallerName, position: 1, value: "v".into() }],
                records: vec![record()],
                call_id: "id".into(),
                error: "e".into(),
                facts: vec![SealedFact { position: 2, resource: "r".into(), reference: "f".into(), name: "n".into() }],
                question: b"{}".to_vec(),
                act: Some(act_part()),
                case: Some(case_part()),
            }),
            agent_part: Some(AgentPart { nonce: vec![1; 32], as_sent: vec![2; 9] }),
            piece: 3,
            piece_bytes: vec![4; 5],
        }
    );
}

/// A sample that leaves a field out would prove nothing about it.
#[test]
fn the_samples_set_every_field() {
    for sample in [
        ("ActionBody", action().encode()),
        ("PersonActBody", person_act().encode()),
        ("ErasureBody", erasure().encode()),
        ("RetentionBody", retention().encode()),
        ("RestoreBody", restore().encode()),
        ("PersonActPart", act_part().encode()),
        ("CaseBody", case().encode()),
        ("CasePart", case_part().encode()),
    ] {
        assert_eq!(unset::unset_fields(&[sample]), BTreeSet::new());
    }
}
