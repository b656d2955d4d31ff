//! A custodian that answers in time or not at all.
//!
//! A PKCS#11 module is foreign code: a call into it can be neither interrupted nor taken back, and may never return. So
//! threads of the custodian's own make the calls, and whoever asked goes away after [`ANSWER`] with *unavailable*.
//! Nothing is sealed, opened or claimed to be destroyed on the strength of no answer. As long as a call is late no other
//! is made: each would only hold one more thread, of which there are [`THREADS`] and one for each root at work.
//!
//! | what comes late | what becomes of it |
//! |---|---|
//! | a MAC, a key, a wrapped key, a list | dropped, keys wiped; whoever asked was refused, and asks again |
//! | a root that was made | is used by nobody; undoing the batch destroys it, and a later batch makes one of another number |
//! | a root that was destroyed | is gone; the batch is not ended before that was asked for and answered once more |
//!
//! With the late answer everything goes on by itself. A call that never returns ends with the process.

use super::Secret;
use super::custodian::{Claim, Custodian, CustodianError, Root};
use crate::model::CustodianClass;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use whosaw_verifier::hash::Hash;

/// A token answers within a second, and one that changes over to its twin within some.
pub const ANSWER: Duration = Duration::from_secs(10);

/// Calls under way at the same time, roots apart; a token has few sessions.
const THREADS: usize = 8;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whose calls they are, how long is waited for one, and how many are late.
#[derive(Clone)]
struct Watch {
    /// As errors say it: what cannot be used.
    what: String,
    limit: Duration,
    late: Arc<AtomicUsize>,
}

impl Watch {
    fn new(what: String, limit: Duration) -> Self {
        Watch { what, limit, late: Arc::default() }
    }

    fn unavailable(&self, reason: String) -> CustodianError {
        CustodianError::Unavailable { what: self.what.clone(), reason }
    }

    fn no_answer(&self) -> CustodianError {
        self.unavailable(format!("it did not answer within {:?}", self.limit))
    }

    fn nothing_is_late(&self) -> Result<(), CustodianError> {
        if self.late.load(Ordering::SeqCst) == 0 {
            return Ok(());
        }
        let text = format!("a call has not come back after {:?}, and nothing else is asked before it does", self.limit);
        Err(self.unavailable(text))
    }

    fn begin<T>(&self) -> Result<Arc<Call<T>>, CustodianError> {
        self.nothing_is_late()?;
        Ok(Arc::new(Call { stage: Mutex::new(Stage::Waits), ended: Condvar::new(), late: Arc::clone(&self.late) }))
    }

    fn spawn(&self, work: impl FnOnce() + Send + 'static) -> Result<(), CustodianError> {
        let thread = std::thread::Builder::new().name("custodian".into()).spawn(work);
        thread.map(drop).map_err(|error| self.unavailable(error.to_string()))
    }

    /// What answered well in time, else what it said or that it said nothing.
    fn answer<T>(&self, call: &Call<Result<T, CustodianError>>) -> Result<T, CustodianError> {
        call.wait(self.limit).unwrap_or_else(|| Err(self.no_answer()))
    }
}

/// One call, made by one thread and waited for by another.
struct Call<T> {
    stage: Mutex<Stage<T>>,
    ended: Condvar,
    late: Arc<AtomicUsize>,
}

enum Stage<T> {
    Waits,
    UnderWay,
    /// Nothing: it panicked.
    Answered(Option<T>),
    GivenUp,
}

impl<T> Call<T> {
    /// Makes the call, unless nobody waits for it any more.
    fn make(&self, ask: impl FnOnce() -> T) {
        {
            let mut stage = lock(&self.stage);
            if !matches!(*stage, Stage::Waits) {
                return;
            }
            *stage = Stage::UnderWay;
        }
        let answer = std::panic::catch_unwind(AssertUnwindSafe(ask)).ok();
        let mut stage = lock(&self.stage);
        if matches!(*stage, Stage::UnderWay) {
            *stage = Stage::Answered(answer);
            self.ended.notify_one();
            return;
        }
        drop(stage);
        // Before anybody may ask again, so that what is late is never counted among what is in time.
        drop(answer);
        self.late.fetch_sub(1, Ordering::SeqCst);
        tracing::warn!("the custodian of keys answered too late; the answer was dropped");
    }

    /// The answer, where it came in time.
    fn wait(&self, limit: Duration) -> Option<T> {
        let not_ended = |stage: &mut Stage<T>| matches!(stage, Stage::Waits | Stage::UnderWay);
        let waited = self.ended.wait_timeout_while(lock(&self.stage), limit, not_ended);
        let (mut stage, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *stage, Stage::GivenUp) {
            Stage::Answered(answer) => answer,
            Stage::UnderWay => {
                self.late.fetch_add(1, Ordering::SeqCst);
                None
            }
            Stage::Waits | Stage::GivenUp => None,
        }
    }
}

/// Does something once in a thread of its own. `what` is said to be of no use where that takes too long.
pub fn once<T: Send + 'static>(
    what: String,
    limit: Duration,
    ask: impl FnOnce() -> Result<T, CustodianError> + Send + 'static,
) -> Result<T, CustodianError> {
    let watch = Watch::new(what, limit);
    let call = watch.begin()?;
    let made = Arc::clone(&call);
    watch.spawn(move || made.make(ask))?;
    watch.answer(&call)
}

/// A custodian whose calls are made by threads of its own.
pub struct InTime<C> {
    inner: Arc<C>,
    watch: Watch,
    threads: Arc<Threads>,
}

impl<C: Custodian> InTime<C> {
    /// What `open` answers, in time from the start. `what` is how errors say that it is of no use.
    pub fn open(
        what: String,
        limit: Duration,
        open: impl FnOnce() -> Result<C, CustodianError> + Send + 'static,
    ) -> Result<Self, CustodianError> {
        let inner = Arc::new(once(what.clone(), limit, open)?);
        Ok(InTime { inner, watch: Watch::new(what, limit), threads: Arc::default() })
    }

    fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&C) -> Result<T, CustodianError> + Send + 'static,
    ) -> Result<T, CustodianError> {
        let call = self.watch.begin()?;
        let (made, inner) = (Arc::clone(&call), Arc::clone(&self.inner));
        self.threads.submit(&self.watch, Box::new(move || made.make(|| ask(&inner))))?;
        self.watch.answer(&call)
    }
}

impl<C> Drop for InTime<C> {
    fn drop(&mut self) {
        // What hangs keeps the custodian, so that nobody waits here for its sessions to be closed.
        lock(&self.threads.work).closed = true;
        self.threads.there_is_work.notify_all();
    }
}

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Threads {
    work: Mutex<Work>,
    there_is_work: Condvar,
}

#[derive(Default)]
struct Work {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl Threads {
    /// Queues; makes another thread where all have something to do and there may be more.
    fn submit(self: &Arc<Self>, watch: &Watch, job: Job) -> Result<(), CustodianError> {
        let mut work = lock(&self.work);
        if work.jobs.len() >= work.idle && work.threads < THREADS {
            let threads = Arc::clone(self);
            watch.spawn(move || threads.work())?;
            work.threads += 1;
        }
        work.jobs.push_back(job);
        drop(work);
        self.there_is_work.notify_one();
        Ok(())
    }

    fn work(&self) {
        let mut work = lock(&self.work);
        while !work.closed {
            if let Some(job) = work.jobs.pop_front() {
                drop(work);
                job();
                work = lock(&self.work);
                continue;
            }
            work.idle += 1;
            work = self.there_is_work.wait(work).unwrap_or_else(PoisonError::into_inner);
            work.idle -= 1;
        }
    }
}

impl<C: Custodian> Custodian for InTime<C> {
    fn class(&self) -> CustodianClass {
        self.inner.class()
    }

    fn strongest_claim(&self) -> Claim {
        self.inner.strongest_claim()
    }

    fn reason(&self) -> &'static str {
        self.inner.reason()
    }

    fn healthy(&self) -> Result<(), CustodianError> {
        self.ask(|inner| inner.healthy())
    }

    fn create_root(&self, epoch: u64) -> Result<(), CustodianError> {
        self.ask(move |inner| inner.create_root(epoch))
    }

    fn destroy_root(&self, epoch: u64) -> Result<(), CustodianError> {
        self.ask(move |inner| inner.destroy_root(epoch))
    }

    fn epochs(&self) -> Result<Vec<u64>, CustodianError> {
        self.ask(|inner| inner.epochs())
    }

    /// A thread has the root as long as it is at work, because what it is made of cannot leave that thread.
    fn root(&self, epoch: u64) -> Result<Box<dyn Root + '_>, CustodianError> {
        let opening = self.watch.begin()?;
        let (opened, inner) = (Arc::clone(&opening), Arc::clone(&self.inner));
        let (jobs, queue) = mpsc::channel::<RootJob>();
        self.watch.spawn(move || {
            let mut root = None;
            opened.make(|| inner.root(epoch).map(|found| root = Some(found)));
            let Some(root) = root else { return };
            queue.into_iter().for_each(|job| job(root.as_ref()));
        })?;
        self.watch.answer(&opening)?;
        Ok(Box::new(RootInTime { watch: self.watch.clone(), jobs }))
    }

    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError> {
        let message = message.to_vec();
        self.ask(move |inner| inner.lookup_mac(&message))
    }
}

type RootJob = Box<dyn FnOnce(&dyn Root) + Send>;

struct RootInTime {
    watch: Watch,
    jobs: mpsc::Sender<RootJob>,
}

impl RootInTime {
    fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Root) -> Result<T, CustodianError> + Send + 'static,
    ) -> Result<T, CustodianError> {
        let call = self.watch.begin()?;
        let made = Arc::clone(&call);
        let job: RootJob = Box::new(move |root| made.make(|| ask(root)));
        self.jobs.send(job).map_err(|_| self.watch.unavailable("its thread stopped".into()))?;
        self.watch.answer(&call)
    }
}

impl Root for RootInTime {
    fn wrap(&self, aad: &[u8], key: &[u8; 32]) -> Result<Vec<u8>, CustodianError> {
        let (aad, key) = (aad.to_vec(), Secret::new(*key));
        self.ask(move |root| root.wrap(&aad, &key))
    }

    fn unwrap(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, CustodianError> {
        let (aad, wrapped) = (aad.to_vec(), wrapped.to_vec());
        self.ask(move |root| root.unwrap(&aad, &wrapped))
    }
}
