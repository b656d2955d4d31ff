//! A stored ledger looked at from outside, without writing or signing: every entry, what it commits to, and the tree over
//! them. What a backup has to withstand before anybody relies on it.

use super::LedgerError;
use super::open::read_tree;
use super::rows::{self, read_every_covered};
use crate::store::{LedgerNumber, Store};
use whosaw_verifier::body::Body;
use whosaw_verifier::entry::{genesis_link, origin_hash};
use whosaw_verifier::erasure::BODY;
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::{Frontier, leaf_hash};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub size: u64,
    pub root: Hash,
    /// The root over the first entries, as many as were asked for; none where there are fewer.
    pub earlier: Option<Hash>,
    /// As the genesis names it.
    pub verifier_key: String,
    pub last_recorded_us: u64,
    /// Contents that are gone by an erasure.
    pub erased: u64,
}

const PAGE: u64 = 4_096;
const PARTS: u32 = 1_024;

/// Reads and checks all of it. `at`: of how many entries the root is asked for, too. `progress` hears how many entries of
/// how many are done.
pub fn history(
    store: &dyn Store,
    number: LedgerNumber,
    origin: &str,
    at: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<History, LedgerError> {
    let snapshot = store.snapshot()?;
    let snapshot = snapshot.as_ref();
    let (head, root) = rows::read_head(snapshot, number)?.ok_or(LedgerError::NotInitialised)?;
    read_tree(snapshot, number, &head, &root)?;
    let covered = read_every_covered(snapshot, number)?;
    let (mut tree, mut previous, mut erased) = (Frontier::new(), genesis_link(origin), 0);
    let (mut earlier, mut verifier_key) = (None, None);
    let origin_hash = origin_hash(origin);
    let mut done = 0;
    while done < head.size {
        let until = (done + PAGE).min(head.size);
        let entries = rows::read_entries(snapshot, number, done, until)?;
        if entries.len() as u64 != until - done {
            return Err(LedgerError::Corrupt(format!("entries are missing between {done} and {until}")));
        }
        for entry in entries {
            let index = entry.header.index;
            let wrong = |what: &str| LedgerError::Corrupt(format!("entry {index}: {what}"));
            if entry.header.previous_leaf != previous {
                return Err(wrong("it is not chained to the one before"));
            }
            let mut gone = |ordinal: u32| {
                erased += 1;
                covered.contains(&(index, ordinal)).then_some(())
            };
            match &entry.content {
                Some((_, body)) if entry.body_holds(&origin_hash) => {
                    if index == 0
                        && let Ok(Body::Genesis(genesis)) = Body::decode(entry.header.kind, body)
                        && genesis.origin == origin
                    {
                        verifier_key = Some(genesis.verifier_key);
                    }
                }
                Some(_) => return Err(wrong("its body is not what it commits to")),
                None => gone(BODY).ok_or_else(|| wrong("its body is missing, and no erasure covers it"))?,
            }
            let (mut parts, mut from) = (Frontier::new(), 0);
            while from < entry.header.parts {
                let to = from.saturating_add(PARTS).min(entry.header.parts);
                for (ordinal, part) in (from..).zip(rows::read_part_range(snapshot, number, index, from..to)?) {
                    match &part.sealed {
                        Some(sealed) if leaf_hash(sealed) == part.leaf => {}
                        Some(_) => return Err(wrong(&format!("part {ordinal} is not what it commits to"))),
                        None => gone(ordinal)
                            .ok_or_else(|| wrong(&format!("part {ordinal} is missing, and no erasure covers it")))?,
                    }
                    parts.push(part.leaf);
                }
                from = to;
            }
            if parts.root() != entry.header.parts_root {
                return Err(wrong("its parts are not those it commits to"));
            }
            tree.push(entry.leaf);
            previous = entry.leaf;
            if index + 1 == at {
                earlier = Some(tree.root());
            }
        }
        done = until;
        progress(done, head.size);
    }
    if tree.root() != root {
        return Err(LedgerError::Corrupt("the entries do not have the root that stands beside them".into()));
    }
    let verifier_key = verifier_key
        .ok_or_else(|| LedgerError::Corrupt("entry 0 is not the genesis of a ledger of this name".into()))?;
    let last_recorded_us = head.recorded_at_us;
    Ok(History { size: head.size, root, earlier, verifier_key, last_recorded_us, erased })
}
