//! `POST /api/copy` and `DELETE /api/delete`: names of models.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::Json;
use super::{Failures, OllamaError, shared};
use crate::api::error::Failure;
use crate::server::app::App;
use crate::store::{Name, Store, StoreError};

/// A model, and its second name.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct CopyRequest {
    /// The model.
    #[serde(default)]
    source: String,
    /// Its second name.
    #[serde(default)]
    destination: String,
}

/// A model that is to go.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct DeleteRequest {
    /// The model.
    model: Option<String>,
    /// Another name for `model`.
    name: Option<String>,
}

/// Gives a model a second name.
#[utoipa::path(
    post, path = "/api/copy", tag = "ollama",
    request_body = CopyRequest,
    responses((status = 200, description = "The model has both names"), Failures)
)]
pub(crate) async fn copy(
    State(app): State<Arc<App>>,
    Json(request): Json<CopyRequest>,
) -> Result<(), OllamaError> {
    let name = |what: &str, text: &str| {
        text.parse::<Name>().map_err(|_| Failure::Invalid(format!("{what} {text:?} is invalid")))
    };
    let source = name("source", &request.source)?;
    let destination = name("destination", &request.destination)?;
    let missing = format!("model {:?} not found", request.source);
    change(&app, missing, move |store| store.copy(&source, &destination)).await
}

/// Deletes a model, and what no other model needs.
#[utoipa::path(
    delete, path = "/api/delete", tag = "ollama",
    request_body = DeleteRequest,
    responses((status = 200, description = "The model is gone"), Failures)
)]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Json(request): Json<DeleteRequest>,
) -> Result<(), OllamaError> {
    let text = shared::model_name(request.model, request.name);
    let name: Name = text.parse().map_err(|_| Failure::Invalid(format!("name {text:?} is invalid")))?;
    let missing = format!("model '{text}' not found");
    change(&app, missing, move |store| store.delete(&name).map(drop)).await
}

/// Changes the store where it hinders nobody.
async fn change(
    app: &App,
    missing: String,
    change: impl FnOnce(&Store) -> Result<(), StoreError> + Send + 'static,
) -> Result<(), OllamaError> {
    let store = app.store.clone();
    match tokio::task::spawn_blocking(move || change(&store)).await.map_err(|_| Failure::Dropped)? {
        Err(StoreError::ModelNotFound(_)) => Err(Failure::NotFound(missing).into()),
        done => Ok(done?),
    }
}
