//! The wrapping keys of one generation: 16,384 shard keys, and the vault's own key for rows that belong to no shard.
//!
//! A batch of erasures gives new keys to the shards it touches and to the vault, and puts all of them under a new root.
//! From then until everybody who stays has been wrapped anew, a touched shard has its old key beside the new one.

use super::crypto::{self, MacKey, PlaceCipher, Secret};
use super::custodian::{Custodian, CustodianError, Root};
use super::{SHARDS, VaultError, row_key};
use crate::store::{LedgerNumber, Snapshot, Table, WriteSet};
use std::collections::BTreeMap;
use whosaw_verifier::hash::Hash;

/// The vault's own key stands among the shard keys, behind the last one.
pub(super) const OWN: u16 = SHARDS;

/// generation u64 ‖ epoch u64 ‖ nonce, key and tag.
pub(super) const VERSION_BYTES: usize = 8 + 8 + 60;

/// A wrapping key, and the generation in which it was made.
#[derive(Clone)]
pub(super) struct WrappingKey {
    pub generation: u64,
    /// The root that wraps it.
    pub epoch: u64,
    pub secret: Secret,
}

/// A shard's key; with its old one as long as rows stand under that.
#[derive(Clone)]
pub(super) struct Slot {
    pub new: WrappingKey,
    pub old: Option<WrappingKey>,
}

impl Slot {
    pub fn of_generation(&self, generation: u64) -> Option<&WrappingKey> {
        std::iter::once(&self.new).chain(&self.old).find(|key| key.generation == generation)
    }

    /// The new key first.
    pub fn keys(&self) -> impl Iterator<Item = &WrappingKey> {
        std::iter::once(&self.new).chain(&self.old)
    }
}

pub(super) struct Ring {
    /// Of the vault: that of its own key, which every batch of erasures changes.
    pub generation: u64,
    shards: Vec<Slot>,
    own: OwnKeys,
    old_own: Option<OwnKeys>,
}

/// What the vault's own key is used for.
pub(super) struct OwnKeys {
    pub key: WrappingKey,
    pub readers: PlaceCipher,
    /// Seals what waits to be erased, and holds.
    pub rows: Secret,
}

impl OwnKeys {
    pub fn new(key: WrappingKey, origin_hash: &Hash) -> Self {
        let mac = MacKey::new(&key.secret);
        let readers = Secret::new(mac.mac(&[b"whosaw/readers/v1\0", origin_hash]));
        let rows = Secret::new(mac.mac(&[b"whosaw/own-rows/v1\0", origin_hash]));
        OwnKeys { key, readers: PlaceCipher::new(&readers), rows }
    }
}

impl Ring {
    /// The rows of a new vault, all keys under root `epoch`.
    pub fn create(
        ledger: LedgerNumber,
        origin_hash: &Hash,
        root: &dyn Root,
        epoch: u64,
        writes: &mut WriteSet,
    ) -> Result<(), VaultError> {
        for shard in 0..=OWN {
            let slot = Slot { new: WrappingKey { generation: 1, epoch, secret: Secret::random()? }, old: None };
            put_slot(ledger, origin_hash, shard, &slot, &|_| Some(root), writes)?;
        }
        Ok(())
    }

    /// Unwraps all keys. Each root is fetched once, and let go of when this returns.
    pub fn read(
        snapshot: &dyn Snapshot,
        ledger: LedgerNumber,
        origin_hash: &Hash,
        custodian: &dyn Custodian,
    ) -> Result<Ring, VaultError> {
        let torn = || VaultError::Torn { what: "shard keys" };
        let (from, until) = (row_key(ledger, &[]), row_key(ledger, &[&[0xff; 3]]));
        let rows = snapshot.scan(Table::ShardKeys, &from, &until, usize::from(OWN) + 2)?;
        if rows.len() != usize::from(OWN) + 1 {
            return Err(torn());
        }
        let mut roots: BTreeMap<u64, Box<dyn Root + '_>> = BTreeMap::new();
        let mut slots = Vec::with_capacity(rows.len());
        for (shard, (row, value)) in (0..=OWN).zip(&rows) {
            if *row != row_key(ledger, &[&shard.to_be_bytes()]) {
                return Err(torn());
            }
            let mut keys = Vec::with_capacity(2);
            for version in value.chunks(VERSION_BYTES) {
                let wrapped = version.get(16..VERSION_BYTES).ok_or_else(torn)?;
                let (generation, epoch) = self::version(version).ok_or_else(torn)?;
                if let std::collections::btree_map::Entry::Vacant(place) = roots.entry(epoch) {
                    place.insert(custodian.root(epoch)?);
                }
                let secret = roots[&epoch].unwrap(&shard_aad(origin_hash, shard, generation), wrapped)?;
                keys.push(WrappingKey { generation, epoch, secret });
            }
            let mut keys = keys.into_iter();
            slots.push(Slot { new: keys.next().ok_or_else(torn)?, old: keys.next() });
            if keys.next().is_some() {
                return Err(torn());
            }
        }
        let own = slots.pop().ok_or_else(torn)?;
        Ok(Ring::of(slots, own, origin_hash))
    }

    fn of(shards: Vec<Slot>, own: Slot, origin_hash: &Hash) -> Ring {
        let generation = own.new.generation;
        let old_own = own.old.map(|key| OwnKeys::new(key, origin_hash));
        Ring { generation, shards, own: OwnKeys::new(own.new, origin_hash), old_own }
    }

    pub fn shard(&self, shard: u16) -> &Slot {
        &self.shards[usize::from(shard % SHARDS)]
    }

    /// What wraps new data keys and lookups of a shard.
    pub fn key(&self, shard: u16) -> &WrappingKey {
        &self.shard(shard).new
    }

    pub fn own(&self) -> &OwnKeys {
        &self.own
    }

    /// The own keys of a generation, by its low 32 bits.
    pub fn own_of(&self, generation: u32) -> Option<&OwnKeys> {
        std::iter::once(&self.own).chain(&self.old_own).find(|own| own.key.generation as u32 == generation)
    }

    /// The root all new keys are under.
    pub fn epoch(&self) -> u64 {
        self.own.key.epoch
    }

    /// The root that old keys are under, as long as there are any.
    pub fn old_epoch(&self) -> Option<u64> {
        self.old_own.as_ref().map(|own| own.key.epoch)
    }

    /// Shards with an old key beside the new one, ascending.
    pub fn touched(&self) -> Vec<u16> {
        (0..SHARDS).filter(|shard| self.shard(*shard).old.is_some()).collect()
    }

    /// The ring of the next generation: new keys for `touched` and for the vault itself, everything under root `epoch`.
    /// What is replaced stays beside the new as old, under its old root.
    pub fn next(&self, touched: &[u16], epoch: u64, origin_hash: &Hash) -> Result<Ring, VaultError> {
        let generation = self.generation + 1;
        let made = || Ok::<_, VaultError>(WrappingKey { generation, epoch, secret: Secret::random()? });
        let mut shards = Vec::with_capacity(self.shards.len());
        for (shard, slot) in (0..).zip(&self.shards) {
            shards.push(match touched.binary_search(&shard) {
                Ok(_) => Slot { new: made()?, old: Some(slot.new.clone()) },
                Err(_) => Slot { new: WrappingKey { epoch, ..slot.new.clone() }, old: None },
            });
        }
        let own = Slot { new: made()?, old: Some(self.own.key.clone()) };
        Ok(Ring::of(shards, own, origin_hash))
    }

    /// This ring without its old keys.
    pub fn without_old(&self, origin_hash: &Hash) -> Ring {
        let shards = self.shards.iter().map(|slot| Slot { new: slot.new.clone(), old: None }).collect();
        Ring::of(shards, Slot { new: self.own.key.clone(), old: None }, origin_hash)
    }

    /// Rows for all keys.
    pub fn put(
        &self,
        ledger: LedgerNumber,
        origin_hash: &Hash,
        custodian: &dyn Custodian,
        writes: &mut WriteSet,
    ) -> Result<(), VaultError> {
        let new = custodian.root(self.epoch())?;
        let old = self.old_epoch().map(|epoch| custodian.root(epoch)).transpose()?;
        let root = |epoch| if epoch == self.epoch() { Some(new.as_ref()) } else { old.as_deref() };
        for (shard, slot) in (0..).zip(&self.shards) {
            put_slot(ledger, origin_hash, shard, slot, &root, writes)?;
        }
        let own = Slot { new: self.own.key.clone(), old: self.old_own.as_ref().map(|own| own.key.clone()) };
        put_slot(ledger, origin_hash, OWN, &own, &root, writes)
    }
}

fn put_slot<'r>(
    ledger: LedgerNumber,
    origin_hash: &Hash,
    shard: u16,
    slot: &Slot,
    root: &dyn Fn(u64) -> Option<&'r dyn Root>,
    writes: &mut WriteSet,
) -> Result<(), VaultError> {
    let mut value = Vec::with_capacity(2 * VERSION_BYTES);
    for key in slot.keys() {
        let root = root(key.epoch).ok_or(CustodianError::NoRoot { epoch: key.epoch })?;
        value.extend_from_slice(&key.generation.to_be_bytes());
        value.extend_from_slice(&key.epoch.to_be_bytes());
        value.extend_from_slice(&root.wrap(&shard_aad(origin_hash, shard, key.generation), &key.secret)?);
    }
    writes.put(Table::ShardKeys, row_key(ledger, &[&shard.to_be_bytes()]), value);
    Ok(())
}

/// Generation and epoch of a wrapping key; of a row of them those of the newest, which stands first.
pub(super) fn version(row: &[u8]) -> Option<(u64, u64)> {
    let (generation, rest) = row.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*generation), u64::from_be_bytes(*rest.first_chunk::<8>()?)))
}

pub(super) fn shard_aad(origin_hash: &Hash, shard: u16, generation: u64) -> Vec<u8> {
    [&b"whosaw/shard-key/v1\0"[..], origin_hash, &shard.to_be_bytes(), &generation.to_be_bytes()].concat()
}

/// A row sealed under one of the vault's own keys: generation u32 ‖ nonce 12 ‖ ciphertext ‖ tag.
pub(super) fn seal_own(ring: &Ring, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let own = ring.own();
    Ok([&(own.key.generation as u32).to_be_bytes()[..], &crypto::wrap(&own.rows, aad, plain)?].concat())
}

/// Opens what [`seal_own`] made, under the new key or the old one.
pub(super) fn open_own(ring: &Ring, aad: &[u8], row: &[u8]) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let (generation, sealed) = row.split_first_chunk::<4>()?;
    crypto::unwrap(&ring.own_of(u32::from_be_bytes(*generation))?.rows, aad, sealed)
}
