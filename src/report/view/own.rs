//! The report for the person: what Art. 15 gives them in the order in which somebody asks about themself, then every access,
//! then how to check it. It tells the facts of the lawyer's edition; hashes, callers and clocks of single entries stand in the
//! JSON alone.

use super::declared::{or_missing, transfer};
use super::sections::{self, Content, numbered, of_access, simple, table};
use super::words::{LISTED, Words};
use super::*;
use crate::report::access::document::*;
use std::collections::BTreeSet;

pub fn all(words: &Words<'_>) -> Vec<Section> {
    let (s, own) = (&words.w.section, &words.w.own.section);
    let mut all = vec![
        ("why", &own.purposes, purposes(words)),
        ("data", &s.data, data(words)),
        ("agents", &s.agents, agents(words)),
        ("recipients", &s.recipients, recipients(words)),
        ("storage", &own.storage, storage(words)),
        ("source", &own.source, source(words)),
        ("decisions", &own.decisions, decisions(words)),
        ("rights", &own.rights, rights(words)),
        ("requests", &s.requests, request::requests(words)),
        ("withheld", &own.withheld, withheld(words)),
        ("coverage", &s.coverage, trust::coverage(words)),
        ("time-line", &s.timeline, sections::timeline(words)),
        ("how-to-read", &s.how_to_read, sections::how_to_read(words)),
        ("accesses", &s.lines, sections::lines(words)),
        ("other-parts", &s.other_parts, things::other_parts(words)),
        ("earlier-reports", &s.reports, trust::reports(words)),
        ("article-15", &s.completeness, trust::completeness(words)),
        ("verification", &s.verification, verification(words)),
    ];
    if let Some(changed) = &words.report.changes {
        let place = all.iter().position(|(id, ..)| *id == "article-15").unwrap_or(all.len());
        let intro = changes::intro(words.w, words.report.header.supersedes.as_ref());
        let content = (intro, vec![changes::table(words.w, words.extent, changed)]);
        all.insert(place, ("changes", &words.w.exposure.section.changes, content));
    }
    let annex = [("annex-a", &s.annex, annex(words))];
    numbered(all.into_iter().map(|section| of_access(words, section)), annex)
}

/// What was asked and who answers for it come first, what it is held to the ledger by comes last.
pub fn facts(words: &Words<'_>) -> Vec<Pair> {
    let f = &words.w.fact;
    let last = [&f.query, &f.as_known_at, &f.clocks, &f.legal_profile, &f.registry, &f.redaction, &f.legal_snapshot];
    let mut facts = cover::facts(words);
    // Given, and kept back.
    let is_given = |it: &ProvisionFact| it.field == "H.requester" && it.provision == Provision::Provided;
    if words.report.header.requester.is_none() && words.report.completeness.fields.iter().any(is_given) {
        let asked_by = facts.iter_mut().find(|pair| pair.label == f.requester);
        asked_by
            .into_iter()
            .for_each(|pair| *pair = cover::pair(&f.requester, words.w.missing.closed.clone(), Style::Plain));
    }
    facts.sort_by_key(|pair| last.contains(&&pair.label));
    facts
}

/// What nobody allowed comes first.
pub fn notices(words: &Words<'_>) -> Vec<String> {
    let t = &words.w.own.text;
    let of = |value: Authorisation| {
        let found = words.report.authorisations.iter().find(|fact| fact.value == value);
        found.map_or(0, |fact| fact.acts)
    };
    let told = [(Authorisation::Unauthorised, &t.unauthorised), (Authorisation::Exceptional, &t.exceptional)];
    let told = told.into_iter().filter(|(value, _)| of(*value) > 0);
    told.map(|(value, text)| words.w.plural(text, of(value))).chain(cover::notices(words)).collect()
}

fn missing(words: &Words<'_>) -> (String, Style) {
    (words.w.missing.value.clone(), Style::Missing)
}

/// As the controller calls it, and by its code.
fn purpose_cell(activity: &DeclaredActivity) -> Cell {
    match &activity.title {
        Some(title) => cell([(title.clone(), Style::Strong), (activity.purpose.clone(), Style::Code)]),
        None => cell([(activity.purpose.clone(), Style::Strong)]),
    }
}

/// A row where nothing is declared at all: the field is missing, and says so.
fn rows_or_missing(words: &Words<'_>, rows: Vec<Row>, columns: usize) -> Vec<Row> {
    match rows.is_empty() {
        true => vec![row((0..columns).map(|_| cell([missing(words)])))],
        false => rows,
    }
}

fn purposes(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.own.text, words.report);
    let row_of = |activity: &DeclaredActivity| {
        let bases: Vec<String> = activity.legal_bases.iter().map(|code| words.code(&w.legal_basis, *code)).collect();
        let observed = if activity.observed { &w.declared.observed } else { &w.declared.not_observed };
        row([purpose_cell(activity), cell([or_missing(w, &bases)]), plain(observed)])
    };
    let columns = vec![column(&w.table.purpose, 34), column(&w.table.legal_basis, 38), column(&w.table.state, 28)];
    let rows: Vec<Row> = report.declared.activities.iter().map(row_of).collect();
    let rows = rows_or_missing(words, rows, columns.len());
    let mut blocks = vec![simple(words, &w.own.section.purposes, columns, rows.into_iter())];
    let declared: BTreeSet<&str> = report.declared.activities.iter().map(|it| it.purpose.as_str()).collect();
    let is_declared = |name: &Name| name.text().is_some_and(|name| declared.contains(name));
    let moved = |fact: &&PurposeFact| fact.counts.but_other_parts() > 0;
    let observed = report.purposes.iter().filter(moved);
    let names = observed.clone().filter_map(|fact| fact.purpose.as_ref());
    let undeclared: Vec<String> = names.filter(|name| !is_declared(name)).map(|name| words.name(name)).collect();
    if !undeclared.is_empty() {
        let list = w.list(&undeclared, LISTED);
        blocks.push(Block::Note { text: fill(&t.undeclared, &[("list", &list)]) });
    }
    let without = observed.filter(|fact| fact.purpose.is_none());
    let without: u64 = without.map(|fact| fact.counts.but_other_parts()).sum();
    if without > 0 {
        blocks.push(Block::Note { text: w.plural(&t.without_purpose, without) });
    }
    (vec![w.own.intro.purposes.clone()], blocks)
}

fn data(words: &Words<'_>) -> Content {
    let w = words.w;
    let declared: BTreeSet<String> = words
        .report
        .declared
        .activities
        .iter()
        .flat_map(|it| &it.categories)
        .map(|it| words.code(&w.category, *it))
        .collect();
    let declared: Vec<String> = declared.into_iter().collect();
    let (text, style) = or_missing(w, &declared);
    let told = fill(&w.own.text.declared_for, &[("list", &text)]);
    let declared = match style {
        Style::Missing => Block::Facts { pairs: vec![cover::pair(&w.section.declared, text, style)] },
        _ => Block::Text { text: told },
    };
    let known: BTreeSet<_> = words.report.declared.activities.iter().flat_map(|it| &it.categories).collect();
    let observed = words.report.categories.iter().filter(|fact| fact.into_tool > 0 || fact.received.high > 0);
    let undeclared = observed.map(|fact| fact.category).filter(|category| !known.contains(category));
    let undeclared: Vec<String> = undeclared.map(|category| words.code(&w.category, category)).collect();
    let undeclared = (!undeclared.is_empty())
        .then(|| Block::Note { text: fill(&w.own.text.undeclared_data, &[("list", &w.list(&undeclared, LISTED))]) });
    let blocks = [things::categories(words), declared].into_iter().chain(undeclared);
    (vec![w.own.intro.data.clone()], blocks.collect())
}

/// How often, in the words of one cell: what is certain to possible, and beside it what is less.
fn often(words: &Words<'_>, counts: &Counts) -> Vec<(String, Style)> {
    let (w, t) = (words.w, &words.w.own.text);
    let range = w.range(counts.processed, counts.processed + counts.possible);
    let counted = |text: &str, n: u64| if n == 0 { String::new() } else { fill(text, &[("n", &words.number(n))]) };
    vec![
        (if counts.processed + counts.possible == 0 { String::new() } else { range }, Style::Strong),
        (counted(&t.also, counts.arguments_only), Style::Note),
        (counted(&t.attempts, counts.attempt), Style::Note),
    ]
}

fn agents(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.own.text);
    let row_of = |fact: &AgentFact| {
        let vendor = match fact.vendors.is_empty() {
            true => String::new(),
            false => fill(&t.vendor, &[("vendor", &words.names(&fact.vendors))]),
        };
        let behalf: Vec<String> = fact.on_behalf_of.iter().map(|it| parties::principal_label(words, it)).collect();
        let mut acts = often(words, &fact.acted);
        if fact.delegated.all() > 0 {
            let n = words.number(fact.delegated.all());
            acts.push((fill(&t.had_others, &[("n", &n)]), Style::Note));
        }
        row([
            cell([(words.party(&fact.agent), Style::Strong), (vendor, Style::Note)]),
            plain(w.list(&behalf, LISTED)),
            cell(acts),
            cell(fact.times.as_ref().map(|times| words.times(times)).unwrap_or_default()),
        ])
    };
    let columns = vec![
        column(&w.table.agent, 26),
        column(&w.table.on_behalf_of, 28),
        column(&t.times, 18),
        column(&w.table.when, 28),
    ];
    let rows = words.report.agents.iter().map(row_of);
    (vec![w.own.intro.agents.clone()], vec![simple(words, &w.section.agents, columns, rows)])
}

fn recipients(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.own.text, words.report);
    let row_of = |fact: &RecipientFact| {
        let in_law = if fact.recipient_in_law { String::new() } else { w.mark.not_a_recipient.clone() };
        let country = match &fact.country {
            Some(country) => (country.clone(), Style::Plain),
            None => missing(words),
        };
        let unstated = if fact.categories_unstated > 0 { w.data.unstated.clone() } else { String::new() };
        let mut when = vec![(w.plural_range(&w.count.times, fact.acts.low, fact.acts.high), Style::Strong)];
        when.extend(words.times(&fact.times));
        row([
            cell([
                (words.party(&fact.party), Style::Strong),
                (words.code(&w.recipient_kind, fact.kind), Style::Plain),
                (in_law, Style::Note),
            ]),
            cell(parties::ways(words, fact)),
            cell(
                std::iter::once(country)
                    .chain(parties::since(words, fact.since.as_ref()))
                    .chain(parties::safeguard(words, fact)),
            ),
            cell([(words.categories(&fact.categories), Style::Plain), (unstated, Style::Note)]),
            cell(when),
        ])
    };
    let columns = vec![
        column(&w.table.recipient, 23),
        column(&w.table.basis, 18),
        column(&w.table.country, 17),
        column(&w.section.data, 20),
        column(&w.table.when, 22),
    ];
    let rows = report.recipients.iter().map(row_of);
    let mut blocks = vec![simple(words, &w.section.recipients, columns, rows)];
    let provision = report.completeness.fields.iter().find(|it| it.field == "4a").map(|it| it.provision);
    let why = report.said.as_ref().and_then(|said| said.why_unnamed.as_ref());
    if why.is_some() || provision == Some(Provision::NotProvided) {
        blocks.push(Block::Facts { pairs: vec![super::declared::said_by_person(w, &t.why_unnamed, why)] });
    }
    let unknown = report.tools.iter().filter(|tool| tool.given > 0 && tool.operator.is_none());
    let unknown: Vec<String> = unknown.map(|tool| words.name(&tool.tool)).collect();
    if !unknown.is_empty() {
        let label = fill(&t.who_runs, &[("list", &w.list(&unknown, LISTED))]);
        blocks.push(Block::Facts { pairs: vec![cover::pair(&label, w.missing.value.clone(), Style::Missing)] });
    }
    let will = |activity: &DeclaredActivity| {
        let named = or_missing(w, &activity.recipients);
        row([
            purpose_cell(activity),
            cell(std::iter::once(named).chain(activity.transfers.iter().map(|it| transfer(w, it)))),
        ])
    };
    let rows: Vec<Row> = report.declared.activities.iter().map(will).collect();
    let columns = vec![column(&w.table.purpose, 34), column(&w.declared.recipients, 66)];
    let rows = rows_or_missing(words, rows, columns.len());
    blocks.push(Block::Heading { text: t.will.clone() });
    blocks.push(simple(words, &t.will, columns, rows.into_iter()));
    blocks.extend(super::declared::by_contract(words));
    (vec![w.own.intro.recipients.clone()], blocks)
}

fn storage(words: &Words<'_>) -> Content {
    let (w, d, declared) = (words.w, &words.w.declared, &words.report.declared);
    let row_of = |activity: &DeclaredActivity| {
        let months = activity.months.map(|months| w.plural(&d.months, months));
        let kept = [months, super::declared::until(w, activity), activity.criteria.clone()]
            .into_iter()
            .flatten()
            .map(|text| (text, Style::Plain));
        let kept: Vec<(String, Style)> = kept.collect();
        row([purpose_cell(activity), cell(if kept.is_empty() { vec![missing(words)] } else { kept })])
    };
    let columns = vec![column(&w.table.purpose, 34), column(&d.storage, 66)];
    let rows = rows_or_missing(words, declared.activities.iter().map(row_of).collect(), columns.len());
    let mut blocks = vec![simple(words, &w.own.section.storage, columns, rows.into_iter())];
    blocks.extend(super::declared::kept(words));
    (vec![w.own.intro.storage.clone()], blocks)
}

fn source(words: &Words<'_>) -> Content {
    let (w, declared) = (words.w, &words.report.declared);
    let row_of =
        |activity: &DeclaredActivity| row([purpose_cell(activity), cell([or_missing(w, activity.source.as_slice())])]);
    let columns = vec![column(&w.table.purpose, 34), column(&w.declared.source, 66)];
    let rows = rows_or_missing(words, declared.activities.iter().map(row_of).collect(), columns.len());
    (vec![w.own.intro.source.clone()], vec![simple(words, &w.own.section.source, columns, rows.into_iter())])
}

/// How many are on record. Their logic is no business of a ledger: a person has to say it.
fn decisions(words: &Words<'_>) -> Content {
    let t = &words.w.own.text;
    let counted = words.w.plural(&t.decisions, words.report.totals.decisions);
    let said = words.report.said.as_ref().and_then(|said| said.logic.as_ref());
    let logic = super::declared::said_by_person(words.w, &t.logic, said);
    (Vec::new(), vec![Block::Text { text: counted }, Block::Facts { pairs: vec![logic] }])
}

fn rights(words: &Words<'_>) -> Content {
    let (w, d, declared) = (words.w, &words.w.declared, &words.report.declared);
    let texts = [(&d.rights, &declared.rights), (&d.complaint, &declared.complaint), (&d.contact, &declared.contact)];
    let pairs = texts.map(|(label, text)| cover::given(label, text, &w.missing.value));
    (Vec::new(), vec![Block::Facts { pairs: pairs.into() }])
}

fn withheld(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.own.text, words.report);
    let line = |label: &str, text: String| cover::pair(label, text, Style::Plain);
    let mut pairs =
        vec![line(&t.other_people, w.intro.staff.clone()), line(&t.word_for_word, t.word_for_word_value.clone())];
    let said = report.said.as_ref().and_then(|said| said.withheld.as_ref());
    pairs.push(super::declared::said_by_person(w, &t.withheld, said));
    if report.undetermined.actions > 0 {
        pairs.push(line(&t.undetermined, w.plural(&t.undetermined_value, report.undetermined.actions)));
    }
    if report.possible.acts > 0 {
        pairs.push(line(&t.possible, things::possible(words)));
    }
    pairs.push(line(&t.restriction, w.intro.restriction.clone()));
    let mut blocks = vec![Block::Facts { pairs }];
    if !report.staff.is_empty() {
        blocks.push(Block::Heading { text: w.section.staff.clone() });
        blocks.push(staff(words));
    }
    (vec![w.own.intro.withheld.clone()], blocks)
}

/// Whom a decision names, and why.
fn staff(words: &Words<'_>) -> Block {
    let (w, s) = (words.w, &words.w.staff);
    let row_of = |fact: &StaffFact| {
        let acts_in = fill(&s.acts_in, &[("n", &words.number(fact.entry.0))]);
        let party = words.party(&Party::OtherPerson { number: Some(fact.number) });
        row([cell([(party, Style::Strong), (acts_in, Style::Note)]), cell([staff::said(words, fact, &fact.reasons)])])
    };
    let columns = vec![column(&s.who, 50), column(&s.reasons, 50)];
    simple(words, &w.section.staff, columns, words.report.staff.iter().map(row_of))
}

fn verification(words: &Words<'_>) -> Content {
    let w = words.w;
    let mut blocks = trust::how_to_check(words);
    blocks.push(Block::Facts { pairs: cover::technical(words) });
    (vec![w.intro.verification.clone(), trust::tried(words), w.intro.not_proved_here.clone()], blocks)
}

/// Every entry, by when it happened as far as that is known, else by when it was recorded.
fn annex(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let at = |entry: &Entry| match &entry.time {
        ActTime::Claimed { bounded, .. } => bounded.from,
        ActTime::Replay { .. } | ActTime::Unknown { .. } => entry.recorded_at,
    };
    let mut entries: Vec<&Entry> = words.report.entries.iter().collect();
    entries.sort_by_key(|entry| (at(entry), entry.index));
    let rows = entries.into_iter().map(|entry| entry_row(words, entry));
    let columns = vec![column(&t.time, 21), column(&t.who_and_what, 27), column(&t.data, 28), column(&t.why, 24)];
    let block = table((w, words.extent), TableStyle::Annex, &w.section.annex, columns, rows, ANNEX_MAX);
    (vec![w.intro.annex.clone()], vec![block])
}

fn entry_row(words: &Words<'_>, entry: &Entry) -> Row {
    let w = words.w;
    let mut when = annex::time(words, &entry.time);
    if !matches!(entry.time, ActTime::Claimed { .. }) {
        when.push((fill(&w.times.recorded, &[("at", &words.instant(entry.recorded_at))]), Style::Note));
    }
    when.push((fill(&w.request.by_entry, &[("n", &words.number(entry.index.0))]), Style::Note));
    let mut who = annex::who_and_what(words, entry);
    who.push((words.class(entry.class), Style::Note));
    let mut data = annex::data(words, entry);
    data.push((fields(words, entry), Style::Note));
    Row {
        tone: if entry.exposure.humans == Level::None { entry.class.into() } else { Tone::Shown },
        cells: vec![cell(when), cell(who), cell(data), cell(why(words, entry))],
    }
}

/// Names of fields as people read them: of `/result/address/city`, address › city.
fn fields(words: &Words<'_>, entry: &Entry) -> String {
    let plain = |pointer: &str| {
        let steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
        let steps: Vec<String> = steps.collect();
        match steps.as_slice() {
            [first, rest @ ..] if !rest.is_empty() && ["arguments", "result"].contains(&first.as_str()) => {
                rest.join(" › ")
            }
            all => all.join(" › "),
        }
    };
    let mut names: Vec<String> = Vec::new();
    for name in entry.fields.iter().map(|field| plain(&field.pointer)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        String::new()
    } else {
        fill(&words.w.mark.fields, &[("list", &words.w.list(&names, LISTED))])
    }
}

/// For which purpose, on which basis, by which approval; and what makes it doubtful.
fn why(words: &Words<'_>, entry: &Entry) -> Vec<(String, Style)> {
    let m = &words.w.mark;
    let mut pieces = Vec::new();
    pieces.extend(entry.purpose.as_ref().map(|purpose| (words.name(purpose), Style::Plain)));
    let notes = [
        annex::legal_bases(words, entry),
        annex::approval(words, entry),
        annex::roles(words, entry),
        annex::recipients(words, entry),
        annex::determination(words, entry),
    ];
    pieces.extend(notes.into_iter().flatten().map(|text| (text, Style::Note)));
    pieces.extend(annex::amended(words, entry));
    for (when, text, style) in [
        (entry.break_glass, &m.break_glass, Style::Warning),
        (entry.content_closed, &m.content_closed, Style::Warning),
        (entry.encrypted, &m.encrypted, Style::Note),
        (entry.pseudonymised, &m.pseudonymised, Style::Note),
    ] {
        pieces.extend(when.then(|| (text.clone(), style)));
    }
    pieces
}
