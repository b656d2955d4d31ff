//! A machine whose clock jumps ten years ahead, and back.

use crate::common::disk::Disk;
use crate::common::records::*;
use crate::common::*;
use whosaw::rpc::v1::*;

const TEN_YEARS: i64 = 315_360_000;

fn seconds(entry: &Entry) -> i64 {
    entry.recorded_at.as_ref().expect("a time").seconds
}

async fn append(client: &Client) -> Entry {
    let receipt = client.append(about("anna")).await.expect("recorded");
    client.entry(receipt.index).await
}

async fn accept(client: &Client) -> (Entry, ClockBody) {
    let request = client.request(AcceptClockRequest::default());
    let index = client.registry().accept_clock(request).await.expect("accepted").into_inner().index;
    let entry = client.entry(index).await;
    let Some(entry::Content::Clock(clock)) = entry.content else { panic!("a clock entry") };
    (entry, clock)
}

/// Within a minute, which is more than anything here takes.
fn near(a: i64, b: i64) -> bool {
    (a - b).abs() < 60
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_is_held_back_until_somebody_takes_its_word() {
    let Some(disk) = Disk::new() else { return };
    let mut server = disk.under(Setup::default()).start();
    let client = server.client().await;
    let key = client.key().await;
    let now = seconds(&append(&client).await);

    disk.set("clock", &TEN_YEARS.to_string());
    let held = append(&client).await;
    assert!(held.time_clamped && near(seconds(&held), now), "held back, and said so");
    let (entry, clock) = accept(&client).await;
    assert!(near(seconds(&entry), now + TEN_YEARS), "from here on its word is taken");
    assert!(near((clock.new_us as i64 - clock.old_us as i64) / 1_000_000, TEN_YEARS), "{clock:?}");
    let later = append(&client).await;
    assert!(!later.time_clamped && near(seconds(&later), now + TEN_YEARS));

    disk.clear("clock");
    let before = append(&client).await;
    assert!(before.time_clamped && seconds(&before) >= seconds(&later), "time does not go back by itself");
    let again = append(&client).await;
    assert!(again.time_clamped && seconds(&again) >= seconds(&before));
    let (entry, clock) = accept(&client).await;
    assert!(near(seconds(&entry), now) && clock.new_us < clock.old_us, "it goes back where that is said");
    let back = append(&client).await;
    assert!(!back.time_clamped && near(seconds(&back), now));

    // One boot in a wrong year does not poison the rest.
    assert_eq!(server.stop().code(), Some(0));
    disk.set("clock", &TEN_YEARS.to_string());
    server.start();
    let wrong = append(&server.client().await).await;
    assert!(near(seconds(&wrong), now + TEN_YEARS), "at a boot nobody can tell");
    assert_eq!(server.stop().code(), Some(0));
    disk.clear("clock");
    server.start();
    let client = server.client().await;
    let stuck = append(&client).await;
    assert!(stuck.time_clamped && near(seconds(&stuck), now + TEN_YEARS), "held, and said so");
    accept(&client).await;
    let healed = append(&client).await;
    assert!(!healed.time_clamped && near(seconds(&healed), now));
    let checked = judge::check(&client, &key).await;
    assert!(checked.report.doubtful_times >= 4, "the verifier counts what is doubtful");
}
