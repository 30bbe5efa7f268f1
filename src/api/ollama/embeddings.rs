//! `POST /api/embeddings`: the vector of one text, as older clients ask for it.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::Json;
use super::{Failures, OllamaError, shared};
use crate::api::embed::{EmbedAsk, check};
use crate::api::error::Failure;
use crate::api::keep_alive;
use crate::api::options::Options;
use crate::server::app::App;

/// What to turn into a vector.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct EmbeddingRequest {
    /// The model.
    model: Option<String>,
    /// Another name for `model`.
    name: Option<String>,
    /// The text. An empty one loads the model.
    prompt: Option<String>,
    /// How long the model stays loaded afterwards: seconds, or a duration such as `5m`; negative for ever.
    #[schema(value_type = Option<Value>)]
    keep_alive: Option<Value>,
    /// Options, of which only `num_ctx` matters: the most tokens of the text.
    #[schema(value_type = Option<Object>)]
    options: Option<Map<String, Value>>,
}

/// The vector of a text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmbeddingResponse {
    /// As the model makes it: of any length.
    embedding: Vec<f64>,
}

/// Makes the vector of a text, as the model makes it. A text that does not fit is refused.
#[utoipa::path(
    post, path = "/api/embeddings", tag = "ollama",
    request_body = EmbeddingRequest,
    responses((status = 200, description = "The vector", body = EmbeddingResponse), Failures)
)]
pub(crate) async fn embeddings(
    State(app): State<Arc<App>>,
    Json(request): Json<EmbeddingRequest>,
) -> Result<Json<EmbeddingResponse>, OllamaError> {
    let embedded = request.ask()?.vectors(&app).await.map_err(engine_fault)?;
    let vector = embedded.vectors.into_iter().next().unwrap_or_default();
    check(&vector).map_err(engine_fault)?;
    Ok(Json(EmbeddingResponse { embedding: vector.into_iter().map(f64::from).collect() }))
}

/// Whatever the engine finds wrong, this endpoint calls it the server's fault.
fn engine_fault(failure: Failure) -> Failure {
    match failure {
        Failure::Engine(_) | Failure::Invalid(_) => Failure::Internal(failure.to_string()),
        other => other,
    }
}

impl EmbeddingRequest {
    fn ask(self) -> Result<EmbedAsk, Failure> {
        let options = self.options.unwrap_or_default();
        Options::parse(&options)?;
        Ok(EmbedAsk {
            model: shared::model_name(self.model, self.name),
            keep_alive: keep_alive::of_request(self.keep_alive.as_ref())?,
            options,
            inputs: self.prompt.into_iter().filter(|prompt| !prompt.is_empty()).collect(),
            truncate: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;
    use crate::engine::protocol::RequestError;

    #[test]
    fn a_prompt_is_one_text_and_an_empty_one_is_none() {
        let inputs = |request: Value| {
            serde_json::from_value::<EmbeddingRequest>(request).unwrap().ask().unwrap().inputs
        };
        assert_eq!(inputs(json!({"model": "m", "prompt": "a"})), ["a"]);
        assert!(inputs(json!({"model": "m", "prompt": ""})).is_empty());
        assert!(inputs(json!({"model": "m"})).is_empty());
    }

    #[test]
    fn what_the_engine_refuses_is_the_servers_fault_here() {
        let failure = engine_fault(RequestError::InputTooLong.into());
        assert_eq!(failure.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(failure.to_string(), "the input length exceeds the context length");
        assert_eq!(engine_fault(Failure::NoSuchModel("m".into())).status(), StatusCode::NOT_FOUND);
    }
}
