//! Verifies an exported ledger: a directory laid out as the tile tree, judged as a whole.
//!
//! ```text
//! checkpoint                    the signed head
//! vkeys                         verifier keys, one a line
//! tile/<L>/<N>[.p/<W>]          hash tiles
//! tile/entries/<N>[.p/<W>]      entry bundles
//! content/<N>[.p/<W>]           optional: bodies and sealed parts
//! openings/<index>.<ordinal>    optional: 32-byte keys that open one part each
//! erasures/<index>              what the erasure entry at this index covers: 12 bytes a place, ascending
//! ```
//!
//! Content that is gone is *redacted* where an entry of the export says so ([`erased`]), and *missing* otherwise. An
//! export is judged as a whole: an erasure explains what is gone before it, whatever size a reader asks the root of.
//!
//! Two threads check bundles ([`bundle`]: entries; [`content`]: what they commit to; [`meaning`]: what bodies say), each
//! every other bundle; this file puts the bundles in order and holds them against each other and against the signed
//! head. A few bundles are in memory at a time, so the size of a ledger does not matter.

mod bundle;
pub mod claim;
mod content;
mod erased;
mod files;
mod head;
pub(crate) mod meaning;
pub mod present;

pub use head::root_at;

use crate::agent;
use crate::body::AgentSignature;
use crate::checkpoint::{self, Checkpoint, VerifiedCheckpoint};
use crate::entry;
use crate::erasure;
use crate::hash::{Hash, hex};
use crate::merkle::Frontier;
use crate::note::{MAX_NOTE_BYTES, Note, VerifierKey};
use crate::tiles::{self, TILE_WIDTH};
use crate::vocabulary::{EntryKind, ErasureState};
pub use bundle::Counts;
use bundle::{Bundle, Ledger, Notice};
use claim::Claim;
use erased::Erased;
use files::Directory;
use present::{excerpt, printable};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::mpsc;

/// At most so many entries are named of those that are alike, such as those whose meaning is unknown; all are counted.
const NAMED: usize = 100;
/// Bundles that a thread may be ahead.
const AHEAD: usize = 4;

/// What an export was found to be. [`Report::verdict`] is the answer in one word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub origin: String,
    /// Entries that the signed head covers.
    pub size: u64,
    /// The signed root.
    pub root: Hash,
    /// The signed head itself; none where no signature was believed.
    pub head: Option<VerifiedCheckpoint>,
    /// Keys of the origin that signed the head, as vkeys.
    pub signers: Vec<String>,
    /// The keys came from the export itself: trust on first use.
    pub keys_from_export: bool,
    /// Witnesses that cosigned the head, and when (POSIX seconds, as they say).
    pub witnesses: Vec<(String, u64)>,
    pub entries_checked: u64,
    /// Atomic commits, each the place of a possible checkpoint.
    pub commits: u64,
    /// First and last time in the ledger, Unix microseconds.
    pub recorded_us: Option<(u64, u64)>,
    /// Entries whose time was clamped, or read from a clock that was not synchronised.
    pub doubtful_times: u64,
    /// Whether bodies and parts are in the export at all.
    pub has_content: bool,
    pub bodies: Counts,
    pub parts: Counts,
    /// The first hundred entries by whose authority content is redacted, with the numbers of bodies and of parts; and how
    /// many such entries there are.
    pub redacted_by: Vec<(u64, u64, u64)>,
    pub redacting_entries: u64,
    /// What is not wrong, but worth knowing, such as content that is still here although it was erased: the first hundred
    /// entries, and how many there are.
    pub remarks: Vec<(u64, String)>,
    pub remark_count: u64,
    /// Erasure entries that carry the token that was looked for, and what became of their keys: the first hundred.
    pub claims: Vec<Claim>,
    /// Parts that a disclosed key opened.
    pub parts_opened: u64,
    /// Agents' own signatures: checked, and those whose action id is sealed and was not disclosed.
    pub agent_signatures_checked: u64,
    pub agent_signatures_sealed: u64,
    /// Those by a key that may have been registered in a body that is gone.
    pub agent_signatures_without_key: u64,
    /// Structure holds, meaning unknown: the first hundred such entries, and how many there are.
    pub unknown_meaning: Vec<(u64, String)>,
    pub unknown_meanings: u64,
    /// The problem that stands first in the ledger, and how many were found.
    pub first_problem: Option<Problem>,
    pub problems: u64,
    /// With a problem: the last commit before it.
    pub last_good: Option<LastGood>,
}

/// What is wrong, and where. `what` may quote the export as it is; printed, it is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The entry; none where it concerns the ledger as a whole.
    pub index: Option<u64>,
    pub what: String,
}

/// The head of the last commit before the first problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastGood {
    pub size: u64,
    pub root: Hash,
    /// The hash tiles tie these entries to the signed root: only what follows is in doubt. Otherwise they are merely
    /// consistent among themselves, and want to be compared with a checkpoint kept from then.
    pub proven: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    /// Something is not as it was signed, or is missing.
    Lie,
    /// Structure holds, but part of it is from a later vocabulary.
    MeaningUnknown,
}

/// The export cannot be read, so nothing can be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// File within the export.
    pub path: String,
    pub what: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", printable(&self.path), printable(&self.what))
    }
}

impl std::error::Error for Unreadable {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "entry {index}: {}", printable(&self.what)),
            None => f.write_str(&printable(&self.what)),
        }
    }
}

impl Verdict {
    /// For scripts. 2 is wrong usage, 4 an export that cannot be read.
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Holds => 0,
            Verdict::Lie => 1,
            Verdict::MeaningUnknown => 3,
        }
    }
}

impl Report {
    pub fn verdict(&self) -> Verdict {
        if self.first_problem.is_some() {
            Verdict::Lie
        } else if self.unknown_meanings > 0 {
            Verdict::MeaningUnknown
        } else {
            Verdict::Holds
        }
    }

    /// Notes a problem; the one that stands first in the ledger is kept, and one of the whole only if there is no other.
    fn problem(&mut self, problem: Problem) {
        self.problems += 1;
        let place = |problem: &Problem| problem.index.unwrap_or(u64::MAX);
        if self.first_problem.as_ref().is_none_or(|first| place(&problem) < place(first)) {
            self.first_problem = Some(problem);
        }
    }

    fn remark(&mut self, index: u64, what: String) {
        self.remark_count += 1;
        if self.remarks.len() < NAMED {
            self.remarks.push((index, what));
        }
    }

    fn unknown(&mut self, index: u64, what: String) {
        self.unknown_meanings += 1;
        if self.unknown_meaning.len() < NAMED {
            self.unknown_meaning.push((index, what));
        }
    }
}

/// Verifies an export with the given keys or, where there are none, with its own `vkeys`.
pub fn verify(directory: &Path, keys: &[VerifierKey]) -> Result<Report, Unreadable> {
    verify_with_progress(directory, keys, &mut |_, _| {})
}

/// The same; `progress` hears how many entries of how many are done.
pub fn verify_with_progress(
    directory: &Path,
    keys: &[VerifierKey],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Unreadable> {
    judge(directory, keys, None, progress)
}

/// The same; [`Report::claims`] also holds the erasure entries that carry this token, and what became of their keys.
pub fn verify_erasure(directory: &Path, keys: &[VerifierKey], token: &[u8; 32]) -> Result<Report, Unreadable> {
    judge(directory, keys, Some(erasure::token_hash(token)), &mut |_, _| {})
}

fn judge(
    directory: &Path,
    keys: &[VerifierKey],
    token: Option<Hash>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Unreadable> {
    let files = Directory::new(directory);
    let mut report = Report { keys_from_export: keys.is_empty(), ..Report::default() };
    let own_keys;
    let keys = if keys.is_empty() {
        own_keys = files.verifier_keys()?;
        &own_keys
    } else {
        keys
    };
    let note = files.required("checkpoint", MAX_NOTE_BYTES)?;
    let head = match checkpoint::open(&note, keys) {
        Ok(head) => head,
        Err(error) => {
            // The head's own words are unproven; they only say which ledger this claims to be.
            if let Some(claim) = Note::parse(&note).ok().and_then(|note| Checkpoint::parse(note.text()).ok()) {
                (report.origin, report.size, report.root) = (claim.origin, claim.size, claim.root);
            }
            report.problem(Problem { index: None, what: printable(&format!("checkpoint: {error}")) });
            return Ok(report);
        }
    };
    report.describe(&head);
    let mut ledger = Ledger {
        origin: head.checkpoint().origin.clone(),
        origin_hash: entry::origin_hash(&head.checkpoint().origin),
        size: report.size,
        has_content: files.has("content")?,
        openings: files.openings()?,
        lists: files.erasures()?,
        erased: Erased::default(),
        token,
        files,
    };
    report.has_content = ledger.has_content;
    for (index, ordinal) in ledger.openings.outside(ledger.size, ledger.has_content) {
        let what = format!("openings/{index}.{ordinal} opens nothing that is in this export");
        report.problem(Problem { index: Some(index), what });
    }
    for index in ledger.lists.iter().filter(|index| **index >= ledger.size || !ledger.has_content) {
        let what = format!("{} explains nothing that is in this export", erased::path(*index));
        report.problem(Problem { index: Some(*index), what });
    }
    if ledger.has_content {
        ledger.erased = Erased::gather(&ledger, &mut |problem| report.problem(problem))?;
    }
    let mut judge = Judge::new(&ledger, &head, report);
    std::thread::scope(|scope| {
        let receivers = [0, 1].map(|first| {
            let (sender, receiver) = mpsc::sync_channel(AHEAD);
            let ledger = &ledger;
            scope.spawn(move || {
                for number in (first..ledger.size.div_ceil(TILE_WIDTH)).step_by(2) {
                    if sender.send(bundle::check(ledger, number)).is_err() {
                        // The judge has seen enough.
                        break;
                    }
                }
            });
            receiver
        });
        for number in 0..ledger.size.div_ceil(TILE_WIDTH) {
            let bundle = receivers[(number % 2) as usize].recv().expect("a thread sends each of its bundles")?;
            judge.take(bundle)?;
            progress(judge.report.entries_checked, ledger.size);
            if judge.broken {
                break;
            }
        }
        Ok(())
    })?;
    judge.conclude()
}

/// Puts bundles in order: what one bundle cannot know of the ones before it is checked here.
struct Judge<'a> {
    ledger: &'a Ledger,
    head: &'a VerifiedCheckpoint,
    report: Report,
    tree: Frontier,
    /// Level 1 and up: the hashes of the tile that is being filled.
    tiles: Vec<Vec<Hash>>,
    /// The last entry's leaf hash and time.
    last: Option<(Hash, u64)>,
    last_of_commit: bool,
    /// The last commit before any problem: the tree before its bundle, and its leaves in that bundle.
    good: Option<(Frontier, Vec<Hash>)>,
    /// The key that stands registered for each agent at this point of the ledger, by the agent's name.
    agent_keys: BTreeMap<String, [u8; 32]>,
    genesis_key: Option<String>,
    keys_rotated: bool,
    /// A body that registered names is gone: it may have held any key.
    registry_gone: bool,
    /// Erasure entries that made something inaccessible, or whose body cannot be read.
    erasures: BTreeSet<u64>,
    /// The vault's generation after the last erasure entry.
    generation: u64,
    /// Bodies and parts that each entry authorised to be gone.
    redacted_by: BTreeMap<u64, (u64, u64)>,
    /// The entries themselves are broken: nothing that follows means anything.
    broken: bool,
}

impl<'a> Judge<'a> {
    fn new(ledger: &'a Ledger, head: &'a VerifiedCheckpoint, report: Report) -> Self {
        Judge {
            ledger,
            head,
            report,
            tree: Frontier::new(),
            tiles: Vec::new(),
            last: None,
            last_of_commit: false,
            good: None,
            agent_keys: BTreeMap::new(),
            genesis_key: None,
            keys_rotated: false,
            registry_gone: false,
            erasures: BTreeSet::new(),
            generation: 0,
            redacted_by: BTreeMap::new(),
            broken: false,
        }
    }

    fn take(&mut self, bundle: Bundle) -> Result<(), Unreadable> {
        let first = bundle.number * TILE_WIDTH;
        let broken = self.broken_link(&bundle, first).or(bundle.broken);
        if let (Some(entry), Some((_, last_us))) = (&bundle.first, self.last)
            && let Some(what) = bundle::time_problem(entry, last_us, bundle.first_clock.as_ref())
        {
            self.hear(first, Notice::Problem(what));
        }
        for (index, notice) in bundle.notices {
            self.hear(index, notice);
        }
        self.report.entries_checked += bundle.leaves.len() as u64;
        self.report.commits += bundle.commits.len() as u64;
        self.report.doubtful_times += bundle.doubtful_times;
        self.report.bodies.add(&bundle.tally.bodies);
        self.report.parts.add(&bundle.tally.parts);
        self.report.parts_opened += bundle.tally.parts_opened;
        for (by, (bodies, parts)) in bundle.tally.redacted_by {
            let sum = self.redacted_by.entry(by).or_default();
            *sum = (sum.0 + bodies, sum.1 + parts);
        }
        if let Some((first_us, last_us)) = bundle.recorded_us {
            self.report.recorded_us = Some((self.report.recorded_us.map_or(first_us, |(first, _)| first), last_us));
        }
        self.broken = broken.is_some();
        broken.into_iter().for_each(|problem| self.report.problem(problem));
        self.note_good(first, &bundle.leaves, &bundle.commits);
        if self.broken {
            return Ok(());
        }
        self.last = bundle.leaves.last().copied().zip(bundle.recorded_us.map(|(_, last)| last));
        self.last_of_commit = bundle.commits.last().is_some_and(|at| at + 1 == bundle.leaves.len());
        match bundle.root {
            Some(root) => {
                self.tree.push_complete(8, root);
                self.push_tile_hash(1, root)?;
            }
            None => bundle.leaves.iter().for_each(|leaf| self.tree.push(*leaf)),
        }
        Ok(())
    }

    /// Whether the bundle's first entry does not follow the last one of the bundle before.
    fn broken_link(&self, bundle: &Bundle, first: u64) -> Option<Problem> {
        let entry = bundle.first.as_ref()?;
        let what = match self.last {
            None if entry.previous_leaf != entry::genesis_link(&self.ledger.origin) => {
                "it does not carry the genesis link of its origin".into()
            }
            Some((leaf, _)) if entry.previous_leaf != leaf => bundle::broken_link(first),
            _ => return None,
        };
        Some(Problem { index: Some(first), what })
    }

    /// Remembers the last commit that ends before the first problem known so far.
    fn note_good(&mut self, first: u64, leaves: &[Hash], commits: &[usize]) {
        let until = self.report.first_problem.as_ref().and_then(|problem| problem.index).unwrap_or(u64::MAX);
        if let Some(at) = commits.iter().rev().find(|at| first + (**at as u64) < until) {
            self.good = Some((self.tree.clone(), leaves[..=*at].to_vec()));
        }
    }

    fn hear(&mut self, index: u64, notice: Notice) {
        match notice {
            Notice::Problem(what) => {
                self.report.problem(Problem { index: Some(index), what });
            }
            Notice::Unknown(what) => self.report.unknown(index, what),
            // A later genesis is a problem of its own, and changes nothing.
            Notice::Genesis { verifier_key } if index == 0 => self.genesis_key = Some(verifier_key),
            Notice::Genesis { .. } => {}
            Notice::Remark(what) => self.report.remark(index, what),
            Notice::Untold(kind) if kind == EntryKind::KeyRotation as u8 => self.keys_rotated = true,
            Notice::Untold(kind) if kind == EntryKind::Registry as u8 => self.registry_gone = true,
            Notice::Untold(kind) if kind == EntryKind::Erasure as u8 => {
                self.erasures.insert(index);
            }
            Notice::Untold(_) => {}
            Notice::Erasure(claim) => self.check_erasure(claim),
            Notice::AgentKey { name, key, retired } => {
                match key.filter(|_| !retired) {
                    Some(key) => self.agent_keys.insert(name, key),
                    None => self.agent_keys.remove(&name),
                };
            }
            Notice::SignedAction { agent, signature, action_id } => {
                self.check_agent_signature(index, &agent, &signature, action_id);
            }
        }
    }

    /// What an erasure entry says against those before it.
    fn check_erasure(&mut self, claim: Claim) {
        let Claim { index, generation, batch, .. } = claim;
        if generation < self.generation {
            let what =
                format!("its generation {generation} is below {}, which an erasure before it reached", self.generation);
            self.hear(index, Notice::Problem(what));
        }
        self.generation = self.generation.max(generation);
        match claim.state {
            ErasureState::Inaccessible => {
                self.erasures.insert(index);
            }
            // A batch that does not come before it is a problem of the body by itself.
            ErasureState::Irrecoverable if batch < index && !self.erasures.contains(&batch) => {
                let what = format!("it is about entry {batch}, which is no erasure that made anything inaccessible");
                self.hear(index, Notice::Problem(what));
            }
            _ => {}
        }
        let of_batch =
            claim.state == ErasureState::Irrecoverable && self.report.claims.iter().any(|found| found.index == batch);
        if (claim.carries || of_batch) && self.report.claims.len() < NAMED {
            self.report.claims.push(claim);
        }
    }

    /// Only the key that was registered before for the very agent that acted will do: otherwise each agent of a ledger
    /// could sign in the name of every other.
    fn check_agent_signature(
        &mut self,
        index: u64,
        agent: &str,
        signature: &AgentSignature,
        action_id: Option<[u8; 16]>,
    ) {
        let key = self.agent_keys.get(agent).filter(|key| agent::names(&signature.key_id, key));
        let Some(key) = key else {
            if self.registry_gone {
                self.report.agent_signatures_without_key += 1;
                return;
            }
            let what = format!(
                "its agent's signature names a key that is not registered for the actor \"{}\"",
                excerpt(agent)
            );
            return self.hear(index, Notice::Problem(what));
        };
        let Some(action_id) = action_id else {
            self.report.agent_signatures_sealed += 1;
            return;
        };
        match agent::verify(&self.ledger.origin_hash, &action_id, signature, key) {
            Ok(()) => self.report.agent_signatures_checked += 1,
            Err(error) => self.hear(index, Notice::Problem(error.to_string())),
        }
    }

    /// Adds a hash to the tile at `level`, comparing each tile that it fills.
    fn push_tile_hash(&mut self, level: u8, hash: Hash) -> Result<(), Unreadable> {
        let slot = usize::from(level) - 1;
        if self.tiles.len() <= slot {
            self.tiles.push(Vec::new());
        }
        self.tiles[slot].push(hash);
        if self.tiles[slot].len() as u64 == TILE_WIDTH {
            let full = std::mem::take(&mut self.tiles[slot]);
            self.compare_tile(level, &full)?;
            let mut root = Frontier::new();
            full.iter().for_each(|hash| root.push(*hash));
            self.push_tile_hash(level + 1, root.root())?;
        }
        Ok(())
    }

    /// `hashes` end at the present end of the tree; the tile's number follows from that.
    fn compare_tile(&mut self, level: u8, hashes: &[Hash]) -> Result<(), Unreadable> {
        let number = ((self.tree.size() >> (8 * u32::from(level))) - 1) / TILE_WIDTH;
        let path = tiles::tile_path(level, number, hashes.len() as u64);
        let what = match self.ledger.files.optional(&path, size_of_val(hashes))? {
            None => format!("{path} is missing"),
            Some(tile) if tile != hashes.as_flattened() => format!("{path} does not hold the hashes of the entries"),
            Some(_) => return Ok(()),
        };
        self.report.problem(Problem { index: None, what });
        Ok(())
    }

    fn conclude(mut self) -> Result<Report, Unreadable> {
        self.report.redacting_entries = self.redacted_by.len() as u64;
        let named = self.redacted_by.iter().take(NAMED).map(|(by, (bodies, parts))| (*by, *bodies, *parts));
        self.report.redacted_by = named.collect();
        if self.broken {
            self.report.last_good = self.last_good()?;
            return Ok(self.report);
        }
        for slot in 0..self.tiles.len() {
            let hashes = std::mem::take(&mut self.tiles[slot]);
            if !hashes.is_empty() {
                self.compare_tile(slot as u8 + 1, &hashes)?;
            }
        }
        let (root, signed) = (self.tree.root(), self.report.root);
        if root != signed {
            let what = format!("the entries lead to root {}, but {} was signed", hex(&root), hex(&signed));
            self.report.problem(Problem { index: None, what });
        }
        if self.ledger.size > 0 && !self.last_of_commit {
            let index = Some(self.ledger.size - 1);
            let what = "a checkpoint stands after it, though it is not the last of its commit".into();
            self.report.problem(Problem { index, what });
        }
        self.check_genesis_key();
        if let Some(problem) = &self.report.first_problem {
            let until = problem.index.unwrap_or(u64::MAX);
            // Where the root is another, all may have been rewritten: good is then only what is proven.
            let good = self.last_good()?.filter(|good| good.size <= until && (good.proven || root == signed));
            self.report.last_good = good.map(|good| LastGood { proven: true, ..good });
        }
        Ok(self.report)
    }

    /// The key that genesis names signs the head, unless keys were rotated.
    fn check_genesis_key(&mut self) {
        if let Some(named) = self.genesis_key.take()
            && !self.keys_rotated
            && !self.head.signers().iter().any(|signer| signer.to_string() == named)
        {
            let named = excerpt(&named);
            let what = format!("it names {named} as the key of this ledger, which did not sign the checkpoint");
            self.report.problem(Problem { index: Some(0), what });
        }
    }

    /// Puts the last good commit's entries in front of what the hash tiles say of the rest: if that leads to the signed
    /// root, these entries are the signed ones, and only what follows them is not.
    fn last_good(&mut self) -> Result<Option<LastGood>, Unreadable> {
        let Some((tree, leaves)) = self.good.take() else { return Ok(None) };
        let (mut whole, start) = (tree.clone(), tree.size() / TILE_WIDTH);
        let mut known = leaves.iter().copied();
        for number in start..self.ledger.size.div_ceil(TILE_WIDTH) {
            let width = tiles::width(0, number, self.ledger.size);
            let path = tiles::tile_path(0, number, width);
            let Some(tile) = self.ledger.files.optional(&path, width as usize * size_of::<Hash>())? else { break };
            let (hashes, _) = tile.as_chunks::<32>();
            hashes.iter().for_each(|hash| whole.push(known.next().unwrap_or(*hash)));
        }
        let proven = whole.size() == self.ledger.size && whole.root() == self.report.root;
        Ok(Some(LastGood::of(tree, leaves, proven)))
    }
}

impl LastGood {
    fn of(mut tree: Frontier, leaves: Vec<Hash>, proven: bool) -> Self {
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        LastGood { size: tree.size(), root: tree.root(), proven }
    }
}

impl Report {
    fn describe(&mut self, head: &VerifiedCheckpoint) {
        self.head = Some(head.clone());
        self.origin = head.checkpoint().origin.clone();
        self.size = head.checkpoint().size;
        self.root = head.checkpoint().root;
        self.signers = head.signers().iter().map(VerifierKey::to_string).collect();
        self.witnesses = head.cosignatures().iter().map(|by| (by.key.name().to_owned(), by.at_s)).collect();
    }
}
