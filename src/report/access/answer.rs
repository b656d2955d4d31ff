//! The answer in one sentence, and the verdicts that may be said.

use super::document::*;
use crate::law::edpb::is_in_eea;
use crate::report::wording::{Plural, Wording, fill, word};

/// Most names in a list inside a sentence.
const LISTED: usize = 3;

/// Most recipients by name; whoever is not named is counted.
const RECIPIENTS_NAMED: usize = 8;

/// The only permitted sentences (REPORTS 2.1). "Accessed" needs one certain access; where access is only possible, nothing
/// milder than "not determinable" may be said. `sent`: to whomever the record names, the person too.
pub fn verdicts(totals: &Totals, sent: Range, beyond: Verdict) -> Answer {
    let verdict = |certain: bool, possible: bool| match (certain, possible) {
        (true, _) => Verdict::Accessed,
        (false, true) => Verdict::NotDeterminable,
        (false, false) => beyond,
    };
    let moved = [&totals.processed, &totals.into_tools, &totals.disclosed, &sent];
    // An error text may repeat what was asked for.
    let told = totals.error_texts > 0;
    Answer {
        text: String::new(),
        verdict: verdict(moved.iter().any(|range| range.low > 0), told || moved.iter().any(|range| range.high > 0)),
        beyond,
        humans: verdict(
            totals.shown_to_humans.low > 0,
            totals.shown_to_humans.high > 0 || totals.given_to_humans.high > 0,
        ),
    }
}

/// In words: who processed data of the person, how often, on whose behalf, and whether a human was shown them.
pub fn text(w: &Wording, report: &AccessReport) -> String {
    let totals = &report.totals;
    let times = |range: &Range| w.plural_range(&w.count.times, range.low, range.high);
    let coverage = &report.coverage;
    let said = |verdict: Verdict| verdict_text(w, verdict, &coverage.sources, &coverage.downtimes);
    let verdict = || said(report.answer.verdict);
    let clauses = [
        Some(humans(w, totals, &said(report.answer.humans))),
        taken(w, totals),
        recipients(w, &report.recipients, true),
        recipients(w, &report.recipients, false),
    ];
    let humans = clauses.into_iter().flatten().collect::<Vec<_>>().join(&w.answer.clauses);
    let by_machines = &totals.processed_by.not_humans;
    if by_machines.low > 0 {
        let (who, behalf) = (who(w, &totals.processed_by), behalf(w, &report.principals));
        let times = times(by_machines);
        let values = [("who", who.as_str()), ("times", &times), ("behalf", &behalf), ("humans", &humans)];
        fill(&w.answer.processed, &values)
    } else if by_machines.high > 0 {
        let times = w.plural(&w.count.times, by_machines.high);
        fill(&w.answer.possible, &[("times", &times), ("humans", &humans)])
    } else if totals.processed.high > 0 {
        fill(&w.answer.no_agent, &[("verdict", &said(report.answer.beyond)), ("humans", &humans)])
    } else if totals.arguments_only.high > 0 {
        let (times, verdict) = (times(&totals.arguments_only), said(report.answer.beyond));
        fill(&w.answer.arguments_only, &[("times", &times), ("verdict", &verdict), ("humans", &humans)])
    } else if totals.attempts_into_tools > 0 {
        let into = w.number(totals.attempts_into_tools);
        let attempts = w.range(totals.attempts.low, totals.attempts.high);
        fill(&w.answer.attempts_into_tools, &[("n", &attempts), ("into", &into), ("humans", &humans)])
    } else if totals.attempts.high > 0 {
        let attempts = w.range(totals.attempts.low, totals.attempts.high);
        fill(&w.answer.attempts, &[("verdict", &verdict()), ("n", &attempts)])
    } else {
        fill(&w.answer.nothing, &[("verdict", &verdict())])
    }
}

/// One of the permitted sentences.
pub fn verdict_text(w: &Wording, verdict: Verdict, sources: &[SourceCoverage], downtimes: &[Gap]) -> String {
    match verdict {
        Verdict::Accessed => w.verdict.accessed.clone(),
        Verdict::NoneComplete => w.verdict.none_complete.clone(),
        Verdict::NoneIncomplete => fill(&w.verdict.none_incomplete, &[("gaps", &gaps(w, sources, downtimes))]),
        Verdict::NotDeterminable => w.verdict.not_determinable.clone(),
    }
}

/// Most gaps that the sentence names; the section on coverage has more.
const GAPS_LISTED: usize = 6;

fn gaps(w: &Wording, sources: &[SourceCoverage], downtimes: &[Gap]) -> String {
    let line = |source: &str, gap: &Gap| {
        let span = w.span(gap.span.from, gap.span.until);
        fill(&w.verdict.gap, &[("source", source), ("span", &span)])
    };
    let of_sources = sources.iter().flat_map(|source| source.gaps.iter().map(|gap| line(&source.source, gap)));
    let own = downtimes.iter().map(|gap| line(&w.verdict.ledger, gap));
    w.list(&of_sources.chain(own).collect::<Vec<_>>(), GAPS_LISTED)
}

fn who(w: &Wording, by: &ProcessedBy) -> String {
    let counted = |tally: &Tally, plural: &Plural| {
        (tally.acts.high > 0).then(|| w.plural_range(plural, tally.parties.low, tally.parties.high))
    };
    let parts = [
        counted(&by.agents, &w.answer.who.agents),
        counted(&by.services, &w.answer.who.services),
        counted(&by.others, &w.answer.who.others),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    // An act without any actor is no honest writer's; it counts all the same.
    if parts.is_empty() { w.missing.nobody.clone() } else { w.list(&parts, parts.len()) }
}

fn behalf(w: &Wording, principals: &[PrincipalFact]) -> String {
    let moved = |fact: &PrincipalFact| fact.counts.processed + fact.counts.possible;
    let named: Vec<&PrincipalFact> = principals.iter().filter(|fact| moved(fact) > 0 && !fact.in_person).collect();
    let label = |fact: &PrincipalFact| match &fact.party {
        Some(party) => party_text(w, party),
        None => w.missing.nobody.clone(),
    };
    match named.as_slice() {
        [] | [PrincipalFact { party: None, .. }] => String::new(),
        [one] => fill(&w.answer.on_behalf, &[("list", &label(one))]),
        many => {
            let items: Vec<String> = many
                .iter()
                .map(|fact| {
                    let times = w.plural(&w.count.times, moved(fact));
                    fill(&w.answer.behalf_item, &[("who", &label(fact)), ("times", &times)])
                })
                .collect();
            fill(&w.answer.on_behalf, &[("list", &w.list(&items, LISTED))])
        }
    }
}

/// Whether a human was shown data; where nobody is recorded as such, in the words that may be said of that.
fn humans(w: &Wording, totals: &Totals, verdict: &str) -> String {
    let (others, this_person) = (&totals.shown_to_humans, &totals.shown_to_this_person);
    let times = |range: &Range| w.plural_range(&w.count.times, range.low, range.high);
    if others.low > 0 {
        fill(&w.answer.humans, &[("times", &times(others))])
    } else if others.high > 0 {
        fill(&w.answer.humans_possible, &[("times", &w.plural(&w.count.times, others.high))])
    } else if this_person.high > 0 {
        fill(&w.answer.only_this_person, &[("times", &times(this_person)), ("verdict", verdict)])
    } else {
        fill(&w.answer.no_humans, &[("verdict", verdict)])
    }
}

/// Data that a human got and is not recorded as having been shown.
fn taken(w: &Wording, totals: &Totals) -> Option<String> {
    let given = &totals.given_to_humans;
    let times = w.plural_range(&w.count.times, given.low, given.high);
    (given.high > 0).then(|| fill(&w.answer.taken, &[("times", &times)]))
}

/// To whom data were surely, or only possibly, disclosed: everybody whom the section on recipients has as one, by name and with
/// the country where it is outside the EEA; who is left out of the sentence is counted in it.
fn recipients(w: &Wording, recipients: &[RecipientFact], certain: bool) -> Option<String> {
    let names = |certain: bool| {
        let mut names: Vec<String> = Vec::new();
        let is_one = |fact: &&RecipientFact| fact.is_told() && fact.acts.high > 0 && (fact.acts.low > 0) == certain;
        for name in recipients.iter().filter(is_one).map(|fact| recipient_text(w, fact)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    };
    let mut named = names(certain);
    if !certain {
        let surely = names(true);
        named.retain(|name| !surely.contains(name));
    }
    if named.len() > RECIPIENTS_NAMED {
        let further = named.split_off(RECIPIENTS_NAMED - 1).len() as u64;
        let further = w.plural(&w.answer.further, further);
        named.push(fill(&further, &[("section", &w.section.recipients)]));
    }
    let text = if certain { &w.answer.disclosed } else { &w.answer.disclosed_possible };
    (!named.is_empty()).then(|| fill(text, &[("list", &w.list(&named, RECIPIENTS_NAMED))]))
}

fn recipient_text(w: &Wording, fact: &RecipientFact) -> String {
    let name = party_text(w, &fact.party);
    match fact.country.as_ref().filter(|country| !is_in_eea(country)) {
        Some(country) => fill(&w.answer.in_country, &[("who", &name), ("country", country)]),
        None => name,
    }
}

/// A party, as a reader may know it.
pub fn party_text(w: &Wording, party: &Party) -> String {
    match party {
        Party::ThisPerson => w.party.this_person.clone(),
        Party::OtherPerson { number: Some(number) } => fill(&w.party.other_person, &[("n", &w.number(number.0))]),
        Party::OtherPerson { number: None } => w.party.other_persons.clone(),
        Party::SomeHuman => w.party.some_human.clone(),
        Party::Public => w.party.public.clone(),
        Party::Unnamed { kind } => fill(&w.party.unnamed, &[("kind", word(&w.party.kind, kind.text()))]),
        Party::Named { name, .. } => fill(&w.party.named, &[("name", &name_text(w, name))]),
    }
}

/// An identifier with its namespace, and whether two people may share it.
pub fn identity_text(w: &Wording, identity: &PersonIdentity) -> String {
    let weak = identity.strength.0 == crate::model::Strength::Weak;
    let text = if weak { &w.fact.identity_weak } else { &w.fact.identity };
    fill(text, &[("namespace", &identity.namespace), ("value", &w.comma(&identity.fields))])
}

pub fn name_text(w: &Wording, name: &Name) -> String {
    match name {
        Name::Registered(name) => name.clone(),
        Name::Unregistered(name) => fill(&w.missing.unregistered, &[("name", name)]),
        Name::Closed => w.missing.closed.clone(),
    }
}
