//! Which groups a source tells of, who joins and who leaves, without a gap.

use super::evidence::ExposureEvidence;
use super::facts::{in_force, logging};
use crate::exposure::calculus::interval::Frame;
use crate::registry::Document;
use crate::report::access::coverage;
use crate::report::access::document::{SourceCoverage, Span, Verdict};
use crate::report::access::registered::Names;
use crate::report::instant::Instant;
use std::collections::BTreeSet;

pub(super) struct Feeds<'a> {
    documents: Vec<&'a Document>,
    /// Sources that tell of some group and were complete for the whole period.
    complete: BTreeSet<&'a str>,
}

impl<'a> Feeds<'a> {
    pub fn of(evidence: &'a ExposureEvidence, frame: Frame) -> Self {
        let period = Span { from: Instant::new(frame.from), until: Instant::new(frame.cut_off) };
        let documents = in_force(evidence, &period);
        let named = documents.iter().flat_map(|document| &document.groups);
        let named: BTreeSet<&str> = named.filter_map(|group| group.feed.as_deref()).collect();
        // Most registries name none, and what all sources say is much to look at.
        if named.is_empty() {
            return Feeds { documents, complete: named };
        }
        let sources = coverage::sources(&logging(evidence), &Names::of(&evidence.registry), &period);
        let covers = |feed: &&str| {
            let of_it: Vec<SourceCoverage> = sources.iter().filter(|source| source.source == *feed).cloned().collect();
            let limits = coverage::limits(&of_it, evidence.head.recorded_at_us, &period);
            coverage::sentence(&limits, &of_it, &[]) == Verdict::NoneComplete
        };
        Feeds { documents, complete: named.into_iter().filter(covers).collect() }
    }

    /// Whether a source tells who is in a group, and did so for the whole period.
    pub fn cover(&self, group: &str) -> bool {
        let feed = |document: &&'a Document| {
            let known = document.groups.iter().find(|known| known.name == group);
            known.and_then(|known| known.feed.as_deref())
        };
        let is_complete = |document| feed(document).is_some_and(|feed| self.complete.contains(feed));
        !self.documents.is_empty() && self.documents.iter().all(is_complete)
    }
}
