//! The vault's rows and the hash of a request, held against `verifier/tests/vectors.py`, an independent script: what it
//! made is read here, and what is made here is the script's wherever chance has no part in it.

use super::*;
use crate::admit::{Limits, admit, tool_call_hash};
use crate::model::*;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The vectors, and which of the vault's no test has asked for yet.
struct Vectors {
    values: BTreeMap<&'static str, &'static str>,
    unused: RefCell<Vec<&'static str>>,
}

impl Vectors {
    fn read() -> Self {
        let text = include_str!("../../../verifier/tests/vectors.txt");
        let values: BTreeMap<_, _> = text.lines().filter_map(|line| line.split_once(" = ")).collect();
        let unused = values.keys().copied().filter(|name| name.starts_with("vault_")).collect();
        Vectors { values, unused: RefCell::new(unused) }
    }

    fn raw(&self, name: &str) -> &'static str {
        self.unused.borrow_mut().retain(|unused| *unused != name);
        self.values.get(name).unwrap_or_else(|| panic!("no vector {name}"))
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        hex::decode(self.raw(name)).expect("hexadecimal")
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().expect("of this length")
    }

    fn number(&self, name: &str) -> u64 {
        self.raw(name).parse().expect("a number")
    }

    fn text(&self, name: &str) -> String {
        serde_json::from_str(self.raw(name)).expect("a JSON string")
    }

    fn ledger(&self) -> LedgerNumber {
        LedgerNumber(self.number("vault_ledger_n") as u32)
    }

    fn identity(&self, name: &str, strength: Strength) -> Identity {
        let fields = [0, 1].map(|i| self.text(&format!("vault_{name}_field_{i}_text"))).to_vec();
        Identity { namespace: self.text(&format!("vault_{name}_namespace_text")), fields, strength }
    }

    fn person(&self, name: &str) -> PersonId {
        let shard = self.number(&format!("vault_{name}_home_n")) as u16;
        PersonId { id: self.array(&format!("vault_{name}_person")), shard }
    }
}

const PERSONS: &[(Table, &str)] = &[
    (Table::ShardKeys, "shard_0"),
    (Table::ShardKeys, "shard_1"),
    (Table::ShardKeys, "shard_2"),
    (Table::ShardKeys, "shard_3"),
    (Table::ShardKeys, "own"),
    (Table::Lookups, "strong_lookup"),
    (Table::Lookups, "weak_lookup"),
    (Table::DataKeys, "record_key"),
    (Table::DataKeys, "weak_record_key"),
    (Table::DataKeys, "data_key"),
    (Table::Lookups, "record"),
    (Table::Lookups, "weak_record"),
];
const LINKS: &[(Table, &str)] = &[(Table::Lookups, "link"), (Table::Lookups, "weak_link")];
const READERS: &[(Table, &str)] = &[(Table::Readers, "own_reader"), (Table::Readers, "shared_reader")];

/// A store with the script's rows in it.
struct Kept<'v> {
    v: &'v Vectors,
    store: Arc<dyn Store>,
    lease: Lease,
}

impl<'v> Kept<'v> {
    /// Made new, but for these rows: most shards have keys of their own.
    fn with(v: &'v Vectors, rows: &[&[(Table, &str)]]) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let custodian = TestCustodian::default();
        let mut lease = store.acquire(v.ledger()).expect("acquires");
        let new = Vault::create(v.ledger(), &v.text("origin_text"), &custodian).expect("creates");
        write(store.as_ref(), &mut lease, new);
        let mut writes = WriteSet::default();
        for (table, name) in rows.iter().copied().flatten() {
            let [key, value] = ["key", "value"].map(|of| v.bytes(&format!("vault_{name}_row_{of}")));
            writes.put(*table, key, value);
        }
        write(store.as_ref(), &mut lease, writes);
        Kept { v, store, lease }
    }

    fn open(&self) -> Arc<Vault> {
        let custodian = Arc::new(TestCustodian::default());
        let origin = self.v.text("origin_text");
        Vault::open(Arc::clone(&self.store), self.v.ledger(), &origin, custodian).expect("opens")
    }

    /// Seals these parts in March and places them at the script's index.
    fn record(&mut self, parts: Vec<PlainPart>) {
        let sealed = self.open().seal(admitted(parts), UnixMicros(MARCH_US)).expect("seals");
        let mut writes = WriteSet::default();
        sealed.placement.place(self.v.number("vault_index_n"), &mut writes);
        write(self.store.as_ref(), &mut self.lease, writes);
    }

    fn row(&self, table: Table, key: &str) -> Option<Vec<u8>> {
        self.store.snapshot().expect("reads").get(table, &self.v.bytes(key)).expect("reads")
    }

    #[track_caller]
    fn check_row(&self, table: Table, name: &str) {
        let expected = self.v.bytes(&format!("vault_{name}_row_value"));
        assert_eq!(self.row(table, &format!("vault_{name}_row_key")), Some(expected), "{name}");
    }
}

#[test]
fn what_the_service_keeps_is_that_of_the_independent_script() {
    let v = Vectors::read();
    assert_eq!(
        MacKey::new(&v.array("vault_lookup_key")).mac(&[b"x"]),
        TestCustodian::default().lookup_mac(b"x").unwrap()
    );
    let wrapped = crypto::wrap(&v.array("vault_root"), b"", &[1; 32]).expect("wraps");
    assert!(TestRoot(1).unwrap(b"", &wrapped).is_ok(), "the script's root is the test's");
    reading(&v);
    writing(&v);
    linking(&v);
    requests(&v);
    assert_eq!(v.unused.into_inner(), Vec::<&str>::new(), "vectors that nothing was held against");
}

fn reading(v: &Vectors) {
    let kept = Kept::with(v, &[PERSONS, LINKS, READERS]);
    kept.check_row(Table::Lookups, "check");
    let vault = kept.open();
    assert_eq!(vault.generation(), v.number("vault_generation_n"));
    for i in 0..4 {
        let ring = vault.ring();
        let key = ring.key(v.number(&format!("vault_shard_{i}_n")) as u16);
        assert_eq!(key.secret[..], v.bytes(&format!("vault_shard_{i}_key")), "shard {i}");
    }
    let (person, weak_person) = (v.person("strong"), v.person("weak"));
    let (strong, weak) = (v.identity("strong", Strength::Strong), v.identity("weak", Strength::Weak));
    for (name, identity, person) in [("strong", &strong, person), ("weak", &weak, weak_person)] {
        let identifier = identifier::identifier(identity).expect("is short");
        assert_eq!(identifier::encoding(&identifier), v.bytes(&format!("vault_{name}_identifier")));
        assert_eq!(vault.find(identity).expect("reads"), Some(person), "{name}");
    }
    let other = PersonId { id: v.array("vault_other_person"), shard: 12 };
    assert_eq!(vault.linked(person).expect("reads"), [person, other]);
    assert_eq!(vault.weakly_linked(person).expect("reads"), [weak_person]);
    assert_eq!(vault.weakly_linked(weak_person).expect("reads"), [person]);
    let composed = identifier::from_part(&identifier::to_part(&strong));
    assert_eq!(vault.identities(person).expect("reads"), [composed, weak.clone()]);
    assert_eq!(vault.identities(weak_person).expect("reads"), [weak]);
    let snapshot = kept.store.snapshot().expect("reads");
    let record_key = vault.load_key(snapshot.as_ref(), person, KeyName::RECORD).expect("reads").expect("is there");
    assert_eq!(record_key.secret[..], v.bytes("vault_record_key"));
    let keys = vault.keys_of(person).expect("reads");
    assert_eq!(keys.iter().map(|key| *key.secret).collect::<Vec<_>>(), [v.array("k")]);
    // From the reader row over the data key to the key that opens the part.
    let place = PartPlace { index: v.number("vault_index_n"), ordinal: 0 };
    let p = vault.disclose(place, &v.array("body_commitment"), &v.bytes("seal_s")).expect("opens");
    assert_eq!(p[..], v.bytes("seal_p"));
    // The same row, still under the old key.
    let kept = Kept::with(v, &[PERSONS, &[(Table::Readers, "moved_reader")]]);
    let p = kept.open().disclose(place, &v.array("body_commitment"), &v.bytes("seal_s")).expect("opens");
    assert_eq!(p[..], v.bytes("seal_p"));
    assert_eq!(*kept.open().ring().own().key.secret, v.array("vault_own_key"));
}

fn writing(v: &Vectors) {
    let mut kept = Kept::with(v, &[PERSONS, LINKS]);
    let own = || part_of(&[v.identity("strong", Strength::Strong)]);
    let shared = PlainPart { holder: Holder::Shared { by: vec![0, 1, 3] }, part: Part::default() };
    kept.record(vec![own(), own(), own(), own(), shared]);
    kept.check_row(Table::Readers, "own_reader");
    kept.check_row(Table::Readers, "shared_reader");
    let row = kept.row(Table::SubjectIndex, "vault_index_row_key").expect("the first index row of the key");
    let place = whosaw_verifier::seal::read_index_value(&v.array("k"), 0, &row.try_into().expect("24 bytes"));
    assert_eq!(place, Some((v.number("vault_index_n"), 0)));
}

/// A pair that is new to the vault is linked in the rows where the script would link it.
fn linking(v: &Vectors) {
    let mut kept = Kept::with(v, &[PERSONS]);
    let both = [v.identity("strong", Strength::Strong), v.identity("weak", Strength::Weak)];
    assert_eq!(kept.row(Table::Lookups, "vault_pair_row_key"), None);
    kept.record(vec![part_of(&both)]);
    assert_eq!(kept.row(Table::Lookups, "vault_pair_row_key"), Some(Vec::new()));
    // The script's rows and ours have the same length: only the nonce is by chance.
    for name in ["link", "weak_link"] {
        let ours = kept.row(Table::Lookups, &format!("vault_{name}_row_key")).expect("is written");
        assert_eq!(ours.len(), v.bytes(&format!("vault_{name}_row_value")).len(), "{name}");
    }
    assert_eq!(kept.open().weakly_linked(v.person("strong")).expect("reads"), [v.person("weak")]);
}

fn requests(v: &Vectors) {
    let caller = || Caller { name: "desk".into(), assurance: Assurance::Token };
    let admitted = admit(action(), caller(), &Registry::default(), &[0; 32], &Limits::default(), &Keeping::default());
    assert_eq!(admitted.expect("is in order").request[..], v.bytes("vault_action_request"));
    assert_eq!(tool_call_hash(&call(), &caller())[..], v.bytes("vault_call_request"));
    assert_eq!(tool_call_hash(&ToolCall::default(), &caller())[..], v.bytes("vault_empty_call_request"));
}

const NOW_US: i64 = MARCH_US as i64;

fn action_id(n: u8) -> Vec<u8> {
    let mut id = [0x55; 16];
    (id[6], id[8], id[15]) = (0x70, 0x80, n);
    id.to_vec()
}

fn actors() -> [Actor; 2] {
    let agent = Actor {
        kind: PartyKind::Agent,
        name: "agent-one".into(),
        version: "1.2".into(),
        model: "gpt".into(),
        vendor: "vendor-one".into(),
        region: "eu".into(),
        identities: Vec::new(),
    };
    [agent, Actor { kind: PartyKind::Human, identities: vec![strong("staff", "erika")], ..Actor::default() }]
}

fn occurred() -> Option<Occurred> {
    Some(Occurred { earliest_us: NOW_US - 2, latest_us: NOW_US - 1, source: TimeSource::Gateway })
}

fn source() -> Option<Source> {
    let (name, previous_hash) = ("gateway".into(), vec![7; 32]);
    Some(Source { name, sequence: 17, previous_hash, clock_us: NOW_US - 3, skew_us: -250 })
}

fn policy() -> Option<Policy> {
    Some(Policy { id: "p-1".into(), version: "v3".into(), decision: PolicyDecision::Permit })
}

fn approval() -> Option<Approval> {
    Some(Approval { result: ApprovalResult::Matched, reference: "approval-5".into() })
}

fn links() -> Links {
    let [parents, caused_by, same_act_as, corrects, retracts] = [11, 12, 13, 14, 15].map(|n| vec![action_id(n)]);
    Links { parents, caused_by, same_act_as, corrects, retracts }
}

/// Says something in every field but the agent's signature.
fn action() -> Action {
    let quantity = |count| Some(Quantity { precision: Precision::Exact, count });
    let record = |dataset: &str, id: &str, scope| Record { dataset: dataset.into(), id: id.into(), scope };
    let name_and_birth = Identity {
        namespace: "name_and_birth".into(),
        fields: vec!["Mia".into(), "Li".into(), "1990-04-05".into()],
        strength: Strength::Weak,
    };
    let subject = Subject {
        kind: "customer".into(),
        identities: vec![strong("customer", "mia_li_3668"), name_and_birth],
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
        records: vec![record("customers", "row-41", RecordScope::System)],
    };
    let fact = Fact {
        kind: FactKind::Grant,
        edge: Edge::Open,
        resource: "customers".into(),
        party: PartyKind::Human,
        name: String::new(),
        identities: vec![strong("staff", "carla")],
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
    };
    Action {
        action_id: action_id(1),
        verb: "data.read".into(),
        outcome: Outcome::Succeeded,
        occurred: occurred(),
        actors: actors().to_vec(),
        conversation: "conversation-77".into(),
        session: "session-88".into(),
        call_id: "call-99".into(),
        source: source(),
        tool: "get_customer".into(),
        dataset: "customers".into(),
        purpose: "support".into(),
        legal_bases: vec!["gdpr:6.1.b".into(), "gdpr:6.1.f".into()],
        policy: policy(),
        approval: approval(),
        break_glass_reason: "the house is on fire".into(),
        instruction: "instruction-6".into(),
        links: links(),
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
                identities: vec![strong("staff", "bob")],
                ..Recipient::default()
            },
        ],
        records: vec![record("orders", "order-31", RecordScope::Conversation)],
        records_asked: quantity(9),
        records_delivered: quantity(8),
        subjects: vec![subject],
        subjects_asked: quantity(3),
        subjects_delivered: quantity(2),
        determination: Determination::Listed,
        doubts: vec![Doubt::FreeText, Doubt::WeakIdentity],
        protection: Some(Protection { encrypted: true, pseudonymised: true, key_id: "key-1".into() }),
        arguments: br#"{"id":"mia_li_3668"}"#.to_vec(),
        result: br#"{"email":"mia@example.org"}"#.to_vec(),
        error: "a warning about Mia".into(),
        catalogue: Some(CatalogueRef { version: "catalogue-4".into(), digest: vec![4; 32] }),
        facts: vec![fact],
        agent_signature: None,
        provenance: Provenance::Described,
    }
}

fn call() -> ToolCall {
    let [agent, principal] = actors();
    ToolCall {
        action_id: action_id(2),
        tool: "get_customer".into(),
        arguments: br#"{"id":"mia_li_3668"}"#.to_vec(),
        result: br#"{"email":null}"#.to_vec(),
        error: "slow".into(),
        outcome: Outcome::Partial,
        agent,
        principal: Some(principal),
        conversation: "conversation-77".into(),
        session: "session-88".into(),
        call_id: "call-99".into(),
        occurred: occurred(),
        source: source(),
        purpose: "support".into(),
        policy: policy(),
        approval: approval(),
        links: links(),
        provenance: Provenance::ToolCall,
        sequence: String::new(),
    }
}
