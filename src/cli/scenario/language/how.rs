//! What stands behind a line's own words: about whom, for whom, by what, under which name.

use super::super::words::not_understood;
use super::*;

impl Scenario {
    /// What stands behind a line's own words, which are its last, and what is left over. A word that follows a member of a
    /// list without a comma or `and` is none itself.
    pub(super) fn how(&self, words: &[&str], joined: &[bool]) -> Result<(Vec<String>, How), String> {
        let (mut left, mut how, mut list) = (Vec::new(), How::default(), None);
        let (all, first) = (words.len(), joined.len() - words.len());
        let (mut words, mut begins) = (words.iter(), false);
        while let Some(word) = words.next() {
            let is_member = std::mem::take(&mut begins) || joined[first + all - words.len() - 1];
            match *word {
                "about" | "to" => (list, begins) = (Some("about"), true),
                "on" => {
                    after(&mut words, word, &["behalf", "of"])?;
                    (list, begins) = (Some("for"), true);
                }
                "until" => {
                    let until = words.next().and_then(|text| self.clock(text));
                    how.until_us = Some(until.ok_or("until needs a time")?);
                }
                "for" | "showing" | "giving" | "with" | "within" => (list, begins) = (Some(*word), true),
                "emergency" => how.emergency = true,
                "authorised" => how.authorised = Some(true),
                "unauthorised" => how.authorised = Some(false),
                "denied" => how.outcome = Some("denied"),
                "failed" => how.outcome = Some("failed"),
                "perhaps" => how.outcome = Some("unknown"),
                "despite" => {
                    words.next().filter(|next| **next == "restriction").ok_or("despite needs: restriction")?;
                    how.despite_restriction = true;
                }
                "because" => (list, begins) = (after(&mut words, word, &["of"])?, true),
                "same" => (list, begins) = (after(&mut words, word, &["act", "as"])?, true),
                "approved" => {
                    after(&mut words, word, &["by"])?;
                    how.approved_by = Some(words.next().ok_or("approved by needs a name")?.to_string());
                }
                "instructed" => {
                    after(&mut words, word, &["by"])?;
                    how.instruction = Some(words.next().ok_or("instructed by needs a name")?.to_string());
                }
                "under" => {
                    after(&mut words, word, &["key"])?;
                    how.key = Some(words.next().ok_or("under key needs a name")?.to_string());
                }
                "encrypted" => how.encrypted = true,
                "naming" => (list, begins) = (Some("naming"), true),
                "in" => {
                    after(&mut words, word, &["session"])?;
                    how.session = Some(words.next().ok_or("in session needs a name")?.to_string());
                }
                "told" => {
                    after(&mut words, word, &["by"])?;
                    how.told_by = Some(words.next().ok_or("told by needs a name")?.to_string());
                }
                "delivering" => {
                    let count = words.next().ok_or("delivering needs a number")?;
                    let count = number(count)?.parse().map_err(|_| format!("{count} is too large"))?;
                    match words.next() {
                        Some(&"people") => how.people = Some(count),
                        Some(&"records") => how.records = Some(count),
                        _ => return Err("delivering needs a number of people or of records".into()),
                    }
                }
                "run" => {
                    after(&mut words, word, &["by"])?;
                    how.vendor = Some(words.next().ok_or("run by needs a name")?.to_string());
                }
                "logged" => {
                    after(&mut words, word, &["by"])?;
                    let source = words.next().ok_or("logged by needs a source")?.to_string();
                    if self.kinds.get(&source) != Some(&Kind::Source) {
                        return Err(format!("{source} is no source that was told of before: {source} logs"));
                    }
                    how.logged_by = Some(source);
                }
                "number" => {
                    let place = number(words.next().ok_or("number needs a number")?)?;
                    how.place = Some(place.parse().map_err(|_| "a place is a number")?);
                }
                "through" => how.tool = Some(words.next().ok_or("through needs a tool")?.to_string()),
                "policy" => how.policy = Some(words.next().ok_or("policy needs a name")?.to_string()),
                "as" => how.name = Some(words.next().ok_or("as needs a name")?.to_string()),
                name if !is_member && (list.is_some() || !left.is_empty()) => return Err(not_understood(Some(&name))),
                name => match list {
                    Some("about") => how.about.push(name.to_owned()),
                    Some("for") => how.on_behalf_of.push(name.to_owned()),
                    Some("showing") => how.showing.push(name.to_owned()),
                    Some("giving") => how.giving.push(name.to_owned()),
                    Some("because") => how.because_of.push(name.to_owned()),
                    Some("within") => how.within.push(name.to_owned()),
                    Some("naming") if !name.starts_with('/') => {
                        return Err(format!("{name} is no JSON pointer, such as /email"));
                    }
                    Some("naming") => how.fields.push(name.to_owned()),
                    Some("same") => how.same_act_as.push(name.to_owned()),
                    Some(_) => how.categories.push(category(name)?),
                    None => left.push(name.to_owned()),
                },
            }
        }
        Ok((left, how))
    }
}

/// The words that have to follow one that begins a list.
fn after<'a>(
    words: &mut std::slice::Iter<'_, &str>,
    word: &'a str,
    following: &[&str],
) -> Result<Option<&'a str>, String> {
    for expected in following {
        words
            .next()
            .filter(|next| *next == expected)
            .ok_or_else(|| format!("{word} needs: {}", following.join(" ")))?;
    }
    Ok(Some(word))
}
