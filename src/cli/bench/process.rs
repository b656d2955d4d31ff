//! The processes beside the load generator, and what they cost.

use super::super::{CliError, Server};
use super::server;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ORIGIN: &str = "bench.example/ledger";

/// The server that is measured: one that was running, or one of our own.
pub struct Served {
    pub server: Server,
    own: Option<Own>,
}

struct Own {
    process: Spawned,
    data: PathBuf,
    /// Removed with everything in it.
    _directory: TempDir,
}

impl Served {
    pub fn running(url: &str, ledger: &str) -> Self {
        Served { server: server(url.to_owned(), ledger), own: None }
    }

    /// Makes a ledger and serves it.
    pub fn start(parent: Option<&Path>) -> Result<Self, CliError> {
        let directory = match parent {
            Some(parent) => tempfile::Builder::new().prefix("whosaw-bench-").tempdir_in(parent)?,
            None => tempfile::Builder::new().prefix("whosaw-bench-").tempdir()?,
        };
        let data = directory.path().join("data");
        let made = Command::new(std::env::current_exe()?)
            .args(["init", "--origin", ORIGIN, "--data"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()?;
        if !made.success() {
            return Err(CliError::new("the ledger for the bench could not be made"));
        }
        let process = Spawned::server(&data)?;
        let server = server(process.url.clone(), ORIGIN);
        Ok(Served { server, own: Some(Own { process, data, _directory: directory }) })
    }

    pub fn pid(&self) -> Option<u32> {
        self.own.as_ref().map(|own| own.process.child.id())
    }

    pub fn data(&self) -> Option<&Path> {
        self.own.as_ref().map(|own| own.data.as_path())
    }

    /// Stops our own server with SIGTERM and starts it again; answers how long the start took.
    pub fn restart(&mut self) -> Result<Option<Duration>, CliError> {
        let Some(own) = &mut self.own else { return Ok(None) };
        own.process.terminate()?;
        let start = Instant::now();
        own.process = Spawned::server(&own.data)?;
        Ok(Some(start.elapsed()))
    }
}

/// A process that says on its first line where it listens; killed when dropped.
pub struct Spawned {
    child: Child,
    url: String,
}

impl Spawned {
    pub fn echo() -> Result<Self, CliError> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "--echo-server"]);
        Self::spawn(command)
    }

    fn server(data: &Path) -> Result<Self, CliError> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "error", "--data"]).arg(data);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Result<Self, CliError> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        match line.trim().rsplit_once(' ') {
            Some((_, address)) => Ok(Spawned { child, url: format!("http://{address}") }),
            None => {
                let _ = child.kill();
                Err(CliError::new("a process of the bench did not start"))
            }
        }
    }

    pub fn as_server(&self) -> Server {
        server(self.url.clone(), "")
    }

    fn terminate(&mut self) -> Result<(), CliError> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)
            .map_err(|error| CliError::new(format!("the server cannot be stopped: {error}")))?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of a process so far, user and system.
pub fn cpu(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces; the fields behind it do not.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Duration::from_millis((user + system) * 1_000 / rustix::param::clock_ticks_per_second()))
}

/// Waits until a process rests, so that what one figure left to be done in the background is not charged to the next.
pub async fn rest(pid: Option<u32>) {
    const LOOK: Duration = Duration::from_millis(200);
    for _ in 0..150 {
        let Some(before) = pid.and_then(cpu) else { return };
        tokio::time::sleep(LOOK).await;
        let used = pid.and_then(cpu).unwrap_or_default().saturating_sub(before);
        if used < LOOK / 10 {
            return;
        }
    }
}

pub fn resident_kib(pid: u32) -> u64 {
    status_kib(pid, "VmRSS:")
}

/// The most it ever was.
pub fn peak_kib(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:")
}

fn status_kib(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
