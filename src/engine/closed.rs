//! Sealed parts that do not open: closed by right, or because somebody took away the rows that say whose they are.

use super::{EngineError, Kind, OpenLedger, PartState};
use crate::model::Identity;
use crate::vault::{PartPlace, PersonId};
use std::collections::BTreeSet;

impl OpenLedger {
    /// Why a part that no key opens is closed; refused where nothing on record closed it. The commit that destroys a key
    /// removes what it opened, but for what matters keep: told as erased, somebody could hide an access, or change what a
    /// person stated, by deleting rows of the vault.
    pub(super) fn closed_by_right(&self, place: PartPlace) -> Result<PartState, EngineError> {
        // In this order: a matter that is released meanwhile takes with it what it kept.
        if self.vault.is_kept(place)? {
            return Ok(PartState::Held);
        }
        let part = self.ledger.part(place.index, place.ordinal)?;
        if part.is_none_or(|part| part.sealed.is_none()) {
            return Ok(PartState::Removed);
        }
        let index = place.index;
        let what = "has a part that no erasure removed, and what says whose it is, is gone; no report can be made";
        Err(EngineError::new(Kind::Corrupt, format!("entry {index} {what}")))
    }

    /// Refused where the identifier is somebody else's by what is sealed of them: the row by which it is looked up was taken
    /// away or exchanged, and a report would tell somebody known that nothing is known of them. Blocks.
    pub(super) fn refuse_if_anothers(&self, subject: &Identity, whole: &[PersonId]) -> Result<(), EngineError> {
        if !self.vault.is_anothers(subject, whole)? {
            return Ok(());
        }
        let what = "what says whose this identifier is, was removed or altered in the database; no report can be made";
        Err(EngineError::new(Kind::Corrupt, what))
    }

    /// Whose keys open a part; nobody only where it is closed by right.
    pub(super) fn whose(&self, place: PartPlace) -> Result<BTreeSet<PersonId>, EngineError> {
        let readers = self.vault.readers_of(place)?;
        if readers.is_empty() {
            self.closed_by_right(place)?;
        }
        Ok(readers)
    }
}
