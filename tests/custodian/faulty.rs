//! A ledger whose custodian fails on command: nothing that needs a key is recorded or told, the rest goes on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use whosaw::admit::Limits;
use whosaw::app::SystemClock;
use whosaw::engine::{Engine, EngineError, EntryQuery, Kind, OpenLedger, PartState, Raw, Receipt, name_ledger};
use whosaw::ledger::{Ledger, LedgerOptions};
use whosaw::model::*;
use whosaw::store::memory::MemoryStore;
use whosaw::store::{LedgerNumber, Store};
use whosaw::vault::{Claim, Custodian, CustodianError, KeyDirectory, Root, Vault};
use whosaw_verifier::hash::Hash;

const ORIGIN: &str = "ledger.example/faulty";
const NUMBER: LedgerNumber = LedgerNumber(1);

/// A key directory that can be out of reach.
struct Faulty {
    keys: KeyDirectory,
    gone: Arc<AtomicBool>,
}

impl Faulty {
    fn here(&self) -> Result<&KeyDirectory, CustodianError> {
        if !self.gone.load(Ordering::SeqCst) {
            return Ok(&self.keys);
        }
        Err(CustodianError::Unavailable {
            what: "the test's custodian cannot be used".into(),
            reason: "it is gone".into(),
        })
    }
}

impl Custodian for Faulty {
    fn class(&self) -> CustodianClass {
        // As far away as a token is, so that appends wait for it where they may wait.
        CustodianClass::Pkcs11
    }
    fn strongest_claim(&self) -> Claim {
        self.keys.strongest_claim()
    }
    fn reason(&self) -> &'static str {
        self.keys.reason()
    }
    fn healthy(&self) -> Result<(), CustodianError> {
        self.here()?.healthy()
    }
    fn create_root(&self, epoch: u64) -> Result<(), CustodianError> {
        self.here()?.create_root(epoch)
    }
    fn destroy_root(&self, epoch: u64) -> Result<(), CustodianError> {
        self.here()?.destroy_root(epoch)
    }
    fn epochs(&self) -> Result<Vec<u64>, CustodianError> {
        self.here()?.epochs()
    }
    fn root(&self, epoch: u64) -> Result<Box<dyn Root + '_>, CustodianError> {
        self.here()?.root(epoch)
    }
    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError> {
        self.here()?.lookup_mac(message)
    }
}

struct House {
    place: TempDir,
    store: Arc<dyn Store>,
    gone: Arc<AtomicBool>,
    engine: Option<Engine>,
    /// Appends run on it; opening blocks, and must not.
    runtime: Runtime,
}

impl House {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let keys = KeyDirectory::create(&place.path().join("keys"), &place.path().join("db")).expect("creates");
        let mut extra = Vault::create(NUMBER, ORIGIN, &keys).expect("creates");
        name_ledger(NUMBER, ORIGIN, &mut extra);
        Ledger::create(store.as_ref(), &options(place.path()), &SystemClock::new(), extra).expect("creates");
        let mut house =
            House { place, store, gone: Arc::default(), engine: None, runtime: Runtime::new().expect("runs") };
        house.open().expect("opens");
        house
    }

    /// A new process on the same store.
    fn open(&mut self) -> Result<(), String> {
        if let Some(engine) = self.engine.take() {
            engine.shutdown();
        }
        let keys = KeyDirectory::open(&self.place.path().join("keys"), &self.place.path().join("db")).expect("opens");
        let custodian = Arc::new(Faulty { keys, gone: Arc::clone(&self.gone) });
        let clock = Arc::new(SystemClock::new());
        let options = options(self.place.path());
        let open = OpenLedger::open(Arc::clone(&self.store), options, custodian, clock, Limits::default());
        self.engine = Some(Engine::new([open.map_err(|error| error.to_string())?]));
        Ok(())
    }

    fn ledger(&self) -> &Arc<OpenLedger> {
        self.engine.as_ref().expect("is open").ledger("").expect("there is one")
    }

    fn append(&self, raw: Raw) -> Result<Receipt, EngineError> {
        self.runtime.block_on(self.ledger().append(raw, &caller()))
    }

    fn size(&self) -> u64 {
        self.ledger().ledger().published().size
    }

    fn lose(&self) {
        self.gone.store(true, Ordering::SeqCst);
    }

    fn rows(&self) -> usize {
        let snapshot = self.store.snapshot().expect("reads");
        let scan = |table| snapshot.scan(table, &[], &[0xff; 64], usize::MAX).expect("reads").len();
        whosaw::store::Table::ALL.into_iter().map(scan).sum()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.shutdown();
        }
    }
}

fn options(place: &Path) -> LedgerOptions {
    LedgerOptions::new(NUMBER, ORIGIN, place.join("signing.key"), place.join("guard"), [7; 32])
}

fn caller() -> Caller {
    Caller { name: "tester".into(), assurance: Default::default() }
}

fn customer(name: &str) -> Identity {
    Identity { namespace: "customer".into(), fields: vec![name.into()], strength: Strength::Strong }
}

fn action(customers: &[&str]) -> Raw {
    let subject = |name: &&str| Subject { identities: vec![customer(name)], ..Subject::default() };
    Raw::Action(Box::new(Action {
        action_id: uuid::Uuid::now_v7().as_bytes().to_vec(),
        verb: "data.read".into(),
        outcome: Outcome::Succeeded,
        actors: vec![Actor { kind: PartyKind::Agent, name: "agent".into(), ..Actor::default() }],
        determination: if customers.is_empty() { Determination::Nobody } else { Determination::Listed },
        subjects: customers.iter().map(subject).collect(),
        provenance: Provenance::Described,
        ..Action::default()
    }))
}

#[test]
fn without_the_custodian_nobody_new_is_recorded_and_the_rest_goes_on() {
    let house = House::new();
    let open = house.ledger();
    let known = house.append(action(&["anna"])).expect("is recorded");
    house.lose();
    open.look_at_custodian();
    assert_eq!(
        open.custodian_trouble().as_deref(),
        Some("the test's custodian cannot be used: it is gone"),
        "health does not tell"
    );
    let (size, rows) = (house.size(), house.rows());
    for customers in [&["ben"][..], &["anna", "ben"], &["ben", "anna"]] {
        let error = house.append(action(customers)).expect_err("needs a key");
        assert_eq!(
            (error.kind, error.message.as_str()),
            (Kind::Unavailable, "the test's custodian cannot be used: it is gone")
        );
    }
    let batch = vec![action(&[]), action(&["ben"]), action(&["anna"])];
    let error = house.runtime.block_on(open.append_batch(batch.into_iter().map(Into::into).collect(), &caller()));
    assert_eq!(error.expect_err("one needs a key").kind, Kind::Unavailable);
    assert_eq!((house.size(), house.rows()), (size, rows), "a refused append left something");

    // Nobody, and somebody whose key is in memory, need no custodian.
    house.append(action(&[])).expect("is recorded");
    house.append(action(&["anna"])).expect("is recorded");
    assert_eq!(house.size(), size + 2);

    // What is there opens; who is not in memory is an error and never an empty list.
    let entry = open.ledger().entry(known.index).expect("reads").expect("is there");
    let parts = open.open_entry(entry, None).expect("opens").parts;
    assert!(!parts.is_empty() && parts.iter().all(|part| matches!(part.state, PartState::Open(_))));
    house.runtime.block_on(open.record_access(known.index, 1, None, &caller())).expect("is recorded");
    let asked = |name: &str| EntryQuery { data_subject: Some(customer(name)), ..EntryQuery::default() };
    open.wait_projected(house.size(), Duration::from_secs(10));
    assert_eq!(open.list(&asked("anna"), 0, 10).expect("is in memory").entries.len(), 2);
    let error = open.list(&asked("somebody"), 0, 10).expect_err("cannot be looked up");
    assert_eq!(error.kind, Kind::Unavailable, "{error}");

    house.gone.store(false, Ordering::SeqCst);
    open.look_at_custodian();
    assert_eq!(open.custodian_trouble(), None);
    house.append(action(&["ben"])).expect("is recorded again");
    assert!(open.list(&asked("somebody"), 0, 10).expect("is looked up").entries.is_empty());
}

#[test]
fn a_new_process_needs_the_custodian_once_and_then_for_whoever_it_does_not_remember() {
    let mut house = House::new();
    let known = house.append(action(&["anna"])).expect("is recorded");
    house.lose();
    let error = house.open().expect_err("no keys, no ledger");
    assert_eq!(error, "the test's custodian cannot be used: it is gone");
    house.gone.store(false, Ordering::SeqCst);
    house.open().expect("opens");
    house.lose();
    let open = house.ledger();
    // The ledger's own key is not in memory yet, and needs no custodian all the same.
    house.append(action(&[])).expect("is recorded");
    let entry = open.ledger().entry(known.index).expect("reads").expect("is there");
    let parts = open.open_entry(entry, None).expect("opens").parts;
    assert!(parts.iter().all(|part| matches!(part.state, PartState::Open(_))));
    house.runtime.block_on(open.record_access(known.index, 1, None, &caller())).expect("is recorded");
    let size = house.size();
    let error = house.append(action(&["anna"])).expect_err("is not in memory");
    assert_eq!(error.kind, Kind::Unavailable, "{error}");
    assert_eq!(house.size(), size);
}
