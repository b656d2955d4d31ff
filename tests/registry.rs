//! The controller's registry over a running server: what is agreed to is put in force, what was in force is found again,
//! and whom it names stands nowhere in the open.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::*;
use tonic::Code;
use whosaw::rpc::v1::*;

const EXAMPLE: &str = REGISTRY;

/// Who and what must not become public.
const SEALED: [&str; 8] =
    ["Ada Beispiel", "4711", "C-9009", "77 Gs", "fraud-desk", "Meridian", "shift lead", "Head of customer service"];

impl Client {
    async fn name(&self, kind: RegistryKind, name: &str) -> Name {
        let request = ListNamesRequest { ledger: self.ledger.clone(), kind: kind as i32 };
        let names = self.registry().list_names(self.request(request)).await.expect("a list").into_inner().names;
        names.into_iter().find(|known| known.name == name).unwrap_or_else(|| panic!("{name} is not known"))
    }
}

fn attribute<'a>(name: &'a Name, key: &str) -> Option<&'a str> {
    name.attributes.iter().find(|attribute| attribute.key == key).map(|attribute| attribute.value.as_str())
}

fn second() -> String {
    EXAMPLE.replace("registry-1", "registry-2").replace("Dr. Ada Beispiel", "Bo Beispiel")
}

#[tokio::test]
async fn what_was_agreed_to_is_in_force_and_each_size_knows_its_own() {
    let mut server = TestServer::new();
    let client = server.client().await;
    let before = client.size().await;
    assert_eq!(client.registry_at(0).await.expect("nothing yet"), GetRegistryResponse::default());

    let would = client.preview_registry(EXAMPLE).await.expect("a good one");
    assert!(would.receipt.is_none() && would.changes.iter().all(|change| change.before.is_empty()));
    assert_eq!(client.size().await, before, "where nothing is in force a dry run writes nothing");
    let first = client.apply_registry(EXAMPLE, would.diff_digest.clone()).await.expect("as agreed");
    assert_eq!((first.version.as_str(), &first.changes), ("registry-1", &would.changes));
    let index = first.receipt.expect("an entry").index;
    assert_eq!((index, client.size().await), (before, before + 1), "file and names are one entry");

    // The same again is no entry, whatever was agreed to.
    let again = client.apply_registry(EXAMPLE, vec![0; 32]).await.expect("nothing to do");
    assert!(again.receipt.is_none() && again.changes.is_empty());
    assert_eq!(client.size().await, before + 1);

    let text = second();
    let would = client.preview_registry(&text).await.expect("a good one");
    let changed: Vec<_> = would.changes.iter().map(|it| (it.path.as_str(), it.before.as_str())).collect();
    assert_eq!(changed, [("dpo.name", "Dr. Ada Beispiel"), ("version", "registry-1")]);
    let read = client.of_kind(EntryKind::LedgerAccess).await;
    assert_eq!(read.len(), 1, "the diff showed what is in force, so that it was read is recorded");
    let second_index =
        client.apply_registry(&text, would.diff_digest).await.expect("as agreed").receipt.expect("an entry").index;

    server.restart();
    let client = server.client().await;
    for (size, text, version, at) in [
        (0, text.as_str(), "registry-2", second_index),
        (second_index + 1, &text, "registry-2", second_index),
        (second_index, EXAMPLE, "registry-1", index),
        (index + 1, EXAMPLE, "registry-1", index),
        (index, "", "", 0),
    ] {
        let found = client.registry_at(size).await.expect("a size of the ledger");
        assert_eq!((found.registry.as_str(), found.version.as_str(), found.index), (text, version, at), "{size}");
    }
    let read = client.of_kind(EntryKind::LedgerAccess).await;
    assert_eq!(read.len(), 5, "four readings more: it names people");
    let status = client.registry_at(1_000).await.expect_err("no such size");
    assert_eq!(status.code(), Code::OutOfRange);

    // Back to the first: its version is its own, so it may be in force again.
    client.put_registry_in_force(EXAMPLE).await.receipt.expect("an entry");
    assert_eq!(client.registry_at(0).await.expect("in force").version, "registry-1");
    assert_eq!(client.registry_at(second_index + 1).await.expect("then").version, "registry-2");
}

#[tokio::test]
async fn whom_it_names_is_sealed_and_names_stand_in_the_open_with_what_reports_read() {
    let server = TestServer::new();
    let client = server.client().await;
    let key = ed25519_dalek::SigningKey::from_bytes(&[3; 32]).verifying_key().to_bytes().to_vec();
    let signs = Name {
        kind: RegistryKind::Agent as i32,
        name: "helpdesk-assistant".into(),
        attributes: vec![NameAttribute { key: "team".into(), value: "blue".into() }],
        public_key: key.clone(),
        retired: false,
    };
    client.register_names(vec![signs]).await.expect("a good name");
    let index = client.put_registry_in_force(EXAMPLE).await.receipt.expect("an entry").index;

    let entry = client.entry(index).await;
    let public = format!("{:?} {}", entry, String::from_utf8_lossy(&entry.body));
    for sealed in SEALED {
        assert!(!public.contains(sealed), "{sealed} is public");
    }
    let Some(entry::Content::Registry(body)) = entry.content else { panic!("a registry entry") };
    let record = body.records.iter().find(|record| record.kind == RegistryKind::Controller as i32).expect("a record");
    assert_eq!(record.name, "registry-1");
    assert!(record.attributes.is_empty(), "a digest would let anybody hold a guess against it: {record:?}");
    let parts = client.opened(index).await.parts.into_iter().filter_map(|part| part.part);
    let content: Vec<_> = parts.filter_map(|part| part.content).map(|content| content.arguments).collect();
    assert_eq!(content, [EXAMPLE.as_bytes()], "the file as it was sent");

    let agent = client.name(RegistryKind::Agent, "helpdesk-assistant").await;
    assert_eq!(agent.public_key, key, "an agent keeps its key");
    assert_eq!(attribute(&agent, "team"), Some("blue"));
    assert_eq!(attribute(&agent, "vendor"), Some("northwind-models"));
    assert_eq!(attribute(&agent, "session-max-s"), Some("3600"));
    assert_eq!(attribute(&agent, "memory-days"), Some("30"));
    let party = client.name(RegistryKind::Party, "northwind-models").await;
    assert_eq!((attribute(&party, "country"), attribute(&party, "retention-days")), (Some("US"), Some("30")));
    let dataset = client.name(RegistryKind::Dataset, "crm").await;
    assert_eq!(attribute(&dataset, "permission-cache-s"), Some("60"));
    assert_eq!(attribute(&dataset, "recoverable-days"), Some("30"));
    let source = client.name(RegistryKind::Source, "gateway-eu").await;
    assert_eq!(attribute(&source, "delivery-delay-s"), Some("300"));
    judge::check(&client, &client.key().await).await;
}

/// A name that is made known again, by hand or by a catalogue, is not a new one; and what the registry in force says of it is
/// shown to people as what holds.
#[tokio::test]
async fn a_name_that_is_given_again_keeps_what_is_known_of_it() {
    let server = TestServer::new();
    let client = server.client().await;
    client.put_registry_in_force(EXAMPLE).await;
    let key = ed25519_dalek::SigningKey::from_bytes(&[3; 32]).verifying_key().to_bytes().to_vec();
    let agent = |attributes: &[(&str, &str)]| Name {
        kind: RegistryKind::Agent as i32,
        name: "helpdesk-assistant".into(),
        attributes: attributes
            .iter()
            .map(|(key, value)| NameAttribute { key: (*key).into(), value: (*value).into() })
            .collect(),
        ..Default::default()
    };
    let signs = Name { public_key: key.clone(), ..agent(&[("team", "blue")]) };
    client.register_names(vec![signs]).await.expect("a key and a fact more");
    client
        .register_names(vec![agent(&[("team", "red"), ("vendor", "northwind-models")])])
        .await
        .expect("the same vendor");
    let said = server.client_command(&["names", "add", "agent", "helpdesk-assistant"]).output().expect("it runs");
    assert!(said.status.success());
    let known = client.name(RegistryKind::Agent, "helpdesk-assistant").await;
    assert_eq!(known.public_key, key);
    for (key, value) in
        [("team", "red"), ("vendor", "northwind-models"), ("session-max-s", "3600"), ("memory-days", "30")]
    {
        assert_eq!(attribute(&known, key), Some(value), "{known:?}");
    }
    client.register_names(vec![agent(&[("team", "")])]).await.expect("it is taken away");
    assert_eq!(attribute(&client.name(RegistryKind::Agent, "helpdesk-assistant").await, "team"), None);

    // The file that is in force says otherwise.
    let size = client.size().await;
    for (names, field) in [
        (vec![agent(&[("vendor", "somebody-else")])], "names[0].attributes"),
        (vec![agent(&[("team", "red")]), agent(&[("memory-days", "")])], "names[1].attributes"),
        (vec![Name { retired: true, ..agent(&[]) }], "names[0].retired"),
    ] {
        let status = client.register_names(names).await.expect_err("the registry says otherwise");
        assert_eq!(wrong_fields(&status), [field]);
    }
    assert_eq!(client.size().await, size, "nothing was written");

    // What is retired and comes back is still the same, but for an agent's key.
    let tool = |name: Name| Name { kind: RegistryKind::Tool as i32, name: "search".into(), ..name };
    let operator = vec![NameAttribute { key: "operator".into(), value: "tool-host".into() }];
    client.register_names(vec![tool(Name { attributes: operator, ..Default::default() })]).await.expect("a tool");
    client.register_names(vec![tool(Name { retired: true, ..Default::default() })]).await.expect("retired");
    client.register(RegistryKind::Tool, &["search"]).await;
    let known = client.name(RegistryKind::Tool, "search").await;
    assert_eq!((attribute(&known, "operator"), known.retired), (Some("tool-host"), false));
}

#[tokio::test]
async fn a_file_with_mistakes_or_without_agreement_changes_nothing() {
    let server = TestServer::new();
    let client = server.client().await;
    client.put_registry_in_force(EXAMPLE).await;
    let size = client.size().await;

    let wrong = second().replace("\"Europe/Berlin\"", "\"Bonn\"").replace("\"gdpr:6.1.b\"", "\"consent\"");
    for status in [
        client.preview_registry(&wrong).await.expect_err("two mistakes"),
        client.apply_registry(&wrong, vec![0; 32]).await.expect_err("two mistakes"),
    ] {
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(wrong_fields(&status), ["registry.profile.zone", "registry.activities[0].legal_bases[0]"]);
    }
    // Nobody has the role, and nobody has read the law of a day that is still to come.
    let nobody = format!("{}\n[[roles]]\nname = \"nobody\"\nmay = [\"review\"]\n", second());
    let status = client.preview_registry(&nobody).await.expect_err("a role without holders");
    let fields = wrong_fields(&status);
    assert!(
        fields.len() == 1 && fields[0].starts_with("registry.roles[") && fields[0].ends_with("].persons"),
        "{fields:?}"
    );
    let snapshot = EXAMPLE.lines().find(|line| line.starts_with("snapshot = ")).expect("a snapshot");
    let ahead = second().replace(snapshot, "snapshot = \"2099-01-01\"");
    for status in [
        client.preview_registry(&ahead).await.expect_err("the law of 2099"),
        client.apply_registry(&ahead, vec![0; 32]).await.expect_err("the law of 2099"),
    ] {
        assert_eq!(wrong_fields(&status), ["registry.profile.snapshot"]);
    }
    // A changed file needs a version of its own.
    let same_version = EXAMPLE.replace("Dr. Ada Beispiel", "Bo Beispiel");
    let status = client.apply_registry(&same_version, vec![0; 32]).await.expect_err("the version is another file's");
    assert_eq!(wrong_fields(&status), ["registry.version"]);
    let status = client.apply_registry(&second(), Vec::new()).await.expect_err("nobody agreed");
    assert_eq!(wrong_fields(&status), ["diff_digest"]);
    let status = client.ask_registry(&second(), true, vec![0; 32]).await.expect_err("a dry run answers one");
    assert_eq!(wrong_fields(&status), ["diff_digest"]);
    let by_hand = Name { kind: RegistryKind::Controller as i32, name: "registry-9".into(), ..Default::default() };
    let status = client.register_names(vec![by_hand]).await.expect_err("not by hand");
    assert_eq!(wrong_fields(&status), ["names[0].kind"]);
    assert_eq!(client.size().await, size, "nothing was written");

    // Something else came in between: another file, or a name that the diff would have told.
    let seen = client.preview_registry(&second()).await.expect("a good one").diff_digest;
    let third = second().replace("registry-2", "registry-3");
    client.put_registry_in_force(&third).await;
    let status = client.apply_registry(&second(), seen).await.expect_err("another is in force");
    assert_eq!(status.code(), Code::Aborted);
    let fourth = format!("{}\n[[groups]]\nname = \"night-team\"\n", second().replace("registry-2", "registry-4"));
    let seen = client.preview_registry(&fourth).await.expect("a good one").diff_digest;
    client.register(RegistryKind::Party, &["night-team"]).await;
    let size = client.size().await;
    let status = client.apply_registry(&fourth, seen).await.expect_err("the name is known now");
    assert_eq!(status.code(), Code::Aborted);
    assert_eq!(client.size().await, size);
    assert_eq!(client.registry_at(0).await.expect("in force").registry, third);
    client.put_registry_in_force(&fourth).await.receipt.expect("as it is now");
}

/// Whoever an order is about gets the report of somebody whom nobody looked at, and nothing says otherwise.
#[tokio::test]
async fn a_report_on_a_person_from_whom_an_order_keeps_accesses_says_nothing_of_it() {
    let server = TestServer::new();
    let client = server.client().await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    client.put_registry_in_force(&EXAMPLE.replace("until = \"2027-", "until = \"2099-")).await;
    for customer in ["C-9009", "C-9010"] {
        let subject = format!("customer={customer}");
        let mut command = server.client_command(&["report", "access", "--format", "json", "--subject", &subject]);
        let said = run(command.arg("--out").arg(directory.path()), 0);
        assert!(!said.out.contains("order"), "{}", said.out);
    }
}
