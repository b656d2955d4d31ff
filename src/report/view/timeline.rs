//! Where acts stand in time, as far as a clock was claimed, and in which order those without a time stood. Positions are
//! thousandths of the width, so that both outputs draw the same picture.

use super::Tone;
use super::words::Words;
use crate::report::access::document::*;
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill, word};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const WIDTH: u64 = 1_000;

/// Acts nearer than this share a mark.
const BIN: u64 = 12;
/// Conversations that are drawn.
const CONVERSATIONS_MAX: usize = 12;
/// Widest distance between two marks of a conversation.
const STEP_MAX: u64 = 40;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    pub axis: Option<Axis>,
    pub order: Option<Order>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    pub heading: String,
    pub alt: String,
    pub note: String,
    pub ticks: Vec<Tick>,
    pub lanes: Vec<Lane>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    pub at: u64,
    pub label: String,
    /// The day, where a new one begins.
    pub day: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    pub label: String,
    pub tone: Tone,
    pub marks: Vec<Mark>,
    /// Times that lasted, below the marks.
    pub spans: Vec<LaneSpan>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneSpan {
    pub from: u64,
    pub until: u64,
    /// Certain, not only possible.
    pub sure: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub at: u64,
    /// 1 for one act, to 4 for very many.
    pub size: u64,
    pub tone: Tone,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub heading: String,
    pub alt: String,
    pub legend: Vec<Lane>,
    pub rows: Vec<OrderRow>,
    pub cut: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderRow {
    pub label: String,
    pub marks: Vec<Mark>,
}

pub fn of(words: &Words<'_>) -> Option<Timeline> {
    let (axis, order) = (axis(words), order(words));
    (axis.is_some() || order.is_some()).then_some(Timeline { axis, order })
}

/// Lanes from top to bottom. What a human was shown stands in a lane of its own, besides that of its class.
const LANES: [Tone; 5] = [Tone::Shown, Tone::Processed, Tone::Possible, Tone::ArgumentsOnly, Tone::Attempt];

fn tones(entry: &Entry) -> impl Iterator<Item = Tone> {
    let shown = (entry.exposure.humans != Level::None).then_some(Tone::Shown);
    shown.into_iter().chain((entry.class != Class::OtherPart).then_some(Tone::from(entry.class)))
}

fn lane_name(words: &Words<'_>, tone: Tone) -> String {
    match tone {
        Tone::Shown => words.w.timeline.lane_name.shown.clone(),
        other => word(&words.w.class, other.code()).to_owned(),
    }
}

fn summary(words: &Words<'_>, counts: &BTreeMap<&'static str, (String, u64)>) -> String {
    let lanes: Vec<String> = LANES
        .iter()
        .chain([&Tone::OtherPart])
        .filter_map(|tone| counts.get(tone.code()))
        .map(|(name, count)| fill(&words.w.timeline.lane, &[("class", name), ("n", &words.number(*count))]))
        .collect();
    words.w.comma(&lanes)
}

fn axis(words: &Words<'_>) -> Option<Axis> {
    let w = &words.w.timeline;
    // One mark an act and lane, at the earliest time that any of its entries claims.
    let mut acts: BTreeMap<(ActNumber, &'static str), (Tone, Instant)> = BTreeMap::new();
    for entry in &words.report.entries {
        let ActTime::Claimed { bounded, .. } = &entry.time else { continue };
        for tone in tones(entry) {
            let known = acts.entry((entry.act, tone.code())).or_insert((tone, bounded.from));
            known.1 = known.1.min(bounded.from);
        }
    }
    let first = acts.values().map(|(_, at)| *at).min()?;
    let last = acts.values().map(|(_, at)| *at).max()?;
    let scale = Scale::over(first, last);
    let mut lanes = Vec::new();
    let mut counts = BTreeMap::new();
    for tone in LANES {
        let mut bins: BTreeMap<u64, u64> = BTreeMap::new();
        for (_, at) in acts.values().filter(|(of, _)| *of == tone) {
            *bins.entry(scale.place(*at) / BIN).or_default() += 1;
        }
        let count: u64 = bins.values().sum();
        if count == 0 {
            continue;
        }
        counts.insert(tone.code(), (lane_name(words, tone), count));
        let marks = bins.into_iter().map(|(bin, count)| Mark {
            at: (bin * BIN + BIN / 2).min(WIDTH),
            size: match count {
                1 => 1,
                2..=4 => 2,
                5..=19 => 3,
                _ => 4,
            },
            tone,
        });
        lanes.push(Lane {
            label: fill(&w.lane, &[("class", &lane_name(words, tone)), ("n", &words.number(count))]),
            tone,
            marks: marks.collect(),
            spans: Vec::new(),
        });
    }
    let alt = fill(
        &w.alt_time,
        &[("from", &words.instant(first)), ("until", &words.instant(last)), ("summary", &summary(words, &counts))],
    );
    Some(Axis { heading: w.heading_time.clone(), alt, note: w.crowd.clone(), ticks: scale.ticks(words.w), lanes })
}

pub struct Scale {
    from_us: u64,
    until_us: u64,
}

const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;

impl Scale {
    /// A little wider than what it shows, at least a second.
    pub fn over(first: Instant, last: Instant) -> Self {
        let margin = ((last.us() - first.us()) / 30).max(SECOND);
        Scale { from_us: first.us().saturating_sub(margin), until_us: last.us() + margin }
    }

    pub fn place(&self, at: Instant) -> u64 {
        let (offset, span) = (at.us().saturating_sub(self.from_us), self.until_us - self.from_us);
        u64::try_from(u128::from(offset) * u128::from(WIDTH) / u128::from(span)).unwrap_or(WIDTH).min(WIDTH)
    }

    /// At most ten, at round times.
    pub fn ticks(&self, w: &Wording) -> Vec<Tick> {
        const STEPS: [u64; 22] = [
            1,
            5,
            15,
            30,
            60,
            300,
            900,
            1_800,
            3_600,
            10_800,
            21_600,
            43_200,
            86_400,
            172_800,
            604_800,
            1_209_600,
            2_592_000,
            7_776_000,
            15_552_000,
            31_536_000,
            157_680_000,
            3_153_600_000,
        ];
        let span = self.until_us - self.from_us;
        let step = STEPS.iter().map(|s| s * SECOND).find(|step| span / step < 10).unwrap_or(span);
        let mut ticks = Vec::new();
        let mut day = String::new();
        // Round by the clocks of the zone, also after these were put forward or back.
        let ahead = |us: u64| i64::from(Instant::new(us).offset_s(&w.zone)) * SECOND as i64;
        let first_ahead = ahead(self.from_us);
        let mut clock = self.from_us.saturating_add_signed(first_ahead).div_ceil(step) * step;
        loop {
            let at = clock.saturating_add_signed(-ahead(clock.saturating_add_signed(-first_ahead)));
            if at > self.until_us {
                break;
            }
            let instant = Instant::new(at);
            let date = w.date(instant);
            let time = if step < 60 * SECOND { w.clock(instant) } else { w.short_clock(instant) };
            let label = if step >= DAY { date.clone() } else { time };
            let new_day = step < DAY && date != day;
            ticks.push(Tick {
                at: self.place(instant),
                label,
                day: if new_day { date.clone() } else { String::new() },
            });
            day = date;
            clock += step;
        }
        ticks
    }
}

fn order(words: &Words<'_>) -> Option<Order> {
    let w = &words.w.timeline;
    let mut rows: BTreeMap<ConversationNumber, Vec<(u64, Tone)>> = BTreeMap::new();
    let mut counts: BTreeMap<&'static str, (String, u64)> = BTreeMap::new();
    for entry in &words.report.entries {
        let (ActTime::Replay { place: Some(place) } | ActTime::Unknown { place: Some(place) }) = &entry.time else {
            continue;
        };
        let tone = tones(entry).next().unwrap_or(Tone::OtherPart);
        rows.entry(place.conversation).or_default().push((place.order, tone));
        counts.entry(tone.code()).or_insert_with(|| (lane_name(words, tone), 0)).1 += 1;
    }
    if rows.is_empty() {
        return None;
    }
    let total = rows.len();
    let longest = rows.values().map(Vec::len).max().unwrap_or(1) as u64;
    let step = (WIDTH / longest.max(1)).min(STEP_MAX);
    let alt = fill(&w.alt_order, &[("n", &words.number(total as u64)), ("summary", &summary(words, &counts))]);
    let legend = LANES.iter().chain([&Tone::OtherPart]).filter_map(|tone| {
        let (name, count) = counts.get(tone.code())?;
        let label = fill(&w.lane, &[("class", name), ("n", &words.number(*count))]);
        Some(Lane { label, tone: *tone, marks: Vec::new(), spans: Vec::new() })
    });
    let legend = legend.collect();
    let drawn = rows.into_iter().take(CONVERSATIONS_MAX).map(|(conversation, marks)| OrderRow {
        label: fill(&w.conversation, &[("n", &words.number(conversation.0))]),
        marks: marks
            .into_iter()
            .map(|(order, tone)| Mark { at: (order.saturating_sub(1) * step + step / 2).min(WIDTH), size: 1, tone })
            .collect(),
    });
    let rows: Vec<OrderRow> = drawn.collect();
    let left_out = total - rows.len();
    let cut = (left_out > 0).then(|| fill(&w.cut, &[("n", &words.number(left_out as u64))]));
    Some(Order { heading: w.heading_order.clone(), alt, legend, rows, cut })
}
