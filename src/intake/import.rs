//! Reads files of tool calls, one JSON object a line, as the catalogue's `[import]` table says.

use super::catalogue::Import;
use super::document::{select, text};
use crate::model::*;
use serde_json::Value;

/// Why a line is not a tool call. Lines are counted from 1; contents are not repeated.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ImportError {
    pub line: usize,
    pub what: String,
}

/// One line as a tool call. It says its conversation and its place there, of which the ledger makes its id, so that
/// importing twice records once.
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
        sequence,
        ..ToolCall::default()
    })
}
