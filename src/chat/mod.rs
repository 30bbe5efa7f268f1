//! Messages to prompt: the model's own templates, or plain concatenation for a model without one. And back: what the
//! model writes becomes content, thoughts and tool calls ([`output`]).
//!
//! ```text
//!   messages ──┬─ template of the stored model ──▶ Go ─────┬─▶ text, tokenised by the engine
//!              ├─ template in the GGUF ──────────▶ Jinja ──┤
//!              └─ none ──────────▶ contents, one a line ───┘
//! ```
//!
//! Of a model that has both, [`go::choose`] takes the one that can do more. A request may bring a [`RequestTemplate`] in the
//! place of all of them.

mod format;
mod functions;
pub mod go;
pub mod output;
mod request_template;
mod template;
mod thoughts;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use crate::engine::protocol::ModelFacts;
pub use format::format_of;
pub use go::Think;
use go::{GoTemplate, GoTemplateError, PromptSource, PromptSources, Values};
use output::Format;
pub use request_template::RequestTemplate;
use template::Template;
pub use thoughts::strip_earlier_thoughts;

/// One turn of a conversation, in the shape that Hugging Face templates read.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Message {
    /// `system`, `user`, `assistant`, `tool`, or whatever the client says.
    pub role: String,
    /// The text.
    pub content: String,
    /// What the assistant thought before it answered. Templates know it by this name.
    #[serde(rename = "reasoning_content", skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// Calls that the assistant made: `{"type":"function","id"?,"function":{"name","arguments":{…}}}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Value>,
    /// Of a `tool` message: the call that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// Of a `tool` message: the tool's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Message {
    /// A message that is nothing but text.
    #[must_use]
    pub fn new(role: &str, content: impl Into<String>) -> Self {
        Self { role: role.to_owned(), content: content.into(), ..Self::default() }
    }
}

/// Why messages do not become a prompt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// The template in the model file is no Jinja that we understand. The model's fault.
    #[error("the chat template of this model cannot be used: {0}")]
    Template(String),
    /// The template does not accept these messages. The client's fault.
    #[error("the chat template of this model refuses these messages: {0}")]
    Refused(String),
    /// The template did not end within its budget.
    #[error("the chat template of this model takes too long to render these messages")]
    TooLong,
    /// The template that came with the request. The client's fault.
    #[error(transparent)]
    OfRequest(GoTemplateError),
}

/// What stands for the model in a rendering.
#[derive(Clone, Debug)]
struct Special {
    bos: String,
    eos: String,
}

/// What is to become a prompt.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    /// The turns. If the last one is the assistant's, generation continues it.
    pub messages: Vec<Message>,
    /// Tools that the model may call: JSON objects as OpenAI's API has them.
    pub tools: Vec<Value>,
    /// Whether to think before the answer.
    pub think: Think,
}

/// Two texts between which something is to be inserted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Around {
    /// The text in front.
    pub prompt: String,
    /// The text behind.
    pub suffix: String,
    /// Whether to think before the answer.
    pub think: Think,
}

/// The templates that a model has.
#[derive(Clone, Copy, Debug)]
pub struct Templates<'a> {
    /// Of the stored model, in Go's language.
    pub go: Option<&'a str>,
    /// What the engine knows of the weights, their Jinja template among it.
    pub facts: &'a ModelFacts,
}

/// One of them.
enum Chosen<'a> {
    Go(Arc<GoTemplate>),
    Jinja(&'a str),
    None,
}

/// Turns conversations into prompts. Keeps the compiled templates.
#[derive(Default)]
pub struct Renderer {
    /// What the user says of Go templates: see [`go::choose`].
    go_templates: Option<bool>,
    /// By the template's text: models often share one, and a reloaded model finds its own again.
    jinja: Mutex<HashMap<String, Arc<Template>>>,
    go: Mutex<HashMap<String, Arc<GoTemplate>>>,
}

impl Renderer {
    /// One that takes Go templates always or never where there is a choice; `None`: where they are the better ones.
    #[must_use]
    pub fn new(go_templates: Option<bool>) -> Self {
        Self { go_templates, ..Self::default() }
    }

    /// Writes the prompt of a conversation, by the template that serves the model best.
    ///
    /// # Errors
    /// See [`ChatError`].
    pub async fn render(&self, of: Templates<'_>, conversation: Conversation) -> Result<String, ChatError> {
        // Long conversations take milliseconds, hostile templates as long as their budget lasts.
        let rendering = match self.choose(of)? {
            Chosen::Go(template) => {
                tokio::task::spawn_blocking(move || render_go(&template, &conversation).map_err(go_error))
            }
            Chosen::Jinja(source) => {
                let template = self.jinja_template(source)?;
                let special = Special { bos: of.facts.bos.clone(), eos: of.facts.eos.clone() };
                tokio::task::spawn_blocking(move || render_open(&template, conversation, &special))
            }
            Chosen::None => return Ok(concatenate(&conversation.messages)),
        };
        rendering.await.unwrap_or_else(|panic| Err(ChatError::Template(panic.to_string())))
    }

    /// Writes the prompt for text that is to be inserted between two others, by the Go template of the model. `None` if
    /// that is not made for it, or a text is empty. Which of its templates serves conversations best does not matter.
    ///
    /// # Errors
    /// See [`ChatError`].
    pub async fn insert(&self, of: Templates<'_>, around: Around) -> Result<Option<String>, ChatError> {
        let Some(template) = of.go.map(|source| self.go_template(source)).transpose()? else {
            return Ok(None);
        };
        let rendering = tokio::task::spawn_blocking(move || insert_go(&template, &around).map_err(go_error));
        rendering.await.unwrap_or_else(|panic| Err(ChatError::Template(panic.to_string())))
    }

    /// How the answers of a model are to be read. `parser` is what its config names, and may be empty; `family` its
    /// architecture.
    ///
    /// # Errors
    /// If the Go template is none.
    pub fn format(&self, of: Templates<'_>, parser: &str, family: &str) -> Result<Format, ChatError> {
        Ok(match self.choose(of)? {
            Chosen::Go(template) => format_of(parser, family, Some(&template), None),
            Chosen::Jinja(source) => format_of(parser, family, None, Some(source)),
            Chosen::None => format_of(parser, family, None, None),
        })
    }

    /// The template that serves a model best.
    fn choose<'a>(&self, of: Templates<'a>) -> Result<Chosen<'a>, ChatError> {
        let go = of.go.map(|source| self.go_template(source)).transpose()?;
        let jinja = of.facts.chat_template.as_deref();
        let sources = PromptSources { renderer: false, go: go.as_deref(), jinja };
        Ok(match (go::choose(&sources, self.go_templates), go, jinja) {
            (PromptSource::Go, Some(template), _) => Chosen::Go(template),
            (PromptSource::Jinja, _, Some(source)) => Chosen::Jinja(source),
            _ => Chosen::None,
        })
    }

    fn jinja_template(&self, source: &str) -> Result<Arc<Template>, ChatError> {
        if let Some(template) = self.jinja.lock().get(source) {
            return Ok(Arc::clone(template));
        }
        let template = Arc::new(Template::compile(source)?);
        self.jinja.lock().insert(source.to_owned(), Arc::clone(&template));
        Ok(template)
    }

    fn go_template(&self, source: &str) -> Result<Arc<GoTemplate>, ChatError> {
        if let Some(template) = self.go.lock().get(source) {
            return Ok(Arc::clone(template));
        }
        let template = GoTemplate::parse(source).map_err(|error| ChatError::Template(error.to_string()))?;
        let template = Arc::new(template);
        self.go.lock().insert(source.to_owned(), Arc::clone(&template));
        Ok(template)
    }
}

fn render_go(template: &GoTemplate, conversation: &Conversation) -> Result<String, GoTemplateError> {
    let Conversation { messages, tools, think } = conversation;
    template.render(&Values { messages, tools, think: think.clone(), ..Values::default() })
}

/// `None` if the template has no place for the text behind, or a text is empty.
fn insert_go(template: &GoTemplate, around: &Around) -> Result<Option<String>, GoTemplateError> {
    let Around { prompt, suffix, think } = around;
    if !template.capabilities().insert || prompt.is_empty() || suffix.is_empty() {
        return Ok(None);
    }
    template.render(&Values { prompt, suffix, think: think.clone(), ..Values::default() }).map(Some)
}

/// What it means that a template of a model failed.
fn go_error(error: GoTemplateError) -> ChatError {
    match error {
        GoTemplateError::Endless { .. } => ChatError::TooLong,
        GoTemplateError::Execution { .. } => ChatError::Refused(error.to_string()),
        GoTemplateError::Syntax { .. } => ChatError::Template(error.to_string()),
    }
}

/// A trailing assistant message is what the answer starts with: the template opens the turn, we fill it.
fn render_open(
    template: &Template,
    conversation: Conversation,
    special: &Special,
) -> Result<String, ChatError> {
    let Conversation { mut messages, tools, think } = conversation;
    let prefill = messages.pop_if(|last| last.role == "assistant" && last.tool_calls.is_empty());
    for message in &mut messages {
        // `developer` is OpenAI's newer name for `system`; few templates know it, and some refuse it.
        if message.role == "developer" && !template.mentions_developer() {
            message.role = "system".into();
        }
    }
    let mut prompt = template.render(&messages, &tools, &think, special)?;
    if let Some(message) = prefill {
        prompt.push_str(&message.content);
    }
    Ok(prompt)
}

/// What a model without a template gets: the contents, system first, one a line.
fn concatenate(messages: &[Message]) -> String {
    let (system, others): (Vec<_>, Vec<_>) = messages.iter().partition(|m| m.role == "system");
    let contents = system.into_iter().chain(others).map(|m| Cow::from(&m.content));
    contents.filter(|c| !c.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + \
        message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}\
        {{ '<|im_start|>assistant\n' }}{% endif %}";

    fn facts(template: Option<&str>) -> ModelFacts {
        ModelFacts {
            bos: "<s>".into(),
            eos: "</s>".into(),
            chat_template: template.map(Into::into),
            ..ModelFacts::default()
        }
    }

    async fn render(template: Option<&str>, messages: &[(&str, &str)]) -> Result<String, ChatError> {
        let messages = messages.iter().map(|(role, content)| Message::new(role, *content)).collect();
        let facts = facts(template);
        let conversation = Conversation { messages, ..Conversation::default() };
        Renderer::default().render(Templates { go: None, facts: &facts }, conversation).await
    }

    #[tokio::test]
    async fn a_model_without_a_template_gets_the_contents_with_the_system_message_first() {
        let got = render(None, &[("user", "Once"), ("system", "Be kind."), ("assistant", "upon")]).await;
        assert_eq!(got.unwrap(), "Be kind.\nOnce\nupon");
        assert_eq!(render(None, &[("user", "Once upon a time")]).await.unwrap(), "Once upon a time");
    }

    #[tokio::test]
    async fn a_template_opens_the_assistants_turn() {
        let got = render(Some(CHATML), &[("system", "Be kind."), ("user", "Hi")]).await.unwrap();
        insta::assert_snapshot!(got, @r"
        <|im_start|>system
        Be kind.<|im_end|>
        <|im_start|>user
        Hi<|im_end|>
        <|im_start|>assistant
        ");
    }

    #[tokio::test]
    async fn a_last_message_of_the_assistant_is_continued_with_its_spaces() {
        let got = render(Some(CHATML), &[("user", "Hi"), ("assistant", "Hello, ")]).await.unwrap();
        assert!(got.ends_with("<|im_start|>assistant\nHello, "), "{got}");
    }

    #[tokio::test]
    async fn developer_is_system_for_templates_that_do_not_know_it() {
        let got = render(Some(CHATML), &[("developer", "Be kind."), ("user", "Hi")]).await.unwrap();
        assert!(got.starts_with("<|im_start|>system\nBe kind."), "{got}");
        let knows =
            "{% for m in messages %}{% if m.role == 'developer' %}D:{{ m.content }}{% endif %}{% endfor %}";
        assert_eq!(render(Some(knows), &[("developer", "Be kind.")]).await.unwrap(), "D:Be kind.");
    }

    #[tokio::test]
    async fn a_template_that_refuses_is_told_apart_from_one_that_is_broken() {
        let refuses = "{{ raise_exception('roles must alternate') }}";
        let refused = render(Some(refuses), &[("user", "Hi")]).await.unwrap_err();
        assert_eq!(refused, ChatError::Refused("roles must alternate".into()));
        let broken = render(Some("{% for %}"), &[("user", "Hi")]).await.unwrap_err();
        assert!(matches!(broken, ChatError::Template(_)), "{broken:?}");
    }

    #[tokio::test]
    async fn a_template_without_end_is_stopped() {
        let endless = "{% for i in range(99999) %}{% for j in range(99999) %}{{ j }}{% endfor %}{% endfor %}";
        assert_eq!(render(Some(endless), &[("user", "Hi")]).await.unwrap_err(), ChatError::TooLong);
    }

    #[tokio::test]
    async fn thinking_is_a_switch_of_the_template() {
        let switch = "{% if enable_thinking is defined %}{{ enable_thinking }}\
            {{ reasoning_effort }}{% else %}unset{% endif %}";
        let render = |think| async move {
            let messages = vec![Message::new("user", "Hi")];
            let facts = facts(Some(switch));
            let conversation = Conversation { messages, think, ..Conversation::default() };
            Renderer::default().render(Templates { go: None, facts: &facts }, conversation).await.unwrap()
        };
        assert_eq!(render(Think::Unset).await, "unset");
        assert_eq!(render(Think::Off).await, "False");
        assert_eq!(render(Think::Level("low".into())).await, "Truelow");
    }

    #[tokio::test]
    async fn the_template_of_a_stored_model_comes_before_that_of_its_weights_unless_that_can_do_more() {
        let go = "{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ end }}<assistant>";
        let render = |jinja: &'static str| async move {
            let facts = facts(Some(jinja));
            let messages = vec![Message::new("user", "Hi")];
            let conversation = Conversation { messages, ..Conversation::default() };
            Renderer::default().render(Templates { go: Some(go), facts: &facts }, conversation).await.unwrap()
        };
        assert_eq!(render("jinja").await, "<user>Hi<assistant>");
        assert_eq!(render("jinja{% if tools %}{{ tools }}{% endif %}").await, "jinja");
    }
}
