//! `GET /api/ps`: the models that are loaded, or load.

use std::sync::Arc;

use axum::extract::State;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Json;
use super::tags::ModelDetails;
use crate::api::piece::GoTime;
use crate::engine::protocol::ModelFacts;
use crate::fleet::{Running, Stage};
use crate::server::app::App;

/// The models that are loaded, or load.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ps {
    /// The one that expires last comes first.
    models: Vec<Loaded>,
}

/// A model that is loaded, or loads.
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
    /// `loading`, and only then. `size` is then what it is expected to take. Ollama does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// While it loads: the share of its weights that is read, 0 to 1. Nothing is read while others make room for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<f32>,
    /// How it was placed. Not while it loads.
    #[serde(skip_serializing_if = "Option::is_none")]
    placement: Option<Placement>,
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
    let running = app.fleet.running();
    Json(Ps { models: running.iter().map(|(running, expires)| Loaded::new(running, *expires)).collect() })
}

impl Loaded {
    /// `expires`: never, if it is `None`.
    fn new(running: &Running, expires: Option<Timestamp>) -> Self {
        let model = &running.model;
        let loaded = Self {
            name: model.name.to_string(),
            model: model.name.to_string(),
            size: 0,
            digest: model.digest.clone(),
            details: model.into(),
            expires_at: GoTime(expires.unwrap_or_else(far_ahead)),
            size_vram: 0,
            context_length: 0,
            state: None,
            progress: None,
            placement: None,
        };
        match &running.stage {
            Stage::Loaded(facts) => Self {
                size: facts.bytes(),
                size_vram: facts.gpu_bytes(),
                context_length: facts.context,
                placement: Some((&**facts).into()),
                ..loaded
            },
            Stage::Loading(loading) => Self {
                size: loading.expected.bytes,
                size_vram: loading.expected.gpu_bytes,
                context_length: loading.expected.context,
                state: Some("loading"),
                // Who looks wants to see whether it goes on, not where it is exactly.
                progress: Some((loading.progress.clamp(0.0, 1.0) * 100.0).floor() / 100.0),
                ..loaded
            },
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::protocol::Expected;
    use crate::fleet::{Content, KeepAlive, Loading, Model, SourcePath, Weights, config_of};

    #[test]
    fn a_model_that_loads_says_how_far_it_is() {
        let model = Model {
            name: "new:7b".parse().unwrap(),
            weights: Weights::new(SourcePath::Mock),
            digest: "ab".repeat(32),
            size: 1000,
            modified: Timestamp::UNIX_EPOCH,
            content: Arc::new(Content { config: config_of(None), ..Content::default() }),
        };
        let expected = Expected { bytes: 2000, gpu_bytes: 500, context: 4096 };
        let stage = Stage::Loading(Loading { progress: 0.429, expected });
        let loading = Running::new(model, stage, KeepAlive::Forever);
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        insta::assert_snapshot!(serde_json::to_string(&Loaded::new(&loading, Some(at))).unwrap(), @r#"{"name":"new:7b","model":"new:7b","size":2000,"digest":"abababababababababababababababababababababababababababababababab","details":{"parent_model":"","format":"gguf","family":"","families":[""],"parameter_size":"","quantization_level":""},"expires_at":"2026-01-01T00:00:00.000000000Z","size_vram":500,"context_length":4096,"state":"loading","progress":0.42}"#);
    }
}
