//! Which template and wording a report was made with, and as of when the law behind them was read.

use crate::report::access::document::TemplateFact;
use crate::report::edition::Edition;
use crate::report::instant::{Zone, tzdata};
use crate::report::language::Language;
use whosaw_verifier::hash::{Hash, hex, sha256};

/// As of which day the law was read; a date of its own, because a report is judged by the law that its template knew.
pub const LEGAL_SNAPSHOT: &str = include_str!("../../reports/legal-snapshot.txt");

pub const HTML: &str = include_str!("../../reports/access/access.html");
pub const TYPST: &str = include_str!("../../reports/access/access.typ");

/// Of the report on one person, and of the one on resources, both for a lawyer.
pub const ACCESS: &str = "whosaw/access/lawyer";
/// Of the report on one person for that person.
pub const ACCESS_PERSON: &str = "whosaw/access/person";
pub const EXPOSURE: &str = "whosaw/exposure/lawyer";
/// Of the breach file, and of the persons concerned.
pub const BREACH: &str = "whosaw/breach/lawyer";
pub const PERSONS: &str = "whosaw/persons/lawyer";
/// Of what one agent did.
pub const ACTIVITY: &str = "whosaw/activity/lawyer";
const VERSION: u64 = 1;

/// With the digest of everything that decides how a report reads: the text that a lawyer signed is the text that was used.
pub fn fact(id: &str, language: Language, zone: &Zone) -> TemplateFact {
    TemplateFact {
        id: id.to_owned(),
        version: VERSION,
        language: language.code().to_owned(),
        zone: zone.name().to_owned(),
        tzdata: Some(tzdata().to_owned()),
        digest: hex(&digest(edition_of(id), language)),
    }
}

/// For whom a template is written.
pub fn edition_of(id: &str) -> Edition {
    if id == ACCESS_PERSON { Edition::Person } else { Edition::Lawyer }
}

/// Of all that is written down of how a report reads in a language, for whom it is written.
pub fn digest(edition: Edition, language: Language) -> Hash {
    let texts = [language.text(), "\0", HTML, "\0", TYPST, "\0", LEGAL_SNAPSHOT].map(str::as_bytes);
    match edition {
        Edition::Lawyer => sha256(&texts),
        Edition::Person => sha256(&[&texts[..], &[b"\0", language.text_of(edition).as_bytes()]].concat()),
    }
}

/// What to type to check the ledger and the root that a report of this size states. Each line stands for itself, and the
/// key on a line of its own, so that it copies whole. Quoted for a shell; nothing in it is secret.
pub fn verify_command(origin: &str, verifier_key: &str, size: u64) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    format!(
        "whosaw export ledger-export --content --ledger {}\nwhosaw-verify export ledger-export --at {size} --vkey \\\n{}",
        quoted(origin),
        quoted(verifier_key)
    )
}
