//! Quipu, a local LLM server.

pub mod gguf;
