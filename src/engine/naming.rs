//! Naming staff to a person (CJEU C-579/21, GDPR Art. 15(4)): a decision of a human, with why it is essential to the person and
//! what speaks against it for whoever is named. Without one, a person's report names no other human.

use super::person::{act_of, body_of};
use super::proving::Proving;
use super::{Asked, EngineError, Kind, OpenLedger, PartState, Receipt};
use crate::admit::events;
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::evidence::{Naming, Observation, ObservedBody, TakenBack};
use crate::vault::{self, PartPlace, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use whosaw_verifier::body::Body;
use whosaw_verifier::part::{NamedRow, Part, PersonActPart};

/// People who have a role at the least that is told of one of them: of fewer it would say who it is, if only to the others.
const ROLE_MIN: usize = 3;

/// Where the parts of a decision stand in its entry: after the person's own.
const STAFF: u32 = 1;
const BY: u32 = 2;

/// A decision to be recorded. The statement says why the name is essential to the person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamingAsked {
    pub about: Asked,
    pub staff: Identity,
    pub by: Identity,
    pub interest: String,
    /// In these entries alone; empty: wherever they act.
    pub entries: Vec<u64>,
}

impl OpenLedger {
    /// Records the decision. Answers with the entries in which the person's reports name them from now on.
    pub async fn name_staff(
        self: &Arc<Self>,
        asked: NamingAsked,
        caller: &Caller,
    ) -> Result<(Receipt, Vec<u64>), EngineError> {
        // Without the words: they speak of whoever was to be named, and this entry would be the person's alone.
        let Asked { subject, reference, .. } = asked.about.clone();
        let about = Asked { subject, reference, ..Asked::default() };
        let done = self.named(asked, caller).await;
        self.or_judged(done, EntryKind::Request, PersonAct::NameStaff, &about, caller).await
    }

    async fn named(self: &Arc<Self>, asked: NamingAsked, caller: &Caller) -> Result<(Receipt, Vec<u64>), EngineError> {
        let _one_at_a_time = self.acting.about_anybody().await;
        let gate = self.sealing.read().await;
        let NamingAsked { about, staff, by, interest, entries } = asked;
        self.may_disclose(&by)?;
        let unknown = |whose: &str| format!("this ledger knows nobody by the identifier of {whose}");
        let of = |identity: &Identity, whose: &str| {
            self.person_of(identity).map_err(|error| match error.kind {
                Kind::NotFound => EngineError::not_found(unknown(whose)),
                _ => error,
            })
        };
        let subject = of(&about.subject, "the person who is to be told")?;
        let staff = of(&staff, "the human who is to be named")?;
        if subject.whole.iter().any(|id| staff.whole.contains(id)) {
            return Err(EngineError::invalid("staff", "is the person themself"));
        }
        let (whole, others) = (subject.whole.clone(), staff.whole.clone());
        let rows = self.blocking(move |open| open.rows_of(&whole, &others, &entries)).await?;
        if rows.is_empty() {
            let text =
                "this human acts in none of these entries about the person: there is nothing in which to name them";
            return Err(EngineError::precondition(text));
        }
        let mut named: Vec<u64> = rows.iter().map(|row| row.entry).collect();
        named.dedup();
        let asked = Some(vault::part_identity(&subject.identity));
        let told = PersonActPart { asked, rows, reference: about.reference.clone(), ..PersonActPart::default() };
        let why = PersonActPart { interest, ..act_of(&about) };
        let identities = [subject.identity, staff.identity, vault::normal(&by)];
        let body = body_of(PersonAct::NameStaff, Decision::Done, &about);
        let registry = &self.names().registry;
        let admitted = events::name_staff(body, identities, told, why, caller, registry);
        Ok((self.record_with(admitted, Vec::new(), gate).await?, named))
    }

    /// Records that a decision counts no more: whoever it named is a number again in reports that know of it.
    pub async fn take_back_naming(
        self: &Arc<Self>,
        about: Asked,
        by: Identity,
        decision: u64,
        caller: &Caller,
    ) -> Result<Receipt, EngineError> {
        let Asked { subject, reference, .. } = about.clone();
        let told = Asked { subject, reference, ..Asked::default() };
        let done = self.taken_back(about, by, decision, caller).await;
        self.or_judged(done, EntryKind::Request, PersonAct::TakeBackNaming, &told, caller).await
    }

    async fn taken_back(
        self: &Arc<Self>,
        about: Asked,
        by: Identity,
        decision: u64,
        caller: &Caller,
    ) -> Result<Receipt, EngineError> {
        let _one_at_a_time = self.acting.about_anybody().await;
        let gate = self.sealing.read().await;
        self.may_disclose(&by)?;
        let subject = self.person_of(&about.subject)?;
        let whole = subject.whole.clone();
        let staff = self.blocking(move |open| open.named_by(decision, &whole)).await?;
        let asked = Some(vault::part_identity(&subject.identity));
        let reference = about.reference.clone();
        let told = PersonActPart { asked, naming: decision, reference, ..PersonActPart::default() };
        let identities = [subject.identity, staff, vault::normal(&by)];
        let body = body_of(PersonAct::TakeBackNaming, Decision::Done, &about);
        // As the decision itself: the reasons speak of both.
        let admitted = events::name_staff(body, identities, told, act_of(&about), caller, &self.names().registry);
        self.record_with(admitted, Vec::new(), gate).await
    }

    /// Whom a decision names to this person, if it still does. Blocks.
    fn named_by(&self, decision: u64, whole: &[PersonId]) -> Result<Identity, EngineError> {
        let unknown = || EngineError::invalid("decision", "is no entry by which somebody is named to this person");
        if decision >= self.ledger.published().size {
            return Err(unknown());
        }
        let entry = self.ledger.entry(decision)?.ok_or_else(unknown)?;
        let told_to = self.whose(PartPlace { index: decision, ordinal: 0 })?;
        if act_in(&entry) != Some(PersonAct::NameStaff) || !told_to.iter().any(|id| whole.contains(id)) {
            return Err(unknown());
        }
        for id in whole {
            for place in self.vault.occurrences(*id)?.into_iter().filter(|place| place.index > decision) {
                let Some(later) = self.ledger.entry(place.index)? else { continue };
                if act_in(&later) == Some(PersonAct::TakeBackNaming) && self.takes_back(later)? == Some(decision) {
                    return Err(EngineError::precondition("this decision was taken back before"));
                }
            }
        }
        let opened = self.open_all(entry)?;
        let staff = match opened.parts.get(STAFF as usize).map(|part| &part.state) {
            Some(PartState::Open(part)) => part.person.as_ref().and_then(|person| person.identities.first().cloned()),
            _ => None,
        };
        let erased = || EngineError::precondition("whoever it named was erased since: it names nobody any more");
        staff.as_ref().map(vault::identity_of).ok_or_else(erased)
    }

    /// The decision that this entry takes back, as far as it opens.
    fn takes_back(&self, entry: StoredEntry) -> Result<Option<u64>, EngineError> {
        let opened = self.open_all(entry)?;
        Ok(match opened.parts.first().map(|part| &part.state) {
            Some(PartState::Open(part)) => {
                part.content.as_ref().and_then(|content| content.act.as_ref()).map(|act| act.naming)
            }
            _ => None,
        })
    }

    /// Who took a decision back; nobody where they were erased since.
    pub(super) fn taken_back_by(&self, index: u64, head: &Proving) -> Result<TakenBack, EngineError> {
        let opened = match self.ledger.entry(index)? {
            Some(entry) => self.open_proved(&entry, &[BY], head)?,
            None => Vec::new(),
        };
        let by = opened.iter().filter_map(|(_, part)| part.person.as_ref());
        let by = by.flat_map(|person| person.identities.iter().map(vault::identity_of));
        Ok(TakenBack { index, by: by.collect() })
    }

    /// Where the registry says who may disclose, nobody else decides it.
    fn may_disclose(&self, by: &Identity) -> Result<(), EngineError> {
        let Some(in_force) = self.registry_document_at(self.ledger.published().size)? else { return Ok(()) };
        let mut roles = in_force.document.who_may("disclose").peekable();
        if roles.peek().is_none() {
            return Ok(());
        }
        let by = vault::normal(by);
        let person = self.vault.find(&by)?;
        for known in roles.flat_map(|role| &role.persons) {
            let known = vault::normal(&known.identity());
            let same = known.namespace == by.namespace && known.fields == by.fields;
            if same || (person.is_some() && self.vault.find(&known)? == person) {
                return Ok(());
            }
        }
        Err(EngineError::invalid("by", "has no role in the controller's registry that may disclose"))
    }

    /// Parts of these others in entries about the person, where they act or were given something. Blocks.
    fn rows_of(&self, whole: &[PersonId], others: &[PersonId], entries: &[u64]) -> Result<Vec<NamedRow>, EngineError> {
        let (mut indexes, mut theirs) = (BTreeSet::new(), BTreeSet::new());
        for id in whole {
            indexes.extend(self.vault.occurrences(*id)?.into_iter().map(|place| place.index));
        }
        for id in others {
            theirs.extend(self.vault.occurrences(*id)?);
        }
        let mut rows = Vec::new();
        for PartPlace { index, ordinal } in theirs {
            if !indexes.contains(&index) || (!entries.is_empty() && !entries.contains(&index)) {
                continue;
            }
            let Some(entry) = self.ledger.entry(index)? else { continue };
            let Some(body) = entry.action() else { continue };
            let parts = body.actors.iter().map(|it| it.part).chain(body.recipients.iter().map(|it| it.part));
            if parts.into_iter().any(|part| part == ordinal + 1) {
                rows.push(NamedRow { entry: index, ordinal });
            }
        }
        Ok(rows)
    }

    /// A decision as its entry tells it now: who is named is gone with them.
    pub(super) fn naming(
        &self,
        index: u64,
        rows: Vec<NamedRow>,
        head: &Proving,
    ) -> Result<Option<Naming>, EngineError> {
        let Some(entry) = self.ledger.entry(index)? else { return Ok(None) };
        let body = entry.body();
        let groups = body.and_then(Result::ok).map(|body| body.parts().to_vec()).unwrap_or_default();
        // In decisions of before, the reasons stood with who is named alone.
        let why = groups.iter().find(|group| !group.shared_by.is_empty()).map_or(STAFF, |group| group.first);
        let opened =
            self.open_proved(&entry, &BTreeSet::from([STAFF, BY, why]).into_iter().collect::<Vec<_>>(), head)?;
        let part = |ordinal: u32| opened.iter().find(|(at, _)| *at == ordinal).map(|(_, part)| part);
        let identities = |part: &Part| {
            let person = part.person.as_ref();
            person.map(|person| person.identities.iter().map(vault::identity_of).collect::<Vec<_>>())
        };
        let why = part(why).and_then(|part| part.content.as_ref()).and_then(|content| content.act.clone());
        let staff = part(STAFF).and_then(identities);
        let erased_by = if staff.is_none() { self.erased_by((index, STAFF))? } else { None };
        Ok(Some(Naming {
            index,
            rows: rows.into_iter().map(|row| (row.entry, row.ordinal)).collect(),
            staff: staff.unwrap_or_default(),
            erased_by,
            by: part(BY).and_then(identities).unwrap_or_default(),
            reasons: why.as_ref().map(|why| why.statement.clone()).unwrap_or_default(),
            interest: why.map(|why| why.interest).unwrap_or_default(),
            taken_back: None,
        }))
    }

    /// Roles of the humans who acted in these entries or were given something, by the registry that was in force when each was
    /// recorded. Whose key opens a part says who that is, so none of theirs is opened for it. Blocks.
    pub(super) fn staff_roles(
        &self,
        observations: &[Observation],
        size: u64,
    ) -> Result<BTreeMap<(u64, u32), Vec<String>>, EngineError> {
        let mut in_force: Vec<(u64, BTreeMap<PersonId, Vec<String>>)> = Vec::new();
        for (_, known) in self.versions(size)? {
            let mut roles: BTreeMap<PersonId, Vec<String>> = BTreeMap::new();
            for role in known.document.roles.iter().filter(|role| role.persons.len() >= ROLE_MIN) {
                for person in &role.persons {
                    let found = self.vault.find(&vault::normal(&person.identity()))?;
                    for id in found.map(|id| self.vault.linked(id)).transpose()?.unwrap_or_default() {
                        roles.entry(id).or_default().push(role.name.clone());
                    }
                }
            }
            in_force.push((known.entry, roles));
        }
        let mut all = BTreeMap::new();
        if in_force.iter().all(|(_, roles)| roles.is_empty()) {
            return Ok(all);
        }
        for observation in observations {
            let ObservedBody::Action(body) = &observation.body else { continue };
            let index = observation.index;
            let Some((_, roles)) = in_force.iter().rfind(|(entry, _)| *entry < index) else { continue };
            let actors = body.actors.iter().map(|it| (it.kind == PartyKind::Human, it.part));
            let recipients = body.recipients.iter().map(|it| (it.party == PartyKind::Human, it.part));
            let humans = actors.chain(recipients).filter(|(is_human, _)| *is_human);
            for ordinal in humans.filter_map(|(_, part)| part.checked_sub(1)) {
                for id in self.whose(PartPlace { index, ordinal })? {
                    if let Some(names) = roles.get(&id) {
                        all.insert((index, ordinal), names.clone());
                    }
                }
            }
        }
        Ok(all)
    }

    /// The erasure entry that took this part.
    pub(super) fn erased_by(&self, place: (u64, u32)) -> Result<Option<u64>, EngineError> {
        for (by, _) in self.erasure_entries()?.into_iter().filter(|(by, _)| *by > place.0) {
            if self.ledger.covered(by)?.contains(&place) {
                return Ok(Some(by));
            }
        }
        Ok(None)
    }
}

fn act_in(entry: &StoredEntry) -> Option<PersonAct> {
    match entry.body() {
        Some(Ok(Body::Person(body))) => Some(body.act).filter(|_| body.decision == Decision::Done),
        _ => None,
    }
}
