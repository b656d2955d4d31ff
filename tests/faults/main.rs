//! A place that is not as the server left it: guards, keys and databases that are missing, old, foreign, torn or open to
//! others; corrupt files; a full disk; a clock that jumps; wrong settings. Each is told clearly and in time, and none ever
//! leads to a signature over another history.

mod clock;
#[allow(dead_code, reason = "each test file uses its part")]
#[path = "../common/mod.rs"]
mod common;
mod corrupt;
mod full;
mod places;
mod settings;

use common::records::*;
use common::*;
use std::path::PathBuf;
use whosaw::rpc::v1;
use whosaw_verifier::note::VerifierKey;

/// A stopped server with a history of several lives, and copies of it.
struct Prepared {
    server: TestServer,
    /// As it was stopped, and as it was one life earlier.
    pristine: PathBuf,
    older: PathBuf,
    key: VerifierKey,
    /// Leaves of all entries, and every head that anybody was shown.
    leaves: Vec<Vec<u8>>,
    notes: Vec<String>,
}

const CUSTOMERS: usize = 40;

async fn prepared() -> Prepared {
    let mut server = TestServer::new();
    let key = server.client().await.key().await;
    let mut notes = Vec::new();
    let mut older = PathBuf::new();
    for life in 0..3 {
        let client = server.client().await;
        for commit in 0..12 {
            let width = if life < 2 { 40 } else { 2 };
            let actions = (0..width).map(|n| about(&format!("customer-{}", (commit + n) % CUSTOMERS))).collect();
            let answer = client.batch(actions).await.expect("recorded");
            notes.push(answer.checkpoint.expect("a head").note);
        }
        assert_eq!(server.stop().code(), Some(0), "{}", server.log());
        if life == 1 {
            older = server.copy_data("older");
        }
        if life < 2 {
            server.start();
        }
    }
    let pristine = server.copy_data("pristine");
    server.start();
    let client = server.client().await;
    let size = client.size().await - 1;
    let mut leaves = Vec::new();
    for index in 0..size {
        leaves.push(client.entry(index).await.leaf_hash);
    }
    server.kill();
    let mut prepared = Prepared { server, pristine, older, key, leaves, notes };
    prepared.restore();
    prepared
}

impl Prepared {
    /// Puts everything back as it was stopped.
    fn restore(&mut self) {
        replace_directory(&self.pristine, &self.server.data());
    }

    /// What `serve --check` says to this place: its code and its complaints, one a line.
    fn check(&self) -> (Option<i32>, String) {
        let mut command = self.server.command("serve");
        let said = Said::of(command.args(&self.server.setup.args).arg("--check").output().expect("it runs"));
        assert!(!said.err.contains("panicked"), "{}", said.err);
        (said.code, said.err)
    }

    /// Neither is it served nor is it found well, and both say why in these words.
    fn refused(&mut self, name: &str, words: &[&str]) {
        let (code, told) = self.check();
        assert_eq!(code, Some(2), "{name}: `serve --check` said: {told}");
        let refusal = self.server.refusal();
        for word in words {
            assert!(refusal.contains(word), "{name}: {word:?} is not in: {refusal}");
            assert!(told.contains(word), "{name}: {word:?} is not in what `serve --check` said: {told}");
        }
    }

    /// It starts, everything is there, and all heads ever shown are heads of it.
    async fn whole(&mut self, name: &str) {
        self.server.start();
        let client = self.server.client().await;
        for (index, leaf) in self.leaves.iter().enumerate().step_by(17) {
            assert_eq!(client.entry(index as u64).await.leaf_hash, *leaf, "{name}: entry {index}");
        }
        let someone = v1::EntryFilter { data_subject: Some(strong("customer", "customer-3")), ..Default::default() };
        let found = client.list(&someone, 1_000).await;
        assert!(found.len() > 12, "{name}: {} entries of a person", found.len());
        client.append(about("customer-3")).await.unwrap_or_else(|status| panic!("{name}: {status}"));
        assert_eq!(client.list(&someone, 1_000).await.len(), found.len() + 1, "{name}");
        self.notes.push(client.head().await.note);
        judge::consistent(&client, &self.key, self.notes.clone()).await;
        judge::check(&client, &self.key).await;
        // What this trial added is undone with it, so its heads are no promise.
        self.notes.pop();
        self.server.kill();
    }
}
