//! What one run comes to, as JSON: the names of `vllm bench serve`, so that tools made for it read it, and a block
//! `quipu` with what those names have no room for. Tests pin both. A figure that must not be told, or cannot, is `null`.

use std::collections::BTreeMap;

use serde::de::Deserializer;
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::arrival::Arrival;
use crate::calibrate::Calibration;
use crate::dialect::Sampling;
use crate::environment::Environment;
use crate::gate::Gate;
use crate::record::Record;
use crate::server_side::ServerSide;
use crate::stats::Summary;
use crate::steady::Steady;
use crate::target::Target;
use crate::workload::Workload;

/// Grows when something in the block `quipu` changes its meaning or goes.
pub const VERSION: u32 = 1;

/// The result of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunResult {
    /// When it began, local time: `20260131-235959`.
    pub date: String,
    /// The dialect.
    pub backend: String,
    /// The name of the target.
    pub label: String,
    /// The model, as the server calls it.
    pub model_id: String,
    /// The model again: tokens are counted by the server.
    pub tokenizer_id: String,
    /// Number of requests.
    pub num_prompts: usize,
    /// Sessions a second, or `"inf"`.
    pub request_rate: Value,
    /// Shape of the gamma distribution of delays, or `"inf"`.
    pub burstiness: Value,
    /// Requests at a time at most.
    pub max_concurrency: Option<usize>,
    /// Seconds.
    pub duration: f64,
    /// Complete requests.
    pub completed: usize,
    /// Requests that failed, were cut, or never sent.
    pub failed: usize,
    /// Of complete requests.
    pub total_input_tokens: u64,
    /// Of complete requests.
    pub total_output_tokens: u64,
    /// Complete requests a second. This and the other throughputs are `null` if the gate did not let them pass.
    pub request_throughput: Option<f64>,
    /// Requests a second that met all limits. `null` without limits.
    pub request_goodput: Option<f64>,
    /// Tokens of replies a second.
    pub output_throughput: Option<f64>,
    /// Tokens of prompts and replies a second.
    pub total_token_throughput: Option<f64>,
    /// The most tokens of replies that came within a second of the clock.
    pub max_output_tokens_per_s: Option<f64>,
    /// The most requests in flight.
    pub max_concurrent_requests: usize,
    /// `mean_ttft_ms` and all others of its kind.
    #[serde(flatten)]
    pub latency: Latency,
    /// One entry a request, if they were asked for.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub detailed: Option<Detailed>,
    /// The rest.
    pub quipu: Extension,
}

/// Figures of complete requests, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latency {
    /// Time to first token.
    pub ttft: Summary,
    /// Time per output token after the first, each request counted once.
    pub tpot: Summary,
    /// Inter-token latency: gaps between pieces, of all requests together.
    pub itl: Summary,
    /// End-to-end latency.
    pub e2el: Summary,
}

impl Latency {
    /// Of those among the requests that are complete.
    #[must_use]
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let records: Vec<&Record> = records.into_iter().filter(|record| record.is_complete()).collect();
        let ms = |seconds: f64| seconds * 1000.0;
        Self {
            ttft: Summary::of(records.iter().filter_map(|record| record.ttft()).map(ms)),
            tpot: Summary::of(records.iter().filter_map(|record| record.tpot()).map(ms)),
            itl: Summary::of(records.iter().flat_map(|record| record.gaps()).map(ms)),
            e2el: Summary::of(records.iter().map(|record| record.e2el()).map(ms)),
        }
    }

    fn parts(&self) -> [(&'static str, &Summary); 4] {
        [("ttft", &self.ttft), ("tpot", &self.tpot), ("itl", &self.itl), ("e2el", &self.e2el)]
    }
}

/// The statistics that have a name in the result.
fn named(summary: &Summary) -> [(&'static str, f64); 8] {
    [
        ("mean", summary.mean),
        ("median", summary.median),
        ("std", summary.std),
        ("p50", summary.p50),
        ("p90", summary.p90),
        ("p95", summary.p95),
        ("p99", summary.p99),
        ("p99.9", summary.p999),
    ]
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (metric, summary) in self.parts() {
            for (statistic, value) in named(summary) {
                map.serialize_entry(&format!("{statistic}_{metric}_ms"), &value)?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values: BTreeMap<String, Value> = BTreeMap::deserialize(deserializer)?;
        let summary = |metric: &str| {
            let get = |statistic: &str| {
                values.get(&format!("{statistic}_{metric}_ms")).and_then(Value::as_f64).unwrap_or_default()
            };
            Summary {
                mean: get("mean"),
                median: get("median"),
                std: get("std"),
                p50: get("p50"),
                p90: get("p90"),
                p95: get("p95"),
                p99: get("p99"),
                p999: get("p99.9"),
                ..Summary::default()
            }
        };
        Ok(Self { ttft: summary("ttft"), tpot: summary("tpot"), itl: summary("itl"), e2el: summary("e2el") })
    }
}

/// Lists with an entry for each request, in the order of the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detailed {
    /// Tokens of prompts.
    pub input_lens: Vec<u32>,
    /// Tokens of replies.
    pub output_lens: Vec<u32>,
    /// Times to first token, seconds.
    pub ttfts: Vec<f64>,
    /// Gaps between pieces, seconds.
    pub itls: Vec<Vec<f64>>,
    /// When requests were sent, seconds after the start.
    pub start_times: Vec<f64>,
    /// Replies.
    pub generated_texts: Vec<String>,
    /// What went wrong; empty if nothing did.
    pub errors: Vec<String>,
}

/// What only this harness tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Extension {
    /// Of this block: [`VERSION`].
    pub version: u32,
    /// Version of the harness.
    pub harness: String,
    /// What was measured.
    pub server: Server,
    /// What was asked.
    pub workload: Workload,
    /// Of prompts and arrivals.
    pub seed: u64,
    /// SHA-256 of the list of requests: with the same hash, the same was asked for.
    pub plan_sha256: String,
    /// How tokens were chosen.
    pub sampling: Sampling,
    /// When it was asked.
    pub arrival: Arrival,
    /// Which repetition this is, from 1.
    pub round: usize,
    /// Whether the client was in time. If not, the server had less load than the result says.
    pub valid: bool,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// What went wrong.
    pub gate: Gate,
    /// Limits, and who met them.
    pub goodput: Option<Goodput>,
    /// How late the client sent requests, milliseconds.
    pub lateness_ms: Summary,
    /// How long the limit of requests at a time held requests back, milliseconds.
    pub client_queue_ms: Summary,
    /// From when a request was due to its first token, milliseconds: what a user of an open loop feels.
    pub due_to_first_token_ms: Summary,
    /// Tokens a second that one user sees after the first token.
    pub user_tokens_per_s: Summary,
    /// Tokens of prompts that were cached, if the server tells.
    pub cached_tokens: Option<u64>,
    /// Figures of the steady state.
    pub steady: Option<Steady>,
    /// Figures of each kind of request, where there are several.
    pub classes: BTreeMap<String, Part>,
    /// Figures of each turn of conversations, from the first.
    pub turns: Vec<Part>,
    /// What the server said of itself.
    pub server_side: Option<ServerSide>,
    /// CPU time of the harness in the run, seconds.
    pub client_cpu_seconds: Option<f64>,
    /// Where it was measured.
    pub environment: Environment,
    /// Hashes of replies, in the order of the plan; empty for those that are not complete.
    pub answers: Vec<String>,
    /// All requests.
    pub requests: Vec<Record>,
}

/// The server that was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Where it was.
    pub target: Target,
    /// What it says of its version.
    pub version: Option<String>,
    /// What it says of the model: digest, quantization, size, as far as it tells.
    pub model: Option<Value>,
    /// What was found out about its tokenizer; `null` where lengths are not drawn.
    pub calibration: Option<Calibration>,
    /// How the harness started it, if it did.
    pub settings: Option<String>,
    /// Tokens of replies a second with each of the settings that were tried.
    pub tried: BTreeMap<String, Option<f64>>,
}

/// Figures of some of the requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Complete requests.
    pub completed: usize,
    /// Their latency.
    #[serde(flatten)]
    pub latency: Latency,
}

impl Part {
    /// Of those among the requests that are complete.
    #[must_use]
    pub fn of(records: &[&Record]) -> Self {
        Self {
            completed: records.iter().filter(|record| record.is_complete()).count(),
            latency: Latency::of(records.iter().copied()),
        }
    }
}

/// Limits that make a request a good one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Time to first token, milliseconds.
    pub ttft: Option<f64>,
    /// Time per output token, milliseconds.
    pub tpot: Option<f64>,
    /// End-to-end latency, milliseconds.
    pub e2el: Option<f64>,
}

impl Limits {
    /// Whether there is one.
    #[must_use]
    pub fn any(&self) -> bool {
        self.ttft.or(self.tpot).or(self.e2el).is_some()
    }

    /// Whether a request met them all.
    #[must_use]
    pub fn met(&self, record: &Record) -> bool {
        let within = |limit: Option<f64>, seconds: Option<f64>| match (limit, seconds) {
            (Some(limit), Some(seconds)) => seconds * 1000.0 <= limit,
            // A reply of one token has no time per output token, which no limit can be hurt by.
            _ => true,
        };
        record.is_complete()
            && (self.ttft.is_none() || record.first.is_some())
            && within(self.ttft, record.ttft())
            && within(self.tpot, record.tpot())
            && within(self.e2el, Some(record.e2el()))
    }
}

/// Who met the limits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goodput {
    /// The limits.
    pub limits: Limits,
    /// Share of all requests that met them, those that the client left aside.
    pub share: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::complete;

    #[test]
    fn limits() {
        let record = complete(0.0);
        let limits = |ttft, tpot, e2el| Limits { ttft, tpot, e2el };
        assert!(!limits(None, None, None).any());
        assert!(limits(Some(1000.0), Some(500.0), Some(2500.0)).met(&record));
        assert!(!limits(Some(999.0), None, None).met(&record));
        assert!(!limits(None, Some(499.0), None).met(&record));
        assert!(!limits(None, None, Some(2499.0)).met(&record));
        assert!(!limits(Some(1e9), None, None).met(&Record { first: None, ..record.clone() }));
        assert!(limits(None, Some(1.0), None).met(&Record { output_tokens: Some(1), ..record }));
    }

    #[test]
    fn latencies_keep_their_names() {
        let latency = Latency::of(&[complete(0.0)]);
        let json = serde_json::to_value(&latency).unwrap();
        assert_eq!((&json["mean_ttft_ms"], &json["p99.9_itl_ms"]), (&1000.0.into(), &500.0.into()));
        let back: Latency = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&back).unwrap(), json);
    }
}
