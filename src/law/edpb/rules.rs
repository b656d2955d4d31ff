//! When a field is shown, which of its answers may stand, and what is wrong with one.

use super::{Field, Kind, Need, When, field};
use crate::law::{Profile, calendar};
use std::collections::{BTreeMap, BTreeSet};

/// Answers by field: option codes, or the values themselves.
pub type Answers = BTreeMap<u8, Vec<String>>;

/// What decides visibility beside the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circumstances {
    /// The hours that the law gives have passed since awareness, at submission or, before it, now.
    pub is_late: bool,
    /// Whether the controller is established in the EEA. Nothing: not known, and then it is asked both ways.
    pub in_eea: Option<bool>,
}

/// Why an answer cannot stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub field: u8,
    pub what: &'static str,
}

/// Options that say "later": allowed only while the notification is incomplete (field 4 = b). 44, 56, 57, 61, 65, 67, 70,
/// 72, 79, 81, 83, 89 and 97 say so in the template; 60 x, 85 o and 87 d do not.
const ONLY_INCOMPLETE: &[(u8, &str)] = &[
    (44, "e"),
    (56, "e"),
    (57, "e"),
    (61, "e"),
    (65, "k"),
    (67, "d"),
    (70, "t"),
    (72, "d"),
    (79, "e"),
    (81, "d"),
    (83, "d"),
    (89, "d"),
    (97, "c"),
];

/// Bytes of one text, and how many values one answer may have.
const TEXT: usize = 4_096;
const VALUES: usize = 256;

/// Whether this option may stand only while field 4 says *incomplete*.
pub fn only_incomplete(number: u8, code: &str) -> bool {
    ONLY_INCOMPLETE.contains(&(number, code))
}

/// Whether the form shows this field.
pub fn is_visible(field: &Field, answers: &Answers, circumstances: &Circumstances) -> bool {
    holds(&field.visible, answers, circumstances)
}

/// Whether it has to be filled in where it is shown.
pub fn is_required(field: &Field) -> bool {
    matches!(field.need, Need::Mandatory | Need::IfVisible)
}

fn holds(when: &When, answers: &Answers, circumstances: &Circumstances) -> bool {
    let has = |number: &u8, codes: &[&str]| {
        // What itself is not shown shows nothing: an answer that is left over from before decides nothing.
        let shown = field(*number).is_some_and(|parent| is_visible(parent, answers, circumstances));
        let given = answers.get(number).into_iter().flatten();
        shown && given.into_iter().any(|given| codes.contains(&given.as_str()))
    };
    match when {
        When::Always => true,
        When::Is(number, codes) => has(number, codes),
        When::IsNot(number, codes) => !has(number, codes),
        When::Answered(number) => answers.get(number).is_some_and(|given| !given.is_empty()),
        When::All(all) => all.iter().all(|when| holds(when, answers, circumstances)),
        When::Any(any) => any.iter().any(|when| holds(when, answers, circumstances)),
        When::Late => circumstances.is_late,
        When::InEea => circumstances.in_eea != Some(false),
        When::OutsideEea => circumstances.in_eea != Some(true),
        When::SurelyOutsideEea => circumstances.in_eea == Some(false),
    }
}

/// What is wrong with the answers taken together: options that need another field's answer.
pub fn violations(answers: &Answers) -> Vec<Violation> {
    let is = |number: u8, code: &str| answers.get(&number).is_some_and(|given| given.iter().any(|it| it == code));
    let mut wrong = Vec::new();
    if is(4, "c") && !is(3, "b") {
        wrong.push(Violation { field: 4, what: "is a withdrawal (c), which only a follow-up (field 3 = b) can be" });
    }
    let given = answers.iter().flat_map(|(number, values)| values.iter().map(move |value| (*number, value)));
    for (number, _) in given.filter(|(number, value)| only_incomplete(*number, value)) {
        if !is(4, "b") {
            let what = "has an answer that is allowed only while the notification is incomplete (field 4 = b)";
            wrong.push(Violation { field: number, what });
        }
    }
    wrong.dedup();
    let instant = |number: u8| answers.get(&number)?.first()?.parse::<jiff::Timestamp>().ok();
    if instant(46).zip(instant(47)).is_some_and(|(begins, ends)| ends < begins) {
        wrong.push(Violation { field: 47, what: "is an end that lies before the beginning (field 46)" });
    }
    wrong
}

/// Fields that say when something was: beginning and end, awareness, when another party told of it, when people were told.
const HAS_BEEN: [u8; 5] = [46, 47, 48, 52, 98];

/// Whether an answer says of what has been that it lies ahead of now, Unix microseconds: a day, of the one that it is where
/// the controller is.
pub fn lies_ahead(field: &Field, values: &[String], now_us: u64, profile: &Profile) -> bool {
    let is_ahead = |value: &String| match field.kind {
        Kind::Instant => {
            let at = value.parse::<jiff::Timestamp>();
            at.is_ok_and(|at| u64::try_from(at.as_microsecond()).is_ok_and(|at| at > now_us))
        }
        Kind::Date => {
            let days = value.parse::<jiff::civil::Date>().ok().zip(calendar::day_of(now_us, profile).ok());
            days.is_some_and(|(day, today)| day > today)
        }
        _ => false,
    };
    HAS_BEEN.contains(&field.number) && values.iter().any(is_ahead)
}

/// What is wrong with the values of one field by themselves. No values: the answer is taken back.
pub fn problem(field: &Field, values: &[String]) -> Option<&'static str> {
    let one = matches!(field.kind, Kind::One | Kind::Text | Kind::Instant | Kind::Date | Kind::Number | Kind::YesNo);
    let distinct: BTreeSet<&String> = values.iter().collect();
    if values.len() > if one { 1 } else { VALUES } {
        return Some(if one { "takes one value" } else { "takes at most 256 values" });
    }
    if values.iter().any(|value| value.trim().is_empty() || value.len() > TEXT) {
        return Some("has an empty value, or one of more than 4 KiB");
    }
    if values.iter().any(|value| value.chars().any(|c| c.is_control() && c != '\n')) {
        return Some("has a control character");
    }
    let fits = |value: &String| match field.kind {
        Kind::One | Kind::Many => field.option(value).is_some(),
        Kind::Text | Kind::Texts => true,
        Kind::Instant => value.parse::<jiff::Timestamp>().is_ok_and(|at| at.as_second() >= 0),
        Kind::Date => is_date(value),
        Kind::Number => is_number(value),
        Kind::YesNo => value == "yes" || value == "no",
        Kind::Countries => is_country(value),
        Kind::PerCountry => {
            value.split_once('=').is_some_and(|(country, number)| is_country(country) && is_number(number))
        }
    };
    if values.iter().all(fits) {
        // Two parties may be alike in what they are.
        let repeats = distinct.len() != values.len() && field.kind != Kind::Texts;
        return repeats.then_some("has a value twice");
    }
    Some(match field.kind {
        Kind::One | Kind::Many => "has a code that is none of its options",
        Kind::Text | Kind::Texts => "is no text",
        Kind::Instant => "is no time of RFC 3339 since 1970, such as 2026-03-10T09:00:00Z",
        Kind::Date => "is no date, such as 2026-03-10",
        Kind::Number => "is no whole number from 0 to 999,999,999,999",
        Kind::YesNo => "is neither yes nor no",
        Kind::Countries => "has what is no country code, such as DE",
        Kind::PerCountry => "has what is no number of a country, such as DE=12",
    })
}

/// Exactly `YYYY-MM-DD`: other forms of ISO 8601 would not compare as texts.
fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

fn is_number(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase())
}
