//! What the file may say. Everything but the version may be left out: a report prints what is missing as NOT PROVIDED.

use crate::model::{Identity, LegalBasis, Strength, nfc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! tables {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[$fmeta:meta])* $field:ident : $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$fmeta])* pub $field: $type,)* }
    )*};
}

tables! {
    pub struct Document {
        /// Public for ever; a changed file needs another.
        version: String,
        controller: Option<Controller>,
        /// GDPR Art. 26.
        joint_controllers: Vec<Controller>,
        /// Data-protection officer, Art. 37 to 39.
        dpo: Option<Contact>,
        /// The supervisory authority that is competent, Art. 55 and 56.
        authority: Option<Authority>,
        /// What the breach-notification form asks of whoever notifies.
        notification: Option<Notification>,
        profile: Option<Profile>,
        parties: Vec<Party>,
        activities: Vec<Activity>,
        resources: Vec<Resource>,
        groups: Vec<Group>,
        agents: Vec<Agent>,
        roles: Vec<Role>,
        policies: Vec<Policy>,
        suppressions: Vec<Suppression>,
        /// By language, such as `en`.
        wording: BTreeMap<String, Wording>,
    }

    pub struct Controller {
        name: String,
        address: Option<String>,
        contact: Option<String>,
        /// ISO 3166-1 alpha-2, as everywhere here.
        country: Option<String>,
        /// In the Union, Art. 27.
        representative: Option<String>,
    }

    pub struct Contact { name: Option<String>, contact: Option<String>, address: Option<String> }

    pub struct Authority { name: String, address: Option<String>, contact: Option<String>, country: Option<String> }

    /// What the authority's form asks of the controller and no record can say.
    pub struct Notification {
        /// Of `identifier`: `company`, `organisation` or `vat`.
        identifier_kind: Option<String>,
        identifier: Option<String>,
        /// `private` or `public`.
        sector: Option<String>,
        /// Of a private one: `micro`, `medium`, `large` or `other`, then `size_text` says which.
        size: Option<String>,
        size_text: Option<String>,
        economic_activity: Option<String>,
        /// Whoever reports a breach.
        reporter: Option<Reporter>,
        national_number: Option<String>,
        declaration: Option<String>,
        /// Who else can be asked, where that is neither the officer nor the reporter.
        contact: Option<Reporter>,
        /// In place, whatever happens: codes such as `encryption`.
        measures: Vec<String>,
        /// Whether processing crosses borders.
        cross_border: Option<bool>,
        /// Countries with an establishment of the controller.
        establishments: Vec<String>,
    }

    /// Somebody by name and function: `dpo`, `legal_representative`, or in words.
    pub struct Reporter { name: String, contact: Option<String>, function: Option<String> }

    /// The law as data: what another country, or a reform, sets otherwise.
    pub struct Profile {
        id: String,
        /// As of which day the law was read, YYYY-MM-DD.
        snapshot: String,
        country: Option<String>,
        /// IANA time zone in which deadlines end and days are written.
        zone: Option<String>,
        /// Of reports whose requester names none; one in which reports are written.
        language: Option<String>,
        /// Art. 33(1), hours.
        breach_notification_h: Option<u32>,
        /// Art. 12(3), months.
        access_request_months: Option<u32>,
        access_request_extension_months: Option<u32>,
        /// Within how many hours an emergency access has to be reviewed.
        break_glass_review_h: Option<u32>,
        /// Public holidays on which no deadline ends, YYYY-MM-DD.
        holidays: Vec<String>,
        /// Names of levels, the most severe first.
        severity: Vec<String>,
        /// From which of ENISA's figures on a breach is of which of its levels; left out: ENISA's own, 2, 3 and 4.
        thresholds: Option<Thresholds>,
        /// What is meant to be kept how long, months, by retention class (`subject`, `staff`, `content`, `body`). A
        /// statement: rules are put in force by themselves.
        retention: BTreeMap<String, u32>,
    }

    /// Hundredths, each above the one before: 250 is 2.5.
    pub struct Thresholds { medium: u32, high: u32, very_high: u32 }

    pub struct Party {
        /// Public.
        name: String,
        /// Code of a recipient kind, such as `processor`.
        role: String,
        /// Public.
        country: Option<String>,
        address: Option<String>,
        contact: Option<String>,
        /// Reference of the contract, Art. 28(3).
        contract: Option<String>,
        /// Names of parties.
        sub_processors: Vec<String>,
        /// For how many days it keeps what it is given. Public.
        retention_days: Option<u32>,
        /// By what a transfer to it is allowed: code of Chapter V, such as `gdpr:46.2.c`.
        safeguard: Option<String>,
    }

    /// Art. 30(1).
    pub struct Activity {
        /// Public.
        purpose: String,
        title: Option<String>,
        /// Art. 6 codes, such as `gdpr:6.1.b`.
        legal_bases: Vec<String>,
        /// Art. 9(2) and 10 codes.
        article_9: Vec<String>,
        categories: Vec<String>,
        /// Names of parties.
        recipients: Vec<String>,
        retention: Option<Retention>,
        transfers: Vec<Transfer>,
        measures: Option<String>,
        source_of_data: Option<String>,
    }

    /// How long, or by which criteria: Art. 13(2)(a).
    pub struct Retention { months: Option<u32>, criteria: Option<String> }

    pub struct Transfer { recipient: String, country: String, safeguard: String }

    pub struct Resource {
        /// Public.
        name: String,
        title: Option<String>,
        location: Option<String>,
        /// Whether reads of it are logged: `complete`, `sampled` or `none`.
        read_logging: Option<String>,
        /// The source that logs them. Public.
        read_logging_source: Option<String>,
        /// How long its records may take, seconds. Public.
        delivery_delay_s: Option<u32>,
        /// How long that source is silent at most, seconds: it sends a heartbeat, or anything else, at least as often. Public.
        heartbeat_s: Option<u32>,
        /// How long a permission that was taken away may go on working, seconds. Public.
        permission_cache_s: Option<u32>,
        /// Whether who joins later sees what was there before: `visible` or `hidden`. Public.
        history: Option<String>,
        /// For how many days what is deleted can be brought back. Public.
        recoverable_days: Option<u32>,
        /// Categories that lists and searches show.
        listing_categories: Vec<String>,
        /// Where those live whose data it holds, which language they read, and whether they are vulnerable, such as children.
        subject_countries: Vec<String>,
        subject_language: Option<String>,
        subjects_vulnerable: Option<bool>,
    }

    pub struct Group {
        /// Public.
        name: String,
        /// The source that tells who joins and leaves. Public.
        feed: Option<String>,
        /// How long that source is silent at most, seconds. Public.
        heartbeat_s: Option<u32>,
    }

    pub struct Agent {
        /// Public.
        name: String,
        owner: Option<String>,
        /// Public.
        model: Option<String>,
        /// The party that runs the model. Public.
        vendor: Option<String>,
        /// For how many days its memory keeps. Public.
        memory_days: Option<u32>,
        /// How long a session of it lasts at most, seconds. Public.
        session_max_s: Option<u32>,
        /// Public.
        tools: Vec<String>,
        /// What it is allowed to do, in words or by reference.
        charter: Option<String>,
    }

    pub struct Role {
        name: String,
        /// `correct`, `review`, `approve`, `disclose`, or `sign`: steps of a breach, each with a key of their own.
        may: Vec<String>,
        persons: Vec<Person>,
        /// Names of parties, groups or agents.
        parties: Vec<String>,
    }

    pub struct Person {
        namespace: String,
        fields: Vec<String>,
        /// Ed25519, 64 hexadecimal digits; of those who may sign.
        #[serde(skip_serializing_if = "Option::is_none")]
        public_key: Option<String>,
    }

    pub struct Policy {
        /// Public.
        id: String,
        /// Approvals serve once unless stated (REPORTS 2.3).
        single_use: Option<bool>,
        valid_for_s: Option<u32>,
        /// Name of a role that may approve.
        approvers: Option<String>,
    }

    /// That some are not to be told of certain accesses, Art. 23: of what was done by one of the callers or actors or given
    /// to one of the recipients, to one of the datasets, for one of the purposes and cases, within the period. A list that is
    /// left out fits everything.
    pub struct Suppression {
        reference: String,
        authority: String,
        /// Who is not to be told.
        subjects: Vec<Person>,
        /// Who reported it: names of callers.
        callers: Vec<String>,
        /// Who did it: names of agents, services, groups or organisations.
        actors: Vec<String>,
        /// Names of parties that got data.
        recipients: Vec<String>,
        /// What it touched, by name.
        datasets: Vec<String>,
        purposes: Vec<String>,
        /// Conversations, or instructions, under which it was done.
        cases: Vec<String>,
        /// First day of what was done, YYYY-MM-DD, in the profile's zone.
        acts_from: Option<String>,
        /// Last day of what is covered.
        acts_until: Option<String>,
        /// First day, YYYY-MM-DD, in the profile's zone.
        from: String,
        /// Last day on which it is in force, to its end; left out: until it is taken out of the file.
        until: Option<String>,
        /// Not even that something is left out may be said.
        silent: bool,
    }

    /// Texts that the controller answers for.
    pub struct Wording {
        /// On the rights of Art. 15(1)(e).
        rights: Option<String>,
        /// On the right to complain, Art. 15(1)(f).
        complaint: Option<String>,
        /// How the controller is reached.
        contact: Option<String>,
        /// What activities say in this language, by their purpose; without one it stands as the activity has it.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        activities: BTreeMap<String, ActivityWording>,
    }

    /// Of an activity: the texts that a person reads.
    pub struct ActivityWording {
        title: Option<String>,
        /// Of its retention.
        criteria: Option<String>,
        source_of_data: Option<String>,
    }
}

impl Document {
    pub fn party(&self, name: &str) -> Option<&Party> {
        self.parties.iter().find(|party| party.name == name)
    }

    /// Whom these parties may pass data on to by contract, and those theirs, each with the one that it works for; none of these
    /// parties themselves.
    pub fn sub_processors<'a>(&'a self, parties: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, &'a str> {
        let given: Vec<&str> = parties.into_iter().collect();
        let (mut next, mut found) = (given.clone(), BTreeMap::new());
        while let Some(of) = next.pop() {
            for name in self.party(of).into_iter().flat_map(|party| &party.sub_processors).map(String::as_str) {
                if !given.contains(&name) && !found.contains_key(name) {
                    found.insert(name, of);
                    next.push(name);
                }
            }
        }
        found
    }

    pub fn activity(&self, purpose: &str) -> Option<&Activity> {
        self.activities.iter().find(|activity| activity.purpose == purpose)
    }

    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    pub fn agent(&self, name: &str) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.name == name)
    }

    pub fn policy(&self, id: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.id == id)
    }

    /// Orders in force at an instant, Unix microseconds, by the calendar of the profile's zone.
    pub fn orders_at(&self, at_us: u64) -> impl Iterator<Item = &Suppression> {
        let day = self.day_of(at_us);
        // Of an instant that is no day, every order is in force.
        let begun = move |order: &&Suppression| {
            day.as_ref().is_none_or(|day| order.from <= *day && order.until.as_ref().is_none_or(|until| day <= until))
        };
        self.suppressions.iter().filter(begun)
    }

    /// The day of an instant in the profile's zone, YYYY-MM-DD; nothing for what is no day.
    pub fn day_of(&self, at_us: u64) -> Option<String> {
        let zone = self.profile.as_ref().and_then(|profile| profile.zone.as_deref()).unwrap_or("UTC");
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let at = i64::try_from(at_us).ok().and_then(|us| jiff::Timestamp::from_microsecond(us).ok());
        at.map(|at| at.to_zoned(zone).date().to_string())
    }

    /// Roles that may do this: `correct`, `review`, `approve`, `disclose` or `sign`.
    pub fn who_may(&self, act: &str) -> impl Iterator<Item = &Role> {
        self.roles.iter().filter(move |role| role.may.iter().any(|may| may == act))
    }

    /// The key by which exactly this one signs; the identity in NFC.
    pub fn signing_key(&self, of: &Identity) -> Option<[u8; 32]> {
        let known = self.who_may("sign").flat_map(|role| &role.persons).find(|known| known.normal() == *of)?;
        known.key()?.try_into().ok()
    }
}

impl Person {
    pub fn identity(&self) -> Identity {
        Identity { namespace: self.namespace.clone(), fields: self.fields.clone(), strength: Strength::Strong }
    }

    /// The same in NFC.
    pub fn normal(&self) -> Identity {
        let fields = self.fields.iter().map(|field| nfc(field).into_owned()).collect();
        Identity { namespace: nfc(&self.namespace).into_owned(), fields, strength: Strength::Strong }
    }

    /// Nothing where none is stated, or it is not hexadecimal.
    pub fn key(&self) -> Option<Vec<u8>> {
        hex::decode(self.public_key.as_ref()?).ok()
    }
}

/// Which article a legal basis is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Article {
    Six,
    /// Or 10.
    Nine,
    ChapterFive,
}

impl Article {
    pub fn of(basis: LegalBasis) -> Option<Self> {
        match basis as u8 {
            1..=9 => Some(Article::Six),
            10..=29 => Some(Article::Nine),
            30..=59 => Some(Article::ChapterFive),
            _ => None,
        }
    }
}
