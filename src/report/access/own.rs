//! What the person's own edition leaves out: it tells every act, and of the people behind the report nobody by name.

use super::document::{AccessReport, Name};

/// Takes out who of the house weighed the naming of staff, how their interest was weighed, and callers whose name is free text,
/// because it may be a human's (GDPR Art. 15(4), CJEU C-579/21): these stay sealed. So do the ids of conversations and calls, which are
/// other people's as well. Counts stay as they are.
pub fn withhold(report: &mut AccessReport, is_registered: impl Fn(&str) -> bool) {
    let asked_by = &mut report.header.requester;
    *asked_by = asked_by.take().filter(|name| is_registered(name));
    report.entries.iter_mut().for_each(|entry| entry.call_id = None);
    report.conversations.iter_mut().for_each(|conversation| conversation.id.clear());
    for fact in &mut report.staff {
        fact.decided_by.clear();
        fact.interest = None;
        fact.taken_back.iter_mut().for_each(|back| back.by.clear());
    }
    let entries = report.entries.iter_mut().map(|entry| &mut entry.caller);
    let earlier = report.earlier_reports.iter_mut().map(|earlier| &mut earlier.caller);
    let reads = report.ledger_reads.iter_mut().flatten().map(|read| &mut read.caller);
    for caller in entries.chain(earlier).chain(reads) {
        if matches!(caller, Some(Name::Unregistered(_))) {
            *caller = Some(Name::Closed);
        }
    }
}
