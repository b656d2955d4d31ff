//! Recording: a raw action or tool call becomes an entry.

use super::{EngineError, Kind, OpenLedger, nobody};
use crate::admit;
use crate::intake;
use crate::intake::{Catalogue, Interpreted};
use crate::ledger::{AppendError, AppendReply, Committed, Place, Published};
use crate::model::*;
use crate::store::WriteSet;
use crate::vault::{Change, Vault};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// What a caller sends.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    Action(Box<Action>),
    ToolCall(Box<ToolCall>),
}

/// The same, with what could not be read of it: told together with what admission finds wrong, so that mending a request
/// does not take one try for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub raw: Raw,
    pub unread: Vec<Violation>,
}

impl From<Raw> for Sent {
    fn from(raw: Raw) -> Self {
        Sent { raw, unread: Vec::new() }
    }
}

impl Raw {
    /// Worth more than some hundred microseconds of work, which must not hold up a thread that serves others.
    fn is_heavy(&self) -> bool {
        const BYTES: usize = 64 << 10;
        match self {
            Raw::Action(action) => {
                let lists = action.subjects.len() + action.records.len() + action.facts.len();
                lists > 64
                    || action.arguments.len() + action.result.len() > BYTES
                    || action.subjects.iter().any(|subject| subject.identities.len() > 64)
            }
            Raw::ToolCall(call) => call.arguments.len() + call.result.len() > BYTES,
        }
    }
}

/// A receipt and what it is the receipt of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub index: u64,
    pub leaf: [u8; 32],
    pub recorded_at_us: u64,
    /// C2SP tlog-proof.
    pub tlog_proof: String,
    /// Absent where the content was removed; the body is empty then.
    pub salt: Option<[u8; 32]>,
    pub body: Vec<u8>,
    pub replayed: bool,
    pub unchecked: bool,
}

/// Where the actions of a batch stand.
#[derive(Debug, Clone)]
pub struct Batch {
    pub places: Vec<Place>,
    pub published: Arc<Published>,
}

impl From<Committed> for Batch {
    fn from(committed: Committed) -> Self {
        Batch { places: committed.places, published: committed.published }
    }
}

/// Between two looks for room in the pool; a commit takes about as long.
const ROOM: Duration = Duration::from_millis(1);

/// Nothing is in it: every tool comes out as *not determined*.
static NO_CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::empty);

impl OpenLedger {
    /// Admits and seals; nothing is written yet. Takes some microseconds for each person, so callers with many persons
    /// or many actions do it off the runtime's own threads.
    pub fn prepare(&self, sent: impl Into<Sent>, caller: &Caller) -> Result<Sealed, EngineError> {
        let Sent { raw, unread } = sent.into();
        let now = self.clock.now();
        let names = self.names();
        let catalogue = names.catalogue.as_ref().map_or(&*NO_CATALOGUE, |in_force| &in_force.catalogue);
        let mut learnt = None;
        let (action, keeping, request) = match raw {
            Raw::Action(action) => {
                let keeping = catalogue.keeping_of(&action);
                (*action, keeping, None)
            }
            Raw::ToolCall(call) => {
                // The request is the call as it was sent: what the catalogue makes of it may change between a request
                // and its repetition, and must not turn the second into a conflict.
                let request = admit::tool_call_hash(&call, caller);
                let mut call = call;
                if call.action_id.is_empty() && !call.conversation.is_empty() && !call.sequence.is_empty() {
                    call.action_id = self.vault.call_id(&caller.name, &call.conversation, &call.sequence).to_vec();
                }
                let Interpreted { action, lesson, keeping } =
                    intake::interpret_only(*call, catalogue, &self.conversations);
                learnt = Some(lesson);
                (action, keeping, Some(request))
            }
        };
        let (by, origin_hash) = (caller.clone(), self.ledger.origin_hash());
        let admitted = admit::admit(action, by, &names.registry, origin_hash, &self.limits, &keeping)
            .map_err(|violations| in_terms_of(violations, request.is_some()));
        let mut admitted = match admitted {
            Ok(admitted) if unread.is_empty() => admitted,
            Ok(_) => return Err(EngineError::violations(unread)),
            Err(found) => return Err(EngineError::violations(together(unread, found))),
        };
        admitted.request = request.unwrap_or(admitted.request);
        if let Some(lesson) = learnt {
            // Only now: a call that is refused must not decide whose records later calls are about.
            self.conversations.take_in(lesson);
        }
        if self.vault.would_learn(&admitted)? {
            self.refuse_other_content(&admitted)?;
        }
        Ok(self.vault.seal(admitted, now)?)
    }

    /// Sealing teaches the vault who is whom, and the sequencer's refusal comes after it: an id that was used for other
    /// content must not teach anything.
    fn refuse_other_content(&self, admitted: &Admitted) -> Result<(), EngineError> {
        let Some(id) = admitted.action_id else { return Ok(()) };
        let caller = self.vault.caller(&admitted.caller.name);
        let Some((index, body_commitment, digest)) = self.ledger.recorded(id, &caller)? else { return Ok(()) };
        match self.vault.judge(index, &body_commitment, &digest, &admitted.request) {
            Judgement::Different => Err(AppendError::AlreadyExists { position: 0 }.into()),
            Judgement::Unreadable => Err(EngineError::new(Kind::Unavailable, "the recorded request cannot be read")),
            Judgement::Same | Judgement::Unchecked => Ok(()),
        }
    }

    /// Records one action; answers when it is durable and under a signed checkpoint.
    pub async fn append(self: &Arc<Self>, sent: impl Into<Sent>, caller: &Caller) -> Result<Receipt, EngineError> {
        let sent = sent.into();
        let judged_by = self.judging().await;
        let sealed = if sent.raw.is_heavy() || self.vault.lookups_wait() {
            let (open, caller) = (Arc::clone(self), caller.clone());
            let prepared = tokio::task::spawn_blocking(move || open.prepare(sent, &caller)).await;
            prepared.map_err(|_| EngineError::internal("sealing stopped"))??
        } else {
            self.prepare(sent, caller)?
        };
        let content = (sealed.salt, sealed.body.clone());
        let reply = self.ledger.submit(vec![sealed])?;
        drop(judged_by);
        let pending = Pending { reply, content: Some(content) };
        let (place, published, content) = pending.place().await?;
        self.receipt_of(&place, &published, content)
    }

    /// Held from admission until what was admitted is queued; see [`OpenLedger`].
    pub async fn judging(&self) -> Judging<'_> {
        Judging { _by: self.registering.read().await, _with: self.sealing.read().await }
    }

    /// Records what was prepared; lets go of the gate once it is queued.
    pub(super) async fn append_sealed(&self, sealed: Sealed, gate: Gate<'_>) -> Result<Receipt, EngineError> {
        let (salt, body) = (sealed.salt, sealed.body.clone());
        let reply = self.ledger.submit(vec![sealed])?;
        drop(gate);
        let (place, published, content) = Pending { reply, content: Some((salt, body)) }.place().await?;
        self.receipt_of(&place, &published, content)
    }

    /// Records many, all or nothing, in one commit. Prepares them off the runtime's threads.
    pub async fn append_batch(self: &Arc<Self>, batch: Vec<Sent>, caller: &Caller) -> Result<Batch, EngineError> {
        let judged_by = self.judging().await;
        let (open, caller) = (Arc::clone(self), caller.clone());
        let prepared = tokio::task::spawn_blocking(move || {
            let mut sealed = Vec::with_capacity(batch.len());
            for (position, sent) in batch.into_iter().enumerate() {
                sealed.push(open.prepare(sent, &caller).map_err(|error| error.at(position))?);
            }
            Ok::<_, EngineError>(sealed)
        });
        let sealed = prepared.await.map_err(|_| EngineError::internal("sealing stopped"))??;
        let reply = self.ledger.submit(sealed)?;
        drop(judged_by);
        let stopped = || EngineError::new(Kind::Unavailable, "the ledger stopped before it answered");
        Ok(reply.await.map_err(|_| stopped())??.into())
    }

    /// Queues, waiting for room where too much waits already: how a stream slows its sender down.
    /// `content` keeps salt and body for the receipt.
    pub async fn submit_when_room(&self, sealed: Sealed, content: bool) -> Result<Pending, EngineError> {
        let content = content.then(|| (sealed.salt, sealed.body.clone()));
        let mut actions = vec![sealed];
        loop {
            match self.ledger.try_submit(actions) {
                Ok(reply) => return Ok(Pending { reply, content }),
                Err((AppendError::Busy, back)) => actions = back,
                Err((error, _)) => return Err(error.into()),
            }
            tokio::time::sleep(ROOM).await;
        }
    }

    /// The receipt of a place. Content that was just written is at hand; a replayed entry's own is read back.
    pub fn receipt_of(
        &self,
        place: &Place,
        published: &Published,
        content: Option<Content>,
    ) -> Result<Receipt, EngineError> {
        let appended = self.ledger.receipt_for(place, published)?;
        let content = if place.replayed { None } else { content };
        let content = match content {
            Some(content) => Some(content),
            None => self.ledger.entry(place.index)?.and_then(|entry| entry.content),
        };
        let (salt, body) = content.map_or((None, Vec::new()), |(salt, body)| (Some(salt), body));
        Ok(Receipt {
            index: appended.index,
            leaf: appended.leaf,
            recorded_at_us: appended.recorded_at_us,
            tlog_proof: appended.receipt,
            salt,
            body,
            replayed: appended.replayed,
            unchecked: appended.unchecked,
        })
    }

    /// The receipt of any entry under the newest head.
    pub fn receipt(&self, index: u64) -> Result<Option<Receipt>, EngineError> {
        let published = self.ledger.published();
        let place = Place { index, header: None, replayed: false, unchecked: false };
        if index >= published.size { Ok(None) } else { self.receipt_of(&place, &published, None).map(Some) }
    }

    /// Records an event of the ledger's own.
    pub(super) async fn record(&self, admitted: Admitted) -> Result<Receipt, EngineError> {
        let gate = self.sealing.read().await;
        let sealed = self.vault.seal(admitted, self.clock.now())?;
        self.append_sealed(sealed, gate).await
    }

    /// Records an event together with what it changes about persons: both are durable, or neither is. Under the gate that
    /// was closed before it was found out whom it is about. Holds, restrictions and erasures have to be noted beside the
    /// guard before anybody is answered: that is left to whoever calls, who lets others go on first.
    pub(super) async fn record_with(
        self: &Arc<Self>,
        admitted: Admitted,
        changes: Vec<Change>,
        gate: Gate<'_>,
    ) -> Result<Receipt, EngineError> {
        self.record_with_rows(admitted, changes, WriteSet::default(), gate).await
    }

    /// The same with more rows of the vault.
    pub(super) async fn record_with_rows(
        self: &Arc<Self>,
        admitted: Admitted,
        changes: Vec<Change>,
        mut rows: WriteSet,
        gate: Gate<'_>,
    ) -> Result<Receipt, EngineError> {
        rows.append(&self.vault.rows_of(&changes)?);
        let sealed = self.seal_with(admitted, rows, move |vault| vault.changed(&changes))?;
        self.append_sealed(sealed, gate).await
    }

    /// Seals an event with rows that travel with it; `then` hears that both are durable.
    pub(super) fn seal_with(
        &self,
        admitted: Admitted,
        rows: WriteSet,
        then: impl Fn(&Vault) + Send + Sync + 'static,
    ) -> Result<Sealed, EngineError> {
        let mut sealed = self.vault.seal(admitted, self.clock.now())?;
        let (inner, vault, then) = (Arc::clone(&sealed.placement), Arc::clone(&self.vault), Box::new(then));
        sealed.placement = Arc::new(WithRows { inner, vault, rows, then });
        Ok(sealed)
    }

    /// Writes one entry for each source whose appends were refused since the last time.
    pub async fn record_refusals(&self) -> Result<(), EngineError> {
        let mut ended = Ok(());
        for coverage in self.refusals.take(self.clock.now()) {
            if let Err(error) = self.record(admit::events::coverage(coverage.clone(), nobody())).await {
                // A ledger that is too busy to record is when refusals happen: they are told the next time.
                self.refusals.give_back(coverage);
                ended = Err(error);
            }
        }
        ended
    }

    /// Counts a refused request as a gap of each registered source that it named, or of its caller where it named none:
    /// of none of them is it recorded. `sources` are what the request said, each once, as far as it could be read; `code`
    /// is the gRPC status code.
    pub fn count_refusal(&self, sources: &[String], caller: &Caller, code: u32) {
        let names = self.names();
        let registered = |name: &&str| names.registry.contains(RegistryKind::Source, name);
        let mut named: Vec<&str> = sources.iter().map(String::as_str).filter(registered).collect();
        if named.is_empty() {
            named.extend(Some(caller.name.as_str()).filter(registered));
        }
        for name in named {
            self.refusals.count(name, code, self.clock.now());
        }
    }

    /// Takes the clock's word from here on, also when it goes back.
    pub async fn accept_clock(&self) -> Result<u64, EngineError> {
        Ok(self.ledger.accept_clock().await?)
    }
}

/// As long as it is held, neither the registry nor the keys change.
pub struct Judging<'a> {
    _by: Gate<'a>,
    _with: Gate<'a>,
}

/// Held for reading from sealing until what was sealed is queued.
pub(super) type Gate<'a> = tokio::sync::RwLockReadGuard<'a, ()>;

/// Rows of the vault's that travel with an entry beside those that sealing made.
struct WithRows {
    inner: Arc<dyn Placement>,
    vault: Arc<Vault>,
    rows: WriteSet,
    then: Box<dyn Fn(&Vault) + Send + Sync>,
}

impl Placement for WithRows {
    fn place(&self, index: u64, writes: &mut WriteSet) {
        self.inner.place(index, writes);
        writes.append(&self.rows);
    }

    fn durable(&self) {
        self.inner.durable();
        (self.then)(&self.vault);
    }

    fn judge(&self, index: u64, body_commitment: &[u8; 32], digest: &[u8; 32]) -> Judgement {
        self.inner.judge(index, body_commitment, digest)
    }
}

/// Violations that are told at once.
const VIOLATIONS_MAX: usize = 32;

/// What could not be read was taken for absent: what admission says of the same field is only that.
fn together(unread: Vec<Violation>, found: Vec<Violation>) -> Vec<Violation> {
    let same = |first: &Violation, field: &str| {
        let rest = field.strip_prefix(first.field.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let mut all = unread;
    let new: Vec<Violation> =
        found.into_iter().filter(|violation| !all.iter().any(|first| same(first, &violation.field))).collect();
    all.extend(new);
    all.truncate(VIOLATIONS_MAX);
    all
}

/// A caller that sent a tool call finds its own fields named.
fn in_terms_of(mut violations: Vec<Violation>, tool_call: bool) -> Vec<Violation> {
    for violation in violations.iter_mut().filter(|_| tool_call) {
        if let Some(rest) = violation.field.strip_prefix("action.") {
            let rest = match rest.strip_prefix("actors[0]") {
                Some(rest) => format!("agent{rest}"),
                None => rest.replacen("actors[1]", "principal", 1),
            };
            violation.field = format!("tool_call.{rest}");
        }
    }
    violations
}

/// An append on its way.
pub struct Pending {
    reply: AppendReply,
    content: Option<Content>,
}

/// Salt and body.
type Content = ([u8; 32], Vec<u8>);

impl Pending {
    pub(super) fn of(reply: AppendReply, content: Content) -> Self {
        Pending { reply, content: Some(content) }
    }

    /// Where it stands, once durable, with its salt and body if they were kept.
    pub async fn place(self) -> Result<(Place, Arc<Published>, Option<Content>), EngineError> {
        let stopped = || EngineError::new(super::Kind::Unavailable, "the ledger stopped before it answered");
        let committed = self.reply.await.map_err(|_| stopped())??;
        let place = committed.places.into_iter().next().ok_or_else(stopped)?;
        Ok((place, committed.published, self.content))
    }
}
