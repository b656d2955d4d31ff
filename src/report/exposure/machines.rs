//! What tells of what agents and services do with copies that they have, and when it was complete.

use super::document::*;
use super::evidence::ExposureEvidence;
use super::facts::logging;
use crate::exposure::calculus::interval::Frame;
use crate::exposure::calculus::times::TimeSet;
use crate::exposure::telling::Telling;
use crate::report::access::coverage;
use crate::report::access::document::{Name, Span};
use crate::report::access::registered::Names;
use crate::report::instant::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// When sources were complete, and which of them tell of which machine.
pub(super) struct MachineLogs {
    frame: Frame,
    complete: BTreeMap<String, TimeSet>,
    of: BTreeMap<String, BTreeSet<String>>,
}

impl MachineLogs {
    pub fn of(evidence: &ExposureEvidence, told: &Telling, frame: Frame) -> Self {
        let period = Span { from: Instant::new(frame.from), until: Instant::new(frame.cut_off) };
        let set = |span: &Span| (span.from.us(), span.until.us());
        let sources = coverage::sources(&logging(evidence), &Names::of(&evidence.registry), &period);
        let complete = sources.iter().map(|source| {
            let said = TimeSet::of(source.complete.iter().map(set).collect());
            let gaps = TimeSet::of(source.gaps.iter().map(|gap| set(&gap.span)).collect());
            (source.source.clone(), said.without(&gaps))
        });
        MachineLogs { frame, complete: complete.collect(), of: told.reported.logged.clone() }
    }

    /// Whether the sources that tell of the holder were complete while it has the copy: those from which acts of it came; where
    /// none is named in them, every source that is known.
    pub fn cover(&self, held: &HoldingFact) -> bool {
        let name = match &held.holder {
            Who::Named { name: Name::Registered(name), .. } => name.as_str(),
            _ => "",
        };
        let from = held.start.earliest.us().max(self.frame.from);
        let until = held.end.latest.us().min(self.frame.cut_off);
        let was_complete = |source: &String| {
            let complete = self.complete.get(source);
            complete.is_some_and(|complete| TimeSet::span(from, until).without(complete).is_empty())
        };
        match self.of.get(name) {
            Some(sources) => sources.iter().all(was_complete),
            None => !self.complete.is_empty() && self.complete.keys().all(was_complete),
        }
    }
}
