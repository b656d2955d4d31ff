//! Many people ask at the same time: whoever is answered stands in the journal beside the guard, and the journal is not
//! written once for each of them.

use super::*;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tonic::Code;

/// How many holds, restrictions and waiting erasures a journal holds.
fn noted(journal: &Path) -> u64 {
    let bytes = std::fs::read(journal).expect("the journal is always there, whole");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let own = number(44) as usize;
    u64::from(number(48 + own))
}

fn metric(server: &TestServer, name: &str) -> u64 {
    let text = common::http::get(server.address, "/metrics").body;
    let text = String::from_utf8(text).expect("a text");
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{"))).expect("the metric is there");
    line.rsplit(' ').next().expect("a value").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_answered_stands_in_the_journal_and_many_share_a_write_of_it() {
    const PEOPLE: usize = 256;
    let (mut server, client) = server().await;
    client.batch((0..PEOPLE).map(|n| common::records::about(&format!("C-{n}"))).collect()).await.expect("recorded");
    let journal = server.data().join("guard/standing-1");
    let answered = Arc::new(AtomicU64::new(0));
    let mut people = tokio::task::JoinSet::new();
    for n in 0..PEOPLE {
        let (client, journal, answered) = (client.clone(), journal.clone(), Arc::clone(&answered));
        people.spawn(async move {
            erase(&client, strong("customer", &format!("C-{n}"))).await.expect("recorded");
            let answered = answered.fetch_add(1, Ordering::SeqCst) + 1;
            // The request and the restriction of each.
            assert!(noted(&journal) >= 2 * answered, "somebody was answered who does not stand in the journal");
        });
    }
    while let Some(person) = people.join_next().await {
        person.expect("answered");
    }
    assert_eq!(noted(&journal), 2 * PEOPLE as u64);
    let (writes, changes) = (metric(&server, "whosaw_journal_writes"), metric(&server, "whosaw_journal_changes"));
    assert_eq!(changes, PEOPLE as u64);
    assert!(writes < changes / 2, "{changes} changes were written in {writes} rounds");
    // A look changes nothing, so there is nothing to be noted.
    look_up(&client, strong("customer", "C-0")).await.expect("known");
    assert_eq!(metric(&server, "whosaw_journal_changes"), changes);
    // Nobody can be asked for twice, however much at once.
    let twice = (0..16).map(|_| erase(&client, strong("customer", "C-7")));
    for refused in futures::future::join_all(twice).await {
        assert_eq!(refused.expect_err("was asked before").code(), Code::FailedPrecondition);
    }
    assert_eq!(run(&client).await.requests, PEOPLE as u64);
    assert_eq!(noted(&journal), 0);
    // Of sixteen who ask at once for one person, one is first.
    client.append(common::records::about("C-new")).await.expect("recorded");
    let together = (0..16).map(|_| erase(&client, strong("customer", "C-new")));
    let first = futures::future::join_all(together).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(first, 1);
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_journal_cannot_be_written_everybody_who_waits_is_told() {
    const PEOPLE: usize = 64;
    let (server, client) = server().await;
    client.batch((0..=PEOPLE).map(|n| common::records::about(&format!("C-{n}"))).collect()).await.expect("recorded");
    let journal = server.data().join("guard/standing-1");
    std::fs::remove_file(&journal).expect("it was there");
    // No file takes the place of a directory.
    std::fs::create_dir(&journal).expect("it can be made");
    let all = (0..PEOPLE).map(|n| {
        let client = client.clone();
        async move { erase(&client, strong("customer", &format!("C-{n}"))).await }
    });
    for told in futures::future::join_all(all).await {
        let error = told.expect_err("it is nowhere but in the database");
        assert!(error.message().contains("could not be noted beside the guard"), "{}", error.message());
        assert!(!error.message().contains("C-"), "{}", error.message());
    }
    // It is in force, as they were told; and with the next change that is noted, all of it is.
    assert!(look_up(&client, strong("customer", "C-1")).await.expect("known").erasure_requested.is_some());
    std::fs::remove_dir(&journal).expect("it was made");
    erase(&client, strong("customer", &format!("C-{PEOPLE}"))).await.expect("recorded, and noted");
    assert_eq!(noted(&journal), 2 * (PEOPLE as u64 + 1));
}
