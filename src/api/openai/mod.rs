//! OpenAI's API. Bodies are JSON objects, streams are server-sent events that end with `[DONE]`.

pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod embeddings;
pub mod encode_chat;
pub mod encode_completions;
mod error;
mod messages;
pub(crate) mod models;
mod sampling;
pub mod shared;

pub(crate) use error::{ErrorBody, Failures, OpenAiError};
