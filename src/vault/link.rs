//! Links that somebody states or takes back, apart from those that records show by themselves.

use super::keys::DataKey;
use super::persons::PersonRecord;
use super::resolve::Joining;
use super::{KeyName, PersonId, Vault, VaultError};
use crate::model::{Identity, RetentionClass, Strength};
use crate::store::{Snapshot, Table, WriteSet};

impl Vault {
    /// From here on the two identifiers mean one person, or perhaps do. Persons who are not known yet are made. The rows
    /// travel with the next entry that has a part for either of them.
    pub fn link(&self, a: &Identity, b: &Identity, strength: Strength, month: u16) -> Result<(), VaultError> {
        let joining = if strength == Strength::Weak { Joining::Weakly } else { Joining::Strongly };
        self.resolve_as(&[a.clone(), b.clone()], KeyName::of(RetentionClass::Subject, month), joining).map(drop)
    }

    /// Rows that undo every link between two person ids; none where there is no link. To be called when nothing is on its way into the store, and
    /// followed by [`Self::unlinked`] once they are durable.
    pub fn unlink(&self, a: PersonId, b: PersonId) -> Result<WriteSet, VaultError> {
        let snapshot = self.store.snapshot()?;
        let (snapshot, mut writes) = (snapshot.as_ref(), WriteSet::default());
        for (from, to) in [(a, b), (b, a)] {
            let Some(key) = self.load_key(snapshot, from, KeyName::RECORD)? else { continue };
            self.cut_strong(snapshot, from, to, &key, &mut writes)?;
            let mut weakly = false;
            key.links(snapshot, |n, row| {
                let link = self.read_link(&key, row)?;
                if !link.is_cut() && link.person()? == to {
                    writes.put(Table::Lookups, key.link_row(n), self.seal_cut_link(&key)?);
                    weakly = true;
                }
                Ok(())
            })?;
            if weakly && from < to {
                writes.delete(Table::Lookups, self.pair_row(&key, &to));
            }
        }
        Ok(writes)
    }

    fn cut_strong(
        &self,
        snapshot: &dyn Snapshot,
        from: PersonId,
        to: PersonId,
        key: &DataKey,
        writes: &mut WriteSet,
    ) -> Result<(), VaultError> {
        let record = self.read_record(snapshot, from, key)?.unwrap_or_default();
        let leads_there = |link: &super::persons::PersonLink| link.person().is_ok_and(|person| person == to);
        if !record.links.iter().any(leads_there) {
            return Ok(());
        }
        let links = record.links.iter().filter(|link| !leads_there(link)).cloned().collect();
        let (row_key, value) = self.seal_record(&from, key, &PersonRecord { links, ..record })?;
        writes.put(Table::Lookups, row_key, value);
        Ok(())
    }

    /// What memory knew of links may no longer be so.
    pub fn unlinked(&self) {
        self.persons().forget_all();
    }
}
