//! The shipped binary on a ledger of its own, and what a test needs to talk to it, to break it and to judge it.
//!
//! `TestServer` makes a ledger in a temporary directory and runs `whosaw serve` on it; `Client` speaks gRPC to it as one
//! caller; `judge` lets the verifier look at what the server hands out; `disk` puts a bad disk or a bad clock under it.

pub mod chance;
pub mod disk;
pub mod http;
pub mod judge;
pub mod records;
pub mod unset;

use records::Recordable;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use whosaw::rpc::{CALLER, MESSAGE_BYTES_MAX, v1};
use whosaw_verifier::note::VerifierKey;

pub const ORIGIN: &str = "ledger.example/tests";
/// Long enough for the slowest machine; a test that waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// The binary under test, without any setting of the machine it runs on.
pub fn whosaw() -> Command {
    scrubbed(Path::new(env!("CARGO_BIN_EXE_whosaw")))
}

/// The verifier's own binary, where the workspace was built with it: it lies beside ours.
pub fn whosaw_verify() -> Option<Command> {
    let path = Path::new(env!("CARGO_BIN_EXE_whosaw")).with_file_name("whosaw-verify");
    if path.exists() {
        return Some(scrubbed(&path));
    }
    println!("skipped: whosaw-verify is not built; the verifier's library judges alone");
    None
}

/// Says what a test had nothing to run on for. Written past the capture of a test's output, which is thrown away when the
/// test passes.
pub fn skipped(what: &str) {
    writeln!(std::io::stdout(), "\nskipped: {what}").expect("stdout is open");
}

fn scrubbed(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WHOSAW_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs to the end; says what was written and how it ended when that is not `code`.
pub fn run(command: &mut Command, code: i32) -> Said {
    let said = Said::of(command.output().expect("the command runs"));
    assert_eq!(said.code, Some(code), "{command:?} said:\n{}\n{}", said.out, said.err);
    said
}

/// The JSON of a report that the command line asks a server for.
pub fn report_json(server: &TestServer, arguments: &[&str]) -> serde_json::Value {
    let out = tempfile::tempdir().expect("a directory");
    let mut command = server.client_command(&["report"]);
    command.args(arguments).args(["--format", "json", "--out"]).arg(out.path());
    run(&mut command, 0);
    let mut files = std::fs::read_dir(out.path()).expect("a directory").flatten().map(|file| file.path());
    // A note stands beside it.
    let file = files.find(|path| path.extension().is_some_and(|ending| ending == "json")).expect("a file");
    serde_json::from_slice(&std::fs::read(file).expect("the report")).expect("JSON")
}

#[derive(Debug, Clone)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// What a server is started with.
#[derive(Default, Clone)]
pub struct Setup {
    pub origins: Vec<String>,
    /// Further arguments of `serve`.
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    /// Where the ledger lives, if not in a temporary directory.
    pub place: Option<PathBuf>,
}

impl Setup {
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    pub fn origins(mut self, origins: &[&str]) -> Self {
        self.origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        self
    }

    pub fn at(mut self, place: &Path) -> Self {
        self.place = Some(place.to_owned());
        self
    }

    /// A server on what lies at its place already.
    pub fn without_init(self) -> TestServer {
        let place = self.place.clone().expect("a place");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        TestServer { setup: self, place, child: None, address, starts: 0, _temporary: None }
    }

    /// Makes the ledgers, runs nothing yet.
    pub fn init(self) -> TestServer {
        let temporary = match self.place {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("whosaw-").tempdir().expect("a temporary directory")),
        };
        let place = self.place.clone().unwrap_or_else(|| temporary.as_ref().expect("just made").path().to_owned());
        let server = TestServer {
            setup: self,
            place,
            child: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            starts: 0,
            _temporary: temporary,
        };
        let origins = server.setup.origins.clone();
        for origin in origins.iter().map(String::as_str).chain(origins.is_empty().then_some(ORIGIN)) {
            run(server.command("init").args(["--origin", origin]), 0);
        }
        server
    }

    /// Makes the ledgers and serves them.
    pub fn start(self) -> TestServer {
        let mut server = self.init();
        server.start();
        server
    }
}

/// A running server, or the place of one that is stopped.
pub struct TestServer {
    pub setup: Setup,
    pub place: PathBuf,
    child: Option<Child>,
    pub address: SocketAddr,
    starts: u32,
    _temporary: Option<TempDir>,
}

impl TestServer {
    pub fn new() -> Self {
        Setup::default().start()
    }

    pub fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    pub fn database(&self) -> PathBuf {
        self.data().join("db")
    }

    pub fn guard(&self, number: u32) -> PathBuf {
        self.data().join(format!("guard/ledger-{number}"))
    }

    pub fn keys(&self, number: u32) -> PathBuf {
        self.data().join(format!("keys/ledger-{number}"))
    }

    /// A command that works on this place: `serve`, `init`.
    pub fn command(&self, name: &str) -> Command {
        let mut command = whosaw();
        command.args([name, "--data"]).arg(self.data());
        // Inside the data, so that copies of a place are whole; what happens otherwise has its own test.
        command.env("WHOSAW_GUARD", self.data().join("guard"));
        command.envs(self.setup.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// A command that is a client of this server.
    pub fn client_command(&self, words: &[&str]) -> Command {
        let mut command = whosaw();
        command.args(words).args(["--server", &self.url()]);
        command
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn start(&mut self) {
        if let Err(said) = self.try_start() {
            panic!("the server does not start, code {:?}:\n{}{}", said.code, said.out, said.err);
        }
    }

    /// Starts and waits until it says where it listens, or ends.
    pub fn try_start(&mut self) -> Result<(), Said> {
        assert!(self.child.is_none(), "it runs already");
        self.starts += 1;
        let log = std::fs::File::create(self.log_path()).expect("a log file");
        let mut command = self.command("serve");
        command.args(["--listen", "127.0.0.1:0"]).args(&self.setup.args);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the binary runs");
        let mut out = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("stdout is text");
        match line.trim().strip_prefix("whosaw listens on ").and_then(|address| address.parse().ok()) {
            Some(address) => {
                self.address = address;
                self.child = Some(child);
                Ok(())
            }
            None => {
                out.read_to_string(&mut line).expect("stdout is text");
                let status = child.wait().expect("it can be waited for");
                Err(Said { code: status.code(), out: line, err: self.log() })
            }
        }
    }

    /// Starts and is killed while it does, or soon after.
    pub fn start_and_kill(&mut self, after: Duration) {
        let mut command = self.command("serve");
        command.args(["--listen", "127.0.0.1:0"]).args(&self.setup.args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
        std::thread::sleep(after);
        child.kill().expect("it can be killed");
        child.wait().expect("it can be waited for");
    }

    /// Why it does not start: what it said, after it ended with something else than 0.
    pub fn refusal(&mut self) -> String {
        match self.try_start() {
            Ok(()) => panic!("the server started"),
            Err(said) => {
                assert!(said.code.is_some_and(|code| code != 0), "it ended with {:?}: {}", said.code, said.err);
                assert!(!said.err.contains("panicked"), "{}", said.err);
                said.err
            }
        }
    }

    fn log_path(&self) -> PathBuf {
        self.place.join(format!("serve-{}.log", self.starts))
    }

    /// What this run of the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid() as i32).expect("a process has a number");
        rustix::process::kill_process(pid, signal).expect("a signal can be sent");
    }

    /// SIGTERM, and how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.ended(PATIENCE)
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.ended(PATIENCE);
    }

    /// Stops it in the ordinary way and starts it again.
    pub fn restart(&mut self) {
        let status = self.stop();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        self.start();
    }

    /// Waits until the process has ended by itself.
    pub fn ended(&mut self, at_most: Duration) -> ExitStatus {
        let until = Instant::now() + at_most;
        let child = self.child.as_mut().expect("it runs");
        loop {
            if let Some(status) = child.try_wait().expect("it can be waited for") {
                self.child = None;
                return status;
            }
            if Instant::now() > until {
                let _ = child.kill();
                panic!("the server still runs after {at_most:?}:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Resident memory of the process, bytes.
    pub fn resident(&self) -> u64 {
        self.status_line("VmRSS:")
    }

    /// The most it ever was.
    pub fn resident_peak(&self) -> u64 {
        self.status_line("VmHWM:")
    }

    fn status_line(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the process is there");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel says so");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
    }

    /// Nobody in particular.
    pub async fn client(&self) -> Client {
        self.client_as("").await
    }

    pub async fn client_as(&self, caller: &str) -> Client {
        let channel = Endpoint::from_shared(self.url())
            .expect("an address")
            .tcp_nodelay(true)
            .connect()
            .await
            .unwrap_or_else(|error| panic!("no connection: {error:?}\n{}", self.log()));
        Client { channel, caller: caller.to_owned(), ledger: String::new() }
    }

    /// Copies the whole place as it lies on the disk.
    pub fn copy_data(&self, name: &str) -> PathBuf {
        let to = self.place.join(name);
        copy_directory(&self.data(), &to);
        to
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
            if std::thread::panicking() {
                eprintln!("--- the server's log ---\n{}", self.log());
            }
        }
    }
}

/// Everything below `from`, modes included. The ballast is left out: it is room, not data.
pub fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory can be made");
    std::fs::set_permissions(to, std::fs::metadata(from).expect("it is there").permissions()).expect("a mode");
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_directory(&entry.path(), &target);
        } else if entry.file_name() != "ballast" {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

/// Puts a copy in the place of what is there.
pub fn replace_directory(from: &Path, to: &Path) {
    std::fs::remove_dir_all(to).expect("a directory can be removed");
    copy_directory(from, to);
}

/// One caller's connection.
#[derive(Clone)]
pub struct Client {
    pub channel: Channel,
    pub caller: String,
    /// Origin that requests name; empty where the server holds one ledger only.
    pub ledger: String,
}

pub type LedgerClient = v1::ledger_service_client::LedgerServiceClient<Channel>;
pub type AuditClient = v1::audit_service_client::AuditServiceClient<Channel>;
pub type RegistryClient = v1::registry_service_client::RegistryServiceClient<Channel>;

impl Client {
    pub fn of_ledger(mut self, origin: &str) -> Self {
        self.ledger = origin.to_owned();
        self
    }

    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if !self.caller.is_empty() {
            request.metadata_mut().insert(CALLER, self.caller.parse().expect("a caller's name is ASCII"));
        }
        request
    }

    pub fn ledgers(&self) -> LedgerClient {
        LedgerClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(usize::MAX)
    }

    pub fn audit(&self) -> AuditClient {
        AuditClient::new(self.channel.clone()).max_decoding_message_size(usize::MAX)
    }

    pub fn registry(&self) -> RegistryClient {
        RegistryClient::new(self.channel.clone())
    }

    pub async fn append(&self, record: impl Recordable) -> Result<v1::Receipt, Status> {
        let request = v1::AppendRequest { ledger: self.ledger.clone(), record: Some(record.record()) };
        let response = self.ledgers().append(self.request(request)).await?.into_inner();
        Ok(response.receipt.expect("an append answers with a receipt"))
    }

    pub async fn batch(&self, records: Vec<impl Recordable>) -> Result<v1::AppendBatchResponse, Status> {
        let records = records.into_iter().map(Recordable::record).collect();
        let request = v1::AppendBatchRequest { ledger: self.ledger.clone(), records };
        Ok(self.ledgers().append_batch(self.request(request)).await?.into_inner())
    }

    /// Sends all, then reads all answers.
    pub async fn stream(
        &self,
        records: Vec<impl Recordable>,
        detail: v1::AppendDetail,
    ) -> Result<Vec<v1::AppendStreamResponse>, Status> {
        let (ledger, detail) = (self.ledger.clone(), detail as i32);
        let records: Vec<v1::Record> = records.into_iter().map(Recordable::record).collect();
        let messages = records.into_iter().map(move |record| v1::AppendStreamRequest {
            ledger: ledger.clone(),
            record: Some(record),
            detail,
        });
        let request = self.request(futures::stream::iter(messages));
        let mut answers = self.ledgers().append_stream(request).await?.into_inner();
        let mut all = Vec::new();
        while let Some(answer) = answers.message().await? {
            all.push(answer);
        }
        Ok(all)
    }

    pub async fn large(&self, pieces: Vec<v1::append_large_request::Piece>) -> Result<v1::Receipt, Status> {
        let messages = pieces.into_iter().map(|piece| v1::AppendLargeRequest { piece: Some(piece) });
        let request = self.request(futures::stream::iter(messages));
        let response = self.ledgers().append_large(request).await?.into_inner();
        Ok(response.receipt.expect("an append answers with a receipt"))
    }

    pub async fn size(&self) -> u64 {
        self.head().await.tree_size
    }

    /// The newest checkpoint.
    pub async fn head(&self) -> v1::Checkpoint {
        self.checkpoint(0).await.expect("there is always a head")
    }

    pub async fn checkpoint(&self, tree_size: u64) -> Result<v1::Checkpoint, Status> {
        let request = v1::GetCheckpointRequest { ledger: self.ledger.clone(), tree_size };
        let response = self.audit().get_checkpoint(self.request(request)).await?.into_inner();
        Ok(response.checkpoint.expect("an answer holds a checkpoint"))
    }

    /// The key of this ledger, as the server tells it.
    pub async fn key(&self) -> VerifierKey {
        let request = v1::GetCheckpointRequest { ledger: self.ledger.clone(), tree_size: 0 };
        let response = self.audit().get_checkpoint(self.request(request)).await.expect("there is always a head");
        VerifierKey::parse(&response.into_inner().verifier_key).expect("a key")
    }

    pub async fn entry(&self, index: u64) -> v1::Entry {
        self.get_entry(index, false).await.unwrap_or_else(|status| panic!("entry {index}: {status}"))
    }

    pub async fn opened(&self, index: u64) -> v1::Entry {
        self.get_entry(index, true).await.unwrap_or_else(|status| panic!("entry {index}: {status}"))
    }

    pub async fn get_entry(&self, index: u64, open_parts: bool) -> Result<v1::Entry, Status> {
        let request = v1::GetEntryRequest { ledger: self.ledger.clone(), index, open_parts };
        Ok(self.audit().get_entry(self.request(request)).await?.into_inner().entry.expect("an entry"))
    }

    pub async fn page(
        &self,
        filter: &v1::EntryFilter,
        page_size: u32,
        page_token: &str,
    ) -> Result<v1::ListEntriesResponse, Status> {
        let request = v1::ListEntriesRequest {
            ledger: self.ledger.clone(),
            filter: Some(filter.clone()),
            page_size,
            page_token: page_token.to_owned(),
            open_parts: false,
        };
        Ok(self.audit().list_entries(self.request(request)).await?.into_inner())
    }

    /// Indexes of all entries that pass, over as many pages as it takes.
    pub async fn list(&self, filter: &v1::EntryFilter, page_size: u32) -> Vec<u64> {
        let (mut indexes, mut token) = (Vec::new(), String::new());
        loop {
            let page = self.page(filter, page_size, &token).await.expect("a list");
            indexes.extend(page.entries.iter().map(|entry| entry.index));
            token = page.next_page_token;
            if token.is_empty() {
                return indexes;
            }
        }
    }

    /// Indexes of all entries of a kind.
    pub async fn of_kind(&self, kind: v1::EntryKind) -> Vec<u64> {
        self.list(&v1::EntryFilter { kind: kind as i32, ..Default::default() }, 1_000).await
    }

    pub async fn register(&self, kind: v1::RegistryKind, names: &[&str]) -> v1::Receipt {
        let named = |name: &&str| v1::Name { kind: kind as i32, name: (*name).to_owned(), ..Default::default() };
        self.register_names(names.iter().map(named).collect()).await.expect("names are made known")
    }

    pub async fn register_names(&self, names: Vec<v1::Name>) -> Result<v1::Receipt, Status> {
        let request = v1::RegisterNamesRequest { ledger: self.ledger.clone(), names };
        let response = self.registry().register_names(self.request(request)).await?.into_inner();
        Ok(response.receipt.expect("a registration answers with a receipt"))
    }

    pub async fn apply_catalogue(&self, catalogue: &str) -> Result<v1::ApplyCatalogueResponse, Status> {
        let request = v1::ApplyCatalogueRequest { ledger: self.ledger.clone(), catalogue: catalogue.to_owned() };
        Ok(self.registry().apply_catalogue(self.request(request)).await?.into_inner())
    }

    /// What a file of the controller's registry would change.
    pub async fn preview_registry(&self, registry: &str) -> Result<v1::ApplyRegistryResponse, Status> {
        self.ask_registry(registry, true, Vec::new()).await
    }

    pub async fn apply_registry(
        &self,
        registry: &str,
        diff_digest: Vec<u8>,
    ) -> Result<v1::ApplyRegistryResponse, Status> {
        self.ask_registry(registry, false, diff_digest).await
    }

    pub async fn put_registry_in_force(&self, registry: &str) -> v1::ApplyRegistryResponse {
        let would = self.preview_registry(registry).await.expect("a good one");
        self.apply_registry(registry, would.diff_digest).await.expect("as agreed")
    }

    pub async fn ask_registry(
        &self,
        registry: &str,
        dry_run: bool,
        diff_digest: Vec<u8>,
    ) -> Result<v1::ApplyRegistryResponse, Status> {
        let (ledger, registry) = (self.ledger.clone(), registry.to_owned());
        let request = v1::ApplyRegistryRequest { ledger, registry, dry_run, diff_digest };
        Ok(self.registry().apply_registry(self.request(request)).await?.into_inner())
    }

    /// The controller's registry that was in force at a size.
    pub async fn registry_at(&self, tree_size: u64) -> Result<v1::GetRegistryResponse, Status> {
        let request = v1::GetRegistryRequest { ledger: self.ledger.clone(), tree_size };
        Ok(self.registry().get_registry(self.request(request)).await?.into_inner())
    }
}

/// The registry of an invented controller.
pub const REGISTRY: &str = include_str!("../../reports/registry/example.toml");

/// The fields that a status says are wrong, in its order.
pub fn wrong_fields(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().map(|details| details.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}

/// Waits for a condition that comes about by itself.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let end = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
