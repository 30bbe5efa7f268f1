//! The HTTP server: connections, guards, routes, metrics, drain. What is said over it is in [`crate::api`].
//!
//! ```text
//!   listener ─▶ permit ─▶ connection (HTTP/1.1 or 2) ─▶ middleware ─▶ routes ─▶ api
//!      ▲                        │
//!      └── drain: stop accepting, finish what runs, cut what is late
//! ```

pub(crate) mod app;
pub(crate) mod connection;
mod docs;
pub(crate) mod drain;
pub mod host;
pub(crate) mod metrics;
mod middleware;
pub(crate) mod readiness;
pub mod routes;
pub mod settings;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{info, warn};

use app::App;
use drain::Phase;
use settings::{HttpSettings, Settings};

/// After the deadline of a drain, connections have this long to take their last frame.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Pause after a failed `accept`: the usual reason is that the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// The model folder cannot be used.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// The metrics recorder cannot be installed.
    #[error("cannot record metrics: {0}")]
    Metrics(String),
}

/// A server that listens, and does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
    http: HttpSettings,
}

impl Server {
    /// Takes the address and prepares the models. Needs a tokio runtime.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn bind(settings: Settings) -> Result<Self, ServeError> {
        let (listener, address) = settings
            .host
            .listen()
            .await
            .map_err(|error| ServeError::Listen { address: settings.host.authority(), error })?;
        let metrics = metrics::install().map_err(|e| ServeError::Metrics(e.to_string()))?;
        let http = settings.http.clone();
        let app = Arc::new(App::new(settings, metrics)?);
        Ok(Self { listener, address, app, http })
    }

    /// Where the server listens; the port is the real one even if 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, then drains: takes no more connections, finishes what runs, and cuts
    /// it off when the drain timeout is over or `hurry` is ready.
    pub async fn run(self, stop: impl Future<Output = ()>, hurry: impl Future<Output = ()>) {
        let upkeep = tokio::spawn(metrics::upkeep(self.app.metrics.clone()));
        self.app.start_models();
        let service = routes::service(&self.app, &self.http, self.address);
        let connections = GracefulShutdown::new();
        let permits = Arc::new(Semaphore::new(self.http.max_connections));
        let builder = builder(&self.http);
        tokio::pin!(stop);
        loop {
            let (stream, peer, permit) = tokio::select! {
                accepted = accept(&self.listener, &permits) => accepted,
                () = &mut stop => break,
            };
            let connection = connection::Connection {
                stream,
                peer,
                watcher: connections.watcher(),
                service: service.clone(),
                timeouts: (self.http.header_timeout, self.http.write_timeout),
            };
            let builder = builder.clone();
            tokio::spawn(async move {
                connection.serve(&builder).await;
                drop(permit);
            });
        }
        drop(self.listener);
        drain(&self.app, connections, self.http.drain_timeout, hurry).await;
        upkeep.abort();
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // Clients beyond the bound wait in the kernel's queue. The semaphore is never closed.
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn builder(http: &HttpSettings) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(http.header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(256);
    builder
}

async fn drain(
    app: &App,
    connections: GracefulShutdown,
    patience: Duration,
    hurry: impl Future<Output = ()>,
) {
    info!(connections = connections.count(), patience = ?patience, "draining");
    app.drain.enter(Phase::Draining);
    let closed = connections.shutdown();
    tokio::pin!(closed);
    tokio::select! {
        () = &mut closed => {
            info!("drained");
            return;
        }
        () = tokio::time::sleep(patience) => warn!("drain timeout is over; cutting what still runs"),
        () = hurry => warn!("told to hurry; cutting what still runs"),
    }
    app.drain.enter(Phase::Over);
    if tokio::time::timeout(LAST_WORDS, closed).await.is_err() {
        warn!("some connections did not take their last words");
    }
}
