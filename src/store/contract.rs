//! What every adapter of the port promises, as tests that each of them runs.

use super::faulty::FaultyStore;
use super::memory::MemoryStore;
use super::rocks::RocksStore;
use super::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const A: LedgerNumber = LedgerNumber(1);
const B: LedgerNumber = LedgerNumber(2);

type Open = Box<dyn Fn(Option<Arc<dyn Store>>) -> Arc<dyn Store>>;
type State = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// A store under test, and how a new process would open it.
struct Subject {
    store: Option<Arc<dyn Store>>,
    open: Open,
    _directory: Option<TempDir>,
}

impl Subject {
    fn memory() -> Self {
        Self::new(None, Box::new(|before| before.unwrap_or_else(|| Arc::new(MemoryStore::default()))))
    }

    fn faulty() -> Self {
        let open = |before: Option<Arc<dyn Store>>| {
            let inner = before.unwrap_or_else(|| Arc::new(MemoryStore::default()));
            Arc::new(FaultyStore::new(inner)) as Arc<dyn Store>
        };
        Self::new(None, Box::new(open))
    }

    fn rocks() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("db");
        let open = move |before: Option<Arc<dyn Store>>| {
            drop(before);
            Arc::new(RocksStore::open(&path).expect("opens")) as Arc<dyn Store>
        };
        Self::new(Some(directory), Box::new(open))
    }

    fn new(directory: Option<TempDir>, open: Open) -> Self {
        Subject { store: Some(open(None)), open, _directory: directory }
    }

    fn store(&self) -> &Arc<dyn Store> {
        self.store.as_ref().expect("is open")
    }

    fn reopen(&mut self) {
        let before = self.store.take();
        self.store = Some((self.open)(before));
    }
}

fn key(ledger: LedgerNumber, rest: &[u8]) -> Vec<u8> {
    [&ledger.0.to_be_bytes()[..], rest].concat()
}

fn commit(lease: Lease, writes: WriteSet) -> Commit {
    let id =
        (u128::from(lease.ledger.0) << 96 | u128::from(lease.epoch) << 64 | u128::from(lease.sequence)).to_be_bytes();
    Commit { ledger: lease.ledger, epoch: lease.epoch, sequence: lease.sequence, id, writes }
}

/// Commits and moves the lease on.
fn write(store: &dyn Store, lease: &mut Lease, writes: WriteSet) -> [u8; 16] {
    let commit = commit(*lease, writes);
    let id = commit.id;
    store.commit(commit).expect("commits");
    lease.sequence += 1;
    id
}

fn puts(rows: &[(Table, Vec<u8>, &[u8])]) -> WriteSet {
    let mut writes = WriteSet::default();
    rows.iter().for_each(|(table, key, value)| writes.put(*table, key.clone(), *value));
    writes
}

fn one(ledger: LedgerNumber, rest: &[u8], value: &[u8]) -> WriteSet {
    puts(&[(Table::Bodies, key(ledger, rest), value)])
}

fn get(store: &dyn Store, table: Table, key: &[u8]) -> Option<Vec<u8>> {
    store.snapshot().expect("reads").get(table, key).expect("reads")
}

fn all(snapshot: &dyn Snapshot, table: Table, ledger: LedgerNumber) -> Vec<Row> {
    let until = key(LedgerNumber(ledger.0 + 1), &[]);
    snapshot.scan(table, &key(ledger, &[]), &until, usize::MAX).expect("reads")
}

fn acquire_raises_the_epoch_durably_and_ends_older_writers(mut subject: Subject) {
    let store = subject.store();
    let first = store.acquire(A).expect("acquires");
    let second = store.acquire(A).expect("acquires");
    assert!(second.epoch > first.epoch);
    let error = store.commit(commit(first, one(A, b"k", b"older")));
    assert!(matches!(error, Err(CommitError::Fenced)), "{error:?}");
    let unborn = Lease { epoch: second.epoch + 1, ..second };
    let error = store.commit(commit(unborn, one(A, b"k", b"unborn")));
    assert!(matches!(error, Err(CommitError::Fenced)), "{error:?}");
    assert_eq!(get(store.as_ref(), Table::Bodies, &key(A, b"k")), None);
    store.commit(commit(second, one(A, b"k", b"newer"))).expect("commits");
    subject.reopen();
    let third = subject.store().acquire(A).expect("acquires");
    assert!(third.epoch > second.epoch);
    assert_eq!(third.sequence, 1);
    let stale = Lease { sequence: 1, ..second };
    let error = subject.store().commit(commit(stale, one(A, b"k", b"older")));
    assert!(matches!(error, Err(CommitError::Fenced)), "{error:?}");
}

fn nobody_writes_without_a_lease(mut subject: Subject) {
    let never = Lease { ledger: A, epoch: 0, sequence: 0 };
    let error = subject.store().commit(commit(never, one(A, b"k", b"v")));
    assert!(matches!(error, Err(CommitError::Fenced)), "{error:?}");
    subject.reopen();
    let error = subject.store().commit(commit(never, one(A, b"k", b"v")));
    assert!(matches!(error, Err(CommitError::Fenced)), "{error:?}");
    assert_eq!(get(subject.store().as_ref(), Table::Bodies, &key(A, b"k")), None);
}

fn a_commit_is_conditional_on_its_sequence(subject: Subject) {
    let store = subject.store().as_ref();
    let mut lease = store.acquire(A).expect("acquires");
    let early = commit(Lease { sequence: 1, ..lease }, one(A, b"k", b"early"));
    let error = store.commit(early);
    assert!(matches!(error, Err(CommitError::HeadMoved { expected: 0, offered: 1 })), "{error:?}");
    let before = lease;
    write(store, &mut lease, one(A, b"k", b"first"));
    let error = store.commit(commit(before, one(A, b"k", b"again")));
    assert!(matches!(error, Err(CommitError::HeadMoved { expected: 1, offered: 0 })), "{error:?}");
    assert_eq!(get(store, Table::Bodies, &key(A, b"k")).as_deref(), Some(&b"first"[..]));
    write(store, &mut lease, one(A, b"k", b"second"));
    assert_eq!(store.acquire(A).expect("acquires").sequence, 2);
}

/// While an older writer hammers, a newer one takes over: what it sees then never changes behind its back.
fn a_commit_on_its_way_lands_before_acquire_returns_or_never(subject: Subject) {
    let store = subject.store();
    for _ in 0..20 {
        let old = store.acquire(A).expect("acquires");
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut lease, began) = (old, Instant::now());
                while !stop.load(Ordering::SeqCst) && began.elapsed() < Duration::from_secs(3) {
                    match store.commit(commit(lease, one(A, b"k", &lease.sequence.to_be_bytes()))) {
                        Ok(()) => lease.sequence += 1,
                        Err(CommitError::Fenced) => break,
                        Err(error) => panic!("{error}"),
                    }
                }
            });
            while get(store.as_ref(), Table::Bodies, &key(A, b"k")).is_none() {
                std::thread::yield_now();
            }
            let mut new = store.acquire(A).expect("acquires");
            let seen = get(store.as_ref(), Table::Bodies, &key(A, b"k")).expect("is there");
            assert_eq!(seen, (new.sequence - 1).to_be_bytes());
            write(store.as_ref(), &mut new, one(A, b"k", b"newer"));
            for _ in 0..50 {
                std::thread::yield_now();
                assert_eq!(get(store.as_ref(), Table::Bodies, &key(A, b"k")).as_deref(), Some(&b"newer"[..]));
            }
            stop.store(true, Ordering::SeqCst);
            write(store.as_ref(), &mut new, puts(&[]));
            let mut gone = WriteSet::default();
            gone.delete(Table::Bodies, key(A, b"k"));
            write(store.as_ref(), &mut new, gone);
        });
    }
}

fn a_commit_is_all_or_nothing_over_all_tables(subject: Subject) {
    let store = subject.store().as_ref();
    let mut lease = store.acquire(A).expect("acquires");
    let everywhere = |value: &'static [u8]| puts(&Table::ALL.map(|table| (table, key(A, b"row"), value)));
    write(store, &mut lease, everywhere(b"one"));
    assert!(store.commit(commit(Lease { sequence: 9, ..lease }, everywhere(b"refused"))).is_err());
    for table in Table::ALL {
        assert_eq!(get(store, table, &key(A, b"row")).as_deref(), Some(&b"one"[..]), "{table:?}");
    }
    let mut writes = everywhere(b"two");
    Table::ALL.into_iter().for_each(|table| writes.delete(table, key(A, b"row")));
    writes.put(Table::Tiles, key(A, b"row"), b"three");
    writes.put(Table::Tiles, key(A, b"row"), b"four");
    writes.put(Table::Parts, key(A, b"empty"), []);
    write(store, &mut lease, writes);
    for table in Table::ALL {
        let expected = (table == Table::Tiles).then(|| b"four".to_vec());
        assert_eq!(get(store, table, &key(A, b"row")), expected, "the last write to a row stands: {table:?}");
    }
    assert_eq!(get(store, Table::Parts, &key(A, b"empty")), Some(Vec::new()), "an empty row is a row");
}

/// Small, plain and repeatable; the tests need variety, not quality.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn a_snapshot_is_the_state_after_exactly_n_commits_for_ever(mut subject: Subject) {
    let mut dice = Dice(7);
    let mut model: Vec<State> = vec![BTreeMap::new()];
    {
        let store = subject.store().as_ref();
        let mut lease = store.acquire(A).expect("acquires");
        let mut held = vec![(0, store.snapshot().expect("reads"))];
        for n in 1..=120u64 {
            let mut state = model.last().expect("begins with nothing").clone();
            let mut writes = WriteSet::default();
            for _ in 0..dice.roll(12) {
                let table = [Table::Headers, Table::Parts, Table::Lookups][dice.roll(3) as usize];
                let row = key(A, &dice.roll(24).to_be_bytes()[6..]);
                if dice.roll(4) == 0 {
                    writes.delete(table, row.clone());
                    state.remove(&(table, row));
                } else {
                    let value = n.to_be_bytes().repeat(1 + dice.roll(40) as usize);
                    writes.put(table, row.clone(), value.clone());
                    state.insert((table, row), value);
                }
            }
            write(store, &mut lease, writes);
            model.push(state);
            if dice.roll(9) == 0 {
                held.push((n, store.snapshot().expect("reads")));
            }
        }
        held.push((120, store.snapshot().expect("reads")));
        for (n, snapshot) in &held {
            assert_eq!(state_of(snapshot.as_ref()), model[*n as usize], "after {n} commits");
        }
    }
    subject.reopen();
    let snapshot = subject.store().snapshot().expect("reads");
    assert_eq!(state_of(snapshot.as_ref()), model[120], "after reopening");
}

fn state_of(snapshot: &dyn Snapshot) -> State {
    let tables = Table::ALL.into_iter().filter(|table| *table != Table::Meta);
    tables
        .flat_map(|table| all(snapshot, table, A).into_iter().map(move |(key, value)| ((table, key), value)))
        .collect()
}

/// Readers beside a writer: each sees one commit's number in every table.
fn a_reader_never_sees_half_a_commit(subject: Subject) {
    let store = subject.store();
    let done = AtomicBool::new(false);
    let seen = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut lease = store.acquire(A).expect("acquires");
            for n in 1..=150u64 {
                let value = n.to_be_bytes();
                write(store.as_ref(), &mut lease, puts(&Table::ALL.map(|table| (table, key(A, b"n"), &value[..]))));
            }
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) || seen.load(Ordering::SeqCst) == 0 {
            let snapshot = store.snapshot().expect("reads");
            let of = |table| snapshot.get(table, &key(A, b"n")).expect("reads");
            let first = of(Table::Meta);
            std::thread::yield_now();
            for table in Table::ALL {
                assert_eq!(of(table), first, "{table:?}");
            }
            seen.fetch_add(u64::from(first.is_some()), Ordering::SeqCst);
        }
    });
}

fn scans_are_ordered_bounded_and_paged(mut subject: Subject) {
    let mut lease = subject.store().acquire(A).expect("acquires");
    let mut rests: Vec<Vec<u8>> =
        vec![vec![], vec![0], vec![0, 0], vec![1], vec![1, 0xff], vec![2], vec![0xff], vec![0xff; 9]];
    rests.extend((0..500u16).map(|n| [&[7u8][..], &n.to_be_bytes()].concat()));
    let mut dice = Dice(3);
    let mut shuffled = rests.clone();
    for i in (1..shuffled.len()).rev() {
        shuffled.swap(i, dice.roll(i as u64 + 1) as usize);
    }
    for chunk in shuffled.chunks(97) {
        let rows: Vec<_> = chunk.iter().map(|rest| (Table::Parts, key(A, rest), &rest[..])).collect();
        write(subject.store().as_ref(), &mut lease, puts(&rows));
    }
    rests.sort();
    let mut neighbours = WriteSet::default();
    neighbours.put(Table::Parts, key(LedgerNumber(0), &[0xff; 20]), b"before");
    neighbours.put(Table::Parts, key(B, &[]), b"after");
    neighbours.put(Table::Bodies, key(A, &[1]), b"another table");
    write(subject.store().as_ref(), &mut lease, neighbours);
    for _ in 0..2 {
        let snapshot = subject.store().snapshot().expect("reads");
        let scan = |from: &[u8], until: &[u8], limit| snapshot.scan(Table::Parts, from, until, limit).expect("reads");
        let (from, until) = (key(A, &[]), key(B, &[]));
        let rows = scan(&from, &until, usize::MAX);
        assert_eq!(rows.iter().map(|(row, _)| row[4..].to_vec()).collect::<Vec<_>>(), rests);
        assert!(rows.iter().all(|(row, value)| row[4..] == value[..]));
        for page in [1, 7, 256, 508, 509] {
            let (mut start, mut paged) = (from.clone(), Vec::new());
            loop {
                let rows = scan(&start, &until, page);
                assert!(rows.len() <= page);
                let Some((last, _)) = rows.last() else { break };
                start = [&last[..], &[0]].concat();
                paged.extend(rows);
            }
            assert_eq!(paged, rows, "pages of {page}");
        }
        assert_eq!(scan(&from, &until, 0), []);
        let visited = |from: &[u8], until: &[u8]| {
            let mut seen = Vec::new();
            let see = &mut |key: &[u8], value: &[u8]| seen.push((key.to_vec(), value.to_vec()));
            snapshot.visit(Table::Parts, from, until, see).expect("reads");
            seen
        };
        assert_eq!(visited(&from, &until), rows);
        assert_eq!(visited(&until, &from), []);
        assert_eq!(visited(&from, &from), []);
        assert_eq!(scan(&until, &from, 9), [], "a range that ends before it begins");
        assert_eq!(scan(&from, &from, 9), []);
        let some = scan(&key(A, &[1]), &key(A, &[2]), 9);
        assert_eq!(some.iter().map(|(row, _)| row[4..].to_vec()).collect::<Vec<_>>(), [vec![1], vec![1, 0xff]]);
        drop(snapshot);
        subject.reopen();
    }
}

fn the_last_at_or_before_is_found_between_its_bounds(subject: Subject) {
    let store = subject.store().as_ref();
    let mut lease = store.acquire(A).expect("acquires");
    let rows: Vec<_> = [3u8, 5, 9].iter().map(|n| (Table::Headers, key(A, &[*n]), &b"row"[..])).collect();
    write(store, &mut lease, puts(&rows));
    let mut other = store.acquire(B).expect("acquires");
    write(store, &mut other, puts(&[(Table::Headers, key(B, &[4]), b"b")]));
    let snapshot = store.snapshot().expect("reads");
    let last = |floor: &[u8], at: &[u8]| {
        let row = snapshot.last_at_or_before(Table::Headers, floor, at).expect("reads");
        row.map(|(row, _)| row[4])
    };
    for (floor, at, expected) in [
        (0u8, 2u8, None),
        (0, 3, Some(3)),
        (0, 4, Some(3)),
        (3, 8, Some(5)),
        (3, 3, Some(3)),
        (5, 8, Some(5)),
        (6, 8, None),
        (0, 0xff, Some(9)),
        (9, 5, None),
    ] {
        assert_eq!(last(&key(A, &[floor]), &key(A, &[at])), expected, "{floor} to {at}");
    }
    assert_eq!(last(&key(B, &[]), &key(B, &[3])), None, "not the row of the ledger before");
    assert_eq!(snapshot.last_at_or_before(Table::Tiles, &key(A, &[]), &key(A, &[9])).expect("reads"), None);
}

fn many_rows_are_got_in_the_order_of_their_keys(subject: Subject) {
    let store = subject.store().as_ref();
    let mut lease = store.acquire(A).expect("acquires");
    let rows: Vec<_> = (0..50u8).map(|n| (Table::Requests, key(A, &[n]), &b"row"[..])).collect();
    write(store, &mut lease, puts(&rows));
    let snapshot = store.snapshot().expect("reads");
    let keys: Vec<_> = [49u8, 3, 200, 3, 0].iter().map(|n| key(A, &[*n])).collect();
    let found = snapshot.get_many(Table::Requests, &keys).expect("reads");
    let found: Vec<_> = found.iter().map(Option::is_some).collect();
    assert_eq!(found, [true, true, false, true, true]);
    assert_eq!(snapshot.get_many(Table::Requests, &[]).expect("reads"), Vec::<Option<Vec<u8>>>::new());
}

fn a_commit_is_resolved_by_its_id(mut subject: Subject) {
    let mut lease = subject.store().acquire(A).expect("acquires");
    let mut last = [0; 16];
    for n in 0..70u64 {
        last = write(subject.store().as_ref(), &mut lease, one(A, b"k", &n.to_be_bytes()));
    }
    let refused = commit(Lease { sequence: 99, ..lease }, one(A, b"k", b"refused"));
    let refused_id = refused.id;
    assert!(subject.store().commit(refused).is_err());
    for _ in 0..2 {
        let store = subject.store();
        store.acquire(A).expect("acquires");
        assert!(store.resolve(A, &last).expect("reads"));
        assert!(!store.resolve(A, &refused_id).expect("reads"));
        assert!(!store.resolve(A, &[0xee; 16]).expect("reads"));
        assert!(!store.resolve(B, &last).expect("reads"), "another ledger's commits are not this one's");
        subject.reopen();
    }
}

fn derived_rows_are_cleared_for_one_ledger_alone(subject: Subject) {
    let store = subject.store().as_ref();
    let (first, last) = (LedgerNumber(0), LedgerNumber(u32::MAX));
    let mut lease = store.acquire(A).expect("acquires");
    write(store, &mut lease, one(A, b"kept", b"v"));
    for ledger in [first, A, B, last] {
        let mut writes = WriteSet::default();
        writes.put(Table::Projections, key(ledger, &[]), b"derived");
        writes.put(Table::Projections, key(ledger, &[0xff; 40]), b"derived");
        store.apply_derived(writes).expect("applies");
    }
    let there = |ledger| {
        let rows = [key(ledger, &[]), key(ledger, &[0xff; 40])];
        rows.iter().filter(|row| get(store, Table::Projections, row).is_some()).count()
    };
    let before = store.snapshot().expect("reads");
    store.clear_derived(A).expect("clears");
    assert_eq!([first, A, B, last].map(there), [2, 0, 2, 2]);
    store.clear_derived(last).expect("clears");
    assert_eq!([first, A, B, last].map(there), [2, 0, 2, 0]);
    assert!(get(store, Table::Bodies, &key(A, b"kept")).is_some(), "what is committed is not derived");
    assert!(before.get(Table::Projections, &key(A, &[])).expect("reads").is_some());
    let mut writes = WriteSet::default();
    writes.put(Table::Projections, key(A, &[]), b"again");
    store.apply_derived(writes).expect("applies");
    assert_eq!(there(A), 1);
    assert_eq!(store.acquire(A).expect("acquires").sequence, 1, "derived rows are no commits");
}

fn two_ledgers_do_not_disturb_each_other(mut subject: Subject) {
    {
        let store = subject.store();
        std::thread::scope(|scope| {
            for ledger in [A, B] {
                scope.spawn(move || {
                    let mut lease = store.acquire(ledger).expect("acquires");
                    for n in 0..60u64 {
                        write(store.as_ref(), &mut lease, one(ledger, &n.to_be_bytes(), &n.to_be_bytes()));
                    }
                });
            }
        });
        let b = store.acquire(B).expect("acquires");
        let a = store.acquire(A).expect("acquires");
        store.acquire(A).expect("acquires");
        assert_eq!((a.sequence, b.sequence), (60, 60));
        store.commit(commit(b, one(B, b"more", b"v"))).expect("another ledger's acquire ends nobody here");
    }
    subject.reopen();
    let store = subject.store();
    let snapshot = store.snapshot().expect("reads");
    assert_eq!(
        (all(snapshot.as_ref(), Table::Bodies, A).len(), all(snapshot.as_ref(), Table::Bodies, B).len()),
        (60, 61)
    );
    assert_eq!(store.acquire(B).expect("acquires").sequence, 61);
}

/// Runs the whole suite for one adapter.
macro_rules! contract {
    ($adapter:ident) => {
        contract! { $adapter:
            acquire_raises_the_epoch_durably_and_ends_older_writers
            nobody_writes_without_a_lease
            a_commit_is_conditional_on_its_sequence
            a_commit_on_its_way_lands_before_acquire_returns_or_never
            a_commit_is_all_or_nothing_over_all_tables
            a_snapshot_is_the_state_after_exactly_n_commits_for_ever
            a_reader_never_sees_half_a_commit
            scans_are_ordered_bounded_and_paged
            the_last_at_or_before_is_found_between_its_bounds
            many_rows_are_got_in_the_order_of_their_keys
            a_commit_is_resolved_by_its_id
            derived_rows_are_cleared_for_one_ledger_alone
            two_ledgers_do_not_disturb_each_other
        }
    };
    ($adapter:ident: $($promise:ident)*) => {
        mod $adapter {
            $(#[test] fn $promise() { super::$promise(super::Subject::$adapter()) })*
        }
    };
}

contract!(memory);
contract!(faulty);
contract!(rocks);

#[test]
fn tables_are_counted_in_their_order() {
    assert!(Table::ALL.iter().enumerate().all(|(i, table)| *table as usize == i));
}
