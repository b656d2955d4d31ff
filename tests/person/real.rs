//! A customer of the real conversations is forgotten: who asks with her token is told, everybody else's report stays as it was.
//!
//! The data is not part of the repository: `WHOSAW_TEST_DATA` says where it is.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

const HER: &str = "mia_li_3668";
const AGENT_OF_ALL: &str = "gpt-4o-airline";

/// Everybody with a strong identity as a customer, with the actions in which they stand.
async fn customers(client: &Client) -> BTreeMap<String, BTreeSet<u64>> {
    let (mut found, mut token) = (BTreeMap::<String, BTreeSet<u64>>::new(), String::new());
    loop {
        let filter = v1::EntryFilter { kind: v1::EntryKind::Action as i32, ..Default::default() };
        let request = v1::ListEntriesRequest {
            filter: Some(filter),
            page_size: 1_000,
            page_token: token,
            open_parts: true,
            ..Default::default()
        };
        let page = client.audit().list_entries(client.request(request)).await.expect("a list").into_inner();
        for entry in &page.entries {
            let persons = entry.parts.iter().filter_map(|part| part.part.as_ref()?.person.as_ref());
            let identities = persons.flat_map(|person| &person.identities);
            for identity in identities.filter(|identity| identity.namespace == "customer") {
                found.entry(identity.fields[0].clone()).or_default().insert(entry.index);
            }
        }
        token = page.next_page_token;
        if token.is_empty() {
            return found;
        }
    }
}

fn report_at(server: &TestServer, customer: &str, size: u64) -> serde_json::Value {
    let (subject, size) = (format!("customer={customer}"), size.to_string());
    let mut report = common::report_json(server, &["access", "--subject", &subject, "--at-size", &size]);
    // Its number, when it was made, and by which generation of the keys and how many trials.
    report.as_object_mut().expect("an object").remove("header");
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_of_the_real_conversations_is_forgotten() {
    let Ok(data) = std::env::var("WHOSAW_TEST_DATA") else {
        println!("skipped: WHOSAW_TEST_DATA is not set, nothing was imported");
        return;
    };
    let (server, client) = server().await;
    let file = format!("{data}/tau-bench/airline_tool_calls.jsonl");
    let import = ["import", "tool-calls", "--catalogue", "reports/catalogues/airline.toml", file.as_str()];
    common::run(&mut server.client_command(&import), 0);
    let customers = customers(&client).await;
    assert!(customers.len() >= 34, "{}", customers.len());
    let of_agent =
        v1::EntryFilter { kind: v1::EntryKind::Action as i32, actor: AGENT_OF_ALL.into(), ..Default::default() };
    let actions = client.list(&of_agent, 1_000).await;
    assert_eq!(actions.len(), 1_164);
    let size = client.head().await.tree_size;
    let reports = || customers.keys().map(|customer| (customer.clone(), report_at(&server, customer, size)));
    let before: BTreeMap<String, serde_json::Value> = reports().collect();
    let activity = || {
        let mut report =
            common::report_json(&server, &["activity", "--agent", AGENT_OF_ALL, "--at-size", &size.to_string()]);
        report.as_object_mut().expect("an object").remove("header");
        report
    };
    let active = activity();
    assert_eq!(active["totals"]["actions"], serde_json::json!({"low": 1_164, "high": 1_164}));
    assert_eq!(active["totals"]["instruction_closed"], 0);
    assert_eq!(before[HER]["totals"]["processed"]["low"], 11);

    let asked = erase(&client, strong("customer", HER)).await.expect("recorded");
    let done = run(&client).await;
    assert_eq!(done.requests, 1);
    assert_eq!(status(&client, &asked.token).await.expect("she has the token").inaccessible_by, done.index);
    assert_eq!(look_up(&client, strong("customer", HER)).await.expect_err("is nobody").code(), tonic::Code::NotFound);
    let stranger = report_at(&server, "nobody_at_all_0000", size);
    let after: BTreeMap<String, serde_json::Value> = reports().collect();
    assert_eq!(after[HER]["totals"], stranger["totals"]);
    for (customer, report) in after.iter().filter(|(customer, _)| *customer != HER) {
        if customers[customer].is_disjoint(&customers[HER]) {
            assert!(*report == before[customer], "{customer}");
        } else {
            // Who shared content with her loses what it said, and no count.
            assert_eq!(report["totals"], before[customer]["totals"], "{customer}");
        }
    }
    let text = serde_json::to_string(&after[HER]).expect("JSON").replace(HER, "nobody_at_all_0000");
    assert_eq!(text, serde_json::to_string(&stranger).expect("JSON"), "without the token she is a stranger");
    // What the agent did is still counted, action by action.
    assert_eq!(client.list(&of_agent, 1_000).await, actions);
    let still = activity();
    for total in active["totals"].as_object().expect("totals").keys().filter(|total| !total.contains("instruct")) {
        assert_eq!(still["totals"][total], active["totals"][total], "{total}");
    }
    // Only what stood sealed for her cannot be told any more.
    let of = |report: &serde_json::Value, which: &str| report["totals"][which].as_u64().expect("a number");
    let instructions = ["instructed", "not_instructed", "instruction_closed"];
    let all = |report| instructions.iter().map(|which| of(report, which)).sum::<u64>();
    assert_eq!(all(&still), all(&active));
    let hers = customers[HER].len() as u64;
    assert!((1..=hers).contains(&of(&still, "instruction_closed")), "{}", of(&still, "instruction_closed"));
}
