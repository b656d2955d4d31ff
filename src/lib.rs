//! whosaw: an audit ledger for AI agents.
//!
//! ARCHITECTURE.md is the map; modules stand here in suggested reading order.

#![forbid(unsafe_code)]

pub mod model;
pub mod store;
pub mod ledger;
pub mod vault;
pub mod admit;
pub mod intake;
pub mod exposure;
pub mod report;
pub mod rpc;
pub mod http;
pub mod config;
pub mod cli;
pub mod app;
