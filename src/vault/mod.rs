//! Persons: who they are, the keys their data is sealed under, and where their parts stand.
//!
//! Custodian root (one per epoch) ─wraps→ 16,384 shard keys ─wrap→ a data key per (person, class, month) ─seals→ parts.
//! Knows nothing of the ledger's Merkle tree; it hands over sealed parts and rows that travel in the entry's own commit.
//!
//! | table | key (ledger u32 ‖ …) | value |
//! |---|---|---|
//! | ShardKeys | shard u16 | generation u64 ‖ epoch u64 ‖ wrapped by the root (AAD O ‖ shard ‖ generation) |
//! | Lookups | 0x01 ‖ HMAC(shard key, identifier)[:16] | sealed by the shard key: person 16 ‖ home shard u16, of a strong identity |
//! | Lookups | 0x02 ‖ person 16 | sealed by the person's record key R: identities (`PersonRecord`) and who else they are |
//! | Lookups | 0x03 ‖ HMAC(shard key, identifier)[:16] | the same as 0x01, of a weak identity |
//! | Lookups | 0x04 ‖ HMAC(R, "link" ‖ n)[:16] | sealed by R: the person's n-th weak link (`WeakLink`), n u64 |
//! | Lookups | 0x05 ‖ HMAC(R, "pair" ‖ other person 16)[:16] | nothing: R's person, the lesser of the two, is linked weakly to the other |
//! | DataKeys | person 16 ‖ class u8 ‖ month u16 | generation u64 ‖ wrapped by the home shard's key |
//! | SubjectIndex | HMAC(K, "idx" ‖ n)[:16] | r 8 ‖ masked (index u64 ‖ ordinal u32 ‖ 0 u32) |
//! | Lookups | 0x06 | HMAC(L, "whosaw/lookup-check/v1\0" ‖ O): tells whether this is the ledger's L |
//! | Readers | index u64 ‖ ordinal u32 | sealed by the readers key, the row's key its nonce: whose key opens the part |
//!
//! The identifier's shard is the first 14 bits of HMAC(L, identifier), L the custodian's stable key. Person ids and home
//! shards are random. Class 0, month 0 is the record key; the ledger itself and conversations are holders like persons.

mod crypto;
pub mod custodian;
mod identifier;
mod keys;
mod open;
mod pending;
mod persons;
pub mod pkcs11;
mod resolve;
mod scan;
mod seal;
#[cfg(test)]
mod tests;

pub use crypto::Secret;
pub use custodian::{Claim, Custodian, CustodianClass, CustodianError, KeyDirectory, Root};
pub use identifier::normal;
pub use keys::DataKey;
pub use persons::PersonId;
pub use scan::{Found, Scan};

use crate::model::{LEDGER, RetentionClass};
use crate::store::{LedgerNumber, Snapshot, Store, StoreError, Table, WriteSet};
use crypto::{MacKey, PlaceCipher};
use persons::{LookupPlace, Persons};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex};
use whosaw_verifier::hash::Hash;

pub const SHARDS: u16 = 16_384;

const STRONG_ROW: u8 = 1;
const RECORD_ROW: u8 = 2;
const WEAK_ROW: u8 = 3;
const LINK_ROW: u8 = 4;
const PAIR_ROW: u8 = 5;
const CHECK_ROW: u8 = 6;

/// One ledger's persons. Shared by all threads; the lock is held for lookups in memory and for making what is new.
pub struct Vault {
    store: Arc<dyn Store>,
    ledger: LedgerNumber,
    origin: String,
    origin_hash: Hash,
    custodian: Arc<dyn Custodian>,
    generation: u64,
    shard_keys: Vec<Secret>,
    readers: PlaceCipher,
    /// Tells callers apart without their names.
    callers: MacKey,
    persons: Mutex<Persons>,
    /// The ledger's own identifier and where it is looked up: what concerns no person goes on without the custodian.
    own_place: (Vec<u8>, LookupPlace),
}

/// Where a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartPlace {
    pub index: u64,
    pub ordinal: u32,
}

/// Why the vault cannot do what was asked. Nothing here names a person.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Custodian(#[from] CustodianError),
    #[error("no randomness can be had")]
    NoRandomness,
    #[error("sealing failed; nothing was recorded")]
    Sealing,
    #[error("a part of {bytes} bytes is longer than a part can be")]
    PartTooLong { bytes: usize },
    #[error(
        "vault rows do not open under the keys at hand: database and key directory do not belong together ({what})"
    )]
    Foreign { what: &'static str },
    #[error("vault row is torn: {what}")]
    Torn { what: &'static str },
}

/// Why a part stays closed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The key is gone.
    #[error("the part's key is not here")]
    NoKey,
    #[error("the part was altered or stands in the wrong place")]
    Forged,
    #[error("the opened part is not in the form this version knows")]
    Unreadable,
}

impl Vault {
    /// The rows of a new vault: 16,384 shard keys under root 1. The caller commits them together with the genesis entry.
    pub fn create(ledger: LedgerNumber, origin: &str, custodian: &dyn Custodian) -> Result<WriteSet, VaultError> {
        if custodian.epochs()?.is_empty() {
            custodian.create_root(1)?;
        }
        let epoch = custodian.epochs()?.last().copied().unwrap_or(1);
        let root = custodian.root(epoch)?;
        let origin_hash = whosaw_verifier::entry::origin_hash(origin);
        let mut writes = WriteSet::default();
        for shard in 0..SHARDS {
            let wrapped = root.wrap(&shard_aad(&origin_hash, shard, 1), &*Secret::random()?)?;
            let value = [&1u64.to_be_bytes()[..], &epoch.to_be_bytes(), &wrapped].concat();
            writes.put(Table::ShardKeys, row_key(ledger, &[&shard.to_be_bytes()]), value);
        }
        writes.put(Table::Lookups, row_key(ledger, &[&[CHECK_ROW]]), lookup_check(custodian, &origin_hash)?);
        Ok(writes)
    }

    /// Unwraps the shard keys; fails where database and custodian do not belong together.
    pub fn open(
        store: Arc<dyn Store>,
        ledger: LedgerNumber,
        origin: &str,
        custodian: Arc<dyn Custodian>,
    ) -> Result<Arc<Vault>, VaultError> {
        let origin_hash = whosaw_verifier::entry::origin_hash(origin);
        let (shard_keys, generation) = {
            let snapshot = store.snapshot()?;
            let shards = open_shards(snapshot.as_ref(), ledger, &origin_hash, custodian.as_ref())?;
            // With another L every known person would be somebody new.
            let check = snapshot.get(Table::Lookups, &row_key(ledger, &[&[CHECK_ROW]]))?;
            if check.as_deref() != Some(&lookup_check(custodian.as_ref(), &origin_hash)?) {
                return Err(VaultError::Foreign { what: "lookup key" });
            }
            shards
        };
        let callers_key = Secret::new(custodian.lookup_mac(&[&b"whosaw/callers/v1\0"[..], &origin_hash].concat())?);
        let readers_key = Secret::new(custodian.lookup_mac(&[&b"whosaw/readers/v1\0"[..], &origin_hash].concat())?);
        let own = identifier::identifier(&persons::holder(LEDGER, origin));
        let own = own.ok_or(VaultError::Foreign { what: "name of the ledger" })?;
        let placed = custodian.lookup_mac(identifier::encoding(&own))?;
        let own_place = LookupPlace::new(&placed, &shard_keys, identifier::encoding(&own));
        Ok(Arc::new(Vault {
            store,
            ledger,
            origin: origin.to_owned(),
            origin_hash,
            custodian,
            generation,
            shard_keys,
            readers: PlaceCipher::new(&readers_key),
            callers: MacKey::new(&callers_key),
            persons: Mutex::new(Persons::default()),
            own_place: (own, own_place),
        }))
    }

    /// Raised by every erasure; a report names the one it was made under.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// In the words of a report.
    pub fn custodian_class(&self) -> &'static str {
        custodian::class_words(self.custodian.class())
    }

    /// Whether the custodian's keys can be used now. Without them whoever is not in memory can be neither sealed for nor
    /// found; what was found opens, and what concerns no person is sealed. May take as long as the custodian does.
    pub fn custodian_healthy(&self) -> Result<(), CustodianError> {
        self.custodian.healthy()
    }

    /// Whether looking somebody up may mean to wait for a device.
    pub fn lookups_wait(&self) -> bool {
        self.custodian.class() != CustodianClass::KeyDirectory
    }

    fn shard_key(&self, shard: u16) -> &Secret {
        &self.shard_keys[usize::from(shard % SHARDS)]
    }
}

/// All shard keys and the newest generation. Each root is fetched once, and let go of when this returns.
fn open_shards(
    snapshot: &dyn Snapshot,
    ledger: LedgerNumber,
    origin_hash: &Hash,
    custodian: &dyn Custodian,
) -> Result<(Vec<Secret>, u64), VaultError> {
    let torn = || VaultError::Torn { what: "shard keys" };
    let (from, until) = (row_key(ledger, &[]), row_key(ledger, &[&[0xff; 3]]));
    let rows = snapshot.scan(Table::ShardKeys, &from, &until, usize::from(SHARDS) + 1)?;
    if rows.len() != usize::from(SHARDS) {
        return Err(torn());
    }
    let mut roots: BTreeMap<u64, Box<dyn Root + '_>> = BTreeMap::new();
    let (mut keys, mut newest) = (Vec::with_capacity(rows.len()), 0);
    for (shard, (row, value)) in (0..SHARDS).zip(&rows) {
        let (generation, rest) = value.split_first_chunk::<8>().ok_or_else(torn)?;
        let (epoch, wrapped) = rest.split_first_chunk::<8>().ok_or_else(torn)?;
        let (generation, epoch) = (u64::from_be_bytes(*generation), u64::from_be_bytes(*epoch));
        if *row != row_key(ledger, &[&shard.to_be_bytes()]) {
            return Err(torn());
        }
        let root = match roots.entry(epoch) {
            Entry::Occupied(root) => root.into_mut(),
            Entry::Vacant(place) => place.insert(custodian.root(epoch)?),
        };
        keys.push(root.unwrap(&shard_aad(origin_hash, shard, generation), wrapped)?);
        newest = newest.max(generation);
    }
    Ok((keys, newest))
}

fn lookup_check(custodian: &dyn Custodian, origin_hash: &Hash) -> Result<Hash, CustodianError> {
    custodian.lookup_mac(&[&b"whosaw/lookup-check/v1\0"[..], origin_hash].concat())
}

fn row_key(ledger: LedgerNumber, pieces: &[&[u8]]) -> Vec<u8> {
    let mut key = ledger.0.to_be_bytes().to_vec();
    for piece in pieces {
        key.extend_from_slice(piece);
    }
    key
}

fn shard_aad(origin_hash: &Hash, shard: u16, generation: u64) -> Vec<u8> {
    [&b"whosaw/shard-key/v1\0"[..], origin_hash, &shard.to_be_bytes(), &generation.to_be_bytes()].concat()
}

/// Which key of a person: the class, and months since January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct KeyName {
    class: u8,
    month: u16,
}

impl KeyName {
    /// Seals the person's own record: identities and links.
    const RECORD: KeyName = KeyName { class: 0, month: 0 };

    fn of(class: RetentionClass, month: u16) -> Self {
        KeyName { class: class as u8, month }
    }
}

fn mac_of(secret: &Secret) -> MacKey {
    MacKey::new(secret)
}
