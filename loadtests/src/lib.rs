//! A load harness for LLM servers: Quipu, Ollama, llama-server, vLLM and others that speak Ollama's or OpenAI's API.
//!
//! ```text
//!  calibrate ─▶ workload ─▶ Plan (sessions of turns, hashed)
//!  exact counts                │            arrival: when each session starts
//!                              ▼               ▼
//!  target, dialect ─▶ client ◀─ run ── closed or open loop ──▶ live view
//!  what is asked      one request │          server_side: /metrics, memory, CPU
//!                                 ▼
//!                             Record ─▶ gate, stats, steady ─▶ measure ─▶ RunResult
//!                                                                            │
//!                        compare (A B A B) ◀── several targets ──────────────┤
//!                        sweep (the knee)  ◀── several loads ────────────────┤
//!                                                                            ▼
//!                                                        report: console, JSON, CSV, HTML
//! ```
//!
//! - [`target`]: whom to ask; [`dialect`]: in which words; [`llama_server`]: a server that the harness starts.
//! - [`workload`]: what is asked; [`arrival`]: when; [`calibrate`]: prompts of an exact number of tokens.
//! - [`client`]: one request, measured; [`run`]: all of them; [`record`]: what is kept of each.
//! - [`experiment`]: several targets, loads and rounds, in turns.
//! - [`gate`], [`stats`], [`steady`], [`measure`]: from records to a [`result`].
//! - [`server_side`]: what the server says of itself meanwhile.
//! - [`compare`], [`sweep`]: several results together; [`report`]: in print and pictures.
//! - [`mock`], [`self_check`]: a server that computes nothing, and what the harness itself costs.
//! - [`synth`]: model files of a wanted shape with random weights.
//!
//! All times are measured on the client with a monotonic clock. Whatever is drawn at random comes from a seed.

pub mod arrival;
pub mod calibrate;
mod cli;
pub mod client;
pub mod compare;
pub mod dialect;
mod environment;
mod error;
pub mod experiment;
pub mod gate;
mod live;
pub mod llama_server;
pub mod measure;
pub mod mock;
pub mod record;
pub mod report;
pub mod result;
pub mod run;
pub mod self_check;
mod send;
pub mod server_side;
pub mod stats;
pub mod steady;
pub mod sweep;
pub mod synth;
pub mod target;
mod words;
pub mod workload;

pub use cli::{Args, main};
pub use error::LoadError;
