//! Holds the house to its plan: which room may use which, which foreign crates stay where, how long a file may grow.
//!
//! The table here is the one of ARCHITECTURE.md. A new arrow is a decision, so it is made here, in the open.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Room, and what it may use of the other rooms. `app` may use all.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &["store"]),
    ("store", &[]),
    ("admit", &["model"]),
    ("intake", &["model"]),
    ("registry", &["law", "model"]),
    ("vault", &["model", "store"]),
    ("ledger", &["model", "store"]),
    ("exposure", &["model", "store"]),
    ("law", &[]),
    ("report", &["model", "exposure", "registry", "law"]),
    ("engine", &["admit", "intake", "registry", "vault", "ledger", "exposure", "report", "law", "model", "store"]),
    ("http", &["engine", "model"]),
    ("rpc", &["engine", "admit", "ledger", "registry", "report", "law", "model"]),
    ("config", &[]),
    ("cli", &["app", "config", "rpc", "intake", "model"]),
];

/// Foreign crates that only these rooms may name.
const FOREIGN: &[(&str, &[&str])] = &[
    ("rocksdb", &["store"]),
    ("tonic", &["rpc", "app", "cli"]),
    ("prost", &["rpc", "cli"]),
    ("metrics_exporter_prometheus", &["http", "app"]),
    ("typst", &["report"]),
    ("typst_pdf", &["report"]),
    ("aws_lc_rs", &["vault"]),
    ("cryptoki", &["vault"]),
    ("axum", &["http", "app"]),
    ("clap", &["cli", "config"]),
    ("jiff", &["law", "report", "cli", "registry"]),
    ("figment", &["config"]),
];

/// Lines a source file may have before it is more than one reader can hold.
const LINES_MAX: usize = 900;

#[test]
fn rooms_use_only_what_the_table_allows() {
    let allowed: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (room, path) in sources() {
        let text = fs::read_to_string(&path).expect("a source file is readable");
        for (number, line) in production_lines(&text) {
            for used in rooms_named(line) {
                let known = used == room || room == "app" || room == "lib" || room == "main";
                if !known && !allowed.get(room.as_str()).is_some_and(|uses| uses.contains(&used.as_str())) {
                    wrong.push(format!("{}:{number}: {room} must not use {used}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn foreign_crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (room, path) in sources() {
        let text = fs::read_to_string(&path).expect("a source file is readable");
        for (number, line) in production_lines(&text) {
            for (name, rooms) in FOREIGN {
                let named = line.contains(&format!("{name}::")) && !line.contains(&format!("_{name}::"));
                if named && !rooms.contains(&room.as_str()) {
                    wrong.push(format!("{}:{number}: {room} must not know {name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let long: Vec<_> = sources()
        .into_iter()
        .chain(rust_files(Path::new("verifier/src")).into_iter().map(|path| ("verifier".into(), path)))
        .filter_map(|(_, path)| {
            let lines = fs::read_to_string(&path).expect("a source file is readable").lines().count();
            (lines > LINES_MAX).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "longer than {LINES_MAX} lines:\n{}", long.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<_> = sources()
        .into_iter()
        .chain(rust_files(Path::new("verifier/src")).into_iter().map(|path| ("verifier".into(), path)))
        .filter(|(_, path)| {
            !path.ends_with("main.rs")
                && !fs::read_to_string(path).expect("a source file is readable").starts_with("//!")
        })
        .map(|(_, path)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "no module documentation:\n{}", silent.join("\n"));
}

/// `.ci/test` runs no documentation tests: rustdoc would read all of both crates to find that there are none.
#[test]
fn no_example_in_the_documentation_waits_to_be_run() {
    let mut wrong = Vec::new();
    let verifier = rust_files(Path::new("verifier/src"));
    for path in rust_files(Path::new("src")).into_iter().chain(verifier) {
        let text = fs::read_to_string(&path).expect("a source file is readable");
        let mut is_open = false;
        for (line, number) in text.lines().zip(1..) {
            let line = line.trim_start();
            let said = line.strip_prefix("///").or(line.strip_prefix("//!"));
            let Some(fence) = said.and_then(|said| said.trim().strip_prefix("```")) else { continue };
            is_open = !is_open;
            if is_open && !["text", "toml"].contains(&fence) {
                wrong.push(format!("{}:{number}: say that it is text", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_verifier_stays_small() {
    let manifest = fs::read_to_string("verifier/Cargo.toml").expect("the verifier has a manifest");
    let dependencies: Vec<_> = manifest
        .lines()
        .skip_while(|line| line.trim() != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split([' ', '=', '.']).next().filter(|name| !name.is_empty() && !name.starts_with('#')))
        .collect();
    let guests = ["aes-gcm", "base64", "ed25519-dalek", "hmac", "sha2"];
    assert!(dependencies.iter().all(|name| guests.contains(name)), "{dependencies:?}");
}

/// Every file of the service, with the room it stands in.
fn sources() -> Vec<(String, PathBuf)> {
    rust_files(Path::new("src"))
        .into_iter()
        .filter(|path| !path.ends_with("tests.rs") && !path.components().any(|c| c.as_os_str() == "tests"))
        .map(|path| {
            let room = path.components().nth(1).expect("a file under src has a name").as_os_str();
            (room.to_string_lossy().trim_end_matches(".rs").to_owned(), path)
        })
        .collect()
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("the directory is readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Lines before the file's own tests, without comments.
fn production_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or_default()))
}

/// Rooms named by `crate::room` or `crate::{room::…, …}` in a line.
fn rooms_named(line: &str) -> Vec<String> {
    let mut named = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        if line[..at].ends_with('$') {
            continue;
        }
        let rest = &line[at + "crate::".len()..];
        let candidates: Vec<&str> = match rest.strip_prefix('{') {
            Some(inner) => inner.split(',').collect(),
            None => vec![rest],
        };
        for candidate in candidates {
            let name: String = candidate.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if ROOMS.iter().any(|(room, _)| *room == name) || name == "app" {
                named.push(name);
            }
        }
    }
    named
}
