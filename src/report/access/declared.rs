//! What the controller declares of its processing, as the registry said at the report's size (GDPR Art. 15(1)(a)–(g), 15(2)).
//!
//! Nothing of it comes from the ledger: it stands beside what was observed, and where the two differ a reader sees it.

use super::document::{
    ContractFact, DeclaredActivity, DeclaredFacts, DeclaredRetention, DeclaredTransfer, Name, Party, Provision,
    PurposeFact, RecipientFact,
};
use crate::model::{Category, LegalBasis, RecipientKind, RetentionClass};
use crate::registry::{Activity, ActivityWording, Document};
use crate::report::code::Code;
use crate::report::evidence::KnownRegistry;
use crate::report::instant::{Instant, Zone};
use crate::report::language::Language;
use std::collections::BTreeMap;

/// Nothing where no registry was in force.
/// `last`: when the last act of each purpose was at the latest, from which its months are counted.
pub fn facts(
    known: Option<&KnownRegistry>,
    (observed, recipients): (&[PurposeFact], &[RecipientFact]),
    last: &BTreeMap<String, Instant>,
    language: Language,
) -> DeclaredFacts {
    let Some(document) = known.map(|known| &known.document) else {
        return DeclaredFacts::default();
    };
    let Document { activities, wording, profile, .. } = document;
    let texts = wording.get(language.code());
    let zone = Zone::named(profile.as_ref().and_then(|profile| profile.zone.as_deref()));
    DeclaredFacts {
        activities: activities
            .iter()
            .map(|activity| {
                let told = texts.and_then(|texts| texts.activities.get(&activity.purpose));
                let last = last.get(&activity.purpose).copied();
                fact(activity, told, observed, (last, &zone))
            })
            .collect(),
        rights: texts.and_then(|texts| texts.rights.clone()),
        complaint: texts.and_then(|texts| texts.complaint.clone()),
        contact: texts.and_then(|texts| texts.contact.clone()),
        retention: profile.iter().flat_map(|profile| &profile.retention).filter_map(kept).collect(),
        by_contract: by_contract(document, recipients),
    }
}

/// Who else may be given data, by name: whoever is jointly responsible, and whoever works for a recipient, declared or on record.
fn by_contract(document: &Document, recipients: &[RecipientFact]) -> Vec<ContractFact> {
    let joint = document.joint_controllers.iter().map(|joint| ContractFact {
        name: joint.name.clone(),
        kind: Code(RecipientKind::JointController),
        country: joint.country.clone(),
        works_for: None,
    });
    let observed = recipients.iter().filter_map(|fact| match &fact.party {
        Party::Named { name, .. } => name.text(),
        _ => None,
    });
    let declared = document.activities.iter().flat_map(|activity| &activity.recipients);
    let under = document.sub_processors(declared.map(String::as_str).chain(observed));
    let under = under.into_iter().map(|(name, of)| ContractFact {
        name: name.to_owned(),
        kind: Code(RecipientKind::SubProcessor),
        country: document.party(name).and_then(|party| party.country.clone()),
        works_for: Some(of.to_owned()),
    });
    joint.chain(under).collect()
}

/// What is meant to be kept how long, by retention class.
fn kept((class, months): (&String, &u32)) -> Option<DeclaredRetention> {
    let class = Code(RetentionClass::from_code(class)?);
    Some(DeclaredRetention { class, months: u64::from(*months) })
}

fn fact(
    activity: &Activity,
    told: Option<&ActivityWording>,
    observed: &[PurposeFact],
    (last, zone): (Option<Instant>, &Zone),
) -> DeclaredActivity {
    let told = |text: fn(&ActivityWording) -> &Option<String>| told.and_then(|told| text(told).clone());
    let is_it = |fact: &PurposeFact| match &fact.purpose {
        Some(Name::Registered(name) | Name::Unregistered(name)) => *name == activity.purpose,
        Some(Name::Closed) | None => false,
    };
    let months = activity.retention.as_ref().and_then(|kept| kept.months);
    let bases = activity.legal_bases.iter().chain(&activity.article_9);
    DeclaredActivity {
        purpose: activity.purpose.clone(),
        title: told(|it| &it.title).or_else(|| activity.title.clone()),
        observed: observed.iter().any(is_it),
        legal_bases: bases.filter_map(|code| LegalBasis::from_code(code)).map(Code).collect(),
        categories: activity.categories.iter().filter_map(|code| Category::from_code(code)).map(Code).collect(),
        recipients: activity.recipients.clone(),
        months: months.map(u64::from),
        until: months.zip(last).and_then(|(months, last)| last.day_after_months(zone, months)),
        criteria: told(|it| &it.criteria)
            .or_else(|| activity.retention.as_ref().and_then(|kept| kept.criteria.clone())),
        transfers: activity
            .transfers
            .iter()
            .map(|transfer| DeclaredTransfer {
                recipient: transfer.recipient.clone(),
                country: transfer.country.clone(),
                safeguard: LegalBasis::from_code(&transfer.safeguard).map(Code),
            })
            .collect(),
        source: told(|it| &it.source_of_data).or_else(|| activity.source_of_data.clone()),
    }
}

impl DeclaredFacts {
    /// Of a field that every activity has to fill.
    fn each(&self, filled: impl Fn(&DeclaredActivity) -> bool) -> Provision {
        let count = self.activities.iter().filter(|activity| filled(activity)).count();
        match count {
            0 => Provision::NotProvided,
            count if count == self.activities.len() => Provision::Provided,
            _ => Provision::Partly,
        }
    }

    pub fn purposes(&self) -> Provision {
        self.each(|_| true)
    }

    pub fn categories(&self) -> Provision {
        self.each(|activity| !activity.categories.is_empty())
    }

    /// Recipients that the controller says will get data.
    pub fn recipients(&self) -> Provision {
        self.each(|activity| !activity.recipients.is_empty())
    }

    /// The periods of the profile say how long this ledger keeps what it holds, and not the controller's other systems.
    pub fn storage(&self) -> Provision {
        match self.each(|activity| activity.months.is_some() || activity.criteria.is_some()) {
            Provision::NotProvided if !self.retention.is_empty() => Provision::Partly,
            provision => provision,
        }
    }

    pub fn source(&self) -> Provision {
        self.each(|activity| activity.source.is_some())
    }

    /// Whatever is declared to be transferred names its safeguard; that nothing is, the registry cannot say.
    pub fn safeguards(&self) -> Provision {
        let mut transfers = self.activities.iter().flat_map(|activity| &activity.transfers).peekable();
        match (transfers.peek().is_some(), transfers.all(|transfer| transfer.safeguard.is_some())) {
            (false, _) => Provision::NotProvided,
            (true, true) => Provision::Provided,
            (true, false) => Provision::Partly,
        }
    }

    pub fn rights(&self) -> Provision {
        if self.rights.is_some() { Provision::Provided } else { Provision::NotProvided }
    }
}
