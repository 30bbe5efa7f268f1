//! `GET /api/tags`: the models.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Json;
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
    /// When its file was last changed.
    #[schema(value_type = String, format = DateTime)]
    modified_at: GoTime,
    /// Bytes.
    size: u64,
    /// 64 hex digits.
    digest: String,
    /// What its file says of it.
    details: TagDetails,
    /// What it can do.
    capabilities: Vec<&'static str>,
}

/// What a model's file says of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TagDetails {
    /// Empty.
    parent_model: &'static str,
    /// `gguf`.
    format: &'static str,
    /// Architecture.
    family: String,
    /// Architectures.
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

/// Lists the models.
#[utoipa::path(
    method(get, head), path = "/api/tags", tag = "ollama",
    responses((status = 200, description = "The models", body = Tags))
)]
pub(crate) async fn tags(State(app): State<Arc<App>>) -> Json<Tags> {
    Json(list(app.fleet.models()))
}

fn list<'a>(models: impl Iterator<Item = &'a Model>) -> Tags {
    let mut models: Vec<&Model> = models.collect();
    models.sort_by_key(|model| Reverse(model.modified));
    Tags { models: models.into_iter().map(tag).collect() }
}

fn tag(model: &Model) -> Tag {
    let details = model.details.as_ref();
    let family = details.map(|d| d.family.clone()).unwrap_or_default();
    Tag {
        name: model.name.to_string(),
        model: model.name.to_string(),
        modified_at: GoTime(model.modified),
        size: model.size,
        digest: model.digest.clone(),
        details: TagDetails {
            parent_model: "",
            format: "gguf",
            families: vec![family.clone()],
            family,
            parameter_size: details.map(|d| d.parameter_size.clone()).unwrap_or_default(),
            quantization_level: details.map(|d| d.quantization.clone()).unwrap_or_default(),
            context_length: details.and_then(|d| d.context_length),
            embedding_length: details.and_then(|d| d.embedding_length),
        },
        capabilities: vec!["completion"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Details, ModelName, SourcePath};

    fn model(name: &str, modified: &str) -> Model {
        Model {
            name: ModelName::parse(name).unwrap(),
            source: SourcePath::Mock,
            digest: "ab".repeat(32),
            size: 1_185_376,
            modified: modified.parse().unwrap(),
            details: Some(Details {
                family: "llama".into(),
                parameter_size: "260K".into(),
                quantization: "F32".into(),
                context_length: Some(512),
                embedding_length: Some(64),
            }),
        }
    }

    #[test]
    fn models_are_listed_newest_first_in_ollamas_shape() {
        let models = [model("old", "2024-01-01T00:00:00Z"), model("new:7b", "2025-01-01T00:00:00.5Z")];
        let tags = list(models.iter());
        let names: Vec<_> = tags.models.iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(names, ["new:7b", "old:latest"]);
        insta::assert_snapshot!(serde_json::to_string(&tags.models[0]).unwrap(), @r#"{"name":"new:7b","model":"new:7b","modified_at":"2025-01-01T00:00:00.500000000Z","size":1185376,"digest":"abababababababababababababababababababababababababababababababab","details":{"parent_model":"","format":"gguf","family":"llama","families":["llama"],"parameter_size":"260K","quantization_level":"F32","context_length":512,"embedding_length":64},"capabilities":["completion"]}"#);
    }

    #[test]
    fn no_model_is_an_empty_list() {
        assert_eq!(serde_json::to_string(&list(std::iter::empty())).unwrap(), r#"{"models":[]}"#);
    }
}
