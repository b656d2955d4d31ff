//! The form as it would be handed in: what the ledger says, what people said, which of the two stands, and what is still to
//! be done.

use super::case::Case;
use super::derive::{self, Derived};
use super::document::{Contradiction, FieldOrigin, FieldState, FormTotals, Todo};
use super::evidence::AsOf;
use super::{counted, registered};
use crate::law::Profile;
use crate::law::calendar;
use crate::law::edpb::{self, Answers, Field, Kind, Origin};
use crate::model::CaseStep;
use crate::report::wording::Wording;
use std::collections::BTreeMap;

/// When the controller became aware.
pub const AWARE: u8 = 48;

/// Why the first notification was late.
pub const LATE: u8 = 49;

/// One field, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub field: &'static Field,
    pub required: bool,
    pub state: FieldState,
    pub values: Vec<String>,
    /// What the ledger says, if something.
    pub ledger: Derived,
    /// What a person said and was not taken.
    pub refused: Vec<String>,
    /// What says otherwise than this answer.
    pub contradicts: Vec<Contradiction>,
    /// People per country of which the countries are on file, and only how many are not.
    pub waits_for_number: bool,
}

/// All fields, in order. `late_meanwhile`: the deadline passed after the cut-off and before the form was made.
pub fn decide(as_of: &AsOf, profile: &Profile, late_meanwhile: bool, w: &Wording) -> Vec<Decided> {
    let carried = as_of.carried.as_ref().map(|carried| counted::of_people(carried.people));
    decide_by(as_of, profile, late_meanwhile, &carried.unwrap_or_default(), w)
}

/// The same where erasures since took whom the ledger counted: it says what was counted, by field.
pub fn decide_by(
    as_of: &AsOf,
    profile: &Profile,
    late_meanwhile: bool,
    counted: &[(u8, String)],
    w: &Wording,
) -> Vec<Decided> {
    let said = as_of.case.answers();
    let incomplete = said.get(&4).is_some_and(|given| given.iter().any(|code| code == "b"));
    let mut ledger = derive::fields(as_of, profile, incomplete, w);
    for (field, value) in counted {
        ledger.entry(*field).or_default().values = vec![value.clone()];
    }
    let refused: Vec<u8> =
        said.iter().filter(|(field, given)| is_refused(**field, given, as_of, &ledger)).map(|it| *it.0).collect();
    let mut answers = Answers::new();
    for field in edpb::FIELDS {
        let own = said.get(&field.number).filter(|_| !refused.contains(&field.number));
        let given = own.or(ledger.get(&field.number).map(|derived| &derived.values));
        answers.extend(given.map(|values| (field.number, values.clone())));
    }
    let mut circumstances = as_of.case.circumstances(as_of.cut_off_us, &as_of.period, registered::in_eea(as_of));
    circumstances.is_late |= late_meanwhile;
    // Where a resource is belongs into the answer: one without is no whole one.
    let places_missing = as_of.places.iter().any(|place| place.location.is_none());
    let contradictions = contradictions(as_of, &answers, profile);
    let was_notified = as_of.case.each(CaseStep::Submitted).next().is_some();
    let decided = |field: &'static Field| {
        let ledger = ledger.get(&field.number).cloned().unwrap_or_default();
        let own = said.get(&field.number);
        // The authority's form asks a first notification alone. Why it was late is owed after it too (GDPR Art. 33(1)).
        let is_owed = field.number == LATE && circumstances.is_late && was_notified;
        let shown = is_owed || edpb::is_visible(field, &answers, &circumstances);
        let is_refused = refused.contains(&field.number);
        let contradicts: Vec<Contradiction> = contradictions
            .iter()
            .filter(|(fields, _)| shown && fields.contains(&field.number))
            .map(|it| it.1)
            .collect();
        let state = match (shown, own, ledger.values.is_empty()) {
            (false, ..) => FieldState::Hidden,
            (true, Some(_), _) if is_refused => FieldState::Refused,
            (true, Some(own), false) if says_the_same(field.kind, own, &ledger.values) => FieldState::Confirmed,
            (true, Some(_), false) => FieldState::Differs,
            (true, Some(_), true) if !contradicts.is_empty() => FieldState::Differs,
            (true, Some(_), true) => FieldState::Person,
            (true, None, false) if field.number == 63 && places_missing => FieldState::NotProvided,
            // A person stated it, in a step of the case.
            (true, None, false) if field.number == AWARE => FieldState::Person,
            (true, None, false) if ledger.registered || is_registered(field.number, field.origin) => {
                FieldState::Registry
            }
            (true, None, false) if matches!(field.origin, Origin::Ledger) => FieldState::Ledger,
            (true, None, false) => FieldState::Proposed,
            (true, None, true) => FieldState::NotProvided,
        };
        Decided {
            field,
            required: shown && edpb::is_required(field),
            state,
            values: if shown { answers.get(&field.number).cloned().unwrap_or_default() } else { Vec::new() },
            refused: own.filter(|_| is_refused && shown).cloned().unwrap_or_default(),
            contradicts,
            waits_for_number: [(117, 116), (122, 121)].iter().any(|(number, countries)| {
                field.number == *number && ledger.values.is_empty() && answers.contains_key(countries)
            }),
            ledger,
        }
    };
    edpb::FIELDS.iter().map(decided).collect()
}

/// Whether a field that is not shown may have been: what it hangs on stood in one of these fields, and nobody knows what any
/// more.
pub fn may_have_been_shown(field: &'static Field, unknown: &[u64], form: &[Decided], as_of: &AsOf) -> bool {
    let circumstances = as_of.case.circumstances(as_of.cut_off_us, &as_of.period, registered::in_eea(as_of));
    let with = |any: bool| {
        let values = |decided: &Decided| match unknown.contains(&u64::from(decided.field.number)) {
            true if any => decided.field.options.iter().map(|(code, _)| (*code).to_owned()).collect(),
            true => Vec::new(),
            false => decided.values.clone(),
        };
        form.iter().map(|decided| (decided.field.number, values(decided))).collect::<Answers>()
    };
    [true, false].iter().any(|any| edpb::is_visible(field, &with(*any), &circumstances))
}

/// What no record says although the plan counts the field as the ledger's: countries of data subjects, how others are reached.
const FROM_REGISTRY: [u8; 6] = [41, 63, 116, 117, 121, 122];

fn is_registered(field: u8, origin: Origin) -> bool {
    matches!(origin, Origin::Registry) || FROM_REGISTRY.contains(&field)
}

/// The order of several options says nothing, nor does how an instant is written.
fn says_the_same(kind: Kind, one: &[String], other: &[String]) -> bool {
    match kind {
        Kind::Many | Kind::Countries | Kind::PerCountry => {
            one.len() == other.len() && one.iter().all(|value| other.contains(value))
        }
        Kind::Instant => {
            let instants =
                |values: &[String]| values.iter().map(|it| it.parse::<jiff::Timestamp>().ok()).collect::<Vec<_>>();
            instants(one) == instants(other)
        }
        _ => one == other,
    }
}

/// Fields 55 and 56: what the record shows nobody can answer away, and "not disclosed" needs complete logging. Where somebody
/// surely got data without authority, a breach without confidentiality (55 a) would hide all that hangs on it.
fn is_refused(field: u8, given: &[String], as_of: &AsOf, ledger: &BTreeMap<u8, Derived>) -> bool {
    let disclosed = || ledger.get(&56).is_some_and(|derived| derived.values == ["a"]);
    let says = |code: &str| given.iter().any(|it| it == code);
    match field {
        55 => disclosed() && !says("a"),
        56 => (disclosed() && !says("a")) || (says("c") && !derive::is_evidence_of_nothing(as_of)),
        _ => false,
    }
}

/// Whether the record may rule out an answer to this field.
pub fn can_be_refused(field: u8) -> bool {
    matches!(field, 55 | 56)
}

/// What stands in these fields together cannot be: each by its own may be as somebody says.
fn contradictions(as_of: &AsOf, answers: &Answers, profile: &Profile) -> Vec<(&'static [u8], Contradiction)> {
    let given = |number: u8| answers.get(&number).and_then(|values| values.first());
    let instant = |number: u8| given(number)?.parse::<jiff::Timestamp>().ok();
    let mut found: Vec<(&'static [u8], Contradiction)> = Vec::new();
    if instant(46).zip(instant(47)).is_some_and(|(begins, ends)| ends < begins) {
        found.push((&[46, 47], Contradiction::EndBeforeBeginning));
    }
    let day = |at: jiff::Timestamp| calendar::day_of(u64::try_from(at.as_microsecond()).ok()?, profile).ok();
    let told = given(98).and_then(|day| day.parse::<jiff::civil::Date>().ok());
    if told.zip(instant(46).and_then(day)).is_some_and(|(told, began)| told < began) {
        found.push((&[98], Contradiction::ToldBeforeBreach));
    }
    // An upper figure may stand above what is known, but whoever is surely concerned is.
    let number = given(68).and_then(|number| number.parse::<u64>().ok());
    if number.is_some_and(|number| number < as_of.concerned().0.low) {
        found.push((&[68], Contradiction::FewerThanKnown));
    }
    found
}

impl Decided {
    pub fn todo(&self) -> Option<Todo> {
        // How many live where hangs on who is concerned: where the countries are registered, a person says how many.
        let belongs = is_registered(self.field.number, self.field.origin) && !self.waits_for_number;
        let missing = if belongs { Todo::Register } else { Todo::Answer };
        match self.state {
            FieldState::Person | FieldState::Confirmed if !self.contradicts.is_empty() => Some(Todo::Reconcile),
            FieldState::Proposed => Some(Todo::Confirm),
            FieldState::Differs => Some(Todo::Reconcile),
            FieldState::Refused => Some(Todo::Replace),
            FieldState::NotProvided if self.required => Some(missing),
            _ => None,
        }
    }

    pub fn origin(&self) -> FieldOrigin {
        match self.field.origin {
            Origin::Ledger => FieldOrigin::Ledger,
            Origin::Proposal => FieldOrigin::Proposal,
            Origin::Registry => FieldOrigin::Registry,
            Origin::Person => FieldOrigin::Person,
        }
    }
}

impl Decided {
    /// What stands as the answer: what is only proposed is none until somebody confirms it.
    pub fn answer(&self) -> &[String] {
        if self.is_proposal() { &[] } else { &self.values }
    }

    /// What stands in the form is only the ledger's proposal, also in the place of what was refused.
    pub fn is_proposal(&self) -> bool {
        match self.state {
            FieldState::Proposed => true,
            FieldState::Refused => matches!(self.field.origin, Origin::Proposal),
            _ => false,
        }
    }
}

/// Counts of the fields that are shown and must be filled in; no others count as not provided.
pub fn totals(form: &[Decided]) -> FormTotals {
    let count = |wanted: &dyn Fn(&Decided) -> bool| {
        form.iter().filter(|decided| decided.required && wanted(decided)).count() as u64
    };
    // Also what says in part that it is not provided.
    let empty = |decided: &Decided| decided.values.is_empty() || decided.state == FieldState::NotProvided;
    let to_confirm = |decided: &Decided| !empty(decided) && decided.is_proposal();
    FormTotals {
        required: count(&|_| true),
        provided: count(&|decided| !empty(decided) && !to_confirm(decided)),
        to_confirm: count(&to_confirm),
        not_provided: count(&empty),
    }
}

/// Fields that say which notification it is and why it is late: they change by being sent.
const ABOUT_THE_NOTIFICATION: [u8; 5] = [3, 4, 5, 6, 49];

/// Whether this says something of the breach, and not of the notification.
pub fn is_of_breach(field: &Field) -> bool {
    !ABOUT_THE_NOTIFICATION.contains(&field.number)
}

/// The step that answered a field, where its answer stands.
pub fn answered_in(decided: &Decided, case: &Case) -> Option<u64> {
    let by_person =
        matches!(decided.state, FieldState::Person | FieldState::Confirmed | FieldState::Differs | FieldState::Refused);
    let stated = || case.awareness().filter(|_| decided.field.number == AWARE);
    by_person.then(|| case.answered_by(decided.field.number).or_else(stated).map(|step| step.index)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_order_nor_spelling_makes_another_answer() {
        let text = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let same = |kind, one: &[&str], other: &[&str]| says_the_same(kind, &text(one), &text(other));
        assert!(same(Kind::Many, &["c", "a"], &["a", "c"]));
        assert!(!same(Kind::Many, &["a"], &["a", "c"]));
        assert!(same(Kind::Instant, &["2026-03-10T10:20:00+01:00"], &["2026-03-10T09:20:00.000000Z"]));
        assert!(!same(Kind::Instant, &["2026-03-10T09:20:01Z"], &["2026-03-10T09:20:00Z"]));
        assert!(!same(Kind::Texts, &["b", "a"], &["a", "b"]), "parties and what they are stand in one order");
    }
}
