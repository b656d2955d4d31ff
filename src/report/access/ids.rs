//! Which acts an entry means by an id. An id is its caller's: who names one means their own act, else all that others gave
//! this id.

use crate::report::evidence::ToldBy;
use std::collections::{BTreeSet, HashMap};

/// Acts by their ids.
#[derive(Default)]
pub struct Ids<'a> {
    by_caller: HashMap<(ToldBy, &'a [u8]), BTreeSet<usize>>,
    callers: HashMap<&'a [u8], BTreeSet<ToldBy>>,
}

/// The acts that an id may mean.
pub struct Meant {
    pub acts: BTreeSet<usize>,
    /// Several callers gave acts this id: which of them is meant, only likeness could say.
    pub ambiguous: bool,
}

impl<'a> Ids<'a> {
    pub fn give(&mut self, id: &'a [u8], by: &ToldBy, act: usize) {
        if !id.is_empty() {
            self.by_caller.entry((by.clone(), id)).or_default().insert(act);
            self.callers.entry(id).or_default().insert(by.clone());
        }
    }

    pub fn meant(&self, id: &'a [u8], by: &ToldBy) -> Meant {
        if let Some(own) = self.by_caller.get(&(by.clone(), id)) {
            return Meant { acts: own.clone(), ambiguous: false };
        }
        let callers = self.callers.get(id);
        let of = |caller: &ToldBy| self.by_caller.get(&(caller.clone(), id)).into_iter().flatten().copied();
        let acts = callers.into_iter().flatten().flat_map(of).collect();
        Meant { acts, ambiguous: callers.is_some_and(|callers| callers.len() > 1) }
    }
}
