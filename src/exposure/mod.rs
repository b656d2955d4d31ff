//! What follows the ledger: projections that can be deleted and replayed, and say up to which index they are true.
//!
//! Knows no clock, no storage engine and no gRPC. The exposure calculus (who could see, from when to when) grows here;
//! today the room holds the posting lists by actor, dataset, verb and determination that lists and reports read.

pub mod follower;

pub use follower::{Filter, FoldInput, Follower, Page, Sort, Term, TermKind, UndeterminedCount, states_logging};
