//! `whosaw append`: records from a file that people and programs write.

use super::client::Client;
use super::{CliError, Ended, Server, show};
use crate::model::RegistryKind;
use crate::rpc::{json, v1};
use clap::Args;
use serde_json::{Map, Value};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use v1::append_stream_response::Result as Answer;
use whosaw_verifier::hash::sha256;

/// A file holds one record after the other: JSON, one object a line, or TOML with a list `[[record]]`. A record is an
/// action, or a tool call for the ledger's tool catalogue to read (a record without a verb).
///
/// Fields are those of proto/whosaw/v1/action.proto and tool_call.proto. Enum values may be written by their codes
/// (succeeded), arguments and result as plain JSON or text; what must be kept to the letter is given as text. `at` with `clock` is short for an instant in `occurred`.
/// An action_id may be left out (a tool call with conversation and sequence gets one made of them), or be a label such as "#post", which other records can name in `links`; a label stands
/// for the same id every time, so that appending a file twice records it once. In TOML, a table `[names]` says which
/// names to register first, by kind.
#[derive(Args)]
pub struct Append {
    /// JSON lines or, with the ending .toml, TOML; - is standard input.
    file: PathBuf,
    /// Write each receipt (C2SP tlog-proof) and what `whosaw-verify receipt --body` takes into this directory.
    #[arg(long, value_name = "DIR")]
    receipts: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
}

impl Append {
    pub async fn run(self) -> Ended {
        let file = File::read(&self.file)?;
        let records =
            file.records.into_iter().enumerate().map(|(position, value)| record(&file.scenario, position, value));
        let records = records.collect::<Result<Vec<_>, _>>()?;
        let client = Client::connect(&self.server).await?;
        if !file.names.is_empty() {
            register(&client, file.names).await?;
        }
        if let Some(dir) = &self.receipts {
            std::fs::create_dir_all(dir)?;
        }
        let messages: Vec<_> = records
            .into_iter()
            .map(|record| v1::AppendStreamRequest {
                ledger: client.ledger.clone(),
                record: Some(record),
                detail: v1::AppendDetail::Receipt as i32,
            })
            .collect();
        let request = client.request(futures::stream::iter(messages));
        let mut answers = client.ledgers().append_stream(request).await?.into_inner();
        let mut refused = 0;
        while let Some(answer) = answers.message().await? {
            match answer.result {
                Some(Answer::Receipt(receipt)) => {
                    if let Some(dir) = &self.receipts {
                        write_receipt(dir, &receipt)?;
                    }
                    let known = if receipt.replayed { " (recorded before)" } else { "" };
                    match self.server.json {
                        true => println!("{}", show::json_line("Receipt", &receipt)?),
                        false => println!("record {}: entry {}{known}", answer.first_message, receipt.index),
                    }
                }
                Some(Answer::Error(status)) => {
                    refused += 1;
                    let code = tonic::Code::from(status.code);
                    let details = prost::Message::encode_to_vec(&status);
                    let status = tonic::Status::with_details(code, status.message, details.into());
                    eprintln!("record {}: {}", answer.first_message, show::status(&status));
                }
                Some(Answer::Places(_)) | None => {}
            }
        }
        Ok(u8::from(refused > 0))
    }
}

struct File {
    scenario: String,
    names: Vec<v1::Name>,
    records: Vec<Value>,
}

impl File {
    fn read(path: &Path) -> Result<Self, CliError> {
        let failed = |error: std::io::Error| CliError::usage(format!("{} cannot be read: {error}", path.display()));
        let mut text = String::new();
        if path == Path::new("-") {
            std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        } else {
            text = std::fs::read_to_string(path).map_err(failed)?;
        }
        if path.extension().is_some_and(|ending| ending == "toml") {
            Self::from_toml(&text)
        } else {
            Self::from_json(&text)
        }
    }

    fn from_json(text: &str) -> Result<Self, CliError> {
        let records = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| {
                json::parse(line).map_err(|error| CliError::usage(format!("line {}: {error}", number + 1)))
            })
            .collect::<Result<_, _>>()?;
        Ok(File { scenario: String::new(), names: Vec::new(), records })
    }

    fn from_toml(text: &str) -> Result<Self, CliError> {
        let table: toml::Table = text.parse().map_err(|error| CliError::usage(format!("not TOML: {error}")))?;
        let mut file = File { scenario: String::new(), names: Vec::new(), records: Vec::new() };
        for (key, value) in table {
            match (key.as_str(), from_toml(value)) {
                ("scenario", Value::String(name)) => file.scenario = name,
                ("names", Value::Object(kinds)) => file.names = names(kinds)?,
                ("record", Value::Array(records)) => file.records = records,
                _ => return Err(CliError::usage(format!("{key} is not scenario, [names] or [[record]]"))),
            }
        }
        Ok(file)
    }
}

fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(yes) => Value::Bool(yes),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(values) => Value::Array(values.into_iter().map(from_toml).collect()),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, value)| (key, from_toml(value))).collect())
        }
    }
}

fn names(kinds: Map<String, Value>) -> Result<Vec<v1::Name>, CliError> {
    let mut names = Vec::new();
    for (code, list) in kinds {
        let kind = RegistryKind::from_code(&code)
            .ok_or_else(|| CliError::usage(format!("names.{code} is not a kind of name")))?;
        let Value::Array(list) = list else {
            return Err(CliError::usage(format!("names.{code} is not a list")));
        };
        for name in list {
            let name = name.as_str().ok_or_else(|| CliError::usage(format!("names.{code} holds what is not text")))?;
            names.push(v1::Name { kind: kind as i32, name: name.to_owned(), ..v1::Name::default() });
        }
    }
    Ok(names)
}

/// Registers what is not known yet.
async fn register(client: &Client, wanted: Vec<v1::Name>) -> Result<(), CliError> {
    let request = client.request(v1::ListNamesRequest { ledger: client.ledger.clone(), kind: 0 });
    let known = client.registry().list_names(request).await?.into_inner().names;
    let is_known =
        |name: &v1::Name| known.iter().any(|k| (k.kind, &k.name, k.retired) == (name.kind, &name.name, false));
    let names: Vec<v1::Name> = wanted.into_iter().filter(|name| !is_known(name)).collect();
    if !names.is_empty() {
        let request = client.request(v1::RegisterNamesRequest { ledger: client.ledger.clone(), names });
        client.registry().register_names(request).await?;
    }
    Ok(())
}

/// One record as the wire has it.
fn record(scenario: &str, position: usize, value: Value) -> Result<v1::Record, CliError> {
    let wrong = |what: String| CliError::usage(format!("record {position}: {what}"));
    let Value::Object(mut fields) = value else { return Err(wrong("is not an object".into())) };
    let wrapped = ["action", "toolCall", "tool_call"].iter().find_map(|key| Some((*key, fields.remove(*key)?)));
    let (field, mut inner) = match wrapped {
        Some((field, inner)) => (if field == "action" { "action" } else { "tool_call" }, inner),
        None => {
            let field = if fields.contains_key("verb") { "action" } else { "tool_call" };
            (field, Value::Object(std::mem::take(&mut fields)))
        }
    };
    if let Some(left) = fields.keys().next() {
        return Err(wrong(format!("has {left} beside its {field}")));
    }
    if let Value::Object(inner) = &mut inner {
        sugar(scenario, inner);
    }
    json::read("Record", json::wrapped(field, inner)).map_err(|error| wrong(error.to_string()))
}

/// Writes out what people may leave short: `at`, labels, and ids that were left out.
fn sugar(scenario: &str, fields: &mut Map<String, Value>) {
    if let Some(at) = fields.remove("at") {
        let source = fields.remove("clock").unwrap_or_else(|| "agent_clock".into());
        fields.insert("occurred".into(), serde_json::json!({"earliest": at, "latest": at, "source": source}));
    }
    let id = ["action_id", "actionId"].iter().find_map(|key| fields.remove(*key));
    // Of these two the ledger makes the id of a tool call, the same every time.
    let has_place = ["conversation", "sequence"].iter().all(|key| fields.contains_key(*key));
    let id = match id.as_ref().and_then(Value::as_str) {
        Some(label) if label.starts_with('#') => Some(label_id(scenario, label).into()),
        Some(id) => Some(id.into()),
        None if id.is_none() && has_place => None,
        None => Some(id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string().into())),
    };
    fields.extend(id.map(|id| ("action_id".to_owned(), id)));
    let Some(Value::Object(links)) = fields.get_mut("links") else { return };
    for ids in links.values_mut().filter_map(Value::as_array_mut) {
        for id in ids {
            if let Some(label) = id.as_str().filter(|label| label.starts_with('#')) {
                *id = label_id(scenario, label).into();
            }
        }
    }
}

/// The UUID (version 8) that a label stands for.
fn label_id(scenario: &str, label: &str) -> String {
    let hash = sha256(&[b"whosaw/label/v1\0", scenario.as_bytes(), b"\0", label.as_bytes()]);
    let mut id = [0u8; 16];
    id.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(id).into_uuid().to_string()
}

fn write_receipt(dir: &Path, receipt: &v1::Receipt) -> Result<(), CliError> {
    std::fs::write(dir.join(format!("{}.tlog-proof", receipt.index)), &receipt.tlog_proof)?;
    // Of a repeated request the content may be gone; the proof stands without it.
    if !receipt.salt.is_empty() {
        std::fs::write(dir.join(format!("{}.body", receipt.index)), [&receipt.salt[..], &receipt.body].concat())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_labels_become_records() {
        let file = File::from_toml(
            "scenario = \"s\"\n[names]\nagent = [\"a\"]\n[[record]]\naction_id = \"#post\"\nverb = \"data.read\"\n\
             at = 2026-03-10T09:00:00Z\noutcome = \"succeeded\"\nactors = [{ kind = \"agent\", name = \"a\" }]\n\
             [[record]]\ntool = \"t\"\nlinks = { caused_by = [\"#post\"] }\n",
        )
        .expect("reads");
        assert_eq!(file.names.len(), 1);
        let mut records =
            file.records.into_iter().enumerate().map(|(i, value)| record("s", i, value).expect("a record"));
        let Some(v1::record::Kind::Action(post)) = records.next().and_then(|r| r.kind) else { panic!("an action") };
        let Some(v1::record::Kind::ToolCall(call)) = records.next().and_then(|r| r.kind) else { panic!("a call") };
        assert_eq!(call.links.map(|links| links.caused_by), Some(vec![post.action_id.clone()]));
        assert_ne!(label_id("s", "#post"), label_id("t", "#post"));
        assert_eq!(post.occurred.map(|occurred| occurred.source), Some(1));
        assert!(!call.action_id.is_empty());
        let placed = serde_json::json!({"tool": "t", "conversation": "c", "sequence": "1"});
        let placed = record("s", 0, placed).expect("a record").kind;
        assert!(
            matches!(placed, Some(v1::record::Kind::ToolCall(call)) if call.action_id.is_empty()),
            "the ledger's to make"
        );
    }
}
