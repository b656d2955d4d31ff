//! Holds, restrictions and links.

use super::*;

#[tokio::test]
async fn a_hold_by_one_name_blocks_the_erasure_by_another_until_it_is_released() {
    let (mut server, client) = server().await;
    client.append(telling("C-1", "one", &[])).await.expect("recorded");
    client.append(telling("C-2", "two", &[])).await.expect("recorded");
    let matter = hold(&client, v1::HoldScopes { persons: vec![strong("customer", "C-1")], ..Default::default() }).await;
    let asked = erase(&client, strong("email", "one@example.org")).await.expect("recorded");
    assert!(asked.blocked);
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default());
    server.restart();
    let client = server.client_as("tester").await;
    let state = look_up(&client, strong("customer", "C-1")).await.expect("is known");
    assert!(state.restricted_since.is_some() && state.erasure_blocked);
    assert_eq!(state.matters, std::slice::from_ref(&matter));
    assert!(status(&client, &asked.token).await.expect("known").blocked);
    // Another one goes meanwhile, and the hold outlives the keys it was sealed under.
    erase(&client, strong("customer", "C-2")).await.expect("recorded");
    assert_eq!(run(&client).await.requests, 1);
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default());
    server.restart();
    let client = server.client_as("tester").await;
    let holds = privacy(&client).list_holds(v1::ListHoldsRequest::default()).await.expect("a list").into_inner().holds;
    assert_eq!(holds.iter().map(|hold| (hold.matter.clone(), hold.persons)).collect::<Vec<_>>(), [(matter.clone(), 1)]);
    release(&client, matter.clone()).await;
    let done = run(&client).await;
    assert_eq!(done.requests, 1);
    assert_eq!(status(&client, &asked.token).await.expect("known").inaccessible_by, done.index);
    let again = v1::ReleaseHoldRequest { matter, ..Default::default() };
    let status = privacy(&client).release_hold(client.request(again)).await.expect_err("is over");
    assert_eq!(status.code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn a_hold_on_names_that_nobody_registered_is_refused() {
    let (_server, client) = server().await;
    let unknown = v1::HoldScopes { agents: vec!["nobody".into()], ..Default::default() };
    let request = v1::PlaceHoldRequest { scope: Some(unknown), exemption: 1, ..Default::default() };
    let status = privacy(&client).place_hold(client.request(request)).await.expect_err("is refused");
    assert_eq!(common::wrong_fields(&status), ["scope.agents"]);
}

#[tokio::test]
async fn a_restriction_closes_what_is_sealed_until_it_is_lifted() {
    let (mut server, client) = server().await;
    client.append(telling("C-1", "one", &["C-2"])).await.expect("recorded");
    let restrict = v1::RestrictProcessingRequest {
        ledger: String::new(),
        about: about(strong("email", "one@example.org"), v1::Ground::AccuracyContested),
    };
    privacy(&client).restrict_processing(client.request(restrict)).await.expect("is restricted");
    server.restart();
    let client = server.client_as("tester").await;
    let closed = |entries: &[v1::Entry]| {
        entries.iter().flat_map(|entry| &entry.parts).filter(|part| part.closed_because.contains("restricted")).count()
    };
    let entries = list(&client, strong("customer", "C-2")).await;
    assert_eq!(closed(&entries[..1]), 2, "their own part and the content they share: {entries:?}");
    let lift = || v1::LiftRestrictionRequest {
        ledger: String::new(),
        about: about(strong("customer", "C-1"), v1::Ground::Unspecified),
    };
    privacy(&client).lift_restriction(client.request(lift())).await.expect("is lifted");
    assert_eq!(closed(&list(&client, strong("customer", "C-2")).await), 0);
    let status = privacy(&client).lift_restriction(client.request(lift())).await.expect_err("is not restricted");
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
}

#[tokio::test]
async fn links_join_two_persons_and_are_undone() {
    let (mut server, client) = server().await;
    for n in [1, 9] {
        client.append(common::records::about(&format!("C-{n}"))).await.expect("recorded");
    }
    let indexes = |entries: Vec<v1::Entry>| -> Vec<u64> {
        let actions = entries.into_iter().filter(|entry| entry.kind == v1::EntryKind::Action as i32);
        actions.map(|entry| entry.index).collect()
    };
    let alone = indexes(list(&client, strong("customer", "C-1")).await);
    let about = || about(strong("customer", "C-1"), v1::Ground::Unspecified);
    let link = |strength: v1::Strength| v1::LinkIdentitiesRequest {
        ledger: String::new(),
        about: about(),
        other: Some(strong("customer", "C-9")),
        strength: strength as i32,
    };
    privacy(&client).link_identities(client.request(link(v1::Strength::Weak))).await.expect("linked");
    assert_eq!(indexes(list(&client, strong("customer", "C-1")).await), alone, "a weak link discloses nothing");
    assert_eq!(look_up(&client, strong("customer", "C-1")).await.expect("known").possible, [strong("customer", "C-9")]);
    privacy(&client).link_identities(client.request(link(v1::Strength::Strong))).await.expect("linked");
    server.restart();
    let client = server.client_as("tester").await;
    assert_eq!(indexes(list(&client, strong("customer", "C-1")).await).len(), 2);
    let unlink = || v1::UnlinkIdentitiesRequest {
        ledger: String::new(),
        about: about(),
        other: Some(strong("customer", "C-9")),
    };
    let undone = privacy(&client).unlink_identities(client.request(unlink())).await.expect("undone").into_inner();
    assert!(!undone.still_linked);
    assert_eq!(indexes(list(&client, strong("customer", "C-1")).await), alone);
    assert_eq!(look_up(&client, strong("customer", "C-1")).await.expect("known").possible, []);
    let status = privacy(&client).unlink_identities(client.request(unlink())).await.expect_err("not linked");
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
}

/// The report of before an unlinking is the same to the byte afterwards.
#[tokio::test]
async fn a_report_of_the_time_of_a_link_stands_after_it_was_taken_back() {
    let (server, client) = server().await;
    for n in [1, 9] {
        client.append(common::records::about(&format!("C-{n}"))).await.expect("recorded");
    }
    let link = v1::LinkIdentitiesRequest {
        ledger: String::new(),
        about: about(strong("customer", "C-1"), v1::Ground::Unspecified),
        other: Some(strong("customer", "C-9")),
        strength: v1::Strength::Strong as i32,
    };
    privacy(&client).link_identities(client.request(link)).await.expect("linked");
    let report = |name: &str, more: &[&str]| -> (Vec<u8>, String) {
        let out = server.place.join(name);
        let mut command = server.client_command(&["report"]);
        command.args(more).args(["--format", "json", "--out"]).arg(&out);
        let said = common::run(&mut command, 0);
        let mut files = std::fs::read_dir(&out).expect("a directory").flatten().map(|file| file.path());
        let file = files.find(|path| path.extension().is_some_and(|ending| ending == "json")).expect("a file");
        (std::fs::read(file).expect("the report"), said.out)
    };
    let (first, _) = report("first", &["access", "--subject", "customer=C-1"]);
    assert!(String::from_utf8_lossy(&first).contains("C-9"), "both are one person");
    let produced = list(&client, strong("customer", "C-1")).await;
    let index =
        produced.iter().find(|entry| entry.kind == v1::EntryKind::ReportProduced as i32).expect("recorded").index;
    let unlink = v1::UnlinkIdentitiesRequest {
        ledger: String::new(),
        about: about(strong("customer", "C-1"), v1::Ground::Unspecified),
        other: Some(strong("customer", "C-9")),
    };
    privacy(&client).unlink_identities(client.request(unlink)).await.expect("undone");
    let (again, _) = report("again", &["again", &index.to_string()]);
    assert_eq!(first, again);
    let (now, _) = report("now", &["access", "--subject", "customer=C-1"]);
    assert!(!String::from_utf8_lossy(&now).contains("C-9"), "they are two again");
}

fn text_of(entries: &[v1::Entry]) -> String {
    format!("{entries:?}")
}

async fn of_kind(client: &Client, kind: v1::EntryKind) -> Vec<v1::Entry> {
    let filter = Some(v1::EntryFilter { kind: kind as i32, ..Default::default() });
    let request = v1::ListEntriesRequest { filter, page_size: 1_000, open_parts: true, ..Default::default() };
    client.audit().list_entries(client.request(request)).await.expect("a list").into_inner().entries
}

/// What entries say of holds and links goes with the persons they name.
#[tokio::test]
async fn an_erased_person_stands_in_no_entry_about_holds_or_links() {
    let (_server, client) = server().await;
    for who in ["GONE-1", "STAYS-2"] {
        client.append(common::records::about(who)).await.expect("recorded");
    }
    let matter =
        hold(&client, v1::HoldScopes { persons: vec![strong("customer", "GONE-1")], ..Default::default() }).await;
    release(&client, matter).await;
    let link = v1::LinkIdentitiesRequest {
        ledger: String::new(),
        about: about(strong("customer", "GONE-1"), v1::Ground::Unspecified),
        other: Some(strong("customer", "STAYS-2")),
        strength: v1::Strength::Weak as i32,
    };
    privacy(&client).link_identities(client.request(link)).await.expect("linked");
    let before = text_of(&of_kind(&client, v1::EntryKind::Hold).await);
    assert!(before.contains("GONE-1"), "it is there to be erased");
    assert!(text_of(&of_kind(&client, v1::EntryKind::SubjectLink).await).contains("GONE-1"));
    erase(&client, strong("customer", "GONE-1")).await.expect("recorded");
    assert_eq!(run(&client).await.requests, 1);
    for kind in [v1::EntryKind::Hold, v1::EntryKind::SubjectLink, v1::EntryKind::Request, v1::EntryKind::Erasure] {
        assert!(!text_of(&of_kind(&client, kind).await).contains("GONE-1"), "{kind:?}");
    }
    assert!(!text_of(&list(&client, strong("customer", "STAYS-2")).await).contains("GONE-1"));
}

/// Whoever is held keeps what they share with somebody who asked to be erased.
#[tokio::test]
async fn a_hold_keeps_what_the_held_share() {
    let (_server, client) = server().await;
    client.append(telling("E-1", "one", &["E-2"])).await.expect("recorded");
    let matter = hold(&client, v1::HoldScopes { persons: vec![strong("customer", "E-2")], ..Default::default() }).await;
    assert!(erase(&client, strong("customer", "E-1")).await.expect("recorded").blocked);
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default());
    release(&client, matter).await;
    assert_eq!(run(&client).await.requests, 1);
}

/// A hold that came after the request is told of, and a release reaches whoever was linked since.
#[tokio::test]
async fn later_holds_and_later_links_count() {
    let (_server, client) = server().await;
    for who in ["K-1", "K-2"] {
        client.append(common::records::about(who)).await.expect("recorded");
    }
    let matter = hold(&client, v1::HoldScopes { persons: vec![strong("customer", "K-1")], ..Default::default() }).await;
    let link = v1::LinkIdentitiesRequest {
        ledger: String::new(),
        about: about(strong("customer", "K-1"), v1::Ground::Unspecified),
        other: Some(strong("customer", "K-2")),
        strength: v1::Strength::Strong as i32,
    };
    privacy(&client).link_identities(client.request(link)).await.expect("linked");
    let asked = erase(&client, strong("customer", "K-2")).await.expect("recorded");
    assert!(asked.blocked);
    release(&client, matter).await;
    assert!(!status(&client, &asked.token).await.expect("known").blocked);
    let again = hold(&client, v1::HoldScopes { persons: vec![strong("customer", "K-1")], ..Default::default() }).await;
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default());
    assert!(status(&client, &asked.token).await.expect("known").blocked, "the later hold is told of");
    release(&client, again).await;
    assert_eq!(run(&client).await.requests, 1);
}

#[tokio::test]
async fn a_link_that_is_made_after_a_hold_is_followed() {
    let (_server, client) = server().await;
    client.append(telling("B-1", "first", &[])).await.expect("recorded");
    client.append(telling("A", "shared", &["B-2"])).await.expect("recorded");
    hold(&client, v1::HoldScopes { persons: vec![strong("customer", "B-1")], ..Default::default() }).await;
    let link = v1::LinkIdentitiesRequest {
        about: about(strong("customer", "B-1"), v1::Ground::Unspecified),
        other: Some(strong("customer", "B-2")),
        strength: v1::Strength::Strong as i32,
        ..Default::default()
    };
    privacy(&client).link_identities(client.request(link)).await.expect("linked");
    assert!(erase(&client, strong("customer", "A")).await.expect("recorded").blocked, "they share content");
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default());
}
