//! What approvals and reviews are worth, judged by what is on file of them (REPORTS 2.3, Authority).
//!
//! An approval is an action `approval.grant` (or `approval.deny`) with a grant fact: to whom, for which verbs on which
//! resource and whose data, until when, under which reference. It opens no way to anything. An act that cites the reference
//! is held against it.

use super::Named;
use super::involved::{Involved, Meet};
use crate::exposure::calculus::fact::*;
use crate::exposure::calculus::times::Instant;
use crate::model::{Category, Outcome, Verb};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One act as it was told, for whatever refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub index: u64,
    pub when: When,
    pub verb: Verb,
    /// Who did it, nearest first.
    pub chain: Vec<Party>,
    /// Who got data by it, or was let in: they took part in it too.
    pub reached: Box<[Party]>,
    pub resource: Option<Resource>,
    pub subjects: BTreeSet<Person>,
    /// Others, whose parts do not open.
    pub closed: bool,
    /// It touched data, and does not say whose.
    pub undetermined: bool,
    pub outcome: Outcome,
    /// It was denied, or failed and told nothing by that.
    pub came_to_nothing: bool,
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
    /// Of an act that went by an approval, the categories that it touched at most; absent where it does not say.
    pub touched: Option<Box<BTreeSet<Category>>>,
    /// Where it does not, all that is told to have been in its resource; absent where that is not told.
    pub inside: Option<Box<BTreeSet<Category>>>,
    /// What these were worth; known once everything was told. What the approval was for that matched.
    pub approved_for: Option<Box<ApprovedFor>>,
    pub approved: Option<Approved>,
    pub review: Option<Review>,
}

impl Act {
    /// Ids of acts that it came after: without which it would not have been, and within which it was.
    pub fn causes(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.caused_by.iter().chain(&self.parents)
    }
}

/// Whose data an approval was for, and which categories of them; none: any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedFor {
    pub subjects: BTreeSet<Person>,
    pub categories: BTreeSet<Category>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub index: u64,
    pub by: Vec<Party>,
    pub reference: String,
    /// To whom; absent where it does not say, and then it is for no exact action.
    pub to: Option<Party>,
    /// For what; where it names none it is for no exact action.
    pub verbs: BTreeSet<Verb>,
    /// Of these alone; none: of any.
    pub categories: BTreeSet<Category>,
    pub resource: Option<Resource>,
    /// Whose data; nobody: of acts that touch nobody's.
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
            (None, _) => Is::of(self.refused),
            // Whoever it was does not open any more.
            (Some(Party::Unknown(..)), _) | (_, Some(Party::Unknown(..))) => Is::Perhaps,
            (Some(to), actor) => Is::of(actor == Some(&to)),
        };
        let subjects = match (self.closed, act.closed) {
            // What names nobody is for nobody's data.
            (false, closed) if self.subjects.is_empty() && (closed || act.undetermined) => Is::No,
            // Others may be among those whom it touched.
            _ if act.undetermined && !self.refused => Is::No,
            (false, false) => Is::of(self.subjects == act.subjects),
            (true, true) => Is::Perhaps,
            (true, false) if self.subjects.is_subset(&act.subjects) => Is::Perhaps,
            (false, true) if act.subjects.is_subset(&self.subjects) => Is::Perhaps,
            _ => Is::No,
        };
        let same = match self.refused {
            true => {
                (self.verbs.is_empty() || self.verbs.contains(&act.verb))
                    && self.resource.is_none_or(|resource| act.resource == Some(resource))
            }
            false => self.verbs.contains(&act.verb) && self.resource == act.resource,
        };
        to.min(subjects).min(Is::of(same)).min(self.is_of_categories(act))
    }

    /// Whether all that it touched is of what was approved, or any of it may be of what was refused.
    fn is_of_categories(&self, act: &Act) -> Is {
        match &act.touched {
            _ if self.categories.is_empty() => Is::Yes,
            Some(touched) if self.refused => Is::of(!touched.is_disjoint(&self.categories)),
            Some(touched) => Is::of(touched.is_subset(&self.categories)),
            None if self.refused => Is::Yes,
            // Nothing else is told to have been inside, which need not be all.
            None if act.inside.as_ref().is_some_and(|inside| inside.is_subset(&self.categories)) => Is::Perhaps,
            None => Is::No,
        }
    }

    /// On [from, until), whenever in its claim the act was.
    fn is_valid(&self, act: &Act, until: Option<Instant>) -> bool {
        self.index < act.index
            && self.from.latest <= act.when.earliest
            && until.is_none_or(|until| act.when.latest < until)
    }
}

/// By what approvals are judged.
pub struct Approving<'a> {
    pub involved: &'a Involved,
    /// Of entries that tell of one act, the first.
    pub one_act: &'a dyn Fn(u64) -> u64,
    /// Whether an entry was taken back.
    pub never: &'a dyn Fn(u64) -> bool,
    /// Whether a policy let this party approve when an entry was recorded.
    pub may_approve: &'a dyn Fn(&str, Option<Party>, u64) -> bool,
    pub valid_us: &'a dyn Fn(&str, u64) -> Option<u64>,
}

impl ApprovedFor {
    /// Whether it was for exactly these persons, and for all that the act possibly showed of them.
    pub fn covers(&self, access: &Access) -> bool {
        let shown = || access.categories.union(&access.perhaps_categories);
        let within = self.categories.is_empty()
            || !access.perhaps_all && shown().all(|category| self.categories.contains(category));
        self.subjects == access.subjects && (access.listed || access.about_nobody) && within
    }
}

/// Judges every act that cites an approval. What is told of an approval never raises what a policy denied.
pub fn approve(acts: &mut BTreeMap<u64, Act>, approvals: &[Approval], by: &Approving<'_>) {
    let mut by_reference: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, approval) in approvals.iter().enumerate() {
        by_reference.entry(&approval.reference).or_default().push(at);
    }
    let cites = |act: &&Act| !act.approval.is_empty() && !(by.never)(act.index);
    let mut claims: HashMap<&str, Vec<Claim>> = HashMap::new();
    let mut fitting: Vec<(u64, Fitting)> = Vec::new();
    for act in acts.values().filter(cites) {
        let cited = by_reference.get(act.approval.as_str()).map_or(&[][..], Vec::as_slice);
        let fits = fitting_of(act, approvals, cited, by);
        if let Fitting::Valid { of, .. } = &fits
            && !act.came_to_nothing
        {
            let sure = act.outcome != Outcome::Failed && of.iter().any(|(_, is)| *is == Is::Yes);
            let claim = Claim { index: act.index, act: (by.one_act)(act.index), when: act.when, sure };
            claims.entry(act.approval.as_str()).or_default().push(claim);
        }
        fitting.push((act.index, fits));
    }
    let firsts: HashMap<&str, First> =
        claims.into_iter().map(|(reference, all)| (reference, First::of(&all))).collect();
    let verdict = |(index, fits): (u64, Fitting)| match fits {
        Fitting::Not(approved) => (index, approved, None),
        Fitting::Valid { of, refused } => {
            let act = &acts[&index];
            let turn = firsts.get(act.approval.as_str()).map_or(Turn::First, |all| all.turn((by.one_act)(index), act));
            let (approved, which) = used_by(&of, refused, turn, approvals, act);
            (index, approved, which)
        }
    };
    let verdicts: Vec<(u64, Approved, Option<usize>)> = fitting.into_iter().map(verdict).collect();
    for (index, approved, which) in verdicts {
        let Some(act) = acts.get_mut(&index) else { continue };
        act.approved = Some(approved);
        act.approved_for = which.map(|at| {
            let Approval { subjects, categories, .. } = &approvals[at];
            Box::new(ApprovedFor { subjects: subjects.clone(), categories: categories.clone() })
        });
        act.authorised = match (approved, act.authorised) {
            // Nothing that can be held against it: as whoever recorded it said.
            (Approved::NotOnFile | Approved::Closed, authorised) => authorised,
            // It is one of these that was approved, and each says so.
            (Approved::OneOfSeveral | Approved::PerhapsUsed | Approved::CategoriesUnknown, authorised) => {
                authorised.min_authority(Authorised::NotAssessed)
            }
            (Approved::Matched, Authorised::NotAssessed) if !act.goes_further => Authorised::Yes,
            (Approved::Matched, authorised) => authorised,
            _ => Authorised::No,
        };
    }
}

/// What an approval is worth for an act, before it is asked who used it.
enum Fitting {
    Not(Approved),
    /// Those that were valid for it, and whether a refusal perhaps stands against them.
    Valid {
        of: Vec<(usize, Is)>,
        refused: Is,
    },
}

/// An act for which an approval was valid.
struct Claim {
    index: u64,
    /// Of entries that tell of one act, the first.
    act: u64,
    when: When,
    sure: bool,
}

/// Whose turn it was, of all acts that claim one approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It surely came before all others.
    First,
    /// Another surely came before it, and surely used it.
    Later,
    /// Another surely came before it, and may have used it.
    PerhapsLater,
    /// Which came first is not known.
    Unknown,
}

/// Who came first of those that claim one approval: in time and in the ledger, both. Whoever is told of later could claim
/// any time, and so neither takes it from whoever was told of before, nor has it where the other's time is later.
struct First {
    /// The two lowest of each that are of different acts.
    entries: Lowest,
    starts: Lowest,
    /// By entry: until there, the two earliest ends, of all and of those that surely fit.
    ends: Vec<(u64, Lowest, Lowest)>,
}

/// The two lowest values that are of different acts.
#[derive(Debug, Clone, Copy, Default)]
struct Lowest([Option<(u64, u64)>; 2]);

impl Lowest {
    fn add(&mut self, value: u64, act: u64) {
        let new = Some((value, act));
        match self.0 {
            [None, _] => self.0[0] = new,
            [Some((low, of)), _] if of == act => self.0[0] = Some((low.min(value), of)),
            [first @ Some((low, _)), _] if value < low => self.0 = [new, first],
            [_, Some((low, of))] if of == act || value < low => self.0[1] = Some((low.min(value), act)),
            [_, None] => self.0[1] = new,
            [Some(_), Some(_)] => {}
        }
    }

    fn of_others(&self, act: u64) -> Option<u64> {
        self.0.iter().flatten().find(|(_, of)| *of != act).map(|(value, _)| *value)
    }
}

impl First {
    /// `all` ascends by entry.
    fn of(all: &[Claim]) -> Self {
        let mut first = First { entries: Lowest::default(), starts: Lowest::default(), ends: Vec::new() };
        let (mut ends, mut sure) = (Lowest::default(), Lowest::default());
        for claim in all {
            first.entries.add(claim.index, claim.act);
            first.starts.add(claim.when.earliest, claim.act);
            ends.add(claim.when.latest, claim.act);
            if claim.sure {
                sure.add(claim.when.latest, claim.act);
            }
            first.ends.push((claim.index, ends, sure));
        }
        first
    }

    fn turn(&self, one_act: u64, act: &Act) -> Turn {
        let before = self.ends.partition_point(|(index, ..)| *index < act.index);
        let came = |lowest: &Lowest| lowest.of_others(one_act).is_some_and(|end| end <= act.when.earliest);
        if let Some((_, all, sure)) = before.checked_sub(1).and_then(|at| self.ends.get(at))
            && came(all)
        {
            return if came(sure) { Turn::Later } else { Turn::PerhapsLater };
        }
        let in_time = self.starts.of_others(one_act).is_none_or(|start| act.when.latest <= start);
        let in_ledger = self.entries.of_others(one_act).is_none_or(|entry| act.index < entry);
        if in_time && in_ledger { Turn::First } else { Turn::Unknown }
    }
}

/// What those that were valid are worth for whoever had this turn, and which it was.
fn used_by(
    valid: &[(usize, Is)],
    refused: Is,
    turn: Turn,
    approvals: &[Approval],
    act: &Act,
) -> (Approved, Option<usize>) {
    let left = |(at, is): &(usize, Is)| match turn {
        _ if approvals[*at].repeats => (*at, *is),
        Turn::First => (*at, *is),
        Turn::Later => (*at, Is::No),
        Turn::PerhapsLater | Turn::Unknown => (*at, (*is).min(Is::Perhaps)),
    };
    let left: Vec<(usize, Is)> = valid.iter().map(left).filter(|(_, is)| *is != Is::No).collect();
    match left.iter().find(|(_, is)| *is == Is::Yes) {
        Some((at, _)) if refused == Is::No => (Approved::Matched, Some(*at)),
        _ if left.is_empty() => (Approved::AlreadyUsed, None),
        _ if refused == Is::No && valid.iter().any(|(_, is)| *is == Is::Yes) => match turn {
            Turn::PerhapsLater => (Approved::PerhapsUsed, None),
            _ => (Approved::OneOfSeveral, None),
        },
        _ if refused == Is::No && left.iter().any(|(at, _)| approvals[*at].is_of_categories(act) == Is::Perhaps) => {
            (Approved::CategoriesUnknown, None)
        }
        _ => (Approved::Closed, None),
    }
}

/// Which of the approvals that an act cites were valid for it.
fn fitting_of(act: &Act, approvals: &[Approval], cited: &[usize], by: &Approving<'_>) -> Fitting {
    let not = Fitting::Not;
    if cited.is_empty() {
        return not(Approved::NotOnFile);
    }
    let fits = |at: &usize| Some((*at, approvals[*at].is_for(act))).filter(|(_, is)| *is != Is::No);
    let of_it: Vec<(usize, Is)> = cited.iter().filter_map(fits).collect();
    if of_it.is_empty() {
        return not(Approved::OtherAction);
    }
    // A refusal that is not surely later stands against whatever allowed it.
    let refuses = |at: usize| approvals[at].refused && approvals[at].from.earliest <= act.when.latest;
    let refused = of_it.iter().filter(|(at, _)| refuses(*at)).map(|(_, is)| *is).max().unwrap_or(Is::No);
    if refused == Is::Yes {
        return not(Approved::Refused);
    }
    let granted: Vec<(usize, Is)> = of_it.into_iter().filter(|(at, _)| !approvals[*at].refused).collect();
    if granted.is_empty() {
        return not(if refused == Is::No { Approved::Refused } else { Approved::Closed });
    }
    let by_others: Vec<(usize, Is)> = granted
        .into_iter()
        .map(|(at, is)| (at, is.min(by_another(&approvals[at], act, by.involved))))
        .filter(|(_, is)| *is != Is::No)
        .collect();
    if by_others.is_empty() {
        return not(Approved::ByThemselves);
    }
    let allowed: Vec<(usize, Is)> = by_others
        .into_iter()
        .map(|(at, is)| (at, is.min(by_approver(&approvals[at], act, by))))
        .filter(|(_, is)| *is != Is::No)
        .collect();
    if allowed.is_empty() {
        return not(Approved::NotApprover);
    }
    let until = |approval: &Approval| {
        let policies = [&approval.policy, &act.policy].into_iter().filter(|policy| !policy.is_empty());
        let limits = policies.filter_map(|policy| (by.valid_us)(policy, approval.index));
        let limits = limits.map(|valid| approval.from.earliest.saturating_add(valid));
        approval.until.into_iter().chain(limits).min()
    };
    let is_valid = |(at, _): &&(usize, Is)| approvals[*at].is_valid(act, until(&approvals[*at]));
    let valid: Vec<(usize, Is)> = allowed.iter().filter(is_valid).copied().collect();
    if !valid.is_empty() {
        return Fitting::Valid { of: valid, refused };
    }
    let begun = |at: usize| approvals[at].from.latest <= act.when.earliest && approvals[at].index < act.index;
    not(if allowed.iter().any(|(at, _)| begun(*at)) { Approved::Expired } else { Approved::GivenLater })
}

/// Whether nobody gave it who took part in the act, or may be one who did.
fn by_another(approval: &Approval, act: &Act, involved: &Involved) -> Is {
    let approvers = involved.everybody(approval.by.iter().copied(), approval.from);
    match approvers.meet(&involved.in_act(act)) {
        Meet::Yes => Is::No,
        Meet::IfUnknown => Is::Perhaps,
        Meet::No => Is::Yes,
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

/// By what reviews are judged.
pub struct By<'a> {
    /// Whether a party had a role that may review when an entry was recorded.
    pub may_review: &'a dyn Fn(Party, u64) -> bool,
    pub involved: &'a Involved,
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
                let reviewers = by.involved.everybody([reviewer], reviewing.when);
                let took_part = reviewers.meet(&by.involved.in_act_or_later(act)) != Meet::No;
                !took_part && (by.may_review)(reviewer, reviewing.index)
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
mod tests;
