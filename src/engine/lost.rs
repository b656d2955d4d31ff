//! What erasures took of what a breach file rests on, and how many people the case's own steps had counted before.
//!
//! Somebody else's erasure is none of its business: only acts on the case's resources count, and what opened ways to them. Where
//! the name of what an act was about went with the erasure, it may have been one.

use super::{EngineError, OpenLedger};
use crate::exposure::calculus::fact::{Edge, Party, Resource, Thing};
use crate::exposure::telling::Named;
use crate::ledger::StoredEntry;
use crate::model::{ErasureState, Role};
use crate::report::access::document::Range;
use crate::report::breach::case::{Case, Step};
use crate::report::breach::evidence::{Act, AsOf, Carried, Erased};
use crate::report::evidence::Envelope;
use crate::report::exposure::document::{AccessFact, LossFact, SubjectFact};
use crate::report::exposure::evidence::ExposureEvidence;
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::part::CaseCount;

/// Entries that a case's file rests on, and those that may be such.
#[derive(Default)]
pub(super) struct RestsOn {
    surely: BTreeSet<u64>,
    perhaps: BTreeSet<u64>,
}

/// Acts on the case's resources, what let people into those who were let in, and what amends either.
pub(super) fn rests_on(evidence: &ExposureEvidence, acts: &[Act], resources: &[String]) -> RestsOn {
    let told = &evidence.told;
    let of = |wanted: fn(&Act) -> bool| acts.iter().filter(move |act| wanted(act)).map(|act| act.index);
    let mut on = RestsOn {
        surely: of(|act| act.is_of_resources).collect(),
        perhaps: of(|act| act.unnamed && !act.is_of_resources).collect(),
    };
    let number = |name: &String| told.resources.find(&Named::Registered(name.clone())).map(Resource);
    let resources: BTreeSet<Resource> = resources.iter().filter_map(number).collect();
    let mut let_in: BTreeSet<Party> = BTreeSet::new();
    let mut found: BTreeSet<usize> = BTreeSet::new();
    let mut references: BTreeSet<u64> = BTreeSet::new();
    // Whoever is in a group is let in where the group is, and so are groups in groups.
    loop {
        let before = found.len();
        for (at, edge) in told.edges.iter().enumerate() {
            if !found.contains(&at) && is_of(edge, &resources, &mut let_in, &references) {
                found.insert(at);
                references.extend(edge.reference);
            }
        }
        if before == found.len() {
            break;
        }
    }
    on.surely.extend(found.iter().filter_map(|at| told.edges.get(*at)).map(|edge| edge.index));
    let of_unnamed = |edge: &&Edge| {
        matches!(edge.thing, Some(Thing::Membership { whole: Party::SOME_GROUP | Party::SOME_ACCOUNT, .. }))
    };
    on.perhaps.extend(told.edges.iter().filter(of_unnamed).map(|edge| edge.index));
    for amended in &told.amended {
        if on.surely.contains(&amended.target) {
            on.surely.extend(told.amendings.get(amended.by).map(|amending| amending.index));
        }
    }
    on.perhaps.retain(|entry| !on.surely.contains(entry));
    on
}

/// Whether an edge opens or closes a way to these resources, or says what is in them. Who is let in by it joins the others.
fn is_of(
    edge: &Edge,
    resources: &BTreeSet<Resource>,
    let_in: &mut BTreeSet<Party>,
    references: &BTreeSet<u64>,
) -> bool {
    match edge.thing {
        Some(Thing::Grant { resource, audience }) if resources.contains(&resource) => {
            let_in.insert(audience);
            true
        }
        Some(Thing::Membership { member, whole }) if let_in.contains(&whole) => {
            let_in.insert(member);
            true
        }
        Some(Thing::Suspension { account }) => let_in.contains(&account),
        Some(Thing::Key { .. }) => true,
        Some(Thing::Content { resource, .. } | Thing::Holding { resource, .. }) => resources.contains(&resource),
        Some(Thing::Grant { .. } | Thing::Membership { .. } | Thing::Restriction { .. }) => false,
        // A closing that names only its reference closes what the opening opened.
        None => edge.reference.is_some_and(|reference| references.contains(&reference)),
    }
}

/// Commits of which the last entry lies before an instant are looked at for their end; entries.
const COMMIT_MAX: u64 = 1 << 16;

impl OpenLedger {
    /// The size of the ledger at an instant: the end of the last commit that was recorded by then. Nothing where there was
    /// none. Blocks.
    pub(super) fn size_at(&self, at_us: u64) -> Result<Option<u64>, EngineError> {
        let (mut low, mut high) = (0, self.ledger.published().size);
        while low < high {
            let middle = low + (high - low) / 2;
            let recorded = self.ledger.entry(middle)?.map_or(u64::MAX, |entry| entry.header.recorded_at_us);
            if recorded <= at_us {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for size in (low.saturating_sub(COMMIT_MAX).max(1)..=low).rev() {
            if self.ledger.entry(size - 1)?.is_some_and(|entry| entry.header.is_last_of_commit()) {
                return Ok(Some(size));
            }
        }
        Ok(None)
    }

    /// What erasures below the size took of these entries and of the case's steps.
    pub(super) fn erased_of(
        &self,
        case: &Case,
        entries: &BTreeMap<u64, StoredEntry>,
        on: &RestsOn,
        size: u64,
    ) -> Result<Vec<Erased>, EngineError> {
        let steps: BTreeSet<u64> = case.steps.iter().map(|step| step.index).collect();
        let mut all = Vec::new();
        for (index, body) in self.erasure_entries()? {
            if index >= size || body.state != ErasureState::Inaccessible {
                continue;
            }
            let at_us = self.ledger.entry(index)?.map_or(0, |entry| entry.header.recorded_at_us);
            let mut erased = Erased {
                entry: index,
                at_us,
                acts: BTreeSet::new(),
                perhaps: BTreeSet::new(),
                steps: BTreeSet::new(),
                subjects: BTreeMap::new(),
            };
            for (place, ordinal) in self.ledger.covered(index)? {
                if steps.contains(&place) {
                    erased.steps.insert(place);
                } else if on.surely.contains(&place) {
                    erased.acts.insert(place);
                    if entries.get(&place).is_some_and(|entry| is_of_subject(entry, ordinal)) {
                        *erased.subjects.entry(place).or_default() += 1;
                    }
                } else if on.perhaps.contains(&place) {
                    erased.perhaps.insert(place);
                }
            }
            if !erased.acts.is_empty() || !erased.steps.is_empty() || !erased.perhaps.is_empty() {
                all.push(erased);
            }
        }
        Ok(all)
    }

    /// How many people there are by what a step counted, where erasures since took some of them: what is left of then is held
    /// against what is left now, and what came since is added. Nothing where the two cannot be held together. Blocks.
    pub(super) fn carried(
        &self,
        now: &AsOf,
        size: u64,
        envelope: &Envelope,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Option<Carried>, EngineError> {
        let Some((step, counted)) = last_counted(now) else { return Ok(None) };
        let by: Vec<u64> = took_since(now, step).map(|erased| erased.entry).collect();
        // As it was counted: the case as of the size, with what the step itself names.
        let mut case = now.case.at(step.size).unwrap_or(Case { id: now.case.id, steps: Vec::new() });
        case.steps.push(Step::naming(step.step, step.resources(), step.size));
        if case.resources() != now.case.resources() {
            return Ok(None);
        }
        let cut_off_us = self.head(step.size)?.recorded_at_us;
        let then = self.case_as_of(case, (step.size, size), cut_off_us, envelope, progress)?;
        let Some(people) = people(&then, now, counted) else { return Ok(None) };
        let listed = Left::of(now).listed.len() as u64;
        let erased = Range { low: people.low.saturating_sub(listed), high: people.high.saturating_sub(listed) };
        // Everybody is on file still: it was somebody else.
        let nobody = erased.high == 0 && now.exposure.concerned().1;
        Ok((!nobody).then_some(Carried { step: step.index, people, erased, by }))
    }
}

/// The last step that counted everybody and from which erasures since took people.
fn last_counted(now: &AsOf) -> Option<(&Step, &CaseCount)> {
    let counted = now.case.steps.iter().rev().filter_map(|step| {
        let counted = step.part.as_ref()?.counted.as_ref()?;
        // What went between the size and the step was not counted, and is in no count since.
        let whole = !now.erased.iter().any(|erased| (step.size..step.index).contains(&erased.entry));
        (counted.people_determined && whole).then_some((step, counted))
    });
    let mut counted = counted.filter(|(step, _)| took_since(now, step).next().is_some());
    counted.next()
}

fn took_since<'a>(now: &'a AsOf, step: &'a Step) -> impl Iterator<Item = &'a Erased> {
    let since = now.erased.iter().filter(move |erased| erased.entry > step.index);
    since.filter(move |erased| erased.subjects.keys().chain(&erased.perhaps).any(|entry| *entry < step.size))
}

/// What is left of whose data it was.
struct Left<'a> {
    listed: BTreeSet<(&'a str, &'a [String])>,
    unlisted: Vec<(&'a AccessFact, u64)>,
    losses: Vec<&'a LossFact>,
    as_of: &'a AsOf,
}

impl<'a> Left<'a> {
    fn of(as_of: &'a AsOf) -> Self {
        let exposure = &as_of.exposure;
        let first = |subject: &'a SubjectFact| {
            subject.identities.first().map(|identity| (identity.namespace.as_str(), identity.fields.as_slice()))
        };
        let concerned = exposure.subjects.iter().filter(|subject| subject.is_concerned());
        let unlisted = exposure.accesses.iter().filter(|access| !access.listed);
        Left {
            listed: concerned.filter_map(first).collect(),
            unlisted: unlisted.map(|access| (access, access.subjects)).collect(),
            losses: exposure.losses.iter().filter(|loss| !loss.listed).collect(),
            as_of,
        }
    }

    /// Beside those who are listed nobody else is told of, in the same words.
    fn tells_no_others_than(&self, other: &Left<'_>) -> bool {
        let unlisted = |left: &Left<'_>| -> Vec<(Vec<u64>, u64)> {
            let entries = |access: &AccessFact| access.entries.iter().map(|entry| entry.0).collect();
            left.unlisted.iter().map(|(access, subjects)| (entries(access), *subjects)).collect()
        };
        let losses = |left: &Left<'_>| -> Vec<(u64, u64)> {
            left.losses.iter().map(|loss| (loss.entry.0, loss.subjects)).collect()
        };
        let beside = |left: &Left<'_>| {
            let exposure = &left.as_of.exposure;
            let all = exposure.concerned().0.high.saturating_sub(left.listed.len() as u64);
            (all, exposure.totals.subjects_determined, exposure.totals.subjects_counted)
        };
        unlisted(self) == unlisted(other) && losses(self) == losses(other) && beside(self) == beside(other)
    }
}

/// What was counted, and whoever is listed since.
fn people(then: &AsOf, now: &AsOf, counted: &CaseCount) -> Option<Range> {
    let (left, known) = (Left::of(then), Left::of(now));
    if !left.listed.is_subset(&known.listed) || !known.tells_no_others_than(&left) {
        return None;
    }
    let (before, after) = (then.exposure.concerned().0, now.exposure.concerned().0);
    let low = counted.people_low + after.low.checked_sub(before.low)?;
    Some(Range { low, high: low.max(counted.people_high + after.high.checked_sub(before.high)?) })
}

/// Whether a part of an entry is about a data subject.
fn is_of_subject(entry: &StoredEntry, ordinal: u32) -> bool {
    let Some(body) = entry.action() else { return false };
    let mut groups = body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
    groups.any(|group| (group.first..group.first.saturating_add(group.count)).contains(&ordinal))
}
