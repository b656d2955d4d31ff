//! The words of the domain as types.
//!
//! Knows no protobuf library, no storage engine, no async and no clock; times arrive as arguments.

pub mod action;
pub mod admitted;
pub mod determination;
pub mod json;
pub mod keeping;
pub mod registry;
pub mod sealed;
pub mod text;
pub mod time;
pub mod verbs;

pub use action::*;
pub use admitted::*;
pub use determination::*;
pub use keeping::*;
pub use registry::*;
pub use sealed::*;
pub use text::*;
pub use time::*;
pub use whosaw_verifier::vocabulary::*;

/// Languages that reports are written in, as BCP 47 has them; `report::language` has their words.
pub const REPORT_LANGUAGES: [&str; 2] = ["en", "de"];
