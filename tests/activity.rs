//! The activity report from outside: every act of an agent counts once, by what authority and instruction, and nobody is named.

#[path = "common/mod.rs"]
#[allow(dead_code, reason = "shared by tests that use different parts of it")]
mod common;

use common::records::*;
use common::*;
use serde_json::{Value, json};
use whosaw::rpc::v1::*;

fn activity(server: &TestServer, agent: &str, more: &[&str]) -> Value {
    report_json(server, &[&["activity", "--agent", agent], more].concat())
}

fn incident() -> TestServer {
    let server = TestServer::new();
    run(server.client_command(&["append"]).arg("reports/incident/incident.toml"), 0);
    server
}

#[test]
fn what_the_agents_of_the_incident_did() {
    let server = incident();
    let report = activity(&server, "forum-assistant", &[]);
    let totals = &report["totals"];
    assert_eq!(totals["actions"], json!({"low": 1, "high": 1}));
    assert_eq!((&totals["instructed"], &totals["not_instructed"]), (&json!(1), &json!(0)));
    assert_eq!((&totals["unauthorised"], &totals["about_persons"]), (&json!(1), &json!(0)));
    assert_eq!(report["instructions"][0]["text"], "Draft answers; a person posts them after reading.");
    assert_eq!(report["principals"][0]["kind"], Value::Null, "it acted for nobody");
    let others = report["others"].as_array().expect("parties");
    let of = |basis: &str| others.iter().find(|other| other["basis"] == basis).expect("it is there");
    assert_eq!(of("recorded")["name"], json!({"registered": "engineering"}));
    assert_eq!(of("model_vendor")["name"], json!({"registered": "model-vendor.example"}));
    assert_eq!(totals["outside_tools"], Value::Null, "no registry says which tools it has");

    let report = activity(&server, "code-assistant", &[]);
    assert_eq!((&report["totals"]["denied"], &report["totals"]["unauthorised"]), (&json!(1), &json!(1)));
    assert!(report["totals"]["about_persons"].as_u64() >= Some(2));
    let number = report["lines"].as_array().expect("lines").iter().map(|line| line["series"]["number"].as_u64());
    assert_eq!(number.sum::<Option<u64>>(), report["totals"]["actions"]["high"].as_u64(), "each act in one line");
    let answer = report["answer"]["text"].as_str().expect("a text");
    assert!(answer.contains("1 action was not authorised.") && answer.contains("not settled here"), "{answer}");
    assert!(answer.contains("the exposure report"), "what was approved and what was open is judged there: {answer}");
    let others = report["others"].as_array().expect("parties");
    let of_tool = others.iter().filter(|other| other["of"] == json!({"unregistered": "notebook.run_cell"})).count();
    assert_eq!(of_tool, 1, "somebody runs it: {others:?}");
    let vendor = others.iter().filter(|other| other["name"] == json!({"registered": "model-vendor.example"}));
    let vendor: Vec<(&Value, &Value)> = vendor.map(|other| (&other["basis"], &other["country"])).collect();
    let (us, sent, runs) = (json!("US"), json!("recorded"), json!("model_vendor"));
    assert_eq!(vendor, [(&sent, &us), (&runs, &us)], "once as what it got data, and in one country");
    let text = report.to_string();
    for person in ["farid", "C-1001"] {
        assert!(!text.contains(person), "{person} is nobody's business here");
    }

    let report = activity(&server, "never-heard-of", &[]);
    assert_eq!((&report["agent"]["known"], &report["totals"]["actions"]["high"]), (&json!(false), &json!(0)));
    assert!(report["answer"]["text"].as_str().expect("a text").contains("does not know the name"));
}

/// The period is that of recording. What is recorded later may have been in it, and "nothing" would be untrue of that.
#[test]
fn a_period_is_that_of_recording_and_what_was_in_it_and_recorded_outside_is_told() {
    let server = incident();
    let march = ["--from", "2026-03-01T00:00:00Z", "--until", "2026-04-01T00:00:00Z"];
    let report = activity(&server, "code-assistant", &march);
    let totals = &report["totals"];
    assert_eq!((&totals["actions"]["high"], &totals["recorded_outside"]), (&json!(0), &json!(3)));
    let text = report["answer"]["text"].as_str().expect("a text");
    assert_eq!(
        text,
        "In the period asked for, actions of code-assistant: none recorded; beyond that: not determinable. \
         The period is that of recording. 3 actions that are said to have occurred in it were recorded outside it."
    );
    // The other way round: recorded in it, and said to have been before.
    let report = activity(&server, "code-assistant", &["--from", "2026-04-01T00:00:00Z"]);
    let totals = &report["totals"];
    assert_eq!((&totals["actions"]["high"], &totals["occurred_outside"]), (&json!(3), &json!(3)));
    let text = report["answer"]["text"].as_str().expect("a text");
    assert!(text.ends_with("3 actions counted here are said to have occurred outside it."), "{text}");
    // Without a period nothing of it is said.
    let text = activity(&server, "code-assistant", &[])["answer"]["text"].to_string();
    assert!(!text.contains("period"), "{text}");
}

#[test]
fn in_all_formats_in_german_and_again_to_the_byte() {
    let server = incident();
    let (first, second) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let words = ["report", "activity", "--agent", "code-assistant", "--language", "de", "--json"];
    let said = run(server.client_command(&words).arg("--out").arg(first.path()), 0);
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    assert!(
        told["answer"]
            .as_str()
            .expect("a text")
            .starts_with("Von code-assistant aufgezeichnet: 3 Handlungen, davon über Menschen: "),
        "{told}"
    );
    let index = told["index"].to_string();
    run(server.client_command(&["report", "again", index.trim_matches('"')]).arg("--out").arg(second.path()), 0);
    let files: Vec<_> = std::fs::read_dir(first.path()).expect("files").flatten().collect();
    // With the note.
    assert_eq!(files.len(), 6);
    assert!(files.iter().all(|file| file.file_name().to_string_lossy().starts_with("activity-")));
    for file in files {
        let again = std::fs::read(second.path().join(file.file_name())).expect("the same file");
        assert!(std::fs::read(file.path()).expect("a file") == again, "{:?}", file.file_name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_that_it_was_not_given_are_told_and_what_was_told_twice_counts_once_at_least() {
    let server = TestServer::new();
    let client = server.client().await;
    let before = client.put_registry_in_force(REGISTRY).await.receipt.expect("an entry").index;
    let act = |tool: &str| Action { actors: vec![agent("helpdesk-assistant")], tool: tool.into(), ..plain() };
    let first = act("get_customer");
    client.append(first.clone()).await.expect("recorded");
    client.append(act("delete_everything")).await.expect("recorded");
    let links = Some(Links { same_act_as: vec![first.action_id], ..Default::default() });
    client.append(Action { links, ..act("get_customer") }).await.expect("recorded");
    let delegated = Action { actors: vec![agent("sub-agent"), agent("helpdesk-assistant")], ..plain() };
    client.append(delegated).await.expect("recorded");

    let report = activity(&server, "helpdesk-assistant", &[]);
    let totals = &report["totals"];
    assert_eq!(totals["actions"], json!({"low": 2, "high": 3}));
    assert_eq!((&totals["outside_tools"], &totals["by_others"]), (&json!(1), &json!(1)));
    let tools: Vec<_> =
        report["tools"].as_array().expect("tools").iter().map(|tool| (&tool["name"], &tool["declared"])).collect();
    let names = (json!({"registered": "get_customer"}), json!({"unregistered": "delete_everything"}));
    assert_eq!(tools, [(&names.0, &json!("yes")), (&names.1, &json!("no"))]);
    assert_eq!(report["agent"]["charter"], "May read and answer; may not change bookings without approval.");
    // As of a size at which there was no registry, nobody says which tools it has, and nothing was done.
    let report = activity(&server, "helpdesk-assistant", &["--at-size", &before.to_string()]);
    assert_eq!((&report["totals"]["outside_tools"], &report["agent"]["known"]), (&Value::Null, &json!(false)));
}

/// A statement that somebody takes back who may is no statement, and one that anybody contests supports no "complete".
#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_of_logging_and_is_contested_is_not_relied_on() {
    let server = TestServer::new();
    run(&mut server.client_command(&["names", "add", "source", "proxy"]), 0);
    let client = server.client().await;
    let complete = Fact {
        kind: FactKind::Coverage as i32,
        edge: Edge::Open as i32,
        coverage: CoverageState::Complete as i32,
        source: "proxy".into(),
        ..Default::default()
    };
    let logs = Action { verb: "coverage.start".into(), facts: vec![complete], actors: vec![agent("proxy")], ..plain() };
    client.append(logs.clone()).await.expect("recorded");
    client.append(Action { actors: vec![agent("bot")], ..plain() }).await.expect("recorded");
    let statements = |report: Value| report["coverage"]["sources"][0]["complete"].as_array().map(Vec::len);
    assert_eq!(statements(activity(&server, "bot", &[])), Some(1));
    let links = Some(Links { retracts: vec![logs.action_id], ..Default::default() });
    let retraction = Action { verb: "event.retract".into(), links, actors: vec![agent("eve")], ..plain() };
    client.append(retraction).await.expect("recorded");
    assert_eq!(statements(activity(&server, "bot", &[])), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_period_after_another_leaves_nothing_out_and_has_nothing_twice() {
    let server = TestServer::new();
    let client = server.client().await;
    for _ in 0..3 {
        client.append(plain()).await.expect("recorded");
    }
    let newest = client.size().await - 1;
    let at = client.get_entry(newest, false).await.expect("an entry").recorded_at.expect("a time");
    let at = at.to_string();
    let number =
        |more: &[&str]| activity(&server, AGENT, more)["totals"]["actions"]["high"].as_u64().expect("a number");
    assert_eq!((number(&[]), number(&["--until", &at]), number(&["--from", &at])), (3, 2, 1));
    let words = ["report", "activity", "--agent", AGENT, "--from", &at, "--until", &at];
    let refused = run(&mut server.client_command(&words), 1);
    assert!(refused.err.contains("until"), "{}", refused.err);
}

/// Who runs model and tools, and where, is told by what the registry said at the time of each act, and who did one after another
/// stands with from when until when.
#[tokio::test(flavor = "multi_thread")]
async fn who_ran_model_and_tools_is_told_as_it_was_at_the_time() {
    let server = TestServer::new();
    let names = |words: &[&str]| drop(run(server.client_command(&["names", "add"]).args(words), 0));
    let runs = |vendor: &str, operator: &str, country: &str| {
        names(&["party", vendor, "--attribute", &format!("country={country}")]);
        names(&["party", operator, "--attribute", &format!("country={country}")]);
        names(&["agent", AGENT, "--attribute", &format!("vendor={vendor}")]);
        names(&["tool", "search", "--attribute", &format!("operator={operator}")]);
    };
    let client = server.client().await;
    runs("V", "OV", "US");
    // By the agent's clock just after what was registered last.
    let act = async || {
        let newest = client.size().await - 1;
        let now = client.get_entry(newest, false).await.expect("an entry").recorded_at;
        let occurred = Occurred { earliest: now, latest: now, source: TimeSource::AgentClock as i32 };
        let act = Action { occurred: Some(occurred), tool: "search".into(), ..plain() };
        client.append(act).await.expect("recorded");
    };
    act().await;
    runs("W", "OW", "FR");
    act().await;
    act().await;
    // Where V is now is not where it was.
    names(&["party", "V", "--attribute", "country=CN"]);

    let report = activity(&server, AGENT, &[]);
    let of = |basis: &str, name: &str| {
        let others = report["others"].as_array().expect("parties").iter();
        let mut those = others.filter(|other| other["basis"] == basis && other["name"]["registered"] == name);
        those.next().map(|other| (other["country"].clone(), other["series"]["number"].clone()))
    };
    assert_eq!(of("model_vendor", "V"), Some((json!("US"), json!(1))), "{report}");
    assert_eq!(of("model_vendor", "W"), Some((json!("FR"), json!(2))), "{report}");
    assert_eq!(of("tool_operator", "OV"), Some((json!("US"), json!(1))), "{report}");
    assert_eq!(of("tool_operator", "OW"), Some((json!("FR"), json!(2))), "{report}");
    let agent = &report["agent"];
    assert_eq!(agent["vendor"], "W", "the last");
    let vendors = agent["vendors"].as_array().expect("one after another");
    assert_eq!((&vendors[0]["name"], &vendors[0]["from"]), (&json!("V"), &Value::Null));
    assert_eq!((&vendors[1]["name"], &vendors[1]["until"]), (&json!("W"), &Value::Null));
    assert_eq!(vendors[0]["until"], vendors[1]["from"]);
}

/// An act that says that it tells again what it tells itself was told once, and not perhaps never.
#[tokio::test(flavor = "multi_thread")]
async fn what_says_that_it_is_the_same_act_as_itself_counts_once() {
    let server = TestServer::new();
    let act = plain();
    let links = Some(Links { same_act_as: vec![act.action_id.clone()], ..Default::default() });
    server.client().await.append(Action { links, ..act }).await.expect("recorded as told");
    let report = activity(&server, AGENT, &[]);
    assert_eq!(report["totals"]["actions"], json!({"low": 1, "high": 1}));
}
