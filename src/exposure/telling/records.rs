//! Records that stand elsewhere than where the act reached them, such as behind a search index: it was data of that dataset too.

use super::*;

impl Telling {
    /// What an act told of the datasets in which its records stand, beside its own. After what it told of that.
    pub(super) fn records(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        own: Option<Resource>,
        registered: &dyn Registered,
    ) {
        let body = action.body;
        let happened = !matches!(body.outcome, Outcome::Denied | Outcome::Failed);
        let states_losses = body.facts.iter().any(|fact| fact.kind == FactKind::Loss);
        for (name, whose) in named_by_records(action) {
            let resource = Resource(self.resources.number(name.key(), name));
            if Some(resource) == own {
                continue;
            }
            let (accesses, calls, losses) = (self.accesses.len(), self.calls.len(), self.losses.len());
            self.moved(action, when, resource, registered);
            if happened && !states_losses {
                self.losses(action, when, Some(resource), registered);
            }
            // It closes what the session had of its own dataset.
            if body.verb != Verb::ContextClose {
                self.sitting(action, when, Some(resource));
            }
            for access in &mut self.accesses[accesses..] {
                access.subjects.retain(|person| whose.persons.contains(person));
                access.listed &= !whose.others;
                // How many it delivered is told of all datasets together.
                access.delivered = (None, None);
            }
            self.calls[calls..].iter_mut().for_each(|call| call.only(&whose.persons, whose.others));
            for loss in &mut self.losses[losses..] {
                loss.subjects.retain(|person| whose.persons.contains(person));
                loss.listed &= !whose.others;
                loss.counted = (None, None);
            }
        }
    }
}

/// Whose records stand in one dataset.
#[derive(Default)]
struct Whose {
    persons: BTreeSet<Person>,
    /// Records stand there of which nobody says whose they are.
    others: bool,
}

/// Every dataset that its records name, by those that open; of one that only stands in the open nothing opens any more.
fn named_by_records(action: &OpenedAction<'_>) -> BTreeMap<Named, Whose> {
    let registered = &action.body.record_datasets;
    let named = |name: &String| match registered.binary_search(name) {
        Ok(_) => Named::Registered(name.clone()),
        Err(_) => Named::Sealed(name.clone()),
    };
    let mut all: BTreeMap<Named, Whose> =
        registered.iter().map(|name| (Named::Registered(name.clone()), Whose::default())).collect();
    for (ordinal, datasets) in &action.records {
        for name in datasets {
            all.entry(named(name)).or_default().persons.extend(action.persons.get(ordinal));
        }
    }
    for record in action.content.into_iter().flat_map(|content| &content.records) {
        if !record.dataset.is_empty() {
            all.entry(named(&record.dataset)).or_default().others = true;
        }
    }
    all
}
