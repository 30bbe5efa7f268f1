//! The actor of one model. It owns the engine; everybody else holds leases.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::metrics::EngineMetrics;
use super::{FleetError, FleetSettings, KeepAlive, Model, SourcePath};
use crate::engine::process::{EngineHandle, Generation};
use crate::engine::protocol::{LoadSpec, ModelFacts, RequestError, Source, Submit};

pub(super) enum Request {
    Acquire { keep_alive: Option<KeepAlive>, reply: oneshot::Sender<Result<Lease, FleetError>> },
    Expire,
}

/// Keeps a model loaded; dropping it lets the keep-alive run.
pub struct Lease {
    engine: Arc<EngineHandle>,
    /// How long this request waited for the model to load.
    load_time: Duration,
    _user: User,
}

/// Tells the actor that a lease is over.
struct User(mpsc::UnboundedSender<()>);

impl Drop for User {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

impl Lease {
    /// What the engine said of its model.
    #[must_use]
    pub fn facts(&self) -> &ModelFacts {
        self.engine.facts()
    }

    /// How long this request waited for the model to load; zero when it was there.
    #[must_use]
    pub fn load_time(&self) -> Duration {
        self.load_time
    }

    /// Sends a request to the engine.
    ///
    /// # Errors
    /// If the engine has ended.
    pub fn submit(&self, request: Submit) -> Result<Generation, RequestError> {
        self.engine.submit(request)
    }
}

pub(super) fn spawn(model: Model, settings: FleetSettings, loaded: Arc<AtomicBool>) -> mpsc::Sender<Request> {
    let (mailbox, requests) = mpsc::channel(settings.max_queue.max(1));
    let (released, releases) = mpsc::unbounded_channel();
    let keep_alive = settings.keep_alive;
    let actor =
        Actor { model, settings, loaded, engine: None, users: 0, keep_alive, expires: None, released };
    tokio::spawn(actor.run(requests, releases));
    mailbox
}

struct Actor {
    model: Model,
    settings: FleetSettings,
    /// Mirrors `engine.is_some()` for readers outside.
    loaded: Arc<AtomicBool>,
    engine: Option<Arc<EngineHandle>>,
    users: usize,
    /// Of the last request.
    keep_alive: KeepAlive,
    /// When to unload; set while the model is idle.
    expires: Option<Instant>,
    released: mpsc::UnboundedSender<()>,
}

impl Actor {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>, mut releases: mpsc::UnboundedReceiver<()>) {
        loop {
            let engine = self.engine.clone();
            tokio::select! {
                request = requests.recv() => match request {
                    Some(Request::Acquire { keep_alive, reply }) => {
                        let lease = self.acquire(keep_alive).await;
                        let _ = reply.send(lease);
                    }
                    Some(Request::Expire) => {
                        self.keep_alive = KeepAlive::For(Duration::ZERO);
                        self.rest();
                    }
                    None => return,
                },
                _ = releases.recv() => {
                    self.users -= 1;
                    self.rest();
                }
                () = tokio::time::sleep_until(self.expires.unwrap_or_else(Instant::now)),
                    if self.expires.is_some() => self.unload(),
                () = ended(engine.as_deref()), if engine.is_some() => self.bury(),
            }
        }
    }

    async fn acquire(&mut self, keep_alive: Option<KeepAlive>) -> Result<Lease, FleetError> {
        let asked = Instant::now();
        let (engine, load_time) = match self.engine.clone().filter(|e| e.cause_of_death().is_none()) {
            Some(engine) => (engine, Duration::ZERO),
            None => (self.load().await?, asked.elapsed()),
        };
        self.keep_alive = keep_alive.unwrap_or(self.settings.keep_alive);
        self.users += 1;
        self.expires = None;
        Ok(Lease { engine, load_time, _user: User(self.released.clone()) })
    }

    async fn load(&mut self) -> Result<Arc<EngineHandle>, FleetError> {
        let started = Instant::now();
        let source = match &self.model.source {
            SourcePath::Gguf(path) => Source::Gguf(path.clone()),
            SourcePath::Mock => Source::Mock,
        };
        let load = LoadSpec { source, engine: self.settings.engine.clone() };
        let metrics = EngineMetrics::new(&self.model.name);
        let observe = Box::new(move |report: &_| metrics.record(report));
        let engine = EngineHandle::start(&self.settings.program, load, observe).await.map_err(|e| {
            error!(model = %self.model.name, error = %e, "model not loaded");
            FleetError::Start(Arc::new(e))
        })?;
        info!(
            model = %self.model.name,
            seconds = started.elapsed().as_secs_f32(),
            pool_tokens = engine.facts().pool_tokens,
            context = engine.facts().context,
            devices = ?engine.facts().devices,
            pid = engine.pid(),
            "model loaded"
        );
        self.engine = Some(Arc::clone(&engine));
        self.loaded.store(true, Ordering::Relaxed);
        Ok(engine)
    }

    /// Starts the keep-alive if nobody uses the model.
    fn rest(&mut self) {
        self.expires = match self.keep_alive {
            KeepAlive::For(time) if self.users == 0 && self.engine.is_some() => Some(Instant::now() + time),
            _ => None,
        };
    }

    fn unload(&mut self) {
        info!(model = %self.model.name, "model unloaded");
        self.forget();
    }

    fn bury(&mut self) {
        let cause = self.engine.as_ref().and_then(|e| e.cause_of_death()).unwrap_or_default();
        warn!(model = %self.model.name, cause, "engine ended; the next request starts it again");
        metrics::counter!("quipu_engine_crashes_total", "model" => self.model.name.to_string()).increment(1);
        self.forget();
    }

    fn forget(&mut self) {
        self.engine = None;
        self.expires = None;
        self.loaded.store(false, Ordering::Relaxed);
    }
}

async fn ended(engine: Option<&EngineHandle>) {
    match engine {
        Some(engine) => engine.ended().await,
        None => std::future::pending().await,
    }
}
