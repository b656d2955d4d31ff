//! What an act moved, and to whom: deliveries that were none, addressees that were not reached, humans who only may have
//! looked.

use crate::sample::*;
use whosaw::model::*;
use whosaw::report::access::document::*;
use whosaw::report::code::Code;
use whosaw::report::evidence::*;
use whosaw::report::{AccessReport, facts};
use whosaw_verifier::body::{self, PartGroup, Quantity};

/// Everything is said to have been logged, so that only the acts themselves can weaken a negative.
fn complete(samples: Vec<Sample>) -> AccessReport {
    let mut evidence = with(samples.into_iter().map(Sample::done).collect());
    register(&mut evidence, RegistryKind::Source, "gateway-eu", &[]);
    evidence.coverage = vec![covered("gateway-eu", CoverageState::Complete, 0, 0)];
    let report = facts(&question(), &evidence, &envelope());
    assert_eq!(report.answer.beyond, Verdict::NoneComplete);
    report
}

fn recipient(party: PartyKind, kind: RecipientKind, name: &str) -> body::Recipient {
    let part = if party == PartyKind::Human { OTHER } else { 0 };
    body::Recipient { party, kind, part, name: name.into(), ..Default::default() }
}

fn sent(index: u64, verb: Verb, to: body::Recipient) -> Sample {
    read(index).arguments_only().body(|body| {
        body.verb = verb;
        body.recipients = vec![to];
    })
}

fn range(low: u64, high: u64) -> Range {
    Range { low, high }
}

fn exactly(count: u64) -> Option<Quantity> {
    Some(Quantity { precision: Precision::Exact, count })
}

#[test]
fn an_agents_deletion_or_end_of_context_delivers_nothing() {
    for verb in [Verb::DataDelete, Verb::ContextClose, Verb::MemoryErase] {
        let report = complete(vec![read(1).moving(Vec::new()).body(|body| {
            body.verb = verb;
            body.tool = String::new();
        })]);
        assert_eq!(report.totals.processed, range(0, 0), "{verb:?}");
        assert_eq!(report.entries[0].class, Class::OtherPart);
        assert_eq!(report.answer.verdict, Verdict::NoneComplete);
    }
    let stated = read(1).body(|body| body.verb = Verb::DataDelete);
    assert_eq!(complete(vec![stated]).totals.processed, range(1, 1), "unless it says that it did");
}

#[test]
fn a_search_that_found_nothing_processed_nothing_but_was_told_the_name() {
    let nothing = |uses| {
        read(1).moving(uses).body(|body| {
            body.verb = Verb::DataSearch;
            (body.subjects_delivered, body.records_delivered) = (exactly(0), exactly(0));
        })
    };
    let report = complete(vec![nothing(Vec::new())]);
    assert_eq!((report.totals.processed, report.totals.into_tools), (range(0, 0), range(0, 1)));
    let asked = vec![moved(Direction::Argument, &[Category::Basic]), moved(Direction::Result, &[Category::Contact])];
    let report = complete(vec![nothing(asked)]);
    assert_eq!((report.totals.processed, report.totals.into_tools), (range(0, 0), range(1, 1)));
}

#[test]
fn where_one_of_two_was_delivered_it_may_be_either() {
    let two = |delivered: Option<Quantity>, outcome| {
        read(1).outcome(outcome).body(|body| {
            body.parts[0].count = 2;
            body.subjects_delivered = delivered;
        })
    };
    for (delivered, outcome, processed) in [
        (exactly(1), Outcome::Partial, range(0, 1)),
        (exactly(1), Outcome::Succeeded, range(0, 1)),
        (exactly(2), Outcome::Partial, range(1, 1)),
        (None, Outcome::Partial, range(0, 1)),
        (None, Outcome::Succeeded, range(1, 1)),
    ] {
        assert_eq!(
            complete(vec![two(delivered.clone(), outcome)]).totals.processed,
            processed,
            "{delivered:?} {outcome:?}"
        );
    }
    let alone = read(1).outcome(Outcome::Partial);
    assert_eq!(complete(vec![alone]).totals.processed, range(1, 1), "part of one person's data is that person's");
}

#[test]
fn a_human_who_downloads_is_not_shown_but_may_have_looked() {
    for verb in [Verb::DataDownload, Verb::DataCopy, Verb::DataSend, Verb::DataDelete] {
        let report = complete(vec![read(1).body(|body| {
            body.verb = verb;
            body.actors = vec![human(OTHER)];
        })]);
        let totals = &report.totals;
        assert_eq!((totals.shown_to_humans, totals.read_by_humans), (range(0, 0), range(0, 0)), "{verb:?}");
        assert_eq!((totals.processed, totals.given_to_humans), (range(1, 1), range(1, 1)));
        assert_eq!((report.answer.verdict, report.answer.humans), (Verdict::Accessed, Verdict::NotDeterminable));
        assert_eq!(
            report.answer.text,
            "Access by an agent to data of this person: no access recorded; logging complete; access by a human: not \
             determinable; a human was given data of this person 1 time, such as by a download or a copy, and whether they looked is not recorded."
        );
    }
    let viewed = complete(vec![read(1).body(|body| (body.verb, body.actors) = (Verb::DataView, vec![human(OTHER)]))]);
    assert_eq!((viewed.totals.shown_to_humans, viewed.totals.given_to_humans), (range(1, 1), range(0, 0)));
}

#[test]
fn the_addressee_of_a_send_that_failed_was_given_nothing() {
    let mail = || recipient(PartyKind::Organisation, RecipientKind::ThirdParty, "partner.example");
    for (outcome, expected) in [
        (Outcome::Succeeded, Some(range(1, 1))),
        (Outcome::Unknown, Some(range(0, 1))),
        (Outcome::Denied, None),
        (Outcome::Failed, None),
    ] {
        let mut evidence = with(vec![sent(1, Verb::DataSend, mail()).outcome(outcome).done()]);
        register(&mut evidence, RegistryKind::Tool, "get_customer", &[("operator", "crm-host")]);
        let report = facts(&question(), &evidence, &envelope());
        let of = |basis| report.recipients.iter().find(|fact| fact.basis == basis).map(|fact| fact.acts);
        assert_eq!(of(RecipientBasis::Recorded), expected, "{outcome:?}");
        assert_eq!(of(RecipientBasis::ToolOperator), Some(range(1, 1)), "arguments go to whoever runs the tool");
        assert_eq!(report.answer.text.contains("disclosed to partner.example"), expected.is_some());
    }
}

#[test]
fn who_may_have_looked_is_never_told_as_nobody() {
    let public = recipient(PartyKind::Public, RecipientKind::ThirdParty, "");
    let group = recipient(PartyKind::Group, RecipientKind::StaffOnInstruction, "engineering");
    let stranger = recipient(PartyKind::Organisation, RecipientKind::UnauthorisedPerson, "somebody.example");
    let person = recipient(PartyKind::Human, RecipientKind::UnauthorisedPerson, "");
    let viewed_by = |kind: PartyKind| {
        read(1).body(|body| {
            body.verb = Verb::DataView;
            body.actors = vec![body::Actor { kind, name: "on-call".into(), ..Default::default() }];
        })
    };
    for (sample, named) in [
        (sent(1, Verb::DataPublish, public), "; data were disclosed to the public and northwind-models."),
        (sent(1, Verb::DataShare, group), "; data were disclosed to engineering and northwind-models."),
        (sent(1, Verb::DataSend, stranger), "; data were disclosed to somebody.example and northwind-models."),
        (sent(1, Verb::DataSend, person), "; data were disclosed to another person and northwind-models."),
        (viewed_by(PartyKind::Group), ""),
        (viewed_by(PartyKind::Service), ""),
    ] {
        let report = complete(vec![sample]);
        assert_eq!(report.answer.humans, Verdict::NotDeterminable, "{named}");
        assert_eq!(report.totals.shown_to_humans, range(0, 1));
        assert!(report.answer.text.ends_with(named), "{}", report.answer.text);
    }
    let processor = recipient(PartyKind::Organisation, RecipientKind::Processor, "mailer.example");
    assert_eq!(complete(vec![sent(1, Verb::DataSend, processor)]).answer.humans, Verdict::NoneComplete);
}

#[test]
fn an_error_text_may_tell_of_the_person() {
    let report = complete(vec![
        read(1)
            .outcome(Outcome::Failed)
            .moving(vec![moved(Direction::Result, &[Category::Contact])])
            .content(|content| content.error = "Anna K of 7 Lime Street is blocked".into()),
    ]);
    assert_eq!((report.totals.processed, report.totals.error_texts), (range(0, 0), 1));
    assert_eq!(report.answer.verdict, Verdict::NotDeterminable);
    assert_eq!(
        report.answer.text,
        "Access to data of this person: not determinable; only attempts that were denied or failed are recorded (1)."
    );
}

#[test]
fn undetermined_arguments_were_given_whatever_the_outcome() {
    for outcome in [Outcome::Denied, Outcome::Failed] {
        let mut evidence = nothing();
        register(&mut evidence, RegistryKind::Source, "gateway-eu", &[]);
        evidence.coverage = vec![covered("gateway-eu", CoverageState::Complete, 0, 0)];
        evidence.undetermined = vec![Undetermined {
            determination: Determination::Undetermined,
            tool: "mail".into(),
            doubt: Doubt::FreeText,
            outcome,
            count: 1,
            first: 1,
            last: 1,
        }];
        let report = facts(&question(), &evidence, &envelope());
        assert_eq!((report.coverage.sentence, report.undetermined.delivered), (Verdict::NotDeterminable, 0));
    }
}

#[test]
fn a_notice_or_a_question_to_an_approver_tells_its_recipients() {
    for (verb, to) in [
        (Verb::NotifyAuthority, recipient(PartyKind::Organisation, RecipientKind::PublicAuthority, "dpa.example")),
        (Verb::ApprovalRequest, recipient(PartyKind::Organisation, RecipientKind::Processor, "dpa.example")),
    ] {
        let report = complete(vec![read(1).moving(Vec::new()).body(|body| {
            (body.verb, body.tool) = (verb, String::new());
            body.recipients = vec![to];
        })]);
        let told = report.recipients.iter().find(|fact| fact.basis == RecipientBasis::Recorded).expect("by name");
        assert_eq!((told.acts, told.categories_unstated), (range(1, 1), 1), "any category is possible");
        assert_eq!(report.answer.verdict, Verdict::Accessed);
        assert!(
            report.answer.text.contains("; data were disclosed to dpa.example; data may have been disclosed to "),
            "{}",
            report.answer.text
        );
        let denied = complete(vec![read(1).outcome(Outcome::Denied).moving(Vec::new()).body(|body| {
            body.verb = verb;
            body.recipients = vec![recipient(PartyKind::Organisation, RecipientKind::Processor, "dpa.example")];
        })]);
        assert!(denied.recipients.iter().all(|fact| fact.basis != RecipientBasis::Recorded));
    }
}

#[test]
fn nobody_with_persons_delivered_is_not_nobody() {
    let said = |determination, provenance, delivered, listed: u32| {
        let body = body::ActionBody {
            determination,
            provenance,
            subjects_delivered: delivered,
            parts: vec![PartGroup { count: listed, roles: vec![Role::DataSubject], ..Default::default() }],
            ..Default::default()
        };
        whosaw::model::determination(&body)
    };
    use Determination::*;
    let unknown = Some(Quantity { precision: Precision::Unknown, count: 0 });
    for (stated, provenance, delivered, listed, meant) in [
        (Nobody, Provenance::Described, exactly(0), 0, Nobody),
        (Nobody, Provenance::Described, None, 0, Nobody),
        (Nobody, Provenance::Described, exactly(3), 0, Undetermined),
        (Nobody, Provenance::Described, unknown, 0, Undetermined),
        (Listed, Provenance::Described, exactly(2), 2, Listed),
        (Listed, Provenance::Described, exactly(3), 2, ListedIncomplete),
        // A tool call is read place by place, and one person may stand in two.
        (Listed, Provenance::ToolCall, exactly(3), 2, Listed),
        (Undetermined, Provenance::Described, exactly(0), 0, Undetermined),
    ] {
        assert_eq!(said(stated, provenance, delivered.clone(), listed), meant, "{stated:?} {delivered:?} of {listed}");
    }
    let report =
        complete(vec![read(1).principal_only(Determination::Nobody).body(|body| body.subjects_delivered = exactly(1))]);
    assert_eq!(report.totals.other_parts_undetermined, 1);
}

fn acted_by(kind: PartyKind, name: &str) -> Sample {
    let actor = body::Actor { kind, name: name.into(), ..Default::default() };
    read(1).body(|body| body.actors = vec![actor])
}

fn provision(report: &AccessReport, field: &str) -> Provision {
    report.completeness.fields.iter().find(|fact| fact.field == field).expect("it is asked for").provision
}

/// What an organisation read itself, or had an agent read, left the house as if it had been sent there.
#[test]
fn an_organisation_that_acted_is_a_recipient_by_name() {
    let told = |sample: Sample| -> (AccessReport, Vec<(RecipientBasis, Party, Range)>) {
        let report = complete(vec![sample]);
        let by = |fact: &&RecipientFact| matches!(fact.basis, RecipientBasis::Acted | RecipientBasis::WithoutAuthority);
        let found =
            report.recipients.iter().filter(by).map(|fact| (fact.basis, fact.party.clone(), fact.acts)).collect();
        (report, found)
    };
    let named = |kind, name: &str| Party::Named { kind: Code(kind), name: Name::Registered(name.into()) };
    let police = named(PartyKind::Organisation, "police-berlin");
    let (report, found) = told(acted_by(PartyKind::Organisation, "police-berlin"));
    assert_eq!(found, [(RecipientBasis::Acted, police.clone(), range(1, 1))]);
    assert!(report.answer.text.contains("data were disclosed to police-berlin"), "{}", report.answer.text);
    let agent_for_it = read(1).body(|body| {
        let whole = body::Actor { kind: PartyKind::Organisation, name: "police-berlin".into(), ..Default::default() };
        body.actors = vec![agent("foreign-bot"), whole];
    });
    let (report, found) = told(agent_for_it);
    assert_eq!(found, [(RecipientBasis::Acted, police, range(0, 1))], "it may have got what was done for it");
    assert!(report.answer.text.contains("data may have been disclosed to police-berlin"), "{}", report.answer.text);
    let (_, found) = told(acted_by(PartyKind::Group, "night-shift"));
    assert_eq!(found, [], "a group that may is of the house");
    let denied =
        |sample: Sample| sample.body(|body| body.policy.as_mut().expect("one").decision = PolicyDecision::Deny);
    let (report, found) = told(denied(acted_by(PartyKind::Group, "night-shift")));
    assert_eq!(found, [(RecipientBasis::WithoutAuthority, named(PartyKind::Group, "night-shift"), range(1, 1))]);
    assert_eq!(provision(&report, "4.given"), Provision::Partly, "nobody says who runs the tool");
    let (report, found) = told(denied(acted_by(PartyKind::Public, "")));
    assert_eq!(found, [(RecipientBasis::WithoutAuthority, Party::Public, range(1, 1))]);
    assert_eq!((provision(&report, "4.given"), provision(&report, "4a")), (Provision::Partly, Provision::NotProvided));
}

#[test]
fn what_a_human_was_shown_of_unstated_categories_is_counted_as_shown() {
    let report = complete(vec![read(1).moving(Vec::new()).body(|body| body.actors = vec![human(OTHER)])]);
    assert_eq!(report.totals.shown_to_humans, range(1, 1));
    let unstated = report.unstated.expect("an act names no category");
    assert_eq!((unstated.received, unstated.shown_to_humans), (range(1, 1), range(1, 1)));
}

/// A declared transfer to somebody else makes none of this one lawful.
#[test]
fn a_recipient_outside_the_eea_without_a_safeguard_is_not_provided() {
    let with_safeguard = |known: Option<&str>| {
        let mut evidence = with(vec![
            sent(1, Verb::DataSend, recipient(PartyKind::Organisation, RecipientKind::Processor, "acme-corp")).done(),
        ]);
        register(&mut evidence, RegistryKind::Party, "acme-corp", &[("country", "CN")]);
        let mut known_registry = known_registry();
        known_registry.document.parties.push(whosaw::registry::Party {
            name: "acme-corp".into(),
            role: "processor".into(),
            safeguard: known.map(str::to_owned),
            ..Default::default()
        });
        evidence.controller = Some(known_registry);
        facts(&question(), &evidence, &envelope())
    };
    let of = |report: &AccessReport| {
        report.recipients.iter().find_map(|fact| fact.transfer.clone()).expect("it is one").safeguard
    };
    let without = with_safeguard(None);
    assert_eq!((of(&without), provision(&without, "10")), (None, Provision::Partly), "another transfer is declared");
    let known = with_safeguard(Some("gdpr:46.2.c"));
    assert_eq!(of(&known).map(|code| code.text().to_owned()), Some("gdpr:46.2.c".to_owned()));
    assert_eq!(provision(&known, "10"), Provision::Provided);
}

/// Months run from the last act of the purpose; what is declared for other purposes is no period of this one.
#[test]
fn a_declared_period_comes_to_a_day_where_acts_are_on_record() {
    let mut evidence = with(vec![read(1).done()]);
    evidence.controller = Some(known_registry());
    let report = facts(&question(), &evidence, &envelope());
    assert_eq!(report.declared.activities[0].until.as_deref(), Some("2028-03-10"));
    // An import months later makes nothing kept longer: the act counts, and of what claims no time its recording.
    let mut late = read(1).done();
    late.recorded_at_us += 90 * 24 * HOUR;
    evidence.observations[0] = late.clone();
    let until = |evidence: &Evidence| facts(&question(), evidence, &envelope()).declared.activities[0].until.clone();
    assert_eq!(until(&evidence).as_deref(), Some("2028-03-10"));
    if let ObservedBody::Action(body) = &mut late.body {
        body.occurred = None;
    }
    evidence.observations[0] = late;
    assert_eq!(until(&evidence).as_deref(), Some("2028-06-08"));
    evidence.observations[0] = read(1).body(|body| body.purpose = "marketing".into()).done();
    let report = facts(&question(), &evidence, &envelope());
    assert_eq!(report.declared.activities[0].until, None);
    assert_eq!(provision(&report, "5"), Provision::Partly);
}
