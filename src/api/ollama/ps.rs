//! `GET /api/ps`: the models that are loaded.

use std::sync::Arc;

use axum::extract::State;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Json;
use super::tags::ModelDetails;
use crate::api::piece::GoTime;
use crate::fleet::Running;
use crate::server::app::App;

/// The models that are loaded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ps {
    /// The one that expires last comes first.
    models: Vec<Loaded>,
}

/// A model that is loaded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Loaded {
    /// Name with tag.
    name: String,
    /// The same.
    model: String,
    /// Bytes of weights and KV pool.
    size: u64,
    /// 64 hex digits.
    digest: String,
    /// The model in short.
    details: ModelDetails,
    /// When it will be unloaded if nobody uses it; far ahead for a model that stays.
    #[schema(value_type = String, format = DateTime)]
    expires_at: GoTime,
    /// The part of `size` that lies on GPUs.
    size_vram: u64,
    /// Most tokens of one sequence, when a request does not say.
    context_length: u32,
}

/// Lists the models that are loaded.
#[utoipa::path(
    method(get, head), path = "/api/ps", tag = "ollama",
    responses((status = 200, description = "The models that are loaded", body = Ps))
)]
pub(crate) async fn ps(State(app): State<Arc<App>>) -> Json<Ps> {
    Json(Ps { models: app.fleet.running().iter().map(Into::into).collect() })
}

impl From<&Running> for Loaded {
    fn from(running: &Running) -> Self {
        let Running { model, facts, expires } = running;
        Self {
            name: model.name.to_string(),
            model: model.name.to_string(),
            size: facts.bytes(),
            digest: model.digest.clone(),
            details: model.into(),
            expires_at: GoTime(expires.unwrap_or_else(far_ahead)),
            size_vram: if facts.on_gpu { facts.bytes() } else { 0 },
            context_length: facts.context,
        }
    }
}

/// Go's longest duration from now, by which clients know that a model stays.
fn far_ahead() -> Timestamp {
    let longest = (i64::MAX / 1_000_000_000).seconds();
    Timestamp::now().checked_add(longest).unwrap_or(Timestamp::MAX)
}
