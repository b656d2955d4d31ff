//! Where a person stands in what the ledger itself keeps: steps of breaches, decisions to name staff, and reports on what their
//! data stood in. Told by kind, time and role; of anybody else who stands there nothing.

use super::proving::Proving;
use super::read::join_content;
use super::{EngineError, OpenLedger};
use crate::exposure::{Term, TermKind};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::access::document::Involvement;
use crate::report::evidence::{Involved, Observation, ObservedBody, ResourceReport};
use crate::report::question::{RecordedBreach, RecordedExposure};
use crate::vault;
use std::collections::BTreeSet;
use whosaw_verifier::body::{Body, CaseBody};
use whosaw_verifier::part::Part;

/// Where somebody stands in a step of a case, by their parts.
pub(super) fn in_case(entry: &StoredEntry, body: &CaseBody, opened: &[(u32, Part)]) -> Vec<Involved> {
    let involved = |(ordinal, part): &(u32, Part)| {
        let person = part.person.as_ref()?;
        let what = if body.by == ordinal + 1 {
            Involvement::CaseStep
        } else if body.step == CaseStep::Informed {
            let told = part.content.as_ref().and_then(|content| content.case.as_ref());
            told.map_or(Involvement::Told, |told| match told.delivery {
                Delivery::Delivered => Involvement::Told,
                _ => Involvement::NotTold,
            })
        } else {
            Involvement::CasePerson
        };
        let identities = person.identities.iter().map(vault::identity_of).collect();
        let at_us = if body.stated_us == 0 { entry.header.recorded_at_us } else { body.stated_us };
        Some(Involved { what, step: Some(body.step), at_us, identities, ..of_entry(entry) })
    };
    opened.iter().filter_map(involved).collect()
}

/// Where somebody stands in a decision to name staff: whoever is named, and whoever decided it.
pub(super) fn in_naming(entry: &StoredEntry, opened: &[(u32, Part)]) -> Vec<Involved> {
    of_parts(entry, opened, [Involvement::DecidedNaming, Involvement::NamedToSomebody])
}

/// The same where it was taken back.
pub(super) fn in_naming_taken_back(entry: &StoredEntry, opened: &[(u32, Part)]) -> Vec<Involved> {
    of_parts(entry, opened, [Involvement::TookBackNaming, Involvement::NamingTakenBack])
}

/// Whom somebody looked up.
pub(super) fn looked_up(entry: &StoredEntry, whom: Identity) -> Involved {
    Involved { what: Involvement::LookedUp, identities: vec![whom], ..of_entry(entry) }
}

/// Of whoever decided it, and of everybody else who stands there.
fn of_parts(entry: &StoredEntry, opened: &[(u32, Part)], [decider, other]: [Involvement; 2]) -> Vec<Involved> {
    let involved = |(_, part): &(u32, Part)| {
        let person = part.person.as_ref()?;
        let decided = person.roles.contains(&Role::Approver);
        let what = if decided { decider } else { other };
        let identities = person.identities.iter().map(vault::identity_of).collect();
        Some(Involved { what, identities, ..of_entry(entry) })
    };
    opened.iter().filter_map(involved).collect()
}

fn of_entry(entry: &StoredEntry) -> Involved {
    let header = &entry.header;
    Involved {
        index: header.index,
        leaf: entry.leaf,
        recorded_at_us: header.recorded_at_us,
        what: Involvement::CaseStep,
        step: None,
        at_us: header.recorded_at_us,
        identities: Vec::new(),
    }
}

impl OpenLedger {
    /// Reports of what anything of this person stood in: exposure reports, and those on a breach of it. Whoever made one
    /// opened those entries.
    pub(super) fn reports_on_resources_of(
        &self,
        observations: &[Observation],
        head: &Proving,
    ) -> Result<Vec<ResourceReport>, EngineError> {
        let of = |observation: &Observation| match &observation.body {
            ObservedBody::Action(body) => super::judged::resource_of(observation, body).map(str::to_owned),
            ObservedBody::Report(_) => None,
        };
        let theirs: BTreeSet<String> = observations.iter().filter_map(of).collect();
        let mut found = Vec::new();
        if theirs.is_empty() {
            return Ok(found);
        }
        for entry in self.entries_under(Term::new(TermKind::EntryKind, EntryKind::ReportProduced.code()), head.size)? {
            let body = entry.body();
            let Some(Ok(Body::ReportProduced(body))) = body else { continue };
            if !matches!(body.report_type, ReportType::Exposure | ReportType::Breach | ReportType::Persons) {
                continue;
            }
            let ordinals: Vec<u32> = (0..entry.header.parts).collect();
            let opened = self.open_proved(&entry, &ordinals, head)?;
            let Some(content) = join_content(opened.iter().map(|(_, part)| part)) else { continue };
            let resources = match body.report_type {
                ReportType::Exposure => RecordedExposure::read(&content.question).map(|asked| asked.question.resources),
                _ => match RecordedBreach::read(&content.question) {
                    Some(asked) => self.case_below(&asked.question.case, body.size)?.map(|case| case.resources()),
                    None => None,
                },
            };
            let resources: Vec<String> =
                resources.unwrap_or_default().into_iter().filter(|name| theirs.contains(name)).collect();
            if !resources.is_empty() {
                let (index, leaf, recorded_at_us) = (entry.header.index, entry.leaf, entry.header.recorded_at_us);
                found.push(ResourceReport { index, leaf, recorded_at_us, body, content, resources });
            }
        }
        Ok(found)
    }
}
