//! What the ledger can say of the form's fields (REPORTS 1.4), each with the entries behind it. What it cannot say is left
//! out, so that a person is asked; nothing is ever filled in to look complete.

use super::case::{Case, Step};
use super::evidence::{Act, AsOf, OtherParty, Reported, Whose};
use super::informed::{Informed, Reach, is_before};
use super::registered;
use crate::law::{Profile, calendar};
use crate::model::{CaseStep, Channel, Delivery, Outcome, PartyKind, Precision, RecipientKind, Verb};
use crate::report::access::document::{Authorisation, Name, Verdict};
use crate::report::canonical::INTEGER_MAX;
use crate::report::exposure::document::{
    AccessFact, Bound, Form, HoldingFact, Known, LossFact, Lost, PathFact, Recovery, Rung, Who,
};
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill, word};
use std::collections::{BTreeMap, BTreeSet};

/// Accesses of one sort to one resource that the timeline tells one by one.
const EACH: usize = 8;

/// What the ledger says of one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Derived {
    pub values: Vec<String>,
    pub entries: Vec<u64>,
    /// The registry alone says it, where the ledger might have.
    pub registered: bool,
}

/// What was breached, when, and what shows it.
pub struct Found<'a> {
    as_of: &'a AsOf,
    /// Ways to the resources that nobody was allowed to open.
    paths: Vec<&'a PathFact>,
    /// Accesses in which data came back, or may have, without authority.
    accesses: Vec<&'a AccessFact>,
    /// What these gave to people, or to parties that have it for themselves, and lies with them.
    copies: Vec<&'a HoldingFact>,
    /// Deletions and alterations that nobody is known to have been allowed.
    losses: Vec<&'a LossFact>,
}

/// Whether the form may say "neither exfiltrated nor disclosed": only where nothing unauthorised is or may be on record and
/// logging was complete.
pub fn is_evidence_of_nothing(as_of: &AsOf) -> bool {
    let totals = &as_of.exposure.totals;
    as_of.exposure.coverage.sentence == Verdict::NoneComplete
        && totals.holdings_elsewhere == 0
        && totals.models_unknown == 0
        && totals.unauthorised_accesses.high == 0
        && totals.not_assessed_accesses + totals.exceptional_accesses == 0
}

/// By field. `incomplete`: field 4 says that the rest follows.
pub fn fields(as_of: &AsOf, profile: &Profile, incomplete: bool, w: &Wording) -> BTreeMap<u8, Derived> {
    let mut all = BTreeMap::new();
    let found = Found::of(as_of);
    of_case(&as_of.case, &mut all);
    discovery(as_of, &mut all);
    registered::fields(as_of, &mut all);
    found.when(incomplete, profile, &mut all);
    found.nature(incomplete, &mut all);
    found.concerned(incomplete, &mut all);
    found.parties(w, &mut all);
    found.told(profile, &mut all);
    found.timeline(w, &mut all);
    found.places(w, &mut all);
    all
}

pub(super) fn put(
    all: &mut BTreeMap<u8, Derived>,
    field: u8,
    values: impl IntoIterator<Item = String>,
    entries: Vec<u64>,
) {
    let values: Vec<String> = values.into_iter().filter(|value| !value.is_empty()).collect();
    if !values.is_empty() {
        let entries: BTreeSet<u64> = entries.into_iter().collect();
        all.insert(field, Derived { values, entries: entries.into_iter().collect(), registered: false });
    }
}

pub(super) fn one(text: &str) -> [String; 1] {
    [text.to_owned()]
}

fn instant(us: u64) -> String {
    Instant::new(us).to_string()
}

/// The day of an instant in the profile's zone; none where no calendar has it.
fn day(us: u64, profile: &Profile) -> String {
    calendar::day_of(us, profile).map(|day| day.to_string()).unwrap_or_default()
}

/// What the case's own steps say.
fn of_case(case: &Case, all: &mut BTreeMap<u8, Derived>) {
    let submitted = case.last(CaseStep::Submitted);
    let (kind, entry) = submitted.map_or(("a", Vec::new()), |step| ("b", vec![step.index]));
    put(all, 3, one(kind), entry);
    if let Some(step) = submitted {
        put(all, 6, one(step.reference()), vec![step.index]);
    }
    let opened = case.each(CaseStep::Opened).map(|step| step.index).collect();
    put(all, 7, one(case.reference()), opened);
    if let Some(aware) = case.awareness() {
        // By every statement: which of them counts follows from all.
        let stated = case.each(CaseStep::Aware).map(|step| step.index).collect();
        put(all, 48, [instant(aware.at_us())], stated);
    }
}

/// 50: that a processor was aware says neither that it found the breach nor that it told the controller. Only where it surely
/// was before the controller detected anything and was aware itself is *by the processor* put to a person. When it told the
/// controller (52), GDPR Art. 33(2), no step states and no act on file says, so a person has to.
fn discovery(as_of: &AsOf, all: &mut BTreeMap<u8, Derived>) {
    let case = &as_of.case;
    // The latest that was stated: surely before the others only if each was.
    let Some(processor) = case.each(CaseStep::ProcessorAware).max_by_key(|step| step.at_us()) else { return };
    // What acts on file tell of it counts as well, at the earliest: whoever found it, it was not after that.
    let first = |step: CaseStep, verb: Verb| {
        let stated = case.each(step).map(|step| (step.at_us(), step.index));
        let acts = as_of.reported.iter().filter(|act| act.verb == verb).map(|act| (act.earliest_us, act.index));
        stated.chain(acts).min()
    };
    let detected = first(CaseStep::Detected, Verb::IncidentDetect);
    let Some((detected, aware)) = detected.zip(first(CaseStep::Aware, Verb::IncidentAware)) else { return };
    if processor.at_us() < detected.0.min(aware.0) {
        put(all, 50, one("b"), vec![processor.index, detected.1, aware.1]);
    }
}

impl<'a> Found<'a> {
    pub fn of(as_of: &'a AsOf) -> Self {
        let resources = as_of.exposure.resources.iter();
        let paths = resources.flat_map(|resource| &resource.paths);
        let accesses = as_of.exposure.accesses.iter();
        let unauthorised =
            |access: &&AccessFact| access.rung != Rung::Tried && access.authorisation == Authorisation::Unauthorised;
        let accesses: Vec<&AccessFact> = accesses.filter(unauthorised).collect();
        // What a processor has, it has for the controller; of whom nobody knows what they are, they have it for themselves.
        let own = |held: &HoldingFact| match &held.holder {
            Who::Named { kind, .. } if kind.0 != PartyKind::Group => as_of.exposure.disclosures.iter().any(|given| {
                let kinds = [RecipientKind::UnauthorisedPerson, RecipientKind::ThirdParty, RecipientKind::Undetermined];
                given.to == held.holder && kinds.contains(&given.kind.0)
            }),
            _ => true,
        };
        let received = |held: &&HoldingFact| own(held) && accesses.iter().any(|access| held.is_received_by(access));
        let losses = as_of.exposure.losses.iter();
        Found {
            as_of,
            paths: paths.filter(|path| path.authorisation == Authorisation::Unauthorised).collect(),
            copies: as_of.exposure.holdings.iter().filter(received).collect(),
            accesses,
            losses: losses.filter(|loss| loss.authorisation != Authorisation::Authorised).collect(),
        }
    }

    /// From the beginning to the end or the cut-off; nothing where no breach is on record.
    pub fn occurred(&self) -> Option<(u64, u64)> {
        let begins = self.begins()?;
        let ends = self.ends().map(|bound| bound.latest.us());
        let points = self.points();
        // Whoever came by a way of which nothing is told possibly still can.
        let lasts = self.is_unexplained().then_some(self.as_of.cut_off_us);
        let until = ends.chain(points).chain(lasts).max().unwrap_or(begins);
        Some((begins, until.max(begins)))
    }

    /// Somebody got data by a way that nothing tells of, or that had been told as closed: it opened and ends nobody knows when.
    fn is_unexplained(&self) -> bool {
        let odd: BTreeSet<u64> = self.as_of.exposure.unexplained().map(|entry| entry.0).collect();
        self.accesses.iter().any(|access| access.entries.iter().any(|entry| odd.contains(&entry.0)))
    }

    fn begins(&self) -> Option<u64> {
        self.paths.iter().map(|path| path.start.earliest.us()).chain(self.points()).min()
    }

    fn ends(&self) -> impl Iterator<Item = &Bound> {
        self.paths.iter().map(|path| &path.end).chain(self.copies.iter().map(|held| &held.end))
    }

    /// Instants of acts: at the earliest.
    fn points(&self) -> impl Iterator<Item = u64> {
        let accesses = self.accesses.iter().map(|access| access.when.from.us());
        accesses.chain(self.losses.iter().map(|loss| loss.when.from.us()))
    }

    fn entries(&self) -> Vec<u64> {
        let bounds = self.paths.iter().flat_map(|path| [&path.start, &path.end]);
        let bounds = bounds.filter_map(|bound| bound.entry.map(|entry| entry.0));
        let accesses = self.accesses.iter().flat_map(|access| access.entries.iter().map(|entry| entry.0));
        bounds.chain(accesses).chain(self.losses.iter().map(|loss| loss.entry.0)).collect()
    }

    /// 44 to 47.
    fn when(&self, incomplete: bool, profile: &Profile, all: &mut BTreeMap<u8, Derived>) {
        let Some((begins, until)) = self.occurred() else { return };
        let entries = self.entries();
        let any = |known: Known| self.ends().any(|end| end.known == known);
        // What is only promised to go, or goes by itself later, is still there.
        let lies = self.copies.iter().any(|held| held.end.latest.us() > self.as_of.cut_off_us);
        let unexplained = self.is_unexplained();
        let kind = match (any(Known::Open) || lies, any(Known::Unknown) || unexplained) {
            (true, _) => "c",
            // It had ended nobody knows when: that it is ongoing is not known either.
            (false, true) => {
                return put(all, 44, one(if incomplete { "e" } else { "d" }), entries);
            }
            // Single acts on one day; whatever stood open lasted from one instant to another.
            (false, false)
                if self.paths.is_empty() && self.copies.is_empty() && day(begins, profile) == day(until, profile) =>
            {
                "a"
            }
            (false, false) => "b",
        };
        let fuzzy = |bound: &Bound| bound.earliest != bound.latest || bound.known != Known::Exact;
        let starts = self.paths.iter().any(|path| fuzzy(&path.start));
        let ends = self.ends().any(|end| end.known != Known::Open && fuzzy(end));
        let acts = self.accesses.iter().map(|access| &access.when).chain(self.losses.iter().map(|loss| &loss.when));
        let acts = acts.into_iter().any(|when| when.from != when.until);
        put(all, 44, one(kind), entries.clone());
        put(all, 45, one(if starts || ends || acts || unexplained { "yes" } else { "no" }), entries.clone());
        put(all, 46, [instant(begins)], entries.clone());
        if kind != "c" {
            put(all, 47, [instant(until)], entries);
        }
    }

    /// 55 to 57, 59 to 61.
    fn nature(&self, incomplete: bool, all: &mut BTreeMap<u8, Derived>) {
        let entries = self.entries();
        let confidentiality = !self.paths.is_empty() || !self.accesses.is_empty();
        let altered = self.losses.iter().any(|loss| loss.lost == Lost::Altered);
        let lost = || self.losses.iter().filter(|loss| loss.lost == Lost::Unavailable);
        let any_lost = lost().next().is_some();
        let natures = [("a", confidentiality), ("b", altered), ("c", any_lost)];
        put(all, 55, natures.iter().filter(|(_, is)| *is).map(|(code, _)| (*code).to_owned()), entries.clone());
        let surely: Vec<u64> = self
            .accesses
            .iter()
            .filter(|access| access.certain)
            .flat_map(|access| access.entries.iter().map(|entry| entry.0))
            .collect();
        if !surely.is_empty() {
            put(all, 56, one("a"), surely);
        } else if is_evidence_of_nothing(self.as_of) {
            put(all, 56, one("c"), Vec::new());
        }
        self.unintelligible(all);
        if any_lost {
            let any = |recovery: Recovery| lost().any(|loss| loss.recovery == recovery);
            let kind = match (any(Recovery::Permanent), any(Recovery::Unknown)) {
                (true, _) => "b",
                (false, true) => "c",
                (false, false) => "a",
            };
            let restored = lost().filter_map(|loss| loss.restored_by.map(|entry| entry.0));
            put(all, 59, one(kind), lost().map(|loss| loss.entry.0).chain(restored).collect());
        }
        let to_anyone = self.paths.iter().any(|path| path.audience == Who::Anyone);
        // What possibly went to somebody is put to a person as having gone.
        let sent = self.accesses.iter().any(|access| access.recipients().next().is_some());
        let kind = match (confidentiality, self.paths.is_empty()) {
            (true, false) if to_anyone => "v",
            (true, false) => "n",
            (true, true) if sent => "r",
            (true, true) => "f",
            (false, _) if any_lost => "p",
            (false, _) if altered => "u",
            (false, _) if incomplete => "x",
            (false, _) => "",
        };
        put(all, 60, one(kind), entries);
        self.cause(all);
    }

    /// 57: in what form whoever got data without authority has it, by who could use which key when. That a way stood open
    /// does not say in what form data was behind it.
    fn unintelligible(&self, all: &mut BTreeMap<u8, Derived>) {
        let exposure = &self.as_of.exposure;
        let (mut readable, mut subverted, mut intact, mut unknown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for access in &self.accesses {
            let entries = || access.entries.iter().map(|entry| entry.0);
            let protected = entries().any(|entry| self.act(entry).is_some_and(|act| act.protected));
            let of_it = |entry: u64| access.entries.iter().any(|known| known.0 == entry);
            let copies = exposure.holdings.iter().filter(|held| held.entries().any(|it| of_it(it.0)));
            let forms: Vec<Form> = copies.map(|held| held.form).collect();
            let into = match (protected, forms.contains(&Form::Readable), forms.is_empty()) {
                (false, ..) => &mut readable,
                (true, true, _) => &mut subverted,
                (true, false, false) => &mut intact,
                // Who has it, and with which key, nothing tells.
                (true, false, true) => &mut unknown,
            };
            into.extend(entries());
        }
        if !readable.is_empty() {
            put(all, 57, one("c"), readable);
        } else if !subverted.is_empty() {
            put(all, 57, one("b"), subverted);
        } else if !intact.is_empty() && unknown.is_empty() && self.paths.is_empty() {
            put(all, 57, one("a"), intact);
        }
    }

    fn act(&self, entry: u64) -> Option<&Act> {
        let acts = &self.as_of.acts;
        acts.binary_search_by_key(&entry, |act| act.index).ok().map(|at| &acts[at])
    }

    /// 61: internal where every act behind the breach was done by somebody of the house, external where by nobody of it. Who
    /// broke in where nothing stood open did so on purpose; other malice the ledger cannot see. So this is only ever
    /// proposed, and not at all where it is not known of whose house somebody is.
    fn cause(&self, all: &mut BTreeMap<u8, Derived>) {
        let starts = self.paths.iter().filter_map(|path| path.start.entry.map(|entry| entry.0));
        let accesses = self.accesses.iter().filter_map(|access| access.entries.first().map(|entry| entry.0));
        let losses = self.losses.iter().map(|loss| loss.entry.0);
        let acts: Vec<u64> = match self.paths.is_empty() {
            true => accesses.chain(losses).collect(),
            false => starts.chain(losses).collect(),
        };
        let all_by = |whose: Whose| acts.iter().all(|entry| self.act(*entry).is_some_and(|act| act.by == whose));
        let cause = match (acts.is_empty(), all_by(Whose::Own), all_by(Whose::Outside)) {
            (false, true, _) => "a",
            (false, _, true) if self.paths.is_empty() => "d",
            (false, _, true) => "c",
            _ => return,
        };
        put(all, 61, one(cause), acts);
    }

    /// 63: systems and where they are.
    fn places(&self, w: &Wording, all: &mut BTreeMap<u8, Derived>) {
        let b = &w.breach.event;
        let place = |place: &super::evidence::Place| match &place.location {
            Some(location) => fill(&b.place, &[("name", &place.resource), ("place", location)]),
            None => fill(&b.no_place, &[("name", &place.resource)]),
        };
        let entries = self.as_of.places.iter().filter_map(|place| place.entry).collect();
        put(all, 63, self.as_of.places.iter().map(place), entries);
    }

    /// 65, 67, 68, 70, 72, 73.
    fn concerned(&self, incomplete: bool, all: &mut BTreeMap<u8, Derived>) {
        let exposure = &self.as_of.exposure;
        let of_resources = || self.as_of.acts.iter().filter(|act| act.is_of_resources && !act.kinds.is_empty());
        let kinds: BTreeSet<&str> = of_resources().flat_map(|act| &act.kinds).map(|kind| kind_code(kind)).collect();
        let kinds: Vec<String> = kinds.into_iter().map(str::to_owned).collect();
        let known = !kinds.is_empty();
        put(all, 65, kinds, of_resources().map(|act| act.index).collect());
        if !known && incomplete {
            put(all, 65, one("k"), Vec::new());
        }
        let naming = self.as_of.acts.iter().filter(|act| act.is_of_resources && act.names_subjects);
        let naming: Vec<u64> = naming.map(|act| act.index).collect();
        let (subjects, determined) = self.as_of.exposure.concerned();
        let (how, number) = match (determined, subjects.low == subjects.high) {
            (true, true) => ("a", Some(subjects.high)),
            (true, false) => ("b", Some(subjects.high)),
            // A count without ids: that number, approximately.
            (false, _) if exposure.is_counted() => ("b", Some(subjects.high)),
            // Never 0, and never the number of those who happen to be known.
            (false, _) => (if incomplete { "d" } else { "c" }, None),
        };
        put(all, 67, one(how), naming.clone());
        put(all, 68, number.map(|number| number.to_string()), naming.clone());
        let categories: BTreeSet<String> = exposure
            .subjects
            .iter()
            .flat_map(|subject| &subject.categories)
            .filter_map(|category| category_code(category.0 as u64))
            .collect();
        let known = !categories.is_empty();
        put(all, 70, categories, naming);
        if !known && incomplete {
            put(all, 70, one("t"), Vec::new());
        }
        self.records(incomplete, all);
    }

    /// 72 and 73: of one access its own number; of several at most their sum, because records may repeat. No number at all
    /// where one does not say how many, where something was lost that no number says, or where all that is on file as inside
    /// stood open: how many records that was nothing tells, and whoever came took only some of them. Where nothing is on
    /// file as inside, what they took is all that anybody knows of: about that many.
    fn records(&self, incomplete: bool, all: &mut BTreeMap<u8, Derived>) {
        let accesses = self.accesses.iter().flat_map(|access| access.entries.iter().map(|entry| entry.0));
        let entries: BTreeSet<u64> = accesses.chain(self.losses.iter().map(|loss| loss.entry.0)).collect();
        // Of what was lost about so many: an act counts what it asked for or delivered.
        let lost = |entry: u64| {
            let loss = self.losses.iter().find(|loss| loss.entry.0 == entry)?;
            loss.records.as_ref().filter(|told| !told.is_cut()).map(|told| (told.count, false))
        };
        let delivered = |entry: u64| {
            let delivered = self.act(entry)?.delivered.as_ref()?;
            let told = delivered.precision != Precision::Unknown && delivered.count <= INTEGER_MAX;
            told.then_some((delivered.count, delivered.precision == Precision::Exact))
        };
        let counted = entries.iter().map(|entry| lost(*entry).or_else(|| delivered(*entry)));
        let counted: Option<Vec<(u64, bool)>> = counted.collect();
        let on_file = self.as_of.exposure.resources.iter().any(|it| it.subjects > 0 || it.determined);
        let (stood_open, counted) = (!self.paths.is_empty(), counted.filter(|counted| !counted.is_empty()));
        let counted = counted.filter(|_| !stood_open || !on_file);
        // More than can be written is no number.
        let sum = |all: &[(u64, bool)]| all.iter().fold(0u64, |sum, (count, _)| sum.saturating_add(*count));
        let counted = counted.filter(|counted| sum(counted) <= INTEGER_MAX);
        match counted.as_deref() {
            Some([(count, true)]) if !stood_open => {
                put(all, 72, one("a"), entries.iter().copied().collect());
                put(all, 73, [count.to_string()], entries.into_iter().collect());
            }
            Some(several) => {
                put(all, 72, one("b"), entries.iter().copied().collect());
                put(all, 73, [sum(several).to_string()], entries.into_iter().collect());
            }
            None => put(all, 72, one(if incomplete { "d" } else { "c" }), entries.into_iter().collect()),
        }
    }

    /// 38 to 41: processors and joint controllers that got data or possibly did, also those that no record names as its
    /// recipient, such as an agent's model vendor; those that the registry names beside them; and how it says that they are
    /// reached. That none is on record does not mean that there is none.
    fn parties(&self, w: &Wording, all: &mut BTreeMap<u8, Derived>) {
        let involved = [RecipientKind::Processor, RecipientKind::SubProcessor, RecipientKind::JointController];
        let is_party = |party: &OtherParty| involved.contains(&party.kind) && !party.name.is_empty();
        let mut parties: BTreeSet<OtherParty> = BTreeSet::new();
        let mut entries: Vec<u64> = Vec::new();
        for act in self.as_of.acts.iter().filter(|act| act.is_of_resources) {
            let named: Vec<&OtherParty> = act.recipients.iter().filter(|party| is_party(party)).collect();
            entries.extend((!named.is_empty()).then_some(act.index));
            parties.extend(named.into_iter().cloned());
        }
        let exposure = &self.as_of.exposure;
        for given in exposure.disclosures.iter().filter(|given| involved.contains(&given.kind.0)) {
            let Who::Named { name: Name::Registered(name) | Name::Unregistered(name), .. } = &given.to else {
                continue;
            };
            parties.insert(OtherParty { kind: given.kind.0, name: name.clone() });
            let gave = exposure.accesses.iter().filter(|access| access.recipients().any(|who| *who == given.to));
            entries.extend(gave.flat_map(|access| access.entries.iter().map(|entry| entry.0)));
        }
        let registered = registered::parties(self.as_of, &parties);
        if parties.is_empty() && registered.is_empty() {
            return;
        }
        if let Some(registry) = self.as_of.registry.as_ref().filter(|_| !registered.is_empty()) {
            entries.push(registry.entry);
        }
        put(all, 38, one("a"), entries.clone());
        let kind = |party: &OtherParty| word(&w.recipient_kind, party.kind.code()).to_owned();
        let by_registry = |party: &OtherParty| fill(&w.breach.event.registered, &[("what", &kind(party))]);
        let kinds = parties.iter().map(kind).chain(registered.iter().map(by_registry));
        put(all, 39, kinds, entries.clone());
        let names = || parties.iter().chain(&registered).map(|party| &party.name);
        put(all, 40, names().cloned(), entries);
        registered::reached(self.as_of, names().map(String::as_str), all);
        for field in [38, 39, 40] {
            all.entry(field).and_modify(|derived| derived.registered = parties.is_empty());
        }
    }

    /// 97, 98, 102 to 104, 106 and 125: what was told to whom, by the case's steps and by acts on its resources.
    fn told(&self, profile: &Profile, all: &mut BTreeMap<u8, Derived>) {
        let case = &self.as_of.case;
        // What was sent before the breach began was of something else.
        let began = self.occurred().map(|(from, _)| from);
        let delivered = |step: &&Step| step.delivery() == Delivery::Delivered && !is_before(step.at_us(), began);
        let informed = || case.each(CaseStep::Informed).filter(delivered);
        let notifies = |act: &&Reported| {
            act.verb == Verb::NotifySubject && act.outcome == Outcome::Succeeded && !is_before(act.latest_us, began)
        };
        let notified = || self.as_of.reported.iter().filter(notifies);
        let entries: Vec<u64> = informed().map(|step| step.index).chain(notified().map(|act| act.index)).collect();
        let first = informed().map(Step::at_us).chain(notified().map(|act| act.earliest_us)).min();
        let Some(first) = first else { return };
        // Somebody was: whether that is the answer, a person says.
        put(all, 97, one("a"), entries.clone());
        put(all, 98, [day(first, profile)], entries.clone());
        let in_public = informed().any(|step| step.channel() == Channel::Public);
        let exposure = &self.as_of.exposure;
        let told = Informed::of(self.as_of);
        let mut concerned = exposure.subjects.iter().enumerate().filter(|(_, subject)| subject.is_concerned());
        let everybody = exposure.totals.subjects_determined && concerned.all(|(at, _)| told.reach(at) == Reach::Told);
        // Whom a communication in public reached, a person has to say.
        let how_many = match (everybody, in_public) {
            (true, _) => "a",
            (false, true) => "",
            (false, false) => "b",
        };
        put(all, 102, one(how_many), entries.clone());
        // As whoever tried says it.
        let failed = || case.each(CaseStep::Informed).filter(|step| step.delivery() != Delivery::Delivered);
        let reasons: BTreeSet<&str> = failed().map(Step::statement).filter(|text| !text.is_empty()).collect();
        let reasons = reasons.into_iter().collect::<Vec<_>>().join("\n");
        put(all, 103, [reasons], failed().map(|step| step.index).collect());
        let channel = |step: &Step| match step.channel() {
            Channel::Individual => "a",
            Channel::Public => "b",
            Channel::Other | Channel::Unspecified => "c",
        };
        let channels: BTreeSet<&str> = informed().map(channel).collect();
        put(all, 104, channels.into_iter().map(str::to_owned), informed().map(|step| step.index).collect());
        let digest = |step: &Step| step.part.as_ref().map(|part| hex::encode(&part.message)).unwrap_or_default();
        let messages: BTreeSet<String> = informed().map(digest).filter(|digest| !digest.is_empty()).collect();
        if !messages.is_empty() {
            let text = messages.into_iter().map(|digest| format!("SHA-256 {digest}")).collect::<Vec<_>>().join("\n");
            put(all, 106, [text], entries.clone());
            put(all, 125, one("a"), entries);
        }
    }

    /// Who got data without authority when, as lines of the timeline: of many of one sort and resource the first, the last, and
    /// how many.
    fn got(&self, w: &Wording) -> Vec<(u64, u64, String)> {
        let b = &w.breach.event;
        let mut sorts: BTreeMap<(&str, bool), Vec<&AccessFact>> = BTreeMap::new();
        for access in &self.accesses {
            let given = access.recipients().next().is_some();
            sorts.entry((&access.resource, given)).or_default().push(access);
        }
        let mut events = Vec::new();
        for ((resource, given), mut accesses) in sorts {
            let entry = |access: &AccessFact| access.entries.first().map_or(0, |entry| entry.0);
            accesses.sort_by_key(|access| (access.when.from, entry(access)));
            let line = |access: &AccessFact| {
                let text = match (given, access.certain) {
                    (true, _) => &b.given,
                    (false, true) => &b.got,
                    (false, false) => &b.perhaps_got,
                };
                let (what, n) = (word(&w.verb, access.verb.0.code()), w.number(entry(access)));
                let values = [("at", &*w.instant(access.when.from)), ("resource", resource), ("what", what), ("n", &n)];
                (access.when.from.us(), entry(access), fill(text, &values))
            };
            match accesses.as_slice() {
                [first, .., last] if accesses.len() > EACH => {
                    let (from, until) = (w.instant(first.when.from), w.instant(last.when.from));
                    let surely = |access: &&&AccessFact| access.certain && (!given || !access.given_to.is_empty());
                    let (low, all) = (accesses.iter().filter(surely).count() as u64, accesses.len() as u64);
                    let number = w.range(low, all);
                    let values = [("from", &*from), ("until", &until), ("resource", resource), ("n", &number)];
                    let text = fill(if given { &b.all_given } else { &b.all_got }, &values);
                    events.extend([line(first), line(last), (last.when.from.us(), entry(last), text)]);
                }
                few => events.extend(few.iter().map(|access| line(access))),
            }
        }
        events
    }

    /// 53 and 92: what happened in which order, and what ended it. Notifications are not among it: a form does not change by
    /// being sent.
    fn timeline(&self, w: &Wording, all: &mut BTreeMap<u8, Derived>) {
        let b = &w.breach.event;
        let mut events: Vec<(u64, u64, String)> = Vec::new();
        let at = |us: u64| w.instant(Instant::new(us));
        // Where it lies between two instants, both: neither alone is when it was.
        let between = |bound: &Bound| match bound.earliest == bound.latest {
            true => w.instant(bound.latest),
            false => w.span(bound.earliest, bound.latest),
        };
        let mut contained = Vec::new();
        for resource in &self.as_of.exposure.resources {
            let unauthorised = |path: &&PathFact| path.authorisation == Authorisation::Unauthorised;
            for path in resource.paths.iter().filter(unauthorised) {
                let (start, end) = (&path.start, &path.end);
                let entry = |bound: &Bound| bound.entry.map_or(0, |entry| entry.0);
                let line = |text: &str, bound: &Bound| {
                    let n = bound.entry.map_or_else(|| w.time.none.clone(), |entry| w.number(entry.0));
                    let values = [("at", between(bound)), ("resource", resource.name.clone()), ("n", n)];
                    fill(text, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
                };
                events.push((start.earliest.us(), entry(start), line(&b.opened, start)));
                if end.known != Known::Open && end.known != Known::Unknown {
                    let text = line(&b.ended, end);
                    events.push((end.latest.us(), entry(end), text.clone()));
                    contained.push((end.latest.us(), entry(end), text));
                }
            }
        }
        events.extend(self.got(w));
        // What was only promised to go is not known to have gone.
        let gone = |held: &&&HoldingFact| {
            let evidenced = matches!(held.end.known, Known::Exact | Known::Bounded);
            evidenced && !held.is_open(Instant::new(self.as_of.cut_off_us))
        };
        for held in self.copies.iter().filter(gone) {
            let entry = held.end.entry.map_or(0, |entry| entry.0);
            let values = [("at", between(&held.end)), ("resource", held.resource.clone()), ("n", w.number(entry))];
            let text = fill(&b.gone, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            events.push((held.end.latest.us(), entry, text.clone()));
            contained.push((held.end.latest.us(), entry, text));
        }
        for act in self.as_of.acts.iter().filter(|act| act.verb == Verb::IncidentContain) {
            let (what, n) = (word(&w.verb, act.verb.code()), w.number(act.index));
            let values = [("at", at(act.at_us)), ("what", what.to_owned()), ("n", n)];
            let text = fill(&b.act, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            events.push((act.at_us, act.index, text.clone()));
            contained.push((act.at_us, act.index, text));
        }
        // Notices are not among it, as those of the case's steps are not.
        let says = |act: &&Reported| matches!(act.verb, Verb::IncidentDetect | Verb::IncidentAware);
        for act in self.as_of.reported.iter().filter(says) {
            let (what, n) = (word(&w.verb, act.verb.code()), w.number(act.index));
            let values = [("at", at(act.earliest_us)), ("what", what.to_owned()), ("n", n)];
            let text = fill(&b.act, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            events.push((act.earliest_us, act.index, text));
        }
        for (step, text) in [
            (CaseStep::Detected, &b.detected),
            (CaseStep::ProcessorAware, &b.processor_aware),
            (CaseStep::Aware, &b.aware),
        ] {
            for step in self.as_of.case.each(step) {
                let values = [("at", at(step.at_us())), ("n", w.number(step.index))];
                let text = fill(text, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
                events.push((step.at_us(), step.index, text));
            }
        }
        for loss in &self.losses {
            let (what, n) = (word(&w.exposure.lost, loss.lost.code()), w.number(loss.entry.0));
            let values = [
                ("at", w.instant(loss.when.from)),
                ("resource", loss.resource.clone()),
                ("what", what.to_owned()),
                ("n", n),
            ];
            let text = fill(&b.lost, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            events.push((loss.when.from.us(), loss.entry.0, text));
        }
        events.sort();
        contained.sort();
        let entries = |events: &[(u64, u64, String)]| events.iter().map(|(_, entry, _)| *entry).collect::<Vec<_>>();
        let lines: Vec<String> = events.iter().map(|(.., text)| text.clone()).collect();
        // Also those of accesses that are only counted.
        let accesses = self.accesses.iter().flat_map(|access| access.entries.iter().map(|entry| entry.0));
        put(all, 53, [lines.join("\n")], entries(&events).into_iter().chain(accesses).collect());
        put(all, 92, contained.iter().map(|(.., text)| text.clone()), entries(&contained));
    }
}

/// What ENISA's method suggests for loss of confidentiality, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Nobody could get it without authority.
    Nobody,
    /// It may have been seen by people who are known, or can be counted.
    Known,
    /// Nobody can say how many could.
    Uncountable,
}

impl Found<'_> {
    pub fn audience(&self) -> Audience {
        let exposure = &self.as_of.exposure;
        if self.paths.is_empty() && self.accesses.is_empty() {
            return Audience::Nobody;
        }
        let anybody = |who: &Who| match who {
            Who::Anyone | Who::UnknownHuman { .. } => true,
            Who::UnknownRecipient { .. } | Who::UnknownOperator { .. } => true,
            Who::Named { name, .. } => *name == Name::Closed,
            Who::Person { .. } => false,
        };
        let reached = |access: &&&AccessFact| {
            let recipients = access.recipients().chain(&access.shown_to);
            access.unidentified || recipients.chain([&access.who]).any(anybody)
        };
        // A group whose members are not on file is counted there, whoever let it in or gave to it.
        let group = |who: &Who| matches!(who, Who::Named { kind, .. } if kind.0 == PartyKind::Group);
        let to_group = self.accesses.iter().any(|access| access.recipients().any(group));
        let by_ways = (!self.paths.is_empty() || to_group) && exposure.totals.uncountable;
        match by_ways
            || self.paths.iter().any(|path| anybody(&path.audience))
            || self.accesses.iter().any(|it| reached(&it))
        {
            true => Audience::Uncountable,
            false => Audience::Known,
        }
    }

    /// Ways that nobody was allowed to open.
    pub fn ways(&self) -> u64 {
        self.paths.len() as u64
    }

    pub fn losses(&self) -> &[&LossFact] {
        &self.losses
    }
}

/// Field 65 of a registered kind of data subject.
fn kind_code(kind: &str) -> &'static str {
    match kind.to_ascii_lowercase().as_str() {
        "customer" | "customers" | "prospect" | "passenger" => "a",
        "employee" | "employees" | "staff" | "candidate" => "b",
        "military" | "law-enforcement" => "c",
        "minor" | "minors" | "child" => "d",
        "patient" | "patients" => "e",
        "student" | "students" => "f",
        "subscriber" | "subscribers" => "g",
        "user" | "users" => "h",
        "vulnerable" => "i",
        _ => "j",
    }
}

/// Field 70 of a category: the vocabulary is the field's own list, in its order, but for "not yet known" in front of "others".
fn category_code(number: u64) -> Option<String> {
    let letter = match number {
        1..=19 => b'a' + (number as u8 - 1),
        20 => b'u',
        _ => return None,
    };
    Some(char::from(letter).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::edpb;
    use crate::model::Category;

    #[test]
    fn every_category_has_its_option_in_field_70() {
        let field = edpb::field(70).expect("a field");
        let codes: Vec<String> = Category::ALL.iter().filter_map(|category| category_code(*category as u64)).collect();
        assert_eq!(codes.len(), Category::ALL.len());
        assert!(codes.iter().all(|code| field.option(code).is_some()));
        let meaning = |category: Category| field.option(&category_code(category as u64).expect("a code"));
        assert_eq!(meaning(Category::Health), Some("health data"));
        assert_eq!(meaning(Category::Credentials), Some("user credentials"));
        assert_eq!(meaning(Category::EmploymentHealth), Some("health data of employment"));
        assert_eq!(meaning(Category::Other), Some("others"));
    }
}
