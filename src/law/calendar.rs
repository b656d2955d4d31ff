//! How periods are counted (Regulation (EEC, Euratom) No 1182/71, and GDPR Art. 12(3) and 33(1)).
//!
//! | period | rule |
//! |---|---|
//! | hours, strictly | the instant plus so many hours: *the* deadline of Art. 33(1) |
//! | hours, by the Regulation | the hour of the event does not count (Art. 3(1)); Saturdays, Sundays and holidays do (3(3)), and the end does not move (3(4) excepts hours): information beside the deadline |
//! | months | the day of the event does not count; the end is the same date so many months on, or that month's last day where it has none (3(2)(c)); on a Saturday, Sunday or holiday it moves to the next working day (3(4)) |

use super::Profile;
use jiff::civil::{Date, Weekday};
use jiff::{Span, Timestamp, ToSpan};

/// An instant that no calendar can hold, or a period that ends there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the period ends beyond the calendar")]
pub struct BeyondCalendar;

/// A period in hours, both ways it can be read. Unix microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// The event plus so many hours. What counts.
    pub strict_us: u64,
    /// By Regulation 1182/71: from the next full hour of the profile's zone.
    pub reading_us: u64,
    /// Working days that this reading touches. Art. 3(5) asks for two in any period of two days or more; whether it
    /// extends a period in hours is disputed, so the number is told and moves nothing.
    pub working_days: u32,
}

/// A period in months that can be extended once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Months {
    /// The last day of the period.
    pub due: Date,
    /// The last day where it was extended in time.
    pub extended: Date,
}

const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600 * SECOND;

/// GDPR Art. 33(1): so many hours, as the profile sets them, after the controller became aware.
pub fn breach_deadline(aware_us: u64, profile: &Profile) -> Result<Hours, BeyondCalendar> {
    let period = u64::from(profile.breach_notification_h) * HOUR;
    let strict_us = aware_us.checked_add(period).ok_or(BeyondCalendar)?;
    let aware = timestamp(aware_us)?;
    // Where the zone's own offset is no whole number of hours, its full hours are not those of UTC.
    let offset = i64::from(aware.to_zoned(profile.zone().clone()).offset().seconds());
    let into_hour = (aware.as_second() + offset).rem_euclid(3_600).unsigned_abs() * SECOND + aware_us % SECOND;
    let starts_us = aware_us - into_hour.min(aware_us) + HOUR;
    let reading_us = starts_us.checked_add(period).ok_or(BeyondCalendar)?;
    Ok(Hours { strict_us, reading_us, working_days: working_days(starts_us, reading_us, profile)? })
}

/// GDPR Art. 12(3): one month after receipt, and two further months, or as the profile sets them.
pub fn request_deadline(received_us: u64, profile: &Profile) -> Result<Months, BeyondCalendar> {
    let received = day_of(received_us, profile)?;
    let after = |months: u32| months_after(received, i32::try_from(months).map_err(|_| BeyondCalendar)?, profile);
    let extended = profile.request_months.saturating_add(profile.request_extension_months);
    Ok(Months { due: after(profile.request_months)?, extended: after(extended)? })
}

/// The last day of a period of so many months that runs from an event on this day.
pub fn months_after(day: Date, months: i32, profile: &Profile) -> Result<Date, BeyondCalendar> {
    let same_date = day.checked_add(Span::new().try_months(months).map_err(|_| BeyondCalendar)?);
    // A month that has no such day ends the period with its last one: `checked_add` does that.
    working_day_from(same_date.map_err(|_| BeyondCalendar)?, profile)
}

/// The day of an instant in the profile's zone.
pub fn day_of(us: u64, profile: &Profile) -> Result<Date, BeyondCalendar> {
    Ok(timestamp(us)?.to_zoned(profile.zone().clone()).date())
}

/// The instant at which a period that ends with this day is over: the first of the next day.
pub fn end_of_day(day: Date, profile: &Profile) -> Result<u64, BeyondCalendar> {
    let next = day.tomorrow().and_then(|next| next.to_zoned(profile.zone().clone())).map_err(|_| BeyondCalendar)?;
    u64::try_from(next.timestamp().as_microsecond()).map_err(|_| BeyondCalendar)
}

/// Neither Saturday, Sunday nor one of the profile's holidays.
pub fn is_working_day(day: Date, profile: &Profile) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !profile.holidays.contains(&day)
}

fn working_day_from(day: Date, profile: &Profile) -> Result<Date, BeyondCalendar> {
    let mut day = day;
    while !is_working_day(day, profile) {
        day = day.tomorrow().map_err(|_| BeyondCalendar)?;
    }
    Ok(day)
}

fn working_days(from_us: u64, until_us: u64, profile: &Profile) -> Result<u32, BeyondCalendar> {
    // The last instant of the period: midnight itself belongs to the day before.
    let (mut day, last) = (day_of(from_us, profile)?, day_of(until_us.saturating_sub(1), profile)?);
    let mut count = 0;
    while day <= last {
        count += u32::from(is_working_day(day, profile));
        day = day.checked_add(1.day()).map_err(|_| BeyondCalendar)?;
    }
    Ok(count)
}

fn timestamp(us: u64) -> Result<Timestamp, BeyondCalendar> {
    i64::try_from(us).ok().and_then(|us| Timestamp::from_microsecond(us).ok()).ok_or(BeyondCalendar)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn us(text: &str) -> u64 {
        let at: Timestamp = text.parse().expect("RFC 3339");
        at.as_microsecond().unsigned_abs()
    }

    fn day(text: &str) -> Date {
        text.parse().expect("a date")
    }

    fn profile(zone: &str, holidays: &[&str]) -> Profile {
        let holidays: BTreeSet<Date> = holidays.iter().map(|holiday| day(holiday)).collect();
        Profile::new(72, zone, holidays, vec!["high".into()]).expect("it fits")
    }

    fn hours(aware: &str, profile: &Profile) -> (String, String, u32) {
        let Hours { strict_us, reading_us, working_days } = breach_deadline(us(aware), profile).expect("a deadline");
        let text = |us: u64| timestamp(us).expect("an instant").to_string();
        (text(strict_us), text(reading_us), working_days)
    }

    /// Case 34: neither the working days of a weekend nor the moment of detection move it.
    #[test]
    fn seventy_two_hours_run_over_a_weekend_from_awareness() {
        let (strict, reading, working_days) = hours("2026-03-06T18:10:00Z", &Profile::default());
        assert_eq!((strict.as_str(), reading.as_str()), ("2026-03-09T18:10:00Z", "2026-03-09T19:00:00Z"));
        assert_eq!(working_days, 2, "the Friday it begins and the Monday it ends");
    }

    #[test]
    fn the_hour_of_awareness_does_not_count_in_the_reading_even_when_it_is_full() {
        let (strict, reading, _) = hours("2026-03-06T18:00:00Z", &Profile::default());
        assert_eq!((strict.as_str(), reading.as_str()), ("2026-03-09T18:00:00Z", "2026-03-09T19:00:00Z"));
        let (_, reading, _) = hours("2026-03-06T18:59:59.999999Z", &Profile::default());
        assert_eq!(reading, "2026-03-09T19:00:00Z");
    }

    /// Clocks go forward in Berlin on 29 March 2026 and back on 25 October: hours are hours.
    #[test]
    fn a_change_of_clocks_neither_adds_nor_takes_an_hour() {
        let (strict, reading, _) = hours("2026-03-27T18:10:00+01:00", &Profile::default());
        assert_eq!((strict.as_str(), reading.as_str()), ("2026-03-30T17:10:00Z", "2026-03-30T18:00:00Z"));
        let (strict, _, _) = hours("2026-10-23T18:10:00+02:00", &Profile::default());
        assert_eq!(strict, "2026-10-26T16:10:00Z");
    }

    #[test]
    fn a_zone_of_half_hours_has_its_own_full_hours() {
        let (_, reading, _) = hours("2026-03-06T18:10:00Z", &profile("Asia/Kolkata", &[]));
        assert_eq!(reading, "2026-03-09T18:30:00Z", "23:40 there, so from midnight");
    }

    #[test]
    fn fewer_than_two_working_days_are_told_and_move_nothing() {
        let easter = profile("Europe/Berlin", &["2026-04-03", "2026-04-06"]);
        let (strict, reading, working_days) = hours("2026-04-02T23:30:00+02:00", &easter);
        assert_eq!((strict.as_str(), reading.as_str()), ("2026-04-05T21:30:00Z", "2026-04-05T22:00:00Z"));
        assert_eq!(working_days, 0);
    }

    /// Case 35, and the dates that a count of thirty days gets wrong.
    #[test]
    fn a_month_ends_on_the_same_date_or_the_months_last_day_or_the_next_working_day() {
        let berlin = profile("Europe/Berlin", &["2026-04-03", "2026-04-06", "2026-05-01"]);
        for (received, months, due) in [
            ("2026-02-10", 1, "2026-03-10"),
            // 28 February is a Saturday.
            ("2026-01-31", 1, "2026-03-02"),
            ("2024-01-31", 1, "2024-02-29"),
            ("2023-01-31", 1, "2023-02-28"),
            ("2024-02-29", 1, "2024-03-29"),
            ("2024-02-29", 12, "2025-02-28"),
            ("2026-08-31", 1, "2026-09-30"),
            ("2025-12-31", 1, "2026-02-02"),
            // Good Friday, the weekend, Easter Monday.
            ("2026-03-03", 1, "2026-04-07"),
            // A holiday on a Friday.
            ("2026-04-01", 1, "2026-05-04"),
            ("2026-02-10", 3, "2026-05-11"),
        ] {
            assert_eq!(months_after(day(received), months, &berlin), Ok(day(due)), "{received} and {months}");
        }
    }

    #[test]
    fn a_request_is_received_on_the_day_of_the_profiles_zone() {
        let berlin = Profile::default();
        let late = us("2026-02-09T23:30:00Z");
        let months = request_deadline(late, &berlin).expect("a deadline");
        assert_eq!((months.due, months.extended), (day("2026-03-10"), day("2026-05-11")));
        let there = request_deadline(late, &profile("America/New_York", &[])).expect("a deadline");
        assert_eq!(there.due, day("2026-03-09"));
        let end =
            |day, profile: &Profile| timestamp(end_of_day(day, profile).expect("an end")).expect("it").to_string();
        assert_eq!(end(months.due, &berlin), "2026-03-10T23:00:00Z");
        // The day on which clocks go forward is shorter.
        assert_eq!(end(day("2026-03-29"), &berlin), "2026-03-29T22:00:00Z");
    }

    #[test]
    fn a_profile_sets_other_months() {
        let mut profile = Profile::default();
        (profile.request_months, profile.request_extension_months) = (2, 1);
        let deadline = request_deadline(us("2026-02-10T09:00:00Z"), &profile).expect("a deadline");
        assert_eq!((deadline.due, deadline.extended), (day("2026-04-10"), day("2026-05-11")));
        profile.request_months = u32::MAX;
        assert_eq!(request_deadline(us("2026-02-10T09:00:00Z"), &profile), Err(BeyondCalendar));
    }

    #[test]
    fn what_no_calendar_holds_is_an_error() {
        assert_eq!(breach_deadline(u64::MAX, &Profile::default()), Err(BeyondCalendar));
        assert_eq!(request_deadline(u64::MAX, &Profile::default()), Err(BeyondCalendar));
        assert_eq!(breach_deadline(253_402_207_199_000_000, &Profile::default()), Err(BeyondCalendar));
        assert!(breach_deadline(0, &Profile::default()).is_ok());
    }
}
