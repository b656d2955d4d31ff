//! One case, one right answer. Each test opens with what must never be said wrongly.

use crate::sample::*;
use whosaw::model::*;
use whosaw::report::access::document::*;
use whosaw::report::controller::ControllerFacts;
use whosaw::report::evidence::*;
use whosaw::report::language::Language;
use whosaw::report::view::{Extent, View};
use whosaw::report::{AccessReport, Format, facts};
use whosaw_verifier::body;
use whosaw_verifier::part::{ContentPart, SealedName};

pub(crate) fn report(evidence: &Evidence) -> AccessReport {
    facts(&question(), evidence, &envelope())
}

pub(crate) fn of(samples: Vec<Sample>) -> AccessReport {
    report(&with(samples.into_iter().map(Sample::done).collect()))
}

fn check(samples: Vec<Sample>, answer: &str) -> AccessReport {
    let report = of(samples);
    assert_eq!(report.answer.text, answer);
    report
}

pub(crate) fn range(low: u64, high: u64) -> Range {
    Range { low, high }
}

fn class(sample: Sample) -> Class {
    of(vec![sample]).entries[0].class
}

#[test]
fn an_agents_read_is_processed_and_nobody_saw() {
    let report = check(
        (1..=11).map(read).collect(),
        "1 agent processed data of this person 11 times, on behalf of the person themself; access by a human: \
         not determinable; data were disclosed to northwind-models.",
    );
    assert_eq!(report.totals.processed, range(11, 11));
    assert_eq!(report.totals.shown_to_humans, range(0, 0));
    assert_eq!((report.answer.verdict, report.answer.humans), (Verdict::Accessed, Verdict::NotDeterminable));
    assert_eq!(report.lines.len(), 1);
    assert_eq!(
        (report.lines[0].acts, report.lines[0].first, report.lines[0].last),
        (11, EntryIndex(1), EntryIndex(11))
    );
}

#[test]
fn what_only_went_into_a_tool_is_told_apart() {
    let report = check(
        vec![read(1).arguments_only(), read(2).arguments_only()],
        "Data of this person were put into a tool 2 times; access beyond that: not determinable; access by a human: not \
         determinable; data were disclosed to northwind-models.",
    );
    assert_eq!((report.totals.processed, report.totals.arguments_only), (range(0, 0), range(2, 2)));
    assert_eq!(report.answer.verdict, Verdict::Accessed, "given to a tool is given away");
    assert_eq!(report.tools[0].given, 2);
}

#[test]
fn failed_and_denied_attempts_expose_nothing_by_their_result_but_their_arguments_were_given() {
    for outcome in [Outcome::Failed, Outcome::Denied] {
        let report = of(vec![read(1).outcome(outcome)]);
        assert_eq!((report.totals.processed, report.totals.attempts), (range(0, 0), range(1, 1)), "{outcome:?}");
        assert_eq!(report.totals.into_tools, range(1, 1));
        assert_eq!(report.totals.attempts_into_tools, 1);
        assert!(report.entries[0].returned.is_empty(), "nothing came back");
        assert!(report.entries[0].fields.iter().all(|field| field.direction.0 != Direction::Result));
        assert_eq!(report.answer.verdict, Verdict::Accessed);
    }
    let with_error = of(vec![read(1).outcome(Outcome::Failed).content(|content| content.error = "no such".into())]);
    assert_eq!(with_error.totals.attempts_with_error, 1);
}

#[test]
fn attempts_alone_are_no_access_unless_something_was_put_in() {
    check(
        vec![read(1).outcome(Outcome::Failed), read(2).outcome(Outcome::Denied)],
        "Only attempts that were denied or failed are recorded (2), and with 2 of them data of this person were put into a \
         tool all the same; access by a human: not determinable; data were disclosed to northwind-models.",
    );
    let nothing_in =
        |index| read(index).outcome(Outcome::Denied).moving(vec![moved(Direction::Result, &[Category::Contact])]);
    check(
        vec![nothing_in(1)],
        "Access to data of this person: not determinable; only attempts that were denied or failed are recorded (1).",
    );
}

#[test]
fn an_unknown_outcome_is_a_possible_delivery() {
    let report = check(
        vec![read(1).outcome(Outcome::Unknown)],
        "No agent is certain to have processed data of this person, but it may have happened, up to 1 time; access by a \
         human: not determinable; data were disclosed to northwind-models.",
    );
    assert_eq!(report.totals.processed, range(0, 1));
    assert_eq!(report.lines[0].class, Class::Possible);
    assert_eq!(class(read(1).arguments_only().outcome(Outcome::Unknown)), Class::Possible);
    assert_eq!(class(read(1).outcome(Outcome::Unspecified)), Class::Possible);
}

#[test]
fn doubt_about_the_result_widens() {
    let clouded = |sample: Sample| sample.body(|body| body.determination = Determination::ListedIncomplete);
    let report = of(vec![clouded(read(1).arguments_only())]);
    assert_eq!(report.totals.processed, range(0, 1));
    assert_eq!(report.totals.arguments_only, range(0, 0));
    assert!(report.entries[0].exposure.incomplete);
    let unparsed = read(2).arguments_only().body(|body| body.doubts = vec![Doubt::ResultNotParsed]);
    assert_eq!(class(unparsed), Class::Possible);
    // What certainly came back stays certain.
    assert_eq!(class(clouded(read(3))), Class::Processed);
}

/// What a ledger does not keep was read whole before it was dropped, and is never told as "none".
#[test]
fn what_is_not_kept_by_policy_is_said_and_makes_nothing_doubtful() {
    let cut = |provenance: Provenance| {
        read(1).arguments_only().body(move |body| {
            body.provenance = provenance;
            (body.doubts, body.cut) = (vec![Doubt::ContentTruncated], vec![ContentKind::Result]);
        })
    };
    assert_eq!(class(cut(Provenance::ToolCall)), Class::ArgumentsOnly);
    assert_eq!(class(cut(Provenance::Described)), Class::Possible, "its caller may have cut more before");
    let without = read(1).body(|body| body.not_kept = vec![ContentKind::Result, ContentKind::Records]);
    let report = of(vec![without]);
    assert_eq!(report.entries[0].not_kept.iter().map(|kind| kind.text()).collect::<Vec<_>>(), ["result", "records"]);
    let html = whosaw::report::render(&report, &[whosaw::report::Format::Html]).expect("it renders").remove(0).bytes;
    let html = String::from_utf8(html).expect("text");
    let said = "not kept, by the tool catalogue’s policy: result and record ids";
    assert!(html.replace("&#39;", "’").replace('\'', "’").contains(said), "{said}");
}

#[test]
fn categories_that_are_not_stated_may_be_any() {
    let report = of(vec![read(1).moving(Vec::new())]);
    assert_eq!(report.totals.processed, range(1, 1));
    assert_eq!(report.categories_unstated, 1);
    assert_eq!(report.totals.into_tools, range(0, 1));
}

#[test]
fn entries_about_cases_and_the_log_move_no_data() {
    for verb in [Verb::RequestReceive, Verb::HoldPlace, Verb::EventRetract, Verb::AccessGrant] {
        let sample = || read(1).moving(Vec::new()).body(|body| body.verb = verb);
        assert_eq!(class(sample()), Class::OtherPart, "{verb:?}");
        let stated = sample().moving(vec![moved(Direction::Result, &[Category::Contact])]);
        assert_eq!(class(stated), Class::Processed, "{verb:?}, unless they say so");
    }
}

#[test]
fn only_what_is_rendered_to_a_human_is_shown_to_a_human() {
    let actor = |position: u32| (1 << 16) + 1 + position;
    let recipient = |party: PartyKind, part: u32| {
        move |body: &mut body::ActionBody| {
            body.recipients =
                vec![body::Recipient { party, part, kind: RecipientKind::StaffOnInstruction, ..Default::default() }];
        }
    };
    // To another human: shown.
    let report = of(vec![read(1).rendered_to(1).body(recipient(PartyKind::Human, OTHER))]);
    assert_eq!(report.totals.shown_to_humans, range(1, 1));
    assert_eq!(report.answer.humans, Verdict::Accessed);
    // To the person: not another human.
    let report = check(
        vec![read(1).rendered_to(actor(1))],
        "1 agent processed data of this person 1 time, on behalf of the person themself; data were shown to the person \
         themself 1 time; access by another human: not determinable; data were disclosed to northwind-models.",
    );
    assert_eq!(report.totals.shown_to_humans, range(0, 0));
    // To an agent: processed, seen by nobody.
    let report = of(vec![read(1).rendered_to(actor(0))]);
    assert_eq!(report.totals.shown_to_humans, range(0, 0));
    // To a group, to nobody in particular, or beside a failure: possible.
    for sample in [
        read(1).rendered_to(1).body(recipient(PartyKind::Group, 0)),
        read(1).rendered_to(77),
        read(1).rendered_to(1).body(recipient(PartyKind::Human, OTHER)).outcome(Outcome::Failed),
        read(1).rendered_to(1).body(recipient(PartyKind::Human, OTHER)).outcome(Outcome::Unknown),
    ] {
        let report = of(vec![sample]);
        assert_eq!(report.totals.shown_to_humans, range(0, 1));
        assert_eq!(report.answer.humans, Verdict::NotDeterminable);
    }
}

#[test]
fn a_humans_own_read_is_seen_and_the_persons_own_is_nobody_elses() {
    let report = check(
        vec![read(1).body(|body| body.actors = vec![human(OTHER)])],
        "Access by an agent to data of this person: not determinable; data of this person were shown to or read by a human \
         1 time.",
    );
    assert!(report.principals[0].in_person);
    assert_eq!((report.totals.read_by_humans, report.totals.shown_to_humans), (range(1, 1), range(1, 1)));
    assert_eq!(report.totals.processed_by.humans.parties, range(1, 1));
    assert_eq!(report.totals.processed_by.agents.acts, range(0, 0));
    let contact = report.categories.iter().find(|fact| fact.category.0 == Category::Contact).expect("it moved");
    assert_eq!(contact.shown_to_humans, range(1, 1), "what came back came before a human's eyes");
    let report = of(vec![read(1).body(|body| body.actors = vec![human(1)])]);
    assert_eq!(report.totals.shown_to_humans, range(0, 0));
    assert_eq!(report.totals.shown_to_this_person, range(1, 1));
    assert_eq!(report.entries[0].actors[0].party, Party::ThisPerson);
}

#[test]
fn weak_matches_widen_and_disclose_nothing() {
    let mut evidence = with(vec![read(1).done(), read(2).done()]);
    let stranger = |index: u64| {
        read(index)
            .body(|body| {
                body.actors[0] = agent("somebody-elses-agent");
                body.tool = "somebody-elses-tool".into();
            })
            .person(|person| {
                person.records = vec![whosaw_verifier::part::Record { id: "SECRET-7".into(), ..Default::default() }]
            })
            .content(|content| content.conversation = "somebody-elses-talk".into())
    };
    evidence.possible = vec![stranger(50).done(), stranger(51).outcome(Outcome::Failed).done()];
    let report = report(&evidence);
    assert_eq!(report.totals.processed, range(2, 3));
    assert_eq!(report.totals.attempts, range(0, 1));
    assert_eq!(report.totals.processed_by.agents.parties, range(1, 2));
    assert_eq!((report.possible.entries, report.possible.acts), (2, 2));
    assert_eq!(report.entries.len(), 2);
    let json = String::from_utf8(whosaw::report::canonical::of(&report).expect("it is written")).expect("UTF-8");
    for secret in ["somebody", "SECRET"] {
        assert!(!json.contains(secret), "a weak match tells {secret}");
    }
}

#[test]
fn a_weak_part_in_the_persons_own_entry_is_the_same_act() {
    let mut evidence = with(vec![read(1).arguments_only().done()]);
    let mut weak = read(1).done();
    weak.ordinal = 5;
    evidence.possible = vec![weak];
    let report = report(&evidence);
    assert_eq!((report.possible.entries, report.possible.acts), (0, 0));
    assert_eq!(report.totals.acts, 1);
    assert_eq!(report.totals.processed, range(0, 1), "it may have come back, if that part is hers too");
}

#[test]
fn one_act_told_twice_counts_once_and_two_alike_count_twice() {
    let report = of(vec![read(1), read(2)]);
    assert_eq!(report.totals.acts, 2, "likeness joins nothing");
    let same = read(2).content(|content| content.action_id = action_id(1));
    let report = of(vec![read(1), same]);
    assert_eq!((report.totals.acts, report.totals.entries), (1, 2));
    assert_eq!(report.lines[0].entries, 2);
    let linked = read(3).content(|content| content.same_act_as = vec![action_id(1)]).arguments_only();
    let report = of(vec![read(1).outcome(Outcome::Failed), linked]);
    assert_eq!(report.totals.acts, 1);
    assert_eq!(report.lines[0].class, Class::ArgumentsOnly, "the wider of the two");
    // Two that both repeat a third, which says nothing of this person.
    let third = |index| read(index).content(|content| content.same_act_as = vec![action_id(99)]);
    assert_eq!(of(vec![third(1), third(2)]).totals.acts, 1);
}

#[test]
fn an_id_is_its_callers_and_two_callers_may_use_the_same() {
    let by = |caller: &'static str, index: u64, id: u64| {
        read(index)
            .body(move |body| body.caller.as_mut().expect("a caller").name = caller.into())
            .content(move |content| content.action_id = action_id(id))
    };
    let again = |caller: &'static str, index: u64, of: u64| {
        by(caller, index, index).content(move |content| content.same_act_as = vec![action_id(of)])
    };
    let acts = |samples: Vec<Sample>| of(samples).totals.acts;
    assert_eq!(acts(vec![by("a", 1, 1), by("b", 2, 1)]), 2);
    assert_eq!(acts(vec![by("a", 1, 1), again("b", 2, 1)]), 1, "only another gave it");
    assert_eq!(acts(vec![again("b", 1, 2), by("a", 2, 2)]), 1, "also before that one was recorded");
    assert_eq!(acts(vec![by("a", 1, 1), by("b", 2, 1), again("b", 3, 1)]), 2, "its own caller's");
    assert_eq!(acts(vec![by("a", 1, 1), by("b", 2, 1), again("c", 3, 1)]), 3, "which of both nobody knows");
    // A caller's name may stand sealed.
    let sealed = |caller: &'static str, index: u64| {
        by("", index, 9).body(|body| body.sealed_names = vec![NamedField::CallerName]).content(move |content| {
            let name = SealedName { field: NamedField::CallerName, position: 0, value: caller.into() };
            content.names = vec![name];
        })
    };
    assert_eq!(acts(vec![sealed("a", 1), sealed("b", 2)]), 2);
    assert_eq!(acts(vec![sealed("a", 1), by("a", 2, 9)]), 1, "sealed or not, a name is a name");
}

/// Nobody may say "no access" where something of the person is closed and still there.
#[test]
fn what_only_matters_keep_is_counted_and_limits_what_may_be_said() {
    let mut evidence = with(Vec::new());
    let limited = |evidence: &Evidence| report(evidence).coverage.limits.contains(&Limit::KeptForMatter);
    assert!(!limited(&evidence));
    evidence.kept = vec![KeptApart { by: 7, parts: 1 }, KeptApart { by: 9, parts: 2 }];
    assert!(limited(&evidence));
    let report = report(&evidence);
    assert_eq!(
        report.kept.iter().map(|kept| (kept.since, kept.parts)).collect::<Vec<_>>(),
        [(EntryIndex(7), 1), (EntryIndex(9), 2)]
    );
    let count = report.notices.iter().find(|fact| fact.notice == Notice::KeptForMatter).map(|fact| fact.count);
    assert_eq!(count, Some(3));
    let told = View::of(Language::En.wording(), &report, Extent::Pages).notices;
    assert!(told[0].starts_with("1 part about this person was closed by entry 7 and is kept"), "{told:?}");
    assert!(told[1].starts_with("2 parts about this person were closed by entry 9 and are kept"), "{told:?}");
}

#[test]
fn the_persons_other_parts_are_listed_and_may_hide_more() {
    let report = of(vec![
        read(1).principal_only(Determination::Nobody),
        read(2).principal_only(Determination::Undetermined),
        read(3).roles(&[Role::Approver]).moving(Vec::new()).body(|body| body.verb = Verb::ApprovalGrant),
    ]);
    assert_eq!((report.totals.other_parts, report.totals.other_parts_undetermined), (3, 1));
    assert_eq!(report.undetermined.with_this_person, 1);
    assert_eq!(report.totals.processed, range(0, 0));
    assert_eq!(report.other_parts.len(), 3);
    let mut alone = nothing();
    alone.observations = vec![shared(4)];
    let report = self::report(&alone);
    assert_eq!(report.totals.processed, range(0, 1), "content shared with the person may be about her");
}

#[test]
fn replay_clocks_are_no_history() {
    let sample = |index: u64, second: u64| {
        read(index)
            .at(DAY + second * SECOND, TimeSource::Replay)
            .content(|content| content.conversation = "talk".into())
    };
    let report = of(vec![sample(1, 9), sample(2, 3), read(3).at(DAY, TimeSource::Unknown)]);
    let one = ConversationNumber(1);
    let place = |order| Some(PlaceInConversation { conversation: one, order, of: 2 });
    assert_eq!(report.entries[0].time, ActTime::Replay { place: place(2) });
    assert_eq!(report.entries[1].time, ActTime::Replay { place: place(1) });
    assert_eq!(report.entries[2].time, ActTime::Unknown { place: None });
    assert_eq!(report.totals.times.as_ref().and_then(|times| times.occurred.clone()), None);
    let times = &report.lines[0].times;
    assert_eq!((times.occurred.clone(), times.replayed, times.unknown), (None, 2, 1));
}

#[test]
fn without_any_clock_the_order_is_that_of_recording() {
    let sample = |index: u64| read(index).body(|body| body.occurred = None).content(|c| c.conversation = "talk".into());
    let report = of(vec![sample(8), sample(5), sample(9).at(DAY, TimeSource::Gateway)]);
    let orders = report.entries.iter().map(|entry| match &entry.time {
        ActTime::Unknown { place: Some(place) } => (place.order, place.of),
        _ => (0, 0),
    });
    assert_eq!(orders.collect::<Vec<_>>(), [(1, 2), (2, 2), (0, 0)]);
}

#[test]
fn nothing_happens_after_it_was_recorded_nor_before_its_cause() {
    let mut fast = read(1).at(DAY + HOUR, TimeSource::AgentClock);
    fast.observation.recorded_at_us = DAY;
    let mut skewed = read(2).at(DAY + HOUR, TimeSource::AgentClock);
    skewed.observation.recorded_at_us = DAY + HOUR - SECOND;
    let skewed = skewed.body(|body| body.source.as_mut().expect("it has one").skew_us = -5 * SECOND as i64);
    let child = read(4)
        .at(DAY + 2 * HOUR, TimeSource::Gateway)
        .body(|body| body.occurred.as_mut().expect("it has one").latest_us = DAY + 4 * HOUR)
        .content(|content| content.parents = vec![action_id(3)]);
    let mut child = child;
    child.observation.recorded_at_us = DAY + 5 * HOUR;
    let parent = read(3).at(DAY + 3 * HOUR, TimeSource::Gateway);
    let report = of(vec![fast, skewed, parent, child]);
    let bounds = |entry: &Entry| match &entry.time {
        ActTime::Claimed { bounded, doubtful, .. } => (bounded.from.us() - DAY, bounded.until.us() - DAY, *doubtful),
        _ => panic!("a time was claimed"),
    };
    assert_eq!(bounds(&report.entries[0]), (0, 0, true));
    assert_eq!(bounds(&report.entries[1]), (HOUR - 5 * SECOND, HOUR - SECOND, false));
    assert_eq!(bounds(&report.entries[3]), (3 * HOUR, 4 * HOUR, false));
    assert_eq!((report.clock.late, report.clock.late_max_us), (2, HOUR));
}

#[test]
fn a_ring_of_causes_comes_to_an_end() {
    let ring = |index: u64, other: u64| read(index).content(|content| content.parents = vec![action_id(other)]);
    let report = of(vec![ring(1, 2), ring(2, 1), ring(3, 3)]);
    assert_eq!(report.totals.acts, 3);
}

#[test]
fn the_answer_to_nobody_is_a_permitted_sentence() {
    let sentence = |evidence: &Evidence| {
        let report = report(evidence);
        (report.answer.verdict, report.answer.text)
    };
    let mut evidence = nothing();
    assert_eq!(
        sentence(&evidence),
        (Verdict::NotDeterminable, "Access to data of this person: not determinable.".into())
    );
    register(&mut evidence, RegistryKind::Source, "proxy", &[]);
    assert_eq!(sentence(&evidence).0, Verdict::NotDeterminable, "no statement is unknown");
    evidence.coverage = vec![covered("proxy", CoverageState::Heartbeat, 0, 0)];
    assert_eq!(sentence(&evidence).0, Verdict::NotDeterminable, "alive is not complete");
    evidence.coverage = vec![covered("proxy", CoverageState::Complete, 0, DAY)];
    assert_eq!(sentence(&evidence).0, Verdict::NotDeterminable, "the rest of the period is unstated");
    evidence.coverage = vec![covered("proxy", CoverageState::Complete, 0, 0)];
    assert_eq!(
        sentence(&evidence),
        (Verdict::NoneComplete, "Access to data of this person: no access recorded; logging complete.".into())
    );
    evidence.coverage.push(covered("proxy", CoverageState::Down, DAY, DAY + HOUR));
    evidence.downtimes = vec![Downtime { index: 3, from_us: DAY + 2 * HOUR, until_us: DAY + 3 * HOUR }];
    assert_eq!(
        sentence(&evidence),
        (
            Verdict::NoneIncomplete,
            "Access to data of this person: no access recorded; logging incomplete in [proxy: 2026-03-10 00:00:00 – \
             01:00:00 UTC and the ledger itself: 2026-03-10 02:00:00 – 03:00:00 UTC]; cannot be excluded."
                .into()
        )
    );
    let complete = || {
        let mut evidence = nothing();
        register(&mut evidence, RegistryKind::Source, "proxy", &[]);
        evidence.coverage = vec![covered("proxy", CoverageState::Complete, 0, 0)];
        evidence
    };
    let mut undetermined = complete();
    undetermined.undetermined = vec![Undetermined {
        determination: Determination::Undetermined,
        tool: "think".into(),
        doubt: Doubt::ToolNotInCatalogue,
        outcome: Outcome::Succeeded,
        count: 1,
        first: 1,
        last: 1,
    }];
    assert_eq!(sentence(&undetermined).0, Verdict::NotDeterminable, "undetermined never means nobody");
    let mut unsearched = complete();
    unsearched.search.searched = false;
    assert_eq!(sentence(&unsearched).0, Verdict::NotDeterminable, "a dropped row could hide an access");
    let mut late = complete();
    register(&mut late, RegistryKind::Source, "proxy", &[("delivery-delay-s", "3600")]);
    assert_eq!(sentence(&late).0, Verdict::NotDeterminable, "its last records may be on their way");
}

#[test]
fn a_refusal_is_a_gap() {
    let mut evidence = nothing();
    register(&mut evidence, RegistryKind::Source, "proxy", &[]);
    evidence.coverage = vec![
        covered("proxy", CoverageState::Complete, 0, 0),
        Coverage { refused: 9, ..covered("proxy", CoverageState::Refused, DAY, DAY) },
    ];
    let report = report(&evidence);
    assert_eq!(report.coverage.sentence, Verdict::NoneIncomplete);
    assert_eq!(report.coverage.sources[0].refused, 9);
}

#[test]
fn earlier_reports_are_accesses_of_their_own() {
    let report = report(&everything());
    assert_eq!(report.earlier_reports.len(), 1);
    assert_eq!(report.earlier_reports[0].entry, EntryIndex(700));
    assert_eq!(report.earlier_reports[0].caller, Some(Name::Unregistered("m.weber".into())));
    assert!(report.entries.iter().all(|entry| entry.index != EntryIndex(700)), "and no acts");
    assert_eq!(report.ledger_reads.as_ref().map(Vec::len), Some(1));
}

#[test]
fn later_entries_do_not_count_and_amended_ones_do() {
    let mut evidence = with(vec![
        read(1).done(),
        read(2)
            .moving(Vec::new())
            .body(|body| body.verb = Verb::EventRetract)
            .content(|c| c.retracts = vec![action_id(1)])
            .done(),
        read(4_096).done(),
    ]);
    evidence.possible = vec![read(5_000).done()];
    let report = report(&evidence);
    assert_eq!((report.totals.entries, report.possible.entries), (2, 0));
    assert_eq!(report.totals.processed, range(1, 1));
    assert_eq!(report.entries[0].retracted_by, vec![EntryIndex(2)]);
    let count = |notice| report.notices.iter().find(|fact| fact.notice == notice).map(|fact| fact.count);
    assert_eq!((count(Notice::Retracted), count(Notice::BeyondSize)), (Some(1), Some(2)));
}

#[test]
fn what_only_the_controller_knows_is_counted_as_missing() {
    let report = of(vec![read(1)]);
    let completeness = &report.completeness;
    let total = completeness.provided + completeness.partly + completeness.not_provided + completeness.not_applicable;
    assert_eq!(total, completeness.fields.len() as u64);
    let state =
        |field: &str| completeness.fields.iter().find(|fact| fact.field == field).expect("it is asked").provision;
    for field in ["H.controller", "H.dpo", "H.registry", "2.declared", "5", "6", "7", "8", "10", "13", "14"] {
        assert_eq!(state(field), Provision::NotProvided, "{field}");
    }
    assert_eq!(state("12"), Provision::Provided);
    assert_eq!(state("12a"), Provision::NotApplicable);
    assert_eq!(state("H.authority"), Provision::NotProvided);
    let unknown = ControllerFacts::of(None);
    assert_eq!((&report.header.controller, &unknown.controller, &unknown.registry), (&unknown, &None, &None));
    // Whether something was withheld must not show: the field says the same in every report.
    assert_eq!(
        self::report(&everything()).completeness.fields.iter().find(|f| f.field == "13").expect("asked").provision,
        Provision::NotProvided
    );
}

#[test]
fn a_request_is_told_with_the_day_on_which_it_is_due() {
    let mut evidence = with(vec![read(1).done()]);
    let page = |evidence: &Evidence, language| {
        let report = facts(&question(), evidence, &Envelope { language, ..envelope() });
        let rendered = whosaw::report::render(&report, &[Format::Html]).expect("a page");
        (report, String::from_utf8(rendered[0].bytes.clone()).expect("text"))
    };
    let state = |report: &AccessReport, field: &str| {
        report.completeness.fields.iter().find(|fact| fact.field == field).expect("it is asked").provision
    };
    let (report, html) = page(&evidence, Language::En);
    assert!(report.requests.log.is_empty() && html.contains("No request is on file"), "{html}");
    assert_eq!(state(&report, "14"), Provision::NotProvided);
    // Case 35: received on 10 February, and told to the day of the report.
    let received = DAY - 28 * 24 * HOUR;
    evidence.requests = vec![step(2, 2, PersonAct::ReceiveRequest, received, "")];
    let (report, html) = page(&evidence, Language::En);
    let [request] = report.requests.log.as_slice() else { panic!("one request") };
    assert_eq!((request.due.as_deref(), request.state), (Some("2026-03-10"), RequestState::Open));
    assert_eq!(state(&report, "14"), Provision::Partly, "whose identity nobody verified");
    assert!(
        html.contains("2026-03-10") && html.contains("Not answered yet") && !html.contains("No request is on file")
    );
    let mut refused = step(4, 2, PersonAct::RefuseRequest, DAY + HOUR, "");
    refused.ground = Ground::UnfoundedOrExcessive;
    evidence.requests.extend([step(3, 2, PersonAct::VerifyRequest, received, "By passport"), refused]);
    let (report, html) = page(&evidence, Language::De);
    assert_eq!(
        (state(&report, "14"), state(&report, "15")),
        (Provision::Provided, Provision::NotProvided),
        "no reasons"
    );
    assert!(html.contains("exzessiv") && html.contains("gerichtlichen Rechtsbehelf") && html.contains("By passport"));
    // What was recorded later is not known to this report.
    evidence.requests[0].index = question().size;
    assert!(page(&evidence, Language::En).0.requests.log.is_empty());
}

/// Pages and sheets tell times by the clocks of the legal profile, with how far these are ahead; the JSON stays in UTC.
#[test]
fn times_are_told_in_the_zone_of_the_legal_profile() {
    let mut evidence = with(vec![read(1).done()]);
    let files = |evidence: &Evidence, language| {
        let report = facts(&question(), evidence, &Envelope { language, ..envelope() });
        let rendered = whosaw::report::render(&report, &[Format::Json, Format::Html, Format::Csv]).expect("it renders");
        let csv: String = crate::sheets_read::files(&rendered[2].bytes).into_iter().map(|(_, text)| text).collect();
        let text = |at: usize| String::from_utf8(rendered[at].bytes.clone()).expect("text");
        (text(0), text(1), csv)
    };
    let (json, html, csv) = files(&evidence, Language::En);
    assert!(
        json.contains(r#""zone":"UTC""#) && html.contains("All times UTC.") && html.contains("2026-03-10 08:01:00 UTC"),
        "{html}"
    );
    assert!(csv.contains("2026-03-10T08:01:00.000000Z"), "{csv}");
    evidence.controller = Some(known_registry());
    let (told, html, csv) = files(&evidence, Language::En);
    assert!(told.contains(r#""zone":"Europe/Berlin""#) && told.contains("2026-03-10T08:01:00"), "{told}");
    assert!(!told.contains("+01:00"), "what machines read is UTC");
    assert!(html.contains("2026-03-10 09:01:00 +01:00") && html.contains("All times Europe/Berlin."), "{html}");
    assert!(!html.contains(" UTC"), "{html}");
    assert!(csv.contains("2026-03-10T09:01:00.000000+01:00") && !csv.contains("T08:01:00"), "{csv}");
    let (_, html, _) = files(&evidence, Language::De);
    assert!(html.contains("10.03.2026 09:01:00 +01:00") && html.contains("Alle Zeiten in Europe/Berlin."), "{html}");
}

#[test]
fn absurd_evidence_is_told_and_never_panics() {
    let mut evidence = with(vec![
        read(0)
            .body(|body| {
                body.parts.clear();
                body.actors.clear();
                body.recipients = vec![body::Recipient::default()];
                body.occurred =
                    Some(body::Occurred { earliest_us: u64::MAX, latest_us: 0, source: TimeSource::Gateway });
                body.source = Some(body::Source { skew_us: i64::MIN, ..Default::default() });
            })
            .person(|person| person.roles.clear())
            .done(),
        read(1).body(|body| body.parts[0].count = u32::MAX).rendered_to(u32::MAX).done(),
        read(1).done(),
        read(2)
            .content(|content| {
                *content = ContentPart { action_id: vec![7], same_act_as: vec![vec![]], ..Default::default() }
            })
            .done(),
    ]);
    evidence.observations[0].recorded_at_us = u64::MAX;
    evidence.undetermined = vec![
        Undetermined {
            determination: Determination::Unspecified,
            tool: String::new(),
            doubt: Doubt::Unspecified,
            outcome: Outcome::Unspecified,
            count: u64::MAX,
            first: u64::MAX,
            last: 0,
        };
        2
    ];
    evidence.coverage = vec![covered("", CoverageState::Unspecified, u64::MAX, 1)];
    evidence.downtimes = vec![Downtime { index: 1, from_us: u64::MAX, until_us: 0 }];
    let report = facts(&AccessQuestion { cut_off_us: 0, ..question() }, &evidence, &envelope());
    assert_eq!(report.entries.len(), 3, "one entry is listed once, however often it is found");
    assert!(report.notices.iter().any(|fact| fact.notice == Notice::PartUndescribed));
    assert_eq!(report.entries[0].class, Class::Possible, "what a part does not say is possible");
    let all = [whosaw::report::Format::Json, whosaw::report::Format::Html, whosaw::report::Format::Pdf];
    assert!(whosaw::report::render(&report, &all).is_err(), "numbers beyond 2^53 are refused, not rounded");
    evidence.undetermined.clear();
    let report = facts(&AccessQuestion { cut_off_us: 0, ..question() }, &evidence, &envelope());
    assert_eq!(whosaw::report::render(&report, &all).map(|files| files.len()), Ok(3));
}
