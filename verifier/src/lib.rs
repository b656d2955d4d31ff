//! What the bytes of a whosaw ledger mean, and every check an auditor can make of them.
//!
//! Nothing of the server is known here: no clock, no network, no storage engine, no async. Read in this order.

#![forbid(unsafe_code)]

pub mod body;
pub mod part;
pub mod vocabulary;
pub mod wire;
