//! The dialects: what clients say on the wire, and what they hear.
//!
//! Each dialect has a folder with one file for each endpoint: types, validation and conversion. All of them
//! turn a request into an `Ask`, start it, and encode the `Answer` that comes.
//!
//! ```text
//!   request ─▶ dialect: types, validation ─▶ Ask ─▶ lease, prompt, engine ─▶ Answer
//!   client  ◀─ dialect: one small struct a chunk ◀── Piece, Piece, … end ◀────┘
//! ```

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod body;
pub(crate) mod cloud;
pub mod duration;
pub(crate) mod embed;
pub mod error;
pub(crate) mod forgotten;
pub(crate) mod format;
pub(crate) mod keep_alive;
pub mod logprobs;
pub(crate) mod native;
pub mod ollama;
pub mod openai;
pub(crate) mod options;
pub mod piece;
pub(crate) mod sampling;
pub mod stream;
mod tolerant;
mod unpack;
mod values;
