//! What may be said of access that is not recorded: which sources were logging, for which times, and what we refused.
//!
//! No coverage statement means unknown. Only a period that every registered source covers without a gap allows the sentence
//! "logging complete"; known, finite gaps allow "cannot be excluded"; everything else is "not determinable".

use super::document::*;
use super::found::Found;
use super::heard::{Sign, Silence, silences};
use super::registered::Names;
use crate::exposure::calculus::interval::Frame;
use crate::exposure::calculus::times::TimeSet;
use crate::model::{CoverageState, Registry, RegistryKind};
use crate::report::evidence::{self, Downtime, Evidence, Head, Heard};
use crate::report::exposure::registered::History;
use crate::report::instant::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// What a ledger holds of its sources as of a size.
#[derive(Clone, Copy)]
pub struct Logging<'a> {
    pub head: &'a Head,
    pub registry: &'a Registry,
    pub history: &'a History,
    pub stated: &'a [evidence::Coverage],
    pub heard: &'a [Heard],
    pub downtimes: &'a [Downtime],
}

pub fn facts(
    evidence: &Evidence,
    known: &Names<'_>,
    period: Span,
    found: &Found,
    undetermined: &UndeterminedFacts,
    verification: &Verification,
) -> CoverageFacts {
    let logging = Logging {
        head: &evidence.head,
        registry: &evidence.registry,
        history: &evidence.history,
        stated: &evidence.coverage,
        heard: &evidence.heard,
        downtimes: &evidence.downtimes,
    };
    let sources = sources(&logging, known, &period);
    let downtimes = own_gaps(&evidence.downtimes, evidence.head.size, &period);
    let unregistered: BTreeSet<&Name> = found
        .entries
        .iter()
        .filter_map(|entry| entry.source.as_ref())
        .filter(|name| !matches!(name, Name::Registered(_)))
        .collect();
    let mut limits = limits(&sources, evidence.head.recorded_at_us, &period);
    let mut limit = |when: bool, limit: Limit| limits.extend(when.then_some(limit));
    limit(!unregistered.is_empty(), Limit::UnregisteredSource);
    // What was denied or failed may have had arguments, and these were given to whoever runs the tool.
    limit(undetermined.actions > 0, Limit::Undetermined);
    limit(removed(evidence) > 0, Limit::Removed);
    limit(kept(evidence) > 0, Limit::KeptForMatter);
    limit(!verification.searched, Limit::NotSearched);
    limit(verification.entries_proved < verification.entries_counted, Limit::NotProved);
    CoverageFacts {
        sentence: sentence(&limits, &sources, &downtimes),
        limits: limits.into_iter().collect(),
        sources,
        unregistered_sources: unregistered.len() as u64,
        downtimes,
        period,
    }
}

/// Why nothing definite can be said from what these sources stated of the period.
pub fn limits(sources: &[SourceCoverage], recorded_at_us: u64, period: &Span) -> BTreeSet<Limit> {
    let arrived =
        |source: &SourceCoverage| recorded_at_us >= period.until.us().saturating_add(source.delivery_delay_us);
    let any_gap = |kind: GapKind| sources.iter().flat_map(|source| &source.gaps).any(|gap| gap.kind == kind);
    let limits = [
        (!sources.iter().any(|source| source.registered), Limit::NoSources),
        (sources.iter().any(|source| source.complete.is_empty()), Limit::SourceWithoutStatement),
        (sources.iter().any(|s| !s.complete.is_empty() && !s.unstated.is_empty()), Limit::SpanWithoutStatement),
        (any_gap(GapKind::Unknown), Limit::StatedUnknown),
        (any_gap(GapKind::Silent), Limit::Silent),
        (sources.iter().any(|source| !arrived(source)), Limit::DeliveryDelay),
    ];
    limits.into_iter().filter(|(holds, _)| *holds).map(|(_, limit)| limit).collect()
}

/// What may be said of access that is not recorded.
pub fn sentence(limits: &BTreeSet<Limit>, sources: &[SourceCoverage], downtimes: &[Gap]) -> Verdict {
    let has_gaps = !downtimes.is_empty() || sources.iter().any(|source| !source.gaps.is_empty());
    match (limits.is_empty(), has_gaps) {
        (false, _) => Verdict::NotDeterminable,
        (true, true) => Verdict::NoneIncomplete,
        (true, false) => Verdict::NoneComplete,
    }
}

/// What each source stated of the period: those that are registered, and those that stated something.
pub fn sources(logging: &Logging<'_>, known: &Names<'_>, period: &Span) -> Vec<SourceCoverage> {
    let sources = logging.registry.iter().filter(|(kind, ..)| *kind == RegistryKind::Source);
    let registered: BTreeMap<&str, bool> = sources.map(|(_, name, source)| (name, !source.retired)).collect();
    let mut statements: BTreeMap<&str, Vec<&evidence::Coverage>> = BTreeMap::new();
    for statement in logging.stated.iter().filter(|statement| statement.index < logging.head.size) {
        statements.entry(&statement.source).or_default().push(statement);
    }
    let names: BTreeSet<&str> = registered.keys().chain(statements.keys()).copied().collect();
    let of_source = |name: &str| {
        let stated = statements.get(name).map(Vec::as_slice).unwrap_or_default();
        let delay_us = known.delivery_delay_us(name);
        let mut source = source(name, registered.contains_key(name), stated, delay_us, period);
        source.unheard(&logging.unheard(name, period.until.us()), period);
        let skipped = logging.heard.iter().filter(|heard| heard.source == name).flat_map(|heard| &heard.skipped);
        let skipped =
            skipped.filter_map(|it| gap(GapKind::Skipped, it.from_us, it.until_us.max(1), 0, it.index, period));
        source.gaps.extend(skipped);
        source.gaps.sort_by_key(|gap| (gap.span.from, gap.entry));
        source
    };
    names.into_iter().map(of_source).collect()
}

impl Logging<'_> {
    /// When a source that is to be heard was not, as far as what it states and what else came from it (`heard`) tells.
    pub fn unheard(&self, name: &str, until_us: u64) -> Vec<Silence> {
        let stated = self.stated.iter().filter(|it| it.index < self.head.size && it.source == name);
        // What was refused never came in.
        let mut signs: Vec<Sign> = stated.filter(|it| it.state != CoverageState::Refused).map(Sign::of).collect();
        let heard = self.heard.iter().filter(|heard| heard.source == name).flat_map(|heard| &heard.signs);
        signs.extend(heard.map(|(earliest, latest, index)| Sign {
            earliest: *earliest,
            latest: *latest,
            index: *index,
            is_heartbeat: false,
        }));
        let registered = |from, cut_off| self.history.heartbeat_us(name, Frame { from, cut_off });
        let downtimes: Vec<Downtime> =
            self.downtimes.iter().filter(|downtime| downtime.index < self.head.size).copied().collect();
        silences(signs, &registered, self.head.recorded_at_us.max(until_us), &downtimes)
    }
}

impl Sign {
    fn of(said: &evidence::Coverage) -> Self {
        let (earliest, latest) = said.said;
        Sign { earliest, latest, index: said.index, is_heartbeat: said.state == CoverageState::Heartbeat }
    }
}

impl SourceCoverage {
    /// What a source said to be complete was not while it was not heard, unless it says itself what was not.
    fn unheard(&mut self, silences: &[Silence], period: &Span) {
        let complete = TimeSet::of(self.complete.iter().map(set).collect());
        let told = TimeSet::of(self.gaps.iter().map(|gap| set(&gap.span)).collect());
        let mut all = TimeSet::empty();
        for silence in silences {
            let times = TimeSet::span(silence.from, silence.until).intersect(&complete).without(&told);
            for (from, until) in times.spans() {
                self.gaps.extend(gap(GapKind::Silent, *from, *until, 0, silence.after, period));
            }
            all = all.union(&times);
        }
        self.complete = Span::all(&complete.without(&all));
        self.gaps.sort_by_key(|gap| (gap.span.from, gap.entry));
    }
}

/// The ledger's own downtimes in the period.
pub fn own_gaps(downtimes: &[evidence::Downtime], size: u64, period: &Span) -> Vec<Gap> {
    let known = downtimes.iter().filter(|downtime| downtime.index < size);
    known.filter_map(|it| gap(GapKind::Ledger, it.from_us, it.until_us, 0, it.index, period)).collect()
}

/// How many entries of before this size have lost their content by then.
pub fn removed(evidence: &Evidence) -> u64 {
    let known = evidence.removed.iter().filter(|removed| removed.by < evidence.head.size);
    known.map(|removed| removed.entries).sum()
}

/// How many parts of the person only matters keep.
pub fn kept(evidence: &Evidence) -> u64 {
    evidence.kept.iter().map(|kept| kept.parts).sum()
}

fn source(
    name: &str,
    registered: bool,
    statements: &[&evidence::Coverage],
    delivery_delay_us: u64,
    period: &Span,
) -> SourceCoverage {
    let mut complete = Vec::new();
    let mut gaps = Vec::new();
    let (mut heartbeats, mut refused) = (0u64, 0u64);
    for statement in statements.iter().filter(|statement| !statement.closes) {
        refused = refused.saturating_add(statement.refused);
        let until_us = ended(statement, statements);
        let kind = match statement.state {
            CoverageState::Complete => {
                complete.extend(clip(statement.from_us, until_us, period).map(|span| set(&span)));
                continue;
            }
            // That a source was alive says nothing of whether it logged everything; only that it was not, does.
            CoverageState::Heartbeat => {
                heartbeats += 1;
                continue;
            }
            CoverageState::Sampled => GapKind::Sampled,
            CoverageState::Down => GapKind::Down,
            CoverageState::Refused => GapKind::Refused,
            CoverageState::Unknown | CoverageState::Unspecified => GapKind::Unknown,
        };
        gaps.extend(gap(kind, statement.from_us, until_us, statement.refused, statement.index, period));
    }
    let complete = TimeSet::of(complete);
    let stated = complete.union(&TimeSet::of(gaps.iter().map(|gap: &Gap| set(&gap.span)).collect()));
    let unstated = TimeSet::of(vec![set(period)]).without(&stated);
    gaps.sort_by_key(|gap| (gap.span.from, gap.entry));
    SourceCoverage {
        source: name.to_owned(),
        registered,
        statements: statements.len() as u64,
        heartbeats,
        refused,
        delivery_delay_us,
        unstated: Span::all(&unstated),
        complete: Span::all(&complete),
        gaps,
    }
}

impl Span {
    /// The times of a set.
    pub fn all(set: &TimeSet) -> Vec<Span> {
        let span = |(from, until): &(u64, u64)| Span { from: Instant::new(*from), until: Instant::new(*until) };
        set.spans().iter().map(span).collect()
    }
}

/// When a statement ceases to hold; 0 if nothing ends it. A statement that names no end lasts until a later one closes it,
/// and what is not complete until the source says that it is complete again.
fn ended(statement: &evidence::Coverage, statements: &[&evidence::Coverage]) -> u64 {
    let is_gap = statement.state != CoverageState::Complete;
    let ends = |other: &&&evidence::Coverage| {
        let closes = other.closes && other.state == statement.state;
        let mends = is_gap && !other.closes && other.state == CoverageState::Complete;
        // A stop that is claimed to lie before the start leaves nothing complete; nothing ends a gap before it began.
        let in_order = !is_gap || other.from_us >= statement.from_us;
        other.index > statement.index && in_order && (closes || mends)
    };
    // An end that was planned does not outlast a stop that came before it.
    let stated = Some(statement.until_us).filter(|until| *until > 0);
    if is_gap && stated.is_some() {
        return statement.until_us;
    }
    let closed = statements.iter().filter(ends).map(|other| other.from_us.max(1)).min();
    stated.into_iter().chain(closed).min().unwrap_or_default()
}

/// What of a span lies in the period. An end that is not stated (0) is the period's.
fn clip(from_us: u64, until_us: u64, period: &Span) -> Option<Span> {
    let until = if until_us == 0 { period.until } else { Instant::new(until_us) };
    let span = Span { from: Instant::new(from_us).max(period.from), until: until.min(period.until) };
    (span.from <= span.until).then_some(span)
}

fn gap(kind: GapKind, from_us: u64, until_us: u64, refused: u64, entry: u64, period: &Span) -> Option<Gap> {
    clip(from_us, until_us, period).map(|span| Gap { kind, span, refused, entry: EntryIndex(entry) })
}

fn set(span: &Span) -> (u64, u64) {
    (span.from.us(), span.until.us())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: u64, until: u64) -> Span {
        Span { from: Instant::new(from), until: Instant::new(until) }
    }

    fn statement(state: CoverageState, from_us: u64, until_us: u64) -> evidence::Coverage {
        let said = (from_us, from_us);
        evidence::Coverage {
            index: 1,
            source: "proxy".into(),
            state,
            closes: false,
            from_us,
            until_us,
            refused: 0,
            said,
        }
    }

    fn check(statements: &[evidence::Coverage], complete: &[Span], gaps: &[Span], unstated: &[Span]) {
        let statements: Vec<_> = statements.iter().collect();
        let read = source("proxy", true, &statements, 0, &span(100, 200));
        assert_eq!(read.complete, complete);
        assert_eq!(read.gaps.into_iter().map(|gap| gap.span).collect::<Vec<_>>(), gaps);
        assert_eq!(read.unstated, unstated);
    }

    #[test]
    fn spans_are_clipped_joined_and_what_is_left_is_unstated() {
        use CoverageState::*;
        check(&[], &[], &[], &[span(100, 200)]);
        check(&[statement(Complete, 0, 0)], &[span(100, 200)], &[], &[]);
        check(&[statement(Complete, 50, 150), statement(Complete, 150, 300)], &[span(100, 200)], &[], &[]);
        check(
            &[statement(Complete, 90, 120), statement(Complete, 160, 0)],
            &[span(100, 120), span(160, 200)],
            &[],
            &[span(120, 160)],
        );
        check(
            &[statement(Complete, 0, 120), statement(Down, 120, 160), statement(Complete, 160, 200)],
            &[span(100, 120), span(160, 200)],
            &[span(120, 160)],
            &[],
        );
        check(&[statement(Heartbeat, 100, 200)], &[], &[], &[span(100, 200)]);
        check(&[statement(Complete, 0, 50), statement(Down, 300, 400)], &[], &[], &[span(100, 200)]);
        check(&[statement(Complete, 150, 120)], &[], &[], &[span(100, 200)]);
    }
}
