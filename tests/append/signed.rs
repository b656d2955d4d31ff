//! Agents that sign what they did: the signature binds the ledger, the action and the words, is checked when it comes in,
//! and can be checked by anybody to whom the action's id is disclosed.

use crate::common::records::*;
use crate::common::*;
use ed25519_dalek::{Signer as _, SigningKey};
use std::sync::Arc;
use tonic::Code;
use whosaw::rpc::v1::*;
use whosaw_verifier::agent as construction;
use whosaw_verifier::body::Body;
use whosaw_verifier::entry::origin_hash;
use whosaw_verifier::export::{self, Verdict};
use whosaw_verifier::hash::{hex, sha256};

/// Signs as DESIGN says: label ‖ SHA-256(origin) ‖ action id ‖ SHA-256(claim) ‖ u32 parts ‖ c₀ ‖ c₁…
fn sign(mut action: Action, key: &SigningKey, origin: &str, claim: &str, parts: &[&str]) -> Action {
    let parts: Vec<AgentSignedPart> = parts
        .iter()
        .zip(1u8..)
        .map(|(text, nonce)| AgentSignedPart { nonce: vec![nonce; 32], as_sent: text.as_bytes().to_vec() })
        .collect();
    let mut message = b"whosaw/agent/v1\0".to_vec();
    message.extend(origin_hash(origin));
    message.extend(uuid::Uuid::parse_str(&action.action_id).expect("an id").as_bytes());
    message.extend(sha256(&[claim.as_bytes()]));
    message.extend((parts.len() as u32).to_be_bytes());
    for (part, number) in parts.iter().zip(0u32..) {
        use hmac::{KeyInit as _, Mac as _};
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&part.nonce).expect("any length");
        mac.update(&[b"whosaw/agent-part/v1\0", &number.to_be_bytes()[..], &part.as_sent].concat());
        message.extend(mac.finalize().into_bytes());
    }
    let public = key.verifying_key().to_bytes();
    action.agent_signature = Some(AgentSignature {
        key_id: sha256(&[&public])[..8].to_vec(),
        claim: claim.as_bytes().to_vec(),
        signature: key.sign(&message).to_bytes().to_vec(),
        parts,
    });
    action
}

async fn register(client: &Client, key: &SigningKey) {
    let name = Name {
        kind: RegistryKind::Agent as i32,
        name: AGENT.into(),
        public_key: key.verifying_key().to_bytes().to_vec(),
        ..Default::default()
    };
    client.register_names(vec![name]).await.expect("known");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_signature_is_kept_and_proves_itself_to_whoever_learns_the_id() {
    let mut server = TestServer::new();
    let client = server.client().await;
    let ledger_key = client.key().await;
    let key = SigningKey::from_bytes(&[3; 32]);
    register(&client, &key).await;
    let two_persons = Action { subjects: vec![subject("anna"), subject("ben")], ..about("anna") };
    let cases = [
        ("nobody", sign(plain(), &key, ORIGIN, "looked", &["all of it"]), 1),
        ("one person", sign(about("anna"), &key, ORIGIN, "looked", &["for anna"]), 1),
        ("two persons and the content", sign(two_persons, &key, ORIGIN, "looked", &["anna", "ben", "content"]), 3),
        ("a claim alone", sign(about("ben"), &key, ORIGIN, "looked", &[]), 0),
    ];
    let mut indexes = Vec::new();
    for (name, action, parts) in cases {
        let receipt = client.append(action.clone()).await.unwrap_or_else(|status| panic!("{name}: {status:?}"));
        let Ok(Body::Action(body)) = Body::decode(1, &receipt.body) else { panic!("an action") };
        let stored = body.agent_signature.expect("it is kept");
        let action_id = *uuid::Uuid::parse_str(&action.action_id).expect("an id").as_bytes();
        let public = key.verifying_key().to_bytes();
        assert_eq!(construction::verify(&origin_hash(ORIGIN), &action_id, &stored, &public), Ok(()), "{name}");
        assert_eq!((stored.claim.as_slice(), stored.commitments.len()), (&b"looked"[..], parts), "{name}");
        // What was committed to stands in the parts, one for one, so that each commitment can be opened.
        let opened = client.opened(receipt.index).await;
        let sent = action.agent_signature.expect("signed").parts;
        let kept: Vec<_> = opened.parts.iter().map(|p| p.part.as_ref().expect("opens").agent_part.clone()).collect();
        for (number, part) in sent.iter().enumerate() {
            let kept = kept.get(number).cloned().flatten().unwrap_or_else(|| panic!("{name}: part {number} was lost"));
            assert_eq!((&kept.nonce, &kept.as_sent), (&part.nonce, &part.as_sent), "{name}");
            let nonce = kept.nonce.as_slice().try_into().expect("32 bytes");
            let commitment = construction::part_commitment(&nonce, number as u32, &kept.as_sent);
            assert_eq!(stored.commitments[number], commitment, "{name}");
        }
        assert!(
            client.append(Action { agent_signature: None, ..action }).await.is_err(),
            "{name}: unsigned it differs"
        );
        indexes.push(receipt.index);
    }

    // The verifier, told the ids by openings, checks every signature; told nothing, it says so.
    let checked = judge::check(&client, &ledger_key).await;
    assert_eq!((checked.report.agent_signatures_checked, checked.report.agent_signatures_sealed), (0, 4));
    assert_eq!(server.stop().code(), Some(0));
    disclose(&server, checked.directory.path(), &indexes);
    let report = export::verify(checked.directory.path(), &[ledger_key]).expect("an export");
    assert_eq!(report.verdict(), Verdict::Holds, "{}", report.to_text());
    assert_eq!((report.agent_signatures_checked, report.agent_signatures_sealed), (4, 0), "{}", report.to_text());
}

/// Writes the keys that open all parts of these entries beside an export, as their keeper may.
fn disclose(server: &TestServer, export: &std::path::Path, indexes: &[u64]) {
    use whosaw::store::{LedgerNumber, Store, rocks::RocksStore};
    use whosaw::vault::{KeyDirectory, PartPlace, Vault};
    let store: Arc<dyn Store> = Arc::new(RocksStore::open(&server.database()).expect("a database"));
    let keys = Arc::new(KeyDirectory::open(&server.keys(1), &server.database()).expect("keys"));
    let vault = Vault::open(store, LedgerNumber(1), ORIGIN, keys).expect("a vault");
    std::fs::create_dir(export.join("openings")).expect("a directory");
    let bundle = std::fs::read_dir(export.join("tile/entries/000.p")).expect("bundles").flatten().next().expect("one");
    let (headers, width) = (std::fs::read(bundle.path()).expect("a bundle"), bundle.file_name());
    let content = std::fs::File::open(export.join("content/000.p").join(width)).expect("content");
    let mut content = whosaw_verifier::tiles::ContentReader::new(content);
    for (index, header) in whosaw_verifier::tiles::entries(&headers).expect("entries").iter().enumerate() {
        let header = whosaw_verifier::entry::Header::decode(header).expect("a header");
        content.body().expect("a body");
        for ordinal in 0..header.parts {
            let (_, sealed) = content.part().expect("a part");
            if indexes.contains(&(index as u64)) {
                let place = PartPlace { index: index as u64, ordinal };
                let p = vault.disclose(place, &header.body_commitment, sealed.expect("it is there")).expect("a key");
                std::fs::write(export.join(format!("openings/{index}.{ordinal}")), p).expect("a file");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_proves_something_else_is_refused() {
    const OTHER: &str = "ledger.example/other";
    let server = Setup::default().origins(&[ORIGIN, OTHER]).start();
    let client = server.client().await.of_ledger(ORIGIN);
    let (key, stranger) = (SigningKey::from_bytes(&[3; 32]), SigningKey::from_bytes(&[4; 32]));
    register(&client, &key).await;
    register(&client.clone().of_ledger(OTHER), &key).await;
    let good = sign(about("anna"), &key, ORIGIN, "looked", &["a"]);
    let changed = |change: &dyn Fn(&mut Action, &mut AgentSignature)| {
        let mut action = good.clone();
        let mut signature = action.agent_signature.take().expect("signed");
        change(&mut action, &mut signature);
        Action { agent_signature: Some(signature), ..action }
    };
    let size = client.size().await;
    let field = "action.agent_signature";
    for (name, action, wrong) in [
        ("for another ledger", sign(about("anna"), &key, OTHER, "looked", &["a"]), format!("{field}.signature")),
        ("by another key", sign(about("anna"), &stranger, ORIGIN, "looked", &["a"]), format!("{field}.key_id")),
        ("for another action", changed(&|action, _| action.action_id = new_id()), format!("{field}.signature")),
        ("with another claim", changed(&|_, signature| signature.claim.push(b'!')), format!("{field}.signature")),
        ("with another part", changed(&|_, s| s.parts[0].as_sent.push(b'!')), format!("{field}.signature")),
        ("without its part", changed(&|_, s| s.parts.clear()), format!("{field}.signature")),
        ("one bit off", changed(&|_, s| s.signature[7] ^= 1), format!("{field}.signature")),
        ("cut short", changed(&|_, s| s.signature.truncate(63)), format!("{field}.signature")),
        ("with a short nonce", changed(&|_, s| s.parts[0].nonce.truncate(31)), format!("{field}.parts[0].nonce")),
        ("with too short a key id", changed(&|_, s| s.key_id.truncate(4)), format!("{field}.key_id")),
        ("for another agent", changed(&|action, _| action.actors[0].name = "other".into()), field.to_owned()),
        ("with too long a claim", sign(plain(), &key, ORIGIN, &"x".repeat(70_000), &[]), format!("{field}.claim")),
        (
            "with too long a part",
            sign(plain(), &key, ORIGIN, "looked", &[&"x".repeat(600_000)]),
            format!("{field}.parts[0].as_sent"),
        ),
    ] {
        let status = client.append(action).await.expect_err(name);
        assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, vec![wrong]), "{name}");
    }
    assert_eq!(client.size().await, size, "nothing was written");
    client.append(good).await.expect("the good one is taken");
    // A key that was taken out of use signs nothing any more.
    let retired = Name { kind: RegistryKind::Agent as i32, name: AGENT.into(), retired: true, ..Default::default() };
    client.register_names(vec![retired]).await.expect("retired");
    let status = client.append(sign(plain(), &key, ORIGIN, "looked", &[])).await.expect_err("retired");
    assert_eq!(wrong_fields(&status), [field], "{}", hex(key.verifying_key().as_bytes()));
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_admitted_by_a_key_stands_before_that_key_is_replaced() {
    let server = TestServer::new();
    let client = server.client().await;
    let ledger_key = client.key().await;
    let keys = [SigningKey::from_bytes(&[3; 32]), SigningKey::from_bytes(&[4; 32])];
    register(&client, &keys[0]).await;
    let status = client.append(sign(plain(), &keys[1], ORIGIN, "done", &[])).await;
    assert_eq!(status.expect_err("the other key").code(), Code::InvalidArgument);
    let rotating = {
        let (client, keys) = (client.clone(), keys.clone());
        tokio::spawn(async move {
            for turn in 1..40 {
                tokio::time::sleep(std::time::Duration::from_millis(3)).await;
                register(&client, &keys[turn % 2]).await;
            }
        })
    };
    let mut taken = 0;
    while !rotating.is_finished() {
        for key in &keys {
            let signed = (0..40).map(|_| sign(plain(), key, ORIGIN, "done", &[])).collect();
            for answer in client.stream(signed, AppendDetail::Place).await.expect("answers") {
                let is_taken = matches!(answer.result, Some(append_stream_response::Result::Places(_)));
                taken += if is_taken { answer.messages } else { 0 };
            }
        }
    }
    rotating.await.expect("rotated");
    assert!(taken > 0, "nothing was taken");
    judge::check(&client, &ledger_key).await;
}
