//! What is expected of who was in which group, who could use which key, which fields each got, and where people live.

use super::{Asked, bounds, count_of, ends, is_party, list, same, viewer};
use serde_json::Value;

/// Nothing where the words expect something else.
pub fn check(asked: &Asked<'_>, words: &[&str]) -> Option<Result<(), String>> {
    let report = asked.report;
    let audience = |whole: &str| {
        let all = list(&report["audiences"]);
        all.into_iter().find(|fact| is_party(&fact["who"], whole)).unwrap_or_default()
    };
    Some(match words {
        [whole, "counted", code] => same(code, &audience(whole)["count"]),
        [whole, "had", "members", count] => same(count, &Value::from(list(&audience(whole)["members"]).len())),
        [whole, "had", who, rest @ ..] => stays(asked, &of(&audience(whole)["members"], who), rest),
        [who, "could", "use", key, rest @ ..] => {
            let name = format!("key/{key}");
            let key = list(&report["keys"]).into_iter().find(|fact| fact["name"] == *name).unwrap_or_default();
            let users = list(&key["users"]);
            let theirs: Vec<Value> = users.into_iter().filter(|user| is_party(&user["who"], who)).collect();
            match rest {
                ["never", "told"] => same("0", &Value::from(theirs.len())),
                rest => stays(asked, &theirs, rest),
            }
        }
        ["data", "of", resource, "was", state, acts] => {
            let is = |fact: &&Value| fact["resource"] == **resource && fact["state"] == **state;
            let all = list(&report["protections"]);
            let acts_told = all.iter().filter(is).filter_map(|fact| fact["acts"].as_u64()).sum::<u64>();
            same(acts, &Value::from(acts_told))
        }
        [who, "got", how @ ("field" | "fields" | "no" | "perhaps"), rest @ ..] => {
            let told = list(&viewer(report, who)["fields"]);
            let all = |key: &str| -> Vec<Value> { told.iter().flat_map(|fact| list(&fact[key])).collect() };
            let number = |key: &str| told.iter().filter_map(|fact| fact[key].as_u64()).sum::<u64>();
            match (*how, rest) {
                ("field", [pointer]) if all("fields").contains(&Value::from(*pointer)) => Ok(()),
                ("perhaps", ["field", pointer]) if all("perhaps_fields").contains(&Value::from(*pointer)) => Ok(()),
                ("no", ["field"]) if all("fields").is_empty() && all("perhaps_fields").is_empty() => Ok(()),
                ("fields", ["not", "told", count]) => same(count, &Value::from(number("untold"))),
                _ => Err(format!("found {}", Value::from(told))),
            }
        }
        ["country", "not", "told", rest @ ..] => country(report, None, rest),
        ["country", name, rest @ ..] => country(report, Some(name), rest),
        _ => return None,
    })
}

fn of(members: &Value, who: &str) -> Vec<Value> {
    list(members).into_iter().filter(|member| is_party(&member["who"], who)).collect()
}

/// `09:05 to 10:05 [assumed]`, `09:05 on` for what is not known to have ended, each perhaps with `perhaps` before it.
fn stays(asked: &Asked<'_>, of: &[Value], words: &[&str]) -> Result<(), String> {
    let told: Vec<Value> = of.iter().flat_map(|fact| list(&fact["stays"])).collect();
    let (certain, words) = match words {
        ["perhaps", words @ ..] => (false, words),
        words => (true, words),
    };
    let at = |bound: &Value, text: &str| bounds(asked.scenario, text) == Some(ends(bound).unwrap_or_default());
    let is = |stay: &Value| {
        stay["certain"] == certain
            && match words {
                [from, "on"] => {
                    at(&stay["start"], from) && (stay["end"].is_null() || stay["end"]["known"] == "unknown")
                }
                [from, "to", until, known @ ..] => {
                    let is_known = known.first().is_none_or(|known| stay["end"]["known"] == **known);
                    at(&stay["start"], from) && at(&stay["end"], until) && is_known
                }
                _ => false,
            }
    };
    if told.iter().any(is) { Ok(()) } else { Err(format!("found {}", Value::from(told))) }
}

pub fn country(report: &Value, name: Option<&str>, words: &[&str]) -> Result<(), String> {
    let is = |fact: &Value| fact["name"].as_str() == name;
    let found = list(&report["countries"]).into_iter().find(is).unwrap_or_default();
    count_of(&found["persons"], words)
}
