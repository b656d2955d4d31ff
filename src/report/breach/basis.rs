//! The facts that the form's answers rest on, and which of them are others than when the authority was notified: who got data
//! without authority, whose it is, what stood open, what was lost, who holds copies, what logging supports.
//!
//! A late access may change no answer, because the form asks only whether there was any: the authority is told of it all the
//! same (CASES 26). What only grew because it is still open says nothing new, so an end at the cut-off is none.

use super::derive::Found;
use super::document::{Basis, FactChange};
use super::evidence::AsOf;
use crate::report::access::answer::identity_text;
use crate::report::access::document::{Authorisation, EntryIndex, Range, Span, Verdict};
use crate::report::exposure::answer::who_text;
use crate::report::exposure::document::{AccessFact, Bound, Known, LossFact, NotListed, Rung, Who};
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill, word};
use std::collections::{BTreeMap, BTreeSet};

/// What makes a fact the same one at two sizes.
type Key = (Basis, String);

/// How it reads, and what shows it.
struct Fact {
    text: String,
    entries: BTreeSet<u64>,
}

/// What is otherwise now, in order of sort and key.
pub(super) fn changes(then: &AsOf, now: &AsOf, w: &Wording) -> Vec<FactChange> {
    let (then, now) = (facts(then, w), facts(now, w));
    let keys: BTreeSet<&Key> = then.keys().chain(now.keys()).collect();
    let changed = |key: &Key| {
        let (was, is) = (then.get(key), now.get(key));
        let text = |fact: Option<&Fact>| fact.map(|fact| fact.text.clone());
        let entries: BTreeSet<u64> = [was, is].into_iter().flatten().flat_map(|fact| &fact.entries).copied().collect();
        (text(was) != text(is)).then(|| FactChange {
            what: key.0,
            then: text(was),
            now: text(is),
            entries: entries.into_iter().map(EntryIndex).collect(),
        })
    };
    keys.into_iter().filter_map(changed).collect()
}

fn facts(as_of: &AsOf, w: &Wording) -> BTreeMap<Key, Fact> {
    let telling = Telling { as_of, w };
    let mut all = BTreeMap::new();
    telling.accesses(&mut all);
    telling.persons(&mut all);
    telling.ways(&mut all);
    telling.losses(&mut all);
    telling.holdings(&mut all);
    let sentence = match as_of.exposure.coverage.sentence {
        Verdict::NoneComplete => &w.breach.basis_text.complete,
        Verdict::Accessed | Verdict::NoneIncomplete | Verdict::NotDeterminable => &w.breach.basis_text.incomplete,
    };
    all.insert((Basis::Logging, String::new()), Fact { text: sentence.clone(), entries: BTreeSet::new() });
    all
}

struct Telling<'a> {
    as_of: &'a AsOf,
    w: &'a Wording,
}

impl Telling<'_> {
    fn joined(&self, pieces: &[String]) -> String {
        pieces.iter().filter(|piece| !piece.is_empty()).cloned().collect::<Vec<_>>().join(", ")
    }

    fn key<T: serde::Serialize>(&self, of: &T) -> String {
        serde_json::to_string(of).unwrap_or_default()
    }

    /// Nobody is known to have allowed it, and it was not only tried.
    fn unsettled(&self) -> impl Iterator<Item = &AccessFact> {
        let accesses = self.as_of.exposure.accesses.iter();
        accesses.filter(|it| it.rung != Rung::Tried && it.authorisation != Authorisation::Authorised)
    }

    fn accesses(&self, all: &mut BTreeMap<Key, Fact>) {
        let (w, b) = (self.w, &self.w.breach.basis_text);
        for access in self.unsettled() {
            let entries: BTreeSet<u64> = access.entries.iter().map(|entry| entry.0).collect();
            let others = |others: &mut dyn Iterator<Item = &Who>, text: &str, key: &str| {
                let others: Vec<String> =
                    others.filter(|who| **who != access.who).map(|who| who_text(w, who)).collect();
                if others.is_empty() { String::new() } else { fill(text, &[(key, &w.comma(&others))]) }
            };
            let to = others(&mut access.shown_to.iter().chain(&access.given_to), &b.to, "who");
            let perhaps_to = others(&mut access.perhaps_given_to.iter(), &w.exposure.table.perhaps_given_to, "list");
            let text = self.joined(&[
                w.span(access.when.from, access.when.until),
                who_text(w, &access.who),
                word(&w.exposure.rung, access.rung.code()).to_owned(),
                access.resource.clone(),
                to,
                perhaps_to,
                self.people(access.subjects, access.listed),
                word(&w.authorisation, access.authorisation.code()).to_owned(),
                if access.certain { String::new() } else { b.possible.clone() },
            ]);
            // One act on two resources is two facts; an act that a second entry tells again is the same one, told at its widest.
            let key = self.key(&(entries.first(), &access.resource));
            all.insert((Basis::Access, key), Fact { text, entries });
        }
    }

    fn persons(&self, all: &mut BTreeMap<Key, Fact>) {
        let (w, b) = (self.w, &self.w.breach.basis_text);
        let exposure = &self.as_of.exposure;
        for subject in exposure.subjects.iter().filter(|subject| subject.is_concerned()) {
            let categories: Vec<String> =
                subject.categories.iter().map(|it| word(&w.category, it.text()).to_owned()).collect();
            let windows: Vec<String> = subject.times.iter().map(|span| self.window(span)).collect();
            let names: Vec<String> = subject.identities.iter().map(|it| identity_text(w, it)).collect();
            let had = match subject.accesses {
                Range { low: 1.., .. } => b.had.clone(),
                Range { high: 1.., .. } => b.perhaps_had.clone(),
                // What may be said of that hangs on logging, which is a fact of its own here.
                _ => String::new(),
            };
            let lost = if subject.losses > 0 { b.lost.clone() } else { String::new() };
            let text = self.joined(&[w.comma(&names), w.comma(&categories), w.comma(&windows), had, lost]);
            // Whoever is named by one more identifier is the same person.
            let key = self.key(&subject.identities.first().map(|it| (&it.namespace, &it.fields)));
            all.insert((Basis::Person, key), Fact { text, entries: BTreeSet::new() });
        }
    }

    fn people(&self, number: u64, listed: bool) -> String {
        let people = self.w.plural_range(&self.w.exposure.count.people, number, number);
        if listed { people } else { fill(&self.w.breach.basis_text.at_least, &[("people", &people)]) }
    }

    fn lost_of(&self, loss: &LossFact) -> String {
        match &loss.not_listed {
            Some(NotListed { at_least, at_most: Some(at_most) }) => {
                self.w.plural_range(&self.w.exposure.count.people, *at_least, *at_most)
            }
            Some(NotListed { at_least, at_most: None }) => self.people(*at_least, false),
            None => self.people(loss.subjects, true),
        }
    }

    /// From when until when; what lasted to the cut-off has no end yet.
    fn window(&self, span: &Span) -> String {
        let w = self.w;
        match span.until.us() >= self.as_of.cut_off_us {
            true => fill(&w.breach.basis_text.since, &[("at", &w.instant(span.from))]),
            false => w.span(span.from, span.until),
        }
    }

    fn ends(&self, start: &Bound, end: &Bound) -> String {
        let w = self.w;
        let known = word(&w.exposure.known, end.known.code());
        match end.known {
            Known::Open => fill(&w.breach.basis_text.since, &[("at", &w.instant(start.earliest))]),
            // Until when it may have lasted moves with the cut-off.
            Known::Unknown => format!("{}, {known}", w.instant(start.earliest)),
            Known::Exact | Known::Bounded | Known::Assumed => {
                format!("{}, {known}", w.span(start.earliest, Instant::new(end.latest.us())))
            }
        }
    }

    fn ways(&self, all: &mut BTreeMap<Key, Fact>) {
        let w = self.w;
        let resources = self.as_of.exposure.resources.iter();
        let paths = resources.flat_map(|resource| resource.paths.iter().map(move |path| (&resource.name, path)));
        for (resource, path) in paths.filter(|(_, path)| path.authorisation == Authorisation::Unauthorised) {
            let entries = [&path.start, &path.end].into_iter().filter_map(|bound| bound.entry.map(|entry| entry.0));
            let who = who_text(w, &path.audience);
            let text = self.joined(&[resource.clone(), who, self.ends(&path.start, &path.end)]);
            let key = self.key(&(resource, &path.audience, path.start.entry, path.start.earliest));
            all.insert((Basis::Way, key), Fact { text, entries: entries.collect() });
        }
        for viewer in self.as_of.exposure.viewers.iter().filter(|viewer| viewer.excess_us.high > 0) {
            let times: Vec<String> = viewer.times.iter().map(|span| self.window(span)).collect();
            let text = self.joined(&[who_text(w, &viewer.who), w.comma(&times)]);
            let key = match &viewer.who {
                Who::Person { identities } => self.key(&identities.first().map(|it| (&it.namespace, &it.fields))),
                who => self.key(who),
            };
            all.insert((Basis::Audience, key), Fact { text, entries: BTreeSet::new() });
        }
    }

    fn losses(&self, all: &mut BTreeMap<Key, Fact>) {
        let w = self.w;
        for loss in Found::of(self.as_of).losses() {
            let text = self.joined(&[
                w.span(loss.when.from, loss.when.until),
                loss.resource.clone(),
                word(&w.exposure.lost, loss.lost.code()).to_owned(),
                self.lost_of(loss),
                word(&w.breach.recovery, loss.recovery.code()).to_owned(),
            ]);
            let key = self.key(&(loss.entry, &loss.resource, loss.lost));
            let entries = [Some(loss.entry), loss.restored_by].into_iter().flatten().map(|entry| entry.0).collect();
            all.insert((Basis::Loss, key), Fact { text, entries });
        }
    }

    /// Copies that were made without authority, or of which that is not settled.
    fn holdings(&self, all: &mut BTreeMap<Key, Fact>) {
        let w = self.w;
        let by: BTreeSet<u64> = self.unsettled().flat_map(|it| it.entries.iter().map(|entry| entry.0)).collect();
        for held in &self.as_of.exposure.holdings {
            let Some(entry) = held.entries().find(|entry| by.contains(&entry.0)) else { continue };
            let form = word(&w.exposure.form, held.form.code()).to_owned();
            let text = self.joined(&[
                who_text(w, &held.holder),
                held.resource.clone(),
                self.ends(&held.start, &held.end),
                form,
            ]);
            let entries = [Some(entry), held.end.entry].into_iter().flatten().map(|entry| entry.0).collect();
            let key = self.key(&(&held.holder, &held.resource, entry));
            all.insert((Basis::Holding, key), Fact { text, entries });
        }
    }
}
