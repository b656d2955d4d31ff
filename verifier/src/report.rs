//! A report's signature: a signed note, beside the report, that names it and the SHA-256 of its canonical JSON.
//!
//! Its text can be taken for no checkpoint, nor a checkpoint for one of these: its first line has spaces, which no origin may
//! have, and it has nine lines where a checkpoint has three. Every line but the first names what it says.

use crate::checkpoint::decimal;
use crate::hash::{Hash, hex, sha256};
use crate::note::{self, Note, NoteError, VerifierKey};
use crate::vocabulary::ReportType;
use std::fmt;

const FIRST_LINE: &str = "whosaw report v1";

/// What a ledger signs of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportNote {
    /// The ledger's name, and the name of the key that signs.
    pub origin: String,
    /// UUID, as its text.
    pub report_id: String,
    pub report_type: ReportType,
    /// Of the report's canonical JSON.
    pub sha256: Hash,
    /// Length of that.
    pub bytes: u64,
    /// Entries below it count in the report.
    pub size: u64,
    /// The entry that records its production.
    pub entry: u64,
    pub made: Made,
}

/// How the JSON stands to the report that the entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It is that one, to the byte.
    First,
    /// It was made again later, and is another text or nobody can tell.
    Again,
}

impl Made {
    /// As the note writes it.
    pub fn code(self) -> &'static str {
        match self {
            Made::First => "first",
            Made::Again => "again",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportError {
    Note(NoteError),
    /// A signed note, but its text is none of these.
    Malformed(&'static str),
    /// Signed, but not under the ledger's own name.
    OtherSigner {
        origin: String,
    },
    /// The JSON is not the one that was signed.
    OtherReport,
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReportError::Note(error) => error.fmt(f),
            ReportError::Malformed(what) => write!(f, "not the note of a report: {what}"),
            ReportError::OtherSigner { origin } => write!(f, "no signature under the ledger's own name {origin}"),
            ReportError::OtherReport => f.write_str("the file is not the JSON that was signed"),
        }
    }
}

impl std::error::Error for ReportError {}

impl From<NoteError> for ReportError {
    fn from(error: NoteError) -> Self {
        ReportError::Note(error)
    }
}

impl ReportNote {
    /// The note's text, one form for one meaning.
    pub fn encode(&self) -> String {
        format!(
            "{FIRST_LINE}\norigin {}\nreport {}\ntype {}\nsha256 {}\nbytes {}\nsize {}\nentry {}\nmade {}\n",
            self.origin,
            self.report_id,
            self.report_type.code(),
            hex(&self.sha256),
            self.bytes,
            self.size,
            self.entry,
            self.made.code(),
        )
    }

    pub fn parse(text: &str) -> Result<Self, ReportError> {
        use ReportError::Malformed;
        let mut lines = text.strip_suffix('\n').ok_or(Malformed("the last line is not ended"))?.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(Malformed("its first line is another"));
        }
        let mut value = |name: &str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.ok_or(Malformed("a line is missing, or another"))
        };
        let number = |text| decimal(text).ok_or(Malformed("a number is not plain and decimal"));
        let (origin, report_id, report_type) = (value("origin")?, value("report")?, value("type")?);
        let (digest, bytes) = (value("sha256")?, value("bytes")?);
        let (size, entry, made) = (value("size")?, value("entry")?, value("made")?);
        if lines.next().is_some() {
            return Err(Malformed("it has more lines"));
        }
        if !note::is_key_name(origin) {
            return Err(Malformed("the origin is empty or has a space or a plus sign"));
        }
        let known = ReportType::ALL.iter().find(|known| known.code() == report_type);
        let note = ReportNote {
            origin: origin.to_owned(),
            report_id: report_id.to_owned(),
            report_type: *known.ok_or(Malformed("the type of report is not known"))?,
            sha256: unhex(digest).ok_or(Malformed("the digest is not 64 hexadecimal digits"))?,
            bytes: number(bytes)?,
            size: number(size)?,
            entry: number(entry)?,
            made: [Made::First, Made::Again]
                .into_iter()
                .find(|known| known.code() == made)
                .ok_or(Malformed("how it was made is not known"))?,
        };
        if !is_id(report_id) || note.report_type == ReportType::Unspecified {
            return Err(Malformed("the report's id or type is none"));
        }
        Ok(note)
    }

    /// The whole signed note; `sign` uses the private half of `key`, whose name must be the origin.
    pub fn sign(&self, key: &VerifierKey, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> String {
        note::sign(&self.encode(), key, sign)
    }

    /// Whether these bytes are the JSON that is meant.
    pub fn is_of(&self, json: &[u8]) -> bool {
        json.len() as u64 == self.bytes && sha256(&[json]) == self.sha256
    }
}

/// What a note that a given key of its own ledger signed says.
pub fn open(note: &[u8], keys: &[VerifierKey]) -> Result<ReportNote, ReportError> {
    let note = Note::parse(note)?;
    let signers = note.verify(keys)?;
    let said = ReportNote::parse(note.text())?;
    match signers.iter().any(|key| key.name() == said.origin) {
        true => Ok(said),
        false => Err(ReportError::OtherSigner { origin: said.origin }),
    }
}

/// The same, where the report is the one that was signed.
pub fn verify(json: &[u8], note: &[u8], keys: &[VerifierKey]) -> Result<ReportNote, ReportError> {
    let said = open(note, keys)?;
    if said.is_of(json) { Ok(said) } else { Err(ReportError::OtherReport) }
}

/// 8-4-4-4-12 lower-case hexadecimal digits.
fn is_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let is_plain = |group: &&str| group.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(is_plain)
}

/// Lower case only: one digest has one form.
fn unhex(digits: &str) -> Option<Hash> {
    let mut bytes = Hash::default();
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let digit = |c: u8| char::from(c).to_digit(16).filter(|_| !c.is_ascii_uppercase());
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{self, Checkpoint, CheckpointError};
    use crate::note::KeyKind;
    use ed25519_dalek::{Signer, SigningKey};

    const JSON: &[u8] = br#"{"format":"whosaw-access-report/1"}"#;

    fn key(name: &str) -> (SigningKey, VerifierKey) {
        let secret = SigningKey::from_bytes(&[8; 32]);
        let key = VerifierKey::new(name, KeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
        (secret, key)
    }

    fn said() -> ReportNote {
        ReportNote {
            origin: "example.com/ledger".into(),
            report_id: "019cd750-3a00-7001-8000-000000000001".into(),
            report_type: ReportType::Access,
            sha256: sha256(&[JSON]),
            bytes: JSON.len() as u64,
            size: 4_096,
            entry: 4_100,
            made: Made::First,
        }
    }

    #[test]
    fn a_report_holds_with_its_own_note_and_key_alone() {
        let (secret, key) = key("example.com/ledger");
        let note = said().sign(&key, |message| secret.sign(message).to_bytes());
        assert_eq!(verify(JSON, note.as_bytes(), std::slice::from_ref(&key)), Ok(said()));
        assert_eq!(verify(b"{}", note.as_bytes(), std::slice::from_ref(&key)), Err(ReportError::OtherReport));
        let unknown = Err(ReportError::Note(NoteError::NoKnownSignature));
        assert_eq!(verify(JSON, note.as_bytes(), &[]), unknown);
        for (before, after) in [("size 4096", "size 4097"), ("made first", "made again"), ("entry 4100", "entry 4101")]
        {
            let forged = verify(JSON, note.replace(before, after).as_bytes(), std::slice::from_ref(&key));
            assert_eq!(forged, Err(ReportError::Note(NoteError::Forged { name: "example.com/ledger".into() })));
        }
        let again = said().sign(&key, |message| secret.sign(message).to_bytes());
        assert_eq!(again, note, "one report has one note");
    }

    #[test]
    fn a_note_under_another_name_is_not_the_ledgers() {
        let (secret, key) = key("example.com/other");
        let note = said().sign(&key, |message| secret.sign(message).to_bytes());
        let error = ReportError::OtherSigner { origin: "example.com/ledger".into() };
        assert_eq!(verify(JSON, note.as_bytes(), &[key]), Err(error));
    }

    /// The same key signs both, so neither may pass for the other, whatever a ledger is called.
    #[test]
    fn no_note_of_a_report_is_a_checkpoint_and_no_checkpoint_one_of_a_report() {
        for origin in ["example.com/ledger", "whosaw", "7"] {
            let (secret, key) = key(origin);
            let sign = |message: &[u8]| secret.sign(message).to_bytes();
            let note = ReportNote { origin: origin.into(), ..said() }.sign(&key, sign);
            let opened = checkpoint::open(note.as_bytes(), std::slice::from_ref(&key));
            assert!(matches!(opened, Err(CheckpointError::Malformed(_))), "{opened:?}");
            let head = Checkpoint { origin: origin.into(), size: 4_096, root: [5; 32] }.sign(&key, sign);
            let opened = open(head.as_bytes(), std::slice::from_ref(&key));
            assert!(matches!(opened, Err(ReportError::Malformed(_))), "{opened:?}");
        }
        assert!(!note::is_key_name(FIRST_LINE), "no ledger has the first line for its name");
    }

    #[test]
    fn one_meaning_has_one_text() {
        let text = said().encode();
        assert_eq!(ReportNote::parse(&text), Ok(said()));
        let again = ReportNote { made: Made::Again, ..said() };
        assert_eq!(ReportNote::parse(&again.encode()), Ok(again));
        let refused = |text: &str| assert!(ReportNote::parse(text).is_err(), "{text:?}");
        refused(&text.replace("v1", "v2"));
        refused(&text.replace("4096", "04096"));
        refused(&text.replace("type access", "type unspecified"));
        refused(&text.replace("type access", "type Access"));
        refused(&text.replace("019cd750", "019CD750"));
        refused(&text.replace("-7001", "7001"));
        refused(&text.replace("made first", "made twice"));
        refused(&text.replace("bytes", "length"));
        refused(&text.replace("origin example.com/ledger", "origin example.com ledger"));
        let digest = hex(&said().sha256);
        refused(&text.replace(&digest, &digest.to_uppercase()));
        refused(&text.replace(&digest, &digest[2..]));
        refused(&format!("{text}more\n"));
        refused(text.trim_end());
    }
}
