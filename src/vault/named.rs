//! Whom an identifier names, told by what is sealed of each person rather than by the lookup rows that lead to them: without
//! its row a person would be answered as somebody of whom nothing is known.

use super::identifier::to_part;
use super::keys::read_key_row;
use super::{KeyName, PersonId, SHARDS, Vault, VaultError, row_key};
use crate::model::{Identity, Strength};
use crate::store::{Table, pages};
use std::num::NonZero;
use whosaw_verifier::part;

/// Rows of data keys that are read at a time: many, because the records that they lead to lie scattered, and of few a block
/// of the store would be looked up for each.
const PAGE: usize = 32_768;
const THREADS_MAX: u16 = 8;

impl Vault {
    /// Whether somebody else than these persons shows one of their identifiers, or the one that is asked for. An identifier
    /// leads to one person for ever, so then the row that says to whom is gone or is no longer what it was. Reads all
    /// persons, on all cores; fails where of one with keys it is gone who they are.
    pub fn is_anothers(&self, asked: &Identity, whole: &[PersonId]) -> Result<bool, VaultError> {
        let mut wanted = Vec::new();
        // One identifier may lead to two persons, one for each strength.
        for strength in [Strength::Strong, Strength::Weak] {
            let shown = Identity { strength, ..asked.clone() };
            wanted.push((to_part(&shown), self.find_as_shown(&shown)?));
        }
        for person in whole {
            wanted.extend(self.record(*person)?.identities.into_iter().map(|shown| (shown, Some(*person))));
        }
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let each = SHARDS.div_ceil(u16::try_from(threads).map_or(THREADS_MAX, |threads| threads.min(THREADS_MAX)));
        let ranges = (0..SHARDS).step_by(usize::from(each)).map(|from| (from, from.saturating_add(each).min(SHARDS)));
        std::thread::scope(|scope| {
            let search = |(from, until)| {
                scope.spawn({
                    let wanted = &wanted;
                    move || self.shows_within(from, until, wanted, whole)
                })
            };
            let searches: Vec<_> = ranges.map(search).collect();
            let mut found = false;
            for search in searches {
                found |= search.join().map_err(|_| VaultError::Torn { what: "person" })??;
            }
            Ok(found)
        })
    }

    /// The same of persons whose home shard is one of these. `wanted`: identifiers, each with whom it leads to.
    fn shows_within(
        &self,
        from: u16,
        until: u16,
        wanted: &[(part::Identity, Option<PersonId>)],
        whole: &[PersonId],
    ) -> Result<bool, VaultError> {
        let snapshot = self.store.snapshot()?;
        let (from, until) =
            (row_key(self.ledger, &[&from.to_be_bytes()]), row_key(self.ledger, &[&until.to_be_bytes()]));
        let (mut named, mut found) = (None, false);
        for page in pages(snapshot.as_ref(), Table::DataKeys, from, until, PAGE) {
            let mut persons = Vec::new();
            for (row, key) in page? {
                let (person, name) = read_key_row(&row)?;
                match name {
                    KeyName::MATTER => {}
                    // Of a person's keys it stands first.
                    KeyName::RECORD => {
                        named = Some(person);
                        persons.push((person, key));
                    }
                    _ if named == Some(person) => {}
                    _ => return Err(VaultError::Torn { what: "person" }),
                }
            }
            let rows: Vec<_> = persons.iter().map(|(person, _)| self.record_row(person)).collect();
            for ((person, key), row) in persons.into_iter().zip(snapshot.get_many(Table::Lookups, &rows)?) {
                // Nothing where they were erased since this snapshot was taken.
                let Some(key) = self.key_of_row(person, KeyName::RECORD, &key)? else { continue };
                let row = row.ok_or(VaultError::Torn { what: "person" })?;
                let leads_elsewhere = |shown: &part::Identity| {
                    wanted.iter().any(|(other, to)| is_one(shown, other) && *to != Some(person))
                };
                let shown = self.open_record(person, &key, &row)?.identities;
                found |= !whole.contains(&person) && shown.iter().any(leads_elsewhere);
            }
        }
        Ok(found)
    }
}

fn is_one(one: &part::Identity, other: &part::Identity) -> bool {
    let is_weak = |it: &part::Identity| it.strength == Strength::Weak;
    one.namespace == other.namespace && one.fields == other.fields && is_weak(one) == is_weak(other)
}
