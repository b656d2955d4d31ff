//! Evidence becomes facts: the calculus for each resource, then what is counted over all of them.

use super::document::*;
use super::evidence::{ExposureEvidence, ExposureQuestion, Forgotten, Suppressed};
use super::feeds::Feeds;
use super::forgotten::touches;
use super::groups::Groups;
use super::machines::MachineLogs;
use super::{acts, answer, consequences, count, countries, fields, keys, lags, loops, members, policies};
use crate::exposure::calculus::exposure::{self as calculus, Exposure, Manner, Told};
use crate::exposure::calculus::fact;
use crate::exposure::calculus::fact::{Access, Approved, Authorised, Party, Person, Resource, Review, Thing, When};
use crate::exposure::calculus::interval::{self, Frame};
use crate::exposure::calculus::same::Same;
use crate::exposure::calculus::times::Times;
use crate::exposure::telling::{self, Named, Telling};
use crate::model::{Category, Identity, PartyKind, RegistryKind, ReportType};
use crate::registry::{self, Document};
use crate::report::access::document::{Authorisation, EntryIndex, Limit, Name, PersonIdentity, Range, Span, Verdict};
use crate::report::access::registered::Names;
use crate::report::access::{completeness, coverage, things};
use crate::report::canonical::cut;
use crate::report::code::Code;
use crate::report::controller::ControllerFacts;
use crate::report::evidence::Envelope;
use crate::report::header::Common;
use crate::report::instant::Instant;
use crate::report::shape::given;
use crate::report::template;
use std::collections::{BTreeMap, BTreeSet};

/// Version of the JSON.
pub const FORMAT: &str = "whosaw-exposure-report/1";

/// Who could see, who did, who holds. The same arguments always give the same facts.
pub fn facts(question: &ExposureQuestion, evidence: &ExposureEvidence, envelope: &Envelope) -> ExposureReport {
    let names = Names::of(&evidence.registry);
    let frame = frame(question, evidence);
    let period = Span { from: Instant::new(frame.from), until: Instant::new(frame.cut_off) };
    let coverage = coverage_fact(question, evidence, &names, &period);
    let feeds = Feeds::of(evidence, frame);
    let of = |told| Stated::of(question, told, evidence, (frame, &feeds), coverage.sentence);
    let as_told = evidence.as_told.as_ref().map(|told| of(told).totals);
    let stated = of(&evidence.told);
    let people = People { told: &evidence.told, persons: &evidence.persons };
    let of_nothing = loops::of_nothing(&stated.found, &evidence.told);
    let amendments = acts::amendments(&stated.found, &people, &evidence.coverage_told, &of_nothing);
    // Of what else the ledger holds that was taken out, figures of these resources were never another.
    let counts = amendments.iter().any(|amendment| amendment.standing == Standing::Counts);
    let differs = |told: &Totals| Totals { unsettled: stated.totals.unsettled, ..told.clone() } != stated.totals;
    let as_told = as_told.filter(|told| counts || differs(told));
    let resources: Vec<ResourceFact> = stated.found.iter().map(|found| found.resource(&people)).collect();
    let document = evidence.controller.as_ref().map(|known| &known.document);
    let mut report = ExposureReport {
        format: FORMAT.to_owned(),
        header: header(question, evidence, envelope, period),
        answer: answer::verdicts(&stated.totals, &resources, coverage.sentence),
        countries: countries::countries(&stated.found, stated.totals.subjects, document, &evidence.same),
        totals: stated.totals,
        as_told,
        resources,
        lags: lags::lags(&stated.found, &people, &evidence.detections, frame),
        audiences: members::audiences(&stated.found, &people, &stated.groups, &feeds),
        viewers: stated.viewers,
        policies: policies::compared(&stated.accesses, &stated.losses),
        accesses: stated.accesses,
        holdings: stated.holdings,
        protections: keys::protections(&stated.found, people.told),
        keys: keys::keys(&stated.found, &people, &stated.groups),
        disclosures: consequences::disclosures(&stated.found, &people),
        losses: stated.losses,
        subjects: stated.subjects,
        special: Vec::new(),
        causes: acts::causes(&stated.found, &people),
        approvals: Vec::new(),
        amendments,
        oddities: oddities(&stated.found, &evidence.told, &of_nothing),
        coverage,
        clock: Some(evidence.clock.clone()),
        changes: Vec::new(),
        suppressed: evidence.suppressed.iter().map(suppressed).collect(),
        open_questions: given(&question.remarks.open_questions),
        characterisation: given(&question.remarks.characterisation),
        erratum: None,
    };
    report.special = special(&report);
    let asked = [("4.country", countries::provided(&stated.found, document)), ("6", lags::provided(&report.lags))];
    report.header.completeness = completeness::of_header_and(&report.header.completeness, asked);
    let acts: BTreeSet<u64> = report
        .accesses
        .iter()
        .filter_map(|access| access.entries.first())
        .chain(report.losses.iter().map(|loss| &loss.entry))
        .chain(report.causes.iter().map(|cause| &cause.entry))
        .map(|entry| entry.0)
        .collect();
    report.approvals = acts::approvals(&stated.found, &people, &acts);
    report.answer.text = answer::text(&envelope.language.wording_in(&report.header.template.zone()), &report);
    report
}

/// Of whatever was inside, reached or passed on, what the law gives more protection.
fn special(report: &ExposureReport) -> Vec<SpecialFact> {
    let inside = report.subjects.iter().flat_map(|subject| &subject.categories);
    let accesses = report.accesses.iter();
    let reached = accesses.flat_map(|access| access.categories.iter().chain(&access.perhaps_categories));
    let given = report.disclosures.iter().flat_map(|it| it.categories.iter().chain(&it.perhaps_categories));
    let all: BTreeSet<Code<Category>> = inside.chain(reached).chain(given).copied().collect();
    let fact = |category: Code<Category>| Some(SpecialFact { category, article: things::special(category.0)? });
    all.into_iter().filter_map(fact).collect()
}

/// What one telling comes to.
struct Stated<'a> {
    found: Vec<Found<'a>>,
    groups: Groups,
    viewers: Vec<ViewerFact>,
    accesses: Vec<AccessFact>,
    holdings: Vec<HoldingFact>,
    losses: Vec<LossFact>,
    subjects: Vec<SubjectFact>,
    totals: Totals,
}

impl<'a> Stated<'a> {
    fn of(
        question: &'a ExposureQuestion,
        told: &'a Telling,
        evidence: &'a ExposureEvidence,
        (frame, feeds): (Frame, &Feeds<'_>),
        negative: Verdict,
    ) -> Self {
        let of = |name: &'a String| Found::of(name, told, evidence, frame);
        let found: Vec<Found<'a>> = question.resources.iter().map(of).collect();
        let people = People { told, persons: &evidence.persons };
        let (groups, forgotten) = (Groups::of(told, frame), &evidence.forgotten);
        let accesses: Vec<AccessFact> = found.iter().flat_map(|found| found.accesses(&people, forgotten)).collect();
        let holdings = consequences::holdings(&found, &people, &groups, &evidence.same);
        let losses = consequences::losses(&found, &people, frame, forgotten);
        let subjects = subjects(&found, &people, negative, &evidence.same);
        let accounts = found.iter().flat_map(|found| &found.exposure.accounts);
        let accounts: Vec<Who> = accounts.map(|party| people.who(*party)).collect();
        let logs = MachineLogs::of(evidence, told, frame);
        let copies = count::Copies { accesses: &accesses, accounts: &accounts, logs: &logs };
        let elsewhere = holdings.iter().filter(|held| copies.lies_elsewhere(held));
        let holders: Vec<&Who> = elsewhere.map(|held| &held.holder).collect();
        let mut viewers = viewers(&found, &people, negative, &holders, &evidence.same);
        for viewer in viewers.iter_mut().filter(|viewer| matches!(viewer.who, Who::Person { .. })) {
            viewer.by_copy = holdings.iter().any(|held| held.holder == viewer.who);
        }
        let mut totals = count::totals(&count::Counting {
            found: &found,
            viewers: &viewers,
            accesses: &accesses,
            holdings: &holdings,
            losses: &losses,
            copies: &copies,
            same: &evidence.same,
            cut_off: Instant::new(frame.cut_off),
        });
        // Whoever does not open is beside those who are known.
        let closed = count::closed(told, &found, evidence.erased_at_most);
        totals.subjects.high = totals.subjects.high.saturating_add(closed);
        totals.subjects_determined &= closed == 0;
        let feeds = |party: &Party| named_group(told, *party).is_some_and(|name| feeds.cover(name));
        totals.uncountable |= found.iter().flat_map(|found| &found.exposure.given_groups).any(|party| !feeds(party));
        // Where nothing is told of who may see it, nobody counted them.
        totals.uncountable |= found.iter().any(|found| found.known && found.exposure.paths.is_empty());
        let is_open = |found: &Found<'_>, party: &Party| match party {
            Party::Anyone | Party::Named(PartyKind::Organisation, _) => true,
            Party::Named(PartyKind::Group, _) => !found.exposure.given_groups.contains(party) || !feeds(party),
            _ => false,
        };
        let any_open = |of: &dyn Fn(&Access) -> Vec<Party>| {
            found.iter().any(|found| {
                let got = found.exposure.accesses.iter().filter(|judged| judged.rung != calculus::Rung::Tried);
                let parties: BTreeSet<Party> = got.flat_map(|judged| of(&found.accesses[judged.access])).collect();
                parties.iter().any(|party| is_open(found, party))
            })
        };
        totals.saw_uncountable = any_open(&|access| access.shown_to.iter().copied().collect());
        // What an organisation was given is a copy, and nobody is counted by it.
        let is_of_people = |party: &Party| !matches!(party, Party::Named(PartyKind::Organisation, _));
        let given = |access: &Access| {
            let given = access.given_to.union(&access.perhaps_given_to);
            given.filter(|party| !access.shown_to.contains(party) && is_of_people(party)).copied().collect()
        };
        totals.given_uncountable = any_open(&given);
        let models = told.models_unknown.iter().filter(|((resource, _), since)| {
            **since <= frame.cut_off && found.iter().any(|found| found.resource == *resource)
        });
        totals.models_unknown = models.map(|((_, agent), _)| agent).collect::<BTreeSet<_>>().len() as u64;
        let settled = |authorised: Authorised| matches!(authorised, Authorised::Yes | Authorised::No);
        let ways = found.iter().flat_map(|found| &found.exposure.paths);
        totals.unsettled = ways.into_iter().any(|path| !settled(path.authorised))
            || losses.iter().any(|loss| loss.authorisation != Authorisation::Authorised)
            || told.narrowed();
        Stated { found, groups, viewers, accesses, holdings, losses, subjects, totals }
    }
}

pub(super) fn named_group(told: &Telling, party: Party) -> Option<&str> {
    let Party::Named(PartyKind::Group, number) = party else { return None };
    told.parties.name(number).and_then(|(_, name)| name.text())
}

pub(super) fn logging(evidence: &ExposureEvidence) -> coverage::Logging<'_> {
    coverage::Logging {
        head: &evidence.head,
        registry: &evidence.registry,
        history: &evidence.history,
        stated: &evidence.coverage,
        heard: &evidence.heard,
        downtimes: &evidence.downtimes,
    }
}

/// The controller's registries of any time of the period; what came first was so from the beginning.
pub(super) fn in_force<'a>(evidence: &'a ExposureEvidence, period: &Span) -> Vec<&'a Document> {
    let begun = evidence.controllers.iter().rposition(|(at, _)| *at <= period.from.us()).unwrap_or_default();
    evidence.controllers.iter().skip(begun).map(|(_, known)| &known.document).collect()
}

/// What is asked lies between the first thing that was told of and the cut-off.
fn frame(question: &ExposureQuestion, evidence: &ExposureEvidence) -> Frame {
    // Before anything was taken out: both figures are measured over one period.
    let told = evidence.as_told.as_ref().unwrap_or(&evidence.told);
    let edges = told.edges.iter().map(|edge| edge.when.earliest);
    let times = edges.chain(told.accesses.iter().map(|access| access.when.earliest)).filter(|at| *at > 0);
    let from = times.chain([evidence.head.opened_at_us]).min().unwrap_or_default();
    Frame { from: from.min(question.cut_off_us), cut_off: question.cut_off_us }
}

/// One resource, and what the calculus says of it.
pub(super) struct Found<'a> {
    pub name: &'a str,
    pub resource: Resource,
    known: bool,
    pub permission_cache_us: u64,
    pub accesses: Vec<Access>,
    pub exposure: Exposure,
}

impl<'a> Found<'a> {
    fn of(name: &'a str, told: &Telling, evidence: &ExposureEvidence, frame: Frame) -> Self {
        let number = told.resources.find(&Named::Registered(name.to_owned()));
        // A number that nothing has: the calculus then says that nothing is known.
        let resource = Resource(number.unwrap_or(u32::MAX));
        let of_it = told.accesses.iter().filter(|access| access.resource == resource);
        let mut accesses: Vec<Access> = of_it.cloned().collect();
        // What was at some time or other was in the time that is told of.
        for access in &mut accesses {
            access.when.earliest = access.when.earliest.max(frame.from).min(access.when.latest);
        }
        let permission_cache_us = evidence.history.permission_cache_us(name, frame);
        let (hides_history, hides_at_times) = evidence.history.hides_history(name, frame);
        let manner = Manner { permission_cache_us, hides_history, hides_at_times };
        let (edges, same) = (&told.edges, &evidence.same);
        let losses = told.losses_of(resource);
        let exposure =
            Exposure::of(&Told { resource, edges, accesses: &accesses, losses: &losses, manner, frame, same });
        let known = number.is_some() || is_registered(evidence, name);
        Found { name, resource, known, permission_cache_us, exposure, accesses }
    }

    fn resource(&self, people: &People<'_>) -> ResourceFact {
        let window = |window: &calculus::Window| Window {
            start: bound(window.start),
            end: bound(window.end),
            certain_us: window.certain_us,
            possible_us: window.end.latest - window.start.earliest,
        };
        let path = |path: &calculus::Path| PathFact {
            audience: people.who(path.audience),
            start: bound(path.start),
            end: bound(path.end),
            authorisation: authorisation(path.authorised),
            rights: path.scope.rights.iter().map(|right| Code(*right)).collect(),
            categories: path.scope.categories.iter().map(|category| Code(*category)).collect(),
        };
        ResourceFact {
            name: self.name.to_owned(),
            known: self.known,
            windows: self.exposure.windows.iter().map(window).collect(),
            paths: self.exposure.paths.iter().map(path).collect(),
            subjects: self.exposure.subjects.len() as u64,
            determined: self.exposure.determined,
            to_anyone_us: measure(&self.exposure.to_anyone),
        }
    }

    fn accesses(&self, people: &People<'_>, forgotten: &[Forgotten]) -> Vec<AccessFact> {
        let fact = |judged: &calculus::Judged| {
            let access = &self.accesses[judged.access];
            let who = |party: &Party| people.who(*party);
            AccessFact {
                entries: access.entries.iter().map(|index| EntryIndex(*index)).collect(),
                resource: self.name.to_owned(),
                when: span(access.when),
                who: access.chain.first().map_or(Who::Anyone, who),
                on_behalf_of: access.chain.iter().skip(1).map(who).collect(),
                shown_to: access.shown_to.iter().map(who).collect(),
                given_to: access.given_to.iter().map(who).collect(),
                perhaps_given_to: access.perhaps_given_to.iter().map(who).collect(),
                one_of: judged.one_of.iter().map(who).collect(),
                unidentified: judged.unidentified,
                verb: Code(access.verb),
                outcome: Code(access.outcome),
                rung: rung(judged.rung),
                certain: judged.certain,
                authorisation: authorisation(judged.authorised),
                perhaps_unauthorised: judged.perhaps_unauthorised,
                approval: access.approved.map(approval),
                policies: policies::of_act(people.told, access.entries.iter().copied()),
                review: access.review.map(review),
                after_restriction: judged.after_restriction.len() as u64,
                after_restriction_of_erased: !access.despite_restriction
                    && judged.rung != calculus::Rung::Tried
                    && touches(people.told, forgotten, &access.entries, access.listed, access.when),
                subjects: access.subjects.len() as u64,
                listed: access.listed,
                subjects_counted: access.delivered.0.map(count_fact),
                records: access.delivered.1.map(count_fact),
                categories: access.categories.iter().map(|category| Code(*category)).collect(),
                perhaps_categories: access.perhaps_categories.iter().map(|category| Code(*category)).collect(),
            }
        };
        self.exposure.accesses.iter().map(fact).collect()
    }
}

/// Whether anybody made the name known, in the registry of names or in the controller's, at any time until then.
fn is_registered(evidence: &ExposureEvidence, name: &str) -> bool {
    let mut names = evidence.registry.iter();
    let declared = || evidence.controllers.iter().any(|(_, known)| known.document.resource(name).is_some());
    names.any(|(kind, known, _)| kind == RegistryKind::Dataset && known == name) || declared()
}

/// Who a party of this evidence is.
pub fn who(evidence: &ExposureEvidence, party: Party) -> Who {
    People { told: &evidence.told, persons: &evidence.persons }.who(party)
}

/// Puts names to parties.
#[derive(Clone, Copy)]
pub(super) struct People<'a> {
    pub told: &'a Telling,
    persons: &'a [Vec<Identity>],
}

impl People<'_> {
    pub fn who(&self, party: Party) -> Who {
        match party {
            Party::Person(person) => Who::Person { identities: self.identities(person) },
            Party::Named(_, number) => match self.told.parties.name(number) {
                Some((_, Named::ReceiverOf(entry))) => Who::UnknownRecipient { entry: *entry },
                Some((_, Named::OperatorOf(tool))) => Who::UnknownOperator { tool: named(tool) },
                Some((kind, name)) => Who::Named { kind: Code(*kind), name: named(name) },
                None => Who::Named { kind: Code(PartyKind::Unspecified), name: Name::Closed },
            },
            Party::Anyone => Who::Anyone,
            Party::Unknown(entry, _) => Who::UnknownHuman { entry },
        }
    }

    fn identities(&self, person: Person) -> Vec<PersonIdentity> {
        let known = self.persons.get(person.0 as usize);
        known.into_iter().flatten().map(PersonIdentity::from).collect()
    }
}

pub(super) fn named(name: &Named) -> Name {
    match name {
        Named::Registered(name) => Name::Registered(name.clone()),
        Named::Sealed(name) => Name::Unregistered(name.clone()),
        Named::Closed(..) | Named::ReceiverOf(_) | Named::OperatorOf(_) => Name::Closed,
    }
}

pub(super) fn count_fact(told: fact::Told) -> CountFact {
    CountFact { count: cut(told.count), exact: told.exact && !count::is_absurd(told) }
}

pub(super) fn bound(bound: interval::Bound) -> Bound {
    Bound {
        earliest: Instant::new(bound.earliest),
        latest: Instant::new(bound.latest),
        known: match bound.known {
            interval::Known::Exact => Known::Exact,
            interval::Known::Bounded => Known::Bounded,
            interval::Known::Assumed => Known::Assumed,
            interval::Known::Unknown => Known::Unknown,
            interval::Known::Open => Known::Open,
        },
        entry: bound.entry.map(EntryIndex),
    }
}

fn rung(rung: calculus::Rung) -> Rung {
    match rung {
        calculus::Rung::Tried => Rung::Tried,
        calculus::Rung::Given => Rung::Given,
        calculus::Rung::Processed => Rung::Processed,
        calculus::Rung::Seen => Rung::Seen,
    }
}

pub(super) fn authorisation(authorised: Authorised) -> Authorisation {
    match authorised {
        Authorised::Yes => Authorisation::Authorised,
        Authorised::No => Authorisation::Unauthorised,
        Authorised::Exceptional => Authorisation::Exceptional,
        Authorised::NotAssessed => Authorisation::NotAssessed,
    }
}

pub fn approval(approved: Approved) -> Approval {
    match approved {
        Approved::Matched => Approval::Matched,
        Approved::Closed => Approval::Closed,
        Approved::OtherAction => Approval::OtherAction,
        Approved::Expired => Approval::Expired,
        Approved::GivenLater => Approval::GivenLater,
        Approved::AlreadyUsed => Approval::AlreadyUsed,
        Approved::OneOfSeveral => Approval::OneOfSeveral,
        Approved::PerhapsUsed => Approval::PerhapsUsed,
        Approved::CategoriesUnknown => Approval::CategoriesUnknown,
        Approved::ByThemselves => Approval::ByThemselves,
        Approved::NotApprover => Approval::NotApprover,
        Approved::Refused => Approval::Refused,
        Approved::NotOnFile => Approval::NotOnFile,
    }
}

fn review(review: Review) -> ReviewFact {
    let (state, until) = match review {
        Review::Justified => (Reviewed::Justified, None),
        Review::Against => (Reviewed::Against, None),
        Review::Pending(until) => (Reviewed::Pending, Some(Instant::new(until))),
        Review::Unreviewed => (Reviewed::Unreviewed, None),
    };
    ReviewFact { state, until }
}

/// The span of an act, as it is told.
pub(super) fn span(when: When) -> Span {
    Span { from: Instant::new(when.earliest), until: Instant::new(when.latest) }
}

pub(super) fn measure(times: &Times) -> Range {
    Range { low: cut(times.certain.measure()), high: cut(times.possible.measure()) }
}

/// What is known of one party over all resources.
#[derive(Default)]
struct Seen {
    could: Times,
    excess: Times,
    over: BTreeSet<Party>,
    did: u64,
    surely: u64,
    perhaps: bool,
    tried: u64,
    times: Option<(u64, u64)>,
    highest: Option<Rung>,
    by_members: u64,
    surely_by_members: bool,
    /// By others who are perhaps the same person.
    by_alike: u64,
    fields: Vec<FieldsFact>,
}

/// `holders` have a copy where nothing that logs the resource tells what is done with it.
fn viewers(
    found: &[Found<'_>],
    people: &People<'_>,
    negative: Verdict,
    holders: &[&Who],
    same: &Same,
) -> Vec<ViewerFact> {
    let mut seen: BTreeMap<Party, Seen> = BTreeMap::new();
    for found in found {
        for (party, viewer) in &found.exposure.viewers {
            let all = seen.entry(*party).or_default();
            all.could = all.could.union(&viewer.could);
            all.excess = all.excess.union(&viewer.excess);
            all.over.extend(&viewer.over);
            all.perhaps |= viewer.perhaps;
            all.fields.extend(fields::of(found, *party, viewer, people.told));
            all.by_members += viewer.by_members.len() as u64;
            all.surely_by_members |=
                viewer.by_members.iter().any(|position| found.exposure.accesses[*position].certain);
            for (position, shows) in &viewer.did {
                let judged = &found.exposure.accesses[*position];
                let access = &found.accesses[judged.access];
                if *shows == calculus::Rung::Tried {
                    all.tried += 1;
                    continue;
                }
                let perhaps = access.perhaps_given_to.contains(party);
                all.did += 1;
                all.surely += u64::from(judged.certain && !perhaps);
                let (first, last) = all.times.unwrap_or((access.when.earliest, access.when.latest));
                all.times = Some((first.min(access.when.earliest), last.max(access.when.latest)));
                all.highest = all.highest.max(Some(rung(*shows)));
            }
        }
    }
    perhaps_by_alike(&mut seen, found, same);
    let had = |who: &Who| holders.contains(&who) || holders.contains(&&Who::Anyone);
    let has_a_copy =
        |party: Party, seen: &Seen| had(&people.who(party)) || seen.over.iter().any(|over| had(&people.who(*over)));
    // Whoever is not told apart may be whoever acted and is not told apart either.
    let somebody = |party: &Party| matches!(party, Party::Unknown(..));
    let somebody_acted = found.iter().flat_map(|found| &found.accesses).any(|access| access.chain.iter().any(somebody));
    let unsure = |party: Party, seen: &Seen| has_a_copy(party, seen) || (somebody(&party) && somebody_acted);
    let fact = |(party, seen): (Party, Seen)| ViewerFact {
        could_us: measure(&seen.could),
        excess_us: measure(&seen.excess),
        times: Span::all(&seen.could.possible),
        over: seen.over.iter().map(|party| people.who(*party)).collect(),
        by_copy: false,
        did: seen.did + seen.by_alike,
        surely: seen.surely,
        tried: seen.tried,
        first: seen.times.map(|(first, _)| Instant::new(first)),
        last: seen.times.map(|(_, last)| Instant::new(last)),
        highest: seen.highest,
        by_members: seen.by_members,
        fields: seen.fields.clone(),
        verdict: match (
            seen.surely > 0 || seen.surely_by_members,
            seen.did + seen.by_alike > 0 || seen.by_members > 0 || seen.perhaps,
        ) {
            (true, _) => Verdict::Accessed,
            (false, true) => Verdict::NotDeterminable,
            (false, false) if negative != Verdict::NotDeterminable && unsure(party, &seen) => Verdict::NotDeterminable,
            (false, false) => negative,
        },
        who: people.who(party),
    };
    seen.into_iter().map(fact).collect()
}

/// What others did who are perhaps the same person, this one perhaps did.
fn perhaps_by_alike(seen: &mut BTreeMap<Party, Seen>, found: &[Found<'_>], same: &Same) {
    // Of each of whom others are perhaps the same: what any of them did, by resource and position, and whether more is possible.
    let mut all: BTreeMap<Person, (BTreeSet<(usize, usize)>, bool)> = BTreeMap::new();
    let reached = |viewer: &calculus::Viewer| {
        let did = viewer.did.iter().filter(|(_, rung)| **rung != calculus::Rung::Tried);
        did.map(|(position, _)| *position).collect::<Vec<usize>>()
    };
    let of = |party: &Party| match party {
        Party::Person(person) if same.is_perhaps_another(*person) => Some(same.first(*person)),
        _ => None,
    };
    for (number, found) in found.iter().enumerate() {
        for (party, viewer) in &found.exposure.viewers {
            let Some(first) = of(party) else { continue };
            let (did, perhaps) = all.entry(first).or_default();
            did.extend(reached(viewer).into_iter().map(|position| (number, position)));
            *perhaps |= viewer.perhaps;
        }
    }
    for (party, seen) in seen {
        let Some((did, perhaps)) = of(party).and_then(|first| all.get(&first)) else { continue };
        seen.by_alike = (did.len() as u64).saturating_sub(seen.did);
        seen.perhaps |= *perhaps;
    }
}

fn subjects(found: &[Found<'_>], people: &People<'_>, negative: Verdict, same: &Same) -> Vec<SubjectFact> {
    struct Inside {
        open: Times,
        categories: BTreeSet<crate::model::Category>,
        losses: u64,
        accesses: Range,
    }
    let mut all: BTreeMap<Person, Inside> = BTreeMap::new();
    let new = || Inside { open: Times::never(), categories: BTreeSet::new(), losses: 0, accesses: Range::default() };
    for found in found {
        for loss in people.told.losses.iter().filter(|loss| loss.resource == found.resource) {
            // Where it does not list everybody, whoever was inside may be among them.
            let others =
                found.exposure.subjects.keys().filter(|person| !loss.listed && !loss.subjects.contains(person));
            for person in loss.subjects.iter().chain(others) {
                all.entry(*person).or_insert_with(new).losses += 1;
            }
        }
        for (person, inside) in &found.exposure.subjects {
            let known = all.entry(*person).or_insert_with(new);
            known.open = known.open.union(&inside.open);
            known.categories.extend(&inside.categories);
        }
        for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != calculus::Rung::Tried) {
            for person in &found.accesses[judged.access].subjects {
                let known = all.entry(*person).or_insert_with(new);
                known.accesses.low += u64::from(judged.certain);
                known.accesses.high += 1;
                let access = &found.accesses[judged.access];
                known.categories.extend(access.categories.iter().chain(&access.perhaps_categories));
            }
        }
        // Where an act does not list everybody, whoever was inside may be among them.
        for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != calculus::Rung::Tried) {
            let access = &found.accesses[judged.access];
            if access.listed {
                continue;
            }
            for person in found.exposure.subjects.keys().filter(|person| !access.subjects.contains(person)) {
                all.entry(*person).or_insert_with(new).accesses.high += 1;
            }
        }
    }
    let mut alike: BTreeMap<Person, Vec<Person>> = BTreeMap::new();
    for person in all.keys().filter(|person| same.is_perhaps_another(**person)) {
        alike.entry(same.first(*person)).or_default().push(*person);
    }
    for found in found.iter().filter(|_| !alike.is_empty()) {
        for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != calculus::Rung::Tried) {
            let access = &found.accesses[judged.access];
            let named: BTreeSet<Person> = access.subjects.iter().map(|person| same.first(*person)).collect();
            // Whoever was inside was counted above, where it does not list everybody.
            let counted = |person: &Person| {
                access.subjects.contains(person) || !access.listed && found.exposure.subjects.contains_key(person)
            };
            for person in named.iter().filter_map(|first| alike.get(first)).flatten().filter(|it| !counted(it)) {
                all.entry(*person).or_insert_with(new).accesses.high += 1;
            }
        }
    }
    let fact = |(person, inside): (Person, Inside)| SubjectFact {
        identities: people.identities(person),
        open_us: measure(&inside.open),
        times: Span::all(&inside.open.possible),
        categories: inside.categories.iter().map(|category| Code(*category)).collect(),
        losses: inside.losses,
        accesses: inside.accesses,
        verdict: match inside.accesses {
            Range { low: 1.., .. } => Verdict::Accessed,
            Range { high: 1.., .. } => Verdict::NotDeterminable,
            _ => negative,
        },
    };
    all.into_iter().map(fact).collect()
}

fn oddities(found: &[Found<'_>], telling: &Telling, of_nothing: &BTreeSet<u64>) -> Vec<OddityFact> {
    let told = |what: interval::Oddity| match what {
        interval::Oddity::EndsBeforeItBegins => Oddity::EndsBeforeItBegins,
        interval::Oddity::ClosesNothing => Oddity::ClosesNothing,
        interval::Oddity::ExpiryNotEnforced => Oddity::ExpiryNotEnforced,
        interval::Oddity::GroupInsideItself => Oddity::GroupInsideItself,
        interval::Oddity::NoPathOnFile => Oddity::NoPathOnFile,
        interval::Oddity::PathWasClosed => Oddity::PathWasClosed,
        interval::Oddity::ForSomebodyShutOut => Oddity::ForSomebodyShutOut,
        interval::Oddity::OutsideTheGrant => Oddity::OutsideTheGrant,
        interval::Oddity::ContentNotOnFile => Oddity::ContentNotOnFile,
        interval::Oddity::HistoryNotHidden => Oddity::HistoryNotHidden,
    };
    let flagged = |what: Oddity| move |entry: u64| (what, Some(entry));
    let mut all: BTreeSet<(Oddity, Option<u64>)> =
        of_nothing.iter().copied().map(flagged(Oddity::AmendsNothing)).collect();
    let contradicting = found.iter().flat_map(|found| {
        let acts = found.exposure.accesses.iter().map(|judged| &found.accesses[judged.access]);
        acts.filter(|access| count::contradicts(found, access)).filter_map(|access| access.entries.first().copied())
    });
    let loses_more = |loss: &&telling::Loss| found.iter().any(|found| count::loses_more(found, loss));
    let contradicting = contradicting.chain(telling.losses.iter().filter(loses_more).map(|loss| loss.index));
    all.extend(contradicting.map(flagged(Oddity::CountsContradict)));
    let told_of = |access: &&Access| access.delivered.0.into_iter().chain(access.delivered.1).any(count::is_absurd);
    let absurd = found.iter().flat_map(|found| found.accesses.iter().filter(told_of));
    let absurd = absurd.flat_map(|access| access.entries.first().copied());
    let lost_of = |loss: &&telling::Loss| {
        let is_here = found.iter().any(|found| found.resource == loss.resource);
        is_here && loss.counted.0.into_iter().chain(loss.counted.1).any(count::is_absurd)
    };
    let absurd = absurd.chain(telling.losses.iter().filter(lost_of).map(|loss| loss.index));
    all.extend(absurd.map(flagged(Oddity::CountsAbsurd)));
    all.extend(loops::of_themselves(found, telling).into_iter().map(flagged(Oddity::RefersToItself)));
    for found in found {
        all.extend(found.exposure.oddities.iter().map(|(what, entry)| (told(*what), *entry)));
        let doubted = found.accesses.iter().filter(|access| access.when.clock_doubt);
        all.extend(doubted.map(|access| (Oddity::ClockDoubt, access.entries.first().copied())));
        let here = |resource: Resource| resource == found.resource;
        let concerns = |thing: &Thing| match thing {
            Thing::Grant { resource, .. } | Thing::Content { resource, .. } | Thing::Holding { resource, .. } => {
                here(*resource)
            }
            Thing::Membership { .. } | Thing::Suspension { .. } | Thing::Key { .. } | Thing::Restriction { .. } => true,
        };
        let edges = telling.edges.iter().filter(|edge| edge.when.clock_doubt);
        let edges = edges.filter(|edge| edge.thing.as_ref().is_none_or(concerns));
        all.extend(edges.map(|edge| (Oddity::ClockDoubt, Some(edge.index))));
        let losses = telling.losses.iter().filter(|loss| loss.when.clock_doubt && here(loss.resource));
        all.extend(losses.map(|loss| (Oddity::ClockDoubt, Some(loss.index))));
    }
    all.into_iter().map(|(what, entry)| OddityFact { what, entry: entry.map(EntryIndex) }).collect()
}

/// What sources state that have to log reads of these resources: those that the registry names for each, beside the feeds that
/// tell who is in a group; where it names none for one of them, every source that is known.
fn coverage_fact(
    question: &ExposureQuestion,
    evidence: &ExposureEvidence,
    names: &Names<'_>,
    period: &Span,
) -> CoverageFact {
    let documents = in_force(evidence, period);
    let declared = documents.iter().flat_map(|document| {
        question.resources.iter().map(|name| document.resource(name).map(|resource| (name, resource)))
    });
    let declared: Vec<Option<(&String, &registry::Resource)>> = declared.collect();
    let logging = declared.iter().map(|declared| declared.as_ref()?.1.read_logging_source.as_deref());
    let logging: Option<BTreeSet<&str>> = logging.collect::<Option<_>>().filter(|_| !documents.is_empty());
    let feeds = documents.iter().flat_map(|document| &document.groups).filter_map(|group| group.feed.as_deref());
    let mut sources = coverage::sources(&self::logging(evidence), names, period);
    if let Some(mut logging) = logging {
        logging.extend(feeds);
        sources.retain(|source| logging.contains(source.source.as_str()));
    }
    let unlogged = |(_, resource): &&(&String, &registry::Resource)| {
        matches!(resource.read_logging.as_deref(), Some("none" | "sampled"))
    };
    let number = |name: &String| evidence.told.resources.find(&Named::Registered(name.clone())).map(Resource);
    let numbers: Vec<Option<Resource>> = question.resources.iter().map(number).collect();
    let unregistered = numbers.iter().flatten().any(|resource| evidence.told.reported.unregistered.contains(resource));
    let downtimes = coverage::own_gaps(&evidence.downtimes, evidence.head.size, period);
    let mut limits = coverage::limits(&sources, evidence.head.recorded_at_us, period);
    let mut limit = |when: bool, limit: Limit| limits.extend(when.then_some(limit));
    limit(declared.iter().flatten().any(|declared| unlogged(&declared)), Limit::NotLogged);
    limit(unregistered, Limit::UnregisteredSource);
    // Of a name that nothing speaks of nothing can be excluded: most likely it is mistyped.
    limit(numbers.contains(&None), Limit::UnknownResource);
    limit(evidence.undetermined > 0, Limit::Undetermined);
    limit(evidence.pruned > 0, Limit::Removed);
    CoverageFact {
        sentence: coverage::sentence(&limits, &sources, &downtimes),
        limits: limits.into_iter().collect(),
        period: period.clone(),
        sources,
        downtimes,
        undetermined: evidence.undetermined,
    }
}

fn suppressed(known: &Suppressed) -> SuppressedFact {
    let Suppressed { index, reference, until } = known.clone();
    SuppressedFact { entry: EntryIndex(index), reference, until }
}

fn header(question: &ExposureQuestion, evidence: &ExposureEvidence, envelope: &Envelope, period: Span) -> Header {
    let controller = ControllerFacts::of(evidence.controller.as_ref());
    let human = [
        ("19", completeness::given(&question.remarks.open_questions)),
        ("20", completeness::given(&question.remarks.characterisation)),
    ];
    let own = Own {
        question: Question {
            resources: question.resources.clone(),
            size: question.size,
            cut_off: Instant::new(question.cut_off_us),
            period,
        },
        entries_proved: evidence.entries_proved,
        parts_closed: evidence.parts_closed,
        pruned: evidence.pruned,
        completeness: completeness::of_header_and(&completeness::of_header(&controller, envelope), human),
    };
    let what = (ReportType::Exposure, template::EXPOSURE, "counsel");
    Header::of(Common::of(what, controller, &evidence.head, envelope), own)
}
