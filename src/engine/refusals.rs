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
