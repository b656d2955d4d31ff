//! What single acts were by authority, for whoever asks for no more than that.

use super::registered::History;
use crate::exposure::calculus::exposure::{Exposure, Manner, Told};
use crate::exposure::calculus::fact::{Access, Authorised};
use crate::exposure::calculus::interval::Frame;
use crate::exposure::calculus::same::Same;
use crate::exposure::calculus::times::Instant;
use crate::exposure::telling::{Named, Telling};
use crate::report::evidence::JudgedAct;
use std::collections::{BTreeMap, BTreeSet};

pub struct By<'a> {
    pub history: &'a History,
    pub same: &'a Same,
    pub cut_off: Instant,
}

/// Of the acts that these entries tell of: as the exposure report of what they reached for has it, of what somebody took
/// back as it was told before, and of what reached for nothing as it stands there itself.
pub fn acts(
    told: &Telling,
    as_told: Option<&Telling>,
    by: &By<'_>,
    entries: &BTreeSet<u64>,
) -> BTreeMap<u64, JudgedAct> {
    let mut judged = of_accesses(told, by, entries);
    if let Some(as_told) = as_told {
        for (entry, judgement) in of_accesses(as_told, by, entries) {
            judged.entry(entry).or_insert(judgement);
        }
    }
    let later: BTreeSet<u64> = told.accesses.iter().flat_map(|access| &access.entries).copied().collect();
    for entry in entries {
        let Some(act) = told.acts.get(entry) else { continue };
        // What happened after the time that is asked for was judged by nobody.
        let at_most = if later.contains(entry) { Authorised::NotAssessed } else { Authorised::Yes };
        let authorised = act.authorised.min_authority(at_most);
        judged.entry(*entry).or_insert(JudgedAct { authorised, approved: act.approved, in_part: false });
    }
    judged
}

fn of_accesses(told: &Telling, by: &By<'_>, entries: &BTreeSet<u64>) -> BTreeMap<u64, JudgedAct> {
    let wanted = |access: &&Access| access.entries.iter().any(|entry| entries.contains(entry));
    let lost = told.losses.iter().filter(|loss| loss.entries().any(|entry| entries.contains(&entry)));
    let accessed = told.accesses.iter().filter(wanted).map(|access| access.resource);
    let resources: BTreeSet<_> = accessed.chain(lost.map(|loss| loss.resource)).collect();
    let times = told.edges.iter().map(|edge| edge.when.earliest);
    let times = times.chain(told.accesses.iter().map(|access| access.when.earliest)).filter(|at| *at > 0);
    let from = times.min().unwrap_or_default().min(by.cut_off);
    let frame = Frame { from, cut_off: by.cut_off };
    let mut judged: BTreeMap<u64, JudgedAct> = BTreeMap::new();
    for resource in resources {
        let name = told.resources.name(resource.0).and_then(Named::text).unwrap_or_default();
        // As long as any permission was ever cached there.
        let permission_cache_us = by.history.permission_cache_us(name, Frame { from: 0, ..frame });
        let (hides_history, hides_at_times) = by.history.hides_history(name, Frame { from: 0, ..frame });
        let manner = Manner { permission_cache_us, hides_history, hides_at_times };
        let accesses: Vec<Access> =
            told.accesses.iter().filter(|access| access.resource == resource).cloned().collect();
        let (edges, same) = (&told.edges, by.same);
        let losses = told.losses_of(resource);
        let exposure =
            Exposure::of(&Told { resource, edges, accesses: &accesses, losses: &losses, manner, frame, same });
        for (loss, authorised) in losses.iter().zip(&exposure.losses) {
            for entry in loss.entries.iter().filter(|entry| entries.contains(entry)) {
                let approved = told.acts.get(entry).and_then(|act| act.approved);
                let told =
                    judged.entry(*entry).or_insert(JudgedAct { authorised: *authorised, approved, in_part: false });
                told.authorised = told.authorised.min_authority(*authorised);
            }
        }
        for one in &exposure.accesses {
            let access = &accesses[one.access];
            for entry in access.entries.iter().filter(|entry| entries.contains(entry)) {
                let told = judged.entry(*entry).or_insert(JudgedAct {
                    authorised: one.authorised,
                    approved: None,
                    in_part: false,
                });
                told.authorised = told.authorised.min_authority(one.authorised);
                told.approved = told.approved.max(access.approved);
            }
        }
    }
    judged
}
