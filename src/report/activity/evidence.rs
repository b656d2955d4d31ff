//! What the activity report is made from. Gathered by `engine`.

use super::tally::{Done, Tally};
use crate::model::Registry;
use crate::report::clock::{is_claimed, skew};
use crate::report::evidence::{Coverage, Downtime, Head, Heard, KnownRegistry};
use crate::report::exposure::registered::History;

/// Which agent, as known at which size, over which entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityQuestion {
    /// Registered name of an agent or service.
    pub agent: String,
    /// N: entries with an index below it count.
    pub size: u64,
    /// Of these, those that were recorded on [from, until), Unix microseconds; absent: no bound. By the ledger's clock and
    /// not by what was claimed, so that of reports on one month after another none leaves an act out or has it twice.
    pub from_us: Option<u64>,
    pub until_us: Option<u64>,
    /// The entry by which an earlier report on the same was recorded, which this one supersedes.
    pub supersedes: Option<u64>,
}

impl ActivityQuestion {
    pub fn covers(&self, recorded_at_us: u64) -> bool {
        self.from_us.is_none_or(|from| from <= recorded_at_us)
            && self.until_us.is_none_or(|until| recorded_at_us < until)
    }

    /// Whether an act was in the period by its own clock, as far as that can be true: surely not where none of what is
    /// claimed lies in it. Nothing where no period was asked for, or no time is claimed.
    pub fn was_in(&self, done: &Done<'_>) -> Option<bool> {
        let occurred = done.body.occurred.as_ref().filter(|occurred| is_claimed(occurred))?;
        self.from_us.or(self.until_us)?;
        let skew = skew(done.body);
        let latest = occurred.latest_us.saturating_add(skew).min(done.recorded_at_us);
        let earliest = occurred.earliest_us.saturating_sub(skew).min(latest);
        Some(self.from_us.is_none_or(|from| from <= latest) && self.until_us.is_none_or(|until| earliest < until))
    }
}

#[derive(Debug, Clone)]
pub struct ActivityEvidence {
    pub head: Head,
    pub registry: Registry,
    /// What was said of names, and when.
    pub history: History,
    pub controller: Option<KnownRegistry>,
    pub tally: Tally,
    pub coverage: Vec<Coverage>,
    /// Of sources that are to be heard, when else they were.
    pub heard: Vec<Heard>,
    pub downtimes: Vec<Downtime>,
    /// Entries of the whole ledger whose public part was pruned: nobody can tell any more who did what.
    pub pruned: u64,
}
