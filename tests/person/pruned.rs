//! Pruning of bodies: what the plan shows goes, what others need stays, and every proof of before still holds. The clock is
//! set back, so that what is recorded is old.

use super::retained::{QUARTER, plan, set};
use super::*;
use common::disk::Disk;
use common::{Setup, judge, run as run_command};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use whosaw_verifier::export::{self, Report, Verdict};
use whosaw_verifier::note::VerifierKey;

fn rules(classes: &[v1::RetentionClass]) -> Vec<v1::RetentionRule> {
    classes.iter().map(|class| v1::RetentionRule { class: *class as i32, months: 2, basis: 0 }).collect()
}

/// Every class there is.
fn all_classes() -> Vec<v1::RetentionRule> {
    use v1::RetentionClass::*;
    rules(&[Subject, Staff, Content, Body])
}

async fn run_all(client: &Client) -> v1::RunErasuresResponse {
    let request = v1::RunErasuresRequest { with_retention: true, ..Default::default() };
    privacy(client).run_erasures(client.request(request)).await.expect("a run").into_inner()
}

async fn listed(client: &Client, filter: v1::EntryFilter) -> v1::ListEntriesResponse {
    let request = v1::ListEntriesRequest { filter: Some(filter), page_size: 1_000, ..Default::default() };
    client.audit().list_entries(client.request(request)).await.expect("a list").into_inner()
}

/// An export, verified. What is pruned while it is written spoils it, and it is begun again.
async fn exported(client: &Client, key: &VerifierKey) -> (tempfile::TempDir, Report) {
    loop {
        let directory = tempfile::tempdir().expect("a directory");
        match try_export(client, directory.path()).await {
            Err(status) if status.code() == tonic::Code::Aborted => continue,
            done => done.expect("an export"),
        }
        let report = export::verify(directory.path(), std::slice::from_ref(key)).expect("an export can be read");
        return (directory, report);
    }
}

async fn try_export(client: &Client, to: &Path) -> Result<(), Status> {
    let request = client.request(v1::ExportRequest { content: true, ..Default::default() });
    let mut pieces = client.audit().export(request).await?.into_inner();
    while let Some(piece) = pieces.message().await? {
        let path = to.join(&piece.path);
        fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("a directory");
        let mut file = OpenOptions::new().create(true).append(true).open(&path).expect("a file");
        file.write_all(&piece.data).expect("room");
    }
    Ok(())
}

fn grant(edge: v1::Edge) -> v1::Fact {
    v1::Fact {
        kind: v1::FactKind::Grant as i32,
        edge: edge as i32,
        resource: "drive/budget".into(),
        party: v1::PartyKind::Group as i32,
        name: "eng".into(),
        ..Default::default()
    }
}

fn of_source(state: v1::CoverageState) -> v1::Fact {
    v1::Fact {
        kind: v1::FactKind::Coverage as i32,
        edge: v1::Edge::Open as i32,
        source: "proxy".into(),
        coverage: state as i32,
        ..Default::default()
    }
}

fn undetermined() -> v1::Action {
    v1::Action { determination: v1::Determination::Undetermined as i32, ..plain() }
}

/// What an old ledger holds, by what becomes of it.
struct Old {
    gone: Vec<u64>,
    held: u64,
    open: u64,
    stated: u64,
    conversation: u64,
    undetermined: u64,
    repeated: v1::Action,
}

async fn record_old(client: &Client) -> Old {
    client.register(v1::RegistryKind::Dataset, &["crm", "drive/budget"]).await;
    client.register(v1::RegistryKind::Source, &["proxy"]).await;
    let of = |receipt: v1::Receipt| receipt.index;
    let repeated = plain();
    let mut held = plain();
    held.dataset = "crm".into();
    let mut open = telling("C-3", "three", &[]);
    open.facts.push(grant(v1::Edge::Open));
    let mut closes = plain();
    closes.facts.push(grant(v1::Edge::Close));
    let mut states = plain();
    states.verb = "coverage.start".into();
    states.facts.push(of_source(v1::CoverageState::Complete));
    let mut gone = vec![
        of(client.append(telling("C-1", "one", &["C-2"])).await.expect("recorded")),
        of(client.append(repeated.clone()).await.expect("recorded")),
    ];
    let held = of(client.append(held).await.expect("recorded"));
    let open = of(client.append(open).await.expect("recorded"));
    gone.push(of(client.append(closes).await.expect("recorded")));
    let stated = of(client.append(states).await.expect("recorded"));
    let conversation = of(client.append(v1::Action { conversation: "c-9".into(), ..plain() }).await.expect("recorded"));
    let undetermined = of(client.append(undetermined()).await.expect("recorded"));
    gone.extend([conversation, undetermined]);
    let scope = v1::HoldScopes { datasets: vec!["crm".into()], ..Default::default() };
    let hold =
        v1::PlaceHoldRequest { scope: Some(scope), exemption: v1::Exemption::LegalClaims as i32, ..Default::default() };
    privacy(client).place_hold(client.request(hold)).await.expect("held");
    Old { gone, held, open, stated, conversation, undetermined, repeated }
}

#[tokio::test]
async fn bodies_go_last_and_nobody_takes_them_for_nobody() {
    let Some(disk) = Disk::new() else { return };
    disk.set("clock", &(-QUARTER).to_string());
    let mut server = disk.under(Setup::default()).start();
    let client = server.client_as("tester").await;
    let old = record_old(&client).await;
    let before = client.append(common::records::about("C-8")).await.expect("recorded");
    let key = client.key().await;
    judge::receipt(&before, &key);
    let (earlier, report) = exported(&client, &key).await;
    assert_eq!(report.verdict(), Verdict::Holds);
    set(&client, rules(&[v1::RetentionClass::Subject, v1::RetentionClass::Staff, v1::RetentionClass::Body]))
        .await
        .expect("in force");
    server.stop();
    disk.clear("clock");
    server.start();
    let client = server.client_as("tester").await;
    let new = client.append(common::records::about("C-1")).await.expect("recorded");

    // Without a period of their own what is sealed for conversations stays, and its bodies with it.
    let planned = plan(&client).await;
    let bodies = planned.classes.last().expect("the last class").clone();
    assert_eq!(bodies.rule.map(|rule| rule.class), Some(v1::RetentionClass::Body as i32));
    assert!(planned.pruned.is_empty() && bodies.waiting >= 1, "{bodies:?}");
    assert_eq!((bodies.held, bodies.open), (1, 1));
    set(&client, all_classes()).await.expect("in force");
    let bodies = plan(&client).await.classes.pop().expect("the last class");
    assert_eq!((bodies.waiting, bodies.held, bodies.open), (0, 1, 1), "{bodies:?}");
    assert_eq!(bodies.bodies, old.gone.len() as u64 + 1, "{bodies:?}");
    assert_eq!((bodies.first_index, bodies.last_index), (old.gone[0], before.index));
    let said = run_command(&mut server.client_command(&["retention", "plan"]), 0);
    let span = format!("bodies go from entry {} to entry {}", old.gone[0], before.index);
    assert!(said.out.contains(&span), "{}", said.out);
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default(), "a leap of the clock destroys nothing");

    let done = run_all(&client).await;
    assert_eq!(done.pruned, bodies.bodies, "what was shown, and no more: {done:?}");
    assert!(done.pruned_by > done.index && done.index > 0, "{done:?}");
    let again = run_all(&client).await;
    assert_eq!((again.pruned, again.pruned_by), (0, 0));

    for restarted in [false, true] {
        if restarted {
            server.restart();
        }
        let client = server.client_as("tester").await;
        for index in old.gone.iter().chain([&before.index]) {
            let entry = client.entry(*index).await;
            assert_eq!((entry.body.len(), entry.salt.len(), entry.removed_by), (0, 0, done.pruned_by), "{index}");
        }
        for index in [0, old.held, old.open, old.stated, new.index] {
            let entry = client.entry(index).await;
            assert!(!entry.body.is_empty() && entry.salt.len() == 32 && entry.removed_by == 0, "{index}");
        }
        let shown = run_command(&mut server.client_command(&["list", "--kind", "action"]), 0);
        let authorised = format!("content removed, authorised by entry {}", done.pruned_by);
        assert_eq!(shown.out.matches(&authorised).count(), old.gone.len() + 1, "{}", shown.out);
        // A filter of what is gone names how many it cannot tell of.
        let filter = v1::EntryFilter { verb: "data.read".into(), ..Default::default() };
        let found = listed(&client, filter).await;
        assert!(found.entries.iter().all(|entry| !entry.body.is_empty()), "{found:?}");
        assert_eq!(found.removed, done.pruned, "every action here was a read");
        // Who repeats a request gets the old place, though what it said is gone.
        let repeated = client.append(old.repeated.clone()).await.expect("recorded before");
        assert!(repeated.replayed && repeated.salt.is_empty() && repeated.body.is_empty(), "{repeated:?}");
        assert_eq!(repeated.index, old.gone[1]);
        let other = v1::Action { outcome: v1::Outcome::Failed as i32, ..old.repeated.clone() };
        let status = client.append(other).await.expect_err("is another request");
        assert_eq!(status.code(), tonic::Code::AlreadyExists, "the header tells it still");

        let (directory, report) = exported(&client, &key).await;
        assert_eq!(report.verdict(), Verdict::Holds, "{}", report.to_text());
        assert_eq!((report.bodies.redacted, report.bodies.missing), (done.pruned, 0));
        let by = report.redacted_by.iter().find(|(by, ..)| *by == done.pruned_by).expect("it authorised");
        assert_eq!(by.1, done.pruned);
        // The same without the list of what that entry covers is a lie.
        fs::remove_file(directory.path().join(format!("erasures/{}", done.pruned_by))).expect("it is there");
        let report = export::verify(directory.path(), std::slice::from_ref(&key)).expect("an export can be read");
        assert_eq!((report.verdict(), report.bodies.missing), (Verdict::Lie, done.pruned), "{}", report.to_text());
        if let Some(mut verify) = common::whosaw_verify() {
            let fresh = tempfile::tempdir().expect("a directory");
            judge::export(&client, true, fresh.path()).await;
            let said = run_command(verify.arg("export").arg(fresh.path()).args(["--vkey", &key.to_string()]), 0);
            let line = format!("{} bodies and ", done.pruned);
            assert!(said.out.contains(&line) && said.out.contains(&format!("authorised by entry {}", done.pruned_by)));
        }
    }
    // What was exported and proved before still stands.
    let report = export::verify(earlier.path(), std::slice::from_ref(&key)).expect("an export can be read");
    assert_eq!(report.verdict(), Verdict::Holds);
    judge::receipt(&before, &key);
    let planned = plan(&server.client_as("tester").await).await;
    assert_eq!(planned.pruned.len(), 1);
    let pruned = &planned.pruned[0];
    assert_eq!((pruned.by, pruned.bodies), (done.pruned_by, done.pruned));
    assert_eq!(pruned.acts.iter().map(|acts| acts.count).sum::<u64>(), done.pruned);
    assert!(old.conversation < old.undetermined);
}

/// What reports and lists say does not depend on whether the projections are those of before or made anew.
#[tokio::test]
async fn a_report_counts_what_is_gone_and_a_rebuild_changes_nothing() {
    let Some(disk) = Disk::new() else { return };
    disk.set("clock", &(-QUARTER).to_string());
    let mut server = disk.under(Setup::default()).start();
    let client = server.client_as("tester").await;
    record_old(&client).await;
    set(&client, all_classes()).await.expect("in force");
    server.stop();
    disk.clear("clock");
    server.start();
    let client = server.client_as("tester").await;
    client.append(common::records::about("C-7")).await.expect("recorded");
    let asked = || common::report_json(&server, &["access", "--subject", "customer=C-7"]);
    let whole = asked();
    let done = run_all(&client).await;
    assert!(done.pruned > 0);
    let pruned = asked();
    let undetermined = |report: &serde_json::Value| report["undetermined"].clone();
    assert!(undetermined(&whole)["actions"].as_u64().expect("a number") >= 1, "{whole}");
    assert_eq!(undetermined(&pruned), undetermined(&whole), "carried forward");
    let notice = |report: &serde_json::Value| {
        let notices = report["notices"].as_array().expect("a list").iter();
        notices.filter(|notice| notice["notice"] == "removed").map(|notice| notice["count"].clone()).next()
    };
    assert_eq!((notice(&whole), notice(&pruned)), (None, Some(done.pruned.into())));
    let limits = pruned["coverage"]["limits"].as_array().expect("a list").clone();
    assert!(limits.contains(&"removed".into()), "{limits:?}");

    let filter = || v1::EntryFilter { verb: "data.read".into(), ..Default::default() };
    let before = listed(&client, filter()).await;
    run_command(&mut server.client_command(&["rebuild"]), 0);
    let rebuilt = asked();
    assert_eq!(undetermined(&rebuilt), undetermined(&whole));
    assert_eq!(notice(&rebuilt), notice(&pruned));
    let after = listed(&client, filter()).await;
    assert_eq!((&after.entries, after.removed), (&before.entries, before.removed));
}

#[tokio::test]
async fn killed_anywhere_a_pruning_is_done_or_has_not_begun() {
    let Some(disk) = Disk::new() else { return };
    disk.set("clock", &(-QUARTER).to_string());
    let mut server = disk.under(Setup::default()).start();
    let client = server.client_as("tester").await;
    for _ in 0..40 {
        client.batch((0..1_000).map(|_| plain()).collect()).await.expect("recorded");
    }
    let key = client.key().await;
    let size = client.head().await.tree_size;
    set(&client, rules(&[v1::RetentionClass::Body])).await.expect("in force");
    server.stop();
    disk.clear("clock");
    server.start();
    let mut client = server.client_as("tester").await;
    let due = plan(&client).await.classes[0].bodies;
    assert_eq!(due, 40_000, "some batches");
    for round in 0..6u64 {
        let running = tokio::spawn({
            let client = client.clone();
            async move {
                let request = v1::RunErasuresRequest { with_retention: true, ..Default::default() };
                privacy(&client).run_erasures(client.request(request)).await.is_ok()
            }
        });
        tokio::time::sleep(Duration::from_millis(12 * round * round)).await;
        server.kill();
        let answered = running.await.expect("the task ends");
        server.start();
        client = server.client_as("tester").await;
        let planned = plan(&client).await;
        let gone: u64 = planned.pruned.iter().map(|pruned| pruned.bodies).sum();
        assert_eq!(gone + planned.classes[0].bodies, due, "round {round}: each is there or accounted for");
        assert!(!answered || gone == due, "round {round}: what was answered was done");
        let (_directory, report) = exported(&client, &key).await;
        assert_eq!(report.verdict(), Verdict::Holds, "{}", report.to_text());
        // The server goes on by itself after a start.
        let known = plan(&client).await.pruned.into_iter().filter(|pruned| pruned.by < report.size);
        let known: u64 = known.map(|pruned| pruned.bodies).sum();
        assert_eq!((report.bodies.redacted, report.bodies.missing), (known, 0), "round {round}");
    }
    run_all(&client).await;
    assert_eq!(plan(&client).await.classes[0].bodies, 0);
    let (_directory, report) = exported(&client, &key).await;
    assert_eq!((report.verdict(), report.bodies.redacted), (Verdict::Holds, due), "{}", report.to_text());
    assert!(report.size > size);
}
