//! Destroying keys: what a batch of erasures and retention purges takes away, and how those who stay are moved from under
//! the old root.
//!
//! ```text
//! survey ─> root e+1 ─> turn: one commit ─> move keys, lookups, reader rows ─> drop old shard keys ─> destroy root e
//!           durable     new shard keys, rows      of everybody who stays             one commit
//!                       of the erased gone
//! ```
//!
//! After the turn nothing of the erased is found by ordinary means (*inaccessible*). What the disk still holds of their
//! rows is wrapped under shard keys that only root e opens, and that root goes as soon as nobody needs it any more. Until
//! then a touched shard has two keys, and its rows stand under either. A crash before the turn leaves a root that nobody
//! uses, which start-up destroys; a crash after it leaves moving to be done, which start-up goes on with.
//!
//! No append may be sealed before the turn and committed after it: whoever calls holds everybody up and waits until all
//! that was queued is durable.

use super::kept::{Kept, KeptPlaces, holder_of};
use super::keys::read_key_row;
use super::open::Locator;
use super::persons::LookupPlace;
use super::ring::Ring;
use super::standing::{Change, DUE_ROW, HOLD_ROW, RESTRICTION_ROW, StandingId, moved};
use super::{KeyName, PartPlace, PersonId, STRONG_ROW, Vault, VaultError, WEAK_ROW, identifier, row_key};
use crate::model::{RetentionClass, Strength};
use crate::store::{Snapshot, Table, WriteSet, pages};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

pub(super) const PREPARING_ROW: u8 = 0x0a;
pub(super) const UNFINISHED_ROW: u8 = 0x0b;

/// Whose keys are to go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doomed {
    /// Person ids, whole: every key and row. All ids of one person together.
    pub persons: BTreeSet<PersonId>,
    /// Single data keys of others, whose time is over.
    pub keys: BTreeSet<(PersonId, KeyName)>,
    /// Matters that are over, with what only they keep.
    pub matters: BTreeSet<StandingId>,
}

impl Doomed {
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty() && self.keys.is_empty() && self.matters.is_empty()
    }

    fn takes(&self, person: PersonId, name: KeyName) -> bool {
        self.persons.contains(&person) || self.keys.contains(&(person, name))
    }
}

/// What goes with the doomed, as the store stands.
#[derive(Debug, Default)]
pub struct Fate {
    /// Parts that nobody will be able to open, ascending.
    pub places: BTreeSet<PartPlace>,
    /// Of these, content that several persons share, some of whom stay.
    pub shared: Vec<SharedPlace>,
    /// Of these, what only matters open by now.
    pub kept: KeptPlaces,
    /// What goes on standing under the keys of matters.
    keeping: BTreeMap<StandingId, Vec<Kept>>,
    /// Shards that need another key, ascending.
    touched: BTreeSet<u16>,
    deletions: WriteSet,
}

impl Fate {
    /// This part stays, for these matters.
    pub fn keep(&mut self, kept: &Kept, matters: &BTreeSet<StandingId>) {
        self.places.remove(&kept.place);
        for matter in matters {
            self.keeping.entry(*matter).or_default().push(kept.clone());
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedPlace {
    pub place: PartPlace,
    pub sharers: Vec<Sharer>,
}

/// A person who shares content, by the place of their own part in the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sharer {
    pub ordinal: u32,
    pub stays: bool,
    /// Of the key that seals their own part.
    pub class: RetentionClass,
}

/// The one commit, ready to be placed, and the ring that is in force once it is durable.
pub struct Turn {
    ring: Arc<Ring>,
    writes: WriteSet,
    changes: Vec<Change>,
}

/// Adds to a page's write what a row becomes; whether it was changed.
type ChangeRow<'c> = dyn FnMut(&[u8], &[u8], &mut WriteSet) -> Result<bool, VaultError> + 'c;

/// Rows that are read at a time.
const MOVED: usize = 4_096;
/// Reader rows that one write moves: few enough that appends come between two of them.
const READERS_MOVED: usize = 16_384;
/// Bytes of rows of touched shards that one write moves. A shard has few rows, and a flush costs as much as some thousand.
const GATHERED: usize = 1 << 20;

impl Vault {
    /// Everything of the doomed that the store holds. Reads only; to be called again when the gate is closed, because
    /// appends go on meanwhile.
    pub fn survey(&self, doomed: &Doomed) -> Result<Fate, VaultError> {
        let snapshot = self.store.snapshot()?;
        let snapshot = snapshot.as_ref();
        let mut fate = Fate::default();
        for person in &doomed.persons {
            fate.touched.insert(person.shard);
            self.survey_identities(snapshot, doomed, *person, &mut fate)?;
            for name in self.key_names(snapshot, *person)? {
                self.survey_key(snapshot, *person, name, &mut fate)?;
            }
        }
        for (person, name) in doomed.keys.iter().filter(|(person, _)| !doomed.persons.contains(person)) {
            fate.touched.insert(person.shard);
            self.survey_key(snapshot, *person, *name, &mut fate)?;
        }
        for matter in &doomed.matters {
            self.survey_matter(snapshot, matter, &mut fate)?;
        }
        let matters = self.matter_keys(snapshot)?;
        for place in fate.places.clone() {
            fate.deletions.delete(Table::Readers, self.place_row(place));
            let locator = self.locator(snapshot, place)?;
            // Of what several share, the row may be there although one of them is gone and only matters open it.
            if !matches!(locator, Some(Locator::Person(..))) {
                fate.kept.extend(self.kept_at(snapshot, &matters, place)?.map(|kept| (place, kept)));
            }
            if let Some(Locator::Shared(by)) = locator {
                self.survey_sharers(snapshot, doomed, place, by, &mut fate)?;
            }
        }
        Ok(fate)
    }

    /// A matter that is over: its key, and the parts that it kept.
    fn survey_matter(&self, snapshot: &dyn Snapshot, matter: &StandingId, fate: &mut Fate) -> Result<(), VaultError> {
        let holder = holder_of(matter);
        fate.touched.insert(holder.shard);
        let Some(key) = self.matter_key(snapshot, matter)? else { return Ok(()) };
        fate.deletions.delete(Table::DataKeys, self.data_key_row(&holder, KeyName::MATTER));
        self.each_kept(snapshot, &key, |row_key, row| {
            fate.deletions.delete(Table::Lookups, row_key);
            fate.places.insert(self.read_kept(&key, row_key, row)?.place);
            Ok(())
        })
    }

    /// Lookups, record and links of a person; on the other side of a weak link, what it says of them.
    fn survey_identities(
        &self,
        snapshot: &dyn Snapshot,
        doomed: &Doomed,
        person: PersonId,
        fate: &mut Fate,
    ) -> Result<(), VaultError> {
        let Some(key) = self.load_key(snapshot, person, KeyName::RECORD)? else { return Ok(()) };
        let record = self.read_record(snapshot, person, &key)?.unwrap_or_default();
        for identity in &record.identities {
            let Some(identifier) = identifier::identifier(&identifier::from_part(identity)) else { continue };
            let place = self.lookup_place(&identifier)?;
            fate.touched.insert(place.shard());
            for (row_key, _) in place.rows(self.ledger, &identifier) {
                fate.deletions.delete(Table::Lookups, row_key);
            }
        }
        fate.deletions.delete(Table::Lookups, self.record_row(&person));
        let mut links = Vec::new();
        key.links(snapshot, |n, row| {
            fate.deletions.delete(Table::Lookups, key.link_row(n));
            links.push(self.read_link(&key, row)?);
            Ok(())
        })?;
        for link in links.iter().filter(|link| !link.is_cut()) {
            let other = link.person()?;
            // Of two that are both going the pair's row is found from its lesser one.
            if person < other {
                fate.deletions.delete(Table::Lookups, self.pair_row(&key, &other));
            }
            if !doomed.persons.contains(&other) {
                self.survey_other_side(snapshot, person, other, fate)?;
            }
        }
        Ok(())
    }

    /// What somebody who stays has of a link to somebody who goes: perhaps the very identity they showed.
    fn survey_other_side(
        &self,
        snapshot: &dyn Snapshot,
        gone: PersonId,
        stays: PersonId,
        fate: &mut Fate,
    ) -> Result<(), VaultError> {
        let Some(key) = self.load_key(snapshot, stays, KeyName::RECORD)? else { return Ok(()) };
        if stays < gone {
            fate.deletions.delete(Table::Lookups, self.pair_row(&key, &gone));
        }
        key.links(snapshot, |n, row| {
            let link = self.read_link(&key, row)?;
            if !link.is_cut() && link.person()? == gone {
                fate.deletions.put(Table::Lookups, key.link_row(n), self.seal_cut_link(&key)?);
            }
            Ok(())
        })
    }

    fn survey_key(
        &self,
        snapshot: &dyn Snapshot,
        person: PersonId,
        name: KeyName,
        fate: &mut Fate,
    ) -> Result<(), VaultError> {
        let Some(key) = self.load_key(snapshot, person, name)? else { return Ok(()) };
        fate.deletions.delete(Table::DataKeys, self.data_key_row(&person, name));
        if name == KeyName::RECORD {
            return Ok(());
        }
        key.index_rows(snapshot, |row_key, place| {
            fate.deletions.delete(Table::SubjectIndex, row_key);
            fate.places.insert(place);
            Ok(())
        })
    }

    fn survey_sharers(
        &self,
        snapshot: &dyn Snapshot,
        doomed: &Doomed,
        place: PartPlace,
        by: Vec<u32>,
        fate: &mut Fate,
    ) -> Result<(), VaultError> {
        let mut sharers = Vec::with_capacity(by.len());
        for ordinal in by {
            let sharer = match self.locator(snapshot, PartPlace { index: place.index, ordinal })? {
                Some(Locator::Person(person, name)) => {
                    let stays = !doomed.takes(person, name) && self.load_key(snapshot, person, name)?.is_some();
                    Sharer { ordinal, stays, class: name.retention_class() }
                }
                Some(Locator::Shared(_)) | None => Sharer { ordinal, stays: false, class: RetentionClass::Unspecified },
            };
            sharers.push(sharer);
        }
        if sharers.iter().any(|sharer| sharer.stays) {
            fate.shared.push(SharedPlace { place, sharers });
        }
        Ok(())
    }

    fn key_names(&self, snapshot: &dyn Snapshot, person: PersonId) -> Result<Vec<KeyName>, VaultError> {
        let shard = person.shard.to_be_bytes();
        let from = row_key(self.ledger, &[&shard, &person.id]);
        let until = row_key(self.ledger, &[&shard, &person.id, &[0xff]]);
        let rows = snapshot.scan(Table::DataKeys, &from, &until, 65_536)?;
        rows.iter().map(|(row, _)| read_key_row(row).map(|(_, name)| name)).collect()
    }

    /// Says in the store that root `epoch` is being made, before it is.
    pub fn preparing(&self, epoch: u64) -> WriteSet {
        let mut writes = WriteSet::default();
        writes.put(Table::Lookups, row_key(self.ledger, &[&[PREPARING_ROW]]), epoch.to_be_bytes());
        writes
    }

    /// The root that the next batch will use: above all there are.
    pub fn next_epoch(&self) -> Result<u64, VaultError> {
        Ok(self.custodian.epochs()?.last().copied().unwrap_or_default().max(self.ring().epoch()) + 1)
    }

    /// Makes the next root; durable when it returns.
    pub fn create_root(&self, epoch: u64) -> Result<(), VaultError> {
        Ok(self.custodian.create_root(epoch)?)
    }

    /// Everything one commit has to write. Takes a second or so where root keys are slow, so it is done before the gate is
    /// closed for the shards, and again only where the fate changed.
    pub fn prepare_turn(&self, fate: &Fate, epoch: u64, changes: Vec<Change>) -> Result<Turn, VaultError> {
        let touched: Vec<u16> = fate.touched.iter().copied().collect();
        let ring = self.ring().next(&touched, epoch, &self.origin_hash)?;
        let mut writes = WriteSet::default();
        ring.put(self.ledger, &self.origin_hash, self.custodian.as_ref(), &mut writes)?;
        writes.append(&fate.deletions);
        for (matter, parts) in &fate.keeping {
            self.put_kept(&ring, matter, parts, &mut writes)?;
        }
        writes.append(&self.rows_of(&changes)?);
        writes.delete(Table::Lookups, row_key(self.ledger, &[&[PREPARING_ROW]]));
        // By person and row number they would tell whoever reads the write-ahead log which rows were one person's.
        Ok(Turn { ring: Arc::new(ring), writes: writes.sorted(), changes })
    }

    /// The generation that a turn made now will begin.
    pub fn next_generation(&self) -> u64 {
        self.generation() + 1
    }

    /// Adds the turn's rows to the commit of the entry at `index`.
    pub fn place_turn(&self, turn: &Turn, index: u64, writes: &mut WriteSet) {
        writes.append(&turn.writes);
        let old = turn.ring.old_epoch().unwrap_or_default();
        let unfinished = row_key(self.ledger, &[&[UNFINISHED_ROW]]);
        writes.put(Table::Lookups, unfinished, [index.to_be_bytes(), old.to_be_bytes()].concat());
    }

    /// The turn is durable: the new keys are in force, and nobody in memory is who they were.
    pub fn turned(&self, turn: &Turn) {
        let mut persons = self.persons();
        persons.forget_all();
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&turn.ring);
        drop(persons);
        self.changed(&turn.changes);
    }

    /// The batch that is not finished, if there is one.
    pub fn unfinished(&self) -> Result<Option<Unfinished>, VaultError> {
        let row = self.store.snapshot()?.get(Table::Lookups, &row_key(self.ledger, &[&[UNFINISHED_ROW]]))?;
        row.map(|row| {
            let (index, epoch) = row.split_first_chunk::<8>().ok_or(VaultError::Torn { what: "batch" })?;
            let epoch = epoch.try_into().map_err(|_| VaultError::Torn { what: "batch" })?;
            Ok(Unfinished { index: u64::from_be_bytes(*index), old_epoch: u64::from_be_bytes(epoch) })
        })
        .transpose()
    }

    /// A root that was being made when the process ended, before any row was under it. It goes.
    pub fn undo_preparing(&self) -> Result<Option<WriteSet>, VaultError> {
        let Some(epoch) = self.number_row(PREPARING_ROW)? else { return Ok(None) };
        let ring = self.ring();
        if epoch != ring.epoch() && ring.old_epoch() != Some(epoch) {
            self.custodian.destroy_root(epoch)?;
        }
        let mut writes = WriteSet::default();
        writes.delete(Table::Lookups, row_key(self.ledger, &[&[PREPARING_ROW]]));
        Ok(Some(writes))
    }

    fn number_row(&self, tag: u8) -> Result<Option<u64>, VaultError> {
        let row = self.store.snapshot()?.get(Table::Lookups, &row_key(self.ledger, &[&[tag]]))?;
        let number =
            |row: Vec<u8>| row.try_into().map(u64::from_be_bytes).map_err(|_| VaultError::Torn { what: "batch" });
        row.map(number).transpose()
    }

    /// Moves what still stands under old keys: hands out write after write, which must become durable in this order. Each
    /// may be written again.
    pub fn move_rows(
        &self,
        write: &mut dyn FnMut(WriteSet) -> Result<(), VaultError>,
    ) -> Result<MovedRows, VaultError> {
        let ring = self.ring();
        let mut moved = MovedRows::default();
        let mut gathered = WriteSet::default();
        for shard in ring.touched() {
            let mut gather = |rows: WriteSet| {
                gathered.append(&rows);
                if gathered.bytes() < GATHERED { Ok(()) } else { write(std::mem::take(&mut gathered)) }
            };
            moved.shards += 1;
            moved.keys += self.move_keys(&ring, shard, &mut gather)?;
            for tag in [STRONG_ROW, WEAK_ROW] {
                moved.lookups += self.move_lookups(&ring, tag, shard, &mut gather)?;
            }
        }
        if !gathered.is_empty() {
            write(gathered)?;
        }
        moved.readers += self.move_readers(&ring, write)?;
        Ok(moved)
    }

    /// The same for what stands about persons. Such rows change and go, so this is done while nothing else is written.
    pub fn move_standing_rows(
        &self,
        write: &mut dyn FnMut(WriteSet) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let ring = self.ring();
        for tag in [DUE_ROW, HOLD_ROW, RESTRICTION_ROW] {
            self.move_standing(&ring, tag, write)?;
        }
        Ok(())
    }

    fn move_keys(
        &self,
        ring: &Arc<Ring>,
        shard: u16,
        write: &mut dyn FnMut(WriteSet) -> Result<(), VaultError>,
    ) -> Result<u64, VaultError> {
        let new = ring.key(shard);
        self.each_page(Table::DataKeys, &[&shard.to_be_bytes()], write, &mut |row_key, row, writes| {
            let (person, name) = read_key_row(row_key)?;
            if row.first_chunk::<8>() == Some(&new.generation.to_be_bytes()) {
                return Ok(false);
            }
            let secret = self.unwrap_key_row(ring, &person, name, row)?;
            let secret = secret.ok_or(VaultError::Foreign { what: "data key" })?;
            writes.put(Table::DataKeys, row_key, self.wrap_key(new, &person, name, &secret)?);
            Ok(true)
        })
    }

    /// A lookup's row key is made with the shard's key, so a row is moved by finding out which identifier it is of: that
    /// stands in the record of the person it leads to.
    fn move_lookups(
        &self,
        ring: &Arc<Ring>,
        tag: u8,
        shard: u16,
        write: &mut dyn FnMut(WriteSet) -> Result<(), VaultError>,
    ) -> Result<u64, VaultError> {
        let slot = ring.shard(shard);
        let Some(old) = &slot.old else { return Ok(0) };
        let snapshot_of = || self.store.snapshot();
        self.each_page(Table::Lookups, &[&[tag], &shard.to_be_bytes()], write, &mut |row_key, row, writes| {
            if self.open_lookup(&slot.new, row_key, row).is_ok() {
                return Ok(false);
            }
            let person = self.open_lookup(old, row_key, row)?;
            writes.delete(Table::Lookups, row_key);
            let snapshot = snapshot_of()?;
            let Some(key) = self.load_key(snapshot.as_ref(), person, KeyName::RECORD)? else { return Ok(true) };
            let record = self.read_record(snapshot.as_ref(), person, &key)?.unwrap_or_default();
            let weak = tag == WEAK_ROW;
            for identity in record.identities.iter().filter(|identity| (identity.strength == Strength::Weak) == weak) {
                let Some(identifier) = identifier::identifier(&identifier::from_part(identity)) else { continue };
                let place = LookupPlace::new(ring, shard, &identifier);
                if place.rows(self.ledger, &identifier).iter().any(|(key, _)| key == row_key) {
                    let (row_key, value) = self.seal_lookup(&place, &identifier, &person)?;
                    writes.put(Table::Lookups, row_key, value);
                    return Ok(true);
                }
            }
            Err(VaultError::Torn { what: "person" })
        })
    }

    fn move_readers(
        &self,
        ring: &Arc<Ring>,
        write: &mut dyn FnMut(WriteSet) -> Result<(), VaultError>,
    ) -> Result<u64, VaultError> {
        let generation = (ring.generation as u32).to_be_bytes();
        self.each_of(Table::Readers, &[], READERS_MOVED, write, &mut |row_key, row, writes| {
            let foreign = || VaultError::Foreign { what: "reader row" };
            let (of, sealed) = row.split_first_chunk::<4>().ok_or(VaultError::Torn { what: "reader row" })?;
            if *of == generation {
                return Ok(false);
            }
            let place = row_key.get(4..).and_then(|place| place.try_into().ok()).ok_or_else(foreign)?;
            let old = ring.own_of(u32::from_be_bytes(*of)).ok_or_else(foreign)?;
            let mut bytes = sealed.to_vec();
            let length = old.readers.open(place, &mut bytes).ok_or_else(foreign)?.len();
            bytes.truncate(length);
            self.put_reader(ring, place, bytes, writes)?;
            Ok(true)
        })
    }

    fn move_standing(
        &self,
        ring: &Arc<Ring>,
        tag: u8,
        write: &mut dyn FnMut(WriteSet) -> Result<(), VaultError>,
    ) -> Result<u64, VaultError> {
        self.each_page(Table::Lookups, &[&[tag]], write, &mut |row_key, row, writes| {
            let Some(value) = moved(ring, &self.own_aad(row_key), row)? else { return Ok(false) };
            writes.put(Table::Lookups, row_key, value);
            Ok(true)
        })
    }

    /// Goes over all rows of a table that begin with `prefix`, page by page; `change` adds to the page's write and says
    /// whether it changed the row.
    pub(super) fn each_page(
        &self,
        table: Table,
        prefix: &[&[u8]],
        write: &mut dyn FnMut(WriteSet) -> Result<(), VaultError>,
        change: &mut ChangeRow<'_>,
    ) -> Result<u64, VaultError> {
        self.each_of(table, prefix, MOVED, write, change)
    }

    fn each_of(
        &self,
        table: Table,
        prefix: &[&[u8]],
        page: usize,
        write: &mut dyn FnMut(WriteSet) -> Result<(), VaultError>,
        change: &mut ChangeRow<'_>,
    ) -> Result<u64, VaultError> {
        let mut from = row_key(self.ledger, prefix);
        let until = [&from[..], &[0xff; 32]].concat();
        let mut changed = 0;
        loop {
            // A snapshot for each page: it must not hold on to what is being deleted.
            let rows = self.store.snapshot()?.scan(table, &from, &until, page)?;
            let Some((last, _)) = rows.last() else { return Ok(changed) };
            from = last.clone();
            from.push(0);
            let mut writes = WriteSet::default();
            for (row_key, row) in &rows {
                changed += u64::from(change(row_key, row, &mut writes)?);
            }
            if !writes.is_empty() {
                write(writes)?;
            }
        }
    }

    /// The rows that say that no old key is there any more; to be made durable before [`Self::without_old`].
    pub fn drop_old(&self) -> Result<WriteSet, VaultError> {
        let mut writes = WriteSet::default();
        let ring = self.ring().without_old(&self.origin_hash);
        ring.put(self.ledger, &self.origin_hash, self.custodian.as_ref(), &mut writes)?;
        Ok(writes)
    }

    /// Forgets old keys in memory, and destroys the root they were under. Not before the rows of [`Self::drop_old`] are
    /// durable; again after a crash in between.
    pub fn destroy_old(&self, unfinished: &Unfinished) -> Result<(), VaultError> {
        {
            let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
            *ring = Arc::new(ring.without_old(&self.origin_hash));
        }
        Ok(self.custodian.destroy_root(unfinished.old_epoch)?)
    }

    /// Takes off the disk what stood in the tables of persons, and in what order it was written: files and log of before
    /// would show which rows one commit wrote together, and so which entry made somebody new. For the last step of a batch,
    /// and again after a crash.
    pub fn rewrite_tables(&self) -> Result<(), VaultError> {
        const OF_PERSONS: [Table; 4] = [Table::ShardKeys, Table::DataKeys, Table::Lookups, Table::Readers];
        Ok(self.store.rewrite(self.ledger, &OF_PERSONS)?)
    }

    /// The rows that say that nothing of the batch is left to do.
    pub fn finished(&self) -> WriteSet {
        let mut writes = WriteSet::default();
        writes.delete(Table::Lookups, row_key(self.ledger, &[&[UNFINISHED_ROW]]));
        writes
    }

    /// Where parts of one data key stand.
    pub fn places_of(&self, person: PersonId, name: KeyName) -> Result<Vec<PartPlace>, VaultError> {
        let snapshot = self.store.snapshot()?;
        let Some(key) = self.load_key(snapshot.as_ref(), person, name)? else { return Ok(Vec::new()) };
        key.places(snapshot.as_ref())
    }

    /// Data keys of a class from before a month, for retention: a page of them behind `after`.
    pub fn keys_before(
        &self,
        before: &BTreeMap<u8, u16>,
        after: Option<(PersonId, KeyName)>,
        limit: usize,
    ) -> Result<BTreeSet<(PersonId, KeyName)>, VaultError> {
        let snapshot = self.store.snapshot()?;
        let from = match after {
            Some((person, name)) => [&self.data_key_row(&person, name)[..], &[0]].concat(),
            None => row_key(self.ledger, &[]),
        };
        let until = row_key(self.ledger, &[&[0xff; 32]]);
        let mut found = BTreeSet::new();
        for page in pages(snapshot.as_ref(), Table::DataKeys, from, until, MOVED) {
            for (row_key, _) in page? {
                let (person, name) = read_key_row(&row_key)?;
                let month = before.get(&name.class);
                if name != KeyName::RECORD && name.month != 0 && month.is_some_and(|before| name.month < *before) {
                    found.insert((person, name));
                }
                if found.len() == limit {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }
}

/// A batch whose turn is durable and which has things left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// Of the entry that records it.
    pub index: u64,
    pub old_epoch: u64,
}

/// What a batch moved from under old keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MovedRows {
    pub shards: u64,
    pub keys: u64,
    pub lookups: u64,
    pub readers: u64,
}

impl MovedRows {
    pub fn and(self, other: MovedRows) -> MovedRows {
        MovedRows {
            shards: self.shards + other.shards,
            keys: self.keys + other.keys,
            lookups: self.lookups + other.lookups,
            readers: self.readers + other.readers,
        }
    }
}
