//! A question as of a checkpoint becomes typed facts; renderers turn facts into bytes, deterministically.
//!
//! Knows no clock, no RocksDB and no tonic: evidence, envelope and time are given.

pub mod evidence;

// How facts are written: instants, codes, one form of JSON.

pub mod canonical;
pub mod code;
pub mod instant;
