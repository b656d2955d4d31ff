//! What was counted of a breach, as its own record carries it forward (REPORTS 2.3): an erasure takes people out of every later
//! count, and the register of GDPR Art. 33(5) tells all the same how many there were. Numbers only.

use super::case::{Case, Step};
use super::derive::{self, Found};
use super::document::{CarriedFact, CountFact};
use super::evidence::AsOf;
use crate::law::Profile;
use crate::report::access::document::{EntryIndex, Range};
use crate::report::code::Code;
use crate::report::exposure::answer::duration_range;
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill, word};
use whosaw_verifier::part::CaseCount;

/// As of the size and cut-off of what it is made from.
pub fn count(as_of: &AsOf, profile: &Profile, w: &Wording) -> CaseCount {
    let totals = &as_of.exposure.totals;
    let (people, people_determined) = as_of.exposure.concerned();
    let derived = derive::fields(as_of, profile, false, w);
    let records = derived.get(&73).and_then(|field| field.values.first()?.parse().ok());
    CaseCount {
        people_low: people.low,
        people_high: people.high,
        people_determined,
        records_known: records.is_some(),
        records: records.unwrap_or_default(),
        ways: Found::of(as_of).ways(),
        open_low_us: totals.unauthorised_us.low,
        open_high_us: totals.unauthorised_us.high,
        could_low: totals.people_could.low,
        could_high: totals.people_could.high,
        uncountable: totals.uncountable,
        saw_low: totals.people_saw.low,
        saw_high: totals.people_saw.high,
        accesses_low: totals.unauthorised_accesses.low,
        accesses_high: totals.unauthorised_accesses.high,
        losses: totals.unauthorised_losses,
    }
}

/// What fields 67, 68 and 73 said when it was counted: of people only where that is everybody.
pub(super) fn answers(counted: &CaseCount) -> Vec<(u8, String)> {
    let people = of_people(Range { low: counted.people_low, high: counted.people_high });
    let people = people.into_iter().filter(|_| counted.people_determined);
    people.chain(counted.records_known.then(|| (73, counted.records.to_string()))).collect()
}

/// Fields 67 and 68 of everybody.
pub(super) fn of_people(people: Range) -> Vec<(u8, String)> {
    let how = if people.low == people.high { "a" } else { "b" };
    vec![(67, how.to_owned()), (68, people.high.to_string())]
}

/// That how many there are is what a step counted, and how many of them were erased since.
pub fn carried_text(w: &Wording, carried: &CarriedFact) -> String {
    let c = &w.breach.count;
    let entries: Vec<String> = carried.by.iter().map(|entry| w.number(entry.0)).collect();
    let people = w.plural_range(&w.exposure.count.people, carried.people.low, carried.people.high);
    let erased = w.range(carried.erased.low, carried.erased.high);
    let entries = w.listed(&w.breach.table.entries, entries.len(), &w.comma(&entries));
    let values = [("people", people), ("n", w.number(carried.counted_in.0)), ("erased", erased), ("entries", entries)];
    fill(&c.carried, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// Each count that a step carries, in order; also of steps that were taken back, because what was counted was.
pub(super) fn facts(case: &Case) -> Vec<CountFact> {
    case.steps.iter().filter_map(fact).collect()
}

pub(super) fn last(case: &Case) -> Option<CountFact> {
    case.steps.iter().rev().find_map(fact)
}

fn fact(step: &Step) -> Option<CountFact> {
    let counted = step.part.as_ref()?.counted.as_ref()?;
    Some(CountFact {
        entry: EntryIndex(step.index),
        step: Code(step.step),
        at: Instant::new(step.recorded_at_us),
        size: step.size,
        people: Range { low: counted.people_low, high: counted.people_high },
        people_determined: counted.people_determined,
        records: counted.records_known.then_some(counted.records),
        ways: counted.ways,
        open_us: Range { low: counted.open_low_us, high: counted.open_high_us },
        could: Range { low: counted.could_low, high: counted.could_high },
        uncountable: counted.uncountable,
        saw: Range { low: counted.saw_low, high: counted.saw_high },
        accesses: Range { low: counted.accesses_low, high: counted.accesses_high },
        losses: counted.losses,
    })
}

/// In words.
pub fn text(w: &Wording, fact: &CountFact) -> String {
    let (c, n) = (&w.breach.count, &w.exposure.count);
    let range = |plural, range: Range| w.plural_range(plural, range.low, range.high);
    let people = range(&n.persons, fact.people);
    let people = if fact.people_determined { people } else { fill(&c.at_least, &[("people", &people)]) };
    let records = match fact.records {
        Some(records) => w.plural(&c.records, records),
        None => c.no_records.clone(),
    };
    let open = duration_range(w, &fact.open_us);
    let ways = fill(&w.plural(&c.ways, fact.ways), &[("open", &open)]);
    let could = match fact.uncountable {
        true => c.uncountable.clone(),
        false => fill(&c.could, &[("people", &range(&n.people, fact.could))]),
    };
    let saw = fill(&c.saw, &[("people", &range(&n.people, fact.saw))]);
    let accesses = range(&c.accesses, fact.accesses);
    let losses = w.plural(&c.losses, fact.losses);
    let all = [people, records, ways, could, saw, accesses, losses].join("; ");
    let (entry, size) = (w.number(fact.entry.0), w.number(fact.size));
    let step = word(&w.breach.step, fact.step.text());
    fill(&c.counted, &[("step", step), ("n", &entry), ("size", &size), ("numbers", &all)])
}
