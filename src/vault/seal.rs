//! Sealing: an admitted action goes in, a sealed one comes out. Fails closed: no key, no action.

use super::crypto::{self, MacKey};
use super::keys::DataKey;
use super::pending::{PendingRow, each_once};
use super::persons::holder;
use super::resolve::Resolved;
use super::ring::Ring;
use super::{KeyName, PersonId, Vault, VaultError};
use crate::model::{
    Admitted, Holder, Judgement, LEDGER, Placement, RetentionClass, Sealed, SealedPart, UnixMicros, nfc,
};
use crate::store::{Table, WriteSet};
use std::sync::Arc;
use whosaw_verifier::entry::body_commitment;
use whosaw_verifier::hash::{Hash, sha256};
use whosaw_verifier::merkle;
use whosaw_verifier::part::Part;
use whosaw_verifier::seal::{self as construction, MAX_PART, MIN_PADDED};
use whosaw_verifier::wire::Message as _;

/// Whose key opens a part, as it stands sealed in a reader row.
pub(super) const LOCATOR_PERSON: u8 = 1;
pub(super) const LOCATOR_SHARED: u8 = 2;

/// Who holds the key of a part, once resolved.
enum Holding {
    One(Arc<DataKey>),
    /// Everybody with a part at these ordinals, together.
    Shared(Vec<u32>),
}

impl Vault {
    /// Seals every part of an action; the rows that make the parts findable travel with it.
    pub fn seal(self: &Arc<Self>, admitted: Admitted, now: UnixMicros) -> Result<Sealed, VaultError> {
        let salt = crypto::random_ahead()?;
        let b = body_commitment(&self.origin_hash, &salt, &admitted.body);
        let month = now.month();
        let mut rows = Vec::new();
        let mut holdings: Vec<Holding> = Vec::with_capacity(admitted.parts.len());
        let mut masks = Vec::with_capacity(admitted.parts.len());
        let mut parts = Vec::with_capacity(admitted.parts.len());
        for (ordinal, part) in (0u32..).zip(&admitted.parts) {
            let shared;
            let holding = self.holding(&part.holder, month, &mut rows)?;
            let (key, index_rows) = match &holding {
                Holding::One(key) => (&key.mac, 1),
                Holding::Shared(by) => {
                    shared = self.shared_key(&holdings, by, &b, ordinal)?;
                    (&shared, by.len())
                }
            };
            parts.push(self.seal_part(key, &b, ordinal, &part.part, &crypto::random_ahead()?)?);
            for _ in 0..index_rows {
                masks.push(crypto::random_ahead()?);
            }
            holdings.push(holding);
        }
        let request_key = match holdings.first() {
            Some(Holding::One(key)) => Arc::clone(key),
            _ => self.ledger_key(&mut rows)?,
        };
        each_once(&mut rows);
        let request_digest = request_digest(&request_key, &self.origin_hash, &b, &admitted.request);
        let parts_root = match parts.as_slice() {
            [only] => only.leaf,
            _ => merkle::root(&parts.iter().map(|part| part.leaf).collect::<Vec<Hash>>()),
        };
        let placement = SealedPlacement { vault: Arc::clone(self), request: admitted.request, holdings, masks, rows };
        Ok(Sealed {
            kind: admitted.kind,
            action_id: admitted.action_id,
            caller: self.caller(&admitted.caller.name),
            salt,
            body: admitted.body,
            body_commitment: b,
            parts_root,
            parts,
            request_digest,
            request: admitted.request,
            generation: self.generation(),
            placement: Arc::new(placement),
        })
    }

    fn holding(&self, holder: &Holder, month: u16, rows: &mut Vec<Arc<PendingRow>>) -> Result<Holding, VaultError> {
        match holder {
            Holder::Person { identities, class } => {
                let resolved = self.resolve(identities, KeyName::of(*class, month))?;
                rows.extend(resolved.rows);
                Ok(Holding::One(resolved.key))
            }
            Holder::Ledger => self.ledger_key(rows).map(Holding::One),
            Holder::Shared { by } => Ok(Holding::Shared(by.clone())),
        }
    }

    /// The key that all sharers make together; each of them has a part of their own before this one.
    fn shared_key(&self, before: &[Holding], by: &[u32], b: &Hash, ordinal: u32) -> Result<MacKey, VaultError> {
        let share = |sharer: &u32| match before.get(*sharer as usize) {
            Some(Holding::One(key)) => Ok(key.share(&self.origin_hash, b, ordinal)),
            _ => Err(VaultError::Sealing),
        };
        let shares = by.iter().map(share).collect::<Result<Vec<Hash>, _>>()?;
        Ok(MacKey::new(&construction::shared_key(&shares)))
    }

    /// The ledger's own key: one for ever, for content that concerns neither person nor conversation.
    fn ledger_key(&self, rows: &mut Vec<Arc<PendingRow>>) -> Result<Arc<DataKey>, VaultError> {
        let identity = holder(LEDGER, &self.origin);
        let Resolved { key, rows: pending } = self.resolve(&[identity], KeyName::of(RetentionClass::Content, 0))?;
        rows.extend(pending);
        Ok(key)
    }

    /// Makes S in place: version, seed and kc are written once what stands behind them is padded and hashed.
    pub(super) fn seal_part(
        &self,
        key: &MacKey,
        b: &Hash,
        ordinal: u32,
        part: &Part,
        random: &Hash,
    ) -> Result<SealedPart, VaultError> {
        const FRONT: usize = 1 + 32 + 32;
        let mut s = Vec::with_capacity(FRONT + 2 * MIN_PADDED + 16);
        s.resize(FRONT + 4, 0);
        part.encode_into(&mut s);
        let length = s.len() - FRONT - 4;
        if length > MAX_PART {
            return Err(VaultError::PartTooLong { bytes: length });
        }
        s[FRONT..FRONT + 4].copy_from_slice(&(length as u32).to_be_bytes());
        s.resize(FRONT + (length + 4).next_power_of_two().max(MIN_PADDED), 0);

        let place = ordinal.to_be_bytes();
        let seed = key.mac(&[b"whosaw/seed/v1\0", random, b, &place, &sha256(&[&s[FRONT..]])]);
        let p = MacKey::new(&key.mac(&[b"whosaw/part/v1\0", &self.origin_hash, &seed]));
        let kc = p.mac(&[b"commit"]);
        s[0] = 1;
        s[1..33].copy_from_slice(&seed);
        s[33..FRONT].copy_from_slice(&kc);
        let mut aad = [0u8; 15 + 32 + 32 + 4 + 32 + 32];
        let mut at = 0;
        for piece in [&b"whosaw/part/v1\0"[..], &self.origin_hash, b, &place, &seed, &kc] {
            aad[at..at + piece.len()].copy_from_slice(piece);
            at += piece.len();
        }
        crypto::seal_once(&p.mac(&[b"enc"]), &aad, &mut s, FRONT)?;
        Ok(SealedPart { leaf: merkle::leaf_hash(&s), bytes: s })
    }
}

pub(super) fn request_digest(key: &DataKey, origin_hash: &Hash, b: &Hash, request: &Hash) -> Hash {
    key.mac.mac(&[b"whosaw/request/v1\0", origin_hash, b, request])
}

pub(super) fn person_locator(person: &PersonId, name: KeyName) -> Vec<u8> {
    // Room for the tag too.
    let mut locator = Vec::with_capacity(1 + 16 + 2 + 1 + 2 + 16);
    locator.push(LOCATOR_PERSON);
    locator.extend_from_slice(&person.id);
    locator.extend_from_slice(&person.shard.to_be_bytes());
    locator.push(name.class);
    locator.extend_from_slice(&name.month.to_be_bytes());
    locator
}

pub(super) fn shared_locator(by: &[u32]) -> Vec<u8> {
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

/// Does what is left once the entry has its index. Holds the vault, so that no entry is ever durable without its keys.
struct SealedPlacement {
    vault: Arc<Vault>,
    request: Hash,
    holdings: Vec<Holding>,
    /// r of each index row, in the order in which they are written: drawn before, because here nothing may fail.
    masks: Vec<[u8; 8]>,
    rows: Vec<Arc<PendingRow>>,
}

impl Placement for SealedPlacement {
    fn place(&self, index: u64, writes: &mut WriteSet) {
        self.rows.iter().for_each(|row| row.put(writes));
        let mut masks = self.masks.iter();
        let ring = self.vault.ring();
        for (ordinal, holding) in (0u32..).zip(&self.holdings) {
            let mut index_row = |key: &DataKey| {
                if let Some(r) = masks.next() {
                    key.put_index_row(index, ordinal, r, writes);
                }
            };
            let locator = match holding {
                Holding::One(key) => {
                    index_row(key);
                    person_locator(&key.person, key.name)
                }
                Holding::Shared(by) => {
                    for sharer in by {
                        if let Some(Holding::One(key)) = self.holdings.get(*sharer as usize) {
                            index_row(key);
                        }
                    }
                    shared_locator(by)
                }
            };
            let sealed = self.vault.put_reader(&ring, reader_place(index, ordinal), locator, writes);
            debug_assert!(sealed.is_ok(), "a short row under a key that is there");
        }
    }

    fn durable(&self) {
        self.rows.iter().for_each(|row| row.mark_durable());
    }

    fn judge(&self, index: u64, body_commitment: &Hash, digest: &Hash) -> Judgement {
        self.vault.judge(index, body_commitment, digest, &self.request)
    }
}

impl Vault {
    /// Says whose key opens the part at `place`, under the newest of the vault's own keys.
    pub(super) fn put_reader(
        &self,
        ring: &Ring,
        place: [u8; 12],
        mut locator: Vec<u8>,
        writes: &mut WriteSet,
    ) -> Result<(), VaultError> {
        ring.own().readers.seal(place, &mut locator)?;
        let (ledger, generation) = (self.ledger.0.to_be_bytes(), (ring.generation as u32).to_be_bytes());
        writes.put_pieces(Table::Readers, &[&ledger, &place], &[&generation, &locator]);
        Ok(())
    }

    /// Whether a request is the one recorded at `index`, by the keyed digest that stands there.
    pub fn judge(&self, index: u64, body_commitment: &Hash, digest: &Hash, request: &Hash) -> Judgement {
        match self.first_key(index) {
            Ok(Some(key)) => {
                let same = request_digest(&key, &self.origin_hash, body_commitment, request) == *digest;
                if same { Judgement::Same } else { Judgement::Different }
            }
            Ok(None) => Judgement::Unchecked,
            Err(_) => Judgement::Unreadable,
        }
    }

    /// The keyed hash under which a caller is told from others.
    pub fn caller(&self, name: &str) -> Hash {
        self.callers.mac(&[name.as_bytes()])
    }

    /// The id of a tool call that came without one: the same for the same place of the same caller's conversation, a UUID
    /// of version 8. Ids stand in the open in the database, so that without the key nobody may be able to tell which
    /// conversation one is of.
    pub fn call_id(&self, caller: &str, conversation: &str, sequence: &str) -> [u8; 16] {
        let (conversation, sequence) = (nfc(conversation), nfc(sequence));
        let lengths = [caller.len(), conversation.len()].map(|length| (length as u64).to_be_bytes());
        let pieces = [&lengths[0], caller.as_bytes(), &lengths[1], conversation.as_bytes(), sequence.as_bytes()];
        let hash = self.calls.mac(&pieces);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        id[6] = (id[6] & 0x0f) | 0x80;
        id[8] = (id[8] & 0x3f) | 0x80;
        id
    }

    /// Whether sealing this would teach the vault that identities belong together: then it must not be a request that
    /// the ledger will refuse.
    pub fn would_learn(&self, admitted: &Admitted) -> Result<bool, VaultError> {
        for part in &admitted.parts {
            if let Holder::Person { identities, .. } = &part.holder
                && identities.len() > 1
                && !self.remembers(identities)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Where a reader row stands, and the nonce it is sealed with.
pub(super) fn reader_place(index: u64, ordinal: u32) -> [u8; 12] {
    let mut place = [0; 12];
    place[..8].copy_from_slice(&index.to_be_bytes());
    place[8..].copy_from_slice(&ordinal.to_be_bytes());
    place
}
