//! A small ledger in memory, written out as an export. Built from the public constructions only, so that what it writes
//! is what the design says, and never what the verifier happens to accept.

use ed25519_dalek::{Signer, SigningKey};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use whosaw_verifier::agent;
use whosaw_verifier::body::*;
use whosaw_verifier::checkpoint::Checkpoint;
use whosaw_verifier::entry::*;
use whosaw_verifier::erasure;
use whosaw_verifier::hash::{Hash, sha256};
use whosaw_verifier::merkle;
use whosaw_verifier::note::{KeyKind, VerifierKey};
use whosaw_verifier::part::*;
use whosaw_verifier::receipt::Receipt;
use whosaw_verifier::seal;
use whosaw_verifier::tiles;
use whosaw_verifier::vocabulary::*;
use whosaw_verifier::wire::Message;

pub const ORIGIN: &str = "example.com/ledger";
pub const K: Hash = [11; 32];
pub const START_US: u64 = 1_795_424_347_000_000;

pub struct Entry {
    pub header: Header,
    pub content: Option<([u8; 32], Vec<u8>)>,
    pub parts: Vec<(Hash, Option<Vec<u8>>)>,
}

pub struct TestLedger {
    pub secret: SigningKey,
    pub key: VerifierKey,
    pub entries: Vec<Entry>,
    /// (index, ordinal) to disclose.
    pub openings: Vec<(u64, u32)>,
    /// Lists of what erasure entries cover, by entry.
    pub lists: Vec<(u64, Vec<u8>)>,
}

impl TestLedger {
    pub fn new() -> Self {
        let secret = SigningKey::from_bytes(&[1; 32]);
        let key = VerifierKey::new(ORIGIN, KeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
        let mut ledger = TestLedger { secret, key, entries: Vec::new(), openings: Vec::new(), lists: Vec::new() };
        let genesis = GenesisBody {
            origin: ORIGIN.into(),
            verifier_key: ledger.key.to_string(),
            software: "test".into(),
            predecessor: None,
        };
        ledger.append(EntryKind::Genesis, &genesis.encode(), &[], LAST_OF_COMMIT);
        ledger
    }

    /// Every kind of entry and part that has a meaning today: a little of everything.
    pub fn with_everything() -> Self {
        let mut ledger = TestLedger::new();
        let agent = SigningKey::from_bytes(&[2; 32]);
        ledger.register_agent("helper", &agent, 0);
        ledger.append(EntryKind::WriterEpoch, &WriterEpochBody { epoch: 1, ..Default::default() }.encode(), &[], 4);
        ledger.signed_action("helper", &agent);
        let old_us = ledger.entries.last().unwrap().header.recorded_at_us;
        let clock = ClockBody { old_us, new_us: old_us - 5_000_000 };
        ledger.append_at(EntryKind::Clock, &clock.encode(), &[], LAST_OF_COMMIT, old_us - 5_000_000);
        ledger.plain_action(1);
        ledger
    }

    pub fn register_agent(&mut self, name: &str, agent: &SigningKey, flags: u16) {
        let record = RegistryRecord {
            kind: RegistryKind::Agent,
            name: name.into(),
            public_key: agent.verifying_key().as_bytes().to_vec(),
            ..Default::default()
        };
        let body = RegistryBody { records: vec![record], ..RegistryBody::default() };
        self.append(EntryKind::Registry, &body.encode(), &[], flags);
    }

    /// Two parts: a customer with the content, and the principal; done by the agent of this name, signed with this key.
    /// Part 0 is disclosed.
    pub fn signed_action(&mut self, name: &str, agent: &SigningKey) {
        let action_id = [9; 16];
        let nonces = [[21; 32], [22; 32]];
        let sent: [&[u8]; 2] = [b"{\"user_id\":\"mia_li_3668\"}", b"clerk"];
        let commitments: Vec<Hash> = (0..2).map(|j| agent::part_commitment(&nonces[j], j as u32, sent[j])).collect();
        let claim = b"looked up a reservation".to_vec();
        let message = agent::message(&origin_hash(ORIGIN), &action_id, &sha256(&[&claim]), &commitments);
        let part = |j: usize| Part {
            person: Some(PersonPart { roles: vec![Role::DataSubject], kind: "customer".into(), ..Default::default() }),
            content: (j == 0).then(|| ContentPart { action_id: action_id.to_vec(), ..Default::default() }),
            agent_part: Some(AgentPart { nonce: nonces[j].to_vec(), as_sent: sent[j].to_vec() }),
            ..Default::default()
        };
        let body = ActionBody {
            verb: Verb::DataRead,
            outcome: Outcome::Succeeded,
            actors: vec![Actor { kind: PartyKind::Agent, name: name.into(), ..Default::default() }],
            parts: vec![
                PartGroup {
                    first: 0,
                    count: 1,
                    roles: vec![Role::DataSubject],
                    holds_content: true,
                    ..Default::default()
                },
                PartGroup { first: 1, count: 1, roles: vec![Role::Principal], ..Default::default() },
            ],
            agent_signature: Some(AgentSignature {
                key_id: agent::key_id(agent.verifying_key().as_bytes()).to_vec(),
                claim,
                signature: agent.sign(&message).to_bytes().to_vec(),
                commitments: commitments.iter().map(|c| c.to_vec()).collect(),
            }),
            determination: Determination::Listed,
            ..Default::default()
        };
        self.append(EntryKind::Action, &body.encode(), &[part(0).encode(), part(1).encode()], LAST_OF_COMMIT);
        self.openings.push((self.entries.len() as u64 - 1, 0));
    }

    pub fn plain_action(&mut self, parts: u32) {
        let groups = vec![PartGroup { first: 0, count: parts, roles: vec![Role::DataSubject], ..Default::default() }];
        let body = ActionBody {
            verb: Verb::DataRead,
            outcome: Outcome::Succeeded,
            tool: "get_user_details".into(),
            parts: if parts > 0 { groups } else { Vec::new() },
            ..Default::default()
        };
        let part = Part {
            piece: 0,
            content: Some(ContentPart { error: "none".into(), ..Default::default() }),
            ..Default::default()
        };
        self.append(EntryKind::Action, &body.encode(), &vec![part.encode(); parts as usize], LAST_OF_COMMIT);
    }

    /// Takes content away, and says so.
    pub fn erase(&mut self, places: &[(u64, u32)]) -> u64 {
        self.remove(places);
        self.say_erased(&erased(places), places)
    }

    /// An erasure entry with this body, and the list of these places beside it.
    pub fn say_erased(&mut self, body: &ErasureBody, places: &[(u64, u32)]) -> u64 {
        self.append(EntryKind::Erasure, &body.encode(), &[], LAST_OF_COMMIT);
        let index = self.entries.len() as u64 - 1;
        self.lists.push((index, list(places)));
        index
    }

    /// Takes content away, and says nothing.
    pub fn remove(&mut self, places: &[(u64, u32)]) {
        for (index, ordinal) in places {
            let entry = &mut self.entries[*index as usize];
            match *ordinal {
                erasure::BODY => entry.content = None,
                ordinal => entry.parts[ordinal as usize].1 = None,
            }
        }
    }

    pub fn append(&mut self, kind: EntryKind, body: &[u8], parts: &[Vec<u8>], flags: u16) {
        let at_us = self.entries.last().map_or(START_US, |entry| entry.header.recorded_at_us + 1_000);
        self.append_at(kind, body, parts, flags, at_us);
    }

    pub fn append_at(&mut self, kind: EntryKind, body: &[u8], parts: &[Vec<u8>], flags: u16, at_us: u64) {
        let index = self.entries.len() as u64;
        let salt = sha256(&[b"salt", &index.to_be_bytes()]);
        let commitment = body_commitment(&origin_hash(ORIGIN), &salt, body);
        let parts: Vec<_> = parts
            .iter()
            .enumerate()
            .map(|(j, part)| {
                let random = sha256(&[b"random", &index.to_be_bytes(), &[j as u8]]);
                let sealed = seal::seal(&K, &random, &origin_hash(ORIGIN), &commitment, j as u32, part).unwrap();
                (seal::part_leaf(&sealed), Some(sealed))
            })
            .collect();
        let leaves: Vec<Hash> = parts.iter().map(|(leaf, _)| *leaf).collect();
        let header = Header {
            kind: kind as u8,
            index,
            recorded_at_us: at_us,
            previous_leaf: self.entries.last().map_or(genesis_link(ORIGIN), |entry| entry.header.leaf_hash()),
            flags,
            parts: parts.len() as u32,
            body_commitment: commitment,
            parts_root: merkle::root(&leaves),
        };
        self.entries.push(Entry { header, content: Some((salt, body.to_vec())), parts });
    }

    /// Makes the chain whole again from `index` on, as somebody would who rewrites history.
    pub fn relink(&mut self, index: usize) {
        for at in index.max(1)..self.entries.len() {
            self.entries[at].header.previous_leaf = self.entries[at - 1].header.leaf_hash();
        }
    }

    pub fn leaves(&self) -> Vec<Hash> {
        self.entries.iter().map(|entry| entry.header.leaf_hash()).collect()
    }

    pub fn checkpoint(&self) -> String {
        let root = merkle::root(&self.leaves());
        let head = Checkpoint { origin: ORIGIN.into(), size: self.entries.len() as u64, root };
        head.sign(&self.key, |message| self.secret.sign(message).to_bytes())
    }

    pub fn receipt(&self, index: usize) -> Receipt {
        Receipt {
            header: self.entries[index].header.encode(),
            index: index as u64,
            proof: merkle::inclusion_proof(&self.leaves(), index),
            checkpoint: self.checkpoint(),
        }
    }

    /// Writes the export with its content.
    pub fn write(&self) -> Export {
        let export = self.write_without_content();
        let size = self.entries.len() as u64;
        for number in 0..size.div_ceil(256) {
            let width = tiles::width(0, number, size);
            let mut content = Vec::new();
            for entry in self.entries.iter().skip(number as usize * 256).take(256) {
                tiles::put_body(entry.content.as_ref().map(|(salt, body)| (salt, body.as_slice())), &mut content);
                entry.parts.iter().for_each(|(leaf, sealed)| tiles::put_part(leaf, sealed.as_deref(), &mut content));
            }
            export.put(&tiles::content_path(number, width), &content);
        }
        for (index, ordinal) in &self.openings {
            let (_, sealed) = &self.entries[*index as usize].parts[*ordinal as usize];
            let view = seal::SealedPartView::parse(sealed.as_ref().unwrap()).unwrap();
            let p = seal::derive_p(&K, &origin_hash(ORIGIN), view.seed);
            export.put(&format!("openings/{index}.{ordinal}"), &p);
        }
        for (index, list) in &self.lists {
            export.put(&format!("erasures/{index}"), list);
        }
        export
    }

    pub fn write_without_content(&self) -> Export {
        let export = Export::new();
        let leaves = self.leaves();
        let size = leaves.len() as u64;
        export.put("checkpoint", self.checkpoint().as_bytes());
        export.put("vkeys", format!("{}\n", self.key).as_bytes());
        for number in 0..size.div_ceil(256) {
            let width = tiles::width(0, number, size);
            let mut bundle = Vec::new();
            for entry in self.entries.iter().skip(number as usize * 256).take(256) {
                tiles::put_entry(&entry.header.encode(), &mut bundle);
            }
            export.put(&tiles::entries_path(number, width), &bundle);
        }
        let mut hashes = leaves;
        for level in 0.. {
            for (number, tile) in hashes.chunks(256).enumerate() {
                export.put(&tiles::tile_path(level, number as u64, tile.len() as u64), tile.as_flattened());
            }
            hashes = hashes.chunks_exact(256).map(merkle::root).collect();
            if hashes.is_empty() {
                break;
            }
        }
        export
    }
}

/// The places as an export lists them.
pub fn list(places: &[(u64, u32)]) -> Vec<u8> {
    places.iter().flat_map(|(index, ordinal)| erasure::place(*index, *ordinal)).collect()
}

/// The body of an entry that made these places inaccessible.
pub fn erased(places: &[(u64, u32)]) -> ErasureBody {
    ErasureBody {
        state: ErasureState::Inaccessible,
        covers: places.len() as u64,
        covers_root: erasure::covers_root(places.iter().copied()).to_vec(),
        generation: 1,
        custodian: CustodianClass::KeyDirectory,
        ..Default::default()
    }
}

/// A directory of its own, gone with the value.
pub struct Export {
    pub path: PathBuf,
}

impl Export {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("export-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        Export { path }
    }

    pub fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn get(&self, path: &str) -> Vec<u8> {
        fs::read(self.path.join(path)).unwrap()
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path.join(path)).unwrap();
    }

    /// Every file, as a path within the export.
    pub fn files(&self) -> Vec<String> {
        fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
            for file in fs::read_dir(directory).unwrap() {
                let path = file.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        walk(&self.path, &mut found);
        let mut files: Vec<String> =
            found.iter().map(|path| path.strip_prefix(&self.path).unwrap().to_str().unwrap().to_owned()).collect();
        files.sort();
        files
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
