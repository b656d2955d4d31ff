//! Reading: entries with their opened parts, lists by filter, and what the reading itself leaves in the ledger.

use super::{EngineError, Kind, OpenLedger};
use crate::admit::events;
use crate::exposure::{Filter, Term, TermKind};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::vault::{OpenError, PartPlace, StandingId};
use std::sync::Arc;
use std::time::Duration;
use whosaw_verifier::body::{ActionBody, Body, PrunedActs};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::part::{ContentPart, Part};
use whosaw_verifier::wire::Message as _;

/// A list waits so long for projections that are a little behind, so that a caller finds what it has just recorded.
pub(super) const CATCH_UP: Duration = Duration::from_secs(2);
/// Candidates read at a time.
const CHUNK: usize = 256;

/// What entries must be like; all that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryQuery {
    pub data_subject: Option<Identity>,
    pub actor: String,
    pub dataset: String,
    pub verb: Option<Verb>,
    pub kind: Option<EntryKind>,
    pub outcome: Option<Outcome>,
    pub tool: String,
    pub source: String,
    pub from_us: Option<u64>,
    pub until_us: Option<u64>,
    /// With a part that this matter keeps although its person is gone.
    pub matter: Option<StandingId>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EntryPage {
    pub entries: Vec<StoredEntry>,
    /// First index not looked at; absent at the end.
    pub next: Option<u64>,
    /// The answer is complete for entries below this.
    pub projected: u64,
    /// Entries of the whole ledger whose bodies were pruned, and which may pass as well.
    pub removed: u64,
}

/// An entry with its parts, as far as they open.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenedEntry {
    pub entry: StoredEntry,
    pub parts: Vec<OpenedPart>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OpenedPart {
    pub ordinal: u32,
    pub leaf: Hash,
    pub state: PartState,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PartState {
    Open(Box<Part>),
    /// The content was removed.
    Removed,
    /// The key that opens it is gone.
    NoKey,
    /// The key is gone, and matters keep what opens this part: who asks for what a matter keeps sees it.
    Held,
    /// The person's data is stored and nothing else (GDPR Art. 18).
    Restricted,
}

impl EntryQuery {
    fn terms(&self) -> Vec<Term> {
        let mut terms = Vec::new();
        for (kind, name) in [
            (TermKind::Actor, self.actor.as_str()),
            (TermKind::Dataset, &self.dataset),
            (TermKind::Tool, &self.tool),
            (TermKind::Source, &self.source),
            (TermKind::Verb, self.verb.map_or("", Verb::code)),
            (TermKind::EntryKind, self.kind.map_or("", EntryKind::code)),
            (TermKind::Outcome, self.outcome.map_or("", Outcome::code)),
        ] {
            if !name.is_empty() {
                terms.push(Term::new(kind, name));
            }
        }
        terms
    }

    /// Whether it asks for something that only bodies or parts say.
    fn asks_for_content(&self) -> bool {
        let names = [&self.actor, &self.dataset, &self.tool, &self.source];
        self.data_subject.is_some()
            || names.iter().any(|name| !name.is_empty())
            || self.verb.is_some()
            || self.outcome.is_some()
    }

    /// Whether pruned entries of this sort may have passed.
    fn may_pass(&self, acts: &PrunedActs) -> bool {
        self.kind.is_none_or(|kind| kind == acts.kind)
            && self.verb.is_none_or(|verb| verb == acts.verb)
            && self.outcome.is_none_or(|outcome| outcome == acts.outcome)
    }

    fn in_time(&self, entry: &StoredEntry) -> bool {
        let at = entry.header.recorded_at_us;
        self.from_us.is_none_or(|from| at >= from) && self.until_us.is_none_or(|until| at < until)
    }

    /// The terms held against one entry; what the postings say, for candidates that come from elsewhere.
    fn matches(&self, entry: &StoredEntry) -> bool {
        if !self.in_time(entry) || self.kind.is_some_and(|kind| kind as u8 != entry.header.kind) {
            return false;
        }
        let of_actions = EntryQuery { data_subject: None, ..self.clone() }.asks_for_content();
        if !of_actions {
            return true;
        }
        let body = entry.body();
        matches!(body, Some(Ok(Body::Action(action))) if self.matches_action(&action))
    }

    fn matches_action(&self, action: &ActionBody) -> bool {
        let named =
            |wanted: &str, mut names: Vec<&str>| wanted.is_empty() || names.drain(..).any(|name| name == wanted);
        named(&self.actor, action.actors.iter().map(|actor| actor.name.as_str()).collect())
            && named(&self.dataset, action.datasets().collect())
            && named(&self.tool, vec![&action.tool])
            && named(&self.source, action.source.iter().map(|source| source.name.as_str()).collect())
            && self.verb.is_none_or(|verb| verb == action.verb)
            && self.outcome.is_none_or(|outcome| outcome == action.outcome)
    }
}

impl OpenLedger {
    /// Entries from `from` on that pass, at most `limit`. Blocks.
    pub fn list(&self, query: &EntryQuery, from: u64, limit: usize) -> Result<EntryPage, EngineError> {
        let size = self.ledger.published().size;
        let removed = self.removed(query)?;
        if query.data_subject.is_some() {
            return Ok(EntryPage { removed, ..self.list_by_person(query, from, limit, size)? });
        }
        if let Some(matter) = &query.matter {
            let none = || EngineError::not_found("no hold of this matter is in force");
            self.vault.standing().holds.get(matter).ok_or_else(none)?;
            let indexes = self.vault.kept_by(matter)?.into_iter().map(|kept| kept.place.index).collect();
            return self.list_at(indexes, query, from, limit, size);
        }
        let projected = self.follow.wait_for(size, CATCH_UP);
        let filter = Filter { terms: query.terms(), from_us: query.from_us, until_us: query.until_us };
        let (mut entries, mut at) = (Vec::new(), from);
        loop {
            let page = self.follow.follower().query(&filter, at, projected, CHUNK.max(limit - entries.len()))?;
            for entry in self.entries_at(&page.indexes)? {
                // A posting may outlive the body that it was made from.
                if !query.in_time(&entry) || (entry.content.is_none() && query.asks_for_content()) {
                    continue;
                }
                if entries.len() == limit {
                    return Ok(EntryPage { next: Some(entry.header.index), entries, projected, removed });
                }
                entries.push(entry);
            }
            match page.next {
                Some(next) => at = next,
                None => return Ok(EntryPage { entries, next: None, projected, removed }),
            }
        }
    }

    fn list_by_person(&self, query: &EntryQuery, from: u64, limit: usize, size: u64) -> Result<EntryPage, EngineError> {
        let mut indexes = Vec::new();
        if let Some(person) =
            query.data_subject.as_ref().map(|identity| self.vault.find(identity)).transpose()?.flatten()
        {
            for person in self.vault.linked(person)? {
                indexes.extend(self.vault.occurrences(person)?.into_iter().map(|place| place.index));
            }
        }
        self.list_at(indexes, query, from, limit, size)
    }

    fn list_at(
        &self,
        mut indexes: Vec<u64>,
        query: &EntryQuery,
        from: u64,
        limit: usize,
        size: u64,
    ) -> Result<EntryPage, EngineError> {
        indexes.retain(|index| (from..size).contains(index));
        indexes.sort_unstable();
        indexes.dedup();
        let mut entries = Vec::new();
        for chunk in indexes.chunks(CHUNK) {
            for entry in self.entries_at(chunk)? {
                if !query.matches(&entry) {
                    continue;
                }
                if entries.len() == limit {
                    return Ok(EntryPage { next: Some(entry.header.index), entries, projected: size, removed: 0 });
                }
                entries.push(entry);
            }
        }
        Ok(EntryPage { entries, next: None, projected: size, removed: 0 })
    }

    /// Pruned entries that may pass a filter. Of a person nothing is known in them, so all of them may be theirs.
    fn removed(&self, query: &EntryQuery) -> Result<u64, EngineError> {
        if !query.asks_for_content() {
            return Ok(0);
        }
        let pruned = self.pruned_acts()?;
        Ok(pruned.iter().filter(|acts| query.may_pass(acts)).map(|acts| acts.count).sum())
    }

    /// Entries at ascending indexes. Neighbours are read together.
    pub(super) fn entries_at(&self, indexes: &[u64]) -> Result<Vec<StoredEntry>, EngineError> {
        let mut entries = Vec::with_capacity(indexes.len());
        let mut rest = indexes;
        while let Some(first) = rest.first() {
            let run = rest.iter().zip(*first..).take_while(|(index, expected)| *index == expected).count();
            let read = self.ledger.entries(*first, first + run as u64)?;
            if read.len() != run {
                return Err(EngineError::new(Kind::Corrupt, format!("entry {first} is missing")));
            }
            entries.extend(read);
            rest = &rest[run..];
        }
        Ok(entries)
    }

    /// Opens every part of an entry that can be opened and whose person's data may be; of those who are gone what this
    /// matter keeps.
    pub fn open_entry(&self, entry: StoredEntry, matter: Option<&StandingId>) -> Result<OpenedEntry, EngineError> {
        self.open_parts(entry, matter, |place| Ok(self.vault.is_restricted_at(place)?))
    }

    /// Opens every part that can be opened, also of those whose processing is restricted: for what the ledger itself has to
    /// know, and for the person's own right of access. Refused where one does not open that nothing on record closed.
    pub(super) fn open_all(&self, entry: StoredEntry) -> Result<OpenedEntry, EngineError> {
        let mut opened = self.open_parts(entry, None, |_| Ok(false))?;
        for part in opened.parts.iter_mut().filter(|part| part.state == PartState::NoKey) {
            let place = PartPlace { index: opened.entry.header.index, ordinal: part.ordinal };
            part.state = self.closed_by_right(place)?;
        }
        Ok(opened)
    }

    fn open_parts(
        &self,
        entry: StoredEntry,
        matter: Option<&StandingId>,
        is_closed: impl Fn(PartPlace) -> Result<bool, EngineError>,
    ) -> Result<OpenedEntry, EngineError> {
        let index = entry.header.index;
        let stored = self.ledger.parts(index, entry.header.parts)?;
        let mut parts = Vec::with_capacity(stored.len());
        for (ordinal, part) in stored.into_iter().enumerate() {
            let (ordinal, commitment) = (ordinal as u32, &entry.header.body_commitment);
            let place = PartPlace { index, ordinal };
            let state = match &part.sealed {
                None => PartState::Removed,
                Some(_) if is_closed(place)? => PartState::Restricted,
                Some(sealed) => {
                    let opened = match (self.vault.open_part(place, commitment, sealed), matter) {
                        (Err(OpenError::NoKey), Some(matter)) => {
                            self.vault.open_kept(matter, place, commitment, sealed)
                        }
                        (opened, _) => opened,
                    };
                    match opened {
                        Ok(opened) => PartState::Open(Box::new(opened)),
                        Err(OpenError::NoKey) if self.vault.is_kept(place)? => PartState::Held,
                        Err(OpenError::NoKey) => PartState::NoKey,
                        Err(error) => return Err(error.into()),
                    }
                }
            };
            parts.push(OpenedPart { ordinal, leaf: part.leaf, state });
        }
        Ok(OpenedEntry { entry, parts })
    }

    /// Records that sealed parts were opened or taken away, and for which matter if for one. A reader is answered only after this is durable.
    pub async fn record_access(
        self: &Arc<Self>,
        first_index: u64,
        count: u64,
        matter: Option<StandingId>,
        caller: &Caller,
    ) -> Result<(), EngineError> {
        let registry = &self.names().registry;
        let admitted = events::ledger_access(Verb::LogRead, first_index, count, matter, caller.clone(), registry);
        self.record(admitted).await.map(drop)
    }

    /// How far the projections are, and why they no longer follow, if they do not.
    pub fn projected(&self) -> (u64, Option<String>) {
        (self.follow.follower().true_up_to(), self.follow.failed())
    }

    /// Deletes the projections; they are made anew behind the commit. `wait_projected` tells how far that is.
    pub fn rebuild_projections(&self) {
        self.follow.rebuild();
    }

    pub fn wait_projected(&self, size: u64, at_most: Duration) -> u64 {
        self.follow.wait_for(size, at_most)
    }
}

/// The action's content: inside one part, or cut into pieces over several.
pub fn join_content<'a>(parts: impl Iterator<Item = &'a Part>) -> Option<ContentPart> {
    let (mut whole, mut pieces) = (None, Vec::new());
    for part in parts {
        if let Some(content) = &part.content {
            whole = Some(content.clone());
        }
        if !part.piece_bytes.is_empty() {
            pieces.push((part.piece, &part.piece_bytes));
        }
    }
    if whole.is_some() || pieces.is_empty() {
        return whole;
    }
    pieces.sort_unstable_by_key(|(piece, _)| *piece);
    let whole = pieces.iter().zip(0u32..).all(|((piece, _), expected)| *piece == expected);
    let bytes: Vec<u8> = pieces.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    whole.then(|| ContentPart::decode(&bytes).ok()).flatten()
}
