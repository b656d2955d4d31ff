//! Holds over datasets, agents and times: the erasure is done, and what is in their scope stays for the matter alone.

use super::*;
use common::judge;
use std::collections::BTreeMap;
use whosaw_verifier::export;
use whosaw_verifier::note::VerifierKey;

async fn register(client: &Client) {
    client.register(v1::RegistryKind::Dataset, &["crm", "drive/budget"]).await;
    client.register(v1::RegistryKind::Agent, &[AGENT]).await;
}

/// The same as [`telling`] with one name of the customer: a second e-mail address would be somebody else's.
fn by_customer(customer: &str, secret: &str, with: &[&str]) -> v1::Action {
    let mut action = telling(customer, secret, with);
    action.subjects[0].identities.truncate(1);
    action
}

/// The same as [`telling`], about the dataset that is held.
fn in_crm(customer: &str, secret: &str, with: &[&str]) -> v1::Action {
    v1::Action { dataset: "crm".into(), ..telling(customer, secret, with) }
}

fn over_crm() -> v1::HoldScopes {
    v1::HoldScopes { datasets: vec!["crm".into()], ..Default::default() }
}

/// Entries of which a matter keeps parts, opened.
async fn kept(client: &Client, matter: &[u8]) -> Result<Vec<v1::Entry>, Status> {
    let filter = Some(v1::EntryFilter { matter: matter.to_vec(), ..Default::default() });
    let request = v1::ListEntriesRequest { filter, page_size: 1_000, open_parts: true, ..Default::default() };
    Ok(client.audit().list_entries(client.request(request)).await?.into_inner().entries)
}

async fn kept_indexes(client: &Client, matter: &[u8]) -> Vec<u64> {
    kept(client, matter).await.expect("a list").iter().map(|entry| entry.index).collect()
}

/// Every sealed part as it lies in the database of a server that is stopped, by place.
fn parts(server: &TestServer) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let options = rocksdb::Options::default();
    let database = server.database();
    let families = rocksdb::DB::list_cf(&options, &database).expect("families");
    let db = rocksdb::DB::open_cf_for_read_only(&options, &database, &families, false).expect("the database opens");
    let handle = db.cf_handle("parts").expect("it is there");
    let rows = db.iterator_cf(&handle, rocksdb::IteratorMode::Start);
    rows.map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).expect("a row")).collect()
}

/// The sealed parts of one entry that are still there, by ordinal.
fn there(parts: &BTreeMap<Vec<u8>, Vec<u8>>, index: u64) -> Vec<u32> {
    let of_entry = parts.iter().filter(|(key, value)| key[4..12] == index.to_be_bytes() && value.len() > 32);
    of_entry.map(|(key, _)| u32::from_be_bytes(key[12..].try_into().expect("an ordinal"))).collect()
}

async fn verified(client: &Client, key: &VerifierKey) -> export::Report {
    judge::holds(client, key).await.report
}

fn matters(state: &v1::GetErasureStatusResponse) -> Vec<(Vec<u8>, u64, bool)> {
    state.kept.iter().map(|kept| (kept.matter.clone(), kept.parts, kept.released)).collect()
}

#[tokio::test]
async fn a_hold_on_a_dataset_keeps_its_parts_and_nothing_else() {
    let (mut server, client) = server().await;
    register(&client).await;
    let held = client.append(in_crm("C-1", "kept", &["C-2"])).await.expect("recorded").index;
    let lost = client.append(by_customer("C-1", "lost", &["C-2"])).await.expect("recorded").index;
    let other = client.append(in_crm("C-3", "three", &[])).await.expect("recorded").index;
    let key = client.key().await;
    let matter = hold(&client, over_crm()).await;
    let of_one = v1::HoldScopes { persons: vec![strong("customer", "C-2")], ..over_crm() };
    let second = hold(&client, of_one).await;
    assert!(kept_indexes(&client, &matter).await.is_empty(), "everybody is still here");
    server.stop();
    let before = parts(&server);
    server.start();
    let client = server.client_as("tester").await;

    let asked = erase(&client, strong("email", "kept@example.org")).await.expect("recorded");
    assert!(!asked.blocked);
    let done = run(&client).await;
    assert_eq!(done.requests, 1);
    server.stop();
    let after = parts(&server);
    // By their bytes: the person's own part and the content they share are as they were; outside the scope both are gone.
    assert_eq!(there(&before, held), [0, 1, 2, 3]);
    assert_eq!(there(&after, held), [0, 1, 2, 3]);
    assert_eq!(there(&after, lost), [1, 2]);
    assert!(before.iter().all(|(place, part)| after[place] == *part || after[place] == part[..32]));
    server.start();
    let client = server.client_as("tester").await;

    for name in [strong("customer", "C-1"), strong("email", "kept@example.org")] {
        assert_eq!(look_up(&client, name.clone()).await.expect_err("is nobody").code(), tonic::Code::NotFound);
        assert_eq!(list(&client, name).await, []);
    }
    let state = status(&client, &asked.token).await.expect("known");
    assert_eq!(state.inaccessible_by, done.index);
    assert_eq!(sorted(matters(&state)), sorted(vec![(matter.clone(), 2, false), (second.clone(), 1, false)]));
    assert!(state.kept.iter().all(|kept| kept.exemption == v1::Exemption::LegalClaims as i32));
    // Whoever reads for the matter sees it, and that is recorded; nobody else does.
    let shown = kept(&client, &matter).await.expect("a list");
    assert_eq!(shown.iter().map(|entry| entry.index).collect::<Vec<_>>(), [held]);
    let text = format!("{shown:?}");
    assert!(text.contains("C-1") && text.contains("instruction kept") && !text.contains("lost"), "{text}");
    let access = client.of_kind(v1::EntryKind::LedgerAccess).await;
    let access = client.opened(*access.last().expect("it was recorded")).await;
    let act = access.parts[0].part.clone().and_then(|part| part.content).and_then(|content| content.act);
    assert_eq!(act.expect("it says for which matter").matter, matter);
    let by_second = format!("{:?}", kept(&client, &second).await.expect("a list"));
    assert!(by_second.contains("instruction kept") && !by_second.contains("kept@example.org"), "{by_second}");
    let others = list(&client, strong("customer", "C-2")).await;
    assert!(!format!("{others:?}").contains("instruction kept"), "{others:?}");
    let closed = |entries: &[v1::Entry], index: u64| -> Vec<String> {
        let parts = entries.iter().filter(|entry| entry.index == index).flat_map(|entry| &entry.parts);
        parts.map(|part| part.closed_because.clone()).filter(|why| !why.is_empty()).collect()
    };
    assert_eq!(closed(&others, held), ["its key is gone; a matter keeps it"; 2]);
    assert_eq!(closed(&others, lost), ["it was removed"; 2]);
    let report = verified(&client, &key).await;
    assert_eq!(report.parts.removed, done.covers, "{}", report.to_text());

    // One matter is over: what the other keeps stays.
    release(&client, matter.clone()).await;
    let state = status(&client, &asked.token).await.expect("known");
    assert_eq!(sorted(matters(&state)), sorted(vec![(matter.clone(), 2, true), (second.clone(), 1, false)]));
    server.restart();
    let client = server.client_as("tester").await;
    let batch = run(&client).await;
    assert_eq!((batch.requests, batch.covers), (0, 1));
    assert_eq!(kept(&client, &matter).await.expect_err("is over").code(), tonic::Code::NotFound);
    assert_eq!(kept_indexes(&client, &second).await, [held]);
    let state = status(&client, &asked.token).await.expect("known");
    assert_eq!((state.inaccessible_by, matters(&state)), (done.index, vec![(second.clone(), 1, false)]));
    release(&client, second).await;
    assert_eq!(run(&client).await.covers, 1);
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default());
    assert_eq!(matters(&status(&client, &asked.token).await.expect("known")), []);
    let report = verified(&client, &key).await;
    assert_eq!(report.parts.removed, done.covers + 2, "{}", report.to_text());
    assert_eq!(list(&client, strong("customer", "C-3")).await[0].index, other);
    server.stop();
    assert_eq!(there(&parts(&server), held), [1, 2]);
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

#[tokio::test]
async fn agents_times_and_resources_of_facts_are_scopes_too() {
    let (_server, client) = server().await;
    register(&client).await;
    let name = v1::Name { kind: v1::RegistryKind::Agent as i32, name: "other-agent".into(), ..Default::default() };
    client.register_names(vec![name]).await.expect("registered");
    let mut by_other = by_customer("C-1", "one", &[]);
    by_other.actors[0].name = "other-agent".into();
    let by_other = client.append(by_other).await.expect("recorded");
    let mut about_fact = by_customer("C-1", "two", &[]);
    about_fact.facts.push(v1::Fact {
        kind: v1::FactKind::Content as i32,
        edge: v1::Edge::Open as i32,
        resource: "drive/budget".into(),
        ..Default::default()
    });
    let about_fact = client.append(about_fact).await.expect("recorded");
    let last = client.append(by_customer("C-1", "three", &[])).await.expect("recorded");
    let until = client.append(telling("C-2", "four", &[])).await.expect("recorded");
    let by_agent = hold(&client, v1::HoldScopes { agents: vec!["other-agent".into()], ..Default::default() }).await;
    let on_fact = hold(&client, v1::HoldScopes { datasets: vec!["drive/budget".into()], ..Default::default() }).await;
    let scope = v1::HoldScopes {
        recorded_from: last.recorded_at,
        recorded_until: until.recorded_at,
        agents: vec![AGENT.into()],
        ..Default::default()
    };
    let in_time = hold(&client, scope).await;
    assert!(!erase(&client, strong("customer", "C-1")).await.expect("recorded").blocked);
    assert_eq!(run(&client).await.requests, 1);
    for (matter, expected) in [(&by_agent, &by_other), (&on_fact, &about_fact), (&in_time, &last)] {
        assert_eq!(kept_indexes(&client, matter).await, [expected.index]);
    }
}

/// Of a shared part nothing is lost or freed by the order in which the sharers go, and who is named keeps what is theirs
/// under every name.
#[tokio::test]
async fn sharers_go_one_after_the_other() {
    let (mut server, client) = server().await;
    register(&client).await;
    let index = client.append(in_crm("C-1", "one", &["C-2"])).await.expect("recorded").index;
    let named = v1::HoldScopes { persons: vec![strong("customer", "C-1")], ..over_crm() };
    let matter = hold(&client, named).await;
    let first = erase(&client, strong("email", "one@example.org")).await.expect("recorded");
    assert_eq!(run(&client).await.requests, 1);
    server.restart();
    let client = server.client_as("tester").await;
    let second = erase(&client, strong("customer", "C-2")).await.expect("recorded");
    assert_eq!(run(&client).await.requests, 1);
    let shown = format!("{:?}", kept(&client, &matter).await.expect("a list"));
    assert!(shown.contains("instruction one") && shown.contains("C-1") && !shown.contains("C-2"), "{shown}");
    // Both are told: it is the content of both.
    for (asked, parts) in [(&first, 2), (&second, 1)] {
        let state = status(&client, &asked.token).await.expect("known");
        assert_eq!(matters(&state), [(matter.clone(), parts, false)]);
    }
    assert_eq!(kept_indexes(&client, &matter).await, [index]);
    release(&client, matter).await;
    assert_eq!(run(&client).await.covers, 2);
    for asked in [first, second] {
        assert_eq!(matters(&status(&client, &asked.token).await.expect("known")), []);
    }
}

/// Who was erased and is recorded again is somebody new to everybody, but not to a matter that names them.
#[tokio::test]
async fn a_later_matter_over_somebody_known_anew_keeps_what_is_kept_of_them() {
    let (_server, client) = server().await;
    register(&client).await;
    let old = client.append(in_crm("C-1", "one", &[])).await.expect("recorded").index;
    let other = client.append(in_crm("C-2", "two", &[])).await.expect("recorded").index;
    let first = hold(&client, over_crm()).await;
    for customer in ["C-1", "C-2"] {
        erase(&client, strong("customer", customer)).await.expect("recorded");
    }
    run(&client).await;
    assert_eq!(kept_indexes(&client, &first).await, [old, other]);
    client.append(common::records::about("C-1")).await.expect("recorded");
    let named = v1::HoldScopes { persons: vec![strong("customer", "C-1")], ..Default::default() };
    let later = hold(&client, named).await;
    release(&client, first).await;
    run(&client).await;
    assert_eq!(kept_indexes(&client, &later).await, [old]);
}

/// Who stays is told that something of theirs is kept apart, and nothing of it. Who was erased is a stranger without the token.
#[tokio::test]
async fn a_report_says_how_much_only_matters_keep() {
    let (server, client) = server().await;
    register(&client).await;
    client.append(in_crm("C-1", "shared", &["C-2"])).await.expect("recorded");
    client.append(in_crm("C-1", "own", &[])).await.expect("recorded");
    let matter = hold(&client, over_crm()).await;
    let (before, _) = access_report(&client, &server, "C-2").await;
    assert_eq!(before["kept"], serde_json::json!([]));
    erase(&client, strong("customer", "C-1")).await.expect("recorded");
    let done = run(&client).await;
    let (stays, index) = access_report(&client, &server, "C-2").await;
    assert_eq!(stays["kept"], serde_json::json!([{ "since": done.index, "parts": 1 }]));
    assert!(!stays.to_string().contains("instruction"), "{stays}");
    let (gone, _) = access_report(&client, &server, "C-1").await;
    let (stranger, _) = access_report(&client, &server, "nobody").await;
    let same = |report: &serde_json::Value| {
        let mut report = report.clone();
        for field in ["header", "earlier_reports", "undetermined", "coverage", "clock"] {
            report.as_object_mut().expect("an object").remove(field);
        }
        report
    };
    assert_eq!(same(&gone), same(&stranger));
    // Another matter that keeps it too, and the first one's release, change no report before the next batch.
    let second = hold(&client, over_crm()).await;
    release(&client, matter).await;
    assert_eq!(common::report_json(&server, &["again", &index.to_string()]), stays);
    run(&client).await;
    let (later, _) = access_report(&client, &server, "C-2").await;
    assert_eq!(later["kept"], stays["kept"], "since the first entry, whoever keeps it by now");
    release(&client, second).await;
    run(&client).await;
    assert_eq!(access_report(&client, &server, "C-2").await.0["kept"], serde_json::json!([]));
}

/// Content that was sealed anew for who stays is held as what it stands for.
#[tokio::test]
async fn content_that_was_sealed_anew_is_in_the_scope_of_its_entry() {
    let (_server, client) = server().await;
    register(&client).await;
    client.append(in_crm("C-1", "one", &["C-2"])).await.expect("recorded");
    erase(&client, strong("customer", "C-1")).await.expect("recorded");
    run(&client).await;
    let anew = *client.of_kind(v1::EntryKind::Erasure).await.first().expect("sealed anew");
    let matter = hold(&client, over_crm()).await;
    erase(&client, strong("customer", "C-2")).await.expect("recorded");
    erase(&client, strong("staff", "staff one")).await.expect("recorded");
    assert_eq!(run(&client).await.requests, 2);
    assert!(kept_indexes(&client, &matter).await.contains(&anew));
}

/// A matter that comes later keeps what another one keeps already; one of whole persons does too.
#[tokio::test]
async fn a_later_matter_keeps_what_is_kept() {
    let (server, client) = server().await;
    register(&client).await;
    let index = client.append(in_crm("C-1", "one", &[])).await.expect("recorded").index;
    let first = hold(&client, over_crm()).await;
    let asked = erase(&client, strong("customer", "C-1")).await.expect("recorded");
    run(&client).await;
    let everything = hold(&client, v1::HoldScopes::default()).await;
    release(&client, first).await;
    run(&client).await;
    assert_eq!(kept_indexes(&client, &everything).await, [index]);
    let said = |words: &[&str]| common::run(&mut server.client_command(words), 0).out;
    let (matter, token) = (hex::encode(&everything), hex::encode(&asked.token));
    let told = said(&["person", "status", &token]);
    assert!(told.contains(&format!("2 parts stay for matter {matter}, gdpr:17.3.e")), "{told}");
    assert!(said(&["person", "holds"]).contains("everything  keeps 2 parts of the erased"));
    assert!(said(&["list", "--matter", &matter, "--open"]).contains("instruction one"));
    release(&client, everything).await;
    assert_eq!(run(&client).await.covers, 2);
}

/// What is sealed for a conversation goes with whoever asks. A later matter that names somebody who stood in it keeps it from
/// the first one, although of the conversation itself nothing is left.
#[tokio::test]
async fn a_later_matter_over_a_person_keeps_what_is_kept_of_their_conversation() {
    let (mut server, client) = server().await;
    register(&client).await;
    let with = |action: v1::Action, conversation: &str| v1::Action {
        conversation: conversation.into(),
        dataset: "crm".into(),
        instruction: "nobody is named".into(),
        ..action
    };
    let of = |customer: &str| with(common::records::about(customer), "together");
    client.append(of("GOES-1")).await.expect("recorded");
    client.append(of("STAYS-2")).await.expect("recorded");
    // Of the fourth only shared content says in which conversation they stood, and that closes with the first.
    let mut shared = of("GOES-1");
    shared.subjects.push(subject("STAYS-4"));
    let shared = client.append(shared).await.expect("recorded").index;
    client.append(with(common::records::about("STAYS-3"), "elsewhere")).await.expect("recorded");
    let content = client.append(with(plain(), "together")).await.expect("recorded").index;
    let first = hold(&client, over_crm()).await;
    erase(&client, strong("customer", "GOES-1")).await.expect("recorded");
    run(&client).await;
    assert!(kept_indexes(&client, &first).await.contains(&content), "it went with who asked");
    server.restart();
    let client = server.client_as("tester").await;
    let naming = |customer: &str| v1::HoldScopes { persons: vec![strong("customer", customer)], ..Default::default() };
    let later = hold(&client, naming("STAYS-2")).await;
    let other = hold(&client, naming("STAYS-3")).await;
    release(&client, first).await;
    let last = hold(&client, naming("STAYS-4")).await;
    run(&client).await;
    assert_eq!(kept_indexes(&client, &later).await, [content]);
    assert_eq!(kept_indexes(&client, &other).await, [0; 0]);
    assert_eq!(kept_indexes(&client, &last).await, [shared, content]);
    for (matter, covers) in [(later, 0), (last, 2)] {
        release(&client, matter).await;
        assert_eq!(run(&client).await.covers, covers);
    }
}

#[tokio::test]
async fn a_matter_is_asked_for_alone_and_in_full() {
    let (_server, client) = server().await;
    let ask = |matter: &[u8], data_subject: Option<v1::Identity>| {
        let (client, filter) =
            (client.clone(), v1::EntryFilter { matter: matter.to_vec(), data_subject, ..Default::default() });
        let request = v1::ListEntriesRequest { filter: Some(filter), ..Default::default() };
        async move { client.audit().list_entries(client.request(request)).await.expect_err("is refused") }
    };
    assert_eq!(common::wrong_fields(&ask(&[7; 15], None).await), ["filter.matter"]);
    assert_eq!(common::wrong_fields(&ask(&[7; 16], Some(strong("customer", "C-1"))).await), ["filter.matter"]);
    assert_eq!(ask(&[7; 16], None).await.code(), tonic::Code::NotFound);
}

/// Before a name is registered it stands sealed in what is recorded.
#[tokio::test]
async fn what_was_recorded_before_its_dataset_had_a_name_is_kept_too() {
    let (_server, client) = server().await;
    let of = |secret: &str| v1::Action { dataset: "hr/pay".into(), ..by_customer("A", secret, &[]) };
    let before = client.append(of("one")).await.expect("recorded").index;
    client.register(v1::RegistryKind::Dataset, &["hr/pay"]).await;
    let after = client.append(of("two")).await.expect("recorded").index;
    let scope = v1::HoldScopes { datasets: vec!["hr/pay".into()], ..Default::default() };
    let matter = hold(&client, scope).await;
    erase(&client, strong("customer", "A")).await.expect("recorded");
    run(&client).await;
    assert_eq!(sorted(kept_indexes(&client, &matter).await), [before, after]);
}
