//! Orders that keep accesses from a person: what they cover is in no report on that person, and nothing betrays it.

use super::*;
use serde_json::{Value, json};

pub const ORDER: &str = r#"version = "v1"
[profile]
id = "eu-de"
snapshot = "2026-11-24"
zone = "Europe/Berlin"
[[suppressions]]
reference = "order 77 Gs 12/26"
authority = "Public prosecutor"
subjects = [{ namespace = "customer", fields = ["C-1"] }]
callers = ["fraud-desk"]
from = "2020-01-01"
silent = true
"#;

/// Accesses of a desk that an order speaks of, and what came of them, about one customer; between accesses of others about C-1.
pub async fn story(server: &TestServer, client: &Client, whom: &str) {
    let desk = server.client_as("fraud-desk").await;
    let id = |n: u64| common::records::id(n);
    let action = |n: u64, whom: &str| v1::Action { action_id: id(n), ..common::records::about(whom) };
    let linked = |n: u64, whom: &str, links: v1::Links| v1::Action { links: Some(links), ..action(n, whom) };
    let none = v1::Links::default;
    client.append(action(1, "C-1")).await.expect("recorded");
    desk.append(action(2, whom)).await.expect("recorded");
    // Caused by it, one straight and one by way of an act that is about nobody in particular.
    client.append(linked(3, whom, v1::Links { caused_by: vec![id(2)], ..none() })).await.expect("recorded");
    client.append(linked(4, "C-5", v1::Links { parents: vec![id(3)], ..none() })).await.expect("recorded");
    client.append(linked(5, whom, v1::Links { parents: vec![id(4)], ..none() })).await.expect("recorded");
    // The same act told again, and a correction.
    client.append(linked(6, whom, v1::Links { same_act_as: vec![id(2)], ..none() })).await.expect("recorded");
    let correction = linked(7, whom, v1::Links { corrects: vec![id(5)], ..none() });
    client.append(v1::Action { verb: "event.correct".into(), ..correction }).await.expect("recorded");
    requested::report(&desk, whom).await;
    let last = client.append(action(8, "C-1")).await.expect("recorded").index;
    // It opens an entry that the order does not cover: also that it looked is not told.
    let opened = if whom == "C-1" { last } else { last - 2 };
    desk.opened(opened).await;
    // Nor that it looked them up, nor that it knows them under another identifier.
    look_up(&desk, strong("customer", whom)).await.expect("known");
    let link = v1::LinkIdentitiesRequest {
        ledger: String::new(),
        about: about(strong("customer", whom), v1::Ground::Unspecified),
        other: Some(strong("email", "second@example.org")),
        strength: v1::Strength::Strong as i32,
    };
    privacy(&desk).link_identities(desk.request(link)).await.expect("linked");
}

/// Without what differs between two ledgers that tell the same: hashes, ids, keys and times of recording.
pub fn without_chance(value: &mut Value) {
    match value {
        Value::String(text) => {
            let is_time = text.parse::<jiff::Timestamp>().is_ok();
            let is_random = text.len() >= 32 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
            // Keys have a plus after their name; a signed note may have one in its base64, and always has a signature line.
            if is_time || is_random || text.contains('+') || text.contains("\n\n— ") {
                *text = "*".into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_chance),
        Value::Object(fields) => fields.values_mut().for_each(without_chance),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Case 37: the report is the one of somebody about whom these accesses never were, in every field.
#[tokio::test]
async fn a_report_under_an_order_is_that_of_somebody_whom_nobody_looked_at() {
    let mut told = Vec::new();
    for whom in ["C-1", "C-2"] {
        let (server, client) = server().await;
        story(&server, &client, whom).await;
        client.put_registry_in_force(ORDER).await;
        let mut report = requested::report(&client, "C-1").await;
        without_chance(&mut report);
        told.push(report);
    }
    let [under_order, never] = told.try_into().expect("two");
    assert_eq!(under_order["totals"]["entries"], 2, "{under_order}");
    assert_eq!(under_order, never);
    let text = under_order.to_string();
    assert!(!text.contains("77 Gs") && !text.contains("fraud-desk"), "{text}");
}

/// Also where nothing else is known of them: of whoever is asked for the report says the same as of a stranger.
#[tokio::test]
async fn a_report_on_somebody_of_whom_all_is_covered_is_that_of_a_stranger() {
    let (server, client) = server().await;
    let desk = server.client_as("fraud-desk").await;
    desk.append(common::records::about("C-1")).await.expect("recorded");
    client.put_registry_in_force(ORDER).await;
    let size = client.size().await;
    let report = |customer: &'static str| requested::report_at(&client, customer, size);
    let (mut covered, mut stranger) = (report("C-1").await, report("C-8").await);
    for report in [&mut covered, &mut stranger] {
        without_chance(report);
    }
    let covered = covered.to_string().replace("C-1", "C-8");
    assert_eq!(covered, stranger.to_string());
}

#[tokio::test]
async fn what_an_order_covered_is_told_when_it_is_over_and_stays_out_of_the_report_of_then() {
    let (mut server, client) = server().await;
    story(&server, &client, "C-1").await;
    client.put_registry_in_force(ORDER).await;
    let before = client.size().await;
    let first = requested::report(&client, "C-1").await;
    assert_eq!(first["totals"]["entries"], 2);
    // Also of the size of now, as of which no order was known yet: it is told now, or not at all.
    let over = ORDER.replace("\"v1\"", "\"v2\"").replace("silent", "until = \"2021-01-01\"\nsilent");
    client.put_registry_in_force(&over).await;
    let told = requested::report(&client, "C-1").await;
    assert_eq!(told["totals"]["entries"], 7, "{told}");
    assert_eq!(told["earlier_reports"].as_array().expect("a list").len(), 2, "the desk's too");
    server.restart();
    let client = server.client_as("tester").await;
    let (again, produced) = again(&client, before).await;
    assert_eq!(produced.reproduction(), v1::Reproduction::Identical);
    assert_eq!(again, first, "to the byte");
}

/// An order names what it covers; all else is told.
#[tokio::test]
async fn an_order_covers_what_fits_each_of_its_lists() {
    let scopes: [(&str, u64); 7] = [
        ("", 0),
        ("actors = [\"helper\"]", 1),
        ("actors = [\"nobody\"]", 2),
        ("datasets = [\"crm\"]", 1),
        ("datasets = [\"mail\"]\nactors = [\"helper\"]", 2),
        ("cases = [\"conversation of C-1\"]", 0),
        ("acts_until = \"2020-01-01\"", 2),
    ];
    for (scope, left) in scopes {
        let (_server, client) = server().await;
        client.register(v1::RegistryKind::Dataset, &["crm"]).await;
        let helper =
            v1::Action { actors: vec![agent("helper")], dataset: "crm".into(), ..common::records::about("C-1") };
        client.append(helper).await.expect("recorded");
        let other = v1::Action { actors: vec![agent("another")], ..common::records::about("C-1") };
        client.append(other).await.expect("recorded");
        let order = ORDER.replace("callers = [\"fraud-desk\"]\n", &format!("{scope}\n"));
        client.put_registry_in_force(&order).await;
        let report = requested::report(&client, "C-1").await;
        assert_eq!(report["totals"]["entries"], json!(left), "{scope}");
    }
}

/// The house's own report shows the row, and that it must not be told.
#[tokio::test]
async fn the_exposure_report_says_what_an_order_keeps_from_whom_it_is_about() {
    let (_server, client) = server().await;
    client.register(v1::RegistryKind::Dataset, &["crm"]).await;
    let read =
        |actor: &str| v1::Action { actors: vec![agent(actor)], dataset: "crm".into(), ..common::records::about("C-1") };
    client.append(read("helper")).await.expect("recorded");
    let covered = client.append(read("watcher")).await.expect("recorded").index;
    let order = ORDER.replace("callers = [\"fraud-desk\"]", "actors = [\"watcher\"]\nuntil = \"2099-06-01\"");
    client.put_registry_in_force(&order).await;
    let (told, _) = again::exposure(&client).await;
    let expected = json!([{ "entry": covered, "reference": "order 77 Gs 12/26", "until": "2099-06-01" }]);
    assert_eq!(told["suppressed"], expected, "{told}");
    let json = serde_json::to_vec(&told).expect("JSON");
    let page = whosaw::report::render_json(&json, &[whosaw::report::Format::Html]).expect("a page").remove(0).bytes;
    let page = String::from_utf8(page).expect("text");
    assert_eq!(page.matches("not to be told to whom it is about until the end of 2099-06-01").count(), 1, "{page}");
    assert_eq!(requested::report(&client, "C-1").await["totals"]["entries"], 1);
}

/// A report of before, made again: its JSON, and what was said of it.
pub async fn again(client: &Client, index: u64) -> (Value, v1::ReportProduced) {
    let request = v1::ReproduceReportRequest {
        ledger: client.ledger.clone(),
        index,
        formats: vec![v1::ReportFormat::Json as i32],
    };
    let mut reports = v1::report_service_client::ReportServiceClient::new(client.channel.clone());
    let mut stream = reports.reproduce_report(client.request(request)).await.expect("a report").into_inner();
    let (mut json, mut produced) = (Vec::new(), None);
    while let Some(message) = stream.message().await.expect("a message") {
        match message.piece {
            Some(v1::reproduce_report_response::Piece::File(file)) => json.extend(file.data),
            Some(v1::reproduce_report_response::Piece::Produced(done)) => produced = Some(done),
            _ => {}
        }
    }
    (serde_json::from_slice(&json).expect("JSON"), produced.expect("it ended"))
}
