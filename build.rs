//! Compiles proto/ with protox, so that no protoc is needed, and reads reports/wording/ into the types of its keys, so that a
//! language which lacks a text is not built. Nothing else happens here.

#[path = "src/report/wording/keys.rs"]
#[allow(dead_code, reason = "texts are read, and told elsewhere")]
mod keys;

use std::collections::BTreeSet;
use std::path::PathBuf;

/// In place of the report's time zone, which no file tells.
#[derive(Debug, Clone, Default)]
pub struct Zone;

type Failure = Box<dyn std::error::Error>;

const SERVICES: [&str; 6] =
    ["audit_service", "case_service", "ledger_service", "privacy_service", "registry_service", "report_service"];

const WORDING: &str = "reports/wording";

fn main() -> Result<(), Failure> {
    if let Err(wrong) = wording() {
        // In lines: what `main` returns is printed as one.
        eprintln!("{wrong}");
        std::process::exit(1);
    }
    println!("cargo:rerun-if-changed=proto");
    let files = SERVICES.map(|service| format!("whosaw/v1/{service}.proto"));
    let descriptors = protox::compile(files, ["proto"])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // Reflection and the JSON of the command line read the same descriptors.
    std::fs::write(out.join("descriptors.bin"), prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure()
        .bytes(".whosaw.v1.ExportResponse.data")
        // An action is large; beside nothing but itself in a list it would be copied with every growth of the list.
        .boxed(".whosaw.v1.Record.kind.action")
        .boxed(".whosaw.v1.Record.kind.tool_call")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .compile_fds(descriptors)?;
    Ok(())
}

/// Every language has every key and no other. Of a closed list the types do not know the codes: there each language is held
/// against the others, and a test holds them against the lists.
fn wording() -> Result<(), Failure> {
    println!("cargo:rerun-if-changed={WORDING}");
    let entries = std::fs::read_dir(WORDING)?.map(|entry| Ok(entry?.path()));
    let mut files = entries.collect::<std::io::Result<Vec<PathBuf>>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let mut languages = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
        toml::from_str::<keys::Wording>(&text).map_err(|error| format!("{name}: {error}"))?;
        let mut keys = BTreeSet::new();
        paths(&toml::from_str(&text)?, "", &mut keys);
        languages.push((name, keys));
    }
    held_together(&languages)?;
    editions(&languages)
}

/// What an edition says otherwise: in each language the same texts, by keys that the language has.
fn editions(languages: &[(String, BTreeSet<String>)]) -> Result<(), Failure> {
    let mut editions = Vec::new();
    for (language, keys) in languages {
        let of = PathBuf::from(language);
        let file = PathBuf::from(WORDING).join("person").join(of.file_name().ok_or("a language has a file")?);
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
        let mut replaced = BTreeSet::new();
        paths(&toml::from_str(&text).map_err(|error| format!("{name}: {error}"))?, "", &mut replaced);
        if let Some(key) = replaced.difference(keys).next() {
            return Err(format!("{name}: {key} replaces nothing of {language}").into());
        }
        editions.push((name, replaced));
    }
    held_together(&editions)
}

fn held_together(languages: &[(String, BTreeSet<String>)]) -> Result<(), Failure> {
    for (name, keys) in languages {
        for (other, more) in languages {
            if let Some(key) = more.difference(keys).next() {
                return Err(format!("{name}: {key} is missing, which {other} has").into());
            }
        }
    }
    Ok(())
}

fn paths(table: &toml::Table, above: &str, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            toml::Value::Table(table) => paths(table, &path, found),
            _ => drop(found.insert(path)),
        }
    }
}
