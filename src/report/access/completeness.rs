//! Which fields of an access report (REPORTS 1.1, by their numbers) the ledger fills, and which only the controller can.
//!
//! A field that is missing is printed as missing and counted, never left out.

use super::document::*;
use crate::report::controller::ControllerFacts;
use crate::report::evidence::Envelope;

/// The fields of a report's header that only the controller can fill, or whoever asks for it.
pub const OF_HEADER: [&str; 8] =
    ["H.controller", "H.dpo", "H.authority", "H.profile", "H.registry", "H.requester", "H.reference", "H.purpose"];

/// The fields, in order; `H` marks those of the header.
pub const FIELDS: [&str; 28] = [
    "H.controller",
    "H.dpo",
    "H.authority",
    "H.profile",
    "H.registry",
    "H.requester",
    "H.reference",
    "H.purpose",
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

/// What the records tell, against which the controller's half is held.
pub struct Observed<'a> {
    pub recipients: &'a [RecipientFact],
    pub tools: &'a [ToolFact],
    pub purposes: &'a [PurposeFact],
    pub categories: &'a [CategoryFact],
    pub totals: &'a Totals,
}

impl Observed<'_> {
    /// Data went to somebody whom nothing names.
    fn is_somebody_unnamed(&self) -> bool {
        self.tools.iter().any(|tool| tool.given > 0 && tool.operator.is_none())
    }

    /// A purpose or a category of which the controller declares nothing has no period either.
    fn storage(&self, declared: &DeclaredFacts) -> Provision {
        let moved = |fact: &&PurposeFact| fact.counts.but_other_parts() > 0;
        let has_purpose = |fact: &PurposeFact| {
            let name = fact.purpose.as_ref().and_then(Name::text);
            declared.activities.iter().any(|activity| Some(activity.purpose.as_str()) == name)
        };
        let has_category =
            |fact: &CategoryFact| declared.activities.iter().any(|it| it.categories.contains(&fact.category));
        let is_whole = self.purposes.iter().filter(moved).all(has_purpose) && self.categories.iter().all(has_category);
        match declared.storage() {
            Provision::Provided if !is_whole => Provision::Partly,
            provision => provision,
        }
    }

    /// By what was in force when data went there: of each recipient outside the EEA, and of each transfer that is declared.
    fn safeguards(&self, declared: &DeclaredFacts) -> Provision {
        let transfers = self.recipients.iter().filter(|it| it.recipient_in_law).filter_map(|it| it.transfer.as_ref());
        match (of_each(transfers.map(TransferFact::is_known_of_then)), declared.safeguards()) {
            (Provision::NotApplicable, declared) => declared,
            (Provision::Provided, Provision::Provided | Provision::NotProvided) => Provision::Provided,
            (Provision::NotProvided, Provision::NotProvided) => Provision::NotProvided,
            _ => Provision::Partly,
        }
    }
}

pub fn facts(
    controller: &ControllerFacts,
    (declared, requests, staff): (&DeclaredFacts, &RequestLog, &[StaffFact]),
    envelope: &Envelope,
    observed: &Observed<'_>,
) -> Completeness {
    let Observed { recipients, totals, .. } = observed;
    let named = |number: &PersonNumber| staff.iter().any(|fact| fact.number == *number && !fact.names.is_empty());
    let unnamed = |party: &Party| {
        !matches!(party, Party::OtherPerson { number: Some(number) } if named(number))
            && matches!(
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
        field if OF_HEADER.contains(&field) => of_header_field(field, controller, envelope),
        "2.declared" => declared.purposes(),
        "3.declared" => declared.categories(),
        "4.will" => declared.recipients(),
        "5" => observed.storage(declared),
        "6" => declared.rights(),
        // Which authority, and in the controller's words that it may be turned to.
        "7" => match (controller.authority.is_some(), declared.complaint.is_some()) {
            (true, true) => Provision::Provided,
            (false, false) => Provision::NotProvided,
            _ => Provision::Partly,
        },
        "8" => declared.source(),
        "10" => observed.safeguards(declared),
        "4.given" if by_category || observed.is_somebody_unnamed() => Provision::Partly,
        "1" | "2.observed" | "3.observed" | "4.given" | "12" => Provision::Provided,
        // The entries are here, the data themselves stand in the source systems; decisions are recorded as far as they
        // were described as such, their logic is not.
        "9" | "11" => Provision::Partly,
        "14" => requests.log_provided(),
        "15" => requests.refusal_provided(declared.complaint.is_some()),
        "4a" if !by_category => Provision::NotApplicable,
        "12a" if !humans => Provision::NotApplicable,
        "12a" if !staff.is_empty() => {
            // Where nobody is named any more, nothing is to be weighed.
            let is_whole =
                |fact: &StaffFact| fact.taken_back.is_some() || (fact.reasons.is_some() && fact.interest.is_some());
            if staff.iter().all(is_whole) { Provision::Provided } else { Provision::Partly }
        }
        _ => Provision::NotProvided,
    };
    counted(&FIELDS, provision)
}

/// Of a report that asks for no more than its header.
pub fn of_header(controller: &ControllerFacts, envelope: &Envelope) -> Completeness {
    counted(&OF_HEADER, |field| of_header_field(field, controller, envelope))
}

/// What its header asks for, and what else such a report asks of the controller, by the name of the field.
pub fn of_header_and(header: &Completeness, more: impl IntoIterator<Item = (&'static str, Provision)>) -> Completeness {
    let known = header.fields.iter().map(|fact| (fact.field.clone(), fact.provision));
    let more = more.into_iter().map(|(field, provision)| (field.to_owned(), provision));
    summed(known.chain(more).map(|(field, provision)| ProvisionFact { field, provision }).collect())
}

/// Of something that each of several is asked for.
pub fn of_each(given: impl IntoIterator<Item = bool>) -> Provision {
    let (mut some, mut none) = (false, false);
    given.into_iter().for_each(|given| if given { some = true } else { none = true });
    match (some, none) {
        (false, false) => Provision::NotApplicable,
        (true, false) => Provision::Provided,
        (false, true) => Provision::NotProvided,
        (true, true) => Provision::Partly,
    }
}

fn of_header_field(field: &str, controller: &ControllerFacts, envelope: &Envelope) -> Provision {
    match field {
        "H.controller" => controller.responsible(),
        "H.dpo" => controller.officer(),
        "H.registry" => controller.of_registry(),
        "H.authority" => controller.authority(),
        "H.profile" => controller.legal_profile(),
        "H.requester" => given(&envelope.generated_by),
        "H.reference" => given(&envelope.reference),
        "H.purpose" => given(&envelope.purpose),
        _ => Provision::NotProvided,
    }
}

/// Of a text that whoever asks gives or leaves out.
pub fn given(text: &str) -> Provision {
    if text.is_empty() { Provision::NotProvided } else { Provision::Provided }
}

fn counted(fields: &[&str], provision: impl Fn(&str) -> Provision) -> Completeness {
    let fact = |field: &&str| ProvisionFact { field: (*field).to_owned(), provision: provision(field) };
    summed(fields.iter().map(fact).collect())
}

fn summed(fields: Vec<ProvisionFact>) -> Completeness {
    let count = |wanted| fields.iter().filter(|fact| fact.provision == wanted).count() as u64;
    Completeness {
        provided: count(Provision::Provided),
        partly: count(Provision::Partly),
        not_provided: count(Provision::NotProvided),
        not_applicable: count(Provision::NotApplicable),
        fields,
    }
}
