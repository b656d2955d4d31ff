//! What the bytes of a whosaw ledger mean, and every check an auditor can make of them.
//!
//! Nothing of the server is known here: no clock, no network, no storage engine, no async. Read in this order.

#![forbid(unsafe_code)]

pub mod body;
pub mod checkpoint;
pub mod entry;
pub mod hash;
pub mod merkle;
pub mod note;
pub mod part;
pub mod receipt;
pub mod seal;
pub mod vocabulary;
pub mod wire;
