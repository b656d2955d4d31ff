//! What the ledger can say of the form's fields (REPORTS 1.4), each with the entries behind it. What it cannot say is left
//! out, so that a person is asked; nothing is ever filled in to look complete.

use super::case::{Case, Step};
use super::evidence::{AsOf, OtherParty};
use crate::exposure::calculus::fact::Authorised;
use crate::law::{Profile, calendar};
use crate::model::{CaseStep, Channel, Delivery, Outcome, PartyKind, Precision, RecipientKind, Verb};
use crate::report::access::document::{Authorisation, Verdict};
use crate::report::controller::ContactFact;
use crate::report::exposure::document::{AccessFact, Bound, Known, PathFact, Rung, SubjectFact, Who};
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill, word};
use std::collections::{BTreeMap, BTreeSet};

/// What the ledger says of one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Derived {
    pub values: Vec<String>,
    pub entries: Vec<u64>,
}

/// What was breached, when, and what shows it.
pub struct Found<'a> {
    as_of: &'a AsOf,
    /// Ways to the resources that nobody was allowed to open.
    paths: Vec<&'a PathFact>,
    /// Accesses in which data came back, or may have, without authority.
    accesses: Vec<&'a AccessFact>,
    /// Acts by which data was lost or altered without authority: entry, instant, whether it was altered, and until when it
    /// can be recovered, where that is known.
    losses: Vec<(u64, u64, bool, Option<u64>)>,
}

/// Whether the form may say "neither exfiltrated nor disclosed": only where nothing unauthorised is or may be on record and
/// logging was complete.
pub fn is_evidence_of_nothing(as_of: &AsOf) -> bool {
    let totals = &as_of.exposure.totals;
    as_of.exposure.coverage.sentence == Verdict::NoneComplete
        && totals.unauthorised_accesses.high == 0
        && totals.not_assessed_accesses + totals.exceptional_accesses == 0
}

/// By field. `incomplete`: field 4 says that the rest follows.
pub fn fields(as_of: &AsOf, profile: &Profile, incomplete: bool, w: &Wording) -> BTreeMap<u8, Derived> {
    let mut all = BTreeMap::new();
    let found = Found::of(as_of);
    of_case(&as_of.case, profile, &mut all);
    found.when(incomplete, profile, &mut all);
    found.nature(incomplete, &mut all);
    found.concerned(incomplete, &mut all);
    found.parties(&mut all);
    found.told(profile, &mut all);
    found.timeline(w, &mut all);
    of_registry(as_of, &mut all);
    all
}

/// 12, 13, 18, 29 to 31, 114: what the controller's registry says, with the entry that put it in force. That it names no
/// data protection officer does not say that there is none.
fn of_registry(as_of: &AsOf, all: &mut BTreeMap<u8, Derived>) {
    let known = &as_of.exposure.header.controller;
    let Some(registry) = &known.registry else { return };
    let entry = || vec![registry.entry.0];
    let reached = |fact: &ContactFact| {
        let parts = [&fact.address, &fact.contact, &fact.country].into_iter().flatten();
        parts.cloned().collect::<Vec<_>>().join(", ")
    };
    if let Some(controller) = &known.controller {
        put(all, 12, controller.name.clone(), entry());
        put(all, 13, [reached(controller)], entry());
        put(all, 18, controller.representative.clone(), entry());
    }
    if let Some(officer) = &known.dpo {
        put(all, 29, ["a".to_owned()], entry());
        put(all, 30, officer.name.clone(), entry());
        put(all, 31, [reached(officer)], entry());
    }
    put(all, 114, known.authority.as_ref().and_then(|authority| authority.name.clone()), entry());
}

fn put(all: &mut BTreeMap<u8, Derived>, field: u8, values: impl IntoIterator<Item = String>, entries: Vec<u64>) {
    let values: Vec<String> = values.into_iter().filter(|value| !value.is_empty()).collect();
    if !values.is_empty() {
        let entries: BTreeSet<u64> = entries.into_iter().collect();
        all.insert(field, Derived { values, entries: entries.into_iter().collect() });
    }
}

fn one(text: &str) -> [String; 1] {
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
fn of_case(case: &Case, profile: &Profile, all: &mut BTreeMap<u8, Derived>) {
    let submitted = case.last(CaseStep::Submitted);
    let (kind, entry) = submitted.map_or(("a", Vec::new()), |step| ("b", vec![step.index]));
    put(all, 3, one(kind), entry);
    if let Some(step) = submitted {
        put(all, 6, one(step.reference()), vec![step.index]);
    }
    let opened = case.each(CaseStep::Opened).map(|step| step.index).collect();
    put(all, 7, one(case.reference()), opened);
    if let Some(aware) = case.last(CaseStep::Aware) {
        put(all, 48, [instant(aware.at_us())], vec![aware.index]);
    }
    if let Some(told) = case.last(CaseStep::ProcessorAware) {
        put(all, 50, one("b"), vec![told.index]);
        put(all, 52, [day(told.at_us(), profile)], vec![told.index]);
    }
}

impl<'a> Found<'a> {
    pub fn of(as_of: &'a AsOf) -> Self {
        let resources = as_of.exposure.resources.iter();
        let paths = resources.flat_map(|resource| &resource.paths);
        let accesses = as_of.exposure.accesses.iter();
        let unauthorised =
            |access: &&AccessFact| access.rung != Rung::Tried && access.authorisation == Authorisation::Unauthorised;
        let mut losses = Vec::new();
        for act in &as_of.acts {
            let happened = !matches!(act.outcome, Outcome::Denied | Outcome::Failed);
            let altered = act.verb == Verb::DataUpdate;
            let removes = matches!(act.verb, Verb::DataDelete | Verb::DataErase);
            let against = act.authorised == Authorised::No && act.is_of_resources && (altered || removes);
            if happened && !act.losses.is_empty() {
                let until = act.losses.iter().map(|loss| loss.recoverable_until_us).min();
                losses.push((act.index, act.at_us, altered, until));
            } else if happened && against {
                losses.push((act.index, act.at_us, altered, None));
            }
        }
        Found {
            as_of,
            paths: paths.filter(|path| path.authorisation == Authorisation::Unauthorised).collect(),
            accesses: accesses.filter(unauthorised).collect(),
            losses,
        }
    }

    /// From the beginning to the end or the cut-off; nothing where no breach is on record.
    pub fn occurred(&self) -> Option<(u64, u64)> {
        let begins = self.begins()?;
        let ends = self.ends().map(|bound| bound.latest.us());
        let points = self.points();
        let until = ends.chain(points).max().unwrap_or(begins);
        Some((begins, until.max(begins)))
    }

    fn begins(&self) -> Option<u64> {
        self.paths.iter().map(|path| path.start.earliest.us()).chain(self.points()).min()
    }

    fn ends(&self) -> impl Iterator<Item = &Bound> {
        self.paths.iter().map(|path| &path.end)
    }

    /// Instants of acts: at the earliest.
    fn points(&self) -> impl Iterator<Item = u64> {
        let accesses = self.accesses.iter().map(|access| access.when.from.us());
        accesses.chain(self.losses.iter().map(|(_, at, ..)| *at))
    }

    fn entries(&self) -> Vec<u64> {
        let bounds = self.paths.iter().flat_map(|path| [&path.start, &path.end]);
        let bounds = bounds.filter_map(|bound| bound.entry.map(|entry| entry.0));
        let accesses = self.accesses.iter().flat_map(|access| access.entries.iter().map(|entry| entry.0));
        bounds.chain(accesses).chain(self.losses.iter().map(|(entry, ..)| *entry)).collect()
    }

    /// 44 to 47.
    fn when(&self, incomplete: bool, profile: &Profile, all: &mut BTreeMap<u8, Derived>) {
        let Some((begins, until)) = self.occurred() else { return };
        let entries = self.entries();
        let any = |known: Known| self.ends().any(|end| end.known == known);
        let kind = match (any(Known::Open), any(Known::Unknown)) {
            (true, _) => "c",
            // It had ended nobody knows when: that it is ongoing is not known either.
            (false, true) => {
                return put(all, 44, one(if incomplete { "e" } else { "d" }), entries);
            }
            // Single acts on one day; whatever stood open lasted from one instant to another.
            (false, false) if self.paths.is_empty() && day(begins, profile) == day(until, profile) => "a",
            (false, false) => "b",
        };
        let fuzzy = |bound: &Bound| bound.earliest != bound.latest || bound.known != Known::Exact;
        let starts = self.paths.iter().any(|path| fuzzy(&path.start));
        let ends = self.ends().any(|end| end.known != Known::Open && fuzzy(end));
        let acts = self.accesses.iter().any(|access| access.when.from != access.when.until);
        put(all, 44, one(kind), entries.clone());
        put(all, 45, one(if starts || ends || acts { "yes" } else { "no" }), entries.clone());
        put(all, 46, [instant(begins)], entries.clone());
        if kind != "c" {
            put(all, 47, [instant(until)], entries);
        }
    }

    /// 55, 56, 59 to 61.
    fn nature(&self, incomplete: bool, all: &mut BTreeMap<u8, Derived>) {
        let entries = self.entries();
        let confidentiality = !self.paths.is_empty() || !self.accesses.is_empty();
        let altered = self.losses.iter().any(|(_, _, altered, _)| *altered);
        let lost = || self.losses.iter().filter(|(_, _, altered, _)| !altered);
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
        if any_lost {
            let until: Vec<Option<u64>> = lost().map(|(.., until)| *until).collect();
            let kind = if until.contains(&Some(0)) {
                "b"
            } else if until.iter().all(|until| until.is_some_and(|until| until > self.as_of.cut_off_us)) {
                "a"
            } else if until.iter().all(Option::is_some) {
                "b"
            } else {
                "c"
            };
            put(all, 59, one(kind), lost().map(|(entry, ..)| *entry).collect());
        }
        let to_anyone = self.paths.iter().any(|path| path.audience == Who::Anyone);
        let sent = self.accesses.iter().any(|access| !access.given_to.is_empty());
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

    /// 61: internal where every act behind the breach was done by somebody of one's own whom the ledger knows. Malice it
    /// cannot see, so this is only ever proposed.
    fn cause(&self, all: &mut BTreeMap<u8, Derived>) {
        let starts = self.paths.iter().filter_map(|path| path.start.entry.map(|entry| entry.0));
        let accesses = self.accesses.iter().filter_map(|access| access.entries.first().map(|entry| entry.0));
        let losses = self.losses.iter().map(|(entry, ..)| *entry);
        let acts: Vec<u64> = if self.paths.is_empty() { accesses.chain(losses).collect() } else { starts.collect() };
        let internal = |index: &u64| {
            let act = self.as_of.acts.iter().find(|act| act.index == *index);
            let own = [PartyKind::Human, PartyKind::Agent, PartyKind::Service];
            act.and_then(|act| act.actor).is_some_and(|kind| own.contains(&kind))
        };
        if !acts.is_empty() && acts.iter().all(internal) {
            put(all, 61, one("a"), acts);
        }
    }

    /// 63, 65, 67, 68, 70, 72, 73.
    fn concerned(&self, incomplete: bool, all: &mut BTreeMap<u8, Derived>) {
        let place = |(name, place): &(String, Option<String>)| match place {
            Some(place) => format!("{name} ({place})"),
            None => name.clone(),
        };
        put(all, 63, self.as_of.places.iter().map(place), Vec::new());
        let exposure = &self.as_of.exposure;
        let of_resources = || self.as_of.acts.iter().filter(|act| act.is_of_resources && !act.kinds.is_empty());
        let kinds: BTreeSet<&str> = of_resources().flat_map(|act| &act.kinds).map(|kind| kind_code(kind)).collect();
        let kinds: Vec<String> = kinds.into_iter().map(str::to_owned).collect();
        let known = !kinds.is_empty();
        put(all, 65, kinds, of_resources().map(|act| act.index).collect());
        if !known && incomplete {
            put(all, 65, one("k"), Vec::new());
        }
        let (subjects, determined) = exposure.concerned();
        let (how, number) = match (determined, subjects.low == subjects.high) {
            (true, true) => ("a", Some(subjects.high)),
            (true, false) => ("b", Some(subjects.high)),
            // Never 0, and never the number of those who happen to be known.
            (false, _) => (if incomplete { "d" } else { "c" }, None),
        };
        put(all, 67, one(how), Vec::new());
        put(all, 68, number.map(|number| number.to_string()), Vec::new());
        let categories: BTreeSet<String> = exposure
            .subjects
            .iter()
            .flat_map(|subject| &subject.categories)
            .filter_map(|category| category_code(category.0 as u64))
            .collect();
        let known = !categories.is_empty();
        put(all, 70, categories, Vec::new());
        if !known && incomplete {
            put(all, 70, one("t"), Vec::new());
        }
        self.records(incomplete, all);
    }

    /// 72 and 73: of one access its own number; of several at most their sum, because records may repeat; where one does not
    /// say how many, no number at all.
    fn records(&self, incomplete: bool, all: &mut BTreeMap<u8, Derived>) {
        let entries: BTreeSet<u64> =
            self.accesses.iter().flat_map(|access| access.entries.iter().map(|entry| entry.0)).collect();
        let acts: Vec<_> = self.as_of.acts.iter().filter(|act| entries.contains(&act.index)).collect();
        let counted =
            acts.iter().map(|act| act.delivered.as_ref().filter(|records| records.precision != Precision::Unknown));
        let counted: Option<Vec<_>> = counted.collect();
        match counted.as_deref() {
            Some([only]) if self.accesses.len() == 1 && only.precision == Precision::Exact => {
                put(all, 72, one("a"), entries.iter().copied().collect());
                put(all, 73, [only.count.to_string()], entries.into_iter().collect());
            }
            Some(several @ [_, ..]) if several.len() == entries.len() => {
                let sum = several.iter().fold(0u64, |sum, records| sum.saturating_add(records.count));
                put(all, 72, one("b"), entries.iter().copied().collect());
                put(all, 73, [sum.to_string()], entries.into_iter().collect());
            }
            _ => put(all, 72, one(if incomplete { "d" } else { "c" }), Vec::new()),
        }
    }

    /// 38 to 40: processors and joint controllers that got data. That none is on record does not mean that there is none.
    fn parties(&self, all: &mut BTreeMap<u8, Derived>) {
        let involved = [RecipientKind::Processor, RecipientKind::SubProcessor, RecipientKind::JointController];
        let is_party = |party: &&OtherParty| involved.contains(&party.kind) && !party.name.is_empty();
        let of_resources = || self.as_of.acts.iter().filter(|act| act.is_of_resources);
        let parties: BTreeSet<&OtherParty> = of_resources().flat_map(|act| &act.recipients).filter(is_party).collect();
        if parties.is_empty() {
            return;
        }
        let gave = of_resources().filter(|act| act.recipients.iter().any(|party| is_party(&party)));
        let entries: Vec<u64> = gave.map(|act| act.index).collect();
        put(all, 38, one("a"), entries.clone());
        put(all, 39, parties.iter().map(|party| party.kind.code().to_owned()), entries.clone());
        put(all, 40, parties.iter().map(|party| party.name.clone()), entries);
    }

    /// 98, 102, 104, 106 and 125: what was told to whom, by the case's steps.
    fn told(&self, profile: &Profile, all: &mut BTreeMap<u8, Derived>) {
        let case = &self.as_of.case;
        let informed = || case.each(CaseStep::Informed).filter(|step| step.delivery() == Delivery::Delivered);
        let entries: Vec<u64> = informed().map(|step| step.index).collect();
        let Some(first) = informed().map(Step::at_us).min() else { return };
        put(all, 98, [day(first, profile)], entries.clone());
        let reached = |subject: &SubjectFact| informed().any(|step| super::facts::names(step, &subject.identities));
        let in_public = informed().any(|step| step.channel() == Channel::Public);
        let exposure = &self.as_of.exposure;
        let everybody = exposure.totals.subjects_determined && exposure.subjects.iter().all(reached);
        // Whom a communication in public reached, a person has to say.
        let how_many = match (everybody, in_public) {
            (true, _) => "a",
            (false, true) => "",
            (false, false) => "b",
        };
        put(all, 102, one(how_many), entries.clone());
        let channel = |step: &Step| match step.channel() {
            Channel::Individual => "a",
            Channel::Public => "b",
            Channel::Other | Channel::Unspecified => "c",
        };
        let channels: BTreeSet<&str> = informed().map(channel).collect();
        put(all, 104, channels.into_iter().map(str::to_owned), entries.clone());
        let digest = |step: &Step| step.part.as_ref().map(|part| hex::encode(&part.message)).unwrap_or_default();
        let messages: BTreeSet<String> = informed().map(digest).filter(|digest| !digest.is_empty()).collect();
        if !messages.is_empty() {
            let text = messages.into_iter().map(|digest| format!("SHA-256 {digest}")).collect::<Vec<_>>().join("\n");
            put(all, 106, [text], entries.clone());
            put(all, 125, one("a"), entries);
        }
    }

    /// 53 and 92: what happened in which order, and what ended it. Notifications are not among it: a form does not change by
    /// being sent.
    fn timeline(&self, w: &Wording, all: &mut BTreeMap<u8, Derived>) {
        let b = &w.breach.event;
        let mut events: Vec<(u64, u64, String)> = Vec::new();
        let at = |us: u64| w.instant(Instant::new(us));
        let mut contained = Vec::new();
        for resource in &self.as_of.exposure.resources {
            let unauthorised = |path: &&PathFact| path.authorisation == Authorisation::Unauthorised;
            for path in resource.paths.iter().filter(unauthorised) {
                let (start, end) = (&path.start, &path.end);
                let entry = |bound: &Bound| bound.entry.map_or(0, |entry| entry.0);
                let line = |text: &str, bound: &Bound, us: u64| {
                    let n = bound.entry.map_or_else(|| w.time.none.clone(), |entry| w.number(entry.0));
                    let values = [("at", at(us)), ("resource", resource.name.clone()), ("n", n)];
                    fill(text, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
                };
                events.push((start.earliest.us(), entry(start), line(&b.opened, start, start.earliest.us())));
                if end.known != Known::Open && end.known != Known::Unknown {
                    let text = line(&b.ended, end, end.latest.us());
                    events.push((end.latest.us(), entry(end), text.clone()));
                    contained.push((end.latest.us(), entry(end), text));
                }
            }
        }
        for act in self.as_of.acts.iter().filter(|act| act.verb == Verb::IncidentContain) {
            let (what, n) = (word(&w.verb, act.verb.code()), w.number(act.index));
            let values = [("at", at(act.at_us)), ("what", what.to_owned()), ("n", n)];
            let text = fill(&b.act, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            events.push((act.at_us, act.index, text.clone()));
            contained.push((act.at_us, act.index, text));
        }
        for (step, text) in [
            (CaseStep::Detected, &b.detected),
            (CaseStep::ProcessorAware, &b.processor_aware),
            (CaseStep::Aware, &b.aware),
        ] {
            let Some(step) = self.as_of.case.last(step) else { continue };
            let values = [("at", at(step.at_us())), ("n", w.number(step.index))];
            let text = fill(text, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            events.push((step.at_us(), step.index, text));
        }
        events.sort();
        contained.sort();
        let entries = |events: &[(u64, u64, String)]| events.iter().map(|(_, entry, _)| *entry).collect::<Vec<_>>();
        let lines: Vec<String> = events.iter().map(|(.., text)| text.clone()).collect();
        put(all, 53, [lines.join("\n")], entries(&events));
        put(all, 92, contained.iter().map(|(.., text)| text.clone()), entries(&contained));
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
