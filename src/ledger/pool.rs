//! What waits to be sequenced: bounded, so that a slow disk is told to callers instead of to memory.

use super::AppendError;
use super::committer::Committed;
use crate::model::Sealed;
use crate::store::WriteSet;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Worth building a second batch for while the first is on its way to the disk; fewer wait for the flush to end.
const PIPELINE_ENTRIES: usize = 1_000;

/// Actions that stand or fall together, and who waits for them.
pub struct Submission {
    pub actions: Vec<Sealed>,
    pub reply: oneshot::Sender<Result<Committed, AppendError>>,
    pub kind: SubmissionKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmissionKind {
    Append,
    /// The ledger makes a clock entry itself, because only the sequencer knows the time it leaves behind.
    AcceptClock,
    /// No entry: rows that are made durable behind everything that was queued before, under the ledger's lease.
    Rows(WriteSet),
}

#[derive(Debug, Clone, Copy)]
pub struct PoolLimits {
    pub entries: usize,
    pub bytes: usize,
}

/// Shared between callers, the sequencer thread and the committer thread.
pub struct Pool {
    limits: PoolLimits,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Submission>,
    entries: usize,
    bytes: usize,
    /// Batches handed to the committer and not durable yet.
    in_commit: usize,
    closed: bool,
    /// The sequencer sleeps. Waking is a system call, one for each action of a stream if nobody asks before.
    asleep: bool,
}

impl State {
    /// Whether the sequencer would find something to do.
    fn worth_waking(&self) -> bool {
        let enough = match self.in_commit {
            0 => !self.waiting.is_empty(),
            1 => self.entries >= PIPELINE_ENTRIES,
            _ => false,
        };
        self.asleep && (enough || self.closed)
    }
}

/// What the sequencer should do next.
pub enum Work {
    Take(Vec<Submission>),
    Finished,
}

impl Pool {
    pub fn new(limits: PoolLimits) -> Self {
        Pool { limits, state: Mutex::default(), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a submission, or gives it back where there is no room. One larger than the whole pool is let in alone.
    pub fn submit(&self, submission: Submission) -> Result<(), (AppendError, Vec<Sealed>)> {
        let (entries, bytes) = weight(&submission);
        let mut state = self.state();
        if state.closed {
            return Err((AppendError::ShuttingDown, submission.actions));
        }
        let full = state.entries + entries > self.limits.entries || state.bytes + bytes > self.limits.bytes;
        if full && !state.waiting.is_empty() {
            return Err((AppendError::Busy, submission.actions));
        }
        state.entries += entries;
        state.bytes += bytes;
        state.waiting.push_back(submission);
        self.wake(state);
        Ok(())
    }

    /// Entries and bytes that wait.
    pub fn waiting(&self) -> (usize, usize) {
        let state = self.state();
        (state.entries, state.bytes)
    }

    /// Waits for work. While the disk is busy with one batch and another is ready behind it, waiting actions gather here:
    /// that is the whole of group commit, and there is no timer in it.
    pub fn take(&self, entries_max: usize, bytes_max: usize) -> Work {
        let mut state = self.state();
        while state.waiting.is_empty() || state.in_commit > 1 {
            if state.closed && state.waiting.is_empty() {
                return Work::Finished;
            }
            state = self.sleep(state);
        }
        // With one batch on its way to the disk, a small second one would only add a flush: let it grow meanwhile.
        while state.in_commit > 0 && state.entries < PIPELINE_ENTRIES && !state.closed {
            state = self.sleep(state);
        }
        let (mut taken, mut entries, mut bytes) = (Vec::new(), 0, 0);
        while let Some(next) = state.waiting.front() {
            let (more_entries, more_bytes) = weight(next);
            let fits = entries + more_entries <= entries_max && bytes + more_bytes <= bytes_max;
            let alone = matches!(next.kind, SubmissionKind::AcceptClock);
            if !taken.is_empty() && (!fits || alone) {
                break;
            }
            entries += more_entries;
            bytes += more_bytes;
            taken.extend(state.waiting.pop_front());
            if alone {
                break;
            }
        }
        state.entries -= entries;
        state.bytes -= bytes;
        state.in_commit += 1;
        Work::Take(taken)
    }

    /// The batch last taken is durable, or there was nothing in it to commit.
    pub fn done(&self) {
        let mut state = self.state();
        state.in_commit -= 1;
        self.wake(state);
    }

    fn sleep<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.asleep = true;
        let mut state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.asleep = false;
        state
    }

    fn wake(&self, state: MutexGuard<'_, State>) {
        let wake = state.worth_waking();
        drop(state);
        if wake {
            self.changed.notify_all();
        }
    }

    /// Lets nothing more in; what waits is still taken.
    pub fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Answers everybody who waits, after the latch tripped.
    pub fn refuse_all(&self, reason: &str) {
        let waiting = {
            let mut state = self.state();
            state.closed = true;
            (state.entries, state.bytes) = (0, 0);
            std::mem::take(&mut state.waiting)
        };
        for submission in waiting {
            let _ = submission.reply.send(Err(AppendError::Unavailable(reason.to_owned())));
        }
        self.changed.notify_all();
    }
}

fn weight(submission: &Submission) -> (usize, usize) {
    let rows = match &submission.kind {
        SubmissionKind::Rows(rows) => rows.bytes(),
        SubmissionKind::Append | SubmissionKind::AcceptClock => 0,
    };
    let bytes: usize = submission
        .actions
        .iter()
        .map(|action| action.body.len() + 256 + action.parts.iter().map(|part| part.bytes.len() + 128).sum::<usize>())
        .sum();
    (submission.actions.len().max(1), bytes + rows)
}
