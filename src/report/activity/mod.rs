//! What one agent did (GDPR Art. 28(3), 29, 30(2)): counted from the public part of its entries, so that it stays true when
//! the people whom the acts were about are forgotten.

pub mod document;
pub mod evidence;
mod facts;
pub mod tally;

pub use document::ActivityReport;
pub use facts::{FORMAT, beyond, facts};
