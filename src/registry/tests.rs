//! Files that are read, refused and compared.

use super::*;
use crate::model::{Identity, Registered, Registry, RegistryKind, Strength, is_registry_name};
use std::collections::BTreeMap;

/// The file that this repository shows to people.
const EXAMPLE: &str = include_str!("../../reports/registry/example.toml");

fn example() -> Document {
    Document::parse(EXAMPLE).unwrap_or_else(|wrong| panic!("{wrong:#?}"))
}

fn refused(text: &str) -> Vec<Violation> {
    Document::parse(text).expect_err(text)
}

/// As they are told, without the names.
fn told(changes: &[Change]) -> Vec<(&str, Option<&str>, Option<&str>)> {
    changes.iter().map(|it| (it.path.as_str(), it.before.as_deref(), it.after.as_deref())).collect()
}

#[test]
fn the_example_is_read_whole() {
    let document = example();
    assert_eq!(document.version, "registry-1");
    assert_eq!(document.controller.as_ref().map(|it| it.name.as_str()), Some("Meridian Travel GmbH"));
    let profile = document.profile.as_ref().expect("a profile");
    assert_eq!((profile.snapshot.as_str(), profile.breach_notification_h), ("2026-11-24", Some(72)));
    assert_eq!(document.party("northwind-models").and_then(|party| party.retention_days), Some(30));
    assert_eq!(document.agent("helpdesk-assistant").and_then(|agent| agent.session_max_s), Some(3_600));
    assert_eq!(document.resource("crm").and_then(|resource| resource.delivery_delay_s), Some(300));
    assert_eq!(document.activity("customer-service").map(|activity| activity.transfers.len()), Some(1));
    assert_eq!(document.policy("refunds").and_then(|policy| policy.single_use), Some(true));
    let correct: Vec<_> = document.who_may("correct").map(|role| role.persons[0].identity().fields).collect();
    assert_eq!(correct, [["4711"]]);
    // No table is without its example, so that this test is about all of them.
    let tables = serde_json::to_value(&document).expect("JSON");
    for (table, value) in tables.as_object().expect("tables") {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        assert!(!empty, "{table} is not in the example");
    }
}

#[test]
fn a_version_is_enough() {
    let document = Document::parse("version = \"v1\"").expect("the rest is not provided");
    assert_eq!(document, Document { version: "v1".into(), ..Document::default() });
}

#[test]
fn every_mistake_is_told_by_its_field_and_without_its_value() {
    for (from, to, field) in [
        ("version = \"registry-1\"", "", "version"),
        ("\"registry-1\"", "\"the first of Anna\"", "version"),
        ("name = \"Meridian Travel GmbH\"", "name = \" \"", "controller.name"),
        ("country = \"LU\"", "country = \"lu\"", "joint_controllers[0].country"),
        ("contact = \"dpo@meridian.example, +49 30 0000000\"", "contact = \"\"", "dpo.contact"),
        ("sector = \"private\"", "sector = \"both\"", "notification.sector"),
        ("identifier = \"HRB 000000 B\"\n", "", "notification.identifier"),
        ("\"training\"]", "\"magic\"]", "notification.measures[3]"),
        ("establishments = [\"DE\", \"LU\"]", "establishments = [\"DE\", \"Lux\"]", "notification.establishments[1]"),
        (
            "subject_countries = [\"DE\", \"PL\"]",
            "subject_countries = [\"DE\", \"DE\"]",
            "resources[0].subject_countries[1]",
        ),
        ("subject_language = \"de\"", "subject_language = \"German\"", "resources[0].subject_language"),
        ("snapshot = \"2026-11-24\"", "snapshot = \"24.11.2026\"", "profile.snapshot"),
        ("snapshot = \"2026-11-24\"", "", "profile.snapshot"),
        ("Europe/Berlin", "Europe/Bonn", "profile.zone"),
        ("\nlanguage = \"en\"", "\nlanguage = \"English\"", "profile.language"),
        ("\nlanguage = \"en\"", "\nlanguage = \"fr\"", "profile.language"),
        ("breach_notification_h = 72", "breach_notification_h = 0", "profile.breach_notification_h"),
        ("2027-03-29", "2027-02-29", "profile.holidays[3]"),
        ("2027-03-29", "2026-12-25", "profile.holidays[3]"),
        ("\"Sev 4\"", "\"Sev 1\"", "profile.severity[3]"),
        ("body = 36", "bodies = 36", "profile.retention.bodies"),
        ("body = 36", "body = 1201", "profile.retention.body"),
        ("role = \"sub_processor\"", "role = \"subprocessor\"", "parties[1].role"),
        (
            "sub_processors = [\"northwind-hosting\"]",
            "sub_processors = [\"elsewhere\"]",
            "parties[0].sub_processors[0]",
        ),
        (
            "sub_processors = [\"northwind-hosting\"]",
            "sub_processors = [\"northwind-models\"]",
            "parties[0].sub_processors",
        ),
        ("retention_days = 30", "retention_days = 36526", "parties[0].retention_days"),
        ("safeguard = \"gdpr:46.2.c\"\n\n", "safeguard = \"gdpr:6.1.a\"\n\n", "parties[0].safeguard"),
        ("name = \"crm-host\"", "name = \"northwind-hosting\"", "parties[2].name"),
        ("name = \"crm-host\"", "name = \"Anna Example\"", "parties[2].name"),
        ("legal_bases = [\"gdpr:6.1.b\"]", "legal_bases = [\"gdpr:9.2.a\"]", "activities[0].legal_bases[0]"),
        ("\"payment\"]", "\"money\"]", "activities[0].categories[2]"),
        ("\"crm-host\"]", "\"crm-hosts\"]", "activities[0].recipients[1]"),
        ("country = \"US\", safeguard", "safeguard", "activities[0].transfers[0].country"),
        ("purpose = \"customer-service\"", "purpose = \"customer service\"", "activities[0].purpose"),
        ("read_logging = \"complete\"", "read_logging = \"all\"", "resources[0].read_logging"),
        ("read_logging_source = \"gateway-eu\"", "", "resources[0].read_logging_source"),
        ("read_logging = \"none\"", "read_logging = \"sampled\"", "resources[1].read_logging_source"),
        ("heartbeat_s = 60", "heartbeat_s = 0", "resources[0].heartbeat_s"),
        ("read_logging = \"none\"", "read_logging = \"none\"\nheartbeat_s = 60", "resources[1].heartbeat_s"),
        ("feed = \"directory-feed\"", "feed = \"gateway-eu\"", "groups[0].heartbeat_s"),
        ("history = \"visible\"", "history = \"shown\"", "resources[1].history"),
        ("name = \"support-team\"", "name = \"crm-host\"", "groups[0].name"),
        ("vendor = \"northwind-models\"", "vendor = \"eastwind\"", "agents[0].vendor"),
        ("session_max_s = 3600", "session_max_s = 0", "agents[0].session_max_s"),
        ("\"send_mail\"]", "\"get_customer\"]", "agents[0].tools[1]"),
        ("may = [\"approve\"]", "may = [\"approve\", \"erase\"]", "roles[1].may[1]"),
        ("fields = [\"4711\"]", "fields = []", "roles[0].persons[0].fields"),
        ("namespace = \"employee\"", "namespace = \"whosaw:ledger\"", "roles[0].persons[0].namespace"),
        ("parties = [\"support-team\"]", "parties = [\"night-team\"]", "roles[1].parties[0]"),
        ("approvers = \"shift lead\"", "approvers = \"privacy team\"", "policies[0].approvers"),
        ("until = \"2027-05-01\"", "until = \"2026-10-31\"", "suppressions[0].until"),
        ("authority = \"Public prosecutor\"", "", "suppressions[0].authority"),
        ("subjects = [{ namespace = \"customer\", fields = [\"C-9009\"] }]", "", "suppressions[0].subjects"),
        ("[wording.en]", "[wording.english]", "wording.english"),
        ("[wording.de.activities.customer-service]", "[wording.de.activities.sales]", "wording.de.activities.sales"),
        ("title = \"Answering customers\"\n", "", "wording.de.activities.customer-service.title"),
        // What does not fit into its field at all.
        ("retention_days = 30", "retention_days = \"Anna\"", "parties[0].retention_days"),
        ("retention_days = 30", "retention_days = -1", "parties[0].retention_days"),
        ("retention_days = 30", "retained = 30", "parties[0].retained"),
        ("complaint =", "complaints =", "wording.en.complaints"),
    ] {
        let text = EXAMPLE.replacen(from, to, 1);
        assert_ne!(text, EXAMPLE, "{from}");
        let violations = refused(&text);
        assert!(violations.iter().any(|it| it.field == format!("registry.{field}")), "{to}: {violations:?}");
        for violation in violations {
            let said = format!("{} {}", violation.field, violation.description);
            assert!(!said.contains("Anna") && !said.contains("C-9009"), "a value in an error: {said}");
        }
    }
}

#[test]
fn all_mistakes_are_told_at_once_and_what_is_no_toml_by_its_line() {
    let text = EXAMPLE.replace("Europe/Berlin", "Bonn").replace("\"support-team\"\nfeed", "\"support team\"\nfeed");
    // The role that names the group does not find it any more.
    assert_eq!(refused(&text).len(), 3);
    let broken = refused("version = \"v1\"\n[controller\n");
    assert_eq!(broken.len(), 1);
    assert!(broken[0].field == "registry" && broken[0].description.starts_with("line 2: "), "{broken:?}");
    let many: String = (0..500).map(|_| "[[groups]]\nname = \"no name\"\n").collect();
    let violations = refused(&format!("version = \"v1\"\n{many}"));
    assert_eq!(violations.len(), 41);
    assert!(violations[40].description.contains("more mistakes"), "{violations:?}");
    let long = format!("version = \"v1\"\n# {}", "x".repeat(BYTES_MAX));
    assert_eq!(refused(&long)[0].field, "registry");
}

#[test]
fn sub_processors_that_lead_into_a_circle_are_refused() {
    let party = |name: &str, below: &str| {
        format!("[[parties]]\nname = \"{name}\"\nrole = \"processor\"\nsub_processors = [{below}]\n")
    };
    let text = |last: &str| {
        let parties = [party("a", "\"b\", \"c\""), party("b", "\"c\""), party("c", "\"d\""), party("d", last)];
        format!("version = \"v1\"\n{}", parties.concat())
    };
    Document::parse(&text("")).expect("two ways to one party are no circle");
    let fields: Vec<_> = refused(&text("\"b\"")).into_iter().map(|it| it.field).collect();
    assert_eq!(fields, [0, 1, 2, 3].map(|i| format!("registry.parties[{i}].sub_processors")));
}

#[test]
fn a_diff_goes_by_names_and_not_by_places() {
    let before = example();
    let text = EXAMPLE
        .replace("registry-1", "registry-2")
        .replace("contact = \"dpo@meridian.example, +49 30 0000000\"\n", "")
        .replace("retention_days = 0\n", "retention_days = 7\n")
        .replace("[[groups]]\n", "[[groups]]\nname = \"night-team\"\n\n[[groups]]\n");
    let after = Document::parse(&text).expect("a good one");
    let (mut known, none) = (Registry::default(), Registry::default());
    for (kind, name, registered) in diff(None, &before, &none).1 {
        known.put(kind, name, registered);
    }
    let (changes, names) = diff(Some(&before), &after, &known);
    assert_eq!(
        told(&changes),
        [
            ("dpo.contact", Some("dpo@meridian.example, +49 30 0000000"), None),
            ("groups.night-team.name", None, Some("night-team")),
            ("parties.northwind-hosting.retention_days", Some("0"), Some("7")),
            ("version", Some("registry-1"), Some("registry-2")),
            ("public.party.night-team", None, Some("known")),
            ("public.party.northwind-hosting.retention-days", Some("0"), Some("7")),
        ]
    );
    let names: Vec<_> = names.iter().map(|(kind, name, _)| (*kind, name.as_str())).collect();
    assert_eq!(names, [(RegistryKind::Party, "night-team"), (RegistryKind::Party, "northwind-hosting")]);
    assert_eq!(diff(Some(&after), &after, &known).0.len(), 2, "only what the names do not have yet");
    // Whoever agreed to one of these agreed to no other.
    let mut other = changes.clone();
    other[0].after = Some(String::new());
    assert_ne!(digest(&changes), digest(&other));
    other.remove(0);
    assert_ne!(digest(&changes), digest(&other));
}

#[test]
fn public_are_names_and_what_reports_read_and_nothing_of_people() {
    let (changes, names) = diff(None, &example(), &Registry::default());
    let attributes = |kind, name: &str| -> BTreeMap<&str, &str> {
        let found = names.iter().find(|(k, n, _)| (*k, n.as_str()) == (kind, name)).expect(name);
        found.2.attributes.iter().map(|(key, values)| (key.as_str(), values[0].as_str())).collect()
    };
    let is = |list: &[(&'static str, &'static str)]| list.iter().copied().collect::<BTreeMap<_, _>>();
    let party = attributes(RegistryKind::Party, "northwind-models");
    assert_eq!(party, is(&[("country", "US"), ("retention-days", "30")]));
    let agent = attributes(RegistryKind::Agent, "helpdesk-assistant");
    assert_eq!(agent, is(&[("memory-days", "30"), ("session-max-s", "3600"), ("vendor", "northwind-models")]));
    let dataset = attributes(RegistryKind::Dataset, "crm");
    assert_eq!(dataset, is(&[("permission-cache-s", "60"), ("recoverable-days", "30")]));
    assert_eq!(attributes(RegistryKind::Dataset, "chat/support"), is(&[("history", "visible")]));
    assert_eq!(
        attributes(RegistryKind::Source, "gateway-eu"),
        is(&[("delivery-delay-s", "300"), ("heartbeat-s", "60")])
    );
    assert_eq!(attributes(RegistryKind::Source, "directory-feed"), is(&[("heartbeat-s", "3600")]));
    assert_eq!(attributes(RegistryKind::Term, "policy/refunds"), is(&[("single-use", "yes")]));
    for (kind, name) in [
        (RegistryKind::Party, "support-team"),
        (RegistryKind::Term, "purpose/customer-service"),
        (RegistryKind::Term, "model/northwind-large"),
        (RegistryKind::Term, "vendor/northwind-models"),
        (RegistryKind::Tool, "send_mail"),
    ] {
        assert!(attributes(kind, name).is_empty(), "{name}");
    }
    let public = changes.iter().filter(|change| change.path.starts_with("public."));
    let public: String = public.map(|change| format!("{change:?}")).collect();
    for private in ["Ada", "4711", "C-9009", "Head of", "77 Gs", "fraud-desk", "shift lead", "DPA-2026", "Meridian"] {
        assert!(!public.contains(private), "{private}");
    }
    for (_, name, registered) in &names {
        assert!(is_registry_name(name), "{name}");
        let values = registered.attributes.iter().flat_map(|(key, values)| values.iter().chain([key]));
        values.for_each(|value| assert!(is_registry_name(value), "{value}"));
    }
}

#[test]
fn what_was_known_from_elsewhere_stays_and_what_the_file_no_longer_says_goes() {
    let mut known = Registry::default();
    let attributes = |list: &[(&str, &str)]| -> BTreeMap<String, Vec<String>> {
        list.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect()
    };
    let by_hand = Registered {
        attributes: attributes(&[("team", "blue"), ("vendor", "westwind")]),
        public_key: Some([7; 32]),
        retired: true,
    };
    known.put(RegistryKind::Agent, "copilot".into(), by_hand);
    let of_source = Registered { attributes: attributes(&[("delivery-delay-s", "60")]), ..Registered::default() };
    known.put(RegistryKind::Source, "gateway".into(), of_source);
    let file = |version: &str, agent: &str| {
        let party = "[[parties]]\nname = \"eastwind\"\nrole = \"processor\"";
        let resource = "[[resources]]\nname = \"crm\"\nread_logging = \"complete\"\nread_logging_source = \"gateway\"";
        Document::parse(&format!("version = \"{version}\"\n{party}\n{resource}\n{agent}")).expect("a good one")
    };
    let first = file("v1", "[[agents]]\nname = \"copilot\"\nvendor = \"eastwind\"\nmemory_days = 9");
    let (changes, names) = diff(None, &first, &known);
    let of_copilot: Vec<_> = changes.iter().filter(|it| it.path.starts_with("public.agent")).cloned().collect();
    assert_eq!(
        told(&of_copilot),
        [
            ("public.agent.copilot", Some("retired"), Some("known")),
            ("public.agent.copilot.memory-days", None, Some("9")),
            ("public.agent.copilot.vendor", Some("westwind"), Some("eastwind")),
        ]
    );
    assert!(names.iter().all(|(kind, _, _)| *kind != RegistryKind::Source), "a delay that it does not state stays");
    for (kind, name, registered) in names {
        known.put(kind, name, registered);
    }
    let now = known.get(RegistryKind::Agent, "copilot").expect("in use");
    assert_eq!(now.attributes, attributes(&[("memory-days", "9"), ("team", "blue"), ("vendor", "eastwind")]));
    assert_eq!(now.public_key, Some([7; 32]), "an agent keeps its key");

    let (changes, names) = diff(Some(&first), &file("v2", "[[agents]]\nname = \"copilot\""), &known);
    let copilot = names.iter().find(|(_, name, _)| name == "copilot").expect("it changed");
    assert_eq!(copilot.2.attributes, attributes(&[("team", "blue")]));
    assert!(told(&changes).contains(&("public.agent.copilot.memory-days", Some("9"), None)), "{changes:?}");

    let (changes, names) = diff(Some(&first), &file("v3", ""), &known);
    assert!(names.is_empty(), "it stays known, with what was last said of it");
    let told = told(&changes);
    assert!(told.contains(&("public.agent.copilot", Some("known"), Some("known, and no longer in the file"))));
}

/// Whoever may sign has one key of their own, and nobody else says one.
#[test]
fn keys_of_those_who_may_sign_are_held_against_their_form() {
    let hex = |seed: u8| hex::encode(ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).verifying_key().as_bytes());
    let (one, two) = (hex(1), hex(2));
    let person = |name: &str, key: &str| format!("{{ namespace = \"staff\", fields = [\"{name}\"]{key} }}");
    let key = |key: &str| format!(", public_key = \"{key}\"");
    let role = |may: &str, persons: &[String]| {
        format!("[[roles]]\nname = \"{may}\"\nmay = [\"{may}\"]\npersons = [{}]\n", persons.join(", "))
    };
    let file = |roles: &str| format!("version = \"v1\"\n{roles}");
    let dana = person("dana", &key(&one));
    let good = file(&role("sign", &[dana.clone(), person("Ame\u{301}lie", &key(&two))]));
    let document = Document::parse(&good).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    let who =
        |name: &str| Identity { namespace: "staff".into(), fields: vec![name.into()], strength: Strength::Strong };
    assert!(document.signing_key(&who("Am\u{e9}lie")).is_some() && document.signing_key(&who("erin")).is_none());
    let weak = Identity { strength: Strength::Weak, ..who("dana") };
    assert!(document.signing_key(&who("dana")).is_some() && document.signing_key(&weak).is_none());
    for (persons, position) in [
        (vec![person("dana", "")], 0),
        (vec![person("dana", &key("00"))], 0),
        (vec![person("dana", &key("no key"))], 0),
        // The neutral element: anybody's signature would verify.
        (vec![person("dana", &key(&format!("01{}", "0".repeat(62))))], 0),
        (vec![dana.clone(), person("erin", &key(&one))], 1),
    ] {
        let violations = refused(&file(&role("sign", &persons)));
        let field = format!("registry.roles[0].persons[{position}].public_key");
        assert!(violations.iter().any(|it| it.field == field), "{persons:?}: {violations:?}");
    }
    let violations = refused(&file(&role("review", std::slice::from_ref(&dana))));
    assert_eq!(violations[0].field, "registry.roles[0].persons[0].public_key");
    let twice = format!("{}{}", role("sign", &[dana]), "[[roles]]\nname = \"other\"\nmay = [\"sign\"]\npersons = [");
    let violations = refused(&file(&format!("{twice}{}]\n", person("dana", &key(&two)))));
    assert_eq!(violations[0].field, "registry.roles[1].persons[0].public_key");
    let order = "[[suppressions]]\nreference = \"o\"\nauthority = \"a\"\nfrom = \"2026-01-01\"\nsubjects = [";
    let violations = refused(&file(&format!("{order}{}]\n", person("dana", &key(&one)))));
    assert_eq!(violations[0].field, "registry.suppressions[0].subjects[0].public_key");
}

/// Regulation 1182/71 counts to the end of the last day, and an order that ends too early tells what nobody may know.
#[test]
fn an_order_is_in_force_to_the_end_of_its_last_day_in_the_profiles_zone() {
    let document = example();
    let in_force = |at: &str| {
        let at: jiff::Timestamp = at.parse().expect("a time");
        document.orders_at(at.as_microsecond().unsigned_abs()).count()
    };
    // Berlin is two hours ahead then.
    assert_eq!(in_force("2027-05-01T21:59:59.999999Z"), 1, "its last day");
    assert_eq!(in_force("2027-05-01T22:00:00Z"), 0, "the day after");
    assert_eq!((in_force("2026-10-31T22:59:59Z"), in_force("2026-10-31T23:00:00Z")), (0, 1), "its first");
    let (changes, _) = diff(None, &document, &Registry::default());
    let until = changes.iter().find(|change| change.path.ends_with(".until")).expect("it is new");
    assert_eq!(until.after.as_deref(), Some("2027-05-01, to the end of that day"), "whoever agrees to it sees it");
    let of_one_day = EXAMPLE.replacen("until = \"2027-05-01\"", "until = \"2026-11-01\"", 1);
    Document::parse(&of_one_day).expect("from and until may be one day");
}
