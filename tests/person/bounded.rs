//! A run that is too much for one turn goes in several, each ended before the next, and leaves nothing out.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use whosaw::admit::Limits;
use whosaw::app::SystemClock;
use whosaw::engine::{Asked, Engine, EngineError, Erased, OpenLedger, PartState, Raw, TurnBound, name_ledger};
use whosaw::ledger::{Ledger, LedgerOptions, StoredEntry};
use whosaw::model::*;
use whosaw::store::memory::MemoryStore;
use whosaw::store::{LedgerNumber, Store};
use whosaw::vault::{Claim, Custodian, CustodianError, KeyDirectory, Root, StandingId, Vault, part_identity};
use whosaw_verifier::body::{Body, RetentionRule};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::part::HoldScope;

const ORIGIN: &str = "ledger.example/bounded";
const NUMBER: LedgerNumber = LedgerNumber(1);
const HUNDRED_DAYS_US: u64 = 100 * 86_400_000_000;

/// The machine's clock, so long ago.
struct Ago(u64, SystemClock);

impl Clock for Ago {
    fn now(&self) -> UnixMicros {
        UnixMicros(self.1.now().0 - self.0)
    }
    fn monotonic_us(&self) -> u64 {
        self.1.monotonic_us()
    }
    fn synchronised(&self) -> bool {
        true
    }
}

/// A key directory that does not destroy a root when its time has come.
struct Stubborn(KeyDirectory, Arc<AtomicU64>);

impl Custodian for Stubborn {
    fn class(&self) -> CustodianClass {
        self.0.class()
    }
    fn strongest_claim(&self) -> Claim {
        self.0.strongest_claim()
    }
    fn reason(&self) -> &'static str {
        self.0.reason()
    }
    fn healthy(&self) -> Result<(), CustodianError> {
        self.0.healthy()
    }
    fn create_root(&self, epoch: u64) -> Result<(), CustodianError> {
        self.0.create_root(epoch)
    }
    fn destroy_root(&self, epoch: u64) -> Result<(), CustodianError> {
        if self.1.load(Ordering::SeqCst) == epoch {
            let (key, reason) = (format!("root {epoch}"), "it is not let go of".to_owned());
            return Err(CustodianError::NotDestroyed { key, reason });
        }
        self.0.destroy_root(epoch)
    }
    fn epochs(&self) -> Result<Vec<u64>, CustodianError> {
        self.0.epochs()
    }
    fn root(&self, epoch: u64) -> Result<Box<dyn Root + '_>, CustodianError> {
        self.0.root(epoch)
    }
    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError> {
        self.0.lookup_mac(message)
    }
}

struct House {
    place: TempDir,
    store: Arc<dyn Store>,
    /// The epoch whose root stays.
    kept_root: Arc<AtomicU64>,
    engine: Option<Engine>,
    runtime: Runtime,
}

impl House {
    fn new(ago_us: u64, bound: TurnBound) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let keys = KeyDirectory::create(&place.path().join("keys"), &place.path().join("db")).expect("creates");
        let mut extra = Vault::create(NUMBER, ORIGIN, &keys).expect("creates");
        name_ledger(NUMBER, ORIGIN, &mut extra);
        Ledger::create(store.as_ref(), &options(place.path()), &Ago(ago_us, SystemClock::new()), extra)
            .expect("creates");
        let runtime = Runtime::new().expect("runs");
        let mut house = House { place, store, kept_root: Arc::default(), engine: None, runtime };
        house.open(ago_us, bound);
        house
    }

    /// A new process on the same store.
    fn open(&mut self, ago_us: u64, bound: TurnBound) {
        self.shut();
        let keys = KeyDirectory::open(&self.place.path().join("keys"), &self.place.path().join("db")).expect("opens");
        let custodian = Arc::new(Stubborn(keys, Arc::clone(&self.kept_root)));
        let clock = Arc::new(Ago(ago_us, SystemClock::new()));
        let options = options(self.place.path());
        let open = OpenLedger::open(Arc::clone(&self.store), options, custodian, clock, Limits::default());
        self.engine = Some(Engine::new([open.expect("opens").with_turn_bound(bound)]));
    }

    fn shut(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.shutdown();
        }
    }

    fn ledger(&self) -> &Arc<OpenLedger> {
        self.engine.as_ref().expect("is open").ledger("").expect("there is one")
    }

    fn append(&self, customer: &str) -> u64 {
        let subject = Subject { identities: vec![identity(customer)], ..Subject::default() };
        let action = Action {
            action_id: uuid::Uuid::now_v7().as_bytes().to_vec(),
            verb: "data.read".into(),
            outcome: Outcome::Succeeded,
            actors: vec![Actor { kind: PartyKind::Agent, name: "agent".into(), ..Actor::default() }],
            determination: Determination::Listed,
            subjects: vec![subject],
            provenance: Provenance::Described,
            ..Action::default()
        };
        self.runtime.block_on(self.ledger().append(Raw::Action(Box::new(action)), &caller())).expect("recorded").index
    }

    fn run(&self, asked: bool) -> Result<Option<Erased>, EngineError> {
        self.runtime.block_on(self.ledger().run_erasures(asked))
    }

    fn ask_erasure(&self, customer: &str) {
        let asked = Asked { subject: identity(customer), ground: Ground::ConsentWithdrawn, ..Asked::default() };
        self.runtime.block_on(self.ledger().request_erasure(&asked, &caller())).expect("recorded");
    }

    /// Keeps single parts: of one customer, or of everybody.
    fn hold(&self, customer: Option<&str>) -> StandingId {
        let persons = customer.map(|name| part_identity(&identity(name))).into_iter().collect();
        let (asked, scope) = (Asked::default(), HoldScope { persons, from_us: 1, ..HoldScope::default() });
        self.runtime.block_on(self.ledger().place_hold(&asked, &scope, &caller())).expect("held").1
    }

    fn release(&self, matter: StandingId) {
        self.runtime.block_on(self.ledger().release_hold(matter, &Asked::default(), &caller())).expect("released");
    }

    fn rule(&self) {
        let rules = vec![RetentionRule { class: RetentionClass::Subject, months: 1, ..RetentionRule::default() }];
        self.runtime.block_on(self.ledger().set_retention(rules, &caller())).expect("in force");
    }

    /// Whether every part of an entry opens, or none.
    fn opens(&self, index: u64) -> bool {
        let open = self.ledger();
        let parts =
            open.open_entry(open.ledger().entry(index).expect("reads").expect("is there"), None).expect("opens").parts;
        assert!(!parts.is_empty());
        let opened = parts.iter().filter(|part| matches!(part.state, PartState::Open(_))).count();
        assert!([0, parts.len()].contains(&opened));
        opened > 0
    }

    /// What each turn covered, oldest first. No place is covered twice.
    fn turns(&self) -> Vec<u64> {
        let ledger = self.ledger().ledger();
        let entries = (0..ledger.published().size).filter_map(|index| ledger.entry(index).expect("reads"));
        let of_turn = |entry: StoredEntry| match Body::decode(entry.header.kind, &entry.content?.1) {
            Ok(Body::Erasure(body)) if body.state == ErasureState::Inaccessible => {
                Some((entry.header.index, body.covers))
            }
            _ => None,
        };
        let (mut covered, mut turns) = (BTreeSet::new(), Vec::new());
        for (index, covers) in entries.filter_map(of_turn) {
            let places = ledger.covered(index).expect("reads");
            assert_eq!(places.len() as u64, covers);
            assert!(places.into_iter().all(|place| covered.insert(place)), "a place is covered twice");
            turns.push(covers);
        }
        turns
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.shut();
    }
}

fn options(place: &Path) -> LedgerOptions {
    LedgerOptions::new(NUMBER, ORIGIN, place.join("signing.key"), place.join("guard"), [7; 32])
}

fn caller() -> Caller {
    Caller { name: "tester".into(), assurance: Assurance::default() }
}

fn identity(name: &str) -> Identity {
    Identity { namespace: "customer".into(), fields: vec![name.into()], strength: Strength::Strong }
}

#[test]
fn retention_of_more_than_a_turn_takes_goes_in_several_and_leaves_nothing() {
    for (bound, most, interrupted) in [
        (TurnBound { keys: 5, places: 1_000 }, 10, false),
        (TurnBound { keys: 1_000, places: 6 }, 6, false),
        (TurnBound { keys: 5, places: 1_000 }, 10, true),
        // A key is never divided.
        (TurnBound { keys: 1, places: 1 }, 2, false),
    ] {
        let mut house = House::new(HUNDRED_DAYS_US, bound);
        let old: Vec<u64> = (0..24).map(|n| house.append(&format!("C-{}", n % 12))).collect();
        house.rule();
        house.open(0, bound);
        let new = house.append("C-0");
        assert!(house.ledger().retention_plan().expect("a plan").more);
        if interrupted {
            // The second batch of three cannot be ended; what it did stays done, and the third is done later.
            house.kept_root.store(2, Ordering::SeqCst);
            house.run(true).expect_err("a root stays");
            assert_eq!((house.turns().len(), house.ledger().has_unfinished_erasures()), (2, true));
            house.kept_root.store(0, Ordering::SeqCst);
            house.open(0, bound);
        }
        let done = house.run(true).expect("runs").expect("something was due");
        let turns = house.turns();
        assert!(turns.len() > 1 && turns.iter().all(|covers| (1..=most).contains(covers)), "{bound:?}: {turns:?}");
        assert_eq!(turns.iter().sum::<u64>(), 24, "{bound:?}");
        if !interrupted {
            assert_eq!((done.batches, done.covers), (turns.len() as u64, 24), "{bound:?}");
        }
        assert!(old.iter().all(|index| !house.opens(*index)) && house.opens(new), "{bound:?}");
        assert_eq!(house.ledger().retention_plan().expect("a plan").classes[0].keys, 0);
        assert_eq!(house.run(true).expect("runs"), None);
    }
}

#[test]
fn requests_of_more_than_a_turn_takes_go_in_several_and_none_is_divided() {
    let bound = TurnBound { keys: 1, places: 7 };
    let house = House::new(0, bound);
    let of: Vec<u64> = (0..30).map(|n| house.append(&format!("C-{}", n % 6))).collect();
    for n in 0..5 {
        house.ask_erasure(&format!("C-{n}"));
    }
    let done = house.run(false).expect("runs").expect("something was due");
    // Each has five parts and the one of the request: two fill a turn.
    assert_eq!((done.batches, done.requests, done.covers), (3, 5, 30));
    assert_eq!(house.turns(), [12, 12, 6]);
    for (n, index) in of.iter().enumerate() {
        assert_eq!(house.opens(*index), n % 6 == 5);
    }
    assert_eq!(house.run(false).expect("runs"), None);
}

/// What only matters keep goes turn by turn too, each matter whole, and a part of several with the last of them.
#[test]
fn matters_of_more_than_a_turn_takes_go_in_several() {
    let bound = TurnBound { keys: 1, places: 7 };
    let house = House::new(0, bound);
    let of: Vec<u64> = (0..15).map(|n| house.append(&format!("C-{}", n % 3))).collect();
    let mut matters: Vec<StandingId> = (0..3).map(|n| house.hold(Some(&format!("C-{n}")))).collect();
    matters.push(house.hold(None));
    (0..3).for_each(|n| house.ask_erasure(&format!("C-{n}")));
    house.run(false).expect("runs").expect("something was due");
    assert_eq!(house.turns(), [0; 3], "each has seven parts, with those of its hold and its request, and all are kept");
    matters.into_iter().for_each(|matter| house.release(matter));
    let done = house.run(false).expect("runs").expect("something was due");
    assert_eq!((done.batches, done.covers), (4, 21));
    assert_eq!(house.turns().iter().sum::<u64>(), 21);
    assert!(of.iter().all(|index| !house.opens(*index)));
    assert_eq!(house.run(false).expect("runs"), None);
}

/// Rows under a matter's key are written behind the gate as well.
#[test]
fn what_stays_for_a_matter_counts_for_a_turn() {
    let bound = TurnBound { keys: 1_000, places: 6 };
    let mut house = House::new(HUNDRED_DAYS_US, bound);
    for n in 0..24 {
        house.append(&format!("C-{}", n % 12));
    }
    let matter = house.hold(None);
    house.rule();
    house.open(0, bound);
    let done = house.run(true).expect("runs").expect("something was due");
    assert_eq!((done.batches, done.covers), (4, 0), "three keys of two parts fill a turn");
    // Of each there is the part of the request, and two rows that are to name it.
    (0..4).for_each(|n| house.ask_erasure(&format!("C-{n}")));
    assert_eq!(house.run(false).expect("runs").expect("something was due").batches, 2);
    house.release(matter);
    let done = house.run(false).expect("runs").expect("something was due");
    assert_eq!((done.batches, done.covers), (1, 28));
    assert_eq!(house.turns(), [0, 0, 0, 0, 0, 0, 28]);
}
