//! The server with its keys on a token, and with a key directory that goes away.

use crate::common::http::get;
use crate::common::records::*;
use crate::common::*;
use crate::softhsm::{LABEL, PIN, SoftHsm};
use std::time::Duration;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use whosaw::rpc::v1;

pub fn setup(hsm: &SoftHsm) -> Setup {
    Setup::default()
        .env("SOFTHSM2_CONF", hsm.conf().display().to_string())
        .env("WHOSAW_CUSTODIAN", "pkcs11")
        .env("WHOSAW_PKCS11_MODULE", hsm.module.display().to_string())
        .env("WHOSAW_PKCS11_TOKEN", LABEL)
        .env("WHOSAW_PKCS11_PIN_FILE", hsm.pin_file().display().to_string())
}

fn of(customer: &str) -> v1::EntryFilter {
    v1::EntryFilter { data_subject: Some(strong("customer", customer)), ..Default::default() }
}

/// Whether every part of an entry was opened.
pub async fn opens(client: &Client, index: u64) -> bool {
    let parts = client.opened(index).await.parts;
    !parts.is_empty() && parts.iter().all(|part| part.part.is_some())
}

async fn serving(client: &Client, service: &str) -> i32 {
    let mut health = HealthClient::new(client.channel.clone());
    let request = HealthCheckRequest { service: service.into() };
    health.check(request).await.expect("it is known").into_inner().status
}

pub async fn until_ready(server: &TestServer, status: u16) {
    until("readiness changes", async || {
        tokio::time::sleep(Duration::from_millis(100)).await;
        get(server.address, "/readyz").status == status
    })
    .await;
}

fn lost(server: &TestServer) -> bool {
    let metrics = get(server.address, "/metrics");
    let line = format!("whosaw_custodian_unavailable{{ledger=\"{ORIGIN}\"}} ");
    let value = metrics.text().lines().find_map(|l| l.strip_prefix(&line)).expect("the metric is there");
    value == "1"
}

#[tokio::test(flavor = "multi_thread")]
async fn persons_are_kept_by_a_token_from_end_to_end() {
    let Some(hsm) = SoftHsm::new() else { return };
    let mut server = setup(&hsm).start();
    let client = server.client().await;
    let first = client.append(about("anna")).await.expect("recorded").index;
    let batch = vec![about("ben").record(), about("anna").record(), plain().record()];
    client.batch(batch).await.expect("recorded");
    client.stream(vec![about("anna"), about("cleo")], v1::AppendDetail::Receipt).await.expect("recorded");
    let of_anna = client.list(&of("anna"), 10).await;
    assert_eq!(of_anna.len(), 3, "{of_anna:?}");
    assert!(opens(&client, first).await);
    let ledgers = client.audit().list_ledgers(client.request(v1::ListLedgersRequest {})).await.expect("lists");
    assert_eq!(ledgers.into_inner().ledgers[0].custodian, "PKCS#11 token");
    assert_eq!(get(server.address, "/readyz").status, 200);

    server.restart();
    let client = server.client().await;
    assert_eq!(client.list(&of("anna"), 10).await, of_anna);
    assert!(opens(&client, first).await);
    client.append(about("anna")).await.expect("recorded");
    assert_eq!(client.list(&of("anna"), 10).await.len(), 4, "a known person became somebody new");
    assert!(client.list(&of("nobody"), 10).await.is_empty());
    judge::check(&client, &client.key().await).await;
    assert_eq!(server.stop().code(), Some(0));

    // No key lies beside the label, and the PIN nowhere.
    let mut names: Vec<_> =
        std::fs::read_dir(server.keys(1)).expect("lists").flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names, ["pkcs11.label", "signing.key"]);
    assert!(!server.log().contains(PIN), "{}", server.log());
    run(server.command("serve").arg("--check"), 0);

    // The PIN may stand in the environment instead.
    server.setup.env.retain(|(name, _)| name != "WHOSAW_PKCS11_PIN_FILE");
    server.setup.env.push(("WHOSAW_PKCS11_PIN".into(), PIN.into()));
    run(server.command("serve").arg("--check"), 0);
    server.start();
    let client = server.client().await;
    assert!(opens(&client, first).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_lost_while_the_server_runs() {
    let Some(hsm) = SoftHsm::new() else { return };
    let server = setup(&hsm).start();
    let client = server.client().await;
    let known = client.append(about("anna")).await.expect("recorded").index;
    hsm.take_out();
    let size = client.size().await;
    let status = client.append(about("ben")).await.expect_err("there is no key");
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    let words = format!("the PKCS#11 token {LABEL} cannot be used: ");
    assert!(status.message().starts_with(&words) && !status.message().contains("ben"), "{status}");
    assert_eq!(client.size().await, size, "something was recorded");
    client.append(plain()).await.expect("nobody is in it");
    until_ready(&server, 503).await;
    assert!(get(server.address, "/readyz").text().starts_with(&words));
    assert_eq!(get(server.address, "/healthz").status, 200);
    assert!(lost(&server));
    until("gRPC health changes", async || {
        serving(&client, "whosaw.v1.LedgerService").await == ServingStatus::NotServing as i32
    })
    .await;
    assert_eq!(serving(&client, "whosaw.v1.AuditService").await, ServingStatus::Serving as i32);
    assert!(opens(&client, known).await, "what is there does not open");
    let status = client.page(&of("somebody"), 10, "").await.expect_err("cannot be looked up");
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(server.log().contains("the custodian of keys is lost"), "{}", server.log());

    hsm.put_back();
    until_ready(&server, 200).await;
    assert!(!lost(&server));
    client.append(about("ben")).await.expect("recorded again");
    assert_eq!(client.list(&of("anna"), 10).await, [known]);
    until("gRPC health changes", async || {
        serving(&client, "whosaw.v1.LedgerService").await == ServingStatus::Serving as i32
    })
    .await;
    assert!(server.log().contains("the custodian of keys is back"), "{}", server.log());
    assert!(!server.log().contains(PIN), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_token_is_said_before_anything_is_opened() {
    let Some(hsm) = SoftHsm::new() else { return };
    let mut server = setup(&hsm).init();
    let with = |server: &TestServer, name: &str, value: &str| {
        let mut command = server.command("serve");
        let said = run(command.arg("--check").env(name, value), 2);
        assert!(!said.err.contains(PIN), "{}", said.err);
        said.err
    };
    let said = with(&server, "WHOSAW_PKCS11_TOKEN", "nobody's");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("the module has no token of this label"), "{said}");
    let said = with(&server, "WHOSAW_PKCS11_MODULE", "/etc/hostname");
    assert!(said.contains("the PKCS#11 module /etc/hostname cannot be used"), "{said}");
    let said = with(&server, "WHOSAW_PKCS11_MODULE", "/nowhere.so");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("pkcs11_module cannot be read"), "{said}");
    let said = with(&server, "WHOSAW_CUSTODIAN", "directory");
    for name in ["pkcs11_module", "pkcs11_token", "pkcs11_pin_file"] {
        assert!(said.contains(&format!("{name} needs custodian = \"pkcs11\"")), "{said}");
    }
    // Two ledgers, one wrong PIN: one attempt.
    run(server.command("init").args(["--origin", "ledger.example/second"]), 0);
    hsm.write_pin("no such pin");
    let said = with(&server, "WHOSAW_LOG", "info");
    assert_eq!(said.matches("PinIncorrect").count(), 1, "{said}");
    assert!(!said.contains("no such pin"), "{said}");
    let refusal = server.refusal();
    assert!(refusal.contains("C_Login answered PinIncorrect"), "{refusal}");
    hsm.write_pin(PIN);
    run(server.command("serve").arg("--check"), 0);

    // Keys in a directory are not taken for keys on a token, nor the other way.
    server.setup.env.retain(|(name, _)| !name.starts_with("WHOSAW_"));
    let said = run(server.command("serve").arg("--check"), 2);
    assert!(said.err.contains("are kept by the custodian \"pkcs11\""), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_directory_that_goes_away_is_told_and_nobody_new_is_recorded_without_it() {
    let server = TestServer::new();
    let client = server.client().await;
    let known = client.append(about("anna")).await.expect("recorded").index;
    let aside = server.place.join("aside");
    std::fs::rename(server.keys(1), &aside).expect("renames");
    let size = client.size().await;
    let status = client.append(about("ben")).await.expect_err("his keys would be lost with this process");
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.message().contains("is missing or unreadable") && !status.message().contains("ben"), "{status}");
    assert_eq!(client.size().await, size, "something was recorded");
    client.append(plain()).await.expect("nobody is in it");
    assert!(opens(&client, known).await, "what is there does not open");
    until_ready(&server, 503).await;
    assert!(get(server.address, "/readyz").text().contains("keys/ledger-1 is missing or unreadable"));
    assert!(lost(&server));
    std::fs::rename(&aside, server.keys(1)).expect("renames");
    until_ready(&server, 200).await;
    assert!(!lost(&server));
    client.append(about("ben")).await.expect("recorded");
}
