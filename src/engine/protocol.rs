//! What the front and an engine process say to each other.
//!
//! Text goes in, text deltas come out: tokenising, sampling, stop strings and UTF-8 assembly live in the
//! engine, so that generation stops on the exact token. Everything here is plain data; [`super::frame`]
//! puts it on the wire.
//!
//! ```text
//!   front                         engine process (one per loaded model)
//!     │ ◀───────────── Hello ────── │   version check, both ends are the same binary or refuse to talk
//!     │ ── Load ───────────────────▶│
//!     │ ◀── Planned ─────────────── │   what it will take; others may have to leave first
//!     │ ── Proceed ────────────────▶│
//!     │ ◀── Loading 0.0 … 1.0 ───── │
//!     │ ◀── Loaded | LoadFailed ─── │
//!     │ ── Submit, Cancel, Credit ─▶│   at any time, for any number of requests
//!     │ ◀── Step, Step, Step … ──── │   one frame per step carries the deltas of all sequences
//!     │ ── Embed, Cancel ──────────▶│   texts to vectors, beside it
//!     │ ◀── Embedded ────────────── │   one frame for each request
//!     │ ◀── Memory ──────────────── │   when it takes more than it did
//!     │ ── (close) ────────────────▶│   the engine ends when its socket does: no orphans
//! ```
//!
//! # Back-pressure
//!
//! Every request carries a *credit*: the number of tokens that the engine may generate for it before the
//! front has said that earlier ones were consumed. A client that does not read stops earning credit, its
//! sequence stalls (and is the first to be preempted), and nobody else notices.

use std::path::PathBuf;

pub use quipu_llama::CacheType;
use serde::{Deserialize, Serialize};

pub use super::constraint::{
    CallBody, CallMarks, Constraint, Form, Notation, Parameters, Preamble, Required, Several, ToolForm,
    ToolSchema,
};
pub use super::sampling::{Dry, Mirostat, Sampling};

/// Raised whenever a type of this module changes shape. The engine is started from the same binary, so a
/// mismatch means that the file was replaced while the server runs: the remedy is a restart.
pub const PROTOCOL_VERSION: u32 = 6;

/// Identifies a request on one engine. Chosen by the front, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// A token id of the loaded model's vocabulary.
pub type Token = u32;

/// Front to engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Load a model. Sent once, first.
    Load(LoadSpec),
    /// Go on with loading. Sent once, after [`Event::Planned`].
    Proceed,
    /// Start generating for a request.
    Submit(Box<Submit>),
    /// Stop a request in whatever state it is. The engine answers with a last update, or as it answers
    /// [`Command::Embed`].
    Cancel(RequestId),
    /// The client consumed this many tokens of a request.
    Credit {
        /// The request.
        id: RequestId,
        /// Tokens consumed since the last credit.
        tokens: u32,
    },
    /// Turn texts into vectors. Answered by exactly one [`Event::Embedded`].
    Embed(Box<Embed>),
}

/// Engine to front.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The first frame.
    Hello {
        /// The engine's [`PROTOCOL_VERSION`].
        version: u32,
    },
    /// What the model will be. Nothing is loaded before [`Command::Proceed`] comes.
    Planned(Expected),
    /// Progress of loading: the share of the weights that is read, `0.0..=1.0`. What comes after that, the pool and the
    /// first passes, is not counted.
    Loading(f32),
    /// The model is ready.
    Loaded(Box<ModelFacts>),
    /// The model could not be loaded; the engine ends after this.
    LoadFailed(String),
    /// What one step (or one round of commands without a forward pass) changed.
    Step(Box<StepReport>),
    /// The answer to [`Command::Embed`].
    Embedded {
        /// The request.
        id: RequestId,
        /// The vectors, or why there are none.
        result: Result<Embeddings, RequestError>,
    },
    /// What the engine takes of each device from now on, in place of [`ModelFacts::memory`].
    Memory(Vec<DeviceMemory>),
}

/// Which model to load, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadSpec {
    /// What stands behind the scheduler.
    pub source: Source,
    /// GGUFs of LoRA adapters that the model gets.
    pub adapters: Vec<PathBuf>,
    /// Sizes and limits.
    pub engine: EngineSettings,
}

/// What stands behind the scheduler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A GGUF file through llama.cpp.
    Gguf(PathBuf),
    /// The deterministic mock: bytes as tokens, a hash of the history as the next token.
    Mock,
}

/// Sizes and limits of an engine. `None` lets the engine choose from the model and the machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineSettings {
    /// Tokens that the KV pool holds for all sequences together.
    pub pool_tokens: Option<u32>,
    /// Most bytes of a pool whose size the engine chooses.
    pub pool_bytes: Option<u64>,
    /// Cap on the context of one sequence, in tokens, when a request names none.
    pub context: Option<u32>,
    /// Sequences that run at the same time.
    pub max_running: Option<u32>,
    /// Finished sequences whose prefix stays cached, each under a sequence id of its own.
    pub max_cached: Option<u32>,
    /// Most tokens in one forward pass.
    pub batch_tokens: Option<u32>,
    /// CPU threads of the forward pass.
    pub threads: Option<u32>,
    /// Layers on GPUs; `None` puts as many there as fit.
    pub gpu_layers: Option<u32>,
    /// Bytes that stay free on each GPU, beyond what is left free anyway.
    pub gpu_overhead: u64,
    /// How keys are kept; `None` means 16 bits.
    pub cache_keys: Option<CacheType>,
    /// How values are kept; `None` means 16 bits.
    pub cache_values: Option<CacheType>,
    /// Make the text of a request independent of what else runs, as far as the kernels allow: prompts are cut
    /// at fixed multiples of the page size, whatever was cached, and attention computes in 32 bits. What is
    /// left are differences in the last bits of the logits. Takes twice the memory, and more time.
    pub deterministic: bool,
}

/// What a model will be, known before its weights are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Bytes that it will take, on all devices.
    pub bytes: u64,
    /// The part of them on GPUs.
    pub gpu_bytes: u64,
    /// Cap on the context of one sequence when a request names none.
    pub context: u32,
}

/// What the front needs to know of a loaded model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// Tokens in the vocabulary.
    pub vocab: u32,
    /// Context length that the model was trained on.
    pub context_train: u32,
    /// Cap on the context of one sequence when a request names none.
    pub context: u32,
    /// Whether it writes. Encoders turn texts into vectors only; their pool is empty.
    pub generates: bool,
    /// Tokens that the KV pool holds.
    pub pool_tokens: u32,
    /// Tokens per page.
    pub page_tokens: u32,
    /// Sequences that run at the same time.
    pub max_running: u32,
    /// What it takes of each device's memory.
    pub memory: Vec<DeviceMemory>,
    /// Layers that can lie on a GPU.
    pub layers: u32,
    /// How many do.
    pub gpu_layers: u32,
    /// How keys are kept.
    pub cache_keys: CacheType,
    /// How values are kept.
    pub cache_values: CacheType,
    /// Text of the begin-of-sequence token, for chat templates. Empty if there is none.
    pub bos: String,
    /// Text of the end-of-sequence token, for chat templates. Empty if there is none.
    pub eos: String,
    /// The template in the model file, Jinja. `None` means plain concatenation.
    pub chat_template: Option<String>,
    /// Whether the vocabulary has tokens for text that is to be inserted.
    pub infill: bool,
    /// Devices that compute, for people.
    pub devices: Vec<String>,
}

/// Memory of a device that a model takes, in bytes, by llama.cpp's count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceMemory {
    /// ggml's name of the device, such as `CPU` or `CUDA0`.
    pub device: String,
    /// Whether it is a GPU.
    pub gpu: bool,
    /// Weights, those that are mapped from the file included.
    pub weights: u64,
    /// Keys and values, and recurrent states.
    pub pool: u64,
    /// Buffers of a forward pass.
    pub compute: u64,
}

impl DeviceMemory {
    /// All of it.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.weights + self.pool + self.compute
    }
}

impl ModelFacts {
    /// Bytes that the engine takes, on all devices.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.memory.iter().map(DeviceMemory::bytes).sum()
    }

    /// Bytes that it takes on GPUs.
    #[must_use]
    pub fn gpu_bytes(&self) -> u64 {
        self.memory.iter().filter(|memory| memory.gpu).map(DeviceMemory::bytes).sum()
    }
}

/// A request to generate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submit {
    /// Chosen by the front, never reused.
    pub id: RequestId,
    /// What to continue.
    pub prompt: Prompt,
    /// How to choose tokens.
    pub sampling: Sampling,
    /// When to stop, apart from the model's own end.
    pub limits: Limits,
    /// Strings that end generation and are not part of the answer.
    pub stop: Vec<String>,
    /// Texts of special tokens that are part of the answer. Others have no text.
    pub visible: Vec<String>,
    /// What the answer must look like.
    pub constraint: Option<Constraint>,
    /// `Some(n)` reports the log-probability of each token and of the `n` likeliest alternatives.
    pub logprobs: Option<u8>,
    /// Report the token ids of prompt and answer at the end.
    pub return_tokens: bool,
    /// Tokens that may be generated before the first [`Command::Credit`].
    pub credit: u32,
}

/// What to continue. Text is tokenised with special tokens recognised, and with the vocabulary's own rules
/// for begin-of-sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Tokens of an earlier answer, put before `text`.
    pub context: Vec<Token>,
    /// The text.
    pub text: String,
    /// What comes after the answer: the model is to insert something, by the tokens that its vocabulary has for that.
    /// `text` and this are then plain text, without special tokens. Only for models with [`ModelFacts::infill`].
    pub suffix: Option<String>,
}

/// When a request ends, and what happens when it meets its context limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Most tokens to generate; `None` leaves it to the model and the context.
    pub max_new: Option<u32>,
    /// Cap on prompt and answer together, in tokens; `None` takes the model's.
    pub context: Option<u32>,
    /// Tokens kept at the head when the context is cut (a begin-of-sequence token is kept in addition).
    pub keep: u32,
    /// Cut the middle of a prompt that does not fit, instead of refusing it.
    pub truncate: bool,
    /// When the context is full, drop the older half behind `keep` and go on, instead of ending.
    pub shift: bool,
    /// End when the context is full, whatever `shift` says of it.
    pub fill: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_new: None, context: None, keep: 4, truncate: true, shift: true, fill: false }
    }
}

/// Texts to turn into vectors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Embed {
    /// Chosen by the front, never reused.
    pub id: RequestId,
    /// The texts.
    pub inputs: Vec<String>,
    /// Cap on the tokens of each text; `None` takes the model's. What the model was trained with is a cap in any case.
    pub context: Option<u32>,
    /// Cut a text that does not fit, instead of refusing all of them.
    pub truncate: bool,
}

/// Vectors of texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Embeddings {
    /// One for each text, in their order, not normalised.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens of all texts together, after they were cut.
    pub prompt_tokens: u32,
    /// From submission to the first forward pass, in nanoseconds.
    pub queue_ns: u64,
    /// From there to the end of the last one, in nanoseconds.
    pub compute_ns: u64,
}

/// What one step changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// At most one entry for each request.
    pub updates: Vec<Update>,
    /// The engine's state after the step.
    pub stats: StepStats,
}

/// What happened to one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// The request.
    pub id: RequestId,
    /// New text, always whole characters. May be empty while a character or a stop string is undecided.
    pub text: String,
    /// Tokens generated since the last update; they used up as much credit.
    pub tokens: u32,
    /// One entry for each token whose text is out, if asked for.
    pub logprobs: Vec<TokenLogprob>,
    /// Set in the last update.
    pub finish: Option<Finish>,
}

/// The log-probability of a chosen token under the model (before any sampling option), and of its likeliest
/// alternatives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenLogprob {
    /// The chosen token.
    pub chosen: TokenChance,
    /// The likeliest tokens in falling order, the chosen one included if it is among them.
    pub top: Vec<TokenChance>,
}

/// A token's bytes and natural log-probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenChance {
    /// The token's text; a token may hold a part of a character.
    pub bytes: Vec<u8>,
    /// Natural logarithm, `<= 0`.
    pub logprob: f32,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Finish {
    /// It ran to an end.
    Done(Box<Summary>),
    /// It was refused, or broke.
    Failed(RequestError),
}

/// Figures of an ended request. Durations are in nanoseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Why it ended.
    pub reason: FinishReason,
    /// Tokens of the prompt, cached ones included.
    pub prompt_tokens: u32,
    /// Tokens of the prompt that were found in the cache.
    pub cached_tokens: u32,
    /// Tokens generated.
    pub completion_tokens: u32,
    /// From submission to the first scheduled token.
    pub queue_ns: u64,
    /// From the first scheduled token to the end of the prompt.
    pub prefill_ns: u64,
    /// From the end of the prompt to the last token.
    pub decode_ns: u64,
    /// Prompt and answer as token ids, if asked for.
    pub tokens: Option<Vec<Token>>,
}

/// Why a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FinishReason {
    /// The model ended, or a stop string came.
    Stop,
    /// The token limit or the context limit was reached.
    Length,
    /// The front asked for it.
    Cancelled,
}

/// Why a request got no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum RequestError {
    /// The prompt does not fit its context, and may not be cut.
    #[error(
        "the prompt is longer than the context length currently available to the model; shorten the prompt, \
         adjust the context length in settings, or use a model with a longer context length \
         ({tokens} tokens, {limit} fit)"
    )]
    PromptTooLong {
        /// Tokens of the prompt.
        tokens: u32,
        /// Tokens that would have been accepted.
        limit: u32,
    },
    /// Nothing to continue, not even a begin-of-sequence token.
    #[error("the prompt has no tokens")]
    EmptyPrompt,
    /// There is a suffix, but no tokens for it.
    #[error("the vocabulary of this model has no tokens for insertion")]
    NoInfill,
    /// The text cannot be tokenised.
    #[error("the prompt cannot be tokenised: {0}")]
    Tokenize(String),
    /// A text is too long to be embedded, and may not be cut.
    #[error("the input length exceeds the context length")]
    InputTooLong,
    /// A text is to be cut, but not even one of its tokens fits.
    #[error("input after truncation exceeds maximum context length")]
    NoRoom,
    /// More texts than one answer can hold the vectors of.
    #[error("too many inputs: at most {most} can be embedded at a time")]
    TooManyInputs {
        /// Texts that would have been accepted.
        most: u32,
    },
    /// The model is an encoder.
    #[error("this model does not generate text")]
    NoGeneration,
    /// The constraint cannot be enforced.
    #[error("the format cannot be enforced: {0}")]
    Constraint(String),
    /// The constraint met a limit of its machinery while the answer was generated.
    #[error("the format cannot be enforced any further: {0}")]
    ConstraintBroke(String),
    /// The front cancelled it before it was queued.
    #[error("the request was cancelled")]
    Cancelled,
    /// The forward pass failed.
    #[error("the model failed while computing: {0}")]
    Backend(String),
    /// The engine process ended. Made by the front; an engine never sends it.
    #[error("the engine of this model stopped unexpectedly ({0}); the next request starts it again")]
    EngineDied(String),
}

/// The engine's state after a step: gauges, and counters since it was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepStats {
    /// Duration of the step in microseconds; 0 when there was no forward pass.
    pub step_us: u32,
    /// Tokens in the forward pass.
    pub batch_tokens: u32,
    /// Of those, tokens of prompts.
    pub prefill_tokens: u32,
    /// Sequences that run.
    pub running: u32,
    /// Requests that wait.
    pub waiting: u32,
    /// Pages that hold nothing.
    pub pages_free: u32,
    /// Pages held by running sequences, their shared prefixes included.
    pub pages_held: u32,
    /// Pages of cached prefixes that no running sequence uses; evicted when needed.
    pub pages_cached: u32,
    /// Counter: prompt tokens looked up in the prefix tree.
    pub prefix_query_tokens: u64,
    /// Counter: prompt tokens found there.
    pub prefix_hit_tokens: u64,
    /// Counter: running sequences sent back to the queue because the pool was full.
    pub preemptions: u64,
    /// Counter: tokens evicted from the prefix tree.
    pub evicted_tokens: u64,
    /// Counter: forward passes for which llama.cpp found no cells although the mirror said there were some.
    /// Anything but 0 is a bug of Quipu.
    pub decode_no_slot: u64,
}
