//! The controller's registry: who is responsible, under which law, and what is known of parties, activities, resources,
//! agents, roles, policies and suppression orders. What no record can say, and every report needs.
//!
//! A TOML file with a version, put in force as an entry of its own, so that a report of any size reads what was known
//! then. Pure: this room reads text and compares documents. That a file is recorded, and how it is sealed, is `engine`'s.
//!
//! The file names people (the data-protection officer, who may correct, whose reports are to be silent), so it stands
//! sealed. Public become only the names that entries have to speak of, and what reports read of them: see `public`.

mod check;
mod diff;
mod document;
mod public;

#[cfg(test)]
mod tests;

pub use diff::{Change, diff, digest};
pub use document::*;
pub use public::spoken;

use crate::model::Violation;
use whosaw_verifier::hash::{Hash, sha256};

/// A registry is a page or a few; more is a mistake, and would have to be held in memory for every report.
pub const BYTES_MAX: usize = 1 << 20;

impl Document {
    /// Reads a file that is to be put in force: everything that is wrong with it at once, by field. No description
    /// repeats a value, since the values may name people.
    pub fn parse(text: &str) -> Result<Self, Vec<Violation>> {
        if text.len() > BYTES_MAX {
            let description = format!("has more than {} KiB", BYTES_MAX >> 10);
            return Err(vec![Violation { field: FIELD.into(), description }]);
        }
        let document = Self::read(text).map_err(|violation| vec![violation])?;
        let violations = check::violations(&document);
        if violations.is_empty() { Ok(document) } else { Err(violations) }
    }

    /// Reads one that is in force already. What is asked of files today it need not keep: a ledger must open with the one
    /// it has.
    pub fn parse_in_force(text: &str) -> Result<Self, Violation> {
        Self::read(text)
    }

    /// SHA-256 of a file.
    pub fn digest_of(text: &str) -> Hash {
        sha256(&[text.as_bytes()])
    }

    fn read(text: &str) -> Result<Self, Violation> {
        let wrong = |path: &str, description: String| {
            let field = if path.is_empty() || path == "." { FIELD.to_owned() } else { format!("{FIELD}.{path}") };
            Violation { field, description }
        };
        let line = |error: &toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start).min(text.len());
            text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
        };
        let said = |error: &toml::de::Error| format!("line {}: {}", line(error), without_value(error.message()));
        let table = toml::Deserializer::parse(text).map_err(|error| wrong("", said(&error)))?;
        let mut track = serde_path_to_error::Track::new();
        let tracked = serde_path_to_error::Deserializer::new(table, &mut track);
        serde::Deserialize::deserialize(tracked).map_err(|error| wrong(&track.path().to_string(), said(&error)))
    }
}

/// What violations call the file.
const FIELD: &str = "registry";

/// What serde says of a value that does not fit, without the value.
fn without_value(message: &str) -> String {
    match message.strip_prefix("invalid ").and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((_, expected)) => format!("is not {expected}"),
        None => message.lines().next().unwrap_or_default().to_owned(),
    }
}
