//! RegistryService: names, tool catalogue, and what an operator does to a ledger.

use super::caller::caller;
use super::patient::{Patient, STALLED};
use super::{convert, present, status, v1};
use crate::engine::{Engine, EngineError};
use crate::model::RegistryKind;
use futures::Stream;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

pub struct RegistryRpc(pub Arc<Engine>);

/// Between two words on the progress of a rebuild.
const PROGRESS: Duration = Duration::from_millis(200);

#[tonic::async_trait]
impl v1::registry_service_server::RegistryService for RegistryRpc {
    async fn register_names(
        &self,
        request: Request<v1::RegisterNamesRequest>,
    ) -> Result<Response<v1::RegisterNamesResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let mut reader = convert::Reader::default();
        let mut names = Vec::with_capacity(request.names.len());
        for (i, name) in request.names.into_iter().enumerate() {
            let kind: RegistryKind = reader.number(name.kind, || format!("names[{i}].kind"));
            names.push(present::new_name(name, kind));
        }
        let names = reader.finish(names).map_err(status::invalid)?;
        let receipt = open.register(names, &caller).await?;
        Ok(Response::new(v1::RegisterNamesResponse { receipt: Some(present::receipt(receipt)) }))
    }

    async fn list_names(
        &self,
        request: Request<v1::ListNamesRequest>,
    ) -> Result<Response<v1::ListNamesResponse>, Status> {
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let mut reader = convert::Reader::default();
        let wanted: RegistryKind = reader.number(request.kind, || "kind".into());
        let wanted = reader.finish(wanted).map_err(status::invalid)?;
        let names = open.names();
        let names = names
            .registry
            .iter()
            .filter(|(kind, _, _)| wanted == RegistryKind::Unspecified || *kind == wanted)
            .map(|(kind, name, registered)| present::name(kind, name, registered));
        Ok(Response::new(v1::ListNamesResponse { names: names.collect() }))
    }

    async fn apply_catalogue(
        &self,
        request: Request<v1::ApplyCatalogueRequest>,
    ) -> Result<Response<v1::ApplyCatalogueResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let applied = open.apply_catalogue(&request.catalogue, &caller).await?;
        Ok(Response::new(v1::ApplyCatalogueResponse {
            version: applied.version,
            digest: applied.digest.to_vec(),
            new_names: applied.new_names as u32,
            receipt: applied.receipt.map(present::receipt),
        }))
    }

    async fn get_catalogue(
        &self,
        request: Request<v1::GetCatalogueRequest>,
    ) -> Result<Response<v1::GetCatalogueResponse>, Status> {
        let open = self.0.ledger(&request.into_inner().ledger)?;
        let names = open.names();
        let response = names.catalogue.as_ref().map(|in_force| v1::GetCatalogueResponse {
            catalogue: in_force.text.clone(),
            version: in_force.catalogue.version.clone(),
            digest: in_force.catalogue.digest.to_vec(),
        });
        Ok(Response::new(response.unwrap_or_default()))
    }

    async fn accept_clock(
        &self,
        request: Request<v1::AcceptClockRequest>,
    ) -> Result<Response<v1::AcceptClockResponse>, Status> {
        let open = self.0.ledger(&request.into_inner().ledger)?;
        Ok(Response::new(v1::AcceptClockResponse { index: open.accept_clock().await? }))
    }

    type RebuildProjectionsStream = Pin<Box<dyn Stream<Item = Result<v1::RebuildProjectionsResponse, Status>> + Send>>;

    async fn rebuild_projections(
        &self,
        request: Request<v1::RebuildProjectionsRequest>,
    ) -> Result<Response<Self::RebuildProjectionsStream>, Status> {
        let open = Arc::clone(self.0.ledger(&request.into_inner().ledger)?);
        let (send, receive) = mpsc::channel(4);
        let send = Patient::new(send, STALLED);
        tokio::task::spawn_blocking(move || {
            open.rebuild_projections();
            let tree_size = open.ledger().published().size;
            loop {
                let projected_size = open.wait_projected(tree_size, PROGRESS);
                if let (_, Some(reason)) = open.projected() {
                    send.send(Err(EngineError::internal(reason).into()));
                    return;
                }
                let told = send.send(Ok(v1::RebuildProjectionsResponse { projected_size, tree_size }));
                if projected_size >= tree_size || !told {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receive))))
    }
}
