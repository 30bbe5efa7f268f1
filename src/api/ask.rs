//! What a dialect wants generated. The way from here to the engine is the same for all of them.

use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::debug;

use super::answer::Answer;
use super::error::Failure;
use super::options::Options;
use crate::chat::{Conversation, Message, Templates};
use crate::engine::protocol::{Limits, ModelFacts, Prompt, RequestId, Submit, Token};
use crate::fleet::{Content, FleetError, KeepAlive, Lease, Model};
use crate::server::app::App;
use crate::server::drain::Phase;
use crate::server::metrics::Meter;

/// What to generate, and how.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// The model's name, as the client says it.
    pub model: String,
    /// How long the model stays loaded afterwards; `None` leaves it to the server.
    pub keep_alive: Option<KeepAlive>,
    /// What to continue.
    pub input: Input,
    /// Options by Ollama's names; they win over those of the model.
    pub options: Map<String, Value>,
    /// Cut a prompt that does not fit.
    pub truncate: bool,
    /// Forget the beginning when the context is full, and go on.
    pub shift: bool,
    /// Report log-probabilities, with this many alternatives.
    pub logprobs: Option<u8>,
    /// Report the token ids of prompt and answer.
    pub return_tokens: bool,
}

/// What to continue.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Input {
    /// Text that goes to the tokeniser as it is.
    Raw(String),
    /// A conversation for the model's chat template.
    Chat {
        /// The turns.
        messages: Vec<Message>,
        /// Tools that the model may call, as templates read them.
        tools: Vec<Value>,
        /// The client's word on thinking.
        think: Option<bool>,
        /// Tokens of an earlier exchange, put before the rendered text.
        context: Vec<Token>,
    },
}

impl Ask {
    /// Waits for the model to be loaded, renders the prompt, and hands it to the engine.
    ///
    /// # Errors
    /// Every [`Failure`] but those that speak of bodies. The engine's own refusals come with the answer.
    pub(crate) async fn start(self, app: &App) -> Result<Answer, Failure> {
        let asked = Instant::now();
        let model = find(app, &self.model).await?;
        let options = Options::merged(&model.content.parameters, &self.options)?;
        let lease = lease(app, &model, self.keep_alive).await?;
        let load = asked.elapsed();
        let prompt = self.input.render(app, &self.model, &model.content, lease.facts()).await?;
        debug!(model = %model.name, characters = prompt.text.len(), "prompt rendered");
        let generation = lease.submit(Submit {
            // Both are set by the engine's handle.
            id: RequestId(0),
            credit: 0,
            prompt,
            sampling: options.sampling,
            limits: Limits { truncate: self.truncate, shift: self.shift, ..options.limits },
            stop: options.stop,
            logprobs: self.logprobs,
            return_tokens: self.return_tokens,
        })?;
        Ok(Answer::new(generation, lease, app.drain.watch(), Meter::new(&model.name, asked), load))
    }
}

impl Input {
    /// What the engine is to continue.
    async fn render(
        self,
        app: &App,
        name: &str,
        model: &Content,
        facts: &ModelFacts,
    ) -> Result<Prompt, Failure> {
        let (messages, tools, think, context) = match self {
            Self::Raw(text) => return Ok(Prompt { context: Vec::new(), text }),
            Self::Chat { messages, tools, think, context } => (messages, tools, think, context),
        };
        let templates = Templates { go: model.template.as_deref(), facts };
        if think == Some(true) && !app.renderer.thinks(templates)? {
            return Err(Failure::NoThinking(name.to_owned()));
        }
        if let Some(token) = context.iter().find(|token| **token >= facts.vocab) {
            return Err(Failure::Invalid(format!("context holds {token}, which is no token of this model")));
        }
        // What goes on from tokens has had its beginning.
        let messages = if context.is_empty() { with_beginning(model, messages) } else { messages };
        let conversation = Conversation { messages, tools, think };
        Ok(Prompt { context, text: app.renderer.render(templates, conversation).await? })
    }
}

/// The model's own messages come first, and its system message if the conversation brings none.
fn with_beginning(model: &Content, messages: Vec<Message>) -> Vec<Message> {
    let brings_one = messages.first().is_some_and(|first| first.role == "system");
    let system = model.system.as_ref().filter(|system| !brings_one && !system.is_empty());
    let system = system.map(|system| Message::new("system", system));
    system.into_iter().chain(model.messages.iter().cloned()).chain(messages).collect()
}

/// Loads a model, or keeps it loaded for longer.
///
/// # Errors
/// If there is no such model, or it cannot be loaded.
pub(crate) async fn load(app: &App, model: &str, keep_alive: Option<KeepAlive>) -> Result<(), Failure> {
    lease(app, &find(app, model).await?, keep_alive).await.map(drop)
}

/// Unloads a model as soon as nobody uses it.
///
/// # Errors
/// If there is no such model.
pub(crate) async fn unload(app: &App, model: &str) -> Result<(), Failure> {
    Ok(app.fleet.expire(&find(app, model).await?).await?)
}

async fn lease(app: &App, model: &Model, keep_alive: Option<KeepAlive>) -> Result<Lease, Failure> {
    if app.drain.phase() != Phase::Serving {
        return Err(FleetError::ShuttingDown.into());
    }
    Ok(app.fleet.acquire(model, keep_alive).await?)
}

/// A model by its name.
///
/// # Errors
/// If there is none, or it is damaged.
pub(crate) async fn find(app: &App, name: &str) -> Result<Model, Failure> {
    match app.fleet.find(name).await {
        Err(FleetError::NoSuchModel) => Err(Failure::NoSuchModel(name.to_owned())),
        found => Ok(found?),
    }
}
