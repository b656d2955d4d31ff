//! What approvals and reviews are worth, judged by what is on file of them (REPORTS 2.3, Authority).
//!
//! An approval is an action `approval.grant` (or `approval.deny`) with a grant fact: to whom, for which verbs on which
//! resource and whose data, until when, under which reference. It opens no way to anything. An act that cites the reference
//! is held against it.

use super::Named;
use crate::exposure::calculus::fact::*;
use crate::exposure::calculus::times::Instant;
use crate::model::{Outcome, Verb};
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
    /// Others, whose parts do not open.
    pub closed: bool,
    pub outcome: Outcome,
    /// The policy that decided; may be empty.
    pub policy: String,
    /// Whose id it has.
    pub caller: Option<Named>,
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
    /// Others, whose parts do not open.
    pub closed: bool,
    /// Under which it was given; may be empty.
    pub policy: String,
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

/// Whether something is so, as far as it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Is {
    No,
    Perhaps,
    Yes,
}

impl Is {
    fn of(it_is: bool) -> Self {
        if it_is { Is::Yes } else { Is::No }
    }
}

impl Approval {
    fn is_for(&self, act: &Act) -> Is {
        let to = match (self.to, act.chain.first()) {
            (None, _) => Is::Yes,
            // Whoever it was does not open any more.
            (Some(Party::Unknown(..)), _) | (_, Some(Party::Unknown(..))) => Is::Perhaps,
            (Some(to), actor) => Is::of(actor == Some(&to)),
        };
        let subjects = match (self.closed, act.closed) {
            (false, _) if self.subjects.is_empty() => Is::Yes,
            (false, false) => Is::of(self.subjects == act.subjects),
            (true, true) => Is::Perhaps,
            (true, false) if self.subjects.is_subset(&act.subjects) => Is::Perhaps,
            (false, true) if act.subjects.is_subset(&self.subjects) => Is::Perhaps,
            _ => Is::No,
        };
        let same = (self.verbs.is_empty() || self.verbs.contains(&act.verb))
            && self.resource.is_none_or(|resource| act.resource == Some(resource));
        to.min(subjects).min(Is::of(same))
    }

    /// On [from, until), whenever in its claim the act was.
    fn is_valid(&self, act: &Act, until: Option<Instant>) -> bool {
        self.index < act.index
            && self.from.latest <= act.when.earliest
            && until.is_none_or(|until| act.when.latest < until)
    }
}

/// Whether two parties are perhaps one, or one acts as the other.
pub type MayBe<'a> = &'a dyn Fn(Party, Party) -> bool;

/// By what approvals are judged.
pub struct Approving<'a> {
    pub may_be: MayBe<'a>,
    /// Of entries that tell of one act, the first.
    pub one_act: &'a dyn Fn(u64) -> u64,
    /// Whether an entry was taken back.
    pub never: &'a dyn Fn(u64) -> bool,
    /// Whether a policy let this party approve when an entry was recorded.
    pub may_approve: &'a dyn Fn(&str, Option<Party>, u64) -> bool,
    pub valid_us: &'a dyn Fn(&str, u64) -> Option<u64>,
}

/// Which act used an approval, and whether it surely did.
type Used = HashMap<String, (u64, bool)>;

/// Judges every act that cites an approval. What is told of an approval never raises what a policy denied.
pub fn approve(acts: &mut BTreeMap<u64, Act>, approvals: &[Approval], by: &Approving<'_>) {
    let mut by_reference: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, approval) in approvals.iter().enumerate() {
        by_reference.entry(&approval.reference).or_default().push(at);
    }
    let cites = |act: &&Act| !act.approval.is_empty() && !(by.never)(act.index);
    let mut citing: Vec<(Instant, u64)> =
        acts.values().filter(cites).map(|act| (act.when.earliest, act.index)).collect();
    citing.sort_unstable();
    let mut used = Used::new();
    for (_, index) in citing {
        let Some(act) = acts.get_mut(&index) else { continue };
        let cited = by_reference.get(act.approval.as_str()).map_or(&[][..], Vec::as_slice);
        let (approved, which) = approved(act, approvals, cited, &used, by);
        // What was denied did not happen, and leaves the approval to whoever does it.
        let uses = matches!(approved, Approved::Matched | Approved::Closed) && act.outcome != Outcome::Denied;
        if uses {
            let (first, sure) = ((by.one_act)(index), approved == Approved::Matched);
            let known = used.entry(act.approval.clone()).or_insert((first, sure));
            if sure && !known.1 {
                *known = (first, true);
            }
        }
        act.approved = Some(approved);
        act.approved_for = which.map(|at| approvals[at].subjects.clone()).unwrap_or_default();
        act.authorised = match (approved, act.authorised) {
            // Nothing that can be held against it: as whoever recorded it said.
            (Approved::NotOnFile | Approved::Closed, authorised) => authorised,
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
    used: &Used,
    by: &Approving<'_>,
) -> (Approved, Option<usize>) {
    if cited.is_empty() {
        return (Approved::NotOnFile, None);
    }
    let fits = |at: &usize| Some((*at, approvals[*at].is_for(act))).filter(|(_, is)| *is != Is::No);
    let of_it: Vec<(usize, Is)> = cited.iter().filter_map(fits).collect();
    if of_it.is_empty() {
        return (Approved::OtherAction, None);
    }
    // A refusal that is not surely later stands against whatever allowed it.
    let refuses = |at: usize| approvals[at].refused && approvals[at].from.earliest <= act.when.latest;
    let refused = of_it.iter().filter(|(at, _)| refuses(*at)).map(|(_, is)| *is).max().unwrap_or(Is::No);
    if refused == Is::Yes {
        return (Approved::Refused, None);
    }
    let granted: Vec<(usize, Is)> = of_it.into_iter().filter(|(at, _)| !approvals[*at].refused).collect();
    if granted.is_empty() {
        return (if refused == Is::No { Approved::Refused } else { Approved::Closed }, None);
    }
    let by_others: Vec<(usize, Is)> = granted
        .into_iter()
        .map(|(at, is)| (at, is.min(by_another(&approvals[at].by, act, by.may_be))))
        .filter(|(_, is)| *is != Is::No)
        .collect();
    if by_others.is_empty() {
        return (Approved::ByThemselves, None);
    }
    let allowed: Vec<(usize, Is)> = by_others
        .into_iter()
        .map(|(at, is)| (at, is.min(by_approver(&approvals[at], act, by))))
        .filter(|(_, is)| *is != Is::No)
        .collect();
    if allowed.is_empty() {
        return (Approved::NotApprover, None);
    }
    let until = |approval: &Approval| {
        let policies = [&approval.policy, &act.policy].into_iter().filter(|policy| !policy.is_empty());
        let limits = policies.filter_map(|policy| (by.valid_us)(policy, approval.index));
        let limits = limits.map(|valid| approval.from.earliest.saturating_add(valid));
        approval.until.into_iter().chain(limits).min()
    };
    let is_valid = |(at, _): &&(usize, Is)| approvals[*at].is_valid(act, until(&approvals[*at]));
    let valid: Vec<(usize, Is)> = allowed.iter().filter(is_valid).copied().collect();
    // However often it was told, one reference is one approval; and one act that is told twice uses it once.
    let others = used.get(&act.approval).filter(|(first, _)| *first != (by.one_act)(act.index));
    let left = |(at, is): (usize, Is)| match others {
        Some((_, sure)) if !approvals[at].repeats => (at, if *sure { Is::No } else { is.min(Is::Perhaps) }),
        _ => (at, is),
    };
    let left: Vec<(usize, Is)> = valid.iter().copied().map(left).filter(|(_, is)| *is != Is::No).collect();
    match left.iter().find(|(_, is)| *is == Is::Yes) {
        Some((at, _)) if refused == Is::No => return (Approved::Matched, Some(*at)),
        _ if !left.is_empty() => return (Approved::Closed, None),
        _ if !valid.is_empty() => return (Approved::AlreadyUsed, None),
        _ => {}
    }
    let begun = |at: usize| approvals[at].from.latest <= act.when.earliest && approvals[at].index < act.index;
    (if allowed.iter().any(|(at, _)| begun(*at)) { Approved::Expired } else { Approved::GivenLater }, None)
}

/// Whether nobody gave it who took part in the act.
fn by_another(approvers: &[Party], act: &Act, may_be: MayBe<'_>) -> Is {
    let is_unknown = |party: &Party| matches!(party, Party::Unknown(..));
    let pairs = || approvers.iter().flat_map(|by| act.chain.iter().map(move |party| (by, party)));
    if pairs().any(|(by, party)| !is_unknown(by) && !is_unknown(party) && may_be(*by, *party)) {
        Is::No
    } else if pairs().any(|(by, party)| is_unknown(by) || is_unknown(party)) {
        Is::Perhaps
    } else {
        Is::Yes
    }
}

/// Whether whoever gave it is one of those whom its policy, and that of the act, let approve.
fn by_approver(approval: &Approval, act: &Act, by: &Approving<'_>) -> Is {
    let approver = approval.by.first().copied();
    let mut policies = [&approval.policy, &act.policy].into_iter().filter(|policy| !policy.is_empty());
    let allowed = policies.all(|policy| (by.may_approve)(policy, approver, approval.index));
    match (allowed, approver) {
        (true, _) => Is::Yes,
        (false, Some(Party::Unknown(..))) => Is::Perhaps,
        (false, _) => Is::No,
    }
}

fn took_part(by: &[Party], act: &Act, may_be: &dyn Fn(Party, Party) -> bool) -> bool {
    by.iter().any(|by| act.chain.iter().any(|party| may_be(*by, *party)))
}

/// By what reviews are judged.
pub struct By<'a> {
    /// Whether a party had a role that may review when an entry was recorded.
    pub may_review: &'a dyn Fn(Party, u64) -> bool,
    pub may_be: MayBe<'a>,
    /// Within how long an act of this entry has to be reviewed.
    pub period_us: &'a dyn Fn(u64) -> Option<u64>,
}

/// What became of each emergency access. A review against it makes it unauthorised; one by whoever took part is none. With
/// each review come the entries that each of its links may mean.
pub fn review(acts: &mut BTreeMap<u64, Act>, reviews: &[(&Reviewing, Vec<Vec<u64>>)], by: &By<'_>, cut_off: Instant) {
    for act in acts.values_mut().filter(|act| act.emergency) {
        let due = (by.period_us)(act.index).map(|period| act.when.latest.saturating_add(period));
        act.review = Some(due.filter(|due| *due > cut_off).map_or(Review::Unreviewed, Review::Pending));
    }
    for (reviewing, targets) in reviews {
        for (index, alone) in targets.iter().flat_map(|of| of.iter().map(|index| (*index, of.len() == 1))) {
            let Some(act) = acts.get_mut(&index).filter(|act| act.emergency) else { continue };
            let by_another = reviewing.by.is_some_and(|reviewer| {
                !took_part(&[reviewer], act, by.may_be) && (by.may_review)(reviewer, reviewing.index)
            });
            let period = (by.period_us)(index);
            let in_time = reviewing.when.latest >= act.when.earliest
                && period.is_none_or(|period| reviewing.when.earliest <= act.when.latest.saturating_add(period));
            match (reviewing.justified, by_another) {
                (false, _) => (act.review, act.authorised) = (Some(Review::Against), Authorised::No),
                // Which of two acts it justifies is not known: neither.
                (true, true) if in_time && alone && act.review != Some(Review::Against) => {
                    act.review = Some(Review::Justified);
                }
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
            closed: false,
            outcome: Outcome::Succeeded,
            policy: String::new(),
            caller: None,
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
            closed: false,
            policy: "p".into(),
            from: When::at(from * MINUTE),
            until: Some(until * MINUTE),
            refused: false,
            repeats: false,
        }
    }

    /// Entries 30 and 31 tell of one act, 40 was taken back; under the policy `q` only Carol approves, for five minutes.
    fn by() -> Approving<'static> {
        Approving {
            may_be: &|one, other| {
                one == other || matches!(one, Party::Unknown(..)) || matches!(other, Party::Unknown(..))
            },
            one_act: &|index| if index == 31 { 30 } else { index },
            never: &|index| index == 40,
            may_approve: &|policy, party, _| policy != "q" || party == Some(CAROL),
            valid_us: &|policy, _| (policy == "q").then_some(5 * MINUTE),
        }
    }

    fn judged(approvals: &[Approval], all: impl IntoIterator<Item = Act>) -> Vec<(Option<Approved>, Authorised)> {
        let mut acts: BTreeMap<u64, Act> = all.into_iter().map(|act| (act.index, act)).collect();
        approve(&mut acts, approvals, &by());
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
    fn one_act_uses_an_approval_once_and_what_never_was_does_not() {
        let valid = approval(50, 60);
        let read = |index, minute| act(index, minute, Verb::DataRead);
        let yes = (Some(Approved::Matched), Authorised::Yes);
        assert_eq!(judged(std::slice::from_ref(&valid), [read(30, 55), read(31, 56)]), [yes, yes]);
        let denied = Act { outcome: Outcome::Denied, ..read(11, 54) };
        assert_eq!(judged(std::slice::from_ref(&valid), [denied, read(12, 56)])[1], yes);
        let untold = (None, Authorised::NotAssessed);
        assert_eq!(judged(std::slice::from_ref(&valid), [read(12, 56), read(40, 55)]), [yes, untold]);
    }

    #[test]
    fn a_policy_says_who_approves_and_for_how_long() {
        let read = |minute| [act(10, minute, Verb::DataRead)];
        let under = |approval: Approval| Approval { policy: "q".into(), ..approval };
        let mallory = Approval { by: vec![Party::Person(Person(3))], ..approval(50, 60) };
        let no = |approved| (Some(approved), Authorised::No);
        assert_eq!(judged(&[under(mallory.clone())], read(51))[0], no(Approved::NotApprover));
        let of_policy = |acts: [Act; 1]| acts.map(|act| Act { policy: "q".into(), ..act });
        assert_eq!(judged(&[mallory], of_policy(read(51)))[0], no(Approved::NotApprover), "by the act's policy");
        let open = under(Approval { until: None, ..approval(50, 60) });
        assert_eq!(judged(std::slice::from_ref(&open), read(54))[0], (Some(Approved::Matched), Authorised::Yes));
        assert_eq!(judged(&[open], read(55))[0], no(Approved::Expired));
        assert_eq!(judged(&[under(approval(50, 60))], read(55))[0], no(Approved::Expired), "bounded by the policy");
    }

    #[test]
    fn what_does_not_open_any_more_is_neither_matched_nor_held_against_anybody() {
        let read = act(10, 55, Verb::DataRead);
        let nobody = BTreeSet::new;
        let erased = Approval { subjects: nobody(), closed: true, ..approval(50, 60) };
        let closed = (Some(Approved::Closed), Authorised::NotAssessed);
        let gone = Act { subjects: nobody(), closed: true, ..read.clone() };
        assert_eq!(judged(std::slice::from_ref(&erased), [gone.clone()])[0], closed);
        assert_eq!(judged(std::slice::from_ref(&erased), [read.clone()])[0], closed);
        assert_eq!(judged(&[approval(50, 60)], [gone.clone()])[0], closed);
        let approver = Approval { by: vec![Party::Unknown(1, 0)], ..approval(50, 60) };
        assert_eq!(judged(&[approver], [read.clone()])[0], closed);
        // What is known anyway stays: it was over, or for another verb.
        let late = Act { when: When::at(60 * MINUTE), ..gone.clone() };
        assert_eq!(judged(std::slice::from_ref(&erased), [late])[0], (Some(Approved::Expired), Authorised::No));
        let other = Act { verb: Verb::DataExport, ..gone };
        assert_eq!(judged(&[erased], [other])[0], (Some(Approved::OtherAction), Authorised::No));
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
            let by =
                By { may_review: &|_, _| true, may_be: &|one, other| one == other, period_us: &|_| Some(60 * MINUTE) };
            let reviews: Vec<_> = reviews.iter().map(|review| (review, vec![vec![10]])).collect();
            review(&mut acts, &reviews, &by, cut_off * MINUTE);
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
