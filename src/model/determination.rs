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

/// Whether a body leaves open whose data it touched. What only ends a session, or a memory of some resource, touched what that
/// had: whose it was, the acts say that put it there. Where it says anything of people or data itself, it has to say whose.
pub fn leaves_open(body: &ActionBody) -> bool {
    match determination(body) {
        Determination::Undetermined => !only_ends(body),
        stated => stated == Determination::ListedIncomplete,
    }
}

fn only_ends(body: &ActionBody) -> bool {
    let names_resource = !body.dataset.is_empty() || body.sealed_names.contains(&NamedField::Dataset);
    let ends = match body.verb {
        Verb::ContextClose => true,
        Verb::MemoryErase => names_resource,
        _ => false,
    };
    let numbers = [&body.subjects_asked, &body.subjects_delivered, &body.records_asked, &body.records_delivered];
    let doubted = body.doubts.iter().any(|doubt| *doubt != Doubt::DeclaredByCaller);
    // What an error says may be of anybody.
    let told = body.outcome == Outcome::Failed || !body.recipients.is_empty() || listed(body) > 0;
    ends && !told && !doubted && numbers.into_iter().all(Option::is_none)
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
