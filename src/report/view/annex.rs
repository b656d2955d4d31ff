//! The annex: every entry, with all that may be said of it.

use super::sections::{Content, table};
use super::things::policy;
use super::words::{LISTED, Words};
use super::*;
use crate::report::access::document::*;
use crate::report::wording::word;

pub fn entries(words: &Words<'_>) -> Content {
    let (w, t) = (words.w, &words.w.table);
    let rows = words.report.entries.iter().map(|entry| entry_row(words, entry));
    let columns =
        vec![column(&t.entry, 12), column(&t.time, 20), column(&t.who_and_what, 24), column(&t.data_and_details, 44)];
    let mut blocks = vec![table((w, words.extent), TableStyle::Annex, &w.section.annex, columns, rows, ANNEX_MAX)];
    blocks.extend(conversations(words));
    (vec![w.intro.annex.clone()], blocks)
}

fn entry_row(words: &Words<'_>, entry: &Entry) -> Row {
    let w = words.w;
    let act = fill(&w.mark.act, &[("n", &words.number(entry.act.0))]);
    let recorded = fill(&w.times.recorded, &[("at", &words.exact(entry.recorded_at))]);
    let mut when = time(words, &entry.time);
    when.push((recorded, Style::Note));
    let shown = entry.exposure.humans != Level::None;
    let mut moved = data(words, entry);
    moved.extend(detail(words, entry));
    Row {
        tone: if shown { Tone::Shown } else { entry.class.into() },
        cells: vec![
            cell([
                (words.number(entry.index.0), Style::Strong),
                (act, Style::Note),
                (words.class(entry.class), Style::Note),
            ]),
            cell(when),
            cell(who_and_what(words, entry)),
            cell(moved),
        ],
    }
}

pub fn time(words: &Words<'_>, time: &ActTime) -> Vec<(String, Style)> {
    let w = &words.w.times;
    match time {
        ActTime::Claimed { clock, claimed, bounded, skew_us, doubtful } => {
            let label = if clock.0 == crate::model::TimeSource::Gateway { &w.gateway } else { &w.agent_clock };
            let mut pieces = vec![(words.exact_span(bounded), Style::Plain), (label.clone(), Style::Note)];
            if claimed != bounded {
                pieces.push((fill(&w.claimed, &[("span", &words.exact_span(claimed))]), Style::Note));
            }
            if *skew_us > 0 {
                pieces.push((fill(&w.widened, &[("n", &words.seconds(*skew_us))]), Style::Note));
            }
            if *doubtful {
                pieces.push((w.doubtful.clone(), Style::Warning));
            }
            pieces
        }
        ActTime::Replay { place } => in_order(words, &w.replay, &w.replay_order, place.as_ref()),
        ActTime::Unknown { place } => in_order(words, &w.unknown, &w.unknown_order, place.as_ref()),
    }
}

/// Without a time, perhaps with a place.
fn in_order(words: &Words<'_>, alone: &str, placed: &str, place: Option<&PlaceInConversation>) -> Vec<(String, Style)> {
    let text = match place {
        None => alone.to_owned(),
        Some(place) => fill(
            placed,
            &[
                ("order", &words.number(place.order)),
                ("of", &words.number(place.of)),
                ("conversation", &words.number(place.conversation.0)),
            ],
        ),
    };
    vec![(text, Style::Plain)]
}

/// Who acted for whom, and what was done.
pub fn who_and_what(words: &Words<'_>, entry: &Entry) -> Vec<(String, Style)> {
    let w = words.w;
    let name = |name: &Option<Name>| name.as_ref().map(|name| words.name(name));
    let actor = entry.actors.first().map(|actor| (words.party(&actor.party), Style::Plain));
    let chain: Vec<Party> = entry.actors.iter().skip(1).map(|actor| actor.party.clone()).collect();
    let verb = words.code(&w.verb, entry.verb);
    let what = [Some(verb), name(&entry.tool)].into_iter().flatten().collect::<Vec<_>>().join(SEPARATOR);
    let outcome = words.code(&w.outcome, entry.outcome);
    let mut pieces = vec![
        actor.unwrap_or_else(|| (w.missing.nobody.clone(), Style::Warning)),
        (words.behalf(&chain), Style::Note),
        (what, Style::Plain),
    ];
    let mut plain: Vec<String> = name(&entry.dataset).into_iter().collect();
    let mut warnings = Vec::new();
    let succeeded = entry.outcome.0 == crate::model::Outcome::Succeeded;
    if succeeded {
        plain.push(outcome)
    } else {
        warnings.push(outcome)
    }
    let authorisation = entry.authorisation.filter(|_| entry.class != Class::OtherPart);
    if let Some((text, style)) = authorisation.map(|value| words.authorisation(value)) {
        if style == Style::Warning { warnings.push(text) } else { plain.push(text) }
    }
    pieces.push((plain.join(SEPARATOR), Style::Note));
    pieces.push((warnings.join(SEPARATOR), Style::Warning));
    pieces
}

/// Between things said in one line.
const SEPARATOR: &str = " · ";

pub fn data(words: &Words<'_>, entry: &Entry) -> Vec<(String, Style)> {
    let w = words.w;
    let mut pieces = words.moved(&entry.into_tool, &entry.returned, &entry.shown, &entry.exposure);
    if !entry.shown_to.is_empty() {
        let style = if entry.exposure.humans == Level::None { Style::Plain } else { Style::Warning };
        pieces.push((fill(&w.data.shown_to, &[("list", &words.parties(&entry.shown_to))]), style));
    }
    let records: Vec<String> = entry.records.iter().map(|record| record_text(words, entry, record)).collect();
    if !records.is_empty() {
        pieces.push((fill(&w.mark.records, &[("list", &w.list(&records, LISTED))]), Style::Note));
    }
    for (text, kinds) in [(&w.mark.not_kept, &entry.not_kept), (&w.mark.cut, &entry.cut)] {
        if !kinds.is_empty() {
            let kinds: Vec<String> = kinds.iter().map(|kind| words.code(&w.content_kind, *kind)).collect();
            pieces.push((fill(text, &[("list", &w.list(&kinds, LISTED))]), Style::Note));
        }
    }
    if entry.records_unowned > 0 {
        pieces.push((w.plural(&w.mark.records_unowned, entry.records_unowned), Style::Note));
    }
    pieces
}

fn record_text(words: &Words<'_>, entry: &Entry, record: &EntryRecord) -> String {
    let w = &words.w.mark;
    let within = entry.conversation.filter(|_| record.scope.0 == crate::model::RecordScope::Conversation);
    match within {
        Some(conversation) => fill(
            &w.record_conversation,
            &[("dataset", &record.dataset), ("id", &record.id), ("conversation", &words.number(conversation.0))],
        ),
        None => fill(&w.record, &[("dataset", &record.dataset), ("id", &record.id)]),
    }
}

/// Letters of a leaf that are printed: enough to tell entries apart; all of it stands in the JSON.
const LEAF: usize = 16;

/// What a reader needs besides, in one line: what is usual is left out, and stands in the JSON.
fn detail(words: &Words<'_>, entry: &Entry) -> Vec<(String, Style)> {
    use crate::model::Provenance;
    let w = words.w;
    let m = &w.mark;
    let mut said = Vec::new();
    said.extend(roles(words, entry));
    said.extend(entry.subject_kind.as_ref().map(|kind| fill(&m.as_kind, &[("kind", kind)])));
    said.extend(entry.purpose.as_ref().map(|purpose| fill(&m.purpose, &[("purpose", &words.name(purpose))])));
    said.extend(legal_bases(words, entry).map(|list| fill(&m.basis, &[("list", &list)])));
    if let Some(found) = &entry.policy {
        said.push(policy(words, &found.id, found.version.as_ref(), found.decision));
    }
    said.extend([approval(words, entry), recipients(words, entry), determination(words, entry)].into_iter().flatten());
    if !entry.doubts.is_empty() {
        let doubts: Vec<String> = entry.doubts.iter().map(|doubt| words.code(&w.doubt, *doubt)).collect();
        said.push(fill(&m.doubts, &[("list", &w.list(&doubts, LISTED))]));
    }
    let assurance = words.code(&w.assurance, entry.assurance);
    said.push(match &entry.caller {
        Some(caller) => fill(&m.reported, &[("caller", &words.name(caller)), ("assurance", &assurance)]),
        None => fill(&m.reported_nobody, &[("assurance", &assurance)]),
    });
    if entry.source.is_some() && entry.source != entry.caller {
        said.push(fill(&m.source, &[("source", &words.name_or_not_stated(entry.source.as_ref()))]));
    }
    if entry.provenance.0 != Provenance::ToolCall {
        said.push(words.code(&w.provenance, entry.provenance));
    }
    if matches!(entry.time, ActTime::Claimed { .. }) {
        said.extend(entry.conversation.map(|number| fill(&m.in_conversation, &[("n", &words.number(number.0))])));
    }
    said.extend(entry.call_id.as_ref().map(|id| fill(&m.call_id, &[("id", id)])));
    for (when, text) in [
        (entry.agent_signed, &m.agent_signed),
        (entry.encrypted, &m.encrypted),
        (entry.pseudonymised, &m.pseudonymised),
    ] {
        said.extend(when.then(|| text.clone()));
    }
    said.push(fill(&m.leaf, &[("hash", entry.leaf.get(..LEAF).unwrap_or(&entry.leaf))]));
    let mut pieces = vec![(fields(words, entry), Style::Note), (said.join(SEPARATOR), Style::Note)];
    pieces.extend(amended(words, entry));
    for (when, text, style) in [
        (entry.break_glass, &m.break_glass, Style::Warning),
        (entry.content_closed, &m.content_closed, Style::Warning),
        (entry.clamped, &m.clamped, Style::Note),
        (entry.not_synchronised, &m.not_synchronised, Style::Note),
    ] {
        if when {
            pieces.push((text.clone(), style));
        }
    }
    pieces
}

/// The person's part, where it is more than that it is their data.
pub fn roles(words: &Words<'_>, entry: &Entry) -> Option<String> {
    let w = words.w;
    let has_other = entry.roles.iter().any(|role| role.0 != crate::model::Role::DataSubject);
    let roles: Vec<String> = entry.roles.iter().map(|role| words.code(&w.role, *role)).collect();
    has_other.then(|| fill(&w.mark.roles, &[("list", &w.list(&roles, LISTED))]))
}

pub fn legal_bases(words: &Words<'_>, entry: &Entry) -> Option<String> {
    let w = words.w;
    let bases: Vec<String> = entry.legal_bases.iter().map(|basis| words.code(&w.legal_basis, *basis)).collect();
    (!bases.is_empty()).then(|| w.list(&bases, LISTED))
}

/// What its approval was worth, else what whoever recorded it said of one.
pub fn approval(words: &Words<'_>, entry: &Entry) -> Option<String> {
    let w = words.w;
    if let Some(approved) = entry.approved {
        return Some(word(&w.exposure.approved, approved.code()).to_owned());
    }
    let said = entry.approval.filter(|approval| approval.0 != crate::model::ApprovalResult::NotRequired);
    said.map(|approval| fill(&w.mark.approval, &[("result", &words.code(&w.approval, approval))]))
}

pub fn recipients(words: &Words<'_>, entry: &Entry) -> Option<String> {
    let recipients: Vec<String> = entry.recipients.iter().map(|found| recipient_text(words, found)).collect();
    (!recipients.is_empty()).then(|| fill(&words.w.mark.recipients, &[("list", &recipients.join("; "))]))
}

/// Whether it is known whose data it touched, where that is not listed.
pub fn determination(words: &Words<'_>, entry: &Entry) -> Option<String> {
    let w = words.w;
    let text = words.code(&w.determination, entry.determination);
    let is_open = entry.determination.0 != crate::model::Determination::Listed;
    is_open.then(|| fill(&w.mark.determination, &[("determination", &text)]))
}

/// What it corrects, and by what it was corrected or taken back.
pub fn amended(words: &Words<'_>, entry: &Entry) -> impl Iterator<Item = (String, Style)> {
    let (w, m) = (words.w, &words.w.mark);
    let list = |indexes: &[EntryIndex]| {
        let indexes: Vec<String> = indexes.iter().map(|index| words.number(index.0)).collect();
        w.list(&indexes, LISTED)
    };
    [(&m.corrects, &entry.corrects), (&m.corrected_by, &entry.corrected_by), (&m.retracted_by, &entry.retracted_by)]
        .into_iter()
        .filter(|(_, by)| !by.is_empty())
        .map(move |(text, by)| (fill(text, &[("list", &list(by))]), Style::Warning))
}

fn recipient_text(words: &Words<'_>, recipient: &EntryRecipient) -> String {
    let w = words.w;
    let (party, kind) = (words.party(&recipient.party), words.code(&w.recipient_kind, recipient.kind));
    match &recipient.country {
        Some(country) => fill(&w.mark.recipient_country, &[("party", &party), ("kind", &kind), ("country", country)]),
        None => fill(&w.mark.recipient, &[("party", &party), ("kind", &kind)]),
    }
}

/// Most fields of one entry that are printed.
const FIELDS_LISTED: usize = 24;

fn fields(words: &Words<'_>, entry: &Entry) -> String {
    let w = words.w;
    let fields: Vec<String> = entry.fields.iter().map(|field| field.pointer.clone()).collect();
    if fields.is_empty() { String::new() } else { fill(&w.mark.fields, &[("list", &w.list(&fields, FIELDS_LISTED))]) }
}

/// Which conversation a number stands for.
fn conversations(words: &Words<'_>) -> Vec<Block> {
    let conversations = &words.report.conversations;
    if conversations.is_empty() {
        return Vec::new();
    }
    let rows = conversations.iter().map(|fact| {
        row([
            plain(words.number(fact.number.0)),
            cell([(fact.id.clone(), Style::Code)]),
            plain(words.number(fact.entries)),
        ])
    });
    let t = &words.w.table;
    let columns = vec![column(&t.number, 10), column(&t.conversation, 74), number_column(&t.entries, 16)];
    let heading = &words.w.section.conversations;
    let block = table((words.w, words.extent), TableStyle::Plain, heading, columns, rows, ROWS_MAX);
    vec![Block::Heading { text: heading.clone() }, block]
}
