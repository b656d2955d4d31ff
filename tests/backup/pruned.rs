//! Bodies that were pruned since a backup was made do not come back with it.

use super::mirrors::privacy;
use super::*;
use common::disk::Disk;
use common::{Setup, judge};
use std::fs;
use whosaw::rpc::v1;
use whosaw_verifier::export::{self, Verdict};

/// Seconds of three months and a bit.
const QUARTER: i64 = 100 * 86_400;

async fn run_all(client: &Client) -> v1::RunErasuresResponse {
    let request = v1::RunErasuresRequest { with_retention: true, ..Default::default() };
    privacy(client).run_erasures(client.request(request)).await.expect("a run").into_inner()
}

async fn pruned(client: &Client) -> Vec<v1::PrunedEntries> {
    let request = client.request(v1::PlanRetentionRequest::default());
    privacy(client).plan_retention(request).await.expect("a plan").into_inner().pruned
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_were_pruned_stay_gone() {
    let Some(disk) = Disk::new() else { return };
    let (place, backup) = apart();
    disk.set("clock", &(-QUARTER).to_string());
    let mirror = place.path().join("mirror").display().to_string();
    let mut server = disk.under(Setup::default().env("WHOSAW_MIRRORS", mirror)).start();
    let client = server.client_as("tester").await;
    let key = client.key().await;
    client.batch((0..300).map(|_| plain()).collect()).await.expect("recorded");
    let of_person = client.append(about("C-1")).await.expect("recorded").index;
    let rule = |class: v1::RetentionClass| v1::RetentionRule { class: class as i32, months: 2, basis: 0 };
    let rules = vec![rule(v1::RetentionClass::Subject), rule(v1::RetentionClass::Body)];
    let request = v1::SetRetentionRequest { ledger: String::new(), rules };
    privacy(&client).set_retention(client.request(request)).await.expect("in force");
    server.stop();
    disk.clear("clock");
    server.start();
    let client = server.client_as("tester").await;
    back_up(&server, &backup);
    let done = run_all(&client).await;
    assert_eq!(done.pruned, 301, "{done:?}");
    client.append(about("C-2")).await.expect("recorded");
    let carried = pruned(&client).await;
    let gone = client.entry(of_person).await;
    assert_eq!((gone.body.len(), gone.removed_by), (0, done.pruned_by));
    // A backup of afterwards is whole, too.
    let later = place.path().join("later");
    back_up(&server, &later);
    verify(&later, 0);
    let entries = place.path().join("export");
    judge::export(&client, true, &entries).await;
    let head = client.head().await;
    server.kill();
    fs::remove_dir_all(server.database()).expect("it was there");
    let mut restore = server.command("restore");
    restore.arg("--from").arg(&backup).arg("--entries").arg(&entries).arg("--json");
    let told: serde_json::Value = serde_json::from_str(&run(&mut restore, 0).out).expect("JSON");
    assert!(told["erased_again"].as_u64().expect("a number") >= done.pruned, "{told}");
    server.start();
    let client = server.client_as("tester").await;
    assert_eq!(client.entry(of_person).await, gone);
    assert_eq!(pruned(&client).await, carried);
    judge::consistent(&client, &key, [head.note, client.head().await.note]).await;
    let directory = tempfile::tempdir().expect("a directory");
    judge::export(&client, true, directory.path()).await;
    let report = export::verify(directory.path(), std::slice::from_ref(&key)).expect("an export can be read");
    assert_eq!((report.verdict(), report.bodies.redacted), (Verdict::Holds, done.pruned), "{}", report.to_text());
    assert_eq!(run_all(&client).await.pruned, 0);
}
