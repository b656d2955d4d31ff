//! A bare gRPC server that reads the same messages and answers with as many bytes, and does nothing else.

use super::super::Ended;
use crate::rpc::{MESSAGE_BYTES_MAX, v1};
use futures::Stream;
use std::pin::Pin;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};
use v1::ledger_service_server::{LedgerService, LedgerServiceServer};

/// Serves until killed; says its address first.
pub async fn serve() -> Ended {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("echo listens on {}", listener.local_addr()?);
    let service = LedgerServiceServer::new(Echo).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let served = Server::builder().add_service(service).serve_with_incoming(incoming).await;
    served.map_err(|error| super::CliError::new(error.to_string()))?;
    Ok(0)
}

struct Echo;

/// About what a receipt weighs.
fn receipt() -> v1::Receipt {
    v1::Receipt { tlog_proof: "x".repeat(1_200), body: vec![0; 250], ..v1::Receipt::default() }
}

#[tonic::async_trait]
impl LedgerService for Echo {
    async fn append(&self, _: Request<v1::AppendRequest>) -> Result<Response<v1::AppendResponse>, Status> {
        Ok(Response::new(v1::AppendResponse { receipt: Some(receipt()) }))
    }

    async fn append_batch(
        &self,
        request: Request<v1::AppendBatchRequest>,
    ) -> Result<Response<v1::AppendBatchResponse>, Status> {
        let count = request.into_inner().records.len() as u64;
        let range = v1::IndexRange { count, ..v1::IndexRange::default() };
        let checkpoint = v1::Checkpoint { note: "x".repeat(250), ..v1::Checkpoint::default() };
        Ok(Response::new(v1::AppendBatchResponse { ranges: vec![range], checkpoint: Some(checkpoint) }))
    }

    type AppendStreamStream = Pin<Box<dyn Stream<Item = Result<v1::AppendStreamResponse, Status>> + Send>>;

    async fn append_stream(
        &self,
        _: Request<Streaming<v1::AppendStreamRequest>>,
    ) -> Result<Response<Self::AppendStreamStream>, Status> {
        Err(Status::invalid_argument("the echo has no streams"))
    }

    async fn append_large(
        &self,
        _: Request<Streaming<v1::AppendLargeRequest>>,
    ) -> Result<Response<v1::AppendLargeResponse>, Status> {
        Err(Status::invalid_argument("the echo has no large actions"))
    }
}
