//! The vault against its promises, on a memory store and with keys in memory. The verifier crate is the judge wherever
//! bytes are concerned.

mod beside;
mod crowds;
mod erasing;
mod keeping;
mod linking;
mod rows;
mod scan;
mod sealing;
mod vectors;

use super::*;
use crate::model::{
    Admitted, Caller, CustodianClass, EntryKind, Holder, Identity, PlainPart, Sealed, Strength, UnixMicros,
};
use crate::store::memory::MemoryStore;
use crate::store::{Commit, Lease};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use whosaw_verifier::part::{ContentPart, Part, PersonPart};

const ORIGIN: &str = "ledger.example/test";
const LEDGER: LedgerNumber = LedgerNumber(7);
const MARCH_US: u64 = 1_772_323_200_000_000;

/// Keeps its keys in memory, and can be taken away.
#[derive(Default)]
struct TestCustodian {
    gone: AtomicBool,
    made: Mutex<BTreeSet<u64>>,
    destroyed: Mutex<BTreeSet<u64>>,
}

impl TestCustodian {
    fn here(&self) -> Result<(), CustodianError> {
        if self.gone.load(Ordering::SeqCst) { Err(CustodianError::NoRoot { epoch: 1 }) } else { Ok(()) }
    }
}

impl Custodian for TestCustodian {
    fn class(&self) -> CustodianClass {
        CustodianClass::KeyDirectory
    }
    fn strongest_claim(&self) -> Claim {
        Claim::Inaccessible
    }
    fn reason(&self) -> &'static str {
        "it is a test"
    }
    fn healthy(&self) -> Result<(), CustodianError> {
        self.here()
    }
    fn destroy_root(&self, epoch: u64) -> Result<(), CustodianError> {
        self.here()?;
        self.made.lock().expect("no test panicked in here").remove(&epoch);
        self.destroyed.lock().expect("no test panicked in here").insert(epoch);
        Ok(())
    }
    fn create_root(&self, epoch: u64) -> Result<(), CustodianError> {
        self.here()?;
        self.destroyed.lock().expect("no test panicked in here").remove(&epoch);
        self.made.lock().expect("no test panicked in here").insert(epoch);
        Ok(())
    }
    fn epochs(&self) -> Result<Vec<u64>, CustodianError> {
        self.here()?;
        Ok(self.made.lock().expect("no test panicked in here").iter().copied().collect())
    }
    fn root(&self, epoch: u64) -> Result<Box<dyn Root + '_>, CustodianError> {
        self.here()?;
        if self.destroyed.lock().expect("no test panicked in here").contains(&epoch) {
            return Err(CustodianError::NoRoot { epoch });
        }
        Ok(Box::new(TestRoot(epoch)))
    }
    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError> {
        self.here()?;
        Ok(MacKey::new(&[8; 32]).mac(&[message]))
    }
}

struct TestRoot(u64);

impl TestRoot {
    fn key(&self) -> [u8; 32] {
        [8 + self.0 as u8; 32]
    }
}

impl Root for TestRoot {
    fn wrap(&self, aad: &[u8], key: &[u8; 32]) -> Result<Vec<u8>, CustodianError> {
        crypto::wrap(&self.key(), aad, key).map_err(|_| CustodianError::NoRandomness)
    }
    fn unwrap(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, CustodianError> {
        crypto::unwrap_key(&self.key(), aad, wrapped).ok_or(CustodianError::WrongKey { epoch: self.0 })
    }
}

/// A vault with a store that holds its rows as a ledger would.
struct House {
    store: Arc<dyn Store>,
    custodian: Arc<TestCustodian>,
    vault: Arc<Vault>,
    lease: Lease,
    /// Index of the next entry.
    next: u64,
    /// Of the bodies of all entries.
    commitments: BTreeMap<u64, Hash>,
}

impl House {
    fn new() -> Self {
        Self::on(Arc::new(MemoryStore::default()))
    }

    fn on(store: Arc<dyn Store>) -> Self {
        let custodian = Arc::new(TestCustodian::default());
        // The same root every time, so the same rows will do.
        static ROWS: OnceLock<WriteSet> = OnceLock::new();
        let rows = ROWS.get_or_init(|| Vault::create(LEDGER, ORIGIN, custodian.as_ref()).expect("creates"));
        let mut lease = store.acquire(LEDGER).expect("acquires");
        write(store.as_ref(), &mut lease, rows.clone());
        House { vault: open(&store, &custodian), store, custodian, lease, next: 0, commitments: BTreeMap::new() }
    }

    fn person(&self, identity: &Identity) -> PersonId {
        self.vault.find(identity).expect("reads").expect("is known")
    }

    /// Where a person's parts stand, by the index.
    fn places(&self, identity: &Identity) -> Vec<(u64, u32)> {
        let places = self.vault.occurrences(self.person(identity)).expect("reads");
        places.iter().map(|place| (place.index, place.ordinal)).collect()
    }

    /// Seals one part for whoever shows these identities and commits it alone; answers its index.
    fn record(&mut self, identities: &[Identity]) -> u64 {
        let sealed = self.seal(vec![part_of(identities)]).expect("seals");
        self.commit(&[sealed])
    }

    /// Every row of every table, keys and values.
    fn all_rows(&self) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
        let snapshot = self.store.snapshot().expect("reads");
        let scan = |table| snapshot.scan(table, &[], &[0xff; 64], usize::MAX).expect("reads");
        Table::ALL.into_iter().flat_map(|table| scan(table).into_iter().map(move |(k, v)| (table, k, v))).collect()
    }

    /// S of a part that was committed.
    fn sealed_at(&self, place: PartPlace) -> Vec<u8> {
        let key = row_key(LEDGER, &[&place.index.to_be_bytes(), &place.ordinal.to_be_bytes()]);
        let snapshot = self.store.snapshot().expect("reads");
        snapshot.get(Table::Parts, &key).expect("reads").expect("is there").split_off(32)
    }

    /// A new process on the same store.
    fn reopen(&mut self) {
        self.vault = open(&self.store, &self.custodian);
    }

    fn seal(&self, parts: Vec<PlainPart>) -> Result<Sealed, VaultError> {
        self.vault.seal(admitted(parts), UnixMicros(MARCH_US))
    }

    /// Commits all in one write, as a batch of a ledger; answers the index of the first.
    fn commit(&mut self, batch: &[Sealed]) -> u64 {
        let first = self.next;
        let mut writes = WriteSet::default();
        for sealed in batch {
            for (ordinal, part) in sealed.parts.iter().enumerate() {
                let key = row_key(LEDGER, &[&self.next.to_be_bytes(), &(ordinal as u32).to_be_bytes()]);
                writes.put(Table::Parts, key, [&part.leaf[..], &part.bytes].concat());
            }
            sealed.placement.place(self.next, &mut writes);
            self.commitments.insert(self.next, sealed.body_commitment);
            self.next += 1;
        }
        write(self.store.as_ref(), &mut self.lease, writes);
        batch.iter().for_each(|sealed| sealed.placement.durable());
        first
    }
}

fn write(store: &dyn Store, lease: &mut Lease, writes: WriteSet) {
    let id = (u128::from(lease.epoch) << 64 | u128::from(lease.sequence)).to_be_bytes();
    let commit = Commit { ledger: lease.ledger, epoch: lease.epoch, sequence: lease.sequence, id, writes };
    store.commit(commit).expect("commits");
    lease.sequence += 1;
}

fn open(store: &Arc<dyn Store>, custodian: &Arc<TestCustodian>) -> Arc<Vault> {
    Vault::open(Arc::clone(store), LEDGER, ORIGIN, Arc::clone(custodian) as Arc<dyn Custodian>).expect("opens")
}

fn admitted(parts: Vec<PlainPart>) -> Admitted {
    let caller = Caller { name: "tester".into(), assurance: Default::default() };
    Admitted {
        kind: EntryKind::Action,
        action_id: Some([1; 16]),
        caller,
        body: b"a body".to_vec(),
        parts,
        request: [5; 32],
    }
}

fn strong(namespace: &str, field: &str) -> Identity {
    Identity { namespace: namespace.into(), fields: vec![field.into()], strength: Strength::Strong }
}

fn weak(namespace: &str, field: &str) -> Identity {
    Identity { strength: Strength::Weak, ..strong(namespace, field) }
}

/// A part for whoever shows these identities.
fn part_of(identities: &[Identity]) -> PlainPart {
    let person =
        PersonPart { identities: identities.iter().map(identifier::to_part).collect(), ..PersonPart::default() };
    PlainPart {
        holder: Holder::Person { identities: identities.to_vec(), class: RetentionClass::Subject },
        part: Part { person: Some(person), ..Part::default() },
    }
}
