//! Mirrors of the key table: without them no old root goes.

use super::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use whosaw::rpc::v1;

type PrivacyClient = v1::privacy_service_client::PrivacyServiceClient<tonic::transport::Channel>;

pub fn privacy(client: &Client) -> PrivacyClient {
    PrivacyClient::new(client.channel.clone())
}

/// Answers the token.
pub async fn ask_erasure(client: &Client, customer: &str) -> Vec<u8> {
    let ground = v1::Ground::ConsentWithdrawn as i32;
    let about = Some(v1::PersonCase { subject: Some(strong("customer", customer)), ground, ..Default::default() });
    let request = v1::RequestErasureRequest { ledger: client.ledger.clone(), about };
    privacy(client).request_erasure(client.request(request)).await.expect("recorded").into_inner().token
}

pub async fn run_erasures(client: &Client) -> Result<v1::RunErasuresResponse, tonic::Status> {
    let request = v1::RunErasuresRequest { ledger: client.ledger.clone(), with_retention: false };
    privacy(client).run_erasures(client.request(request)).await.map(tonic::Response::into_inner)
}

pub fn roots(server: &TestServer) -> Vec<String> {
    let names = fs::read_dir(server.keys(1)).expect("reads").flatten();
    let names = names.map(|entry| entry.file_name().into_string().expect("text"));
    let mut roots: Vec<String> = names.filter(|name| name.starts_with("root-")).collect();
    roots.sort();
    roots
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_stays_until_every_mirror_holds_the_next() {
    let place = tempfile::tempdir().expect("a directory");
    let mirrors = ["one", "two"].map(|name| place.path().join(name));
    let list = mirrors.each_ref().map(|path| path.display().to_string()).join(",");
    let mut server = common::Setup::default().env("WHOSAW_MIRRORS", list).start();
    let client = server.client_as("tester").await;
    client.append(about("C-1")).await.expect("recorded");
    let read = |mirror: &Path| fs::read(mirror.join("mirror-1")).expect("a mirror");
    let first = read(&mirrors[0]);
    fs::set_permissions(&mirrors[1], Permissions::from_mode(0o755)).expect("chmod");
    ask_erasure(&client, "C-1").await;
    let status = run_erasures(&client).await.expect_err("cannot be ended");
    assert!(status.message().contains("mode 755") && status.message().contains("done but not ended"), "{status}");
    assert_eq!(roots(&server), ["root-1.key", "root-2.key"]);
    assert_ne!(read(&mirrors[0]), first, "the mirror that could be written was");
    let ready = || String::from_utf8_lossy(&common::http::get(server.address, "/readyz").body).into_owned();
    assert!(ready().contains("erasures do not end") && ready().contains("mode 755"), "{}", ready());
    assert!(server.log().contains("cannot be ended"), "{}", server.log());
    // Appends go on, also after a start, and the root still stays.
    client.append(about("C-2")).await.expect("recorded");
    server.restart();
    assert_eq!(roots(&server), ["root-1.key", "root-2.key"]);
    fs::set_permissions(&mirrors[1], Permissions::from_mode(0o700)).expect("chmod");
    let client = server.client_as("tester").await;
    run_erasures(&client).await.expect("nothing is left to do but to end");
    assert_eq!(roots(&server), ["root-2.key"]);
    let guards: Vec<_> = fs::read_dir(server.data().join("guard")).expect("reads").flatten().collect();
    let names: Vec<_> = guards.iter().map(|entry| entry.file_name().into_string().expect("text")).collect();
    assert!(names.iter().any(|name| name == "standing-1"), "{names:?}");
    assert!(names.iter().any(|name| name.starts_with("erased-1-")), "{names:?}");
}
