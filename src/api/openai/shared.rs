//! What chat and text completions have in common on the wire.

use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::piece::Totals;
use crate::api::stream::json;

/// Options of a stream.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct StreamOptions {
    /// Send one more chunk with the usage.
    pub include_usage: Option<bool>,
}

/// Tokens of a request.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    prompt_tokens: u32,
    /// Tokens of the answer.
    completion_tokens: u32,
    /// Both.
    total_tokens: u32,
    /// More on the prompt.
    prompt_tokens_details: PromptTokensDetails,
}

/// More on the tokens of a prompt.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct PromptTokensDetails {
    /// Tokens that were found in the prefix cache.
    cached_tokens: u32,
}

impl From<&Totals> for Usage {
    fn from(totals: &Totals) -> Self {
        let summary = &totals.summary;
        Self {
            prompt_tokens: summary.prompt_tokens,
            completion_tokens: summary.completion_tokens,
            total_tokens: summary.prompt_tokens.saturating_add(summary.completion_tokens),
            prompt_tokens_details: PromptTokensDetails { cached_tokens: summary.cached_tokens },
        }
    }
}

/// What all objects and chunks of one answer say of it.
#[derive(Clone, Debug)]
pub struct Head {
    /// Unique.
    pub id: String,
    /// Seconds since 1970.
    pub created: i64,
    /// The model, as the request names it.
    pub model: String,
}

impl Head {
    /// A new answer whose id begins with `prefix`.
    #[must_use]
    pub(super) fn new(prefix: &str, model: String) -> Self {
        // Each `RandomState` has keys of its own, so that no generator is needed.
        let id = format!("{prefix}-{:016x}", RandomState::new().hash_one(()));
        Self { id, created: Timestamp::now().as_second(), model }
    }
}

/// Appends a server-sent event with one JSON object.
pub(super) fn event<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    json(value, out);
    out.extend_from_slice(b"\n\n");
}

/// Appends the event that ends a stream.
pub(super) fn done(out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: [DONE]\n\n");
}
