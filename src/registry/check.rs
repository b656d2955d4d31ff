//! Everything that can be wrong with a file: single values, and what one table says of another.

use super::FIELD;
use super::document::*;
use crate::law;
use crate::model::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// Bytes of a line, and of a text.
const LINE_MAX: usize = 500;
const TEXT_MAX: usize = 10_000;
/// Elements of any list.
const LIST_MAX: usize = 2_000;
/// A hundred years, in days and in months.
const DAYS_MAX: u32 = 36_525;
const MONTHS_MAX: u32 = 1_200;
/// A year in hours and in seconds.
const HOURS_MAX: u32 = 8_784;
const SECONDS_MAX: u32 = 31_622_400;
/// More would not fit into the trailers of an answer, and the first few are enough to begin with.
const VIOLATIONS_MAX: usize = 40;

const MAY: [&str; 5] = ["correct", "review", "approve", "disclose", "sign"];
const READ_LOGGING: [&str; 3] = ["complete", "sampled", "none"];
const HISTORY: [&str; 2] = ["visible", "hidden"];
const IDENTIFIERS: [&str; 3] = ["company", "organisation", "vat"];
const SECTORS: [&str; 2] = ["private", "public"];
const SIZES: [&str; 4] = ["micro", "medium", "large", "other"];

pub fn violations(document: &Document) -> Vec<Violation> {
    let mut checker = Checker { violations: Vec::new() };
    let known = Known::of(document);
    checker.public_name("version", "", &document.version);
    checker.law(document);
    checker.parties(document, &known);
    checker.activities(document, &known);
    checker.resources(document);
    checker.groups(document, &known);
    checker.heartbeats(document);
    checker.agents(document, &known);
    checker.roles(document, &known);
    checker.policies(document);
    checker.suppressions(document, &known);
    let mut violations = checker.violations;
    let more = violations.len().saturating_sub(VIOLATIONS_MAX);
    if more > 0 {
        violations.truncate(VIOLATIONS_MAX);
        violations.push(Violation { field: FIELD.into(), description: format!("has {more} more mistakes") });
    }
    violations
}

/// The names that tables may speak of.
struct Known<'a> {
    parties: BTreeSet<&'a str>,
    groups: BTreeSet<&'a str>,
    agents: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(document: &'a Document) -> Self {
        Known {
            parties: document.parties.iter().map(|party| party.name.as_str()).collect(),
            groups: document.groups.iter().map(|group| group.name.as_str()).collect(),
            agents: document.agents.iter().map(|agent| agent.name.as_str()).collect(),
        }
    }
}

struct Checker {
    violations: Vec<Violation>,
}

impl Checker {
    /// The controller, and the law it is under.
    fn law(&mut self, document: &Document) {
        let joint = document.joint_controllers.iter().enumerate();
        self.length("joint_controllers", document.joint_controllers.len());
        let joint = joint.map(|(i, controller)| (format!("joint_controllers[{i}]"), controller));
        for (at, controller) in document.controller.iter().map(|it| ("controller".to_owned(), it)).chain(joint) {
            self.line(format_args!("{at}.name"), &controller.name);
            self.text(format_args!("{at}.address"), controller.address.as_deref());
            self.text(format_args!("{at}.contact"), controller.contact.as_deref());
            self.text(format_args!("{at}.representative"), controller.representative.as_deref());
            self.country(format_args!("{at}.country"), controller.country.as_deref());
        }
        if let Some(dpo) = &document.dpo {
            let values = [("name", &dpo.name), ("contact", &dpo.contact), ("address", &dpo.address)];
            if values.iter().all(|(_, value)| value.is_none()) {
                self.refuse("dpo", "says nothing: give a name, a contact or an address, or leave it out");
            }
            for (field, value) in values {
                self.text(format_args!("dpo.{field}"), value.as_deref());
            }
        }
        if let Some(authority) = &document.authority {
            self.line("authority.name", &authority.name);
            self.text("authority.address", authority.address.as_deref());
            self.text("authority.contact", authority.contact.as_deref());
            self.country("authority.country", authority.country.as_deref());
        }
        if let Some(notification) = &document.notification {
            self.notification(notification);
        }
        if let Some(profile) = &document.profile {
            self.profile(profile);
        }
        self.length("wording", document.wording.len());
        for (language, wording) in &document.wording {
            let at = format!("wording.{language}");
            if !is_language(language) {
                // A key is no value of a person, and the reader has to find it.
                self.refuse(&at, "is not a language, such as en or pt-BR");
            }
            self.text(format_args!("{at}.rights"), wording.rights.as_deref());
            self.text(format_args!("{at}.complaint"), wording.complaint.as_deref());
            self.text(format_args!("{at}.contact"), wording.contact.as_deref());
            self.length(format_args!("{at}.activities"), wording.activities.len());
            for (purpose, said) in &wording.activities {
                let at = format!("{at}.activities.{purpose}");
                match document.activity(purpose) {
                    None => self.refuse(&at, "is no purpose of an activity"),
                    Some(activity) => self.translated(&at, said, activity),
                }
            }
        }
    }

    /// A translation of what the activity itself does not say would stand in one language alone.
    fn translated(&mut self, at: &str, said: &ActivityWording, activity: &Activity) {
        let criteria = activity.retention.as_ref().and_then(|kept| kept.criteria.as_deref());
        for (field, text, own) in [
            ("title", &said.title, activity.title.as_deref()),
            ("criteria", &said.criteria, criteria),
            ("source_of_data", &said.source_of_data, activity.source_of_data.as_deref()),
        ] {
            self.text(format_args!("{at}.{field}"), text.as_deref());
            if text.is_some() && own.is_none() {
                self.refuse(format_args!("{at}.{field}"), "translates what the activity does not say");
            }
        }
    }

    /// What the authority's form asks of the controller.
    fn notification(&mut self, said: &Notification) {
        let at = |field: &str| format!("notification.{field}");
        self.one_of(at("identifier_kind"), said.identifier_kind.as_deref(), &IDENTIFIERS);
        if said.identifier.is_some() != said.identifier_kind.is_some() {
            self.refuse(at("identifier"), "and identifier_kind are given together, or neither is");
        }
        self.one_of(at("sector"), said.sector.as_deref(), &SECTORS);
        self.one_of(at("size"), said.size.as_deref(), &SIZES);
        let texts = [
            ("identifier", &said.identifier),
            ("size_text", &said.size_text),
            ("economic_activity", &said.economic_activity),
            ("national_number", &said.national_number),
            ("declaration", &said.declaration),
        ];
        for (field, text) in texts {
            self.text(at(field), text.as_deref());
        }
        let people = [("reporter", &said.reporter), ("contact", &said.contact)];
        for (field, person) in people.into_iter().filter_map(|(field, person)| Some((at(field), person.as_ref()?))) {
            self.line(format_args!("{field}.name"), &person.name);
            self.text(format_args!("{field}.contact"), person.contact.as_deref());
            self.text(format_args!("{field}.function"), person.function.as_deref());
        }
        self.length(at("measures"), said.measures.len());
        self.unique(said.measures.iter(), |i| at(&format!("measures[{i}]")));
        let known = law::edpb::MEASURES.map(|(name, _)| name);
        for (i, measure) in said.measures.iter().enumerate() {
            self.one_of(at(&format!("measures[{i}]")), Some(measure), &known);
        }
        self.countries("notification.establishments", &said.establishments);
    }

    fn countries(&mut self, field: &str, countries: &[String]) {
        self.length(field, countries.len());
        self.unique(countries.iter(), |i| format!("{field}[{i}]"));
        for (i, country) in countries.iter().enumerate() {
            self.country(format_args!("{field}[{i}]"), Some(country));
        }
    }

    fn profile(&mut self, profile: &Profile) {
        self.line("profile.id", &profile.id);
        self.date("profile.snapshot", &profile.snapshot);
        self.country("profile.country", profile.country.as_deref());
        if let Some(zone) = &profile.zone
            && jiff::tz::TimeZoneDatabase::bundled().get(zone).is_err()
        {
            self.refuse("profile.zone", "is not a time zone of the IANA database, such as Europe/Berlin");
        }
        if profile.language.as_ref().is_some_and(|language| !REPORT_LANGUAGES.contains(&language.as_str())) {
            let known = REPORT_LANGUAGES.join(", ");
            self.refuse("profile.language", format_args!("is none of those in which reports are written: {known}"));
        }
        self.number("profile.breach_notification_h", profile.breach_notification_h, 1, law::NOTIFICATION_HOURS_MAX);
        self.number("profile.access_request_months", profile.access_request_months, 1, 12);
        self.number("profile.access_request_extension_months", profile.access_request_extension_months, 0, 12);
        self.number("profile.break_glass_review_h", profile.break_glass_review_h, 1, HOURS_MAX);
        self.length("profile.holidays", profile.holidays.len());
        for (i, day) in profile.holidays.iter().enumerate() {
            self.date(format_args!("profile.holidays[{i}]"), day);
        }
        self.unique(profile.holidays.iter(), |i| format!("profile.holidays[{i}]"));
        self.lines("profile.severity", &profile.severity);
        // What `law::Profile` refuses would stop every case.
        let too_long = |level: &String| level.len() > law::SEVERITY_BYTES_MAX;
        if profile.severity.len() > law::SEVERITY_LEVELS_MAX || profile.severity.iter().any(too_long) {
            self.refuse("profile.severity", "has more than 16 levels, or one of more than 64 bytes");
        }
        if let Some(Thresholds { medium, high, very_high }) = profile.thresholds
            && !(law::enisa::Thresholds { medium, high, very_high }).fit()
        {
            let text = "need medium, high and very_high, each above the one before, from 1 to 600 hundredths";
            self.refuse("profile.thresholds", text);
        }
        for (class, months) in &profile.retention {
            let at = format!("profile.retention.{class}");
            if RetentionClass::from_code(class).is_none() {
                self.refuse(&at, "is none of subject, staff, content and body");
            }
            self.number(&at, Some(*months), 1, MONTHS_MAX);
        }
    }

    fn parties(&mut self, document: &Document, known: &Known<'_>) {
        let parties = &document.parties;
        self.length("parties", parties.len());
        self.unique(parties.iter().map(|party| &party.name), |i| format!("parties[{i}].name"));
        for (i, party) in parties.iter().enumerate() {
            let at = format!("parties[{i}]");
            self.public_name(format_args!("{at}.name"), "", &party.name);
            if RecipientKind::from_code(&party.role).is_none() {
                self.refuse(format_args!("{at}.role"), "is missing, or no kind of recipient, such as processor");
            }
            self.country(format_args!("{at}.country"), party.country.as_deref());
            self.text(format_args!("{at}.address"), party.address.as_deref());
            self.text(format_args!("{at}.contact"), party.contact.as_deref());
            self.text(format_args!("{at}.contract"), party.contract.as_deref());
            self.number(format_args!("{at}.retention_days"), party.retention_days, 0, DAYS_MAX);
            if let Some(safeguard) = &party.safeguard {
                self.basis(format_args!("{at}.safeguard"), safeguard, Article::ChapterFive);
            }
            self.known(&format!("{at}.sub_processors"), &party.sub_processors, "a party of this file", |name| {
                known.parties.contains(name)
            });
        }
        for i in in_a_circle(parties) {
            self.refuse(format_args!("parties[{i}].sub_processors"), "lead into a circle");
        }
    }

    fn activities(&mut self, document: &Document, known: &Known<'_>) {
        let activities = &document.activities;
        self.length("activities", activities.len());
        self.unique(activities.iter().map(|activity| &activity.purpose), |i| format!("activities[{i}].purpose"));
        for (i, activity) in activities.iter().enumerate() {
            let at = format!("activities[{i}]");
            self.public_name(format_args!("{at}.purpose"), "purpose/", &activity.purpose);
            self.text(format_args!("{at}.title"), activity.title.as_deref());
            self.bases(&format!("{at}.legal_bases"), &activity.legal_bases, Article::Six);
            self.bases(&format!("{at}.article_9"), &activity.article_9, Article::Nine);
            self.categories(&format!("{at}.categories"), &activity.categories);
            self.known(&format!("{at}.recipients"), &activity.recipients, "a party of this file", |name| {
                known.parties.contains(name)
            });
            if let Some(retention) = &activity.retention {
                if *retention == Retention::default() {
                    self.refuse(format_args!("{at}.retention"), "says nothing: give months or criteria");
                }
                self.number(format_args!("{at}.retention.months"), retention.months, 1, MONTHS_MAX);
                self.text(format_args!("{at}.retention.criteria"), retention.criteria.as_deref());
            }
            self.length(format_args!("{at}.transfers"), activity.transfers.len());
            for (j, transfer) in activity.transfers.iter().enumerate() {
                let at = format!("{at}.transfers[{j}]");
                if !known.parties.contains(transfer.recipient.as_str()) {
                    self.refuse(format_args!("{at}.recipient"), "is missing, or not a party of this file");
                }
                if !is_country(&transfer.country) {
                    self.refuse(format_args!("{at}.country"), NO_COUNTRY);
                }
                self.basis(format_args!("{at}.safeguard"), &transfer.safeguard, Article::ChapterFive);
            }
            self.text(format_args!("{at}.measures"), activity.measures.as_deref());
            self.text(format_args!("{at}.source_of_data"), activity.source_of_data.as_deref());
        }
    }

    fn resources(&mut self, document: &Document) {
        let resources = &document.resources;
        self.length("resources", resources.len());
        self.unique(resources.iter().map(|resource| &resource.name), |i| format!("resources[{i}].name"));
        let mut delays: BTreeMap<&str, u32> = BTreeMap::new();
        for (i, resource) in resources.iter().enumerate() {
            let at = format!("resources[{i}]");
            self.public_name(format_args!("{at}.name"), "", &resource.name);
            self.text(format_args!("{at}.title"), resource.title.as_deref());
            self.text(format_args!("{at}.location"), resource.location.as_deref());
            self.one_of(format_args!("{at}.read_logging"), resource.read_logging.as_deref(), &READ_LOGGING);
            self.one_of(format_args!("{at}.history"), resource.history.as_deref(), &HISTORY);
            self.number(format_args!("{at}.delivery_delay_s"), resource.delivery_delay_s, 0, SECONDS_MAX);
            self.number(format_args!("{at}.permission_cache_s"), resource.permission_cache_s, 0, SECONDS_MAX);
            self.number(format_args!("{at}.recoverable_days"), resource.recoverable_days, 0, DAYS_MAX);
            self.categories(&format!("{at}.listing_categories"), &resource.listing_categories);
            self.countries(&format!("{at}.subject_countries"), &resource.subject_countries);
            if resource.subject_language.as_ref().is_some_and(|language| !is_language(language)) {
                self.refuse(format_args!("{at}.subject_language"), "is not a language, such as en or pt-BR");
            }
            let source = format!("{at}.read_logging_source");
            match (resource.read_logging.as_deref(), &resource.read_logging_source) {
                (Some("complete" | "sampled"), None) => {
                    self.refuse(&source, "is missing: which source logs the reads?")
                }
                (Some("none") | None, Some(_)) => self.refuse(&source, "is given although no reads are logged"),
                (_, Some(name)) => self.public_name(&source, "", name),
                (_, None) => {}
            }
            match (resource.delivery_delay_s, &resource.read_logging_source) {
                (Some(_), None) => {
                    self.refuse(format_args!("{at}.delivery_delay_s"), "is given without a source that has it")
                }
                (Some(delay), Some(source)) if *delays.entry(source).or_insert(delay) != delay => {
                    let text = "is another than a resource before says of the same source";
                    self.refuse(format_args!("{at}.delivery_delay_s"), text);
                }
                _ => {}
            }
        }
    }

    /// How often a source is heard: what several tables say of one has to be one thing.
    fn heartbeats(&mut self, document: &Document) {
        let resources = document.resources.iter().enumerate();
        let resources = resources.map(|(i, it)| ("resources", i, it.heartbeat_s, &it.read_logging_source));
        let groups = document.groups.iter().enumerate().map(|(i, it)| ("groups", i, it.heartbeat_s, &it.feed));
        let mut said: BTreeMap<&str, u32> = BTreeMap::new();
        for (table, i, seconds, source) in resources.chain(groups) {
            let at = format!("{table}[{i}].heartbeat_s");
            self.number(&at, seconds, 1, SECONDS_MAX);
            match (seconds, source) {
                (Some(_), None) => self.refuse(&at, "is given without a source that has it"),
                (Some(seconds), Some(source)) if *said.entry(source).or_insert(seconds) != seconds => {
                    self.refuse(&at, "is another than a table before says of the same source");
                }
                _ => {}
            }
        }
    }

    fn groups(&mut self, document: &Document, known: &Known<'_>) {
        self.length("groups", document.groups.len());
        self.unique(document.groups.iter().map(|group| &group.name), |i| format!("groups[{i}].name"));
        for (i, group) in document.groups.iter().enumerate() {
            self.public_name(format_args!("groups[{i}].name"), "", &group.name);
            if known.parties.contains(group.name.as_str()) {
                self.refuse(format_args!("groups[{i}].name"), "is the name of a party too");
            }
            if let Some(feed) = &group.feed {
                self.public_name(format_args!("groups[{i}].feed"), "", feed);
            }
        }
    }

    fn agents(&mut self, document: &Document, known: &Known<'_>) {
        self.length("agents", document.agents.len());
        self.unique(document.agents.iter().map(|agent| &agent.name), |i| format!("agents[{i}].name"));
        for (i, agent) in document.agents.iter().enumerate() {
            let at = format!("agents[{i}]");
            self.public_name(format_args!("{at}.name"), "", &agent.name);
            self.text(format_args!("{at}.owner"), agent.owner.as_deref());
            self.text(format_args!("{at}.charter"), agent.charter.as_deref());
            if let Some(model) = &agent.model {
                self.public_name(format_args!("{at}.model"), "model/", model);
            }
            if let Some(vendor) = &agent.vendor {
                self.public_name(format_args!("{at}.vendor"), "vendor/", vendor);
                if !known.parties.contains(vendor.as_str()) {
                    self.refuse(format_args!("{at}.vendor"), "is not a party of this file");
                }
            }
            self.number(format_args!("{at}.memory_days"), agent.memory_days, 0, DAYS_MAX);
            self.number(format_args!("{at}.session_max_s"), agent.session_max_s, 1, SECONDS_MAX);
            self.length(format_args!("{at}.tools"), agent.tools.len());
            self.unique(agent.tools.iter(), |j| format!("{at}.tools[{j}]"));
            for (j, tool) in agent.tools.iter().enumerate() {
                self.public_name(format_args!("{at}.tools[{j}]"), "", tool);
            }
        }
    }

    fn roles(&mut self, document: &Document, known: &Known<'_>) {
        self.length("roles", document.roles.len());
        self.unique(document.roles.iter().map(|role| &role.name), |i| format!("roles[{i}].name"));
        for (i, role) in document.roles.iter().enumerate() {
            let at = format!("roles[{i}]");
            self.line(format_args!("{at}.name"), &role.name);
            if role.may.is_empty() {
                self.refuse(format_args!("{at}.may"), "is missing");
            }
            self.length(format_args!("{at}.may"), role.may.len());
            self.unique(role.may.iter(), |j| format!("{at}.may[{j}]"));
            for (j, may) in role.may.iter().enumerate() {
                self.one_of(format_args!("{at}.may[{j}]"), Some(may), &MAY);
            }
            if role.persons.is_empty() && role.parties.is_empty() {
                self.refuse(
                    format_args!("{at}.persons"),
                    "is missing, as is any party: a role that nobody has allows nothing",
                );
            }
            self.persons(&format!("{at}.persons"), &role.persons);
            let what = "a party, group or agent of this file";
            self.known(&format!("{at}.parties"), &role.parties, what, |name| {
                known.parties.contains(name) || known.groups.contains(name) || known.agents.contains(name)
            });
        }
        self.keys(document);
    }

    /// Whoever may sign has one key, and nobody else has it: a signature says who.
    fn keys(&mut self, document: &Document) {
        let mut theirs: Vec<(Identity, Vec<u8>)> = Vec::new();
        for (i, role) in document.roles.iter().enumerate() {
            let may_sign = role.may.iter().any(|may| may == "sign");
            for (j, person) in role.persons.iter().enumerate() {
                let at = format!("roles[{i}].persons[{j}].public_key");
                match (&person.public_key, person.key()) {
                    (None, _) if may_sign => self.refuse(at, "is missing: whoever may sign needs a key of their own"),
                    (None, _) => {}
                    (Some(_), _) if !may_sign => self.refuse(at, "belongs to the persons of a role that may sign"),
                    (Some(_), None) => self.refuse(at, "is not 64 hexadecimal digits"),
                    (Some(_), Some(key)) => {
                        let own = person.normal();
                        if let Some(wrong) = key_problem(&key) {
                            self.refuse(at, wrong);
                        } else if theirs.iter().any(|(who, known)| (*who == own) != (*known == key)) {
                            self.refuse(at, "is the key of somebody else too, or not the only one of this person");
                        }
                        theirs.push((own, key));
                    }
                }
            }
        }
    }

    fn policies(&mut self, document: &Document) {
        let approve: BTreeSet<&str> = document.who_may("approve").map(|role| role.name.as_str()).collect();
        self.length("policies", document.policies.len());
        self.unique(document.policies.iter().map(|policy| &policy.id), |i| format!("policies[{i}].id"));
        for (i, policy) in document.policies.iter().enumerate() {
            self.public_name(format_args!("policies[{i}].id"), "policy/", &policy.id);
            self.number(format_args!("policies[{i}].valid_for_s"), policy.valid_for_s, 1, SECONDS_MAX);
            if policy.approvers.as_ref().is_some_and(|role| !approve.contains(role.as_str())) {
                self.refuse(format_args!("policies[{i}].approvers"), "is no role of this file that may approve");
            }
        }
    }

    fn suppressions(&mut self, document: &Document, known: &Known<'_>) {
        let orders = &document.suppressions;
        self.length("suppressions", orders.len());
        self.unique(orders.iter().map(|order| &order.reference), |i| format!("suppressions[{i}].reference"));
        for (i, order) in orders.iter().enumerate() {
            let at = format!("suppressions[{i}]");
            self.line(format_args!("{at}.reference"), &order.reference);
            self.line(format_args!("{at}.authority"), &order.authority);
            if order.subjects.is_empty() {
                self.refuse(format_args!("{at}.subjects"), "is missing: who is not to be told?");
            }
            self.persons(&format!("{at}.subjects"), &order.subjects);
            for (j, _) in order.subjects.iter().enumerate().filter(|(_, subject)| subject.public_key.is_some()) {
                let at = format_args!("{at}.subjects[{j}].public_key");
                self.refuse(at, "belongs to the persons of a role that may sign");
            }
            self.lines(&format!("{at}.callers"), &order.callers);
            self.known(&format!("{at}.recipients"), &order.recipients, "a party of this file", |name| {
                known.parties.contains(name)
            });
            for (field, names) in [
                ("actors", &order.actors),
                ("datasets", &order.datasets),
                ("purposes", &order.purposes),
                ("cases", &order.cases),
            ] {
                self.lines(&format!("{at}.{field}"), names);
            }
            let acts_from = order.acts_from.as_ref().and_then(|day| self.date(format_args!("{at}.acts_from"), day));
            let acts_until = order.acts_until.as_ref().and_then(|day| self.date(format_args!("{at}.acts_until"), day));
            if acts_from.zip(acts_until).is_some_and(|(from, until)| until < from) {
                self.refuse(format_args!("{at}.acts_until"), "is before the first day");
            }
            let from = self.date(format_args!("{at}.from"), &order.from);
            let until = order.until.as_ref().and_then(|until| self.date(format_args!("{at}.until"), until));
            if from.zip(until).is_some_and(|(from, until)| until < from) {
                self.refuse(format_args!("{at}.until"), "is before the first day");
            }
        }
    }
}

/// Of one value or list.
impl Checker {
    fn refuse(&mut self, field: impl Display, description: impl Display) {
        self.violations.push(Violation { field: format!("{FIELD}.{field}"), description: description.to_string() });
    }

    fn length(&mut self, field: impl Display, length: usize) {
        if length > LIST_MAX {
            self.refuse(field, format_args!("has more than {LIST_MAX} elements"));
        }
    }

    /// One that becomes public for ever, under this prefix where it is a term.
    fn public_name(&mut self, field: impl Display, prefix: &str, name: &str) {
        if name.is_empty() {
            self.refuse(field, "is missing");
        } else if !is_registry_name(name) || prefix.len() + name.len() > NAME_MAX {
            let most = NAME_MAX - prefix.len();
            self.refuse(
                field,
                format_args!(
                    "becomes public, so it must be 1 to {most} of a–z, A–Z, 0–9, '.', '_', ':', '/', '-', and begin \
                     with a letter or digit"
                ),
            );
        }
    }

    /// A line that has to be there.
    fn line(&mut self, field: impl Display, line: &str) {
        if line.trim().is_empty() {
            self.refuse(field, "is missing");
        } else if line.len() > LINE_MAX {
            self.refuse(field, format_args!("has more than {LINE_MAX} bytes"));
        } else if line.chars().any(char::is_control) {
            self.refuse(field, "holds a control character");
        }
    }

    fn lines(&mut self, field: &str, lines: &[String]) {
        self.length(field, lines.len());
        self.unique(lines.iter(), |i| format!("{field}[{i}]"));
        for (i, line) in lines.iter().enumerate() {
            self.line(format_args!("{field}[{i}]"), line);
        }
    }

    /// One that may be left out; it may have several lines.
    fn text(&mut self, field: impl Display, text: Option<&str>) {
        let Some(text) = text else { return };
        if text.trim().is_empty() {
            self.refuse(field, "is empty: leave it out");
        } else if text.len() > TEXT_MAX {
            self.refuse(field, format_args!("has more than {TEXT_MAX} bytes"));
        } else if text.chars().any(|c| c.is_control() && c != '\n') {
            self.refuse(field, "holds a control character");
        }
    }

    fn country(&mut self, field: impl Display, country: Option<&str>) {
        if country.is_some_and(|country| !is_country(country)) {
            self.refuse(field, NO_COUNTRY);
        }
    }

    fn number(&mut self, field: impl Display, number: Option<u32>, least: u32, most: u32) {
        if number.is_some_and(|number| !(least..=most).contains(&number)) {
            self.refuse(field, format_args!("is not {least} to {most}"));
        }
    }

    fn date(&mut self, field: impl Display, date: &str) -> Option<jiff::civil::Date> {
        // The parser takes more forms than this one.
        let parsed = Some(date).filter(|date| date.len() == 10).and_then(|date| date.parse().ok());
        if parsed.is_none() {
            self.refuse(field, "is missing, or not a day as YYYY-MM-DD");
        }
        parsed
    }

    fn one_of(&mut self, field: impl Display, value: Option<&str>, choices: &[&str]) {
        if value.is_some_and(|value| !choices.contains(&value)) {
            self.refuse(field, format_args!("is none of {}", choices.join(", ")));
        }
    }

    fn categories(&mut self, field: &str, categories: &[String]) {
        self.length(field, categories.len());
        self.unique(categories.iter(), |i| format!("{field}[{i}]"));
        for (i, category) in categories.iter().enumerate() {
            if Category::from_code(category).is_none() {
                self.refuse(format_args!("{field}[{i}]"), "is not a data category, such as contact");
            }
        }
    }

    fn bases(&mut self, field: &str, bases: &[String], article: Article) {
        self.length(field, bases.len());
        self.unique(bases.iter(), |i| format!("{field}[{i}]"));
        for (i, basis) in bases.iter().enumerate() {
            self.basis(format_args!("{field}[{i}]"), basis, article);
        }
    }

    fn basis(&mut self, field: impl Display, basis: &str, article: Article) {
        if LegalBasis::from_code(basis).and_then(Article::of) != Some(article) {
            self.refuse(
                field,
                match article {
                    Article::Six => "is not a legal basis of Art. 6, such as gdpr:6.1.b",
                    Article::Nine => "is not a ground of Art. 9(2) or 10, such as gdpr:9.2.a",
                    Article::ChapterFive => "is missing, or not a ground of Chapter V, such as gdpr:46.2.c",
                },
            );
        }
    }

    /// Names that must stand elsewhere in the file.
    fn known(&mut self, field: &str, names: &[String], what: &str, is_known: impl Fn(&str) -> bool) {
        self.length(field, names.len());
        self.unique(names.iter(), |i| format!("{field}[{i}]"));
        for (i, name) in names.iter().enumerate() {
            if !is_known(name) {
                self.refuse(format_args!("{field}[{i}]"), format_args!("is not {what}"));
            }
        }
    }

    fn persons(&mut self, field: &str, persons: &[Person]) {
        self.length(field, persons.len());
        for (i, person) in persons.iter().enumerate() {
            let at = format!("{field}[{i}]");
            self.line(format_args!("{at}.namespace"), &person.namespace);
            if person.namespace.get(..7).is_some_and(|front| front.eq_ignore_ascii_case("whosaw:")) {
                self.refuse(format_args!("{at}.namespace"), "is reserved");
            }
            if !(1..=16).contains(&person.fields.len()) {
                self.refuse(format_args!("{at}.fields"), "has not 1 to 16 fields");
            }
            for (j, value) in person.fields.iter().enumerate() {
                self.line(format_args!("{at}.fields[{j}]"), value);
            }
            if persons[..i].iter().any(|other| other.normal() == person.normal()) {
                self.refuse(&at, "stands twice");
            }
        }
    }

    fn unique<'a>(&mut self, names: impl Iterator<Item = &'a String>, field: impl Fn(usize) -> String) {
        let mut seen = BTreeSet::new();
        for (i, name) in names.enumerate() {
            if !name.is_empty() && !seen.insert(name) {
                self.refuse(field(i), "stands twice");
            }
        }
    }
}

const NO_COUNTRY: &str = "is not an ISO 3166-1 alpha-2 code in capitals";
const NAME_MAX: usize = 128;

/// Two or three letters, and perhaps a country: what BCP 47 writes for the languages of authorities.
fn is_language(language: &str) -> bool {
    let (language, country) = language.split_once('-').map_or((language, None), |(l, c)| (l, Some(c)));
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && country.is_none_or(is_country)
}

/// Parties whose sub-processors never end, because they lead into a circle: nobody could say who instructs whom.
fn in_a_circle(parties: &[Party]) -> Vec<usize> {
    let number: BTreeMap<&str, usize> = parties.iter().enumerate().map(|(i, it)| (it.name.as_str(), i)).collect();
    let mut waits_for = vec![0; parties.len()];
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); parties.len()];
    for (i, party) in parties.iter().enumerate() {
        for below in party.sub_processors.iter().filter_map(|name| number.get(name.as_str())) {
            waits_for[i] += 1;
            above[*below].push(i);
        }
    }
    let mut ends: Vec<usize> = (0..parties.len()).filter(|i| waits_for[*i] == 0).collect();
    while let Some(end) = ends.pop() {
        for i in &above[end] {
            waits_for[*i] -= 1;
            if waits_for[*i] == 0 {
                ends.push(*i);
            }
        }
    }
    (0..parties.len()).filter(|i| waits_for[*i] > 0).collect()
}
