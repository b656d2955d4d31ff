//! JSON for people: what `whosaw append` reads and `--json` writes.
//!
//! Written is the canonical JSON of protobuf. Read is that and what a person would rather type: enum values by their
//! codes (`succeeded` for `OUTCOME_SUCCEEDED`), `arguments` and `result` as plain JSON or text instead of base64.

use super::DESCRIPTORS;
use crate::model::json::Unambiguous;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, EnumDescriptor, Kind, MessageDescriptor, SerializeOptions};
use serde::de::DeserializeSeed as _;
use serde_json::{Map, Value};
use std::sync::LazyLock;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("build.rs wrote these descriptors"));

/// Why text is not the message that was expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(String);

/// Reads a message of the given name, such as `Record`.
pub fn read<M: Message + Default>(name: &str, mut value: Value) -> Result<M, JsonError> {
    let descriptor = descriptor(name)?;
    canonical(&mut value, &descriptor)?;
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(value, &mut track);
    let dynamic = DynamicMessage::deserialize(descriptor, tracked)
        .map_err(|error| JsonError(format!("{}: {error}", track.path())))?;
    M::decode(dynamic.encode_to_vec().as_slice()).map_err(|error| JsonError(error.to_string()))
}

/// Reads JSON text without losing anything of it unsaid: of two values under one key only one would be kept, and a number
/// of more digits than fit would become another. What is recorded must be what was written, so both are mistakes.
pub fn parse(text: &str) -> Result<Value, JsonError> {
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let mut numbers = Numbers(text);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let not_json = |error: serde_json::Error| JsonError(format!("not JSON: {error}"));
    let mut exact = |read: &Value| {
        let written = numbers.next().unwrap_or_default();
        let text = "a number has more digits than can be kept; give it, or the content around it, as a string";
        if decimal(written) == decimal(&read.to_string()) { Ok(()) } else { Err(text) }
    };
    let read = Unambiguous(&mut exact).deserialize(tracked);
    let value = read.map_err(|error| match track.path().to_string() {
        _ if !error.is_data() => not_json(error),
        path if path == "." => JsonError(error.to_string()),
        path => JsonError(format!("{path}: {error}")),
    })?;
    json.end().map_err(not_json)?;
    Ok(value)
}

/// The numbers of a JSON text as they are written, in their order.
struct Numbers<'t>(&'t str);

impl<'t> Iterator for Numbers<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        loop {
            let start = self.0.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit())?;
            let rest = &self.0[start..];
            if let Some(text) = rest.strip_prefix('"') {
                self.0 = behind_string(text);
                continue;
            }
            let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
            let end = rest.find(|c| !is_of_number(c)).unwrap_or(rest.len());
            let (number, rest) = rest.split_at(end);
            self.0 = rest;
            return Some(number);
        }
    }
}

/// What follows the string that begins before `text`.
fn behind_string(text: &str) -> &str {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// Sign, digits without zeros at either end, and the power of ten of the last one: the same for 1.50, 15e-1 and 1.5.
/// Zero has no sign worth keeping.
fn decimal(number: &str) -> Option<(bool, String, i64)> {
    let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let trimmed = all.trim_end_matches('0');
    let significant = trimmed.trim_start_matches('0').to_owned();
    if significant.is_empty() {
        return Some((false, significant, 0));
    }
    let zeros = i64::try_from(all.len() - trimmed.len()).ok()?;
    let exponent: i64 = exponent.parse().ok()?;
    let power = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(zeros)?;
    Some((negative, significant, power))
}

/// A message in canonical protobuf JSON, fields in their order.
pub fn write<M: Message>(name: &str, message: &M) -> Result<Value, JsonError> {
    let mut dynamic = DynamicMessage::new(descriptor(name)?);
    dynamic.merge(message.encode_to_vec().as_slice()).map_err(|error| JsonError(error.to_string()))?;
    let options = SerializeOptions::new().stringify_64_bit_integers(false);
    dynamic.serialize_with_options(serde_json::value::Serializer, &options).map_err(|e| JsonError(e.to_string()))
}

fn descriptor(name: &str) -> Result<MessageDescriptor, JsonError> {
    let found = POOL.get_message_by_name(&format!("whosaw.v1.{name}"));
    found.ok_or_else(|| JsonError(format!("there is no message {name}")))
}

/// Rewrites what people type into what the canonical reader takes.
fn canonical(value: &mut Value, message: &MessageDescriptor) -> Result<(), JsonError> {
    let Value::Object(fields) = value else { return Ok(()) };
    for (key, value) in fields.iter_mut() {
        let field = message.fields().find(|field| field.name() == key || field.json_name() == key);
        let Some(field) = field else {
            return Err(JsonError(format!("{} has no field {key}", message.name())));
        };
        match (field.kind(), value) {
            (Kind::Message(inner), Value::Array(values)) if field.is_list() => {
                values.iter_mut().try_for_each(|value| canonical(value, &inner))?;
            }
            (Kind::Message(inner), value @ Value::Object(_)) if !inner.full_name().starts_with("google.") => {
                canonical(value, &inner)?;
            }
            (Kind::Enum(inner), Value::Array(values)) => values.iter_mut().for_each(|value| enum_value(value, &inner)),
            (Kind::Enum(inner), value) => enum_value(value, &inner),
            (Kind::Bytes, value) if is_content(key) => content(value),
            _ => {}
        }
    }
    Ok(())
}

/// Content that people write as it is.
fn is_content(field: &str) -> bool {
    ["arguments", "result"].contains(&field)
}

fn content(value: &mut Value) {
    let bytes = match &*value {
        Value::Null => return,
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    };
    *value = Value::String(STANDARD.encode(bytes));
}

/// `agent_clock` stands for `TIME_SOURCE_AGENT_CLOCK`.
fn enum_value(value: &mut Value, descriptor: &EnumDescriptor) {
    let Value::String(text) = value else { return };
    if descriptor.get_value_by_name(text).is_some() {
        return;
    }
    let Some(zero) = descriptor.get_value(0) else { return };
    let prefix = zero.name().trim_end_matches("UNSPECIFIED");
    let name = format!("{prefix}{}", text.to_uppercase().replace('.', "_"));
    if descriptor.get_value_by_name(&name).is_some() {
        *text = name;
    }
}

/// An object of one field, for wrapping an action or a tool call into a record.
pub fn wrapped(field: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(field.to_owned(), value)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::v1;
    use serde_json::json;

    #[test]
    fn people_may_write_codes_and_plain_content() {
        let call: v1::ToolCall = read(
            "ToolCall",
            json!({
                "tool": "get_user",
                "outcome": "succeeded",
                "arguments": {"id": 7},
                "result": "plain text",
                "agent": {"kind": "agent", "name": "a"},
                "occurred": {"earliest": "2026-03-10T09:00:00Z", "latest": "2026-03-10T09:00:00Z", "source": "gateway"},
            }),
        )
        .expect("reads");
        assert_eq!((call.outcome, call.arguments.as_slice()), (1, &b"{\"id\":7}"[..]));
        assert_eq!(call.result, b"plain text");
        assert_eq!(call.occurred.and_then(|o| o.latest).map(|t| t.seconds), Some(1_773_133_200));
        let again = write("ToolCall", &v1::ToolCall { outcome: 1, ..v1::ToolCall::default() }).expect("writes");
        assert_eq!(again, json!({"outcome": "OUTCOME_SUCCEEDED"}));
        assert!(read::<v1::ToolCall>("ToolCall", json!({"tol": "x"})).is_err());
        let wrong = read::<v1::ToolCall>("ToolCall", json!({"agent": {"identities": [{"strength": "mighty"}]}}));
        let told = wrong.expect_err("no such strength").to_string();
        assert!(told.starts_with("agent.identities[0].strength: "), "{told}");
    }
    #[test]
    fn nothing_that_was_written_is_lost_unsaid() {
        let told = |text: &str| parse(text).expect_err(text).to_string();
        for (text, words) in [
            (r#"{"a":1,"b":2,"a":3}"#, r#"the key "a" stands twice"#),
            (r#"{"arguments":{"id":1,"\u0069d":1}}"#, r#"the key "id" stands twice"#),
            (r#"{"arguments":{"x":[{"id":12345678901234567890123}]}}"#, "arguments.x[0].id: a number has more digits"),
            (r#"{"result":0.12345678901234567891}"#, "result: a number has more digits"),
            (r#"{"s":"1\"2","result":[1,-18446744073709551616]}"#, "result[1]: a number has more digits"),
            (r#"{"result":1e-400}"#, "result: a number has more digits"),
            (r#"{"result":9007199254740993.0}"#, "result: a number has more digits"),
        ] {
            assert!(told(text).contains(words), "{text}: {}", told(text));
        }
        assert!(told(r#"{"result":1e400}"#).contains("out of range"));
        assert!(told(r#"{"result":1} 2"#).contains("trailing"));
        for text in [
            r#"{"a":{"a":1},"b":[{"a":2},{"a":3}],"1\"2":"3\\","c":["-4",5,null,true]}"#,
            r#"[0,-0,0.0,-0.0e5,1.50,15e-1,1E3,1.5e+300,18446744073709551615,-9223372036854775808,0.1,100000000000000000000]"#,
        ] {
            let usual: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(parse(text).expect("nothing is lost"), usual, "{text}");
        }
    }
}
