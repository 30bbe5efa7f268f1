//! The server's own endpoints: is it alive, is it ready, what does it measure.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::server::app::App;
use crate::server::drain::Phase;
use crate::server::readiness::Start;

/// That the process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// Whether requests are welcome.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// `ready`, `loading`, `failed` (a model could not be loaded), or `draining`.
    status: &'static str,
    /// The models that are loaded at start.
    models: Vec<ModelStart>,
}

/// How the loading of a model at start went.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ModelStart {
    /// Its name.
    name: String,
    /// `loading`, `loaded` or `failed`.
    state: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Says that the process answers; for liveness probes.
#[utoipa::path(
    method(get, head), path = "/health", tag = "server",
    responses((status = 200, description = "The process answers", body = Health))
)]
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Says whether requests are welcome: not before the models given at start are loaded, and not while the
/// server drains.
#[utoipa::path(
    method(get, head), path = "/ready", tag = "server",
    responses(
        (status = 200, description = "Requests are welcome", body = Ready),
        (status = 503, description = "Not yet, or no more", body = Ready),
    )
)]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let models = app.readiness.all().into_iter().map(|(model, start)| {
        // A model that failed at start may have been loaded since.
        let start = if app.fleet.is_loaded(&model.weights) { Start::Loaded } else { start };
        (model.name.to_string(), start)
    });
    let (status, ready) = readiness(app.drain.phase(), models.collect());
    (status, Json(ready)).into_response()
}

fn readiness(phase: Phase, models: Vec<(String, Start)>) -> (StatusCode, Ready) {
    let any = |wanted: fn(&Start) -> bool| models.iter().any(|(_, start)| wanted(start));
    let status = match phase {
        Phase::Draining | Phase::Over => "draining",
        Phase::Serving if any(|s| *s == Start::Loading) => "loading",
        Phase::Serving if any(|s| matches!(s, Start::Failed(_))) => "failed",
        Phase::Serving => "ready",
    };
    let code = if status == "ready" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let models = models.into_iter().map(|(name, start)| match start {
        Start::Loading => ModelStart { name, state: "loading", error: None },
        Start::Loaded => ModelStart { name, state: "loaded", error: None },
        Start::Failed(error) => ModelStart { name, state: "failed", error: Some(error) },
    });
    (code, Ready { status, models: models.collect() })
}

/// What the server measures, for Prometheus.
#[utoipa::path(
    method(get, head), path = "/metrics", tag = "server",
    responses((status = 200, description = "Metrics in Prometheus' text format", body = String, content_type = "text/plain"))
)]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(phase: Phase, starts: &[Start]) -> (u16, &'static str) {
        let models = starts.iter().map(|start| ("m".to_owned(), start.clone())).collect();
        let (code, ready) = readiness(phase, models);
        (code.as_u16(), ready.status)
    }

    #[test]
    fn ready_means_that_all_models_are_there_and_the_server_stays() {
        let failed = Start::Failed("no such file".into());
        assert_eq!(status(Phase::Serving, &[]), (200, "ready"));
        assert_eq!(status(Phase::Serving, &[Start::Loaded]), (200, "ready"));
        assert_eq!(status(Phase::Serving, &[Start::Loaded, Start::Loading]), (503, "loading"));
        assert_eq!(status(Phase::Serving, &[Start::Loaded, failed]), (503, "failed"));
        assert_eq!(status(Phase::Draining, &[Start::Loaded]), (503, "draining"));
    }
}
