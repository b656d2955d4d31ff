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

/// The longest text that is taken for an identifier: as long as admission takes one.
const IDENTIFIER_MAX: usize = 1_024;

/// The one value a pointer without wildcards names, as the text of an identifier; nothing if missing, null or empty, or if
/// no identifier looks like it: a tool may answer anything, and what it answered is recorded all the same.
pub fn text(root: &Value, pointer: &str) -> Option<String> {
    let text = match select(root, pointer)?.first()? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
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
    }
}
