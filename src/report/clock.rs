//! By whose clocks the entries behind a report tell their times, and how far these clocks are known to be off (REPORTS 1.0,
//! field 11). Counted in one place for every report, from what is public of each entry, so that an erasure takes nothing of it.

use crate::model::{self, TimeSource};
use crate::report::canonical::cut;
use serde::{Deserialize, Serialize};
use whosaw_verifier::body::{ActionBody, Occurred};
use whosaw_verifier::entry::{CLOCK_NOT_SYNCHRONISED, TIME_CLAMPED};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockFacts {
    /// Entries of this report whose time the ledger held back because its clock had stepped back.
    pub clamped: u64,
    /// Entries recorded while the ledger's clock was not synchronised.
    pub not_synchronised: u64,
    /// Claims that lie after their recording.
    pub late: u64,
    /// The farthest of these.
    pub late_max_us: u64,
    /// The largest skew that a source stated of itself; 0 where none stated any.
    pub skew_max_us: u64,
    pub claimed: u64,
    pub replayed: u64,
    pub unknown: u64,
    /// Of the last: by a clock that does not run, since it says that it is before 2000.
    #[serde(default, skip_serializing_if = "is_none")]
    pub of_no_clock: u64,
}

fn is_none(number: &u64) -> bool {
    *number == 0
}

impl ClockFacts {
    /// Counts an entry, by the flags of its header.
    pub fn recorded(&mut self, flags: u16) {
        self.clamped += u64::from(flags & TIME_CLAMPED != 0);
        self.not_synchronised += u64::from(flags & CLOCK_NOT_SYNCHRONISED != 0);
    }

    /// What an action says of when it was. One whose public part is gone says nothing.
    pub fn told(&mut self, recorded_at_us: u64, action: &ActionBody) {
        self.skew_max_us = self.skew_max_us.max(skew(action));
        match &action.occurred {
            Some(occurred) if is_claimed(occurred) => self.claimed += 1,
            Some(occurred) if occurred.source == TimeSource::Replay => self.replayed += 1,
            _ => self.unknown += 1,
        }
        self.of_no_clock += u64::from(action.occurred.as_ref().is_some_and(is_of_no_clock));
        if let Some(late_us) = late(recorded_at_us, action) {
            self.late += 1;
            self.late_max_us = self.late_max_us.max(late_us);
        }
    }

    /// How far any of these clocks is known to be off.
    pub fn farthest_us(&self) -> u64 {
        self.skew_max_us.max(self.late_max_us)
    }
}

/// Whether somebody's clock was read, and runs.
pub fn is_claimed(occurred: &Occurred) -> bool {
    is_by_clock(occurred) && !model::is_of_no_clock(occurred.latest_us)
}

/// Whether somebody's clock was read that does not run.
pub fn is_of_no_clock(occurred: &Occurred) -> bool {
    is_by_clock(occurred) && model::is_of_no_clock(occurred.latest_us)
}

fn is_by_clock(occurred: &Occurred) -> bool {
    matches!(occurred.source, TimeSource::AgentClock | TimeSource::Gateway)
}

/// That far the source says its clock may be wrong.
pub fn skew(action: &ActionBody) -> u64 {
    action.source.as_ref().map_or(0, |source| cut(source.skew_us.unsigned_abs()))
}

/// How far the claim lies after its recording: that much is certainly wrong with the source's clock.
fn late(recorded_at_us: u64, action: &ActionBody) -> Option<u64> {
    let occurred = action.occurred.as_ref()?;
    let late = occurred.latest_us.checked_sub(recorded_at_us);
    late.filter(|late| is_claimed(occurred) && *late > 0).map(cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NO_CLOCK_BEFORE_US;
    use whosaw_verifier::body::Source;

    #[test]
    fn the_farthest_clock_counts_whoever_tells_of_it() {
        let act = |source, latest_us, skew_us| ActionBody {
            occurred: Some(Occurred { earliest_us: NO_CLOCK_BEFORE_US, latest_us, source }),
            source: Some(Source { skew_us, ..Source::default() }),
            ..ActionBody::default()
        };
        const RECORDED: u64 = NO_CLOCK_BEFORE_US + 100;
        let mut clock = ClockFacts::default();
        for (action, flags) in [
            (act(TimeSource::AgentClock, RECORDED + 5, 0), TIME_CLAMPED),
            (act(TimeSource::Gateway, RECORDED - 10, -30), CLOCK_NOT_SYNCHRONISED),
            // Such a clock tells no time.
            (act(TimeSource::AgentClock, NO_CLOCK_BEFORE_US - 1, 0), 0),
            // A replay's clock is no claim, however late it is; that the source says its clock is off counts.
            (act(TimeSource::Replay, RECORDED + 900, 40), 0),
            (ActionBody::default(), 0),
        ] {
            clock.recorded(flags);
            clock.told(RECORDED, &action);
        }
        let expected = ClockFacts {
            clamped: 1,
            not_synchronised: 1,
            late: 1,
            late_max_us: 5,
            skew_max_us: 40,
            claimed: 2,
            replayed: 1,
            unknown: 2,
            of_no_clock: 1,
        };
        assert_eq!((clock.farthest_us(), clock), (40, expected));
    }
}
