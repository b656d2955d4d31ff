//! Files of the database of which a byte was flipped or which are gone.

use super::{Prepared, prepared};
use crate::common::records::*;
use std::fs;
use std::path::{Path, PathBuf};
use tonic::Code;
use whosaw::rpc::v1;
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle;

fn files(database: &Path, test: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let names = fs::read_dir(database).expect("a directory").flatten();
    let mut found: Vec<PathBuf> =
        names.filter(|file| test(&file.file_name().to_string_lossy())).map(|file| file.path()).collect();
    found.sort();
    found
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[at] ^= 0x10;
    fs::write(path, bytes).expect("written");
}

fn length(path: &Path) -> usize {
    fs::metadata(path).expect("it is there").len() as usize
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_log_or_manifest_is_told_and_nothing_is_signed() {
    let mut prepared = prepared().await;
    let database = prepared.server.database();
    let told = |prepared: &mut Prepared, name: &str| {
        let Err(said) = prepared.server.try_start() else { panic!("{name}: it started") };
        let refusal = said.err;
        let clear = ["orrupt", "rolled back", "No such file"].iter().any(|words| refusal.contains(words));
        assert!(clear && refusal.starts_with("whosaw: "), "{name}: {refusal}");
        let (code, said) = prepared.check();
        assert_eq!(code, Some(2), "{name}: `serve --check` said: {said}");
    };
    // As it was stopped; trials that start something leave other files.
    let log = files(&database, |name| name.ends_with(".log")).pop().expect("a log");
    let manifest = files(&database, |name| name.starts_with("MANIFEST-")).pop().expect("a manifest");
    let tables = files(&database, |name| name.ends_with(".sst"));
    let bytes = length(&log);
    for at in [0, 5, 6, 20, bytes / 4, bytes / 2, bytes * 3 / 4, bytes - 200, bytes - 2] {
        prepared.restore();
        flip(&log, at);
        told(&mut prepared, &format!("byte {at} of {bytes} of the log"));
    }
    for kept in [0, bytes / 2, bytes - 1] {
        prepared.restore();
        fs::OpenOptions::new().write(true).open(&log).and_then(|file| file.set_len(kept as u64)).expect("cut");
        told(&mut prepared, &format!("the log cut to {kept} of {bytes}"));
    }
    prepared.restore();
    fs::remove_file(&log).expect("it was there");
    told(&mut prepared, "no log");
    prepared.restore();
    let bytes = length(&manifest);
    for at in [3, bytes / 3, bytes / 2, bytes - 3] {
        prepared.restore();
        flip(&manifest, at);
        told(&mut prepared, &format!("byte {at} of {bytes} of the manifest"));
    }
    prepared.restore();
    fs::remove_file(&manifest).expect("it was there");
    told(&mut prepared, "no manifest");
    prepared.restore();
    fs::write(database.join("CURRENT"), "MANIFEST-999999\n").expect("written");
    told(&mut prepared, "a pointer to nowhere");
    let mut missed = 0;
    for table in &tables {
        prepared.restore();
        if missed % 2 == 0 {
            fs::remove_file(table).expect("it was there");
        } else {
            let cut = length(table) as u64 / 2;
            fs::OpenOptions::new().write(true).open(table).and_then(|file| file.set_len(cut)).expect("cut");
        }
        let name = format!("{} of {} tables is gone or cut", table.display(), tables.len());
        if prepared.check().0 == Some(0) {
            // A compaction that the stop cut off leaves a table that is none of the database's.
            prepared.whole(&name).await;
        } else {
            told(&mut prepared, &name);
            missed += 1;
        }
    }
    assert!(missed * 2 > tables.len(), "{missed} of {} tables were missed", tables.len());
    prepared.restore();
    prepared.whole("put back").await;
}

/// What became of a flipped byte.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    /// The server does not start.
    Refused,
    /// It starts; what cannot be read is told as data loss, and the rest is right.
    Told,
    /// Nothing that is read was touched.
    Harmless,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_table_never_gives_a_wrong_answer_or_a_second_history() {
    let mut prepared = prepared().await;
    let database = prepared.server.database();
    let mut tables = files(&database, |name| name.ends_with(".sst"));
    tables.sort_by_key(|path| std::cmp::Reverse(length(path)));
    let mut found = Vec::new();
    for table in tables.into_iter().take(7) {
        let bytes = length(&table);
        for at in [bytes / 12, bytes / 2] {
            prepared.restore();
            flip(&table, at);
            let name = format!("byte {at} of {bytes} of {}", table.file_name().expect("a name").display());
            let (code, said) = prepared.check();
            let outcome = served(&mut prepared, &name).await;
            // A check reads everything, also what nobody asked for here.
            assert!(
                outcome == Found::Harmless || code == Some(2),
                "{name}: {outcome:?}, but `serve --check` said: {said}"
            );
            if code != Some(0) {
                assert!(said.contains("orrupt"), "{name}: {said}");
            }
            found.push(outcome);
        }
    }
    found.sort();
    println!("{found:?}");
    assert!(found.iter().any(|outcome| *outcome != Found::Harmless), "nothing was hit: {found:?}");
    prepared.restore();
    prepared.whole("put back").await;
}

/// Serves the place and reads all of it; what is answered must be right.
async fn served(prepared: &mut Prepared, name: &str) -> Found {
    if let Err(said) = prepared.server.try_start() {
        assert!(said.code == Some(1) && said.err.contains("orrupt"), "{name}: {:?} {}", said.code, said.err);
        return Found::Refused;
    }
    let client = prepared.server.client().await;
    let mut lost = 0;
    let mut lose = |status: tonic::Status| {
        assert_eq!(status.code(), Code::DataLoss, "{name}: {status:?}");
        lost += 1;
    };
    for (index, leaf) in prepared.leaves.iter().enumerate() {
        match client.get_entry(index as u64, false).await {
            Ok(entry) => assert_eq!(entry.leaf_hash, *leaf, "{name}: entry {index} is another"),
            Err(status) => lose(status),
        }
    }
    for number in 0..super::CUSTOMERS {
        let someone = v1::EntryFilter {
            data_subject: Some(strong("customer", &format!("customer-{number}"))),
            ..Default::default()
        };
        match client.page(&someone, 1_000, "").await {
            Ok(page) => assert!(page.entries.len() >= 12, "{name}: entries of a person are missing"),
            Err(status) => lose(status),
        }
    }
    // Opening reads parts and keys; that is recorded first, which may be what fails.
    for index in (0..prepared.leaves.len()).step_by(25) {
        match client.get_entry(index as u64, true).await {
            Ok(entry) => assert!(entry.parts.iter().all(|part| part.part.is_some()), "{name}: a part does not open"),
            Err(status) if status.code() == Code::Unavailable => return Found::Told,
            Err(status) => lose(status),
        }
    }
    let export = client.audit().export(client.request(v1::ExportRequest { content: true, ..Default::default() })).await;
    match export {
        Ok(pieces) => {
            let mut pieces = pieces.into_inner();
            loop {
                match pieces.message().await {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(status) => {
                        lose(status);
                        break;
                    }
                }
            }
        }
        Err(status) => lose(status),
    }
    // Whatever it signs now continues what it signed before.
    for note in prepared.notes.iter().step_by(5) {
        let head =
            whosaw_verifier::checkpoint::open(note.as_bytes(), std::slice::from_ref(&prepared.key)).expect("signed");
        let (old_size, old_root) = (head.checkpoint().size, head.checkpoint().root);
        let request = client.request(v1::GetConsistencyProofRequest { old_size, ..Default::default() });
        match client.audit().get_consistency_proof(request).await {
            Ok(proof) => {
                let proof = proof.into_inner();
                let hashes: Vec<Hash> =
                    proof.hashes.iter().map(|hash| hash.as_slice().try_into().expect("a hash")).collect();
                let new_root: Hash = proof.new_root_hash.as_slice().try_into().expect("a hash");
                merkle::verify_consistency(old_size, proof.new_size, &hashes, &old_root, &new_root)
                    .unwrap_or_else(|error| panic!("{name}: a second history: {error}"));
            }
            Err(status) => lose(status),
        }
    }
    prepared.server.kill();
    if lost > 0 { Found::Told } else { Found::Harmless }
}
