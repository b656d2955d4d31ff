//! Every field that an action can carry comes back: stored, listed, exported and, where it is sealed, opened again.
//!
//! One action has every field set; that it has is checked against the descriptors, so that a new field is missed here
//! until somebody says where it is to be found again.

use crate::common::records::*;
use crate::common::unset::unset_fields;
use crate::common::*;
use ed25519_dalek::{Signer as _, SigningKey};
use prost::Message;
use std::collections::BTreeSet;
use whosaw::rpc::v1::*;
use whosaw_verifier::agent as construction;
use whosaw_verifier::entry::{body_commitment, origin_hash};
use whosaw_verifier::hash::sha256;
use whosaw_verifier::tiles::ContentReader;

const EARLIEST_US: u64 = 1_700_000_000_000_001;
const CATALOGUE: &str =
    "version = \"tests-1\"\n[tools.lookup]\nverb = \"data.read\"\nresult = \"none\"\npersons = \"none\"\n";
const NONCE: u8 = 40;

/// Every field set. Not the agent's signature, which depends on the ledger.
fn everything() -> Action {
    Action {
        action_id: id(1),
        verb: "access.grant".into(),
        outcome: Outcome::Partial as i32,
        occurred: Some(Occurred {
            earliest: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 1_999 }),
            latest: Some(prost_types::Timestamp { seconds: 1_700_000_001, nanos: 1_001 }),
            source: TimeSource::Replay as i32,
        }),
        actors: vec![
            Actor {
                version: "v7".into(),
                model: "m-1".into(),
                vendor: "acme".into(),
                region: "eu-1".into(),
                ..agent(AGENT)
            },
            Actor { kind: PartyKind::Service as i32, name: "proxy".into(), ..Default::default() },
            human(strong("staff", "7")),
        ],
        conversation: "conversation 12".into(),
        session: "session 3".into(),
        call_id: "call_9".into(),
        source: Some(Source {
            name: "gateway-1".into(),
            sequence: 42,
            previous_hash: vec![9; 32],
            clock: Some(prost_types::Timestamp { seconds: 1_700_000_002, nanos: 5_000 }),
            skew_us: -250,
        }),
        tool: "lookup".into(),
        dataset: "crm".into(),
        purpose: "support".into(),
        legal_bases: vec!["gdpr:6.1.b".into(), "gdpr:49.2".into()],
        policy: Some(Policy { id: "p-1".into(), version: "2".into(), decision: PolicyDecision::Permit as i32 }),
        approval: Some(Approval { result: ApprovalResult::Matched as i32, reference: "approval 5".into() }),
        break_glass_reason: "the pager rang".into(),
        instruction: "answer the customer".into(),
        links: Some(Links {
            parents: vec![id(11)],
            caused_by: vec![id(12), id(13)],
            same_act_as: vec![id(14)],
            corrects: vec![id(15)],
            retracts: vec![id(16)],
        }),
        recipients: vec![
            Recipient {
                kind: "processor".into(),
                party: PartyKind::Organisation as i32,
                name: "acme-cloud".into(),
                country: "US".into(),
                identities: vec![],
            },
            Recipient {
                kind: "staff_on_instruction".into(),
                party: PartyKind::Human as i32,
                country: "DE".into(),
                identities: vec![strong("staff", "8")],
                ..Default::default()
            },
        ],
        records: vec![DataRecord { dataset: "crm".into(), id: "r-1".into(), scope: RecordScope::System as i32 }],
        records_asked: Some(Quantity { precision: Precision::Approximate as i32, count: 10 }),
        records_delivered: Some(Quantity { precision: Precision::Exact as i32, count: 3 }),
        subjects: vec![
            Subject {
                kind: "customer".into(),
                identities: vec![strong("customer", "anna"), weak(&["Anna", "K", "1990-04-05"])],
                categories: vec![
                    CategoryUse {
                        direction: Direction::Rendered as i32,
                        categories: vec!["contact".into(), "basic".into()],
                        rendered_to: vec![eyes(eyes::Party::Recipient(1)), eyes(eyes::Party::Actor(2))],
                    },
                    CategoryUse {
                        direction: Direction::Argument as i32,
                        categories: vec!["identification".into()],
                        ..Default::default()
                    },
                ],
                fields: vec![FieldUse {
                    pointer: "/arguments/id".into(),
                    category: "identification".into(),
                    direction: Direction::Argument as i32,
                }],
                records: vec![DataRecord {
                    dataset: "orders".into(),
                    id: "o-1".into(),
                    scope: RecordScope::Conversation as i32,
                }],
            },
            Subject { kind: "passenger".into(), identities: vec![weak(&["Ben", "L"])], ..Default::default() },
        ],
        subjects_asked: Some(Quantity { precision: Precision::Unknown as i32, count: 0 }),
        subjects_delivered: Some(Quantity { precision: Precision::Exact as i32, count: 2 }),
        determination: Determination::ListedIncomplete as i32,
        doubts: vec![Doubt::DeclaredByCaller as i32, Doubt::FreeText as i32],
        protection: Some(Protection { encrypted: true, pseudonymised: true, key_id: "k-1".into() }),
        arguments: b"{\"id\": \"anna\"}".to_vec(),
        result: b"some text".to_vec(),
        error: "half of it failed\nfor a reason".into(),
        catalogue: Some(CatalogueRef { version: "tests-1".into(), digest: vec![3; 32] }),
        facts: vec![
            Fact {
                kind: FactKind::Grant as i32,
                edge: Edge::Open as i32,
                resource: "crm".into(),
                party: PartyKind::Group as i32,
                name: "engineers".into(),
                rights: vec!["data.read".into(), "data.list".into()],
                categories: vec!["contact".into()],
                end: EndKind::Bounded as i32,
                end_earliest: time(1_700_000_100),
                end_latest: time(1_700_000_200),
                subjects: vec![1, 0],
                reference: "grant 4".into(),
                ..Default::default()
            },
            Fact {
                kind: FactKind::Coverage as i32,
                edge: Edge::Open as i32,
                coverage: CoverageState::Heartbeat as i32,
                source: "gateway-1".into(),
                ..Default::default()
            },
            Fact {
                kind: FactKind::Loss as i32,
                edge: Edge::Point as i32,
                party: PartyKind::Human as i32,
                identities: vec![strong("staff", "9")],
                subjects: vec![1],
                recoverable_until: time(1_700_000_300),
                ..Default::default()
            },
        ],
        agent_signature: None,
    }
}

fn eyes(party: eyes::Party) -> Eyes {
    Eyes { party: Some(party) }
}

/// The agent signs something of its own for each of the six parts that the action will have.
fn signed(mut action: Action, key: &SigningKey) -> Action {
    let public = key.verifying_key().to_bytes();
    let parts: Vec<AgentSignedPart> =
        (0..6u8).map(|number| AgentSignedPart { nonce: vec![NONCE + number; 32], as_sent: vec![number; 5] }).collect();
    let commitments: Vec<_> = parts
        .iter()
        .zip(0..)
        .map(|(part, number)| construction::part_commitment(&[NONCE + number as u8; 32], number, &part.as_sent))
        .collect();
    let claim = b"granted what was asked".to_vec();
    let action_id = uuid::Uuid::parse_str(&action.action_id).expect("an id").into_bytes();
    let message = construction::message(&origin_hash(ORIGIN), &action_id, &sha256(&[&claim]), &commitments);
    action.agent_signature = Some(AgentSignature {
        key_id: construction::key_id(&public).to_vec(),
        claim,
        signature: key.sign(&message).to_bytes().to_vec(),
        parts,
    });
    action
}

/// What the ledger must say of it in the open, once all names are known.
fn body(signature: &AgentSignature) -> ActionBody {
    let group = |first, roles: &[Role], kind: &str, strength: Strength| PartGroup {
        first,
        count: 1,
        roles: roles.iter().map(|role| *role as i32).collect(),
        kind: kind.into(),
        strength: strength as i32,
        ..Default::default()
    };
    let quantity = |precision: Precision, count| Some(BodyQuantity { precision: precision as i32, count });
    ActionBody {
        verb: Verb::AccessGrant as i32,
        outcome: Outcome::Partial as i32,
        occurred: Some(BodyOccurred {
            // Never narrower than it was claimed: down to the microsecond, and up.
            earliest_us: EARLIEST_US,
            latest_us: 1_700_000_001_000_002,
            source: TimeSource::Replay as i32,
        }),
        caller: Some(BodyCaller { name: "gateway-1".into(), assurance: Assurance::SelfAsserted as i32 }),
        actors: vec![
            BodyActor {
                kind: PartyKind::Agent as i32,
                name: AGENT.into(),
                version: "v7".into(),
                model: "m-1".into(),
                vendor: "acme".into(),
                region: "eu-1".into(),
                part: 0,
            },
            BodyActor { kind: PartyKind::Service as i32, name: "proxy".into(), ..Default::default() },
            BodyActor { kind: PartyKind::Human as i32, part: 3, ..Default::default() },
        ],
        source: Some(BodySource {
            name: "gateway-1".into(),
            sequence: 42,
            clock_us: 1_700_000_002_000_005,
            skew_us: -250,
            chained: true,
        }),
        tool: "lookup".into(),
        dataset: "crm".into(),
        purpose: "support".into(),
        legal_bases: vec![LegalBasis::Contract as i32, LegalBasis::DerogationCompelling as i32],
        policy: Some(BodyPolicy { id: "p-1".into(), version: "2".into(), decision: PolicyDecision::Permit as i32 }),
        approval: ApprovalResult::Matched as i32,
        break_glass: true,
        recipients: vec![
            BodyRecipient {
                kind: RecipientKind::Processor as i32,
                party: PartyKind::Organisation as i32,
                name: "acme-cloud".into(),
                country: "US".into(),
                part: 0,
            },
            BodyRecipient {
                kind: RecipientKind::StaffOnInstruction as i32,
                party: PartyKind::Human as i32,
                name: String::new(),
                country: "DE".into(),
                part: 4,
            },
        ],
        records_asked: quantity(Precision::Approximate, 10),
        records_delivered: quantity(Precision::Exact, 3),
        subjects_asked: quantity(Precision::Unknown, 0),
        subjects_delivered: quantity(Precision::Exact, 2),
        parts: vec![
            PartGroup {
                categories: vec![
                    BodyCategoryUse {
                        direction: Direction::Argument as i32,
                        categories: vec![Category::Identification as i32],
                        rendered_to: vec![],
                    },
                    BodyCategoryUse {
                        direction: Direction::Rendered as i32,
                        categories: vec![Category::Basic as i32, Category::Contact as i32],
                        rendered_to: vec![2, (1 << 16) + 3],
                    },
                ],
                ..group(0, &[Role::DataSubject], "customer", Strength::Strong)
            },
            group(1, &[Role::DataSubject], "passenger", Strength::Weak),
            group(2, &[Role::Principal], "", Strength::Strong),
            group(3, &[Role::Recipient], "", Strength::Strong),
            group(4, &[Role::Grantee], "", Strength::Strong),
            // What the agent signed beyond the persons' parts stands by itself, so that part j opens commitment j.
            PartGroup {
                shared_by: vec![Run { first: 0, count: 5 }],
                ..group(5, &[Role::Content], "", Strength::Unspecified)
            },
            PartGroup {
                holds_content: true,
                shared_by: vec![Run { first: 0, count: 5 }],
                ..group(6, &[Role::Content], "", Strength::Unspecified)
            },
        ],
        protection: Some(BodyProtection { encrypted: true, pseudonymised: true, key_id: "k-1".into() }),
        catalogue: Some(BodyCatalogueRef { version: "tests-1".into(), digest: vec![3; 32] }),
        determination: Determination::ListedIncomplete as i32,
        doubts: vec![Doubt::FreeText as i32, Doubt::DeclaredByCaller as i32],
        agent_signature: Some(BodyAgentSignature {
            key_id: signature.key_id.clone(),
            claim: signature.claim.clone(),
            signature: signature.signature.clone(),
            commitments: (0..6u8)
                .map(|n| construction::part_commitment(&[NONCE + n; 32], n.into(), &[n; 5]).to_vec())
                .collect(),
        }),
        sealed_names: vec![],
        facts: vec![
            BodyFact {
                kind: FactKind::Grant as i32,
                edge: Edge::Open as i32,
                resource: "crm".into(),
                party: PartyKind::Group as i32,
                name: "engineers".into(),
                rights: vec![Verb::DataRead as i32, Verb::DataList as i32],
                categories: vec![Category::Contact as i32],
                end: EndKind::Bounded as i32,
                end_earliest_us: 1_700_000_100_000_000,
                end_latest_us: 1_700_000_200_000_000,
                subjects: vec![Run { first: 0, count: 2 }],
                ..Default::default()
            },
            BodyFact {
                kind: FactKind::Coverage as i32,
                edge: Edge::Open as i32,
                coverage: CoverageState::Heartbeat as i32,
                source: "gateway-1".into(),
                ..Default::default()
            },
            BodyFact {
                kind: FactKind::Loss as i32,
                edge: Edge::Point as i32,
                party: PartyKind::Human as i32,
                part: 5,
                subjects: vec![Run { first: 1, count: 1 }],
                recoverable_until_us: 1_700_000_300_000_000,
                ..Default::default()
            },
        ],
        provenance: Provenance::Described as i32,
        links: Some(LinkCounts { parents: 1, caused_by: 2, same_act_as: 1, corrects: 1, retracts: 1 }),
        not_kept: Vec::new(),
        cut: Vec::new(),
        record_datasets: vec!["orders".into()],
    }
}

/// What its sealed parts must say.
fn parts() -> Vec<Part> {
    let identity = |namespace: &str, fields: &[&str], strength: Strength| PartIdentity {
        namespace: namespace.into(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        strength: strength as i32,
    };
    let person = |role: Role, kind: &str, identities: Vec<PartIdentity>| PersonPart {
        roles: vec![role as i32],
        kind: kind.into(),
        identities,
        ..Default::default()
    };
    let staff = |role, number| person(role, "", vec![identity("staff", &[number], Strength::Strong)]);
    let uuid = |number| uuid::Uuid::parse_str(&id(number)).expect("an id").into_bytes().to_vec();
    let anna = PersonPart {
        records: vec![PartRecord {
            dataset: "orders".into(),
            id: "o-1".into(),
            scope: RecordScope::Conversation as i32,
        }],
        fields: vec![PartFieldUse {
            pointer: "/arguments/id".into(),
            category: Category::Identification as i32,
            direction: Direction::Argument as i32,
        }],
        ..person(
            Role::DataSubject,
            "customer",
            vec![
                identity("customer", &["anna"], Strength::Strong),
                identity("person", &["Anna", "K", "1990-04-05"], Strength::Weak),
            ],
        )
    };
    let ben = person(Role::DataSubject, "passenger", vec![identity("person", &["Ben", "L"], Strength::Weak)]);
    let content = ContentPart {
        action_id: uuid(1),
        conversation: "conversation 12".into(),
        session: "session 3".into(),
        parents: vec![uuid(11)],
        caused_by: vec![uuid(12), uuid(13)],
        same_act_as: vec![uuid(14)],
        corrects: vec![uuid(15)],
        retracts: vec![uuid(16)],
        instruction: "answer the customer".into(),
        source_previous_hash: vec![9; 32],
        approval_reference: "approval 5".into(),
        break_glass_reason: "the pager rang".into(),
        arguments: b"{\"id\": \"anna\"}".to_vec(),
        result: b"some text".to_vec(),
        names: vec![],
        records: vec![PartRecord { dataset: "crm".into(), id: "r-1".into(), scope: RecordScope::System as i32 }],
        call_id: "call_9".into(),
        error: "half of it failed\nfor a reason".into(),
        facts: vec![SealedFact { position: 0, reference: "grant 4".into(), ..Default::default() }],
        question: vec![],
        act: None,
        case: None,
    };
    let persons = [anna, ben, staff(Role::Principal, "7"), staff(Role::Recipient, "8"), staff(Role::Grantee, "9")];
    let mut parts: Vec<Part> =
        persons.into_iter().map(|person| Part { person: Some(person), ..Default::default() }).collect();
    parts.push(Part::default());
    for (part, number) in parts.iter_mut().zip(0u8..) {
        part.agent_part = Some(AgentPart { nonce: vec![NONCE + number; 32], as_sent: vec![number; 5] });
    }
    parts.push(Part { content: Some(content), ..Default::default() });
    parts
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_stored_listed_exported_and_opens_again() {
    let key = SigningKey::from_bytes(&[5; 32]);
    let action = signed(everything(), &key);
    let unset = unset_fields(&[("Action", action.encode_to_vec())]);
    assert!(unset.is_empty(), "these fields are not tried: {unset:?}");

    let server = TestServer::new();
    let client = server.client_as("gateway-1").await;
    let agent = Name {
        kind: RegistryKind::Agent as i32,
        name: AGENT.into(),
        public_key: key.verifying_key().to_bytes().to_vec(),
        ..Default::default()
    };
    client.register_names(vec![agent]).await.expect("known");
    client.register(RegistryKind::Source, &["gateway-1"]).await;
    client.register(RegistryKind::Dataset, &["crm", "orders"]).await;
    client.register(RegistryKind::Party, &["proxy", "acme-cloud", "engineers"]).await;
    let terms = ["version/v7", "model/m-1", "vendor/acme", "region/eu-1", "purpose/support", "policy/p-1", "key/k-1"];
    client.register(RegistryKind::Term, &terms).await;
    client.register(RegistryKind::Term, &["policy-version/2", "kind/customer", "kind/passenger"]).await;
    client.apply_catalogue(CATALOGUE).await.expect("in force");

    let receipt = client.append(action.clone()).await.expect("recorded");
    let expected = body(action.agent_signature.as_ref().expect("signed"));
    let stored = client.opened(receipt.index).await;
    assert_eq!(stored.content, Some(entry::Content::Action(expected.clone())));
    assert_eq!(stored.body, expected.encode_to_vec(), "one meaning has one encoding");
    let opened: Vec<Part> = stored.parts.iter().map(|part| part.part.clone().expect("it opens")).collect();
    assert_eq!(opened, parts());
    for (ordinal, part) in stored.parts.iter().enumerate() {
        assert_eq!((part.ordinal, part.closed_because.as_str()), (ordinal as u32, ""));
    }

    // The list says the same, also where it opens parts.
    let request = ListEntriesRequest {
        filter: Some(EntryFilter { verb: "access.grant".into(), ..Default::default() }),
        open_parts: true,
        ..Default::default()
    };
    let listed = client.audit().list_entries(client.request(request)).await.expect("a list").into_inner().entries;
    assert_eq!(listed, std::slice::from_ref(&stored));

    // So does the export: these very bytes, under these commitments.
    let checked = judge::check(&client, &client.key().await).await;
    let size = checked.report.size;
    let path = checked.directory.path().join(whosaw_verifier::tiles::content_path(0, size));
    let mut reader = ContentReader::new(std::fs::File::open(path).expect("content"));
    for index in 0..=receipt.index {
        let content = reader.body().expect("a body");
        let content = content.map(|(salt, body)| (*salt, body.to_vec()));
        for ordinal in 0..client.entry(index).await.part_count {
            let (leaf, sealed) = reader.part().expect("a part");
            if index == receipt.index {
                assert_eq!(leaf.to_vec(), stored.parts[ordinal as usize].leaf_hash);
                assert!(sealed.is_some_and(|sealed| whosaw_verifier::seal::part_leaf(sealed) == leaf));
            }
        }
        if index == receipt.index {
            let (salt, body) = content.expect("it is there");
            assert_eq!((&body, salt.as_slice()), (&stored.body, stored.salt.as_slice()));
            assert_eq!(body_commitment(&origin_hash(ORIGIN), &salt, &body), stored.header[56..88]);
        }
    }

    // What can be told of an entry and was not told here is told elsewhere, or not yet by anybody.
    let unset = unset_fields(&[
        ("ActionBody", expected.encode_to_vec()),
        ("Part", parts().iter().flat_map(Message::encode_to_vec).collect()),
    ]);
    let elsewhere = [
        "ActionBody.cut",
        "ActionBody.not_kept",
        "ActionBody.sealed_names",
        "CaseAnswer.field",
        "CaseAnswer.values",
        "CaseCount.accesses_high",
        "CaseCount.accesses_low",
        "CaseCount.could_high",
        "CaseCount.could_low",
        "CaseCount.losses",
        "CaseCount.open_high_us",
        "CaseCount.open_low_us",
        "CaseCount.people_determined",
        "CaseCount.people_high",
        "CaseCount.people_low",
        "CaseCount.records",
        "CaseCount.records_known",
        "CaseCount.saw_high",
        "CaseCount.saw_low",
        "CaseCount.uncountable",
        "CaseCount.ways",
        "CasePart.answers",
        "CasePart.channel",
        "CasePart.counted",
        "CasePart.delivery",
        "CasePart.figure",
        "CasePart.level",
        "CasePart.message",
        "CasePart.reference",
        "CasePart.report",
        "CasePart.resources",
        "CasePart.signature",
        "CasePart.statement",
        "ContentPart.act",
        "ContentPart.case",
        "ContentPart.names",
        "ContentPart.question",
        "NamedRow.entry",
        "NamedRow.ordinal",
        "Part.piece",
        "Part.piece_bytes",
        "PartHoldScope.agents",
        "PartHoldScope.datasets",
        "PartHoldScope.from_us",
        "PartHoldScope.persons",
        "PartHoldScope.until_us",
        "PersonActPart.asked",
        "PersonActPart.at_us",
        "PersonActPart.authority",
        "PersonActPart.hold",
        "PersonActPart.interest",
        "PersonActPart.matter",
        "PersonActPart.naming",
        "PersonActPart.other",
        "PersonActPart.reference",
        "PersonActPart.request",
        "PersonActPart.rows",
        "PersonActPart.statement",
        "SealedFact.name",
        "SealedFact.position",
        "SealedFact.resource",
        "SealedName.field",
        "SealedName.position",
        "SealedName.value",
        "SeverityFigure.availability",
        "SeverityFigure.confidentiality",
        "SeverityFigure.context",
        "SeverityFigure.identification",
        "SeverityFigure.integrity",
        "SeverityFigure.malicious",
        "StepSignature.public_key",
        "StepSignature.report",
        "StepSignature.signature",
    ];
    assert_eq!(unset, elsewhere.map(str::to_owned).into());
}

/// Where nothing is registered every name stands sealed, at its place, and none of it in the open.
#[tokio::test(flavor = "multi_thread")]
async fn names_that_nobody_registered_stand_sealed() {
    let server = TestServer::new();
    let client = server.client_as("gateway-1").await;
    let receipt = client.append(everything()).await.expect("recorded");
    let opened = client.opened(receipt.index).await;
    let Some(entry::Content::Action(body)) = opened.content else { panic!("an action") };
    let names: BTreeSet<(i32, u32, String)> = opened
        .parts
        .iter()
        .filter_map(|part| part.part.as_ref()?.content.as_ref())
        .flat_map(|content| content.names.iter().map(|name| (name.field, name.position, name.value.clone())))
        .collect();
    let expected = [
        (NamedField::ActorName, 0, AGENT),
        (NamedField::ActorName, 1, "proxy"),
        (NamedField::ActorVersion, 0, "v7"),
        (NamedField::ActorModel, 0, "m-1"),
        (NamedField::ActorVendor, 0, "acme"),
        (NamedField::ActorRegion, 0, "eu-1"),
        (NamedField::Tool, 0, "lookup"),
        (NamedField::Dataset, 0, "crm"),
        (NamedField::Purpose, 0, "support"),
        (NamedField::PolicyId, 0, "p-1"),
        (NamedField::PolicyVersion, 0, "2"),
        (NamedField::RecipientName, 0, "acme-cloud"),
        (NamedField::SourceName, 0, "gateway-1"),
        // A coverage fact's source: one more than the position of the fact.
        (NamedField::SourceName, 2, "gateway-1"),
        (NamedField::ProtectionKeyId, 0, "k-1"),
        (NamedField::FactResource, 0, "crm"),
        (NamedField::FactName, 0, "engineers"),
        (NamedField::CatalogueVersion, 0, "tests-1"),
        (NamedField::CallerName, 0, "gateway-1"),
    ];
    let expected: BTreeSet<_> =
        expected.into_iter().map(|(field, position, value)| (field as i32, position, value.to_owned())).collect();
    assert_eq!(names, expected);
    // A kind that is not registered stands in the person's own part.
    let mut fields: BTreeSet<i32> = expected.iter().map(|(field, _, _)| *field).collect();
    fields.insert(NamedField::SubjectKind as i32);
    // The dataset of a record stands with the record.
    fields.insert(NamedField::RecordDataset as i32);
    assert_eq!(body.sealed_names, fields.into_iter().collect::<Vec<_>>());
    let public = String::from_utf8_lossy(&opened.body).into_owned();
    for (_, _, name) in &expected {
        assert!(name.len() < 2 || !public.contains(name.as_str()), "{name} stands in the open");
    }
    for secret in ["anna", "Anna", "Ben", "o-1", "r-1", "call_9", "session 3", "pager", "approval 5", "grant 4"] {
        assert!(!public.contains(secret), "{secret} stands in the open");
    }
    judge::check(&client, &client.key().await).await;
}
