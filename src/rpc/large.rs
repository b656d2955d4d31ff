//! One action that arrives in pieces, because it is larger than a message: what it may take of time and memory.

use super::{convert, status, v1};
use crate::engine::{EngineError, Kind, OpenLedger, Raw, Sent};
use crate::model::Caller;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Status, Streaming};
use v1::append_large_request::Piece;

/// What a person costs until the action is recorded, beside the bytes of their piece: the decoded message, the part that
/// is made of it and sealed, keys, and the rows by which they are found. Measured with 100,000 persons: 7.5 KiB each.
const PERSON_BYTES: usize = 8 << 10;
/// The same for each further identity of a person, measured 1.3 KiB, and for a record, measured a fifth of a KiB.
const IDENTITY_BYTES: usize = 2 << 10;
const RECORD_BYTES: usize = 256;

/// The memory that all large actions under way may take together.
pub struct Budget {
    left: Arc<Semaphore>,
    whole: usize,
}

/// In which a budget is counted, so that what one action takes always fits the number of permits.
const UNIT: usize = 1 << 10;

impl Budget {
    pub fn new(bytes: usize) -> Self {
        let whole = (bytes / UNIT).min(Semaphore::MAX_PERMITS);
        Budget { left: Arc::new(Semaphore::new(whole)), whole }
    }

    fn room(&self) -> Room<'_> {
        Room { budget: self, taken: 0, held: Vec::new() }
    }
}

/// What one action has taken of the budget; given back when it is dropped.
struct Room<'a> {
    budget: &'a Budget,
    taken: usize,
    held: Vec<OwnedSemaphorePermit>,
}

impl Room<'_> {
    /// Takes room for one piece more.
    fn take(&mut self, bytes: usize, piece: &str) -> Result<(), Status> {
        let units = bytes.div_ceil(UNIT);
        self.taken = self.taken.saturating_add(units);
        if self.taken > self.budget.whole {
            // Waiting would not help.
            let text = format!(
                "makes the action need more memory than the {} KiB that large_bytes sets aside for all of them",
                self.budget.whole
            );
            return Err(EngineError::invalid(piece, text).into());
        }
        let permits = u32::try_from(units).unwrap_or(u32::MAX);
        let held = Arc::clone(&self.budget.left).try_acquire_many_owned(permits).map_err(|_| {
            let text = "large actions under way take all the memory that is set aside for them";
            Status::from(EngineError::new(Kind::Busy, text))
        })?;
        self.held.push(held);
        Ok(())
    }
}

/// What a record costs that arrives whole, or as a head.
fn record_bytes(record: &v1::Record) -> usize {
    match &record.kind {
        Some(v1::record::Kind::Action(action)) => subjects_bytes(&action.subjects) + records_bytes(&action.records),
        _ => 0,
    }
}

fn subjects_bytes(subjects: &[v1::Subject]) -> usize {
    let person = |subject: &v1::Subject| {
        let identities = subject.identities.len().saturating_sub(1);
        PERSON_BYTES + identities * IDENTITY_BYTES + records_bytes(&subject.records)
    };
    subjects.iter().map(person).sum()
}

fn records_bytes(records: &[v1::DataRecord]) -> usize {
    records.len() * RECORD_BYTES
}

/// The wire's bytes, and what is made of them.
fn piece_bytes(message: &v1::AppendLargeRequest) -> usize {
    let more = match &message.piece {
        Some(Piece::Head(head)) => head.record.as_ref().map_or(0, record_bytes),
        Some(Piece::Subjects(piece)) => subjects_bytes(&piece.subjects),
        Some(Piece::Records(piece)) => records_bytes(&piece.records),
        Some(Piece::Arguments(_) | Piece::Result(_)) | None => 0,
    };
    prost::Message::encoded_len(message) + more
}

/// The next message. Whoever begins a large action and falls silent would hold memory that others wait for.
async fn next(
    incoming: &mut Streaming<v1::AppendLargeRequest>,
    idle: Duration,
) -> Result<Option<v1::AppendLargeRequest>, Status> {
    tokio::time::timeout(idle, incoming.message()).await.unwrap_or_else(|_| {
        let seconds = idle.as_secs();
        Err(Status::deadline_exceeded(format!("no piece came for {seconds} seconds; nothing was recorded")))
    })
}

/// The first message.
pub async fn head(
    incoming: &mut Streaming<v1::AppendLargeRequest>,
    idle: Duration,
) -> Result<v1::AppendRequest, Status> {
    match next(incoming, idle).await?.and_then(|first| first.piece) {
        Some(Piece::Head(head)) => Ok(head),
        _ => Err(EngineError::invalid("head", "is missing: it is the first piece").into()),
    }
}

/// Puts one action together from its pieces, and records it. What it takes of the budget is given back when it is recorded
/// or refused.
pub async fn append(
    open: &Arc<OpenLedger>,
    head: v1::AppendRequest,
    mut incoming: Streaming<v1::AppendLargeRequest>,
    caller: &Caller,
    budget: &Budget,
    idle: Duration,
) -> Result<crate::engine::Receipt, Status> {
    let mut room = budget.room();
    room.take(prost::Message::encoded_len(&head) + head.record.as_ref().map_or(0, record_bytes), "head")?;
    let Sent { mut raw, unread } = convert::record(head.record).map_err(status::invalid)?;
    if !unread.is_empty() {
        // What else is wrong would take the other pieces to say.
        return Err(status::invalid(unread));
    }
    while let Some(message) = next(&mut incoming, idle).await? {
        let bytes = prost::Message::encoded_len(&message);
        if bytes > PIECE_BYTES_MAX {
            let text = format!("is a piece of {bytes} bytes; at most {PIECE_BYTES_MAX} are taken");
            return Err(EngineError::invalid(piece_name(&message), text).into());
        }
        room.take(piece_bytes(&message), piece_name(&message))?;
        add_piece(&mut raw, message.piece).map_err(status::invalid)?;
    }
    let receipt = open.append(raw, caller).await?;
    drop(room);
    Ok(receipt)
}

/// A piece of a large action with what protobuf puts around it.
const PIECE_BYTES_MAX: usize = (1 << 20) + 32;

fn piece_name(message: &v1::AppendLargeRequest) -> &'static str {
    match &message.piece {
        Some(Piece::Subjects(_)) => "subjects",
        Some(Piece::Records(_)) => "records",
        Some(Piece::Arguments(_)) => "arguments",
        Some(Piece::Result(_)) => "result",
        Some(Piece::Head(_)) => "head",
        None => "piece",
    }
}

/// Adds what a piece holds to the action it belongs to.
fn add_piece(
    raw: &mut Raw,
    piece: Option<v1::append_large_request::Piece>,
) -> Result<(), Vec<crate::model::Violation>> {
    let mut reader = convert::Reader::default();
    let wrong = |field: &str, what: &str| {
        Err(vec![crate::model::Violation { field: field.to_owned(), description: what.to_owned() }])
    };
    match (piece, raw) {
        (Some(Piece::Subjects(piece)), Raw::Action(action)) => {
            for subject in piece.subjects {
                let position = action.subjects.len();
                action.subjects.push(reader.subject(subject, position));
            }
        }
        (Some(Piece::Records(piece)), Raw::Action(action)) => {
            action.records.extend(reader.records(piece.records, || "action.records".into()));
        }
        (Some(Piece::Arguments(bytes)), Raw::Action(action)) => action.arguments.extend(bytes),
        (Some(Piece::Arguments(bytes)), Raw::ToolCall(call)) => call.arguments.extend(bytes),
        (Some(Piece::Result(bytes)), Raw::Action(action)) => action.result.extend(bytes),
        (Some(Piece::Result(bytes)), Raw::ToolCall(call)) => call.result.extend(bytes),
        (Some(Piece::Head(_)), _) => return wrong("head", "stands twice"),
        (Some(Piece::Subjects(_)), _) => return wrong("subjects", "belongs to an action, not to a tool call"),
        (Some(Piece::Records(_)), _) => return wrong("records", "belongs to an action, not to a tool call"),
        (None, _) => return wrong("piece", "is missing"),
    }
    reader.finish(())
}
