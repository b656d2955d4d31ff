//! Instants as the ledger counts them.

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMicros(pub u64);

impl UnixMicros {
    /// Months since January 1970, UTC: what a data key is bound to.
    pub fn month(self) -> u16 {
        // Civil-from-days after Howard Hinnant's algorithm; exact for every year this type can hold that matters.
        let days = (self.0 / 86_400_000_000) as i64 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        u16::try_from((year - 1970) * 12 + month - 1).unwrap_or(u16::MAX)
    }
}

/// No agent did anything before 2000-01-01. A clock that says so does not run, and tells nothing of when something was; what
/// it says is recorded as told, and taken as no claim at all.
pub const NO_CLOCK_BEFORE_US: u64 = 946_684_800_000_000;

/// Whether a claimed time, by its latest instant, is such a clock's.
pub fn is_of_no_clock(latest_us: u64) -> bool {
    latest_us < NO_CLOCK_BEFORE_US
}

/// The world's time, passed in so that a test can hold a week in a microsecond.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> UnixMicros;
    /// Microseconds since some fixed instant of this process; never steps.
    fn monotonic_us(&self) -> u64;
    /// Whether the machine says that its clock is synchronised.
    fn synchronised(&self) -> bool;
}

#[cfg(test)]
mod tests {
    use super::UnixMicros;

    #[test]
    fn months_count_from_january_1970() {
        for (seconds, month) in
            [(0u64, 0), (2_678_399, 0), (2_678_400, 1), (951_782_400, 361), (951_868_800, 362), (1_772_323_200, 674)]
        {
            assert_eq!(UnixMicros(seconds * 1_000_000).month(), month, "{seconds}");
        }
    }
}
