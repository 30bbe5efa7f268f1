//! What an engine's step reports become in `/metrics`. Names and units: `docs/metrics.md`.

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use parking_lot::Mutex;

use crate::engine::protocol::{StepReport, StepStats};
use crate::store::Name;

/// Handles of one engine's metrics, resolved once: recording a step looks nothing up.
pub(super) struct EngineMetrics {
    running: Gauge,
    waiting: Gauge,
    pages_free: Gauge,
    pages_held: Gauge,
    pages_cached: Gauge,
    usage: Gauge,
    prefix_queries: Counter,
    prefix_hits: Counter,
    preemptions: Counter,
    evicted: Counter,
    no_slot: Counter,
    step_seconds: Histogram,
    step_tokens: Histogram,
    /// The counters of a report count from the engine's start; the exported ones from the server's.
    last: Mutex<StepStats>,
}

impl EngineMetrics {
    pub(super) fn new(model: &Name) -> Self {
        let model = model.to_string();
        let pages =
            |state: &'static str| gauge!("quipu_kv_pages", "model" => model.clone(), "state" => state);
        Self {
            running: gauge!("quipu_num_requests_running", "model" => model.clone()),
            waiting: gauge!("quipu_num_requests_waiting", "model" => model.clone()),
            pages_free: pages("free"),
            pages_held: pages("held"),
            pages_cached: pages("cached"),
            usage: gauge!("quipu_kv_cache_usage_ratio", "model" => model.clone()),
            prefix_queries: counter!("quipu_prefix_cache_queries_total", "model" => model.clone()),
            prefix_hits: counter!("quipu_prefix_cache_hits_total", "model" => model.clone()),
            preemptions: counter!("quipu_num_preemptions_total", "model" => model.clone()),
            evicted: counter!("quipu_prefix_cache_evicted_tokens_total", "model" => model.clone()),
            no_slot: counter!("quipu_decode_no_slot_total", "model" => model.clone()),
            step_seconds: histogram!("quipu_step_duration_seconds", "model" => model.clone()),
            step_tokens: histogram!("quipu_iteration_tokens", "model" => model),
            last: Mutex::default(),
        }
    }

    pub(super) fn record(&self, report: &StepReport) {
        let now = &report.stats;
        let last = std::mem::replace(&mut *self.last.lock(), *now);
        self.running.set(now.running);
        self.waiting.set(now.waiting);
        self.pages_free.set(now.pages_free);
        self.pages_held.set(now.pages_held);
        self.pages_cached.set(now.pages_cached);
        let total = now.pages_free + now.pages_held + now.pages_cached;
        self.usage.set(f64::from(now.pages_held) / f64::from(total.max(1)));
        self.prefix_queries.increment(now.prefix_query_tokens - last.prefix_query_tokens);
        self.prefix_hits.increment(now.prefix_hit_tokens - last.prefix_hit_tokens);
        self.preemptions.increment(now.preemptions - last.preemptions);
        self.evicted.increment(now.evicted_tokens - last.evicted_tokens);
        self.no_slot.increment(now.decode_no_slot - last.decode_no_slot);
        if now.batch_tokens > 0 {
            self.step_seconds.record(f64::from(now.step_us) / 1e6);
            self.step_tokens.record(f64::from(now.batch_tokens));
        }
    }
}
