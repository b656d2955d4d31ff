//! Makes sense of foreign records: raw tool calls, by means of the ledger's tool catalogue.
//!
//! Knows nothing of the ledger's inside. What a catalogue does not say, or a result does not show, comes out as *not
//! determined*; nothing is ever dropped, and nobody is ever counted as nobody by mistake.

pub mod catalogue;
mod document;
pub mod import;
mod keep;
mod tool_call;

pub use catalogue::{Catalogue, CatalogueError};
pub use tool_call::{Conversations, Interpreted, Lesson, interpret, interpret_only};
