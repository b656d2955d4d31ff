//! Which agents saw one person's data, on whose behalf, with which outcome, when and how often; and what cannot be known.
//!
//! Read in this order. What it leaves to others: gathering evidence (`engine`), and how it looks (`view` and the templates).

pub mod document;

mod measure;

mod facts;

mod found;

mod entry;

mod exposure;

mod acts;

mod ids;

mod parties;

pub(super) mod things;

pub mod coverage;
pub mod heard;

mod declared;

pub mod request;

mod staff;

mod own;

pub mod registered;

pub mod completeness;

pub mod answer;

pub use document::AccessReport;
pub use facts::{FORMAT, facts};
