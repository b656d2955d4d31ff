//! What policies decided of acts, held against what these acts were (REPORTS 1.2, 10).

use super::document::*;
use super::facts::named;
use crate::exposure::telling::{Decided, Telling};
use crate::model::PolicyDecision;
use crate::report::access::document::{Authorisation, EntryIndex, Name};
use crate::report::code::Code;
use std::collections::{BTreeMap, BTreeSet};

/// What the entries of one act say that policies decided of it, each thing once.
pub(super) fn of_act(told: &Telling, entries: impl IntoIterator<Item = u64>) -> Vec<PolicyFact> {
    let said: BTreeSet<&Decided> = entries.into_iter().filter_map(|entry| told.decided.get(&entry)).collect();
    let fact = |decided: &Decided| PolicyFact {
        id: named(&decided.id),
        version: decided.version.as_ref().map(named),
        decision: Code(decided.decision),
    };
    said.into_iter().map(fact).collect()
}

/// One act over all resources that it touched: what was decided of it, and the worst that it was.
struct Compared<'a> {
    policies: &'a [PolicyFact],
    authorisation: Authorisation,
    done: bool,
}

impl Compared<'_> {
    fn add(&mut self, authorisation: Authorisation, done: bool) {
        // Unauthorised is the worst, and what nobody assessed the next.
        let rank = |authorisation: Authorisation| match authorisation {
            Authorisation::Unauthorised => 3,
            Authorisation::NotAssessed => 2,
            Authorisation::Exceptional => 1,
            Authorisation::Authorised => 0,
        };
        if rank(authorisation) > rank(self.authorisation) {
            self.authorisation = authorisation;
        }
        self.done |= done;
    }
}

/// Each policy in each version, in the order of names; what no policy is recorded of last.
pub(super) fn compared(accesses: &[AccessFact], losses: &[LossFact]) -> Vec<PolicyComparison> {
    let mut acts: BTreeMap<EntryIndex, Compared<'_>> = BTreeMap::new();
    let of_accesses = accesses.iter().filter_map(|access| {
        let first = *access.entries.first()?;
        Some((first, access.policies.as_slice(), access.authorisation, access.rung != Rung::Tried))
    });
    let of_losses = losses.iter().map(|loss| (loss.entry, loss.policies.as_slice(), loss.authorisation, true));
    for (entry, policies, authorisation, done) in of_accesses.chain(of_losses) {
        let act = acts.entry(entry).or_insert(Compared { policies, authorisation, done });
        act.add(authorisation, done);
    }
    // By what is told of them: names that do not open are not told apart.
    let text = |name: &Name| match name {
        Name::Registered(name) | Name::Unregistered(name) => name.clone(),
        Name::Closed => String::new(),
    };
    let mut all: BTreeMap<(bool, String, String, bool), PolicyComparison> = BTreeMap::new();
    let new = |policy: Option<&PolicyFact>| PolicyComparison {
        id: policy.map(|policy| policy.id.clone()),
        version: policy.and_then(|policy| policy.version.clone()),
        acts: 0,
        permitted: 0,
        denied: 0,
        undecided: 0,
        permitted_unauthorised: Vec::new(),
        permitted_not_assessed: Vec::new(),
        denied_done: Vec::new(),
    };
    for (entry, act) in &acts {
        if act.policies.is_empty() {
            all.entry((true, String::new(), String::new(), false)).or_insert_with(|| new(None)).acts += 1;
        }
        let mut told = BTreeSet::new();
        for policy in act.policies {
            let version = policy.version.as_ref();
            let key = (false, text(&policy.id), version.map(text).unwrap_or_default(), version.is_some());
            let line = all.entry(key.clone()).or_insert_with(|| new(Some(policy)));
            // Two reports of one act may say otherwise of the same policy: it is one act, and each is told.
            line.acts += u64::from(told.insert(key));
            match policy.decision.0 {
                PolicyDecision::Permit => {
                    line.permitted += 1;
                    match act.authorisation {
                        Authorisation::Unauthorised if act.done => line.permitted_unauthorised.push(*entry),
                        Authorisation::NotAssessed if act.done => line.permitted_not_assessed.push(*entry),
                        _ => {}
                    }
                }
                PolicyDecision::Deny => {
                    line.denied += 1;
                    line.denied_done.extend(act.done.then_some(*entry));
                }
                _ => line.undecided += 1,
            }
        }
    }
    all.into_values().collect()
}
