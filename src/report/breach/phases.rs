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
use crate::law::Profile;
use crate::law::edpb::Field;
use crate::model::CaseStep;
use crate::report::access::document::EntryIndex;
use crate::report::wording::{Wording, fill, word};
use std::collections::BTreeMap;

/// In order. `form`: as it is now.
pub fn facts(evidence: &BreachEvidence, form: &[Decided], w: &Wording) -> Vec<Phase> {
    let (now, profile) = (&evidence.now, &evidence.profile);
    let submitted = |entry: u64| now.case.steps.iter().find(|step| step.index == entry);
    let of_then = |(entry, then): &(u64, AsOf)| match submitted(*entry) {
        Some(step) => as_submitted(then, step, now, profile, w),
        None => (form::decide(then, profile, false, w), Vec::new()),
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

/// The form as it was submitted, with what the step itself counted where an erasure took that since, and which answers cannot be
/// known any more. What a person answered stands as it was answered.
fn as_submitted(
    then: &AsOf,
    step: &Step,
    now: &AsOf,
    profile: &Profile,
    w: &Wording,
) -> (Vec<Decided>, Vec<UncomparedFact>) {
    let since = now.erased.iter().filter(|erased| erased.entry >= step.size);
    let mut gone: Vec<Erased> = since.map(|erased| erased.of_before(step)).collect();
    gone.retain(|erased| !erased.acts.is_empty() || !erased.steps.is_empty());
    // What was counted after an erasure counts what it had left.
    let of_whole = gone.iter().all(|erased| erased.entry > step.index);
    let of_persons = gone.iter().any(|erased| !erased.subjects.is_empty());
    let counted = step.part.as_ref().and_then(|part| part.counted.as_ref());
    let counted = counted.filter(|_| of_whole && of_persons && step.step == CaseStep::Submitted);
    let mut form = form::decide_by(then, profile, false, counted, w);
    let counted: BTreeMap<u8, String> = counted.map(counted::answers).unwrap_or_default().into_iter().collect();
    let answers = then.case.answers();
    // Whether an answer was ruled out hung on the record of then.
    let known =
        |field: u8| counted.contains_key(&field) || (answers.contains_key(&field) && !form::can_be_refused(field));
    let uncompared = |erased: &Erased| UncomparedFact {
        erasure: EntryIndex(erased.entry),
        fields: resting(erased, &now.case, &form)
            .into_iter()
            .filter(|field| !u8::try_from(*field).is_ok_and(known))
            .collect(),
    };
    let uncompared: Vec<UncomparedFact> = gone.iter().map(uncompared).collect();
    let unknown: Vec<u64> = uncompared.iter().flat_map(|gone| gone.fields.iter().copied()).collect();
    let hidden = form.iter().filter(|decided| decided.state == FieldState::Hidden).map(|decided| decided.field);
    let hidden = hidden.filter(|field| form::may_have_been_shown(field, &unknown, &form, then));
    let back: BTreeMap<u8, Vec<String>> = hidden
        .filter_map(|field| {
            let said = answers.get(&field.number).cloned();
            Some((field.number, said.or_else(|| Some(vec![counted.get(&field.number)?.clone()]))?))
        })
        .collect();
    for decided in &mut form {
        decided.values = back.get(&decided.field.number).cloned().unwrap_or(std::mem::take(&mut decided.values));
    }
    (form, uncompared)
}
