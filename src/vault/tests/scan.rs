//! Keys against parts, also where index rows are gone.

use super::*;
use std::collections::BTreeSet;

/// Every n-th of these is sealed for one and the same person.
fn filled(entries: u64, n: u64) -> (House, BTreeSet<PartPlace>) {
    let mut house = House::new();
    let mut theirs = BTreeSet::new();
    for first in (0..entries).step_by(1_000) {
        let batch: Vec<Sealed> = (first..entries.min(first + 1_000))
            .map(|i| {
                let customer = if i.is_multiple_of(n) { "wanted".to_owned() } else { (i % 97).to_string() };
                let staff = part_of(&[strong("staff", "1")]);
                house.seal(vec![staff, part_of(&[strong("customer", &customer)])]).expect("seals")
            })
            .collect();
        house.commit(&batch);
    }
    theirs.extend((0..entries).step_by(n as usize).map(|index| PartPlace { index, ordinal: 1 }));
    (house, theirs)
}

#[test]
fn a_scan_finds_what_the_index_lost() {
    let (mut house, theirs) = filled(9_000, 61);
    let person = house.vault.find(&strong("customer", "wanted")).expect("reads").expect("is known");
    let keys = house.vault.keys_of(person).expect("reads");
    assert_eq!(house.vault.occurrences(person).expect("reads"), theirs.iter().copied().collect::<Vec<_>>());
    // Somebody with the database in hand drops every index row.
    let rows = house.store.snapshot().expect("reads").scan(Table::SubjectIndex, &[], &[0xff; 30], 1_000_000);
    let mut writes = WriteSet::default();
    rows.expect("reads").into_iter().for_each(|(key, _)| writes.delete(Table::SubjectIndex, key));
    write(house.store.as_ref(), &mut house.lease, writes);
    assert_eq!(house.vault.occurrences(person).expect("reads"), []);

    let heard = std::sync::Mutex::new((0, 0));
    let scan = house.vault.scan_parts(&keys, 9_000, &|done, of| {
        let mut heard = heard.lock().expect("nobody panicked");
        *heard = (heard.0.max(done), of);
    });
    let scan = scan.expect("scans");
    assert_eq!(scan.tried, 18_000);
    assert_eq!(heard.into_inner().expect("nobody panicked"), (9_000, 9_000));
    let found: Vec<_> = scan.found.iter().map(|found| (found.place, found.key)).collect();
    assert_eq!(found, theirs.iter().map(|place| (*place, 0)).collect::<Vec<_>>());
    let some = house.vault.scan_parts(&keys, 62, &|_, _| {}).expect("scans");
    assert_eq!(some.found.iter().map(|found| found.place.index).collect::<Vec<_>>(), [0, 61]);
    assert_eq!(house.vault.scan_parts(&[], 9_000, &|_, _| {}).expect("scans").found, []);
}

#[test]
fn each_key_finds_its_own_and_removed_parts_are_passed_over() {
    let (mut house, _) = filled(500, 7);
    let keys_of = |house: &House, identity: &Identity| {
        house.vault.keys_of(house.vault.find(identity).expect("reads").expect("is known")).expect("reads")
    };
    let keys: Vec<Arc<DataKey>> =
        ["2", "wanted"].iter().flat_map(|name| keys_of(&house, &strong("customer", name))).collect();
    let mut writes = WriteSet::default();
    let removed = row_key(LEDGER, &[&7u64.to_be_bytes(), &1u32.to_be_bytes()]);
    writes.put(Table::Parts, removed, [7; 32]);
    write(house.store.as_ref(), &mut house.lease, writes);
    let scan = house.vault.scan_parts(&keys, 500, &|_, _| {}).expect("scans");
    assert_eq!(scan.tried, 999);
    for Found { place, key } in &scan.found {
        let sealed = house.sealed_at(*place);
        assert!(house.vault.belongs(&keys[*key..=*key], &sealed));
        assert_eq!(*key == 1, place.index % 7 == 0, "{place:?}");
    }
    let by = |wanted: usize| scan.found.iter().filter(|found| found.key == wanted).count();
    assert_eq!((by(0), by(1)), (5, 71), "2, 99, 293, 390, 487; every seventh but the removed one");
}
