//! The verifier as judge of what a server hands out.

use super::{Client, run, whosaw_verify};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use tempfile::TempDir;
use whosaw::rpc::v1;
use whosaw_verifier::checkpoint::{self, VerifiedCheckpoint};
use whosaw_verifier::export::{self, Report, Verdict};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle;
use whosaw_verifier::note::VerifierKey;
use whosaw_verifier::receipt::{self, Content, Receipt, VerifiedReceipt};

/// Writes an export into a directory, as any client would.
pub async fn export(client: &Client, content: bool, to: &Path) {
    export_disclosing(client, content, None, to).await;
}

/// The same with the keys that open one person's parts.
pub async fn export_disclosing(client: &Client, content: bool, disclose: Option<v1::Identity>, to: &Path) {
    let request = client.request(v1::ExportRequest { ledger: client.ledger.clone(), content, disclose });
    let mut pieces = client.audit().export(request).await.expect("an export").into_inner();
    while let Some(piece) = pieces.message().await.expect("an export goes on") {
        let path = to.join(&piece.path);
        fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("a directory");
        let mut file = OpenOptions::new().create(true).append(true).open(&path).expect("a file");
        file.write_all(&piece.data).expect("room");
    }
}

/// The door through which every ledger has to go: exported with its content, it holds under the key given.
pub async fn check(client: &Client, key: &VerifierKey) -> Checked {
    let Checked { directory, report } = holds(client, key).await;
    assert!(report.has_content, "the content is in it");
    assert_eq!((report.bodies.intact, report.bodies.removed, report.parts.removed), (report.size, 0, 0));
    if let Some(mut verify) = whosaw_verify() {
        let said = run(verify.arg("export").arg(directory.path()).args(["--vkey", &key.to_string()]), 0);
        assert!(said.out.contains("HOLDS"), "{}", said.out);
    }
    Checked { directory, report }
}

/// The same where content may have been removed, with authority.
pub async fn holds(client: &Client, key: &VerifierKey) -> Checked {
    let directory = tempfile::tempdir().expect("a directory");
    export(client, true, directory.path()).await;
    let report = export::verify(directory.path(), std::slice::from_ref(key)).expect("an export can be read");
    assert_eq!(report.verdict(), Verdict::Holds, "{}", report.to_text());
    Checked { directory, report }
}

/// An export that holds.
pub struct Checked {
    pub directory: TempDir,
    pub report: Report,
}

impl Checked {
    /// Leaf hashes of all entries, in order, from the entry bundles.
    pub fn leaves(&self) -> Vec<Hash> {
        let mut leaves = Vec::new();
        for number in 0..self.report.size.div_ceil(256) {
            let width = (self.report.size - number * 256).min(256);
            let path = self.directory.path().join(whosaw_verifier::tiles::entries_path(number, width));
            let bundle = fs::read(path).expect("a bundle");
            let entries = whosaw_verifier::tiles::entries(&bundle).expect("whole entries");
            leaves.extend(entries.iter().map(|entry| merkle::leaf_hash(entry)));
        }
        leaves
    }
}

/// A receipt with its body holds under the key, and says of itself what it proves.
pub fn receipt(receipt: &v1::Receipt, key: &VerifierKey) -> VerifiedReceipt {
    let parsed = Receipt::parse(receipt.tlog_proof.as_bytes()).expect("a tlog-proof");
    let salt: &[u8; 32] = receipt.salt.as_slice().try_into().expect("a salt of 32 bytes");
    let verified = receipt::verify(&parsed, std::slice::from_ref(key), Some((salt, &receipt.body)))
        .unwrap_or_else(|error| panic!("the receipt of entry {}: {error}", receipt.index));
    assert!(matches!(verified.content, Content::Meant(_)), "{:?}", verified.content);
    assert_eq!((receipt.index, &receipt.leaf_hash[..]), (verified.header.index, &verified.leaf[..]));
    let at = receipt.recorded_at.as_ref().expect("a time");
    assert_eq!(at.seconds as u64 * 1_000_000 + at.nanos as u64 / 1_000, verified.header.recorded_at_us);
    verified
}

/// A checkpoint that the key signed, and that says what stands beside it.
pub fn checkpoint(head: &v1::Checkpoint, key: &VerifierKey) -> VerifiedCheckpoint {
    let verified = checkpoint::open(head.note.as_bytes(), std::slice::from_ref(key)).expect("a signed head");
    let read = verified.checkpoint();
    assert_eq!((&read.origin, read.size, &read.root[..]), (&head.origin, head.tree_size, &head.root_hash[..]));
    verified
}

/// Proves by the server's own consistency proofs that all these heads are heads of one history. Each is held against the
/// next larger one; equal sizes must have equal roots; so all are consistent with each other.
pub async fn consistent(client: &Client, key: &VerifierKey, notes: impl IntoIterator<Item = String>) -> usize {
    let mut heads: Vec<(u64, Hash)> = notes
        .into_iter()
        .map(|note| {
            let head = checkpoint::open(note.as_bytes(), std::slice::from_ref(key)).expect("a signed head");
            (head.checkpoint().size, head.checkpoint().root)
        })
        .collect();
    heads.sort_unstable();
    heads.dedup();
    for pair in heads.windows(2) {
        let [(old_size, old_root), (new_size, new_root)] = [pair[0], pair[1]];
        assert_ne!(old_size, new_size, "two heads of one size");
        let request =
            client.request(v1::GetConsistencyProofRequest { ledger: client.ledger.clone(), old_size, new_size });
        let proof = client.audit().get_consistency_proof(request).await.expect("a proof").into_inner();
        let hashes: Vec<Hash> = proof.hashes.iter().map(|hash| hash.as_slice().try_into().expect("a hash")).collect();
        merkle::verify_consistency(old_size, new_size, &hashes, &old_root, &new_root)
            .unwrap_or_else(|error| panic!("{old_size} and {new_size} are two histories: {error}"));
    }
    heads.len()
}
