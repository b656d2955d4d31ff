//! What the law and the house set, as far as deadlines and severity need it.

use super::enisa::Thresholds;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::collections::BTreeSet;

/// A legal profile. Its defaults are those of the template, and whoever prints them says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Hours from awareness to notification, GDPR Art. 33(1). A reform that proposes 96 was not adopted.
    pub breach_notification_h: u32,
    /// IANA name of the zone whose calendar counts.
    pub zone_name: String,
    zone: TimeZone,
    /// Months from receipt to the answer of a request, and those by which they can be extended, Art. 12(3).
    pub request_months: u32,
    pub request_extension_months: u32,
    /// Public holidays where the controller is, beside Saturdays and Sundays.
    pub holidays: BTreeSet<Date>,
    /// The house's own levels, the gravest first.
    pub severity_scale: Vec<String>,
    /// From which of ENISA's figures on a level is reached; and that the profile sets them.
    pub thresholds: Thresholds,
    pub thresholds_set: bool,
    /// Nobody set it: every value is the template's.
    pub is_default: bool,
}

/// Why settings are no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("breach_notification_h is not 1 to 720 hours")]
    Hours,
    #[error("zone {0:?} is not in the time zone database")]
    Zone(String),
    #[error("severity_scale needs 1 to 16 different levels of 1 to 64 bytes")]
    Scale,
}

/// Most hours that a profile may set for a notification, and levels of severity; most bytes of a level.
pub const NOTIFICATION_HOURS_MAX: u32 = 720;
pub const SEVERITY_LEVELS_MAX: usize = 16;
pub const SEVERITY_BYTES_MAX: usize = 64;

/// What holds where nobody set anything.
const HOURS: u32 = 72;
const ZONE: &str = "Europe/Berlin";
const MONTHS: u32 = 1;
const EXTENSION: u32 = 2;
const SCALE: [&str; 4] = ["sev-1", "sev-2", "sev-3", "sev-4"];

impl Profile {
    /// Settings that somebody made.
    pub fn new(
        breach_notification_h: u32,
        zone_name: &str,
        holidays: BTreeSet<Date>,
        severity_scale: Vec<String>,
    ) -> Result<Self, ProfileError> {
        if !(1..=NOTIFICATION_HOURS_MAX).contains(&breach_notification_h) {
            return Err(ProfileError::Hours);
        }
        let distinct: BTreeSet<&String> = severity_scale.iter().collect();
        let fits = severity_scale.iter().all(|level| (1..=SEVERITY_BYTES_MAX).contains(&level.len()));
        if !(1..=SEVERITY_LEVELS_MAX).contains(&severity_scale.len()) || distinct.len() != severity_scale.len() || !fits
        {
            return Err(ProfileError::Scale);
        }
        // The one that was built in, not the machine's: the same binary counts the same days everywhere.
        let zone = TimeZoneDatabase::bundled().get(zone_name).map_err(|_| ProfileError::Zone(zone_name.to_owned()))?;
        let zone_name = zone_name.to_owned();
        Ok(Profile {
            breach_notification_h,
            zone_name,
            zone,
            request_months: MONTHS,
            request_extension_months: EXTENSION,
            holidays,
            severity_scale,
            thresholds: Thresholds::default(),
            thresholds_set: false,
            is_default: false,
        })
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl Default for Profile {
    /// 72 hours, Europe/Berlin, no holidays, four levels of severity.
    fn default() -> Self {
        let scale = SCALE.map(str::to_owned).to_vec();
        let profile = Profile::new(HOURS, ZONE, BTreeSet::new(), scale).expect("the template's own values fit");
        Profile { is_default: true, ..profile }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_are_refused_by_name() {
        let scale = || vec!["high".to_owned(), "low".to_owned()];
        let new = |hours, zone, scale| Profile::new(hours, zone, BTreeSet::new(), scale);
        assert_eq!(new(0, "Europe/Berlin", scale()), Err(ProfileError::Hours));
        assert_eq!(new(721, "Europe/Berlin", scale()), Err(ProfileError::Hours));
        assert_eq!(new(72, "Europe/Atlantis", scale()), Err(ProfileError::Zone("Europe/Atlantis".into())));
        assert_eq!(new(72, "Europe/Berlin", Vec::new()), Err(ProfileError::Scale));
        assert_eq!(new(72, "Europe/Berlin", vec!["high".into(), "high".into()]), Err(ProfileError::Scale));
        assert_eq!(new(72, "Europe/Berlin", vec![String::new()]), Err(ProfileError::Scale));
        let set = new(96, "Europe/Dublin", scale()).expect("it fits");
        assert!(!set.is_default && Profile::default().is_default);
    }
}
