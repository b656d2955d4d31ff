//! What the registry says of names, also of retired ones: the past was under them.
//! (What it said at the time of an act, for who could see what and to whom it was given: `report::exposure::registered`.)
//!
//! Attributes that a report reads: of an agent `vendor`, of a tool `operator` and `country`, of a party `country`, of a
//! source `delivery-delay-s` and `heartbeat-s` (how long it is silent at most); of a dataset `permission-cache-s` (how long a permission that was taken away may go on
//! working), `history` (`hidden`: who joins later does not see what was there before) `location` and `recoverable-days` (for how long
//! what is deleted can be had back). Of an agent `session-max-s`, of a party `retention-days` (how long it keeps what it was
//! given), of a term `policy/…` `single-use` (`no`: its approvals may be used more than once).

use crate::model::{Registered, Registry, RegistryKind};
use std::collections::HashMap;

pub struct Names<'a>(HashMap<(RegistryKind, &'a str), &'a Registered>);

impl<'a> Names<'a> {
    pub fn of(registry: &'a Registry) -> Self {
        Names(registry.iter().map(|(kind, name, registered)| ((kind, name), registered)).collect())
    }

    /// The first value of a name's attribute.
    pub fn attribute(&self, kind: RegistryKind, name: &str, key: &str) -> Option<&'a str> {
        self.0.get(&(kind, name))?.attributes.get(key)?.first().map(String::as_str)
    }

    /// How long records of a source may take to arrive.
    pub fn delivery_delay_us(&self, source: &str) -> u64 {
        self.seconds_us(RegistryKind::Source, source, "delivery-delay-s")
    }

    /// An attribute in seconds as microseconds; 0 where it is not there, or no number.
    pub fn seconds_us(&self, kind: RegistryKind, name: &str, key: &str) -> u64 {
        let seconds = self.attribute(kind, name, key).and_then(|seconds| seconds.parse::<u64>().ok());
        seconds.unwrap_or_default().saturating_mul(1_000_000)
    }
}
