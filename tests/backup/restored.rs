//! The drill: back up, go on, lose the database, put it back. Nothing that was signed is lost or signed anew, nothing that
//! was erased returns, nothing that was held goes.

use super::mirrors::{ask_erasure, privacy, roots, run_erasures};
use super::*;
use common::{REGISTRY, judge};
use std::fs;
use whosaw::rpc::v1;
use whosaw_verifier::export::{self, Verdict};

/// With a mirror directory beside the data.
pub fn mirrored(place: &Path) -> TestServer {
    common::Setup::default().env("WHOSAW_MIRRORS", place.join("mirror").display().to_string()).start()
}

/// Several persons share what it says.
pub fn telling(customers: &[&str], secret: &str) -> v1::Action {
    let mut action = about(customers[0]);
    action.subjects.extend(customers[1..].iter().map(|other| subject(other)));
    action.conversation = format!("conversation {secret}");
    action.arguments = format!("{{\"argument\":\"{secret}\"}}").into_bytes();
    action
}

/// What is recorded about a person, opened.
pub async fn list(client: &Client, customer: &str) -> Vec<v1::Entry> {
    let filter = Some(v1::EntryFilter { data_subject: Some(strong("customer", customer)), ..Default::default() });
    let request = v1::ListEntriesRequest { filter, page_size: 1_000, open_parts: true, ..Default::default() };
    let entries = client.audit().list_entries(client.request(request)).await.expect("a list").into_inner().entries;
    entries.into_iter().filter(|entry| entry.kind == v1::EntryKind::Action as i32).collect()
}

pub fn restore(server: &TestServer, from: &Path, more: &[&str], code: i32) -> Said {
    run(server.command("restore").arg("--from").arg(from).args(more), code)
}

pub fn lose(server: &mut TestServer) {
    server.kill();
    fs::remove_dir_all(server.database()).expect("it was there");
}

pub async fn exported(client: &Client, place: &Path, name: &str) -> String {
    let to = place.join(name);
    judge::export(client, true, &to).await;
    to.display().to_string()
}

pub async fn holds(client: &Client, key: &whosaw_verifier::note::VerifierKey) -> export::Report {
    let directory = tempfile::tempdir().expect("a directory");
    judge::export(client, true, directory.path()).await;
    let report = export::verify(directory.path(), std::slice::from_ref(key)).expect("an export can be read");
    assert_eq!(report.verdict(), Verdict::Holds, "{}", report.to_text());
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn the_drill() {
    let (place, backup) = apart();
    let mut server = mirrored(place.path());
    let client = server.client_as("tester").await;
    let key = client.key().await;
    client.batch((0..300).map(|n| long(&format!("L-{n}"), n)).collect()).await.expect("recorded");
    // C-1 shares nothing with C-2, who will be held.
    for (customers, secret) in [(&["C-1"][..], "one"), (&["C-2", "C-3"], "two"), (&["C-4"], "three")] {
        client.append(telling(customers, secret)).await.expect("recorded");
    }
    let first = back_up(&server, &backup);
    let old = place.path().join("old");
    common::copy_directory(&backup, &old);
    // Life goes on: a hold, an erasure, an erasure that the hold blocks, and more entries.
    let hold = ["person", "hold", "--person", "customer=C-2", "--exemption", "gdpr:17.3.e"];
    run(&mut server.client_command(&hold), 0);
    ask_erasure(&client, "C-1").await;
    ask_erasure(&client, "C-2").await;
    let done = run_erasures(&client).await.expect("a batch runs");
    assert_eq!((done.requests, done.generation), (1, 2));
    client.append(telling(&["C-3", "C-4"], "four")).await.expect("recorded");
    let second = back_up(&server, &backup);
    let number = |value: &serde_json::Value| {
        value.as_str().map_or_else(|| value.as_u64(), |text| text.parse().ok()).expect("a number")
    };
    // An erasure wraps every shard key anew, some megabytes; the content is not written again.
    assert!(number(&second["newBytes"]) < number(&first["newBytes"]), "first {first}, then {second}");
    client.append(telling(&["C-3"], "five")).await.expect("recorded");
    let mut before = Vec::new();
    for customer in ["C-3", "C-4", "L-7"] {
        before.push(list(&client, customer).await);
    }
    assert_eq!(before.each_len(), [3, 2, 1]);
    let export = exported(&client, place.path(), "export").await;
    let head = client.head().await;
    lose(&mut server);
    verify(&backup, 0);
    common::copy_directory(&server.data().join("guard"), &place.path().join("guard"));

    // From the newest backup, and from the one of before the erasure: that has the erased person's rows still.
    for from in [&backup, &old] {
        let said = restore(&server, from, &["--entries", &export, "--json"], 0);
        let told: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!(told["recovered_size"], head.tree_size, "{told}");
        assert_eq!((&told["generation"], &told["parts_closed"]), (&2.into(), &0.into()), "{told}");
        assert_eq!(told["erased_again"].as_u64().expect("a number") > 0, from == &old, "{told}");
        server.start();
        let client = server.client_as("tester").await;
        let then = client.checkpoint(head.tree_size).await.expect("it was signed before");
        assert_eq!(then.root_hash, head.root_hash, "one history");
        let restored = client.of_kind(v1::EntryKind::Restore).await;
        assert_eq!(restored, [head.tree_size], "the first thing it says");
        judge::consistent(&client, &key, [head.note.clone(), client.head().await.note]).await;
        let report = holds(&client, &key).await;
        assert!(report.parts.removed + report.bodies.removed > 0, "{}", report.to_text());
        for (customer, expected) in ["C-3", "C-4", "L-7"].iter().zip(&before) {
            assert_eq!(&list(&client, customer).await, expected, "{customer}");
        }
        assert_eq!(list(&client, "C-1").await, [], "who was erased stays gone");
        // The hold stands, and what it blocked waits.
        assert_eq!(run_erasures(&client).await.expect("nothing is due"), v1::RunErasuresResponse::default());
        let request = client.request(v1::ListHoldsRequest::default());
        let matters = privacy(&client).list_holds(request).await.expect("a list").into_inner().holds;
        assert_eq!(matters.len(), 1);
        assert!(!list(&client, "C-2").await.is_empty());
        // It goes on as any ledger: what was asked for is done once the hold is released.
        client.append(telling(&["C-3"], "six")).await.expect("recorded");
        assert_eq!(list(&client, "C-3").await.len(), before[0].len() + 1);
        if from == &backup {
            // As if this had never been put back, for the next turn of the loop.
            server.stop();
            let guard = server.data().join("guard");
            fs::remove_dir_all(&guard).expect("removes");
            common::copy_directory(&place.path().join("guard"), &guard);
            fs::remove_dir_all(server.database()).expect("removes");
            continue;
        }
        let release = v1::ReleaseHoldRequest { matter: matters[0].matter.clone(), ..Default::default() };
        privacy(&client).release_hold(client.request(release)).await.expect("released");
        assert_eq!(run_erasures(&client).await.expect("a batch runs").requests, 1);
        assert_eq!(list(&client, "C-2").await, []);
        holds(&client, &key).await;
    }
    assert_eq!(roots(&server), ["root-3.key"]);
}

/// Case 39, the hold that is on another of the person's names: what it blocks is restricted, waits through the loss of the
/// database, and is done by itself once the hold is released.
#[tokio::test(flavor = "multi_thread")]
async fn case_39_an_erasure_that_a_hold_on_another_name_blocks_waits_through_a_restore() {
    let (place, backup) = apart();
    let mut server = mirrored(place.path());
    let client = server.client_as("tester").await;
    let key = client.key().await;
    client.append(telling(&["C-1"], "one")).await.expect("recorded");
    let mut as_staff = telling(&["C-9"], "two");
    as_staff.subjects[0].identities = vec![strong("staff", "n7")];
    client.append(as_staff).await.expect("recorded");
    let link = ["person", "link", "customer=C-1", "staff=n7", "--statement", "one person"];
    run(&mut server.client_command(&link), 0);
    back_up(&server, &backup);
    // Hold and request are newer than the backup.
    let hold = ["person", "hold", "--person", "staff=n7", "--exemption", "gdpr:17.3.e"];
    run(&mut server.client_command(&hold), 0);
    let token = ask_erasure(&client, "C-1").await;
    let state = |client: &Client| {
        let request = v1::GetErasureStatusRequest { token: token.clone(), ..Default::default() };
        let (mut privacy, request) = (privacy(client), client.request(request));
        async move {
            let status = privacy.get_erasure_status(request).await.expect("known").into_inner();
            (status.requested.is_some(), status.blocked, status.inaccessible_by > 0)
        }
    };
    assert_eq!(run_erasures(&client).await.expect("nothing is due").requests, 0);
    assert_eq!(state(&client).await, (true, true, false));
    let export = exported(&client, place.path(), "export").await;
    lose(&mut server);
    restore(&server, &backup, &["--entries", &export], 0);
    server.start();
    let client = server.client_as("tester").await;
    assert_eq!(state(&client).await, (true, true, false), "it waits still");
    assert_eq!(run_erasures(&client).await.expect("nothing is due").requests, 0);
    let restricted = list(&client, "C-1").await;
    assert_eq!(restricted.len(), 2, "under either name");
    let is_restricted = |entry: &v1::Entry| entry.parts.iter().any(|part| part.closed_because.contains("restricted"));
    assert!(restricted.iter().all(is_restricted), "{restricted:?}");
    let request = client.request(v1::ListHoldsRequest::default());
    let matter = privacy(&client).list_holds(request).await.expect("a list").into_inner().holds[0].matter.clone();
    let release = v1::ReleaseHoldRequest { matter, ..Default::default() };
    privacy(&client).release_hold(client.request(release)).await.expect("released");
    assert_eq!(run_erasures(&client).await.expect("a batch runs").requests, 1, "nobody had to ask again");
    assert_eq!(state(&client).await, (false, false, true));
    assert_eq!(list(&client, "C-1").await, []);
    holds(&client, &key).await;
}

/// What a matter keeps of an erased person comes back with the key table, from a backup of before the erasure too.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_matter_keeps_comes_back() {
    let (place, old) = apart();
    let mut server = mirrored(place.path());
    let client = server.client_as("tester").await;
    let key = client.key().await;
    client.register(v1::RegistryKind::Dataset, &["crm"]).await;
    let in_crm = |secret: &str| v1::Action { dataset: "crm".into(), ..telling(&["C-1", "C-2"], secret) };
    client.append(in_crm("one")).await.expect("recorded");
    client.append(telling(&["C-1"], "two")).await.expect("recorded");
    client.put_registry_in_force(REGISTRY).await;
    back_up(&server, &old);
    // One that is in the backup, and one that comes from the export.
    let second = REGISTRY.replace("registry-1", "registry-2");
    let second_at = client.put_registry_in_force(&second).await.receipt.expect("an entry").index;
    let hold = ["person", "hold", "--dataset", "crm", "--exemption", "gdpr:17.3.e", "--json"];
    let said = run(&mut server.client_command(&hold), 0);
    // Recorded after the backup, so that it comes from the export, and closed by then for everybody but the matter.
    client.append(in_crm("three")).await.expect("recorded");
    assert!(said.out.contains("matter"), "{}", said.out);
    ask_erasure(&client, "C-1").await;
    assert_eq!(run_erasures(&client).await.expect("a batch runs").requests, 1);
    let matters =
        privacy(&client).list_holds(v1::ListHoldsRequest::default()).await.expect("a list").into_inner().holds;
    let matter = matters[0].matter.clone();
    let shown = kept(&client, &matter).await;
    let text = format!("{shown:?}");
    assert!(text.contains("one") && text.contains("three") && !text.contains("two"), "{text}");
    let export = exported(&client, place.path(), "export").await;
    lose(&mut server);
    let said = restore(&server, &old, &["--entries", &export, "--json"], 0);
    let told: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((&told["generation"], &told["parts_closed"]), (&2.into(), &0.into()), "{told}");
    server.start();
    let client = server.client_as("tester").await;
    assert_eq!(kept(&client, &matter).await, shown);
    assert_eq!(list(&client, "C-1").await, []);
    assert_eq!(client.registry_at(0).await.expect("in force").registry, second);
    assert_eq!(client.registry_at(second_at).await.expect("before").registry, REGISTRY);
    holds(&client, &key).await;
    let release = v1::ReleaseHoldRequest { matter: matter.clone(), ..Default::default() };
    privacy(&client).release_hold(client.request(release)).await.expect("released");
    let again = place.path().join("again");
    back_up(&server, &again);
    let export = exported(&client, place.path(), "later").await;
    // The batch that it waits for runs only after it was lost once more.
    lose(&mut server);
    restore(&server, &again, &["--entries", &export], 0);
    server.start();
    let client = server.client_as("tester").await;
    assert_eq!(run_erasures(&client).await.expect("a batch runs").covers, 4);
    holds(&client, &key).await;
    for entry in shown {
        assert!(client.opened(entry.index).await.parts[0].closed_because.contains("removed"));
    }
}

pub async fn kept(client: &Client, matter: &[u8]) -> Vec<v1::Entry> {
    let filter = Some(v1::EntryFilter { matter: matter.to_vec(), ..Default::default() });
    let request = v1::ListEntriesRequest { filter, page_size: 1_000, open_parts: true, ..Default::default() };
    client.audit().list_entries(client.request(request)).await.expect("a list").into_inner().entries
}

trait Lengths {
    fn each_len(&self) -> Vec<usize>;
}

impl Lengths for Vec<Vec<v1::Entry>> {
    fn each_len(&self) -> Vec<usize> {
        self.iter().map(Vec::len).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_were_signed_are_not_left_out() {
    let (place, backup) = apart();
    let mut server = TestServer::new();
    let client = server.client_as("tester").await;
    let key = client.key().await;
    client.append(about("C-1")).await.expect("recorded");
    back_up(&server, &backup);
    let short = exported(&client, place.path(), "short").await;
    client.append(about("C-1")).await.expect("recorded");
    // Without a database to lose it goes nowhere.
    let said = restore(&server, &backup, &[], 1);
    assert!(said.err.contains("Set it aside first"), "{}", said.err);
    let headers = place.path().join("headers");
    judge::export(&client, false, &headers).await;
    let held = client.head().await.tree_size;
    let other = TestServer::new();
    let stranger = other.client_as("tester").await;
    stranger.append(about("C-1")).await.expect("recorded");
    let foreign = exported(&stranger, place.path(), "foreign").await;
    lose(&mut server);
    for (entries, words) in [
        (None, "are missing"),
        (Some(short.as_str()), "the longest export given reaches"),
        (headers.to_str(), "has no content"),
        (Some(foreign.as_str()), "export"),
    ] {
        let more: Vec<&str> = entries.map(|path| vec!["--entries", path]).unwrap_or_default();
        let said = restore(&server, &backup, &more, 1);
        assert!(said.err.contains(words), "{more:?}: {}", said.err);
        assert!(!server.database().exists() && !server.data().join("db.restoring").exists(), "nothing is left");
    }
    let said = restore(&server, &backup, &[], 1);
    assert!(said.err.contains(&format!("{held} entries were signed")), "{}", said.err);
    // A successor carries both heads, and the old name is closed for ever.
    let said = restore(&server, &backup, &["--successor", "ledger.example/second"], 0);
    assert!(said.out.contains("is closed"), "{}", said.out);
    server.start();
    let client = server.client_as("tester").await;
    let genesis = client.entry(0).await;
    let body = whosaw_verifier::body::Body::decode(2, &genesis.body).expect("a genesis");
    let whosaw_verifier::body::Body::Genesis(genesis) = body else { panic!("entry 0 is no genesis") };
    let before = genesis.predecessor.expect("it says what came before");
    assert_eq!((before.origin.as_str(), before.guard_size), (common::ORIGIN, held));
    assert!(before.restored_size < held);
    client.append(about("C-1")).await.expect("recorded");
    assert_ne!(client.key().await.to_string(), key.to_string());
    holds(&client, &client.key().await).await;
    let said = run(server.client_command(&["list", "--ledger", common::ORIGIN]).arg("--json"), 1);
    assert!(said.err.contains("no ledger of this origin"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_backup_without_a_mirror_of_since_opens_nothing() {
    let (place, backup) = apart();
    let mut server = TestServer::new();
    let client = server.client_as("tester").await;
    client.append(about("C-1")).await.expect("recorded");
    client.append(about("C-2")).await.expect("recorded");
    back_up(&server, &backup);
    ask_erasure(&client, "C-1").await;
    run_erasures(&client).await.expect("a batch runs");
    let export = exported(&client, place.path(), "export").await;
    lose(&mut server);
    let said = restore(&server, &backup, &["--entries", &export], 1);
    for words in ["generation 1 under root 1", "only root 2", "only a mirror of since"] {
        assert!(said.err.contains(words), "{words}: {}", said.err);
    }
    assert!(!server.database().exists());
}
