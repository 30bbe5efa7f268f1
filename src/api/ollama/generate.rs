//! `POST /api/generate`: continue a prompt.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::encode::{Encoder, GenerateResponse, Shape};
use super::error::Json;
use super::{Failures, OllamaError, shared};
use crate::api::ask::{self, Ask, Input, Purpose, ToolChoice};
use crate::api::error::Failure;
use crate::api::options::Options;
use crate::api::{format, keep_alive, logprobs, stream};
use crate::chat::{Around, Message, RequestTemplate};
use crate::engine::protocol::Token;
use crate::fleet::KeepAlive;
use crate::server::app::App;

/// What to continue, and how.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct GenerateRequest {
    /// The model.
    model: Option<String>,
    /// Another name for `model`.
    name: Option<String>,
    /// What the user says. Empty loads the model, or unloads it if `keep_alive` is 0.
    prompt: Option<String>,
    /// Text after the answer, which is inserted between `prompt` and this. Without `raw`, and for models that can.
    suffix: Option<String>,
    /// A system message before the prompt.
    system: Option<String>,
    /// A template in Go's language, which makes the prompt in place of the model's own.
    template: Option<String>,
    /// Tokens of an earlier answer, to go on from.
    #[schema(value_type = Option<Vec<u32>>)]
    context: Option<Vec<Token>>,
    /// Answer line by line; the default.
    stream: Option<bool>,
    /// Take the prompt as it is, without the model's chat template, and show the answer as the model writes it.
    raw: Option<bool>,
    /// `json`, a JSON schema, or one of Quipu's extensions: `{"regex": …}`, `{"choice": […]}`,
    /// `{"grammar": …, "syntax": "lark"|"gbnf"}`.
    #[schema(value_type = Option<Value>)]
    format: Option<Value>,
    /// How long the model stays loaded afterwards: seconds, or a duration such as `5m`; negative for ever.
    #[schema(value_type = Option<Value>)]
    keep_alive: Option<Value>,
    /// Images in base64. Not supported yet.
    #[schema(value_type = Option<Vec<String>>)]
    images: Option<Vec<Value>>,
    /// Options of the sampler and limits.
    #[schema(value_type = Option<Object>)]
    options: Option<Map<String, Value>>,
    /// Whether to think before the answer: a switch, or `low`, `medium`, `high` or `max`. Models that can do by default.
    #[schema(value_type = Option<Value>)]
    think: Option<Value>,
    /// Cut a prompt that does not fit; the default.
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

/// Continues a prompt.
#[utoipa::path(
    post, path = "/api/generate", tag = "ollama",
    request_body = GenerateRequest,
    responses(
        (status = 200, description = "The answer; with `stream`, one object a line", content(
            (GenerateResponse<'static> = "application/json"),
            (GenerateResponse<'static> = "application/x-ndjson"),
        )),
        Failures,
    )
)]
pub(crate) async fn generate(
    State(app): State<Arc<App>>,
    Json(request): Json<GenerateRequest>,
) -> Result<Response, OllamaError> {
    let model = shared::model_name(request.model.clone(), request.name.clone());
    let encoder = Encoder::new(model.clone(), Shape::Generate);
    let streams = request.stream != Some(false);
    if request.prompt.as_deref().unwrap_or_default().is_empty() {
        request.check()?;
        let purpose = Purpose::Generate;
        return without_text(&app, &encoder, &model, purpose, request.keep_alive.as_ref()).await;
    }
    let wanted = Wanted { streams, prompt_only: request.debug_render_only == Some(true) };
    with_text(&app, request.ask(model)?, encoder, wanted).await
}

/// What a client wants to see of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Its parts, as they come.
    pub(super) streams: bool,
    /// Nothing but the prompt.
    pub(super) prompt_only: bool,
}

/// Answers a request that has text.
///
/// # Errors
/// As of [`Ask::start`], and of the answer where it comes as a whole.
pub(super) async fn with_text(
    app: &App,
    ask: Ask,
    encoder: Encoder,
    wanted: Wanted,
) -> Result<Response, OllamaError> {
    if wanted.prompt_only {
        let prompt = ask.rendered(app).await?;
        return Ok(whole_response(encoder.rendered(Timestamp::now(), &prompt)));
    }
    let answer = ask.start(app).await?;
    if wanted.streams {
        return Ok(stream::respond(answer, encoder).await?);
    }
    Ok(whole_response(encoder.whole(&answer.whole().await?)))
}

/// Loads a model, or unloads it, for a request without text.
///
/// # Errors
/// If there is no such model, it cannot be loaded, or the keep-alive cannot be read.
pub(super) async fn without_text(
    app: &App,
    encoder: &Encoder,
    model: &str,
    purpose: Purpose,
    keep_alive: Option<&Value>,
) -> Result<Response, OllamaError> {
    let keep_alive = keep_alive::of_request(keep_alive)?;
    let reason = if keep_alive == Some(KeepAlive::For(Duration::ZERO)) {
        ask::unload(app, model).await?;
        "unload"
    } else {
        ask::load(app, model, purpose, keep_alive).await?;
        "load"
    };
    Ok(whole_response(encoder.without_text(Timestamp::now(), reason)))
}

/// One object as a response.
pub(super) fn whole_response(object: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], object).into_response()
}

impl GenerateRequest {
    /// What can be said of a request before its prompt is looked at.
    fn check(&self) -> Result<(), Failure> {
        let raw = self.raw == Some(true);
        let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let context = self.context.as_ref().is_some_and(|context| !context.is_empty());
        if raw && (given(&self.template) || given(&self.system) || context) {
            return Err(Failure::Invalid("raw mode does not support template, system, or context".into()));
        }
        format::ollama(self.format.as_ref())?;
        logprobs::wanted(self.logprobs, self.top_logprobs)?;
        Ok(())
    }

    fn ask(self, model: String) -> Result<Ask, Failure> {
        self.check()?;
        let format = format::ollama(self.format.as_ref())?;
        let options = self.options.unwrap_or_default();
        Options::parse(&options)?;
        let raw = self.raw == Some(true);
        let think = shared::think(self.think.as_ref())?;
        let keep_alive = keep_alive::of_request(self.keep_alive.as_ref())?;
        let logprobs = logprobs::wanted(self.logprobs, self.top_logprobs)?;
        let images = shared::any_images(self.images.as_ref());
        let prompt = self.prompt.unwrap_or_default();
        let context = self.context.unwrap_or_default();
        let suffix = self.suffix.filter(|suffix| !suffix.is_empty());
        let template = self.template.filter(|template| !template.is_empty());
        let template = template.map(RequestTemplate::parse).transpose()?;
        let input = if raw {
            Input::Raw(prompt)
        } else if let Some(suffix) = suffix {
            Input::Insert { around: Around { prompt, suffix, think }, context }
        } else {
            // What goes on from tokens has had its system message.
            let system = self.system.filter(|system| !system.is_empty() && context.is_empty());
            let system = system.map(|system| Message::new("system", system));
            let messages = system.into_iter().chain([Message::new("user", prompt)]).collect();
            let tool_choice = ToolChoice::Auto;
            Input::Chat { messages, tools: Vec::new(), tool_choice, think, context }
        };
        Ok(Ask {
            model,
            purpose: Purpose::Generate,
            keep_alive,
            input,
            template,
            images,
            format,
            options,
            truncate: self.truncate != Some(false),
            shift: self.shift != Some(false),
            logprobs,
            return_tokens: !raw,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::Think;
    use crate::engine::protocol::Form;

    fn ask(request: Value) -> Result<Ask, String> {
        let request: GenerateRequest = serde_json::from_value(request).map_err(|e| e.to_string())?;
        request.ask("m".into()).map_err(|e| e.to_string())
    }

    fn chat(messages: Vec<Message>, context: Vec<Token>) -> Input {
        let (tool_choice, think) = (ToolChoice::Auto, Think::Unset);
        Input::Chat { messages, tools: Vec::new(), tool_choice, think, context }
    }

    #[test]
    fn a_prompt_is_what_the_user_says_after_the_system_message() {
        let asked = ask(json!({"prompt": "Hi", "system": "Be kind."})).unwrap();
        let messages = vec![Message::new("system", "Be kind."), Message::new("user", "Hi")];
        assert_eq!(asked.input, chat(messages, Vec::new()));
        assert!(asked.return_tokens);
        assert!(asked.truncate && asked.shift);
    }

    #[test]
    fn raw_prompts_go_as_they_are() {
        let asked = ask(json!({"prompt": "Hi", "raw": true, "context": [], "system": ""})).unwrap();
        assert_eq!(asked.input, Input::Raw("Hi".into()));
        assert!(!asked.return_tokens);
        for conflict in
            [json!({"system": "x"}), json!({"context": [1]}), json!({"template": "{{ .Prompt }}"})]
        {
            let mut request = json!({"prompt": "Hi", "raw": true});
            request.as_object_mut().unwrap().append(&mut conflict.as_object().unwrap().clone());
            assert_eq!(ask(request).unwrap_err(), "raw mode does not support template, system, or context");
        }
    }

    #[test]
    fn a_suffix_asks_for_what_comes_between() {
        let request = json!({"prompt": "def f", "suffix": "return x", "system": "Be kind.", "context": [1]});
        let asked = ask(request).unwrap();
        let around = Around { prompt: "def f".into(), suffix: "return x".into(), think: Think::Unset };
        assert_eq!(asked.input, Input::Insert { around, context: vec![1] });
        assert!(asked.return_tokens);
        let raw = ask(json!({"prompt": "def f", "suffix": "return x", "raw": true})).unwrap();
        assert_eq!(raw.input, Input::Raw("def f".into()));
        let none = ask(json!({"prompt": "Hi", "suffix": ""})).unwrap();
        assert_eq!(none.input, chat(vec![Message::new("user", "Hi")], Vec::new()));
    }

    #[test]
    fn a_template_parses_or_is_refused() {
        let asked = ask(json!({"prompt": "Hi", "template": "<{{ .Prompt }}>"})).unwrap();
        assert_eq!(asked.template, RequestTemplate::parse("<{{ .Prompt }}>".into()).ok());
        assert_eq!(asked.input, chat(vec![Message::new("user", "Hi")], Vec::new()));
        let refused = ask(json!({"prompt": "Hi", "template": "a\n{{ .Prompt"})).unwrap_err();
        assert_eq!(refused, "template error: template: :2: unclosed action");
    }

    #[test]
    fn a_context_has_had_its_system_message() {
        let asked = ask(json!({"prompt": "Hi", "system": "Be kind.", "context": [1, 2]})).unwrap();
        assert_eq!(asked.input, chat(vec![Message::new("user", "Hi")], vec![1, 2]));
    }

    #[test]
    fn nulls_and_empty_values_are_nothing() {
        let asked = ask(json!({
            "model": null, "name": null, "prompt": "Hi", "suffix": null, "system": null, "template": "", "context": null,
            "stream": null, "raw": null, "format": "", "keep_alive": null, "images": [], "options": null, "think": null,
            "truncate": null, "shift": null, "logprobs": null, "top_logprobs": null, "unknown": {"a": 1},
        }))
        .unwrap();
        assert_eq!(asked.input, chat(vec![Message::new("user", "Hi")], Vec::new()));
        assert_eq!(asked.template, None);
    }

    #[test]
    fn switches_and_options_arrive() {
        let asked = ask(json!({
            "prompt": "Hi", "format": "json", "truncate": false, "shift": false, "logprobs": true, "top_logprobs": 3,
            "keep_alive": "-1m", "options": {"num_predict": 5, "stop": ["x"]}, "think": false,
        }))
        .unwrap();
        assert!(!asked.truncate && !asked.shift);
        assert_eq!(asked.format, Some(Form::Json));
        assert_eq!(Value::Object(asked.options), json!({"num_predict": 5, "stop": ["x"]}));
        assert_eq!(asked.logprobs, Some(3));
        assert_eq!(asked.keep_alive, Some(KeepAlive::Forever));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let error = ask(json!({"prompt": "Hi", "format": "xml"})).unwrap_err();
        assert_eq!(error, "invalid format: \"xml\"; expected \"json\" or a valid JSON Schema object");
    }

    #[test]
    fn images_are_seen() {
        assert!(ask(json!({"prompt": "Hi", "images": ["aGk="]})).unwrap().images);
        assert!(!ask(json!({"prompt": "Hi", "images": []})).unwrap().images);
    }
}
