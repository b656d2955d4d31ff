//! The words of the scenario language, and what somebody meant who wrote another.

/// Verbs as people say them.
pub const VERBS: &[(&str, &str)] = &[
    ("reads", "data.read"),
    ("views", "data.view"),
    ("lists", "data.list"),
    ("searches", "data.search"),
    ("previews", "data.preview"),
    ("downloads", "data.download"),
    ("exports", "data.export"),
    ("copies", "data.copy"),
    ("sends", "data.send"),
    ("loads", "context.load"),
    ("closes", "context.close"),
    ("infers", "model.infer"),
    ("heartbeats", "coverage.heartbeat"),
    ("remembers", "memory.write"),
    ("recalls", "memory.read"),
    ("forgets", "memory.erase"),
    ("delegates", "agent.delegate"),
    ("derives", "data.derive"),
    ("posts", "data.publish"),
    ("deletes", "data.delete"),
    ("erases", "data.erase"),
    ("restores", "data.restore"),
    ("alters", "data.update"),
    ("detects", "incident.detect"),
    ("orders", "instruction.give"),
];

/// Words that stand between names, and so are none. What is done is not among them: nothing else stands in its place.
pub const BETWEEN: &[&str] = &[
    "about",
    "to",
    "for",
    "on",
    "behalf",
    "of",
    "showing",
    "giving",
    "with",
    "within",
    "emergency",
    "authorised",
    "unauthorised",
    "denied",
    "failed",
    "perhaps",
    "despite",
    "restriction",
    "because",
    "same",
    "approved",
    "instructed",
    "by",
    "under",
    "in",
    "told",
    "as",
    "until",
    "from",
    "recorded",
    "received",
    "saying",
    "is",
    "an",
    "and",
    "again",
    "weakly",
    "through",
    "run",
    "delivering",
    "logged",
    "number",
    "encrypted",
    "naming",
];

/// Words by which something is done or declared, besides the verbs.
const DONE: &[&str] = &[
    "grants",
    "revokes",
    "joins",
    "leaves",
    "enters",
    "approves",
    "refuses",
    "reviews",
    "retracts",
    "corrects",
    "gets",
    "loses",
    "keeps",
    "uses",
    "may",
    "calls",
    "restricts",
    "asks",
    "withdraws",
    "holds",
    "logs",
    "works",
    "takes",
    "answers",
    "names",
    "sessions",
    "recovers",
    "caches",
    "hides",
    "report",
    "status",
    "case",
    "verify",
    "guess",
    "hold",
    "release",
    "order",
    "erasures",
    "access",
    "policy",
    "people",
    "live",
    "emergencies",
    "title",
    "day",
    "expect",
];

pub fn words_of() -> impl Iterator<Item = &'static str> {
    VERBS.iter().map(|(word, _)| *word).chain(DONE.iter().copied()).chain(BETWEEN.iter().copied())
}

/// Words, with commas and "and" between the members of a list left out, and for each whether one stood before it.
pub fn said(text: &str) -> (Vec<String>, Vec<bool>) {
    let (mut words, mut joined, mut is_joined) = (Vec::new(), Vec::new(), false);
    for piece in text.replace(',', " , ").split_whitespace() {
        if [",", "and"].contains(&piece) {
            is_joined = true;
        } else {
            words.push(piece.to_owned());
            joined.push(std::mem::take(&mut is_joined));
        }
    }
    (words, joined)
}

/// The last words of a line are one list: what follows a member without a comma or `and` is a word that nobody knows.
pub fn listed(members: &[&str], joined: &[bool]) -> Result<(), String> {
    let of_them = joined.iter().skip(joined.len().saturating_sub(members.len()));
    match members.iter().zip(of_them).skip(1).find(|(_, joined)| !**joined) {
        Some((word, _)) => Err(not_understood(Some(word))),
        None => Ok(()),
    }
}

pub fn nothing_left(left: &[String]) -> Result<(), String> {
    left.first().map_or(Ok(()), |word| Err(not_understood(Some(&word.as_str()))))
}

/// Of the word at fault, if one is.
pub fn not_understood(word: Option<&&str>) -> String {
    let help = "`whosaw scenario run --help` says what a line can say";
    match word {
        Some(word) if words_of().any(|known| known == *word) => {
            format!("what stands with {word} is not understood; {help}")
        }
        Some(word) => format!("{word} is not understood there{}; {help}", meant(word, words_of())),
        None => format!("is not understood; {help}"),
    }
}

/// What a word that is none was meant to be, as the end of a sentence; nothing where no known one is near.
pub fn meant<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(word, known).map(|(known, _)| format!(" (perhaps {known} is meant)")).unwrap_or_default()
}

/// The known word that is nearest, and how many letters are otherwise: two at most, and fewer in a short one.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<(&'a str, usize)> {
    let most = |known: &str| known.chars().count().max(word.chars().count()).div_ceil(3).min(2);
    let near = known.map(|known| (known, distance(word, known))).filter(|(known, far)| *far <= most(known));
    near.min_by_key(|(known, far)| (*far, *known))
}

/// How many letters have to be put in, left out or changed.
pub fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], at + 1);
        for (place, against) in other.iter().enumerate() {
            let changed = before + usize::from(letter != *against);
            before = row[place + 1];
            row[place + 1] = changed.min(before + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_the_nearest_that_is_known() {
        for (word, known) in [
            ("unauthorized", Some("unauthorised")),
            ("denyed", Some("denied")),
            ("emergancy", Some("emergency")),
            ("hold", Some("hold")),
            ("reeds", Some("reads")),
            ("s1", None),
            ("loudly", None),
        ] {
            assert_eq!(nearest(word, words_of()).map(|(known, _)| known), known, "{word}");
        }
        assert_eq!((distance("enng", "eng"), distance("", "eng"), distance("eng", "eng")), (1, 3, 0));
    }
}
