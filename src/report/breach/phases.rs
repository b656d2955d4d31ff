//! Each notification against the next one, the last against what is known now.
//!
//! What was known then is made anew from the ledger as of then, and an erasure since took some of it: that is gone from both
//! sides, and would look as if nothing had changed. What the notification's own step counted is kept, and is held against now;
//! of everything else that rested on what is gone it is said that nobody can compare it any more. That somebody was erased
//! changes no answer by itself.
//!
//! Of a notification that is only stated afterwards nobody knows what was sent. What the ledger knew when it was is held against
//! now, so that a fact of later is not passed over; that nothing differs says nothing then.

use super::case::Step;
use super::document::{ChangeFact, FieldState, Phase, UncomparedFact};
use super::evidence::{AsOf, BreachEvidence, Erased, Then};
use super::facts::{coded, moment, resting, title};
use super::form::{self, Decided};
use super::{basis, counted};
use crate::law::Profile;
use crate::law::edpb::Field;
use crate::model::CaseStep;
use crate::report::access::document::EntryIndex;
use crate::report::wording::{Wording, fill, word};
use std::collections::{BTreeMap, BTreeSet};

/// What was known to a notification, or is now.
struct Side<'a> {
    as_of: &'a AsOf,
    /// With what was counted before an erasure took it, and what people had answered.
    form: Vec<Decided>,
    /// As it is made of what is left.
    left: Vec<Decided>,
    /// Fields of which the number outlives whoever was counted.
    counted: BTreeSet<u8>,
    /// What cannot be known any more.
    uncompared: Vec<UncomparedFact>,
    /// The step; what is known now comes after all.
    entry: u64,
    on_file: bool,
}

/// In order. `form`: as it is now.
pub fn facts(evidence: &BreachEvidence, form: &[Decided], w: &Wording) -> Vec<Phase> {
    let (now, profile) = (&evidence.now, &evidence.profile);
    let carried = now.carried.as_ref().map(|_| BTreeSet::from([67, 68]));
    let now = Side {
        as_of: now,
        form: form.to_vec(),
        left: if carried.is_some() { form::decide_by(now, profile, false, &[], w) } else { form.to_vec() },
        counted: carried.unwrap_or_default(),
        uncompared: Vec::new(),
        entry: u64::MAX,
        on_file: true,
    };
    let step = |entry: u64| now.as_of.case.steps.iter().find(|step| step.index == entry);
    let of_then = evidence.then.iter().filter_map(|then| {
        let step = step(then.entry)?;
        Some((step, as_submitted(then, step, now.as_of, profile, w)))
    });
    let all: Vec<(&Step, Option<Side<'_>>)> = of_then.collect();
    let phase = |(at, (submitted, side)): (usize, &(&Step, Option<Side<'_>>))| {
        // What is not on file answers nothing that came before it.
        let mut since = all.iter().skip(at + 1).filter_map(|(_, side)| side.as_ref());
        let next = since.find(|side| side.on_file);
        phase(submitted, side.as_ref(), (next, &now), w)
    };
    all.iter().enumerate().map(phase).collect()
}

fn phase(submitted: &Step, side: Option<&Side<'_>>, (next, now): (Option<&Side<'_>>, &Side<'_>), w: &Wording) -> Phase {
    let later = next.unwrap_or(now);
    let changes = side.map(|side| changes(side, later)).unwrap_or_default();
    let facts = side.map(|side| basis::changes(side.as_of, later.as_of, w)).unwrap_or_default();
    // What was empty then was not answered: that it is known now completes the form, and corrects nothing.
    let differs = changes.iter().any(|(_, then, _)| !then.is_empty()) || !facts.is_empty();
    let changed: BTreeSet<u64> = changes.iter().map(|(field, ..)| u64::from(field.number)).collect();
    let uncompared = side.map(|side| side.uncompared.clone()).unwrap_or_default();
    // Of what is left of it something is told otherwise, so that much can be told.
    let still = |gone: UncomparedFact| UncomparedFact {
        fields: gone.fields.into_iter().filter(|field| !changed.contains(field)).collect(),
        ..gone
    };
    let unknown: BTreeSet<u64> = uncompared.iter().flat_map(|gone| gone.fields.iter().copied()).collect();
    let change = |(field, then, now): (&'static Field, Vec<String>, Vec<String>)| {
        let number = u64::from(field.number);
        let mut then = told(field, &then, side.map_or(&[] as &[Decided], |side| &side.form), w);
        if unknown.contains(&number) {
            then = then.iter().map(|text| fill(&w.breach.table.left, &[("value", text)])).collect();
        }
        ChangeFact { field: number, title: title(field, w), then, now: told(field, &now, &later.form, w) }
    };
    let opened = now.as_of.case.steps.first().map_or(0, |step| step.index);
    let of_then = now.as_of.case.at(submitted.index).map(|case| case.answers()).unwrap_or_default();
    let incomplete = |values: &[String]| values.iter().any(|code| code == "b");
    Phase {
        submitted: moment(submitted),
        size: submitted.size,
        before_case: opened >= submitted.size,
        report: submitted.report.map(hex::encode),
        not_on_file: side.is_none_or(|side| !side.on_file),
        incomplete: match side.and_then(|side| side.form.iter().find(|decided| decided.field.number == 4)) {
            Some(decided) => incomplete(&decided.values),
            None => of_then.get(&4).is_some_and(|values| incomplete(values)),
        },
        until: next.map(|next| EntryIndex(next.entry)),
        changes: changes.into_iter().map(change).collect(),
        facts,
        uncompared: uncompared.into_iter().map(still).collect(),
        follow_up_needed: next.is_none() && differs,
    }
}

/// What an answer says. What the ledger only proposes is no answer, then or now.
fn told(field: &'static Field, values: &[String], form: &[Decided], w: &Wording) -> Vec<String> {
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
}

/// What is another answer later than it was then, by field. Where an erasure lies between the two it is no change that what
/// it took is missing later: then what is left of both is compared, and of numbers that outlive it the numbers.
fn changes(then: &Side<'_>, later: &Side<'_>) -> Vec<(&'static Field, Vec<String>, Vec<String>)> {
    let between = !then.on_file || then.uncompared.iter().any(|gone| gone.erasure.0 < later.entry);
    let differs = |at: usize| {
        let (Some(was), Some(is)) = (then.form.get(at), later.form.get(at)) else { return false };
        let (Some(was_left), Some(is_left)) = (then.left.get(at), later.left.get(at)) else { return false };
        let number = was.field.number;
        let is_whole = !between || (then.counted.contains(&number) && later.counted.contains(&number));
        form::is_of_breach(was.field) && was.values != is.values && (is_whole || was_left.values != is_left.values)
    };
    let pairs = then.form.iter().zip(&later.form).enumerate().filter(|(at, _)| differs(*at));
    pairs.map(|(_, (was, is))| (was.field, was.values.clone(), is.values.clone())).collect()
}

/// The form as it was submitted, with what the step itself counted where an erasure took that since, and which answers cannot be
/// known any more. What a person answered stands as it was answered.
fn as_submitted<'a>(then: &'a Then, step: &Step, now: &AsOf, profile: &Profile, w: &Wording) -> Option<Side<'a>> {
    let as_of = then.as_of.as_ref()?;
    let left = form::decide_by(as_of, profile, false, &[], w);
    let side = |form, counted, uncompared| Side {
        as_of,
        form,
        left: left.clone(),
        counted,
        uncompared,
        entry: then.entry,
        on_file: then.on_file,
    };
    if !then.on_file {
        return Some(side(left.clone(), BTreeSet::new(), Vec::new()));
    }
    let since = now.erased.iter().filter(|erased| erased.entry >= step.size);
    let mut gone: Vec<Erased> = since.map(|erased| erased.of_before(step)).collect();
    gone.retain(|erased| !erased.acts.is_empty() || !erased.perhaps.is_empty() || !erased.steps.is_empty());
    // What was counted after an erasure counts what it had left.
    let of_whole = gone.iter().all(|erased| erased.entry > step.index);
    let of_persons = gone.iter().any(|erased| !erased.subjects.is_empty() || !erased.perhaps.is_empty());
    let counted = step.part.as_ref().and_then(|part| part.counted.as_ref());
    let counted = counted.filter(|_| of_whole && of_persons && step.step == CaseStep::Submitted);
    let counted: BTreeMap<u8, String> = counted.map(counted::answers).unwrap_or_default().into_iter().collect();
    let by_count: Vec<(u8, String)> = counted.clone().into_iter().collect();
    let mut form = form::decide_by(as_of, profile, false, &by_count, w);
    let answers = as_of.case.answers();
    // Whether an answer was ruled out hung on the record of then.
    let known =
        |field: u8| counted.contains_key(&field) || (answers.contains_key(&field) && !form::can_be_refused(field));
    let uncompared = |erased: &Erased| UncomparedFact {
        erasure: EntryIndex(erased.entry),
        perhaps: erased.acts.is_empty() && erased.steps.is_empty(),
        fields: resting(erased, &now.case, &form)
            .into_iter()
            .filter(|field| !u8::try_from(*field).is_ok_and(known))
            .collect(),
    };
    let uncompared: Vec<UncomparedFact> = gone.iter().map(uncompared).collect();
    let unknown: Vec<u64> = uncompared.iter().flat_map(|gone| gone.fields.iter().copied()).collect();
    let hidden = form.iter().filter(|decided| decided.state == FieldState::Hidden).map(|decided| decided.field);
    let hidden = hidden.filter(|field| form::may_have_been_shown(field, &unknown, &form, as_of));
    let back: BTreeMap<u8, Vec<String>> = hidden
        .filter_map(|field| {
            let said = answers.get(&field.number).cloned();
            Some((field.number, said.or_else(|| Some(vec![counted.get(&field.number)?.clone()]))?))
        })
        .collect();
    for decided in &mut form {
        decided.values = back.get(&decided.field.number).cloned().unwrap_or(std::mem::take(&mut decided.values));
    }
    Some(side(form, counted.into_keys().collect(), uncompared))
}
