//! What the engine does when files are damaged, the disk is full or somebody else is there already.

use super::*;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const LEDGER: LedgerNumber = LedgerNumber(1);

fn key(n: u64) -> Vec<u8> {
    [&LEDGER.0.to_be_bytes()[..], &n.to_be_bytes()].concat()
}

/// Does not compress, and tells its number.
fn value(n: u64, bytes: usize) -> Vec<u8> {
    let mut state = n;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    });
    n.to_be_bytes().into_iter().chain(noise).take(bytes).collect()
}

/// Commit n writes row n, of as many bytes, into two tables.
fn commit(store: &RocksStore, lease: &mut Lease, bytes: usize) -> Result<(), CommitError> {
    let n = lease.sequence;
    let mut writes = WriteSet::default();
    for table in [Table::Headers, Table::Parts] {
        writes.put(table, key(n), value(n, bytes));
    }
    let id = (u128::from(n) + 1).to_be_bytes();
    store.commit(Commit { ledger: LEDGER, epoch: lease.epoch, sequence: n, id, writes })?;
    lease.sequence += 1;
    Ok(())
}

/// How many commits the store holds: all of the first ones, whole, and nothing else.
fn whole_commits(store: &RocksStore, bytes: usize) -> Result<u64, StoreError> {
    let snapshot = store.snapshot()?;
    let held = store.meta_u64(&meta_key(LEDGER, b"sequence"))?;
    for table in [Table::Headers, Table::Parts] {
        let rows = snapshot.scan(table, &key(0), &key(u64::MAX), usize::MAX)?;
        let expected: Vec<_> = (0..held).map(|n| (key(n), value(n, bytes))).collect();
        assert!(rows == expected, "{table:?}: {} rows, {held} commits", rows.len());
    }
    Ok(held)
}

fn filled(commits: u64, bytes: usize) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("db");
    let store = RocksStore::open(&path).expect("opens");
    let mut lease = store.acquire(LEDGER).expect("acquires");
    (0..commits).for_each(|_| commit(&store, &mut lease, bytes).expect("commits"));
    (directory, path)
}

/// The largest file with this ending.
fn largest(path: &Path, ending: &str) -> PathBuf {
    let files = fs::read_dir(path).expect("a directory").flatten().map(|file| file.path());
    let files = files.filter(|file| file.extension().is_some_and(|it| it == ending));
    files.max_by_key(|file| fs::metadata(file).expect("is there").len()).expect("there is one")
}

/// A copy without the ballast, so that a trial leaves the original as it was.
fn copy(path: &Path) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let to = directory.path().join("db");
    fs::create_dir(&to).expect("makes");
    for file in fs::read_dir(path).expect("a directory").flatten().filter(|file| file.file_name() != BALLAST_FILE) {
        fs::copy(file.path(), to.join(file.file_name())).expect("copies");
    }
    (directory, to)
}

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).expect("reads");
    bytes[at] ^= 0x20;
    fs::write(file, bytes).expect("writes");
}

#[test]
fn a_flipped_byte_in_a_table_file_is_told_and_never_a_short_answer() {
    let (_directory, path) = filled(60, 2_000);
    {
        let store = RocksStore::open(&path).expect("opens");
        Table::ALL.iter().for_each(|table| store.db.flush_cf(&store.family(*table)).expect("flushes"));
        assert_eq!(whole_commits(&store, 2_000).expect("reads"), 60);
        assert!(store.scan_all().expect("reads") > 120);
    }
    let size = fs::metadata(largest(&path, "sst")).expect("is there").len() as usize;
    let mut told = 0;
    for trial in 0..24 {
        let (_directory, path) = copy(&path);
        let file = largest(&path, "sst");
        flip(&file, size * trial / 24 + 17);
        let store = match RocksStore::open(&path) {
            Ok(store) => store,
            Err(error) => {
                assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
                told += 1;
                continue;
            }
        };
        let scanned = whole_commits(&store, 2_000);
        let all = store.scan_all();
        assert_eq!(scanned.is_err(), all.is_err(), "trial {trial}: {scanned:?} {all:?}");
        let snapshot = store.snapshot().expect("reads");
        for n in (0..60).step_by(7) {
            let many = snapshot.get_many(Table::Parts, &[key(n)]).map(|mut rows| rows.pop().flatten());
            let last = snapshot.last_at_or_before(Table::Parts, &key(0), &key(n)).map(|row| row.map(|(_, row)| row));
            for answer in [snapshot.get(Table::Parts, &key(n)), many, last] {
                match answer {
                    Ok(row) => assert_eq!(row, Some(value(n, 2_000)), "row {n}"),
                    Err(error) => assert!(matches!(error, StoreError::Corrupt(_)), "{error}"),
                }
            }
        }
        if let Err(error) = scanned {
            assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
            told += 1;
        }
    }
    assert!(told >= 20, "only {told} of 24: the rest of a file are filters and statistics");
}

/// What is lost is the end and only the end, however the log is cut.
#[test]
fn a_torn_tail_of_the_log_leaves_the_first_commits_whole() {
    let (_directory, path) = filled(30, 500);
    let size = fs::metadata(largest(&path, "log")).expect("is there").len();
    let mut held = Vec::new();
    for trial in 0..20 {
        let (_directory, path) = copy(&path);
        let log = fs::OpenOptions::new().write(true).open(largest(&path, "log")).expect("opens");
        log.set_len(size - size * trial / 20).expect("cuts");
        let store = RocksStore::open(&path).expect("opens");
        let commits = whole_commits(&store, 500).expect("reads");
        held.push(commits);
        let mut lease = store.acquire(LEDGER).expect("acquires");
        assert_eq!(lease.sequence, commits);
        commit(&store, &mut lease, 500).expect("goes on");
        assert_eq!(whole_commits(&store, 500).expect("reads"), commits + 1);
    }
    assert_eq!(held[0], 30);
    assert!(held.is_sorted_by(|a, b| a >= b) && held[19] < 3, "{held:?}");
}

/// Inside the log it is refused. In the last records it cannot be told from a torn tail, so that synced commits are
/// missing after an open that succeeds: that is why the ledger compares what it finds with its guard.
#[test]
fn a_flipped_byte_in_the_log_is_refused_or_leaves_the_first_commits_whole() {
    let (_directory, path) = filled(30, 500);
    let size = fs::metadata(largest(&path, "log")).expect("is there").len() as usize;
    let (mut refused, mut shortened) = (0, 0);
    for trial in 0..40 {
        let (_directory, path) = copy(&path);
        flip(&largest(&path, "log"), (size * trial / 40 + 3).min(size - 1));
        match RocksStore::open(&path) {
            Err(error) => {
                assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
                refused += 1;
            }
            Ok(store) => {
                let commits = whole_commits(&store, 500).expect("reads");
                assert!(commits < 30, "a flip at {} went unnoticed", size * trial / 40 + 3);
                shortened += 1;
            }
        }
    }
    assert!(refused >= 36, "refused {refused}, shortened {shortened}");
}

/// Not a test of its own: the other process of the next one.
#[test]
fn holds_the_database_for_another_test() {
    let Ok(path) = std::env::var("WHOSAW_TEST_HOLD") else { return };
    let _store = RocksStore::open(Path::new(&path)).expect("opens");
    println!("\nholding");
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn a_second_process_is_told_that_there_is_a_first() {
    let directory = tempfile::tempdir().expect("a directory");
    // A path in which the engine's own word for it stands.
    let path = directory.path().join("lock and block");
    let this = std::env::current_exe().expect("runs");
    let mut other = Command::new(this)
        .args(["--exact", "store::rocks::tests::holds_the_database_for_another_test", "--nocapture"])
        .env("WHOSAW_TEST_HOLD", &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(other.stdout.take().expect("is piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "holding"));
    let refused = |error: Option<StoreError>| error.expect("is refused").to_string();
    let told = "storage is unavailable: another process has the database open";
    assert_eq!(refused(RocksStore::open(&path).err()), told);
    other.stdin.take().expect("is piped").write_all(b"\n").expect("ends it");
    other.wait().expect("ends");
    let store = RocksStore::open(&path).expect("opens when the other is gone");
    assert_eq!(refused(RocksStore::open(&path).err()), told, "also inside one process");
    drop(store);
    // Damage is damage, whatever the path is called.
    fs::write(path.join("CURRENT"), b"MANIFEST-nonsense\n").expect("writes");
    assert_ne!(refused(RocksStore::open(&path).err()), told);
}

/// A file system of its own, as large as given; gone again with the value.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(mebibytes: u32) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        let size = format!("size={mebibytes}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path()).output();
        mount.is_ok_and(|output| output.status.success()).then(|| SmallDisk(directory))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[test]
fn on_a_full_disk_nothing_is_half_written_and_the_ballast_lets_it_open_again() {
    let Some(disk) = SmallDisk::mount(420) else {
        println!("skipped: a full disk (mounting a small file system needs root)");
        return;
    };
    let path = disk.0.path().join("db");
    let store = RocksStore::open(&path).expect("opens");
    assert_eq!(fs::metadata(path.join(BALLAST_FILE)).expect("is laid").len(), BALLAST);
    let mut lease = store.acquire(LEDGER).expect("acquires");
    let error = loop {
        if let Err(error) = commit(&store, &mut lease, 500_000) {
            break error;
        }
        assert!(lease.sequence < 1_000, "the disk does not fill");
    };
    assert!(matches!(&error, CommitError::Unknown(reason) if reason == "the disk is full"), "{error}");
    let again = commit(&store, &mut lease, 500_000);
    assert!(matches!(again, Err(CommitError::Fenced)), "nothing follows a write whose outcome is not known: {again:?}");
    assert_eq!(whole_commits(&store, 500_000).expect("what is there can still be read"), lease.sequence);
    drop(store);

    let store = RocksStore::open(&path).expect("opens in the room that the ballast gave up");
    let held = whole_commits(&store, 500_000).expect("reads");
    let unknown = (u128::from(lease.sequence) + 1).to_be_bytes();
    store.acquire(LEDGER).expect("acquires");
    let landed = store.resolve(LEDGER, &unknown).expect("reads");
    assert_eq!(held, lease.sequence + u64::from(landed));
}

#[test]
fn the_newest_backup_is_put_back_whole_or_not_at_all() {
    let (place, path) = filled(20, 4_000);
    let store = RocksStore::open(&path).expect("opens");
    let mut lease = store.acquire(LEDGER).expect("acquires");
    let to = place.path().join("backup");
    assert_eq!(store.backup(&to, 0).expect("backs up").number, 1);
    (20..30).for_each(|_| commit(&store, &mut lease, 4_000).expect("commits"));
    assert_eq!(store.backup(&to, 0).expect("backs up").number, 2);
    commit(&store, &mut lease, 4_000).expect("commits");
    let back = place.path().join("back");
    assert_eq!(backup::restore(&to, &back).expect("restores").number, 2);
    let restored = RocksStore::open_copy(&back).expect("opens");
    assert_eq!(whole_commits(&restored, 4_000).expect("reads"), 30);
    assert!(!back.join(BALLAST_FILE).exists());
    // The one before is not taken for it when the newest is damaged.
    let newest = fs::read_dir(to.join("private/2")).expect("reads").flatten().next().expect("a file").path();
    fs::remove_file(newest).expect("removes");
    let error = backup::restore(&to, &place.path().join("again")).expect_err("is damaged");
    assert!(matches!(&error, StoreError::Corrupt(what) if what.contains("backup 2")), "{error}");
    let nothing = backup::restore(&place.path().join("nothing"), &place.path().join("again"));
    assert!(matches!(nothing, Err(StoreError::Unavailable(_))), "{nothing:?}");
    assert!(!place.path().join("nothing").exists());
    // Stores that have no files of their own say so.
    let memory = crate::store::memory::MemoryStore::default();
    assert!(matches!(memory.backup(&to, 0), Err(StoreError::Unavailable(_))));
    let faulty = crate::store::faulty::FaultyStore::new(std::sync::Arc::new(memory));
    assert!(matches!(faulty.backup(&to, 0), Err(StoreError::Unavailable(_))));
}
