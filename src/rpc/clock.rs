//! Instants as the pages of reports write them: what a client prints of a case is what stands in its file.

use crate::report::instant::{Instant, Zone};
use crate::report::language::Language;
use crate::report::wording::Wording;

/// The clock on the wall of a zone.
pub struct Clock(Wording);

impl Clock {
    /// By an IANA name; UTC where it is none.
    pub fn of(zone: &str) -> Self {
        Clock(Language::default().wording_in(&Zone::named(Some(zone))))
    }

    /// With how far the clock is ahead of UTC; a dash where there is no time.
    pub fn tell(&self, at: Option<&prost_types::Timestamp>) -> String {
        let us = |at: &prost_types::Timestamp| {
            let seconds = u64::try_from(at.seconds).ok()?.checked_mul(1_000_000)?;
            seconds.checked_add(u64::try_from(at.nanos).ok()? / 1_000)
        };
        at.and_then(us).map_or_else(|| "-".to_owned(), |us| self.0.exact(Instant::new(us)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_reports_tell_them() {
        let at = prost_types::Timestamp { seconds: 1_773_135_000, nanos: 1_000 };
        assert_eq!(Clock::of("Europe/Berlin").tell(Some(&at)), "2026-03-10 10:30:00.000001 +01:00");
        assert_eq!(Clock::of("").tell(Some(&prost_types::Timestamp { nanos: 0, ..at })), "2026-03-10 09:30:00 UTC");
        let before = prost_types::Timestamp { seconds: -1, nanos: 0 };
        assert_eq!([Clock::of("UTC").tell(None), Clock::of("UTC").tell(Some(&before))], ["-", "-"]);
    }
}
