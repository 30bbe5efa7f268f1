//! Quipu, a local LLM server: Ollama's and OpenAI's APIs over one continuous batch and one paged KV cache.
//!
//! A request goes through these rooms:
//!
//! ```text
//!   server ─▶ api ─▶ chat ─▶ fleet ─▶ engine
//!   connections     dialects       messages       which models     one process for each model:
//!   and guards      on the wire    to prompt      are loaded       scheduler, pages, sampler
//! ```
//!
//! - [`cli`]: one file for each command.
//! - [`server`]: the accept loop, middleware, the table of routes, metrics, drain.
//! - [`api`]: what clients say and hear, one folder for each dialect, one file for each endpoint.
//! - [`chat`]: messages to prompt, by the model's own template.
//! - [`fleet`]: starts, watches and stops engines; hands out leases.
//! - [`engine`]: the protocol between front and engine, and the engine itself.
//! - [`gguf`]: reads and writes model files.
//! - [`create`]: makes models from others, or from files.
//! - [`registry`]: pull and push.
//! - [`store`]: names, manifests and blobs on disk.
//! - [`modelfile`]: the language that describes models.

pub mod api;
pub mod chat;
pub mod cli;
pub mod create;
pub mod engine;
pub mod fleet;
pub mod gguf;
pub mod modelfile;
pub mod registry;
pub mod server;
pub mod store;
