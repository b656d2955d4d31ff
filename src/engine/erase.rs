//! A batch of erasures: everything that is due and not held, in one commit that nobody can see half of.
//!
//! 1. Who is due, with everybody who is the same person, and the conversations they stood in.
//! 2. Content that they share with people who stay is sealed anew for those, in an entry that cites it.
//! 3. A root for the next generation is made. The gate is closed: nothing more is sealed, and what was sealed before is
//!    waited for. Now everything of the doomed is known; holds are looked at once more, and single parts that they keep
//!    are taken out.
//! 4. The turn: the erasure entry, the new shard keys, what matters keep and the removals are one commit. The gate is opened.
//! 5. In the background: everybody who stays is moved from under the old keys, removed content is taken off the disk,
//!    mirrors of the key table and the journal beside the guard are written, the old root is destroyed, and what may be
//!    claimed from then on is recorded. Start-up goes on from wherever this stopped.

use super::held::Tokens;
use super::read::join_content;
use super::{EngineError, Kind, OpenLedger, nobody};
use crate::admit::events;
use crate::exposure::{Term, TermKind};
use crate::ledger::{AppendError, AppendReply, put_covered};
use crate::model::*;
use crate::store::{LedgerNumber, WriteSet};
use crate::vault::{
    Change, Claim, Doomed, DueErasure, Fate, MovedRows, OpenError, PartPlace, PersonId, SharedPlace, StandingId, Turn,
    Unfinished, Vault, VaultError,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::mem::take;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use whosaw_verifier::body::{Body, ErasureBody, Lost, Place};
use whosaw_verifier::erasure;
use whosaw_verifier::part::{ContentPart, Part};

/// What a run of batches did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The entry that records the last batch.
    pub index: u64,
    pub batches: u64,
    pub generation: u64,
    /// Requests that were done.
    pub requests: u64,
    /// Parts whose content is gone.
    pub covers: u64,
    pub moved: MovedRows,
    /// The entry that claims more of the last batch, where the custodian allows it.
    pub irrecoverable: Option<u64>,
}

/// What one turn takes at most. While the gate is closed appends wait: every place is looked up behind it, and its rows
/// stand in memory and in the one commit, some hundred bytes for each. What is more goes in further batches, each with
/// its own turn. Few and large all the same: by the batch in which they went the erased can be told apart. A request is
/// never divided, nor a key, nor a matter: a turn takes at least one, however many places it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnBound {
    /// Data keys whose time is over.
    pub keys: usize,
    /// Parts that go and parts that stay for a matter: both are looked up and written.
    pub places: usize,
}

impl Default for TurnBound {
    fn default() -> Self {
        TurnBound { keys: 65_536, places: 262_144 }
    }
}

/// How often new entries about the doomed may come between the survey and the gate before the rest is done behind it.
const SURVEYS: u32 = 4;
/// Parts whose content one write removes.
const REMOVED: usize = 4_096;

/// What is due, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Due {
    doomed: Doomed,
    requests: BTreeMap<StandingId, DueErasure>,
    /// In which the doomed stood.
    conversations: BTreeSet<String>,
    /// As they were counted, some perhaps twice.
    places: usize,
    /// Not all of it: the turn is full.
    more: bool,
    /// Who goes for which request.
    tokens: Tokens,
}

impl OpenLedger {
    /// The same, with another bound on what one turn takes.
    pub fn with_turn_bound(mut self, turn_bound: TurnBound) -> Self {
        self.turn_bound = turn_bound;
        self
    }

    /// Does what is due, in as many batches as it takes; nothing where nothing is. Batches of one ledger run one after the
    /// other, and each is ended before the next is begun: what a crash interrupts is ended at the start, and the rest is
    /// due as before. `asked`: retention by somebody, and not by the calendar alone.
    pub async fn run_erasures(self: &Arc<Self>, asked: bool) -> Result<Option<Erased>, EngineError> {
        let _one_at_a_time = self.erasing.lock().await;
        self.go_on().await?;
        self.tell_blocked().await?;
        let by_rules = asked || self.calendar_is_believed();
        let mut done: Option<Erased> = None;
        while let Some((batch, more)) = self.batch(by_rules).await? {
            done = Some(match done.take() {
                Some(before) => before.and(batch),
                None => batch,
            });
            if !more {
                break;
            }
        }
        if by_rules {
            self.looked().await?;
        }
        Ok(done)
    }

    /// One batch, and whether there is more to do.
    async fn batch(self: &Arc<Self>, by_rules: bool) -> Result<Option<(Erased, bool)>, EngineError> {
        let due = self.blocking(move |open| open.due(by_rules)).await?;
        if due.doomed.is_empty() {
            return Ok(None);
        }
        // What an attempt that failed has sealed anew already.
        let entries = self.blocking(|open| open.erasure_entries()).await?;
        let cited = entries.into_iter().flat_map(|(_, body)| body.cites);
        let mut resealed: BTreeSet<PartPlace> =
            cited.map(|place| PartPlace { index: place.index, ordinal: place.ordinal }).collect();
        for _ in 0..SURVEYS {
            let doomed = due.doomed.clone();
            let fate = self.blocking(move |open| Ok(open.vault.survey(&doomed)?)).await?;
            let gate = self.sealing.read().await;
            if !self.reseal(&fate, &mut resealed).await? {
                break;
            }
            drop(gate);
        }
        let epoch = self.vault.next_epoch()?;
        self.write_rows(self.vault.preparing(epoch)).await?;
        self.blocking(move |open| Ok(open.vault.create_root(epoch)?)).await?;
        let unfinished = self.turn(epoch, by_rules, &mut resealed).await?;
        let Some((done, requests, more)) = unfinished else {
            // A hold came in the way of all of it.
            self.go_on().await?;
            return Ok(None);
        };
        Ok(Some((self.end(&done, requests).await?, more)))
    }

    /// Does what is left of a batch after its turn.
    async fn end(self: &Arc<Self>, unfinished: &Unfinished, requests: u64) -> Result<Erased, EngineError> {
        let (moved, index) = (self.finish(unfinished).await?, unfinished.index);
        let body = self.erasure_entry(index)?;
        let irrecoverable = self.claim(index, &body).await?;
        self.write_rows(self.vault.finished()).await?;
        let (generation, covers) = (body.generation, body.covers);
        Ok(Erased { index, batches: 1, generation, requests, covers, moved, irrecoverable })
    }

    /// Whether something waits that was asked for before the last time it was `hour` o'clock UTC, and nothing holds it.
    pub fn erasures_wait(&self, hour: u8) -> bool {
        const HOUR_US: u64 = 3_600_000_000;
        const DAY_US: u64 = 24 * HOUR_US;
        let since_hour = self.clock.now().0.saturating_sub(u64::from(hour) * HOUR_US);
        let boundary = since_hour / DAY_US * DAY_US + u64::from(hour) * HOUR_US;
        {
            let standing = self.vault.standing();
            let asked = standing.due.values().filter(|due| !due.blocked).map(|due| due.asked_us);
            let released = standing.released.values().map(|hold| hold.released_us);
            if asked.chain(released).any(|since_us| since_us < boundary) {
                return true;
            }
        }
        // Months end at midnight, so the rules are looked at once a day.
        let looked = self.looked_us.swap(boundary, Ordering::Relaxed);
        looked != boundary && !self.vault.standing().rules.is_empty()
    }

    /// Goes on with what a crash interrupted, or undoes it, before anything else is done about keys.
    pub async fn finish_interrupted(self: &Arc<Self>) -> Result<(), EngineError> {
        let _one_at_a_time = self.erasing.lock().await;
        self.go_on().await
    }

    async fn go_on(self: &Arc<Self>) -> Result<(), EngineError> {
        if let Some(rows) = self.blocking(|open| Ok(open.vault.undo_preparing()?)).await? {
            self.write_rows(rows).await?;
        }
        if let Some(unfinished) = self.vault.unfinished()? {
            // How many requests it did nobody asks any more.
            self.end(&unfinished, 0).await?;
        }
        Ok(())
    }

    /// Closes the gate and makes the one commit. Answers how many requests it did, and whether there is more to do.
    async fn turn(
        self: &Arc<Self>,
        epoch: u64,
        by_rules: bool,
        resealed: &mut BTreeSet<PartPlace>,
    ) -> Result<Option<(Unfinished, u64, bool)>, EngineError> {
        let gate = self.sealing.write().await;
        let closed = Instant::now();
        self.write_rows(WriteSet::default()).await?;
        // Now nothing is sealed that is not durable: whoever is due, and what there is of them, is known for certain.
        let due = self.blocking(move |open| open.due(by_rules)).await?;
        if due.doomed.is_empty() {
            return Ok(None);
        }
        let doomed = due.doomed.clone();
        let fate = self.blocking(move |open| Ok(open.vault.survey(&doomed)?)).await?;
        let fate = if self.reseal(&fate, resealed).await? {
            let doomed = due.doomed.clone();
            self.blocking(move |open| Ok(open.vault.survey(&doomed)?)).await?
        } else {
            fate
        };
        let (tokens_of, over) = (due.tokens.clone(), due.doomed.matters.clone());
        let fate = self.blocking(move |open| open.keep_held(fate, &tokens_of, &over)).await?;
        let places: Vec<PartPlace> = fate.places.iter().copied().collect();
        let requests = due.requests.len() as u64;
        let changes = changes_of(&due);
        let mut tokens: Vec<Vec<u8>> = due.requests.values().map(|due| due.token.clone()).collect();
        tokens.sort_unstable();
        let covers_root = erasure::covers_root(places.iter().map(|place| (place.index, place.ordinal)));
        let body = ErasureBody {
            state: ErasureState::Inaccessible,
            covers: places.len() as u64,
            covers_root: if places.is_empty() { Vec::new() } else { covers_root.to_vec() },
            generation: self.vault.next_generation(),
            tokens,
            custodian: self.vault.custodian(),
            ..ErasureBody::default()
        };
        let registry = &self.names().registry;
        let admitted = events::erasure(body, nobody(), registry);
        let old_epoch = self.vault.epoch();
        let sealed = self
            .blocking(move |open| {
                let turn = open.vault.prepare_turn(&fate, epoch, changes)?;
                let mut sealed = open.vault.seal(admitted, open.clock.now())?;
                let (inner, vault) = (Arc::clone(&sealed.placement), Arc::clone(&open.vault));
                let number = open.ledger.number();
                sealed.placement = Arc::new(Turning { inner, vault, number, turn, places });
                Ok(sealed)
            })
            .await?;
        let reply = self.ledger.submit(vec![sealed])?;
        let index = placed(reply).await?.first().copied().unwrap_or_default();
        self.conversations.forget(&due.conversations);
        drop(gate);
        tracing::info!(entry = index, requests, waited_ms = closed.elapsed().as_millis(), "a batch of erasures turned");
        Ok(Some((Unfinished { index, old_epoch }, requests, due.more)))
    }

    /// Moves everybody who stays, takes removed content off the disk, destroys the old root.
    async fn finish(self: &Arc<Self>, unfinished: &Unfinished) -> Result<MovedRows, EngineError> {
        let (open, done) = (Arc::clone(self), *unfinished);
        let moved = tokio::task::spawn_blocking(move || {
            let mut writing = Writing { open: Arc::clone(&open), before: None };
            let mut phases = Phases::begin();
            open.note_erased(done.index)?;
            open.write_journal()?;
            phases.ended("journal");
            let moved = open.vault.move_rows(&mut |rows| writing.write(rows))?;
            phases.ended("rows");
            {
                let _gate = open.sealing.blocking_write();
                // What was queued before the gate was closed is read here.
                writing.write(WriteSet::default())?;
                writing.wait()?;
                open.vault.move_standing_rows(&mut |rows| writing.write(rows))?;
                writing.wait()?;
            }
            phases.ended("standing rows");
            open.remove_contents(done.index, &mut |rows| writing.write(rows))?;
            phases.ended("contents");
            writing.write(open.vault.drop_old()?)?;
            writing.wait()?;
            // From here on nothing in the database needs the old root; what lies outside must not either.
            open.write_mirrors()?;
            open.write_journal()?;
            open.vault.destroy_old(&done)?;
            phases.ended("mirrors and root");
            // Files of before would still show which rows one commit wrote together, and so which entry made somebody new.
            if let Err(error) = open.vault.rewrite_tables() {
                tracing::warn!(%error, "tables could not be rewritten after an erasure; the next one will");
            }
            phases.ended("tables");
            tracing::info!(entry = done.index, phases = %phases, "a batch of erasures was ended");
            Ok::<_, EngineError>(moved)
        });
        let moved = moved.await.map_err(|_| EngineError::internal("moving keys stopped"))?;
        match moved {
            Ok(moved) => {
                self.not_stuck();
                Ok(moved)
            }
            Err(error) => {
                self.stuck(&error);
                let text = format!("the erasures of entry {} are done but not ended", unfinished.index);
                Err(EngineError { message: format!("{text}: {}", error.message), ..error })
            }
        }
    }

    /// Content that the entry covers goes; the hash of it stays.
    fn remove_contents(
        &self,
        index: u64,
        write: &mut dyn FnMut(WriteSet) -> Result<(), VaultError>,
    ) -> Result<(), EngineError> {
        let mut places = self.ledger.covered(index)?.into_iter().peekable();
        while places.peek().is_some() {
            let page: Vec<(u64, u32)> = places.by_ref().take(REMOVED).collect();
            write(self.ledger.without_content(&page)?)?;
        }
        Ok(())
    }

    /// Says what may be said of the batch once its root is gone, where that is more than was said before.
    async fn claim(self: &Arc<Self>, index: u64, batch: &ErasureBody) -> Result<Option<u64>, EngineError> {
        if self.vault.strongest_claim() != Claim::Irrecoverable {
            return Ok(None);
        }
        let claimed = |(_, body): &(u64, ErasureBody)| body.state == ErasureState::Irrecoverable && body.batch == index;
        let entries = self.blocking(|open| open.erasure_entries()).await?;
        if let Some((claim, _)) = entries.into_iter().find(claimed) {
            return Ok(Some(claim));
        }
        let body = ErasureBody {
            state: ErasureState::Irrecoverable,
            generation: batch.generation,
            custodian: batch.custodian,
            batch: index,
            ..ErasureBody::default()
        };
        let registry = &self.names().registry;
        Ok(Some(self.record(events::erasure(body, nobody(), registry)).await?.index))
    }

    /// What the next batch would take. Blocks.
    pub(super) fn doomed(&self) -> Result<Doomed, EngineError> {
        Ok(self.due(true)?.doomed)
    }

    /// What released matters kept, who is due now and not held, and keys whose time is over, as far as one turn takes them.
    /// In this order: of those whom a matter kept somebody has waited longest.
    fn due(&self, by_rules: bool) -> Result<Due, EngineError> {
        let mut due = Due::default();
        let requests: Vec<(StandingId, DueErasure)> =
            self.vault.standing().due.iter().map(|(id, due)| (*id, due.clone())).collect();
        let released: Vec<StandingId> = self.vault.standing().released.keys().copied().collect();
        for matter in released {
            if due.places >= self.turn_bound.places {
                due.more = true;
                return Ok(due);
            }
            due.places += self.vault.kept_count(&matter)? as usize;
            due.doomed.matters.insert(matter);
        }
        let held = self.held()?;
        let kept = if requests.is_empty() { BTreeMap::new() } else { self.kept_by_person(&held)? };
        // A conversation in which somebody stands who is held stays with them.
        let everybody: Vec<PersonId> = held.everybody.iter().copied().collect();
        let held_conversations = self.conversations_of(&everybody)?;
        for (id, request) in requests {
            let person = request.person()?;
            let whole = self.vault.linked(person)?;
            if self.holds_over(&held, &whole)?.is_some() {
                continue;
            }
            if due.places >= self.turn_bound.places {
                due.more = true;
                return Ok(due);
            }
            let mut going = whole.clone();
            for conversation in self.conversations_of(&whole)?.difference(&held_conversations).cloned() {
                if let Some(holder) = self.conversation_holder(&conversation)?
                    && self.holds_over(&held, &[holder])?.is_none()
                {
                    going.push(holder);
                }
                due.conversations.insert(conversation);
            }
            for person in going {
                due.places += self.vault.occurrences(person)?.len() + kept.get(&person).copied().unwrap_or_default();
                due.tokens.entry(person).or_default().insert(request.token.clone());
                due.doomed.persons.insert(person);
            }
            due.requests.insert(id, request);
        }
        if by_rules {
            let places = self.turn_bound.places.saturating_sub(due.places);
            let over = self.over(TurnBound { places, ..self.turn_bound })?;
            (due.doomed.keys, due.more) = (over.due, over.plan.more);
        }
        Ok(due)
    }

    /// The conversations in which a person stood, by what their parts and what they share say.
    pub(super) fn conversations_of(&self, whole: &[PersonId]) -> Result<BTreeSet<String>, EngineError> {
        let mut found = BTreeSet::new();
        let mut by_entry: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for id in whole {
            for place in self.vault.occurrences(*id)? {
                by_entry.entry(place.index).or_default().push(place.ordinal);
            }
        }
        for (index, ordinals) in by_entry {
            let content = self.content_at(index, &ordinals)?;
            found.extend(content.map(|content| content.conversation).filter(|conversation| !conversation.is_empty()));
        }
        Ok(found)
    }

    /// As whom the vault knows a conversation, if anything is sealed for it alone.
    pub(super) fn conversation_holder(&self, conversation: &str) -> Result<Option<PersonId>, EngineError> {
        let fields = vec![conversation.to_owned()];
        let holder = Identity { namespace: CONVERSATION.to_owned(), fields, strength: Strength::Strong };
        Ok(self.vault.find(&holder)?)
    }

    /// The content that stands in these parts of an entry, as far as they open.
    fn content_at(&self, index: u64, ordinals: &[u32]) -> Result<Option<ContentPart>, EngineError> {
        let opened: Vec<Part> = ordinals
            .iter()
            .map(|ordinal| self.part_at(index, *ordinal))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect();
        Ok(join_content(opened.iter()))
    }

    fn part_at(&self, index: u64, ordinal: u32) -> Result<Option<Part>, EngineError> {
        let (Some(entry), Some(part)) = (self.ledger.entry(index)?, self.ledger.part(index, ordinal)?) else {
            return Ok(None);
        };
        let Some(sealed) = part.sealed else { return Ok(None) };
        match self.vault.open_part(PartPlace { index, ordinal }, &entry.header.body_commitment, &sealed) {
            Ok(part) => Ok(Some(part)),
            Err(OpenError::NoKey) => Ok(None),
            // One part that somebody spoilt must not keep everybody from being forgotten.
            Err(error @ (OpenError::Forged | OpenError::Unreadable)) => {
                tracing::error!(index, ordinal, %error, "a part cannot be read; what it says of conversations is lost");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Seals shared content anew for those who stay, without what may name who goes. Whether there was any. Called with
    /// the gate held either way, so it queues directly.
    async fn reseal(self: &Arc<Self>, fate: &Fate, done: &mut BTreeSet<PartPlace>) -> Result<bool, EngineError> {
        let mut by_entry: BTreeMap<u64, Vec<SharedPlace>> = BTreeMap::new();
        for shared in fate.shared.iter().filter(|shared| !done.contains(&shared.place)) {
            by_entry.entry(shared.place.index).or_default().push(shared.clone());
        }
        if by_entry.is_empty() {
            return Ok(false);
        }
        for (index, shared) in by_entry {
            let places: Vec<PartPlace> = shared.iter().map(|shared| shared.place).collect();
            let (admitted, month_us) = self.blocking(move |open| open.resealed(index, &shared)).await?;
            // Under the month of the entry it stands for: sealing anew must not prolong how long it is kept.
            let sealed = self.vault.seal(admitted, UnixMicros(month_us))?;
            placed(self.ledger.submit(vec![sealed])?).await?;
            done.extend(places);
        }
        Ok(true)
    }

    /// One entry's shared content as it is sealed anew, and when the entry was recorded.
    fn resealed(&self, index: u64, shared: &[SharedPlace]) -> Result<(Admitted, u64), EngineError> {
        let missing = || EngineError::new(Kind::Corrupt, format!("entry {index} is missing"));
        let entry = self.ledger.entry(index)?.ok_or_else(missing)?;
        let ordinals: Vec<u32> = shared.iter().map(|shared| shared.place.ordinal).collect();
        let mut lost: BTreeMap<u32, Lost> = BTreeMap::new();
        let mut lose = |reason: LostReason| {
            lost.entry(reason as u32).or_insert(Lost { reason, count: 0 }).count += 1;
        };
        let mut contents = Vec::new();
        match self.content_at(index, &ordinals)? {
            None => lose(LostReason::AlreadyClosed),
            Some(content) => {
                let (kept, cut) = without_names(content, &self.names_of_doomed(index, shared)?);
                if cut {
                    lose(LostReason::MayNameErasedPerson);
                }
                let mut survivors = Vec::new();
                for sharer in shared.first().into_iter().flat_map(|shared| &shared.sharers).filter(|it| it.stays) {
                    let person = self.part_at(index, sharer.ordinal)?.and_then(|part| part.person);
                    let mut identities: Vec<Identity> =
                        person.iter().flat_map(|person| &person.identities).map(crate::vault::identity_of).collect();
                    // What was sealed anew before names nobody: it is theirs who can open it.
                    if identities.is_empty() {
                        for id in self.vault.readers_of(PartPlace { index, ordinal: sharer.ordinal })? {
                            identities.extend(self.vault.identities(id)?);
                        }
                    }
                    if identities.is_empty() {
                        lose(LostReason::SharerUnknown)
                    } else {
                        survivors.push((identities, sharer.class))
                    }
                }
                if !survivors.is_empty() && !kept.is_empty() {
                    contents.push((survivors, kept));
                }
            }
        }
        let cites = shared.iter().map(|shared| Place { index, ordinal: shared.place.ordinal }).collect();
        let admitted = events::resealed(cites, contents, lost.into_values().collect(), self.vault.generation());
        Ok((admitted, entry.header.recorded_at_us))
    }

    /// What identifies those who go of the sharers of this content.
    fn names_of_doomed(&self, index: u64, shared: &[SharedPlace]) -> Result<BTreeSet<String>, EngineError> {
        let sharers = shared.iter().flat_map(|shared| &shared.sharers);
        let doomed: BTreeSet<u32> = sharers.filter(|it| !it.stays).map(|it| it.ordinal).collect();
        let mut names = BTreeSet::new();
        for ordinal in doomed {
            let person = self.part_at(index, ordinal)?.and_then(|part| part.person);
            for shown in person.iter().flat_map(|person| &person.identities).map(crate::vault::identity_of) {
                names.extend(shown.fields.iter().map(|field| field.to_lowercase()));
                let Some(person) = self.vault.find(&shown)? else { continue };
                for id in self.vault.linked(person)? {
                    let known = self.vault.identities(id)?;
                    names.extend(known.iter().flat_map(|known| &known.fields).map(|field| field.to_lowercase()));
                }
            }
        }
        Ok(names)
    }

    /// All erasure entries, oldest first.
    pub(super) fn erasure_entries(&self) -> Result<Vec<(u64, ErasureBody)>, EngineError> {
        let published = self.ledger.published().size;
        let size = self.follow.wait_for(published, super::read::CATCH_UP);
        if size < published {
            return Err(EngineError::new(Kind::Busy, "the projections are behind; try again when they have caught up"));
        }
        let entries = self.entries_under(Term::new(TermKind::EntryKind, EntryKind::Erasure.code()), size)?;
        let found = entries.into_iter().filter_map(|entry| {
            let (_, body) = entry.content.as_ref()?;
            let Ok(Body::Erasure(body)) = Body::decode(entry.header.kind, body) else { return None };
            Some((entry.header.index, body))
        });
        Ok(found.collect())
    }

    fn erasure_entry(&self, index: u64) -> Result<ErasureBody, EngineError> {
        let entry = self.ledger.entry(index)?;
        let body = entry.and_then(|entry| Some(Body::decode(entry.header.kind, &entry.content?.1)));
        match body {
            Some(Ok(Body::Erasure(body))) => Ok(body),
            _ => Err(EngineError::new(Kind::Corrupt, format!("entry {index} does not record an erasure"))),
        }
    }

    pub(super) async fn write_rows(&self, rows: WriteSet) -> Result<(), EngineError> {
        placed(self.ledger.submit_rows(rows)?).await.map(drop)
    }

    pub(super) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<OpenLedger>) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let open = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&open)).await.map_err(|_| EngineError::internal("the work stopped"))?
    }
}

impl Erased {
    /// With what the next batch did.
    fn and(self, next: Erased) -> Erased {
        Erased {
            batches: self.batches + next.batches,
            requests: self.requests + next.requests,
            covers: self.covers + next.covers,
            moved: self.moved.and(next.moved),
            ..next
        }
    }
}

/// Rows on their way into the ledger: while one write is made durable the next is made ready, and no more than these two
/// wait. The ledger keeps their order.
struct Writing {
    open: Arc<OpenLedger>,
    before: Option<AppendReply>,
}

/// Between two looks for room where appends fill the queue.
const ROOM: Duration = Duration::from_millis(1);

impl Writing {
    fn write(&mut self, rows: WriteSet) -> Result<(), VaultError> {
        let reply = loop {
            match self.open.ledger.submit_rows(rows.clone()) {
                Ok(reply) => break reply,
                Err(AppendError::Busy) => std::thread::sleep(ROOM),
                Err(error) => return Err(stopped(&error.to_string())),
            }
        };
        self.before.replace(reply).map_or(Ok(()), durable)
    }

    /// Everything that was written is durable.
    fn wait(&mut self) -> Result<(), VaultError> {
        self.before.take().map_or(Ok(()), durable)
    }
}

fn durable(reply: AppendReply) -> Result<(), VaultError> {
    let answer = reply.blocking_recv().map_err(|_| stopped("the ledger stopped"))?;
    answer.map(drop).map_err(|error| stopped(&error.to_string()))
}

/// How long each phase of a batch's end took, for whoever wonders where the time of a night went.
struct Phases {
    since: Instant,
    ended: Vec<(&'static str, Duration)>,
}

impl Phases {
    fn begin() -> Self {
        Phases { since: Instant::now(), ended: Vec::new() }
    }

    fn ended(&mut self, phase: &'static str) {
        self.ended.push((phase, self.since.elapsed()));
        self.since = Instant::now();
    }
}

impl fmt::Display for Phases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (phase, took)) in self.ended.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{phase} {} ms", took.as_millis())?;
        }
        Ok(())
    }
}

async fn placed(reply: AppendReply) -> Result<Vec<u64>, EngineError> {
    let gone = || EngineError::new(Kind::Unavailable, "the ledger stopped before it answered");
    let committed = reply.await.map_err(|_| gone())??;
    Ok(committed.places.iter().map(|place| place.index).collect())
}

fn stopped(reason: &str) -> VaultError {
    VaultError::Store(crate::store::StoreError::Unavailable(reason.to_owned()))
}

/// What is no longer asked for, restricted or held once the batch is done.
fn changes_of(due: &Due) -> Vec<Change> {
    let requests = due.requests.keys().map(|id| Change::Due(*id, None));
    let restricted = due.doomed.persons.iter().map(|person| Change::Restricted(*person, None));
    let matters = due.doomed.matters.iter().map(|matter| Change::Hold(*matter, None));
    requests.chain(restricted).chain(matters).collect()
}

/// Of content what names nobody: ids that actions have of us, and registered kinds of names. Whatever a caller wrote in
/// words of its own may name who is no longer to be found.
/// A name that was not registered is free input too, such as `mailbox/ann@example.org`: one that holds an identifier of
/// `doomed` stays as a name that is closed, because that there was one is no secret.
fn without_names(mut content: ContentPart, doomed: &BTreeSet<String>) -> (ContentPart, bool) {
    let mut cut = false;
    for name in content.names.iter_mut().filter(|name| names_one(&name.value, doomed)) {
        name.value = String::new();
        cut = true;
    }
    let kept = ContentPart {
        action_id: take(&mut content.action_id),
        parents: take(&mut content.parents),
        caused_by: take(&mut content.caused_by),
        same_act_as: take(&mut content.same_act_as),
        corrects: take(&mut content.corrects),
        retracts: take(&mut content.retracts),
        names: take(&mut content.names),
        facts: take(&mut content.facts),
        ..ContentPart::default()
    };
    (kept, cut || !content.is_empty())
}

/// Whether a name holds one of these identifiers, in whatever case; a short one only as a word of its own.
fn names_one(value: &str, identifiers: &BTreeSet<String>) -> bool {
    let value = value.to_lowercase();
    let holds = |identifier: &&String| {
        let is_long = identifier.chars().count() > 3;
        let stands_apart = |(at, found): (usize, &str)| {
            let before = value[..at].chars().next_back();
            let after = value[at + found.len()..].chars().next();
            is_long || !before.into_iter().chain(after).any(char::is_alphanumeric)
        };
        !identifier.is_empty() && value.match_indices(identifier.as_str()).any(stands_apart)
    };
    identifiers.iter().any(|identifier| holds(&identifier))
}

/// The turn on its way into the ledger.
struct Turning {
    inner: Arc<dyn Placement>,
    vault: Arc<Vault>,
    number: LedgerNumber,
    turn: Turn,
    places: Vec<PartPlace>,
}

impl Placement for Turning {
    fn place(&self, index: u64, writes: &mut WriteSet) {
        self.inner.place(index, writes);
        self.vault.place_turn(&self.turn, index, writes);
        let places = self.places.iter().map(|place| erasure::place(place.index, place.ordinal));
        put_covered(self.number, index, places, writes);
    }

    fn durable(&self) {
        self.inner.durable();
        self.vault.turned(&self.turn);
    }

    fn judge(&self, _: u64, _: &[u8; 32], _: &[u8; 32]) -> Judgement {
        Judgement::Different
    }
}
