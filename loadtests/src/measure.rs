//! From the records of a run to its result.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::arrival::Arrival;
use crate::dialect::Sampling;
use crate::environment::Environment;
use crate::gate::{Gate, Rules};
use crate::record::{Outcome, Record};
use crate::result::{Detailed, Extension, Goodput, Latency, Limits, Part, RunResult, Server, VERSION};
use crate::run::Run;
use crate::server_side::ServerSide;
use crate::stats::Summary;
use crate::steady::{Steady, levels};
use crate::workload::{Plan, Workload};

/// With more lateness than this at the 99th percentile, in milliseconds, the load was not the one asked for.
const LATE_MS: f64 = 5.0;

/// What a run was made with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What is measured.
    pub server: Server,
    /// The model, as the server calls it.
    pub model: String,
    /// What is asked.
    pub workload: Workload,
    /// When.
    pub arrival: Arrival,
    /// Of prompts and arrivals.
    pub seed: u64,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// What is let pass.
    pub rules: Rules,
    /// Limits of good requests.
    pub limits: Limits,
    /// Keep what `vllm bench serve --save-detailed` does.
    pub detailed: bool,
}

/// What was seen beside the requests.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// When the run began: `20260131-235959`.
    pub date: String,
    /// Which repetition it is, from 1.
    pub round: usize,
    /// What the server said of itself.
    pub server_side: Option<ServerSide>,
    /// CPU time of the harness, seconds.
    pub client_cpu_seconds: Option<f64>,
}

/// Computes the result of a run.
#[must_use]
pub fn measure(setup: &Setup, plan: &Plan, run: Run, beside: Beside) -> RunResult {
    let Run { records, duration } = run;
    let planned = plan.requests();
    let gate = Gate::judge(&records, planned, setup.rules);
    let complete: Vec<&Record> = records.iter().filter(|record| record.is_complete()).collect();
    let total = |tokens: fn(&Record) -> Option<u32>| -> u64 {
        complete.iter().filter_map(|record| tokens(record)).map(u64::from).sum()
    };
    let input = total(|record| record.input_tokens);
    let output = total(|record| record.output_tokens);
    let goodput = setup.limits.any().then(|| goodput(setup.limits, &records, &gate));
    // A rate only if nothing was skipped for it.
    let rate = |count: f64| (gate.passed && duration > 0.0).then(|| count / duration);
    let (request_rate, burstiness) = rates(&setup.arrival);
    let good = |goodput: Goodput| rate(goodput.share * counted(&records, &gate) as f64);
    let target = &setup.server.target;
    RunResult {
        date: beside.date.clone(),
        backend: target.dialect.name().to_owned(),
        label: target.name.clone(),
        model_id: setup.model.clone(),
        tokenizer_id: setup.model.clone(),
        num_prompts: planned,
        request_rate,
        burstiness,
        max_concurrency: setup.arrival.max_concurrency(),
        duration,
        completed: complete.len(),
        failed: gate.failed + gate.cut + gate.not_sent,
        total_input_tokens: input,
        total_output_tokens: output,
        request_throughput: rate(complete.len() as f64),
        request_goodput: goodput.and_then(good),
        output_throughput: rate(output as f64),
        total_token_throughput: rate((input + output) as f64),
        max_output_tokens_per_s: gate.passed.then(|| peak(&complete)),
        max_concurrent_requests: levels(&records).iter().map(|(_, level)| *level).max().unwrap_or(0),
        latency: Latency::of(complete.iter().copied()),
        detailed: setup.detailed.then(|| detailed(&records)),
        quipu: extension(setup, plan, duration, beside, Judged { gate, goodput, records }),
    }
}

/// What the extension takes over.
struct Judged {
    gate: Gate,
    goodput: Option<Goodput>,
    records: Vec<Record>,
}

fn extension(setup: &Setup, plan: &Plan, duration: f64, beside: Beside, judged: Judged) -> Extension {
    let Judged { gate, goodput, records } = judged;
    let complete = || records.iter().filter(|record| record.is_complete());
    let ms = |seconds: f64| seconds * 1000.0;
    let lateness_ms = Summary::of(records.iter().map(|record| ms(record.lateness())));
    let open = !matches!(setup.arrival, Arrival::Closed { .. });
    let valid = !open || lateness_ms.p99 <= LATE_MS;
    let steady = Steady::find(&records, duration);
    let notes = notes(setup, &gate, valid, steady.as_ref());
    Extension {
        version: VERSION,
        harness: env!("CARGO_PKG_VERSION").to_owned(),
        server: setup.server.clone(),
        workload: setup.workload.clone(),
        seed: setup.seed,
        plan_sha256: plan.sha256.clone(),
        sampling: setup.sampling,
        arrival: setup.arrival.clone(),
        round: beside.round,
        valid,
        notes,
        goodput,
        client_queue_ms: Summary::of(records.iter().map(|record| ms(record.queued))),
        due_to_first_token_ms: Summary::of(
            complete().filter_map(|record| Some(ms(record.first? - record.scheduled))),
        ),
        user_tokens_per_s: Summary::of(
            complete().filter_map(Record::tpot).filter(|tpot| *tpot > 0.0).map(f64::recip),
        ),
        cached_tokens: complete()
            .map(|record| record.cached_tokens.map(u64::from))
            .sum::<Option<u64>>()
            .filter(|_| complete().next().is_some()),
        steady,
        classes: classes(&records),
        turns: turns(&records),
        server_side: beside.server_side,
        client_cpu_seconds: beside.client_cpu_seconds,
        environment: Environment::of_process(),
        answers: records.iter().map(answer).collect(),
        lateness_ms,
        gate,
        requests: records.into_iter().map(without_detail).collect(),
    }
}

/// What a reader should know before believing the figures.
fn notes(setup: &Setup, gate: &Gate, valid: bool, steady: Option<&Steady>) -> Vec<String> {
    let mut notes = Vec::new();
    if !gate.passed {
        notes.push("throughput is withheld, since not all replies were what was asked for".to_owned());
    }
    if !valid {
        notes.push(format!("invalid: the client was late by more than {LATE_MS} ms at the 99th percentile"));
    }
    if setup.server.calibration.as_ref().is_some_and(|calibration| !calibration.exact) {
        notes.push("too few words are one token for this model: lengths of prompts are estimates".to_owned());
    }
    if steady.is_none_or(|steady| steady.short) {
        notes.push("the steady state is short: ask for more requests".to_owned());
    }
    notes
}

/// Requests that are to meet limits: all but those that the client left.
fn counted(records: &[Record], gate: &Gate) -> usize {
    records.len() + gate.not_sent - gate.left
}

fn goodput(limits: Limits, records: &[Record], gate: &Gate) -> Goodput {
    let met = records.iter().filter(|record| limits.met(record)).count();
    Goodput { limits, share: met as f64 / counted(records, gate).max(1) as f64 }
}

/// Rate and burstiness as `vllm bench serve` has them.
fn rates(arrival: &Arrival) -> (Value, Value) {
    let infinite = || Value::from("inf");
    match arrival {
        Arrival::Open { rate, burstiness, .. } => {
            let known = |value: &Option<f64>| value.map_or_else(infinite, Value::from);
            (known(rate), known(burstiness))
        }
        Arrival::Closed { .. } | Arrival::Trace { .. } => (infinite(), 1.0.into()),
    }
}

/// The most tokens that came within one second of the clock.
fn peak(complete: &[&Record]) -> f64 {
    let mut seconds: BTreeMap<u64, f64> = BTreeMap::new();
    for record in complete {
        for time in &record.pieces {
            *seconds.entry(*time as u64).or_default() += record.tokens_per_piece();
        }
    }
    seconds.into_values().fold(0.0, f64::max)
}

fn classes(records: &[Record]) -> BTreeMap<String, Part> {
    let mut classes: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in records {
        classes.entry(record.class.clone()).or_default().push(record);
    }
    if classes.len() < 2 {
        return BTreeMap::new();
    }
    classes.into_iter().map(|(class, records)| (class, Part::of(&records))).collect()
}

fn turns(records: &[Record]) -> Vec<Part> {
    let last = records.iter().map(|record| record.turn).max().unwrap_or(0);
    if last == 0 {
        return Vec::new();
    }
    let turn = |turn| Part::of(&records.iter().filter(|record| record.turn == turn).collect::<Vec<_>>());
    (0..=last).map(turn).collect()
}

/// A reply in few characters, to see whether two are the same.
fn answer(record: &Record) -> String {
    if !record.is_complete() {
        return String::new();
    }
    Sha256::digest(&record.text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What pictures need. Times of all pieces are for [`Detailed`].
fn without_detail(record: Record) -> Record {
    Record { pieces: Vec::new(), text: String::new(), ..record }
}

fn detailed(records: &[Record]) -> Detailed {
    let error = |record: &Record| match &record.outcome {
        Outcome::Complete | Outcome::Left => String::new(),
        Outcome::Cut => "the stream was cut".to_owned(),
        Outcome::Failed(error) => error.clone(),
    };
    Detailed {
        input_lens: records.iter().map(|record| record.input_tokens.unwrap_or(0)).collect(),
        output_lens: records.iter().map(|record| record.output_tokens.unwrap_or(0)).collect(),
        ttfts: records.iter().map(|record| record.ttft().unwrap_or(0.0)).collect(),
        itls: records.iter().map(|record| record.gaps().collect()).collect(),
        start_times: records.iter().map(|record| record.sent).collect(),
        generated_texts: records.iter().map(|record| record.text.clone()).collect(),
        errors: records.iter().map(error).collect(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::calibrate::Calibration;
    use crate::record::tests::complete;

    /// What a closed loop of four random requests is made with.
    pub(crate) fn setup(name: &str) -> Setup {
        let target = format!("http://127.0.0.1:1,name={name}").parse().unwrap();
        let crate::target::TargetSpec::Running(target) = target else { panic!("a URL") };
        Setup {
            server: Server {
                target,
                version: Some("1.2.3".into()),
                model: None,
                calibration: Some(Calibration::unknown()),
                settings: None,
                tried: BTreeMap::new(),
            },
            model: "m".into(),
            workload: "random:requests=4".parse().unwrap(),
            arrival: Arrival::Closed { concurrency: 2 },
            seed: 1,
            sampling: Sampling { temperature: 0.0, seed: 1 },
            rules: Rules::default(),
            limits: Limits { ttft: Some(1000.0), ..Limits::default() },
            detailed: false,
        }
    }

    /// A result of those records, as of a run of four requests.
    pub(crate) fn result(setup: &Setup, records: Vec<Record>) -> RunResult {
        let plan = setup.workload.plan(&Calibration::unknown(), setup.seed).unwrap();
        let duration = records.iter().map(|record| record.end).fold(0.0, f64::max);
        let beside = Beside { date: "20260131-235959".into(), round: 1, ..Beside::default() };
        let mut result = measure(setup, &plan, Run { records, duration }, beside);
        result.quipu.environment = Environment::default();
        result
    }

    /// Two by two, each pair 2.5 s.
    pub(crate) fn four() -> Vec<Record> {
        [(0, 0.0), (1, 0.0), (2, 2.5), (3, 2.5)]
            .map(|(session, sent)| Record { session, ..complete(sent) })
            .to_vec()
    }

    #[test]
    fn figures_by_hand() {
        let result = result(&setup("ours"), four());
        assert_eq!((result.completed, result.failed, result.num_prompts), (4, 0, 4));
        assert_eq!((result.total_input_tokens, result.total_output_tokens), (40, 16));
        assert_eq!(result.request_throughput, Some(0.8));
        assert_eq!(result.output_throughput, Some(3.2));
        assert_eq!(result.total_token_throughput, Some(11.2));
        assert_eq!(result.request_goodput, Some(0.8));
        // Of the first pair at 1 and 1.5 s.
        assert_eq!((result.max_output_tokens_per_s, result.max_concurrent_requests), (Some(4.0), 2));
        assert_eq!((result.latency.ttft.mean, result.latency.itl.p99), (1000.0, 500.0));
        assert_eq!(result.quipu.user_tokens_per_s.mean, 2.0);
        assert!(result.quipu.valid && result.quipu.gate.passed);
    }

    #[test]
    fn throughput_is_withheld() {
        let mut records = four();
        records[3].outcome = Outcome::Cut;
        let result = result(&setup("ours"), records);
        assert_eq!((result.completed, result.failed), (3, 1));
        assert_eq!((result.request_throughput, result.request_goodput), (None, None));
        assert_eq!((result.output_throughput, result.max_output_tokens_per_s), (None, None));
        assert_eq!(result.quipu.goodput.unwrap().share, 0.75);
        assert!(result.quipu.notes.iter().any(|note| note.contains("withheld")));
    }

    #[test]
    fn a_late_client_makes_an_open_loop_invalid() {
        let mut records = four();
        records[2].scheduled -= 0.006;
        let mut setup = setup("ours");
        assert!(result(&setup, records.clone()).quipu.valid);
        setup.arrival =
            Arrival::Open { rate: Some(1.0), burstiness: Some(1.0), ramp: None, max_concurrency: None };
        assert!(!result(&setup, records.clone()).quipu.valid);
        records[2].queued = 0.006;
        assert!(result(&setup, records).quipu.valid);
    }

    #[test]
    fn classes_and_turns() {
        let mut records = four();
        records[1].class = "long".into();
        records[3].turn = 1;
        let result = result(&setup("ours"), records);
        assert_eq!(result.quipu.classes["long"].completed, 1);
        assert_eq!(result.quipu.turns.iter().map(|turn| turn.completed).collect::<Vec<_>>(), [3, 1]);
    }

    /// The names that other tools read.
    #[test]
    fn the_schema_of_results() {
        let mut setup = setup("ours");
        setup.detailed = true;
        let mut records = four();
        records[1].class = "long".into();
        records[3].turn = 1;
        let result = result(&setup, records);
        insta::assert_json_snapshot!(result);
        let json = serde_json::to_value(&result).unwrap();
        let back: RunResult = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&back).unwrap(), json);
    }
}
