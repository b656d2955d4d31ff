//! The golden vectors of `vectors.py`, an independent implementation: every construction, byte for byte.

use ed25519_dalek::{Signer, SigningKey};
use std::cell::RefCell;
use std::collections::BTreeMap;
use whosaw_verifier::body::*;
use whosaw_verifier::checkpoint::{self, Checkpoint};
use whosaw_verifier::entry::*;
use whosaw_verifier::erasure;
use whosaw_verifier::hash::{Hash, hex, sha256};
use whosaw_verifier::merkle;
use whosaw_verifier::note::{self, KeyKind, VerifierKey};
use whosaw_verifier::part::{CaseAnswer, CasePart, Identity, SeverityFigure, StepSignature};
use whosaw_verifier::receipt::{self, Receipt, ReceiptError};
use whosaw_verifier::step::SignedStep;
use whosaw_verifier::vocabulary::*;
use whosaw_verifier::wire::Message;
use whosaw_verifier::{agent, cosignature, seal, tiles};

/// The vectors, and which of them no test has asked for yet. Those of the service's own tables are its tests' business.
struct Vectors {
    values: BTreeMap<String, String>,
    unused: RefCell<Vec<String>>,
}

impl Vectors {
    fn read() -> Self {
        let lines = include_str!("vectors.txt").lines();
        let lines = lines.filter(|line| !line.starts_with('#') && !line.starts_with("vault_"));
        let values: BTreeMap<String, String> = lines
            .map(|line| line.split_once(" = ").unwrap())
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Vectors { unused: RefCell::new(values.keys().cloned().collect()), values }
    }

    fn raw(&self, name: &str) -> &str {
        self.unused.borrow_mut().retain(|unused| unused != name);
        self.values.get(name).unwrap_or_else(|| panic!("no vector {name}"))
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let digits = self.raw(name).as_bytes();
        digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap()
    }

    fn number(&self, name: &str) -> u64 {
        self.raw(name).parse().unwrap()
    }

    fn text(&self, name: &str) -> String {
        self.raw(name).trim_matches('"').replace("\\n", "\n").replace("\\u2014", "\u{2014}")
    }

    #[track_caller]
    fn check(&self, name: &str, ours: &[u8]) {
        assert_eq!(hex(ours), self.raw(name), "{name}");
    }
}

#[test]
fn every_construction_is_that_of_the_independent_script() {
    let v = Vectors::read();
    let origin = v.text("origin_text");
    let o = origin_hash(&origin);
    v.check("origin_hash", &o);
    v.check("genesis_link", &genesis_link(&origin));
    let (salt, body) = (v.array("salt"), v.bytes("body"));
    let b = body_commitment(&o, &salt, &body);
    v.check("body_commitment", &b);
    v.check("body", &ClockBody { old_us: 300, new_us: 7 }.encode());

    sealing(&v, &o, &b);
    index_rows(&v, &o, &b);
    entries(&v, &b);
    heads(&v, &origin, &salt, &body);
    agents(&v, &o);
    bundles(&v, &salt, &body);
    erasures(&v);
    assert_eq!(v.unused.into_inner(), Vec::<String>::new(), "vectors that nothing was held against");
}

fn sealing(v: &Vectors, o: &Hash, b: &Hash) {
    let (k, random, part) = (v.array("k"), v.array("random"), v.bytes("part"));
    let padded = seal::pad(&part).unwrap();
    v.check("padded", &padded);
    let seed = seal::seed(&k, &random, b, 0, &sha256(&[&padded]));
    v.check("seal_seed", &seed);
    let p = seal::derive_p(&k, o, &seed);
    v.check("seal_p", &p);
    v.check("seal_enc", &seal::encryption_key(&p));
    let kc = seal::commitment(&p);
    v.check("seal_kc", &kc);
    v.check("seal_aad", &seal::associated_data(o, b, 0, &seed, &kc));
    let sealed = seal::seal(&k, &random, o, b, 0, &part).unwrap();
    v.check("seal_s", &sealed);
    assert_eq!(seal::open_with_p(&p, o, b, 0, &v.bytes("seal_s")), Ok(part));
    let (long, ordinal) = (v.bytes("long_part"), v.number("long_ordinal_n") as u32);
    let second = seal::seal(&k, &random, o, b, ordinal, &long).unwrap();
    v.check("long_s", &second);
    v.check("part_leaf", &seal::part_leaf(&sealed));
    v.check("parts_root", &merkle::root(&[seal::part_leaf(&sealed), seal::part_leaf(&second)]));

    let ordinal = v.number("shared_ordinal_n") as u32;
    let shares = [seal::share(&k, o, b, ordinal), seal::share(&v.array("other_k"), o, b, ordinal)];
    v.check("share_0", &shares[0]);
    v.check("share_1", &shares[1]);
    v.check("shared_k", &seal::shared_key(&shares));
}

fn index_rows(v: &Vectors, o: &Hash, b: &Hash) {
    let (k, n, r) = (v.array("k"), v.number("row_n"), v.array("row_r"));
    v.check("row_key", &seal::index_key(&k, n));
    v.check("row_mask", &seal::index_mask(&k, n, &r));
    let place = (v.number("row_index_n"), v.number("row_ordinal_n") as u32);
    v.check("row_value", &seal::index_value(&k, n, &r, place.0, place.1));
    assert_eq!(seal::read_index_value(&k, n, &v.array("row_value")), Some(place));
    v.check("request_digest", &seal::request_digest(&k, o, b, &v.array("request")));
}

fn entries(v: &Vectors, b: &Hash) {
    let mut previous_leaf = v.array("genesis_link");
    let mut leaves = Vec::new();
    for i in 0..5u64 {
        let header = Header {
            kind: 5,
            index: i,
            recorded_at_us: 1_795_424_347_000_000 + i,
            previous_leaf,
            flags: if i % 2 == 0 { LAST_OF_COMMIT } else { TIME_CLAMPED | CLOCK_NOT_SYNCHRONISED },
            parts: if i == 1 { 2 } else { 0 },
            body_commitment: *b,
            parts_root: if i == 1 { v.array("parts_root") } else { merkle::EMPTY_ROOT },
        };
        v.check(&format!("header_{i}"), &header.encode());
        assert_eq!(Header::decode(&v.bytes(&format!("header_{i}"))), Ok(header));
        previous_leaf = header.leaf_hash();
        v.check(&format!("leaf_{i}"), &previous_leaf);
        v.check(&format!("root_of_{i}"), &merkle::root(&leaves));
        leaves.push(previous_leaf);
    }
    v.check("root_of_5", &merkle::root(&leaves));
}

fn heads(v: &Vectors, origin: &str, salt: &[u8; 32], body: &[u8]) {
    let secret = SigningKey::from_bytes(&v.array("secret"));
    let key = VerifierKey::new(origin, KeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
    v.check("key_id", &key.id().to_be_bytes());
    v.check("key_id", &note::key_id(origin, 1, key.public_key()).to_be_bytes());
    assert_eq!(key.to_string(), v.text("vkey_text"));
    let head = Checkpoint { origin: origin.into(), size: 5, root: v.array("root_of_5") };
    assert_eq!(head.encode(), v.text("checkpoint_text"));
    let signed = head.sign(&key, |message| secret.sign(message).to_bytes());
    assert_eq!(signed, v.text("checkpoint_note_text"));

    let text = v.text("receipt_text");
    let parsed = Receipt::parse(text.as_bytes()).unwrap();
    assert_eq!(parsed.encode(), text);
    let keys = std::slice::from_ref(&key);
    let verified = receipt::verify(&parsed, keys, None).unwrap();
    assert_eq!(verified.header.body_commitment, body_commitment(&origin_hash(origin), salt, body));
    assert_eq!(Body::decode(verified.header.kind, body), Ok(Body::Clock(ClockBody { old_us: 300, new_us: 7 })));
    // The script's numbers are of no real ledger: such a body contradicts the time of its entry.
    let refused = receipt::verify(&parsed, keys, Some((salt, body)));
    assert!(matches!(refused, Err(ReceiptError::Meaning(_))), "{refused:?}");
    assert_eq!((verified.header.index, verified.checkpoint.checkpoint()), (3, &head));

    let secret = SigningKey::from_bytes(&v.array("witness_secret"));
    let witness = VerifierKey::parse(&v.text("witness_vkey_text")).unwrap();
    assert_eq!(witness.public_key(), secret.verifying_key().as_bytes());
    let at_s = v.number("cosignature_at_n");
    let line = cosignature::signature_line(&head.encode(), &witness, at_s, |m| secret.sign(m).to_bytes());
    assert_eq!(line, v.text("cosignature_line_text"));
    let opened = checkpoint::open((signed + &line).as_bytes(), &[key, witness]).unwrap();
    assert_eq!(opened.cosignatures()[0].at_s, at_s);
}

fn agents(v: &Vectors, o: &Hash) {
    let commitments = [0, 1].map(|j| {
        let nonce = v.array(&format!("agent_nonce_{j}"));
        let commitment = agent::part_commitment(&nonce, j, &v.bytes(&format!("agent_sent_{j}")));
        v.check(&format!("agent_commitment_{j}"), &commitment);
        commitment
    });
    let (action_id, claim, public) = (v.array("agent_action_id"), v.bytes("agent_claim"), v.array("agent_public"));
    v.check("agent_message", &agent::message(o, &action_id, &sha256(&[&claim]), &commitments));
    v.check("agent_key_id", &agent::key_id(&public));
    let signature = AgentSignature {
        key_id: v.bytes("agent_key_id"),
        claim,
        signature: v.bytes("agent_signature"),
        commitments: commitments.iter().map(|c| c.to_vec()).collect(),
    };
    assert_eq!(agent::verify(o, &action_id, &signature, &public), Ok(()));
}

fn bundles(v: &Vectors, salt: &[u8; 32], body: &[u8]) {
    let mut bundle = Vec::new();
    tiles::put_entry(&v.bytes("header_0"), &mut bundle);
    tiles::put_entry(&v.bytes("header_1"), &mut bundle);
    v.check("entry_bundle", &bundle);
    let mut content = Vec::new();
    let (first, second) = (v.bytes("seal_s"), v.bytes("long_s"));
    tiles::put_body(Some((salt, body)), &mut content);
    tiles::put_part(&seal::part_leaf(&first), Some(&first), &mut content);
    tiles::put_part(&seal::part_leaf(&second), None, &mut content);
    tiles::put_body(None, &mut content);
    v.check("content_bundle", &content);
}

fn erasures(v: &Vectors) {
    let hashes = ["erasure_token", "erasure_other_token"].map(|token| erasure::token_hash(&v.array(token)));
    v.check("erasure_token_hash", &hashes[0]);
    let places = [(3, 0), (3, 2), (3, erasure::BODY), (256, 1), (70_000, 0)];
    v.check("erasure_list", &places.map(|(index, ordinal)| erasure::place(index, ordinal)).concat());
    let covers_root = erasure::covers_root(places);
    v.check("erasure_covers_root", &covers_root);

    let caller = Some(Caller { name: "desk".into(), assurance: Assurance::SelfAsserted });
    let group = PartGroup { count: 1, roles: vec![Role::DataSubject], holds_content: true, ..Default::default() };
    let mut tokens = hashes.map(|hash| hash.to_vec());
    tokens.sort();
    let body = ErasureBody {
        state: ErasureState::Inaccessible,
        covers: 5,
        covers_root: covers_root.to_vec(),
        generation: 300,
        tokens: tokens.to_vec(),
        custodian: CustodianClass::KeyDirectory,
        backups_until_us: 1_795_424_347_000_000,
        caller: caller.clone(),
        ..Default::default()
    };
    v.check("erasure_body", &body.encode());
    assert_eq!(Body::decode(8, &v.bytes("erasure_body")), Ok(Body::Erasure(body)));
    let body = ErasureBody {
        state: ErasureState::Resealed,
        generation: 299,
        cites: vec![Place { index: 3, ordinal: 0 }, Place { index: 4, ordinal: erasure::BODY }],
        lost: vec![Lost { reason: LostReason::MayNameErasedPerson, count: 2 }],
        parts: vec![group.clone()],
        ..Default::default()
    };
    v.check("erasure_resealed_body", &body.encode());
    assert_eq!(Body::decode(8, &v.bytes("erasure_resealed_body")), Ok(Body::Erasure(body)));
    let body = PersonActBody {
        act: PersonAct::Erase,
        decision: Decision::Blocked,
        ground: Ground::ConsentWithdrawn,
        exemption: Exemption::LegalClaims,
        strength: Strength::Strong,
        caller,
        parts: vec![group],
    };
    v.check("person_act_body", &body.encode());
    for kind in [7, 13, 14, 16] {
        assert_eq!(Body::decode(kind, &v.bytes("person_act_body")), Ok(Body::Person(body.clone())));
    }
    let part = |role, holds_content, first| PartGroup {
        first,
        count: 1,
        roles: vec![role],
        holds_content,
        ..PartGroup::default()
    };
    let body = CaseBody {
        case: (0..16).collect(),
        step: CaseStep::Aware,
        stated_us: 1_773_166_200_000_000,
        size: 4_321,
        report: v.bytes("erasure_covers_root"),
        by: 1,
        caller: Some(Caller { name: "desk".into(), assurance: Assurance::SelfAsserted }),
        parts: vec![part(Role::Actor, false, 0), part(Role::Content, true, 1)],
        retracts: 0,
        signed: false,
    };
    v.check("case_body", &body.encode());
    assert_eq!(Body::decode(17, &v.bytes("case_body")), Ok(Body::Case(body)));
    let figure =
        SeverityFigure { context: 3, identification: 75, confidentiality: 25, malicious: true, ..Default::default() };
    let answer = |field, values: &[&str]| CaseAnswer { field, values: values.iter().map(|it| (*it).into()).collect() };
    let part = CasePart {
        reference: "2026-7".into(),
        statement: "as told".into(),
        resources: vec!["crm".into(), "mail".into()],
        answers: vec![answer(55, &["a", "c"]), answer(62, &[])],
        level: "sev-2".into(),
        figure: Some(figure),
        channel: Channel::Public,
        delivery: Delivery::NotPossible,
        message: v.bytes("erasure_covers_root"),
        report: Vec::new(),
        counted: None,
        signature: None,
    };
    v.check("case_part", &part.encode());
    // The same step as its actor signed it.
    let public = v.array("step_public");
    let by = Identity { namespace: "staff".into(), fields: vec!["dana".into()], strength: Strength::Strong };
    let said = SignedStep {
        case: &v.array("agent_action_id"),
        step: CaseStep::Submitted,
        by: &by,
        stated_us: 1_773_166_200_000_000,
        report: 4_322,
        statement: &part.statement,
        reference: &part.reference,
        resources: &part.resources,
    };
    let origin = origin_hash(&v.text("origin_text"));
    v.check("step_message", &said.message(&origin));
    assert!(said.is_signed(&origin, &v.bytes("step_signature"), &public));
    let signature =
        StepSignature { public_key: public.to_vec(), signature: v.bytes("step_signature"), report: said.report };
    v.check("step_part", &CasePart { signature: Some(signature), ..CasePart::default() }.encode());
    assert_eq!(CasePart::decode(&v.bytes("case_part")), Ok(part));
}
