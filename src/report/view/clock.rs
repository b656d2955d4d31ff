//! By whose clocks a report tells times, as every report shows it.

use super::cover::pair;
use super::*;
use crate::report::clock::ClockFacts;
use crate::report::wording::Wording;

/// In one line of the header. A report of before it was counted says that it is not stated.
pub fn line(w: &Wording, clock: Option<&ClockFacts>) -> Pair {
    let Some(clock) = clock else { return pair(&w.fact.clocks, w.missing.not_stated.clone(), Style::Missing) };
    // That nobody says of one that it is off does not mean that none is.
    let farthest = Some(clock.farthest_us()).filter(|us| *us > 0);
    let values = [
        ("farthest", farthest.map_or_else(|| w.time.none.clone(), |us| w.seconds(us))),
        ("late", w.number(clock.late)),
        ("clamped", w.number(clock.clamped)),
        ("not_synchronised", w.number(clock.not_synchronised)),
    ];
    let text = fill(&w.fact.clocks_value, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
    pair(&w.fact.clocks, text, Style::Plain)
}

/// Number by number.
pub fn block(w: &Wording, clock: Option<&ClockFacts>) -> Block {
    let Some(clock) = clock else { return Block::Note { text: w.missing.not_stated.clone() } };
    let c = &w.clock;
    let counted = |label: &str, number: u64| pair(label, w.number(number), Style::Plain);
    let mut pairs = vec![
        counted(&c.claimed, clock.claimed),
        counted(&c.replayed, clock.replayed),
        counted(&c.unknown, clock.unknown),
        counted(&c.clamped, clock.clamped),
        counted(&c.not_synchronised, clock.not_synchronised),
        counted(&c.late, clock.late),
    ];
    if clock.of_no_clock > 0 {
        pairs.insert(3, counted(&c.of_no_clock, clock.of_no_clock));
    }
    if clock.late > 0 {
        pairs.push(pair(&c.late_max, w.seconds(clock.late_max_us), Style::Plain));
    }
    pairs.push(pair(&c.skew_max, w.seconds(clock.skew_max_us), Style::Plain));
    Block::Pairs { pairs }
}
