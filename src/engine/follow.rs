//! The thread that folds published entries into the projections, behind the commit.

use super::EngineError;
use crate::exposure::{FoldInput, Follower, Sort, Term};
use crate::ledger::{Ledger, StoredEntry};
use futures::future::{Either, select};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use whosaw_verifier::body::PrunedUndetermined;

/// Entries folded in at a time: enough to be fast, few enough that readers never wait long.
const STEP: u64 = 8_192;

pub struct Follow {
    follower: Arc<Follower>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    wake: Notify,
    stop: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Why following stopped; what was folded in until then stays true.
    failed: Option<String>,
    /// Somebody asked for everything to be made anew.
    rebuild: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follow {
    pub fn start(ledger: Ledger, follower: Arc<Follower>) -> Result<Self, EngineError> {
        let shared = Arc::new(Shared::default());
        let thread = {
            let (follower, shared) = (Arc::clone(&follower), Arc::clone(&shared));
            std::thread::Builder::new()
                .name(format!("follower-{}", ledger.number()))
                .spawn(move || run(&ledger, &follower, &shared))
                .map_err(|error| EngineError::internal(format!("the follower cannot start: {error}")))?
        };
        Ok(Follow { follower, shared, thread: Mutex::new(Some(thread)) })
    }

    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// Why the projections no longer follow, if they do not.
    pub fn failed(&self) -> Option<String> {
        self.shared.state().failed.clone()
    }

    /// Waits until entries below `size` are folded in, but not longer than `at_most`; answers how far it is.
    pub fn wait_for(&self, size: u64, at_most: Duration) -> u64 {
        let until = Instant::now() + at_most;
        let mut state = self.shared.state();
        loop {
            let folded = self.follower.true_up_to();
            let left = until.saturating_duration_since(Instant::now());
            if folded >= size || left.is_zero() || state.failed.is_some() {
                return folded;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Forgets everything, so that it is made anew from entry 0 on; `wait_for` tells how far that is. Blocks until the
    /// old answers are gone.
    pub fn rebuild(&self) {
        let mut state = self.shared.state();
        state.rebuild = true;
        state.failed = None;
        self.shared.wake.notify_one();
        while state.rebuild && state.failed.is_none() && !self.shared.stop.load(Ordering::Acquire) {
            let waited = self.shared.changed.wait_timeout(state, Duration::from_millis(100));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

fn run(ledger: &Ledger, follower: &Follower, shared: &Shared) {
    let mut published = ledger.subscribe();
    while !shared.stop.load(Ordering::Acquire) {
        published.borrow_and_update();
        let (rebuild, failed) = {
            let state = shared.state();
            (state.rebuild, state.failed.is_some())
        };
        // Only this thread clears: a step under way would go on where nothing is any more.
        let cleared = if rebuild { follower.clear().map_err(EngineError::from) } else { Ok(()) };
        if rebuild {
            shared.state().rebuild = false;
            shared.changed.notify_all();
        }
        match cleared.and_then(|()| if failed { Ok(false) } else { step(ledger, follower) }) {
            Ok(true) => shared.changed.notify_all(),
            Ok(false) => {
                // Woken by the next head, or to stop or rebuild; a ledger that has ended publishes nothing more.
                let ended = futures::executor::block_on(async {
                    match select(pin!(published.changed()), pin!(shared.wake.notified())).await {
                        Either::Left((changed, _)) => changed.is_err(),
                        Either::Right(_) => false,
                    }
                });
                if ended {
                    return;
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "projections no longer follow the ledger");
                shared.state().failed = Some(error.to_string());
                shared.changed.notify_all();
            }
        }
    }
}

/// Folds some entries in; whether there were any.
fn step(ledger: &Ledger, follower: &Follower) -> Result<bool, EngineError> {
    let (from, size) = (follower.true_up_to(), ledger.published().size);
    if from >= size {
        return Ok(false);
    }
    let entries = ledger.entries(from, size.min(from + STEP))?;
    if entries.is_empty() {
        return Err(EngineError::new(super::Kind::Corrupt, format!("entry {from} is published but not there")));
    }
    check_entries(ledger, from, &entries)?;
    let mut carried = carried_forward(ledger, &entries)?;
    follower.advance(entries.iter().map(|entry| FoldInput {
        kind: entry.header.kind,
        recorded_at_us: entry.header.recorded_at_us,
        body: entry.content.as_ref().map(|(_, body)| body.as_slice()),
        carried: carried.remove(&entry.header.index),
    }))?;
    Ok(true)
}

/// Entries are found by what is folded in, and only what is found is proved: one that was altered would be missing from
/// answers without a word. So each has to say what it commits to, and to follow the one before it.
fn check_entries(ledger: &Ledger, from: u64, entries: &[StoredEntry]) -> Result<(), EngineError> {
    let mut previous = if from == 0 { None } else { ledger.entry(from - 1)?.map(|entry| entry.leaf) };
    for entry in entries {
        let index = entry.header.index;
        let broken = |what: &str| Err(EngineError::new(super::Kind::Corrupt, format!("entry {index} {what}")));
        if previous.is_some_and(|previous| previous != entry.header.previous_leaf) {
            return broken("does not follow the one before it");
        }
        if !entry.body_holds(ledger.origin_hash()) {
            return broken("has a body that is not the one it commits to");
        }
        previous = Some(entry.leaf);
    }
    Ok(())
}

/// What pruned entries still stand under. Read after the entries: whatever was gone then, its batch is found.
fn carried_forward(ledger: &Ledger, entries: &[StoredEntry]) -> Result<BTreeMap<u64, Term>, EngineError> {
    let mut carried = BTreeMap::new();
    let gone: BTreeSet<u64> =
        entries.iter().filter(|entry| entry.content.is_none()).map(|entry| entry.header.index).collect();
    let (Some(first), Some(last)) = (gone.first(), gone.last()) else { return Ok(carried) };
    for sort in ledger.pruned_within(*first..=*last)?.into_iter().flat_map(|pruned| pruned.undetermined) {
        let PrunedUndetermined { determination, tool, doubt, outcome, .. } = &sort;
        let term = Sort { determination: *determination, tool: tool.clone(), doubt: *doubt, outcome: *outcome }.term();
        carried.extend(sort.indexes().filter(|index| gone.contains(index)).map(|index| (index, term.clone())));
    }
    Ok(carried)
}
