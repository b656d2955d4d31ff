//! The life of a person in a ledger, from outside: asked for, restricted, held, erased, and what is left of it everywhere.

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "shared by tests that use different parts of it")]
mod common;

#[path = "../common/sheets.rs"]
#[allow(dead_code, reason = "workbooks are looked into elsewhere")]
mod sheets;

mod again;
mod bounded;
mod calls;
mod canary;
mod enumeration;
mod erased;
mod header;
mod held;
mod histories;
mod kept;
mod linkability;
mod named;
mod oracles;
mod pruned;
mod real;
mod requested;
mod retained;
mod superseded;
mod suppressed;
mod tampered;
mod together;

use common::records::*;
use common::{Client, TestServer};
use tonic::Status;
use whosaw::rpc::v1;

type PrivacyClient = v1::privacy_service_client::PrivacyServiceClient<tonic::transport::Channel>;

fn privacy(client: &Client) -> PrivacyClient {
    PrivacyClient::new(client.channel.clone())
}

fn about(identity: v1::Identity, ground: v1::Ground) -> Option<v1::PersonCase> {
    Some(v1::PersonCase { subject: Some(identity), ground: ground as i32, ..Default::default() })
}

async fn erase(client: &Client, identity: v1::Identity) -> Result<v1::RequestErasureResponse, Status> {
    let about = about(identity, v1::Ground::ConsentWithdrawn);
    let request = v1::RequestErasureRequest { ledger: client.ledger.clone(), about };
    Ok(privacy(client).request_erasure(client.request(request)).await?.into_inner())
}

async fn run(client: &Client) -> v1::RunErasuresResponse {
    let request = v1::RunErasuresRequest { ledger: client.ledger.clone(), with_retention: false };
    privacy(client).run_erasures(client.request(request)).await.expect("a batch runs").into_inner()
}

async fn look_up(client: &Client, identity: v1::Identity) -> Result<v1::LookUpPersonResponse, Status> {
    let about = about(identity, v1::Ground::Unspecified);
    let request = v1::LookUpPersonRequest { ledger: client.ledger.clone(), about };
    Ok(privacy(client).look_up_person(client.request(request)).await?.into_inner())
}

async fn status(client: &Client, token: &[u8]) -> Result<v1::GetErasureStatusResponse, Status> {
    let request = v1::GetErasureStatusRequest { ledger: client.ledger.clone(), token: token.to_vec() };
    Ok(privacy(client).get_erasure_status(client.request(request)).await?.into_inner())
}

/// Entries with a part of this person, opened.
async fn list(client: &Client, identity: v1::Identity) -> Vec<v1::Entry> {
    let filter = Some(v1::EntryFilter { data_subject: Some(identity), ..Default::default() });
    let request = v1::ListEntriesRequest {
        ledger: client.ledger.clone(),
        filter,
        page_size: 1_000,
        open_parts: true,
        ..Default::default()
    };
    client.audit().list_entries(client.request(request)).await.expect("a list").into_inner().entries
}

/// An action about one customer, with something of theirs in every field that takes a text.
fn telling(customer: &str, secret: &str, with: &[&str]) -> v1::Action {
    let mut action = common::records::about(customer);
    action.conversation = format!("conversation {secret}");
    action.instruction = format!("instruction {secret}");
    action.arguments = format!("{{\"argument\":\"{secret}\"}}").into_bytes();
    action.result = format!("{{\"result\":\"{secret}\"}}").into_bytes();
    action.subjects[0].identities.push(strong("email", &format!("{secret}@example.org")));
    action.subjects.extend(with.iter().map(|other| subject(other)));
    action.actors.push(human(strong("staff", &format!("staff {secret}"))));
    action
}

async fn hold(client: &Client, scope: v1::HoldScopes) -> Vec<u8> {
    let request = v1::PlaceHoldRequest {
        scope: Some(scope),
        exemption: v1::Exemption::LegalClaims as i32,
        reference: "matter 7".into(),
        ..Default::default()
    };
    privacy(client).place_hold(client.request(request)).await.expect("a hold").into_inner().matter
}

async fn release(client: &Client, matter: Vec<u8>) {
    let request = v1::ReleaseHoldRequest { matter, ..Default::default() };
    privacy(client).release_hold(client.request(request)).await.expect("is released");
}

/// The access report on a customer, as it stands in its JSON, and the entry that records it.
async fn access_report(client: &Client, server: &TestServer, customer: &str) -> (serde_json::Value, u64) {
    let subject = format!("customer={customer}");
    let json = common::report_json(server, &["access", "--subject", &subject, "--edition", "lawyer"]);
    let produced = client.of_kind(v1::EntryKind::ReportProduced).await;
    (json, *produced.last().expect("it was recorded"))
}

async fn server() -> (TestServer, Client) {
    let server = TestServer::new();
    let client = server.client_as("tester").await;
    (server, client)
}
