//! What entries commit to: bodies and sealed parts of one bundle against its headers, and disclosed parts opened.

use super::bundle::{Bundle, Ledger, Notice, Tally};
use super::claim::Claim;
use super::erased::Covered;
use super::files::Openings;
use super::{Unreadable, meaning};
use crate::agent;
use crate::body::{AgentSignature, Body, ClockBody};
use crate::entry::{self, Header};
use crate::erasure;
use crate::hash::Hash;
use crate::merkle::Frontier;
use crate::part::Part;
use crate::seal::{self, SealedPartView};
use crate::tiles::{self, ContentError, ContentReader};
use crate::vocabulary::{EntryKind, RegistryKind};
use crate::wire::{Message, WireError};
use std::io::Read;

/// Checks the content of the entries whose headers are sound. Returns what clock entries say, by index, ascending.
pub fn check(
    ledger: &Ledger,
    width: u64,
    headers: &[Header],
    bundle: &mut Bundle,
) -> Result<Vec<(u64, ClockBody)>, Unreadable> {
    let path = tiles::content_path(bundle.number, width);
    let mut clocks = Vec::new();
    let Some(first) = headers.first() else { return Ok(clocks) };
    let end = first.index + headers.len() as u64;
    let mut covered = ledger.erased.within(first.index..end);
    let Some(file) = ledger.files.stream(&path)? else {
        let what = match ledger.erased.pruned(end - 1) {
            Some(by) => format!("{path} is missing: entry {by} prunes bodies and parts, but not what they hash to"),
            None => format!("{path} is missing, unauthorised"),
        };
        bundle.notices.push((first.index, Notice::Problem(what)));
        return Ok(clocks);
    };
    let mut reader = ContentReader::new(file);
    for header in headers {
        let (of_entry, rest) = covered.split_at(covered.partition_point(|place| place.index == header.index));
        covered = rest;
        let pruned = ledger.erased.pruned(header.index);
        let (tally, notices) = (&mut bundle.tally, &mut bundle.notices);
        let mut entry = Entry { ledger, header, covered: of_entry, pruned, still: None, tally, notices };
        match entry.check(&mut reader) {
            Ok(clock) => clocks.extend(clock.map(|clock| (header.index, clock))),
            Err(Stop::Unreadable(error)) => return Err(error),
            Err(Stop::Content(ContentError::Io(error))) => {
                return Err(Unreadable { path, what: error.to_string() });
            }
            Err(Stop::Content(ContentError::Malformed(what))) => {
                entry.problem(format!("{path}: {what}"));
                return Ok(clocks);
            }
        }
    }
    if headers.len() as u64 == width
        && let Err(error) = reader.end()
    {
        let last = headers.last().map_or(0, |header| header.index);
        bundle.notices.push((last, Notice::Problem(format!("{path}: {error}"))));
    }
    Ok(clocks)
}

/// Why the rest of a bundle's content cannot be walked.
enum Stop {
    Content(ContentError),
    Unreadable(Unreadable),
}

impl From<ContentError> for Stop {
    fn from(error: ContentError) -> Self {
        Stop::Content(error)
    }
}

struct Entry<'a> {
    ledger: &'a Ledger,
    header: &'a Header,
    /// What of this entry erasure entries cover, by ordinal; the body comes last.
    covered: &'a [Covered],
    /// The retention entry that prunes all but the header.
    pruned: Option<u64>,
    /// What is still here although it should be gone.
    still: Option<Still>,
    tally: &'a mut Tally,
    notices: &'a mut Vec<(u64, Notice)>,
}

/// What disclosed parts told of an entry.
#[derive(Default)]
struct Disclosed {
    action_id: Option<[u8; 16]>,
}

/// The first thing that is still here, by whose word it should be gone, and how many more there are.
struct Still {
    what: String,
    by: u64,
    more: u32,
}

/// What the ledger says of content that is gone.
enum Gone {
    /// The entry that says so.
    By(u64),
    /// An entry of a later vocabulary may say so.
    Unknown(u64),
    Unauthorised,
}

/// What is wrong with an entry's parts: the first in words, the others by number. An entry may have four thousand million
/// parts that are missing, and a sentence for each would take all memory.
#[derive(Default)]
struct Wrong {
    first: Option<String>,
    count: u32,
}

impl Wrong {
    fn hear(&mut self, what: impl FnOnce() -> String) {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert_with(what);
    }

    fn told(self) -> Option<String> {
        let others = self.count.saturating_sub(1);
        self.first
            .map(|what| if others == 0 { what } else { format!("{what}, and {others} more of its parts are amiss") })
    }
}

impl Entry<'_> {
    fn check<R: Read>(&mut self, reader: &mut ContentReader<R>) -> Result<Option<ClockBody>, Stop> {
        if let Some(what) = meaning::kind_problem(self.header) {
            self.problem(what.into());
        }
        let body = match reader.body()? {
            None => {
                self.no_body();
                None
            }
            Some((salt, body)) => self.body(salt, body),
        };
        let mut clock = None;
        let mut signed = None;
        match body {
            Some(Body::Clock(body)) => clock = Some(body),
            Some(Body::Genesis(body)) => self.notice(Notice::Genesis { verifier_key: body.verifier_key }),
            Some(Body::Registry(body)) => {
                for record in body.records.into_iter().filter(|record| record.kind == RegistryKind::Agent) {
                    let key = record.public_key.as_slice().try_into().ok();
                    self.notice(Notice::AgentKey { name: record.name, key, retired: record.retired });
                }
            }
            Some(Body::Erasure(body)) => self.notice(Notice::Erasure(Claim::of(self.header, &body, self.ledger.token))),
            Some(Body::Action(body)) => {
                let agent = body.actors.into_iter().next().map(|actor| actor.name).unwrap_or_default();
                signed = body.agent_signature.map(|signature| (agent, signature));
            }
            _ => {}
        }
        let disclosed = self.parts(reader, signed.as_ref().map(|(_, signature)| signature))?;
        if let Some((agent, signature)) = signed {
            self.notice(Notice::SignedAction { agent, signature, action_id: disclosed.action_id });
        }
        Ok(clock)
    }

    /// The entry by which a place is covered.
    fn by(&self, ordinal: u32) -> Option<u64> {
        let at = self.covered.binary_search_by_key(&ordinal, |place| place.ordinal).ok();
        at.map(|at| self.ledger.erased.by(&self.covered[at])).or(self.pruned)
    }

    fn gone(&self, by: Option<u64>) -> Gone {
        match (by, self.ledger.erased.unknown(self.header.index)) {
            (Some(by), _) => Gone::By(by),
            (None, Some(by)) => Gone::Unknown(by),
            (None, None) => Gone::Unauthorised,
        }
    }

    fn still_here(&mut self, by: Option<u64>, what: impl FnOnce() -> String) {
        let Some(by) = by else { return };
        match &mut self.still {
            Some(still) => still.more += 1,
            None => self.still = Some(Still { what: what(), by, more: 0 }),
        }
    }

    fn no_body(&mut self) {
        self.tally.bodies.removed += 1;
        // Of these, others depend on what they said.
        self.notice(Notice::Untold(self.header.kind));
        let erasure = self.header.kind == EntryKind::Erasure as u8;
        match self.gone(self.by(erasure::BODY)) {
            Gone::By(by) => {
                self.tally.bodies.redacted += 1;
                self.tally.redacted_by.entry(by).or_default().0 += 1;
                if erasure {
                    self.notice(Notice::Remark(format!(
                        "its body is redacted, authorised by entry {by}: what this erasure covered cannot be told"
                    )));
                }
            }
            Gone::Unknown(by) => self.notice(Notice::Unknown(format!("its body is missing; {}", may_say(by)))),
            Gone::Unauthorised => {
                self.tally.bodies.missing += 1;
                let so = if erasure { ": what this erasure covered cannot be told" } else { "" };
                self.problem(format!("its body is missing, unauthorised{so}"));
            }
        }
    }

    fn body(&mut self, salt: &[u8; 32], body: &[u8]) -> Option<Body> {
        if entry::body_commitment(&self.ledger.origin_hash, salt, body) != self.header.body_commitment {
            self.problem("its body is not what it commits to".into());
            return None;
        }
        self.tally.bodies.intact += 1;
        self.still_here(self.by(erasure::BODY), || "body".into());
        match Body::decode(self.header.kind, body) {
            Ok(body) => {
                if let Err(what) = meaning::check(self.header, &self.ledger.origin, &body) {
                    self.problem(format!("its body: {what}"));
                }
                Some(body)
            }
            Err(error @ WireError::Unknown { .. }) => {
                self.notice(Notice::Untold(self.header.kind));
                self.notice(Notice::Unknown(error.to_string()));
                None
            }
            Err(error) => {
                self.problem(format!("its body: {error}"));
                None
            }
        }
    }

    fn parts<R: Read>(
        &mut self,
        reader: &mut ContentReader<R>,
        signature: Option<&AgentSignature>,
    ) -> Result<Disclosed, Stop> {
        let mut disclosed = Disclosed::default();
        let mut wrong = Wrong::default();
        let mut untold = Wrong::default();
        let mut tree = Frontier::new();
        for ordinal in 0..self.header.parts {
            let (leaf, sealed) = reader.part()?;
            tree.push(leaf);
            let opened = self.ledger.openings.has(self.header.index, ordinal);
            match sealed {
                None => self.no_part(ordinal, opened, &mut wrong, &mut untold),
                Some(sealed) if seal::part_leaf(sealed) != leaf => {
                    wrong.hear(|| format!("its part {ordinal} does not hash to its leaf"));
                }
                Some(sealed) => match SealedPartView::parse(sealed) {
                    Err(error) => wrong.hear(|| format!("its part {ordinal}: {error}")),
                    Ok(_) => {
                        self.tally.parts.intact += 1;
                        self.still_here(self.by(ordinal), || format!("sealed part {ordinal}"));
                        if opened {
                            self.open(ordinal, sealed, signature, &mut disclosed, &mut wrong)?;
                        }
                    }
                },
            }
        }
        if let Some(what) = untold.told() {
            self.notice(Notice::Unknown(what));
        }
        self.tell_still_here();
        if let Some(what) = wrong.told() {
            self.problem(what);
        }
        if tree.root() != self.header.parts_root {
            self.problem("its parts are not those it commits to".into());
        }
        if let Some(ordinal) = self.ledger.openings.beyond(self.header.index, self.header.parts) {
            self.problem(format!("a key is disclosed for its part {ordinal}, which it has not"));
        }
        let beyond = self.covered.partition_point(|place| place.ordinal < self.header.parts);
        if let Some(place) = self.covered.get(beyond).filter(|place| place.ordinal != erasure::BODY) {
            let (by, ordinal) = (self.ledger.erased.by(place), place.ordinal);
            self.problem(format!("entry {by} says that it erased its part {ordinal}, which it has not"));
        }
        Ok(disclosed)
    }

    fn no_part(&mut self, ordinal: u32, opened: bool, wrong: &mut Wrong, untold: &mut Wrong) {
        self.tally.parts.removed += 1;
        let though = if opened { ", though its key was disclosed" } else { "" };
        match self.gone(self.by(ordinal)) {
            Gone::By(by) => {
                self.tally.parts.redacted += 1;
                self.tally.redacted_by.entry(by).or_default().1 += 1;
                if opened {
                    wrong.hear(|| format!("its part {ordinal} is redacted, authorised by entry {by}{though}"));
                }
            }
            Gone::Unknown(by) if !opened => {
                untold.hear(|| format!("its part {ordinal} is missing; {}", may_say(by)));
            }
            Gone::Unknown(_) | Gone::Unauthorised => {
                self.tally.parts.missing += 1;
                wrong.hear(|| format!("its part {ordinal} is missing, unauthorised{though}"));
            }
        }
    }

    fn tell_still_here(&mut self) {
        let Some(Still { what, by, more }) = self.still.take() else { return };
        let more = if more > 0 { format!(", and {more} more of what it holds") } else { String::new() };
        let how = if self.pruned == Some(by) { "pruned" } else { "erased" };
        self.notice(Notice::Remark(format!("{how} by entry {by}, yet its {what} is still here{more}")));
    }

    fn open(
        &mut self,
        ordinal: u32,
        sealed: &[u8],
        signature: Option<&AgentSignature>,
        disclosed: &mut Disclosed,
        wrong: &mut Wrong,
    ) -> Result<(), Stop> {
        let index = self.header.index;
        let key = Openings::key(&self.ledger.files, index, ordinal).map_err(Stop::Unreadable)?;
        let Some(p) = key else {
            wrong.hear(|| format!("{} is not a key of 32 bytes", Openings::path(index, ordinal)));
            return Ok(());
        };
        let body = &self.header.body_commitment;
        let bytes = match seal::open_with_p(&p, &self.ledger.origin_hash, body, ordinal, sealed) {
            Ok(bytes) => bytes,
            Err(error) => {
                wrong.hear(|| format!("its disclosed part {ordinal}: {error}"));
                return Ok(());
            }
        };
        self.tally.parts_opened += 1;
        match Part::decode(&bytes) {
            Err(error @ WireError::Unknown { .. }) => self.notice(Notice::Unknown(format!("part {ordinal}: {error}"))),
            Err(error) => wrong.hear(|| format!("its disclosed part {ordinal}: {error}")),
            Ok(part) => {
                let action_id = part.content.as_ref().and_then(|content| content.action_id.as_slice().try_into().ok());
                disclosed.action_id = disclosed.action_id.or(action_id);
                if !agent_part_fits(ordinal, &part, signature) {
                    wrong.hear(|| format!("its disclosed part {ordinal} is not what the agent signed"));
                }
            }
        }
        Ok(())
    }

    fn notice(&mut self, notice: Notice) {
        self.notices.push((self.header.index, notice));
    }

    fn problem(&mut self, what: String) {
        self.notice(Notice::Problem(what));
    }
}

fn may_say(by: u64) -> String {
    format!("entry {by}, from a later vocabulary, may say why")
}

/// What the agent sent for a part is what it committed to, where it signed at all.
fn agent_part_fits(ordinal: u32, part: &Part, signature: Option<&AgentSignature>) -> bool {
    let (Some(agent_part), Some(signature)) = (&part.agent_part, signature) else { return true };
    let Ok(nonce) = Hash::try_from(agent_part.nonce.as_slice()) else { return false };
    let commitment = agent::part_commitment(&nonce, ordinal, &agent_part.as_sent);
    signature.commitments.get(ordinal as usize).is_some_and(|signed| *signed == commitment)
}
