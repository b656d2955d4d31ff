//! RegistryService: names, tool catalogue, the controller's registry, and what an operator does to a ledger.

use super::caller::caller;
use super::patient::{Patient, STALLED};
use super::{convert, present, status, v1};
use crate::engine::{Engine, EngineError};
use crate::model::RegistryKind;
use crate::registry::Change;
use futures::Stream;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use whosaw_verifier::hash::Hash;

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

    async fn apply_registry(
        &self,
        request: Request<v1::ApplyRegistryRequest>,
    ) -> Result<Response<v1::ApplyRegistryResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let applied = if request.dry_run {
            if !request.diff_digest.is_empty() {
                return Err(EngineError::invalid("diff_digest", "is given to a dry run, which answers one").into());
            }
            open.preview_registry(&request.registry, &caller).await?
        } else {
            let agreed: Hash = request.diff_digest.as_slice().try_into().map_err(|_| {
                EngineError::invalid("diff_digest", "is missing, or not the 32 bytes that a dry run answered")
            })?;
            open.apply_registry(&request.registry, &agreed, &caller).await?
        };
        let change = |Change { path, before, after }: Change| v1::RegistryChange {
            path,
            before: before.unwrap_or_default(),
            after: after.unwrap_or_default(),
        };
        Ok(Response::new(v1::ApplyRegistryResponse {
            version: applied.version,
            digest: applied.digest.to_vec(),
            changes: applied.changes.into_iter().map(change).collect(),
            diff_digest: applied.diff_digest.to_vec(),
            receipt: applied.receipt.map(present::receipt),
        }))
    }

    async fn get_registry(
        &self,
        request: Request<v1::GetRegistryRequest>,
    ) -> Result<Response<v1::GetRegistryResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let document = open.read_registry(request.tree_size, &caller).await?;
        let response = document.map(|in_force| v1::GetRegistryResponse {
            registry: in_force.text.clone(),
            version: in_force.document.version.clone(),
            digest: in_force.digest.to_vec(),
            index: in_force.index,
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

    type BackupStream = Pin<Box<dyn Stream<Item = Result<v1::BackupResponse, Status>> + Send>>;

    async fn backup(&self, request: Request<v1::BackupRequest>) -> Result<Response<Self::BackupStream>, Status> {
        let caller = caller(request.metadata())?;
        let v1::BackupRequest { directory, keep } = request.into_inner();
        let (send, receive) = mpsc::channel(16);
        let engine = Arc::clone(&self.0);
        // Goes on without its caller: a backup that was begun is better ended.
        tokio::spawn(async move {
            let progress = |bytes_done, bytes_total| {
                // Nobody reads as fast as this has to be told: what does not fit is left out.
                let _ = send.try_send(Ok(v1::BackupResponse { bytes_done, bytes_total, summary: None }));
            };
            let made = engine.backup(Path::new(&directory), keep, &caller, progress).await;
            let last = made.map_err(Status::from).map(|made| {
                let ledgers = made.ledgers.into_iter().map(|ledger| v1::BackedUpLedger {
                    origin: ledger.origin,
                    tree_size: ledger.size,
                    generation: ledger.generation,
                });
                let (number, bytes, new_bytes) = (made.number, made.bytes, made.new_bytes);
                let summary = v1::BackupSummary { number, bytes, new_bytes, ledgers: ledgers.collect() };
                v1::BackupResponse { summary: Some(summary), ..v1::BackupResponse::default() }
            });
            let _ = send.send(last).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receive))))
    }
}
