//! `POST /v1/chat/completions`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::encode_chat::{ChatCompletion, ChatCompletionChunk, Encoder, whole};
use super::error::Json;
use super::messages::{self, CompletionMessage};
use super::sampling::SamplingFields;
use super::shared::{Head, StreamOptions};
use super::{Failures, OpenAiError};
use crate::api::ask::{Ask, Input, Purpose, ToolChoice};
use crate::api::error::Failure;
use crate::api::{format, logprobs, stream};
use crate::chat::Think;
use crate::server::app::App;

/// A conversation, and how to go on with it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ChatCompletionRequest {
    /// The model.
    model: Option<String>,
    /// The turns so far. If the last is the assistant's, the answer continues it.
    messages: Option<Vec<CompletionMessage>>,
    /// Answer with server-sent events.
    stream: Option<bool>,
    /// Options of the stream.
    stream_options: Option<StreamOptions>,
    #[serde(flatten)]
    sampling: SamplingFields,
    /// `text`, `json_object`, or `json_schema` with a schema, which is enforced whether it is strict or not.
    #[schema(value_type = Option<Object>)]
    response_format: Option<Value>,
    /// Tools that the model may call.
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Vec<Value>>,
    /// `auto` or `none`. `required` and `{"type":"function","function":{"name":…}}` are left to the model yet.
    #[schema(value_type = Option<Value>)]
    tool_choice: Option<Value>,
    /// How hard to think: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`. Models that can do by default.
    reasoning_effort: Option<String>,
    /// The same in another place.
    reasoning: Option<Reasoning>,
    /// Report log-probabilities.
    logprobs: Option<bool>,
    /// With this many alternatives for each token, at most 20.
    #[schema(value_type = Option<u32>)]
    top_logprobs: Option<f64>,
}

/// How to think.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Reasoning {
    /// How hard.
    effort: Option<String>,
}

/// Answers in a conversation.
#[utoipa::path(
    post, path = "/v1/chat/completions", tag = "openai",
    request_body = ChatCompletionRequest,
    responses(
        (status = 200, description = "The answer; with `stream`, server-sent events", content(
            (ChatCompletion<'static> = "application/json"),
            (ChatCompletionChunk<'static> = "text/event-stream"),
        )),
        Failures,
    )
)]
pub(crate) async fn chat_completions(
    State(app): State<Arc<App>>,
    Json(request): Json<ChatCompletionRequest>,
) -> Result<Response, OpenAiError> {
    let streams = request.stream == Some(true);
    let include_usage = request.stream_options.and_then(|options| options.include_usage) == Some(true);
    let ask = request.ask()?;
    let head = Head::new("chatcmpl", ask.model.clone());
    let answer = ask.start(&app).await?;
    if streams {
        return Ok(stream::respond(answer, Encoder::new(head, include_usage)).await?);
    }
    let answer = answer.whole().await?;
    Ok(axum::Json(whole(&head, &answer)).into_response())
}

impl ChatCompletionRequest {
    fn ask(self) -> Result<Ask, Failure> {
        let messages = messages::convert(self.messages.unwrap_or_default())?;
        let model = self.model.unwrap_or_default();
        if model.is_empty() {
            return Err(Failure::Invalid("model is required".into()));
        }
        let format = format::openai(self.response_format.as_ref())?;
        let effort = self.reasoning.and_then(|reasoning| reasoning.effort).or(self.reasoning_effort);
        let options = self.sampling.resolve()?;
        Ok(Ask {
            model,
            purpose: Purpose::Chat,
            keep_alive: None,
            input: Input::Chat {
                messages,
                tools: self.tools.unwrap_or_default(),
                tool_choice: tool_choice(self.tool_choice.as_ref())?,
                think: think(effort.as_deref())?,
                context: Vec::new(),
            },
            template: None,
            images: false,
            format,
            options,
            truncate: true,
            shift: true,
            logprobs: logprobs::wanted(self.logprobs, self.top_logprobs)?,
            return_tokens: false,
        })
    }
}

/// Whether a tool has to be called.
fn tool_choice(choice: Option<&Value>) -> Result<ToolChoice, Failure> {
    match choice {
        None | Some(Value::Null) => Ok(ToolChoice::Auto),
        Some(Value::String(word)) => match word.as_str() {
            "" | "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            // `any` is what others call it.
            "required" | "any" => Ok(ToolChoice::Required),
            _ => Err(invalid_choice(word)),
        },
        Some(object) => match &object["function"]["name"] {
            Value::String(name) => Ok(ToolChoice::Named(name.clone())),
            _ => Err(invalid_choice(object)),
        },
    }
}

fn invalid_choice(choice: impl std::fmt::Display) -> Failure {
    Failure::Invalid(format!(
        "invalid tool_choice: {choice} (must be \"auto\", \"none\", \"required\", or name a function)"
    ))
}

/// How hard to think, in Ollama's levels.
fn think(effort: Option<&str>) -> Result<Think, Failure> {
    match effort {
        None | Some("") => Ok(Think::Unset),
        Some("none") => Ok(Think::Off),
        Some("minimal") => Ok(Think::Level("low".into())),
        Some(level @ ("low" | "medium" | "high" | "max")) => Ok(Think::Level(level.into())),
        Some("xhigh" | "ultra") => Ok(Think::Level("max".into())),
        Some(other) => Err(Failure::Invalid(format!(
            "invalid reasoning value: {other:?} (must be \"minimal\", \"low\", \"medium\", \"high\", \"xhigh\", \
             \"ultra\", \"max\", or \"none\")"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::Message;
    use crate::engine::protocol::Form;

    fn ask(mut request: Value) -> Result<Ask, String> {
        let defaults = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
        for (name, value) in defaults.as_object().unwrap() {
            request.as_object_mut().unwrap().entry(name).or_insert(value.clone());
        }
        let request: ChatCompletionRequest = serde_json::from_value(request).map_err(|e| e.to_string())?;
        request.ask().map_err(|e| e.to_string())
    }

    #[test]
    fn what_clients_always_send_is_harmless() {
        let asked = ask(json!({
            "stream": null, "stream_options": null, "tools": [], "tool_choice": "auto", "response_format": {"type": "text"},
            "n": 1, "logit_bias": {}, "user": "me", "parallel_tool_calls": true, "ignore_eos": true, "metadata": {},
            "reasoning_effort": null, "logprobs": null, "top_logprobs": null, "store": false, "max_completion_tokens": 7,
        }))
        .unwrap();
        assert_eq!(asked.options["num_predict"], 7);
        assert_eq!(asked.options["temperature"], 1.0);
        let messages = vec![Message::new("user", "Hi")];
        let input = Input::conversation(messages);
        assert_eq!(asked.input, input);
    }

    #[test]
    fn a_response_format_arrives() {
        let asked = ask(json!({"response_format": {"type": "json_object"}})).unwrap();
        assert_eq!(asked.format, Some(Form::Json));
    }

    #[test]
    fn effort_is_a_level() {
        let think = |request| match ask(request).unwrap().input {
            Input::Chat { think, .. } => think,
            _ => panic!("not a chat"),
        };
        assert_eq!(think(json!({"reasoning_effort": "none"})), Think::Off);
        assert_eq!(think(json!({"reasoning_effort": "minimal"})), Think::Level("low".into()));
        assert_eq!(think(json!({"reasoning": {"effort": "high"}})), Think::Level("high".into()));
        assert_eq!(think(json!({"reasoning_effort": "xhigh"})), Think::Level("max".into()));
    }

    #[test]
    fn a_tool_may_have_to_be_called() {
        let choice = |value| match ask(json!({"tool_choice": value})).map(|ask| ask.input) {
            Ok(Input::Chat { tool_choice, .. }) => Ok(tool_choice),
            Ok(_) => panic!("not a chat"),
            Err(error) => Err(error),
        };
        assert_eq!(choice(json!(null)), Ok(ToolChoice::Auto));
        assert_eq!(choice(json!("none")), Ok(ToolChoice::None));
        assert_eq!(choice(json!("required")), Ok(ToolChoice::Required));
        let named = json!({"type": "function", "function": {"name": "f"}});
        assert_eq!(choice(named), Ok(ToolChoice::Named("f".into())));
        assert_eq!(
            choice(json!("maybe")).unwrap_err(),
            "invalid tool_choice: maybe (must be \"auto\", \"none\", \"required\", or name a function)"
        );
    }

    #[test]
    fn bad_requests_are_refused() {
        for (request, error) in [
            (json!({"model": ""}), "model is required"),
            (json!({"messages": []}), "[] is too short - 'messages'"),
            (json!({"messages": null}), "[] is too short - 'messages'"),
            (
                json!({"response_format": {"type": "json_schema"}}),
                "response_format of type json_schema needs json_schema.schema",
            ),
            (json!({"n": 3}), "more than one answer (n) is not supported yet"),
            (json!({"top_logprobs": 21}), "top_logprobs must be between 0 and 20"),
            (
                json!({"reasoning_effort": "huge"}),
                "invalid reasoning value: \"huge\" (must be \"minimal\", \"low\", \"medium\", \"high\", \"xhigh\", \"ultra\", \"max\", or \"none\")",
            ),
        ] {
            assert_eq!(ask(request).unwrap_err(), error);
        }
    }
}
