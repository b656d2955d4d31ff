//! The shipped binary, killed and starved at any moment: what it acknowledged is there, in order and once; what it did
//! not acknowledge is there once or not at all; it starts again without help; and all heads it ever showed are heads of
//! one history.
//!
//! A killed process keeps its pages in the kernel, so that killing alone cannot show that anything was synced. Here every
//! sync is also booked, and what was not synced is taken away before the server starts again.
//!
//! `CRASH_ROUNDS` says how often (20), `CRASH_SEED` replays the moments of a run.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::disk::Disk;
use common::records::*;
use common::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic_types::StatusExt as _;
use whosaw::rpc::v1::append_stream_response::Result as Answer;
use whosaw::rpc::v1::*;
use whosaw_verifier::checkpoint;
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::Frontier;
use whosaw_verifier::note::VerifierKey;

/// The moments of a run, from a seed that is printed.
struct Moments(u64);

impl Moments {
    fn new() -> Self {
        let given = std::env::var("CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| getrandom::u64().expect("randomness"));
        println!("CRASH_SEED={seed}");
        Moments(seed | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}

fn rounds() -> u64 {
    std::env::var("CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20)
}

/// Everything that was sent, and everything that came back, over all lives of a server.
#[derive(Default)]
struct Journal {
    sent: Vec<Action>,
    /// Position in `sent` → index and, where a receipt told it, leaf.
    acknowledged: BTreeMap<usize, (u64, Option<Vec<u8>>)>,
    /// Index → leaf, as a watch showed it.
    seen: BTreeMap<u64, Vec<u8>>,
    notes: BTreeSet<String>,
    /// Of `sent` and of the ledger so much was checked after earlier lives; the last word looks at all of it again.
    checked: usize,
    checked_size: u64,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Journal>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Journal> {
        self.0.lock().expect("nobody panicked")
    }

    /// A new action, written down before it is sent; some concern persons, old and new ones.
    fn next(&self) -> (usize, Action) {
        let mut journal = self.lock();
        let number = journal.sent.len();
        let action = match number % 4 {
            0 => plain(),
            1 => about(&format!("person-{}", number % 40)),
            2 => about(&format!("newcomer-{number}")),
            _ => Action { subjects: vec![subject("person-1"), subject(&format!("newcomer-{number}"))], ..about("x") },
        };
        journal.sent.push(action.clone());
        (number, action)
    }

    fn acknowledge(&self, number: usize, index: u64, leaf: Option<Vec<u8>>) {
        assert!(self.lock().acknowledged.insert(number, (index, leaf)).is_none(), "answered once");
    }

    fn note(&self, proof: &str) {
        let note = proof.split_once("\n\n").expect("a receipt ends with a checkpoint").1;
        self.lock().notes.insert(note.to_owned());
    }
}

/// Loads a server in every way until it is gone. Each task ends with its connection.
async fn load(server: &TestServer, journal: &Shared) -> Vec<tokio::task::JoinHandle<()>> {
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let (client, journal) = (server.client().await, journal.clone());
        tasks.push(tokio::spawn(async move {
            loop {
                let (number, action) = journal.next();
                let Ok(receipt) = client.append(action).await else { return };
                journal.note(&receipt.tlog_proof);
                journal.acknowledge(number, receipt.index, Some(receipt.leaf_hash));
            }
        }));
    }
    let (client, batching) = (server.client().await, journal.clone());
    tasks.push(tokio::spawn(async move {
        loop {
            let (numbers, actions): (Vec<_>, Vec<_>) = (0..23).map(|_| batching.next()).unzip();
            let Ok(answer) = client.batch(actions).await else { return };
            batching.lock().notes.insert(answer.checkpoint.expect("a head").note);
            let places = indexes(&answer.ranges);
            assert_eq!((answer.ranges.len(), places.len()), (1, numbers.len()), "all new, all together");
            for (number, index) in numbers.into_iter().zip(places) {
                batching.acknowledge(number, index, None);
            }
        }
    }));
    let (client, streaming) = (server.client().await, journal.clone());
    tasks.push(tokio::spawn(async move {
        let (send, receive) = mpsc::channel(64);
        let numbers = Arc::new(Mutex::new(Vec::new()));
        // So many on their way, or everything else would stand behind what the windows of HTTP/2 hold.
        let in_flight = Arc::new(Semaphore::new(48));
        let sender = {
            let (streaming, numbers) = (streaming.clone(), Arc::clone(&numbers));
            let in_flight = Arc::clone(&in_flight);
            tokio::spawn(async move {
                while let Ok(permit) = in_flight.acquire().await {
                    permit.forget();
                    let (number, action) = streaming.next();
                    numbers.lock().expect("nobody panicked").push(number);
                    let message = AppendStreamRequest { record: Some(action.record()), ..Default::default() };
                    if send.send(message).await.is_err() {
                        return;
                    }
                }
            })
        };
        let Ok(answers) = client.ledgers().append_stream(client.request(ReceiverStream::new(receive))).await else {
            in_flight.close();
            return;
        };
        let (mut answers, mut last) = (answers.into_inner(), None);
        while let Ok(Some(answer)) = answers.message().await {
            in_flight.add_permits(1);
            let Some(Answer::Receipt(receipt)) = answer.result else {
                // Told to go while it waited: nothing is known of it.
                continue;
            };
            let number = numbers.lock().expect("nobody panicked")[answer.first_message as usize];
            assert!(last.replace(receipt.index).is_none_or(|last| last < receipt.index), "in the order of the stream");
            streaming.note(&receipt.tlog_proof);
            streaming.acknowledge(number, receipt.index, Some(receipt.leaf_hash));
        }
        in_flight.close();
        let _ = sender.await;
    }));
    let (client, watching) = (server.client().await, journal.clone());
    tasks.push(tokio::spawn(async move {
        let Ok(size) = client.checkpoint(0).await.map(|head| head.tree_size) else { return };
        let request = client.request(WatchEntriesRequest { ledger: String::new(), from_index: size });
        let Ok(entries) = client.audit().watch_entries(request).await else { return };
        let mut entries = entries.into_inner();
        while let Ok(Some(some)) = entries.message().await {
            let mut journal = watching.lock();
            journal.notes.insert(some.checkpoint.expect("a head").note);
            journal.seen.extend(some.entries.into_iter().map(|entry| (entry.index, entry.leaf_hash)));
        }
    }));
    tasks
}

async fn finish(tasks: Vec<tokio::task::JoinHandle<()>>) {
    for task in tasks {
        task.await.expect("it ran without panic");
    }
}

/// What must hold after any life: acknowledged actions have the place and the leaf that they were told, and sending
/// everything again records what was lost and nothing else.
async fn check(server: &TestServer, journal: &Shared) {
    let client = server.client().await;
    let size = client.size().await;
    let head = client.head().await;
    let (acknowledged, seen, sent, checked, from) = {
        let mut journal = journal.lock();
        journal.notes.insert(head.note);
        let (checked, from) = (journal.checked, journal.checked_size);
        let seen: Vec<_> = journal.seen.range(from..).map(|(index, leaf)| (*index, leaf.clone())).collect();
        (journal.acknowledged.clone(), seen, journal.sent.clone(), checked, from)
    };
    let places: BTreeSet<u64> = acknowledged.values().map(|(index, _)| *index).collect();
    assert_eq!(places.len(), acknowledged.len(), "every acknowledged action has a place of its own");
    let mut leaves: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    let request = client.request(WatchEntriesRequest { ledger: String::new(), from_index: from });
    let mut entries = client.audit().watch_entries(request).await.expect("it begins").into_inner();
    while (leaves.len() as u64) < size - from {
        let some = entries.message().await.expect("it goes on").expect("more");
        leaves.extend(some.entries.into_iter().map(|entry| (entry.index, entry.leaf_hash)));
    }
    for (index, leaf) in acknowledged.range(checked..).map(|(_, place)| place) {
        let found = leaves.get(index).unwrap_or_else(|| panic!("entry {index} was acknowledged and is gone"));
        assert!(leaf.as_ref().is_none_or(|leaf| leaf == found), "entry {index} is another than was acknowledged");
    }
    for (index, leaf) in &seen {
        assert_eq!(leaves.get(index), Some(leaf), "entry {index} was shown and is gone or another");
    }
    // All of this life again, and some of the lives before.
    let again: Vec<usize> = (0..checked).step_by(checked / 100 + 1).chain(checked..sent.len()).collect();
    let mut new = 0;
    for chunk in again.chunks(2_000) {
        let actions: Vec<Action> = chunk.iter().map(|number| sent[*number].clone()).collect();
        let answer = client.batch(actions).await.expect("they are recorded, or were");
        new += answer.ranges.iter().filter(|range| !range.replayed).map(|range| range.count).sum::<u64>();
        journal.lock().notes.insert(answer.checkpoint.expect("a head").note);
        for (number, index) in chunk.iter().zip(indexes(&answer.ranges)) {
            match acknowledged.get(number) {
                Some((place, _)) => assert_eq!(*place, index, "action {number} was acknowledged at another place"),
                None => journal.acknowledge(*number, index, None),
            }
        }
    }
    assert_eq!(client.size().await, size + new);
    // All that is in the ledger besides: the genesis, and one entry for each start. So every action stands there once.
    let own = client.of_kind(EntryKind::Genesis).await.len() + client.of_kind(EntryKind::WriterEpoch).await.len();
    let accesses = client.of_kind(EntryKind::LedgerAccess).await.len();
    assert_eq!(client.size().await, (own + accesses + sent.len()) as u64, "each action once, and nothing else");
    let mut journal = journal.lock();
    (journal.checked, journal.checked_size) = (sent.len(), size + new);
}

/// The last word: the verifier holds the whole ledger to be good, and every head ever shown is one of it.
async fn conclude(server: &TestServer, journal: &Shared, key: &VerifierKey) {
    let client = server.client().await;
    let checked = judge::check(&client, key).await;
    let heads: BTreeMap<u64, Hash> = {
        let notes = &journal.lock().notes;
        let opened = notes.iter().map(|note| {
            let head = checkpoint::open(note.as_bytes(), std::slice::from_ref(key)).expect("signed by the ledger");
            (head.checkpoint().size, head.checkpoint().root)
        });
        let all: BTreeSet<_> = opened.collect();
        let heads: BTreeMap<_, _> = all.iter().copied().collect();
        assert_eq!(heads.len(), all.len(), "two heads of one size");
        heads
    };
    let leaves = checked.leaves();
    for (index, leaf) in journal.lock().acknowledged.values() {
        let found = leaves.get(*index as usize).unwrap_or_else(|| panic!("entry {index} was acknowledged and is gone"));
        assert!(leaf.as_ref().is_none_or(|leaf| leaf == found), "entry {index} is another than was acknowledged");
    }
    let (mut tree, mut met) = (Frontier::new(), 0);
    for leaf in leaves {
        tree.push(leaf);
        if let Some(root) = heads.get(&tree.size()) {
            assert_eq!(tree.root(), *root, "the head of {} entries is of another history", tree.size());
            met += 1;
        }
    }
    assert_eq!(met, heads.len(), "every head is one of this ledger");
    let notes: Vec<String> = journal.lock().notes.iter().cloned().collect();
    judge::consistent(&client, key, notes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_under_load_nothing_acknowledged_is_lost() {
    let (mut moments, journal) = (Moments::new(), Shared::default());
    let mut server = TestServer::new();
    let key = server.client().await.key().await;
    for round in 0..rounds() {
        let tasks = load(&server, &journal).await;
        tokio::time::sleep(Duration::from_micros(moments.below(200_000))).await;
        server.kill();
        finish(tasks).await;
        if round % 3 == 1 {
            // Also while it starts, which is when it repairs what it finds.
            server.start_and_kill(Duration::from_micros(moments.below(300_000)));
        }
        server.start();
        check(&server, &journal).await;
    }
    let told = journal.lock().acknowledged.len();
    println!("{} rounds, {told} actions, {} heads", rounds(), journal.lock().notes.len());
    conclude(&server, &journal, &key).await;
    assert_eq!(server.stop().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_the_loss_of_everything_that_was_not_synced() {
    let Some(disk) = Disk::new() else { return };
    let (mut moments, journal) = (Moments::new(), Shared::default());
    let mut server = disk.under(Setup::default()).start();
    let key = server.client().await.key().await;
    let mut lost = 0;
    for round in 0..rounds().div_ceil(3) {
        let tasks = load(&server, &journal).await;
        tokio::time::sleep(Duration::from_micros(20_000 + moments.below(100_000))).await;
        // In turn: whenever it comes, while the log waits for the disk, and while the guard does.
        match round % 3 {
            1 => disk.set("stall", ".log"),
            2 => disk.set("stall", "/guard/"),
            _ => {}
        }
        if round % 3 > 0 {
            disk.stalled().await;
        }
        server.kill();
        if round % 3 > 0 {
            disk.clear("stall");
        }
        finish(tasks).await;
        lost += disk.lose_power(&server.data());
        disk.begin(&server.data());
        server.start();
        check(&server, &journal).await;
    }
    println!("{} actions, {lost} bytes lost", journal.lock().acknowledged.len());
    assert!(lost > 0, "a power failure that takes nothing shows nothing");
    conclude(&server, &journal, &key).await;
    assert_eq!(server.stop().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_disk_stalls_no_answer_leaves_and_nobody_sees_what_is_not_durable() {
    let Some(disk) = Disk::new() else { return };
    let server = disk.under(Setup::default()).start();
    let client = server.client().await;
    let key = client.key().await;
    client.append(about("anna")).await.expect("recorded");
    for piece in [".log", "/guard/"] {
        let head = client.head().await;
        let size = head.tree_size;
        let request = client.request(WatchEntriesRequest { ledger: String::new(), from_index: size });
        let mut watch = client.audit().watch_entries(request).await.expect("it begins").into_inner();
        disk.set("stall", piece);
        let send = |way: u8| {
            let client = client.clone();
            tokio::spawn(async move {
                match way {
                    0 => client.append(about("anna")).await.map(|receipt| vec![receipt.index]),
                    1 => client.batch(vec![about("ben"), plain()]).await.map(|answer| indexes(&answer.ranges)),
                    _ => client.stream(vec![about("cleo"), plain()], AppendDetail::Place).await.map(|answers| {
                        let places = answers.into_iter().map(|answer| match answer.result {
                            Some(Answer::Places(places)) => indexes(&places.ranges),
                            other => panic!("{other:?}"),
                        });
                        places.flatten().collect()
                    }),
                }
            })
        };
        let waiting: Vec<_> = (0..3).map(send).collect();
        disk.stalled().await;
        // The bytes are written and may even be read back by the engine; nobody outside is shown any of it.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(waiting.iter().all(|one| !one.is_finished()), "an answer left while {piece} stalled");
        assert_eq!(client.head().await, head, "nothing was signed");
        assert_eq!(client.get_entry(size, false).await.expect_err("not there yet").code(), Code::OutOfRange);
        assert_eq!(client.list(&EntryFilter::default(), 1_000).await.len() as u64, size);
        let anna = EntryFilter { data_subject: Some(strong("customer", "anna")), ..Default::default() };
        assert!(client.list(&anna, 10).await.iter().all(|index| *index < size), "not by person either");
        let tile = format!("/tiles/1/tile/entries/000.p/{}", size + 1);
        assert_eq!(common::http::get(server.address, &tile).status, 404);
        let shown = tokio::time::timeout(Duration::from_millis(50), watch.message()).await;
        assert!(shown.is_err(), "a watch was shown something: {shown:?}");
        disk.clear("stall");
        let mut places = Vec::new();
        for one in waiting {
            places.extend(one.await.expect("it ran").expect("recorded once the disk goes on"));
        }
        places.sort_unstable();
        assert_eq!(places, (size..size + 5).collect::<Vec<_>>());
        let shown = watch.message().await.expect("it goes on").expect("more");
        assert_eq!(shown.entries[0].index, size);
    }
    judge::check(&client, &key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_come_back_short_are_finished() {
    let Some(disk) = Disk::new() else { return };
    let (journal, mut moments) = (Shared::default(), Moments::new());
    let mut server = disk.under(Setup::default()).start();
    let key = server.client().await.key().await;
    disk.set("short", "/data/");
    for _ in 0..2 {
        let tasks = load(&server, &journal).await;
        tokio::time::sleep(Duration::from_micros(30_000 + moments.below(100_000))).await;
        server.kill();
        finish(tasks).await;
        server.start();
        check(&server, &journal).await;
    }
    conclude(&server, &journal, &key).await;
}

/// A disk that fails in one way, once: the server stops writing at once, says so everywhere, goes on reading until it is
/// told to stop, ends with a code of its own, and is whole again when it is started again.
async fn check_failure(what: &'static str, piece: &'static str) {
    let case = format!("{what} on {piece}");
    let Some(disk) = Disk::new() else { return };
    let journal = Shared::default();
    let mut server = disk.under(Setup::default().env("WHOSAW_DRAIN_SECONDS", "3600")).start();
    let client = server.client().await;
    let key = client.key().await;
    let kept = client.append(about("anna")).await.expect("recorded");
    let kept_again = client.append(plain()).await.expect("recorded");
    let request = client.request(WatchEntriesRequest { ledger: String::new(), from_index: client.size().await });
    let mut watch = client.audit().watch_entries(request).await.expect("it begins").into_inner();
    let head = client.head().await;
    journal.lock().notes.insert(head.note.clone());
    disk.set(what, piece);
    let uncertain: Vec<Action> = (0..6).map(|n| if n % 2 == 0 { plain() } else { about("ben") }).collect();
    let waiting: Vec<_> = uncertain
        .iter()
        .map(|action| {
            let (client, action) = (client.clone(), action.clone());
            tokio::spawn(async move { client.append(action).await })
        })
        .collect();
    for one in waiting {
        let status = one.await.expect("it ran").expect_err("nothing is acknowledged");
        assert_eq!(status.code(), Code::Unavailable, "{case}: {status:?}");
        assert!(status.get_details_retry_info().is_some_and(|info| info.retry_delay.is_some()), "{case}: it says when");
    }
    disk.clear(what);
    // It never goes on in place, whatever the disk does now.
    for _ in 0..3 {
        assert_eq!(client.append(plain()).await.expect_err("latched").code(), Code::Unavailable, "{case}");
    }
    assert_eq!(client.head().await, head, "{case}: no head was signed after the failure");
    assert_eq!(client.entry(kept.index).await.leaf_hash, kept.leaf_hash, "{case}: reads go on");
    let anna = EntryFilter { data_subject: Some(strong("customer", "anna")), ..Default::default() };
    assert_eq!(client.list(&anna, 10).await, [kept.index], "{case}: by person too");
    assert_eq!(
        client.get_entry(kept.index, true).await.expect_err("not unrecorded").code(),
        Code::Unavailable,
        "{case}"
    );
    let ledgers = client.audit().list_ledgers(ListLedgersRequest {}).await.expect("a list").into_inner().ledgers;
    assert!(!ledgers[0].closed_because.is_empty(), "{case}: it says why");
    let ready = common::http::get(server.address, "/readyz");
    assert_eq!(ready.status, 503, "{case}");
    assert!(ready.text().len() > 10, "{case}: with the reason: {}", ready.text());
    assert_eq!(common::http::get(server.address, "/healthz").status, 200, "{case}: the process lives");
    let metrics = common::http::get(server.address, "/metrics");
    assert!(metrics.text().contains(&format!("whosaw_closed{{ledger=\"{ORIGIN}\"}} 1")), "{case}");
    let mut health = tonic_health::pb::health_client::HealthClient::new(client.channel.clone());
    for service in ["", "whosaw.v1.LedgerService"] {
        until("health to say NOT_SERVING", || {
            let mut health = health.clone();
            async move {
                let request = tonic_health::pb::HealthCheckRequest { service: service.into() };
                let status = health.check(request).await.map(|answer| answer.into_inner().status);
                status.is_ok_and(|status| {
                    status == tonic_health::pb::health_check_response::ServingStatus::NotServing as i32
                })
            }
        })
        .await;
    }
    let _ = health.check(tonic_health::pb::HealthCheckRequest::default()).await;
    server.signal(rustix::process::Signal::TERM);
    let ended = watch.message().await.expect_err("a watch ends with the server");
    assert_eq!(ended.code(), Code::Unavailable, "{case}");
    // The cases share the runtime's threads: one that waits must not keep another's wake-ups to itself.
    let ended = tokio::task::block_in_place(|| server.ended(Duration::from_secs(30)));
    assert_eq!(ended.code(), Some(75), "{case}: a code of its own");

    server.start();
    let client = server.client().await;
    for (receipt, what) in [(&kept, "a person's"), (&kept_again, "nobody's")] {
        assert_eq!(client.entry(receipt.index).await.leaf_hash, receipt.leaf_hash, "{case}: {what} entry");
    }
    // Whether they were recorded is not known; the same ids tell, and record what was not.
    let before = client.size().await;
    let mut new = 0;
    for action in &uncertain {
        let receipt = client.append(action.clone()).await.expect("recorded now or before");
        judge::receipt(&receipt, &key);
        new += u64::from(!receipt.replayed);
        assert!(client.append(action.clone()).await.expect("recorded").replayed, "{case}");
    }
    assert_eq!(client.size().await, before + new, "{case}: each once");
    let head = client.head().await;
    journal.lock().notes.insert(head.note);
    conclude(&server, &journal, &key).await;
    assert_eq!(server.stop().code(), Some(0), "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_can_no_longer_write_ends_by_itself() {
    let Some(disk) = Disk::new() else { return };
    let mut server = disk.under(Setup::default().env("WHOSAW_DRAIN_SECONDS", "0")).start();
    let client = server.client().await;
    disk.set("fail-sync", ".log");
    client.append(plain()).await.expect_err("nothing is acknowledged");
    assert_eq!(tokio::task::block_in_place(|| server.ended(Duration::from_secs(30))).code(), Some(75));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_a_sync_or_a_write_latches_the_ledger() {
    let cases = [
        ("fail-sync", ".log"),
        ("fail-write", ".log"),
        ("full", ".log"),
        ("fail-sync", "/guard/"),
        ("fail-write", "/guard/"),
        ("full", "/guard/"),
    ];
    // Most of their time they wait, so they do it together.
    let running: Vec<_> = cases.into_iter().map(|(what, piece)| tokio::spawn(check_failure(what, piece))).collect();
    for one in running {
        one.await.expect("it holds");
    }
}
