//! JSON pointers with wildcards.

use serde_json::Value;

/// The values a pointer selects; `*` stands for every element. `None`: a step on the way is missing, which is not the same
/// as an empty list.
pub fn select<'a>(root: &'a Value, pointer: &str) -> Option<Vec<&'a Value>> {
    let mut selected = vec![root];
    for step in pointer.split('/').skip(1) {
        let mut next = Vec::with_capacity(selected.len());
        for value in selected {
            match (step, value) {
                ("*", Value::Array(values)) => next.extend(values),
                ("*", Value::Object(values)) => next.extend(values.values()),
                (_, Value::Object(values)) => next.push(values.get(&unescape(step))?),
                (_, Value::Array(values)) => next.push(values.get(step.parse::<usize>().ok()?)?),
                _ => return None,
            }
        }
        selected = next;
    }
    Some(selected)
}

/// The values a pointer selects, passing over elements in which a step is missing; whether one was.
pub fn select_there<'a>(root: &'a Value, pointer: &str) -> (Vec<&'a Value>, bool) {
    let (mut selected, mut missing) = (vec![root], false);
    for step in pointer.split('/').skip(1) {
        let mut next = Vec::with_capacity(selected.len());
        for value in selected {
            let found = match (step, value) {
                ("*", Value::Array(values)) => {
                    next.extend(values);
                    continue;
                }
                ("*", Value::Object(values)) => {
                    next.extend(values.values());
                    continue;
                }
                (_, Value::Object(values)) => values.get(&unescape(step)),
                (_, Value::Array(values)) => step.parse::<usize>().ok().and_then(|at| values.get(at)),
                _ => None,
            };
            missing |= found.is_none();
            next.extend(found);
        }
        selected = next;
    }
    (selected, missing)
}

/// Whether somebody may have written something there, however deep.
pub fn holds_text(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(values) => values.iter().any(holds_text),
        Value::Object(values) => values.values().any(holds_text),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The longest text that is taken for an identifier: as long as admission takes one.
const IDENTIFIER_MAX: usize = 1_024;

/// The one value a pointer without wildcards names, as the text of an identifier; nothing if missing, null or empty, or if
/// no identifier looks like it: a tool may answer anything, and what it answered is recorded all the same.
pub fn text(root: &Value, pointer: &str) -> Option<String> {
    let text = match select(root, pointer)?.first()? {
        Value::String(text) => text.trim().to_owned(),
        // A number that is no whole one of 64 bits was rounded when it was read: two persons could become one.
        Value::Number(number) if !number.is_f64() => number.to_string(),
        _ => return None,
    };
    let usable = !text.is_empty() && text.len() <= IDENTIFIER_MAX && !text.chars().any(char::is_control);
    usable.then_some(text)
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers_select_and_missing_is_not_empty() {
        let document = json!({"a": [{"b": 1}, {"b": 2}], "none": [], "x/y": {"k": "v"}});
        assert_eq!(select(&document, "/a/*/b"), Some(vec![&json!(1), &json!(2)]));
        assert_eq!(select(&document, "/none/*"), Some(vec![]));
        assert_eq!(select(&document, "/gone/*"), None);
        assert_eq!(select(&document, "/a/*/c"), None);
        assert_eq!(select(&document, ""), Some(vec![&document]));
        assert_eq!(text(&document, "/x~1y/k").as_deref(), Some("v"));
        assert_eq!(text(&document, "/a/0/b").as_deref(), Some("1"));
        assert_eq!(text(&document, "/none"), None);
        assert_eq!(select_there(&json!([{"b": 1}, {"c": 2}]), "/*/b"), (vec![&json!(1)], true));
        let long: Value = serde_json::from_str("[89490200001234567890123]").expect("JSON");
        assert_eq!(text(&long, "/0"), None, "rounded, so that others would have the same");
        assert!(holds_text(&json!({"a": [1, {"b": "words"}]})) && !holds_text(&json!([1, " ", null])));
    }
}
