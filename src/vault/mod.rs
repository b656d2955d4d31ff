//! Persons: who they are, the keys their data is sealed under, and where their parts stand.
//!
//! Custodian root (one per epoch) ─wraps→ 16,384 shard keys and the vault's own key O; a shard key ─wraps→ a data key per
//! (person, class, month) ─seals→ parts.
//! Knows nothing of the ledger's Merkle tree; it hands over sealed parts and rows that travel in the entry's own commit.
//!
//! | table | key (ledger u32 ‖ …) | value |
//! |---|---|---|
//! | ShardKeys | shard u16; 16,384 for the own key | one or two (new, old) of: generation u64 ‖ epoch u64 ‖ wrapped by the root (AAD O ‖ shard ‖ generation) |
//! | Lookups | 0x01 ‖ shard u16 ‖ HMAC(shard key, identifier)[:16] | sealed by the shard key: person 16 ‖ home shard u16, of a strong identity |
//! | Lookups | 0x02 ‖ person 16 | sealed by the person's record key R: identities (`PersonRecord`) and who else they are |
//! | Lookups | 0x03 ‖ shard u16 ‖ HMAC(shard key, identifier)[:16] | the same as 0x01, of a weak identity |
//! | Lookups | 0x04 ‖ HMAC(R, "link" ‖ n)[:16] | sealed by R: the person's n-th weak link (`WeakLink`), n u64 |
//! | Lookups | 0x05 ‖ HMAC(R, "pair" ‖ other person 16)[:16] | nothing: R's person, the lesser of the two, is linked weakly to the other |
//! | DataKeys | home shard u16 ‖ person 16 ‖ class u8 ‖ month u16 | generation u64 of the shard's key ‖ wrapped by it |
//! | SubjectIndex | HMAC(K, "idx" ‖ n)[:16] | r 8 ‖ masked (index u64 ‖ ordinal u32 ‖ 0 u32) |
//! | Lookups | 0x07, 0x08 ‖ random 16; 0x09 ‖ person 16 ‖ shard u16 | generation u32 ‖ sealed by the own key: what waits to be erased, holds, restrictions |
//! | Lookups | 0x0e ‖ HMAC(K, "matter")[:16] ‖ HMAC(K, "kept" ‖ index u64 ‖ ordinal u32)[:16] | sealed by K, a matter's key: P of a part that it keeps, and whose it was (`kept`) |
//! | Lookups | 0x0c | the retention rules in force (`RetentionBody`), in the open as in the entry that says so |
//! | Lookups | 0x0d | month u16 in which the rules were last looked at |
//! | Lookups | 0x0a | epoch u64: a batch of erasures has made this root and not used it yet |
//! | Lookups | 0x0b | index u64 ‖ epoch u64: the batch recorded there is not finished, and the root to be destroyed |
//! | Lookups | 0x06 | HMAC(L, "whosaw/lookup-check/v1\0" ‖ O): tells whether this is the ledger's L |
//! | Readers | index u64 ‖ ordinal u32 | generation u32 of the own key ‖ sealed by its readers key, the row's key the nonce: whose key opens the part |
//!
//! The identifier's shard is the first 14 bits of HMAC(L, identifier), L the custodian's stable key. Person ids and home
//! shards are random. Class 0, month 0 is the record key; class 16, month 0 the key of a matter, whose id stands in the
//! place of a person's; the ledger itself and conversations are holders like persons.

mod crypto;
pub mod custodian;
mod erase;
pub mod files;
mod identifier;
pub mod in_time;
pub mod journal;
mod kept;
mod keys;
mod link;
mod mirror;
mod named;
mod open;
mod pending;
mod persons;
pub mod pkcs11;
mod rebuild;
mod resolve;
mod ring;
mod scan;
mod seal;
mod standing;
#[cfg(test)]
mod tests;
mod trial;

pub use crypto::Secret;
pub use custodian::{Claim, Custodian, CustodianError, KeyDirectory, Root};
pub use erase::{Doomed, Fate, MovedRows, SharedPlace, Sharer, Turn, Unfinished};
pub use identifier::{from_part as identity_of, normal, to_part as part_identity};
pub use journal::StandingJournal;
pub use kept::{Kept, KeptPlaces, conversation_hash};
pub use keys::DataKey;
pub use mirror::{Mirror, MirrorError, MirrorHead};
pub use persons::PersonId;
pub use rebuild::{Claimed, RecoveredEntry, SharedBy};
pub use scan::{Found, Scan};
pub use standing::{Change, DueErasure, HeldPerson, Hold, Restriction, Standing, StandingId};

use crate::model::{CustodianClass, LEDGER, RetentionClass};
use crate::store::{LedgerNumber, Store, StoreError, Table, WriteSet};
use crypto::MacKey;
use persons::Persons;
use ring::Ring;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
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
    /// Replaced when a batch of erasures gives new keys to shards.
    ring: RwLock<Arc<Ring>>,
    /// Tells callers apart without their names.
    callers: MacKey,
    /// Makes the ids of tool calls that come without one.
    calls: MacKey,
    persons: Mutex<Persons>,
    standing: RwLock<Standing>,
    /// The ledger's own identifier and its shard: what concerns no person goes on without the custodian.
    own: (Vec<u8>, u16),
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
    /// The rows of a new vault: 16,384 shard keys and the vault's own, under a root of its own, so that no ledger's
    /// erasures depend on another's. The caller commits them together with the genesis entry.
    pub fn create(ledger: LedgerNumber, origin: &str, custodian: &dyn Custodian) -> Result<WriteSet, VaultError> {
        let epoch = custodian.epochs()?.last().map_or(1, |last| last + 1);
        custodian.create_root(epoch)?;
        let origin_hash = whosaw_verifier::entry::origin_hash(origin);
        let mut writes = WriteSet::default();
        Ring::create(ledger, &origin_hash, custodian.root(epoch)?.as_ref(), epoch, &mut writes)?;
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
        let ring = {
            let snapshot = store.snapshot()?;
            let ring = Ring::read(snapshot.as_ref(), ledger, &origin_hash, custodian.as_ref())?;
            // With another L every known person would be somebody new.
            let check = snapshot.get(Table::Lookups, &row_key(ledger, &[&[CHECK_ROW]]))?;
            if check.as_deref() != Some(&lookup_check(custodian.as_ref(), &origin_hash)?) {
                return Err(VaultError::Foreign { what: "lookup key" });
            }
            ring
        };
        let callers_key = Secret::new(custodian.lookup_mac(&[&b"whosaw/callers/v1\0"[..], &origin_hash].concat())?);
        let calls_key = Secret::new(custodian.lookup_mac(&[&b"whosaw/calls/v1\0"[..], &origin_hash].concat())?);
        let own = identifier::identifier(&persons::holder(LEDGER, origin));
        let own = own.ok_or(VaultError::Foreign { what: "name of the ledger" })?;
        let shard = persons::shard_of(&custodian.lookup_mac(identifier::encoding(&own))?);
        let vault = Vault {
            store,
            ledger,
            origin: origin.to_owned(),
            origin_hash,
            custodian,
            ring: RwLock::new(Arc::new(ring)),
            callers: MacKey::new(&callers_key),
            calls: MacKey::new(&calls_key),
            persons: Mutex::new(Persons::default()),
            standing: RwLock::default(),
            own: (own, shard),
        };
        let standing = Standing::read(&vault)?;
        *vault.standing.write().unwrap_or_else(PoisonError::into_inner) = standing;
        Ok(Arc::new(vault))
    }

    /// Raised by every erasure; a report names the one it was made under.
    pub fn generation(&self) -> u64 {
        self.ring().generation
    }

    /// In the words of a report.
    pub fn custodian_class(&self) -> &'static str {
        custodian::class_words(self.custodian.class())
    }

    pub fn custodian(&self) -> CustodianClass {
        self.custodian.class()
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

    /// The root in use.
    pub fn epoch(&self) -> u64 {
        self.ring().epoch()
    }

    /// What may be said of a root that was destroyed.
    pub fn strongest_claim(&self) -> Claim {
        self.custodian.strongest_claim()
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads with one ring: again, where another one came in the middle, because rows may have moved with it.
    fn steadily<T>(&self, read: impl Fn(&Arc<Ring>) -> Result<T, VaultError>) -> Result<T, VaultError> {
        loop {
            let ring = self.ring();
            let result = read(&ring);
            if Arc::ptr_eq(&ring, &self.ring()) {
                return result;
            }
        }
    }
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

/// Which key of a person: the class, and months since January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName {
    class: u8,
    month: u16,
}

impl KeyName {
    /// Seals the person's own record: identities and links.
    const RECORD: KeyName = KeyName { class: 0, month: 0 };

    /// Seals what a matter keeps.
    const MATTER: KeyName = KeyName { class: 16, month: 0 };

    fn of(class: RetentionClass, month: u16) -> Self {
        KeyName { class: class as u8, month }
    }

    pub fn retention_class(self) -> RetentionClass {
        let classes = [RetentionClass::Subject, RetentionClass::Staff, RetentionClass::Content];
        classes.into_iter().find(|class| *class as u8 == self.class).unwrap_or_default()
    }
}

fn mac_of(secret: &Secret) -> MacKey {
    MacKey::new(secret)
}
