//! `POST /v1/embeddings`.

use std::sync::Arc;

use axum::extract::State;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::Json;
use super::{Failures, OpenAiError};
use crate::api::embed::{EmbedAsk, inputs};
use crate::api::error::Failure;
use crate::server::app::App;

/// What to turn into vectors, and how.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct EmbeddingsRequest {
    /// The model.
    model: Option<String>,
    /// A text or several.
    #[schema(value_type = Option<Value>)]
    input: Option<Value>,
    /// Keep this many numbers of each vector; 0 keeps all.
    dimensions: Option<i64>,
    /// `float`, the default, or `base64`: 32-bit floats, little-endian.
    encoding_format: Option<String>,
}

/// Vectors of texts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmbeddingList {
    /// `list`.
    object: &'static str,
    /// One for each text.
    data: Vec<EmbeddingObject>,
    /// The model, as the request names it.
    model: String,
    /// Tokens of all texts together.
    usage: EmbeddingUsage,
}

/// The vector of a text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmbeddingObject {
    /// `embedding`.
    object: &'static str,
    /// Of length 1.
    embedding: EmbeddingVector,
    /// Which of the texts.
    index: usize,
}

/// A vector in the encoding that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum EmbeddingVector {
    /// Numbers.
    Float(Vec<f32>),
    /// 32-bit floats, little-endian, in base64.
    Base64(String),
}

/// Tokens of a request for vectors.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmbeddingUsage {
    /// Tokens of all texts together.
    prompt_tokens: u32,
    /// The same: nothing is generated.
    total_tokens: u32,
}

/// Makes vectors of texts.
#[utoipa::path(
    post, path = "/v1/embeddings", tag = "openai",
    request_body = EmbeddingsRequest,
    responses((status = 200, description = "The vectors", body = EmbeddingList), Failures)
)]
pub(crate) async fn create_embeddings(
    State(app): State<Arc<App>>,
    Json(request): Json<EmbeddingsRequest>,
) -> Result<axum::Json<EmbeddingList>, OpenAiError> {
    let base64 = is_base64(request.encoding_format.as_deref())?;
    let dimensions = request.dimensions;
    let ask = request.ask()?;
    let model = ask.model.clone();
    let embedded = ask.vectors(&app).await?;
    let prompt_tokens = embedded.prompt_tokens;
    let data = embedded.unit_vectors(dimensions)?.into_iter().enumerate().map(|(index, vector)| {
        let embedding = EmbeddingVector::encoded(vector, base64);
        EmbeddingObject { object: "embedding", embedding, index }
    });
    let data = data.collect();
    let usage = EmbeddingUsage { prompt_tokens, total_tokens: prompt_tokens };
    Ok(axum::Json(EmbeddingList { object: "list", data, model, usage }))
}

fn is_base64(format: Option<&str>) -> Result<bool, Failure> {
    match format {
        None | Some("") => Ok(false),
        Some(format) if format.eq_ignore_ascii_case("float") => Ok(false),
        Some(format) if format.eq_ignore_ascii_case("base64") => Ok(true),
        Some(other) => Err(Failure::Invalid(format!(
            "Invalid value for 'encoding_format' = {other}. Supported values: ['float', 'base64']."
        ))),
    }
}

impl EmbeddingVector {
    fn encoded(vector: Vec<f32>, base64: bool) -> Self {
        if !base64 {
            return Self::Float(vector);
        }
        let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self::Base64(BASE64_STANDARD.encode(bytes))
    }
}

impl EmbeddingsRequest {
    fn ask(self) -> Result<EmbedAsk, Failure> {
        let inputs = match self.input {
            // One text, though there is nothing in it.
            Some(Value::String(text)) => vec![text],
            other => inputs(other)?,
        };
        if inputs.is_empty() {
            return Err(Failure::Invalid("invalid input".into()));
        }
        Ok(EmbedAsk {
            model: self.model.unwrap_or_default(),
            keep_alive: None,
            options: Map::new(),
            inputs,
            truncate: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(input: Value) -> Result<Vec<String>, String> {
        let request: EmbeddingsRequest =
            serde_json::from_value(json!({"model": "m", "input": input})).unwrap();
        request.ask().map(|ask| ask.inputs).map_err(|e| e.to_string())
    }

    #[test]
    fn input_is_a_text_or_several() {
        assert_eq!(ask(json!("")).unwrap(), [""]);
        assert_eq!(ask(json!(["a", ""])).unwrap(), ["a", ""]);
        for (input, error) in [
            (json!(null), "invalid input"),
            (json!([]), "invalid input"),
            (json!(5), "invalid input type"),
            (json!([1, 2]), "invalid input type"),
            (json!([[1, 2]]), "invalid input type"),
        ] {
            assert_eq!(ask(input).unwrap_err(), error);
        }
    }

    #[test]
    fn the_encoding_is_named_in_any_letter_case() {
        assert!(!is_base64(None).unwrap() && !is_base64(Some("FLOAT")).unwrap());
        assert!(is_base64(Some("Base64")).unwrap());
        let error = is_base64(Some("hex")).unwrap_err().to_string();
        assert_eq!(
            error,
            "Invalid value for 'encoding_format' = hex. Supported values: ['float', 'base64']."
        );
    }

    #[test]
    fn base64_is_little_endian_floats() {
        let EmbeddingVector::Base64(text) = EmbeddingVector::encoded(vec![1.0, -2.5], true) else { panic!() };
        assert_eq!(BASE64_STANDARD.decode(text).unwrap(), [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]);
    }
}
