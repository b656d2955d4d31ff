//! What every report says of whoever is responsible, and of the law they are under: from the controller's registry as of the
//! report's size. What is not there stays empty here, is printed as NOT PROVIDED, and is counted.

use super::access::document::{EntryIndex, Provision};
use super::evidence::KnownRegistry;
use super::instant::Zone;
use super::shape::facts;
use crate::registry::{Authority, Contact, Controller, Profile};
use serde::{Deserialize, Serialize};

facts! {
    pub struct ControllerFacts {
        /// None where no registry was in force.
        registry: Option<RegistryFact>,
        controller: Option<ContactFact>,
        joint_controllers: Vec<ContactFact>,
        /// Data-protection officer.
        dpo: Option<ContactFact>,
        /// Competent supervisory authority.
        authority: Option<ContactFact>,
        legal_profile: Option<ProfileFact>,
    }

    pub struct RegistryFact {
        version: String,
        /// That put it in force.
        entry: EntryIndex,
    }

    pub struct ContactFact {
        name: Option<String>,
        address: Option<String>,
        contact: Option<String>,
        country: Option<String>,
        /// In the Union, Art. 27.
        representative: Option<String>,
    }

    pub struct ProfileFact {
        id: String,
        /// As of which day the law behind the profile was read.
        snapshot: String,
        country: Option<String>,
        zone: Option<String>,
    }
}

impl ControllerFacts {
    pub fn of(known: Option<&KnownRegistry>) -> Self {
        let document = known.map(|known| &known.document);
        ControllerFacts {
            registry: known
                .map(|known| RegistryFact { version: known.document.version.clone(), entry: EntryIndex(known.entry) }),
            controller: document.and_then(|it| it.controller.as_ref()).map(ContactFact::of_controller),
            joint_controllers: document
                .map(|it| it.joint_controllers.iter().map(ContactFact::of_controller).collect())
                .unwrap_or_default(),
            dpo: document.and_then(|it| it.dpo.as_ref()).map(ContactFact::of_officer),
            authority: document.and_then(|it| it.authority.as_ref()).map(ContactFact::of_authority),
            legal_profile: document.and_then(|it| it.profile.as_ref()).map(ProfileFact::of),
        }
    }

    /// In which times are told: the legal profile's, UTC where it names none.
    pub fn zone(&self) -> Zone {
        Zone::named(self.legal_profile.as_ref().and_then(|profile| profile.zone.as_deref()))
    }

    /// The controller, and how they are reached.
    pub fn responsible(&self) -> Provision {
        reached(self.controller.as_ref())
    }

    pub fn officer(&self) -> Provision {
        reached(self.dpo.as_ref())
    }

    pub fn of_registry(&self) -> Provision {
        if self.registry.is_some() { Provision::Provided } else { Provision::NotProvided }
    }

    pub fn authority(&self) -> Provision {
        if self.authority.is_some() { Provision::Provided } else { Provision::NotProvided }
    }

    pub fn legal_profile(&self) -> Provision {
        if self.legal_profile.is_some() { Provision::Provided } else { Provision::NotProvided }
    }
}

fn reached(fact: Option<&ContactFact>) -> Provision {
    match fact.map(|fact| &fact.contact) {
        Some(Some(_)) => Provision::Provided,
        Some(None) => Provision::Partly,
        None => Provision::NotProvided,
    }
}

impl ContactFact {
    fn of_controller(controller: &Controller) -> Self {
        ContactFact {
            name: Some(controller.name.clone()),
            address: controller.address.clone(),
            contact: controller.contact.clone(),
            country: controller.country.clone(),
            representative: controller.representative.clone(),
        }
    }

    fn of_officer(dpo: &Contact) -> Self {
        ContactFact {
            name: dpo.name.clone(),
            address: dpo.address.clone(),
            contact: dpo.contact.clone(),
            country: None,
            representative: None,
        }
    }

    fn of_authority(authority: &Authority) -> Self {
        ContactFact {
            name: Some(authority.name.clone()),
            address: authority.address.clone(),
            contact: authority.contact.clone(),
            country: authority.country.clone(),
            representative: None,
        }
    }
}

impl ProfileFact {
    fn of(profile: &Profile) -> Self {
        ProfileFact {
            id: profile.id.clone(),
            snapshot: profile.snapshot.clone(),
            country: profile.country.clone(),
            zone: profile.zone.clone(),
        }
    }
}
