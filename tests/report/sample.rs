//! Evidence to report on: small pieces for single cases, one large invented sample, and any number of rows.

use std::collections::BTreeMap;
use whosaw::exposure::authorised;
use whosaw::model::*;
use whosaw::registry::Document;
use whosaw::report::edition::Edition;
use whosaw::report::evidence::*;
use whosaw::report::language::Language;
use whosaw_verifier::body::{self, ActionBody, CategoryUse, LedgerAccessBody, Occurred, PartGroup, ReportBody, Run};
use whosaw_verifier::hash::sha256;
use whosaw_verifier::part::{self, ContentPart, PersonPart, SealedName};

/// 2026-03-10T00:00:00Z.
pub const DAY: u64 = 1_773_100_800_000_000;
pub const SECOND: u64 = 1_000_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;

/// The person stands in part 0, other people in parts 1 and 2.
pub const OTHER: u32 = 2;

pub fn question() -> AccessQuestion {
    let edition = Edition::Lawyer;
    AccessQuestion {
        subject: customer(),
        size: 4_096,
        cut_off_us: DAY + 18 * HOUR,
        supersedes: None,
        edition,
        statements: Statements::default(),
    }
}

pub fn customer() -> Identity {
    identity("customer", &["anna_k_2041"], Strength::Strong)
}

pub fn identity(namespace: &str, fields: &[&str], strength: Strength) -> Identity {
    Identity { namespace: namespace.into(), fields: fields.iter().map(|field| (*field).into()).collect(), strength }
}

pub fn envelope() -> Envelope {
    Envelope {
        report_id: *b"\x01\x9c\xd7\x50\x3a\x00\x70\x01\x80\x00\x00\x00\x00\x00\x00\x01",
        generated_at_us: DAY + 18 * HOUR + 25 * MINUTE,
        generated_by: "privacy-desk".into(),
        reference: "DSAR 2026-0117".into(),
        purpose: "request for access, Art. 15 GDPR".into(),
        language: Language::En,
    }
}

/// A ledger in which nothing is known of the person, and nothing of coverage.
pub fn nothing() -> Evidence {
    let root = sha256(&[b"root"]);
    Evidence {
        head: Head {
            origin: "ledger.example.org/agents".into(),
            verifier_key: "ledger.example.org/agents+5d3c8a01+AQpTVwdPW1TrTkRZGEvQtZ0yPwH3yT0aYhSk5Yp3fHqX".into(),
            size: 4_096,
            root,
            checkpoint: "ledger.example.org/agents\n4096\nZm9yIHRoZSBzYW1wbGUsIG5vdCBhIHJvb3QgYXQgYWxs\n\n— \
                         ledger.example.org/agents XTyKAc2FtcGxlIHNpZ25hdHVyZSBvZiBhIHNhbXBsZSBjaGVja3BvaW50IG9mIGEgc2FtcGxl\n"
                .into(),
            opened_at_us: DAY - 30 * 24 * HOUR,
            recorded_at_us: DAY + 18 * HOUR,
            vault_generation: 7,
            custodian: "key directory".into(),
        },
        identities: vec![customer()],
        observations: Vec::new(),
        possible: Vec::new(),
        undetermined: Vec::new(),
        amendments: Vec::new(),
        removed: Vec::new(),
        kept: Vec::new(),
        coverage: Vec::new(),
        heard: Vec::new(),
        downtimes: Vec::new(),
        ledger_reads: Some(Vec::new()),
        search: Search { searched: true, has_keys: true, parts_tried: 9_120, entries_proved: 0 },
        registry: Registry::default(),
        controller: None,
        profile: whosaw::law::Profile::default(),
        requests: Vec::new(),
        namings: Vec::new(),
        staff_roles: BTreeMap::new(),
        judged: Default::default(),
        history: Default::default(),
        others: Default::default(),
        involved: Vec::new(),
        resource_reports: Vec::new(),
    }
}

/// As if every act were judged to be what it says itself: nothing else is on file of it.
pub fn as_recorded(observations: &[Observation]) -> BTreeMap<u64, JudgedAct> {
    let judged = |observation: &Observation| match &observation.body {
        ObservedBody::Action(body) => {
            Some((observation.index, JudgedAct { authorised: authorised(body), approved: None, in_part: false }))
        }
        ObservedBody::Report(_) => None,
    };
    observations.iter().filter_map(judged).collect()
}

/// A step of the person's request, which was received by entry `request`.
pub fn step(index: u64, request: u64, act: PersonAct, at_us: u64, statement: &str) -> RequestStep {
    RequestStep {
        index,
        recorded_at_us: at_us,
        act,
        ground: Ground::default(),
        at_us,
        request,
        subject: customer(),
        reference: "DSR-2026-12".into(),
        statement: statement.into(),
    }
}

/// One entry about the person: what she says of it is changed by the functions below.
pub struct Sample {
    pub observation: Observation,
}

/// A successful read of customer data by the helpdesk's agent, on behalf of the person, at an agent's clock.
pub fn read(index: u64) -> Sample {
    let at = DAY + 8 * HOUR + index * MINUTE;
    let body = ActionBody {
        verb: Verb::DataRead,
        outcome: Outcome::Succeeded,
        occurred: Some(Occurred { earliest_us: at, latest_us: at, source: TimeSource::Gateway }),
        caller: Some(body::Caller { name: "gateway-eu".into(), assurance: Assurance::MutualTls }),
        actors: vec![agent("helpdesk-assistant"), human(1)],
        source: Some(body::Source { name: "gateway-eu".into(), sequence: index, ..body::Source::default() }),
        tool: "get_customer".into(),
        dataset: "crm/customers".into(),
        purpose: "customer-service".into(),
        legal_bases: vec![LegalBasis::Contract],
        policy: Some(body::Policy { id: "agents-read".into(), version: "4".into(), decision: PolicyDecision::Permit }),
        approval: ApprovalResult::NotRequired,
        parts: vec![PartGroup {
            first: 0,
            count: 1,
            roles: vec![Role::DataSubject, Role::Principal],
            kind: "customer".into(),
            strength: Strength::Strong,
            categories: vec![
                moved(Direction::Argument, &[Category::Identification]),
                moved(Direction::Result, &[Category::Contact, Category::Identification, Category::Payment]),
            ],
            holds_content: true,
            shared_by: Vec::new(),
        }],
        determination: Determination::Listed,
        provenance: Provenance::ToolCall,
        ..ActionBody::default()
    };
    let person = PersonPart {
        roles: vec![Role::DataSubject, Role::Principal],
        kind: "customer".into(),
        identities: vec![part::Identity {
            namespace: "customer".into(),
            fields: vec!["anna_k_2041".into()],
            strength: Strength::Strong,
        }],
        records: Vec::new(),
        fields: vec![
            field("/arguments/customer_id", Category::Identification, Direction::Argument),
            field("/result/name", Category::Identification, Direction::Result),
            field("/result/address", Category::Contact, Direction::Result),
            field("/result/payment_methods", Category::Payment, Direction::Result),
        ],
    };
    Sample {
        observation: Observation {
            index,
            ordinal: 0,
            leaf: sha256(&[b"leaf", &index.to_be_bytes()]),
            recorded_at_us: at + 200_000 + index,
            flags: 0,
            body: ObservedBody::Action(Box::new(body)),
            person: Some(person),
            content: Some(ContentPart {
                action_id: action_id(index),
                call_id: format!("call_{index}"),
                ..ContentPart::default()
            }),
        },
    }
}

pub fn action_id(of: u64) -> Vec<u8> {
    let mut id = sha256(&[b"action", &of.to_be_bytes()])[..16].to_vec();
    (id[6], id[8]) = (0x70 | id[6] & 0x0f, 0x80 | id[8] & 0x3f);
    id
}

pub fn agent(name: &str) -> body::Actor {
    body::Actor {
        kind: PartyKind::Agent,
        name: name.into(),
        model: "m-large-3".into(),
        vendor: "northwind-models".into(),
        ..body::Actor::default()
    }
}

/// One more than the ordinal: 1 is the person of the sample.
pub fn human(part: u32) -> body::Actor {
    body::Actor { kind: PartyKind::Human, part, ..body::Actor::default() }
}

pub fn moved(direction: Direction, categories: &[Category]) -> CategoryUse {
    CategoryUse { direction, categories: categories.to_vec(), rendered_to: Vec::new() }
}

pub fn field(pointer: &str, category: Category, direction: Direction) -> part::FieldUse {
    part::FieldUse { pointer: pointer.into(), category, direction }
}

impl Sample {
    pub fn body(mut self, change: impl FnOnce(&mut ActionBody)) -> Self {
        if let ObservedBody::Action(body) = &mut self.observation.body {
            change(body);
        }
        self
    }

    pub fn person(mut self, change: impl FnOnce(&mut PersonPart)) -> Self {
        change(self.observation.person.get_or_insert_default());
        self
    }

    pub fn content(mut self, change: impl FnOnce(&mut ContentPart)) -> Self {
        change(self.observation.content.get_or_insert_default());
        self
    }

    pub fn outcome(self, outcome: Outcome) -> Self {
        self.body(|body| body.outcome = outcome)
    }

    /// Only these categories moved.
    pub fn moving(self, uses: Vec<CategoryUse>) -> Self {
        let kept: Vec<Direction> = uses.iter().map(|used| used.direction).collect();
        self.body(|body| body.parts[0].categories = uses)
            .person(|person| person.fields.retain(|field| kept.contains(&field.direction)))
    }

    pub fn arguments_only(self) -> Self {
        self.moving(vec![moved(Direction::Argument, &[Category::Contact])])
    }

    pub fn roles(self, roles: &[Role]) -> Self {
        self.body(|body| body.parts[0].roles = roles.to_vec()).person(|person| person.roles = roles.to_vec())
    }

    /// The person has another part in it, and nobody's data are listed.
    pub fn principal_only(self, determination: Determination) -> Self {
        self.roles(&[Role::Principal]).moving(Vec::new()).body(|body| body.determination = determination)
    }

    pub fn at(self, us: u64, source: TimeSource) -> Self {
        let mut sample = self.body(|body| body.occurred = Some(Occurred { earliest_us: us, latest_us: us, source }));
        sample.observation.recorded_at_us = us + 150_000;
        sample
    }

    pub fn rendered_to(self, position: u32) -> Self {
        self.body(|body| {
            body.parts[0].categories.push(CategoryUse {
                direction: Direction::Rendered,
                categories: vec![Category::Contact],
                rendered_to: vec![position],
            });
        })
    }

    pub fn done(self) -> Observation {
        self.observation
    }
}

pub fn with(observations: Vec<Observation>) -> Evidence {
    let mut evidence = nothing();
    evidence.search.entries_proved = observations.len() as u64;
    evidence.judged = as_recorded(&observations);
    evidence.observations = observations;
    evidence
}

/// Registers names as entries would have, before anything else.
pub fn register(evidence: &mut Evidence, kind: RegistryKind, name: &str, attributes: &[(&str, &str)]) {
    register_at(evidence, (0, 0), kind, name, attributes);
}

/// The same by an entry, and when that was recorded.
pub fn register_at(
    evidence: &mut Evidence,
    (index, at_us): (u64, u64),
    kind: RegistryKind,
    name: &str,
    attributes: &[(&str, &str)],
) {
    let (mut registered, mut said) = (Registered::default(), Vec::new());
    for (key, value) in attributes {
        registered.attributes.entry((*key).into()).or_default().push((*value).into());
        said.push(body::Attribute { key: (*key).into(), value: (*value).into() });
    }
    evidence.registry.put(kind, name.into(), registered);
    let record = body::RegistryRecord { kind, name: name.into(), attributes: said, ..Default::default() };
    evidence.history.record(index, at_us, &body::RegistryBody { records: vec![record], ..Default::default() });
}

pub fn covered(source: &str, state: CoverageState, from_us: u64, until_us: u64) -> Coverage {
    let said = (from_us, from_us);
    Coverage { index: 4_000, source: source.into(), state, closes: false, from_us, until_us, refused: 0, said }
}

/// An invented person with a bit of everything that a report has to tell apart.
pub fn everything() -> Evidence {
    let mut observations = Vec::new();
    let mut add = |sample: Sample| observations.push(sample.done());
    let nine = DAY + 9 * HOUR;
    for (n, index) in (0..7).zip([102, 118, 131, 207, 219, 402, 733]) {
        add(read(index).at(nine + n * n * 11 * MINUTE, TimeSource::Gateway).person(|person| {
            person.records = vec![part::Record {
                dataset: "crm/customers".into(),
                id: "CR-88120".into(),
                scope: RecordScope::System,
            }];
        }));
    }
    for (n, index) in (0..3).zip([240, 241, 388]) {
        add(read(index)
            .at(nine + (70 + n * 23) * MINUTE, TimeSource::AgentClock)
            .roles(&[Role::DataSubject])
            .body(|body| body.actors[1] = human(OTHER)));
    }
    add(read(300)
        .at(nine + 3 * HOUR, TimeSource::Gateway)
        .arguments_only()
        .body(|body| {
            body.verb = Verb::DataSearch;
            body.tool = "search_by_email".into();
            body.parts[0].categories = vec![moved(Direction::Argument, &[Category::Contact])];
        })
        .person(|person| person.fields = vec![field("/arguments/email", Category::Contact, Direction::Argument)]));
    add(read(305)
        .at(nine + 3 * HOUR + 4 * MINUTE, TimeSource::Gateway)
        .body(|body| {
            body.verb = Verb::DataSend;
            body.tool = "send_mail".into();
            body.dataset = String::new();
            body.recipients = vec![body::Recipient {
                kind: RecipientKind::Processor,
                party: PartyKind::Organisation,
                name: "postbote-mail".into(),
                country: "US".into(),
                part: 0,
            }];
            body.parts[0].categories = vec![moved(Direction::Argument, &[Category::Contact, Category::Identification])];
        })
        .person(|person| {
            person.fields = vec![
                field("/arguments/to", Category::Contact, Direction::Argument),
                field("/arguments/body", Category::Identification, Direction::Argument),
            ];
        }));
    add(read(310).at(nine + 200 * MINUTE, TimeSource::Gateway).outcome(Outcome::Unknown).body(|body| {
        body.determination = Determination::ListedIncomplete;
        body.doubts = vec![Doubt::OutcomeUnknown];
    }));
    add(read(320)
        .at(nine + 215 * MINUTE, TimeSource::Gateway)
        .outcome(Outcome::Failed)
        .arguments_only()
        .body(|body| {
            body.verb = Verb::DataUpdate;
            body.tool = "change_address".into();
        })
        .content(|content| content.error = "Error: address not found".into()));
    add(read(321).at(nine + 216 * MINUTE, TimeSource::Gateway).outcome(Outcome::Denied).arguments_only().body(
        |body| {
            body.policy =
                Some(body::Policy { id: "agents-read".into(), version: "4".into(), decision: PolicyDecision::Deny });
        },
    ));
    add(read(330).at(nine + 5 * HOUR, TimeSource::Gateway).roles(&[Role::DataSubject]).rendered_to(1).body(|body| {
        body.verb = Verb::DataView;
        body.tool = "show_case".into();
        body.actors[1] = human(OTHER);
        body.recipients = vec![body::Recipient {
            kind: RecipientKind::StaffOnInstruction,
            party: PartyKind::Human,
            part: OTHER,
            ..body::Recipient::default()
        }];
    }));
    add(read(335).at(nine + 5 * HOUR + 9 * MINUTE, TimeSource::Gateway).rendered_to((1 << 16) + 2));
    add(read(340)
        .at(nine + 6 * HOUR, TimeSource::Gateway)
        .roles(&[Role::DataSubject])
        .moving(vec![moved(Direction::Result, &[Category::Health, Category::Identification])])
        .person(|person| person.fields = vec![field("/result/notes", Category::Health, Direction::Result)])
        .content(|content| content.break_glass_reason = "emergency on site".into())
        .body(|body| {
            body.actors = vec![human(OTHER)];
            body.tool = String::new();
            body.dataset = "care/notes".into();
            body.purpose = "emergency".into();
            body.legal_bases = vec![LegalBasis::VitalInterests, LegalBasis::SpecialVital];
            body.break_glass = true;
        }));
    add(read(350).at(nine + 390 * MINUTE, TimeSource::AgentClock).roles(&[Role::DataSubject]).body(|body| {
        body.actors = vec![agent("helpdesk-assistant"), agent("triage-planner"), human(OTHER)];
        body.actors[1].vendor = String::new();
        body.approval = ApprovalResult::Missing;
    }));
    add(read(360)
        .at(nine + 400 * MINUTE, TimeSource::Gateway)
        .body(|body| {
            body.actors = vec![
                body::Actor { kind: PartyKind::Service, name: "billing-sync".into(), ..body::Actor::default() },
                body::Actor { kind: PartyKind::Organisation, ..body::Actor::default() },
            ];
            body.tool = String::new();
            body.dataset = "billing/accounts".into();
            body.purpose = String::new();
            body.legal_bases = Vec::new();
            body.policy = None;
            body.approval = ApprovalResult::Unspecified;
            body.sealed_names = vec![NamedField::ActorName, NamedField::Tool];
            body.protection = Some(body::Protection { encrypted: true, pseudonymised: true, key_id: String::new() });
        })
        .roles(&[Role::DataSubject])
        .content(|content| {
            content.names = vec![
                SealedName { field: NamedField::ActorName, position: 1, value: "Kontor Süd GmbH".into() },
                SealedName { field: NamedField::Tool, position: 0, value: "ledger_pull".into() },
            ];
        }));
    // The same act, told by the gateway and by the agent itself.
    add(read(371)
        .at(nine + 410 * MINUTE, TimeSource::AgentClock)
        .content(|content| content.action_id = action_id(360)));
    // A fast clock: claimed after it was recorded.
    let mut fast = read(380).at(nine + 420 * MINUTE, TimeSource::AgentClock);
    fast.observation.recorded_at_us -= 7 * MINUTE;
    fast.observation.flags = 0x0003;
    add(fast.body(|body| {
        body.source.as_mut().expect("a sample has a source").skew_us = 30 * SECOND as i64;
    }));
    // Replayed conversations: no times, only order.
    for (conversation, indexes) in [("replay-17", [501, 502, 503, 504]), ("replay-18", [511, 512, 513, 514])] {
        for (n, index) in (0..).zip(indexes) {
            let sample = read(index)
                .at(DAY - 400 * 24 * HOUR + n * SECOND, TimeSource::Replay)
                .content(|content| content.conversation = conversation.into())
                .body(|body| body.provenance = Provenance::Import);
            let mut sample = match n {
                1 => sample.arguments_only(),
                2 => sample.principal_only(Determination::Undetermined).body(|body| {
                    (body.verb, body.tool, body.dataset) = (Verb::ToolCall, "think".into(), String::new());
                    body.doubts = vec![Doubt::ToolNotInCatalogue];
                }),
                _ => sample,
            };
            sample.observation.recorded_at_us = DAY + 12 * HOUR + index;
            add(sample);
        }
    }
    add(read(600)
        .body(|body| body.occurred = None)
        .content(|content| content.retracts = vec![action_id(118)])
        .moving(Vec::new())
        .body(|body| {
            (body.verb, body.tool, body.dataset) = (Verb::EventRetract, String::new(), String::new());
        }));
    let mut closed = read(610).at(nine + 480 * MINUTE, TimeSource::Gateway).body(|body| {
        (body.tool, body.sealed_names) = (String::new(), vec![NamedField::Tool]);
    });
    closed.observation.content = None;
    add(closed);
    observations.push(Observation {
        index: 700,
        ordinal: 0,
        leaf: sha256(&[b"leaf", &700u64.to_be_bytes()]),
        recorded_at_us: DAY + 16 * HOUR,
        flags: 0,
        body: ObservedBody::Report(ReportBody {
            report_type: ReportType::Access,
            report_id: b"\x01\x9c\xd7\x50\x3a\x00\x70\x01\x80\x00\x00\x00\x00\x00\x00\x00".to_vec(),
            size: 690,
            root: vec![0; 32],
            caller: Some(body::Caller { name: String::new(), assurance: Assurance::Token }),
            cut_off_us: DAY + 15 * HOUR,
            parts: Vec::new(),
            generation: 7,
        }),
        person: None,
        content: Some(ContentPart {
            names: vec![SealedName { field: NamedField::CallerName, position: 0, value: "m.weber".into() }],
            ..ContentPart::default()
        }),
    });
    observations.sort_by_key(|observation| observation.index);
    let mut evidence = with(observations);
    let weak =
        |index: u64| read(index).roles(&[Role::DataSubject]).body(|body| body.parts[0].strength = Strength::Weak);
    evidence.possible = vec![weak(411).done(), weak(412).outcome(Outcome::Denied).done()];
    evidence.search.entries_proved = evidence.observations.len() as u64 + 2;
    evidence.identities = vec![
        customer(),
        identity("email", &["anna.k@example.org"], Strength::Strong),
        identity("person", &["Anna", "Kowalska", "1988-03-14"], Strength::Weak),
    ];
    let undetermined = |determination, tool: &str, doubt, outcome, count, first, last| Undetermined {
        determination,
        tool: tool.into(),
        doubt,
        outcome,
        count,
        first,
        last,
    };
    evidence.undetermined = vec![
        undetermined(
            Determination::Undetermined,
            "think",
            Doubt::ToolNotInCatalogue,
            Outcome::Succeeded,
            140,
            12,
            3_980,
        ),
        undetermined(
            Determination::ListedIncomplete,
            "hand_over",
            Doubt::FreeText,
            Outcome::Succeeded,
            1_012,
            40,
            4_001,
        ),
        undetermined(Determination::Undetermined, "", Doubt::ResultNotParsed, Outcome::Failed, 3, 900, 1_204),
    ];
    evidence.coverage = vec![
        covered("gateway-eu", CoverageState::Complete, DAY - 30 * 24 * HOUR, DAY + 9 * HOUR + 40 * MINUTE),
        covered("gateway-eu", CoverageState::Down, DAY + 9 * HOUR + 40 * MINUTE, DAY + 10 * HOUR + 10 * MINUTE),
        covered("gateway-eu", CoverageState::Complete, DAY + 10 * HOUR + 10 * MINUTE, 0),
        covered("gateway-us", CoverageState::Heartbeat, DAY + 9 * HOUR, DAY + 9 * HOUR),
        Coverage {
            refused: 17,
            ..covered("gateway-us", CoverageState::Refused, DAY + 11 * HOUR, DAY + 11 * HOUR + MINUTE)
        },
    ];
    evidence.downtimes =
        vec![Downtime { index: 2_000, from_us: DAY + 13 * HOUR, until_us: DAY + 13 * HOUR + 42 * SECOND }];
    evidence.ledger_reads = Some(vec![LedgerRead {
        index: 3_100,
        recorded_at_us: DAY + 17 * HOUR,
        body: LedgerAccessBody {
            caller: Some(body::Caller { name: "auditor".into(), assurance: Assurance::MutualTls }),
            verb: Verb::DataExport,
            first_index: 0,
            count: 3_000,
            parts: Vec::new(),
        },
    }]);
    evidence.kept = vec![KeptApart { by: 3_300, parts: 4 }, KeptApart { by: 3_700, parts: 1 }];
    register(&mut evidence, RegistryKind::Agent, "helpdesk-assistant", &[("vendor", "northwind-models")]);
    register(&mut evidence, RegistryKind::Agent, "triage-planner", &[("vendor", "northwind-models")]);
    register(&mut evidence, RegistryKind::Agent, "billing-sync", &[]);
    register(&mut evidence, RegistryKind::Party, "northwind-models", &[("country", "US")]);
    register(&mut evidence, RegistryKind::Party, "crm-host", &[("country", "IE")]);
    register(&mut evidence, RegistryKind::Tool, "get_customer", &[("operator", "crm-host")]);
    register(&mut evidence, RegistryKind::Tool, "send_mail", &[]);
    register(&mut evidence, RegistryKind::Source, "gateway-eu", &[]);
    register(&mut evidence, RegistryKind::Source, "gateway-us", &[]);
    let known = known_registry();
    evidence.history.file(known.entry, 0, &known.document);
    evidence.controller = Some(known);
    evidence.requests = vec![
        step(3_800, 3_800, PersonAct::ReceiveRequest, DAY - 28 * 24 * HOUR + 9 * HOUR, ""),
        step(
            3_801,
            3_800,
            PersonAct::VerifyRequest,
            DAY - 27 * 24 * HOUR + 9 * HOUR,
            "By the code in the customer app.",
        ),
        step(
            3_802,
            3_800,
            PersonAct::ExtendRequest,
            DAY - 2 * 24 * HOUR,
            "Records of three systems have to be put together.",
        ),
    ];
    evidence
}

/// The registry of the invented controller, as this repository shows it to people.
pub fn known_registry() -> KnownRegistry {
    let document = Document::parse(include_str!("../../reports/registry/example.toml")).expect("a good one");
    KnownRegistry { entry: 77, document }
}

/// So many entries, from a few thousand different lines' worth of tools.
pub fn rows(count: u64) -> Evidence {
    let observations = (0..count).map(|n| {
        let tool = ["get_customer", "search_orders", "send_mail", "change_address"][(n % 4) as usize];
        let sample = read(n + 10).at(DAY + n * 7 * SECOND, TimeSource::Gateway).body(|body| {
            body.tool = tool.into();
            body.actors[0] = agent(if n % 7 == 0 { "triage-planner" } else { "helpdesk-assistant" });
        });
        let sample = sample.person(|person| {
            person.records = vec![part::Record {
                dataset: "shop/orders".into(),
                id: format!("W{:07}", n * 7_919 % 10_000_000),
                scope: RecordScope::System,
            }];
        });
        match n % 11 {
            3 => sample.outcome(Outcome::Failed).done(),
            5 => sample.arguments_only().done(),
            _ => sample.done(),
        }
    });
    let mut evidence = with(observations.collect());
    evidence.head.size = count + 100;
    evidence
}

/// A part that the person shares with others, and nothing else of her in the entry.
pub fn shared(index: u64) -> Observation {
    let mut sample = read(index).body(|body| {
        body.parts = vec![PartGroup {
            first: 0,
            count: 1,
            roles: vec![Role::Content],
            holds_content: true,
            shared_by: vec![Run { first: 1, count: 2 }],
            ..PartGroup::default()
        }];
    });
    sample.observation.person = None;
    sample.done()
}
