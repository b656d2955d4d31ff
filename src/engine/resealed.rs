//! Content that was sealed anew for those who stay, because somebody who shared it was erased: it says what it said.

use super::proving::Proving;
use super::read::join_content;
use super::{EngineError, OpenLedger};
use crate::exposure::{Term, TermKind};
use crate::model::{EntryKind, ErasureState};
use std::collections::BTreeMap;
use whosaw_verifier::body::Body;
use whosaw_verifier::part::ContentPart;

pub(super) struct Resealed<'a> {
    open: &'a OpenLedger,
    /// Looked for once something is closed.
    found: Option<Found>,
}

struct Found {
    /// Of now: it may have been sealed anew after the size that is asked for.
    head: Proving,
    /// Erasure entries that hold the content of an entry, in the order of the ledger.
    at: BTreeMap<u64, Vec<u64>>,
}

impl<'a> Resealed<'a> {
    pub fn of(open: &'a OpenLedger) -> Self {
        Resealed { open, found: None }
    }

    /// What an entry's content says, if it was sealed anew and still opens.
    pub fn content(&mut self, index: u64) -> Result<Option<ContentPart>, EngineError> {
        let Resealed { open, found } = self;
        let found = match found {
            Some(found) => found,
            None => found.insert(Found::of(open)?),
        };
        for at in found.at.get(&index).into_iter().flatten().rev() {
            let Some(entry) = open.ledger.entry(*at)? else { continue };
            let ordinals: Vec<u32> = (0..entry.header.parts).collect();
            let parts = open.open_proved(&entry, &ordinals, &found.head)?;
            if let Some(content) = join_content(parts.iter().map(|(_, part)| part)) {
                return Ok(Some(content));
            }
        }
        Ok(None)
    }
}

impl OpenLedger {
    /// The entry whose content stands at this place: of content that was sealed anew, the one that it stood in first.
    pub(super) fn resealed_for(&self, index: u64) -> Result<u64, EngineError> {
        let mut at = index;
        loop {
            let entry = self.ledger.entry(at)?.filter(|entry| entry.header.kind == EntryKind::Erasure as u8);
            let body = entry.and_then(|entry| Some(Body::decode(entry.header.kind, &entry.content?.1)));
            let Some(Ok(Body::Erasure(body))) = body else { return Ok(at) };
            match body.cites.first() {
                // Below the entry only, so that it ends whatever a body says.
                Some(cited) if cited.index < at => at = cited.index,
                _ => return Ok(at),
            }
        }
    }
}

impl Found {
    fn of(open: &OpenLedger) -> Result<Self, EngineError> {
        let head = open.projected_head(open.ledger.published().size)?;
        let (mut at, mut origins) = (BTreeMap::<u64, Vec<u64>>::new(), BTreeMap::new());
        for entry in open.entries_under(Term::new(TermKind::EntryKind, EntryKind::Erasure.code()), head.size)? {
            let body = entry.body();
            let Some(Ok(Body::Erasure(body))) = body else { continue };
            let Some(cited) = body.cites.first().filter(|_| body.state == ErasureState::Resealed) else { continue };
            // What was sealed anew before is where it stood first.
            let origin = origins.get(&cited.index).copied().unwrap_or(cited.index);
            origins.insert(entry.header.index, origin);
            at.entry(origin).or_default().push(entry.header.index);
        }
        Ok(Found { head, at })
    }
}
