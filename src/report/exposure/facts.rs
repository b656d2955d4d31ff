//! Evidence becomes facts: the calculus for each resource, then what is counted over all of them.

use super::answer;
use super::document::*;
use super::evidence::{ExposureEvidence, ExposureQuestion};
use crate::exposure::calculus::exposure::{self as calculus, Exposure, Manner, Told};
use crate::exposure::calculus::fact::{Access, Authorised, Party, Person, Resource, Thing};
use crate::exposure::calculus::interval::{self, Frame};
use crate::exposure::calculus::times::Times;
use crate::exposure::telling::Named;
use crate::model::{PartyKind, RegistryKind, ReportType};
use crate::report::access::coverage;
use crate::report::access::document::{
    Authorisation, EntryIndex, HeadFact, Limit, Name, PersonIdentity, Range, Span, Verdict,
};
use crate::report::access::registered::Names;
use crate::report::canonical::cut;
use crate::report::code::Code;
use crate::report::evidence::Envelope;
use crate::report::instant::Instant;
use crate::report::template;
use std::collections::{BTreeMap, BTreeSet};

/// Version of the JSON.
pub const FORMAT: &str = "whosaw-exposure-report/1";

/// Who could see, who did, who holds. The same arguments always give the same facts.
pub fn facts(question: &ExposureQuestion, evidence: &ExposureEvidence, envelope: &Envelope) -> ExposureReport {
    let names = Names::of(&evidence.registry);
    let frame = frame(question, evidence);
    let period = Span { from: Instant::new(frame.from), until: Instant::new(frame.cut_off) };
    let found: Vec<Found<'_>> =
        question.resources.iter().map(|name| Found::of(name, evidence, &names, frame)).collect();
    let coverage = coverage_fact(evidence, &names, &period);
    let told = People { evidence };
    let accesses: Vec<AccessFact> = found.iter().flat_map(|found| found.accesses(&told)).collect();
    let viewers = viewers(&found, &told, coverage.sentence);
    let subjects = subjects(&found, &told, coverage.sentence);
    let holdings: Vec<HoldingFact> = found.iter().flat_map(|found| found.holdings(&told)).collect();
    let totals = totals(&found, &viewers, &accesses, &holdings, &subjects);
    let mut report = ExposureReport {
        format: FORMAT.to_owned(),
        header: header(question, evidence, envelope, period),
        answer: answer::verdicts(&totals, coverage.sentence),
        totals,
        resources: found.iter().map(|found| found.resource(&told)).collect(),
        viewers,
        accesses,
        holdings,
        subjects,
        oddities: oddities(&found, evidence),
        coverage,
    };
    report.answer.text = answer::text(&report);
    report
}

/// What is asked lies between the first thing that was told of and the cut-off.
fn frame(question: &ExposureQuestion, evidence: &ExposureEvidence) -> Frame {
    let told = &evidence.told;
    let edges = told.edges.iter().map(|edge| edge.when.earliest);
    let times = edges.chain(told.accesses.iter().map(|access| access.when.earliest)).filter(|at| *at > 0);
    let from = times.chain([evidence.head.opened_at_us]).min().unwrap_or_default();
    Frame { from: from.min(question.cut_off_us), cut_off: question.cut_off_us }
}

/// One resource, and what the calculus says of it.
struct Found<'a> {
    name: &'a str,
    known: bool,
    accesses: Vec<Access>,
    exposure: Exposure,
}

impl<'a> Found<'a> {
    fn of(name: &'a str, evidence: &ExposureEvidence, names: &Names<'_>, frame: Frame) -> Self {
        let number = evidence.told.resources.find(&Named::Registered(name.to_owned()));
        // A number that nothing has: the calculus then says that nothing is known.
        let resource = Resource(number.unwrap_or(u32::MAX));
        let of_it = evidence.told.accesses.iter().filter(|access| access.resource == resource);
        let accesses: Vec<Access> = of_it.cloned().collect();
        let manner = Manner {
            permission_cache_us: names.seconds_us(RegistryKind::Dataset, name, "permission-cache-s"),
            hides_history: names.attribute(RegistryKind::Dataset, name, "history") == Some("hidden"),
        };
        let told = Told { resource, edges: &evidence.told.edges, accesses: &accesses, manner, frame };
        let exposure = Exposure::of(&told);
        Found { name, known: number.is_some(), exposure, accesses }
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

    fn accesses(&self, people: &People<'_>) -> Vec<AccessFact> {
        let fact = |judged: &calculus::Judged| {
            let access = &self.accesses[judged.access];
            let who = |party: &Party| people.who(*party);
            AccessFact {
                entries: access.entries.iter().map(|index| EntryIndex(*index)).collect(),
                resource: self.name.to_owned(),
                when: Span { from: Instant::new(access.when.earliest), until: Instant::new(access.when.latest) },
                who: access.chain.first().map_or(Who::Anyone, who),
                on_behalf_of: access.chain.iter().skip(1).map(who).collect(),
                shown_to: access.shown_to.iter().map(who).collect(),
                given_to: access.given_to.iter().map(who).collect(),
                one_of: judged.one_of.iter().map(who).collect(),
                unidentified: judged.unidentified,
                verb: Code(access.verb),
                outcome: Code(access.outcome),
                rung: rung(judged.rung),
                certain: judged.certain,
                authorisation: authorisation(judged.authorised),
                subjects: access.subjects.len() as u64,
                listed: access.listed,
                categories: access.categories.iter().map(|category| Code(*category)).collect(),
            }
        };
        self.exposure.accesses.iter().map(fact).collect()
    }

    fn holdings(&self, people: &People<'_>) -> Vec<HoldingFact> {
        let fact = |held: &interval::Interval| {
            let Thing::Holding { holder, .. } = held.thing else { return None };
            let (start, end) = (bound(held.start), bound(held.end));
            Some(HoldingFact { holder: people.who(holder), resource: self.name.to_owned(), start, end })
        };
        self.exposure.holdings.iter().filter_map(fact).collect()
    }
}

/// Puts names to parties.
struct People<'a> {
    evidence: &'a ExposureEvidence,
}

impl People<'_> {
    fn who(&self, party: Party) -> Who {
        match party {
            Party::Person(person) => Who::Person { identities: self.identities(person) },
            Party::Named(_, number) => match self.evidence.told.parties.name(number) {
                Some((kind, name)) => Who::Named { kind: Code(*kind), name: named(name) },
                None => Who::Named { kind: Code(PartyKind::Unspecified), name: Name::Closed },
            },
            Party::Anyone => Who::Anyone,
            Party::Unknown(entry, _) => Who::UnknownHuman { entry },
        }
    }

    fn identities(&self, person: Person) -> Vec<PersonIdentity> {
        let known = self.evidence.persons.get(person.0 as usize);
        known.into_iter().flatten().map(PersonIdentity::from).collect()
    }
}

fn named(name: &Named) -> Name {
    match name {
        Named::Registered(name) => Name::Registered(name.clone()),
        Named::Sealed(name) => Name::Unregistered(name.clone()),
        Named::Closed(..) => Name::Closed,
    }
}

fn bound(bound: interval::Bound) -> Bound {
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

fn authorisation(authorised: Authorised) -> Authorisation {
    match authorised {
        Authorised::Yes => Authorisation::Authorised,
        Authorised::No => Authorisation::Unauthorised,
        Authorised::Exceptional => Authorisation::Exceptional,
        Authorised::NotAssessed => Authorisation::NotAssessed,
    }
}

fn measure(times: &Times) -> Range {
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
}

fn viewers(found: &[Found<'_>], people: &People<'_>, negative: Verdict) -> Vec<ViewerFact> {
    let mut seen: BTreeMap<Party, Seen> = BTreeMap::new();
    for found in found {
        for (party, viewer) in &found.exposure.viewers {
            let all = seen.entry(*party).or_default();
            all.could = all.could.union(&viewer.could);
            all.excess = all.excess.union(&viewer.excess);
            all.over.extend(&viewer.over);
            all.perhaps |= viewer.perhaps;
            for (position, shows) in &viewer.did {
                let judged = &found.exposure.accesses[*position];
                let access = &found.accesses[judged.access];
                if *shows == calculus::Rung::Tried {
                    all.tried += 1;
                    continue;
                }
                all.did += 1;
                all.surely += u64::from(judged.certain);
                let (first, last) = all.times.unwrap_or((access.when.earliest, access.when.latest));
                all.times = Some((first.min(access.when.earliest), last.max(access.when.latest)));
                all.highest = all.highest.max(Some(rung(*shows)));
            }
        }
    }
    let fact = |(party, seen): (Party, Seen)| ViewerFact {
        who: people.who(party),
        could_us: measure(&seen.could),
        excess_us: measure(&seen.excess),
        times: Span::all(&seen.could.possible),
        over: seen.over.iter().map(|party| people.who(*party)).collect(),
        did: seen.did,
        surely: seen.surely,
        tried: seen.tried,
        first: seen.times.map(|(first, _)| Instant::new(first)),
        last: seen.times.map(|(_, last)| Instant::new(last)),
        highest: seen.highest,
        verdict: match (seen.surely > 0, seen.did > 0 || seen.perhaps) {
            (true, _) => Verdict::Accessed,
            (false, true) => Verdict::NotDeterminable,
            (false, false) => negative,
        },
    };
    seen.into_iter().map(fact).collect()
}

fn subjects(found: &[Found<'_>], people: &People<'_>, negative: Verdict) -> Vec<SubjectFact> {
    struct Inside {
        open: Times,
        categories: BTreeSet<crate::model::Category>,
        accesses: Range,
    }
    let mut all: BTreeMap<Person, Inside> = BTreeMap::new();
    let new = || Inside { open: Times::never(), categories: BTreeSet::new(), accesses: Range::default() };
    for found in found {
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
                known.categories.extend(&found.accesses[judged.access].categories);
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
    let fact = |(person, inside): (Person, Inside)| SubjectFact {
        identities: people.identities(person),
        open_us: measure(&inside.open),
        times: Span::all(&inside.open.possible),
        categories: inside.categories.iter().map(|category| Code(*category)).collect(),
        accesses: inside.accesses,
        verdict: match inside.accesses {
            Range { low: 1.., .. } => Verdict::Accessed,
            Range { high: 1.., .. } => Verdict::NotDeterminable,
            _ => negative,
        },
    };
    all.into_iter().map(fact).collect()
}

fn totals(
    found: &[Found<'_>],
    viewers: &[ViewerFact],
    accesses: &[AccessFact],
    holdings: &[HoldingFact],
    subjects: &[SubjectFact],
) -> Totals {
    let union = |times: fn(&Exposure) -> &Times| {
        measure(&found.iter().fold(Times::never(), |all, found| all.union(times(&found.exposure))))
    };
    let people = Counted::of(found);
    let machine = |who: &Who| match who {
        Who::Named { kind, .. } => matches!(kind.0, PartyKind::Agent | PartyKind::Service),
        _ => false,
    };
    let ran: Vec<&ViewerFact> = viewers.iter().filter(|viewer| machine(&viewer.who) && viewer.did > 0).collect();
    let surely_ran = ran.iter().filter(|viewer| viewer.surely > 0).count();
    let successes = || accesses.iter().filter(|access| access.rung != Rung::Tried);
    let judged = |value: Authorisation| successes().filter(|access| access.authorisation == value).count() as u64;
    let surely_unauthorised =
        successes().filter(|access| access.certain && access.authorisation == Authorisation::Unauthorised).count();
    let exposed = |subject: &&SubjectFact| subject.open_us.high > 0 || subject.accesses.high > 0;
    let surely_exposed = |subject: &&SubjectFact| subject.open_us.low > 0 || subject.accesses.low > 0;
    Totals {
        open_us: union(|exposure| &exposure.open),
        unauthorised_us: union(|exposure| &exposure.unauthorised),
        people_could: people.could,
        people_saw: people.saw,
        people_given: people.given,
        machines: Range { low: surely_ran as u64, high: ran.len() as u64 },
        uncountable: found.iter().any(|found| found.exposure.uncountable),
        subjects: Range {
            low: subjects.iter().filter(surely_exposed).count() as u64,
            high: subjects.iter().filter(exposed).count() as u64,
        },
        subjects_determined: found.iter().all(|found| found.exposure.determined),
        attempts: accesses.iter().filter(|access| access.rung == Rung::Tried).count() as u64,
        holdings_open: holdings.iter().filter(|held| matches!(held.end.known, Known::Open | Known::Unknown)).count()
            as u64,
        unauthorised_accesses: Range { low: surely_unauthorised as u64, high: judged(Authorisation::Unauthorised) },
        not_assessed_accesses: judged(Authorisation::NotAssessed),
        exceptional_accesses: judged(Authorisation::Exceptional),
        successes: successes().count() as u64,
    }
}

/// People, by what they could and did. Distinct people, never products; somebody of whom nothing is known may be one of the
/// others, an account is one of its members, and whoever is not told apart is anybody or nobody.
struct Counted {
    could: Range,
    saw: Range,
    given: Range,
}

impl Counted {
    fn of(found: &[Found<'_>]) -> Self {
        let (mut could, mut surely_could) = (BTreeSet::new(), BTreeSet::new());
        let (mut saw, mut surely_saw) = (BTreeSet::new(), BTreeSet::new());
        let (mut given, mut surely_given) = (BTreeSet::new(), BTreeSet::new());
        let (mut unidentified, mut accounts): (u64, Vec<&BTreeSet<Party>>) = (0, Vec::new());
        for found in found {
            for (party, viewer) in found.exposure.viewers.iter().filter(|(party, _)| party.is_human()) {
                if !viewer.could.is_never() {
                    could.insert(*party);
                }
                if !viewer.could.certain.is_empty() {
                    surely_could.insert(*party);
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
            for judged in found.exposure.accesses.iter().filter(|judged| judged.rung != calculus::Rung::Tried) {
                unidentified += u64::from(judged.unidentified);
                saw.extend(&judged.one_of);
                if judged.certain && !judged.unidentified && !judged.one_of.is_empty() {
                    accounts.push(&judged.one_of);
                }
            }
        }
        // An account that acted was somebody; that may be one who is counted already.
        let somebody = accounts.iter().any(|members| members.is_disjoint(&surely_saw));
        // Whoever surely saw it is not counted as given it again.
        let given: BTreeSet<Party> = given.difference(&surely_saw).copied().collect();
        let surely_given: BTreeSet<Party> = surely_given.difference(&saw).copied().collect();
        let range =
            |sure: &BTreeSet<Party>, all: &BTreeSet<Party>| Range { low: distinct(sure), high: all.len() as u64 };
        let seen = range(&surely_saw, &saw);
        let low = seen.low + u64::from(somebody);
        Counted {
            could: range(&surely_could, &could),
            saw: Range { low, high: (seen.high + unidentified).max(low) },
            given: range(&surely_given, &given),
        }
    }
}

/// At least so many: those of whom nothing is known may all be one, or one of the others.
fn distinct(people: &BTreeSet<Party>) -> u64 {
    let known = people.iter().filter(|party| matches!(party, Party::Person(_))).count() as u64;
    known.max(u64::from(!people.is_empty()))
}

fn oddities(found: &[Found<'_>], evidence: &ExposureEvidence) -> Vec<OddityFact> {
    let told = |what: interval::Oddity| match what {
        interval::Oddity::EndsBeforeItBegins => Oddity::EndsBeforeItBegins,
        interval::Oddity::ClosesNothing => Oddity::ClosesNothing,
        interval::Oddity::ExpiryNotEnforced => Oddity::ExpiryNotEnforced,
        interval::Oddity::GroupInsideItself => Oddity::GroupInsideItself,
        interval::Oddity::NoPathOnFile => Oddity::NoPathOnFile,
        interval::Oddity::PathWasClosed => Oddity::PathWasClosed,
        interval::Oddity::ContentNotOnFile => Oddity::ContentNotOnFile,
    };
    let mut all: BTreeSet<(Oddity, Option<u64>)> = BTreeSet::new();
    for found in found {
        all.extend(found.exposure.oddities.iter().map(|(what, entry)| (told(*what), *entry)));
        let doubted = found.accesses.iter().filter(|access| access.when.clock_doubt);
        all.extend(doubted.map(|access| (Oddity::ClockDoubt, access.entries.first().copied())));
    }
    let amended = evidence.told.amendments.iter();
    all.extend(
        amended.map(|amending| {
            (if amending.retracts { Oddity::Retracted } else { Oddity::Corrected }, Some(amending.index))
        }),
    );
    all.into_iter().map(|(what, entry)| OddityFact { what, entry: entry.map(EntryIndex) }).collect()
}

fn coverage_fact(evidence: &ExposureEvidence, names: &Names<'_>, period: &Span) -> CoverageFact {
    let sources = coverage::sources(&evidence.registry, &evidence.coverage, evidence.head.size, names, period);
    let downtimes = coverage::own_gaps(&evidence.downtimes, evidence.head.size, period);
    let mut limits = coverage::limits(&sources, evidence.head.recorded_at_us, period);
    limits.extend((evidence.undetermined > 0).then_some(Limit::Undetermined));
    limits.extend((evidence.pruned > 0).then_some(Limit::Removed));
    CoverageFact {
        sentence: coverage::sentence(&limits, &sources, &downtimes),
        period: period.clone(),
        sources,
        downtimes,
        undetermined: evidence.undetermined,
    }
}

fn header(question: &ExposureQuestion, evidence: &ExposureEvidence, envelope: &Envelope, period: Span) -> Header {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Header {
        report_id: uuid::Uuid::from_bytes(envelope.report_id).to_string(),
        report_type: Code(ReportType::Exposure),
        template: template::fact(template::EXPOSURE),
        legal_snapshot: template::LEGAL_SNAPSHOT.trim().to_owned(),
        controller: None,
        requester: given(&envelope.generated_by),
        reference: given(&envelope.reference),
        generated_at: Instant::new(envelope.generated_at_us),
        question: Question {
            resources: question.resources.clone(),
            size: question.size,
            cut_off: Instant::new(question.cut_off_us),
            period,
        },
        as_known_at: HeadFact::of(&evidence.head),
        entries_proved: evidence.entries_proved,
        parts_closed: evidence.parts_closed,
        pruned: evidence.pruned,
        redaction_profile: "counsel".to_owned(),
    }
}
