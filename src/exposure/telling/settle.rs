//! What can only be said once everything was told: which entries stand, which are one act, what approvals and reviews are
//! worth, and what follows for copies.

use super::amending::{Standing, Target};
use super::*;

/// By what is settled.
pub struct Rules<'a> {
    /// Whether a party has a registered role that may correct.
    pub may_amend: &'a dyn Fn(Party) -> bool,
    /// Whether it has one that may review.
    pub may_review: &'a dyn Fn(Party) -> bool,
    /// Within how long an emergency access has to be reviewed, microseconds.
    pub review_us: Option<u64>,
    pub cut_off: Instant,
    pub registered: &'a dyn Registered,
}

impl Telling {
    /// Call once, when everything was told.
    pub fn settle(&mut self, rules: &Rules<'_>) {
        self.amend(rules);
        self.unite();
        let by_id = &self.by_id;
        authority::approve(&mut self.acts, &self.approvals);
        let find = |id: &[u8]| by_id.get(id).copied();
        let (may, period) = (rules.may_review, rules.review_us);
        authority::review(&mut self.acts, &self.reviews, &find, may, period, rules.cut_off);
        for access in &mut self.accesses {
            for act in access.entries.iter().filter_map(|index| self.acts.get(index)) {
                if act.approved.is_some() || act.review.is_some() {
                    access.authorised = judged(access.authorised, act);
                    access.approved = access.approved.max(act.approved);
                    access.review = access.review.max(act.review);
                }
            }
        }
        for edge in &mut self.edges {
            if let Some(act) = self.acts.get(&edge.index).filter(|act| act.approved.is_some() || act.review.is_some()) {
                edge.authorised = judged(edge.authorised, act);
            }
        }
        self.settle_contexts(rules.registered);
    }

    /// Whether any entry was taken out of the count.
    pub fn narrowed(&self) -> bool {
        self.amended.iter().any(|amended| amended.standing == Standing::Counts)
    }

    /// Takes out what no longer stands. Where an amendment does not count, what it says is another report of the same act.
    fn amend(&mut self, rules: &Rules<'_>) {
        let find = |id: &[u8]| {
            let act = self.act_of(id)?;
            Some(Target { index: act.index, chain: act.chain.clone() })
        };
        self.amended = amending::judge(&self.amendings, &find, rules.may_amend);
        let mut gone: BTreeSet<u64> = BTreeSet::new();
        let mut keeps_edges: BTreeSet<u64> = BTreeSet::new();
        let mut restated: Vec<Access> = Vec::new();
        let places = self.accesses.iter().enumerate();
        let places: HashMap<u64, usize> =
            places.flat_map(|(at, access)| access.entries.iter().map(move |entry| (*entry, at))).collect();
        for amended in &self.amended {
            let amending = &self.amendings[amended.by];
            let counts = amended.standing == Standing::Counts;
            let of_target = places.get(&amended.target).and_then(|at| self.accesses.get_mut(*at));
            if counts {
                gone.insert(amended.target);
            }
            match (&amending.restated, of_target) {
                (Some(said), Some(access)) if !amended.retracts => {
                    if counts {
                        let mut access = access.clone();
                        (access.subjects, access.listed) = (said.subjects.clone(), said.listed);
                        access.about_nobody = said.about_nobody;
                        if !said.categories.is_empty() {
                            access.categories.clone_from(&said.categories);
                        }
                        access.entries.push(amending.index);
                        restated.push(access);
                    } else if amended.standing != Standing::Withdrawn {
                        access.subjects.extend(&said.subjects);
                        access.categories.extend(&said.categories);
                        access.listed &= said.listed;
                        access.entries.push(amending.index);
                    }
                }
                (None, _) if !amended.retracts && !counts && amended.standing != Standing::Withdrawn => {
                    // Described anew, by nobody who may: two reports of one act.
                    let id = amending.corrects.iter().find(|id| self.by_id.get(*id) == Some(&amended.target));
                    self.same.extend(id.map(|id| (amending.index, id.clone())));
                }
                _ => {}
            }
            if counts && !amended.retracts && amending.restated.as_ref().is_some_and(|said| !said.has_facts) {
                // What came back was described anew, and nothing was said of what opened or closed.
                keeps_edges.insert(amended.target);
            }
        }
        self.accesses.retain(|access| !access.entries.iter().any(|index| gone.contains(index)));
        self.accesses.extend(restated);
        self.edges.retain(|edge| !gone.contains(&edge.index) || keeps_edges.contains(&edge.index));
        self.losses.retain(|loss| !gone.contains(&loss.index) || keeps_edges.contains(&loss.index));
        self.approvals.retain(|approval| !gone.contains(&approval.index));
        self.reviews.retain(|review| !gone.contains(&review.index));
    }

    /// Acts that are one by a recorded link are one.
    fn unite(&mut self) {
        let positions = self.accesses.iter().enumerate();
        let mut by_entry: HashMap<u64, usize> =
            positions.flat_map(|(at, access)| access.entries.iter().map(move |entry| (*entry, at))).collect();
        for (index, id) in std::mem::take(&mut self.same) {
            let Some(other) = self.by_id.get(&id).copied().filter(|other| *other != index) else { continue };
            let (Some(one), Some(two)) = (by_entry.get(&index).copied(), by_entry.get(&other).copied()) else {
                continue;
            };
            if one == two || self.accesses[one].resource != self.accesses[two].resource {
                continue;
            }
            let (keep, drop) = (one.min(two), one.max(two));
            let gone = std::mem::take(&mut self.accesses[drop]);
            for entry in &gone.entries {
                by_entry.insert(*entry, keep);
            }
            self.accesses[keep].unite(gone);
        }
        self.accesses.retain(|access| !access.entries.is_empty());
    }
}

impl Access {
    /// The union: whatever either report tells may have been.
    fn unite(&mut self, other: Access) {
        self.when.earliest = self.when.earliest.min(other.when.earliest);
        self.when.latest = self.when.latest.max(other.when.latest);
        self.when.clock_doubt |= other.when.clock_doubt;
        self.subjects.extend(other.subjects);
        self.categories.extend(other.categories);
        self.shown_to.extend(other.shown_to);
        self.given_to.extend(other.given_to);
        self.recipients.extend(other.recipients);
        self.listed &= other.listed;
        self.only_gives &= other.only_gives;
        self.about_nobody &= other.about_nobody;
        self.despite_restriction &= other.despite_restriction;
        self.outcome = widest(self.outcome, other.outcome);
        self.authorised = self.authorised.min_authority(other.authorised);
        self.entries.extend(other.entries);
        self.entries.sort_unstable();
    }
}

/// An approval that matches can settle what nobody had assessed; nothing raises a denial.
fn judged(authorised: Authorised, act: &Act) -> Authorised {
    match (authorised, act.authorised) {
        (Authorised::NotAssessed, Authorised::Yes) => Authorised::Yes,
        (authorised, act) => authorised.min_authority(act),
    }
}

/// Of two reports of one act, the outcome that exposes more.
fn widest(one: Outcome, other: Outcome) -> Outcome {
    let rank = |outcome: Outcome| match outcome {
        Outcome::Succeeded => 4,
        Outcome::Partial => 3,
        Outcome::Unknown | Outcome::Unspecified => 2,
        Outcome::Failed => 1,
        Outcome::Denied => 0,
    };
    if rank(other) > rank(one) { other } else { one }
}
