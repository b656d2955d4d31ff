//! What matters keep of persons who go: the secrets that open single parts, under the matter's own key.
//!
//! A matter's key is a data key that no person has (class 16, month 0). Its shard is the first 14 bits of the matter's id,
//! so it is wrapped, mirrored, moved and destroyed as every data key is. Under it stands, for each part it keeps, P, which
//! opens this part alone: of the keys that go nothing else comes along. The rows are in the key table and not among the
//! reader rows, because after a restore nothing else could make them again.

use super::keys::DataKey;
use super::ring::Ring;
use super::standing::{HeldPerson, StandingId};
use super::{KeyName, OpenError, PartPlace, PersonId, Secret, Vault, VaultError, crypto, persons, row_key};
use crate::store::{Snapshot, Table, WriteSet, pages};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use whosaw_verifier::hash::{Hash, sha256};
use whosaw_verifier::message;
use whosaw_verifier::part::Part;
use whosaw_verifier::seal as construction;
use whosaw_verifier::wire::Message as _;

pub(super) const KEPT_ROW: u8 = 0x0e;

message! {
    /// Behind P in a row: which part it opens, and whose it was.
    pub struct KeptAbout { 1 index: u64, 2 ordinal: u32,
        /// Ids of whoever could open it, most of whom are gone: holds that name one of them keep it too.
        3 persons: Vec<HeldPerson>,
        /// Of the requests that asked for their erasure, as the erasure entry has them.
        4 tokens: Vec<Vec<u8>>,
        /// [`conversation_hash`] of whose it was, if a conversation's; the conversation may be erased, and holds that name
        /// somebody who stood in it keep it too. A hash, so that the row's length does not say how long the name is.
        5 conversation: Vec<u8>,
        /// Generation of the batch by which it was closed for everybody else: the erasure entry says it too.
        6 since: u64 }
}

/// A part that stays although a key that opened it goes.
#[derive(Clone)]
pub struct Kept {
    pub place: PartPlace,
    pub p: Secret,
    pub persons: BTreeSet<PersonId>,
    pub tokens: BTreeSet<Vec<u8>>,
    /// [`conversation_hash`] of a conversation that it was sealed for; nothing for what is of persons or of the ledger.
    pub conversation: Option<Hash>,
    /// Generation of the batch by which it was closed for everybody else.
    pub since: u64,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&self.place).finish()
    }
}

/// Parts that only matters open, each with the matters that keep it.
pub type KeptPlaces = BTreeMap<PartPlace, (Kept, BTreeSet<StandingId>)>;

impl Vault {
    /// Every part that a matter keeps, ascending by place; also of a matter that was released and whose batch has not run.
    pub fn kept_by(&self, matter: &StandingId) -> Result<Vec<Kept>, VaultError> {
        let snapshot = self.store.snapshot()?;
        let Some(key) = self.matter_key(snapshot.as_ref(), matter)? else { return Ok(Vec::new()) };
        let mut kept = Vec::new();
        self.each_kept(snapshot.as_ref(), &key, |row_key, row| {
            kept.push(self.read_kept(&key, row_key, row)?);
            Ok(())
        })?;
        kept.sort_unstable_by_key(|kept| kept.place);
        Ok(kept)
    }

    /// How many parts a matter keeps.
    pub fn kept_count(&self, matter: &StandingId) -> Result<u64, VaultError> {
        let snapshot = self.store.snapshot()?;
        let Some(key) = self.matter_key(snapshot.as_ref(), matter)? else { return Ok(0) };
        let mut count = 0;
        self.each_kept(snapshot.as_ref(), &key, |_, _| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// Whether only matters open this part, or a released one did and its batch has not run.
    pub fn is_kept(&self, place: PartPlace) -> Result<bool, VaultError> {
        let snapshot = self.store.snapshot()?;
        let keys = self.matter_keys(snapshot.as_ref())?;
        let rows: Vec<_> = keys.iter().map(|(_, key)| self.kept_row(key, place)).collect();
        Ok(snapshot.get_many(Table::Lookups, &rows)?.iter().any(Option::is_some))
    }

    /// Opens a part with what a matter keeps of it.
    pub fn open_kept(
        &self,
        matter: &StandingId,
        place: PartPlace,
        body_commitment: &Hash,
        sealed: &[u8],
    ) -> Result<Part, OpenError> {
        let snapshot = self.store.snapshot().map_err(VaultError::from)?;
        let key = self.matter_key(snapshot.as_ref(), matter)?.ok_or(OpenError::NoKey)?;
        let row_key = self.kept_row(&key, place);
        let row = snapshot.get(Table::Lookups, &row_key).map_err(VaultError::from)?.ok_or(OpenError::NoKey)?;
        let kept = self.read_kept(&key, &row_key, &row)?;
        let bytes = construction::open_with_p(&kept.p, &self.origin_hash, body_commitment, place.ordinal, sealed)
            .map_err(|_| OpenError::Forged)?;
        Part::decode(&bytes).map_err(|_| OpenError::Unreadable)
    }

    /// Rows by which a matter keeps these parts too. To be called with the gate held.
    pub fn rows_keeping(&self, matter: &StandingId, parts: &[Kept]) -> Result<WriteSet, VaultError> {
        let mut writes = WriteSet::default();
        self.put_kept(&self.ring(), matter, parts, &mut writes)?;
        Ok(writes)
    }

    /// The same under a ring that may not be in force yet. A key that is there already is moved with its shard.
    pub(super) fn put_kept(
        &self,
        ring: &Ring,
        matter: &StandingId,
        parts: &[Kept],
        writes: &mut WriteSet,
    ) -> Result<(), VaultError> {
        if parts.is_empty() {
            return Ok(());
        }
        let (holder, name) = (holder_of(matter), KeyName::MATTER);
        let key = match self.matter_key(self.store.snapshot()?.as_ref(), matter)? {
            Some(key) => key,
            None => {
                let secret = Secret::random()?;
                let row = self.wrap_key(ring.key(holder.shard), &holder, name, &secret)?;
                writes.put(Table::DataKeys, self.data_key_row(&holder, name), row);
                self.data_key(secret, holder, name, 0, None)
            }
        };
        for kept in parts {
            let row_key = self.kept_row(&key, kept.place);
            let person = |id: &PersonId| HeldPerson { person: id.id.to_vec(), shard: u32::from(id.shard) };
            let about = KeptAbout {
                index: kept.place.index,
                ordinal: kept.place.ordinal,
                persons: kept.persons.iter().map(person).collect(),
                tokens: kept.tokens.iter().cloned().collect(),
                conversation: kept.conversation.map(|hash| hash.to_vec()).unwrap_or_default(),
                since: kept.since,
            };
            let plain = zeroize::Zeroizing::new([&kept.p[..], &about.encode()].concat());
            let row = crypto::wrap(&key.secret, &self.kept_aad(&row_key), &plain)?;
            writes.put(Table::Lookups, row_key, row);
        }
        Ok(())
    }

    /// Keys of all matters that keep something.
    pub(super) fn matter_keys(&self, snapshot: &dyn Snapshot) -> Result<Vec<(StandingId, DataKey)>, VaultError> {
        let matters: Vec<StandingId> = {
            let standing = self.standing();
            standing.holds.keys().chain(standing.released.keys()).copied().collect()
        };
        let mut keys = Vec::new();
        for matter in matters {
            keys.extend(self.matter_key(snapshot, &matter)?.map(|key| (matter, key)));
        }
        Ok(keys)
    }

    /// What these matters keep of one part, if any of them does.
    pub(super) fn kept_at(
        &self,
        snapshot: &dyn Snapshot,
        keys: &[(StandingId, DataKey)],
        place: PartPlace,
    ) -> Result<Option<(Kept, BTreeSet<StandingId>)>, VaultError> {
        let rows: Vec<_> = keys.iter().map(|(_, key)| self.kept_row(key, place)).collect();
        let mut found: Option<(Kept, BTreeSet<StandingId>)> = None;
        for (((matter, key), row_key), row) in keys.iter().zip(&rows).zip(snapshot.get_many(Table::Lookups, &rows)?) {
            let Some(row) = row else { continue };
            let kept = self.read_kept(key, row_key, &row)?;
            let (known, matters) = found.get_or_insert_with(|| (kept.clone(), BTreeSet::new()));
            known.persons.extend(kept.persons);
            known.tokens.extend(kept.tokens);
            known.conversation = known.conversation.or(kept.conversation);
            matters.insert(*matter);
        }
        Ok(found)
    }

    pub(super) fn matter_key(
        &self,
        snapshot: &dyn Snapshot,
        matter: &StandingId,
    ) -> Result<Option<DataKey>, VaultError> {
        self.load_key(snapshot, holder_of(matter), KeyName::MATTER)
    }

    /// Every row under a matter's key.
    pub(super) fn each_kept(
        &self,
        snapshot: &dyn Snapshot,
        key: &DataKey,
        mut see: impl FnMut(&[u8], &[u8]) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let from = self.kept_rows(key);
        let until = [&from[..], &[0xff; 17]].concat();
        for page in pages(snapshot, Table::Lookups, from, until, 1_024) {
            for (row_key, row) in page? {
                see(&row_key, &row)?;
            }
        }
        Ok(())
    }

    pub(super) fn read_kept(&self, key: &DataKey, row_key: &[u8], row: &[u8]) -> Result<Kept, VaultError> {
        let torn = || VaultError::Torn { what: "kept part" };
        let plain = crypto::unwrap(&key.secret, &self.kept_aad(row_key), row);
        let plain = plain.ok_or(VaultError::Foreign { what: "kept part" })?;
        let (p, about) = plain.split_first_chunk::<32>().ok_or_else(torn)?;
        let about = KeptAbout::decode(about).map_err(|_| torn())?;
        let persons = about.persons.iter().map(|held| persons::person_id(&held.person, held.shard));
        let conversation = match about.conversation.as_slice() {
            [] => None,
            hash => Some(hash.try_into().map_err(|_| torn())?),
        };
        Ok(Kept {
            place: PartPlace { index: about.index, ordinal: about.ordinal },
            p: Secret::new(*p),
            persons: persons.collect::<Result<_, _>>()?,
            tokens: about.tokens.into_iter().collect(),
            conversation,
            since: about.since,
        })
    }

    /// What all rows of a matter begin with. Says how many parts it keeps, and not which.
    fn kept_rows(&self, key: &DataKey) -> Vec<u8> {
        row_key(self.ledger, &[&[KEPT_ROW], &key.mac.mac(&[b"matter"])[..16]])
    }

    fn kept_row(&self, key: &DataKey, place: PartPlace) -> Vec<u8> {
        let of_place = key.mac.mac(&[b"kept", &place.index.to_be_bytes(), &place.ordinal.to_be_bytes()]);
        [&self.kept_rows(key)[..], &of_place[..16]].concat()
    }

    fn kept_aad(&self, row_key: &[u8]) -> Vec<u8> {
        [&b"whosaw/kept/v1\0"[..], &self.origin_hash, row_key].concat()
    }
}

/// Tells whether a kept part is of this conversation. Never outside a sealed row: a name can be guessed.
pub fn conversation_hash(name: &str) -> Hash {
    sha256(&[b"whosaw/kept-conversation/v1\0", name.as_bytes()])
}

/// As whose a matter's key stands among the data keys.
pub(super) fn holder_of(matter: &StandingId) -> PersonId {
    let [high, low, ..] = *matter;
    PersonId { id: *matter, shard: u16::from_be_bytes([high, low]) >> 2 }
}
