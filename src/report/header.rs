//! What the header of every report says (REPORTS 1.0), whatever it is about: written down once and made in one place. In the
//! JSON it stands flat beside what the header of each type says besides, and knows no other fields.

use super::access::document::{HeadFact, TemplateFact};
use super::code::Code;
use super::controller::ControllerFacts;
use super::evidence::{Envelope, Head};
use super::instant::Instant;
use super::shape::given;
use super::template;
use crate::model::ReportType;

/// The part that all have in common.
pub struct Common {
    pub report_id: String,
    pub report_type: Code<ReportType>,
    pub template: TemplateFact,
    pub legal_snapshot: String,
    pub controller: ControllerFacts,
    pub requester: Option<String>,
    pub reference: Option<String>,
    pub purpose: Option<String>,
    pub generated_at: Instant,
    pub as_known_at: HeadFact,
    pub redaction_profile: String,
}

impl Common {
    /// Of a report of a type, by a template, for whose eyes.
    pub fn of(
        (report_type, template, redaction_profile): (ReportType, &str, &str),
        controller: ControllerFacts,
        head: &Head,
        envelope: &Envelope,
    ) -> Self {
        Common {
            report_id: uuid::Uuid::from_bytes(envelope.report_id).to_string(),
            report_type: Code(report_type),
            template: template::fact(template, envelope.language, &controller.zone()),
            legal_snapshot: template::LEGAL_SNAPSHOT.trim().to_owned(),
            controller,
            requester: given(&envelope.generated_by),
            reference: given(&envelope.reference),
            purpose: given(&envelope.purpose),
            generated_at: Instant::new(envelope.generated_at_us),
            as_known_at: HeadFact::of(head),
            redaction_profile: redaction_profile.to_owned(),
        }
    }
}

/// The header of one type of report: with the common fields it has those that are written here. `Own` holds them until the
/// header is made.
macro_rules! header {
    (pub struct Header { $($(#[$meta:meta])* $field:ident : $type:ty),* $(,)? }) => {
        crate::report::shape::facts! {
            pub struct Header {
                report_id: String,
                report_type: crate::report::code::Code<crate::model::ReportType>,
                template: crate::report::access::document::TemplateFact,
                /// As of which day the law behind the template was read.
                legal_snapshot: String,
                controller: crate::report::controller::ControllerFacts,
                requester: Option<String>,
                reference: Option<String>,
                #[serde(default)]
                purpose: Option<String>,
                generated_at: crate::report::instant::Instant,
                as_known_at: crate::report::access::document::HeadFact,
                /// For whose eyes.
                redaction_profile: String,
                /// The one that it was asked to supersede; of a person's own report else the newest earlier one.
                #[serde(default)]
                supersedes: Option<crate::report::access::document::SupersededFact>,
                $($(#[$meta])* $field: $type,)*
            }
        }

        /// What this header says besides.
        pub struct Own { $(pub $field: $type,)* }

        impl Header {
            pub fn of(common: crate::report::header::Common, own: Own) -> Self {
                let Own { $($field,)* } = own;
                Header {
                    report_id: common.report_id,
                    report_type: common.report_type,
                    template: common.template,
                    legal_snapshot: common.legal_snapshot,
                    controller: common.controller,
                    requester: common.requester,
                    reference: common.reference,
                    purpose: common.purpose,
                    generated_at: common.generated_at,
                    as_known_at: common.as_known_at,
                    redaction_profile: common.redaction_profile,
                    supersedes: None,
                    $($field,)*
                }
            }
        }
    };
}

pub(super) use header;
