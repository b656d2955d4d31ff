//! Taking and checking backups.

use super::*;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};

/// Every file below a place.
fn files(place: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(place).expect("a directory").flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}

fn largest(place: &Path) -> PathBuf {
    files(place).into_iter().max_by_key(|path| fs::metadata(path).expect("a file").len()).expect("a file")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_while_appends_go_on_and_the_next_one_is_small() {
    let (server, client) = server().await;
    let (_place, backup) = apart();
    let before = client.batch((0..400).map(|n| long(&format!("C-{n}"), n)).collect()).await.expect("recorded");
    let appending = tokio::spawn({
        let client = client.clone();
        async move {
            for n in 0..200 {
                client.append(about(&format!("C-{n}"))).await.expect("appends go on");
            }
        }
    });
    let first = back_up(&server, &backup);
    appending.await.expect("the task ends");
    let signed = before.checkpoint.expect("a head").tree_size;
    let said: serde_json::Value =
        serde_json::from_str(&run(whosaw().args(["verify-backup", "--json"]).arg(&backup), 0).out).expect("JSON");
    let ledger = &said["ledgers"][0];
    assert_eq!(said["verdict"], "holds");
    assert!(ledger["signed_size"].as_u64().expect("a number") >= signed, "{said}");
    assert!(ledger["size"].as_u64() >= ledger["signed_size"].as_u64(), "{said}");
    assert_eq!((&ledger["generation"], &ledger["key_was_given"]), (&1.into(), &false.into()));

    client.append(about("C-1")).await.expect("recorded");
    let second = back_up(&server, &backup);
    let number = |value: &serde_json::Value| -> u64 {
        value.as_str().map_or_else(|| value.as_u64(), |text| text.parse().ok()).expect("a number")
    };
    assert_eq!((number(&first["number"]), number(&second["number"])), (1, 2));
    assert!(number(&second["newBytes"]) * 4 < number(&first["newBytes"]), "first {first}, then {second}");
    let key = client.key().await.to_string();
    run(whosaw().arg("verify-backup").arg(&backup).args(["--vkey", &key]), 0);
    // Whoever reads the ledger sees that it was taken away.
    assert_eq!(client.of_kind(whosaw::rpc::v1::EntryKind::LedgerAccess).await.len(), 2);
    // Closed to others, and nothing in it that signs or opens.
    assert_eq!(fs::metadata(&backup).expect("is there").mode() & 0o777, 0o700);
    for path in files(&server.keys(1)).into_iter().chain([server.guard(1)]) {
        let secret = fs::read(&path).expect("reads");
        for file in files(&backup) {
            let bytes = fs::read(&file).expect("reads");
            assert!(!bytes.windows(secret.len()).any(|at| at == secret), "{} in {}", path.display(), file.display());
        }
    }
    // Of more than are wanted the oldest go.
    run(server.client_command(&["backup", "--keep", "1"]).arg(&backup), 0);
    assert_eq!(fs::read_dir(backup.join("db/private")).expect("reads").count(), 1);
    verify(&backup, 0);
    let left: Vec<_> = fs::read_dir(&backup).expect("reads").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 3, "nothing of the check is left: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_is_told() {
    let (server, client) = server().await;
    let (place, backup) = apart();
    client.batch((0..300).map(|n| long(&format!("C-{n}"), n)).collect()).await.expect("recorded");
    back_up(&server, &backup);
    let other = TestServer::new();
    let whole = place.path().join("whole");
    common::copy_directory(&backup, &whole);
    let flip = |path: &Path| {
        let file = File::options().read(true).write(true).open(path).expect("opens");
        let at = file.metadata().expect("is there").len() / 2;
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).expect("reads");
        file.write_all_at(&[byte[0] ^ 0x10], at).expect("writes");
    };
    type Damage<'a> = &'a dyn Fn();
    let database = backup.join("db");
    let cases: [(&str, Damage<'_>, i32, &str); 8] = [
        ("a flipped byte in a table", &|| flip(&largest(&database)), 1, "DOES NOT HOLD"),
        (
            "a table that is cut",
            &|| File::options().write(true).open(largest(&database)).and_then(|file| file.set_len(100)).expect("cut"),
            1,
            "DOES NOT HOLD",
        ),
        ("a table that is gone", &|| fs::remove_file(largest(&database)).expect("removes"), 1, "DOES NOT HOLD"),
        ("no database", &|| fs::remove_dir_all(&database).expect("removes"), 4, "holds no backup"),
        ("a flipped byte in the mirror", &|| flip(&backup.join("mirror-1")), 1, "mirror of a key table"),
        ("no mirror", &|| fs::remove_file(backup.join("mirror-1")).expect("removes"), 1, "mirror of the key table"),
        ("a flipped byte in the checkpoint", &|| flip(&backup.join("checkpoint-1")), 1, "checkpoint"),
        ("no checkpoint", &|| fs::remove_file(backup.join("checkpoint-1")).expect("removes"), 4, "checkpoint-1"),
    ];
    for (name, damage, code, words) in cases {
        damage();
        let said = verify(&backup, code);
        assert!(format!("{}{}", said.out, said.err).contains(words), "{name}: {}{}", said.out, said.err);
        common::replace_directory(&whole, &backup);
    }
    let stranger = other.client().await.key().await.to_string();
    let said = run(whosaw().arg("verify-backup").arg(&backup).args(["--vkey", &stranger]), 1);
    assert!(said.out.contains("checkpoint"), "{}", said.out);
    verify(&backup, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_goes_nowhere_where_others_or_the_server_itself_could_harm_it() {
    let (server, _client) = server().await;
    let (_place, backup) = apart();
    fs::create_dir(&backup).expect("makes");
    fs::set_permissions(&backup, Permissions::from_mode(0o755)).expect("chmod");
    let said = run(server.client_command(&["backup"]).arg(&backup), 1);
    assert!(said.err.contains("mode 755") && said.err.contains("make it 700"), "{}", said.err);
    assert_eq!(fs::read_dir(&backup).expect("reads").count(), 0);
    for (inside, setting) in
        [(server.data().join("backup"), "data"), (server.keys(1), "data"), (server.place.clone(), "data")]
    {
        let said = run(server.client_command(&["backup"]).arg(&inside), 1);
        assert!(said.err.contains("directory") && said.err.contains(setting), "{}: {}", inside.display(), said.err);
    }
}
