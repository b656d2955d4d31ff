//! Who acted, on whose behalf, and to whom data went.

use super::sections::{Content, class_cells, class_columns, heading, simple};
use super::words::Words;
use super::*;
use crate::report::access::document::*;
use crate::report::wording::word;

pub fn agents(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let row_of = |fact: &AgentFact| {
        let labelled = |text: &str, key: &str, names: &[Name]| {
            if names.is_empty() { String::new() } else { fill(text, &[(key, &words.names(names))]) }
        };
        let behalf: Vec<String> = fact.on_behalf_of.iter().map(|principal| principal_label(words, principal)).collect();
        let vendor = if fact.vendors.is_empty() {
            fill(&w.mark.vendor, &[("vendor", &w.missing.value)])
        } else {
            labelled(&w.mark.vendor, "vendor", &fact.vendors)
        };
        let is_agent = matches!(&fact.agent, Party::Named { kind, .. } | Party::Unnamed { kind } if kind.0 == crate::model::PartyKind::Agent);
        let vendor_style = if fact.vendors.is_empty() { Style::Missing } else { Style::Note };
        let mut cells = vec![
            cell([
                (words.party(&fact.agent), Style::Strong),
                (labelled(&w.mark.version, "version", &fact.versions), Style::Note),
                (labelled(&w.mark.model, "model", &fact.models), Style::Note),
                (if is_agent { vendor } else { String::new() }, vendor_style),
                (labelled(&w.mark.region, "region", &fact.regions), Style::Note),
            ]),
            plain(w.list(&behalf, super::words::LISTED)),
        ];
        cells.extend(class_cells(words, &fact.acted));
        cells.push(plain(words.count(fact.delegated.all())));
        cells.push(cell(fact.times.as_ref().map(|times| words.times(times)).unwrap_or_default()));
        row(cells)
    };
    let mut columns = vec![column(&t.agent, 20), column(&t.on_behalf_of, 18)];
    columns.extend(class_columns(words));
    columns.push(number_column(&t.delegated, 8));
    columns.push(column(&t.when, 17));
    let rows = words.report.agents.iter().map(row_of);
    (vec![w.intro.agents.clone()], vec![simple(words, &w.section.agents, columns, rows)])
}

pub fn principal_label(words: &Words<'_>, principal: &PrincipalFact) -> String {
    match &principal.party {
        None => words.w.missing.nobody.clone(),
        Some(party) if principal.in_person => fill(&words.w.missing.in_person, &[("who", &words.party(party))]),
        Some(party) => words.party(party),
    }
}

pub fn principals(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let row_of = |fact: &PrincipalFact| {
        let mut cells = vec![plain(principal_label(words, fact)), plain(words.count_range(&fact.persons))];
        cells.extend(class_cells(words, &fact.counts));
        cells.push(plain(words.count(fact.counts.other_part)));
        row(cells)
    };
    let mut columns = vec![column(&t.principal, 30), number_column(&t.persons, 16)];
    columns.extend(class_columns(words));
    columns.push(number_column(&words.class(Class::OtherPart), 9));
    let rows = words.report.principals.iter().map(row_of);
    (vec![w.intro.principals.clone()], vec![simple(words, &w.section.principals, columns, rows)])
}

pub fn recipients(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let row_of = |fact: &RecipientFact| {
        let in_law = if fact.recipient_in_law { String::new() } else { w.mark.not_a_recipient.clone() };
        let pseudonymised = match fact.pseudonymised {
            0 => String::new(),
            n => fill(&w.mark.all_pseudonymised, &[("n", &words.number(n))]),
        };
        row([
            cell([(words.party(&fact.party), Style::Strong), (in_law, Style::Note)]),
            plain(words.code(&w.recipient_kind, fact.kind)),
            cell(
                std::iter::once(match &fact.country {
                    Some(country) => (country.clone(), Style::Plain),
                    None => (w.missing.value.clone(), Style::Missing),
                })
                .chain(since(words, fact.since.as_ref()))
                .chain(safeguard(words, fact)),
            ),
            cell(ways(words, fact)),
            cell([
                (words.categories(&fact.categories), Style::Plain),
                (if fact.categories_unstated > 0 { w.data.unstated.clone() } else { String::new() }, Style::Note),
            ]),
            cell([(words.range(&fact.acts), Style::Strong), (pseudonymised, Style::Note)]),
            cell(words.times(&fact.times)),
        ])
    };
    let columns = vec![
        column(&t.recipient, 18),
        column(&t.kind, 14),
        column(&t.country, 11),
        column(&t.basis, 16),
        column(&t.categories, 18),
        number_column(&t.acts, 7),
        column(&t.when, 16),
    ];
    let rows = words.report.recipients.iter().map(row_of);
    let (tools_intro, tools) = tools(words);
    let mut blocks = vec![simple(words, &w.section.recipients, columns, rows), heading(&w.section.tools)];
    blocks.extend(tools_intro.into_iter().map(|text| Block::Text { text }));
    blocks.extend(tools);
    (vec![w.intro.recipients.clone()], blocks)
}

/// By what somebody counts as a recipient, each with the agent or tool.
pub fn ways(words: &Words<'_>, fact: &RecipientFact) -> Vec<(String, Style)> {
    let w = words.w;
    let first = std::iter::once((fact.basis, &fact.of));
    let ways: Vec<_> = first.chain(fact.further.iter().map(|way| (way.basis, &way.of))).collect();
    let mut told: Vec<(String, Style)> = Vec::new();
    for (basis, of) in ways {
        let text = word(&w.basis, basis.code()).to_owned();
        if !told.iter().any(|(known, _)| *known == text) {
            told.push((text, Style::Plain));
        }
        told.extend(of.iter().map(|of| (fill(&w.mark.of_agent, &[("name", &words.name(of))]), Style::Note)));
    }
    told
}

/// That the registry said so only later.
pub fn since(words: &Words<'_>, since: Option<&SinceFact>) -> Option<(String, Style)> {
    let since = since?;
    let values = [("at", words.w.instant(since.at)), ("n", words.w.number(since.entry.0))];
    let text = fill(&words.w.mark.since, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
    Some((text, Style::Missing))
}

/// By what the controller says that data may go outside the EEA.
pub fn safeguard(words: &Words<'_>, fact: &RecipientFact) -> Vec<(String, Style)> {
    let w = words.w;
    let Some(transfer) = &fact.transfer else { return Vec::new() };
    let told = match transfer.safeguard {
        Some(code) => (words.code(&w.legal_basis, code), Style::Note),
        None => (w.missing.value.clone(), Style::Missing),
    };
    let text = (fill(&w.own.text.safeguard, &[("safeguard", &told.0)]), told.1);
    std::iter::once(text).chain(since(words, transfer.since.as_ref())).collect()
}

pub fn tools(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let row_of = |fact: &ToolFact| {
        let operator = match (&fact.operator, &fact.country) {
            (Some(operator), country) => {
                cell([(words.name(operator), Style::Plain), (country.clone().unwrap_or_default(), Style::Note)])
            }
            (None, country) => {
                cell([(w.missing.value.clone(), Style::Missing), (country.clone().unwrap_or_default(), Style::Note)])
            }
        };
        let mut cells = vec![
            plain(words.name(&fact.tool)),
            operator,
            plain(words.count(fact.given)),
            plain(words.categories(&fact.categories)),
        ];
        cells.extend(class_cells(words, &fact.counts));
        row(cells)
    };
    let mut columns =
        vec![column(&t.tool, 20), column(&t.operator, 13), number_column(&t.given, 9), column(&t.into_tool, 20)];
    columns.extend(class_columns(words));
    let rows = words.report.tools.iter().map(row_of);
    (vec![w.intro.tools.clone()], vec![simple(words, &w.section.tools, columns, rows)])
}
