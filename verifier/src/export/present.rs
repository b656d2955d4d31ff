//! A report in words for people and in JSON for scripts.
//!
//! Names come from whoever made the export. Printed as they are, they could move the cursor, colour a lie green or write
//! a verdict of their own over ours.

use super::{Counts, Report, Verdict};
use crate::hash::hex;
use std::fmt::Write;

pub const TRUST_ON_FIRST_USE: &str = "The keys came from the export itself (trust on first use).";

/// Of lists that are long only where somebody looks closer: so many lines stand on the page, more in JSON.
const LINES: usize = 10;

impl Report {
    /// A page: what was checked, then the verdict in one line.
    pub fn to_text(&self) -> String {
        let mut page = format!(
            "Export of {}\n\n",
            if self.origin.is_empty() { "an unknown ledger".into() } else { excerpt(&self.origin) }
        );
        let mut line = |label: &str, text: String| {
            writeln!(page, "  {label:<12} {}", printable(&text)).expect("a string takes any text");
        };
        line("checkpoint", format!("{} entries, root {}", grouped(self.size), hex(&self.root)));
        for signer in &self.signers {
            line("signed by", excerpt(signer));
        }
        if self.keys_from_export {
            line("", TRUST_ON_FIRST_USE.into());
            line("", "Compare them with keys you got another way, or give yours with --vkey.".into());
        }
        for (name, at_s) in &self.witnesses {
            line("witness", format!("{} at {}", excerpt(name), instant(at_s.saturating_mul(1_000_000))));
        }
        line("entries", format!("{} checked: chain, indexes, times, flags, tiles", grouped(self.entries_checked)));
        line("commits", grouped(self.commits));
        if let Some((first, last)) = self.recorded_us {
            line("recorded", format!("{} to {}", instant(first), instant(last)));
        }
        if self.doubtful_times > 0 {
            line(
                "",
                format!(
                    "{} times are marked as doubtful (clock set back or not synchronised)",
                    grouped(self.doubtful_times)
                ),
            );
        }
        if self.has_content {
            line("bodies", fate(&self.bodies));
            line(
                "sealed parts",
                format!("{}, {} opened with disclosed keys", fate(&self.parts), grouped(self.parts_opened)),
            );
            for (by, bodies, parts) in self.redacted_by.iter().take(LINES) {
                let (bodies, parts) = (grouped(*bodies), grouped(*parts));
                line("redacted", format!("{bodies} bodies and {parts} sealed parts, authorised by entry {by}"));
            }
            let others = self.redacting_entries.saturating_sub(LINES as u64);
            if others > 0 {
                line("", format!("and more, authorised by {} other entries", grouped(others)));
            }
            if self.agent_signatures_checked + self.agent_signatures_sealed > 0 {
                let (checked, sealed) = (self.agent_signatures_checked, self.agent_signatures_sealed);
                line("agents", format!("{checked} signatures checked, {sealed} whose action id is sealed"));
            }
            if self.agent_signatures_without_key > 0 {
                let without = grouped(self.agent_signatures_without_key);
                line("", format!("{without} agents' signatures not checked: names were registered in what is gone"));
            }
            for (index, what) in self.remarks.iter().take(LINES) {
                line("remark", format!("entry {index}: {what}"));
            }
            let others = self.remark_count.saturating_sub(LINES as u64);
            if others > 0 {
                line("", format!("and {} more remarks", grouped(others)));
            }
        } else {
            line("content", "not in this export: what entries say was not checked".into());
        }
        for (index, what) in &self.unknown_meaning {
            line("unknown", format!("entry {index}: {what}"));
        }
        let named = self.unknown_meaning.len() as u64;
        if self.unknown_meanings > named {
            line("", format!("and {} more", grouped(self.unknown_meanings - named)));
        }
        page.push('\n');
        page.push_str(&self.conclusion());
        page.push('\n');
        page
    }

    /// The verdict, in one line; with a problem, what is still good in a second.
    pub fn conclusion(&self) -> String {
        match (self.verdict(), &self.first_problem) {
            (Verdict::Lie, Some(problem)) => {
                let others = match self.problems {
                    0 | 1 => String::new(),
                    2 => " (and 1 more problem)".into(),
                    n => format!(" (and {} more problems)", grouped(n - 1)),
                };
                let good = match &self.last_good {
                    None => "No earlier checkpoint can be said to be good.".into(),
                    Some(good) => format!(
                        "Last good checkpoint: {} entries, root {}. {}",
                        grouped(good.size),
                        hex(&good.root),
                        if good.proven {
                            "These entries are the signed ones."
                        } else {
                            "These entries are consistent among themselves; compare the root with a checkpoint kept from then."
                        }
                    ),
                };
                format!("DOES NOT HOLD: {problem}{others}\n{good}")
            }
            (Verdict::MeaningUnknown, _) => format!(
                "STRUCTURE HOLDS, MEANING UNKNOWN: all {} entries are those that were signed, but {} say something this \
                 version does not know.",
                grouped(self.size),
                grouped(self.unknown_meanings)
            ),
            _ if self.bodies.redacted + self.parts.redacted > 0 => format!(
                "HOLDS: all {} entries are those that were signed, and so is what they say, but for what entries of this \
                 ledger say was erased or pruned.",
                grouped(self.size)
            ),
            _ if self.has_content => {
                format!("HOLDS: all {} entries, and what they say, are what was signed.", grouped(self.size))
            }
            _ => format!("HOLDS: all {} entries are those that were signed.", grouped(self.size)),
        }
    }

    /// One object, keys in a fixed order.
    pub fn to_json(&self) -> String {
        let verdict = match self.verdict() {
            Verdict::Holds => "holds",
            Verdict::Lie => "lie",
            Verdict::MeaningUnknown => "meaning_unknown",
        };
        let list = |items: Vec<String>| format!("[{}]", items.join(","));
        let optional = |item: Option<String>| item.unwrap_or_else(|| "null".into());
        let fields = [
            ("verdict", json_text(verdict)),
            ("origin", json_text(&self.origin)),
            ("size", self.size.to_string()),
            ("root", json_text(&hex(&self.root))),
            ("signers", list(self.signers.iter().map(|signer| json_text(signer)).collect())),
            ("keys_from_export", self.keys_from_export.to_string()),
            (
                "witnesses",
                list(
                    self.witnesses
                        .iter()
                        .map(|(n, at)| format!("{{\"name\":{},\"at_s\":{at}}}", json_text(n)))
                        .collect(),
                ),
            ),
            ("entries_checked", self.entries_checked.to_string()),
            ("commits", self.commits.to_string()),
            ("recorded_us", optional(self.recorded_us.map(|(first, last)| format!("[{first},{last}]")))),
            ("doubtful_times", self.doubtful_times.to_string()),
            ("has_content", self.has_content.to_string()),
            ("bodies_intact", self.bodies.intact.to_string()),
            ("bodies_removed", self.bodies.removed.to_string()),
            ("bodies_redacted", self.bodies.redacted.to_string()),
            ("bodies_missing", self.bodies.missing.to_string()),
            ("parts_intact", self.parts.intact.to_string()),
            ("parts_removed", self.parts.removed.to_string()),
            ("parts_redacted", self.parts.redacted.to_string()),
            ("parts_missing", self.parts.missing.to_string()),
            ("parts_opened", self.parts_opened.to_string()),
            ("redacting_entries", self.redacting_entries.to_string()),
            (
                "redacted_by",
                list(
                    self.redacted_by
                        .iter()
                        .map(|(by, bodies, parts)| format!("{{\"index\":{by},\"bodies\":{bodies},\"parts\":{parts}}}"))
                        .collect(),
                ),
            ),
            ("remark_count", self.remark_count.to_string()),
            ("remarks", list(self.remarks.iter().map(|(i, w)| json_problem(Some(*i), w)).collect())),
            ("agent_signatures_checked", self.agent_signatures_checked.to_string()),
            ("agent_signatures_sealed", self.agent_signatures_sealed.to_string()),
            ("agent_signatures_without_key", self.agent_signatures_without_key.to_string()),
            ("unknown_meanings", self.unknown_meanings.to_string()),
            ("unknown_meaning", list(self.unknown_meaning.iter().map(|(i, w)| json_problem(Some(*i), w)).collect())),
            ("problems", self.problems.to_string()),
            ("first_problem", optional(self.first_problem.as_ref().map(|p| json_problem(p.index, &p.what)))),
            (
                "last_good",
                optional(self.last_good.as_ref().map(|good| {
                    format!(
                        "{{\"size\":{},\"root\":{},\"proven\":{}}}",
                        good.size,
                        json_text(&hex(&good.root)),
                        good.proven
                    )
                })),
            ),
        ];
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{}:{value}", json_text(name))).collect();
        format!("{{{}}}\n", fields.join(","))
    }
}

/// What became of bodies or parts.
fn fate(counts: &Counts) -> String {
    let whole = format!("{} intact, {} removed", grouped(counts.intact), grouped(counts.removed));
    if counts.removed == 0 {
        return whole;
    }
    let (redacted, missing) = (grouped(counts.redacted), grouped(counts.missing));
    format!("{whole} ({redacted} redacted with authority, {missing} missing without)")
}

fn json_problem(index: Option<u64>, what: &str) -> String {
    let index = index.map_or("null".into(), |index| index.to_string());
    format!("{{\"index\":{index},\"what\":{}}}", json_text(what))
}

/// A JSON string.
pub fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_plain(c) => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}").expect("a string takes any text");
                }
            }
        }
    }
    out.push('"');
    out
}

/// A line with everything escaped that a screen might obey, or show as if it were not there. No honest line is as long as
/// what is cut here; a dishonest one would push the rest off the screen.
pub fn printable(line: &str) -> String {
    beginning(line, 2_000)
}

/// The same for a name or the like within a line, so that the words around it are seen.
pub fn excerpt(name: &str) -> String {
    beginning(name, 200)
}

fn beginning(text: &str, most: usize) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == most {
            return out + "...";
        }
        if is_plain(c) { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
    out
}

/// Letters and digits of any script, and what else ASCII shows; not the letters that are blank.
fn is_plain(c: char) -> bool {
    const BLANK: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];
    c == ' ' || c.is_ascii_graphic() || (c.is_alphanumeric() && !BLANK.contains(&c))
}

/// 1234567 as 1,234,567.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Unix microseconds as a UTC instant, to the second.
pub fn instant(unix_us: u64) -> String {
    let seconds = unix_us / 1_000_000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years are counted from 1 March of year 0, in eras of 400 years, so that leap days come last.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_civil() {
        let check = |seconds: u64, expected: &str| assert_eq!(instant(seconds * 1_000_000), expected);
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_399, "2000-02-28T23:59:59Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(951_868_800, "2000-03-01T00:00:00Z");
        check(1_795_424_347, "2026-11-23T08:59:07Z");
        check(4_107_542_400, "2100-03-01T00:00:00Z");
    }

    #[test]
    fn what_a_screen_would_obey_is_escaped() {
        let check = |text: &str, expected: &str| {
            assert_eq!(printable(text), expected);
            assert_eq!(printable(expected), expected, "escaping twice");
        };
        check("M\u{fc}ller & S\u{f6}hne (\u{6771}\u{4eac})", "M\u{fc}ller & S\u{f6}hne (\u{6771}\u{4eac})");
        check("a\r\n\tb\u{1b}[2J\u{7f}", "a\\u{d}\\u{a}\\u{9}b\\u{1b}[2J\\u{7f}");
        check("\u{9b}2J\u{202e}\u{200b}\u{2028}\u{3164}", "\\u{9b}2J\\u{202e}\\u{200b}\\u{2028}\\u{3164}");
        assert_eq!(excerpt(&"\u{fc}".repeat(201)), "\u{fc}".repeat(200) + "...");
        assert_eq!(excerpt(&"\u{fc}".repeat(200)), "\u{fc}".repeat(200));
        assert_eq!(json_text("\u{1b}\u{9b}\u{1f600}\u{fc}"), "\"\\u001b\\u009b\\ud83d\\ude00\u{fc}\"");
    }

    #[test]
    fn numbers_are_grouped_and_text_is_escaped() {
        assert_eq!((grouped(0), grouped(999), grouped(1_234_567)), ("0".into(), "999".into(), "1,234,567".into()));
        assert_eq!(json_text("a\"\\\n"), "\"a\\\"\\\\\\u000a\"");
    }
}
