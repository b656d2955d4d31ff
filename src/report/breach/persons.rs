//! The list of persons concerned (GDPR Art. 34): everybody in the upper bound, what somebody may have of theirs, and who was
//! told.

use super::case::{Case, Step};
use super::document::*;
use super::evidence::{AsOf, BreachEvidence, BreachQuestion, Reported};
use super::facts::{carried_fact, clock, header, identities};
use super::informed::{Informed, Reach, is_before};
use super::{PERSONS_FORMAT, counted, message, registered};
use crate::model::{CaseStep, Channel, Delivery, Identity, Outcome, ReportType, Strength};
use crate::report::access::completeness::{of_each, of_header_and};
use crate::report::access::document::{EntryIndex, PersonIdentity, Provision, Range, Verdict};
use crate::report::code::Code;
use crate::report::evidence::Envelope;
use crate::report::exposure::document::{Known, SubjectFact};
use crate::report::instant::Instant;
use crate::report::shape::given;
use crate::report::template;
use crate::report::wording::{Wording, fill};
use std::collections::{BTreeMap, BTreeSet};

/// The same arguments always give the same facts.
pub fn persons(question: &BreachQuestion, evidence: &BreachEvidence, envelope: &Envelope) -> PersonsReport {
    let w = &envelope.language.wording_in(&evidence.now.exposure.header.controller.zone());
    let now = &evidence.now;
    let (case, exposure) = (&now.case, &now.exposure);
    let also_known_as = &evidence.also_known_as;
    let listing = Listing { now, also_known_as, informed: Informed::of(now), held: Held::of(now) };
    let concerned = exposure.subjects.iter().enumerate().filter(|(_, subject)| subject.is_concerned());
    let persons: Vec<PersonFact> = concerned.map(|(at, subject)| listing.person(at, subject)).collect();
    let others = listing.informed.others.iter().map(|(told, steps)| OtherTold {
        // By the identifier that was used, and no other that is known of them.
        identities: identities(told.get(..1).unwrap_or_default()),
        told: steps.iter().map(|step| told_fact(step, true, listing.informed.began)).collect(),
    });
    let seen = |seen: Seen| persons.iter().filter(|person| person.seen == seen).count() as u64;
    let notice = |notice: Notice| persons.iter().filter(|person| person.notice == notice).count() as u64;
    let (everybody, determined) = now.concerned();
    let listed = persons.len() as u64;
    let not_listed = everybody.high.saturating_sub(listed);
    // Nobody who was counted is fewer because somebody was erased since.
    let counted = case.steps.iter().filter_map(|step| step.part.as_ref()?.counted.as_ref());
    let counted = counted.filter(|counted| counted.people_determined).map(|counted| counted.people_low);
    let at_least = everybody.low.max(counted.max().unwrap_or_default());
    let totals = PersonsTotals {
        persons: everybody,
        determined,
        not_listed,
        not_listed_low: at_least.saturating_sub(listed).min(not_listed),
        accessed: seen(Seen::Accessed),
        not_recorded: seen(Seen::NotRecorded),
        cannot_be_excluded: seen(Seen::CannotBeExcluded),
        told: notice(Notice::Told),
        perhaps_told: notice(Notice::PerhapsTold),
        could_not_be_told: notice(Notice::CouldNotBeTold),
        not_told: notice(Notice::NotTold),
        holdings_open: exposure.totals.holdings_open,
        holdings_possible: listing.held.copies.iter().filter(|copy| copy.open && copy.possible).count() as u64,
    };
    let public = case.each(CaseStep::Informed).filter(|step| step.channel() == Channel::Public);
    let mut header = header(question, evidence, envelope, ReportType::Persons, template::PERSONS);
    let message = message::facts(evidence, w);
    let of_message = message.iter().map(|part| (of_part(part.part), part.provision));
    header.completeness = of_header_and(&header.completeness, asked_of(&persons).into_iter().chain(of_message));
    PersonsReport {
        erratum: None,
        format: PERSONS_FORMAT.to_owned(),
        header,
        answer: Answer { text: persons_answer(w, now, &totals) },
        totals,
        others_told: others.collect(),
        persons,
        message,
        holdings: listing.held.copies.clone(),
        public: public.map(|step| told_fact(step, false, listing.informed.began)).collect(),
        told_erased: case.each(CaseStep::Informed).map(|step| step.told_closed).sum(),
        texts: now.registry.iter().flat_map(|known| &known.document.wording).map(registered_text).collect(),
        coverage: exposure.coverage.clone(),
        clock: clock(now),
        changes: None,
    }
}

fn registered_text((language, texts): (&String, &crate::registry::Wording)) -> RegisteredText {
    RegisteredText {
        language: language.clone(),
        contact: texts.contact.clone(),
        rights: texts.rights.clone(),
        complaint: texts.complaint.clone(),
    }
}

fn of_part(part: MessagePart) -> &'static str {
    match part {
        MessagePart::Nature => "P.nature",
        MessagePart::Contact => "P.dpo",
        MessagePart::Consequences => "P.consequences",
        MessagePart::Measures => "P.measures",
    }
}

/// What only the controller can say of these people, and of how many of them it did.
fn asked_of(persons: &[PersonFact]) -> [(&'static str, Provision); 5] {
    let not_told = persons.iter().filter(|person| person.notice != Notice::Told);
    [
        ("P.contact", of_each(persons.iter().map(|person| person.contact.is_some()))),
        ("P.language", of_each(persons.iter().map(|person| person.language.is_some()))),
        ("P.country", of_each(persons.iter().map(|person| !person.countries.is_empty()))),
        ("P.vulnerable", of_each(persons.iter().map(|person| person.vulnerable.is_some()))),
        ("P.reason", of_each(not_told.map(|person| person.reason.is_some()))),
    ]
}

fn persons_answer(w: &Wording, now: &AsOf, totals: &PersonsTotals) -> String {
    let b = &w.breach.answer;
    let text = if totals.determined { &b.persons } else { &b.persons_at_least };
    let told = w.number(totals.told);
    let left = w.number(totals.not_told + totals.could_not_be_told + totals.perhaps_told);
    let people = w.plural_range(&w.exposure.count.people, totals.persons.low, totals.persons.high);
    let listed = totals.persons.high.saturating_sub(totals.not_listed);
    let known = w.plural_range(&w.exposure.count.people, listed, listed);
    let people = if totals.determined { people } else { known };
    let text = fill(text, &[("people", &people), ("told", &told), ("left", &left)]);
    if totals.not_listed == 0 {
        return text;
    }
    if let Some(carried) = &now.carried {
        return format!("{text} {}", counted::carried_text(w, &carried_fact(carried)));
    }
    let others = w.plural_range(&w.exposure.count.people, totals.not_listed_low, totals.not_listed);
    let gone = now.erased.iter().any(|erased| !erased.subjects.is_empty());
    let beyond = if gone { &b.persons_gone } else { &b.persons_counted };
    format!("{text} {}", fill(beyond, &[("people", &others)]))
}

struct Listing<'a> {
    now: &'a AsOf,
    also_known_as: &'a BTreeMap<usize, Vec<Identity>>,
    informed: Informed<'a>,
    held: Held,
}

impl Listing<'_> {
    fn person(&self, at: usize, subject: &SubjectFact) -> PersonFact {
        let holdings = self.held.of_person(at);
        let steps = self.informed.steps(at);
        let began = self.informed.began;
        let acts = self.informed.acts(at).iter().map(|(act, sure)| notified(act, *sure, began));
        let mut told: Vec<ToldFact> =
            steps.iter().map(|(step, sure)| told_fact(step, *sure, began)).chain(acts).collect();
        told.sort_by_key(|told| told.entry);
        let notice = match self.informed.reach(at) {
            Reach::Told => Notice::Told,
            Reach::Perhaps => Notice::PerhapsTold,
            Reach::Failed => Notice::CouldNotBeTold,
            Reach::NotTold => Notice::NotTold,
        };
        let last = steps.iter().rev().map(|(step, _)| step.statement()).find(|statement| !statement.is_empty());
        let reason = (notice != Notice::Told).then(|| last.map(str::to_owned).or_else(|| reason(&self.now.case)));
        let resources: Vec<_> = registered::resources(self.now).into_iter().flatten().collect();
        let languages: BTreeSet<&String> =
            resources.iter().filter_map(|resource| resource.subject_language.as_ref()).collect();
        let vulnerable: Vec<bool> = resources.iter().filter_map(|resource| resource.subjects_vulnerable).collect();
        let (says, any) = (!vulnerable.is_empty(), vulnerable.contains(&true));
        PersonFact {
            identities: subject.identities.clone(),
            categories: subject.categories.clone(),
            windows: subject.times.clone(),
            open_us: subject.open_us,
            accesses: subject.accesses,
            seen: match (&subject.accesses, subject.verdict) {
                (Range { low: 1.., .. }, _) => Seen::Accessed,
                (Range { high: 0, .. }, Verdict::NoneComplete) => Seen::NotRecorded,
                _ => Seen::CannotBeExcluded,
            },
            notice,
            told,
            reason: reason.flatten(),
            contact: contact(&subject.identities, self.also_known_as.get(&at).map_or(&[], Vec::as_slice)),
            countries: registered::countries_of(self.now, at).into_iter().collect(),
            // Of several nobody knows which it is.
            language: languages.first().filter(|_| languages.len() == 1).map(|language| (*language).clone()),
            vulnerable: says.then_some(any),
            holdings_open: self.held.open_of(&holdings),
            holdings,
        }
    }
}

/// What people answered of why not everybody, or nobody, is told: fields 103 and 101.
fn reason(case: &Case) -> Option<String> {
    let answers = case.answers();
    [103, 101].iter().find_map(|field| Some(answers.get(field)?.join("\n")))
}

/// Namespaces under which somebody can be written to or called; the first of these that is known.
const REACHED_BY: [&str; 8] = ["email", "e-mail", "mail", "phone", "telephone", "mobile", "address", "postal"];

/// How somebody can be reached by an identifier: which of these it is.
pub fn reached_by(namespace: &str) -> Option<usize> {
    let namespace = namespace.to_ascii_lowercase();
    REACHED_BY.iter().position(|known| *known == namespace)
}

/// A strong one before a weak one, which may be somebody else's too; of strong ones by how one is reached, then what records of
/// the case show before what links alone do, then the first in the order of letters. Where none is known, by what the house
/// finds them.
fn contact(shown: &[PersonIdentity], linked: &[Identity]) -> Option<PersonIdentity> {
    let linked: Vec<PersonIdentity> =
        linked.iter().filter(|it| it.strength != Strength::Weak).map(PersonIdentity::from).collect();
    let all = shown.iter().map(|it| (it, false)).chain(linked.iter().map(|it| (it, true)));
    let rank = |(identity, by_link): (&PersonIdentity, bool)| {
        let by = reached_by(&identity.namespace)?;
        Some((identity.strength.0 == Strength::Weak, by, by_link, identity.namespace.clone(), identity.fields.clone()))
    };
    let ranked = all.filter_map(|it| Some((rank(it)?, it.0))).min_by(|one, other| one.0.cmp(&other.0));
    let own = || shown.iter().find(|identity| identity.strength.0 != Strength::Weak);
    ranked.map(|(_, identity)| identity).or_else(own).cloned()
}

/// An attempt to tell somebody. `certain`: it went to them and nobody else. `began`: when the breach did.
fn told_fact(step: &Step, certain: bool, began: Option<u64>) -> ToldFact {
    let part = step.part.as_ref();
    ToldFact {
        at: Instant::new(step.at_us()),
        channel: Code(step.channel()),
        delivery: Code(step.delivery()),
        message: part.map(|part| hex::encode(&part.message)).filter(|digest| !digest.is_empty()),
        statement: given(step.statement()),
        entry: EntryIndex(step.index),
        certain: certain && step.delivery() != Delivery::Unspecified,
        before_breach: is_before(step.at_us(), began),
    }
}

/// The same by an act on the resources, which says neither how nor with which message.
fn notified(act: &Reported, certain: bool, began: Option<u64>) -> ToldFact {
    let delivery = match act.outcome {
        Outcome::Succeeded => Delivery::Delivered,
        Outcome::Denied | Outcome::Failed => Delivery::Failed,
        _ => Delivery::Unspecified,
    };
    ToldFact {
        at: Instant::new(act.earliest_us),
        channel: Code(Channel::Unspecified),
        delivery: Code(delivery),
        message: None,
        statement: None,
        entry: EntryIndex(act.index),
        certain: certain && delivery != Delivery::Unspecified,
        before_breach: is_before(act.latest_us, began),
    }
}

/// Copies, and whose data is in them: that follows from the act that made each.
struct Held {
    copies: Vec<HeldFact>,
    /// By copy: positions of those whose data it surely holds.
    of: Vec<BTreeSet<usize>>,
    /// Copies that are not gone and of which it is not told whose data is in them.
    anybodys: BTreeSet<u64>,
}

impl Held {
    fn of(now: &AsOf) -> Self {
        let mut all = Held { copies: Vec::new(), of: Vec::new(), anybodys: BTreeSet::new() };
        let cut_off = Instant::new(now.cut_off_us);
        for (number, held) in (1..).zip(&now.exposure.holdings) {
            let moved: Vec<_> = held.entries().map(|entry| now.moved.get(&entry.0)).collect();
            let subjects: BTreeSet<usize> = moved.iter().flatten().flat_map(|it| it.subjects.iter().copied()).collect();
            let listed = !moved.is_empty() && moved.iter().all(|moved| moved.is_some_and(|moved| moved.listed));
            let open = matches!(held.end.known, Known::Open | Known::Unknown) || held.end.latest > cut_off;
            if open && !listed {
                all.anybodys.insert(number);
            }
            all.copies.push(HeldFact {
                number,
                holder: held.holder.clone(),
                resource: held.resource.clone(),
                start: held.start.clone(),
                end: held.end.clone(),
                form: held.form,
                possible: !held.certain,
                open,
                persons: subjects.len() as u64,
                listed,
            });
            all.of.push(subjects);
        }
        all
    }

    fn of_person(&self, at: usize) -> Vec<u64> {
        let theirs = self.copies.iter().zip(&self.of).filter(|(_, subjects)| subjects.contains(&at));
        theirs.map(|(copy, _)| copy.number).collect()
    }

    fn open_of(&self, theirs: &[u64]) -> Range {
        let copies = theirs.iter().filter_map(|number| {
            let at = usize::try_from(*number).unwrap_or_default();
            self.copies.get(at.wrapping_sub(1)).filter(|copy| copy.open)
        });
        // What holds their data surely, if it is a copy at all.
        let surely: Vec<bool> = copies.map(|copy| !copy.possible).collect();
        let others = self.anybodys.iter().filter(|number| !theirs.contains(number)).count() as u64;
        let low = surely.iter().filter(|surely| **surely).count() as u64;
        Range { low, high: surely.len() as u64 + others }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_can_be_written_to_by_a_link_is() {
        let identity = |namespace: &str, field: &str, strength| Identity {
            namespace: namespace.into(),
            fields: vec![field.into()],
            strength,
        };
        let strong = |namespace: &str, field: &str| identity(namespace, field, Strength::Strong);
        let found = |shown: &[&Identity], linked: &[&Identity]| {
            let shown: Vec<PersonIdentity> = shown.iter().copied().map(PersonIdentity::from).collect();
            let linked: Vec<Identity> = linked.iter().map(|it| (*it).clone()).collect();
            contact(&shown, &linked).map(|found| found.fields.join(","))
        };
        let (customer, phone) = (strong("customer", "C-1"), strong("phone", "1"));
        let (b, a) = (strong("email", "b@x"), strong("email", "a@x"));
        let weak = identity("email", "weak@x", Strength::Weak);
        let told = |text: &str| Some(text.to_owned());
        assert_eq!(found(&[&customer], &[]), told("C-1"), "by what the house finds them");
        assert_eq!(found(&[&customer], &[&b, &a]), told("a@x"), "the first of several");
        assert_eq!(found(&[&customer, &b], &[&a]), told("b@x"), "what the case shows first");
        assert_eq!(found(&[&customer, &phone], &[&a]), told("a@x"), "written to before called");
        assert_eq!(found(&[&weak], &[&b]), told("b@x"), "a strong one before a weak one");
        assert_eq!(found(&[&customer], &[&weak]), told("C-1"), "a weak link leads perhaps to somebody else");
    }
}
