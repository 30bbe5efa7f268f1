//! The recorder behind `/metrics`, and what the front measures. `docs/metrics.md` lists everything.

use std::time::Duration;

use metrics::{
    Counter, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, histogram,
};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::api::error::Failure;
use crate::engine::protocol::{Embeddings, FinishReason, Summary};
use crate::store::Name;

/// How often samples of histograms are sorted into their buckets. They wait in memory until then.
const UPKEEP: Duration = Duration::from_secs(1);

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram(&'static [f64]),
}

/// A line of the documented list: name, kind, what it tells.
pub(crate) type Metric = (&'static str, Kind, &'static str);

// The buckets are those of vLLM, so that its dashboards fit.
const TIME_TO_FIRST_TOKEN: &[f64] = &[
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0,
    80.0, 160.0, 640.0, 2560.0,
];
const INTER_TOKEN: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5,
    10.0, 20.0, 40.0, 80.0,
];
const REQUEST_PHASE: &[f64] = &[
    0.01, 0.05, 0.1, 0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0,
    240.0, 480.0, 960.0, 1920.0, 7680.0,
];
const STEP_TOKENS: &[f64] =
    &[1.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0];

/// Everything that `/metrics` can show; `docs/metrics.md` is its golden copy.
pub(crate) const METRICS: &[Metric] = &[
    (
        "quipu_http_requests_total",
        Kind::Counter,
        "HTTP requests by `method`, `route` and `status`: 499 for those whose client left before an answer began",
    ),
    ("quipu_prompt_tokens_total", Kind::Counter, "Tokens of prompts, cached ones included"),
    ("quipu_generation_tokens_total", Kind::Counter, "Tokens generated"),
    (
        "quipu_request_success_total",
        Kind::Counter,
        "Requests that ended, by `finished_reason`: `stop`, `length`, or `abort` for those whose client left",
    ),
    (
        "quipu_request_failures_total",
        Kind::Counter,
        "Requests that failed once their model was loaded, by `cause`: `refused`, `backend`, `engine_died`, `shutting_down`",
    ),
    (
        "quipu_time_to_first_token_seconds",
        Kind::Histogram(TIME_TO_FIRST_TOKEN),
        "From the request's arrival to its first token, loading the model included",
    ),
    (
        "quipu_inter_token_latency_seconds",
        Kind::Histogram(INTER_TOKEN),
        "Between two tokens of an answer, as its client's connection takes them",
    ),
    (
        "quipu_e2e_request_latency_seconds",
        Kind::Histogram(REQUEST_PHASE),
        "From the request's arrival to the end of its answer",
    ),
    (
        "quipu_request_queue_time_seconds",
        Kind::Histogram(REQUEST_PHASE),
        "From submission to the engine to the first scheduled token",
    ),
    (
        "quipu_request_prefill_time_seconds",
        Kind::Histogram(REQUEST_PHASE),
        "From the first scheduled token to the end of the prompt",
    ),
    (
        "quipu_request_decode_time_seconds",
        Kind::Histogram(REQUEST_PHASE),
        "From the end of the prompt to the last token",
    ),
    ("quipu_num_requests_running", Kind::Gauge, "Sequences that run"),
    ("quipu_num_requests_waiting", Kind::Gauge, "Requests that wait to run"),
    ("quipu_kv_pages", Kind::Gauge, "Pages of the KV pool by `state`: `free`, `held`, `cached`"),
    ("quipu_kv_cache_usage_ratio", Kind::Gauge, "Part of the KV pool that running sequences hold, 0 to 1"),
    ("quipu_prefix_cache_queries_total", Kind::Counter, "Prompt tokens looked up in the prefix cache"),
    ("quipu_prefix_cache_hits_total", Kind::Counter, "Prompt tokens found in the prefix cache"),
    ("quipu_prefix_cache_evicted_tokens_total", Kind::Counter, "Tokens evicted from the prefix cache"),
    (
        "quipu_num_preemptions_total",
        Kind::Counter,
        "Running sequences sent back to wait because the pool was full",
    ),
    (
        "quipu_decode_no_slot_total",
        Kind::Counter,
        "Forward passes that found no cells where the accounting saw some; anything but 0 is a bug",
    ),
    (
        "quipu_step_duration_seconds",
        Kind::Histogram(INTER_TOKEN),
        "One forward pass with all its bookkeeping",
    ),
    (
        "quipu_iteration_tokens",
        Kind::Histogram(STEP_TOKENS),
        "Tokens in one forward pass, all sequences together",
    ),
    ("quipu_engine_crashes_total", Kind::Counter, "Engine processes that ended while they were needed"),
];

/// Installs the recorder of this process. Later calls give the handle of the first.
///
/// # Errors
/// If somebody else installed a recorder, or a bucket list is empty.
pub(super) fn install() -> Result<PrometheusHandle, BuildError> {
    static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut installed = INSTALLED.lock();
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let recorder = recorder()?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(BuildError::FailedToSetGlobalRecorder)?;
    describe();
    *installed = Some(handle.clone());
    Ok(handle)
}

fn recorder() -> Result<PrometheusRecorder, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for (name, kind, _) in METRICS {
        if let Kind::Histogram(buckets) = kind {
            builder = builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), buckets)?;
        }
    }
    Ok(builder.build_recorder())
}

fn describe() {
    for (name, kind, text) in METRICS {
        let unit = if name.ends_with("_seconds") { Unit::Seconds } else { Unit::Count };
        match kind {
            Kind::Counter => describe_counter!(*name, unit, *text),
            Kind::Gauge => describe_gauge!(*name, unit, *text),
            Kind::Histogram(_) => describe_histogram!(*name, unit, *text),
        }
    }
}

/// Keeps the recorder small; never ends.
pub(super) async fn upkeep(handle: PrometheusHandle) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        handle.run_upkeep();
    }
}

/// Measures one answer. Dropped before its end, it counts as aborted.
pub(crate) struct Meter {
    model: String,
    asked: Instant,
    /// When the last token came; `None` before the first.
    last: Option<Instant>,
    inter_token: Histogram,
    generated: Counter,
    ended: bool,
}

impl Meter {
    /// `asked` is when the request arrived.
    pub(crate) fn new(model: &Name, asked: Instant) -> Self {
        let model = model.to_string();
        let inter_token = histogram!("quipu_inter_token_latency_seconds", "model" => model.clone());
        let generated = counter!("quipu_generation_tokens_total", "model" => model.clone());
        Self { model, asked, last: None, inter_token, generated, ended: false }
    }

    /// This many tokens came.
    pub(crate) fn tokens(&mut self, count: u32) {
        if count == 0 {
            return;
        }
        let now = Instant::now();
        self.generated.increment(u64::from(count));
        match self.last.replace(now) {
            // Tokens that come together share the wait for them.
            Some(last) => {
                let each = (now - last).as_secs_f64() / f64::from(count);
                self.inter_token.record_many(each, count as usize);
            }
            None => self.histogram("quipu_time_to_first_token_seconds").record(now - self.asked),
        }
    }

    /// The answer is complete. Returns how long it took.
    pub(crate) fn done(&mut self, summary: &Summary) -> Duration {
        self.histogram("quipu_request_decode_time_seconds").record(seconds(summary.decode_ns));
        let reason = match summary.reason {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::Cancelled => "abort",
        };
        self.answered(summary.prompt_tokens, summary.queue_ns, summary.prefill_ns, reason)
    }

    /// The vectors are there. Returns how long they took.
    pub(crate) fn embedded(&mut self, embeddings: &Embeddings) -> Duration {
        self.answered(embeddings.prompt_tokens, embeddings.queue_ns, embeddings.compute_ns, "stop")
    }

    /// What every answer moves.
    fn answered(
        &mut self,
        prompt_tokens: u32,
        queue_ns: u64,
        prefill_ns: u64,
        reason: &'static str,
    ) -> Duration {
        self.ended = true;
        let total = self.asked.elapsed();
        self.histogram("quipu_e2e_request_latency_seconds").record(total);
        self.histogram("quipu_request_queue_time_seconds").record(seconds(queue_ns));
        self.histogram("quipu_request_prefill_time_seconds").record(seconds(prefill_ns));
        counter!("quipu_prompt_tokens_total", "model" => self.model.clone())
            .increment(u64::from(prompt_tokens));
        self.finished(reason);
        total
    }

    /// The answer broke off, or never began.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        self.ended = true;
        counter!("quipu_request_failures_total", "model" => self.model.clone(), "cause" => failure.kind())
            .increment(1);
    }

    fn histogram(&self, name: &'static str) -> Histogram {
        histogram!(name, "model" => self.model.clone())
    }

    fn finished(&self, reason: &'static str) {
        counter!("quipu_request_success_total", "model" => self.model.clone(), "finished_reason" => reason)
            .increment(1);
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

impl Drop for Meter {
    fn drop(&mut self) {
        if !self.ended {
            self.finished("abort");
        }
    }
}

/// Counts an HTTP request.
pub(super) fn count_request(method: &http::Method, route: &str, status: u16) {
    counter!(
        "quipu_http_requests_total",
        "method" => method.to_string(),
        "route" => route.to_owned(),
        "status" => status.to_string()
    )
    .increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        Summary {
            reason: FinishReason::Length,
            prompt_tokens: 10,
            cached_tokens: 4,
            completion_tokens: 3,
            queue_ns: 1_000_000,
            prefill_ns: 2_000_000,
            decode_ns: 3_000_000,
            tokens: None,
        }
    }

    /// What is exported after `measure` ran.
    fn exported(measure: impl FnOnce()) -> String {
        let recorder = recorder().unwrap();
        metrics::with_local_recorder(&recorder, measure);
        recorder.handle().render()
    }

    fn meter() -> Meter {
        Meter::new(&"m".parse().unwrap(), Instant::now())
    }

    #[test]
    fn an_answer_moves_every_metric_of_the_front() {
        let text = exported(|| {
            let mut meter = meter();
            meter.tokens(1);
            meter.tokens(2);
            meter.done(&summary());
            drop(meter);
            count_request(&http::Method::POST, "/api/chat", 200);
        });
        for line in [
            "quipu_generation_tokens_total{model=\"m:latest\"} 3",
            "quipu_prompt_tokens_total{model=\"m:latest\"} 10",
            "quipu_request_success_total{model=\"m:latest\",finished_reason=\"length\"} 1",
            "quipu_time_to_first_token_seconds_count{model=\"m:latest\"} 1",
            "quipu_inter_token_latency_seconds_count{model=\"m:latest\"} 2",
            "quipu_e2e_request_latency_seconds_count{model=\"m:latest\"} 1",
            "quipu_request_queue_time_seconds_sum{model=\"m:latest\"} 0.001",
            "quipu_request_prefill_time_seconds_sum{model=\"m:latest\"} 0.002",
            "quipu_request_decode_time_seconds_sum{model=\"m:latest\"} 0.003",
            "quipu_http_requests_total{method=\"POST\",route=\"/api/chat\",status=\"200\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "no {line:?} in\n{text}");
        }
    }

    #[test]
    fn vectors_are_answers_without_decoding() {
        let text = exported(|| {
            let embeddings =
                Embeddings { vectors: vec![], prompt_tokens: 7, queue_ns: 1_000_000, compute_ns: 2_000_000 };
            meter().embedded(&embeddings);
        });
        for line in [
            "quipu_prompt_tokens_total{model=\"m:latest\"} 7",
            "quipu_request_success_total{model=\"m:latest\",finished_reason=\"stop\"} 1",
            "quipu_request_prefill_time_seconds_sum{model=\"m:latest\"} 0.002",
        ] {
            assert!(text.lines().any(|l| l == line), "no {line:?} in\n{text}");
        }
        assert!(!text.contains("decode_time"), "{text}");
    }

    #[test]
    fn who_leaves_is_counted_as_aborted_and_who_fails_as_failed() {
        let text = exported(|| {
            drop(meter());
            meter().failed(&Failure::Dropped);
        });
        assert!(text.contains("finished_reason=\"abort\"} 1"), "{text}");
        assert!(text.contains("cause=\"engine_died\"} 1"), "{text}");
    }

    #[test]
    fn the_documented_list_is_complete() {
        let table: String = METRICS
            .iter()
            .map(|(name, kind, text)| {
                let kind = match kind {
                    Kind::Counter => "counter",
                    Kind::Gauge => "gauge",
                    Kind::Histogram(_) => "histogram",
                };
                format!("| `{name}` | {kind} | {text} |\n")
            })
            .collect();
        let documented = include_str!("../../docs/metrics.md");
        assert!(documented.contains(&table), "docs/metrics.md must hold this table:\n{table}");
    }

    /// Every metric that the sources record is in the list.
    #[test]
    fn nothing_is_recorded_that_is_not_listed() {
        let front = include_str!("metrics.rs").split("mod tests").next().unwrap();
        for source in [front, include_str!("../fleet/metrics.rs"), include_str!("../fleet/actor.rs")] {
            for name in source.split('"').filter(|word| word.starts_with("quipu_")) {
                assert!(METRICS.iter().any(|(listed, ..)| *listed == name), "{name} is not listed");
            }
        }
    }
}
