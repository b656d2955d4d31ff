//! Every bad value is refused, and the field that holds it is named.

use super::*;

type Spoil = fn(&mut Action);

/// One spoilt field, and where it is said to be wrong.
fn check(cases: &[(&str, Spoil)]) {
    assert_eq!(refusals(full()), Vec::<String>::new(), "the whole action is fine");
    for (field, spoil) in cases {
        let mut action = full();
        spoil(&mut action);
        let refused = refusals(action);
        assert!(refused.iter().any(|it| it == field), "{field} is not among {refused:?}");
    }
}

fn refusals(action: Action) -> Vec<String> {
    match admit_with(action, &registry()) {
        Ok(_) => Vec::new(),
        Err(violations) => violations.into_iter().map(|violation| violation.field).collect(),
    }
}

#[test]
fn what_is_missing() {
    check(&[
        ("action.action_id", |a| a.action_id.clear()),
        ("action.verb", |a| a.verb.clear()),
        ("action.outcome", |a| a.outcome = Outcome::Unspecified),
        ("action.actors", |a| a.actors.clear()),
        ("action.actors[0].kind", |a| a.actors[0].kind = PartyKind::Unspecified),
        ("action.actors[0].name", |a| a.actors[0].name.clear()),
        ("action.actors[1].identities", |a| a.actors[1].identities.clear()),
        ("action.actors[1].identities[0].namespace", |a| a.actors[1].identities[0].namespace.clear()),
        ("action.actors[1].identities[0].fields", |a| a.actors[1].identities[0].fields.clear()),
        ("action.actors[1].identities[0].fields", |a| a.actors[1].identities[0].fields = vec![String::new(); 2]),
        ("action.actors[1].identities[0].strength", |a| a.actors[1].identities[0].strength = Strength::Unspecified),
        ("action.occurred.source", |a| a.occurred.as_mut().unwrap().source = TimeSource::Unspecified),
        ("action.source.name", |a| a.source.as_mut().unwrap().name.clear()),
        ("action.policy.id", |a| a.policy.as_mut().unwrap().id.clear()),
        ("action.policy.decision", |a| a.policy.as_mut().unwrap().decision = PolicyDecision::Unspecified),
        ("action.approval.result", |a| a.approval.as_mut().unwrap().result = ApprovalResult::Unspecified),
        ("action.recipients[0].kind", |a| a.recipients[0].kind.clear()),
        ("action.recipients[0].party", |a| a.recipients[0].party = PartyKind::Unspecified),
        ("action.recipients[0].name", |a| a.recipients[0].name.clear()),
        ("action.recipients[1].identities", |a| a.recipients[1].identities.clear()),
        ("action.records[0].id", |a| a.records[0].id.clear()),
        ("action.records[0].scope", |a| a.records[0].scope = RecordScope::Unspecified),
        ("action.records_asked.precision", |a| a.records_asked.as_mut().unwrap().precision = Precision::Unspecified),
        ("action.subjects_delivered.precision", |a| {
            a.subjects_delivered.as_mut().unwrap().precision = Precision::Unspecified;
        }),
        ("action.determination", |a| a.determination = Determination::Unspecified),
        ("action.subjects[0].identities", |a| a.subjects[0].identities.clear()),
        ("action.subjects[0].categories[0].direction", |a| {
            a.subjects[0].categories[0].direction = Direction::Unspecified;
        }),
        ("action.subjects[0].categories[1].rendered_to", |a| a.subjects[0].categories[1].rendered_to.clear()),
        ("action.subjects[0].fields[0].direction", |a| a.subjects[0].fields[0].direction = Direction::Unspecified),
        ("action.subjects[0].fields[0].category", |a| a.subjects[0].fields[0].category.clear()),
        ("action.subjects[0].records[0].id", |a| a.subjects[0].records[0].id.clear()),
        ("action.catalogue.version", |a| a.catalogue.as_mut().unwrap().version.clear()),
        ("action.facts[0].kind", |a| a.facts[0].kind = FactKind::Unspecified),
        ("action.facts[0].edge", |a| a.facts[0].edge = Edge::Unspecified),
        ("action.facts[0].identities", |a| a.facts[0].identities.clear()),
        ("action.facts[0].party", |a| a.facts[0].party = PartyKind::Unspecified),
    ]);
}

#[test]
fn what_is_not_in_the_closed_lists() {
    check(&[
        ("action.verb", |a| a.verb = "data.peek".into()),
        ("action.verb", |a| a.verb = "Data.Read".into()),
        ("action.legal_bases[1]", |a| a.legal_bases[1] = "gdpr:6.1.z".into()),
        ("action.legal_bases[1]", |a| a.legal_bases[1].clear()),
        ("action.recipients[0].kind", |a| a.recipients[0].kind = "friend".into()),
        ("action.recipients[0].country", |a| a.recipients[0].country = "us".into()),
        ("action.recipients[0].country", |a| a.recipients[0].country = "UK".into()),
        ("action.recipients[0].country", |a| a.recipients[0].country = "EAEA".into()),
        ("action.recipients[0].country", |a| a.recipients[0].country = "DAE".into()),
        ("action.subjects[0].categories[0].categories[1]", |a| {
            a.subjects[0].categories[0].categories[1] = "gossip".into();
        }),
        ("action.subjects[0].fields[0].category", |a| a.subjects[0].fields[0].category = "gossip".into()),
        ("action.facts[0].rights[1]", |a| a.facts[0].rights[1] = "data.peek".into()),
        ("action.facts[0].categories[0]", |a| a.facts[0].categories[0] = "gossip".into()),
        ("action.doubts[1]", |a| a.doubts[1] = Doubt::Unspecified),
    ]);
}

#[test]
fn absurd_times() {
    const IN_10000: i64 = 253_402_300_800_000_000;
    check(&[
        ("action.occurred.latest", |a| a.occurred.as_mut().unwrap().latest_us = NOW_US - 10),
        ("action.occurred.earliest", |a| a.occurred.as_mut().unwrap().earliest_us = 0),
        ("action.occurred.earliest", |a| a.occurred.as_mut().unwrap().earliest_us = i64::MIN),
        ("action.occurred.earliest", |a| a.occurred.as_mut().unwrap().earliest_us = -1),
        ("action.occurred.latest", |a| a.occurred.as_mut().unwrap().latest_us = IN_10000),
        ("action.occurred.latest", |a| a.occurred.as_mut().unwrap().latest_us = i64::MAX),
        ("action.source.clock", |a| a.source.as_mut().unwrap().clock_us = -1),
        ("action.source.clock", |a| a.source.as_mut().unwrap().clock_us = i64::MAX),
        ("action.source.clock", |a| a.source.as_mut().unwrap().clock_us = i64::MIN),
        ("action.source.skew_us", |a| a.source.as_mut().unwrap().skew_us = i64::MIN),
        ("action.source.skew_us", |a| a.source.as_mut().unwrap().skew_us = 366 * 86_400_000_000 + 1),
        ("action.facts[0].end_earliest", |a| a.facts[0].end_earliest_us = -5),
        ("action.facts[0].end_latest", |a| a.facts[0].end_latest_us = NOW_US),
        ("action.facts[0].end_latest", |a| a.facts[0].end_latest_us = IN_10000),
        ("action.facts[0].end_latest", |a| a.facts[0].end_latest_us = i64::MIN),
        ("action.facts[0].recoverable_until", |a| a.facts[0].recoverable_until_us = i64::MAX),
        ("action.facts[0].recoverable_until", |a| a.facts[0].recoverable_until_us = -1),
    ]);
    let mut edge = full();
    let source = TimeSource::AgentClock;
    edge.occurred = Some(Occurred { earliest_us: 1, latest_us: IN_10000 - 1, source });
    edge.facts[0].end_latest_us = IN_10000 - 1;
    assert_eq!(refusals(edge), Vec::<String>::new(), "a clock may be off by years");
    let mut unknown = full();
    unknown.occurred = Some(Occurred { source: TimeSource::Unknown, ..Occurred::default() });
    assert_eq!(refusals(unknown), Vec::<String>::new(), "not knowing is fine, and said");
}

#[test]
fn control_characters() {
    check(&[
        ("action.conversation", |a| a.conversation.push('\n')),
        ("action.session", |a| a.session.push('\t')),
        ("action.call_id", |a| a.call_id.push('\0')),
        ("action.instruction", |a| a.instruction.push('\u{7f}')),
        ("action.break_glass_reason", |a| a.break_glass_reason.push('\u{85}')),
        ("action.tool", |a| a.tool.push('\u{1b}')),
        ("action.dataset", |a| a.dataset.push('\r')),
        ("action.purpose", |a| a.purpose.push('\u{9f}')),
        ("action.actors[0].name", |a| a.actors[0].name.insert(0, '\u{1}')),
        ("action.actors[0].version", |a| a.actors[0].version.push('\n')),
        ("action.actors[0].model", |a| a.actors[0].model.push('\n')),
        ("action.actors[0].vendor", |a| a.actors[0].vendor.push('\n')),
        ("action.actors[0].region", |a| a.actors[0].region.push('\n')),
        ("action.actors[1].identities[0].namespace", |a| a.actors[1].identities[0].namespace.push('\n')),
        ("action.actors[1].identities[0].fields[0]", |a| a.actors[1].identities[0].fields[0].push('\n')),
        ("action.source.name", |a| a.source.as_mut().unwrap().name.push('\n')),
        ("action.policy.id", |a| a.policy.as_mut().unwrap().id.push('\n')),
        ("action.policy.version", |a| a.policy.as_mut().unwrap().version.push('\n')),
        ("action.approval.reference", |a| a.approval.as_mut().unwrap().reference.push('\n')),
        ("action.protection.key_id", |a| a.protection.as_mut().unwrap().key_id.push('\n')),
        ("action.catalogue.version", |a| a.catalogue.as_mut().unwrap().version.push('\n')),
        ("action.recipients[0].name", |a| a.recipients[0].name.push('\n')),
        ("action.records[0].dataset", |a| a.records[0].dataset.push('\n')),
        ("action.records[0].id", |a| a.records[0].id.push('\n')),
        ("action.subjects[0].kind", |a| a.subjects[0].kind.push('\n')),
        ("action.subjects[0].identities[1].fields[2]", |a| a.subjects[0].identities[1].fields[2].push('\n')),
        ("action.subjects[0].fields[0].pointer", |a| a.subjects[0].fields[0].pointer.push('\n')),
        ("action.subjects[0].records[0].id", |a| a.subjects[0].records[0].id.push('\n')),
        ("action.facts[0].resource", |a| a.facts[0].resource.push('\n')),
        ("action.facts[0].source", |a| a.facts[0].source.push('\n')),
        ("action.facts[0].reference", |a| a.facts[0].reference.push('\n')),
    ]);
}

#[test]
fn what_is_too_long_or_too_many() {
    check(&[
        ("action.conversation", |a| a.conversation = "x".repeat(1_025)),
        ("action.session", |a| a.session = "é".repeat(513)),
        ("action.tool", |a| a.tool = "x".repeat(257)),
        ("action.actors[0].model", |a| a.actors[0].model = "x".repeat(257)),
        ("action.subjects[0].identities[0].fields[0]", |a| a.subjects[0].identities[0].fields[0] = "x".repeat(1_025)),
        ("action.subjects[0].identities[0].fields", |a| {
            a.subjects[0].identities[0].fields = vec!["x".into(); 17];
        }),
        ("action.subjects[0].identities", |a| {
            a.subjects[0].identities = (0..257).map(|i| identity("n", &i.to_string())).collect();
        }),
        ("action.actors", |a| a.actors = vec![a.actors[0].clone(); 257]),
        ("action.recipients", |a| a.recipients = vec![a.recipients[0].clone(); 257]),
        ("action.legal_bases", |a| a.legal_bases = vec!["gdpr:6.1.b".into(); 257]),
        ("action.doubts", |a| a.doubts = vec![Doubt::FreeText; 257]),
        ("action.links.parents", |a| a.links.parents = vec![uuid(9); 257]),
        ("action.facts", |a| a.facts = vec![a.facts[0].clone(); 257]),
        ("action.facts[0].rights", |a| a.facts[0].rights = vec!["data.read".into(); 257]),
        ("action.subjects[0].categories", |a| {
            a.subjects[0].categories = vec![a.subjects[0].categories[0].clone(); 257];
        }),
        ("action.subjects[0].categories[0].categories", |a| {
            a.subjects[0].categories[0].categories = vec!["basic".into(); 257];
        }),
        ("action.subjects[0].categories[1].rendered_to", |a| {
            a.subjects[0].categories[1].rendered_to = vec![Eyes::Actor(0); 600];
        }),
        ("action.arguments", |a| a.arguments = vec![b'x'; (16 << 20) + 1]),
        ("action.result", |a| a.result = vec![b'x'; (16 << 20) + 1]),
        ("action.error", |a| a.error = "x".repeat((16 << 20) + 1)),
        ("action.source.previous_hash", |a| a.source.as_mut().unwrap().previous_hash = vec![1; 65]),
        ("action.agent_signature.claim", |a| a.agent_signature = Some(signature(&[b'x'; 16_385], &uuid(1)))),
        ("action.agent_signature.parts[0].as_sent", |a| {
            a.agent_signature.as_mut().unwrap().parts[0].as_sent = vec![b'x'; 1 << 20];
        }),
        // More than one part holds is said of one person.
        ("action.subjects[0]", |a| {
            let record = a.subjects[0].records[0].clone();
            a.subjects[0].records = vec![Record { id: "x".repeat(1_000), ..record }; 1_200];
        }),
        ("action.actors[1]", |a| {
            let fields = vec!["x".repeat(1_000); 16];
            let wide = |i: usize| Identity { fields: fields.clone(), ..identity(&i.to_string(), "") };
            a.actors[1].identities = (0..100).map(wide).collect();
        }),
    ]);
}

#[test]
fn what_does_not_fit_together() {
    check(&[
        ("action.action_id", |a| a.action_id = vec![1; 15]),
        ("action.action_id", |a| a.action_id = vec![0; 16]),
        ("action.action_id", |a| a.action_id = vec![0xff; 16]),
        ("action.action_id", |a| a.action_id[6] = 0x90),
        ("action.action_id", |a| a.action_id[8] = 0x40),
        ("action.action_id", |a| a.action_id = b"0190d1d0-1111-7222-8333-444455556666".to_vec()),
        ("action.links.parents[0]", |a| a.links.parents[0] = vec![1]),
        ("action.links.caused_by[0]", |a| a.links.caused_by[0].clear()),
        ("action.links.same_act_as[0]", |a| a.links.same_act_as[0] = vec![0; 16]),
        ("action.links.corrects[1]", |a| a.links.corrects.push(vec![0; 17])),
        ("action.links.retracts[0]", |a| a.links.retracts[0] = vec![0; 16]),
        ("action.actors[1].name", |a| a.actors[1].name = "Erika".into()),
        ("action.recipients[1].name", |a| a.recipients[1].name = "Bob".into()),
        ("action.facts[0].name", |a| a.facts[0].name = "Carla".into()),
        ("action.actors[0].identities", |a| a.actors[0].identities = vec![identity("staff", "x")]),
        ("action.recipients[0].identities", |a| {
            a.recipients[0].party = PartyKind::Public;
            a.recipients[0].identities = vec![identity("staff", "x")];
        }),
        ("action.facts[0].identities", |a| a.facts[0].party = PartyKind::Group),
        ("action.actors[1].identities[0].namespace", |a| {
            a.actors[1].identities[0].namespace = "whosaw:conversation".into();
        }),
        ("action.subjects[0].identities[0].namespace", |a| {
            a.subjects[0].identities[0].namespace = "whosaw:ledger".into();
        }),
        ("action.records_delivered.count", |a| {
            a.records_delivered = Some(Quantity { precision: Precision::Unknown, count: 1 });
        }),
        ("action.determination", |a| a.determination = Determination::Nobody),
        ("action.determination", |a| a.determination = Determination::Undetermined),
        ("action.determination", |a| {
            a.subjects.clear();
            a.facts.clear();
        }),
        ("action.subjects[0].categories[0].rendered_to", |a| {
            a.subjects[0].categories[0].rendered_to = vec![Eyes::Actor(0)];
        }),
        ("action.subjects[0].categories[1].rendered_to", |a| {
            a.subjects[0].categories[1].rendered_to = vec![Eyes::Recipient(2)];
        }),
        ("action.subjects[0].categories[1].rendered_to", |a| {
            a.subjects[0].categories[1].rendered_to = vec![Eyes::Actor(u32::MAX)];
        }),
        ("action.facts[0].subjects", |a| a.facts[0].subjects = vec![0, 1]),
        ("action.facts[0].subjects", |a| a.facts[0].subjects = vec![u32::MAX]),
        ("action.catalogue.digest", |a| a.catalogue.as_mut().unwrap().digest = vec![4; 31]),
        ("action.catalogue.digest", |a| a.catalogue.as_mut().unwrap().digest.clear()),
    ]);
}

#[test]
fn an_agents_signature_that_is_not_its_own() {
    check(&[
        ("action.agent_signature.signature", |a| a.agent_signature.as_mut().unwrap().signature[9] ^= 1),
        ("action.agent_signature.signature", |a| a.agent_signature.as_mut().unwrap().signature.truncate(63)),
        ("action.agent_signature.signature", |a| a.agent_signature.as_mut().unwrap().claim.push(b'!')),
        ("action.agent_signature.signature", |a| a.action_id = uuid(2)),
        ("action.agent_signature.signature", |a| {
            a.agent_signature.as_mut().unwrap().parts[0].as_sent.push(b'!');
        }),
        ("action.agent_signature.signature", |a| a.agent_signature.as_mut().unwrap().parts.clear()),
        ("action.agent_signature.parts[0].nonce", |a| a.agent_signature.as_mut().unwrap().parts[0].nonce.truncate(31)),
        ("action.agent_signature.key_id", |a| a.agent_signature.as_mut().unwrap().key_id[0] ^= 1),
        ("action.agent_signature.key_id", |a| a.agent_signature.as_mut().unwrap().key_id.truncate(7)),
        ("action.agent_signature.key_id", |a| a.agent_signature.as_mut().unwrap().key_id.clear()),
        ("action.agent_signature", |a| a.actors[0].name = "agent-without-key".into()),
        ("action.agent_signature", |a| a.actors[0].name = "agent-retired".into()),
        ("action.agent_signature", |a| a.actors.reverse()),
    ]);
}

#[test]
fn nothing_personal_is_repeated_and_not_everything_is_told() {
    let mut action = full();
    action.subjects[0].identities[0].fields[0] = "Mia\nLi".into();
    action.actors[1].name = "Erika".into();
    action.verb = "Mia".into();
    let violations = admit_with(action, &registry()).expect_err("is refused");
    let text = format!("{violations:?}");
    assert!(!text.contains("Mia") && !text.contains("Erika"), "{text}");
    let mut action = full();
    action.records = vec![Record::default(); 100_000];
    let violations = admit_with(action, &registry()).expect_err("is refused");
    assert_eq!(violations.len(), 32);
}

#[test]
fn facts_that_say_nothing() {
    use FactKind::*;
    const NONE: [&str; 0] = [];
    let of = |kind, spoil: fn(&mut Fact)| {
        let mut action = full();
        (action.source, action.protection) = (None, None);
        // A fact with everything that any kind needs, and nothing else.
        let mut fact = Fact {
            kind,
            edge: Edge::Open,
            resource: "customers".into(),
            party: PartyKind::Group,
            name: "engineers".into(),
            categories: vec!["contact".into()],
            subjects: vec![0],
            coverage: CoverageState::Unknown,
            source: "gateway".into(),
            reference: "ref-1".into(),
            ..Fact::default()
        };
        spoil(&mut fact);
        action.facts = vec![fact];
        refusals(action)
    };
    fn nobody(fact: &mut Fact) {
        (fact.party, fact.name) = (PartyKind::Unspecified, String::new());
    }
    fn of_nothing(fact: &mut Fact) {
        (fact.resource, fact.reference) = (String::new(), String::new());
        (fact.categories, fact.subjects) = (Vec::new(), Vec::new());
    }
    fn closes(fact: &mut Fact) {
        let Fact { kind, reference, .. } = std::mem::take(fact);
        *fact = Fact { kind, reference, edge: Edge::Close, ..Fact::default() };
    }
    let all = [
        (Grant, true, true),
        (Membership, true, true),
        (Content, false, true),
        (Holding, true, true),
        (Account, true, false),
        (AccountState, false, false),
        (Coverage, false, false),
        (KeyAccess, true, true),
        (Restriction, false, false),
        (Hold, false, false),
        (SubjectLink, false, false),
        (Loss, false, false),
    ];
    assert_eq!(all.len(), FactKind::ALL.len(), "no kind is forgotten");
    for (kind, needs_party, needs_resource) in all {
        assert_eq!(of(kind, |_| {}), NONE, "{kind:?} with everything");
        let refused =
            |needed: bool, field: &str| if needed { vec![format!("action.facts[0].{field}")] } else { vec![] };
        assert_eq!(of(kind, nobody), refused(needs_party, "party"), "{kind:?} of nobody");
        assert_eq!(of(kind, of_nothing), refused(needs_resource, "resource"), "{kind:?} of nothing");
        let bare = of(kind, |fact| {
            nobody(fact);
            of_nothing(fact);
        });
        assert_eq!(bare.is_empty(), kind == Coverage, "{kind:?} of nobody and nothing: {bare:?}");
        if kind != Coverage {
            assert_eq!(of(kind, closes), NONE, "{kind:?} closed by its reference");
        }
    }
    assert_eq!(of(Coverage, |fact| fact.coverage = CoverageState::Unspecified), ["action.facts[0].coverage"]);
    assert_eq!(of(Coverage, |fact| fact.source.clear()), ["action.facts[0].source"]);
    let ends = |fact: &mut Fact| (fact.edge, fact.coverage) = (Edge::Close, CoverageState::Unspecified);
    assert_eq!(of(Coverage, ends), NONE, "a source that stops need not say what it stops");
    let mut by_action = full();
    by_action.facts[0] =
        Fact { kind: Coverage, edge: Edge::Open, coverage: CoverageState::Complete, ..Fact::default() };
    assert_eq!(refusals(by_action), NONE, "of the action's own source");
}
