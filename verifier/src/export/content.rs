//! What entries commit to: bodies and sealed parts of one bundle against its headers, and disclosed parts opened.

use super::bundle::{Bundle, Ledger, Notice, Tally};
use super::files::Openings;
use super::{Unreadable, meaning};
use crate::agent;
use crate::body::{AgentSignature, Body, ClockBody};
use crate::entry::{self, Header};
use crate::hash::Hash;
use crate::merkle::Frontier;
use crate::part::Part;
use crate::seal::{self, SealedPartView};
use crate::tiles::{self, ContentError, ContentReader};
use crate::vocabulary::RegistryKind;
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
    let Some(file) = ledger.files.stream(&path)? else {
        bundle.notices.push((first.index, Notice::Problem(format!("{path} is missing, unauthorised"))));
        return Ok(clocks);
    };
    let mut reader = ContentReader::new(file);
    for header in headers {
        let mut entry = Entry { ledger, header, tally: &mut bundle.tally, notices: &mut bundle.notices };
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
    tally: &'a mut Tally,
    notices: &'a mut Vec<(u64, Notice)>,
}

/// What disclosed parts told of an entry.
#[derive(Default)]
struct Disclosed {
    action_id: Option<[u8; 16]>,
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
                self.tally.bodies_removed += 1;
                self.problem("its body is missing, unauthorised".into());
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

    fn body(&mut self, salt: &[u8; 32], body: &[u8]) -> Option<Body> {
        if entry::body_commitment(&self.ledger.origin_hash, salt, body) != self.header.body_commitment {
            self.problem("its body is not what it commits to".into());
            return None;
        }
        self.tally.bodies_intact += 1;
        match Body::decode(self.header.kind, body) {
            Ok(body) => {
                if let Err(what) = meaning::check(self.header, &self.ledger.origin, &body) {
                    self.problem(format!("its body: {what}"));
                }
                Some(body)
            }
            Err(error @ WireError::Unknown { .. }) => {
                if self.header.kind == crate::vocabulary::EntryKind::KeyRotation as u8 {
                    self.notice(Notice::KeyRotation);
                }
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
        let mut tree = Frontier::new();
        for ordinal in 0..self.header.parts {
            let (leaf, sealed) = reader.part()?;
            tree.push(leaf);
            let opened = self.ledger.openings.has(self.header.index, ordinal);
            match sealed {
                None => {
                    self.tally.parts_removed += 1;
                    let though = if opened { ", though its key was disclosed" } else { "" };
                    wrong.hear(|| format!("its part {ordinal} is missing, unauthorised{though}"));
                }
                Some(sealed) if seal::part_leaf(sealed) != leaf => {
                    wrong.hear(|| format!("its part {ordinal} does not hash to its leaf"));
                }
                Some(sealed) => match SealedPartView::parse(sealed) {
                    Err(error) => wrong.hear(|| format!("its part {ordinal}: {error}")),
                    Ok(_) => {
                        self.tally.parts_intact += 1;
                        if opened {
                            self.open(ordinal, sealed, signature, &mut disclosed, &mut wrong)?;
                        }
                    }
                },
            }
        }
        if let Some(what) = wrong.told() {
            self.problem(what);
        }
        if tree.root() != self.header.parts_root {
            self.problem("its parts are not those it commits to".into());
        }
        if let Some(ordinal) = self.ledger.openings.beyond(self.header.index, self.header.parts) {
            self.problem(format!("a key is disclosed for its part {ordinal}, which it has not"));
        }
        Ok(disclosed)
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

/// What the agent sent for a part is what it committed to, where it signed at all.
fn agent_part_fits(ordinal: u32, part: &Part, signature: Option<&AgentSignature>) -> bool {
    let (Some(agent_part), Some(signature)) = (&part.agent_part, signature) else { return true };
    let Ok(nonce) = Hash::try_from(agent_part.nonce.as_slice()) else { return false };
    let commitment = agent::part_commitment(&nonce, ordinal, &agent_part.as_sent);
    signature.commitments.get(ordinal as usize).is_some_and(|signed| *signed == commitment)
}
