//! What a report says otherwise than an earlier one, field by field (REPORTS 1.0, field 14).
//!
//! Both are compared as the JSON that they are. Things in a list are matched by what they are about and not by their place,
//! so that one that is new moves nothing else.

use super::Report;
use super::access::document::SupersededFact;
use super::shape::facts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

facts! {
    /// A figure or a text that is another than it was; absent where it is new, or gone.
    pub struct ChangeFact { path: String, before: Option<String>, after: Option<String> }
}

/// What of a report is compared, and how.
struct Compared {
    /// Lists and figures; header and answer say the same in other words.
    sections: &'static [&'static str],
    /// By which of its fields a thing in a list is known, where it has one of these.
    ids: &'static [&'static str],
    /// By which it is known otherwise, all together. Paths are recorded with a report's digest: what is added here makes
    /// reports of before others than they were.
    keys: &'static [&'static str],
    /// Fields that say what another says, in the report's language or by its place in a list.
    skipped: &'static [&'static str],
}

const EXPOSURE: Compared = Compared {
    sections: &[
        "totals",
        "as_told",
        "resources",
        "lags",
        "audiences",
        "viewers",
        "accesses",
        "holdings",
        "protections",
        "keys",
        "disclosures",
        "losses",
        "subjects",
        "countries",
        "causes",
        "policies",
        "amendments",
        "oddities",
        "coverage",
        "clock",
    ],
    skipped: &[],
    ids: &[],
    keys: &[
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
        "opened",
    ],
};

/// Lines are not compared: they are entries that were merged, and these are.
const ACCESS: Compared = Compared {
    sections: &[
        "person",
        "totals",
        "agents",
        "principals",
        "recipients",
        "tools",
        "categories",
        "categories_unstated",
        "fields",
        "records",
        "records_unowned",
        "purposes",
        "legal_bases",
        "policies",
        "authorisations",
        "other_parts",
        "involved",
        "possible",
        "undetermined",
        "earlier_reports",
        "ledger_reads",
        "coverage",
        "clock",
        "declared",
        "requests",
        "staff",
        "staff_roles",
        "kept",
        "entries",
    ],
    skipped: &[],
    ids: &["index", "entry", "since"],
    keys: &[
        "namespace",
        "fields",
        "agent",
        "party",
        "in_person",
        "basis",
        "kind",
        "tool",
        "operator",
        "category",
        "pointer",
        "direction",
        "dataset",
        "id",
        "version",
        "decision",
        "value",
        "purpose",
        "roles",
        "verb",
        "undetermined",
        "determination",
        "reason",
        "outcome",
        "source",
        "recipient",
        "country",
    ],
};

/// The register is not compared: it is made of the form. Nor is what a notification is held against: that says itself what is
/// otherwise.
const BREACH: Compared = Compared {
    sections: &[
        "case",
        "severity",
        "figure_confidentiality",
        "figure_audience",
        "totals",
        "fields",
        "todo",
        "phases",
        "claim",
        "coverage",
        "clock",
    ],
    skipped: &["title", "english", "texts", "ledger_texts", "changes", "facts"],
    ids: &["number", "entry", "stated", "submitted", "set"],
    keys: &["field", "source", "kind"],
};

/// Copies have numbers by their place, so they are known by what they are.
const PERSONS: Compared = Compared {
    sections: &["totals", "persons", "holdings", "others_told", "public", "told_erased", "coverage", "clock"],
    skipped: &["number", "holdings"],
    ids: &["entry", "identities"],
    keys: &["holder", "resource", "start", "source"],
};

const ACTIVITY: Compared = Compared {
    sections: &[
        "agent",
        "totals",
        "lines",
        "instructions",
        "principals",
        "others",
        "tools",
        "models",
        "coverage",
        "clock",
    ],
    skipped: &[],
    ids: &["source"],
    keys: &[
        "verb",
        "outcome",
        "authorisation",
        "tool",
        "dataset",
        "purpose",
        "instructed",
        "text",
        "basis",
        "kind",
        "party",
        "name",
        "country",
        "model",
        "version",
        "vendor",
        "region",
    ],
};

/// Says in a report what it says otherwise than an earlier one of its type.
pub fn supersede(after: &mut Report, before: &Report, told: SupersededFact) {
    let supersedes = Some(told);
    match (after, before) {
        (Report::Access(after), Report::Access(before)) => {
            after.changes = Some(between(&ACCESS, before, after));
            after.header.supersedes = supersedes;
        }
        (Report::Exposure(after), Report::Exposure(before)) => {
            after.changes = between(&EXPOSURE, before, after);
            after.header.supersedes = supersedes;
        }
        (Report::Breach(after), Report::Breach(before)) => {
            after.changes = Some(between(&BREACH, before, after));
            after.header.supersedes = supersedes;
        }
        (Report::Persons(after), Report::Persons(before)) => {
            after.changes = Some(between(&PERSONS, before, after));
            after.header.supersedes = supersedes;
        }
        (Report::Activity(after), Report::Activity(before)) => {
            after.changes = Some(between(&ACTIVITY, before, after));
            after.header.supersedes = supersedes;
        }
        // Of two types nothing is the same, and nobody asks for it.
        _ => {}
    }
}

/// Nothing where a report cannot be written as JSON, which making it would have said.
fn between<R: Serialize>(compared: &Compared, before: &R, after: &R) -> Vec<ChangeFact> {
    let flat = |report: &R| {
        let mut leaves = BTreeMap::new();
        let json = serde_json::to_value(report).unwrap_or_default();
        for section in compared.sections {
            compared.flatten(&json[*section], (*section).to_owned(), &mut leaves);
        }
        leaves
    };
    let (before, after) = (flat(before), flat(after));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = |path: &String| {
        let (was, is) = (before.get(path).cloned(), after.get(path).cloned());
        (was != is).then(|| ChangeFact { path: path.clone(), before: was, after: is })
    };
    paths.into_iter().filter_map(changed).collect()
}

impl Compared {
    fn flatten(&self, value: &Value, path: String, leaves: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields.iter().filter(|(name, _)| !self.skipped.contains(&name.as_str())) {
                    self.flatten(value, format!("{path}.{name}"), leaves);
                }
            }
            Value::Array(things) if things.iter().any(Value::is_object) => {
                let mut seen: BTreeMap<String, u64> = BTreeMap::new();
                for thing in things {
                    let label = self.label(thing);
                    let number = seen.entry(label.clone()).or_default();
                    *number += 1;
                    let again = if *number > 1 { format!(" #{number}") } else { String::new() };
                    self.flatten(thing, format!("{path}[{label}{again}]"), leaves);
                }
            }
            Value::Null => {}
            Value::String(text) => drop(leaves.insert(path, text.clone())),
            other => drop(leaves.insert(path, other.to_string())),
        }
    }

    /// What a thing in a list is about, in short.
    fn label(&self, thing: &Value) -> String {
        let told = |keys: &[&str]| {
            let told = keys.iter().filter_map(|key| thing.get(key)).map(short).filter(|text| !text.is_empty());
            told.collect::<Vec<_>>().join(", ")
        };
        let id = told(self.ids);
        if id.is_empty() { told(self.keys) } else { id }
    }
}

fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Array(all) => all.iter().map(short).collect::<Vec<_>>().join("+"),
        // Of a party or an identifier its own words, whatever wraps them; of what an entry tells the entry.
        Value::Object(fields) => match fields.get("fields").or(fields.get("entry").filter(|entry| entry.is_number())) {
            Some(known) => short(known),
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
            EXPOSURE.flatten(&value, "viewers".into(), &mut leaves);
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
