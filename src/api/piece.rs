//! What an answer is made of, before a dialect puts it on the wire.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::error::Failure;
use crate::engine::protocol::{FinishReason, Summary, TokenLogprob};

/// A part of an answer.
#[derive(Debug)]
pub struct Piece {
    /// When it came.
    pub at: Timestamp,
    /// New text, whole characters; may be empty in the last piece.
    pub text: String,
    /// One entry for each token whose text is out, if asked for.
    pub logprobs: Vec<TokenLogprob>,
    /// Set in the last piece.
    pub end: Option<Result<Totals, Failure>>,
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
    pub text: String,
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
