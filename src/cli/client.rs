//! A connection to a server, with the caller's name on every request.

use super::{CliError, Server};
use crate::rpc::{CALLER, MESSAGE_BYTES_MAX, v1};
use std::time::Duration;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use v1::audit_service_client::AuditServiceClient;
use v1::case_service_client::CaseServiceClient;
use v1::ledger_service_client::LedgerServiceClient;
use v1::privacy_service_client::PrivacyServiceClient;
use v1::registry_service_client::RegistryServiceClient;
use v1::report_service_client::ReportServiceClient;

#[derive(Clone)]
pub struct Client {
    channel: Channel,
    pub ledger: String,
    caller: Option<MetadataValue<Ascii>>,
}

/// HTTP/2 windows, as the server's.
const WINDOW: u32 = 4 << 20;

impl Client {
    pub async fn connect(server: &Server) -> Result<Self, CliError> {
        let channel = endpoint(server)?
            .connect()
            .await
            .map_err(|error| CliError::new(format!("no server answers at {}: {}", server.server, root(&error))))?;
        let caller = match server.caller.as_str() {
            "" => None,
            name => Some(name.parse().map_err(|_| CliError::usage("--caller takes visible ASCII characters"))?),
        };
        Ok(Client { channel, ledger: server.ledger.clone(), caller })
    }

    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(caller) = &self.caller {
            request.metadata_mut().insert(CALLER, caller.clone());
        }
        request
    }

    /// Name of the ledger that is meant: the one that was given, or the server's only one.
    pub async fn origin(&self) -> Result<String, CliError> {
        if !self.ledger.is_empty() {
            return Ok(self.ledger.clone());
        }
        let all = self.audit().list_ledgers(self.request(v1::ListLedgersRequest {})).await?.into_inner().ledgers;
        match all.as_slice() {
            [only] => Ok(only.origin.clone()),
            _ => Err(CliError::usage("the server holds several ledgers: say which with --ledger")),
        }
    }

    pub fn ledgers(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub fn audit(&self) -> AuditServiceClient<Channel> {
        // An entry is answered whole, however many persons it is about.
        AuditServiceClient::new(self.channel.clone()).max_decoding_message_size(usize::MAX)
    }

    pub fn reports(&self) -> ReportServiceClient<Channel> {
        ReportServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub fn cases(&self) -> CaseServiceClient<Channel> {
        // A case is answered whole, however many people were told.
        CaseServiceClient::new(self.channel.clone()).max_decoding_message_size(usize::MAX)
    }

    pub fn privacy(&self) -> PrivacyServiceClient<Channel> {
        PrivacyServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub fn registry(&self) -> RegistryServiceClient<Channel> {
        // A diff repeats the path of every value, and so may be several times as long as the file.
        RegistryServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

pub fn endpoint(server: &Server) -> Result<Endpoint, CliError> {
    let mut endpoint = Endpoint::from_shared(server.server.clone())
        .map_err(|_| CliError::usage("--server takes an address such as http://127.0.0.1:7411"))?
        .connect_timeout(Duration::from_secs(5))
        .tcp_nodelay(true)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    if server.server.starts_with("https:") {
        let mut tls = ClientTlsConfig::new();
        if let Some(ca) = &server.ca {
            let pem = std::fs::read(ca)
                .map_err(|error| CliError::usage(format!("{} cannot be read: {error}", ca.display())))?;
            tls = tls.ca_certificate(Certificate::from_pem(pem));
        }
        endpoint = endpoint.tls_config(tls).map_err(|error| CliError::usage(error.to_string()))?;
    }
    Ok(endpoint)
}

/// The innermost reason: the outer ones only say "transport error".
fn root(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
