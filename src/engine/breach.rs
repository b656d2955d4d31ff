//! The breach file and the persons concerned: the exposure report of a case's resources, as known now and to each
//! notification, beside what the case's steps say.

use super::access::{Produced, Pull, body_of};
use super::again::{Again, made};
use super::lost::rests_on;
use super::proving::Proving;
use super::read::join_content;
use super::resealed::Resealed;
use super::superseded::{Earlier, Which};
use super::{EngineError, OpenLedger};
use crate::exposure::calculus::fact::{Party, Person, Resource, Thing};
use crate::exposure::telling::{Named, Stands};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::Report;
use crate::report::access::document::PersonIdentity;
use crate::report::access::registered::Names;
use crate::report::breach::case::{Case, CaseId};
use crate::report::breach::evidence::{
    Act, AsOf, BreachEvidence, BreachQuestion, Moved, OtherParty, Place, Reported, Then, Whose,
};
use crate::report::breach::{self};
use crate::report::evidence::Envelope;
use crate::report::exposure::evidence::{ExposureEvidence, ExposureQuestion, Remarks};
use crate::report::exposure::{self, ExposureReport};
use crate::report::question::RecordedBreach;
use crate::vault::{self, PersonId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use whosaw_verifier::body::ActionBody;
use whosaw_verifier::part::ContentPart;

/// Places of one person that are looked at for an identifier.
const PLACES_MAX: usize = 4_096;

/// What is asked for; what is left out is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachAsked {
    pub case: CaseId,
    /// 0: the size now.
    pub size: u64,
    /// Absent: when the last entry below the size was recorded.
    pub cut_off_us: Option<u64>,
    pub pull: Pull,
    /// The entry of an earlier report of this type on the case, which this one supersedes.
    pub supersedes: Option<u64>,
}

impl OpenLedger {
    /// Makes the breach file (`ReportType::Breach`) or the list of persons concerned (`ReportType::Persons`), and records
    /// that it left the house, before it does.
    pub async fn produce_breach_report(
        self: &Arc<Self>,
        report_type: ReportType,
        asked: BreachAsked,
        caller: &Caller,
        progress: impl Fn(u64, u64) + Send + Sync + 'static,
    ) -> Result<Produced, EngineError> {
        let (open, generated_by) = (Arc::clone(self), caller.name.clone());
        let gathered = tokio::task::spawn_blocking(move || {
            let (size, cut_off_us) = open.as_of(asked.size, asked.cut_off_us)?;
            let question = BreachQuestion { case: asked.case, size, cut_off_us, supersedes: asked.supersedes };
            let envelope = open.new_envelope(generated_by, asked.pull)?;
            let head = open.head(size)?;
            let produced = open.breach_produced(report_type, &question, &envelope, 0, &progress)?;
            let made = made(&produced, envelope.language)?;
            Ok::<_, EngineError>((RecordedBreach { question, envelope, made }, head, produced))
        });
        let (recorded, head, produced) = gathered.await.map_err(|_| EngineError::internal("the search stopped"))??;
        let body = body_of(report_type, &recorded.envelope, recorded.question.cut_off_us);
        let index = self.record_report(body, recorded.write()?, None, &head, caller).await?;
        self.signed(Produced { index, ..produced })
    }

    pub(super) fn breach_produced(
        &self,
        report_type: ReportType,
        question: &BreachQuestion,
        envelope: &Envelope,
        index: u64,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Produced, EngineError> {
        let evidence = self.breach_evidence(report_type, question, envelope, progress)?;
        let mut report = match report_type {
            ReportType::Persons => Report::Persons(Box::new(breach::persons(question, &evidence, envelope))),
            _ => Report::Breach(Box::new(breach::facts(question, &evidence, envelope))),
        };
        drop(evidence);
        if let Some(earlier) = question.supersedes {
            let asked = |bytes: &[u8]| {
                let asked = RecordedBreach::read(bytes)?.question;
                Some(Earlier { is_same: asked.case == question.case, supersedes: asked.supersedes })
            };
            let which = Which { index: earlier, size: question.size, report_type, asked: &asked };
            self.supersede(&mut report, &which, progress)?;
        }
        Ok(Produced {
            report,
            report_id: envelope.report_id,
            index,
            size: question.size,
            rows_missing: 0,
            again: Again::First,
            json: Vec::new(),
            note: String::new(),
        })
    }

    fn breach_evidence(
        &self,
        report_type: ReportType,
        question: &BreachQuestion,
        envelope: &Envelope,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<BreachEvidence, EngineError> {
        let head = self.projected_head(question.size)?;
        let unknown = || EngineError::not_found("this ledger knew no case of this id at this size");
        let case = self.case_below(&question.case, question.size)?.ok_or_else(unknown)?;
        let mut then = Vec::new();
        // Who is concerned is asked of now alone.
        let submitted = case.each(CaseStep::Submitted).filter(|_| report_type == ReportType::Breach);
        for step in submitted {
            // What was submitted from a size before its case was opened rests on what was known at that size, and on what the
            // case had told when it was submitted.
            let on_file = step.report.is_some() || self.head(step.size)?.recorded_at_us <= step.at_us();
            // What is stated afterwards, and from no size: what was known to the ledger when it was sent, if anything.
            let size = match on_file || step.size < step.index {
                true => Some(step.size),
                false => self.size_at(step.at_us())?,
            };
            let known = |size: u64| Some((case.at(size).or_else(|| case.at(step.index))?, size));
            let as_of = match size.and_then(known) {
                None => None,
                Some((known, size)) => {
                    let cut_off_us = self.head(size)?.recorded_at_us;
                    let as_known = (size, question.size);
                    Some(self.case_as_of(known, as_known, cut_off_us, envelope, progress)?)
                }
            };
            then.push(Then { entry: step.index, on_file, as_of });
        }
        let now = self.case_known(case, question.size, question.cut_off_us, envelope, progress)?;
        let also_known_as = match report_type {
            ReportType::Persons => self.also_known_as(&now.exposure, &head)?,
            _ => BTreeMap::new(),
        };
        Ok(BreachEvidence { head: head.head, now, then, profile: self.profile_at(question.size)?, also_known_as })
    }

    /// By what else people can be reached whom a case concerns: strong identifiers that entries below the head's size show of
    /// whoever is surely the same person.
    fn also_known_as(
        &self,
        exposure: &ExposureReport,
        head: &Proving,
    ) -> Result<BTreeMap<usize, Vec<Identity>>, EngineError> {
        let mut all = BTreeMap::new();
        for (at, subject) in exposure.subjects.iter().enumerate().filter(|(_, subject)| subject.is_concerned()) {
            let shown: Vec<Identity> = subject.identities.iter().map(Identity::from).collect();
            let strong = shown.iter().find(|identity| identity.strength != Strength::Weak);
            let Some(person) = strong.map(|identity| self.vault.find(identity)).transpose()?.flatten() else {
                continue;
            };
            let mut known = Vec::new();
            for id in self.vault.linked(person)? {
                let mut wanted = self.vault.identities(id)?;
                let reaches =
                    |it: &Identity| it.strength != Strength::Weak && breach::reached_by(&it.namespace).is_some();
                wanted.retain(|identity| reaches(identity) && !shown.contains(identity));
                known.extend(self.shown_below(id, wanted, head)?);
            }
            if !known.is_empty() {
                all.insert(at, known);
            }
        }
        Ok(all)
    }

    /// Which of these identifiers of a person entries below the head's size show: what came later was not known then.
    fn shown_below(
        &self,
        id: PersonId,
        mut wanted: Vec<Identity>,
        head: &Proving,
    ) -> Result<Vec<Identity>, EngineError> {
        let mut found = Vec::new();
        if wanted.is_empty() {
            return Ok(found);
        }
        let places = self.vault.occurrences(id)?.into_iter().filter(|place| place.index < head.size);
        for place in places.take(PLACES_MAX) {
            let Some(entry) = self.ledger.entry(place.index)? else { continue };
            for (_, part) in self.open_proved(&entry, &[place.ordinal], head)? {
                let shown = part.person.iter().flat_map(|person| &person.identities).map(vault::identity_of);
                let shown: Vec<Identity> = shown.collect();
                found.extend(wanted.extract_if(.., |identity| shown.contains(identity)));
            }
            if wanted.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    /// The same without a notification to compare with, as of now: for the register, and for whoever looks at a case.
    pub(super) fn case_now(&self, case: Case, size: u64) -> Result<AsOf, EngineError> {
        let cut_off_us = self.head(size)?.recorded_at_us;
        let envelope = self.new_envelope(String::new(), Pull::in_english())?;
        self.case_known(case, size, cut_off_us, &envelope, &|_, _| {})
    }

    /// As entries below a size tell it, with what steps of the case had counted before erasures.
    fn case_known(
        &self,
        case: Case,
        size: u64,
        cut_off_us: u64,
        envelope: &Envelope,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<AsOf, EngineError> {
        let mut now = self.case_as_of(case, (size, size), cut_off_us, envelope, progress)?;
        now.carried = self.carried(&now, size, envelope, progress)?;
        Ok(now)
    }

    /// As entries below a size tell it. `known`: erasures below this larger size are counted too, because what they took is
    /// gone from what was known before, and nobody may read what is left as all.
    pub(super) fn case_as_of(
        &self,
        case: Case,
        (size, known): (u64, u64),
        cut_off_us: u64,
        envelope: &Envelope,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<AsOf, EngineError> {
        let resources = case.resources();
        let question = ExposureQuestion {
            resources: resources.clone(),
            size,
            cut_off_us,
            supersedes: None,
            remarks: Remarks::default(),
        };
        let mut evidence = self.exposure_evidence(&question, progress)?;
        if known > size {
            evidence.erased_at_most = self.erased_at_most(known)?;
        }
        let exposure = exposure::facts(&question, &evidence, envelope);
        let entries = self.exposing(&question, size)?;
        let house = House::of(&evidence);
        let (head, mut acts) = (Proving::under(evidence.head.clone()), Vec::new());
        let mut resealed = Resealed::of(self);
        for entry in entries.values() {
            acts.extend(self.act_in(entry, &resources, &house, (&head, &mut resealed))?);
        }
        let period = self.period_of(&case, size)?;
        let period_with_everything = self.period_of(&case.with_everything(), size)?;
        let erased = self.erased_of(&case, &entries, &rests_on(&evidence, &acts, &resources), size)?;
        let (moved, places) = (moved(&evidence, &exposure), places(&evidence, &resources));
        let inside = inside(&evidence, &exposure, &resources);
        let mut reported = reported(&evidence, &exposure, &resources, cut_off_us);
        for act in &mut reported {
            act.recorded_at_us = match entries.get(&act.index) {
                Some(entry) => entry.header.recorded_at_us,
                None => self.ledger.entry(act.index)?.map_or(act.latest_us, |entry| entry.header.recorded_at_us),
            };
        }
        let registry = evidence.controller;
        Ok(AsOf {
            case,
            exposure,
            acts,
            reported,
            moved,
            inside,
            places,
            registry,
            period,
            period_with_everything,
            erased,
            carried: None,
            cut_off_us,
        })
    }

    /// Whoever of the house reached a case's resources, let somebody reach them, or caused it. Blocks.
    pub(super) fn house_in(&self, case: &Case, size: u64) -> Result<BTreeSet<Identity>, EngineError> {
        let cut_off_us = self.head(size)?.recorded_at_us;
        let question = ExposureQuestion {
            resources: case.resources(),
            size,
            cut_off_us,
            supersedes: None,
            remarks: Remarks::default(),
        };
        let evidence = self.exposure_evidence(&question, &|_, _| {})?;
        let envelope = self.new_envelope(String::new(), Pull::in_english())?;
        let exposure = exposure::facts(&question, &evidence, &envelope);
        let house = House::of(&evidence);
        let own = house.own.iter().filter_map(|party| match party {
            Party::Person(person) => evidence.persons.get(person.0 as usize),
            _ => None,
        });
        let own: BTreeSet<&Identity> = own.flatten().collect();
        fn key(identity: &PersonIdentity) -> (&str, &[String]) {
            (&identity.namespace, &identity.fields)
        }
        let subjects: HashSet<(&str, &[String])> =
            exposure.subjects.iter().flat_map(|it| it.identities.iter().map(key)).collect();
        let mut people = BTreeSet::new();
        for identities in exposure.everybody() {
            let is_subject = identities.iter().any(|identity| subjects.contains(&key(identity)));
            let theirs: Vec<Identity> = identities.iter().map(Identity::from).collect();
            if !is_subject || theirs.iter().any(|identity| own.contains(identity)) {
                people.extend(theirs);
            }
        }
        Ok(people)
    }

    /// What the exposure report does not keep of an entry.
    fn act_in(
        &self,
        entry: &StoredEntry,
        resources: &[String],
        house: &House,
        (head, resealed): (&Proving, &mut Resealed<'_>),
    ) -> Result<Option<Act>, EngineError> {
        let Some(body) = entry.action() else { return Ok(None) };
        let sealed = [
            NamedField::Dataset,
            NamedField::FactResource,
            NamedField::RecordDataset,
            NamedField::RecipientName,
            NamedField::SubjectKind,
        ];
        let content = if sealed.iter().any(|field| body.sealed_names.contains(field)) {
            let ordinals: Vec<u32> = (0..entry.header.parts).collect();
            let opened = self.open_proved(entry, &ordinals, head)?;
            match join_content(opened.iter().map(|(_, part)| part)) {
                None if body.parts.iter().any(|group| group.holds_content) => resealed.content(entry.header.index)?,
                content => content,
            }
        } else {
            None
        };
        Ok(Some(act_of(entry, &body, content.as_ref(), resources, house)))
    }
}

/// Who is of the house, as far as the ledger and the registry tell.
struct House {
    /// Whoever acted first in each entry.
    actors: BTreeMap<u64, Party>,
    own: BTreeSet<Party>,
}

impl House {
    fn of(evidence: &ExposureEvidence) -> Self {
        let told = &evidence.told;
        let mut own = BTreeSet::new();
        for edge in &told.edges {
            if let Some(Thing::Membership { member, .. }) = edge.thing {
                own.insert(member);
            }
        }
        let roles = evidence.controller.iter().flat_map(|known| &known.document.roles);
        let named: BTreeSet<(&str, &[String])> = roles
            .flat_map(|role| &role.persons)
            .map(|person| (person.namespace.as_str(), person.fields.as_slice()))
            .collect();
        for (number, identities) in (0u32..).zip(&evidence.persons) {
            let mut known = identities.iter().map(|it| (it.namespace.as_str(), it.fields.as_slice()));
            if known.any(|identity| named.contains(&identity)) {
                own.insert(Party::Person(Person(number)));
            }
        }
        let actors = told.acts.iter().filter_map(|(index, act)| Some((*index, *act.chain.first()?)));
        House { actors: actors.collect(), own }
    }

    fn whose(&self, entry: u64, kind: Option<PartyKind>) -> Whose {
        let is_own = || self.actors.get(&entry).is_some_and(|party| self.own.contains(party));
        match kind {
            Some(PartyKind::Agent | PartyKind::Service) => Whose::Own,
            Some(PartyKind::Human) if is_own() => Whose::Own,
            Some(PartyKind::Public | PartyKind::Organisation) => Whose::Outside,
            Some(PartyKind::Human | PartyKind::Group | PartyKind::Unspecified) | None => Whose::Unknown,
        }
    }
}

type Key<'a> = Vec<(&'a str, &'a [String])>;

/// Where the exposure report lists each person.
struct Listed<'a> {
    evidence: &'a ExposureEvidence,
    at: HashMap<Key<'a>, usize>,
}

impl<'a> Listed<'a> {
    fn of(evidence: &'a ExposureEvidence, exposure: &'a ExposureReport) -> Self {
        let at = (0..).zip(&exposure.subjects).map(|(at, subject)| {
            let identities = subject.identities.iter();
            (identities.map(|it| (it.namespace.as_str(), it.fields.as_slice())).collect(), at)
        });
        Listed { evidence, at: at.collect() }
    }

    fn at(&self, person: &Person) -> Option<usize> {
        let known = self.evidence.persons.get(person.0 as usize).into_iter().flatten();
        let key: Key<'_> = known.map(|it| (it.namespace.as_str(), it.fields.as_slice())).collect();
        self.at.get(&key).copied()
    }
}

/// Whose data each act moved, as the exposure report lists persons.
fn moved(evidence: &ExposureEvidence, exposure: &ExposureReport) -> BTreeMap<u64, Moved> {
    let listed = Listed::of(evidence, exposure);
    let mut all = BTreeMap::new();
    for access in &evidence.told.accesses {
        let subjects = access.subjects.iter().filter_map(|person| listed.at(person));
        let moved = Moved { subjects: subjects.collect(), listed: access.listed };
        for entry in &access.entries {
            // What went into a tool and what came back of it stand in one entry.
            let known = all.entry(*entry).or_insert_with(|| moved.clone());
            known.subjects.extend(&moved.subjects);
            known.listed &= moved.listed;
        }
    }
    all
}

/// Acts on the case's resources that say what steps of a case say too; when each was recorded is not told here.
fn reported(
    evidence: &ExposureEvidence,
    exposure: &ExposureReport,
    resources: &[String],
    cut_off_us: u64,
) -> Vec<Reported> {
    let (listed, told) = (Listed::of(evidence, exposure), &evidence.told);
    let number = |name: &String| told.resources.find(&Named::Registered(name.clone())).map(Resource);
    let resources: BTreeSet<Resource> = resources.iter().filter_map(number).collect();
    let verbs = [Verb::IncidentDetect, Verb::IncidentAware, Verb::NotifyAuthority, Verb::NotifySubject];
    let at = |persons: &mut dyn Iterator<Item = Person>| -> BTreeSet<usize> {
        persons.filter_map(|person| listed.at(&person)).collect()
    };
    let mut all = Vec::new();
    for act in told.acts.values() {
        let of_these = act.resource.is_some_and(|resource| resources.contains(&resource));
        if !verbs.contains(&act.verb) || !of_these || act.when.earliest > cut_off_us {
            continue;
        }
        let stands = told.stands(act.index);
        if stands == Stands::No {
            continue;
        }
        let accesses = || told.accesses.iter().filter(|access| access.entries.contains(&act.index));
        let given = || accesses().flat_map(|access| &access.given_to);
        let persons = given().filter_map(|party| if let Party::Person(person) = party { Some(*person) } else { None });
        all.push(Reported {
            index: act.index,
            recorded_at_us: 0,
            earliest_us: act.when.earliest,
            latest_us: act.when.latest,
            verb: act.verb,
            outcome: act.outcome,
            by: act.chain.iter().map(|party| exposure::who(evidence, *party)).collect(),
            contested: stands == Stands::Contested,
            subjects: at(&mut act.subjects.iter().copied()),
            recipients: at(&mut { persons }),
            says_to_whom: given().next().is_some(),
        });
    }
    all.sort_by_key(|act| act.index);
    all
}

/// In which of the case's resources anything tells that a person's data was.
fn inside(
    evidence: &ExposureEvidence,
    exposure: &ExposureReport,
    resources: &[String],
) -> BTreeMap<usize, BTreeSet<String>> {
    let (listed, told) = (Listed::of(evidence, exposure), &evidence.told);
    let number = |name: &String| told.resources.find(&Named::Registered(name.clone()));
    let names: HashMap<Resource, &String> =
        resources.iter().filter_map(|name| Some((Resource(number(name)?), name))).collect();
    let contents = told.edges.iter().filter_map(|edge| match edge.thing {
        Some(Thing::Content { resource, subject: Some(subject) }) => Some((resource, subject)),
        _ => None,
    });
    let accesses = told.accesses.iter().flat_map(|it| it.subjects.iter().map(|subject| (it.resource, *subject)));
    let losses = told.losses.iter().flat_map(|it| it.subjects.iter().map(|subject| (it.resource, *subject)));
    let mut all: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let pairs: BTreeSet<(Resource, Person)> = contents.chain(accesses).chain(losses).collect();
    for (resource, subject) in pairs {
        if let (Some(name), Some(at)) = (names.get(&resource), listed.at(&subject)) {
            all.entry(at).or_default().insert((*name).clone());
        }
    }
    all
}

/// As the registry in force says it, else as it was made public with the name.
fn places(evidence: &ExposureEvidence, resources: &[String]) -> Vec<Place> {
    let names = Names::of(&evidence.registry);
    let place = |name: &String| {
        let known = evidence.controller.as_ref();
        let declared = known.and_then(|known| known.document.resource(name)?.location.clone());
        let entry = known.map(|known| known.entry).filter(|_| declared.is_some());
        let public = || names.attribute(RegistryKind::Dataset, name, "location").map(str::to_owned);
        Place { resource: name.clone(), location: declared.or_else(public), entry }
    };
    resources.iter().map(place).collect()
}

/// A name in the open, or sealed in the content.
fn name<'a>(public: &'a str, content: Option<&'a ContentPart>, field: NamedField, position: usize) -> &'a str {
    if !public.is_empty() {
        return public;
    }
    let names = content.into_iter().flat_map(|content| &content.names);
    let mut of_it = names.filter(|name| name.field == field && name.position as usize == position);
    of_it.next().map_or("", |name| &name.value)
}

fn act_of(
    entry: &StoredEntry,
    body: &ActionBody,
    content: Option<&ContentPart>,
    resources: &[String],
    house: &House,
) -> Act {
    let dataset = name(&body.dataset, content, NamedField::Dataset, 0);
    let is_known = |name: &str| resources.iter().any(|resource| resource == name);
    let facts = || body.facts.iter().enumerate();
    let of_fact = |(position, fact): (usize, &whosaw_verifier::body::Fact)| {
        let resource = name(&fact.resource, content, NamedField::FactResource, position);
        is_known(if resource.is_empty() { dataset } else { resource })
    };
    let subjects = || body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
    let party = |(position, recipient): (usize, &whosaw_verifier::body::Recipient)| OtherParty {
        kind: recipient.kind,
        name: name(&recipient.name, content, NamedField::RecipientName, position).to_owned(),
    };
    let occurred = body.occurred.as_ref().map(|occurred| occurred.earliest_us).filter(|us| !is_of_no_clock(*us));
    let (index, recorded_at_us) = (entry.header.index, entry.header.recorded_at_us);
    let of_records = || {
        let names = content.into_iter().flat_map(|content| &content.names);
        let mut of_records = names.filter(|name| name.field == NamedField::RecordDataset);
        of_records.any(|name| is_known(&name.value))
    };
    let names_resource = [NamedField::Dataset, NamedField::FactResource, NamedField::RecordDataset];
    Act {
        index,
        at_us: occurred.map_or(recorded_at_us, |us| us.min(recorded_at_us)),
        verb: body.verb,
        is_of_resources: is_known(dataset)
            || body.record_datasets.iter().any(|name| is_known(name))
            || of_records()
            || facts().any(of_fact),
        unnamed: content.is_none() && names_resource.iter().any(|field| body.sealed_names.contains(field)),
        by: house.whose(index, body.actors.first().map(|actor| actor.kind)),
        names_subjects: subjects().next().is_some(),
        kinds: subjects().map(|group| group.kind.clone()).filter(|kind| !kind.is_empty()).collect(),
        recipients: body.recipients.iter().enumerate().map(party).collect(),
        delivered: body.records_delivered.as_ref().map(|q| Quantity { precision: q.precision, count: q.count }),
        protected: body.protection.as_ref().is_some_and(|it| it.encrypted || it.pseudonymised),
    }
}
