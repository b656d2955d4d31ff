//! What lies outside the database: mirrors and the journal, whole or refused.

use super::*;
use crate::vault::journal::read_erased;
use crate::vault::standing::{Change, Hold};
use crate::vault::{Mirror, MirrorError, StandingJournal};

#[test]
fn a_mirror_holds_every_row_of_the_key_table_and_tells_when_it_is_damaged() {
    let mut house = House::new();
    for n in 0..30 {
        house.record(&[strong("customer", &n.to_string()), weak("born", "1990")]);
    }
    let place = tempfile::tempdir().expect("a directory");
    assert!(Mirror::open(place.path(), LEDGER).expect("reads").is_none());
    let head = house.vault.write_mirror(place.path(), 30).expect("writes");
    assert_eq!((head.generation, head.epoch, head.size), (1, house.vault.epoch(), 30));
    let mirror = Mirror::open(place.path(), LEDGER).expect("reads").expect("is there");
    assert_eq!(mirror.head, head);
    let mut rows = Vec::new();
    let put = |writes: WriteSet| {
        for operation in writes.operations() {
            let crate::store::Operation::Put { table, key, value } = operation else { panic!("a mirror only puts") };
            rows.push((table, key.to_vec(), value.to_vec()));
        }
        Ok::<_, MirrorError>(())
    };
    mirror.rows(put).expect("reads");
    let tables = [Table::ShardKeys, Table::DataKeys, Table::Lookups];
    let mut expected: Vec<_> = house.all_rows().into_iter().filter(|(table, ..)| tables.contains(table)).collect();
    rows.sort();
    expected.sort();
    assert!(rows == expected, "{} rows of {}", rows.len(), expected.len());
    let whole = std::fs::read(mirror.path()).expect("reads");
    for broken in [whole[..whole.len() - 1].to_vec(), [&whole[..], b"x"].concat(), {
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        flipped
    }] {
        std::fs::write(mirror.path(), broken).expect("writes");
        let error = Mirror::open(place.path(), LEDGER).expect_err("is damaged");
        assert!(matches!(error, MirrorError::Torn { .. }), "{error}");
    }
}

#[test]
fn a_journal_brings_back_what_stood_and_opens_with_the_root_alone() {
    let mut house = House::new();
    house.record(&[strong("customer", "1")]);
    let change = Change::Hold([7; 16], Some(Hold { datasets: vec!["crm".into()], ..Hold::default() }));
    let rows = house.vault.rows_of(std::slice::from_ref(&change)).expect("seals");
    write(house.store.as_ref(), &mut house.lease, rows);
    let journal = house.vault.journal().expect("reads");
    let origin_hash = whosaw_verifier::entry::origin_hash(ORIGIN);
    let open = |bytes: &[u8]| StandingJournal::open(bytes, LEDGER, &origin_hash, house.custodian.as_ref());
    let opened = open(&journal).expect("opens");
    assert_eq!(opened.len(), 1);
    for at in [0, 20, journal.len() / 2, journal.len() - 1] {
        let mut flipped = journal.clone();
        flipped[at] ^= 1;
        assert!(matches!(open(&flipped).err(), Some(VaultError::Torn { .. })), "byte {at}");
    }
    // The store forgot it; another hold that was released meanwhile comes not back.
    let released = Change::Hold([9; 16], Some(Hold::default()));
    let mut rows = house.vault.rows_of(&[Change::Hold([7; 16], None)]).expect("seals");
    rows.append(&house.vault.rows_of(&[released]).expect("seals"));
    write(house.store.as_ref(), &mut house.lease, rows);
    let rows = house.vault.with_standing(&opened).expect("seals");
    write(house.store.as_ref(), &mut house.lease, rows);
    house.reopen();
    let holds: Vec<_> = house.vault.standing().holds.iter().map(|(id, hold)| (*id, hold.datasets.clone())).collect();
    assert_eq!(holds, [([7; 16], vec!["crm".to_owned()])]);

    let places = [(3, 0), (3, 1), (9, u32::MAX)];
    let erased = house.vault.erased_journal(11, &places);
    assert_eq!(read_erased(&erased, LEDGER, &origin_hash), Some((11, places.to_vec())));
    assert_eq!(read_erased(&erased[1..], LEDGER, &origin_hash), None);
    assert_eq!(read_erased(&erased, LedgerNumber(9), &origin_hash), None);
}
