//! What all requests share.

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::Behaviour;

/// Tokens of a page.
const PAGE: i64 = 32;
/// Pages that the mock claims to have.
const PAGES: i64 = 4096;

#[derive(Debug)]
pub(super) struct State {
    pub(super) behaviour: Behaviour,
    pub(super) slots: Option<Semaphore>,
    /// Generations asked for, to find each Nth.
    pub(super) requests: AtomicU64,
    pub(super) counts: Counts,
    pub(super) observed: Mutex<Observed>,
}

/// Times as the server sees them, in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// From reading a request to writing its first token.
    pub ttfts: Vec<f64>,
    /// Between writing two tokens.
    pub gaps: Vec<f64>,
}

impl Observed {
    pub(super) fn add(&mut self, mut other: Self) {
        self.ttfts.append(&mut other.ttfts);
        self.gaps.append(&mut other.gaps);
    }
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) prompt_tokens: AtomicU64,
    pub(super) generation_tokens: AtomicU64,
    pub(super) finished: AtomicU64,
    pub(super) aborted: AtomicU64,
    pub(super) running: AtomicI64,
    pub(super) waiting: AtomicI64,
    pub(super) held_pages: AtomicI64,
}

impl State {
    /// `/metrics`, by Quipu's names.
    pub(super) fn metrics(&self) -> String {
        let counts = &self.counts;
        let whole = |value: &AtomicU64| value.load(Ordering::Relaxed);
        let level = |value: &AtomicI64| value.load(Ordering::Relaxed);
        let mut text = String::new();
        let held = level(&counts.held_pages);
        let success = "quipu_request_success_total{finished_reason=";
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# TYPE quipu_prompt_tokens_total counter");
        let _ = writeln!(text, "quipu_prompt_tokens_total {}", whole(&counts.prompt_tokens));
        let _ = writeln!(text, "# TYPE quipu_generation_tokens_total counter");
        let _ = writeln!(text, "quipu_generation_tokens_total {}", whole(&counts.generation_tokens));
        let _ = writeln!(text, "# TYPE quipu_request_success_total counter");
        let _ = writeln!(text, "{success}\"length\"}} {}", whole(&counts.finished));
        let _ = writeln!(text, "{success}\"abort\"}} {}", whole(&counts.aborted));
        let _ = writeln!(text, "# TYPE quipu_num_requests_running gauge");
        let _ = writeln!(text, "quipu_num_requests_running {}", level(&counts.running));
        let _ = writeln!(text, "# TYPE quipu_num_requests_waiting gauge");
        let _ = writeln!(text, "quipu_num_requests_waiting {}", level(&counts.waiting));
        let _ = writeln!(text, "# TYPE quipu_kv_pages gauge");
        let _ = writeln!(text, "quipu_kv_pages{{state=\"free\"}} {}", PAGES - held);
        let _ = writeln!(text, "quipu_kv_pages{{state=\"held\"}} {held}");
        text
    }

    /// Whether the request with this number is one of each `every`.
    pub(super) fn is_due(number: u64, every: Option<u64>) -> bool {
        every.is_some_and(|every| every > 0 && number.is_multiple_of(every))
    }
}

/// A level that is raised until this is dropped.
pub(super) struct Raised<'a> {
    level: &'a AtomicI64,
    by: i64,
}

impl<'a> Raised<'a> {
    pub(super) fn new(level: &'a AtomicI64, by: i64) -> Self {
        level.fetch_add(by, Ordering::Relaxed);
        Self { level, by }
    }

    /// The pages that so many tokens hold.
    pub(super) fn pages(level: &'a AtomicI64, tokens: u32) -> Self {
        Self::new(level, (i64::from(tokens) + PAGE - 1) / PAGE)
    }
}

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        self.level.fetch_sub(self.by, Ordering::Relaxed);
    }
}
