//! Which models are loaded: one actor per model starts its engine on first use, counts who uses it,
//! restarts it after a crash and unloads it when its keep-alive is over.
//!
//! ```text
//!            acquire                     start
//!   Unloaded ───────▶ (loading) ───────▶ Loaded(users) ──▶ users = 0 ──keep-alive──▶ Unloaded
//!        ▲                                  │
//!        └────────── process ended ─────────┘
//! ```

mod actor;
mod metrics;
mod model;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

pub use actor::Lease;
pub use model::{Details, Model, ModelName};

use crate::engine::process::{EngineProgram, StartError};
use crate::engine::protocol::EngineSettings;

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
    /// Too many requests wait for this model to load.
    #[error("server busy, please try again.  maximum pending requests exceeded")]
    Busy,
    /// The server shuts down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The engine did not start.
    #[error("unable to load model: {0}")]
    Start(Arc<StartError>),
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
}

/// A model to serve.
#[derive(Clone, Debug)]
pub struct ModelSource {
    /// Name, or `None` to take it from the file.
    pub name: Option<String>,
    /// What stands behind it.
    pub path: SourcePath,
}

/// Where a model comes from.
#[derive(Clone, Debug)]
pub enum SourcePath {
    /// A GGUF file.
    Gguf(PathBuf),
    /// The mock engine.
    Mock,
}

/// All models that this server can serve. Cheap to clone.
#[derive(Clone)]
pub struct Fleet {
    entries: Arc<Vec<Entry>>,
}

struct Entry {
    model: Model,
    mailbox: mpsc::Sender<actor::Request>,
    loaded: Arc<AtomicBool>,
}

impl Fleet {
    /// Prepares the given models; none is loaded yet. Needs a tokio runtime.
    #[must_use]
    pub fn new(sources: Vec<ModelSource>, settings: &FleetSettings) -> Self {
        let entries = sources
            .into_iter()
            .map(|source| {
                let model = Model::describe(source);
                let loaded = Arc::new(AtomicBool::new(false));
                let mailbox = actor::spawn(model.clone(), settings.clone(), Arc::clone(&loaded));
                Entry { model, mailbox, loaded }
            })
            .collect();
        Self { entries: Arc::new(entries) }
    }

    /// All models, in the order in which they were given.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.entries.iter().map(|e| &e.model)
    }

    /// A model by name: the tag defaults to `latest`, letter case does not matter.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Model> {
        self.entry(name).map(|e| &e.model)
    }

    /// Whether a model's engine is up.
    #[must_use]
    pub fn is_loaded(&self, name: &ModelName) -> bool {
        self.entries.iter().any(|e| e.model.name == *name && e.loaded.load(Ordering::Relaxed))
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        let name = ModelName::parse(name)?;
        self.entries.iter().find(|e| e.model.name == name)
    }

    /// Loads a model if need be, and keeps it loaded while the lease lives.
    ///
    /// # Errors
    /// See [`FleetError`].
    pub async fn acquire(&self, model: &Model, keep_alive: Option<KeepAlive>) -> Result<Lease, FleetError> {
        let (reply, answer) = oneshot::channel();
        let entry =
            self.entries.iter().find(|e| e.model.name == model.name).ok_or(FleetError::ShuttingDown)?;
        match entry.mailbox.try_send(actor::Request::Acquire { keep_alive, reply }) {
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
        let entry =
            self.entries.iter().find(|e| e.model.name == model.name).ok_or(FleetError::ShuttingDown)?;
        entry.mailbox.send(actor::Request::Expire).await.map_err(|_| FleetError::ShuttingDown)
    }
}
