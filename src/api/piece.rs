//! What an answer is made of, before a dialect puts it on the wire.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::error::Failure;
use crate::chat::output::{Event, ToolCall};
use crate::engine::protocol::{FinishReason, Summary, TokenLogprob};

/// A part of an answer.
#[derive(Debug)]
pub struct Piece {
    /// When it came.
    pub at: Timestamp,
    /// What is new, in its order; may be nothing.
    pub parts: Vec<Part>,
    /// One entry for each token whose text is out, if asked for. That text may be held back, until it is known whether
    /// it is content.
    pub logprobs: Vec<TokenLogprob>,
    /// Set in the last piece.
    pub end: Option<Result<Totals, Failure>>,
}

/// Something new in an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text, whole characters.
    Content(String),
    /// Thoughts before it.
    Thinking(String),
    /// A complete call of a tool.
    Call(Call),
}

impl From<Event> for Part {
    fn from(event: Event) -> Self {
        match event {
            Event::Content(text) => Self::Content(text),
            Event::Thinking(text) => Self::Thinking(text),
            Event::Call(call) => Self::Call(Call { id: call_id(), call }),
        }
    }
}

/// A call of a tool, with the id by which its result will name it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `call_` and 8 letters or digits.
    pub id: String,
    /// The call.
    pub call: ToolCall,
}

fn call_id() -> String {
    const CHARACTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    // Each `RandomState` has keys of its own, so that no generator is needed.
    let mut random = RandomState::new().hash_one(());
    let mut id = String::from("call_");
    for _ in 0..8 {
        id.push(char::from(CHARACTERS[(random % 36) as usize]));
        random /= 36;
    }
    id
}

/// Figures of a whole answer.
#[derive(Clone, Debug)]
pub struct Totals {
    /// What the engine says.
    pub summary: Summary,
    /// From the request's arrival to the end.
    pub total: Duration,
    /// Of that, waiting for the model to be loaded. Never zero: it takes some time to find that it is.
    pub load: Duration,
}

impl Totals {
    /// Why the answer ended, as all dialects call it.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self.summary.reason {
            FinishReason::Length => "length",
            FinishReason::Stop | FinishReason::Cancelled => "stop",
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub struct Whole {
    /// When it was complete.
    pub at: Timestamp,
    /// The text.
    pub content: String,
    /// Thoughts before it.
    pub thinking: String,
    /// Calls of tools.
    pub calls: Vec<Call>,
    /// One entry for each token, if asked for.
    pub logprobs: Vec<TokenLogprob>,
    /// Figures.
    pub totals: Totals,
}

/// RFC 3339 in UTC with nanoseconds, as Go writes times: `2025-01-31T23:59:59.123456789Z`.
#[derive(Clone, Copy, Debug)]
pub struct GoTime(pub Timestamp);

impl Serialize for GoTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.9}", self.0))
    }
}
