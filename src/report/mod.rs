//! A question as of a checkpoint becomes typed facts; renderers turn facts into bytes, deterministically.
//!
//! Knows no clock, no RocksDB and no tonic: evidence, envelope and time are given. Read in this order.

pub mod evidence;

pub mod access;

pub mod question;

// How facts are written: instants, codes, one form of JSON.

pub mod canonical;
pub mod code;
pub mod instant;

// How facts are told: texts, and the pages they stand on.

pub mod template;
pub mod view;
pub mod wording;

pub use access::{AccessReport, facts};
