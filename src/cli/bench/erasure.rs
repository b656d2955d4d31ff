//! What forgetting costs: one person, a thousandth and a hundredth of all, among very many.

use super::load::{Load, append_batch, person};
use super::measure::Figures;
use super::{CliError, process};
use crate::cli::show;
use crate::rpc::v1;
use futures::StreamExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Requests under way together.
const IN_FLIGHT: usize = 64;

impl Load {
    /// Records `persons` persons in one entry each, then erases one of them, a thousandth and a hundredth of them.
    pub async fn erasures(
        &self,
        persons: u64,
        data: Option<&Path>,
        pid: Option<u32>,
        figures: &mut Figures,
    ) -> Result<(), CliError> {
        let time = Duration::from_secs(3);
        let sent = AtomicU64::new(0);
        let workers = (0..4).map(|_| async {
            while sent.load(Ordering::Relaxed) < persons {
                append_batch(&self.client, &sent, 1_000, persons).await?;
            }
            Ok::<_, CliError>(())
        });
        let start = Instant::now();
        futures::future::try_join_all(workers).await?;
        figures.seconds(&format!("{} new persons, an entry each", show::grouped(persons)), start.elapsed());
        if let Some(data) = data {
            figures.bytes("on disk for each of them, the entry included", directory_bytes(data) / persons);
        }
        let before = self.batches(1_000, 4, super::PERSONS, time, pid).await?;
        figures.rate("append, one sealed person each, before", &before, None);
        let (few, most) = (persons / 1_000, persons / 100);
        for (first, many) in [(persons - 1, 1), (super::PERSONS, few), (super::PERSONS + few, most)] {
            let start = Instant::now();
            let asked: Vec<Result<(), CliError>> = futures::stream::iter(first..first + many)
                .map(|number| self.ask_erasure(number))
                .buffer_unordered(IN_FLIGHT)
                .collect()
                .await;
            asked.into_iter().collect::<Result<(), CliError>>()?;
            figures.seconds(&format!("{} requests for erasure", show::grouped(many)), start.elapsed());
            process::rest(pid).await;
            let start = Instant::now();
            let request = v1::RunErasuresRequest { ledger: self.client.ledger.clone(), with_retention: false };
            let done = self.client.privacy().run_erasures(self.client.request(request)).await?.into_inner();
            let took = start.elapsed();
            figures.seconds(
                &format!("their batch: {} shards, {} rows moved", done.shards, show::grouped(done.moved)),
                took,
            );
            figures.micros("of which for each shard", took / u32::try_from(done.shards.max(1)).unwrap_or(u32::MAX));
        }
        let after = self.batches(1_000, 4, super::PERSONS, time, pid).await?;
        figures.rate("append, one sealed person each, after", &after, Some(&before));
        Ok(())
    }

    async fn ask_erasure(&self, number: u64) -> Result<(), CliError> {
        let about = Some(v1::PersonCase {
            subject: Some(person(number)),
            ground: v1::Ground::ConsentWithdrawn as i32,
            ..v1::PersonCase::default()
        });
        let request = v1::RequestErasureRequest { ledger: self.client.ledger.clone(), about };
        self.client.privacy().request_erasure(self.client.request(request)).await?;
        Ok(())
    }
}

/// All files below, but for the ballast, which is room and no data.
fn directory_bytes(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => directory_bytes(&entry.path()),
            Ok(metadata) if entry.file_name() != "ballast" => metadata.len(),
            Ok(_) | Err(_) => 0,
        })
        .sum()
}
