//! Steps become actions on the wire, appended one after the other while the ledger's clock shows when each was recorded.

use super::super::CliError;
use super::super::client::Client;
use super::aside;
use super::language::{How, Kind, Order, Scenario, Step, Transfer, What};
use crate::model::RegistryKind;
use crate::rpc::{CALLER, v1};
use prost::Message as _;
use std::collections::BTreeMap;
use whosaw_verifier::hash::sha256;

/// Puts in force who may correct, review and approve, until when, and what orders keep from whom, if the story says so.
pub async fn put_in_force(
    client: &Client,
    scenario: &Scenario,
    roles: &[(String, String)],
    listings: &BTreeMap<String, Vec<String>>,
    orders: &[Order],
    version: &str,
) -> Result<(), CliError> {
    let nothing = scenario.logged_by.is_empty()
        && scenario.transfers.is_empty()
        && scenario.listings.is_empty()
        && scenario.countries.is_empty()
        && scenario.review_h.is_none()
        && scenario.policies.is_empty();
    if nothing && roles.is_empty() && version == "scenario" {
        return Ok(());
    }
    let mut registry = format!("version = {version:?}\n[profile]\nid = \"scenario\"\nsnapshot = \"2000-01-01\"\n");
    if let Some(hours) = scenario.review_h {
        registry.push_str(&format!("break_glass_review_h = {hours}\n"));
    }
    for Transfer { to, country, .. } in &scenario.transfers {
        registry.push_str(&format!("[[parties]]\nname = {to:?}\nrole = \"processor\"\ncountry = {country:?}\n"));
    }
    let told = scenario.transfers.iter().map(|Transfer { to, country, safeguard }| {
        format!("{{ recipient = {to:?}, country = {country:?}, safeguard = {safeguard:?} }}")
    });
    let told: Vec<String> = told.collect();
    if !told.is_empty() {
        let told = told.join(", ");
        registry.push_str(&format!("[[activities]]\npurpose = \"scenario\"\ntransfers = [{told}]\n"));
    }
    let mut resources: BTreeMap<&String, String> = BTreeMap::new();
    for (resource, source) in &scenario.logged_by {
        let logging = format!("read_logging = \"complete\"\nread_logging_source = {source:?}\n");
        resources.entry(resource).or_default().push_str(&logging);
    }
    for (resource, categories) in listings {
        resources.entry(resource).or_default().push_str(&format!("listing_categories = {categories:?}\n"));
    }
    for (resource, countries) in &scenario.countries {
        resources.entry(resource).or_default().push_str(&format!("subject_countries = {countries:?}\n"));
    }
    for (resource, said) in resources {
        registry.push_str(&format!("[[resources]]\nname = {resource:?}\n{said}"));
    }
    let approving = scenario.policies.iter().filter(|(_, policy)| !policy.approvers.is_empty());
    let approvers = approving.map(|(id, policy)| (format!("approvers {id}"), "approve", policy.approvers.clone()));
    let named =
        |(place, (who, may)): (usize, &(String, String))| (format!("role {place}"), may.clone(), vec![who.clone()]);
    let others = roles.iter().enumerate().map(named);
    let approvers = approvers.map(|(name, may, who)| (name, may.to_owned(), who));
    for (name, may, holders) in others.chain(approvers) {
        let (people, parties): (Vec<&String>, Vec<&String>) =
            holders.iter().partition(|who| matches!(kind(scenario, who), v1::PartyKind::Human));
        let person = |who: &&String| format!("{{ namespace = {:?}, fields = [{who:?}] }}", namespace(scenario, who));
        let people: Vec<String> = people.iter().map(person).collect();
        registry.push_str(&format!("[[roles]]\nname = {name:?}\nmay = [{may:?}]\n"));
        registry.push_str(&format!("persons = [{}]\nparties = {parties:?}\n", people.join(", ")));
    }
    for (id, policy) in &scenario.policies {
        registry.push_str(&format!("[[policies]]\nid = {id:?}\nsingle_use = {}\n", !policy.repeats));
        if let Some(seconds) = policy.valid_for_s {
            registry.push_str(&format!("valid_for_s = {seconds}\n"));
        }
        if !policy.approvers.is_empty() {
            registry.push_str(&format!("approvers = \"approvers {id}\"\n"));
        }
    }
    for Order { name, keeps, from, until } in orders {
        let whom = format!("{{ namespace = {:?}, fields = [{from:?}] }}", namespace(scenario, from));
        registry.push_str(&format!("[[suppressions]]\nreference = {name:?}\nauthority = \"scenario\"\n"));
        registry
            .push_str(&format!("subjects = [{whom}]\nactors = [{keeps:?}]\nfrom = \"2000-01-01\"\nsilent = true\n"));
        if let Some(until) = until {
            registry.push_str(&format!("until = {until:?}\n"));
        }
    }
    let apply = |dry_run, diff_digest| {
        let (ledger, registry) = (client.ledger.clone(), registry.clone());
        client.request(v1::ApplyRegistryRequest { ledger, registry, dry_run, diff_digest })
    };
    let shown = client.registry().apply_registry(apply(true, Vec::new())).await?.into_inner();
    client.registry().apply_registry(apply(false, shown.diff_digest)).await?;
    Ok(())
}

/// Acts by their names.
#[derive(Default)]
pub struct Acts {
    /// The words of the line that first had the name, and the entry that it became; by name, and by name and caller.
    told: BTreeMap<String, (String, u64)>,
    /// What the registry came to say of names, who may do what by now, and what lists show.
    registered: BTreeMap<(String, &'static str), String>,
    roles: Option<Vec<(String, String)>>,
    listings: Option<BTreeMap<String, Vec<String>>>,
    orders: Vec<Order>,
    /// Matters, tokens of erasures, and ids of cases, by their names.
    pub matters: BTreeMap<String, Vec<u8>>,
    pub tokens: BTreeMap<String, Vec<u8>>,
    pub cases: BTreeMap<String, String>,
}

impl Acts {
    /// The registry as the story has it by now, as a version of its own.
    async fn put_in_force(&self, client: &Client, scenario: &Scenario, line: usize) -> Result<(), CliError> {
        let roles = self.roles.as_ref().unwrap_or(&scenario.roles);
        let listings = self.listings.as_ref().unwrap_or(&scenario.listings);
        put_in_force(client, scenario, roles, listings, &self.orders, &format!("scenario-{line}")).await
    }

    pub fn entry(&self, name: &str) -> Option<u64> {
        self.told.get(name).map(|(_, entry)| *entry)
    }

    /// The id under which a step is sent: the same words under the same name are the same act, sent again. Whoever else
    /// reports it may give an act of theirs the same id.
    fn id(&self, step: &Step) -> uuid::Uuid {
        let Some(name) = &step.how.name else { return uuid::Uuid::now_v7() };
        match self.told.get(&of_caller(name, step)) {
            Some((text, _)) if *text != step.text => id_of(&format!("{name} line {}", step.line)),
            _ => id_of(name),
        }
    }
}

/// The name of an act among those of whoever reports it.
fn of_caller(name: &str, step: &Step) -> String {
    format!("{name}/{}", step.how.told_by.as_deref().unwrap_or_default())
}

/// The id of whatever has this name, said before or after.
fn id_of(name: &str) -> uuid::Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sha256(&[b"whosaw/scenario", name.as_bytes()])[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Acts that go in one request, and their bytes.
pub const AT_ONCE: usize = 256;
const BYTES_AT_ONCE: usize = 1 << 20;

/// Whether nothing that is said later speaks of this act by its name, and it is recorded like most are: then it can go in one
/// request with others of the same time.
pub fn is_plain(step: &Step) -> bool {
    let is_act = matches!(
        &step.what,
        What::Grant { .. }
            | What::Revoke { .. }
            | What::RevokeNamed { .. }
            | What::Member { .. }
            | What::Inside { .. }
            | What::Suspension { .. }
            | What::Logging { .. }
            | What::Key { .. }
            | What::Act { .. }
    );
    is_act && step.how.name.is_none() && step.how.told_by.is_none()
}

/// Records the first of these in one request; answers how many that were. None where the ledger refuses one of them: then
/// none is recorded, and which it is is told of each alone.
pub async fn record_together(
    client: &Client,
    scenario: &Scenario,
    steps: &[Step],
    acts: &Acts,
) -> Result<usize, CliError> {
    let (mut records, mut bytes) = (Vec::new(), 0);
    for step in steps {
        let action = action(scenario, step, acts);
        bytes += action.encoded_len();
        if bytes > BYTES_AT_ONCE {
            break;
        }
        records.push(v1::Record { kind: Some(v1::record::Kind::Action(Box::new(action))) });
    }
    let many = records.len();
    if many < 2 {
        return Ok(0);
    }
    let request = v1::AppendBatchRequest { ledger: client.ledger.clone(), records };
    match client.ledgers().append_batch(client.request(request)).await {
        Ok(_) => Ok(many),
        Err(status) if status.code() == tonic::Code::InvalidArgument => Ok(0),
        Err(status) => Err(status.into()),
    }
}

/// Records one step, the way it goes in a real ledger.
pub async fn record(client: &Client, scenario: &Scenario, step: &Step, acts: &mut Acts) -> Result<(), CliError> {
    if aside::record(client, scenario, step, acts).await? {
        return Ok(());
    }
    let ledger = client.ledger.clone();
    let case = |name: &str| v1::PersonCase {
        subject: Some(identity(namespace(scenario, name), name)),
        reference: "scenario".into(),
        ..Default::default()
    };
    match &step.what {
        What::Restrict { subject, begins: true } => {
            let about = v1::PersonCase { ground: v1::Ground::AccuracyContested as i32, ..case(subject) };
            let request = v1::RestrictProcessingRequest { ledger, about: Some(about) };
            client.privacy().restrict_processing(client.request(request)).await?;
        }
        What::Restrict { subject, begins: false } => {
            let request = v1::LiftRestrictionRequest { ledger, about: Some(case(subject)) };
            client.privacy().lift_restriction(client.request(request)).await?;
        }
        What::Register { name, key, value } => {
            acts.registered.insert((name.clone(), key), value.clone());
            let stated = scenario.manners.get(name).into_iter().flatten().map(|(key, value)| (key.as_str(), value));
            let mut attributes: BTreeMap<&str, &String> = stated.collect();
            attributes.extend(acts.registered.iter().filter(|((of, _), _)| of == name).map(|((_, key), v)| (*key, v)));
            let attribute =
                |(key, value): (&str, &String)| v1::NameAttribute { key: key.to_owned(), value: value.clone() };
            let kind = match *key {
                "vendor" => RegistryKind::Agent,
                "operator" => RegistryKind::Tool,
                _ => RegistryKind::Party,
            };
            let name = v1::Name {
                kind: kind as i32,
                name: name.clone(),
                attributes: attributes.into_iter().map(attribute).collect(),
                ..Default::default()
            };
            let names = v1::RegisterNamesRequest { ledger, names: vec![name] };
            client.registry().register_names(client.request(names)).await?;
        }
        What::Role { who, may, begins } => {
            let roles = acts.roles.get_or_insert_with(|| scenario.roles.clone());
            let role = (who.clone(), may.clone());
            roles.retain(|known| *known != role);
            roles.extend(begins.then_some(role));
            acts.put_in_force(client, scenario, step.line).await?;
        }
        What::Listing { resource, categories } => {
            let listings = acts.listings.get_or_insert_with(|| scenario.listings.clone());
            listings.insert(resource.clone(), categories.clone());
            acts.put_in_force(client, scenario, step.line).await?;
        }
        What::Order(order) => {
            acts.orders.push(order.clone());
            acts.put_in_force(client, scenario, step.line).await?;
        }
        What::OrderOver { name } => {
            acts.orders.retain(|order| order.name != *name);
            acts.put_in_force(client, scenario, step.line).await?;
        }
        What::Link { one, other, weak, links: true } => {
            let strength = if *weak { v1::Strength::Weak } else { v1::Strength::Strong };
            let other = Some(identity(namespace(scenario, other), other));
            let about = Some(case(one));
            let request = v1::LinkIdentitiesRequest { ledger, about, other, strength: strength as i32 };
            client.privacy().link_identities(client.request(request)).await?;
        }
        What::Link { one, other, links: false, .. } => {
            let other = Some(identity(namespace(scenario, other), other));
            let request = v1::UnlinkIdentitiesRequest { ledger, about: Some(case(one)), other };
            client.privacy().unlink_identities(client.request(request)).await?;
        }
        _ => {
            let action = action(scenario, step, acts);
            let record = v1::Record { kind: Some(v1::record::Kind::Action(Box::new(action))) };
            let request = v1::AppendRequest { ledger, record: Some(record) };
            let mut request = client.request(request);
            let by = step.how.told_by.as_ref();
            if let Some(by) = by.and_then(|by| by.parse().ok()) {
                request.metadata_mut().insert(CALLER, by);
            }
            let receipt = client.ledgers().append(request).await?.into_inner().receipt;
            if let Some(name) = &step.how.name {
                let entry = receipt.map(|receipt| receipt.index).unwrap_or_default();
                let told = (step.text.clone(), entry);
                acts.told.entry(of_caller(name, step)).or_insert_with(|| told.clone());
                acts.told.entry(name.clone()).or_insert(told);
            }
        }
    }
    Ok(())
}

pub fn identity_of(scenario: &Scenario, name: &str) -> v1::Identity {
    identity(namespace(scenario, name), name)
}

/// Whose data it is, or who acts. A name is one person: whoever is both is known by the identifier of whose data it is.
fn namespace(scenario: &Scenario, name: &str) -> &'static str {
    if scenario.is_subject(name) { "subject" } else { "staff" }
}

/// Names that the ledger has to know for the scenario's bodies to speak of them.
pub fn names(scenario: &Scenario) -> Vec<v1::Name> {
    let mut names = BTreeMap::new();
    for (name, kind) in &scenario.kinds {
        let kind = match kind {
            Kind::Group | Kind::Account | Kind::Organisation => RegistryKind::Party,
            Kind::Agent => RegistryKind::Agent,
            Kind::Tool => RegistryKind::Tool,
            Kind::Source => RegistryKind::Source,
            Kind::Resource => RegistryKind::Dataset,
        };
        let attributes = scenario.manners.get(name).into_iter().flatten();
        let attributes = attributes.map(|(key, value)| v1::NameAttribute { key: key.clone(), value: value.clone() });
        let named =
            v1::Name { kind: kind as i32, name: name.clone(), attributes: attributes.collect(), ..Default::default() };
        names.insert((kind as i32, name.clone()), named);
    }
    let kind = (RegistryKind::Agent as i32, "scenario".to_owned());
    names.insert(kind, v1::Name { kind: RegistryKind::Agent as i32, name: "scenario".into(), ..Default::default() });
    for vendor in scenario.steps.iter().filter_map(|step| step.how.vendor.as_ref()) {
        let (kind, name) = (RegistryKind::Term as i32, format!("vendor/{vendor}"));
        names.insert((kind, name.clone()), v1::Name { kind, name, ..Default::default() });
    }
    names.into_values().collect()
}

/// The action of one step.
fn action(scenario: &Scenario, step: &Step, acts: &Acts) -> v1::Action {
    let mut action = action_of(scenario, step, acts);
    if let Some((actor, vendor)) = action.actors.first_mut().zip(step.how.vendor.as_ref()) {
        actor.vendor.clone_from(vendor);
    }
    action
}

fn action_of(scenario: &Scenario, step: &Step, acts: &Acts) -> v1::Action {
    let at = timestamp(step.at_us);
    let ids = |names: &[String]| names.iter().map(|name| id_of(name).to_string()).collect::<Vec<_>>();
    let (how, scenario_policy) = (&step.how, "scenario".to_owned());
    let base = v1::Action {
        action_id: acts.id(step).to_string(),
        links: Some(v1::Links {
            caused_by: ids(&how.because_of),
            parents: ids(&how.within),
            same_act_as: ids(&how.same_act_as),
            ..Default::default()
        }),
        approval: how
            .approved_by
            .as_ref()
            .map(|reference| v1::Approval { result: v1::ApprovalResult::Claimed as i32, reference: reference.clone() }),
        instruction: how.instruction.clone().unwrap_or_default(),
        source: how.logged_by.as_ref().map(|name| v1::Source {
            name: name.clone(),
            sequence: how.place.unwrap_or_default(),
            ..Default::default()
        }),
        legal_bases: if how.despite_restriction { vec!["gdpr:18.2".into()] } else { Vec::new() },
        protection: how.key.as_ref().map(|key| v1::Protection {
            encrypted: how.encrypted,
            pseudonymised: !how.encrypted,
            key_id: format!("key/{key}"),
        }),
        outcome: outcome(step.how.outcome) as i32,
        occurred: Some(v1::Occurred { earliest: at, latest: at, source: v1::TimeSource::Gateway as i32 }),
        actors: vec![v1::Actor { kind: v1::PartyKind::Agent as i32, name: "scenario".into(), ..Default::default() }],
        determination: v1::Determination::Nobody as i32,
        policy: how.policy.as_ref().or(how.authorised.map(|_| &scenario_policy)).map(|id| v1::Policy {
            id: id.clone(),
            decision: match how.authorised {
                Some(false) => v1::PolicyDecision::Deny,
                Some(true) | None => v1::PolicyDecision::Permit,
            } as i32,
            ..Default::default()
        }),
        ..Default::default()
    };
    let fact =
        |kind: v1::FactKind, edge: v1::Edge| v1::Fact { kind: kind as i32, edge: edge as i32, ..Default::default() };
    let side = |opens: bool| if opens { v1::Edge::Open } else { v1::Edge::Close };
    let reference = |name: &Option<String>| name.clone().unwrap_or_default();
    match &step.what {
        What::Grant { actor, resource, to, until_us } => {
            let end = until_us.and_then(timestamp);
            let kind = if end.is_some() { v1::EndKind::Exact } else { v1::EndKind::Unspecified };
            let grant = v1::Fact {
                resource: resource.clone(),
                end: kind as i32,
                end_earliest: end,
                end_latest: end,
                reference: reference(&step.how.name),
                ..party(scenario, to, fact(v1::FactKind::Grant, v1::Edge::Open))
            };
            of(scenario, base, "access.grant", actor, resource, grant)
        }
        What::Revoke { actor, resource, from } => {
            let grant = v1::Fact {
                resource: resource.clone(),
                ..party(scenario, from, fact(v1::FactKind::Grant, v1::Edge::Close))
            };
            of(scenario, base, "access.revoke", actor, resource, grant)
        }
        What::RevokeNamed { actor, name } => {
            let grant = v1::Fact { reference: name.clone(), ..fact(v1::FactKind::Grant, v1::Edge::Close) };
            of(scenario, base, "access.revoke", actor, "", grant)
        }
        What::Member { who, whole, joins } => {
            let is_account = scenario.kinds.get(whole) == Some(&Kind::Account);
            let kind = if is_account { v1::FactKind::Account } else { v1::FactKind::Membership };
            let member = v1::Fact { resource: whole.clone(), ..party(scenario, who, fact(kind, side(*joins))) };
            let verb = if *joins { "group.join" } else { "group.leave" };
            v1::Action { verb: verb.into(), facts: vec![member], ..base }
        }
        What::Inside { subjects, resource, enters } => {
            let content = v1::Fact {
                resource: resource.clone(),
                subjects: (0..subjects.len() as u32).collect(),
                categories: step.how.categories.clone(),
                ..fact(v1::FactKind::Content, side(*enters))
            };
            v1::Action {
                verb: if *enters { "data.create" } else { "data.delete" }.into(),
                dataset: resource.clone(),
                subjects: subjects.iter().map(|name| subject(name, inside(how), v1::Direction::Argument)).collect(),
                determination: v1::Determination::Listed as i32,
                facts: vec![content],
                ..base
            }
        }
        What::Suspension { account, begins } => {
            let state = party(scenario, account, fact(v1::FactKind::AccountState, side(!begins)));
            let state = match scenario.kinds.get(account) {
                Some(Kind::Account) => {
                    v1::Fact { resource: account.clone(), ..fact(v1::FactKind::AccountState, side(!begins)) }
                }
                _ => state,
            };
            v1::Action { verb: "policy.change".into(), facts: vec![state], ..base }
        }
        What::Logging { source, on } => {
            let state = if *on { v1::CoverageState::Complete } else { v1::CoverageState::Down };
            let coverage = v1::Fact {
                coverage: state as i32,
                source: source.clone(),
                ..fact(v1::FactKind::Coverage, v1::Edge::Open)
            };
            let verb = if *on { "coverage.start" } else { "coverage.heartbeat" };
            v1::Action { verb: verb.into(), facts: vec![coverage], ..base }
        }
        What::Heartbeat { source } => {
            let beat = v1::Fact {
                coverage: v1::CoverageState::Heartbeat as i32,
                source: source.clone(),
                ..fact(v1::FactKind::Coverage, v1::Edge::Point)
            };
            v1::Action { verb: "coverage.heartbeat".into(), facts: vec![beat], ..base }
        }
        What::Approve { by, whom, verb, resource, until_us, refuses } => {
            let end = until_us.and_then(timestamp);
            let kind = if end.is_some() { v1::EndKind::Exact } else { v1::EndKind::Unspecified };
            let approval = v1::Fact {
                resource: resource.clone(),
                end: kind as i32,
                end_earliest: end,
                end_latest: end,
                rights: vec![(*verb).into()],
                categories: how.categories.clone(),
                subjects: (0..how.about.len() as u32).collect(),
                reference: reference(&how.name),
                ..party(scenario, whom, fact(v1::FactKind::Grant, v1::Edge::Open))
            };
            let said = categories(scenario, how, verb, resource);
            let subjects = how.about.iter().map(|name| subject(name, said.clone(), v1::Direction::Argument)).collect();
            let listed = !how.about.is_empty();
            let determination = if listed { v1::Determination::Listed } else { v1::Determination::Nobody };
            v1::Action {
                verb: if *refuses { "approval.deny" } else { "approval.grant" }.into(),
                actors: vec![actor(scenario, by)],
                dataset: resource.clone(),
                subjects,
                determination: determination as i32,
                facts: vec![approval],
                ..base
            }
        }
        What::Review { by, act, justified } => v1::Action {
            verb: "breakglass.review".into(),
            actors: vec![actor(scenario, by)],
            links: Some(v1::Links { parents: ids(std::slice::from_ref(act)), ..Default::default() }),
            policy: Some(v1::Policy {
                id: "scenario".into(),
                decision: if *justified { v1::PolicyDecision::Permit } else { v1::PolicyDecision::Deny } as i32,
                ..Default::default()
            }),
            ..base
        },
        What::Amend { by, act, retracts, reason } => {
            let of = ids(std::slice::from_ref(act));
            let (corrects, retracts_ids) = if *retracts { (Vec::new(), of) } else { (of, Vec::new()) };
            let listed = !how.about.is_empty();
            let determination = if listed { v1::Determination::Listed } else { v1::Determination::Nobody };
            let (verb, resource) = on_what(scenario, act);
            let said = categories(scenario, how, verb, resource);
            v1::Action {
                verb: if *retracts { "event.retract" } else { "event.correct" }.into(),
                actors: vec![actor(scenario, by)],
                links: Some(v1::Links { corrects, retracts: retracts_ids, ..Default::default() }),
                subjects: how.about.iter().map(|name| subject(name, said.clone(), v1::Direction::Argument)).collect(),
                determination: determination as i32,
                arguments: match reason.as_str() {
                    "" => Vec::new(),
                    reason => serde_json::json!({ "reason": reason }).to_string().into_bytes(),
                },
                ..base
            }
        }
        What::Key { who, key, gets } => {
            let key = format!("key/{key}");
            let access = v1::Fact { resource: key, ..party(scenario, who, fact(v1::FactKind::KeyAccess, side(*gets))) };
            v1::Action { verb: "key.access".into(), actors: vec![actor(scenario, who)], facts: vec![access], ..base }
        }
        What::Restrict { .. } | What::Link { .. } | What::Register { .. } | What::Role { .. } => base,
        What::Hold { .. } | What::Release { .. } | What::Erase { .. } | What::Withdraw { .. } => base,
        What::RunErasures | What::Case { .. } | What::TakeBackAwareness { .. } | What::Listing { .. } => base,
        What::Answer { .. } | What::Name { .. } => base,
        What::Request { .. } | What::Order(_) | What::OrderOver { .. } => base,
        What::Act { actor, verb, resource } => {
            let mut actors = vec![self::actor(scenario, actor)];
            actors.extend(step.how.on_behalf_of.iter().map(|who| self::actor(scenario, who)));
            // Whoever is shown something and has no other part in the act was given it.
            let acts = || std::iter::once(actor).chain(&step.how.on_behalf_of);
            let mut given: Vec<&String> = step.how.giving.iter().collect();
            given.extend(
                step.how.showing.iter().filter(|who| !acts().any(|acts| acts == *who) && !how.giving.contains(who)),
            );
            let position = |who: &String| {
                let acts = acts().position(|known| known == who).map(|place| v1::eyes::Party::Actor(place as u32));
                let is_given = || given.iter().position(|known| *known == who);
                v1::Eyes { party: acts.or_else(|| is_given().map(|place| v1::eyes::Party::Recipient(place as u32))) }
            };
            let shown: Vec<v1::Eyes> = step.how.showing.iter().map(position).collect();
            let subjects = step.how.about.iter().map(|name| {
                // Whoever reads or takes it and gives it on had it come back to them too.
                let gives = !step.how.giving.is_empty() && !comes_back(verb) || step.how.tool.is_some();
                let direction = if gives { v1::Direction::Argument } else { v1::Direction::Result };
                let said = categories(scenario, &step.how, verb, resource);
                let mut subject = subject(name, said.clone(), direction);
                let category = || said.first().cloned().unwrap_or_else(|| "contact".into());
                let field = |pointer: &String| v1::FieldUse {
                    pointer: pointer.clone(),
                    category: category(),
                    direction: direction as i32,
                };
                subject.fields = how.fields.iter().map(field).collect();
                if !shown.is_empty() {
                    subject.categories.push(v1::CategoryUse {
                        direction: v1::Direction::Rendered as i32,
                        categories: said,
                        rendered_to: shown.clone(),
                    });
                }
                subject
            });
            let listed = !step.how.about.is_empty();
            let determination = if listed { v1::Determination::Listed } else { v1::Determination::Undetermined };
            v1::Action {
                verb: (*verb).into(),
                dataset: resource.clone(),
                conversation: how.session.clone().unwrap_or_default(),
                subjects: subjects.collect(),
                determination: determination as i32,
                actors,
                subjects_delivered: step.how.people.map(exactly),
                records_delivered: step.how.records.map(exactly),
                tool: step.how.tool.clone().unwrap_or_default(),
                recipients: given.iter().map(|name| recipient(scenario, name)).collect(),
                break_glass_reason: if step.how.emergency { "emergency".into() } else { String::new() },
                ..base
            }
        }
    }
}

fn of(scenario: &Scenario, base: v1::Action, verb: &str, who: &str, resource: &str, fact: v1::Fact) -> v1::Action {
    let actors = vec![actor(scenario, who)];
    v1::Action { verb: verb.into(), actors, dataset: resource.into(), facts: vec![fact], ..base }
}

/// What an act on a resource says of the categories. Where it says nothing and the story tells what the resource holds, it
/// records none, so that all of those are possible; where nothing is told of that either, it is contact.
fn categories(scenario: &Scenario, how: &How, verb: &str, resource: &str) -> Vec<String> {
    let told = &scenario.contents;
    let is_told = told.holds.contains(resource) || (shows_a_listing(verb) && told.lists.contains(resource));
    let says_none = how.categories.is_empty();
    if says_none && is_told && !resource.is_empty() { Vec::new() } else { inside(how) }
}

/// Acts by which data comes to whoever acts. A search that gives is about whom it asks for: that goes with it.
fn comes_back(verb: &str) -> bool {
    let read = ["data.read", "data.view", "data.preview", "data.list"];
    read.contains(&verb) || ["data.download", "data.export", "data.copy", "context.load"].contains(&verb)
}

fn shows_a_listing(verb: &str) -> bool {
    matches!(verb, "data.list" | "data.search")
}

/// The resource that a named act is on, and its verb.
fn on_what<'a>(scenario: &'a Scenario, name: &str) -> (&'a str, &'a str) {
    let (name, _) = name.split_once('/').unwrap_or((name, ""));
    let mut named = scenario.steps.iter().filter(|step| step.how.name.as_deref() == Some(name));
    let on = named.find_map(|step| match &step.what {
        What::Act { verb, resource, .. } => Some((*verb, resource.as_str())),
        What::Inside { resource, .. } => Some(("", resource.as_str())),
        _ => None,
    });
    on.unwrap_or_default()
}

fn subject(name: &str, categories: Vec<String>, direction: v1::Direction) -> v1::Subject {
    let used = v1::CategoryUse { direction: direction as i32, categories, ..Default::default() };
    v1::Subject { identities: vec![identity("subject", name)], categories: vec![used], ..Default::default() }
}

/// Whose data came in or went out: contact, unless it says otherwise.
fn inside(how: &How) -> Vec<String> {
    if how.categories.is_empty() { vec!["contact".into()] } else { how.categories.clone() }
}

fn identity(namespace: &str, name: &str) -> v1::Identity {
    let strength = v1::Strength::Strong as i32;
    v1::Identity { namespace: namespace.into(), fields: vec![name.to_owned()], strength }
}

/// Anybody is the public; what nothing declares is a person.
fn kind(scenario: &Scenario, name: &str) -> v1::PartyKind {
    match scenario.kinds.get(name) {
        _ if name == "anybody" => v1::PartyKind::Public,
        Some(Kind::Group) => v1::PartyKind::Group,
        Some(Kind::Account) => v1::PartyKind::Service,
        Some(Kind::Agent | Kind::Source) => v1::PartyKind::Agent,
        Some(Kind::Organisation) => v1::PartyKind::Organisation,
        Some(Kind::Resource | Kind::Tool) | None => v1::PartyKind::Human,
    }
}

fn party(scenario: &Scenario, name: &str, fact: v1::Fact) -> v1::Fact {
    let kind = kind(scenario, name);
    let (name, identities) = match kind {
        v1::PartyKind::Public => (String::new(), Vec::new()),
        v1::PartyKind::Human => (String::new(), vec![identity_of(scenario, name)]),
        _ => (name.to_owned(), Vec::new()),
    };
    v1::Fact { party: kind as i32, name, identities, ..fact }
}

fn actor(scenario: &Scenario, name: &str) -> v1::Actor {
    let kind = kind(scenario, name);
    let (name, identities) = match kind {
        v1::PartyKind::Human => (String::new(), vec![identity_of(scenario, name)]),
        _ => (name.to_owned(), Vec::new()),
    };
    v1::Actor { kind: kind as i32, name, identities, ..Default::default() }
}

fn recipient(scenario: &Scenario, name: &str) -> v1::Recipient {
    let v1::Actor { kind, name, identities, .. } = actor(scenario, name);
    v1::Recipient { kind: "undetermined".into(), party: kind, name, identities, ..Default::default() }
}

fn outcome(said: Option<&str>) -> v1::Outcome {
    match said {
        Some("denied") => v1::Outcome::Denied,
        Some("failed") => v1::Outcome::Failed,
        Some("unknown") => v1::Outcome::Unknown,
        _ => v1::Outcome::Succeeded,
    }
}

fn exactly(count: u64) -> v1::Quantity {
    v1::Quantity { precision: v1::Precision::Exact as i32, count }
}

pub fn timestamp(us: u64) -> Option<prost_types::Timestamp> {
    let (seconds, rest) = (us / 1_000_000, us % 1_000_000);
    Some(prost_types::Timestamp { seconds: i64::try_from(seconds).ok()?, nanos: (rest * 1_000) as i32 })
}
