//! Ledgers at work: each with its vault, its registry, its tool catalogue and its follower. What rpc, http and the command
//! line call.
//!
//! ```text
//! raw ─> intake ─> admit ─> vault.seal ─> ledger ─> receipt        append
//! ledger ─> follower ─> list, undetermined                         read, follow
//! vault + ledger ─> evidence ─> report                             access
//! ```
//!
//! Here the rooms meet, so that none of them has to know another. Knows no gRPC, no HTTP and no storage engine.

mod access;
mod acting;
mod activity;
mod again;
mod ahead;
mod append;
mod backup;
mod beside;
mod breach;
mod case;
mod closed;
mod derived;
mod erase;
mod error;
mod export;
mod exposure;
mod follow;
mod forgotten;
mod held;
mod involved;
mod judged;
mod logging;
mod lost;
mod names;
mod naming;
mod needed;
mod observed;
mod people;
mod person;
mod proving;
mod prune;
mod read;
mod refusals;
mod registry;
mod request;
mod resealed;
mod restore;
mod retention;
mod superseded;
mod suppressed;

pub use crate::report::evidence::Statements;
pub use crate::report::exposure::evidence::Remarks;
pub use crate::vault::{Hold, part_identity};
pub use access::{AccessAsked, Produced, Pull};
pub use activity::ActivityAsked;
pub use again::Again;
pub use append::{Batch, Pending, Raw, Receipt, Sent};
pub use backup::{BackedUp, Backup, BackupSource, DATABASE as BACKUP_DATABASE, checkpoint_name};
pub use breach::BreachAsked;
pub use case::{CaseAsked, RecordedStep, RegisteredCase};
pub use erase::{Erased, TurnBound};
pub use error::{EngineError, Kind};
pub use export::ExportPiece;
pub use exposure::ExposureAsked;
pub use names::{CatalogueApplied, InForce};
pub use naming::NamingAsked;
pub use person::{Asked, ErasureAsked, ErasureStatus, KeptFor, PersonStatus, Recorded};
pub use prune::{PlannedBodies, Pruned, Ran, RetentionRuleOf};
pub use read::{EntryPage, EntryQuery, OpenedEntry, OpenedPart, PartState};
pub use registry::{DocumentInForce, RegistryApplied};
pub use request::RequestAsked;
pub use restore::{Behind, Outcome, Restored, Sources, restore_ledger};

pub use retention::{PlannedClass, RetentionPlan};

use crate::admit::Limits;
use crate::exposure::Follower;
use crate::intake::Conversations;
use crate::ledger::{Ledger, LedgerOptions};
use crate::model::{Caller, Clock};
use crate::store::{LedgerNumber, Store, StoreError, Table, WriteSet};
use crate::vault::{Custodian, Vault};
use follow::Follow;
use names::Names;
use refusals::Refusals;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio_util::sync::CancellationToken;

/// All ledgers of one store.
pub struct Engine {
    ledgers: BTreeMap<LedgerNumber, Arc<OpenLedger>>,
    stopping: CancellationToken,
    backups: Option<BackupSource>,
    /// One at a time.
    backing_up: tokio::sync::Mutex<()>,
}

/// One ledger and everything that belongs to it.
pub struct OpenLedger {
    ledger: Ledger,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    names: RwLock<Arc<Names>>,
    /// Written while names are being made known, so that two changes do not both build on the same registry; read from
    /// admission until an action has its place in the queue, so that what was judged by a registry, such as an agent's
    /// key, stands in the ledger before that registry is changed.
    registering: tokio::sync::RwLock<()>,
    /// Written while keys are being replaced; read from sealing until what was sealed is queued.
    sealing: tokio::sync::RwLock<()>,
    acting: acting::Acting,
    /// One batch of erasures at a time.
    erasing: tokio::sync::Mutex<()>,
    turn_bound: TurnBound,
    /// Up to when the retention rules were looked at, Unix microseconds.
    looked_us: AtomicU64,
    conversations: Conversations,
    /// Of questions about breaches.
    remembered: needed::Remembered,
    follow: Follow,
    refusals: Refusals,
    /// How many bodies of which sort were pruned, as far as that was asked for.
    counted: prune::Counted,
    /// What is wrong with the custodian, as of the last look.
    custodian_trouble: Mutex<Option<String>>,
    beside: beside::Beside,
}

impl Engine {
    pub fn new(ledgers: impl IntoIterator<Item = OpenLedger>) -> Self {
        let ledgers = ledgers.into_iter().map(|open| (open.ledger.number(), Arc::new(open))).collect();
        Engine { ledgers, stopping: CancellationToken::new(), backups: None, backing_up: tokio::sync::Mutex::default() }
    }

    /// The same, able to make backups.
    pub fn with_backups(self, source: BackupSource) -> Self {
        Engine { backups: Some(source), ..self }
    }

    /// Ends what would otherwise never end: streams that wait for entries to come.
    pub fn stop_streams(&self) {
        self.stopping.cancel();
    }

    /// Cancelled by `stop_streams`.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// The ledger of this origin; where there is only one, an empty name means it.
    pub fn ledger(&self, origin: &str) -> Result<&Arc<OpenLedger>, EngineError> {
        let mut all = self.ledgers.values();
        if origin.is_empty() {
            return match (all.next(), all.next()) {
                (Some(only), None) => Ok(only),
                (None, _) => Err(EngineError::not_found("this server holds no ledger; `whosaw init` makes one")),
                _ => Err(EngineError::invalid("ledger", "is missing: this server holds more than one")),
            };
        }
        all.find(|open| open.origin() == origin)
            .ok_or_else(|| EngineError::not_found("there is no ledger of this origin here"))
    }

    /// In order of their numbers.
    pub fn ledgers(&self) -> impl Iterator<Item = &Arc<OpenLedger>> {
        self.ledgers.values()
    }

    /// Writes what is still to be said of refusals, lets nothing more in, flushes what waits, and stops. Blocks.
    pub fn shutdown(&self) {
        for open in self.ledgers.values() {
            open.follow.stop();
            open.ledger.shutdown();
        }
    }
}

impl OpenLedger {
    /// Opens a ledger for writing: keys, vault, registry, catalogue, follower. Blocks.
    pub fn open(
        store: Arc<dyn Store>,
        options: LedgerOptions,
        custodian: Arc<dyn Custodian>,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Result<Self, EngineError> {
        let (number, origin) = (options.number, options.origin.clone());
        let journal = options.guard_path.parent().map(Path::to_owned).unwrap_or_default();
        // The vault first: where keys and database do not belong together nothing may be signed.
        let vault = Vault::open(Arc::clone(&store), number, &origin, custodian)?;
        let ledger = Ledger::open(Arc::clone(&store), options, Arc::clone(&clock))?;
        let names = Names::load(&ledger, &vault)?;
        let follower = Arc::new(Follower::open(Arc::clone(&store), number)?);
        let follow = Follow::start(ledger.clone(), follower)?;
        let open = OpenLedger {
            ledger,
            vault,
            clock,
            limits,
            names: RwLock::new(Arc::new(names)),
            registering: tokio::sync::RwLock::default(),
            sealing: tokio::sync::RwLock::default(),
            acting: acting::Acting::default(),
            erasing: tokio::sync::Mutex::default(),
            turn_bound: TurnBound::default(),
            looked_us: AtomicU64::new(0),
            conversations: Conversations::default(),
            remembered: needed::Remembered::default(),
            follow,
            refusals: Refusals::default(),
            counted: prune::Counted::default(),
            custodian_trouble: Mutex::default(),
            beside: beside::Beside { journal, ..beside::Beside::default() },
        };
        // A crash may have come between a change and its note.
        open.write_journal()?;
        Ok(open)
    }

    pub fn origin(&self) -> &str {
        self.ledger.origin()
    }

    /// The ledger itself: proofs, checkpoints, tiles, raw entries.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub fn vault_generation(&self) -> u64 {
        self.vault.generation()
    }

    pub fn custodian_class(&self) -> &'static str {
        self.vault.custodian_class()
    }

    /// Looks whether the custodian's keys can be used, and keeps the answer for whoever asks. Blocks.
    pub fn look_at_custodian(&self) {
        let trouble = self.vault.custodian_healthy().err().map(|error| error.to_string());
        let before = std::mem::replace(&mut *self.trouble(), trouble.clone());
        match trouble {
            Some(error) if before.is_none() => tracing::error!(
                ledger = self.origin(),
                error,
                "the custodian of keys is lost: nobody new can be recorded, and nobody be looked up"
            ),
            None if before.is_some() => tracing::info!(ledger = self.origin(), "the custodian of keys is back"),
            _ => {}
        }
    }

    /// Why the keys could not be used when that was last looked at.
    pub fn custodian_trouble(&self) -> Option<String> {
        self.trouble().clone()
    }

    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.custodian_trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ledger itself, where it speaks for nobody.
fn nobody() -> Caller {
    Caller { name: String::new(), assurance: Default::default() }
}

/// Which ledgers a store holds and go on: number and origin, in order.
pub fn origins(store: &dyn Store) -> Result<Vec<(LedgerNumber, String)>, StoreError> {
    let mut all = every_origin(store)?;
    let snapshot = store.snapshot()?;
    let mut closed = Vec::new();
    for (number, _) in &all {
        closed.push(snapshot.get(Table::Meta, &closed_row(number.0))?.is_some());
    }
    let mut closed = closed.into_iter();
    all.retain(|_| closed.next() == Some(false));
    Ok(all)
}

/// The same with those that are closed for ever.
pub fn every_origin(store: &dyn Store) -> Result<Vec<(LedgerNumber, String)>, StoreError> {
    let (from, until) = (origin_row(0), origin_row(u32::MAX));
    let rows = store.snapshot()?.scan(Table::Meta, &from, &until, 65_536)?;
    rows.into_iter()
        .map(|(key, value)| {
            let number = key.last_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes));
            let origin = String::from_utf8(value).ok();
            let torn = || StoreError::Corrupt("a row that names a ledger is torn".into());
            Ok((LedgerNumber(number.ok_or_else(torn)?), origin.ok_or_else(torn)?))
        })
        .collect()
}

/// A ledger that was rolled back and has a successor: its rows stay, and nobody opens it any more.
pub fn close_ledger(number: LedgerNumber, successor: &str, writes: &mut WriteSet) {
    writes.put(Table::Meta, closed_row(number.0), successor);
}

/// Meta, ledger 0 ‖ `closed` ‖ number u32 → origin of the successor.
fn closed_row(number: u32) -> Vec<u8> {
    [&0u32.to_be_bytes()[..], b"closed", &number.to_be_bytes()].concat()
}

/// The row by which a store knows a ledger; written in one commit with its genesis.
pub fn name_ledger(number: LedgerNumber, origin: &str, writes: &mut WriteSet) {
    writes.put(Table::Meta, origin_row(number.0), origin);
}

/// Meta, ledger 0 ‖ `origin` ‖ number u32 → origin.
fn origin_row(number: u32) -> Vec<u8> {
    [&0u32.to_be_bytes()[..], b"origin", &number.to_be_bytes()].concat()
}
