//! Whether a source that is to be heard was.
//!
//! A source that the registry says heartbeats, or that did, logs everything only while it is heard. Between two signs of life
//! that lie further apart than they are to it may have been gone from the first to the second: that time is a silence.

use crate::report::evidence::Downtime;

/// That a source was there at some time of a span, Unix microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sign {
    pub earliest: u64,
    pub latest: u64,
    /// The entry that shows it.
    pub index: u64,
    pub is_heartbeat: bool,
}

/// A time in which a source may not have been there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    pub from: u64,
    pub until: u64,
    /// The entry of the sign before.
    pub after: u64,
}

/// How long a source is silent at most between two instants, as registered.
pub type Registered<'a> = &'a dyn Fn(u64, u64) -> Option<u64>;

/// All silences of a source up to when the last entry was recorded.
pub fn silences(
    mut signs: Vec<Sign>,
    registered: Registered<'_>,
    known_at: u64,
    downtimes: &[Downtime],
) -> Vec<Silence> {
    signs.sort_unstable();
    // What is registered holds from the beginning; what was only heard, from when it first was.
    let first = signs.iter().filter(|sign| sign.is_heartbeat).map(|sign| sign.latest).min();
    let (mut before, mut longest) = (0, None);
    let mut silences = Vec::new();
    for hole in holes(&signs, known_at) {
        let length = hole.until - hole.from;
        let heard_before = first.filter(|first| hole.until > *first).map(|_| longest.unwrap_or(before));
        let allowed = registered(hole.from, hole.until).or(heard_before);
        let too_long = allowed.filter(|allowed| length > *allowed);
        if too_long.is_some_and(|allowed| is_the_ledgers(&hole, allowed, downtimes)) {
            continue;
        }
        silences.extend(too_long.map(|_| hole));
        if heard_before.is_some() {
            longest = longest.max(Some(length));
        } else {
            before = length;
        }
    }
    silences
}

/// The widest times in which no sign has to have been, given when each may have been, ascending.
fn holes(signs: &[Sign], known_at: u64) -> Vec<Silence> {
    let mut holes: Vec<Silence> = Vec::new();
    let mut until = known_at;
    // From the last back: the first of those that come later ends it.
    for (place, sign) in signs.iter().enumerate().rev() {
        if signs.get(place + 1).is_none_or(|next| next.earliest > sign.earliest) {
            let hole = Silence { from: sign.earliest, until, after: sign.index };
            // One that ends with it and begins earlier is wider.
            if holes.last().is_some_and(|last| last.until == until) {
                holes.pop();
            }
            holes.extend((hole.from < hole.until).then_some(hole));
        }
        until = until.min(sign.latest);
    }
    holes.reverse();
    holes
}

/// Whether nobody could be heard for so long, and the source was as soon as it could be: then the gap is the ledger's own, and
/// told as that.
fn is_the_ledgers(hole: &Silence, allowed: u64, downtimes: &[Downtime]) -> bool {
    downtimes.iter().any(|down| {
        let heard_until = hole.from.saturating_add(allowed) >= down.from_us;
        heard_until && down.until_us > hole.from && hole.until <= down.until_us.saturating_add(allowed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(at: u64) -> Sign {
        Sign { earliest: at, latest: at, index: at, is_heartbeat: true }
    }

    fn spans(signs: &[Sign], registered: Option<u64>, known_at: u64, downtimes: &[Downtime]) -> Vec<(u64, u64)> {
        let found = silences(signs.to_vec(), &|_, _| registered, known_at, downtimes);
        found.iter().map(|silence| (silence.from, silence.until)).collect()
    }

    #[test]
    fn what_is_registered_bounds_the_time_between_two_signs_and_after_the_last() {
        let signs = [sign(100), sign(160), sign(220)];
        assert_eq!(spans(&signs, Some(60), 280, &[]), []);
        assert_eq!(spans(&signs, Some(60), 281, &[]), [(220, 281)]);
        assert_eq!(spans(&signs, Some(59), 230, &[]), [(100, 160), (160, 220)]);
        let entry = |at| Sign { is_heartbeat: false, ..sign(at) };
        assert_eq!(spans(&[entry(100), entry(300)], Some(60), 310, &[]), [(100, 300)]);
        assert_eq!(spans(&[entry(100), entry(300)], None, 9_999, &[]), [], "as announced");
    }

    #[test]
    fn where_nothing_is_registered_it_is_held_against_how_often_it_was_heard() {
        let start = Sign { is_heartbeat: false, ..sign(100) };
        assert_eq!(spans(&[start, sign(160), sign(220), sign(270)], None, 330, &[]), []);
        assert_eq!(spans(&[start, sign(160), sign(220)], None, 281, &[]), [(220, 281)]);
        assert_eq!(spans(&[start, sign(160), sign(200), sign(250)], None, 260, &[]), [(200, 250)]);
        assert_eq!(spans(&[sign(160)], None, 161, &[]), [(160, 161)], "once, and nobody knows how often");
    }

    #[test]
    fn a_sign_that_may_have_been_earlier_or_later_leaves_the_widest_time() {
        let vague = Sign { earliest: 130, latest: 190, ..sign(0) };
        assert_eq!(spans(&[sign(100), vague, sign(220)], Some(80), 230, &[]), [(100, 190), (130, 220)]);
        assert_eq!(spans(&[sign(220), vague, sign(100)], Some(90), 230, &[]), []);
    }

    #[test]
    fn while_the_ledger_was_down_nobody_could_be_heard() {
        let down = [Downtime { index: 7, from_us: 150, until_us: 400 }];
        assert_eq!(spans(&[sign(100), sign(450)], Some(60), 460, &down), []);
        assert_eq!(spans(&[sign(100), sign(470)], Some(60), 480, &down), [(100, 470)]);
        assert_eq!(spans(&[sign(80), sign(450)], Some(60), 460, &down), [(80, 450)]);
    }
}
