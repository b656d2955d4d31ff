//! A personal data breach: its life in steps (GDPR Art. 33, 34). Read in this order.

pub mod case;

pub use case::Case;
