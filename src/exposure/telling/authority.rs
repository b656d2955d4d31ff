//! What approvals and reviews are worth, judged by what is on file of them (REPORTS 2.3, Authority).
//!
//! An approval is an action `approval.grant` (or `approval.deny`) with a grant fact: to whom, for which verbs on which
//! resource and whose data, until when, under which reference. It opens no way to anything. An act that cites the reference
//! is held against it.

use crate::exposure::calculus::fact::*;
use crate::exposure::calculus::times::Instant;
use crate::model::Verb;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One act as it was told, for whatever refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub index: u64,
    pub when: When,
    pub verb: Verb,
    /// Who did it, nearest first.
    pub chain: Vec<Party>,
    pub resource: Option<Resource>,
    pub subjects: BTreeSet<Person>,
    pub authorised: Authorised,
    pub emergency: bool,
    /// The documented instruction that it followed; may be empty.
    pub instruction: String,
    /// Reference of the approval that it went by; may be empty.
    pub approval: String,
    /// Ids of acts without which it would not have been, and of those within which it was.
    pub caused_by: Vec<Vec<u8>>,
    pub parents: Vec<Vec<u8>>,
    /// It lets others in, or gives to others: an approval does not say to whom.
    pub goes_further: bool,
    /// What these were worth; known once everything was told. Whose data the approval was for; nobody: anybody's.
    pub approved_for: BTreeSet<Person>,
    pub approved: Option<Approved>,
    pub review: Option<Review>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub index: u64,
    pub by: Vec<Party>,
    pub reference: String,
    /// To whom; absent where it does not say.
    pub to: Option<Party>,
    /// For what; none: for anything.
    pub verbs: BTreeSet<Verb>,
    pub resource: Option<Resource>,
    /// Whose data; nobody: anybody's.
    pub subjects: BTreeSet<Person>,
    pub from: When,
    pub until: Option<Instant>,
    pub refused: bool,
    /// Its policy lets it be used more than once.
    pub repeats: bool,
}

/// Somebody looked at emergency accesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewing {
    pub index: u64,
    pub when: When,
    pub by: Option<Party>,
    /// Ids of the acts.
    pub of: Vec<Vec<u8>>,
    pub justified: bool,
}

impl Approval {
    fn is_for(&self, act: &Act) -> bool {
        self.to.is_none_or(|to| act.chain.first() == Some(&to))
            && (self.verbs.is_empty() || self.verbs.contains(&act.verb))
            && self.resource.is_none_or(|resource| act.resource == Some(resource))
            && (self.subjects.is_empty() || self.subjects == act.subjects)
    }

    /// On [from, until), whenever in its claim the act was.
    fn is_valid(&self, act: &Act) -> bool {
        self.index < act.index
            && self.from.latest <= act.when.earliest
            && self.until.is_none_or(|until| act.when.latest < until)
    }
}

/// Whether two parties are perhaps one, or one acts as the other.
pub type MayBe<'a> = &'a dyn Fn(Party, Party) -> bool;

/// Judges every act that cites an approval. What is told of an approval never raises what a policy denied.
pub fn approve(acts: &mut BTreeMap<u64, Act>, approvals: &[Approval], may_be: MayBe<'_>) {
    let mut by_reference: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, approval) in approvals.iter().enumerate() {
        by_reference.entry(&approval.reference).or_default().push(at);
    }
    let mut citing: Vec<(Instant, u64)> =
        acts.values().filter(|act| !act.approval.is_empty()).map(|act| (act.when.earliest, act.index)).collect();
    citing.sort_unstable();
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (_, index) in citing {
        let Some(act) = acts.get_mut(&index) else { continue };
        let cited = by_reference.get(act.approval.as_str()).map_or(&[][..], Vec::as_slice);
        let (approved, by) = approved(act, approvals, cited, &mut used, may_be);
        act.approved = Some(approved);
        act.approved_for = by.map(|at| approvals[at].subjects.clone()).unwrap_or_default();
        act.authorised = match (approved, act.authorised) {
            // Nothing on file to hold it against: as whoever recorded it said.
            (Approved::NotOnFile, authorised) => authorised,
            (Approved::Matched, Authorised::NotAssessed) if !act.goes_further => Authorised::Yes,
            (Approved::Matched, authorised) => authorised,
            _ => Authorised::No,
        };
    }
}

/// What an approval is worth for an act, and which it was.
fn approved(
    act: &Act,
    approvals: &[Approval],
    cited: &[usize],
    used: &mut BTreeSet<String>,
    may_be: &dyn Fn(Party, Party) -> bool,
) -> (Approved, Option<usize>) {
    if cited.is_empty() {
        return (Approved::NotOnFile, None);
    }
    let of_it: Vec<usize> = cited.iter().copied().filter(|at| approvals[*at].is_for(act)).collect();
    if of_it.is_empty() {
        return (Approved::OtherAction, None);
    }
    // A refusal that is not surely later stands against whatever allowed it.
    if of_it.iter().any(|at| approvals[*at].refused && approvals[*at].from.earliest <= act.when.latest) {
        return (Approved::Refused, None);
    }
    let granted: Vec<usize> = of_it.iter().copied().filter(|at| !approvals[*at].refused).collect();
    let (own, granted): (Vec<usize>, Vec<usize>) =
        granted.into_iter().partition(|at| took_part(&approvals[*at].by, act, may_be));
    if granted.is_empty() {
        return (if own.is_empty() { Approved::Refused } else { Approved::ByThemselves }, None);
    }
    let valid: Vec<usize> = granted.iter().copied().filter(|at| approvals[*at].is_valid(act)).collect();
    // However often it was told, one reference is one approval.
    if let Some(at) = valid.iter().find(|at| approvals[**at].repeats || !used.contains(&act.approval)) {
        used.insert(act.approval.clone());
        return (Approved::Matched, Some(*at));
    }
    if !valid.is_empty() {
        return (Approved::AlreadyUsed, None);
    }
    let begun = |at: &usize| approvals[*at].from.latest <= act.when.earliest && approvals[*at].index < act.index;
    (if granted.iter().any(begun) { Approved::Expired } else { Approved::GivenLater }, None)
}

fn took_part(by: &[Party], act: &Act, may_be: &dyn Fn(Party, Party) -> bool) -> bool {
    by.iter().any(|by| act.chain.iter().any(|party| may_be(*by, *party)))
}

/// What became of each emergency access. A review against it makes it unauthorised; one by whoever took part is none.
pub fn review(
    acts: &mut BTreeMap<u64, Act>,
    reviews: &[Reviewing],
    find: &dyn Fn(&[u8]) -> Option<u64>,
    (may, may_be): (&dyn Fn(Party) -> bool, MayBe<'_>),
    period_us: Option<u64>,
    cut_off: Instant,
) {
    for act in acts.values_mut().filter(|act| act.emergency) {
        let due = period_us.map(|period| act.when.latest.saturating_add(period));
        act.review = Some(due.filter(|due| *due > cut_off).map_or(Review::Unreviewed, Review::Pending));
    }
    for reviewing in reviews {
        for index in reviewing.of.iter().filter_map(|id| find(id)) {
            let Some(act) = acts.get_mut(&index).filter(|act| act.emergency) else { continue };
            let by_another = reviewing.by.is_some_and(|by| !took_part(&[by], act, may_be) && may(by));
            let in_time = reviewing.when.latest >= act.when.earliest
                && period_us.is_none_or(|period| reviewing.when.earliest <= act.when.latest.saturating_add(period));
            match (reviewing.justified, by_another) {
                (false, _) => (act.review, act.authorised) = (Some(Review::Against), Authorised::No),
                (true, true) if in_time && act.review != Some(Review::Against) => act.review = Some(Review::Justified),
                (true, _) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const E1: Party = Party::Person(Person(1));
    const CAROL: Party = Party::Person(Person(2));
    const R: Resource = Resource(1);
    const MINUTE: u64 = 60_000_000;

    fn act(index: u64, minute: u64, verb: Verb) -> Act {
        Act {
            index,
            when: When::at(minute * MINUTE),
            verb,
            chain: vec![E1],
            resource: Some(R),
            subjects: BTreeSet::from([Person(9)]),
            authorised: Authorised::NotAssessed,
            emergency: false,
            instruction: String::new(),
            approval: "a".into(),
            caused_by: Vec::new(),
            parents: Vec::new(),
            goes_further: false,
            approved_for: BTreeSet::new(),
            approved: None,
            review: None,
        }
    }

    fn approval(from: u64, until: u64) -> Approval {
        Approval {
            index: 1,
            by: vec![CAROL],
            reference: "a".into(),
            to: Some(E1),
            verbs: BTreeSet::from([Verb::DataRead]),
            resource: Some(R),
            subjects: BTreeSet::from([Person(9)]),
            from: When::at(from * MINUTE),
            until: Some(until * MINUTE),
            refused: false,
            repeats: false,
        }
    }

    fn judged(approvals: &[Approval], all: impl IntoIterator<Item = Act>) -> Vec<(Option<Approved>, Authorised)> {
        let mut acts: BTreeMap<u64, Act> = all.into_iter().map(|act| (act.index, act)).collect();
        approve(&mut acts, approvals, &|one, other| one == other);
        acts.values().map(|act| (act.approved, act.authorised)).collect()
    }

    #[test]
    fn an_approval_is_for_one_action_once_and_in_time() {
        let valid = approval(50, 60);
        let no = |approved| (Some(approved), Authorised::No);
        let yes = (Some(Approved::Matched), Authorised::Yes);
        let read = |index, minute| act(index, minute, Verb::DataRead);
        let on = |act: Act| judged(std::slice::from_ref(&valid), [act])[0];
        assert_eq!(on(read(10, 55)), yes);
        assert_eq!(on(act(10, 55, Verb::DataExport)), no(Approved::OtherAction));
        assert_eq!(on(Act { subjects: BTreeSet::new(), ..read(10, 55) }), no(Approved::OtherAction));
        assert_eq!(on(Act { chain: vec![CAROL], ..read(10, 55) }), no(Approved::OtherAction));
        assert_eq!(on(read(10, 60)), no(Approved::Expired));
        assert_eq!(on(read(10, 49)), no(Approved::GivenLater));
        let both = judged(std::slice::from_ref(&valid), [read(10, 56), read(11, 55)]);
        assert_eq!(both, [no(Approved::AlreadyUsed), yes], "the first in time uses it");
        let often = Approval { repeats: true, ..valid.clone() };
        assert_eq!(judged(&[often], [read(10, 56), read(11, 55)]), [yes, yes]);
        let refused = Approval { refused: true, ..valid.clone() };
        assert_eq!(judged(&[refused], [read(10, 55)])[0], no(Approved::Refused));
        let own = Approval { by: vec![E1], ..valid.clone() };
        assert_eq!(judged(&[own], [read(10, 55)])[0], no(Approved::ByThemselves));
        let denied = Act { authorised: Authorised::No, ..read(10, 55) };
        assert_eq!(on(denied), no(Approved::Matched), "what a policy denied stays denied");
        assert_eq!(judged(&[], [read(10, 55)])[0], (Some(Approved::NotOnFile), Authorised::NotAssessed));
    }

    #[test]
    fn an_act_that_may_lie_outside_is_not_approved() {
        let when = When { earliest: 55 * MINUTE, latest: 60 * MINUTE, clock_doubt: false };
        let found = judged(&[approval(50, 60)], [Act { when, ..act(10, 55, Verb::DataRead) }]);
        assert_eq!(found[0], (Some(Approved::Expired), Authorised::No));
    }

    #[test]
    fn an_emergency_is_pending_then_unreviewed_unless_somebody_else_looked() {
        let emergency = || Act { emergency: true, authorised: Authorised::Exceptional, ..act(10, 0, Verb::DataRead) };
        let reviewed = |reviews: &[Reviewing], cut_off: u64| {
            let mut acts = BTreeMap::from([(10, emergency())]);
            let alike = |one, other| one == other;
            review(&mut acts, reviews, &|_| Some(10), (&|_| true, &alike), Some(60 * MINUTE), cut_off * MINUTE);
            (acts[&10].review, acts[&10].authorised)
        };
        let by = |who, justified| Reviewing {
            index: 11,
            when: When::at(30 * MINUTE),
            by: Some(who),
            of: vec![vec![1]],
            justified,
        };
        let exceptional = |review| (Some(review), Authorised::Exceptional);
        assert_eq!(reviewed(&[], 59), exceptional(Review::Pending(60 * MINUTE)));
        assert_eq!(reviewed(&[], 60), exceptional(Review::Unreviewed));
        assert_eq!(reviewed(&[by(CAROL, true)], 90), exceptional(Review::Justified));
        assert_eq!(reviewed(&[by(E1, true)], 90), exceptional(Review::Unreviewed), "nobody reviews themselves");
        let against = (Some(Review::Against), Authorised::No);
        assert_eq!(reviewed(&[by(CAROL, false), by(CAROL, true)], 90), against);
    }
}
