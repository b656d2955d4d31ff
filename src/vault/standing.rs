//! What stands about persons besides who they are: whose processing is restricted, what is held, what waits to be erased.
//! Few rows, sealed under the vault's own key, all of them in memory too.

use super::ring::{Ring, open_own, seal_own};
use super::{PersonId, Vault, VaultError, persons, row_key};
use crate::model::{Exemption, Ground};
use crate::store::{Row, Snapshot, Table, WriteSet, pages};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLockReadGuard, RwLockWriteGuard};
use whosaw_verifier::body::{RetentionBody, RetentionRule};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::message;
use whosaw_verifier::wire::Message;

pub(super) const DUE_ROW: u8 = 7;
pub(super) const HOLD_ROW: u8 = 8;
pub(super) const RESTRICTION_ROW: u8 = 9;
pub(super) const RULES_ROW: u8 = 0x0c;
pub(super) const LOOKED_ROW: u8 = 0x0d;

message! {
    /// An erasure that was asked for and has not been done.
    pub struct DueErasure { 1 person: Vec<u8>, 2 shard: u32,
        /// SHA-256("whosaw/erasure-token/v1\0" ‖ token); who asked has the token.
        3 token: Vec<u8>,
        4 asked_us: u64, 5 ground: Ground,
        /// A hold stands in its way, and that was recorded.
        6 blocked: bool }

    /// What a matter keeps from erasure and retention.
    pub struct Hold {
        1 persons: Vec<HeldPerson>,
        2 datasets: Vec<String>,
        3 agents: Vec<String>,
        /// recorded_at of entries, Unix microseconds, half-open; 0: no bound.
        4 from_us: u64,
        5 until_us: u64,
        6 exemption: Exemption,
        7 since_us: u64,
        /// The matter is over, and what it kept goes with the next batch; 0: in force.
        8 released_us: u64,
    }

    pub struct HeldPerson { 1 person: Vec<u8>, 2 shard: u32 }

    /// GDPR Art. 18: from now on stored only.
    pub struct Restriction { 1 ground: Ground, 2 since_us: u64 }
}

impl DueErasure {
    pub fn person(&self) -> Result<PersonId, VaultError> {
        persons::person_id(&self.person, self.shard)
    }
}

impl Hold {
    pub fn persons(&self) -> Result<Vec<PersonId>, VaultError> {
        self.persons.iter().map(|held| persons::person_id(&held.person, held.shard)).collect()
    }

    /// Keeps whole persons, or everybody, whatever the entry. Any other keeps single parts.
    pub fn is_of_whole_persons(&self) -> bool {
        self.datasets.is_empty() && self.agents.is_empty() && (self.from_us, self.until_us) == (0, 0)
    }
}

/// A matter's, a request's own random id.
pub type StandingId = [u8; 16];

/// All of it, in memory.
#[derive(Default)]
pub struct Standing {
    pub due: BTreeMap<StandingId, DueErasure>,
    /// The same by person, so that each request need not look at all that wait.
    of_person: BTreeSet<(PersonId, StandingId)>,
    pub holds: BTreeMap<StandingId, Hold>,
    /// Matters that are over and keep parts until the next batch.
    pub released: BTreeMap<StandingId, Hold>,
    pub restricted: BTreeMap<PersonId, Restriction>,
    /// How long keys of each class are kept; what no rule names is kept.
    pub rules: Vec<RetentionRule>,
    /// Month in which the rules were last looked at; months since January 1970.
    pub looked: u16,
}

/// One change, as a row and in memory.
#[derive(Clone)]
pub enum Change {
    Due(StandingId, Option<DueErasure>),
    Hold(StandingId, Option<Hold>),
    Restricted(PersonId, Option<Restriction>),
    /// All rules in force from now on.
    Rules(Vec<RetentionRule>),
    Looked(u16),
}

impl Change {
    pub(super) fn row(&self, vault: &Vault) -> Vec<u8> {
        match self {
            Change::Due(id, _) => row_key(vault.ledger, &[&[DUE_ROW], id]),
            Change::Hold(id, _) => row_key(vault.ledger, &[&[HOLD_ROW], id]),
            Change::Restricted(person, _) => {
                row_key(vault.ledger, &[&[RESTRICTION_ROW], &person.id, &person.shard.to_be_bytes()])
            }
            Change::Rules(_) => row_key(vault.ledger, &[&[RULES_ROW]]),
            Change::Looked(_) => row_key(vault.ledger, &[&[LOOKED_ROW]]),
        }
    }

    fn value(&self) -> Option<Vec<u8>> {
        match self {
            Change::Due(_, due) => due.as_ref().map(Message::encode),
            Change::Hold(_, hold) => hold.as_ref().map(Message::encode),
            Change::Restricted(_, restriction) => restriction.as_ref().map(Message::encode),
            Change::Looked(month) => Some(month.to_be_bytes().to_vec()),
            Change::Rules(rules) => Some(RetentionBody { rules: rules.clone(), ..RetentionBody::default() }.encode()),
        }
    }
}

impl Standing {
    /// Reads all rows of a ledger.
    pub(super) fn read(vault: &Vault) -> Result<Standing, VaultError> {
        let snapshot = vault.store.snapshot()?;
        let snapshot = snapshot.as_ref();
        let mut standing = Standing::default();
        let rules = snapshot.get(Table::Lookups, &row_key(vault.ledger, &[&[RULES_ROW]]))?;
        if let Some(rules) = rules {
            let torn = |_| VaultError::Torn { what: "retention rules" };
            standing.rules = RetentionBody::decode(&rules).map_err(torn)?.rules;
        }
        let looked = snapshot.get(Table::Lookups, &row_key(vault.ledger, &[&[LOOKED_ROW]]))?;
        if let Some(looked) = looked {
            let looked = looked.try_into().map_err(|_| VaultError::Torn { what: "retention" })?;
            standing.looked = u16::from_be_bytes(looked);
        }
        for tag in [DUE_ROW, HOLD_ROW, RESTRICTION_ROW] {
            for (key, row) in vault.own_rows(snapshot, tag)? {
                let foreign = || VaultError::Foreign { what: "standing row" };
                let torn = || VaultError::Torn { what: "standing row" };
                let plain = open_own(&vault.ring(), &vault.own_aad(&key), &row).ok_or_else(foreign)?;
                let id = key.get(5..21).and_then(|id| StandingId::try_from(id).ok()).ok_or_else(torn)?;
                match tag {
                    DUE_ROW => {
                        let due = DueErasure::decode(&plain).map_err(|_| torn())?;
                        due.person()?;
                        standing.apply(Change::Due(id, Some(due)));
                    }
                    HOLD_ROW => standing.apply(Change::Hold(id, Some(Hold::decode(&plain).map_err(|_| torn())?))),
                    _ => {
                        let shard = key.get(21..23).and_then(|shard| shard.try_into().ok()).ok_or_else(torn)?;
                        let person = PersonId { id, shard: u16::from_be_bytes(shard) };
                        let restriction = Restriction::decode(&plain).map_err(|_| torn())?;
                        standing.restricted.insert(person, restriction);
                    }
                }
            }
        }
        Ok(standing)
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Due(id, due) => {
                if let Some(person) = self.due.remove(&id).and_then(|before| before.person().ok()) {
                    self.of_person.remove(&(person, id));
                }
                if let Some(due) = due {
                    self.of_person.extend(due.person().ok().map(|person| (person, id)));
                    self.due.insert(id, due);
                }
            }
            Change::Hold(id, hold) => {
                self.holds.remove(&id);
                self.released.remove(&id);
                if let Some(hold) = hold {
                    let among = if hold.released_us == 0 { &mut self.holds } else { &mut self.released };
                    among.insert(id, hold);
                }
            }
            Change::Restricted(person, Some(restriction)) => drop(self.restricted.insert(person, restriction)),
            Change::Restricted(person, None) => drop(self.restricted.remove(&person)),
            Change::Rules(rules) => self.rules = rules,
            Change::Looked(month) => self.looked = month,
        }
    }
}

impl Standing {
    /// Erasures that wait for any of these ids of one person.
    pub fn due_of<'s>(&'s self, whole: &'s [PersonId]) -> impl Iterator<Item = (StandingId, &'s DueErasure)> {
        let of = |person: &PersonId| self.of_person.range((*person, [0; 16])..=(*person, [0xff; 16]));
        whole.iter().flat_map(of).filter_map(|(_, id)| Some((*id, self.due.get(id)?)))
    }
}

impl Vault {
    pub fn standing(&self) -> RwLockReadGuard<'_, Standing> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing_mut(&self) -> RwLockWriteGuard<'_, Standing> {
        self.standing.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the processing of this person's data is restricted, by any of the ids that are this person.
    pub fn is_restricted(&self, person: PersonId) -> Result<bool, VaultError> {
        if self.standing().restricted.is_empty() {
            return Ok(false);
        }
        let ids = self.linked(person)?;
        let standing = self.standing();
        Ok(ids.iter().any(|id| standing.restricted.contains_key(id)))
    }

    /// Rows for changes, to travel with the entry that records them. Sealed here, because where an entry is placed nothing
    /// may fail.
    pub fn rows_of(&self, changes: &[Change]) -> Result<WriteSet, VaultError> {
        let (ring, mut writes) = (self.ring(), WriteSet::default());
        for change in changes {
            let row = change.row(self);
            match change.value() {
                // The rules stand in an entry's body, for all to read.
                Some(value) if matches!(change, Change::Rules(_) | Change::Looked(_)) => {
                    writes.put(Table::Lookups, &row, value)
                }
                Some(value) => writes.put(Table::Lookups, &row, seal_own(&ring, &self.own_aad(&row), &value)?),
                None => writes.delete(Table::Lookups, &row),
            }
        }
        Ok(writes)
    }

    /// The rows of these changes are durable.
    pub fn changed(&self, changes: &[Change]) {
        let mut standing = self.standing_mut();
        changes.iter().for_each(|change| standing.apply(change.clone()));
    }

    /// Rows of one kind that are sealed under the vault's own key, of one state of the store.
    pub(super) fn own_rows(&self, snapshot: &dyn Snapshot, tag: u8) -> Result<Vec<Row>, VaultError> {
        let (from, until) = (row_key(self.ledger, &[&[tag]]), row_key(self.ledger, &[&[tag + 1]]));
        let mut all = Vec::new();
        for page in pages(snapshot, Table::Lookups, from, until, 1_024) {
            all.extend(page?);
        }
        Ok(all)
    }

    pub(super) fn own_aad(&self, row_key: &[u8]) -> Vec<u8> {
        own_aad(&self.origin_hash, row_key)
    }
}

pub(super) fn own_aad(origin_hash: &Hash, row_key: &[u8]) -> Vec<u8> {
    [&b"whosaw/standing/v1\0"[..], origin_hash, row_key].concat()
}

/// The same row under the newest key, where it is not already.
pub(super) fn moved(ring: &Ring, aad: &[u8], row: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
    if row.first_chunk::<4>() == Some(&(ring.generation as u32).to_be_bytes()) {
        return Ok(None);
    }
    let plain = open_own(ring, aad, row).ok_or(VaultError::Foreign { what: "standing row" })?;
    seal_own(ring, aad, &plain).map(Some)
}
