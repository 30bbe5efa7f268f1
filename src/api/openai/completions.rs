//! `POST /v1/completions`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::encode_completions::{Encoder, TextCompletion, loaded, whole};
use super::error::Json;
use super::sampling::SamplingFields;
use super::shared::{Head, StreamOptions};
use super::{Failures, OpenAiError};
use crate::api::ask::{self, Ask, Input, Purpose};
use crate::api::error::Failure;
use crate::api::{format, logprobs, stream};
use crate::chat::{Around, Message, Think};
use crate::server::app::App;

/// What to continue, and how.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct CompletionRequest {
    /// The model.
    model: Option<String>,
    /// The text; it goes through the model's chat template. Empty loads the model.
    #[schema(value_type = Option<String>)]
    prompt: Option<Value>,
    /// Answer with server-sent events.
    stream: Option<bool>,
    /// Options of the stream.
    stream_options: Option<StreamOptions>,
    #[serde(flatten)]
    sampling: SamplingFields,
    /// Report log-probabilities with this many alternatives, at most 20.
    #[schema(value_type = Option<u32>)]
    logprobs: Option<f64>,
    /// Text after the answer, which is inserted between `prompt` and this, by models that can.
    suffix: Option<String>,
    /// `text`, `json_object`, or `json_schema` with a schema.
    #[schema(value_type = Option<Object>)]
    response_format: Option<Value>,
    /// Repeat the prompt in the answer. Not supported yet.
    echo: Option<bool>,
}

/// Continues a text.
#[utoipa::path(
    post, path = "/v1/completions", tag = "openai",
    request_body = CompletionRequest,
    responses(
        (status = 200, description = "The answer; with `stream`, server-sent events", content(
            (TextCompletion<'static> = "application/json"),
            (TextCompletion<'static> = "text/event-stream"),
        )),
        Failures,
    )
)]
pub(crate) async fn completions(
    State(app): State<Arc<App>>,
    Json(request): Json<CompletionRequest>,
) -> Result<Response, OpenAiError> {
    let streams = request.stream == Some(true);
    let include_usage = request.stream_options.and_then(|options| options.include_usage) == Some(true);
    let prompt = prompt(request.prompt.as_ref())?;
    let nothing = prompt.is_empty();
    let ask = request.ask(prompt)?;
    let head = Head::new("cmpl", ask.model.clone());
    if nothing && !streams {
        ask::load(&app, &ask.model, ask.purpose, None).await?;
        return Ok(axum::Json(loaded(&head)).into_response());
    }
    let answer = ask.start(&app).await?;
    if streams {
        return Ok(stream::respond(answer, Encoder::new(head, include_usage)).await?);
    }
    let answer = answer.whole().await?;
    Ok(axum::Json(whole(&head, &answer)).into_response())
}

/// The text of a prompt. A list is a batch, of which only one is supported yet.
fn prompt(value: Option<&Value>) -> Result<String, Failure> {
    match value {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(list)) => match list.as_slice() {
            [Value::String(text)] => Ok(text.clone()),
            [Value::Number(_) | Value::Array(_), ..] => Err(Failure::NotSupported("a prompt of token ids")),
            _ => Err(Failure::NotSupported("a list of prompts")),
        },
        Some(other) => Err(Failure::Invalid(format!("invalid type for 'prompt' field: {other}"))),
    }
}

impl CompletionRequest {
    fn ask(self, prompt: String) -> Result<Ask, Failure> {
        if self.echo == Some(true) {
            return Err(Failure::NotSupported("echo"));
        }
        let top = logprobs::alternatives("logprobs", self.logprobs)?;
        let format = format::openai(self.response_format.as_ref())?;
        let options = self.sampling.resolve()?;
        let input = match self.suffix.filter(|suffix| !suffix.is_empty()) {
            Some(suffix) => {
                let around = Around { prompt, suffix, think: Think::Unset };
                Input::Insert { around, context: Vec::new() }
            }
            None => Input::conversation(vec![Message::new("user", prompt)]),
        };
        Ok(Ask {
            model: self.model.unwrap_or_default(),
            purpose: Purpose::Generate,
            keep_alive: None,
            input,
            template: None,
            images: false,
            format,
            options,
            truncate: true,
            shift: true,
            logprobs: (top > 0).then_some(top),
            return_tokens: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(request: Value) -> Result<Ask, String> {
        let request: CompletionRequest = serde_json::from_value(request).map_err(|e| e.to_string())?;
        let text = prompt(request.prompt.as_ref()).map_err(|e| e.to_string())?;
        request.ask(text).map_err(|e| e.to_string())
    }

    #[test]
    fn a_prompt_is_text_or_a_list_of_one() {
        for prompt in [json!("Hi"), json!(["Hi"])] {
            let asked = ask(json!({"prompt": prompt, "logprobs": 2, "max_tokens": 3})).unwrap();
            let messages = vec![Message::new("user", "Hi")];
            let input = Input::conversation(messages);
            assert_eq!(asked.input, input);
            assert_eq!(asked.logprobs, Some(2));
            assert_eq!(asked.options["num_predict"], 3);
        }
    }

    #[test]
    fn a_suffix_asks_for_what_comes_between() {
        let asked = ask(json!({"prompt": "a", "suffix": "b"})).unwrap();
        let around = Around { prompt: "a".into(), suffix: "b".into(), think: Think::Unset };
        assert_eq!(asked.input, Input::Insert { around, context: Vec::new() });
        let none = ask(json!({"prompt": "a", "suffix": ""})).unwrap();
        assert_eq!(none.input, Input::conversation(vec![Message::new("user", "a")]));
    }

    #[test]
    fn bad_requests_are_refused() {
        for (request, error) in [
            (json!({"prompt": 5}), "invalid type for 'prompt' field: 5"),
            (json!({"prompt": ["a", "b"]}), "a list of prompts is not supported yet"),
            (json!({"prompt": [1, 2]}), "a prompt of token ids is not supported yet"),
            (json!({"prompt": "a", "echo": true}), "echo is not supported yet"),
            (json!({"prompt": "a", "best_of": 1, "logprobs": -1}), "logprobs must be between 0 and 20"),
        ] {
            assert_eq!(ask(request).unwrap_err(), error);
        }
    }
}
