//! What a dialect wants generated. The way from here to the engine is the same for all of them.

use tokio::time::Instant;
use tracing::debug;

use super::answer::Answer;
use super::error::Failure;
use crate::chat::{self, Message};
use crate::engine::protocol::{Limits, Prompt, RequestId, Sampling, Submit, Token};
use crate::fleet::{FleetError, KeepAlive, Lease, Model};
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
    /// How to choose tokens.
    pub sampling: Sampling,
    /// When to stop.
    pub limits: Limits,
    /// Strings that end the answer.
    pub stop: Vec<String>,
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
        let model = find(app, &self.model)?;
        let lease = lease(app, model, self.keep_alive).await?;
        let load = asked.elapsed();
        let facts = lease.facts();
        let prompt = match self.input {
            Input::Raw(text) => Prompt { context: Vec::new(), text },
            Input::Chat { messages, think, context } => {
                if think == Some(true) {
                    return Err(if chat::thinks(facts) {
                        Failure::NotSupported("thinking")
                    } else {
                        Failure::Invalid(format!("{:?} does not support thinking", self.model))
                    });
                }
                if let Some(token) = context.iter().find(|token| **token >= facts.vocab) {
                    return Err(Failure::Invalid(format!(
                        "context holds {token}, which is no token of this model"
                    )));
                }
                Prompt { context, text: app.renderer.render(facts, messages, think).await? }
            }
        };
        debug!(model = %self.model, characters = prompt.text.len(), "prompt rendered");
        let generation = lease.submit(Submit {
            // Both are set by the engine's handle.
            id: RequestId(0),
            credit: 0,
            prompt,
            sampling: self.sampling,
            limits: self.limits,
            stop: self.stop,
            logprobs: self.logprobs,
            return_tokens: self.return_tokens,
        })?;
        Ok(Answer::new(generation, lease, app.drain.watch(), Meter::new(&model.name, asked), load))
    }
}

/// Loads a model, or keeps it loaded for longer.
///
/// # Errors
/// If there is no such model, or it cannot be loaded.
pub(crate) async fn load(app: &App, model: &str, keep_alive: Option<KeepAlive>) -> Result<(), Failure> {
    lease(app, find(app, model)?, keep_alive).await.map(drop)
}

/// Unloads a model as soon as nobody uses it.
///
/// # Errors
/// If there is no such model.
pub(crate) async fn unload(app: &App, model: &str) -> Result<(), Failure> {
    Ok(app.fleet.expire(find(app, model)?).await?)
}

async fn lease(app: &App, model: &Model, keep_alive: Option<KeepAlive>) -> Result<Lease, Failure> {
    if app.drain.phase() != Phase::Serving {
        return Err(FleetError::ShuttingDown.into());
    }
    Ok(app.fleet.acquire(model, keep_alive).await?)
}

fn find<'a>(app: &'a App, name: &str) -> Result<&'a Model, Failure> {
    app.fleet.find(name).ok_or_else(|| Failure::NoSuchModel(name.to_owned()))
}
