//! A question and its production envelope, as an entry keeps them: what a report is made from again.

use super::access::document::PersonIdentity;
use super::activity::evidence::ActivityQuestion;
use super::breach::evidence::BreachQuestion;
use super::canonical::{self, CanonicalError};
use super::code::Code;
use super::edition::Edition;
use super::evidence::{AccessQuestion, Envelope, Head, Statements};
use super::exposure::evidence::{ExposureQuestion, Remarks};
use super::instant::Instant;
use super::language::Language;
use super::shape::given;
use crate::model::Identity;
use serde::{Deserialize, Deserializer, Serialize};
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
    /// The entry of the controller's registry whose orders of secrecy were heeded; absent where there was none, and in
    /// questions of before: a report that an order forbade was refused then.
    pub registry: Option<u64>,
    /// How many sealed parts were tried: an erasure since takes some of them. Absent in questions of before.
    pub parts_tried: Option<u64>,
    /// Absent in questions of before it was recorded.
    pub made: Option<Made>,
}

/// What came of a question: what is made again is this, or is told to be otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// SHA-256 of the report's canonical JSON.
    pub digest: Hash,
    /// [`super::template::digest`] then; absent in questions of before it was recorded.
    pub template: Option<Hash>,
}

/// The same of an exposure report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedExposure {
    pub question: ExposureQuestion,
    pub envelope: Envelope,
    pub made: Made,
}

/// The same of a breach file, or of the persons concerned by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedBreach {
    pub question: BreachQuestion,
    pub envelope: Envelope,
    pub made: Made,
}

/// The same of what one agent did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedActivity {
    pub question: ActivityQuestion,
    /// When the last entry of the size was recorded, Unix microseconds.
    pub cut_off_us: u64,
    pub envelope: Envelope,
    pub made: Made,
}

/// Versions of the bytes; a new one stands beside it, never in its place.
const ACCESS_FORMAT: &str = "whosaw-access-question/1";
const EXPOSURE_FORMAT: &str = "whosaw-exposure-question/1";
const BREACH_FORMAT: &str = "whosaw-breach-question/1";
const ACTIVITY_FORMAT: &str = "whosaw-activity-question/1";

/// Any of them as written. What a format does not know must not be there: each `read` says which fields it has.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    subject: Option<PersonIdentity>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    open_questions: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    characterisation: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    why_unnamed: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    logic: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    withheld: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    from: Option<Instant>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    size: u64,
    cut_off: Instant,
    report_id: String,
    generated_at: Instant,
    generated_by: String,
    reference: String,
    /// Left out where none was given, as before it could be.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    /// English is written as nothing, as before there was another language: the same question keeps its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// The lawyer's is written as nothing, as before there was another.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    edition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supersedes: Option<u64>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    registry: Option<u64>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    parts_tried: Option<u64>,
}

/// A field that is left out is not there; one that says null is no field of this.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

impl Written {
    /// What all formats have.
    fn of(format: &str, size: u64, cut_off_us: u64, envelope: &Envelope) -> Self {
        let language = envelope.language;
        Written {
            format: format.to_owned(),
            subject: None,
            resources: None,
            case: None,
            agent: None,
            open_questions: None,
            characterisation: None,
            why_unnamed: None,
            logic: None,
            withheld: None,
            from: None,
            until: None,
            size,
            cut_off: Instant::new(cut_off_us),
            report_id: whosaw_verifier::hash::hex(&envelope.report_id),
            generated_at: Instant::new(envelope.generated_at_us),
            generated_by: envelope.generated_by.clone(),
            reference: envelope.reference.clone(),
            purpose: Some(envelope.purpose.clone()).filter(|purpose| !purpose.is_empty()),
            language: (language != Language::default()).then(|| language.code().to_owned()),
            edition: None,
            supersedes: None,
            digest: None,
            template: None,
            registry: None,
            parts_tried: None,
        }
    }

    fn with(self, made: &Made) -> Self {
        let template = made.template.as_ref().map(|digest| whosaw_verifier::hash::hex(digest));
        Written { digest: Some(whosaw_verifier::hash::hex(&made.digest)), template, ..self }
    }

    /// Nothing where what is there cannot be read; none where nothing is there.
    fn made(&self) -> Option<Option<Made>> {
        let template = self.template.as_ref().map(|text| bytes_of(text));
        match (&self.digest, template) {
            (None, None) => Some(None),
            (Some(digest), None) => Some(Some(Made { digest: bytes_of(digest)?, template: None })),
            (Some(digest), Some(template)) => Some(Some(Made { digest: bytes_of(digest)?, template: Some(template?) })),
            (None, Some(_)) => None,
        }
    }

    /// Nothing where the bytes are no question of this format.
    fn read(bytes: &[u8], format: &str) -> Option<Self> {
        let written: Written = serde_json::from_slice(bytes).ok()?;
        let of_activity = written.agent.is_some() || written.from.is_some() || written.until.is_some();
        let is_of = of_activity == (format == ACTIVITY_FORMAT);
        let has_edition = written.edition.is_none() || format == ACCESS_FORMAT;
        let stated = [&written.why_unnamed, &written.logic, &written.withheld];
        // One way to write none.
        let states =
            stated.iter().all(|text| text.as_ref().is_none_or(|text| format == ACCESS_FORMAT && !text.is_empty()));
        (written.format == format && is_of && has_edition && states).then_some(written)
    }

    fn envelope(&self) -> Option<Envelope> {
        // One way to write each: nothing for a language that is not known, and for an English that is spelt out.
        let language = match &self.language {
            None => Language::default(),
            Some(code) => Language::from_code(code).filter(|language| *language != Language::default())?,
        };
        // One way to write none.
        let purpose = self.purpose.clone().unwrap_or_default();
        if self.purpose.is_some() && purpose.is_empty() {
            return None;
        }
        Some(Envelope {
            report_id: bytes_of(&self.report_id)?,
            generated_at_us: self.generated_at.us(),
            generated_by: self.generated_by.clone(),
            reference: self.reference.clone(),
            purpose,
            language,
        })
    }
}

fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text).ok()?.try_into().ok()
}

impl RecordedQuestion {
    /// As canonical JSON.
    pub fn write(&self) -> Result<Vec<u8>, CanonicalError> {
        let AccessQuestion { subject, size, cut_off_us, supersedes, edition, statements } = &self.question;
        let written = Written {
            subject: Some(PersonIdentity {
                namespace: subject.namespace.clone(),
                fields: subject.fields.clone(),
                strength: Code(subject.strength),
            }),
            supersedes: *supersedes,
            registry: self.registry,
            parts_tried: self.parts_tried,
            why_unnamed: given(&statements.why_unnamed),
            logic: given(&statements.logic),
            withheld: given(&statements.withheld),
            edition: (*edition != Edition::default()).then(|| edition.code().to_owned()),
            ..Written::of(ACCESS_FORMAT, *size, *cut_off_us, &self.envelope)
        };
        canonical::of(&match &self.made {
            Some(made) => written.with(made),
            None => written,
        })
    }

    /// Nothing where the bytes are no question of this format.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let written = Written::read(bytes, ACCESS_FORMAT)?;
        let (envelope, made) = (written.envelope()?, written.made()?);
        // One way to write each.
        let edition = match written.edition.as_deref() {
            None => Edition::default(),
            Some(code) => {
                *Edition::ALL.iter().find(|edition| edition.code() == code && **edition != Edition::default())?
            }
        };
        let Written {
            subject: Some(subject),
            resources: None,
            case: None,
            supersedes,
            registry,
            parts_tried,
            why_unnamed,
            logic,
            withheld,
            ..
        } = written
        else {
            return None;
        };
        let [why_unnamed, logic, withheld] = [why_unnamed, logic, withheld].map(Option::unwrap_or_default);
        let statements = Statements { why_unnamed, logic, withheld };
        let PersonIdentity { namespace, fields, strength } = subject;
        let subject = Identity { namespace, fields, strength: strength.0 };
        let (size, cut_off_us) = (written.size, written.cut_off.us());
        let question = AccessQuestion { subject, size, cut_off_us, supersedes, edition, statements };
        Some(RecordedQuestion { question, envelope, registry, parts_tried, made })
    }
}

impl RecordedExposure {
    /// As canonical JSON.
    pub fn write(&self) -> Result<Vec<u8>, CanonicalError> {
        let ExposureQuestion { resources, size, cut_off_us, supersedes, remarks } = &self.question;
        let written = Written {
            resources: Some(resources.clone()),
            supersedes: *supersedes,
            open_questions: given(&remarks.open_questions),
            characterisation: given(&remarks.characterisation),
            ..Written::of(EXPOSURE_FORMAT, *size, *cut_off_us, &self.envelope)
        };
        canonical::of(&written.with(&self.made))
    }

    /// Nothing where the bytes are no question of this format.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let written = Written::read(bytes, EXPOSURE_FORMAT)?;
        let (envelope, made) = (written.envelope()?, written.made()??);
        let Written {
            resources: Some(resources),
            subject: None,
            case: None,
            supersedes,
            registry: None,
            parts_tried: None,
            open_questions,
            characterisation,
            ..
        } = written
        else {
            return None;
        };
        let remarks = Remarks {
            open_questions: open_questions.unwrap_or_default(),
            characterisation: characterisation.unwrap_or_default(),
        };
        let (size, cut_off_us) = (written.size, written.cut_off.us());
        let question = ExposureQuestion { resources, size, cut_off_us, supersedes, remarks };
        Some(RecordedExposure { question, envelope, made })
    }
}

impl RecordedBreach {
    /// As canonical JSON.
    pub fn write(&self) -> Result<Vec<u8>, CanonicalError> {
        let BreachQuestion { case, size, cut_off_us, supersedes } = &self.question;
        let written = Written {
            case: Some(whosaw_verifier::hash::hex(case)),
            supersedes: *supersedes,
            ..Written::of(BREACH_FORMAT, *size, *cut_off_us, &self.envelope)
        };
        canonical::of(&written.with(&self.made))
    }

    /// Nothing where the bytes are no question of this format.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let written = Written::read(bytes, BREACH_FORMAT)?;
        let (envelope, made) = (written.envelope()?, written.made()??);
        let Written {
            case: Some(case),
            subject: None,
            resources: None,
            supersedes,
            registry: None,
            parts_tried: None,
            ..
        } = written
        else {
            return None;
        };
        let (size, cut_off_us) = (written.size, written.cut_off.us());
        let question = BreachQuestion { case: bytes_of(&case)?, size, cut_off_us, supersedes };
        Some(RecordedBreach { question, envelope, made })
    }
}

impl RecordedActivity {
    /// As canonical JSON.
    pub fn write(&self) -> Result<Vec<u8>, CanonicalError> {
        let ActivityQuestion { agent, size, from_us, until_us, supersedes } = &self.question;
        let written = Written {
            agent: Some(agent.clone()),
            from: from_us.map(Instant::new),
            until: until_us.map(Instant::new),
            supersedes: *supersedes,
            ..Written::of(ACTIVITY_FORMAT, *size, self.cut_off_us, &self.envelope)
        };
        canonical::of(&written.with(&self.made))
    }

    /// Nothing where the bytes are no question of this format.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let written = Written::read(bytes, ACTIVITY_FORMAT)?;
        let (envelope, made) = (written.envelope()?, written.made()??);
        let Written {
            agent: Some(agent),
            from,
            until,
            subject: None,
            resources: None,
            case: None,
            supersedes,
            registry: None,
            parts_tried: None,
            ..
        } = written
        else {
            return None;
        };
        let (from_us, until_us) = (from.map(|at| at.us()), until.map(|at| at.us()));
        let question = ActivityQuestion { agent, size: written.size, from_us, until_us, supersedes };
        Some(RecordedActivity { question, cut_off_us: written.cut_off.us(), envelope, made })
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
                supersedes: Some(7),
                edition: Edition::Lawyer,
                statements: Statements { withheld: "letters of others".into(), ..Statements::default() },
            },
            envelope: Envelope {
                report_id: [0xa7; 16],
                generated_at_us: 1_773_135_000_000_002,
                generated_by: String::new(),
                reference: "file \"7\"".into(),
                purpose: "asked by the person".into(),
                language: Language::En,
            },
            registry: Some(4),
            parts_tried: Some(9),
            made: Some(Made { digest: [1; 32], template: Some([2; 32]) }),
        };
        let bytes = recorded.write().expect("it can be written");
        assert_eq!(RecordedQuestion::read(&bytes), Some(recorded));
        assert_eq!(RecordedQuestion::read(b"{}"), None);
        let empty = String::from_utf8(bytes.clone()).expect("JSON is UTF-8").replace("asked by the person", "");
        assert_eq!(RecordedQuestion::read(empty.as_bytes()), None, "none is left out");
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
    fn what_came_of_a_question_is_known_as_far_as_it_was_recorded() {
        let [access, exposure] = BEFORE;
        let mut read = RecordedQuestion::read(access.as_bytes()).expect("it is known");
        assert_eq!(read.made, None, "of before");
        let before = RecordedExposure::read(exposure.as_bytes()).expect("it is known");
        assert_eq!(before.made, Made { digest: [1; 32], template: None });
        for template in [None, Some([2; 32])] {
            read.made = Some(Made { digest: [3; 32], template });
            assert_eq!(RecordedQuestion::read(&read.write().expect("it is written")), Some(read.clone()));
        }
        let half = String::from_utf8(read.write().expect("it is written")).expect("JSON is UTF-8");
        let half = half.replace(&format!(r#""digest":"{}","#, "03".repeat(32)), "");
        assert_eq!(RecordedQuestion::read(half.as_bytes()), None, "a template of no report");
        let without = exposure.replace(&format!(r#""digest":"{}","#, "01".repeat(32)), "");
        assert_eq!(RecordedExposure::read(without.as_bytes()), None, "it was always recorded of these");
    }

    #[test]
    fn an_edition_is_recorded_and_one_that_is_not_known_is_no_question() {
        let mut question = RecordedQuestion::read(BEFORE[0].as_bytes()).expect("it is known");
        assert_eq!(question.question.edition, Edition::Lawyer, "before there was another");
        question.question.edition = Edition::Person;
        let own = String::from_utf8(question.write().expect("it is written")).expect("JSON is UTF-8");
        assert_eq!(RecordedQuestion::read(own.as_bytes()), Some(question));
        for code in [r#""lawyer""#, r#""mine""#, "null"] {
            let other = own.replace(r#""edition":"person""#, &format!(r#""edition":{code}"#));
            assert_ne!(other, own);
            assert_eq!(RecordedQuestion::read(other.as_bytes()), None, "{code}");
        }
        let of_resources = BEFORE[1].replace(r#""format""#, r#""edition":"person","format""#);
        assert_eq!(RecordedExposure::read(of_resources.as_bytes()), None, "an exposure report has one edition");
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
