//! Whom open cases need, so that their erasure waits (REPORTS 2.3). What a case is about tells only an exposure report, which
//! is dear on a large ledger: so whoever is nothing but a data subject is told apart by their own entries first, and what
//! was found for everybody else is kept as long as no entry came that could change it.

use super::case::RegisteredCase;
use super::{EngineError, OpenLedger};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::breach::Case;
use crate::report::breach::case::{By, CaseId, Standing};
use crate::report::language::Language;
use crate::vault::{self, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use whosaw_verifier::body::{ActionBody, Body};

/// Entries of one person that are looked at before the report is made after all.
const ENTRIES_MAX: usize = 4_096;
/// Entries that are looked at since something was kept.
const SINCE_MAX: u64 = 4_096;
/// Cases whose columns of the register are kept.
const CASES_MAX: usize = 1_024;

/// What earlier questions found, for this process alone.
#[derive(Default)]
pub(super) struct Remembered {
    needed: Mutex<Option<Kept<BTreeSet<PersonId>>>>,
    registered: Mutex<BTreeMap<(CaseId, Language), Kept<RegisteredCase>>>,
}

struct Kept<T> {
    what: Arc<T>,
    /// It rests on the entries below; none of those that came until then changes anything of it.
    size: u64,
    generation: u64,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OpenLedger {
    /// Whether open cases need one of these ids of a person. Blocks.
    pub(super) fn is_needed_by_cases(&self, whole: &[PersonId]) -> Result<bool, EngineError> {
        if self.is_only_concerned(whole)? {
            return Ok(false);
        }
        let needed = self.needed_by_cases()?;
        Ok(whole.iter().any(|person| needed.contains(person)))
    }

    /// Whoever acted in a case that is open, and whoever of the house reached its resources, let somebody reach them, or
    /// caused it. Data subjects do not wait. Blocks.
    pub(super) fn needed_by_cases(&self) -> Result<Arc<BTreeSet<PersonId>>, EngineError> {
        let size = self.ledger.published().size;
        // Whoever asks meanwhile waits, and finds it.
        let mut kept = lock(&self.remembered.needed);
        if let Some(kept) = kept.as_mut()
            && self.still_stands(kept, size, names_nobody_anew)?
        {
            return Ok(Arc::clone(&kept.what));
        }
        // Of before: an erasure meanwhile makes it another one.
        let generation = self.vault.generation();
        let what = Arc::new(self.look_up_needed(size)?);
        *kept = Some(Kept { what: Arc::clone(&what), size, generation });
        Ok(what)
    }

    fn look_up_needed(&self, size: u64) -> Result<BTreeSet<PersonId>, EngineError> {
        let mut needed = BTreeSet::new();
        for case in self.cases_below(size)?.into_iter().filter(|case| case.standing() != Standing::Closed) {
            let mut people: BTreeSet<Identity> = BTreeSet::new();
            for step in &case.steps {
                if let By::Person(identities) = &step.by {
                    people.extend(identities.iter().cloned());
                }
            }
            people.extend(self.house_in(&case, size)?);
            for identity in people.iter().filter(|identity| identity.strength != Strength::Weak) {
                if let Some(person) = self.vault.find(identity)? {
                    needed.extend(self.vault.linked(person)?);
                }
            }
        }
        Ok(needed)
    }

    /// Whether a person stands in no entry but as a data subject, and nobody's role in the registry is theirs. Nobody of whom
    /// that is so can be among those who acted, were let in, were given something or hold a copy, whatever a case is about.
    fn is_only_concerned(&self, whole: &[PersonId]) -> Result<bool, EngineError> {
        let mut ids: BTreeSet<PersonId> = whole.iter().copied().collect();
        for id in whole {
            // Of somebody who showed another's identity as theirs, the entries show it.
            ids.extend(self.vault.weakly_linked(*id)?);
        }
        for role in self.versions(self.ledger.published().size)?.iter().flat_map(|(_, known)| &known.document.roles) {
            for person in &role.persons {
                if self.vault.find(&vault::normal(&person.identity()))?.is_some_and(|person| ids.contains(&person)) {
                    return Ok(false);
                }
            }
        }
        let mut places: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
        for id in ids {
            for place in self.vault.occurrences(id)? {
                places.entry(place.index).or_default().insert(place.ordinal);
            }
            if places.len() > ENTRIES_MAX {
                return Ok(false);
            }
        }
        for (index, ordinals) in places {
            // One that is on its way to be read says nothing yet.
            let Some(entry) = self.ledger.entry(index)? else { return Ok(false) };
            if !ordinals.iter().all(|ordinal| is_of_data_subject(&entry, *ordinal)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The columns of a case, if what they rest on is the same as when they were made, and no end in them moves with the time.
    pub(super) fn registered_before(
        &self,
        case: &Case,
        language: Language,
        size: u64,
    ) -> Result<Option<RegisteredCase>, EngineError> {
        let mut all = lock(&self.remembered.registered);
        let Some(kept) = all.get_mut(&(case.id, language)) else { return Ok(None) };
        let what = match self.still_stands(kept, size, is_a_reading)? {
            true => Arc::clone(&kept.what),
            false => {
                all.remove(&(case.id, language));
                return Ok(None);
            }
        };
        let now = self.clock.now().0;
        let is_late = |at: u64| case.is_late(at, &what.period);
        let same = is_late(now) == what.was_late;
        Ok(same.then(|| RegisteredCase { case: case.clone(), ..(*what).clone() }))
    }

    /// Keeps what was made as of a size, under the vault's generation of before it was made.
    pub(super) fn remember_registered(&self, made: &RegisteredCase, size: u64, generation: u64) {
        let mut all = lock(&self.remembered.registered);
        let key = (made.case.id, made.language);
        if all.len() < CASES_MAX || all.contains_key(&key) {
            all.insert(key, Kept { what: Arc::new(made.clone()), size, generation });
        }
    }

    /// Looks at what came since. Blocks.
    fn still_stands<T>(
        &self,
        kept: &mut Kept<T>,
        size: u64,
        changes_nothing: fn(&StoredEntry) -> bool,
    ) -> Result<bool, EngineError> {
        if kept.generation != self.vault.generation() || size.saturating_sub(kept.size) > SINCE_MAX {
            return Ok(false);
        }
        for index in kept.size..size {
            if !self.ledger.entry(index)?.as_ref().is_some_and(changes_nothing) {
                return Ok(false);
            }
            kept.size = index + 1;
        }
        Ok(true)
    }
}

/// That somebody looked at something changes nothing of it.
fn is_a_reading(entry: &StoredEntry) -> bool {
    let body = entry.body();
    let is_read = matches!(body, Some(Ok(Body::Case(body))) if body.step == CaseStep::Read);
    is_read || is_one_of(entry, &[EntryKind::LedgerAccess, EntryKind::ReportProduced])
}

/// Nor does what is asked for a person say who reached what: whom a request restricts had a part in it before or has none.
fn names_nobody_anew(entry: &StoredEntry) -> bool {
    let asked = [EntryKind::Request, EntryKind::Hold, EntryKind::Restriction, EntryKind::Retention];
    is_one_of(entry, &asked) || is_a_reading(entry)
}

fn is_one_of(entry: &StoredEntry, kinds: &[EntryKind]) -> bool {
    kinds.iter().any(|kind| entry.header.kind == *kind as u8)
}

/// Whether a part says nothing of its person but that data was about them. What cannot be read may say anything.
fn is_of_data_subject(entry: &StoredEntry, ordinal: u32) -> bool {
    let body = entry.body();
    match body {
        Some(Ok(Body::Action(body))) => is_of_data_subject_in(&body, ordinal),
        Some(Ok(Body::Case(body))) => body.by != ordinal + 1,
        // What was asked for somebody, read of them or sealed anew for them opens nothing and reaches nothing.
        Some(Ok(_)) => true,
        Some(Err(_)) | None => false,
    }
}

fn is_of_data_subject_in(body: &ActionBody, ordinal: u32) -> bool {
    let of_it =
        body.parts.iter().filter(|group| (group.first..group.first.saturating_add(group.count)).contains(&ordinal));
    let mut roles = of_it.flat_map(|group| &group.roles).peekable();
    let part = ordinal.saturating_add(1);
    let named = body.actors.iter().map(|it| it.part).chain(body.recipients.iter().map(|it| it.part));
    let named = named.chain(body.facts.iter().map(|fact| fact.part)).any(|known| known == part);
    roles.peek().is_some() && roles.all(|role| matches!(role, Role::DataSubject | Role::Content)) && !named
}
