//! Results as text.

use std::fmt::Write;

use crate::compare::{METRICS, Versus, loads, names};
use crate::result::{Latency, RunResult};
use crate::stats::{Estimate, Spread, Summary};
use crate::sweep::Sweep;

/// Columns of labels.
const LABEL: usize = 32;

/// One run.
#[must_use]
pub fn run(result: &RunResult) -> String {
    let mut text = String::new();
    let more = &result.quipu;
    heading(&mut text, &format!("{}, {}, {}", result.label, more.arrival.short(), more.workload.spec()));
    let failed = format!("{} of {} ({} failed)", result.completed, result.num_prompts, result.failed);
    line(&mut text, "Complete requests", &failed);
    line(&mut text, "Duration (s)", &format!("{:.2}", result.duration));
    let cached = more.cached_tokens.map(|tokens| format!(", {tokens} of them cached")).unwrap_or_default();
    line(&mut text, "Tokens of prompts", &format!("{}{cached}", result.total_input_tokens));
    line(&mut text, "Tokens of replies", &result.total_output_tokens.to_string());
    for (label, figure) in [
        ("Requests/s", result.request_throughput),
        ("Output tokens/s", result.output_throughput),
        ("All tokens/s", result.total_token_throughput),
        ("Peak output tokens/s", result.max_output_tokens_per_s),
    ] {
        line(&mut text, label, &figure.map_or("withheld".to_owned(), number));
    }
    if let Some(goodput) = more.goodput {
        let share = format!("{:.1} % met the limits", goodput.share * 100.0);
        let rate = result.request_goodput.map_or("withheld".to_owned(), number);
        line(&mut text, "Good requests/s", &format!("{rate} ({share})"));
    }
    if let Some(steady) = &more.steady {
        let window = format!("{} in {:.1} s", number(steady.output_throughput), steady.duration);
        line(&mut text, "Output tokens/s, steady state", &window);
    }
    line(&mut text, "Tokens/s of one user", &number(more.user_tokens_per_s.mean));
    latency(&mut text, "", &result.latency);
    for (class, part) in &more.classes {
        latency(&mut text, &format!("{class}: "), &part.latency);
    }
    for (i, part) in more.turns.iter().enumerate() {
        let ttft = &part.latency.ttft;
        let figures = format!("p50 {} p99 {}", number(ttft.p50), number(ttft.p99));
        line(&mut text, &format!("TTFT of turn {} (ms)", i + 1), &figures);
    }
    if more.client_queue_ms.max > 0.0 {
        line(&mut text, "Held back by the client (ms)", &format!("p99 {}", number(more.client_queue_ms.p99)));
    }
    faults(&mut text, result);
    text
}

fn heading(text: &mut String, title: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n── {title} ──");
}

fn line(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "{label:<LABEL$}{value}");
}

fn latency(text: &mut String, class: &str, latency: &Latency) {
    let _ = writeln!(
        text,
        "{:<LABEL$}{:>10}{:>10}{:>10}{:>10}{:>10}",
        format!("{class}milliseconds"),
        "mean",
        "p50",
        "p90",
        "p99",
        "p99.9"
    );
    let names = [
        "time to first token (TTFT)",
        "time per output token (TPOT)",
        "between tokens (ITL)",
        "end to end (E2EL)",
    ];
    let summaries: [&Summary; 4] = [&latency.ttft, &latency.tpot, &latency.itl, &latency.e2el];
    for (name, summary) in names.into_iter().zip(summaries) {
        let figures = [summary.mean, summary.p50, summary.p90, summary.p99, summary.p999];
        let figures: String = figures.iter().map(|figure| format!("{:>10}", number(*figure))).collect();
        let _ = writeln!(text, "  {name:<width$}{figures}", width = LABEL - 2);
    }
}

fn faults(text: &mut String, result: &RunResult) {
    for (what, count) in result.quipu.gate.faults().into_iter().filter(|(_, count)| *count > 0) {
        line(text, &format!("! replies {what}"), &count.to_string());
    }
    for (error, count) in &result.quipu.gate.errors {
        let _ = writeln!(text, "! {count} x {error}");
    }
    for note in &result.quipu.notes {
        let _ = writeln!(text, "! {note}");
    }
}

/// How much the rounds of each target differ, under each load. Empty where there is one round only.
#[must_use]
pub fn rounds(results: &[RunResult]) -> String {
    let mut text = String::new();
    for (name, load) in
        names(results).into_iter().flat_map(|name| loads(results).into_iter().map(move |l| (name, l)))
    {
        let runs = results.iter().filter(|run| run.label == name && run.quipu.arrival.short() == load);
        let runs: Vec<&RunResult> = runs.collect();
        if runs.len() < 2 {
            continue;
        }
        heading(&mut text, &format!("{name}, {load}, {} rounds", runs.len()));
        for metric in METRICS {
            let figures: Vec<f64> = runs.iter().filter_map(|run| (metric.get)(run)).collect();
            if !figures.is_empty() {
                line(&mut text, metric.title, &spread(&Spread::of(&figures)));
            }
        }
    }
    text
}

/// Two targets.
#[must_use]
pub fn versus(versus: &Versus) -> String {
    let mut text = String::new();
    let Versus { first, second, workload, load, .. } = versus;
    heading(&mut text, &format!("{first} beside {second}, {load}, {workload}"));
    let _ = writeln!(text, "{:<24}{first:>20}{second:>20}   first / second (95 %)", "");
    for row in &versus.rows {
        let ratio = row.ratio.as_ref().map_or("-".to_owned(), |ratio| self::ratio(ratio, row.more_is_better));
        let _ = writeln!(
            text,
            "{:<24}{:>20}{:>20}   {ratio}",
            row.title,
            spread(&row.first),
            spread(&row.second)
        );
    }
    if let Some(same) = versus.same_answers {
        let _ = writeln!(text, "{:.0} % of the replies are the same", same * 100.0);
    }
    for warning in &versus.warnings {
        let _ = writeln!(text, "! {warning}");
    }
    text
}

fn spread(spread: &Spread) -> String {
    match spread.runs {
        0 => "withheld".to_owned(),
        1 => number(spread.mean),
        _ => format!("{} ±{:.0}%", number(spread.mean), spread.cv * 100.0),
    }
}

/// `2.00x (1.90 to 2.10), better`; what cannot be told from 1 is neither better nor worse.
pub(super) fn ratio(ratio: &Estimate, more_is_better: bool) -> String {
    let Estimate { value, low: Some(low), high: Some(high) } = *ratio else {
        return format!("{:.2}x", ratio.value);
    };
    let verdict = match (low > 1.0, high < 1.0) {
        (true, _) => {
            if more_is_better {
                ", better"
            } else {
                ", worse"
            }
        }
        (_, true) => {
            if more_is_better {
                ", worse"
            } else {
                ", better"
            }
        }
        _ => "",
    };
    format!("{value:.2}x ({low:.2} to {high:.2}){verdict}")
}

/// A sweep.
#[must_use]
pub fn sweep(sweep: &Sweep) -> String {
    let mut text = String::new();
    heading(&mut text, &format!("{} under load", sweep.name));
    let columns = ["load", "tok/s", "tok/s/user", "TTFT p50", "TTFT p99", "ITL p50", "ITL p99", "good"];
    let _ = writeln!(text, "{}", columns.map(|column| format!("{column:>11}")).concat());
    for point in &sweep.points {
        let good = point.good.map_or("-".to_owned(), |good| format!("{:.1} %", good * 100.0));
        let cells = [
            number(point.load),
            point.output_throughput.map_or("withheld".to_owned(), number),
            number(point.user_tokens_per_s),
            number(point.p50_ttft_ms),
            number(point.p99_ttft_ms),
            number(point.p50_itl_ms),
            number(point.p99_itl_ms),
            good,
        ];
        let _ = writeln!(text, "{}", cells.map(|cell| format!("{cell:>11}")).concat());
    }
    if let Some(knee) = sweep.knee {
        let _ = writeln!(text, "the knee is at {}: more load brings little more", number(knee));
    }
    if let Some(load) = sweep.within_limits {
        let _ = writeln!(text, "the limits are met up to {}", number(load));
    } else if sweep.points.iter().any(|point| point.good.is_some()) {
        let _ = writeln!(text, "the limits are not met under any of these loads");
    }
    text
}

/// Three digits or all before the point.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size == 0.0 || size >= 0.01 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::compare;
    use crate::compare::tests::rounds;
    use crate::measure::tests::{four, result, setup};
    use crate::record::Outcome;
    use crate::sweep::sweep as all_sweeps;

    #[test]
    fn texts() {
        let mut records = four();
        records[1].class = "long".into();
        records[3].outcome = Outcome::Failed("status 503: busy".into());
        insta::assert_snapshot!("run", run(&result(&setup("ours"), records)));
        let results = rounds(2.0);
        insta::assert_snapshot!("rounds", super::rounds(&results));
        assert_eq!(super::rounds(&results[..2]), "");
        insta::assert_snapshot!("versus", versus(&compare(&results)[0]));
        insta::assert_snapshot!("sweep", sweep(&all_sweeps(&results, 0.9)[1]));
    }

    #[test]
    fn verdicts() {
        let estimate = |value, low, high| Estimate { value, low: Some(low), high: Some(high) };
        assert_eq!(ratio(&estimate(2.0, 1.9, 2.1), true), "2.00x (1.90 to 2.10), better");
        assert_eq!(ratio(&estimate(2.0, 1.9, 2.1), false), "2.00x (1.90 to 2.10), worse");
        assert_eq!(ratio(&estimate(1.0, 0.9, 1.1), false), "1.00x (0.90 to 1.10)");
        assert_eq!(ratio(&Estimate { value: 0.5, low: None, high: None }, true), "0.50x");
    }

    #[test]
    fn numbers() {
        assert_eq!(
            [1234.5, 12.34, 1.234, 0.001_23, 0.0].map(number),
            ["1234", "12.3", "1.23", "0.0012", "0.00"]
        );
    }
}
