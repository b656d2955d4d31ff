//! What is asked for a person and done about them: looking up, linking, restricting, holding, asking for erasure. Each is
//! an entry that says in the open what was done and on which ground, and sealed whom it was about.

use super::{EngineError, OpenLedger, Receipt};
use crate::admit::events;
use crate::model::*;
use crate::store::WriteSet;
use crate::vault::{Change, DueErasure, HeldPerson, Hold, PersonId, Restriction, StandingId, Vault};
use std::collections::BTreeSet;
use std::sync::Arc;
use whosaw_verifier::body::PersonActBody;
use whosaw_verifier::hash::{Hash, sha256};
use whosaw_verifier::part::{HoldScope, PersonActPart};

/// What every call about a person says beside whom it is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    pub subject: Identity,
    pub ground: Ground,
    pub exemption: Exemption,
    /// The case's own number or name.
    pub reference: String,
    pub authority: String,
    pub statement: String,
}

/// A request for erasure that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureAsked {
    pub receipt: Receipt,
    /// Shown once and kept nowhere: with it the person can tell later which erasure entry is theirs.
    pub token: [u8; 32],
    /// A hold stands in the way.
    pub blocked: bool,
}

/// How a person stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonStatus {
    pub identities: Vec<Identity>,
    /// Identities of persons of whom it is only possible that they are the same.
    pub possible: Vec<Identity>,
    pub restricted: Option<Restriction>,
    pub erasure_asked_us: Option<u64>,
    pub erasure_blocked: bool,
    /// Matters that hold this person by name.
    pub matters: Vec<StandingId>,
    /// Sealed parts about them.
    pub parts: u64,
}

/// How an erasure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureStatus {
    /// Nobody asked with this token, as far as is known here.
    Unknown,
    /// Restricted until its batch runs.
    Waiting { asked_us: u64, blocked: bool },
    /// Entry `index` made it inaccessible; `irrecoverable` is the entry that says more, if there is one.
    Done { index: u64, irrecoverable: Option<u64> },
}

/// SHA-256("whosaw/erasure-token/v1\0" ‖ token): what stands in the open.
pub fn token_hash(token: &[u8; 32]) -> Hash {
    sha256(&[b"whosaw/erasure-token/v1\0", token])
}

impl OpenLedger {
    /// Whoever this identifier means, with everybody who is the same person.
    fn person_of(&self, subject: &Identity) -> Result<(PersonId, Vec<PersonId>), EngineError> {
        let unknown = || EngineError::not_found("this ledger knows nobody by this identifier");
        let person = self.vault.find(subject)?.ok_or_else(unknown)?;
        Ok((person, self.vault.linked(person)?))
    }

    /// Records that somebody looked a person up, then tells how they stand.
    pub async fn person_status(self: &Arc<Self>, asked: &Asked, caller: &Caller) -> Result<PersonStatus, EngineError> {
        let (person, whole) = self.person_of(&asked.subject)?;
        self.record_act(EntryKind::Request, PersonAct::LookUp, Decision::Done, asked, caller, Vec::new()).await?;
        let (mut status, mut seen) = (PersonStatus::default(), BTreeSet::new());
        for id in &whole {
            status.identities.extend(self.vault.identities(*id)?);
            status.parts += self.vault.occurrences(*id)?.len() as u64;
        }
        for id in self.vault.weakly_linked(person)? {
            status.possible.extend(self.vault.identities(id)?);
        }
        status.identities.retain(|identity| seen.insert(identity.clone()));
        status.possible.retain(|identity| seen.insert(identity.clone()));
        let standing = self.vault.standing();
        status.restricted = whole.iter().find_map(|id| standing.restricted.get(id).cloned());
        for due in standing.due.values() {
            if whole.contains(&due.person()?) {
                (status.erasure_asked_us, status.erasure_blocked) = (Some(due.asked_us), due.blocked);
            }
        }
        for (matter, hold) in &standing.holds {
            if hold.persons()?.iter().any(|held| whole.contains(held)) {
                status.matters.push(*matter);
            }
        }
        Ok(status)
    }

    /// Records that two identifiers mean one person, or perhaps do; both hear of it.
    pub async fn link(
        self: &Arc<Self>,
        asked: &Asked,
        other: &Identity,
        strength: Strength,
        caller: &Caller,
    ) -> Result<Receipt, EngineError> {
        let (subject, other) = (crate::vault::normal(&asked.subject), crate::vault::normal(other));
        if subject.namespace == other.namespace && subject.fields == other.fields {
            return Err(EngineError::invalid("other", "is the same identifier"));
        }
        let body = PersonActBody { strength, ..body_of(PersonAct::Link, Decision::Done, asked) };
        let act = PersonActPart {
            asked: Some(crate::vault::part_identity(&subject)),
            other: Some(crate::vault::part_identity(&other)),
            ..act_of(asked)
        };
        let both = [subject, other];
        let registry = &self.names().registry;
        let admitted = events::person_act(EntryKind::SubjectLink, body, &act, &both, caller, registry);
        let gate = self.sealing.read().await;
        let now = self.clock.now();
        self.vault.link(&both[0], &both[1], strength, now.month())?;
        let sealed = self.vault.seal(admitted, now)?;
        self.append_sealed(sealed, gate).await
    }

    /// Takes a link back. Whether the two are still one person by what other entries showed of them.
    pub async fn unlink(
        self: &Arc<Self>,
        asked: &Asked,
        other: &Identity,
        caller: &Caller,
    ) -> Result<(Receipt, bool), EngineError> {
        let (subject, other) = (crate::vault::normal(&asked.subject), crate::vault::normal(other));
        let ((a, _), (b, _)) = (self.person_of(&subject)?, self.person_of(&other)?);
        if a == b {
            let text =
                "entries showed these identifiers as those of one person; they were never linked by an entry alone";
            return Err(EngineError::precondition(text));
        }
        let body = body_of(PersonAct::Unlink, Decision::Done, asked);
        let act = PersonActPart {
            asked: Some(crate::vault::part_identity(&subject)),
            other: Some(crate::vault::part_identity(&other)),
            ..act_of(asked)
        };
        let registry = &self.names().registry;
        let admitted = events::person_act(EntryKind::SubjectLink, body, &act, &[subject, other], caller, registry);
        let gate = self.sealing.write().await;
        // Rows that are on their way into the store would go over these.
        self.write_rows(WriteSet::default()).await?;
        let rows = self.vault.unlink(a, b)?;
        if rows.is_empty() {
            return Err(EngineError::precondition("these identifiers are not linked"));
        }
        let mut sealed = self.vault.seal(admitted, self.clock.now())?;
        let (inner, vault) = (Arc::clone(&sealed.placement), Arc::clone(&self.vault));
        sealed.placement = Arc::new(Unlinking { inner, vault, rows });
        let (salt, content) = (sealed.salt, sealed.body.clone());
        let pending = super::append::Pending::of(self.ledger.submit(vec![sealed])?, (salt, content));
        let (place, published, content) = pending.place().await?;
        drop(gate);
        let still_linked = self.vault.linked(a)?.contains(&b);
        Ok((self.receipt_of(&place, &published, content)?, still_linked))
    }

    /// GDPR Art. 18: from now on the person's data is stored and nothing else, until the restriction is lifted.
    pub async fn restrict(self: &Arc<Self>, asked: &Asked, caller: &Caller) -> Result<Receipt, EngineError> {
        let (_, whole) = self.person_of(&asked.subject)?;
        let restriction = Restriction { ground: asked.ground, since_us: self.clock.now().0 };
        let changes = whole.iter().map(|id| Change::Restricted(*id, Some(restriction.clone()))).collect();
        self.record_act(EntryKind::Restriction, PersonAct::Restrict, Decision::Done, asked, caller, changes).await
    }

    pub async fn lift_restriction(self: &Arc<Self>, asked: &Asked, caller: &Caller) -> Result<Receipt, EngineError> {
        let (_, whole) = self.person_of(&asked.subject)?;
        let restricted: Vec<PersonId> = {
            let standing = self.vault.standing();
            whole.iter().copied().filter(|id| standing.restricted.contains_key(id)).collect()
        };
        if restricted.is_empty() {
            return Err(EngineError::precondition("the processing of this person's data is not restricted"));
        }
        let due = {
            let standing = self.vault.standing();
            let of_whole = |due: &DueErasure| due.person().is_ok_and(|person| whole.contains(&person));
            standing.due.values().any(of_whole)
        };
        if due {
            let text =
                "an erasure was asked for this person: until it is done or withdrawn their data stays restricted";
            return Err(EngineError::precondition(text));
        }
        let changes = restricted.into_iter().map(|id| Change::Restricted(id, None)).collect();
        self.record_act(EntryKind::Restriction, PersonAct::LiftRestriction, Decision::Done, asked, caller, changes)
            .await
    }

    /// GDPR Art. 17: recorded and restricted at once; done with the next batch, unless a hold stands in the way.
    pub async fn request_erasure(
        self: &Arc<Self>,
        asked: &Asked,
        caller: &Caller,
    ) -> Result<ErasureAsked, EngineError> {
        let (person, whole) = self.person_of(&asked.subject)?;
        let waits = {
            let standing = self.vault.standing();
            let of_whole = |due: &DueErasure| due.person().is_ok_and(|person| whole.contains(&person));
            standing.due.values().any(of_whole)
        };
        if waits {
            return Err(EngineError::precondition(
                "an erasure was asked for this person before, and waits for its batch",
            ));
        }
        let held_by = self.holds_over(&whole)?;
        let (id, token): (StandingId, [u8; 32]) = (random()?, random()?);
        let asked_us = self.clock.now().0;
        let due = DueErasure {
            person: person.id().to_vec(),
            shard: u32::from(person.shard()),
            token: token_hash(&token).to_vec(),
            asked_us,
            ground: asked.ground,
            blocked: held_by.is_some(),
        };
        let mut changes = vec![Change::Due(id, Some(due))];
        let restriction = Restriction { ground: asked.ground, since_us: asked_us };
        let standing_restrictions: BTreeSet<PersonId> = self.vault.standing().restricted.keys().copied().collect();
        let unrestricted = whole.iter().filter(|id| !standing_restrictions.contains(id));
        changes.extend(unrestricted.map(|id| Change::Restricted(*id, Some(restriction.clone()))));
        let decision = if held_by.is_some() { Decision::Blocked } else { Decision::Received };
        let asked = Asked { exemption: held_by.unwrap_or_default(), ..asked.clone() };
        let receipt = self.record_act(EntryKind::Request, PersonAct::Erase, decision, &asked, caller, changes).await?;
        Ok(ErasureAsked { receipt, token, blocked: held_by.is_some() })
    }

    /// Takes back a request that no batch has done yet. The restriction stays until it is lifted.
    pub async fn withdraw_erasure(self: &Arc<Self>, asked: &Asked, caller: &Caller) -> Result<Receipt, EngineError> {
        let (_, whole) = self.person_of(&asked.subject)?;
        let _no_batch = self.erasing.lock().await;
        let mut changes = Vec::new();
        for (id, due) in &self.vault.standing().due {
            if whole.contains(&due.person()?) {
                changes.push(Change::Due(*id, None));
            }
        }
        if changes.is_empty() {
            return Err(EngineError::precondition("no erasure of this person waits to be done"));
        }
        self.record_act(EntryKind::Request, PersonAct::WithdrawErasure, Decision::Done, asked, caller, changes).await
    }

    /// Keeps what the scope names from erasure and retention until the matter is released.
    pub async fn place_hold(
        self: &Arc<Self>,
        asked: &Asked,
        scope: &HoldScope,
        caller: &Caller,
    ) -> Result<(Receipt, StandingId), EngineError> {
        let mut held: BTreeSet<PersonId> = BTreeSet::new();
        for identity in &scope.persons {
            held.extend(self.person_of(&crate::vault::identity_of(identity))?.1);
        }
        let matter: StandingId = random()?;
        let person = |id: &PersonId| HeldPerson { person: id.id().to_vec(), shard: u32::from(id.shard()) };
        let hold = Hold {
            persons: held.iter().map(person).collect(),
            datasets: scope.datasets.clone(),
            agents: scope.agents.clone(),
            from_us: scope.from_us,
            until_us: scope.until_us,
            exemption: asked.exemption,
            since_us: self.clock.now().0,
        };
        // A batch that has looked at the holds already must not run on without this one.
        let _no_batch = self.erasing.lock().await;
        let act = PersonActPart { hold: Some(scope.clone()), matter: matter.to_vec(), ..act_of(asked) };
        let body = body_of(PersonAct::PlaceHold, Decision::Done, asked);
        let registry = &self.names().registry;
        let admitted = events::person_act(EntryKind::Hold, body, &act, &[], caller, registry);
        let receipt = self.record_with(admitted, vec![Change::Hold(matter, Some(hold))]).await?;
        Ok((receipt, matter))
    }

    /// What only this matter kept is erased by the next batch.
    pub async fn release_hold(
        self: &Arc<Self>,
        matter: StandingId,
        asked: &Asked,
        caller: &Caller,
    ) -> Result<Receipt, EngineError> {
        let _no_batch = self.erasing.lock().await;
        let mut changes = vec![Change::Hold(matter, None)];
        {
            let standing = self.vault.standing();
            let hold = standing.holds.get(&matter);
            let hold = hold.ok_or_else(|| EngineError::not_found("no hold of this matter is in force"))?;
            let held = hold.persons()?;
            for (id, due) in standing.due.iter().filter(|(_, due)| due.blocked) {
                if held.is_empty() || held.contains(&due.person()?) {
                    changes.push(Change::Due(*id, Some(DueErasure { blocked: false, ..due.clone() })));
                }
            }
        }
        let act = PersonActPart { matter: matter.to_vec(), ..act_of(asked) };
        let body = body_of(PersonAct::ReleaseHold, Decision::Done, asked);
        let registry = &self.names().registry;
        let admitted = events::person_act(EntryKind::Hold, body, &act, &[], caller, registry);
        self.record_with(admitted, changes).await
    }

    /// All holds in force.
    pub fn holds(&self) -> Vec<(StandingId, Hold)> {
        self.vault.standing().holds.iter().map(|(matter, hold)| (*matter, hold.clone())).collect()
    }

    /// Why these ids of one person must not be erased, where a hold covers any of them or an entry about them.
    pub(super) fn holds_over(&self, whole: &[PersonId]) -> Result<Option<Exemption>, EngineError> {
        let holds = self.holds();
        if holds.is_empty() {
            return Ok(None);
        }
        let mut indexes: Option<BTreeSet<u64>> = None;
        for (_, hold) in &holds {
            let persons = hold.persons()?;
            if !persons.is_empty() && !persons.iter().any(|held| whole.contains(held)) {
                continue;
            }
            if hold.is_of_persons_alone() {
                return Ok(Some(hold.exemption));
            }
            if indexes.is_none() {
                let mut all = BTreeSet::new();
                for id in whole {
                    all.extend(self.vault.occurrences(*id)?.into_iter().map(|place| place.index));
                }
                indexes = Some(all);
            }
            for index in indexes.iter().flatten() {
                if self.is_held(hold, *index)? {
                    return Ok(Some(hold.exemption));
                }
            }
        }
        Ok(None)
    }

    /// Whether an entry is within a hold's datasets, agents and time.
    pub(super) fn is_held(&self, hold: &Hold, index: u64) -> Result<bool, EngineError> {
        use whosaw_verifier::body::Body;
        let Some(entry) = self.ledger.entry(index)? else { return Ok(false) };
        let at = entry.header.recorded_at_us;
        if at < hold.from_us || (hold.until_us != 0 && at >= hold.until_us) {
            return Ok(false);
        }
        let body = entry.content.as_ref().map(|(_, body)| Body::decode(entry.header.kind, body));
        Ok(match body {
            Some(Ok(Body::Action(action))) => {
                let fits = |list: &[String], name: &String| list.is_empty() || list.contains(name);
                fits(&hold.datasets, &action.dataset)
                    && (hold.agents.is_empty() || action.actors.iter().any(|actor| fits(&hold.agents, &actor.name)))
            }
            // What cannot be read is held rather than lost.
            Some(Err(_)) | None => true,
            Some(Ok(_)) => hold.datasets.is_empty() && hold.agents.is_empty(),
        })
    }

    /// What became of the erasure that this token was given for. Nothing is recorded: the token names nobody.
    pub fn erasure_status(&self, token: &[u8; 32]) -> Result<ErasureStatus, EngineError> {
        let hash = token_hash(token);
        if let Some(due) = self.vault.standing().due.values().find(|due| due.token == hash) {
            return Ok(ErasureStatus::Waiting { asked_us: due.asked_us, blocked: due.blocked });
        }
        let mut done = None;
        for (index, body) in self.erasure_entries()? {
            match body.state {
                ErasureState::Inaccessible if body.tokens.iter().any(|known| *known == hash) => done = Some(index),
                ErasureState::Irrecoverable if done == Some(body.batch) => {
                    return Ok(ErasureStatus::Done { index: body.batch, irrecoverable: Some(index) });
                }
                _ => {}
            }
        }
        Ok(done.map_or(ErasureStatus::Unknown, |index| ErasureStatus::Done { index, irrecoverable: None }))
    }

    async fn record_act(
        &self,
        kind: EntryKind,
        act: PersonAct,
        decision: Decision,
        asked: &Asked,
        caller: &Caller,
        changes: Vec<Change>,
    ) -> Result<Receipt, EngineError> {
        let subject = crate::vault::normal(&asked.subject);
        let registry = &self.names().registry;
        let body = body_of(act, decision, asked);
        let admitted = events::person_act(kind, body, &act_of(asked), &[subject], caller, registry);
        self.record_with(admitted, changes).await
    }
}

/// The rows that undo a link, travelling with the entry that says so.
struct Unlinking {
    inner: Arc<dyn Placement>,
    vault: Arc<Vault>,
    rows: WriteSet,
}

impl Placement for Unlinking {
    fn place(&self, index: u64, writes: &mut WriteSet) {
        self.inner.place(index, writes);
        writes.append(&self.rows);
    }

    fn durable(&self) {
        self.inner.durable();
        self.vault.unlinked();
    }

    fn judge(&self, _: u64, _: &[u8; 32], _: &[u8; 32]) -> Judgement {
        Judgement::Different
    }
}

fn body_of(act: PersonAct, decision: Decision, asked: &Asked) -> PersonActBody {
    PersonActBody { act, decision, ground: asked.ground, exemption: asked.exemption, ..PersonActBody::default() }
}

fn act_of(asked: &Asked) -> PersonActPart {
    PersonActPart {
        reference: asked.reference.clone(),
        authority: asked.authority.clone(),
        statement: asked.statement.clone(),
        ..PersonActPart::default()
    }
}

fn random<const N: usize>() -> Result<[u8; N], EngineError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|_| EngineError::internal("no randomness can be had"))?;
    Ok(bytes)
}
