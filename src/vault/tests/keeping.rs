//! What matters keep of who goes: these parts and nothing else, as long as one of them is in force, and wherever the rows lie.

use super::erasing::{Until, customer};
use super::*;
use crate::vault::erase::{Doomed, Fate};
use crate::vault::standing::{Change, Hold};
use crate::vault::{Kept, Mirror, MirrorError, StandingJournal};
use std::ops::Range;

/// A matter that keeps every entry whose index `divides` divides.
pub fn matter(n: u8, divides: u8) -> StandingId {
    let mut id = [n; 16];
    id[15] = divides;
    id
}

pub fn fits(matter: &StandingId, place: PartPlace) -> bool {
    place.index.is_multiple_of(u64::from(matter[15]))
}

pub fn shared_by(by: Range<u32>) -> PlainPart {
    let content = Some(ContentPart { instruction: "shared".into(), ..ContentPart::default() });
    PlainPart { holder: Holder::Shared { by: by.collect() }, part: Part { content, ..Part::default() } }
}

impl House {
    /// As the engine does: what fits a hold stays.
    pub fn without_kept(&self, mut fate: Fate) -> Fate {
        let holds: Vec<StandingId> = self.vault.standing().holds.keys().copied().collect();
        for place in fate.places.clone() {
            let by: BTreeSet<StandingId> = holds.iter().filter(|matter| fits(matter, place)).copied().collect();
            let known = fate.kept.get(&place).map(|(kept, _)| kept.clone());
            let kept = known.or_else(|| {
                let sealed = self.sealed_at(place);
                let p = self.vault.disclose(place, &self.commitments[&place.index], &sealed).ok()?;
                let persons = self.vault.readers_of(place).expect("reads");
                let (tokens, since) = (BTreeSet::new(), self.vault.next_generation());
                Some(Kept { place, p: Secret::new(p), persons, tokens, conversation: None, since })
            });
            if let Some(kept) = kept
                && !by.is_empty()
            {
                fate.keep(&kept, &by);
            }
        }
        fate
    }

    pub fn hold(&mut self, matter: StandingId) {
        let others: Vec<StandingId> = self.vault.standing().holds.keys().copied().collect();
        let kept = others.iter().flat_map(|other| self.vault.kept_by(other).expect("opens"));
        let kept: Vec<Kept> = kept.filter(|kept| fits(&matter, kept.place)).collect();
        let mut rows = self.vault.rows_keeping(&matter, &kept).expect("seals");
        let change = Change::Hold(matter, Some(Hold::default()));
        rows.append(&self.vault.rows_of(std::slice::from_ref(&change)).expect("seals"));
        self.put(rows);
        self.vault.changed(&[change]);
    }

    pub fn release(&mut self, matter: StandingId) {
        let keeps = self.vault.kept_count(&matter).expect("reads") > 0;
        let change = Change::Hold(matter, keeps.then(|| Hold { released_us: 1, ..Hold::default() }));
        self.put(self.vault.rows_of(std::slice::from_ref(&change)).expect("seals"));
        self.vault.changed(&[change]);
    }

    /// What a matter shows of a part.
    pub fn opened_for(&self, matter: &StandingId, place: PartPlace) -> Option<Part> {
        let sealed = self.sealed_at(place);
        match self.vault.open_kept(matter, place, &self.commitments[&place.index], &sealed) {
            Ok(part) => Some(part),
            Err(OpenError::NoKey) => None,
            Err(error) => panic!("{place:?}: {error}"),
        }
    }
}

fn at(index: u64, ordinal: u32) -> PartPlace {
    PartPlace { index, ordinal }
}

#[test]
fn a_matter_keeps_its_parts_until_the_last_matter_over_them_is_over() {
    for until in [Until::End, Until::OldDropped, Until::Moved(0), Until::Moved(2)] {
        let mut house = House::new();
        for _ in 0..6 {
            let parts = vec![part_of(&[customer(1)]), part_of(&[customer(2)]), shared_by(0..2)];
            let sealed = house.seal(parts).expect("seals");
            house.commit(&[sealed]);
        }
        let (twos, threes) = (matter(1, 2), matter(2, 3));
        house.hold(twos);
        house.hold(threes);
        house.erase(&house.doomed(&[&customer(1)]), until);
        house.finish(usize::MAX, false).expect("finishes");
        house.reopen();
        assert_eq!(house.vault.find(&customer(1)).expect("reads"), None, "{until:?}");
        let kept = |house: &House, matter| {
            let kept = house.vault.kept_by(&matter).expect("opens");
            kept.iter().map(|kept| (kept.place.index, kept.place.ordinal)).collect::<Vec<_>>()
        };
        assert_eq!(kept(&house, twos), [(0, 0), (0, 2), (2, 0), (2, 2), (4, 0), (4, 2)]);
        assert_eq!(kept(&house, threes), [(0, 0), (0, 2), (3, 0), (3, 2)]);
        // Content and the person's own part, by their bytes; who stays has lost what was shared all the same.
        assert_eq!(house.opened_for(&twos, at(2, 2)).map(|part| part.content), Some(shared_by(0..2).part.content));
        assert_eq!(
            house.opened_for(&twos, at(2, 0)).map(|part| part.person),
            Some(part_of(&[customer(1)]).part.person)
        );
        assert_eq!(house.opened_for(&twos, at(1, 2)), None);
        assert!(!house.opens(at(2, 2), &house.sealed_at(at(2, 2))));
        assert!(house.opens(at(2, 1), &house.sealed_at(at(2, 1))));
        assert!(house.sealed_at(at(1, 0)).is_empty() && house.sealed_at(at(1, 2)).is_empty());
        // The other who shared it goes too: what was kept stays kept.
        house.erase(&house.doomed(&[&customer(2)]), until);
        house.finish(usize::MAX, false).expect("finishes");
        assert_eq!(kept(&house, threes), [(0, 0), (0, 1), (0, 2), (3, 0), (3, 1), (3, 2)]);
        let shared = house.vault.kept_by(&threes).expect("opens").remove(2);
        assert_eq!(shared.persons.len(), 2, "whose it was is not forgotten");
        house.release(twos);
        house.reopen();
        assert!(house.vault.is_kept(at(2, 0)).expect("reads"), "until the batch runs");
        house.erase(&Doomed { matters: BTreeSet::from([twos]), ..Doomed::default() }, until);
        house.finish(usize::MAX, false).expect("finishes");
        house.reopen();
        assert!(house.sealed_at(at(2, 0)).is_empty() && !house.sealed_at(at(0, 0)).is_empty());
        assert_eq!(kept(&house, twos), []);
        assert!(house.opened_for(&threes, at(0, 2)).is_some());
        house.release(threes);
        house.erase(&Doomed { matters: BTreeSet::from([threes]), ..Doomed::default() }, until);
        house.finish(usize::MAX, false).expect("finishes");
        // No row of a matter is left, nor of its key, nor of whoever was erased.
        let left = house.all_rows().into_iter().filter(|(table, key, value)| match table {
            Table::Lookups => key[4] == crate::vault::kept::KEPT_ROW || key[4] == crate::vault::standing::HOLD_ROW,
            Table::DataKeys => key[6..22] == twos || key[6..22] == threes,
            Table::Parts => value.len() > 32,
            _ => false,
        });
        assert_eq!(left.count(), 0);
    }
}

#[test]
fn a_later_matter_keeps_what_others_keep_and_goes_on_alone() {
    let mut house = House::new();
    house.record(&[customer(1)]);
    let (first, second) = (matter(1, 1), matter(2, 2));
    house.hold(first);
    house.erase(&house.doomed(&[&customer(1)]), Until::End);
    house.hold(second);
    house.reopen();
    assert!(house.opened_for(&second, at(0, 0)).is_some());
    house.release(first);
    house.erase(&Doomed { matters: BTreeSet::from([first]), ..Doomed::default() }, Until::Moved(0));
    house.finish(usize::MAX, false).expect("finishes");
    assert!(house.opened_for(&second, at(0, 0)).is_some() && house.opened_for(&first, at(0, 0)).is_none());
}

/// A mirror and the journal beside the guard are all that is left of the key table.
#[test]
fn what_is_kept_is_in_the_mirror() {
    let mut house = House::new();
    for _ in 0..3 {
        house.record(&[customer(1)]);
    }
    let matter = matter(1, 2);
    house.hold(matter);
    house.erase(&house.doomed(&[&customer(1)]), Until::End);
    let place = tempfile::tempdir().expect("a directory");
    house.vault.write_mirror(place.path(), 4).expect("writes");
    let journal = house.vault.journal().expect("reads");

    let parts = house.all_rows().into_iter().filter(|(table, ..)| *table == Table::Parts);
    let mut writes = WriteSet::default();
    parts.for_each(|(table, key, value)| writes.put(table, key, value));
    house.store = Arc::new(MemoryStore::default());
    house.lease = house.store.acquire(LEDGER).expect("acquires");
    house.put(writes);
    let mirror = Mirror::open(place.path(), LEDGER).expect("reads").expect("is there");
    let put = |rows: WriteSet| {
        house.put(rows);
        Ok::<_, MirrorError>(())
    };
    mirror.rows(put).expect("reads");
    house.reopen();
    let origin_hash = whosaw_verifier::entry::origin_hash(ORIGIN);
    let journal = StandingJournal::open(&journal, LEDGER, &origin_hash, house.custodian.as_ref()).expect("opens");
    house.put(house.vault.with_standing(&journal).expect("seals"));
    let (vault, mut rows) = (Arc::clone(&house.vault), Vec::new());
    let mut write = |writes: WriteSet| {
        rows.push(writes);
        Ok(())
    };
    vault.rebuild_readers(&mut |_| Ok(Default::default()), &mut write).expect("rebuilds");
    rows.into_iter().for_each(|rows| house.put(rows));
    house.reopen();
    assert!(house.opened_for(&matter, at(0, 0)).is_some() && house.opened_for(&matter, at(2, 0)).is_some());
    assert_eq!(house.vault.kept_count(&matter).expect("reads"), 2);
    house.release(matter);
    house.erase(&Doomed { matters: BTreeSet::from([matter]), ..Doomed::default() }, Until::End);
    assert!(house.sealed_at(at(0, 0)).is_empty() && house.sealed_at(at(2, 0)).is_empty());
}

#[test]
fn a_row_of_a_matter_that_was_altered_or_moved_is_refused() {
    let mut house = House::new();
    house.record(&[customer(1)]);
    house.record(&[customer(1)]);
    let matter = matter(1, 1);
    house.hold(matter);
    house.erase(&house.doomed(&[&customer(1)]), Until::End);
    let rows = house.all_rows().into_iter();
    let rows: Vec<_> = rows
        .filter(|(table, key, _)| *table == Table::Lookups && key[4] == crate::vault::kept::KEPT_ROW)
        .map(|(_, key, value)| (key, value))
        .collect();
    let mut flipped = rows[0].1.clone();
    flipped[20] ^= 1;
    for value in [flipped, rows[1].1.clone()] {
        let mut writes = WriteSet::default();
        writes.put(Table::Lookups, rows[0].0.clone(), value);
        house.put(writes);
        let refused = house.vault.kept_by(&matter).expect_err("is refused");
        assert!(matches!(refused, VaultError::Foreign { what: "kept part" }), "{refused}");
    }
}
