//! What moved, why and by what right; and what the person has to do with besides, or may have.

use super::sections::{Content, class_cells, class_columns, heading, simple};
use super::words::Words;
use super::*;
use crate::report::access::document::*;
use crate::report::wording::word;

/// How many acts moved each category.
pub fn categories(words: &Words<'_>) -> Block {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let category = |fact: &CategoryFact| {
        let special = fact.special.as_ref().map(|article| fill(&w.mark.special, &[("article", article)]));
        row([
            cell([
                (words.code(&w.category, fact.category), Style::Plain),
                (special.unwrap_or_default(), Style::Warning),
            ]),
            plain(words.count(fact.into_tool)),
            plain(words.count_range(&fact.received)),
            plain(words.count_range(&fact.shown_to_humans)),
        ])
    };
    let mut categories: Vec<Row> = report.categories.iter().map(category).collect();
    if let Some(unstated) = &report.unstated {
        let ranges = [&unstated.into_tool, &unstated.received, &unstated.shown_to_humans];
        let cells = ranges.map(|range| plain(words.count_range(range)));
        categories.push(row(std::iter::once(cell([(w.data.unstated.clone(), Style::Warning)])).chain(cells)));
    }
    let category_columns = vec![
        column(&t.category, 46),
        number_column(&t.into_tool, 18),
        number_column(&t.returned, 18),
        number_column(&t.shown, 18),
    ];
    simple(words, &t.categories, category_columns, categories.into_iter())
}

pub fn data(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let field = |fact: &FieldFact| {
        row([
            cell([(fact.pointer.clone(), Style::Code)]),
            plain(words.direction(fact.direction)),
            plain(words.code(&w.category, fact.category)),
            plain(words.number(fact.acts)),
        ])
    };
    let field_columns =
        vec![column(&t.field, 44), column(&t.direction, 16), column(&t.category, 28), number_column(&t.acts, 12)];
    let record = |fact: &RecordFact| {
        let conversation = fact.conversation.map(|c| fill(&w.mark.in_conversation, &[("n", &words.number(c.0))]));
        row([
            cell([(fact.id.clone(), Style::Code), (conversation.unwrap_or_default(), Style::Note)]),
            plain(&fact.dataset),
            plain(words.number(fact.acts)),
            plain(words.entries(fact.first, fact.last)),
        ])
    };
    let record_columns =
        vec![column(&t.record, 40), column(&t.dataset, 28), number_column(&t.acts, 12), number_column(&t.entries, 20)];
    let fields = report.fields.iter().map(field);
    let records = report.records.iter().map(record);
    let mut blocks = vec![
        categories(words),
        heading(&w.section.fields),
        simple(words, &w.section.fields, field_columns, fields),
        heading(&w.section.records),
        simple(words, &w.section.records, record_columns, records),
    ];
    if report.records_unowned > 0 {
        let text = w.plural(&w.mark.records_unowned, report.records_unowned);
        blocks.push(Block::Note { text: sentence(&text) });
    }
    (vec![w.intro.data.clone()], blocks)
}

/// Words that stand alone begin with a capital and end with a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

pub fn why(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let counted = |label: Cell, counts: &Counts| {
        let mut cells = vec![label];
        cells.extend(class_cells(words, counts));
        row(cells)
    };
    let columns = |label: &str| {
        let mut columns = vec![column(label, 64)];
        columns.extend(class_columns(words));
        columns
    };
    let missing = || cell([(w.missing.not_stated.clone(), Style::Missing)]);
    let purposes = report.purposes.iter().map(|fact| {
        counted(fact.purpose.as_ref().map_or_else(missing, |purpose| plain(words.name(purpose))), &fact.counts)
    });
    let bases = report.legal_bases.iter().map(|fact| {
        counted(fact.basis.map_or_else(missing, |basis| plain(words.code(&w.legal_basis, basis))), &fact.counts)
    });
    let policies = report
        .policies
        .iter()
        .map(|fact| counted(plain(policy(words, &fact.id, fact.version.as_ref(), fact.decision)), &fact.counts));
    let authorisations = report
        .authorisations
        .iter()
        .map(|fact| row([cell([words.authorisation(fact.value)]), plain(words.number(fact.acts))]));
    let authorisation_columns = vec![column(&t.authorisation, 64), number_column(&t.acts, 36)];
    let blocks = vec![
        simple(words, &t.purpose, columns(&t.purpose), purposes),
        simple(words, &t.legal_basis, columns(&t.legal_basis), bases),
        heading(&w.section.policies),
        simple(words, &w.section.policies, columns(&t.policy), policies),
        simple(words, &t.authorisation, authorisation_columns, authorisations),
    ];
    (vec![w.intro.why.clone()], blocks)
}

pub fn policy(
    words: &Words<'_>,
    id: &Name,
    version: Option<&Name>,
    decision: crate::report::code::Code<crate::model::PolicyDecision>,
) -> String {
    let w = words.w;
    let decision = words.code(&w.policy_decision, decision);
    let id = words.name(id);
    match version {
        Some(version) => {
            let version = words.name(version);
            fill(&w.mark.policy_version, &[("id", &id), ("version", &version), ("decision", &decision)])
        }
        None => fill(&w.mark.policy, &[("id", &id), ("decision", &decision)]),
    }
}

pub fn other_parts(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let undetermined = || {
        let determination = word(&w.determination, crate::model::Determination::Undetermined.code());
        fill(&w.mark.determination, &[("determination", determination)])
    };
    let row_of = |fact: &OtherPartFact| {
        let roles: Vec<String> = fact.roles.iter().map(|role| words.code(&w.role, *role)).collect();
        let undetermined = if fact.undetermined { undetermined() } else { String::new() };
        row([
            plain(w.list(&roles, super::words::LISTED)),
            cell([(words.code(&w.verb, fact.verb), Style::Plain), (undetermined, Style::Note)]),
            plain(words.number(fact.acts)),
            plain(words.entries(fact.first, fact.last)),
        ])
    };
    let columns =
        vec![column(&t.role, 30), column(&t.verb, 40), number_column(&t.acts, 12), number_column(&t.entries, 18)];
    let rows = report.other_parts.iter().map(row_of);
    let mut blocks = match (rows.len(), report.involved.is_empty()) {
        (0, false) => Vec::new(),
        _ => vec![simple(words, &w.section.other_parts, columns, rows)],
    };
    if !report.involved.is_empty() {
        let row_of = |fact: &InvolvedFact| {
            let step = fact.step.map(|step| words.code(&w.breach.step, step)).unwrap_or_default();
            row([
                plain(words.number(fact.entry.0)),
                cell([(word(&w.involved, fact.what.code()).to_owned(), Style::Plain), (step, Style::Note)]),
                plain(words.instant(fact.at)),
                plain(words.instant(fact.recorded_at)),
            ])
        };
        let columns =
            vec![number_column(&t.entry, 10), column(&t.verb, 50), column(&t.when, 20), column(&t.recorded, 20)];
        blocks.push(simple(words, &w.section.involved, columns, report.involved.iter().map(row_of)));
    }
    if report.totals.other_parts_undetermined > 0 {
        let n = words.number(report.totals.other_parts_undetermined);
        blocks.push(Block::Note { text: fill(&w.intro.other_parts_undetermined, &[("n", &n)]) });
    }
    (vec![w.intro.other_parts.clone()], blocks)
}

pub fn undetermined(words: &Words<'_>) -> Content {
    let (w, t, report) = (words.w, &words.w.table, words.report);
    let row_of = |fact: &UndeterminedFact| {
        row([
            plain(fact.tool.clone().unwrap_or_else(|| w.missing.closed.clone())),
            plain(words.code(&w.determination, fact.determination)),
            plain(words.code(&w.doubt, fact.reason)),
            plain(words.code(&w.outcome, fact.outcome)),
            cell([(words.number(fact.count), Style::Strong)]),
            plain(words.entries(fact.first, fact.last)),
        ])
    };
    let columns = vec![
        column(&t.tool, 22),
        column(&t.determination, 17),
        column(&t.reason, 25),
        column(&t.outcome, 12),
        number_column(&t.acts, 8),
        number_column(&t.entries, 16),
    ];
    let rows = report.undetermined.kinds.iter().map(row_of);
    let possible = Block::Note { text: possible(words) };
    (vec![w.intro.undetermined.clone()], vec![simple(words, &w.section.undetermined, columns, rows), possible])
}

/// How much matches the person only weakly.
pub fn possible(words: &Words<'_>) -> String {
    let (w, possible) = (words.w, &words.report.possible);
    let entries = w.plural(&w.count.entries, possible.entries);
    fill(&w.intro.possible, &[("entries", &entries), ("acts", &w.plural(&w.count.acts, possible.acts))])
}
