//! Guards, keys and databases that do not belong together.

use super::{Prepared, prepared};
use crate::common::*;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, symlink};
use std::path::Path;

/// What a case may take things from.
struct Others {
    /// Another ledger of the same name, with keys of its own.
    same_name: TestServer,
    other_name: TestServer,
}

type Break = fn(&Prepared, &Others);

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

fn key(prepared: &Prepared, name: &str) -> std::path::PathBuf {
    prepared.server.keys(1).join(name)
}

fn take(from: &TestServer, prepared: &Prepared, name: &str) {
    let to = key(prepared, name);
    fs::remove_file(&to).expect("it was there");
    fs::copy(from.keys(1).join(name), to).expect("a copy");
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).expect("a copy");
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    File::options().write(true).open(path).and_then(|file| file.write_all_at(bytes, at)).expect("it is overwritten");
}

const CASES: &[(&str, Break, &[&str])] = &[
    (
        "no guard",
        |p, _| fs::remove_file(p.server.guard(1)).expect("it was there"),
        &["guard", "is missing beside a ledger"],
    ),
    (
        "an older guard beside the newer database",
        |p, _| copy(&p.older.join("guard/ledger-1"), &p.server.guard(1)),
        &["guard", "from an earlier time"],
    ),
    (
        "an older database beside the newer guard",
        |p, _| replace_directory(&p.older.join("db"), &p.server.database()),
        &["rolled back"],
    ),
    (
        "the guard of a ledger of another name",
        |p, others| copy(&others.other_name.guard(1), &p.server.guard(1)),
        &["guard", "belongs to another ledger"],
    ),
    (
        "the guard of another ledger of the same name",
        |p, others| copy(&others.same_name.guard(1), &p.server.guard(1)),
        &["differs from the history that was signed"],
    ),
    (
        "a guard torn in both slots",
        |p, _| {
            overwrite(&p.server.guard(1), 60, b"torn");
            overwrite(&p.server.guard(1), 512 + 60, b"torn");
        },
        &["neither slot"],
    ),
    ("an empty guard", |p, _| fs::write(p.server.guard(1), b"").expect("written"), &["neither slot"]),
    (
        "no signing key",
        |p, _| fs::remove_file(key(p, "signing.key")).expect("it was there"),
        &["signing key", "signing.key"],
    ),
    ("another signing key", |p, others| take(&others.same_name, p, "signing.key"), &["signs as", "genesis names"]),
    (
        "a signing key that is none",
        |p, _| fs::write(key(p, "signing.key"), b"rubbish").expect("written"),
        &["is not a signing key"],
    ),
    ("a signing key that others may read", |p, _| mode(&key(p, "signing.key"), 0o644), &["mode 644", "make it 600"]),
    (
        "no key directory",
        |p, _| fs::remove_dir_all(p.server.keys(1)).expect("it was there"),
        &["key directory", "missing"],
    ),
    ("no root key", |p, _| fs::remove_file(key(p, "root-1.key")).expect("it was there"), &["root key of epoch 1"]),
    ("another root key", |p, others| take(&others.same_name, p, "root-1.key"), &["these keys are not this ledger's"]),
    (
        "a root key that is none",
        |p, _| fs::write(key(p, "root-1.key"), b"rubbish").expect("written"),
        &["is not a key"],
    ),
    ("a root key that others may read", |p, _| mode(&key(p, "root-1.key"), 0o640), &["mode 640", "make it 600"]),
    ("no lookup key", |p, _| fs::remove_file(key(p, "lookup.key")).expect("it was there"), &["lookup.key"]),
    ("another lookup key", |p, others| take(&others.same_name, p, "lookup.key"), &["do not belong together"]),
    ("a key directory that others may enter", |p, _| mode(&p.server.keys(1), 0o755), &["mode 755", "make it 700"]),
    (
        "the keys of another ledger of the same name",
        |p, others| replace_directory(&others.same_name.keys(1), &p.server.keys(1)),
        &["these keys are not this ledger's"],
    ),
    (
        "the database of another ledger of the same name",
        |p, others| replace_directory(&others.same_name.database(), &p.server.database()),
        &["these keys are not this ledger's"],
    ),
    (
        "the keys inside the database",
        |p, _| {
            let inside = p.server.database().join("keys");
            fs::rename(p.server.keys(1), &inside).expect("moved");
            symlink(&inside, p.server.keys(1)).expect("a link");
        },
        &["must not lie inside the database"],
    ),
    (
        "no database",
        |p, _| fs::remove_dir_all(p.server.database()).expect("it was there"),
        &["holds no ledger", "remembers one", "the database is gone"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_belong_together_is_not_served_and_says_why() {
    let mut prepared = prepared().await;
    let others = Others {
        same_name: Setup::default().init(),
        other_name: Setup::default().origins(&["ledger.example/other"]).init(),
    };
    for (name, broken, words) in CASES {
        prepared.restore();
        broken(&prepared, &others);
        prepared.refused(name, words);
    }
    prepared.restore();
    prepared.server.setup.env.push(("WHOSAW_MACHINE".into(), "another machine".into()));
    prepared.refused("the guard of another machine", &["guard", "written on another machine"]);
    prepared.server.setup.env.clear();
    prepared.restore();
    prepared.whole("as it was").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_may_leave_is_taken_up_without_help() {
    let mut prepared = prepared().await;
    // The slot that was written last is torn: the other one remembers the commit before.
    let guard = fs::read(prepared.pristine.join("guard/ledger-1")).expect("a guard");
    let sequence = |slot: usize| u64::from_be_bytes(guard[slot * 512 + 8..][..8].try_into().expect("8 bytes"));
    let newest = u64::from(sequence(1) > sequence(0));
    overwrite(&prepared.server.guard(1), newest * 512 + 60, b"torn");
    prepared.whole("the newest slot of the guard is torn").await;
    prepared.restore();
    overwrite(&prepared.server.guard(1), (1 - newest) * 512 + 60, b"torn");
    prepared.whole("the older slot of the guard is torn").await;
    // Keys do not change with every entry: an earlier copy of them is as good.
    prepared.restore();
    replace_directory(&prepared.older.join("keys"), &prepared.server.data().join("keys"));
    prepared.whole("keys from an earlier backup").await;
    // A log that was cut while it was written.
    prepared.restore();
    let log = newest_log(&prepared.server.database());
    let file = File::options().append(true).open(&log).expect("a log");
    std::io::Write::write_all(&mut &file, &[0x5a; 700]).expect("written");
    prepared.whole("half a record behind the log").await;
}

fn newest_log(database: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(database).expect("a directory").flatten().map(|file| file.path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "log")).max().expect("a log")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_everything_at_once() {
    let mut prepared = prepared().await;
    assert_eq!(prepared.check(), (Some(0), String::new()), "as it was stopped");
    fs::remove_file(prepared.server.guard(1)).expect("it was there");
    mode(&key(&prepared, "signing.key"), 0o644);
    mode(&key(&prepared, "root-1.key"), 0o604);
    let settings = prepared.server.place.join("settings.toml");
    fs::write(&settings, "lsten = \"127.0.0.1:1\"\nlog_format = \"xml\"\nwaiting_entries = 0\n").expect("written");
    prepared.server.setup.args = vec!["--config".into(), settings.display().to_string()];
    let (code, told) = prepared.check();
    assert_eq!(code, Some(2));
    for words in ["lsten", "log_format", "waiting_entries", "guard", "mode 644", "mode 604"] {
        assert!(told.lines().any(|line| line.contains(words)), "{words} is not in:\n{told}");
    }
    assert_eq!(told.lines().count(), 6, "one line each:\n{told}");
    // A check leaves nothing behind and harms nothing.
    prepared.server.setup.args.clear();
    prepared.restore();
    assert_eq!(prepared.check().0, Some(0));
    prepared.whole("after checks").await;
    let nowhere = tempfile::tempdir().expect("a directory");
    let data = nowhere.path().join("data");
    let said = run(whosaw().args(["serve", "--check", "--data"]).arg(&data), 2);
    assert!(said.err.contains("holds no ledger"), "{}", said.err);
    assert!(!data.exists(), "a check makes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_lost_is_not_made_again_under_its_name() {
    let mut prepared = prepared().await;
    fs::remove_dir_all(prepared.server.database()).expect("it was there");
    for origin in [ORIGIN, "ledger.example/another"] {
        let said = run(prepared.server.command("init").args(["--origin", origin]), 1);
        assert!(said.err.contains("rolled back") || said.err.contains("another ledger"), "{origin}: {}", said.err);
    }
    prepared.restore();
    let said = run(prepared.server.command("init").args(["--origin", ORIGIN]), 1);
    assert!(said.err.contains("is there already"), "{}", said.err);
    prepared.whole("after attempts to make it again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn making_a_ledger_can_be_interrupted_anywhere_and_begun_again() {
    for moment in (0..16).map(|step| std::time::Duration::from_millis(step * 20)) {
        let mut server = Setup::default().init();
        // A second ledger beside the first, so that both the first steps and the later ones are met.
        let mut command = server.command("init");
        let mut child = command.args(["--origin", "ledger.example/second"]).spawn().expect("it runs");
        std::thread::sleep(moment);
        child.kill().expect("killed");
        child.wait().expect("waited for");
        let said =
            Said::of(server.command("init").args(["--origin", "ledger.example/second"]).output().expect("it runs"));
        let there = said.err.contains("is there already");
        assert!(said.code == Some(0) || there, "after {moment:?}: {}", said.err);
        server.start();
        for origin in [ORIGIN, "ledger.example/second"] {
            let client = server.client().await.of_ledger(origin);
            client.append(records::about("anna")).await.expect("recorded");
            let key = client.key().await;
            judge::check(&client, &key).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_open_to_one_process_only() {
    let server = TestServer::new();
    let client = server.client().await;
    for command in ["serve", "init"] {
        let mut second = server.command(command);
        let second = if command == "init" { second.args(["--origin", "ledger.example/x"]) } else { &mut second };
        let said = run(second, 1);
        assert!(said.err.contains("another process has the database open"), "{command}: {}", said.err);
    }
    let said = run(server.command("serve").arg("--check"), 2);
    assert!(said.err.contains("another process has the database open"), "{}", said.err);
    client.append(records::about("anna")).await.expect("the first goes on");
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_data_put_back_is_noticed_without_any_setting() {
    let place = tempfile::tempdir().expect("a directory");
    let data = place.path().join("data");
    let whosaw = |words: &[&str]| {
        let mut command = crate::common::whosaw();
        command.args(words).arg("--data").arg(&data);
        command
    };
    run(&mut whosaw(&["init", "--origin", "ledger.example/plain"]), 0);
    assert!(place.path().join("data.guard/ledger-1").is_file() && !data.join("guard").exists());
    let live = || {
        let mut server = whosaw(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(server.stdout.take().expect("piped")), &mut line)
            .expect("a line");
        let pid = rustix::process::Pid::from_child(&server);
        if !line.is_empty() {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
        }
        server.wait().expect("it ends").code()
    };
    assert_eq!(live(), Some(0));
    let backup = place.path().join("backup");
    crate::common::copy_directory(&data, &backup);
    assert_eq!(live(), Some(0));
    crate::common::replace_directory(&backup, &data);
    assert_eq!(live(), Some(1), "a rolled-back ledger was served");
}
