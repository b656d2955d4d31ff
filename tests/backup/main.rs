//! Backups of a running server, what they are worth when the rest is lost, and what never comes back.

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "shared by tests that use different parts of it")]
mod common;

mod kept;
mod mirrors;
mod pruned;
mod restored;
mod taken;

use common::records::*;
use common::{Client, Said, TestServer, run, whosaw};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A directory for backups, apart from the server's own.
fn apart() -> (TempDir, PathBuf) {
    let place = tempfile::Builder::new().prefix("whosaw-").tempdir().expect("a temporary directory");
    let backup = place.path().join("backup");
    (place, backup)
}

/// What `whosaw backup --json` says.
fn back_up(server: &TestServer, to: &Path) -> serde_json::Value {
    let said = run(server.client_command(&["backup", "--json"]).arg(to), 0);
    serde_json::from_str(&said.out).expect("JSON")
}

fn verify(backup: &Path, code: i32) -> Said {
    run(whosaw().arg("verify-backup").arg(backup), code)
}

/// An action about a customer, with content that does not compress, so that its size shows in a backup.
fn long(customer: &str, n: u64) -> whosaw::rpc::v1::Action {
    let mut action = about(customer);
    let mut state = n + 1;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + (state >> 59) as u8 % 26)
    });
    let text: String = noise.take(4_000).collect();
    action.arguments = format!("{{\"text\":\"{text}\"}}").into_bytes();
    action
}

async fn server() -> (TestServer, Client) {
    let server = TestServer::new();
    let client = server.client_as("tester").await;
    (server, client)
}
