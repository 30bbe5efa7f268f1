//! The stream of one reply.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::state::{Raised, State};
use super::{MODEL, Observed};
use crate::dialect::Dialect;
use crate::words::WORDS;

/// What is to be said.
pub(super) struct Reply {
    pub(super) dialect: Dialect,
    pub(super) prompt: String,
    pub(super) prompt_tokens: u32,
    pub(super) tokens: u32,
    /// Ends by itself.
    pub(super) stops: bool,
    /// Ends in the middle, without an end.
    pub(super) cut: bool,
    /// Has no text.
    pub(super) empty: bool,
}

/// Sends a reply, and counts it. A client that leaves ends it.
pub(super) async fn generate(reply: Reply, state: Arc<State>, pieces: mpsc::Sender<Bytes>) {
    let counts = &state.counts;
    let received = Instant::now();
    let waiting = Raised::new(&counts.waiting, 1);
    let _slot = match &state.slots {
        // It is never closed.
        Some(slots) => slots.acquire().await.ok(),
        None => None,
    };
    drop(waiting);
    let _running = Raised::new(&counts.running, 1);
    let _pages = Raised::pages(&counts.held_pages, reply.prompt_tokens + reply.tokens);
    counts.prompt_tokens.fetch_add(u64::from(reply.prompt_tokens), Ordering::Relaxed);
    let whole = stream(&reply, &state, &pieces, received).await;
    let ended = if whole { &counts.finished } else { &counts.aborted };
    ended.fetch_add(1, Ordering::Relaxed);
}

/// Sends all pieces; `false` if the client left.
async fn stream(reply: &Reply, state: &State, pieces: &mpsc::Sender<Bytes>, received: Instant) -> bool {
    let pace = Duration::from_secs_f64(state.behaviour.token_ms.max(0.0) / 1000.0);
    let mut due = Instant::now() + Duration::from_secs_f64(state.behaviour.first_token_ms.max(0.0) / 1000.0);
    let mut observed = Observed::default();
    let mut last = None;
    let start = Sha256::digest(&reply.prompt)[0] as usize;
    let sent = if reply.cut { reply.tokens / 2 } else { reply.tokens };
    for i in 0..sent {
        // Even a timer that is due costs a turn of the runtime.
        if due > Instant::now() {
            sleep_until(due).await;
        }
        due += pace;
        let word = WORDS[(start + i as usize * (1 + start % 7)) % WORDS.len()];
        let text = if reply.empty { String::new() } else { format!(" {word}") };
        let now = Instant::now();
        match last.replace(now) {
            None => observed.ttfts.push((now - received).as_secs_f64()),
            Some(last) => observed.gaps.push((now - last).as_secs_f64()),
        }
        if pieces.send(reply.piece(&text)).await.is_err() {
            return false;
        }
        state.counts.generation_tokens.fetch_add(1, Ordering::Relaxed);
    }
    state.observed.lock().add(observed);
    // Without its end, the stream is cut.
    reply.cut || pieces.send(reply.end()).await.is_ok()
}

impl Reply {
    fn piece(&self, text: &str) -> Bytes {
        match self.dialect {
            Dialect::OllamaChat => line(
                &json!({"model": MODEL, "message": {"role": "assistant", "content": text}, "done": false}),
            ),
            Dialect::OllamaGenerate => line(&json!({"model": MODEL, "response": text, "done": false})),
            Dialect::OpenaiChat => event(&json!({"choices": [{"index": 0, "delta": {"content": text}}]})),
            Dialect::OpenaiCompletions => event(&json!({"choices": [{"index": 0, "text": text}]})),
        }
    }

    fn end(&self) -> Bytes {
        let reason = if self.stops { "stop" } else { "length" };
        let (prompt, tokens) = (self.prompt_tokens, self.tokens);
        match self.dialect {
            Dialect::OllamaChat | Dialect::OllamaGenerate => line(&json!({
                "model": MODEL, "response": "", "done": true, "done_reason": reason,
                "prompt_eval_count": prompt, "eval_count": tokens,
            })),
            Dialect::OpenaiChat | Dialect::OpenaiCompletions => {
                let last = event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}));
                let usage = event(&json!({
                    "choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": tokens},
                }));
                [last, usage, Bytes::from_static(b"data: [DONE]\n\n")].concat().into()
            }
        }
    }
}

fn line(value: &Value) -> Bytes {
    format!("{value}\n").into()
}

fn event(value: &Value) -> Bytes {
    format!("data: {value}\n\n").into()
}
