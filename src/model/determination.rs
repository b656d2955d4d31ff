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
        // What we read from a tool call ourselves counts the places in which persons stand, and one may stand in several.
        Determination::Listed if body.provenance == Provenance::Described && count > listed(body) => {
            Determination::ListedIncomplete
        }
        stated => stated,
    }
}

fn listed(body: &ActionBody) -> u64 {
    let subjects = body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
    subjects.map(|group| u64::from(group.count)).sum()
}
