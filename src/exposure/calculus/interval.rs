//! Edges become intervals: which closing ends which opening, and how well each end is known.
//!
//! | told | the interval |
//! |---|---|
//! | an opening, nothing more | lasts to the cut-off, open |
//! | a closing with the opening's reference, or of the same thing without a reference | ends then, or as much later as the system takes (`lag`) |
//! | a closing that may be before or after the opening | is surely over nowhere, and possibly lasts to the next closing |
//! | an end that the opening states | *assumed* while it lies in the future of what was recorded; as told, where it had passed |
//! | both | may last to the later one |
//! | a closing without an opening | began at an unknown time, not after it |
//! | a point | began and ended at unknown times |

use super::fact::{Authorised, Edge, Side, Thing};
use super::times::{Instant, TimeSet, Times};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::vocabulary::{Category, EndKind};

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
    /// Data of somebody came back who is not on file as having been inside then.
    ContentNotOnFile,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    pub thing: Thing,
    pub start: Bound,
    pub end: Bound,
    pub categories: BTreeSet<Category>,
    pub authorised: Authorised,
    pub oddities: BTreeSet<Oddity>,
    /// Whether it was at all is not known.
    pub doubtful: bool,
}

impl Interval {
    pub fn times(&self) -> Times {
        let certain =
            if self.doubtful { TimeSet::empty() } else { TimeSet::span(self.start.latest, self.end.earliest) };
        Times { certain, possible: TimeSet::span(self.start.earliest, self.end.latest) }
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
    let mut by_thing: BTreeMap<Thing, Vec<&Edge>> = BTreeMap::new();
    let mut by_reference: BTreeMap<u64, Vec<&Edge>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.side == Side::Closes) {
        match (edge.reference, edge.thing) {
            (Some(reference), _) => by_reference.entry(reference).or_default().push(edge),
            (None, Some(thing)) => by_thing.entry(thing).or_default().push(edge),
            (None, None) => {}
        }
    }
    let mut opened: BTreeMap<u64, Vec<&Edge>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.side == Side::Opens) {
        if let Some(reference) = edge.reference {
            opened.entry(reference).or_default().push(edge);
        }
    }
    let (mut found, mut used) = (Vec::new(), BTreeSet::new());
    for edge in edges {
        let Some(thing) = edge.thing else { continue };
        match edge.side {
            Side::Closes => {}
            Side::Point => found.push(of_point(edge, thing, frame)),
            Side::Opens => {
                let own = edge.reference.and_then(|reference| by_reference.get(&reference));
                let whole = by_thing.get(&thing);
                let alike = edge.reference.and_then(|reference| opened.get(&reference));
                let closings = Closings {
                    own: own.map_or(&[], Vec::as_slice),
                    whole: whole.map_or(&[], Vec::as_slice),
                    alike: alike.map_or(&[], Vec::as_slice),
                };
                let interval = of_opening(edge, thing, &closings, frame, lag(&thing), &mut used);
                found.push(interval);
            }
        }
    }
    let mut unmatched = Vec::new();
    for edge in edges.iter().filter(|edge| edge.side == Side::Closes && !used.contains(&key(edge))) {
        match edge.thing {
            Some(thing) => found.push(of_closing(edge, thing, frame, lag(&thing))),
            None => unmatched.push(edge.index),
        }
    }
    (found, unmatched)
}

struct Closings<'a> {
    /// That carry the opening's reference.
    own: &'a [&'a Edge],
    /// Of the same thing, without a reference: they end whatever is open.
    whole: &'a [&'a Edge],
    /// All openings that carry the opening's reference, itself among them.
    alike: &'a [&'a Edge],
}

impl Closings<'_> {
    /// A reference that is used again: this closing ended an opening before.
    fn ends_an_earlier_one(&self, closing: &Edge, edge: &Edge) -> bool {
        let before = (closing.when.latest, closing.index) < (edge.when.earliest, edge.index);
        let earlier = |other: &&Edge| {
            other.index != edge.index && (other.when.earliest, other.index) < (closing.when.latest, closing.index)
        };
        before && self.alike.iter().any(earlier)
    }

    /// Whether the reference says which one ends: openings of several things may carry it.
    fn is_of_one_thing(&self, thing: Thing) -> bool {
        self.alike.iter().all(|other| other.thing == Some(thing))
    }
}

/// Identity of an edge among all.
fn key(edge: &Edge) -> usize {
    std::ptr::from_ref(edge).addr()
}

/// What may have ended an opening.
struct Ending {
    earliest: Instant,
    latest: Instant,
    /// It did, if nothing did before.
    sure: bool,
    entry: u64,
}

fn of_opening(
    edge: &Edge,
    thing: Thing,
    closings: &Closings<'_>,
    frame: Frame,
    lag: u64,
    used: &mut BTreeSet<usize>,
) -> Interval {
    let (opened, mut oddities, mut endings) = (edge.when, BTreeSet::new(), Vec::new());
    // A suspension takes as long to work as any permission that is taken away.
    let (delay, lag) = if matches!(thing, Thing::Suspension { .. }) { (lag, 0) } else { (0, lag) };
    let mut start = Bound::between(opened.earliest, opened.latest.saturating_add(delay), Some(edge.index));
    for closing in closings.own {
        used.insert(key(closing));
        if closings.ends_an_earlier_one(closing, edge) {
            continue;
        }
        if closing.when.latest < opened.earliest {
            oddities.insert(Oddity::EndsBeforeItBegins);
            let earliest = start.earliest.min(closing.when.earliest);
            start = Bound { earliest, known: Known::Unknown, ..start };
        }
        // What carries the reference came after what it ends, whatever the clocks say.
        endings.push(Ending {
            earliest: closing.when.earliest.max(opened.earliest),
            latest: closing.when.latest.max(opened.latest).saturating_add(lag),
            sure: !closing.doubtful && closings.is_of_one_thing(thing),
            entry: closing.index,
        });
    }
    for closing in closings.whole {
        let told_later = closing.index > edge.index;
        let (at, begun) = ((closing.when.earliest, told_later), (opened.latest, false));
        if (closing.when.latest, told_later) <= (opened.earliest, false) {
            continue;
        }
        used.insert(key(closing));
        endings.push(Ending {
            earliest: closing.when.earliest.max(opened.earliest),
            latest: closing.when.latest.saturating_add(lag),
            sure: at > begun && !closing.doubtful,
            entry: closing.index,
        });
    }
    // An end that is stated to lie before the beginning ends nothing, and leaves nothing certain.
    let reversed = edge.end.is_some_and(|end| end.says_something() && end.latest < opened.earliest);
    let end = if reversed {
        oddities.insert(Oddity::EndsBeforeItBegins);
        let end = end_of(&Edge { end: None, ..edge.clone() }, &endings, lag);
        let known = if end.known == Known::Open { Known::Unknown } else { end.known };
        Bound { earliest: opened.earliest, known, ..end }
    } else {
        end_of(edge, &endings, lag)
    };
    // A copy that is promised to go later, or goes by itself, is told with that end, and not as merely open.
    let foreseen = matches!(thing, Thing::Holding { .. }) && matches!(end.known, Known::Assumed | Known::Bounded);
    Interval {
        thing,
        start: clip(start, frame),
        end: if foreseen { end } else { clip(end, frame) },
        categories: edge.categories.clone(),
        authorised: edge.authorised,
        oddities,
        doubtful: edge.doubtful,
    }
}

fn end_of(edge: &Edge, endings: &[Ending], lag: u64) -> Bound {
    let perhaps = endings.iter().map(|ending| ending.earliest).min();
    let surely = endings.iter().filter(|ending| ending.sure).min_by_key(|ending| (ending.latest, ending.entry));
    let stated = edge.end.filter(|end| end.says_something());
    let earlier = |at: Instant| perhaps.map_or(at, |perhaps| perhaps.min(at));
    match (surely, stated) {
        (Some(sure), None) => Bound::between(earlier(sure.latest), sure.latest, Some(sure.entry)),
        (Some(sure), Some(end)) => {
            let latest = if end.is_past(edge) { sure.latest.max(end.ends_by(lag)) } else { sure.latest };
            Bound::between(earlier(end.earliest).min(latest), latest, Some(sure.entry))
        }
        (None, Some(end)) if end.is_past(edge) => {
            Bound::between(earlier(end.earliest), end.ends_by(lag), Some(edge.index))
        }
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
    fn between(earliest: Instant, latest: Instant, entry: Option<u64>) -> Self {
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

    /// It was over when it was recorded, so that it is told and not planned; or it ends by itself.
    fn is_past(self, edge: &Edge) -> bool {
        self.enforced || self.kind != EndKind::Assumed && self.latest <= edge.recorded_at
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
        categories: edge.categories.clone(),
        authorised: Authorised::NotAssessed,
        oddities: BTreeSet::from([Oddity::ClosesNothing]),
        doubtful: edge.doubtful,
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
        categories: edge.categories.clone(),
        authorised: edge.authorised,
        oddities: BTreeSet::new(),
        doubtful: edge.doubtful,
    }
}

fn clip(bound: Bound, frame: Frame) -> Bound {
    let within = |at: Instant| at.clamp(frame.from.min(frame.cut_off), frame.cut_off);
    let known = if bound.earliest > frame.cut_off { Known::Open } else { bound.known };
    Bound { earliest: within(bound.earliest), latest: within(bound.latest), known, ..bound }
}
