//! Each notification against the next one, the last against what is known now.
//!
//! What was known then is made anew from the ledger as of then, and an erasure since took some of it: that is gone from both
//! sides, and would look as if nothing had changed. What the notification's own step counted is kept, and is held against now;
//! of everything else that rested on what is gone it is said that nobody can compare it any more.

use super::case::Step;
use super::document::{ChangeFact, FieldState, Phase, UncomparedFact};
use super::evidence::{AsOf, BreachEvidence, Erased};
use super::facts::{coded, moment, resting, title};
use super::form::{self, Decided};
use super::{basis, counted};
use crate::law::edpb::Field;
use crate::model::CaseStep;
use crate::report::access::document::EntryIndex;
use crate::report::wording::{Wording, fill, word};
use std::collections::BTreeSet;
use whosaw_verifier::part::CaseCount;

/// In order. `form`: as it is now.
pub fn facts(evidence: &BreachEvidence, form: &[Decided], w: &Wording) -> Vec<Phase> {
    let (now, profile) = (&evidence.now, &evidence.profile);
    let submitted = |entry: u64| now.case.steps.iter().find(|step| step.index == entry);
    let of_then = |(entry, then): &(u64, AsOf)| {
        let mut form = form::decide(then, profile, false, w);
        let uncompared = submitted(*entry).map(|step| as_submitted(&mut form, step, now)).unwrap_or_default();
        (form, uncompared)
    };
    let forms: Vec<(Vec<Decided>, Vec<UncomparedFact>)> = evidence.then.iter().map(of_then).collect();
    let phase = |(at, (entry, then)): (usize, &(u64, AsOf))| {
        let submitted = submitted(*entry)?;
        let next = evidence.then.get(at + 1);
        let (later, known) = match next {
            Some((_, next)) => (next, forms.get(at + 1)?.0.as_slice()),
            None => (now, form),
        };
        let (before, uncompared) = forms.get(at)?;
        let changes = form::changes(before, known);
        let facts = basis::changes(then, later, w);
        // What was empty then was not answered: that it is known now completes the form, and corrects nothing.
        let differs = changes.iter().any(|(_, then, _)| !then.is_empty()) || !facts.is_empty();
        // What the ledger only proposes is no answer, then or now.
        let side = |field: &'static Field, values: &[String], form: &[Decided]| {
            // What the form does not show there has no answer, and none is missing.
            if form.iter().any(|it| it.field.number == field.number && it.state == FieldState::Hidden) {
                return vec![word(&w.breach.state, FieldState::Hidden.code()).to_owned()];
            }
            let texts = coded(field, values, w).into_iter();
            let is_proposal = form.iter().any(|decided| decided.field.number == field.number && decided.is_proposal());
            match is_proposal {
                true => texts.map(|text| fill(&w.breach.table.proposes, &[("value", &text)])).collect(),
                false => texts.collect(),
            }
        };
        let change = |(field, then, now): (&'static Field, Vec<String>, Vec<String>)| ChangeFact {
            field: u64::from(field.number),
            title: title(field, w),
            then: side(field, &then, before),
            now: side(field, &now, known),
        };
        let opened = now.case.steps.first().map_or(0, |step| step.index);
        let incomplete = before.iter().find(|decided| decided.field.number == 4);
        Some(Phase {
            submitted: moment(submitted),
            size: submitted.size,
            before_case: opened >= submitted.size,
            report: submitted.report.map(hex::encode),
            incomplete: incomplete.is_some_and(|decided| decided.values.iter().any(|code| code == "b")),
            until: next.map(|(entry, _)| EntryIndex(*entry)),
            changes: changes.into_iter().map(change).collect(),
            facts,
            uncompared: uncompared.clone(),
            follow_up_needed: next.is_none() && differs,
        })
    };
    evidence.then.iter().enumerate().filter_map(phase).collect()
}

/// Puts back what the step itself counted and an erasure took since, and tells which other answers cannot be known any more.
fn as_submitted(form: &mut [Decided], step: &Step, now: &AsOf) -> Vec<UncomparedFact> {
    let since = now.erased.iter().filter(|erased| erased.entry >= step.size);
    let mut gone: Vec<Erased> = since.map(|erased| erased.of_before(step)).collect();
    gone.retain(|erased| !erased.acts.is_empty() || !erased.steps.is_empty());
    // What was counted after an erasure counts what it had left.
    let of_whole = gone.iter().all(|erased| erased.entry > step.index);
    let counted = step.part.as_ref().and_then(|part| part.counted.as_ref());
    let counted = counted.filter(|_| of_whole && step.step == CaseStep::Submitted);
    let of_persons = gone.iter().any(|erased| !erased.subjects.is_empty());
    let known: BTreeSet<u64> = match counted.filter(|_| of_persons) {
        Some(counted) => put_back(form, counted),
        None => BTreeSet::new(),
    };
    let uncompared = |erased: &Erased| UncomparedFact {
        erasure: EntryIndex(erased.entry),
        fields: resting(erased, &now.case, form).into_iter().filter(|field| !known.contains(field)).collect(),
    };
    gone.iter().map(uncompared).collect()
}

/// The numbers that were counted, in the fields where the ledger answered; of which fields that says all.
fn put_back(form: &mut [Decided], counted: &CaseCount) -> BTreeSet<u64> {
    let mut known = BTreeSet::new();
    let people = counted.people_determined.then(|| counted::people(counted));
    let records = counted.records_known.then(|| counted.records.to_string());
    for decided in form {
        let number = decided.field.number;
        let value = match (number, &people, &records) {
            (67, Some((how, _)), _) => (*how).to_owned(),
            (68, Some((_, number)), _) | (73, _, Some(number)) => number.clone(),
            _ => continue,
        };
        known.insert(u64::from(number));
        // What a person said then stands as it was said.
        if !matches!(decided.state, FieldState::Person | FieldState::Confirmed | FieldState::Differs) {
            decided.values = vec![value];
        }
    }
    known
}
