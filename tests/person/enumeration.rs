//! Whoever has everything but the keys, and a list of all candidates, cannot tell who is recorded: no stored value is any
//! hash of an identifier, keyed with anything that is stored either.

use super::*;
use common::judge;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256, Sha512};
use std::collections::HashSet;
use std::path::Path;

/// What a hash would be known by: its first bytes, wherever they stand.
pub type Window = [u8; 8];

pub fn windows(text: &[u8], found: &mut HashSet<Window>) {
    found.extend(text.windows(8).map(|window| Window::try_from(window).expect("eight bytes")));
}

/// Every row of the database, and every file of an export.
pub fn texts(database: &Path, export: &Path) -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    let families = rocksdb::DB::list_cf(&rocksdb::Options::default(), database).expect("families");
    let db = rocksdb::DB::open_cf_for_read_only(&rocksdb::Options::default(), database, &families, false);
    let db = db.expect("the database opens");
    for family in &families {
        for row in db.iterator_cf(&db.cf_handle(family).expect("it was listed"), rocksdb::IteratorMode::Start) {
            let (key, value) = row.expect("a row");
            texts.extend([key.into_vec(), value.into_vec()]);
        }
    }
    let mut files = Vec::new();
    super::canary::files(export, &mut files);
    texts.extend(files.iter().map(|path| std::fs::read(path).expect("a file")));
    texts
}

/// An identifier in the forms in which somebody might hash it.
fn spellings(address: &str) -> Vec<Vec<u8>> {
    let prefixed = |pieces: &[&str]| {
        let piece = |piece: &&str| [&(piece.len() as u16).to_be_bytes()[..], piece.as_bytes()].concat();
        pieces.iter().flat_map(piece).collect::<Vec<u8>>()
    };
    vec![
        address.as_bytes().to_vec(),
        format!("email={address}").into_bytes(),
        format!("email\0{address}").into_bytes(),
        prefixed(&["email", address]),
        [&[1], prefixed(&["email", address]).as_slice()].concat(),
    ]
}

#[tokio::test]
async fn no_stored_value_is_a_hash_of_an_identifier() {
    let (mut server, client) = server().await;
    let address = "ann.zhang@example.org";
    let mut action = common::records::about("C-1");
    action.subjects[0].identities.push(strong("email", address));
    client.append(action).await.expect("recorded");
    client.append(telling("C-2", "two", &["C-1"])).await.expect("recorded");
    erase(&client, strong("customer", "C-2")).await.expect("recorded");
    run(&client).await;
    let directory = tempfile::tempdir().expect("a directory");
    judge::export(&client, true, directory.path()).await;
    server.stop();
    let texts = texts(&server.database(), directory.path());
    let mut stored = HashSet::new();
    texts.iter().for_each(|text| windows(text, &mut stored));
    let is_stored = |hash: &[u8]| stored.contains(&hash[..8]);
    // The search finds hashes that are there: the leaf of the genesis stands in the next entry.
    let bundle = texts.iter().find(|text| text.len() > 240 && text[2] == 1 && text[3] == 2);
    let header: Option<&[u8]> = bundle.map(|bundle| &bundle[2..122]);
    let leaf = whosaw_verifier::merkle::leaf_hash(header.expect("the export has its entries"));
    assert!(is_stored(&leaf), "the control fails");

    // A million candidates, the right one among them, under plain hashes.
    let mut tried = 0u64;
    for n in 0..1_000_000u32 {
        let candidate = if n == 500_000 { address.to_owned() } else { format!("user{n}@example.org") };
        for spelling in spellings(&candidate) {
            assert!(!is_stored(&Sha256::digest(&spelling)), "a plain hash of a candidate is stored");
            tried += 1;
        }
    }
    assert_eq!(tried, 5_000_000);
    // Under every stored value as key, at every offset: only the right one can match.
    let mut keys: HashSet<&[u8]> = HashSet::new();
    // But for the wrapped shard keys, of which there are 16,385 of 76 bytes, all made alike.
    for text in texts.iter().filter(|text| text.len() != 76) {
        for length in [16, 32] {
            keys.extend(text.windows(length));
        }
    }
    let spellings = spellings(address);
    for key in &keys {
        for spelling in &spellings {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
            mac.update(spelling);
            assert!(!is_stored(&mac.finalize().into_bytes()), "a stored value is keyed with another one");
            assert!(!is_stored(&Sha256::digest([key, spelling.as_slice()].concat())), "salted with a stored value");
        }
    }
    for spelling in &spellings {
        assert!(!is_stored(&Sha512::digest(spelling)));
    }
}
