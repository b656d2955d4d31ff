//! Who could see, in a ledger as large as a company's: a million entries about 100,000 people, 1,000 resources, 500 groups
//! whose members change, and an incident that touches 10,000 people and 5,000 possible viewers.

use super::load::{AGENT, Load, person};
use super::measure::Figures;
use super::{CliError, process};
use crate::model::RegistryKind;
use crate::rpc::v1;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const ENTRIES: u64 = 1_000_000;
const PERSONS: u64 = 100_000;
const RESOURCES: u64 = 1_000;
const GROUPS: u64 = 500;
const STAFF: u64 = 5_000;
/// Times that a member of a group left it and another came.
const CHANGES: u64 = 20_000;
/// People whose data one entry puts into a resource.
const AT_ONCE: u64 = 100;
/// The resource of the incident, the people in it, and how often it was read.
const INCIDENT: u64 = 0;
const CONCERNED: u64 = 10_000;
const READS: u64 = 2_000;
const BATCH: u64 = 1_000;
/// What sends them: it says that it logs everything, and numbers what it sends.
const SOURCE: &str = "proxies.example/gateway";

impl Load {
    pub async fn exposure(&self, pid: Option<u32>, figures: &mut Figures) -> Result<(), CliError> {
        self.register().await?;
        let sent = AtomicU64::new(0);
        let workers = (0..4).map(|_| async {
            loop {
                let first = sent.fetch_add(BATCH, Ordering::Relaxed);
                if first >= ENTRIES {
                    return Ok::<_, CliError>(());
                }
                let records = (first..first + BATCH).map(record).collect();
                let request = v1::AppendBatchRequest { ledger: self.client.ledger.clone(), records };
                self.client.ledgers().append_batch(self.client.request(request)).await?;
            }
        });
        let start = Instant::now();
        futures::future::try_join_all(workers).await?;
        figures.seconds("a million entries about 100,000 people, appended", start.elapsed());
        figures.lag(self.lag().await?);
        process::rest(pid).await;
        let (searched, rescanned) = self.pull(v1::ReportFormat::Json).await?;
        figures.seconds("access report on one of them, as JSON", searched);
        figures.seconds("rescan of all parts for it", rescanned);
        // Beside what it took, what the server worked for it: the machine may have had other things to do.
        let worked = |before: Option<Duration>| pid.and_then(process::cpu).zip(before).map(|(now, then)| now - then);
        for (name, format) in [("JSON", v1::ReportFormat::Json), ("PDF", v1::ReportFormat::Pdf)] {
            let before = pid.and_then(process::cpu);
            let (took, size) = self.exposed(format).await?;
            figures.seconds(&format!("exposure of 10,000 people to 5,000 possible viewers, as {name}"), took);
            if let Some(cpu) = worked(before) {
                figures.seconds("of which the server worked", cpu);
            }
            figures.bytes("bytes of it", size);
        }
        if let Some(pid) = pid {
            figures.memory("server resident, the most it was", process::peak_kib(pid));
        }
        let (start, before) = (Instant::now(), pid.and_then(process::cpu));
        let request = v1::RebuildProjectionsRequest { ledger: self.client.ledger.clone() };
        let mut made = self.client.registry().rebuild_projections(self.client.request(request)).await?.into_inner();
        while made.message().await?.is_some() {}
        figures.seconds("projections deleted and made again, a million entries", start.elapsed());
        if let Some(cpu) = worked(before) {
            figures.seconds("of which the server worked", cpu);
        }
        Ok(())
    }

    async fn register(&self) -> Result<(), CliError> {
        let name = |kind: RegistryKind, name: String| v1::Name { kind: kind as i32, name, ..v1::Name::default() };
        let resources = (0..RESOURCES).map(|number| name(RegistryKind::Dataset, resource(number)));
        // A group is a party to whom something is granted, and what people are members of.
        let kinds = [RegistryKind::Party, RegistryKind::Dataset];
        let groups = (0..GROUPS).flat_map(|number| kinds.map(|kind| name(kind, group(number))));
        let names = resources.chain(groups).chain([name(RegistryKind::Source, SOURCE.into())]).collect();
        let request = v1::RegisterNamesRequest { ledger: self.client.ledger.clone(), names };
        self.client.registry().register_names(self.client.request(request)).await?;
        let request = v1::AppendRequest { ledger: self.client.ledger.clone(), record: Some(recorded(logs())) };
        self.client.ledgers().append(self.client.request(request)).await?;
        Ok(())
    }

    async fn exposed(&self, format: v1::ReportFormat) -> Result<(Duration, u64), CliError> {
        use v1::produce_exposure_report_response::Piece;
        let request = self.client.request(v1::ProduceExposureReportRequest {
            ledger: self.client.ledger.clone(),
            resources: vec![resource(INCIDENT)],
            formats: vec![format as i32],
            ..v1::ProduceExposureReportRequest::default()
        });
        let start = Instant::now();
        let mut pieces = self.client.reports().produce_exposure_report(request).await?.into_inner();
        let mut size = 0;
        while let Some(message) = pieces.message().await? {
            if let Some(Piece::File(file)) = message.piece {
                size += file.data.len() as u64;
            }
        }
        Ok((start.elapsed(), size))
    }
}

fn resource(number: u64) -> String {
    format!("datasets.example/files/{number:04}")
}

fn group(number: u64) -> String {
    format!("groups.example/{number:03}")
}

fn staff(number: u64) -> v1::Identity {
    v1::Identity {
        namespace: "staff".into(),
        fields: vec![format!("staff-{number:05}")],
        strength: v1::Strength::Strong as i32,
    }
}

/// Numbers that look thrown and are the same each time (splitmix64).
fn thrown(number: u64, below: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % below
}

/// What is inside comes first, then who is in which group and which group may, then changes, then reads.
fn record(number: u64) -> v1::Record {
    let mut left = number;
    let mut next = |many: u64| {
        let at = left;
        let is_in = at < many;
        left = left.saturating_sub(if is_in { 0 } else { many });
        is_in.then_some(at)
    };
    let action = if let Some(at) = next(RESOURCES - 1) {
        content(at + 1, (at * AT_ONCE) % PERSONS)
    } else if let Some(at) = next(CONCERNED / AT_ONCE) {
        content(INCIDENT, at * AT_ONCE)
    } else if let Some(at) = next(STAFF) {
        membership(at, at % GROUPS, v1::Edge::Open, at)
    } else if let Some(at) = next(RESOURCES - 1) {
        grant(at + 1, at % GROUPS)
    } else if let Some(at) = next(GROUPS) {
        grant(INCIDENT, at)
    } else if let Some(at) = next(2 * CHANGES) {
        let who = thrown(at / 2, STAFF);
        let edge = if at % 2 == 0 { v1::Edge::Open } else { v1::Edge::Close };
        membership(who, thrown(at / 2 + 7, GROUPS), edge, STAFF + at / 2)
    } else if let Some(at) = next(READS) {
        read(INCIDENT, thrown(at, CONCERNED), Some(thrown(at, STAFF)))
    } else {
        let by = number.is_multiple_of(2).then(|| thrown(number, STAFF));
        read(1 + thrown(number, RESOURCES - 1), thrown(number + 3, PERSONS), by)
    };
    let source = v1::Source { name: SOURCE.into(), sequence: number + 1, ..v1::Source::default() };
    recorded(v1::Action { source: Some(source), ..action })
}

fn recorded(action: v1::Action) -> v1::Record {
    v1::Record { kind: Some(v1::record::Kind::Action(Box::new(action))) }
}

fn logs() -> v1::Action {
    let fact = v1::Fact {
        kind: v1::FactKind::Coverage as i32,
        edge: v1::Edge::Open as i32,
        coverage: v1::CoverageState::Complete as i32,
        source: SOURCE.into(),
        end: v1::EndKind::Unknown as i32,
        ..v1::Fact::default()
    };
    v1::Action { facts: vec![fact], ..act("coverage.start", agent(), Vec::new()) }
}

fn act(verb: &str, actor: v1::Actor, persons: Vec<v1::Subject>) -> v1::Action {
    let determination = if persons.is_empty() { v1::Determination::Nobody } else { v1::Determination::Listed };
    v1::Action {
        action_id: uuid::Uuid::now_v7().to_string(),
        verb: verb.into(),
        outcome: v1::Outcome::Succeeded as i32,
        actors: vec![actor],
        determination: determination as i32,
        subjects: persons,
        ..v1::Action::default()
    }
}

fn agent() -> v1::Actor {
    v1::Actor { kind: v1::PartyKind::Agent as i32, name: AGENT.into(), ..v1::Actor::default() }
}

fn customer(number: u64, direction: Option<v1::Direction>) -> v1::Subject {
    let of = |direction: v1::Direction| v1::CategoryUse {
        direction: direction as i32,
        categories: vec!["contact".into()],
        rendered_to: Vec::new(),
    };
    v1::Subject {
        kind: "customer".into(),
        identities: vec![person(number)],
        categories: direction.map(of).into_iter().collect(),
        ..v1::Subject::default()
    }
}

fn content(into: u64, first: u64) -> v1::Action {
    let persons: Vec<_> = (first..first + AT_ONCE).map(|number| customer(number, None)).collect();
    let fact = v1::Fact {
        kind: v1::FactKind::Content as i32,
        edge: v1::Edge::Open as i32,
        resource: resource(into),
        categories: vec!["contact".into()],
        end: v1::EndKind::Unknown as i32,
        subjects: (0..AT_ONCE as u32).collect(),
        ..v1::Fact::default()
    };
    v1::Action { dataset: resource(into), facts: vec![fact], ..act("data.create", agent(), persons) }
}

fn membership(who: u64, of: u64, edge: v1::Edge, reference: u64) -> v1::Action {
    let fact = v1::Fact {
        kind: v1::FactKind::Membership as i32,
        edge: edge as i32,
        resource: group(of),
        party: v1::PartyKind::Human as i32,
        identities: vec![staff(who)],
        end: v1::EndKind::Unknown as i32,
        reference: format!("membership-{reference}"),
        ..v1::Fact::default()
    };
    let verb = if edge == v1::Edge::Open { "group.join" } else { "group.leave" };
    v1::Action { facts: vec![fact], ..act(verb, agent(), Vec::new()) }
}

fn grant(of: u64, to: u64) -> v1::Action {
    let fact = v1::Fact {
        kind: v1::FactKind::Grant as i32,
        edge: v1::Edge::Open as i32,
        resource: resource(of),
        party: v1::PartyKind::Group as i32,
        name: group(to),
        rights: vec!["data.read".into()],
        end: v1::EndKind::Unknown as i32,
        reference: format!("grant-{of}-{to}"),
        ..v1::Fact::default()
    };
    v1::Action { dataset: resource(of), facts: vec![fact], ..act("access.grant", agent(), Vec::new()) }
}

fn read(of: u64, about: u64, by: Option<u64>) -> v1::Action {
    let human = |number| v1::Actor {
        kind: v1::PartyKind::Human as i32,
        identities: vec![staff(number)],
        ..v1::Actor::default()
    };
    let actor = by.map_or_else(agent, human);
    v1::Action { dataset: resource(of), ..act("data.read", actor, vec![customer(about, Some(v1::Direction::Result))]) }
}
