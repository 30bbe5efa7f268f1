//! `GET /api/tags`: the models.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Json;
use super::{Failures, OllamaError};
use crate::api::piece::GoTime;
use crate::fleet::Model;
use crate::server::app::App;

/// The models that the server can serve.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tags {
    /// Newest first.
    models: Vec<Tag>,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tag {
    /// Name with tag.
    name: String,
    /// The same.
    model: String,
    /// Of a model that another server runs: its name there.
    #[serde(skip_serializing_if = "String::is_empty")]
    remote_model: String,
    /// The server that runs it.
    #[serde(skip_serializing_if = "String::is_empty")]
    remote_host: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    modified_at: GoTime,
    /// Bytes.
    size: u64,
    /// 64 hex digits.
    digest: String,
    /// What its file says of it.
    details: ModelDetails,
    /// What it can do.
    capabilities: Vec<String>,
}

/// A model in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelDetails {
    /// The model that it was made from.
    parent_model: String,
    /// `gguf`.
    format: String,
    /// Architecture.
    family: String,
    /// Architectures, of the projector too.
    families: Vec<String>,
    /// Number of parameters, for people.
    parameter_size: String,
    /// Type of most weights.
    quantization_level: String,
    /// Context length that the model was trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    context_length: Option<u64>,
    /// Width of the hidden state.
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_length: Option<u64>,
}

impl From<&Model> for ModelDetails {
    fn from(model: &Model) -> Self {
        let (config, facts) = (&model.content.config, model.content.facts.as_deref());
        Self {
            parent_model: config.base_name.clone(),
            format: config.model_format.clone(),
            family: config.model_family.clone(),
            families: config.model_families.clone(),
            parameter_size: config.model_type.clone(),
            quantization_level: match (config.file_type.as_str(), facts) {
                ("" | "unknown", Some(facts)) => facts.quantization.clone(),
                (told, _) => told.to_owned(),
            },
            context_length: model.context_length(),
            embedding_length: config.embedding_length.or_else(|| facts?.embedding_length),
        }
    }
}

/// Lists the models.
#[utoipa::path(
    method(get, head), path = "/api/tags", tag = "ollama",
    responses((status = 200, description = "The models", body = Tags), Failures)
)]
pub(crate) async fn tags(State(app): State<Arc<App>>) -> Result<Json<Tags>, OllamaError> {
    let models = app.fleet.models().await?;
    Ok(Json(Tags { models: models.iter().map(Into::into).collect() }))
}

impl From<&Model> for Tag {
    fn from(model: &Model) -> Self {
        Self {
            name: model.name.to_string(),
            model: model.name.to_string(),
            remote_model: model.content.config.remote_model.clone(),
            remote_host: model.content.config.remote_host.clone(),
            modified_at: GoTime(model.modified),
            size: model.size,
            digest: model.digest.clone(),
            details: model.into(),
            capabilities: model.capabilities(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Content, FileFacts, SourcePath, Weights, config_of};

    #[test]
    fn a_model_has_ollamas_shape() {
        let facts = FileFacts {
            family: "llama".into(),
            parameter_size: "260K".into(),
            quantization: "F32".into(),
            context_length: Some(512),
            embedding_length: Some(64),
            pooling: false,
            vision: false,
            infill: false,
            chat_template: None,
        };
        let model = Model {
            name: "new:7b".parse().unwrap(),
            weights: Weights::new(SourcePath::Mock),
            digest: "ab".repeat(32),
            size: 1_185_376,
            modified: "2025-01-01T00:00:00.5Z".parse().unwrap(),
            content: Arc::new(Content {
                config: config_of(Some(&facts)),
                facts: Some(Arc::new(facts)),
                ..Content::default()
            }),
        };
        insta::assert_snapshot!(serde_json::to_string(&Tag::from(&model)).unwrap(), @r#"{"name":"new:7b","model":"new:7b","modified_at":"2025-01-01T00:00:00.500000000Z","size":1185376,"digest":"abababababababababababababababababababababababababababababababab","details":{"parent_model":"","format":"gguf","family":"llama","families":["llama"],"parameter_size":"260K","quantization_level":"F32","context_length":512,"embedding_length":64},"capabilities":["completion"]}"#);
    }

    #[test]
    fn no_model_is_an_empty_list() {
        assert_eq!(serde_json::to_string(&Tags { models: Vec::new() }).unwrap(), r#"{"models":[]}"#);
    }
}
