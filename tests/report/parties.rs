//! Who acted, who received, and by what authority: whom a report names, and whom it must not.

use crate::cases::{of, range, report};
use crate::sample::*;
use std::collections::BTreeMap;
use whosaw::exposure::Authorised;
use whosaw::exposure::calculus::fact::Approved;
use whosaw::model::*;
use whosaw::registry::{self, Document};
use whosaw::report::access::document::*;
use whosaw::report::evidence::*;
use whosaw::report::exposure::document::Approval;
use whosaw::report::{AccessReport, Format};
use whosaw_verifier::body;
use whosaw_verifier::part::SealedName;

#[test]
fn another_human_is_a_number_and_agents_have_names() {
    let sample = |index| {
        read(index)
            .roles(&[Role::DataSubject])
            .body(|body| body.actors = vec![agent("a"), agent("planner"), human(OTHER)])
    };
    let report = of(vec![sample(1), sample(2)]);
    let parties = |entry: &Entry| entry.actors.iter().map(|actor| actor.party.clone()).collect::<Vec<_>>();
    assert_eq!(parties(&report.entries[0])[2], Party::OtherPerson { number: Some(PersonNumber(1)) });
    assert_eq!(parties(&report.entries[1])[2], Party::OtherPerson { number: Some(PersonNumber(2)) });
    assert_eq!(report.principals[0].persons, range(1, 2), "two numbers may be one person");
    let planner = &report.agents[1];
    assert_eq!((planner.acted.all(), planner.delegated.processed), (0, 2));
    assert_eq!(report.totals.processed_by.agents.parties, range(1, 1));
}

#[test]
fn sealed_names_are_marked_as_unregistered() {
    let unregistered = read(1)
        .body(|body| {
            body.actors[0].name = String::new();
            body.tool = String::new();
            body.sealed_names = vec![NamedField::ActorName, NamedField::Tool];
        })
        .content(|content| {
            content.names = vec![
                SealedName { field: NamedField::ActorName, position: 0, value: "shadow-agent".into() },
                SealedName { field: NamedField::Tool, position: 0, value: "shadow-tool".into() },
            ];
        });
    let report = of(vec![unregistered]);
    assert_eq!(report.lines[0].tool, Some(Name::Unregistered("shadow-tool".into())));
    let expected = Name::Unregistered("shadow-agent".into());
    assert!(matches!(&report.agents[0].agent, Party::Named { name, .. } if *name == expected));
    let mut closed = read(2).body(|body| {
        body.tool = String::new();
        body.sealed_names = vec![NamedField::Tool];
    });
    closed.observation.content = None;
    let report = of(vec![closed]);
    assert_eq!(report.lines[0].tool, Some(Name::Closed));
    assert!(report.notices.iter().any(|fact| fact.notice == Notice::ContentClosed));
}

#[test]
fn authority_is_one_of_four() {
    let with = |change: fn(&mut body::ActionBody)| of(vec![read(1).body(change)]).lines[0].authorisation;
    assert_eq!(with(|_| {}), Some(Authorisation::Authorised));
    assert_eq!(with(|body| body.approval = ApprovalResult::Expired), Some(Authorisation::Unauthorised));
    assert_eq!(with(|body| body.approval = ApprovalResult::Claimed), Some(Authorisation::NotAssessed));
    assert_eq!(with(|body| body.policy = None), Some(Authorisation::NotAssessed));
    assert_eq!(with(|body| body.break_glass = true), Some(Authorisation::Exceptional));
    assert_eq!(
        with(|body| body.policy.as_mut().expect("it has one").decision = PolicyDecision::Deny),
        Some(Authorisation::Unauthorised)
    );
    assert_eq!(with(|body| body.outcome = Outcome::Denied), None, "an attempt that failed is no access");
    let twice = of(vec![
        read(1),
        read(2)
            .body(|body| body.approval = ApprovalResult::Missing)
            .content(|content| content.action_id = action_id(1)),
    ]);
    assert_eq!(twice.lines[0].authorisation, Some(Authorisation::Unauthorised), "authorised must hold for all of it");
}

#[test]
fn what_nobody_judged_is_never_told_as_authorised() {
    let mut evidence = with(vec![read(1).done(), read(2).done()]);
    evidence.judged.clear();
    let told = |evidence: &Evidence| -> Vec<_> {
        report(evidence).entries.iter().map(|entry| (entry.authorisation, entry.approved)).collect()
    };
    let (not_assessed, nothing) = (Some(Authorisation::NotAssessed), None);
    assert_eq!(told(&evidence), [(not_assessed, nothing); 2]);
    let expired = JudgedAct { authorised: Authorised::No, approved: Some(Approved::Expired), in_part: false };
    evidence.judged.insert(1, expired);
    let unauthorised = (Some(Authorisation::Unauthorised), Some(Approval::Expired));
    assert_eq!(told(&evidence), [unauthorised, (not_assessed, nothing)], "whatever it says itself");
    let in_part = |evidence: &Evidence| {
        let notices = report(evidence).notices;
        notices.into_iter().find(|fact| fact.notice == Notice::JudgedInPart).map(|fact| fact.count)
    };
    assert_eq!(in_part(&evidence), None);
    evidence.judged.insert(2, JudgedAct { authorised: Authorised::NotAssessed, approved: None, in_part: true });
    assert_eq!(in_part(&evidence), Some(1));
}

/// C-579/21 leaves staff out of the recipients only where they act on instruction.
#[test]
fn whoever_got_data_without_authority_is_a_recipient_without_a_name() {
    let by_human = |index| read(index).body(|body| body.actors = vec![human(OTHER)]);
    let for_human = read(3).body(|body| body.actors = vec![agent("helpdesk-assistant"), human(OTHER)]);
    let mut evidence = with(vec![by_human(1).done(), by_human(2).done(), for_human.done()]);
    let of_field = |report: &AccessReport, field: &str| {
        report.completeness.fields.iter().find(|fact| fact.field == field).expect("it is asked").provision
    };
    let before = report(&evidence);
    let without = |report: &AccessReport| -> Vec<RecipientFact> {
        let found = report.recipients.iter().filter(|fact| fact.basis == RecipientBasis::WithoutAuthority);
        found.cloned().collect()
    };
    assert_eq!((without(&before), of_field(&before, "4a")), (Vec::new(), Provision::NotApplicable));
    for index in [2, 3] {
        evidence.judged.insert(index, JudgedAct { authorised: Authorised::No, approved: None, in_part: false });
    }
    evidence.others = BTreeMap::from([((1, OTHER - 1), 0), ((2, OTHER - 1), 0), ((3, OTHER - 1), 0)]);
    let now = report(&evidence);
    let found = without(&now);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].acts, found[0].recipient_in_law),
        (range(1, 2), true),
        "for whom an agent acted perhaps got it"
    );
    assert_eq!(found[0].party, Party::OtherPerson { number: Some(PersonNumber(1)) });
    assert_eq!(of_field(&now, "4a"), Provision::NotProvided, "somebody must say why no name is given");
    evidence.namings = vec![Naming {
        taken_back: None,
        index: 9,
        rows: vec![(1, OTHER - 1), (2, OTHER - 1), (3, OTHER - 1)],
        staff: vec![identity("employee", &["dana.rao"], Strength::Strong)],
        erased_by: None,
        by: vec![identity("employee", &["4711"], Strength::Strong)],
        reasons: "To sue.".into(),
        interest: "Acted outside instructions.".into(),
    }];
    assert_eq!(of_field(&report(&evidence), "4a"), Provision::NotApplicable, "a decision names them");
}

#[test]
fn one_human_has_one_number_in_a_report() {
    let by_human = |index| read(index).body(|body| body.actors = vec![human(OTHER)]);
    let mut evidence = with(vec![by_human(1).done(), by_human(2).done(), by_human(3).done()]);
    let told = |evidence: &Evidence| {
        let report = report(evidence);
        let of = |entry: &Entry| match entry.actors[0].party {
            Party::OtherPerson { number: Some(PersonNumber(number)) } => number,
            _ => 0,
        };
        (
            report.entries.iter().map(of).collect::<Vec<_>>(),
            report.principals[0].persons,
            report.totals.processed_by.humans.parties,
        )
    };
    assert_eq!(told(&evidence), (vec![1, 2, 3], range(1, 3), range(1, 3)), "nothing says who is who");
    evidence.others = BTreeMap::from([((1, OTHER - 1), 7), ((2, OTHER - 1), 8), ((3, OTHER - 1), 7)]);
    assert_eq!(told(&evidence), (vec![1, 2, 1], range(1, 2), range(1, 2)));
    let naming = Naming {
        taken_back: None,
        index: 9,
        rows: vec![(1, OTHER - 1), (3, OTHER - 1)],
        staff: vec![identity("employee", &["dana.rao"], Strength::Strong)],
        erased_by: None,
        by: Vec::new(),
        reasons: String::new(),
        interest: String::new(),
    };
    evidence.namings = vec![naming.clone()];
    let staff = report(&evidence).staff;
    assert_eq!(staff.len(), 1, "named once");
    assert_eq!((staff[0].number, staff[0].entry), (PersonNumber(1), EntryIndex(1)));
    // A decision on one entry alone must not name them in the others by a number.
    evidence.namings = vec![Naming { rows: vec![(3, OTHER - 1)], ..naming }];
    assert_eq!(told(&evidence).0, [1, 2, 3]);
    assert_eq!(report(&evidence).staff[0].number, PersonNumber(3));
}

#[test]
fn what_the_registry_says_later_changes_nobody_who_was_given_data() {
    let early = read(1);
    let at = early.observation.recorded_at_us;
    let no_vendor = |body: &mut body::ActionBody| body.actors[0].vendor.clear();
    let mut evidence = with(vec![early.body(no_vendor).done(), read(500).body(no_vendor).done()]);
    let later = (200, at + HOUR);
    for (by, vendor, host) in [((0, 0), "modelco", "crm-host"), (later, "newco", "other-host")] {
        register_at(&mut evidence, by, RegistryKind::Agent, "helpdesk-assistant", &[("vendor", vendor)]);
        register_at(&mut evidence, by, RegistryKind::Tool, "get_customer", &[("operator", host)]);
    }
    for (party, country) in [("modelco", "US"), ("newco", "CN"), ("crm-host", "IE"), ("other-host", "IN")] {
        register(&mut evidence, RegistryKind::Party, party, &[("country", country)]);
    }
    register_at(&mut evidence, later, RegistryKind::Party, "crm-host", &[("country", "BR")]);
    let modelco = registry::Party { name: "modelco".into(), role: "processor".into(), ..Default::default() };
    let document = Document { parties: vec![modelco], ..Document::default() };
    evidence.history.file(90, at, &document);
    let told = report(&evidence);
    let found = |basis: RecipientBasis| -> Vec<(String, String, &str, Range)> {
        let of = |fact: &RecipientFact| match &fact.party {
            Party::Named { name, .. } => {
                let (name, country) = (name.text().unwrap_or_default(), fact.country.clone().unwrap_or_default());
                (name.to_owned(), country, fact.kind.text(), fact.acts)
            }
            _ => Default::default(),
        };
        told.recipients.iter().filter(|fact| fact.basis == basis).map(of).collect()
    };
    let text = |name: &str, country: &str, role, acts| (name.to_owned(), country.to_owned(), role, acts);
    let mut vendors = found(RecipientBasis::ModelVendor);
    vendors.sort_by(|one, other| one.0.cmp(&other.0));
    let undetermined = "undetermined";
    assert_eq!(
        vendors,
        [text("modelco", "US", "processor", range(1, 1)), text("newco", "CN", undetermined, range(1, 1))]
    );
    let hosts = found(RecipientBasis::ToolOperator);
    assert_eq!(
        hosts,
        [text("crm-host", "IE", undetermined, range(1, 1)), text("other-host", "IN", undetermined, range(1, 1))]
    );
    let ran: Vec<_> = told.tools.iter().map(|tool| (tool.operator.clone(), tool.country.clone())).collect();
    let host = |name: &str, country: &str| (Some(Name::Registered(name.into())), Some(country.to_owned()));
    assert_eq!(ran, [host("crm-host", "IE"), host("other-host", "IN")]);
    let vendors: Vec<_> = told.agents[0].vendors.iter().filter_map(Name::text).collect();
    assert_eq!(vendors, ["modelco", "newco"]);
}

/// However many ways led to it; and where country, role and safeguard were registered only after the acts, since when.
#[test]
fn one_organisation_is_one_row_that_says_since_when_more_is_known_of_it() {
    let ran_by = |name: &'static str| {
        move |body: &mut body::ActionBody| {
            body.actors = vec![agent(name)];
            body.actors[0].vendor = "modelco".into();
            body.tool.clear();
        }
    };
    let mut evidence =
        with(vec![read(1).body(ran_by("helpdesk-assistant")).done(), read(2).body(ran_by("triage-planner")).done()]);
    let at = evidence.observations[0].recorded_at_us;
    register_at(&mut evidence, (0, 0), RegistryKind::Party, "modelco", &[]);
    let of_modelco = |report: &AccessReport| -> Vec<RecipientFact> {
        let is_it =
            |fact: &&RecipientFact| matches!(&fact.party, Party::Named { name, .. } if name.text() == Some("modelco"));
        report.recipients.iter().filter(is_it).cloned().collect()
    };
    let rows = of_modelco(&report(&evidence));
    let [before] = rows.as_slice() else { panic!("one row: {rows:?}") };
    assert_eq!((&before.country, before.kind.text(), &before.since), (&None, "undetermined", &None));
    assert_eq!((before.acts, before.further.len()), (range(2, 2), 1), "of both agents");
    register_at(&mut evidence, (90, at + HOUR), RegistryKind::Party, "modelco", &[("country", "US")]);
    let party = registry::Party {
        name: "modelco".into(),
        role: "processor".into(),
        country: Some("US".into()),
        safeguard: Some("gdpr:46.2.c".into()),
        ..Default::default()
    };
    let document = Document { parties: vec![party], ..Document::default() };
    evidence.history.file(90, at + HOUR, &document);
    evidence.controller = Some(KnownRegistry { document, ..known_registry() });
    let told = report(&evidence);
    let rows = of_modelco(&told);
    let [now] = rows.as_slice() else { panic!("one row: {rows:?}") };
    assert_eq!((now.country.as_deref(), now.kind.text()), (Some("US"), "processor"));
    assert_eq!(now.since.as_ref().map(|since| since.entry), Some(EntryIndex(90)), "and no act says where it was then");
    let transfer = now.transfer.as_ref().expect("to another country");
    assert!(
        transfer.safeguard.is_some() && transfer.since.is_some(),
        "{transfer:?}: what allowed it then, nobody says"
    );
    let of_transfers = told.completeness.fields.iter().find(|fact| fact.field == "10").expect("it is asked").provision;
    assert_ne!(of_transfers, Provision::Provided);
    let page = whosaw::report::render(&told, &[Format::Html]).expect("a page").remove(0).bytes;
    assert!(String::from_utf8(page).expect("text").contains("in the registry only since"));
}

#[test]
fn recipients_are_named_inferred_and_graded() {
    let mut evidence = with(vec![
        read(1)
            .body(|body| {
                body.recipients = vec![
                    body::Recipient {
                        kind: RecipientKind::Processor,
                        party: PartyKind::Organisation,
                        name: "mailer".into(),
                        country: "US".into(),
                        part: 0,
                    },
                    body::Recipient {
                        kind: RecipientKind::StaffOnInstruction,
                        party: PartyKind::Human,
                        part: OTHER,
                        ..Default::default()
                    },
                ];
                body.protection = Some(body::Protection { pseudonymised: true, ..Default::default() });
            })
            .done(),
        read(2).outcome(Outcome::Denied).done(),
    ]);
    register(&mut evidence, RegistryKind::Tool, "get_customer", &[("operator", "crm-host")]);
    register(&mut evidence, RegistryKind::Party, "crm-host", &[("country", "IE")]);
    let report = report(&evidence);
    let find = |basis: RecipientBasis, kind: RecipientKind| {
        report.recipients.iter().find(|fact| fact.basis == basis && fact.kind.0 == kind).expect("it is a recipient")
    };
    let mailer = find(RecipientBasis::Recorded, RecipientKind::Processor);
    assert_eq!((mailer.country.as_deref(), mailer.acts, mailer.pseudonymised), (Some("US"), range(1, 1), 1));
    assert!(!find(RecipientBasis::Recorded, RecipientKind::StaffOnInstruction).recipient_in_law);
    let host = find(RecipientBasis::ToolOperator, RecipientKind::Undetermined);
    assert_eq!((host.country.as_deref(), host.acts), (Some("IE"), range(2, 2)), "arguments of the denied call too");
    let vendor = find(RecipientBasis::ModelVendor, RecipientKind::Undetermined);
    assert_eq!(vendor.acts, range(2, 2), "what stands in an agent's context reaches its model");
}

#[test]
fn who_is_responsible_is_told_from_the_registry_of_the_reports_size() {
    let mut evidence = with(vec![read(1).done()]);
    let missing = report(&evidence).completeness.not_provided;
    evidence.controller = Some(known_registry());
    let told = report(&evidence);
    let state = |report: &AccessReport, field: &str| {
        report.completeness.fields.iter().find(|fact| fact.field == field).expect("it is asked").provision
    };
    let facts = &told.header.controller;
    let registry = facts.registry.as_ref().expect("in force");
    assert_eq!((registry.version.as_str(), registry.entry), ("registry-1", EntryIndex(77)));
    assert_eq!(facts.controller.as_ref().and_then(|it| it.name.as_deref()), Some("Meridian Travel GmbH"));
    assert_eq!(facts.dpo.as_ref().and_then(|it| it.name.as_deref()), Some("Dr. Ada Beispiel"));
    assert_eq!(facts.joint_controllers.len(), 1);
    assert_eq!(facts.legal_profile.as_ref().map(|it| it.snapshot.as_str()), Some("2026-11-24"));
    for field in ["H.controller", "H.dpo", "H.authority", "H.profile", "H.registry"] {
        assert_eq!(state(&told, field), Provision::Provided, "{field}");
    }
    for field in ["2.declared", "3.declared", "4.will", "5", "6", "7", "8", "10"] {
        assert_ne!(state(&told, field), Provision::NotProvided, "{field}: the example declares it");
    }
    assert_eq!(told.completeness.not_provided, missing - 13);
    let page = |report: &AccessReport| {
        let rendered = whosaw::report::render(report, &[Format::Html]).expect("a page");
        String::from_utf8(rendered[0].bytes.clone()).expect("text")
    };
    let html = page(&told);
    for words in
        ["10115 Berlin", "dpo@meridian.example", "Meridian Loyalty S.A.", "version registry-1, in force since entry 77"]
    {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("the controller must complete this"));

    // An officer whom nobody can reach is not what the law asks for.
    let document = &mut evidence.controller.as_mut().expect("known").document;
    document.dpo.as_mut().expect("an officer").contact = None;
    document.authority = None;
    let told = report(&evidence);
    assert_eq!((state(&told, "H.dpo"), state(&told, "7")), (Provision::Partly, Provision::Partly));
    let html = page(&told);
    assert!(
        html.contains("contact NOT PROVIDED") && html.contains(">NOT PROVIDED – the controller must complete this")
    );
}

/// Case 36: by number, and by name where a decision on file gives it.
#[test]
fn another_human_has_no_name_but_by_a_recorded_decision() {
    let by_human = || read(1).body(|body| body.actors = vec![human(OTHER)]);
    let mut evidence = with(vec![by_human().done()]);
    let page = |evidence: &Evidence| {
        let report = report(evidence);
        let rendered = whosaw::report::render(&report, &[Format::Html]).expect("a page");
        (report, String::from_utf8(rendered[0].bytes.clone()).expect("text"))
    };
    let state = |report: &AccessReport| {
        report.completeness.fields.iter().find(|fact| fact.field == "12a").expect("it is asked").provision
    };
    let (report, html) = page(&evidence);
    assert!(html.contains("another person #1") && !html.contains("dana.rao") && report.staff.is_empty());
    assert_eq!(state(&report), Provision::NotProvided);
    let naming = Naming {
        index: 9,
        rows: vec![(1, OTHER - 1), (2, 0)],
        staff: vec![identity("employee", &["dana.rao"], Strength::Strong)],
        erased_by: None,
        by: vec![identity("employee", &["4711"], Strength::Strong)],
        reasons: "To sue.".into(),
        interest: "Acted outside instructions.".into(),
        taken_back: None,
    };
    evidence.namings = vec![naming.clone()];
    let (report, html) = page(&evidence);
    assert_eq!((report.staff.len(), state(&report)), (1, Provision::Provided));
    assert!(html.contains("dana.rao (named by decision, entry 9)"), "{html}");
    evidence.namings = vec![Naming { staff: Vec::new(), erased_by: Some(77), ..naming.clone() }];
    let (_, html) = page(&evidence);
    assert!(html.contains("another person #1 (identity erased, entry 77)") && !html.contains("dana.rao"), "{html}");
    evidence.namings = vec![Naming { index: question().size, ..naming }];
    assert!(page(&evidence).0.staff.is_empty(), "not known at this size");
}

/// Nobody may be surprised by who had their data: sub-processors of whoever is declared or got data, and joint controllers, are
/// named beside them.
#[test]
fn whoever_may_be_given_data_by_contract_is_named() {
    let mut evidence = with(vec![read(1).done()]);
    evidence.controller = Some(known_registry());
    let report = whosaw::report::facts(&question(), &evidence, &envelope());
    let by_contract = |report: &AccessReport| {
        let facts = report.declared.by_contract.iter();
        facts.map(|fact| (fact.name.clone(), fact.kind.0, fact.works_for.clone())).collect::<Vec<_>>()
    };
    let joint = ("Meridian Loyalty S.A.".to_owned(), RecipientKind::JointController, None);
    let under = |of: &str| ("northwind-hosting".to_owned(), RecipientKind::SubProcessor, Some(of.to_owned()));
    assert_eq!(by_contract(&report), [joint.clone(), under("northwind-models")]);
    let page = whosaw::report::render(&report, &[Format::Html]).expect("a page").remove(0).bytes;
    assert!(String::from_utf8_lossy(&page).contains("works for northwind-models"));
    // Declared for nothing: it still works for whoever got data.
    evidence.controller.as_mut().expect("it is there").document.activities.clear();
    let report = whosaw::report::facts(&question(), &evidence, &envelope());
    assert_eq!(by_contract(&report), [joint.clone(), under("northwind-models")]);
    // And where nobody got any, it works for nobody of whom this report tells.
    let evidence = Evidence { controller: evidence.controller, ..nothing() };
    let report = whosaw::report::facts(&question(), &evidence, &envelope());
    assert_eq!(by_contract(&report), [joint]);
}

/// C-154/21: who got the data is told by name, also in the sentence that most people read alone.
#[test]
fn the_answer_names_every_recipient_in_law_or_says_that_there_are_more() {
    let mut evidence = with(vec![read(1).done(), read(2).body(|body| body.actors = vec![human(OTHER)]).done()]);
    evidence.judged.insert(2, JudgedAct { authorised: Authorised::No, approved: None, in_part: false });
    register(&mut evidence, RegistryKind::Tool, "get_customer", &[("operator", "crm-host")]);
    register(&mut evidence, RegistryKind::Party, "crm-host", &[("country", "IE")]);
    register(&mut evidence, RegistryKind::Party, "northwind-models", &[("country", "US")]);
    let told = report(&evidence);
    let text = &told.answer.text;
    assert_eq!(told.totals.disclosed, range(2, 2), "an act that reached several counts once");
    for name in ["crm-host", "northwind-models (US)", "another person #1"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(!text.contains("crm-host ("), "within the EEA: {text}");
    // More than a sentence holds are counted in it.
    evidence.observations[0] = read(1)
        .body(|body| {
            let one = |n: u64| body::Recipient {
                kind: RecipientKind::Processor,
                party: PartyKind::Organisation,
                name: format!("mailer-{n}"),
                ..Default::default()
            };
            body.recipients = (1..=12).map(one).collect();
        })
        .done();
    let told = report(&evidence);
    let all = told.recipients.iter().filter(|fact| fact.is_told()).count();
    let text = &told.answer.text;
    assert!(text.contains(&format!("and {} further recipients (see “", all - 7)), "{all}: {text}");
}
