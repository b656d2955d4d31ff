//! Which acts possibly touched somebody who was erased since, while their data might only be stored (GDPR Art. 18).

use super::evidence::Forgotten;
use crate::exposure::calculus::fact::When;
use crate::exposure::telling::Telling;

/// Whether an act, by the entries that tell of it, was possibly about one of them then. One that does not list everybody may
/// have been about anybody; one that does, about those of the batch with whom its parts went.
pub(super) fn touches(told: &Telling, forgotten: &[Forgotten], entries: &[u64], listed: bool, when: When) -> bool {
    if listed {
        return false;
    }
    let mut closed = entries.iter().filter_map(|entry| told.closed.get(entry)).peekable();
    let untold = closed.peek().is_none() || closed.any(|closed| !closed.all_listed);
    let then = |one: &&Forgotten| one.from <= when.latest && when.earliest < one.until;
    forgotten.iter().filter(then).any(|one| untold || entries.iter().any(|entry| one.acts.contains(entry)))
}
