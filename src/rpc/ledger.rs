//! LedgerService: recording one, many, a stream, or one that is larger than a message.

use super::caller::caller;
use super::large::{self, Budget};
use super::{RpcLimits, convert, present, status, v1};
use crate::engine::{Engine, EngineError, OpenLedger, Pending, Sent};
use crate::ledger::{Place, Published};
use crate::model::{Caller, Sealed};
use futures::{Stream, StreamExt as _};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use v1::append_stream_response::Result as Answer;

pub struct LedgerRpc {
    engine: Arc<Engine>,
    limits: RpcLimits,
    /// Memory that large actions under way may still take.
    budget: Budget,
}

impl LedgerRpc {
    pub fn new(engine: Arc<Engine>, limits: RpcLimits) -> Self {
        LedgerRpc { engine, limits, budget: Budget::new(limits.large_bytes) }
    }
}

/// Counts a refusal as a gap of its sources, and passes the status on.
fn refused(open: &OpenLedger, sources: &[String], caller: &Caller, status: Status) -> Status {
    open.count_refusal(sources, caller, status.code() as u32);
    status
}

#[tonic::async_trait]
impl v1::ledger_service_server::LedgerService for LedgerRpc {
    async fn append(&self, request: Request<v1::AppendRequest>) -> Result<Response<v1::AppendResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.engine.ledger(&request.ledger)?;
        let source = convert::source_name(request.record.as_ref()).map(str::to_owned);
        let appended = match convert::record(request.record) {
            Ok(sent) => open.append(sent, &caller).await.map_err(Status::from),
            Err(violations) => Err(status::invalid(violations)),
        };
        let receipt = appended.map_err(|status| refused(open, source.as_slice(), &caller, status))?;
        Ok(Response::new(v1::AppendResponse { receipt: Some(present::receipt(receipt)) }))
    }

    async fn append_batch(
        &self,
        request: Request<v1::AppendBatchRequest>,
    ) -> Result<Response<v1::AppendBatchResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.engine.ledger(&request.ledger)?;
        let sources: BTreeSet<&str> =
            request.records.iter().filter_map(|record| convert::source_name(Some(record))).collect();
        let sources: Vec<String> = sources.into_iter().map(str::to_owned).collect();
        let batch = self.batch(open, request.records, &caller).await;
        let batch = batch.map_err(|status| refused(open, &sources, &caller, status))?;
        Ok(Response::new(v1::AppendBatchResponse {
            ranges: present::ranges(&batch.places),
            checkpoint: Some(present::checkpoint(open.origin(), &batch.published)),
        }))
    }

    type AppendStreamStream = Pin<Box<dyn Stream<Item = Result<v1::AppendStreamResponse, Status>> + Send>>;

    async fn append_stream(
        &self,
        request: Request<Streaming<v1::AppendStreamRequest>>,
    ) -> Result<Response<Self::AppendStreamStream>, Status> {
        let caller = caller(request.metadata())?;
        let mut incoming = request.into_inner();
        // The first message says which ledger and what answers; a stream without one has nothing to say.
        let Some(first) = incoming.message().await? else {
            return Ok(Response::new(Box::pin(futures::stream::empty())));
        };
        let open = Arc::clone(self.engine.ledger(&first.ledger)?);
        let detail = match v1::AppendDetail::try_from(first.detail) {
            Ok(v1::AppendDetail::Place) => v1::AppendDetail::Place,
            Ok(_) => v1::AppendDetail::Receipt,
            Err(_) => return Err(EngineError::invalid("detail", "is a number outside the closed list").into()),
        };
        let (to_answer, answers) = mpsc::channel(self.limits.stream_in_flight);
        let (send, receive) = mpsc::channel(64);
        tokio::spawn(take_in(Arc::clone(&open), caller, detail, first, incoming, to_answer));
        tokio::spawn(answer(open, detail, answers, send));
        Ok(Response::new(Box::pin(ReceiverStream::new(receive))))
    }

    async fn append_large(
        &self,
        request: Request<Streaming<v1::AppendLargeRequest>>,
    ) -> Result<Response<v1::AppendLargeResponse>, Status> {
        let caller = caller(request.metadata())?;
        let mut incoming = request.into_inner();
        let head = large::head(&mut incoming, self.limits.large_idle).await?;
        let open = Arc::clone(self.engine.ledger(&head.ledger)?);
        let source = convert::source_name(head.record.as_ref()).map(str::to_owned);
        let appended = large::append(&open, head, incoming, &caller, &self.budget, self.limits.large_idle).await;
        let receipt = appended.map_err(|status| refused(&open, source.as_slice(), &caller, status))?;
        Ok(Response::new(v1::AppendLargeResponse { receipt: Some(present::receipt(receipt)) }))
    }
}

impl LedgerRpc {
    async fn batch(
        &self,
        open: &Arc<OpenLedger>,
        records: Vec<v1::Record>,
        caller: &Caller,
    ) -> Result<crate::engine::Batch, Status> {
        let most = self.limits.batch_records;
        if records.is_empty() || records.len() > most {
            let text = format!("has {} records; 1 to {most} are taken", records.len());
            return Err(EngineError::invalid("records", text).into());
        }
        let batch: Result<Vec<Sent>, EngineError> = records
            .into_iter()
            .enumerate()
            .map(|(position, record)| {
                convert::record(Some(record)).map_err(|wrong| EngineError::violations(wrong).at(position))
            })
            .collect();
        Ok(open.append_batch(batch?, caller).await?)
    }
}

/// What the answering half of a stream waits for, in order of messages.
enum Waiting {
    Append(Pending),
    Refused(Status),
    /// The stream broke here: nothing behind it was taken in, and the caller must not take the end for a whole one.
    Broken(Status),
}

/// Reads messages, admits, seals and queues them without waiting. Messages that have arrived together are prepared
/// together, off the runtime's threads.
async fn take_in(
    open: Arc<OpenLedger>,
    caller: Caller,
    detail: v1::AppendDetail,
    first: v1::AppendStreamRequest,
    incoming: Streaming<v1::AppendStreamRequest>,
    to_answer: mpsc::Sender<Waiting>,
) {
    let caller = Arc::new(caller);
    let messages = futures::stream::iter([Ok(first)]).chain(incoming);
    let mut ready = std::pin::pin!(messages.ready_chunks(READY));
    while let Some(chunk) = ready.next().await {
        for waiting in queue(&open, &caller, detail, chunk).await {
            let broken = matches!(waiting, Waiting::Broken(_));
            if to_answer.send(waiting).await.is_err() || broken {
                return;
            }
        }
    }
}

/// Prepares and queues what arrived together. Whoever reads no answers must not hold up a change of the registry, so
/// nothing is answered in here.
async fn queue(
    open: &Arc<OpenLedger>,
    caller: &Arc<Caller>,
    detail: v1::AppendDetail,
    chunk: Vec<Result<v1::AppendStreamRequest, Status>>,
) -> Vec<Waiting> {
    let _judged_by = open.judging().await;
    let (open_here, caller_here) = (Arc::clone(open), Arc::clone(caller));
    let prepared = tokio::task::spawn_blocking(move || prepare_chunk(&open_here, &caller_here, chunk)).await;
    let prepared = prepared.unwrap_or_else(|_| vec![Prepared::Broken(Status::internal("sealing stopped"))]);
    let mut queued = Vec::with_capacity(prepared.len());
    for one in prepared {
        queued.push(match one {
            Prepared::Sealed(sealed) => submit(open, caller, detail, *sealed).await,
            Prepared::Refused(status) => Waiting::Refused(status),
            // A message too large, or the connection is gone: what was queued before is still recorded.
            Prepared::Broken(status) => Waiting::Broken(status),
        });
    }
    queued
}

/// Messages taken together at most.
const READY: usize = 1_024;

enum Prepared {
    Sealed(Box<Sealed>),
    Refused(Status),
    Broken(Status),
}

fn prepare_chunk(
    open: &OpenLedger,
    caller: &Caller,
    chunk: Vec<Result<v1::AppendStreamRequest, Status>>,
) -> Vec<Prepared> {
    chunk
        .into_iter()
        .map(|message| {
            let message = match message {
                Ok(message) => message,
                Err(status) => return Prepared::Broken(status::too_large(&status).unwrap_or(status)),
            };
            let source = convert::source_name(message.record.as_ref()).map(str::to_owned);
            let prepared = convert::record(message.record)
                .map_err(status::invalid)
                .and_then(|sent| open.prepare(sent, caller).map_err(Status::from));
            match prepared {
                Ok(sealed) => Prepared::Sealed(Box::new(sealed)),
                Err(status) => Prepared::Refused(refused(open, source.as_slice(), caller, status)),
            }
        })
        .collect()
}

/// Queues; while the pool is full the stream is simply not read on, which is how a stream is told to slow down.
async fn submit(open: &Arc<OpenLedger>, caller: &Caller, detail: v1::AppendDetail, sealed: Sealed) -> Waiting {
    match open.submit_when_room(sealed, detail == v1::AppendDetail::Receipt).await {
        Ok(pending) => Waiting::Append(pending),
        Err(error) => Waiting::Refused(refused(open, &[], caller, error.into())),
    }
}

/// Answers in order. With places, messages under one head are answered together.
async fn answer(
    open: Arc<OpenLedger>,
    detail: v1::AppendDetail,
    mut answers: mpsc::Receiver<Waiting>,
    send: mpsc::Sender<Result<v1::AppendStreamResponse, Status>>,
) {
    let mut next = 0u64;
    let mut together = Together::default();
    let mut waiting = Vec::with_capacity(READY);
    loop {
        waiting.clear();
        if answers.recv_many(&mut waiting, READY).await == 0 {
            return;
        }
        for one in waiting.drain(..) {
            let number = next;
            next += 1;
            let result = match one {
                Waiting::Broken(status) => {
                    if let Some(rest) = together.take() {
                        let _ = send.send(Ok(rest.answer(&open))).await;
                    }
                    let _ = send.send(Err(status)).await;
                    return;
                }
                Waiting::Refused(status) => Err(status),
                Waiting::Append(pending) => pending.place().await.map_err(Status::from),
            };
            let answer = match result {
                Ok((place, published, _)) if detail == v1::AppendDetail::Place => {
                    match together.add(number, place, published) {
                        Some(full) => full.answer(&open),
                        None => continue,
                    }
                }
                Ok((place, published, content)) => one_answer(
                    number,
                    match open.receipt_of(&place, &published, content) {
                        Ok(receipt) => Answer::Receipt(present::receipt(receipt)),
                        Err(error) => Answer::Error(status::to_message(&error.into())),
                    },
                ),
                Err(status) => {
                    if let Some(before) = together.take()
                        && send.send(Ok(before.answer(&open))).await.is_err()
                    {
                        return;
                    }
                    one_answer(number, Answer::Error(status::to_message(&status)))
                }
            };
            if send.send(Ok(answer)).await.is_err() {
                return;
            }
        }
        if let Some(rest) = together.take()
            && send.send(Ok(rest.answer(&open))).await.is_err()
        {
            return;
        }
    }
}

fn one_answer(number: u64, result: Answer) -> v1::AppendStreamResponse {
    v1::AppendStreamResponse { first_message: number, messages: 1, result: Some(result) }
}

/// Places of consecutive messages under one head.
#[derive(Default)]
struct Together(Option<Places>);

struct Places {
    first: u64,
    places: Vec<Place>,
    published: Arc<Published>,
}

impl Together {
    /// Adds a place; answers the ones before it where they stand under another head.
    fn add(&mut self, number: u64, place: Place, published: Arc<Published>) -> Option<Places> {
        match &mut self.0 {
            Some(places) if Arc::ptr_eq(&places.published, &published) => {
                places.places.push(place);
                None
            }
            _ => self.0.replace(Places { first: number, places: vec![place], published }),
        }
    }

    fn take(&mut self) -> Option<Places> {
        self.0.take()
    }
}

impl Places {
    fn answer(&self, open: &OpenLedger) -> v1::AppendStreamResponse {
        v1::AppendStreamResponse {
            first_message: self.first,
            messages: self.places.len() as u32,
            result: Some(Answer::Places(v1::Places {
                ranges: present::ranges(&self.places),
                checkpoint: Some(present::checkpoint(open.origin(), &self.published)),
            })),
        }
    }
}
