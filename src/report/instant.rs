//! Instants as a report writes them: RFC 3339, UTC, with microseconds.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Unix microseconds. What lies beyond the year 9999 cannot be written in RFC 3339 and stands as the last instant that can
/// be written in every time zone; `admit` lets nothing in that lies more than a day ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

const LAST: u64 = 253_402_207_199_999_999;

impl Instant {
    pub fn new(us: u64) -> Self {
        Instant(us.min(LAST))
    }

    pub fn us(self) -> u64 {
        self.0
    }

    /// Year, month, day, hour, minute, second.
    pub fn civil(self) -> (i16, i8, i8, i8, i8, i8) {
        let at = self.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
        (at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second())
    }

    fn timestamp(self) -> jiff::Timestamp {
        i64::try_from(self.0).ok().and_then(|us| jiff::Timestamp::from_microsecond(us).ok()).unwrap_or_default()
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.timestamp())
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<jiff::Timestamp>()
            .ok()
            .and_then(|at| u64::try_from(at.as_microsecond()).ok())
            .map(Instant::new)
            .ok_or_else(|| serde::de::Error::custom("not an instant of RFC 3339 since 1970"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_microseconds_and_read_back() {
        for (us, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_773_135_000_000_001, "2026-03-10T09:30:00.000001Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (u64::MAX, "9999-12-30T21:59:59.999999Z"),
        ] {
            let instant = Instant::new(us);
            assert_eq!(instant.to_string(), expected);
            let text = serde_json::to_string(&instant).expect("it is written");
            assert_eq!(serde_json::from_str::<Instant>(&text).expect("it reads"), instant);
        }
        assert!(serde_json::from_str::<Instant>("\"yesterday\"").is_err());
        assert!(serde_json::from_str::<Instant>("\"1969-12-31T23:59:59Z\"").is_err());
    }
}
