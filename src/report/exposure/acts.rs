//! What led to what, and what was corrected or taken back.

use super::document::*;
use super::facts::{Found, People, approval, authorisation, span};
use crate::exposure::calculus::exposure::Path;
use crate::exposure::calculus::fact::{Edge, Party, Resource, Thing};
use crate::exposure::telling::authority::Act;
use crate::exposure::telling::{Telling, amending};
use crate::report::access::document::EntryIndex;
use crate::report::code::Code;
use crate::report::instant::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// Acts that one chain may be followed back over.
const CHAIN_MAX: usize = 1_000;

/// What opened and closed each way, what led to that, and so on back to where the records end.
pub(super) fn causes(found: &[Found<'_>], people: &People<'_>) -> Vec<CauseFact> {
    let mut all = Vec::new();
    for found in found {
        let of = |entry: fn(&Path) -> Option<u64>| -> BTreeSet<u64> {
            found.exposure.paths.iter().filter_map(entry).collect()
        };
        // What opens on file, and is closed by the same entry, is told once.
        let openings = of(|path| path.start.entry);
        let closings = of(|path| path.end.entry);
        let closings = closings.difference(&openings).map(|entry| (*entry, Relation::Closed));
        for (first, relation) in openings.iter().map(|entry| (*entry, Relation::Opened)).chain(closings) {
            let Some(act) = people.told.acts.get(&first) else { continue };
            all.push(cause(found.name, act, None, relation, people));
            let before = led_to(people.told, act);
            all.extend(before.iter().map(|(act, next, how)| cause(found.name, act, Some(*next), *how, people)));
        }
    }
    all
}

/// What led to an act, and so on back to where the records end: each with the entry of the next, nearest first.
pub(super) fn led_to<'a>(told: &'a Telling, act: &'a Act) -> Vec<(&'a Act, u64, Relation)> {
    let (mut all, mut seen, mut next) = (Vec::new(), BTreeSet::from([act.index]), vec![act]);
    while let Some(act) = next.pop().filter(|_| all.len() + 1 < CHAIN_MAX) {
        let caused = act.caused_by.iter().map(|id| (id, Relation::Caused));
        for (id, relation) in caused.chain(act.parents.iter().map(|id| (id, Relation::Within))) {
            for before in told.acts_of(id, act.index) {
                if seen.insert(before.index) {
                    all.push((before, act.index, relation));
                    next.push(before);
                }
            }
        }
    }
    all
}

/// Approvals that speak of one of these resources, or that an act cites which is told here.
pub(super) fn approvals(found: &[Found<'_>], people: &People<'_>, told_here: &BTreeSet<u64>) -> Vec<ApprovalFact> {
    let told = people.told;
    let mut cited: BTreeMap<&str, Vec<EntryIndex>> = BTreeMap::new();
    for act in told_here.iter().filter_map(|index| told.acts.get(index)).filter(|act| !act.approval.is_empty()) {
        cited.entry(&act.approval).or_default().push(EntryIndex(act.index));
    }
    let is_asked = |resource: Resource| found.iter().any(|found| found.resource == resource);
    let mut all = Vec::new();
    for approval in told.approvals() {
        let used_by = cited.get(approval.reference.as_str()).cloned().unwrap_or_default();
        if used_by.is_empty() && !approval.resource.is_some_and(is_asked) {
            continue;
        }
        all.push(ApprovalFact {
            entry: EntryIndex(approval.index),
            reference: approval.reference.clone(),
            refused: approval.refused,
            by: approval.by.iter().map(|party| people.who(*party)).collect(),
            to: approval.to.map(|party| people.who(party)),
            from: span(approval.from),
            until: approval.until.map(Instant::new),
            policy: Some(approval.policy.clone()).filter(|policy| !policy.is_empty()),
            used_by,
        });
    }
    all
}

fn cause(resource: &str, act: &Act, led_to: Option<u64>, relation: Relation, people: &People<'_>) -> CauseFact {
    CauseFact {
        resource: resource.to_owned(),
        entry: EntryIndex(act.index),
        led_to: led_to.map(EntryIndex),
        relation,
        when: span(act.when),
        who: act.chain.first().map_or(Who::Anyone, |party| people.who(*party)),
        on_behalf_of: act.chain.iter().skip(1).map(|party| people.who(*party)).collect(),
        verb: Code(act.verb),
        authorisation: authorisation(act.authorised),
        approval: act.approved.map(approval),
        instruction: Some(act.instruction.clone()).filter(|text| !text.is_empty()),
    }
}

/// Corrections and retractions of what these resources' figures come from, in whatever entries that stands: also who was in
/// a group, who had a key, what was approved, and what was said of logging.
/// `of_nothing`: those that speak only of one another.
pub(super) fn amendments(
    found: &[Found<'_>],
    people: &People<'_>,
    coverage: &BTreeSet<u64>,
    of_nothing: &BTreeSet<u64>,
) -> Vec<AmendmentFact> {
    let told = people.told;
    let bearing = Bearing::of(found, told);
    let of_these = |index: u64| coverage.contains(&index) || bearing.on_these(index, told);
    // What amends an amendment of them concerns them too, and so on.
    let mut amended_by: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for one in &told.amended {
        amended_by.entry(one.target).or_default().push(told.amendings[one.by].index);
    }
    let mut concerned: BTreeSet<u64> = amended_by.keys().copied().filter(|target| of_these(*target)).collect();
    let mut next: Vec<u64> = concerned.iter().copied().collect();
    while let Some(target) = next.pop() {
        let by = amended_by.get(&target).into_iter().flatten().copied();
        next.extend(by.filter(|by| concerned.insert(*by)));
    }
    let fact = |amended: &amending::Amended| {
        let (amending, act) = (&told.amendings[amended.by], told.acts.get(&amended.target)?);
        Some(AmendmentFact {
            entry: EntryIndex(amending.index),
            target: EntryIndex(amended.target),
            retracts: amended.retracts,
            standing: match amended.standing {
                amending::Standing::Counts => Standing::Counts,
                amending::Standing::NoRole => Standing::NoRole,
                amending::Standing::TookPart => Standing::TookPart,
                amending::Standing::Withdrawn => Standing::Withdrawn,
                amending::Standing::Rival => Standing::Rival,
                amending::Standing::Circular => Standing::Circular,
                amending::Standing::Ambiguous => Standing::Ambiguous,
                amending::Standing::ToldBefore => Standing::ToldBefore,
            },
            by: amending.by.first().map(|party| people.who(*party)),
            reason: Some(amending.reason.clone()).filter(|reason| !reason.is_empty()),
            who: act.chain.first().map_or(Who::Anyone, |party| people.who(*party)),
            verb: Code(act.verb),
            when: span(act.when),
        })
    };
    // Also what names one of these resources itself.
    let is_told = |amended: &&amending::Amended| {
        let by = told.amendings[amended.by].index;
        concerned.contains(&amended.target) || of_nothing.contains(&by) || bearing.acts.contains(&by)
    };
    told.amended.iter().filter(is_told).filter_map(fact).collect()
}

/// What the figures of some resources come from.
struct Bearing<'a> {
    resources: BTreeSet<Resource>,
    /// Whoever is told of as having had, used or been given anything, groups and accounts among them.
    parties: BTreeSet<Party>,
    /// Something of them was protected by a key.
    keys: bool,
    /// References of approvals that were gone by, and the acts that went by them.
    approvals: BTreeSet<&'a str>,
    acts: BTreeSet<u64>,
    /// References under which something of these opened.
    references: BTreeSet<u64>,
}

impl<'a> Bearing<'a> {
    fn of(found: &[Found<'_>], told: &'a Telling) -> Self {
        let resources: BTreeSet<Resource> = found.iter().map(|found| found.resource).collect();
        let mut parties = BTreeSet::new();
        for found in found {
            parties.extend(found.exposure.viewers.keys().copied());
            parties.extend(found.exposure.paths.iter().map(|path| path.audience));
        }
        let of_it = |act: &&Act| act.resource.is_some_and(|resource| resources.contains(&resource));
        let acts: Vec<&Act> = told.acts.values().filter(of_it).collect();
        let approvals = acts.iter().map(|act| act.approval.as_str()).filter(|reference| !reference.is_empty());
        let edges = told.edges.iter().chain(told.amended_edges.values().flatten());
        // A copy that is readable only with a key hangs on whoever has any.
        let keys = acts.iter().any(|act| told.protected.contains_key(&act.index));
        let bears = |edge: &&Edge| edge.thing.is_some_and(|thing| on(&resources, &parties, keys, thing));
        let references = edges.filter(bears).filter_map(|edge| edge.reference).collect();
        let approvals = approvals.collect();
        let acts = acts.iter().map(|act| act.index).collect();
        Bearing { resources, parties, keys, approvals, acts, references }
    }

    fn on_these(&self, index: u64, told: &Telling) -> bool {
        if self.acts.contains(&index) {
            return true;
        }
        let mut approvals = told.amended_approvals.get(&index).into_iter().flatten();
        let mut reviewed = told.amended_reviews.get(&index).into_iter().flatten();
        let mut edges = told.amended_edges.get(&index).into_iter().flatten();
        approvals.any(|reference| self.approvals.contains(reference.as_str()))
            || reviewed.any(|act| self.acts.contains(act))
            || edges.any(|edge| match edge.thing {
                Some(thing) => on(&self.resources, &self.parties, self.keys, thing),
                None => edge.reference.is_some_and(|reference| self.references.contains(&reference)),
            })
    }
}

/// Whether something that opens or closes bears on these resources, and on those who are told of.
fn on(resources: &BTreeSet<Resource>, parties: &BTreeSet<Party>, keys: bool, thing: Thing) -> bool {
    match thing {
        Thing::Grant { resource, .. } | Thing::Content { resource, .. } | Thing::Holding { resource, .. } => {
            resources.contains(&resource)
        }
        Thing::Membership { whole: Party::SOME_GROUP | Party::SOME_ACCOUNT, .. } => true,
        Thing::Membership { whole, .. } => parties.contains(&whole),
        Thing::Suspension { account } => parties.contains(&account),
        Thing::Key { .. } => keys,
        Thing::Restriction { .. } => true,
    }
}
