//! The exposure calculus: from what was told, in whatever order, to who could see what, from when to when, how surely.
//!
//! ```text
//! claims ─> When ─┐
//! edges ──────────┴─> intervals ─> audience (groups, accounts) ─┐
//!                        └──────> grants ∩ content ─────────────┴─> could see ─┐
//! accesses ────────────────────────────────────────────────────────────────────┴─> did see, judged by the ways then open
//! ```
//!
//! Pure: no clock, no storage, no names. Persons and resources are numbers that the question gives them. Every figure has a
//! lower end, which is certain, and an upper one, which is possible; where nothing decides, past access is never
//! understated.

pub mod times;

pub mod fact;
pub mod same;

mod ending;
pub mod interval;
mod shown;

pub mod audience;
mod content;
mod delivered;
pub mod giving;
mod joined;
mod judging;
mod leaving;
pub mod restriction;
pub mod scope;
mod unnamed;
mod ways;

pub mod exposure;

#[cfg(test)]
mod tests;
