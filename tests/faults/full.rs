//! A disk that runs full, on a small file system of its own.

use crate::common::records::*;
use crate::common::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tonic::Code;
use whosaw::rpc::v1::*;

/// A file system in memory; gone when this is dropped.
struct Small(PathBuf);

impl Small {
    /// Nothing where none may be mounted; says so.
    fn mount(at: &Path, mebibytes: u64) -> Option<Self> {
        fs::create_dir_all(at).expect("a directory");
        let size = format!("size={mebibytes}m,mode=700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Small(at.to_owned()));
        }
        println!("skipped: no small file system can be mounted (it needs root), so no disk runs full");
        None
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn free(at: &Path) -> u64 {
    let stat = rustix::fs::statvfs(at).expect("a file system");
    stat.f_bavail * stat.f_frsize
}

/// Takes room until so much is left.
fn fill(at: &Path, left: u64) {
    let filler = fs::File::create(at.join("filler")).expect("a file");
    let bytes = free(at).saturating_sub(left);
    rustix::fs::fallocate(&filler, rustix::fs::FallocateFlags::empty(), 0, bytes).expect("room to take");
}

fn make_room(at: &Path) {
    fs::remove_file(at.join("filler")).expect("it is there");
}

fn large() -> Action {
    let noise =
        |seed: u32| (0..400_000u32).map(|n| (n.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    Action { arguments: noise(1), result: noise(77_777), ..about("anna") }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_reads_go_on_and_with_room_everything_is_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    // The ballast takes 128 MiB of it.
    let Some(_small) = Small::mount(&data, 300) else { return };
    let mut server = Setup::default().at(directory.path()).init();
    assert!(server.database().join("ballast").exists(), "there is room for the ballast");
    server.start();
    let client = server.client().await;
    let key = client.key().await;
    let mut receipts = vec![client.append(about("anna")).await.expect("recorded")];
    let mut notes = vec![client.head().await.note];
    // What the engine has reserved for its log it has already; behind that the disk ends.
    fill(&data, 12 << 20);
    let status = loop {
        assert!(receipts.len() < 200, "the disk never fills: {} MiB are left", free(&data) >> 20);
        match client.append(large()).await {
            Ok(receipt) => receipts.push(receipt),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert!(receipts.len() > 5, "some went in before");
    notes.push(client.head().await.note);
    // Reads go on while it is up.
    for receipt in &receipts {
        assert_eq!(client.entry(receipt.index).await.leaf_hash, receipt.leaf_hash);
    }
    let anna = EntryFilter { data_subject: Some(strong("customer", "anna")), ..Default::default() };
    assert_eq!(client.list(&anna, 100).await.len(), receipts.len());
    let ledgers = client.audit().list_ledgers(ListLedgersRequest {}).await.expect("a list").into_inner().ledgers;
    assert!(ledgers[0].closed_because.contains("full"), "{}", ledgers[0].closed_because);
    assert_eq!(server.ended(Duration::from_secs(40)).code(), Some(75));
    assert!(server.log().contains("full"), "the log says why: {}", server.log());

    // Started again on the full disk the ballast makes room: it comes up, or says what is needed.
    match server.try_start() {
        Ok(()) => server.kill(),
        Err(said) => assert!(said.err.contains("the disk is full") && said.code == Some(1), "{}", said.err),
    }
    make_room(&data);
    server.start();
    let client = server.client().await;
    for receipt in &receipts {
        assert_eq!(client.entry(receipt.index).await.leaf_hash, receipt.leaf_hash, "entry {}", receipt.index);
    }
    client.append(large()).await.expect("there is room again");
    notes.push(client.head().await.note);
    judge::consistent(&client, &key, notes).await;
    judge::check(&client, &key).await;
    assert_eq!(server.stop().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_too_small_for_the_ballast_is_told_and_recovers_when_it_grows() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let Some(_small) = Small::mount(&data, 24) else { return };
    let mut server = Setup::default().at(directory.path()).start();
    assert!(server.log().contains("no ballast"), "{}", server.log());
    let client = server.client().await;
    let key = client.key().await;
    let mut receipts = vec![client.append(about("anna")).await.expect("recorded")];
    while let Ok(receipt) = client.append(large()).await {
        receipts.push(receipt);
        assert!(receipts.len() < 60, "the disk never fills");
    }
    assert_eq!(server.ended(Duration::from_secs(40)).code(), Some(75));
    let refusal = server.refusal();
    assert!(refusal.contains("the disk is full") && refusal.contains("make room"), "{refusal}");
    let grown = Command::new("mount").args(["-o", "remount,size=400m"]).arg(&data).status().expect("mount runs");
    assert!(grown.success());
    server.start();
    let client = server.client().await;
    for receipt in &receipts {
        assert_eq!(client.entry(receipt.index).await.leaf_hash, receipt.leaf_hash, "entry {}", receipt.index);
    }
    judge::check(&client, &key).await;
    assert_eq!(server.stop().code(), Some(0));
}
