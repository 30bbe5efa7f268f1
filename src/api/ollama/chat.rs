//! `POST /api/chat`: answer in a conversation.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::encode::{ChatResponse, Encoder, Shape};
use super::error::Json;
use super::generate::{Wanted, with_text, without_text};
use super::shared::ChatMessage;
use super::{Failures, OllamaError, shared};
use crate::api::ask::{Ask, Input, Purpose, ToolChoice};
use crate::api::error::Failure;
use crate::api::options::Options;
use crate::api::{format, keep_alive, logprobs};
use crate::server::app::App;

/// A conversation, and how to go on with it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ChatRequest {
    /// The model.
    model: Option<String>,
    /// Another name for `model`.
    name: Option<String>,
    /// The turns so far. None loads the model, or unloads it if `keep_alive` is 0. If the last is the
    /// assistant's, the answer continues it.
    messages: Option<Vec<ChatMessage>>,
    /// Answer line by line; the default.
    stream: Option<bool>,
    /// `json`, a JSON schema, or one of Quipu's extensions: `{"regex": …}`, `{"choice": […]}`,
    /// `{"grammar": …, "syntax": "lark"|"gbnf"}`.
    #[schema(value_type = Option<Value>)]
    format: Option<Value>,
    /// How long the model stays loaded afterwards: seconds, or a duration such as `5m`; negative for ever.
    #[schema(value_type = Option<Value>)]
    keep_alive: Option<Value>,
    /// Tools that the model may call.
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Vec<Value>>,
    /// Options of the sampler and limits.
    #[schema(value_type = Option<Object>)]
    options: Option<Map<String, Value>>,
    /// Whether to think before the answer: a switch, or `low`, `medium`, `high` or `max`. Models that can do by default.
    #[schema(value_type = Option<Value>)]
    think: Option<Value>,
    /// Cut a conversation that does not fit; the default.
    truncate: Option<bool>,
    /// Forget the beginning when the context is full, and go on; the default.
    shift: Option<bool>,
    /// Show the prompt, and generate nothing.
    #[serde(rename = "_debug_render_only")]
    debug_render_only: Option<bool>,
    /// Report log-probabilities.
    logprobs: Option<bool>,
    /// With this many alternatives for each token, at most 20.
    top_logprobs: Option<f64>,
}

/// Answers in a conversation.
#[utoipa::path(
    post, path = "/api/chat", tag = "ollama",
    request_body = ChatRequest,
    responses(
        (status = 200, description = "The answer; with `stream`, one object a line", content(
            (ChatResponse<'static> = "application/json"),
            (ChatResponse<'static> = "application/x-ndjson"),
        )),
        Failures,
    )
)]
pub(crate) async fn chat(
    State(app): State<Arc<App>>,
    Json(request): Json<ChatRequest>,
) -> Result<Response, OllamaError> {
    let model = shared::model_name(request.model.clone(), request.name.clone());
    if model.is_empty() {
        return Err(Failure::Invalid("model is required".into()).into());
    }
    let encoder = Encoder::new(model.clone(), Shape::Chat);
    let streams = request.stream != Some(false);
    if request.messages.as_ref().is_none_or(Vec::is_empty) {
        logprobs::wanted(request.logprobs, request.top_logprobs)?;
        let purpose = Purpose::Chat;
        return without_text(&app, &encoder, &model, purpose, request.keep_alive.as_ref()).await;
    }
    let wanted = Wanted { streams, prompt_only: request.debug_render_only == Some(true) };
    with_text(&app, request.ask(model)?, encoder, wanted).await
}

impl ChatRequest {
    fn ask(self, model: String) -> Result<Ask, Failure> {
        let format = format::ollama(self.format.as_ref())?;
        let options = self.options.unwrap_or_default();
        Options::parse(&options)?;
        let messages = self.messages.unwrap_or_default();
        let images = messages.iter().any(|message| shared::any_images(message.images.as_ref()));
        Ok(Ask {
            model,
            purpose: Purpose::Chat,
            keep_alive: keep_alive::of_request(self.keep_alive.as_ref())?,
            input: Input::Chat {
                messages: messages.into_iter().map(Into::into).collect(),
                tools: self.tools.unwrap_or_default(),
                tool_choice: ToolChoice::Auto,
                think: shared::think(self.think.as_ref())?,
                context: Vec::new(),
            },
            template: None,
            images,
            format,
            options,
            truncate: self.truncate != Some(false),
            shift: self.shift != Some(false),
            logprobs: logprobs::wanted(self.logprobs, self.top_logprobs)?,
            return_tokens: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::Message;
    use crate::engine::protocol::Form;

    fn ask(request: Value) -> Result<Ask, String> {
        let request: ChatRequest = serde_json::from_value(request).map_err(|e| e.to_string())?;
        request.ask("m".into()).map_err(|e| e.to_string())
    }

    #[test]
    fn messages_keep_their_order() {
        let asked = ask(json!({"messages": [
            {"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"},
        ]}));
        let messages = vec![Message::new("system", "Be kind."), Message::new("user", "Hi")];
        let input = Input::conversation(messages);
        assert_eq!(asked.unwrap().input, input);
    }

    #[test]
    fn what_clients_always_send_is_harmless() {
        ask(json!({
            "messages": [{"role": "user", "content": "Hi", "images": []}], "tools": [], "format": "", "think": false,
            "options": {"mirostat": null, "tfs_z": 1}, "keep_alive": null, "tool_choice": "auto",
        }))
        .unwrap();
        ask(json!({"messages": [{"role": "user", "content": "Hi", "images": null}], "tools": null})).unwrap();
    }

    #[test]
    fn images_are_seen() {
        let asked = |images: Value| {
            let messages =
                json!([{"role": "user", "content": "Hi"}, {"role": "user", "content": "", "images": images}]);
            ask(json!({"messages": messages})).unwrap().images
        };
        assert!(asked(json!(["aGk="])));
        assert!(!asked(json!([])) && !asked(json!(null)));
    }

    #[test]
    fn a_format_arrives() {
        let messages = json!([{"role": "user", "content": "Hi"}]);
        let asked = ask(json!({"messages": messages, "format": {"choice": ["a"]}})).unwrap();
        assert_eq!(asked.format, Some(Form::Choice(vec!["a".into()])));
        assert_eq!(ask(json!({"messages": messages, "format": ""})).unwrap().format, None);
    }
}
