//! The composition root: the one place that knows all rooms, and the machine.
//!
//! Opens what settings name, wires it in order, and takes it down in the opposite order. No decision of the domain is
//! made here.

pub mod backup;
pub mod rehearsal;
pub mod restore;

use crate::admit::Limits;
use crate::config::{self, LogFormat, Settings, Tls};
use crate::engine::{self, BackupSource, Engine, OpenLedger, Ran};
use crate::ledger::{Ledger, LedgerOptions};
use crate::model::{Clock, UnixMicros};
use crate::rpc::RpcLimits;
use crate::store::rocks::RocksStore;
use crate::store::{LedgerNumber, Store};
use crate::vault::in_time::{self, ANSWER, InTime};
use crate::vault::pkcs11::{Pin, Token, TokenKeys, of_no_use};
use crate::vault::{Custodian, CustodianError, KeyDirectory, Vault};
use crate::{http, rpc};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic_health::ServingStatus;
use whosaw_verifier::body::RestoreBody;
use whosaw_verifier::hash::{Hash, sha256};
use zeroize::Zeroizing;

/// How a server that can no longer write ends, so that a supervisor starts it again: EX_TEMPFAIL of sysexits.h.
pub const EXIT_LATCHED: u8 = 75;
/// Requests under way may take so long once the server was told to stop.
const DRAIN_STOPPED: Duration = Duration::from_secs(20);
/// Refusals to registered sources become one coverage entry in this time.
const REFUSALS: Duration = Duration::from_secs(60);
const WATCH_LATCH: Duration = Duration::from_millis(250);
/// Between two looks at the custodian.
const WATCH_CUSTODIAN: Duration = Duration::from_secs(2);

/// Why the server does not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("cannot make {path}: {reason}")]
    Directory { path: String, reason: String },
    #[error("ledger {origin}: {reason}")]
    Ledger { origin: String, reason: String },
    #[error("{0}")]
    Start(String),
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Stopped,
    /// A ledger could not write any more; start again.
    Latched,
}

/// Keys and what people said are in memory: neither a crash nor a debugger of the same user may write them to a disk.
pub fn forbid_core_dumps() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let limited = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let refused = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    if let Err(error) = limited.and(refused) {
        tracing::warn!(%error, "core dumps could not be forbidden");
    }
}

/// Makes a ledger: its keys, its guard and its first entry.
pub fn init(settings: &Settings, origin: &str) -> Result<LedgerNumber, AppError> {
    forbid_core_dumps();
    let store = open_store(settings)?;
    let failed = |reason: String| AppError::Ledger { origin: origin.to_owned(), reason };
    let known = engine::every_origin(store.as_ref()).map_err(|error| failed(error.to_string()))?;
    if known.iter().any(|(_, known)| known == origin) {
        return Err(failed("is there already".into()));
    }
    let number = LedgerNumber(known.last().map_or(1, |(last, _)| last.0 + 1));
    for directory in [&settings.keys, &settings.guard] {
        make_private(directory)?;
    }
    let custodian = Keepers::of(settings)
        .and_then(|keepers| keepers.create(settings, number))
        .map_err(|error| failed(error.to_string()))?;
    let mut extra = Vault::create(number, origin, custodian.as_ref()).map_err(|error| failed(error.to_string()))?;
    engine::name_ledger(number, origin, &mut extra);
    let options = ledger_options(settings, number, origin);
    Ledger::create(store.as_ref(), &options, &SystemClock::new(), extra).map_err(|error| failed(error.to_string()))?;
    Ok(number)
}

/// What `serve` would open, without opening it for writing: every mistake at once.
pub fn check(settings: &Settings) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(tls) = &settings.tls
        && let Err(error) = tls_config(tls)
    {
        wrong.push(error.to_string());
    }
    // Before the database, so that a token that does not answer is told where there is no ledger either.
    let keepers = match &settings.custodian {
        // What is wrong with the settings was told when they were read.
        None => None,
        Some(_) => Keepers::of(settings).map_err(|error| wrong.push(error.to_string())).ok(),
    };
    let none = no_ledger(settings);
    if !settings.database().exists() {
        // Opening would make one, and a check leaves nothing behind.
        wrong.push(none);
        return wrong;
    }
    let store = match open_store(settings) {
        Ok(store) => store,
        Err(error) => {
            wrong.push(error.to_string());
            return wrong;
        }
    };
    let ledgers = match engine::origins(store.as_ref()) {
        Ok(ledgers) if ledgers.is_empty() => {
            wrong.push(none);
            ledgers
        }
        Ok(ledgers) => ledgers,
        Err(error) => {
            wrong.push(error.to_string());
            Vec::new()
        }
    };
    if let Err(error) = store.verify() {
        wrong.push(error.to_string());
    }
    for (number, origin) in ledgers {
        let options = ledger_options(settings, number, &origin);
        let errors = Ledger::check(store.as_ref(), &options);
        wrong.extend(errors.into_iter().map(|error| format!("ledger {origin}: {error}")));
        match keepers.as_ref().map(|keepers| keepers.open(settings, number)) {
            None => {}
            Some(Err(error)) => wrong.push(format!("ledger {origin}: {error}")),
            Some(Ok(custodian)) => {
                let opened = custodian.healthy().map_err(|error| error.to_string()).and_then(|()| {
                    let opened = Vault::open(Arc::clone(&store), number, &origin, custodian);
                    opened.map(drop).map_err(|error| error.to_string())
                });
                wrong.extend(opened.err().map(|error| format!("ledger {origin}: {error}")));
            }
        }
    }
    wrong
}

/// Runs the server until it is told to stop. `told` hears the address once it listens.
pub async fn serve(settings: Settings, told: impl FnOnce(SocketAddr)) -> Result<Ended, AppError> {
    let metrics = install_metrics()?;
    let opening = settings.clone();
    let engine = tokio::task::spawn_blocking(move || open_engine(&opening, &BTreeMap::new()))
        .await
        .map_err(|error| AppError::Start(error.to_string()))??;
    let (health, health_service) = tonic_health::server::health_reporter();
    set_health(&health, ServingStatus::Serving).await;
    let limits = RpcLimits { large_bytes: settings.large_bytes, ..RpcLimits::default() };
    let routes = rpc::routes(Arc::clone(&engine), limits).map_err(|error| AppError::Start(error.to_string()))?;
    let router = routes.add_service(health_service).into_axum_router();
    let router = router.layer(axum::middleware::map_response(async |response: axum::response::Response| {
        match rpc::instead(response.headers()) {
            Some(status) => status.into_http(),
            None => response,
        }
    }));
    let router = router.merge(http::router(Arc::clone(&engine), metrics)).fallback(http::unknown_path);
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| AppError::Start(format!("cannot listen on {}: {error}", settings.listen)))?;
    let address = listener.local_addr().map_err(|error| AppError::Start(error.to_string()))?;
    let mut server =
        Server::builder().accept_http1(true).initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
    if let Some(tls) = &settings.tls {
        server = server.tls_config(tls_config(tls)?).map_err(|error| AppError::Start(error.to_string()))?;
    }
    let (stop, stopped) = tokio::sync::watch::channel(None);
    // Listened for before anybody hears of the address, so that no signal finds the process unprepared.
    let failed = |error: std::io::Error| AppError::Start(format!("signals cannot be heard: {error}"));
    let signals = (signal(SignalKind::terminate()).map_err(failed)?, signal(SignalKind::interrupt()).map_err(failed)?);
    let drain = Duration::from_secs(settings.drain_seconds);
    let watch = tokio::spawn(watch(Arc::clone(&engine), health, stop, signals, drain));
    let refusals = tokio::spawn(write_refusals(Arc::clone(&engine)));
    let erasures = tokio::spawn(erase_daily(Arc::clone(&engine), settings.erasure_hour));
    let custodians = tokio::spawn(watch_custodians(Arc::clone(&engine)));
    told(address);
    tracing::info!(%address, ledgers = engine.ledgers().count(), "listening");
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let mut serving = std::pin::pin!(
        server
            .add_routes(Routes::from(router).prepare())
            .serve_with_incoming_shutdown(incoming, until_told(stopped.clone()))
    );
    tokio::select! {
        served = &mut serving => served.map_err(|error| AppError::Start(error.to_string()))?,
        () = until_told(stopped.clone()) => {
            engine.stop_streams();
            // Requests under way get their answers; whoever holds a connection open for longer is cut off.
            if tokio::time::timeout(DRAIN_STOPPED, &mut serving).await.is_err() {
                tracing::warn!("connections were still open after {} s", DRAIN_STOPPED.as_secs());
            }
        }
    }
    custodians.abort();
    refusals.abort();
    erasures.abort();
    watch.abort();
    for open in engine.ledgers() {
        if open.ledger().latched().is_none()
            && let Err(error) = open.record_refusals().await
        {
            tracing::error!(%error, "refusals could not be recorded");
        }
    }
    let closing = Arc::clone(&engine);
    let _ = tokio::task::spawn_blocking(move || closing.shutdown()).await;
    let latched = engine.ledgers().any(|open| open.ledger().latched().is_some());
    Ok(if latched { Ended::Latched } else { Ended::Stopped })
}

/// Between two looks for erasures that are due.
const ERASURES: Duration = Duration::from_secs(60);

/// HTTP/2 windows: a batch of a thousand actions should not wait for window updates.
const WINDOW: u32 = 4 << 20;

async fn until_told(mut stopped: tokio::sync::watch::Receiver<Option<Ended>>) {
    let _ = stopped.wait_for(Option::is_some).await;
}

/// For the server as a whole and for each of its services: clients ask for either.
async fn set_health(health: &tonic_health::server::HealthReporter, status: ServingStatus) {
    for service in [""].iter().chain(rpc::SERVICES) {
        health.set_service_status(service, status).await;
    }
}

/// Listens for signals and for ledgers that can no longer write.
async fn watch(
    engine: Arc<Engine>,
    health: tonic_health::server::HealthReporter,
    stop: tokio::sync::watch::Sender<Option<Ended>>,
    (mut terminate, mut interrupt): (Signal, Signal),
    drain: Duration,
) {
    let mut look = tokio::time::interval(WATCH_LATCH);
    let mut lost = false;
    let ended = loop {
        tokio::select! {
            _ = terminate.recv() => break Ended::Stopped,
            _ = interrupt.recv() => break Ended::Stopped,
            _ = look.tick() => {
                if let Some(reason) = engine.ledgers().find_map(|open| open.ledger().latched()) {
                    tracing::error!(reason, "a ledger can no longer write; reads go on for a while, then the server ends");
                    set_health(&health, ServingStatus::NotServing).await;
                    // Whoever stops it need not wait.
                    tokio::select! {
                        () = tokio::time::sleep(drain) => {}
                        _ = terminate.recv() => {}
                        _ = interrupt.recv() => {}
                    }
                    break Ended::Latched;
                }
                let is_lost = engine.ledgers().any(|open| open.custodian_trouble().is_some());
                if std::mem::replace(&mut lost, is_lost) != is_lost {
                    // Reads go on, and so does the server: started anew without its keys it would do nothing at all.
                    let status = if lost { ServingStatus::NotServing } else { ServingStatus::Serving };
                    health.set_service_status(rpc::APPENDS, status).await;
                }
            }
        }
    };
    set_health(&health, ServingStatus::NotServing).await;
    tracing::info!("stopping: nothing new is let in, what waits is written");
    let _ = stop.send(Some(ended));
    // Held until the process ends: a second signal must not kill it half-way.
    std::future::pending::<()>().await;
}

/// Looks at the custodians from time to time. One that hangs holds up nothing but this.
async fn watch_custodians(engine: Arc<Engine>) {
    let mut every = tokio::time::interval(WATCH_CUSTODIAN);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let looking = Arc::clone(&engine);
        let looked = tokio::task::spawn_blocking(move || looking.ledgers().for_each(|open| open.look_at_custodian()));
        if let Err(error) = looked.await {
            tracing::error!(%error, "the custodian could not be looked at");
        }
    }
}

async fn write_refusals(engine: Arc<Engine>) {
    let mut every = tokio::time::interval(REFUSALS);
    every.tick().await;
    loop {
        every.tick().await;
        for open in engine.ledgers() {
            if let Err(error) = open.record_refusals().await {
                tracing::error!(%error, "refusals could not be recorded");
            }
        }
    }
}

/// Goes on with batches of erasures that the last process left unfinished, then does each day's. Ended in the middle, a
/// batch is gone on with at the next start.
async fn erase_daily(engine: Arc<Engine>, hour: u8) {
    let told = |error: engine::EngineError| tracing::error!(%error, "erasures that are due could not be done");
    for open in engine.ledgers() {
        if let Err(error) = open.finish_interrupted().await {
            told(error);
        }
    }
    let mut every = tokio::time::interval(ERASURES);
    loop {
        every.tick().await;
        for open in engine.ledgers().filter(|open| open.has_unfinished_erasures()) {
            // What stood in the way is told by it, and told again as long as it does.
            let _ = open.finish_interrupted().await;
        }
        for open in engine.ledgers().filter(|open| open.erasures_wait(hour)) {
            match open.run_due(false).await {
                Ok(Ran { erased, pruned }) => {
                    if let Some(done) = erased {
                        tracing::info!(
                            entry = done.index,
                            batches = done.batches,
                            requests = done.requests,
                            parts = done.covers,
                            shards = done.moved.shards,
                            "erasures were done"
                        );
                    }
                    if let Some(done) = pruned {
                        tracing::info!(entry = done.index, bodies = done.bodies, "bodies were pruned");
                    }
                }
                Err(error) => told(error),
            }
        }
    }
}

/// Opens every ledger of the store, which says of those in `restored` that they go on from a backup. Blocks.
fn open_engine(settings: &Settings, restored: &BTreeMap<LedgerNumber, RestoreBody>) -> Result<Arc<Engine>, AppError> {
    let store = open_store(settings)?;
    settings.mirrors.iter().try_for_each(|mirror| make_private(mirror))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let origins = engine::origins(store.as_ref()).map_err(|error| AppError::Start(error.to_string()))?;
    let keepers = Keepers::of(settings).map_err(|error| AppError::Start(error.to_string()))?;
    let mut ledgers = Vec::with_capacity(origins.len());
    for (number, origin) in origins {
        let failed = |reason: String| AppError::Ledger { origin: origin.clone(), reason };
        let custodian = keepers.open(settings, number).map_err(|error| failed(error.to_string()))?;
        let restored = restored.get(&number).cloned();
        let options = LedgerOptions { restored, ..ledger_options(settings, number, &origin) };
        let open = OpenLedger::open(Arc::clone(&store), options, custodian, Arc::clone(&clock), Limits::default());
        let open = open.map_err(|error| failed(error.to_string()))?;
        ledgers.push(open.with_mirrors(settings.mirrors.clone()));
    }
    if ledgers.is_empty() {
        return Err(AppError::Start(no_ledger(settings)));
    }
    let never_in =
        vec![("data", settings.data.clone()), ("keys", settings.keys.clone()), ("guard", settings.guard.clone())];
    Ok(Arc::new(Engine::new(ledgers).with_backups(BackupSource { store, never_in })))
}

/// Whoever keeps the keys of persons, as the settings say.
enum Keepers {
    Directories,
    /// One token for all ledgers, so that a wrong PIN is tried once and not once for each. By its label.
    Token(Arc<Token>, String),
}

impl Keepers {
    fn of(settings: &Settings) -> Result<Self, CustodianError> {
        let token = match &settings.custodian {
            Some(config::Custodian::Pkcs11(token)) => token,
            Some(config::Custodian::Directory) => return Ok(Keepers::Directories),
            None => {
                let what = "the settings of the custodian cannot be used".into();
                return Err(CustodianError::Unavailable { what, reason: "they are wrong".into() });
            }
        };
        let pin = match &token.pin_file {
            Some(file) => Pin::from_file(file)?,
            None => {
                let text = Zeroizing::new(std::env::var(config::PIN_VARIABLE).unwrap_or_default());
                Pin::new(&text).ok_or_else(|| CustodianError::Unavailable {
                    what: "there is no PIN for the PKCS#11 token".into(),
                    reason: format!("give pkcs11_pin_file, or {} in the environment", config::PIN_VARIABLE),
                })?
            }
        };
        let (module, label) = (token.module.clone(), token.label.clone());
        let opened = in_time::once(of_no_use(&label), ANSWER, move || Token::open(&module, &label, pin))?;
        Ok(Keepers::Token(opened, token.label.clone()))
    }

    fn create(&self, settings: &Settings, number: LedgerNumber) -> Result<Arc<dyn Custodian>, CustodianError> {
        let (keys, database) = (settings.ledger_keys(number.0), settings.database());
        Ok(match self {
            Keepers::Directories => Arc::new(KeyDirectory::create(&keys, &database)?),
            Keepers::Token(token, label) => {
                let token = Arc::clone(token);
                let create = move || TokenKeys::create(token, &keys, &database);
                Arc::new(InTime::open(of_no_use(label), ANSWER, create)?)
            }
        })
    }

    fn open(&self, settings: &Settings, number: LedgerNumber) -> Result<Arc<dyn Custodian>, CustodianError> {
        let (keys, database) = (settings.ledger_keys(number.0), settings.database());
        Ok(match self {
            Keepers::Directories => Arc::new(KeyDirectory::open(&keys, &database)?),
            Keepers::Token(token, label) => {
                let token = Arc::clone(token);
                let open = move || TokenKeys::open(token, &keys, &database);
                Arc::new(InTime::open(of_no_use(label), ANSWER, open)?)
            }
        })
    }
}

/// Guards outlive a database: where there are some and no ledger, the ledger was not never made but lost.
fn no_ledger(settings: &Settings) -> String {
    let data = settings.data.display();
    let guards = std::fs::read_dir(&settings.guard).is_ok_and(|mut guards| guards.next().is_some());
    if guards {
        let guard = settings.guard.display();
        return format!(
            "{data} holds no ledger, but {guard} remembers one: the database is gone or another. Put it back; a ledger \
             that cannot be put back stays closed"
        );
    }
    format!("{data} holds no ledger; `whosaw init --origin NAME` makes one")
}

fn open_store(settings: &Settings) -> Result<Arc<dyn Store>, AppError> {
    make_private(&settings.data)?;
    let store = RocksStore::open(&settings.database()).map_err(|error| AppError::Start(error.to_string()))?;
    Ok(Arc::new(store))
}

/// Closed to others from the start.
fn make_private(path: &Path) -> Result<(), AppError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| AppError::Directory { path: path.display().to_string(), reason: error.to_string() })
}

fn ledger_options(settings: &Settings, number: LedgerNumber, origin: &str) -> LedgerOptions {
    LedgerOptions {
        waiting_entries_max: settings.waiting_entries,
        waiting_bytes_max: settings.waiting_bytes,
        ..LedgerOptions::new(
            number,
            origin,
            settings.signing_key(number.0),
            settings.ledger_guard(number.0),
            machine(settings.machine.as_deref()),
        )
    }
}

/// What identifies this machine. A copied disk has another identity unless the copy is of the whole machine.
fn machine(stated: Option<&str>) -> Hash {
    let read = |path: &str| std::fs::read_to_string(path).ok().filter(|text| !text.trim().is_empty());
    let identity = stated
        .map(str::to_owned)
        .or_else(|| read("/etc/machine-id"))
        .or_else(|| read("/var/lib/dbus/machine-id"))
        .or_else(|| read("/sys/class/dmi/id/product_uuid"))
        .or_else(|| read("/proc/sys/kernel/hostname"))
        .unwrap_or_default();
    sha256(&[b"whosaw/machine/v1\0", identity.trim().as_bytes()])
}

fn tls_config(tls: &Tls) -> Result<ServerTlsConfig, AppError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|error| AppError::Start(format!("{} cannot be read: {error}", path.display())))
    };
    let mut config = ServerTlsConfig::new().identity(Identity::from_pem(read(&tls.certificate)?, read(&tls.key)?));
    if let Some(client_ca) = &tls.client_ca {
        config = config.client_ca_root(Certificate::from_pem(read(client_ca)?));
    }
    // Built once here, so that a key that does not fit is told before anything is opened.
    Server::builder()
        .tls_config(config.clone())
        .map_err(|error| AppError::Start(format!("the TLS certificate and key do not work: {error}")))?;
    Ok(config)
}

fn install_metrics() -> Result<PrometheusHandle, AppError> {
    let failed = |error: metrics_exporter_prometheus::BuildError| AppError::Start(error.to_string());
    PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Suffix("_seconds".into()),
            &[0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0],
        )
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(failed)
}

/// Logging to standard error. Nothing of a person is ever logged.
pub fn install_log(settings: &Settings) {
    let filter = settings.log.parse::<tracing_subscriber::EnvFilter>().unwrap_or_default();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let installed = match settings.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    drop(installed);
}

/// The machine's clocks.
pub struct SystemClock {
    start: Instant,
    /// When synchronisation was last looked up, monotonic seconds plus one, and the answer in the lowest bit.
    synchronised: AtomicU64,
}

impl SystemClock {
    pub fn new() -> Self {
        SystemClock { start: Instant::now(), synchronised: AtomicU64::new(0) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> UnixMicros {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        UnixMicros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    fn monotonic_us(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// As far as a time service says so; where none does, the clock counts as not synchronised.
    fn synchronised(&self) -> bool {
        let now = self.start.elapsed().as_secs() + 1;
        let last = self.synchronised.load(Ordering::Relaxed);
        if last >> 1 != 0 && now.saturating_sub(last >> 1) < 10 {
            return last & 1 == 1;
        }
        let says = ["/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid", "/run/ntpd.pid"];
        let synchronised = says.iter().any(|path| Path::new(path).exists());
        self.synchronised.store(now << 1 | u64::from(synchronised), Ordering::Relaxed);
        synchronised
    }
}
