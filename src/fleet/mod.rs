//! Which models there are, and which are loaded: one actor for each set of weights starts its engine on first use,
//! counts who uses it, restarts it after a crash and unloads it when its keep-alive is over or another one needs
//! the memory.
//!
//! ```text
//!   find(name)          acquire(model)             start
//!   Catalog ─▶ Model ─▶ Unloaded ───▶ (memory, loading) ───▶ Loaded(users) ─▶ users = 0 ─keep-alive─▶ Unloaded
//!   named files          ▲                                      │                │
//!   and the store        └────────── process ended ─────────────┘                └─ another needs room ─▶
//! ```
//!
//! Two models over the same weights (an alias, another system prompt, other parameters) use one engine; with different
//! LoRA adapters, two.

mod actor;
mod capabilities;
mod catalog;
mod memory;
mod metrics;
mod model;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

pub use actor::{Lease, Loading, Running, Stage};
pub use model::{Content, FileFacts, Model, Weights, config_of};

use crate::engine::protocol::EngineSettings;
use crate::engine::start::{EngineProgram, StartError};
use crate::store::{Name, Store, StoreError};
use actor::Shown;
use catalog::Catalog;
use memory::Memory;

/// How long a model stays loaded when nobody uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepAlive {
    /// Unload this long after the last use; zero unloads at once.
    For(Duration),
    /// Stay until the server ends.
    Forever,
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// There is none of that name.
    #[error("no such model")]
    NoSuchModel,
    /// Too many requests wait for this model to load.
    #[error("server busy, please try again.  maximum pending requests exceeded")]
    Busy,
    /// The server shuts down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The model is larger than what all models together may take.
    #[error("model requires more system memory ({}) than is available ({})", size(*.needed), size(*.limit))]
    NotEnoughMemory {
        /// Bytes of the model.
        needed: u64,
        /// Bytes that there are.
        limit: u64,
    },
    /// The model has no GGUF: it runs elsewhere, or is kept in a format of another program.
    #[error("this model has no weights that Quipu can run: it needs a GGUF")]
    NoWeights,
    /// The engine did not start.
    #[error("unable to load model: {0}")]
    Start(Arc<StartError>),
    /// The model is damaged, or the store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Bytes, for people.
fn size(bytes: u64) -> String {
    let (unit, name) = if bytes < 1 << 30 { (1 << 20, "MiB") } else { (1 << 30, "GiB") };
    format!("{:.1} {name}", bytes as f64 / f64::from(unit))
}

/// Settings of the fleet.
#[derive(Clone, Debug)]
pub struct FleetSettings {
    /// How to start engines.
    pub program: EngineProgram,
    /// Given to every engine.
    pub engine: EngineSettings,
    /// For requests that name none.
    pub keep_alive: KeepAlive,
    /// Requests that may wait for one model.
    pub max_queue: usize,
    /// Bytes that all engines together may take.
    pub memory: u64,
    /// Engines at the same time.
    pub max_loaded: usize,
}

/// A model that is named when the server starts.
#[derive(Clone, Debug)]
pub struct ModelSource {
    /// Name, or `None` to take it from the file.
    pub name: Option<Name>,
    /// What stands behind it.
    pub path: SourcePath,
}

/// Where weights come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SourcePath {
    /// A GGUF file.
    Gguf(PathBuf),
    /// The mock engine.
    Mock,
}

/// All models that this server can serve. Cheap to clone.
#[derive(Clone)]
pub struct Fleet {
    shared: Arc<Shared>,
}

struct Shared {
    catalog: Catalog,
    settings: FleetSettings,
    memory: Memory,
    /// One for each set of weights that was ever used.
    engines: Mutex<HashMap<Weights, Entry>>,
}

#[derive(Clone)]
struct Entry {
    mailbox: mpsc::Sender<actor::Request>,
    shown: Shown,
}

impl Fleet {
    /// Prepares the named models and those of the store; none is loaded yet.
    #[must_use]
    pub fn new(named: Vec<ModelSource>, store: Store, settings: FleetSettings) -> Self {
        let named = named.into_iter().map(Model::of_file).collect();
        let catalog = Catalog::new(named, store);
        let memory = Memory::new(settings.memory, settings.max_loaded);
        Self { shared: Arc::new(Shared { catalog, settings, memory, engines: Mutex::default() }) }
    }

    /// The models that were named at the start.
    #[must_use]
    pub fn named(&self) -> &[Model] {
        self.shared.catalog.named()
    }

    /// All models, the newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn models(&self) -> Result<Vec<Model>, FleetError> {
        Ok(self.off_the_runtime(Catalog::list).await??)
    }

    /// A model by its name, in any letter case.
    ///
    /// # Errors
    /// [`FleetError::NoSuchModel`] also for what cannot be a name; [`FleetError::Store`] for one that is damaged.
    pub async fn find(&self, name: &str) -> Result<Model, FleetError> {
        let name: Name = name.parse().map_err(|_| FleetError::NoSuchModel)?;
        self.off_the_runtime(move |catalog| catalog.find(&name)).await?
    }

    /// Runs what reads files where it hinders nobody.
    async fn off_the_runtime<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Catalog) -> T + Send + 'static,
    ) -> Result<T, FleetError> {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || read(&shared.catalog)).await.map_err(|_| FleetError::ShuttingDown)
    }

    /// The engines that are loaded or load, with when they expire; the one that does so last comes first.
    #[must_use]
    pub fn running(&self) -> Vec<(Running, Option<jiff::Timestamp>)> {
        let now = jiff::Timestamp::now();
        let engines = self.shared.engines.lock();
        let shown = engines.values().filter_map(|entry| entry.shown.lock().clone());
        let mut running: Vec<_> = shown
            .map(|running| {
                let expires = running.expires(now);
                (running, expires)
            })
            .collect();
        running.sort_by_key(|(_, expires)| std::cmp::Reverse((expires.is_none(), *expires)));
        running
    }

    /// Whether a model's engine is up.
    #[must_use]
    pub fn is_loaded(&self, weights: &Weights) -> bool {
        let engines = self.shared.engines.lock();
        let shown = engines.get(weights).map(|entry| entry.shown.lock());
        shown.is_some_and(|shown| shown.as_ref().is_some_and(Running::is_loaded))
    }

    /// Loads a model if need be, and keeps it loaded while the lease lives.
    ///
    /// # Errors
    /// See [`FleetError`].
    pub async fn acquire(&self, model: &Model, keep_alive: Option<KeepAlive>) -> Result<Lease, FleetError> {
        let (reply, answer) = oneshot::channel();
        let request = actor::Request::Acquire { model: model.clone(), keep_alive, reply };
        match self.entry(&model.weights).mailbox.try_send(request) {
            Ok(()) => answer.await.unwrap_or(Err(FleetError::ShuttingDown)),
            Err(mpsc::error::TrySendError::Full(_)) => Err(FleetError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(FleetError::ShuttingDown),
        }
    }

    /// Unloads a model as soon as nobody uses it.
    ///
    /// # Errors
    /// If the actor cannot take the request.
    pub async fn expire(&self, model: &Model) -> Result<(), FleetError> {
        let (reply, answer) = oneshot::channel();
        let entry = self.entry(&model.weights);
        entry.mailbox.send(actor::Request::Expire { reply }).await.map_err(|_| FleetError::ShuttingDown)?;
        answer.await.map_err(|_| FleetError::ShuttingDown)
    }

    fn entry(&self, weights: &Weights) -> Entry {
        let mut engines = self.shared.engines.lock();
        let start = || {
            let shown = Shown::default();
            let Shared { settings, memory, .. } = &*self.shared;
            let mailbox = actor::spawn(weights.clone(), settings.clone(), memory.clone(), Arc::clone(&shown));
            Entry { mailbox, shown }
        };
        engines.entry(weights.clone()).or_insert_with(start).clone()
    }
}
