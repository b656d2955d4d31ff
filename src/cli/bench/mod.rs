//! `whosaw bench`: a load generator that ships with the product, so that anybody can check its figures.
//!
//! One process beside the server. Every figure stands beside that of a bare gRPC echo of the same messages from the same
//! run, because machines differ and are shared: compare ratios, not rates.

mod echo;
mod erasure;
mod exposure;
mod load;
mod measure;
mod process;

use super::{CliError, Ended, Server};
use clap::{Args, ValueEnum};
use load::Load;
use measure::{Figures, fdatasync};
use process::{Served, Spawned};
use std::path::PathBuf;
use std::time::Duration;

/// Without --server a server is started on a new ledger in a temporary directory, together with a bare echo.
#[derive(Args)]
pub struct Bench {
    /// What to measure; all but erasure and exposure if left out.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<What>,
    /// Seconds for each figure.
    #[arg(long, default_value_t = 5, value_name = "S")]
    seconds: u64,
    /// Where the new ledger goes; a temporary directory if left out. Fast storage makes fast figures.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Instead: append so many entries in batches, and compare the rate at the end with that at the start, resident
    /// memory, and the time a restart takes.
    #[arg(long, value_name = "ENTRIES")]
    long: Option<u64>,
    /// With --long: each entry has one sealed person out of so many. With --only erasure: so many persons, 1,000,000 if
    /// left out.
    #[arg(long, default_value_t = 0, value_name = "PERSONS")]
    persons: u64,
    /// Measure a running server instead of starting one. The ledger keeps what is appended, for ever.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Origin of the ledger, with --server.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ORIGIN")]
    ledger: String,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
    /// Be the echo.
    #[arg(long, hide = true)]
    echo_server: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Unary,
    Batch,
    Persons,
    Stream,
    Report,
    /// Forgetting one person and a hundredth of all among very many; takes minutes, so it is measured when named.
    Erasure,
    /// Who could see, among 1,000 resources and 500 groups, in a million entries about 100,000 people; takes minutes, so it is
    /// measured when named.
    Exposure,
}

impl Bench {
    pub fn run(self) -> Ended {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        if self.echo_server {
            return runtime.block_on(echo::serve());
        }
        runtime.block_on(self.measure())
    }

    async fn measure(self) -> Ended {
        let served = match &self.server {
            Some(url) => Served::running(url, &self.ledger),
            None => Served::start(self.data.as_deref())?,
        };
        if let Some(entries) = self.long {
            return self.long_run(served, entries).await;
        }
        let echo = Spawned::echo()?;
        let load = Load::new(&served.server).await?;
        load.prepare().await?;
        let mut figures = Figures::new(self.json);
        let (seconds, pid) = (Duration::from_secs(self.seconds), served.pid());
        let wanted = |what| self.only.is_empty() || self.only.contains(&what);
        if let Some(data) = served.data() {
            figures.latency("fdatasync of 4 KiB, appended", fdatasync(data)?);
        }
        let echo_load = Load::new(&echo.as_server()).await?;
        if wanted(What::Unary) {
            for in_flight in [1, 64, 256] {
                let bare = echo_load.unary(in_flight, seconds, None).await?;
                figures.rate(&format!("bare echo, unary, {in_flight} in flight"), &bare, None);
                let appended = load.unary(in_flight, seconds, pid).await?;
                figures.rate(&format!("append, unary, {in_flight} in flight"), &appended, Some(&bare));
            }
        }
        if wanted(What::Batch) {
            let bare = echo_load.batches(1_000, 4, 0, seconds, None).await?;
            figures.rate("bare echo, batches of 1,000, 4 in flight", &bare, None);
            let appended = load.batches(1_000, 4, 0, seconds, pid).await?;
            figures.rate("append, batches of 1,000, 4 in flight, no persons", &appended, Some(&bare));
            figures.lag(load.lag().await?);
        }
        if wanted(What::Persons) {
            // Once around, so that every person is known and every key is warm.
            load.batches(1_000, 4, PERSONS, Duration::from_secs(1), pid).await?;
            let bare = echo_load.batches(1_000, 4, PERSONS, seconds, None).await?;
            figures.rate("bare echo, batches of 1,000, 4 in flight, one person each", &bare, None);
            let appended = load.batches(1_000, 4, PERSONS, seconds, pid).await?;
            figures.rate("append, batches of 1,000, 4 in flight, one sealed person each", &appended, Some(&bare));
            figures.lag(load.lag().await?);
        }
        if wanted(What::Stream) {
            let appended = load.stream(0, seconds, pid).await?;
            figures.rate("append, one stream, no persons, places", &appended, None);
            let appended = load.stream(PERSONS, seconds, pid).await?;
            figures.rate("append, one stream, one sealed person each, places", &appended, None);
        }
        if wanted(What::Report) {
            load.report(&mut figures).await?;
        }
        if self.only.contains(&What::Exposure) {
            load.exposure(pid, &mut figures).await?;
        }
        if self.only.contains(&What::Erasure) {
            let persons = if self.persons == 0 { 1_000_000 } else { self.persons };
            if persons < 100 * PERSONS {
                return Err(CliError::usage("--persons with --only erasure takes at least 100,000"));
            }
            load.erasures(persons, served.data(), pid, &mut figures).await?;
        }
        if let Some(pid) = pid {
            figures.memory("server resident", process::resident_kib(pid));
        }
        figures.end();
        Ok(0)
    }

    /// Many entries, and what they cost later.
    async fn long_run(self, mut served: Served, entries: u64) -> Ended {
        let mut figures = Figures::new(self.json);
        let load = Load::new(&served.server).await?;
        load.prepare().await?;
        let tenths = load.tenths(entries, self.persons, served.pid(), &mut figures).await?;
        let (Some(first), Some(last)) = (tenths.first(), tenths.last()) else {
            return Err(CliError::usage("--long takes at least 10,000 entries"));
        };
        figures.ratio("rate of the last tenth over that of the first", last / first);
        if let Some(pid) = served.pid() {
            figures.memory("server resident", process::resident_kib(pid));
        }
        figures.lag(load.lag().await?);
        drop(load);
        if let Some(restart) = served.restart()? {
            figures.seconds("restart to ready", restart);
        }
        figures.end();
        Ok(0)
    }
}

/// Persons that entries are about in the figures with persons.
const PERSONS: u64 = 1_000;

fn server(url: String, ledger: &str) -> Server {
    Server { server: url, ca: None, ledger: ledger.to_owned(), caller: load::AGENT.to_owned(), json: false }
}
