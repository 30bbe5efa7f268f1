//! Output to answer: what a model writes becomes content, thoughts and tool calls, as it comes.
//!
//! ```text
//!   config, template ──▶ Format ──with the tools and the prompt──▶ Reader
//!                                                                   │
//!   deltas ──▶ Scanner ──marks──▶ Tagged ─┬─ text ─────────────┬─▶ Emitter ──▶ events
//!              holds back what    or      └─ bodies of calls ──┘   trims
//!              may become a mark  Channels   by their Syntax
//! ```
//!
//! Nothing that a model writes is an error. A call that cannot be read is repaired where that is safe, and is
//! content otherwise. What is read does not depend on how the text was cut into deltas.

mod block;
mod channels;
mod emit;
mod format;
mod json_end;
mod literals;
mod names;
mod scanner;
mod syntax;
mod tagged;
#[cfg(test)]
pub(crate) mod tests;
mod tools;

use serde_json::{Map, Value};

use channels::Channels;
use format::Kind;
use tagged::Tagged;
use tools::Tools;

pub use format::{Format, Thoughts};
pub use names::Names;

/// A part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Text for the user.
    Content(String),
    /// Thoughts that come before it.
    Thinking(String),
    /// A complete call.
    Call(ToolCall),
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// Counts the calls of an answer, from 0.
    pub index: u32,
    /// The tool's name, as the model writes it.
    pub name: String,
    /// The arguments, in the model's order.
    pub arguments: Map<String, Value>,
}

/// What a [`Reader`] must know of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading<'a> {
    /// The tools that the model may call: JSON as on the wire. Without any, calls are text.
    pub tools: &'a [Value],
    /// Whether the model was told not to think. Thoughts that come all the same are left out.
    pub hides_thinking: bool,
    /// The rendered prompt: its end tells where the answer begins, which may be inside of thoughts.
    pub prompt: &'a str,
    /// Whether the prompt ends with the beginning of the answer, from the client.
    pub is_prefilled: bool,
}

/// Reads one answer.
#[derive(Debug)]
pub struct Reader {
    machine: Machine,
    hides_thinking: bool,
}

#[derive(Debug)]
enum Machine {
    /// All is content.
    Plain,
    Tagged(Box<Tagged>),
    Channels(Box<Channels>),
}

impl Reader {
    /// A reader for which everything is content.
    #[must_use]
    pub fn plain() -> Self {
        Self { machine: Machine::Plain, hides_thinking: false }
    }

    /// A reader of answers in a format.
    #[must_use]
    pub fn new(format: &Format, reading: &Reading<'_>) -> Self {
        let machine = match format.kind() {
            Kind::Tagged(tags) if tags.think.is_some() || !reading.tools.is_empty() => {
                Machine::Tagged(Box::new(Tagged::new(tags.clone(), Tools::new(reading.tools), reading)))
            }
            Kind::Tagged(_) => Machine::Plain,
            Kind::Channels(dialect) => Machine::Channels(Box::new(Channels::new(dialect, reading))),
        };
        Self { machine, hides_thinking: reading.hides_thinking }
    }

    /// Reads more text.
    #[must_use]
    pub fn push(&mut self, text: &str) -> Vec<Event> {
        match &mut self.machine {
            Machine::Plain if text.is_empty() => Vec::new(),
            Machine::Plain => vec![Event::Content(text.to_owned())],
            Machine::Tagged(tagged) => {
                let events = tagged.push(text);
                self.shown(events)
            }
            Machine::Channels(channels) => {
                let events = channels.push(text);
                self.shown(events)
            }
        }
    }

    /// Reads what was held back, at the end of the answer.
    #[must_use]
    pub fn finish(&mut self) -> Vec<Event> {
        let events = match &mut self.machine {
            Machine::Plain => Vec::new(),
            Machine::Tagged(tagged) => tagged.finish(),
            Machine::Channels(channels) => channels.finish(),
        };
        self.shown(events)
    }

    fn shown(&self, mut events: Vec<Event>) -> Vec<Event> {
        if self.hides_thinking {
            events.retain(|event| !matches!(event, Event::Thinking(_)));
        }
        events
    }
}
