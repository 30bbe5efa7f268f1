//! Several targets that were asked for the same in turns (A B A B), compared as ratios: what changes on the machine
//! meanwhile hits both. The ratio of a figure is taken within each round; the mean of rounds and its confidence
//! interval come from these.

use serde::{Deserialize, Serialize};

use crate::result::{Latency, RunResult};
use crate::stats::{Estimate, Spread, geometric_mean};

/// Seed of the bootstrap: the same results give the same intervals.
const SEED: u64 = 1;

/// A figure that is compared.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// As in the result.
    pub name: &'static str,
    /// In a table.
    pub title: &'static str,
    /// Whether more of it is better.
    pub more_is_better: bool,
    /// Where it stands in a result. `None` if it is withheld or there is none.
    pub get: fn(&RunResult) -> Option<f64>,
}

const fn metric(
    name: &'static str,
    title: &'static str,
    more_is_better: bool,
    get: fn(&RunResult) -> Option<f64>,
) -> Metric {
    Metric { name, title, more_is_better, get }
}

/// All figures that are compared. Those of each kind of request, where there are several, come behind.
pub const METRICS: [Metric; 15] = [
    metric("output_throughput", "Output tokens/s", true, |run| run.output_throughput),
    metric("total_token_throughput", "All tokens/s", true, |run| run.total_token_throughput),
    metric("request_throughput", "Requests/s", true, |run| run.request_throughput),
    metric("request_goodput", "Good requests/s", true, |run| run.request_goodput),
    metric("user_tokens_per_s", "Tokens/s of one user", true, |run| Some(run.quipu.user_tokens_per_s.mean)),
    metric("median_ttft_ms", "TTFT p50 (ms)", false, |run| Some(run.latency.ttft.p50)),
    metric("p99_ttft_ms", "TTFT p99 (ms)", false, |run| Some(run.latency.ttft.p99)),
    metric("mean_tpot_ms", "TPOT mean (ms)", false, |run| Some(run.latency.tpot.mean)),
    metric("median_itl_ms", "ITL p50 (ms)", false, |run| Some(run.latency.itl.p50)),
    metric("p99_itl_ms", "ITL p99 (ms)", false, |run| Some(run.latency.itl.p99)),
    metric("p99.9_itl_ms", "ITL p99.9 (ms)", false, |run| Some(run.latency.itl.p999)),
    metric("median_e2el_ms", "E2EL p50 (ms)", false, |run| Some(run.latency.e2el.p50)),
    metric("p99_e2el_ms", "E2EL p99 (ms)", false, |run| Some(run.latency.e2el.p99)),
    metric("running_peak", "Running at once, most", true, |run| {
        let side = run.quipu.server_side.as_ref()?;
        side.gauges.iter().filter(|(key, _)| is_running(key)).map(|(_, values)| most(values)).reduce(f64::max)
    }),
    metric("rss_peak", "Memory (MiB)", false, |run| {
        let process = run.quipu.server_side.as_ref()?.process.as_ref()?;
        Some(process.rss_peak as f64 / f64::from(1 << 20))
    }),
];

/// Where a figure of one kind of request stands.
type OfClass = fn(&Latency) -> f64;

/// Figures of one kind of request: name, title, where it stands. Less of each is better.
const CLASS_METRICS: [(&str, &str, OfClass); 2] = [
    ("median_ttft_ms", "TTFT p50 (ms)", |latency| latency.ttft.p50),
    ("p99_itl_ms", "ITL p99 (ms)", |latency| latency.itl.p99),
];

/// Gauges that count the requests which a server works on, those that wait left out: sessions that its cache holds.
const RUNNING: [&str; 3] =
    ["quipu_num_requests_running", "llamacpp:requests_processing", "vllm:num_requests_running"];

fn is_running(key: &str) -> bool {
    RUNNING.contains(&key.split('{').next().unwrap_or(key))
}

fn most(values: &[Option<f64>]) -> f64 {
    values.iter().flatten().copied().fold(0.0, f64::max)
}

/// The first target beside another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Versus {
    /// The first target.
    pub first: String,
    /// The other.
    pub second: String,
    /// What was asked.
    pub workload: String,
    /// Under which load.
    pub load: String,
    /// The figures.
    pub rows: Vec<Row>,
    /// Share of requests with the same reply; `None` if none can be compared.
    pub same_answers: Option<f64>,
    /// Why the figures should not be trusted, if so.
    pub warnings: Vec<String>,
}

/// One figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// As in the result.
    pub name: String,
    /// In a table.
    pub title: String,
    /// Whether more of it is better.
    pub more_is_better: bool,
    /// Of the first target.
    pub first: Spread,
    /// Of the other.
    pub second: Spread,
    /// First divided by second; `None` if one of them is missing or 0 in a round.
    pub ratio: Option<Estimate>,
}

/// Results of one kind of load each, if those of a kind stand together.
pub fn by_workload(results: &[RunResult]) -> impl Iterator<Item = &[RunResult]> {
    results.chunk_by(|a, b| a.quipu.workload == b.quipu.workload)
}

/// The names of targets, in the order in which they come.
#[must_use]
pub fn names(results: &[RunResult]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for result in results {
        if !names.contains(&result.label.as_str()) {
            names.push(&result.label);
        }
    }
    names
}

/// The loads of runs, in the order in which they come.
#[must_use]
pub fn loads(results: &[RunResult]) -> Vec<String> {
    let mut loads: Vec<String> = Vec::new();
    for result in results {
        let load = result.quipu.arrival.short();
        if !loads.contains(&load) {
            loads.push(load);
        }
    }
    loads
}

/// Compares the first target with each other one, in each workload and under each load.
#[must_use]
pub fn compare(results: &[RunResult]) -> Vec<Versus> {
    by_workload(results).flat_map(compare_one).collect()
}

fn compare_one(results: &[RunResult]) -> Vec<Versus> {
    let names = names(results);
    let Some((first, others)) = names.split_first() else { return Vec::new() };
    let mut all = Vec::new();
    for load in loads(results) {
        let of = |name: &str| -> Vec<&RunResult> {
            let here = results.iter().filter(|run| run.label == name && run.quipu.arrival.short() == load);
            here.collect()
        };
        let base = of(first);
        for other in others {
            let rounds: Vec<(&RunResult, &RunResult)> = base
                .iter()
                .flat_map(|run| {
                    let same = of(other).into_iter().find(|second| second.quipu.round == run.quipu.round);
                    same.map(|second| (*run, second))
                })
                .collect();
            if !rounds.is_empty() {
                all.push(versus(&load, &rounds));
            }
        }
    }
    all
}

fn versus(load: &str, rounds: &[(&RunResult, &RunResult)]) -> Versus {
    let of_metric =
        |metric: &Metric| row(rounds, metric.name, metric.title, metric.more_is_better, metric.get);
    let mut rows: Vec<Row> = METRICS.iter().filter_map(of_metric).collect();
    for class in rounds[0].0.quipu.classes.keys() {
        for (name, title, get) in CLASS_METRICS {
            let of_class = |run: &RunResult| run.quipu.classes.get(class).map(|part| get(&part.latency));
            rows.extend(row(
                rounds,
                &format!("{class}: {name}"),
                &format!("{class}: {title}"),
                false,
                of_class,
            ));
        }
    }
    Versus {
        first: rounds[0].0.label.clone(),
        second: rounds[0].1.label.clone(),
        workload: rounds[0].0.quipu.workload.spec(),
        load: load.to_owned(),
        rows,
        same_answers: same_answers(rounds),
        warnings: warnings(rounds),
    }
}

/// One figure in all rounds; `None` if no round has it.
fn row(
    rounds: &[(&RunResult, &RunResult)],
    name: &str,
    title: &str,
    more_is_better: bool,
    get: impl Fn(&RunResult) -> Option<f64>,
) -> Option<Row> {
    let pairs: Option<Vec<(f64, f64)>> = rounds.iter().map(|(a, b)| Some((get(a)?, get(b)?))).collect();
    let firsts: Vec<f64> = rounds.iter().filter_map(|(a, _)| get(a)).collect();
    let seconds: Vec<f64> = rounds.iter().filter_map(|(_, b)| get(b)).collect();
    let ratios = pairs.map(|pairs| pairs.iter().map(|(a, b)| a / b).collect::<Vec<f64>>());
    (!firsts.is_empty() || !seconds.is_empty()).then(|| Row {
        name: name.to_owned(),
        title: title.to_owned(),
        more_is_better,
        first: Spread::of(&firsts),
        second: Spread::of(&seconds),
        ratio: ratios.and_then(|ratios| geometric_mean(&ratios, SEED)),
    })
}

fn same_answers(rounds: &[(&RunResult, &RunResult)]) -> Option<f64> {
    let (mut same, mut all) = (0_usize, 0_usize);
    for (a, b) in rounds {
        // What a session was told decides what it asks next: positions need not be the same request after a failure.
        if a.quipu.plan_sha256 != b.quipu.plan_sha256 || a.quipu.answers.len() != b.quipu.answers.len() {
            continue;
        }
        for (first, second) in a.quipu.answers.iter().zip(&b.quipu.answers) {
            if !first.is_empty() && !second.is_empty() {
                all += 1;
                same += usize::from(first == second);
            }
        }
    }
    (all > 0).then(|| same as f64 / all as f64)
}

fn warnings(rounds: &[(&RunResult, &RunResult)]) -> Vec<String> {
    let mut warnings = Vec::new();
    let other = rounds.iter().find(|(a, b)| a.quipu.plan_sha256 != b.quipu.plan_sha256);
    if let Some((a, b)) = other {
        let same_server = a.quipu.server.target.url == b.quipu.server.target.url && a.model_id == b.model_id;
        let warning = if same_server {
            // Else the second would find the prompts of the first in the cache.
            "both are one server: each was asked with other words, of the same lengths"
        } else {
            "they were not asked for the same"
        };
        warnings.push(warning.to_owned());
    }
    let tokens = |run: &RunResult| run.total_output_tokens;
    if rounds.iter().any(|(a, b)| tokens(a) != tokens(b)) {
        warnings.push("their replies differ in length: compare rates, not times of whole replies".to_owned());
    }
    for (side, run) in rounds.iter().flat_map(|(a, b)| [("first", a), ("second", b)]) {
        if !run.quipu.gate.passed || !run.quipu.valid {
            warnings.push(format!("round {} of the {side} is not valid", run.quipu.round));
        }
    }
    if rounds.len() < 3 {
        warnings.push("fewer than three rounds: no confidence intervals".to_owned());
    }
    warnings
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::measure::tests::{four, result, setup};
    use crate::record::{Outcome, Record};
    use crate::result::Part;
    use crate::server_side::ServerSide;

    /// Three rounds of each; the second takes `times` as long.
    pub(crate) fn rounds(times: f64) -> Vec<RunResult> {
        let slower: Vec<Record> = four()
            .into_iter()
            .map(|record| Record {
                sent: record.sent * times,
                scheduled: record.scheduled * times,
                first: record.first.map(|time| time * times),
                pieces: record.pieces.iter().map(|time| time * times).collect(),
                end: record.end * times,
                ..record
            })
            .collect();
        let mut results = Vec::new();
        for round in 1..=3 {
            for mut run in [result(&setup("ours"), four()), result(&setup("theirs"), slower.clone())] {
                run.quipu.round = round;
                results.push(run);
            }
        }
        results
    }

    #[test]
    fn ratios() {
        let all = compare(&rounds(2.0));
        assert_eq!(all.len(), 1);
        let Versus { first, second, rows, same_answers, warnings, .. } = &all[0];
        assert_eq!((first.as_str(), second.as_str(), *same_answers), ("ours", "theirs", Some(1.0)));
        assert!(warnings.is_empty(), "{warnings:?}");
        let ratio = |name: &str| rows.iter().find(|row| row.name == name).unwrap().ratio.unwrap();
        assert!((ratio("output_throughput").value - 2.0).abs() < 1e-9);
        assert!((ratio("p99_ttft_ms").value - 0.5).abs() < 1e-9);
        assert!(ratio("p99_ttft_ms").low.is_some());
        assert!(rows.iter().all(|row| row.name != "rss_peak"));
    }

    #[test]
    fn workloads_are_compared_each_for_itself() {
        let mut results = rounds(2.0);
        let mut others = rounds(4.0);
        for run in &mut others {
            run.quipu.workload = "chat:requests=7".parse().unwrap();
        }
        results.extend(others);
        let all = compare(&results);
        let ratio = |versus: &Versus| versus.rows[0].ratio.unwrap().value;
        assert_eq!(all.len(), 2);
        assert!(all[1].workload.starts_with("chat:requests=7"), "{}", all[1].workload);
        assert!((ratio(&all[0]) - 2.0).abs() < 1e-9 && (ratio(&all[1]) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn what_the_server_tells_and_kinds_of_requests_have_rows() {
        let mut results = rounds(2.0);
        for run in &mut results {
            let key = if run.label == "ours" {
                "quipu_num_requests_running{model=\"a\"}"
            } else {
                "llamacpp:requests_processing"
            };
            let most = if run.label == "ours" { 12.0 } else { 4.0 };
            run.quipu.server_side = Some(ServerSide {
                gauges: BTreeMap::from([(key.to_owned(), vec![Some(1.0), None, Some(most)])]),
                ..ServerSide::default()
            });
            let latency = run.latency.clone();
            run.quipu.classes = BTreeMap::from([("long".to_owned(), Part { completed: 4, latency })]);
        }
        let versus = &compare(&results)[0];
        let ratio =
            |name: &str| versus.rows.iter().find(|row| row.name == name).unwrap().ratio.unwrap().value;
        assert!((ratio("running_peak") - 3.0).abs() < 1e-9);
        assert!((ratio("long: median_ttft_ms") - 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_trusted_is_said() {
        let mut results = rounds(2.0);
        results.truncate(2);
        results[1].quipu.plan_sha256 = "other".into();
        results[1].quipu.gate.passed = false;
        results[1].output_throughput = None;
        let versus = &compare(&results)[0];
        assert_eq!(versus.warnings.len(), 3, "{:?}", versus.warnings);
        assert_eq!(versus.same_answers, None);
        assert_eq!(versus.rows[0].ratio, None);
    }

    #[test]
    fn other_replies_are_seen() {
        let mut records = four();
        records[0].text = "other".into();
        records[1].outcome = Outcome::Cut;
        let results = [result(&setup("ours"), four()), result(&setup("theirs"), records)];
        assert_eq!(compare(&results)[0].same_answers, Some(2.0 / 3.0));
    }
}
