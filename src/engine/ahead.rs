//! Entries of one question, proved and opened on all cores ahead of whoever tells of them. They are handed out in the order
//! in which they were given, because who is who is numbered by who comes first.

use super::proving::Proving;
use super::{EngineError, OpenLedger};
use crate::ledger::StoredEntry;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, sync_channel};
use whosaw_verifier::body::Body;
use whosaw_verifier::part::Part;

/// Entries that a thread opens at a time, and parts: fewer entries where they have more.
const ENTRIES: usize = 64;
const PARTS: u32 = 256;
/// Runs that a thread has ready before it waits: with `PARTS` what bounds the memory.
const READY: usize = 2;
const THREADS_MAX: usize = 8;

/// What an entry says, and what opened of its parts, by ordinal; nothing where its body is removed or not understood.
pub(super) type Opened = Option<(Body, Vec<(u32, Part)>)>;
type Run = Vec<Result<Opened, EngineError>>;

impl OpenLedger {
    /// Hands `take` what each entry says of acts and of persons. Stops at the first that cannot be proved, or that `take`
    /// refuses.
    pub(super) fn open_ahead(
        &self,
        entries: &[&StoredEntry],
        head: &Proving,
        take: &mut dyn FnMut(&StoredEntry, Opened) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let runs = runs(entries);
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX).min(runs.len());
        if threads < 2 {
            return entries.iter().try_for_each(|entry| take(entry, self.open_told(entry, head)?));
        }
        std::thread::scope(|scope| {
            let mut opened: Vec<Receiver<Run>> = Vec::with_capacity(threads);
            for thread in 0..threads {
                let (send, receive) = sync_channel(READY);
                let mine = runs.iter().skip(thread).step_by(threads);
                scope.spawn(move || {
                    for run in mine {
                        // Nobody listens any more once one could not be opened.
                        if send.send(run.iter().map(|entry| self.open_told(entry, head)).collect()).is_err() {
                            return;
                        }
                    }
                });
                opened.push(receive);
            }
            for (run, from) in runs.iter().zip(opened.iter().cycle()) {
                let opened = from.recv().map_err(|_| EngineError::internal("a thread that opens entries stopped"))?;
                for (entry, opened) in run.iter().zip(opened) {
                    take(entry, opened?)?;
                }
            }
            Ok(())
        })
    }

    fn open_told(&self, entry: &StoredEntry, head: &Proving) -> Result<Opened, EngineError> {
        let body = entry.body();
        let Some(Ok(body @ (Body::Action(_) | Body::Person(_)))) = body else { return Ok(None) };
        let ordinals: Vec<u32> = (0..entry.header.parts).collect();
        Ok(Some((body, self.open_proved(entry, &ordinals, head)?)))
    }
}

/// Neighbours that are opened together.
fn runs<'a, 'e>(entries: &'a [&'e StoredEntry]) -> Vec<&'a [&'e StoredEntry]> {
    let (mut runs, mut rest) = (Vec::new(), entries);
    while !rest.is_empty() {
        let mut parts = 0;
        let fits = |entry: &&&StoredEntry| {
            parts += entry.header.parts;
            parts <= PARTS
        };
        let many = rest.iter().take(ENTRIES).take_while(fits).count().max(1);
        let (run, behind) = rest.split_at(many);
        runs.push(run);
        rest = behind;
    }
    runs
}
