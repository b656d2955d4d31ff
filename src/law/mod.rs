//! The law as data: how periods are counted, and what an authority's form asks.
//!
//! Deadlines and scales are settings of a [`Profile`], never constants in the code that uses them. Knows no clock, no I/O
//! and nothing of the ledger: instants come in as Unix microseconds, and the same arguments always give the same answer.
//! A lawyer signs the wording before it is used; nothing here is legal advice.

pub mod calendar;
pub mod edpb;
pub mod enisa;

mod profile;

pub use profile::{NOTIFICATION_HOURS_MAX, Profile, ProfileError, SEVERITY_BYTES_MAX, SEVERITY_LEVELS_MAX};
