//! JSON for people: what `whosaw append` reads and `--json` writes.
//!
//! Written is the canonical JSON of protobuf. Read is that and what a person would rather type: enum values by their
//! codes (`succeeded` for `OUTCOME_SUCCEEDED`), `arguments` and `result` as plain JSON or text instead of base64.

use super::DESCRIPTORS;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, EnumDescriptor, Kind, MessageDescriptor, SerializeOptions};
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
}
