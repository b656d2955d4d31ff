//! A question and its production envelope, as an entry keeps them: what a report is made from again.

use super::access::document::PersonIdentity;
use super::breach::evidence::BreachQuestion;
use super::canonical::{self, CanonicalError};
use super::code::Code;
use super::evidence::{AccessQuestion, Envelope, Head};
use super::exposure::evidence::ExposureQuestion;
use super::instant::Instant;
use super::language::Language;
use crate::model::Identity;
use serde::{Deserialize, Serialize};
use whosaw_verifier::hash::Hash;

/// Why a cut-off cannot be used: open intervals would be measured into times of which the head knows nothing.
pub fn cut_off_violation(cut_off_us: u64, head: &Head) -> Option<&'static str> {
    if cut_off_us > head.recorded_at_us {
        Some("lies after the last entry of this size was recorded")
    } else if cut_off_us < head.opened_at_us {
        Some("lies before the ledger's first entry was recorded")
    } else {
        None
    }
}

/// What has to be recorded when a report leaves the house (REPORTS 2.3). With the ledger and the vault's generation it
/// decides every byte of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedQuestion {
    pub question: AccessQuestion,
    pub envelope: Envelope,
}

/// The same of an exposure report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedExposure {
    pub question: ExposureQuestion,
    pub envelope: Envelope,
    /// SHA-256 of the report's canonical JSON: what is made again is this, or is not handed out.
    pub digest: Hash,
}

/// English is written as nothing, as before there was another language: the same question keeps its bytes.
fn written_language(language: Language) -> Option<String> {
    (language != Language::default()).then(|| language.code().to_owned())
}

/// One way to write each: nothing for a language that is not known, and for an English that is spelt out.
fn read_language(written: Option<&str>) -> Option<Language> {
    match written {
        None => Some(Language::default()),
        Some(code) => Language::from_code(code).filter(|language| *language != Language::default()),
    }
}

const EXPOSURE_FORMAT: &str = "whosaw-exposure-question/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenExposure {
    format: String,
    resources: Vec<String>,
    size: u64,
    cut_off: Instant,
    report_id: String,
    generated_at: Instant,
    generated_by: String,
    reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supersedes: Option<u64>,
    digest: String,
}

impl RecordedExposure {
    /// As canonical JSON.
    pub fn write(&self) -> Result<Vec<u8>, CanonicalError> {
        let (question, envelope) = (&self.question, &self.envelope);
        canonical::of(&WrittenExposure {
            format: EXPOSURE_FORMAT.to_owned(),
            resources: question.resources.clone(),
            size: question.size,
            cut_off: Instant::new(question.cut_off_us),
            report_id: whosaw_verifier::hash::hex(&envelope.report_id),
            generated_at: Instant::new(envelope.generated_at_us),
            generated_by: envelope.generated_by.clone(),
            reference: envelope.reference.clone(),
            language: written_language(envelope.language),
            supersedes: question.supersedes,
            digest: whosaw_verifier::hash::hex(&self.digest),
        })
    }

    /// Nothing where the bytes are no question of this format.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let written: WrittenExposure = serde_json::from_slice(bytes).ok()?;
        let digest = hex::decode(&written.digest).ok()?.try_into().ok()?;
        let report_id = hex::decode(&written.report_id).ok()?.try_into().ok()?;
        let language = read_language(written.language.as_deref())?;
        (written.format == EXPOSURE_FORMAT).then(|| RecordedExposure {
            question: ExposureQuestion {
                resources: written.resources,
                size: written.size,
                cut_off_us: written.cut_off.us(),
                supersedes: written.supersedes,
            },
            envelope: Envelope {
                report_id,
                generated_at_us: written.generated_at.us(),
                generated_by: written.generated_by,
                reference: written.reference,
                language,
            },
            digest,
        })
    }
}

/// The same of a breach file, or of the persons concerned by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedBreach {
    pub question: BreachQuestion,
    pub envelope: Envelope,
    /// SHA-256 of the report's canonical JSON.
    pub digest: Hash,
}

const BREACH_FORMAT: &str = "whosaw-breach-question/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBreach {
    format: String,
    case: String,
    size: u64,
    cut_off: Instant,
    report_id: String,
    generated_at: Instant,
    generated_by: String,
    reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    digest: String,
}

impl RecordedBreach {
    /// As canonical JSON.
    pub fn write(&self) -> Result<Vec<u8>, CanonicalError> {
        let (question, envelope) = (&self.question, &self.envelope);
        canonical::of(&WrittenBreach {
            format: BREACH_FORMAT.to_owned(),
            case: whosaw_verifier::hash::hex(&question.case),
            size: question.size,
            cut_off: Instant::new(question.cut_off_us),
            report_id: whosaw_verifier::hash::hex(&envelope.report_id),
            generated_at: Instant::new(envelope.generated_at_us),
            generated_by: envelope.generated_by.clone(),
            reference: envelope.reference.clone(),
            language: written_language(envelope.language),
            digest: whosaw_verifier::hash::hex(&self.digest),
        })
    }

    /// Nothing where the bytes are no question of this format.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let written: WrittenBreach = serde_json::from_slice(bytes).ok()?;
        let case = hex::decode(&written.case).ok()?.try_into().ok()?;
        let digest = hex::decode(&written.digest).ok()?.try_into().ok()?;
        let report_id = hex::decode(&written.report_id).ok()?.try_into().ok()?;
        let language = read_language(written.language.as_deref())?;
        (written.format == BREACH_FORMAT).then(|| RecordedBreach {
            question: BreachQuestion { case, size: written.size, cut_off_us: written.cut_off.us() },
            envelope: Envelope {
                report_id,
                generated_at_us: written.generated_at.us(),
                generated_by: written.generated_by,
                reference: written.reference,
                language,
            },
            digest,
        })
    }
}

/// Version of the bytes; a new one stands beside it, never in its place.
const FORMAT: &str = "whosaw-access-question/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    subject: PersonIdentity,
    size: u64,
    cut_off: Instant,
    report_id: String,
    generated_at: Instant,
    generated_by: String,
    reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

impl RecordedQuestion {
    /// As canonical JSON.
    pub fn write(&self) -> Result<Vec<u8>, CanonicalError> {
        let (question, envelope) = (&self.question, &self.envelope);
        canonical::of(&Written {
            format: FORMAT.to_owned(),
            subject: PersonIdentity {
                namespace: question.subject.namespace.clone(),
                fields: question.subject.fields.clone(),
                strength: Code(question.subject.strength),
            },
            size: question.size,
            cut_off: Instant::new(question.cut_off_us),
            report_id: whosaw_verifier::hash::hex(&envelope.report_id),
            generated_at: Instant::new(envelope.generated_at_us),
            generated_by: envelope.generated_by.clone(),
            reference: envelope.reference.clone(),
            language: written_language(envelope.language),
        })
    }

    /// Nothing where the bytes are no question of this format.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let written: Written = serde_json::from_slice(bytes).ok().filter(|w: &Written| w.format == FORMAT)?;
        let report_id = hex::decode(&written.report_id).ok()?.try_into().ok()?;
        let language = read_language(written.language.as_deref())?;
        Some(RecordedQuestion {
            question: AccessQuestion {
                subject: Identity {
                    namespace: written.subject.namespace,
                    fields: written.subject.fields,
                    strength: written.subject.strength.0,
                },
                size: written.size,
                cut_off_us: written.cut_off.us(),
            },
            envelope: Envelope {
                report_id,
                generated_at_us: written.generated_at.us(),
                generated_by: written.generated_by,
                reference: written.reference,
                language,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Strength;

    #[test]
    fn a_question_reads_back_as_it_was_recorded() {
        let recorded = RecordedQuestion {
            question: AccessQuestion {
                subject: Identity {
                    namespace: "person".into(),
                    fields: vec!["Zoë".into(), "1990-04-05".into()],
                    strength: Strength::Weak,
                },
                size: 12,
                cut_off_us: 1_773_135_000_000_001,
            },
            envelope: Envelope {
                report_id: [0xa7; 16],
                generated_at_us: 1_773_135_000_000_002,
                generated_by: String::new(),
                reference: "file \"7\"".into(),
                language: Language::En,
            },
        };
        let bytes = recorded.write().expect("it can be written");
        assert_eq!(RecordedQuestion::read(&bytes), Some(recorded));
        assert_eq!(RecordedQuestion::read(b"{}"), None);
        let other = String::from_utf8(bytes).expect("JSON is UTF-8").replace("question/1", "question/2");
        assert_eq!(RecordedQuestion::read(other.as_bytes()), None);
    }

    /// Byte for byte as questions were recorded before they could name a language.
    const BEFORE: [&str; 2] = [
        r#"{"cut_off":"2026-03-10T09:30:00.000001Z","format":"whosaw-access-question/1","generated_at":"2026-03-10T09:30:00.000002Z","generated_by":"","reference":"file","report_id":"a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7","size":12,"subject":{"fields":["anna"],"namespace":"person","strength":"strong"}}"#,
        r#"{"cut_off":"2026-03-10T09:30:00.000001Z","digest":"0101010101010101010101010101010101010101010101010101010101010101","format":"whosaw-exposure-question/1","generated_at":"2026-03-10T09:30:00.000002Z","generated_by":"desk","reference":"","report_id":"a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7","resources":["crm"],"size":12}"#,
    ];

    #[test]
    fn a_question_without_a_language_is_english_and_keeps_its_bytes() {
        let [access, exposure] = BEFORE;
        let read = RecordedQuestion::read(access.as_bytes()).expect("it is known");
        assert_eq!(read.envelope.language, Language::En);
        assert_eq!(read.write().expect("it is written"), access.as_bytes());
        let read = RecordedExposure::read(exposure.as_bytes()).expect("it is known");
        assert_eq!(read.envelope.language, Language::En);
        assert_eq!(read.write().expect("it is written"), exposure.as_bytes());
    }

    #[test]
    fn another_language_is_recorded_and_one_that_is_not_known_is_no_question() {
        let [access, exposure] = BEFORE;
        let mut question = RecordedQuestion::read(access.as_bytes()).expect("it is known");
        question.envelope.language = Language::De;
        let german = String::from_utf8(question.write().expect("it is written")).expect("JSON is UTF-8");
        assert!(german.contains(r#""language":"de""#), "{german}");
        assert_eq!(RecordedQuestion::read(german.as_bytes()), Some(question));
        let mut question = RecordedExposure::read(exposure.as_bytes()).expect("it is known");
        question.envelope.language = Language::De;
        assert_eq!(RecordedExposure::read(&question.write().expect("it is written")), Some(question));
        // One question has one form.
        for code in ["fr", "en", ""] {
            let other = german.replace(r#""language":"de""#, &format!(r#""language":"{code}""#));
            assert_eq!(RecordedQuestion::read(other.as_bytes()), None, "{code}");
        }
    }
}
