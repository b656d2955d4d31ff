//! Retention: what would go, what goes, and what a hold or an open interval keeps. The clock is set back, so that what is
//! recorded is old.

use super::*;
use common::disk::Disk;
use common::{Client, REGISTRY, Setup};

pub async fn plan(client: &Client) -> v1::PlanRetentionResponse {
    privacy(client)
        .plan_retention(client.request(v1::PlanRetentionRequest::default()))
        .await
        .expect("a plan")
        .into_inner()
}

pub async fn set(client: &Client, rules: Vec<v1::RetentionRule>) -> Result<v1::SetRetentionResponse, Status> {
    let request = v1::SetRetentionRequest { ledger: String::new(), rules };
    Ok(privacy(client).set_retention(client.request(request)).await?.into_inner())
}

fn subject_after(months: u32) -> v1::RetentionRule {
    v1::RetentionRule { class: v1::RetentionClass::Subject as i32, months, basis: 0 }
}

#[tokio::test]
async fn rules_are_checked_recorded_and_outlive_a_restart() {
    let (mut server, client) = server().await;
    assert_eq!(plan(&client).await, v1::PlanRetentionResponse::default());
    for (rules, field) in [
        (vec![subject_after(0)], "rules[0].months"),
        (vec![subject_after(3), subject_after(4)], "rules[1].class"),
        (vec![v1::RetentionRule { months: 3, ..Default::default() }], "rules[0].class"),
    ] {
        let status = set(&client, rules).await.expect_err("is refused");
        assert_eq!(common::wrong_fields(&status), [field]);
    }
    set(&client, vec![subject_after(24)]).await.expect("in force");
    client.append(telling("C-1", "one", &[])).await.expect("recorded");
    server.restart();
    let client = server.client_as("tester").await;
    let planned = plan(&client).await;
    assert_eq!(planned.classes.len(), 1);
    assert_eq!((planned.classes[0].rule, planned.classes[0].keys), (Some(subject_after(24)), 0));
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default(), "nothing is over yet");
}

/// Seconds of three months and a bit.
pub const QUARTER: i64 = 100 * 86_400;

#[tokio::test]
async fn what_is_over_goes_and_what_is_held_or_open_stays() {
    let Some(disk) = Disk::new() else { return };
    disk.set("clock", &(-QUARTER).to_string());
    let mut server = disk.under(Setup::default()).start();
    let client = server.client_as("tester").await;
    let mut opening = telling("C-3", "three", &[]);
    opening.facts.push(v1::Fact {
        kind: v1::FactKind::Grant as i32,
        edge: v1::Edge::Open as i32,
        resource: "drive/budget".into(),
        party: v1::PartyKind::Group as i32,
        name: "eng".into(),
        ..Default::default()
    });
    client.register(v1::RegistryKind::Dataset, &["crm"]).await;
    let in_crm = v1::Action { dataset: "crm".into(), ..telling("C-4", "four", &[]) };
    let kept = client.append(in_crm).await.expect("recorded").index;
    let old = [
        client.append(telling("C-1", "one", &[])).await.expect("recorded"),
        client.append(telling("C-2", "two", &[])).await.expect("recorded"),
        client.append(opening).await.expect("recorded"),
    ];
    // Uses of what may only be stored are known by the entry that says so: it stays as long as that is so.
    client.append(telling("C-5", "five", &[])).await.expect("recorded");
    let about = v1::PersonCase {
        subject: Some(strong("customer", "C-5")),
        ground: v1::Ground::AccuracyContested as i32,
        ..Default::default()
    };
    let request = v1::RestrictProcessingRequest { ledger: String::new(), about: Some(about) };
    privacy(&client).restrict_processing(client.request(request)).await.expect("restricted");
    let scope = v1::HoldScopes { persons: vec![strong("customer", "C-2")], ..Default::default() };
    let hold =
        v1::PlaceHoldRequest { scope: Some(scope), exemption: v1::Exemption::LegalClaims as i32, ..Default::default() };
    privacy(&client).place_hold(client.request(hold)).await.expect("held");
    let matter = super::hold(&client, v1::HoldScopes { datasets: vec!["crm".into()], ..Default::default() }).await;
    set(&client, vec![subject_after(2)]).await.expect("in force");
    server.stop();
    disk.clear("clock");
    server.start();
    let client = server.client_as("tester").await;
    let new = client.append(telling("C-1", "one", &[])).await.expect("recorded");

    // The calendar alone is not believed: months have passed since the rules were looked at.
    let planned = plan(&client).await.classes.remove(0);
    assert_eq!((planned.held, planned.open), (1, 2), "C-3 opened something, C-5 is restricted");
    assert!(planned.keys >= 1 && planned.parts >= 1, "{planned:?}");
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default(), "a leap of the clock destroys nothing");
    let request = v1::RunErasuresRequest { ledger: String::new(), with_retention: true };
    let done = privacy(&client).run_erasures(client.request(request)).await.expect("a batch").into_inner();
    assert!(done.index > 0 && done.requests == 0 && done.covers == planned.parts, "{done:?}");
    let of = |entries: Vec<v1::Entry>| {
        let actions = entries.into_iter().filter(|entry| entry.kind == v1::EntryKind::Action as i32);
        actions.map(|entry| entry.index).collect::<Vec<_>>()
    };
    assert_eq!(of(list(&client, strong("customer", "C-1")).await), [new.index]);
    assert_eq!(of(list(&client, strong("customer", "C-2")).await), [old[1].index]);
    assert_eq!(of(list(&client, strong("customer", "C-3")).await), [old[2].index]);
    assert_eq!(plan(&client).await.classes[0].keys, 0);
    assert_eq!(run(&client).await, v1::RunErasuresResponse::default());
    // The key of the fourth went too, and what stood under it in the held dataset is the matter's alone.
    assert!(of(list(&client, strong("customer", "C-4")).await).is_empty());
    let filter = v1::EntryFilter { matter: matter.clone(), ..Default::default() };
    assert_eq!(client.list(&filter, 10).await, [kept]);
    // They are still known, so they are told that it is there: closed by the batch, as known at a size that has it.
    let (report, _) = access_report(&client, &server, "C-4").await;
    assert_eq!(report["kept"][0]["since"], done.index);
    assert_eq!(report["entries"], serde_json::json!([]));
    let (other, _) = access_report(&client, &server, "C-1").await;
    assert_eq!(other["kept"], serde_json::json!([]));
    release(&client, matter).await;
    let done = run(&client).await;
    assert!(done.index > 0 && done.requests == 0 && done.covers > 0, "{done:?}");
    assert_eq!(client.opened(kept).await.parts[0].closed_because, "it was removed");
}

/// What reports of the past say of who was responsible must not go with a period, nor with the persons it names.
#[tokio::test]
async fn the_controllers_registry_outlives_every_rule_and_whoever_it_names() {
    let Some(disk) = Disk::new() else { return };
    disk.set("clock", &(-QUARTER).to_string());
    let mut server = disk.under(Setup::default()).start();
    let client = server.client_as("tester").await;
    let index = client.put_registry_in_force(REGISTRY).await.receipt.expect("an entry").index;
    let gone = client.append(telling("C-9009", "one", &[])).await.expect("recorded").index;
    let rule = |class: v1::RetentionClass| v1::RetentionRule { class: class as i32, ..subject_after(1) };
    let classes =
        [v1::RetentionClass::Subject, v1::RetentionClass::Staff, v1::RetentionClass::Content, v1::RetentionClass::Body];
    set(&client, classes.map(rule).to_vec()).await.expect("in force");
    server.stop();
    disk.clear("clock");
    server.start();
    let client = server.client_as("tester").await;
    for _ in 0..3 {
        let request = v1::RunErasuresRequest { ledger: String::new(), with_retention: true };
        privacy(&client).run_erasures(client.request(request)).await.expect("a batch");
    }
    assert!(client.entry(gone).await.body.is_empty(), "what the order is about went, key and body");
    server.restart();
    let client = server.client_as("tester").await;
    for size in [0, index + 1] {
        let found = client.registry_at(size).await.expect("in force");
        assert_eq!((found.registry.as_str(), found.index), (REGISTRY, index));
    }
    common::judge::holds(&client, &client.key().await).await;
}
