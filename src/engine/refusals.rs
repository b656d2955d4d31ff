//! Appends that were refused to a registered source are gaps in what the ledger knows: one entry a minute says how many.

use crate::model::{CoverageState, UnixMicros};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use whosaw_verifier::body::CoverageBody;

#[derive(Default)]
pub struct Refusals(Mutex<BTreeMap<String, Gap>>);

struct Gap {
    from: UnixMicros,
    until: UnixMicros,
    refused: u64,
    by_code: BTreeMap<u32, u64>,
}

impl Refusals {
    pub fn count(&self, source: &str, code: u32, now: UnixMicros) {
        let mut gaps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gap = gaps.entry(source.to_owned()).or_insert_with(|| Gap {
            from: now,
            until: now,
            refused: 0,
            by_code: BTreeMap::new(),
        });
        gap.until = gap.until.max(now);
        gap.refused += 1;
        *gap.by_code.entry(code).or_default() += 1;
    }

    /// What could not be written now, to be written the next time.
    pub fn give_back(&self, coverage: CoverageBody) {
        let CoverageBody { source, state: _, from_us, until_us, refused, reason } = coverage;
        let (from, until) = (UnixMicros(from_us), UnixMicros(until_us.saturating_sub(1)));
        let mut gaps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gap = gaps.entry(source).or_insert_with(|| Gap { from, until, refused: 0, by_code: BTreeMap::new() });
        (gap.from, gap.until) = (gap.from.min(from), gap.until.max(until));
        gap.refused += refused;
        *gap.by_code.entry(reason).or_default() += refused;
    }

    /// What is to be written now. A gap that lasts goes on in the next entry.
    pub fn take(&self, now: UnixMicros) -> Vec<CoverageBody> {
        let gaps = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        gaps.into_iter()
            .map(|(source, gap)| CoverageBody {
                source,
                state: CoverageState::Refused,
                from_us: gap.from.0,
                // Half-open, and never empty: the last refusal lies inside.
                until_us: gap.until.0.min(now.0).max(gap.from.0) + 1,
                refused: gap.refused,
                reason: gap.by_code.iter().max_by_key(|(_, count)| **count).map_or(0, |(code, _)| *code),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_written_is_not_lost() {
        let refusals = Refusals::default();
        refusals.count("proxy", 3, UnixMicros(100));
        refusals.count("proxy", 3, UnixMicros(200));
        let taken = refusals.take(UnixMicros(300)).remove(0);
        assert_eq!((taken.from_us, taken.until_us, taken.refused), (100, 201, 2));
        refusals.count("proxy", 8, UnixMicros(250));
        refusals.give_back(taken);
        let again = refusals.take(UnixMicros(300)).remove(0);
        assert_eq!((again.from_us, again.until_us, again.refused, again.reason), (100, 251, 3, 3));
        assert_eq!(refusals.take(UnixMicros(300)), []);
    }
}
