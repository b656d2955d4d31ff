//! What a report is expected to say, held against its JSON.

mod reach;

use super::language::{Scenario, duration};
use super::play::Acts;
use serde_json::Value;

/// A report, and the story that it was asked of.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub scenario: &'a Scenario,
    pub acts: &'a Acts,
    pub report: &'a Value,
}

/// Why an expectation does not hold; nothing where it does.
pub fn check(asked: &Asked<'_>, words: &[String]) -> Result<(), String> {
    let text: Vec<&str> = words.iter().map(String::as_str).collect();
    let Asked { scenario, report, .. } = *asked;
    if let ["as", "told", rest @ ..] = text.as_slice() {
        let mut report = report.clone();
        report["totals"] = report["as_told"].take();
        let rest: Vec<String> = rest.iter().map(|word| (*word).to_owned()).collect();
        return check(&Asked { report: &report, ..*asked }, &rest);
    }
    if let [name, rest @ ..] = text.as_slice()
        && let Some(entry) = asked.acts.entry(name)
        && let Some(outcome) = of_act(scenario, report, entry, rest)
    {
        return outcome;
    }
    if let Some(outcome) = reach::check(asked, &text) {
        return outcome;
    }
    match text.as_slice() {
        ["is", "sound"] => sound(report),
        ["people", "are", "sound"] => people_sound(report),
        ["open", rest @ ..] => span_of(&report["totals"]["open_us"], rest),
        ["unauthorised", rest @ ..] if rest.first().is_some_and(|word| word.contains('h')) => {
            span_of(&report["totals"]["unauthorised_us"], rest)
        }
        ["window", start, "to", end, known @ ..] => window(scenario, report, start, end, known),
        ["windows", count] => same(count, &Value::from(windows(report).len())),
        ["people", "could", rest @ ..] => count_of(&report["totals"]["people_could"], rest),
        ["people", "without", "authority", rest @ ..] => count_of(&report["totals"]["people_without_authority"], rest),
        ["people", "saw", rest @ ..] => count_of(&report["totals"]["people_saw"], rest),
        ["people", "given", rest @ ..] => count_of(&report["totals"]["people_given"], rest),
        ["machines", rest @ ..] => count_of(&report["totals"]["machines"], rest),
        ["subjects", "unknown"] => same("false", &report["totals"]["subjects_determined"]),
        ["subjects", "counted"] => same("true", &report["totals"]["subjects_counted"]),
        ["records", rest @ ..] => records(&report["totals"], rest),
        ["subjects", rest @ ..] => count_of(&report["totals"]["subjects"], rest),
        ["attempts", count] => same(count, &report["totals"]["attempts"]),
        ["copies", count] => same(count, &report["totals"]["holdings_open"]),
        ["copies", "promised", count] => match &report["totals"]["holdings_promised"] {
            Value::Null => same(count, &Value::from(0)),
            found => same(count, found),
        },
        ["unauthorised", "losses", count] => same(count, &report["totals"]["unauthorised_losses"]),
        ["unauthorised", rest @ ..] => count_of(&report["totals"]["unauthorised_accesses"], rest),
        ["not", "assessed", count] => same(count, &report["totals"]["not_assessed_accesses"]),
        ["saw", "uncountable"] => same("true", &report["totals"]["saw_uncountable"]),
        ["unsettled", count] => same(count, &report["totals"]["open_questions"]),
        ["uncountable"] => same("true", &report["totals"]["uncountable"]),
        ["paths", count] => {
            let paths = list(&report["resources"]).iter().map(|resource| list(&resource["paths"]).len()).sum::<usize>();
            same(count, &Value::from(paths))
        }
        ["countable"] => same("false", &report["totals"]["uncountable"]),
        ["claim", code] => same(code, &report["answer"]["claim"]),
        ["beyond", code] => same(code, &report["answer"]["beyond"]),
        ["logging", code] => same(code, &report["coverage"]["sentence"]),
        ["odd", code] => {
            let odd = list(&report["oddities"]);
            if odd.iter().any(|odd| odd["what"] == **code) { Ok(()) } else { Err(format!("found {odd:?}")) }
        }
        ["nothing", "odd"] => same("0", &Value::from(list(&report["oddities"]).len())),
        ["losses", count] => same(count, &report["totals"]["losses"]),
        ["after", "restriction", count] => same(count, &report["totals"]["after_restriction"]),
        ["perhaps", "after", "restriction", count] => match &report["totals"]["after_restriction_of_erased"] {
            Value::Null => same(count, &Value::from(0)),
            found => same(count, found),
        },
        ["loss", of, state] => {
            let losses = list(&report["losses"]);
            let of_it: Vec<&Value> = losses.iter().filter(|loss| loss["resource"] == **of).collect();
            let is = |loss: &&&Value| loss["recovery"] == **state || loss["lost"] == **state;
            if of_it.iter().any(|loss| is(&loss)) { Ok(()) } else { Err(format!("found {of_it:?}")) }
        }
        ["nothing", "changed"] if report["changes"].is_null() => Err("nothing was compared".into()),
        ["nothing", "changed"] => same("0", &Value::from(list(&report["changes"]).len())),
        ["changed", path] => changed(report, path),
        ["amended", count] => same(count, &Value::from(list(&report["amendments"]).len())),
        ["not", "corrected"] => match report["as_told"].is_null() {
            true => Ok(()),
            false => Err(format!("figures of before a correction are told: {}", report["as_told"])),
        },
        ["nothing", "corrected"] => same("0", &Value::from(list(&report["amendments"]).len())),
        [who, "holds", "nothing"] => same("0", &Value::from(holdings(report, who).len())),
        [who, "holds", rest @ ..] => holds(asked, who, rest),
        ["recipient", who, rest @ ..] => {
            let all = list(&report["disclosures"]);
            let found = all.iter().find(|given| is_party(&given["to"], who)).cloned().unwrap_or_default();
            match rest {
                ["in", "nowhere"] => same("null", &found["country"]),
                ["in", country] => same(country, &found["country"]),
                ["got", rest @ ..] => people_of(&found, rest),
                _ => Err("is told by the country it is in, and by whose data it got".into()),
            }
        }
        ["policy", id, rest @ ..] => policy(report, Some(id), rest),
        ["no", "policy", count] => policy(report, None, &["acts", count]),
        [of, rest @ ..] if is_of_lag(rest) => {
            let of_it = |lag: &&Value| lag["resource"] == **of;
            lasted(list(&report["lags"]).iter().find(of_it), rest)
        }
        [who, "could", rest @ ..] => span_of(&viewer(report, who)["could_us"], rest),
        [who, "surely", count] => same(count, &viewer(report, who)["surely"]),
        [who, "did", count] => same(count, &viewer(report, who)["did"]),
        [who, "tried", count] => same(count, &viewer(report, who)["tried"]),
        [who, rung @ ("saw" | "processed" | "given")] => {
            let code = if *rung == "saw" { "seen" } else { rung };
            same(code, &viewer(report, who)["highest"])
        }
        [who, end @ ("first" | "last"), at] => {
            let at = scenario.clock(at).ok_or("first and last are times")?;
            let found = viewer(report, who)[*end].clone();
            if instant(&found) == Some(at) { Ok(()) } else { Err(format!("found {found}")) }
        }
        [who, "verdict", code] => match data_subject(report, who) {
            // Whoever could see is told as that.
            fact if !fact.is_null() && viewer(report, who)["verdict"] == "none" => same(code, &fact["verdict"]),
            _ => same(code, &viewer(report, who)["verdict"]),
        },
        [subject, "inside", rest @ ..] => span_of(&data_subject(report, subject)["open_us"], rest),
        [subject, "reached", rest @ ..] => count_of(&data_subject(report, subject)["accesses"], rest),
        _ => Err("is not something that can be expected; `whosaw scenario run --help` says what can".into()),
    }
}

/// The same of a report about a person.
pub fn check_person(asked: &Asked<'_>, words: &[String]) -> Result<(), String> {
    let text: Vec<&str> = words.iter().map(String::as_str).collect();
    let (report, totals) = (asked.report, &asked.report["totals"]);
    let request = || list(&report["requests"]["log"]).pop().unwrap_or_default();
    let says = |words: &[&str]| report.to_string().contains(&words.join(" "));
    match text.as_slice() {
        ["processed", rest @ ..] => count_of(&totals["processed"], rest),
        ["shown", "to", "people", rest @ ..] => count_of(&totals["shown_to_humans"], rest),
        ["read", "by", "people", rest @ ..] => count_of(&totals["read_by_humans"], rest),
        ["into", "tools", rest @ ..] => count_of(&totals["into_tools"], rest),
        ["attempts", rest @ ..] => count_of(&totals["attempts"], rest),
        ["disclosed", rest @ ..] => count_of(&totals["disclosed"], rest),
        ["logging", code] => same(code, &report["coverage"]["sentence"]),
        ["reports", count] => same(count, &Value::from(list(&report["earlier_reports"]).len())),
        ["changed", path] => changed(report, path),
        ["unchanged", path] => match changed(report, path) {
            Ok(()) => Err("it is another".into()),
            Err(_) if report["changes"].is_null() => Err("nothing was compared".into()),
            Err(_) if path.split('.').try_fold(report, |at, key| at.get(key)).is_none() => {
                Err("the report has nothing of this path".into())
            }
            Err(_) => Ok(()),
        },
        ["due", day] => same(day, &request()["due"]),
        ["extended", "to", day] => match &request()["extension"] {
            extension if extension["in_time"] == true => same(day, &extension["due"]),
            extension => Err(format!("found {extension}")),
        },
        ["not", "extended"] => match &request()["extension"] {
            extension if extension["in_time"] == true => Err(format!("found {extension}")),
            _ => Ok(()),
        },
        ["request", state @ ..] => same(&state.join("_"), &request()["state"]),
        ["safeguards", state @ ..] => {
            let of_transfers = |field: &Value| field["field"] == "10";
            let fields = list(&report["completeness"]["fields"]);
            same(&state.join("_"), &fields.into_iter().find(of_transfers).unwrap_or_default()["provision"])
        }
        ["mentions", rest @ ..] if !rest.is_empty() => says(rest).then_some(()).ok_or_else(|| "it does not".into()),
        ["no", "mention", "of", rest @ ..] if !rest.is_empty() => {
            if says(rest) {
                Err("it is mentioned".into())
            } else {
                Ok(())
            }
        }
        _ => Err("is not something that can be expected of it; `whosaw scenario run --help` says what can".into()),
    }
}

/// Whether the report says of anything under this path that it is otherwise than in the one before.
fn changed(report: &Value, path: &str) -> Result<(), String> {
    let told = list(&report["changes"]);
    let paths: Vec<&str> = told.iter().filter_map(|change| change["path"].as_str()).collect();
    if paths.iter().any(|found| found.starts_with(path)) { Ok(()) } else { Err(format!("found {paths:?}")) }
}

/// What must be so in every report: no figure is certain beyond what is possible, nor how long anything took, and no window
/// beyond the whole.
fn sound(report: &Value) -> Result<(), String> {
    let totals = report["totals"].as_object().cloned().unwrap_or_default();
    for (name, value) in &totals {
        if value["low"].as_u64() > value["high"].as_u64() {
            return Err(format!("{name} is {value}"));
        }
    }
    for lag in list(&report["lags"]) {
        for of in ["opened_to_detected", "decided_to_closed", "revoked_to_closed", "detected_to_closed"] {
            if lag[of]["us"]["low"].as_u64() > lag[of]["us"]["high"].as_u64() {
                return Err(format!("{of} is {}", lag[of]));
            }
        }
    }
    let most = report["totals"]["open_us"]["high"].as_u64();
    let longest = windows(report).iter().filter_map(|window| window["possible_us"].as_u64()).max();
    if longest > most { Err(format!("a window of {longest:?} in all of {most:?}")) } else { Ok(()) }
}

/// Nobody could see for longer than it stood open, but for whoever has a copy, nor surely longer than possibly.
fn people_sound(report: &Value) -> Result<(), String> {
    let most = report["totals"]["open_us"]["high"].as_u64();
    let holdings = list(&report["holdings"]);
    for viewer in list(&report["viewers"]) {
        let could = &viewer["could_us"];
        let has_a_copy = holdings.iter().any(|held| held["holder"] == viewer["who"]);
        let longer = could["high"].as_u64() > most && !has_a_copy;
        if could["low"].as_u64() > could["high"].as_u64() || longer {
            return Err(format!("{} could {could} of {most:?}", viewer["who"]));
        }
    }
    Ok(())
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn windows(report: &Value) -> Vec<Value> {
    list(&report["resources"]).iter().flat_map(|resource| list(&resource["windows"])).collect()
}

/// A window with these ends, each an instant or `earliest..latest`, and how well the end is known.
fn window(scenario: &Scenario, report: &Value, start: &str, end: &str, known: &[&str]) -> Result<(), String> {
    let (start, end) =
        bounds(scenario, start).zip(bounds(scenario, end)).ok_or("a window goes from a time to a time")?;
    let windows = windows(report);
    let fits = |window: &Value| {
        let is_known = known.first().is_none_or(|known| window["end"]["known"] == **known);
        ends(&window["start"]) == Some(start) && ends(&window["end"]) == Some(end) && is_known
    };
    if windows.iter().any(fits) { Ok(()) } else { Err(format!("found {}", Value::from(windows))) }
}

/// What the report says of somebody whose data was inside; nothing where it says nothing.
fn data_subject(report: &Value, who: &str) -> Value {
    let subjects = list(&report["subjects"]);
    subjects.into_iter().find(|fact| is_person(&fact["identities"], who)).unwrap_or_default()
}

/// What the report says of somebody; empty where it says nothing.
fn viewer(report: &Value, who: &str) -> Value {
    let viewers = list(&report["viewers"]);
    let is_them = |fact: &Value| is_party(&fact["who"], who);
    let none =
        serde_json::json!({"could_us": {"low": 0, "high": 0}, "did": 0, "surely": 0, "tried": 0, "verdict": "none"});
    viewers.into_iter().find(is_them).unwrap_or(none)
}

fn is_party(fact: &Value, who: &str) -> bool {
    match fact {
        Value::String(code) => who == "anybody" && code == "anyone",
        fact => {
            let named = &fact["named"]["name"];
            is_person(&fact["person"]["identities"], who)
                || named["registered"] == *who
                || named["unregistered"] == *who
        }
    }
}

/// What is expected of a named act: of an access, a grant, a loss, a cause, or a correction.
fn of_act(scenario: &Scenario, report: &Value, entry: u64, words: &[&str]) -> Option<Result<(), String>> {
    let tells = |fact: &&Value| fact["entry"] == entry || list(&fact["entries"]).contains(&Value::from(entry));
    let find = |of: &str| list(&report[of]).iter().find(tells).cloned();
    let paths: Vec<Value> = list(&report["resources"]).iter().flat_map(|resource| list(&resource["paths"])).collect();
    let path = || paths.iter().find(|path| path["start"]["entry"] == entry).cloned();
    let act = || find("accesses").or_else(|| find("losses")).or_else(path).unwrap_or_default();
    let amended = || list(&report["amendments"]).into_iter().find(|amended| amended["target"] == entry);
    Some(match words {
        ["approval", code] => {
            let found = act();
            let found = if found["approval"].is_null() { find("causes").unwrap_or_default() } else { found };
            same(code, &found["approval"])
        }
        ["review", code] => same(code, &act()["review"]["state"]),
        ["after", "restriction"] => match act()["after_restriction"].as_u64() {
            Some(1..) => Ok(()),
            _ => Err("it is not told so".into()),
        },
        ["perhaps", "after", "restriction"] => same("true", &act()["after_restriction_of_erased"]),
        ["in", "time"] => same("0", &act()["after_restriction"]),
        [code @ ("authorised" | "unauthorised" | "exceptional" | "not_assessed")] => {
            same(code, &act()["authorisation"])
        }
        ["does", "count"] => same("counts", &find("amendments").unwrap_or_default()["standing"]),
        ["does", "not", "count:", code] => same(code, &find("amendments").unwrap_or_default()["standing"]),
        ["was", "retracted" | "corrected", "saying", reason @ ..] => {
            same(&reason.join(" "), &amended().unwrap_or_default()["reason"])
        }
        ["was", "retracted"] => same("true", &amended().unwrap_or_default()["retracts"]),
        ["was", "corrected"] => same("false", &amended().unwrap_or_default()["retracts"]),
        ["suppressed", until @ ..] => match (find("suppressed"), until) {
            (Some(_), []) => Ok(()),
            (Some(order), ["until", day]) => same(day, &order["until"]),
            (found, _) => Err(format!("found {found:?}")),
        },
        ["not", "suppressed"] => find("suppressed").map_or(Ok(()), |order| Err(format!("found {order}"))),
        ["at", when] => {
            let found = act()["when"].clone();
            match bounds(scenario, when) {
                Some(expected) if instant(&found["from"]).zip(instant(&found["until"])) == Some(expected) => Ok(()),
                _ => Err(format!("found {found}")),
            }
        }
        ["one", "of", names @ ..] => {
            let found = list(&act()["one_of"]);
            let all = names.iter().all(|name| found.iter().any(|who| is_party(who, name)));
            if all && found.len() == names.len() { Ok(()) } else { Err(format!("found {found:?}")) }
        }
        words if is_of_lag(words) => {
            let lags = list(&report["lags"]);
            lasted(lags.iter().find(|lag| lag["opened"]["entry"] == entry), words)
        }
        ["led", "to", "it"] => match find("causes") {
            Some(cause) if !cause["led_to"].is_null() => Ok(()),
            found => Err(format!("found {found:?}")),
        },
        ["shows", "category", code] => holds_code(&act()["categories"], code),
        ["perhaps", "shows", "category", code] => holds_code(&act()["perhaps_categories"], code),
        ["perhaps", "shows", count, "categories"] => {
            same(count, &Value::from(list(&act()["perhaps_categories"]).len()))
        }
        ["shows", "no", "category"] => same("0", &Value::from(list(&act()["categories"]).len())),
        ["lost", rest @ ..] => people_of(&act(), rest),
        ["by", "policy", id, decision] => {
            let is = |told: &Value| {
                let named = told["id"]["registered"] == **id || told["id"]["unregistered"] == **id;
                named && told["decision"] == **decision
            };
            let told = list(&act()["policies"]);
            if told.iter().any(is) { Ok(()) } else { Err(format!("found {told:?}")) }
        }
        ["shows", subjects] => same(subjects, &act()["subjects"]),
        _ => return None,
    })
}

/// What is expected of how long a way took until it was detected, or really closed.
fn is_of_lag(words: &[&str]) -> bool {
    matches!(
        words,
        ["detected", "after", ..]
            | ["not", "detected" | "revoked"]
            | ["really", "closed", ..]
            | ["ended", "before", "detection"]
    )
}

/// `detected after 2h00`, or `really closed 3min to 5min after revoking`, also `so far`, `at least` or `as planned`.
fn lasted(lag: Option<&Value>, words: &[&str]) -> Result<(), String> {
    let Some(lag) = lag else { return Err("no way without authority is told of it".into()) };
    let (of, took) = match words {
        ["not", "detected"] => return same("null", &lag["opened_to_detected"]),
        ["not", "revoked"] => return same("null", &lag["revoked"]),
        ["ended", "before", "detection"] => return same("true", &lag["ended_before_detection"]),
        ["detected", "after", took @ ..] => ("opened_to_detected", took),
        ["really", "closed", took @ .., "after", "revoking"] => ("revoked_to_closed", took),
        ["really", "closed", took @ .., "after", "deciding"] => ("decided_to_closed", took),
        ["really", "closed", took @ .., "after", "detection"] => ("detected_to_closed", took),
        _ => return Err("is told after revoking, after deciding or after detection".into()),
    };
    let (known, took) = match took {
        [took @ .., "so", "far"] => (Some("open"), took),
        ["at", "least", took @ ..] => (Some("unknown"), took),
        [took @ .., "as", "planned"] => (Some("assumed"), took),
        took => (None, took),
    };
    let found = &lag[of];
    if known.is_some_and(|known| found["known"] != known) {
        return Err(format!("found {found}"));
    }
    match (known, took) {
        (Some("unknown"), [one]) if duration(one).is_some_and(|us| found["us"]["low"] == us) => Ok(()),
        (Some("unknown"), _) => Err(format!("found {found}")),
        _ => span_of(&found["us"], took),
    }
}

fn holds_code(found: &Value, code: &str) -> Result<(), String> {
    if list(found).iter().any(|one| one == code) { Ok(()) } else { Err(format!("found {found}")) }
}

fn holdings(report: &Value, who: &str) -> Vec<Value> {
    list(&report["holdings"]).into_iter().filter(|held| is_party(&held["holder"], who)).collect()
}

/// `09:05 to +30d09:05 [assumed]`, `09:05 on` for what is not known to be gone, or `pseudonymised`.
fn holds(asked: &Asked<'_>, who: &str, words: &[&str]) -> Result<(), String> {
    let held = holdings(asked.report, who);
    let at = |bound: &Value, text: &str| bounds(asked.scenario, text) == Some(ends(bound).unwrap_or_default());
    let is = |held: &Value| match words {
        [from, "on"] => at(&held["start"], from) && matches!(held["end"]["known"].as_str(), Some("open" | "unknown")),
        [from, "to", until, known @ ..] => {
            let known = known.first().is_none_or(|known| held["end"]["known"] == **known);
            at(&held["start"], from) && at(&held["end"], until) && known
        }
        [form] => held["form"] == **form,
        _ => false,
    };
    if held.iter().any(is) { Ok(()) } else { Err(format!("found {}", Value::from(held))) }
}

/// An instant, or `earliest..latest`.
fn bounds(scenario: &Scenario, text: &str) -> Option<(u64, u64)> {
    let (earliest, latest) = text.split_once("..").unwrap_or((text, text));
    Some((scenario.clock(earliest)?, scenario.clock(latest)?))
}

fn instant(value: &Value) -> Option<u64> {
    let at = value.as_str()?.parse::<jiff::Timestamp>().ok()?;
    u64::try_from(at.as_microsecond()).ok()
}

fn ends(bound: &Value) -> Option<(u64, u64)> {
    instant(&bound["earliest"]).zip(instant(&bound["latest"]))
}

fn is_person(identities: &Value, name: &str) -> bool {
    // Identifiers are told in NFC, however a file writes them.
    let name = crate::model::nfc(name);
    list(identities).iter().any(|identity| identity["fields"][0] == *name)
}

fn same(expected: &str, found: &Value) -> Result<(), String> {
    let told = match found {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if told == expected { Ok(()) } else { Err(format!("found {told}")) }
}

fn range(found: &Value, low: u64, high: u64) -> Result<(), String> {
    let is = |key: &str, expected: u64| found[key].as_u64().unwrap_or_default() == expected;
    if is("low", low) && is("high", high) { Ok(()) } else { Err(format!("found {found}")) }
}

fn span_of(found: &Value, words: &[&str]) -> Result<(), String> {
    match words {
        [one] => duration(one).ok_or("not a duration such as 2h00".into()).and_then(|us| range(found, us, us)),
        [low, "to", high] => {
            let (low, high) = duration(low).zip(duration(high)).ok_or("not durations such as 2h00")?;
            range(found, low, high)
        }
        _ => Err("needs a duration, or one to another".into()),
    }
}

/// Nobody said how many is not none, and of some acts alone it is a lower end.
fn records(totals: &Value, words: &[&str]) -> Result<(), String> {
    let (found, incomplete) = (&totals["records"], totals["records_incomplete"] == true);
    match words {
        ["unknown"] if incomplete && found["low"].as_u64().unwrap_or_default() == 0 => Ok(()),
        ["at", "least", low] if incomplete => same(low, &found["low"]),
        ["unknown"] | ["at", "least", _] => Err(format!("every act said how many: found {found}")),
        _ if incomplete => Err(format!("some act does not say how many: found at least {}", found["low"])),
        _ => count_of(found, words),
    }
}

/// What one policy decided, and what came of it: `acts 3`, `permitted 2`, `permitted but unauthorised 1`, `denied but done 1`.
fn policy(report: &Value, id: Option<&str>, words: &[&str]) -> Result<(), String> {
    let is = |name: &Value| match id {
        Some(id) => name["registered"] == id || name["unregistered"] == id,
        None => name.is_null(),
    };
    let found = list(&report["policies"]).into_iter().find(|line| is(&line["id"])).unwrap_or_default();
    let many = |of: &str, count: &str| same(count, &Value::from(list(&found[of]).len()));
    match words {
        ["acts", "0"] if found.is_null() => Ok(()),
        [of @ ("acts" | "permitted" | "denied" | "undecided"), count] => same(count, &found[*of]),
        ["permitted", "but", "unauthorised", count] => many("permitted_unauthorised", count),
        ["permitted", "but", "not", "assessed", count] => many("permitted_not_assessed", count),
        ["denied", "but", "done", count] => many("denied_done", count),
        _ => Err(
            "is told by acts, permitted, denied, undecided, permitted but unauthorised, permitted but not assessed, \
                  denied but done"
                .into(),
        ),
    }
}

/// `unknown`, `at least 3`, `500 to 520`, or a number of those who are all named.
fn people_of(fact: &Value, words: &[&str]) -> Result<(), String> {
    let (named, others) = (&fact["subjects"], &fact["not_listed"]);
    match words {
        ["unknown"] if others["at_least"] == 0 && others["at_most"].is_null() => Ok(()),
        ["at", "least", low] if others.is_object() && others["at_most"].is_null() => same(low, &others["at_least"]),
        ["unknown"] | ["at", "least", _] => Err(format!("found {named} and {others}")),
        _ if others["at_most"].is_u64() => {
            count_of(&serde_json::json!({"low": others["at_least"], "high": others["at_most"]}), words)
        }
        [number] if others.is_null() => same(number, named),
        _ => Err(format!("found {named} and {others}")),
    }
}

fn count_of(found: &Value, words: &[&str]) -> Result<(), String> {
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is not a number"));
    match words {
        [one] => range(found, number(one)?, number(one)?),
        [low, "to", high] => range(found, number(low)?, number(high)?),
        _ => Err("needs a number, or one to another".into()),
    }
}
