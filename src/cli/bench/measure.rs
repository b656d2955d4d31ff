//! Figures and how they are shown.

use super::super::{CliError, show};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// One run: how many entries in how long, and how long each request took.
pub struct Run {
    pub entries: u64,
    pub took: Duration,
    pub latencies: Vec<Duration>,
    /// CPU time of the server.
    pub server_cpu: Option<Duration>,
}

impl Run {
    pub fn per_second(&self) -> f64 {
        self.entries as f64 / self.took.as_secs_f64().max(1e-9)
    }
}

/// Prints figures as they come.
pub struct Figures {
    json: bool,
    values: Vec<serde_json::Value>,
}

impl Figures {
    pub fn new(json: bool) -> Self {
        Figures { json, values: Vec::new() }
    }

    pub fn rate(&mut self, name: &str, run: &Run, bare: Option<&Run>) {
        let (p50, p99) = (percentile(&run.latencies, 50), percentile(&run.latencies, 99));
        let of_bare = bare.map(|bare| run.per_second() / bare.per_second());
        let cpu = run.server_cpu.filter(|_| run.entries > 0).map(|cpu| cpu.as_secs_f64() * 1e6 / run.entries as f64);
        if self.json {
            self.values.push(serde_json::json!({
                "figure": name, "per_second": run.per_second() as u64, "p50_us": p50.as_micros() as u64,
                "p99_us": p99.as_micros() as u64, "server_cpu_us_per_entry": cpu, "of_bare_echo": of_bare,
            }));
            return;
        }
        let cpu = cpu.map_or_else(String::new, |us| format!("  {us:6.2} µs CPU/entry"));
        let of_bare = of_bare.map_or_else(String::new, |ratio| format!("  {:5.1} % of the echo", ratio * 100.0));
        println!(
            "{name:<62} {:>10}/s  p50 {:>9.3?}  p99 {:>9.3?}{cpu}{of_bare}",
            show::grouped(run.per_second() as u64),
            p50,
            p99
        );
    }

    pub fn latency(&mut self, name: &str, latencies: Vec<Duration>) {
        let (p50, p99) = (percentile(&latencies, 50), percentile(&latencies, 99));
        if self.json {
            let value = serde_json::json!({
                "figure": name, "p50_us": p50.as_micros() as u64, "p99_us": p99.as_micros() as u64
            });
            self.values.push(value);
        } else {
            println!("{name:<62} {:>12}  p50 {p50:>9.3?}  p99 {p99:>9.3?}", "");
        }
    }

    pub fn lag(&mut self, lag: Duration) {
        self.seconds("projections caught up after", lag);
    }

    pub fn seconds(&mut self, name: &str, took: Duration) {
        if self.json {
            self.values.push(serde_json::json!({"figure": name, "seconds": took.as_secs_f64()}));
        } else {
            println!("{name:<62} {:>10.3} s", took.as_secs_f64());
        }
    }

    pub fn micros(&mut self, name: &str, took: Duration) {
        if self.json {
            self.values.push(serde_json::json!({"figure": name, "us": took.as_micros() as u64}));
        } else {
            println!("{name:<62} {:>10} µs", took.as_micros());
        }
    }

    pub fn bytes(&mut self, name: &str, bytes: u64) {
        if self.json {
            self.values.push(serde_json::json!({"figure": name, "bytes": bytes}));
        } else {
            println!("{name:<62} {bytes:>10} B");
        }
    }

    pub fn ratio(&mut self, name: &str, ratio: f64) {
        if self.json {
            self.values.push(serde_json::json!({"figure": name, "ratio": ratio}));
        } else {
            println!("{name:<62} {ratio:>10.2}");
        }
    }

    pub fn memory(&mut self, name: &str, kib: u64) {
        if self.json {
            self.values.push(serde_json::json!({"figure": name, "mib": kib / 1_024}));
        } else {
            println!("{name:<62} {:>10} MiB", kib / 1_024);
        }
    }

    pub fn end(self) {
        for value in self.values {
            println!("{value}");
        }
    }
}

fn percentile(latencies: &[Duration], percent: usize) -> Duration {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// What the disk takes for a small durable write: no append can be faster than this.
pub fn fdatasync(directory: &Path) -> Result<Vec<Duration>, CliError> {
    let path = directory.join("bench-fdatasync");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    let mut latencies = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        file.write_all(&[0; 4_096])?;
        file.sync_data()?;
        latencies.push(start.elapsed());
    }
    std::fs::remove_file(&path)?;
    Ok(latencies)
}
