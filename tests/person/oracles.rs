//! Whoever knows everything of an entry but whom it is about, and tries a million candidates, is told by no digest and by
//! no signature when the guess is right: not by hashes of requests, parts or reports, nor by commitments that an agent
//! signed, nor by what an approval says. And each of these would tell, were its key, its salt or its nonce known.

use super::enumeration::{texts, windows};
use super::*;
use common::{ORIGIN, judge};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::sync::Arc;
use whosaw::model;
use whosaw::rpc::v1::{CaseStep, RecordCaseStepRequest};
use whosaw::store::{LedgerNumber, Store, Table, rocks::RocksStore};
use whosaw::vault::{KeyDirectory, PartPlace, Vault};
use whosaw_verifier::agent as signing;
use whosaw_verifier::body::Body;
use whosaw_verifier::entry::{Header, body_commitment, origin_hash};
use whosaw_verifier::hash::{Hash, sha256};
use whosaw_verifier::merkle::leaf_hash;
use whosaw_verifier::part::Part;
use whosaw_verifier::seal::pad;
use whosaw_verifier::wire::Message as _;

const TRUE: &str = "ann.zhang@example.org";
const CANDIDATES: u32 = 1_000_000;
const NONCE: [u8; 32] = *b"drawn by the agent, told to none";
const CLAIM: &[u8] = b"sent a letter";

fn arguments(address: &str) -> String {
    format!(r#"{{"to":"{address}","subject":"your letter"}}"#)
}

fn as_sent(address: &str) -> Vec<u8> {
    format!("letter to {address}").into_bytes()
}

fn approval(address: &str) -> String {
    format!("approval to write to {address}")
}

/// A signed action about whoever has this address, as they would have sent it.
fn action(address: &str, id: &str, key: &SigningKey) -> v1::Action {
    let mut action = common::records::about("C-1");
    action.action_id = id.into();
    action.dataset = "crm".into();
    action.subjects[0].identities = vec![strong("email", address)];
    action.conversation = "conversation 7".into();
    action.arguments = arguments(address).into_bytes();
    action.approval = Some(v1::Approval { result: v1::ApprovalResult::Matched as i32, reference: approval(address) });
    let id = *uuid::Uuid::parse_str(id).expect("an id").as_bytes();
    let commitment = signing::part_commitment(&NONCE, 0, &as_sent(address));
    let message = signing::message(&origin_hash(ORIGIN), &id, &sha256(&[CLAIM]), &[commitment]);
    action.agent_signature = Some(v1::AgentSignature {
        key_id: signing::key_id(key.verifying_key().as_bytes()).to_vec(),
        claim: CLAIM.to_vec(),
        signature: key.sign(&message).to_bytes().to_vec(),
        parts: vec![v1::AgentSignedPart { nonce: NONCE.to_vec(), as_sent: as_sent(address) }],
    });
    action
}

fn call(address: &str, id: &str) -> v1::ToolCall {
    let mut call = common::records::call("mail.send", &arguments(address), "\"sent\"");
    call.action_id = id.into();
    call
}

/// As the service hashes a request, before it is keyed.
fn request_hash(address: &str, id: &str) -> Hash {
    let call = call(address, id);
    let agent = call.agent.expect("an agent");
    let call = model::ToolCall {
        action_id: uuid::Uuid::parse_str(id).expect("an id").as_bytes().to_vec(),
        tool: call.tool,
        arguments: call.arguments,
        result: call.result,
        outcome: model::Outcome::Succeeded,
        agent: model::Actor { kind: model::PartyKind::Agent, name: agent.name, ..Default::default() },
        conversation: call.conversation,
        provenance: model::Provenance::ToolCall,
        ..Default::default()
    };
    let caller = model::Caller { name: "tester".into(), assurance: model::Assurance::SelfAsserted };
    whosaw::admit::tool_call_hash(&call, &caller)
}

/// The sealed part as it would be for another address.
fn part_of(truly: &Part, address: &str) -> Part {
    let mut part = truly.clone();
    for identity in part.person.iter_mut().flat_map(|person| &mut person.identities) {
        identity.fields = vec![address.to_owned()];
    }
    if let Some(content) = &mut part.content {
        content.approval_reference = approval(address);
        content.arguments = arguments(address).into_bytes();
    }
    if let Some(agent_part) = &mut part.agent_part {
        agent_part.as_sent = as_sent(address);
    }
    part
}

/// What is known of the entries to everybody: the salts, which stand beside the bodies, and whatever may be guessed.
struct Known {
    part: Part,
    salt: Hash,
    call: String,
    /// A report that says the address, and is otherwise known: what stands around it.
    report: Vec<String>,
    /// The digest of all that stands before the first.
    begun: Sha256,
}

impl Known {
    fn of(part: Part, salt: Hash, call: String, report: &str) -> Self {
        let report: Vec<String> = report.split(TRUE).map(str::to_owned).collect();
        Known { part, salt, call, begun: Sha256::new_with_prefix(&report[0]), report }
    }

    /// The digest of the report as it would be for another address.
    fn report_of(&self, address: &str) -> Hash {
        let mut digest = self.begun.clone();
        for piece in &self.report[1..] {
            digest.update(address);
            digest.update(piece);
        }
        digest.finalize().into()
    }

    /// Every digest that can be formed of a candidate.
    fn formed(&self, address: &str) -> Vec<Hash> {
        let origin = origin_hash(ORIGIN);
        let part = part_of(&self.part, address).encode();
        let mut formed = vec![
            request_hash(address, &self.call),
            self.report_of(address),
            sha256(&[&pad(&part).expect("it is short")]),
            body_commitment(&origin, &self.salt, &part),
        ];
        for text in [&part[..], arguments(address).as_bytes(), &as_sent(address), approval(address).as_bytes()] {
            formed.extend([sha256(&[text]), leaf_hash(text), sha256(&[&self.salt, text])]);
        }
        formed.extend([[0; 32], self.salt, origin].map(|nonce| signing::part_commitment(&nonce, 0, &as_sent(address))));
        formed
    }
}

fn cases(client: &Client) -> v1::case_service_client::CaseServiceClient<tonic::transport::Channel> {
    v1::case_service_client::CaseServiceClient::new(client.channel.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_digest_and_no_signature_tells_whether_a_guess_is_right() {
    let (mut server, client) = server().await;
    let key = SigningKey::from_bytes(&[3; 32]);
    let public = key.verifying_key().to_bytes();
    let agent = v1::Name {
        kind: v1::RegistryKind::Agent as i32,
        name: AGENT.into(),
        public_key: public.to_vec(),
        ..Default::default()
    };
    client.register_names(vec![agent]).await.expect("known");
    let (signed_id, call_id) = (new_id(), new_id());
    let signed = client.append(action(TRUE, &signed_id, &key)).await.expect("recorded").index;
    let called = client.append(call(TRUE, &call_id)).await.expect("recorded").index;
    // A breach file that says the address is submitted in its case.
    let step = |request: RecordCaseStepRequest| {
        let client = client.clone();
        async move { cases(&client).record_case_step(client.request(request)).await.expect("recorded").into_inner() }
    };
    let opening =
        RecordCaseStepRequest { step: CaseStep::Opened as i32, resources: vec!["crm".into()], ..Default::default() };
    let case_id = step(opening).await.case.expect("told").case_id;
    let by = |identity: v1::Identity, of: CaseStep| RecordCaseStepRequest {
        case_id: case_id.clone(),
        step: of as i32,
        by: Some(identity),
        ..Default::default()
    };
    let aware = by(strong("email", TRUE), CaseStep::Aware);
    step(RecordCaseStepRequest { stated_at: common::records::time(1_772_820_600), ..aware }).await;
    let out = tempfile::tempdir().expect("a directory");
    let mut command = server.client_command(&["report", "breach", &case_id, "--format", "json"]);
    common::run(command.arg("--out").arg(out.path()), 0);
    let mut files = std::fs::read_dir(out.path()).expect("a directory").flatten().map(|file| file.path());
    let file = files.find(|path| path.extension().is_some_and(|ending| ending == "json")).expect("a file");
    let report = std::fs::read_to_string(file).expect("JSON");
    assert!(report.contains(TRUE), "the report says who was aware");
    let produced = *client.of_kind(v1::EntryKind::ReportProduced).await.last().expect("it was recorded");
    let submitted =
        step(RecordCaseStepRequest { report: produced, ..by(strong("staff", "dana"), CaseStep::Submitted) });
    let step = submitted.await.receipt.expect("a receipt").index;
    let directory = tempfile::tempdir().expect("a directory");
    judge::export(&client, true, directory.path()).await;
    server.stop();

    let texts = texts(&server.database(), directory.path());
    let mut stored = HashSet::new();
    texts.iter().for_each(|text| windows(text, &mut stored));
    let is_stored = |hash: &Hash| stored.contains(&hash[..8]);

    // With the keys, what was sealed tells what the candidates are to be held against.
    let store: Arc<dyn Store> = Arc::new(RocksStore::open(&server.database()).expect("a database"));
    let keys = Arc::new(KeyDirectory::open(&server.keys(1), &server.database()).expect("keys"));
    let vault = Vault::open(Arc::clone(&store), LedgerNumber(1), ORIGIN, keys).expect("a vault");
    let ledger = LedgerNumber(1).0.to_be_bytes();
    let snapshot = store.snapshot().expect("a snapshot");
    let entry = |index: u64| {
        let mut reader = entries(directory.path());
        reader.swap_remove(index as usize)
    };
    let open = |index: u64, ordinal: u32| {
        let row = [&ledger[..], &index.to_be_bytes(), &ordinal.to_be_bytes()].concat();
        let row = snapshot.get(Table::Parts, &row).expect("reads").expect("a part");
        let (leaf, sealed) = row.split_at(32);
        assert_eq!(leaf, leaf_hash(sealed), "the hash of what is sealed is stored, as it should be");
        let part = vault.open_part(PartPlace { index, ordinal }, &entry(index).0.body_commitment, sealed);
        part.expect("it opens with the keys")
    };
    let (signed_header, salt, body) = entry(signed);
    assert!(is_stored(&body_commitment(&origin_hash(ORIGIN), &salt, &body)), "what is salted and in the open is found");
    assert_eq!(signed_header.index, signed);
    let part = open(signed, 0);
    let known = Known::of(part, salt, call_id.clone(), &report);
    assert_eq!(part_of(&known.part, TRUE), known.part, "the right candidate's part is the part, to the byte");

    // Requests: the hash that is formed is the one that was recorded, and only its key tells.
    let row = [&ledger[..], uuid::Uuid::parse_str(&call_id).expect("an id").as_bytes()].concat();
    let until = [&row[..], &[0xff; 8]].concat();
    let found = snapshot.scan(Table::Requests, &row, &until, 2).expect("reads");
    let digest: Hash = *found[0].1.last_chunk().expect("a digest");
    let judged =
        |address| vault.judge(called, &entry(called).0.body_commitment, &digest, &request_hash(address, &call_id));
    assert_eq!((judged(TRUE), judged("user1@example.org")), (model::Judgement::Same, model::Judgement::Different));
    // Signatures: with the nonce anybody can tell.
    let Ok(Body::Action(action)) = Body::decode(1, &body) else { panic!("an action") };
    let signature = action.agent_signature.expect("it is kept");
    let id = *uuid::Uuid::parse_str(&signed_id).expect("an id").as_bytes();
    let verifies = |address: &str, nonce: &Hash| {
        let commitments = vec![signing::part_commitment(nonce, 0, &as_sent(address)).to_vec()];
        let guessed = whosaw_verifier::body::AgentSignature { commitments, ..signature.clone() };
        signing::verify(&origin_hash(ORIGIN), &id, &guessed, &public).is_ok()
    };
    assert!(verifies(TRUE, &NONCE) && !verifies("user1@example.org", &NONCE));
    assert!(is_stored(&signing::part_commitment(&NONCE, 0, &as_sent(TRUE))));
    // Reports: the digest that is formed is the one that the case has, sealed.
    let case =
        (0..entry(step).0.parts).find_map(|ordinal| open(step, ordinal).content?.case).expect("what was submitted");
    assert_eq!(case.report, sha256(&[report.as_bytes()]));
    assert_eq!(known.report_of(TRUE)[..], case.report[..]);

    // The right one is a candidate as all others are, and nothing that is stored is told of it.
    let mut tried = 0;
    for n in 0..CANDIDATES {
        let address = if n == CANDIDATES / 2 { TRUE.to_owned() } else { format!("user{n}@example.org") };
        for formed in known.formed(&address) {
            assert!(!is_stored(&formed), "a digest of a candidate is stored");
            tried += 1;
        }
        if n % 5_000 == 0 || address == TRUE {
            for nonce in [[0; 32], known.salt, origin_hash(ORIGIN), sha256(&[address.as_bytes()])] {
                assert!(!verifies(&address, &nonce), "a signature tells");
            }
        }
    }
    assert_eq!(tried, u64::from(CANDIDATES) * known.formed(TRUE).len() as u64);
    // Nor under any stored value as key or salt: only the right one can match.
    let mut values: HashSet<&[u8]> = HashSet::new();
    for text in texts.iter().filter(|text| text.len() != 76) {
        values.extend(text.windows(32));
    }
    let request = request_hash(TRUE, &call_id);
    let commitment = entry(called).0.body_commitment;
    let report = known.report_of(TRUE);
    for value in values {
        let key: &Hash = value.try_into().expect("32 bytes");
        let keyed = whosaw_verifier::hash::hmac_sha256(
            key,
            &[b"whosaw/request/v1\0", &origin_hash(ORIGIN), &commitment, &request],
        );
        assert!(!is_stored(&keyed), "a request is keyed with a stored value");
        assert!(!is_stored(&signing::part_commitment(key, 0, &as_sent(TRUE))), "a nonce is stored");
        for hash in [request, report] {
            assert!(!is_stored(&Sha256::digest([&key[..], &hash].concat()).into()), "salted with a stored value");
        }
    }
}

/// Headers, salts and bodies of an export, in order.
fn entries(export: &std::path::Path) -> Vec<(Header, Hash, Vec<u8>)> {
    let bundle = std::fs::read_dir(export.join("tile/entries/000.p")).expect("bundles").flatten().next().expect("one");
    let (headers, width) = (std::fs::read(bundle.path()).expect("a bundle"), bundle.file_name());
    let content = std::fs::File::open(export.join("content/000.p").join(width)).expect("content");
    let mut content = whosaw_verifier::tiles::ContentReader::new(content);
    let mut all = Vec::new();
    for header in whosaw_verifier::tiles::entries(&headers).expect("entries") {
        let header = Header::decode(header).expect("a header");
        let (salt, body) = content.body().expect("reads").expect("it is there");
        let (salt, body) = (*salt, body.to_vec());
        for _ in 0..header.parts {
            content.part().expect("a part");
        }
        all.push((header, salt, body));
    }
    all
}
