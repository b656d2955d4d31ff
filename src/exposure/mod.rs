//! What follows the ledger, and the calculus of who could see what.
//!
//! [`follower`] is a projection that can be deleted and replayed, and says up to which index it is true: posting lists by
//! actor, dataset, verb and determination. [`telling`] makes of opened entries what [`calculus`] is told, and that is pure:
//! the same entries give the same answer, in whatever order they came. Knows no clock, no storage engine and no gRPC.

pub mod follower;

pub mod calculus;
pub mod telling;

pub use calculus::fact::Authorised;
pub use follower::{BLOCK, Filter, FoldInput, Follower, Page, Sort, Term, TermKind, UndeterminedCount, states_logging};
pub use telling::authorised;
