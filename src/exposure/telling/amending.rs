//! Which entries stand after corrections and retractions (REPORTS 2.3).
//!
//! An amendment counts only from a registered role, and never from somebody who took part in what it amends: nobody
//! narrows a record of themselves. Taking back a correction restores what it replaced. Of rivals, and where amendments go
//! in a circle, none counts, which is the widest.

use crate::exposure::calculus::fact::{Party, Person};
use crate::model::Category;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An entry that corrects or takes back others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amending {
    pub index: u64,
    /// Who amends, nearest first; nobody where it may not have happened.
    pub by: Vec<Party>,
    /// It does nothing but amend.
    pub only_amends: bool,
    /// Ids of the acts it describes anew, and of those it takes back.
    pub corrects: Vec<Vec<u8>>,
    pub retracts: Vec<Vec<u8>>,
    /// In the words of whoever amends; may be empty.
    pub reason: String,
    /// Of an entry that does nothing but amend: what it says of the act. Any other is itself the act, described anew.
    pub restated: Option<Restated>,
}

/// What an amendment says came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restated {
    pub subjects: BTreeSet<Person>,
    pub listed: bool,
    pub about_nobody: bool,
    pub categories: BTreeSet<Category>,
    /// It states openings and closings too, in the place of those of what it corrects.
    pub has_facts: bool,
}

/// Whether an amendment counts, or why it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    Counts,
    /// Whoever amends has no role that may.
    NoRole,
    /// Whoever amends took part in the act.
    TookPart,
    /// It was itself corrected or taken back.
    Withdrawn,
    /// Another correction says something else.
    Rival,
    /// It amends what amends it.
    Circular,
    /// Several callers gave acts the id by which it names what it amends.
    Ambiguous,
    /// It was recorded before what it amends: what was not there yet nobody looked at.
    ToldBefore,
}

/// One amendment of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amended {
    /// Position among the amendments.
    pub by: usize,
    /// The entry that is amended.
    pub target: u64,
    pub retracts: bool,
    pub standing: Standing,
}

/// Judges all amendments. `find` says which acts an entry may mean by an id; one that it does not know is not amended. `may`
/// says whether a party had the role when an entry was recorded, `took_part` whether whoever amends took part in what it
/// amends, or in what that speaks of, or may be one who did.
pub fn judge(
    amendings: &[Amending],
    find: &dyn Fn(&[u8], u64) -> Vec<u64>,
    may: &dyn Fn(Party, u64) -> bool,
    took_part: &dyn Fn(&Amending, u64) -> bool,
) -> Vec<Amended> {
    let positions: HashMap<u64, usize> = amendings.iter().enumerate().map(|(at, a)| (a.index, at)).collect();
    let (mut all, mut of): (Vec<Amended>, BTreeMap<u64, Vec<usize>>) = (Vec::new(), BTreeMap::new());
    for (by, amending) in amendings.iter().enumerate() {
        let targets =
            amending.corrects.iter().map(|id| (id, false)).chain(amending.retracts.iter().map(|id| (id, true)));
        for (id, retracts) in targets {
            let found = find(id, amending.index);
            let ambiguous = found.len() > 1;
            for target in found {
                let standing = match amending.by.first() {
                    Some(_) if took_part(amending, target) => Standing::TookPart,
                    Some(party) if may(*party, amending.index) => match (target < amending.index, ambiguous) {
                        (false, _) => Standing::ToldBefore,
                        (true, true) => Standing::Ambiguous,
                        (true, false) => Standing::Counts,
                    },
                    _ => Standing::NoRole,
                };
                of.entry(target).or_default().push(all.len());
                all.push(Amended { by, target, retracts, standing });
            }
        }
    }
    // From those that nobody amends down to what they amend; whatever stands on a circle is never reached.
    let mut waits: BTreeMap<u64, usize> = of.iter().map(|(target, by)| (*target, by.len())).collect();
    let of_amending: BTreeMap<usize, Vec<usize>> =
        all.iter().enumerate().fold(BTreeMap::new(), |mut map, (at, one)| {
            map.entry(one.by).or_insert_with(Vec::new).push(at);
            map
        });
    let free = |(at, amending): (usize, &Amending)| (!of.contains_key(&amending.index)).then_some(at);
    let mut ready: Vec<usize> = amendings.iter().enumerate().filter_map(free).collect();
    let mut reached = vec![false; amendings.len()];
    let mut withdrawn: BTreeSet<u64> = BTreeSet::new();
    while let Some(by) = ready.pop() {
        reached[by] = true;
        for at in of_amending.get(&by).into_iter().flatten() {
            if withdrawn.contains(&amendings[by].index) {
                all[*at].standing = Standing::Withdrawn;
            }
            let target = all[*at].target;
            let Some(left) = waits.get_mut(&target) else { continue };
            *left -= 1;
            if *left == 0 {
                if settled(&mut all, &of[&target]) {
                    withdrawn.insert(target);
                }
                ready.extend(positions.get(&target));
            }
        }
    }
    for (target, by) in &of {
        if waits[target] == 0 {
            continue;
        }
        for at in by {
            let one = &mut all[*at];
            match reached[one.by] {
                false => one.standing = Standing::Circular,
                true if one.standing == Standing::Counts => one.standing = Standing::Rival,
                true => {}
            }
        }
    }
    all
}

/// Whether the entry that these amend no longer stands. Corrections that say different things are rivals.
fn settled(all: &mut [Amended], by: &[usize]) -> bool {
    let counting: Vec<usize> = by.iter().copied().filter(|at| all[*at].standing == Standing::Counts).collect();
    let corrections = counting.iter().filter(|at| !all[**at].retracts).count();
    if corrections > 1 || corrections > 0 && corrections < counting.len() {
        for at in counting {
            all[at].standing = Standing::Rival;
        }
        return false;
    }
    !counting.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const E1: Party = Party::Person(Person(1));
    const DANA: Party = Party::Person(Person(2));

    fn amending(index: u64, by: Party, corrects: &[u8], retracts: &[u8]) -> Amending {
        let ids = |ids: &[u8]| ids.iter().map(|id| vec![*id]).collect();
        let (corrects, retracts) = (ids(corrects), ids(retracts));
        Amending { index, by: vec![by], only_amends: true, corrects, retracts, reason: String::new(), restated: None }
    }

    /// Every act's id is its entry; entries below 10 are by e1.
    fn judged(amendings: &[Amending]) -> Vec<(u64, u64, Standing)> {
        let find = |id: &[u8], _: u64| {
            let index = u64::from(id[0]);
            // Two callers gave acts the id 9.
            let other = (index == 9).then_some(8);
            [index].into_iter().chain(other).collect()
        };
        let may = |party, at| party == DANA && at < 20;
        let took_part = |amending: &Amending, target| target < 10 && amending.by == [E1];
        let all = judge(amendings, &find, &may, &took_part);
        all.iter().map(|one| (amendings[one.by].index, one.target, one.standing)).collect()
    }

    #[test]
    fn only_a_role_that_took_no_part_amends() {
        let story =
            [amending(10, DANA, &[], &[1]), amending(11, E1, &[], &[2]), amending(12, Party::Anyone, &[3], &[])];
        let expected = [(10, 1, Standing::Counts), (11, 2, Standing::TookPart), (12, 3, Standing::NoRole)];
        assert_eq!(judged(&story), expected);
        // The role counts that was registered when the amendment was recorded.
        assert_eq!(judged(&[amending(20, DANA, &[], &[1])]), [(20, 1, Standing::NoRole)]);
    }

    #[test]
    fn what_was_told_before_what_it_speaks_of_counts_for_nothing() {
        let story = [amending(10, DANA, &[], &[11]), amending(12, Party::Anyone, &[], &[13])];
        assert_eq!(judged(&story), [(10, 11, Standing::ToldBefore), (12, 13, Standing::NoRole)]);
    }

    #[test]
    fn what_may_mean_either_of_two_acts_counts_for_neither() {
        let expected = [(10, 9, Standing::Ambiguous), (10, 8, Standing::Ambiguous)];
        assert_eq!(judged(&[amending(10, DANA, &[], &[9])]), expected);
    }

    #[test]
    fn taking_back_a_correction_restores_what_it_replaced() {
        let story = [amending(10, DANA, &[1], &[]), amending(11, DANA, &[], &[10])];
        assert_eq!(judged(&story), [(10, 1, Standing::Withdrawn), (11, 10, Standing::Counts)]);
        // And taking that back again lets the correction stand.
        let story = [story[0].clone(), story[1].clone(), amending(12, DANA, &[], &[11])];
        let expected = [(10, 1, Standing::Counts), (11, 10, Standing::Withdrawn), (12, 11, Standing::Counts)];
        assert_eq!(judged(&story), expected);
    }

    #[test]
    fn of_rivals_none_counts() {
        let story = [amending(10, DANA, &[1], &[]), amending(11, DANA, &[1], &[])];
        assert_eq!(judged(&story), [(10, 1, Standing::Rival), (11, 1, Standing::Rival)]);
        let story = [amending(10, DANA, &[1], &[]), amending(11, DANA, &[], &[1])];
        assert_eq!(judged(&story), [(10, 1, Standing::Rival), (11, 1, Standing::Rival)]);
        // Two who take the same back agree.
        let story = [amending(10, DANA, &[], &[1]), amending(11, DANA, &[], &[1])];
        assert_eq!(judged(&story), [(10, 1, Standing::Counts), (11, 1, Standing::Counts)]);
    }

    #[test]
    fn a_circle_ends_and_counts_for_nothing() {
        let story = [amending(10, DANA, &[11], &[]), amending(11, DANA, &[10], &[1]), amending(12, DANA, &[], &[12])];
        let expected = [
            (10, 11, Standing::Circular),
            (11, 10, Standing::Circular),
            (11, 1, Standing::Circular),
            (12, 12, Standing::Circular),
        ];
        assert_eq!(judged(&story), expected);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_neither_overflows_nor_stops() {
        let story: Vec<Amending> = (0..100_000u32)
            .map(|number| Amending {
                retracts: vec![number.to_be_bytes().to_vec()],
                ..amending(u64::from(number) + 1, DANA, &[], &[])
            })
            .collect();
        let find = |id: &[u8], _: u64| {
            let index = u64::from(u32::from_be_bytes(id.try_into().expect("four bytes")));
            vec![index]
        };
        let all = judge(&story, &find, &|_, _| true, &|_, _| false);
        // The last counts, the one before it is withdrawn, and so on down to the first.
        let counts = |one: &Amended| (story.len() as u64 - story[one.by].index).is_multiple_of(2);
        let expected = |one: &Amended| if counts(one) { Standing::Counts } else { Standing::Withdrawn };
        assert_eq!(all.len(), story.len());
        assert!(all.iter().all(|one| one.standing == expected(one)));
    }
}
