//! Destroying keys: nothing of the erased is left, nothing of anybody else is lost, wherever it is interrupted.

use super::keeping::{fits, matter, shared_by};
use super::*;
use crate::vault::erase::Doomed;
use crate::vault::standing::Change;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

/// How far a batch gets before the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    RootMade,
    /// After so many writes of moved rows.
    Moved(usize),
    OldDropped,
    End,
}

impl House {
    /// Erases these persons as the engine does, alone in one commit.
    pub(super) fn erase(&mut self, doomed: &Doomed, until: Until) {
        let epoch = self.vault.next_epoch().expect("lists");
        self.put(self.vault.preparing(epoch));
        self.vault.create_root(epoch).expect("creates");
        if until == Until::RootMade {
            return self.reopen();
        }
        let fate = self.without_kept(self.vault.survey(doomed).expect("reads"));
        let over = doomed.matters.iter().map(|matter| Change::Hold(*matter, None)).collect();
        let turn = self.vault.prepare_turn(&fate, epoch, over).expect("prepares");
        let mut writes = WriteSet::default();
        self.vault.place_turn(&turn, self.next, &mut writes);
        for place in &fate.places {
            let key = row_key(LEDGER, &[&place.index.to_be_bytes(), &place.ordinal.to_be_bytes()]);
            let leaf = self.store.snapshot().expect("reads").get(Table::Parts, &key).expect("reads").expect("is there");
            writes.put(Table::Parts, key, &leaf[..32]);
        }
        self.next += 1;
        self.put(writes);
        self.vault.turned(&turn);
        let left = match until {
            Until::Moved(left) => left,
            Until::RootMade | Until::OldDropped | Until::End => usize::MAX,
        };
        if self.finish(left, until == Until::OldDropped).is_none() {
            self.reopen();
        }
    }

    /// Finishes what is unfinished; nothing if it was interrupted.
    pub(super) fn finish(&mut self, mut writes_left: usize, stop_before_destroying: bool) -> Option<()> {
        let vault = Arc::clone(&self.vault);
        if let Some(rows) = vault.undo_preparing().expect("undoes") {
            self.put(rows);
        }
        let Some(unfinished) = vault.unfinished().expect("reads") else { return Some(()) };
        let mut write = |rows: WriteSet| {
            if writes_left == 0 {
                return Err(VaultError::Sealing);
            }
            writes_left -= 1;
            self.put(rows);
            Ok(())
        };
        vault.move_rows(&mut write).ok()?;
        vault.move_standing_rows(&mut write).ok()?;
        write(vault.drop_old().expect("wraps")).ok()?;
        if stop_before_destroying {
            return None;
        }
        vault.destroy_old(&unfinished).expect("destroys");
        write(vault.finished()).ok()
    }

    pub(super) fn put(&mut self, writes: WriteSet) {
        write(self.store.as_ref(), &mut self.lease, writes);
    }

    pub(super) fn doomed(&self, identities: &[&Identity]) -> Doomed {
        let mut doomed = Doomed::default();
        for identity in identities {
            doomed.persons.extend(self.vault.linked(self.person(identity)).expect("reads"));
        }
        doomed
    }

    /// Whether there is a key for this part, S of which was read before.
    pub(super) fn opens(&self, place: PartPlace, sealed: &[u8]) -> bool {
        // The body's commitment is the entry's own, which these tests do not keep: only whose key it is counts.
        !matches!(self.vault.disclose(place, &[0; 32], sealed), Err(OpenError::NoKey))
    }
}

pub(super) fn customer(n: u64) -> Identity {
    strong("customer", &n.to_string())
}

#[test]
fn who_is_erased_is_gone_and_who_stays_is_untouched() {
    for until in [Until::End, Until::OldDropped, Until::Moved(0), Until::Moved(1), Until::Moved(3)] {
        let mut house = House::new();
        let born = weak("born", "1990");
        let places = [
            house.record(&[customer(1), strong("email", "a")]),
            house.record(&[customer(2), born.clone()]),
            house.record(&[customer(1)]),
            house.record(&[customer(3)]),
        ];
        let before = house.all_rows();
        let parts = places.map(|index| PartPlace { index, ordinal: 0 });
        let sealed = parts.map(|place| house.sealed_at(place));
        let keys: Vec<_> = house.vault.keys_of(house.person(&customer(1))).expect("reads");
        let doomed = house.doomed(&[&customer(1)]);
        house.erase(&doomed, until);
        house.finish(usize::MAX, false).expect("finishes");
        for reopened in [false, true] {
            if reopened {
                house.reopen();
            }
            assert_eq!(house.vault.find(&customer(1)).expect("reads"), None, "{until:?}");
            assert_eq!(house.vault.find(&strong("email", "a")).expect("reads"), None);
            assert_eq!(house.places(&customer(2)), [(places[1], 0)]);
            assert_eq!(house.places(&customer(3)), [(places[3], 0)]);
            let possible = house.vault.weakly_linked(house.person(&customer(2))).expect("reads");
            assert_eq!(possible, [house.person(&born)]);
            let opens = [0, 1, 2, 3].map(|i| house.opens(parts[i], &sealed[i]));
            assert_eq!(opens, [false, true, false, true]);
            assert_eq!(house.vault.generation(), 2);
        }
        // No row of the erased is left, and no row at all that was there before under a wrapping key that is gone.
        let after: BTreeSet<_> = house.all_rows().into_iter().collect();
        let gone = doomed.persons.iter().next().expect("one").id;
        assert!(after.iter().all(|(_, key, _)| !key.windows(16).any(|id| *id == gone)));
        let wrapped = |table: &Table| matches!(table, Table::ShardKeys | Table::Readers);
        assert!(before.iter().filter(|(table, ..)| wrapped(table)).all(|row| !after.contains(row)));
        for n in 0..4 {
            let row = row_key(LEDGER, &[&whosaw_verifier::seal::index_key(&keys[0].secret, n)]);
            assert!(after.iter().all(|(_, key, _)| *key != row));
        }
        // The old database, as a backup has it, beside the keys of today.
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let mut lease = store.acquire(LEDGER).expect("acquires");
        let mut writes = WriteSet::default();
        before.into_iter().for_each(|(table, key, value)| writes.put(table, key, value));
        write(store.as_ref(), &mut lease, writes);
        let custodian = Arc::clone(&house.custodian) as Arc<dyn Custodian>;
        let opened = Vault::open(store, LEDGER, ORIGIN, custodian).err();
        assert!(matches!(opened, Some(VaultError::Custodian(CustodianError::NoRoot { epoch: 1 }))), "{opened:?}");
    }
}

#[test]
fn a_root_that_was_made_and_not_used_is_destroyed_at_the_next_start() {
    let mut house = House::new();
    house.record(&[customer(1)]);
    let doomed = house.doomed(&[&customer(1)]);
    house.erase(&doomed, Until::RootMade);
    assert_eq!(house.custodian.epochs().expect("lists"), [2]);
    house.finish(usize::MAX, false).expect("undoes");
    assert_eq!(
        house.custodian.epochs().expect("lists"),
        Vec::<u64>::new(),
        "only the one in use, which was there before"
    );
    assert_eq!(house.places(&customer(1)), [(0, 0)]);
    house.reopen();
    assert_eq!(house.places(&customer(1)), [(0, 0)]);
}

#[test]
fn a_weak_identity_that_is_erased_leaves_nothing_with_whoever_showed_it() {
    let mut house = House::new();
    let (born, other) = (weak("born", "1990"), weak("born", "1991"));
    house.record(&[customer(1), born.clone(), other.clone()]);
    let doomed = house.doomed(&[&born]);
    house.erase(&doomed, Until::End);
    house.reopen();
    let person = house.person(&customer(1));
    assert_eq!(house.vault.identities(person).expect("reads"), [customer(1), other.clone()]);
    assert_eq!(house.vault.weakly_linked(person).expect("reads"), [house.person(&other)]);
    // Shown again it is somebody new, linked again.
    house.record(&[customer(1), born.clone()]);
    house.reopen();
    let person = house.person(&customer(1));
    assert_eq!(house.vault.weakly_linked(person).expect("reads").len(), 2);
}

#[test]
fn content_that_others_share_is_told_with_who_stays() {
    let mut house = House::new();
    let shared = PlainPart { holder: Holder::Shared { by: vec![0, 1] }, part: Part::default() };
    let parts = vec![part_of(&[customer(1)]), part_of(&[customer(2)]), shared];
    let sealed = house.seal(parts).expect("seals");
    let index = house.commit(&[sealed]);
    let fate = house.vault.survey(&house.doomed(&[&customer(1)])).expect("reads");
    let told: Vec<_> = fate.shared.iter().map(|shared| (shared.place.index, shared.place.ordinal)).collect();
    assert_eq!(told, [(index, 2)]);
    let stays: Vec<_> = fate.shared[0].sharers.iter().map(|sharer| (sharer.ordinal, sharer.stays)).collect();
    assert_eq!(stays, [(0, false), (1, true)]);
    let places: Vec<_> = fate.places.iter().map(|place| (place.index, place.ordinal)).collect();
    assert_eq!(places, [(index, 0), (index, 2)]);
}

#[test]
fn a_key_whose_time_is_over_goes_alone() {
    let mut house = House::new();
    let year = 31_557_600_000_000;
    for now in [MARCH_US, MARCH_US + year] {
        let sealed = house.vault.seal(admitted(vec![part_of(&[customer(1)])]), UnixMicros(now)).expect("seals");
        house.commit(&[sealed]);
    }
    let month = UnixMicros(MARCH_US + year).month();
    let before = BTreeMap::from([(RetentionClass::Subject as u8, month)]);
    let keys = house.vault.keys_before(&before, None, 10).expect("reads");
    assert_eq!(keys.len(), 1);
    house.erase(&Doomed { keys, ..Doomed::default() }, Until::End);
    house.reopen();
    assert_eq!(house.places(&customer(1)), [(1, 0)]);
    assert!(house.vault.keys_before(&before, None, 10).expect("reads").is_empty());
}

#[derive(Debug, Clone)]
enum Step {
    Record(Vec<u64>),
    Erase(Vec<u64>, Until),
    /// A matter that keeps every entry whose index this number divides.
    Hold(u8),
    Release(usize),
    Reopen,
    Finish,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let until = prop_oneof![
        3 => Just(Until::End),
        1 => Just(Until::RootMade),
        1 => Just(Until::OldDropped),
        3 => (0usize..6).prop_map(Until::Moved),
    ];
    let step = prop_oneof![
        6 => prop::collection::vec(0u64..8, 1..4).prop_map(Step::Record),
        3 => (prop::collection::vec(0u64..8, 0..3), until).prop_map(|(who, until)| Step::Erase(who, until)),
        2 => (1u8..4).prop_map(Step::Hold),
        1 => (0usize..4).prop_map(Step::Release),
        1 => Just(Step::Reopen),
        1 => Just(Step::Finish),
    ];
    prop::collection::vec(step, 1..18)
}

/// What should be so: who stands where, which parts only matters open, and which are gone.
#[derive(Default)]
struct Model {
    places: BTreeMap<u64, Vec<PartPlace>>,
    kept: BTreeMap<PartPlace, BTreeSet<StandingId>>,
    gone: BTreeSet<PartPlace>,
    holds: BTreeSet<StandingId>,
    released: BTreeSet<StandingId>,
}

impl Model {
    fn keeping(&self, place: PartPlace) -> BTreeSet<StandingId> {
        self.holds.iter().filter(|matter| fits(matter, place)).copied().collect()
    }

    fn erase(&mut self, who: &[u64]) {
        let of = who.iter().filter_map(|n| self.places.remove(n)).flatten();
        let over = self.kept.iter().filter(|(_, by)| !by.is_disjoint(&self.released)).map(|(place, _)| *place);
        for place in of.chain(over).collect::<BTreeSet<_>>() {
            let by = self.keeping(place);
            if by.is_empty() || self.gone.contains(&place) {
                self.kept.remove(&place);
                self.gone.insert(place);
            } else {
                self.kept.insert(place, by);
            }
        }
        self.released.clear();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Against a model that only remembers who stands where, and what is kept.
    #[test]
    fn no_erased_part_returns_and_none_that_is_held_or_of_others_is_lost(steps in steps()) {
        let mut house = House::new();
        let (mut model, mut matters) = (Model::default(), 0);
        for step in steps {
            match step {
                Step::Record(mut who) => {
                    who.sort_unstable();
                    who.dedup();
                    let own = who.iter().map(|n| part_of(&[customer(*n), strong("email", &n.to_string())]));
                    let mut parts: Vec<_> = own.collect();
                    if who.len() > 1 {
                        parts.push(shared_by(0..who.len() as u32));
                    }
                    let all = parts.len() as u32;
                    let sealed = house.seal(parts).expect("seals");
                    let index = house.commit(&[sealed]);
                    for (ordinal, n) in (0u32..).zip(&who) {
                        let places = model.places.entry(*n).or_default();
                        places.push(PartPlace { index, ordinal });
                        places.extend((who.len() as u32..all).map(|ordinal| PartPlace { index, ordinal }));
                    }
                }
                Step::Erase(who, until) => {
                    // The engine finishes what is unfinished first.
                    house.finish(usize::MAX, false).expect("finishes");
                    let known: Vec<Identity> =
                        who.iter().filter(|n| model.places.contains_key(n)).map(|n| customer(*n)).collect();
                    let mut doomed = house.doomed(&known.iter().collect::<Vec<_>>());
                    doomed.matters = model.released.clone();
                    house.erase(&doomed, until);
                    if until != Until::RootMade {
                        model.erase(&who);
                    }
                }
                Step::Hold(divides) => {
                    matters += 1;
                    let matter = matter(matters, divides);
                    house.hold(matter);
                    model.holds.insert(matter);
                    for (place, by) in &mut model.kept {
                        // What only a released one keeps is looked at when that one's batch runs.
                        if fits(&matter, *place) && !by.is_subset(&model.released) {
                            by.insert(matter);
                        }
                    }
                }
                Step::Release(n) => {
                    if let Some(matter) = model.holds.iter().nth(n).copied() {
                        house.release(matter);
                        model.holds.remove(&matter);
                        if model.kept.values().any(|by| by.contains(&matter)) {
                            model.released.insert(matter);
                        }
                    }
                }
                Step::Reopen => house.reopen(),
                Step::Finish => drop(house.finish(usize::MAX, false)),
            }
            for n in 0..8 {
                match model.places.get(&n) {
                    Some(places) => {
                        let places: Vec<_> = places.iter().map(|place| (place.index, place.ordinal)).collect();
                        prop_assert_eq!(house.places(&customer(n)), places);
                        prop_assert_eq!(house.vault.find(&strong("email", &n.to_string())).expect("reads"), Some(house.person(&customer(n))));
                    }
                    None => prop_assert_eq!(house.vault.find(&customer(n)).expect("reads"), None),
                }
            }
            let all: BTreeSet<PartPlace> = model.places.values().flatten().chain(model.kept.keys()).copied().collect();
            for place in all.iter().filter(|place| !model.gone.contains(place)) {
                let sealed = house.sealed_at(*place);
                let kept = model.kept.get(place);
                prop_assert_eq!(house.opens(*place, &sealed), kept.is_none(), "{:?}", place);
                prop_assert_eq!(house.vault.is_kept(*place).expect("reads"), kept.is_some());
                for matter in kept.into_iter().flatten() {
                    prop_assert!(house.opened_for(matter, *place).is_some(), "{:?} is kept", place);
                }
            }
            for place in &model.gone {
                prop_assert!(house.sealed_at(*place).is_empty() && !house.vault.is_kept(*place).expect("reads"));
            }
            for matter in model.holds.union(&model.released) {
                let kept = house.vault.kept_by(matter).expect("opens").into_iter().map(|kept| kept.place);
                let by = model.kept.iter().filter(|(_, by)| by.contains(matter)).map(|(place, _)| *place);
                prop_assert_eq!(kept.collect::<Vec<_>>(), by.collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn a_store_that_fails_in_the_middle_leaves_nothing_half_moved() {
    // Every write of the moving fails once; each time a new process goes on.
    let mut house = House::new();
    for n in 0..40 {
        house.record(&[customer(n), weak("born", &n.to_string())]);
    }
    let doomed = house.doomed(&[&customer(0), &customer(7)]);
    house.erase(&doomed, Until::Moved(0));
    let mut writes = 0;
    while house.finish(writes, false).is_none() {
        house.reopen();
        for n in (1..40).filter(|n| *n != 7) {
            assert_eq!(house.places(&customer(n)), [(n, 0)], "after {writes} writes");
        }
        writes += 1;
        assert!(writes < 200, "it ends");
    }
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| house.person(&customer(0)))).is_err());
    assert!(house.vault.unfinished().expect("reads").is_none());
}
