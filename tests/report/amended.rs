//! Corrections and retractions: what they speak of stays listed and counted, and is told with and without.

use crate::sample::*;
use whosaw::model::*;
use whosaw::report::access::document::*;
use whosaw::report::evidence::*;
use whosaw::report::language::Language;
use whosaw::report::view::{Extent, View};
use whosaw::report::{AccessReport, facts};

fn range(low: u64, high: u64) -> Range {
    Range { low, high }
}

fn report(samples: Vec<Sample>, amendments: Vec<Amendment>) -> AccessReport {
    let mut evidence = with(samples.into_iter().map(Sample::done).collect());
    evidence.amendments = amendments;
    facts(&question(), &evidence, &envelope())
}

fn retracts(index: u64, of: u64) -> Amendment {
    Amendment { index, action_id: action_id(index), retracts: vec![action_id(of)], ..Amendment::default() }
}

/// It names nobody, and stands sealed for the conversation: no part of the person's tells of it.
#[test]
fn a_retraction_that_names_nobody_marks_what_it_takes_back() {
    let report = report(vec![read(1), read(2)], vec![retracts(9, 1)]);
    assert_eq!(report.entries[0].retracted_by, [EntryIndex(9)]);
    assert!(report.entries[1].retracted_by.is_empty());
    assert_eq!(report.totals.processed, range(2, 2), "still counted: nobody here judged who took it back");
    assert_eq!(report.totals.processed_as_amended, Some(range(1, 1)), "and the other figure beside it");
    let told = View::of(Language::En.wording(), &report, Extent::Pages).notices;
    assert!(told.iter().any(|text| text.contains("processed 1 time.")), "{told:?}");
    // Beyond the size that was asked for nothing is known of it.
    let earlier = self::report(vec![read(1)], vec![retracts(5_000, 1)]);
    assert_eq!((earlier.totals.processed_as_amended, earlier.entries[0].retracted_by.len()), (None, 0));
}

#[test]
fn a_retraction_that_is_itself_taken_back_changes_nothing() {
    let report = report(vec![read(1)], vec![retracts(8, 1), retracts(9, 8)]);
    assert_eq!(report.entries[0].retracted_by, [EntryIndex(8)], "both are marked");
    assert_eq!(report.totals.processed_as_amended, None);
}

#[test]
fn what_may_mean_the_acts_of_several_callers_takes_out_none() {
    let other = || {
        read(2)
            .body(|body| body.caller.as_mut().expect("a caller").name = "proxy".into())
            .content(|content| content.action_id = action_id(1))
    };
    let told = report(vec![read(1), other()], vec![retracts(9, 1)]);
    assert_eq!(told.totals.processed_as_amended, None);
    assert!(told.entries.iter().all(|entry| entry.retracted_by == [EntryIndex(9)]), "both are marked");
    // Its own caller's act is the one that a caller means.
    let own = Amendment { told_by: ToldBy::Caller("proxy".into()), ..retracts(9, 1) };
    let told = report(vec![read(1), other()], vec![own]);
    assert_eq!(told.totals.processed_as_amended, Some(range(1, 1)));
    assert!(told.entries[0].retracted_by.is_empty());
}

#[test]
fn a_correction_of_a_read_is_not_a_second_certain_read() {
    let correction = |index: u64| read(index).content(|content| content.corrects = vec![action_id(1)]);
    let report = report(vec![read(1), correction(2)], Vec::new());
    assert_eq!(report.totals.processed, range(1, 2), "one at least, and two if they were two");
    assert_eq!(report.totals.into_tools, range(1, 2));
    assert_eq!(report.entries[0].corrected_by, [EntryIndex(2)]);
    assert_eq!(report.entries[1].corrects, [EntryIndex(1)]);
    assert_eq!(report.totals.processed_as_amended, Some(range(1, 1)));
    // One that takes the result back: as recorded, and as corrected.
    let narrowing = self::report(vec![read(1), correction(2).arguments_only()], Vec::new());
    assert_eq!(narrowing.totals.processed, range(1, 1));
    assert_eq!(narrowing.totals.processed_as_amended, Some(range(0, 0)));
    // One that adds a result counts in full.
    let widening = self::report(vec![read(1).arguments_only(), correction(2)], Vec::new());
    assert_eq!((widening.totals.processed, widening.totals.into_tools), (range(1, 1), range(1, 2)));
}

#[test]
fn a_correction_that_adds_the_person_counts() {
    let added = || {
        read(2)
            .body(|body| (body.verb, body.tool) = (Verb::EventCorrect, String::new()))
            .content(|content| content.corrects = vec![action_id(1)])
    };
    let stated = report(vec![added()], Vec::new());
    assert_eq!(stated.totals.processed, range(1, 1));
    let unstated = report(vec![added().moving(Vec::new())], Vec::new());
    assert_eq!((unstated.totals.processed, unstated.categories_unstated), (range(0, 1), 1));
}
