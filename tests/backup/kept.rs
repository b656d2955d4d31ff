//! What matters keep, and rules of retention, outlive the loss of a database, and go on to mean what they meant.

use super::mirrors::{ask_erasure, privacy, run_erasures};
use super::restored::{exported, holds, kept, list, lose, mirrored, restore, telling};
use super::*;
use common::Setup;
use common::disk::Disk;
use whosaw::rpc::v1;

async fn status(client: &Client, token: &[u8]) -> Vec<(Vec<u8>, u64)> {
    let request = client.request(v1::GetErasureStatusRequest { token: token.to_vec(), ..Default::default() });
    let kept = privacy(client).get_erasure_status(request).await.expect("known").into_inner().kept;
    kept.into_iter().map(|kept| (kept.matter, kept.parts)).collect()
}

/// Of two who share content the first goes, the database is lost, and then the second goes. From a backup of after the
/// first batch, and from one of before it: the shared part comes from an export then, and no key but the matter's opens it.
#[tokio::test(flavor = "multi_thread")]
async fn a_sharer_goes_after_a_restore() {
    for late in [true, false] {
        let (place, backup) = apart();
        let mut server = mirrored(place.path());
        let client = server.client_as("tester").await;
        let key = client.key().await;
        client.register(v1::RegistryKind::Dataset, &["crm"]).await;
        let in_crm = |secret: &str| v1::Action { dataset: "crm".into(), ..telling(&["C-1", "C-2"], secret) };
        let first = client.append(in_crm("one")).await.expect("recorded").index;
        if !late {
            back_up(&server, &backup);
        }
        let second = client.append(in_crm("two")).await.expect("recorded").index;
        let hold = ["person", "hold", "--dataset", "crm", "--exemption", "gdpr:17.3.e"];
        run(&mut server.client_command(&hold), 0);
        let request = client.request(v1::ListHoldsRequest::default());
        let matter = privacy(&client).list_holds(request).await.expect("a list").into_inner().holds[0].matter.clone();
        let one = ask_erasure(&client, "C-1").await;
        assert_eq!(run_erasures(&client).await.expect("a batch runs").requests, 1);
        if late {
            back_up(&server, &backup);
        }
        let export = exported(&client, place.path(), "export").await;
        lose(&mut server);
        restore(&server, &backup, &["--entries", &export], 0);
        server.start();
        let client = server.client_as("tester").await;
        // For each entry the first one's own part, and the content that both share.
        assert_eq!(status(&client, &one).await, [(matter.clone(), 4)], "late: {late}");
        let two = ask_erasure(&client, "C-2").await;
        assert_eq!(run_erasures(&client).await.expect("a batch runs").requests, 1);
        assert_eq!(list(&client, "C-2").await, []);
        assert_eq!(status(&client, &one).await, [(matter.clone(), 4)], "late: {late}");
        // And what was sealed anew of each for the second one, which is in the scope of the entry that it stands for.
        assert_eq!(status(&client, &two).await, [(matter.clone(), 6)], "late: {late}");
        let mut shown = kept(&client, &matter).await;
        shown.retain(|entry| entry.kind == v1::EntryKind::Action as i32);
        assert_eq!(shown.iter().map(|entry| entry.index).collect::<Vec<_>>(), [first, second]);
        let text = format!("{shown:?}");
        assert!(
            ["C-1", "C-2", "conversation one", "conversation two"].iter().all(|word| text.contains(word)),
            "{text}"
        );
        let report = holds(&client, &key).await;
        let release = v1::ReleaseHoldRequest { matter: matter.clone(), ..Default::default() };
        privacy(&client).release_hold(client.request(release)).await.expect("released");
        // Two parts of their own, one that they share, and one that was sealed anew, for each of two entries.
        assert_eq!(run_erasures(&client).await.expect("a batch runs").covers, 8, "late: {late}");
        assert_eq!((status(&client, &one).await, status(&client, &two).await), (Vec::new(), Vec::new()));
        assert_eq!(holds(&client, &key).await.parts.removed, report.parts.removed + 8, "late: {late}");
    }
}

/// Rules that were set after the backup are in force, and are believed: the calendar began with them.
#[tokio::test(flavor = "multi_thread")]
async fn retention_rules_of_since_the_backup_are_in_force() {
    const QUARTER: i64 = 100 * 86_400;
    let Some(disk) = Disk::new() else { return };
    let (place, backup) = apart();
    disk.set("clock", &(-QUARTER).to_string());
    let mirror = place.path().join("mirror").display().to_string();
    let mut server = disk.under(Setup::default().env("WHOSAW_MIRRORS", mirror)).start();
    let client = server.client_as("tester").await;
    let key = client.key().await;
    client.append(about("C-1")).await.expect("recorded");
    server.stop();
    disk.clear("clock");
    server.start();
    let client = server.client_as("tester").await;
    client.append(about("C-2")).await.expect("recorded");
    back_up(&server, &backup);
    let rule = v1::RetentionRule { class: v1::RetentionClass::Subject as i32, months: 2, basis: 0 };
    let request = v1::SetRetentionRequest { rules: vec![rule], ..Default::default() };
    privacy(&client).set_retention(client.request(request)).await.expect("in force");
    let export = exported(&client, place.path(), "export").await;
    lose(&mut server);
    restore(&server, &backup, &["--entries", &export], 0);
    server.start();
    let client = server.client_as("tester").await;
    let request = client.request(v1::PlanRetentionRequest::default());
    let planned = privacy(&client).plan_retention(request).await.expect("a plan").into_inner().classes;
    assert_eq!(planned.iter().map(|class| class.rule).collect::<Vec<_>>(), [Some(rule)]);
    // The server may have done it by itself: nobody has to ask for it as after a leap of the clock.
    run_erasures(&client).await.expect("a batch runs");
    assert_eq!(client.of_kind(v1::EntryKind::Erasure).await.len(), 1);
    assert_eq!(list(&client, "C-1").await, []);
    assert_eq!(list(&client, "C-2").await.len(), 1);
    holds(&client, &key).await;
}
