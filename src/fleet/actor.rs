//! The actor of one set of weights. It owns the engine; everybody else holds leases.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::memory::{Grant, Memory};
use super::metrics::EngineMetrics;
use super::model::Weights;
use super::{FleetError, FleetSettings, KeepAlive, Model, SourcePath};
use crate::engine::process::{Embedding, EngineHandle, Generation};
use crate::engine::protocol::{DeviceMemory, Embed, LoadSpec, ModelFacts, RequestError, Source, Submit};
use crate::engine::start::{StartError, StartingEngine};

#[derive(Debug)]
pub(super) enum Request {
    /// Load the engine if need be, and use it under a model's name.
    Acquire { model: Model, keep_alive: Option<KeepAlive>, reply: oneshot::Sender<Result<Lease, FleetError>> },
    /// Unload as soon as nobody uses it. The answer comes when it is gone, or will go with its last user.
    Expire { reply: oneshot::Sender<()> },
    /// Unload if nobody uses it now: another engine needs the memory.
    MakeRoom,
}

/// A loaded engine, for those who list what is loaded.
#[derive(Clone, Debug)]
pub struct Running {
    /// The model for which it was last used.
    pub model: Model,
    /// What the engine said when it was loaded.
    pub facts: ModelFacts,
    /// When it will be unloaded, if nobody uses it until then. `None`: never.
    pub expires: Option<jiff::Timestamp>,
}

/// What an actor shows to others; `None` while nothing is loaded.
pub(super) type Shown = Arc<Mutex<Option<Running>>>;

/// Keeps a model loaded; dropping it lets the keep-alive run.
#[derive(Debug)]
pub struct Lease {
    engine: Arc<EngineHandle>,
    /// How long this request waited for the model to load.
    load_time: Duration,
    _user: User,
}

/// Tells the actor that a lease is over.
#[derive(Debug)]
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

    /// Sends texts to the engine.
    ///
    /// # Errors
    /// If the engine has ended.
    pub fn embed(&self, request: Embed) -> Result<Embedding, RequestError> {
        self.engine.embed(request)
    }
}

pub(super) fn spawn(
    weights: Weights,
    settings: FleetSettings,
    memory: Memory,
    shown: Shown,
) -> mpsc::Sender<Request> {
    let (mailbox, requests) = mpsc::channel(settings.max_queue.max(1));
    let (released, releases) = mpsc::unbounded_channel();
    let keep_alive = settings.keep_alive;
    let actor = Actor {
        weights,
        settings,
        memory,
        shown,
        mailbox: mailbox.downgrade(),
        loaded: None,
        users: 0,
        keep_alive,
        expires: None,
        released,
    };
    tokio::spawn(actor.run(requests, releases));
    mailbox
}

struct Actor {
    weights: Weights,
    settings: FleetSettings,
    memory: Memory,
    /// Mirrors `loaded` for readers outside.
    shown: Shown,
    mailbox: mpsc::WeakSender<Request>,
    loaded: Option<Loaded>,
    users: usize,
    /// Of the last request.
    keep_alive: KeepAlive,
    /// When to unload; set while the model is idle.
    expires: Option<Instant>,
    released: mpsc::UnboundedSender<()>,
}

/// An engine and the memory that it may take.
struct Loaded {
    engine: Arc<EngineHandle>,
    grant: Grant,
    /// What the engine really takes.
    memory: watch::Receiver<Vec<DeviceMemory>>,
}

impl Actor {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>, mut releases: mpsc::UnboundedReceiver<()>) {
        loop {
            let engine = self.loaded.as_ref().map(|loaded| Arc::clone(&loaded.engine));
            let memory = self.loaded.as_ref().map(|loaded| loaded.memory.clone());
            tokio::select! {
                request = requests.recv() => match request {
                    Some(Request::Acquire { model, keep_alive, reply }) => {
                        let lease = self.acquire(model, keep_alive).await;
                        let _ = reply.send(lease);
                    }
                    Some(Request::Expire { reply }) => {
                        // Those who left before somebody asked are gone, whatever this loop saw first.
                        while releases.try_recv().is_ok() {
                            self.users -= 1;
                        }
                        self.keep_alive = KeepAlive::For(Duration::ZERO);
                        self.rest();
                        let _ = reply.send(());
                    }
                    Some(Request::MakeRoom) if self.users == 0 => self.unload("to make room"),
                    Some(Request::MakeRoom) => {}
                    None => return,
                },
                _ = releases.recv() => {
                    self.users -= 1;
                    self.rest();
                }
                () = tokio::time::sleep_until(self.expires.unwrap_or_else(Instant::now)),
                    if self.expires.is_some() => self.unload("nobody used it"),
                () = ended(engine.as_deref()), if engine.is_some() => self.bury(),
                () = changed(memory) => self.take_more(),
            }
        }
    }

    async fn acquire(&mut self, model: Model, keep_alive: Option<KeepAlive>) -> Result<Lease, FleetError> {
        let asked = Instant::now();
        let alive = self.loaded.as_ref().filter(|loaded| loaded.engine.cause_of_death().is_none());
        let (engine, load_time) = match alive {
            Some(loaded) => (Arc::clone(&loaded.engine), Duration::ZERO),
            None => (self.load(&model).await?, asked.elapsed()),
        };
        self.keep_alive = keep_alive.unwrap_or(self.settings.keep_alive);
        self.users += 1;
        self.expires = None;
        if let Some(loaded) = &self.loaded {
            loaded.grant.set_idle(false);
        }
        let facts = ModelFacts { memory: engine.memory().borrow().clone(), ..engine.facts().clone() };
        *self.shown.lock() = Some(Running { model, facts, expires: self.expires_if_idle() });
        Ok(Lease { engine, load_time, _user: User(self.released.clone()) })
    }

    async fn load(&mut self, model: &Model) -> Result<Arc<EngineHandle>, FleetError> {
        if matches!(&self.weights.source, SourcePath::Gguf(path) if path.as_os_str().is_empty()) {
            return Err(FleetError::NoWeights);
        }
        // One that died is gone before its successor asks for memory.
        self.loaded = None;
        let grant = self.memory.reserve(&self.weights, model.weights_size(), self.mailbox.clone()).await?;
        let _turn = self.memory.turn_to_load().await;
        let started = Instant::now();
        let source = match &self.weights.source {
            SourcePath::Gguf(path) => Source::Gguf(path.clone()),
            SourcePath::Mock => Source::Mock,
        };
        let mut settings = self.settings.engine.clone();
        settings.pool_bytes = Some(self.memory.left_for_pool());
        settings.cache_keys = self.weights.cache_keys.or(settings.cache_keys);
        settings.cache_values = self.weights.cache_values.or(settings.cache_values);
        let load = LoadSpec { source, adapters: self.weights.adapters.clone(), engine: settings };
        let metrics = EngineMetrics::new(&model.name);
        let observe = Box::new(move |report: &_| metrics.record(report));
        let not_loaded = |error: StartError| {
            error!(model = %model.name, %error, "model not loaded");
            FleetError::Start(Arc::new(error))
        };
        let starting = StartingEngine::plan(&self.settings.program, load).await.map_err(not_loaded)?;
        grant.grow(starting.bytes()).await?;
        let engine = starting.load(observe).await.map_err(not_loaded)?;
        info!(
            model = %model.name,
            seconds = started.elapsed().as_secs_f32(),
            pool_tokens = engine.facts().pool_tokens,
            context = engine.facts().context,
            devices = ?engine.facts().devices,
            pid = engine.pid(),
            "model loaded"
        );
        grant.resize(engine.facts().bytes());
        self.loaded = Some(Loaded { engine: Arc::clone(&engine), grant, memory: engine.memory() });
        Ok(engine)
    }

    /// The engine takes another amount of memory than it did.
    fn take_more(&mut self) {
        let Some(loaded) = &mut self.loaded else { return };
        let memory = loaded.memory.borrow_and_update().clone();
        loaded.grant.resize(memory.iter().map(DeviceMemory::bytes).sum());
        if let Some(running) = self.shown.lock().as_mut() {
            running.facts.memory = memory;
        }
    }

    /// Starts the keep-alive if nobody uses the model.
    fn rest(&mut self) {
        self.expires = None;
        let Some(loaded) = self.loaded.as_ref().filter(|_| self.users == 0) else { return };
        match self.keep_alive {
            // Nobody shall see it idle, not even for a moment.
            KeepAlive::For(Duration::ZERO) => return self.unload("nobody used it"),
            KeepAlive::For(time) => self.expires = Some(Instant::now() + time),
            KeepAlive::Forever => {}
        }
        loaded.grant.set_idle(true);
        let expires = self.expires_if_idle();
        if let Some(running) = self.shown.lock().as_mut() {
            running.expires = expires;
        }
    }

    /// When the keep-alive ends if nobody asks again.
    fn expires_if_idle(&self) -> Option<jiff::Timestamp> {
        match self.keep_alive {
            KeepAlive::Forever => None,
            KeepAlive::For(time) => jiff::Timestamp::now().checked_add(time).ok(),
        }
    }

    fn unload(&mut self, why: &str) {
        info!(model = %self.name(), why, "model unloaded");
        self.forget();
    }

    fn bury(&mut self) {
        let model = self.name();
        let cause = self.loaded.as_ref().and_then(|l| l.engine.cause_of_death()).unwrap_or_default();
        warn!(model, cause, "engine ended; the next request starts it again");
        metrics::counter!("quipu_engine_crashes_total", "model" => model).increment(1);
        self.forget();
    }

    fn name(&self) -> String {
        self.shown.lock().as_ref().map(|running| running.model.name.to_string()).unwrap_or_default()
    }

    /// Lets the engine go. Its memory is free when its process is gone.
    fn forget(&mut self) {
        self.expires = None;
        *self.shown.lock() = None;
        if let Some(Loaded { engine, grant, .. }) = self.loaded.take() {
            let ended = engine.when_ended();
            drop(engine);
            tokio::spawn(async move {
                ended.await;
                drop(grant);
            });
        }
    }
}

async fn ended(engine: Option<&EngineHandle>) {
    match engine {
        Some(engine) => engine.ended().await,
        None => std::future::pending().await,
    }
}

/// Ready when the engine takes another amount of memory; never, when there is no engine or it ends.
async fn changed(memory: Option<watch::Receiver<Vec<DeviceMemory>>>) {
    if let Some(mut memory) = memory
        && memory.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}
