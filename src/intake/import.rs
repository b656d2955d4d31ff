//! Reads files of tool calls, one JSON object a line, as the catalogue's `[import]` table says.

use super::catalogue::Import;
use super::document::{select, text};
use crate::model::*;
use serde_json::Value;
use whosaw_verifier::hash::sha256;

/// Why a line is not a tool call. Lines are counted from 1; contents are not repeated.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ImportError {
    pub line: usize,
    pub what: String,
}

/// One line as a tool call. Its id is made of conversation and sequence, so that importing twice records once.
pub fn line(number: usize, line: &str, rules: &Import) -> Result<ToolCall, ImportError> {
    let wrong = |what: &str| ImportError { line: number, what: what.to_owned() };
    let value: Value = serde_json::from_str(line).map_err(|_| wrong("is not JSON"))?;
    let required = |pointer: &str, what: &str| text(&value, pointer).ok_or_else(|| wrong(&format!("has no {what}")));
    let conversation = required(&rules.conversation, "conversation")?;
    let sequence = required(&rules.sequence, "sequence")?;
    let tool = required(&rules.tool, "tool")?;
    let stated = required(&rules.outcome, "outcome")?;
    let outcome = if rules.succeeded.contains(&stated) {
        Outcome::Succeeded
    } else if rules.failed.contains(&stated) {
        Outcome::Failed
    } else {
        Outcome::Unknown
    };
    let arguments =
        select(&value, &rules.arguments).and_then(|found| found.first().map(|v| v.to_string().into_bytes()));
    let result = match select(&value, &rules.result).as_deref() {
        Some([Value::String(text)]) => text.clone().into_bytes(),
        Some([other]) => other.to_string().into_bytes(),
        _ => Vec::new(),
    };
    let (result, error) = match outcome {
        Outcome::Failed => (Vec::new(), String::from_utf8_lossy(&result).into_owned()),
        _ => (result, String::new()),
    };
    let principal = text(&value, &rules.principal).filter(|_| !rules.principal.is_empty());
    Ok(ToolCall {
        action_id: action_id(&conversation, &sequence).to_vec(),
        tool,
        arguments: arguments.unwrap_or_default(),
        result,
        error,
        outcome,
        agent: rules.agent(),
        principal: principal.map(|id| rules.principal(id)),
        conversation,
        call_id: text(&value, &rules.call_id).filter(|_| !rules.call_id.is_empty()).unwrap_or_default(),
        // The file does not say when; whoever reads the ledger must not take the time of recording for it.
        occurred: Some(Occurred { earliest_us: 0, latest_us: 0, source: TimeSource::Unknown }),
        provenance: Provenance::Import,
        ..ToolCall::default()
    })
}

/// A version 8 UUID (RFC 9562) made of the call's place.
fn action_id(conversation: &str, sequence: &str) -> [u8; 16] {
    let length = (conversation.len() as u64).to_be_bytes();
    let digest = sha256(&[b"whosaw/import/v1\0", &length, conversation.as_bytes(), sequence.as_bytes()]);
    let mut id: [u8; 16] = digest[..16].try_into().expect("16 of 32 bytes");
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    id
}
