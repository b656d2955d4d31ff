//! After an erasure: nobody is found, everybody else is, and every proof of before still holds.

use super::*;
use common::judge;
use std::time::Duration;
use whosaw_verifier::export::{self, Verdict};
use whosaw_verifier::note::VerifierKey;

async fn key(client: &Client) -> VerifierKey {
    let request = client.request(v1::GetCheckpointRequest::default());
    let head = client.audit().get_checkpoint(request).await.expect("a checkpoint").into_inner();
    VerifierKey::parse(&head.verifier_key).expect("a verifier key")
}

#[tokio::test]
async fn a_person_is_forgotten_and_every_proof_still_holds() {
    let (mut server, client) = server().await;
    let before = client.append(telling("C-1", "one", &["C-2"])).await.expect("recorded");
    client.append(telling("C-3", "three", &[])).await.expect("recorded");
    let key = key(&client).await;
    let earlier = judge::check(&client, &key).await;

    let asked = erase(&client, strong("email", "one@example.org")).await.expect("recorded");
    assert!(!asked.blocked && asked.token.len() == 32);
    // Restricted at once: stored, and not opened.
    let parts: Vec<_> =
        list(&client, strong("customer", "C-1")).await.into_iter().flat_map(|entry| entry.parts).collect();
    assert!(parts.iter().any(|part| part.closed_because.contains("restricted")), "{parts:?}");
    let again = erase(&client, strong("customer", "C-1")).await.expect_err("waits already");
    assert_eq!(again.code(), tonic::Code::FailedPrecondition);
    let waits = status(&client, &asked.token).await.expect("known");
    assert!(waits.requested.is_some() && waits.inaccessible_by == 0);

    let done = run(&client).await;
    assert_eq!((done.requests, done.generation), (1, 2));
    assert!(done.covers >= 3, "the part, the content shared with C-2, the request itself: {done:?}");
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default(), "nothing is due twice");
    for name in [strong("customer", "C-1"), strong("email", "one@example.org")] {
        let code = look_up(&client, name.clone()).await.expect_err("is nobody").code();
        assert_eq!(code, tonic::Code::NotFound);
        assert_eq!(list(&client, name).await, []);
    }
    assert_eq!(status(&client, &asked.token).await.expect("known").inaccessible_by, done.index);
    assert_eq!(status(&client, &[9; 32]).await.expect_err("nobody's").code(), tonic::Code::NotFound);
    // Whoever stays is found where they stood, and the content they shared is sealed anew for them.
    let others = list(&client, strong("customer", "C-2")).await;
    assert!(others.iter().any(|entry| entry.index == before.index));
    assert!(others.iter().any(|entry| entry.kind == v1::EntryKind::Erasure as i32), "{others:?}");
    assert_eq!(list(&client, strong("customer", "C-3")).await.len(), 1);

    for restarted in [false, true] {
        if restarted {
            server.restart();
        }
        let client = server.client_as("tester").await;
        let directory = tempfile::tempdir().expect("a directory");
        judge::export(&client, true, directory.path()).await;
        let report = export::verify(directory.path(), std::slice::from_ref(&key)).expect("an export can be read");
        assert_eq!(report.verdict(), Verdict::Holds, "{}", report.to_text());
        assert!(report.to_text().contains("redacted"), "{}", report.to_text());
        if let Some(mut verify) = common::whosaw_verify() {
            let token = hex::encode(&asked.token);
            verify.args(["erasure", "--token", &token, "--export"]).arg(directory.path());
            let said = common::run(verify.args(["--vkey", &key.to_string()]), 0);
            assert!(said.out.contains(&done.index.to_string()), "{}", said.out);
        }
        // The same person again is somebody new.
        client.append(telling("C-1", "one", &[])).await.expect("recorded");
    }
    // What was exported and proved before still stands.
    let report = export::verify(earlier.directory.path(), std::slice::from_ref(&key)).expect("an export can be read");
    assert_eq!(report.verdict(), Verdict::Holds);
    judge::receipt(&before, &key);
}

#[tokio::test]
async fn killed_anywhere_a_batch_is_done_or_has_not_begun() {
    let (mut server, mut client) = server().await;
    let key = key(&client).await;
    let mut alive = Vec::new();
    for n in 0..60 {
        client.append(telling(&format!("C-{n}"), &format!("secret{n}"), &[])).await.expect("recorded");
        alive.push(n);
    }
    for round in 0..8u64 {
        let gone = alive.remove(0);
        let asked = erase(&client, strong("customer", &format!("C-{gone}"))).await.expect("recorded");
        let running = tokio::spawn({
            let client = client.clone();
            async move { privacy(&client).run_erasures(client.request(v1::RunErasuresRequest::default())).await.is_ok() }
        });
        tokio::time::sleep(Duration::from_millis(7 * round * round)).await;
        server.kill();
        let answered = running.await.expect("the task ends");
        server.start();
        client = server.client_as("tester").await;
        let state = status(&client, &asked.token).await.expect("the request was recorded");
        let known = look_up(&client, strong("customer", &format!("C-{gone}"))).await.is_ok();
        assert_eq!(known, state.inaccessible_by == 0, "round {round}: half of it was done");
        assert!(!(answered && known), "round {round}: what was answered was done");
        run(&client).await;
        assert_eq!(
            look_up(&client, strong("customer", &format!("C-{gone}"))).await.expect_err("is nobody").code(),
            tonic::Code::NotFound
        );
        for n in &alive {
            let found = list(&client, strong("customer", &format!("C-{n}"))).await;
            assert_eq!(found.len(), 1, "round {round}: C-{n}");
        }
        judge::holds(&client, &key).await;
    }
}

#[tokio::test]
async fn persons_may_be_recorded_while_others_and_they_themselves_are_erased() {
    let (_server, client) = server().await;
    for n in 0..8 {
        client.append(telling(&format!("C-{n}"), &format!("secret{n}"), &[])).await.expect("recorded");
    }
    let appending = {
        let client = client.clone();
        tokio::spawn(async move {
            let mut last = Vec::new();
            for n in 0..400u64 {
                let who = format!("C-{}", n % 8);
                let receipt = client.append(common::records::about(&who)).await.expect("recorded");
                last.push((who, receipt.index));
            }
            last
        })
    };
    let mut done = Vec::new();
    for n in 0..4 {
        erase(&client, strong("customer", &format!("C-{n}"))).await.expect("recorded");
        done.push(run(&client).await);
    }
    let appended = appending.await.expect("the task ends");
    for n in 0..8 {
        let who = format!("C-{n}");
        let found: Vec<u64> = list(&client, strong("customer", &who)).await.iter().map(|entry| entry.index).collect();
        // All that came after the erasure of that person, or all there is, and nothing of before.
        let since = if n < 4 { done[n as usize].index } else { 0 };
        let mut expected: Vec<u64> =
            appended.iter().filter(|(name, index)| *name == who && *index > since).map(|(_, index)| *index).collect();
        if n >= 4 {
            // Behind the genesis and the writer's epoch.
            expected.insert(0, n + 2);
        }
        assert_eq!(found, expected, "{who}");
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_field_by_field() {
    let (_server, client) = server().await;
    client.append(telling("C-1", "one", &[])).await.expect("recorded");
    let refused = |ground: v1::Ground, identity: v1::Identity| {
        let client = client.clone();
        async move {
            let request = v1::RequestErasureRequest { ledger: String::new(), about: about(identity, ground) };
            privacy(&client).request_erasure(client.request(request)).await.expect_err("is refused")
        }
    };
    let size = client.audit().get_checkpoint(v1::GetCheckpointRequest::default()).await.expect("a head").into_inner();
    for (ground, identity, expected) in [
        (v1::Ground::Unspecified, strong("customer", "C-1"), "about.ground"),
        (v1::Ground::AccuracyContested, strong("customer", "C-1"), "about.ground"),
        (v1::Ground::NoLongerNecessary, strong("whosaw:ledger", "C-1"), "about.subject.namespace"),
        (v1::Ground::NoLongerNecessary, strong("customer", ""), "about.subject.fields"),
    ] {
        let status = refused(ground, identity).await;
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        assert!(common::wrong_fields(&status).iter().any(|field| field == expected), "{status:?}");
    }
    let now = client.audit().get_checkpoint(v1::GetCheckpointRequest::default()).await.expect("a head").into_inner();
    assert_eq!(size, now, "nothing was written");
    assert_eq!(refused(v1::Ground::NoLongerNecessary, strong("customer", "C-9")).await.code(), tonic::Code::NotFound);
}

/// Content that two shared is sealed anew for the one who stays, and their report goes on saying what it can.
#[tokio::test]
async fn who_stays_keeps_what_they_shared() {
    let (_server, client) = server().await;
    client.append(telling("C-1", "one", &["C-2"])).await.expect("recorded");
    erase(&client, strong("customer", "C-1")).await.expect("recorded");
    run(&client).await;
    let entries = list(&client, strong("customer", "C-2")).await;
    let contents: Vec<v1::ContentPart> =
        entries.iter().flat_map(|entry| &entry.parts).filter_map(|part| part.part.clone()?.content).collect();
    let [content] = contents.as_slice() else { panic!("one content is left: {contents:?}") };
    assert!(content.conversation.is_empty(), "a conversation's name may name somebody");
    assert!(content.arguments.is_empty() && content.result.is_empty() && content.instruction.is_empty());
    let body = entries.iter().find_map(|entry| match entry.content.clone()? {
        v1::entry::Content::Erasure(body) => Some(body),
        _ => None,
    });
    let body = body.expect("an entry says so");
    assert_eq!(body.lost.iter().map(|lost| lost.count).sum::<u64>(), 1, "what may name the erased is told as lost");
    assert!(body.cites.iter().all(|place| place.index == entries[0].index));
}

/// Asked for in the other strength, an identifier must not become somebody new who stays.
#[tokio::test]
async fn a_weak_identity_is_erased_by_its_name() {
    let (_server, client) = server().await;
    let mut action = common::records::about("C-1");
    action.subjects[0].identities = vec![weak(&["Ann", "1990-01-01"])];
    client.append(action).await.expect("recorded");
    let asked = v1::Identity { strength: v1::Strength::Strong as i32, ..weak(&["Ann", "1990-01-01"]) };
    look_up(&client, asked.clone()).await.expect("is known");
    erase(&client, asked.clone()).await.expect("recorded");
    assert_eq!(run(&client).await.requests, 1);
    assert_eq!(look_up(&client, asked).await.expect_err("is nobody").code(), tonic::Code::NotFound);
}

/// Looking somebody up while they are being erased must not make them anew, nor must they be asked for twice.
#[tokio::test]
async fn nobody_returns_by_being_looked_up_and_nobody_is_erased_twice() {
    let (_server, client) = server().await;
    for round in 0..4 {
        let who = strong("customer", &format!("G-{round}"));
        client.append(common::records::about(&format!("G-{round}"))).await.expect("recorded");
        let requests = (0..6).map(|_| {
            let (client, who) = (client.clone(), who.clone());
            tokio::spawn(async move { erase(&client, who).await.is_ok() })
        });
        let mut accepted = 0;
        for request in requests.collect::<Vec<_>>() {
            accepted += u32::from(request.await.expect("the task ends"));
        }
        assert_eq!(accepted, 1);
        let looking = tokio::spawn({
            let (client, who) = (client.clone(), who.clone());
            async move { while look_up(&client, who.clone()).await.is_ok() {} }
        });
        assert_eq!(run(&client).await.requests, 1);
        looking.await.expect("ends, because they are nobody");
        assert_eq!(look_up(&client, who).await.expect_err("is nobody").code(), tonic::Code::NotFound);
    }
}

/// What a reading of one person's entries leaves in the open must not join the first and the last of them.
#[tokio::test]
async fn a_reading_is_recorded_in_blocks() {
    let (_server, client) = server().await;
    for n in 0..6 {
        client.append(common::records::about(if n % 5 == 0 { "F-1" } else { "F-2" })).await.expect("recorded");
    }
    list(&client, strong("customer", "F-1")).await;
    let filter = Some(v1::EntryFilter { kind: v1::EntryKind::LedgerAccess as i32, ..Default::default() });
    let request = v1::ListEntriesRequest { filter, page_size: 10, ..Default::default() };
    let entries = client.audit().list_entries(client.request(request)).await.expect("a list").into_inner().entries;
    let Some(v1::entry::Content::LedgerAccess(access)) = entries[0].content.clone() else { panic!("{entries:?}") };
    assert_eq!((access.first_index, access.count), (0, entries[0].index));
}

/// A name that nobody registered is free input: what is sealed anew for those who stay must not spell the erased.
#[tokio::test]
async fn what_is_sealed_anew_holds_no_name_with_an_identifier_of_who_goes() {
    let (_server, client) = server().await;
    let (ann, bob) = ("C-ann-4711", "C-bob-4712");
    let mut action = telling(ann, "one", &[bob]);
    action.dataset = format!("Mailbox/{}", ann.to_uppercase());
    action.tool = "tool that is not registered".into();
    let index = client.append(action).await.expect("recorded").index;
    erase(&client, strong("customer", ann)).await.expect("recorded");
    run(&client).await;
    let opened = list(&client, strong("customer", bob)).await;
    let said = format!("{opened:?}").to_lowercase();
    assert!(said.contains("tool that is not registered"), "what names nobody stays: {said}");
    assert!(!said.contains("mailbox/") && !said.contains(ann), "{said}");
    // That there was a dataset is told, and that its name is closed.
    let told = requested::report(&client, bob).await;
    let entry = told["entries"].as_array().expect("a list").iter().find(|entry| entry["index"] == index).expect("it");
    assert_eq!(entry["dataset"], "closed", "{entry}");
}

/// What an agent did is counted also where its name stands in content that was sealed anew, and what was taken out of that is
/// closed, and not untold.
#[tokio::test]
async fn an_agents_acts_are_read_where_their_content_was_sealed_anew() {
    let (server, client) = server().await;
    let mut action = telling("C-ann-4711", "one", &["C-bob-4712"]);
    action.actors[0].name = "an agent nobody registered".into();
    action.dataset = "mailbox of c-ann-4711".into();
    client.append(action).await.expect("recorded");
    let activity = || common::report_json(&server, &["activity", "--agent", "an agent nobody registered"]);
    let before = activity();
    assert_eq!(before["totals"]["actions"], serde_json::json!({"low": 1, "high": 1}));
    erase(&client, strong("customer", "C-ann-4711")).await.expect("recorded");
    run(&client).await;
    let after = activity();
    assert_eq!(after["totals"]["actions"], before["totals"]["actions"], "it is the same act");
    assert_eq!(after["lines"][0]["dataset"], "closed", "{}", after["lines"]);
    let told = |report: &serde_json::Value| report["totals"]["not_instructed"].clone();
    assert_eq!((told(&before), told(&after)), (0.into(), 0.into()), "that no instruction was given is not said");
}
