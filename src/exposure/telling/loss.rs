//! Data that was deleted or altered: a loss of availability or of integrity (REPORTS 2.3; GDPR Art. 4(12), 5(1)(f)).

use super::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lost {
    /// It cannot be had.
    Unavailable,
    /// It is not what it was.
    Altered,
}

/// What was lost, of whom, by which act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    pub index: u64,
    pub resource: Resource,
    pub lost: Lost,
    pub when: When,
    pub subjects: BTreeSet<Person>,
    /// `subjects` is everybody.
    pub listed: bool,
    /// It can be had back until then; absent where it cannot, or nothing says so.
    pub recoverable_until: Option<Instant>,
    /// It was had back.
    pub restored: Option<(u64, When)>,
}

impl Telling {
    /// A deletion, an erasure, or what an entry states as lost; and what a restoration brings back.
    pub(super) fn losses(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        resource: Option<Resource>,
        registered: &dyn Registered,
    ) {
        let body = action.body;
        if body.verb == Verb::DataRestore && body.outcome == Outcome::Succeeded {
            let (subjects, _) = listed_by(action);
            let of_it = |loss: &&mut Loss| Some(loss.resource) == resource && loss.restored.is_none();
            for loss in self.losses.iter_mut().filter(of_it) {
                // Whoever is not named as had back is not; nor is what was lost afterwards.
                let named = loss.listed && !loss.subjects.is_empty() && loss.subjects.is_subset(&subjects);
                if named && loss.when.latest <= when.earliest {
                    loss.restored = Some((action.index, when));
                }
            }
        }
        let stated: Vec<(usize, &body::Fact)> =
            body.facts.iter().enumerate().filter(|(_, fact)| fact.kind == FactKind::Loss).collect();
        for (position, fact) in &stated {
            let resource = self.resource(action, NamedField::FactResource, *position, &fact.resource).or(resource);
            let Some(resource) = resource else { continue };
            let named = self.inside(action, &fact.subjects);
            let (subjects, listed) = if fact.subjects.is_empty() {
                listed_by(action)
            } else {
                let listed = named.iter().all(Option::is_some);
                (named.into_iter().flatten().collect(), listed)
            };
            let lost = if body.verb == Verb::DataUpdate { Lost::Altered } else { Lost::Unavailable };
            let until = Some(fact.recoverable_until_us).filter(|until| *until > 0);
            self.lose(action.index, resource, lost, when, subjects, listed, until);
        }
        if body.verb == Verb::DataUpdate && stated.is_empty() && authorised(body) == Authorised::No {
            let (subjects, listed) = listed_by(action);
            if let Some(resource) = resource {
                self.lose(action.index, resource, Lost::Altered, when, subjects, listed, None);
            }
        }
        let deletes = matches!(body.verb, Verb::DataDelete | Verb::DataErase);
        if let (Some(resource), true, true) = (resource, deletes, stated.is_empty()) {
            let (subjects, listed) = listed_by(action);
            let recoverable = registered.recoverable_us(&body.dataset).filter(|_| body.verb == Verb::DataDelete);
            let until = recoverable.map(|recoverable| when.latest.saturating_add(recoverable));
            self.lose(action.index, resource, Lost::Unavailable, when, subjects, listed, until);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one loss")]
    fn lose(
        &mut self,
        index: u64,
        resource: Resource,
        lost: Lost,
        when: When,
        subjects: BTreeSet<Person>,
        listed: bool,
        recoverable_until: Option<Instant>,
    ) {
        self.losses.push(Loss { index, resource, lost, when, subjects, listed, recoverable_until, restored: None });
    }
}
