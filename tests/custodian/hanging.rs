//! A custodian that does not come back from a call: whoever asked is refused in time, threads are not used up, and all
//! goes on once it comes back.

use crate::common::http::get;
use crate::common::records::*;
use crate::common::*;
use crate::server::{opens, setup, until_ready};
use crate::softhsm::{LABEL, SoftHsm};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tonic::Code;
use whosaw::model::CustodianClass;
use whosaw::vault::in_time::{ANSWER, InTime};
use whosaw::vault::{Claim, Custodian, CustodianError, KeyDirectory, Root, Secret};
use whosaw_verifier::hash::Hash;

/// Long enough for a key directory to be synced while other tests write.
const LIMIT: Duration = Duration::from_secs(1);

/// Hangs for as long as it is told to; counts who is in it.
#[derive(Default)]
struct Hang {
    on: AtomicBool,
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Hang {
    fn pass(&self) {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        while self.on.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }

    fn set(&self, on: bool) {
        self.on.store(on, Ordering::SeqCst);
    }
}

struct Hanging(KeyDirectory, Arc<Hang>);

impl Hanging {
    fn here(&self) -> &KeyDirectory {
        self.1.pass();
        &self.0
    }
}

impl Custodian for Hanging {
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
        self.here().healthy()
    }
    fn create_root(&self, epoch: u64) -> Result<(), CustodianError> {
        self.here().create_root(epoch)
    }
    fn destroy_root(&self, epoch: u64) -> Result<(), CustodianError> {
        self.here().destroy_root(epoch)
    }
    fn epochs(&self) -> Result<Vec<u64>, CustodianError> {
        self.here().epochs()
    }
    fn root(&self, epoch: u64) -> Result<Box<dyn Root + '_>, CustodianError> {
        Ok(Box::new(HangingRoot(self.here().root(epoch)?, &self.1)))
    }
    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError> {
        self.here().lookup_mac(message)
    }
}

struct HangingRoot<'a>(Box<dyn Root + 'a>, &'a Hang);

impl Root for HangingRoot<'_> {
    fn wrap(&self, aad: &[u8], key: &[u8; 32]) -> Result<Vec<u8>, CustodianError> {
        self.1.pass();
        self.0.wrap(aad, key)
    }
    fn unwrap(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, CustodianError> {
        self.1.pass();
        self.0.unwrap(aad, wrapped)
    }
}

fn custodian() -> (TempDir, Arc<Hang>, InTime<Hanging>) {
    let place = tempfile::tempdir().expect("a directory");
    let (keys, database) = (place.path().join("keys"), place.path().join("db"));
    let hang = Arc::new(Hang::default());
    let told = Arc::clone(&hang);
    let open = move || Ok(Hanging(KeyDirectory::create(&keys, &database)?, told));
    let custodian = InTime::open("the test's keys cannot be used".into(), LIMIT, open).expect("opens");
    (place, hang, custodian)
}

#[track_caller]
fn refused<T>(result: Result<T, CustodianError>, words: &str) {
    let error = result.err().expect("no answer came").to_string();
    assert!(error.starts_with("the test's keys cannot be used: ") && error.contains(words), "{error}");
}

fn until_well(custodian: &InTime<Hanging>) {
    let end = Instant::now() + Duration::from_secs(30);
    while let Err(error) = custodian.healthy() {
        assert!(Instant::now() < end, "{error}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn whoever_asks_is_answered_in_time_and_threads_are_not_used_up() {
    let (_place, hang, custodian) = custodian();
    custodian.create_root(1).expect("creates");
    let root = custodian.root(1).expect("is there");
    let (mac, wrapped) = (custodian.lookup_mac(b"x").expect("works"), root.wrap(b"a", &[1; 32]).expect("wraps"));
    assert_eq!(*root.unwrap(b"a", &wrapped).expect("unwraps"), [1; 32]);
    assert!(matches!(root.unwrap(b"b", &wrapped), Err(CustodianError::WrongKey { epoch: 1 })));
    assert!(matches!(custodian.root(2).err(), Some(CustodianError::NoRoot { epoch: 2 })));
    for round in 0..3 {
        hang.set(true);
        let began = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| refused(custodian.lookup_mac(b"x"), ""));
            }
        });
        assert!(began.elapsed() < LIMIT * 10, "{:?}", began.elapsed());
        assert!(hang.most.load(Ordering::SeqCst) <= 8, "more threads hang than there are for it");
        // Nothing else is asked meanwhile, so that no more threads hang.
        let (began, late) = (Instant::now(), "has not come back");
        refused(custodian.healthy(), late);
        refused(custodian.epochs(), late);
        refused(custodian.create_root(7), late);
        refused(custodian.destroy_root(1), late);
        refused(custodian.root(1).map(drop), late);
        refused(root.wrap(b"a", &[1; 32]), late);
        refused(root.unwrap(b"a", &wrapped), late);
        assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
        hang.set(false);
        until_well(&custodian);
        assert_eq!(custodian.lookup_mac(b"x").expect("works again"), mac, "round {round}");
        assert_eq!(*root.unwrap(b"a", &wrapped).expect("works again"), [1; 32]);
        assert_eq!(custodian.epochs().expect("lists"), [1], "what was refused was not done");
    }
}

#[test]
fn a_late_answer_is_nobodys_and_what_it_did_can_be_undone() {
    let (_place, hang, custodian) = custodian();
    custodian.create_root(1).expect("creates");
    let root = custodian.root(1).expect("is there");
    let wrapped = root.wrap(b"a", &[1; 32]).expect("wraps");
    let silent = "did not answer within 1s";
    for case in 0..4 {
        hang.set(true);
        match case {
            0 => refused(custodian.create_root(2), silent),
            1 => refused(custodian.destroy_root(2), silent),
            2 => refused(root.unwrap(b"a", &wrapped), silent),
            _ => refused(custodian.root(1).map(drop), silent),
        }
        hang.set(false);
        until_well(&custodian);
        let expected: &[u64] = if case == 0 { &[1, 2] } else { &[1] };
        assert_eq!(custodian.epochs().expect("lists"), expected, "case {case}");
    }
    custodian.destroy_root(2).expect("again is fine");
    assert_eq!(*root.unwrap(b"a", &wrapped).expect("the answer is to this question"), [1; 32]);
    // Also from the very first call, and whoever goes while a call hangs does not wait for it.
    let began = Instant::now();
    let never = || -> Result<Hanging, CustodianError> {
        loop {
            std::thread::sleep(LIMIT)
        }
    };
    refused(InTime::open("the test's keys cannot be used".into(), LIMIT, never).map(drop), silent);
    hang.set(true);
    refused(custodian.lookup_mac(b"x"), silent);
    drop(root);
    drop(custodian);
    assert!(began.elapsed() < LIMIT * 10, "{:?}", began.elapsed());
    hang.set(false);
}

/// hang.c around SoftHSM's module; nothing where no C compiler is at hand.
fn hanging_module(place: &Path) -> Option<std::path::PathBuf> {
    let (module, source) =
        (place.join("hang.so"), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/custodian/hang.c"));
    let made = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-Wall", "-o"]).args([&module, &source]).output();
    let Ok(output) = made else {
        skipped("there is no C compiler (cc), so no PKCS#11 module was made to hang");
        return None;
    };
    assert!(output.status.success(), "hang.c does not compile:\n{}", String::from_utf8_lossy(&output.stderr));
    Some(module)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_module_hangs_refuses_in_time_and_goes_on_when_it_returns() {
    let Some(hsm) = SoftHsm::new() else { return };
    let Some(module) = hanging_module(&hsm.place) else { return };
    let switch = hsm.place.join("hang");
    let mut setup = setup(&hsm);
    setup.env.retain(|(name, _)| name != "WHOSAW_PKCS11_MODULE");
    let setup = setup
        .env("WHOSAW_PKCS11_MODULE", module.display().to_string())
        .env("HANG_MODULE", hsm.module.display().to_string())
        .env("HANG_WHILE", switch.display().to_string());
    let mut server = setup.start();
    let client = server.client().await;
    let known = client.append(about("anna")).await.expect("recorded").index;
    std::fs::write(&switch, "").expect("writes");
    let size = client.size().await;
    let began = Instant::now();
    let asked = (0..40).map(|n| {
        let client = client.clone();
        tokio::spawn(async move { client.append(about(&format!("new-{n}"))).await })
    });
    for answer in asked.collect::<Vec<_>>() {
        let status = answer.await.expect("the task ends").expect_err("there is no key");
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert!(status.message().starts_with(&format!("the PKCS#11 token {LABEL} cannot be used: ")), "{status}");
    }
    assert!(began.elapsed() < ANSWER * 2, "{:?}", began.elapsed());
    assert_eq!(client.size().await, size, "something was recorded");
    // Nobody, and whoever is remembered, need no key; what is stored opens.
    client.append(plain()).await.expect("nobody is in it");
    client.append(about("anna")).await.expect("is remembered");
    assert!(opens(&client, known).await);
    until_ready(&server, 503).await;
    assert!(get(server.address, "/readyz").text().contains("has not come back after 10s"));

    std::fs::remove_file(&switch).expect("removes");
    until_ready(&server, 200).await;
    client.append(about("new-1")).await.expect("recorded again");
    judge::check(&client, &client.key().await).await;
    // One that hangs while the server ends does not keep it from ending.
    std::fs::write(&switch, "").expect("writes");
    client.append(about("new-2")).await.expect_err("there is no key");
    assert_eq!(server.stop().code(), Some(0));
    let refusal = server.refusal();
    assert!(refusal.contains("did not answer within 10s"), "{refusal}");
}
