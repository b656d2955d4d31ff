//! A one-way latch: the first reason for which this process must not write any more.

use std::sync::{Arc, OnceLock};

#[derive(Debug, Clone, Default)]
pub struct Latch(Arc<OnceLock<String>>);

impl Latch {
    /// The first reason wins.
    pub fn trip(&self, reason: impl Into<String>) {
        let _ = self.0.set(reason.into());
    }

    pub fn reason(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}
