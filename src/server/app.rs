//! What every request can reach.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

use super::drain::Drain;
use super::readiness::Readiness;
use super::settings::Settings;
use crate::chat::Renderer;
use crate::fleet::Fleet;

/// What every request can reach.
pub(crate) struct App {
    /// The models.
    pub fleet: Fleet,
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
    pub(super) fn new(settings: Settings, metrics: PrometheusHandle) -> Self {
        let fleet = Fleet::new(settings.models, &settings.fleet);
        let readiness = Arc::new(Readiness::new(fleet.models()));
        Self {
            fleet,
            renderer: Renderer::default(),
            drain: Drain::default(),
            readiness,
            metrics,
            reported_version: settings.reported_version,
            max_body: settings.http.max_body,
        }
    }

    /// Begins to load all models, one task for each; they stay by the server's keep-alive.
    pub(super) fn start_models(&self) {
        for model in self.fleet.models() {
            let (fleet, readiness, model) = (self.fleet.clone(), Arc::clone(&self.readiness), model.clone());
            tokio::spawn(async move {
                let outcome = fleet.acquire(&model, None).await.map(drop);
                readiness.settle(&model.name, outcome.map_err(|e| e.to_string()));
            });
        }
    }
}
