//! The load itself: actions about nobody or about one person, sent one by one, in batches, or on a stream.

use super::super::client::Client;
use super::super::{CliError, Server, show};
use super::measure::{Figures, Run};
use super::process;
use crate::model::RegistryKind;
use crate::rpc::v1;
use futures::StreamExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Names as long as real ones, so that a body has about 250 bytes.
pub const AGENT: &str = "agents.example/customer-service/refund-and-rebooking-assistant";
const TOOL: &str = "tools.example/crm/get_customer_record_with_history";
const DATASET: &str = "datasets.example/crm/production/eu-central/customers";
const PURPOSE: &str = "customer-service/refund-request";

/// Requests that a stream may have under way.
const STREAM_IN_FLIGHT: usize = 8_192;

pub struct Load {
    pub(super) client: Client,
    sent: Arc<AtomicU64>,
}

impl Load {
    pub async fn new(server: &Server) -> Result<Self, CliError> {
        Ok(Load { client: Client::connect(server).await?, sent: Arc::default() })
    }

    /// Registers the names that the load speaks of.
    pub async fn prepare(&self) -> Result<(), CliError> {
        let name = |kind: RegistryKind, name: String| v1::Name { kind: kind as i32, name, ..v1::Name::default() };
        let names = vec![
            name(RegistryKind::Agent, AGENT.into()),
            name(RegistryKind::Tool, TOOL.into()),
            name(RegistryKind::Dataset, DATASET.into()),
            name(RegistryKind::Term, format!("purpose/{PURPOSE}")),
            name(RegistryKind::Term, "kind/customer".into()),
        ];
        let request = self.client.request(v1::RegisterNamesRequest { ledger: self.client.ledger.clone(), names });
        self.client.registry().register_names(request).await?;
        Ok(())
    }

    /// One action a request.
    pub async fn unary(&self, in_flight: usize, time: Duration, pid: Option<u32>) -> Result<Run, CliError> {
        self.run(in_flight, time, pid, |client, sent| async move {
            let number = sent.fetch_add(1, Ordering::Relaxed);
            let record = Some(record(number, 0));
            let request = client.request(v1::AppendRequest { ledger: client.ledger.clone(), record });
            client.ledgers().append(request).await?;
            Ok(1)
        })
        .await
    }

    /// Many actions a request; about one of `persons` persons each, if there are any.
    pub async fn batches(
        &self,
        size: u64,
        in_flight: usize,
        persons: u64,
        time: Duration,
        pid: Option<u32>,
    ) -> Result<Run, CliError> {
        self.run(
            in_flight,
            time,
            pid,
            move |client, sent| async move { append_batch(&client, &sent, size, persons).await },
        )
        .await
    }

    /// Entries in ten equal shares; answers the rate of each.
    pub async fn tenths(
        &self,
        entries: u64,
        persons: u64,
        pid: Option<u32>,
        figures: &mut Figures,
    ) -> Result<Vec<f64>, CliError> {
        let mut rates = Vec::new();
        for tenth in 1..=10 {
            let batches = entries / 10 / 1_000;
            let left = Arc::new(AtomicU64::new(batches));
            let cpu = pid.and_then(process::cpu);
            let start = Instant::now();
            let workers = (0..4).map(|_| {
                let (client, sent, left) = (self.client.clone(), Arc::clone(&self.sent), Arc::clone(&left));
                async move {
                    let mut latencies = Vec::new();
                    while left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                        let start = Instant::now();
                        append_batch(&client, &sent, 1_000, persons).await?;
                        latencies.push(start.elapsed());
                    }
                    Ok::<_, CliError>(latencies)
                }
            });
            let latencies = futures::future::try_join_all(workers).await?.concat();
            let server_cpu = used(cpu, pid);
            let run = Run { entries: batches * 1_000, took: start.elapsed(), latencies, server_cpu };
            figures.rate(&format!("tenth {tenth} of {} entries", show::grouped(entries)), &run, None);
            if batches > 0 {
                rates.push(run.per_second());
            }
        }
        Ok(rates)
    }

    /// One stream, answered with places.
    pub async fn stream(&self, persons: u64, time: Duration, pid: Option<u32>) -> Result<Run, CliError> {
        process::rest(pid).await;
        let cpu = pid.and_then(process::cpu);
        let (start, sent) = (Instant::now(), Arc::clone(&self.sent));
        let window = Arc::new(tokio::sync::Semaphore::new(STREAM_IN_FLIGHT));
        let (times, mut sent_at) = tokio::sync::mpsc::unbounded_channel();
        let (ledger, permits) = (self.client.ledger.clone(), Arc::clone(&window));
        let messages = futures::stream::unfold((), move |()| {
            let (permits, times, ledger, sent) =
                (Arc::clone(&permits), times.clone(), ledger.clone(), Arc::clone(&sent));
            async move {
                permits.acquire().await.ok()?.forget();
                if start.elapsed() >= time {
                    return None;
                }
                let _ = times.send(Instant::now());
                let record = Some(record(sent.fetch_add(1, Ordering::Relaxed), persons));
                Some((v1::AppendStreamRequest { ledger, record, detail: v1::AppendDetail::Place as i32 }, ()))
            }
        });
        let request = self.client.request(messages);
        let mut answers = self.client.ledgers().append_stream(request).await?.into_inner();
        let (mut entries, mut latencies) = (0u64, Vec::new());
        while let Some(answer) = answers.message().await? {
            if let Some(v1::append_stream_response::Result::Error(error)) = answer.result {
                return Err(CliError::new(format!("the stream was refused: {}", error.message)));
            }
            for _ in 0..answer.messages {
                latencies.extend(sent_at.recv().await.map(|at: Instant| at.elapsed()));
            }
            window.add_permits(answer.messages as usize);
            entries += u64::from(answer.messages);
        }
        Ok(Run { entries, took: start.elapsed(), latencies, server_cpu: used(cpu, pid) })
    }

    /// An access report about one of a thousand persons whom a million entries are about.
    pub async fn report(&self, figures: &mut Figures) -> Result<(), CliError> {
        const ENTRIES: u64 = 1_000_000;
        let sent = AtomicU64::new(0);
        let workers = (0..4).map(|_| async {
            while sent.load(Ordering::Relaxed) < ENTRIES {
                append_batch(&self.client, &sent, 1_000, 1_000).await?;
            }
            Ok::<_, CliError>(())
        });
        futures::future::try_join_all(workers).await?;
        self.lag().await?;
        let (searched, rescanned) = self.pull(v1::ReportFormat::Json).await?;
        let (with_pdf, _) = self.pull(v1::ReportFormat::Pdf).await?;
        figures.seconds("access report, 1,000 entries of a million, as JSON", searched);
        figures.seconds("rescan of all parts for it", rescanned);
        figures.seconds("the same as PDF", with_pdf);
        Ok(())
    }

    /// The time a report took without its rescan, and that of the rescan.
    pub(super) async fn pull(&self, format: v1::ReportFormat) -> Result<(Duration, Duration), CliError> {
        use v1::produce_access_report_response::Piece;
        let request = self.client.request(v1::ProduceAccessReportRequest {
            ledger: self.client.ledger.clone(),
            subject: Some(person(17)),
            formats: vec![format as i32],
            edition: v1::AccessReportEdition::Lawyer as i32,
            ..v1::ProduceAccessReportRequest::default()
        });
        let start = Instant::now();
        let mut pieces = self.client.reports().produce_access_report(request).await?.into_inner();
        let (mut first, mut last) = (None, start);
        while let Some(message) = pieces.message().await? {
            if let Some(Piece::Progress(_)) = message.piece {
                last = Instant::now();
                first.get_or_insert(last);
            }
        }
        let rescan = last - first.unwrap_or(last);
        Ok((start.elapsed() - rescan, rescan))
    }

    /// How long the projections still take for what is recorded now.
    pub async fn lag(&self) -> Result<Duration, CliError> {
        let start = Instant::now();
        loop {
            let request = self.client.request(v1::ListLedgersRequest {});
            let ledgers = self.client.audit().list_ledgers(request).await?.into_inner().ledgers;
            if ledgers.iter().all(|ledger| ledger.projected_size >= ledger.tree_size) {
                return Ok(start.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn run<F>(
        &self,
        in_flight: usize,
        time: Duration,
        pid: Option<u32>,
        one: impl Fn(Client, Arc<AtomicU64>) -> F + Clone,
    ) -> Result<Run, CliError>
    where
        F: Future<Output = Result<u64, CliError>>,
    {
        process::rest(pid).await;
        let cpu = pid.and_then(process::cpu);
        let start = Instant::now();
        let workers = futures::stream::iter((0..in_flight).map(|_| {
            let (client, sent, one) = (self.client.clone(), Arc::clone(&self.sent), one.clone());
            async move {
                let (mut entries, mut latencies) = (0, Vec::new());
                while start.elapsed() < time {
                    let begun = Instant::now();
                    entries += one(client.clone(), Arc::clone(&sent)).await?;
                    latencies.push(begun.elapsed());
                }
                Ok::<_, CliError>((entries, latencies))
            }
        }));
        let done: Vec<_> = workers.buffer_unordered(in_flight).collect().await;
        let took = start.elapsed();
        let mut run = Run { entries: 0, took, latencies: Vec::new(), server_cpu: used(cpu, pid) };
        for one in done {
            let (entries, latencies) = one?;
            run.entries += entries;
            run.latencies.extend(latencies);
        }
        Ok(run)
    }
}

pub(super) async fn append_batch(client: &Client, sent: &AtomicU64, size: u64, persons: u64) -> Result<u64, CliError> {
    let first = sent.fetch_add(size, Ordering::Relaxed);
    let records = (first..first + size).map(|number| record(number, persons)).collect();
    let request = client.request(v1::AppendBatchRequest { ledger: client.ledger.clone(), records });
    client.ledgers().append_batch(request).await?;
    Ok(size)
}

fn used(before: Option<Duration>, pid: Option<u32>) -> Option<Duration> {
    Some(pid.and_then(process::cpu)?.saturating_sub(before?))
}

pub(super) fn person(number: u64) -> v1::Identity {
    v1::Identity {
        namespace: "customer".into(),
        fields: vec![format!("customer-{number:08}")],
        strength: v1::Strength::Strong as i32,
    }
}

/// An action like a real one.
fn record(number: u64, persons: u64) -> v1::Record {
    let subjects = number.checked_rem(persons).map(|person| v1::Subject {
        kind: "customer".into(),
        identities: vec![self::person(person)],
        categories: vec![v1::CategoryUse {
            direction: v1::Direction::Result as i32,
            categories: vec!["contact".into()],
            rendered_to: Vec::new(),
        }],
        ..v1::Subject::default()
    });
    let subjects: Vec<_> = subjects.into_iter().collect();
    let determination = if subjects.is_empty() { v1::Determination::Nobody } else { v1::Determination::Listed };
    v1::Record {
        kind: Some(v1::record::Kind::Action(Box::new(v1::Action {
            action_id: uuid::Uuid::now_v7().to_string(),
            verb: "data.read".into(),
            outcome: v1::Outcome::Succeeded as i32,
            actors: vec![v1::Actor { kind: v1::PartyKind::Agent as i32, name: AGENT.into(), ..v1::Actor::default() }],
            tool: TOOL.into(),
            dataset: DATASET.into(),
            purpose: PURPOSE.into(),
            legal_bases: vec!["gdpr:6.1.b".into()],
            determination: determination as i32,
            subjects,
            ..v1::Action::default()
        }))),
    }
}
