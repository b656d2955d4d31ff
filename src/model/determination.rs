//! Whose data an action touched, as far as its own counts agree with what it says of that.

use super::*;
use whosaw_verifier::body::ActionBody;

/// The determination a body states, less sure where its counts contradict it: "nobody" with persons delivered, or more
/// persons delivered than it lists. Undetermined never means nobody.
pub fn determination(body: &ActionBody) -> Determination {
    let delivered = body.subjects_delivered.as_ref();
    let count = delivered.map_or(0, |quantity| quantity.count);
    let unknown = delivered.is_some_and(|quantity| quantity.precision == Precision::Unknown);
    match body.determination {
        Determination::Nobody if count > 0 || unknown => Determination::Undetermined,
        Determination::Listed if counts_more_than(body, listed(body)) => Determination::ListedIncomplete,
        stated => stated,
    }
}

/// Whether a body says that it delivered data of more persons than so many: then these are not everybody.
pub fn counts_more_than(body: &ActionBody, persons: u64) -> bool {
    // What we read from a tool call ourselves counts the places in which persons stand, and one may stand in several.
    let counted = body.subjects_delivered.as_ref().filter(|_| body.provenance == Provenance::Described);
    counted.is_some_and(|quantity| quantity.count > persons)
}

fn listed(body: &ActionBody) -> u64 {
    let subjects = body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
    subjects.map(|group| u64::from(group.count)).sum()
}
