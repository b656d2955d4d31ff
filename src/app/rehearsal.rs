//! A server for stories: real ledgers on a real store behind a real gRPC port, in a directory that goes with the store, so
//! that nothing waits for the disk, each ledger with a clock that is told what to show.

use super::{AppError, make_private};
use crate::admit::Limits;
use crate::config::{self, Settings};
use crate::engine::{Engine, OpenLedger};
use crate::ledger::{Ledger, LedgerOptions};
use crate::model::{Clock, UnixMicros};
use crate::rpc::{self, RpcLimits};
use crate::store::rocks::RocksStore;
use crate::store::{LedgerNumber, Store};
use crate::vault::{KeyDirectory, Vault};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

/// Runs until it is stopped or dropped.
pub struct Rehearsal {
    address: SocketAddr,
    clocks: Vec<Arc<ToldClock>>,
    engine: Arc<Engine>,
    stop: Option<oneshot::Sender<()>>,
}

impl Rehearsal {
    /// One ledger for each time that a clock begins at, Unix microseconds.
    pub async fn start(begin_us: &[u64]) -> Result<Self, AppError> {
        let directory = tempfile::Builder::new().prefix("whosaw-scenario-").tempdir();
        let directory = directory.map_err(|error| AppError::Start(format!("no directory can be made: {error}")))?;
        let clocks: Vec<Arc<ToldClock>> = begin_us.iter().map(|us| Arc::new(ToldClock::new(*us))).collect();
        let settings = settings_below(directory.path())?;
        let opening = clocks.clone();
        let opened = tokio::task::spawn_blocking(move || open(&settings, directory, &opening)).await;
        let engine = opened.map_err(|error| AppError::Start(error.to_string()))??;
        let failed = |error: &dyn std::fmt::Display| AppError::Start(error.to_string());
        let routes = rpc::routes(Arc::clone(&engine), RpcLimits::default()).map_err(|error| failed(&error))?;
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| failed(&error))?;
        let address = listener.local_addr().map_err(|error| failed(&error))?;
        let (stop, stopped) = oneshot::channel();
        let serving = Server::builder().add_routes(routes.prepare()).serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            async {
                let _ = stopped.await;
            },
        );
        tokio::spawn(serving);
        Ok(Rehearsal { address, clocks, engine, stop: Some(stop) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Name of a ledger, by its place.
    pub fn origin(number: usize) -> String {
        format!("scenario.example/{}", number + 1)
    }

    /// What a ledger's clock shows from here on, Unix microseconds.
    pub fn set_clock(&self, number: usize, us: u64) {
        if let Some(clock) = self.clocks.get(number) {
            clock.shows_us.store(us, Ordering::Relaxed);
        }
    }

    pub async fn stop(mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let engine = Arc::clone(&self.engine);
        let _ = tokio::task::spawn_blocking(move || engine.shutdown()).await;
    }
}

/// Also where a story is left in the middle: the ledgers' threads end before the process does, whose end would take the ground
/// from under the store.
impl Drop for Rehearsal {
    fn drop(&mut self) {
        self.engine.shutdown();
    }
}

fn open(settings: &Settings, directory: TempDir, clocks: &[Arc<ToldClock>]) -> Result<Arc<Engine>, AppError> {
    for directory in [&settings.data, &settings.keys, &settings.guard] {
        make_private(directory)?;
    }
    let store = RocksStore::open_for_a_while(&settings.database(), directory);
    let store: Arc<dyn Store> = Arc::new(store.map_err(|error| AppError::Start(error.to_string()))?);
    let mut ledgers = Vec::with_capacity(clocks.len());
    for (place, clock) in clocks.iter().enumerate() {
        let number = LedgerNumber(place as u32 + 1);
        let origin = Rehearsal::origin(place);
        let failed = |reason: String| AppError::Ledger { origin: origin.clone(), reason };
        let (keys, database) = (settings.ledger_keys(number.0), settings.database());
        let custodian = KeyDirectory::create(&keys, &database).map_err(|error| failed(error.to_string()))?;
        let mut extra = Vault::create(number, &origin, &custodian).map_err(|error| failed(error.to_string()))?;
        crate::engine::name_ledger(number, &origin, &mut extra);
        let options = || LedgerOptions { is_durable: false, ..super::ledger_options(settings, number, &origin) };
        let created: Result<_, _> = Ledger::create(store.as_ref(), &options(), clock.as_ref(), extra);
        created.map_err(|error| failed(error.to_string()))?;
        let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
        let open = OpenLedger::open(Arc::clone(&store), options(), Arc::new(custodian), clock, Limits::default());
        ledgers.push(open.map_err(|error| failed(error.to_string()))?);
    }
    Ok(Arc::new(Engine::new(ledgers)))
}

/// Shows what it is told.
struct ToldClock {
    shows_us: AtomicU64,
}

impl ToldClock {
    fn new(us: u64) -> Self {
        ToldClock { shows_us: AtomicU64::new(us) }
    }
}

impl Clock for ToldClock {
    fn now(&self) -> UnixMicros {
        UnixMicros(self.shows_us.load(Ordering::Relaxed))
    }

    /// Goes along, so that a story's hours are not taken for a wall clock that runs away.
    fn monotonic_us(&self) -> u64 {
        self.shows_us.load(Ordering::Relaxed)
    }

    fn synchronised(&self) -> bool {
        true
    }
}

/// Everything below one directory.
fn settings_below(directory: &Path) -> Result<Settings, AppError> {
    let below = |name: &'static str| (name, directory.join(name).display().to_string());
    config::read(None, &["data", "keys", "guard"].map(below)).map_err(|mistakes| AppError::Start(mistakes.to_string()))
}
