//! Edges become intervals: which closing ends which opening, and how well each end is known.
//!
//! | told | the interval |
//! |---|---|
//! | an opening, nothing more | lasts to the cut-off, open |
//! | a closing with the opening's reference, or of the same thing without a reference | ends then, or as much later as the system takes (`lag`) |
//! | a closing that may be before or after the opening | is surely over nowhere, and possibly lasts to the next closing |
//! | an end that the opening states | *assumed*: it was only planned then, whenever that is told |
//! | both | ends with the closing, perhaps as it was planned |
//! | an end that a system enforces | *bounded* by it |
//! | a closing without an opening | began at an unknown time, not after it |
//! | a point | began and ended at unknown times |

use super::ending::{Closings, Ended};
use super::fact::{Authorised, Edge, Party, Side, StatedEnd, Thing, When};
use super::times::{Instant, TimeSet, Times};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::vocabulary::{Category, EndKind, Verb};

/// How well the end of an interval is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Known {
    /// Evidenced to the instant.
    Exact,
    /// Evidence below, a limit above.
    Bounded,
    /// Only planned or promised.
    Assumed,
    Unknown,
    /// An end that had not come at the cut-off.
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    pub earliest: Instant,
    pub latest: Instant,
    pub known: Known,
    /// The entry that says so.
    pub entry: Option<u64>,
}

/// What is odd in what was told. It is recorded as told, and widened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Oddity {
    EndsBeforeItBegins,
    ClosesNothing,
    /// Somebody got in after a planned end that nothing enforced.
    ExpiryNotEnforced,
    /// A group that is, over others, inside itself.
    GroupInsideItself,
    /// Somebody got in, and no path to it is on file.
    NoPathOnFile,
    /// Somebody got in over a path that was closed.
    PathWasClosed,
    /// It was got for somebody, or shown to somebody, whose own ways had all ended.
    ForSomebodyShutOut,
    /// Somebody got in, and every way of theirs was opened for other verbs or other categories.
    OutsideTheGrant,
    /// Data of somebody came back who is not on file as having been inside then.
    ContentNotOnFile,
    /// Somebody who joined later got what had been there before, and is said not to see that.
    HistoryNotHidden,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    pub thing: Thing,
    pub start: Bound,
    pub end: Bound,
    pub rights: BTreeSet<Verb>,
    pub categories: BTreeSet<Category>,
    pub authorised: Authorised,
    pub oddities: BTreeSet<Oddity>,
    /// Whether it was at all is not known.
    pub doubtful: bool,
    pub planned: Option<Planned>,
}

/// An end that was only planned, and comes before any other that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    pub at: Instant,
    /// How it ends if nothing enforced that.
    pub otherwise: Bound,
}

impl Interval {
    pub fn times(&self) -> Times {
        let certain =
            if self.doubtful { TimeSet::empty() } else { TimeSet::span(self.start.latest, self.end.earliest) };
        Times { certain, possible: TimeSet::span(self.start.earliest, self.end.latest) }
    }

    /// As long as somebody let it be: what nothing enforced was planned to end all the same.
    pub fn as_permitted(&self) -> Interval {
        let end = self.end;
        let planned = self.planned.filter(|planned| planned.at < end.latest);
        let end = planned.map_or(end, |planned| {
            let (earliest, known) = (end.earliest.min(planned.at), Known::Assumed);
            Bound { earliest, latest: planned.at, known, entry: self.start.entry }
        });
        Interval { end, ..self.clone() }
    }
}

/// What the question fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// An unknown beginning is not before this.
    pub from: Instant,
    /// What is open is measured to this.
    pub cut_off: Instant,
}

/// Intervals of all edges, in the order in which they were told, and the entries of closings that close nothing and do
/// not say what they would close. `lag` says how much later than a closing a thing may end, in microseconds.
pub fn intervals(edges: &[Edge], frame: Frame, lag: &dyn Fn(&Thing) -> u64) -> (Vec<Interval>, Vec<u64>) {
    let (mut closings, mut found) = (Closings::of(edges), Vec::new());
    for edge in edges {
        let Some(thing) = edge.thing else { continue };
        match edge.side {
            Side::Closes => {}
            Side::Point => found.push(of_point(edge, thing, frame)),
            Side::Opens => {
                // A suspension takes as long to work as any permission that is taken away.
                let late = matches!(thing, Thing::Suspension { .. });
                let (delay, lag) = if late { (lag(&thing), 0) } else { (0, lag(&thing)) };
                let ended = closings.of_opening(edge, thing, lag);
                found.push(of_opening(edge, thing, ended, (delay, lag), frame));
            }
        }
    }
    let (used, mut unmatched) = (closings.used(edges.len()), Vec::new());
    let unused = edges.iter().zip(used).filter(|(edge, used)| edge.side == Side::Closes && !used);
    let unused: Vec<&Edge> = unused.map(|(edge, _)| edge).collect();
    end_perhaps(&mut found, &unused);
    for edge in unused {
        match edge.thing {
            Some(thing) => found.push(of_closing(edge, thing, frame, lag(&thing))),
            None => unmatched.push(edge.index),
        }
    }
    (found, unmatched)
}

/// What was closed for somebody who is not told apart, such as one who was erased since, may be what was opened for somebody who
/// is not either: from then on nothing of that is certain.
fn end_perhaps(found: &mut [Interval], closings: &[&Edge]) {
    let mut closed: BTreeMap<Thing, Vec<When>> = BTreeMap::new();
    for edge in closings {
        if let Some(thing) = edge.thing.and_then(of_somebody) {
            closed.entry(thing).or_default().push(edge.when);
        }
    }
    for interval in found.iter_mut() {
        let Some(closed) = of_somebody(interval.thing).and_then(|thing| closed.get(&thing)) else { continue };
        let after = closed.iter().filter(|when| when.latest >= interval.start.earliest).map(|when| when.earliest);
        let Some(first) = after.min() else { continue };
        let perhaps = first.max(interval.start.latest);
        if perhaps < interval.end.earliest {
            let known = match interval.end.known {
                Known::Open | Known::Unknown => Known::Unknown,
                Known::Exact | Known::Bounded | Known::Assumed => Known::Bounded,
            };
            interval.end = Bound { earliest: perhaps, known, ..interval.end };
        }
    }
}

/// The same of anybody who is not told apart; nothing where it is of somebody who is.
fn of_somebody(thing: Thing) -> Option<Thing> {
    let whoever = |party: Party| matches!(party, Party::Unknown(..)).then_some(Party::Unknown(0, 0));
    match thing {
        Thing::Grant { resource, audience } => Some(Thing::Grant { resource, audience: whoever(audience)? }),
        Thing::Membership { member, whole } => Some(Thing::Membership { member: whoever(member)?, whole }),
        Thing::Holding { holder, resource } => Some(Thing::Holding { holder: whoever(holder)?, resource }),
        Thing::Suspension { .. } | Thing::Content { .. } | Thing::Key { .. } | Thing::Restriction { .. } => None,
    }
}

fn of_opening(edge: &Edge, thing: Thing, ended: Ended, (delay, lag): (u64, u64), frame: Frame) -> Interval {
    let (opened, mut oddities) = (edge.when, BTreeSet::new());
    let mut start = Bound::between(opened.earliest, opened.latest.saturating_add(delay), Some(edge.index));
    if let Some(before) = ended.before {
        oddities.insert(Oddity::EndsBeforeItBegins);
        start = Bound { earliest: start.earliest.min(before), known: Known::Unknown, ..start };
    }
    // An end that is stated to lie before the beginning ends nothing, and leaves nothing certain.
    let reversed = edge.end.is_some_and(|end| end.says_something() && end.latest < opened.earliest);
    let otherwise = end_of(edge, None, ended, lag);
    let end = if reversed {
        oddities.insert(Oddity::EndsBeforeItBegins);
        let known = if otherwise.known == Known::Open { Known::Unknown } else { otherwise.known };
        Bound { earliest: opened.earliest, known, ..otherwise }
    } else {
        end_of(edge, edge.end, ended, lag)
    };
    let plan = edge.end.filter(|end| !end.enforced && !reversed && end.says_something());
    let plan = plan.filter(|end| end.earliest < otherwise.earliest);
    let planned = plan.map(|end| Planned { at: end.ends_by(lag), otherwise: clip(otherwise, frame) });
    // A copy that is promised to go later, or goes by itself, is told with that end, and not as merely open.
    let foreseen = matches!(thing, Thing::Holding { .. }) && matches!(end.known, Known::Assumed | Known::Bounded);
    Interval {
        thing,
        start: clip(start, frame),
        end: if foreseen { end } else { clip(end, frame) },
        rights: edge.rights.clone(),
        categories: edge.categories.clone(),
        authorised: edge.authorised,
        oddities,
        doubtful: edge.doubtful,
        planned,
    }
}

fn end_of(edge: &Edge, stated: Option<StatedEnd>, Ended { perhaps, surely, .. }: Ended, lag: u64) -> Bound {
    let stated = stated.filter(|end| end.says_something());
    let earlier = |at: Instant| perhaps.map_or(at, |perhaps| perhaps.min(at));
    match (surely, stated) {
        (Some((sure, entry)), None) => Bound::between(earlier(sure), sure, Some(entry)),
        (Some((sure, entry)), Some(end)) => {
            let latest = if end.enforced { sure.max(end.ends_by(lag)) } else { sure };
            Bound::between(earlier(end.earliest).min(latest), latest, Some(entry))
        }
        (None, Some(end)) if end.enforced => Bound::between(earlier(end.earliest), end.ends_by(lag), Some(edge.index)),
        (None, Some(end)) => {
            Bound { known: Known::Assumed, ..Bound::between(earlier(end.earliest), end.ends_by(lag), Some(edge.index)) }
        }
        (None, None) => match perhaps {
            Some(perhaps) => Bound { earliest: perhaps, latest: Instant::MAX, known: Known::Unknown, entry: None },
            None => Bound { earliest: Instant::MAX, latest: Instant::MAX, known: Known::Open, entry: None },
        },
    }
}

impl Bound {
    pub(super) fn between(earliest: Instant, latest: Instant, entry: Option<u64>) -> Self {
        let known = if earliest == latest { Known::Exact } else { Known::Bounded };
        Bound { earliest, latest, known, entry }
    }
}

impl super::fact::StatedEnd {
    fn says_something(self) -> bool {
        !matches!(self.kind, EndKind::Unknown | EndKind::Unspecified)
    }

    /// At the latest, as much later as the system takes.
    fn ends_by(self, lag: u64) -> Instant {
        self.latest.max(self.earliest).saturating_add(lag)
    }
}

fn of_closing(edge: &Edge, thing: Thing, frame: Frame, lag: u64) -> Interval {
    let (when, entry) = (edge.when, Some(edge.index));
    let start = Bound { earliest: frame.from, latest: when.latest, known: Known::Unknown, entry: None };
    let end = Bound::between(when.earliest, when.latest.saturating_add(lag), entry);
    Interval {
        thing,
        start: clip(start, frame),
        end: clip(end, frame),
        rights: edge.rights.clone(),
        categories: edge.categories.clone(),
        authorised: Authorised::NotAssessed,
        oddities: BTreeSet::from([Oddity::ClosesNothing]),
        doubtful: edge.doubtful,
        planned: None,
    }
}

fn of_point(edge: &Edge, thing: Thing, frame: Frame) -> Interval {
    let (when, entry) = (edge.when, Some(edge.index));
    let start = Bound { earliest: frame.from, latest: when.latest, known: Known::Unknown, entry };
    let end = Bound { earliest: when.earliest, latest: frame.cut_off, known: Known::Unknown, entry };
    Interval {
        thing,
        start: clip(start, frame),
        end: clip(end, frame),
        rights: edge.rights.clone(),
        categories: edge.categories.clone(),
        authorised: edge.authorised,
        oddities: BTreeSet::new(),
        doubtful: edge.doubtful,
        planned: None,
    }
}

fn clip(bound: Bound, frame: Frame) -> Bound {
    let within = |at: Instant| at.clamp(frame.from.min(frame.cut_off), frame.cut_off);
    let known = if bound.earliest > frame.cut_off { Known::Open } else { bound.known };
    Bound { earliest: within(bound.earliest), latest: within(bound.latest), known, ..bound }
}
