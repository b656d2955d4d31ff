//! The ledger against its own promises, on a memory store with planned faults; the verifier crate is the judge.

use super::*;
use crate::model::UnixMicros;
use crate::store::faulty::{Fault, FaultyStore};
use crate::store::memory::MemoryStore;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use whosaw_verifier::body::ActionBody;
use whosaw_verifier::entry::{LAST_OF_COMMIT, TIME_CLAMPED, genesis_link, origin_hash};
use whosaw_verifier::merkle::Frontier;
use whosaw_verifier::note::VerifierKey;
use whosaw_verifier::wire::Message as _;

const ORIGIN: &str = "ledger.example/test";
const START_US: u64 = 1_772_323_200_000_000;

/// A clock that the test moves by hand.
#[derive(Default)]
struct HandClock {
    wall: AtomicU64,
    monotonic: AtomicU64,
}

impl crate::model::Clock for HandClock {
    fn now(&self) -> UnixMicros {
        UnixMicros(self.wall.load(Ordering::SeqCst))
    }
    fn monotonic_us(&self) -> u64 {
        self.monotonic.load(Ordering::SeqCst)
    }
    fn synchronised(&self) -> bool {
        true
    }
}

/// Judges by comparing digests: the test's requests are their own keyed digests.
struct TestPlacement([u8; 32]);

impl Placement for TestPlacement {
    fn place(&self, _: u64, _: &mut WriteSet) {}
    fn durable(&self) {}
    fn judge(&self, _: u64, _: &[u8; 32], digest: &[u8; 32]) -> Judgement {
        if *digest == self.0 { Judgement::Same } else { Judgement::Different }
    }
}

fn body(content: u8) -> Vec<u8> {
    ActionBody { tool: format!("tool-{content}"), ..ActionBody::default() }.encode()
}

fn action(id: u64, content: u8) -> Sealed {
    let mut action_id = [0u8; 16];
    action_id[8..].copy_from_slice(&id.to_be_bytes());
    let (salt, body) = ([content; 32], body(content));
    let request = [content; 32];
    Sealed {
        kind: EntryKind::Action,
        action_id: Some(action_id),
        caller: [7; 32],
        salt,
        body_commitment: body_commitment(&origin_hash(ORIGIN), &salt, &body),
        body,
        parts: Vec::new(),
        parts_root: EMPTY_ROOT,
        request_digest: request,
        request,
        generation: 1,
        placement: Arc::new(TestPlacement(request)),
    }
}

struct TestLedger {
    directory: TempDir,
    store: Arc<dyn Store>,
    clock: Arc<HandClock>,
}

impl TestLedger {
    fn create() -> Self {
        let clock = Arc::new(HandClock::default());
        clock.wall.store(START_US, Ordering::SeqCst);
        let test = TestLedger {
            directory: tempfile::tempdir().expect("a directory"),
            store: Arc::new(MemoryStore::default()),
            clock,
        };
        Ledger::create(test.store.as_ref(), &test.options(), test.clock.as_ref(), WriteSet::default())
            .expect("creates");
        test
    }

    fn options(&self) -> LedgerOptions {
        let path = |name| self.directory.path().join(name);
        LedgerOptions::new(LedgerNumber(1), ORIGIN, path("signer"), path("guard"), [7; 32])
    }

    fn open(&self) -> Result<Ledger, LedgerError> {
        self.open_on(Arc::clone(&self.store))
    }

    fn open_on(&self, store: Arc<dyn Store>) -> Result<Ledger, LedgerError> {
        Ledger::open(store, self.options(), Arc::clone(&self.clock) as Arc<dyn crate::model::Clock>)
    }
}

/// Re-verifies everything there is: chain, indexes, times, root, signature. The oracle of every test here.
fn check(ledger: &Ledger) -> u64 {
    let published = ledger.published();
    let key = VerifierKey::parse(ledger.verifier_key()).expect("a verifier key");
    let checkpoint = whosaw_verifier::checkpoint::open(published.checkpoint.as_bytes(), &[key]).expect("signed");
    assert_eq!((checkpoint.checkpoint().size, checkpoint.checkpoint().root), (published.size, published.root));
    let entries = ledger.entries(0, u64::MAX).expect("reads");
    assert_eq!(entries.len() as u64, published.size);
    let (mut frontier, mut previous) = (Frontier::new(), genesis_link(ORIGIN));
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!(entry.header.index, index as u64);
        assert_eq!(entry.header.previous_leaf, previous, "chain at {index}");
        let (salt, body) = entry.content.as_ref().expect("nothing was removed");
        assert_eq!(body_commitment(&origin_hash(ORIGIN), salt, body), entry.header.body_commitment);
        previous = entry.leaf;
        frontier.push(entry.leaf);
    }
    assert_eq!(frontier.root(), published.root);
    assert!(entries.last().is_some_and(|entry| entry.header.flags & LAST_OF_COMMIT != 0));
    published.size
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_appended_is_there_in_order_and_proved() {
    let test = TestLedger::create();
    let ledger = tokio::task::block_in_place(|| test.open()).expect("opens");
    let key = [VerifierKey::parse(ledger.verifier_key()).expect("a key")];
    for id in 0..300 {
        let appended = ledger.append(action(id, id as u8)).await.expect("appends");
        assert_eq!(appended.index, id + 2, "genesis and writer epoch come first");
        let receipt = Receipt::parse(appended.receipt.as_bytes()).expect("a receipt");
        let content = body(id as u8);
        whosaw_verifier::receipt::verify(&receipt, &key, Some((&[id as u8; 32], &content))).expect("verifies");
    }
    let batch = (1_000..3_000).map(|id| action(id, id as u8)).collect();
    let committed = ledger.append_all(batch).await.expect("appends");
    assert_eq!(committed.places.len(), 2_000);
    assert_eq!(check(&ledger), 2_302);
    for (old, new) in [(1, 2_302), (256, 512), (300, 301)] {
        ledger.consistency_proof(old, new).expect("proves and checks itself");
    }
    tokio::task::block_in_place(|| ledger.shutdown());
    let again = tokio::task::block_in_place(|| test.open()).expect("opens again");
    assert_eq!(check(&again), 2_303);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_is_the_same_entry_and_other_content_is_refused() {
    let test = TestLedger::create();
    let ledger = tokio::task::block_in_place(|| test.open()).expect("opens");
    let first = ledger.append(action(1, 1)).await.expect("appends");
    let (one, two) = tokio::join!(ledger.append(action(2, 2)), ledger.append(action(2, 2)));
    let (one, two) = (one.expect("appends"), two.expect("appends"));
    assert_eq!(one.index, two.index);
    assert!(one.replayed != two.replayed);
    let error = ledger.append(action(1, 9)).await.expect_err("conflicts");
    assert_eq!(error, AppendError::AlreadyExists { position: 0 });
    let size = ledger.published().size;
    let error = ledger.append_all(vec![action(7, 7), action(1, 9)]).await.expect_err("conflicts");
    assert_eq!(error, AppendError::AlreadyExists { position: 1 });
    let error = ledger.append_all(vec![action(7, 7), action(7, 8)]).await.expect_err("repeats");
    assert_eq!(error, AppendError::RepeatedInBatch { first: 0, again: 1 });
    assert_eq!(ledger.published().size, size, "a refused batch leaves nothing");
    let batch = ledger.append_all(vec![action(1, 1), action(8, 8), action(8, 8)]).await.expect("appends");
    let indexes: Vec<_> = batch.places.iter().map(|place| (place.index, place.replayed)).collect();
    assert_eq!(indexes, [(first.index, true), (size, false), (size, true)]);
    tokio::task::block_in_place(|| ledger.shutdown());
    let again = tokio::task::block_in_place(|| test.open()).expect("opens again");
    let replay = again.append(action(1, 1)).await.expect("replays");
    assert_eq!((replay.index, replay.leaf, replay.replayed), (first.index, first.leaf, true));
    assert_eq!(again.append(action(1, 2)).await.expect_err("conflicts"), AppendError::AlreadyExists { position: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_disk_closes_the_ledger_and_a_restart_tells_what_is_there() {
    for (fault, survives) in [(Fault::Refuse, false), (Fault::Lose, false), (Fault::ApplyThenFail, true)] {
        let test = TestLedger::create();
        let faulty = Arc::new(FaultyStore::new(Arc::clone(&test.store)));
        let ledger = tokio::task::block_in_place(|| test.open_on(faulty.clone())).expect("opens");
        ledger.append(action(1, 1)).await.expect("appends");
        let checkpoint = ledger.published();
        faulty.plan([fault]);
        assert!(matches!(ledger.append(action(2, 2)).await, Err(AppendError::Unavailable(_))));
        assert!(
            matches!(ledger.append(action(3, 3)).await, Err(AppendError::Unavailable(_))),
            "never resumes in place"
        );
        assert!(ledger.latched().is_some());
        assert_eq!(ledger.published(), checkpoint, "nothing was signed");
        tokio::task::block_in_place(|| ledger.shutdown());
        let again = tokio::task::block_in_place(|| test.open()).expect("opens again");
        let replay = again.append(action(2, 2)).await.expect("appends");
        assert_eq!(replay.replayed, survives, "{fault:?}");
        check(&again);
        again.consistency_proof(checkpoint.size, again.published().size).expect("one history");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_leaves_before_the_disk_has_answered() {
    let test = TestLedger::create();
    let faulty = Arc::new(FaultyStore::new(Arc::clone(&test.store)));
    let ledger = tokio::task::block_in_place(|| test.open_on(faulty.clone())).expect("opens");
    let size = ledger.published().size;
    faulty.plan([Fault::Stall]);
    let waiting = {
        let ledger = ledger.clone();
        tokio::spawn(async move { ledger.append(action(1, 1)).await })
    };
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!waiting.is_finished());
    assert_eq!(ledger.published().size, size, "nothing is published either");
    faulty.release();
    assert_eq!(waiting.await.expect("joins").expect("appends").index, size);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolled_back_or_foreign_database_stays_closed() {
    let test = TestLedger::create();
    let other = TestLedger::create();
    let ledger = tokio::task::block_in_place(|| test.open()).expect("opens");
    ledger.append(action(1, 1)).await.expect("appends");
    tokio::task::block_in_place(|| ledger.shutdown());
    // The other database has the same origin and fewer entries: an old copy put back.
    tokio::task::block_in_place(|| other.open().expect("opens").shutdown());
    std::fs::copy(other.directory.path().join("signer"), test.directory.path().join("signer")).expect("copies");
    let error = tokio::task::block_in_place(|| test.open_on(Arc::clone(&other.store))).err();
    assert!(matches!(error, Some(LedgerError::RolledBack { signed: 3, found: 2 })), "{error:?}");
    assert!(matches!(tokio::task::block_in_place(|| test.open()).err(), Some(LedgerError::WrongKey { .. })));
    let empty: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let error = tokio::task::block_in_place(|| test.open_on(empty)).err();
    assert!(matches!(error, Some(LedgerError::RolledBack { signed: 3, found: 0 })), "{error:?}");
    std::fs::remove_file(other.directory.path().join("guard")).expect("removes");
    let error = tokio::task::block_in_place(|| other.open()).err();
    assert!(matches!(error, Some(LedgerError::GuardMissing { .. })), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_never_runs_back_nor_away_unless_a_clock_entry_says_so() {
    let test = TestLedger::create();
    let ledger = tokio::task::block_in_place(|| test.open()).expect("opens");
    let recorded = async |id: u64| {
        let index = ledger.append(action(id, id as u8)).await.expect("appends").index;
        let header = ledger.entry(index).expect("reads").expect("is there").header;
        (header.recorded_at_us - START_US, header.flags & TIME_CLAMPED != 0)
    };
    let advance = |seconds: u64| {
        test.clock.wall.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        test.clock.monotonic.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    };
    advance(10);
    assert_eq!(recorded(1).await, (10_000_000, false));
    test.clock.wall.fetch_sub(8_000_000, Ordering::SeqCst);
    assert_eq!(recorded(2).await, (10_000_000, true), "a step back is clamped");
    let ten_years = 315_360_000_000_000;
    test.clock.wall.fetch_add(8_000_000 + ten_years, Ordering::SeqCst);
    advance(5);
    assert_eq!(recorded(3).await, (15_000_000, true), "a leap is held to the monotonic clock");
    let index = ledger.accept_clock().await.expect("accepts");
    let clock = ledger.entry(index).expect("reads").expect("is there").header;
    assert_eq!(clock.recorded_at_us - START_US, ten_years + 15_000_000);
    test.clock.wall.fetch_sub(ten_years, Ordering::SeqCst);
    assert_eq!(recorded(4).await, (ten_years + 15_000_000, true));
    ledger.accept_clock().await.expect("accepts");
    assert_eq!(recorded(5).await, (15_000_000, false), "after a clock entry the time may be earlier");
    check(&ledger);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_signed_or_proved_from_altered_tiles_or_headers() {
    let test = TestLedger::create();
    let ledger = tokio::task::block_in_place(|| test.open()).expect("opens");
    // What is recent stands in memory; only what is older is read from tiles.
    let mut heads = Vec::new();
    for batch in 0..140 {
        let actions = (0..1_000).map(|n| action(batch * 1_000 + n, 1)).collect();
        heads.push(ledger.append_all(actions).await.expect("appends").published.size);
    }
    let (size, later) = (heads[0], heads[1]);
    let sign = |size| ledger.checkpoint(size).map(|head| head.checkpoint.to_string());
    let before = sign(size).expect("signs");
    assert_eq!(sign(size).expect("signs again"), before);
    let alter = |table, skip: usize| {
        let (from, until) = (1u32.to_be_bytes().to_vec(), 2u32.to_be_bytes().to_vec());
        let rows = test.store.snapshot().expect("reads").scan(table, &from, &until, 4).expect("reads");
        // The fourth: roots take whole tiles from the level above.
        let (key, mut value) = rows[3].clone();
        value[skip] ^= 1;
        let mut writes = WriteSet::default();
        writes.put(table, key.clone(), value.clone());
        test.store.apply_derived(writes).expect("writes");
        value[skip] ^= 1;
        let mut back = WriteSet::default();
        back.put(table, key, value);
        back
    };
    let back = alter(crate::store::Table::Tiles, 32 * 40);
    assert!(matches!(sign(size), Err(LedgerError::SelfCheck(_))), "a second head of the same size was signed");
    assert!(ledger.consistency_proof(size, later).is_err());
    test.store.apply_derived(back).expect("writes");
    assert_eq!(sign(size).expect("signs"), before);
    // A flag is set where no commit ended: what is no head must not become one.
    let batch: Vec<_> = (900_000..900_003).map(|id| action(id, 1)).collect();
    let committed = ledger.append_all(batch).await.expect("appends");
    let inside = committed.places[0].index;
    assert!(matches!(sign(inside + 1), Err(LedgerError::NotAHead { .. })));
    assert!(check(&ledger) > 300);
    tokio::task::block_in_place(|| ledger.shutdown());
}
