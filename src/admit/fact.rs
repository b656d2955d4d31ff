//! What each kind of fact needs so that it says anything at all.
//!
//! Only that: facts may contradict each other or be wrong, and are recorded as they were told. But a grant of nothing to
//! nobody could be counted neither as access nor as its absence, and whoever sent it would believe that it was told.

use super::check::Checker;
use crate::model::*;
use std::fmt::Display;

/// Refuses a fact that lacks what its kind needs.
pub fn check(fact: &Fact, action: &Action, field: impl Display + Copy, checker: &mut Checker<'_>) {
    let mut missing = |name: &str, why: &str| checker.refuse(format_args!("{field}.{name}"), why);
    // Missing beside a name is told already.
    let of_party = fact.party != PartyKind::Unspecified || !fact.name.is_empty() || !fact.identities.is_empty();
    let of_resource = !fact.resource.is_empty();
    let of_subjects = !fact.subjects.is_empty();
    let inside = of_resource || of_subjects || !fact.categories.is_empty();
    // The caller's own reference says which interval ends, as well as what was said when it began.
    let closes_by_reference = fact.edge == Edge::Close && !fact.reference.is_empty();
    match fact.kind {
        FactKind::Unspecified => {}
        FactKind::Coverage => {
            if fact.source.is_empty() && action.source.is_none() {
                missing("source", "is missing: a coverage is of a source, this one or the action's");
            }
            // A source that stops says what ended by saying so.
            if fact.coverage == CoverageState::Unspecified && fact.edge != Edge::Close {
                missing("coverage", "is missing: say what the source was logging");
            }
        }
        _ if closes_by_reference => {}
        FactKind::Grant => {
            if !of_party {
                missing("party", "is missing: a grant is to somebody");
            }
            if !of_resource {
                missing("resource", "is missing: a grant is of something");
            }
        }
        FactKind::Membership => {
            // Either somebody is in what `resource` names, or the subjects are in the party.
            if !of_party {
                missing("party", "is missing: a membership is of somebody");
            }
            if !of_resource && !of_subjects {
                missing("resource", "is missing: a membership is in a group");
            }
        }
        FactKind::Content => {
            // Whose data it is may not be known; where it is must be.
            if !of_resource {
                missing("resource", "is missing: content is in something");
            }
        }
        FactKind::Holding => {
            if !of_party {
                missing("party", "is missing: a holding is somebody's");
            }
            if !inside {
                missing("resource", "is missing: say what is held, by resource, subjects or categories");
            }
        }
        FactKind::KeyAccess => {
            if !of_party {
                missing("party", "is missing: access to a key is somebody's");
            }
            let by_key = action.protection.as_ref().is_some_and(|protection| !protection.key_id.is_empty());
            if !of_resource && !by_key && fact.reference.is_empty() {
                missing("resource", "is missing: say which key, by resource, reference or the action's protection");
            }
        }
        // The account may be one of the identities of whoever has it.
        FactKind::Account => {
            if !of_party {
                missing("party", "is missing: an account is somebody's");
            }
        }
        FactKind::AccountState => {
            if !of_party && !of_resource && fact.reference.is_empty() {
                missing("party", "is missing: say whose account or which one");
            }
        }
        FactKind::SubjectLink => {
            if !of_subjects && !of_party {
                missing("subjects", "is missing: a link is to somebody");
            }
        }
        FactKind::Restriction | FactKind::Hold | FactKind::Loss => {
            if !inside && !of_party {
                missing("resource", "is missing: say of what, by resource, subjects, categories or party");
            }
        }
    }
}
