//! What every request can reach.

use std::collections::HashMap;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use parking_lot::Mutex;
use tracing::warn;

use super::drain::Drain;
use super::readiness::Readiness;
use super::settings::Settings;
use crate::chat::Renderer;
use crate::create::{self, Workshop};
use crate::fleet::Fleet;
use crate::registry::Registry;
use crate::store::{Digest, Lease, Store, StoreError};

/// What every request can reach.
pub(crate) struct App {
    /// The models, and which are loaded.
    pub fleet: Fleet,
    /// Where models are kept.
    pub store: Store,
    /// What models are made with.
    pub workshop: Workshop,
    /// Keeps uploaded files until models are made from them: nobody else needs them yet.
    uploads: Mutex<HashMap<Digest, Lease>>,
    /// Messages to prompt.
    pub renderer: Renderer,
    /// Where the server is in its life.
    pub drain: Drain,
    /// The models that are loaded at start.
    pub readiness: Arc<Readiness>,
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
    /// What `/api/version` says.
    pub reported_version: String,
    /// Largest request body, in bytes.
    pub max_body: usize,
}

impl App {
    pub(super) fn new(settings: Settings, metrics: PrometheusHandle) -> Result<Self, StoreError> {
        let store = Store::open(&settings.store)?;
        if settings.builtin {
            // A disk that is full, say, is no reason to serve nothing.
            let installed = create::builtin::install(&store);
            let _ = installed.inspect_err(|error| warn!(%error, "the built-in model is not there"));
        }
        let registry = Registry::new(store.clone(), settings.registry);
        let program = settings.fleet.program.path.clone();
        let fleet = Fleet::new(settings.models, store.clone(), settings.fleet);
        let readiness = Arc::new(Readiness::new(fleet.named()));
        Ok(Self {
            fleet,
            workshop: Workshop { store: store.clone(), registry, program },
            store,
            uploads: Mutex::default(),
            renderer: Renderer::new(settings.go_templates),
            drain: Drain::default(),
            readiness,
            metrics,
            reported_version: settings.reported_version,
            max_body: settings.http.max_body,
        })
    }

    /// Keeps an uploaded file until [`App::used`], or the end of the server.
    pub(crate) fn uploaded(&self, digest: Digest, lease: Lease) {
        self.uploads.lock().insert(digest, lease);
    }

    /// A model was made from uploaded files: from here on its manifest keeps them.
    pub(crate) fn used(&self, digests: &[Digest]) {
        self.uploads.lock().retain(|digest, _| !digests.contains(digest));
    }

    /// Begins to load the models that were named, one task for each; they stay by the server's keep-alive.
    pub(super) fn start_models(&self) {
        for model in self.fleet.named() {
            let (fleet, readiness, model) = (self.fleet.clone(), Arc::clone(&self.readiness), model.clone());
            tokio::spawn(async move {
                let outcome = fleet.acquire(&model, None).await.map(drop);
                readiness.settle(&model.name, outcome.map_err(|e| e.to_string()));
            });
        }
    }
}
