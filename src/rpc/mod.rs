//! gRPC in, handles out.
//!
//! Conversions stand in one place ([`convert`] in, [`present`] out), status codes in one ([`status`]). Knows no storage.

mod audit;
mod caller;
mod case;
pub mod casebook;
mod convert;
pub mod json;
mod large;
mod ledger;
mod patient;
mod present;
mod privacy;
mod registry;
mod report;
mod status;
pub mod wire;

use crate::engine::Engine;
use std::sync::Arc;
use std::time::Duration;
use tonic::service::Routes;

/// The generated wire vocabulary.
#[allow(clippy::all, clippy::pedantic, reason = "generated from proto/")]
#[allow(missing_docs, reason = "the comments stand in proto/")]
pub mod v1 {
    tonic::include_proto!("whosaw.v1");
}

/// The descriptors of everything in proto/, for reflection and for the JSON of the command line.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// Metadata key by which a caller says who it is. Self-asserted: nothing proves it yet, and the ledger says so.
pub const CALLER: &str = "whosaw-caller";

/// A message may be a batch of many actions. What is larger comes in pieces (`AppendLarge`): a decoded message takes
/// many times its bytes before anything can be checked.
pub const MESSAGE_BYTES_MAX: usize = 8 << 20;

/// How much one server takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RpcLimits {
    /// Records in one AppendBatch.
    pub batch_records: usize,
    /// Messages of one AppendStream that may wait for their answers.
    pub stream_in_flight: usize,
    /// Memory of all AppendLarge calls under way, as far as it can be told from what they sent.
    pub large_bytes: usize,
    /// An AppendLarge call from which nothing comes for so long is ended.
    pub large_idle: Duration,
}

impl Default for RpcLimits {
    fn default() -> Self {
        RpcLimits {
            batch_records: 8_192,
            stream_in_flight: 16_384,
            large_bytes: 1 << 30,
            large_idle: Duration::from_secs(60),
        }
    }
}

pub use status::instead;

/// Names of the services, for whoever reports on their health.
pub const SERVICES: &[&str] = &[
    v1::ledger_service_server::SERVICE_NAME,
    v1::audit_service_server::SERVICE_NAME,
    v1::registry_service_server::SERVICE_NAME,
    v1::privacy_service_server::SERVICE_NAME,
    v1::case_service_server::SERVICE_NAME,
    v1::report_service_server::SERVICE_NAME,
];

/// Of these the one that appends: it is not well when persons cannot be recorded.
pub const APPENDS: &str = v1::ledger_service_server::SERVICE_NAME;

/// All services but health, which belongs to whoever watches the process.
pub fn routes(engine: Arc<Engine>, limits: RpcLimits) -> Result<Routes, tonic_reflection::server::Error> {
    let ledger = ledger::LedgerRpc::new(Arc::clone(&engine), limits);
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    Ok(Routes::new(
        v1::ledger_service_server::LedgerServiceServer::new(ledger).max_decoding_message_size(MESSAGE_BYTES_MAX),
    )
    .add_service(v1::audit_service_server::AuditServiceServer::new(audit::AuditRpc::new(Arc::clone(&engine))))
    .add_service(v1::registry_service_server::RegistryServiceServer::new(registry::RegistryRpc(Arc::clone(&engine))))
    .add_service(v1::privacy_service_server::PrivacyServiceServer::new(privacy::PrivacyRpc(Arc::clone(&engine))))
    .add_service(v1::case_service_server::CaseServiceServer::new(case::CaseRpc(Arc::clone(&engine))))
    .add_service(v1::report_service_server::ReportServiceServer::new(report::ReportRpc(engine)))
    .add_service(reflection))
}
