//! Measures admitting, sealing, placing and scanning, in memory and on one thread unless said otherwise:
//! `cargo run --release --example sealing`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use whosaw::admit::{Limits, admit};
use whosaw::model::*;
use whosaw::store::memory::MemoryStore;
use whosaw::store::{Commit, Lease, LedgerNumber, Store, WriteSet};
use whosaw::vault::{KeyDirectory, Vault};

const ORIGIN: &str = "ledger.example/measured";
const LEDGER: LedgerNumber = LedgerNumber(1);
const NOW: UnixMicros = UnixMicros(1_772_323_200_000_000);

fn main() {
    let directory = tempfile::tempdir().expect("a directory");
    let keys = directory.path().join("keys");
    let custodian = KeyDirectory::create(&keys, &directory.path().join("db")).expect("creates");
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let mut lease = store.acquire(LEDGER).expect("acquires");
    let began = Instant::now();
    let rows = Vault::create(LEDGER, ORIGIN, &custodian).expect("creates");
    println!("create a vault: {:?}", began.elapsed());
    commit(store.as_ref(), &mut lease, rows);
    let began = Instant::now();
    let vault = Vault::open(Arc::clone(&store), LEDGER, ORIGIN, Arc::new(custodian)).expect("opens");
    println!("open a vault: {:?}", began.elapsed());

    let registry = registry();
    let admitted = |action: Action| {
        admit(
            action,
            caller(),
            &registry,
            &whosaw_verifier::entry::origin_hash(ORIGIN),
            &Limits::default(),
            &Keeping::default(),
        )
        .expect("is fine")
    };
    let (none, one) = (action(0), action(1));
    let cloned = best(|| drop(black_box(none.clone())));
    println!("admit, nobody: {} ns", best(|| drop(black_box(admitted(none.clone())))) - cloned);
    let cloned = best(|| drop(black_box(one.clone())));
    println!("admit, one person: {} ns", best(|| drop(black_box(admitted(one.clone())))) - cloned);
    for (what, admitted) in [("nobody", admitted(none)), ("one person", admitted(one))] {
        let cloned = best(|| drop(black_box(admitted.clone())));
        let seal = || vault.seal(admitted.clone(), NOW).expect("seals");
        let first = seal();
        let mut writes = WriteSet::default();
        first.placement.place(0, &mut writes);
        commit(store.as_ref(), &mut lease, writes);
        first.placement.durable();
        println!("seal, {what}: {} ns", best(|| drop(black_box(seal()))) - cloned);
        let placed = best(|| {
            let mut writes = WriteSet::default();
            first.placement.place(1, &mut writes);
            black_box(&writes);
        });
        println!("place, {what}: {placed} ns");
    }

    let many = action(100_000);
    let before = resident();
    let began = Instant::now();
    let many = admitted(many);
    println!("admit 100,000 persons: {:?}", began.elapsed());
    let began = Instant::now();
    let sealed = vault.seal(many, NOW).expect("seals");
    println!("seal 100,000 new persons: {:?}", began.elapsed());
    let began = Instant::now();
    let mut writes = WriteSet::default();
    sealed.placement.place(2, &mut writes);
    println!("place 100,000 persons, {} rows: {:?}", writes.operations().count(), began.elapsed());
    println!("memory for all that: {} MiB", (resident() - before) >> 20);
}

/// Nanoseconds of one call in the best of many runs: other programs can only make it slower.
fn best(mut run: impl FnMut()) -> u64 {
    let mut best = Duration::MAX;
    for _ in 0..100 {
        let began = Instant::now();
        (0..1_000).for_each(|_| run());
        best = best.min(began.elapsed());
    }
    best.as_nanos() as u64 / 1_000
}

fn commit(store: &dyn Store, lease: &mut Lease, writes: WriteSet) {
    let Lease { ledger, epoch, sequence } = *lease;
    store.commit(Commit { ledger, epoch, sequence, id: [7; 16], writes }).expect("commits");
    lease.sequence += 1;
}

fn caller() -> Caller {
    Caller { name: "proxy".into(), assurance: Assurance::Token }
}

/// A tool call as a proxy describes it.
fn action(persons: u32) -> Action {
    let subject = |n: u32| Subject {
        kind: "customer".into(),
        identities: vec![Identity {
            namespace: "customer".into(),
            fields: vec![format!("mia_li_{n}")],
            strength: Strength::Strong,
        }],
        categories: vec![CategoryUse {
            direction: Direction::Result,
            categories: vec!["contact".into(), "basic".into()],
            rendered_to: Vec::new(),
        }],
        ..Subject::default()
    };
    let mut action_id = vec![0x55; 16];
    (action_id[6], action_id[8]) = (0x70, 0x80);
    let mut action = Action {
        action_id,
        verb: "data.read".into(),
        outcome: Outcome::Succeeded,
        occurred: Some(Occurred {
            earliest_us: NOW.0 as i64 - 5,
            latest_us: NOW.0 as i64 - 5,
            source: TimeSource::Gateway,
        }),
        actors: vec![Actor {
            kind: PartyKind::Agent,
            name: "support-agent".into(),
            model: "gpt".into(),
            ..Actor::default()
        }],
        source: Some(Source { name: "proxy".into(), sequence: 17, ..Source::default() }),
        tool: "get_customer".into(),
        dataset: "customers".into(),
        purpose: "support".into(),
        legal_bases: vec!["gdpr:6.1.b".into()],
        determination: Determination::Nobody,
        subjects: (0..persons).map(subject).collect(),
        provenance: Provenance::Described,
        ..Action::default()
    };
    if persons > 0 {
        action.determination = Determination::Listed;
        action.conversation = "conversation-77".into();
        action.arguments = br#"{"id":"mia_li_0"}"#.to_vec();
    }
    action
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    for (kind, name) in [
        (RegistryKind::Agent, "support-agent"),
        (RegistryKind::Source, "proxy"),
        (RegistryKind::Tool, "get_customer"),
        (RegistryKind::Dataset, "customers"),
        (RegistryKind::Term, "purpose/support"),
        (RegistryKind::Term, "model/gpt"),
        (RegistryKind::Term, "kind/customer"),
    ] {
        registry.put(kind, name.into(), Registered::default());
    }
    registry
}

/// Bytes of memory this process holds.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    pages.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok()).unwrap_or(0) * 4_096
}
