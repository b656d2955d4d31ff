//! whosaw: an audit ledger for AI agents.
//!
//! ARCHITECTURE.md is the map; modules stand here in suggested reading order.

#![forbid(unsafe_code)]

pub mod admit;
pub mod app;
pub mod cli;
pub mod config;
pub mod engine;
pub mod exposure;
pub mod http;
pub mod intake;
pub mod law;
pub mod ledger;
pub mod model;
pub mod registry;
pub mod report;
pub mod rpc;
pub mod store;
pub mod vault;
