//! Who calls, as far as the connection tells.

use super::{CALLER, status};
use crate::model::{Assurance, Caller, Violation};
use tonic::Status;
use tonic::metadata::MetadataMap;

const NAME_MAX: usize = 128;

/// The caller of a request. A name is taken at its word and marked as self-asserted; none is an empty name.
pub fn caller(metadata: &MetadataMap) -> Result<Caller, Status> {
    let name = match metadata.get(CALLER) {
        None => "",
        Some(value) => {
            let name = value.to_str().unwrap_or_default();
            if name.is_empty() || name.len() > NAME_MAX {
                let description = format!("is not 1 to {NAME_MAX} visible ASCII characters");
                return Err(status::invalid(vec![Violation { field: CALLER.into(), description }]));
            }
            name
        }
    };
    Ok(Caller { name: name.to_owned(), assurance: Assurance::SelfAsserted })
}
