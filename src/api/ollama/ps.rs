//! `GET /api/ps`: the models that are loaded.

use std::sync::Arc;

use axum::extract::State;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Json;
use super::tags::ModelDetails;
use crate::api::piece::GoTime;
use crate::engine::protocol::ModelFacts;
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
    /// Bytes of weights, KV pool and buffers of a pass, on all devices.
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
    /// How it was placed.
    placement: Placement,
}

/// How the memory plan turned out. Ollama does not tell.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Placement {
    /// Layers on GPUs.
    gpu_layers: u32,
    /// Of so many.
    layers: u32,
    /// Tokens that the KV pool holds, of all sequences together.
    pool_tokens: u32,
    /// Sequences that run at the same time.
    sequences: u32,
    /// How keys are kept, such as `f16`.
    cache_type_k: String,
    /// How values are kept.
    cache_type_v: String,
    /// What each device holds.
    memory: Vec<DeviceMemory>,
}

/// What a device holds of a model, in bytes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceMemory {
    /// Such as `CPU` or `CUDA0`.
    device: String,
    /// Weights, those that are mapped from their file included.
    weights: u64,
    /// Keys and values, and recurrent states.
    pool: u64,
    /// Buffers of a forward pass.
    compute: u64,
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
            size_vram: facts.gpu_bytes(),
            context_length: facts.context,
            placement: facts.into(),
        }
    }
}

impl From<&ModelFacts> for Placement {
    fn from(facts: &ModelFacts) -> Self {
        let memory = facts.memory.iter().cloned();
        Self {
            gpu_layers: facts.gpu_layers,
            layers: facts.layers,
            pool_tokens: facts.pool_tokens,
            sequences: facts.max_running,
            cache_type_k: facts.cache_keys.to_string(),
            cache_type_v: facts.cache_values.to_string(),
            memory: memory
                .map(|m| DeviceMemory {
                    device: m.device,
                    weights: m.weights,
                    pool: m.pool,
                    compute: m.compute,
                })
                .collect(),
        }
    }
}

/// Go's longest duration from now, by which clients know that a model stays.
fn far_ahead() -> Timestamp {
    let longest = (i64::MAX / 1_000_000_000).seconds();
    Timestamp::now().checked_add(longest).unwrap_or(Timestamp::MAX)
}
