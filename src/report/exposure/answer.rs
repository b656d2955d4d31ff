//! The one sentence, and whether "no data was mishandled" can be said.

use super::document::*;
use crate::report::access::answer as access;
use crate::report::access::document::{EntryIndex, Range, Verdict};
use crate::report::instant::Instant;
use crate::report::wording::{Wording, fill, word};
use std::collections::BTreeSet;

/// Names told in a sentence before "and n more".
const LISTED: usize = 4;

/// The answer without its text.
pub fn verdicts(totals: &Totals, resources: &[ResourceFact], logging: Verdict) -> Answer {
    // What is done with a copy where it lies is told of by nothing that logs the resource, nor who looked of those who cannot be
    // counted, nor what came to whoever runs a model of which nobody says that.
    let elsewhere = totals.holdings_elsewhere > 0 || totals.saw_uncountable || totals.models_unknown > 0;
    let unlogged = elsewhere && logging == Verdict::NoneComplete;
    let negative = if unlogged { Verdict::NotDeterminable } else { logging };
    let unsettled = totals.open_questions > 0;
    let claim = if resources.iter().all(|resource| !resource.known) {
        Claim::NothingKnown
    } else if totals.unauthorised_accesses.low > 0 {
        Claim::Refuted
    } else if totals.unauthorised_losses > 0 {
        Claim::Lost
    } else if unsettled {
        Claim::NotAssessed
    } else if totals.unauthorised_us.high > 0 {
        Claim::MadeAvailable
    } else if logging == Verdict::NoneComplete && totals.unsettled {
        Claim::Unsettled
    } else if negative == Verdict::NoneComplete {
        Claim::Supported
    } else {
        Claim::CannotBeExcluded
    };
    let seen = if totals.people_saw.low > 0 {
        Verdict::Accessed
    } else if totals.people_saw.high > 0 || totals.successes > 0 {
        Verdict::NotDeterminable
    } else {
        negative
    };
    let could = if totals.open_us.high > 0 { Verdict::Accessed } else { negative };
    Answer { text: String::new(), claim, could, seen, beyond: negative }
}

/// Who could, who did, who holds, from when to when, authorised or not.
pub fn text(w: &Wording, report: &ExposureReport) -> String {
    let (words, totals) = (&w.exposure.answer, &report.totals);
    let names = |known: bool| -> Vec<String> {
        report.resources.iter().filter(|it| it.known == known).map(|it| it.name.clone()).collect()
    };
    let unknown = names(false);
    let unknown = (!unknown.is_empty()).then(|| fill(&words.unknown, &[("resources", &w.list(&unknown, LISTED))]));
    if report.answer.claim == Claim::NothingKnown {
        return unknown.unwrap_or_default();
    }
    // Of what nobody knows nothing is said but that.
    let resources = w.list(&names(true), LISTED);
    let spans: Vec<String> = report
        .resources
        .iter()
        .flat_map(|resource| &resource.windows)
        .map(|window| w.span(window.start.earliest, window.end.latest))
        .collect();
    let mut clauses = Vec::new();
    if spans.is_empty() {
        let verdict = beyond_text(w, report);
        clauses.push(fill(&words.never, &[("resources", &resources), ("verdict", &verdict)]));
    } else {
        let duration = duration_range(w, &totals.open_us);
        let values = [("resources", resources.as_str()), ("spans", &w.list(&spans, LISTED)), ("duration", &duration)];
        let mut windows = report.resources.iter().flat_map(|resource| &resource.windows);
        let assumed = windows.any(|window| window.end.known == Known::Assumed);
        clauses.push(fill(if assumed { &words.open_assumed } else { &words.open }, &values));
        // Of those who cannot be counted the number is not 0.
        let counted = |range: &Range| match (totals.uncountable, range.high) {
            (true, 0) => words.uncounted.clone(),
            _ => people(w, range),
        };
        let others = totals.uncountable && totals.people_could.high > 0;
        let could = if others { &words.could_and_others } else { &words.could };
        clauses.push(fill(could, &[("people", &counted(&totals.people_could))]));
        if totals.unauthorised_us.high > 0 {
            let duration = duration_range(w, &totals.unauthorised_us);
            let people = counted(&totals.people_without_authority);
            clauses.push(fill(&words.without_authority, &[("duration", &duration), ("people", &people)]));
        }
    }
    match (totals.people_saw.high > 0, totals.saw_uncountable) {
        (true, others) => {
            let saw = if others { &words.saw_and_others } else { &words.saw };
            clauses.push(fill(saw, &[("people", &people(w, &totals.people_saw))]));
        }
        (false, true) => clauses.push(words.saw_uncounted.clone()),
        (false, false) => {}
    }
    if totals.people_given.high > 0 {
        let given = if totals.given_uncountable { &words.given_and_others } else { &words.given };
        clauses.push(fill(given, &[("people", &people(w, &totals.people_given))]));
    }
    if totals.machines.high > 0 {
        let machines = w.plural_range(&w.exposure.count.machines, totals.machines.low, totals.machines.high);
        clauses.push(fill(&words.machines, &[("machines", &machines)]));
    }
    if totals.successes == 0 && !spans.is_empty() {
        // A sentence of its own says what is recorded; a verdict alone would say nothing of what.
        clauses.push(match report.answer.beyond {
            Verdict::NotDeterminable => fill(&words.did, &[("verdict", &beyond_text(w, report))]),
            _ => beyond_text(w, report),
        });
    }
    if totals.holdings_open > 0 {
        let copies = copies(w, &totals.copies_open());
        let holders = holders(w, report, &|held, cut_off| held.is_open(cut_off));
        clauses.push(fill(&words.holds, &[("copies", &copies), ("holders", &holders)]));
    }
    if totals.holdings_promised > 0 {
        let copies = copies(w, &totals.copies_promised());
        let holders = holders(w, report, &|held, cut_off| held.is_promised(cut_off));
        clauses.push(fill(&words.promised, &[("copies", &copies), ("holders", &holders)]));
    }
    let sentence = fill(&words.sentence, &[("clauses", &clauses.join(&w.answer.clauses))]);
    let causes = root_causes(w, report);
    unknown.into_iter().chain([sentence]).chain(causes).chain([claim_text(w, report)]).collect::<Vec<_>>().join(" ")
}

/// What opened the ways goes back to these: where each chain of causes ends.
fn root_causes(w: &Wording, report: &ExposureReport) -> Vec<String> {
    let leads = |entry: EntryIndex| report.causes.iter().any(|other| other.led_to == Some(entry));
    // Where acts are each other's causes none is where the chain ends.
    let circular = |entry: EntryIndex| {
        report.oddities.iter().any(|odd| odd.what == Oddity::RefersToItself && odd.entry == Some(entry))
    };
    let in_a_circle = |cause: &CauseFact| circular(cause.entry) && cause.led_to.is_some_and(circular);
    // Each chain begins with what opened or closed a way; what led to a closing opened nothing.
    let mut opened = false;
    let roots = report.causes.iter().filter(|cause| {
        if cause.led_to.is_none() {
            opened = cause.relation == Relation::Opened;
        }
        opened && cause.led_to.is_some() && !leads(cause.entry) && !in_a_circle(cause)
    });
    let text = |cause: &CauseFact| {
        let values = [
            ("resource", cause.resource.clone()),
            ("who", who_text(w, &cause.who)),
            ("when", w.span(cause.when.from, cause.when.until)),
            ("verb", word(&w.verb, cause.verb.text()).to_owned()),
            ("authorisation", word(&w.authorisation, cause.authorisation.code()).to_owned()),
        ];
        fill(&w.exposure.notice.cause, &values.each_ref().map(|(name, text)| (*name, text.as_str())))
    };
    let mut told = BTreeSet::new();
    roots.map(text).filter(|text| told.insert(text.clone())).take(LISTED).collect()
}

/// With whom these copies are.
fn holders(w: &Wording, report: &ExposureReport, which: &dyn Fn(&HoldingFact, Instant) -> bool) -> String {
    let cut_off = report.header.question.cut_off;
    let mut holders: Vec<String> = Vec::new();
    for held in report.holdings.iter().filter(|held| which(held, cut_off)) {
        let holder = who_text(w, &held.holder);
        if !holders.contains(&holder) {
            holders.push(holder);
        }
    }
    w.list(&holders, LISTED)
}

/// Whether "no data was mishandled" can be said, and why not.
pub fn claim_text(w: &Wording, report: &ExposureReport) -> String {
    let totals = &report.totals;
    let n = match report.answer.claim {
        Claim::Refuted => totals.unauthorised_accesses.low,
        Claim::NotAssessed => totals.open_questions,
        Claim::NothingKnown
        | Claim::Lost
        | Claim::MadeAvailable
        | Claim::Unsettled
        | Claim::CannotBeExcluded
        | Claim::Supported => 0,
    };
    let losses = w.plural(&w.exposure.count.losses, totals.unauthorised_losses);
    let accesses = w.plural(&w.exposure.count.accesses, n);
    let duration = duration_range(w, &totals.unauthorised_us);
    let verdict = beyond_text(w, report);
    let copies = copies(w, &totals.copies_elsewhere());
    let values = [
        ("accesses", accesses.as_str()),
        ("losses", &losses),
        ("verdict", &verdict),
        ("duration", &duration),
        ("copies", &copies),
    ];
    // Where all that logs it was complete, what cannot be excluded is what was done with copies elsewhere, who looked of those
    // who cannot be counted, and what came to whoever runs a model.
    let unlogged = report.coverage.sentence == Verdict::NoneComplete && report.answer.beyond != Verdict::NoneComplete;
    let words = &w.exposure.answer;
    let (whole, more) = match (totals.holdings_elsewhere > 0, totals.saw_uncountable) {
        (true, _) => (&words.elsewhere, Some(&words.copies_elsewhere)),
        (false, true) => (&words.shown_uncounted, Some(&words.shown_to_uncounted)),
        (false, false) => (&words.model_unknown, None),
    };
    let to_model = (totals.models_unknown > 0).then_some(&words.to_unknown_model);
    let joined = |claim: String, beyond: &[Option<&String>]| {
        let beyond = beyond.iter().copied().flatten().map(|text| fill(text, &values));
        [claim].into_iter().chain(beyond).collect::<Vec<_>>().join(" ")
    };
    if report.answer.claim == Claim::CannotBeExcluded && unlogged {
        return joined(fill(whole, &values), &[to_model.filter(|_| more.is_some())]);
    }
    // Where it is not certain that a way was open, it possibly was.
    let perhaps = report.answer.claim == Claim::MadeAvailable && totals.unauthorised_us.low == 0;
    let claim =
        if perhaps { &words.perhaps_made_available } else { word(&w.exposure.claim, report.answer.claim.code()) };
    let claim = fill(claim, &values);
    if unlogged && matches!(report.answer.claim, Claim::MadeAvailable | Claim::Unsettled) {
        return joined(claim, &[more, to_model]);
    }
    claim
}

/// One of the permitted sentences, for access that is not recorded.
pub fn beyond_text(w: &Wording, report: &ExposureReport) -> String {
    verdict_text(w, report, report.answer.beyond)
}

/// One of the permitted sentences.
pub fn verdict_text(w: &Wording, report: &ExposureReport, verdict: Verdict) -> String {
    access::verdict_text(w, verdict, &report.coverage.sources, &report.coverage.downtimes)
}

/// Somebody, with everything that is known of who that is.
pub fn who_text(w: &Wording, who: &Who) -> String {
    match who {
        Who::Person { identities } if !identities.is_empty() => {
            w.comma(&identities.iter().map(|identity| access::identity_text(w, identity)).collect::<Vec<_>>())
        }
        Who::Person { .. } | Who::UnknownHuman { .. } => w.party.some_human.clone(),
        Who::Anyone => w.exposure.table.anyone.clone(),
        Who::UnknownRecipient { .. } => w.exposure.table.unknown_recipient.clone(),
        Who::UnknownOperator { tool } => {
            fill(&w.exposure.table.unknown_operator, &[("tool", &access::name_text(w, tool))])
        }
        Who::Named { kind, name } => {
            let kind = word(&w.party.kind, kind.text());
            fill(&w.exposure.table.named, &[("kind", kind), ("name", &access::name_text(w, name))])
        }
    }
}

pub use access::name_text;

/// A policy in its version, and what it decided.
pub fn policy_text(w: &Wording, policy: &PolicyFact) -> String {
    let id = name_text(w, &policy.id);
    let decision = word(&w.policy_decision, policy.decision.text());
    match &policy.version {
        Some(version) => {
            let version = name_text(w, version);
            fill(&w.mark.policy_version, &[("id", &id), ("version", &version), ("decision", decision)])
        }
        None => fill(&w.mark.policy, &[("id", &id), ("decision", decision)]),
    }
}

fn copies(w: &Wording, range: &Range) -> String {
    w.plural_range(&w.exposure.count.copies, range.low, range.high)
}

pub fn people(w: &Wording, range: &Range) -> String {
    w.plural_range(&w.exposure.count.people, range.low, range.high)
}

/// "2 h 00 min", or "2 h 00 min to 2 h 05 min".
pub fn duration_range(w: &Wording, range: &Range) -> String {
    if range.low == range.high {
        return duration(w, range.low);
    }
    fill(&w.number.range, &[("low", &duration(w, range.low)), ("high", &duration(w, range.high))])
}

/// To the minute from an hour on, to the second below. Never rounded up to what was not.
fn duration(w: &Wording, us: u64) -> String {
    let seconds = us / 1_000_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let d = &w.exposure.duration;
    let values = |first: u64, second: u64| [w.number(first), format!("{second:02}")];
    let (text, [first, second]) = match seconds {
        0 if us > 0 => return d.moment.clone(),
        0..60 => return fill(&d.seconds, &[("s", &seconds.to_string())]),
        60..3_600 => (&d.minutes, values(minutes, seconds % 60)),
        3_600..86_400 => (&d.hours, values(hours, minutes)),
        _ => (&d.days, values(days, hours)),
    };
    fill(text, &[("a", &first), ("b", &second)])
}
