//! Ollama's API. Bodies are JSON objects, streams are one object a line (NDJSON).

pub(crate) mod chat;
pub mod encode;
mod error;
pub(crate) mod generate;
mod options;
pub(crate) mod root;
mod shared;
pub(crate) mod tags;
pub(crate) mod version;

pub(crate) use error::{ErrorBody, Failures, OllamaError};
