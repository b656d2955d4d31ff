//! What went wrong, as a gRPC status: one match from kinds to codes.

use crate::engine::{EngineError, Kind};
use crate::model::Violation;
use std::time::Duration;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _, pb};

/// How long a caller should wait before it tries again. Clients back off from here on their own.
const RETRY: Duration = Duration::from_millis(100);

pub fn code(kind: Kind) -> Code {
    match kind {
        Kind::Invalid => Code::InvalidArgument,
        Kind::NotFound => Code::NotFound,
        Kind::OutOfRange => Code::OutOfRange,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::FailedPrecondition => Code::FailedPrecondition,
        Kind::Busy => Code::ResourceExhausted,
        Kind::Aborted => Code::Aborted,
        Kind::Unavailable => Code::Unavailable,
        Kind::Corrupt => Code::DataLoss,
        Kind::Internal => Code::Internal,
    }
}

impl From<EngineError> for Status {
    fn from(error: EngineError) -> Self {
        let code = code(error.kind);
        let mut details = ErrorDetails::new();
        match error.kind {
            Kind::Invalid => {
                for violation in error.violations {
                    details.add_bad_request_violation(violation.field, violation.description);
                }
            }
            Kind::Busy | Kind::Unavailable => {
                details.set_retry_info(Some(RETRY));
            }
            _ => {}
        }
        let mut status = Status::with_error_details(code, error.message, details);
        if error.kind == Kind::Busy {
            // Some clients read only this trailer, not the details.
            let retry = pb::RetryInfo { retry_delay: RETRY.try_into().ok() };
            let bytes = prost::Message::encode_to_vec(&retry);
            status.metadata_mut().insert_bin("google.rpc.retryinfo-bin", MetadataValue::from_bytes(&bytes));
        }
        status
    }
}

/// What tonic says of a message that is too large, before any of our code sees it: the field is the message itself.
pub fn too_large(status: &Status) -> Option<Status> {
    let is_ours = status.code() == Code::OutOfRange && status.message().contains("message length too large");
    is_ours.then(|| {
        let most = super::MESSAGE_BYTES_MAX >> 20;
        let description = format!("is larger than {most} MiB; a larger action comes in pieces, by AppendLarge");
        invalid(vec![Violation { field: "message".into(), description }])
    })
}

/// What is to be answered instead, where tonic refused a message by itself: said as everything else is.
pub fn instead(headers: &tonic::codegen::http::HeaderMap) -> Option<Status> {
    Status::from_header_map(headers).as_ref().and_then(too_large)
}

pub fn invalid(violations: Vec<Violation>) -> Status {
    EngineError::violations(violations).into()
}

/// The same as a message, for errors that belong to one message of a stream.
pub fn to_message(status: &Status) -> pb::Status {
    match prost::Message::decode(status.details()) {
        Ok(message) if !status.details().is_empty() => message,
        _ => pb::Status { code: status.code() as i32, message: status.message().to_owned(), details: Vec::new() },
    }
}
