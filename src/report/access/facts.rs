//! Evidence becomes facts: entries, then acts, then what is counted over acts.
//!
//! Pure. Which sentence a number stands in is the wording's business; how a table looks is the templates'.

use super::document::*;
use super::found::{Act, Found};
use super::registered::Names;
use super::{answer, completeness, coverage, declared, own, parties, request, staff, things};
use crate::model::{Determination, NamedField, Outcome, PartyKind, ReportType, Strength, Verb};
use crate::report::canonical::cut;
use crate::report::code::Code;
use crate::report::controller::ControllerFacts;
use crate::report::edition::Edition;
use crate::report::evidence::{
    AccessQuestion, Envelope, Evidence, Head, Involved, Observation, ObservedBody, RequestStep, ResourceReport,
    Statements,
};
use crate::report::header::Common;
use crate::report::instant::Instant;
use crate::report::shape::given;
use crate::report::template;
use std::collections::BTreeSet;
use whosaw_verifier::body::{Caller, ReportBody};
use whosaw_verifier::hash::hex;
use whosaw_verifier::part;

/// Version of the JSON.
pub const FORMAT: &str = "whosaw-access-report/1";

/// Who saw one person's data, as far as the evidence goes. The same arguments always give the same facts.
pub fn facts(question: &AccessQuestion, evidence: &Evidence, envelope: &Envelope) -> AccessReport {
    let names = Names::of(&evidence.registry);
    let below = |observation: &&Observation| observation.index < question.size;
    // What the others tell if the entries are left out that were corrected or taken back.
    let without = |replaced: &BTreeSet<u64>| {
        let left = |observation: &&Observation| below(observation) && !replaced.contains(&observation.index);
        let (certain, weak) = (evidence.observations.iter().filter(left), evidence.possible.iter().filter(below));
        let amendments: Vec<_> =
            evidence.amendments.iter().filter(|other| other.index < question.size).cloned().collect();
        Found::of(certain, weak, &amendments, question, evidence)
    };
    let found = without(&BTreeSet::new());
    let as_amended = (!found.replaced.is_empty()).then(|| range(&without(&found.replaced), processed));
    let period = period(question, evidence, &found);
    let controller = evidence.controller.as_ref().map(|it| &it.document);
    let (recipients, disclosed) = parties::recipients(&found, &evidence.history, controller);
    let totals = totals(&found, as_amended, disclosed);
    let undetermined = undetermined(evidence, &totals);
    let earlier_reports = earlier_reports(evidence, question.size, &found);
    let involved = involved(evidence, question.size);
    let ledger_reads = ledger_reads(evidence, question.size);
    let verification = verification(evidence, &found, (&earlier_reports, &involved));
    let coverage = coverage::facts(evidence, &names, period.clone(), &found, &undetermined, &verification);
    let tools = parties::tools(&found, &evidence.history);
    let possible = possible_person(&found);
    let notices = notices(evidence, question.size, &found, &verification);
    let header = header(question, evidence, envelope, verification, period);
    let purposes = things::purposes(&found);
    let below = |step: &&RequestStep| step.index < question.size;
    let steps: Vec<RequestStep> = evidence.requests.iter().filter(below).cloned().collect();
    let requests = request::log(&steps, &evidence.profile, question.cut_off_us);
    let named = staff::facts(&evidence.namings, question.size, &found);
    let last = things::last_of_purposes(&found);
    let stated = declared::facts(evidence.controller.as_ref(), (&purposes, &recipients), &last, envelope.language);
    let categories = things::categories(&found);
    let mut report = AccessReport {
        format: FORMAT.to_owned(),
        answer: answer::verdicts(&totals, range(&found, sent), coverage.sentence),
        said: said(&question.statements),
        person: evidence.identities.iter().map(PersonIdentity::from).collect(),
        lines: things::lines(&found),
        agents: parties::agents(&found, &evidence.history),
        principals: parties::principals(found.acts.iter(), &found),
        completeness: completeness::facts(
            &header.controller,
            (&stated, &requests, &named),
            envelope,
            &completeness::Observed {
                recipients: &recipients,
                tools: &tools,
                purposes: &purposes,
                categories: &categories,
                totals: &totals,
                statements: &question.statements,
            },
        ),
        declared: stated,
        changes: None,
        erratum: None,
        requests,
        staff: named,
        staff_roles: staff::roles(&evidence.staff_roles, &found),
        header,
        recipients,
        tools,
        categories,
        categories_unstated: count(&found.acts, |act| act.exposure.unstated && act.class != Class::OtherPart),
        unstated: things::unstated(&found),
        fields: things::fields(&found),
        records: things::records(&found),
        records_unowned: found.entries.iter().map(|entry| entry.records_unowned).sum(),
        purposes,
        legal_bases: things::legal_bases(&found),
        policies: things::policies(&found),
        authorisations: things::authorisations(&found),
        other_parts: things::other_parts(&found),
        involved,
        possible,
        undetermined,
        earlier_reports,
        ledger_reads,
        coverage,
        clock: found.clock,
        notices,
        kept: evidence.kept.iter().map(|kept| KeptFact { since: EntryIndex(kept.by), parts: kept.parts }).collect(),
        totals,
        conversations: found.conversations,
        entries: found.entries,
    };
    if question.edition == Edition::Person {
        own::withhold(&mut report, |name| evidence.registry.knows_caller(name));
    }
    let w = envelope.language.wording_of(question.edition, &report.header.template.zone());
    report.answer.text = answer::text(&w, &report);
    report
}

fn said(statements: &Statements) -> Option<SaidFact> {
    let Statements { why_unnamed, logic, withheld } = statements;
    let said = SaidFact { why_unnamed: given(why_unnamed), logic: given(logic), withheld: given(withheld) };
    (*statements != Statements::default()).then_some(said)
}

fn header(
    question: &AccessQuestion,
    evidence: &Evidence,
    envelope: &Envelope,
    verification: Verification,
    period: Span,
) -> Header {
    let controller = ControllerFacts::of(evidence.controller.as_ref());
    // Other people are numbered, arguments and results stay sealed.
    let template = match question.edition {
        Edition::Lawyer => template::ACCESS,
        Edition::Person => template::ACCESS_PERSON,
    };
    let what = (ReportType::Access, template, question.edition.code());
    let own = Own {
        question: QuestionFact {
            subject: subject_of(question, evidence),
            size: question.size,
            cut_off: Instant::new(question.cut_off_us),
            period,
        },
        verification,
    };
    Header::of(Common::of(what, controller, &evidence.head, envelope), own)
}

/// As it was asked for. Whether two people may share it is known of those alone of whom this report knows anything.
fn subject_of(question: &AccessQuestion, evidence: &Evidence) -> PersonIdentity {
    let known = !evidence.observations.is_empty() || !evidence.possible.is_empty() || !evidence.identities.is_empty();
    let strength = if known { question.subject.strength } else { Strength::Strong };
    PersonIdentity { strength: Code(strength), ..PersonIdentity::from(&question.subject) }
}

/// From the ledger's first entry, or from the earliest act that its entries tell of, to the cut-off.
fn period(question: &AccessQuestion, evidence: &Evidence, found: &Found) -> Span {
    let opened = Instant::new(evidence.head.opened_at_us);
    let claims = found.entries.iter().filter_map(|entry| match &entry.time {
        ActTime::Claimed { bounded, .. } => Some(bounded.from),
        ActTime::Replay { .. } | ActTime::Unknown { .. } => None,
    });
    Span { from: claims.min().unwrap_or(opened).min(opened), until: Instant::new(question.cut_off_us) }
}

impl HeadFact {
    pub fn of(head: &Head) -> Self {
        HeadFact {
            origin: head.origin.clone(),
            size: head.size,
            root: hex(&head.root),
            recorded_at: Instant::new(head.recorded_at_us),
            checkpoint: head.checkpoint.clone(),
            verifier_key: head.verifier_key.clone(),
            vault_generation: head.vault_generation,
            custodian: head.custodian.clone(),
            verify_command: template::verify_command(&head.origin, &head.verifier_key, head.size),
        }
    }
}

/// A UUID in its usual text form.
fn uuid(bytes: &[u8]) -> String {
    let text = hex(bytes);
    match bytes.len() {
        16 => [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-"),
        _ => text,
    }
}

impl From<&crate::model::Identity> for PersonIdentity {
    fn from(identity: &crate::model::Identity) -> Self {
        PersonIdentity {
            namespace: identity.namespace.clone(),
            fields: identity.fields.clone(),
            strength: Code(identity.strength),
        }
    }
}

impl From<&PersonIdentity> for crate::model::Identity {
    fn from(identity: &PersonIdentity) -> Self {
        crate::model::Identity {
            namespace: identity.namespace.clone(),
            fields: identity.fields.clone(),
            strength: identity.strength.0,
        }
    }
}

pub fn count<'a>(acts: impl IntoIterator<Item = &'a Act>, test: impl Fn(&Act) -> bool) -> u64 {
    acts.into_iter().filter(|act| test(act)).count() as u64
}

/// Every range is counted alike: what is certain from below, and from above with what is possible and what only weakly
/// linked parts speak of.
fn range(found: &Found, level: fn(&Act) -> Level) -> Range {
    let mut range = Range::default();
    found.acts.iter().chain(&found.weak).for_each(|act| range.add(level(act)));
    range
}

fn totals(found: &Found, processed_as_amended: Option<Range>, disclosed: Range) -> Totals {
    let acts = &found.acts;
    let range = |level: fn(&Act) -> Level| range(found, level);
    // A weakly linked part may put an act into a class that its certain parts do not: it counts above in both.
    let of_class = |class: Class| Range {
        low: if found.is_weak { 0 } else { count(acts, |act| act.class == class) },
        high: count(acts.iter().chain(&found.weak), |act| {
            (act.class == class && !act.entries.is_empty()) || act.class_at_most == class
        }),
    };
    let attempts = || acts.iter().filter(|act| act.class == Class::Attempt);
    let denied = attempts().filter(|act| act.is_attempt_denied).count() as u64;
    let other = || acts.iter().filter(|act| act.class == Class::OtherPart);
    let moved: Vec<&Act> = acts.iter().filter(|act| act.processed() != Level::None).collect();
    Totals {
        entries: found.entries.len() as u64,
        acts: acts.len() as u64,
        processed: range(processed),
        processed_as_amended,
        processed_by: ProcessedBy {
            in_person: tally(found, parties::is_human).acts,
            not_humans: tally(found, |party| !parties::is_human(party)).acts,
            agents: tally(found, |party| kind(party) == Some(PartyKind::Agent)),
            services: tally(found, |party| kind(party) == Some(PartyKind::Service)),
            humans: tally(found, |party| matches!(party, Party::OtherPerson { .. } | Party::SomeHuman)),
            this_person: tally(found, |party| *party == Party::ThisPerson),
            others: tally(found, |party| match kind(party) {
                Some(kind) => !matches!(kind, PartyKind::Agent | PartyKind::Service),
                None => *party == Party::Public,
            }),
        },
        shown_to_humans: range(|act| level(act.exposure.seen_by_humans(), act.exposure_at_most.seen_by_humans())),
        read_by_humans: range(|act| level(act.exposure.humans_directly, act.exposure_at_most.humans_directly)),
        shown_to_this_person: range(|act| level(act.exposure.this_person, act.exposure_at_most.this_person)),
        given_to_humans: range(|act| level(act.exposure.humans_given, act.exposure_at_most.humans_given)),
        disclosed,
        error_texts: count(acts.iter().chain(&found.weak), |act| act.exposure_at_most.error_text),
        into_tools: range(|act| level(act.exposure.arguments, act.exposure_at_most.arguments)),
        arguments_only: of_class(Class::ArgumentsOnly),
        attempts: of_class(Class::Attempt),
        attempts_denied: denied,
        attempts_failed: attempts().count() as u64 - denied,
        attempts_into_tools: count(attempts(), |act| act.exposure.arguments != Level::None),
        attempts_with_error: count(attempts(), |act| act.exposure.error_text),
        other_parts: other().count() as u64,
        other_parts_undetermined: other().filter(|act| is_undetermined(found, act)).count() as u64,
        decisions: count(acts, |act| found.speaker(act).verb.0 == Verb::DecisionMake),
        times: found.times(moved),
    }
}

fn processed(act: &Act) -> Level {
    act.processed()
}

fn sent(act: &Act) -> Level {
    level(act.exposure.recipients, act.exposure_at_most.recipients)
}

/// Certain as far as certain parts say, at most possible by weak ones.
pub fn level(certain: Level, at_most: Level) -> Level {
    certain.max(at_most.min(Level::Possible))
}

pub fn kind(party: &Party) -> Option<PartyKind> {
    match party {
        Party::Named { kind, .. } | Party::Unnamed { kind } => Some(kind.0),
        Party::ThisPerson | Party::OtherPerson { .. } | Party::SomeHuman | Party::Public => None,
    }
}

/// Acts that one sort of party made, and how many such parties these are at least and at most.
fn tally(found: &Found, is_sort: impl Fn(&Party) -> bool) -> Tally {
    let told_apart = |party: &Party| match party {
        Party::Named { name: Name::Registered(name) | Name::Unregistered(name), kind } => Some((*kind, name.clone())),
        _ => None,
    };
    let mut acts = Range::default();
    let (mut certain, mut all) = (BTreeSet::new(), BTreeSet::new());
    // Parties without a name may be one, or each another; humans with one number are one, others may be.
    let (mut unnamed, mut numbered, mut numbers) = (Range::default(), Range::default(), BTreeSet::new());
    for act in found.acts.iter().chain(&found.weak) {
        let by: Vec<&Party> = act.actors_at_most.iter().filter(|party| is_sort(party)).collect();
        let level = act.processed();
        if level == Level::None || by.is_empty() {
            continue;
        }
        let surely = act.actors.iter().any(&is_sort);
        let level = if surely { level } else { Level::Possible };
        acts.add(level);
        all.extend(by.iter().filter_map(|party| told_apart(party)));
        // Those of weakly linked parts are numbered apart.
        let number =
            |party: &&&Party| matches!(party, Party::OtherPerson { number: Some(_) }) && act.actors.contains(**party);
        numbers.extend(by.iter().filter(number).copied());
        if by.iter().any(|party| !number(&party) && told_apart(party).is_none()) {
            unnamed.add(level);
        } else if by.iter().any(|party| number(&party)) {
            numbered.add(level);
        }
        if level == Level::Certain {
            certain.extend(act.actors.iter().filter(|party| is_sort(party)).filter_map(told_apart));
        }
    }
    let low = (certain.len() as u64).max(u64::from(unnamed.low + numbered.low > 0));
    unnamed.high += numbered.high.min(numbers.len() as u64);
    let parties = match is_sort(&Party::ThisPerson) {
        true => Range { low: low.min(1), high: unnamed.high.min(1) },
        false => Range { low, high: all.len() as u64 + unnamed.high },
    };
    Tally { acts, parties }
}

pub fn is_undetermined(found: &Found, act: &Act) -> bool {
    found.of_act(act).any(|entry| !matches!(entry.determination.0, Determination::Listed | Determination::Nobody))
}

fn possible_person(found: &Found) -> PossiblePerson {
    let mut counts = Counts::ZERO;
    found.weak.iter().for_each(|act| counts.add(act.class_at_most));
    PossiblePerson { entries: found.weak_entries, acts: found.weak.len() as u64, counts }
}

fn undetermined(evidence: &Evidence, totals: &Totals) -> UndeterminedFacts {
    let sum = |test: fn(Outcome) -> bool| {
        let matching = evidence.undetermined.iter().filter(|sort| test(sort.outcome));
        matching.fold(0, |sum: u64, sort| sum.saturating_add(sort.count))
    };
    let kinds = evidence.undetermined.iter().map(|sort| UndeterminedFact {
        determination: Code(sort.determination),
        tool: Some(sort.tool.clone()).filter(|tool| !tool.is_empty()),
        reason: Code(sort.doubt),
        outcome: Code(sort.outcome),
        count: sort.count,
        first: EntryIndex(sort.first),
        last: EntryIndex(sort.last),
    });
    let mut kinds: Vec<UndeterminedFact> = kinds.collect();
    kinds.sort_by(|a, b| (b.count, a.first, &a.tool).cmp(&(a.count, b.first, &b.tool)));
    UndeterminedFacts {
        actions: sum(|_| true),
        delivered: sum(|outcome| !matches!(outcome, Outcome::Denied | Outcome::Failed)),
        with_this_person: totals.other_parts_undetermined,
        kinds,
    }
}

fn involved(evidence: &Evidence, size: u64) -> Vec<InvolvedFact> {
    let fact = |one: &Involved| InvolvedFact {
        entry: EntryIndex(one.index),
        leaf: hex(&one.leaf),
        recorded_at: Instant::new(one.recorded_at_us),
        what: one.what,
        step: one.step.map(Code),
        at: Instant::new(one.at_us),
    };
    evidence.involved.iter().filter(|one| one.index < size).map(fact).collect()
}

fn earlier_reports(evidence: &Evidence, size: u64, told: &Found) -> Vec<EarlierReport> {
    let mut found: Vec<EarlierReport> = Vec::new();
    // Whoever made one of these opened what stood in the resource below its size.
    let opened = |report: &&ResourceReport| {
        let within = |entry: &Entry| {
            let name = entry.dataset.as_ref().and_then(Name::text);
            entry.index.0 < report.body.size && name.is_some_and(|name| report.resources.iter().any(|it| it == name))
        };
        report.index < size && told.entries.iter().any(within)
    };
    for report in evidence.resource_reports.iter().filter(opened) {
        let content = Some(&report.content);
        found.push(earlier_report((report.index, report.recorded_at_us), &report.leaf, &report.body, content));
    }
    for observation in evidence.observations.iter().filter(|observation| observation.index < size) {
        let ObservedBody::Report(body) = &observation.body else { continue };
        if found.iter().any(|known| known.entry.0 == observation.index) {
            continue;
        }
        let at = (observation.index, observation.recorded_at_us);
        found.push(earlier_report(at, &observation.leaf, body, observation.content.as_ref()));
    }
    found.sort_by_key(|report| report.entry);
    found
}

fn earlier_report(
    (index, recorded_at_us): (u64, u64),
    leaf: &[u8],
    body: &ReportBody,
    content: Option<&part::ContentPart>,
) -> EarlierReport {
    EarlierReport {
        entry: EntryIndex(index),
        leaf: hex(leaf),
        recorded_at: Instant::new(recorded_at_us),
        report_id: uuid(&body.report_id),
        report_type: Code(body.report_type),
        caller: body.caller.as_ref().and_then(|caller| caller_name(caller, content)),
        assurance: Code(body.caller.as_ref().map(|caller| caller.assurance).unwrap_or_default()),
        size: body.size,
        cut_off: Instant::new(body.cut_off_us),
    }
}

/// A caller's name, in the open or out of the sealed content.
fn caller_name(caller: &Caller, content: Option<&part::ContentPart>) -> Option<Name> {
    if !caller.name.is_empty() {
        return Some(Name::Registered(caller.name.clone()));
    }
    let is_caller = |name: &&part::SealedName| name.field == NamedField::CallerName;
    content?.names.iter().find(is_caller).map(|name| Name::sealed(&name.value))
}

fn ledger_reads(evidence: &Evidence, size: u64) -> Option<Vec<LedgerReadFact>> {
    let mut reads: Vec<LedgerReadFact> = evidence
        .ledger_reads
        .as_ref()?
        .iter()
        .filter(|read| read.index < size)
        .map(|read| LedgerReadFact {
            entry: EntryIndex(read.index),
            recorded_at: Instant::new(read.recorded_at_us),
            caller: read.body.caller.as_ref().and_then(|caller| caller_name(caller, None)),
            assurance: Code(read.body.caller.as_ref().map(|caller| caller.assurance).unwrap_or_default()),
            verb: Code(read.body.verb),
            first: EntryIndex(cut(read.body.first_index)),
            count: cut(read.body.count),
        })
        .collect();
    reads.sort_by_key(|read| read.entry);
    Some(reads)
}

fn verification(
    evidence: &Evidence,
    found: &Found,
    (reports, involved): (&[EarlierReport], &[InvolvedFact]),
) -> Verification {
    let steps: BTreeSet<EntryIndex> = involved.iter().map(|fact| fact.entry).collect();
    Verification {
        entries_counted: (found.entries.len() + reports.len() + steps.len()) as u64 + found.weak_entries,
        entries_proved: evidence.search.entries_proved,
        searched: evidence.search.searched,
        has_keys: evidence.search.has_keys,
        parts_tried: evidence.search.parts_tried,
    }
}

fn judged_in_part(evidence: &Evidence, found: &Found) -> u64 {
    let judged = |entry: &&Entry| evidence.judged.get(&entry.index.0).is_some_and(|judged| judged.in_part);
    found.entries.iter().filter(judged).filter(|entry| entry.authorisation.is_some()).count() as u64
}

/// What a reader has to know before trusting a number.
fn notices(evidence: &Evidence, size: u64, found: &Found, verification: &Verification) -> Vec<NoticeFact> {
    let beyond = evidence.observations.iter().chain(&evidence.possible).filter(|o| o.index >= size).count();
    let of_entries = |test: fn(&Entry) -> bool| found.entries.iter().filter(|entry| test(entry)).count() as u64;
    let counts = [
        (Notice::NotSearched, u64::from(!verification.searched)),
        (Notice::NotProved, verification.entries_counted.saturating_sub(verification.entries_proved)),
        (Notice::BeyondSize, beyond as u64),
        (Notice::Removed, coverage::removed(evidence)),
        (Notice::KeptForMatter, coverage::kept(evidence)),
        (Notice::ContentClosed, of_entries(|entry| entry.content_closed)),
        (Notice::PartUndescribed, found.undescribed),
        (Notice::Corrected, of_entries(|entry| !entry.corrected_by.is_empty())),
        (Notice::Retracted, of_entries(|entry| !entry.retracted_by.is_empty())),
        (Notice::JudgedInPart, judged_in_part(evidence, found)),
        (Notice::Late, found.clock.late),
        (Notice::ReadsNotSearched, u64::from(evidence.ledger_reads.is_none())),
    ];
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(notice, count)| NoticeFact { notice, count }).collect()
}
