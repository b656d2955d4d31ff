//! The time line of an exposure report: what stood open and what of it without authority, what was approved, what was done,
//! who could, and where logging had gaps.

use super::exposure::{Said, tone};
use super::timeline::{Lane, LaneSpan, Mark, Scale};
use super::*;
use crate::report::access::document::{Authorisation, Span};
use crate::report::exposure::document::*;
use crate::report::instant::Instant;
use crate::report::wording::word;

/// Lines of one sort; with those for what was done the whole stays on a page.
const LANES_MAX: usize = 8;

impl Said<'_> {
    pub(super) fn lanes(&self) -> Vec<Block> {
        let (w, x) = (self.w, &self.w.exposure);
        let Some((first, last)) = self.drawn() else { return Vec::new() };
        let scale = Scale::over(first, last);
        let sorts =
            [self.open(&scale), self.approved(&scale), self.done(&scale), self.could(&scale), self.gaps(&scale)];
        let left_out: usize = sorts.iter().map(|lanes| lanes.len().saturating_sub(LANES_MAX)).sum();
        let lanes = sorts.into_iter().flat_map(|lanes| lanes.into_iter().take(LANES_MAX)).collect();
        let alt = fill(&x.intro.timeline_alt, &[("from", &w.instant(first)), ("until", &w.instant(last))]);
        let axis = Axis {
            heading: x.section.timeline.clone(),
            alt,
            note: x.intro.timeline.clone(),
            ticks: scale.ticks(w),
            lanes,
        };
        let more = (left_out > 0).then(|| Block::Note { text: w.plural(&x.lane.more, left_out as u64) });
        std::iter::once(Block::Timeline(Timeline { axis: Some(axis), order: None })).chain(more).collect()
    }

    /// From the first that stood open or was done, to the last.
    fn drawn(&self) -> Option<(Instant, Instant)> {
        let windows = || self.report.resources.iter().flat_map(|resource| &resource.windows);
        let accesses = || self.report.accesses.iter();
        let starts = windows().map(|window| window.start.earliest);
        let ends = windows().map(|window| window.end.latest);
        let first = starts.chain(accesses().map(|access| access.when.from)).min();
        let last = ends.chain(accesses().map(|access| access.when.until)).max();
        first.zip(last)
    }

    /// Each resource, and below it those ways that nobody was allowed to open.
    fn open(&self, scale: &Scale) -> Vec<Lane> {
        let lasted = |start: &Bound, end: &Bound, sure: bool| {
            let span = |from, until, sure| LaneSpan { from: scale.place(from), until: scale.place(until), sure };
            let sure = sure.then(|| span(start.latest, end.earliest, true));
            std::iter::once(span(start.earliest, end.latest, false)).chain(sure)
        };
        let mut lanes = Vec::new();
        for resource in self.report.resources.iter().filter(|resource| !resource.windows.is_empty()) {
            let windows = resource.windows.iter();
            let spans = windows.flat_map(|window| lasted(&window.start, &window.end, window.certain_us > 0));
            lanes.push(Lane { spans: spans.collect(), ..lane(resource.name.clone(), Tone::Possible) });
            let without = resource.paths.iter().filter(|path| path.authorisation == Authorisation::Unauthorised);
            let spans: Vec<LaneSpan> = without
                .flat_map(|path| lasted(&path.start, &path.end, path.start.latest < path.end.earliest))
                .collect();
            if !spans.is_empty() {
                let label = self.w.exposure.lane.without_authority.clone();
                lanes.push(Lane { spans, ..lane(label, Tone::Warning) });
            }
        }
        lanes
    }

    fn approved(&self, scale: &Scale) -> Vec<Lane> {
        let given = || self.report.approvals.iter().filter(|approval| !approval.refused);
        let marks: Vec<Mark> =
            given().map(|it| Mark { at: scale.place(it.from.from), size: 1, tone: Tone::OtherPart }).collect();
        if marks.is_empty() {
            return Vec::new();
        }
        let spans = given().filter_map(|approval| {
            let until = scale.place(approval.until?);
            Some(LaneSpan { from: scale.place(approval.from.from), until, sure: true })
        });
        let n = self.w.number(marks.len() as u64);
        let label = fill(&self.w.exposure.lane.approvals, &[("n", &n)]);
        vec![Lane { spans: spans.collect(), marks, ..lane(label, Tone::OtherPart) }]
    }

    fn done(&self, scale: &Scale) -> Vec<Lane> {
        let (w, x) = (self.w, &self.w.exposure);
        let mut lanes = Vec::new();
        for rung in [Rung::Seen, Rung::Given, Rung::Processed, Rung::Tried] {
            let accesses = self.report.accesses.iter().filter(|access| access.rung == rung);
            let marks: Vec<Mark> = accesses.map(|access| mark(access, scale)).collect();
            if !marks.is_empty() {
                let values = [("class", word(&x.rung, rung.code())), ("n", &w.number(marks.len() as u64))];
                lanes.push(Lane { marks, ..lane(fill(&w.timeline.lane, &values), tone(rung)) });
            }
        }
        lanes
    }

    fn could(&self, scale: &Scale) -> Vec<Lane> {
        let acted = self.report.viewers.iter().filter(|viewer| viewer.could_us.high > 0 && viewer.did > 0);
        let of = |viewer: &ViewerFact| {
            let span =
                |span: &Span| LaneSpan { from: scale.place(span.from), until: scale.place(span.until), sure: true };
            let accesses = self.report.accesses.iter();
            let theirs = accesses.filter(|access| access.who == viewer.who && access.rung != Rung::Tried);
            Lane {
                marks: theirs.map(|access| mark(access, scale)).collect(),
                spans: viewer.times.iter().map(span).collect(),
                ..lane(self.who(&viewer.who), Tone::OtherPart)
            }
        };
        acted.map(of).collect()
    }

    /// Where a source did not log, or nobody says that it did.
    fn gaps(&self, scale: &Scale) -> Vec<Lane> {
        let known = &self.report.coverage;
        let place = |span: &Span, sure| LaneSpan { from: scale.place(span.from), until: scale.place(span.until), sure };
        let of = |name: &str, spans: Vec<LaneSpan>| {
            let label = fill(&self.w.exposure.lane.gaps, &[("source", name)]);
            (!spans.is_empty()).then(|| Lane { spans, ..lane(label, Tone::Attempt) })
        };
        let sources = known.sources.iter().filter_map(|source| {
            let gaps = source.gaps.iter().map(|gap| place(&gap.span, true));
            of(&source.source, gaps.chain(source.unstated.iter().map(|span| place(span, false))).collect())
        });
        let own = known.downtimes.iter().map(|gap| place(&gap.span, true)).collect();
        sources.chain(of(&self.w.verdict.ledger, own)).collect()
    }
}

fn lane(label: String, tone: Tone) -> Lane {
    Lane { label, tone, marks: Vec::new(), spans: Vec::new() }
}

fn mark(access: &AccessFact, scale: &Scale) -> Mark {
    Mark { at: scale.place(access.when.from), size: 1, tone: tone(access.rung) }
}
