//! Sealing: an admitted action goes in, a sealed one comes out. Fails closed: no key, no action.

use super::crypto::{self, MacKey};
use super::keys::DataKey;
use super::pending::{PendingRow, each_once};
use super::persons::holder;
use super::resolve::Resolved;
use super::{KeyName, PersonId, Vault, VaultError, row_key};
use crate::model::{
    Admitted, Holder, Judgement, LEDGER, Placement, PlainPart, RetentionClass, Sealed, SealedPart, UnixMicros,
};
use crate::store::{Table, WriteSet};
use std::sync::{Arc, Weak};
use whosaw_verifier::entry::body_commitment;
use whosaw_verifier::hash::{Hash, sha256};
use whosaw_verifier::merkle;
use whosaw_verifier::seal as construction;
use whosaw_verifier::wire::Message as _;

/// Whose key opens a part, as it stands sealed in a reader row.
pub(super) const LOCATOR_PERSON: u8 = 1;
pub(super) const LOCATOR_SHARED: u8 = 2;

/// Who holds the key of a part, once resolved.
enum PartKey {
    One(Arc<DataKey>),
    Shared { by: Vec<u32>, key: Hash },
}

impl Vault {
    /// Seals every part of an action; the rows that make the parts findable travel with it.
    pub fn seal(self: &Arc<Self>, admitted: Admitted, now: UnixMicros) -> Result<Sealed, VaultError> {
        let salt = crypto::random::<32>()?;
        let b = body_commitment(&self.origin_hash, &salt, &admitted.body);
        let month = now.month();
        let (mut keys, mut rows) = (Vec::with_capacity(admitted.parts.len()), Vec::new());
        for (ordinal, part) in admitted.parts.iter().enumerate() {
            keys.push(self.part_key(part, ordinal as u32, &keys, &b, month, &mut rows)?);
        }
        let mut parts = Vec::with_capacity(keys.len());
        for (ordinal, (key, part)) in keys.iter().zip(&admitted.parts).enumerate() {
            parts.push(self.seal_part(key, &b, ordinal as u32, &part.part.encode())?);
        }
        let request_key = match keys.first() {
            Some(PartKey::One(key)) => Arc::clone(key),
            _ => self.ledger_key(&mut rows)?,
        };
        each_once(&mut rows);
        let request_digest = request_digest(&request_key, &self.origin_hash, &b, &admitted.request);
        let leaves: Vec<Hash> = parts.iter().map(|part| part.leaf).collect();
        let placement = SealedPlacement { vault: Arc::downgrade(self), request: admitted.request, keys, rows };
        Ok(Sealed {
            kind: admitted.kind,
            action_id: admitted.action_id,
            caller: admitted.caller,
            salt,
            body: admitted.body,
            body_commitment: b,
            parts_root: merkle::root(&leaves),
            parts,
            request_digest,
            request: admitted.request,
            generation: self.generation,
            placement: Arc::new(placement),
        })
    }

    fn part_key(
        &self,
        part: &PlainPart,
        ordinal: u32,
        before: &[PartKey],
        b: &Hash,
        month: u16,
        rows: &mut Vec<Arc<PendingRow>>,
    ) -> Result<PartKey, VaultError> {
        match &part.holder {
            Holder::Person { identities, class } => {
                let resolved = self.resolve(identities, KeyName::of(*class, month))?;
                rows.extend(resolved.rows);
                Ok(PartKey::One(resolved.key))
            }
            Holder::Ledger => self.ledger_key(rows).map(PartKey::One),
            Holder::Shared { by } => {
                let mut shares = Vec::with_capacity(by.len());
                for sharer in by {
                    let Some(PartKey::One(key)) = before.get(*sharer as usize) else {
                        return Err(VaultError::Sealing);
                    };
                    shares.push(key.share(&self.origin_hash, b, ordinal));
                }
                Ok(PartKey::Shared { by: by.clone(), key: construction::shared_key(&shares) })
            }
        }
    }

    /// The ledger's own key: one for ever, for content that concerns neither person nor conversation.
    pub(super) fn ledger_key(&self, rows: &mut Vec<Arc<PendingRow>>) -> Result<Arc<DataKey>, VaultError> {
        let identity = holder(LEDGER, &self.origin);
        let Resolved { key, rows: pending } = self.resolve(&[identity], KeyName::of(RetentionClass::Content, 0))?;
        rows.extend(pending);
        Ok(key)
    }

    fn seal_part(&self, key: &PartKey, b: &Hash, ordinal: u32, part: &[u8]) -> Result<SealedPart, VaultError> {
        let too_long = VaultError::PartTooLong { bytes: part.len() };
        let mut padded = construction::pad(part).ok_or(too_long)?;
        let random = crypto::random::<32>()?;
        let shared;
        let mac = match key {
            PartKey::One(key) => &key.mac,
            PartKey::Shared { key, .. } => {
                shared = MacKey::new(key);
                &shared
            }
        };
        let digest = sha256(&[&padded]);
        let seed = mac.mac(&[b"whosaw/seed/v1\0", &random, b, &ordinal.to_be_bytes(), &digest]);
        let p = MacKey::new(&mac.mac(&[b"whosaw/part/v1\0", &self.origin_hash, &seed]));
        let kc = p.mac(&[b"commit"]);
        let aad = construction::associated_data(&self.origin_hash, b, ordinal, &seed, &kc);
        crypto::seal_once(&p.mac(&[b"enc"]), &aad, &mut padded)?;
        let bytes = [&[1u8][..], &seed, &kc, &padded].concat();
        Ok(SealedPart { leaf: merkle::leaf_hash(&bytes), bytes })
    }

    fn reader_row(&self, index: u64, ordinal: u32, locator: &[u8], writes: &mut WriteSet) -> Result<(), VaultError> {
        let key = row_key(self.ledger, &[&index.to_be_bytes(), &ordinal.to_be_bytes()]);
        let value = crypto::wrap(&self.readers_key, &reader_aad(&self.origin_hash, &key), locator)?;
        writes.put(Table::Readers, key, value);
        Ok(())
    }
}

pub(super) fn reader_aad(origin_hash: &Hash, row_key: &[u8]) -> Vec<u8> {
    [&b"whosaw/reader/v1\0"[..], origin_hash, row_key].concat()
}

pub(super) fn request_digest(key: &DataKey, origin_hash: &Hash, b: &Hash, request: &Hash) -> Hash {
    key.mac.mac(&[b"whosaw/request/v1\0", origin_hash, b, request])
}

pub(super) fn encode_person_locator(person: &PersonId, name: KeyName) -> Vec<u8> {
    let mut locator = vec![LOCATOR_PERSON];
    locator.extend_from_slice(&person.id);
    locator.extend_from_slice(&person.shard.to_be_bytes());
    locator.push(name.class);
    locator.extend_from_slice(&name.month.to_be_bytes());
    locator
}

fn encode_shared_locator(by: &[u32]) -> Vec<u8> {
    let mut locator = vec![LOCATOR_SHARED];
    let mut at = 0;
    while at < by.len() {
        let first = by[at];
        let count = by[at..].iter().zip(first..).take_while(|(ordinal, expected)| *ordinal == expected).count();
        locator.extend_from_slice(&first.to_be_bytes());
        locator.extend_from_slice(&(count as u32).to_be_bytes());
        at += count;
    }
    locator
}

/// Does what is left once the entry has its index.
struct SealedPlacement {
    vault: Weak<Vault>,
    request: Hash,
    keys: Vec<PartKey>,
    rows: Vec<Arc<PendingRow>>,
}

impl Placement for SealedPlacement {
    fn place(&self, index: u64, writes: &mut WriteSet) {
        let Some(vault) = self.vault.upgrade() else { return };
        self.rows.iter().for_each(|row| row.put(writes));
        for (ordinal, key) in self.keys.iter().enumerate() {
            let ordinal = ordinal as u32;
            // Without randomness the row is left out rather than weakened; the rescan before a report still finds the part.
            let mut index_row = |key: &DataKey| {
                if let Ok(r) = crypto::random::<8>() {
                    key.put_index_row(index, ordinal, r, writes);
                }
            };
            let locator = match key {
                PartKey::One(key) => {
                    index_row(key);
                    encode_person_locator(&key.person, key.name)
                }
                PartKey::Shared { by, .. } => {
                    for sharer in by {
                        if let Some(PartKey::One(key)) = self.keys.get(*sharer as usize) {
                            index_row(key);
                        }
                    }
                    encode_shared_locator(by)
                }
            };
            let _ = vault.reader_row(index, ordinal, &locator, writes);
        }
    }

    fn durable(&self) {
        self.rows.iter().for_each(|row| row.mark_durable());
    }

    fn judge(&self, index: u64, body_commitment: &Hash, digest: &Hash) -> Judgement {
        let Some(vault) = self.vault.upgrade() else { return Judgement::Unchecked };
        let key = match vault.first_key(index) {
            Ok(Some(key)) => key,
            Ok(None) | Err(_) => return Judgement::Unchecked,
        };
        if request_digest(&key, &vault.origin_hash, body_commitment, &self.request) == *digest {
            Judgement::Same
        } else {
            Judgement::Different
        }
    }
}
