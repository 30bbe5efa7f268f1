//! `POST /api/embed`: vectors of texts.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::Json;
use super::{Failures, OllamaError, shared};
use crate::api::embed::{EmbedAsk, Embedded, inputs};
use crate::api::error::Failure;
use crate::api::keep_alive;
use crate::api::options::Options;
use crate::server::app::App;

/// What to turn into vectors, and how.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct EmbedRequest {
    /// The model.
    model: Option<String>,
    /// Another name for `model`.
    name: Option<String>,
    /// A text or several. None, or an empty one, loads the model.
    #[schema(value_type = Option<Value>)]
    input: Option<Value>,
    /// Cut a text that does not fit; the default.
    truncate: Option<bool>,
    /// Keep this many numbers of each vector; 0 keeps all.
    dimensions: Option<i64>,
    /// How long the model stays loaded afterwards: seconds, or a duration such as `5m`; negative for ever.
    #[schema(value_type = Option<Value>)]
    keep_alive: Option<Value>,
    /// Options, of which only `num_ctx` matters: the most tokens of a text.
    #[schema(value_type = Option<Object>)]
    options: Option<Map<String, Value>>,
}

/// Vectors of texts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmbedResponse {
    /// The model, as the request names it.
    model: String,
    /// One for each text, of length 1.
    embeddings: Vec<Vec<f32>>,
    #[serde(flatten)]
    figures: Option<EmbedFigures>,
}

/// Figures of vectors. Durations are in nanoseconds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmbedFigures {
    /// From the request's arrival to the end.
    total_duration: u64,
    /// Of that, waiting for the model to be loaded.
    load_duration: u64,
    /// Tokens of all texts together.
    prompt_eval_count: u32,
}

/// Makes vectors of texts.
#[utoipa::path(
    post, path = "/api/embed", tag = "ollama",
    request_body = EmbedRequest,
    responses((status = 200, description = "The vectors", body = EmbedResponse), Failures)
)]
pub(crate) async fn embed(
    State(app): State<Arc<App>>,
    Json(request): Json<EmbedRequest>,
) -> Result<Json<EmbedResponse>, OllamaError> {
    let dimensions = request.dimensions;
    let ask = request.ask()?;
    let model = ask.model.clone();
    let embedded = ask.vectors(&app).await?;
    let figures = (!embedded.vectors.is_empty()).then(|| EmbedFigures::from(&embedded));
    let embeddings = embedded.unit_vectors(dimensions)?;
    Ok(Json(EmbedResponse { model, embeddings, figures }))
}

impl From<&Embedded> for EmbedFigures {
    fn from(embedded: &Embedded) -> Self {
        Self {
            total_duration: embedded.total.as_nanos() as u64,
            load_duration: embedded.load.as_nanos() as u64,
            prompt_eval_count: embedded.prompt_tokens,
        }
    }
}

impl EmbedRequest {
    fn ask(self) -> Result<EmbedAsk, Failure> {
        let inputs = inputs(self.input)?;
        let options = self.options.unwrap_or_default();
        Options::parse(&options)?;
        Ok(EmbedAsk {
            model: shared::model_name(self.model, self.name),
            keep_alive: keep_alive::of_request(self.keep_alive.as_ref())?,
            options,
            inputs,
            truncate: self.truncate != Some(false),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(request: Value) -> Result<EmbedAsk, String> {
        let request: EmbedRequest = serde_json::from_value(request).map_err(|e| e.to_string())?;
        request.ask().map_err(|e| e.to_string())
    }

    #[test]
    fn input_is_a_text_or_several_or_nothing() {
        for (input, texts) in [
            (json!("a"), vec!["a"]),
            (json!(["a", "", "b"]), vec!["a", "", "b"]),
            (json!(""), vec![]),
            (json!([]), vec![]),
            (json!(null), vec![]),
        ] {
            assert_eq!(ask(json!({"model": "m", "input": input})).unwrap().inputs, texts);
        }
        assert_eq!(ask(json!({"model": "m"})).unwrap().inputs, Vec::<String>::new());
    }

    #[test]
    fn other_inputs_are_refused() {
        for input in
            [json!(5), json!({"a": 1}), json!([1, 2]), json!(["a", 1]), json!([["a"]]), json!([null])]
        {
            assert_eq!(
                ask(json!({"model": "m", "input": input})).unwrap_err(),
                "invalid input type",
                "{input}"
            );
        }
    }

    #[test]
    fn what_clients_always_send_is_harmless() {
        let asked = ask(json!({
            "model": "m", "input": "a", "truncate": null, "dimensions": null, "keep_alive": null,
            "options": {"mirostat": null, "tfs_z": null, "num_ctx": null, "temperature": null},
        }))
        .unwrap();
        assert!(asked.truncate && asked.keep_alive.is_none());
        assert!(!ask(json!({"model": "m", "input": "a", "truncate": false})).unwrap().truncate);
    }

    #[test]
    fn options_and_keep_alive_are_those_of_all_endpoints() {
        let error =
            |field: &str, value: Value| ask(json!({"model": "m", "input": "a", field: value})).unwrap_err();
        assert_eq!(error("options", json!({"num_ctx": "x"})), "option \"num_ctx\" must be of type integer");
        assert_eq!(error("keep_alive", json!("300")), "time: missing unit in duration \"300\"");
    }
}
