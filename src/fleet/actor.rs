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
use crate::engine::protocol::{
    DeviceMemory, Embed, Expected, LoadSpec, ModelFacts, RequestError, Source, Submit,
};
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

/// An engine that is loaded, or loads, for those who list them.
#[derive(Clone, Debug)]
pub struct Running {
    /// The model for which it was last used, or loads.
    pub model: Model,
    /// How far it is.
    pub stage: Stage,
    keep_alive: KeepAlive,
    /// Since when nobody uses it.
    idle_since: Option<jiff::Timestamp>,
}

/// How far an engine is.
#[derive(Clone, Debug)]
pub enum Stage {
    /// Its model loads.
    Loading(Loading),
    /// What the engine said when its model was loaded, and what it takes now.
    Loaded(Box<ModelFacts>),
}

/// How far a model is loaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loading {
    /// The share of its weights that is read, `0.0..=1.0`. Nothing is read while others make room.
    pub progress: f32,
    /// What it will be. As long as the engine has not said, no more than the size of its file is known.
    pub expected: Expected,
}

impl Running {
    /// One that was just asked for.
    #[must_use]
    pub fn new(model: Model, stage: Stage, keep_alive: KeepAlive) -> Self {
        Self { model, stage, keep_alive, idle_since: None }
    }

    /// Whether it can be used.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        matches!(self.stage, Stage::Loaded(_))
    }

    /// When it will be unloaded, if nobody uses it from `now` on. `None`: never.
    #[must_use]
    pub fn expires(&self, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
        match self.keep_alive {
            KeepAlive::Forever => None,
            KeepAlive::For(time) => self.idle_since.unwrap_or(now).checked_add(time).ok(),
        }
    }
}

/// What an actor shows to others; `None` while nothing is loaded and nothing loads.
pub(super) type Shown = Arc<Mutex<Option<Running>>>;

/// Changes what is shown of a model that loads.
fn show_loading(shown: &Shown, change: impl FnOnce(&mut Loading)) {
    if let Some(Running { stage: Stage::Loading(loading), .. }) = shown.lock().as_mut() {
        change(loading);
    }
}

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
        let keep_alive = keep_alive.unwrap_or(self.settings.keep_alive);
        // This request may be seen before the end of an engine that it comes too late for.
        if self.loaded.as_ref().is_some_and(|loaded| loaded.engine.cause_of_death().is_some()) {
            self.bury();
        }
        let (engine, load_time) = match &self.loaded {
            Some(loaded) => (Arc::clone(&loaded.engine), Duration::ZERO),
            None => (self.load(&model, keep_alive).await?, asked.elapsed()),
        };
        self.keep_alive = keep_alive;
        self.users += 1;
        self.expires = None;
        if let Some(loaded) = &self.loaded {
            loaded.grant.set_idle(false);
        }
        let facts = ModelFacts { memory: engine.memory().borrow().clone(), ..engine.facts().clone() };
        *self.shown.lock() = Some(Running::new(model, Stage::Loaded(Box::new(facts)), keep_alive));
        Ok(Lease { engine, load_time, _user: User(self.released.clone()) })
    }

    /// Loads the model, and shows how far it is.
    async fn load(&mut self, model: &Model, keep_alive: KeepAlive) -> Result<Arc<EngineHandle>, FleetError> {
        if matches!(&self.weights.source, SourcePath::Gguf(path) if path.as_os_str().is_empty()) {
            return Err(FleetError::NoWeights);
        }
        let expected = Expected { bytes: model.weights_size(), ..Expected::default() };
        let stage = Stage::Loading(Loading { progress: 0.0, expected });
        *self.shown.lock() = Some(Running::new(model.clone(), stage, keep_alive));
        let loaded = self.start_engine(model).await;
        if loaded.is_err() {
            *self.shown.lock() = None;
        }
        loaded
    }

    async fn start_engine(&mut self, model: &Model) -> Result<Arc<EngineHandle>, FleetError> {
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
        let expected = starting.expected();
        show_loading(&self.shown, |loading| loading.expected = expected);
        grant.grow(expected.bytes).await?;
        let progress = |share: f32| show_loading(&self.shown, |loading| loading.progress = share);
        let engine = starting.load(observe, &progress).await.map_err(not_loaded)?;
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
        if let Some(Running { stage: Stage::Loaded(facts), .. }) = self.shown.lock().as_mut() {
            facts.memory = memory;
        }
    }

    /// Starts the keep-alive if nobody uses the model.
    fn rest(&mut self) {
        self.expires = None;
        self.show_idle(None);
        let Some(loaded) = self.loaded.as_ref().filter(|_| self.users == 0) else { return };
        match self.keep_alive {
            // Nobody shall see it idle, not even for a moment.
            KeepAlive::For(Duration::ZERO) => return self.unload("nobody used it"),
            KeepAlive::For(time) => self.expires = Some(Instant::now() + time),
            KeepAlive::Forever => {}
        }
        loaded.grant.set_idle(true);
        self.show_idle(Some(jiff::Timestamp::now()));
    }

    /// Shows how long the model stays, and since when nobody uses it.
    fn show_idle(&self, idle_since: Option<jiff::Timestamp>) {
        if let Some(running) = self.shown.lock().as_mut() {
            running.keep_alive = self.keep_alive;
            running.idle_since = idle_since;
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

    /// Lets the engine go. Its memory is free when its process is gone: that of one that died at once, before its
    /// successor asks for memory.
    fn forget(&mut self) {
        self.expires = None;
        *self.shown.lock() = None;
        if let Some(Loaded { engine, grant, .. }) = self.loaded.take()
            && engine.cause_of_death().is_none()
        {
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
    std::future::pending::<()>().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Content;

    fn running(keep_alive: KeepAlive) -> Running {
        let model = Model {
            name: "m".parse().unwrap(),
            weights: Weights::new(SourcePath::Mock),
            digest: String::new(),
            size: 0,
            modified: jiff::Timestamp::UNIX_EPOCH,
            content: Arc::new(Content::default()),
        };
        let stage = Stage::Loading(Loading { progress: 0.0, expected: Expected::default() });
        Running::new(model, stage, keep_alive)
    }

    #[test]
    fn a_model_expires_some_time_after_its_last_use() {
        let at = |seconds| jiff::Timestamp::from_second(seconds).unwrap();
        let mut used = running(KeepAlive::For(Duration::from_secs(300)));
        assert_eq!(used.expires(at(1000)), Some(at(1300)), "whoever uses it may leave now");
        used.idle_since = Some(at(900));
        assert_eq!(used.expires(at(1000)), Some(at(1200)));
        assert_eq!(running(KeepAlive::Forever).expires(at(1000)), None);
    }

    #[test]
    fn progress_is_shown_while_there_is_something_to_show() {
        let shown = Shown::default();
        show_loading(&shown, |loading| loading.progress = 0.5);
        *shown.lock() = Some(running(KeepAlive::Forever));
        show_loading(&shown, |loading| loading.progress = 0.5);
        let stage = shown.lock().as_ref().map(|running| running.stage.clone());
        assert!(matches!(stage, Some(Stage::Loading(Loading { progress: 0.5, .. }))), "{stage:?}");
    }
}
