//! What a report says otherwise than an earlier one, field by field (REPORTS 1.0, field 14).
//!
//! Both are compared as the JSON that they are. Things in a list are matched by what they are about and not by their place,
//! so that one that is new moves nothing else.

use super::document::{ChangeFact, ExposureReport};
use serde_json::Value;
use std::collections::BTreeMap;

/// Lists and figures that are compared; header and answer say the same in other words.
const COMPARED: &[&str] = &[
    "totals",
    "as_told",
    "resources",
    "viewers",
    "accesses",
    "holdings",
    "disclosures",
    "losses",
    "subjects",
    "causes",
    "amendments",
    "oddities",
    "coverage",
];

/// By which of its fields a thing in a list is known.
const KEYS: &[&str] = &[
    "who",
    "holder",
    "to",
    "audience",
    "identities",
    "name",
    "source",
    "resource",
    "entries",
    "entry",
    "led_to",
    "target",
    "what",
];

/// What changed, by path. Nothing where a report cannot be written as JSON, which making it would have said.
pub fn changes(before: &ExposureReport, after: &ExposureReport) -> Vec<ChangeFact> {
    let flat = |report: &ExposureReport| {
        let mut leaves = BTreeMap::new();
        let json = serde_json::to_value(report).unwrap_or_default();
        for section in COMPARED {
            flatten(&json[*section], (*section).to_owned(), &mut leaves);
        }
        leaves
    };
    let (before, after) = (flat(before), flat(after));
    let paths: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = |path: &String| {
        let (was, is) = (before.get(path).cloned(), after.get(path).cloned());
        (was != is).then(|| ChangeFact { path: path.clone(), before: was, after: is })
    };
    paths.into_iter().filter_map(changed).collect()
}

fn flatten(value: &Value, path: String, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(value, format!("{path}.{name}"), leaves);
            }
        }
        Value::Array(things) if things.iter().any(Value::is_object) => {
            let mut seen: BTreeMap<String, u64> = BTreeMap::new();
            for thing in things {
                let label = label(thing);
                let number = seen.entry(label.clone()).or_default();
                *number += 1;
                let again = if *number > 1 { format!(" #{number}") } else { String::new() };
                flatten(thing, format!("{path}[{label}{again}]"), leaves);
            }
        }
        Value::Null => {}
        Value::String(text) => drop(leaves.insert(path, text.clone())),
        other => drop(leaves.insert(path, other.to_string())),
    }
}

/// What a thing in a list is about, in short.
fn label(thing: &Value) -> String {
    let told = KEYS.iter().filter_map(|key| thing.get(key)).map(short).filter(|text| !text.is_empty());
    told.collect::<Vec<_>>().join(", ")
}

fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(all) => all.iter().map(short).collect::<Vec<_>>().join("+"),
        // Of a party or an identifier its own words, whatever wraps them.
        Value::Object(fields) => match fields.get("fields") {
            Some(fields) => short(fields),
            None => fields.values().map(short).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" "),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn things_are_matched_by_what_they_are_about() {
        let flat = |value: Value| {
            let mut leaves = BTreeMap::new();
            flatten(&value, "viewers".into(), &mut leaves);
            leaves
        };
        let person = |name: &str, did: u64| json!({"who": {"person": {"identities": [{"namespace": "staff", "fields": [name], "strength": "strong"}]}}, "did": did});
        let before = flat(json!([person("e2", 0)]));
        let after = flat(json!([person("e1", 1), person("e2", 0)]));
        assert_eq!(before.get("viewers[e2].did"), Some(&"0".to_owned()));
        assert_eq!(after.get("viewers[e2].did"), Some(&"0".to_owned()));
        assert_eq!(after.get("viewers[e1].did"), Some(&"1".to_owned()));
        assert!(!before.contains_key("viewers[e1].did"));
        let twice = flat(json!([{"name": "R", "a": 1}, {"name": "R", "a": 2}]));
        assert_eq!(twice.get("viewers[R #2].a"), Some(&"2".to_owned()));
    }
}
