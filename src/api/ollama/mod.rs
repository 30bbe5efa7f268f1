//! Ollama's API. Bodies are JSON objects, streams are one object a line (NDJSON).

pub(crate) mod blobs;
pub(crate) mod chat;
pub(crate) mod cloud;
pub(crate) mod create;
pub(crate) mod embed;
pub(crate) mod embeddings;
pub mod encode;
mod error;
pub(crate) mod generate;
pub(crate) mod manage;
mod progress;
pub(crate) mod ps;
pub(crate) mod root;
mod shared;
pub(crate) mod show;
pub(crate) mod tags;
pub(crate) mod transfer;
pub(crate) mod version;

pub(crate) use error::{ErrorBody, Failures, OllamaError};
