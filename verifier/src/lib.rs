//! What the bytes of a whosaw ledger mean, and every check an auditor can make of them.
//!
//! Nothing of the server is known here: no clock, no network, no storage engine, no async. Read in this order.

#![forbid(unsafe_code)]

// What is said: the closed lists, and how a meaning becomes bytes.

pub mod vocabulary;

pub mod wire;

pub mod body;

pub mod part;

// How it is held fast: hashes, trees, entries, sealed parts; and how it may go.

pub mod hash;

pub mod merkle;

pub mod entry;

pub mod seal;

pub mod agent;

pub mod step;

pub mod erasure;

// How it is vouched for: signed heads, witnesses, receipts, reports.

pub mod note;

pub mod checkpoint;

pub mod cosignature;

pub mod policy;

pub mod receipt;

pub mod report;

// How it is laid out for reading, and judged as a whole.

pub mod tiles;

pub mod export;
