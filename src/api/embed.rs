//! Texts to vectors, for all dialects.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::debug;

use super::ask;
use super::error::Failure;
use super::options::Options;
use crate::engine::protocol::{Embed, RequestError, RequestId};
use crate::fleet::{FleetError, KeepAlive};
use crate::server::app::App;
use crate::server::metrics::Meter;

/// What to turn into vectors, and how.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EmbedAsk {
    /// The model's name, as the client says it.
    pub model: String,
    /// How long the model stays loaded afterwards; `None` leaves it to the server.
    pub keep_alive: Option<KeepAlive>,
    /// Options by Ollama's names; they win over those of the model. Only `num_ctx` matters.
    pub options: Map<String, Value>,
    /// The texts. None loads the model.
    pub inputs: Vec<String>,
    /// Cut a text that does not fit.
    pub truncate: bool,
}

/// Vectors of texts, as the model makes them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Embedded {
    /// One for each text.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens of all texts together.
    pub prompt_tokens: u32,
    /// From the request's arrival to the end.
    pub total: Duration,
    /// Of that, waiting for the model to be loaded. Never zero.
    pub load: Duration,
}

impl EmbedAsk {
    /// Waits for the model to be loaded, and for the vectors.
    ///
    /// # Errors
    /// Every [`Failure`] but those that speak of bodies.
    pub(crate) async fn vectors(self, app: &App) -> Result<Embedded, Failure> {
        let asked = Instant::now();
        let model = ask::find(app, &self.model).await?;
        let parameters = &model.content.parameters;
        Options::merged(parameters, &self.options)?;
        let context = Options::text_context(parameters, &self.options);
        let lease = ask::lease(app, &model, self.keep_alive).await?;
        let load = asked.elapsed();
        if self.inputs.is_empty() {
            return Ok(Embedded::default());
        }
        let mut meter = Meter::new(&model.name, asked);
        let mut drain = app.drain.watch();
        debug!(model = %model.name, texts = self.inputs.len(), "texts to be embedded");
        let asked_for = Embed {
            // Set by the engine's handle.
            id: RequestId(0),
            inputs: self.inputs,
            context,
            truncate: self.truncate,
        };
        let vectors = async { Ok(lease.embed(asked_for)?.answer().await?) };
        let answer = tokio::select! {
            biased;
            answer = vectors => answer,
            () = drain.over() => Err(FleetError::ShuttingDown.into()),
        };
        let embeddings = answer.inspect_err(|failure| meter.failed(failure)).map_err(blame)?;
        let total = meter.embedded(&embeddings);
        Ok(Embedded { vectors: embeddings.vectors, prompt_tokens: embeddings.prompt_tokens, total, load })
    }
}

impl Embedded {
    /// The vectors with the length 1, each cut to so many numbers before; nothing, 0 and less keep all.
    ///
    /// # Errors
    /// As [`normalize`].
    pub(crate) fn unit_vectors(self, dimensions: Option<i64>) -> Result<Vec<Vec<f32>>, Failure> {
        let dimensions = dimensions.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        self.vectors.into_iter().map(|vector| normalize(vector, dimensions)).collect()
    }
}

/// The texts of `input`. An empty text that stands alone is none; in a list, it is one.
///
/// # Errors
/// [`Failure::Invalid`] for anything but a text and a list of texts.
pub(crate) fn inputs(input: Option<Value>) -> Result<Vec<String>, Failure> {
    let text = |value: Value| match value {
        Value::String(text) => Ok(text),
        _ => Err(Failure::Invalid("invalid input type".into())),
    };
    match input {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(empty)) if empty.is_empty() => Ok(Vec::new()),
        Some(Value::Array(list)) => list.into_iter().map(text).collect(),
        Some(other) => Ok(vec![text(other)?]),
    }
}

/// Ollama takes a pass that fails for the fault of the texts.
fn blame(failure: Failure) -> Failure {
    match failure {
        Failure::Engine(error @ RequestError::Backend(_)) => Failure::Invalid(error.to_string()),
        other => other,
    }
}

/// Gives a vector the length 1, after it was cut to `dimensions`, if that is less than it has and not 0.
///
/// # Errors
/// [`Failure::Invalid`] for a vector that holds what is no number.
fn normalize(mut vector: Vec<f32>, dimensions: usize) -> Result<Vec<f32>, Failure> {
    check(&vector)?;
    if dimensions > 0 {
        vector.truncate(dimensions);
    }
    let square: f64 = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    // A vector of zeros stays one.
    let scale = 1.0 / square.sqrt().max(1e-12);
    vector.iter_mut().for_each(|x| *x = (f64::from(*x) * scale) as f32);
    Ok(vector)
}

/// Refuses a vector that JSON cannot hold.
///
/// # Errors
/// [`Failure::Invalid`] if a number is infinite, or none.
pub(crate) fn check(vector: &[f32]) -> Result<(), Failure> {
    if vector.iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    Err(Failure::Invalid("embedding contains NaN or Inf values".into()))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn vectors_get_the_length_1_after_they_are_cut() {
        assert_eq!(normalize(vec![3.0, 4.0, 12.0], 2).unwrap(), [0.6, 0.8]);
        assert_eq!(normalize(vec![3.0, 4.0], 0).unwrap(), [0.6, 0.8]);
        assert_eq!(normalize(vec![3.0, 4.0], 7).unwrap(), [0.6, 0.8]);
        assert_eq!(normalize(vec![0.0, 0.0], 0).unwrap(), [0.0, 0.0]);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let error = normalize(vec![1.0, bad], 0).unwrap_err();
            assert_eq!(error.to_string(), "embedding contains NaN or Inf values");
            assert_eq!(error.status(), StatusCode::BAD_REQUEST);
        }
    }

    #[test]
    fn a_failed_pass_is_the_texts_fault_and_a_dead_engine_is_not() {
        let status = |error: RequestError| blame(error.into()).status();
        assert_eq!(status(RequestError::Backend("no memory".into())), StatusCode::BAD_REQUEST);
        assert_eq!(status(RequestError::EngineDied("killed".into())), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
