//! What every report's header says, whatever the report is about.

use super::cover::{given, pair};
use super::*;
use crate::report::access::document::{HeadFact, TemplateFact};
use crate::report::clock::ClockFacts;
use crate::report::controller::ControllerFacts;
use crate::report::instant::Instant;
use crate::report::wording::{Wording, word};

pub struct Heading<'a> {
    pub report_id: &'a str,
    pub template: &'a TemplateFact,
    pub legal_snapshot: &'a str,
    pub controller: &'a ControllerFacts,
    pub requester: &'a Option<String>,
    pub reference: &'a Option<String>,
    pub purpose: &'a Option<String>,
    pub generated_at: Instant,
    pub head: &'a HeadFact,
    pub redaction_profile: &'a str,
}

/// Of any report's header: they have these fields in common.
macro_rules! heading {
    ($header:expr) => {{
        let header = $header;
        crate::report::view::heading::Heading {
            report_id: &header.report_id,
            template: &header.template,
            legal_snapshot: &header.legal_snapshot,
            controller: &header.controller,
            requester: &header.requester,
            reference: &header.reference,
            purpose: &header.purpose,
            generated_at: header.generated_at,
            head: &header.as_known_at,
            redaction_profile: &header.redaction_profile,
        }
    }};
}
pub(super) use heading;

impl Heading<'_> {
    /// Everything that does not depend on what is answered; the rest stays empty. `running` takes the report's id.
    pub fn frame(&self, w: &Wording, [title, subtitle, running]: [&str; 3]) -> View {
        let head = self.head;
        // As known when, and by which clock all times are.
        let footer =
            fill(&w.title.footer, &[("origin", &head.origin), ("size", &w.number(head.size)), ("zone", w.zone.name())]);
        View {
            language: self.template.language.clone(),
            title: title.to_owned(),
            subtitle: subtitle.to_owned(),
            report_id: self.report_id.to_owned(),
            running: fill(running, &[("id", self.report_id)]),
            person: String::new(),
            footer,
            page: w.title.page.clone(),
            attachment: w.title.attachment.clone(),
            answer_heading: w.answer.heading.clone(),
            answer: String::new(),
            verdict_heading: w.verdict.heading.clone(),
            verdicts: Vec::new(),
            figures: Vec::new(),
            notices: Vec::new(),
            facts_heading: w.section.facts.clone(),
            facts: Vec::new(),
            sections: Vec::new(),
            legal: fill(&w.intro.legal, &[("date", &w.day(self.legal_snapshot))]),
            substituted: None,
            note: None,
        }
    }

    /// As known when and by which clocks, who is responsible, and who asked for it, why and when.
    pub fn known_and_asked(&self, w: &Wording, clock: Option<&ClockFacts>) -> Vec<Pair> {
        let (f, head) = (&w.fact, self.head);
        let as_known_at = fill(
            &f.as_known_at_value,
            &[("origin", &head.origin), ("size", &w.number(head.size)), ("recorded", &w.exact(head.recorded_at))],
        );
        let mut pairs = vec![pair(&f.as_known_at, as_known_at, Style::Plain), super::clock::line(w, clock)];
        pairs.extend(controller::pairs(w, self.controller));
        pairs.extend([
            given(&f.requester, self.requester, &w.missing.value),
            given(&f.reference, self.reference, &w.missing.value),
            given(&f.pulled_for, self.purpose, &w.missing.value),
            pair(&f.generated_at, w.exact(self.generated_at), Style::Plain),
        ]);
        pairs
    }

    /// For whose eyes, and by the law of which day.
    pub fn made_for(&self, w: &Wording) -> [Pair; 2] {
        [
            pair(&w.fact.redaction, word(&w.profile, self.redaction_profile).to_owned(), Style::Plain),
            pair(&w.fact.legal_snapshot, w.day(self.legal_snapshot), Style::Plain),
        ]
    }
}
