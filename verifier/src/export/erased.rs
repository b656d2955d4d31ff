//! What entries say was erased or pruned: by this, content that is missing is told apart from content that was taken.
//!
//! An erasure stands behind what it erased, and a bundle is judged while later ones are still unread. So before all else
//! the erasure and retention entries are looked up, and their lists read. Nothing is believed of an entry here but that
//! its body is what it commits to: whether the entry is the signed one shows when its own bundle is judged.
//!
//! A list can be long. It is read as a stream and believed only when it is whole, in order and what the entry has signed
//! the root of; then it takes 16 bytes of memory for each place. So nobody can make it take more than there is on the
//! disk: equal lists are kept once, and a list of nothing but zeros is not in order.

use super::bundle::{ENTRY_BYTES, Ledger};
use super::present::grouped;
use super::{Problem, Unreadable, meaning};
use crate::body::{Body, ErasureBody};
use crate::entry::{self, Header};
use crate::erasure::{self, PLACE_BYTES};
use crate::hash::Hash;
use crate::merkle::{self, Frontier};
use crate::tiles::{self, ContentReader, TILE_WIDTH};
use crate::vocabulary::EntryKind;
use crate::wire::WireError;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::ops::Range;

/// A place whose content an erasure entry says is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Covered {
    pub index: u64,
    pub ordinal: u32,
    /// Position among the erasure entries.
    by: u32,
}

#[derive(Debug, Default)]
pub struct Erased {
    /// Ascending by place, each once: by the first entry that covers it.
    places: Vec<Covered>,
    /// Erasure entries that cover something, ascending.
    entries: Vec<u64>,
    /// Retention entries and the index before which they prune; both ascend.
    pruned: Vec<(u64, u64)>,
    /// The last erasure or retention entry that is from a later vocabulary: it may cover anything before it.
    unknown: Option<u64>,
}

impl Erased {
    /// The places that are covered in some entries.
    pub fn within(&self, entries: Range<u64>) -> &[Covered] {
        let first = self.places.partition_point(|place| place.index < entries.start);
        let after = self.places.partition_point(|place| place.index < entries.end);
        &self.places[first..after]
    }

    /// The erasure entry that covers a place.
    pub fn by(&self, place: &Covered) -> u64 {
        self.entries[place.by as usize]
    }

    /// The first retention entry that prunes all of this entry but its header.
    pub fn pruned(&self, index: u64) -> Option<u64> {
        let at = self.pruned.partition_point(|(_, before)| *before <= index);
        self.pruned.get(at).map(|(by, _)| *by)
    }

    /// An entry of a later vocabulary that may say that something of this entry is gone.
    pub fn unknown(&self, index: u64) -> Option<u64> {
        self.unknown.filter(|by| *by > index)
    }

    /// Reads what the erasure and retention entries of a ledger say; `hear` is told what is wrong with their lists.
    pub fn gather(ledger: &Ledger, hear: &mut dyn FnMut(Problem)) -> Result<Self, Unreadable> {
        let mut gatherer = Gatherer { ledger, hear, erased: Erased::default(), known: BTreeSet::new() };
        for number in 0..ledger.size.div_ceil(TILE_WIDTH) {
            if !gatherer.bundle(number)? {
                break;
            }
        }
        let mut erased = gatherer.erased;
        erased.places.sort_unstable();
        erased.places.dedup_by_key(|place| (place.index, place.ordinal));
        Ok(erased)
    }
}

struct Gatherer<'a> {
    ledger: &'a Ledger,
    hear: &'a mut dyn FnMut(Problem),
    erased: Erased,
    /// Number and root of the lists that were read.
    known: BTreeSet<(u64, Vec<u8>)>,
}

impl Gatherer<'_> {
    /// Whether it is worth going on. What is broken here is told when the bundle is judged.
    fn bundle(&mut self, number: u64) -> Result<bool, Unreadable> {
        let width = tiles::width(0, number, self.ledger.size);
        let most = width as usize * ENTRY_BYTES;
        let bytes = self.ledger.files.optional(&tiles::entries_path(number, width), most)?.unwrap_or_default();
        let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
        // Behind the entry's length stand its layout version and its kind.
        let concerned =
            |entry: &[u8; ENTRY_BYTES]| entry[3] == EntryKind::Erasure as u8 || entry[3] == EntryKind::Retention as u8;
        self.check_owners(number * TILE_WIDTH, width, entries);
        let Some(last) = entries.iter().rposition(concerned) else { return Ok(!entries.is_empty()) };
        let Some(file) = self.ledger.files.stream(&tiles::content_path(number, width))? else { return Ok(true) };
        let mut reader = ContentReader::new(file);
        for entry in &entries[..=last] {
            let Ok(header) = Header::decode(&entry[2..]) else { return Ok(false) };
            let Ok(content) = reader.body() else { return Ok(true) };
            if concerned(entry)
                && let Some((salt, body)) = content
                && entry::body_commitment(&self.ledger.origin_hash, salt, body) == header.body_commitment
            {
                match Body::decode(header.kind, body) {
                    Ok(body) if meaning::check(&header, &self.ledger.origin, &body).is_ok() => {
                        self.take(header.index, &body)?;
                    }
                    Err(WireError::Unknown { .. }) => self.erased.unknown = Some(header.index),
                    // Told when the bundle is judged.
                    Ok(_) | Err(_) => {}
                }
            }
            for _ in 0..header.parts {
                if reader.part().is_err() {
                    return Ok(true);
                }
            }
        }
        Ok(true)
    }

    /// Lists of entries that are no erasures.
    fn check_owners(&mut self, first: u64, width: u64, entries: &[[u8; ENTRY_BYTES]]) {
        let lists = self.ledger.lists.range(first..first + width);
        for index in lists.filter(|index| {
            entries.get((**index - first) as usize).is_some_and(|entry| entry[3] != EntryKind::Erasure as u8)
        }) {
            let what = format!("{} lists what it erased, but it is no erasure", path(*index));
            (self.hear)(Problem { index: Some(*index), what });
        }
    }

    fn take(&mut self, index: u64, body: &Body) -> Result<(), Unreadable> {
        match body {
            // One that prunes no more than an earlier one adds nothing.
            Body::Retention(body) if body.pruned_before > self.erased.pruned.last().map_or(0, |last| last.1) => {
                self.erased.pruned.push((index, body.pruned_before));
            }
            Body::Erasure(body) => {
                let kept = self.erased.places.len();
                let by = u32::try_from(self.erased.entries.len()).expect("each of them has a file of its own");
                if let Err(what) = self.list(index, body, by)? {
                    self.erased.places.truncate(kept);
                    (self.hear)(Problem { index: Some(index), what });
                } else if self.erased.places.len() > kept {
                    self.erased.entries.push(index);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads the list of an erasure entry; otherwise what is wrong with it.
    fn list(&mut self, entry: u64, body: &ErasureBody, by: u32) -> Result<Result<(), String>, Unreadable> {
        let (path, covers) = (path(entry), body.covers);
        let Some(mut file) = self.ledger.files.stream(&path)? else {
            return Ok(match covers {
                0 => Ok(()),
                _ => Err(format!("{path}, the list of the {} places that it covers, is missing", grouped(covers))),
            });
        };
        // Another entry's list again: it only has to be read, not to be kept.
        let again = self.known.contains(&(covers, body.covers_root.clone()));
        let (mut tree, mut last) = (Frontier::new(), None::<[u8; PLACE_BYTES]>);
        let mut bodies = (0, None, None);
        loop {
            let bytes = match next_place(&mut file) {
                Ok(Next::Place(bytes)) => bytes,
                Ok(Next::End) => break,
                Ok(Next::Cut) => return Ok(Err(format!("{path} ends within a place"))),
                Err(error) => return Err(Unreadable { path, what: error.to_string() }),
            };
            if tree.size() == covers {
                return Ok(Err(format!("{path} holds more than the {} places that it covers", grouped(covers))));
            }
            if last.is_some_and(|last| last >= bytes) {
                return Ok(Err(format!("{path} is not in ascending order, each place once")));
            }
            let (index, ordinal) = erasure::read_place(&bytes);
            if index >= entry {
                return Ok(Err(format!("{path} holds a place in entry {index}, which does not come before it")));
            }
            tree.push(merkle::leaf_hash(&bytes));
            last = Some(bytes);
            if ordinal == erasure::BODY {
                bodies = (bodies.0 + 1, bodies.1.or(Some(index)), Some(index));
            }
            if !again {
                self.erased.places.push(Covered { index, ordinal, by });
            }
        }
        if tree.size() != covers {
            let (held, covers) = (grouped(tree.size()), grouped(covers));
            return Ok(Err(format!("{path} holds {held} of the {covers} places that it covers")));
        }
        let root: Hash = tree.root();
        if covers > 0 && root[..] != body.covers_root[..] {
            return Ok(Err(format!("{path} is not the list that it states the root of")));
        }
        if let Some(pruned) = &body.pruned
            && bodies != (pruned.bodies, Some(pruned.first), Some(pruned.last))
        {
            return Ok(Err(format!("{path} does not hold the bodies that it carries forward")));
        }
        self.known.insert((covers, body.covers_root.clone()));
        Ok(Ok(()))
    }
}

pub fn path(entry: u64) -> String {
    format!("erasures/{entry}")
}

enum Next {
    Place([u8; PLACE_BYTES]),
    End,
    /// Some bytes, but no whole place.
    Cut,
}

fn next_place(file: &mut impl Read) -> io::Result<Next> {
    let mut bytes = [0; PLACE_BYTES];
    let mut filled = 0;
    while filled < PLACE_BYTES {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => return Ok(if filled == 0 { Next::End } else { Next::Cut }),
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Next::Place(bytes))
}
