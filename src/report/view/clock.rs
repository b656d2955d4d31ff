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
        ("farthest", farthest.map_or_else(|| w.missing.not_stated.clone(), |us| w.seconds(us))),
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
    pairs.push(match clock.skew_max_us {
        0 => pair(&c.skew_max, w.missing.not_stated.clone(), Style::Missing),
        us => pair(&c.skew_max, w.seconds(us), Style::Plain),
    });
    Block::Pairs { pairs }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::language::Language;

    /// That no source says of its clock that it is off is not that none is: neither place says 0 s.
    #[test]
    fn what_nobody_states_of_clocks_is_told_alike_in_header_and_table() {
        for language in Language::ALL {
            let w = language.wording();
            let told = |clock: &ClockFacts| {
                let Block::Pairs { pairs } = block(w, Some(clock)) else { panic!("the table has rows") };
                let of_table = pairs.into_iter().find(|pair| pair.label == w.clock.skew_max).expect("it is told");
                let text = |pair: Pair| pair.value.into_iter().map(|piece| piece.text).collect::<String>();
                (text(line(w, Some(clock))), text(of_table))
            };
            let (header, table) = told(&ClockFacts::default());
            assert!(header.contains(&w.missing.not_stated) && !header.contains(&w.seconds(0)), "{header}");
            assert_eq!(table, w.missing.not_stated);
            let (header, table) = told(&ClockFacts { skew_max_us: 2_000_000, ..ClockFacts::default() });
            assert!(header.contains(&w.seconds(2_000_000)), "{header}");
            assert_eq!(table, w.seconds(2_000_000));
        }
    }
}
