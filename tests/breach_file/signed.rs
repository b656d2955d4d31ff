//! Steps that a human signed with their own key: what is taken, what is refused, and what is told of them.

use crate::*;
use ed25519_dalek::{Signer as _, SigningKey};
use tonic::{Code, Status};
use whosaw::rpc::v1;
use whosaw_verifier::entry::origin_hash;
use whosaw_verifier::part::Identity;
use whosaw_verifier::step::SignedStep;
use whosaw_verifier::vocabulary::{CaseStep, Strength};

/// 2026-03-10, 18:10 UTC.
const AT_S: i64 = 1_773_166_200;

/// Puts in force that these may sign, each with a key in hexadecimal.
fn may_sign(server: &TestServer, version: &str, people: &[(&str, &str)]) {
    let person = |(name, key): &(&str, &str)| {
        format!("{{ namespace = \"staff\", fields = [\"{name}\"], public_key = \"{key}\" }}")
    };
    let people: Vec<String> = people.iter().map(person).collect();
    let role = format!("[[roles]]\nname = \"incident lead\"\nmay = [\"sign\"]\npersons = [{}]\n", people.join(", "));
    registry(server, &format!("version = \"{version}\"\n{role}"));
}

#[test]
fn what_a_human_signed_is_told_as_signed_also_after_they_were_erased() {
    let server = incident();
    let case = opened(&server, RESOURCE);
    let key = server.place.join("dana.key").to_string_lossy().into_owned();
    let public = run(&mut server.client_command(&["keys", "person", "--out", &key]), 0).out;
    may_sign(&server, "one", &[("dana", public.trim())]);
    let at = "2026-03-10T18:10:00Z";
    let statement = ["--statement", "as the on-call told me"];
    breach(&server, &[&["aware", &case, "--at", at, "--sign-key", &key][..], &DANA, &statement].concat());
    let (sent, entry) = file(&server, &case);
    assert_eq!(sent["case"]["aware"]["signed"], json!(true));
    let entry = entry.to_string();
    breach(&server, &[&["submit", &case, "--report", &entry, "--sign-key", &key][..], &DANA].concat());
    breach(&server, &[&["aware", &case, "--at", at][..], &DANA].concat());
    // No key of their own: not signed by them, whoever holds one.
    let words = ["breach", "aware", &case, "--at", at, "--by", "staff=erin", "--sign-key", &key];
    let said = run(&mut server.client_command(&words), 1).err;
    assert!(said.contains("--sign-key cannot be checked") && said.contains("has no key"), "{said}");

    let (signed, not) = ("signed with their own registered key", "not signed: as the caller said");
    let counts = |told: &str, words: &str| told.matches(words).count();
    let show = |language: &str| breach(&server, &["show", &case, "--language", language]).out;
    assert_eq!([signed, not].map(|words| counts(&show("en"), words)), [2, 1], "{}", show("en"));
    let german = ["mit dem eigenen registrierten Schlüssel signiert", "nicht signiert: nach Angabe des Aufrufers"];
    assert_eq!(german.map(|words| counts(&show("de"), words)), [2, 1], "{}", show("de"));
    assert!(breach(&server, &["list"]).out.contains(signed));
    let (files, _) = report(&server, &["breach", &case, "--format", "html"]);
    let html = String::from_utf8_lossy(&files[0].1).into_owned();
    assert!(html.contains(signed) && html.contains(not));

    breach(&server, &[&["close", &case, "--statement", "done"][..], &DANA].concat());
    run(&mut server.client_command(&["person", "erase", "staff=dana", "--ground", "gdpr:17.1.a"]), 0);
    assert!(run(&mut server.client_command(&["person", "run-erasures"]), 0).out.contains("requests  1"));
    let told = show("en");
    assert!(!told.contains("dana") && told.contains(&format!("somebody who was erased since  ({signed})")), "{told}");
    assert_eq!([signed, not].map(|words| counts(&told, words)), [2, 2], "the close was not signed: {told}");
    let (form, _) = file(&server, &case);
    let aware = &form["case"]["aware"];
    assert_eq!((&aware["signed"], &aware["by_erased"], &aware["by"]), (&json!(true), &json!(true), &json!([])));
}

fn by(name: &str) -> Identity {
    Identity { namespace: "staff".into(), fields: vec![name.into()], strength: Strength::Strong }
}

/// Awareness as somebody states it, signed for a ledger of this name.
fn aware_signed(case: &str, name: &str, key: &SigningKey, origin: &str) -> v1::RecordCaseStepRequest {
    let (by, statement) = (by(name), "as told");
    let id = uuid::Uuid::parse_str(case).expect("an id");
    let said = SignedStep {
        case: id.as_bytes(),
        step: CaseStep::Aware,
        by: &by,
        stated_us: AT_S as u64 * 1_000_000,
        report: 0,
        statement,
        reference: "",
        resources: &[],
    };
    v1::RecordCaseStepRequest {
        case_id: case.into(),
        step: v1::CaseStep::Aware as i32,
        stated_at: Some(prost_types::Timestamp { seconds: AT_S, nanos: 0 }),
        by: Some(v1::Identity { namespace: "staff".into(), fields: vec![name.into()], strength: 0 }),
        statement: statement.into(),
        signature: key.sign(&said.message(&origin_hash(origin))).to_bytes().to_vec(),
        ..Default::default()
    }
}

async fn record(client: &Client, request: v1::RecordCaseStepRequest) -> Result<v1::RecordCaseStepResponse, Status> {
    let mut cases = v1::case_service_client::CaseServiceClient::new(client.channel.clone());
    Ok(cases.record_case_step(client.request(request)).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_taken_for_its_own_words_case_ledger_and_person_only() {
    let server = incident();
    let (case, other) = (opened(&server, RESOURCE), opened(&server, RESOURCE));
    let [dana, erin, late] = [3, 4, 5].map(|seed| SigningKey::from_bytes(&[seed; 32]));
    let hex = |key: &SigningKey| whosaw_verifier::hash::hex(key.verifying_key().as_bytes());
    let client = server.client().await;
    let signed = || aware_signed(&case, "dana", &dana, ORIGIN);
    let none = record(&client, signed()).await.expect_err("no registry");
    assert_eq!(none.code(), Code::FailedPrecondition, "{none}");
    may_sign(&server, "one", &[("dana", &hex(&dana)), ("erin", &hex(&erin))]);
    let before = client.size().await;
    let elsewhere = aware_signed(&other, "dana", &dana, ORIGIN).signature;
    for (what, wrong) in [
        ("other words", v1::RecordCaseStepRequest { statement: "as told!".into(), ..signed() }),
        ("another time", v1::RecordCaseStepRequest { stated_at: Some(Default::default()), ..signed() }),
        ("more resources", v1::RecordCaseStepRequest { resources: vec!["crm".into()], ..signed() }),
        ("another case's", v1::RecordCaseStepRequest { signature: elsewhere, ..signed() }),
        ("another ledger's", aware_signed(&case, "dana", &dana, "ledger.example/others")),
        ("somebody else's key", aware_signed(&case, "dana", &erin, ORIGIN)),
        ("another step", v1::RecordCaseStepRequest { step: v1::CaseStep::Closed as i32, stated_at: None, ..signed() }),
        ("no signature", v1::RecordCaseStepRequest { signature: vec![1; 63], ..signed() }),
    ] {
        let status = record(&client, wrong).await.expect_err(what);
        assert_eq!(status.code(), Code::InvalidArgument, "{what}: {status}");
        assert!(status.message().contains("signature"), "{what}: {status}");
    }
    let stranger = record(&client, aware_signed(&case, "farid", &late, ORIGIN)).await.expect_err("no key");
    assert_eq!(stranger.code(), Code::FailedPrecondition, "{stranger}");
    assert_eq!(client.size().await, before, "nothing was written");

    let taken = record(&client, signed()).await.expect("it is hers");
    let index = taken.receipt.expect("a receipt").index;
    let again = record(&client, signed()).await.expect_err("the same again");
    assert!(again.message().contains(&format!("in the step of entry {index}")), "{again}");
    // Whoever opens the entry has all that it takes to check it.
    let entry = client.opened(index).await;
    let parts: Vec<_> = entry.parts.iter().filter_map(|part| part.part.as_ref()).collect();
    let signature = parts[0].content.as_ref().and_then(|content| content.case.as_ref()?.signature.clone());
    let signature = signature.expect("in her own part");
    assert_eq!(parts[0].person.as_ref().expect("hers").identities[0].fields, ["dana"]);
    let (by, id) = (by("dana"), *uuid::Uuid::parse_str(&case).expect("an id").as_bytes());
    let statement =
        parts[1].content.as_ref().and_then(|content| content.case.as_ref()).expect("words").statement.clone();
    let said = SignedStep {
        case: &id,
        step: CaseStep::Aware,
        by: &by,
        stated_us: AT_S as u64 * 1_000_000,
        report: signature.report,
        statement: &statement,
        reference: "",
        resources: &[],
    };
    let key: [u8; 32] = signature.public_key.try_into().expect("a key");
    assert_eq!(key, *dana.verifying_key().as_bytes());
    assert!(said.is_signed(&origin_hash(ORIGIN), &signature.signature, &key));

    // A key that was given up signs no more, whatever size a step says that it was decided from.
    may_sign(&server, "two", &[("dana", &hex(&late))]);
    let gone = aware_signed(&other, "dana", &dana, ORIGIN);
    let gone = record(&client, v1::RecordCaseStepRequest { tree_size: before, ..gone }).await.expect_err("given up");
    assert_eq!(gone.code(), Code::InvalidArgument, "{gone}");
    record(&client, aware_signed(&other, "dana", &late, ORIGIN)).await.expect("the one in force");
    let told = breach(&server, &["show", &case]).out;
    assert!(told.contains("signed with their own registered key"), "it was hers then: {told}");
}
