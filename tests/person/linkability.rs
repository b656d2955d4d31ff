//! After an erasure nobody can tell whether two entries were about one erased person or about two: ledgers that differ in
//! nothing else come out alike in everything that can be counted, in the database, in exports and in receipts.
//!
//! Both have as many erased persons and entries about them, because the size of a batch is told in the open: in one the
//! first two entries are about the same person and the third about another, in the other the last two.

use super::*;
use common::judge;
use std::collections::BTreeMap;
use std::path::Path;

/// One entry each. What does not begin with E stays.
const LEFT: [&str; 8] = ["S1", "E1", "E1", "S2", "E2", "S1", "E3", "E3"];
const RIGHT: [&str; 8] = ["S1", "E1", "E2", "S2", "E2", "S1", "E3", "E3"];

/// How many there are of what looks alike.
type Counts = BTreeMap<String, u64>;

fn count(counts: &mut Counts, what: String) {
    *counts.entry(what).or_default() += 1;
}

/// All that an observer without keys can count.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// By table, kind of row, and lengths of key and value.
    rows: Counts,
    /// Lengths of the rows of one table in the order of their keys, where that is the order of entries.
    order: Vec<(String, usize, usize)>,
    /// Length of each file of an export with its content.
    export: BTreeMap<String, u64>,
    /// Length of each receipt, and of the body in it.
    receipts: Vec<(usize, usize)>,
    /// Which places the erasure covers: all that were of erased persons, in the order of the ledger.
    covered: Vec<u64>,
    /// By table and level: files, rows in them and deletions, once the tables have been rewritten.
    files: BTreeMap<(String, i32), (u64, u64, u64)>,
}

/// A ledger with these entries, in which whoever begins with E was erased. Names are random and of one length.
/// Also answers what each write of its log held.
async fn ledger(entries: &[&str]) -> (Seen, Vec<Counts>) {
    let (mut server, client) = server().await;
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for who in entries {
        names.entry(who).or_insert_with(|| uuid::Uuid::new_v4().to_string());
    }
    let mut receipts = Vec::new();
    let mut keep = |receipt: v1::Receipt| receipts.push((receipt.tlog_proof.len(), receipt.body.len()));
    for who in entries {
        let mut action = telling(&names[who], &uuid::Uuid::new_v4().to_string(), &[]);
        // Each says the same of its person; who else is in it stays.
        action.subjects[0].identities = vec![strong("customer", &names[who]), strong("email", &names[who])];
        action.actors = vec![agent(AGENT)];
        keep(client.append(action).await.expect("recorded"));
    }
    for who in names.keys().filter(|who| who.starts_with('E')) {
        erase(&client, strong("customer", &names[who])).await.expect("recorded");
    }
    let done = run(&client).await;
    keep(client.append(common::records::plain()).await.expect("recorded"));
    let export = tempfile::tempdir().expect("a directory");
    judge::export(&client, true, export.path()).await;
    server.stop();
    let mut files = Vec::new();
    super::canary::files(export.path(), &mut files);
    let length = |path: &std::path::PathBuf| {
        let name = path.strip_prefix(export.path()).expect("below it").display().to_string();
        (name, std::fs::metadata(path).expect("is there").len())
    };
    let covered = std::fs::read(export.path().join(format!("erasures/{}", done.index))).expect("is told");
    let (rows, order) = rows(&server.database());
    let covered = covered.chunks(12).map(|place| u64::from_be_bytes(place[..8].try_into().expect("eight"))).collect();
    let export = files.iter().map(length).collect();
    let log = logged(&server.database());
    let files = rewritten(&server.database());
    (Seen { rows, order, export, receipts, covered, files }, log)
}

fn rows(database: &Path) -> (Counts, Vec<(String, usize, usize)>) {
    let options = rocksdb::Options::default();
    let families = rocksdb::DB::list_cf(&options, database).expect("families");
    let db = rocksdb::DB::open_cf_for_read_only(&options, database, &families, false).expect("the database opens");
    let (mut rows, mut order) = (Counts::new(), Vec::new());
    for family in &families {
        for row in db.iterator_cf(&db.cf_handle(family).expect("it was listed"), rocksdb::IteratorMode::Start) {
            let (key, value) = row.expect("a row");
            // Behind the ledger's number: what kind of lookup it is.
            let kind = if family == "lookups" { key.get(4).copied().unwrap_or_default() } else { 0 };
            // How many commits there were is a matter of which appends met.
            if family != "meta" {
                count(&mut rows, format!("{family} {kind} {} {}", key.len(), value.len()));
            }
            if ["headers", "bodies", "parts", "readers", "requests"].contains(&family.as_str()) {
                order.push((family.clone(), key.len(), value.len()));
            }
        }
    }
    (rows, order)
}

/// What RocksDB's own housekeeping leaves of the files: on each level, files, rows and deletions.
fn rewritten(database: &Path) -> BTreeMap<(String, i32), (u64, u64, u64)> {
    let options = rocksdb::Options::default();
    let families = rocksdb::DB::list_cf(&options, database).expect("families");
    let mut plain = rocksdb::Options::default();
    plain.set_compression_type(rocksdb::DBCompressionType::None);
    let with = families.iter().map(|family| (family, plain.clone()));
    let db = rocksdb::DB::open_cf_with_opts(&options, database, with).expect("the database opens");
    let mut how = rocksdb::CompactOptions::default();
    how.set_bottommost_level_compaction(rocksdb::BottommostLevelCompaction::Force);
    for family in &families {
        db.compact_range_cf_opt(&db.cf_handle(family).expect("it was listed"), None::<&[u8]>, None::<&[u8]>, &how);
    }
    // In a table that was rewritten a row does not say any more with how many others it was written: behind its key stands
    // what it is (1, a value) and no number of its write. Here they are not compressed, and a file begins with a whole key.
    for file in db.live_files().expect("a list").iter().filter(|file| file.column_family_name == "headers") {
        let bytes = std::fs::read(database.join(file.name.trim_start_matches('/'))).expect("a table");
        let first = file.start_key.as_ref().expect("it has rows");
        let at = bytes.windows(first.len()).position(|window| window == first).expect("its first key");
        assert_eq!(bytes[at + first.len()..][..8], [1, 0, 0, 0, 0, 0, 0, 0], "the number of a write is left");
    }
    let mut levels: BTreeMap<(String, i32), (u64, u64, u64)> = BTreeMap::new();
    for file in db.live_files().expect("a list") {
        let level = levels.entry((file.column_family_name, file.level)).or_default();
        *level = (level.0 + 1, level.1 + file.num_entries, level.2 + file.num_deletions);
    }
    levels
}

#[tokio::test]
async fn entries_of_one_erased_person_look_like_entries_of_two() {
    let ((left, left_log), (right, right_log)) = (ledger(&LEFT).await, ledger(&RIGHT).await);
    assert_eq!(left.rows, right.rows);
    assert_eq!(left.order, right.order);
    assert_eq!(left.export, right.export);
    assert_eq!(left.receipts, right.receipts);
    assert_eq!(left.covered, right.covered);
    assert!(left.covered.is_sorted(), "in the order of the ledger, and of nothing else");
    assert_eq!(left.files, right.files);
    assert!(left.files.values().all(|(_, _, deletions)| *deletions == 0), "{:?}", left.files);
    // What may differ does: the batch tells how many were erased, so what is looked at is not blind.
    let (fewer, _) = ledger(&LEFT.map(|who| if who == "E3" { "E2" } else { who })).await;
    assert_ne!(left.rows, fewer.rows);
    // The log of before the batch is gone: a write that made somebody new was longer than one that did not.
    assert_eq!(together(left_log), together(right_log));
}

/// What all writes of a log held; which of them met in one, and the rows that count commits, are a matter of timing.
fn together(log: Vec<Counts>) -> Counts {
    let mut all = Counts::new();
    for (what, times) in log.into_iter().flatten().filter(|(what, _)| !what.starts_with("put 1 ")) {
        *all.entry(what).or_default() += times;
    }
    all
}

/// Operations of one write, by table and lengths.
#[derive(Default)]
struct Written(Counts);

impl rocksdb::WriteBatchIteratorCf for Written {
    fn put_cf(&mut self, table: u32, key: &[u8], value: &[u8]) {
        count(&mut self.0, format!("put {table} {} {}", key.len(), value.len()));
    }
    fn delete_cf(&mut self, table: u32, key: &[u8]) {
        count(&mut self.0, format!("delete {table} {}", key.len()));
    }
    fn merge_cf(&mut self, table: u32, key: &[u8], value: &[u8]) {
        count(&mut self.0, format!("merge {table} {} {}", key.len(), value.len()));
    }
}

/// The writes in the write-ahead log, oldest first. Its records stand in blocks of 32 KiB: checksum u32 ‖ length u16 ‖ kind
/// u8 (1 whole, 2 first, 3 middle, 4 last) ‖ bytes.
fn logged(database: &Path) -> Vec<Counts> {
    let mut logs: Vec<_> =
        std::fs::read_dir(database).expect("a directory").flatten().map(|entry| entry.path()).collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    logs.sort();
    let mut writes = Vec::new();
    for log in logs {
        let mut record = Vec::new();
        for block in std::fs::read(log).expect("a file").chunks(32 << 10) {
            let mut rest = block;
            while let [_, _, _, _, low, high, kind @ 1..=4, behind @ ..] = rest {
                let (bytes, next) = behind.split_at(u16::from_le_bytes([*low, *high]).into());
                record.extend_from_slice(bytes);
                rest = next;
                if matches!(kind, 1 | 4) {
                    let mut written = Written::default();
                    rocksdb::WriteBatch::from_data(&std::mem::take(&mut record)).iterate_cf(&mut written);
                    writes.push(written.0);
                }
            }
        }
    }
    writes
}
