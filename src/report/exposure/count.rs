//! What is counted: distinct things, never products; each with what is certain and what is possible.

use super::document::*;
use super::facts::{Found, measure};
use super::machines::MachineLogs;
use crate::exposure::calculus::exposure::{self as calculus, Exposure};
use crate::exposure::calculus::fact::{self, Access, Party, Person};
use crate::exposure::calculus::same::Same;
use crate::exposure::calculus::times::Times;
use crate::exposure::telling::{Loss, Telling};
use crate::model::verbs::passes_on;
use crate::model::{Outcome, PartyKind, Verb};
use crate::report::access::document::EntryIndex;
use crate::report::access::document::{Authorisation, Range};
use crate::report::canonical::{INTEGER_MAX, cut};
use crate::report::instant::Instant;
use std::collections::BTreeSet;

/// What is counted.
pub(super) struct Counting<'a> {
    pub found: &'a [Found<'a>],
    pub viewers: &'a [ViewerFact],
    pub accesses: &'a [AccessFact],
    pub holdings: &'a [HoldingFact],
    pub losses: &'a [LossFact],
    pub copies: &'a Copies<'a>,
    /// Persons of whom it is only suspected that they are one.
    pub same: &'a Same,
    pub cut_off: Instant,
}

pub(super) fn totals(counting: &Counting<'_>) -> Totals {
    let Counting { found, viewers, accesses, holdings, losses, copies, same, cut_off } = *counting;
    let union = |times: fn(&Exposure) -> &Times| {
        measure(&found.iter().fold(Times::never(), |all, found| all.union(times(&found.exposure))))
    };
    let people = Counted::of(found, same);
    let machine = |who: &Who| match who {
        Who::Named { kind, .. } => matches!(kind.0, PartyKind::Agent | PartyKind::Service),
        _ => false,
    };
    let ran: Vec<&ViewerFact> = viewers.iter().filter(|viewer| machine(&viewer.who) && viewer.did > 0).collect();
    let surely_ran = ran.iter().filter(|viewer| viewer.surely > 0).count();
    let machines = Range { low: surely_ran as u64, high: ran.len() as u64 + perhaps_ran(found) };
    let successes = || accesses.iter().filter(|access| access.rung != Rung::Tried);
    let judged = |value: Authorisation| successes().filter(|access| access.authorisation == value).count() as u64;
    let surely_unauthorised =
        successes().filter(|access| access.certain && access.authorisation == Authorisation::Unauthorised).count();
    let perhaps_unauthorised = successes().filter(|access| access.perhaps_unauthorised).count() as u64;
    let (surely_exposed, exposed) = exposed(found);
    let told = Told::of(found, losses);
    let justified = |access: &&AccessFact| {
        let review = access.review.as_ref().map(|review| review.state);
        access.authorisation == Authorisation::Exceptional && review == Some(Reviewed::Justified)
    };
    let is_open = |held: &&HoldingFact| held.is_open(cut_off);
    let without = |loss: &&LossFact| loss.authorisation == Authorisation::Unauthorised;
    let elsewhere = |held: &&HoldingFact| copies.lies_elsewhere(held) && held.start.earliest <= cut_off;
    let copies_that = |which: &dyn Fn(&&HoldingFact) -> bool| Range {
        low: holdings.iter().filter(|held| held.certain && which(held)).count() as u64,
        high: holdings.iter().filter(which).count() as u64,
    };
    let (open, elsewhere) = (copies_that(&is_open), copies_that(&elsewhere));
    let promised = copies_that(&|held| held.is_promised(cut_off));
    Totals {
        open_us: union(|exposure| &exposure.open),
        unauthorised_us: union(|exposure| &exposure.unauthorised),
        people_could: people.could,
        people_without_authority: people.without_authority,
        people_saw: people.saw,
        people_given: people.given,
        machines,
        uncountable: found.iter().any(|found| found.exposure.uncountable),
        saw_uncountable: false,
        given_uncountable: false,
        subjects: Range {
            low: same.distinct(surely_exposed).max(told.at_least),
            high: cut((exposed.len() as u64).saturating_add(told.not_listed).max(told.at_least)),
        },
        subjects_determined: found.iter().all(|found| found.exposure.determined) && told.not_listed == 0,
        subjects_counted: told.not_listed > 0 && told.all,
        records: told.records,
        records_incomplete: told.records_incomplete,
        attempts: accesses.iter().filter(|access| is_attempt(access)).count() as u64,
        holdings_open: open.high,
        holdings_open_surely: open.low,
        holdings_promised_surely: promised.low,
        holdings_elsewhere_surely: elsewhere.low,
        holdings_promised: promised.high,
        holdings_elsewhere: elsewhere.high,
        models_unknown: 0,
        unauthorised_accesses: Range {
            low: surely_unauthorised as u64,
            high: judged(Authorisation::Unauthorised) + perhaps_unauthorised,
        },
        open_questions: open_questions(accesses, losses),
        not_assessed_accesses: judged(Authorisation::NotAssessed),
        exceptional_accesses: judged(Authorisation::Exceptional),
        exceptional_justified: successes().filter(justified).count() as u64,
        after_restriction: (accesses.iter().filter(|access| access.after_restriction > 0).count()
            + losses.iter().filter(|loss| loss.after_restriction > 0).count()) as u64,
        after_restriction_of_erased: (accesses
            .iter()
            .filter(|access| access.after_restriction_of_erased && access.after_restriction == 0)
            .count()
            + losses.iter().filter(|loss| loss.after_restriction_of_erased && loss.after_restriction == 0).count())
            as u64,
        losses: losses.len() as u64,
        unauthorised_losses: losses.iter().filter(without).count() as u64,
        successes: successes().count() as u64,
        unsettled: false,
    }
}

/// Agents that possibly had it before them, and of which no act tells that.
fn perhaps_ran(found: &[Found<'_>]) -> u64 {
    let did = |agent: &Party| {
        let viewers = found.iter().filter_map(|found| found.exposure.viewers.get(agent));
        viewers.flat_map(|viewer| viewer.did.values()).any(|rung| *rung != calculus::Rung::Tried)
    };
    let agents: BTreeSet<&Party> = found.iter().flat_map(|found| &found.exposure.agents).collect();
    agents.into_iter().filter(|agent| !did(agent)).count() as u64
}

/// Distinct acts of which it is not settled whether they were authorised.
fn open_questions(accesses: &[AccessFact], losses: &[LossFact]) -> u64 {
    let is_open = |access: &&AccessFact| {
        let justified = access.review.as_ref().is_some_and(|review| review.state == Reviewed::Justified);
        match access.authorisation {
            _ if access.after_restriction > 0 || access.after_restriction_of_erased => true,
            _ if access.rung == Rung::Tried => false,
            Authorisation::NotAssessed => true,
            Authorisation::Exceptional => !justified,
            Authorisation::Unauthorised => !access.certain,
            Authorisation::Authorised => false,
        }
    };
    let restricted = |loss: &&LossFact| loss.after_restriction > 0 || loss.after_restriction_of_erased;
    let of_accesses = accesses.iter().filter(is_open).filter_map(|access| access.entries.first().copied());
    let of_losses = losses.iter().filter(restricted).map(|loss| loss.entry);
    of_accesses.chain(of_losses).collect::<BTreeSet<EntryIndex>>().len() as u64
}

/// What tells where a copy lies, and who tells what is done with it.
pub(super) struct Copies<'a> {
    pub accesses: &'a [AccessFact],
    /// Accounts that people use, and that have copies.
    pub accounts: &'a [Who],
    pub logs: &'a MachineLogs,
}

impl Copies<'_> {
    /// Whether a copy lies, or lay, where nothing that was complete tells what is done with it: with whoever it was given to,
    /// and with people and parties that took one themselves, also through an account that they use. What an agent or a
    /// service of the house has is told of by what logs that, as long as it does.
    pub fn lies_elsewhere(&self, held: &HoldingFact) -> bool {
        let machine =
            matches!(&held.holder, Who::Named { kind, .. } if matches!(kind.0, PartyKind::Agent | PartyKind::Service));
        // What it wrote down itself it was given by nobody.
        let received = || self.accesses.iter().any(|access| access.who != held.holder && held.is_received_by(access));
        !machine || self.accounts.contains(&held.holder) || received() || !self.logs.cover(held)
    }
}

/// People, by what they could and did. Distinct people, never products; somebody of whom nothing is known may be one of the
/// others, an account is one of its members, and whoever is not told apart is anybody or nobody.
struct Counted {
    could: Range,
    without_authority: Range,
    saw: Range,
    given: Range,
}

impl Counted {
    fn of(found: &[Found<'_>], same: &Same) -> Self {
        let (mut could, mut surely_could) = (BTreeSet::new(), BTreeSet::new());
        let (mut without, mut surely_without) = (BTreeSet::new(), BTreeSet::new());
        let mut accounts_without: Vec<&BTreeSet<Party>> = Vec::new();
        let (mut saw, mut surely_saw) = (BTreeSet::new(), BTreeSet::new());
        let (mut given, mut surely_given) = (BTreeSet::new(), BTreeSet::new());
        // Acts of which nobody is told apart, and accounts that acted: what they show, if it was a human.
        let (mut unidentified_saw, mut unidentified_given) = (0, 0);
        let (mut accounts_saw, mut accounts_given): (Vec<&BTreeSet<Party>>, Vec<&BTreeSet<Party>>) = Default::default();
        for found in found {
            for (party, viewer) in found.exposure.viewers.iter().filter(|(party, _)| party.is_human()) {
                if !viewer.could.is_never() {
                    could.insert(*party);
                }
                if !viewer.could.certain.is_empty() {
                    surely_could.insert(*party);
                }
                if !viewer.excess.is_never() {
                    without.insert(*party);
                }
                if !viewer.excess.certain.is_empty() {
                    surely_without.insert(*party);
                }
                for (position, rung) in &viewer.did {
                    let certain = found.exposure.accesses[*position].certain;
                    let (all, sure) = match rung {
                        calculus::Rung::Seen => (&mut saw, &mut surely_saw),
                        calculus::Rung::Given => (&mut given, &mut surely_given),
                        calculus::Rung::Processed | calculus::Rung::Tried => continue,
                    };
                    // A proved rung implies that they could.
                    could.insert(*party);
                    all.insert(*party);
                    if certain {
                        surely_could.insert(*party);
                        sure.insert(*party);
                    }
                }
            }
            // Somebody unnamed used an account, or nobody did.
            for (account, excess) in &found.exposure.unnamed_users {
                let Party::Named(_, number) = account else { continue };
                let somebody = Party::Unknown(u64::MAX, *number);
                could.insert(somebody);
                without.extend(Some(somebody).filter(|_| *excess));
            }
            for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != calculus::Rung::Tried) {
                let (all, unidentified, accounts) = match judged.unnamed {
                    calculus::Rung::Seen => (&mut saw, &mut unidentified_saw, &mut accounts_saw),
                    _ => (&mut given, &mut unidentified_given, &mut accounts_given),
                };
                *unidentified += u64::from(judged.unidentified);
                let one_of = || judged.one_of.iter().filter(|party| party.is_human());
                all.extend(one_of());
                // Where an agent uses it too, it was perhaps none of the people.
                let is_human = one_of().count() == judged.one_of.len() && !judged.one_of.is_empty();
                let is_one = judged.certain && !judged.unidentified && is_human;
                if is_one {
                    accounts.push(&judged.one_of);
                }
                // Whoever got it without authority could, for that instant at least.
                without.extend(judged.got_without.union(&judged.perhaps_without));
                if judged.certain {
                    surely_without.extend(&judged.got_without);
                }
                if judged.without {
                    without.extend(one_of());
                    accounts_without.extend(is_one.then_some(&judged.one_of));
                }
                // Over a group or an account that it was given or shown to.
                for (party, rung) in &judged.perhaps {
                    let all = if *rung == calculus::Rung::Seen { &mut saw } else { &mut given };
                    all.insert(*party);
                }
                could.extend(one_of().chain(judged.perhaps.keys()));
                // Somebody of whom nothing is said got it, and was perhaps a human.
                let access = &found.accesses[judged.access];
                if access.given_to.iter().any(|party| party.is_unknown()) {
                    let somebody = Party::Unknown(access.entries.first().copied().unwrap_or_default(), u32::MAX);
                    given.insert(somebody);
                    could.insert(somebody);
                }
            }
        }
        // An account that acted was somebody; that may be one who is counted already.
        let somebody = accounts_saw.iter().any(|members| !may_meet(members, &surely_saw, same));
        let got =
            |members: &&&BTreeSet<Party>| !may_meet(members, &saw, same) && !may_meet(members, &surely_given, same);
        let somebody_got = accounts_given.iter().any(|members| got(&members));
        // Whoever surely saw it is not counted as given it again.
        let given: BTreeSet<Party> = given.difference(&surely_saw).copied().collect();
        let alone = |party: &Party| !may_meet(&BTreeSet::from([*party]), &saw, same);
        let surely_given: BTreeSet<Party> = surely_given.into_iter().filter(alone).collect();
        let somebody_without = accounts_without.iter().any(|members| !may_meet(members, &surely_without, same));
        let range =
            |sure: &BTreeSet<Party>, all: &BTreeSet<Party>| Range { low: people(sure, same), high: all.len() as u64 };
        let seen = range(&surely_saw, &saw);
        let low = seen.low + u64::from(somebody);
        let alone = range(&surely_given, &given);
        let given_low = alone.low + u64::from(somebody_got);
        let without = range(&surely_without, &without);
        let without_low = without.low + u64::from(somebody_without);
        Counted {
            could: range(&surely_could, &could),
            without_authority: Range { low: without_low, high: without.high.max(without_low) },
            saw: Range { low, high: (seen.high + unidentified_saw).max(low) },
            given: Range { low: given_low, high: (alone.high + unidentified_given).max(given_low) },
        }
    }
}

/// How many people at most the parts are of that do not open, of acts that reached or filled these resources: several acts may
/// have been about one, and who was erased is counted by their tokens.
pub(super) fn closed(told: &Telling, found: &[Found<'_>], erased_at_most: Option<u64>) -> u64 {
    let of_these = |index: &u64| {
        told.acts.get(index).is_some_and(|act| {
            let happened = !matches!(act.outcome, Outcome::Denied | Outcome::Failed);
            happened && act.resource.is_some_and(|resource| found.iter().any(|found| found.resource == resource))
        })
    };
    let parts = told.closed.iter().filter(|(index, _)| of_these(index)).map(|(_, closed)| closed.ordinals.len() as u64);
    let all = parts.fold(0, u64::saturating_add);
    erased_at_most.map_or(all, |most| all.min(most))
}

/// Numbers without ids, as acts told them.
struct Told {
    /// One act surely delivered data of so many people.
    at_least: u64,
    /// So many more than acts list: at most all of them together, because several acts may have delivered the same.
    not_listed: u64,
    /// Every act that does not list everybody told how many.
    all: bool,
    records: Option<Range>,
    /// Some act does not say how many records.
    records_incomplete: bool,
}

impl Told {
    fn of(found: &[Found<'_>], losses: &[LossFact]) -> Self {
        let mut told = Told { at_least: 0, not_listed: 0, all: true, records: None, records_incomplete: false };
        for found in found {
            // Where everybody inside is on file, it was some of them, if there are so many: whoever an act does not list may be
            // beside those who are.
            let inside = found.exposure.subjects.len() as u64;
            let some_of_them = |count: u64| found.exposure.determined && count <= inside;
            for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != calculus::Rung::Tried) {
                let access = &found.accesses[judged.access];
                let (people, records) = access.delivered;
                let surely =
                    |told: fact::Told| if told.exact && judged.certain && !is_absurd(told) { told.count } else { 0 };
                // What a model was called with is what other acts had.
                let counts = !access.about_nobody && access.verb != Verb::ModelInfer;
                if counts && (!access.listed || contradicts(found, access)) {
                    told.all &= people.is_some_and(|people| !is_absurd(people));
                    told.at_least = told.at_least.max(people.map_or(0, surely));
                    let count = people.map_or(0, |people| people.count);
                    let is_of_them = some_of_them(count) && !access.only_gives;
                    let known = if is_of_them { count } else { access.subjects.len() as u64 };
                    told.not_listed = told.not_listed.saturating_add(count.saturating_sub(known));
                }
                told.records_incomplete |= access.verb != Verb::ModelInfer && records.is_none_or(is_absurd);
                if let Some(records) = records {
                    let all = told.records.get_or_insert(Range { low: 0, high: 0 });
                    all.low = all.low.max(surely(records));
                    all.high = all.high.saturating_add(records.count);
                }
            }
            for loss in losses.iter().filter(|loss| loss.resource == found.name) {
                let most = loss.not_listed.as_ref().and_then(|not_listed| not_listed.at_most);
                let more =
                    most.filter(|most| !some_of_them(*most)).map_or(0, |most| most.saturating_sub(loss.subjects));
                told.not_listed = told.not_listed.saturating_add(more);
            }
        }
        // A sum that cannot be written is no number that anybody told.
        told.all &= told.not_listed <= INTEGER_MAX;
        if let Some(all) = &mut told.records {
            told.records_incomplete |= all.high > INTEGER_MAX;
            all.high = cut(all.high);
        }
        told
    }
}

/// Whether a number is one that nothing can have: it counts as if nobody had said how many, so that the upper figure has no end.
pub(super) fn is_absurd(told: fact::Told) -> bool {
    told.count > INTEGER_MAX
}

/// Whether an act says that it delivered data of more people than it lists, or than are on file in what it reached.
pub(super) fn contradicts(found: &Found<'_>, access: &Access) -> bool {
    let is_held_against = access.listed || !access.only_gives;
    is_held_against && access.delivered.0.is_some_and(|told| exceeds(found, told, access.listed, &access.subjects))
}

/// The same of what one says was lost.
pub(super) fn loses_more(found: &Found<'_>, loss: &Loss) -> bool {
    loss.resource == found.resource
        && loss.counted.0.is_some_and(|told| exceeds(found, told, loss.listed, &loss.subjects))
}

fn exceeds(found: &Found<'_>, told: fact::Told, listed: bool, subjects: &BTreeSet<Person>) -> bool {
    let inside = &found.exposure.subjects;
    let known = match listed {
        true => subjects.len(),
        false if !found.exposure.determined => return false,
        false => inside.len() + subjects.iter().filter(|person| !inside.contains_key(person)).count(),
    };
    told.count > known as u64
}

/// Something that was tried and got nothing; what was shared or sent, and reached nobody who is named, was done.
fn is_attempt(access: &AccessFact) -> bool {
    let done = matches!(access.outcome.0, Outcome::Succeeded | Outcome::Partial);
    access.rung == Rung::Tried && !(passes_on(access.verb.0) && done)
}

/// People whose data surely, and possibly, stood open or was reached.
pub(super) fn exposed(found: &[Found<'_>]) -> (BTreeSet<Person>, BTreeSet<Person>) {
    let (mut surely, mut possibly) = (BTreeSet::new(), BTreeSet::new());
    for found in found {
        for (person, inside) in &found.exposure.subjects {
            if !inside.open.is_never() {
                possibly.insert(*person);
            }
            if !inside.open.certain.is_empty() {
                surely.insert(*person);
            }
        }
        for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != calculus::Rung::Tried) {
            let access = &found.accesses[judged.access];
            possibly.extend(&access.subjects);
            if judged.certain {
                surely.extend(&access.subjects);
            }
            // Where an act does not list everybody, whoever was inside may be among them.
            if !access.listed {
                possibly.extend(found.exposure.subjects.keys());
            }
        }
    }
    (surely, possibly)
}

/// Whether one of these people is perhaps one of those: the same, perhaps the same, or somebody of whom nothing is known.
fn may_meet(these: &BTreeSet<Party>, those: &BTreeSet<Party>, same: &Same) -> bool {
    let unknown = |people: &BTreeSet<Party>| people.iter().any(|party| matches!(party, Party::Unknown(..)));
    let firsts = |people: &BTreeSet<Party>| persons(people).map(|person| same.first(person)).collect::<BTreeSet<_>>();
    let anybody = (unknown(these) && !those.is_empty()) || (unknown(those) && !these.is_empty());
    anybody || !firsts(these).is_disjoint(&firsts(those))
}

fn persons(people: &BTreeSet<Party>) -> impl Iterator<Item = Person> {
    people.iter().filter_map(|party| if let Party::Person(person) = party { Some(*person) } else { None })
}

/// At least so many: those of whom nothing is known may all be one, or one of the others.
fn people(people: &BTreeSet<Party>, same: &Same) -> u64 {
    same.distinct(persons(people)).max(u64::from(!people.is_empty()))
}
