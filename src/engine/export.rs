//! A ledger as files, laid out as the C2SP tile tree (FORMATS section 5), with content beside it.

use super::{EngineError, Kind, OpenLedger};
use crate::ledger::{Published, StoredEntry};
use crate::model::Identity;
use crate::vault::{OpenError, PartPlace};
use std::sync::Arc;
use whosaw_verifier::tiles::{self, TILE_WIDTH};

/// Some bytes of one file; pieces of a file follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportPiece {
    pub path: String,
    pub data: Vec<u8>,
    /// Entries written so far, of how many.
    pub done: u64,
    pub total: u64,
}

/// A piece is cut at about this size, so that one fits into a message.
const PIECE: usize = 1 << 20;
/// Parts read at a time.
const PARTS: u32 = 1_024;

impl OpenLedger {
    /// Hands out the whole export as of the head, piece by piece; stops early when `take` answers false. With `disclose`
    /// the keys that open that person's parts, and no others, go with it. Blocks.
    pub fn export(
        &self,
        head: &ExportHead,
        content: bool,
        disclose: Option<&Identity>,
        take: &mut dyn FnMut(ExportPiece) -> bool,
    ) -> Result<(), EngineError> {
        let ExportHead { published: head, generation, pruned } = head;
        let total = head.size;
        let mut put = |path: String, data: Vec<u8>, done: u64| take(ExportPiece { path, data, done, total });
        for number in 0..total.div_ceil(TILE_WIDTH) {
            let first = number * TILE_WIDTH;
            let width = (total - first).min(TILE_WIDTH);
            let entries = self.ledger.entries(first, first + width)?;
            if !put(tiles::entries_path(number, width), entry_bundle(&entries), first) {
                return Ok(());
            }
            if content && !self.export_content(&entries, tiles::content_path(number, width), &mut put)? {
                return Ok(());
            }
        }
        for level in 0..8u8 {
            let count = total >> (8 * u32::from(level));
            if count == 0 {
                break;
            }
            for number in 0..count.div_ceil(TILE_WIDTH) {
                let width = (count - number * TILE_WIDTH).min(TILE_WIDTH);
                let hashes = self.ledger.tile(level, number, width)?;
                if !put(tiles::tile_path(level, number, width), hashes.concat(), total) {
                    return Ok(());
                }
            }
        }
        for place in disclose.map(|subject| self.every_place(subject, total)).transpose()?.into_iter().flatten() {
            let PartPlace { index, ordinal } = place;
            let (Some(entry), Some(part)) = (self.ledger.entry(index)?, self.ledger.part(index, ordinal)?) else {
                continue;
            };
            // What was removed, or is shared with somebody whose key is gone, cannot be opened by anybody.
            let Some(sealed) = part.sealed else { continue };
            // Content that others share tells of them too: it opens with all their keys, and one of them has asked.
            if self.vault.is_shared(place)? {
                continue;
            }
            let p = match self.vault.disclose(place, &entry.header.body_commitment, &sealed) {
                Ok(p) => p,
                Err(OpenError::NoKey) => continue,
                Err(error) => return Err(error.into()),
            };
            if !put(format!("openings/{index}.{ordinal}"), p.to_vec(), total) {
                return Ok(());
            }
        }
        if content {
            for (index, body) in self.erasure_entries()?.into_iter().filter(|(index, _)| *index < total) {
                if body.covers == 0 {
                    continue;
                }
                let covered = self.ledger.covered(index)?;
                for page in covered.chunks(PIECE / 12) {
                    let data = page
                        .iter()
                        .flat_map(|(index, ordinal)| index.to_be_bytes().into_iter().chain(ordinal.to_be_bytes()));
                    if !put(format!("erasures/{index}"), data.collect(), total) {
                        return Ok(());
                    }
                }
            }
            // What went after this head was taken would look as if nobody had authorised it.
            if self.vault.generation() != *generation || self.ledger.last_pruned()? != *pruned {
                return Err(EngineError::new(
                    Kind::Aborted,
                    "keys were destroyed or bodies pruned while this was written; export again",
                ));
            }
        }
        let keys = format!("{}\n", self.ledger.verifier_key());
        // The checkpoint last: an export that was cut off has none, and says so by that.
        let _ = put("vkeys".into(), keys.into_bytes(), total)
            && put("checkpoint".into(), head.checkpoint.as_bytes().to_vec(), total);
        Ok(())
    }

    fn export_content(
        &self,
        entries: &[StoredEntry],
        path: String,
        put: &mut dyn FnMut(String, Vec<u8>, u64) -> bool,
    ) -> Result<bool, EngineError> {
        let mut data = Vec::new();
        for entry in entries {
            let index = entry.header.index;
            tiles::put_body(entry.content.as_ref().map(|(salt, body)| (salt, body.as_slice())), &mut data);
            let mut ordinal = 0;
            while ordinal < entry.header.parts {
                let until = (ordinal + PARTS).min(entry.header.parts);
                for part in self.ledger.part_range(index, ordinal, until)? {
                    tiles::put_part(&part.leaf, part.sealed.as_deref(), &mut data);
                    if data.len() >= PIECE && !put(path.clone(), std::mem::take(&mut data), index) {
                        return Ok(false);
                    }
                }
                ordinal = until;
            }
        }
        let done = entries.last().map_or(0, |entry| entry.header.index + 1);
        Ok(put(path, data, done))
    }

    /// One entry bundle as a file of the tile tree.
    pub fn entry_bundle(&self, number: u64, width: u64) -> Result<Vec<u8>, EngineError> {
        let first = number.saturating_mul(TILE_WIDTH);
        let size = self.ledger.published().size;
        let end = first.checked_add(width).filter(|end| (1..=TILE_WIDTH).contains(&width) && *end <= size);
        let end = end.ok_or(crate::ledger::LedgerError::OutOfRange { size })?;
        Ok(entry_bundle(&self.ledger.entries(first, end)?))
    }

    /// The head of an export that begins now.
    pub fn export_head(&self) -> Result<ExportHead, EngineError> {
        // In this order: an erasure in between is seen as one that came while the export was written.
        let (generation, pruned) = (self.vault.generation(), self.ledger.last_pruned()?);
        let published = self.ledger.published();
        if pruned.is_some_and(|by| by >= published.size) {
            return Err(EngineError::new(Kind::Aborted, "bodies are being pruned; export again"));
        }
        Ok(ExportHead { published, generation, pruned })
    }
}

/// What an export is of.
pub struct ExportHead {
    pub published: Arc<Published>,
    /// Of the vault.
    generation: u64,
    /// The last batch that pruned bodies.
    pruned: Option<u64>,
}

fn entry_bundle(entries: &[StoredEntry]) -> Vec<u8> {
    let mut bundle = Vec::with_capacity(entries.len() * 122);
    for entry in entries {
        tiles::put_entry(&entry.header.encode(), &mut bundle);
    }
    bundle
}
