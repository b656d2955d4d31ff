//! Who could see what a resource held, who did, who still holds a copy, from when to when, authorised or not, and what
//! cannot be known (GDPR Art. 5(1)(f), 5(2), 32, 33(3)(a)).
//!
//! The calculus decides (`exposure::calculus`); this room puts names to its numbers and counts. Read in this order.

pub mod document;

pub mod evidence;
pub mod judged;
pub mod registered;

mod acts;
mod consequences;
mod count;
mod countries;
mod facts;
mod feeds;
mod fields;
mod forgotten;
mod groups;
mod keys;
mod lags;
mod loops;
mod machines;
mod members;
mod policies;

pub(super) mod answer;

pub use document::ExposureReport;
pub(super) use facts::approval;
pub use facts::{FORMAT, facts, who};
