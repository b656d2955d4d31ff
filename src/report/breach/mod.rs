//! A personal data breach: its life in steps, the file that an authority is notified with (GDPR Art. 33), and the persons
//! concerned (Art. 34).
//!
//! What the ledger says of a breach is the exposure report of the case's resources; here it becomes answers to the form's
//! fields (`law::edpb`), beside those that people gave. Read in this order.

pub mod case;

pub mod document;

pub mod evidence;

mod basis;
mod counted;
mod derive;
mod facts;
mod form;
mod informed;
mod message;
mod persons;
mod phases;
mod register;
mod registered;
pub(super) mod reported;
pub(super) mod standing;
mod undue;

pub use case::Case;
pub use counted::{carried_text, count, text as count_text};
pub use document::{BreachReport, PersonsReport};
pub use facts::{facts, signed_text, thresholds_text};
pub use form::LATE;
pub use persons::{persons, reached_by};
pub use register::{late_text, register};

/// Versions of the JSON.
pub const FORMAT: &str = "whosaw-breach-report/1";
pub const PERSONS_FORMAT: &str = "whosaw-persons-report/1";
