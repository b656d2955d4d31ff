//! Rows that somebody changed who can write to the database: whatever is left out of a report then, no report is made of it.

use super::*;
use rocksdb::{ColumnFamilyDescriptor, DB, IteratorMode, Options};

/// Somebody else opens the database of a server that does not run.
fn with_rows(server: &TestServer, table: &str, change: impl Fn(&DB, &rocksdb::ColumnFamily)) {
    let (path, options) = (server.database(), Options::default());
    let families = DB::list_cf(&options, &path).expect("a database");
    let families = families.into_iter().map(|name| ColumnFamilyDescriptor::new(name, Options::default()));
    let database = DB::open_cf_descriptors(&options, &path, families).expect("it opens");
    change(&database, database.cf_handle(table).expect("a table"));
    database.flush_wal(true).expect("written");
}

fn rows(database: &DB, table: &rocksdb::ColumnFamily) -> Vec<(Vec<u8>, Vec<u8>)> {
    let rows = database.iterator_cf(table, IteratorMode::Start).map(|row| row.expect("a row"));
    rows.map(|(key, value)| (key.into_vec(), value.into_vec())).collect()
}

/// Two customers, of whom one was read twice by the same agent, once from a table of another name.
async fn story(client: &Client) -> u64 {
    client.register(v1::RegistryKind::Dataset, &["crm", "wiki"]).await;
    let read =
        |dataset: &str, customer: &str| v1::Action { dataset: dataset.into(), ..common::records::about(customer) };
    client.append(read("wiki", "C-2")).await.expect("recorded");
    client.append(read("crm", "C-1")).await.expect("recorded");
    client.append(read("crm", "C-1")).await.expect("recorded").index
}

fn refused(server: &TestServer, words: &[&str], told: &str) {
    let said = common::run(&mut server.client_command(words), 1);
    assert!(said.err.contains(told), "{words:?} is answered with {:?} {:?}", said.out, said.err);
}

const ACCESS: [&str; 4] = ["report", "access", "--subject", "customer=C-1"];
const EXPOSURE: [&str; 4] = ["report", "exposure", "--resource", "crm"];

/// The row that says whose key opens a part goes, and nothing else: nobody was erased, so it is not told as gone.
#[tokio::test]
async fn a_part_that_opens_for_nobody_any_more_though_no_erasure_took_it_is_no_erased_one() {
    let (mut server, client) = server().await;
    let last = story(&client).await;
    server.stop();
    let of_last = |key: &[u8]| key[4..12] == last.to_be_bytes();
    with_rows(&server, "readers", |database, table| {
        let theirs: Vec<_> = rows(database, table).into_iter().filter(|(key, _)| of_last(key)).collect();
        assert!(!theirs.is_empty(), "no row was hit");
        theirs.iter().for_each(|(key, _)| database.delete_cf(table, key).expect("deleted"));
    });
    server.start();
    let told = format!("entry {last} has a part that no erasure removed");
    refused(&server, &ACCESS, &told);
    refused(&server, &EXPOSURE, &told);
}

/// An entry is found by what its body says: one whose body says another resource would be missing from the report on this one.
#[tokio::test]
async fn an_entry_whose_body_was_altered_is_missing_from_no_report() {
    let (mut server, client) = server().await;
    let last = story(&client).await;
    server.stop();
    with_rows(&server, "bodies", |database, table| {
        let mut rows = rows(database, table);
        let holds = |(_, value): &(Vec<u8>, Vec<u8>)| value.windows(3).any(|bytes| bytes == b"crm");
        let (key, value) = rows.iter_mut().rfind(|row| holds(row)).expect("a body that names it");
        let at = value.windows(3).rposition(|bytes| bytes == b"crm").expect("it is there");
        value[at] ^= 1;
        database.put_cf(table, key, value).expect("written");
    });
    server.start();
    let told = format!("entry {last} has a body that is not the one it commits to");
    refused(&server, &ACCESS, &told);
    refused(&server, &EXPOSURE, &told);
    refused(&server, &["breach", "list"], &told);
}

/// The row that leads from an identifier to a person goes: somebody known is told of as nobody.
#[tokio::test]
async fn whom_no_row_leads_to_any_more_is_no_stranger() {
    const STRONG_ROW: u8 = 1;
    let (mut server, client) = server().await;
    story(&client).await;
    let made = |server: &TestServer, words: &[&str]| {
        common::run(server.client_command(words).arg("--out").arg(&server.place), 0);
    };
    let stranger = ["report", "access", "--subject", "customer=C-3"];
    made(&server, &ACCESS);
    server.stop();
    with_rows(&server, "lookups", |database, table| {
        let theirs: Vec<_> = rows(database, table).into_iter().filter(|(key, _)| key[4] == STRONG_ROW).collect();
        assert!(!theirs.is_empty(), "no row was hit");
        theirs.iter().for_each(|(key, _)| database.delete_cf(table, key).expect("deleted"));
    });
    server.start();
    let told = "what says whose this identifier is, was removed or altered";
    refused(&server, &ACCESS, told);
    made(&server, &stranger);
    // Somebody new under the same identifier is not all there is of them.
    server.client().await.append(common::records::about("C-1")).await.expect("recorded");
    refused(&server, &ACCESS, told);
}

/// The same with what else the vault keeps of them.
#[tokio::test]
async fn of_whom_it_is_gone_who_they_are_no_stranger_is_told() {
    let (mut server, client) = server().await;
    story(&client).await;
    server.stop();
    with_rows(&server, "lookups", |database, table| {
        let theirs = rows(database, table).into_iter().filter(|(key, _)| [1, 2].contains(&key[4]));
        theirs.for_each(|(key, _)| database.delete_cf(table, &key).expect("deleted"));
    });
    server.start();
    refused(&server, &ACCESS, "vault row is torn: person");
}

/// What a person stated in a case opens for nobody any more: what was stated before must not stand in its place.
#[tokio::test]
async fn a_step_of_a_breach_that_opens_for_nobody_any_more_is_not_left_out() {
    let (mut server, client) = server().await;
    story(&client).await;
    let breach = |words: &[&str]| common::run(server.client_command(&["breach"]).args(words), 0).out;
    let opened = breach(&["open", "--resource", "crm"]);
    let case = opened.split_whitespace().skip_while(|word| *word != "case").nth(1).expect("an id").to_owned();
    for level in ["a", "c"] {
        breach(&["answer", &case, "--set", &format!("87={level}"), "--by", "staff=dana"]);
    }
    let last = client.head().await.tree_size - 1;
    server.stop();
    with_rows(&server, "readers", |database, table| {
        let theirs = rows(database, table).into_iter().filter(|(key, _)| key[4..12] == last.to_be_bytes());
        theirs.for_each(|(key, _)| database.delete_cf(table, &key).expect("deleted"));
    });
    server.start();
    let told = format!("entry {last} has a part that no erasure removed");
    for words in [&["report", "breach", &case][..], &["report", "persons", &case], &["breach", "list"]] {
        refused(&server, words, &told);
    }
}
