//! `POST /api/pull` and `/api/push`: models from and to registries.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use futures_util::{Stream, stream};
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::Json;
use super::progress::{StatusLine, respond};
use super::{Failures, OllamaError, shared};
use crate::api::ask;
use crate::api::error::Failure;
use crate::registry::{Transfer, TransferOptions};
use crate::server::app::App;
use crate::store::Name;

/// Which model, and how.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct TransferRequest {
    /// The model, with its registry if that is not the default one.
    model: Option<String>,
    /// Another name for `model`.
    name: Option<String>,
    /// Speak to a registry without TLS, or with a certificate that cannot be checked.
    insecure: Option<bool>,
    /// Answer line by line; the default.
    stream: Option<bool>,
}

/// Brings a model from its registry, or its newest version.
#[utoipa::path(
    post, path = "/api/pull", tag = "ollama",
    request_body = TransferRequest,
    responses(
        (status = 200, description = "How far it is; with `stream`, one object a line", content(
            (StatusLine = "application/json"),
            (StatusLine = "application/x-ndjson"),
        )),
        Failures,
    )
)]
pub(crate) async fn pull(
    State(app): State<Arc<App>>,
    Json(request): Json<TransferRequest>,
) -> Result<Response, OllamaError> {
    let streams = request.stream != Some(false);
    ask::refuse_cloud(&app, &shared::model_name(request.model.clone(), request.name.clone())).await?;
    let (name, options) = request.read("invalid model name")?;
    let transfer = app.workshop.registry.pull(name, options);
    Ok(respond(states(transfer), streams).await?)
}

/// Sends a model to its registry.
#[utoipa::path(
    post, path = "/api/push", tag = "ollama",
    request_body = TransferRequest,
    responses(
        (status = 200, description = "How far it is; with `stream`, one object a line", content(
            (StatusLine = "application/json"),
            (StatusLine = "application/x-ndjson"),
        )),
        Failures,
    )
)]
pub(crate) async fn push(
    State(app): State<Arc<App>>,
    Json(request): Json<TransferRequest>,
) -> Result<Response, OllamaError> {
    let streams = request.stream != Some(false);
    let (name, options) = request.read("model is required")?;
    let transfer = app.workshop.registry.push(name, options);
    Ok(respond(states(transfer), streams).await?)
}

impl TransferRequest {
    fn read(self, refusal: &str) -> Result<(Name, TransferOptions), Failure> {
        let name = shared::model_name(self.model, self.name);
        let name = name.parse().map_err(|_| Failure::Invalid(refusal.into()))?;
        Ok((name, TransferOptions { insecure: self.insecure == Some(true) }))
    }
}

/// The states of a transfer. Dropping them cancels it.
fn states(transfer: Transfer) -> impl Stream<Item = Result<StatusLine, Failure>> + Send + 'static {
    stream::unfold(transfer, |mut transfer| async {
        let state = transfer.next().await?;
        Some((state.map(Into::into).map_err(Into::into), transfer))
    })
}
