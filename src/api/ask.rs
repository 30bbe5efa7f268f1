//! What a dialect wants generated. The way from here to the engine is the same for all of them.

use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::answer::Answer;
use super::cloud::{self, Place};
use super::error::Failure;
use super::forgotten::Forgotten;
use super::format;
use super::options::Options;
use crate::chat::output::{Format, Names, Reader, Reading};
use crate::chat::{Around, Conversation, Message, RequestTemplate, Templates, Think, strip_earlier_thoughts};
use crate::engine::process::Generation;
use crate::engine::protocol::{
    Constraint, Finish, Form, Limits, ModelFacts, Prompt, RequestError, RequestId, Submit, Token, Update,
};
use crate::fleet::{Content, FleetError, KeepAlive, Lease, Model};
use crate::server::app::App;
use crate::server::drain::Phase;
use crate::server::metrics::Meter;
use crate::store::StoreError;

/// What to generate, and how.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// The model's name, as the client says it.
    pub model: String,
    /// What the endpoint does.
    pub purpose: Purpose,
    /// How long the model stays loaded afterwards; `None` leaves it to the server.
    pub keep_alive: Option<KeepAlive>,
    /// What to continue.
    pub input: Input,
    /// Makes the prompt, in place of the model's own templates. How the answer is read stays the model's.
    pub template: Option<RequestTemplate>,
    /// Whether the client shows images. No model is shown any yet.
    pub images: bool,
    /// What the answer must look like.
    pub format: Option<Form>,
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

/// What a model is to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The continuation of a prompt.
    Generate,
    /// An answer in a conversation.
    Chat,
}

impl Purpose {
    /// A model that does not write.
    fn failure(self, model: &str) -> Failure {
        let purpose = match self {
            Self::Generate => "generate",
            Self::Chat => "chat",
        };
        Failure::NoGeneration { model: model.to_owned(), purpose }
    }
}

/// What to continue.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Input {
    /// Text that goes to the tokeniser as it is.
    Raw(String),
    /// Two texts, between which the model is to insert one.
    Insert {
        /// The texts.
        around: Around,
        /// Tokens of an earlier exchange, put before them.
        context: Vec<Token>,
    },
    /// A conversation for the model's chat template.
    Chat {
        /// The turns.
        messages: Vec<Message>,
        /// Tools that the model may call, as templates read them.
        tools: Vec<Value>,
        /// Whether it has to.
        tool_choice: ToolChoice,
        /// The client's word on thinking.
        think: Think,
        /// Tokens of an earlier exchange, put before the rendered text.
        context: Vec<Token>,
    },
}

/// Whether the model has to call a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// It must not: it is offered none.
    None,
    /// It must call one.
    Required,
    /// It must call this one, and do nothing else.
    Named(String),
}

/// Who is to answer.
#[derive(Clone, Copy)]
struct Subject<'a> {
    /// The model's name, as the client says it.
    asked_as: &'a str,
    model: &'a Model,
    /// What its engine says.
    facts: &'a ModelFacts,
    purpose: Purpose,
    /// In place of its own templates.
    template: Option<&'a RequestTemplate>,
}

/// A prompt, and how the answer to it is read.
struct Prepared {
    prompt: Prompt,
    reader: Reader,
    /// Special tokens that the reader must see.
    visible: Vec<String>,
    /// What the answer must look like.
    constraint: Option<Constraint>,
    /// Whether more of the conversation can be left out.
    may_forget: bool,
}

impl Ask {
    /// Waits for the model to be loaded, renders the prompt, and hands it to the engine.
    ///
    /// # Errors
    /// Every [`Failure`] but those that speak of bodies. The engine's own refusals come with the answer.
    pub(crate) async fn start(self, app: &App) -> Result<Answer, Failure> {
        let asked = Instant::now();
        let (model, lease) = self.lease(app).await?;
        let load = asked.elapsed();
        let options = Options::merged(&model.content.parameters, &self.options)?;
        let mut meter = Meter::new(&model.name, asked);
        let begun = self.begin(app, &model, &lease, &options).await;
        let (generation, first, reader) = begun.inspect_err(|failure| meter.failed(failure))?;
        Ok(Answer::new(generation, reader, lease, app.drain.watch(), meter, load).after(first))
    }

    /// What the engine was asked for, the update that was needed to know that it takes it, and what reads it.
    async fn begin(
        self,
        app: &App,
        model: &Model,
        lease: &Lease,
        options: &Options,
    ) -> Result<(Generation, Option<Update>, Reader), Failure> {
        let facts = lease.facts();
        let room = options.limits.context.unwrap_or(facts.context).min(facts.pool_tokens);
        let mut forgotten = Forgotten::default();
        loop {
            let of = self.subject(model, facts);
            let prepared = self.input.clone().prepare(self.format.clone(), &mut forgotten, app, of).await?;
            let length = prepared.prompt.text.len();
            debug!(model = %model.name, characters = length, "prompt rendered");
            // A token has a byte at least, and there are two around the text.
            let may_forget = prepared.may_forget && self.truncate && length + 2 >= room as usize;
            let (reader, request) = self.request(prepared, options, self.truncate && !may_forget);
            let mut generation = lease.submit(request)?;
            let mut first = None;
            if may_forget {
                first = generation.next().await;
                if let Some(Finish::Failed(RequestError::PromptTooLong { tokens, limit })) =
                    first.as_ref().and_then(|update| update.finish.as_ref())
                {
                    forgotten.more(*tokens, *limit);
                    continue;
                }
            }
            return Ok((generation, first, reader));
        }
    }

    /// What the engine gets, and what reads its answer. `truncate`: the engine may cut the prompt.
    fn request(&self, prepared: Prepared, options: &Options, truncate: bool) -> (Reader, Submit) {
        let Prepared { prompt, reader, visible, constraint, .. } = prepared;
        let submit = Submit {
            // Both are set by the engine's handle.
            id: RequestId(0),
            credit: 0,
            prompt,
            sampling: options.sampling.clone(),
            limits: Limits { truncate, shift: self.shift, ..options.limits.clone() },
            stop: options.stop.clone(),
            visible,
            constraint,
            logprobs: self.logprobs,
            return_tokens: self.return_tokens,
        };
        (reader, submit)
    }

    /// The prompt that [`Self::start`] would hand to the engine.
    ///
    /// # Errors
    /// As of [`Self::start`].
    pub(crate) async fn rendered(self, app: &App) -> Result<String, Failure> {
        let (model, lease) = self.lease(app).await?;
        let of = self.subject(&model, lease.facts());
        let (input, format) = (self.input.clone(), self.format.clone());
        let prepared = input.prepare(format, &mut Forgotten::default(), app, of).await?;
        Ok(prepared.prompt.text)
    }

    fn subject<'a>(&'a self, model: &'a Model, facts: &'a ModelFacts) -> Subject<'a> {
        Subject {
            asked_as: &self.model,
            model,
            facts,
            purpose: self.purpose,
            template: self.template.as_ref(),
        }
    }

    /// The model, loaded.
    async fn lease(&self, app: &App) -> Result<(Model, Lease), Failure> {
        let model = find_writer(app, &self.model, self.purpose).await?;
        if self.images {
            return Err(if model.sees() { Failure::NotSupported("image input") } else { Failure::NoVision });
        }
        Options::merged(&model.content.parameters, &self.options)?;
        let lease = lease(app, &model, self.keep_alive).await?;
        if !lease.facts().generates {
            return Err(self.purpose.failure(&self.model));
        }
        Ok((model, lease))
    }
}

impl Input {
    /// A conversation about which nothing else was said.
    pub(crate) fn conversation(messages: Vec<Message>) -> Self {
        let (tools, tool_choice, think, context) = (Vec::new(), ToolChoice::Auto, Think::Unset, Vec::new());
        Self::Chat { messages, tools, tool_choice, think, context }
    }

    /// What the engine is to continue, and how to read what it writes.
    async fn prepare(
        self,
        form: Option<Form>,
        forgotten: &mut Forgotten,
        app: &App,
        of: Subject<'_>,
    ) -> Result<Prepared, Failure> {
        let Subject { asked_as, model, facts, purpose, template } = of;
        let (messages, tools, choice, think, context) = match self {
            Self::Raw(text) => {
                return Ok(Prepared::plain(Prompt { text, ..Prompt::default() }, form));
            }
            Self::Insert { around, context } => {
                check_context(&context, facts)?;
                return Ok(Prepared::plain(insertion(around, context, app, of).await?, form));
            }
            Self::Chat { messages, tools, tool_choice, think, context } => {
                (messages, tools, tool_choice, think, context)
            }
        };
        let content = &*model.content;
        let templates = Templates { go: content.template.as_deref(), facts };
        let format = app.renderer.format(templates, &content.config.parser, content.family())?;
        let tools = if choice == ToolChoice::None { Vec::new() } else { tools };
        if !tools.is_empty() && !content.can("tools", format.can_call()) {
            return Err(Failure::NoTools(full_name(model)));
        }
        let think = thinking(think, &format, content.can("thinking", format.can_think()))
            .ok_or_else(|| Failure::NoThinking(asked_as.to_owned()))?;
        check_context(&context, facts)?;
        // What goes on from tokens has had its beginning.
        let mut messages =
            if context.is_empty() { with_beginning(content, messages, purpose) } else { messages };
        let may_forget = forgotten.leave_out(&mut messages);
        if content.family() == "qwen3" || model.name.model() == "deepseek-r1" {
            strip_earlier_thoughts(&mut messages);
        }
        let is_prefilled = messages.last().is_some_and(|m| m.role == "assistant" && m.tool_calls.is_empty());
        let mut shown = tools.clone();
        if format.wants_identifiers() {
            Names::of(&tools).rename(&mut shown, &mut messages);
        }
        let hides_thinking = think == Think::Off;
        let calls = format::calls(&format, &tools, &shown, choice)?;
        let conversation = Conversation { messages, tools: shown, think };
        let text = match template {
            Some(template) => template.render(conversation).await?,
            None => app.renderer.render(templates, conversation).await?,
        };
        let constraint = format::constraint(form, calls, &format, &text, hides_thinking);
        let reading = Reading { tools: &tools, hides_thinking, prompt: &text, is_prefilled };
        let reader = Reader::new(&format, &reading);
        let visible = format.visible(!tools.is_empty());
        let prompt = Prompt { context, text, suffix: None };
        Ok(Prepared { prompt, reader, visible, constraint, may_forget })
    }
}

impl Prepared {
    /// A prompt whose answer is shown as the model writes it.
    fn plain(prompt: Prompt, form: Option<Form>) -> Self {
        let constraint = form.map(Constraint::new);
        Self { prompt, reader: Reader::plain(), visible: Vec::new(), constraint, may_forget: false }
    }
}

fn check_context(context: &[Token], facts: &ModelFacts) -> Result<(), Failure> {
    match context.iter().find(|token| **token >= facts.vocab) {
        Some(token) => {
            Err(Failure::Invalid(format!("context holds {token}, which is no token of this model")))
        }
        None => Ok(()),
    }
}

/// The prompt for an insertion: by the template of the request, else by the model's Go template if that is made for it, else
/// by the tokens of its vocabulary.
async fn insertion(
    around: Around,
    context: Vec<Token>,
    app: &App,
    of: Subject<'_>,
) -> Result<Prompt, Failure> {
    let Subject { model, facts, template, .. } = of;
    if let Some(template) = template {
        let text = template.insert(around).await?.ok_or_else(|| {
            Failure::Invalid(
                "the template of this request has no place for a suffix: use .Suffix in it".into(),
            )
        })?;
        return Ok(Prompt { context, text, suffix: None });
    }
    let content = &*model.content;
    let templates = Templates { go: content.template.as_deref(), facts };
    let rendered = app.renderer.insert(templates, around.clone()).await?;
    match rendered.map(|text| (text, None)).or(facts.infill.then_some((around.prompt, Some(around.suffix)))) {
        Some((text, suffix)) if content.can("insert", true) => Ok(Prompt { context, text, suffix }),
        _ => Err(Failure::NoInsert(full_name(model))),
    }
}

/// Whether to think: models that can do, unless told otherwise. `None` if the client wants what the model cannot.
fn thinking(asked: Think, format: &Format, can: bool) -> Option<Think> {
    match asked {
        Think::Unset if can => Some(Think::On),
        Think::On | Think::Level(_) if !can => None,
        // The highest level of gpt-oss has another name.
        Think::Level(level) if level == "max" && format.wants_identifiers() => {
            Some(Think::Level("high".into()))
        }
        other => Some(other),
    }
}

/// A model's name with all its parts, as Ollama says it where a capability is missing.
fn full_name(model: &Model) -> String {
    let name = &model.name;
    format!("{}/{}/{}:{}", name.host(), name.namespace(), name.model(), name.tag())
}

/// The model's own messages come first, and its system message if there is no other. That of a prompt takes its place; a
/// conversation that brings one begins with it.
fn with_beginning(model: &Content, mut messages: Vec<Message>, purpose: Purpose) -> Vec<Message> {
    let brings_one = messages.first().is_some_and(|first| first.role == "system");
    let system = if brings_one {
        (purpose == Purpose::Generate).then(|| messages.remove(0))
    } else {
        let system = model.system.as_ref().filter(|system| !system.is_empty());
        system.map(|system| Message::new("system", system))
    };
    system.into_iter().chain(model.messages.iter().cloned()).chain(messages).collect()
}

/// Loads a model that is to write, or keeps it loaded for longer.
///
/// # Errors
/// If there is no such model, it does not write, or it cannot be loaded.
pub(crate) async fn load(
    app: &App,
    model: &str,
    purpose: Purpose,
    keep_alive: Option<KeepAlive>,
) -> Result<(), Failure> {
    lease(app, &find_writer(app, model, purpose).await?, keep_alive).await.map(drop)
}

/// Unloads a model as soon as nobody uses it.
///
/// # Errors
/// If there is no such model.
pub(crate) async fn unload(app: &App, model: &str) -> Result<(), Failure> {
    Ok(app.fleet.expire(&find(app, model).await?).await?)
}

/// Loads a model if need be, and keeps it loaded while the lease lives.
///
/// # Errors
/// If it cannot be loaded, runs elsewhere, or the server shuts down.
pub(super) async fn lease(app: &App, model: &Model, keep_alive: Option<KeepAlive>) -> Result<Lease, Failure> {
    if app.drain.phase() != Phase::Serving {
        return Err(FleetError::ShuttingDown.into());
    }
    if model.is_remote() {
        return Err(Failure::NoCloud(cloud::MODEL));
    }
    Ok(app.fleet.acquire(model, keep_alive).await?)
}

/// A model that writes, by its name.
async fn find_writer(app: &App, name: &str, purpose: Purpose) -> Result<Model, Failure> {
    let model = find(app, name).await?;
    if model.completes() { Ok(model) } else { Err(purpose.failure(name)) }
}

/// A model by its name, which may say where it runs: see [`Place`].
///
/// # Errors
/// If there is none, it is in the cloud, or it is damaged.
pub(crate) async fn find(app: &App, name: &str) -> Result<Model, Failure> {
    let place = Place::of(name)?;
    let mut found = app.fleet.find(name).await;
    if let (Err(FleetError::NoSuchModel), Place::Here(rest)) = (&found, place) {
        found = app.fleet.find(rest).await;
    }
    match (found, place) {
        (Err(FleetError::NoSuchModel), Place::Cloud) => Err(Failure::NoCloud(cloud::MODEL)),
        (Err(FleetError::NoSuchModel), _) => Err(Failure::NoSuchModel(name.to_owned())),
        // A part of it is: pulling brings that back. Clients look for the sentence.
        (Err(FleetError::Store(StoreError::BlobNotFound(digest))), _) => {
            warn!(model = name, %digest, "the model has lost a file");
            Err(Failure::Incomplete(name.to_owned()))
        }
        (found, _) => Ok(found?),
    }
}

/// Refuses to bring a model from the cloud: there is nothing to it but its description. One that is here already, under
/// whatever name, is another thing.
///
/// # Errors
/// If the name means such a model, or contradicts itself.
pub(crate) async fn refuse_cloud(app: &App, name: &str) -> Result<(), Failure> {
    match Place::of(name)? {
        Place::Cloud => find(app, name).await.map(drop),
        Place::Anywhere | Place::Here(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_says_first_comes_where_ollama_puts_it() {
        let model = Content {
            system: Some("Own.".into()),
            messages: vec![Message::new("user", "Who?"), Message::new("assistant", "Me.")],
            ..Content::default()
        };
        let begun = |messages: &[(&str, &str)], purpose| {
            let messages = messages.iter().map(|(role, text)| Message::new(role, *text)).collect();
            let begun = with_beginning(&model, messages, purpose);
            begun.into_iter().map(|message| message.content).collect::<Vec<_>>().join(" ")
        };
        let (bare, told) = ([("user", "Hi")], [("system", "Asked."), ("user", "Hi")]);
        assert_eq!(begun(&bare, Purpose::Generate), "Own. Who? Me. Hi");
        assert_eq!(begun(&bare, Purpose::Chat), "Own. Who? Me. Hi");
        assert_eq!(begun(&told, Purpose::Generate), "Asked. Who? Me. Hi");
        assert_eq!(begun(&told, Purpose::Chat), "Who? Me. Asked. Hi");
    }
}
