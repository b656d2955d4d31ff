//! One bundle of up to 256 entries: each entry by itself, and against the one before it in the bundle.

use super::claim::Claim;
use super::erased::Erased;
use super::files::{Directory, Openings};
use super::{Problem, Unreadable, content, meaning};
use crate::body::{AgentSignature, ClockBody};
use crate::entry::{CLOCK_NOT_SYNCHRONISED, HEADER_BYTES, Header, TIME_CLAMPED};
use crate::hash::Hash;
use crate::merkle::{self, Frontier};
use crate::tiles::{self, TILE_WIDTH};
use crate::vocabulary::EntryKind;
use std::collections::{BTreeMap, BTreeSet};

pub const ENTRY_BYTES: usize = 2 + HEADER_BYTES;

/// What the threads share.
pub struct Ledger {
    pub origin: String,
    pub origin_hash: Hash,
    pub size: u64,
    pub has_content: bool,
    pub openings: Openings,
    /// Entries that have a list of what they erased.
    pub lists: BTreeSet<u64>,
    pub erased: Erased,
    /// Hash of the erasure token that is looked for.
    pub token: Option<Hash>,
    pub files: Directory,
}

/// What was found in one bundle.
#[derive(Debug, Default)]
pub struct Bundle {
    pub number: u64,
    pub first: Option<Header>,
    /// Leaf hashes of the sound entries: all, or those before `broken`.
    pub leaves: Vec<Hash>,
    /// Root over a full bundle.
    pub root: Option<Hash>,
    /// Positions of the entries that end a commit.
    pub commits: Vec<usize>,
    /// Time of the first and of the last sound entry.
    pub recorded_us: Option<(u64, u64)>,
    pub doubtful_times: u64,
    /// What the first entry says, if it is a clock entry: its time is compared with the bundle before.
    pub first_clock: Option<ClockBody>,
    pub tally: Tally,
    /// In ascending order of entries.
    pub notices: Vec<(u64, Notice)>,
    /// The first thing after which entries can no longer be followed.
    pub broken: Option<Problem>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    pub bodies: Counts,
    pub parts: Counts,
    pub parts_opened: u64,
    /// Bodies and parts that each entry authorised to be gone.
    pub redacted_by: BTreeMap<u64, (u64, u64)>,
}

/// What became of bodies, or of sealed parts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub intact: u64,
    /// Gone: all of the following, and those of which an entry from a later vocabulary may say why.
    pub removed: u64,
    /// An entry of the ledger says that it was erased or pruned.
    pub redacted: u64,
    /// Nothing says why.
    pub missing: u64,
}

impl Counts {
    pub fn add(&mut self, other: &Counts) {
        self.intact += other.intact;
        self.removed += other.removed;
        self.redacted += other.redacted;
        self.missing += other.missing;
    }
}

/// What the judge should hear of an entry.
#[derive(Debug)]
pub enum Notice {
    /// Wrong, but the entries that follow can still be followed.
    Problem(String),
    Unknown(String),
    /// Not wrong, but worth knowing.
    Remark(String),
    Genesis {
        verifier_key: String,
    },
    /// A body that mattered to other entries cannot be read: it was removed, or is from a later vocabulary.
    Untold(u8),
    Erasure(Claim),
    AgentKey {
        name: String,
        key: Option<[u8; 32]>,
        retired: bool,
    },
    /// The name of the agent that acted; the action id where a disclosed part told it.
    SignedAction {
        agent: String,
        signature: AgentSignature,
        action_id: Option<[u8; 16]>,
    },
}

pub fn check(ledger: &Ledger, number: u64) -> Result<Bundle, Unreadable> {
    let mut bundle = Bundle { number, ..Bundle::default() };
    let first = number * TILE_WIDTH;
    let width = tiles::width(0, number, ledger.size);
    let path = tiles::entries_path(number, width);
    let Some(bytes) = ledger.files.optional(&path, width as usize * ENTRY_BYTES)? else {
        bundle.broken = Some(Problem { index: Some(first), what: format!("{path} is missing") });
        return Ok(bundle);
    };
    let tile_path = tiles::tile_path(0, number, width);
    let tile = ledger.files.optional(&tile_path, width as usize * size_of::<Hash>())?;
    if tile.is_none() {
        bundle.notices.push((first, Notice::Problem(format!("{tile_path} is missing"))));
    }
    let tile = tile.unwrap_or_default();
    let tile_hash = |at: usize| tile.get(32 * at..32 * at + 32);

    let headers = bundle.read_entries(&bytes, first, width, &path, &tile_hash);
    for (at, leaf) in bundle.leaves.iter().enumerate() {
        if !tile.is_empty() && tile_hash(at) != Some(leaf) {
            let what = format!("it does not hash to the leaf that {tile_path} holds");
            bundle.notices.push((first + at as u64, Notice::Problem(what)));
        }
    }
    if bundle.broken.is_none() && tile.len() > 32 * width as usize {
        bundle.notices.push((first, Notice::Problem(format!("{tile_path} holds more than its hashes"))));
    }
    if bundle.leaves.len() as u64 == TILE_WIDTH {
        let mut tree = Frontier::new();
        bundle.leaves.iter().for_each(|leaf| tree.push(*leaf));
        bundle.root = Some(tree.root());
    }
    let clocks = if ledger.has_content {
        content::check(ledger, width, &headers, &mut bundle)?
    } else {
        bundle.note_kinds(&headers);
        Vec::new()
    };
    bundle.check_times(&headers, &clocks);
    bundle.notices.sort_by_key(|(index, _)| *index);
    Ok(bundle)
}

impl Bundle {
    /// Reads headers until one is unsound or does not follow the one before.
    fn read_entries<'t>(
        &mut self,
        bytes: &[u8],
        first: u64,
        width: u64,
        path: &str,
        tile_hash: &impl Fn(usize) -> Option<&'t [u8]>,
    ) -> Vec<Header> {
        let (chunks, rest) = bytes.as_chunks::<ENTRY_BYTES>();
        let mut headers: Vec<Header> = Vec::with_capacity(chunks.len());
        for (at, chunk) in chunks.iter().take(width as usize).enumerate() {
            let index = first + at as u64;
            let (length, entry) = chunk.split_first_chunk::<2>().expect("a chunk has 122 bytes");
            let broken = |what| Some(Problem { index: Some(index), what });
            if usize::from(u16::from_be_bytes(*length)) != HEADER_BYTES {
                self.broken = broken("its length is not 120 bytes".into());
                return headers;
            }
            let header = match Header::decode(entry) {
                Ok(header) if header.index == index => header,
                Ok(header) => {
                    self.broken = broken(format!("it says that it is entry {}", header.index));
                    return headers;
                }
                Err(error) => {
                    self.broken = broken(error.to_string());
                    return headers;
                }
            };
            if let Some(leaf) = self.leaves.last().copied()
                && header.previous_leaf != leaf
            {
                // The hash tile is the third witness of what the entry before was.
                if tile_hash(at - 1) == Some(&header.previous_leaf) {
                    let what = "it was altered: its hash tile and the next entry know another hash of it".into();
                    self.broken = Some(Problem { index: Some(index - 1), what });
                    self.leaves.pop();
                    self.commits.pop_if(|last| *last == at - 1);
                    headers.pop();
                } else {
                    self.broken = broken(broken_link(index));
                }
                return headers;
            }
            if header.is_last_of_commit() {
                self.commits.push(at);
            }
            self.leaves.push(merkle::leaf_hash(entry));
            self.first.get_or_insert(header);
            headers.push(header);
        }
        if !rest.is_empty() || chunks.len() as u64 != width {
            let what = format!("{path} does not hold exactly {width} entries");
            self.broken = Some(Problem { index: Some(first + headers.len() as u64), what });
        }
        headers
    }

    fn check_times(&mut self, headers: &[Header], clocks: &[(u64, ClockBody)]) {
        let (Some(first), Some(last)) = (headers.first(), headers.last()) else { return };
        self.recorded_us = Some((first.recorded_at_us, last.recorded_at_us));
        let doubtful = |header: &&Header| header.flags & (TIME_CLAMPED | CLOCK_NOT_SYNCHRONISED) != 0;
        self.doubtful_times = headers.iter().filter(doubtful).count() as u64;
        let clock_of =
            |header: &Header| clocks.iter().find(|(at, _)| *at == header.index).map(|(_, clock)| clock.clone());
        self.first_clock = clock_of(first);
        for pair in headers.windows(2) {
            let clock = clock_of(&pair[1]);
            if let Some(what) = time_problem(&pair[1], pair[0].recorded_at_us, clock.as_ref()) {
                self.notices.push((pair[1].index, Notice::Problem(what)));
            }
        }
    }

    /// Without content the kind alone is known.
    fn note_kinds(&mut self, headers: &[Header]) {
        for header in headers {
            self.notices.extend(meaning::unknown_kind(header).map(|what| (header.index, Notice::Unknown(what))));
            self.notices.extend(meaning::kind_problem(header).map(|what| (header.index, Notice::Problem(what.into()))));
        }
    }
}

pub fn broken_link(index: u64) -> String {
    format!("it does not follow entry {}: the previous leaf it carries is another", index.saturating_sub(1))
}

/// Time goes back only at a clock entry, and what a clock entry states is true.
pub fn time_problem(header: &Header, last_us: u64, clock: Option<&ClockBody>) -> Option<String> {
    let now = header.recorded_at_us;
    match clock {
        Some(clock) if (clock.old_us, clock.new_us) != (last_us, now) => Some(format!(
            "it states a clock change from {} to {}, but stands between {last_us} and {now}",
            clock.old_us, clock.new_us
        )),
        None if now < last_us && header.kind != EntryKind::Clock as u8 => {
            Some(format!("its time {now} lies before that of the entry before it, {last_us}, and it is no clock entry"))
        }
        _ => None,
    }
}
