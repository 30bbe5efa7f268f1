//! Quipu, a local LLM server.

pub mod engine;
pub mod fleet;
pub mod gguf;
