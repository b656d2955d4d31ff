//! What was counted becomes facts, beside what the registries say.

use super::document::*;
use super::evidence::{ActivityEvidence, ActivityQuestion};
use super::tally::{self, Authority, Instruction};
use crate::exposure::calculus::interval::Frame;
use crate::model::{Outcome, PartyKind, RecipientKind, RegistryKind, ReportType};
use crate::registry::{Agent, Document};
use crate::report::access::document::{Authorisation, EntryIndex, Limit, Name, Provision, Range, Span, Verdict};
use crate::report::access::registered::Names;
use crate::report::access::{completeness, coverage};
use crate::report::code::Code;
use crate::report::controller::ControllerFacts;
use crate::report::evidence::Envelope;
use crate::report::exposure::document::CoverageFact;
use crate::report::header::Common;
use crate::report::instant::Instant;
use crate::report::shape::given;
use crate::report::template;
use crate::report::wording::{Wording, fill};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the JSON.
pub const FORMAT: &str = "whosaw-activity-report/1";

/// What one agent did. The same arguments always give the same facts.
pub fn facts(question: &ActivityQuestion, evidence: &ActivityEvidence, envelope: &Envelope) -> ActivityReport {
    let names = Names::of(&evidence.registry);
    let document = evidence.controller.as_ref().map(|known| &known.document);
    let described = document.and_then(|document| document.agents.iter().find(|agent| agent.name == question.agent));
    let known = evidence.registry.iter().any(|(kind, name, _)| is_actor(kind) && name == question.agent);
    let tally = &evidence.tally;
    let tools = tools(tally, described);
    let coverage = coverage_fact(question, evidence, &names);
    let mut report = ActivityReport {
        format: FORMAT.to_owned(),
        header: header(question, evidence, envelope),
        answer: Answer { text: String::new() },
        agent: agent(question, known, described, vendors(question, evidence, &coverage.period)),
        totals: totals(tally, &tools, described, evidence.pruned + tally.perhaps),
        lines: tally.lines.iter().map(|(line, series)| line_fact(line, *series)).collect(),
        instructions: tally.instructions.iter().map(|(which, series)| instruction(which, *series)).collect(),
        principals: tally.principals.iter().map(|(whom, series)| principal(whom.as_ref(), *series)).collect(),
        others: others(tally, document),
        tools,
        models: tally.models.iter().map(|(model, series)| model_fact(model, *series)).collect(),
        coverage,
        clock: Some(tally.clock.clone()),
        changes: None,
        erratum: None,
    };
    report.header.completeness = completeness::of_header_and(&report.header.completeness, asked_of(&report.agent));
    report.answer.text = answer(&envelope.language.wording_in(&report.header.template.zone()), &report);
    report
}

/// What only the controller can say of the agent, and whether it did.
fn asked_of(agent: &AgentFact) -> [(&'static str, Provision); 7] {
    let given = |field, is_given| (field, if is_given { Provision::Provided } else { Provision::NotProvided });
    [
        given("A.owner", agent.owner.is_some()),
        given("A.model", agent.model.is_some()),
        given("A.vendor", agent.vendor.is_some()),
        given("A.tools", !agent.tools.is_empty()),
        given("A.charter", agent.charter.is_some()),
        given("A.memory", agent.memory_days.is_some()),
        given("A.session", agent.session_max_s.is_some()),
    ]
}

fn is_actor(kind: RegistryKind) -> bool {
    matches!(kind, RegistryKind::Agent | RegistryKind::Party)
}

fn header(question: &ActivityQuestion, evidence: &ActivityEvidence, envelope: &Envelope) -> Header {
    let controller = ControllerFacts::of(evidence.controller.as_ref());
    let own = Own {
        question: Question {
            agent: question.agent.clone(),
            size: question.size,
            from: question.from_us.map(Instant::new),
            until: question.until_us.map(Instant::new),
        },
        entries_proved: evidence.tally.entries_proved,
        parts_closed: evidence.tally.parts_closed,
        pruned: evidence.pruned,
        completeness: completeness::of_header(&controller, envelope),
    };
    let what = (ReportType::Activity, template::ACTIVITY, "instructing");
    Header::of(Common::of(what, controller, &evidence.head, envelope), own)
}

/// Who was registered as running the agent's model in the period, each from when and until when.
fn vendors(question: &ActivityQuestion, evidence: &ActivityEvidence, period: &Span) -> Vec<VendorFact> {
    let frame = Frame { from: period.from.us(), cut_off: period.until.us() };
    let said = evidence.history.vendors_within(&question.agent, frame);
    let fact = |(vendor, from, until): (&str, Option<u64>, Option<u64>)| VendorFact {
        name: vendor.to_owned(),
        from: from.map(Instant::new),
        until: until.map(Instant::new),
    };
    said.into_iter().map(fact).collect()
}

fn agent(question: &ActivityQuestion, known: bool, described: Option<&Agent>, vendors: Vec<VendorFact>) -> AgentFact {
    AgentFact {
        name: question.agent.clone(),
        known,
        described: described.is_some(),
        owner: described.and_then(|agent| agent.owner.clone()),
        model: described.and_then(|agent| agent.model.clone()),
        vendor: vendors.last().map(|vendor| vendor.name.clone()),
        vendors,
        tools: described.map(|agent| agent.tools.clone()).unwrap_or_default(),
        charter: described.and_then(|agent| agent.charter.clone()),
        memory_days: described.and_then(|agent| agent.memory_days).map(u64::from),
        session_max_s: described.and_then(|agent| agent.session_max_s).map(u64::from),
    }
}

fn totals(tally: &tally::Tally, tools: &[ToolFact], described: Option<&Agent>, perhaps: u64) -> Totals {
    let of_lines = |wanted: &dyn Fn(&tally::Line) -> bool| -> u64 {
        tally.lines.iter().filter(|(line, _)| wanted(line)).map(|(_, series)| series.number).sum()
    };
    let outcome = |outcome: Outcome| of_lines(&|line| line.outcome == outcome);
    let authority = |authority: Authority| of_lines(&|line| line.authorised == authority);
    let instructed = |wanted: &dyn Fn(&Instruction) -> bool| -> u64 {
        tally.instructions.iter().filter(|(which, _)| wanted(which)).map(|(_, series)| series.number).sum()
    };
    let all = &tally.all;
    let number = all.number;
    let ended = [Outcome::Succeeded, Outcome::Denied, Outcome::Failed];
    let outside = tools.iter().filter(|tool| tool.declared == Declared::No).map(|tool| tool.number).sum();
    Totals {
        actions: Range { low: number - tally.told_again, high: number + perhaps },
        succeeded: outcome(Outcome::Succeeded),
        denied: outcome(Outcome::Denied),
        failed: outcome(Outcome::Failed),
        outcome_unknown: of_lines(&|line| !ended.contains(&line.outcome)),
        about_persons: all.about_persons,
        undetermined: tally.undetermined,
        instructed: instructed(&|which| matches!(which, Instruction::Given(_))),
        not_instructed: instructed(&|which| *which == Instruction::None),
        instruction_closed: instructed(&|which| *which == Instruction::Closed),
        recorded_outside: tally.recorded_outside,
        occurred_outside: tally.occurred_outside,
        authorised: authority(Authority::Yes),
        unauthorised: authority(Authority::No),
        exceptional: authority(Authority::Exceptional),
        not_assessed: authority(Authority::NotAssessed),
        outside_tools: described.filter(|agent| !agent.tools.is_empty()).map(|_| outside),
        amending: tally.amending,
        by_others: tally.by_others.number,
        perhaps: tally.perhaps,
        first: (number > 0).then(|| Instant::new(all.first.recorded_at_us)),
        last: (number > 0).then(|| Instant::new(all.last.recorded_at_us)),
    }
}

fn series(series: tally::Series) -> Series {
    Series {
        number: series.number,
        about_persons: series.about_persons,
        first: Instant::new(series.first.recorded_at_us),
        last: Instant::new(series.last.recorded_at_us),
        first_entry: EntryIndex(series.first.index),
        last_entry: EntryIndex(series.last.index),
    }
}

fn line_fact(line: &tally::Line, counted: tally::Series) -> LineFact {
    LineFact {
        verb: Code(line.verb),
        outcome: Code(line.outcome),
        authorisation: match line.authorised {
            Authority::Yes => Authorisation::Authorised,
            Authority::No => Authorisation::Unauthorised,
            Authority::Exceptional => Authorisation::Exceptional,
            Authority::NotAssessed => Authorisation::NotAssessed,
        },
        tool: line.tool.clone(),
        dataset: line.dataset.clone(),
        purpose: line.purpose.clone(),
        series: series(counted),
    }
}

fn instruction(which: &Instruction, counted: tally::Series) -> InstructionFact {
    let (instructed, text) = match which {
        Instruction::Given(text) => (Instructed::Given, Some(text.clone())),
        Instruction::None => (Instructed::None, None),
        Instruction::Closed => (Instructed::Closed, None),
    };
    InstructionFact { instructed, text, series: series(counted) }
}

fn principal(whom: Option<&tally::Principal>, counted: tally::Series) -> PrincipalFact {
    PrincipalFact {
        kind: whom.map(|whom| Code(whom.kind)),
        name: whom.and_then(|whom| whom.name.clone()),
        series: series(counted),
    }
}

fn model_fact(model: &tally::Model, counted: tally::Series) -> ModelFact {
    ModelFact {
        model: model.model.clone(),
        version: model.version.clone(),
        vendor: model.vendor.clone(),
        region: model.region.clone(),
        series: series(counted),
    }
}

fn tools(tally: &tally::Tally, described: Option<&Agent>) -> Vec<ToolFact> {
    let mut used: BTreeMap<&Name, u64> = BTreeMap::new();
    for (line, series) in &tally.lines {
        if let Some(tool) = &line.tool {
            *used.entry(tool).or_default() += series.number;
        }
    }
    let given = described.map(|agent| &agent.tools).filter(|tools| !tools.is_empty());
    let fact = |(name, number): (&Name, u64)| ToolFact {
        name: name.clone(),
        declared: declared(given.map(|tools| tools.iter().map(String::as_str)), Some(name)),
        number,
    };
    used.into_iter().map(fact).collect()
}

/// Recipients as recorded; who runs the models and tools as recorded, else as registered at the time of each act.
fn others(tally: &tally::Tally, document: Option<&Document>) -> Vec<OtherFact> {
    let parties = document.map(|document| &document.parties).filter(|parties| !parties.is_empty());
    let is_declared =
        |name: Option<&Name>| declared(parties.map(|parties| parties.iter().map(|party| party.name.as_str())), name);
    let others = told_once(&tally.others, |other| opens(other.name.as_ref()), |other| &mut other.country);
    let runs = told_once(&tally.runs, |ran| opens(ran.name.as_ref()), |ran| &mut ran.country);
    let recorded = others.iter().map(|(other, counted)| OtherFact {
        basis: Basis::Recorded,
        kind: Code(other.kind),
        party: Code(other.party),
        name: other.name.clone(),
        country: given(&other.country),
        declared: is_declared(other.name.as_ref()),
        of: None,
        series: series(*counted),
    });
    let runs = runs.iter().map(|(ran, counted)| OtherFact {
        basis: ran.basis,
        kind: Code(RecipientKind::Unspecified),
        party: Code(PartyKind::Organisation),
        country: given(&ran.country),
        declared: is_declared(ran.name.as_ref()),
        name: ran.name.clone(),
        of: ran.of.clone(),
        series: series(*counted),
    });
    let mut all: Vec<OtherFact> = recorded.chain(runs).collect();
    // What one row says of where somebody is, no other row of the same name leaves open.
    let mut countries: BTreeMap<Name, BTreeSet<String>> = BTreeMap::new();
    let stated = all.iter().filter(|fact| opens(fact.name.as_ref()));
    for (name, country) in stated.filter_map(|fact| fact.name.clone().zip(fact.country.clone())) {
        countries.entry(name).or_default().insert(country);
    }
    for fact in all.iter_mut().filter(|fact| fact.country.is_none()) {
        let known = fact.name.as_ref().and_then(|name| countries.get(name)).filter(|known| known.len() == 1);
        fact.country = known.and_then(|known| known.first().cloned());
    }
    all
}

/// Whether a name tells one from others.
fn opens(name: Option<&Name>) -> bool {
    matches!(name, Some(Name::Registered(_) | Name::Unregistered(_)))
}

/// One row for each, where some of its acts had no country yet and all others have the same one.
fn told_once<K: Ord + Clone>(
    rows: &BTreeMap<K, tally::Series>,
    is_one: fn(&K) -> bool,
    country: fn(&mut K) -> &mut String,
) -> BTreeMap<K, tally::Series> {
    let without = |key: &K| {
        let mut key = key.clone();
        let told = std::mem::take(country(&mut key));
        (key, told)
    };
    let mut known: BTreeMap<K, BTreeSet<String>> = BTreeMap::new();
    for (key, told) in rows.keys().filter(|key| is_one(key)).map(without).filter(|(_, told)| !told.is_empty()) {
        known.entry(key).or_default().insert(told);
    }
    let mut all: BTreeMap<K, tally::Series> = BTreeMap::new();
    for (key, counted) in rows {
        let (mut key, mut told) = without(key);
        if let (true, Some(countries)) = (told.is_empty(), known.get(&key).filter(|countries| countries.len() == 1)) {
            told = countries.first().cloned().unwrap_or_default();
        }
        *country(&mut key) = told;
        all.entry(key).or_default().join(*counted);
    }
    all
}

/// Whether the registry lists a name; a name that does not open may or may not be listed, and so is not.
fn declared<'a>(listed: Option<impl Iterator<Item = &'a str>>, name: Option<&Name>) -> Declared {
    match (listed, name) {
        (None, _) => Declared::NotAsked,
        (Some(mut listed), Some(Name::Registered(name) | Name::Unregistered(name))) => {
            if listed.any(|one| one == name) { Declared::Yes } else { Declared::No }
        }
        (Some(_), Some(Name::Closed) | None) => Declared::No,
    }
}

/// Any source may have told of the agent, so each has to have been there.
fn coverage_fact(question: &ActivityQuestion, evidence: &ActivityEvidence, names: &Names<'_>) -> CoverageFact {
    let head = &evidence.head;
    let from = question.from_us.unwrap_or(head.opened_at_us);
    let until = question.until_us.unwrap_or(head.recorded_at_us).min(head.recorded_at_us);
    let period = Span { from: Instant::new(from.min(until)), until: Instant::new(until) };
    let logging = coverage::Logging {
        head,
        registry: &evidence.registry,
        history: &evidence.history,
        stated: &evidence.coverage,
        heard: &evidence.heard,
        downtimes: &evidence.downtimes,
    };
    let sources = coverage::sources(&logging, names, &period);
    let downtimes = coverage::own_gaps(&evidence.downtimes, head.size, &period);
    let mut limits = coverage::limits(&sources, head.recorded_at_us, &period);
    limits.extend((evidence.pruned > 0).then_some(Limit::Removed));
    CoverageFact {
        sentence: coverage::sentence(&limits, &sources, &downtimes),
        limits: limits.into_iter().collect(),
        period,
        sources,
        downtimes,
        undetermined: evidence.tally.undetermined,
    }
}

/// What logging supports of actions beyond the record.
pub fn beyond<'a>(w: &'a Wording, report: &ActivityReport) -> &'a str {
    let said = &w.activity.verdict;
    match report.coverage.sentence {
        Verdict::NoneComplete | Verdict::Accessed => &said.beyond_complete,
        Verdict::NoneIncomplete => &said.beyond_incomplete,
        Verdict::NotDeterminable => &said.beyond_unknown,
    }
}

fn answer(w: &Wording, report: &ActivityReport) -> String {
    let (a, totals) = (&w.activity.answer, &report.totals);
    let asked = &report.header.question;
    let has_period = asked.from.is_some() || asked.until.is_some();
    // Of which time the period is: what is recorded later may have been in it.
    let period = || {
        let numbers = [(&a.recorded_outside, totals.recorded_outside), (&a.occurred_outside, totals.occurred_outside)];
        let counted =
            numbers.into_iter().filter(|(_, number)| *number > 0).map(|(text, number)| w.plural(text, number));
        let told = has_period.then(|| a.by_recording.clone()).into_iter().chain(counted);
        told.map(|text| format!(" {text}")).collect::<String>()
    };
    if totals.actions.high == 0 {
        let text = match (report.agent.known, has_period) {
            (false, _) if totals.recorded_outside == 0 => &a.unknown,
            (_, true) => &a.nothing_recorded,
            _ => &a.nothing,
        };
        return fill(text, &[("agent", &report.agent.name), ("beyond", beyond(w, report))]) + &period();
    }
    let actions = w.plural_range(&w.activity.count.actions, totals.actions.low, totals.actions.high);
    let numbers =
        [("persons", totals.about_persons), ("without", totals.not_instructed), ("closed", totals.instruction_closed)];
    let numbers = numbers.map(|(key, number)| (key, w.number(number)));
    let mut values = vec![("agent", report.agent.name.as_str()), ("actions", actions.as_str())];
    values.extend(numbers.iter().map(|(key, number)| (*key, number.as_str())));
    let text = if totals.instruction_closed == 0 { &a.did } else { &a.did_closed };
    let mut text = fill(text, &values);
    if totals.unauthorised > 0 {
        text = format!("{text} {}", w.plural(&a.unauthorised, totals.unauthorised));
    }
    if totals.not_assessed > 0 {
        text = format!("{text} {}", w.plural(&a.not_assessed, totals.not_assessed));
    }
    // Also where each action says of itself that it was authorised.
    text = format!("{text} {}", a.settled_elsewhere);
    if let Some(outside) = totals.outside_tools.filter(|outside| *outside > 0) {
        text = format!("{text} {}", w.plural(&a.outside, outside));
    }
    text + &period()
}
