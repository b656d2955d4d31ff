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
    /// Other entries that tell of it.
    pub also: Vec<u64>,
    pub resource: Resource,
    pub lost: Lost,
    pub when: When,
    pub subjects: BTreeSet<Person>,
    /// `subjects` is everybody.
    pub listed: bool,
    /// Of how many people data was lost, and how many records, as it was told; never exactly, because the numbers of an act
    /// are of what it asked for or delivered.
    pub counted: (Option<Told>, Option<Told>),
    /// Categories of what was lost; absent where that is not said.
    pub categories: Option<BTreeSet<Category>>,
    /// It can be had back until then; absent where it cannot, or nothing says so.
    pub recoverable_until: Option<Instant>,
    /// It was had back, by the act that brought back the last of it.
    pub restored: Option<(u64, When)>,
    /// Art. 18(2) was named as its ground.
    pub despite_restriction: bool,
}

/// Something was had back, of these persons.
#[derive(Debug, Clone)]
pub(super) struct Restoration {
    pub index: u64,
    pub resource: Resource,
    pub when: When,
    pub subjects: BTreeSet<Person>,
}

impl Telling {
    pub(super) fn restoration(&mut self, action: &OpenedAction<'_>, when: When, resource: Option<Resource>) {
        let is_one = action.body.verb == Verb::DataRestore && action.body.outcome == Outcome::Succeeded;
        if let Some(resource) = resource.filter(|_| is_one) {
            let (subjects, _) = listed_by(action);
            self.restorations.push(Restoration { index: action.index, resource, when, subjects });
        }
    }

    /// What was had back once everything was told: in one turn or in several, and only what nobody takes back or contests.
    pub(super) fn restore(&mut self) {
        let stands = |one: &Restoration| !self.never.contains(&one.index) && !self.contested.contains(&one.index);
        let mut by_resource: BTreeMap<Resource, Vec<Restoration>> = BTreeMap::new();
        for one in std::mem::take(&mut self.restorations).into_iter().filter(stands) {
            by_resource.entry(one.resource).or_default().push(one);
        }
        for restorations in by_resource.values_mut() {
            restorations.sort_by_key(|one| (one.when.latest, one.index));
        }
        for loss in self.losses.iter_mut().filter(|loss| loss.listed && !loss.subjects.is_empty()) {
            // Whoever is not named as had back is not; nor is what was lost afterwards.
            let mut left = loss.subjects.clone();
            let after = by_resource.get(&loss.resource).into_iter().flatten();
            for one in after.filter(|one| loss.when.latest <= one.when.earliest) {
                left.retain(|person| !one.subjects.contains(person));
                if left.is_empty() {
                    loss.restored = Some((one.index, one.when));
                    break;
                }
            }
        }
    }

    /// A deletion, an erasure, or what an entry states as lost.
    pub(super) fn losses(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        resource: Option<Resource>,
        registered: &dyn Registered,
    ) {
        let body = action.body;
        let stated: Vec<(usize, &body::Fact)> =
            body.facts.iter().enumerate().filter(|(_, fact)| fact.kind == FactKind::Loss).collect();
        for (position, fact) in &stated {
            let resource = self.resource(action, NamedField::FactResource, *position, &fact.resource).or(resource);
            let Some(resource) = resource else { continue };
            let named = self.inside(action, &fact.subjects);
            let (subjects, listed) = if fact.subjects.is_empty() {
                listed_by(action)
            } else {
                let more = counts_more_than(body, subjects_of(action).count() as u64);
                let listed = named.iter().all(Option::is_some) && !more;
                (named.into_iter().flatten().collect(), listed)
            };
            let lost = if body.verb == Verb::DataUpdate { Lost::Altered } else { Lost::Unavailable };
            let until = Some(fact.recoverable_until_us).filter(|until| *until > 0);
            self.lose(action, resource, lost, when, (subjects, listed), until);
        }
        if body.verb == Verb::DataUpdate && stated.is_empty() && authorised(body) == Authorised::No {
            let (subjects, listed) = listed_by(action);
            if let Some(resource) = resource {
                self.lose(action, resource, Lost::Altered, when, (subjects, listed), None);
            }
        }
        let deletes = matches!(body.verb, Verb::DataDelete | Verb::DataErase);
        if let (Some(resource), true, true) = (resource, deletes, stated.is_empty()) {
            let (subjects, listed) = listed_by(action);
            let at = At { earliest: when.earliest, index: action.index };
            let recoverable = registered.recoverable_us(&body.dataset, at).filter(|_| body.verb == Verb::DataDelete);
            let until = recoverable.map(|recoverable| when.latest.saturating_add(recoverable));
            self.lose(action, resource, Lost::Unavailable, when, (subjects, listed), until);
        }
    }

    fn lose(
        &mut self,
        action: &OpenedAction<'_>,
        resource: Resource,
        lost: Lost,
        when: When,
        (subjects, listed): (BTreeSet<Person>, bool),
        recoverable_until: Option<Instant>,
    ) {
        let despite_restriction = action.body.legal_bases.contains(&LegalBasis::DespiteRestriction);
        let (index, also, restored) = (action.index, Vec::new(), None);
        let categories = touched(action, None);
        let body = action.body;
        let told = |one, other| {
            let told = counted(one).or_else(|| counted(other));
            told.map(|told| Told { exact: false, ..told })
        };
        let counted =
            (told(&body.subjects_delivered, &body.subjects_asked), told(&body.records_delivered, &body.records_asked));
        self.losses.push(Loss {
            index,
            also,
            resource,
            lost,
            when,
            subjects,
            listed,
            counted,
            categories,
            recoverable_until,
            restored,
            despite_restriction,
        });
    }
}

impl Telling {
    /// The losses of a resource as accesses, in their order, for whoever asks by what ways they were: with the authority of the
    /// acts, of several reports the least, and none where what was approved is not what was lost.
    pub fn losses_of(&self, resource: Resource) -> Vec<Access> {
        self.losses.iter().filter(|loss| loss.resource == resource).map(|loss| self.as_access(loss)).collect()
    }

    fn as_access(&self, loss: &Loss) -> Access {
        let entries: Vec<u64> = loss.entries().collect();
        let acts = || entries.iter().filter_map(|entry| self.acts.get(entry));
        let Some(act) = acts().next() else {
            return Access { resource: loss.resource, when: loss.when, ..Access::default() };
        };
        let mut access = Access {
            when: loss.when,
            verb: act.verb,
            outcome: act.outcome,
            chain: act.chain.clone(),
            resource: loss.resource,
            subjects: loss.subjects.clone(),
            listed: loss.listed,
            categories: loss.categories.clone().unwrap_or_default(),
            perhaps_all: loss.categories.is_none(),
            about_nobody: act.subjects.is_empty() && !act.closed && !act.undetermined,
            ..Access::default()
        };
        let authorised = |act: &Act| match (act.approved, &act.approved_for) {
            (Some(Approved::Matched), Some(approved)) if !approved.covers(&access) => Authorised::No,
            _ => act.authorised,
        };
        access.authorised = acts().map(authorised).reduce(Authorised::min_authority).unwrap_or_default();
        access.entries = entries;
        access
    }
}

impl Loss {
    /// Those that tell of it.
    pub fn entries(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.index).chain(self.also.iter().copied())
    }

    /// Two reports of one loss: all that either tells.
    pub(super) fn unite(&mut self, other: Loss) {
        self.when = self.when.or(other.when);
        self.subjects.extend(other.subjects);
        self.listed &= other.listed;
        self.counted = (Told::or(self.counted.0, other.counted.0), Told::or(self.counted.1, other.counted.1));
        self.categories = self.categories.take().zip(other.categories).map(|(mut one, more)| {
            one.extend(more);
            one
        });
        self.recoverable_until = self.recoverable_until.into_iter().chain(other.recoverable_until).min();
        self.despite_restriction &= other.despite_restriction;
        self.also.extend([other.index].into_iter().chain(other.also));
        self.also.sort_unstable();
    }
}
