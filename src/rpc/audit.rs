//! AuditService: reading and proving.

use super::caller::caller;
use super::patient::{Patient, STALLED};
use super::{convert, present, status, v1};
use crate::engine::{Engine, EngineError, EntryQuery, Kind, OpenLedger};
use crate::model::{Caller, EntryKind, Outcome, Verb};
use futures::Stream;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use whosaw_verifier::hash::{hex, sha256};
use whosaw_verifier::merkle::verify_inclusion;

pub struct AuditRpc(Arc<Engine>, Arc<Semaphore>);

/// Exports at once; each reads the whole ledger on a thread of its own.
/// Bytes of a page of entries.
const PAGE_BYTES: usize = 3 << 20;
/// Entries in a block, as a reading is recorded.
const BLOCK: u64 = 4_096;
const EXPORTS: usize = 8;

impl AuditRpc {
    pub fn new(engine: Arc<Engine>) -> Self {
        AuditRpc(engine, Arc::new(Semaphore::new(EXPORTS)))
    }
}

const PAGE: usize = 100;
const PAGE_MAX: usize = 1_000;
/// Entries in one message of a watch.
const WATCH: u64 = 256;

type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl v1::audit_service_server::AuditService for AuditRpc {
    async fn list_ledgers(
        &self,
        _: Request<v1::ListLedgersRequest>,
    ) -> Result<Response<v1::ListLedgersResponse>, Status> {
        let ledgers = self.0.ledgers().map(|open| info(open)).collect();
        Ok(Response::new(v1::ListLedgersResponse { ledgers }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<v1::GetCheckpointRequest>,
    ) -> Result<Response<v1::GetCheckpointResponse>, Status> {
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        blocking(move || {
            let published = match request.tree_size {
                0 => open.ledger().published(),
                size => open.ledger().checkpoint(size).map_err(|error| match EngineError::from(error) {
                    error if error.kind == Kind::Invalid => EngineError::invalid("tree_size", error.message),
                    error => error,
                })?,
            };
            Ok(v1::GetCheckpointResponse {
                checkpoint: Some(present::checkpoint(open.origin(), &published)),
                verifier_key: open.ledger().verifier_key().to_owned(),
            })
        })
        .await
    }

    async fn get_entry(&self, request: Request<v1::GetEntryRequest>) -> Result<Response<v1::GetEntryResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let (reader, index) = (Arc::clone(&open), request.index);
        let found = blocking_value(move || {
            reader
                .ledger()
                .entry(index)?
                .ok_or_else(|| EngineError::new(Kind::OutOfRange, "the ledger has no such entry"))
        });
        let entry = found.await?;
        let mut entries = if request.open_parts {
            opened(&open, vec![entry], None, &caller).await?
        } else {
            vec![present::entry(&entry)]
        };
        tell_removed(&open, &mut entries).await?;
        Ok(Response::new(v1::GetEntryResponse { entry: entries.pop() }))
    }

    async fn list_entries(
        &self,
        request: Request<v1::ListEntriesRequest>,
    ) -> Result<Response<v1::ListEntriesResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let query = query(request.filter.unwrap_or_default())?;
        let token = Token::of(open.origin(), &query);
        let from = token.read(&request.page_token)?;
        let limit = match request.page_size as usize {
            0 => PAGE,
            size => size.min(PAGE_MAX),
        };
        let (reader, matter) = (Arc::clone(&open), query.matter);
        let page = blocking_value(move || reader.list(&query, from, limit)).await?;
        let mut entries = if request.open_parts {
            opened(&open, page.entries, matter, &caller).await?
        } else {
            page.entries.iter().map(present::entry).collect()
        };
        // Ordinary clients take 4 MiB. One entry may have more, and then stands alone.
        let (mut bytes, mut next) = (0, page.next);
        if let Some(cut) = entries.iter().position(|entry| {
            bytes += prost::Message::encoded_len(entry);
            bytes > PAGE_BYTES
        }) {
            let cut = cut.max(1);
            next = entries.get(cut).map(|entry| entry.index).or(next);
            entries.truncate(cut);
        }
        tell_removed(&open, &mut entries).await?;
        Ok(Response::new(v1::ListEntriesResponse {
            entries,
            removed: page.removed,
            next_page_token: next.map(|next| token.write(next)).unwrap_or_default(),
            projected_size: page.projected,
        }))
    }

    type WatchEntriesStream = Streamed<v1::WatchEntriesResponse>;

    async fn watch_entries(
        &self,
        request: Request<v1::WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let size = open.ledger().published().size;
        if request.from_index > size {
            let text = format!("the ledger has {size} entries; a watch can begin there, not later");
            return Err(EngineError::new(Kind::OutOfRange, text).into());
        }
        let (send, receive) = mpsc::channel(4);
        tokio::spawn(watch(open, request.from_index, self.0.stopping(), send));
        Ok(Response::new(Box::pin(ReceiverStream::new(receive))))
    }

    async fn get_receipt(
        &self,
        request: Request<v1::GetReceiptRequest>,
    ) -> Result<Response<v1::GetReceiptResponse>, Status> {
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        blocking(move || {
            let none = || EngineError::new(Kind::OutOfRange, "the ledger has no such entry");
            let receipt = open.receipt(request.index)?.ok_or_else(none)?;
            Ok(v1::GetReceiptResponse { receipt: Some(present::receipt(receipt)) })
        })
        .await
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<v1::GetInclusionProofRequest>,
    ) -> Result<Response<v1::GetInclusionProofResponse>, Status> {
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        blocking(move || {
            let ledger = open.ledger();
            let size = if request.tree_size == 0 { ledger.published().size } else { request.tree_size };
            let proof = ledger.inclusion_proof(request.index, size)?;
            let root = ledger.root(size)?;
            let leaf = ledger.entry(request.index)?.map(|entry| entry.leaf).unwrap_or_default();
            verify_inclusion(&leaf, request.index, size, &proof, &root)
                .map_err(|error| EngineError::internal(format!("a proof failed its own check: {error}")))?;
            Ok(v1::GetInclusionProofResponse {
                hashes: proof.iter().map(|hash| hash.to_vec()).collect(),
                leaf_hash: leaf.to_vec(),
                tree_size: size,
                root_hash: root.to_vec(),
            })
        })
        .await
    }

    async fn get_consistency_proof(
        &self,
        request: Request<v1::GetConsistencyProofRequest>,
    ) -> Result<Response<v1::GetConsistencyProofResponse>, Status> {
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        blocking(move || {
            let ledger = open.ledger();
            let new_size = if request.new_size == 0 { ledger.published().size } else { request.new_size };
            let proof = ledger.consistency_proof(request.old_size, new_size)?;
            Ok(v1::GetConsistencyProofResponse {
                hashes: proof.iter().map(|hash| hash.to_vec()).collect(),
                old_root_hash: ledger.root(request.old_size)?.to_vec(),
                new_root_hash: ledger.root(new_size)?.to_vec(),
                new_size,
            })
        })
        .await
    }

    type ExportStream = Streamed<v1::ExportResponse>;

    async fn export(&self, request: Request<v1::ExportRequest>) -> Result<Response<Self::ExportStream>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let mut reader = convert::Reader::default();
        let disclose = request.disclose.map(|identity| reader.identity(identity, || "disclose".into()));
        let disclose = reader.finish(disclose).map_err(status::invalid)?;
        if disclose.is_some() && !request.content {
            return Err(EngineError::invalid("disclose", "needs content beside it").into());
        }
        let room = Arc::clone(&self.1).try_acquire_owned();
        let busy =
            || EngineError::new(Kind::Busy, format!("{EXPORTS} exports are under way; try again when one is done"));
        let room = room.map_err(|_| busy())?;
        if request.content {
            // First, so that the export has the entry that tells of it: one that did not would never reach the newest
            // head, and could not bring back a ledger that was lost right after.
            open.record_access(0, open.ledger().published().size, None, &caller).await?;
        }
        let head = open.export_head()?;
        let (send, receive) = mpsc::channel(4);
        let send = Patient::new(send, STALLED);
        tokio::task::spawn_blocking(move || {
            let _room = room;
            let exported = open.export(&head, request.content, disclose.as_ref(), &mut |piece| {
                let response = v1::ExportResponse {
                    path: piece.path,
                    data: piece.data.into(),
                    entries_done: piece.done,
                    entries_total: piece.total,
                };
                send.send(Ok(response))
            });
            if let Err(error) = exported {
                send.send(Err(error.into()));
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receive))))
    }
}

/// Says of entries whose content is gone by which entry it went.
async fn tell_removed(open: &Arc<OpenLedger>, entries: &mut Vec<v1::Entry>) -> Result<(), Status> {
    if entries.iter().all(|entry| !entry.salt.is_empty()) {
        return Ok(());
    }
    let (open, mut told) = (Arc::clone(open), std::mem::take(entries));
    *entries = blocking_value(move || {
        mark_removed(&open, &mut told)?;
        Ok(told)
    })
    .await?;
    Ok(())
}

fn mark_removed(open: &OpenLedger, entries: &mut [v1::Entry]) -> Result<(), EngineError> {
    let gone: Vec<u64> = entries.iter().filter(|entry| entry.salt.is_empty()).map(|entry| entry.index).collect();
    let by = open.ledger().removed_by(&gone)?;
    for entry in entries {
        entry.removed_by = by.get(&entry.index).copied().unwrap_or_default();
    }
    Ok(())
}

fn info(open: &OpenLedger) -> v1::LedgerInfo {
    let names = open.names();
    v1::LedgerInfo {
        origin: open.origin().to_owned(),
        verifier_key: open.ledger().verifier_key().to_owned(),
        tree_size: open.ledger().published().size,
        projected_size: open.projected().0,
        closed_because: open.ledger().latched().unwrap_or_default(),
        catalogue_version: names.catalogue.as_ref().map(|c| c.catalogue.version.clone()).unwrap_or_default(),
        custodian: open.custodian_class().to_owned(),
        vault_generation: open.vault_generation(),
    }
}

/// Opens the parts of entries, after that is recorded: a reader gets nothing that the ledger does not know of.
async fn opened(
    open: &Arc<OpenLedger>,
    entries: Vec<crate::ledger::StoredEntry>,
    matter: Option<[u8; 16]>,
    caller: &Caller,
) -> Result<Vec<v1::Entry>, Status> {
    if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
        let (first, last) = (first.header.index, last.header.index);
        // In whole blocks: where a person's first and last entries stand would join the two for ever.
        let (from, until) = (first - first % BLOCK, (last / BLOCK + 1) * BLOCK);
        let until = until.min(open.ledger().published().size);
        open.record_access(from, until - from, matter, caller).await?;
    }
    let open = Arc::clone(open);
    let opened = blocking_value(move || {
        entries.into_iter().map(|entry| open.open_entry(entry, matter.as_ref())).collect::<Result<Vec<_>, _>>()
    });
    Ok(opened.await?.iter().map(present::opened).collect())
}

async fn watch(
    open: Arc<OpenLedger>,
    from: u64,
    stopping: CancellationToken,
    send: mpsc::Sender<Result<v1::WatchEntriesResponse, Status>>,
) {
    let (mut heads, mut next) = (open.ledger().subscribe(), from);
    // Never ended as if it were complete: there is always more to come.
    let ended = loop {
        let head = Arc::clone(&heads.borrow_and_update());
        while next < head.size {
            let (reader, until) = (Arc::clone(&open), head.size.min(next + WATCH));
            let read = blocking_value(move || {
                let entries = reader.ledger().entries(next, until)?;
                let missing = || EngineError::new(Kind::Corrupt, format!("entry {next} is published but not there"));
                if entries.is_empty() {
                    return Err(missing());
                }
                let mut entries: Vec<v1::Entry> = entries.iter().map(present::entry).collect();
                mark_removed(&reader, &mut entries)?;
                Ok(entries)
            })
            .await;
            let message = read.map(|entries| {
                next += entries.len() as u64;
                v1::WatchEntriesResponse { entries, checkpoint: Some(present::checkpoint(open.origin(), &head)) }
            });
            let failed = message.is_err();
            if send.send(message).await.is_err() || failed {
                return;
            }
        }
        tokio::select! {
            changed = heads.changed() => if changed.is_err() {
                break "the ledger can no longer write and the server is stopping; resume from the next index";
            },
            () = send.closed() => return,
            () = stopping.cancelled() => break "the server is stopping; resume from the next index",
        }
    };
    let _ = send.send(Err(Status::unavailable(ended))).await;
}

fn query(filter: v1::EntryFilter) -> Result<EntryQuery, Status> {
    let mut reader = convert::Reader::default();
    let data_subject = filter.data_subject.map(|identity| reader.identity(identity, || "filter.data_subject".into()));
    let kind: EntryKind = reader.number(filter.kind, || "filter.kind".into());
    let outcome: Outcome = reader.number(filter.outcome, || "filter.outcome".into());
    let mut time = |time: Option<prost_types::Timestamp>, name: &str| {
        let given = time.is_some();
        let us = reader.micros(time, || format!("filter.{name}"));
        // Before 1970 is before everything: a list until then is empty, and not whole.
        given.then(|| u64::try_from(us).unwrap_or(0))
    };
    let from_us = time(filter.recorded_from, "recorded_from");
    let until_us = time(filter.recorded_until, "recorded_until");
    reader.finish(()).map_err(status::invalid)?;
    let wrong = |field: &str, what: &str| Status::from(EngineError::invalid(format!("filter.{field}"), what));
    let verb = match filter.verb.as_str() {
        "" => None,
        code => Some(Verb::from_code(code).ok_or_else(|| wrong("verb", "is not a verb of the closed list"))?),
    };
    if let Some(identity) = &data_subject
        && (identity.namespace.is_empty() || identity.fields.is_empty())
    {
        return Err(wrong("data_subject", "needs a namespace and fields"));
    }
    let matter = match filter.matter.as_slice() {
        [] => None,
        _ if data_subject.is_some() => return Err(wrong("matter", "cannot stand beside data_subject")),
        matter => Some(matter.try_into().map_err(|_| wrong("matter", "is not 16 bytes long"))?),
    };
    if let (Some(from), Some(until)) = (from_us, until_us)
        && until < from
    {
        return Err(wrong("recorded_until", "is before recorded_from"));
    }
    Ok(EntryQuery {
        data_subject,
        actor: filter.actor,
        dataset: filter.dataset,
        verb,
        kind: Some(kind).filter(|kind| *kind != EntryKind::Unspecified),
        outcome: Some(outcome).filter(|outcome| *outcome != Outcome::Unspecified),
        tool: filter.tool,
        source: filter.source,
        from_us,
        until_us,
        matter,
    })
}

/// A page token: where to go on, and for which filter. The filter stands in it only as a short hash of its own text with
/// the ledger's name, so that a token says nothing about a person.
struct Token(String);

impl Token {
    fn of(origin: &str, query: &EntryQuery) -> Self {
        let hash = sha256(&[b"whosaw/page/v1\0", origin.as_bytes(), b"\0", format!("{query:?}").as_bytes()]);
        Token(hex(&hash[..4]))
    }

    fn write(&self, next: u64) -> String {
        format!("{next}.{}", self.0)
    }

    fn read(&self, token: &str) -> Result<u64, Status> {
        if token.is_empty() {
            return Ok(0);
        }
        let next = token.split_once('.').filter(|(_, of)| *of == self.0).and_then(|(next, _)| next.parse().ok());
        next.ok_or_else(|| EngineError::invalid("page_token", "is not from an earlier page of this very list").into())
    }
}

/// Runs what reads the disk off the runtime's threads.
pub async fn blocking_value<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, Status> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| Status::internal("reading stopped"))?;
    Ok(done?)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<Response<T>, Status> {
    Ok(Response::new(blocking_value(work).await?))
}
