//! Which fields of an access report (REPORTS 1.1, by their numbers) the ledger fills, and which only the controller can.
//!
//! A field that is missing is printed as missing and counted, never left out.

use super::document::*;
use crate::report::evidence::Envelope;

/// The fields, in order; `H` marks those of the header.
pub const FIELDS: [&str; 22] = [
    "H.controller",
    "H.reference",
    "1",
    "2.declared",
    "2.observed",
    "3.declared",
    "3.observed",
    "4.given",
    "4.will",
    "4a",
    "5",
    "6",
    "7",
    "8",
    "9",
    "10",
    "11",
    "12",
    "12a",
    "13",
    "14",
    "15",
];

pub fn facts(envelope: &Envelope, recipients: &[RecipientFact], totals: &Totals) -> Completeness {
    let unnamed = |party: &Party| {
        matches!(
            party,
            Party::OtherPerson { .. }
                | Party::SomeHuman
                | Party::Unnamed { .. }
                | Party::Public
                | Party::Named { name: Name::Closed, .. }
        )
    };
    let by_category = recipients.iter().any(|recipient| recipient.recipient_in_law && unnamed(&recipient.party));
    let humans = totals.shown_to_humans.high + totals.processed_by.humans.acts.high > 0;
    let provision = |field: &str| match field {
        "H.reference" if envelope.reference.is_empty() => Provision::NotProvided,
        "H.reference" | "1" | "2.observed" | "3.observed" | "4.given" | "12" => Provision::Provided,
        // The entries are here, the data themselves stand in the source systems; decisions are recorded as far as they
        // were described as such, their logic is not.
        "9" | "11" => Provision::Partly,
        "4a" if !by_category => Provision::NotApplicable,
        "12a" if !humans => Provision::NotApplicable,
        _ => Provision::NotProvided,
    };
    let fields: Vec<ProvisionFact> =
        FIELDS.iter().map(|field| ProvisionFact { field: (*field).to_owned(), provision: provision(field) }).collect();
    let count = |wanted| fields.iter().filter(|fact| fact.provision == wanted).count() as u64;
    Completeness {
        provided: count(Provision::Provided),
        partly: count(Provision::Partly),
        not_provided: count(Provision::NotProvided),
        not_applicable: count(Provision::NotApplicable),
        fields,
    }
}
