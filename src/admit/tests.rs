//! Admission, field by field: what is refused, what is kept and where, what never stands in the open.

mod keeping;
mod kept;
mod refused;
mod request;

use super::*;
use whosaw_verifier::hash::sha256;

const NOW: UnixMicros = UnixMicros(1_772_323_200_000_000);
const NOW_US: i64 = NOW.0 as i64;
const ORIGIN_HASH: Hash = [3; 32];

fn caller() -> Caller {
    Caller { name: "proxy".into(), assurance: Assurance::Token }
}

/// A UUID of version 7 that ends in this number.
fn uuid(n: u8) -> Vec<u8> {
    let mut id = [0x55u8; 16];
    (id[6], id[8], id[15]) = (0x70, 0x80, n);
    id.to_vec()
}

fn identity(namespace: &str, field: &str) -> Identity {
    Identity { namespace: namespace.into(), fields: vec![field.into()], strength: Strength::Strong }
}

/// An action that says something in every field there is.
fn full() -> Action {
    let quantity = |count| Some(Quantity { precision: Precision::Exact, count });
    let human =
        |name: &str| Actor { kind: PartyKind::Human, identities: vec![identity("staff", name)], ..Actor::default() };
    Action {
        action_id: uuid(1),
        verb: "data.read".into(),
        outcome: Outcome::Succeeded,
        occurred: Some(Occurred { earliest_us: NOW_US - 2, latest_us: NOW_US - 1, source: TimeSource::Gateway }),
        actors: vec![
            Actor {
                kind: PartyKind::Agent,
                name: "agent-one".into(),
                version: "1.2".into(),
                model: "gpt".into(),
                vendor: "vendor-one".into(),
                region: "eu".into(),
                identities: Vec::new(),
            },
            human("erika"),
        ],
        conversation: "conversation-77".into(),
        session: "session-88".into(),
        call_id: "call-99".into(),
        source: Some(Source {
            name: "gateway".into(),
            sequence: 17,
            previous_hash: vec![7; 32],
            clock_us: NOW_US - 3,
            skew_us: -250,
        }),
        tool: "get_customer".into(),
        dataset: "customers".into(),
        purpose: "support".into(),
        legal_bases: vec!["gdpr:6.1.b".into(), "gdpr:6.1.f".into()],
        policy: Some(Policy { id: "p-1".into(), version: "v3".into(), decision: PolicyDecision::Permit }),
        approval: Some(Approval { result: ApprovalResult::Matched, reference: "approval-5".into() }),
        break_glass_reason: "the house is on fire".into(),
        instruction: "instruction-6".into(),
        links: Links {
            parents: vec![uuid(11)],
            caused_by: vec![uuid(12)],
            same_act_as: vec![uuid(13)],
            corrects: vec![uuid(14)],
            retracts: vec![uuid(15)],
        },
        recipients: vec![
            Recipient {
                kind: "processor".into(),
                party: PartyKind::Organisation,
                name: "vendor-one".into(),
                country: "US".into(),
                identities: Vec::new(),
            },
            Recipient {
                kind: "staff_on_instruction".into(),
                party: PartyKind::Human,
                identities: vec![identity("staff", "bob")],
                ..Recipient::default()
            },
        ],
        records: vec![Record { dataset: "orders".into(), id: "order-31".into(), scope: RecordScope::Conversation }],
        records_asked: quantity(9),
        records_delivered: quantity(8),
        subjects: vec![Subject {
            kind: "customer".into(),
            identities: vec![
                identity("customer", "mia_li_3668"),
                Identity {
                    namespace: "name_and_birth".into(),
                    fields: vec!["Mia".into(), "Li".into(), "1990-04-05".into()],
                    strength: Strength::Weak,
                },
            ],
            categories: vec![
                CategoryUse {
                    direction: Direction::Result,
                    categories: vec!["contact".into(), "basic".into()],
                    rendered_to: Vec::new(),
                },
                CategoryUse {
                    direction: Direction::Rendered,
                    categories: vec!["health".into()],
                    rendered_to: vec![Eyes::Recipient(1), Eyes::Actor(1)],
                },
            ],
            fields: vec![FieldUse {
                pointer: "/result/email".into(),
                category: "contact".into(),
                direction: Direction::Result,
            }],
            records: vec![Record { dataset: "customers".into(), id: "row-41".into(), scope: RecordScope::System }],
        }],
        subjects_asked: quantity(3),
        subjects_delivered: quantity(2),
        determination: Determination::Listed,
        doubts: vec![Doubt::FreeText, Doubt::WeakIdentity],
        protection: Some(Protection { encrypted: true, pseudonymised: true, key_id: "key-1".into() }),
        arguments: br#"{"id":"mia_li_3668"}"#.to_vec(),
        result: br#"{"email":"mia@example.org"}"#.to_vec(),
        error: "a warning about Mia".into(),
        catalogue: Some(CatalogueRef { version: "catalogue-4".into(), digest: vec![4; 32] }),
        facts: vec![Fact {
            kind: FactKind::Grant,
            edge: Edge::Open,
            resource: "customers".into(),
            party: PartyKind::Human,
            name: String::new(),
            identities: vec![identity("staff", "carla")],
            rights: vec!["data.read".into(), "data.copy".into()],
            categories: vec!["contact".into()],
            end: EndKind::Assumed,
            end_earliest_us: NOW_US + 5,
            end_latest_us: NOW_US + 6,
            coverage: CoverageState::Complete,
            source: "gateway".into(),
            subjects: vec![0],
            recoverable_until_us: NOW_US + 7,
            reference: "grant-61".into(),
        }],
        agent_signature: Some(signature(b"the claim", &uuid(1))),
        provenance: Provenance::Described,
    }
}

fn signing_key() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[4; 32])
}

fn signature(claim: &[u8], action_id: &[u8]) -> AgentSignature {
    signature_over(claim, action_id, 1)
}

fn signature_over(claim: &[u8], action_id: &[u8], parts: u8) -> AgentSignature {
    use ed25519_dalek::Signer as _;
    use whosaw_verifier::agent;
    let part = |j: u8| AgentSignedPart { nonce: vec![5 + j; 32], as_sent: format!("part {j} as sent").into_bytes() };
    let parts: Vec<AgentSignedPart> = (0..parts).map(part).collect();
    let commit = |(j, part): (u32, &AgentSignedPart)| {
        agent::part_commitment(part.nonce.as_slice().try_into().expect("32 bytes"), j, &part.as_sent)
    };
    let commitments: Vec<Hash> = (0..).zip(&parts).map(commit).collect();
    let id = action_id.try_into().expect("16 bytes");
    let message = agent::message(&ORIGIN_HASH, id, &sha256(&[claim]), &commitments);
    AgentSignature {
        key_id: agent::key_id(signing_key().verifying_key().as_bytes()).to_vec(),
        claim: claim.to_vec(),
        signature: signing_key().sign(&message).to_bytes().to_vec(),
        parts,
    }
}

/// Knows every name that [`full`] uses.
fn registry() -> Registry {
    let mut registry = Registry::default();
    let key = *signing_key().verifying_key().as_bytes();
    let known = Registered { public_key: Some(key), ..Registered::default() };
    registry.put(RegistryKind::Agent, "agent-one".into(), known.clone());
    registry.put(RegistryKind::Agent, "agent-retired".into(), Registered { retired: true, ..known });
    for (kind, name) in [
        (RegistryKind::Agent, "agent-without-key"),
        (RegistryKind::Party, "vendor-one"),
        (RegistryKind::Source, "proxy"),
        (RegistryKind::Source, "gateway"),
        (RegistryKind::Tool, "get_customer"),
        (RegistryKind::Dataset, "customers"),
        (RegistryKind::Catalogue, "catalogue-4"),
        (RegistryKind::Term, "purpose/support"),
        (RegistryKind::Term, "version/1.2"),
        (RegistryKind::Term, "model/gpt"),
        (RegistryKind::Term, "vendor/vendor-one"),
        (RegistryKind::Term, "region/eu"),
        (RegistryKind::Term, "policy/p-1"),
        (RegistryKind::Term, "policy-version/v3"),
        (RegistryKind::Term, "key/key-1"),
        (RegistryKind::Term, "kind/customer"),
    ] {
        registry.put(kind, name.into(), Registered::default());
    }
    registry
}

fn admit_with(action: Action, registry: &Registry) -> Result<Admitted, Vec<Violation>> {
    admit(action, caller(), registry, &ORIGIN_HASH, &Limits::default(), &Keeping::default())
}
