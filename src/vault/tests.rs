//! The vault against its promises, on a memory store and with keys in memory. The verifier crate is the judge wherever
//! bytes are concerned.

mod linking;
mod scan;

use super::*;
use crate::model::{Admitted, Caller, EntryKind, Holder, Identity, PlainPart, Sealed, Strength, UnixMicros};
use crate::store::memory::MemoryStore;
use crate::store::{Commit, Lease};
use std::sync::atomic::{AtomicBool, Ordering};
use whosaw_verifier::part::{Part, PersonPart};

const ORIGIN: &str = "ledger.example/test";
const LEDGER: LedgerNumber = LedgerNumber(7);
const MARCH_US: u64 = 1_772_323_200_000_000;

/// Keeps its keys in memory, and can be taken away.
#[derive(Default)]
struct TestCustodian {
    gone: AtomicBool,
}

impl TestCustodian {
    fn here(&self) -> Result<(), CustodianError> {
        if self.gone.load(Ordering::SeqCst) { Err(CustodianError::NoRoot { epoch: 1 }) } else { Ok(()) }
    }
}

impl Custodian for TestCustodian {
    fn class(&self) -> &'static str {
        "test"
    }
    fn create_root(&self, _: u64) -> Result<(), CustodianError> {
        self.here()
    }
    fn epochs(&self) -> Result<Vec<u64>, CustodianError> {
        self.here().map(|()| vec![1])
    }
    fn wrap(&self, epoch: u64, aad: &[u8], key: &[u8; 32]) -> Result<Vec<u8>, CustodianError> {
        self.here()?;
        crypto::wrap(&[9; 32], aad, key).map_err(|_| CustodianError::NoRoot { epoch })
    }
    fn unwrap(&self, epoch: u64, aad: &[u8], wrapped: &[u8]) -> Result<Secret, CustodianError> {
        self.here()?;
        crypto::unwrap_key(&[9; 32], aad, wrapped).ok_or(CustodianError::WrongKey { epoch })
    }
    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError> {
        self.here()?;
        Ok(MacKey::new(&[8; 32]).mac(&[message]))
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
}

impl House {
    fn new() -> Self {
        Self::on(Arc::new(MemoryStore::default()))
    }

    fn on(store: Arc<dyn Store>) -> Self {
        let custodian = Arc::new(TestCustodian::default());
        let writes = Vault::create(LEDGER, ORIGIN, custodian.as_ref()).expect("creates");
        let mut lease = store.acquire(LEDGER).expect("acquires");
        write(store.as_ref(), &mut lease, writes);
        House { vault: open(&store, &custodian), store, custodian, lease, next: 0 }
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
