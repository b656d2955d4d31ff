//! What led to what, and what was corrected or taken back.

use super::document::*;
use super::facts::{Found, People, approval, authorisation, span};
use crate::exposure::telling::amending;
use crate::exposure::telling::authority::Act;
use crate::report::access::document::EntryIndex;
use crate::report::code::Code;
use std::collections::{BTreeMap, BTreeSet};

/// Acts that one chain may be followed back over.
const CHAIN_MAX: usize = 1_000;

/// What opened each way, what led to that, and so on back to where the records end.
pub(super) fn causes(found: &[Found<'_>], people: &People<'_>) -> Vec<CauseFact> {
    let mut all = Vec::new();
    for found in found {
        let openings: BTreeSet<u64> = found.exposure.paths.iter().filter_map(|path| path.start.entry).collect();
        for opening in openings {
            let Some(act) = people.told.acts.get(&opening) else { continue };
            let mut chain = vec![cause(found.name, act, None, Relation::Opened, people)];
            let (mut seen, mut next) = (BTreeSet::from([opening]), vec![act]);
            while let Some(act) = next.pop().filter(|_| chain.len() < CHAIN_MAX) {
                let caused = act.caused_by.iter().map(|id| (id, Relation::Caused));
                for (id, relation) in caused.chain(act.parents.iter().map(|id| (id, Relation::Within))) {
                    let Some(before) = people.told.act_of(id).filter(|before| seen.insert(before.index)) else {
                        continue;
                    };
                    chain.push(cause(found.name, before, Some(act.index), relation, people));
                    next.push(before);
                }
            }
            // A way that nothing led to tells nothing here that the table of ways does not.
            if chain.len() > 1 {
                all.extend(chain);
            }
        }
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

/// Corrections and retractions of what these resources' figures come from.
pub(super) fn amendments(found: &[Found<'_>], people: &People<'_>) -> Vec<AmendmentFact> {
    let told = people.told;
    let resources: BTreeSet<_> = found.iter().map(|found| found.resource).collect();
    let of_these =
        |index: u64| told.acts.get(&index).and_then(|act| act.resource).is_some_and(|r| resources.contains(&r));
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
            },
            by: amending.by.first().map(|party| people.who(*party)),
            reason: Some(amending.reason.clone()).filter(|reason| !reason.is_empty()),
            who: act.chain.first().map_or(Who::Anyone, |party| people.who(*party)),
            verb: Code(act.verb),
            when: span(act.when),
        })
    };
    told.amended.iter().filter(|amended| concerned.contains(&amended.target)).filter_map(fact).collect()
}
