//! What can only be said once everything was told: which entries stand, which are one act, what approvals and reviews are
//! worth, and what follows for copies.

use super::amending::Standing;
use super::involved::{Everybody, Involved, Meet};
use super::*;
use crate::exposure::calculus::same::Same;
use crate::model::verbs::{HumanUse, human_use};
use std::cell::RefCell;

/// By what is settled.
///
/// What a role may do, and what a policy says, is asked as of an entry: what was in force when that was recorded.
pub struct Rules<'a> {
    /// Whether a party had a registered role that may correct.
    pub may_amend: &'a dyn Fn(Party, u64) -> bool,
    /// Whether it had one that may review.
    pub may_review: &'a dyn Fn(Party, u64) -> bool,
    /// Within how long an emergency access has to be reviewed, microseconds.
    pub review_us: &'a dyn Fn(u64) -> Option<u64>,
    /// Whether a policy lets this party approve; any may, where it registers nobody.
    pub may_approve: &'a dyn Fn(&str, Option<Party>, u64) -> bool,
    /// How long an approval under a policy is valid at most, microseconds.
    pub valid_us: &'a dyn Fn(&str, u64) -> Option<u64>,
    pub cut_off: Instant,
    pub registered: &'a dyn Registered,
    /// Persons of whom it is only suspected that they are one.
    pub same: &'a Same,
    /// How long a permission that was taken away may have gone on working anywhere, microseconds.
    pub lag_us: u64,
}

/// Whether what an entry says can be gone by, after what others say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Yes,
    /// It was taken back, or described anew.
    No,
    /// Somebody amends it who may not, or it amends others without being allowed to: it counts, but for what it narrows.
    Contested,
}

impl Telling {
    /// Call once, when everything was told.
    pub fn settle(&mut self, rules: &Rules<'_>) {
        // Who was in what is asked for these alone, and there may be very many memberships.
        let is_asked = !(self.amendings.is_empty() && self.approvals.is_empty() && self.reviews.is_empty());
        let involved = if is_asked { Involved::of(self, rules.same, rules.lag_us) } else { Involved::default() };
        self.amend(rules, &involved);
        self.close_in_part();
        self.restore();
        self.unite();
        self.settle_inside();
        let (never, one_act) = (&self.never, &self.one_act);
        let approving = authority::Approving {
            involved: &involved,
            one_act: &|index| one_act.get(&index).copied().unwrap_or(index),
            never: &|index| never.contains(&index),
            may_approve: rules.may_approve,
            valid_us: rules.valid_us,
        };
        authority::approve(&mut self.acts, &self.approvals, &approving);
        let of = |reviewing: &Reviewing| {
            let caller = self.acts.get(&reviewing.index).and_then(|act| act.caller.clone());
            reviewing.of.iter().map(|id| self.places_of(id, &caller)).collect()
        };
        let targets: Vec<Vec<Vec<u64>>> = self.reviews.iter().map(of).collect();
        let reviewing = authority::By { may_review: rules.may_review, involved: &involved, period_us: rules.review_us };
        let reviews: Vec<(&Reviewing, Vec<Vec<u64>>)> = self.reviews.iter().zip(targets).collect();
        authority::review(&mut self.acts, &reviews, &reviewing, rules.cut_off);
        let amends = self.only_amending();
        for access in &mut self.accesses {
            let reports: Vec<&Act> = access.entries.iter().filter_map(|index| self.acts.get(index)).collect();
            let is_matched = |act: &Act| act.approved == Some(Approved::Matched);
            // One of several reports of it was approved, and another tells of something else.
            let all_matched = reports.iter().filter(|act| !amends.contains(&act.index)).all(|act| is_matched(act));
            for act in reports {
                if act.approved.is_some() || act.review.is_some() {
                    access.authorised = judged(access.authorised, act);
                    access.approved = access.approved.max(act.approved);
                    access.review = access.review.max(act.review);
                }
                if is_matched(act) && !all_matched {
                    access.authorised = access.authorised.min_authority(Authorised::NotAssessed);
                }
                // Whose data it was in the end: another report of the act, or a correction, may say otherwise than the
                // one that was approved.
                let covered = act.approved_for.as_ref().is_some_and(|approved| approved.covers(access));
                if is_matched(act) && !covered {
                    (access.approved, access.authorised) = (Some(Approved::OtherAction), Authorised::No);
                }
            }
        }
        for edge in &mut self.edges {
            if let Some(act) = self.acts.get(&edge.index).filter(|act| act.approved.is_some() || act.review.is_some()) {
                edge.authorised = judged(edge.authorised, act);
            }
        }
        self.settle_categories();
        self.settle_lineage();
        self.settle_contexts(rules.registered, rules.lag_us);
        self.settle_operators();
    }

    /// An act that does not say which categories it showed possibly showed all that the resource had: what was told to have
    /// come in until then, and what anybody is told to have got.
    fn settle_categories(&mut self) {
        let mut shown: HashMap<Resource, BTreeSet<Category>> = HashMap::new();
        for access in &self.accesses {
            shown.entry(access.resource).or_default().extend(&access.categories);
        }
        let mut inside: HashMap<Resource, Vec<&Edge>> = HashMap::new();
        for edge in self.edges.iter().filter(|edge| edge.side != Side::Closes) {
            if let Some(Thing::Content { resource, .. }) = edge.thing {
                inside.entry(resource).or_default().push(edge);
            }
        }
        for access in &mut self.accesses {
            if access.perhaps_all {
                let before = |edge: &&&Edge| edge.when.earliest <= access.when.latest;
                let came_in = inside.get(&access.resource).into_iter().flatten().filter(before);
                let came_in: BTreeSet<Category> = came_in.flat_map(|edge| &edge.categories).copied().collect();
                access.perhaps_categories.extend(came_in);
                access.perhaps_categories.extend(shown.get(&access.resource).into_iter().flatten());
            }
            let Access { categories, perhaps_categories, .. } = access;
            perhaps_categories.retain(|category| !categories.contains(category));
        }
    }

    /// Whether an entry can be gone by. Known once everything was settled.
    pub fn stands(&self, index: u64) -> Stands {
        let contested = self.contested.contains(&index) || self.in_vain.contains(&index);
        match (self.never.contains(&index), contested) {
            (true, _) => Stands::No,
            (false, true) => Stands::Contested,
            (false, false) => Stands::Yes,
        }
    }

    /// Whether any entry was taken out of the count.
    pub fn narrowed(&self) -> bool {
        self.amended.iter().any(|amended| amended.standing == Standing::Counts)
    }

    /// Of each amendment and review the acts that it is about in the end, over whatever others it speaks of.
    fn about(&self) -> BTreeMap<u64, About> {
        let ids = self.amendings.iter().map(|one| (one.index, one.corrects.iter().chain(&one.retracts)));
        let mut speaking: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for (index, ids) in ids {
            let of = ids.flat_map(|id| self.acts_of(id, index)).map(|act| act.index);
            speaking.entry(index).or_default().extend(of);
        }
        for review in &self.reviews {
            let of = review.of.iter().flat_map(|id| self.acts_of(id, review.index)).map(|act| act.index);
            speaking.entry(review.index).or_default().extend(of);
        }
        let mut about: BTreeMap<u64, About> = BTreeMap::new();
        // What speaks of what came after it was not looked at: each is about what those before it are.
        for (index, of) in &speaking {
            let mut all = BTreeSet::new();
            let mut too_much = false;
            for act in of.iter().filter(|act| *act < index) {
                all.insert(*act);
                match about.get(act) {
                    Some(Some(more)) => all.extend(more),
                    Some(None) => too_much = true,
                    None => {}
                }
            }
            about.insert(*index, Some(all).filter(|all| !too_much && all.len() <= ABOUT_MAX));
        }
        about
    }

    /// Everybody who took part in an act, or in what it corrects, takes back or reviews. Whoever corrected may take that
    /// back: it restores what was told.
    fn involved_in(
        &self,
        target: u64,
        about: &BTreeMap<u64, About>,
        only_amending: &BTreeSet<u64>,
        involved: &Involved,
    ) -> Everybody {
        let of = match about.get(&target) {
            Some(Some(of)) => of.clone(),
            Some(None) => return involved.everybody([Party::Anyone], When::default()),
            None => BTreeSet::new(),
        };
        let mut all = Everybody::default();
        let acts = of.into_iter().chain([target]).filter(|index| !only_amending.contains(index));
        for act in acts.filter_map(|index| self.acts.get(&index)) {
            all.extend(&involved.in_act_or_later(act));
        }
        all
    }

    /// Entries that do nothing but amend others.
    fn only_amending(&self) -> BTreeSet<u64> {
        self.amendings.iter().filter(|one| one.only_amends).map(|one| one.index).collect()
    }

    /// Where each entry's access stands.
    pub(super) fn by_entry(&self) -> HashMap<u64, usize> {
        let accesses = self.accesses.iter().enumerate();
        accesses.flat_map(|(at, access)| access.entries.iter().map(move |entry| (*entry, at))).collect()
    }

    /// Takes out what no longer stands. Where an amendment does not count, what it says is another report of the same act.
    fn amend(&mut self, rules: &Rules<'_>, involved: &Involved) {
        let find = |id: &[u8], by: u64| self.acts_of(id, by).map(|act| act.index).collect();
        let (about, only_amending) = (self.about(), self.only_amending());
        let known: RefCell<HashMap<u64, Everybody>> = RefCell::default();
        let took_part = |amending: &Amending, target: u64| {
            let mut known = known.borrow_mut();
            let everybody = || self.involved_in(target, &about, &only_amending, involved);
            let of_act = known.entry(target).or_insert_with(everybody);
            let when = self.acts.get(&amending.index).map_or(When::default(), |act| act.when);
            involved.everybody(amending.by.iter().copied(), when).meet(of_act) != Meet::No
        };
        self.amended = amending::judge(&self.amendings, &find, rules.may_amend, &took_part);
        let targets: BTreeSet<u64> = self.amended.iter().map(|amended| amended.target).collect();
        for edge in self.edges.iter().filter(|edge| targets.contains(&edge.index)) {
            self.amended_edges.entry(edge.index).or_default().push(edge.clone());
        }
        let in_vain = self.amended.iter().filter(|amended| amended.standing != Standing::Counts);
        self.in_vain = in_vain.map(|amended| self.amendings[amended.by].index).collect();
        for approval in self.approvals.iter().filter(|approval| targets.contains(&approval.index)) {
            self.amended_approvals.entry(approval.index).or_default().push(approval.reference.clone());
        }
        for review in self.reviews.iter().filter(|review| targets.contains(&review.index)) {
            let of = review.of.iter().flat_map(|id| self.acts_of(id, review.index)).map(|act| act.index);
            self.amended_reviews.insert(review.index, of.collect());
        }
        self.contest();
        let mut gone: BTreeSet<u64> = BTreeSet::new();
        let mut keeps_edges: BTreeSet<u64> = BTreeSet::new();
        // By what they describe anew: of rivals none counts, so it is one.
        let mut restated: BTreeMap<u64, Access> = BTreeMap::new();
        let places = self.by_entry();
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
                        // Where the act counts more people than it lists, others are left beside whom the correction names.
                        let counted = access.delivered.0.filter(|_| !access.listed).map_or(0, |told| told.count);
                        access.listed = said.listed && counted <= said.subjects.len() as u64;
                        access.subjects.clone_from(&said.subjects);
                        access.about_nobody = said.about_nobody;
                        if !said.categories.is_empty() {
                            access.categories.clone_from(&said.categories);
                            access.perhaps_categories.clear();
                            access.perhaps_all = false;
                        }
                        // Which fields these were of whom it names now, it does not say.
                        access.fields_told = false;
                        access.entries.push(amending.index);
                        restated.insert(amended.target, access);
                    } else if amended.standing != Standing::Withdrawn {
                        access.subjects.extend(&said.subjects);
                        access.categories.extend(&said.categories);
                        access.listed &= said.listed;
                        access.fields_told = false;
                        access.about_nobody &= said.about_nobody;
                        access.entries.push(amending.index);
                    }
                }
                (None, _) if !amended.retracts && !counts && amended.standing != Standing::Withdrawn => {
                    // Described anew, by nobody who may: two reports of one act.
                    let of_it =
                        |id: &&Vec<u8>| self.by_id.get(*id).is_some_and(|places| places.contains(&amended.target));
                    let id = amending.corrects.iter().find(of_it);
                    self.same.extend(id.map(|id| (amending.index, id.clone())));
                }
                _ => {}
            }
            if counts && !amended.retracts && amending.restated.as_ref().is_some_and(|said| !said.has_facts) {
                // What came back was described anew, and nothing was said of what opened or closed.
                keeps_edges.insert(amended.target);
            }
            if counts && !amended.retracts && amending.restated.is_none() {
                // The act is the one that tells it anew.
                self.one_act.insert(amended.target, amending.index);
            }
            if counts && (amended.retracts || amending.restated.is_none()) {
                self.never.insert(amended.target);
            }
        }
        // Whoever may not narrow may still say more, of what it was corrected to as well.
        let not_counting = |amended: &&amending::Amended| {
            !amended.retracts && !matches!(amended.standing, Standing::Counts | Standing::Withdrawn)
        };
        for amended in self.amended.iter().filter(not_counting) {
            let Some(said) = &self.amendings[amended.by].restated else { continue };
            if let Some(access) = restated.get_mut(&amended.target) {
                access.subjects.extend(&said.subjects);
                access.listed &= said.listed;
            }
        }
        self.restate_content();
        self.accesses.retain(|access| !access.entries.iter().any(|index| gone.contains(index)));
        self.accesses.extend(restated.into_values());
        self.edges.retain(|edge| !gone.contains(&edge.index) || keeps_edges.contains(&edge.index));
        self.losses.retain(|loss| !gone.contains(&loss.index) || keeps_edges.contains(&loss.index));
        self.approvals.retain(|approval| !gone.contains(&approval.index));
        self.reviews.retain(|review| !gone.contains(&review.index));
    }

    /// A correction of whose data something was is not an opening or closing of its own: whom it names was possibly put in
    /// instead, whoever was taken out possibly was not, and what was lost was theirs too.
    fn restate_content(&mut self) {
        let restates = |amended: &&amending::Amended| !amended.retracts && amended.standing != Standing::Withdrawn;
        let mut said_of: BTreeMap<u64, Vec<&Restated>> = BTreeMap::new();
        for amended in self.amended.iter().filter(restates) {
            let said = self.amendings[amended.by].restated.as_ref().filter(|said| !said.has_facts);
            said_of.entry(amended.target).or_default().extend(said);
        }
        let said_of = |index: u64| said_of.get(&index).into_iter().flatten().copied();
        let mut more = Vec::new();
        for edge in &mut self.edges {
            let Some(Thing::Content { resource, .. }) = edge.thing else { continue };
            for said in said_of(edge.index) {
                match edge.side {
                    Side::Closes => edge.doubtful = true,
                    Side::Opens | Side::Point => more.extend(said.subjects.iter().map(|person| {
                        let thing = Some(Thing::Content { resource, subject: Some(*person) });
                        Edge { thing, doubtful: true, ..edge.clone() }
                    })),
                }
            }
        }
        for loss in &mut self.losses {
            for said in said_of(loss.index) {
                loss.subjects.extend(&said.subjects);
                loss.listed &= said.listed;
            }
        }
        for restoration in &mut self.restorations {
            for said in said_of(restoration.index) {
                restoration.subjects.retain(|person| said.subjects.contains(person));
            }
        }
        self.edges.extend(more);
    }

    /// What somebody contests who may not take it back counts; but where it is the narrow side (an end, an approval, a
    /// review that justifies), it is not relied on either.
    fn contest(&mut self) {
        let stands = |amended: &&amending::Amended| !matches!(amended.standing, Standing::Counts | Standing::Withdrawn);
        let contested: BTreeSet<u64> = self.amended.iter().filter(stands).map(|amended| amended.target).collect();
        self.contested.clone_from(&contested);
        for edge in self.edges.iter_mut().filter(|edge| contested.contains(&edge.index)) {
            let ends = match edge.thing {
                Some(Thing::Suspension { .. } | Thing::Restriction { .. }) => edge.side == Side::Opens,
                _ => edge.side == Side::Closes,
            };
            edge.doubtful |= ends;
        }
        self.approvals.retain(|approval| approval.refused || !contested.contains(&approval.index));
        self.reviews.retain(|review| !review.justified || !contested.contains(&review.index));
    }

    /// What takes away some rights, or the way to some categories, ends no way that was opened for more.
    fn close_in_part(&mut self) {
        let is_grant = |edge: &Edge| matches!(edge.thing, None | Some(Thing::Grant { .. }));
        let says_what = |edge: &Edge| !edge.rights.is_empty() || !edge.categories.is_empty();
        let narrow = |edge: &Edge| edge.side == Side::Closes && is_grant(edge) && says_what(edge);
        let mut in_part: Vec<usize> = (0..self.edges.len()).filter(|at| narrow(&self.edges[*at])).collect();
        let mut opened: HashMap<Thing, Vec<usize>> =
            in_part.iter().filter_map(|at| Some((self.edges[*at].thing?, Vec::new()))).collect();
        if in_part.is_empty() {
            return;
        }
        for (at, edge) in self.edges.iter().enumerate().filter(|(_, edge)| edge.side != Side::Closes) {
            if let Some(openings) = edge.thing.and_then(|thing| opened.get_mut(&thing)) {
                openings.push(at);
            }
        }
        let leaves = |edge: &Edge| {
            let openings = edge.thing.and_then(|thing| opened.get(&thing)).filter(|openings| !openings.is_empty());
            let Some(openings) = openings else { return true };
            openings.iter().map(|at| &self.edges[*at]).any(|opening| {
                let all = |closed: bool, opened: bool, subset: bool| closed || !opened && subset;
                let rights =
                    all(edge.rights.is_empty(), opening.rights.is_empty(), opening.rights.is_subset(&edge.rights));
                let categories = all(
                    edge.categories.is_empty(),
                    opening.categories.is_empty(),
                    opening.categories.is_subset(&edge.categories),
                );
                !(rights && categories)
            })
        };
        in_part.retain(|at| leaves(&self.edges[*at]));
        for at in in_part {
            self.edges[at].doubtful = true;
        }
    }

    /// What was in the resource of an act that went by an approval and does not say what it touched: all that is told of it, of
    /// whenever, and all that other acts touched there.
    fn settle_inside(&mut self) {
        let asks = |act: &&mut Act| !act.approval.is_empty() && act.touched.is_none();
        let asked = self.acts.values_mut().filter(asks).filter_map(|act| act.resource);
        let mut inside: BTreeMap<Resource, Option<BTreeSet<Category>>> =
            asked.map(|resource| (resource, Some(BTreeSet::new()))).collect();
        for edge in self.edges.iter().filter(|edge| edge.side != Side::Closes) {
            let Some(Thing::Content { resource, .. }) = edge.thing else { continue };
            let Some(all) = inside.get_mut(&resource) else { continue };
            *all = all.take().filter(|_| !edge.categories.is_empty());
            all.iter_mut().for_each(|all| all.extend(&edge.categories));
        }
        for access in &self.accesses {
            let touched = access.categories.union(&access.perhaps_categories);
            inside.get_mut(&access.resource).into_iter().flatten().for_each(|all| all.extend(touched.clone()));
        }
        for act in self.acts.values_mut().filter(asks) {
            let all = act.resource.and_then(|resource| inside.get(&resource)?.clone());
            act.inside = all.filter(|all| !all.is_empty()).map(Box::new);
        }
    }

    /// Acts that are one by a recorded link are one, where both name the same actor. Where they do not, both stay: one of the
    /// two would vanish.
    fn unite(&mut self) {
        let (amends, mut by_entry) = (self.only_amending(), self.by_entry());
        let mut of_entry: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, edge) in self.edges.iter().enumerate() {
            of_entry.entry(edge.index).or_default().push(at);
        }
        let mut lost: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, loss) in self.losses.iter().enumerate() {
            lost.entry(loss.index).or_default().push(at);
        }
        let mut first = Joined(self.one_act.clone());
        for (index, id) in std::mem::take(&mut self.same) {
            let others: Vec<u64> = self.acts_of(&id, index).map(|act| act.index).filter(|at| *at != index).collect();
            for other in &others {
                self.unite_edges(of_entry.get(&index), of_entry.get(other));
            }
            // Several callers gave acts this id: which of them it is, only likeness could say.
            let [other] = others[..] else { continue };
            if amends.contains(&index) || !self.is_one(index, other) {
                continue;
            }
            first.join(index, other);
            self.unite_losses(lost.get(&index), lost.get(&other));
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
        self.one_act = first.all();
        self.accesses.retain(|access| !access.entries.is_empty());
        self.losses.retain(|loss| loss.index != GONE);
    }

    /// Whether two entries may tell of one act: by the same actor, on the same resource.
    fn is_one(&self, index: u64, other: u64) -> bool {
        let (Some(one), Some(two)) = (self.acts.get(&index), self.acts.get(&other)) else { return false };
        one.chain.first() == two.chain.first() && one.resource == two.resource
    }

    /// Two reports of one loss are one, of whatever either tells.
    fn unite_losses(&mut self, one: Option<&Vec<usize>>, other: Option<&Vec<usize>>) {
        for (a, b) in one.into_iter().flatten().flat_map(|a| other.into_iter().flatten().map(move |b| (*a, *b))) {
            let (keep, drop) = (a.min(b), a.max(b));
            let (first, second) = (&self.losses[keep], &self.losses[drop]);
            let alike = first.resource == second.resource && first.lost == second.lost;
            if alike && first.index != GONE && second.index != GONE {
                let gone = second.clone();
                self.losses[drop].index = GONE;
                self.losses[keep].unite(gone);
            }
        }
    }

    /// Two reports of one opening or closing: at any time that either tells, with the authority of the lesser.
    fn unite_edges(&mut self, one: Option<&Vec<usize>>, other: Option<&Vec<usize>>) {
        for (a, b) in one.into_iter().flatten().flat_map(|a| other.into_iter().flatten().map(move |b| (*a, *b))) {
            let (first, second) = (self.edges[a].clone(), self.edges[b].clone());
            if first.thing != second.thing || first.side != second.side {
                continue;
            }
            let when = first.when.or(second.when);
            let authorised = first.authorised.min_authority(second.authorised);
            for at in [a, b] {
                let edge = &mut self.edges[at];
                (edge.when, edge.authorised) = (when, authorised);
            }
        }
    }
}

/// The acts that something is about; none where they are too many to look at.
type About = Option<BTreeSet<u64>>;

/// So many acts an amendment is about at most before anybody may have taken part in them.
const ABOUT_MAX: usize = 1_000;

/// Of a loss that another report tells of as well.
const GONE: u64 = u64::MAX;

/// Entries that tell of one act: each with another, and in the end with the first.
struct Joined(BTreeMap<u64, u64>);

impl Joined {
    fn first(&self, mut index: u64) -> u64 {
        while let Some(before) = self.0.get(&index) {
            index = *before;
        }
        index
    }

    fn join(&mut self, one: u64, other: u64) {
        let (one, other) = (self.first(one), self.first(other));
        if one != other {
            self.0.insert(one.max(other), one.min(other));
        }
    }

    fn all(&self) -> BTreeMap<u64, u64> {
        self.0.keys().map(|index| (*index, self.first(*index))).collect()
    }
}

impl Access {
    /// The union: whatever either report tells may have been.
    fn unite(&mut self, other: Access) {
        self.when = self.when.or(other.when);
        self.subjects.extend(other.subjects);
        self.categories.extend(other.categories);
        self.perhaps_categories.extend(other.perhaps_categories);
        self.perhaps_all |= other.perhaps_all;
        self.fields.extend(other.fields);
        self.fields_told &= other.fields_told;
        self.tells_in_error |= other.tells_in_error;
        self.shown_to.extend(other.shown_to);
        self.given_to.extend(other.given_to);
        self.perhaps_given_to.extend(other.perhaps_given_to);
        self.recipients.extend(other.recipients);
        self.listed &= other.listed;
        let ((people, records), (others, more)) = (self.delivered, other.delivered);
        self.delivered = (Told::or(people, others), Told::or(records, more));
        self.only_gives &= other.only_gives;
        self.about_nobody &= other.about_nobody;
        self.despite_restriction &= other.despite_restriction;
        // Who read it has seen it, also if another report says that it was taken.
        if human_use(other.verb) == HumanUse::Reads {
            self.verb = other.verb;
        }
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
