//! Rows of the index and of keys: numbered without gaps, never written over, found where some are missing; judged requests;
//! keys and databases that do not belong together.

use super::*;
use crate::model::Judgement;
use std::collections::BTreeSet;

fn customer(n: u64) -> Identity {
    strong("customer", &n.to_string())
}

#[test]
fn rows_are_numbered_in_the_order_of_the_ledger_and_go_on_after_a_restart() {
    let mut house = House::new();
    let mut expected = Vec::new();
    for round in 0..6 {
        for _ in 0..7 + round {
            expected.push((house.record(&[customer(1)]), 0));
        }
        // A commit that never reached the store, and the end of the process.
        let lost: Vec<Sealed> = (0..5).map(|_| house.seal(vec![part_of(&[customer(1)])]).expect("seals")).collect();
        let mut writes = WriteSet::default();
        lost.iter().for_each(|sealed| sealed.placement.place(1_000_000, &mut writes));
        house.reopen();
        assert_eq!(house.places(&customer(1)), expected);
    }
    // The n-th row tells the n-th place: none was written twice, none was left out.
    let keys = house.vault.keys_of(house.person(&customer(1))).expect("reads");
    let snapshot = house.store.snapshot().expect("reads");
    let in_order = keys[0].places(snapshot.as_ref()).expect("reads");
    assert_eq!(in_order.iter().map(|place| (place.index, place.ordinal)).collect::<Vec<_>>(), expected);
    assert_eq!(keys[0].count_rows(snapshot.as_ref()).expect("reads"), expected.len() as u64);
}

#[test]
fn sealing_in_another_order_than_placing_changes_nothing() {
    let mut house = House::new();
    let mut sealed: Vec<Sealed> =
        (0..40).map(|_| house.seal(vec![part_of(&[customer(1)]), part_of(&[customer(2)])]).expect("seals")).collect();
    sealed.reverse();
    house.commit(&sealed[..13]);
    house.commit(&sealed[13..]);
    house.reopen();
    let snapshot = house.store.snapshot().expect("reads");
    for n in [1, 2] {
        let keys = house.vault.keys_of(house.person(&customer(n))).expect("reads");
        let places = keys[0].places(snapshot.as_ref()).expect("reads");
        assert!(places.is_sorted() && places.len() == 40, "rows come in the order of the ledger");
    }
}

#[test]
fn rows_are_found_around_gaps_and_new_ones_go_over_none() {
    for missing in [vec![0], vec![0, 1, 2, 3, 4, 5, 6], vec![3, 4, 5], vec![19], vec![13, 14, 15, 16, 17, 18, 19]] {
        let mut house = House::new();
        let places: Vec<_> = (0..20).map(|_| (house.record(&[customer(1)]), 0)).collect();
        let keys = house.vault.keys_of(house.person(&customer(1))).expect("reads");
        let mut writes = WriteSet::default();
        for n in &missing {
            let key = whosaw_verifier::seal::index_key(&keys[0].secret, *n);
            writes.delete(Table::SubjectIndex, row_key(LEDGER, &[&key]));
        }
        write(house.store.as_ref(), &mut house.lease, writes);
        house.reopen();
        let mut left: Vec<_> = places
            .iter()
            .enumerate()
            .filter(|(n, _)| !missing.contains(&(*n as u64)))
            .map(|(_, place)| *place)
            .collect();
        assert_eq!(house.places(&customer(1)), left, "without {missing:?}");
        left.extend((0..30).map(|_| (house.record(&[customer(1)]), 0)));
        house.reopen();
        assert_eq!(house.places(&customer(1)), left, "without {missing:?}, and going on");
    }
}

#[test]
fn each_month_and_class_has_a_key_of_its_own_and_all_are_found() {
    let mut house = House::new();
    let mut places = Vec::new();
    let year = 31_557_600_000_000;
    for (n, now) in [MARCH_US, MARCH_US + year, MARCH_US, MARCH_US + 2 * year].into_iter().enumerate() {
        let mut part = part_of(&[customer(1)]);
        if n == 3 {
            part.holder = Holder::Person { identities: vec![customer(1)], class: RetentionClass::Staff };
        }
        let sealed = house.vault.seal(admitted(vec![part]), UnixMicros(now)).expect("seals");
        places.push((house.commit(&[sealed]), 0));
        house.reopen();
    }
    assert_eq!(house.places(&customer(1)), places);
    let keys = house.vault.keys_of(house.person(&customer(1))).expect("reads");
    let secrets: BTreeSet<[u8; 32]> = keys.iter().map(|key| *key.secret).collect();
    assert_eq!((keys.len(), secrets.len()), (3, 3));
}

#[test]
fn a_request_is_judged_across_restarts() {
    let mut house = House::new();
    let request = |house: &House, parts: Vec<PlainPart>, request: u8| {
        let admitted = Admitted { request: [request; 32], ..admitted(parts) };
        house.vault.seal(admitted, UnixMicros(MARCH_US)).expect("seals")
    };
    let with_person = || vec![part_of(&[customer(1)])];
    let recorded = [request(&house, with_person(), 1), request(&house, Vec::new(), 2)];
    let first = house.commit(&recorded);
    for _ in 0..2 {
        for (offset, sealed) in (0u64..).zip(&recorded) {
            for (said, expected) in [(offset as u8 + 1, Judgement::Same), (9, Judgement::Different)] {
                let parts = if offset == 0 { with_person() } else { Vec::new() };
                let again = request(&house, parts, said);
                let judged = again.placement.judge(first + offset, &sealed.body_commitment, &sealed.request_digest);
                assert_eq!(judged, expected);
            }
        }
        house.reopen();
    }
    let judge = |house: &House| {
        let again = request(house, with_person(), 1);
        again.placement.judge(first, &recorded[0].body_commitment, &recorded[0].request_digest)
    };
    // The person is erased.
    let rows = house.all_rows();
    let person = house.person(&customer(1)).id;
    let mut writes = WriteSet::default();
    for (_, key, _) in rows.iter().filter(|(table, key, _)| *table == Table::DataKeys && key[6..22] == person) {
        writes.delete(Table::DataKeys, key.clone());
    }
    write(house.store.as_ref(), &mut house.lease, writes);
    house.reopen();
    let other = request(&house, vec![part_of(&[customer(2)])], 9);
    let judged = other.placement.judge(first, &recorded[0].body_commitment, &recorded[0].request_digest);
    assert_eq!(judged, Judgement::Unchecked);
    // Reader rows are in no backup: without them nobody can say that a repeated request is a different one.
    let mut writes = WriteSet::default();
    for (_, key, _) in rows.iter().filter(|(table, ..)| *table == Table::Readers) {
        writes.delete(Table::Readers, key.clone());
    }
    write(house.store.as_ref(), &mut house.lease, writes);
    house.reopen();
    assert_eq!(judge(&house), Judgement::Unchecked);
}

#[test]
fn two_ledgers_of_one_store_have_nothing_in_common() {
    let mut house = House::new();
    let other_number = LedgerNumber(8);
    let writes = Vault::create(other_number, "other.example/log", house.custodian.as_ref()).expect("creates");
    let mut lease = house.store.acquire(other_number).expect("acquires");
    write(house.store.as_ref(), &mut lease, writes);
    let custodian = Arc::clone(&house.custodian);
    let custodian = || Arc::clone(&custodian) as Arc<dyn Custodian>;
    let other = Vault::open(Arc::clone(&house.store), other_number, "other.example/log", custodian()).expect("opens");
    let there = other.seal(admitted(vec![part_of(&[customer(1)])]), UnixMicros(MARCH_US)).expect("seals");
    let mut writes = WriteSet::default();
    there.placement.place(0, &mut writes);
    write(house.store.as_ref(), &mut lease, writes);
    there.placement.durable();
    let here = house.seal(vec![part_of(&[customer(1)])]).expect("seals");
    let (b, bytes) = (here.body_commitment, here.parts[0].bytes.clone());
    house.commit(&[here]);
    let (mine, theirs) = (house.person(&customer(1)), other.find(&customer(1)).expect("reads").expect("is known"));
    assert_ne!(mine, theirs, "one identity, two persons");
    let keys = |vault: &Vault, person| vault.keys_of(person).expect("reads");
    assert_ne!(*keys(&house.vault, mine)[0].secret, *keys(&other, theirs)[0].secret);
    assert_eq!((keys(&house.vault, theirs).len(), keys(&other, mine).len()), (0, 0));
    assert!(!other.belongs(&keys(&other, theirs), &bytes));
    let place = PartPlace { index: 0, ordinal: 0 };
    assert!(matches!(other.open_part(place, &b, &bytes), Err(OpenError::Forged)));
    // Shard keys of one ledger under the name of the other.
    let error = Vault::open(Arc::clone(&house.store), LEDGER, "other.example/log", custodian()).err();
    assert!(matches!(error, Some(VaultError::Custodian(CustodianError::WrongKey { .. }))), "{error:?}");
}

#[test]
fn keys_that_are_not_this_ledgers_are_refused_and_said_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    let keys = |name: &str| KeyDirectory::create(&path(name), &path("db")).expect("creates");
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let mut lease = store.acquire(LEDGER).expect("acquires");
    write(store.as_ref(), &mut lease, Vault::create(LEDGER, ORIGIN, &keys("keys")).expect("creates"));
    let open = |name: &str| -> Result<Arc<Vault>, VaultError> {
        let keys = KeyDirectory::open(&path(name), &path("db"))?;
        Vault::open(Arc::clone(&store), LEDGER, ORIGIN, Arc::new(keys))
    };
    let refused = |name: &str| open(name).err().expect("is refused").to_string();
    open("keys").expect("opens");
    // Another directory; the right root beside another lookup key; no root; a root that is no key.
    keys("others").create_root(1).expect("creates");
    assert!(refused("others").ends_with("these keys are not this ledger's"), "{}", refused("others"));
    keys("mixed");
    std::fs::copy(path("keys/root-1.key"), path("mixed/root-1.key")).expect("copies");
    assert!(refused("mixed").contains("do not belong together (lookup key)"), "{}", refused("mixed"));
    keys("empty");
    assert_eq!(refused("empty"), "the root key of epoch 1 is not here");
    std::fs::write(path("mixed/root-1.key"), "no key").expect("writes");
    assert!(refused("mixed").ends_with("root-1.key is not a key"), "{}", refused("mixed"));
    assert!(refused("nowhere").contains("nowhere is missing or unreadable"), "{}", refused("nowhere"));
    open("keys").expect("still opens");
}

#[test]
fn damaged_rows_are_told_and_never_taken_for_nobody() {
    let mut house = House::new();
    house.record(&[customer(1), weak("born", "x")]);
    let spoilt = |house: &House, table: Table, tag: Option<u8>| {
        let rows = house.all_rows();
        let mut row = rows.into_iter().find(|(of, key, _)| *of == table && tag.is_none_or(|tag| key[4] == tag));
        let (_, key, value) = row.as_mut().expect("there is one");
        *value.last_mut().expect("is not empty") ^= 1;
        (key.clone(), value.clone())
    };
    for (table, tag) in [
        (Table::Lookups, Some(STRONG_ROW)),
        (Table::Lookups, Some(RECORD_ROW)),
        (Table::Lookups, Some(LINK_ROW)),
        (Table::DataKeys, None),
        (Table::Readers, None),
        (Table::SubjectIndex, None),
    ] {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let mut lease = store.acquire(LEDGER).expect("acquires");
        let mut writes = WriteSet::default();
        house.all_rows().into_iter().for_each(|(table, key, value)| writes.put(table, key, value));
        let (key, value) = spoilt(&house, table, tag);
        writes.put(table, key, value);
        write(store.as_ref(), &mut lease, writes);
        let vault = open(&store, &house.custodian);
        let all = || -> Result<(), OpenError> {
            for identity in [customer(1), weak("born", "x")] {
                let person = vault.find(&identity)?.expect("nobody is lost");
                vault.identities(person)?;
                vault.weakly_linked(person)?;
                vault.occurrences(person)?;
            }
            let place = PartPlace { index: 0, ordinal: 0 };
            vault.disclose(place, &[0; 32], &house.sealed_at(place))?;
            Ok(())
        };
        let told = all().expect_err("is told");
        assert!(matches!(told, OpenError::Vault(VaultError::Foreign { .. } | VaultError::Torn { .. })), "{told:?}");
        assert!(!told.to_string().contains("born"));
    }
}
