//! JSON in the one form of RFC 8785 (JCS), so that a report has one sequence of bytes.
//!
//! Only what a report is made of: objects, arrays, strings, bools, null, and integers that every JSON reader holds
//! exactly. Other numbers are refused, so that the floating-point half of the RFC is never needed.

use serde_json::Value;

/// Integers beyond this are rounded by readers that hold numbers as IEEE 754 doubles (RFC 8785, 3.1; RFC 7493, 2.2).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// A number that a caller made up, as far as it can be written: one absurd claim must not keep every report of a person
/// from being made. Counts of our own are never cut.
pub fn cut(number: u64) -> u64 {
    number.min(INTEGER_MAX)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    #[error("a number is not an integer within ±(2^53 − 1)")]
    Number,
    #[error("a value cannot be written as JSON")]
    Shape,
}

/// The canonical bytes of a value, without a final newline: RFC 8785 knows none.
pub fn to_bytes(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out.into_bytes())
}

/// The canonical bytes of anything serde can write.
pub fn of(value: &impl serde::Serialize) -> Result<Vec<u8>, CanonicalError> {
    to_bytes(&serde_json::to_value(value).map_err(|_| CanonicalError::Shape)?)
}

fn write(value: &Value, out: &mut String) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            if magnitude.is_none_or(|magnitude| magnitude > INTEGER_MAX) {
                return Err(CanonicalError::Number);
            }
            out.push_str(&number.to_string());
        }
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // UTF-16 code units, not bytes: the two differ for what stands beyond the basic plane.
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (i, (key, value)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write(value, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(input: &str, expected: &str) {
        let value: Value = serde_json::from_str(input).expect("the example is JSON");
        assert_eq!(String::from_utf8(to_bytes(&value).expect("it can be written")).expect("UTF-8"), expected);
    }

    /// The examples of RFC 8785, sections 3.2.2 and 3.2.3, without their floating-point numbers.
    #[test]
    fn the_examples_of_the_rfc() {
        check(
            r#"{ "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false] }"#,
            "{\"literals\":[null,true,false],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}",
        );
        check(
            r#"{ "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
                 "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis" }"#,
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\
             \"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
        );
    }

    #[test]
    fn integers_are_exact_or_refused() {
        check("[0, 9007199254740991, -9007199254740991]", "[0,9007199254740991,-9007199254740991]");
        for input in ["-0", "9007199254740992", "-9007199254740992", "18446744073709551615", "1.5", "1e3", "1.0"] {
            let value: Value = serde_json::from_str(input).expect("the example is JSON");
            assert_eq!(to_bytes(&value), Err(CanonicalError::Number), "{input}");
        }
    }

    proptest! {
        /// What is written reads back as the same value, and has one form only.
        #[test]
        fn it_reads_back(texts in proptest::collection::vec(any::<String>(), 0..6), number in 0..=INTEGER_MAX) {
            let mut object = serde_json::Map::new();
            for text in &texts {
                object.insert(text.clone(), Value::from(text.chars().rev().collect::<String>()));
            }
            object.insert("n".into(), Value::from(number));
            let value = Value::Object(object);
            let bytes = to_bytes(&value).expect("it can be written");
            let read: Value = serde_json::from_slice(&bytes).expect("it reads");
            prop_assert_eq!(&read, &value);
            prop_assert_eq!(to_bytes(&read).expect("it can be written"), bytes);
        }
    }
}
