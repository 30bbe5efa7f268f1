//! `GET /api/version`.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Json;
use crate::server::app::App;

/// A version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    /// The version of Ollama whose API this server speaks. The server's own is in the `Server` header.
    #[schema(example = "0.32.0")]
    version: String,
}

/// Tells the version of the API.
#[utoipa::path(
    method(get, head), path = "/api/version", tag = "ollama",
    responses((status = 200, description = "The version", body = Version))
)]
pub(crate) async fn version(State(app): State<Arc<App>>) -> Json<Version> {
    Json(Version { version: app.reported_version.clone() })
}
