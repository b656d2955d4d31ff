//! Patterns that stand in every field of an erased person, and the keys that opened them, are looked for in every byte the
//! service has written anywhere.

use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file below a place.
pub fn files(place: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(place).expect("a directory").flatten() {
        if entry.file_type().expect("a type").is_dir() {
            files(&entry.path(), found);
        } else if entry.file_name() != "ballast" {
            found.push(entry.path());
        }
    }
}

/// What is looked for, in the forms in which it could stand somewhere.
fn forms(pattern: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    let mut forms = vec![pattern.to_vec(), hex::encode(pattern).into_bytes(), hex::encode_upper(pattern).into_bytes()];
    // In base64 a text stands in one of three shapes; without the ends, which depend on the neighbours.
    for shift in 0..3 {
        let text = base64::engine::general_purpose::STANDARD.encode([&vec![0; shift][..], pattern].concat());
        forms.push(text.as_bytes()[4..text.len() - 4].to_vec());
    }
    forms
}

/// Where any of the patterns stands: file, and which pattern. Files as they lie, and every row as RocksDB decompresses it.
fn search(place: &Path, patterns: &BTreeMap<&'static str, Vec<u8>>) -> Vec<(String, &'static str)> {
    let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
    let mut all = Vec::new();
    files(place, &mut all);
    texts.extend(all.iter().map(|path| (path.display().to_string(), fs::read(path).expect("a file"))));
    let database = place.join("data/db");
    let families = rocksdb::DB::list_cf(&rocksdb::Options::default(), &database).expect("families");
    let db = rocksdb::DB::open_cf_for_read_only(&rocksdb::Options::default(), &database, &families, false);
    let db = db.expect("the database opens");
    for family in &families {
        let handle = db.cf_handle(family).expect("it was listed");
        let mut rows = Vec::new();
        for row in db.iterator_cf(&handle, rocksdb::IteratorMode::Start) {
            let (key, value) = row.expect("a row");
            rows.extend_from_slice(&key);
            rows.extend_from_slice(&value);
        }
        texts.push((format!("rows of {family}"), rows));
    }
    let mut found = Vec::new();
    for (name, pattern) in patterns {
        for form in forms(pattern) {
            let finder = |text: &[u8]| text.windows(form.len()).any(|window| window == form);
            found.extend(texts.iter().filter(|(_, text)| finder(text)).map(|(path, _)| (path.clone(), *name)));
        }
    }
    found.dedup();
    found
}

#[tokio::test]
async fn nothing_of_an_erased_person_is_left_in_any_byte() {
    let (mut server, client) = server().await;
    let public = "dataset-that-all-may-read";
    let name = v1::Name { kind: v1::RegistryKind::Dataset as i32, name: public.into(), ..Default::default() };
    let request = v1::RegisterNamesRequest { ledger: String::new(), names: vec![name] };
    client.registry().register_names(client.request(request)).await.expect("registered");
    let secret = "Zq7vK3-canary-Xw9";
    let customer = "C-canary-Jb5tQ2rM8";
    for n in 0..50 {
        let mut action = telling(customer, secret, if n % 2 == 0 { &["C-2"] } else { &[] });
        action.dataset = public.into();
        action.subjects[0].records.push(v1::DataRecord {
            id: format!("record {secret} {n}"),
            scope: v1::RecordScope::System as i32,
            ..Default::default()
        });
        client.append(action).await.expect("recorded");
        client.append(telling(&format!("C-{n}"), "nothing to find", &[])).await.expect("recorded");
    }
    let opened = list(&client, strong("customer", customer)).await;
    let said = format!("{opened:?}");
    assert!(said.contains(secret) && said.contains(customer), "it is there to be erased");
    server.stop();

    let root = fs::read_to_string(server.keys(1).join("root-1.key")).expect("a root key");
    let root = hex::decode(root.trim()).expect("hexadecimal");
    let mut patterns = BTreeMap::from([
        ("secret", secret.as_bytes().to_vec()),
        ("customer", customer.as_bytes().to_vec()),
        ("e-mail", format!("{secret}@example.org").into_bytes()),
        ("root key", root),
        ("public name", public.as_bytes().to_vec()),
    ]);
    // No plaintext is at rest even now; and the search does find what is there: the root key, and a name in compressed
    // rows.
    let found = search(&server.place, &patterns);
    let what: std::collections::BTreeSet<_> = found.iter().map(|(_, name)| *name).collect();
    assert_eq!(what, ["public name", "root key"].into(), "{found:?}");
    assert!(found.iter().any(|(path, name)| *name == "public name" && path.starts_with("rows of")), "{found:?}");
    let old = server.copy_data("as it was");

    server.start();
    let client = server.client_as("tester").await;
    let asked = erase(&client, strong("customer", customer)).await.expect("recorded");
    assert_eq!(run(&client).await.requests, 1);
    assert_eq!(list(&client, strong("customer", customer)).await, []);
    let metrics = common::http::get(server.address, "/metrics").body;
    patterns.insert("token", asked.token.clone());
    for (name, pattern) in &patterns {
        for form in forms(pattern) {
            assert!(!metrics.windows(form.len()).any(|window| window == form), "{name} is in the metrics");
        }
    }
    server.stop();
    let old_root = patterns.remove("root key").expect("was there");
    patterns.remove("public name");
    // The copy of before is set aside: it has the old root, which is why backups carry no keys.
    let aside = tempfile::tempdir().expect("a directory");
    common::copy_directory(&old, &aside.path().join("data"));
    fs::remove_dir_all(&old).expect("can be removed");
    patterns.insert("root key", old_root);
    assert_eq!(search(&server.place, &patterns), [], "something is left");

    // The database of before, beside the keys of today: nothing opens.
    let today = server.keys(1);
    let then = aside.path().join("data/keys/ledger-1");
    fs::remove_dir_all(&then).expect("can be removed");
    common::copy_directory(&today, &then);
    let mut restored = common::Setup::default().at(aside.path()).without_init();
    let refusal = restored.refusal();
    assert!(refusal.contains("the root key of epoch 1 is not here"), "{refusal}");
}
