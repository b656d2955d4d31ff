//! A report that is made again after something it rests on was erased: the same question, size and envelope, what is gone as
//! marks, and by which erasure entry.

use super::access::document::EntryIndex;
use super::code::Code;
use super::instant::Instant;
use super::shape::{choices, facts};
use crate::model::Role;
use serde::{Deserialize, Serialize};

choices! {
    /// What of an entry is gone.
    pub enum Gone { Identity "identity", Content "content", Both "both" }
}

facts! {
    pub struct ErratumFact {
        /// SHA-256 of the JSON that was made first; none where it was not recorded.
        first: Option<String>,
        /// Erasures since then that took content of entries below the report's size.
        erasures: Vec<ErasureFact>,
        /// What they took of entries that this report rests on.
        marks: Vec<MarkFact>,
    }

    pub struct ErasureFact {
        entry: EntryIndex,
        recorded_at: Instant,
        /// Parts and bodies below the report's size, of whomever.
        covers: u64,
        /// Of these in entries that this report rests on.
        marked: u64,
    }

    pub struct MarkFact {
        entry: EntryIndex,
        /// In which roles somebody had the part that is gone.
        roles: Vec<Code<Role>>,
        gone: Gone,
        /// The erasure entry.
        by: EntryIndex,
    }
}

impl ErratumFact {
    /// For the person whom a report is about: that somebody else stood in an entry, and as what, is the other's. What is left
    /// says what content is gone, and how much of the entries behind the report.
    pub fn withhold(&mut self) {
        self.marks.retain(|mark| mark.roles.is_empty() && mark.gone == Gone::Content);
    }
}
