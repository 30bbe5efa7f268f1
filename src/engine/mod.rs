//! What this project is about: many sequences, one continuous batch, one paged KV cache.
//!
//! A request's way through the engine process:
//!
//! ```text
//!   socket ─▶ intake ─▶ request ─▶ scheduler ─▶ backend ─▶ sampler ─▶ text ─▶ socket
//!             frames,   tokens,    queue,       forward    next       whole    one report
//!             threads   limits     pages,       pass       token      chars,   per step
//!                                  prefix                             stops
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`protocol`], [`frame`] | what front and engine say to each other |
//! | [`start`], [`process`] | the front's side of an engine process |
//! | [`worker`], [`intake`] | the engine's side: start, threads, tokenising |
//! | [`step`] | the loop that everything else serves |
//! | [`request`], [`sequence`] | a request's life in the engine, and what the scheduler sees of it |
//! | [`infill`] | the prompt for text that is to be inserted |
//! | [`embedding`] | texts to vectors, beside all of this |
//! | [`scheduler`] | who computes what in the next step |
//! | [`pages`], [`prefix`] | what the pool holds, and for whom |
//! | [`backend`] | the border to computation: llama.cpp, or the mock |
//! | [`sampling`], [`sampler`], [`text`] | how tokens are chosen, logits to tokens, tokens to text |
//! | [`constraint`], [`grammar`] | what an answer must look like, and which tokens that leaves |
//! | [`typing`] | what the arguments of calls are that are written as plain text |
//!
//! `scheduler`, `pages` and `prefix` know nothing of llama.cpp; nothing here knows of HTTP.

pub mod backend;
pub mod constraint;
pub mod embedding;
pub mod frame;
pub mod grammar;
pub mod infill;
pub mod intake;
pub mod pages;
pub mod prefix;
pub mod process;
pub mod protocol;
pub mod request;
pub mod sampler;
pub mod sampling;
pub mod scheduler;
pub mod sequence;
pub mod start;
pub mod step;
pub mod text;
pub mod typing;
pub mod worker;
