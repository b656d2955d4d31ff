//! Reading from outside: lists that give each entry once under every filter, watching and resuming, heads and proofs that
//! other people's code verifies, the tile tree over HTTP, and what reading itself leaves in the ledger.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::http::get;
use common::records::*;
use common::*;
use std::collections::BTreeSet;
use std::time::Duration;
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog;
use tonic::Code;
use whosaw::rpc::v1::*;
use whosaw_verifier::export::{self, Verdict};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle;

const ACTORS: [&str; 3] = ["agent-a", "agent-b", "agent-c"];
const DATASETS: [&str; 3] = ["crm", "mail", ""];
const VERBS: [&str; 4] = ["data.read", "data.list", "data.delete", "access.grant"];
const OUTCOMES: [Outcome; 3] = [Outcome::Succeeded, Outcome::Failed, Outcome::Denied];
const TOOLS: [&str; 3] = ["lookup", "", "purge"];
const SOURCES: [&str; 2] = ["gateway-1", ""];
const PERSONS: usize = 10;
const ACTIONS: usize = 700;

/// The nth action; its properties run with different periods, so that every combination comes about.
fn nth(n: usize) -> Action {
    let mut action = if n.is_multiple_of(2) { about(&format!("person-{}", n % PERSONS)) } else { plain() };
    action.actors = vec![agent(ACTORS[n % 3])];
    if n.is_multiple_of(5) {
        action.actors.push(agent(ACTORS[(n + 1) % 3]));
    }
    action.dataset = DATASETS[n % 3].into();
    if n.is_multiple_of(7) {
        let (kind, party) = (FactKind::Grant as i32, PartyKind::Public as i32);
        action.facts = vec![Fact { kind, edge: 1, resource: "mail".into(), party, ..Default::default() }];
    }
    action.verb = VERBS[n % 4].into();
    action.outcome = OUTCOMES[(n / 2) % 3] as i32;
    action.tool = TOOLS[(n / 3) % 3].into();
    action.source = Some(SOURCES[n % 2])
        .filter(|name| !name.is_empty())
        .map(|name| Source { name: name.into(), ..Default::default() });
    action
}

/// A ledger of many actions in commits of many sizes; answers the index of the first.
async fn filled(client: &Client) -> u64 {
    client.register(RegistryKind::Agent, &ACTORS).await;
    client.register(RegistryKind::Dataset, &["crm", "mail"]).await;
    client.register(RegistryKind::Tool, &["lookup", "purge"]).await;
    client.register(RegistryKind::Source, &["gateway-1"]).await;
    let first = client.size().await;
    let mut n = 0;
    for width in [1, 2, 3, 250, 1, 99].into_iter().cycle() {
        let until = ACTIONS.min(n + width);
        client.batch((n..until).map(nth).collect()).await.expect("recorded");
        n = until;
        if n == ACTIONS {
            return first;
        }
    }
    unreachable!("the widths never end")
}

type Holds = Box<dyn Fn(usize) -> bool>;

/// Filters, and by what the numbers of the actions that pass are told.
fn filters() -> Vec<(EntryFilter, Holds)> {
    let none = EntryFilter::default;
    let actor = |n: usize, of: usize| n % 3 == of || (n.is_multiple_of(5) && (n + 1) % 3 == of);
    let mut all: Vec<(EntryFilter, Holds)> = vec![
        (EntryFilter { kind: EntryKind::Action as i32, ..none() }, Box::new(|_| true)),
        (EntryFilter { dataset: "crm".into(), ..none() }, Box::new(|n| n % 3 == 0)),
        (EntryFilter { dataset: "mail".into(), ..none() }, Box::new(|n| n % 3 == 1 || n % 7 == 0)),
        (EntryFilter { dataset: "nothing".into(), ..none() }, Box::new(|_| false)),
        (EntryFilter { tool: "lookup".into(), ..none() }, Box::new(|n| (n / 3) % 3 == 0)),
        (EntryFilter { tool: "purge".into(), ..none() }, Box::new(|n| (n / 3) % 3 == 2)),
        (EntryFilter { source: "gateway-1".into(), ..none() }, Box::new(|n| n % 2 == 0)),
        (
            EntryFilter { actor: "agent-b".into(), verb: "data.list".into(), dataset: "mail".into(), ..none() },
            Box::new(move |n| actor(n, 1) && n % 4 == 1 && (n % 3 == 1 || n % 7 == 0)),
        ),
    ];
    for (of, name) in ACTORS.into_iter().enumerate() {
        all.push((EntryFilter { actor: name.into(), ..none() }, Box::new(move |n| actor(n, of))));
    }
    for (of, verb) in VERBS.into_iter().enumerate() {
        all.push((EntryFilter { verb: verb.into(), ..none() }, Box::new(move |n| n % 4 == of)));
    }
    for (of, outcome) in OUTCOMES.into_iter().enumerate() {
        let filter = EntryFilter { outcome: outcome as i32, ..none() };
        all.push((filter, Box::new(move |n| (n / 2) % 3 == of)));
    }
    for person in [0, 4, 8] {
        let of = move |n: usize| n.is_multiple_of(2) && n % PERSONS == person;
        let data_subject = Some(strong("customer", &format!("person-{person}")));
        all.push((EntryFilter { data_subject: data_subject.clone(), ..none() }, Box::new(of)));
        let filter = EntryFilter { data_subject: data_subject.clone(), verb: "data.read".into(), ..none() };
        all.push((filter, Box::new(move |n| of(n) && n % 4 == 0)));
        let filter = EntryFilter { data_subject, actor: "agent-c".into(), dataset: "mail".into(), ..none() };
        all.push((filter, Box::new(move |n| of(n) && actor(n, 2) && (n % 3 == 1 || n % 7 == 0))));
    }
    all
}

async fn check_lists(client: &Client, first: u64, when: &str) {
    for (filter, holds) in filters() {
        let expected: Vec<u64> = (0..ACTIONS).filter(|n| holds(*n)).map(|n| first + n as u64).collect();
        assert_eq!(client.list(&filter, 1_000).await, expected, "{when}: {filter:?}");
        assert_eq!(client.list(&filter, 7).await, expected, "{when}, in pages of seven: {filter:?}");
    }
    let all: Vec<u64> = (0..client.size().await).collect();
    assert_eq!(client.list(&EntryFilter::default(), 333).await, all, "{when}: everything");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_gives_each_entry_once_now_after_a_restart_and_made_anew() {
    let mut server = TestServer::new();
    let client = server.client().await;
    let first = filled(&client).await;
    check_lists(&client, first, "at first").await;
    server.restart();
    let client = server.client().await;
    check_lists(&client, first, "after a restart").await;
    let mut progress = client
        .registry()
        .rebuild_projections(RebuildProjectionsRequest::default())
        .await
        .expect("it begins")
        .into_inner();
    let mut last = RebuildProjectionsResponse::default();
    while let Some(at) = progress.message().await.expect("it goes on") {
        assert!(at.projected_size >= last.projected_size && at.projected_size <= at.tree_size, "it only grows");
        last = at;
    }
    assert_eq!(
        (last.projected_size, last.tree_size),
        (client.size().await, client.size().await),
        "it ends when all is there"
    );
    check_lists(&client, first, "made anew").await;

    // By the time of recording, from an instant on and before one, to the microsecond.
    let at = |index: u64| {
        let client = client.clone();
        async move { client.entry(index).await.recorded_at.expect("a time") }
    };
    let us = |time: &prost_types::Timestamp| time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000;
    let mut times = Vec::new();
    for index in 0..client.size().await {
        times.push(us(&at(index).await));
    }
    for (from, until) in [(0, 3), (first, first + 1), (first + 4, first + 300), (first + 690, first + 699)] {
        let (recorded_from, recorded_until) = (Some(at(from).await), Some(at(until).await));
        let within = |time: i64| time >= times[from as usize] && time < times[until as usize];
        let expected: Vec<u64> = (0..).zip(&times).filter(|(_, time)| within(**time)).map(|(index, _)| index).collect();
        let filter = EntryFilter { recorded_from, recorded_until, ..Default::default() };
        assert_eq!(client.list(&filter, 100).await, expected, "recorded from that of {from} until that of {until}");
        let person = Some(strong("customer", "person-4"));
        let of_person: BTreeSet<u64> = client
            .list(&EntryFilter { data_subject: person.clone(), ..Default::default() }, 1_000)
            .await
            .into_iter()
            .collect();
        let expected: Vec<u64> = expected.into_iter().filter(|index| of_person.contains(index)).collect();
        let filter = EntryFilter { data_subject: person, ..filter };
        assert_eq!(client.list(&filter, 100).await, expected, "the same of one person");
    }
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_belong_to_their_list_and_wrong_filters_are_named() {
    const OTHER: &str = "ledger.example/other";
    let server = Setup::default().origins(&[ORIGIN, OTHER]).start();
    let client = server.client().await.of_ledger(ORIGIN);
    client.batch((0..150).map(nth).collect()).await.expect("recorded");
    let everything = EntryFilter::default();
    let page = client.page(&everything, 0, "").await.expect("a page");
    assert_eq!(page.entries.len(), 100, "no size means a hundred");
    assert_eq!(page.projected_size, client.size().await, "complete up to here");
    let page = client.page(&everything, 5_000, "").await.expect("a page");
    assert_eq!((page.entries.len() as u64, page.next_page_token.as_str()), (client.size().await, ""));
    let token = client.page(&everything, 10, "").await.expect("a page").next_page_token;
    assert_eq!(client.page(&everything, 10, &token).await.expect("a page").entries[0].index, 10);
    assert!(!token.is_empty());
    let person = EntryFilter { data_subject: Some(strong("customer", "person-4")), ..Default::default() };
    let of_person = client.page(&person, 1, "").await.expect("a page").next_page_token;
    let of_verb = EntryFilter { verb: "data.read".into(), ..Default::default() };
    let other = client.clone().of_ledger(OTHER);
    for (client, filter, token) in [
        (&client, &of_verb, token.as_str()),
        (&client, &everything, &of_person),
        (&other, &everything, &token),
        (&client, &everything, "rubbish"),
        (&client, &everything, "10.zz"),
        (&client, &everything, &token.replace("10.", "x.")),
    ] {
        let status = client.page(filter, 10, token).await.expect_err("a token of another list");
        assert_eq!(
            (status.code(), wrong_fields(&status)),
            (Code::InvalidArgument, vec!["page_token".to_owned()]),
            "{token}"
        );
    }
    for namespace in ["person-4", "customer"] {
        assert!(!of_person.contains(namespace), "a token names nobody");
    }

    let unknown = EntryFilter { data_subject: Some(strong("customer", "never seen")), ..Default::default() };
    assert_eq!(client.list(&unknown, 10).await, [] as [u64; 0], "who was never seen is in no entry");
    let identity = |namespace: &str, fields: &[&str]| Identity {
        namespace: namespace.into(),
        fields: fields.iter().map(|f| (*f).to_owned()).collect(),
        strength: 1,
    };
    for (name, filter, field) in [
        ("an unknown verb", EntryFilter { verb: "data.peek".into(), ..Default::default() }, "verb"),
        ("an unknown kind", EntryFilter { kind: 99, ..Default::default() }, "kind"),
        ("an unknown outcome", EntryFilter { outcome: 99, ..Default::default() }, "outcome"),
        (
            "nobody's namespace",
            EntryFilter { data_subject: Some(identity("", &["x"])), ..Default::default() },
            "data_subject",
        ),
        (
            "no fields",
            EntryFilter { data_subject: Some(identity("customer", &[])), ..Default::default() },
            "data_subject",
        ),
        (
            "an end before the start",
            EntryFilter { recorded_from: time(20), recorded_until: time(10), ..Default::default() },
            "recorded_until",
        ),
        (
            "no time",
            EntryFilter { recorded_from: Some(prost_types::Timestamp { seconds: 1, nanos: -1 }), ..Default::default() },
            "recorded_from",
        ),
    ] {
        let status = client.page(&filter, 10, "").await.expect_err(name);
        assert_eq!(
            (status.code(), wrong_fields(&status)),
            (Code::InvalidArgument, vec![format!("filter.{field}")]),
            "{name}"
        );
    }
    let status =
        client.clone().of_ledger("ledger.example/none").page(&everything, 10, "").await.expect_err("no ledger");
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_by_every_identity_that_a_record_showed() {
    let server = TestServer::new();
    let client = server.client().await;
    let both = |customer: &str, email: &str| Action {
        subjects: vec![Subject {
            identities: vec![strong("customer", customer), strong("email", email)],
            ..subject(customer)
        }],
        ..about(customer)
    };
    let first = client.append(about("anna")).await.expect("recorded").index;
    let second = client.append(both("anna", "anna@example.org")).await.expect("recorded").index;
    let mail = |address: &str| Action {
        subjects: vec![Subject { identities: vec![strong("email", address)], ..subject("x") }],
        ..about("x")
    };
    let third = client.append(mail("anna@example.org")).await.expect("recorded").index;
    let other = client.append(mail("ben@example.org")).await.expect("recorded").index;
    let principal = Action { actors: vec![agent(AGENT), human(strong("customer", "anna"))], ..plain() };
    let fourth = client.append(principal).await.expect("recorded").index;
    let by = |namespace: &str, value: &str| EntryFilter {
        data_subject: Some(strong(namespace, value)),
        ..Default::default()
    };
    for filter in [by("customer", "anna"), by("email", "anna@example.org")] {
        assert_eq!(client.list(&filter, 10).await, [first, second, third, fourth], "{filter:?}");
    }
    assert_eq!(client.list(&by("email", "ben@example.org"), 10).await, [other]);
    // The same name in another form of Unicode is the same name.
    let composed = client.append(about("Zo\u{eb}")).await.expect("recorded").index;
    let decomposed = client.append(about("Zoe\u{308}")).await.expect("recorded").index;
    assert_eq!(client.list(&by("customer", "Zoe\u{308}"), 10).await, [composed, decomposed]);
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_gives_every_entry_and_resumes_and_ends_when_the_server_stops() {
    let mut server = TestServer::new();
    let client = server.client().await;
    client.batch((0..600).map(nth).collect()).await.expect("recorded");
    let key = client.key().await;
    let watch = |from_index| {
        let client = client.clone();
        async move {
            let request = client.request(WatchEntriesRequest { ledger: String::new(), from_index });
            client.audit().watch_entries(request).await
        }
    };
    let size = client.size().await;
    let mut entries = watch(0).await.expect("it begins").into_inner();
    let mut next = 0;
    while next < size {
        let some = entries.message().await.expect("it goes on").expect("more");
        let head = judge::checkpoint(&some.checkpoint.expect("a head"), &key);
        for entry in some.entries {
            assert_eq!(entry.index, next, "consecutive, without gaps");
            assert_eq!(entry, client.entry(next).await, "as it is read alone");
            next += 1;
        }
        assert!(head.checkpoint().size >= next, "under a head that covers them");
    }
    let quiet = tokio::time::timeout(Duration::from_millis(200), entries.message()).await;
    assert!(quiet.is_err(), "nothing new, nothing said");
    let receipt = client.append(about("anna")).await.expect("recorded");
    let some = entries.message().await.expect("it goes on").expect("the new one");
    assert_eq!(some.entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [receipt.index]);
    // Resumed from what was seen, on another connection.
    drop(entries);
    let mut entries = watch(next).await.expect("it resumes").into_inner();
    assert_eq!(entries.message().await.expect("it goes on").expect("more").entries[0].index, next);
    let status = watch(next + 2).await.expect_err("beyond the end");
    assert_eq!(status.code(), Code::OutOfRange);
    let mut from_the_end = watch(next + 1).await.expect("at the end").into_inner();
    let receipt = client.append(plain()).await.expect("recorded");
    let some = from_the_end.message().await.expect("it goes on").expect("the new one");
    assert_eq!((some.entries.len(), some.entries[0].index), (1, receipt.index));

    server.signal(rustix::process::Signal::TERM);
    let ended = loop {
        match from_the_end.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a stream that was cut off must not end as if it were complete"),
            Err(status) => break status,
        }
    };
    assert_eq!(ended.code(), Code::Unavailable, "{ended:?}");
    assert_eq!(server.ended(Duration::from_secs(10)).code(), Some(0), "with a watch open");
}

/// Commits of 1, 2 and 3 entries, and then some.
async fn small(client: &Client) -> Vec<Checkpoint> {
    let mut heads = vec![client.head().await];
    for width in [1, 2, 3, 1, 57, 200, 8] {
        let batch = client.batch((0..width).map(nth).collect()).await.expect("recorded");
        heads.push(batch.checkpoint.expect("a head"));
    }
    heads
}

fn hashes(bytes: &[Vec<u8>]) -> Vec<Hash> {
    bytes.iter().map(|hash| hash.as_slice().try_into().expect("32 bytes")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_proofs_hold_for_every_size_there_was() {
    let server = TestServer::new();
    let client = server.client().await;
    let key = client.key().await;
    let heads = small(&client).await;
    let size = client.size().await;
    let leaves = judge::check(&client, &key).await.leaves()[..size as usize].to_vec();
    let ends: BTreeSet<u64> = heads.iter().map(|head| head.tree_size).collect();
    for head in &heads {
        judge::checkpoint(head, &key);
        assert_eq!(merkle::root(&leaves[..head.tree_size as usize])[..], head.root_hash);
        let again = client.checkpoint(head.tree_size).await.expect("an earlier head");
        assert_eq!(again, *head, "signing it again gives the same bytes");
    }
    for tree_size in (4..size).filter(|size| !ends.contains(size)) {
        let status = client.checkpoint(tree_size).await.expect_err("in the middle of a commit there is no head");
        assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, vec!["tree_size".to_owned()]));
    }
    assert_eq!(client.checkpoint(1_000_000).await.expect_err("beyond the end").code(), Code::OutOfRange);
    assert_eq!(judge::consistent(&client, &key, heads.iter().map(|head| head.note.clone())).await, ends.len());

    let inclusion = |index, tree_size| {
        let request = client.request(GetInclusionProofRequest { ledger: String::new(), index, tree_size });
        let mut audit = client.audit();
        async move { audit.get_inclusion_proof(request).await.map(tonic::Response::into_inner) }
    };
    let consistency = |old_size, new_size| {
        let request = client.request(GetConsistencyProofRequest { ledger: String::new(), old_size, new_size });
        let mut audit = client.audit();
        async move { audit.get_consistency_proof(request).await.map(tonic::Response::into_inner) }
    };
    let theirs = |hash: &[u8]| tlog::Hash(hash.try_into().expect("32 bytes"));
    // Any size, also one that no commit ended at: a proof needs no signature.
    for tree_size in [1, 2, 3, 7, 8, 9, 64, 65, 255, 256, 257, size] {
        let root = merkle::root(&leaves[..tree_size as usize]);
        for index in [0, 1, 5, tree_size / 2, tree_size - 1].into_iter().filter(|index| *index < tree_size) {
            let proof = inclusion(index, tree_size).await.expect("a proof");
            let leaf = leaves[index as usize];
            assert_eq!(
                (&proof.leaf_hash[..], &proof.root_hash[..], proof.tree_size),
                (&leaf[..], &root[..], tree_size)
            );
            merkle::verify_inclusion(&leaf, index, tree_size, &hashes(&proof.hashes), &root).expect("it holds");
            let record: Vec<_> = proof.hashes.iter().map(|hash| theirs(hash)).collect();
            tlog::check_record(&record, tree_size, theirs(&root), index, theirs(&leaf)).expect("so says another make");
        }
        for old_size in [1, 2, 3, 4, 63, 64, 255, 256].into_iter().filter(|old| *old <= tree_size) {
            let proof = consistency(old_size, tree_size).await.expect("a proof");
            let old_root = merkle::root(&leaves[..old_size as usize]);
            assert_eq!((&proof.old_root_hash[..], &proof.new_root_hash[..]), (&old_root[..], &root[..]));
            merkle::verify_consistency(old_size, tree_size, &hashes(&proof.hashes), &old_root, &root)
                .expect("it holds");
            let tree: Vec<_> = proof.hashes.iter().map(|hash| theirs(hash)).collect();
            tlog::check_tree(&tree, tree_size, theirs(&root), old_size, theirs(&old_root))
                .expect("so says another make");
        }
    }
    let now = client.size().await;
    assert_eq!(inclusion(3, 0).await.expect("a proof").tree_size, now, "no size means the newest");
    assert_eq!(consistency(3, 0).await.expect("a proof").new_size, now);
    for (index, tree_size) in [(now, 0), (5, 5), (0, now + 1), (u64::MAX, u64::MAX)] {
        assert_eq!(
            inclusion(index, tree_size).await.expect_err("outside").code(),
            Code::OutOfRange,
            "{index} of {tree_size}"
        );
    }
    for (old_size, new_size) in [(now + 1, 0), (9, 8), (1, now + 1), (u64::MAX, u64::MAX)] {
        assert_eq!(
            consistency(old_size, new_size).await.expect_err("outside").code(),
            Code::OutOfRange,
            "{old_size} to {new_size}"
        );
    }
    assert_eq!(client.get_entry(now, false).await.expect_err("outside").code(), Code::OutOfRange);
    assert_eq!(client.get_entry(u64::MAX, true).await.expect_err("outside").code(), Code::OutOfRange);
    for index in 0..size {
        let request = client.request(GetReceiptRequest { ledger: String::new(), index });
        let receipt = client.audit().get_receipt(request).await.expect("a receipt").into_inner().receipt;
        judge::receipt(&receipt.expect("a receipt"), &key);
    }
    let request = client.request(GetReceiptRequest { ledger: String::new(), index: now });
    assert_eq!(client.audit().get_receipt(request).await.expect_err("outside").code(), Code::OutOfRange);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_what_is_sealed_leaves_an_entry_and_reading_the_rest_does_not() {
    let server = TestServer::new();
    let auditor = server.client_as("auditor-1").await;
    auditor.register(RegistryKind::Party, &["auditor-1"]).await;
    let stranger = server.client_as("stranger").await;
    let index = auditor.append(about("anna")).await.expect("recorded").index;
    auditor.append(about("ben")).await.expect("recorded");
    let key = auditor.key().await;
    let size = auditor.size().await;
    auditor.entry(index).await;
    auditor.list(&EntryFilter { data_subject: Some(strong("customer", "anna")), ..Default::default() }, 10).await;
    let directory = tempfile::tempdir().expect("a directory");
    judge::export(&auditor, false, directory.path()).await;
    let report = export::verify(directory.path(), std::slice::from_ref(&key)).expect("an export");
    assert_eq!(
        (report.verdict(), report.has_content, report.size),
        (Verdict::Holds, false, size),
        "{}",
        report.to_text()
    );
    assert!(!directory.path().join("content").exists());
    assert_eq!(auditor.size().await, size, "what is public to readers leaves no trace");

    auditor.opened(index).await;
    let request = ListEntriesRequest {
        page_size: 2,
        open_parts: true,
        filter: Some(EntryFilter { kind: EntryKind::Action as i32, ..Default::default() }),
        ..Default::default()
    };
    let page = auditor.audit().list_entries(auditor.request(request)).await.expect("a page").into_inner();
    assert_eq!(page.entries.len(), 2);
    assert!(page.entries.iter().all(|entry| entry.parts.iter().all(|part| part.part.is_some())));
    stranger.opened(index + 1).await;
    let before_export = auditor.size().await;
    judge::check(&auditor, &key).await;
    let mut found = Vec::new();
    for at in auditor.of_kind(EntryKind::LedgerAccess).await {
        let entry = auditor.entry(at).await;
        let Some(entry::Content::LedgerAccess(access)) = entry.content else { panic!("an access") };
        assert_eq!(access.verb, Verb::LogRead as i32);
        found.push((access.caller.expect("a caller").name, access.first_index, access.count, entry.part_count));
    }
    let named = "auditor-1".to_owned();
    let expected = [
        // In blocks of thousands, as far as the ledger went: where one person's entries begin and end is not told.
        (named.clone(), 0, index + 2, 0),
        (named.clone(), 0, index + 3, 0),
        // Its name is not registered, so it stands sealed.
        (String::new(), 0, index + 4, 1),
        (named, 0, before_export, 0),
    ];
    assert_eq!(found, expected);
}

/// Reads tiles as the specification names them; this crate puts a height into its paths.
struct OverHttp(std::net::SocketAddr);

impl TileReader for OverHttp {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let read = |tile: &Tile| {
            let path = tile.path().replace("tile/8/", "tile/");
            let answer = get(self.0, &format!("/tiles/1/{path}"));
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("content-type"), "application/octet-stream");
            assert!(answer.header("cache-control").contains("immutable"), "{path}");
            answer.body
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tile_tree_is_what_other_peoples_code_expects() {
    let server = TestServer::new();
    let client = server.client().await;
    filled(&client).await;
    let size = client.size().await;
    let at = |path: &str| get(server.address, &format!("/tiles/1/{path}"));
    let note = at("checkpoint");
    assert_eq!((note.status, note.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert!(!note.header("cache-control").contains("immutable"));
    let signed = signed_note::Note::from_bytes(&note.body).expect("a note");
    let verifier = signed_note::StandardVerifier::new(&client.key().await.to_string()).expect("a key");
    let (verified, unknown) = signed.verify(&signed_note::VerifierList::new(vec![Box::new(verifier)])).expect("signed");
    assert_eq!((verified.len(), unknown.len()), (1, 0));
    let head = tlog_tiles::checkpoint::Checkpoint::from_bytes(signed.text()).expect("a checkpoint");
    assert_eq!((head.origin(), head.size(), head.extension()), (ORIGIN, size, ""));

    // Their reader authenticates every tile it reads against the signed root.
    let tiles = OverHttp(server.address);
    let reader = TileHashReader::new(size, *head.hash(), &tiles);
    for number in 0..size.div_ceil(256) {
        let width = (size - number * 256).min(256);
        let bundle = at(&whosaw_verifier::tiles::entries_path(number, width));
        assert_eq!((bundle.status, bundle.header("content-type")), (200, "application/octet-stream"));
        let entries = whosaw_verifier::tiles::entries(&bundle.body).expect("a bundle");
        assert_eq!(entries.len() as u64, width);
        for (offset, entry) in (0..).zip(&entries).step_by(41) {
            let index = number * 256 + offset;
            let proof = tlog::prove_record(size, index, &reader).expect("a proof out of tiles");
            tlog::check_record(&proof, size, *head.hash(), index, tlog::record_hash(entry))
                .expect("the entry is there");
        }
    }
    for old in [1, 5, 256, 300, 512, size] {
        let proof = tlog::prove_tree(size, old, &reader).expect("a proof out of tiles");
        let old_root = tlog::tree_hash(old, &reader).expect("a root out of tiles");
        tlog::check_tree(&proof, size, *head.hash(), old, old_root).expect("it holds");
    }
    // Partial tiles of every size there was, also where the full one exists by now.
    let full = at("tile/0/000");
    assert_eq!(full.body.len(), 256 * 32);
    for width in [1, 17, 255] {
        assert_eq!(at(&format!("tile/0/000.p/{width}")).body, full.body[..width * 32]);
    }
    assert_eq!(at("tile/1/000.p/2").body.len(), 64);
    for wrong in [
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/0",
        "tile/0/003",
        "tile/0/002.p/255",
        "tile/00/000",
        "tile/64/000",
        "tile/1/000",
        "tile/9/000",
        "tile/entries/003",
        "tile/entries/999.p/1",
        "tile/x/000",
        "tile/0/x000/000",
        "content/000",
        "tile/0/../../checkpoint",
        "nothing",
    ] {
        assert_eq!(at(wrong).status, 404, "{wrong}");
    }
    for other in ["/tiles/2/checkpoint", "/tiles/0/checkpoint", "/tiles/one/checkpoint", "/tiles", "/"] {
        assert!([400, 404].contains(&get(server.address, other).status), "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_health_say_how_it_is() {
    let server = TestServer::new();
    let client = server.client().await;
    client.append(about("anna")).await.expect("recorded");
    assert_eq!(client.page(&EntryFilter::default(), 10, "").await.expect("a page").projected_size, client.size().await);
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = get(server.address, path);
        assert_eq!((answer.status, answer.text()), (200, text), "{path}");
    }
    let metrics = get(server.address, "/metrics");
    assert_eq!(metrics.status, 200);
    assert!(metrics.header("content-type").starts_with("text/plain"), "{}", metrics.header("content-type"));
    for (name, value) in [
        ("whosaw_tree_size", client.size().await),
        ("whosaw_projection_lag_entries", 0),
        ("whosaw_projection_failed", 0),
        ("whosaw_closed", 0),
        ("whosaw_waiting_entries", 0),
        ("whosaw_waiting_bytes", 0),
    ] {
        let line = format!("{name}{{ledger=\"{ORIGIN}\"}} {value}");
        assert!(metrics.text().lines().any(|l| l == line), "{line} is not in\n{}", metrics.text());
    }
    assert!(!metrics.text().contains("anna"), "metrics name nobody");
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
    let mut health = HealthClient::new(client.channel.clone());
    let answer = health.check(HealthCheckRequest::default()).await.expect("an answer").into_inner();
    assert_eq!(answer.status, ServingStatus::Serving as i32);
    for service in ["whosaw.v1.LedgerService", "whosaw.v1.ReportService"] {
        let answer =
            health.check(HealthCheckRequest { service: service.into() }).await.expect("it is known").into_inner();
        assert_eq!(answer.status, ServingStatus::Serving as i32, "{service}");
    }
    let unknown = health.check(HealthCheckRequest { service: "nobody.Knows".into() }).await.expect_err("unknown");
    assert_eq!(unknown.code(), Code::NotFound);
    let missing = tonic::codegen::http::uri::PathAndQuery::from_static("/whosaw.v1.LedgerService/Nothing");
    let mut raw = tonic::client::Grpc::new(client.channel.clone());
    raw.ready().await.expect("a connection");
    let codec = tonic_prost::ProstCodec::<AppendRequest, AppendResponse>::default();
    let status =
        raw.unary(tonic::Request::new(AppendRequest::default()), missing, codec).await.expect_err("no such method");
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_describes_itself() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    use tonic_reflection::pb::v1::{ServerReflectionRequest, ServiceResponse};
    let server = TestServer::new();
    let client = server.client().await;
    let ask = |request: MessageRequest| {
        let mut reflection = ServerReflectionClient::new(client.channel.clone());
        let request = ServerReflectionRequest { host: String::new(), message_request: Some(request) };
        async move {
            let mut answers =
                reflection.server_reflection_info(futures::stream::iter([request])).await.expect("it answers");
            answers
                .get_mut()
                .message()
                .await
                .expect("it answers")
                .and_then(|answer| answer.message_response)
                .expect("something")
        }
    };
    let MessageResponse::ListServicesResponse(services) = ask(MessageRequest::ListServices(String::new())).await else {
        panic!("a list of services");
    };
    let names: BTreeSet<String> = services.service.into_iter().map(|ServiceResponse { name }| name).collect();
    let ours = whosaw::rpc::DESCRIPTORS;
    let pool = prost_reflect::DescriptorPool::decode(ours).expect("descriptors");
    let served: BTreeSet<String> = pool.services().map(|service| service.full_name().to_owned()).collect();
    assert!(served.is_subset(&names), "{served:?} and {names:?}");
    assert!(names.contains("grpc.health.v1.Health"));
    // What is promised is served: every method answers something else than that it is not there.
    for service in pool.services() {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let path = tonic::codegen::http::uri::PathAndQuery::try_from(path.as_str()).expect("a path");
            let mut raw = tonic::client::Grpc::new(client.channel.clone());
            raw.ready().await.expect("a connection");
            // An empty message is a request to each of them; one that streams is closed at once.
            let codec = tonic_prost::ProstCodec::<GetEntryRequest, ListLedgersResponse>::default();
            let request = tonic::Request::new(futures::stream::iter([GetEntryRequest::default()]));
            let answered = tokio::time::timeout(Duration::from_secs(5), raw.streaming(request, path, codec)).await;
            if let Ok(Err(status)) = answered {
                assert_ne!(status.code(), Code::Unimplemented, "{}.{}", service.name(), method.name());
            }
        }
    }
    let symbol = MessageRequest::FileContainingSymbol("whosaw.v1.Action".into());
    let MessageResponse::FileDescriptorResponse(file) = ask(symbol).await else { panic!("a file") };
    assert!(!file.file_descriptor_proto.is_empty());
}
