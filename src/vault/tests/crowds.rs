//! Many threads, many persons.

use super::*;
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::mpsc;

/// Threads seal for the same new persons, one thread gives them their places, and another one makes memory forget.
#[test]
fn threads_that_seal_for_the_same_persons_make_each_once() {
    let mut house = House::new();
    let (threads, each, persons) = (4usize, 150u64, 13u64);
    let identities = |n: u64| [strong("customer", &(n % persons).to_string()), weak("born", &(n % 3).to_string())];
    let done = AtomicBool::new(false);
    for _ in 0..2 {
        let (send, sealed) = mpsc::sync_channel(32);
        let (barrier, vault) = (Barrier::new(threads), Arc::clone(&house.vault));
        std::thread::scope(|scope| {
            for thread in 0..threads as u64 {
                let (send, vault, barrier) = (send.clone(), &vault, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for n in 0..each {
                        let parts = vec![part_of(&identities(n + thread)), part_of(&identities(n)[1..])];
                        let sealed = vault.seal(admitted(parts), UnixMicros(MARCH_US)).expect("seals");
                        send.send(sealed).expect("somebody places");
                    }
                });
            }
            drop(send);
            let (vault, done) = (&vault, &done);
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    vault.persons().forget();
                }
            });
            while let Ok(first) = sealed.recv() {
                let batch: Vec<Sealed> = std::iter::once(first).chain(sealed.try_iter()).collect();
                house.commit(&batch);
            }
            done.store(true, Ordering::SeqCst);
        });
        done.store(false, Ordering::SeqCst);
        house.reopen();
    }
    let entries = 2 * threads as u64 * each;
    assert_eq!(house.next, entries);
    let (mut first_parts, mut second_parts) = (BTreeSet::new(), BTreeSet::new());
    for n in 0..persons {
        let person = house.person(&identities(n)[0]);
        let keys = house.vault.keys_of(person).expect("reads");
        assert_eq!(keys.len(), 1);
        let snapshot = house.store.snapshot().expect("reads");
        let rows = keys[0].places(snapshot.as_ref()).expect("reads");
        assert!(rows.is_sorted(), "rows come in the order of the ledger, each number once");
        let scan = house.vault.scan_parts(&keys, entries, &|_, _| {}).expect("scans");
        assert_eq!(scan.found.iter().map(|found| found.place).collect::<Vec<_>>(), rows, "no row was written over");
        first_parts.extend(rows.iter().map(|place| (place.index, place.ordinal)));
        let born: BTreeSet<PersonId> = (0..3).map(|n| house.person(&weak("born", &n.to_string()))).collect();
        let linked: BTreeSet<PersonId> = house.vault.weakly_linked(person).expect("reads").into_iter().collect();
        assert!(linked.is_subset(&born) && !linked.is_empty());
    }
    for n in 0..3 {
        second_parts.extend(house.places(&weak("born", &n.to_string())));
    }
    assert_eq!(first_parts, (0..entries).map(|index| (index, 0)).collect());
    assert_eq!(second_parts, (0..entries).map(|index| (index, 1)).collect());
}

/// An incident is where persons come in thousands: one action, very many data subjects.
#[test]
fn a_hundred_thousand_persons_have_a_part_in_one_action() {
    use crate::model::*;
    let many = 100_000u32;
    let subject = |n: u32| Subject {
        kind: "customer".into(),
        identities: vec![strong("customer", &n.to_string()), weak("born", &(n % 20_000).to_string())],
        categories: vec![CategoryUse {
            direction: Direction::Result,
            categories: vec!["contact".into()],
            rendered_to: Vec::new(),
        }],
        fields: Vec::new(),
        records: vec![Record { dataset: "customers".into(), id: n.to_string(), scope: RecordScope::System }],
    };
    let agent = Actor { kind: PartyKind::Agent, name: "agent".into(), ..Actor::default() };
    let action = Action {
        action_id: vec![0x77; 16].into_iter().enumerate().map(|(i, b)| if i == 8 { 0x80 } else { b }).collect(),
        verb: "data.export".into(),
        outcome: Outcome::Succeeded,
        actors: vec![agent],
        subjects: (0..many).map(subject).collect(),
        determination: Determination::Listed,
        ..Action::default()
    };
    let mut house = House::new();
    let caller = admitted(Vec::new()).caller;
    let (registry, limits) = (Registry::default(), crate::admit::Limits::default());
    let admitted =
        crate::admit::admit(action, caller, &registry, &house.vault.origin_hash, &limits, &Keeping::default());
    let admitted = admitted.expect("is fine");
    assert!(admitted.body.len() < 200, "all alike in public: one group");
    assert_eq!(admitted.parts.len(), many as usize + 1, "and the shared content");
    let sealed = house.vault.seal(admitted, UnixMicros(MARCH_US)).expect("seals");
    let (b, parts) = (sealed.body_commitment, sealed.parts.clone());
    let index = house.commit(&[sealed]);
    house.reopen();
    for n in [0, 1, 19_999, 20_000, 99_999] {
        assert_eq!(house.places(&strong("customer", &n.to_string())), [(index, n), (index, many)]);
        let place = PartPlace { index, ordinal: n };
        let part = house.vault.open_part(place, &b, &parts[n as usize].bytes).expect("opens");
        assert_eq!(part.person.expect("a person's").records[0].id, n.to_string());
    }
    let shared = PartPlace { index, ordinal: many };
    let content = house.vault.open_part(shared, &b, &parts[many as usize].bytes).expect("opens with everybody's key");
    assert!(content.content.is_some());
    let born = house.person(&weak("born", "5"));
    assert_eq!(house.vault.weakly_linked(born).expect("reads").len(), 5);
}
