//! What the controller declares, beside what was observed.

use super::sections::{Content, simple};
use super::words::Words;
use super::*;
use crate::report::access::document::*;
use crate::report::wording::word;

/// Most things in a list inside a cell.
const LISTED: usize = 12;

/// What is there, or that it was not provided.
pub fn or_missing(w: &Wording, texts: &[String]) -> (String, Style) {
    match texts.is_empty() {
        true => (w.missing.value.clone(), Style::Missing),
        false => (w.list(texts, LISTED), Style::Plain),
    }
}

/// Where data go by declaration, and what allows it.
pub fn transfer(w: &Wording, transfer: &DeclaredTransfer) -> (String, Style) {
    let safeguard = transfer.safeguard.map(|code| word(&w.legal_basis, code.text()).to_owned());
    let safeguard = safeguard.unwrap_or_else(|| w.missing.value.clone());
    let values =
        [("recipient", transfer.recipient.as_str()), ("country", &transfer.country), ("safeguard", &safeguard)];
    (fill(&w.declared.transfer, &values), Style::Note)
}

/// The day that a declared period comes to.
pub fn until(w: &Wording, activity: &DeclaredActivity) -> Option<String> {
    activity.until.as_ref().map(|day| fill(&w.declared.until, &[("date", &w.day(day))]))
}

/// How long the ledger keeps what it holds, where the profile says so.
pub fn kept(words: &Words<'_>) -> Vec<Block> {
    let (w, d, retention) = (words.w, &words.w.declared, &words.report.declared.retention);
    if retention.is_empty() {
        return Vec::new();
    }
    let line = |kept: &DeclaredRetention| {
        let what = word(&d.class, kept.class.text());
        fill(&d.kept_line, &[("what", what), ("months", &w.plural(&d.months, kept.months))])
    };
    let lines: Vec<String> = retention.iter().map(line).collect();
    let text = fill(&d.kept_note, &[("list", &lines.join("; "))]);
    vec![Block::Heading { text: d.kept.clone() }, Block::Text { text }]
}

/// What only a human can say: in the words of whoever did, or as missing.
pub fn said_by_person(w: &Wording, label: &str, said: Option<&String>) -> Pair {
    let Some(said) = said else { return super::cover::pair(label, w.missing.value.clone(), Style::Missing) };
    let lines = said.lines().map(|line| Piece::new(line.to_owned(), Style::Plain));
    let by = Piece::new(w.declared.said.clone(), Style::Note);
    Pair { label: label.to_owned(), value: lines.chain([by]).collect() }
}

/// Who else may be given data, by name, where the registry names anybody.
pub fn by_contract(words: &Words<'_>) -> Vec<Block> {
    let (w, d, others) = (words.w, &words.w.declared, &words.report.declared.by_contract);
    if others.is_empty() {
        return Vec::new();
    }
    let row_of = |fact: &ContractFact| {
        let works_for = fact.works_for.as_ref().map(|of| fill(&d.works_for, &[("name", of)])).unwrap_or_default();
        row([
            cell([(fact.name.clone(), Style::Strong), (works_for, Style::Note)]),
            plain(words.code(&w.recipient_kind, fact.kind)),
            cell([or_missing(w, fact.country.as_slice())]),
        ])
    };
    let columns = vec![column(&w.table.recipient, 44), column(&d.by_contract_as, 34), column(&w.table.country, 22)];
    vec![
        Block::Heading { text: d.by_contract.clone() },
        simple(words, &d.by_contract, columns, others.iter().map(row_of)),
    ]
}

pub fn declared(words: &Words<'_>) -> Content {
    let (w, d, declared) = (words.w, &words.w.declared, &words.report.declared);
    let row_of = |activity: &DeclaredActivity| {
        let title = activity.title.clone().unwrap_or_else(|| activity.purpose.clone());
        let bases: Vec<String> = activity.legal_bases.iter().map(|code| words.code(&w.legal_basis, *code)).collect();
        let categories: Vec<String> = activity.categories.iter().map(|code| words.code(&w.category, *code)).collect();
        let months = activity.months.map(|months| w.plural(&d.months, months));
        let storage: Vec<String> =
            [months, until(w, activity), activity.criteria.clone()].into_iter().flatten().collect();
        let transfer = |it: &DeclaredTransfer| transfer(w, it);
        let missing = |texts: &[String]| or_missing(w, texts);
        let observed = if activity.observed { &d.observed } else { &d.not_observed };
        row([
            cell([(title, Style::Strong), (activity.purpose.clone(), Style::Code), (observed.clone(), Style::Note)]),
            cell([missing(&bases)]),
            cell([missing(&categories)]),
            cell([missing(&storage)]),
            cell(std::iter::once(missing(&activity.recipients)).chain(activity.transfers.iter().map(transfer))),
            cell([missing(activity.source.as_slice())]),
        ])
    };
    let columns = vec![
        column(&w.table.purpose, 22),
        column(&w.table.legal_basis, 17),
        column(&w.table.categories, 16),
        column(&d.storage, 14),
        column(&d.recipients, 18),
        column(&d.source, 13),
    ];
    let mut blocks = vec![simple(words, &w.section.declared, columns, declared.activities.iter().map(row_of))];
    blocks.extend(by_contract(words));
    blocks.extend(kept(words));
    let texts = [(&d.rights, &declared.rights), (&d.complaint, &declared.complaint), (&d.contact, &declared.contact)];
    for (heading, text) in texts {
        if let Some(text) = text {
            blocks.push(Block::Heading { text: heading.clone() });
            blocks.push(Block::Text { text: text.clone() });
        }
    }
    let (t, said) = (&w.own.text, words.report.said.as_ref());
    let said = [
        (&t.why_unnamed, said.and_then(|said| said.why_unnamed.as_ref())),
        (&t.logic, said.and_then(|said| said.logic.as_ref())),
        (&t.withheld, said.and_then(|said| said.withheld.as_ref())),
    ];
    let said = said.into_iter().filter(|(_, said)| said.is_some());
    let pairs: Vec<Pair> = said.map(|(label, said)| said_by_person(w, label, said)).collect();
    if !pairs.is_empty() {
        blocks.push(Block::Facts { pairs });
    }
    (vec![w.intro.declared.clone()], blocks)
}
