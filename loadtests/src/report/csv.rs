//! A table with a row for each run.

use crate::compare::METRICS;
use crate::error::LoadError;
use crate::result::RunResult;
use crate::stats::Summary;
use crate::sweep::load;

/// The table, header included. Figures that are withheld are empty.
///
/// # Errors
/// If the writer refuses, which it does not in memory.
pub fn table(results: &[RunResult]) -> Result<Vec<u8>, LoadError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header())?;
    for result in results {
        writer.write_record(row(result))?;
    }
    writer.into_inner().map_err(|error| LoadError::Io(error.into_error()))
}

/// The throughputs among the compared figures.
const THROUGHPUTS: usize = 4;
const STATISTICS: [&str; 6] = ["mean", "std", "p50", "p90", "p99", "p99.9"];

fn header() -> Vec<String> {
    let facts = [
        "date",
        "target",
        "dialect",
        "model",
        "workload",
        "plan",
        "arrival",
        "load",
        "round",
        "valid",
        "gate",
        "requests",
        "completed",
        "failed",
        "duration_s",
        "input_tokens",
        "output_tokens",
        "cached_tokens",
    ];
    let throughputs = METRICS.iter().take(THROUGHPUTS).map(|metric| metric.name.to_owned());
    let latencies = ["ttft", "tpot", "itl", "e2el"]
        .iter()
        .flat_map(|metric| STATISTICS.iter().map(move |statistic| format!("{statistic}_{metric}_ms")));
    let rest =
        ["user_tokens_per_s", "steady_output_throughput", "p99_lateness_ms", "rss_peak_bytes", "cpu_s"];
    facts
        .map(str::to_owned)
        .into_iter()
        .chain(throughputs)
        .chain(latencies)
        .chain(rest.map(str::to_owned))
        .collect()
}

fn row(run: &RunResult) -> Vec<String> {
    let more = &run.quipu;
    let optional = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let process = more.server_side.as_ref().and_then(|side| side.process.as_ref());
    let facts = [
        run.date.clone(),
        run.label.clone(),
        run.backend.clone(),
        run.model_id.clone(),
        more.workload.spec(),
        more.plan_sha256.clone(),
        more.arrival.short(),
        optional(load(&more.arrival)),
        more.round.to_string(),
        more.valid.to_string(),
        more.gate.passed.to_string(),
        run.num_prompts.to_string(),
        run.completed.to_string(),
        run.failed.to_string(),
        run.duration.to_string(),
        run.total_input_tokens.to_string(),
        run.total_output_tokens.to_string(),
        more.cached_tokens.map(|tokens| tokens.to_string()).unwrap_or_default(),
    ];
    let throughputs = METRICS.iter().take(THROUGHPUTS).map(|metric| optional((metric.get)(run)));
    let latency = &run.latency;
    let latencies =
        [&latency.ttft, &latency.tpot, &latency.itl, &latency.e2el].into_iter().flat_map(statistics);
    let rest = [
        more.user_tokens_per_s.mean.to_string(),
        optional(more.steady.as_ref().map(|steady| steady.output_throughput)),
        more.lateness_ms.p99.to_string(),
        process.map(|process| process.rss_peak.to_string()).unwrap_or_default(),
        optional(process.map(|process| process.cpu_seconds)),
    ];
    facts.into_iter().chain(throughputs).chain(latencies).chain(rest).collect()
}

fn statistics(summary: &Summary) -> [String; STATISTICS.len()] {
    [summary.mean, summary.std, summary.p50, summary.p90, summary.p99, summary.p999]
        .map(|value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::tests::{four, result, setup};

    /// The names that other tools read.
    #[test]
    fn the_columns() {
        insta::assert_snapshot!(header().join("\n"));
    }

    #[test]
    fn a_row_has_a_value_for_each_column() {
        let run = result(&setup("ours"), four());
        assert_eq!(row(&run).len(), header().len());
        let text = String::from_utf8(table(&[run]).unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].starts_with("20260131-235959,ours,openai-chat,m,"), "{}", lines[1]);
    }
}
