//! The head that the entries of one question are proved under.

use crate::ledger::TileCache;
use crate::report::evidence::Head;
use std::ops::Deref;

/// With what its proofs read of stored tiles: a question proves thousands of entries, most of them neighbours.
pub(super) struct Proving {
    pub head: Head,
    pub tiles: TileCache,
}

impl Proving {
    pub fn under(head: Head) -> Self {
        Proving { head, tiles: TileCache::default() }
    }
}

impl Deref for Proving {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}
