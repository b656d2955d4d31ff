//! What is asked for a person and done about them: looking up, linking, restricting, holding, asking for erasure. Each is
//! an entry that says in the open what was done and on which ground, and sealed whom it was about.

use super::acting::Alone;
use super::append::Gate;
use super::{EngineError, Kind, OpenLedger, Receipt};
use crate::admit::events;
use crate::model::*;
use crate::store::WriteSet;
use crate::vault::{Change, DueErasure, HeldPerson, Hold, PersonId, Restriction, Standing, StandingId};
use std::collections::BTreeSet;
use std::sync::Arc;
use whosaw_verifier::body::PersonActBody;
use whosaw_verifier::erasure::token_hash;
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasureStatus {
    /// Nobody asked with this token, as far as is known here.
    Unknown,
    /// Restricted until its batch runs.
    Waiting { asked_us: u64, blocked: bool },
    /// Made inaccessible, but for what matters keep, and more where an entry says so.
    Done {
        inaccessible: Recorded,
        irrecoverable: Option<Recorded>,
        custodian: CustodianClass,
        kept: Vec<KeptFor>,
        /// Copies that are not known to be gone; nothing where nobody can say.
        copies: Option<u64>,
    },
}

/// An entry, and when it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    pub index: u64,
    pub at_us: u64,
}

/// What stays of an erased person, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptFor {
    pub matter: StandingId,
    pub exemption: Exemption,
    pub parts: u64,
    /// The matter is over: it goes with the next batch.
    pub released: bool,
}

impl OpenLedger {
    /// Whoever this identifier means, with everybody who is the same person. To be asked with the gate held, if something
    /// is to be sealed for them: a batch of erasures in between would make them somebody new.
    pub(super) fn person_of(&self, subject: &Identity) -> Result<Found, EngineError> {
        let unknown = || EngineError::not_found("this ledger knows nobody by this identifier");
        let subject = crate::vault::normal(subject);
        let person = self.vault.find(&subject)?.ok_or_else(unknown)?;
        // As it was shown: asked for in the other strength it would be another identifier, and somebody new.
        let known = self.vault.identities(person)?;
        let same = |known: &Identity| known.namespace == subject.namespace && known.fields == subject.fields;
        let identity = known.into_iter().find(same).unwrap_or(subject);
        Ok(Found { person, whole: self.vault.linked(person)?, identity })
    }

    /// Records that somebody looked a person up, then tells how they stand.
    pub async fn person_status(self: &Arc<Self>, asked: &Asked, caller: &Caller) -> Result<PersonStatus, EngineError> {
        let (found, _) = self
            .asked_for(EntryKind::Request, PersonAct::LookUp, asked, caller, |_| Ok((Decision::Done, None, Vec::new())))
            .await?;
        let Found { person, whole, .. } = found;
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
        for (_, due) in standing.due_of(&whole) {
            (status.erasure_asked_us, status.erasure_blocked) = (Some(due.asked_us), due.blocked);
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
        let done = self.link_known(asked, other, strength, caller).await;
        self.or_refused(done, EntryKind::SubjectLink, PersonAct::Link, asked, caller).await
    }

    async fn link_known(
        self: &Arc<Self>,
        asked: &Asked,
        other: &Identity,
        strength: Strength,
        caller: &Caller,
    ) -> Result<Receipt, EngineError> {
        let _one_at_a_time = self.acting.about_anybody().await;
        let gate = self.sealing.read().await;
        let known = |identity: &Identity| match self.person_of(identity) {
            Ok(found) => Ok(found.identity),
            Err(error) if error.kind == Kind::NotFound => Ok(crate::vault::normal(identity)),
            Err(error) => Err(error),
        };
        let both = [known(&asked.subject)?, known(other)?];
        if both[0].namespace == both[1].namespace && both[0].fields == both[1].fields {
            return Err(EngineError::invalid("other", "is the same identifier"));
        }
        let body = PersonActBody { strength, ..body_of(PersonAct::Link, Decision::Done, asked) };
        let registry = &self.names().registry;
        let admitted = events::link_act(body, link_of(asked, &both), both.clone(), caller, registry);
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
        let done = self.unlink_known(asked, other, caller).await;
        self.or_refused(done, EntryKind::SubjectLink, PersonAct::Unlink, asked, caller).await
    }

    async fn unlink_known(
        self: &Arc<Self>,
        asked: &Asked,
        other: &Identity,
        caller: &Caller,
    ) -> Result<(Receipt, bool), EngineError> {
        let _one_at_a_time = self.acting.about_anybody().await;
        let gate = self.sealing.write().await;
        // Rows that are on their way into the store would go over these.
        self.write_rows(WriteSet::default()).await?;
        let (one, other) = (self.person_of(&asked.subject)?, self.person_of(other)?);
        let (a, b) = (one.person, other.person);
        if a == b {
            let text =
                "entries showed these identifiers as those of one person; they were never linked by an entry alone";
            return Err(EngineError::precondition(text));
        }
        let rows = self.vault.unlink(a, b)?;
        if rows.is_empty() {
            return Err(EngineError::precondition("these identifiers are not linked"));
        }
        let both = [one.identity, other.identity];
        let body = body_of(PersonAct::Unlink, Decision::Done, asked);
        let registry = &self.names().registry;
        let admitted = events::link_act(body, link_of(asked, &both), both, caller, registry);
        let sealed = self.seal_with(admitted, rows, |vault| vault.unlinked())?;
        let (salt, content) = (sealed.salt, sealed.body.clone());
        let pending = super::append::Pending::of(self.ledger.submit(vec![sealed])?, (salt, content));
        let (place, published, content) = pending.place().await?;
        drop(gate);
        let still_linked = self.vault.linked(a)?.contains(&b);
        Ok((self.receipt_of(&place, &published, content)?, still_linked))
    }

    /// GDPR Art. 18: from now on the person's data is stored and nothing else, until the restriction is lifted.
    pub async fn restrict(self: &Arc<Self>, asked: &Asked, caller: &Caller) -> Result<Receipt, EngineError> {
        let restriction = Restriction { ground: asked.ground, since_us: self.clock.now().0 };
        let restricted = |found: &Found| {
            let changes = found.whole.iter().map(|id| Change::Restricted(*id, Some(restriction.clone()))).collect();
            Ok((Decision::Done, None, changes))
        };
        Ok(self.asked_for(EntryKind::Restriction, PersonAct::Restrict, asked, caller, restricted).await?.1)
    }

    pub async fn lift_restriction(self: &Arc<Self>, asked: &Asked, caller: &Caller) -> Result<Receipt, EngineError> {
        let lifted = |found: &Found| {
            let standing = self.vault.standing();
            let restricted = found.whole.iter().filter(|id| standing.restricted.contains_key(id));
            let changes: Vec<Change> = restricted.map(|id| Change::Restricted(*id, None)).collect();
            if changes.is_empty() {
                return Err(EngineError::precondition("the processing of this person's data is not restricted"));
            }
            if found.waits(&standing) {
                let text =
                    "an erasure was asked for this person: until it is done or withdrawn their data stays restricted";
                return Err(EngineError::precondition(text));
            }
            Ok((Decision::Done, None, changes))
        };
        Ok(self.asked_for(EntryKind::Restriction, PersonAct::LiftRestriction, asked, caller, lifted).await?.1)
    }

    /// GDPR Art. 17: recorded and restricted at once; done with the next batch, unless a hold stands in the way.
    pub async fn request_erasure(
        self: &Arc<Self>,
        asked: &Asked,
        caller: &Caller,
    ) -> Result<ErasureAsked, EngineError> {
        let (id, token): (StandingId, [u8; 32]) = (random()?, random()?);
        let asked_us = self.clock.now().0;
        // What the batch finds is what counts: a request is not refused because projections are behind.
        let about = asked.subject.clone();
        let needed = self.blocking(move |open| match open.person_of(&about) {
            Ok(found) => open.is_needed_by_cases(&found.whole),
            // Who is not known is refused below.
            Err(_) => Ok(false),
        });
        let needed = match needed.await {
            Err(behind) if behind.kind == Kind::FailedPrecondition => false,
            needed => needed?,
        };
        let mut blocked = false;
        let requested = |found: &Found| {
            if found.waits(&self.vault.standing()) {
                let text = "an erasure was asked for this person before, and waits for its batch";
                return Err(EngineError::precondition(text));
            }
            let held_by = self.hold_over(&self.held()?, &found.whole)?;
            // To document a breach is what the law asks of the controller (GDPR Art. 33(5)).
            let held_by = held_by.or_else(|| needed.then_some(Exemption::LegalObligation));
            blocked = held_by.is_some();
            let due = DueErasure {
                person: found.person.id().to_vec(),
                shard: u32::from(found.person.shard()),
                token: token_hash(&token).to_vec(),
                asked_us,
                ground: asked.ground,
                blocked,
            };
            let mut changes = vec![Change::Due(id, Some(due))];
            let restriction = Restriction { ground: asked.ground, since_us: asked_us };
            let standing = self.vault.standing();
            let unrestricted = found.whole.iter().filter(|id| !standing.restricted.contains_key(id));
            changes.extend(unrestricted.map(|id| Change::Restricted(*id, Some(restriction.clone()))));
            Ok((if blocked { Decision::Blocked } else { Decision::Received }, held_by, changes))
        };
        let (_, receipt) = self.asked_for(EntryKind::Request, PersonAct::Erase, asked, caller, requested).await?;
        Ok(ErasureAsked { receipt, token, blocked })
    }

    /// Takes back a request that no batch has done yet. The restriction stays until it is lifted.
    pub async fn withdraw_erasure(self: &Arc<Self>, asked: &Asked, caller: &Caller) -> Result<Receipt, EngineError> {
        let _no_batch = self.erasing.lock().await;
        let withdrawn = |found: &Found| {
            let standing = self.vault.standing();
            let changes: Vec<Change> = standing.due_of(&found.whole).map(|(id, _)| Change::Due(id, None)).collect();
            if changes.is_empty() {
                return Err(EngineError::precondition("no erasure of this person waits to be done"));
            }
            Ok((Decision::Done, None, changes))
        };
        Ok(self.asked_for(EntryKind::Request, PersonAct::WithdrawErasure, asked, caller, withdrawn).await?.1)
    }

    /// Says of requests that a hold stands in their way, where it came after them: each in an entry, once.
    pub(super) async fn tell_blocked(self: &Arc<Self>) -> Result<(), EngineError> {
        let due: Vec<(StandingId, DueErasure)> =
            self.vault.standing().due.iter().map(|(id, due)| (*id, due.clone())).collect();
        if due.is_empty() {
            return Ok(());
        }
        for (id, due) in due.into_iter().filter(|(_, due)| !due.blocked) {
            let (person, ground) = (due.person()?, due.ground);
            let look = self.blocking(move |open| open.holds_over(&open.held()?, &open.vault.linked(person)?));
            let Some(held_by) = look.await? else { continue };
            let Some(subject) = self.vault.identities(person)?.into_iter().next() else { continue };
            let asked = Asked { subject, ground, ..Asked::default() };
            let blocked = |_: &Found| {
                let change = Change::Due(id, Some(DueErasure { blocked: true, ..due.clone() }));
                Ok((Decision::Blocked, Some(held_by), vec![change]))
            };
            self.act(EntryKind::Request, PersonAct::Erase, &asked, &super::nobody(), blocked).await?;
        }
        Ok(())
    }

    /// Keeps what the scope names from erasure and retention until the matter is released.
    pub async fn place_hold(
        self: &Arc<Self>,
        asked: &Asked,
        scope: &HoldScope,
        caller: &Caller,
    ) -> Result<(Receipt, StandingId), EngineError> {
        let done = self.hold_known(asked, scope, caller).await;
        self.or_refused(done, EntryKind::Hold, PersonAct::PlaceHold, asked, caller).await
    }

    async fn hold_known(
        self: &Arc<Self>,
        asked: &Asked,
        scope: &HoldScope,
        caller: &Caller,
    ) -> Result<(Receipt, StandingId), EngineError> {
        // A batch that has looked at the holds already must not run on without this one, nor take whom it names.
        let _no_batch = self.erasing.lock().await;
        let one_at_a_time = self.acting.about_anybody().await;
        let gate = self.sealing.read().await;
        let matter: StandingId = random()?;
        let without_persons = HoldScope { persons: Vec::new(), ..scope.clone() };
        let act = |scope: HoldScope| PersonActPart { hold: Some(scope), matter: matter.to_vec(), ..act_of(asked) };
        let (mut held, mut acts) = (BTreeSet::new(), Vec::new());
        for identity in &scope.persons {
            let found = self.person_of(&crate::vault::identity_of(identity))?;
            let persons = vec![crate::vault::part_identity(&found.identity)];
            acts.push((found.identity, act(HoldScope { persons, ..without_persons.clone() })));
            held.extend(found.whole);
        }
        let person = |id: &PersonId| HeldPerson { person: id.id().to_vec(), shard: u32::from(id.shard()) };
        let hold = Hold {
            persons: held.iter().map(person).collect(),
            datasets: scope.datasets.clone(),
            agents: scope.agents.clone(),
            from_us: scope.from_us,
            until_us: scope.until_us,
            exemption: asked.exemption,
            since_us: self.clock.now().0,
            released_us: 0,
        };
        let about_nobody = acts.is_empty().then(|| act(without_persons));
        let body = body_of(PersonAct::PlaceHold, Decision::Done, asked);
        let scope = hold.clone();
        let kept = self.blocking(move |open| open.kept_too(matter, &scope)).await?;
        let rows = self.vault.rows_keeping(&matter, &kept)?;
        let admitted = events::person_act(EntryKind::Hold, body, acts, about_nobody, caller, &self.names().registry);
        let changes = vec![Change::Hold(matter, Some(hold))];
        let receipt = self.record_with_rows(admitted, changes, rows, gate).await?;
        drop(one_at_a_time);
        self.journal_changes().await?;
        Ok((receipt, matter))
    }

    /// What only this matter kept is erased by the next batch: persons that it blocked, and single parts.
    pub async fn release_hold(
        self: &Arc<Self>,
        matter: StandingId,
        asked: &Asked,
        caller: &Caller,
    ) -> Result<Receipt, EngineError> {
        let done = self.release_known(matter, asked, caller).await;
        self.or_refused(done, EntryKind::Hold, PersonAct::ReleaseHold, asked, caller).await
    }

    async fn release_known(
        self: &Arc<Self>,
        matter: StandingId,
        asked: &Asked,
        caller: &Caller,
    ) -> Result<Receipt, EngineError> {
        let _no_batch = self.erasing.lock().await;
        let one_at_a_time = self.acting.about_anybody().await;
        let gate = self.sealing.read().await;
        let keeps_parts = self.blocking(move |open| Ok(open.vault.kept_count(&matter)? > 0)).await?;
        let (mut changes, hold) = {
            let standing = self.vault.standing();
            let hold = standing.holds.get(&matter);
            let hold = hold.ok_or_else(|| EngineError::not_found("no hold of this matter is in force"))?;
            (unblocked(&standing), hold.clone())
        };
        let held = hold.persons()?;
        let over = Hold { released_us: self.clock.now().0, ..hold };
        changes.push(Change::Hold(matter, keeps_parts.then_some(over)));
        let act = PersonActPart { matter: matter.to_vec(), ..act_of(asked) };
        let mut acts = Vec::new();
        for person in held {
            let identity = self.vault.identities(person)?.into_iter().next();
            acts.extend(identity.map(|identity| (identity, act.clone())));
        }
        let about_nobody = acts.is_empty().then_some(act);
        let body = body_of(PersonAct::ReleaseHold, Decision::Done, asked);
        let registry = &self.names().registry;
        let admitted = events::person_act(EntryKind::Hold, body, acts, about_nobody, caller, registry);
        let receipt = self.record_with(admitted, changes, gate).await?;
        drop(one_at_a_time);
        self.journal_changes().await?;
        Ok(receipt)
    }

    /// Requests that something kept waiting, as they are once it is over.
    pub(super) fn unblocked(&self) -> Vec<Change> {
        unblocked(&self.vault.standing())
    }

    /// All holds in force, each with how many parts it keeps of persons who are gone. Blocks.
    pub fn holds_with_parts(&self) -> Result<Vec<(StandingId, Hold, u64)>, EngineError> {
        let counted = |(matter, hold)| Ok((matter, hold, self.vault.kept_count(&matter)?));
        self.holds().into_iter().map(counted).collect()
    }

    /// All holds in force.
    pub fn holds(&self) -> Vec<(StandingId, Hold)> {
        self.vault.standing().holds.iter().map(|(matter, hold)| (*matter, hold.clone())).collect()
    }

    /// Records a call that is about nobody by name, such as a look at all holds. Whoever asked is answered only after this
    /// is durable.
    pub async fn record_call(
        &self,
        act: PersonAct,
        ground: Ground,
        decision: Decision,
        caller: &Caller,
    ) -> Result<Receipt, EngineError> {
        let body = body_of(act, decision, &Asked { ground, ..Asked::default() });
        let registry = &self.names().registry;
        let about_nobody = Some(PersonActPart::default());
        self.record(events::person_act(EntryKind::Request, body, Vec::new(), about_nobody, caller, registry)).await
    }

    /// What became of the erasure that this token was given for. Nothing is recorded: the token names nobody here, whoever
    /// has it is most likely who was erased, and an entry with who asked would name them anew where no erasure reaches.
    pub fn erasure_status(&self, token: &[u8; 32]) -> Result<ErasureStatus, EngineError> {
        let hash = token_hash(token);
        if let Some(due) = self.vault.standing().due.values().find(|due| due.token == hash) {
            return Ok(ErasureStatus::Waiting { asked_us: due.asked_us, blocked: due.blocked });
        }
        let (mut done, mut irrecoverable) = (None, None);
        for (index, body) in self.erasure_entries()? {
            match body.state {
                ErasureState::Inaccessible if body.tokens.iter().any(|known| *known == hash) => {
                    done = Some((index, body.custodian));
                }
                ErasureState::Irrecoverable if done.is_some_and(|(batch, _)| batch == body.batch) => {
                    irrecoverable = Some(index);
                }
                _ => {}
            }
        }
        let Some((index, custodian)) = done else { return Ok(ErasureStatus::Unknown) };
        Ok(ErasureStatus::Done {
            inaccessible: self.recorded(index)?,
            irrecoverable: irrecoverable.map(|index| self.recorded(index)).transpose()?,
            custodian,
            kept: self.kept_of_request(&hash)?,
            copies: self.copies_left(index)?,
        })
    }

    fn recorded(&self, index: u64) -> Result<Recorded, EngineError> {
        let missing = || EngineError::new(Kind::Corrupt, format!("entry {index} is missing"));
        let at_us = self.ledger.entry(index)?.ok_or_else(missing)?.header.recorded_at_us;
        Ok(Recorded { index, at_us })
    }

    /// Parts that matters keep of whoever was erased for a request.
    fn kept_of_request(&self, token_hash: &[u8]) -> Result<Vec<KeptFor>, EngineError> {
        let matters: Vec<(StandingId, Exemption, bool)> = {
            let standing = self.vault.standing();
            let in_force = standing.holds.iter().map(|(matter, hold)| (*matter, hold.exemption, false));
            in_force.chain(standing.released.iter().map(|(matter, hold)| (*matter, hold.exemption, true))).collect()
        };
        let mut found = Vec::new();
        for (matter, exemption, released) in matters {
            let kept = self.vault.kept_by(&matter)?;
            let parts = kept.iter().filter(|kept| kept.tokens.contains(token_hash)).count() as u64;
            if parts > 0 {
                found.push(KeptFor { matter, exemption, parts, released });
            }
        }
        Ok(found)
    }

    /// Finds the person, lets `decide` say what becomes of it, and records that: with the gate held from the look on, so that
    /// nothing is sealed for somebody who was erased meanwhile.
    async fn act(
        self: &Arc<Self>,
        kind: EntryKind,
        act: PersonAct,
        asked: &Asked,
        caller: &Caller,
        decide: impl FnOnce(&Found) -> Result<Decided, EngineError>,
    ) -> Result<(Found, Receipt), EngineError> {
        let (alone, gate, found) = self.alone_with(&asked.subject).await?;
        let (decision, exemption, changes) = decide(&found)?;
        let exemption = exemption.unwrap_or(asked.exemption);
        let body = PersonActBody { exemption, ..body_of(act, decision, asked) };
        // By which identifier somebody was looked up, the person's own report is told, whatever is linked later.
        let looked_up = (act == PersonAct::LookUp).then(|| crate::vault::part_identity(&found.identity));
        let told = PersonActPart { asked: looked_up, ..act_of(asked) };
        let acts = vec![(found.identity.clone(), told)];
        let registry = &self.names().registry;
        let admitted = events::person_act(kind, body, acts, None, caller, registry);
        let changes_anything = !changes.is_empty();
        let receipt = self.record_with(admitted, changes, gate).await?;
        // Others need not wait for the journal: what they decide by is what is durable.
        drop(alone);
        if changes_anything {
            self.journal_changes().await?;
        }
        Ok((found, receipt))
    }

    /// The same for whoever asks; what comes to nothing is an entry too.
    async fn asked_for(
        self: &Arc<Self>,
        kind: EntryKind,
        act: PersonAct,
        asked: &Asked,
        caller: &Caller,
        decide: impl FnOnce(&Found) -> Result<Decided, EngineError>,
    ) -> Result<(Found, Receipt), EngineError> {
        let done = self.act(kind, act, asked, caller, decide).await;
        self.or_refused(done, kind, act, asked, caller).await
    }

    /// Records a call that was refused, with who asked: sealed for whom it was about. Where the ledger knows nobody by that
    /// name, without any word of the caller's: what is sealed for the ledger no erasure reaches, and a word may name somebody.
    async fn or_refused<T>(
        &self,
        done: Result<T, EngineError>,
        kind: EntryKind,
        act: PersonAct,
        asked: &Asked,
        caller: &Caller,
    ) -> Result<T, EngineError> {
        match done {
            Err(error) if matches!(error.kind, Kind::NotFound | Kind::FailedPrecondition) => {
                self.record_refused(kind, act, asked, caller).await?;
                Err(error)
            }
            done => done,
        }
    }

    /// The same where a field is held against what the ledger knows, such as who may decide: refused for that it is judged
    /// too, and not only unreadable.
    pub(super) async fn or_judged<T>(
        &self,
        done: Result<T, EngineError>,
        kind: EntryKind,
        act: PersonAct,
        asked: &Asked,
        caller: &Caller,
    ) -> Result<T, EngineError> {
        match done {
            Err(error) if error.kind == Kind::Invalid => {
                self.record_refused(kind, act, asked, caller).await?;
                Err(error)
            }
            done => self.or_refused(done, kind, act, asked, caller).await,
        }
    }

    async fn record_refused(
        &self,
        kind: EntryKind,
        act: PersonAct,
        asked: &Asked,
        caller: &Caller,
    ) -> Result<(), EngineError> {
        let gate = self.sealing.read().await;
        let (acts, about_nobody) = match self.person_of(&asked.subject) {
            Ok(found) => (vec![(found.identity, act_of(asked))], None),
            Err(unknown) if unknown.kind == Kind::NotFound => (Vec::new(), Some(PersonActPart::default())),
            Err(error) => return Err(error),
        };
        let body = body_of(act, Decision::Refused, asked);
        let registry = &self.names().registry;
        let admitted = events::person_act(kind, body, acts, about_nobody, caller, registry);
        let sealed = self.vault.seal(admitted, self.clock.now())?;
        self.append_sealed(sealed, gate).await.map(drop)
    }

    /// Waits for acts about this person, then for the gate: neither their ids nor what stands about them change meanwhile.
    async fn alone_with(&self, subject: &Identity) -> Result<(Alone<'_>, Gate<'_>, Found), EngineError> {
        loop {
            let before = self.person_of(subject)?;
            let alone = self.acting.about(&before.whole).await;
            let gate = self.sealing.read().await;
            let found = self.person_of(subject)?;
            if alone.with(&found.whole) {
                return Ok((alone, gate, found));
            }
            // A batch made them somebody new, or they were linked, between the two looks.
        }
    }
}

/// What becomes of a call, why it is exempt, and what it changes.
type Decided = (Decision, Option<Exemption>, Vec<Change>);

/// A person as the vault knows them now.
pub(super) struct Found {
    person: PersonId,
    /// Every id that is this person.
    pub whole: Vec<PersonId>,
    /// The identifier asked for, as it was shown.
    pub identity: Identity,
}

impl Found {
    /// An erasure was asked for and waits.
    fn waits(&self, standing: &Standing) -> bool {
        standing.due_of(&self.whole).next().is_some()
    }
}

/// Whoever else is still held is found out when the batch runs, and told of again.
fn unblocked(standing: &Standing) -> Vec<Change> {
    let blocked = standing.due.iter().filter(|(_, due)| due.blocked);
    let unblocked = |due: &DueErasure| DueErasure { blocked: false, ..due.clone() };
    blocked.map(|(id, due)| Change::Due(*id, Some(unblocked(due)))).collect()
}

pub(super) fn body_of(act: PersonAct, decision: Decision, asked: &Asked) -> PersonActBody {
    PersonActBody { act, decision, ground: asked.ground, exemption: asked.exemption, ..PersonActBody::default() }
}

fn link_of(asked: &Asked, both: &[Identity; 2]) -> PersonActPart {
    let [one, other] = both.each_ref().map(crate::vault::part_identity);
    PersonActPart { asked: Some(one), other: Some(other), ..act_of(asked) }
}

pub(super) fn act_of(asked: &Asked) -> PersonActPart {
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
