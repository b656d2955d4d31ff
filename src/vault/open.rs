//! Opening parts, finding a person's parts, and trying keys against parts when rows may be missing.

use super::persons::holder;
use super::ring::Ring;
use super::seal::{LOCATOR_PERSON, LOCATOR_SHARED, reader_place};
use super::{DataKey, KeyName, OpenError, PartPlace, PersonId, Vault, VaultError, row_key};
use crate::model::{LEDGER, RetentionClass};
use crate::store::{Snapshot, Table};
use std::collections::BTreeSet;
use std::sync::Arc;
use whosaw_verifier::hash::Hash;
use whosaw_verifier::part::Part;
use whosaw_verifier::seal::{self as construction, SealedPartView};
use whosaw_verifier::wire::Message as _;

/// Whose key opens a part.
pub(super) enum Locator {
    Person(PersonId, KeyName),
    Shared(Vec<u32>),
}

impl Vault {
    /// Every place where a part of this person stands, ascending, each once.
    pub fn occurrences(&self, person: PersonId) -> Result<Vec<PartPlace>, VaultError> {
        let snapshot = self.store.snapshot()?;
        let mut places = Vec::new();
        for key in self.keys_of(person)? {
            places.extend(key.places(snapshot.as_ref())?);
        }
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }

    /// Opens a part with the vault's own keys.
    pub fn open_part(&self, place: PartPlace, body_commitment: &Hash, sealed: &[u8]) -> Result<Part, OpenError> {
        let p = self.disclose(place, body_commitment, sealed)?;
        let bytes = construction::open_with_p(&p, &self.origin_hash, body_commitment, place.ordinal, sealed)
            .map_err(|_| OpenError::Forged)?;
        Part::decode(&bytes).map_err(|_| OpenError::Unreadable)
    }

    /// Whether a part is the ledger's own: content that concerns neither person nor conversation.
    pub fn is_ledgers_own(&self, place: PartPlace) -> Result<bool, VaultError> {
        let locator = self.locator(self.store.snapshot()?.as_ref(), place)?;
        // No other key is of no month.
        let own = KeyName::of(RetentionClass::Content, 0);
        Ok(matches!(locator, Some(Locator::Person(_, name)) if name == own))
    }

    /// Whether a part is opened by several persons' keys together only.
    pub fn is_shared(&self, place: PartPlace) -> Result<bool, VaultError> {
        let snapshot = self.store.snapshot()?;
        Ok(matches!(self.locator(snapshot.as_ref(), place)?, Some(Locator::Shared(_))))
    }

    /// Whether a part is of somebody whose processing is restricted, or shared with them.
    pub fn is_restricted_at(&self, place: PartPlace) -> Result<bool, VaultError> {
        if self.standing().restricted.is_empty() {
            return Ok(false);
        }
        let snapshot = self.store.snapshot()?;
        let of = |place| match self.locator(snapshot.as_ref(), place)? {
            Some(Locator::Person(person, _)) => self.is_restricted(person),
            Some(Locator::Shared(_)) | None => Ok(false),
        };
        match self.locator(snapshot.as_ref(), place)? {
            Some(Locator::Person(person, _)) => self.is_restricted(person),
            Some(Locator::Shared(by)) => {
                for ordinal in by {
                    if of(PartPlace { index: place.index, ordinal })? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            None => Ok(false),
        }
    }

    /// Whose keys open a part; nobody where one of them is gone.
    pub fn readers_of(&self, place: PartPlace) -> Result<BTreeSet<PersonId>, VaultError> {
        let snapshot = self.store.snapshot()?;
        let mut readers = BTreeSet::new();
        match self.locator(snapshot.as_ref(), place)? {
            Some(Locator::Person(person, _)) => drop(readers.insert(person)),
            Some(Locator::Shared(by)) => {
                for ordinal in by {
                    let own = PartPlace { index: place.index, ordinal };
                    match self.locator(snapshot.as_ref(), own)? {
                        Some(Locator::Person(person, _)) => drop(readers.insert(person)),
                        Some(Locator::Shared(_)) | None => return Ok(BTreeSet::new()),
                    }
                }
            }
            None => {}
        }
        Ok(readers)
    }

    /// P of one part: whoever gets it can open this part and no other.
    pub fn disclose(&self, place: PartPlace, body_commitment: &Hash, sealed: &[u8]) -> Result<Hash, OpenError> {
        let view = SealedPartView::parse(sealed).map_err(|_| OpenError::Forged)?;
        let snapshot = self.store.snapshot().map_err(VaultError::from)?;
        match self.locator(snapshot.as_ref(), place)?.ok_or(OpenError::NoKey)? {
            Locator::Person(person, name) => {
                let key = self.existing_key(snapshot.as_ref(), person, name)?.ok_or(OpenError::NoKey)?;
                Ok(key.part_key(&self.origin_hash, view.seed))
            }
            Locator::Shared(by) => {
                let mut shares = Vec::with_capacity(by.len());
                for ordinal in by {
                    let sharer = PartPlace { index: place.index, ordinal };
                    let Some(Locator::Person(person, name)) = self.locator(snapshot.as_ref(), sharer)? else {
                        return Err(OpenError::NoKey);
                    };
                    let key = self.existing_key(snapshot.as_ref(), person, name)?.ok_or(OpenError::NoKey)?;
                    shares.push(key.share(&self.origin_hash, body_commitment, place.ordinal));
                }
                Ok(construction::derive_p(&construction::shared_key(&shares), &self.origin_hash, view.seed))
            }
        }
    }

    /// The key that keyed the request digest of an entry: of its first part, or the ledger's where it has none. Nothing
    /// where the key is gone, or nobody can tell whose it is.
    pub(super) fn first_key(&self, index: u64) -> Result<Option<Arc<DataKey>>, VaultError> {
        let snapshot = self.store.snapshot()?;
        let first = PartPlace { index, ordinal: 0 };
        match self.locator(snapshot.as_ref(), first)? {
            Some(Locator::Person(person, name)) => self.existing_key(snapshot.as_ref(), person, name),
            Some(Locator::Shared(_)) => Ok(None),
            // Reader rows are in no backup: there may be a part all the same.
            None if snapshot.get(Table::Parts, &self.place_row(first))?.is_some() => Ok(None),
            None => {
                let Some(ledger) = self.find(&holder(LEDGER, &self.origin))? else { return Ok(None) };
                self.existing_key(snapshot.as_ref(), ledger, KeyName::of(RetentionClass::Content, 0))
            }
        }
    }

    pub(super) fn locator(&self, snapshot: &dyn Snapshot, place: PartPlace) -> Result<Option<Locator>, VaultError> {
        let row_key = self.place_row(place);
        let Some(row) = snapshot.get(Table::Readers, &row_key)? else { return Ok(None) };
        if let Some(locator) = self.read_locator(&self.ring(), place, &row)? {
            return Ok(Some(locator));
        }
        // The vault got another key of its own since this snapshot was taken.
        let now = |ring: &Arc<Ring>| match self.store.snapshot()?.get(Table::Readers, &row_key)? {
            Some(row) => Ok(Some(self.read_locator(ring, place, &row)?)),
            None => Ok(None),
        };
        match self.steadily(now)? {
            Some(None) => Err(VaultError::Foreign { what: "reader row" }),
            found => Ok(found.flatten()),
        }
    }

    /// Nothing where the ring has no key of the row's generation.
    pub(super) fn read_locator(
        &self,
        ring: &Ring,
        place: PartPlace,
        row: &[u8],
    ) -> Result<Option<Locator>, VaultError> {
        let torn = || VaultError::Torn { what: "reader row" };
        let (generation, sealed) = row.split_first_chunk::<4>().ok_or_else(torn)?;
        let Some(own) = ring.own_of(u32::from_be_bytes(*generation)) else { return Ok(None) };
        let mut sealed = sealed.to_vec();
        let plain = own.readers.open(reader_place(place.index, place.ordinal), &mut sealed);
        let plain = plain.ok_or(VaultError::Foreign { what: "reader row" })?;
        decode_locator(plain).map(Some).ok_or_else(torn)
    }

    pub(super) fn place_row(&self, place: PartPlace) -> Vec<u8> {
        row_key(self.ledger, &[&reader_place(place.index, place.ordinal)])
    }
}

fn decode_locator(bytes: &[u8]) -> Option<Locator> {
    let (tag, rest) = bytes.split_first()?;
    match *tag {
        LOCATOR_PERSON => {
            let (id, rest) = rest.split_first_chunk::<16>()?;
            let [shard_high, shard_low, class, month_high, month_low] = *<&[u8; 5]>::try_from(rest).ok()?;
            let person = PersonId { id: *id, shard: u16::from_be_bytes([shard_high, shard_low]) };
            Some(Locator::Person(person, KeyName { class, month: u16::from_be_bytes([month_high, month_low]) }))
        }
        LOCATOR_SHARED => {
            let (runs, rest) = rest.as_chunks::<8>();
            let mut ordinals = Vec::new();
            for run in runs {
                let first = u32::from_be_bytes(*run.first_chunk::<4>()?);
                let count = u32::from_be_bytes(*run.last_chunk::<4>()?);
                ordinals.extend(first..first.checked_add(count)?);
            }
            rest.is_empty().then_some(Locator::Shared(ordinals))
        }
        _ => None,
    }
}
