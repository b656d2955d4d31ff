//! What must not be recorded: for each way in which a request can be wrong, the code, the fields that are named, and that
//! nothing was written. What a caller sent is never repeated in what it is told, because it may name a person.

use crate::common::records::*;
use crate::common::*;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use whosaw::rpc::v1::*;

/// Stands in every wrong text, and must not come back.
const PRIVATE: &str = "Zyxwvut";
const YEAR_10000: i64 = 253_402_300_800;

/// Holds one wrong request against what is to be said of it, on each way in.
async fn check(client: &Client, name: &str, record: Record, fields: &[&str]) {
    let size = client.size().await;
    let status = client.append(record.clone()).await.expect_err(name);
    refused(name, &status, fields);
    // The same at its place in a batch, among good ones that must not be written either.
    let records = vec![plain().record(), about("anna").record(), record.clone(), plain().record()];
    let status = client.batch(records).await.expect_err(name);
    let of_batch: Vec<String> = fields.iter().map(|field| format!("records[2].{field}")).collect();
    refused(name, &status, &of_batch.iter().map(String::as_str).collect::<Vec<_>>());
    let head = AppendRequest { ledger: String::new(), record: Some(record) };
    let status = client.large(vec![append_large_request::Piece::Head(head)]).await.expect_err(name);
    refused(name, &status, fields);
    assert_eq!(client.size().await, size, "{name}: something was written");
}

fn refused(name: &str, status: &Status, fields: &[&str]) {
    assert_eq!(
        (status.code(), wrong_fields(status)),
        (Code::InvalidArgument, fields.iter().map(|f| (*f).to_owned()).collect()),
        "{name}: {status:?}"
    );
    let told = format!("{} {:?}", status.message(), status.get_details_bad_request());
    assert!(!told.contains(PRIVATE), "{name}: a value came back: {told}");
    let violations = status.get_details_bad_request().expect("violations").field_violations;
    assert!(violations.iter().all(|violation| !violation.description.is_empty()), "{name}");
}

fn control() -> String {
    format!("{PRIVATE}\u{7}")
}

fn long(bytes: usize) -> String {
    PRIVATE.repeat(bytes / PRIVATE.len() + 1)[..bytes].to_owned()
}

type Change = fn(&mut Action);

/// The action is a good one about one customer until it is changed; fields are below `action.`.
const ACTIONS: &[(&str, Change, &[&str])] = &[
    ("no id", |a| a.action_id.clear(), &["action_id"]),
    ("an id that is no UUID", |a| a.action_id = PRIVATE.into(), &["action_id"]),
    ("the nil UUID", |a| a.action_id = "00000000-0000-0000-0000-000000000000".into(), &["action_id"]),
    ("no verb", |a| a.verb.clear(), &["verb"]),
    ("an unknown verb", |a| a.verb = PRIVATE.into(), &["verb"]),
    ("no outcome", |a| a.outcome = 0, &["outcome"]),
    ("an unknown outcome", |a| a.outcome = 99, &["outcome"]),
    ("a negative outcome", |a| a.outcome = -1, &["outcome"]),
    ("nobody acted", |a| a.actors.clear(), &["actors"]),
    ("too many actors", |a| a.actors = vec![agent("a"); 257], &["actors"]),
    ("an actor of no kind", |a| a.actors[0].kind = 0, &["actors[0].kind"]),
    ("an actor of an unknown kind", |a| a.actors[0].kind = 77, &["actors[0].kind"]),
    ("an agent without a name", |a| a.actors[0].name.clear(), &["actors[0].name"]),
    ("a control character in a name", |a| a.actors[0].name = control(), &["actors[0].name"]),
    ("a name too long", |a| a.actors[0].name = long(257), &["actors[0].name"]),
    ("an agent with identities", |a| a.actors[0].identities = vec![strong("staff", "7")], &["actors[0].identities"]),
    (
        "a human with a name",
        |a| a.actors.push(Actor { name: PRIVATE.into(), ..human(strong("staff", "7")) }),
        &["actors[1].name"],
    ),
    (
        "a human without identities",
        |a| a.actors.push(Actor { identities: vec![], ..human(strong("x", "y")) }),
        &["actors[1].identities"],
    ),
    ("a control character in a version", |a| a.actors[0].version = control(), &["actors[0].version"]),
    ("a control character in a model", |a| a.actors[0].model = control(), &["actors[0].model"]),
    ("a control character in a vendor", |a| a.actors[0].vendor = control(), &["actors[0].vendor"]),
    ("a control character in a region", |a| a.actors[0].region = control(), &["actors[0].region"]),
    (
        "an end before the start",
        |a| a.occurred = occurred(time(1_700_000_010), time(1_700_000_000)),
        &["occurred.latest"],
    ),
    ("a start without an end", |a| a.occurred = occurred(time(1_700_000_000), None), &["occurred.latest"]),
    ("an end without a start", |a| a.occurred = occurred(None, time(1_700_000_000)), &["occurred.earliest"]),
    ("long before our era", |a| a.occurred = occurred(time(i64::MIN), time(1_700_000_000)), &["occurred.earliest"]),
    (
        "the year 10000",
        |a| a.occurred = occurred(time(YEAR_10000), time(YEAR_10000)),
        &["occurred.earliest", "occurred.latest"],
    ),
    (
        "two seconds of nanoseconds",
        |a| {
            a.occurred = occurred(
                Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 2_000_000_000 }),
                time(1_700_000_001),
            )
        },
        &["occurred.earliest"],
    ),
    (
        "a time by nobody's clock",
        |a| {
            a.occurred =
                Some(Occurred { source: 0, ..occurred(time(1_700_000_000), time(1_700_000_000)).unwrap_or_default() })
        },
        &["occurred.source"],
    ),
    ("no times and nobody's clock", |a| a.occurred = Some(Occurred::default()), &["occurred.earliest"]),
    ("a control character in a conversation", |a| a.conversation = control(), &["conversation"]),
    ("a conversation too long", |a| a.conversation = long(1_025), &["conversation"]),
    ("a control character in a session", |a| a.session = control(), &["session"]),
    ("a control character in a call id", |a| a.call_id = control(), &["call_id"]),
    ("a control character in an instruction", |a| a.instruction = control(), &["instruction"]),
    ("a control character in a reason", |a| a.break_glass_reason = control(), &["break_glass_reason"]),
    ("a tool too long", |a| a.tool = long(257), &["tool"]),
    ("a control character in a dataset", |a| a.dataset = control(), &["dataset"]),
    ("a control character in a purpose", |a| a.purpose = control(), &["purpose"]),
    ("an unknown legal basis", |a| a.legal_bases = vec!["gdpr:6.1.b".into(), PRIVATE.into()], &["legal_bases[1]"]),
    ("a source without a name", |a| a.source = Some(Source::default()), &["source.name"]),
    (
        "a previous hash too long",
        |a| a.source = Some(Source { name: "s".into(), previous_hash: vec![1; 65], ..Default::default() }),
        &["source.previous_hash"],
    ),
    (
        "a source's clock in the year 10000",
        |a| a.source = Some(Source { name: "s".into(), clock: time(YEAR_10000), ..Default::default() }),
        &["source.clock"],
    ),
    ("a policy of nothing", |a| a.policy = Some(Policy::default()), &["policy.id", "policy.decision"]),
    (
        "an unknown decision",
        |a| a.policy = Some(Policy { id: "p".into(), decision: 9, ..Default::default() }),
        &["policy.decision"],
    ),
    (
        "an approval without result",
        |a| a.approval = Some(Approval { reference: "r".into(), result: 0 }),
        &["approval.result"],
    ),
    (
        "a control character in an approval",
        |a| a.approval = Some(Approval { reference: control(), result: 1 }),
        &["approval.reference"],
    ),
    (
        "a parent that is no UUID",
        |a| a.links = Some(Links { parents: vec![new_id(), PRIVATE.into()], ..Default::default() }),
        &["links.parents[1]"],
    ),
    (
        "an empty cause",
        |a| a.links = Some(Links { caused_by: vec![String::new()], ..Default::default() }),
        &["links.caused_by[0]"],
    ),
    (
        "too many corrections",
        |a| a.links = Some(Links { corrects: vec![new_id(); 257], ..Default::default() }),
        &["links.corrects"],
    ),
    (
        "an unknown kind of recipient",
        |a| a.recipients = vec![Recipient { kind: PRIVATE.into(), ..recipient() }],
        &["recipients[0].kind"],
    ),
    (
        "a recipient of no party",
        |a| a.recipients = vec![recipient(), Recipient { party: 0, ..recipient() }],
        &["recipients[1].party"],
    ),
    (
        "a country in small letters",
        |a| a.recipients = vec![Recipient { country: "de".into(), ..recipient() }],
        &["recipients[0].country"],
    ),
    (
        "a country that is none",
        |a| a.recipients = vec![Recipient { country: "ZZ".into(), ..recipient() }],
        &["recipients[0].country"],
    ),
    ("a record without an id", |a| a.records = vec![DataRecord { scope: 1, ..Default::default() }], &["records[0].id"]),
    (
        "a record without a scope",
        |a| a.records = vec![DataRecord { id: "1".into(), ..Default::default() }],
        &["records[0].scope"],
    ),
    (
        "a number of no precision",
        |a| a.records_asked = Some(Quantity { precision: 0, count: 3 }),
        &["records_asked.precision"],
    ),
    (
        "an unknown number",
        |a| a.subjects_delivered = Some(Quantity { precision: 3, count: 3 }),
        &["subjects_delivered.count"],
    ),
    ("no word on whose data", |a| a.determination = 0, &["determination"]),
    ("nobody's data, of somebody", |a| a.determination = Determination::Nobody as i32, &["determination"]),
    ("listed, but nobody is", |a| a.subjects.clear(), &["determination"]),
    ("a subject without identities", |a| a.subjects[0].identities.clear(), &["subjects[0].identities"]),
    (
        "an identity without a namespace",
        |a| a.subjects[0].identities[0].namespace.clear(),
        &["subjects[0].identities[0].namespace"],
    ),
    (
        "a reserved namespace",
        |a| a.subjects[0].identities[0].namespace = "whosaw:conversation".into(),
        &["subjects[0].identities[0].namespace"],
    ),
    (
        "an identity without fields",
        |a| a.subjects[0].identities[0].fields.clear(),
        &["subjects[0].identities[0].fields"],
    ),
    (
        "an identity of empty fields",
        |a| a.subjects[0].identities[0].fields = vec![String::new(); 2],
        &["subjects[0].identities[0].fields"],
    ),
    (
        "seventeen fields",
        |a| a.subjects[0].identities[0].fields = vec!["x".into(); 17],
        &["subjects[0].identities[0].fields"],
    ),
    (
        "a control character in a field",
        |a| a.subjects[0].identities[0].fields.push(control()),
        &["subjects[0].identities[0].fields[1]"],
    ),
    (
        "an identity of no strength",
        |a| a.subjects[0].identities[0].strength = 0,
        &["subjects[0].identities[0].strength"],
    ),
    ("a control character in a kind", |a| a.subjects[0].kind = control(), &["subjects[0].kind"]),
    (
        "categories of no direction",
        |a| a.subjects[0].categories[0].direction = 0,
        &["subjects[0].categories[0].direction"],
    ),
    (
        "an unknown category",
        |a| a.subjects[0].categories[0].categories.push(PRIVATE.into()),
        &["subjects[0].categories[0].categories[1]"],
    ),
    ("rendered to nobody", |a| a.subjects[0].categories[0].direction = 3, &["subjects[0].categories[0].rendered_to"]),
    (
        "seen, but not rendered",
        |a| a.subjects[0].categories[0].rendered_to = vec![eyes(eyes::Party::Actor(0))],
        &["subjects[0].categories[0].rendered_to"],
    ),
    (
        "rendered to no recipient there is",
        |a| rendered(a, eyes(eyes::Party::Recipient(0))),
        &["subjects[0].categories[0].rendered_to"],
    ),
    (
        "rendered to no actor there is",
        |a| rendered(a, eyes(eyes::Party::Actor(1))),
        &["subjects[0].categories[0].rendered_to"],
    ),
    ("rendered to nothing", |a| rendered(a, Eyes::default()), &["subjects[0].categories[0].rendered_to[0]"]),
    (
        "a field of no category",
        |a| a.subjects[0].fields = vec![FieldUse { direction: 1, ..Default::default() }],
        &["subjects[0].fields[0].category"],
    ),
    (
        "a field of no direction",
        |a| a.subjects[0].fields = vec![FieldUse { category: "contact".into(), ..Default::default() }],
        &["subjects[0].fields[0].direction"],
    ),
    (
        "a subject's record without an id",
        |a| a.subjects[0].records = vec![DataRecord { scope: 1, ..Default::default() }],
        &["subjects[0].records[0].id"],
    ),
    ("an unknown doubt", |a| a.doubts = vec![99], &["doubts[0]"]),
    (
        "a control character in a key id",
        |a| a.protection = Some(Protection { key_id: control(), ..Default::default() }),
        &["protection.key_id"],
    ),
    (
        "a catalogue of nothing",
        |a| a.catalogue = Some(CatalogueRef::default()),
        &["catalogue.version", "catalogue.digest"],
    ),
    ("a fact of nothing", |a| a.facts = vec![Fact::default()], &["facts[0].kind", "facts[0].edge"]),
    ("a fact's party without a kind", |a| a.facts = vec![Fact { party: 0, ..fact() }], &["facts[0].party"]),
    (
        "a grant of nothing to nobody",
        |a| a.facts = vec![Fact { resource: String::new(), party: 0, name: String::new(), ..fact() }],
        &["facts[0].party", "facts[0].resource"],
    ),
    (
        "a coverage of nobody knows what",
        |a| a.facts = vec![Fact { kind: FactKind::Coverage as i32, edge: 1, ..Default::default() }],
        &["facts[0].source", "facts[0].coverage"],
    ),
    (
        "a fact's right to nothing known",
        |a| a.facts = vec![Fact { rights: vec![PRIVATE.into()], ..fact() }],
        &["facts[0].rights[0]"],
    ),
    (
        "a fact's unknown category",
        |a| a.facts = vec![fact(), Fact { categories: vec![PRIVATE.into()], ..fact() }],
        &["facts[1].categories[0]"],
    ),
    (
        "a fact that ends before it ends",
        |a| a.facts = vec![Fact { end_earliest: time(1_700_000_001), end_latest: time(1_700_000_000), ..fact() }],
        &["facts[0].end_latest"],
    ),
    ("a fact about nobody listed", |a| a.facts = vec![Fact { subjects: vec![1], ..fact() }], &["facts[0].subjects"]),
    (
        "a control character in a reference",
        |a| a.facts = vec![Fact { reference: control(), ..fact() }],
        &["facts[0].reference"],
    ),
    (
        "a fact's human party without identities",
        |a| a.facts = vec![Fact { party: 1, name: String::new(), ..fact() }],
        &["facts[0].identities"],
    ),
    ("a fact of an unknown coverage", |a| a.facts = vec![Fact { coverage: 99, ..fact() }], &["facts[0].coverage"]),
    (
        "a signature without a registered key",
        |a| a.agent_signature = Some(AgentSignature::default()),
        &["agent_signature"],
    ),
    (
        "a person too large to seal",
        |a| a.subjects[0].records = vec![DataRecord { id: long(1_000), scope: 1, ..Default::default() }; 1_100],
        &["subjects[0]"],
    ),
    (
        "two things wrong at once",
        |a| {
            a.verb.clear();
            a.outcome = 0;
            a.session = control();
        },
        &["outcome", "session", "verb"],
    ),
];

fn occurred(earliest: Option<prost_types::Timestamp>, latest: Option<prost_types::Timestamp>) -> Option<Occurred> {
    Some(Occurred { earliest, latest, source: TimeSource::Gateway as i32 })
}

fn recipient() -> Recipient {
    Recipient {
        kind: "processor".into(),
        party: PartyKind::Organisation as i32,
        name: "vendor".into(),
        country: "US".into(),
        identities: vec![],
    }
}

fn eyes(party: eyes::Party) -> Eyes {
    Eyes { party: Some(party) }
}

fn rendered(action: &mut Action, eyes: Eyes) {
    action.subjects[0].categories[0].direction = Direction::Rendered as i32;
    action.subjects[0].categories[0].rendered_to = vec![eyes];
}

fn fact() -> Fact {
    Fact {
        kind: FactKind::Grant as i32,
        edge: Edge::Open as i32,
        resource: "crm".into(),
        party: PartyKind::Group as i32,
        name: "engineers".into(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_with_a_wrong_field_is_refused_under_that_field_and_nothing_is_written() {
    let server = TestServer::new();
    let client = server.client().await;
    client.append(about("anna")).await.expect("unchanged, it is a good one");
    for (name, change, fields) in ACTIONS {
        let mut action = about("anna");
        change(&mut action);
        let fields: Vec<String> = fields.iter().map(|field| format!("action.{field}")).collect();
        check(&client, name, action.record(), &fields.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    check(&client, "nothing at all", Record::default(), &["record"]).await;
    // What cannot be read and what cannot be taken are told together, and a field of both once.
    let mixed = Action { outcome: 99, session: control(), determination: -1, ..about("anna") };
    let status = client.append(mixed).await.expect_err("three things wrong");
    refused("mixed", &status, &["action.outcome", "action.determination", "action.session"]);
    let mixed = ToolCall { agent: None, outcome: 77, session: control(), ..call("lookup", "{}", "{}") };
    let status = client.batch(vec![call("lookup", "{}", "{}"), mixed]).await.expect_err("three things wrong");
    let fields = ["agent", "outcome", "session"].map(|field| format!("records[1].tool_call.{field}"));
    refused("mixed", &status, &fields.iter().map(String::as_str).collect::<Vec<_>>());
    judge::check(&client, &client.key().await).await;
}

type CallChange = fn(&mut ToolCall);

/// Fields are below `tool_call.`.
const CALLS: &[(&str, CallChange, &[&str])] = &[
    ("no id", |c| c.action_id.clear(), &["action_id"]),
    ("no id, and no place in the conversation", |c| (c.action_id, c.sequence) = Default::default(), &["action_id"]),
    (
        "no id, and a place in no conversation",
        |c| (c.action_id, c.sequence, c.conversation) = (String::new(), "7".into(), String::new()),
        &["action_id"],
    ),
    ("a place too long", |c| c.sequence = long(1_025), &["sequence"]),
    ("no tool", |c| c.tool.clear(), &["tool"]),
    ("a tool too long", |c| c.tool = long(257), &["tool"]),
    ("no outcome", |c| c.outcome = 0, &["outcome"]),
    ("an unknown outcome", |c| c.outcome = 99, &["outcome"]),
    ("no agent", |c| c.agent = None, &["agent"]),
    ("an agent without a name", |c| c.agent = Some(agent("")), &["agent.name"]),
    ("a control character in the agent's name", |c| c.agent = Some(agent(&control())), &["agent.name"]),
    ("an agent of no kind", |c| c.agent = Some(Actor { kind: 0, ..agent("a") }), &["agent.kind"]),
    ("a principal of an unknown kind", |c| c.principal = Some(Actor { kind: 99, ..agent("a") }), &["principal.kind"]),
    (
        "a principal with a name",
        |c| c.principal = Some(Actor { name: PRIVATE.into(), ..human(strong("staff", "7")) }),
        &["principal.name"],
    ),
    (
        "a weak principal of no strength",
        |c| c.principal = Some(human(Identity { strength: 0, ..strong("staff", "7") })),
        &["principal.identities[0].strength"],
    ),
    ("a control character in a conversation", |c| c.conversation = control(), &["conversation"]),
    (
        "an end before the start",
        |c| c.occurred = occurred(time(1_700_000_010), time(1_700_000_000)),
        &["occurred.latest"],
    ),
    ("a source without a name", |c| c.source = Some(Source::default()), &["source.name"]),
    ("a policy of nothing", |c| c.policy = Some(Policy::default()), &["policy.id", "policy.decision"]),
    (
        "a cause that is no UUID",
        |c| c.links = Some(Links { caused_by: vec![PRIVATE.into()], ..Default::default() }),
        &["links.caused_by[0]"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_call_with_a_wrong_field_is_refused_in_its_own_words() {
    let server = TestServer::new();
    let client = server.client().await;
    client.append(call("lookup", "{}", "{}")).await.expect("unchanged, it is a good one");
    for (name, change, fields) in CALLS {
        let mut call = call("lookup", "{}", "{}");
        change(&mut call);
        let fields: Vec<String> = fields.iter().map(|field| format!("tool_call.{field}")).collect();
        check(&client, name, call.record(), &fields.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    judge::check(&client, &client.key().await).await;
}

const CATALOGUE: &str = r#"
version = "tests-1"
[tools.get_user]
verb = "data.read"
dataset = "crm"
result = "json"
persons = "listed"
records = [{ from = "result", id = "/result/order", scope = "system", owner = "customer" }]
[[tools.get_user.subjects]]
kind = "customer"
from = "result"
each = "/result"
identities = [{ namespace = "customer", fields = ["/id"] }]
categories = { "/name" = "basic" }
"#;

/// Replaced in the catalogue above, and what is to be said of it.
const CATALOGUE_MISTAKES: &[(&str, &str, &str)] = &[
    ("version = \"tests-1\"", "version = \"tests 1\"", "version \"tests 1\" cannot be made known"),
    ("dataset = \"crm\"", "dataset = \"crm@example.org\"", "dataset \"crm@example.org\" cannot be made known"),
    ("kind = \"customer\"", "kind = \"a customer\"", "subject kind \"a customer\" cannot be made known"),
    ("dataset = \"crm\"", "purpose = \"to help\"", "purpose \"to help\" cannot be made known"),
    ("namespace = \"customer\"", "namespace = \"whosaw:x\"", "subjects[0].identities[0].namespace is reserved"),
    ("namespace = \"customer\"", "namespace = \"a\\u0007\"", "subjects[0].identities[0].namespace has a control"),
    (
        "fields = [\"/id\"]",
        "fields = [\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]",
        "subjects[0].identities[0].fields has more than 16",
    ),
    (
        "dataset = \"crm\"",
        "recipients = [{ kind = \"processor\", party = \"organisation\", name = \"v\", country = \"de\" }]",
        "recipients[0].country is not an ISO 3166-1",
    ),
    (
        "dataset = \"crm\"",
        "recipients = [{ kind = \"processor\", party = \"organisation\", name = \"\" }]",
        "recipients[0].name is missing",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_catalogue_of_which_every_call_would_be_refused_is_not_put_in_force() {
    let server = TestServer::new();
    let client = server.client().await;
    let size = client.size().await;
    let told = |status: &Status| {
        let violations = status.get_details_bad_request().expect("violations").field_violations;
        violations.into_iter().map(|violation| violation.description).collect::<Vec<_>>().join("\n")
    };
    let many = |what: &str, one: &str| format!("{what} = [{}]", vec![one; 257].join(","));
    let recipient = "{ kind = \"processor\", party = \"organisation\", name = \"v\" }";
    for (from, to, words) in
        CATALOGUE_MISTAKES.iter().map(|(from, to, words)| (*from, (*to).to_owned(), *words)).chain([
            ("dataset = \"crm\"", many("recipients", recipient), "recipients has 257 elements"),
            ("dataset = \"crm\"", many("legal_bases", "\"gdpr:6.1.b\""), "legal_bases has 257 elements"),
            ("\"/name\"", format!("\"/{}\"", "x".repeat(1_024)), "subjects[0].fields[0].pointer has"),
            ("tools.get_user", format!("tools.{}", "x".repeat(129)), "cannot be made known"),
        ])
    {
        let catalogue = CATALOGUE.replace(from, &to);
        assert_ne!(catalogue, CATALOGUE, "{from}");
        let status = client.apply_catalogue(&catalogue).await.expect_err(words);
        assert_eq!(status.code(), Code::InvalidArgument, "{words}: {status:?}");
        let said = told(&status);
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    let import = |change: fn(&str) -> String| {
        let table = "\n[import]\nconversation = \"/c\"\nsequence = \"/n\"\ntool = \"/t\"\narguments = \"/a\"\n\
                     result = \"/r\"\noutcome = \"/o\"\nsucceeded = []\nfailed = []\nagent = \"copilot\"\n\
                     principal = \"/p\"\nprincipal_namespace = \"customer\"\n";
        format!("{CATALOGUE}{}", change(table))
    };
    type Spoil = (fn(&str) -> String, &'static str);
    let spoilt: [Spoil; 6] = [
        (|table| table.replace("principal_namespace = \"customer\"\n", ""), "principal_namespace stand together"),
        (|table| table.replace("principal = \"/p\"\n", ""), "principal_namespace stand together"),
        (
            |table| table.replace("\"customer\"", "\"whosaw:ledger\""),
            "import: principal.identities[0].namespace is reserved",
        ),
        (|table| table.replace("\"copilot\"", "\"\""), "import.agent is missing"),
        (|table| table.replace("\"copilot\"", "\"my copilot\""), "import.agent \"my copilot\" cannot be made known"),
        (|table| table.replace("\"/c\"", "\"c\""), "import.conversation \"c\" is not a JSON pointer"),
    ];
    for (change, words) in spoilt {
        let status = client.apply_catalogue(&import(change)).await.expect_err(words);
        let said = told(&status);
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    assert_eq!(client.size().await, size, "nothing was written");
    // A public recipient has no name, and a subject may have no kind: neither is a name to be made known.
    let bare = import(str::to_owned)
        .replace("dataset = \"crm\"", "recipients = [{ kind = \"processor\", party = \"public\", name = \"\" }]")
        .replace("kind = \"customer\"", "kind = \"\"");
    client.apply_catalogue(&bare).await.expect("a good one");
}

/// What a tool answered is not the caller's fault: it is recorded, and what cannot be told from it is said to be unknown.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_tool_answered_is_recorded_and_never_taken_for_nobody() {
    let server = TestServer::new();
    let client = server.client().await;
    client.apply_catalogue(CATALOGUE).await.expect("a good catalogue");
    let (listed, undetermined) = (Determination::Listed, Determination::Undetermined);
    let long_id = format!("{{\"id\":\"{}\",\"order\":\"1\"}}", "x".repeat(2_000));
    let long_order = format!("{{\"id\":\"anna\",\"order\":\"{}\"}}", "x".repeat(2_000));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (what, tool, result, expected, doubt) in [
        ("a good answer", "get_user", r#"{"id":"anna","name":"A","order":"1"}"#, listed, None),
        ("an unknown tool", "no_such_tool", r#"{"id":"anna"}"#, undetermined, Some(Doubt::ToolNotInCatalogue)),
        ("broken JSON", "get_user", r#"{"id":"anna""#, undetermined, Some(Doubt::ResultNotParsed)),
        ("no JSON", "get_user", "Sorry!", undetermined, Some(Doubt::ResultNotParsed)),
        ("JSON too deep", "get_user", &deep, undetermined, Some(Doubt::ResultNotParsed)),
        ("no id", "get_user", r#"{"name":"A"}"#, undetermined, Some(Doubt::FieldMissing)),
        (
            "an id with a line break",
            "get_user",
            "{\"id\":\"an\\nna\",\"order\":\"1\"}",
            undetermined,
            Some(Doubt::FieldMissing),
        ),
        ("an id too long", "get_user", &long_id, undetermined, Some(Doubt::FieldMissing)),
        (
            "a record's id with a control character",
            "get_user",
            "{\"id\":\"anna\",\"order\":\"\\u0007\"}",
            Determination::ListedIncomplete,
            Some(Doubt::FieldMissing),
        ),
        ("a record's id too long", "get_user", &long_order, Determination::ListedIncomplete, Some(Doubt::FieldMissing)),
    ] {
        // A conversation of its own: what one taught of a record's owner would answer for the next.
        let call = ToolCall { conversation: what.into(), ..call(tool, "{}", result) };
        let receipt = client.append(call).await.unwrap_or_else(|status| panic!("{what}: {status:?}"));
        let body = <ActionBody as prost::Message>::decode(receipt.body.as_slice()).expect("an action");
        assert_eq!(body.determination, expected as i32, "{what}");
        match doubt {
            Some(doubt) => assert!(body.doubts.contains(&(doubt as i32)), "{what}: {:?}", body.doubts),
            None => assert_eq!(body.doubts, [] as [i32; 0], "{what}"),
        }
        let opened = client.opened(receipt.index).await;
        let content = opened.parts.iter().find_map(|part| part.part.as_ref()?.content.clone()).expect("content");
        assert_eq!(content.result, result.as_bytes(), "{what}: the answer itself is kept as it was");
    }
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_for_us_gets_the_code_that_fits() {
    let server = TestServer::new();
    let client = server.client().await;
    let size = client.size().await;
    let huge = Action { arguments: vec![b'x'; 4 << 20], result: vec![b'x'; 4 << 20], ..plain() };
    let status = client.append(huge).await.expect_err("a message of 8 MiB");
    assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, vec!["message".into()]));
    let status =
        client.clone().of_ledger("ledger.example/none").batch(vec![plain()]).await.expect_err("no such ledger");
    assert_eq!(status.code(), Code::NotFound);
    let elsewhere = client.clone().of_ledger("ledger.example/none");
    let status = elsewhere.stream(vec![plain()], AppendDetail::Receipt).await.expect_err("no such ledger");
    assert_eq!(status.code(), Code::NotFound);
    let detail = AppendStreamRequest { ledger: String::new(), record: Some(plain().record()), detail: 9 };
    let stream = client.ledgers().append_stream(client.request(futures::stream::iter([detail]))).await;
    refused("an unknown detail", &stream.expect_err("refused"), &["detail"]);

    use append_large_request::Piece;
    let head = || Piece::Head(AppendRequest { ledger: String::new(), record: Some(about("anna").record()) });
    let of_call = || Piece::Head(AppendRequest { ledger: String::new(), record: Some(call("t", "", "").record()) });
    let subjects = || Piece::Subjects(SubjectPiece { subjects: vec![subject("ben")] });
    let wrong = Piece::Subjects(SubjectPiece {
        subjects: vec![subject("ben"), Subject { identities: vec![], ..subject("x") }],
    });
    for (name, pieces, field) in [
        ("no piece", vec![], "head"),
        ("no head", vec![subjects()], "head"),
        ("two heads", vec![head(), head()], "head"),
        ("subjects of a tool call", vec![of_call(), subjects()], "subjects"),
        ("records of a tool call", vec![of_call(), Piece::Records(RecordPiece::default())], "records"),
        ("a wrong subject in a piece", vec![head(), subjects(), wrong], "action.subjects[3].identities"),
        ("a piece larger than a piece may be", vec![head(), Piece::Result(vec![b'x'; (1 << 20) + 64])], "result"),
    ] {
        refused(name, &client.large(pieces).await.expect_err(name), &[field]);
    }
    let empty =
        client.ledgers().append_stream(client.request(futures::stream::iter([]))).await.expect("an empty stream");
    assert!(empty.into_inner().message().await.expect("it ends well").is_none());
    assert_eq!(client.size().await, size, "nothing was written");
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_cannot_be_retired_and_keys_that_are_nobodys_are_refused() {
    let server = TestServer::new();
    let client = server.client().await;
    let name = |name: &str| Name { kind: RegistryKind::Agent as i32, name: name.into(), ..Default::default() };
    let retired = |it: &str| Name { retired: true, ..name(it) };
    client.register(RegistryKind::Agent, &["copilot", "other"]).await;
    let size = client.size().await;
    for names in [vec![retired("copilt")], vec![name("new"), retired("copilot"), retired("copilt")]] {
        let status = client.register_names(names).await.expect_err("it was never registered");
        assert_eq!(status.code(), Code::NotFound, "{status:?}");
        assert!(status.message().contains("agent copilt") && !status.message().contains("copilot"), "{status:?}");
    }
    let dataset = Name { kind: RegistryKind::Dataset as i32, ..retired("copilot") };
    assert_eq!(client.register_names(vec![dataset]).await.expect_err("another kind").code(), Code::NotFound);

    // The identity, a point of order two and one of order eight: under each anybody can make a signature that verifies.
    let of_order_eight = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let identity = format!("01{}", "00".repeat(31));
    let of_order_two = format!("ec{}7f", "ff".repeat(30));
    for (what, key) in [
        ("all zero", "00".repeat(32)),
        ("the identity", identity),
        ("of order two", of_order_two),
        ("of order eight", of_order_eight.to_owned()),
        ("no point", format!("02{}", "00".repeat(31))),
        ("short", "07".repeat(31)),
    ] {
        let public_key = hex::decode(&key).expect("hexadecimal");
        let weak = Name { public_key, ..name("copilot") };
        let status = client.register_names(vec![name("other"), weak]).await.expect_err(what);
        refused(what, &status, &["names[1].public_key"]);
    }
    assert_eq!(client.size().await, size, "nothing was written");
    let retire = |it: &str| {
        let said = server.client_command(&["names", "retire", "agent", it]).output().expect("it runs");
        Said::of(said)
    };
    let said = retire("copilt");
    assert!(said.code == Some(1) && said.err.contains("agent copilt"), "{:?} {}", said.code, said.err);
    assert_eq!(retire("copilot").code, Some(0));
    // A second time it changes nothing, and is no mistake.
    assert_eq!(retire("copilot").code, Some(0));
    client.register_names(vec![name("new"), retired("new")]).await.expect("known by then");
}

/// An act is recorded however far off the clock is that tells of it, and as told.
#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_are_off_by_years_are_recorded_as_told() {
    let server = TestServer::new();
    let client = server.client().await;
    // The first instant that can be written stands for all before it.
    for (told_s, recorded_us) in [
        (-62_135_596_800, 1),
        (0, 1),
        (315_532_800, 315_532_800_000_000),
        (YEAR_10000 - 1, (YEAR_10000 as u64 - 1) * 1_000_000),
    ] {
        let action = Action { occurred: occurred(time(told_s), time(told_s)), ..plain() };
        let index = client.append(action.record()).await.expect("a clock may be wrong").index;
        let Some(entry::Content::Action(body)) = client.entry(index).await.content else { panic!("an action") };
        assert_eq!(body.occurred.map(|occurred| occurred.earliest_us), Some(recorded_us), "{told_s}");
    }
}
