//! The routes for Ollama's accounts and cloud. This server has neither, and says so in the ways that clients know.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Json;
use super::{ErrorBody, Failures, OllamaError};
use crate::api::cloud::{WEB_FETCH, WEB_SEARCH};
use crate::api::error::Failure;
use crate::fleet::Model;
use crate::server::app::App;

/// Whether there is a cloud.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServerStatus {
    /// There is none.
    cloud: CloudStatus,
}

/// Whether there is a cloud.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CloudStatus {
    /// Always `true`.
    disabled: bool,
    /// Which setting says so: always `none`, since there is nothing to set.
    source: &'static str,
}

/// Models that this server recommends.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recommendations {
    /// Those that it has and that write, the newest first.
    recommendations: Vec<Recommendation>,
}

/// A model that this server recommends.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recommendation {
    /// Name with tag.
    model: String,
    /// Architecture, number of parameters, and type of most weights.
    description: String,
    /// Context length that the model was trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    context_length: Option<u64>,
}

/// Says that there is no cloud.
#[utoipa::path(
    get, path = "/api/status", tag = "ollama",
    responses((status = 200, description = "There is no cloud", body = ServerStatus))
)]
pub(crate) async fn status() -> Json<ServerStatus> {
    Json(ServerStatus { cloud: CloudStatus { disabled: true, source: "none" } })
}

/// Tells who is signed in: nobody can.
#[utoipa::path(
    post, path = "/api/me", tag = "ollama",
    responses((status = 401, description = "Nobody is signed in", body = ErrorBody))
)]
pub(crate) async fn me() -> OllamaError {
    Failure::NotSignedIn.into()
}

/// Signs out whoever is signed in: nobody is.
#[utoipa::path(
    post, path = "/api/signout", tag = "ollama",
    responses((status = 401, description = "Nobody is signed in", body = ErrorBody))
)]
pub(crate) async fn sign_out() -> OllamaError {
    Failure::NotSignedIn.into()
}

/// Takes a key from the account that is signed in: none is.
#[utoipa::path(
    delete, path = "/api/user/keys/{key}", tag = "ollama",
    params(("key" = String, Path, description = "A public key, in base64")),
    responses((status = 401, description = "Nobody is signed in", body = ErrorBody))
)]
pub(crate) async fn delete_key() -> OllamaError {
    Failure::NotSignedIn.into()
}

/// Would search the web, through the cloud.
#[utoipa::path(
    post, path = "/api/experimental/web_search", tag = "ollama",
    responses((status = 403, description = "There is no cloud", body = ErrorBody))
)]
pub(crate) async fn web_search() -> OllamaError {
    Failure::NoCloud(WEB_SEARCH).into()
}

/// Would fetch a page of the web, through the cloud.
#[utoipa::path(
    post, path = "/api/experimental/web_fetch", tag = "ollama",
    responses((status = 403, description = "There is no cloud", body = ErrorBody))
)]
pub(crate) async fn web_fetch() -> OllamaError {
    Failure::NoCloud(WEB_FETCH).into()
}

/// Recommends models: those that are here.
#[utoipa::path(
    get, path = "/api/experimental/model-recommendations", tag = "ollama",
    responses((status = 200, description = "The models", body = Recommendations), Failures)
)]
pub(crate) async fn model_recommendations(
    State(app): State<Arc<App>>,
) -> Result<Json<Recommendations>, OllamaError> {
    let models = app.fleet.models().await?;
    let write = models.iter().filter(|model| model.completes() && !model.is_remote());
    Ok(Json(Recommendations { recommendations: write.map(Into::into).collect() }))
}

impl From<&Model> for Recommendation {
    fn from(model: &Model) -> Self {
        let config = &model.content.config;
        let known = [&config.model_family, &config.model_type, &config.file_type];
        let known: Vec<&str> =
            known.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        Self {
            model: model.name.to_string(),
            description: known.join(", "),
            context_length: model.context_length(),
        }
    }
}
